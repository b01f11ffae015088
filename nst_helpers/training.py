"""Notebook 06: the training loop, as a generator that yields one small state per step."""

import math
import os
from typing import NamedTuple

import torch
import torch.nn.functional as F

from .checkpoints import Checkpoint, packed, unpacked
from .composite import CompositeImage, initialize
from .fast_objective import FastObjective
from .features import VGG19, check_network, load_vgg19
from .interrupts import held_back
from .objective import PlainObjective
from .preprocessing import check_shape, check_tensor, fit_shape, postprocess, preprocess
from .settings import Settings
from .state import State
from .validation import check_picture, shown

OBJECTIVES = {"plain": PlainObjective, "fast": FastObjective}
SMOOTH_TV = 0.01  # in normalized units, half a gray level; with |d| itself L-BFGS needs twice the steps
COARSE = 256  # pixels on the longer side: larger pictures are painted at half the size first
QUICK_STEPS = 15  # the longest run while the environment variable NST_QUICK is 1, as for tests


class DivergedError(ValueError):
    """The loss of step ``failed`` was not finite. ``X`` is the last good composite, made by ``last_good_step``."""

    def __init__(self, failed, last_good_step, X, lr):
        self.failed, self.last_good_step, self.X = failed, last_good_step, X
        cause, cure = (f"the learning rate {lr:g} or a loss weight", "the rate") if lr else ("a loss weight", "it")
        super().__init__(
            f"the loss became non-finite in step {failed}: most likely {cause} is too large. "
            f"The image after step {last_good_step} is kept; try a tenth of {cure}"
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


def limited(settings):
    """``settings`` with fewer steps if the environment variable ``NST_QUICK`` asks for short runs.

    ``1`` means at most ``QUICK_STEPS`` steps; a larger number is the number of steps, as a hub with few cores sets it.
    """
    asked = os.environ.get("NST_QUICK", "0")
    if asked in ("", "0"):
        return settings
    most = int(asked) if asked.isdecimal() and asked != "1" else QUICK_STEPS
    return settings.but(num_epochs=min(settings.num_epochs, most))


def chosen(net, settings=None, **changes):
    """The settings of a run: ``settings``, or else the network's own, with ``changes``.

    Raises ``ValueError`` for what is no network, no ``Settings``, or cannot work.
    """
    check_network(net)
    settings = getattr(net, "settings", None) if settings is None else settings
    if not isinstance(settings, Settings):
        raise ValueError(f"settings are made by Settings(…), or come with a network; they are {shown(settings)}")
    return settings.but(**changes)


def check_images(content_X, style_X):
    """Raises ``ValueError`` for what is not a pair of image tensors, the content image of at least 2×2 pixels."""
    for name, X in (("content_X", content_X), ("style_X", style_X)):
        check_tensor(name, X)
        if len(X) > 1:
            raise ValueError(f"{name} holds {len(X)} images: it must be a tensor (1, 3, h, w), from preprocess")
    if min(content_X.shape[-2:]) < 2:
        raise ValueError("the content image is too small: total variation needs at least 2×2 pixels")


def check_progress(progress):
    """Raises ``ValueError`` for what is neither a function nor ``None``."""
    if progress is not None and not callable(progress):
        raise ValueError(f"progress must be a function of a Step; it is {shown(progress)}")


def check_state(state):
    """``state``, or a new one for ``None``. ``ValueError`` for anything else."""
    if state is not None and not isinstance(state, State):
        raise ValueError(f"state must be a State(), which is kept up to date; it is {shown(state)}")
    return State() if state is None else state


def optimize(net, content_X, style_X, settings=None, state=None, start_X=None, objective="fast", **changes):
    """Train a composite image; yields a ``Step`` after every step, so the caller decides what to show.

    ``net``: from ``load_vgg19``. ``content_X``, ``style_X``: from ``preprocess``; their sizes may differ.
    ``settings``: default ``net.settings``. ``changes``: single settings by name, ``lr=0.1``.
    ``state``: a ``State`` that is kept up to date; hand one in to stop (``break``, or an interrupt) and continue later.
    ``start_X``: an image to start from, of ``content_X``'s shape, instead of ``settings.start``.
    ``objective``: ``"fast"``, ``"plain"`` (the same numbers, computed as the notebooks teach them), or a function of
    ``(net, content_X, style_X, settings)`` that returns one of ``X`` to three scalars, ``(content, style, tv)``.
    Two runs on one machine give the same picture, bit for bit. With another number of threads sums are rounded
    differently, which L-BFGS magnifies: its pictures then differ by up to some twenty of 256 levels here and there.
    Adam runs as in d2l 14.12.7: the learning rate falls by a fifth every ``lr_decay_epoch`` steps. L-BFGS minimizes a
    total variation without kinks (``smooth_tv_loss``; the losses shown are exact).
    Raises ``ValueError`` for settings that cannot work, before the first step, and ``DivergedError``.
    """
    settings = limited(chosen(net, settings, **changes))
    check_images(content_X, style_X)
    if start_X is not None:
        check_tensor("start_X", start_X)
        if start_X.shape != content_X.shape:
            raise ValueError(f"start_X has shape {tuple(start_X.shape)}, the content image {tuple(content_X.shape)}")
    if not callable(objective) and objective not in (*OBJECTIVES,):
        raise ValueError(f"objective must be one of {', '.join(OBJECTIVES)}, or a function; it is {shown(objective)}")
    device = net[0].weight.device
    content_X, style_X = content_X.to(device), style_X.to(device)
    state = check_state(state)
    if state.composite is not None and state.composite.weight.shape != content_X.shape:
        raise ValueError("this run was started on an image of another size: hand in the same images to continue it")
    loss = (objective if callable(objective) else OBJECTIVES[objective])(net, content_X, style_X, settings)
    if state.composite is None:
        composite = CompositeImage(content_X.shape).to(content_X)
        if start_X is None:
            initialize(composite, settings.start, content_X, style_X, seed=settings.seed)
        else:
            composite.weight.data.copy_(start_X)
        state.begin(composite)
    state.prepare(settings)
    yield from _steps(loss, state, settings)


def _steps(objective, state, settings):
    """The loop itself."""
    X, lbfgs = state.composite.weight, settings.optimizer == "lbfgs"

    def losses_of(X):
        """The three losses, and the sum to minimize."""
        content, style, tv = objective(X)
        return (content, style, tv), content + style + (settings.tv_weight * smooth_tv_loss(X) if lbfgs else tv)

    while state.step < settings.num_epochs:
        state.trainer.zero_grad()
        losses, loss = losses_of(X)
        loss.backward()
        losses = [float(part.detach()) for part in losses]
        if not math.isfinite(sum(losses)):
            raise _back_to_last_good(state)
        with held_back():  # a step is taken whole, or not at all
            state.last_good.copy_(X.detach())
            state.last_good_step = state.step
            if lbfgs:
                state.trainer.step(float(loss.detach()))
            else:
                state.trainer.step()
                state.scheduler.step()
            state.step += 1
            if lbfgs and state.step == settings.num_epochs:  # nothing after it would notice that it went too far
                with torch.no_grad():
                    state.trainer.finish(float(losses_of(X)[1]))
        yield Step(state.step, settings.num_epochs, *losses, sum(losses), X.detach())


def _back_to_last_good(state):
    """Put the last good picture back; returns the error to raise."""
    lr = state.trainer.param_groups[0]["lr"] if state.scheduler else None
    error = DivergedError(state.step + 1, state.last_good_step, state.last_good.clone(), lr)
    with held_back(), torch.no_grad():
        state.composite.weight.copy_(state.last_good)
        state.step = state.last_good_step  # a new L-BFGS begins there: what the old one holds is another picture
    return error


def smooth_tv_loss(Y_hat, eps=SMOOTH_TV):
    """``tv_loss`` with sqrt(d² + eps²) − eps in place of |d|, whose slope jumps at 0, which slows L-BFGS down."""
    rows, columns = Y_hat[:, :, 1:, :] - Y_hat[:, :, :-1, :], Y_hat[:, :, :, 1:] - Y_hat[:, :, :, :-1]
    return 0.5 * sum((torch.sqrt(torch.square(d) + eps**2) - eps).mean() for d in (rows, columns))


def coarse_to_fine(net, content_X, style_X, settings=None, objective="fast", state=None, **changes):
    """``optimize`` at a fraction of the size first, then at twice that size, up to the full one. Yields every ``Step``.

    Arguments as in ``optimize``. Both images are halved until the content image has at most ``COARSE`` pixels on its
    longer side, as long as every side of both keeps 64. Each size continues from the one before, enlarged, with half
    the steps, so 900 pixels are painted as 225, 450 and 900. (Gatys et al. 2017, section 6)
    Steps are counted anew at each size, and ``Step.X`` has that size: the last one has ``content_X``'s.
    """
    check_images(content_X, style_X)
    levels, state = pyramid(content_X, style_X, limited(chosen(net, settings, **changes))), check_state(state)
    for level in range(state.level, len(levels)):
        photo_X, painting_X, its_settings = levels[level]
        if level > state.level:  # the picture so far, enlarged
            smaller_X = levels[level - 1][0]
            composite = CompositeImage(photo_X.shape).to(state.composite.weight)
            X = state.composite.weight.detach()
            composite.weight.data.copy_(next_start(X, smaller_X, photo_X, its_settings))
            state.begin(composite, level)
        yield from optimize(net, photo_X, painting_X, its_settings, state=state, objective=objective)


def pyramid(content_X, style_X, settings):
    """The sizes of ``coarse_to_fine``, smallest first: a list of ``(content_X, style_X, settings)``."""
    sizes = [(content_X, style_X)]
    while max(sizes[0][0].shape[-2:]) > COARSE and min(*sizes[0][0].shape[-2:], *sizes[0][1].shape[-2:]) >= 128:
        sizes.insert(0, tuple(_halved(X) for X in sizes[0]))
    steps, decay = settings.num_epochs, settings.lr_decay_epoch
    return [
        (*Xs, settings.but(num_epochs=max(1, steps >> level), lr_decay_epoch=max(1, decay >> level)))
        for level, Xs in enumerate(sizes)
    ]


def next_start(X, small_X, content_X, settings):
    """Where a run on ``content_X`` starts, given the result ``X`` of one on the smaller ``small_X``.

    From the content image, only what the run changed is enlarged: the content image's own detail stays.
    """
    if settings.start == "content":
        return content_X.to(X) + enlarged(X - small_X.to(X), content_X)
    return enlarged(X, content_X)


def _halved(X):
    return F.interpolate(X, [round(side / 2) for side in X.shape[-2:]], mode="bilinear", antialias=True)


def enlarged(X, like):
    """``X`` at the size of the image tensor ``like``."""
    return X if X.shape == like.shape else F.interpolate(X, like.shape[-2:], mode="bicubic")


def checkpoint_of(path, net, content_X, style_X, settings, coarse=False):
    """The ``Checkpoint`` of a run, or ``None`` without a path."""
    if path is None:
        return None
    taken = limited(settings)
    return Checkpoint(path, net, content_X, style_X, taken, coarse, short=taken != settings)


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
    pixels by ``coarse_to_fine``: larger strokes, in less time. ``checkpoint``: the path of a file that keeps the run, a
    few seconds old at most: where the process dies, the same call goes on from there. ``settings``: any of
    ``Settings``, by name.
    Raises ``ValueError`` for input that cannot work, and ``DivergedError``; an interrupt after the first step
    returns the picture so far.
    """
    for name, img in (("content", content), ("style", style)):
        check_picture(img, name)
    size, _ = check_shape((size, size))
    net = weights if isinstance(weights, VGG19) else load_vgg19(weights)
    content_X = preprocess(content, fit_shape(content, size))
    style_X = preprocess(style, fit_shape(style, round(1.5 * size) if style_size is None else style_size))
    settings = chosen(net, **settings)
    check_progress(progress)
    file = checkpoint_of(checkpoint, net, content_X, style_X, settings, coarse_first)
    state = file and file.read(lambda *kept: unpacked(*kept, net[0].weight.device)) or State()
    finished = False
    with held_back(deliver=False) as stop:
        try:
            paint = coarse_to_fine if coarse_first else optimize
            for step in paint(net, content_X, style_X, settings, state=state):
                if progress:
                    progress(step)
                if file:
                    file.tick(lambda: packed(state))
                if stop.pressed:
                    break
            finished = not stop.pressed
        except KeyboardInterrupt:
            if not state.step and not state.level:
                raise
        finally:
            if file and state.composite is not None:
                file.end(lambda: packed(state), finished)
        return postprocess(enlarged(state.composite.weight.detach(), content_X))
