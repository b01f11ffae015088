"""Exercises of notebook 04."""

import dis

import torch

from ..losses import gram, tv_loss
from . import as_floats, as_number, cases, exercise, names_in, same_slope, unchanged


@exercise
def gram_factor(answer):
    factor = as_number(answer)
    assert factor != 1, "c and n divide the sum, but not the strength of the answers: it does grow"
    assert factor != 2, "every entry is a product of *two* channels, and both are doubled"
    assert factor not in (8, 16), "that would be a loss, which squares once more"
    assert abs(factor - 4) < 1e-6, "try it on paper with a feature map of a single number"


def _steps(function):
    """What a function does, without its name and docstring; of what is not a plain function, itself."""
    code = getattr(function, "__code__", None)
    return [(step.opname, step.argval) for step in dis.get_instructions(code)] if code else function


@exercise
def my_gram(answer):
    copied = _steps(answer) == _steps(gram)  # the page's gram, which is defined in the reader's notebook
    assert "gram" not in names_in(answer) and not copied, "write it from scratch, without calling gram"
    for c, h, w in cases((3, 4, 5), (4, 2, 7), (2, 6, 3)):
        X = torch.randn(1, c, h, w, requires_grad=True)
        got, flat = as_floats(unchanged(answer, X)), X.reshape(c, h * w)
        assert tuple(got.shape) != (h * w, h * w), "this is position times position: the transpose belongs on the right"
        assert tuple(got.shape) != (1, c, c), "the batch axis is still there: the result should have the shape (c, c)"
        assert tuple(got.shape) == (c, c), f"{c} channels should give a {c}×{c} matrix, not {tuple(got.shape)}"
        product = flat @ flat.T
        assert not torch.allclose(got, product), "not normalized yet: divide by c * h * w"
        assert not torch.allclose(got, product / (h * w)), "divided by h * w only: c is missing"
        ratio = got / product
        assert torch.allclose(got, gram(X), atol=1e-6) or not torch.allclose(ratio, ratio[:1, :1].expand(c, c)), (
            "right but for the divisor: it should be c * h * w"
        )
        assert torch.allclose(got, gram(X), atol=1e-6), "the shape is right, the values are not: one row per channel"
        assert got.requires_grad, "the result has lost its gradient: leave out detach, item and no_grad"
        assert same_slope(got, gram(X), X), "a part of the gradient is missing: leave out detach"


@exercise
def squared_variation(answer):
    for shape in ((1, *sizes) for sizes in cases((3, 6, 9), (1, 5, 4), (2, 3, 8))):
        X = torch.randn(shape, requires_grad=True)
        got = as_floats(unchanged(answer, X))
        assert got.numel() == 1, "it should give one number: take the mean"
        got = got.reshape(())
        rows, columns = X.diff(dim=2).square().mean(), X.diff(dim=3).square().mean()
        assert not torch.isclose(got, tv_loss(X)), "this is the absolute step: square it"
        assert not torch.isclose(got, rows + columns), "twice too large: take half of each"
        assert not any(torch.isclose(got, one) for one in (rows, columns, rows / 2, columns / 2)), (
            "only one direction is counted"
        )
        assert torch.isclose(got, (rows + columns) / 2), (
            "square each step, take the mean of the rows' steps and that of the columns' steps, and half of each"
        )
        assert got.requires_grad, "the result has lost its gradient: leave out detach, item and no_grad"
        assert same_slope(got, (rows + columns) / 2, X), "a part of the gradient is missing: leave out detach"
