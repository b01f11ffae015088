"""Notebook 06: the training loop, as a generator that yields one small state a step."""

import math
import os
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
import torch.nn.functional as F
from PIL import Image

from .composite import STARTS, CompositeImage, initialise
from .engine import LBFGS, Objective, memory_kept
from .features import VGG19, load_vgg19
from .losses import tv_loss
from .preprocessing import fit_shape, postprocess, preprocess
from .weights import Settings

SMOOTH_TV = 0.01  # in normalised units: half a grey level; with the exact kinks L-BFGS needs twice the steps
PATIENCE = 15  # steps
COARSE = 256  # pixels on the longer side: `stylize` paints larger pictures at half the size first
PACE = ("num_epochs", "lr", "lr_decay_epoch", "start", "seed")


class DivergedError(ValueError):
    """The loss of step ``failed`` was not finite. ``X`` is the last good composite, ``step`` the step it came from."""

    def __init__(self, failed, good, X, lr):
        self.step, self.X = good, X
        cause = f"the learning rate {lr:g} or a loss weight is" if lr else "a loss weight is"
        super().__init__(
            f"the loss became non-finite in step {failed}: most likely {cause} too large. "
            f"The image after step {self.step} is kept; try a tenth of {'the rate' if lr else 'it'}"
        )


class Step(NamedTuple):
    """One step of a run: its number (from 1), the weighted losses before it, and the composite after it.

    ``X`` is the parameter itself, ``(1, 3, h, w)``; clone it to keep it.
    """

    step: int
    num_epochs: int
    content: float
    style: float
    tv: float
    total: float
    X: torch.Tensor
    note: str = ""  # what a reader should know about this step


@dataclass
class State:
    """What a run needs to go on where it stopped: hand it to ``optimize`` again."""

    composite: CompositeImage = None
    trainer: object = None
    scheduler: object = None
    step: int = 0
    last_good: torch.Tensor = field(default=None, repr=False)
    good_step: int = 0  # the step that last_good came from
    settings: Settings = field(default=None, repr=False)
    best: tuple = field(default=None, repr=False)  # lowest total, its step, its picture: L-BFGS's way back

    def prepare(self, settings):
        """The optimiser for these settings: the old one where it fits, for it remembers the way so far."""
        before, self.settings = self.settings, settings
        X = self.composite.weight
        # What does not change where the losses lead; anything else is another landscape, whose old slopes mislead.
        same = before is not None and settings == before.but(**{name: getattr(settings, name) for name in PACE})
        if settings.optimizer == "adam":
            if before is None or before.optimizer != "adam":
                self.use_adam(settings.lr, settings.lr_decay_epoch)
            elif not same:
                self.trainer.state.clear()
            self.scheduler.step_size = settings.lr_decay_epoch  # whoever goes on may choose anew
            if settings.lr != self.scheduler.base_lrs[0]:
                self.scheduler.base_lrs = [settings.lr]
                self.trainer.param_groups[0]["lr"] = settings.lr
        elif not same or (isinstance(self.trainer, LBFGS) and not self.trainer.holds(X)):
            self.trainer, self.scheduler, self.best = LBFGS(X), None, None

    def use_adam(self, lr, decay):
        self.trainer = torch.optim.Adam([self.composite.weight], lr=lr)
        self.scheduler = torch.optim.lr_scheduler.StepLR(self.trainer, decay, 0.8)

    def guard(self, total):
        """Where L-BFGS finds nothing better for ``PATIENCE`` steps, Adam goes on from the best picture."""
        if not isinstance(self.trainer, LBFGS):
            return ""
        X = self.composite.weight
        if self.best is None or total < self.best[0]:
            self.best = total, self.step, X.detach().clone()
        if self.step - self.best[1] < PATIENCE:
            return ""
        with torch.no_grad():
            X.copy_(self.best[2])
        self.use_adam(0.02, 50)
        X.grad = None  # of the picture that was left behind
        return f"L-BFGS found nothing better after step {self.best[1]}: Adam goes on from that picture"


def quick(full, short):
    """``full``, or ``short`` where the environment variable ``NST_QUICK`` asks for short runs (tests do)."""
    return short if os.environ.get("NST_QUICK", "0") not in ("", "0") else full


def optimize(net, content_X, style_X, settings=None, state=None, start_X=None, **changes):
    """Train a composite image; yields a ``Step`` after every step, so whoever iterates decides what to show.

    ``net``: from ``load_vgg19``. ``content_X``, ``style_X``: from ``preprocess``, sizes may differ.
    ``settings``: default ``net.settings``; ``changes`` to single ones by name, ``lr=0.1``.
    ``start_X``: a picture to start from, of ``content_X``'s shape, instead of ``settings.start``.
    ``state``: a ``State`` that is kept up to date; hand one in to stop (``break``, or an interrupt) and go on
    later. The method is d2l 14.12.7's: Adam, learning rate times 0.8 every ``lr_decay_epoch`` steps; or L-BFGS,
    on a total variation without its kinks (``SMOOTH_TV``; the losses shown are exact), and back to Adam, said in
    ``Step.note``, where it finds nothing better.
    Raises ``ValueError`` for settings that cannot work, before the first step, and ``DivergedError``.
    """
    settings = (settings or net.settings).but(**changes)
    if settings.start not in STARTS:
        raise ValueError(f"a run starts from {', '.join(STARTS)}, not from {settings.start!r}")
    if min(content_X.shape[-2:]) < 2:
        raise ValueError("the content image is too small: total variation needs at least 2×2 pixels")
    if start_X is not None and start_X.shape != content_X.shape:
        raise ValueError(f"start_X has shape {tuple(start_X.shape)}, the content image {tuple(content_X.shape)}")
    device = net[0].weight.device
    content_X, style_X = content_X.to(device), style_X.to(device)
    state = State() if state is None else state
    if state.composite is not None and state.composite.weight.shape != content_X.shape:
        raise ValueError("this run was started on an image of another size: hand in the same images to go on")
    objective = Objective(net, content_X, style_X, settings, SMOOTH_TV if settings.optimizer == "lbfgs" else 0.0)
    if state.composite is None:
        composite = CompositeImage(content_X.shape).to(content_X)
        if start_X is None:
            initialise(composite, settings.start, content_X, style_X, seed=settings.seed)
        else:
            composite.weight.data.copy_(start_X)
        state.composite, state.last_good = composite, composite.weight.detach().clone()
    state.prepare(settings)
    with memory_kept(objective.wants_memory_kept):
        yield from _steps(objective, state, settings)


def _steps(objective, state, settings):
    """The loop itself."""
    X = state.composite.weight
    while state.step < settings.num_epochs:
        state.trainer.zero_grad()
        losses = objective(X)
        sum(losses).backward()
        values = [float(loss.detach()) for loss in losses]
        if settings.optimizer == "lbfgs":
            values[2] = settings.tv_weight * float(tv_loss(X.detach()))  # shown as it is, not smoothed
        if not math.isfinite(sum(values)):
            with torch.no_grad():
                X.copy_(state.last_good)
            lr = None if state.scheduler is None else state.trainer.param_groups[0]["lr"]
            error = DivergedError(state.step + 1, state.good_step, state.last_good.clone(), lr)
            state.step = state.good_step
            if lr is None:
                state.settings = None  # L-BFGS remembers what led astray: whoever goes on gets a new one
            raise error
        note = state.guard(sum(values))
        state.last_good.copy_(X.detach())
        state.good_step = state.step
        state.trainer.step()
        state.step += 1
        if state.step == settings.num_epochs and isinstance(state.trainer, LBFGS):
            with torch.no_grad():  # no line search: the last step may have gone too far
                if not float(sum(objective(X))) < 1.1 * state.best[0]:
                    X.copy_(state.best[2])
        if state.scheduler:
            state.scheduler.step()
        yield Step(state.step, settings.num_epochs, *values, sum(values), X.detach(), note)


def stylize(content, style, weights="auto", size=450, style_size=None, progress=None, coarse_first=True, **settings):
    """The whole method in one call: two PIL images → the content painted in the style, a PIL image.

    ``weights``: as in ``load_vgg19``, or a network. ``size``: pixels on the longer side of the content image.
    ``style_size``: of the style image, default 1.5 times as many; the larger, the larger its strokes come out.
    ``progress``: a function called with every ``Step``. ``settings``: any of ``Settings``, by name.
    ``coarse_first``: above ``COARSE`` pixels, paint at half the size first, enlarge the picture and go on with
    half the steps (Gatys et al. 2017, section 6); halved again and again, as long as every side of both images
    keeps 64 pixels. Larger strokes, in less time. 900 pixels are so 225, 450 and 900, with ``num_epochs``, a half
    and a quarter of them. Steps are counted anew at each size.
    Raises ``ValueError`` for input that cannot work, and ``DivergedError``; an interrupt after the first step
    returns the picture so far.
    """
    for name, img in (("content", content), ("style", style)):
        if not isinstance(img, Image.Image):
            raise ValueError(f"{name} must be a PIL image, for instance from open_image(path); it is {img!r:.60}")
    net = weights if isinstance(weights, VGG19) else load_vgg19(weights)
    settings = net.settings.but(**settings)
    shapes = [(fit_shape(content, size), fit_shape(style, style_size or round(1.5 * size)))]
    while coarse_first and max(shapes[0][0]) > COARSE and min(*shapes[0][0], *shapes[0][1]) >= 128:
        shapes.insert(0, [tuple(round(side / 2) for side in shape) for shape in shapes[0]])
    X = None
    try:
        for shape, style_shape in shapes:
            content_X, style_X = preprocess(content, shape), preprocess(style, style_shape)
            start_X = None if X is None else F.interpolate(X, shape, mode="bicubic")
            for step in optimize(net, content_X, style_X, settings, start_X=start_X):
                X = step.X
                if progress:
                    progress(step)
            steps, decay = settings.num_epochs, settings.lr_decay_epoch
            settings = settings.but(num_epochs=max(1, steps // 2), lr_decay_epoch=max(1, decay // 2))
    except KeyboardInterrupt:
        if X is None:
            raise
    return postprocess(X if X.shape[-2:] == shapes[-1][0] else F.interpolate(X, shapes[-1][0], mode="bicubic"))
