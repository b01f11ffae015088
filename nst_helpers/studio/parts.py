"""Notebook 07: what the studio is made of: a worker thread, VGG-19 as a drawing, the loss chart, small pictures."""

import atexit
import base64
import functools
import html
import io
import math
import os
import threading
import time
import weakref

import ipywidgets as W
import torch
from IPython import get_ipython
from PIL import Image, ImageDraw, ImageFont

from ..features import load_vgg19
from ..images import PALETTE, sample
from ..layers import DEPTHS

BIG_ENOUGH = 200_000  # pixels from which all cores are worth it
CLOSED = "this studio is closed: run its cell again"


_WORKERS = weakref.WeakSet()


@atexit.register
def _close_all():
    """A thread inside torch when Python ends would end it with a crash."""
    for worker in list(_WORKERS):
        worker.close()
        worker.thread.join(5)


class Worker:
    """One background thread that serves the newest request: ``serve(request)`` runs in it.

    A newer request supersedes the one being served: ``serve`` asks ``interrupted()`` between its steps and
    returns when it says so. An exception goes to ``fail(error)``; the thread lives on until ``close()``.
    """

    def __init__(self, serve, fail):
        self.serve, self.fail = serve, fail
        self.condition, self.request, self.due = threading.Condition(), None, 0.0
        self.busy = self.closed = False
        self.stopping, self.threads = threading.Event(), torch.get_num_threads()
        self.thread = threading.Thread(target=self._run, name="nst-studio", daemon=True)
        self.thread.start()
        _WORKERS.add(self)

    def ask(self, request, delay=0.0):
        """Serve ``request`` in ``delay`` seconds, instead of any that waits."""
        with self.condition:
            if self.closed:
                raise RuntimeError(CLOSED)
            self.request, self.due = request, time.monotonic() + delay
            self.condition.notify_all()

    def interrupted(self):
        """Whether to stop serving: Stop was pressed, a newer request is due, or the studio was closed."""
        return self.stopping.is_set() or (self.request is not None and time.monotonic() >= self.due)

    def stop(self):
        """Drop what waits and interrupt what runs."""
        with self.condition:
            self.request = None
            if self.busy:
                self.stopping.set()
            self.condition.notify_all()

    def close(self):
        """End the thread after its present step."""
        with self.condition:
            self.closed, self.request = True, None
            self.stopping.set()
            self.condition.notify_all()

    def wait(self, timeout):
        """Block until nothing runs and nothing waits. ``TimeoutError`` after ``timeout`` seconds."""
        if threading.current_thread() is self.thread:
            raise RuntimeError("wait() would wait for itself here")
        with self.condition:
            if not self.condition.wait_for(lambda: self.closed or not (self.busy or self.request), timeout):
                raise TimeoutError(f"still running after {timeout:g} s: call stop() or wait(timeout=…) longer")

    def share_cores(self, X):
        """For a small picture leave one core to the browser: fighting for it costs ten times what it brings."""
        few = max(1, min(self.threads, (os.cpu_count() or 2) - 1))
        torch.set_num_threads(few if X.shape[-1] * X.shape[-2] < BIG_ENOUGH else self.threads)  # this thread's alone

    def _next(self):
        """The next request once it is due, or ``None`` when closed."""
        with self.condition:
            self.busy = False
            self.condition.notify_all()
            while not self.closed:
                left = self.due - time.monotonic()
                if self.request is not None and left <= 0:
                    request, self.request, self.busy = self.request, None, True
                    self.stopping.clear()
                    return request
                self.condition.wait(left if self.request is not None else None)

    def _run(self):
        while (request := self._next()) is not None:
            try:
                self.serve(request)
            except Exception as error:  # the thread must outlive it, and somebody must hear of it
                self.fail(error)


def jpeg(img, quality=88):
    """JPEG bytes of a PIL image."""
    buffer = io.BytesIO()
    img.save(buffer, "jpeg", quality=quality, subsampling=0)
    return buffer.getvalue()


def data_url(data, kind):
    """Bytes as an address that a page can show or save."""
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def thumbnail(img, width=104, height=70):
    """A smaller copy of a PIL image, cut to fill ``width`` × ``height`` pixels."""
    scale = max(width / img.width, height / img.height)
    w, h = width / scale, height / scale
    left, top = (img.width - w) / 2, (img.height - h) / 2
    return img.resize((width, height), Image.Resampling.BILINEAR, box=(left, top, left + w, top + h))


def wipe(a, b, at=0.5):
    """Two PIL images as one, of the larger one's size: ``a`` left of ``at`` (0 to 1), ``b`` right of it."""
    if not 0 <= at <= 1:
        raise ValueError(f"the wipe stands from 0 to 1; it is {at!r}")
    size = max(a.size, b.size)
    out, edge = b.resize(size), round(at * size[0])
    out.paste(a.resize(size).crop((0, 0, edge, size[1])), (0, 0))
    if 0 < edge < size[0]:
        thick = max(1, size[0] // 240)
        out.paste((255, 255, 255), (edge - thick, 0, edge, size[1]))
        out.paste((0, 0, 0), (edge, 0, min(size[0], edge + thick), size[1]))
    return out


def animation(pictures, seconds=4.0):
    """Animated WebP bytes of some PIL images: the last one stays for a second."""
    each = max(40, round(1000 * seconds / len(pictures)))
    buffer = io.BytesIO()
    frames = [img.resize(pictures[-1].size) for img in pictures]
    frames[0].save(
        buffer, "webp", save_all=True, append_images=frames[1:], loop=0, quality=85, method=1,
        duration=[each] * (len(frames) - 1) + [1000],
    )  # fmt: skip
    return buffer.getvalue()


def contact_sheet(rows, titles=None, height=150, labels=()):
    """Rows of PIL images on one white sheet, all ``height`` pixels high, with titles above and labels at the left."""
    font, gap, top, left = ImageFont.load_default(13), 8, 22 if titles else 4, 72 if labels else 8
    rows = [[img.resize((round(img.width * height / img.height), height)) for img in row] for row in rows]
    width = max(sum(img.width + gap for img in row) for row in rows) + left
    sheet = Image.new("RGB", (width, top + len(rows) * (height + gap)), "white")
    draw = ImageDraw.Draw(sheet)
    for i, row in enumerate(rows):
        x, y = left, top + i * (height + gap)
        if labels:
            draw.text((4, y + height / 2 - 8), labels[i], fill="#333333", font=font)
        for j, img in enumerate(row):
            if titles and i == 0:
                draw.text((x, 3), titles[j], fill="#333333", font=font)
            sheet.paste(img, (x, y))
            x += img.width + gap
    return sheet


def vgg_diagram(content=(), style=(), width=496, height=112):
    """SVG of VGG-19's 16 convolutions in five blocks: chosen layers are filled and marked C and S.

    ``content``, ``style``: layer names. Colours of lines and words follow the page's theme.
    """
    content, style = ({name[4:] for name in names} for names in (content, style))
    parts, x, base = [], 6.0, height - 20
    for block, depth in enumerate(DEPTHS, 1):
        start, bar = x, 66 - 10 * (block - 1)
        for i in range(1, depth + 1):
            layer = f"{block}_{i}"
            kinds = [(kind, letter) for kind, letter, chosen in (("content", "C", content), ("style", "S", style))
                     if layer in chosen]  # fmt: skip
            parts.append(
                f'<rect x="{x:.0f}" y="{base - bar}" width="19" height="{bar}" rx="3" fill="currentColor" '
                'fill-opacity=".1" stroke="currentColor" stroke-opacity=".45"/>'
            )
            for n, (kind, letter) in enumerate(kinds):
                part = bar / len(kinds)
                y = base - bar + n * part
                parts.append(
                    f'<rect x="{x:.0f}" y="{y:.1f}" width="19" height="{part:.1f}" rx="3" fill="{PALETTE[kind]}"/>'
                    f'<text x="{x + 9.5:.1f}" y="{y + part / 2 + 4.5:.1f}" fill="#fff" font-weight="700" '
                    f'font-size="12" text-anchor="middle">{letter}</text>'
                )
            parts.append(
                f'<text x="{x + 9.5:.1f}" y="{base + 13}" fill="currentColor" font-size="10" '
                f'text-anchor="middle">{layer}</text>'
            )
            x += 25.4
        parts.append(
            f'<text x="{(start + x - 6.4) / 2:.1f}" y="{base - bar - 6}" fill="currentColor" fill-opacity=".75" '
            f'font-size="10" text-anchor="middle">block {block}</text>'
        )
        if block < len(DEPTHS):  # a pooling halves the picture
            parts.append(
                f'<path d="M{x - 3:.1f} {base - bar / 2 - 5}l9 5l-9 5z" fill="currentColor" fill-opacity=".5"/>'
            )
            x += 14
    said = "; ".join(f"{kind} layers {', '.join(sorted(at)) or 'none'}" for kind, at in
                     (("content", content), ("style", style)))  # fmt: skip
    return (
        f'<svg class="nst-diagram" role="img" aria-label="VGG-19, {said}" width="464" '
        f'viewBox="0 0 {width} {height}">{"".join(parts)}</svg>'
    )


LINES = (("content", "content", ""), ("style", "style", "7 3"), ("tv", "TV", "2 3"), ("total", "total", ""))


def loss_chart(history, num_epochs, width=480, height=150):
    """SVG of a run's losses on a logarithmic scale. ``history``: rows ``(step, content, style, tv, total)``."""
    left, right, top, bottom = 46, 64, 8, 28
    rows = history[:: max(1, len(history) // 120)]
    if history and rows[-1] is not history[-1]:
        rows = [*rows, history[-1]]
    values = [v for row in rows for v in row[1:] if v > 0 and math.isfinite(v)]
    low, high = (math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))) if values else (0, 2)
    high = max(high, low + 1)
    low = max(low, high - 5)  # a loss that is nearly nothing at first would flatten all others
    last = max(num_epochs, rows[-1][0] if rows else 1, 2)

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
        colour = "currentColor" if key == "total" else PALETTE[key]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{1 if key == "total" else 2}" '
            f'stroke-dasharray="{dash}"/>'
        )
        names.append([points[-1][1], label, colour, dash])
    names.sort()
    for above, name in zip(names, names[1:]):  # labels keep 13 px apart
        name[0] = max(name[0], above[0] + 13)
    over = max(0, names[-1][0] - (height - bottom)) if names else 0
    for y, label, colour, dash in names:
        y -= over
        parts.append(
            f'<path d="M{width - right + 3} {y:.1f}h14" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>'
            f'<text x="{width - right + 20}" y="{y + 3.5:.1f}">{label}</text>'
        )
    said = ", ".join(f"{label} {row:.3g}" for (_, label, _), row in zip(LINES, history[-1][1:])) if history else "none"
    return (
        f'<svg class="nst-chart" role="img" aria-label="losses: {said}" width="100%" height="{height}" '
        f'viewBox="0 0 {width} {height}" fill="currentColor" font-size="10">{"".join(parts)}</svg>'
    )


def sentence(error):
    """What an exception says, for people; the kind of error too where it was not written for them."""
    said = str(error) or type(error).__name__
    return said if isinstance(error, (ValueError, OSError)) and str(error) else f"{type(error).__name__}: {said}"


def message(text, alert=False):
    """HTML of a line below the picture; ``alert``: in red, and read aloud by a screen reader."""
    if not alert:
        return f'<span role="status">{html.escape(text)}</span>'
    return f'<span role="alert" class="nst-alert">{html.escape(text)}</span>'


# Heights are fixed, so that nothing jumps; colours are the theme's.
STYLE = f"""<style>
.nst-studio, .nst-studio .widget-html-content, .nst-lab {{ color: var(--jp-ui-font-color1, #222); }}
.nst-studio .widget-html-content {{ line-height: 1.35; }}
.nst-studio svg {{ display: block; font-family: var(--jp-ui-font-family, sans-serif); }}
.nst-studio .nst-head, .nst-lab .nst-head {{ font-weight: 600; }}
.nst-studio .nst-note {{ color: var(--jp-ui-font-color2, #555); }}
.nst-alert {{ color: var(--jp-error-color0, #b00020); font-weight: 600; }}
[data-jp-theme-light="false"] .nst-alert {{ color: #ff8a80; }}
.nst-picture, .nst-wipe-picture {{ background: var(--jp-layout-color2, #eee); image-rendering: auto; }}
.nst-studio .jupyter-widget-TabPanel-tabContents, .nst-studio .widget-tab-contents {{ padding: 10px !important; }}
.nst-layer.jupyter-button {{ padding: 0; line-height: 22px; border: 1px solid var(--jp-border-color1, #bbb); }}
.nst-layer.mod-active {{ color: #fff !important; font-weight: 700; box-shadow: none; }}
.nst-content-layer.mod-active {{ background: {PALETTE["content"]} !important; }}
.nst-style-layer.mod-active {{ background: {PALETTE["style"]} !important; }}
.nst-badge {{ color: #fff; border-radius: 3px; padding: 1px 5px; font-weight: 700; }}
.nst-film.jupyter-button {{ background-size: cover; background-position: center; padding: 0;
  border: 2px solid var(--jp-border-color1, #bbb); opacity: 1; }}
.nst-film.jupyter-button:disabled {{ border-style: dashed; }}
.nst-film.nst-chosen {{ border-color: {PALETTE["style"]}; box-shadow: 0 0 0 2px {PALETTE["style"]}; }}
.nst-studio button:focus-visible {{ outline: 2px solid {PALETTE["content"]}; outline-offset: 1px; }}
.nst-studio a[download] {{ color: var(--jp-content-link-color, #0066cc); margin-right: 14px; }}
.nst-row > .jupyter-widgets {{ align-self: center; }}
</style>"""


def spoken(method):
    """A callback whose exceptions are said in the panel, where JupyterLab would swallow them."""

    @functools.wraps(method)
    def wrapper(self, *args, **kwargs):
        try:
            return method(self, *args, **kwargs)
        except Exception as error:
            self._fail(error)

    return wrapper


@functools.lru_cache(maxsize=3)
def network(source):
    """VGG-19 from a source, loaded once for all studios."""
    return load_vgg19(source, verbose=False)


@functools.cache
def sample_image(name):
    return sample(name)


_OPEN = {}  # cell id → (execution, its panels)


def take_over_cell(panel):
    """Close what an earlier run of this notebook cell left working."""
    kernel = getattr(get_ipython(), "kernel", None)
    parent = kernel.get_parent() if kernel else {}
    cell, execution = parent.get("metadata", {}).get("cellId"), parent.get("header", {}).get("msg_id")
    if not cell:
        return
    before, panels = _OPEN.get(cell, (None, ()))
    if before != execution:
        for old in list(panels):
            old.close()
        panels = weakref.WeakSet()
    panels.add(panel)
    _OPEN[cell] = execution, panels


def box(width, height=None, **more):
    """A layout of fixed size in pixels."""
    return {"width": f"{width}px", **({"height": f"{height}px"} if height else {}), **more}


def wide(width=464, description=156):
    """Layout and style of a control whose words stand at its left."""
    return {"layout": box(width), "style": {"description_width": f"{description}px"}}


def grey(text):
    """HTML of words in the theme's second colour."""
    return f"<span class='nst-note'>{html.escape(text)}</span>"


def head(text):
    return W.HTML(f"<span class='nst-head'>{text}</span>", layout={"height": "24px"})


def note(text):
    return W.HTML(grey(text), layout={"width": "464px", "margin": "4px 0 8px"})


def label(text, width):
    return W.HTML(f"<b>{html.escape(text)}</b>", layout=box(width))


def beside(children, **more):
    """Widgets side by side, centred on one line."""
    return W.HBox(children, **more).add_class("nst-row")


def shrunk(img, width, height):
    """A copy of a PIL image that fits into ``width`` × ``height`` pixels; never enlarged."""
    img = img.copy()
    img.thumbnail((width, height))
    return img


def close_children(*widgets):
    """Close all widgets in these: closing a box leaves them, and cells are run again and again."""
    for widget in widgets:
        for child in getattr(widget, "children", ()):
            close_children(child)
            child.close()


def put(control, name, value):
    """Give a control a value; a sentence where it cannot take it."""
    try:
        control.value = value
        taken = control.value
        good = math.isclose(taken, value, rel_tol=1e-9) if isinstance(taken, float) else taken == value
    except Exception as error:  # traitlets say it in their own way
        if hasattr(control, "options"):
            options = [option[1] if isinstance(option, tuple) else option for option in control.options]
            raise ValueError(f"{name} must be one of {', '.join(map(str, options))}; it is {value!r}") from error
        raise ValueError(f"{name} cannot be {value!r}") from error
    if not good:
        low, high = control.min, control.max
        if isinstance(control, W.FloatLogSlider):
            low, high = 10**low, 10**high
        raise ValueError(f"{name} must be from {low:g} to {high:g}; it is {value!r}")


def with_still(bundle, img):
    """A widget's display data with a picture beside it, for where widgets do not run."""
    return {**bundle, "image/jpeg": base64.b64encode(jpeg(img, 85)).decode()}
