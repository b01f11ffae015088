"""The studio's thread at work: begin, steer or resume a run, show it while it is painted, keep it."""

import time

from ..images import jpeg
from ..preprocessing import postprocess
from .drawing import small
from .easel import Easel, network
from .panel import kept_items
from .runs import Shelf, keep

FRAME, CHART = 1 / 15, 0.4  # seconds between frames, between charts, at least
STEERED = " · choices changed on the way: ▶ Paint makes it anew from what is shown"


class Painting:
    """``serve`` runs in ``worker``'s thread. ``parts``: where it shows. ``present()``: choices, images, net or None."""

    def __init__(self, parts, present):
        self.parts, self.present, self.easel, self.runs, self.worker = parts, present, Easel(), Shelf(), None

    def serve(self, kind):
        """Run, steer or resume, until done or interrupted."""
        easel, (choices, images, net) = self.easel, self.present()
        if kind == "run" or not easel.fits(choices, images):
            if net is None:
                self.state("reading VGG-19's weights …", running=True)
            easel.begin(net or network(choices.weights), choices, images)
            self._show_start()
        elif choices.settings != easel.choices.settings or (kind == "resume" and easel.run.finished):
            easel.steer(choices)
        elif easel.run.finished:
            return
        self.worker.share_cores(easel.pixels)
        self._paint()

    def _show_start(self):
        stage, names = self.parts.stage, [self.easel.choices.content.name, self.easel.choices.style.name]
        self.parts.kept.value = self.parts.kept.against = 0
        with stage.hold_sync():
            stage.under, stage.under_label, stage.error = jpeg(self.easel.photo()), "photo", ""
            stage.frames, stage.steps, stage.alt = [], [], f"{names[0]}, painted like {names[1]}"[:200]
            if self.easel.choices.settings.start == "content":
                stage.value = stage.under

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
        if run.error:
            stage.error = str(run.error)
        if run.history and (run.finished or self.worker.request is None):  # what is superseded is not kept
            self.runs.put(keep(self.easel.number, self.easel.choices, run))
            self.show_kept()
            self.show(self.runs[-1])

    def show_kept(self):
        self.parts.kept.items = kept_items(self.runs)

    def show(self, kept):
        """A kept run on the stage, with its steps and losses."""
        stage = self.parts.stage
        self.parts.kept.value = kept.number
        self._chart(kept.history, kept.step)
        with stage.hold_sync():
            stage.value, stage.alt = jpeg(kept.image), kept.title
            stage.frames, stage.steps = [data for _, data in kept.frames], [step for step, _ in kept.frames]
            self.state(kept=kept)

    def under(self, kept, photo):
        """What the painting is wiped against: a kept run, or the photograph."""
        stage = self.parts.stage
        with stage.hold_sync():
            stage.under = jpeg(kept.image if kept else small(photo, 1024))
            stage.under_label = f"run {kept.number}" if kept else "photo"

    def state(self, note="", running=False, kept=None):
        """The line below the painting: of a kept run, or of the present one."""
        run, ahead = self.easel.run, 0
        shown = kept or run
        step = shown.step if shown else 0
        if run and (kept is None or kept.number == self.easel.number):
            ahead = 0 if run.finished else sum(run.ahead)
        if not running and step:
            note = f"{shown.seconds:.1f} s{', stopped' * (not shown.finished)}{STEERED * shown.steered}"
        more = not running and ahead > 0
        total = max(1, step + ahead)
        self.parts.stage.state = {"running": running, "step": step, "total": total, "note": note, "more": more}

    def _chart(self, history, total):
        thin = history[:: max(1, len(history) // 120)]
        self.parts.chart.total = total
        self.parts.chart.value = [list(row) for row in (*thin, *history[-1:])]
