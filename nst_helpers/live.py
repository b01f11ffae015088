"""Notebook 06: watching a run. d2l's Animator, made to update in place, and ``train`` on top of it."""

import copy
import time
from dataclasses import dataclass, field

from d2l import torch as d2l
from IPython.display import display
from PIL import Image

from .images import PALETTE
from .preprocessing import postprocess
from .training import DivergedError, State, optimize
from .weights import Settings


class LivePlot(d2l.Animator):
    """d2l's Animator with the losses on the left, on a logarithmic scale, and the composite on the right.

    Unlike d2l's, it draws into one display that is updated in place, keeps one picture instead of piling
    them up, and draws so seldom that at most a tenth of the time goes into drawing.
    """

    def __init__(self, num_epochs, image_shape):
        height, width = image_shape
        right = min(3.0 * width / height, 5.5)
        super().__init__(ncols=2, figsize=(4.4 + right, 3.2), fmts=("-", "--", "-."))
        d2l.plt.close(self.fig)  # or the notebook would show it a second time below the cell
        self.fig.set_layout_engine("constrained")
        self.axes[0].get_gridspec().set_width_ratios([4.4, right])
        self.num_epochs, self.picture, self.X, self.Y = num_epochs, None, [], ([], [], [])
        self.handle, self.next_draw, self.note, self.seconds = None, 0.0, "", 0.0

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
        spent = time.monotonic() - start
        self.seconds += spent  # spent on drawing in all
        self.next_draw = time.monotonic() + max(0.5, 9 * spent)


@dataclass
class Result:
    """What ``train`` gives back: the composite as a PIL image, the losses of every step, pictures on the way."""

    image: Image.Image
    history: list = field(repr=False)  # (step, content, style, TV, total)
    snapshots: list = field(repr=False)  # (step, PIL image), the start and the end among them
    settings: Settings = field(repr=False)
    state: State = field(repr=False)
    seconds: float = 0.0
    finished: bool = True


def train(net, content_X, style_X, settings=None, resume=None, start_X=None, snapshots=20, plot=True, **changes):
    """``optimize`` under the live plot; returns a ``Result``.

    It says after three steps how long the run will take (the first is always slower). Interrupt it (the stop
    button) and it returns what it has; ``resume=result`` goes on from there, under the old settings unless
    ``changes`` says otherwise.
    ``snapshots``: about how many pictures to keep. A loss that diverges ends the run with a printed sentence
    and the last good picture.
    """
    settings = (settings or (resume.settings if resume else net.settings)).but(**changes)
    state = copy.deepcopy(resume.state) if resume else State()  # so that a result can be resumed more than once
    history, kept = (list(resume.history), list(resume.snapshots)) if resume else ([], [])
    before = resume.seconds if resume else 0.0
    every = max(1, settings.num_epochs // max(1, snapshots))
    live = LivePlot(settings.num_epochs, content_X.shape[-2:]) if plot else None
    if live:
        for row in history:
            live.X.append(row[0])
            for series, loss in zip(live.Y, row[1:4]):
                series.append(loss)
    start, first, warm_up, finished = time.monotonic(), state.step, 0.0, False
    try:
        for step in optimize(net, content_X, style_X, settings, state, start_X):
            if step.note:
                print(step.note)
            history.append((step.step, step.content, step.style, step.tv, step.total))
            if step.step % every == 0 or step.step == 1:
                kept.append((step.step, postprocess(step.X)))
            if live:
                done, spent = step.step - first, time.monotonic() - start
                warm_up = spent if done == 1 else warm_up
                left = (spent - warm_up - live.seconds) / max(1, done - 1) * (step.num_epochs - step.step)
                if done == 3:
                    print(f"first step {warm_up:.2f} s; about {duration(left)} for {step.num_epochs - step.step} more. "
                          "Stop (■) keeps what is there.", flush=True)  # fmt: skip
                live.note = f"{duration(left)} left" if done > 1 else ""
                live.add(step.step, step[2:5], lambda X=step.X: postprocess(X))
        finished = True
    except KeyboardInterrupt:
        print(f"stopped after step {state.step}; train(…, resume=result) goes on from here")
    except DivergedError as error:
        print(error)
        history, kept = ([row for row in rows if row[0] <= error.step] for rows in (history, kept))
    if state.composite is None:
        raise KeyboardInterrupt("stopped before the first step")
    image = postprocess(state.composite.weight)
    if not kept or kept[-1][0] != state.step:
        kept.append((state.step, image))
    seconds = before + time.monotonic() - start
    if live and history:
        live.note = f"{duration(seconds)} in all"
        live.draw(lambda: image)
    return Result(image, history, kept, settings, state, seconds, finished)


def duration(seconds):
    """A length of time for people: ``"48 s"``, ``"3 min 20 s"``."""
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes} min {seconds:02d} s" if minutes else f"{seconds} s"
