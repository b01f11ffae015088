"""How well do filters paint? Content and style scores in which none of the networks had a hand.

    python benchmarks/filters.py curve [FILE ...]   # embedded and random (or files of weights): table of scores
    python benchmarks/filters.py speed              # one step, slim against full width
    python benchmarks/filters.py grid               # images/settings_grid.jpg

Every network paints the same pairs, from pictures that the embedded weights were not learned from, with the
published losses and several style weights each. The scores of a painting:

* content: structural similarity (Wang et al. 2004) of its luminance edges and the content image's;
* style: sliced Wasserstein distance (Rabin et al. 2011; on Laplacian levels as in Karras et al. 2018) of its
  7×7 patches and the style image's, over the content image's own: 1 is no style taken on, 0 all of it.
"""

import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw
from skimage.filters import sobel
from skimage.metrics import structural_similarity

from nst_helpers.features import load_vgg19
from nst_helpers.images import sample
from nst_helpers.learning import SLIM
from nst_helpers.preprocessing import postprocess, preprocess
from nst_helpers.training import optimize
from nst_helpers.weights import Settings, random_parameters

SHAPE = (96, 144)
PAIRS = (
    ("cat", "starry_harbour"),
    ("coffee", "autumn_wood"),
    ("mountain_lake", "woodblock_wave"),
)
STYLE_WEIGHTS = (1e2, 1e3, 1e4, 1e5, 1e6)
FOUR = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")
# What the curve is run with: the same for every network, but for the style weight.
RUN = Settings(("relu4_1",), FOUR, tv_weight=3.0, lr=0.15, num_epochs=80, lr_decay_epoch=12)


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
        total.append(((ours - theirs).abs().mean() / theirs.std()).item())
    return sum(total) / len(total)


def paint(net, pair, settings, shape=SHAPE):
    """The composite ``(1, 3, h, w)`` after a whole run, and the content and style images it was made from."""
    content_X, style_X = (preprocess(sample(name), shape) for name in pair)
    *_, last = optimize(net, content_X, style_X, settings)
    return last.X, content_X, style_X


def score(X, content_X, style_X):
    """Content score (higher is better) and style score (lower is better) of a composite."""
    X = preprocess(postprocess(X), X.shape[-2:])  # judge the picture that is saved, not values no pixel can hold
    return edge_similarity(X, content_X), style_distance(X, style_X) / style_distance(content_X, style_X)


def curve(files):
    """A table of both scores, means over the pairs, for each network and style weight."""
    nets = {name: load_vgg19(name, device="cpu", verbose=False) for name in files or ["embedded"]}
    if not files:
        nets["random, same widths"] = load_vgg19(random_parameters(SLIM), "cpu", verbose=False)
    print("| network | style weight | content (edges, 1 best) | style (patches, 0 best) |\n| --- | --- | --- | --- |")
    for name, net in nets.items():
        for weight in STYLE_WEIGHTS:
            scores = [score(*paint(net, pair, RUN.but(style_weight=weight))) for pair in PAIRS]
            content, style = np.mean(scores, axis=0)
            print(f"| {name} | {weight:g} | {content:.3f} | {style:.3f} |", flush=True)


def speed(rounds=5):
    """Seconds of one step at 128×192, slim and full width in turns; the fastest of each, and their ratio."""
    nets = {"embedded": load_vgg19("embedded", "cpu"), "full width": load_vgg19("random", "cpu")}
    content_X, style_X = (preprocess(sample(name), (128, 192)) for name in PAIRS[0])
    runs = {name: optimize(net, content_X, style_X, Settings()) for name, net in nets.items()}
    seconds = {name: [] for name in nets}
    for _ in range(rounds + 1):
        for name, run in runs.items():
            start = time.perf_counter()
            next(run)
            seconds[name].append(time.perf_counter() - start)
    slim, full = (min(values[1:]) for values in seconds.values())  # the first step also computes the targets
    print(f"one step at 128×192: embedded {slim:.3f} s, full width {full:.3f} s, ratio {full / slim:.1f}")


def grid(pair=("coffee", "starry_harbour"), shape=(150, 225)):
    """Draw the settings that the default was chosen from: layers down, weights and rates across."""
    rows = {
        "published: content relu4_4": Settings(),
        "content relu4_1, style to relu4_1": Settings(("relu4_1",), FOUR),
        "content relu3_1, style to relu4_1": Settings(("relu3_1",), FOUR),
    }
    columns = ((1e3, 1, 0.1, 50), (1e4, 3, 0.1, 20), (1e5, 30, 0.15, 20))
    net, (h, w) = load_vgg19("embedded", "cpu"), shape
    sheet = Image.new("RGB", (len(columns) * w, len(rows) * (h + 26)), "white")
    draw = ImageDraw.Draw(sheet)
    for row, (label, base) in enumerate(rows.items()):
        for column, (style, tv, lr, decay) in enumerate(columns):
            run = base.but(style_weight=style, tv_weight=tv, lr=lr, lr_decay_epoch=decay, num_epochs=150)
            result = paint(net, pair, run, shape)
            content, distance = score(*result)
            x, y = column * w, row * (h + 26)
            sheet.paste(postprocess(result[0]), (x, y + 26))
            text = f"{label}\nweights 1 / {style:g} / {tv}, rate {lr}, decay every {decay}"
            draw.text((x + 3, y), text, "black", font_size=9, spacing=1)
            print(f"| {label} | {style:g} | {tv} | {lr} | {decay} | {content:.3f} | {distance:.3f} |", flush=True)
            sheet.save(Path(__file__).parents[1] / "images" / "settings_grid.jpg", quality=80)


if __name__ == "__main__":
    what, *files = sys.argv[1:] or ["curve"]
    {"curve": lambda: curve(files), "speed": speed, "grid": grid}[what]()
