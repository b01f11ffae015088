"""Notebook 07: the layer lab, a table of pictures beside a studio, painted while you watch."""

import ipywidgets as W
import torch

from .background import Worker
from .features import extract_features, shared_vgg19
from .figures import contact_sheet
from .images import jpeg
from .layers import layer_index, layer_name
from .losses import gram, style_loss
from .studio.controls import Strip
from .studio.painting import Easel
from .validation import sentence
from .widgets import close, take_over_cell, with_still

LOUD = 30.0  # the weighted style loss of the photograph at every style layer
CONTENTS, STYLES = ("relu2_1", "relu3_1", "relu4_1"), ("relu1_1", "relu2_1", "relu3_1", "relu4_1")


class Table:
    """A table of small pictures beside a studio. ``cells``: by ``(row, column)`` what ``Studio.set`` takes for a place.

    It paints at once, with ``more`` choices for all places; a click puts a place's choices into the studio. ``images``:
    PIL images by ``(row, column)``; ``wait()`` waits until all are there, ``close()`` ends it.
    """

    def __init__(self, studio, cells, corner="", **more):
        self.studio, self.cells, self.more, self.images, self.error = studio, cells, more, {}, None
        self.rows, self.columns = (list(dict.fromkeys(words)) for words in zip(*cells))
        self.empty = studio.album.image(studio.choices.content)
        self.strip = Strip(label=corner, rows=self.rows, columns=self.columns)
        self._show()
        self.strip.observe(self._pressed, names="value")
        self.widget = W.Box([self.strip], model_id=take_over_cell(self)).add_class("nst-studio")
        self.worker = Worker(self._paint, self._fail)
        self.worker.ask(studio.present())

    def wait(self, timeout=180):
        self.worker.wait(timeout)
        return self

    def close(self):
        """End the thread and take the table off the page."""
        self.worker.close()
        close(self.widget)

    def _paint(self, present):
        easel, (choices, pictures, net) = Easel(), present
        for at, chosen in self.cells.items():
            easel.begin(net, choices.but(**chosen, **self.more), pictures)
            self.worker.share_cores(easel.pixels)
            for _ in easel.paint():
                if self.worker.interrupted():
                    return
            self.images[at] = easel.run.image
            self._show()

    def _show(self):
        items = []
        for n, (row, column) in enumerate(self.cells):
            place = {"row": self.rows.index(row), "column": self.columns.index(column), "title": f"{row}, {column}"}
            items.append({"id": str(n), **place, "thumb": jpeg(self._image(row, column))})
        self.strip.items = items

    def _image(self, *at):
        return self.images.get(at, self.empty)

    def _pressed(self, change):
        try:
            self.studio.set(**[*self.cells.values()][int(change["new"])])
        except Exception as error:  # JupyterLab would swallow it
            self._fail(error)

    def _fail(self, error):
        self.error, self.strip.error = error, sentence(error)

    def _repr_mimebundle_(self, **kwargs):
        rows = ([self._image(row, column) for column in self.columns] for row in self.rows)  # read when it is done
        return with_still(self, lambda: contact_sheet(rows, self.columns, self.rows, height=160))


def layer_lab(studio, contents=CONTENTS, styles=STYLES, size=192, steps=50):
    """A ``Table`` of a studio's pictures: a row for every content layer, a column for every style layer.

    A column's style layers are its own and those of the columns before it, each with a weight, so chosen that all ask
    equally loudly of the photograph. Raises ``ValueError`` for an unknown layer.
    """
    contents, styles = ([layer_name(layer) for layer in layers] for layers in (contents, styles))
    choices, pictures, net = studio.present()
    net, easel = net or shared_vgg19(choices.weights), Easel()
    easel.begin(net, choices.but(size=size, instant=False), pictures)
    with torch.no_grad():
        both = (X.to(net[0].weight) for X in (easel.photo, easel.painting))
        ours, theirs = (extract_features(net, X, contents, styles)[1] for X in both)
    losses = [float(style_loss(Y_hat, gram(Y))) for Y_hat, Y in zip(ours, theirs)]
    loud = {layer: LOUD / max(loss, 1e-20) for layer, loss in zip(sorted(styles, key=layer_index), losses)}
    cells = {}
    for row in contents:
        for n, column in enumerate(styles):
            layers, total = styles[: n + 1], sum(loud[layer] for layer in styles[: n + 1])
            weights = {"content_weight": 1.0, "style_weight": total / (n + 1) ** 2, "tv_weight": 10.0}
            each = {layer: loud[layer] / total * (n + 1) for layer in layers}  # 1 on average
            cells[row, f"… + {column}" if n else column] = {"content_layers": row, "style_layers": each, **weights}
    return Table(studio, cells, "content ↓ style →", size=size, start="noise", optimizer="lbfgs", steps=steps)
