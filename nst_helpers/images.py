"""Notebook 01: image files: open any picture, save it, encode it for a page."""

import io
import stat
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from .files import atomic_write, full_path
from .sample_images import PICTURES, sample, samples  # noqa: F401 (images.sample is a public name)
from .validation import check_picture, printable, short_repr

# What open_image decodes. Pillow knows more formats, some of which start another program (EPS: Ghostscript), and some
# whose decoders hardly anybody uses or tests.
FORMATS = ("JPEG", "MPO", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "ICO", "TGA", "JPEG2000", "AVIF", "HEIF")
# Rows of a 16-bit picture that are scaled at a time, so that scaling needs little memory
STRIP = 256
try:
    import pi_heif  # the photographs of phones
except ImportError:
    pass
else:
    pi_heif.register_heif_opener()


def open_image(path):
    """A file, given by path or as an open binary file → an RGB ``PIL.Image``, upright.

    EXIF orientation is applied, transparency is laid over white, 16-bit and floating-point grays are scaled
    to 8 bits, CMYK and palettes are converted; of an animation the first frame is read. Formats: ``FORMATS``.
    Raises ``FileNotFoundError``, ``IsADirectoryError``, ``PermissionError`` or ``ValueError``, each naming the file.
    """
    if isinstance(path, (str, Path)):
        name = printable(path, 300)
        path = _picture_file(path, name)
    elif hasattr(path, "read"):
        name = getattr(path, "name", "the file")
    else:
        raise ValueError(f"open_image takes the path of a picture or an open file, not {short_repr(path)}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with identified(path) as img:
                img.load()
                return to_rgb(_upright(img))
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
    except Exception as error:  # Pillow raises nearly anything for a damaged file
        raise ValueError(f"{name} is damaged or cut off, its pixels cannot be read ({error!s:.120})") from error


def identified(path):
    """``PIL.Image.open`` for ``FORMATS`` only: the format and size are known, the pixels not read yet."""
    Image.init()
    return Image.open(path, formats=[fmt for fmt in FORMATS if fmt in Image.OPEN])


def _picture_file(path, name):
    """``path`` with ``~`` resolved, if a file that is not empty is there. Raises as ``open_image`` does."""
    if str(path).startswith(("http://", "https://")):
        raise ValueError(f"{name} is a web address: download the picture and give the path of the file")
    path = full_path(path)
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
    """The image, rotated as its EXIF data say. EXIF data that cannot be read are ignored."""
    try:
        return ImageOps.exif_transpose(img)
    except MemoryError:
        raise
    except Exception:  # Pillow raises nearly anything for damaged EXIF data
        return img


def to_rgb(img):
    """8-bit RGB from any mode that Pillow reads."""
    if img.mode in ("F", "I") or img.mode.startswith("I;16"):  # Pillow would clip these, not scale them
        img = _to_8_bits(img)
    if img.mode == "La":  # Pillow converts it to LA only
        img = img.convert("LA")
    if img.mode in ("RGBA", "LA", "PA", "RGBa") or "transparency" in img.info:
        img = img.convert("RGBA")
        img = Image.alpha_composite(Image.new("RGBA", img.size, "white"), img)
    return img.convert("RGB")


def _to_8_bits(img):
    """8-bit gray from 16 bits, 32 bits or floating-point numbers.

    White is the top of the smallest usual range (1, 255 or 65535) that holds all values, or else the largest value.
    """
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
        raise ValueError(f"save_image takes a PIL image and a path; the image is {short_repr(img)}")
    path = full_path(path)
    fmt = Image.registered_extensions().get(path.suffix.lower())
    if fmt not in Image.SAVE:
        raise ValueError(f"{path.name}: end the name in .png, .jpg or .webp to say which format to write")
    if fmt == "JPEG":
        img = to_rgb(img)  # JPEG has no transparency
    encoded = io.BytesIO()  # in memory first, because Pillow hides the error of a full disk
    try:
        img.save(encoded, fmt, quality=92)
    except Exception as error:  # too wide, no pixels, unknown mode: every encoder raises another error
        raise ValueError(
            f"{path.name}: {fmt} cannot hold this picture of {img.width}×{img.height} ({error})"
        ) from error
    with atomic_write(path) as file:
        file.write(encoded.getbuffer())
    return path


def jpeg(img, quality=88):
    """JPEG bytes of a PIL image, with colors at full resolution. ``ValueError`` for anything else."""
    check_picture(img)
    buffer = io.BytesIO()
    to_rgb(img).save(buffer, "jpeg", quality=quality, subsampling=0)
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
