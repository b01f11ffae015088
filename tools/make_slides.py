"""A deck of slides for every notebook, on reveal.js, without a network.

    python tools/make_slides.py [folder]    build/slides, unless another folder is named

Each cell's slide type says what begins a slide (in JupyterLab: Property Inspector). A cell that holds more than fits on
a slide is spread over several; within a cell, each heading, exercise and question begins a new one. Answers appear at
the next click, minutes go to the speaker's notes (key S), and a cell tagged "picture-only" shows no code.
"""

import copy
import itertools
import math
import re
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import nbconvert
import nbformat
from reading import NUMBERED, ROOT, Page, Reading, fresh, read, title

ROOM = 612  # pixels for what stands on a slide of 1280×720, without margins and the line at its foot
LINE, CODE_LINE = 40, 26  # height of a line, in pixels
LETTERS, CODE_LETTERS = 75, 99  # letters per line, with wide fonts
LARGER = 1.25  # how much larger the type is on a slide with little on it
MOST = 20  # lines of code or printed output per slide
BLOCK = re.compile(r"(?s:<details>.*?</details>)|(?s:```.*?```)|(?:.*\S.*\n?)+")
ASIDE = re.compile(r"(?s)\*[^*]*(minute|as long as)[^*]*\*|Fill in a stub.*")
NOTICE, EXERCISE = "**What to notice", r"\*\*\d · "


class Exporter(Reading, nbconvert.SlidesExporter):
    """Slides."""


def words(block):
    """Markdown without links' targets, tags and marks, which take no room."""
    return re.sub(r"\]\([^)]*\)|<[^>]+>|[*`]", "", block)


def rows(texts, letters=LETTERS):
    return sum(max(1, math.ceil(len(text) / letters)) for text in texts)


def height(block):
    """About how many pixels a block of markdown takes; a picture at least, since it shrinks."""
    if "<img" in block or block.startswith("!["):
        return 560 if ".svg" in block else 300
    if block.startswith("#"):
        return 84
    if "$$" in block:
        return 80 * block.count("\n") + 110
    if block.startswith("|"):
        table = [words(row).strip("|").split("|") for row in block.splitlines() if not row.startswith("| ---")]
        widths = [max(map(len, column)) for column in zip(*table)]
        share = min(1, LETTERS / sum(widths))  # of its width that a column gets
        return sum(max(rows([it], share * width) for it, width in zip(row, widths)) * 36 + 14 for row in table)
    if re.match(r"[>-] |\d+\. ", block):
        items = re.split(r"\n(?=(?:> ?)?(?:- |\d+\. |\*\*))", block)
        return sum(rows([words(item)], LETTERS - 6) * LINE + 8 for item in items) + 30
    return rows([words(block).replace("\n", " ")]) * LINE + 14


def markdown(cell):
    """The pieces of a markdown cell: (kind of slide it begins, cell, height)."""
    kind, noticed = cell.metadata.get("slideshow", {}).get("slide_type", "-"), False
    source = re.sub(r"(?<=notice\.\*\*)\n\n(?=- )", "\n", cell.source)  # a list of things to notice is one block
    for block in map(str.strip, BLOCK.findall(source)):
        if answer := re.fullmatch(r"(?s)<details><summary>(.*?)</summary>(.*?)</details>", block):
            question, reply = answer.groups()
            yield "subslide", new(f'<p class="question">{question}</p>'), height(question) + 10
            yield "fragment", new(reply.strip()), sum(map(height, BLOCK.findall(reply.strip())))
        elif ASIDE.fullmatch(block):
            yield "notes", new(block), 0
        else:
            if heading := re.match("#+ ", block):
                kind = "subslide" if len(heading[0]) > 3 else "slide"
            elif re.match(EXERCISE, block) or noticed:
                kind = "subslide"
            yield kind, new(block), height(block)
        kind, noticed = "-", block.startswith(NOTICE)


def new(source):
    return nbformat.v4.new_markdown_cell(source)


def parts(lines):
    """Code in parts of a slide's length, cut at blank lines, or else before the least indented line."""
    while len(lines) > MOST:
        places = [i for i in range(4, MOST + 1) if not lines[i].strip()]
        places = places or [i for i in range(MOST // 2, MOST + 1) if lines[i].lstrip()[0] not in ")]}"]
        cut = min(reversed(places), key=lambda i: len(lines[i]) - len(lines[i].lstrip()))
        yield lines[:cut]
        lines = lines[cut:]
    yield lines


def code(cell):
    """The pieces of a code cell: its source, then each output."""
    kind = cell.metadata.get("slideshow", {}).get("slide_type", "-")
    if "picture-only" not in cell.metadata.get("tags", []):
        for lines in parts(cell.source.splitlines()):
            piece = nbformat.v4.new_code_cell("\n".join(lines).strip("\n"))
            yield kind, piece, rows(lines, CODE_LETTERS) * CODE_LINE + 38
            kind = "-"
    for output in cell.outputs:
        piece = nbformat.v4.new_code_cell(outputs=[copy.deepcopy(output)])
        piece.metadata.transient = {"remove_source": True}  # nbconvert's word for: outputs only
        if "image/jpeg" in output.get("data", {}):
            about = output.metadata["image/jpeg"]
            yield kind, piece, min(330, about["height"] * min(1184 / about["width"], 1.8)) + 20
        else:
            lines = (output.get("text") or output.data["text/plain"]).rstrip().splitlines()
            if "text" in output:
                piece.outputs[0].text = "\n".join(lines[:MOST] + ["…"] * (len(lines) > MOST))
            yield kind, piece, rows(lines[:MOST], CODE_LETTERS) * CODE_LINE + 30
        kind = "-"


def together(pieces):
    """The height of the first piece; for a picture, with the words below it if both fit on one slide."""
    _, piece, tall = pieces[0]
    if not is_output(piece, "image/jpeg"):
        return tall
    below = list(itertools.takewhile(lambda it: is_output(it[1], "text"), pieces[1:]))
    below += [it for it in pieces[1 + len(below) :][:1] if it[1].source.startswith(NOTICE)]
    total = tall + sum(it[2] for it in below)
    return total if total <= ROOM else tall


def said(piece):
    """The lines of a piece of code, or of what it printed."""
    return (piece.source + "".join(output.get("text", "") for output in piece.outputs)).splitlines()


def is_output(piece, what):
    return any(what in output or what in output.get("data", {}) for output in piece.get("outputs", []))


def deal(notebook):
    """Spread the cells over slides: a new one where a cell asks for it, or where the last one is full."""
    pieces = []
    for cell in notebook.cells:
        kind = cell.metadata.get("slideshow", {}).get("slide_type", "-")
        if kind == "notes":
            pieces.append((kind, cell, 0))
        elif kind != "skip" and not cell.metadata.get("jupyter", {}).get("source_hidden"):
            pieces += markdown(cell) if cell.cell_type == "markdown" else code(cell)
    section, room, bare = "", 0, False
    first, used, widest = pieces[0][1], 0, 0  # of the current slide
    for number, (kind, piece, tall) in enumerate(pieces):
        fits = together(pieces[number : number + 4]) <= room
        heading = piece.cell_type == "markdown" and re.match(r"##? (.+)", piece.source)
        section = words(heading[1]) if heading else section
        if kind == "subslide" and bare and fits:  # no heading stands alone on a slide
            kind = "-"
        if kind in ("-", "fragment") and not fits:
            kind = "subslide"
        if kind in ("slide", "subslide"):
            room, first, used, widest = ROOM, piece, 0, 0
        room, used = room - tall, used + tall
        bare = bool(heading) or (bare and kind == "notes")
        if piece.cell_type == "code":
            widest = max([widest, *map(len, said(piece))])
        piece.metadata |= {"slideshow": {"slide_type": kind}, "section": section}
        first.metadata.large = used * LARGER**2 < ROOM and widest * LARGER < CODE_LETTERS
    notebook.cells = [piece for _, piece, _ in pieces]


def copy_reveal(folder):
    """reveal.js as the package sphinx-revealjs carries it, for its files alone: Sphinx is not imported."""
    source = Path(find_spec("sphinx_revealjs").origin).parent / "_static" / "revealjs"
    for name in ("dist/reveal.js", "dist/reveal.css", "plugin/notes/notes.js", "plugin/zoom/zoom.js", "LICENSE"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / name, folder / name)


def main(folder):
    fresh(folder, "code.css", "slides.css")
    copy_reveal(folder / "reveal.js")
    exporter = Exporter("slides", reveal_url_prefix="reveal.js")
    places = {source: Path(f"{source.stem}.html") for source in NUMBERED}
    entries = []
    for source in NUMBERED:
        notebook = read(source)
        name = title(notebook)
        entries.append(f'<li><a href="{places[source]}">{name}</a></li>')
        deal(notebook)
        exporter.write(Page(source, places[source], places), notebook, folder, title=name)
    page = (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Slides</title>'
        '<link rel="stylesheet" href="code.css"><link rel="stylesheet" href="slides.css"></head><body class="index">'
        f"<main><h1>Neural style transfer, hands on: slides</h1><ul>{''.join(entries)}</ul></main></body></html>\n"
    )
    (folder / "index.html").write_text(page, encoding="utf-8")
    print(f"{len(entries)} decks: {folder / 'index.html'}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build" / "slides"))
