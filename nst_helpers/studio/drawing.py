"""What the studio draws: VGG-19 as a diagram, the losses of a run, small pictures, films."""

import io
import math

from matplotlib import colormaps
from PIL import Image, ImageDraw, ImageOps

from ..images import PALETTE
from ..layers import DEPTHS

PLACES = tuple(f"{block}_{i}" for block, depth in enumerate(DEPTHS, 1) for i in range(1, depth + 1))
LETTERS = {"content": "C", "style": "S"}
LINES = (("content", "content", ""), ("style", "style", "7 3"), ("tv", "TV", "2 3"), ("total", "total", ""))


def place(layer):
    """Where a convolution or its ReLU stands in the diagram: ``"relu3_1"`` → ``"3_1"``; ``""`` for a pooling."""
    return layer[4:] if layer[4:] in PLACES else ""


def thumbnail(img, width=132, height=88):
    """A smaller copy of a PIL image, cut to fill ``width`` × ``height`` pixels."""
    return ImageOps.fit(img, (width, height), Image.Resampling.BILINEAR)


def vgg_diagram(content=(), style=()):
    """SVG of VGG-19's 16 convolutions in five blocks, each with two buttons: C, a content layer, and S, a style layer.

    ``content``, ``style``: names of chosen layers, which stand filled. The colors of lines and words are the page's.
    """
    chosen = {role: {place(name) for name in names} for role, names in (("content", content), ("style", style))}
    parts, x, base, width = [], 8.0, 84, 31
    for block, depth in enumerate(DEPTHS, 1):
        start, bar = x, 64 - 10 * (block - 1)
        for i in range(1, depth + 1):
            at = f"{block}_{i}"
            here = [role for role in LETTERS if at in chosen[role]]
            parts.append(
                f'<g class="nst-layer" data-at="{at}"><rect class="nst-column" x="{x - 2:.0f}" y="0" width="{width + 4}"'
                f' height="146" fill="transparent"/><rect class="nst-bar" x="{x:.0f}" y="{base - bar}" width="{width}"'
                f' height="{bar}" rx="4" fill="currentColor" fill-opacity=".1" stroke="currentColor" stroke-opacity=".4"/>'
            )
            for n, role in enumerate(here):
                part = bar / len(here)
                parts.append(
                    f'<rect class="nst-fill" x="{x:.0f}" y="{base - bar + n * part:.1f}" width="{width}" '
                    f'height="{part:.1f}" rx="4" fill="{PALETTE[role]}"/>'
                )
            parts.append(f'<text x="{x + width / 2:.1f}" y="{base + 13}" text-anchor="middle">{at}</text>')
            for n, (role, letter) in enumerate(LETTERS.items()):
                on, y = at in chosen[role], base + 19 + 22 * n
                fill, ink = (PALETTE[role], "#fff") if on else ("transparent", "currentColor")
                parts.append(
                    f'<g class="nst-toggle" data-at="{at}" data-role="{role}" role="button" tabindex="0" '
                    f'aria-pressed="{str(on).lower()}" aria-label="{at} as a {role} layer">'
                    f'<rect x="{x + 3:.0f}" y="{y}" width="{width - 6}" height="19" rx="9.5" fill="{fill}" '
                    f'stroke="{PALETTE[role]}" stroke-width="1.5"/><text x="{x + width / 2:.1f}" y="{y + 13.5}" '
                    f'text-anchor="middle" font-weight="700" fill="{ink}">{letter}</text></g>'
                )
            parts.append("</g>")
            x += width + 6
        parts.append(
            f'<text x="{(start + x - 6) / 2:.1f}" y="{base - bar - 6}" text-anchor="middle" fill-opacity=".75">'
            f"block {block}</text>"
        )
        if block < len(DEPTHS):  # a pooling halves the picture
            parts.append(f'<path d="M{x:.1f} {base - 26}l8 5l-8 5z" fill-opacity=".5"/>')
            x += 14
    return (
        f'<svg class="nst-diagram" role="group" aria-label="VGG-19, layer by layer" viewBox="0 0 {x:.0f} 148" '
        f'fill="currentColor" font-size="11">{"".join(parts)}</svg>'
    )


def loss_chart(history, num_steps, width=640, height=170):
    """SVG of a run's losses on a logarithmic scale. ``history``: rows ``(step, content, style, tv, total)``."""
    left, right, top, bottom = 46, 64, 8, 28
    rows = history[:: max(1, len(history) // 120)]
    if history and rows[-1] is not history[-1]:
        rows = [*rows, history[-1]]
    values = [v for row in rows for v in row[1:] if v > 0 and math.isfinite(v)]
    low, high = (math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))) if values else (0, 2)
    high = max(high, low + 1)
    low = max(low, high - 5)  # a loss that is nearly nothing at first would flatten all others
    last = max(num_steps, rows[-1][0] if rows else 1, 2)

    def at(step, value):
        level = max(low, math.log10(value))
        return (left + (step - 1) / (last - 1) * (width - left - right),
                top + (high - level) / (high - low) * (height - top - bottom))  # fmt: skip

    parts = []
    for power in range(low, high + 1):
        y = at(1, 10.0**power)[1]
        name = f"{10.0**power:g}" if -3 <= power <= 4 else f"1e{power}"
        parts.append(
            f'<path d="M{left} {y:.1f}H{width - right}" stroke="currentColor" stroke-opacity=".18"/>'
            f'<text x="{left - 5}" y="{y + 3.5:.1f}" text-anchor="end">{name}</text>'
        )
    for step, anchor in ((1, "start"), (last, "end")):
        parts.append(f'<text x="{at(step, 1)[0]:.1f}" y="{height - 15}" text-anchor="{anchor}">{step}</text>')
    parts.append(
        f'<text x="{(left + width - right) / 2}" y="{height - 4}" text-anchor="middle">'
        "step (across); weighted losses, logarithmic (up)</text>"
    )
    names = []
    for column, (key, label, dash) in enumerate(LINES, 1):
        points = [at(row[0], row[column]) for row in rows if row[column] > 0 and math.isfinite(row[column])]
        if not points:
            continue
        color = "currentColor" if key == "total" else PALETTE[key]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(
            f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="{1 if key == "total" else 2}" '
            f'stroke-dasharray="{dash}"/>'
        )
        names.append([points[-1][1], label, color, dash])
    names.sort()
    for above, name in zip(names, names[1:]):  # labels keep 13 px apart
        name[0] = max(name[0], above[0] + 13)
    over = max(0, names[-1][0] - (height - bottom)) if names else 0
    for y, label, color, dash in names:
        y -= over
        parts.append(
            f'<path d="M{width - right + 3} {y:.1f}h14" stroke="{color}" stroke-width="2" stroke-dasharray="{dash}"/>'
            f'<text x="{width - right + 20}" y="{y + 3.5:.1f}">{label}</text>'
        )
    said = ", ".join(f"{label} {row:.3g}" for (_, label, _), row in zip(LINES, history[-1][1:])) if history else "none"
    return (
        f'<svg class="nst-chart" role="img" aria-label="losses: {said}" viewBox="0 0 {width} {height}" '
        f'fill="currentColor" font-size="11">{"".join(parts)}</svg>'
    )


def heat(map_, img):
    """A feature map, an array ``(h, w)``, in colors over a gray PIL image."""
    level = (map_ - map_.min()) / max(float(map_.max() - map_.min()), 1e-9)
    color = Image.fromarray(colormaps["magma"](level, bytes=True)[..., :3]).resize(img.size, Image.Resampling.BICUBIC)
    return Image.blend(ImageOps.grayscale(img).convert("RGB"), color, 0.75)


def film(pictures, seconds=4.0):
    """Animated WebP bytes of some PIL images: the last one stays for a second."""
    each, buffer = max(40, round(1000 * seconds / len(pictures))), io.BytesIO()
    frames = [img.resize(pictures[-1].size) for img in pictures]
    frames[0].save(
        buffer, "webp", save_all=True, append_images=frames[1:], loop=0, quality=85, method=1,
        duration=[each] * (len(frames) - 1) + [1000],
    )  # fmt: skip
    return buffer.getvalue()


def still(photos, paintings, picture, width=960, height=520):
    """A picture of the panel, for where widgets do not run: small photographs left, paintings right, the result large."""
    side, gap = 128, 10
    sheet = Image.new("RGB", (width, height), "white")
    fitted = ImageOps.contain(picture, (width - 2 * (side + gap) - 2 * gap, height - 2 * gap))
    sheet.paste(fitted, ((width - fitted.width) // 2, (height - fitted.height) // 2))
    draw = ImageDraw.Draw(sheet)
    for x, column in ((gap, photos), (width - side - gap, paintings)):
        each = min(85, (height - gap) // max(1, len(column)) - gap)
        for i, (img, chosen) in enumerate(column):
            y = gap + i * (each + gap)
            sheet.paste(thumbnail(img, side, each), (x, y))
            if chosen:
                draw.rectangle((x - 3, y - 3, x + side + 2, y + each + 2), outline=PALETTE["style"], width=3)
    return sheet
