"""Notebook 06: watching a run. d2l's Animator, made to update in place, and ``train`` on top of it."""

import time
from collections import deque
from contextlib import closing
from copy import deepcopy
from dataclasses import dataclass, field, replace

from d2l import torch as d2l
from IPython.display import display
from PIL import Image

from .images import PALETTE
from .preprocessing import postprocess
from .settings import Settings
from .training import DivergedError, State, limited, next_start, optimize, pyramid


@dataclass
class Run:
    """A run and what is kept of it: the picture, the losses of every step, pictures on the way.

    ``history``: rows ``(step, content, style, tv, total)``. ``snapshots``: ``(step, PIL image)``, at most
    ``max_snapshots``, evenly spread, from the first step to the last. ``seconds``: how long its steps took.
    ``state`` lets it continue. ``finished``: whether all steps were taken. ``error``: the ``DivergedError`` that ended
    it, or ``None``. ``steered``: whether its settings changed on the way (``steer``).
    """

    settings: Settings = field(repr=False)
    image: Image.Image = None
    history: list = field(default_factory=list, repr=False)
    snapshots: list = field(default_factory=list, repr=False)
    state: State = field(default_factory=State, repr=False)
    seconds: float = 0.0
    finished: bool = False
    error: DivergedError = None
    max_snapshots: int = 40
    every: int = field(default=0, repr=False)  # steps between two snapshots
    pace: deque = field(default_factory=lambda: deque(maxlen=20), repr=False)  # seconds of the latest steps
    steered: bool = False
    level: int = field(default=0, repr=False)  # which of the sizes of ``coarse_to_fine``
    behind: int = field(default=0, repr=False)  # steps before ``state`` began to count
    ahead: list = field(default_factory=list, repr=False)  # steps left, at this size and each larger one

    @property
    def step(self):
        """How many steps are behind it."""
        return self.history[-1][0] if self.history else 0

    @property
    def seconds_left(self):
        """An estimate from the latest steps, or ``None`` before the second: the first is always slower.

        A step at twice the size counts as four.
        """
        if len(self.pace) < 2:
            return None
        steps = list(self.pace)[1:]
        present, *later = self.ahead or [max(0, self.settings.num_epochs - self.step)]
        return sum(steps) / len(steps) * (present + sum(4**n * left for n, left in enumerate(later, 1)))

    def steps(self, net, content_X, style_X, start_X=None, objective="fast", coarse=False):
        """``optimize`` that keeps this record: yields every ``Step``, numbered through.

        Stop iterating at any time (close the generator then) and call it again to continue. Time that the caller
        spends between two steps is not counted. A diverging loss ends the iteration, with ``error`` set and the
        record cut back to the last good step. ``coarse``: paint small first, as ``coarse_to_fine`` does.
        """
        self.finished, self.error = False, None
        self.every = self.every or max(1, self.settings.num_epochs // (self.max_snapshots - 1))
        settings = limited(self.settings)
        levels = pyramid(content_X, style_X, settings) if coarse else [(content_X, style_X, settings)]
        counts = [level.num_epochs for *_, level in levels]
        try:
            for at in range(self.level, len(levels)):
                content_X, style_X, level = levels[at]
                if at > self.level:  # the picture so far, enlarged
                    start_X = next_start(self.state.composite.weight.detach(), levels[at - 1][0], content_X, level)
                    self.behind += self.state.step
                    self.state, self.level = State(), at
                self.pace.clear()
                started = time.monotonic()
                for step in optimize(net, content_X, style_X, level, self.state, start_X=start_X, objective=objective):
                    self.ahead = [level.num_epochs - step.step, *counts[at + 1 :]]
                    step = step._replace(
                        step=self.behind + step.step, num_epochs=self.behind + step.step + sum(self.ahead)
                    )
                    self._record(step, time.monotonic() - started)
                    yield step
                    started = time.monotonic()
            self.finished = True
        except DivergedError as error:
            self.error = error
            last = self.behind + error.last_good_step
            self.history = [row for row in self.history if row[0] <= last]
            self.snapshots = [shot for shot in self.snapshots if shot[0] <= last]
        finally:
            if self.state.composite is not None:
                self.image = postprocess(self.state.composite.weight)
                if not self.snapshots or self.snapshots[-1][0] != self.step:
                    self.snapshots.append((self.step, self.image))

    def steer(self, settings):
        """Other settings from here on, for as many steps as they say; call ``steps`` again to go there.

        The run says ``steered`` from now on: its settings alone do not make its picture.
        """
        self.behind, self.state.step, self.state.last_good_step = self.step, 0, 0
        self.settings, self.steered = settings, True

    def _record(self, step, seconds):
        self.seconds += seconds
        self.pace.append(seconds)
        self.history.append((step.step, step.content, step.style, step.tv, step.total))
        if step.step % self.every == 0 or not self.snapshots:
            self.snapshots.append((step.step, postprocess(step.X)))
        if len(self.snapshots) > self.max_snapshots:
            self.snapshots, self.every = self.snapshots[::2], 2 * self.every


class LivePlot(d2l.Animator):
    """d2l's Animator with the losses on the left, on a logarithmic scale, and the composite on the right.

    Unlike d2l's, it draws into one display that is updated in place, keeps one picture instead of piling
    them up, and draws so seldom that at most a tenth of the time goes into drawing.
    """

    def __init__(self, num_epochs, image_shape, history=()):
        height, width = image_shape
        right = min(3.0 * width / height, 5.5)
        super().__init__(ncols=2, figsize=(4.4 + right, 3.2), fmts=("-", "--", "-."))
        d2l.plt.close(self.fig)  # or the notebook would show it a second time below the cell
        self.fig.set_layout_engine("constrained")
        self.axes[0].get_gridspec().set_width_ratios([4.4, right])
        self.num_epochs, self.picture, self.handle, self.next_draw, self.note = num_epochs, None, None, 0.0, ""
        self.X, self.Y = [row[0] for row in history], [[row[i] for row in history] for i in (1, 2, 3)]

    def add(self, step, losses, img=None):
        """Take the three losses of a step; ``img``: a function that makes the picture, called only to draw."""
        self.X.append(step)
        for series, loss in zip(self.Y, losses):
            series.append(loss)
        if time.monotonic() >= self.next_draw:
            self.draw(img)

    def draw(self, img=None):
        """Draw now."""
        start = time.monotonic()
        ax, right = self.axes
        ax.cla()
        for series, name, label, fmt in zip(self.Y, ("content", "style", "tv"), ("content", "style", "TV"), self.fmts):
            if any(series):  # a logarithmic axis has no place for a loss of weight 0
                ax.plot(self.X, series, fmt, color=PALETTE[name], label=label)
        ax.set(xlabel="epoch", ylabel="weighted loss", xlim=(0, self.num_epochs), yscale="log", title=self.note)
        if self.X:
            ax.legend(loc="upper right")
        ax.grid(alpha=0.3)
        if img is not None:
            shown = img()
            if self.picture is None:
                self.picture = right.imshow(shown)
                right.axis("off")
            self.picture.set_data(shown)
            right.set_title(f"composite image after epoch {self.X[-1]}")
        if self.handle is None:
            self.handle = display(self.fig, display_id=True)
        else:
            self.handle.update(self.fig)
        self.next_draw = time.monotonic() + max(0.5, 9 * (time.monotonic() - start))


def train(
    net,
    content_X,
    style_X,
    settings=None,
    resume=None,
    start_X=None,
    snapshots=40,
    plot=True,
    objective="fast",
    **changes,
):
    """``optimize`` under the live plot; returns a ``Run``.

    After three steps it says how long the run will take. Interrupt it (the stop button) and it returns what it has;
    ``resume=run`` continues from there, under that run's settings unless ``changes`` says otherwise, and leaves
    ``run`` itself as it was. ``snapshots``: how many pictures to keep at most. A loss that diverges ends the run with
    a printed sentence and the last good picture. Raises as ``optimize`` does before the first step.
    """
    settings = limited((settings or (resume.settings if resume else net.settings)).but(**changes))
    run = _continued(resume, settings) if resume else Run(settings, max_snapshots=max(2, snapshots))
    live = LivePlot(settings.num_epochs, content_X.shape[-2:], run.history) if plot else None
    first = run.step
    try:
        with closing(run.steps(net, content_X, style_X, start_X, objective)) as steps:
            for step in steps:
                if live:
                    left = run.seconds_left
                    if step.step == first + 3:
                        more = settings.num_epochs - step.step
                        print(
                            f"about {duration(left)} for {more} more steps. Stop (■) keeps what is there.", flush=True
                        )
                    live.note = "" if left is None else f"{duration(left)} left"
                    live.add(step.step, step[2:5], lambda X=step.X: postprocess(X))
    except KeyboardInterrupt:
        if run.image is None:
            raise KeyboardInterrupt("stopped before the first step") from None
        print(f"stopped after step {run.step}; train(…, resume=run) continues from here")
    if run.error:
        print(run.error)
    if live and run.history:
        live.note = f"{duration(run.seconds)} in all"
        live.draw(lambda: run.image)
    return run


def _continued(run, settings):
    """A copy of ``run`` to continue under ``settings``; ``run`` itself stays as it is."""
    lists = {"history": list(run.history), "snapshots": list(run.snapshots), "pace": deque(maxlen=run.pace.maxlen)}
    return replace(run, settings=settings, state=deepcopy(run.state), error=None, **lists)


def duration(seconds):
    """A length of time for people: ``"48 s"``, ``"3 min 20 s"``."""
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes} min {seconds:02d} s" if minutes else f"{seconds} s"
