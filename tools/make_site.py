"""The executed series as web pages that need neither Jupyter nor a network.

    python tools/make_site.py [folder [notebook ...]]      build/site, unless another folder is named

Figures that a kernel would move are moved by frames that tools/frames.py computes, in the notebooks named or in all.
The README is the first page. Each page has its notebook's path; templates/site and site.css decide how it looks.
"""

import base64
import sys
from pathlib import Path
from types import SimpleNamespace

from figures import variants
from frames import frames
from nbconvert import HTMLExporter
from nbformat.v4 import new_markdown_cell
from reading import MOVING, NUMBERED, ROOT, Page, Reading, copy, fresh, read, title

FURTHER = (
    "notebooks/studio.ipynb",
    "notebooks/glossary.ipynb",
    "notebooks/what_can_go_wrong.ipynb",
    "TEACHING.md",
    "nst_helpers/EMBEDDED.md",
)
SOURCES = [ROOT / "README.md", *NUMBERED, *(ROOT / name for name in FURTHER)]
NAMES = {"README": "Overview", "TEACHING": "For teachers", "EMBEDDED": "The embedded weights"}  # short, for navigation


class Exporter(Reading, HTMLExporter):
    """Pages of the site."""


def place(source):
    """A page has its notebook's path, so relative links and pictures keep working."""
    return Path("index.html") if source.stem == "README" else source.relative_to(ROOT).with_suffix(".html")


def main(folder, moving=MOVING):
    found = frames(moving)
    fresh(folder, "code.css", "site.css")
    exporter, places = Exporter("site"), {source: place(source) for source in SOURCES}
    notebooks = [read(source, found.get(source), folder / "notebooks") for source in SOURCES]
    for source, notebook in zip(SOURCES, notebooks):
        if source.stem == "studio":  # two lines of code; a page has a heading
            notebook.cells.insert(0, new_markdown_cell("# The studio"))
    series = [
        SimpleNamespace(target=places[source].as_posix(), title=NAMES.get(source.stem) or title(notebook))
        for source, notebook in zip(SOURCES, notebooks)
    ]
    for number, (source, notebook) in enumerate(zip(SOURCES, notebooks)):
        for cell in notebook.cells:
            for n, output in enumerate(cell.get("outputs", [])):
                if "image/jpeg" in output.get("data", {}):
                    content, below = base64.b64decode(output.data["image/jpeg"]), folder / places[source].parent
                    looks = variants(content, f"{cell.id}_{n}", below / f"{source.stem}_files")
                    output.metadata["image/jpeg"] |= looks
            if any(tag.startswith("check-") for tag in cell.metadata.get("tags", [])):
                cell.outputs = []  # of an empty stub: nothing a reader needs
        exporter.write(
            Page(source, places[source], places), notebook, folder,
            title=series[number].title, series=series, top="../" * (len(places[source].parts) - 1),
            before=series[number - 1] if number else None,
            after=series[number + 1] if number + 1 < len(series) else None,
        )  # fmt: skip
    copy([ROOT / "images" / "logo.svg"], folder)
    print(f"{len(series)} pages: {folder / 'index.html'}")


if __name__ == "__main__":
    target, *names = sys.argv[1:] or [ROOT / "build" / "site"]
    main(Path(target), [path for path in MOVING if path.stem in names] if names else MOVING)
