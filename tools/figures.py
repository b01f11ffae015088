"""A stored figure as pixels: where its pictures are, and how it looks in the dark, on a phone and as a wipe.

A figure is white paper with pictures, lines and letters on it. In the dark the paper turns, its pictures stay; on a
phone what stands side by side goes one below the other, so that its labels can be read.
"""

import io

import numpy as np
from PIL import Image
from scipy import ndimage

GROUND, INK = (20, 24, 29), (227, 232, 237)  # of the pages in the dark, as in site.css
PAPER = 243  # what is at least this bright in all channels is paper
PHONE, GAP = 358, 14  # width of a phone's text, in CSS pixels; between pieces, in the figure's own
NARROW = "(max-width: 40rem)"
TILE = 90  # pixels; what is smaller is one of many
SHARP = 1.5  # the figure's pixels per CSS pixel


def least(figure):
    """The smallest of the three channels, everywhere."""
    return np.minimum(np.minimum(figure[:, :, 0], figure[:, :, 1]), figure[:, :, 2])


def pictures(figure):
    """Boxes (left, top, width, height) of the pictures on it, and of single tiles: rectangles nearly without paper."""
    inked = least(figure) < PAPER
    labels, _ = ndimage.label(ndimage.binary_closing(inked[::2, ::2]))  # every other pixel will do, and is faster
    boxes = []
    for rows, columns in ndimage.find_objects(labels):
        top, left, bottom, right = 2 * rows.start, 2 * columns.start, 2 * rows.stop, 2 * columns.stop
        if min(bottom - top, right - left) < 16:
            continue
        full = inked[top:bottom, left:right].mean(axis=1) > 0.8  # not where only the letters of a title touch it
        top, bottom = top + full.argmax(), bottom - full[::-1].argmax()
        full = inked[top:bottom, left:right].mean(axis=0) > 0.8
        left, right = left + full.argmax(), right - full[::-1].argmax()
        if min(bottom - top, right - left) > 14 and inked[top:bottom, left:right].mean() > 0.8:
            boxes.append((int(left), int(top), int(right - left), int(bottom - top)))
    return sorted(boxes, key=lambda box: (box[1] // 20, box[0]))


def in_the_dark(figure, boxes):
    """Light lines on dark paper, each in its hue; pictures as they are."""
    light = np.maximum(np.maximum(figure[:, :, 0], figure[:, :, 1]), figure[:, :, 2])
    change = 255 - light - least(figure)
    turned = figure + change[:, :, None]  # between 0 and 255 again: a color and its complement in lightness
    dark = np.empty_like(figure)
    for channel, (ground, ink) in enumerate(zip(GROUND, INK)):
        dark[:, :, channel] = np.linspace(ground, ink, 256).astype(np.uint8)[turned[:, :, channel]]
    for left, top, width, height in boxes:
        place = slice(top, top + height), slice(left, left + width)
        dark[place] = figure[place]
    return dark


def spans(inked, gap, least):
    """(start, stop) of the runs of True, at least ``gap`` apart; one shorter than ``least`` joins the next."""
    found = []
    for place in np.flatnonzero(inked):
        if found and (place - found[-1][1] < gap or found[-1][1] - found[-1][0] < least):
            found[-1][1] = place + 1
        else:
            found.append([place, place + 1])
    if len(found) > 1 and found[-1][1] - found[-1][0] < least:
        found[-2:] = [[found[-2][0], found[-1][1]]]
    return found


def pieces(figure):
    """Rows of boxes (left, top, right, bottom): what stands side by side, with its title."""
    inked = least(figure) < PAPER - 20
    for top, bottom in spans(inked.any(axis=1), 6, 60):
        yield [(left, top, right, bottom) for left, right in spans(inked[top:bottom].any(axis=0), 6, 120)]


def on_a_phone(figure, rows):
    """The pieces one below the other, or two by two where they are small; ``None`` if nothing stands side by side."""
    if max(map(len, rows), default=0) < 2:
        return None
    widest = max(right - left for row in rows for left, _, right, _ in row)
    columns = max(1, min(max(map(len, rows)), int(PHONE * SHARP / widest / 0.8)))
    tall = sum((row[0][3] - row[0][1] + GAP) * -(-len(row) // columns) for row in rows)
    sheet, y = np.full((tall, columns * (widest + GAP) - GAP, 3), figure[0, 0], np.uint8), 0
    for row in rows:
        for start in range(0, len(row), columns):
            line = row[start : start + columns]
            for number, (left, top, right, bottom) in enumerate(line):
                x = number * (widest + GAP) + (widest - right + left) // 2
                sheet[y : y + bottom - top, x : x + right - left] = figure[top:bottom, left:right]
            y += line[0][3] - line[0][1] + GAP
    return sheet[:-GAP]


def is_table(boxes, rows):
    """Whether the pictures have their titles only at the heads of rows and columns, which must stay together."""
    first = [min((y for _, y, _, _ in boxes if row[0][1] <= y < row[0][3]), default=0) - row[0][1] for row in rows]
    return len(rows) > 1 and first[0] > 8 and max(first[1:]) <= 8


def wrapped(figure, tiles):
    """Strips of tiles in lines as wide as a phone, each strip's title above it."""
    inked, parts = least(figure) < PAPER - 20, []
    for top, bottom in spans(inked.any(axis=1), 6, 60):
        strip = [(left, left + width) for left, y, width, _ in sorted(tiles) if top <= y < bottom]
        first = min(y for _, y, _, _ in tiles if top <= y < bottom)
        written = np.flatnonzero(inked[top : first - 2].any(axis=0))
        if written.size:
            parts.append(figure[top : first - 2, written[0] : written[-1] + 1])
        start = strip[0][0]
        for (_, right), (following, end) in zip(strip, [*strip[1:], (strip[-1][1], np.inf)]):
            if end - start > PHONE * SHARP and following >= right:
                parts.append(figure[first:bottom, start:right])
                start = following
    sheet = np.full((sum(len(it) + GAP for it in parts), max(it.shape[1] for it in parts), 3), figure[0, 0], np.uint8)
    y = 0
    for part in parts:
        sheet[y : y + len(part), : part.shape[1]] = part
        y += len(part) + GAP
    return sheet[:-GAP]


def wipe(figure, boxes, rows):
    """Boxes of two pictures of one scene and of the titles above them; ``None`` if the figure is something else."""
    if len(boxes) != 2 or len(rows[0]) != 2 or len(rows) > 2 or max(map(len, rows[1:]), default=1) > 1:
        return None
    (_, _, width, height), other = boxes
    if max(abs(width - other[2]), abs(height - other[3])) > 3 or not same_scene(*(crop(figure, box) for box in boxes)):
        return None
    return {"pictures": [[*box[:2], width, height] for box in boxes], "titles": [above(figure, box) for box in boxes]}


def crop(figure, box):
    left, top, width, height = box
    return figure[top : top + height, left : left + width]


def same_scene(a, b):
    """Whether the light and dark of two pictures lie in the same places."""
    small = [np.asarray(Image.fromarray(one).convert("L").resize((48, 32)), float) for one in (a, b)]
    return min(one.std() for one in small) > 8 and bool(np.corrcoef(*(one.ravel() for one in small))[0, 1] > 0.45)


def above(figure, box):
    """The box of what is written above a picture, ``None`` if nothing is."""
    left, top, width, _ = box
    ink = least(figure[: top - 2, left : left + width]) < 160
    if not ink.any():
        return None
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    x, y = int(left + columns[0]) - 2, max(0, int(rows[0]) - 2)
    return [x, y, int(columns[-1] - columns[0]) + 5, int(rows[-1]) + 3 - y]


def variants(content, name, folder):
    """Write how a figure looks in the dark and on a phone. Returns what a page says of it, for its ``picture``."""
    figure = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
    boxes, rows = pictures(figure), list(pieces(figure))
    tiles = [box for box in boxes if max(box[2:]) < TILE]
    whole, sources = is_table(boxes, rows), []
    small = None if whole else on_a_phone(figure, rows)
    if len(tiles) > 8 and not whole:  # panels of many, which are not to be taken apart
        small = wrapped(figure, tiles) if tiles == boxes else None
    looks = [("dark", "(prefers-color-scheme: dark)", in_the_dark(figure, boxes))]
    if small is not None:
        looks[:0] = [
            ("dark_phone", f"{NARROW} and {looks[0][1]}", in_the_dark(small, pictures(small))),
            ("phone", NARROW, small),
        ]
    folder.mkdir(parents=True, exist_ok=True)
    for look, media, pixels in looks:
        path = folder / f"{name}_{look}.jpg"
        Image.fromarray(pixels).save(path, quality=85)
        size = [round(side / SHARP) for side in pixels.shape[1::-1]] if "phone" in look else None
        sources.append({"media": media, "file": f"{folder.name}/{path.name}", "size": size})
    return {"sources": sources, "whole": whole, "wipe": wipe(figure, boxes, rows), "pixels": figure.shape[1::-1]}
