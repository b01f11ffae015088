"""Notebook 10: a painter in one pass."""

import re

import numpy as np
import torch

from . import as_floats, as_number, cases, exercise, names_in, unchanged


@exercise
def numbers_per_style(answer):
    answer = as_number(answer)
    assert answer != 1600, "that is the painter of this page, or one number per channel of the wider one"
    assert answer != 6400, "the filters become four times as many, but a style has two numbers per channel"
    assert answer != 30, "15 convolutions with two numbers each? Every channel has its own two"
    assert answer != 22400, "those are the numbers of all seven styles together"
    assert answer == 3200, (
        "two numbers for every channel of the 15 normalized convolutions in the drawing, eleven of them with 128 now"
    )


@exercise
def instance_norm(answer):
    ready = re.compile("(instance|batch|group|layer)_?norm", re.I)
    theirs = filter(ready.search, {*dir(torch), *dir(torch.nn), *dir(torch.nn.functional)})
    assert names_in(answer, own=False).isdisjoint(theirs), (
        "write it yourself, from mean and standard deviation, without PyTorch's own"
    )
    chance = torch.Generator().manual_seed(0)
    for shape in cases((2, 3, 8, 10), (1, 5, 6, 4), (3, 1, 12, 5)):
        scales = 0.5 + 4 * torch.rand(shape[:2], generator=chance)[..., None, None]
        offsets = 3 * torch.randn(shape[:2], generator=chance)[..., None, None]
        X = scales * torch.randn(shape, generator=chance) + offsets
        got = unchanged(answer, X)
        mean, std = X.mean((2, 3), keepdim=True), X.std((2, 3), keepdim=True, correction=0)
        got = as_floats(got)
        assert got.shape == X.shape, f"the shape must stay {tuple(shape)}"
        assert not _near(got, X - mean), "the mean is 0 now; divide by the standard deviation too"
        assert not _near(got, X / std), "subtract the mean first"
        assert not _near(got, (X - mean) / std**2), "divide by the standard deviation, not by its square"
        several = shape[0] > 1
        batch = (X - X.mean((0, 2, 3), keepdim=True)) / X.std((0, 2, 3), keepdim=True, correction=0)
        assert not several or not _near(got, batch), "every picture by itself: that was the mean of the whole batch"
        layer = (X - X.mean((1, 2, 3), keepdim=True)) / X.std((1, 2, 3), keepdim=True, correction=0)
        assert shape[1] == 1 or not _near(got, layer), "every channel by itself: that was the mean of all channels"
        whole = (X - X.mean()) / X.std(correction=0)
        assert not _near(got, whole), "every channel of every picture by itself: give mean and std the axes (2, 3)"
        assert _near(got, (X - mean) / std), "each channel of each picture must have mean 0 and standard deviation 1"
    flat = as_floats(answer(torch.full((1, 2, 4, 4), 3.0)))
    assert torch.isfinite(flat).all(), "a flat channel has standard deviation 0: add a small number before you divide"


def _near(A, B):
    """Whether two tensors are equal but for the divisor n or n - 1, and a small number in the denominator."""
    return torch.allclose(A, B, atol=0.03 * float(B.abs().max()))


@exercise
def flicker(answer):
    chance = np.random.default_rng(0)
    for count, height, width in cases((3, 4, 6), (5, 7, 3), (2, 3, 3)):
        frames = chance.integers(0, 256, (count, height, width, 3)).astype(np.uint8)
        real = frames.astype(float)
        steps = real[1:] - real[:-1]
        got = answer([frame.copy() for frame in frames])
        assert got is not None, "it returns nothing yet"
        got = as_number(got)
        wrapped = np.abs(frames[1:] - frames[:-1]).mean()
        assert abs(got - wrapped) > 1e-3, "bytes wrap around: 3 − 5 becomes 254. Turn the frames into floats first"
        assert abs(got - steps.mean()) > 1e-3, "changes up and down cancel: take their absolute values"
        assert abs(got - (steps**2).mean()) > 1e-2, "absolute values, not squares"
        assert abs(got - (steps**2).mean() ** 0.5) > 1e-3, "the mean of absolute values, not the root of squares"
        first = np.abs(real[1:] - real[:1]).mean()
        assert count == 2 or abs(got - first) > 1e-3, "compare each frame with the one before, not with the first"
        total = np.abs(steps).sum()
        assert abs(got - total) > 1e-2 * total, "that is the sum: divide by how many numbers were compared"
        by_frame = np.abs(steps).mean() * (count - 1)
        assert count == 2 or abs(got - by_frame) > 1e-3, f"{count} frames have {count - 1} changes: take their mean"
        fewer = np.abs(steps).mean() * (count - 1) / count
        assert abs(got - fewer) > 1e-3, f"{count} frames have only {count - 1} changes between them"
        assert abs(got - np.abs(steps).mean()) < 1e-2, (
            "that is not the mean absolute change of all numbers from each frame to the next, in levels of 0 to 255"
        )
