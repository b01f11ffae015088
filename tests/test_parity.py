"""Our losses and steps against d2l 14.12, restated in benchmarks/published.py, independent of the package.

d2l takes torchvision's layers with their in-place ReLUs and asks for convolutions by index. So it trains on the
outputs of the ReLUs, for all but the deepest layer. We get the same in two ways: the same layers with
``relu_in_place=True``, or our default network and the layer names in ``PUBLISHED``.
"""

import itertools
from dataclasses import replace

import pytest
import torch
import torchvision

from nst_helpers import PUBLISHED, compute_loss, extract_features, gram, load_vgg19, optimize
from nst_helpers.layers import DEPTHS, LAYER_NAMES, WIDTHS
from nst_helpers.weights import random_parameters
from published import CONTENT_LAYERS, STYLE_LAYERS, Published


def published(parameters):
    """The published program on torchvision's own layers with these parameters."""
    plan = [step for width, depth in zip(parameters.widths, DEPTHS) for step in [width] * depth + ["M"]]
    layers = torchvision.models.vgg.make_layers(plan).to(next(iter(parameters.tensors.values())).dtype)
    layers.load_state_dict(
        {
            f"{LAYER_NAMES.index(key.split('.')[0])}.{key.split('.')[1]}": tensor.clone()
            for key, tensor in parameters.tensors.items()
        }
    )
    return Published(layers)


OURS = {
    "in-place ReLU and indices": (True, {"content_layers": CONTENT_LAYERS, "style_layers": STYLE_LAYERS}),
    "our network and its layer names": (False, {}),
}
ours = pytest.mark.parametrize("relu_in_place, layers", OURS.values(), ids=OURS)


@pytest.fixture(scope="module", params=[(4, 6, 8, 8, 8), WIDTHS], ids=["narrow", "full width"])
def any_width(request):
    return with_biases(random_parameters(request.param, seed=3))


def with_biases(parameters):
    """Trained networks have biases, random ones have none."""
    generator = torch.Generator().manual_seed(4)
    for key, tensor in parameters.tensors.items():
        if key.endswith("bias"):
            tensor += 0.1 * torch.randn(tensor.shape, generator=generator)
    return parameters


def images(parameters, pair):
    """Content, style and a composite that equals neither; small where the network is wide."""
    content_X, style_X = pair if parameters.widths != WIDTHS else (X[:, :, :16, :24].contiguous() for X in pair)
    return content_X, style_X, torch.randn(content_X.shape, generator=torch.Generator().manual_seed(5))


@ours
def test_losses(any_width, pair, relu_in_place, layers):
    """The parts on their own: features, Gram matrices, the four losses."""
    content_X, style_X, X = images(any_width, pair)
    book, settings = published(any_width), PUBLISHED.but(**layers)
    net = load_vgg19(any_width, "cpu", relu_in_place=relu_in_place, verbose=False)
    chosen = settings.content_layers, settings.style_layers
    with torch.no_grad():
        expected = book.compute_loss(
            X,
            *book.extract_features(X),
            book.extract_features(content_X)[0],
            [book.gram(Y) for Y in book.extract_features(style_X)[1]],
        )
        contents_Y, styles_Y = extract_features(net, content_X, *chosen)[0], extract_features(net, style_X, *chosen)[1]
        found = compute_loss(
            X, *extract_features(net, X, *chosen), contents_Y, [gram(Y) for Y in styles_Y], (1, 1e4, 10)
        )
    for ours, theirs in zip(found[:2], expected[:2]):
        assert [l.item() for l in ours] == pytest.approx([l.item() for l in theirs], rel=1e-5)
    assert found[2].item() == pytest.approx(expected[2].item(), rel=1e-5)
    assert found[3].item() == pytest.approx(expected[3].item(), rel=1e-5)
    assert min(l.item() for l in [*found[0], *found[1], found[2]]) > 0


RATES = {"0.01, decay 200": (0.01, 200), "0.3, decay 50": (0.3, 50), "0.3, decay 5": (0.3, 5)}


@ours
@pytest.mark.parametrize("start", ["content", "noise"])
@pytest.mark.parametrize("lr, lr_decay_epoch", RATES.values(), ids=RATES)
def test_twenty_steps(pair, relu_in_place, layers, start, lr, lr_decay_epoch):
    parameters = with_biases(random_parameters((4, 6, 8, 8, 8), seed=3))
    compare_runs(parameters, pair, relu_in_place, layers, start, lr, lr_decay_epoch)


@ours
def test_twenty_steps_at_full_width(pair, relu_in_place, layers):
    compare_runs(random_parameters(seed=3), pair, relu_in_place, layers, "content", 0.3, 50)


def run_published(parameters, *plan):
    """The losses of every step, as four numbers, and the composite in the end."""
    steps = list(published(parameters).train(*plan))
    return [losses for losses, _ in steps], steps[-1][1]


@ours
def test_first_steps_in_float32(any_width, pair, relu_in_place, layers):
    content_X, style_X, start_X = images(any_width, pair)
    losses, X = run_published(any_width, start_X, content_X, style_X, 0.01, 3, 50)
    net = load_vgg19(any_width, "cpu", relu_in_place=relu_in_place, verbose=False)
    settings = PUBLISHED.but(precision="float32", lr=0.01, num_epochs=3, **layers)
    for step, expected in zip(optimize(net, content_X, style_X, settings, start_X=start_X), losses):
        assert list(step[2:6]) == pytest.approx(expected, rel=1e-4)
    assert (step.X - X).abs().max() < 1e-4


def compare_runs(parameters, pair, relu_in_place, layers, start, lr, lr_decay_epoch):
    # In double precision: Adam divides by the size of a gradient, so float32's last digit grows within 20 steps.
    parameters = replace(parameters, tensors={key: tensor.double() for key, tensor in parameters.tensors.items()})
    content_X, style_X, noise = (X.double() for X in images(parameters, pair))
    start_X = content_X if start == "content" else noise
    losses, X = run_published(parameters, start_X, content_X, style_X, lr, 20, lr_decay_epoch)
    net = load_vgg19(parameters, "cpu", relu_in_place=relu_in_place, verbose=False)
    settings = PUBLISHED.but(precision="float32", lr=lr, lr_decay_epoch=lr_decay_epoch, **layers)
    changes = {"start_X": noise} if start == "noise" else {}
    steps = list(itertools.islice(optimize(net, content_X, style_X, settings, **changes), 20))
    assert list(steps[0][2:6]) == pytest.approx(losses[0], rel=1e-9)
    for step, expected in zip(steps, losses):
        assert list(step[2:6]) == pytest.approx(expected, rel=1e-8)
    assert (steps[-1].X - X).abs().max() < 1e-8
    assert (X - start_X).abs().max() > 10 * lr  # it went somewhere
