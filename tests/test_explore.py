import base64
import io

import ipywidgets
import numpy as np
import pytest
from d2l import torch as d2l
from PIL import Image

from nst_helpers import Explorer, explore


def paint(red=0, label="a"):
    print(f"<red> {red}")
    if red == 13:
        raise ValueError("thirteen is <not> wanted")
    return Image.new("RGB", (8, 6), (red, 0, 0))


def color(png):
    return Image.open(io.BytesIO(png)).convert("RGB").getpixel((0, 0))


def test_first_picture_is_there_at_once():
    explorer = explore(paint, red=(0, 255), label=["a", "b"])
    assert isinstance(explorer, Explorer) and explorer.error is None
    assert color(explorer.picture.value) == (explorer.controls["red"].value, 0, 0)
    assert "&lt;red&gt;" in explorer.text.value  # what it prints, escaped
    assert "nst-explorer" in explorer._dom_classes


def test_set_moves_the_controls_and_redraws():
    explorer = explore(paint, red=(0, 255), label=["a", "b"])
    assert explorer.set(red=200, label="b") is explorer
    assert explorer.names.alt == "Picture for red 200, label b"
    assert color(explorer.picture.value) == (200, 0, 0) and "200" in explorer.text.value
    explorer.controls["red"].value = 7  # as a hand on the slider does
    assert color(explorer.picture.value) == (7, 0, 0)


def test_an_error_is_said_and_the_old_picture_stays(capsys):
    explorer = explore(paint, red=(0, 255)).set(red=5)
    explorer.set(red=13)
    assert isinstance(explorer.error, ValueError) and "thirteen is &lt;not&gt; wanted" in explorer.text.value
    assert color(explorer.picture.value) == color(explorer.png) == (5, 0, 0)
    explorer.set(red=6)
    assert explorer.error is None and "thirteen" not in explorer.text.value and color(explorer.png) == (6, 0, 0)
    assert not capsys.readouterr().out


def test_an_error_without_words_is_named():
    def fail(x):
        raise KeyError

    assert "KeyError" in explore(fail, x=(0, 3)).text.value


def test_error_at_the_first_drawing():
    explorer = explore(paint, red=ipywidgets.IntSlider(13))
    assert explorer.error is not None and explorer.png == b""
    assert "image/jpeg" in explorer._repr_mimebundle_()
    explorer.set(red=4)
    assert color(explorer.png) == (4, 0, 0)


def test_shown_as_picture_where_widgets_do_not_run():
    explorer = explore(paint, red=(0, 255)).set(red=99)
    bundle = explorer._repr_mimebundle_()
    assert color(base64.b64decode(bundle["image/jpeg"]))[0] == pytest.approx(99, abs=3)
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_figures():
    """A drawing in matplotlib: its figure is taken, closed, and shown at half its pixels."""

    def draw(height):
        d2l.plt.subplots(figsize=(4, height))

    explorer = explore(draw, height=(1, 3, 1))
    assert not d2l.plt.get_fignums()
    width, height = Image.open(io.BytesIO(explorer.png)).size  # about 600 × 300, trimmed
    assert 500 < width <= 620 and 250 < height <= 320
    layout = explorer.picture.layout
    assert (layout.width, layout.height) == (f"{width // 2}px", f"{height // 2}px")
    explorer.set(height=2)  # before it is shown, the place is the picture's
    height = Image.open(io.BytesIO(explorer.png)).size[1]
    assert layout.height == f"{height // 2}px"
    explorer._repr_mimebundle_()
    explorer.set(height=3)
    assert layout.height == f"{height // 2}px"  # nothing below jumps
    assert Image.open(io.BytesIO(explorer.png)).size[1] > height


def test_a_failed_figure_is_closed():
    def draw(x):
        d2l.plt.plot([1, 2])
        raise RuntimeError("no")

    explore(draw, x=(0, 3)).set(x=2)
    assert not d2l.plt.get_fignums()


@pytest.mark.parametrize(
    "abbreviation, kind",
    [
        ((0, 9), ipywidgets.IntSlider),
        ((0.0, 1.0, 0.1), ipywidgets.FloatSlider),
        (["a", "b"], ipywidgets.SelectionSlider),
        (True, ipywidgets.Checkbox),
        (ipywidgets.IntText(3), ipywidgets.IntText),
    ],
)
def test_controls(abbreviation, kind):
    seen = []
    explorer = explore(lambda some_name: seen.append(some_name) or Image.new("L", (2, 2)), some_name=abbreviation)
    control = explorer.controls["some_name"]
    assert type(control) is kind and seen == [control.value] and explorer.error is None
    assert control.description == "some name"


@pytest.mark.parametrize("continuous", [True, False])
def test_continuous(continuous):
    explorer = explore(paint, continuous, red=(0, 9))
    assert explorer.controls["red"].continuous_update is continuous


@pytest.mark.parametrize("bad", [object(), None, 1j, (5, 1), []])
def test_bad_control(bad):
    with pytest.raises(ValueError):
        explore(paint, red=bad)


def test_bad_control_is_named():
    with pytest.raises(ValueError, match=r"no control can be made of red=1j: give \(low, high\) or a list"):
        explore(paint, red=1j)


def test_arrays_are_seen_as_drawn():
    """The picture's pixels arrive unchanged: PNG loses nothing."""
    levels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    explorer = explore(lambda x: Image.fromarray(levels), x=(0, 1))
    assert (np.asarray(Image.open(io.BytesIO(explorer.png))) == levels).all()
