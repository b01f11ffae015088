"""A Sunday on the river bank in dots of pure color, after the divisionists Seurat and Signac (1884-1890).

No color is mixed on the palette. Each dot takes the nearest tube color to its place *plus chance*, and
one dot in eight takes the complementary hue, so greens carry sparks of orange and shadows turn violet.
The eye mixes them again at a distance. The pale ground stays visible between the dots.
"""

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage
from scipy.spatial import cKDTree
from skimage.color import rgb2lab

from brush import Canvas, cloud_noise, lay_strokes, mix, rgb, sample, smoothstep

HEIGHT, WIDTH = 720, 960
TUBES = rgb(
    "1f2f7a",
    "2f5fb8",
    "5a9fd8",
    "1f6a5a",
    "2f8f4a",
    "7fb83a",
    "c8d84a",
    "f6e04a",
    "f8b62a",
    "f08030",
    "d8402f",
    "a02848",
    "d86a8a",
    "7a4a9a",
    "b08ac8",
    "5a2f4a",
    "8a5a2f",
    "2a2450",
)
PIGMENTS = np.concatenate([TUBES] + [mix(TUBES, np.ones(3), white) for white in (0.35, 0.65, 0.88)])


def scene(shape, blob):
    """The drawing, in flat colors, from the sky forward."""
    # Sky with bands of cloud, far bank with trees and houses.
    shape("b8d8f0", (0, 70), (200, 84), (560, 60), (960, 80), (960, 160), (0, 160))
    shape("f0e2c8", (0, 150), (300, 138), (960, 150), (960, 260), (0, 260))
    for x, y, rx in [(150, 92, 120), (250, 76, 80), (430, 120, 110), (60, 40, 70)]:
        blob("f8eee0", x, y, rx, rx * 0.2)
    shape("7fa878", (0, 214), (120, 202), (300, 216), (480, 206), (640, 220), (640, 256), (0, 256))
    for x, y, size in [(30, 206, 26), (84, 200, 32), (196, 206, 28), (330, 204, 30), (392, 200, 24), (520, 204, 34)]:
        blob("5a8f7a", x, y, size, size * 0.8)
    for x in (140, 250, 440):
        shape("f2e4cc", (x, 240), (x, 212), (x + 34, 212), (x + 34, 240))
        shape("d0755a", (x - 4, 213), (x + 17, 198), (x + 38, 213))
    # River: a pale band, a deep one, and sails with their reflections.
    shape("6aa6dc", (0, 250), (960, 250), (960, 500), (0, 500))
    shape("8fc4e6", (0, 300), (500, 286), (380, 322), (0, 352))
    shape("4a86c4", (0, 400), (330, 360), (240, 400), (0, 440))
    for x, y, size in [(150, 330, 100), (372, 286, 58), (52, 282, 44)]:

        def place(code, *corners, x=x, y=y, size=size):
            shape(code, *[(x + size * a, y + size * b) for a, b in corners])

        place("fdf6e6", (0, 0), (0, -1), (0.62, -0.04))
        place("f4d8b4", (-0.04, 0), (-0.04, -0.85), (-0.36, -0.04))
        place("9a3f3a", (-0.5, 0), (0.7, 0), (0.5, 0.13), (-0.4, 0.13))
        place("d8e8ec", (-0.3, 0.15), (0.55, 0.15), (0, 0.8))
    # Lawn: sun, brightest in the middle; shade under the trees and across the foreground.
    shape("b8cc50", (0, 486), (200, 420), (430, 342), (560, 276), (960, 256), (960, 720), (0, 720))
    shape("dfdc70", (120, 500), (430, 380), (620, 330), (760, 360), (700, 440), (420, 540), (160, 560))
    shape("4a7a4a", (0, 630), (170, 606), (380, 622), (560, 590), (760, 606), (960, 570), (960, 720), (0, 720))
    shape("35605f", (0, 690), (240, 664), (520, 690), (960, 650), (960, 720), (0, 720))
    shape("5f8f48", (560, 470), (720, 446), (960, 430), (960, 500), (760, 520), (600, 506))
    shape("6a984a", (600, 350), (740, 338), (960, 330), (960, 366), (720, 376))
    # Trees: trunks, crowns, then their sunny shoulders and their blue hollows.
    for x, foot, width in [(640, 352, 16), (742, 372, 22), (836, 486, 40), (916, 350, 20)]:
        half = 0.4 * width
        shape("6a4a5a", (x - 2 * half, foot), (x - half, 60), (x + half, 60), (x + 2 * half, foot))
    for code, x, y, rx, ry in [
        ("6aa050", 640, 190, 74, 60),
        ("4a8a50", 744, 160, 92, 84),
        ("5a9850", 920, 190, 90, 80),
        ("2f6a4a", 836, 70, 190, 96),
        ("3f7f48", 690, 46, 110, 62),
        ("2a5f52", 930, 110, 90, 90),
        ("5f9a48", 800, 120, 70, 50),
        ("4a8a4a", 560, 30, 60, 40),
    ]:
        blob(code, x, y, rx, ry)
    for x, y, rx in [(610, 160, 34), (706, 110, 44), (884, 160, 40), (740, 26, 50), (650, 20, 44), (850, 60, 50)]:
        blob("a8c84a", x, y, rx, 0.6 * rx)
    for x, y, rx in [(676, 226, 34), (784, 214, 38), (900, 90, 46), (780, 90, 40), (950, 240, 36)]:
        blob("284a6a", x, y, rx, 0.45 * rx)


def person(shape, blob, x, foot, tall, skirt, coat, hat, wide=0.16, sunk=0.0):
    """One stiff silhouette in profile. A wide skirt and a sunk body make it sit; each throws a shadow."""

    def place(code, *corners):
        shape(code, *[(x + tall * a, foot - tall * b) for a, b in corners])

    waist, neck = 0.45 - sunk, 0.80 - sunk
    place("3f6a4a", (-wide, 0), (0.6, -0.04), (0.3, -0.11), (-0.1, -0.09))
    back, lap = (-wide - 0.03, 0.8 * waist), (0.08, waist + 0.05)
    place(skirt, (-wide, 0), back, (-0.07, waist + 0.08), lap, (0.85 * wide, 0))
    place(coat, (-0.08, waist), (-0.07, neck), (0.07, neck), (0.09, waist))
    head = foot - tall * (neck + 0.06)
    blob("e8b08a", x + 0.01 * tall, head, 0.05 * tall, 0.065 * tall)
    blob(hat, x, head - 0.06 * tall, 0.09 * tall, 0.025 * tall)
    blob(hat, x, head - 0.09 * tall, 0.055 * tall, 0.045 * tall)


def people(shape, blob):
    """A couple far off, strollers, a lady with her child in the sun, and three friends in the shade."""
    for x, foot, tall, skirt, coat, hat, *sitting in [
        (532, 402, 66, "3a3a5a", "4a4a7a", "2a2440", 0.08),
        (560, 404, 66, "c85a6a", "e8e0d0", "f4ead0"),
        (700, 452, 96, "e8e4f0", "b8a0d0", "5a2f4a"),
        (262, 470, 104, "3a3a5a", "6a5a4a", "2a2440", 0.08),
        (352, 590, 226, "3a3a8a", "a83048", "5a2f2a", 0.19),
        (446, 584, 118, "fbf4ea", "fbf0e0", "d8402f"),
        (96, 676, 220, "c8602f", "f0c87a", "5a2f4a", 0.30, 0.28),
        (690, 676, 226, "d88aa8", "f4e4d4", "d8402f", 0.32, 0.28),
        (834, 656, 210, "3a4a9a", "5a6ab0", "2a2440", 0.28, 0.28),
    ]:
        person(shape, blob, x, foot, tall, skirt, coat, hat, *sitting)
    shape("5a3a3a", (372, 460), (384, 460), (390, 346), (384, 346))
    shape("e87a3a", *[(384 + 68 * np.cos(t), 370 - 46 * np.sin(t)) for t in np.linspace(0, np.pi, 12)])


def divide(rng, motif):
    """Replace each pixel by a tube color near it: the color a dot placed there would take."""
    lab = rgb2lab(np.clip(motif, 0, 1)) + rng.normal(0, 1, motif.shape) * [7, 15, 15]
    opposite = rng.random(motif.shape[:2]) < 0.12
    lab[opposite] *= [1, -0.8, -0.8]
    _, nearest = cKDTree(rgb2lab(PIGMENTS)).query(lab.reshape(-1, 3))
    return PIGMENTS[nearest].reshape(motif.shape)


def paint(seed=0):
    rng = np.random.default_rng(seed)
    canvas = Canvas(rng, (HEIGHT, WIDTH), rgb("f3ead6"))
    picture = Image.new("RGB", (WIDTH, HEIGHT), "#9cc4ec")
    draw = ImageDraw.Draw(picture)

    def shape(code, *corners):
        draw.polygon(corners, fill="#" + code)

    def blob(code, x, y, rx, ry):
        draw.ellipse((x - rx, y - ry, x + rx, y + ry), fill="#" + code)

    scene(shape, blob)
    people(shape, blob)
    motif = np.asarray(picture) / 255
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(float)
    # Leaves fray the edges of the crowns. Like Seurat, darken the dark side of a contour, lighten the other.
    fray = 2 + 12 * ((y < 250) & (x > 470) | (y < 100))
    drift = [cloud_noise(rng, x.shape, 30, 4) * fray for _ in "yx"]
    motif = sample(motif, y + drift[0], x + drift[1])
    motif = motif + 0.35 * (motif - ndimage.gaussian_filter(motif, (12, 12, 0)))
    # Every plane breathes: soft clouds of lighter and darker, warmer and cooler.
    motif = motif * (1 + 0.07 * cloud_noise(rng, motif.shape[:2], 60, 4))[..., None]
    motif = motif + 0.045 * cloud_noise(rng, motif.shape[:2], 90, 3)[..., None] * [1, 0.2, -1]
    edges = ndimage.gaussian_gradient_magnitude(rgb2lab(np.clip(motif, 0, 1))[..., 0], 1.5)
    detail = ndimage.gaussian_filter(smoothstep(1.5, 5, edges), 2)
    angle = np.where((y > 250) & (y < 480) & (x < 480), 0, 0.8 + cloud_noise(rng, motif.shape[:2], 120, 2))

    def dots(size, spacing, where=None):
        lay_strokes(
            canvas,
            divide(rng, motif),
            angle,
            size,
            size * 0.5,
            spacing,
            where,
            (0.01, 0.04, 0.03),
            tolerance=9,
            scatter=0.4,
            streak=0.03,
            dry=0,
            relief=1.2,
        )

    # Large dots everywhere; smaller ones where there is drawing to be found.
    dots(10, 7)
    dots(7, 5.2)
    dots(5, 4, 0.35 + detail)
    dots(3.6, 3, detail)
    return canvas.finish(relief=0.2)
