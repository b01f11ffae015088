"""The pictures that a studio holds: samples, files read by path, and what was handed over."""

import functools
import io
from pathlib import Path

from PIL import Image

from ..images import open_image, sample, samples
from .choices import Picture
from .drawing import small

LARGEST, OWN = 2048, 10  # pixels on the longer side of a picture that is taken in; pictures of one's own in a strip
sample_image = functools.cache(sample)


class Album:
    """Pixels by ``Picture``. ``own``: for each role the pictures that are no samples, in the order of their strip."""

    def __init__(self):
        self.pixels, self.own, self.handed = {}, {"content": [], "style": []}, 0

    def strip(self, role):
        """The pictures to choose from. No real, named person is offered to be painted over."""
        kinds = ("painting",) if role == "style" else ("photograph", "rendering")
        names = [name for name, about in samples().items() if about.kind in kinds and name != "astronaut"]
        return [Picture(name) for name in names] + self.own[role]

    def image(self, one):
        return self.pixels[one] if one in self.pixels else sample_image(one.name)

    def open(self, value):
        """``(Picture, PIL image)`` of a name, a path or a PIL image. A file is read anew: it may be another by now."""
        if isinstance(value, Image.Image):
            self.handed += 1
            return self._fitted(Picture(f"picture {self.handed}"), value.convert("RGB"))
        one = Picture.of(value)
        if one.path:
            return self._fitted(one, open_image(one.path))
        if one.kind == "upload" and one not in self.pixels:
            raise ValueError(f"the pixels of {one.name!r:.80} are not here: hand the picture over again")
        return one, self.image(one)

    def upload(self, role, name, data):
        """A ``Picture`` of a file's bytes; another file of the same name gets a name of its own."""
        name = Path(name.replace("\\", "/")).name[:200] or "picture"
        file = io.BytesIO(data)
        file.name = name
        if not data:
            raise ValueError(f"{name} is empty (0 bytes): choose another file")
        img, one, n = small(open_image(file), LARGEST), Picture(name), 1
        while one.kind == "sample" or (one in self.pixels and self.pixels[one].tobytes() != img.tobytes()):
            n, one = n + 1, Picture(f"{name} ({n + 1})")
        self.keep(role, *self._fitted(one, img))
        return one

    def keep(self, role, one, img):
        """Take a picture into the strip of ``role``; the oldest of one's own goes when there are too many."""
        own = self.own[role]
        if one.kind == "upload" or one.path or one not in self.strip(role):
            self.own[role] = own if one in own else [*own, one][-OWN:]
            self.pixels[one] = img
            needed = {each for own in self.own.values() for each in own}
            self.pixels = {each: pixels for each, pixels in self.pixels.items() if each in needed}

    def _fitted(self, one, img):
        """The same pixels are the same object: whoever paints sees by that whether to begin anew."""
        img, old = small(img, LARGEST), self.pixels.get(one)
        return one, old if old and old.size == img.size and old.tobytes() == img.tobytes() else img
