"""Pictures, settings, weights, runs and the studio's settings, as anybody may hand them over."""

import base64
import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from safetensors.torch import save
from strategies import anything, damage
from tally import cases, judged
from test_images import PHONE
from test_weights import HEADER, checkpoint

from nst_helpers import (
    Run,
    Settings,
    fit_shape,
    load_vgg19,
    open_image,
    optimize,
    save_image,
    show_images,
    stylize,
    train,
)
from nst_helpers.settings import fields
from nst_helpers.studio.choices import Choices, read

pytestmark = [
    pytest.mark.filterwarnings("ignore::UserWarning"),  # Pillow and torch, of damaged files
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
]
FORMATS = (
    "jpeg",
    "png",
    "gif",
    "webp",
    "tiff",
    "bmp",
    "ppm",
    "tga",
    "ico",
    "jpeg2000",
    "avif",
    "eps",
    "pcx",
    "sgi",
    "pdf",
)
MODES = ("RGB", "L", "RGBA", "LA", "P", "1", "CMYK", "I;16", "I", "F", "YCbCr", "HSV")
NAMES = [field.name for field in fields(Settings)]


def encoded(fmt, mode, width, height, exif):
    levels = np.random.default_rng(width).integers(0, 256, (height, width, 3), dtype=np.uint8)
    img, buffer = Image.fromarray(levels), io.BytesIO()
    try:
        img = Image.fromarray(levels[..., 0].astype(np.uint16) * 257) if mode == "I;16" else img.convert(mode)
        img.save(buffer, fmt, **({"exif": exif} if exif else {}))
    except (OSError, ValueError, KeyError, SystemError):  # a format that has not this mode
        img.convert("RGB").save(buffer, "png")
    return buffer.getvalue()


@cases(short=120, whole=3000)
@given(
    fmt=st.sampled_from([*FORMATS, "heic"]),
    mode=st.sampled_from(MODES),
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    exif=st.one_of(st.just(b""), st.binary(max_size=60).map(lambda data: b"Exif\0\0II*\0\x08\0\0\0" + data)),
    change=damage(),
    suffix=st.sampled_from(["", ".jpg", ".png", ".eps", ".txt"]),
)
def test_pictures(tmp_path, fmt, mode, size, exif, change, suffix):
    data = change(base64.b64decode(PHONE) if fmt == "heic" else encoded(fmt, mode, *size, exif))
    path = tmp_path / f"picture{suffix}"
    path.write_bytes(data)
    img = judged("pictures", lambda: open_image(path))
    if img is not None:
        assert img.mode == "RGB" and min(img.size) > 0 and data[:4] not in (b"%!PS", b"%PDF")


@cases(short=40, whole=150)
@given(img=st.one_of(anything, st.tuples(st.sampled_from(MODES), st.integers(0, 9), st.integers(0, 9))), name=anything)
def test_pictures_to_save_and_show(tmp_path, img, name):
    if isinstance(img, tuple) and len(img) == 3:
        img = Image.new(img[0], img[1:])
    path = tmp_path / name[:40] if isinstance(name, str) and name[:1] not in ("/", "~", ".") else name
    if not isinstance(path, (str, Path)) or str(path) not in (f"{tmp_path}", ".", "..", "../.."):
        judged("pictures saved", lambda: save_image(img, path))
    judged("pictures saved", lambda: save_image(img, tmp_path / "a.png"))
    if isinstance(img, Image.Image):
        judged("pictures shown", lambda: len(show_images([img])))


@cases(short=200, whole=4000)
@given(changes=st.dictionaries(st.sampled_from(NAMES), anything, min_size=1, max_size=3))
def test_settings(changes):
    made = judged("settings", lambda: Settings(**changes))
    if made is not None:
        json.dumps([getattr(made, name) for name in NAMES], allow_nan=False)
        content, styles, tv = made.loss_weights
        assert np.isfinite([*content, *styles, tv]).all() and str(made) and made.but() == made


@cases(short=25, whole=150)
@given(
    # Mostly what works: else hardly a case would get as far as painting
    size=st.sampled_from([*[64] * 12, 8, 16, 1e300, -3, 0, "x", None, float("nan"), 10**400, 2.5, 20_001]),
    style_size=st.sampled_from([*[48] * 12, 16, 1e300, -3, "x", float("nan"), 10**400]),
    shapes=st.one_of(st.just((30, 20, 25, 40)), st.tuples(*[st.integers(0, 40)] * 4)),
    changes=st.one_of(st.just({}), st.dictionaries(st.sampled_from([*NAMES, "nonsense"]), anything, max_size=2)),
)
def test_stylize(net, size, style_size, shapes, changes):
    pictures = Image.new("RGB", shapes[:2], "red"), Image.new("RGB", shapes[2:], "blue")
    changes = {**changes, "num_epochs": 2}
    img = judged("stylize", lambda: stylize(*pictures, net, size=size, style_size=style_size, **changes))
    assert img is None or max(img.size) == size


@cases(short=25, whole=300)
@given(shape=st.lists(st.integers(0, 20), max_size=5), other=anything, which=st.integers(0, 2))
def test_images_to_train_on(net, pair, shape, other, which):
    images = list(pair)
    images[which % 2] = torch.zeros(shape) if which else other
    judged("images to train on", lambda: list(optimize(net, *images, num_epochs=1)))
    judged("images to train on", lambda: fit_shape(pair[0], other) if isinstance(other, Image.Image) else None)


@cases(short=60, whole=800)
@given(
    change=damage(),
    kind=st.sampled_from(["safetensors", "pth", "old pth"]),
    value=st.sampled_from([None, 0, float("nan"), 1e39]),
)
def test_weights(tmp_path, parameters, change, kind, value):
    tensors = dict(parameters.tensors)
    if value is not None:
        tensors["conv3_1.weight"] = torch.full(tensors["conv3_1.weight"].shape, value, dtype=torch.float64)
    if kind == "safetensors":
        data, path = save(tensors, HEADER), tmp_path / "w.safetensors"
    else:
        changed = {} if value is None else {"features__10__weight": tensors["conv3_1.weight"]}
        data, path = checkpoint(parameters, kind == "old pth", **changed), tmp_path / "w.pth"
    path.write_bytes(change(data))
    net = judged("weights files", lambda: load_vgg19(path, device="cpu", verbose=False))
    if net is not None:
        assert all(weight.isfinite().all() for weight in net.parameters()) and value in (None, 0)


@cases(short=40, whole=800)
@given(change=damage())
def test_runs_in_files(tmp_path, run_file, change):
    path, (data, image) = tmp_path / "run", run_file
    path.write_bytes(change(data))
    run = judged("runs in files", lambda: Run.load(path))
    assert run is None or run.image.tobytes() == image  # whole or not at all: it has a checksum


@pytest.fixture(scope="module")
def run_file(net, pair, tmp_path_factory):
    """The bytes of a run's file, and those of its picture."""
    run = train(net, *pair, num_epochs=3, plot=False)
    return run.save(tmp_path_factory.mktemp("run") / "run").read_bytes(), run.image.tobytes()


json_values = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=9), st.sampled_from(["cat", "imagenet"])
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=9), inner, max_size=3)),
    max_leaves=8,
)
PLACES = ["content", "style", "weights", "size", "stroke", "settings", "nst_studio", "other", *NAMES]


@cases(short=120, whole=3000)
@given(place=st.sampled_from(PLACES), value=json_values, change=st.one_of(st.none(), damage()))
def test_studio_settings(place, value, change):
    data = json.loads(Choices().to_json())
    (data["settings"] if place in data["settings"] else data)[place] = value
    text = json.dumps(data)
    if change:
        text = change(text.encode()).decode(errors="replace")
    judged("studio settings", lambda: read(text))


@pytest.mark.parametrize(
    "text", ["[" * 5000, '{"a":' * 5000, "1" + "0" * 400, "9" * 10_000, '"' + "x" * 10**6 + '"', ""]
)
def test_studio_settings_from_the_depths(text):
    judged("studio settings", lambda: read(text))
