"""How the studio looks: its parts, how they are put together (styles.css does the rest), and how choices get there."""

import base64
import functools
import uuid
import weakref
from types import SimpleNamespace

import ipywidgets as W
from IPython import get_ipython

from ..images import jpeg
from . import controls as C
from .choices import FINER
from .drawing import thumbnail

DRAWERS = {"layers": "Layers", "losses": "Weights and losses", "expert": "Expert"}
HANDLED = ("content", "style", "mood", "losses", "expert", "layers", "kept")  # parts whose value a hand moves
LOSSES = ("content_weight", "style_weight", "tv_weight", "style_loss")
EXPERT = ("num_epochs", "start", "seed", "optimizer", "lr", "lr_decay_epoch", "precision")


def build(act):
    """The parts by name, and ``grid``, the widget they lie in. ``act(name, content, buffers)`` gets their messages."""
    act = functools.partial(functools.partial, act)
    parts = {
        "content": C.Strip(act("content"), label="photos", role="photo"),
        "style": C.Strip(act("style"), label="paintings", role="painting"),
        "stage": C.Stage(act("stage")),
        **{name: C.Form(act(name), name=name) for name in ("mood", "losses", "expert")},
        "kept": C.Kept(act("kept")),
        "fold": C.Fold(names=DRAWERS),
        "layers": C.Layers(act("layers")),
        "chart": C.Chart(),
    }
    for name, drawer in {"layers": "layers", "losses": "losses", "chart": "losses", "expert": "expert"}.items():
        parts[name].add_class("nst-drawer").add_class(f"nst-drawer-{drawer}")
    for name, part in parts.items():
        part.add_class(f"nst-at-{name}")
    order = ["content", "stage", "style", "mood", "kept", "fold", "layers", "losses", "chart", "expert"]
    return SimpleNamespace(**parts, grid=W.Box([parts[name] for name in order]).add_class("nst-grid"))


def fill(parts, choices, album, asked=""):
    """Put choices on the controls. What stays as it is sends nothing."""
    s = choices.settings
    for role in ("content", "style"):
        strip, one = getattr(parts, role), getattr(choices, role)
        pictures = album.strip(role)
        seen = [(each, id(album.image(each))) for each in pictures]
        if getattr(strip, "seen", None) != seen:
            strip.seen, strip.items = seen, [_item(each, album.image(each)) for each in pictures]
        strip.value = one.id
    parts.mood.value = {"balance": choices.balance, "stroke": choices.stroke, "finer": choices.size >= FINER}
    parts.losses.value = {name: getattr(s, name) for name in LOSSES}
    parts.expert.value = {name: getattr(s, name) for name in EXPERT} | {
        "size": choices.size,
        "weights": choices.weights,
    }
    parts.expert.asked = asked[:100]
    parts.layers.value = {"content": list(s.content_layers), "style": choices.layer_weights()}
    for name in HANDLED:
        getattr(parts, name).error = ""


def _item(one, img):
    label = one.name.replace("_", " ") if one.kind == "sample" else one.name
    return {"id": one.id, "label": label[:40], "title": (one.path or label)[:200], "thumb": jpeg(thumbnail(img), 85)}


def kept_items(runs):
    """Kept runs as their strip shows them."""
    return [
        {"id": run.number, "title": run.title, "pinned": run.pinned, "thumb": jpeg(thumbnail(run.image), 85)}
        for run in runs
    ]


def bundle(widget, still, words):
    """Display data of a widget, with a picture for where widgets do not run."""
    data = widget._repr_mimebundle_()
    return {**data, "text/plain": words, "image/jpeg": base64.b64encode(jpeg(still, 85)).decode()}


def close(widget):
    """Close a widget and all in it, with the layouts and styles that ipywidgets would leave."""
    for child in getattr(widget, "children", ()):
        close(child)
    for own in ("layout", "style"):
        if isinstance(getattr(widget, own, None), W.Widget):
            getattr(widget, own).close()
    widget.close()


_OPEN = {}  # cell id → (execution, what it opened)


def take_over_cell(opened):
    """Close what an earlier run of this notebook cell left working. Returns the id for the new one's widget.

    The id follows from the cell, so that a page that is loaded again before it was saved still finds its panel.
    """
    kernel = getattr(get_ipython(), "kernel", None)
    parent = kernel.get_parent() if kernel else {}
    cell, execution = parent.get("metadata", {}).get("cellId"), parent.get("header", {}).get("msg_id")
    if not cell:
        return None
    before, panels = _OPEN.get(cell, (None, []))
    if before != execution:
        for old in filter(None, (reference() for reference in panels)):
            old.close()
        panels = []
    _OPEN[cell] = execution, [*panels, weakref.ref(opened)]
    return uuid.uuid5(uuid.NAMESPACE_OID, f"nst studio {cell} {len(panels)}").hex
