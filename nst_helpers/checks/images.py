"""Notebook 01: axes, a mirror, and a place in a picture."""

import torch

from ..sample_images import sample
from . import as_numbers, cases, exercise, unchanged


@exercise
def shape_after(answer):
    guess = as_numbers(answer, 3)
    width, height = sample("mountain_lake").size
    assert guess != (height, width, 3), "that is the shape before: the first two axes change places"
    assert guess not in [(3, height, width), (3, width, height)], (
        "that would be a tensor's order; here the channels, axis 2, stay last"
    )
    assert guess == (width, height, 3), f"(1, 0, 2) means: first the old axis 1, then the old axis 0; not {guess}"


@exercise
def reflect(answer):
    for c, h, w in cases((3, 6, 4), (3, 4, 7), (1, 10, 3)):
        tensor = torch.rand(c, h, w)
        got = unchanged(answer, tensor)
        assert torch.is_tensor(got), "give a tensor back: return …"
        assert got.shape == tensor.shape, f"the shape should stay {(c, h, w)}; this is {tuple(got.shape)}"
        got = got.float()
        top, bottom = tensor[:, : h // 2], tensor[:, h // 2 :]
        assert not got.equal(torch.cat([bottom.flip(1), bottom], dim=1)), (
            "that mirrors the lower half into the upper one"
        )
        assert got[:, : h // 2].equal(top), "the upper half should stay as it is"
        mirrored = got[:, h // 2 :]
        assert not mirrored.equal(top), "the upper half is copied, but not turned upside down: flip the rows"
        assert not mirrored.equal(top.flip(2)), "left and right are swapped: rows are axis 1"
        assert not mirrored.equal(top.flip(1, 2)), "turned by half a turn: flip the rows only, axis 1"
        assert mirrored.equal(top.flip(1)), "the lower half should be the upper half with its rows in reverse order"


@exercise
def parasol(answer):
    x, y = as_numbers(answer, 2)
    width, height = sample("pointillist_park").size

    def on_it(x, y):
        return ((x - 386) / 68) ** 2 + ((y - 348) / 27) ** 2 <= 1

    assert not on_it(y, x) or on_it(x, y), "the right place, but in the wrong order: x, the column, comes first"
    assert 0 <= x < width and 0 <= y < height, f"({x}, {y}) lies outside the picture, which is {width}×{height}"
    assert not on_it(x, height - 1 - y) or on_it(x, y), "y counts from the top, not from the bottom"
    assert on_it(x, y), f"({x}, {y}) is not on the parasol: look at mark(style_img, {x}, {y})"
