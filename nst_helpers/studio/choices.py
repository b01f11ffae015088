"""What a run of the studio is made from, as plain values: checked when made, written to JSON and read back."""

import json
import math
import operator
import os
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path

from ..images import samples
from ..layers import layer_index
from ..settings import DEFAULTS, Settings
from ..weights import SOURCES, imagenet_path

VERSION = 2  # of the settings file
SIZES, STROKES, MOST_STEPS = (64, 1024), (0.3, 3.0), 5000  # pixels on the longer side; times the size; steps
LONGEST, DEEPEST, LONGEST_TEXT = 100_000, 4, 1000  # of a settings file: characters, nested lists, of one text
BALANCE = (-3.5, 0.5)  # powers of ten; measured: below it the photograph only gets smoother, above it little changes
SMALL, FINER = 320, 512  # pixels on the longer side without and with "finer"
_NAMES = [each.name for each in fields(Settings)]


@dataclass(frozen=True)
class Picture:
    """Which picture: a sample's name, a file's name and ``path``, or the name of something handed over."""

    name: str
    path: str = ""

    @property
    def kind(self):
        return "file" if self.path else "sample" if self.name in samples() else "upload"


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
    size: int = SMALL
    stroke: float = 1.5
    settings: Settings = field(default_factory=lambda: suited("embedded"))

    def __post_init__(self):
        for role in ("content", "style"):
            picture = getattr(self, role)
            if not isinstance(picture, Picture):
                raise ValueError(f"{role} must be a picture; it is {picture!r:.60}")
        if not isinstance(self.weights, str) or not 0 < len(self.weights) <= LONGEST_TEXT:
            raise ValueError(f"weights must be one of {', '.join(SOURCES)} or a file's path; it is {self.weights!r:.60}")
        object.__setattr__(self, "size", _whole("size", self.size, *SIZES))
        object.__setattr__(self, "stroke", _real("stroke", self.stroke, *STROKES))
        _whole("num_epochs", self.settings.num_epochs, 1, MOST_STEPS)

    def but(self, **changes):
        """A copy with some choices changed, by the names of ``Settings`` and of this class.

        Also ``steps`` (``num_epochs``), ``balance`` (see there) and ``finer`` (whether 512 pixels are painted). New
        ``weights`` bring the layers and loss weights that suit them.
        """
        own = {each.name for each in fields(self)}
        if unknown := sorted(set(changes) - own - set(_NAMES) - {"steps", "balance", "finer"}):
            names = sorted((own | {"balance", "finer", "steps"}) - {"settings"})
            raise ValueError(f"the studio has no choice {unknown[0]!r:.60}; it has {', '.join(names + _NAMES)}")
        changes = dict(changes)
        if "steps" in changes:
            changes["num_epochs"] = changes.pop("steps")
        if "finer" in changes:
            changes["size"] = FINER if changes.pop("finer") else SMALL
        balance = changes.pop("balance", None)
        new = replace(self, **{name: changes.pop(name) for name in own & set(changes)})
        if new.weights != self.weights:
            keep = ("start", "seed", "num_epochs", "optimizer", "precision")
            new = replace(new, settings=suited(new.weights).but(**{name: getattr(self.settings, name) for name in keep}))
        if "style_layers" in changes and "style_layer_weights" not in changes:
            changes["style_layer_weights"] = ()
        new = replace(new, settings=_settings(new.settings, changes))
        return new if balance is None else new._balanced(balance)

    @property
    def balance(self):
        """Powers of ten that style weighs above (+) or below (−) what suits the weights; ``None`` without both."""
        s, suits = self.settings, suited(self.weights)
        if not s.content_weight or not s.style_weight:
            return None
        ratio = math.log10(s.style_weight) - math.log10(s.content_weight)
        return ratio - math.log10(suits.style_weight / suits.content_weight)

    def _balanced(self, balance):
        balance, suits = _real("balance", balance, -12, 12), suited(self.weights)
        content = self.settings.content_weight or suits.content_weight
        style = 10**balance * suits.style_weight / suits.content_weight * content
        return replace(self, settings=_settings(self.settings, {"content_weight": content, "style_weight": style}))

    def layer_weights(self):
        """Style layers in the network's order, each with its weight."""
        s = self.settings
        weights = s.style_layer_weights or (1.0,) * len(s.style_layers)
        return dict(sorted(zip(s.style_layers, weights), key=lambda pair: layer_index(pair[0])))

    def to_json(self):
        """JSON text that ``read`` takes back. A picture that is no sample and no file is only named in it."""
        pictures = {role: {**asdict(getattr(self, role)), "kind": getattr(self, role).kind} for role in ("content", "style")}
        own = {name: getattr(self, name) for name in ("weights", "size", "stroke")}
        return json.dumps({"nst_studio": VERSION, **pictures, **own, "settings": asdict(self.settings)}, indent=2)


def read(text):
    """Choices from JSON text. Raises ``ValueError`` that says what is wrong in it."""
    data = _parsed(text)
    if not isinstance(data, dict) or "nst_studio" not in data:
        raise ValueError('this is not a settings file of the studio: it has no entry "nst_studio"')
    if data.pop("nst_studio") != VERSION:
        raise ValueError(f"this settings file is of another version of the studio; this one reads version {VERSION}")
    values, settings = {}, data.pop("settings", {})
    for role in ("content", "style"):
        entry = data.pop(role, None)
        name, path = (entry.get(part) for part in ("name", "path")) if isinstance(entry, dict) else (None, None)
        if not isinstance(name, str) or not name or not isinstance(path or "", str):
            raise ValueError(f'"{role}" must name a picture, as in {{"name": "cat"}}; it holds {entry!r:.60}')
        values[role] = Picture(name, path or "")
    if not isinstance(settings, dict):
        raise ValueError(f'"settings" must hold names and values; it holds {settings!r:.60}')
    values |= {name: data.pop(name) for name in ("weights", "size", "stroke") if name in data}
    if data:
        raise ValueError(f"the settings file has an unknown entry {min(data)!r:.60}")
    first = Choices().but(**values)
    return replace(first, settings=_settings(first.settings, settings))


def _parsed(text):
    """JSON within limits of length, depth and text."""

    def refuse(name):
        raise ValueError(f"{name} is not a number")

    if not isinstance(text, (str, bytes, bytearray)):
        raise ValueError(f"settings are read from text; this is {type(text).__name__}")
    if len(text) > LONGEST:
        raise ValueError(f"these settings are {len(text):,} characters long; at most {LONGEST:,} are read")
    try:
        data = json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"these settings are not JSON ({str(error):.120}): choose a file that the studio wrote") from None
    level = [data]
    for _ in range(DEEPEST):
        for each in level:
            if isinstance(each, str) and len(each) > LONGEST_TEXT:
                raise ValueError(f"the settings file holds a text of {len(each)} characters; at most {LONGEST_TEXT} are read")
        inner = [each for each in level if isinstance(each, (list, dict))]
        level = [part for each in inner for part in ([*each, *each.values()] if isinstance(each, dict) else each)]
    if level:
        raise ValueError("the settings file is nested too deeply: choose a file that the studio wrote")
    return data


def picture(value):
    """What a sample's name or a path stands for, as a ``Picture``; a file's is told by its path."""
    if isinstance(value, Picture):
        return value
    if isinstance(value, os.PathLike) or (isinstance(value, str) and value not in samples()):
        if len(str(value)) > LONGEST_TEXT or "\0" in str(value):
            raise ValueError(f"{str(value)!r:.60} is not the path of a picture")
        path = Path(value).expanduser()
        return Picture(path.name or str(value), str(path.absolute()))
    if isinstance(value, str):
        return Picture(value)
    raise ValueError(f"a picture is a sample's name, a path or a PIL image; this is {value!r:.60}")


def source(weights):
    """The source of weights that a word stands for: ``"auto"`` is ImageNet's if they are here, else the embedded ones."""
    if weights == "auto":
        weights = os.environ.get("NST_WEIGHTS", "").strip() or "auto"
    if weights == "auto":
        weights = "imagenet" if imagenet_path().is_file() else "embedded"
    if weights not in SOURCES and not Path(weights).expanduser().is_file():
        raise ValueError(f"no weights source {weights!r:.80}: use one of {', '.join(SOURCES)}, or a file's path")
    return weights


def _settings(settings, changes):
    """``settings.but``; what ``Settings`` itself cannot take is a ``ValueError`` too."""
    try:
        return settings.but(**changes)
    except (TypeError, OverflowError) as error:
        raise ValueError(f"these settings hold a value of a wrong kind ({error})") from None


def _whole(name, value, low, high):
    try:
        number = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = None
    if number is None or not low <= number <= high:
        raise ValueError(f"{name} must be a whole number from {low} to {high}; it is {_shown(value)}")
    return number


def _real(name, value, low, high):
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high  # NaN is not
    if not good:
        raise ValueError(f"{name} must be a number from {low:g} to {high:g}; it is {_shown(value)}")
    return float(value)


def _shown(value):
    """A value in a sentence, at any length; Python refuses to write integers of thousands of digits."""
    try:
        return f"{value!r:.60}"
    except ValueError:
        return "a number of thousands of digits"



# What "Surprise" draws from. Each was looked at, on five photographs; what it does not name is as at first.
RECIPES = (
    {"style": "starry_harbour", "balance": -1.0},
)
