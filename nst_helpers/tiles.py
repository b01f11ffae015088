"""Notebook 11: pictures larger than memory. The losses are those of the whole picture; only features come in tiles."""

import math
from collections import Counter
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import psutil
import torch

from .fast_objective import FastObjective, full_precision
from .features import VGG19, check_layers, load_vgg19
from .interrupts import interrupt_once
from .layers import LAYERS, layer_name
from .losses import tv_loss
from .preprocessing import LONGEST, check_size, fit_shape, postprocess, preprocess_pair
from .pyramid import next_start
from .training import check_progress, coarse_to_fine, optimize, settings_for
from .validation import check_between, check_picture

TILE = 384  # pixels on a side, without the margin
WHOLE = 600  # pixels on the longer side that are painted without tiles
STEPS = 6  # at each larger size: L-BFGS keeps two pictures per step


class Span(NamedTuple):
    """A tile along one side of the picture, in pixels: ``start`` to ``end``, with its margin ``first`` to ``last``."""

    start: int
    end: int
    first: int
    last: int


def cuts(length, tile, stride):
    """Where to cut ``length`` pixels: ends of pieces of about ``tile`` pixels, whole strides except for the last."""
    strides = length // stride
    count = max(1, min(math.ceil(length / max(tile, stride)), strides))
    return [i * strides // count * stride for i in range(count)] + [length]


def stride_of(layer):
    """Pixels from one position of a layer's feature map to the next."""
    return LAYERS[layer_name(layer)].stride


def count_of(layer, Y, shape):
    """How many numbers a layer's feature map of a picture of this ``shape`` has; ``Y``: a part of the map."""
    return Y.shape[1] * math.prod(side // stride_of(layer) for side in shape[-2:])


class TiledObjective:
    """The weighted losses of a large composite image: those of ``FastObjective``, in the memory of one tile.

    A Gram matrix is a sum over positions, so that of the whole picture is added up tile by tile. Its difference to
    the target gives every tile its gradient, in a second pass over the tiles. A tile is read with a margin, a little
    wider than half of what one position of the deepest layer sees: its features are those that it has within the
    whole, and there are no seams.

    Arguments and result as for ``FastObjective``; ``tile``: pixels on a side. Raises ``ValueError`` as it does, and
    for style losses that are no sum over positions.
    """

    def __init__(self, net, content_X, style_X, settings, tile=TILE):
        _check_gram(settings)
        for X in (content_X, style_X):
            content_at, style_at = check_layers(net, X, settings.content_layers, settings.style_layers)
        deepest = max(content_at + style_at)
        self.tile, self.stride = tile, stride_of(deepest)
        field = LAYERS[layer_name(deepest)].receptive_field
        self.margin = math.ceil(field / 2 / self.stride + 1) * self.stride
        corners = [X[:, :, : 4 * self.stride, : 4 * self.stride] for X in (content_X, style_X)]
        # For its layers, weights and precision; a corner's targets are not used
        self.fast = FastObjective(net, *corners, settings)
        self.fast.checkpointing, self.contents = False, {}
        with torch.no_grad():
            self.targets, _ = self.whole(style_X)
            for number, place in enumerate(self.places(content_X)):
                for at, Y in self.features(crop(content_X, place), place, content_X.shape):
                    if at in self.fast.contents:
                        self.contents[number, at] = Y.clone()

    def places(self, X):
        """The tiles of ``X``: for each the ``Span`` of its rows and that of its columns."""
        rows, columns = (
            [
                Span(start, end, max(0, start - self.margin), min(length, end + self.margin))
                for start, end in pairwise(cuts(length, self.tile, self.stride))
            ]
            for length in X.shape[-2:]
        )
        return [(row, column) for row in rows for column in columns]

    def features(self, region, place, shape):
        """Index and feature map of every layer in use: of a tile cropped with its margin, without the margin."""
        for at, Y in self.fast.features(region):
            stride = stride_of(at)
            rows, columns = (
                slice(
                    (span.start - span.first) // stride,
                    None if span.end == length else (span.end - span.first) // stride,
                )
                for span, length in zip(place, shape[-2:])
            )
            yield at, Y[:, :, rows, columns]

    def whole(self, X):
        """Gram matrices of the whole picture, by layer, and its content loss."""
        products, counts, content = {}, Counter(), X.new_zeros(())
        for number, place in enumerate(self.places(X)):
            for at, Y in self.features(crop(X, place), place, X.shape):
                if at in self.fast.styles:
                    x = full_precision(Y).flatten(2)[0]
                    products[at] = products.get(at, 0) + x @ x.T
                    counts[at] += x.numel()
                if (number, at) in self.contents:
                    content = content + self.content_part(number, at, Y, X.shape)
        return {at: product / counts[at] for at, product in products.items()}, content

    def content_part(self, number, at, Y, shape):
        """A tile's share of the content loss, which is a mean over the whole feature map."""
        weight, _ = self.fast.contents[at]
        return (
            weight
            * torch.square(full_precision(Y) - full_precision(self.contents[number, at])).sum()
            / count_of(at, Y, shape)
        )

    def measure(self, X, with_gradient):
        """Content loss, style loss, and the gradient of their sum, ``(1, 3, h, w)``, or ``None``."""
        with torch.no_grad():
            grams, content = self.whole(X)
            weights = {at: weight for at, (weight, _) in self.fast.styles.items()}
            differences = {at: grams[at] - self.targets[at] for at in grams}
            style = sum((weights[at] * differences[at].square().mean() for at in differences), X.new_zeros(()))
        if not with_gradient:
            return content, style, None
        gradient = torch.zeros_like(X)
        for number, place in enumerate(self.places(X)):
            region = crop(X.detach(), place).clone().requires_grad_()
            with torch.enable_grad():
                loss = X.new_zeros(())
                for at, Y in self.features(region, place, X.shape):
                    if at in differences:  # d mean((G − A)²) = 2 mean((G − A) dG): linear in this tile's share of G
                        x = full_precision(Y).flatten(2)[0]
                        share = x @ x.T / count_of(at, Y, X.shape)
                        loss = loss + 2 * weights[at] * (differences[at] * share).mean()
                    if (number, at) in self.contents:
                        loss = loss + self.content_part(number, at, Y, X.shape)
            crop(gradient, place).add_(torch.autograd.grad(loss, region)[0])
        return content, style, gradient

    def __call__(self, X):
        content, style = _Measured.apply(X, self)
        return content, style, self.fast.tv_weight * tv_loss(X)


def _check_gram(settings):
    if settings.style_loss != "gram":
        raise ValueError(f"tiles compare styles by gram only; style_loss is {settings.style_loss!r}")


class _Measured(torch.autograd.Function):
    """Losses whose gradient, that of their sum, was computed with them: it cannot be weighted afterwards."""

    @staticmethod
    def forward(ctx, X, objective):
        content, style, gradient = objective.measure(X, ctx.needs_input_grad[0])
        ctx.save_for_backward(gradient)
        return content, style

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, content_grad, style_grad):
        (gradient,) = ctx.saved_tensors
        if not torch.equal(content_grad, style_grad):
            raise ValueError("the gradient of a tiled objective is that of content + style: set weights in settings")
        return gradient * style_grad, None


def crop(X, place):
    """A tile of ``X`` with its margin; writing to it writes to ``X``."""
    rows, columns = place
    return X[:, :, rows.first : rows.last, columns.first : columns.last]


def stylize_large(content, style, weights="auto", size=3000, style_size=None, tile=TILE, progress=None, **settings):
    """``stylize`` for prints: painted whole at up to ``WHOLE`` pixels, then enlarged step by step and refined in tiles.

    ``size``, ``style_size``: pixels on the longer sides; the second is by default that of the painting's file, at most
    1.5 times ``size``. ``tile``: pixels on a side. ``progress``: called with every ``Step``. ``settings``: any of
    ``Settings``; each size after the first takes ``STEPS`` steps. Raises ``ValueError`` for input that cannot work,
    sizes that do not fit into memory among it. An interrupt after the first step returns the picture so far, at the
    size that it has reached.
    """
    size = check_size(size)
    check_between("tile", tile, 1, LONGEST, whole=True)
    for name, img in (("content", content), ("style", style)):
        check_picture(img, name)
    net = weights if isinstance(weights, VGG19) else load_vgg19(weights)
    settings = settings_for(net, **settings)
    if size > WHOLE:
        _check_gram(settings)
    check_progress(progress)
    native = min(max(style.size), round(1.5 * size), LONGEST) if style_size is None else style_size
    check_size(native, "style_size")
    needed, free = memory_in_tiles(fit_shape(content, size), tile, net.widths[0]), psutil.virtual_memory().available
    if needed > free:
        fits = int(size * (free / needed) ** 0.5)
        raise ValueError(f"{size} pixels take {needed / 1e9:.1f} GB, {free / 1e9:.1f} GB are free: use at most {fits}")
    sizes = [size]
    while sizes[0] > WHOLE:
        sizes.insert(0, round(sizes[0] / 2))
    X = smaller_X = None
    tiled = partial(TiledObjective, tile=tile)
    with interrupt_once():  # pressed again, Stop does not lose the picture
        try:
            for longest in sizes:
                content_X, style_X = preprocess_pair(content, style, longest, min(native, round(1.5 * longest)))
                if X is None:
                    steps = coarse_to_fine(net, content_X, style_X, settings)
                else:
                    start = next_start(X, smaller_X, content_X, settings)
                    level = settings.but(num_epochs=min(STEPS, settings.num_epochs))
                    steps = optimize(net, content_X, style_X, level, start_X=start, objective=tiled)
                for step in steps:
                    X = step.X
                    if progress:
                        progress(step)
                smaller_X = content_X
        except KeyboardInterrupt:
            if X is None:
                raise
        return postprocess(X)


def memory_in_tiles(shape, tile, channels):
    """Bytes that ``stylize_large`` takes, besides Python itself: an estimate, which ``make bench`` (9) can check."""
    pixel = 3 * 4 * (2 * STEPS + 28)  # float32 colors: L-BFGS's two pictures per step, and some 28 that it works with
    maps = 15 * 4 * channels  # float32: fifteen maps of the first block's size, of a tile with its margins
    return shape[0] * shape[1] * pixel + maps * (tile + 160) ** 2
