"""A narrow old street with a church tower at its end, drawn in charcoal with touches of white chalk.

It borrows from the city drawings of the nineteenth century (Meryon, Whistler, Pennell): hatching whose
layers follow the tone, one direction to a plane, rubbed shadows, dark accents, lights taken out with an
eraser, and a toothy, warm paper that shows through everywhere.
"""

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter

from canvas import HEIGHT, SCALE, SHAPE, WIDTH, corners, curve, draw_line, ellipse, finish, grid, leaf, smooth_noise

PAPER, CHALK = np.array([0.87, 0.79, 0.68]), np.array([1.0, 0.985, 0.95])
CHARCOAL, DUST = np.array([0.10, 0.09, 0.09]), np.array([0.25, 0.20, 0.17])
HORIZON, FOCUS, EYE = np.array([505.0, 455.0]), 640.0, 1.7  # a person standing in the street
LEFT, RIGHT = -4.2, 3.7  # the two walls, in meters
# Houses on the two sides: nearest and farthest point, height, height of the gable, tone.
SUNNY = [
    (36, 48, 7, 4, 0.25),
    (27, 36, 9, 4, 0.3),
    (19, 27, 6.5, 4, 0.16),
    (13.5, 19, 7.5, 4, 0.3),
    (9, 13.5, 5.6, 3.4, 0.14),
    (6, 9, 6.8, 3, 0.34),
    (3, 6, 5, 3, 0.6),
]
SHADY = [
    (38, 50, 7, 4, 0.5),
    (29, 38, 8, 4, 0.6),
    (21, 29, 6.5, 4, 0.55),
    (15, 21, 8.5, 4, 0.75),
    (10, 15, 6, 3.6, 0.6),
    (6.5, 10, 7, 3, 0.85),
    (3, 6.5, 5, 3, 0.95),
]
# Layers of hatching: the tone from which each is needed, its turn, the distance between its strokes.
LAYERS = [(0.1, 0.0, 9.0), (0.34, 0.5, 8.0), (0.56, -0.55, 7.0), (0.78, 1.3, 6.0)]


def project(*points):
    """Where points of the street (meters: across, up, away) fall on the paper."""
    across, up, away = np.array(points, float).T
    return HORIZON + FOCUS * np.stack([across, EYE - up], 1) / away[:, None]


def wall(side, start, end, low, high):
    """A rectangle on one wall of the street."""
    return project((side, low, start), (side, high, start), (side, high, end), (side, low, end))


class Drawing:
    """The plan of the drawing (areas, their tone and hatching) and the sheets that carry the marks."""

    def __init__(self, rng):
        self.rng, self.areas = rng, []
        self.area_map, self.tone_map = Image.new("I", SHAPE[::-1]), Image.new("F", SHAPE[::-1])
        names = [*range(len(LAYERS)), "line", "eraser", "chalk"]
        self.sheets = {name: Image.new("L", SHAPE[::-1]) for name in names}
        self.hands = {name: ImageDraw.Draw(sheet) for name, sheet in self.sheets.items()}

    def area(self, outline, tone, angle, line=0.0):
        """Plan an area, hiding what is behind it, and draw its contour with pressure `line`."""
        self.areas.append((np.asarray(outline), tone, angle))
        ImageDraw.Draw(self.area_map).polygon(corners(outline), fill=len(self.areas))
        ImageDraw.Draw(self.tone_map).polygon(corners(outline), fill=tone)
        self.hands["line"].polygon(corners(outline), fill=0)
        if line:
            for start, end in zip(outline, np.roll(outline, -1, 0), strict=True):
                self.stroke([start, end], line, 1.9)

    def stroke(self, path, pressure, width, sheet="line"):
        """One mark; a straight one trembles and overshoots. Its width and pressure come and go."""
        path = np.asarray(path, float)
        if len(path) == 2:
            reach = path[1] - path[0]
            long = max(np.hypot(*reach), 1)
            ahead = reach / long * 4 * self.rng.random()
            middle = path.mean(0) + self.rng.normal(0, 0.004 * long + 0.3, 2)
            path = curve([path[0] - ahead, middle, path[1] + ahead], 12)
        swell = np.sin(np.linspace(0.25, 2.9, len(path))) ** 0.5 * self.rng.uniform(0.8, 1.2)
        draw_line(self.hands[sheet], path, width * swell, int(np.clip(pressure, 0, 1) * 255))

    def hatch(self):
        """Fill every area with rows of strokes; each darker step of tone adds a layer, turned anew."""
        rng, along = self.rng, np.linspace(0, 1, 14)
        area_map = np.asarray(self.area_map)
        for number, (outline, tone, angle) in enumerate(self.areas, 1):
            seen = np.clip(outline, 0, (WIDTH, HEIGHT))
            center, radius = (seen.min(0) + seen.max(0)) / 2, np.hypot(*np.ptp(seen, axis=0)) / 2 + 6
            fine = np.clip(radius / 60, 0.45, 1)  # small things are hatched more closely
            for layer, (threshold, turn, spacing) in enumerate(LAYERS):
                if tone < threshold:
                    continue
                lean = angle + turn + rng.normal(0, 0.05)
                ahead = np.array([np.cos(lean), np.sin(lean)])
                aside = np.array([-ahead[1], ahead[0]])
                for row in np.arange(-radius, radius, spacing * fine):
                    start = -radius + rng.uniform(0, 40)
                    while start < radius:
                        end = start + rng.uniform(26, 80)
                        off = row + rng.normal(0, 0.16) * spacing * fine
                        bow = off + rng.normal(0, 1.2) * np.sin(np.pi * along)
                        reach = ahead * (start + (end - start) * along)[:, None]
                        path = center + reach + aside * bow[:, None]
                        self.hatch_stroke(path, layer, tone, number, area_map)
                        start = end + rng.uniform(-6, 5)

    def hatch_stroke(self, path, layer, tone, number, area_map):
        """Draw the part of a stroke that lies in its own area."""
        rng, middle = self.rng, path.mean(0)
        if np.minimum(middle, (WIDTH, HEIGHT) - middle).min() < rng.uniform(5, 30):
            return  # the drawing thins out toward the edge of the paper
        columns, rows = np.clip(path * SCALE, 0, np.array(SHAPE[::-1]) - 1).astype(int).T
        inside = area_map[rows, columns] == number
        if inside.sum() > 2:
            pressure = (0.4 + 0.65 * tone) * rng.uniform(0.75, 1.15)
            self.stroke(path[inside], pressure, 1.7 + 1.9 * tone, layer)


def draw_house(drawing, side, start, end, height, gable, tone):
    """One house: end wall, street front with its gable, chimney, beams, posts, windows and doors."""
    rng, outer, middle = drawing.rng, np.sign(side), (start + end) / 2
    fade = np.clip(1.1 - start / 70, 0.6, 1)  # far things are paler
    lean = -outer * 1.1 + rng.normal(0, 0.1)
    bold = np.clip(9 / start**0.5, 1.4, 4)
    drawing.area(
        project(
            (side, 0, start), (side, height, start), (side + 5 * outer, height + 4, start), (side + 5 * outer, 0, start)
        ),
        tone * 0.9 * fade,
        lean + 0.4,
        0.6,
    )
    drawing.area(wall(side, middle + 0.2, middle + 0.9, height, height + gable + 0.9), 0.8 * fade, 1.4, 0.8)
    drawing.area(
        project(
            (side, 0, start), (side, height, start), (side, height + gable, middle), (side, height, end), (side, 0, end)
        ),
        tone * fade,
        lean,
        0.8,
    )
    for foot in (start - 0.25, end + 0.25):
        drawing.stroke(project((side, height - 0.3, foot), (side, height + gable, middle)), 1, bold * 1.3)
    floors = max(2, int(height // 2.3))
    count = max(2, round((end - start) / 1.5))
    story, wide = height / floors, (end - start) / count
    for low in np.arange(floors) * story:
        drawing.area(wall(side, start, end, low + story - 0.3, low + story), 0.85 * fade, lean - 0.5, 0.9)
        for place in start + np.arange(count) * wide:
            if low == 0 and rng.random() < 0.5:
                drawing.area(wall(side, place + 0.1 * wide, place + 0.8 * wide, 0, 1.9), 0.95, 1.5, 1)
            elif rng.random() < 0.72:
                draw_window(drawing, side, place + 0.2 * wide, wide * 0.55, low + 0.75, tone)
            else:
                foot = place + wide * rng.uniform(0.4, 0.9)
                drawing.stroke(project((side, low + 0.1, place), (side, low + story - 0.3, foot)), 0.8, bold)
            post = project((side, low, place), (side, low + story, place))
            drawing.stroke(post, rng.uniform(0.4, 0.9), bold)
    draw_window(drawing, side, middle - 0.4, 0.8, height + gable * 0.15, tone)


def draw_window(drawing, side, start, wide, low, tone):
    """A dark window whose bars are taken out with the eraser, and a shutter folded back."""
    rng, high = drawing.rng, low + drawing.rng.uniform(0.9, 1.15)
    frame = wall(side, start, start + wide, low, high)
    drawing.area(frame, rng.uniform(0.75, 1), 1.2, 1)
    drawing.stroke([(frame[0] + frame[3]) / 2, (frame[1] + frame[2]) / 2], 0.9, 1.5, "eraser")
    drawing.stroke([(frame[0] + 2 * frame[1]) / 3, (frame[3] + 2 * frame[2]) / 3], 0.9, 1.3, "eraser")
    drawing.stroke(frame[[0, 3]] + (0, 2), 1, 2.6)
    if rng.random() < 0.7:
        drawing.area(wall(side, start - wide * 0.4, start, low, high), min(0.7, tone + 0.2), 0.1, 0.8)


def draw_tower(drawing):
    """The church at the end of the street."""
    for left, right, high, tone in [(-9, 9, 9, 0.3), (-3.4, 0.6, 24, 0.22), (0.6, 2.4, 24, 0.55)]:
        wide = project((left, 0, 60), (left, high, 60), (right, high, 60), (right, 0, 60))
        drawing.area(wide, tone, 1.35, 0.7)
    for left, right, tone, lean in [(-3.8, 0.5, 0.4, 1.1), (0.5, 2.7, 0.75, 1.8)]:
        drawing.area(project((left, 24, 60), (-0.6, 40, 60), (right, 24, 60)), tone, lean, 0.8)
    for up in (11, 18, 23.6):
        drawing.stroke(project((-3.7, up, 60), (2.6, up, 60)), 0.9, 2.4)
    belfry, clock = (4, 13), (9, 10)
    for across, up, radii, tone in [(-2.2, 20, belfry, 0.9), (-0.6, 20, belfry, 0.9), (-1.4, 14, clock, 0.1)]:
        drawing.area(ellipse(project((across, up, 60))[0], radii), tone, 1.4, 0.9)


def draw_person(drawing, across, away):
    """A woman with a basket, in a long skirt and a shawl, and her shadow on the stones."""
    foot, head = project((across, 0, away), (across, 1.7, away))
    size = foot[1] - head[1]
    shadow = leaf(foot + (size * 0.1, 0), foot + (-1.2 * size, 0.2 * size), size * 0.17, 0, 0.4)
    drawing.area(shadow, 0.75, 0.1)
    skirt = [(-20, -1), (-17, -20), (-8, -50), (8, -52), (15, -25), (23, -2), (10, 2), (-10, 1)]
    shawl = [(-15, -40), (-15, -64), (-10, -78), (0, -86), (9, -79), (14, -62), (16, -44), (2, -34)]
    basket = [(14, -42), (30, -43), (28, -31), (17, -30)]
    for shape, tone in ((skirt, 0.98), (shawl, 0.84), (basket, 0.6)):
        drawing.area(foot + size / 100 * np.array(shape), tone, 1.35, 1)
    drawing.area(ellipse(head + (0, size * 0.08), (size * 0.07, size * 0.085)), 0.95, 1.3, 1)
    drawing.stroke(foot + size / 100 * np.array([(8, -78), (17, -45)]), 0.9, size * 0.03, "chalk")


def draw_street(drawing):
    """Everything, from the sky to the nearest stones."""
    rng = drawing.rng
    drawing.area(np.array([(-5, -5), (WIDTH + 5, -5), (WIDTH + 5, 470), (-5, 470)]), 0.07, 0.5)
    for x, y, wide in [(280, 60, 430), (560, 190, 200), (380, 235, 180)]:
        drawing.area(leaf((x, y), (x + wide, y + 30), 85, 0.04), 0.33, -0.12)
    draw_tower(drawing)
    drawing.area(project((-60, 0, 62), (60, 0, 62), (9, 0, 1.5), (-9, 0, 1.5)), 0.08, 0.05)
    drawing.area(
        project((RIGHT, 0, 55), (0.6, 0, 55), (-0.5, 0, 12), (-1.2, 0, 4), (-0.2, 0, 2.2), (RIGHT, 0, 2.2)), 0.5, -0.12
    )
    for away in np.geomspace(3, 30, 26):
        for across in LEFT + np.flatnonzero(rng.random(15) < 0.6) * 0.55 + rng.normal(0, 0.1):
            stone = project((across, 0, away), (across + 0.25, 0, away * 1.012), (across + 0.5, 0, away))
            drawing.stroke(curve(stone, 8), rng.uniform(0.35, 0.9), min(3.2, 11 / away))
    for side, houses in ((LEFT, SUNNY), (RIGHT, SHADY)):
        for house in houses:
            draw_house(drawing, side, *house)
    for across, away in [(-0.3, 24), (0.5, 22), (-1.2, 8)]:
        draw_person(drawing, across, away)


def take_lights(drawing):
    """Lights: an eraser pulled over the sunny stones, chalk on clouds and on the edges that catch the sun."""
    rng = drawing.rng
    for _ in range(110):
        across, away = rng.uniform(-3.9, -1.5), rng.uniform(2.8, 24)
        path = project((across, 0, away), (across + rng.uniform(0.4, 0.9), 0, away))
        if abs(path[0, 0] - 385) > 85:  # keep clear of the woman
            drawing.stroke(path, rng.uniform(0.6, 0.9), min(8, 30 / away), rng.choice(["eraser", "chalk"]))
    for x, y, wide in [(405, 130, 60), (430, 205, 40), (565, 115, 55), (548, 190, 36), (436, 300, 24)]:
        for start in (x, y) + rng.normal(0, 1, (14, 2)) * (wide * 0.5, wide * 0.22):
            end = start + wide * rng.uniform(0.4, 0.9) * np.array([0.98, -0.12])
            drawing.stroke([start, end], 0.55, 5, "chalk")
    for away in (9.0, 13.5, 19.0):
        drawing.stroke(wall(LEFT, away, away, 0.3, 5.4)[:2], 0.85, 24 / away + 1, "chalk")


def paint(seed=0):
    """Draw, then rub the marks into the paper."""
    rng = np.random.default_rng(seed)
    drawing = Drawing(rng)
    draw_street(drawing)
    drawing.hatch()
    take_lights(drawing)
    sheets = {name: np.asarray(sheet, np.float32) / 255 for name, sheet in drawing.sheets.items()}
    x, y = grid()
    rim = np.minimum(np.minimum(x, WIDTH - x), np.minimum(y, HEIGHT - y))
    worked = np.clip((rim - 4 + 6 * smooth_noise(rng, 50) + 3 * smooth_noise(rng, (30, 4))) / 14, 0, 1)
    tooth = np.clip(0.5 + 0.2 * smooth_noise(rng, 1.7) + 0.12 * smooth_noise(rng, 4), 0, 1)
    tone = gaussian_filter(np.asarray(drawing.tone_map), 7) * worked
    tone *= 1 + 0.24 * smooth_noise(rng, (60, 14)) + 0.25 * smooth_noise(rng, 90)
    dust = np.clip(tone * (1.05 - 0.6 * tooth), 0, 0.85)
    smear = np.clip(0.1 + 0.28 * smooth_noise(rng, 110), 0.0, 0.6)  # where a finger went over the marks
    bare = np.ones(SHAPE)
    for name in [*range(len(LAYERS)), "line"]:
        marks = sheets[name] * worked
        marks = gaussian_filter(marks, 0.7) * (1 - smear) + gaussian_filter(marks, (9, 5)) * smear
        bare *= 1 - marks * np.clip(0.6 + 2.2 * (marks - 0.7 * tooth), 0.12, 0.97)
    left = 1 - 0.8 * sheets["eraser"]
    chalk = np.clip(gaussian_filter(sheets["chalk"], 1) * 1.6 - tooth * 0.9, 0, 0.92)
    color = PAPER * (1 + 0.07 * (tooth - 0.5) + 0.015 * smooth_noise(rng, 200))[..., None]
    for medium, cover in ((DUST, dust * left), (CHARCOAL, (1 - bare) * left), (CHALK, chalk)):
        color = color + (medium - color) * cover[..., None]
    return finish(color)
