"""Notebook 05: the composite image, the only thing that is trained."""

import torch
from torch import nn
from torch.nn import functional as F

from .losses import gram

STARTS = ("content", "noise", "style", "blend")


class CompositeImage(nn.Module):
    """A module whose one parameter, ``weight``, is the image: ``(1, 3, h, w)``, normalised. (d2l 14.12.6)"""

    def __init__(self, img_shape):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(*img_shape))

    def forward(self):
        return self.weight


def initialise(composite, start, content_X, style_X=None, blend=0.5, seed=0):
    """Start a composite image from ``content``, ``noise``, ``style`` or a ``blend`` of content and noise.

    ``noise`` is Gaussian, with the spread of a normalised image; ``blend`` is the share of noise, 0 to 1.
    A style image of another size is resized. Raises ``ValueError`` for another start.
    """
    shape = content_X.shape[-2:]
    noise = torch.randn(content_X.shape, generator=torch.Generator().manual_seed(seed)).to(content_X)
    if start == "content":
        X = content_X
    elif start == "noise":
        X = noise
    elif start == "style":
        X = F.interpolate(style_X, shape, mode="bilinear", antialias=True)
    elif start == "blend":
        X = (1 - blend) * content_X + blend * noise
    else:
        raise ValueError(f"a composite image starts from {', '.join(STARTS)}, not from {start!r}")
    composite.weight.data.copy_(X)


def get_inits(X, device, lr, styles_Y):
    """The composite image's first state, the style targets and the optimiser. (d2l 14.12.6)

    Returns ``(composite, styles_Y_gram, trainer)``: a ``CompositeImage`` equal to ``X``, one Gram matrix a
    style layer, and Adam over the composite's single parameter.
    """
    composite = CompositeImage(X.shape).to(device)
    composite.weight.data.copy_(X.data)
    trainer = torch.optim.Adam(composite.parameters(), lr=lr)
    styles_Y_gram = [gram(Y) for Y in styles_Y]
    return composite, styles_Y_gram, trainer
