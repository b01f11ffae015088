import pytest
import torch
from torch.nn import functional as F

from nst_helpers import CompositeImage, initialize


def test_the_image_is_the_only_parameter():
    composite = CompositeImage((1, 3, 4, 5))
    assert [(name, tuple(p.shape)) for name, p in composite.named_parameters()] == [("weight", (1, 3, 4, 5))]
    assert composite() is composite.weight and composite.weight.requires_grad


def started(start, pair, **options):
    composite = CompositeImage(pair[0].shape)
    parameter = composite.weight
    initialize(composite, start, *pair, **options)
    assert composite.weight is parameter  # an optimizer that holds it keeps working
    return parameter.detach()


def test_content(pair):
    X = started("content", pair)
    assert torch.equal(X, pair[0]) and X.data_ptr() != pair[0].data_ptr()


def test_noise(pair):
    X = started("noise", pair)
    assert torch.equal(X, started("noise", pair)) and not torch.allclose(X, started("noise", pair, seed=1))
    assert abs(X.mean()) < 0.1 and abs(X.std() - 1) < 0.1


def test_style_is_resized(pair):
    X = started("style", pair)
    assert X.shape == pair[0].shape and abs(X.mean() - pair[1].mean()) < 0.05
    assert torch.equal(started("style", (pair[0], pair[0] * 2)), pair[0] * 2)
    assert torch.allclose(X, F.interpolate(pair[1], (32, 48), mode="bilinear", antialias=True))


@pytest.mark.parametrize("blend", [0, 0.25, 1])
def test_blend(pair, blend):
    X = started("blend", pair, blend=blend, seed=3)
    assert torch.allclose(X, (1 - blend) * pair[0] + blend * started("noise", pair, seed=3))


def test_unknown_start(pair):
    with pytest.raises(ValueError, match="starts from content, noise, style, blend, not from 'middle'"):
        started("middle", pair)
