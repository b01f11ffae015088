"""Shared tools of the drawn style pictures: smooth noise, hand-drawn curves, and the way back to a picture.

All coordinates are given in picture pixels (960 x 720). The work is done SCALE times larger and reduced at
the end, which is what makes the edges smooth.
"""

import numpy as np
from PIL import Image, ImageDraw
from scipy.interpolate import CubicSpline

WIDTH, HEIGHT, SCALE = 960, 720, 2
SHAPE = (HEIGHT * SCALE, WIDTH * SCALE)


def grid():
    """The x and y coordinate, in picture pixels, of every working pixel."""
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(np.float32)
    return columns / SCALE, rows / SCALE


def smooth_noise(rng, size, shape=SHAPE):
    """Noise of mean 0 and standard deviation 1; its blobs are `size` picture pixels wide (or width and height)."""
    width, height = np.broadcast_to(size, 2) * SCALE
    small = (max(2, round(shape[0] / height) + 2), max(2, round(shape[1] / width) + 2))
    coarse = Image.fromarray(rng.standard_normal(small).astype(np.float32))
    noise = np.asarray(coarse.resize(shape[::-1], Image.Resampling.BICUBIC))
    return (noise - noise.mean()) / noise.std()


def curve(points, count=120):
    """A smooth curve through a few points, as `count` points."""
    points = np.asarray(points, float)
    steps = np.sqrt(np.linalg.norm(np.diff(points, axis=0), axis=1))
    along = np.concatenate([[0], np.cumsum(steps)])
    return CubicSpline(along, points)(np.linspace(0, along[-1], count))


def normals(points):
    """The unit vector at right angles to a line, at each of its points."""
    dx, dy = np.gradient(points, axis=0).T
    return np.stack([-dy, dx], 1) / np.maximum(np.hypot(dx, dy), 1e-6)[:, None]


def ribbon(points, widths):
    """The outline of a stroke along `points`; `widths` is one number or one for each point."""
    points = np.asarray(points, float)
    side = normals(points) * np.broadcast_to(widths, len(points))[:, None] / 2
    return np.concatenate([points + side, (points - side)[::-1]])


def leaf(base, tip, width, bend=0.0, belly=0.5):
    """A leaf shape from base to tip, widest at `belly` (0 base, 1 tip), pushed sideways by `bend`."""
    base, tip = np.array(base, float), np.array(tip, float)
    across = np.array([base[1] - tip[1], tip[0] - base[0]])
    middle = curve([base, (base + tip) / 2 + bend * across, tip], 50)
    along = np.linspace(0, 1, 50) ** (np.log(0.5) / np.log(belly))
    return ribbon(middle, width * np.sin(np.pi * along) ** 0.8 + 1)


def ellipse(center, radii, angle=0.0, count=60):
    """The outline of a turned ellipse."""
    turn = np.linspace(0, 2 * np.pi, count, endpoint=False)
    x, y = radii[0] * np.cos(turn), radii[1] * np.sin(turn)
    cos, sin = np.cos(angle), np.sin(angle)
    return np.stack([center[0] + x * cos - y * sin, center[1] + x * sin + y * cos], 1)


def corners(outline):
    """An outline in working pixels, in the form Pillow draws."""
    return [tuple(point) for point in np.asarray(outline, float) * SCALE]


def draw_line(draw, points, widths, fill):
    """Draw a round-ended line whose width may change from point to point."""
    points = np.asarray(points, float)
    widths = np.broadcast_to(widths, len(points))
    sides = ribbon(points, widths) * SCALE
    left, right = sides[: len(points)], sides[len(points) :][::-1]
    for place in range(len(points) - 1):
        draw.polygon([*map(tuple, (*left[place : place + 2], *right[place : place + 2][::-1]))], fill=fill)
    for (x, y), radius in zip(points * SCALE, widths * SCALE / 2, strict=True):
        draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=fill)


def mask_of(outline):
    """True inside the outline."""
    sheet = Image.new("1", SHAPE[::-1])
    ImageDraw.Draw(sheet).polygon(corners(outline), fill=1)
    return np.asarray(sheet)


def relief_light(height, strength=1.0):
    """How much a relief lit from the upper left gains (above 0) or loses (below 0) at every pixel."""
    down, right = np.gradient(height)
    return -strength * (down + right)


def finish(color):
    """An array of colors between 0 and 1, at working size, made into the finished picture."""
    image = Image.fromarray((np.clip(color, 0, 1) * 255).astype(np.uint8))
    return image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
