"""Notebook 06: a run, and what is kept of it."""

import time
from collections import deque
from dataclasses import asdict, dataclass, field

import numpy as np
import torch
from PIL import Image

from . import checkpoints
from .preprocessing import postprocess
from .pyramid import pyramid
from .settings import Settings, shortened
from .state import State
from .training import DivergedError, coarse_to_fine, optimize, settings_for
from .validation import check_between

JSON_FIELDS = (
    "history",
    "seconds",
    "finished",
    "max_snapshots",
    "every",
    "steered",
    "level",
    "behind",
)


@dataclass
class Run:
    """A run and what is kept of it: the picture, the losses of every step, pictures on the way.

    ``history``: rows ``(step, content, style, tv, total)``. ``snapshots``: ``(step, PIL image)``, at most
    ``max_snapshots``, evenly spread, from the first step to the last. ``seconds``: how long its steps took.
    ``state`` lets it continue. ``finished``: whether all steps were taken. ``error``: the ``DivergedError`` or what
    else ended it, or ``None``. ``steered``: whether its settings changed on the way (``steer``).
    ``save(path)`` writes all of it to a file, ``Run.load(path)`` reads it back.
    """

    settings: Settings = field(repr=False)
    image: Image.Image = None
    history: list = field(default_factory=list, repr=False)
    snapshots: list = field(default_factory=list, repr=False)
    state: State = field(default_factory=State, repr=False)
    seconds: float = 0.0
    finished: bool = False
    error: Exception = None
    max_snapshots: int = 40
    every: int = field(default=0, repr=False)  # steps between two snapshots
    recent_seconds: deque = field(default_factory=lambda: deque(maxlen=20), repr=False)  # seconds of the latest steps
    steered: bool = False
    level: int = field(default=0, repr=False)  # which of the sizes of ``coarse_to_fine``
    behind: int = field(default=0, repr=False)  # steps before ``state`` began to count
    steps_left: list = field(default_factory=list, repr=False)  # steps left, at this size and each larger one

    @property
    def step(self):
        """How many steps were taken, over all sizes."""
        return self.history[-1][0] if self.history else 0

    @property
    def seconds_left(self):
        """An estimate from the latest steps, or ``None`` before the second: the first is always slower.

        A step at twice the size counts as four.
        """
        if len(self.recent_seconds) < 2:
            return None
        seconds = list(self.recent_seconds)[1:]
        present, *later = self.steps_left or [max(0, self.settings.num_epochs - self.step)]
        return sum(seconds) / len(seconds) * (present + sum(4**n * left for n, left in enumerate(later, 1)))

    def steps(self, net, content_X, style_X, start_X=None, objective="fast", coarse=False):
        """``optimize`` that keeps this record: yields every ``Step``, numbered through.

        Stop iterating at any time (close the generator then) and call it again to continue. Time that the caller
        spends between two steps is not counted. A diverging loss ends the iteration, with ``error`` set and the
        record cut back to the last good step. ``coarse``: paint small first, as ``coarse_to_fine`` does.
        """
        check_between("max_snapshots", self.max_snapshots, 2, 10**6, whole=True)
        self.settings = settings_for(net, self.settings)
        settings = shortened(self.settings)
        self.finished, self.error = False, None
        self.every = self.every or max(1, self.settings.num_epochs // (self.max_snapshots - 1))
        given = {"settings": settings, "state": self.state, "objective": objective}
        if coarse:
            counts = [level.num_epochs for *_, level in pyramid(content_X, style_X, settings)]
            steps = coarse_to_fine(net, content_X, style_X, **given)
        else:
            counts = [settings.num_epochs]
            steps = optimize(net, content_X, style_X, start_X=start_X, **given)
        self.recent_seconds.clear()
        try:
            started = time.monotonic()
            for step in steps:
                self._start_size()
                self.steps_left = [counts[self.level] - step.step, *counts[self.level + 1 :]]
                at = self.behind + step.step
                step = step._replace(step=at, num_epochs=at + sum(self.steps_left))
                self._record(step, time.monotonic() - started)
                yield step
                started = time.monotonic()
            self.finished = True
        except DivergedError as error:
            self._start_size()
            self.error = error
            last = self.behind + error.last_good_step
            self.history = [row for row in self.history if row[0] <= last]
            self.snapshots = [shot for shot in self.snapshots if shot[0] <= last]
        finally:
            if self.state.composite is not None:
                self.image = postprocess(self.state.composite.weight)
                if not self.snapshots or self.snapshots[-1][0] != self.step:
                    self.snapshots[self.max_snapshots - 1 :] = [(self.step, self.image)]  # the last one, if it is full

    def _start_size(self):
        """Where a new size begins, its steps are numbered on from the size before."""
        if self.level != self.state.level:
            self.level, self.behind = self.state.level, self.step
            self.recent_seconds.clear()

    def steer(self, settings):
        """Change the settings from here on; call ``steps`` again to take their ``num_epochs`` further steps.

        The run says ``steered`` from now on: its settings alone do not make its picture.
        """
        self.behind, self.state.step, self.state.last_good_step = self.step, 0, 0
        self.settings, self.steered = settings, self.steered or bool(self.history)

    def packed(self):
        """The run as ``(tensors, about)``, for ``write_file``; its pictures stay as they are, pixel by pixel."""
        tensors, about = checkpoints.packed(self.state)
        tensors |= {f"snapshot {step}": torch.from_numpy(np.array(img)) for step, img in self.snapshots}
        plain = {name: getattr(self, name) for name in JSON_FIELDS}
        return tensors, {"state": about, "settings": asdict(self.settings), "step": self.step, **plain}

    @classmethod
    def unpacked(cls, tensors, about, device="cpu"):
        """The run that ``packed`` took apart; its ``state`` is on ``device``."""
        run = cls(Settings(**about["settings"]), state=checkpoints.unpacked(tensors, about["state"], device))
        for name in JSON_FIELDS:
            setattr(run, name, about[name])
        run.history = [tuple(row) for row in run.history]
        shots = {
            int(name.removeprefix("snapshot ")): tensor
            for name, tensor in tensors.items()
            if name.startswith("snapshot ")
        }
        run.snapshots = [(step, Image.fromarray(shots[step].numpy())) for step in sorted(shots)]
        run.image = postprocess(run.state.composite.weight)
        return run

    def save(self, path):
        """Write the run to a file, whole or not at all, with all it needs to go on. Returns the path.

        The file is a safetensors file (no pickle). Raises ``ValueError`` before the first step, and ``OSError``.
        """
        if self.state.composite is None:
            raise ValueError("this run has not begun: there is nothing to save yet")
        return checkpoints.write_file(path, *self.packed())

    @classmethod
    def load(cls, path, device="cpu"):
        """The run that ``save``, or ``train(…, checkpoint=path)``, wrote. Raises ``ValueError`` or ``OSError``.

        ``train(…, resume=run)`` goes on from there; ``device``: that of the network it goes on with.
        """
        return checkpoints.read_file(path, lambda tensors, about: cls.unpacked(tensors, about, device))

    def _record(self, step, seconds):
        self.seconds += seconds
        self.recent_seconds.append(seconds)
        self.history.append((step.step, step.content, step.style, step.tv, step.total))
        if step.step % self.every == 0 or not self.snapshots:
            self.snapshots.append((step.step, postprocess(step.X)))
        if len(self.snapshots) > self.max_snapshots:
            self.snapshots, self.every = self.snapshots[::2], 2 * self.every
