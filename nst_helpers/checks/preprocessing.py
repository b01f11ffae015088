"""Notebook 02: normalizing twice, a negative, and detail that halving destroys."""

import numpy as np
import torch

from ..preprocessing import rgb_mean, rgb_std
from ..sample_images import sample, samples
from . import as_name, cases, exercise, unchanged


@exercise
def twice(answer):
    guess = as_name(answer).removesuffix("_contrast")
    assert guess in ("higher", "lower", "same"), f'write "higher", "lower" or "same", not {answer!r:.60}'
    assert guess != "same", "coming home undoes one of the two: what does the other one do to differences?"
    assert guess != "lower", "each time, differences are divided by about 0.225: do they grow or shrink?"


@exercise
def negative(answer):
    mean, std = rgb_mean.view(3, 1, 1), rgb_std.view(3, 1, 1)
    for h, w in cases((4, 7), (9, 5)):
        plain = torch.rand(1, 3, h, w)
        x = (plain - mean) / std
        got = unchanged(answer, x)
        assert torch.is_tensor(got), "give a tensor back: return …"
        assert got.shape == x.shape, f"the shape should stay {tuple(x.shape)}; this is {tuple(got.shape)}"

        def same(right, got=got):
            return torch.allclose(got.float(), right, atol=0.01)  # so much is lost in a picture of bytes

        assert not same(-x), (
            "-x turns the picture around ImageNet's mean, not around the middle between black and white"
        )
        assert not same(1 - x), "1 - x belongs to values from 0 to 1: undo the normalization first"
        assert not same(1 - plain), "that is the negative from 0 to 1: now normalize it again"
        assert not same(((1 - plain) - mean).flip(1) / std), "red and blue have changed places"
        assert same((1 - plain - mean) / std), (
            "not the negative yet: as photographs, your result and the input should add up to 1 in every channel"
        )
        plain = 1.6 * torch.rand(1, 3, h, w) - 0.3  # a trained picture goes beyond black and white
        got = unchanged(answer, (plain - mean) / std)
        assert same((1 - plain - mean) / std, got) or same((1 - plain.clamp(0, 1) - mean) / std, got), (
            "right for a photograph, but not for a trained picture, which goes beyond black and white: "
            "leave out abs, % and stretching"
        )


@exercise
def finest(answer):
    name = as_name(answer)
    assert name in samples(), f"there is no sample {answer!r:.60}: print(list(samples())) shows the names"

    def loss(name):
        img = sample(name).resize((300, 200))
        half = img.resize((150, 100)).resize((300, 200))
        return np.abs(np.asarray(half).astype(int) - np.asarray(img)).mean()

    losses = {name: loss(name) for name in samples()}
    assert name != min(losses, key=losses.get), "that one loses least of all; look for the one that loses *most*"
    more = sum(one > losses[name] for one in losses.values())
    assert more == 0, f"{name} loses {losses[name]:.1f} levels; {more} of the samples lose more"
