import base64
import contextlib
import io
import os
import struct
import subprocess
import tempfile
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, PngImagePlugin

from nst_helpers import (
    Run,
    contact_sheet,
    credits,
    images,
    jpeg,
    load_painter,
    open_image,
    sample,
    sample_images,
    samples,
    save_image,
    show_images,
)


def pixels(path):
    img = open_image(path)
    assert img.mode == "RGB"
    return np.asarray(img).tolist()


def gray(*levels):
    """The RGB pixels of one row of gray levels."""
    return [[[level] * 3 for level in levels]]


def encoded(img, fmt, **options):
    buffer = io.BytesIO()
    img.save(buffer, fmt, **options)
    return buffer.getvalue()


def declare_size(png, width, height):
    """A PNG file whose header claims another size, its checksum in order."""
    header = b"IHDR" + struct.pack(">II", width, height) + png[24:29]
    return png[:12] + header + struct.pack(">I", zlib.crc32(header)) + png[33:]


# What cannot be read: one sentence that names the file.


@pytest.mark.parametrize(
    "name, content, kind, words",
    [
        ("missing.jpg", None, FileNotFoundError, "there is no file"),
        ("empty.png", b"", ValueError, "is empty"),
        ("text.jpg", b"not a picture at all", ValueError, "is not a picture"),
        ("page.png", b"<!DOCTYPE html><html></html>", ValueError, "is not a picture"),
    ],
)
def test_bad_file(tmp_path, name, content, kind, words):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    for given in (path, str(path)):
        with pytest.raises(kind, match=words) as caught:
            open_image(given)
        assert str(path) in str(caught.value) and "\n" not in str(caught.value)
        assert "pi-heif" not in str(caught.value) or "HEIF" not in Image.OPEN


def test_folder(tmp_path):
    with pytest.raises(IsADirectoryError, match="is a folder") as caught:
        open_image(tmp_path)
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize("address", ["https://example.org/a.jpg", "http://example.org/a.jpg"])
def test_web_address(address):
    with pytest.raises(ValueError, match=f"{address} is a web address"):
        open_image(address)


@pytest.mark.parametrize("fmt", ["jpeg", "png", "gif", "webp", "tiff", "bmp"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_truncated(tmp_path, picture, fmt, share):
    whole = encoded(picture(64, 64), fmt)
    path = tmp_path / f"cut.{fmt}"
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ValueError, match="damaged or cut off|not a picture") as caught:
        open_image(path)
    assert str(path) in str(caught.value)


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow, of damaged EXIF
@pytest.mark.parametrize("fmt", ["jpeg", "png", "gif", "webp", "tiff", "bmp", "avif"])
def test_any_damage_is_a_value_error(tmp_path, picture, fmt):
    """Flipped bytes may go unnoticed, or give a ValueError: no decoder's own exception gets out."""
    try:
        whole = encoded(picture(24, 36), fmt)
    except (KeyError, OSError):
        pytest.skip(f"this Pillow writes no {fmt}")
    rng = np.random.default_rng(0)
    for _ in range(60):
        damaged = np.frombuffer(whole, np.uint8).copy()
        damaged[rng.integers(0, min(200, len(damaged)), 3)] = rng.integers(0, 256, 3)
        with contextlib.suppress(ValueError):
            open_image(io.BytesIO(damaged.tobytes()))


@pytest.mark.parametrize("side", [60_000, 11_000])  # Pillow refuses the first, and only warns of the second
def test_bomb_is_refused_by_its_header(tmp_path, picture, side):
    path = tmp_path / "bomb.png"
    path.write_bytes(declare_size(encoded(picture(4, 4), "png"), side, side))
    with pytest.raises(ValueError, match=r"too many pixels \(more than 89 million\)") as caught:
        open_image(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("limit", [100, 50])
def test_bomb_that_could_be_decoded(tmp_path, picture, monkeypatch, limit):
    picture(12, 12).save(tmp_path / "whole.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    with pytest.raises(ValueError, match="too many pixels"):
        open_image(tmp_path / "whole.png")


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="no users to change to")
def test_unreadable(picture):
    with tempfile.TemporaryDirectory() as folder:  # not tmp_path, whose parents only root may enter
        path = Path(folder, "secret.png")
        picture().save(path)
        Path(folder).chmod(0o755)
        path.chmod(0)
        before = os.geteuid()
        if before == 0:
            os.seteuid(65534)  # root may read everything
        try:
            with pytest.raises(PermissionError, match="no permission") as caught:
                open_image(path)
        finally:
            os.seteuid(before)
        assert str(path) in str(caught.value)


def test_failing_file_object_has_a_name(tmp_path):
    with pytest.raises(ValueError, match="the file is not a picture"):
        open_image(io.BytesIO(b""))
    (tmp_path / "named.jpg").write_bytes(b"no")
    with (tmp_path / "named.jpg").open("rb") as file, pytest.raises(ValueError, match="named.jpg is not a picture"):
        open_image(file)


# What is read: the right pixels.


def test_gray_and_alpha(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(np.uint8([[0, 77, 255]])).save(path)
    assert pixels(path) == gray(0, 77, 255)
    Image.fromarray(np.uint8([[[0, 255], [0, 0], [0, 51]]]), "LA").save(path)
    assert pixels(path) == gray(0, 255, 204)  # a fifth of black over white is 204
    Image.fromarray(np.uint8([[True, False]]) * 255).convert("1").save(path)
    assert pixels(path) == gray(255, 0)


def test_rgba_over_white(tmp_path):
    path = tmp_path / "a.png"
    rgba = np.uint8([[[255, 0, 0, 255], [0, 0, 255, 0], [0, 255, 0, 51]]])
    Image.fromarray(rgba).save(path)
    assert pixels(path) == [[[255, 0, 0], [255, 255, 255], [204, 255, 204]]]


@pytest.mark.parametrize("fmt", ["png", "gif"])
def test_palette(tmp_path, fmt):
    path = tmp_path / f"a.{fmt}"
    img = Image.new("P", (3, 1))
    img.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    img.putdata([0, 1, 2])
    img.save(path)
    assert pixels(path) == [[[255, 0, 0], [0, 255, 0], [0, 0, 255]]]
    img.save(path, transparency=1)
    assert pixels(path) == [[[255, 0, 0], [255, 255, 255], [0, 0, 255]]]


def test_palette_with_shades_of_transparency(tmp_path):
    img = Image.new("P", (3, 1))
    img.putpalette([0, 0, 0] * 3)
    img.putdata([0, 1, 2])
    img.save(tmp_path / "a.png", transparency=bytes([0, 51, 255]))
    assert pixels(tmp_path / "a.png") == gray(255, 204, 0)


def test_cmyk(tmp_path):
    ink = np.uint8([[[0, 0, 0, 0], [255, 0, 0, 0], [0, 0, 255, 0], [0, 0, 0, 255]]])
    img = Image.frombytes("CMYK", (4, 1), ink.tobytes())
    img.save(tmp_path / "a.tif")
    assert pixels(tmp_path / "a.tif") == [[[255, 255, 255], [0, 255, 255], [255, 255, 0], [0, 0, 0]]]
    Image.new("CMYK", (16, 16), (255, 0, 0, 0)).save(tmp_path / "a.jpg")
    assert np.abs(np.subtract(pixels(tmp_path / "a.jpg")[8][8], [0, 255, 255])).max() <= 3


@pytest.mark.parametrize("name, kind", [("a.png", "<u2"), ("a.tif", "<u2"), ("b.tif", ">u2")])
def test_16_bit_is_scaled(tmp_path, name, kind):
    levels = np.array([[0, 257, 1000, 25700, 65535]])
    Image.fromarray(levels.astype(kind)).save(tmp_path / name)
    assert pixels(tmp_path / name) == gray(0, 1, 4, 100, 255)


def test_dark_16_bit_stays_dark(tmp_path):
    Image.fromarray(np.uint16([[0, 2570]])).save(tmp_path / "a.png")
    assert pixels(tmp_path / "a.png") == gray(0, 10)


@pytest.mark.parametrize(
    "values, expected",
    [
        ([0, 0.2, 1], (0, 51, 255)),
        ([0, 51, 255], (0, 51, 255)),
        ([0, 257, 65535], (0, 1, 255)),
        ([-4, 0, 1e6], (0, 0, 255)),
        ([np.nan, 0.2, 1], (0, 51, 255)),
        ([np.inf, 0.2, 1], (0, 51, 255)),
        ([-np.inf, 0.2, 1], (0, 51, 255)),
        ([-0.5, 0.2, 1], (0, 51, 255)),
        ([0, 0, 0], (0, 0, 0)),
    ],
)
def test_float_tiff(tmp_path, values, expected):
    Image.fromarray(np.float32([values])).save(tmp_path / "a.tif")
    assert pixels(tmp_path / "a.tif") == gray(*expected)


def test_32_bit_integers(tmp_path):
    Image.fromarray(np.int32([[0, 25700, 65535]])).save(tmp_path / "a.tif")
    assert pixels(tmp_path / "a.tif") == gray(0, 100, 255)
    Image.fromarray(np.int32([[0, 51, 255]])).save(tmp_path / "a.tif")
    assert pixels(tmp_path / "a.tif") == gray(0, 51, 255)


# How a camera stores a picture, by EXIF's definition: what is row 0 of the file, what is its column 0.
STORED = {
    1: lambda up: up,
    2: np.fliplr,
    3: lambda up: up[::-1, ::-1],
    4: np.flipud,
    5: lambda up: up.transpose(1, 0, 2),
    6: np.rot90,
    7: lambda up: up[::-1, ::-1].transpose(1, 0, 2),
    8: lambda up: np.rot90(up, -1),
}


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("fmt", ["png", "tiff"])
def test_upright(tmp_path, picture, orientation, fmt):
    upright = np.asarray(picture(2, 3))
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = np.ascontiguousarray(STORED[orientation](upright))
    Image.fromarray(stored).save(tmp_path / f"a.{fmt}", exif=exif)
    assert pixels(tmp_path / f"a.{fmt}") == upright.tolist()


def test_upright_jpeg(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (40, 20)).save(tmp_path / "a.jpg", exif=exif)
    assert open_image(tmp_path / "a.jpg").size == (20, 40)


@pytest.mark.parametrize("fmt, options", [("gif", {}), ("webp", {"lossless": True}), ("png", {})])
def test_first_frame(tmp_path, fmt, options):
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "blue", "lime")]
    frames[0].save(tmp_path / f"a.{fmt}", save_all=True, append_images=frames[1:], **options)
    assert pixels(tmp_path / f"a.{fmt}")[0][0] == [255, 0, 0]


def test_file_objects(tmp_path, picture):
    img = picture()
    memory = io.BytesIO(encoded(img, "png"))
    for _ in range(2):  # the object stays open, and can be read again
        assert pixels(memory) == np.asarray(img).tolist()
    (tmp_path / "a.png").write_bytes(memory.getvalue())
    with (tmp_path / "a.png").open("rb") as file:
        assert pixels(file) == np.asarray(img).tolist()
        assert not file.closed


def test_home(tmp_path, picture, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    picture().save(tmp_path / "a.png")
    assert open_image("~/a.png").size == (48, 32)


# Sample images.


@pytest.mark.parametrize("name", list(samples()))
def test_sample_opens(name):
    img = sample(name)
    about = samples()[name]
    assert img.mode == "RGB" and min(img.size) >= 150
    assert about.kind in ("photograph", "painting", "rendering") and about.credit and about.license


def test_samples_are_what_the_folder_holds():
    assert set(sample_images._OURS) <= set(samples())
    assert {about.kind for about in samples().values()} >= {"photograph", "painting"}


def test_unknown_sample():
    with pytest.raises(ValueError, match="'dog'") as caught:
        sample("dog")
    assert all(name in str(caught.value) for name in samples())


def test_credits(capsys):
    credits("cat", "astronaut", "stained_glass")
    out = capsys.readouterr().out.splitlines()
    assert out[2] == "stained_glass: drawn by code for this project (MIT)"
    assert out[0].startswith("cat: ") and "CC0" in out[0] and out[1].startswith("astronaut: ")


def test_missing_folder_leaves_the_photographs(monkeypatch, tmp_path):
    monkeypatch.setattr(sample_images, "PICTURES", tmp_path)
    assert set(samples()) == {"astronaut", "cat", "coffee", "rocket", "galaxies"}


# Saving and showing.


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".PNG"])
def test_save_and_open(tmp_path, suffix):
    path = tmp_path / "new" / "folder" / f"a{suffix}"
    assert save_image(Image.new("RGB", (8, 6), (0, 128, 255)), str(path)) == path
    img = open_image(path)
    assert img.size == (8, 6)
    assert np.abs(np.subtract(img.getpixel((4, 3)), (0, 128, 255))).max() <= 4


@pytest.mark.parametrize("name", ["picture", "picture.svg", "picture.txt"])
def test_save_needs_a_format(tmp_path, name):
    with pytest.raises(ValueError, match=f"{name}: end the name"):
        save_image(Image.new("RGB", (8, 6)), tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["picture.psd", "picture.cur"])
def test_save_in_a_format_that_is_only_read(tmp_path, name):
    with pytest.raises(ValueError, match=name):
        save_image(Image.new("RGB", (8, 6)), tmp_path / name)


@pytest.mark.parametrize("count, num_cols, rows", [(1, None, 1), (3, None, 1), (7, 3, 3), (2, 5, 1)])
def test_show_images(picture, count, num_cols, rows):
    axes = show_images([picture(seed=i) for i in range(count)], [f"no. {i}" for i in range(count)], num_cols)
    assert len(axes) == count and axes[0].get_gridspec().nrows == rows
    for i, ax in enumerate(axes):
        assert ax.get_title() == f"no. {i}" and not ax.axison
        assert (ax.images[0].get_array() == np.asarray(picture(seed=i))).all()
    empty = [ax for ax in axes[0].figure.axes if not ax.images]
    assert not any(ax.axison for ax in empty)


def test_show_arrays_and_tensors():
    axes = show_images([torch.rand(8, 9, requires_grad=True), np.random.default_rng(0).random((8, 9, 3))])
    assert [ax.images[0].get_array().shape for ax in axes] == [(8, 9), (8, 9, 3)]


SHAPES = {
    "wide": ([(10, 200)], None),
    "tall": ([(200, 10)], None),
    "both": ([(10, 200), (200, 10)], None),
    "many": ([(20, 20)] * 30, 6),
    "a wide one in the second row": ([(20, 20)] * 2 + [(10, 100)] * 2, 2),
}


@pytest.mark.parametrize("shapes, num_cols", SHAPES.values(), ids=SHAPES)
def test_figures_never_need_scrolling(shapes, num_cols):
    axes = show_images([np.zeros(shape) for shape in shapes], num_cols=num_cols)
    width, height = axes[0].figure.get_size_inches()
    assert len(axes) == len(shapes) and width < 12 and height < 16


def test_pictures_of_one_row_have_one_height_and_their_own_shape():
    shapes = [(40, 120), (200, 100), (199, 199)]
    axes = show_images([np.zeros(shape) for shape in shapes], cmap="gray")
    axes[0].figure.draw_without_rendering()
    boxes = [ax.get_window_extent() for ax in axes]
    assert max(box.height for box in boxes) < 1.05 * min(box.height for box in boxes)
    for box, (height, width) in zip(boxes, shapes):
        assert box.width / box.height == pytest.approx(width / height, rel=0.05)
    assert [ax.images[0].get_interpolation() for ax in axes] == ["nearest", "antialiased", "nearest"]
    assert axes[0].images[0].get_cmap().name == "gray"


def test_fewer_titles_than_pictures(picture):
    axes = show_images([picture(), picture(), picture()], ["one"])
    assert all(ax.images for ax in axes)


@pytest.mark.parametrize("wrong", [None, 3, Image.new("RGB", (2, 2))])
def test_neither_path_nor_file(wrong):
    with pytest.raises(ValueError, match="open_image takes the path"):
        open_image(wrong)


def test_home_of_nobody():
    with pytest.raises(FileNotFoundError, match="nobody_of_that_name"):
        open_image("~nobody_of_that_name/x.jpg")


def test_transparent_picture_as_jpeg_bytes():
    assert Image.open(io.BytesIO(jpeg(Image.new("RGBA", (8, 8))))).getpixel((4, 4)) == (255, 255, 255)


def test_a_contact_sheet_shows_the_thinnest_picture():
    assert contact_sheet([[Image.new("RGB", (1, 400))]]).height > 100


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA", "RGBa", "La"])
def test_transparent_picture_saved_as_jpeg(tmp_path, mode):
    img = Image.new({"PA": "P", "RGBa": "RGBA", "La": "LA"}.get(mode, mode), (4, 4)).convert(mode)
    if mode == "PA":
        img.putalpha(0)
    assert img.mode == mode
    path = save_image(img, tmp_path / "x.jpg")
    assert Image.open(path).getpixel((0, 0))[1] > 250  # white shows through


def test_no_pictures_to_show():
    with pytest.raises(ValueError, match="at least one"):
        show_images([])


def test_more_titles_than_pictures():
    with pytest.raises(ValueError, match="1 pictures and 2 titles"):
        show_images([Image.new("RGB", (4, 4))], ["a", "b"])


def test_credits_of_an_unknown_sample():
    with pytest.raises(ValueError, match="nope"):
        credits("nope")


def test_photographs_are_credited_under_the_figure():
    cat = sample("cat")
    (ax, *_) = show_images([cat.resize((60, 40)), cat.crop((0, 0, 50, 50)), sample("coffee")])
    below = ax.figure.get_supxlabel()
    assert below.count("Stéfan van der Walt, CC0") == 1 and "coffee: photograph by Rachel Michetti" in below
    (ax,) = show_images([sample("astronaut")], height=1.2)
    ax.figure.draw_without_rendering()
    assert ax.figure._supxlabel.get_window_extent().x0 >= 0  # a narrow figure: in several lines
    (ax, *_) = show_images([sample("starry_harbour"), np.zeros((4, 4))])
    assert ax.figure.get_supxlabel() == ""


# What others put into a picture.


def test_a_picture_cannot_start_a_program(tmp_path, picture, monkeypatch):
    """Pillow hands EPS to Ghostscript, whatever the file's name is."""
    ran = []
    monkeypatch.setattr(subprocess, "check_call", lambda *args, **kwargs: ran.append(args))
    for name in ("x.eps", "x.jpg"):
        path = tmp_path / name
        path.write_bytes(encoded(picture(), "eps"))
        with pytest.raises(ValueError, match="not a picture in a format that can be read"):
            open_image(path)
    assert not ran


def test_only_listed_formats_are_decoded(picture):
    for fmt in ("pcx", "sgi", "im", "msp", "xbm", "spider"):
        img = picture().convert({"msp": "1", "xbm": "1", "spider": "F"}.get(fmt, "RGB"))
        with pytest.raises(ValueError, match="not a picture in a format"):
            open_image(io.BytesIO(encoded(img, fmt)))


PHONE = (  # 24×16, left red, right blue, turned by a quarter
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAcdtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAADRpbG9jAAAA"
    "AERAAAIAAQAAAAAB6wABAAAAAAAAAEkAAgAAAAACNAABAAAAAAAAACQAAAA4aWluZgAAAAAAAgAAABVpbmZlAgAAAAABAABodmMxAAAAABVpbmZl"
    "AgAAAQACAABFeGlmAAAAAA5waXRtAAAAAAABAAABBmlwcnAAAADlaXBjbwAAAHVodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH/"
    "/wNwAAADAJAAAAMAAAMAHroCQGEAAQApQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbqrprm4CGgwIAAAAyAAAADAIRiAAEABkQBwXPBiQAAABNjb2xy"
    "bmNseAABAA0ABoAAAAAUaXNwZQAAAAAAAABAAAAAQAAAAChjbGFwAAAAGAAAAAEAAAAQAAAAAf///9gAAAAC////0AAAAAIAAAAQcGl4aQAAAAAD"
    "CAgIAAAACWlyb3QDAAAAGWlwbWEAAAAAAAAAAQABBoECAwWEhgAAABppcmVmAAAAAAAAAA5jZHNjAAIAAQABAAAAdW1kYXQAAABFKAGvEyGoGGjl"
    "NVP9RNeSgF93qTALPGoWYi2QmbRh2FY8gnatPhy0gvOJP+uQzS1cqvVoAAH7CXrjrNMwTAyAqKJWfFbsAAAABkV4aWYAAE1NACoAAAAIAAEBEgAD"
    "AAAAAQAGAAAAAAAA"
)


def test_a_photograph_of_a_phone(tmp_path):
    pytest.importorskip("pi_heif")
    path = tmp_path / "IMG_0001.HEIC"
    path.write_bytes(base64.b64decode(PHONE))
    img = open_image(path)
    assert img.size == (16, 24)
    red, blue = img.getpixel((8, 3)), img.getpixel((8, 20))
    assert red[0] > 2 * red[2] and blue[2] > 2 * blue[0]


def test_a_photograph_of_a_phone_where_nothing_reads_it(tmp_path, monkeypatch):
    monkeypatch.delitem(Image.OPEN, "HEIF", raising=False)
    path = tmp_path / "IMG_0001.HEIC"
    path.write_bytes(base64.b64decode(PHONE))
    with pytest.raises(ValueError, match=r"IMG_0001.HEIC .*WebP; for HEIC photographs, pip install pi-heif\)$"):
        open_image(path)


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow, of damaged EXIF
@pytest.mark.parametrize("seed", range(8))
def test_garbage_in_exif_does_not_hide_the_pixels(tmp_path, picture, seed):
    start = b"II*\0\x08\0\0\0" if seed % 2 else b"MM\0*\0\0\0\x08"
    garbage = np.random.default_rng(seed).integers(0, 256, 60, dtype=np.uint8).tobytes()
    for fmt, exif in (("jpeg", b"Exif\0\0" + start + garbage), ("png", start + garbage), ("webp", start + garbage)):
        img = open_image(io.BytesIO(encoded(picture(), fmt, exif=exif)))
        assert img.size == picture().size


def test_nobody_can_forge_a_credit(tmp_path, picture):
    text = PngImagePlugin.PngInfo()
    text.add_text("credit", r"by me, $x^$ \frac{")
    path = tmp_path / "signed.png"
    picture().save(path, pnginfo=text)
    for img in (open_image(path), Image.open(path)):
        figure = show_images([img, sample("cat")])[0].figure
        assert figure.get_supxlabel().startswith("cat: ") and "by me" not in figure.get_supxlabel()
        figure.savefig(io.BytesIO())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
def test_pipes_and_devices_are_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "/dev/zero"):
        with pytest.raises(ValueError, match=f"{path} is a device or a pipe"):
            open_image(path)


def test_names_that_no_file_can_have():
    with pytest.raises(ValueError, match="zero bytes"):
        open_image("a\0b.png")
    with pytest.raises(FileNotFoundError, match="there is no file x+"):
        open_image("x" * 5000 + ".png")


def test_out_of_memory_is_a_sentence(tmp_path, picture, monkeypatch):
    def scarce(*args):
        raise MemoryError

    picture().save(tmp_path / "large.png")
    monkeypatch.setattr(images, "to_rgb", scarce)
    with pytest.raises(ValueError, match=r"large\.png is too large for the memory"):
        open_image(tmp_path / "large.png")


def test_a_tall_16_bit_picture_is_scaled_as_a_whole(tmp_path):
    """In strips, but with one white point: the brightest pixel of all strips."""
    levels = np.linspace(0, 65535, 2 * images.STRIP + 7).astype(np.uint16)[:, None].repeat(2, 1)
    Image.fromarray(levels).save(tmp_path / "tall.png")
    assert (np.asarray(open_image(tmp_path / "tall.png"))[:, 0, 0] == np.round(levels[:, 0] / 257.0)).all()
    Image.fromarray(levels.astype(np.float32) * 10).save(tmp_path / "tall.tif")
    assert (np.asarray(open_image(tmp_path / "tall.tif"))[:, 0, 0] == np.round(levels[:, 0] / 257.0)).all()


@pytest.mark.parametrize(
    "img, name, words",
    [
        (Image.new("RGB", (0, 0)), "a.png", "PNG cannot hold this picture of 0×0"),
        (Image.new("RGB", (0, 5)), "a.jpg", "JPEG cannot hold this picture of 0×5"),
        (Image.new("RGB", (17000, 2)), "a.webp", "WEBP cannot hold this picture of 17000×2"),
        (Image.new("F", (4, 4)), "a.png", "PNG cannot hold"),
        (None, "a.png", "the image is None"),
        (Image.new("RGB", (2, 2)), "a\0.png", "zero bytes"),
        (Image.new("RGB", (2, 2)), None, "a path must be text"),
    ],
)
def test_what_cannot_be_saved(tmp_path, img, name, words):
    with pytest.raises(ValueError, match=words):
        save_image(img, name and str(tmp_path / name))
    assert not list(tmp_path.iterdir())


def test_nothing_to_show():
    for nothing in (Image.new("RGB", (0, 4)), np.ones(3)):
        with pytest.raises(ValueError, match="pixels"):
            show_images([nothing])


@pytest.mark.parametrize("read", [open_image, Run.load, load_painter], ids=["picture", "run", "painter"])
def test_a_line_break_in_a_name_stays_out_of_the_sentence(read, tmp_path):
    odd = tmp_path / "two\nlines.jpg"
    for bytes_in_it in (None, b"nonsense"):
        if bytes_in_it:
            odd.write_bytes(bytes_in_it)
        with pytest.raises((ValueError, OSError), match="two lines.jpg") as caught:
            read(odd)
        assert "\n" not in str(caught.value)
