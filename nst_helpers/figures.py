"""Notebook 01: pictures side by side in the notebook, and contact sheets."""

import io
import math
import textwrap
from itertools import zip_longest

import numpy as np
import torch
from d2l import torch as d2l
from IPython import get_ipython
from IPython.core.pylabtools import print_figure
from matplotlib.figure import Figure
from matplotlib_inline.backend_inline import set_matplotlib_formats
from PIL import Image, ImageDraw, ImageFont

from .sample_images import Credit

# One color-blind-safe palette for every figure (Okabe and Ito 2008).
PALETTE = {"content": "#0072B2", "style": "#D55E00", "tv": "#CC79A7", "composite": "#009E73", "total": "#333333"}


def use_jpeg_display():
    """Draw figures as JPEG, with 1.5 image pixels per CSS pixel.

    Unlike SVG, JPEG shows in a notebook that is not trusted yet, and at a tenth of PNG's size it keeps notebooks small.
    """
    d2l.plt.rcParams.update({"axes.titlesize": 10, "axes.spines.top": False, "axes.spines.right": False})
    if shell := get_ipython():  # without one, set_matplotlib_formats would start it in place of a script's __main__
        set_matplotlib_formats("jpeg")
        shell.display_formatter.formatters["image/jpeg"].for_type(Figure, _as_jpeg)


def _as_jpeg(fig):
    """JPEG bytes of a figure and, for the page, the size to show it at."""
    data = print_figure(
        fig, "jpeg", dpi=1.5 * fig.dpi, pil_kwargs={"quality": 70, "optimize": True, "progressive": True}
    )
    width, height = (round(side / 1.5) for side in Image.open(io.BytesIO(data)).size)
    return data, {"width": width, "height": height}


# The one repair that d2l 0.17.0 needs: its use_svg_display calls a function that IPython 9 dropped. (It is the newest
# d2l that installs on Python 3.12 and later: 1.x pins numpy 1.23.5.)
d2l.use_svg_display = use_jpeg_display
use_jpeg_display()


def show_images(imgs, titles=None, num_cols=None, height=2.6, cmap="viridis"):
    """Show pictures side by side, without axes, all of one height. Returns matplotlib's axes, one per picture.

    ``imgs``: PIL images, or arrays or tensors ``(h, w)`` (drawn with ``cmap``) or ``(h, w, 3)``, values 0 to 1.
    ``height``: inches per row. Small pictures are enlarged without interpolation, so that every pixel can be seen.
    Credits of photographs that came from ``sample`` are printed under the figure.
    """
    if not len(imgs):
        raise ValueError("show_images needs at least one picture")
    if titles and len(titles) > len(imgs):
        raise ValueError(f"show_images has {len(imgs)} pictures and {len(titles)} titles")
    credits = [getattr(img, "info", {}).get("credit") for img in imgs]
    credit = " · ".join(dict.fromkeys(credit for credit in credits if isinstance(credit, Credit)))
    imgs = [img.detach().cpu().numpy() if torch.is_tensor(img) else np.asarray(img) for img in imgs]
    if not all(img.ndim > 1 and img.size for img in imgs):
        raise ValueError(
            f"show_images cannot show pictures without pixels: shapes {[img.shape for img in imgs]!r:.100}"
        )
    num_cols = min(num_cols or len(imgs), len(imgs))
    num_rows = math.ceil(len(imgs) / num_cols)
    ratios = [max(img.shape[1] / img.shape[0] for img in imgs[col::num_cols]) for col in range(num_cols)]
    height = min(height, 11 / sum(ratios))  # a figure never needs scrolling sideways
    use_jpeg_display()
    lines = max((title.count("\n") + 1 for title in titles or []), default=0)
    figsize = (height * sum(ratios) + 0.1 * num_cols, (height + 0.2 * lines + 0.05) * num_rows)
    fig, axes = d2l.plt.subplots(
        num_rows, num_cols, figsize=figsize, width_ratios=ratios, squeeze=False, layout="constrained"
    )
    for ax in axes.flat:
        ax.axis("off")
    for ax, img, title in zip_longest(axes.flat[: len(imgs)], imgs, titles or []):
        ax.imshow(img, cmap=cmap, interpolation="nearest" if max(img.shape[:2]) < 200 else "antialiased")
        ax.set_title(title)
    if credit:
        rows = textwrap.wrap(credit, max(24, int(22 * figsize[0])))  # about 22 of these letters per inch
        fig.supxlabel("\n".join(rows), x=0.99, ha="right", fontsize=5.5, color="#666666")
        fig.set_figheight(figsize[1] + 0.05 + 0.1 * len(rows))
    return axes.flat[: len(imgs)]


def contact_sheet(rows, titles=(), labels=(), height=150):
    """Rows of PIL images on one white sheet, all ``height`` pixels high: titles above, labels at the left."""
    font, gap, top, left = ImageFont.load_default(13), 8, 22 if titles else 4, 72 if labels else 8
    rows = [[img.resize((max(1, round(img.width * height / img.height)), height)) for img in row] for row in rows]
    width = max(sum(img.width + gap for img in row) for row in rows) + left
    sheet = Image.new("RGB", (width, top + len(rows) * (height + gap)), "white")
    draw = ImageDraw.Draw(sheet)
    for i, row in enumerate(rows):
        x, y = left, top + i * (height + gap)
        if i < len(labels):
            draw.text((4, y + height / 2 - 8), labels[i], fill="#333333", font=font)
        for j, img in enumerate(row):
            if i == 0 and j < len(titles):
                draw.text((x, 3), titles[j], fill="#333333", font=font)
            sheet.paste(img, (x, y))
            x += img.width + gap
    return sheet
