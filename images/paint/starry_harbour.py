"""A little harbor under a turning night sky, in the manner of Van Gogh's nights at Arles and Saint-Remy.

Long bristle strokes follow the streamlines of a sky full of whirls: every star, and every curl of the wind,
is a hill in a stream function, and paint runs along its contour lines. The village is outlined in dark
blue; every lit window throws a broken yellow column on the water.
"""

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from brush import Canvas, by_hand, cloud_noise, figure, lay_strokes, mix, rgb, vary

HEIGHT, WIDTH, SHORE = 720, 960, 486
NIGHT = rgb(
    "101f58", "1d3f8c", "16306e", "3f7fc0", "23529c", "7db8d4", "1a3a80", "2f6db0", "12265e", "c9dfc8", "3a79b4"
)
RINGS = rgb("fff6c8", "ffd84f", "f2b632", "dfe6a0", "86bcc0", "f0dc86", "5f9cc4", "a8cdbc")
INK, LAMP, GLOW = rgb("0d1640"), rgb("ffd45a"), rgb("fff3b0")
# The moon and the stars: x, y, radius of the glow.
LIGHTS = [
    (742, 118, 74),
    (118, 92, 46),
    (268, 196, 34),
    (330, 58, 38),
    (520, 70, 30),
    (905, 250, 36),
    (92, 262, 30),
    (596, 178, 26),
    (880, 44, 26),
]
# Curls of wind: x, y, size, direction.
CURLS = [(420, 236, 84, 1), (560, 292, 66, -1), (215, 310, 60, 1), (800, 330, 60, -1)]
# Houses: left, right, eaves, ridge, wall, roof.
HOUSES = [
    (20, 92, 438, 404, "31507a", "1b2550"),
    (84, 150, 424, 388, "476a8c", "6b3a3c"),
    (150, 226, 444, 410, "2a4a78", "23305c"),
    (216, 282, 418, 376, "57748c", "54303e"),
    (338, 402, 430, 394, "3a5c88", "1c2a58"),
    (396, 468, 446, 414, "4a6886", "71423a"),
    (462, 520, 434, 400, "2c4c7c", "222c58"),
    (514, 590, 450, 420, "41628a", "5a3440"),
]
TOWER, SPIRE = [(292, SHORE), (292, 372), (330, 372), (330, SHORE)], [(286, 374), (311, 268), (336, 374)]
HILL = [(0, 372), (90, 352), (220, 368), (470, 404), (640, 438), (960, 470), (960, SHORE), (0, SHORE)]
SLOPE = [(0, 410), (160, 398), (420, 428), (760, 470), (960, 478), (960, SHORE), (0, SHORE)]
WINDOWS = [
    (44, 456),
    (70, 458),
    (112, 446),
    (128, 466),
    (176, 462),
    (204, 464),
    (240, 440),
    (262, 462),
    (310, 400),
    (310, 440),
    (360, 454),
    (384, 456),
    (424, 464),
    (448, 466),
    (492, 458),
    (540, 468),
    (566, 470),
]


def sky(rng, x, y):
    """Color and stroke direction of the sky: both follow the contour lines of one stream function."""
    stream = y + 16 * np.sin(x / 95 + y / 120)
    for cx, cy, size, turn in CURLS:
        stream = stream + 1.9 * turn * size * np.exp(-((x - cx) ** 2 + 1.5 * (y - cy) ** 2) / size**2)
    for cx, cy, glow in LIGHTS:
        stream = stream + 3 * glow * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / glow**2)
    tone = np.floor(stream / 13 + 1.1 * cloud_noise(rng, x.shape, 110, 5)).astype(int)
    color = NIGHT[tone % len(NIGHT)]
    for cx, cy, glow in LIGHTS:
        ring = np.hypot(x - cx, y - cy) / glow * 6
        color = mix(color, RINGS[np.clip(ring, 0, 7).astype(int)], ring < 8)
    down, across = np.gradient(stream)
    return color, np.arctan2(-across, down)


def village(motif, angle):
    """Draw hills, houses and tower as flat shapes, and point their strokes along walls and roofs."""
    shapes = [(HILL, "14295c", 0.12), (SLOPE, "1f4a58", 0.12), (TOWER, "6d8aa0", 1.57), (SPIRE, "202a5c", 1.35)]
    for left, right, eaves, ridge, wall, roof in HOUSES:
        shapes.append(([(left, SHORE), (left, eaves), (right, eaves), (right, SHORE)], wall, 1.57))
        gable = [(left - 6, eaves), (left + 16, ridge), (right - 16, ridge), (right + 6, eaves)]
        shapes.append((gable, roof, 0.2))
    picture = Image.fromarray((motif * 255).astype(np.uint8))
    direction = Image.fromarray(angle.astype(np.float32))
    for corners, code, heading in shapes:
        ImageDraw.Draw(picture).polygon(corners, fill="#" + code)
        ImageDraw.Draw(direction).polygon(corners, fill=heading)
    return np.asarray(picture) / 255, np.asarray(direction, float)


def outlines(canvas):
    """Contours in dark blue, as a painter restates the drawing at the end."""
    lines = [TOWER, SPIRE, SPIRE[::2]] + [[(x, SHORE), (x + 42, SHORE + 1)] for x in range(-10, WIDTH, 34)]
    for left, right, eaves, ridge, _, _ in HOUSES:
        lines += [
            [(left - 6, eaves), (left + 16, ridge), (right - 16, ridge), (right + 6, eaves)],
            [(left - 6, eaves), (right + 6, eaves)],
            [(left, eaves), (left, SHORE)],
        ]
    for line in lines:
        canvas.stroke(by_hand(canvas.rng, line, 1.4), 4, vary(canvas.rng, INK[None], (0.03, 0.1, 0.05))[0])


def lamplight(canvas, x, y):
    """A window: a glow on the wall, a thick dab of yellow, and the broken column it throws on the water."""
    rng = canvas.rng
    reach = rng.uniform(90, 190)
    for depth in np.arange(6, reach, 5):
        half = rng.uniform(3, 9) * (0.7 + depth / reach)
        left = np.array([x + rng.normal(0, 2 + depth / 40) - half, SHORE + depth])
        color = mix(LAMP, rgb("c8702a"), rng.random() * depth / reach)
        if rng.random() > 0.6 * depth / reach:
            canvas.stroke(by_hand(rng, [left, left + [2 * half, 0]]), 5, color, relief=1.8)
    for turn in rng.uniform(0, 2 * np.pi, 7):
        spot = np.array([x + 11 * np.cos(turn), y + 11 * np.sin(turn)])
        canvas.stroke([spot - [0, 4], spot + [0, 4]], 5, mix(rgb("c86a28"), rgb("7a5a6a"), rng.random()))
    canvas.stroke([(x, y - 6), (x + 1, y + 6)], 11, LAMP, relief=2, dry=0.1)
    canvas.stroke([(x - 2, y - 4), (x - 1, y + 2)], 6, GLOW, relief=2, dry=0.1)


def boat(canvas, x, y, size, hull, mast):
    """A moored fishing boat: its reflection, a hull of long curved planks, stays, mast, furled sail, rim."""
    rng, span = canvas.rng, np.linspace(-1, 1, 9)
    hull, jitter = rgb(hull), (0.03, 0.1, 0.08)
    for depth in np.arange(0.3, 1.3, 5 / size):
        half = 0.8 * size * rng.uniform(0.4, 1) * (1.35 - depth)
        left = np.array([x + rng.normal(0, 0.1 * size) - half, y + size * depth])
        color = vary(rng, mix(hull, INK, 0.5 + 0.25 * depth)[None], jitter)[0]
        canvas.stroke(by_hand(rng, [left, left + [2 * half, 0]]), 6, color)
    for row in np.linspace(0, 1, 7):
        sheer = y + size * (0.32 * row - 0.18 * span**2 * (1 - row))
        plank = np.stack([x + size * span * (1 - 0.3 * row), sheer], 1) + rng.normal(0, 0.8, (9, 2))
        color = vary(rng, mix(hull, INK, 0.8 * row)[None], jitter)[0]
        canvas.stroke(plank, 0.075 * size, color, 0.2, relief=1.7)
    top, sail = (x + 0.08 * size, y - mast), [(x, y - 0.2 * mast), (x - 0.8 * size, y - 0.33 * mast)]
    for side in (-0.95, 0.95):
        canvas.stroke(by_hand(rng, [top, (x + side * size, y - 0.14 * size)]), 2.2, INK, dry=0.6)
    for width, shade in [(7, "2a1a2c"), (3, "c8964e")]:
        canvas.stroke(by_hand(rng, [(x, y), top]), width, rgb(shade), relief=2)
    for width, shade in [(12, "a8745a"), (7, "d8bc8c")]:
        canvas.stroke(by_hand(rng, sail), width, rgb(shade), relief=2)
    rim = np.stack([x + size * span, y - 5 - 0.18 * size * span**2], 1) + rng.normal(0, 0.6, (9, 2))
    canvas.stroke(rim, 5, rgb("f0c870"), relief=2)


def paint(seed=0):
    canvas = Canvas(np.random.default_rng(seed), (HEIGHT, WIDTH), rgb("6b5a3c"))
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(float)
    motif, angle = village(*sky(canvas.rng, x, y))

    # Water: the mirrored scene, darker and greener, under level strokes; a quay closes the near corner.
    water, quay = y > SHORE, y > 640 + 0.0009 * x**2
    mirrored = ndimage.gaussian_filter(motif, (7, 3, 0))[np.abs(2 * SHORE - np.arange(HEIGHT)) % HEIGHT]
    sea = mix(mix(mirrored, rgb("1a5f8c"), 0.4), rgb("0b1f4e"), np.clip((y - SHORE) / 400, 0, 1))
    motif = mix(mix(motif, sea, water), mix(rgb("8a6b3c"), rgb("2c3a44"), np.clip(x / 280, 0, 1)), quay)
    angle = np.where(water, 0.10 * np.sin(x / 60 + y / 17), angle)
    angle = np.where(quay, 0.002 * x, angle)

    starry = np.clip(sum(np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / glow**2) for cx, cy, glow in LIGHTS), 0, 0.8)
    built = ~water & ((y > 352 + 0.12 * x) | (abs(x - 311) < 26) & (y > 268))
    # Wide underpainting first; then each region with its own brush, the stars and houses with the finest.
    blues = (0.02, 0.1, 0.07)
    lay_strokes(canvas, ndimage.gaussian_filter(motif, (5, 5, 0)), angle, 26, 90, 15, tolerance=0.4)
    lay_strokes(canvas, motif, angle, 10, 56, 7, ~water, blues, tolerance=0.3, relief=1.3)
    lay_strokes(canvas, motif, angle, 8, 40, 7, water, (0.03, 0.12, 0.1), wobble=0.05, relief=1.2)
    lay_strokes(canvas, motif, angle, 6, 24, 6, starry, tolerance=0.2, relief=1.8)
    lay_strokes(canvas, motif, angle, 6, 18, 5, built, (0.03, 0.12, 0.08), tolerance=0.12, relief=1.3)
    outlines(canvas)
    for window in WINDOWS:
        lamplight(canvas, *window)
    boat(canvas, 706, 612, 104, "b5442f", 250)
    boat(canvas, 868, 566, 62, "3f8f7a", 150)
    boat(canvas, 560, 548, 40, "c98b3a", 92)
    figure(canvas, 92, 706, 92, "222c6a", "161c44", "0d1230")
    figure(canvas, 122, 708, 84, "9a3240", "7a3450", "e0ac48")
    return canvas.finish()
