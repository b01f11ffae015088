"""Pictures that the studio makes of pictures: small ones, feature maps over a photograph, films, its own still."""

import io

from matplotlib import colormaps
from PIL import Image, ImageDraw, ImageOps

from ..images import PALETTE


def thumbnail(img, width=156, height=104):
    """A smaller copy of a PIL image, cut to fill ``width`` × ``height`` pixels."""
    return ImageOps.fit(img, (width, height), Image.Resampling.BILINEAR)


def small(img, longest=360):
    """A copy of a PIL image with at most ``longest`` pixels on its longer side."""
    img = img.copy()
    img.thumbnail((longest, longest))
    return img


def png(img):
    """PNG bytes of a PIL image."""
    buffer = io.BytesIO()
    img.save(buffer, "png")
    return buffer.getvalue()


def heat(channel, img):
    """One channel of a feature map, an array ``(h, w)``, in colors over a gray PIL image."""
    level = (channel - channel.min()) / max(float(channel.max() - channel.min()), 1e-9)
    color = Image.fromarray(colormaps["magma"](level, bytes=True)[..., :3]).resize(img.size, Image.Resampling.BICUBIC)
    return Image.blend(ImageOps.grayscale(img).convert("RGB"), color, 0.75)


def film(pictures, seconds=4.0):
    """Animated WebP bytes of some PIL images: the last one stays for a second."""
    each, buffer = max(40, round(1000 * seconds / len(pictures))), io.BytesIO()
    first, *rest = [img.resize(pictures[-1].size) for img in pictures]
    times = [each] * len(rest) + [1000]
    first.save(buffer, "webp", save_all=True, append_images=rest, loop=0, quality=85, method=1, duration=times)
    return buffer.getvalue()


def still(photos, paintings, picture, width=960, height=520):
    """The panel where widgets do not run: photographs left, paintings right, the painted picture large between them.

    ``photos``, ``paintings``: pairs of a PIL image and whether it is the chosen one.
    """
    side, gap = 128, 10
    sheet = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(sheet)
    fitted = ImageOps.contain(picture, (width - 2 * side - 4 * gap, height - 2 * gap))
    sheet.paste(fitted, ((width - fitted.width) // 2, (height - fitted.height) // 2))
    for x, column in ((gap, photos), (width - side - gap, paintings)):
        each = min(85, (height - gap) // max(1, len(column)) - gap)
        for i, (img, chosen) in enumerate(column):
            y = gap + i * (each + gap)
            sheet.paste(thumbnail(img, side, each), (x, y))
            if chosen:
                draw.rectangle((x - 3, y - 3, x + side + 2, y + each + 2), outline=PALETTE["content"], width=3)
    return sheet
