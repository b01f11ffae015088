"""Settings are checked when they are made, and layers are known by name and index."""

import math

import numpy as np
import pytest
import torch

from nst_helpers import DEFAULTS, LAYERS, PUBLISHED, Settings, layer_index, layer_name, load_vgg19
from nst_helpers.settings import CHOICES, shortened
from nst_helpers.validation import check_between
from nst_helpers.weights import SOURCES

WEIGHTS = ("content_weight", "style_weight", "tv_weight")


@pytest.mark.parametrize("name", [*WEIGHTS, "lr"])
@pytest.mark.parametrize(
    "value", [-1, math.nan, math.inf, "1", None, True, 10**400, 1e39, np.float16("inf"), 1j, [1], torch.ones(2)]
)
def test_bad_number(name, value):
    with pytest.raises(ValueError, match=f"{name} must be a finite number, zero or more; it is"):
        Settings(**{name: value})


@pytest.mark.parametrize("name", ["lr", "num_epochs", "lr_decay_epoch"])
def test_not_above_zero(name):
    with pytest.raises(ValueError, match=f"{name} must be more than zero; it is 0"):
        Settings(**{name: 0})


@pytest.mark.parametrize("name", ["num_epochs", "lr_decay_epoch", "seed"])
@pytest.mark.parametrize("value", [1.5, "x", None, True, 10**30])
def test_bad_integer(name, value):
    with pytest.raises(ValueError, match=f"{name} must be an integer; it is"):
        Settings(**{name: value})


@pytest.mark.parametrize("name", CHOICES)
@pytest.mark.parametrize("value", ["sgd", None, 3, ["noise"]])
def test_unknown_choice(name, value):
    with pytest.raises(ValueError, match=f"{name} must be one of {', '.join(CHOICES[name])}; it is"):
        Settings(**{name: value})


@pytest.mark.parametrize("value", [3.5, "conv9_1", ["conv9_1"], 37, -1, None, [None], [["relu1_1"]], True])
@pytest.mark.parametrize("kind", ["content", "style"])
def test_bad_layers(kind, value):
    with pytest.raises(ValueError, match="layer"):
        Settings(**{f"{kind}_layers": value})


@pytest.mark.parametrize("kind", ["content", "style"])
def test_empty_layers(kind):
    with pytest.raises(ValueError, match=f"{kind}_layers is empty"):
        Settings(**{f"{kind}_layers": []})
    assert getattr(Settings(**{f"{kind}_layers": [], f"{kind}_weight": 0}), f"{kind}_layers") == ()


def test_no_layers_at_all():
    with pytest.raises(ValueError, match="no layers chosen"):
        Settings(content_layers=[], content_weight=0, style_layers=[], style_weight=0)


@pytest.mark.parametrize("layers", [("relu1_1", "relu1_1"), ("relu1_1", 1)])
def test_a_layer_named_twice(layers):
    with pytest.raises(ValueError, match="style_layers names a layer twice: relu1_1, relu1_1"):
        Settings(style_layers=layers)


@pytest.mark.parametrize("layers", ["conv2_1", 5, " Conv2_1", np.int64(5), ["conv2_1"], (5,)])
def test_layers_are_kept_by_name(layers):
    assert Settings(content_layers=layers).content_layers == ("conv2_1",)


@pytest.mark.parametrize("kind", ["content", "style"])
@pytest.mark.parametrize(
    "weights", [(1,), (1, 2, 3), (1, -1), (1, math.nan), (1, "two"), 5, (1, 10**400), (1, 10**5000)]
)
def test_layer_weights_that_do_not_fit(weights, kind):
    with pytest.raises(ValueError, match=f"{kind}_layer_weights"):
        Settings(**{f"{kind}_layers": ("relu1_1", "relu2_1"), f"{kind}_layer_weights": weights})


def test_loss_weights_are_in_the_networks_order():
    settings = Settings(style_layers=("relu3_1", "relu1_1"), style_layer_weights=(5, 2), style_weight=10)
    assert settings.loss_weights == ([1], [20, 50], 10)
    assert list(Settings(style_layers=("conv2_1", "relu1_1")).layer_weights("style")) == ["relu1_1", "conv2_1"]
    assert Settings(style_layers=("relu3_1", "relu1_1"), style_weight=10).loss_weights == ([1], [10, 10], 10)
    content = Settings(content_layers=("relu4_1", "relu2_1"), content_layer_weights=(3, 2), content_weight=10)
    assert content.loss_weights[0] == [20, 30] and content.layer_weights("content") == {"relu2_1": 2, "relu4_1": 3}


def test_but():
    changed = Settings().but(lr=0.1, style_layers=["conv1_1"])
    assert (changed.lr, changed.style_layers, changed.tv_weight) == (0.1, ("conv1_1",), 10)
    with pytest.raises(ValueError, match="unknown setting 'styl_weight'; the settings are content_layers, .*lr"):
        Settings().but(styl_weight=3)
    with pytest.raises(ValueError, match="tv_weight"):
        Settings().but(tv_weight=-1)


def test_every_source_has_its_settings():
    assert set(DEFAULTS) == {*SOURCES, "learned"} and DEFAULTS["imagenet"] == PUBLISHED
    assert PUBLISHED.loss_weights == ([1], [1e4] * 5, 10)
    assert (PUBLISHED.optimizer, PUBLISHED.lr, PUBLISHED.num_epochs, PUBLISHED.lr_decay_epoch) == ("adam", 0.3, 500, 50)
    assert PUBLISHED.content_layers == ("relu4_4",)
    assert PUBLISHED.style_layers == ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "conv5_1")


def test_what_the_series_teaches_is_what_the_embedded_network_runs():
    """The screen of notebook 00 and every drawing name these."""
    settings = load_vgg19("embedded", "cpu", verbose=False).settings
    assert settings == DEFAULTS["embedded"] == Settings()
    assert settings.content_layers == ("relu3_1",)
    assert settings.style_layers == ("relu1_1", "relu2_1", "relu3_1", "relu4_1")
    assert settings.loss_weights == ([1], [1e5] * 4, 10) and settings.optimizer == "lbfgs"


def test_printed_settings_name_layers_weights_and_steps():
    text = str(Settings())
    for word in (
        "relu3_1, weight 1\n",
        "relu1_1 relu2_1 relu3_1 relu4_1, weight 100000",
        "weight 10\n",
        "80 steps of lbfgs",
    ):
        assert word in text
    assert "learning rate 0.3" in str(PUBLISHED)


@pytest.mark.parametrize("name", LAYERS)
def test_receptive_fields_and_strides_are_true(name):
    """Which pixels of a line move one position of the feature map, found by gradients through ones."""
    layer, X = LAYERS[name], torch.zeros(1, 1, 1, 512, requires_grad=True)
    Y = X
    for other in list(LAYERS.values())[: layer.index + 1]:
        if other.kind == "conv":
            Y = torch.nn.functional.conv2d(Y, torch.ones(1, 1, 1, 3), padding=(0, 1))
        elif other.kind == "pool":
            Y = torch.nn.functional.avg_pool2d(Y, (1, 2))
    middle = Y.shape[-1] // 2
    fields = [
        torch.autograd.grad(Y[..., at].sum(), X, retain_graph=True)[0].nonzero()[:, -1] for at in (middle, middle + 1)
    ]
    assert len(fields[0]) == layer.receptive_field
    assert int(fields[1][0] - fields[0][0]) == layer.stride
    assert layer_name(layer.index) == name and layer_index(name) == layer.index


@pytest.mark.parametrize(
    "name", ["style_weight", "num_epochs", "seed", "style_layer_weights", "content_layers", "start"]
)
@pytest.mark.parametrize(
    "value", [10**400, 10**5000, np.array(["content", "noise"])], ids=["long", "too long", "array"]
)
def test_values_that_are_hard_to_write_are_refused_by_name(name, value):
    with pytest.raises(ValueError, match=f"^{name} |^a layer is|^VGG-19 has no layer") as caught:
        Settings(**{name: value})
    assert len(str(caught.value)) < 200


def test_every_refusal_shows_the_value_and_its_setting():
    for changes, words in (
        ({"start": "nowhere"}, "start .*'nowhere'"),
        ({"style_layer_weights": 3}, "style_layer_weights must be a list; it is 3"),
        ({"style_layer_weights": (1,)}, "style_layer_weights has 1 numbers for 4 style layers"),
        ({"style_layer_weights": (1, 2, 3, "x")}, "^style_layer_weights .*'x'"),
        ({"tv_weight": -2}, "tv_weight .*-2"),
        ({"seed": 0.5}, "seed .*0.5"),
        ({"seed": 2**63}, "seed .*9223372036854775808"),
        ({"style_layers": 1.5}, "style_layers .*1.5"),
    ):
        with pytest.raises(ValueError, match=words):
            Settings(**changes)


def test_the_largest_values_are_taken():
    assert Settings(seed=2**63 - 1).seed == 2**63 - 1 and Settings(tv_weight=3e38).tv_weight == 3e38


def test_printed_settings_in_full():
    odd = Settings(content_layers=(), content_weight=0, style_loss="moments", optimizer="adam", lr=0.5, num_epochs=3)
    assert str(odd) == (
        "content  none, weight 0\nstyle    relu1_1 relu2_1 relu3_1 relu4_1, weight 100000, compared by moments\n"
        "TV       weight 10\nrun      3 steps of adam, learning rate 0.5, start: content"
    )
    plain = Settings(content_layers=("relu3_1", "relu4_1"), style_layers=(), style_weight=0)
    assert str(plain) == (
        "content  relu3_1 relu4_1, weight 1\nstyle    none, weight 0\n"
        "TV       weight 10\nrun      80 steps of lbfgs, start: content"
    )


@pytest.mark.parametrize(
    "value, whole, good",
    [
        (2, True, True),
        (5, True, True),
        (np.int64(3), True, True),
        (2.5, False, True),
        (2.5, True, False),
        (1, True, False),
        (6, True, False),
        (True, False, False),
        ("3", False, False),
        (math.nan, False, False),
        (10**400, True, False),
    ],
)
def test_numbers_between_two_others(value, whole, good):
    if good:
        return check_between("n", value, 2, 5, whole)
    word = "whole number" if whole else "number"
    with pytest.raises(ValueError, match=f"^n must be a {word} from 2 to 5; it is .{{1,60}}$"):
        check_between("n", value, 2, 5, whole)


def test_any_number_will_do_unless_a_whole_one_is_asked_for():
    check_between("n", 2.5, 2, 5)


def test_layers_are_of_two_kinds():
    assert list(Settings().layer_weights("content")) == ["relu3_1"]
    with pytest.raises(ValueError, match="'content' or 'style', not 'tv'"):
        Settings().layer_weights("tv")


@pytest.mark.parametrize("quick, steps", [("", 80), ("0", 80), ("00", 80), ("1", 15), ("7", 7), ("no", 15)])
def test_short_runs(monkeypatch, quick, steps):
    monkeypatch.setenv("NST_QUICK", quick)
    assert shortened(Settings()).num_epochs == steps
