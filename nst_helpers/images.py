"""Notebook 01: pictures in, pictures out, pictures side by side."""

import io
import stat
import textwrap
import warnings
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from d2l import torch as d2l
from IPython import get_ipython
from IPython.core.pylabtools import print_figure
from matplotlib.figure import Figure
from matplotlib_inline.backend_inline import set_matplotlib_formats
from PIL import Image, ImageDraw, ImageFont, ImageOps, UnidentifiedImageError

from .door import printable, shown
from .files import full_path, written_whole

_HERE = Path(__file__).resolve()
# The sample pictures: inside an installed package, or at the top of a checkout.
PICTURES = _HERE.parent / "pictures" if (_HERE.parent / "pictures").is_dir() else _HERE.parents[1] / "images"

# What open_image decodes. Pillow knows more; among the rest are formats that start another program (EPS: Ghostscript)
# and decoders that hardly anybody uses or tests.
FORMATS = ("JPEG", "MPO", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "ICO", "TGA", "JPEG2000", "AVIF", "HEIF")
# Rows of a 16-bit picture that are scaled at a time, so that it needs little more memory than it has pixels
STRIP = 256
try:
    import pi_heif  # the photographs of phones
except ImportError:
    pass
else:
    pi_heif.register_heif_opener()

# One color-blind-safe palette for every figure (Okabe and Ito 2008).
PALETTE = {"content": "#0072B2", "style": "#D55E00", "tv": "#CC79A7", "composite": "#009E73", "total": "#333333"}


def use_jpeg_display():
    """Draw figures as JPEG, with 1.5 image pixels per CSS pixel.

    Unlike SVG, JPEG shows in a notebook that is not trusted yet, and at a tenth of PNG's size it keeps notebooks small.
    """
    d2l.plt.rcParams.update({"axes.titlesize": 10, "axes.spines.top": False, "axes.spines.right": False})
    if shell := get_ipython():  # set_matplotlib_formats would start one, which replaces a script's __main__
        set_matplotlib_formats("jpeg")
        shell.display_formatter.formatters["image/jpeg"].for_type(Figure, _as_jpeg)


def _as_jpeg(fig):
    """JPEG bytes of a figure and, for the page, the size to show it at."""
    data = print_figure(
        fig, "jpeg", dpi=1.5 * fig.dpi, pil_kwargs={"quality": 70, "optimize": True, "progressive": True}
    )
    width, height = (round(side / 1.5) for side in Image.open(io.BytesIO(data)).size)
    return data, {"width": width, "height": height}


# The one repair that d2l 0.17.0 needs: its use_svg_display calls a function that IPython 9 dropped. (It is the newest
# d2l that installs on Python 3.12 and later: 1.x pins numpy 1.23.5.)
d2l.use_svg_display = use_jpeg_display
use_jpeg_display()


class Sample(NamedTuple):
    """What a sample image is (``"photograph"``, ``"rendering"`` or ``"painting"``), who made it, and its license."""

    kind: str
    credit: str
    license: str


class Credit(str):
    """Whom to thank for a picture. Only ``sample`` makes one: the text that a file carries is anybody's."""


# Photographs come inside scikit-image's wheel, under scikit-image's own names; the rest are in images/.
_PHOTOGRAPHS = {
    "astronaut": ("astronaut", "Eileen Collins, photograph by NASA", "public domain"),
    "cat": ("chelsea", "Chelsea, photograph by Stéfan van der Walt", "CC0"),
    "coffee": ("coffee", "photograph by Rachel Michetti, Pikolo Espresso Bar", "CC0"),
    "rocket": ("rocket", "launch of DSCOVR, photograph by SpaceX", "public domain"),
    "galaxies": ("hubble_deep_field", "Hubble eXtreme Deep Field, NASA and ESA", "public domain"),
}
_OURS = {
    "mountain_lake": "rendering",
    "starry_harbour": "painting",
    "autumn_wood": "painting",
    "pointillist_park": "painting",
    "stained_glass": "painting",
    "woodblock_wave": "painting",
    "mosaic_fish": "painting",
    "charcoal_street": "painting",
}


def samples():
    """The sample images: a dictionary from name to ``Sample(kind, credit, license)``."""
    ours = {
        name: Sample(kind, "drawn by code for this project", "MIT")
        for name, kind in _OURS.items()
        if (PICTURES / f"{name}.jpg").is_file()
    }
    return {name: Sample("photograph", *about) for name, (_, *about) in _PHOTOGRAPHS.items()} | ours


def check_sample(name):
    """Raises ``ValueError`` for a name that is not in ``samples()``."""
    if not isinstance(name, str) or name not in samples():
        raise ValueError(f"there is no sample image {shown(name)}; there are {', '.join(samples())}")


def sample(name):
    """A sample image by name, as an RGB ``PIL.Image``. ``ValueError`` for a name not in ``samples()``.

    A photograph carries its credit, ``img.info["credit"]``, which ``show_images`` prints under the figure.
    """
    check_sample(name)
    if name in _PHOTOGRAPHS:
        from skimage import data  # only when needed: it takes long to import

        img = Image.fromarray(getattr(data, _PHOTOGRAPHS[name][0])()).convert("RGB")
        # Pillow keeps it through resize and crop
        img.info["credit"] = Credit(f"{name}: {', '.join(_PHOTOGRAPHS[name][1:])}")
        return img
    return open_image(PICTURES / f"{name}.jpg")


def credits(*names):
    """Print who made these sample images and under which license, for the line below a figure."""
    for name in names:
        check_sample(name)
        _, credit, license = samples()[name]
        print(f"{name}: {credit} ({license})")


def open_image(path):
    """A file, given by path or as an open binary file → an RGB ``PIL.Image``, upright.

    EXIF orientation is applied, transparency is laid over white, 16-bit and floating-point grays are scaled
    to 8 bits, CMYK and palettes are converted; of an animation the first frame is read. Formats: ``FORMATS``.
    Raises ``FileNotFoundError``, ``IsADirectoryError``, ``PermissionError`` or ``ValueError``, each naming the file.
    """
    if isinstance(path, (str, Path)):
        path, name = _picture_file(path), printable(path, 300)
    elif hasattr(path, "read"):
        name = getattr(path, "name", "the file")
    else:
        raise ValueError(f"open_image takes the path of a picture or an open file, not {shown(path)}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with identified(path) as img:
                img.load()
                return _to_rgb(_upright(img))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        limit = Image.MAX_IMAGE_PIXELS // 10**6
        raise ValueError(f"{name} has too many pixels (more than {limit} million): make it smaller first") from error
    except UnidentifiedImageError as error:
        heif = "" if "HEIF" in Image.OPEN else "; for HEIC photographs, pip install pi-heif"
        raise ValueError(
            f"{name} is not a picture in a format that can be read (try JPEG, PNG or WebP{heif})"
        ) from error
    except PermissionError as error:
        raise PermissionError(f"{name} cannot be read: you have no permission to open it") from error
    except MemoryError as error:
        raise ValueError(f"{name} is too large for the memory that is free: make it smaller first") from error
    except Exception as error:  # Pillow's decoders, given a damaged file, raise nearly anything
        raise ValueError(f"{name} is damaged or cut off, its pixels cannot be read ({error!s:.120})") from error


def identified(path):
    """A file as ``PIL.Image.open`` gives it, with its pixels still to be read; only ``FORMATS`` are tried."""
    Image.init()
    return Image.open(path, formats=[fmt for fmt in FORMATS if fmt in Image.OPEN])


def check_picture(img, name="img"):
    """Raises ``ValueError``, naming it, for what is not a PIL image with at least one pixel."""
    if not isinstance(img, Image.Image):
        raise ValueError(f"{name} must be a PIL image, for instance from open_image(path); it is {shown(img)}")
    if not min(img.size):
        raise ValueError(f"{name} has no pixels: it is {img.width}×{img.height}")


def _picture_file(path):
    """The path of a file with something in it, or an error that says what is there instead."""
    if str(path).startswith(("http://", "https://")):
        raise ValueError(f"{printable(path, 300)} is a web address: download the picture and give the path of the file")
    path = full_path(path)
    name = printable(path, 300)
    try:
        mode, size = path.stat().st_mode, path.stat().st_size
    except PermissionError as error:
        raise PermissionError(f"{name} cannot be read: you have no permission to open it") from error
    except OSError as error:
        raise FileNotFoundError(f"there is no file {name} (looked from {Path.cwd()})") from error
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(f"{name} is a folder: give the path of one picture in it")
    if not stat.S_ISREG(mode):
        raise ValueError(f"{name} is a device or a pipe, not a file: give the path of a picture")
    if size == 0:
        raise ValueError(f"{name} is empty (0 bytes): copy or download it again")
    return path


def _upright(img):
    """The image, turned as its EXIF data say; data that make no sense say nothing."""
    try:
        return ImageOps.exif_transpose(img)
    except MemoryError:
        raise
    except Exception:  # Pillow's reader of EXIF, given garbage, raises nearly anything
        return img


def _to_rgb(img):
    """8-bit RGB from any mode that Pillow reads."""
    if img.mode in ("F", "I") or img.mode.startswith("I;16"):  # Pillow would clip these, not scale them
        img = _scaled(img)
    if img.mode == "La":  # which Pillow converts to this one only
        img = img.convert("LA")
    if img.mode in ("RGBA", "LA", "PA", "RGBa") or "transparency" in img.info:
        img = img.convert("RGBA")
        img = Image.alpha_composite(Image.new("RGBA", img.size, "white"), img)
    return img.convert("RGB")


def _scaled(img):
    """8-bit gray from 16 bits, 32 bits or floating-point numbers: the top of the likely range becomes white."""
    boxes = [(0, top, img.width, min(top + STRIP, img.height)) for top in range(0, img.height, STRIP)]

    def levels(box):
        return np.nan_to_num(np.asarray(img.crop(box), dtype=np.float64), posinf=0, neginf=0)

    highest = max(levels(box).max() for box in boxes)
    tops = {"F": [1, 255, 65535], "I": [255, 65535]}.get(img.mode, [65535])
    top = min((top for top in tops if highest <= top), default=highest)
    gray = Image.new("L", img.size)
    for box in boxes:
        gray.paste(Image.fromarray((levels(box).clip(0) / top * 255).round().astype(np.uint8)), box)
    return gray


def save_image(img, path):
    """Save a PIL image; the suffix chooses the format. Folders are made as needed. Returns the path.

    The file is written whole or not at all: a full disk leaves an older picture of that name as it was.
    Raises ``ValueError`` for a suffix that names no format, or a format that cannot hold the picture, and ``OSError``
    if the file cannot be written.
    """
    if not isinstance(img, Image.Image):
        raise ValueError(f"save_image takes a PIL image and a path; the image is {shown(img)}")
    path = full_path(path)
    fmt = Image.registered_extensions().get(path.suffix.lower())
    if fmt not in Image.SAVE:
        raise ValueError(f"{path.name}: end the name in .png, .jpg or .webp to say which format to write")
    if fmt == "JPEG":
        img = _to_rgb(img)  # JPEG has no transparency
    encoded = io.BytesIO()  # in memory first, because Pillow hides what a full disk answers
    try:
        img.save(encoded, fmt, quality=92)
    except Exception as error:  # too wide, no pixels, a mode that the format has not: each encoder says it differently
        raise ValueError(
            f"{path.name}: {fmt} cannot hold this picture of {img.width}×{img.height} ({error})"
        ) from error
    with written_whole(path) as file:
        file.write(encoded.getbuffer())
    return path


def show_images(imgs, titles=None, num_cols=None, height=2.6, suptitle=None, cmap="viridis"):
    """Show pictures side by side, without axes, all of one height. Returns matplotlib's axes, one per picture.

    ``imgs``: PIL images, or arrays or tensors ``(h, w)`` (drawn with ``cmap``) or ``(h, w, 3)``, values 0 to 1.
    ``height``: inches per row. Small pictures are enlarged without interpolation, so that every pixel can be seen.
    Credits of photographs that came from ``sample`` are printed under the figure.
    """
    if not len(imgs):
        raise ValueError("show_images needs at least one picture")
    if titles and len(titles) > len(imgs):
        raise ValueError(f"show_images has {len(imgs)} pictures and {len(titles)} titles")
    credits = [getattr(img, "info", {}).get("credit") for img in imgs]
    credit = " · ".join(dict.fromkeys(credit for credit in credits if isinstance(credit, Credit)))
    imgs = [img.detach().cpu().numpy() if torch.is_tensor(img) else np.asarray(img) for img in imgs]
    if not all(img.ndim > 1 and img.size for img in imgs):
        raise ValueError(
            f"show_images cannot show pictures without pixels: shapes {[img.shape for img in imgs]!r:.100}"
        )
    num_cols = min(num_cols or len(imgs), len(imgs))
    num_rows = -(-len(imgs) // num_cols)
    ratios = [max(img.shape[1] / img.shape[0] for img in imgs[col::num_cols]) for col in range(num_cols)]
    height = min(height, 11 / sum(ratios))  # a figure never needs scrolling sideways
    d2l.use_svg_display()
    lines = max((title.count("\n") + 1 for title in titles or []), default=0)
    figsize = (height * sum(ratios) + 0.1 * num_cols, (height + 0.2 * lines + 0.05) * num_rows + 0.35 * bool(suptitle))
    fig, axes = d2l.plt.subplots(
        num_rows, num_cols, figsize=figsize, width_ratios=ratios, squeeze=False, layout="constrained"
    )
    for ax in axes.flat:
        ax.axis("off")
    for ax, img, title in zip_longest(axes.flat[: len(imgs)], imgs, titles or []):
        ax.imshow(img, cmap=cmap, interpolation="nearest" if max(img.shape[:2]) < 200 else "antialiased")
        ax.set_title(title)
    if suptitle:
        fig.suptitle(suptitle)
    if credit:
        rows = textwrap.wrap(credit, max(24, int(22 * figsize[0])))  # about 22 of these letters per inch
        fig.supxlabel("\n".join(rows), x=0.99, ha="right", fontsize=5.5, color="#666666")
        fig.set_figheight(figsize[1] + 0.05 + 0.1 * len(rows))
    return axes.flat[: len(imgs)]


def jpeg(img, quality=88):
    """JPEG bytes of a PIL image, with colors at full resolution. ``ValueError`` for anything else."""
    check_picture(img)
    buffer = io.BytesIO()
    img.convert("RGB").save(buffer, "jpeg", quality=quality, subsampling=0)
    return buffer.getvalue()


def png(img):
    """PNG bytes of a PIL image."""
    buffer = io.BytesIO()
    img.save(buffer, "png")
    return buffer.getvalue()


def film(imgs, seconds=4.0):
    """Animated WebP bytes of PIL images, at the size of the last one, which stays for a second."""
    first, *rest = [img.resize(imgs[-1].size) for img in imgs]
    times, buffer = [max(40, round(1000 * seconds / len(imgs)))] * len(rest) + [1000], io.BytesIO()
    first.save(buffer, "webp", save_all=True, append_images=rest, loop=0, quality=85, method=1, duration=times)
    return buffer.getvalue()


def small(img, longest=360):
    """A copy of a PIL image with at most ``longest`` pixels on its longer side."""
    img = img.copy()
    img.thumbnail((longest, longest))
    return img


def thumbnail(img, width=156, height=104):
    """A smaller copy of a PIL image, cut to fill ``width`` × ``height`` pixels."""
    return ImageOps.fit(img, (width, height), Image.Resampling.BILINEAR)


def contact_sheet(rows, titles=(), labels=(), height=150):
    """Rows of PIL images on one white sheet, all ``height`` pixels high: titles above, labels at the left."""
    font, gap, top, left = ImageFont.load_default(13), 8, 22 if titles else 4, 72 if labels else 8
    rows = [[img.resize((round(img.width * height / img.height), height)) for img in row] for row in rows]
    width = max(sum(img.width + gap for img in row) for row in rows) + left
    sheet = Image.new("RGB", (width, top + len(rows) * (height + gap)), "white")
    draw = ImageDraw.Draw(sheet)
    for i, row in enumerate(rows):
        x, y = left, top + i * (height + gap)
        if i < len(labels):
            draw.text((4, y + height / 2 - 8), labels[i], fill="#333333", font=font)
        for j, img in enumerate(row):
            if i == 0 and j < len(titles):
                draw.text((x, 3), titles[j], fill="#333333", font=font)
            sheet.paste(img, (x, y))
            x += img.width + gap
    return sheet
