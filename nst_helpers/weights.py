"""Notebook 03: where VGG-19's parameters come from.

There are three sources for one network, with the same 16 convolutions under the same names:

* ``imagenet``: torchvision's pretrained VGG-19 (548 MB, fetched once, kept in torch's cache);
* ``embedded``: a slim VGG-19 in this folder, learned from seven pictures (notebook 08);
* ``random``: He-initialized from a seed, to see what training adds.
"""

import math
import os
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open

from .download import WeightsError, fetch_imagenet, imagenet_path
from .files import expanded, full_path
from .layers import CONV_NAMES, LAYERS, WIDTHS
from .validation import first_line, short_repr

SOURCES = ("imagenet", "embedded", "random")
EMBEDDED = Path(__file__).with_name("embedded.safetensors")
TENSORS = tuple(f"{name}.{kind}" for name in CONV_NAMES for kind in ("weight", "bias"))


@dataclass
class Parameters:
    """VGG-19's parameters: ``tensors["conv1_1.weight"]`` … and how the network around them is built."""

    source: str
    tensors: dict
    widths: tuple = WIDTHS
    padding: str = "zeros"  # torch's padding_mode of every convolution
    pooling: str = "max"  # or "average"
    note: str = field(default="", repr=False)


def find_weights(source="auto", seed=0):
    """Parameters from ``imagenet``, ``embedded``, ``random``, a file, or the best of them (``auto``).

    ``auto`` obeys the environment variable ``NST_WEIGHTS``; without it, it takes ImageNet's weights if they
    are in torch's cache or can be fetched, else the embedded ones, and says so in ``note``.
    A file is torchvision's checkpoint (``.pth``) or one of this project's (``.safetensors``).
    Raises ``WeightsError`` if the source is not available, ``ValueError`` if there is no such source.
    """
    if not isinstance(source, (str, os.PathLike)):
        raise ValueError(
            f"a source of weights is one of auto, {', '.join(SOURCES)}, or a file, not {short_repr(source)}"
        )
    source = _from_environment(os.fspath(source))
    if source == "auto":
        try:
            return read_checkpoint(fetch_imagenet(), "imagenet")
        except (WeightsError, KeyboardInterrupt) as error:
            why = "the download was stopped" if isinstance(error, KeyboardInterrupt) else str(error)
            found = find_weights("embedded")
            found.note = f"ImageNet weights are not used: {why}"
            return found
    if source == "imagenet":
        return read_checkpoint(fetch_imagenet(), "imagenet")
    if source == "embedded":
        return read_embedded(EMBEDDED)
    if source == "random":
        return random_parameters(seed=seed)
    try:
        path = full_path(source)
    except FileNotFoundError as error:
        raise WeightsError(str(error)) from error
    if os.path.isfile(path):  # noqa: PTH113 (False, not an error, for a name that is too long)
        return read_embedded(path) if path.suffix == ".safetensors" else read_checkpoint(path, path.name)
    if path.suffix or path.parent != Path():
        raise WeightsError(f"no weights file at {path!s:.300}")
    raise ValueError(f"no weights source {short_repr(source)}: use one of auto, {', '.join(SOURCES)}, or a file")


def _from_environment(source):
    """``"auto"`` as the environment variable ``NST_WEIGHTS`` decides it; any other source as it is."""
    if source == "auto":
        source = os.environ.get("NST_WEIGHTS", "").strip() or "auto"
    return source


def without_download(source):
    """``source``, with ``"auto"`` as what needs no download: ImageNet's weights if they are in torch's cache."""
    source = _from_environment(source)
    if source == "auto":
        source = "imagenet" if imagenet_path().is_file() else "embedded"
    return source


def source_here(source):
    """As ``without_download``, but ``ValueError`` for what is neither a source nor a file. No file is read."""
    source = without_download(source)
    if source not in SOURCES and ("\0" in source or not os.path.isfile(expanded(source))):  # noqa: PTH113
        raise ValueError(f"no weights source {short_repr(source)}: use one of {', '.join(SOURCES)}, or a file's path")
    return source


def random_parameters(widths=WIDTHS, seed=0):
    """He-initialized parameters (He et al. 2015): variance 2 / fan-in, biases zero."""
    generator = torch.Generator().manual_seed(seed)
    tensors, channels = {}, 3
    for name in CONV_NAMES:
        width = widths[LAYERS[name].block - 1]
        std = math.sqrt(2 / (9 * channels))
        tensors[f"{name}.weight"] = torch.randn(width, channels, 3, 3, generator=generator) * std
        tensors[f"{name}.bias"] = torch.zeros(width)
        channels = width
    return Parameters("random", tensors, tuple(widths))


def read_embedded(path):
    """Parameters from one of this project's safetensors files, whose header names padding and pooling."""
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            tensors = _checked({name: file.get_tensor(name).float() for name in TENSORS})
        if header["padding"] not in ("zeros", "reflect") or header["pooling"] not in ("max", "average"):
            raise ValueError(f"padding {short_repr(header['padding'])}, pooling {short_repr(header['pooling'])}")
        return Parameters(
            header.get("source", path.name), tensors, _widths(tensors), header["padding"], header["pooling"]
        )
    except (SafetensorError, KeyError, OSError, TypeError, ValueError) as error:
        raise WeightsError(f"{path} is not a file of VGG-19 weights made by nst_helpers ({error!s:.120})") from error


def read_checkpoint(path, source):
    """Parameters from a checkpoint of torchvision's VGG-19; its classifier, nine tenths of it, is left out."""
    try:
        try:
            state = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        except RuntimeError:  # an old-style file cannot be mapped into memory
            state = torch.load(path, map_location="cpu", weights_only=True)
        # Drop the classifier, 494 MB, before the rest is copied
        state = {name: tensor for name, tensor in state.items() if name.startswith("features.")}
        tensors = {
            f"{name}.{kind}": state[f"features.{LAYERS[name].index}.{kind}"].float().clone()
            for name in CONV_NAMES
            for kind in ("weight", "bias")
        }
        return Parameters(source, _checked(tensors), _widths(tensors))
    except Exception as error:  # torch raises nearly anything for a damaged file
        why = first_line(error)
        advice = "delete it, then run this again to download it" if source == "imagenet" else "give another file"
        raise WeightsError(
            f"{path} cannot be read as a checkpoint of torchvision's VGG-19 ({why:.150}): {advice}"
        ) from error


def _checked(tensors):
    """The tensors, if all have the shapes that VGG-19 gives them and hold finite numbers; else ``ValueError``."""
    widths, channels = _widths(tensors), 3
    for name in CONV_NAMES:
        width = widths[LAYERS[name].block - 1]
        if tensors[f"{name}.weight"].shape != (width, channels, 3, 3) or tensors[f"{name}.bias"].shape != (width,):
            raise ValueError(f"{name} does not have the shape that VGG-19 gives it")
        channels = width
    for name, tensor in tensors.items():
        if not tensor.numel() or not tensor.isfinite().all():
            raise ValueError(f"{name} is empty, or holds numbers that are not finite")
    return tensors


def _widths(tensors):
    """Channels per block."""
    return tuple(len(tensors[f"conv{block}_1.bias"]) for block in range(1, 6))
