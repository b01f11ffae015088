"""The pictures that a studio holds: samples, files read by path, and what was handed over."""

import functools
import io
from pathlib import Path

from PIL import Image

from ..images import open_image, small
from ..sample_images import sample, samples
from .choices import ROLES, Picture

LARGEST, OWN = 2048, 10  # pixels on the longer side of a picture that is taken in; pictures of one's own in a strip
sample_image = functools.cache(sample)


class Album:
    """Pixels by ``Picture``. ``own``: for each role those that are no samples, in the order of their strip."""

    def __init__(self):
        self.own, self.handed = {role: {} for role in ROLES}, 0

    def strip(self, role):
        """The pictures to choose from. No real, named person is offered to be painted over."""
        kinds = ("painting",) if role == "style" else ("photograph", "rendering")
        names = [name for name, about in samples().items() if about.kind in kinds and name != "astronaut"]
        return [Picture(name) for name in names] + list(self.own[role])

    def find(self, one):
        """The pixels of a picture of one's own, or ``None``."""
        return next((own[one] for own in self.own.values() if one in own), None)

    def image(self, one):
        return self.find(one) or sample_image(one.name)

    def open(self, value):
        """``(Picture, PIL image)`` of a name, a path or a PIL image. A file is read anew: it may be another by now."""
        if isinstance(value, Image.Image):
            self.handed += 1
            return self._same(Picture(f"picture {self.handed}"), value.convert("RGB"))
        one = Picture.of(value)
        if one.kind == "upload" and not self.find(one):
            raise ValueError(f"the pixels of {one.name!r:.80} are not here: hand the picture over again")
        return self._same(one, open_image(one.path)) if one.path else (one, self.image(one))

    def upload(self, role, name, data):
        """A ``Picture`` of a file's bytes; another file of the same name gets a name of its own."""
        name = "".join(filter(str.isprintable, Path(name.replace("\\", "/")).name))[:200] or "picture"
        if not data:
            raise ValueError(f"{name} is empty (0 bytes): choose another file")
        file = io.BytesIO(data)
        file.name = name
        one, img, n = Picture(name), small(open_image(file), LARGEST), 1
        while one.kind == "sample" or self.find(one) not in (None, img):  # Pillow compares pixels
            n, one = n + 1, Picture(f"{name} ({n + 1})")
        self.keep(role, *self._same(one, img))
        return one

    def keep(self, role, one, img):
        """Take a picture into the strip of ``role``; the oldest of one's own goes when there are too many."""
        own = self.own[role]
        if one in own or one not in self.strip(role):
            own[one] = img
        while len(own) > OWN:
            own.pop(next(iter(own)))

    def _same(self, one, img):
        """The same pixels are the same object: whoever paints sees by that whether to begin anew."""
        img, old = small(img, LARGEST), self.find(one)
        return one, old if old == img else img
