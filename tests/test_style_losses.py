"""The menu of style losses: each is a distance of two sets of features, whatever their order and their number."""

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from nst_helpers import FastObjective, PlainObjective, adain, load_vgg19, moments, optimize
from nst_helpers.settings import CHOICES, DEFAULTS, Settings
from nst_helpers.style_losses import SAMPLES, STYLE_LOSSES, gaussian, gaussian_loss

every_loss = pytest.mark.parametrize("name", STYLE_LOSSES)


def feature_map(height=9, width=11, channels=5, seed=0, scale=1.0):
    """Not centered and correlated, as features are."""
    generator = torch.Generator().manual_seed(seed)
    mix = torch.randn(channels, channels, generator=torch.Generator().manual_seed(99))
    x = mix @ torch.randn(channels, height * width, generator=generator) + mix.sum(dim=1, keepdim=True)
    return scale * x.relu().view(1, channels, height, width)


def distance(name, Y_hat, Y):
    describe, loss = STYLE_LOSSES[name]
    return loss(Y_hat, describe(Y))


def test_settings_offer_exactly_these_losses():
    assert CHOICES["style_loss"] == tuple(STYLE_LOSSES)


@every_loss
def test_zero_at_equality_and_positive_otherwise(name):
    Y, other = feature_map(), feature_map(seed=1, scale=1.5)
    far = distance(name, other, Y).item()
    assert far > 0
    assert abs(distance(name, Y, Y).item()) < 1e-4 * far


@every_loss
def test_gradient_is_finite_and_points_away_from_the_style(name):
    Y, Y_hat = feature_map(), feature_map(seed=1, scale=1.5).requires_grad_()
    loss = distance(name, Y_hat, Y)
    loss.backward()
    assert loss.dim() == 0 and Y_hat.grad.isfinite().all() and Y_hat.grad.abs().max() > 0
    step = 0.01 * loss.detach() / Y_hat.grad.square().sum()
    assert distance(name, Y_hat.detach() - step * Y_hat.grad, Y) < loss


@every_loss
def test_gradient_is_finite_where_features_are_flat_or_equal(name):
    Y = feature_map()
    for start in (Y, torch.zeros_like(Y), torch.ones_like(Y)):
        Y_hat = start.clone().requires_grad_()
        distance(name, Y_hat, Y).backward()
        assert Y_hat.grad.isfinite().all()


@every_loss
def test_the_order_of_positions_does_not_matter(name):
    """Neither of the picture's nor of the style's, even where the style has more positions than are sampled."""
    Y, Y_hat = feature_map(40, 50), feature_map(seed=1)
    assert Y[0, 0].numel() > SAMPLES
    generator = torch.Generator().manual_seed(7)

    def shuffled(X):
        return X.flatten(2)[..., torch.randperm(X[0, 0].numel(), generator=generator)].view_as(X)

    value = distance(name, Y_hat, Y).item()
    assert distance(name, shuffled(Y_hat), Y).item() == pytest.approx(value, rel=1e-3)
    assert distance(name, Y_hat, shuffled(Y)).item() == pytest.approx(value, rel=1e-3)


@every_loss
def test_a_style_of_another_size_is_as_near(name):
    """The same features four times over, or a larger sample of the same distribution, change little."""
    Y, Y_hat = feature_map(30, 30), feature_map(seed=1, scale=1.5)
    value = distance(name, Y_hat, Y).item()
    assert distance(name, Y_hat, Y.repeat(1, 1, 2, 2)).item() == pytest.approx(value, rel=0.03)
    assert distance(name, Y_hat, feature_map(60, 60, seed=2)).item() == pytest.approx(value, rel=0.2)
    assert distance(name, Y_hat.repeat(1, 1, 2, 1), Y).item() == pytest.approx(value, rel=0.03)


class Largest(TorchDispatchMode):
    """How many numbers the largest tensor has that was made."""

    numel = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        made = function(*args, **(kwargs or {}))
        self.numel = max([self.numel, *[one.numel() for one in tree_leaves(made) if torch.is_tensor(one)]])
        return made


@every_loss
def test_memory_grows_with_the_positions_not_with_their_square(name):
    Y, Y_hat = feature_map(150, 200), feature_map(200, 200, seed=1).requires_grad_()
    with Largest() as largest:
        distance(name, Y_hat, Y).backward()
    assert largest.numel <= max(Y_hat.numel(), 4096 * SAMPLES)


@every_loss
def test_plain_and_fast_objectives_agree_with_their_gradients(name, parameters, pair):
    net, (content_X, style_X) = load_vgg19(parameters, "cpu", verbose=False).double(), (X.double() for X in pair)
    settings = Settings(style_loss=name, precision="float32", style_layer_weights=(1, 0.5, 2, 1))
    start = torch.randn(content_X.shape, generator=torch.Generator().manual_seed(3)).double()
    results = []
    for objective in (PlainObjective, FastObjective):
        X = start.clone().requires_grad_()
        losses = objective(net, content_X, style_X, settings)(X)
        sum(losses).backward()
        results.append((torch.stack(losses).detach(), X.grad))
    (plain, plain_grad), (fast, fast_grad) = results
    assert plain.min() > 0 and torch.allclose(plain, fast, rtol=1e-9)
    assert torch.allclose(plain_grad, fast_grad, rtol=1e-6, atol=1e-9 * plain_grad.abs().max())


@every_loss
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_run_comes_nearer_to_the_style(name, precision, pair):
    net = load_vgg19("embedded", "cpu", verbose=False)
    steps = list(optimize(net, *pair, DEFAULTS["embedded"], style_loss=name, num_epochs=8, precision=precision))
    assert all(torch.is_tensor(steps[-1].X) and step.total < float("inf") for step in steps)
    assert steps[-1].style < 0.9 * steps[0].style


def test_a_picture_that_is_no_number_gives_a_loss_that_is_none():
    Y_hat = feature_map()
    Y_hat[0, 0, 0, 0] = float("nan")
    assert all(distance(name, Y_hat, feature_map()).isnan() for name in STYLE_LOSSES)


def test_gaussian_distance_of_one_channel_is_that_of_means_and_deviations():
    Y, Y_hat = feature_map(channels=1), 3 * feature_map(channels=1, seed=1) + 2
    (mean, mean_Y), (std, std_Y) = [X.mean() for X in (Y_hat, Y)], [X.std(correction=0) for X in (Y_hat, Y)]
    expected = (mean - mean_Y) ** 2 + (std - std_Y) ** 2
    assert gaussian_loss(Y_hat, gaussian(Y)).item() == pytest.approx(expected.item(), rel=1e-4)


def test_moments_do_not_see_what_goes_together_and_the_gaussian_does():
    x = torch.randn(1, 1, 50, 50, generator=torch.Generator().manual_seed(0))
    together, apart = torch.cat([x, x], dim=1), torch.cat([x, x.flip(2)], dim=1)
    assert distance("moments", apart, together) < 1e-9
    assert gaussian_loss(apart, gaussian(together)) > 0.2


def test_adain_gives_one_map_the_moments_of_another():
    X, Y = feature_map(), feature_map(13, 6, seed=1, scale=4)
    made = adain(X, Y)
    assert made.shape == X.shape and torch.allclose(moments(made), moments(Y), rtol=1e-3, atol=1e-3)
    assert torch.allclose(adain(X, X), X, atol=1e-4)
