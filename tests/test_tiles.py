"""Large pictures in tiles: the same numbers as whole, no seams, less memory."""

import signal

import numpy as np
import psutil
import pytest
import torch

from nst_helpers import FastObjective, Settings, TiledObjective, load_vgg19, sample, stylize, stylize_large, tiles
from nst_helpers.tiles import cuts

SETTINGS = Settings(precision="float32")
DEEP = SETTINGS.but(
    content_layers=("relu1_2", "relu3_1"), style_layers=("relu1_1", "pool2", "relu3_1"), style_layer_weights=(1, 2, 3)
)


def losses_and_slope(objective, X):
    X = X.clone().requires_grad_()
    parts = objective(X)
    (slope,) = torch.autograd.grad(sum(parts), X)
    return torch.stack(parts).detach(), slope


@pytest.mark.parametrize("settings", [SETTINGS, DEEP, DEEP.but(content_weight=0), DEEP.but(style_weight=0)])
@pytest.mark.parametrize("padding", ["zeros", "reflect"])
def test_tiles_give_the_losses_and_the_slope_of_the_whole(parameters, settings, padding):
    parameters.padding = padding
    net = load_vgg19(parameters, device="cpu", verbose=False).double()
    parameters.padding = "zeros"
    random = torch.Generator().manual_seed(0)
    X, content_X = torch.randn(2, 1, 3, 69, 90, generator=random, dtype=torch.double)
    style_X = torch.randn(1, 3, 50, 45, generator=random, dtype=torch.double)
    whole = losses_and_slope(FastObjective(net, content_X, style_X, settings), X)
    for tile in (24, 1000):
        parts = losses_and_slope(TiledObjective(net, content_X, style_X, settings, tile), X)
        for a, b in zip(whole, parts):
            assert torch.allclose(a, b, rtol=1e-5, atol=1e-7 * float(a.abs().max()))


@pytest.mark.parametrize("length, tile, stride", [(3000, 512, 8), (100, 512, 8), (17, 8, 8), (7, 8, 8), (513, 512, 16)])
def test_cuts_cover_everything_in_whole_strides(length, tile, stride):
    ends = cuts(length, tile, stride)
    assert ends[0] == 0 and ends[-1] == length and all(a < b for a, b in zip(ends, ends[1:]))
    assert not [end for end in ends[:-1] if end % stride]
    assert max(b - a for a, b in zip(ends, ends[1:])) <= tile + stride


def test_losses_without_a_slope(net, pair):
    content_X, style_X = pair
    with torch.no_grad():
        parts = TiledObjective(net, content_X, style_X, SETTINGS, 16)(content_X)
    assert all(torch.isfinite(part) for part in parts)


def test_what_tiles_cannot_do_is_said(net, pair):
    with pytest.raises(ValueError, match="gram only"):
        TiledObjective(net, *pair, SETTINGS.but(style_loss="sliced"))
    objective = TiledObjective(net, *pair, SETTINGS, 16)
    content, style, _ = objective(pair[0].clone().requires_grad_())
    with pytest.raises(ValueError, match="set weights in settings"):
        (content + 2 * style).backward()


def test_a_large_picture_is_the_one_without_tiles(monkeypatch):
    monkeypatch.setattr(tiles, "WHOLE", 80)
    settings = {"num_epochs": 3, "style_layers": ("relu1_1", "relu2_1"), "content_layers": ("relu2_1",)}
    seen, pair = [], (sample("coffee"), sample("mosaic_fish"))
    tiled, whole = (
        stylize_large(*pair, "embedded", 160, tile=tile, progress=seen.append, precision="float32", **settings)
        for tile in (40, 1000)
    )
    assert [step.X.shape[-1] for step in seen] == 2 * ([80] * 3 + [160] * 3) and tiled.size == (160, 107)
    assert np.abs(np.asarray(tiled, dtype=float) - np.asarray(whole)).mean() < 0.5
    small = stylize(*pair, "embedded", 80, style_size=120, **settings)
    assert np.abs(np.asarray(tiled.resize(small.size), dtype=float) - np.asarray(small)).mean() < 30


def test_a_size_that_does_not_fit_is_refused_with_one_that_does(monkeypatch):
    with pytest.raises(ValueError, match=r"20000 pixels take .* GB are free: use at most \d+"):
        stylize_large(sample("coffee"), sample("mosaic_fish"), "embedded", 20_000)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: type("Memory", (), {"available": 4e9}))
    assert tiles.memory_in_tiles((2000, 3000), tiles.TILE, 24) < 4e9 - 600e6, "a print of 3,000 pixels within 4 GB"


def test_an_interrupt_returns_the_picture_so_far(monkeypatch, stop_button):
    """Pressed once, and again while the picture is made."""
    monkeypatch.setattr(tiles, "WHOLE", 40)
    picture = tiles.postprocess

    def stop(step):
        if step.X.shape[-1] > 40:
            signal.raise_signal(signal.SIGINT)

    def impatient(X):
        signal.raise_signal(signal.SIGINT)
        return picture(X)

    monkeypatch.setattr(tiles, "postprocess", impatient)

    img = stylize_large(
        sample("coffee"), sample("mosaic_fish"), "embedded", 64, progress=stop, num_epochs=1, style_layers=("relu1_1",)
    )
    assert img.size == (64, 43)


def test_a_style_loss_that_tiles_cannot_add_up_is_refused_before_the_first_step():
    with pytest.raises(ValueError, match="tiles compare styles by gram only"):
        stylize_large(
            sample("coffee"), sample("mosaic_fish"), "embedded", 700, style_loss="sliced", progress=pytest.fail
        )
