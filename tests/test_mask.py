"""The canvas for masks: from code, and with a mouse and keys where there is a browser."""

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


@pytest.mark.parametrize(
    "kind", [torch.tensor, np.asarray, Image.fromarray, lambda a: torch.tensor(a)[None, None] / 255]
)
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


PAGE = """
async ([script, values]) => {
  const listeners = [];
  window.model = {
    get: (name) => values[name],
    set: (name, value) => { values[name] = value; },
    save_changes: () => { window.saved = values.drawn; },
    on: (name, listener) => listeners.push(listener),
    off: () => {},
  };
  window.fromPython = (drawn) => { values.drawn = drawn; listeners.forEach((listener) => listener()); };
  const module = await import(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));
  module.default.render({ model: window.model, el: document.body });
}
"""


@pytest.fixture
def page(chromium, canvas):
    """The canvas alone on a page, with a model that keeps what is drawn in ``window.saved``."""
    page = chromium.new_page()
    values = {name: getattr(canvas, name) for name in ("picture", "drawn", "width", "height", "label")}
    page.goto("about:blank")
    page.evaluate(PAGE, [str(canvas._esm), values])
    yield page
    page.close()


def saved(page, canvas):
    canvas.drawn = page.evaluate("window.saved")
    return canvas.mask[0, 0]


def test_a_stroke_of_the_mouse_becomes_the_mask(page, canvas):
    box = page.locator("canvas").bounding_box()
    page.mouse.move(box["x"] + 10, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 50, box["y"] + 20, steps=4)
    page.mouse.up()
    mask = saved(page, canvas)
    assert mask[20, 10:50].all() and not mask[:12].any() and not mask[28:].any()
    page.get_by_label("Erase").check()
    page.mouse.move(box["x"] + 30, box["y"] + 20)
    page.mouse.down()
    page.mouse.up()
    assert saved(page, canvas)[20, 30] == 0 and saved(page, canvas)[20, 12] == 1
    page.get_by_role("button", name="Clear").click()
    assert not saved(page, canvas).any()


def test_keys_paint_and_the_canvas_has_a_name(page, canvas):
    area = page.get_by_role("application", name="Draw a mask over the picture")
    area.press("ArrowRight")
    area.press(" ")
    mask = saved(page, canvas)
    assert mask.any() and mask[20, 31] == 1


def test_a_mask_set_from_code_is_kept_under_the_next_stroke(page, canvas):
    rows = np.arange(40)[:, None] * np.ones(60)
    page.evaluate("(drawn) => window.fromPython(drawn)", canvas.set(rows < 10).drawn)
    page.wait_for_timeout(200)
    page.locator("canvas").press(" ")
    mask = saved(page, canvas)
    assert mask[:10].all() and mask[20, 30] == 1 and not mask[38].any()
