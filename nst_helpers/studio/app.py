"""Notebook 07: the studio. Drop a photo, click a painting, see it painted."""

import functools
import io
import os
import random
import threading
from dataclasses import replace

import ipywidgets as W
from PIL import Image

from .. import feature_visualization
from ..background import Worker
from ..features import VGG19, shared_vgg19
from ..images import film, png
from ..validation import sentence
from ..weights import source_here
from ..widgets import close, take_over_cell, with_still
from . import compare, panel
from .album import Album
from .choices import RECIPES, ROLES, Choices, read
from .painting import Painting, check

FREE = ("embedded", "random")  # weights that neither a download nor a stranger's file is needed for


class Studio:
    """Drop a photo, click a painting, see it painted: every choice of a run on a control.

    ``content``, ``style``: a sample's name, a path or a PIL image. ``weights``: ``"embedded"``, ``"random"``,
    ``"imagenet"``, ``"auto"``, a weights file or a network. ``settings``: what else ``set`` takes. It paints at once.
    ``folder``: where the kept runs are files too, so that they are there again after a restart.
    ``set(**values)`` moves controls; ``run``, ``stop`` and ``resume`` are the buttons; ``compare(folder)`` opens a
    sweep; ``wait(timeout)`` waits for the painting to be done, ``close()`` ends it all. ``image``: the present picture;
    ``runs``: the kept ones, as ``runs.Kept``; ``choices``, ``settings``: what the controls say; ``error``: the last
    exception, or ``None``.
    """

    def __init__(self, content="cat", style="starry_harbour", weights="embedded", folder=None, **settings):
        self.choices, self.album, self.error, self.asked = Choices(), Album(), None, None
        self.parts, self.nets, self.found = None, {}, []  # found: the results of a sweep that are shown
        self.agreed = set(FREE)  # weights that somebody here has chosen
        self._change({"content": content, "style": style, "weights": weights, **settings})
        self.parts = panel.build(self._heard)
        self.painting = Painting(self.parts, self.present, folder)
        self.runs = self.painting.runs
        self.widget = W.Box([self.parts.grid], model_id=take_over_cell(self)).add_class("nst-studio")
        for name in (*self.said, "kept", "sheet"):
            getattr(self.parts, name).observe(functools.partial(self._moved, name), names=["value", "against"])
        self.worker = self.painting.worker = Worker(self.painting.serve, lambda error: self._fail(error, "stage"))
        self.peeker = Worker(self._peek, lambda error: self._fail(error, "layers"))
        self._push()
        self._say("kept", "; ".join(self.runs.unread))
        self.worker.ask("run")

    def set(self, **values):
        """Move controls by name, as hands would; the picture answers. Returns the studio.

        Names: those of ``Settings``, and ``content``, ``style`` (a sample's name, a path, a PIL image), ``weights``,
        ``size``, ``stroke``, ``balance``, ``steps``, ``instant``. ``ValueError`` or ``OSError`` for what cannot be;
        then nothing is changed.
        """
        before = self.present()[:2]
        self._change(values)
        if self.present()[:2] != before:
            self.worker.ask("steer" if self.worker.going and self.worker.request != "run" else "run")
        return self

    def take(self, choices):
        """Put all of somebody's ``Choices`` on the controls: those of a settings file, or of a kept run.

        A picture whose pixels are not here stays as it is. Nothing is downloaded and no weights file is read: the
        panel says so, and asks. ``ValueError`` or ``OSError`` for what cannot be; then nothing is changed.
        """
        said, wanted = [], choices
        for role in ROLES:
            one = getattr(choices, role)
            if one.kind == "upload" and not self.album.find(one):
                said.append(f"{one.name:.80}: a settings file holds no pixels; the present picture stays.")
                wanted = replace(wanted, **{role: getattr(self.choices, role)})
        here = wanted.weights in self.agreed
        if not here:
            said.append(
                f"These settings were made with the weights {wanted.weights:.300}. Use them? The button says yes."
            )
        self._commit(wanted if here else replace(wanted, weights=self.choices.weights), asked=None if here else wanted)
        if said:
            self.parts.fold.value = "expert"
        self._say("expert", " ".join(said), "json")
        return self

    def compare(self, sweep):
        """Show the pictures of a sweep in the panel: a click puts one on the stage, and its settings on the controls.

        ``sweep``: the folder that ``sweep`` painted into, or a list of its results. ``ValueError`` or ``OSError`` where
        there is nothing to show. Returns the studio.
        """
        (self.found, count), sheet = compare.found(sweep), self.parts.sheet
        with sheet.hold_sync():
            sheet.value, sheet.error = "", ""
            sheet.items, sheet.rows, sheet.columns = compare.sheet(self.found)
        shown = len(sheet.items)
        self._say("compare", f"{shown} of {count} pictures are shown" * (shown < count))
        self.parts.fold.value = "compare"
        return self

    def run(self):
        """Paint anew, with the present choices."""
        self.worker.ask("run")
        return self

    def stop(self):
        """End the run after its present step. Its picture is kept."""
        self.worker.stop()
        return self

    def resume(self):
        """Go on from the present picture: to the end of a stopped run, or for as many steps again."""
        self.worker.ask("resume")
        return self

    def surprise(self, seed=None):
        """Another painting and choices that suit it, drawn from ``RECIPES``; photo, size and weights stay."""
        dice, old = random.Random(seed), self.choices
        recipe = dice.choice([one for one in RECIPES if one["style"] != old.style.name])
        first = Choices().but(**{name: getattr(old, name) for name in ("content", "weights", "size", "instant")})
        return self.take(first.but(seed=dice.randrange(1000), **recipe)).run()

    def wait(self, timeout=60):
        """Block until nothing is painted. ``TimeoutError`` after ``timeout`` seconds; a run's error is in ``error``."""
        self.worker.wait(timeout)
        return self

    def close(self):
        """End the threads and take the panel off the page."""
        self.worker.close()
        self.peeker.close()
        close(self.widget)

    @property
    def image(self):
        """The picture shown, a PIL image; the photograph before the first step."""
        run = self.painting.shown or self.painting.easel.run
        return run.image if run and run.image else self.album.image(self.choices.content)

    @property
    def settings(self):
        return self.choices.settings

    def present(self):
        """``(choices, images, net)``: the net is ``None`` where its weights are still to be read."""
        images = [self.album.image(getattr(self.choices, role)) for role in ROLES]
        return self.choices, images, self.nets.get(self.choices.weights)

    def to_json(self, run=None):
        """The choices as JSON text: the controls', or those of a kept run."""
        return (run or self).choices.to_json()

    def load_json(self, text):
        """Put the choices of a settings file on the controls, as ``take`` does, and paint."""
        return self.take(read(text)).run()

    def _repr_mimebundle_(self, **kwargs):
        return with_still(self, lambda: panel.still(self.album, self.choices, self.image))

    def _change(self, values):
        """Some choices, by name."""
        nets, weights = dict(self.nets), values.get("weights")
        if isinstance(weights, VGG19):
            values["weights"] = f"{weights.source}, given"
            nets[values["weights"]] = weights
        elif isinstance(weights, (str, os.PathLike)) and weights not in nets:
            values["weights"] = source_here(str(weights))
        opened = {role: self.album.open(values[role]) for role in ROLES if role in values}
        names = {role: one for role, (one, _) in opened.items()}
        self._commit(self.choices.but(**values | names), opened, nets, self.asked)

    def _commit(self, choices, opened=None, nets=None, asked=None):
        """All choices at once, or an exception and everything as it was. Files are read anew."""
        nets = nets or self.nets
        if opened is None:
            opened = {role: self.album.open(getattr(choices, role)) for role in ROLES}
        if choices.weights in (*FREE, *nets):
            images = [opened[role][1] if role in opened else self.album.image(getattr(choices, role)) for role in ROLES]
            check(nets.get(choices.weights) or shared_vgg19(choices.weights), choices, images)
        for role, (one, img) in opened.items():
            self.album.keep(role, one, img)
        self.nets, self.choices, self.asked, self.error = nets, choices, asked, None
        self.agreed.add(choices.weights)
        self._push()

    def _push(self):
        """Put the present choices on the controls, once there are any."""
        self.said = panel.values(self.choices)
        if self.parts:
            panel.fill(self.parts, self.said, self.album, self.runs, self.asked)

    def _moved(self, name, change):
        """A hand moved a control: it says something else than the choices do."""
        new, old = change["new"], self.said.get(name)
        if new == old or threading.current_thread() is self.worker.thread:
            return
        if name == "kept":
            return self._try(name, lambda: self._show_kept(change["name"], self.runs.find(new)))
        if name == "sheet":
            return self._try(name, lambda: new and self._show_found(self.found[int(new)]))
        if name in ROLES:
            moved = {name: next((one for one in self.album.strip(name) if one.id == new), new)}
        else:
            moved = {key: value for key, value in new.items() if value != old.get(key)}
        self._try(name, lambda: self.set(**moved), next(iter(moved), ""))

    def _heard(self, name, content, buffers):
        """A message from the page."""
        part, do = getattr(self.parts, name), content.get("do", next(iter(content), ""))
        actions = {
            "run": self.run,
            "stop": self.stop,
            "resume": self.resume,
            "surprise": self.surprise,
            "save": lambda: part.send({"file": "painting.png", "type": "image/png"}, [png(self.image)]),
            "film": lambda: part.send({"file": "painting.webp", "type": "image/webp"}, [self._film()]),
            "save_json": lambda: part.send({"file": "settings.json", "type": "text/json"}, [self.to_json().encode()]),
            "use_asked": lambda: source_here(self.asked.weights) and self._commit(self.asked) or self.run(),
            "file": lambda: self.set(**{name: self.album.upload(name, str(content["file"]), bytes(buffers[0]))}),
            "enter": lambda: self._entered(content["enter"], str(content["text"])),
            "pin": lambda: self.runs.turn(content["pin"]) or self._push(),
            "peek": lambda: self.peeker.ask((str(content["peek"]), *self.present())),
        }
        if do in actions:
            self._try(name, actions[do], content.get("enter", do))

    def _try(self, name, action, at=""):
        """Do what a hand asked for. What goes wrong is said beside its control, which goes back to where it was."""
        try:
            action()
        except Exception as error:  # JupyterLab would swallow it
            self._push()
            self._fail(error, name, at)

    def _entered(self, at, text):
        """A path was typed, or a settings file chosen."""
        other = {"json": self.load_json, "sweep": self.compare}
        other[at](text) if at in other else self.set(**{at.removesuffix("_file"): text})

    def _film(self):
        if not (self.painting.shown and self.painting.shown.frames):
            raise ValueError("there is no film of this picture: let a painting finish first")
        return film([Image.open(io.BytesIO(data), formats=["JPEG"]) for data in self.painting.shown.frames.values()])

    def _show_kept(self, where, run):
        """A kept run on the stage, and its choices on the controls: they are what made it. Or: what to wipe against."""
        if where == "value" and run and run is not self.painting.shown:
            self.stop().wait(10).take(run.choices)
            self.painting.show(run)
        self.painting.under(self.runs.find(self.parts.kept.against), self.album.image(self.choices.content))

    def _show_found(self, result):
        """A picture of a sweep in the same way."""
        self._show_kept("value", compare.kept(result))
        if result.job.start_from:
            self._say("sheet", f"It was started from {result.job.start_from:.200}, and ▶ Paint is not.")

    def _peek(self, request):
        """What a layer sees, and what it remembers, one after the other."""
        layer, choices, images, net = request
        self.peeker.share_cores(0)
        net = net or shared_vgg19(choices.weights)
        for about, picture in feature_visualization.layer_pictures(net, *images, layer, self.peeker.interrupted):
            self.parts.layers.send(about, [picture])

    def _fail(self, error, name, at=""):
        self.error = error
        self._say(name, sentence(error), at)
        if name == "stage":
            self.painting.state()

    def _say(self, name, text, at=""):
        part = getattr(self.parts, name)
        part.error_at, part.error = at, text
