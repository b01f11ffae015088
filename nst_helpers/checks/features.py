"""Exercises of notebook 03."""

import torch

from ..layers import CONV_NAMES, LAYERS, layer_name
from . import as_name, as_numbers, cases, exercise, unchanged


@exercise
def map_size(answer):
    size = as_numbers(answer, 2)
    assert size != (200, 300), "the convolutions keep the size, but several poolings lie before relu4_1"
    assert size not in [(100, 150), (50, 75)], "not enough: count the poolings before relu4_1 again"
    assert size not in [(12, 18), (12, 19), (12.5, 18.75), (13, 19)], "one pooling too many: pool4 comes after relu4_1"
    assert size not in [(25, 37.5), (25, 38)], "half a column does not exist: pooling leaves an odd one out"
    assert size not in [(37, 25), (38, 25)], "rows first: the height, then the width"
    assert size == (25, 37), "halve 200 and 300 once for every pooling before relu4_1, and drop what is left over"


@exercise
def winners(answer):
    for shape in ((1, *sizes) for sizes in cases((5, 4, 7), (2, 6, 3), (9, 1, 8))):
        Y = torch.randn(shape)
        got, right = unchanged(answer, Y), Y[0].argmax(dim=0)
        assert got is not None, "your function returns nothing: end it with return"
        assert not isinstance(got, torch.return_types.max), "max gives two things: how strong, and where; take one"
        try:
            got = torch.as_tensor(got)
        except (TypeError, ValueError, RuntimeError):
            raise AssertionError(f"a tensor is asked for, not {type(got).__name__}") from None
        height_width = tuple(Y.shape[2:])
        if got.ndim > 2 and tuple(got.shape[-2:]) == height_width and got.numel() == right.numel():
            raise AssertionError("the batch axis is still there: the result should have the shape (h, w)")
        assert tuple(got.shape) == height_width or got.numel() != right.numel() or 1 not in height_width, (
            "a map of a single row or column has lost that axis: take away the batch axis only"
        )
        assert tuple(got.shape) == height_width, (
            f"a map of shape {tuple(Y.shape)} should give one number for every position, {height_width}, "
            f"not {tuple(got.shape)}: over which axis do the channels compete?"
        )
        assert not torch.allclose(got.double(), Y[0].amax(dim=0).double()), (
            "this is how strong the strongest answer is; its channel's number is asked for"
        )
        assert shape[1] < 3 or not torch.equal(got.long(), Y[0].argmin(dim=0)), "these are the weakest channels"
        assert torch.equal(got.double(), right.double()) or not torch.equal(got.long(), Y[0].abs().argmax(dim=0)), (
            "a strongly negative answer is not a strong one: leave out the absolute value"
        )
        assert torch.equal(got.double(), right.double()), (
            "these are not the numbers of the strongest channels, counted from 0"
        )


@exercise
def first_to_see(answer):
    try:
        name = as_name(answer) if isinstance(answer, str) else layer_name(answer)
    except ValueError:
        raise AssertionError(f'a name such as "conv2_1" is asked for, not {answer!r:.40}') from None
    assert name in LAYERS, f'there is no layer {answer!r:.40}; names look like "conv2_1"'
    side = LAYERS[name].receptive_field
    assert name in CONV_NAMES, f"{name} sees {side} pixels, but it is no convolution"
    assert side >= 100, f"a position of {name} sees {side}×{side} pixels only: go deeper"
    first = next(conv for conv in CONV_NAMES if LAYERS[conv].receptive_field >= 100)
    assert name == first, f"{name} sees {side}×{side}, which is enough, but an earlier convolution does too"
