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


@functools.lru_cache(maxsize=3)
def _load(weights, stamp):
    return load_vgg19(weights, verbose=False)


def network(weights):
    """VGG-19 from a source of weights, loaded once for all studios; from a file, again whenever that was rewritten."""
    path = imagenet_path() if weights == "imagenet" else Path(weights).expanduser()
    return _load(weights, (path.stat().st_mtime_ns, path.stat().st_size) if path.is_file() else None)


def check(net, choices, images):
    """Raise ``ValueError`` where a picture is too small for the deepest layer in use."""
    for shape in _shapes(choices, images):
        X = torch.empty(1, 3, *shape, device="meta")
        check_layers(net, X, choices.settings.content_layers, choices.settings.style_layers)


def _shapes(choices, images):
    """``(height, width)`` of photograph and painting as they are painted from."""
    sides = choices.size, max(16, round(choices.size * choices.stroke))
    return [fit_shape(img, side) for img, side in zip(images, sides)]


class Easel:
    """``begin`` or ``steer``, then ``paint``. ``run``: the present ``live.Run``; ``choices``: what it goes by."""

    def __init__(self):
        self.run, self.choices, self.number, self.inputs, self.key = None, None, 0, (), None

    def begin(self, net, choices, images):
        """A new run."""
        tensors = [preprocess(img, shape).to(net[0].weight.device)
                   for img, shape in zip(images, _shapes(choices, images))]  # fmt: skip
        self.inputs, self.key = (net, *tensors, images), _key(choices, images)
        self.run, self.choices, self.number = Run(choices.settings), choices, self.number + 1

    def fits(self, choices, images):
        """Whether the present run can go on under these choices. Larger sizes are painted from smaller: they cannot."""
        same = self.key == _key(choices, images)
        return same and (choices.settings == self.choices.settings or self.run.level == 0)

    def steer(self, choices):
        """The present run under other choices; under a new number where the old one was finished."""
        self.choices, self.number = choices, self.number + self.run.finished
        self.run.steer(choices.settings)

    def photo(self):
        """The photograph as the run sees it, a PIL image."""
        return postprocess(self.inputs[1])

    @property
    def pixels(self):
        return self.inputs[1][0, 0].numel()

    def paint(self):
        """Step after step, as ``live.Run.steps`` yields them; above 256 pixels coarse to fine."""
        net, photo, painting, _ = self.inputs
        with closing(self.run.steps(net, photo, painting, coarse=max(photo.shape[-2:]) > COARSE)) as steps:
            yield from steps


def _key(choices, images):
    """What another run is needed for; all else steers. The images are kept beside it, so that their ids stay theirs."""
    s = choices.settings
    return [id(img) for img in images] + [choices.size, choices.stroke, choices.weights, s.start, s.seed]
