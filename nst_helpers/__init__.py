"""Helpers of the neural style transfer notebooks.

Read ``validation`` (errors) and ``files`` (paths) first, then the modules in the order of the imports below, with
``interrupts`` before ``state``, and ``pyramid`` and ``checkpoints`` before ``training``, which completes the method.
The first line of each names the notebook that teaches it, or says that several share it. On a first reading skip
``style_losses``, ``fast_objective``, ``lbfgs``, ``checkpoints`` and ``download``.
"""

from .sample_images import credits, sample, samples
from .images import jpeg, open_image, save_image
from .figures import PALETTE, contact_sheet, show_images
from .preprocessing import check_shape, fit_shape, postprocess, preprocess, rgb_mean, rgb_std
from .layers import CONV_NAMES, LAYER_NAMES, LAYERS, layer_index, layer_name
from .settings import DEFAULTS, PUBLISHED, Settings
from .download import WeightsError, imagenet_path
from .weights import Parameters, find_weights, random_parameters
from .features import VGG19, check_layers, extract_features, load_vgg19
from .losses import compute_loss, content_loss, gram, style_loss, tv_loss
from .style_losses import STYLE_LOSSES, adain, moments
from .composite import CompositeImage, initialize
from .objective import PlainObjective
from .fast_objective import FastObjective
from .lbfgs import LBFGS
from .state import State
from .training import DivergedError, Step, coarse_to_fine, optimize, stylize
from .painter import Painter, load_painter, save_painter
from .painter_training import PainterState, PainterStep, learn_painter
from .run import Run
from .live import LivePlot, duration, train, train_painter
from .clips import Clip, open_clip
from .tiles import TiledObjective, stylize_large
from .jobs import Job, Result, pictures, read_sweep
from .workers import cluster
from .sweep import sweep
from .sheet import Sheet, watch
from .explore import Explorer, explore
from .studio import Studio
from .checks import check
from .friendly_errors import TAKES, guarded

# An error from deep inside torch or PIL becomes one sentence: see friendly_errors.py
globals().update({name: guarded(globals()[name], takes) for name, takes in TAKES.items()})

__all__ = [
    "CONV_NAMES",
    "DEFAULTS",
    "LAYERS",
    "LAYER_NAMES",
    "LBFGS",
    "PALETTE",
    "PUBLISHED",
    "STYLE_LOSSES",
    "VGG19",
    "Clip",
    "CompositeImage",
    "DivergedError",
    "Explorer",
    "FastObjective",
    "Job",
    "LivePlot",
    "Painter",
    "PainterState",
    "PainterStep",
    "Parameters",
    "PlainObjective",
    "Result",
    "Run",
    "Settings",
    "Sheet",
    "State",
    "Step",
    "Studio",
    "TiledObjective",
    "WeightsError",
    "adain",
    "check",
    "check_layers",
    "check_shape",
    "cluster",
    "coarse_to_fine",
    "compute_loss",
    "contact_sheet",
    "content_loss",
    "credits",
    "duration",
    "explore",
    "extract_features",
    "find_weights",
    "fit_shape",
    "gram",
    "imagenet_path",
    "initialize",
    "jpeg",
    "layer_index",
    "layer_name",
    "learn_painter",
    "load_painter",
    "load_vgg19",
    "moments",
    "open_clip",
    "open_image",
    "optimize",
    "pictures",
    "postprocess",
    "preprocess",
    "random_parameters",
    "read_sweep",
    "rgb_mean",
    "rgb_std",
    "sample",
    "samples",
    "save_image",
    "save_painter",
    "show_images",
    "style_loss",
    "stylize",
    "stylize_large",
    "sweep",
    "train",
    "train_painter",
    "tv_loss",
    "watch",
]
