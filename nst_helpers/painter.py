"""Notebook 10: a small network that learns to paint in one pass, several styles in one network.

The losses are those of notebook 04; what is trained is not one picture but the network that paints it (Johnson et
al. 2016; Ulyanov et al. 2016). A style is two numbers per channel (Dumoulin et al. 2017), so styles can be mixed.

``make painter`` learns the painter that ships in this folder (``PAINTER.md``).
"""

import argparse
import json
import math
import random
import time
from copy import deepcopy
from dataclasses import dataclass, field
from numbers import Real
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from PIL import Image, ImageStat
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn

from .door import shown
from .features import best_precision, frozen, load_vgg19
from .files import full_path, written_whole
from .images import check_picture, sample
from .interrupts import held_back
from .layers import layer_index
from .losses import tv_loss
from .preprocessing import check_tensor, fit_shape, postprocess, preprocess, rgb_mean, rgb_std
from .settings import check_between
from .training import DivergedError, chosen, limited
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
FRAME = 8  # pixels around a picture that are painted and cut off: strokes at the very border are others
SIDE = 144  # pixels: the crops that a painter learns from
LR = 2e-3  # Adam's
STYLE_WEIGHT, TV_WEIGHT = 3e3, 8.0  # with 1e4 and more, light and dark of the photograph are lost
QUARTERS = 0.05  # weight of the quarters' Gram matrices beside that of the whole crop's
LATTICE = 37.5  # weight of what repeats every 4 pixels, beside total variation
NOISE = 0.03  # in normalized units: as much as a dim camera has, so that a painter does not answer to it
# How the painter that ships is learned, part by part: steps, style and TV weight, ``QUARTERS``, learning rate.
PARTS = (
    (7_000, 1e4, 20.0, 0.2, 2e-3),
    (500, STYLE_WEIGHT, 7.0, 0.2, 1e-3),
    (7_000, STYLE_WEIGHT, TV_WEIGHT, QUARTERS, 2e-3),
    (3_000, STYLE_WEIGHT, TV_WEIGHT, QUARTERS, 1e-3),
)
STYLE_SIZE = 448  # pixels on the longer side of a painting while its style is read


class Stroke(nn.Module):
    """A convolution with mirrored borders, then conditional instance normalization.

    Every channel of every picture is brought to mean 0 and standard deviation 1 (Ulyanov et al. 2016), then stretched
    and moved by the two numbers that its style has for this channel (Dumoulin et al. 2017, eq. 5). A bias would be
    subtracted again, so there is none.
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
            raise ValueError(f"styles are a list of names, with at least one; these are {shown(styles)}")
        if len(set(styles)) < len(styles):
            raise ValueError(f"two styles have one name: {shown(styles)}")
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
            raise ValueError(f"a mix is a style's name, or a dictionary from names to shares; it is {shown(shares)}")
        if unknown := [name for name in shares if name not in self.styles]:
            raise ValueError(f"this painter has no style {shown(unknown[0])}; it has {', '.join(self.styles)}")
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
        dtype = torch.bfloat16 if best_precision(device) == "bfloat16" else torch.float32
        return cut(self(mirrored(X.to(device, dtype), FRAME), self.mix(styles).expand(len(X), -1)))

    def paint_image(self, img, styles, size=450):
        """A PIL image → the painting, a PIL image ``size`` pixels on the longer side. Fewer make larger strokes."""
        return postprocess(self.paint(preprocess(img, fit_shape(img, size)), styles))

    def answer(self, img, style, size, scale):
        """A PIL image → the painting, a PIL image ``size`` pixels on the longer side.

        Its strokes are as wide as if the style's painting had ``scale`` times ``size`` pixels: the painter has learned
        from ``STYLE_SIZE`` of them, so it paints at the size that fits, and the picture is resized.
        """
        side = max(min(STYLE_SIZE / scale, 1.5 * size), 1.1 * LEAST * max(img.size) / min(img.size))
        painted, (height, width) = self.paint_image(img, style, round(side)), fit_shape(img, size)
        return painted.resize((width, height), Image.Resampling.BICUBIC)


def cut(X):
    """Pictures without their outermost ``FRAME`` pixels."""
    return X[..., FRAME:-FRAME, FRAME:-FRAME]


def mirrored(X, count):
    """``X`` with ``count`` more pixels at every border, mirrored."""
    return F.pad(X, (count,) * 4, mode="reflect")


class Judge:
    """The losses of notebook 04 for a batch of crops, each painted in a style of its own.

    ``net``: from ``load_vgg19``, whose settings name the layers. ``paintings``: RGB PIL images, one per style.
    Style is compared over a whole crop and, weighted by ``quarters``, in each of its quarters: otherwise flat regions
    stay empty, because strokes elsewhere make up for them.
    """

    def __init__(self, net, paintings, settings, quarters=QUARTERS):
        self.quarters = quarters
        device = net[0].weight.device
        content_at, style_at = (
            sorted(map(layer_index, layers)) for layers in (settings.content_layers, settings.style_layers)
        )
        self.content_at, self.style_at = content_at, style_at
        self.content_weight, self.style_weights, self.tv_weight = settings.loss_weights
        self.dtype = torch.bfloat16 if best_precision(device) == "bfloat16" else torch.float32
        deepest = max(content_at + style_at)
        self.layers = deepcopy(net[: deepest + 1]).to(dtype=self.dtype, memory_format=torch.channels_last)
        described = []
        with torch.no_grad():
            for painting in paintings:
                Y = self.features(preprocess(painting, fit_shape(painting, STYLE_SIZE)).to(device), style_at)
                described.append([grams(Y[at])[0] for at in style_at])
        self.targets = [torch.stack(targets) for targets in zip(*described)]  # one (styles, c, c) per layer

    def features(self, X, at):
        """Feature maps of ``X`` ``(n, 3, h, w)`` by layer index."""
        X, maps = X.to(self.dtype).contiguous(memory_format=torch.channels_last), {}
        for i in range(max(at) + 1):
            X = self.layers[i](X)
            if i in at:
                maps[i] = X
        return maps

    def __call__(self, Y, X, rows):
        """Weighted losses ``(content, style, tv)`` of paintings ``Y`` of ``X`` in the styles ``rows`` ``(n,)``.

        ``tv`` includes the lattice.
        """
        with torch.no_grad():
            contents = self.features(X, self.content_at)
        seen = self.features(Y, self.content_at + self.style_at)
        content = sum(F.mse_loss(seen[at].float(), contents[at].float()) for at in self.content_at)
        style = 0
        for at, weight, target in zip(self.style_at, self.style_weights, self.targets):
            differences = grams(quarters(seen[at])) - target[rows][:, None]  # their mean is that of the whole crop
            whole, local = torch.square(differences.mean(1)).mean(), torch.square(differences).mean()
            style = style + weight * (whole + self.quarters * local)
        return self.content_weight * content, style, self.tv_weight * (tv_loss(Y) + LATTICE * lattice(Y))


def grams(X):
    """``gram`` of every picture in a batch: ``(..., c, h, w)`` → ``(..., c, c)``."""
    c, h, w = X.shape[-3:]
    X = X.float().flatten(-2)
    return X @ X.mT / (c * h * w)


def lattice(X):
    """How much of ``X`` ``(n, 3, h, w)`` repeats every 4 pixels: the variance of the means of its 16 sub-grids.

    Enlarging twice leaves such a lattice, which no Gram matrix minds. Sides are multiples of 4.
    """
    means = F.pixel_unshuffle(X, 4).mean((2, 3))
    return means.view(*X.shape[:2], 16).var(2, correction=0).mean()


def quarters(X):
    """The four quarters of every feature map: ``(n, c, h, w)`` → ``(n, 4, c, h // 2, w // 2)``."""
    h, w = X.shape[-2] // 2, X.shape[-1] // 2
    return torch.stack([X[..., y : y + h, x : x + w] for y in (0, h) for x in (0, w)], dim=1)


class PainterStep(NamedTuple):
    """One step of learning: its number (from 1), of about how many, the weighted losses, and the painter so far."""

    step: int
    steps: int
    content: float
    style: float
    tv: float
    total: float
    painter: Painter


@dataclass
class PainterState:
    """What learning needs to continue where it stopped: hand it to ``learn_painter`` again.

    ``painter`` is the one to keep: the mean of ``trained`` over the latest steps, in which every step counts less
    than the one after it. It has only seen steps whose loss was finite.
    """

    painter: Painter = None
    trained: Painter = field(default=None, repr=False)
    optimizer: torch.optim.Adam = field(default=None, repr=False)
    chance: random.Random = field(default=None, repr=False)
    step: int = 0
    seconds: float = 0.0

    def begin(self, painter, paintings, seed, device):
        """The first painter: a copy of ``painter`` with other styles, or a new one."""
        with torch.random.fork_rng([]):
            torch.manual_seed(seed)
            self.trained = (painter.with_styles(paintings) if painter else Painter(paintings)).to(device)
        self.painter, self.chance = deepcopy(self.trained).requires_grad_(False), random.Random(seed)

    def fit_only_numbers(self, only):
        """Whether only the styles' numbers are trained, or everything."""
        for name, parameter in self.trained.named_parameters():
            parameter.requires_grad_(not only or name.endswith(("stretch", "move")))

    def average(self):
        """Move the painter to keep toward the one that is trained, over about the latest ninth of the steps."""
        keep = min(0.999, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.painter.parameters()), list(self.trained.parameters()), 1 - keep)


class DivergedPainterError(DivergedError):
    """The loss of step ``failed`` was not finite. The painter of the state is the last good one."""

    def __init__(self, failed, lr):
        self.failed, self.last_good_step, self.lr = failed, failed - 1, lr
        ValueError.__init__(
            self,
            f"the loss became non-finite in step {failed}: most likely the learning rate {lr:g} or a loss weight is "
            f"too large. The painter after step {failed - 1} is kept; try a tenth of the rate",
        )


def learn_painter(
    net,
    paintings,
    painter=None,
    photos=None,
    steps=1500,
    minutes=None,
    state=None,
    settings=None,
    lr=LR,
    quarters=QUARTERS,
    numbers_first=0.25,
    batch=2,
    seed=0,
):
    """Learn to paint in the styles of ``paintings``, a dictionary from names to PIL images; yields ``PainterStep``s.

    ``net``: from ``load_vgg19``; it judges. ``photos``: PIL images to practice on, default ``practice_photos()``.
    ``painter``: one to start from, for instance ``load_painter()``. Then for the first ``numbers_first`` of the run
    only the numbers of the styles are fitted, and after that everything; with 1, only the numbers. Without it, all
    starts at random. ``minutes``: end by then, if ``steps`` are not done before; the learning rate falls to zero by
    the end (half a cosine). ``state``: a ``PainterState`` that is kept up to date; hand one in to stop and continue.
    ``settings``: layers and loss weights, default ``net.settings`` with the weights ``STYLE_WEIGHT`` and ``TV_WEIGHT``.
    ``quarters``: see ``Judge``.
    Raises ``ValueError`` for pictures that cannot be learned from, before the first step, and ``DivergedPainterError``.
    """
    settings = chosen(net, settings) if settings else chosen(net, style_weight=STYLE_WEIGHT, tv_weight=TV_WEIGHT)
    for name, value, high in (("lr", lr, 3e38), ("quarters", quarters, 3e38), ("numbers_first", numbers_first, 1)):
        check_between(name, value, 0, high)
    for name, value, low, high in (("batch", batch, 1, 1000), ("seed", seed, 0, 2**63 - 1)):
        check_between(name, value, low, high, whole=True)
    for name, value, kind in (
        ("painter", painter, Painter),
        ("state", state, PainterState),
        ("photos", photos, COLLECTIONS),
    ):
        if value is not None and not isinstance(value, kind):
            what = "a list of PIL images" if kind is COLLECTIONS else f"a {kind.__name__}"
            raise ValueError(f"{name} must be {what}, or None; it is {shown(value)}")
    steps, device = limited(settings.but(num_epochs=steps)).num_epochs, net[0].weight.device
    if minutes is not None:
        check_between("minutes", minutes, 1e-6, 1e6)
    judge = Judge(net, _checked(paintings), settings, quarters)
    bank = photo_bank(practice_photos() if photos is None else photos)
    state = PainterState() if state is None else state
    if state.painter is None:
        state.begin(painter, paintings, seed, device)
    elif list(state.painter.styles) != list(paintings):
        raise ValueError("this run was started on other paintings: hand in the same ones to continue it")
    if state.optimizer is None:
        state.optimizer = torch.optim.Adam(state.trained.parameters(), lr=lr)

    def done():
        """The share of the run that is behind it, by steps or by the clock."""
        return max(state.step / steps, state.seconds / (60 * minutes) if minutes else 0)

    start = time.monotonic() - state.seconds
    while (share := done()) < 1:
        state.fit_only_numbers(numbers_first == 1 or painter is not None and share < numbers_first)
        for group in state.optimizer.param_groups:
            group["lr"] = lr * (0.01 + (1 + math.cos(math.pi * share)) / 2)
        noisy, clean = (X.to(device) for X in crops(bank, batch, state.chance))
        rows = torch.tensor([state.chance.randrange(len(paintings)) for _ in range(batch)], device=device)
        mix = F.one_hot(rows, len(paintings)).float()
        losses = judge(cut(state.trained(noisy.to(judge.dtype), mix)), cut(clean), rows)
        content, style, tv = (float(loss.detach()) for loss in losses)
        if not math.isfinite(content + style + tv):
            state.trained.load_state_dict(state.painter.state_dict())
            state.optimizer = None  # what it remembers led here
            raise DivergedPainterError(state.step + 1, lr)
        state.optimizer.zero_grad()
        sum(losses).backward()
        with held_back():  # a step is taken whole, or not at all
            state.average()
            state.optimizer.step()
            state.step += 1
            state.seconds = time.monotonic() - start
        yield PainterStep(
            state.step, round(state.step / done()), content, style, tv, content + style + tv, state.painter
        )


def _checked(paintings):
    """The pictures of a dictionary of paintings, if each can be learned from. ``ValueError`` otherwise."""
    if not isinstance(paintings, dict) or not paintings:
        raise ValueError("paintings are given as a dictionary from names to PIL images, with at least one")
    for name, img in paintings.items():
        check_picture(img, name)
        if min(img.size) < 64:
            raise ValueError(f"{name} has {img.height}×{img.width} pixels: to learn from a painting, it needs 64×64")
        if flat(img):
            raise ValueError(f"{name} is one flat color: there are no strokes in it to learn from")
    return list(paintings.values())


def flat(img):
    """Whether a picture has next to no contrast: a standard deviation of less than 2 of 255 levels in every channel."""
    check_picture(img, "a photo")
    return max(ImageStat.Stat(img.convert("RGB")).stddev) < 2


def practice_photos():
    """The photographs to practice on. scikit-image's cat and coffee cup are left out, to try the painter on."""
    from .learning import photographs  # only when needed: scikit-image takes long to import

    return [*photographs(), sample("mountain_lake")]


def photo_bank(photos, sizes=(240, 340, 480)):
    """Normalized tensors ``(3, h, w)``: every photo at every size at which a crop fits. ``ValueError`` if none does."""
    shapes = [(img, fit_shape(img, size)) for img in photos if not flat(img) for size in sizes]
    bank = [preprocess(img, shape)[0] for img, shape in shapes if min(shape) >= SIDE and max(img.size) >= SIDE]
    if not bank:
        raise ValueError(f"no photo to practice on: at least one must have {SIDE}×{SIDE} pixels and not be flat")
    return bank


def crops(bank, count, chance):
    """Random crops ``(count, 3, SIDE, SIDE)``: with a little noise, to paint, and without, to compare with.

    Some are mirrored, some have their colors exchanged, so that few photographs do.
    """
    clean = []
    for _ in range(count):
        X = chance.choice(bank)
        y, x = (chance.randrange(side - SIDE + 1) for side in X.shape[1:])
        X = X[:, y : y + SIDE, x : x + SIDE]
        if chance.random() < 0.5:
            X = X.flip(2)
        if chance.random() < 0.4:
            X = X[chance.sample(range(3), 3)]
        clean.append(X)
    clean = torch.stack(clean)
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(chance.randrange(2**31)))
    return clean + NOISE * noise, clean


def save_painter(painter, path):
    """Write a painter as safetensors in half precision; ``load_painter`` reads it back. Returns the path.

    Raises ``OSError`` as ``written_whole`` does.
    """
    if not isinstance(painter, Painter):
        raise ValueError(f"painter must be a Painter, as load_painter gives it; it is {shown(painter)}")
    path, tensors = full_path(path), painter.state_dict()
    header = {name: str(getattr(painter, name)) for name in ("channels", "residuals")}
    header["styles"] = json.dumps(list(painter.styles))
    with written_whole(path) as file:
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
        painter = Painter(json.loads(header["styles"]), int(header["channels"]), int(header["residuals"]))
        painter.load_state_dict(tensors)
    except (SafetensorError, KeyError, OSError, RuntimeError, TypeError, ValueError) as error:
        why = (str(error).splitlines() or [type(error).__name__])[0]
        raise WeightsError(f"{path!s:.300} is not a painter made by nst_helpers ({why:.120})") from error
    return frozen(painter, device).to(memory_format=torch.channels_last)


def main():
    """Learn the painter that ships and write it, with a line of progress every hundred steps."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--path", type=Path, default=BASE)
    path = parser.parse_args().path
    net, paintings, painter = load_vgg19("embedded"), {name: sample(name) for name in PAINTINGS}, None
    for number, (steps, style_weight, tv_weight, quarters, lr) in enumerate(PARTS, 1):
        settings = net.settings.but(style_weight=style_weight, tv_weight=tv_weight)
        options = {"settings": settings, "quarters": quarters, "lr": lr, "numbers_first": 0}
        start, recent = time.monotonic(), []
        for step in learn_painter(net, paintings, painter, steps=steps, **options):
            recent.append(step[2:5])
            if step.step % 100 == 0 or step.step == steps:
                content, style, tv = (sum(losses) / len(recent) for losses in zip(*recent))
                left, recent = (time.monotonic() - start) * (steps / step.step - 1) / 60, []
                print(
                    f"part {number} of {len(PARTS)}, step {step.step} of {steps}: content {content:.2f}, "
                    f"style {style:.2f}, TV {tv:.2f}; {left:.0f} min left of this part",
                    flush=True,
                )
                save_painter(step.painter, path)
        painter = step.painter
    print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB")
