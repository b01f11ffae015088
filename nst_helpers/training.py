"""Notebook 06: the training loop, as a generator that yields one small state a step."""

import math
import os
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from PIL import Image

from .composite import STARTS, CompositeImage, get_inits, initialise
from .features import VGG19, check_layers, extract_features, load_vgg19
from .losses import compute_loss
from .preprocessing import fit_shape, postprocess, preprocess


class DivergedError(ValueError):
    """The loss of step ``failed`` was not finite. ``X`` is the last good composite, ``step`` the step it came from."""

    def __init__(self, failed, X, lr):
        self.step, self.X = max(0, failed - 2), X  # the step before made an image whose loss is no number
        super().__init__(
            f"the loss became non-finite in step {failed}: most likely the learning rate {lr:g} or a loss weight "
            f"is too large. The image after step {self.step} is kept; try a tenth of the rate"
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


@dataclass
class State:
    """What a run needs to go on where it stopped: hand it to ``optimize`` again."""

    composite: CompositeImage = None
    trainer: torch.optim.Optimizer = None
    scheduler: object = None
    step: int = 0
    last_good: torch.Tensor = field(default=None, repr=False)


def quick(full, short):
    """``full``, or ``short`` where the environment variable ``NST_QUICK`` asks for short runs (tests do)."""
    return short if os.environ.get("NST_QUICK", "0") not in ("", "0") else full


def optimize(net, content_X, style_X, settings=None, state=None, start_X=None, **changes):
    """Train a composite image; yields a ``Step`` after every step, so whoever iterates decides what to show.

    ``net``: from ``load_vgg19``. ``content_X``, ``style_X``: from ``preprocess``, sizes may differ.
    ``settings``: default ``net.settings``; ``changes`` to single ones by name, ``lr=0.1``.
    ``start_X``: a picture to start from, of ``content_X``'s shape, instead of ``settings.start``.
    ``state``: a ``State`` that is kept up to date; hand one in to stop (``break``, or an interrupt) and go on
    later. The method is d2l 14.12.7's: Adam, learning rate times 0.8 every ``lr_decay_epoch`` steps.
    Raises ``ValueError`` for settings that cannot work, before the first step, and ``DivergedError``.
    """
    settings = (settings or net.settings).but(**changes)
    if settings.start not in STARTS:
        raise ValueError(f"a run starts from {', '.join(STARTS)}, not from {settings.start!r}")
    layers = settings.content_layers, settings.style_layers
    for X in (content_X, style_X):
        check_layers(net, X, *layers)
    if min(content_X.shape[-2:]) < 2:
        raise ValueError("the content image is too small: total variation needs at least 2×2 pixels")
    if start_X is not None and start_X.shape != content_X.shape:
        raise ValueError(f"start_X has shape {tuple(start_X.shape)}, the content image {tuple(content_X.shape)}")
    device = net[0].weight.device
    content_X, style_X = content_X.to(device), style_X.to(device)
    with torch.no_grad():  # the targets never change
        # Both lists, as in the loop: an in-place ReLU changes a feature only where the network runs past it.
        contents_Y, _ = extract_features(net, content_X, *layers)
        _, styles_Y = extract_features(net, style_X, *layers)
    state = State() if state is None else state
    composite, styles_Y_gram, trainer = get_inits(content_X, device, settings.lr, styles_Y)
    if state.composite is None:
        if start_X is None:
            initialise(composite, settings.start, content_X, style_X, seed=settings.seed)
        else:
            composite.weight.data.copy_(start_X)
        state.composite, state.trainer = composite, trainer
        state.scheduler = torch.optim.lr_scheduler.StepLR(trainer, settings.lr_decay_epoch, 0.8)
        state.last_good = composite.weight.detach().clone()
    elif state.composite.weight.shape != content_X.shape:
        raise ValueError("this run was started on an image of another size: hand in the same images to go on")
    state.scheduler.step_size = settings.lr_decay_epoch  # whoever goes on may choose anew
    if settings.lr != state.scheduler.base_lrs[0]:
        state.scheduler.base_lrs = [settings.lr]
        state.trainer.param_groups[0]["lr"] = settings.lr
    weights = settings.content_weight, settings.style_weight, settings.tv_weight
    X, trainer = state.composite.weight, state.trainer
    while state.step < settings.num_epochs:
        trainer.zero_grad()
        contents_Y_hat, styles_Y_hat = extract_features(net, X, *layers)
        contents_l, styles_l, tv_l, total = compute_loss(
            X, contents_Y_hat, styles_Y_hat, contents_Y, styles_Y_gram, weights
        )
        losses = [float(sum(l.detach() for l in part)) for part in (contents_l, styles_l, [tv_l], [total])]
        if not math.isfinite(losses[-1]):
            with torch.no_grad():
                X.copy_(state.last_good)
            error = DivergedError(state.step + 1, state.last_good.clone(), trainer.param_groups[0]["lr"])
            state.step = error.step
            raise error
        state.last_good.copy_(X.detach())
        total.backward()
        trainer.step()
        state.scheduler.step()
        state.step += 1
        yield Step(state.step, settings.num_epochs, *losses, X.detach())


def stylize(content, style, weights="auto", size=450, style_size=None, progress=None, **settings):
    """The whole method in one call: two PIL images → the content painted in the style, a PIL image.

    ``weights``: as in ``load_vgg19``, or a network. ``size``: pixels on the longer side of the content image.
    ``style_size``: of the style image, default 1.5 times as many; the larger, the larger its strokes come out.
    ``progress``: a function called with every ``Step``. ``settings``: any of ``Settings``, by name.
    Raises ``ValueError`` for input that cannot work; an interrupt returns the picture so far.
    """
    for name, img in (("content", content), ("style", style)):
        if not isinstance(img, Image.Image):
            raise ValueError(f"{name} must be a PIL image, for instance from open_image(path); it is {img!r:.60}")
    net = weights if isinstance(weights, VGG19) else load_vgg19(weights)
    content_X = preprocess(content, fit_shape(content, size))
    style_X = preprocess(style, fit_shape(style, style_size or round(1.5 * size)))
    state = State()
    try:
        for step in optimize(net, content_X, style_X, state=state, **settings):
            if progress:
                progress(step)
    except KeyboardInterrupt:
        if state.composite is None:
            raise
    return postprocess(state.composite.weight)
