"""Painting in the background: the run on the easel, and how it is shown and kept."""

import time

import torch

from ..features import check_layers, shared_vgg19
from ..images import jpeg, small
from ..live import Run
from ..preprocessing import fit_shape, postprocess, preprocess
from ..training import COARSE
from . import panel
from .runs import Kept, Shelf

FRAME, CHART = 1 / 15, 0.4  # seconds between frames, between charts, at least
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
        self.run, self.choices, self.number, self.inputs, self.key = None, None, number, (), None

    def begin(self, net, choices, images):
        """A new run. ``net``: or ``None``, to read it now."""
        net = net or shared_vgg19(choices.weights)
        tensors = [preprocess(img, shape).to(net[0].weight) for img, shape in zip(images, _shapes(choices, images))]
        self.inputs, self.key = (net, *tensors, images), self._key(choices, images)
        self.run, self.choices, self.number = Run(choices.settings), choices, self.number + 1

    @property
    def pixels(self):
        return self.inputs[1][0, 0].numel()

    def fits(self, choices, images):
        """Whether the present run can go on under these choices. Larger sizes are painted from smaller: they cannot."""
        same = self.key == self._key(choices, images)
        return same and (choices.settings == self.choices.settings or self.run.level == 0)

    def _key(self, choices, images):
        """What another run is needed for; all else steers. Images are kept in ``inputs``, so their ids stay theirs."""
        s = choices.settings
        return [id(img) for img in images] + [choices.size, choices.stroke, choices.weights, s.start, s.seed]

    def steer(self, choices):
        """The present run under other choices; under a new number where the old one was finished."""
        self.choices, self.number = choices, self.number + self.run.finished
        self.run.steer(choices.settings)

    def paint(self):
        """``live.Run.steps``: a generator of steps, to close if it is left; above 256 pixels coarse to fine."""
        net, photo, painting, _ = self.inputs
        return self.run.steps(net, photo, painting, coarse=max(photo.shape[-2:]) > COARSE)


class Painting:
    """``serve`` runs in ``worker``'s thread. ``parts``: where it shows. ``present()``: choices, images, net or None.

    ``easel``: the run that goes on. ``runs``: those that are kept. ``shown``: the kept one on the stage, or ``None``.
    """

    def __init__(self, parts, present, folder=None):
        self.parts, self.present, self.runs, self.shown, self.worker = parts, present, Shelf(folder), None, None
        self.easel = Easel(len(self.runs))

    def serve(self, kind):
        """Run, steer or resume, until done or interrupted."""
        easel, (choices, images, net) = self.easel, self.present()
        if kind == "run" or not easel.fits(choices, images):
            if net is None:
                self.state("reading VGG-19's weights …", running=True)
            easel.begin(net, choices, images)
            self._show_start()
        elif choices.settings != easel.choices.settings or (kind == "resume" and easel.run.finished):
            easel.steer(choices)
        elif easel.run.finished:
            return
        self.worker.share_cores(easel.pixels)
        self._paint()

    def _show_start(self):
        stage, choices, photo = self.parts.stage, self.easel.choices, jpeg(postprocess(self.easel.inputs[1]))
        self.shown, self.parts.kept.value, self.parts.kept.against = None, 0, 0
        with stage.hold_sync():
            stage.under, stage.under_label, stage.error, stage.frames, stage.steps = photo, "photo", "", [], []
            stage.alt = f"{choices.content.name}, painted like {choices.style.name}"[:200]
            if choices.settings.start == "content":
                stage.value = photo

    def _paint(self):
        run, stage, steps = self.easel.run, self.parts.stage, self.easel.paint()
        next_frame = next_chart = 0.0
        for step in steps:
            now = time.monotonic()
            if now >= next_frame:
                run.image, left = postprocess(step.X), run.seconds_left
                with stage.hold_sync():
                    stage.value = jpeg(run.image)
                    self.state("" if left is None else f"{left:.1f} s left", running=True)
                if now >= next_chart:
                    self._chart(run.history, step.num_epochs)
                    next_chart = now + CHART
                next_frame = now + max(FRAME, 4 * (time.monotonic() - now))
            if self.worker.interrupted():
                break
        steps.close()
        if self.worker.closed:
            return
        stage.error = str(run.error or "")
        if run.history and (run.finished or self.worker.request is None):  # what is superseded is not kept
            kept = Kept.of(self.easel.number, self.easel.choices, run)
            try:
                self.runs.put(kept)
            finally:  # it is painted, even if its file cannot be written
                panel.fill_kept(self.parts, self.runs)
                self.show(kept)

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
        shown, ahead = kept or run, sum(run.ahead) if present and not run.finished else 0
        step = shown.step if shown else 0
        if step and not running:
            note = f"{shown.seconds:.1f} s{', stopped' * (not shown.finished)}{STEERED * shown.steered}"
        more, total = not running and ahead > 0, max(1, step + ahead)
        self.parts.stage.state = {"running": running, "step": step, "total": total, "note": note, "more": more}

    def _chart(self, history, total):
        thin = history[:: max(1, len(history) // 120)]
        self.parts.chart.total = total
        self.parts.chart.value = [list(row) for row in (*thin, *history[-1:])]
