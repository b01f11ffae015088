"""How the studio looks: its parts, what their controls are, and how they lie on the page (styles.css does the rest)."""

from types import SimpleNamespace

import ipywidgets as W

from ..images import jpeg
from ..settings import CHOICES
from ..weights import SOURCES
from . import controls as C
from .choices import BALANCE, FINER, MOST_STEPS, SIZES, STROKES
from .drawing import loss_chart, thumbnail, vgg_diagram

DRAWERS = {"layers": "Layers", "losses": "Weights and losses", "expert": "Expert"}
WORDS = {"imagenet": "ImageNet (a download of 548 MB, once)", "embedded": "embedded (slim)", "random": "random",
         "lbfgs": "L-BFGS", "adam": "Adam", "gram": "Gram matrices"}  # fmt: skip


def menu(name, label, options):
    return {"name": name, "kind": "menu", "label": label, "options": [[WORDS.get(one, one), one] for one in options]}


def slider(name, label, low, high, step, **more):
    return {"name": name, "kind": "range", "label": label, "min": low, "max": high, "step": step, **more}


def mood_fields():
    return [
        slider("balance", "balance between photo and painting", *BALANCE, 0.05, ends=["photo", "painting"], silent=True),
        {"name": "surprise", "kind": "button", "label": "⚄ Surprise", "hint": "Surprise: another painting and other choices"},
        slider("stroke", "stroke size", STROKES[0], 2.5, 0.1, unit="×"),
        {"name": "finer", "kind": "check", "label": "finer (512 px)"},
    ]  # fmt: skip


def loss_fields():
    return [
        slider("content_weight", "content weight", -2, 3, 0.05, log=True),
        slider("style_weight", "style weight", 0, 8, 0.05, log=True),
        slider("tv_weight", "smoothness (TV) weight", -1, 4, 0.05, log=True),
        menu("style_loss", "style loss", CHOICES["style_loss"]),
    ]


def expert_fields(asked=""):
    question = [{"name": "use_asked", "kind": "button", "label": f"Use the weights {asked:.80}"}] if asked else []
    return question + [
        slider("num_epochs", "steps", 5, 500, 5),
        slider("size", "size of the painting, pixels", 96, SIZES[1], 16),
        menu("start", "start from", CHOICES["start"]),
        {"name": "seed", "kind": "number", "label": "seed of the noise", "min": 0, "max": 2**31 - 1},
        menu("optimizer", "optimizer", CHOICES["optimizer"]),
        slider("lr", "learning rate (Adam)", -3, 1, 0.05, log=True),
        {"name": "lr_decay_epoch", "kind": "number", "label": "rate × 0.8 every … steps (Adam)", "min": 1, "max": MOST_STEPS},
        menu("precision", "precision", CHOICES["precision"]),
        menu("weights", "VGG-19's weights", SOURCES),
        {"name": "content", "kind": "text", "label": "photo's file", "hint": "path of a picture, then Enter"},
        {"name": "style", "kind": "text", "label": "painting's file", "hint": "path of a picture, then Enter"},
        {"name": "weights_file", "kind": "text", "label": "weights file", "hint": "path of VGG-19 weights, then Enter"},
        {"name": "json", "kind": "file", "label": "Load settings …", "accept": ".json"},
        {"name": "save_json", "kind": "button", "label": "⤓ Settings", "hint": "Save these settings as a file (JSON)"},
    ]  # fmt: skip


def build(act):
    """All parts, and the ``root`` widget that holds them. ``act(name)(content, buffers)`` gets a part's messages."""
    parts = {
        "content": C.Strip(act("content"), label="photos", role="photo"),
        "style": C.Strip(act("style"), label="paintings", role="painting"),
        "stage": C.Stage(act("stage")),
        "mood": C.Form(act("mood"), label="main choices", fields=mood_fields()),
        "kept": C.Kept(act("kept")),
        "fold": C.Fold(names=DRAWERS),
        "layers": C.Layers(act("layers")),
        "losses": C.Form(act("losses"), label="weights and losses", fields=loss_fields()),
        "chart": C.Chart(value=loss_chart([], 60)),
        "expert": C.Form(act("expert"), label="expert choices", fields=expert_fields()),
    }
    for name, drawer in {"layers": "layers", "losses": "losses", "chart": "losses", "expert": "expert"}.items():
        parts[name].add_class("nst-drawer").add_class(f"nst-drawer-{drawer}")
    for name, part in parts.items():
        part.add_class(f"nst-at-{name}")
    grid = W.Box(list(parts.values())).add_class("nst-grid")
    return SimpleNamespace(**parts, grid=grid)


def item(picture, img):
    """A picture as a strip shows it."""
    label = picture.name if picture.kind != "sample" else picture.name.replace("_", " ")
    return {"id": picture.path or picture.name, "label": label[:40], "title": (picture.path or label)[:200],
            "thumb": jpeg(thumbnail(img), 85)}  # fmt: skip


def kept_item(run):
    return {"id": run.number, "title": run.title, "pinned": run.pinned, "steered": run.steered,
            "thumb": jpeg(thumbnail(run.image), 85)}  # fmt: skip


def close(widget):
    """Close a widget and all in it, with what ipywidgets would leave: layouts and styles."""
    for child in getattr(widget, "children", ()):
        close(child)
    for own in ("layout", "style"):
        if isinstance(getattr(widget, own, None), W.Widget):
            getattr(widget, own).close()
    widget.close()


HANDLED = ("content", "style", "mood", "losses", "expert", "layers", "kept")  # parts whose value a hand moves


def fill(parts, choices, album, asked):
    """Put choices on the controls. Traits that stay as they are send nothing."""
    s = choices.settings
    for role in ("content", "style"):
        strip, one = getattr(parts, role), getattr(choices, role)
        pictures = album.strip(role)
        pictures = pictures if one in pictures else [*pictures, one]
        seen = [(each, id(album.image(each))) for each in pictures]
        if getattr(strip, "seen", None) != seen:
            strip.seen, strip.items = seen, [item(each, album.image(each)) for each in pictures]
        strip.value = one.path or one.name
    parts.mood.value = {"balance": choices.balance, "stroke": choices.stroke, "finer": choices.size >= FINER}
    parts.losses.value = {name: getattr(s, name) for name in ("content_weight", "style_weight", "tv_weight", "style_loss")}
    names = ("num_epochs", "start", "seed", "optimizer", "lr", "lr_decay_epoch", "precision")
    own = {"size": choices.size, "weights": choices.weights}
    parts.expert.value = {name: getattr(s, name) for name in names} | own
    if (fields := expert_fields(asked)) != parts.expert.fields:
        parts.expert.fields = fields
    parts.layers.value = {"content": list(s.content_layers), "style": choices.layer_weights()}
    parts.layers.svg = vgg_diagram(s.content_layers, s.style_layers)
    for name in HANDLED:
        getattr(parts, name).error = ""
