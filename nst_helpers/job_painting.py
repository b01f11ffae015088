"""Notebook 11: one job, painted, wherever that is: in this process, in another, on another machine."""

import contextlib
import io
import json
import time
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path

import psutil
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from .features import best_precision, shared_vgg19
from .images import open_image
from .jobs import FORMAT, KEY
from .preprocessing import fit_shape, postprocess, preprocess
from .sample_images import sample, samples
from .settings import shortened
from .training import coarse_to_fine, optimize
from .validation import sentence


def paint(task):
    """Paint one job. Gives the bytes of its file, and losses and seconds; or ``None`` and ``{"error": sentence}``.

    It never raises: an exception may not survive the way back from another process.
    """
    try:
        job, shapes, images = task
        net, settings = shared_vgg19(job.weights), job.settings
        free = psutil.virtual_memory().available
        if (needed := memory_of(shapes[0], settings, net.widths[0])) > free:
            raise ValueError(too_large(shapes[0], needed, free))
        begun = time.monotonic()
        content, style, start = (img and preprocess(img, shape) for img, shape in zip(images, shapes))
        if start is None:
            steps = coarse_to_fine(net, content, style, settings)
        else:
            steps = optimize(net, content, style, settings, start_X=start)
        for step in steps:  # noqa: B007 (the last one is used)
            pass
        img = postprocess(step.X)
        losses = {name: getattr(step, name) for name in ("content", "style", "tv", "total")}
        found = {"losses": losses, "seconds": time.monotonic() - begun}
        entry, file = PngInfo(), io.BytesIO()
        entry.add_text(KEY, json.dumps({"format": FORMAT, "job": asdict(job), **found}))
        img.save(file, "png", pnginfo=entry)
        return file.getvalue(), found
    except Exception as error:
        return None, {"error": sentence(error)}


def task_of(job):
    """What a worker needs: the job and small pictures. It opens no file, so the disk need not be shared."""
    job = replace(job, settings=shortened(job.settings))
    opened = [open_recent(name) if name else None for name in (job.content, job.style, job.start_from)]
    shape, style_shape = fit_shape(opened[0], job.size), fit_shape(opened[1], job.style_pixels)
    shapes = shape, style_shape, shape
    images = [  # resized as preprocess does
        img and img.resize(shape[::-1], Image.Resampling.BILINEAR) for img, shape in zip(opened, shapes)
    ]
    return job, shapes, images


@lru_cache(maxsize=8)
def _opened(name, _):
    return sample(name) if name in samples() else open_image(name)


def open_recent(name):
    """A picture by name or path; recently used ones are remembered while their file does not change."""
    changed = None
    if name not in samples():
        with contextlib.suppress(OSError):  # open_image says it better
            changed = Path(name).stat().st_mtime_ns
    return _opened(name, changed)


def memory_of(shape, settings, channels):
    """Bytes that painting takes at most, with features computed twice; fitted to section 3 of benchmarks/RESULTS.md.

    ``shape``: height and width. ``channels``: of the network's first block.
    """
    precision = best_precision("cpu") if settings.precision == "auto" else settings.precision
    images = 1200 if settings.optimizer == "lbfgs" else 450  # L-BFGS remembers its last twenty steps
    return shape[0] * shape[1] * (images + 5 * channels * (2 if precision == "bfloat16" else 4))


def too_large(shape, needed, free):
    fits = int(max(shape) * (free / needed) ** 0.5)
    return (
        f"{shape[0]}×{shape[1]} pixels take about {needed / 1e9:.1f} GB, and {max(0, free) / 1e9:.1f} GB are free: "
        f"use a size of at most {fits}; stylize_large paints larger ones in tiles"
    )
