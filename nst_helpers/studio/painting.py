"""Painting in the background: the run on the easel, and how it is shown and kept."""

import functools
import time

import torch

from ..features import check_layers, shared_vgg19
from ..images import jpeg, small
from ..painter import load_painter
from ..preprocessing import fit_shape, postprocess, preprocess
from ..pyramid import COARSE
from ..run import Run
from . import panel
from .runs import Kept, Shelf

FRAME, CHART = 1 / 15, 0.4  # seconds between frames, between charts, at least
ONE_PASS = "one pass of the painter"
shared_painter = functools.cache(load_painter)
STEERED = " · choices changed on the way: ▶ Paint makes it anew from what is shown"


def check(net, choices, images):
    """Raise ``ValueError`` where a picture is too small for the deepest layer in use."""
    for shape in _shapes(choices, images):
        X = torch.empty(1, 3, *shape, device="meta")
        check_layers(net, X, choices.settings.content_layers, choices.settings.style_layers)


def _shapes(choices, images):
    """``(height, width)`` of photograph and painting as they are painted from."""
    sides = choices.size, max(16, round(choices.size * choices.stroke))
    return [fit_shape(img, side) for img, side in zip(images, sides)]


class Easel:
    """``begin`` or ``steer``, then ``paint``. ``run``: the present ``live.Run``; ``choices``: what it goes by."""

    def __init__(self, number=0):
        self.run, self.choices, self.number, self.net, self.images, self.key = None, None, number, None, None, None

    def begin(self, net, choices, images):
        """A new run; its ``image`` is the painter's one pass, if it has one. ``net``: or ``None``, to read it later."""
        self.run, self.choices, self.number = Run(choices.settings), choices, self.number + 1
        self.net, self.images, self.key = net, images, None
        self.photo, self.painting = (preprocess(img, shape) for img, shape in zip(images, _shapes(choices, images)))
        if choices.one_pass:
            start = time.monotonic()
            self.run.image = shared_painter().answer(images[0], choices.style.name, choices.size, choices.stroke)
            self.run.snapshots, self.run.seconds = [(0, self.run.image)], time.monotonic() - start
        self.key = self._key(choices, images)

    @property
    def pixels(self):
        return self.photo[0, 0].numel()

    def fits(self, choices, images):
        """Whether the present run can go on under these choices. Larger sizes are painted from smaller: they cannot."""
        same = self.key == self._key(choices, images)
        return same and (choices.settings == self.choices.settings or self.run.level == 0)

    def _key(self, choices, images):
        """What another run is needed for; all else steers. Images are kept, so their ids stay theirs."""
        s = choices.settings
        own = choices.size, choices.stroke, choices.weights, choices.one_pass, s.start, s.seed
        return [*map(id, images), *own]

    def steer(self, choices):
        """The present run under other choices; under a new number where the old one was finished."""
        self.choices, self.number = choices, self.number + self.run.finished
        self.run.steer(choices.settings)

    def paint(self):
        """``live.Run.steps``: a generator of steps, to close if it is left.

        They begin at the painter's picture, or else, above 256 pixels, at a smaller size.
        """
        self.net = self.net or shared_vgg19(self.choices.weights)
        start = preprocess(self.run.image, self.photo.shape[-2:]) if self.choices.one_pass else None
        coarse = start is None and max(self.photo.shape[-2:]) > COARSE
        return self.run.steps(self.net, self.photo, self.painting, start, coarse=coarse)


class Painting:
    """``serve`` runs in ``worker``'s thread. ``parts``: where it shows. ``present()``: choices, images, net or None.

    ``easel``: the run that goes on. ``runs``: those that are kept. ``shown``: the kept one on the stage, or ``None``.
    """

    def __init__(self, parts, present, folder=None):
        self.parts, self.present, self.runs, self.shown, self.worker = parts, present, Shelf(folder), None, None
        self.easel = Easel(len(self.runs))

    def serve(self, kind):
        """Run, steer or resume, until done or interrupted. ``"stop"``: Stop dropped the request that a run left for."""
        if kind == "stop":
            return self.parts.stage.state.get("running") and self._end()
        easel, (choices, images, net) = self.easel, self.present()
        if kind == "run" or not easel.fits(choices, images):
            easel.begin(net, choices, images)
            self._show_start()
            if self.worker.request:  # superseded already
                return
        elif choices.settings != easel.choices.settings or (kind == "resume" and easel.run.finished):
            easel.steer(choices)
        elif easel.run.finished:
            return
        self.worker.share_cores(easel.pixels)
        self._paint()

    def _show_start(self):
        stage, easel, choices = self.parts.stage, self.easel, self.easel.choices
        photo = jpeg(postprocess(easel.photo))
        words = [ONE_PASS] * choices.one_pass + ["reading VGG-19's weights …"] * (easel.net is None)
        self.shown, self.parts.kept.value, self.parts.kept.against, self.parts.sheet.value = None, 0, 0, ""
        with stage.hold_sync():
            stage.under, stage.under_label, stage.error, stage.frames, stage.steps = photo, "photo", "", [], []
            stage.alt = f"{choices.content.name}, painted like {choices.style.name}"[:200]
            if choices.settings.start == "content":
                stage.value = jpeg(easel.run.image) if choices.one_pass else photo
            self.state(" · ".join(words), running=True)

    def _paint(self):
        run, stage, steps = self.easel.run, self.parts.stage, self.easel.paint()
        refining = ["refining the one pass"] * self.easel.choices.one_pass
        next_frame = next_chart = 0.0
        for step in steps:
            now = time.monotonic()
            if now >= next_frame:
                run.image, left = postprocess(step.X), run.seconds_left
                words = refining if left is None else [*refining, f"{left:.1f} s left"]
                with stage.hold_sync():
                    stage.value = jpeg(run.image)
                    self.state(" · ".join(words), running=True)
                if now >= next_chart:
                    self._chart(run.history, step.num_epochs)
                    next_chart = now + CHART
                next_frame = now + max(FRAME, 4 * (time.monotonic() - now))
            if self.worker.interrupted():
                break
        steps.close()
        self._end()

    def _end(self):
        """Keep the run and show it, unless a newer request follows."""
        run, newer = self.easel.run, self.worker.request
        if self.worker.closed:
            return
        self.parts.stage.error = str(run.error or "")
        if run.history and (run.finished or not newer):
            kept = Kept.of(self.easel.number, self.easel.choices, run)
            try:
                self.runs.put(kept)
            finally:  # it is painted, even if its file cannot be written
                panel.fill_kept(self.parts, self.runs)
                self.show(kept)
        elif not newer:  # no step was taken
            self.state()

    def show(self, kept):
        """A kept run on the stage, with its steps and losses."""
        stage, self.shown = self.parts.stage, kept
        self.parts.kept.value = kept.number
        self._chart(kept.history, kept.step)
        with stage.hold_sync():
            stage.value, stage.alt = jpeg(kept.image), kept.title
            stage.frames, stage.steps = [*kept.frames.values()], [*kept.frames]
            self.state(kept=kept)

    def under(self, kept, photo):
        """What the painting is wiped against: a kept run, or the photograph."""
        stage = self.parts.stage
        with stage.hold_sync():
            stage.under = jpeg(kept.image if kept else small(photo, 1024))
            stage.under_label = f"run {kept.number}" if kept else "photo"

    def state(self, note="", running=False, kept=None):
        """The line below the painting: of a kept run, or of the present one."""
        run = self.easel.run
        present = run and (kept is None or kept.number == self.easel.number)
        shown, ahead = kept or run, sum(run.steps_left) if present and not run.finished else 0
        step = shown.step if shown else 0
        if step and not running:
            first = "one pass, then refined · " * (kept or self.easel).choices.one_pass
            note = f"{first}{shown.seconds:.1f} s{', stopped' * (not shown.finished)}{STEERED * shown.steered}"
        more, total = not running and ahead > 0, step + ahead or (run.settings.num_epochs if run else 1)
        self.parts.stage.state = {"running": running, "step": step, "total": total, "note": note, "more": more}

    def _chart(self, history, total):
        thin = history[:: max(1, len(history) // 120)]
        self.parts.chart.total = total
        self.parts.chart.value = [list(row) for row in (*thin, *history[-1:])]
