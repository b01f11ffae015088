"""How well do filters paint? Content and style scores that involve none of the networks.

    python benchmarks/filters.py curve [FILE ...]   # embedded and random (or files of weights): table of scores
    python benchmarks/filters.py layers             # scores by content layer, other settings as shipped
    python benchmarks/filters.py cheat              # pictures optimized for the first two scores: what they reward
    python benchmarks/filters.py speed              # one step, slim against full width
    python benchmarks/filters.py grid               # scores of the paintings in images/settings_grid.jpg

Every network paints the same pairs of pictures, none of which the embedded weights were learned from, with the
published losses and several style weights each. The scores of a painting:

* content: structural similarity (Wang et al. 2004) of its luminance edges and the content image's;
* style: sliced Wasserstein distance (Rabin et al. 2011; on Laplacian levels as in Karras et al. 2018) of its
  7×7 patches and the style image's, divided by the content image's own: 1 is no style taken on, 0 all of it;
* strokes' content and style: the same two questions for the energies of Gabor filters, six directions at four
  scales in three opponent colors. Content: the correlation of the energies in both pictures' luminance. Style: how
  far their second moments, that is, which energies occur together, are from the style image's (Portilla and
  Simoncelli 2000: Gatys' idea without learned filters), divided by the content image's own.
"""

import math
import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from skimage.filters import sobel
from skimage.metrics import structural_similarity

from nst_helpers.features import best_precision, load_vgg19
from nst_helpers.images import sample
from nst_helpers.learning import SLIM
from nst_helpers.preprocessing import postprocess, preprocess, rgb_std
from nst_helpers.settings import PUBLISHED, Settings
from nst_helpers.training import optimize
from nst_helpers.weights import random_parameters

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
from gallery import GRID_COLUMNS, GRID_ROWS  # noqa: E402

SHAPE = (128, 192)
PAIRS = (
    ("cat", "starry_harbour"),
    ("coffee", "autumn_wood"),
    ("mountain_lake", "woodblock_wave"),
    ("coffee", "stained_glass"),
)
SEEN = (("rocket", "pointillist_park"), ("astronaut", "mosaic_fish"))  # photographs that were learned from
FOUR = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")
# What the curve is run with: the same for every network, but for the style weight and the content layer.
RUN = Settings(("relu4_1",), FOUR, style_weight=1e4, tv_weight=1.0, precision="float32")
CONTENT_LAYERS = ("relu2_1", "relu4_1")
STYLE_WEIGHTS = {"embedded": (1e2, 1e3, 1e4, 1e5, 1e6), "random": (1e3, 1e4, 1e5, 1e6, 1e7)}  # where each changes most


def edge_similarity(X, content_X):
    """Structural similarity of the luminance edges of two images ``(1, 3, h, w)``: 1 for the same edges."""
    edges = [sobel(np.asarray(postprocess(image).convert("L")) / 255) for image in (X, content_X)]
    return structural_similarity(*edges, data_range=max(edge.max() for edge in edges))


def laplacian_pyramid(X, levels=4):
    """What each halving of ``X`` loses, finest first, and the small image that is left."""
    pyramid = []
    for _ in range(levels - 1):
        small = F.interpolate(X, scale_factor=0.5, mode="bilinear", antialias=True)
        pyramid.append(X - F.interpolate(small, X.shape[-2:], mode="bilinear"))
        X = small
    return [*pyramid, X]


def style_distance(X, style_X, directions=128, size=7):
    """Sliced Wasserstein distance of all patches, mean over levels, in the style's standard deviations."""
    generator, total = torch.Generator().manual_seed(0), []
    for level, style_level in zip(laplacian_pyramid(X), laplacian_pyramid(style_X)):
        axes = F.normalize(torch.randn(directions, 3 * size * size, generator=generator))
        ours, theirs = ((axes @ F.unfold(image, size)[0]).sort(1).values for image in (level, style_level))
        ours = F.interpolate(ours[None], theirs.shape[1], mode="linear")[0]  # quantiles, if the sizes differ
        total.append((ours - theirs).abs().mean() / theirs.std())
    return sum(total) / len(total)


def gabors(size=9, directions=6, wavelength=4.0):
    """Quadrature pairs of Gabor filters without a mean, ``(2 * directions, 1, size, size)``."""
    y, x = torch.meshgrid(torch.arange(size) - size // 2.0, torch.arange(size) - size // 2.0, indexing="ij")
    filters = []
    for k in range(directions):
        angle = math.pi * k / directions
        along, across = x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)
        window = torch.exp(-(along**2) / (2 * 1.6**2) - across**2 / (2 * 2.2**2))
        for phase in (0, math.pi / 2):
            wave = window * torch.cos(2 * math.pi * along / wavelength + phase)
            filters.append(F.normalize(wave - window * wave.sum() / window.sum(), dim=(0, 1)))
    return torch.stack(filters)[:, None]


def energies(X, levels=4):
    """For every halving of ``X``: its Gabor energies, ``(3 * 6, h, w)``, luminance first, and its opponent colors."""
    opponents = F.normalize(torch.tensor([[1.0, 1.0, 1.0], [1.0, -1.0, 0.0], [0.5, 0.5, -1.0]]))
    X, filters, found = torch.einsum("oc,bchw->bohw", opponents, X), gabors(), []
    for _ in range(levels):
        waves = F.conv2d(F.pad(X.transpose(0, 1), (4, 4, 4, 4), mode="reflect"), filters)
        found.append((torch.sqrt(waves[:, 0::2] ** 2 + waves[:, 1::2] ** 2 + 1e-8).flatten(0, 1), X[0]))
        X = F.interpolate(X, scale_factor=0.5, mode="bilinear", antialias=True)
    return found


def stroke_content(X, content_X):
    """Correlation of where luminance energy lies, mean over all halvings but the finest; 1 best."""
    total = 0.0
    for (ours, _), (theirs, _) in list(zip(energies(X), energies(content_X)))[1:]:
        ours, theirs = (E[:6].flatten(1) - E[:6].flatten(1).mean(1, keepdim=True) for E in (ours, theirs))
        total += ((ours * theirs).sum() / (ours.norm() * theirs.norm())).item()
    return total / 3


def second_moments(X):
    """For every halving: how strongly its energies, those of the next halving, and its colors occur together."""
    levels, moments = energies(X), []
    for i, (E, colors) in enumerate(levels):
        maps = [torch.ones_like(E[:1]), E, colors, colors.clamp_min(0), (-colors).clamp_min(0)]
        if i + 1 < len(levels):
            maps.append(F.interpolate(levels[i + 1][0][None], E.shape[-2:], mode="bilinear")[0])
        rows = torch.cat(maps).flatten(1)
        moments.append(rows @ rows.T / rows.shape[1])
    return moments


def stroke_distance(X, style_X):
    """Distance of the second moments, relative to the style's own, mean over the halvings."""
    pairs = list(zip(second_moments(X), second_moments(style_X)))
    return sum(((ours - theirs).norm() / theirs.norm()).item() for ours, theirs in pairs) / len(pairs)


def paint(net, pair, settings, shape=SHAPE):
    """The composite ``(1, 3, h, w)`` after a whole run, and the content and style images it was made from."""
    content_X, style_X = (preprocess(sample(name), shape) for name in pair)
    *_, last = optimize(net, content_X, style_X, settings)
    return last.X, content_X, style_X


def score(X, content_X, style_X):
    """Content (1 best) and style (0 best) of a composite, then both of its strokes."""
    X = preprocess(postprocess(X), X.shape[-2:])  # judge the picture that is saved, not values no pixel can hold
    return (
        edge_similarity(X, content_X),
        (style_distance(X, style_X) / style_distance(content_X, style_X)).item(),
        stroke_content(X, content_X),
        stroke_distance(X, style_X) / stroke_distance(content_X, style_X),
    )


def best_style(points, level):
    """The least style distance of a curve's points, by straight lines, where content is at least ``level``."""
    styles = [style for content, style in points if content >= level]
    for (a, at_a), (b, at_b) in zip(points, points[1:]):
        if (a - level) * (b - level) < 0:
            styles.append(at_a + (at_b - at_a) * (level - a) / (b - a))
    return min(styles, default=float("nan"))


def curve(files):
    """Tables of all scores, means over the pairs, and of the best style at equal content."""
    nets = {name: load_vgg19(name, device="cpu", verbose=False) for name in files or ["embedded"]}
    nets["random"] = load_vgg19(random_parameters(SLIM), "cpu", verbose=False)
    print("| network | content layer | style weight | content | style | strokes' content | strokes' style |")
    print("| --- " * 7 + "|")
    curves = {name: [] for name in nets}
    for name, net in nets.items():
        for layer in CONTENT_LAYERS:
            rows = []
            for weight in STYLE_WEIGHTS.get(name, STYLE_WEIGHTS["embedded"]):
                run = RUN.but(content_layers=(layer,), style_weight=weight)
                rows.append(np.mean([score(*paint(net, pair, run)) for pair in PAIRS], axis=0))
                print(f"| {name} | {layer} | {weight:g} |" + "".join(f" {x:.3f} |" for x in rows[-1]), flush=True)
            curves[name].append(np.array(rows))
    for title, column, levels in (("content", 0, (0.6, 0.5, 0.4, 0.3)), ("strokes' content", 2, (0.9, 0.85, 0.8, 0.7))):
        print(f"\n| {title} at least | " + " | ".join(nets) + " |\n" + "| --- " * (1 + len(nets)) + "|")
        for level in levels:
            best = [
                min(best_style(rows[:, column : column + 2].tolist(), level) for rows in both)
                for both in curves.values()
            ]
            print(f"| {level} | " + " | ".join(f"{x:.3f}" for x in best) + " |")


def layers():
    """Table of all scores by content layer and style weight, means over six pairs."""
    net, pairs = load_vgg19("embedded", "cpu", verbose=False), (*PAIRS, *SEEN)
    print("| content layer | style weight | content | style | strokes' content | strokes' style |")
    print("| --- " * 6 + "|")
    for layer in ("relu2_1", "relu3_1", "relu4_1"):
        for weight in (3e4, 1e5, 3e5, 1e6):
            run = net.settings.but(content_layers=(layer,), style_weight=weight)
            row = np.mean([score(*paint(net, pair, run)) for pair in pairs], axis=0)
            print(f"| {layer} | {weight:g} |" + "".join(f" {x:.3f} |" for x in row), flush=True)


def cheat(steps=250):
    """Scores of pictures that were optimized for the content and style scores themselves, without a network."""

    def edges(X):
        luminance = rgb_std * torch.tensor([0.2125, 0.7154, 0.0721])
        Y = (X * luminance.view(1, 3, 1, 1)).sum(1, keepdim=True)
        kernel = torch.tensor([[1.0, 2.0, 1.0], [0.0, 0.0, 0.0], [-1.0, -2.0, -1.0]]) / 32**0.5
        return F.conv2d(F.pad(Y, (1, 1, 1, 1), "reflect"), torch.stack([kernel, kernel.T])[:, None]).square().sum(1)

    def similarity(a, b, span):
        a, b = (torch.sqrt(x + 1e-6)[:, None] for x in (a, b))
        mean_a, mean_b, both = (F.avg_pool2d(x, 7, 1) for x in (a, b, a * b))
        spread = F.avg_pool2d(a * a, 7, 1) - mean_a**2 + F.avg_pool2d(b * b, 7, 1) - mean_b**2
        small, tiny = (0.03 * span) ** 2, (0.01 * span) ** 2
        top = (2 * mean_a * mean_b + tiny) * (2 * (both - mean_a * mean_b) + small)
        return (top / ((mean_a**2 + mean_b**2 + tiny) * (spread + small))).mean()

    scores = []
    for pair in PAIRS:
        content_X, style_X = (preprocess(sample(name), SHAPE) for name in pair)
        X, target = content_X.clone().requires_grad_(), edges(content_X)
        optimizer = torch.optim.Adam([X], 0.05)
        decay = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
        for _ in range(steps):
            optimizer.zero_grad()
            loss = style_distance(X, style_X) - similarity(edges(X), target, target.max().sqrt())
            loss.backward()
            optimizer.step()
            decay.step()
        scores.append(score(X.detach(), content_X, style_X))
    print("content, style, strokes' content, strokes' style:", *(f"{x:.3f}" for x in np.mean(scores, axis=0)))


def speed(rounds=10):
    """Seconds of one step at 128×192, slim and full width in turns: the fastest of each, and their ratio.

    The full-width network uses the published layers; the slim one first those, then its own, up to relu4_1.
    """
    nets = [load_vgg19(source, "cpu", verbose=False) for source in ("embedded", "random")]
    content_X, style_X = (preprocess(sample(name), (128, 192)) for name in PAIRS[0])
    cases = [(p, own) for p in dict.fromkeys(("float32", best_precision("cpu"))) for own in (False, True)]
    for precision, own in cases:
        settings = [nets[0].settings.but(optimizer="adam") if own else PUBLISHED, PUBLISHED]
        runs = [
            optimize(net, content_X, style_X, chosen, precision=precision, num_epochs=rounds + 1)
            for net, chosen in zip(nets, settings)
        ]
        seconds = [[] for _ in runs]
        for _ in range(rounds + 1):
            for run, values in zip(runs, seconds):
                start = time.perf_counter()
                next(run)
                values.append(time.perf_counter() - start)
        slim, full = (min(values[1:]) for values in seconds)  # the first step also computes the targets
        print(
            f"{precision}, {torch.get_num_threads()} threads, {'its own' if own else 'published'} layers: "
            f"embedded {slim * 1e3:.0f} ms, full width {full * 1e3:.0f} ms, ratio {full / slim:.1f}"
        )


def grid(pair=("coffee", "starry_harbour"), shape=(150, 225)):
    """Table of both scores for the settings grid. tools/gallery.py paints it and defines its settings."""
    net = load_vgg19("embedded", "cpu")
    for label, base in GRID_ROWS.items():
        for style, tv in GRID_COLUMNS:
            content, distance, *_ = score(*paint(net, pair, base.but(style_weight=style, tv_weight=tv), shape))
            label = label.replace("\n", ", ")
            print(f"| {label} | {style:g} | {tv} | {content:.3f} | {distance:.3f} |", flush=True)


if __name__ == "__main__":
    what, *files = sys.argv[1:] or ["curve"]
    commands = {"layers": layers, "cheat": cheat, "speed": speed, "grid": grid}
    {"curve": lambda: curve(files), **commands}[what]()
