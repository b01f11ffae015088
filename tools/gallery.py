"""Make the README's pictures: ``images/gallery.jpg`` (contents × styles) and ``images/teaser.webp`` (one run, moving).

Always with the embedded weights, so that everybody's come out alike. The settings are written under the sheet.
"""

import argparse
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from nst_helpers import FOLDER, load_vgg19, postprocess, sample, stylize

CONTENTS = ("mountain_lake", "cat", "coffee", "astronaut")
STYLES = ("starry_harbour", "autumn_wood", "stained_glass", "woodblock_wave", "pointillist_park", "charcoal_street")
TILE, GAP, LABEL = (240, 180), 8, 26  # pixels; the labels' height


def crop_to(img, size):
    """The largest piece of the shape of ``size``, from the middle, at that size."""
    ratio = size[0] / size[1]
    width, height = min(img.width, round(img.height * ratio)), min(img.height, round(img.width / ratio))
    left, top = (img.width - width) // 2, (img.height - height) // 2
    return img.crop((left, top, left + width, top + height)).resize(size, Image.LANCZOS)


def contact_sheet(net, steps, size):
    """Contents down, styles across, every pair painted; what was used is written below."""
    columns, rows = len(STYLES) + 1, len(CONTENTS) + 1
    sheet = Image.new("RGB", (columns * (TILE[0] + GAP) + GAP, rows * (TILE[1] + GAP) + GAP + 2 * LABEL), "white")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(15)

    def place(img, column, row):
        sheet.paste(crop_to(img, TILE), (GAP + column * (TILE[0] + GAP), LABEL + GAP + row * (TILE[1] + GAP)))

    for column, style in enumerate(STYLES, 1):
        place(sample(style), column, 0)
        draw.text((GAP + column * (TILE[0] + GAP), 8), style.replace("_", " "), "black", font)
    draw.text((GAP, TILE[1] // 2 + LABEL), "content down, style across", "black", font)
    for row, content in enumerate(CONTENTS, 1):
        place(sample(content), 0, row)
        for column, style in enumerate(STYLES, 1):
            print(f"{content} × {style}", flush=True)
            img = crop_to(sample(content), (size, size * 3 // 4))
            place(stylize(img, sample(style), net, size, num_epochs=steps), column, row)
    s = net.settings
    content_layers, style_layers = (", ".join(map(str, layers)) for layers in (s.content_layers, s.style_layers))
    note = (
        f"{net.source} weights, {steps} steps of L-BFGS, coarse to fine up to {size} px; "
        f"content {content_layers}; style {style_layers}; "
        f"weights {s.content_weight:g} / {s.style_weight:g} / {s.tv_weight:g}"
    )
    draw.text((GAP, sheet.height - LABEL), note, "black", font)
    return sheet


def teaser(net, steps, size, path):
    """One run as an animated WebP: dense at first, when much happens; it rests on the last picture."""
    frames = [crop_to(sample("cat"), (size, size * 2 // 3))]

    def keep(step):
        if step.step <= 8 or step.step % 6 == 0 or step.step == step.num_epochs:
            frames.append(postprocess(step.X).resize(frames[0].size, Image.BICUBIC))

    stylize(frames[0], sample("starry_harbour"), net, size, progress=keep, num_epochs=steps)
    durations = [900] + [110] * (len(frames) - 2) + [2500]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=durations, loop=0, quality=70, method=6)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=80, help="at the smallest size; half as many each time it doubles")
    parser.add_argument("--size", type=int, default=320, help="pixels on the longer side")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the pictures go")
    arguments = parser.parse_args()
    net = load_vgg19("embedded")
    teaser(net, arguments.steps, 420, arguments.folder / "teaser.webp")
    contact_sheet(net, arguments.steps, arguments.size).save(
        arguments.folder / "gallery.jpg", quality=85, optimize=True
    )


if __name__ == "__main__":
    main()
