"""Notebook 07: the studio's controls, and the choices they hold."""

import functools
import io
import json
import math
import os
import threading
import time
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path

import ipywidgets as W
from PIL import Image

from ..features import VGG19
from ..images import PALETTE, open_image, samples
from ..layers import DEPTHS, LAYER_NAMES, layer_index
from ..settings import CHOICES, Settings
from ..settings import DEFAULTS as SETTINGS
from ..weights import SOURCES, imagenet_path
from .parts import (
    STYLE,
    beside,
    box,
    grey,
    head,
    jpeg,
    note,
    put,
    sample_image,
    shrunk,
    spoken,
    vgg_diagram,
    wide,
)

STARTS = CHOICES["start"]

VERSION = 1  # of the settings file
LAYERS = [f"{block}_{i}" for block, depth in enumerate(DEPTHS, 1) for i in range(1, depth + 1)]
WEIGHTS = ("content_weight", "style_weight", "tv_weight")

_QUICK = {
    "size": 192,
    "style_scale": 1.5,
    "optimizer": "lbfgs",
    "num_epochs": 60,
    "start": "content",
}
_PUBLISHED = {"style_scale": 1.0, "optimizer": "adam", "num_epochs": 500, "start": "content"}
# balance: powers of ten that the style weight is above or below what suits the weights source
PRESETS = {
    "quick preview (128×192, 60 steps)": _QUICK,
    "subtle": {**_QUICK, "balance": -1.0},
    "bold": {**_QUICK, "balance": 1.0, "start": "blend", "num_epochs": 90},
    "published, small (150×225, 500 steps)": {**_PUBLISHED, "size": 225, "lr": 0.01, "lr_decay_epoch": 200},
    "published, large (600×900, 300 steps)": {
        **_PUBLISHED, "size": 900, "lr": 0.01, "lr_decay_epoch": 100, "num_epochs": 300,
    },
    "d2l's book (300×450, 500 steps)": {**_PUBLISHED, "size": 450, "lr": 0.3, "lr_decay_epoch": 50},
}  # fmt: skip
DEFAULT, OWN = next(iter(PRESETS)), "your own choices"
FREE = {"content", "style", "seed", "weights", "at_once", "preset"}  # no preset speaks of these


class Panel(W.VBox):
    """The studio without its engine: controls, and the choices on them. ``Studio`` runs them.

    What it leaves to ``Studio``: ``_ask()`` after a control moved, ``_fail(error)`` and ``_say(text)``, the
    buttons' methods, and the kept runs.
    """

    def __init__(self):
        self.controls, self.pictures, self.paths, self.nets = {}, {}, {}, {}
        self._quiet, self._base, self._pinned = threading.local(), {}, set()
        self.picture = W.Image(format="jpeg", layout={"width": "100%", "height": "320px", "object_fit": "contain"})
        self.progress = W.FloatProgress(min=0, max=1, layout={"flex": "1 1 100px", "height": "22px"})
        self.status = W.HTML(layout=box(230, 24))
        self.message = W.HTML(layout={"height": "42px", "overflow": "auto"})
        self.chart = W.HTML(layout={"height": "154px"})
        self.diagram = W.HTML(layout=box(468, 110))
        self.chosen = W.VBox(layout=box(468, 194, overflow="hidden auto", flex="0 0 auto"))
        self._build_layers()
        super().__init__(self._build())
        self.add_class("nst-studio").add_class(f"nst-{self.model_id}")

    # ------------------------------------------------------------------ the panel

    def _build(self):
        """All controls, laid out: choices at the left, the picture at the right, kept runs below."""
        add = self._control
        pictures = []
        for role, kinds in (("content", ("photograph", "rendering")), ("style", ("painting",))):
            names = [name for name, about in samples().items() if about.kind in kinds]
            options = [(name.replace("_", " "), name) for name in names]
            thumb = W.Image(format="jpeg", layout=box(222, 150, object_fit="contain"))
            menu = add(role, W.Dropdown(options=options, layout=box(222)))
            path = add(f"{role}_path", W.Text(placeholder="path of your file, then Enter", layout=box(222)))
            path.continuous_update = False
            upload = W.FileUpload(accept="image/*", description=f"Upload {role} …", layout=box(222))
            upload.observe(functools.partial(self._uploaded, role), names="value")
            credit = W.HTML(layout=box(222, 38, overflow="hidden"))
            for widget, part in ((thumb, "thumb"), (upload, "upload"), (credit, "credit")):
                widget.add_class(f"nst-{role}-{part}")
                self.controls[f"{role}_{part}"] = widget
            pictures.append(W.VBox([head(f"{role.capitalize()} picture"), thumb, credit, menu, path, upload]))
        full = wide()
        add("size", W.IntSlider(192, 96, 900, 3, description="longer side, px", **full))
        add("style_scale", W.FloatSlider(1.5, min=0.3, max=3, step=0.1, description="style size, × that", **full))
        add("start", W.Dropdown(options=STARTS, description="start from", **full))
        add("seed", W.BoundedIntText(0, 0, 2**31 - 1, description="seed of the noise", **wide(260)))
        for name, words, low, high in zip(WEIGHTS, ("content", "style", "smoothness, TV"), (-2, 1, -1), (3, 8, 4)):
            add(name, W.FloatLogSlider(10.0**low, min=low, max=high, step=0.05, readout_format=",.3r",
                description=f"{words} weight", **wide(396)))  # fmt: skip
            add(f"{name}_on", W.Checkbox(True, description="on", indent=False, layout=box(56)))
        add("balance", W.FloatSlider(0, min=-2, max=2, step=0.05, description="balance, powers of 10",
            readout_format="+.2f", **full))  # fmt: skip
        add("weights", W.Dropdown(options=SOURCES, description="VGG-19's weights", **full))
        add("num_epochs", W.IntSlider(60, 1, 1000, description="steps", **full))
        add("optimizer", W.Dropdown(options=[("L-BFGS", "lbfgs"), ("Adam", "adam")], description="optimiser", **full))
        add("lr", W.FloatLogSlider(0.3, min=-3, max=1, step=0.05, readout_format=",.3r",
            description="learning rate (Adam)", **full))  # fmt: skip
        add("lr_decay_epoch", W.IntSlider(50, 1, 1000, description="rate × 0.8 after, steps", **full))
        add("precision", W.Dropdown(options=CHOICES["precision"], description="precision", **full))
        add("preset", W.Dropdown(options=[OWN, *PRESETS], description="Preset", layout=box(360),
            style={"description_width": "50px"}))  # fmt: skip
        add("at_once", W.Checkbox(True, description="Answer at once", indent=False, layout=box(124),
            tooltip="A control that moves starts a run"))  # fmt: skip
        surprise = self._button("surprise", "Surprise me", "Everything by chance, then run", self.surprise, 118)
        buttons = [
            self._button("run", "Run", "Start anew with these choices", self.run, 76, "play", "primary"),
            self._button("stop", "Stop", "Keep the picture as it is", self.stop, 76, "stop"),
            self._button("continue", "Continue", "Go on from the present picture", self.resume, 98, "forward"),
            self._button("reset", "Reset", "All controls as they were at first", self.reset, 80, "undo"),
            self.controls["at_once"],
        ]
        self.setting_path = W.Text(placeholder="path of a settings file (.json), then Enter", layout=box(312),
                                   continuous_update=False)  # fmt: skip
        self.setting_upload = W.FileUpload(accept=".json", description="Load settings …", layout=box(150))
        self.setting_path.observe(self._setting_path, names="value")
        self.setting_upload.observe(self._setting_upload, names="value")
        get = self.controls.get
        names = "size", "style_scale", "start", "seed"
        tabs = W.Tab(layout=box(496, 546))
        tabs.children = [
            W.VBox([W.HBox(pictures, layout={"justify_content": "space-between", "width": "464px"}), *map(get, names)]),
            W.VBox([self.diagram, self.grids, self.chosen]),
            W.VBox([
                note("The loss is the weighted sum of three: keep the content, take on the style, stay smooth."),
                *[beside([get(name), get(f"{name}_on")]) for name in WEIGHTS],
                note("Balance moves the style weight: 0 is what suits these VGG-19 weights, +1 ten times as much "
                      "style, −1 a tenth. How much each style layer counts is set under Layers."),
                get("balance"),
            ]),
            W.VBox([
                *map(get, ("weights", "num_epochs", "optimizer", "lr", "lr_decay_epoch", "precision")),
                note("L-BFGS needs a fraction of Adam's steps and no learning rate. Preset sizes are those of a "
                      "picture of 3:2. ImageNet's weights are fetched once (548 MB)."),
                W.HBox([self.setting_path, self.setting_upload]),
            ]),
            self._build_compare(),
        ]  # fmt: skip
        tabs.titles = "Pictures", "Layers", "Weights", "Run", "Compare"
        for child in tabs.children:
            child.layout.overflow = "hidden"
        self.tabs = tabs
        for widget, name in (
            (self.picture, "picture"), (self.status, "progress"), (self.progress, "bar"), (self.message, "message"),
            (self.chart, "losses"), (tabs, "tabs"), (self.chosen, "layer-details"),
            (self.setting_path, "settings-path"), (self.setting_upload, "settings-upload"),
        ):  # fmt: skip
            widget.add_class(f"nst-{name}")
        left = W.VBox([W.HBox([get("preset"), surprise]), tabs], layout=box(500, flex="0 0 auto"))
        right = W.VBox(
            [
                self.picture,
                beside([self.progress, self.status]),
                beside(buttons, layout={"flex_flow": "row wrap"}),
                self.message,
                self.chart,
            ]
        )
        right.layout = {"flex": "1 1 400px", "min_width": "400px", "max_width": "484px", "overflow": "hidden"}
        return [
            W.HTML(STYLE, layout={"display": "none"}),
            W.HBox([left, right], layout={"flex_flow": "row wrap"}),
            self._build_strip(),
        ]

    def _build_layers(self):
        """A toggle a layer, as VGG-19's five blocks, for content and for style; a row of details a chosen layer."""
        self.toggles, self.before, self.shares, grids = {}, {}, {}, []
        for role in ("content", "style"):
            self.toggles[role], self.before[role], blocks = {}, {}, []
            for layer in LAYERS:
                toggle = W.ToggleButton(description=layer, tooltip=f"{role} layer relu{layer}", layout=box(46, 24))
                toggle.add_class("nst-layer").add_class(f"nst-{role}-layer")
                toggle.add_class(f"nst-{role}-layer-relu{layer}")
                before = W.Checkbox(False, description="before ReLU", indent=False, layout=box(110),
                                    tooltip=f"conv{layer} instead of relu{layer}")  # fmt: skip
                before.add_class(f"nst-{role}-before-relu{layer}")
                self.toggles[role][layer], self.before[role][layer] = toggle, before
            for block, depth in enumerate(DEPTHS, 1):
                row = [self.toggles[role][f"{block}_{i}"] for i in range(1, depth + 1)]
                blocks.append(W.HBox(row, layout=box(220, 28)))
            letter = role[0].upper()
            head = W.HTML(f"<span class='nst-badge' style='background:{PALETTE[role]}'>{letter}</span> "
                          f"<b>{role.capitalize()} layers</b>", layout=box(220, 26))  # fmt: skip
            grids.append(W.VBox([head, *blocks]))
        for layer in LAYERS:
            share = W.FloatSlider(1, min=0, max=10, step=0.1, layout=box(244), continuous_update=False,
                                  description="× weight", style={"description_width": "64px"})  # fmt: skip
            share.add_class(f"nst-style-weight-relu{layer}")
            self.shares[layer] = share
        for widget in self._layer_widgets():
            widget.observe(functools.partial(self._moved, "layers"), names="value")
        self.grids = W.HBox(grids, layout={"justify_content": "space-between", "width": "464px", "flex": "0 0 auto"})
        self._rows = {
            (role, layer): beside([
                W.HTML(f"<span class='nst-badge' style='background:{PALETTE[role]}'>{role[0].upper()}</span>",
                       layout=box(24)),
                W.HTML(f"<b>{layer}</b>", layout=box(36)),
                self.shares[layer] if role == "style" else W.HTML(grey("content: as it stands"), layout=box(244)),
                self.before[role][layer],
            ], layout=box(448, 30, overflow="hidden", flex="0 0 auto"))
            for role in ("content", "style") for layer in LAYERS
        }  # fmt: skip

    def _layer_widgets(self):
        for role in ("content", "style"):
            yield from self.toggles[role].values()
            yield from self.before[role].values()
        yield from self.shares.values()

    def _build_compare(self):
        short = {"layout": box(464), "style": {"description_width": "60px"}}
        self.a, self.b = W.Dropdown(description="left, A", **short), W.Dropdown(description="right, B", **short)
        self.at = W.FloatSlider(50, min=0, max=100, step=1, description="wipe, %", readout_format=".0f", **short)
        self.wipe_picture = W.Image(format="jpeg", layout=box(464, 310, object_fit="contain"))
        for widget, name in ((self.a, "a"), (self.b, "b"), (self.at, "wipe"), (self.wipe_picture, "wipe-picture")):
            widget.add_class(f"nst-{name}")
            if widget is not self.wipe_picture:
                widget.observe(self._wiped, names="value")
        return W.VBox([self.a, self.b, self.at, self.wipe_picture])

    def _build_strip(self):
        """The kept runs as pictures to press, the steps of the chosen one, and what can be done with it."""
        self.film_style = W.HTML(layout={"display": "none"})
        self.film = W.HBox(layout=box(988, 98, max_width="100%", overflow="auto hidden", flex="0 0 auto"))
        self.scrub = W.SelectionSlider(options=[("–", 0)], description="look back: step", layout=box(484),
                                       style={"description_width": "110px"})  # fmt: skip
        self.scrub.observe(self._scrubbed, names="value")
        self.links = W.HTML(layout=box(500, 28))
        actions = [
            self._button(
                "restore", "Restore settings", "Put this run's choices back on the controls", self.restore, 140
            ),
            self._button("use-a", "Use as A", "Left side of Compare", functools.partial(self._use, "a"), 90),
            self._button("use-b", "Use as B", "Right side of Compare", functools.partial(self._use, "b"), 90),
            self._button("animate", "Make animation", "An animated WebP of this run, to download", self._animate, 140),
        ]
        for widget, name in ((self.film, "filmstrip"), (self.scrub, "scrub"), (self.links, "downloads")):
            widget.add_class(f"nst-{name}")
        self._films_changed()
        return W.VBox([self.film_style, self.film, beside([self.scrub, self.links]), W.HBox(actions)])

    def _control(self, name, widget):
        widget.observe(functools.partial(self._moved, name), names="value")
        if hasattr(widget, "continuous_update"):
            widget.continuous_update = False
        widget.add_class(f"nst-{name.replace('_', '-')}")
        self.controls[name] = widget
        return widget

    def _button(self, name, label, tooltip, action, width, icon="", style=""):
        button = W.Button(description=label, tooltip=tooltip, icon=icon, button_style=style, layout=box(width))
        button.on_click(functools.partial(self._pressed, action))
        button.add_class(f"nst-{name}")
        return button

    # ------------------------------------------------------------------ callbacks

    @spoken
    def _pressed(self, action, button):
        action()

    @contextmanager
    def _silent(self):
        """Controls moved by this thread, in here, ask for nothing."""
        before, self._quiet.on = getattr(self._quiet, "on", False), True
        try:
            yield
        finally:
            self._quiet.on = before

    @spoken
    def _moved(self, name, change):
        if getattr(self._quiet, "on", False):
            return
        if name in ("content_path", "style_path"):
            if not change["new"].strip():
                return
            with self._silent():
                self._apply({name.removesuffix("_path"): change["new"].strip()})
                self.controls[name].value = ""  # the menu names it now
        else:
            with self._silent():
                self._follow(name)
                if name not in FREE:
                    self.controls["preset"].value = OWN
        if name != "at_once":
            self._ask()

    def _follow(self, name):
        """Bring in line what hangs on a control that moved."""
        get = self.controls.get
        if name == "preset" and get("preset").value == OWN:
            return
        if name in ("weights", "preset"):
            preset = PRESETS[get("preset").value] if name == "preset" else {"balance": get("balance").value}
            self._suit(layers=name == "weights")
            self._apply({"balance": 0.0, **preset})
        elif name in ("balance", "style_weight", "content_weight"):
            base, value = self._base["style_weight"] / self._base["content_weight"], get("content_weight").value
            if name == "balance":
                style = get("style_weight")
                style.value = min(10**style.max, max(10**style.min, base * value * 10 ** get("balance").value))
            else:
                get("balance").value = max(-2.0, min(2.0, math.log10(get("style_weight").value / value / base)))
        elif name in ("content", "style"):
            img = self._image(name)
            about = samples().get(get(name).value)
            credit = f"{about.credit} ({about.license})" if about else f"your picture, {img.width}×{img.height} px"
            get(f"{name}_thumb").value = jpeg(shrunk(img, 456, 300))
            get(f"{name}_credit").value = grey(credit)
        elif name == "layers":
            chosen = {role: self._layers(role) for role in ("content", "style")}
            self.diagram.value = vgg_diagram(**chosen)
            self.chosen.children = [self._rows[role, layer[4:]] for role in chosen for layer in chosen[role]]
        elif name == "optimizer":
            get("lr").disabled = get("lr_decay_epoch").disabled = get("optimizer").value == "lbfgs"

    @spoken
    def _uploaded(self, role, change):
        if not change["new"]:
            return
        file = change["new"][0]
        try:
            with self._silent():
                self._apply({role: self._open_upload(file)})
        finally:
            self.controls[f"{role}_upload"].value = ()  # the same file may be sent again
        self._ask()

    def _open_upload(self, file):
        buffer = io.BytesIO(bytes(file["content"]))
        buffer.name = file["name"]
        if not buffer.getbuffer().nbytes:
            raise ValueError(f"{file['name']} is empty (0 bytes): choose another file")
        return self._keep_picture(Path(file["name"]).name, open_image(buffer))

    @spoken
    def _setting_path(self, change):
        if change["new"].strip():
            path = Path(change["new"].strip()).expanduser()
            if not path.is_file():
                raise ValueError(f"there is no settings file {path} (looked from {Path.cwd()})")
            self.load_json(path.read_bytes())

    @spoken
    def _setting_upload(self, change):
        if change["new"]:
            try:
                self.load_json(bytes(change["new"][0]["content"]))
            finally:
                self.setting_upload.value = ()

    @spoken
    def _wiped(self, change):
        if getattr(self._quiet, "on", False):
            return
        if change and change["owner"] is not self.at:
            self._pinned.add(change["owner"])  # chosen by hand: the next run leaves it alone
        self._show_wipe()

    def _show_wipe(self):
        runs = {run.number: run for run in self.runs}
        if self.a.value in runs and self.b.value in runs:
            both = self.compare(runs[self.a.value], runs[self.b.value], self.at.value / 100)
            self.wipe_picture.value = jpeg(both)

    @spoken
    def _scrubbed(self, change):
        run = self._chosen_run()
        if not getattr(self._quiet, "on", False) and run and self.scrub.index is not None:
            self._peek = time.monotonic() + 2  # a picture that is looked at is not painted over at once
            self.picture.value = jpeg(run.snapshots[self.scrub.value][1])

    def _use(self, side):
        if not self._chosen_run():
            raise ValueError("there is no run yet: press Run first")
        getattr(self, side).value = self.selected
        self.tabs.selected_index = 4

    def _animate(self):
        run = self._chosen_run()
        self._links(animation=self.webp(run))

    # ------------------------------------------------------------------ choices

    def set(self, **values):
        """Move controls by name, as hands would; a run starts or turns if it would for hands. Returns the studio.

        Names: any of ``Settings`` (weights may be 0), ``content`` and ``style`` (a sample's name, a path or a PIL
        image), ``weights``, ``size``, ``style_scale``, ``balance``, ``preset``, ``at_once``, ``steps``.
        Raises ``ValueError`` for an unknown name or an impossible value, and changes nothing then.
        """
        before = self._values()
        with self._silent():
            try:
                self._apply(values)
            except Exception:
                self._apply(before)
                raise
            if set(values) - FREE and "preset" not in values:
                self.controls["preset"].value = OWN
        if set(values) - {"at_once"}:
            self._ask()
        return self

    def _values(self):
        """What the controls say, by the names that ``set`` knows; not checked."""
        skip = [f"{name}_on" for name in WEIGHTS] + [f"{role}_{part}" for role in ("content", "style")
               for part in ("path", "upload", "thumb", "credit")] + ["preset"]  # fmt: skip
        values = {name: control.value for name, control in self.controls.items() if name not in skip}
        for name in WEIGHTS:
            values[name] = values[name] if self.controls[f"{name}_on"].value else 0.0
        for role in ("content", "style"):
            values[f"{role}_layers"] = self._layers(role)
        shares = tuple(self.shares[layer[4:]].value for layer in values["style_layers"])
        values["style_layer_weights"] = shares if any(share != 1 for share in shares) else ()
        del values["balance"]  # follows from the weights
        return values

    def _apply(self, values):
        """Put values on the controls, in an order in which what hangs together stays together."""
        values = dict(values)
        if "steps" in values:
            values["num_epochs"] = values.pop("steps")
        layers, shares = values.get("style_layers", ()), values.get("style_layer_weights", ())
        if shares and not isinstance(layers, (str, int)) and len(layers) == len(shares):  # a weight follows its layer
            pairs = sorted(zip(layers, shares), key=lambda pair: layer_index(pair[0]))
            values["style_layers"], values["style_layer_weights"] = zip(*pairs)
        special = {"weights": self._put_weights, "content_layers": functools.partial(self._put_layers, "content"),
                   "style_layers": functools.partial(self._put_layers, "style"),
                   "style_layer_weights": self._put_shares}  # fmt: skip
        known = [name for name in self.controls if not name.endswith(("_on", "_path", "_upload", "_thumb", "_credit"))]
        order = ["weights", "preset", "style_layers", *known, *special]
        if unknown := [name for name in values if name not in order]:
            names = ", ".join(dict.fromkeys(order[2:]))
            raise ValueError(f"the studio has no control {unknown[0]!r}; it has weights, preset, {names}")
        for name in sorted(values, key=lambda name: (name == "balance", order.index(name))):
            value = values[name]
            if name in special:
                special[name](value)
            elif name in ("content", "style"):
                self._put_picture(name, value)
            elif name in WEIGHTS and value == 0:
                self.controls[f"{name}_on"].value = False
            else:
                put(self.controls[name], name, value)
                if name in WEIGHTS:
                    self.controls[f"{name}_on"].value = True
            self._follow(name if not name.endswith(("layers", "layer_weights")) else "layers")

    def _put_weights(self, value):
        if isinstance(value, VGG19):
            name = f"{value.source}, given" if value.source in SOURCES else str(value.source)
            self.nets[name], value = value, name
        if value == "auto":
            value = os.environ.get("NST_WEIGHTS", "").strip() or "auto"
        if value == "auto":
            value = "imagenet" if imagenet_path().is_file() else "embedded"
        menu, value = self.controls["weights"], str(value)
        if value not in menu.options:
            if value not in self.nets and not Path(value).expanduser().is_file():
                raise ValueError(f"no weights source {value!r}: use one of {', '.join(SOURCES)}, or a file's path")
            menu.options = (*menu.options, value)
        menu.value = value

    def _suit(self, layers):
        """Loss weights (and layers) that suit the weights source."""
        source = self.controls["weights"].value
        suits = self.nets[source].settings if source in self.nets else SETTINGS.get(source, SETTINGS["imagenet"])
        if source not in SOURCES and source not in self.nets and source.endswith(".safetensors"):
            suits = SETTINGS["embedded"]
        self._base = {name: getattr(suits, name) for name in WEIGHTS}
        values = {**self._base, "lr": suits.lr, "lr_decay_epoch": suits.lr_decay_epoch}
        if layers:
            values |= {name: getattr(suits, name) for name in ("content_layers", "style_layers", "style_layer_weights")}
        self._apply(values)

    def _put_layers(self, role, layers):
        layers = (layers,) if isinstance(layers, (str, int)) else layers
        names = [LAYER_NAMES[layer_index(layer)] for layer in layers]
        for name in names:
            if name.startswith("pool"):
                raise ValueError(f"the studio offers convolutions and ReLUs, not {name}")
            if [other[4:] for other in names].count(name[4:]) > 1:
                raise ValueError(f"choose conv{name[4:]} or relu{name[4:]}, not both")
        for layer, toggle in self.toggles[role].items():
            toggle.value = layer in [name[4:] for name in names]
            self.before[role][layer].value = f"conv{layer}" in names
        if role == "style":
            self._put_shares(())

    def _put_shares(self, shares):
        layers = self._layers("style")
        if len(shares := tuple(shares)) not in (0, len(layers)):
            raise ValueError(f"style_layer_weights has {len(shares)} numbers for {len(layers)} style layers")
        for layer, share in self.shares.items():
            name = f"{'conv' if self.before['style'][layer].value else 'relu'}{layer}"
            value = shares[layers.index(name)] if shares and name in layers else 1.0
            put(share, f"the weight of {name}", value)

    def _layers(self, role):
        """Names of the chosen layers, in the network's order."""
        return tuple(
            f"{'conv' if self.before[role][layer].value else 'relu'}{layer}"
            for layer in LAYERS
            if self.toggles[role][layer].value
        )

    def _put_picture(self, role, value):
        menu = self.controls[role]
        if isinstance(value, Image.Image):
            value = self._keep_picture(f"picture {len(self.pictures) + 1}", value.convert("RGB"))
        elif value not in self.pictures and value not in samples():
            path = Path(value).expanduser()
            img = open_image(value)
            value = self._keep_picture(path.name, img)
            self.paths[value] = str(path.resolve())
        if value not in [name for _, name in menu.options]:
            menu.options = (*menu.options, (str(value).replace("_", " ") if value in samples() else value, value))
        menu.value = value

    def _keep_picture(self, name, img):
        while name in samples() or (name in self.pictures and self.pictures[name].tobytes() != img.tobytes()):
            name += "'"  # another picture of the same name
        self.pictures[name] = img
        return name

    def _image(self, role):
        name = self.controls[role].value
        return self.pictures[name] if name in self.pictures else sample_image(name)

    @property
    def settings(self):
        """The controls as ``Settings``. Raises ``ValueError`` where they contradict each other."""
        values = self._values()
        return Settings(**{f.name: values[f.name] for f in fields(Settings) if f.name in values})

    def choices(self):
        """All choices as a dictionary of plain values: what the settings file holds."""
        values, pictures = self._values(), {}
        for role in ("content", "style"):
            name = values[role]
            pictures[role] = {"kind": "sample", "name": name}
            if name in self.paths:
                pictures[role] = {"kind": "file", "name": name, "path": self.paths[name]}
            elif name in self.pictures:
                note = "its pixels are not in this file: give the picture to the studio again"
                pictures[role] = {"kind": "upload", "name": name, "note": note}
        own = {name: values[name] for name in ("weights", "size", "style_scale")}
        settings = {f.name: values[f.name] for f in fields(Settings) if f.name in values}
        return {"nst_studio": VERSION, **pictures, **own, "settings": settings}

    def to_json(self, run=None):
        """The choices as JSON text, of the controls or of one ``Run``; ``load_json`` takes it back."""
        return json.dumps(run.choices if run else self.choices(), indent=2)

    def load_json(self, text):
        """Put the choices of a settings file on the controls. Raises ``ValueError`` that says what is wrong in it."""
        try:
            choices = json.loads(text)
        except (ValueError, TypeError) as error:
            raise ValueError(f"these settings are not JSON ({error}): choose a file that the studio wrote") from error
        if not isinstance(choices, dict) or "nst_studio" not in choices:
            raise ValueError('this is not a settings file of the studio: it has no entry "nst_studio"')
        if choices["nst_studio"] != VERSION:
            raise ValueError(
                f"this settings file has version {choices['nst_studio']!r:.20}; this studio reads {VERSION}"
            )
        return self._load(choices)

    def _load(self, choices):
        known = {"nst_studio", "content", "style", "weights", "size", "style_scale", "settings"}
        if wrong := (known ^ set(choices)) - {"style_scale", "weights", "size"} | (set(choices) - known):
            name = sorted(wrong)[0]
            raise ValueError(f"the settings file {'has no' if name in known else 'has an unknown'} entry {name!r}")
        settings, gone = choices["settings"], []
        if not isinstance(settings, dict):
            raise ValueError(f'"settings" must hold names and values; it holds {settings!r:.40}')
        try:
            settings = asdict(Settings().but(**settings))  # says what is wrong
        except TypeError as error:
            raise ValueError(f'"settings" holds a value of a wrong kind ({error})') from error
        values = {name: choices[name] for name in ("weights", "size", "style_scale") if name in choices} | settings
        for role in ("content", "style"):
            entry = choices[role]
            if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
                raise ValueError(f'"{role}" must name a picture; it holds {entry!r:.40}')
            if entry["name"] in samples() or entry["name"] in self.pictures:
                values[role] = entry["name"]
            elif "path" in entry:
                values[role] = str(entry["path"])
            else:
                gone.append(entry["name"])
        self.set(**values)
        if gone:
            self._sticky = True
            self._say(f"{' and '.join(gone)}: the file holds no pixels, so the present picture stays. Upload it again.")
        return self
