import copy
import re

import pytest
import torch
import torchvision
from torch import nn

from nst_helpers import (
    LAYER_NAMES,
    VGG19,
    WeightsError,
    check_layers,
    extract_features,
    layer_index,
    load_vgg19,
)
from nst_helpers.layers import CONV_NAMES, DEPTHS
from nst_helpers.weights import random_parameters


def torchvisions(widths=(4, 6, 8, 8, 8)):
    """VGG-19's features as torchvision builds them, its ReLUs in place."""
    plan = [step for width, depth in zip(widths, DEPTHS) for step in [width] * depth + ["M"]]
    assert [step if step == "M" else 0 for step in plan] == [
        step if step == "M" else 0 for step in torchvision.models.vgg.cfgs["E"]
    ]
    return torchvision.models.vgg.make_layers(plan).eval()


# Names and indices.


def test_names_fit_torchvisions_layers(net):
    kinds = {nn.Conv2d: "conv", nn.ReLU: "relu", nn.MaxPool2d: "pool"}
    theirs = torchvisions()
    assert len(LAYER_NAMES) == len(theirs) == len(net) == 37
    for name, layer, ours in zip(LAYER_NAMES, theirs, net):
        assert name.startswith(kinds[type(layer)]) and type(ours) is type(layer)
        assert getattr(net, name) is ours


@pytest.mark.parametrize(
    "name, index",
    [("conv1_1", 0), ("relu1_1", 1), ("pool1", 4), ("conv2_1", 5), ("conv3_1", 10), ("conv4_1", 19)]
    + [("conv4_4", 25), ("conv5_1", 28), ("pool5", 36)],
)
def test_published_indices(name, index):
    assert layer_index(name) == layer_index(index) == index and LAYER_NAMES[index] == name


@pytest.mark.parametrize(
    "layer, words",
    [
        ("conv41", "did you mean .*conv4_1"),
        ("con5_1", "did you mean .*conv5_1"),
        ("conv6_1", "did you mean"),
        ("zebra", "names run from conv1_1 to pool5"),
        ("", "names run"),
        (37, "0 to 36"),
        (-1, "0 to 36"),
        (True, "0 to 36"),
        (2.0, "0 to 36"),
        (None, "0 to 36"),
    ],
)
def test_unknown_layer(net, layer, words):
    for chosen in ([[layer], []], [[], ["conv1_1", layer]]):
        with pytest.raises(ValueError, match=words) as caught:
            extract_features(net, torch.zeros(1, 3, 32, 32), *chosen)
        assert repr(layer) in str(caught.value)


# The network.


def test_frozen(net):
    assert not net.training and not any(parameter.requires_grad for parameter in net.parameters())
    X = torch.rand(1, 3, 16, 16, requires_grad=True)
    extract_features(net, X, ["conv2_1"], [])[0][0].sum().backward()
    assert X.grad.abs().sum() > 0


def test_load_announces_in_one_line(parameters, capsys):
    load_vgg19(parameters, device="cpu")
    out = capsys.readouterr().out
    assert out.count("\n") == 1 and "random" in out and "cpu" in out and "float32" in out
    load_vgg19(parameters, device="cpu", verbose=False)
    assert not capsys.readouterr().out


def test_same_numbers_as_torchvision(net, parameters):
    theirs = torchvisions()
    theirs.load_state_dict(
        {f"{LAYER_NAMES.index(key.split('.')[0])}.{key.split('.')[1]}": t for key, t in parameters.tensors.items()}
    )
    X = torch.randn(1, 3, 64, 48)
    assert torch.equal(net(X), theirs(X))


def test_pooling(parameters):
    default, average = (load_vgg19(parameters, "cpu", pooling=kind, verbose=False) for kind in (None, "average"))
    assert isinstance(default.pool3, nn.MaxPool2d) and isinstance(average.pool3, nn.AvgPool2d)
    X = torch.randn(1, 3, 16, 16)
    (before,), (after,) = extract_features(average, X, ["relu1_2"], ["pool1"])
    assert torch.allclose(after[0, 0, 0, 0], before[0, 0, :2, :2].mean())
    for bad in ("median", "", True):
        with pytest.raises(ValueError, match="pooling must be 'max' or 'average'"):
            load_vgg19(parameters, "cpu", pooling=bad)


def test_load_passes_errors_on():
    with pytest.raises(ValueError, match="no weights source"):
        load_vgg19("imagnet")
    with pytest.raises(WeightsError):
        load_vgg19("missing.pth")


def test_two_networks_do_not_meddle(parameters):
    """Loading again, or copying, leaves a network that is in use as it was."""
    one = load_vgg19(parameters, "cpu", verbose=False)
    two = copy.deepcopy(load_vgg19(parameters, "cpu", relu_in_place=True, verbose=False))
    assert not one.relu1_1.inplace and two.relu1_1.inplace
    assert torch.equal(one.conv1_1.weight, two.conv1_1.weight)


def test_network_can_be_cut(net):
    """nn.Sequential's slices work, as d2l's readers know them."""
    cut = net[:5]
    X = torch.rand(1, 3, 16, 16)
    assert len(cut) == 5 and torch.equal(cut(X), net.pool1(net[3](net[2](net[1](net[0](X))))))


# Features.


def test_values_and_shapes(net):
    X = torch.randn(1, 3, 33, 47)
    expected, by_name = X, {}
    for name, layer in zip(LAYER_NAMES, net):
        expected = by_name[name] = layer(expected)
    contents, styles = extract_features(net, X, ["conv4_4", "relu2_2"], [0, "pool2", 28])
    for features, names in ((contents, ["relu2_2", "conv4_4"]), (styles, ["conv1_1", "pool2", "conv5_1"])):
        assert len(features) == len(names)
        assert all(torch.equal(Y, by_name[name]) for Y, name in zip(features, names))
    assert styles[2].shape == (1, 8, 2, 2)


def test_networks_order_whatever_the_lists_order(net):
    X = torch.randn(1, 3, 32, 32)
    forwards = extract_features(net, X, [], ["conv1_1", "conv2_1", "conv3_1"])[1]
    backwards = extract_features(net, X, [], ["conv3_1", "conv1_1", "conv2_1"])[1]
    assert all(torch.equal(a, b) for a, b in zip(forwards, backwards))
    assert [Y.shape[1] for Y in forwards] == [4, 6, 8]


def test_one_layer_in_both_lists(net):
    contents, styles = extract_features(net, torch.randn(1, 3, 32, 32), [5], ["conv2_1"])
    assert torch.equal(contents[0], styles[0])


def test_nothing_beyond_the_deepest_is_computed(parameters):
    net, calls = load_vgg19(parameters, "cpu", verbose=False), []
    for name, layer in net.named_children():
        layer.register_forward_hook(lambda *_, name=name: calls.append(name))
    extract_features(net, torch.randn(1, 3, 16, 16), ["conv2_1"], ["relu1_1"])
    assert calls == list(LAYER_NAMES[:6])


@pytest.mark.parametrize("relu_in_place", [False, True])
def test_captured_features_and_the_relu_behind_them(parameters, relu_in_place):
    """torchvision's in-place ReLU changes what was captured before it, all but at the last layer; ours does not."""
    net = load_vgg19(parameters, "cpu", relu_in_place=relu_in_place, verbose=False)
    X = torch.randn(1, 3, 64, 64)
    _, (first, last) = extract_features(net, X, [], ["conv1_1", "conv2_1"])
    assert (first.min() >= 0) == relu_in_place
    assert last.min() < 0  # the deepest layer's ReLU is not run
    _, (after,) = extract_features(net, X, [], ["relu1_1"])
    assert torch.equal(first if relu_in_place else first.relu(), after)


@pytest.mark.parametrize("inplace", [True, False])
def test_torchvisions_own_features(inplace, parameters):
    """Layer names work on a network that knows only indices, cut as d2l cuts it."""
    theirs = torchvisions()
    for layer in theirs:
        if isinstance(layer, nn.ReLU):
            layer.inplace = inplace
    X = torch.randn(1, 3, 32, 32)
    (by_name,), _ = extract_features(theirs[:29], X, ["conv4_1"], ["conv5_1"])
    (by_index,), _ = extract_features(theirs[:29], X, [19], [28])
    assert torch.equal(by_name, by_index) and (by_name.min() >= 0) == inplace
    with pytest.raises(ValueError, match="this network ends before conv5_2: it has 29 layers"):
        extract_features(theirs[:29], X, ["conv5_2"], [])


def test_no_layers(net):
    with pytest.raises(ValueError, match="no layers chosen"):
        extract_features(net, torch.zeros(1, 3, 32, 32), [], [])


# Images that are too small: the stated least size works, one pixel less does not.

LAYERS = ["conv1_1", "relu1_2", "pool1", "conv2_1", "pool2", "conv3_4", "conv4_1", "conv5_1", "relu5_4", "pool5"]


@pytest.mark.parametrize("padding", ["zeros", "reflect", "replicate"])
@pytest.mark.parametrize("layer", LAYERS)
def test_least_size_is_true(layer, padding):
    parameters = random_parameters((2, 2, 2, 2, 2))
    parameters.padding = padding
    net = load_vgg19(parameters, "cpu", verbose=False)
    least = next(side for side in range(1, 99) if runs(net, layer, side, 40))  # found by trying, not computed
    for height, width in ((least, 40), (40, least), (least, least)):
        contents, _ = extract_features(net, torch.zeros(1, 3, height, width), [layer], [])
        assert min(contents[0].shape[-2:]) >= 1
    if least > 1:
        for height, width in ((least - 1, 40), (40, least - 1)):
            words = f"an image of {height}×{width} pixels is too small for {layer}: use at least {least}×{least}"
            with pytest.raises(ValueError, match=re.escape(words)):
                check_layers(net, torch.zeros(1, 3, height, width), [], [layer])


def runs(net, layer, height, width):
    """Does torch itself get an image of this size through the network, to ``layer`` included?"""
    X = torch.zeros(1, 3, height, width)
    try:
        for name, step in net.named_children():
            X = step(X)
            if name == layer:
                return True
    except RuntimeError:
        return False


def test_too_small_message_names_the_deepest_layer(net):
    with pytest.raises(ValueError, match="too small for conv5_1: use at least 16×16, or shallower layers"):
        extract_features(net, torch.zeros(1, 3, 15, 200), ["conv4_1"], ["conv1_1", 28])


def test_vgg19_alone():
    net = VGG19((2, 2, 2, 2, 2), padding="reflect", pooling="average", relu_in_place=True)
    assert net.relu5_4.inplace and net.conv5_4.padding_mode == "reflect"
    assert [name for name, _ in net.named_parameters() if name.endswith("weight")] == [
        f"{n}.weight" for n in CONV_NAMES
    ]
