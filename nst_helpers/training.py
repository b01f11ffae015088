"""Notebook 06: the training loop, as a generator that yields a ``Step`` after every step."""

import math
from typing import NamedTuple

import torch

from .checkpoints import Checkpoint, packed, unpacked
from .composite import CompositeImage, initialize
from .fast_objective import FastObjective
from .features import VGG19, check_network, load_vgg19
from .interrupts import defer_interrupts
from .objective import PlainObjective
from .preprocessing import check_images, check_tensor, postprocess, preprocess_pair
from .pyramid import enlarged, next_start, pyramid
from .settings import Settings, shortened
from .state import State, check_state
from .validation import short_repr

OBJECTIVES = {"plain": PlainObjective, "fast": FastObjective}
SMOOTH_TV = 0.01  # in normalized units, half a gray level; with |d| itself L-BFGS needs twice the steps


class DivergedError(ValueError):
    """The loss of step ``failed`` was not finite. ``X`` is the last good composite, made by ``last_good_step``.

    Where a painter learns, its state holds the last good one, and ``X`` is ``None``.
    """

    def __init__(self, failed, last_good_step, X, lr, what="image"):
        self.failed, self.last_good_step, self.X, self.lr, self.what = failed, last_good_step, X, lr, what
        cause, cure = "a loss weight", "it"
        if lr:
            cause, cure = f"the learning rate {lr:g} or a loss weight", "the rate"
        super().__init__(
            f"the loss became non-finite in step {failed}: most likely {cause} is too large. "
            f"The {what} after step {last_good_step} is kept; try a tenth of {cure}"
        )

    def __reduce__(self):  # so that it comes out of another process whole
        return type(self), (self.failed, self.last_good_step, self.X, self.lr, self.what)


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


def settings_for(net, settings=None, **changes):
    """The settings of a run: ``settings``, or else the network's own, with ``changes``.

    Raises ``ValueError`` for a ``net`` that is no VGG-19, no ``Settings``, or a change that cannot work.
    """
    check_network(net)
    settings = getattr(net, "settings", None) if settings is None else settings
    if not isinstance(settings, Settings):
        raise ValueError(f"settings are made by Settings(…), or come with a network; they are {short_repr(settings)}")
    return settings.but(**changes)


def check_progress(progress):
    """Raise ``ValueError`` unless ``progress`` is a function or ``None``."""
    if progress is not None and not callable(progress):
        raise ValueError(f"progress must be a function of a Step; it is {short_repr(progress)}")


def optimize(net, content_X, style_X, settings=None, state=None, start_X=None, objective="fast", **changes):
    """Train a composite image; yields a ``Step`` after every step, so the caller decides what to show.

    ``net``: from ``load_vgg19``. ``content_X``, ``style_X``: from ``preprocess``; their sizes may differ.
    ``settings``: default ``net.settings``. ``changes``: single settings by name, ``lr=0.1``.
    ``state``: a ``State`` that is kept up to date; hand one in to stop (``break``, or an interrupt) and continue later.
    ``start_X``: an image to start from, of ``content_X``'s shape, instead of ``settings.start``.
    ``objective``: ``"fast"``, ``"plain"`` (the same numbers, computed as the notebooks teach them), or a function of
    ``(net, content_X, style_X, settings)`` that returns one from ``X`` to three scalars ``(content, style, tv)``.
    Two runs on one machine give the same picture, bit for bit. With another number of threads sums are rounded
    differently, which L-BFGS magnifies: its pictures then differ by up to about 20 of 256 levels in places.
    Adam runs as in d2l 14.12.7: the learning rate falls by a fifth every ``lr_decay_epoch`` steps. L-BFGS minimizes a
    total variation without kinks (``smooth_tv_loss``; the losses shown are exact).
    Raises ``ValueError`` for settings that cannot work, before the first step, and ``DivergedError``.
    """
    settings = shortened(settings_for(net, settings, **changes))
    check_images(content_X, style_X)
    if start_X is not None:
        check_tensor("start_X", start_X)
        if start_X.shape != content_X.shape:
            raise ValueError(f"start_X has shape {tuple(start_X.shape)}, the content image {tuple(content_X.shape)}")
    make_objective = OBJECTIVES.get(objective, objective) if isinstance(objective, str) else objective
    if not callable(make_objective):
        raise ValueError(
            f"objective must be one of {', '.join(OBJECTIVES)}, or a function; it is {short_repr(objective)}"
        )
    device = net[0].weight.device
    content_X, style_X = content_X.to(device), style_X.to(device)
    state = check_state(state)
    if state.composite is not None and state.composite.weight.shape != content_X.shape:
        raise ValueError("this run was started on an image of another size: hand in the same images to continue it")
    weighted_losses = make_objective(net, content_X, style_X, settings)
    if state.composite is None:
        composite = CompositeImage(content_X.shape).to(content_X)
        if start_X is None:
            initialize(composite, settings.start, content_X, style_X, seed=settings.seed)
        else:
            composite.weight.data.copy_(start_X)
        state.begin(composite)
    state.prepare(settings)
    yield from _steps(weighted_losses, state, settings)


def _steps(weighted_losses, state, settings):
    """The loop itself. ``weighted_losses``: from ``X`` to three scalars ``(content, style, tv)``."""
    X, lbfgs = state.composite.weight, settings.optimizer == "lbfgs"

    def losses_of(X):
        """The three losses, and the sum to minimize."""
        content, style, tv = weighted_losses(X)
        return (content, style, tv), content + style + (settings.tv_weight * smooth_tv_loss(X) if lbfgs else tv)

    while state.step < settings.num_epochs:
        state.trainer.zero_grad()
        losses, loss = losses_of(X)
        loss.backward()
        losses = [float(part.detach()) for part in losses]
        if not math.isfinite(sum(losses)):
            raise _back_to_last_good(state)
        with defer_interrupts():  # a step is taken whole, or not at all
            state.last_good.copy_(X.detach())
            state.last_good_step = state.step
            if lbfgs:
                state.trainer.step(float(loss.detach()))
            else:
                state.trainer.step()
                state.scheduler.step()
            state.step += 1
            if lbfgs and state.step == settings.num_epochs:  # no later step can reject this one
                with torch.no_grad():
                    state.trainer.restore_best(float(losses_of(X)[1]))
        yield Step(state.step, settings.num_epochs, *losses, sum(losses), X.detach())


def _back_to_last_good(state):
    """Put the last good picture back; returns the error to raise."""
    lr = state.trainer.param_groups[0]["lr"] if state.scheduler else None
    error = DivergedError(state.step + 1, state.last_good_step, state.last_good.clone(), lr)
    with defer_interrupts(), torch.no_grad():
        state.composite.weight.copy_(state.last_good)
        state.step = state.last_good_step  # ``prepare`` then makes a new L-BFGS: the old one left another picture
    return error


def smooth_tv_loss(Y_hat, eps=SMOOTH_TV):
    """``tv_loss`` with sqrt(d² + eps²) − eps in place of |d|, whose derivative jumps at 0, which slows L-BFGS down."""
    rows, columns = Y_hat[:, :, 1:, :] - Y_hat[:, :, :-1, :], Y_hat[:, :, :, 1:] - Y_hat[:, :, :, :-1]
    return 0.5 * sum((torch.sqrt(torch.square(d) + eps**2) - eps).mean() for d in (rows, columns))


def coarse_to_fine(net, content_X, style_X, settings=None, objective="fast", state=None, **changes):
    """``optimize`` at a fraction of the size first, then at twice that size, up to the full one. Yields every ``Step``.

    Arguments as in ``optimize``. Both images are halved until the content image has at most ``COARSE`` pixels on its
    longer side, as long as every side of both keeps 64. Each size starts from the result of the one before, enlarged,
    and takes half as many steps: 80 steps for 900 pixels are 80 at 225, 40 at 450 and 20 at 900. (Gatys et al. 2017,
    section 6)
    Steps are counted anew at each size, and ``Step.X`` has that size: the last one has ``content_X``'s.
    """
    check_images(content_X, style_X)
    state, settings = check_state(state), shortened(settings_for(net, settings, **changes))
    levels = pyramid(content_X, style_X, settings)
    for level in range(state.level, len(levels)):
        level_X, level_style_X, level_settings = levels[level]
        if level > state.level:  # the picture so far, enlarged
            X, smaller_X = state.composite.weight.detach(), levels[level - 1][0]
            composite = CompositeImage(level_X.shape).to(X)
            composite.weight.data.copy_(next_start(X, smaller_X, level_X, level_settings))
            state.begin(composite, level)
        yield from optimize(net, level_X, level_style_X, level_settings, state=state, objective=objective)


def stylize(
    content,
    style,
    weights="auto",
    size=450,
    style_size=None,
    progress=None,
    coarse_first=True,
    checkpoint=None,
    **settings,
):
    """The whole method in one call: two PIL images → the content painted in the style, a PIL image.

    ``weights``: as in ``load_vgg19``, or a network. ``size``: pixels on the longer side of the content image.
    ``style_size``: of the style image, default 1.5 times as many. The larger it is, the larger the strokes.
    ``progress``: a function called with every ``Step``. ``coarse_first``: paint pictures of more than ``COARSE``
    pixels by ``coarse_to_fine``: larger strokes, in less time. ``checkpoint``: the path of a file that keeps the run,
    written every five seconds, or less often where that would take more than 3% of the time: where the process dies,
    the same call goes on from there. ``settings``: any of ``Settings``, by name.
    Raises ``ValueError`` for input that cannot work, and ``DivergedError``; an interrupt after the first step
    returns the picture so far.
    """
    content_X, style_X = preprocess_pair(content, style, size, style_size)
    net = weights if isinstance(weights, VGG19) else load_vgg19(weights)
    settings = settings_for(net, **settings)
    check_progress(progress)
    state, file, finished = State(), None, False
    if checkpoint is not None:
        file = Checkpoint(checkpoint, net, content_X, style_X, settings, coarse_first)
        state = file.read(lambda tensors, about: unpacked(tensors, about, net[0].weight.device)) or state
    with defer_interrupts(deliver=False) as stop:
        try:
            paint = coarse_to_fine if coarse_first else optimize
            for step in paint(net, content_X, style_X, settings, state=state):
                if progress:
                    progress(step)
                if file:
                    file.write_if_due(lambda: packed(state))
                if stop.pressed:
                    break
            finished = not stop.pressed
        except KeyboardInterrupt:  # raised by ``progress`` itself
            if not state.step and not state.level:
                raise
        finally:
            if file and state.composite is not None:
                file.finish(lambda: packed(state), finished)
        return postprocess(enlarged(state.composite.weight.detach(), content_X))
