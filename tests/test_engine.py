"""The fast evaluation of the loss: the same numbers and slopes as the plain one, and an optimiser that copes."""

import contextlib
import platform
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch.autograd import gradcheck
from torch.nn.functional import pad

from nst_helpers import (
    DivergedError,
    Settings,
    State,
    compute_loss,
    engine,
    extract_features,
    gram,
    load_vgg19,
    optimize,
    preprocess,
    random_parameters,
    sample,
    train,
    training,
)
from nst_helpers.engine import LBFGS, Mirror, Objective, StyleTap, smooth_tv_loss
from nst_helpers.features import best_precision
from nst_helpers.losses import style_loss, tv_loss

CHOICES = [
    Settings(),
    Settings(content_layers=("conv4_2", "pool2"), style_layers=("conv1_1", "relu1_1", "pool1", "conv5_1")),
    Settings(content_layers=(0,), style_layers=(), style_weight=0),
    Settings(content_layers=("pool5",), style_layers=("pool5", "relu3_4")),
]


@pytest.fixture(params=["max", "average"])
def double(net, request):
    """A network in double precision, so that equal means equal."""
    return load_vgg19(random_parameters(net.widths, seed=3), "cpu", pooling=request.param, verbose=False).double()


def plain(net, X, content_X, style_X, settings):
    """Losses and gradient as notebooks 03 to 06 write them out."""
    layers = settings.content_layers, settings.style_layers
    contents_Y, _ = extract_features(net, content_X, *layers)
    _, styles_Y = extract_features(net, style_X, *layers)
    X = X.clone().requires_grad_()
    weights = settings.content_weight, settings.style_weight, settings.tv_weight
    *parts, total = compute_loss(
        X, *extract_features(net, X, *layers), contents_Y, [gram(Y) for Y in styles_Y], weights
    )
    total.backward()
    return [float(sum(part)) if part != [] else 0.0 for part in parts[:2]] + [float(parts[2])], X.grad


def fast(objective, X):
    X = X.clone().requires_grad_()
    losses = objective(X)
    sum(losses).backward()
    return [float(loss.detach()) for loss in losses], X.grad


@pytest.mark.parametrize("sparing", [False, True], ids=["features kept", "computed twice"])
@pytest.mark.parametrize("settings", CHOICES, ids=lambda s: f"{s.content_layers} {s.style_layers}")
def test_losses_and_gradient_are_the_plain_ones(double, pair, settings, sparing, monkeypatch):
    monkeypatch.setattr(engine, "SPARING", sparing)
    settings = settings.but(precision="float32")
    content_X, style_X = (X.double() for X in pair)
    X = torch.randn_like(content_X)
    calls, checkpoint = [], engine.checkpoint
    monkeypatch.setattr(engine, "checkpoint", lambda *args, **how: calls.append(1) or checkpoint(*args, **how))
    objective = Objective(double, content_X, style_X, settings)
    (expected, slope), (found, ours) = plain(double, X, content_X, style_X, settings), fast(objective, X)
    assert found == pytest.approx(expected, rel=1e-9)
    assert torch.allclose(ours, slope, rtol=1e-7, atol=1e-12)
    assert bool(calls) == sparing


def test_the_network_itself_is_left_alone(double, pair):
    before = [p.clone() for p in double.parameters()]
    fast(Objective(double, *(X.double() for X in pair), Settings()), pair[0].double())
    assert all(torch.equal(a, b) for a, b in zip(double.parameters(), before))
    assert not any(getattr(layer, "inplace", False) for layer in double)


def test_nothing_below_the_deepest_layer_is_kept(net, pair):
    objective = Objective(net, *pair, Settings(content_layers=("relu2_2",), style_layers=("relu1_1",)))
    assert sum(len(layers) for _, layers in objective.segments) == 9 and len(net) == 37


def test_gradient_of_the_style_loss():
    generator = torch.Generator().manual_seed(0)
    Y = torch.randn(1, 3, 4, 5, generator=generator, dtype=torch.double, requires_grad=True)
    target = gram(torch.randn(1, 3, 6, 6, generator=generator, dtype=torch.double))
    assert StyleTap.apply(Y, target)[1].item() == pytest.approx(style_loss(Y, target).item(), rel=1e-12)
    assert gradcheck(lambda Y: StyleTap.apply(Y, target), Y)


@pytest.mark.parametrize("shape", [(2, 2), (2, 5), (3, 4)])
def test_mirrored_border(shape):
    X = torch.randn(1, 3, *shape, dtype=torch.double, requires_grad=True)
    assert torch.equal(Mirror.apply(X), pad(X, (1, 1, 1, 1), "reflect"))
    assert gradcheck(Mirror.apply, X)


def test_nothing_comes_from_behind_a_layer_that_nobody_looks_at():
    Y = torch.randn(1, 3, 4, 5, requires_grad=True)
    passed_on, _ = StyleTap.apply(Y, torch.zeros(3, 3))
    passed_on.sum().backward()
    assert torch.equal(Y.grad, torch.ones_like(Y))


def test_each_style_layer_with_its_own_weight(net, pair):
    layers = ("relu1_1", "relu2_1")
    settings = Settings(style_layers=layers, precision="float32")
    X = torch.randn_like(pair[0])

    def style(*weights):
        return fast(Objective(net, *pair, settings.but(style_layer_weights=weights)), X)[0][1]

    assert style() == style(1, 1) > 0
    assert style(3, 0) + style(0, 0.5) == pytest.approx(3 * style(1, 0) + 0.5 * style(0, 1), rel=1e-5)


@pytest.mark.parametrize("weights", [(1,), (1, 2, 3), (1, -1), (1, float("nan")), (1, "two")])
def test_style_layer_weights_that_do_not_fit(weights):
    with pytest.raises(ValueError, match="style_layer_weights"):
        Settings(style_layers=("relu1_1", "relu2_1"), style_layer_weights=weights)


@pytest.mark.parametrize("name, value", [("optimizer", "sgd"), ("precision", "float16")])
def test_unknown_choices(name, value):
    with pytest.raises(ValueError, match=f"{name} must be one of .*{value}"):
        Settings(**{name: value})


def test_bfloat16_is_close_and_its_losses_are_float32(net, pair):
    X = torch.randn(pair[0].shape, generator=torch.Generator().manual_seed(0))
    exact, slope = fast(Objective(net, *pair, Settings(precision="float32")), X)
    objective = Objective(net, *pair, Settings(precision="bfloat16"))
    rough, rough_slope = fast(objective, X)
    assert {p.dtype for _, layers in objective.segments for p in layers.parameters()} == {torch.bfloat16}
    assert all(loss.dtype == torch.float32 for loss in objective(X)) and rough_slope.dtype == torch.float32
    assert rough == pytest.approx(exact, rel=0.1)
    assert torch.nn.functional.cosine_similarity(slope.flatten(), rough_slope.flatten(), 0) > 0.95


@pytest.mark.parametrize("native, answer", [(True, "bfloat16"), (False, "float32")])
def test_precision_is_chosen_by_the_hardware(monkeypatch, net, pair, native, answer):
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: native, raising=False)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False, raising=False)
    assert best_precision("cpu") == answer
    assert ("trains in bfloat16" in repr(net)) == native
    assert Objective(net, *pair, Settings()).dtype == getattr(torch, answer)
    assert Objective(net, *pair, Settings(precision="float32")).dtype == torch.float32


def test_precision_on_other_devices(monkeypatch):
    assert best_precision("mps") == "float32"
    for capability, answer in {(7, 5): "float32", (8, 0): "bfloat16", (9, 0): "bfloat16"}.items():
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device, found=capability: found)
        assert best_precision("cuda") == answer


def test_smooth_total_variation():
    X = torch.randn(1, 3, 8, 9)
    assert smooth_tv_loss(X, 1e-6).item() == pytest.approx(tv_loss(X).item(), rel=1e-4)
    assert smooth_tv_loss(X, 0.1) < tv_loss(X)
    flat = torch.zeros(1, 3, 4, 4, requires_grad=True)
    smooth_tv_loss(flat, 0.01).backward()
    assert torch.equal(flat.grad, torch.zeros_like(flat))


# L-BFGS


def final(net, pair, **changes):
    return list(optimize(net, *pair, **changes))[-1]


@pytest.mark.parametrize("start", ["content", "noise"])
def test_lbfgs_needs_a_fraction_of_the_steps(start):
    embedded = load_vgg19("embedded", "cpu", verbose=False)
    photo, painting = (preprocess(sample(name), (48, 64)) for name in ("cat", "starry_harbour"))
    settings = {"start": start, "precision": "float32"}
    adam = final(embedded, (photo, painting), num_epochs=150, optimizer="adam", **settings)
    lbfgs = final(embedded, (photo, painting), num_epochs=50, optimizer="lbfgs", **settings)
    assert lbfgs.total < adam.total and lbfgs.note == ""


def test_lbfgs_minimises_an_ill_conditioned_quadratic():
    X = torch.nn.Parameter(torch.zeros(1, 3, 16, 24, dtype=torch.double))
    generator = torch.Generator().manual_seed(0)
    goal = torch.randn(X.shape, generator=generator, dtype=torch.double)
    scale = torch.logspace(-2, 0, X.numel(), dtype=torch.double).reshape(X.shape)
    trainer = LBFGS(X)
    for _ in range(150):
        trainer.zero_grad()
        (scale * torch.square(X - goal)).mean().backward()
        trainer.step()
    assert (scale * torch.square(X - goal)).mean() < 1e-3 * (scale * torch.square(goal)).mean()


def test_lbfgs_stopped_and_continued_is_one_run(net, pair):
    settings = {"optimizer": "lbfgs", "precision": "float32"}
    state = State()
    final(net, pair, state=state, num_epochs=6, **settings)
    assert isinstance(state.trainer, LBFGS)
    two = final(net, pair, state=state, num_epochs=12, **settings)
    one = final(net, pair, num_epochs=12, **settings)
    assert two.step == 12 and two.total == pytest.approx(one.total, rel=1e-4)


def test_new_settings_give_lbfgs_a_new_memory(net, pair):
    state = State()
    final(net, pair, state=state, num_epochs=4, optimizer="lbfgs")
    first = state.trainer
    step = final(net, pair, state=state, num_epochs=8, optimizer="lbfgs", style_weight=10.0)
    assert state.trainer is not first and step.step == 8
    step = final(net, pair, state=state, num_epochs=9, optimizer="adam")
    assert isinstance(state.trainer, torch.optim.Adam) and step.step == 9


def test_where_lbfgs_finds_nothing_better_adam_goes_on(net, pair, monkeypatch):
    """A line of steps that lead nowhere, as from a precision floor."""
    step = LBFGS.step

    def lost(self):
        step(self)
        taken = self.inner.state[self.Z]["n_iter"]
        if taken > 5:
            with torch.no_grad():
                self.X.add_(taken * torch.randn(self.X.shape, generator=torch.Generator().manual_seed(0)))

    monkeypatch.setattr(LBFGS, "step", lost)
    state = State()
    steps = list(optimize(net, *pair, state=state, num_epochs=60, optimizer="lbfgs", precision="float32"))
    notes = [(step.step, step.note) for step in steps if step.note]
    assert len(notes) == 1 and "Adam goes on" in notes[0][1]
    assert isinstance(state.trainer, torch.optim.Adam)
    best = min(step.total for step in steps[: notes[0][0]])
    assert steps[-1].total < best
    after = list(optimize(net, *pair, state=state, num_epochs=62, optimizer="lbfgs", precision="float32"))
    assert [step.step for step in after] == [61, 62] and isinstance(state.trainer, torch.optim.Adam)


def test_what_is_shown_is_the_exact_total_variation(net, pair):
    step = next(optimize(net, *pair, optimizer="lbfgs", precision="float32"))
    assert step.tv == pytest.approx(10 * tv_loss(pair[0]).item(), rel=1e-6)
    assert training.SMOOTH_TV > 0


def test_lbfgs_is_resumed_by_train_more_than_once(net, pair):
    settings = {"optimizer": "lbfgs", "precision": "float32", "plot": False}
    first = train(net, *pair, num_epochs=5, **settings)
    again = [train(net, *pair, resume=first, num_epochs=12, **settings) for _ in range(2)]
    whole = train(net, *pair, num_epochs=12, **settings)
    assert again[0].history == again[1].history and len(again[0].history) == 12
    assert again[0].history[-1][-1] == pytest.approx(whole.history[-1][-1], rel=1e-3)


def test_a_picture_changed_by_hand_is_not_overwritten(net, pair):
    state = State()
    final(net, pair, state=state, num_epochs=4, optimizer="lbfgs")
    with torch.no_grad():
        state.composite.weight[:, :, :8] = 3
    step = final(net, pair, state=state, num_epochs=5, optimizer="lbfgs")
    assert step.X[:, :, :8].mean() > 1.5


def test_adam_forgets_the_slopes_of_other_weights(net, pair):
    state = State()
    final(net, pair, state=state, num_epochs=20, style_weight=1e8, lr=0.1)
    before = state.composite.weight.detach().clone()
    final(net, pair, state=state, num_epochs=25, style_weight=1.0, lr=0.1)
    assert (state.composite.weight.detach() - before).abs().mean() > 0.05


def test_the_picture_stays_with_its_step_however_often_it_diverges(net, pair):
    state = State()
    kept = final(net, pair, state=state, num_epochs=6, optimizer="lbfgs").X.clone()
    steps = []
    for _ in range(3):
        with pytest.raises(DivergedError) as caught:
            final(net, pair, state=state, num_epochs=20, optimizer="lbfgs", style_weight=1e300)
        steps.append(caught.value.step)
    assert steps == [5, 5, 5] and state.step == 5
    assert not torch.equal(kept, caught.value.X)


def test_the_last_step_does_not_end_above_the_best(net, pair, monkeypatch):
    step = LBFGS.step

    def too_far(self):
        step(self)
        if self.inner.state[self.Z]["n_iter"] == 6:
            with torch.no_grad():
                self.X.add_(50)

    monkeypatch.setattr(LBFGS, "step", too_far)
    state = State()
    last = final(net, pair, state=state, num_epochs=6, optimizer="lbfgs", precision="float32")
    assert torch.equal(last.X, state.best[2]) and last.X.abs().max() < 50


def test_layers_that_an_in_place_relu_makes_one_count_twice(pair):
    net = load_vgg19(random_parameters((4, 6, 8, 8, 8), seed=3), "cpu", relu_in_place=True, verbose=False).double()
    settings = Settings(("conv2_1", "relu2_1"), ("conv1_1", "relu1_1", "relu3_1"), precision="float32")
    content_X, style_X = (X.double() for X in pair)
    X = torch.randn_like(content_X)
    with torch.no_grad():  # in place and without gradients
        layers = settings.content_layers, settings.style_layers
        targets = extract_features(net, content_X, *layers)[0], extract_features(net, style_X, *layers)[1]
        Y_hat = extract_features(net, X, *layers)
        contents_l, styles_l, *_ = compute_loss(X, *Y_hat, targets[0], [gram(Y) for Y in targets[1]])
    found, _ = fast(Objective(net, content_X, style_X, settings), X)
    assert found[:2] == pytest.approx([float(sum(contents_l)), float(sum(styles_l))], rel=1e-9)


def test_a_layer_named_twice():
    with pytest.raises(ValueError, match="style_layers names a layer twice"):
        Settings(style_layers=("relu1_1", "relu1_1"))


# Memory


@pytest.mark.parametrize("free, sparing", [(1e12, False), (1e5, True)])
def test_features_are_computed_twice_where_memory_is_scarce(double, pair, free, sparing, monkeypatch):
    monkeypatch.setattr(engine, "free_memory", lambda device: free)
    objective = Objective(double, *(X.double() for X in pair), Settings())
    assert objective.sparing == sparing and not objective.wants_memory_kept  # small: nothing to keep


def test_what_lbfgs_remembers_counts_as_memory(net, pair, monkeypatch):
    monkeypatch.setattr(engine, "free_memory", lambda device: 1e6)
    settings = [Settings(optimizer=optimizer, precision="float32") for optimizer in ("adam", "lbfgs")]
    assert [Objective(net, *pair, each).sparing for each in settings] == [False, True]


def test_free_memory_is_a_plausible_number():
    assert 1e8 < engine.free_memory(torch.device("cpu")) < 1e14


def test_without_a_number_four_gigabytes_are_assumed(monkeypatch):
    def missing(self):
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", missing)
    assert engine.free_memory(torch.device("cpu")) == 4e9


PAGES = """
import resource, torch
from pathlib import Path
from nst_helpers import engine

size, page = 3 * engine.MMAP_FROM, resource.getpagesize()

def provided(times):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(times):
        torch.empty(size, dtype=torch.uint8).fill_(1)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) * page / size

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * page / size

once = provided(1)  # 1 with small pages, a 512th with huge ones
with engine.memory_kept(wanted=False):
    handed_back = provided(20) / once
with engine.memory_kept():
    kept = provided(20) / once
    held = resident()
print(handed_back, kept, held - resident())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be asked to keep memory")
def test_memory_is_kept_while_it_is_wanted_and_given_back_afterwards():
    # In a process of its own: a heap in which a thousand tests have left their holes keeps less.
    answer = subprocess.run([sys.executable, "-c", PAGES], capture_output=True, text=True, check=True)
    handed_back, kept, given_back = map(float, answer.stdout.split())
    assert handed_back > 18 and kept < 8 and given_back > 0.8


def test_another_c_library_is_left_alone(monkeypatch):
    monkeypatch.setattr(engine.ctypes, "CDLL", lambda name: object())
    with engine.memory_kept():
        pass


def test_a_run_asks_for_it_between_the_sizes_where_it_pays(net, picture, monkeypatch):
    asked, least = [], 15 * 32 * 48 * 4 * 4 - 1  # fifteen maps of this network's first block
    monkeypatch.setattr(engine, "MMAP_FROM", least)
    monkeypatch.setattr(engine, "KEPT_TO", 2 * least)
    monkeypatch.setattr(training, "memory_kept", lambda wanted: asked.append(wanted) or contextlib.nullcontext())
    for height in (32, 31, 64):
        images = [preprocess(picture(seed=s), (height, 48)) for s in (1, 2)]
        list(optimize(net, *images, num_epochs=1, precision="float32"))
    assert asked == [True, False, False]
