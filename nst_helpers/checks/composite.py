"""Notebook 05: answers about the composite image."""

import math

import torch

from ..features import load_vgg19
from ..images import sample
from ..objective import PlainObjective
from ..preprocessing import preprocess, rgb_mean, rgb_std
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


@exercise
def freeing_weight(answer):
    weight = as_number(answer)
    assert math.isfinite(weight) and weight >= 0, "a loss weight is a finite number, zero or more"
    net = load_vgg19("embedded", verbose=False)
    photo, painting = (
        preprocess(sample(name), (64, 96)).to(net[0].weight.device) for name in ("rocket", "mosaic_fish")
    )
    distances = PlainObjective(net, photo, painting, net.settings.but(style_weight=1))
    for step in optimize(net, photo, painting, start="style", style_weight=weight, precision="float32"):
        X = step.X
    with torch.no_grad():
        content, style, _ = distances(X)
        content_at_first, style_of_photo = distances(painting)[0], distances(photo)[1]
    assert content < 0.45 * content_at_first, (
        f"the fish are still there: {float(content / content_at_first):.0%} of the content loss they began with is left"
    )
    assert style < 0.3 * style_of_photo, (
        f"the stones are gone: the style is {float(style / style_of_photo):.0%} as far off as the photograph's"
    )
