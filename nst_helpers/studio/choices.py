"""What a run of the studio is made from, as plain values: checked when made, written to JSON and read back."""

import json
import math
import numbers
import os
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path

from ..images import samples
from ..layers import layer_index
from ..settings import DEFAULTS, Settings
from ..weights import SOURCES, imagenet_path

VERSION = 2  # of the settings file
SIZES, STROKES, MOST_STEPS = (64, 1024), (0.3, 3.0), 5000  # pixels on the longer side; times the size; steps
LONGEST, DEEPEST, TEXT = 100_000, 4, 1000  # of a settings file: characters, nested lists, characters of one text
BALANCE = (-3.5, 0.5)  # powers of ten; measured: below it the photograph only gets smoother, above it little changes
NORMAL, FINER = 320, 512  # pixels on the longer side without and with "finer"
ROLES = ("content", "style")


@dataclass(frozen=True)
class Picture:
    """Which picture: a sample's name, a file's name and ``path``, or the name of something handed over."""

    name: str
    path: str = ""

    @property
    def id(self):
        return self.path or self.name

    @property
    def kind(self):
        return "file" if self.path else "sample" if self.name in samples() else "upload"

    @classmethod
    def of(cls, value):
        """A sample's name or the path of a file as a ``Picture``."""
        if isinstance(value, cls):
            return value
        if not isinstance(value, (str, os.PathLike)):
            raise ValueError(f"a picture is a sample's name, a path or a PIL image; this is {shown(value)}")
        if value in samples():
            return cls(value)
        if len(str(value)) > TEXT or "\0" in str(value):
            raise ValueError(f"{shown(str(value))} is not the path of a picture")
        path = Path(value).expanduser()
        return cls(path.name or str(value), str(path.absolute()))


def suited(weights):
    """The studio's first settings for a source of weights: few steps of L-BFGS, so that it answers at once."""
    known = weights.split(",")[0]  # "embedded, given" is a network that was handed over
    known = known if known in DEFAULTS else "embedded" if known.endswith(".safetensors") else "imagenet"
    return DEFAULTS[known].but(optimizer="lbfgs", num_epochs=60, tv_weight=10.0)


@dataclass(frozen=True)
class Choices:
    """All choices of a run. ``but`` makes changed ones, or raises ``ValueError`` and leaves these as they are.

    ``size``: pixels on the photograph's longer side. ``stroke``: the painting's longer side, as a multiple of that.
    """

    content: Picture = Picture("cat")
    style: Picture = Picture("starry_harbour")
    weights: str = "embedded"
    size: int = NORMAL
    stroke: float = 1.5
    settings: Settings = field(default_factory=lambda: suited("embedded"))

    def __post_init__(self):
        for role in ROLES:
            object.__setattr__(self, role, Picture.of(getattr(self, role)))
        if not isinstance(self.weights, str) or not 0 < len(self.weights) <= TEXT:
            raise ValueError(f"weights must be one of {', '.join(SOURCES)} or a path; it is {shown(self.weights)}")
        _check("size", self.size, *SIZES, whole=True)
        _check("stroke", self.stroke, *STROKES)
        _check("num_epochs", self.settings.num_epochs, 1, MOST_STEPS, whole=True)

    def but(self, **changes):
        """A copy with some choices changed, by the names of ``Settings`` and of this class.

        Also ``steps`` (``num_epochs``), ``balance`` (see there) and ``finer`` (whether 512 pixels are painted). New
        ``weights`` bring the layers and loss weights that suit them.
        """
        own, theirs = ({each.name for each in fields(kind)} for kind in (self, Settings))
        if unknown := sorted(set(changes) - own - theirs - {"steps", "balance", "finer"}):
            names = ", ".join(sorted((own | theirs | {"balance", "finer", "steps"}) - {"settings"}))
            raise ValueError(f"the studio has no choice {shown(unknown[0])}; it has {names}")
        if "steps" in changes:
            changes["num_epochs"] = changes.pop("steps")
        if "finer" in changes:
            changes["size"] = FINER if changes.pop("finer") else NORMAL
        balance = changes.pop("balance", None)
        new = replace(self, **{name: changes.pop(name) for name in own & set(changes)})
        if new.weights != self.weights:
            keep = ("start", "seed", "num_epochs", "optimizer", "precision", "style_loss")
            kept = {name: getattr(self.settings, name) for name in keep}
            new = replace(new, settings=suited(new.weights).but(**kept))
        if "style_layers" in changes:
            changes.setdefault("style_layer_weights", ())
        new = new._with(changes)
        return new if balance is None else new._balanced(balance)

    @property
    def balance(self):
        """Powers of ten that style weighs above (+) or below (−) what suits the weights; ``None`` without both."""
        s, suits = self.settings, suited(self.weights)
        if not s.content_weight or not s.style_weight:
            return None
        return round(math.log10(s.style_weight / suits.style_weight / s.content_weight * suits.content_weight), 6)

    def _balanced(self, balance):
        _check("balance", balance, -12, 12)
        suits = suited(self.weights)
        content = self.settings.content_weight or suits.content_weight
        style = 10**balance * suits.style_weight / suits.content_weight * content
        return self._with({"content_weight": content, "style_weight": style})

    def _with(self, changes):
        """Changed settings. What ``Settings`` itself cannot take is a ``ValueError`` too."""
        try:
            return replace(self, settings=self.settings.but(**changes))
        except (TypeError, OverflowError, RecursionError) as error:
            raise ValueError(f"the settings hold a value of a wrong kind ({str(error):.80})") from None

    def layer_weights(self):
        """Style layers in the network's order, each with its weight."""
        s = self.settings
        pairs = zip(s.style_layers, s.style_layer_weights or (1.0,) * len(s.style_layers))
        return dict(sorted(pairs, key=lambda pair: layer_index(pair[0])))

    def to_json(self):
        """JSON text that ``read`` takes back. A picture that is no sample and no file is only named in it."""
        values = asdict(self)
        for role in ROLES:
            values[role]["kind"] = getattr(self, role).kind
        return json.dumps({"nst_studio": VERSION, **values}, indent=2)


def read(text):
    """Choices from JSON text. Raises ``ValueError`` that says what is wrong in it."""
    data = _parsed(text)
    if not isinstance(data, dict) or "nst_studio" not in data:
        raise ValueError('this is not a settings file of the studio: it has no entry "nst_studio"')
    if data.pop("nst_studio") != VERSION:
        raise ValueError(f"this settings file is of another version of the studio; this one reads version {VERSION}")
    if unknown := set(data) - {each.name for each in fields(Choices)}:
        raise ValueError(f"the settings file has an unknown entry {shown(min(unknown))}")
    settings = data.pop("settings", {})
    for role in ROLES:
        entry = data.get(role)
        name, path = (entry.get(part) for part in ("name", "path")) if isinstance(entry, dict) else (None, None)
        if not isinstance(name, str) or not name or not isinstance(path or "", str):
            raise ValueError(f'"{role}" must name a picture, as in {{"name": "cat"}}; it holds {shown(entry)}')
        data[role] = Picture.of(path) if path else Picture(name)
    if not isinstance(settings, dict):
        raise ValueError(f'"settings" must hold names and values; it holds {shown(settings)}')
    return Choices().but(**data)._with(settings)


def _parsed(text):
    """JSON within limits of length, depth and text."""

    def refuse(name):
        raise ValueError(f"{name} is not a number")

    if not isinstance(text, (str, bytes, bytearray)):
        raise ValueError(f"settings are read from text; this is {shown(text)}")
    if len(text) > LONGEST:
        raise ValueError(f"these settings are {len(text):,} characters long; at most {LONGEST:,} are read")
    try:
        data = json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"these settings are not JSON ({str(error):.120}): choose a file the studio wrote") from None
    level = [data]
    for _ in range(DEEPEST):
        if any(isinstance(each, str) and len(each) > TEXT for each in level):
            raise ValueError(f"the settings file holds a text of more than {TEXT} characters")
        inner = [[*each, *each.values()] if isinstance(each, dict) else each for each in level if _holds(each)]
        level = [part for parts in inner for part in parts]
    if level:
        raise ValueError("the settings file is nested too deeply: choose a file the studio wrote")
    return data


def _holds(each):
    return isinstance(each, (list, dict))


def source(weights):
    """The source of weights that a word stands for; ``"auto"``: ImageNet's if they are here, else the embedded ones."""
    if weights == "auto":
        weights = os.environ.get("NST_WEIGHTS", "").strip() or "auto"
    if weights == "auto":
        weights = "imagenet" if imagenet_path().is_file() else "embedded"
    if weights not in SOURCES and ("\0" in weights or not Path(weights).expanduser().is_file()):
        raise ValueError(f"no weights source {shown(weights)}: use one of {', '.join(SOURCES)}, or a file's path")
    return weights


def _check(name, value, low, high, whole=False):
    kind = numbers.Integral if whole else numbers.Real
    if not isinstance(value, kind) or isinstance(value, bool) or not low <= value <= high:  # NaN is not in between
        word = "whole number" if whole else "number"
        raise ValueError(f"{name} must be a {word} from {low:g} to {high:g}; it is {shown(value)}")


def shown(value):
    """A value in a sentence, at any length; Python refuses to write integers of thousands of digits."""
    try:
        return f"{value!r:.60}"
    except (ValueError, RecursionError):
        return "too long to write"


# What "Surprise" draws from; what a recipe does not name is as at first. Each was looked at on three photographs.
RECIPES = tuple(
    {"style": style, "balance": balance, "stroke": stroke}
    for style, balance, stroke in (
        ("starry_harbour", -1.0, 1.2), ("starry_harbour", -0.3, 2.2), ("autumn_wood", -0.6, 1.5),
        ("autumn_wood", -1.5, 0.8), ("pointillist_park", -0.8, 1.5), ("pointillist_park", -1.2, 2.2),
        ("stained_glass", -1.0, 1.0), ("stained_glass", -1.5, 1.8), ("woodblock_wave", -0.8, 1.5),
        ("woodblock_wave", -1.5, 1.0), ("mosaic_fish", -1.5, 1.0), ("charcoal_street", -1.0, 1.5),
    )
)  # fmt: skip
