"""Notebook 06: the numbers of ``PlainObjective``, computed without waste.

What is saved, and where: the network is cut after the deepest layer in use (``_split``). ReLUs work in place
where nobody reads their input, and move behind a max pooling, with which they commute (``_split``). Convolutions run in
bfloat16 where the hardware multiplies it natively, and in channels-last order. A symmetric Gram matrix needs one
product in the backward pass, not two (``GramTap``). Where memory is scarce, features are computed twice instead of
being kept (``checkpointing``).
"""

import copy

import psutil
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint

from .features import best_precision, check_layers
from .losses import content_loss, gram, tv_loss
from .style_losses import STYLE_LOSSES

# True or False: whether features are computed again in the backward pass instead of being kept. None: only where
# keeping them would take more than half of the free memory. `make bench` measures what it saves, and its price in time.
CHECKPOINTING = None


class GramTap(torch.autograd.Function):
    """Reads a style loss off the network: ``Y_hat`` → ``Y_hat`` itself and ``style_loss(Y_hat, gram_Y)``.

    With G = F Fᵀ / (c n), the loss mean((G − A)²) has the gradient 4 (G − A) F / (c³ n), because G is symmetric: one
    product. Autograd does not know that and needs two. The gradient that arrives from the later layers is added in
    the same product. (Gatys et al. 2016, eq. 6, as a mean)
    """

    @staticmethod
    def forward(ctx, Y_hat, gram_Y):
        difference = gram(full_precision(Y_hat)) - gram_Y
        ctx.save_for_backward(Y_hat, difference)  # Y_hat is kept for the convolution after it anyway
        ctx.set_materialize_grads(False)  # after the last layer in use no gradient arrives
        return Y_hat, torch.square(difference).mean()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad_Y, grad_loss):
        Y_hat, difference = ctx.saved_tensors
        if grad_loss is None:
            return grad_Y, None
        _, c, h, w = Y_hat.shape
        factor = (difference * (grad_loss * 4 / (c**3 * h * w))).to(Y_hat.dtype)
        rows = _rows(Y_hat) @ factor if grad_Y is None else torch.addmm(_rows(grad_Y), _rows(Y_hat), factor)
        return rows.reshape(1, h, w, c).permute(0, 3, 1, 2), None


def _rows(Y):
    """A feature map's positions, one per row. In channels-last order this copies nothing."""
    return Y.permute(0, 2, 3, 1).reshape(-1, Y.shape[1])


class ReflectionPad(torch.autograd.Function):
    """``F.pad(X, (1, 1, 1, 1), "reflect")`` in channels-last order, where torch's own takes three times as long.

    Border lines are copied, and their gradients added in the backward pass.
    """

    @staticmethod
    def forward(ctx, X):
        _, c, h, w = X.shape
        padded = X.new_empty(1, h + 2, w + 2, c).permute(0, 3, 1, 2)
        padded[:, :, 1:-1, 1:-1] = X
        padded[:, :, 1:-1, 0], padded[:, :, 1:-1, -1] = X[..., 1], X[..., -2]
        padded[:, :, 0], padded[:, :, -1] = padded[:, :, 2], padded[:, :, -3]
        return padded

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad):
        inner = grad[:, :, 1:-1].clone()
        inner[:, :, 1].add_(grad[:, :, 0])  # += would copy each line onto itself as well
        inner[:, :, -2].add_(grad[:, :, -1])
        inner[..., 2].add_(inner[..., 0])
        inner[..., -3].add_(inner[..., -1])
        return inner[..., 1:-1]


class AvgPool(torch.autograd.Function):
    """``F.avg_pool2d(X, 2)``: torch's own backward pass takes two to three times as long in channels-last order."""

    @staticmethod
    def forward(ctx, X):
        ctx.odd = X.shape[-1] % 2, X.shape[-2] % 2
        return F.avg_pool2d(X, 2)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad):
        grad = F.interpolate(grad / 4, scale_factor=2)
        return F.pad(grad, (0, ctx.odd[0], 0, ctx.odd[1])) if any(ctx.odd) else grad  # an odd last line is not averaged


class FastObjective:
    """The weighted losses of a composite image: drop-in replacement for ``PlainObjective``; tests hold the two equal.

    ``net``: from ``load_vgg19``. ``content_X``, ``style_X``: ``(1, 3, h, w)``, normalized, on its device.
    ``objective(X)`` gives three scalar tensors, ``(content, style, tv)``, each times its weight.
    Raises ``ValueError`` as ``check_layers`` does.
    """

    def __init__(self, net, content_X, style_X, settings):
        for X in (content_X, style_X):
            content_at, style_at = check_layers(net, X, settings.content_layers, settings.style_layers)
        deepest = max(content_at + style_at)
        content_at, style_at = ([_read_at(net, i, deepest) for i in sorted(at)] for at in (content_at, style_at))
        content_weights, style_weights, self.tv_weight = settings.loss_weights
        self.uses_gram = settings.style_loss == "gram"
        describe, self.style_loss = STYLE_LOSSES[settings.style_loss]
        precision = best_precision(content_X.device) if settings.precision == "auto" else settings.precision
        # float32 here means the network's own type, which a test may have made double
        self.dtype = torch.bfloat16 if precision == "bfloat16" else next(net.parameters()).dtype
        self.segments = _split(net, sorted({*content_at, *style_at}), self.dtype)
        self.checkpointing = _memory_is_scarce(net, content_X, self.dtype) if CHECKPOINTING is None else CHECKPOINTING
        self.contents, self.styles = {}, {}  # by layer: (weight, target)
        content_weights = _by_layer(content_at, content_weights)
        style_weights = _by_layer(style_at, style_weights)
        with torch.no_grad():
            for at, Y in self.features(content_X):
                if at in content_weights:
                    self.contents[at] = content_weights[at], full_precision(Y)
            for at, Y in self.features(style_X):
                if at in style_weights:
                    self.styles[at] = style_weights[at], describe(full_precision(Y))

    def features(self, X):
        """Index and feature map of every layer in use, in the network's order."""
        Y = self._cast(X)
        for at, segment in self.segments:
            Y = self._run(segment, Y)
            if at is not None:
                yield at, Y

    def __call__(self, X):
        content = style = X.new_zeros(())
        Y = self._cast(X)
        for at, segment in self.segments:
            Y = self._run(segment, Y)
            if at in self.styles:
                weight, target = self.styles[at]
                if self.uses_gram:
                    Y, loss = GramTap.apply(Y, target)  # the layers after it go on from this Y
                else:
                    loss = self.style_loss(full_precision(Y), target)
                style = style + weight * loss
            if at in self.contents:
                weight, target = self.contents[at]
                content = content + weight * content_loss(full_precision(Y), target)
        return content, style, self.tv_weight * tv_loss(X)

    def _cast(self, X):
        return X.to(self.dtype).contiguous(memory_format=torch.channels_last)

    def _run(self, segment, Y):
        return checkpoint(segment, Y, use_reentrant=False) if self.checkpointing and Y.requires_grad else segment(Y)


def _memory_is_scarce(net, X, dtype):
    """Whether keeping the features of one step would take more than half of the free memory."""
    device = X.device
    free = torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else psutil.virtual_memory().available
    # About fifteen maps of the first block's size, and the optimizer's history of 45 images at most
    step = 15 * X.shape[-2] * X.shape[-1] * net[0].out_channels * dtype.itemsize + 45 * X.numel() * 4
    return step > free / 2


def full_precision(Y):
    """Losses are computed in float32 (or double, in double)."""
    return Y.float() if Y.dtype == torch.bfloat16 else Y


def _by_layer(layers, weights):
    """``{layer: weight}``. Where two chosen layers are read in one place (``_read_at``), their weights add up."""
    return {at: sum(weight for weight, i in zip(weights, layers) if i == at) for at in layers}


def _read_at(net, i, deepest):
    """Where layer ``i`` is read: a ReLU in place overwrites the map of the convolution before it."""
    in_place = i < deepest and getattr(net[i + 1], "inplace", False)
    return i + 1 if in_place else i


def _split(net, taps, dtype):
    """The network up to its last tap as ``(tap or None, layers)``: cut at every tap and after every pooling.

    The cuts after poolings are for ``checkpoint``, which recomputes one segment at a time.
    """
    order, ends = list(range(taps[-1] + 1)), set(taps)
    for i in range(len(order)):
        if isinstance(net[i], nn.MaxPool2d) and i - 1 not in ends and i not in ends:
            order[i - 1 : i + 1] = i, i - 1  # they commute: ReLU after it has a quarter of the values
            ends.add(i - 1)
        elif isinstance(net[i], (nn.MaxPool2d, nn.AvgPool2d)):
            ends.add(i)
    segments, layers = [], []
    for i in order:
        layer = copy.deepcopy(net[i]).to(dtype=dtype, memory_format=torch.channels_last)
        if isinstance(layer, nn.ReLU):
            layer.inplace = bool(layers)  # the first of a segment must leave the map before it as it is
        if getattr(layer, "padding_mode", "zeros") == "reflect":
            layers.append(_FunctionLayer(ReflectionPad))
            layer.padding_mode, layer.padding = "zeros", (0, 0)
        layers.append(_FunctionLayer(AvgPool) if isinstance(layer, nn.AvgPool2d) else layer)
        if i in ends:
            segments.append((i if i in taps else None, nn.Sequential(*layers)))
            layers = []
    return segments


class _FunctionLayer(nn.Module):
    """An autograd function as a layer."""

    def __init__(self, function):
        super().__init__()
        self.forward = function.apply
