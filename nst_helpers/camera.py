"""Notebook 10: the browser's camera, painted frame by frame while it runs."""

import contextlib
import io
import itertools
import time
from pathlib import Path

import anywidget
import traitlets

from .clips import pan
from .images import jpeg, open_image
from .sample_images import sample
from .widgets import with_jpeg

_HERE = Path(__file__)


class Camera(anywidget.AnyWidget):
    """A camera picture, painted: *Start* asks the browser for its camera and sends frames, one at a time.

    ``painter``: from ``load_painter`` or ``learn_painter``. ``size``: pixels on the longer side of a frame.
    ``clip``: a ``Clip`` to paint where there is no camera or no permission; by default a photograph that moves.
    The page asks for the next frame when it has shown the last one, so nothing piles up, and once it stops asking (the
    button, a closed page) nothing runs. ``error`` holds the last exception or ``None``.
    """

    _esm, _css = _HERE.with_suffix(".js"), _HERE.with_suffix(".css")
    styles = traitlets.List(traitlets.Unicode()).tag(sync=True)
    chosen = traitlets.List(traitlets.Unicode()).tag(sync=True)  # the two styles that are mixed
    share = traitlets.Float(0.0).tag(sync=True)  # of the second, 0 to 1
    size = traitlets.Int(320).tag(sync=True)

    def __init__(self, painter, size=320, clip=None):
        names = list(painter.styles)
        super().__init__(styles=names, chosen=[names[0], names[-1]], size=size)
        self.painter, self.clip, self.error = painter, clip or pan(sample("coffee")), None
        self._frames = itertools.cycle(self.clip.frames)
        self.on_msg(self._answer)

    def _answer(self, widget, content, buffers):
        """The page sent a frame, or asks for one of the clip's: send it back painted, or what is wrong."""
        start = time.monotonic()
        try:
            img = next(self._frames) if content["kind"] == "clip" else open_image(io.BytesIO(buffers[0]))
            painted, self.error = self.paint(img), None
        except Exception as error:  # raised here, it would be lost
            self.error = error
            self.send({"kind": "error", "text": str(error) or type(error).__name__})
        else:
            milliseconds = round(1000 * (time.monotonic() - start))
            self.send({"kind": "painted", "milliseconds": milliseconds}, [jpeg(painted, 80)])

    def paint(self, img):
        """One frame, a PIL image, painted in the mix that is chosen."""
        first, second = self.chosen
        shares = {first: 1.0} if first == second else {first: 1 - self.share, second: self.share}
        return self.painter.paint_image(img, shares, self.size)

    def _repr_mimebundle_(self, **kwargs):
        bundle = super()._repr_mimebundle_(**kwargs)
        with contextlib.suppress(Exception):  # the widget itself says what is wrong
            bundle = with_jpeg(bundle, self.paint(self.clip.frames[0]))
        return bundle
