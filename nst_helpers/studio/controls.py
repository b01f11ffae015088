"""The studio's parts in the browser: one small widget per concern, each with one ``value``. Their pages are the .js files."""

from pathlib import Path

import anywidget
import traitlets as t

HERE = Path(__file__).parent
COMMON = (HERE / "common.js").read_text(encoding="utf-8")
STYLES = (HERE / "styles.css").read_text(encoding="utf-8")


def page(name):
    """The text of a .js file, with what they all share before it."""
    return COMMON + (HERE / f"{name}.js").read_text(encoding="utf-8")


def synced(kind, *default, **more):
    return kind(*default, **more).tag(sync=True)


class Part(anywidget.AnyWidget):
    """A part with a ``value``. A sentence in ``error`` is said beside it, near what ``error_at`` names.

    The page writes into the document as text only, never as HTML. After each message it expects an answer, so that it can say
    when nobody is there any more.
    """

    _css = synced(t.Unicode, STYLES)
    error, error_at = synced(t.Unicode), synced(t.Unicode)

    def __init__(self, act=None, **traits):
        """``act(content, buffers)`` gets the page's messages."""
        super().__init__(**traits)
        self.act = act or (lambda content, buffers: None)
        self.on_msg(self._heard)

    def _heard(self, widget, content, buffers):
        if content.get("ping"):
            self.send({"pong": content["ping"]})
        else:
            self.act(content, buffers)


class Strip(Part):
    """Pictures to choose from, and a place to drop another; ``value``: the id of the chosen one.

    ``items``: dictionaries with ``id``, ``label``, ``title`` and ``thumb`` (JPEG bytes). ``columns``: 0 for one row.
    """

    _esm = synced(t.Unicode, page("strip"))
    value, items = synced(t.Unicode), synced(t.List)
    label, role, columns = synced(t.Unicode), synced(t.Unicode), synced(t.Int, 0)
    heads = synced(t.List)
    upload = synced(t.Bool, True)


class Stage(Part):
    """The painting. ``value``: its JPEG bytes. Wiping, replaying and saving happen in the browser.

    ``under``: JPEG bytes of what is wiped against, named ``under_label``. ``frames``, ``steps``: JPEG bytes of steps on the
    way, and their numbers. ``state``: ``running``, ``step``, ``total``, ``note``, ``more`` (whether it can continue).
    """

    _esm = synced(t.Unicode, page("stage"))
    value, under, under_label = synced(t.Bytes), synced(t.Bytes), synced(t.Unicode, "photo")
    state, alt, busy = synced(t.Dict), synced(t.Unicode), synced(t.Bool, False)
    frames, steps = synced(t.List), synced(t.List)


class Form(Part):
    """Named controls in rows. ``value``: a dictionary by name. ``fields``: what they are (form.js lists the kinds)."""

    _esm = synced(t.Unicode, page("form"))
    value, fields = synced(t.Dict), synced(t.List)
    label = synced(t.Unicode)


class Kept(Part):
    """The kept runs. ``value``: the number of the run shown. ``against``: the one it is wiped against, or 0.

    ``items``: dictionaries with ``id``, ``title``, ``thumb``, ``pinned``, ``steered``.
    """

    _esm = synced(t.Unicode, page("kept"))
    value, against = synced(t.Int, 0), synced(t.Int, 0)
    items = synced(t.List)


class Layers(Part):
    """VGG-19 as a control. ``value``: ``{"content": [names], "style": {name: weight}}``.

    ``svg``: the diagram. The page asks what a layer sees by ``{"peek": name}``; the answer is a message of pictures.
    """

    _esm = synced(t.Unicode, page("layers"))
    value, svg = synced(t.Dict), synced(t.Unicode)


class Fold(Part):
    """Buttons that open one of several drawers each. ``value``: the open drawer's name, or nothing.

    The browser shows and hides; the parts of a drawer carry the class ``nst-drawer-NAME``.
    """

    _esm = synced(t.Unicode, page("fold"))
    value, names = synced(t.Unicode), synced(t.Dict)


class Chart(Part):
    """A drawing. ``value``: SVG made by this package; no text of anybody else goes into it."""

    _esm = synced(t.Unicode, page("chart"))
    value = synced(t.Unicode)
