"""Notebook 06: answers about training."""

import functools
import math

import torch

from ..features import load_vgg19
from ..preprocessing import preprocess
from ..sample_images import sample
from ..training import optimize
from . import as_choice, as_name, as_number, cases, exercise, same_slope, unchanged


@exercise
def ten_times(answer):
    answer = "the same" if isinstance(answer, str) and as_name(answer) == "same" else answer
    word = as_choice(answer, ("the same", "more style", "more content"))
    assert word != "more style", "the style loss counts ten times as much, but so do the other two"
    assert word != "more content", "the content loss counts ten times as much, but so do the other two"


@exercise
def symmetry_loss(answer):
    torch.manual_seed(0)
    for shape in ((1, 3, *size) for size in cases((4, 7), (5, 2), (6, 6))):
        X = torch.randn(shape, requires_grad=True)
        got = unchanged(answer, X)
        assert got is not None, "return the loss"
        assert torch.is_tensor(got) and got.numel() == 1, "one number is asked for, a scalar tensor: take the mean"
        difference = X - torch.flip(X, [3])
        squares, value = torch.square(difference), got.detach()
        wanted = squares.mean().detach()
        assert not _equal(value, torch.square(X - torch.flip(X, [2])).mean()), (
            "that is a lake in the sky: mirror left and right, the last axis, not top and bottom"
        )
        assert not _equal(value, squares.sum()), "that is the sum of the squares; the mean does not depend on the size"
        assert not _equal(value, difference.abs().mean()), "square the differences, do not take their absolute values"
        assert not _equal(value, difference.mean()), (
            "it is 0 for every picture: positive and negative differences cancel, so square them; mirror the last axis"
        )
        assert _equal(value, wanted), (
            f"it gives {float(value):.4f}, and should give {float(wanted):.4f}: the mean over all pixels and colors"
        )
        assert got.requires_grad, "the loss has no gradient: leave out detach, item, float and no_grad"
        assert same_slope(got.reshape(()), squares.mean(), X), (
            "the mirror image moves with the picture: do not detach it"
        )
    even = torch.randn(1, 3, 4, 3)
    assert _equal(answer(torch.cat([even, even.flip(3)], dim=3)), torch.zeros(())), "a symmetric picture has loss 0"


def _equal(a, b):
    return bool(torch.isclose(a.float(), b.detach().float(), rtol=1e-4, atol=1e-6))


@functools.cache
def total_after(rate, epochs=20):
    """Total loss of a small run of Adam at this learning rate; infinite if it diverges."""
    net = load_vgg19("embedded", verbose=False)
    pair = (preprocess(sample(name), (64, 96)) for name in ("mountain_lake", "starry_harbour"))
    pace = dict(optimizer="adam", lr=rate, num_epochs=epochs, lr_decay_epoch=epochs, precision="float32")
    try:
        return [step.total for step in optimize(net, *pair, **pace)][-1]
    except ValueError:
        return math.inf


@exercise
def good_rate(answer):
    rate = as_number(answer)
    assert math.isfinite(rate) and rate > 0, "a learning rate is a positive number"
    rates = (0.03, 0.1, 0.2, 0.3, 0.5, 1.0)
    best = min(rates, key=total_after)
    allowed, mine = 1.15 * total_after(best), total_after(rate)
    assert mine <= allowed or rate > best, f"it creeps: {rate:g} ends at {mine:.1f}, more than {allowed:.1f}; take more"
    assert mine <= allowed, f"it overshoots: {rate:g} ends at {mine:.1f}, more than {allowed:.1f}; take less"
