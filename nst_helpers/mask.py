"""Notebook 09: a mask, drawn with the mouse over a picture."""

import base64
import io
from pathlib import Path

import anywidget
import numpy as np
import torch
import traitlets
from PIL import Image

from .images import jpeg, png, small
from .validation import check_between, check_picture, short_repr
from .widgets import with_jpeg

_HERE = Path(__file__)


class MaskCanvas(anywidget.AnyWidget):
    """A picture to draw on: what is painted over is 1 in ``mask``, the rest 0.

    ``img``: a PIL image; it is shown, and its mask kept, with at most ``longest`` pixels on the longer side.
    Draw with the mouse, a finger, or the arrow keys and the space bar. ``set(mask)`` draws from code.
    Where widgets do not run, the picture with the mask over it shows instead.
    """

    _esm, _css = _HERE.with_suffix(".js"), _HERE.with_suffix(".css")
    picture = traitlets.Unicode().tag(sync=True)
    drawn = traitlets.Unicode().tag(sync=True)  # the mask as a PNG, in a data URL
    width, height = traitlets.Int().tag(sync=True), traitlets.Int().tag(sync=True)
    label = traitlets.Unicode().tag(sync=True)

    def __init__(self, img, longest=480, label="Draw a mask over the picture"):
        check_picture(img)
        check_between("longest", longest, 1, 10_000)
        self.img = small(img.convert("RGB"), longest)
        width, height = self.img.size
        picture = "data:image/jpeg;base64," + base64.b64encode(jpeg(self.img)).decode()
        super().__init__(picture=picture, width=width, height=height, label=label)
        self.set(np.zeros((height, width)))

    def set(self, mask):
        """Replace the mask. ``mask``: a PIL image, or numbers of shape ``(h, w)``; above half of white or of 1 counts.

        Another size is resized. Raises ``ValueError`` for anything else. Returns the canvas.
        """
        try:
            if isinstance(mask, Image.Image):
                levels = np.asarray(mask.convert("L")) / 255
            else:
                numbers = mask.detach().cpu().float() if torch.is_tensor(mask) else mask
                levels = np.asarray(numbers, dtype=float).squeeze()
        except (TypeError, ValueError, OverflowError):
            raise ValueError(f"a mask is a picture or numbers of shape (h, w); this is {short_repr(mask)}") from None
        if levels.ndim != 2 or not levels.size:
            raise ValueError(f"a mask is a picture or numbers of shape (h, w); this has shape {levels.shape}")
        white = Image.fromarray(np.where(levels > 0.5, 255, 0).astype(np.uint8)).resize(
            (self.width, self.height), Image.Resampling.NEAREST
        )
        self.drawn = "data:image/png;base64," + base64.b64encode(png(white)).decode()
        return self

    @property
    def mask(self):
        """What is drawn: a tensor ``(1, 1, h, w)`` of zeros and ones."""
        data = base64.b64decode(self.drawn.partition(",")[2])
        levels = np.asarray(Image.open(io.BytesIO(data)).convert("L"))
        return torch.from_numpy((levels > 127).astype(np.float32))[None, None]

    @property
    def still(self):
        """The picture with the mask over it in orange, a PIL image."""
        alpha = Image.fromarray((self.mask[0, 0].numpy() * 140).astype(np.uint8))
        return Image.composite(Image.new("RGB", self.img.size, "#D55E00"), self.img, alpha)

    def _repr_mimebundle_(self, **kwargs):
        return with_jpeg(super()._repr_mimebundle_(**kwargs), self.still)
