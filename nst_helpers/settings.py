"""Notebook 03: every choice of a run in one place, checked when it is made, and what suits each source of weights."""

import math
import numbers
import operator
import os
from dataclasses import dataclass, fields, replace

from .layers import layer_index, layer_name
from .validation import short_repr

CHOICES = {
    "start": ("content", "noise", "style", "blend"),
    "style_loss": ("gram", "moments", "sliced", "nearest", "gaussian"),
    "optimizer": ("adam", "lbfgs"),
    "precision": ("auto", "float32", "bfloat16"),
}
WEIGHTS = ("content_weight", "style_weight", "tv_weight")
LARGEST = 3e38  # where float32 ends
QUICK_STEPS = 15  # the longest run while the environment variable NST_QUICK is 1


@dataclass(frozen=True)
class Settings:
    """Every choice of a run. Layers are given by name (``"relu4_1"``) or index (``25``), and kept as names.

    ``content_layer_weights``, ``style_layer_weights``: one number per layer, in the order of ``content_layers`` or
    ``style_layers``; empty for 1 each.
    ``start``: what the composite image is at first. ``style_loss``: how styles are compared, by a name in
    ``STYLE_LOSSES``.
    ``optimizer``: ``"adam"``, as in d2l 14.12, or ``"lbfgs"``, which needs far fewer steps and no learning rate.
    ``precision`` of the convolutions: ``"auto"`` takes bfloat16 where the hardware multiplies it natively.
    ``lr`` and ``lr_decay_epoch`` are Adam's: every ``lr_decay_epoch`` steps the learning rate falls by a fifth.
    Raises ``ValueError``, naming the setting and the value, for anything that cannot work.
    """

    content_layers: tuple = ("relu3_1",)
    style_layers: tuple = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")
    content_weight: float = 1.0
    style_weight: float = 1e5
    tv_weight: float = 10.0
    lr: float = 0.15
    num_epochs: int = 80
    lr_decay_epoch: int = 20
    start: str = "content"
    seed: int = 0
    content_layer_weights: tuple = ()
    style_layer_weights: tuple = ()
    style_loss: str = "gram"
    optimizer: str = "lbfgs"
    precision: str = "auto"

    def __post_init__(self):
        for name, choices in CHOICES.items():
            if not isinstance(getattr(self, name), str) or getattr(self, name) not in choices:
                raise ValueError(f"{name} must be one of {', '.join(choices)}; it is {short_repr(getattr(self, name))}")
        for name in (*WEIGHTS, "lr"):
            self._keep(name, _number(name, getattr(self, name)))
        for name in ("num_epochs", "lr_decay_epoch", "seed"):
            self._keep(name, _integer(name, getattr(self, name)))
        for name in ("lr", "num_epochs", "lr_decay_epoch"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be more than zero; it is {short_repr(getattr(self, name))}")
        for kind in ("content", "style"):
            names = _layers(f"{kind}_layers", getattr(self, f"{kind}_layers"))
            self._keep(f"{kind}_layers", names)
            self._keep(f"{kind}_layer_weights", self._checked_layer_weights(kind))
            if not names and getattr(self, f"{kind}_weight") > 0:
                raise ValueError(f"{kind}_layers is empty: name at least one layer, or set {kind}_weight to 0")
        if not self.content_layers + self.style_layers:
            raise ValueError("no layers chosen: name at least one content layer or one style layer")

    def _keep(self, name, value):
        object.__setattr__(self, name, value)

    def _checked_layer_weights(self, kind):
        name, layers = f"{kind}_layer_weights", getattr(self, f"{kind}_layers")
        try:
            weights = tuple(getattr(self, name))
        except TypeError:
            raise ValueError(f"{name} must be a list; it is {short_repr(getattr(self, name))}") from None
        if weights and len(weights) != len(layers):
            raise ValueError(f"{name} has {len(weights)} numbers for {len(layers)} {kind} layers")
        return tuple(_number(name, weight) for weight in weights)

    def layer_weights(self, kind):
        """``{layer: weight}`` of ``"content"`` or ``"style"``, in the network's order."""
        if kind not in ("content", "style"):
            raise ValueError(f"layers are of kind 'content' or 'style', not {short_repr(kind)}")
        layers = getattr(self, f"{kind}_layers")
        pairs = zip(layers, getattr(self, f"{kind}_layer_weights") or (1.0,) * len(layers))
        return dict(sorted(pairs, key=lambda pair: layer_index(pair[0])))

    @property
    def loss_weights(self):
        """``([content, one per layer], [style, one per layer], tv)``: what ``compute_loss`` takes as ``weights``."""
        content, style = (
            [weight * getattr(self, f"{kind}_weight") for weight in self.layer_weights(kind).values()]
            for kind in ("content", "style")
        )
        return content, style, self.tv_weight

    def but(self, **changes):
        """A copy with some settings changed: ``settings.but(lr=0.1)``. ``ValueError`` for an unknown name."""
        known = [field.name for field in fields(self)]
        if unknown := sorted(set(changes) - set(known)):
            raise ValueError(f"unknown setting {short_repr(unknown[0])}; the settings are {', '.join(known)}")
        return replace(self, **changes)

    def __str__(self):
        lines = [
            f"content  {' '.join(self.content_layers) or 'none'}, weight {self.content_weight:g}",
            f"style    {' '.join(self.style_layers) or 'none'}, weight {self.style_weight:g}",
            f"TV       weight {self.tv_weight:g}",
        ]
        if self.style_loss != "gram":
            lines[1] += f", compared by {self.style_loss}"
        rate = f", learning rate {self.lr:g}" if self.optimizer == "adam" else ""
        lines.append(f"run      {self.num_epochs} steps of {self.optimizer}{rate}, start: {self.start}")
        return "\n".join(lines)


def shortened(settings):
    """``settings`` with fewer steps if the environment variable ``NST_QUICK`` asks for short runs.

    ``1`` means at most ``QUICK_STEPS`` steps; a larger number is the number of steps, as a hub with few cores sets it.
    """
    asked = os.environ.get("NST_QUICK", "")
    if not asked.strip("0"):
        return settings
    most = int(asked) if asked.isdecimal() and asked != "1" else QUICK_STEPS
    return settings.but(num_epochs=min(settings.num_epochs, most))


def _number(name, value):
    """A finite number from zero to ``LARGEST``."""
    # NaN fails every comparison; a half-precision infinity equals LARGEST, which half precision cannot hold
    good = isinstance(value, numbers.Real) and not isinstance(value, bool) and 0 <= value <= LARGEST
    if not good or not math.isfinite(value):
        raise ValueError(f"{name} must be a finite number, zero or more; it is {short_repr(value)}")
    return float(value)


def _integer(name, value):
    """An integer that fits 63 bits."""
    try:
        number = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = None
    if number is None or abs(number) >= 2**63:
        raise ValueError(f"{name} must be an integer; it is {short_repr(value)}")
    return number


def _layers(name, layers):
    """Layers as a tuple of names, each at most once."""
    if isinstance(layers, (str, numbers.Integral)):
        layers = (layers,)
    try:
        names = tuple(layer_name(layer) for layer in layers)
    except TypeError:
        raise ValueError(f"{name} must be layers, by name or index; it is {short_repr(layers)}") from None
    if len(set(names)) < len(names):
        raise ValueError(f"{name} names a layer twice: {', '.join(names)}")
    return names


# The choice of Dive into Deep Learning, section 14.12. Its ReLUs work in place, so what its layers 0, 5, 10, 19, 25
# hold when the loss reads them is the output of the ReLUs after them (notebook 03); layer 28 stays a convolution.
PUBLISHED = Settings(
    content_layers=("relu4_4",),
    style_layers=("relu1_1", "relu2_1", "relu3_1", "relu4_1", "conv5_1"),
    style_weight=1e4,
    lr=0.3,
    num_epochs=500,
    lr_decay_epoch=50,
    optimizer="adam",
)

DEFAULTS = {
    "imagenet": PUBLISHED,
    "embedded": Settings(),  # chosen by eye and by scores: benchmarks/FILTERS.md
    "learned": Settings(),  # what a reader learns in notebook 08 is made as the embedded ones are
    "random": PUBLISHED.but(style_weight=1e5, lr=0.15, num_epochs=150, lr_decay_epoch=20),  # its features are faint
}
