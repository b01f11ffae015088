"""Notebooks 06 and 10: watching a run. d2l's Animator, made to update in place, and ``train`` on top of it."""

import time
from collections import deque
from contextlib import closing, suppress
from dataclasses import replace

from d2l import torch as d2l
from IPython.display import display

from .checkpoints import Checkpoint, packed, unpacked
from .figures import PALETTE
from .interrupts import defer_interrupts
from .painter_training import PainterState, learn_painter
from .preprocessing import check_images, fit_shape, postprocess, preprocess
from .run import Run
from .settings import shortened
from .state import State, check_state
from .training import DivergedError, settings_for
from .validation import check_between, short_repr


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
    ``checkpoint``: the path of a file that keeps the run, written as by ``stylize``. Where the kernel dies, the same
    call goes on from there; after the last step it gives the finished run.
    ``state``: a ``State`` that is kept up to date, as in ``optimize``.
    Raises as ``optimize`` does before the first step, and ``ValueError`` for the checkpoint of another run.
    """
    check_images(content_X, style_X)
    if resume is not None and not isinstance(resume, Run):
        raise ValueError(f"resume must be a Run, as train returns it; it is {short_repr(resume)}")
    check_between("snapshots", snapshots, 0, 10**6, whole=True)
    check_state(state)
    wanted = settings_for(net, settings or (resume and resume.settings), **changes)
    settings, run = shortened(wanted), None
    file = None if checkpoint is None else Checkpoint(checkpoint, net, content_X, style_X, wanted)
    if resume:
        run = _continued(resume, settings)
    elif file:
        run = file.read(lambda tensors, about: Run.unpacked(tensors, about, net[0].weight.device))
        if run:
            print(f"{file.path} holds this run: it goes on after step {run.step}")
            run.settings = settings
    run = run or Run(settings, max_snapshots=max(2, snapshots))
    if state is not None:
        vars(state).update(vars(run.state) if run.state.composite else {})
        run.state = state
    live = LivePlot(settings.num_epochs, content_X.shape[-2:], run.history) if plot else None
    first = run.step
    with defer_interrupts(deliver=False) as stop:
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
                        file.write_if_due(run.packed)
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
            file.finish(run.packed, run.finished)
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
    lists = {
        "history": list(run.history),
        "snapshots": list(run.snapshots),
        "recent_seconds": deque(maxlen=run.recent_seconds.maxlen),
    }
    state, X = State(), getattr(run.state.composite, "weight", None)
    if X is not None:
        state = unpacked(*packed(run.state), X.device)
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

    with defer_interrupts(deliver=False) as stop:
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
