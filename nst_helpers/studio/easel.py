"""Where a studio paints: the network, the two pictures as tensors, and the run that goes on. It knows no widgets."""

import functools
from contextlib import closing
from pathlib import Path

import torch

from ..features import check_layers, load_vgg19
from ..live import Run
from ..preprocessing import fit_shape, postprocess, preprocess
from ..training import COARSE
from ..weights import imagenet_path

RESTART = ("size", "stroke", "weights")  # choices that another run is needed for, beside the pictures
ANEW = ("start", "seed")  # settings of the same kind; the others steer a run


@functools.lru_cache(maxsize=3)
def _load(weights, stamp):
    return load_vgg19(weights, verbose=False)


def network(weights):
    """VGG-19 from a source of weights, loaded once for all studios; from a file, again whenever that was rewritten."""
    path = imagenet_path() if weights == "imagenet" else Path(weights).expanduser()
    stamp = (path.stat().st_mtime_ns, path.stat().st_size) if path.is_file() else None
    return _load(weights, stamp)


def shapes(choices, photo, painting):
    """``(height, width)`` of the two pictures as they are painted from."""
    return fit_shape(photo, choices.size), fit_shape(painting, max(16, round(choices.size * choices.stroke)))


def check(net, choices, photo, painting):
    """Raise ``ValueError`` where a picture is too small for the deepest layer in use."""
    for height, width in shapes(choices, photo, painting):
        X = torch.empty(1, 3, height, width, device="meta")
        check_layers(net, X, choices.settings.content_layers, choices.settings.style_layers)


class Easel:
    """``begin`` or ``steer``, then ``paint``. ``run``: the present ``live.Run``; ``choices``: what it goes by."""

    def __init__(self):
        self.run, self.choices, self.number, self.inputs, self.key = None, None, 0, (), None

    def fits(self, choices, images):
        """Whether the present run can go on under these choices."""
        return self.key is not None and self.key == self._key(choices, images)

    def begin(self, net, choices, images):
        """A new run, which shows its start."""
        tensors = [preprocess(img, shape).to(net[0].weight.device)
                   for img, shape in zip(images, shapes(choices, *images))]  # fmt: skip
        self.number += 1
        self.inputs, self.key, self.choices = (net, *tensors, images), self._key(choices, images), choices
        self.run = Run(choices.settings)
        return self.run

    def steer(self, choices):
        """The present run under other choices, as a run of its own number where the old one was finished."""
        if self.run.finished:
            self.number += 1
        self.choices = choices
        self.run.steer(choices.settings)

    def photo(self):
        """The photograph as the run sees it, a PIL image."""
        return postprocess(self.inputs[1])

    @property
    def pixels(self):
        return self.inputs[1].shape[-1] * self.inputs[1].shape[-2]

    def paint(self):
        """Step after step, as ``live.Run.steps`` yields them; above 256 pixels coarse to fine."""
        net, photo, painting, _ = self.inputs
        with closing(self.run.steps(net, photo, painting, coarse=max(photo.shape[-2:]) > COARSE)) as steps:
            yield from steps

    def _key(self, choices, images):
        own = [getattr(choices, name) for name in RESTART] + [getattr(choices.settings, name) for name in ANEW]
        return [id(img) for img in images] + own  # the images are kept beside it, so that their ids stay theirs
