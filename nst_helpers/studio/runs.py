"""The runs that a studio keeps: their pictures and steps as JPEG, a bounded number of them, some of them pinned."""

import base64
import functools
import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ..files import atomic_write, full_path
from ..images import jpeg, small, thumbnail
from .choices import Choices, read

KEPT, PINS = 8, 8  # runs without and with a pin
FLAGS = ("finished", "steered", "pinned")


@dataclass
class Kept:
    """One run: the choices it ended with, its picture, its losses, and pictures of steps on the way.

    ``history``: rows ``(step, content, style, tv, total)``. ``frames``: JPEG bytes by step. ``steered``: its choices
    changed while it ran: running them again gives another picture. ``path``: of its file, if it has one: the picture
    as PNG, which carries all else as text.
    """

    number: int
    choices: Choices
    image: Image.Image
    history: list = field(repr=False)
    frames: dict = field(repr=False)
    seconds: float = 0.0
    finished: bool = True
    steered: bool = False
    pinned: bool = False
    path: Path = None

    @classmethod
    def of(cls, number, choices, run):
        """A ``live.Run``, without what an optimizer remembers."""
        frames = {step: jpeg(small(img), 82) for step, img in run.snapshots}
        return cls(number, choices, run.image, list(run.history), frames, run.seconds, run.finished, run.steered)

    @property
    def settings(self):
        return self.choices.settings

    @functools.cached_property
    def thumb(self):
        return jpeg(thumbnail(self.image), 85)

    @property
    def step(self):
        return self.history[-1][0] if self.history else 0

    @property
    def title(self):
        names = [Path(each.name).stem.replace("_", " ") for each in (self.choices.content, self.choices.style)]
        first = "one pass, then " * self.choices.one_pass
        state = f"{self.step} steps{'' if self.finished else ', stopped'}{', steered' if self.steered else ''}"
        number = f"Run {self.number}: " if self.number else ""  # a sweep's picture has none
        return f"{number}{' × '.join(names)}, {first}{state}"

    def save(self):
        """Write its file. Raises ``OSError`` if that cannot be."""
        text = PngInfo()
        about = {"choices": self.choices.to_json(), "history": self.history, "seconds": self.seconds}
        text.add_itxt("nst_run", json.dumps(about | {name: getattr(self, name) for name in FLAGS}))
        for step, data in self.frames.items():
            text.add_itxt(f"nst_step {step}", base64.b64encode(data).decode())
        with atomic_write(self.path) as file:
            self.image.save(file, "png", pnginfo=text)

    @classmethod
    def load(cls, path, number):
        """A run from its file. Raises ``ValueError`` if it is none, or damaged."""
        try:
            with Image.open(path, formats=["PNG"]) as img:
                img.load()
                image, text = img.convert("RGB"), dict(img.text)
            about = json.loads(text.pop("nst_run"))
            frames = {int(key.split()[1]): base64.b64decode(data) for key, data in text.items() if "nst_step" in key}
            history = [(int(step), *map(float, losses)) for step, *losses in about["history"]]
            choices, seconds = read(about["choices"]), float(about["seconds"])
            flags = {name: bool(about[name]) for name in FLAGS}
            return cls(number, choices, image, history, frames, seconds, path=path, **flags)
        except Exception as error:  # it may hold anything
            raise ValueError(f"{path.name} is not the file of a kept run ({error!s:.100})") from None


class Shelf(list):
    """Kept runs, oldest first. The oldest without a pin goes when they are too many.

    ``folder``: where they are files too, and come from at first. ``unread``: what was wrong with files there.
    """

    def __init__(self, folder=None):
        self.folder, self.unread = folder and full_path(folder), []
        for path in sorted(self.folder.glob("run *.png"))[-KEPT - PINS :] if self.folder else ():
            try:
                self.append(Kept.load(path, len(self) + 1))
            except ValueError as error:
                self.unread.append(str(error))

    def put(self, kept):
        """Add a run, in place of the one of its number. ``OSError`` if its file cannot be written; it is here then."""
        if before := self.find(kept.number):
            kept.pinned, kept.path = before.pinned, before.path
            self.remove(before)
        elif self.folder:
            kept.path = self.folder / f"run {datetime.now():%Y-%m-%d %H.%M.%S.%f}.png"
        self.append(kept)
        self._tidy(kept)

    def find(self, number):
        return next((each for each in self if each.number == number), None)

    def turn(self, number):
        """Pin a run, or let it go. ``ValueError`` for a run that is not here, and for one pin too many."""
        if not (run := self.find(number)):
            raise ValueError(f"run {number!r:.20} is not kept; kept are {', '.join(str(each.number) for each in self)}")
        if not run.pinned and sum(each.pinned for each in self) >= PINS:
            raise ValueError(f"{PINS} runs are pinned already: unpin one of them first")
        run.pinned = not run.pinned
        self._tidy(run)

    def _tidy(self, changed):
        if changed.path:
            changed.save()
        for gone in [each for each in self if not each.pinned][:-KEPT]:
            self.remove(gone)
            if gone.path:
                gone.path.unlink(missing_ok=True)
