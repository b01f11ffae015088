"""Notebook 07: content layers against style layers, a table of small pictures, painted while you watch."""

import os

import ipywidgets as W
import torch

from ..features import VGG19, extract_features
from ..images import contact_sheet, jpeg
from ..layers import layer_index, layer_name
from ..losses import gram, style_loss
from ..preprocessing import fit_shape, postprocess, preprocess
from ..training import optimize
from .album import Album
from .controls import Strip
from .easel import network
from .panel import bundle, close, take_over_cell
from .worker import Worker, sentence

LOUD = 30.0  # the weighted style loss of the photograph at every style layer
CONTENTS, STYLES = ("relu2_1", "relu3_1", "relu4_1"), ("relu1_1", "relu2_1", "relu3_1", "relu4_1")


class LayerLab:
    """A table of small pictures: a row for every content layer, a column for every style layer. It paints at once.

    A column's style layers are its own and those of the columns before it, each with a weight, so chosen that all ask
    equally loudly of the photograph. A click puts a picture's layers into ``studio``. ``images``: PIL images by
    ``(content layer, style layer)``; ``wait()`` waits until all are there, ``stop()`` ends it early. Raises
    ``ValueError`` for an unknown layer, or a ``size`` in pixels that is too small for it.
    """

    def __init__(self, content="cat", style="starry_harbour", contents=CONTENTS, styles=STYLES, weights="embedded",
                 studio=None, size=192, steps=50):  # fmt: skip
        self.contents, self.styles = ([layer_name(layer) for layer in layers] for layers in (contents, styles))
        self.pictures, self.studio, self.steps, self.error, self.images = (content, style), studio, steps, None, {}
        self.weights, self.net = weights, weights if isinstance(weights, VGG19) else network(weights)
        sides = (size, 3 * size // 2), [Album().open(value)[1] for value in self.pictures]
        inputs = [preprocess(img, fit_shape(img, side)) for side, img in zip(*sides)]
        self.inputs = [X.to(self.net[0].weight.device) for X in inputs]
        with torch.no_grad():
            (_, at_photo), (_, at_painting) = (
                extract_features(self.net, X, self.contents, self.styles) for X in self.inputs
            )
        losses = [float(style_loss(Y_hat, gram(Y))) for Y_hat, Y in zip(at_photo, at_painting)]
        self.loud = {
            layer: LOUD / max(loss, 1e-20) for layer, loss in zip(sorted(self.styles, key=layer_index), losses)
        }
        self.strip = Strip(columns=len(self.styles), items=self._items())
        self.strip.observe(self._pressed, names="value")
        self.widget = W.Box([self.strip], model_id=take_over_cell(self)).add_class("nst-studio")
        self.worker = Worker(self._fill, self._fail)
        self.worker.ask("fill")

    def settings(self, row, column):
        """The ``Settings`` of a place in the table."""
        layers = self.styles[: self.styles.index(column) + 1]
        loud = [self.loud[layer] / len(layers) for layer in layers]
        chosen = {"content_layers": (row,), "style_layers": layers, "style_layer_weights": loud, "style_weight": 1.0}
        return self.net.settings.but(**chosen, tv_weight=10.0, start="noise", optimizer="lbfgs", num_epochs=self.steps)

    def _items(self):
        start, items = postprocess(self.inputs[0]), [{"head": "content ↓ style →"}]
        items += [{"head": f"… + {layer}" if n else layer} for n, layer in enumerate(self.styles)]
        for row in self.contents:
            items.append({"head": row})
            for column in self.styles:
                texts = {"id": f"{row} {column}", "label": "", "title": f"content {row}, style up to {column}"}
                items.append({**texts, "thumb": jpeg(self.images.get((row, column), start))})
        return items

    def _fill(self, request):
        self.worker.share_cores(self.inputs[0][0, 0].numel())
        for row in self.contents:
            for column in self.styles:
                for step in optimize(self.net, *self.inputs, self.settings(row, column)):
                    if self.worker.interrupted():
                        return
                    X = step.X
                self.images[row, column] = postprocess(X)
                self.strip.items = self._items()

    def _pressed(self, change):
        try:
            self.choose(*change["new"].split(" "))
        except Exception as error:  # JupyterLab would swallow it
            self._fail(error)

    def choose(self, row, column):
        """Put a place's pictures and layers into the studio, which paints them. Returns the lab."""
        if self.studio is None:
            raise ValueError("no studio to put this into: make the table with LayerLab(…, studio=your_studio)")
        s = self.settings(row, column)
        names = ("content_layers", "style_layers", "style_layer_weights", "style_weight", "content_weight", "tv_weight")
        chosen = {name: getattr(s, name) for name in names}
        self.studio.set(content=self.pictures[0], style=self.pictures[1], weights=self.weights, **chosen)
        return self

    def _fail(self, error):
        self.error, self.strip.error = error, sentence(error)

    def wait(self, timeout=180):
        self.worker.wait(timeout)
        return self

    def stop(self):
        self.worker.stop()
        return self

    def close(self):
        """End the thread and take the table off the page."""
        self.worker.close()
        close(self.widget)

    def _repr_mimebundle_(self, **kwargs):
        if os.environ.get("NST_STILLS"):
            self.wait(600)
        start = postprocess(self.inputs[0])
        rows = [[self.images.get((row, column), start) for column in self.styles] for row in self.contents]
        titles = [f"style to {layer}" for layer in self.styles]
        return bundle(self.widget, contact_sheet(rows, titles, self.contents, height=160), "LayerLab")
