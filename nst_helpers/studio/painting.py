"""The studio's thread at work: begin, steer or resume a run, show it while it is painted, keep it."""

import time

from ..images import jpeg
from ..preprocessing import postprocess
from . import panel
from .drawing import loss_chart
from .easel import Easel, network
from .runs import Shelf, keep, small

FRAME, CHART = 1 / 15, 0.4  # seconds between frames, between charts, at least
STEERED = " · choices changed on the way: ▶ Paint makes it anew from what is shown"


class Painting:
    """What ``serve`` does in the worker's thread. ``parts``: where it shows; ``present``: gives choices, images, net."""

    def __init__(self, parts, present):
        self.parts, self.present, self.easel, self.runs, self.worker = parts, present, Easel(), Shelf(), None

    @property
    def run(self):
        return self.easel.run

    def serve(self, kind):
        """Run, steer or resume, until done or interrupted."""
        easel, (choices, images, net) = self.easel, self.present()
        if kind == "run" or not easel.fits(choices, images) or (kind == "steer" and easel.run.level):
            self._state(running=True, note="reading VGG-19's weights …" if net is None else "")
            easel.begin(net or network(choices.weights), choices, images)
            with self.parts.stage.hold_sync():
                self.parts.stage.under, self.parts.stage.under_label = jpeg(easel.photo()), "photo"
                self.parts.stage.frames, self.parts.stage.steps = [], []
                self.parts.kept.value = self.parts.kept.against = 0
                self.parts.stage.value = self.parts.stage.under
        elif choices.settings != easel.choices.settings or (kind == "resume" and easel.run.finished):
            easel.steer(choices)
        elif easel.run.finished:
            return
        self.worker.share_cores(easel.pixels)
        self._paint()

    def _paint(self):
        easel, run, stage, worker = self.easel, self.run, self.parts.stage, self.worker
        stage.alt = f"{easel.choices.content.name}, painted like {easel.choices.style.name}"[:200]
        next_frame = next_chart = 0.0
        steps = easel.paint()
        for step in steps:
            now = time.monotonic()
            if step.note:
                self._say(step.note)
            if now >= next_frame:
                left = run.seconds_left
                with stage.hold_sync():
                    stage.value = jpeg(postprocess(step.X))
                    self._state(running=True, note="" if left is None else f"{left:.1f} s left", total=step.num_epochs)
                if now >= next_chart:
                    self.parts.chart.value, next_chart = loss_chart(run.history, step.num_epochs), now + CHART
                next_frame = now + max(FRAME, 4 * (time.monotonic() - now))
            if worker.interrupted():
                break
        steps.close()
        if worker.closed:
            return
        self.parts.chart.value = loss_chart(run.history, run.step)
        if run.error:
            self._say(str(run.error))
        if run.history and (run.finished or worker.request is None):
            self._keep()
        self._state(running=worker.request is not None)

    def _keep(self):
        """Put the run on the shelf, in place of what it went on from, and its steps under the replay."""
        kept = keep(self.easel.number, self.easel.choices, self.run)
        self.runs.put(kept)
        self.show_kept()
        self.parts.kept.value = kept.number
        self.show(kept)

    def show_kept(self):
        self.parts.kept.items = [panel.kept_item(run) for run in self.runs]

    def show(self, kept):
        """A kept run on the stage, with its steps."""
        stage = self.parts.stage
        with stage.hold_sync():
            stage.value, stage.frames = jpeg(kept.image), [data for _, data in kept.frames]
            stage.steps = [step for step, _ in kept.frames]
            stage.alt = kept.title
            self._state(kept=kept)

    def under(self, kept, photo):
        """What the painting is wiped against: a kept run, or the photograph."""
        stage = self.parts.stage
        with stage.hold_sync():
            stage.under = jpeg(kept.image if kept else small(photo, 1024))
            stage.under_label = f"run {kept.number}" if kept else "photo"

    def _state(self, running=False, note=None, total=None, kept=None):
        """The line below the painting."""
        shown = kept or self.run
        step = shown.step if shown else 0
        if note is None:
            note = f"{shown.seconds:.1f} s{'' if shown.finished else ', stopped'}{STEERED if shown.steered else ''}" if step else ""
        present = kept is None or kept.number == self.easel.number
        more = present and not running and bool(step) and not self.run.finished
        total = total or (step + sum(self.run.ahead) if present and self.run else step)
        self.parts.stage.state = {"running": running, "step": step, "total": max(1, total), "note": note, "more": more}

    def _say(self, text):
        self.parts.stage.error = text
