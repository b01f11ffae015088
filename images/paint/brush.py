"""A small oil-painting kit: bristle strokes with color and height, laid along a direction field.

A painting is made the way painters work: a rough *motif* (flat color planes) says which color goes where,
a *direction* field (an angle per pixel) says how the hand moves, and several passes of strokes, from
wide to narrow, cover the canvas. Every stroke also leaves paint relief, which `Canvas.finish` lights from
the upper left. The idea of painting in layers of curved strokes is Hertzmann's (SIGGRAPH 1998).
"""

import numpy as np
from PIL import Image
from scipy import ndimage
from skimage.color import hsv2rgb, rgb2hsv


def smoothstep(low, high, value):
    """0 below `low`, 1 above `high`, a soft ramp in between."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def mix(a, b, amount):
    """Blend colors or images; `amount` may be a number or an (H, W) mask."""
    amount = np.asarray(amount)[..., None]
    return np.asarray(a) * (1 - amount) + np.asarray(b) * amount


def rgb(*codes):
    """Hex codes such as "f2c14e" as an (N, 3) array of colors in 0..1 (one code: one color)."""
    colors = np.array([[int(code[i : i + 2], 16) for i in (0, 2, 4)] for code in codes]) / 255
    return colors if len(codes) > 1 else colors[0]


def sample(image, rows, columns):
    """Read a picture of any number of channels between its pixels."""
    flat = np.atleast_3d(image)
    seen = [
        ndimage.map_coordinates(flat[..., c], [rows, columns], order=1, mode="nearest") for c in range(flat.shape[2])
    ]
    return np.stack(seen, -1).reshape(*np.shape(rows), *image.shape[2:])


def cloud_noise(rng, shape, scale, octaves=4, stretch=(1, 1)):
    """Smooth fractal noise, mean 0 and deviation 1; `scale` is the size of its largest lumps in pixels."""
    total = np.zeros(shape)
    for octave in range(octaves):
        size = scale / 2**octave
        rows, columns = (np.arange(n) / (size * s) + 1 for n, s in zip(shape, stretch))
        coarse = ndimage.spline_filter(rng.standard_normal((int(rows[-1]) + 4, int(columns[-1]) + 4)))
        grid = np.meshgrid(rows, columns, indexing="ij")
        total += ndimage.map_coordinates(coarse, grid, prefilter=False) / 2**octave
    return (total - total.mean()) / total.std()


def vary(rng, colors, jitter):
    """Shift hue, saturation and value of (N, 3) colors at random: no two loads of a brush are equal."""
    hsv = rgb2hsv(np.clip(colors, 0, 1)[None])[0] + rng.normal(0, 1, colors.shape) * jitter
    hsv[:, 0] %= 1
    return hsv2rgb(np.clip(hsv, 0, 1)[None])[0]


def by_hand(rng, corners, tremble=1.0):
    """A line through `corners` as a hand draws it: never quite straight, never quite on the corner."""
    corners = np.asarray(corners, float) + rng.normal(0, tremble, np.shape(corners))
    spots = np.linspace(0, len(corners) - 1, 4 * len(corners))
    line = np.stack([np.interp(spots, np.arange(len(corners)), axis) for axis in corners.T], 1)
    return line + rng.normal(0, tremble / 2, line.shape)


class Canvas:
    """A primed canvas: its color, and the height of the paint on it."""

    def __init__(self, rng, shape, ground):
        self.rng = rng
        self.shape = shape
        self.color = np.ones((*shape, 3)) * ground
        self.height = np.zeros(shape)
        # Long thin streaks: each stroke reads its bristle marks from a random corner of this sheet.
        streaks = ndimage.gaussian_filter(rng.standard_normal((512, 2048)), (0.7, 14), mode="wrap")
        self.streaks = np.clip(streaks / streaks.std() / 2, -1, 1)

    def stroke(self, points, width, color, streak=0.12, relief=1.0, dry=0.3):
        """Draw one stroke through `points` (K, 2: x, y). `dry` frays it, `streak` mixes its paint."""
        rng, radius = self.rng, width / 2
        points = np.asarray(points, float)
        low = np.maximum(np.floor(points.min(0) - width), 0).astype(int)
        high = np.minimum(np.ceil(points.max(0) + width) + 1, self.shape[::-1]).astype(int)
        if (high <= low).any():
            return
        box = np.s_[low[1] : high[1], low[0] : high[0]]
        y, x = np.ogrid[box]

        # Nearest segment of the line for every pixel, then: pixels along the line, pixels across it.
        start, step = points[:-1], np.diff(points, axis=0)
        size = np.maximum(np.hypot(*step.T), 1e-6)
        unit = (step / size[:, None]).T[..., None, None]
        dx, dy = x - start[:, 0, None, None], y - start[:, 1, None, None]
        along, across = dx * unit[0] + dy * unit[1], dy * unit[0] - dx * unit[1]
        beyond = along - np.clip(along, 0, size[:, None, None])
        nearest = np.argmin(across**2 + beyond**2, axis=0)[None]
        before = np.concatenate([[0], np.cumsum(size)])
        u = np.take_along_axis(along, nearest, 0)[0] + before[nearest[0]]
        v = np.take_along_axis(across, nearest, 0)[0]
        length = before[-1]

        row, column = rng.integers(512), rng.integers(2048)
        bristle = self.streaks[(np.rint(v * 1.3).astype(int) + row) % 512, (u.astype(int) + column) % 2048]

        # Coverage: rounded, ragged ends; the last part of the stroke runs out of paint between bristles.
        rim = np.clip(np.abs(v) / radius, 0, 1)
        cap = radius * (np.sqrt(1 - rim**2) - 0.4)
        ends = np.minimum(u, length - u) + cap + bristle * radius * (0.15 + 1.8 * dry)
        edge = radius - np.abs(v) + bristle * (0.3 + 1.6 * dry)
        worn = 1 + (bristle - 0.2) * dry * smoothstep(0.3, 1.1, u / max(length, 1)) * 4
        alpha = np.clip(edge + 0.5, 0, 1) * np.clip(ends, 0, 1) * np.clip(worn, 0, 1)

        paint = color + bristle[..., None] * (streak * (0.6 + 0.8 * rng.random(3)))
        self.color[box] += alpha[..., None] * (np.clip(paint, 0, 1) - self.color[box])
        # Paint is pushed to the rim of the stroke and furrowed by the bristles.
        thick = relief * np.sqrt(radius) * (0.55 + 0.45 * rim**2 + bristle / 2)
        self.height[box] += alpha * (thick - 0.55 * self.height[box])

    def finish(self, relief=0.35, grain=0.03):
        """Light the relief from the upper left, let the weave of the cloth show, return the picture."""
        dy, dx = np.gradient(ndimage.gaussian_filter(self.height, 0.6))
        slope = np.clip((dx + dy) * relief, -0.5, 0.5)
        y, x = np.indices(self.shape)
        weave = np.sin(x * 2.1) * np.sin(y * 2.1) * np.exp(-np.maximum(self.height, 0))
        gloss = np.maximum(slope - 0.2, 0) * 0.5
        lit = self.color * (1 + slope + grain * weave)[..., None] + gloss[..., None]
        return Image.fromarray((np.clip(lit, 0, 1) * 255).astype(np.uint8))


def figure(canvas, x, y, tall, coat, skirt, hat):
    """A person standing at (x, y), in seven strokes: from a few steps away nobody needs more."""
    low, high = y - 0.45 * tall, y - 0.68 * tall
    for shift, depth in [(-0.08, 0.5), (0.08, 0.15), (0, 0.3)]:
        cloth = mix(rgb(skirt), rgb("0c1030"), depth)
        canvas.stroke([(x + shift * tall / 3, low), (x + shift * tall, y)], 0.2 * tall, cloth, 0.06, dry=0.08)
    canvas.stroke([(x, high), (x, low + 0.05 * tall)], 0.27 * tall, rgb(coat), 0.08, dry=0.08)
    sleeve = mix(rgb(coat), 1, 0.2)
    canvas.stroke([(x - 0.1 * tall, high), (x - 0.13 * tall, low)], 0.09 * tall, sleeve, dry=0.1)
    canvas.stroke([(x, y - 0.87 * tall), (x, y - 0.79 * tall)], 0.15 * tall, rgb("d89c6c"), dry=0.05)
    brim = y - 0.93 * tall
    canvas.stroke([(x - 0.09 * tall, brim), (x + 0.09 * tall, brim)], 0.09 * tall, rgb(hat), dry=0.05)


def trace(angle, turn, start, length, motif, tolerance, step):
    """Walk from each start (N, 2) along the field; a walk ends early where the motif changes color."""
    height, width = angle.shape
    here, alive, paths = start.copy(), np.ones(len(start), bool), [start.copy()]
    home = motif[start[:, 1].astype(int), start[:, 0].astype(int)]
    for travelled in np.arange(step, length.max() + step, step):
        column = np.clip(here[:, 0].astype(int), 0, width - 1)
        row = np.clip(here[:, 1].astype(int), 0, height - 1)
        alive &= (np.abs(motif[row, column] - home).max(1) < tolerance) & (travelled <= length)
        heading = angle[row, column] + turn
        here = here + alive[:, None] * step * np.stack([np.cos(heading), np.sin(heading)], 1)
        paths.append(here.copy())
    return np.stack(paths, 1)


def lay_strokes(
    canvas,
    motif,
    angle,
    width,
    length,
    spacing,
    where=None,
    jitter=(0.02, 0.08, 0.06),
    tolerance=0.25,
    wobble=0.12,
    scatter=0.05,
    **stroke,
):
    """One pass: strokes about `width` x `length`, one per `spacing` pixels each way, in mask `where`."""
    rng, (rows, columns) = canvas.rng, canvas.shape
    y, x = np.mgrid[0:rows:spacing, 0:columns:spacing].reshape(2, -1)
    seeds = np.stack([x, y], 1) + rng.uniform(0, spacing, (len(x), 2))
    seeds = rng.permutation(np.clip(seeds, 0, [columns - 1, rows - 1]))
    if where is not None:
        seeds = seeds[rng.random(len(seeds)) < where[seeds[:, 1].astype(int), seeds[:, 0].astype(int)]]
    colors = vary(rng, motif[seeds[:, 1].astype(int), seeds[:, 0].astype(int)], jitter)
    lengths = length * rng.lognormal(0, 0.3, len(seeds)) / 2
    widths = width * rng.lognormal(0, 0.22, len(seeds))
    step = max(2, length / 8)
    bent = angle + wobble * cloud_noise(rng, canvas.shape, 40, 2)
    turn = rng.normal(0, scatter, len(seeds))
    forth = trace(bent, turn, seeds, lengths, motif, tolerance, step)
    back = trace(bent, turn + np.pi, seeds, lengths, motif, tolerance, step)
    for path, size, color in zip(np.concatenate([back[:, :0:-1], forth], 1), widths, colors):
        moved = np.concatenate([[True], np.abs(np.diff(path, axis=0)).sum(1) > 0])
        path = path[moved] if moved.sum() > 1 else path[:1] + [[0, 0], [1, 0]]
        canvas.stroke(path, size, color, **stroke)
