"""A path through an autumn wood in short impasto dabs, after the plein-air painters of 1880-1910.

The light comes from behind the trees: a pale gold clearing draws the eye along the path, blue-green
distance makes the oranges burn, and violet shadows run toward us. It is painted back to front: glow,
far trees, middle trees, near trees; every crown is a heap of leaf clumps, each dark below and lit above.
"""

import numpy as np

from brush import Canvas, cloud_noise, figure, lay_strokes, mix, rgb, smoothstep, vary

HEIGHT, WIDTH, HORIZON = 720, 960, 420
CLEARING = np.array([575, 372])
FLOOR = rgb("c9601e", "e29a34", "8a3a24", "f0c05a", "6a4a6a", "b04a22", "d87c28", "54486e")
LEAVES = rgb("f7d64a", "f2a722", "e8781c", "c9431d", "fbe58a", "8f2a1e")
BARK_DARK, BARK_LIGHT, HAZE = rgb("2a1b2e"), rgb("d09450"), rgb("9ab0a0")
# Leaf colors in shadow, in half light, in full light.
CROWNS = {
    "gold": rgb("7a3a20", "f0a824", "ffe67a"),
    "orange": rgb("6e2626", "e8701c", "fdb84a"),
    "red": rgb("541a34", "c4331c", "f58a3c"),
    "olive": rgb("2c4a44", "9a962c", "ecd860"),
    "teal": rgb("1f3f52", "3f7f78", "a8c890"),
}
# Trees from back to front: foot x, foot y, width, lean, leaf color, haze.
FAR = [
    (40, 436, 10, 6, "teal", 0.5),
    (255, 430, 12, 4, "gold", 0.5),
    (340, 428, 8, -8, "teal", 0.6),
    (402, 426, 9, 6, "gold", 0.6),
    (462, 424, 6, -3, "orange", 0.6),
    (668, 424, 7, 5, "gold", 0.6),
    (716, 426, 10, -6, "teal", 0.5),
    (765, 428, 8, 6, "orange", 0.5),
    (915, 432, 12, -6, "teal", 0.5),
]
NEAR = [
    (112, 492, 26, 14, "olive", 0.15),
    (312, 470, 18, -12, "orange", 0.2),
    (430, 450, 14, 8, "red", 0.25),
    (744, 468, 18, -14, "gold", 0.2),
    (890, 512, 30, 18, "red", 0.1),
    (214, 610, 54, -36, "gold", 0),
    (806, 652, 62, 40, "orange", 0),
]


def motif_of(rng, x, y):
    """Color planes: the glow, cool distance at the sides, the leaf floor, the path and the shadows."""
    near_glow = np.exp(-(((x - CLEARING[0]) / 230) ** 2) - ((y - CLEARING[1]) / 200) ** 2)
    distance = mix(rgb("3a7484"), rgb("a9cfc4"), smoothstep(-1, 1.2, cloud_noise(rng, x.shape, 90, 4)))
    distance = mix(distance, rgb("c98a3c"), 0.7 * smoothstep(0, 1, cloud_noise(rng, x.shape, 60, 3)))
    back = mix(distance, rgb("fff0b8"), 0.95 * near_glow**0.8)

    depth = np.clip((y - HORIZON) / (HEIGHT - HORIZON), 0, 1)
    floor = FLOOR[np.floor(2.0 * cloud_noise(rng, x.shape, 70, 4, (0.35, 1)) + 40).astype(int) % len(FLOOR)]
    floor = mix(floor, rgb("ffd978"), 0.7 * np.exp(-(((x - CLEARING[0]) / 200) ** 2)) * (1 - depth))
    middle = CLEARING[0] - 130 * depth**1.3 + 40 * np.sin(3.2 * depth)
    path = smoothstep(1.15, 0.85, np.abs(x - middle) / (14 + 210 * depth))
    floor = mix(floor, mix(rgb("f6dca8"), rgb("c79a8c"), depth), 0.85 * path)
    for foot, low, width, *_ in NEAR:
        # A shadow starts at the foot of its tree and fans away from the clearing.
        center = foot + (foot - CLEARING[0]) * (y - low) / (low - CLEARING[1] + 40)
        shade = smoothstep(1.1, 0.6, np.abs(x - center) / (width * 0.55 * (1 + 2 * depth))) * (y > low - 6)
        floor = mix(floor, rgb("43357a"), 0.8 * shade)
    return np.where((y > HORIZON + 6 * np.sin(x / 70))[..., None], floor, back)


def clump(canvas, center, size, colors, dab, haze):
    """One clump of leaves: dabs from shadow to light, so that the lit ones lie on top."""
    rng = canvas.rng
    places = rng.normal(0, size / 2, (int(9 + 2.2 * (size / dab) ** 2), 2)) * [1.2, 0.8]
    to_light = (CLEARING - center) / np.hypot(*(CLEARING - center))
    light = (places @ (0.6 * to_light + [0, -0.8])) / size + rng.normal(0, 0.25, len(places))
    for place, glow in sorted(zip(places, light), key=lambda pair: pair[1]):
        color = mix(colors[0], colors[1], smoothstep(-0.5, 0.15, glow))
        color = mix(color, colors[2], smoothstep(0.2, 1, glow))
        color = mix(vary(rng, color[None], (0.018, 0.08, 0.06))[0], HAZE, haze)
        heading = np.arctan2(place[1], place[0]) + rng.normal(0, 0.5)
        half = dab * rng.uniform(0.5, 1.1) * np.array([np.cos(heading), np.sin(heading)])
        middle = center + place
        canvas.stroke(
            [middle - half, middle + rng.normal(0, dab / 8, 2), middle + half],
            dab * rng.uniform(0.8, 1.3),
            color,
            relief=1.7,
        )


def tree(canvas, foot, low, width, lean, leaf, haze):
    """A trunk of bark dabs, warm toward the clearing; crooked branches; a crown of leaf clumps."""
    rng = canvas.rng
    lit_side = np.sign(CLEARING[0] - foot)

    def spine(row):
        rise = (low - row) / low
        return foot + lean * rise + 0.25 * width * np.sin(5 * rise + foot)

    def girth(row):
        return width * (0.55 + 0.45 * row / low + 0.7 * np.exp((row - low) / (0.5 * width)))

    dab, crown_dab = max(4, width * 0.2), 4 + 0.11 * width
    # Half of the clumps hang behind the trunk and in its shade, half in front.
    clumps = rng.uniform([-1, -0.05], [1, 1], (int(22 + width), 2)) * [2.2 * width + 55, 0.47 * low]

    def crown(places, colors):
        for aside, row in places:
            clump(canvas, np.array([spine(row) + aside, row]), crown_dab * 3.4, colors, crown_dab, haze)

    crown(clumps[::2], CROWNS[leaf] * [[0.6], [0.75], [0.85]])
    for row in np.arange(low, -20, -dab * 0.9):
        for side in rng.permutation(np.linspace(-0.5, 0.5, max(2, int(width / dab * 1.4)))):
            warmth = smoothstep(0.0, 0.5, side * lit_side + rng.normal(0, 0.1))
            color = mix(mix(BARK_DARK, rgb("5a4a80"), rng.random() * 0.8), BARK_LIGHT, warmth * 0.9)
            color = vary(rng, mix(color, HAZE, haze)[None], (0.04, 0.1, 0.08))[0]
            start = np.array([spine(row) + side * girth(row), row])
            reach = dab * rng.uniform(1.6, 3.2)
            end = np.array([spine(row - reach) + side * girth(row - reach), row - reach])
            middle = (start + end) / 2 + rng.normal(0, dab / 5, 2)
            canvas.stroke([start, middle, end], dab, color, relief=1.6)
    for _ in range(int(4 + width / 8)):
        row, thick = rng.uniform(0.05, 0.55) * low, width * rng.uniform(0.14, 0.26)
        point = np.array([spine(row), row])
        heading = -np.pi / 2 + rng.choice([-1, 1]) * rng.uniform(0.4, 0.9)
        while thick > 1.6:
            bend = point + 2.4 * width**0.6 * np.array([np.cos(heading), np.sin(heading)])
            canvas.stroke([point, bend], thick, mix(BARK_DARK, HAZE, haze), relief=1.4)
            point, heading, thick = bend, heading + rng.normal(0, 0.35), thick * 0.8
    crown(clumps[1::2], CROWNS[leaf])


def paint(seed=0):
    canvas = Canvas(np.random.default_rng(seed), (HEIGHT, WIDTH), rgb("5a2f2a"))
    rng, shape = canvas.rng, (HEIGHT, WIDTH)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(float)
    motif = motif_of(rng, x, y)
    ground = y > HORIZON
    # Dabs lie flat on the floor and lean in the air.
    lean = cloud_noise(rng, shape, 75, 2)
    angle = np.where(ground, 0.25 * lean, 1.1 + 0.4 * lean)

    lay_strokes(canvas, motif, angle, 30, 50, 16, jitter=(0.02, 0.1, 0.08), tolerance=0.6)
    lay_strokes(canvas, motif, angle, 10, 15, 7, None, (0.03, 0.12, 0.08), tolerance=0.4, scatter=0.6)
    for trunk in FAR:
        tree(canvas, *trunk)
    for side in np.concatenate([rng.uniform(0, 430, 26), rng.uniform(690, 960, 18)]):
        bush = CROWNS[rng.choice(["teal", "olive", "orange", "teal"])]
        clump(canvas, np.array([side, rng.uniform(400, 432)]), 22, bush, 6, 0.25)
    lay_strokes(canvas, motif, angle, 9, 18, 7, 0.8 * ground, (0.03, 0.12, 0.1), tolerance=0.5, scatter=0.3, relief=1.6)
    for trunk in NEAR:
        tree(canvas, *trunk)
    canvas.stroke([(556, 512), (516, 570)], 16, rgb("54458a"), 0.06)
    figure(canvas, 560, 514, 82, "b8283a", "3f6cc8", "2a2030")  # a cold blue: the eye goes there first
    # Last, single bright leaves on the near floor: any color next to any other.
    fallen = ground * smoothstep(HORIZON, HEIGHT, y) * smoothstep(0, 1, cloud_noise(rng, shape, 60, 4))
    leaves = LEAVES[rng.integers(0, len(LEAVES), shape)]
    lay_strokes(canvas, leaves, angle, 9, 12, 11, fallen, tolerance=2, scatter=0.6, relief=2)
    return canvas.finish()
