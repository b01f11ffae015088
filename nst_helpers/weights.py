"""Notebook 03: where VGG-19's parameters come from.

Three sources feed one network, with the same 16 convolutions under the same names:

* ``imagenet``: torchvision's pretrained VGG-19 (548 MB, fetched once, kept in torch's cache);
* ``embedded``: a slim VGG-19 that ships in this folder, learned from seven pictures (notebook 08);
* ``random``: He-initialized from a seed, to see what training buys.
"""

import contextlib
import hashlib
import math
import os
import re
import time
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import torch
from safetensors import SafetensorError, safe_open
from torch.hub import tqdm
from torchvision.models import VGG19_Weights

from .files import NotWritten, expanded, full_path, written_whole
from .layers import CONV_NAMES, DEPTHS, LAYER_NAMES, WIDTHS
from .validation import shown

SOURCES = ("imagenet", "embedded", "random")
EMBEDDED = Path(__file__).with_name("embedded.safetensors")
IMAGENET_URL = VGG19_Weights.IMAGENET1K_V1.url
TIMEOUT = 10  # seconds to wait for an answer before giving up on the network
SLOWEST = 5_000  # bytes per second that a download must bring, on the average of three times as long


TENSORS = tuple(f"{name}.{kind}" for name in CONV_NAMES for kind in ("weight", "bias"))


class WeightsError(OSError):
    """Weights that cannot be fetched, read or used. The message says which file or address, and what to do."""


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
        raise ValueError(f"a source of weights is one of auto, {', '.join(SOURCES)}, or a file, not {shown(source)}")
    source = os.fspath(source)
    if source == "auto":
        source = os.environ.get("NST_WEIGHTS", "").strip() or "auto"
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
    raise ValueError(f"no weights source {shown(source)}: use one of auto, {', '.join(SOURCES)}, or a file")


def source_here(source):
    """The source that a word stands for, looked up without fetching or reading anything.

    ``"auto"`` is the environment variable's, else ImageNet's weights if they are in torch's cache, else the embedded
    ones. Raises ``ValueError`` for what is neither a source nor a file.
    """
    if source == "auto":
        source = os.environ.get("NST_WEIGHTS", "").strip() or "auto"
    if source == "auto":
        source = "imagenet" if imagenet_path().is_file() else "embedded"
    if source not in SOURCES and ("\0" in source or not expanded(source).is_file()):
        raise ValueError(f"no weights source {shown(source)}: use one of {', '.join(SOURCES)}, or a file's path")
    return source


def random_parameters(widths=WIDTHS, seed=0):
    """He-initialized parameters (He et al. 2015): variance 2 / fan-in, biases zero."""
    generator = torch.Generator().manual_seed(seed)
    tensors, channels = {}, 3
    for name, width in zip(CONV_NAMES, (w for w, depth in zip(widths, DEPTHS) for _ in range(depth))):
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
            raise ValueError(f"padding {shown(header['padding'])}, pooling {shown(header['pooling'])}")
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
            f"{name}.{kind}": state[f"features.{LAYER_NAMES.index(name)}.{kind}"].float().clone()
            for name, kind in (name.split(".") for name in TENSORS)
        }
        return Parameters(source, _checked(tensors), _widths(tensors))
    except Exception as error:  # an unpickler given garbage raises nearly anything
        why = _line(error)
        advice = "delete it, then run this again to download it" if source == "imagenet" else "give another file"
        raise WeightsError(
            f"{path} cannot be read as a checkpoint of torchvision's VGG-19 ({why}): {advice}"
        ) from error


def _checked(tensors):
    """The tensors, after checking that every one has the shape that VGG-19 gives it, and finite numbers."""
    widths, channels = _widths(tensors), 3
    for name in CONV_NAMES:
        width = widths[int(name[4]) - 1]
        if tensors[f"{name}.weight"].shape != (width, channels, 3, 3) or tensors[f"{name}.bias"].shape != (width,):
            raise ValueError(f"{name} has a shape that VGG-19 has not")
        channels = width
    for name, tensor in tensors.items():
        if not tensor.numel() or not tensor.isfinite().all():
            raise ValueError(f"{name} is empty, or holds numbers that are not finite")
    return tensors


def _widths(tensors):
    """Channels per block."""
    return tuple(len(tensors[f"conv{block}_1.bias"]) for block in range(1, 6))


def imagenet_path(url=None):
    """Where ImageNet's checkpoint is, or would be, in torch's cache."""
    return Path(torch.hub.get_dir()) / "checkpoints" / Path(urlsplit(url or IMAGENET_URL).path).name


def fetch_imagenet(url=None, tries=3):
    """Path of ImageNet's checkpoint in torch's cache, downloaded if it is not there (once, 548 MB).

    Downloaded or found, the file is checked against the SHA-256 prefix in its name. A download gets that name only
    when it is whole, so a partial file is never taken for one. Raises ``WeightsError``.
    """
    url = url or IMAGENET_URL
    path = imagenet_path(url)
    expected = re.search(r"-([0-9a-f]{8,})\.", path.name).group(1)
    if path.is_file():
        _check_once(path, expected)
        return path
    print(f"Fetching VGG-19's ImageNet weights (548 MB, once) to {path.parent} …", flush=True)
    for attempt in range(1, tries + 1):
        try:
            _download(url, path, expected)
            return path
        except HTTPError as error:
            again, why = error.code >= 500, f"the server answered {error.code} {_line(error.reason)} for {url}"
        except URLError as error:
            again, why = False, f"{urlsplit(url).netloc} cannot be reached ({_line(error.reason)})"
        except _Damaged:
            again, why = True, f"the file from {url} arrived incomplete or damaged (its hash is wrong)"
        except NotWritten as error:
            raise WeightsError(f"{error}: set TORCH_HOME to a folder with 548 MB of room") from error
        except (OSError, HTTPException, ValueError) as error:  # reset, cut, silent, too slow, or no HTTP at all
            again = not isinstance(error, _TooSlow)
            why = f"the connection to {urlsplit(url).netloc} broke ({_line(error)})"
        if not again:
            break
        if attempt < tries:
            time.sleep(attempt)
    raise WeightsError(f"{why}; set NST_WEIGHTS=embedded to work without it, or see 'Without a network' in the README")


def _line(said):
    """The first line of what somebody else's error says."""
    return (str(said).splitlines() or [type(said).__name__])[0][:200]


class _Damaged(Exception):
    """A file whose hash is not the one in its name."""


class _TooSlow(TimeoutError):
    """A download that brings next to nothing."""


def _download(url, path, expected):
    digest, request = hashlib.sha256(), Request(url, headers={"User-Agent": "nst_helpers"})
    with written_whole(path) as file, urlopen(request, timeout=TIMEOUT) as answer:
        with tqdm(total=answer.length, unit="B", unit_scale=True, unit_divisor=1024) as bar:
            since, brought = time.monotonic(), 0
            while block := answer.read1(1 << 17):
                file.write(block)
                digest.update(block)
                bar.update(len(block))
                brought += len(block)
                if (seconds := time.monotonic() - since) > 3 * TIMEOUT:
                    if brought < SLOWEST * seconds:
                        raise _TooSlow(f"it brought {brought} bytes in {seconds:.0f} seconds")
                    since, brought = time.monotonic(), 0
        if not digest.hexdigest().startswith(expected):
            raise _Damaged


def _check_once(path, expected):
    """Check the hash of a file in the cache, and write down its size and time: then it need not be read again."""
    about = path.stat()
    mark, seen = path.parents[1] / f"{path.name}.checked", f"{about.st_size} {about.st_mtime_ns}"
    with contextlib.suppress(OSError, UnicodeDecodeError):
        if mark.read_text() == seen:
            return
    with path.open("rb") as file:
        digest = hashlib.sha256()
        while block := file.read(1 << 20):
            digest.update(block)
    if not digest.hexdigest().startswith(expected):
        raise WeightsError(
            f"{path} is not the file that was published (its hash is wrong): delete it, then run this again"
        )
    with contextlib.suppress(NotWritten), written_whole(mark) as file:  # a cache that only others may write
        file.write(seen.encode())
