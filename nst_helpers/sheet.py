"""Notebook 11: a contact sheet that fills while you watch."""

import os
import textwrap
import time
from contextlib import closing
from pathlib import Path

from IPython.display import DisplayHandle
from IPython.display import Image as DisplayImage
from PIL import Image, ImageDraw, ImageFont

from .figures import contact_sheet
from .images import jpeg
from .interrupts import interrupt_once
from .jobs import Result
from .live import duration
from .sweep import listed, sweep
from .validation import check_between, printable, short_repr

EVERY = 0.5  # seconds between two drawings, at least; and nine times as long as one takes


class Sheet:
    """Results in a grid, ``columns`` per row, in the order of the jobs; a failed job's cell says why.

    ``titles``: above the columns. ``labels``: left of the rows. ``captions``: below the cells, one each.
    ``height``: of a picture, in pixels.
    """

    def __init__(self, count, columns, titles=(), labels=(), captions=(), height=120):
        for name, value in (("count", count), ("columns", columns), ("height", height)):
            check_between(name, value, 1, 10_000, whole=True)
        self.columns, self.height = columns, height
        self.titles, self.labels = list(map(str, titles)), list(map(str, labels))
        self.captions = [printable(str(caption), 26) for caption in captions]
        if self.captions and len(self.captions) != count:
            raise ValueError(f"{count} cells need as many captions, or none; these are {len(self.captions)}")
        self.size = round(1.5 * height), height  # of the cells until a picture is there
        self.font = ImageFont.load_default(11)
        self.cells = [None] * count

    def add(self, result):
        """Put a ``Result`` into its cell."""
        if not isinstance(result, Result) or result.at >= len(self.cells):
            raise ValueError(f"a sheet of {len(self.cells)} cells takes their Results; this is {short_repr(result)}")
        if result.error:
            self.cells[result.at] = _short(result)
        else:
            img = result.image
            self.cells[result.at] = img.resize((max(1, round(img.width * self.height / img.height)), self.height))
            self.size = self.cells[result.at].size

    @property
    def image(self):
        """The sheet as a PIL image."""
        cells = [self._cell(at) for at in range(len(self.cells))]
        rows = [cells[at : at + self.columns] for at in range(0, len(cells), self.columns)]
        return contact_sheet(rows, self.titles, self.labels, height=cells[0].height)

    def _cell(self, at):
        cell = self.cells[at]
        if not isinstance(cell, Image.Image):
            why, cell = cell or "", Image.new("RGB", self.size, "#eeeeee")
            lines = textwrap.wrap(why, max(8, cell.width // 7))[: cell.height // 14]
            ImageDraw.Draw(cell).text((5, 4), "\n".join(lines), fill="#B00020", font=self.font)
        if not self.captions:
            return cell
        framed = Image.new("RGB", (max(cell.width, 90), cell.height + 18), "white")
        framed.paste(cell, (0, 0))
        ImageDraw.Draw(framed).text((0, cell.height + 3), self.captions[at], fill="#333333", font=self.font)
        return framed


def watch(jobs, folder, columns, titles=(), labels=(), captions=(), height=120, executor=None, workers=None):
    """``sweep`` under a sheet that fills; returns the results in the order of the jobs.

    The stop button ends it within seconds and keeps what is there; jobs that were not painted then have ``None``.
    Errors are printed, one line each. The arguments are those of ``sweep`` and ``Sheet``, and it raises as they do.
    """
    jobs = listed(jobs)
    if not jobs:
        raise ValueError("there is nothing to paint: the list of jobs is empty")
    sheet, found = Sheet(len(jobs), columns, titles, labels, captions, height), {}
    begun = next_draw = time.monotonic()
    results = sweep(jobs, folder, executor, workers)
    picture, line = DisplayHandle(), DisplayHandle()
    picture.display(DisplayImage(jpeg(sheet.image), format="jpeg"))
    line.display({"text/plain": "the workers start …"}, raw=True)
    with interrupt_once(), closing(results):
        try:
            for result in results:
                found[result.at] = result
                sheet.add(result)
                if (now := time.monotonic()) > next_draw:
                    picture.update(DisplayImage(jpeg(sheet.image), format="jpeg"))
                    left = "" if result.left is None else f", {duration(result.left)} left"
                    line.update({"text/plain": f"{result.done} of {result.of}{left}"}, raw=True)
                    next_draw = time.monotonic() + max(EVERY, 9 * (time.monotonic() - now))
            stopped = ""
        except KeyboardInterrupt:
            stopped = "stopped; run it again to go on: "
        picture.update(DisplayImage(jpeg(sheet.image), format="jpeg"))
        new = sum(not (result.kept or result.error) for result in found.values())
        kept = sum(result.kept for result in found.values())
        said = f"{stopped}{new + kept} of {len(jobs)} are there, {new} painted in {duration(time.monotonic() - begun)}"
        line.update({"text/plain": said}, raw=True)
        for result in filter(lambda result: result.error, found.values()):
            why, name = _short(result), result.job.name
            print(why if name in why else f"{name}: {why}")
    return [found.get(at) for at in range(len(jobs))]


def _short(result):
    """What went wrong, with the names of files instead of their whole paths."""
    said, job = result.error, result.job
    for path in filter(os.path.isabs, (job.content, job.style, job.start_from)):
        said = said.replace(printable(path, 200), printable(Path(path).name))
    return said
