"""L-BFGS over an image: how fast it goes down, what it remembers, and what it survives."""

import copy
import json
import math

import pytest
import torch

from nst_helpers.lbfgs import LBFGS


class Valley:
    """A quadratic over a (1, 3, 8, 12) image whose curvature differs a thousandfold between pixels."""

    def __init__(self, dtype=torch.float32, start=1.0):
        generator = torch.Generator().manual_seed(0)
        self.bend = torch.logspace(-1.5, 1.5, 288, dtype=dtype)[torch.randperm(288, generator=generator)]
        self.bend = self.bend.view(1, 3, 8, 12)
        self.X = torch.full((1, 3, 8, 12), start, dtype=dtype, requires_grad=True)

    def loss(self):
        return (self.bend * self.X.square()).mean()

    def steps(self, trainer, count):
        losses = []
        for _ in range(count):
            trainer.zero_grad()
            loss = self.loss()
            loss.backward()
            losses.append(loss.item())
            trainer.step(loss.item())
        return losses


def test_goes_down_far_faster_than_gradient_descent():
    valley, plain = Valley(), Valley()
    valley.steps(LBFGS(valley.X), 60)
    for _ in range(60):  # at the largest rate that does not diverge
        (slope,) = torch.autograd.grad(plain.loss(), plain.X)
        plain.X.data.sub_(slope * plain.X.numel() / (2 * plain.bend.max()))
    assert valley.loss() < 0.1 * plain.loss()


def test_works_in_double_precision():
    valley = Valley(torch.float64)
    valley.steps(LBFGS(valley.X), 150)
    assert valley.X.dtype == torch.float64
    assert valley.loss() < 1e-6


def test_no_step_is_longer_than_the_bound():
    valley, lengths = Valley(start=40.0), []
    trainer = LBFGS(valley.X)
    for _ in range(10):
        before = valley.X.detach().clone()
        valley.steps(trainer, 1)
        lengths.append((valley.X.detach() - before).square().mean().sqrt().item())
    assert lengths[0] == pytest.approx(0.3, rel=1e-4)
    assert max(lengths) == pytest.approx(0.3, rel=1e-4)  # it wants to go farther, and no step goes farther


def test_memory_holds_the_steps_that_were_taken():
    """Also those that the bound shortened: the gradient changed along them, not along what was wanted."""
    valley = Valley(start=40.0)
    trainer, path = LBFGS(valley.X), [valley.X.detach().clone()]
    for _ in range(6):
        valley.steps(trainer, 1)
        path.append(valley.X.detach().clone())
    taken = [b - a for a, b in zip(path, path[1:])][:-1]
    assert len(trainer.pairs) == 5
    for (s, y, _), step in zip(trainer.pairs, taken):
        torch.testing.assert_close(trainer.image(s), step)
        torch.testing.assert_close(trainer.image(y), 2 * valley.bend * step, rtol=1e-3, atol=1e-2)


def test_remembers_twenty_pairs_and_the_newest():
    valley = Valley(start=40.0)
    trainer = LBFGS(valley.X)
    valley.steps(trainer, 30)
    newest = trainer.X1 - trainer.X0
    valley.steps(trainer, 1)
    assert len(trainer.pairs) == 20
    torch.testing.assert_close(trainer.image(trainer.pairs[-1][0]), newest)


def test_direction_obeys_the_secant_equation():
    """H y = s for the newest pair: what makes it a quasi-Newton method (Nocedal and Wright 2006, eq. 6.6)."""
    valley = Valley(torch.float64)
    trainer = LBFGS(valley.X)
    valley.steps(trainer, 8)
    s, y, _ = trainer.pairs[-1]
    torch.testing.assert_close(-trainer.direction(y), s)


def test_pairs_without_curvature_are_skipped():
    """Over a hilltop the slope falls along the way, and a memory of it would lead uphill."""
    X = torch.linspace(-0.5, 0.5, 288).view(1, 3, 8, 12).clone().requires_grad_()
    trainer = LBFGS(X)
    for _ in range(8):
        trainer.zero_grad()
        loss = 9 - X.square().mean()
        loss.backward()
        trainer.step(loss.item())
    assert trainer.pairs == []
    assert X.square().mean() > 1.0


def test_a_step_that_made_the_loss_rise_is_taken_back_and_shortened():
    valley = Valley()
    trainer = LBFGS(valley.X)
    valley.steps(trainer, 3)
    base = trainer.X1.clone()
    valley.steps(trainer, 1)
    trainer.zero_grad()
    valley.loss().backward()
    trainer.step(1e6)  # the place it reached is said to be bad
    length = (valley.X.detach() - base).square().mean().sqrt()
    assert trainer.radius == 0.15 and length <= 0.15 * (1 + 1e-4)
    torch.testing.assert_close(trainer.X0, base)
    valley.steps(trainer, 2)
    assert trainer.radius > 0.15


def test_numbers_that_are_not_finite_never_reach_the_memory():
    valley = Valley()
    trainer = LBFGS(valley.X)
    valley.steps(trainer, 5)
    for loss, slope in ((math.nan, 1.0), (1.0, math.nan), (1.0, math.inf)):
        before = len(trainer.pairs)
        valley.X.grad = torch.full_like(valley.X, slope)
        trainer.step(loss)
        assert len(trainer.pairs) == before
        assert valley.X.isfinite().all()
    assert valley.steps(trainer, 60)[-1] < 0.01


def test_without_a_finite_start_it_stays_where_it_is():
    valley = Valley()
    trainer = LBFGS(valley.X)
    valley.X.grad = torch.full_like(valley.X, math.nan)
    trainer.step(math.nan)
    assert torch.equal(valley.X, torch.ones_like(valley.X)) and trainer.holds(valley.X)


@pytest.mark.parametrize("scale", [1e-10, 1e12])
def test_pairs_are_kept_whatever_the_scale_of_the_loss(scale):
    valley = Valley()
    trainer = LBFGS(valley.X)
    for _ in range(10):
        trainer.zero_grad()
        loss = scale * valley.loss()
        loss.backward()
        trainer.step(loss.item())
    assert len(trainer.pairs) == 9


def test_a_flat_place_is_not_left():
    X = torch.ones(1, 3, 8, 12, requires_grad=True)
    trainer = LBFGS(X)
    for _ in range(3):
        X.grad = torch.zeros_like(X)
        trainer.step(0.0)
    assert torch.equal(X, torch.ones_like(X))


def test_a_copy_continues_identically():
    valley = Valley()
    trainer = LBFGS(valley.X)
    valley.steps(trainer, 12)
    other, twin = copy.deepcopy((valley, trainer))
    assert twin.X is other.X and other.X is not valley.X
    assert valley.steps(trainer, 12) == other.steps(twin, 12)


def test_what_is_written_to_disk_continues_identically(tmp_path):
    from safetensors.torch import load_file, save_file

    valley, other = Valley(), Valley()
    trainer = LBFGS(valley.X)
    valley.steps(trainer, 25)
    state = trainer.state_dict()
    save_file({k: v for k, v in state.items() if isinstance(v, torch.Tensor)}, tmp_path / "run.safetensors")
    numbers = json.dumps({k: v for k, v in state.items() if not isinstance(v, torch.Tensor)})
    other.X.data.copy_(valley.X)
    twin = LBFGS(other.X)
    twin.load_state_dict(load_file(tmp_path / "run.safetensors") | json.loads(numbers))
    assert twin.holds(other.X)
    assert valley.steps(trainer, 12) == other.steps(twin, 12)


def test_state_before_the_first_step_can_be_kept_too():
    valley = Valley()
    twin = LBFGS(valley.X)
    twin.load_state_dict(json_or_tensor(LBFGS(valley.X).state_dict()))
    assert valley.steps(twin, 30)[-1] < 0.1


def json_or_tensor(state):
    return {
        k: v if isinstance(v, torch.Tensor) else json.loads(json.dumps(v, allow_nan=False)) for k, v in state.items()
    }


def test_a_change_from_outside_is_noticed():
    valley = Valley()
    trainer = LBFGS(valley.X)
    assert trainer.holds(valley.X)
    valley.steps(trainer, 3)
    assert trainer.holds(valley.X)
    valley.X.data[0, 0, 0, 0] += 0.01
    assert not trainer.holds(valley.X)
    assert not trainer.holds(torch.zeros(1, 3, 4, 4))


@pytest.mark.parametrize("factor, kept", [(0.5, True), (1.05, True), (1.2, False), (5.0, False), (math.nan, False)])
def test_a_run_ends_on_its_lowest_picture_unless_the_last_is_nearly_as_good(factor, kept):
    valley = Valley()
    trainer = LBFGS(valley.X)
    losses = valley.steps(trainer, 8)
    last = valley.X.detach().clone()
    trainer.restore_best(factor * min(losses))
    assert torch.equal(valley.X, last) == kept
    assert trainer.holds(valley.X)
    if not kept:
        assert valley.loss().item() == pytest.approx(min(losses), rel=1e-5)


def test_a_run_that_went_back_to_its_lowest_picture_goes_on_without_a_false_pair():
    """The last step started from a rise and was rejected: no step led from there to the picture kept."""
    valley = Valley()
    trainer = LBFGS(valley.X)
    losses = valley.steps(trainer, 8)
    trainer.X0, pairs = trainer.X0 + 0.1, len(trainer.pairs)
    trainer.g0 = trainer.spectrum(trainer.X0 * 3.0)  # anything but the gradient at the picture that is kept
    trainer.restore_best(5 * min(losses))
    valley.steps(trainer, 1)
    assert len(trainer.pairs) == pairs


@pytest.mark.parametrize("shape", [(12, 16), (12, 15), (9, 8), (1, 1)])
def test_spectra_keep_products_and_give_the_image_back(shape):
    """Parseval's theorem, for even and odd widths: half of the frequencies are not stored."""
    x, y = torch.rand(2, 1, 3, *shape, dtype=torch.double)
    trainer = LBFGS(torch.zeros_like(x))
    product = float(trainer.spectrum(x) @ trainer.spectrum(y))
    assert product == pytest.approx(float((x * y).sum()), rel=1e-12)
    assert float(trainer.power(trainer.spectrum(x)).sum()) == pytest.approx(float(x.square().sum()), rel=1e-12)
    torch.testing.assert_close(trainer.image(trainer.spectrum(x)), x)
