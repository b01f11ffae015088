"""Notebook 06, "Where the time goes": the loss of a composite image, evaluated without waste.

The numbers are those of ``extract_features`` and ``compute_loss``. The savings: the network is cut after the
deepest layer in use, its ReLUs work in place where nobody looks at their input, and after a max pooling where
that changes nothing; convolutions run in bfloat16 where the hardware multiplies it natively, and channels-last;
a symmetric Gram matrix needs one product on the way back, not two; the memory of one step serves the next; and
where memory is scarce, features are computed twice rather than kept.
"""

import contextlib
import copy
import ctypes
import re
from pathlib import Path

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from .features import best_precision, check_layers
from .losses import content_loss, gram, tv_loss

# True or False: whether features are computed anew on the way back instead of being kept. None: where they would take
# more than half of the free memory. (`make bench` measures what it saves, and its price in time.)
SPARING = None


class StyleTap(torch.autograd.Function):
    """Reads a style loss off the network: ``Y_hat`` → ``Y_hat`` itself and ``style_loss(Y_hat, gram_Y)``.

    With G = F Fᵀ / (c n), the loss mean((G − A)²) has the gradient 4 (G − A) F / (c³ n), as G is symmetric: one
    product, where autograd, which does not know that, needs two, and it adds itself to the gradient that comes
    from the layers behind. (Gatys et al. 2016, eq. 6, as a mean)
    """

    @staticmethod
    def forward(ctx, Y_hat, gram_Y):
        difference = gram(_full(Y_hat)) - gram_Y
        ctx.save_for_backward(Y_hat, difference)  # Y_hat is kept for the convolution after it anyway
        ctx.set_materialize_grads(False)  # nothing comes from behind the last layer
        return Y_hat, torch.square(difference).mean()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, behind, grad):
        Y_hat, difference = ctx.saved_tensors
        if grad is None:
            return behind, None
        _, c, h, w = Y_hat.shape
        factor = (difference * (grad * 4 / (c**3 * h * w))).to(Y_hat.dtype)
        rows = _rows(Y_hat) @ factor if behind is None else torch.addmm(_rows(behind), _rows(Y_hat), factor)
        return rows.reshape(1, h, w, c).permute(0, 3, 1, 2), None


def _rows(Y):
    """A feature map's pixels, one a row; free of cost in the order of memory that is used here, channels last."""
    return Y.permute(0, 2, 3, 1).reshape(-1, Y.shape[1])


class Mirror(torch.autograd.Function):
    """``F.pad(X, (1, 1, 1, 1), "reflect")``, channels last: lines are copied, and on the way back added."""

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
        inner[:, :, 1] += grad[:, :, 0]
        inner[:, :, -2] += grad[:, :, -1]
        inner[..., 2] += inner[..., 0]
        inner[..., -3] += inner[..., -1]
        return inner[..., 1:-1]


class Objective:
    """The weighted losses of a composite image as a function, its targets computed once.

    ``net``: from ``load_vgg19``; ``content_X``, ``style_X``: ``(1, 3, h, w)`` on its device.
    ``objective(X)`` gives three scalar float32 tensors, ``(content, style, tv)``, each times its weight.
    ``smooth_tv``: a length in normalised units below which total variation has no kink (0: exact).
    Raises ``ValueError`` as ``check_layers`` does.
    """

    def __init__(self, net, content_X, style_X, settings, smooth_tv=0.0):
        for X in (content_X, style_X):
            check_layers(net, X, settings.content_layers, settings.style_layers)
        content_at, style_at = check_layers(net, content_X, settings.content_layers, settings.style_layers)
        deepest = max(content_at + style_at)
        # A ReLU in place overwrites the map of the convolution before it: that is what is seen there.
        content_at, style_at = ([_seen(net, i, deepest) for i in at] for at in (content_at, style_at))
        layer_weights = dict.fromkeys(style_at, 0.0)
        for at, weight in zip(style_at, settings.style_layer_weights or [1.0] * len(style_at)):
            layer_weights[at] += weight
        precision = best_precision(content_X.device) if settings.precision == "auto" else settings.precision
        # float32: whatever the network has, which a test may have made double
        self.dtype = torch.bfloat16 if precision == "bfloat16" else next(net.parameters()).dtype
        self.segments = _cut(net, sorted({*content_at, *style_at}), self.dtype)
        self.weights = settings.content_weight, settings.style_weight, settings.tv_weight
        # About fifteen maps of the first block's size: what a step keeps, and what lies between.
        size = 15 * content_X.shape[-2] * content_X.shape[-1] * net[0].out_channels * self.dtype.itemsize
        history = 45 * content_X.numel() * 4 if settings.optimizer == "lbfgs" else 0  # what L-BFGS remembers
        self.sparing = size + history > free_memory(content_X.device) / 2 if SPARING is None else SPARING
        self.wants_memory_kept = MMAP_FROM < size < KEPT_TO and not self.sparing and content_X.device.type == "cpu"
        self.smooth_tv = smooth_tv
        self.contents, self.styles = {}, {}
        with torch.no_grad():
            for at, Y in self.features(content_X):
                if at in content_at:
                    self.contents[at] = content_at.count(at), _full(Y)
            for at, Y in self.features(style_X):
                if at in style_at:
                    self.styles[at] = layer_weights[at], gram(_full(Y))

    def features(self, X, tap=lambda at, Y: Y):
        """Index and feature map of every layer in use, in the network's order; what ``tap`` makes of it goes on."""
        X = X.to(self.dtype).contiguous(memory_format=torch.channels_last)
        for at, segment in self.segments:
            X = checkpoint(segment, X, use_reentrant=False) if self.sparing and X.requires_grad else segment(X)
            if at is not None:
                X = tap(at, X)
                yield at, X

    def __call__(self, X):
        styles = []

        def tap(at, Y):
            if at in self.styles:
                weight, gram_Y = self.styles[at]
                Y, loss = StyleTap.apply(Y, gram_Y)
                styles.append(weight * loss)
            return Y

        content = X.new_zeros(())
        for at, Y in self.features(X, tap):
            if at in self.contents:
                times, target = self.contents[at]
                content = content + times * content_loss(_full(Y), target)
        tv = smooth_tv_loss(X, self.smooth_tv) if self.smooth_tv else tv_loss(X)
        return tuple(weight * loss for weight, loss in zip(self.weights, (content, sum(styles, X.new_zeros(())), tv)))


M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_MMAP_MAX = -1, -3, -4  # malloc.h
MMAP_FROM = 32 * 2**20  # bytes: glibc takes larger pieces from the system each time, however often they come
KEPT_TO = 2e9  # bytes a step: from there on it saves a tenth of the time, and its holes cost up to half more memory


@contextlib.contextmanager
def memory_kept(wanted=True):
    """While it lasts, memory that is freed stays with this process, and goes back to the system afterwards.

    Otherwise each large feature map is handed back at once and comes anew, filled with zeros: a twentieth to a
    quarter of a step's time at 600×900, the more the faster the processor multiplies. Only where the C library is
    glibc (mallopt(3)); elsewhere nothing happens.
    """
    try:
        libc = ctypes.CDLL(None)
        mallopt, trim = libc.mallopt, libc.malloc_trim
    except (OSError, TypeError, AttributeError):
        wanted = False
    if wanted:
        mallopt(M_MMAP_MAX, 0)
        mallopt(M_TRIM_THRESHOLD, 2**31 - 1)
    try:
        yield
    finally:
        if wanted:
            mallopt(M_MMAP_MAX, 65536)
            mallopt(M_MMAP_THRESHOLD, MMAP_FROM)
            mallopt(M_TRIM_THRESHOLD, 2 * MMAP_FROM)
            trim(0)


def free_memory(device):
    """Bytes that are free on a device; 4 GB where nobody can say."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    try:
        return int(re.search(r"MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text())[1]) * 1024
    except (OSError, TypeError):  # no Linux, or an old one
        return 4e9


def smooth_tv_loss(Y_hat, eps):
    """``tv_loss`` with sqrt(d² + eps²) − eps for |d|: a second-order optimiser stumbles over the kink at 0."""
    rows, columns = Y_hat[:, :, 1:, :] - Y_hat[:, :, :-1, :], Y_hat[:, :, :, 1:] - Y_hat[:, :, :, :-1]
    return 0.5 * sum((torch.sqrt(torch.square(d) + eps**2) - eps).mean() for d in (rows, columns))


class LBFGS:
    """L-BFGS (Liu and Nocedal 1989) over an image, one step from each gradient, coarse before fine.

    It trains not the pixels but a picture Z that the composite shows smoothed: X = X₀ + S Z, where S is
    1 / (f + 0.1) at f cycles a pixel. Colours and broad shapes so come first, and fewer steps suffice.
    Used as a ``torch.optim`` optimiser: ``zero_grad``, ``backward``, ``step``.
    """

    HISTORY = 20
    RATE, LONGEST = 0.7, 0.6  # no line search: a little less than it asks for, and 0.6 a value at most

    def __init__(self, X):
        self.X, self.X0, self.Z = X, X.detach().clone(), torch.zeros_like(X, requires_grad=True)
        height, width = X.shape[-2:]
        f = torch.hypot(torch.fft.fftfreq(height)[:, None], torch.fft.rfftfreq(width)[None])
        self.spectrum = 1 / (f.to(X) + 0.1)
        self.spectrum /= self.spectrum.square().mean().sqrt()
        self.inner = torch.optim.LBFGS(
            [self.Z], max_iter=1, history_size=self.HISTORY, tolerance_grad=0, tolerance_change=0
        )
        self.param_groups = [{"params": [X], "lr": 0.3 * X.numel()}]  # the first step: 0.3 a value, on average

    def smooth(self, X):
        return torch.fft.irfft2(torch.fft.rfft2(X, norm="ortho") * self.spectrum, s=X.shape[-2:], norm="ortho")

    def __setstate__(self, state):
        """torch's L-BFGS forgets two of its attributes when it is copied."""
        self.__dict__.update(state)
        self.inner._params, self.inner._numel_cache = self.inner.param_groups[0]["params"], None

    def holds(self, X):
        """Whether ``X`` is still the picture that the last step left."""
        return torch.allclose(X, self.X0 + self.smooth(self.Z.detach()), atol=1e-3)

    def zero_grad(self):
        self.X.grad = None

    def step(self):
        self.Z.grad = self.smooth(self.X.grad) * self.X.numel()  # S is symmetric; losses are means, too faint a slope
        before = self.Z.detach().clone()
        self.inner.param_groups[0]["lr"], self.param_groups[0]["lr"] = self.param_groups[0]["lr"], self.RATE
        self.inner.step(lambda: 0.0)
        with torch.no_grad():
            length = float(self.smooth(self.Z - before).square().mean().sqrt())
            if length > self.LONGEST:
                share = self.LONGEST / length
                self.Z.copy_(before + share * (self.Z - before))
                self.inner.state[self.Z]["t"] *= share  # it takes the step for t times the direction
            self.X.copy_(self.X0 + self.smooth(self.Z))


def _full(Y):
    """Losses are computed in float32 (or double, in double)."""
    return Y.float() if Y.dtype == torch.bfloat16 else Y


def _seen(net, i, deepest):
    in_place = i < deepest and getattr(net[i + 1], "inplace", False)
    return i + 1 if in_place else i


def _cut(net, taps, dtype):
    """The network up to its last tap as ``(tap or None, layers)``: cut at every tap and after every pooling."""
    order, ends = list(range(taps[-1] + 1)), set(taps)
    for i in range(len(order)):
        if isinstance(net[i], nn.MaxPool2d) and not {i - 1, i} & ends:
            order[i - 1 : i + 1] = i, i - 1  # the ReLU of a maximum is the maximum of ReLUs, for a quarter of the work
            ends.add(i - 1)
        elif isinstance(net[i], (nn.MaxPool2d, nn.AvgPool2d)):
            ends.add(i)
    segments, layers = [], []
    for i in order:
        layer = copy.deepcopy(net[i]).to(dtype=dtype, memory_format=torch.channels_last)
        if isinstance(layer, nn.ReLU):
            layer.inplace = bool(layers)  # the first of a segment must leave the map before it as it is
        if getattr(layer, "padding_mode", "zeros") == "reflect":
            layers.append(_Mirrored())
            layer.padding_mode, layer.padding = "zeros", (0, 0)
        layers.append(layer)
        if i in ends:
            segments.append((i if i in taps else None, nn.Sequential(*layers)))
            layers = []
    return segments


class _Mirrored(nn.Module):
    def forward(self, X):
        return Mirror.apply(X)
