"""What a run of the studio is made from, as plain values: checked when made, written to JSON and read back."""

import json
import math
import os
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path

from ..files import expanded
from ..painter import PAINTINGS
from ..sample_images import samples
from ..settings import DEFAULTS, Settings
from ..validation import check_between, short_repr
from ..weights import SOURCES

VERSION = 2  # of the settings file
SIZES, STROKES, MOST_STEPS = (64, 1024), (0.3, 3.0), 5000  # pixels on the longer side; times the size; steps
LONGEST, TEXT = 100_000, 1000  # characters of a settings file, of one text
BALANCE = (-3.5, 0.5)  # powers of ten; measured: below it the photograph only gets smoother, above it little changes
ROLES = ("content", "style")
# What "Surprise" draws from; what a recipe does not name is as at first. Each was looked at on three photographs.
RECIPES = json.loads(Path(__file__).with_name("recipes.json").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Picture:
    """Which picture: a sample's name, a file's name and ``path``, or the name of something handed over."""

    name: str
    path: str = ""

    def __post_init__(self):
        if not all(isinstance(text, str) and len(text) <= TEXT for text in (self.name, self.path)):
            raise ValueError(f"a picture has a name, and perhaps a path, of at most {TEXT} characters")

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
            raise ValueError(f"a picture is a sample's name, a path or a PIL image; this is {short_repr(value)}")
        if value in samples():
            return cls(value)
        path = expanded(value)
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
    ``instant``: the painter of notebook 10 paints first, where it can (``one_pass``); the steps refine its picture.
    """

    content: Picture = Picture("cat")
    style: Picture = Picture("starry_harbour")
    weights: str = "embedded"
    size: int = 320
    stroke: float = 1.5
    settings: Settings = field(default_factory=lambda: suited("embedded"))
    instant: bool = True

    def __post_init__(self):
        for role in ROLES:
            object.__setattr__(self, role, Picture.of(getattr(self, role)))
        if not isinstance(self.weights, str) or not 0 < len(self.weights) <= TEXT:
            raise ValueError(f"weights must be one of {', '.join(SOURCES)} or a path; it is {short_repr(self.weights)}")
        if not isinstance(self.instant, bool):
            raise ValueError(f"instant must be True or False; it is {short_repr(self.instant)}")
        check_between("size", self.size, *SIZES, whole=True)
        check_between("stroke", self.stroke, *STROKES)
        check_between("num_epochs", self.settings.num_epochs, 1, MOST_STEPS, whole=True)

    def but(self, **changes):
        """A copy with some choices changed, by the names of ``Settings`` and of this class.

        Also ``steps`` (``num_epochs``) and ``balance`` (see there). Layers may be a dictionary of their weights. New
        ``weights`` bring the layers and loss weights that suit them.
        """
        own = {each.name for each in fields(self)} - {"settings"}
        names = sorted({each.name for each in fields(Settings)} | own | {"balance", "steps"})
        if unknown := sorted(set(changes) - set(names)):
            raise ValueError(f"the studio has no choice {short_repr(unknown[0])}; it has {', '.join(names)}")
        if "steps" in changes:
            changes["num_epochs"] = changes.pop("steps")
        balance = changes.pop("balance", None)
        new = replace(self, **{name: changes.pop(name) for name in own & set(changes)})
        if new.weights != self.weights:
            keep = ("start", "seed", "num_epochs", "optimizer", "precision", "style_loss")
            kept = {name: getattr(self.settings, name) for name in keep}
            new = replace(new, settings=suited(new.weights).but(**kept))
        for role in ROLES:
            if f"{role}_layers" in changes:
                layers = changes[f"{role}_layers"]
                changes.setdefault(f"{role}_layer_weights", tuple(layers.values()) if isinstance(layers, dict) else ())
        new = replace(new, settings=new.settings.but(**changes))
        return new if balance is None else new._balanced(balance)

    @property
    def not_instant(self):
        """Why the painter cannot paint first, in few words, or ``""``."""
        if self.style.kind != "sample" or self.style.name not in PAINTINGS:
            return "not for this painting"
        return "" if self.settings.start == "content" else f"not from {self.settings.start}"

    @property
    def one_pass(self):
        return self.instant and not self.not_instant

    @property
    def balance(self):
        """Powers of ten that style weighs above (+) or below (−) what suits the weights; ``None`` without both."""
        s, suits = self.settings, suited(self.weights)
        if not s.content_weight or not s.style_weight:
            return None
        return round(math.log10(s.style_weight / suits.style_weight / s.content_weight * suits.content_weight), 6)

    def _balanced(self, balance):
        check_between("balance", balance, -12, 12)
        suits = suited(self.weights)
        content = self.settings.content_weight or suits.content_weight
        style = 10**balance * suits.style_weight / suits.content_weight * content
        return replace(self, settings=self.settings.but(content_weight=content, style_weight=style))

    def to_json(self):
        """JSON text that ``read`` takes back. A picture that is no sample and no file is only named in it."""
        return json.dumps({"nst_studio": VERSION, **asdict(self)}, indent=2)


def read(text):
    """Choices from JSON text. Raises ``ValueError`` that says what is wrong in it."""
    if not isinstance(text, (str, bytes, bytearray)) or len(text) > LONGEST:
        raise ValueError(f"settings are read from text of at most {LONGEST:,} characters; this is {short_repr(text)}")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"these settings are not JSON ({str(error):.120}): choose a file the studio wrote") from None
    if not isinstance(data, dict) or "nst_studio" not in data:
        raise ValueError('this is not a settings file of the studio: it has no entry "nst_studio"')
    if data.pop("nst_studio") != VERSION:
        raise ValueError(f"this settings file is of another version of the studio; this one reads version {VERSION}")
    if unknown := set(data) - {each.name for each in fields(Choices)}:
        raise ValueError(f"the settings file has an unknown entry {short_repr(min(unknown))}")
    for role in ROLES:
        entry = data.get(role)
        if not isinstance(entry, dict) or not entry.get("name"):
            raise ValueError(f'"{role}" must name a picture, as in {{"name": "cat"}}; it holds {short_repr(entry)}')
        data[role] = Picture.of(entry["path"]) if entry.get("path") else Picture(entry["name"])
    data.setdefault("instant", False)  # a file from before there was one
    settings = data.pop("settings", {})
    if not isinstance(settings, dict):
        raise ValueError(f'"settings" must hold names and values; it holds {short_repr(settings)}')
    try:
        new = Choices().but(**data)
        return replace(new, settings=new.settings.but(**settings))
    except RecursionError:
        raise ValueError("the settings file is nested too deeply: choose a file the studio wrote") from None
