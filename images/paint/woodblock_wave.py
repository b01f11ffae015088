"""A great wave breaking over two boats, before a snowy mountain and a red sun.

It borrows from the color woodblock prints of Edo Japan (ukiyo-e; Hokusai and Hiroshige, about 1830): one
carved block for each ink, Prussian blue in several strengths, a dark key block for the lines, graded
printing (bokashi), the grain of the wood, and blocks that never meet the paper quite where they should.
"""

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter, map_coordinates, shift

from canvas import (
    HEIGHT,
    SCALE,
    SHAPE,
    WIDTH,
    corners,
    curve,
    draw_line,
    ellipse,
    finish,
    grid,
    leaf,
    normals,
    ribbon,
    smooth_noise,
)

INKS = {  # printed in this order, from light to dark
    "buff": (0.90, 0.83, 0.66),
    "rose": (0.93, 0.62, 0.47),
    "ochre": (0.83, 0.61, 0.29),
    "pale": (0.66, 0.79, 0.80),
    "middle": (0.30, 0.52, 0.66),
    "dusk": (0.22, 0.34, 0.48),
    "deep": (0.07, 0.19, 0.38),
    "red": (0.80, 0.20, 0.12),
    "key": (0.08, 0.10, 0.17),
}
MARGIN = 14


class Blocks:
    """One sheet of wood for each ink; white is what stands up and prints."""

    def __init__(self, rng):
        self.rng = rng
        self.sheets = {ink: Image.new("L", SHAPE[::-1]) for ink in INKS}
        self.knives = {ink: ImageDraw.Draw(sheet) for ink, sheet in self.sheets.items()}

    def shape(self, outline, *inks, line=0.0):
        """Print a shape in these inks only, over whatever was there; draw its outline if a width is given."""
        for ink, knife in self.knives.items():
            knife.polygon(corners(outline), fill=255 if ink in inks else 0)
        if line:
            self.line(np.concatenate([outline, outline[:1]]), line)

    def add(self, outline, ink):
        """Print a shape in one more ink and leave the others as they are."""
        self.knives[ink].polygon(corners(outline), fill=255)

    def line(self, points, width, ink="key"):
        """A carved line that swells and thins like a brush line."""
        along = np.linspace(0, 1, len(points))
        swell = 1 + 0.4 * np.sin(along * self.rng.uniform(8, 22) + self.rng.uniform(0, 6))
        draw_line(self.knives[ink], points, width * swell, 255)

    def trim(self):
        """Clear the margin of every block and rule the frame."""
        for knife in self.knives.values():
            knife.rectangle([0, 0, SHAPE[1], SHAPE[0]], outline=0, width=MARGIN * SCALE)
        right, low = WIDTH - MARGIN, HEIGHT - MARGIN
        self.line([(MARGIN, MARGIN), (right, MARGIN), (right, low), (MARGIN, low), (MARGIN, MARGIN)], 2)

    def foam(self, fingers, line):
        """Join the fingers of foam to one white shape: first every outline, then every inside."""
        for points, widths in fingers:
            draw_line(self.knives["key"], points, widths + 2 * line, 255)
        for points, widths in fingers:
            for knife in self.knives.values():
                draw_line(knife, points, widths, 0)
        for points, widths in fingers:
            shade = points + 0.2 * widths[:, None]
            draw_line(self.knives["pale"], shade[2:19], widths[2:19] * 0.3, 255)


def finger(rng, root, angle, length, curl, depth=2):
    """A claw of foam: a tapering hook that carries smaller hooks, all curling the same way."""
    along = np.linspace(0, 1, 26)
    angles = angle + curl * along**1.3
    points = root + np.cumsum(np.stack([np.cos(angles), np.sin(angles)], 1), 0) * length / 26
    fingers = [(points, length * 0.3 * (1 - along) ** 0.7 + 1.5)]
    for place in (7, 13, 18) if depth else ():
        fingers += finger(
            rng,
            points[place],
            angles[place] - np.sign(curl) * rng.uniform(0.5, 1.0),
            length * rng.uniform(0.4, 0.58),
            curl * rng.uniform(1.0, 1.5),
            depth - 1,
        )
    return fingers


def carve_foam(blocks, edge, aim, hook, length, count, cap):
    """A bank of foam along an edge, `cap` wide, whose claws leave it at the angle `aim` and curl by `hook`.

    First one white mass; then, over it, small curls with outlines of their own.
    """
    rng, along = blocks.rng, np.linspace(0, 1, len(edge))
    lumps = 0.85 + 0.6 * np.abs(np.sin(along * count * 1.9)) + 0.15 * np.sin(along * 31)
    fingers = [(edge, cap * lumps * np.minimum(1, 0.35 + 6 * np.minimum(along, 1.05 - along)))]
    across, down = np.gradient(edge, axis=0).T
    angles = np.arctan2(down, across) + aim
    for place in np.linspace(1, len(edge) - 2, count).astype(int):
        angle, size = angles[place] + rng.normal(0, 0.16), length * rng.uniform(0.75, 1.25)
        fingers += finger(rng, edge[place], angle, size, hook * rng.uniform(0.8, 1.2))
    blocks.foam(fingers, 1.6)
    for place in rng.permutation(np.arange(4, len(edge) - 4, 3)):
        spot, size = edge[place] + rng.normal(0, 0.3, 2) * cap, length * rng.uniform(0.3, 0.6)
        blocks.foam(finger(rng, spot, angles[place], size, hook * 1.3, 1), 1.1)


def carve_bands(blocks, inner, outer, count, ink="deep"):
    """Bands that run along a wave from one of its edges to the other, with a fine line beside each."""
    swell = np.sin(np.linspace(0.02, 0.97, len(inner)) * np.pi)[:, None] ** 0.6
    for start in (np.arange(count) + 0.12) / count:
        wide = blocks.rng.uniform(0.36, 0.74) / count
        first, last = start + 0.2 * wide * (1 - swell), start + wide * swell
        near, far = (inner + (outer - inner) * share for share in (first, last))
        blocks.add(np.concatenate([near, far[::-1]]), ink)
        if start < 0.9:
            blocks.line(inner + (outer - inner) * (start + 0.78 / count), 1.0, ink)


def carve_distance(blocks):
    """Sky, sun, clouds and the mountain."""
    blocks.shape([(0, 0), (WIDTH, 0), (WIDTH, HEIGHT), (0, HEIGHT)], "buff", "rose", "dusk")
    blocks.shape(ellipse((168, 168), (66, 65)), "red")
    for x, y, long in [(60, 205, 210), (150, 232, 260), (300, 92, 160), (20, 110, 120)]:
        blocks.shape(leaf((x, y), (x + long, y + 4), 17, 0.01), "buff")
    slope = curve([(30, 452), (130, 400), (205, 345), (250, 300)], 40)
    other = curve([(282, 302), (320, 345), (400, 400), (520, 452)], 40)
    mountain = np.concatenate([slope, [(262, 306), (271, 298)], other])
    blocks.shape(mountain, "middle", line=1.6)
    snow = [
        (188, 360),
        (208, 352),
        (214, 372),
        (228, 350),
        (240, 384),
        (252, 352),
        (268, 396),
        (282, 354),
        (300, 376),
        (312, 352),
        (338, 364),
    ]
    blocks.shape(np.concatenate([slope[28:], [(262, 306), (271, 298)], other[:13], snow[::-1]]), line=1.4)
    for x, y in [(236, 338), (268, 340), (296, 336)]:
        blocks.line(curve([(262 + (x - 262) * 0.4, 312), (x, y), (x + (x - 262) * 0.3, y + 22)], 20), 1.0)
    blocks.shape([(0, 450), (WIDTH, 450), (WIDTH, HEIGHT), (0, HEIGHT)], "pale")
    for row in range(9):
        y = 456 + 3.2 * row * (1 + row / 7)
        ripple = curve([(x, y + blocks.rng.normal(0, 1.2 + row / 4)) for x in range(-20, 620, 40)])
        blocks.line(ripple, 1 + row / 6, "middle")


def carve_boat(blocks, bow, stern, rowers):
    """A long narrow boat with its rowers bent over the oars."""
    hull = leaf(bow, stern, 27, 0.09, 0.5)
    rim, keel = hull[::-1][:50], hull[:50]
    for place in np.linspace(13, 40, rowers).astype(int):
        blocks.shape(ellipse(rim[place] - (0, 5), (9, 12), 0.4), "middle", line=1.3)
        blocks.shape(ellipse(rim[place] - (7, 18), (5.5, 6)), "ochre", line=1.3)
        blocks.line([rim[place] - (9, 24), rim[place] - (2, 23)], 3.4)
    blocks.shape(hull, "ochre", line=2)
    blocks.line(rim[2:-2] * 0.6 + keel[2:-2] * 0.4, 1.4)
    blocks.line(rim[6:-6] * 0.3 + keel[6:-6] * 0.7, 0.9)
    for place in np.linspace(13, 40, rowers).astype(int):
        blocks.line([rim[place] - (3, 4), rim[place] + (-22, 34)], 2)


def carve_great_wave(blocks):
    """The wave itself: a hollow face in bands, a dark back, and the breaking crest."""
    tip = (352, 262)
    hollow = curve([(120, 668), (300, 640), (450, 566), (545, 455), (556, 345), (505, 268), (430, 240), tip])
    shoulder = curve([(420, 790), (690, 740), (800, 590), (820, 420), (770, 270), (660, 170), (500, 140), tip])
    behind = curve([(700, 900), (1100, 780), (1060, 560), (1010, 380), (900, 220), (720, 120), (500, 100), tip])
    back = curve([(1010, 300), (930, 190), (800, 96), (640, 52), (480, 82), (385, 160), tip])
    body = np.concatenate([hollow, back[::-1], [(1010, 800), (120, 800)]])
    blocks.shape(body, "pale", "middle", line=2.4)
    blocks.shape(np.concatenate([hollow, shoulder[::-1]]), "pale", line=2)
    carve_bands(blocks, hollow, shoulder, 9)
    carve_bands(blocks, shoulder, behind, 6)
    inward = -normals(back)
    for depth, length, count, cap in [(56, 84, 12, 20), (34, 64, 12, 26), (8, 44, 15, 26)]:
        carve_foam(blocks, (back + inward * depth)[14:117], -0.75, -1.7, length, count, cap)
    carve_foam(blocks, hollow[84:119], -0.9, -1.4, 62, 7, 26)


def carve_near_water(blocks):
    """The swell in front, which hides the keel of the nearer boat, and the small wave on the left."""
    run = np.array([-30, 60, 130, 200, 330, 520, 760, 999])
    crest = curve(np.stack([run, [560, 528, 545, 610, 668, 690, 640, 600]], 1))
    foot = curve(np.stack([run, [760, 740, 745, 770, 790, 800, 790, 780]], 1))
    blocks.shape(np.concatenate([crest, foot[::-1]]), "pale", "middle", line=2.4)
    carve_bands(blocks, crest, foot, 5)
    carve_foam(blocks, crest[2:48], -0.9, 1.9, 50, 8, 20)
    carve_foam(blocks, crest[58:117], -0.5, 1.6, 30, 10, 9)


def carve_seal(blocks):
    """A red seal with made-up marks, cut out of the red block."""
    blocks.add(ribbon([(46, 296), (46, 352)], 34), "red")
    turn = np.linspace(0, 8, 40)
    spiral = np.stack([45 + turn * 1.3 * np.cos(turn), 311 + turn * 1.3 * np.sin(turn)], 1)
    for mark in (spiral, [(36, 331), (41, 327), (46, 332), (51, 328), (56, 332)], [(37, 342), (55, 342)]):
        draw_line(blocks.knives["red"], mark, 2.6, 0)


def wood_grain(rng, x, y):
    """The lines of a plank, seen where much ink lies flat: 0 dark to 1 bright."""
    bent = y + 16 * smooth_noise(rng, (340, 110)) + 0.02 * x
    rings = gaussian_filter(rng.random(4000), 1.3)
    rings = (rings - rings.min()) / np.ptp(rings)
    place = (bent - bent.min()) * 1.1
    plank = map_coordinates(rings, [place.ravel()], order=1, mode="wrap").reshape(SHAPE)
    return plank + 0.07 * smooth_noise(rng, (50, 1))


def make_paper(rng):
    """Cream mulberry paper with long fibers."""
    sheet = Image.new("L", SHAPE[::-1], 128)
    draw = ImageDraw.Draw(sheet)
    for _ in range(1500):
        start, angle = rng.uniform((0, 0), (WIDTH, HEIGHT)), rng.uniform(0, np.pi)
        bends = angle + np.cumsum(rng.normal(0, 0.25, 8))
        path = start + 4 * np.cumsum(np.stack([np.cos(bends), np.sin(bends)], 1), 0)
        draw_line(draw, path, 0.6, int(128 + rng.choice([-34, 40])))
    fibers = (np.asarray(sheet, np.float32) - 128) / 255
    tone = 1 + 0.35 * fibers + 0.012 * smooth_noise(rng, 2) + 0.018 * smooth_noise(rng, 120)
    return np.array([0.95, 0.905, 0.79]) * tone[..., None]


def paint(seed=0):
    """Carve the blocks from far to near, then print them."""
    rng = np.random.default_rng(seed)
    x, y = grid()
    blocks = Blocks(rng)
    carve_distance(blocks)
    carve_boat(blocks, (70, 560), (330, 520), 6)
    carve_great_wave(blocks)
    carve_boat(blocks, (250, 640), (520, 628), 7)
    carve_near_water(blocks)
    for _ in range(150):
        spot = np.array([352, 250]) + rng.normal(0, 1, 2) * (75, 85)
        blocks.shape(ellipse(spot, np.full(2, rng.uniform(1.2, 4))))
    carve_seal(blocks)
    blocks.trim()
    fade = {
        "dusk": np.clip(1 - y / 150, 0, 1) ** 1.3,
        "rose": np.clip((y - 230) / 220, 0, 1) ** 1.5,
        "middle": 0.62 + 0.38 * np.clip((y - 60) / 300, 0, 1),
    }
    color = make_paper(rng)
    for ink, sheet in blocks.sheets.items():
        wood = np.asarray(sheet, np.float32) / 255
        wood = shift(gaussian_filter(wood, 0.8), rng.normal(0, 1.4 * SCALE, 2), order=1)
        flatness = 0.12 if ink == "key" else 0.5
        strength = 1 - flatness * wood_grain(rng, x, y)
        strength -= 0.04 * smooth_noise(rng, 1.5) + 0.05 * smooth_noise(rng, 45)
        amount = np.clip(wood * strength * fade.get(ink, 1), 0, 1)[..., None]
        color = color * (1 - amount + amount * np.array(INKS[ink]))
    return finish(color)
