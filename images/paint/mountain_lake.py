"""A mountain lake at evening: a rendered landscape to serve as the *content* picture, not a painting.

The mountains are a height map, cut by thousands of raindrops that carry soil downhill, then seen in
perspective: every pixel shows the first piece of terrain on its line of sight. Snow lies where it is high
and not too steep; the sun is low on the left; distance turns things blue. Conifers grow one by one on the
shore, and the lake mirrors it all.
"""

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from brush import cloud_noise, mix, rgb, sample, smoothstep

HEIGHT, WIDTH, SHORE = 720, 960, 448
GRID, FOCAL, LIFT = 640, 1100, 142  # map size in cells, focal length in pixels, cells per unit of height
SUN = np.array([-0.88, 0.38, -0.28])  # toward the light: left, up, and a little toward us
HAZE = rgb("b4b6cc")
# Summits on the map: x, distance, height, spread.
PEAKS = [
    (368, 470, 1.0, 105),
    (232, 530, 0.74, 85),
    (450, 545, 0.8, 95),
    (520, 430, 0.6, 90),
    (130, 420, 0.55, 90),
    (40, 560, 0.6, 110),
    (610, 580, 0.7, 110),
    (400, 330, 0.22, 60),
    (215, 330, 0.28, 60),
]


def terrain(rng):
    """Broad summits, roughened by ridged noise (|noise| folded into crests), before the rain."""
    z, x = np.mgrid[0:GRID, 0:GRID].astype(float)
    wander = 16 * np.stack([cloud_noise(rng, (GRID, GRID), 110, 4) for _ in "zx"])
    z, x = z + wander[0], x + wander[1]
    broad = sum(h * np.exp(-np.hypot(x - px, z - pz) / s) for px, pz, h, s in PEAKS)
    ridges = np.zeros_like(z)
    for octave in range(5):
        ridges += (1 - np.abs(cloud_noise(rng, (GRID, GRID), 150 / 2**octave, 1)) / 1.6) * 0.5**octave
    land = broad * (0.55 + 0.35 * ridges)
    return (land / land.max()) ** 1.3


def rain(rng, land, rounds=36, drops=6000, steps=40):
    """Hydraulic erosion: every drop rolls downhill, takes soil when fast and drops it when slow."""
    for _ in range(rounds):
        place = rng.uniform(1, GRID - 2, (2, drops))
        course, soil = np.zeros((2, drops)), np.zeros(drops)
        slope = np.stack(np.gradient(land), -1)
        for step in range(steps):
            down = -sample(slope, *place).T
            course = 0.3 * course + 0.7 * down / (np.hypot(*down) + 1e-9)
            ahead = np.clip(place + course / (np.hypot(*course) + 1e-9), 1, GRID - 2)
            fall = sample(land, *place) - sample(land, *ahead)
            room = 6 * np.maximum(fall, 0) * (1 - step / steps) - soil
            taken = np.clip(0.25 * room, -0.2 * soil, 0.3 * np.maximum(fall, 0))
            soil += taken
            cell = np.ravel_multi_index(np.rint(place).astype(int), land.shape)
            change = np.bincount(cell, taken, land.size).reshape(land.shape)
            land = land - np.clip(ndimage.gaussian_filter(change, 0.6), -0.001, 0.003)
            place = ahead
    return land


def sunlight(land):
    """Lambert shading with cast shadows: walk from every cell toward the sun; is rock in the way?"""
    dz, dx = np.gradient(land)
    normal = np.stack([-dx, np.ones_like(dx), -dz], -1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    lambert = np.clip(normal @ (SUN / np.linalg.norm(SUN)), 0, 1)
    lit = np.ones_like(land)
    for step in range(3, 120, 3):
        rock = ndimage.shift(land, (-step * SUN[2], -step * SUN[0]), order=1, mode="nearest")
        lit = np.minimum(lit, 1 - smoothstep(0, 3, rock - land - step * SUN[1]))
    return lambert * lit, normal[..., 1]


def mountains(rng, sky):
    """Color the map (rock, snow, woods), light it, and look at it from the far end of the lake."""
    land = ndimage.zoom(rain(rng, terrain(rng)), 2, order=3)

    def noise(scale, octaves=4):
        return cloud_noise(rng, land.shape, scale, octaves)

    crags = 0.9 * noise(14) * smoothstep(0.1, 0.5, land)
    crags = crags + 1.1 * np.abs(noise(34)) * smoothstep(0.3, 0.7, land)
    high = land + 0.03 * noise(60)
    land = 2 * LIFT * land + crags
    sun, flat = sunlight(land)
    rock = mix(rgb("4c4a54"), rgb("82787a"), smoothstep(-1.5, 1.5, noise(40)))
    snow = smoothstep(0.30, 0.44, high) * smoothstep(0.73, 0.84, flat + 0.35 * high + 0.1 * noise(26))
    woods = smoothstep(0.33, 0.27, high + 0.03 * noise(30)) * smoothstep(0.35, 0.5, flat)
    leaf = mix(rgb("1d2b26"), rgb("47543a"), smoothstep(-1, 1.5, noise(5, 2)))
    ground = mix(mix(rock, rgb("f4f5fa"), snow), leaf, woods)
    ground = ground * (sun[..., None] * [1.45, 1.08, 0.80] + [0.25, 0.31, 0.43])

    # Heights along the line of sight of each picture column; what rises above all nearer ground is seen.
    depth = np.geomspace(150, GRID - 2, 1800)
    column = np.arange(WIDTH)
    map_x = GRID / 2 + (column - WIDTH / 2) * depth[:, None] / FOCAL
    map_z = np.broadcast_to(depth[:, None], map_x.shape)
    height = sample(land, 2 * map_z, 2 * map_x) / 2
    skyline = np.minimum.accumulate(SHORE - (height - 3) * FOCAL / map_z, axis=0)
    rows = np.arange(HEIGHT)
    first = np.stack([np.searchsorted(-skyline[:, c], -rows) for c in column], 1)
    seen = np.minimum(first, len(depth) - 1)
    spot = 2 * depth[seen], 2 * map_x[seen, column]
    view = sample(ground, *spot)
    # Woods seen from afar: a pile of dark upright tufts, finer with distance.
    tufts = cloud_noise(rng, (HEIGHT, WIDTH), 4, 2, (1.5, 0.8))
    view = view * (1 + 0.3 * sample(woods, *spot) * np.clip(tufts, -1.5, 2))[..., None]
    view = mix(view, HAZE, 0.75 * (1 - np.exp(-np.maximum(depth[seen] - 200, 0) / 700)))
    return np.where((first < len(depth))[..., None], view, sky)


def evening_sky(rng):
    """Blue above, peach at the horizon, and clouds on a flat ceiling that shrink toward the horizon."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(float)
    sky = mix(rgb("44659c"), rgb("a9b4d0"), smoothstep(0, 260, y))
    sky = mix(sky, rgb("f7cfa6"), 0.9 * smoothstep(120, 420, y + 0.12 * (WIDTH / 2 - x)))
    sheet = cloud_noise(rng, (1400, 1400), 260, 7)
    away = 40000 / (SHORE + 60 - np.minimum(y, SHORE))
    far, aside = away * 3.2 % 1399, (700 + (x - 480) * away / 260) % 1399
    thick, toward_sun = sample(sheet, far, aside), sample(sheet, far + 14, aside - 26)
    body = mix(rgb("8f93b4"), rgb("ffe3c8"), smoothstep(-0.4, 0.6, thick - toward_sun))
    return mix(sky, body, 0.85 * smoothstep(-0.5, 1.3, thick))


def conifers(rng, picture, trees, shade, light):
    """Firs of jagged tiers, drawn at twice the size: each branch hangs, its left side catches the sun."""
    big = Image.new("RGBA", (2 * WIDTH, 2 * HEIGHT), (0, 0, 0, 0))
    draw = ImageDraw.Draw(big)
    for x, foot, tall in sorted(trees, key=lambda tree: tree[1]):
        x, foot, tall = 2 * x, 2 * foot, 2 * tall
        tone = rng.uniform(0.75, 1.2)
        for part in np.linspace(0.02, 0.96, int(10 + tall / 6)):
            row, thick = foot - tall * (1 - part), min(0.05 * tall, 5)
            reach = 0.18 * tall * part**0.8 * rng.uniform(0.7, 1.15)
            for side in rng.permutation([-1, -1, -1, 1, 1, 1, 0, 0]):
                tip = x + (side or rng.uniform(-0.6, 0.6)) * reach * rng.uniform(0.3, 1.15)
                drop = row + abs(tip - x) * rng.uniform(0.1, 0.5)
                sunny = smoothstep(0.7, -1.3, (tip - x) / reach) * rng.random() ** 2 * 1.4
                color = mix(shade, light, sunny) * tone * rng.uniform(0.8, 1.15)
                root = x + (tip - x) * rng.uniform(0, 0.5)
                below = (x + tip) / 2, drop + thick
                corners = [(root, row - thick), (tip, drop), below, (root, row + thick)]
                draw.polygon(corners, fill=tuple((np.clip(color, 0, 1) * 255).astype(int)))
    layer = np.asarray(big.resize((WIDTH, HEIGHT), Image.LANCZOS)) / 255
    return mix(picture, layer[..., :3], layer[..., 3])


def rocks(rng, picture):
    """A stony bank in the near corner: rounded blocks, rough with noise, lit from the same sun."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(float)
    bumps = cloud_noise(rng, (HEIGHT, WIDTH), 16, 5)
    bank = y + 4 * bumps - (640 + 0.00034 * x**2)
    blades = cloud_noise(rng, (HEIGHT, WIDTH), 4, 2, (2, 0.6))
    grass = mix(rgb("1d2418"), rgb("77702f"), smoothstep(-0.5, 2.5, bumps + blades))
    picture = mix(picture, grass, smoothstep(-1, 1, bank))
    for below in np.sort(rng.uniform(-12, 70, 60)):
        px, size = rng.uniform(-20, 560), min(5 + rng.exponential(7), 30)
        py = below + 640 + 0.00034 * px**2
        dx, dy = (x - px) / size / 1.6, (y - py) / size
        inside = 1 - dx**2 - np.abs(dy) ** 2.5 - 0.2 * bumps
        slope_y, slope_x = np.gradient(np.sqrt(np.clip(inside, 0, 1)) * size + 1.2 * bumps)
        facing = (0.75 * slope_x + 0.65 * slope_y) / np.sqrt(1 + slope_x**2 + slope_y**2)
        light = 0.16 + 0.62 * np.clip(facing + 0.15, 0, 1)
        picture = mix(picture, light[..., None] * [1.0, 0.88, 0.80], smoothstep(0, 0.2, inside))
    return picture


def paint(seed=0):
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(float)
    picture = mountains(rng, evening_sky(rng))
    picture = mix(picture, HAZE, 0.3 * smoothstep(SHORE - 70, SHORE, y))  # mist over the far shore
    far = [(px, SHORE + 1, rng.uniform(9, 22)) for px in rng.uniform(0, WIDTH, 420)]
    picture = conifers(rng, picture, far, rgb("262f26"), rgb("5c5f3e"))
    sides = np.concatenate([rng.uniform(-10, 330, 120), rng.uniform(760, 970, 70)])
    tallest = np.interp(sides, [0, 330, 760, 960], [120, 22, 18, 74])
    near_trees = [(px, SHORE + 3, tall * rng.uniform(0.5, 1)) for px, tall in zip(sides, tallest)]
    picture = conifers(rng, picture, near_trees, rgb("17211a"), rgb("5c5f36"))

    # The lake: the scene upside down, pushed about by ripples that grow toward us.
    near = np.clip((y - SHORE) / (HEIGHT - SHORE), 0, 1)
    sheet = cloud_noise(rng, (900, 900), 60, 4)
    away = 9000 / (np.maximum(y - SHORE, 0) + 14)
    ripple = sample(sheet, away * 3 % 899, (450 + (x - 480) * away / 130) % 899)
    up = SHORE - 1.12 * (y - SHORE) + ripple * (1 + 16 * near)
    blurred = ndimage.gaussian_filter(picture, (1.5, 0.5, 0))
    mirror = sample(blurred, np.clip(up, 0, SHORE), x + ripple * 2 * near)
    lake = mix(mirror * [0.84, 0.88, 0.92], rgb("1c3440"), 0.12 + 0.5 * near**1.5)
    picture = np.where((y > SHORE)[..., None], lake, picture)

    picture = rocks(rng, picture)
    framing = [(-14, 722, 360), (18, 716, 430), (70, 712, 300), (118, 714, 190)]
    picture = conifers(rng, picture, framing, rgb("0e1512"), rgb("4e4c2a"))
    # Lift the mid tones a little, as a camera does, and add the grain of its film.
    picture = np.clip(picture, 0, 1) ** 0.88 + 0.009 * rng.standard_normal((HEIGHT, WIDTH, 1))
    return Image.fromarray((np.clip(picture, 0, 1) * 255).astype(np.uint8))
