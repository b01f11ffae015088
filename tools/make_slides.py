"""A deck of slides for every notebook, on reveal.js, without a network.

    python tools/make_slides.py [folder [notebook ...]]    build/slides, unless another folder is named

One idea per slide, under its section's heading: a figure with what to notice in it, a function, a formula, a question
whose answer comes at the next click. Code that only imports or draws stays in the notebook. Long paragraphs are cut
after a whole sentence; the speaker's notes (key S) have them in full, with what TEACHING.md says about the notebook.
A deck that would be long is told in brief, without code that only makes a figure.
Controls move by frames that tools/frames.py computes, in the notebooks named or in all. How large the type of a slide
is, deck.js decides when it is shown.
"""

import ast
import base64
import copy
import html
import io
import math
import re
import shutil
import sys
import textwrap
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import nbformat
import numpy as np
from figures import PAPER, is_table, least, pictures, spans
from figures import pieces as rows_of
from frames import WIDGET, frames
from nbconvert import HTMLExporter
from PIL import Image, ImageOps
from reading import MOVING, NUMBERED, ROOT, Page, Reading, fresh, read, title

ROOM = 540  # pixels below a slide's heading, with type of 26 pixels
LETTERS, LINE = 84, 38  # in a line of text; its height
CODE_LETTERS, CODE_LINE, MOST = 108, 24, 20  # in a line of code; its height; lines on a slide
LONG = 32  # slides; a deck with more is told in brief
COVER = (1280, 470)  # of the first slide's picture
WORDS = 45  # of a paragraph; what is beyond is said, not shown
FIGURE = 300  # pixels that a figure has at least
WIDE = 1.75  # width over height from which a figure's words stand below it
COVER_IMAGE, PLAIN = re.compile(r"!\[([^\]]*)\]\(([^)]+)\)"), ROOT / "images" / "gallery.jpg"
BLOCK = re.compile(r"(?s:<details>.*?</details>)|(?s:```.*?```)|(?:.*\S.*\n?)+")
REFERENCE = r"\*\*References|[A-Z]\. [A-Z].* \(\d{4}\)\.$"
SAID = re.compile(rf"(?s)\*[^*]*(minute|as long as)[^*]*\*|(Fill in a stub|Replace the|\*\*Pictures?\.|{REFERENCE}).*")
PROGRESS = re.compile(r"(?m)^(about .* more steps|\d+ of \d+ are there, ).*\n?")  # what a run says while it lasts
NOTICE, EXERCISE = "**What to notice", re.compile(r"\*\*(\d · [^.*]+)\.\*\* *(?s:(.*))")
SETTING_UP = {"sample", "preprocess", "open_image", "postprocess", "print", "load_vgg19"}
DRAWING = {"plt", "ax", "axes", "fig", "figure"}  # names that code for a picture begins with


class Exporter(Reading, HTMLExporter):
    """Slides."""


@dataclass
class Piece:
    """Something that stands on a slide."""

    kind: str  # text, notice, math, table, code, printed, figure, answer
    cell: nbformat.NotebookNode
    tall: int  # about how many pixels it takes
    wide: float = 0  # a figure's width over its height


@dataclass
class Slide:
    heading: str
    pieces: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    look: str = ""

    def tall(self):
        return sum(piece.tall for piece in self.pieces)

    def has(self, *kinds):
        return any(piece.kind in kinds for piece in self.pieces)

    def takes(self, piece):
        """Whether one more piece belongs here: the same idea, and room for it."""
        if self.look == "title" or self.tall() + piece.tall > ROOM:
            return False
        if self.has("answer"):
            return piece.kind in ("question", "answer")
        if piece.kind == "figure":
            code = sum(it.tall for it in self.pieces if it.kind == "code")
            large = piece.wide and code > (0 if piece.wide < WIDE else 2 * CODE_LINE + 40)
            return not large and not self.has("figure", "table", "notice")
        if piece.kind == "question":
            return self.has("question")
        if piece.kind in ("notice", "printed", "answer"):
            return True
        words = sum(len(it.cell.source.split()) for it in self.pieces if it.kind != "figure")
        if piece.kind == "text" and self.beside() and not self.has("notice"):
            drawing = all(it.cell.cell_type == "markdown" for it in self.pieces)
            return drawing and words < 30
        if piece.kind == "text" and piece.cell.source.startswith("**Try it"):
            return False
        if self.has("figure", "notice", "printed") or (piece.kind == "code" and self.has("code")):
            return False
        return piece.kind != "text" or not self.has("text", "question") or words < 40

    def beside(self):
        """Whether its figure is so tall that the words stand beside it."""
        return any(0 < piece.wide < WIDE for piece in self.pieces) and not self.has("code")


# Markdown


def new(source):
    return nbformat.v4.new_markdown_cell(source)


def plain(text):
    """Markdown without links' targets, tags and marks, which take no room."""
    return re.sub(r"\]\([^)]*\)|<[^>]+>|[*`\[]", "", text)


def lines(text, letters=LETTERS):
    return sum(max(1, math.ceil(len(line) / letters)) for line in text.splitlines())


def short(paragraph):
    """Its first whole sentences, about WORDS words; all of it if little is left."""
    sentences = re.split(r"(?<=[.?!:])\s+(?=[A-Z`*$\[(])", paragraph)
    kept = 1
    while kept < len(sentences) and len(plain(" ".join(sentences[: kept + 1])).split()) <= WORDS:
        kept += 1
    return " ".join(sentences[:kept])


def markdown(source):
    """The blocks of a markdown cell as (what it is, text): heading, exercise, question, said, or a kind of piece."""
    source = re.sub(r"(?<=notice\.\*\*)\n\n(?=- )", "\n", source)  # a list of things to notice is one block
    source = re.sub(r"(?m)^(- .*)\n\n(?=- )", r"\1\n", source)  # so is a list with room between
    for block in map(str.strip, BLOCK.findall(source)):
        if answer := re.fullmatch(r"(?s)<details><summary>(.*?)</summary>(.*?)</details>", block):
            if answer[1].startswith("Appendix"):
                yield "said", answer[2].strip()
                continue
            yield "question", answer[1]
            yield "answer", answer[2].strip()
        elif block.startswith("#"):
            yield "heading", block.lstrip("# ")
        elif SAID.fullmatch(block):
            yield "said", block
        elif EXERCISE.match(block):
            yield "exercise", block
        elif "<img" in block or block.startswith("!["):
            yield "picture", block
        elif block.startswith("$$"):
            yield "math", re.sub(r"\s*(\\qquad\s*)+", "$$\n\n$$", block)
        elif block.startswith(("|", "```")):
            yield {"|": "table", "`": "code"}[block[0]], block
        else:
            yield "notice" if block.startswith(NOTICE) else "text", block


def height(kind, text):
    if kind == "table":
        rows = [plain(row).strip("|").split("|") for row in text.splitlines() if not row.startswith("| ---")]
        widths = [max(map(len, column)) for column in zip(*rows)]
        share = min(1, LETTERS / sum(widths))
        return sum(max(lines(it, share * width) for it, width in zip(row, widths)) * 36 + 12 for row in rows)
    if kind == "math":
        return 75 * text.count("\\\\") + 95 * (text.count("$$") // 2)
    if kind == "code":
        return lines(text, CODE_LETTERS) * CODE_LINE + 40
    return (
        lines(plain(text).replace("\n", " ") if not re.search(r"(?m)^(- |\d+\. )", text) else plain(text)) * LINE + 12
    )


# Code


def root(node):
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        if isinstance(node, ast.Attribute) and node.attr == "plt":
            return "plt"
        node = node.func if isinstance(node, ast.Call) else node.value
    return getattr(node, "id", "")


def taught(source):
    """Of a cell's code, what a slide shows: not imports, not a control's drawing, not what only draws."""
    tree, text = ast.parse(source), source.splitlines()
    calls = {root(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    if "explore" in calls:
        return ""
    by_hand = any(root(node) in DRAWING for statement in tree.body for node in ast.walk(statement)
                  if isinstance(node, (ast.Call, ast.Attribute)))  # fmt: skip
    kept, last = [], 0
    for statement in tree.body:
        part, last = "\n".join(text[last : statement.end_lineno]), statement.end_lineno
        function = isinstance(statement, (ast.FunctionDef, ast.ClassDef))
        draws = not function and any(root(node.func) in ("show_images", "display") or root(node.func) in DRAWING
                                     for node in ast.walk(statement) if isinstance(node, ast.Call))  # fmt: skip
        titles = isinstance(statement, ast.Assign) and getattr(statement.targets[0], "id", "") == "titles"
        if isinstance(statement, (ast.Import, ast.ImportFrom)) or draws or titles or (by_hand and not function):
            continue
        kept.append(part)
    if (
        not {root(node.func) for part in kept for node in ast.walk(ast.parse(part)) if isinstance(node, ast.Call)}
        - SETTING_UP
    ):
        return ""
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip("\n")


def described(source, most=96):
    """Code whose functions' descriptions stand in lines of at most so many letters, for large type."""
    wrap = textwrap.TextWrapper(most, subsequent_indent=" " * 7)
    return "\n".join("\n".join(wrap.wrap(line)) if '"""' in line else line for line in source.splitlines())


def parts(source):
    """Code in parts of a slide's length, cut at blank lines, or else before the least indented line."""
    text = source.splitlines()
    while len(text) > MOST:
        places = [i for i in range(4, MOST + 1) if not text[i].strip()]
        places = places or [i for i in range(MOST // 2, MOST + 1) if text[i].lstrip()[:1] not in tuple(")]}")]
        cut = min(reversed(places), key=lambda i: len(text[i]) - len(text[i].lstrip()))
        yield "\n".join(text[:cut]).strip("\n")
        text = text[cut:]
    yield "\n".join(text).strip("\n")


def defines(source):
    """Whether code has more to say than how a picture or a number was got: it defines something, or trains."""
    return bool(re.search(r"(?m)^(def|class) |\.backward\(\)", source))


def code(cell, brief):
    """The pieces of a code cell."""
    widget = any(WIDGET in output.get("data", {}) for output in cell.outputs)
    source = "" if widget or "picture-only" in cell.metadata.get("tags", []) else taught(cell.source)
    pictures_made = any("image/jpeg" in output.get("data", {}) for output in cell.outputs)
    if brief and not defines(source) and (pictures_made or source.count("\n") > 4):
        source = ""
    for part in parts(described(source)) if source else ():
        yield Piece("code", nbformat.v4.new_code_cell(part), height("code", part))
    for output in cell.outputs:
        piece = nbformat.v4.new_code_cell(outputs=[copy.deepcopy(output)])
        piece.metadata.transient = {"remove_source": True}  # nbconvert's word for: outputs only
        if "image/jpeg" in output.get("data", {}):
            about = output.metadata["image/jpeg"]
            for live in about.get("live", []):
                one = nbformat.v4.new_code_cell(outputs=copy.deepcopy(piece.outputs), metadata=dict(piece.metadata))
                one.outputs[0].metadata["image/jpeg"]["live"] = [live]
                yield Piece("figure", one, FIGURE + 100)
            if "live" not in about:
                wide = about["width"] / about["height"]
                tall = FIGURE if wide < WIDE else min(380, max(FIGURE, 860 / wide))  # the first has its words beside it
                picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(output.data["image/jpeg"]))).convert("RGB"))
                if is_table(pictures(picture), list(rows_of(picture))):
                    tall = ROOM  # of many small pictures: a slide of its own
                yield Piece("figure", piece, round(tall), wide)
        else:
            text = PROGRESS.sub("", output.get("text") or output.data["text/plain"]).rstrip().splitlines()
            if not text:
                continue
            if "text" in output:
                piece.outputs[0].text = "\n".join(text[:MOST] + ["…"] * (len(text) > MOST))
            yield Piece("printed", piece, lines("\n".join(text[:MOST]), CODE_LETTERS) * CODE_LINE + 20)


# Slides


def deal(notebook, cover, notes, brief=False):
    """The slides of a notebook. ``notes``: what TEACHING.md says, for the first one."""
    name, promise = notebook.cells[0].source.split("\n\n")[:2]
    about = COVER_IMAGE.search(notebook.cells[0].source)
    front = new(f'<img src="{cover}" alt="{html.escape(about[1]) if about else name}">\n\n{name}\n\n{promise}')
    slides, section = [Slide("", [Piece("text", front, 0)], [notes], "title")], title(notebook)
    ahead = []  # said at the section's beginning, for its first slide

    def add(piece, fresh=False):
        if fresh or slides[-1].heading != section or not slides[-1].takes(piece):
            slides.append(Slide(section, notes=ahead[:]))
            ahead.clear()
        slides[-1].pieces.append(piece)

    for cell in notebook.cells[1:]:
        tags = cell.metadata.get("tags", [])
        kind = cell.metadata.get("slideshow", {}).get("slide_type", "-")
        if cell.cell_type == "code":
            if any(tag.startswith("exercise-") for tag in tags):
                if not brief:
                    add(
                        Piece(
                            "code", nbformat.v4.new_code_cell(described(cell.source, 66)), height("code", cell.source)
                        )
                    )
                slides[-1].notes.append("Named `" + tags[0].removeprefix("exercise-") + "` in TEACHING.md.")
            elif kind != "skip" and not cell.metadata.get("jupyter", {}).get("source_hidden"):
                for piece in code(cell, brief):
                    add(piece)
            continue
        if kind in ("skip", "notes"):
            slides[-1].notes += [cell.source] * (kind == "notes")
            continue
        if cell.source.startswith("> **You will**"):
            goals, _, rest = re.sub(r"(?m)^> ?", "", cell.source).partition("\n\n")
            section = "You will"
            add(Piece("text", new(goals.partition("\n")[2]), 0), fresh=True)
            slides[-1].notes.append(rest)
            section = title(notebook).partition(" · ")[2]
            continue
        for what, text in markdown(cell.source):
            if what == "heading":
                section = text
            elif what == "said":
                (slides[-1].notes if slides[-1].heading == section else ahead).append(text)
            elif what == "exercise":
                heading, text = EXERCISE.match(text).groups()
                section = "Exercises" if brief else f"Exercise {heading}"
                shown = f"**{heading}.** {text}" if brief else text
                add(Piece("question", new(shown), height("text", shown)), fresh=not brief)
            elif what == "question":
                shown, tall = f'<p class="question">{text}</p>', height("text", text) + 20
                add(Piece("question", new(shown), tall), fresh=True)
            elif what == "picture":
                add(Piece("figure", new(text), FIGURE, 1.6))
            elif what in ("text", "notice") and not re.search(r"(?m)^(- |\d+\. |> )", text):
                shown = short(text)
                add(Piece(what, new(shown), height("text", shown)))
                if shown != text:
                    slides[-1].notes.append(text)
            else:
                add(Piece(what, new(text), height(what, text)))
    slides[-1].notes += ahead
    ended(slides, brief)
    slides = [slide for slide in joined(slides) if slide.pieces]
    finish(slides)
    return slides if brief or len(slides) <= LONG else deal(notebook, cover, notes, brief=True)


def joined(slides):
    """No sentence stands alone, no picture without its words, as far as there is room."""
    for slide, after in zip(slides, slides[1:]):
        if slide.heading != after.heading or not slide.pieces:
            continue
        kinds = [[piece.kind for piece in it.pieces] for it in (slide, after)]
        if kinds == [["figure"], ["figure", "notice"]] and not slide.pieces[0].wide and not after.pieces[0].wide:
            slide.pieces.append(after.pieces.pop())  # of two controls of one cell, the first is what it is about
        if after.pieces[0].kind == "notice":  # what is to be noticed comes along
            while slide.pieces and comes_along(slide, after):
                after.pieces.insert(0, slide.pieces.pop())
        if [piece.kind for piece in slide.pieces] == ["code"] and after.pieces[0].kind in ("figure", "printed"):
            lone(slide, after)
        elif [piece.kind for piece in slide.pieces] == ["text"] and slide.tall() <= 2 * LINE + 12:
            if slide.tall() + after.tall() <= ROOM:
                after.pieces[:0] = slide.pieces
            else:
                after.notes.insert(0, slide.pieces[0].cell.source)
            slide.pieces = []
        if not slide.pieces:
            after.notes[:0] = slide.notes
    return slides


def lone(slide, after):
    """A line or two that lead to a picture or a number stand above it, or are said."""
    code = slide.pieces[0].cell.source
    most = 1 if after.has("notice") else 3
    if slide.tall() > most * CODE_LINE + 40 or defines(code):
        return
    figures = [piece for piece in after.pieces if piece.kind == "figure"]
    least = after.tall() + sum(FIGURE - piece.tall for piece in figures)
    if all(piece.wide >= WIDE for piece in figures) and slide.tall() + least <= ROOM:
        after.pieces[:0] = slide.pieces
    else:
        after.notes.insert(0, f"```python\n{code}\n```")
    slide.pieces = []


def ended(slides, brief):
    """What is said at the end of the deck, in brief of every section, after all pictures, needs no slide of its own."""
    for slide, last, after in zip(slides, slides[1:], [*slides[2:], Slide("")]):
        alone = [piece.kind for piece in last.pieces] == ["text"] and last.tall() <= 4 * LINE + 12
        if alone and slide.heading == last.heading != after.heading and (brief or not after.heading):
            slide.notes += [last.pieces.pop().cell.source, *last.notes]
    slides[:] = [slide for slide in slides if slide.pieces]


def finish(slides):
    """Sentences that lead to something which is not on the slides end there; pictures without words have them said."""
    for slide, after in zip(slides, [*slides[1:], Slide("")]):
        last = slide.pieces[-1]
        leads = after.heading == slide.heading and after.has("code", "figure", "printed", "math", "table")
        if last.kind in ("text", "notice") and not slide.has("figure", "code") and not leads:
            last.cell.source = re.sub(":$", ".", last.cell.source)
        if not slide.has("text", "notice"):
            outputs = [output for piece in slide.pieces for output in piece.cell.get("outputs", [])]
            shown = [output.metadata["image/jpeg"] for output in outputs if "image/jpeg" in output.get("data", {})]
            slide.notes += [about["alt"] for about in shown]


def comes_along(slide, after):
    """Whether a slide's last piece belongs to the notice that begins the next one."""
    last = slide.pieces[-1]
    lead = last.kind == "text" and slide.tall() < 100 and after.has("figure")
    return lead or last.kind in ("figure", "printed")


def cells(slides, name):
    """The deck as cells, with what stands before and after each on the page."""
    for slide in slides:
        figure = next((piece for piece in slide.pieces if piece.kind == "figure"), None)
        beside = slide.beside() and len(slide.pieces) > 1
        pieces = sorted(slide.pieces, key=lambda piece: piece is not figure) if beside else slide.pieces
        look = slide.look or ("beside" if beside else "shows" if figure else "tells")
        heading = new_heading(slide.heading) if slide.heading else ""
        for piece in pieces:
            about = piece.cell.metadata
            about.before, about.after = f'<div class="{piece.kind}">', "</div>"
            if piece.kind == "answer":
                about.before = '<div class="answer fragment">'
        pieces[0].cell.metadata.before = (
            f'<section><div class="slide {look}">{heading}' + pieces[0].cell.metadata.before
        )
        if beside:
            pieces[1].cell.metadata.before = '<div class="words">' + pieces[1].cell.metadata.before
            pieces[-1].cell.metadata.after += "</div>"
        pieces[-1].cell.metadata.after += f'</div><p class="where">{name}</p>\n'
        yield from (piece.cell for piece in pieces)
        notes = new("\n\n".join(slide.notes))
        notes.metadata |= {"before": '<aside class="notes">', "after": "</aside></section>\n"}
        yield notes


def new_heading(text):
    text = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"\*([^*]+)\*", r"<em>\1</em>", text)
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", text)
    return f"<h2>{text}</h2>\n"


def teacher(notebook):
    """What TEACHING.md says about a notebook: its own section, and its rows in the plans."""
    text, number = (ROOT / "TEACHING.md").read_text(encoding="utf-8"), title(notebook).split(" ")[0]
    own = re.search(rf"(?ms)^### {number} · .*?\n(.*?)(?=^#)", text)
    rows = [[it.strip() for it in row.strip("|").split("|")] for row in re.findall(r"(?m)^\|.*\|$", text)]
    plans = [f"**In {row[0].replace('*', '')} min**: {'. '.join(it for it in row[2:] if it)}" for row in rows
             if len(row) == 4 and re.match(rf"{number}\b", row[1])]  # fmt: skip
    return "\n\n".join([own[1] if own else "", *plans])


def strips(source, path):
    """The first slide's picture: up to four of the largest on the notebook's cover, side by side without paper."""
    found = COVER_IMAGE.search(read(source).cells[0].source)
    figure = np.asarray(Image.open(source.parent / found[2] if found else PLAIN).convert("RGB"))
    boxes = [part for box in pictures(figure) for part in columns(figure, box)] or [(0, 0, *figure.shape[1::-1])]
    largest = max(width * height for *_, width, height in boxes)
    boxes = [box for box in boxes if box[2] * box[3] > 0.8 * largest]
    boxes = boxes[:: -(-len(boxes) // 4)]
    cover = Image.new("RGB", COVER)
    for number, (left, top, width, height) in enumerate(sorted(boxes)):
        part = Image.fromarray(figure[top : top + height, left : left + width])
        at, after = (round(COVER[0] * place / len(boxes)) for place in (number, number + 1))
        cover.paste(ImageOps.fit(part, (after - at, COVER[1])), (at, 0))
    path.parent.mkdir(exist_ok=True)
    cover.save(path, quality=85)


def columns(figure, box):
    """The boxes of pictures that stand close together in a box."""
    left, top, width, height = box
    inked = (least(figure[top : top + height, left : left + width]) < PAPER).mean(axis=0) > 0.5
    return [(left + start, top, stop - start, height) for start, stop in spans(inked, 3, 16)]


def copy_reveal(folder):
    """reveal.js as the package sphinx-revealjs carries it, for its files alone: Sphinx is not imported."""
    source = Path(find_spec("sphinx_revealjs").origin).parent / "_static" / "revealjs"
    for name in ("dist/reveal.js", "dist/reveal.css", "plugin/notes/notes.js", "plugin/zoom/zoom.js", "LICENSE"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / name, folder / name)


def main(folder, moving=MOVING):
    found = frames(moving)
    fresh(folder, "code.css", "slides.css")
    shutil.copyfile(Path(__file__).parent / "site" / "deck.js", folder / "deck.js")
    copy_reveal(folder / "reveal.js")
    exporter = Exporter("slides")
    places = {source: Path(f"{source.stem}.html") for source in NUMBERED}
    cards = []
    for source in NUMBERED:
        notebook = read(source, found.get(source), folder)
        name = title(notebook)
        cover = f"covers/{source.stem}.jpg"
        strips(source, folder / cover)
        slides = deal(notebook, cover, teacher(notebook))
        cards.append(CARD.format(places[source], cover, name, len(slides)))
        notebook.cells = list(cells(slides, name))
        exporter.write(Page(source, places[source], places, dark=False), notebook, folder, title=name)
    (folder / "index.html").write_text(INDEX.format("".join(cards)), encoding="utf-8")
    print(f"{len(cards)} decks: {folder / 'index.html'}")


CARD = '<li><a href="{}"><img src="{}" alt=""><strong>{}</strong><span>{} slides</span></a></li>\n'
INDEX = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Slides: neural style transfer, hands on</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="code.css"><link rel="stylesheet" href="slides.css"></head>
<body class="index"><main><h1>Neural style transfer, hands on</h1>
<p>One deck per notebook. → next, S speaker’s notes, O overview, F full screen, Alt + click zooms.</p>
<ul>{}</ul></main></body></html>
"""


if __name__ == "__main__":
    target, *names = sys.argv[1:] or [ROOT / "build" / "slides"]
    main(Path(target), [path for path in MOVING if path.stem in names] if names else MOVING)
