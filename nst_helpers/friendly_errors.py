"""Shared: one-sentence errors for the short functions of the notebooks.

On the page those functions check nothing, so that they stay short, and the package exports the same code. What it
exports is wrapped in ``guarded``, which turns an error from deep inside torch into a sentence about the arguments.
"""

import functools
import inspect

from PIL import Image

from .validation import first_line

TAKES = {
    "preprocess": "an RGB PIL image and (height, width)",
    "postprocess": "an image tensor (1, 3, h, w) of floats",
    "fit_shape": "a PIL image and a number of pixels",
    "content_loss": "two feature maps of one shape",
    "gram": "a feature map (1, c, h, w)",
    "style_loss": "a feature map (1, c, h, w) and a Gram matrix (c, c)",
    "tv_loss": "an image tensor (1, c, h, w)",
    "compute_loss": "an image tensor, four lists of feature maps or Gram matrices, and three weights",
    "moments": "a feature map (1, c, h, w)",
    "adain": "two feature maps (1, c, any, any)",
    "CompositeImage": "the shape (1, 3, h, w) of an image",
    "check_layers": "a network, an image tensor (1, 3, h, w), and two lists of layers",
    "find_weights": "a source of weights and a seed",
    "explore": "a function that draws, and a control for each of its arguments",
    "load_vgg19": "weights and a device",
    "Sheet": "numbers of cells and columns, and lists of titles, labels and captions",
    "FastObjective": "a network, two image tensors (1, 3, h, w) and Settings",
    "PlainObjective": "a network, two image tensors (1, 3, h, w) and Settings",
    "TiledObjective": "a network, two image tensors (1, 3, h, w), Settings and the side of a tile in pixels",
    "LBFGS": "the parameter (1, 3, h, w) to train",
    "LivePlot": "a number of steps, the (height, width) of a picture, and rows of losses",
    "VGG19": "five numbers of channels, a padding and a pooling",
    "initialize": "a composite image, a start, and image tensors (1, 3, h, w)",
    "extract_features": "a network, an image tensor (1, 3, h, w), and two lists of layers",
    "random_parameters": "five numbers of channels and a seed",
    "imagenet_path": "the address of a checkpoint",
    "contact_sheet": "rows of PIL images, titles, labels and a height in pixels",
    "show_images": "a list of pictures: PIL images, or arrays or tensors (h, w) or (h, w, 3)",
    "jpeg": "a PIL image and a quality from 1 to 95",
    "duration": "a number of seconds",
}


def guarded(function, takes):
    """``function``, or a class, whose unexpected errors become a ``ValueError`` that says what it ``takes``.

    Expected are ``ValueError``, ``OSError``, a full memory, and Python's own ``TypeError`` for an argument that is
    missing or unknown.
    """
    if isinstance(function, type):
        function.__init__ = guarded(function.__init__, takes)
        return function
    method, name = function.__name__ == "__init__", function.__qualname__.removesuffix(".__init__")

    @functools.wraps(function)
    def checked(*args, **kwargs):
        for img in [*args, *kwargs.values()]:
            if isinstance(img, Image.Image) and not min(img.size):
                raise ValueError(f"{name}: the picture has no pixels, it is {img.width}×{img.height}")
        try:
            return function(*args, **kwargs)
        except (ValueError, OSError, MemoryError):
            raise
        except Exception as error:
            if any(words in str(error) for words in ("out of memory", "allocate memory")):  # not the input's fault
                raise
            inspect.signature(function).bind(*args, **kwargs)  # raises Python's own TypeError
            own = args[1:] if method else args
            given = ", ".join(map(_described, [*own, *kwargs.values()]))
            raise ValueError(f"{name} takes {takes}; it was given {given:.200} ({first_line(error):.120})") from error

    return checked


def _described(value):
    """The type of a value, with its shape or size if it has one."""
    kind = type(value).__name__
    size = getattr(value, "shape", getattr(value, "size", None))
    return f"{kind} {tuple(size)}" if isinstance(size, tuple) else "None" if value is None else kind
