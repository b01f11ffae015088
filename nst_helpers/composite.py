"""Notebook 05: the composite image, the only thing that is trained."""

import torch
from torch import nn
from torch.nn import functional as F


class CompositeImage(nn.Module):
    """A module whose one parameter, ``weight``, is the image: ``(1, 3, h, w)``, normalized. (d2l 14.12.6)"""

    def __init__(self, img_shape):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(*img_shape))

    def forward(self):
        return self.weight


def initialize(composite, start, content_X, style_X=None, blend=0.5, seed=0):
    """Start a composite image from ``content``, ``noise``, ``style`` or a ``blend`` of content and noise.

    ``content_X``, ``style_X``: ``(1, 3, h, w)``, normalized; a style image of another size is resized. ``noise`` is
    Gaussian with the standard deviation of a normalized image, 1; ``blend`` is its share, 0 to 1.
    Raises ``ValueError`` for any other start.
    """
    noise = torch.randn(content_X.shape, generator=torch.Generator().manual_seed(seed)).to(content_X)
    if start == "content":
        X = content_X
    elif start == "noise":
        X = noise
    elif start == "style":
        X = F.interpolate(style_X, content_X.shape[-2:], mode="bilinear", antialias=True)
    elif start == "blend":
        X = (1 - blend) * content_X + blend * noise
    else:
        raise ValueError(f"a composite starts from content, noise, style, blend, not from {start!r:.60}")
    composite.weight.data.copy_(X)
