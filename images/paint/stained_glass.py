"""A stained-glass window: a peacock on a branch before the low sun.

It borrows from the leaded windows of around 1900 (Tiffany, La Farge): streaky, bubbly, jewel-colored glass
cut into pieces, each held by a strip of lead, the strips soldered where they meet, and daylight behind.
"""

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter, maximum_filter, minimum_filter

from canvas import SHAPE, curve, ellipse, finish, grid, leaf, mask_of, relief_light, ribbon, smooth_noise

SUN = np.array([300.0, 235.0])
TAIL_ROOT = np.array([395.0, 372.0])
# Four kinds of streaky glass: the size of the streaks, and how far they lean.
STREAKS = [((90, 7), 0.2), ((9, 110), -0.5), ((34, 14), -1.1), ((16, 46), 0.8)]
FLOWERS = [((90, 640), 62, 0.3), ((215, 588), 50, 0.9), ((330, 655), 66, 0.1), ((30, 520), 44, 0.6)]


class Window:
    """Pieces of glass: a map that says which piece each pixel belongs to, and the color of each piece."""

    def __init__(self, rng):
        self.rng = rng
        self.pieces = np.zeros(SHAPE, np.int32)
        self.parts = np.zeros(SHAPE, np.int32)
        self.lead = np.ones(SHAPE, np.float32)
        self.colors = [(0, 0, 0)]
        self.part = 0

    def begin_part(self):
        """Whatever is cut next belongs to a new part of the picture; wider lead goes around each part."""
        self.part += 1

    def piece(self, outline, color, lead=1.0):
        """Cut one piece of glass; it takes the place of whatever it covers."""
        self.cut_up(mask_of(outline), np.zeros(SHAPE, np.int8), lambda _: color, lead)

    def cut_up(self, mask, cells, color_of, lead=1.0):
        """Cut the masked area into one piece for each value in `cells`; `lead` is how wide its lead is."""
        self.lead[mask] = lead
        for cell in np.unique(cells[mask]):
            self.pieces[mask & (cells == cell)] = len(self.colors)
            shade = np.array(color_of(cell)) * self.rng.uniform(0.82, 1.15)
            self.colors.append(np.clip(shade + self.rng.normal(0, 0.035, 3), 0.01, 1))
        self.parts[mask] = self.part


def blend(stops, position):
    """A color from a list of colors; position 0 is the first, 1 the last."""
    stops = np.array(stops)
    return [np.interp(position, np.linspace(0, 1, len(stops)), stops[:, c]) for c in range(3)]


def cut_landscape(window, x, y, rng):
    """Sky in rays and rings around the sun, hills, a lake, and the ground."""
    wobble = 10 * smooth_noise(rng, 150)
    radius = np.hypot(x - SUN[0], y - SUN[1]) + wobble * 0.6
    ring = np.digitize(radius, [66, 128, 196, 280, 375, 480, 590])
    turn = np.arctan2(y - SUN[1], x - SUN[0]) + 0.1 * np.sin(radius / 70) + wobble / 450
    rays = np.array([1, 10, 15, 21, 28, 36, 44, 52])[ring]
    ray = np.floor((turn / (2 * np.pi) + 0.5 + ring * 0.037) * rays).astype(int) % rays
    sky = [
        (1, 0.86, 0.38),
        (1, 0.76, 0.22),
        (1, 0.5, 0.16),
        (0.9, 0.28, 0.35),
        (0.6, 0.25, 0.6),
        (0.25, 0.28, 0.75),
        (0.1, 0.2, 0.65),
        (0.05, 0.32, 0.62),
    ]
    window.begin_part()
    window.cut_up(ring > 0, ring * 100 + ray, lambda cell: sky[cell // 100])
    window.begin_part()
    window.cut_up(ring == 0, ring, lambda _: (1, 0.93, 0.62))
    hills = [
        (372, 34, 190, 105, (0.42, 0.3, 0.62)),
        (418, 26, 150, 125, (0.2, 0.42, 0.6)),
        (455, 6, 300, 150, (0.55, 0.82, 0.9)),
        (500, 22, 210, 95, (0.16, 0.5, 0.3)),
        (575, 24, 260, 110, (0.3, 0.58, 0.16)),
    ]
    for order, (top, rise, length, cut, color) in enumerate(hills):
        edge = top + rise * np.sin(x / length * 3 + order * 2.1) + 0.5 * wobble
        cells = np.floor((x + 0.5 * (y - top) * (-1) ** order + wobble + order * 40) / cut).astype(int)
        window.begin_part()
        window.cut_up(y > edge, cells - cells.min(), lambda _, color=color: color)


def cut_feather(window, angle, length, width):
    """One tail feather: a green blade that ends in an eye of gold, turquoise and deep blue."""
    ahead = np.array([np.cos(angle), np.sin(angle)])
    tip = TAIL_ROOT + ahead * length
    blade = leaf(TAIL_ROOT, tip + ahead * width * 0.55, width * 1.15, -0.06, 0.84)
    window.piece(blade, (0.08, 0.6, 0.28), 0.8)
    eye = [(0.92, 0, (1.0, 0.72, 0.1)), (0.64, 3, (0.1, 0.85, 0.85)), (0.34, 6, (0.1, 0.12, 0.75))]
    for size, slide, color in eye if length > 200 else []:
        outline = ellipse(tip - ahead * slide, (size * width * 0.56, size * width * 0.46), angle + 0.2)
        window.piece(outline, color, 0.5)


def cut_peacock(window, rng):
    """The tail from the longest feathers to the shortest, then wing, body, neck and head."""
    for length, count, width, spread in [
        (548, 7, 86, 0.5),
        (442, 6, 80, 0.46),
        (342, 5, 72, 0.42),
        (248, 4, 62, 0.36),
        (150, 3, 50, 0.3),
    ]:
        window.begin_part()
        for angle in np.linspace(0.55 - spread, 0.55 + spread, count):
            cut_feather(window, angle + rng.normal(0, 0.015), length + rng.normal(0, 9), width)
    window.begin_part()
    back = curve([(262, 190), (305, 178), (330, 230), (352, 300), (430, 338), (520, 412)])
    front = curve([(262, 190), (275, 215), (262, 280), (258, 350), (320, 432), (520, 412)])
    plumage = [(0.1, 0.3, 0.85), (0.02, 0.2, 0.65), (0.04, 0.5, 0.7), (0.1, 0.6, 0.45)]
    steps = [0, 14, 30, 45, 58, 70, 84, 104, 119]
    for number, (start, end) in enumerate(zip(steps[:-1], steps[1:], strict=True)):
        outline = np.concatenate([back[start : end + 1], front[start : end + 1][::-1]])
        window.piece(outline, blend(plumage, number / 7))
    for reach in range(5, 0, -1):
        tip = np.array([350 + 42 * reach, 372 + 15 * reach])
        window.piece(
            leaf((318, 345 + 4 * reach), tip, 62 - 4 * reach, -0.12, 0.55),
            [(0.75, 0.3, 0.08), (0.9, 0.55, 0.15)][reach % 2],
        )
    window.piece(ellipse((273, 192), (25, 20), 0.3), (0.08, 0.3, 0.8))
    window.piece([(254, 184), (226, 203), (258, 203)], (0.85, 0.75, 0.45))
    window.piece(ellipse((268, 189), (8, 6)), (0.95, 0.95, 0.85), 0.4)
    for turn in (-2.2, -1.85, -1.5, -1.15):
        tip = np.array([280, 178]) + 58 * np.array([np.cos(turn), np.sin(turn)])
        window.piece(ellipse(tip, (9, 13), turn + np.pi / 2), (0.1, 0.85, 0.9), 0.6)


def cut_branch(window):
    """The branch the bird sits on, with leaves and blossoms."""
    window.begin_part()
    branch = curve([(-20, 560), (110, 490), (250, 462), (390, 440), (470, 470)])
    for start in range(0, 119, 20):
        part = branch[start : start + 21]
        window.piece(ribbon(part, np.linspace(40 - start / 5, 36 - start / 5, len(part))), (0.38, 0.17, 0.07))


def cut_flower(window, center, size, color, turn):
    """A five-petaled flower with a golden heart, and two leaves."""
    center = np.array(center, float)
    window.begin_part()
    for side in (-1, 1):
        tip = center + size * np.array([1.7 * side, 1.0])
        window.piece(leaf(center, tip, size * 0.62, 0.15 * side), (0.6, 0.8, 0.15))
    window.begin_part()
    for angle in turn + np.arange(5) * 2 * np.pi / 5:
        tip = center + size * np.array([np.cos(angle), np.sin(angle)])
        window.piece(leaf(center, tip, size * 0.95, 0.05, 0.62), color)
    window.piece(ellipse(center, (size * 0.27, size * 0.25)), (1, 0.8, 0.2))


def glaze(window, to_lead, rng):
    """The color of the glass itself: streaks, bubbles, and light that is strongest in mid-pane."""
    colors = np.array(window.colors)
    pieces = window.pieces
    kinds = rng.integers(0, 4, len(colors))[pieces]
    streak = np.zeros(SHAPE, np.float32)
    rows, columns = np.indices(SHAPE)
    for kind, (size, slope) in enumerate(STREAKS):
        waves = smooth_noise(rng, size) + 0.5 * smooth_noise(rng, np.array(size) / 3)
        slid = (columns + slope * rows).astype(int) % (2 * SHAPE[1])
        waves = waves[rows, np.minimum(slid, 2 * SHAPE[1] - 1 - slid)]
        streak[kinds == kind] = waves[kinds == kind]
    neighbor = np.clip(colors[:, [1, 2, 0]] * 0.35 + colors * 0.65 + 0.1, 0, 1)
    mix = np.clip(0.3 + 0.35 * streak, 0, 1)[..., None]
    glass = colors[pieces] * (1 - mix) + neighbor[pieces] * mix
    light = 0.62 + 0.58 * (1 - np.exp(-to_lead / 18)) + 0.15 * streak
    bubbles = gaussian_filter((rng.random(SHAPE) > 0.9995).astype(np.float32), 2.0) * 25
    light += np.clip(relief_light(bubbles, 1.2), -0.5, 0.8)
    light += 0.04 * smooth_noise(rng, 2.5) + 0.06 * smooth_noise(rng, 6)
    return glass * light[..., None]


def edges(labels):
    """True where two areas of a label map meet."""
    return maximum_filter(labels, 2) != minimum_filter(labels, 2)


def lay_lead(window, glass, to_lead, rng):
    """Cover the joins with lead: rounded, uneven, gleaming, with a lump of solder where three pieces meet."""
    uneven = 1 + 0.15 * smooth_noise(rng, 45) + 0.04 * smooth_noise(rng, 14)
    width = gaussian_filter(window.lead, 3) * uneven
    around_parts = distance_transform_edt(~edges(window.parts))
    across = np.minimum(to_lead / (5.4 * width), around_parts / (8 * width))
    joins = edges(window.pieces)
    meetings = joins & (gaussian_filter(joins.astype(np.float32), 4) > 0.24)  # three joins make a denser spot
    solder = np.clip(1.4 - distance_transform_edt(~meetings) / 11, 0, 1)
    across = across / (1 + 0.45 * solder)
    height = np.sqrt(np.clip(1 - across**2, 0, 1)) * 6 + 0.35 * smooth_noise(rng, 3)
    gleam = gaussian_filter(relief_light(height, 0.3), 1)
    lead = 0.1 + 0.09 * solder + np.clip(gleam, -0.08, 0.6) * (0.7 + 0.6 * solder)
    cover = np.clip((1 - across) * 6, 0, 1)[..., None]
    shade = np.clip(across * 0.45, 0, 1)[..., None]
    return glass * shade * (1 - cover) + np.stack([lead, lead, lead * 1.08], -1) * cover


def paint(seed=0):
    """Draw the window."""
    rng = np.random.default_rng(seed)
    x, y = grid()
    window = Window(rng)
    cut_landscape(window, x, y, rng)
    cut_branch(window)
    cut_peacock(window, rng)
    for center, size, turn in FLOWERS:
        cut_flower(window, center, size, (0.85, 0.06, 0.12), turn)
    to_lead = distance_transform_edt(~edges(window.pieces))
    daylight = 1.25 - 0.45 * np.hypot(x - 400, y - 300) / 600
    glass = glaze(window, to_lead, rng) * daylight[..., None]
    leaded = lay_lead(window, glass, to_lead, rng)
    halo = gaussian_filter(leaded, (14, 14, 0))
    return finish(leaded + 0.22 * halo)
