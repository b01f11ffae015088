"""Notebook 06: the loss of a composite image as one function, computed exactly as notebooks 03 and 04 teach it."""

import torch

from .features import extract_features
from .losses import compute_loss
from .style_losses import STYLE_LOSSES


class PlainObjective:
    """The weighted losses of a composite image, with targets that are computed once.

    ``net``: from ``load_vgg19``. ``content_X``, ``style_X``: ``(1, 3, h, w)``, normalized, on its device.
    ``objective(X)`` gives three scalar tensors, ``(content, style, tv)``, each times its weight.
    Raises ``ValueError`` as ``check_layers`` does.
    """

    def __init__(self, net, content_X, style_X, settings):
        self.net, self.settings = net, settings
        describe, self.style_loss = STYLE_LOSSES[settings.style_loss]
        with torch.no_grad():
            self.contents_Y, _ = self.features(content_X)
            self.styles_Y = [describe(Y) for Y in self.features(style_X)[1]]

    def features(self, X):
        return extract_features(self.net, X, self.settings.content_layers, self.settings.style_layers)

    def __call__(self, X):
        weights = self.settings.loss_weights
        contents_l, styles_l, tv_l, _ = compute_loss(
            X, *self.features(X), self.contents_Y, self.styles_Y, weights, self.style_loss
        )
        return sum(contents_l, X.new_zeros(())), sum(styles_l, X.new_zeros(())), tv_l
