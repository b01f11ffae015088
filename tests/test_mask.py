"""The canvas for masks: from code here; tests/test_browser.py draws on it with a mouse where there is a browser."""

import base64

import numpy as np
import pytest
import torch
from PIL import Image

from nst_helpers.mask import MaskCanvas


@pytest.fixture
def canvas():
    return MaskCanvas(Image.new("RGB", (300, 200), "#808080"), longest=60)


def test_a_new_mask_is_empty_and_as_large_as_the_picture_shown(canvas):
    assert canvas.mask.shape == (1, 1, 40, 60) and canvas.mask.dtype == torch.float32
    assert not canvas.mask.any() and canvas.still.size == (60, 40)


@pytest.mark.parametrize("kind", [torch.tensor, np.asarray, Image.fromarray, lambda a: torch.tensor(a)[None, None] / 255])
def test_set_takes_what_masks_come_as(canvas, kind):
    levels = np.zeros((40, 60), np.uint8)
    levels[:10] = 255
    assert canvas.set(kind(levels)) is canvas
    assert torch.equal(canvas.mask[0, 0, :, 7], (torch.arange(40) < 10).float())


def test_another_size_is_resized(canvas):
    half = np.zeros((4, 2))
    half[:, 1] = 1
    assert torch.equal(canvas.set(half).mask[0, 0, 3], (torch.arange(60) >= 30).float())


@pytest.mark.parametrize("wrong", [np.zeros(5), np.zeros((3, 4, 5)), np.zeros((0, 3))])
def test_what_is_no_mask_is_refused_with_its_shape(canvas, wrong):
    with pytest.raises(ValueError, match="a mask is"):
        canvas.set(wrong)


def test_where_no_widget_runs_the_picture_shows_with_the_mask_over_it(canvas):
    canvas.set(np.arange(40)[:, None] * np.ones(60) < 20)
    data, _ = canvas._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert base64.b64decode(data["image/jpeg"])[:2] == b"\xff\xd8"
    above, below = canvas.still.getpixel((30, 5)), canvas.still.getpixel((30, 35))
    assert above[0] > above[2] + 50 and below == (128, 128, 128)


def test_the_canvas_has_a_name_and_its_files_are_there(canvas):
    assert canvas.label and "aria-label" in str(canvas._esm) and ".nst-mask" in str(canvas._css)
