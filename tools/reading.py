"""What the site and the slides share: notebooks as HTML that needs no network.

Formulas become MathML when the page is built, links between notebooks become links between pages, and pictures get
their alt texts: a code cell's metadata `alt` is a list that says what each of its figures shows.
"""

import base64
import html
import io
import json
import os
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import numpy as np
from figures import in_the_dark, pictures
from jinja2 import pass_context
from latex2mathml.converter import convert
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from PIL import Image
from traitlets.config import Config

ROOT = Path(__file__).resolve().parents[1]
TEMPLATES = Path(__file__).parent / "templates"
NUMBERED = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
MOVING = [*NUMBERED, ROOT / "notebooks" / "studio.ipynb"]  # notebooks with sliders
COVERS = re.compile(r"images/(covers/|gallery)")  # figures on white paper
DARK = ".dark.jpg"  # how they are named as in the dark
SHOWN = ["text/html", "text/markdown", "image/jpeg", "text/plain"]  # of a widget, the still picture stored beside it
CONFIG = Config(
    {
        "NbConvertBase": {"display_data_priority": SHOWN},
        "ExtractOutputPreprocessor": {"enabled": True},  # pictures into files of their own
        "TagRemovePreprocessor": {"enabled": True, "remove_cell_tags": {"selftest"}},
    }
)


@dataclass
class Page:
    """One page to write: from which file, to which place below the output folder, among which other pages."""

    source: Path
    target: Path
    places: dict  # source -> target of every page
    dark: bool = True  # whether it has a look in the dark
    used: set = field(default_factory=set)  # the project's pictures on it
    sections: list = field(default_factory=list)  # (anchor, heading) of its parts, known once it is rendered

    def address(self, url):
        """Where a link or picture of the notebook is from this page; ``None`` if that is not among the pages."""
        path, _, anchor = url.partition("#")
        if "://" in url or not path:
            return url
        source = (self.source.parent / path).resolve()
        if source in self.places:
            target = self.places[source]
        elif source.is_file() and source.is_relative_to(ROOT / "images"):
            self.used.add(source)
            target, anchor = source.relative_to(ROOT), ""
        else:
            return None
        return os.path.relpath(target, self.target.parent).replace(os.sep, "/") + (f"#{anchor}" if anchor else "")


class Renderer(IPythonRenderer):
    """Markdown to HTML, as nbconvert does it, but for formulas, links, headings and tables."""

    def __init__(self, page):
        super().__init__(escape=False)
        self.page = page

    def block_math(self, body):  # wide formulas, tables and code scroll in their own boxes, also by keyboard
        return f'<span class="formula" tabindex="0">{mathml(body, "block")}</span>'

    def inline_math(self, body):
        return mathml(body, "inline")

    def latex_environment(self, name, body):
        return self.block_math(f"\\begin{{{name}}}{body}\\end{{{name}}}")

    def link(self, text, url, title=None):
        address = self.page.address(url)
        return text if address is None else super().link(text, address, title)  # no page for it: plain text

    def image(self, text, url, title=None):
        address = self.page.address(url) or url
        image = super().image(text, address, title)
        if not (self.page.dark and COVERS.search(address)):
            return apart(image)
        dark = address.replace(".jpg", DARK)
        return f'<picture><source media="(prefers-color-scheme: dark)" srcset="{dark}">{image}</picture>'

    def block_html(self, html):
        return super().block_html(self.addresses(html))

    def inline_html(self, html):
        return super().inline_html(self.addresses(html))

    def addresses(self, html):
        return apart(re.sub(r'(?<=src=")[^"]+', lambda found: self.page.address(found[0]) or found[0], html))

    def heading(self, text, level, **attributes):
        words = html.unescape(re.sub("<[^>]+>", "", text))
        anchor = html.escape(words.replace(" ", "-"))  # as JupyterLab makes them, so that links work in both
        if level == 2:
            self.page.sections.append((anchor, text))
        link = f'<a class="anchor" href="#{anchor}" aria-label="Link to “{html.escape(words)}”">#</a>'
        return f'<h{level} id="{anchor}">{text} {link}</h{level}>\n'

    def table(self, text):
        return f'<div class="table" tabindex="0"><table>{text}</table></div>\n'

    def task_list_item(self, text, checked=False):  # a box that nobody can tick should not look like a control
        return f"<li>{'☑' if checked else '☐'} {text}</li>\n"

    def block_code(self, code, info=None):
        return f'<div class="code" tabindex="0" role="group" aria-label="Code">{super().block_code(code, info)}</div>\n'


def apart(html):
    """Drawings with small labels in a box of their own, in which they scroll on a phone."""
    return re.sub(r'<img[^>]+\.svg"[^>]*>', r'<span class="diagram" tabindex="0">\g<0></span>', html)


def mathml(formula, display):
    r"""A formula as MathML. The converter wants braces in ``\mathbf X``, and stretches ``|`` and ``\big(`` oddly."""
    formula = re.sub(r"(\\math(?:bf|bb|cal|rm))\s*([A-Za-z])(?![A-Za-z])", r"\1{\2}", formula.strip())
    text = convert(re.sub(r"\\[bB]ig(?![a-z])", "", formula), display=display)
    if display == "block":
        text = re.sub(r"<msub>(<mo>(?:min|max)</mo>.*?)</msub>", r"<munder>\1</munder>", text)
    return re.sub(r"<mo[^>]*>(?=(\||&#x0007C;)</mo>)", '<mo lspace="0" rspace="0" stretchy="false">', text)


class Reading:
    """Mixed into nbconvert's exporters; ``write`` puts a page and its pictures into a folder."""

    def __init__(self, template, **options):
        folders = {"extra_template_basedirs": [str(TEMPLATES)], "extra_template_paths": [str(TEMPLATES)]}
        super().__init__(config=CONFIG, template_name=template, **folders, **options)

    @pass_context
    def markdown2html(self, context, source):
        return MarkdownWithMath(renderer=Renderer(context["resources"]["page"])).render(source)

    def write(self, page, notebook, folder, **resources):
        name = page.target.stem
        resources |= {"page": page, "unique_key": name, "output_files_dir": f"{name}_files"}
        resources["metadata"] = {"name": name, "path": str(page.source.parent)}
        text, resources = self.from_notebook_node(notebook, resources)
        path, page = folder / page.target, resources["page"]  # the exporter works on copies
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        for file, content in resources["outputs"].items():
            (path.parent / file).parent.mkdir(exist_ok=True)
            (path.parent / file).write_bytes(content)
        copy(page.used, folder)
        for source in page.used:
            if page.dark and COVERS.search(source.as_posix()):
                figure = np.asarray(Image.open(source).convert("RGB"))
                dark = Image.fromarray(in_the_dark(figure, pictures(figure)))
                dark.save((folder / source.relative_to(ROOT)).with_suffix(DARK), quality=85)


def copy(sources, folder):
    """The project's own pictures, under the names they have here."""
    for source in sources:
        target = folder / source.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def fresh(folder, *styles):
    """Empty the folder and put the style sheets there: nothing of an earlier build is left."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for style in styles:
        shutil.copyfile(TEMPLATES / style, folder / style)
    for name in ("live.css", "live.js"):
        shutil.copyfile(Path(__file__).parent / "site" / name, folder / name)


def title(notebook):
    """The heading of a notebook's first cell."""
    return notebook.cells[0].source.splitlines()[0].removeprefix("# ")


def read(path, moving=None, folder=None):
    """A notebook (or a page of markdown, as a notebook of one cell) ready to be shown.

    ``moving``: where its cells' frames are kept, as ``frames.frames`` says; they are copied below the output folder.
    """
    if path.suffix == ".md":
        cell = nbformat.v4.new_markdown_cell(path.read_text(encoding="utf-8"))
        return nbformat.v4.new_notebook(cells=[cell])
    notebook = nbformat.read(path, as_version=4)
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            cell.outputs = together(cell.outputs)
            cell.source = re.sub(r"^# NBVAL.*\n", "", cell.source)  # said to the tests, not to readers
            describe(cell)
            if number in (moving or {}):
                enliven(cell, moving[number], folder)
    return notebook


def together(outputs):
    """Outputs in which what was printed in a row is one."""
    joined = []
    for output in outputs:
        if joined and output.output_type == joined[-1].output_type == "stream" and output.name == joined[-1].name:
            joined[-1].text += output.text
        else:
            joined.append(output)
    return joined


def describe(cell):
    """Give each picture of a code cell its alt text and its size on the page."""
    pictures = [output for output in cell.outputs if "image/jpeg" in output.get("data", {})]
    texts = cell.metadata.get("alt") or ["Figure drawn by the code above"]
    for number, output in enumerate(pictures):
        about = output.metadata.setdefault("image/jpeg", {})
        about["alt"] = texts[min(number, len(texts) - 1)]
        if "width" not in about:  # stills of widgets; our pictures have 1.5 pixels per CSS pixel
            width, height = Image.open(io.BytesIO(base64.b64decode(output.data["image/jpeg"]))).size
            about["width"], about["height"] = round(width / 1.5), round(height / 1.5)


def enliven(cell, kept, folder):
    """Tell a cell's picture about the frames that were computed for it, and copy them into the pages' folder."""
    lives = []
    for source in kept:
        live = json.loads((source / "live.json").read_text(encoding="utf-8"))
        for picture in [*live["sprites"], *(one["thumbs"] for one in live["controls"] if "thumbs" in one)]:
            picture["file"] = f"frames/{source.name}/{picture['file']}"
        ignored = shutil.ignore_patterns("*.json")
        shutil.copytree(source, folder / "frames" / source.name, dirs_exist_ok=True, ignore=ignored)
        lives.append(live)
    for output in cell.outputs:
        if "image/jpeg" in output.get("data", {}):
            output.metadata["image/jpeg"]["live"] = lives
