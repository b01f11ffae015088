"""A floor mosaic of fish: two bream and a small fry among weed, inside a border of running waves.

It borrows from the sea-life floors of Pompeii and Roman Africa. The stones (tesserae) are laid in rows that
follow the outline of every figure, inside and out (opus vermiculatum), and are cut smaller for the figures;
no stone is quite square, and gray mortar shows between them.
"""

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage
from skimage.measure import find_contours
from skimage.segmentation import expand_labels

from canvas import (
    HEIGHT,
    SCALE,
    SHAPE,
    WIDTH,
    corners,
    curve,
    ellipse,
    finish,
    grid,
    leaf,
    mask_of,
    normals,
    relief_light,
    ribbon,
    smooth_noise,
)

STONES = {  # each material, with the shades found in one basket
    "cream": "efe6cf e6dabd f4eedd dccfae e9dcc4",
    "black": "23262b 2f3035 1b1d22 3a3735",
    "teal": "1f6f78 2a8189 175861 3b949a",
    "sea": "6fb3b5 86c3bf 5aa0a8 9ad0c8",
    "blue": "1f4b7c 2a5d94 183a63 3c72a6",
    "brick": "a8452e b9573a 933823 c46a48",
    "ochre": "cf9a3f dcae58 bd8530 e3bd6c",
    "rose": "dba38a e5b79f cc8e76 eccab5",
    "olive": "6b7a3a 7d8c48 58662d 8e9a5a",
}
MORTAR = np.array([0.47, 0.44, 0.40])
FRAME = 77


class Design:
    """The cartoon on the floor: which material and which figure (row system) each spot belongs to."""

    def __init__(self):
        self.names = list(STONES)
        self.material = np.zeros(SHAPE, np.int16)
        self.figure = np.zeros(SHAPE, np.int16)

    def lay(self, outline, material, figure=False):
        """Mark an area as one material; it may start a figure of its own, with its own rows of stones."""
        self.mark(mask_of(outline), material, figure)

    def mark(self, mask, material, figure=False):
        """The same, for an area given as a mask."""
        self.material[mask] = self.names.index(material)
        if figure:
            self.figure[mask] = self.figure.max() + 1


def design_fish(design, center, length, facing, tilt, coat):
    """A bream: fins first, then the body in bands from back to belly, head, gill and eye."""
    center, (back, bands, fin, cheek) = np.array(center, float), coat
    turn = np.array([[np.cos(tilt), np.sin(tilt)], [-np.sin(tilt), np.cos(tilt)]])

    def place(points):
        return center + (np.array(points, float) * length * (facing, 1)) @ turn

    top = curve([(-0.5, 0.03), (-0.36, -0.12), (-0.12, -0.21), (0.16, -0.14), (0.4, -0.035)])
    bottom = curve([(-0.5, 0.03), (-0.38, 0.11), (-0.14, 0.19), (0.16, 0.11), (0.4, 0.03)])
    tail = [
        (0.36, -0.03),
        (0.5, -0.13),
        (0.62, -0.2),
        (0.57, -0.08),
        (0.54, 0.0),
        (0.58, 0.09),
        (0.62, 0.2),
        (0.49, 0.12),
        (0.36, 0.03),
    ]
    fins = [
        curve([(-0.28, -0.15), (-0.16, -0.31), (0.02, -0.3), (0.2, -0.22), (0.26, -0.08)]),
        curve([(-0.16, 0.16), (-0.1, 0.28), (0.0, 0.27), (0.02, 0.14)]),
        curve([(0.12, 0.1), (0.17, 0.21), (0.26, 0.17), (0.3, 0.05)]),
        np.array(tail),
    ]
    for outline in fins:
        design.lay(place(outline), fin, figure=True)
        for share in (0.25, 0.5, 0.75):
            tip, root = outline[int(share * (len(outline) - 1))], outline[[0, -1]].mean(0)
            design.lay(ribbon(place([root, (root + tip) / 2, tip]), 7), "black")
    body = place(np.concatenate([top, bottom[::-1]]))
    design.lay(body, back, figure=True)
    for level, material in zip((0.2, 0.4, 0.68), bands, strict=True):
        edge = top + (bottom - top) * (level + 0.03 * np.sin(np.arange(120) / 9))[:, None]
        design.lay(place(np.concatenate([edge, bottom[::-1]])), material)
    design.mark(mask_of(body) & mask_of(ribbon(place(top), 19)), "black")
    design.lay(ribbon(place(top * 0.55 + bottom * 0.45)[30:], 8), "black")
    head = np.concatenate([top[:34], curve([top[34], (-0.19, 0.0), bottom[34]], 20), bottom[:34][::-1]])
    design.lay(place(head), cheek)
    design.lay(ribbon(place(curve([top[34], (-0.18, 0.0), bottom[34]], 40)), 12), "brick")
    design.lay(ribbon(place(curve([(-0.5, 0.035), (-0.44, 0.05), (-0.38, 0.035)], 20)), 7), "black")
    root, tip = place([(-0.18, 0.045), (0.02, 0.09)])
    design.lay(leaf(root, tip, 0.13 * length, 0.1 * facing, 0.7), fin, figure=True)
    for radius, material in [(0.055, "cream"), (0.03, "black")]:
        design.lay(ellipse(place((-0.33, -0.035)), np.full(2, radius * length)), material, figure=True)


def design_border(design, x, y):
    """Straight bands and, between them, a chain of round medallions."""
    inward = np.minimum(np.minimum(x, WIDTH - x), np.minimum(y, HEIGHT - y))
    for start, end, material in [(0, 19, "black"), (19, 57, "cream"), (57, FRAME, "brick")]:
        design.mark((inward >= start) & (inward < end), material, figure=True)
    design.mark((inward >= 67) & (inward < FRAME), "black")
    across, down = np.linspace(38, WIDTH - 38, 23), np.linspace(38, HEIGHT - 38, 17)
    chain = [(a, b) for a in across for b in (38, HEIGHT - 38)]
    chain += [(a, b) for b in down[1:-1] for a in (38, WIDTH - 38)]
    for number, center in enumerate(chain):
        ring, heart = [("blue", "ochre"), ("brick", "sea")][number // 2 % 2]
        design.lay(ellipse(center, (17, 17)), ring, figure=True)
        design.lay(ellipse(center, (8, 8)), heart)


def make_design(x, y):
    """The whole cartoon."""
    design = Design()
    design.mark(x > -1, "cream", figure=True)
    for row, base in enumerate(range(130, 640, 74)):
        for start in range(60 + 70 * (row % 2), 900, 190):
            ripple = (start, base) + curve([(0, 0), (30, -9), (62, 4), (95, -6)], 30)
            design.lay(ribbon(ripple, 10), "sea", figure=True)
    for root, sway in [(125, 1), (850, -1)]:
        stem = curve([(root, 660), (root + 22 * sway, 600), (root - 10 * sway, 545), (root + 26 * sway, 480)])
        design.lay(ribbon(stem, 14), "olive", figure=True)
        for share, side in [(25, 1), (50, -1), (75, 1), (100, -1)]:
            tip = stem[share] + (44 * side, -34)
            design.lay(leaf(stem[share], tip, 24, 0.15 * side), "olive", figure=True)
    design_fish(design, (415, 266), 580, 1, 0.06, ("blue", ("teal", "sea", "rose"), "ochre", "ochre"))
    design_fish(design, (610, 520), 420, -1, -0.08, ("brick", ("ochre", "rose", "cream"), "brick", "ochre"))
    star = np.array([245, 545])
    for turn in np.arange(5) * 2 * np.pi / 5 + 0.2:
        arm = 68 * np.array([np.cos(turn), np.sin(turn)])
        design.lay(leaf(star, star + arm, 34, 0, 0.35), "brick", figure=True)
        design.lay(ribbon([star, star + 0.8 * arm], 8), "ochre")
    design.lay(ellipse(star, (15, 15)), "ochre", figure=True)
    design_border(design, x, y)
    return design


def crop(mask):
    """The part of the floor around a mask, with a small rim, and where its corner (x, y) lies."""
    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    part = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return (columns[0] - 4, rows[0] - 4), np.pad(part, 4)


def set_stones(design, rng):
    """Lay rows of stones at growing distance from the outline of each figure; returns the map of stones."""
    floor, taken = Image.new("I", SHAPE[::-1]), np.zeros(SHAPE, bool)
    count = 0
    for figure in np.unique(design.figure)[::-1]:
        corner, inside = crop(design.figure == figure)
        size = 13.0 if figure == 1 else 9.5  # figure 1 is the background
        depth = ndimage.gaussian_filter(ndimage.distance_transform_edt(inside) / SCALE, 2)
        for level in np.arange(size * 0.5, depth.max() + size, size):
            for row in find_contours(depth, min(level, depth.max() - 0.5)):
                count = set_row(floor, taken, (row[:, ::-1] + corner) / SCALE, size, count, rng)
    return np.array(floor)


def set_row(floor, taken, path, size, count, rng):
    """Walk along one row and set a stone wherever at least two fifths of its bed is free."""
    along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    side = normals(path)
    spot = rng.uniform(0, size)
    while spot < along[-1]:
        long = size * rng.uniform(0.8, 1.3)
        here, out = (np.array([np.interp(spot + long / 2, along, part) for part in line.T]) for line in (path, side))
        half_long, half_wide = np.array([out[1], -out[0]]) * long * 0.46, out * size * 0.47
        square = [-half_long - half_wide, half_long - half_wide, half_long + half_wide, half_wide - half_long]
        stone = here + square + rng.normal(0, 0.06 * size, (4, 2))
        spot += long
        count = set_stone(floor, taken, stone, count)
    return count


def set_stone(floor, taken, stone, count):
    """Set one stone, cut to what is free, unless most of its bed is taken."""
    low = np.clip((np.min(stone, 0) * SCALE).astype(int), 0, None)
    high = (np.max(stone, 0) * SCALE).astype(int) + 2
    window = np.s_[low[1] : high[1], low[0] : high[0]]
    bed = Image.new("1", tuple(np.maximum(high - low, 1)))
    ImageDraw.Draw(bed).polygon(corners(stone - low / SCALE), fill=1)
    free = np.asarray(bed)[: taken[window].shape[0], : taken[window].shape[1]] & ~taken[window]
    if free.sum() < 0.42 * np.asarray(bed).sum() or free.sum() < 40:
        return count
    taken[window] |= free
    floor.paste(count + 1, tuple(low), Image.fromarray(free))
    return count + 1


def paint(seed=0):
    """Lay the floor, grind it, and light it from the upper left."""
    rng = np.random.default_rng(seed)
    x, y = grid()
    design = make_design(x, y)
    stones = expand_labels(set_stones(design, rng), 4)
    same = (stones == np.roll(stones, 1, 0)) & (stones == np.roll(stones, 1, 1)) & (stones > 0)
    to_joint = ndimage.distance_transform_edt(same) + 0.6 * smooth_noise(rng, 3)
    middles = ndimage.maximum_position(to_joint, stones, np.arange(1, stones.max() + 1))
    baskets = [basket.split() for basket in STONES.values()]
    codes = [rng.choice(baskets[design.material[spot]]) for spot in middles]
    colors = np.array([MORTAR] + [[int(code[i : i + 2], 16) / 255 for i in (0, 2, 4)] for code in codes])
    colors[1:] *= rng.normal(1, 0.06, (len(codes), 1))
    tilt = rng.normal(0, 0.07, len(colors))
    facet = 1 + tilt[stones] + 0.035 * smooth_noise(rng, 2) + 0.03 * smooth_noise(rng, 7)
    cover = np.clip((to_joint - 1.6) / 1.6, 0, 1)[..., None]
    edge = relief_light(ndimage.gaussian_filter(np.clip(to_joint, 0, 6), 1), 0.16)
    mortar = MORTAR * (1 + 0.1 * smooth_noise(rng, 1.5) + 0.1 * smooth_noise(rng, 30))[..., None]
    stone = colors[stones] * (facet + np.clip(edge, -0.28, 0.28))[..., None]
    wear = 1 + 0.05 * smooth_noise(rng, 200)
    return finish((mortar * (1 - cover) + stone * cover) * wear[..., None])
