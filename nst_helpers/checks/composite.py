"""Notebook 05: answers about the composite image."""

import functools
import math

import torch

from ..features import load_vgg19
from ..objective import PlainObjective
from ..preprocessing import preprocess, rgb_mean, rgb_std
from ..sample_images import sample
from ..training import optimize
from . import as_choice, as_number, cases, exercise, unchanged


@exercise
def without_style(answer):
    word = as_choice(answer, ("unchanged", "smoother", "noisier"))
    assert word != "unchanged", "the content loss is zero at the start and asks for nothing, but it is not alone"
    assert word != "noisier", "which of the three losses would grow if there were more noise?"


@exercise
def gray_start(answer):
    torch.manual_seed(0)
    for shape in ((1, 3, *size) for size in cases((5, 7), (4, 2))):
        X = 3 * torch.randn(shape)  # also brighter and darker than any photograph
        got = unchanged(answer, X)
        assert torch.is_tensor(got), "return a tensor: the gray picture, normalized"
        got = got.float()
        assert got.shape == X.shape, f"three equal channels are asked for, {shape}; yours has shape {tuple(got.shape)}"
        mean, std = rgb_mean.view(3, 1, 1), rgb_std.view(3, 1, 1)
        photo, gray = got * std + mean, (X * std + mean).mean(dim=1, keepdim=True)
        assert not got.allclose(X.mean(dim=1, keepdim=True).expand_as(X), atol=1e-5), (
            "you averaged the normalized channels: go back to the photograph first"
        )
        assert not got.allclose(gray.expand_as(X), atol=1e-5), "that is the gray photograph; now normalize it again"
        assert (photo - photo.mean(dim=1, keepdim=True)).abs().max() < 1e-4, (
            "as a photograph, its three channels still differ"
        )
        assert photo.allclose(gray.expand_as(X), atol=1e-4), (
            "gray, but too bright or too dark somewhere: take the plain mean of red, green and blue, without clamping"
        )


@functools.cache
def left_over(weight):
    """A run from the fish to a photograph of stones: the content loss that is left, as a share of that of the fish, and
    the style loss, as a share of that of the photograph."""
    net = load_vgg19("embedded", verbose=False)
    photo, painting = (
        preprocess(sample(name), (64, 96)).to(net[0].weight.device) for name in ("rocket", "mosaic_fish")
    )
    distances = PlainObjective(net, photo, painting, net.settings.but(style_weight=1))
    for step in optimize(net, photo, painting, start="style", style_weight=weight, precision="float32"):
        X = step.X
    with torch.no_grad():
        content, style, _ = distances(X)
        return float(content / distances(painting)[0]), float(style / distances(photo)[1])


@exercise
def freeing_weight(answer):
    weight = as_number(answer)
    assert math.isfinite(weight) and weight >= 0, "a loss weight is a finite number, zero or more"
    content, style = left_over(weight)
    assert content < 0.45, f"the fish are still there: {content:.0%} of the content loss they began with is left"
    assert style < 0.3, f"the stones are gone: the style is {style:.0%} as far off as the photograph's"
