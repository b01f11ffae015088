"""Notebook 10: a small network that paints in one pass, several styles in one network.

A style is two numbers per channel (Dumoulin et al. 2017), so styles can be mixed. ``painter_training.py`` trains it;
``PAINTER.md`` describes the painter that ships in this folder.
"""

import json
import math
from numbers import Real
from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn

from .features import best_precision, frozen
from .files import atomic_write, full_path
from .preprocessing import check_size, check_tensor, fit_shape, postprocess, preprocess, rgb_mean, rgb_std
from .validation import check_between, first_line, printable, short_repr
from .weights import WeightsError

BASE = Path(__file__).with_name("painter.safetensors")
PAINTINGS = (
    "starry_harbour",
    "autumn_wood",
    "pointillist_park",
    "stained_glass",
    "woodblock_wave",
    "mosaic_fish",
    "charcoal_street",
)
COLLECTIONS = (list, tuple, dict)  # of names or photos
LEAST = 16  # pixels: the shortest side that can be painted
FRAME = 8  # pixels around a picture that are painted and cut off: strokes at the very border look different
STYLE_SIZE = 448  # pixels on the longer side of a painting while its style is read


class Stroke(nn.Module):
    """A convolution with mirrored borders, then conditional instance normalization.

    Every channel of every picture is brought to mean 0 and standard deviation 1 (Ulyanov et al. 2016), then stretched
    and moved by the two numbers that its style has for this channel (γ and β in Dumoulin et al. 2017, eq. 5). A bias
    would be subtracted again, so there is none.
    """

    def __init__(self, channels_in, channels, styles, size=3, stride=1, enlarge=False):
        super().__init__()
        std = math.sqrt(2 / (channels_in * size**2))
        self.weight = nn.Parameter(std * torch.randn(channels, channels_in, size, size))
        self.stretch = nn.Parameter(torch.ones(styles, channels))
        self.move = nn.Parameter(torch.zeros(styles, channels))
        self.stride, self.enlarge = stride, enlarge

    def forward(self, X, mix):
        if self.enlarge:  # a transposed convolution would leave a lattice (Odena et al. 2016)
            X = F.interpolate(X, scale_factor=2, mode="bilinear")
        X = F.conv2d(mirrored(X, self.weight.shape[-1] // 2), self.weight.to(X), stride=self.stride)
        stretch, move = mix @ self.stretch, mix @ self.move
        # What batch normalization does to a batch of one picture is instance normalization, and faster. Pictures are
        # split, because batch_norm's gradient is wrong for x[None], a picture of a channels-last batch.
        pictures = zip(X.split(1), stretch, move)
        return torch.cat([F.batch_norm(x, None, None, s, m, training=True) for x, s, m in pictures])


class Painter(nn.Module):
    """A network that paints in one pass: down to a quarter of the size, ``residuals`` blocks, and up again.

    ``styles``: names of its styles; ``painter.styles`` maps them to their rows. (After Johnson et al. 2016)
    """

    def __init__(self, styles, channels=16, residuals=5):
        super().__init__()
        if not isinstance(styles, COLLECTIONS) or not styles or not all(isinstance(name, str) for name in styles):
            raise ValueError(f"styles are a list of names, with at least one; these are {short_repr(styles)}")
        if len(set(styles)) < len(styles):
            raise ValueError(f"two styles have one name: {short_repr(styles)}")
        check_between("channels", channels, 1, 1024, whole=True)
        check_between("residuals", residuals, 0, 100, whole=True)
        n, c = len(styles), channels
        self.styles, self.channels, self.residuals = {name: i for i, name in enumerate(styles)}, channels, residuals
        self.down = nn.ModuleList([Stroke(3, c, n, 5), Stroke(c, 2 * c, n, 3, 2), Stroke(2 * c, 4 * c, n, 3, 2)])
        self.body = nn.ModuleList([Stroke(4 * c, 4 * c, n) for _ in range(2 * residuals)])
        self.up = nn.ModuleList([Stroke(4 * c, 2 * c, n, enlarge=True), Stroke(2 * c, c, n, enlarge=True)])
        self.last = nn.Conv2d(c, 3, 3)

    def forward(self, X, mix):
        """``X`` ``(n, 3, h, w)``, normalized, and ``mix`` ``(n, styles)`` → the paintings, in float32.

        The convolutions compute in the type of ``X``. Pixels have the colors that a file can hold, and a little more.
        """
        height, width = X.shape[-2:]
        X = X.contiguous(memory_format=torch.channels_last)
        for stroke in self.down:
            X = F.relu(stroke(X, mix))
        for first, second in zip(self.body[::2], self.body[1::2]):
            X = X + second(F.relu(first(X, mix)), mix)
        for stroke in self.up:
            X = F.relu(stroke(X, mix))
        X = F.conv2d(mirrored(X, 1), self.last.weight.to(X), self.last.bias.to(X))[..., :height, :width].float()
        mean, std = (numbers.to(X).view(3, 1, 1) for numbers in (rgb_mean, rgb_std))
        return (1.1 * torch.sigmoid(X) - 0.05 - mean) / std

    def with_styles(self, styles):
        """A copy whose styles have these names: rows that it has are kept, new ones start as the mean of all rows."""
        copy = Painter(styles, self.channels, self.residuals)
        numbers, old = copy.state_dict(), self.state_dict()
        for name, value in old.items():
            if name.endswith(("stretch", "move")):
                rows = [value[self.styles[style]] if style in self.styles else value.mean(0) for style in copy.styles]
                value = torch.stack(rows)
            numbers[name] = value.clone()
        copy.load_state_dict(numbers)
        return copy.to(self.last.weight.device)

    def mix(self, styles):
        """``(1, styles)`` from a style's name, or a dictionary from names to shares, which need not add up to 1.

        Raises ``ValueError`` for a name that the painter does not know, and for shares that cannot be a mix.
        """
        shares = {styles: 1.0} if isinstance(styles, str) else styles
        if not isinstance(shares, dict):
            raise ValueError(
                f"a mix is a style's name, or a dictionary from names to shares; it is {short_repr(shares)}"
            )
        if unknown := [name for name in shares if name not in self.styles]:
            raise ValueError(f"this painter has no style {short_repr(unknown[0])}; it has {', '.join(self.styles)}")
        good = all(isinstance(share, Real) and 0 <= share < math.inf for share in shares.values())
        if not (good and sum(shares.values()) > 0):
            raise ValueError(f"the shares of a mix are zero or more, and one is above zero; these are {shares!r:.200}")
        row = torch.zeros(1, len(self.styles))
        for name, share in shares.items():
            row[0, self.styles[name]] = share / sum(shares.values())
        return row.to(self.last.weight.device)

    @torch.no_grad()
    def paint(self, X, styles):
        """``X`` ``(n, 3, h, w)``, normalized, painted in ``styles`` (as in ``mix``): float32, same shape.

        Computes in bfloat16 where the hardware multiplies it natively. ``ValueError`` for fewer than ``LEAST`` pixels.
        """
        check_tensor("X", X)
        if min(X.shape[-2:]) < LEAST:
            raise ValueError(f"a picture of {X.shape[-2]}×{X.shape[-1]} pixels is too small: {LEAST}×{LEAST} at least")
        device = self.last.weight.device
        dtype = getattr(torch, best_precision(device))
        return cut(self(mirrored(X.to(device, dtype), FRAME), self.mix(styles).expand(len(X), -1)))

    def paint_image(self, img, styles, size=450):
        """A PIL image → the painting, a PIL image ``size`` pixels on the longer side. Fewer make larger strokes."""
        return postprocess(self.paint(preprocess(img, fit_shape(img, check_size(size))), styles))

    def answer(self, img, style, size, scale):
        """A PIL image → the painting, a PIL image ``size`` pixels on the longer side.

        Its strokes are as wide as if the style's painting had ``scale`` times ``size`` pixels: the painter has learned
        from ``STYLE_SIZE`` of them, so it paints at the size that fits, and the picture is resized.
        """
        size = check_size(size)
        check_between("scale", scale, 0.01, 100)
        least = 1.1 * LEAST * max(img.size) / min(img.size)  # a tenth more, because sides are rounded
        side = max(min(STYLE_SIZE / scale, 1.5 * size), least)  # more than 1.5 times takes long and is shrunk again
        painted, (height, width) = self.paint_image(img, style, round(side)), fit_shape(img, size)
        return painted.resize((width, height), Image.Resampling.BICUBIC)


def cut(X):
    """Pictures without their outermost ``FRAME`` pixels."""
    return X[..., FRAME:-FRAME, FRAME:-FRAME]


def mirrored(X, count):
    """``X`` with ``count`` more pixels at every border, mirrored."""
    return F.pad(X, (count,) * 4, mode="reflect")


def save_painter(painter, path):
    """Write a painter as safetensors in half precision; ``load_painter`` reads it back. Returns the path.

    Raises ``OSError`` as ``atomic_write`` does.
    """
    if not isinstance(painter, Painter):
        raise ValueError(f"painter must be a Painter, as load_painter gives it; it is {short_repr(painter)}")
    path, tensors = full_path(path), painter.state_dict()
    header = {name: str(getattr(painter, name)) for name in ("channels", "residuals")}
    header["styles"] = json.dumps(list(painter.styles))
    with atomic_write(path) as file:
        file.write(save({name: value.half().cpu().contiguous() for name, value in tensors.items()}, header))
    return path


def load_painter(path=BASE, device=None):
    """A painter from a file, ready to paint; without a path, the one that ships, with our seven paintings' styles.

    ``device``: default d2l's ``try_gpu()``. Raises ``WeightsError`` for a file that is none, ``ValueError``
    for a device that is not there.
    """
    path = full_path(path)
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 (not a dict)
        if not all(tensor.isfinite().all() for tensor in tensors.values()):
            raise ValueError("it holds numbers that are not finite")
        painter = Painter(json.loads(header["styles"]), int(header["channels"]), int(header["residuals"]))
        painter.load_state_dict(tensors)
    except (SafetensorError, KeyError, OSError, RuntimeError, TypeError, ValueError) as error:
        why = first_line(error)
        raise WeightsError(f"{printable(path, 300)} is not a painter made by nst_helpers ({why:.120})") from error
    return frozen(painter, device).to(memory_format=torch.channels_last)
