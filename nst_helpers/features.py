"""Notebook 03: VGG-19 with its layers known by name and index, and the features read out of it."""

import functools

import torch
from d2l import torch as d2l
from torch import nn

from .download import fetch_imagenet
from .files import expanded
from .layers import DEPTHS, LAYER_NAMES, LAYERS, WIDTHS, layer_index
from .settings import DEFAULTS, PUBLISHED
from .validation import first_line, short_repr
from .weights import Parameters, find_weights


class VGG19(nn.Sequential):
    """The convolutional part of VGG-19 (Simonyan and Zisserman 2014): ``net.conv3_1`` is ``net[10]``.

    Its 37 layers take ``(1, 3, h, w)`` to ``(1, channels, h / 32, w / 32)``. Unlike torchvision's, its ReLUs
    make a new tensor, so a feature map taken before one stays as it was; ``relu_in_place=True`` restores
    torchvision's behavior, which is what d2l's published code trains on.
    """

    def __init__(self, widths=WIDTHS, padding="zeros", pooling="max", relu_in_place=False):
        pool = {"max": nn.MaxPool2d, "average": nn.AvgPool2d}[pooling]
        channels, layers = 3, []
        for width, depth in zip(widths, DEPTHS):
            for _ in range(depth):
                layers += [nn.Conv2d(channels, width, 3, padding=1, padding_mode=padding), nn.ReLU(relu_in_place)]
                channels = width
            layers.append(pool(2))
        super().__init__()
        for name, layer in zip(LAYER_NAMES, layers):
            self.add_module(name, layer)
        self.widths, self.source, self.settings = tuple(widths), "random", PUBLISHED

    def __getitem__(self, at):  # of a slice, Sequential would make a VGG19
        return nn.Sequential(*list(self)[at]) if isinstance(at, slice) else super().__getitem__(at)

    def __repr__(self):
        device, dtype = self.conv1_1.weight.device, str(self.conv1_1.weight.dtype).removeprefix("torch.")
        channels = "-".join(map(str, self.widths))
        trains = " (trains in bfloat16)" if best_precision(device) == "bfloat16" else ""
        return f"VGG-19 with {self.source} weights (channels {channels}) on {device} in {dtype}{trains}"


def best_precision(device):
    """``"bfloat16"`` where the hardware multiplies it natively, else ``"float32"``."""
    device = torch.device(device)
    if device.type == "cuda":
        native = torch.cuda.get_device_capability(device) >= (8, 0)
    else:  # torch's private checks of the CPU, where this version has them; other devices use float32
        checks = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
        native = device.type == "cpu" and any(getattr(torch.cpu, check, lambda: False)() for check in checks)
    return "bfloat16" if native else "float32"


def load_vgg19(weights="auto", device=None, relu_in_place=False, pooling=None, verbose=True):
    """VGG-19, frozen, ready to read features from.

    ``weights``: ``"auto"``, ``"imagenet"``, ``"embedded"``, ``"random"``, a file, or ``Parameters``.
    ``device``: default d2l's ``try_gpu()``. ``pooling``: ``"max"`` or ``"average"`` instead of the source's own.
    Prints one line that says what is in use, unless ``verbose`` is false. ``net.settings`` holds the settings
    that suit the source. Raises ``WeightsError`` or ``ValueError`` as ``find_weights`` does.
    """
    found = weights if isinstance(weights, Parameters) else find_weights(weights)
    if pooling not in (None, "max", "average"):
        raise ValueError(f"pooling must be 'max' or 'average'; it is {short_repr(pooling)}")
    with torch.device("meta"):  # no time or memory for parameters that are replaced at once
        net = VGG19(found.widths, found.padding, pooling or found.pooling, relu_in_place)
    net.load_state_dict(found.tensors, assign=True)
    net.source, net.settings = found.source, DEFAULTS.get(found.source, PUBLISHED)
    net = frozen(net, device)
    # 1.4 times as fast for the slim networks; the full one gains little, and keeps the published digits as it is
    if found.source in ("embedded", "learned"):
        net = net.to(memory_format=torch.channels_last)
    if verbose:
        print("\n".join(filter(None, [found.note, repr(net)])))
    return net


def frozen(net, device=None):
    """A network that is not trained any more, on ``device`` (default: d2l's ``try_gpu()``) or ``ValueError``."""
    try:
        return net.requires_grad_(False).eval().to(d2l.try_gpu() if device is None else device)
    except (RuntimeError, AssertionError, TypeError) as error:  # torch without CUDA asserts
        raise ValueError(
            f"the network cannot be put on the device {short_repr(device)} ({first_line(error):.120})"
        ) from error


def shared_vgg19(weights):
    """``load_vgg19`` without the printed line, cached. A file of weights is read again when it has changed."""
    path = fetch_imagenet() if weights == "imagenet" else expanded(weights)
    return _loaded(weights, (path.stat().st_mtime_ns, path.stat().st_size) if path.is_file() else None)


@functools.lru_cache(maxsize=3)
def _loaded(weights, stamp):
    return load_vgg19(weights, verbose=False)


def check_network(net):
    """Raise ``ValueError`` unless ``net`` is a network from ``load_vgg19``, or the first layers of one."""
    if not isinstance(net, nn.Sequential) or not len(net) or not isinstance(net[0], nn.Conv2d):
        raise ValueError(f"net must be a network from load_vgg19; it is {short_repr(net)}")


def check_layers(net, X, content_layers, style_layers):
    """Indices of the content layers and of the style layers, after checking that ``X`` is large enough.

    Raises ``ValueError`` for an unknown layer, for no layer at all, and for an image so small that
    pooling leaves nothing of it at the deepest layer.
    """
    check_network(net)
    content_at, style_at = ([layer_index(layer) for layer in layers] for layers in (content_layers, style_layers))
    if not content_at + style_at:
        raise ValueError("no layers chosen: name at least one content layer or one style layer")
    deepest = max(content_at + style_at)
    if deepest >= len(net):
        raise ValueError(f"this network ends before {LAYER_NAMES[deepest]}: it has {len(net)} layers")
    layer = LAYERS[LAYER_NAMES[deepest]]
    least = layer.stride
    if layer.kind != "pool" and getattr(net[0], "padding_mode", "zeros") == "reflect":
        least *= 2  # mirroring a border takes at least two pixels
    height, width = X.shape[-2:]
    if min(height, width) < least:
        raise ValueError(
            f"an image of {height}×{width} pixels is too small for {layer.name}: "
            f"use at least {least}×{least}, or shallower layers"
        )
    return content_at, style_at


def extract_features(net, X, content_layers, style_layers):
    """Feature maps of ``X`` at the chosen layers, as two lists in the network's order.

    ``X``: ``(1, 3, h, w)``, normalized. Layers: names or indices. Nothing beyond the deepest is computed.
    Raises ``ValueError`` as ``check_layers`` does. (d2l 14.12.4)
    """
    content_at, style_at = check_layers(net, X, content_layers, style_layers)
    contents, styles = [], []
    for i in range(max(content_at + style_at) + 1):
        X = net[i](X)
        if i in style_at:
            styles.append(X)
        if i in content_at:
            contents.append(X)
    return contents, styles
