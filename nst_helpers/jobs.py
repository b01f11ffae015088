"""Notebook 11: pictures to paint, as data; and what became of them, in files.

A job's result is one PNG file, named after the hash of all that determines the picture, with losses and settings in it.
"""

import hashlib
import json
import math
import os
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from .files import expanded, full_path
from .images import identified, open_image
from .preprocessing import LONGEST, check_size
from .sample_images import credit_of, samples
from .settings import DEFAULTS, PUBLISHED, Settings, shortened
from .validation import printable, short_repr
from .weights import SOURCES, without_download

FORMAT = 1  # of a result; part of the hash
KEY = "nst_helpers"  # the entry of a PNG file that holds a result's settings and losses, as JSON


@dataclass(frozen=True)
class Job:
    """One picture to paint, as data. ``content``, ``style``: a sample's name, or the path of a file.

    ``settings``: a ``Settings``, or a dictionary of changes to those that suit ``weights``. ``size``, ``style_size``:
    pixels on the longer side (default of the second: 1.5 times the first), and ``weights``: a source or a file, as in
    ``stylize``. ``start_from``: the path of a picture to start from, instead of what ``settings.start`` says.
    Raises ``ValueError`` for what cannot work, an unknown setting among it.
    """

    content: str
    style: str
    settings: Settings = None
    size: int = 300
    style_size: int = None
    weights: str = "auto"
    start_from: str = ""

    def __post_init__(self):
        weights, settings = _source(self.weights), self.settings
        if not isinstance(settings, Settings):
            settings = {} if settings is None else settings
            if not isinstance(settings, dict):
                raise ValueError(f"a job's settings are a Settings or a dictionary; this is {short_repr(settings)}")
            suited = "embedded" if weights.endswith(".safetensors") else weights
            settings = DEFAULTS.get(suited, PUBLISHED).but(**settings)
        kept = {name: _name_or_path(name, getattr(self, name)) for name in ("content", "style", "start_from")}
        kept |= {"settings": settings, "weights": weights, "size": check_size(self.size)}
        if self.style_size is not None:
            kept["style_size"] = check_size(self.style_size, "style_size")
        for name, value in kept.items():
            object.__setattr__(self, name, value)

    def but(self, **changes):
        """A copy with some fields or settings changed: ``job.but(size=200, style_weight=1e4)``."""
        own = {name: changes.pop(name) for name in [each.name for each in fields(self)] if name in changes}
        job = replace(self, **own)
        return replace(job, settings=job.settings.but(**changes))

    @property
    def name(self):
        """What to call it: the name of its content, printable on one line."""
        return printable(Path(self.content).name)

    @property
    def style_pixels(self):
        """The painting's longer side."""
        return self.style_size or min(LONGEST, round(1.5 * self.size))

    @property
    def work(self):
        """A measure of how long it takes: steps times pixels."""
        return self.settings.num_epochs * self.size**2


@dataclass(frozen=True)
class Result:
    """What became of a job: the file of its picture, or an ``error`` in a sentence.

    ``losses``: ``content``, ``style``, ``tv`` and ``total``, weighted, before the last step. ``seconds``: what painting
    took. ``kept``: whether it was there before this sweep. ``at``: the job's place among the jobs. ``done`` of ``of``
    jobs were finished when this one was, and the rest takes about ``left`` seconds (``None``: not known yet).
    """

    job: Job
    path: Path = None
    losses: dict = field(default_factory=dict)
    seconds: float = 0.0
    error: str = ""
    kept: bool = False
    at: int = 0
    done: int = 0
    of: int = 0
    left: float = None

    @property
    def image(self):
        """The picture, read from its file, or ``None`` after an error. A sample's credit is in its ``info``."""
        if self.path is None:
            return None
        img = open_image(self.path)
        if credit := credit_of(self.job.content):
            img.info["credit"] = credit
        return img


def _source(weights):
    """A source of weights by its name, ``"auto"`` resolved without a download; or a file's path."""
    weights = os.fspath(weights) if isinstance(weights, (str, os.PathLike)) else weights
    weights = without_download(weights)
    if weights in SOURCES:
        return weights
    if not isinstance(weights, str) or not Path(weights).suffix:
        raise ValueError(f"no weights source {short_repr(weights)}: use one of auto, {', '.join(SOURCES)}, or a file")
    return str(expanded(weights).absolute())


def _name_or_path(role, value):
    if role == "start_from" and (value is None or value == ""):
        return ""
    if not isinstance(value, (str, os.PathLike)) or not str(value) or "\0" in str(value):
        raise ValueError(f"a job's {role} is a sample's name or the path of a file; this is {short_repr(value)}")
    return str(value) if value in samples() else str(expanded(value).absolute())


def pictures(folder):
    """Paths of the pictures in a folder, by name. Names what is left out, and why. ``ValueError`` if there are none."""
    folder, found = readable_folder(folder), []
    for path in sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")):
        try:
            with identified(path):
                found.append(path)
        except Exception as error:  # Pillow's readers raise nearly anything
            why = "no picture in a format that can be read" if isinstance(error, UnidentifiedImageError) else error
            print(f"left out: {printable(path.name)} ({printable(str(why), 100)})")
    if not found:
        raise ValueError(f"there are no pictures in {printable(folder, 200)}: put some JPEG or PNG files there")
    return found


def readable_folder(path):
    """The path of a folder that is there and can be read, or ``ValueError`` or ``PermissionError``."""
    path = full_path(path)
    if not os.path.isdir(path):  # noqa: PTH112 (False, not an error, for a name that is too long)
        raise ValueError(f"there is no folder {printable(path, 200)}")
    if not os.access(path, os.R_OK | os.X_OK):
        raise PermissionError(f"{printable(path, 200)} cannot be read: you have no permission to open it")
    return path


def digest_of(name):
    """A sample's name as it is; of a file, the hash of its bytes."""
    if not name or name in samples():
        return name
    if not os.path.isfile(name):  # noqa: PTH113 (a pipe would keep us waiting; False for a name that is too long)
        raise FileNotFoundError(f"there is no file {printable(name, 200)}")
    try:
        return hashlib.sha256(Path(name).read_bytes()).hexdigest()
    except OSError as error:
        raise OSError(f"{printable(name, 200)} cannot be read: {error.strerror or error}") from None


def job_hash(job, digest=digest_of):
    """The hash of all that determines a job's picture, the bytes of its files among it: 24 letters.

    Raises ``OSError`` or ``ValueError`` for a file that cannot be read.
    """
    asked = {**asdict(replace(job, settings=shortened(job.settings))), "style_size": job.style_pixels}
    for name in ("content", "style", "start_from"):
        asked[name] = digest(asked[name])
    if job.weights not in SOURCES:
        asked["weights"] = digest(job.weights)
    text = json.dumps({"format": FORMAT, **asked}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def read_result(path):
    """A whole result as ``{"path", "losses", "seconds"}``, or ``None``: a damaged one is painted again."""
    try:
        with Image.open(path, formats=["PNG"]) as img:
            about = json.loads(img.info[KEY])
            img.load()
        return {"path": path, "losses": about["losses"], "seconds": about["seconds"]}
    except Exception:  # Pillow's readers raise nearly anything
        return None


def read_sweep(folder):
    """The results that a folder holds, the oldest first, without painting: a list of ``Result``.

    Files that are no results are passed over. ``ValueError`` if there is no such folder, ``PermissionError`` if it
    cannot be read.
    """
    folder, found = readable_folder(folder), []
    for path in filter(Path.is_file, folder.glob("*.png")):  # a pipe would keep us waiting
        try:
            with Image.open(path, formats=["PNG"]) as img:
                about = json.loads(img.info[KEY])
            job = Job(**{**about["job"], "settings": Settings(**about["job"]["settings"])})
            losses = {name: float(about["losses"][name]) for name in ("content", "style", "tv", "total")}
            found.append((path.stat().st_mtime_ns, Result(job, path, losses, float(about["seconds"]), kept=True)))
        except Exception:  # Pillow's readers raise nearly anything, and the file may be a stranger's
            continue
    results = [result for _, result in sorted(found, key=lambda pair: (pair[0], pair[1].path.name))]
    return [replace(result, at=at, done=at + 1, of=len(results)) for at, result in enumerate(results)]


def differing(jobs):
    """What differs among jobs: by the name of a field or of a setting its values, sorted."""
    values = {name: {_choice(job, name) for job in jobs} for name in (*vars(jobs[0]), *vars(jobs[0].settings))}
    return {name: sorted(them, key=_order) for name, them in values.items() if len(them) > 1 and name != "settings"}


def caption(job, names):
    """Some fields and settings of a job, in words."""
    return ", ".join(f"{name.replace('_', ' ')} {worded(_choice(job, name))}" for name in names)


def table(jobs):
    """How jobs lie in a table: ``(rows, columns, places)``, the heads in words, and each job's (row, column).

    All are empty unless two choices differ, no two jobs share a place, and half of the places are taken.
    """
    differ = differing(jobs)
    names = sorted(differ, key=lambda name: len(differ[name]))
    places = [tuple(differ[name].index(_choice(job, name)) for name in names) for job in jobs]
    if len(names) != 2 or len(set(places)) < len(jobs) or math.prod(map(len, differ.values())) > 2 * len(jobs):
        return [], [], []
    heads = ([f"{name.replace('_', ' ')} {worded(value)}" for value in differ[name]] for name in names)
    return *heads, places


def worded(value):
    """A field or setting of a job, in a word or a few: layers by name, a file without its folder."""
    if isinstance(value, tuple):
        return " ".join(map(worded, value)) or "none"
    if isinstance(value, str):
        return printable(Path(value).name) or "none"
    return f"{value:g}".replace("e+0", "e") if isinstance(value, float) else str(value)


def _choice(job, name):
    return getattr(job, name) if hasattr(job, name) else getattr(job.settings, name)


def _order(value):
    return type(value).__name__, value
