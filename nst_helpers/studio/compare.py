"""A finished sweep in the studio: its pictures to click, and what a click shows."""

import contextlib

from ..images import jpeg, small
from ..jobs import Result, caption, differing, read_sweep, table
from .choices import Choices, Picture
from .runs import Kept

MOST = 200  # pictures that are shown, the newest


def found(sweep):
    """``(results, how many there are)`` of the folder that a sweep painted into, or of a list of its results.

    Raises ``ValueError`` or ``OSError`` where there is nothing to show.
    """
    results = sweep if isinstance(sweep, list) else read_sweep(sweep)
    results = [result for result in results if isinstance(result, Result) and result.path]
    if not results:
        raise ValueError("there is no picture of a sweep: give the folder that sweep(jobs, folder) painted into")
    return results[-MOST:], len(results)


def sheet(results):
    """``items``, ``rows`` and ``columns`` of a ``Strip`` with the pictures of a sweep; an id is a place in ``results``.

    Pictures that cannot be read are left out. Without a table, captions say what differs.
    """
    jobs = [result.job for result in results]
    items, names, (rows, columns, places) = [], differing(jobs), table(jobs)
    for n, job in enumerate(jobs):
        about = caption(job, names)
        place = {"row": places[n][0], "column": places[n][1]} if places else {"label": about}
        with contextlib.suppress(OSError, ValueError):
            thumb = jpeg(small(results[n].image, 240))
            items.append({"id": str(n), "title": f"{about} ({results[n].path.name})", "thumb": thumb, **place})
    return items, rows, columns


def kept(result):
    """What a click shows, as a run of number 0. ``ValueError`` for choices that the studio does not have."""
    job, losses = result.job, (result.losses[name] for name in ("content", "style", "tv", "total"))
    content, style = Picture.of(job.content), Picture.of(job.style)
    choices = Choices(content, style, job.weights, job.size, job.style_pixels / job.size, job.settings, instant=False)
    return Kept(0, choices, result.image, [(job.settings.num_epochs, *losses)], {}, result.seconds)
