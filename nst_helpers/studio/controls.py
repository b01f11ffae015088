"""The studio's parts in the browser: widgets of one concern each, with one ``value``. Their pages are .js files."""

from pathlib import Path

import traitlets as t

from ..settings import CHOICES
from ..weights import SOURCES
from ..widgets import Page

HERE = Path(__file__).parent
COMMON, STYLES = ((HERE / name).read_text(encoding="utf-8") for name in ("common.js", "styles.css"))


def page(name):
    """The text of a part's page, after what all of them share."""
    return t.Unicode(COMMON + (HERE / f"{name}.js").read_text(encoding="utf-8")).tag(sync=True)


def synced(kind, *default):
    return kind(*default).tag(sync=True)


class Part(Page):
    """``act(content, buffers)`` gets the page's messages. What is in ``error`` is said near what ``error_at`` names.

    Pages write names and sentences as text, never as HTML. They ask for a sign of life with each message.
    """

    _css = synced(t.Unicode, STYLES)
    error, error_at = synced(t.Unicode), synced(t.Unicode)

    def __init__(self, act=None, **traits):
        super().__init__(**traits)
        self.act = act
        self.on_msg(self._heard)

    def _heard(self, widget, content, buffers):
        if content.get("ping"):
            self.send({"pong": True})
        elif self.act:
            self.act(content, buffers)


class Strip(Part):
    """Pictures to choose from. ``value``: the id of the chosen one. ``items``: ``id``, ``label``, ``title``, ``thumb``.

    With ``role`` there is a place to drop a file; without, it is a sheet. That with ``rows`` and ``columns`` (their
    heads) is a table: an item has its numbers of ``row`` and ``column`` there.
    """

    _esm = page("strip")
    value, items = synced(t.Unicode), synced(t.List)
    label, role, rows, columns = synced(t.Unicode), synced(t.Unicode), synced(t.List), synced(t.List)


class Stage(Part):
    """The painting. ``value``: its JPEG bytes. ``under``: those of what it is wiped against, named ``under_label``.

    ``frames``, ``steps``: JPEG bytes of steps on the way, and their numbers. ``state``: ``running``, ``step``,
    ``total``, ``note``, ``more`` (whether the run can continue).
    """

    _esm = page("stage")
    value, under, under_label = synced(t.Bytes), synced(t.Bytes), synced(t.Unicode, "photo")
    state, alt, frames, steps = synced(t.Dict), synced(t.Unicode), synced(t.List), synced(t.List)


class Form(Part):
    """Named controls. ``value``: theirs, by name. Which ones a form of this ``name`` has stands in form.js.

    ``menus``: the options of each menu. ``asked``: weights that a settings file asks for.
    """

    _esm = page("form")
    value, name, asked = synced(t.Dict), synced(t.Unicode), synced(t.Unicode)
    menus = synced(t.Dict, {**{name: list(them) for name, them in CHOICES.items()}, "weights": list(SOURCES)})


class Kept(Part):
    """Kept runs: ``items`` of ``id``, ``title``, ``thumb``, ``pinned``. ``value``, ``against``: those shown, or 0."""

    _esm = page("kept")
    value, against, items = synced(t.Int, 0), synced(t.Int, 0), synced(t.List)


class Layers(Part):
    """VGG-19 as a control. ``value``: ``content_layers`` and ``style_layers``, each a dictionary of their weights."""

    _esm = page("layers")
    value = synced(t.Dict)


class Fold(Part):
    """Buttons that open a drawer each: parts of the class ``nst-drawer-NAME``. ``value``: the open one's name."""

    _esm = page("fold")
    value, names = synced(t.Unicode), synced(t.Dict)


class Chart(Part):
    """Losses by step. ``value``: rows ``[step, content, style, tv, total]``. ``total``: the last step there will be."""

    _esm = page("chart")
    value, total = synced(t.List), synced(t.Int, 60)
