"""Notebooks 06 and 10: watching a run. d2l's Animator, made to update in place, and ``train`` on top of it."""

import time
from collections import deque
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field, replace

import numpy as np
import torch
from d2l import torch as d2l
from IPython.display import display
from PIL import Image

from . import checkpoints
from .door import shown
from .images import PALETTE
from .interrupts import held_back
from .painter_training import PainterState, learn_painter
from .preprocessing import fit_shape, postprocess, preprocess
from .settings import Settings, check_between
from .state import State
from .training import (
    DivergedError,
    check_images,
    check_state,
    checkpoint_of,
    chosen,
    coarse_to_fine,
    limited,
    optimize,
    pyramid,
)

PLAIN = ("history", "seconds", "finished", "max_snapshots", "every", "steered", "level", "behind")  # as JSON holds them


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
        check_between("max_snapshots", self.max_snapshots, 2, 10**6, whole=True)
        self.settings = chosen(net, self.settings)
        settings = limited(self.settings)
        self.finished, self.error = False, None
        self.every = self.every or max(1, self.settings.num_epochs // (self.max_snapshots - 1))
        given = {"settings": settings, "state": self.state, "objective": objective}
        if coarse:
            counts = [level.num_epochs for *_, level in pyramid(content_X, style_X, settings)]
            steps = coarse_to_fine(net, content_X, style_X, **given)
        else:
            counts = [settings.num_epochs]
            steps = optimize(net, content_X, style_X, start_X=start_X, **given)
        self.pace.clear()
        try:
            started = time.monotonic()
            for step in steps:
                self._climb()
                self.ahead = [counts[self.level] - step.step, *counts[self.level + 1 :]]
                at = self.behind + step.step
                step = step._replace(step=at, num_epochs=at + sum(self.ahead))
                self._record(step, time.monotonic() - started)
                yield step
                started = time.monotonic()
            self.finished = True
        except DivergedError as error:
            self._climb()
            self.error = error
            last = self.behind + error.last_good_step
            self.history = [row for row in self.history if row[0] <= last]
            self.snapshots = [shot for shot in self.snapshots if shot[0] <= last]
        finally:
            if self.state.composite is not None:
                self.image = postprocess(self.state.composite.weight)
                if not self.snapshots or self.snapshots[-1][0] != self.step:
                    self.snapshots.append((self.step, self.image))

    def _climb(self):
        """Where a new size begins, its steps are counted on from those of the size before."""
        if self.level != self.state.level:
            self.level, self.behind = self.state.level, self.step
            self.pace.clear()

    def steer(self, settings):
        """Other settings from here on, for as many steps as they say; call ``steps`` again to go there.

        The run says ``steered`` from now on: its settings alone do not make its picture.
        """
        self.behind, self.state.step, self.state.last_good_step = self.step, 0, 0
        self.settings, self.steered = settings, self.steered or bool(self.history)

    def packed(self):
        """The run as ``(tensors, about)``, for ``checkpoints.write``; its pictures stay as they are, pixel by pixel."""
        tensors, about = checkpoints.packed(self.state)
        tensors |= {f"snapshot {step}": torch.from_numpy(np.array(img)) for step, img in self.snapshots}
        plain = {name: getattr(self, name) for name in PLAIN}
        return tensors, {"state": about, "settings": asdict(self.settings), "step": self.step, **plain}

    @classmethod
    def unpacked(cls, tensors, about, device="cpu"):
        """The run that ``packed`` took apart; its ``state`` is on ``device``."""
        run = cls(Settings(**about["settings"]), state=checkpoints.unpacked(tensors, about["state"], device))
        for name in PLAIN:
            setattr(run, name, about[name])
        run.history = [tuple(row) for row in run.history]
        shots = {int(name[9:]): tensor for name, tensor in tensors.items() if name.startswith("snapshot ")}
        run.snapshots = [(step, Image.fromarray(shots[step].numpy())) for step in sorted(shots)]
        run.image = postprocess(run.state.composite.weight)
        return run

    def save(self, path):
        """Write the run to a file, whole or not at all, with all it needs to go on. Returns the path.

        The file is a safetensors file (no pickle). Raises ``ValueError`` before the first step, and ``OSError``.
        """
        if self.state.composite is None:
            raise ValueError("this run has not begun: there is nothing to save yet")
        return checkpoints.write(path, *self.packed())

    @classmethod
    def load(cls, path, device="cpu"):
        """The run that ``save``, or ``train(…, checkpoint=path)``, wrote. Raises ``ValueError`` or ``OSError``.

        ``train(…, resume=run)`` goes on from there; ``device``: that of the network it goes on with.
        """
        return checkpoints.read(path, lambda *kept: cls.unpacked(*kept, device))

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

    def __init__(self, num_epochs, image_shape, history=(), unit="epoch", what="composite image"):
        height, width = image_shape
        right = min(3.0 * width / height, 5.5)
        super().__init__(ncols=2, figsize=(4.4 + right, 3.2), fmts=("-", "--", "-."))
        d2l.plt.close(self.fig)  # or the notebook would show it a second time below the cell
        self.fig.set_layout_engine("constrained")
        self.axes[0].get_gridspec().set_width_ratios([4.4, right])
        self.unit, self.what = unit, what
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
        ax.set(xlabel=self.unit, ylabel="weighted loss", xlim=(0, self.num_epochs), yscale="log", title=self.note)
        if self.X:
            ax.legend(loc="upper right")
        ax.grid(alpha=0.3)
        if img is not None:
            shown = img()
            if self.picture is None:
                self.picture = right.imshow(shown)
                right.axis("off")
            self.picture.set_data(shown)
            right.set_title(f"{self.what} after {self.unit} {self.X[-1]}")
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
    state=None,
    checkpoint=None,
    **changes,
):
    """``optimize`` under the live plot; returns a ``Run``.

    After three steps it says how long the run will take. Interrupt it (the stop button) and it returns what it has
    after the present step; ``resume=run`` continues from there, under that run's settings unless ``changes`` says
    otherwise, and leaves ``run`` itself as it was. Any error after the first step ends the run in the same way, with a
    printed sentence and ``run.error``. ``snapshots``: how many pictures to keep at most.
    ``checkpoint``: the path of a file that keeps the run, a few seconds old at most. Where the kernel dies, the same
    call goes on from there; after the last step it gives the finished run.
    ``state``: a ``State`` that is kept up to date, as in ``optimize``.
    Raises as ``optimize`` does before the first step, and ``ValueError`` for the checkpoint of another run.
    """
    check_images(content_X, style_X)
    if resume is not None and not isinstance(resume, Run):
        raise ValueError(f"resume must be a Run, as train returns it; it is {shown(resume)}")
    check_between("snapshots", snapshots, 0, 10**6, whole=True)
    check_state(state)
    wanted = chosen(net, settings or (resume and resume.settings), **changes)
    settings, run = limited(wanted), None
    file = checkpoint_of(checkpoint, net, content_X, style_X, wanted)
    if resume:
        run = _continued(resume, settings)
    elif file:
        run = file.read(lambda *kept: Run.unpacked(*kept, net[0].weight.device))
        if run:
            print(f"{file.path} holds this run: it goes on after step {run.step}")
            run.settings = settings
    run = run or Run(settings, max_snapshots=max(2, snapshots))
    if state is not None:
        vars(state).update(vars(run.state) if run.state.composite else {})
        run.state = state
    live = LivePlot(settings.num_epochs, content_X.shape[-2:], run.history) if plot else None
    first = run.step
    with held_back(deliver=False) as stop:
        try:
            with closing(run.steps(net, content_X, style_X, start_X, objective)) as steps:
                for step in steps:
                    if live:
                        left = run.seconds_left
                        if step.step == first + 3:
                            more = f"{duration(left)} for {settings.num_epochs - step.step} more steps"
                            print(f"about {more}. Stop (■) keeps what is there.", flush=True)
                        live.note = "" if left is None else f"{duration(left)} left"
                        live.add(step.step, step[2:5], lambda X=step.X: postprocess(X))
                    if file:
                        file.tick(run.packed)
                    if stop.pressed and step.step < step.num_epochs:
                        raise KeyboardInterrupt
        except KeyboardInterrupt:
            if run.image is None:
                raise KeyboardInterrupt("stopped before the first step") from None
            print(f"stopped after step {run.step}; train(…, resume=run) continues from here")
        except Exception as error:
            if run.step == first:
                raise
            run.error = error
        if run.error:
            again = "train(…, resume=run)"
            print(run.error if isinstance(run.error, DivergedError) else _sentence(run.error, run.step, again))
        if file and run.state.composite:
            file.end(run.packed, run.finished)
        if live and run.history:
            live.note = f"{duration(run.seconds)} in all"
            with suppress(Exception):  # a plot that cannot be drawn is no reason to lose the run
                live.draw(lambda: run.image)
    return run


def _sentence(error, step, again):
    """What ended a run, and what to do."""
    what = f"{type(error).__name__}: {error}".splitlines()[0]
    return f"the run ended after step {step} ({what:.200}); what is there is kept, and {again} continues"


def _continued(run, settings):
    """A copy of ``run`` to continue under ``settings``; ``run`` itself stays as it is."""
    lists = {"history": list(run.history), "snapshots": list(run.snapshots), "pace": deque(maxlen=run.pace.maxlen)}
    state, X = State(), getattr(run.state.composite, "weight", None)
    if X is not None:
        state = checkpoints.unpacked(*checkpoints.packed(run.state), X.device)
    return replace(run, settings=settings, state=state, error=None, **lists)


def train_painter(net, paintings, photo, resume=None, plot=True, **options):
    """``learn_painter`` under the live plot, beside ``photo``, a PIL image, as the painter so far paints it.

    Returns the ``PainterState``, whose ``painter`` is the one to keep. Interrupt it (the stop button) and it returns
    what it has after the present step; ``resume=state`` continues from there. The losses are shown as means over 25
    steps, because every step sees other crops. A loss that diverges, or any error after the first step, ends the run
    with a printed sentence. ``options``: as there.
    """
    state, live, recent = resume or PainterState(), None, deque(maxlen=25)
    first, X = state.step, preprocess(photo, fit_shape(photo, 300))

    def picture():
        return postprocess(state.painter.paint(X, next(iter(paintings))))

    with held_back(deliver=False) as stop:
        try:
            for step in learn_painter(net, paintings, state=state, **options):
                recent.append(step[2:5])
                if plot:
                    live = live or LivePlot(step.steps, X.shape[-2:], unit="step", what="one pass")
                    left = state.seconds / step.step * (step.steps - step.step)
                    live.num_epochs, live.note = step.steps, f"{duration(left)} left" if step.step > 5 else ""
                    live.add(step.step, [sum(losses) / len(recent) for losses in zip(*recent)], picture)
                if stop.pressed:
                    raise KeyboardInterrupt
        except KeyboardInterrupt:
            if not state.step:
                raise KeyboardInterrupt("stopped before the first step") from None
            print(f"stopped after step {state.step}; train_painter(…, resume=state) continues from here")
        except DivergedError as error:
            print(error)
        except Exception as error:
            if state.step == first:
                raise
            print(_sentence(error, state.step, "train_painter(…, resume=state)"))
        if live:
            live.note = f"{duration(state.seconds)} in all"
            with suppress(Exception):
                live.draw(picture)
    return state


def duration(seconds):
    """A length of time for people: ``"48 s"``, ``"3 min 20 s"``."""
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes} min {seconds:02d} s" if minutes else f"{seconds} s"
