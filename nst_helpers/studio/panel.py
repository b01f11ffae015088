"""How the studio looks: its parts, how they are put together (styles.css does the rest), and how choices get there."""

import functools
from types import SimpleNamespace

import ipywidgets as W
from PIL import ImageOps

from ..figures import PALETTE, contact_sheet
from ..images import jpeg, thumbnail
from . import controls as C
from .choices import ROLES

DRAWERS = {"layers": "Layers", "losses": "Weights and losses", "expert": "Expert", "compare": "Compare"}
MOOD = ("balance", "stroke", "size")
LOSSES = ("content_weight", "style_weight", "tv_weight", "style_loss")
KEPT = ("title", "pinned", "thumb")
EXPERT = ("num_epochs", "start", "seed", "optimizer", "lr", "lr_decay_epoch", "precision")


def build(act):
    """The parts by name, and ``grid``, the widget they lie in. ``act(name, content, buffers)`` gets their messages."""
    act = functools.partial(functools.partial, act)
    parts = {  # in the order of the page
        "content": C.Strip(act("content"), label="photos", role="photo"),
        "stage": C.Stage(act("stage")),
        "style": C.Strip(act("style"), label="paintings", role="painting"),
        "mood": C.Form(act("mood"), name="mood"),
        "kept": C.Kept(act("kept")),
        "fold": C.Fold(names=DRAWERS),
        "layers": C.Layers(act("layers")),
        "losses": C.Form(act("losses"), name="losses"),
        "chart": C.Chart(),
        "expert": C.Form(act("expert"), name="expert"),
        "compare": C.Form(act("compare"), name="compare"),
        "sheet": C.Strip(act("sheet")),
    }
    for name, part in parts.items():
        part.add_class(f"nst-at-{name}")
        if (drawer := {"chart": "losses", "sheet": "compare"}.get(name, name)) in DRAWERS:
            part.add_class("nst-drawer").add_class(f"nst-drawer-{drawer}")
    return SimpleNamespace(**parts, grid=W.Box(list(parts.values())).add_class("nst-grid"))


def values(choices):
    """What the controls say of some choices: the parts' values by name."""
    s = choices.settings
    return {
        "content": choices.content.id,
        "style": choices.style.id,
        "mood": {**{name: getattr(choices, name) for name in MOOD}, "instant": choices.not_instant or choices.instant},
        "layers": {f"{role}_layers": s.layer_weights(role) for role in ROLES},
        "losses": {name: getattr(s, name) for name in LOSSES},
        "expert": {**{name: getattr(s, name) for name in EXPERT}, "size": choices.size, "weights": choices.weights},
    }


def fill(parts, said, album, runs, asked=None):
    """Put ``said``, by ``values``, on the controls, and kept runs; ``asked`` on a button. Only changes are sent."""
    for role in ROLES:
        strip, pictures = getattr(parts, role), [(one, album.image(one)) for one in album.strip(role)]
        seen = [(one, id(img)) for one, img in pictures]
        if getattr(strip, "seen", None) != seen:
            strip.seen, strip.items = seen, [_item(one, img) for one, img in pictures]
    for name, value in said.items():
        getattr(parts, name).value = value
        getattr(parts, name).error = ""
    parts.expert.asked, parts.kept.error = asked.weights[:100] if asked else "", ""
    fill_kept(parts, runs)


def fill_kept(parts, runs):
    parts.kept.items = [{"id": run.number, **{name: getattr(run, name) for name in KEPT}} for run in runs]


def _item(one, img):
    label = one.name.replace("_", " ") if one.kind == "sample" else one.name
    return {"id": one.id, "label": label[:40], "title": (one.path or label)[:200], "thumb": jpeg(thumbnail(img), 85)}


def still(album, choices, picture):
    """The panel where widgets do not run: photographs left, paintings right, the painted picture large between them."""
    columns = []
    for role, height in zip(ROLES, (85, 62)):
        rows = []
        for one in album.strip(role):
            color = PALETTE["content"] if one == getattr(choices, role) else "white"
            rows.append([ImageOps.expand(thumbnail(album.image(one), 128, height), 3, color)])
        columns.append(contact_sheet(rows, height=height + 6))
    return contact_sheet([[columns[0], picture, columns[1]]], height=480)
