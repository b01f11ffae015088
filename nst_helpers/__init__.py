"""Helpers of the neural style transfer notebooks: one module a notebook, read them in this order."""

from types import ModuleType

from .images import FOLDER, PALETTE, Sample, credits, open_image, sample, samples, save_image, show_images
from .preprocessing import check_shape, fit_shape, postprocess, preprocess, rgb_mean, rgb_std
from .weights import (
    LAYER_NAMES,
    SETTINGS,
    Parameters,
    Settings,
    WeightsError,
    find_weights,
    imagenet_path,
    random_parameters,
)
from .features import VGG19, check_layers, extract_features, get_contents, get_styles, layer_index, load_vgg19
from .losses import compute_loss, content_loss, gram, style_loss, tv_loss
from .composite import STARTS, CompositeImage, get_inits, initialise
from .training import DivergedError, State, Step, optimize, quick, stylize
from .live import LivePlot, Result, duration, train
from .widgets import Explorer, explore
from .studio import Studio, studio
from .layer_lab import LayerLab, layer_lab
from .checks import as_number, as_numbers, check

__all__ = [name for name, value in list(globals().items()) if name[0] != "_" and not isinstance(value, ModuleType)]
__all__.remove("ModuleType")
