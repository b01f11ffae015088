"""The runs that a studio keeps: their pictures and steps as JPEG, a bounded number of them, some of them pinned."""

from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from ..images import jpeg
from .choices import Choices
from .drawing import small

KEPT, PINS, MEMORY = 8, 8, 60_000_000  # runs without and with a pin; bytes of all of them


@dataclass
class Kept:
    """One run: the choices it ended with, its picture, its losses, and JPEG pictures of steps on the way.

    ``history``: rows ``(step, content, style, tv, total)``. ``frames``: ``(step, JPEG bytes)``. ``steered``: whether
    choices changed while it ran, so that running its choices again gives another picture.
    """

    number: int
    choices: Choices
    image: Image.Image
    history: list = field(repr=False)
    frames: list = field(repr=False)
    seconds: float = 0.0
    finished: bool = True
    steered: bool = False
    pinned: bool = False

    @property
    def settings(self):
        return self.choices.settings

    @property
    def step(self):
        return self.history[-1][0] if self.history else 0

    @property
    def title(self):
        names = [Path(each.name).stem.replace("_", " ") for each in (self.choices.content, self.choices.style)]
        state = f"{self.step} steps{'' if self.finished else ', stopped'}{', steered' if self.steered else ''}"
        return f"Run {self.number}: {' × '.join(names)}, {state}"

    @property
    def memory(self):
        return 3 * self.image.width * self.image.height + sum(len(data) for _, data in self.frames)


def keep(number, choices, run):
    """A ``live.Run`` as a ``Kept``: without what an optimizer remembers."""
    frames = [(step, jpeg(small(img), 82)) for step, img in run.snapshots]
    return Kept(number, choices, run.image, list(run.history), frames, run.seconds, run.finished, run.steered)


class Shelf(list):
    """Kept runs, oldest first. The oldest without a pin goes when they are too many, or take too much memory."""

    def put(self, kept):
        """Add a run, in place of the one of its number."""
        if before := self.find(kept.number):
            kept.pinned = before.pinned
        self[:] = [each for each in self if each is not before] + [kept]
        self._trim()

    def find(self, number):
        return next((each for each in self if each.number == number), None)

    def pin(self, number, pinned=True):
        """Pin a run, or let it go. ``ValueError`` for a run that is not here, and for one pin too many."""
        if not (run := self.find(number)):
            raise ValueError(f"run {number!r:.20} is not kept; kept are {', '.join(str(each.number) for each in self)}")
        if pinned and sum(each.pinned for each in self if each is not run) >= PINS:
            raise ValueError(f"{PINS} runs are pinned already: unpin one of them first")
        run.pinned = pinned
        self._trim()

    def turn(self, number):
        """Pin a run without a pin, and the other way round."""
        self.pin(number, not getattr(self.find(number), "pinned", False))

    def _trim(self):
        loose = [each for each in self if not each.pinned]
        while len(loose) > KEPT or (len(loose) > 1 and sum(each.memory for each in self) > MEMORY):
            self.remove(loose.pop(0))
