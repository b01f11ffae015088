"""Notebook 07: every content layer against every style layer, a grid of small pictures."""

import functools
import time

import ipywidgets as W
import torch
from PIL import Image

from ..features import VGG19, check_layers, extract_features
from ..images import open_image, samples
from ..layers import layer_index
from ..losses import gram, style_loss
from ..preprocessing import fit_shape, postprocess, preprocess
from ..training import optimize
from .parts import (
    STYLE,
    Worker,
    beside,
    box,
    close_children,
    contact_sheet,
    jpeg,
    label,
    message,
    network,
    sample_image,
    sentence,
    spoken,
    take_over_cell,
    with_still,
)

FRAME = 2 / 15  # seconds between pictures, at least
LOUD = 100.0  # the weighted style loss of the photograph, in every cell


class LayerLab(W.VBox):
    """A grid of small pictures: one for every content layer (rows) and single style layer (columns).

    Made by ``layer_lab``. ``images``: PIL images by ``(content layer, style layer)``; ``wait()`` waits until the
    grid is full, ``stop()`` ends it early, ``choose(content layer, style layer)`` is a press on a cell.
    """

    def __init__(self, content, style, contents, styles, weights, studio, size, steps):
        net = weights if isinstance(weights, VGG19) else network(weights)
        self.contents, self.styles, self.studio, self.error = tuple(contents), tuple(styles), studio, None
        self.names = content, style
        imgs = [name if isinstance(name, Image.Image) else sample_image(name) if name in samples() else open_image(name)
                for name in (content, style)]  # fmt: skip
        self.weights, self.net, self.images, self.cells = weights, net, {}, {}
        self.inputs = [preprocess(img, fit_shape(img, side)) for img, side in zip(imgs, (size, round(1.5 * size)))]
        for X in self.inputs:
            check_layers(net, X, self.contents, self.styles)
        # From noise, or the photograph would be there whatever the content layer. Every style layer asks equally
        # loudly: LOUD is what it says to the photograph itself.
        self.base, self.steps = net.settings.but(start="noise", optimizer="lbfgs", tv_weight=10.0), steps
        with torch.no_grad():
            maps = [extract_features(net, X.to(net[0].weight.device), (), self.styles)[1] for X in self.inputs]
        order = sorted(self.styles, key=layer_index)
        self.loudness = {name: LOUD / style_loss(Y_hat, gram(Y)).item() for name, Y_hat, Y in zip(order, *maps)}
        height, width = self.inputs[0].shape[-2:]
        shown = min(150, 860 // max(1, len(self.styles)))
        rows = [W.HBox([label("content ↓  style →", 130), *[label(name, shown + 6) for name in self.styles]])]
        for row in self.contents:
            cells = []
            for column in self.styles:
                picture = W.Image(format="jpeg", layout=box(shown, round(shown * height / width), object_fit="contain"))
                button = W.Button(description="use this", tooltip=f"content {row}, style {column}: into the studio",
                                  layout=box(shown, 26))  # fmt: skip
                button.on_click(functools.partial(self._pressed, row, column))
                button.add_class(f"nst-cell-{row}-{column}")
                picture.add_class("nst-picture")
                picture.value = jpeg(postprocess(self.inputs[0]))
                self.cells[row, column] = picture
                cells.append(W.VBox([picture, button]))
            rows.append(beside([label(row, 130), *cells]))
        self.message = W.HTML(layout=box(860, 24))
        super().__init__([W.HTML(STYLE, layout={"display": "none"}), *rows, self.message])
        self.add_class("nst-lab")
        self.worker = Worker(self._fill, self._fail)
        take_over_cell(self)
        self.worker.ask("fill")

    @spoken
    def _pressed(self, row, column, button):
        self.choose(row, column)

    def choose(self, row, column):
        """Put a cell's pictures, layers and style weight on the studio's controls."""
        if self.studio is None:
            raise ValueError("no studio to put this into: make the grid with layer_lab(…, studio=your_studio)")
        names = ("content_weight", "tv_weight", "start", "optimizer")
        values = {name: getattr(self.base, name) for name in names} | self._layers(row, column)
        self.studio.set(content=self.names[0], style=self.names[1], weights=self.weights, **values)
        self.message.value = message(f"content {row}, style {column}: in the studio")
        return self

    def _layers(self, row, column):
        return {"content_layers": (row,), "style_layers": (column,), "style_weight": self.loudness[column]}

    def _fill(self, request):
        self.worker.share_cores(self.inputs[0])
        for n, (row, column) in enumerate(self.cells, 1):
            settings = self.base.but(num_epochs=self.steps, style_layer_weights=(), **self._layers(row, column))
            shown = 0.0
            for step in optimize(self.net, *self.inputs, settings):
                if self.worker.interrupted():
                    return
                if time.monotonic() - shown > FRAME or step.step == self.steps:
                    shown, img = time.monotonic(), postprocess(step.X)
                    self.cells[row, column].value = jpeg(img)
            self.images[row, column] = img
            self.message.value = message(f"{n} of {len(self.cells)} pictures, {self.steps} steps each")

    def _fail(self, error):
        self.error = error
        self.message.value = message(sentence(error), alert=True)

    def wait(self, timeout=120):
        """Block until the grid is full or stopped; ``TimeoutError`` after ``timeout`` seconds."""
        self.worker.wait(timeout)
        return self

    def stop(self):
        """Leave the rest of the grid as it is."""
        self.worker.stop()
        return self

    def close(self):
        """End the worker and take the grid off the page."""
        if hasattr(self, "worker"):
            self.worker.close()
        close_children(self)
        super().close()

    def _repr_mimebundle_(self, **kwargs):
        start = postprocess(self.inputs[0])
        rows = [[self.images.get((row, column), start) for column in self.styles] for row in self.contents]
        return with_still(
            super()._repr_mimebundle_(**kwargs),
            contact_sheet(rows, [f"style {name}" for name in self.styles], 130, self.contents),
        )


def layer_lab(
    content="cat",
    style="starry_harbour",
    contents=("relu2_1", "relu3_1", "relu4_1"),
    styles=("relu1_1", "relu2_1", "relu3_1", "relu4_1"),
    weights="embedded",
    studio=None,
    size=120,
    steps=50,
):
    """Small pictures for every content layer × single style layer, painted while you watch. A ``LayerLab``.

    ``contents``, ``styles``: layer names. ``size``: pixels on the longer side. A press on a cell puts its choice
    into ``studio``. Raises ``ValueError`` for an unknown layer or a size that is too small for one.
    """
    return LayerLab(content, style, contents, styles, weights, studio, size, steps)
