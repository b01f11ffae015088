"""Notebook 07: the studio. Drop a photo, click a painting, see it painted."""

import functools
import io
import os
import random
import threading
from contextlib import contextmanager
from dataclasses import replace

import ipywidgets as W
from PIL import Image

from ..features import VGG19
from ..images import jpeg
from . import memories, panel
from .album import Album
from .choices import RECIPES, ROLES, Choices, Picture, read, source
from .drawing import film, png, still
from .easel import check, network
from .painting import Painting
from .worker import Worker, sentence

QUIET = 0.1  # seconds after a control moved
FREE = ("embedded", "random")  # weights that neither a download nor a stranger's file is needed for


class Studio:
    """Drop a photo, click a painting, see it painted: every choice of a run on a control.

    ``content``, ``style``: a sample's name, a path or a PIL image. ``weights``: ``"embedded"``, ``"random"``,
    ``"imagenet"``, ``"auto"``, a weights file or a network. ``settings``: what else ``set`` takes. It paints at once.
    ``set(**values)`` moves controls; ``run``, ``stop`` and ``resume`` are the buttons; ``wait(timeout)`` waits for
    the painting to be done, ``close()`` ends it all. ``image``: the present picture; ``runs``: the kept ones, as
    ``runs.Kept``; ``choices``, ``settings``: what the controls say; ``error``: the last exception, or ``None``.
    """

    def __init__(self, content="cat", style="starry_harbour", weights="embedded", **settings):
        self.choices, self.album, self.error, self.asked = Choices(), Album(), None, None
        self._nets, self._quiet = {}, threading.local()
        self._change({"content": content, "style": style, "weights": weights, **settings})
        self.parts = panel.build(self._heard)
        self.painting = Painting(self.parts, self._present)
        self.widget = W.Box([self.parts.grid], model_id=panel.take_over_cell(self)).add_class("nst-studio")
        for name in panel.HANDLED:
            getattr(self.parts, name).observe(functools.partial(self._moved, name), names=["value", "against"])
        self.worker = self.painting.worker = Worker(self.painting.serve, lambda error: self._fail(error, "stage"))
        self.peeker = Worker(self._peek, lambda error: self._fail(error, "layers"))
        self._push()
        self.worker.ask("run")

    # ------------------------------------------------------------------ what a program calls

    def set(self, **values):
        """Move controls by name, as hands would; the picture answers. Returns the studio.

        Names: those of ``Settings``, and ``content``, ``style`` (a sample's name, a path, a PIL image), ``weights``,
        ``size``, ``stroke``, ``balance``, ``steps``, ``finer``. ``ValueError`` or ``OSError`` for what cannot be; then
        nothing is changed.
        """
        before = self._present()[:2]
        self._change(values)
        self._push()
        if self._present()[:2] != before:
            self.worker.ask("steer" if self.worker.going and self.worker.request != "run" else "run", QUIET)
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
        recipe = dict(dice.choice([one for one in RECIPES if one["style"] != old.style.name]))
        first = Choices().but(content=old.content, weights=old.weights, size=old.size)
        self._take(first.but(style=Picture(recipe.pop("style")), seed=dice.randrange(1000), **recipe))
        return self.run()

    def wait(self, timeout=60):
        """Block until nothing is painted. ``TimeoutError`` after ``timeout`` seconds; a run's error is in ``error``."""
        self.worker.wait(timeout)
        return self

    def close(self):
        """End the threads and take the panel off the page."""
        for worker in (self.worker, self.peeker):
            worker.close()
        panel.close(self.widget)

    @property
    def image(self):
        """The picture shown, a PIL image; the photograph before the first step."""
        run = self.runs.find(self.parts.kept.value) or self.painting.easel.run
        return run.image if run and run.image else self.album.image(self.choices.content)

    @property
    def runs(self):
        return self.painting.runs

    @property
    def settings(self):
        """The controls as ``Settings``."""
        return self.choices.settings

    def to_json(self, run=None):
        """The choices as JSON text: the controls', or those of a kept run."""
        return (run or self).choices.to_json()

    def load_json(self, text):
        """Put the choices of a settings file on the controls, and paint. ``ValueError`` or ``OSError``: what is wrong.

        Nothing is downloaded and no weights file is read: the panel asks, or ``set(weights=…)`` says so.
        """
        new, said = read(text), []
        for role in ROLES:
            wanted = getattr(new, role)
            if wanted.kind == "upload" and wanted not in self.album.pixels:
                said.append(f"{wanted.name:.80}: a settings file holds no pixels; the present picture stays.")
                new = replace(new, **{role: getattr(self.choices, role)})
        asked = None
        if new.weights not in (*FREE, self.choices.weights):
            said.append(f"These settings were made with the weights {new.weights:.80}. Use them? The button says yes.")
            asked, new = new, replace(new, weights=self.choices.weights)
        self._take(new, asked)
        self._say("expert", " ".join(said), "json")
        return self.run()

    def _repr_mimebundle_(self, **kwargs):
        if os.environ.get("NST_STILLS"):  # a notebook is executed to be stored: with a picture that is painted
            self.wait(600)
        chosen = {role: getattr(self.choices, role) for role in ROLES}
        strips = [[(self.album.image(one), one == chosen[role]) for one in self.album.strip(role)] for role in ROLES]
        return panel.bundle(self.widget, still(*strips, self.image), "Studio")

    # ------------------------------------------------------------------ choices

    def _present(self):
        """``(choices, images, net)``: the net is ``None`` where its weights are still to be read."""
        images = [self.album.image(getattr(self.choices, role)) for role in ROLES]
        return self.choices, images, self._nets.get(self.choices.weights)

    def _change(self, values):
        """New choices, or an exception and everything as it was."""
        nets, weights = dict(self._nets), values.get("weights")
        if isinstance(weights, VGG19):
            values["weights"] = f"{weights.source}, given"
            nets[values["weights"]] = weights
        elif isinstance(weights, str) and weights not in nets:
            values["weights"] = source(weights)
        opened = {role: self.album.open(values[role]) for role in ROLES if role in values}
        self._commit(self.choices.but(**{**values, **{role: one for role, (one, _) in opened.items()}}), opened, nets)

    def _take(self, choices, asked=None):
        """All choices at once; files are read again."""
        self._commit(choices, {role: self.album.open(getattr(choices, role)) for role in ROLES}, self._nets)
        self.asked = asked
        self._push()

    def _commit(self, choices, opened, nets):
        if choices.weights in (*FREE, *nets):
            images = [opened[role][1] if role in opened else self.album.image(getattr(choices, role)) for role in ROLES]
            check(nets.get(choices.weights) or network(choices.weights), choices, images)
        for role, (one, img) in opened.items():
            self.album.keep(role, one, img)
        self._nets, self.choices, self.error = nets, choices, None

    # ------------------------------------------------------------------ the panel

    @contextmanager
    def _silent(self):
        """Controls that are moved in here are not taken for a hand's."""
        before, self._quiet.on = getattr(self._quiet, "on", False), True
        try:
            yield
        finally:
            self._quiet.on = before

    def _push(self):
        """Put the present choices on the controls."""
        with self._silent():
            panel.fill(self.parts, self.choices, self.album, self.asked.weights if self.asked else "")

    def _moved(self, name, change):
        """A hand moved a control."""
        new, old = change["new"], change["old"]
        if getattr(self._quiet, "on", False) or threading.current_thread() is self.worker.thread:
            return
        if name in ROLES:
            values = {name: next((one for one in self.album.strip(name) if one.id == new), new)}
        elif name == "layers":
            values = {"content_layers": new["content"], "style_layers": list(new["style"])}
            values["style_layer_weights"] = list(new["style"].values())
        elif name == "kept":
            return self._try(name, lambda: self._show_kept(change))
        else:
            values = {key: value for key, value in new.items() if old.get(key) != value}
        self._try(name, lambda: self.set(**values), next(iter(values), ""))

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
            "use_asked": lambda: source(self.asked.weights) and self._take(self.asked) or self.run(),
            "file": lambda: self.set(**{name: self.album.upload(name, str(content["file"]), bytes(buffers[0]))}),
            "enter": lambda: self._entered(content["enter"], str(content["text"])),
            "pin": lambda: self.runs.turn(content["pin"]) or self.painting.show_kept(),
            "peek": lambda: self.peeker.ask((str(content["peek"]), *self._present())),
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
        self.load_json(text) if at == "json" else self.set(**{at.removesuffix("_file"): text})

    def _film(self):
        if not (run := self.runs.find(self.parts.kept.value)):
            raise ValueError("there is no film yet: let a painting finish first")
        return film([Image.open(io.BytesIO(data)) for _, data in run.frames])

    def _show_kept(self, change):
        """A kept run on the stage, and its choices on the controls: they are what made it. Or: what to wipe against."""
        run = self.runs.find(change["new"])
        if change["name"] == "against":
            self.painting.under(run, self.album.image(self.choices.content))
        elif run:
            self.worker.stop()
            self.worker.wait(10)
            self._take(run.choices)
            self.painting.show(run)

    def _peek(self, request):
        """What a layer sees, and what it remembers, one after the other."""
        layer, choices, images, net = request
        net, stop = net or network(choices.weights), self.peeker.interrupted
        self.peeker.share_cores(0)
        for kind, make in {
            "sees": lambda: memories.sees(net, images[0], layer),
            "content": lambda: memories.remembers(net, images[0], layer, "content", stop),
            "style": lambda: memories.remembers(net, images[1], layer, "style", stop),
        }.items():
            picture = make()
            if picture is None or stop():
                return
            message = {"peek": layer, "kind": kind, "title": memories.title(layer)}
            self.parts.layers.send(message, [jpeg(picture)])

    def _fail(self, error, name, at=""):
        self.error = error
        self._say(name, sentence(error), at)
        if name == "stage":
            self.painting.state()

    def _say(self, name, text, at=""):
        part = getattr(self.parts, name)
        part.error_at, part.error = at, text
