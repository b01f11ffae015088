"""Notebook 09: masks, and what a style loss compares."""

import numpy as np
import torch

from . import as_floats, as_name, cases, exercise, names_in, same_slope, unchanged


@exercise
def same_pull(answer):
    if not isinstance(answer, str):
        answer = {0: False, 1: True}.get(np.asarray(answer).item() if np.ndim(answer) == 0 else None)
    else:
        answer = {"true": True, "false": False}.get(as_name(answer))
    assert answer is not None, "write True or False"
    assert answer, "try single numbers: compare the slopes of ½(g − 2)² + ½(g − 6)² and of (g − 4)² at any g you like"


@exercise
def disk(answer):
    for height, width, row, column, radius in cases(
        (9, 14, 4, 6, 3), (12, 7, 2.5, 5, 4), (6, 6, 20, 3, 2), (5, 8, 0, 0, 50)
    ):
        got = answer(height, width, row, column, radius)
        rows, columns = np.mgrid[:height, :width]
        distance = np.hypot(rows - row, columns - column)
        want = distance <= radius
        assert got is not None, "it returns nothing yet"
        got = torch.as_tensor(got)
        assert tuple(got.shape) != (1, 1, width, height) or width == height, "height first, then width"
        assert tuple(got.shape) != (height, width), "two axes in front are missing: a feature map is (1, c, h, w)"
        assert tuple(got.shape) == (1, 1, height, width), (
            f"the shape should be {(1, 1, height, width)}, not {tuple(got.shape)}"
        )
        assert got.is_floating_point(), "a mask is multiplied with features: make it 0.0 and 1.0, with .float()"
        found = got[0, 0].double().numpy()
        assert set(np.unique(found)) <= {0.0, 1.0}, "only 0.0 and 1.0 are allowed"
        assert not (want.any() and not want.all() and np.array_equal(found, 1.0 - want)), "inside is 1, outside 0"
        swapped = np.hypot(rows - column, columns - row) <= radius
        assert np.array_equal(swapped, want) or not np.array_equal(found, swapped), "row and column changed places"
        square = np.maximum(abs(rows - row), abs(columns - column)) <= radius
        assert np.array_equal(square, want) or not np.array_equal(found, square), "that is a square, not a disk"
        open_ = distance < radius
        assert np.array_equal(open_, want) or not np.array_equal(found, open_), (
            "points on the rim count as inside: use <="
        )
        root = distance**0.5 <= radius
        wide = distance**2 <= radius
        assert np.array_equal(wide, want) or not np.array_equal(found, wide), (
            "too small: compare the distance with the radius, or the squared distance with the radius squared"
        )
        assert root.all() or np.array_equal(root, want) or not np.array_equal(found, root), (
            "too large: compare the distance with the radius, or the squared distance with the radius squared"
        )
        assert np.array_equal(found, want), "some pixels are on the wrong side: measure with Pythagoras, in pixels"


@exercise
def slice_distance(answer):
    assert not names_in(answer) & {"sliced", "sliced_loss"}, "write it yourself: sort, subtract, square, mean"
    for (n,) in cases((20,), (31,), (64,)):
        a, b = torch.randn(n, requires_grad=True), 2 * torch.randn(n) + 1
        got = unchanged(answer, a, b)
        assert got is not None, "it returns nothing yet"
        assert torch.is_tensor(got), "give a tensor, so that a gradient can pass"
        got = as_floats(got)
        assert got.numel() == 1, "one number is asked for: take the mean"
        x, y = a.detach().sort().values, b.sort().values
        value = got.detach().flatten()[0]

        def near(other, value=value):
            return torch.isclose(value, other, rtol=1e-4)

        assert not near(torch.square(a.detach() - b).mean()), "order still matters: sort both first"
        assert not near(torch.square(x - y).sum()), "the mean, not the sum"
        assert not near((x - y).abs().mean()), "squared differences are asked for, not absolute ones"
        assert not near(torch.square(x - y).mean().sqrt()), "without the root"
        assert not near(torch.square(x.mean() - y.mean())), "that compares the means only: sort, then subtract"
        assert not near(torch.square(x - y.flip(0)).mean()), "sort both in the same direction"
        assert near(torch.square(x - y).mean()), "for some numbers it gives another value: sort, subtract, square, mean"
        assert got.requires_grad, "no gradient passes: work with the tensors, without detach, numpy or float"
        right = torch.square(a.sort().values - y).mean()
        assert same_slope(got.reshape(()), right, a), "the value is right, but the gradient does not reach all of a"
