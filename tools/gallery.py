"""Paint the README's pictures: ``python tools/gallery.py`` (all) or ``python tools/gallery.py teaser settings_grid``.

* ``gallery``: photographs down, paintings across, every pair painted; the settings stand under it.
* ``teaser``: one run as a moving picture.
* ``learned_or_random``: the embedded filters beside random ones of the same widths.
* ``settings_grid``: the embedded weights' default settings among their neighbors.

Always with the embedded weights, so that everybody's pictures come out alike.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps
from skimage import data

from nst_helpers import (
    PUBLISHED,
    Settings,
    contact_sheet,
    find_weights,
    load_vgg19,
    optimize,
    postprocess,
    preprocess,
    random_parameters,
    sample,
    stylize,
)

ROOT = Path(__file__).resolve().parents[1]
CONTENTS = ("mountain_lake", "cat", "coffee", "rocket")
STYLES = ("starry_harbour", "autumn_wood", "stained_glass", "woodblock_wave", "pointillist_park", "charcoal_street")
NAMES = {"adam": "Adam", "lbfgs": "L-BFGS"}
TILE = (240, 180)  # pixels

# The settings grid: optimizer and content layer down, weights of style and total variation across. The first tile
# has d2l's layers; benchmarks/filters.py scores the same paintings.
GRID_ROWS = {
    "L-BFGS 80\nd2l's layers": PUBLISHED.but(optimizer="lbfgs", num_epochs=80),
    "L-BFGS 80\nrelu4_1": Settings(content_layers=("relu4_1",)),
    "L-BFGS 80\nrelu3_1": Settings(),
    "L-BFGS 80\nrelu2_1": Settings(content_layers=("relu2_1",)),
    "Adam 150\nrelu3_1": Settings(optimizer="adam", num_epochs=150),
}
GRID_COLUMNS = ((1e4, 10), (1e5, 10), (1e5, 30), (1e6, 10))


def gallery(net, size=320, steps=80, contents=CONTENTS, styles=STYLES):
    """The contact sheet. ``steps``: at the smallest size; half as many each time that the size doubles."""
    rows = [[Image.new("RGB", TILE, "white"), *(ImageOps.fit(sample(style), TILE) for style in styles)]]
    for content in contents:
        img = ImageOps.fit(sample(content), (size, size * TILE[1] // TILE[0]))
        row = [img]
        for style in styles:
            print(f"{content} × {style}", flush=True)
            row.append(stylize(img, sample(style), net, size, num_epochs=steps))
        rows.append([ImageOps.fit(tile, TILE) for tile in row])
    titles = ["content down, style across", *(style.replace("_", " ") for style in styles)]
    s = net.settings
    note = (
        f"{net.source} weights, {steps} steps of {NAMES[s.optimizer]}, coarse to fine up to {size} px; "
        f"content {', '.join(s.content_layers)}; style {', '.join(s.style_layers)}; "
        f"weights {s.content_weight:g} / {s.style_weight:g} / {s.tv_weight:g}"
    )
    return with_note(contact_sheet(rows, titles, height=TILE[1]), note)


def with_note(sheet, note):
    """A picture with a line of text under it."""
    font = ImageFont.load_default(13)
    taller = Image.new("RGB", (sheet.width, sheet.height + 24), "white")
    taller.paste(sheet)
    ImageDraw.Draw(taller).text((8, sheet.height), note, "black", font)
    return taller


def teaser(net, size=420, steps=80):
    """The frames of one run, many at first, when much happens; and how long each stays, in milliseconds."""
    frames = [ImageOps.fit(sample("cat"), (size, size * 2 // 3))]

    def keep(step):
        if step.step <= 8 or step.step % 6 == 0 or step.step == step.num_epochs:
            frames.append(postprocess(step.X).resize(frames[0].size, Image.Resampling.BICUBIC))

    stylize(frames[0], sample("starry_harbour"), net, size, progress=keep, num_epochs=steps)
    return frames, [900] + [110] * (len(frames) - 2) + [2500]


def learned_or_random(
    net, size=216, steps=80, contents=("cat", "coffee", "mountain_lake", "camera"), styles=STYLES[:4]
):
    """Every pair twice, with random and with learned filters, each with the style weight that suits it."""
    own = find_weights("embedded")
    dice = replace(random_parameters(own.widths), padding=own.padding, pooling=own.pooling)
    dice = load_vgg19(dice, net[0].weight.device, verbose=False)
    shape = (size * 2 // 3, size)
    paintings = {style: preprocess(sample(style), shape) for style in styles}
    rows = [[Image.new("RGB", shape[::-1], "white"), *map(postprocess, paintings.values())]]
    for content in contents:
        img = Image.fromarray(data.camera()).convert("RGB") if content == "camera" else sample(content)  # CC0
        X = preprocess(img, shape)
        for filters, weight in ((dice, 1e7), (net, 1e5)):
            print(f"{content}, {filters.source} filters", flush=True)
            rows.append([postprocess(X)])
            for style_X in paintings.values():
                *_, last = optimize(filters, X, style_X, net.settings, style_weight=weight, num_epochs=steps)
                rows[-1].append(postprocess(last.X))
    titles = ["", *(style.replace("_", " ") for style in styles)]
    return contact_sheet(rows, titles, ["", *["random", "learned"] * len(contents)], shape[0])


def settings_grid(net, size=225, steps=None, content="coffee", style="starry_harbour"):
    """One pair in all settings of the grid. ``steps``: the settings' own, unless given."""
    shape, rows = (size * 2 // 3, size), []
    content_X, style_X = (preprocess(sample(name), shape) for name in (content, style))
    for label, base in GRID_ROWS.items():
        print(label.replace("\n", ", "), flush=True)
        rows.append([])
        for style_weight, tv_weight in GRID_COLUMNS:
            run = base.but(style_weight=style_weight, tv_weight=tv_weight, num_epochs=steps or base.num_epochs)
            *_, last = optimize(net, content_X, style_X, run)
            rows[-1].append(postprocess(last.X))
    titles = [f"weights 1 / {style_weight:g} / {tv_weight}" for style_weight, tv_weight in GRID_COLUMNS]
    return contact_sheet(rows, titles, list(GRID_ROWS), shape[0])


PICTURES = {it.__name__: it for it in (gallery, teaser, learned_or_random, settings_grid)}


def save(name, picture, folder):
    """A sheet as JPEG, a moving picture as WebP."""
    if name == "teaser":
        (first, *others), durations = picture
        motion = {"save_all": True, "append_images": others, "duration": durations, "loop": 0}
        first.save(folder / "teaser.webp", quality=70, method=6, **motion)
    else:
        picture.save(folder / f"{name}.jpg", quality=85, optimize=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(PICTURES))
    parser.add_argument("--folder", type=Path, default=ROOT / "images", help="where the pictures go")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(PICTURES):
        sys.exit(f"no picture {' or '.join(sorted(unknown))}; there are {', '.join(PICTURES)}")
    net = load_vgg19("embedded")
    for name in arguments.names or PICTURES:
        save(name, PICTURES[name](net), arguments.folder)


if __name__ == "__main__":
    main()
