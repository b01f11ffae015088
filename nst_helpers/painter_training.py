"""Notebook 10: how a painter learns its styles.

The losses are those of notebook 04; what is trained is not one picture but the network that paints it (Johnson et
al. 2016; Ulyanov et al. 2016). ``make painter`` learns the painter that ships (``PAINTER.md``).
"""

import math
import random
import time
from copy import deepcopy
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
import torch.nn.functional as F
from PIL import ImageStat

from .features import best_precision
from .interrupts import defer_interrupts
from .layers import layer_index
from .losses import tv_loss
from .painter import COLLECTIONS, STYLE_SIZE, Painter, cut
from .preprocessing import fit_shape, preprocess
from .sample_images import sample
from .settings import shortened
from .training import DivergedError, settings_for
from .validation import check_between, check_picture, short_repr

SIDE = 144  # pixels: the crops that a painter learns from
LR = 2e-3  # Adam's
STYLE_WEIGHT, TV_WEIGHT = 3e3, 8.0  # with 1e4 and more, light and dark of the photograph are lost
QUARTERS = 0.05  # weight of the quarters' Gram matrices beside that of the whole crop's
LATTICE = 37.5  # weight of what repeats every 4 pixels, beside total variation
NOISE = 0.03  # in normalized units: as much as a dim camera has, so that a painter does not answer to it


class Judge:
    """The losses of notebook 04 for a batch of crops, each painted in a style of its own.

    ``net``: from ``load_vgg19``, whose settings name the layers. ``paintings``: RGB PIL images, one per style.
    Style is compared over a whole crop and, weighted by ``quarters``, in each of its quarters: otherwise flat regions
    stay empty, because strokes elsewhere make up for them.
    """

    def __init__(self, net, paintings, settings, quarters=QUARTERS):
        self.quarters = quarters
        device = net[0].weight.device
        self.content_at, self.style_at = (
            sorted(map(layer_index, layers)) for layers in (settings.content_layers, settings.style_layers)
        )
        self.content_weights, self.style_weights, self.tv_weight = settings.loss_weights
        self.dtype = getattr(torch, best_precision(device))
        deepest = max(self.content_at + self.style_at)
        self.layers = deepcopy(net[: deepest + 1]).to(dtype=self.dtype, memory_format=torch.channels_last)
        described = []
        with torch.no_grad():
            for painting in paintings:
                Y = self.features(preprocess(painting, fit_shape(painting, STYLE_SIZE)).to(device), self.style_at)
                described.append([grams(Y[at])[0] for at in self.style_at])
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
        content = sum(
            weight * F.mse_loss(seen[at].float(), contents[at].float())
            for at, weight in zip(self.content_at, self.content_weights)
        )
        style = 0
        for at, weight, target in zip(self.style_at, self.style_weights, self.targets):
            differences = grams(quarters(seen[at])) - target[rows][:, None]  # their mean is that of the whole crop
            whole, local = torch.square(differences.mean(1)).mean(), torch.square(differences).mean()
            style = style + weight * (whole + self.quarters * local)
        return content, style, self.tv_weight * (tv_loss(Y) + LATTICE * lattice(Y))


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
    Raises ``ValueError`` for pictures that cannot be learned from, before the first step, and ``DivergedError``.
    """
    settings = (
        settings_for(net, settings) if settings else settings_for(net, style_weight=STYLE_WEIGHT, tv_weight=TV_WEIGHT)
    )
    if settings.style_loss != "gram" or not (settings.content_layers and settings.style_layers):
        raise ValueError("a painter learns by Gram matrices, from at least one content layer and one style layer")
    check_between("steps", steps, 1, 10**9, whole=True)
    check_between("lr", lr, 0, 3e38)
    check_between("quarters", quarters, 0, 3e38)
    check_between("numbers_first", numbers_first, 0, 1)
    check_between("batch", batch, 1, 1000, whole=True)
    check_between("seed", seed, 0, 2**63 - 1, whole=True)
    for name, value, kind in [
        ("painter", painter, Painter),
        ("state", state, PainterState),
        ("photos", photos, COLLECTIONS),
    ]:
        if value is not None and not isinstance(value, kind):
            what = "a list of PIL images" if kind is COLLECTIONS else f"a {kind.__name__}"
            raise ValueError(f"{name} must be {what}, or None; it is {short_repr(value)}")
    steps, device = shortened(settings.but(num_epochs=steps)).num_epochs, net[0].weight.device
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
        """The share of the run that is done, by steps or by the clock."""
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
            raise DivergedError(state.step + 1, state.step, None, lr, "painter")
        state.optimizer.zero_grad()
        sum(losses).backward()
        with defer_interrupts():  # a step is taken whole, or not at all
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
