"""The fast objective: the same numbers and slopes as the plain one, for every choice."""

import pytest
import torch
from torch.autograd import gradcheck
from torch.nn.functional import avg_pool2d, pad

from nst_helpers import (
    FastObjective,
    PlainObjective,
    Settings,
    compute_loss,
    extract_features,
    fast_objective,
    gram,
    load_vgg19,
    optimize,
    random_parameters,
    style_loss,
)
from nst_helpers.fast_objective import AvgPool, GramTap, ReflectionPad
from nst_helpers.features import best_precision
from nst_helpers.settings import PUBLISHED

CHOICES = [
    Settings(),
    PUBLISHED,
    PUBLISHED.but(style_layer_weights=(1, 0, 2, 0.5, 3)),
    Settings(style_layers=("relu3_1", "relu1_1"), style_layer_weights=(5, 0.1)),  # not in the network's order
    Settings(content_layers=("relu4_1", "relu2_2"), content_layer_weights=(0.5, 3), style_layers=("relu1_1",)),
    Settings(content_layers=("conv4_2", "pool2"), style_layers=("conv1_1", "relu1_1", "pool1", "conv5_1")),
    Settings(content_layers=(0,), style_layers=(), style_weight=0),
    Settings(content_layers=(), style_layers=("relu2_2",), content_weight=0),
    Settings(content_layers=("pool5",), style_layers=("pool5", "relu3_4"), tv_weight=0),
]


@pytest.fixture(
    params=[(pooling, padding) for pooling in ("max", "average") for padding in ("zeros", "reflect")], ids="-".join
)
def double(net, request):
    """A network in double precision, so that equal means equal."""
    parameters = random_parameters(net.widths, seed=3)
    parameters.pooling, parameters.padding = request.param
    return load_vgg19(parameters, "cpu", verbose=False).double()


@pytest.fixture
def pair(picture):
    """Large enough for mirrored borders in block 5."""
    from nst_helpers import preprocess

    return preprocess(picture(seed=1), (32, 48)), preprocess(picture(40, 32, seed=2), (40, 32))


def losses_and_slope(objective, X):
    X = X.clone().requires_grad_()
    losses = objective(X)
    sum(losses).backward()
    return [float(loss.detach()) for loss in losses], X.grad


def by_hand(net, X, content_X, style_X, settings):
    """Losses and gradient as notebooks 03 and 04 write them out."""
    layers = settings.content_layers, settings.style_layers
    contents_Y, _ = extract_features(net, content_X, *layers)
    _, styles_Y = extract_features(net, style_X, *layers)
    X = X.clone().requires_grad_()
    contents_l, styles_l, tv_l, total = compute_loss(
        X, *extract_features(net, X, *layers), contents_Y, [gram(Y) for Y in styles_Y], settings.loss_weights
    )
    total.backward()
    return [float(sum(part).detach()) if part else 0.0 for part in (contents_l, styles_l)] + [
        float(tv_l.detach())
    ], X.grad


@pytest.mark.parametrize("kind", ["plain", "fast", "checkpointing"])
@pytest.mark.parametrize("settings", CHOICES, ids=lambda s: f"{s.content_layers} {s.style_layers}")
def test_losses_and_gradient_are_those_written_by_hand(double, settings, kind, monkeypatch):
    monkeypatch.setattr(fast_objective, "CHECKPOINTING", kind == "checkpointing")
    settings = settings.but(precision="float32")
    least = 64 if double.conv1_1.padding_mode == "reflect" else 32
    generator = torch.Generator().manual_seed(0)
    X, content_X = (torch.randn(1, 3, least, least + 16, generator=generator).double() for _ in range(2))
    style_X = torch.randn(1, 3, least + 8, least, generator=generator).double()
    objective = (PlainObjective if kind == "plain" else FastObjective)(double, content_X, style_X, settings)
    (expected, slope), (found, ours) = by_hand(double, X, content_X, style_X, settings), losses_and_slope(objective, X)
    assert found == pytest.approx(expected, rel=1e-9)
    assert torch.allclose(ours, slope, rtol=1e-7, atol=1e-12)


def test_style_layer_weights_follow_their_layers_in_any_order(net, pair):
    one = Settings(style_layers=("relu1_1", "relu3_1"), style_layer_weights=(2, 5), precision="float32")
    two = Settings(style_layers=("relu3_1", "relu1_1"), style_layer_weights=(5, 2), precision="float32")
    X = torch.randn_like(pair[0])
    found = [losses_and_slope(objective(net, *pair, s), X)[0][1]
             for objective in (PlainObjective, FastObjective) for s in (one, two)]  # fmt: skip
    assert found == pytest.approx([found[0]] * 4, rel=1e-5)


def test_optimize_with_either_objective_is_the_same_run(net, pair):
    runs = [
        [
            step.total
            for step in optimize(net, *pair, objective=objective, num_epochs=8, optimizer="adam", precision="float32")
        ]
        for objective in ("plain", "fast", lambda *args: PlainObjective(*args))
    ]
    assert runs[0] == pytest.approx(runs[1], rel=1e-4) and runs[0] == runs[2]


def test_an_unknown_objective_is_refused(net, pair):
    with pytest.raises(ValueError, match="objective must be one of plain, fast, or a function; it is 'quick'"):
        next(optimize(net, *pair, objective="quick"))


def test_the_network_itself_is_left_alone(double, pair):
    before = [p.clone() for p in double.parameters()]
    losses_and_slope(FastObjective(double, *(X.double() for X in pair), Settings()), pair[0].double())
    assert all(torch.equal(a, b) for a, b in zip(double.parameters(), before))
    assert not any(getattr(layer, "inplace", False) for layer in double)


def test_nothing_below_the_deepest_layer_is_kept(net, pair):
    objective = FastObjective(net, *pair, Settings(content_layers=("relu2_2",), style_layers=("relu1_1",)))
    assert sum(len(layers) for _, layers in objective.segments) == 9 and len(net) == 37


def test_gradient_of_the_style_loss():
    generator = torch.Generator().manual_seed(0)
    Y = torch.randn(1, 3, 4, 5, generator=generator, dtype=torch.double, requires_grad=True)
    target = gram(torch.randn(1, 3, 6, 6, generator=generator, dtype=torch.double))
    assert GramTap.apply(Y, target)[1].item() == pytest.approx(style_loss(Y, target).item(), rel=1e-12)
    assert gradcheck(lambda Y: GramTap.apply(Y, target), Y)


@pytest.mark.parametrize("shape", [(2, 2), (2, 5), (3, 4)])
def test_mirrored_border(shape):
    X = torch.randn(1, 3, *shape, dtype=torch.double, requires_grad=True)
    assert torch.equal(ReflectionPad.apply(X), pad(X, (1, 1, 1, 1), "reflect"))
    assert gradcheck(ReflectionPad.apply, X)


@pytest.mark.parametrize("shape", [(4, 6), (5, 6), (4, 7), (3, 5)])
def test_averaging_by_our_own_way_back_is_exact(shape):
    X = torch.randn(1, 2, *shape, dtype=torch.double).contiguous(memory_format=torch.channels_last).requires_grad_()
    assert torch.equal(AvgPool.apply(X), avg_pool2d(X, 2))
    assert gradcheck(AvgPool.apply, X)


def test_nothing_comes_from_behind_a_layer_that_nobody_looks_at():
    Y = torch.randn(1, 3, 4, 5, requires_grad=True)
    passed_on, _ = GramTap.apply(Y, torch.zeros(3, 3))
    passed_on.sum().backward()
    assert torch.equal(Y.grad, torch.ones_like(Y))


def test_each_style_layer_with_its_own_weight(net, pair):
    layers = ("relu1_1", "relu2_1")
    settings = Settings(style_layers=layers, precision="float32")
    X = torch.randn_like(pair[0])

    def style(*weights):
        return losses_and_slope(FastObjective(net, *pair, settings.but(style_layer_weights=weights)), X)[0][1]

    assert style() == style(1, 1) > 0
    assert style(3, 0) + style(0, 0.5) == pytest.approx(3 * style(1, 0) + 0.5 * style(0, 1), rel=1e-5)


def test_bfloat16_is_close_and_its_losses_are_float32(net, pair):
    X = torch.randn(pair[0].shape, generator=torch.Generator().manual_seed(0))
    exact, slope = losses_and_slope(FastObjective(net, *pair, Settings(precision="float32")), X)
    objective = FastObjective(net, *pair, Settings(precision="bfloat16"))
    rough, rough_slope = losses_and_slope(objective, X)
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
    assert FastObjective(net, *pair, Settings()).dtype == getattr(torch, answer)
    assert FastObjective(net, *pair, Settings(precision="float32")).dtype == torch.float32


def test_precision_on_other_devices(monkeypatch):
    assert best_precision("mps") == "float32"
    for capability, answer in {(7, 5): "float32", (8, 0): "bfloat16", (9, 0): "bfloat16"}.items():
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device, found=capability: found)
        assert best_precision("cuda") == answer


def test_layers_that_an_in_place_relu_makes_one_count_twice(pair):
    net = load_vgg19(random_parameters((4, 6, 8, 8, 8), seed=3), "cpu", relu_in_place=True, verbose=False).double()
    settings = Settings(("conv2_1", "relu2_1"), ("conv1_1", "relu1_1", "relu3_1"), precision="float32")
    content_X, style_X = (X.double() for X in pair)
    X = torch.randn_like(content_X)
    with torch.no_grad():  # in place and without gradients
        layers = settings.content_layers, settings.style_layers
        targets = extract_features(net, content_X, *layers)[0], extract_features(net, style_X, *layers)[1]
        Y_hat = extract_features(net, X, *layers)
        contents_l, styles_l, *_ = compute_loss(
            X, *Y_hat, targets[0], [gram(Y) for Y in targets[1]], settings.loss_weights
        )
    found, _ = losses_and_slope(FastObjective(net, content_X, style_X, settings), X)
    assert found[:2] == pytest.approx([float(sum(contents_l)), float(sum(styles_l))], rel=1e-9)


def test_a_layer_named_twice():
    with pytest.raises(ValueError, match="style_layers names a layer twice"):
        Settings(style_layers=("relu1_1", "relu1_1"))


# Memory


@pytest.mark.parametrize("free, wanted", [(1e12, False), (1e5, True)])
def test_features_are_computed_twice_where_memory_is_scarce(double, pair, free, wanted, monkeypatch):
    class Memory:
        available = free

    monkeypatch.setattr(fast_objective.psutil, "virtual_memory", Memory)
    calls, checkpoint = [], fast_objective.checkpoint
    monkeypatch.setattr(fast_objective, "checkpoint", lambda *args, **how: calls.append(1) or checkpoint(*args, **how))
    losses_and_slope(FastObjective(double, *(X.double() for X in pair), Settings()), pair[0].double())
    assert bool(calls) == wanted
