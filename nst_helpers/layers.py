"""Notebook 03: the layers of VGG-19 as a table: names, indices, channels, strides, receptive fields."""

import difflib
import operator
from typing import NamedTuple

from .validation import short_repr

# Convolutions per block, and channels per block, of VGG-19 (Simonyan and Zisserman 2014, table 1, column E).
DEPTHS = (2, 2, 4, 4, 4)
WIDTHS = (64, 128, 256, 512, 512)


class Layer(NamedTuple):
    """One row of the table. ``index`` is torchvision's; ``stride`` and ``receptive_field`` are in image pixels."""

    name: str
    index: int
    kind: str  # "conv", "relu" or "pool"
    block: int  # 1 to 5
    stride: int  # pixels between two neighboring positions of the feature map
    receptive_field: int  # side of the square of pixels that one position sees


def _table():
    rows, stride, field = [], 1, 1
    for block, depth in enumerate(DEPTHS, 1):
        for i in range(1, depth + 1):
            field += 2 * stride  # a 3×3 convolution sees one more position on each side
            rows += [
                (f"conv{block}_{i}", "conv", block, stride, field),
                (f"relu{block}_{i}", "relu", block, stride, field),
            ]
        field, stride = field + stride, 2 * stride
        rows.append((f"pool{block}", "pool", block, stride, field))
    return {name: Layer(name, index, *rest) for index, (name, *rest) in enumerate(rows)}


LAYERS = _table()
LAYER_NAMES = tuple(LAYERS)  # conv1_1 is at 0, pool5 at 36
CONV_NAMES = tuple(layer.name for layer in LAYERS.values() if layer.kind == "conv")


def layer_index(layer):
    """Index of a layer given by name or index: ``layer_index("conv2_1") == layer_index(5) == 5``.

    Case and surrounding spaces do not matter. Raises ``ValueError``, with similar names, for an unknown layer.
    """
    if isinstance(layer, str):
        name = layer.strip().lower()
        if name in LAYERS:
            return LAYERS[name].index
        close = difflib.get_close_matches(name[:20], LAYER_NAMES, n=3, cutoff=0.6)
        hint = f"did you mean {' or '.join(close)}?" if close else "names run from conv1_1 to pool5"
        raise ValueError(f"VGG-19 has no layer {short_repr(layer)}: {hint}")
    try:
        index = None if isinstance(layer, bool) else operator.index(layer)
    except TypeError:
        index = None
    if index is None or not 0 <= index < len(LAYER_NAMES):
        raise ValueError(f"a layer is a name such as 'conv4_1' or an index from 0 to 36; this is {short_repr(layer)}")
    return index


def layer_name(layer):
    """Name of a layer given by name or index: ``layer_name(5) == "conv2_1"``. Raises as ``layer_index`` does."""
    return LAYER_NAMES[layer_index(layer)]
