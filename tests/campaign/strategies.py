"""What people and their programs hand over: anything at all, and damaged files."""

import math

import numpy as np
import torch
from hypothesis import strategies as st

WORDS = [
    "",
    "x",
    "content",
    "lbfgs",
    "auto",
    "relu1_1",
    "conv5_4",
    "cuda",
    "~nobody/x",
    "a\0b",
    "../..",
    "é" * 300,
    "$x^$",
]
NUMBERS = [0, -1, 1, 2, 3.5, -0.0, 1e300, -1e300, 10**400, 10**5000, 2**63, math.nan, math.inf, 1j, True, None]
ODD = [b"x", object(), (), [], {}, {1}, np.float32(2), np.int64(3), np.ones(3), torch.ones(()), torch.ones(2), range(3)]

scalars = st.one_of(st.sampled_from(WORDS), st.sampled_from(NUMBERS), st.integers(), st.floats(), st.text(max_size=20))
anything = st.one_of(
    scalars, st.sampled_from(ODD), st.lists(scalars, max_size=4), st.lists(st.lists(scalars, max_size=2), max_size=2)
)


@st.composite
def damage(draw):
    """A function from the bytes of a good file to those of a damaged one."""
    kind = draw(st.sampled_from(["flip", "flip the start", "cut", "insert", "double", "noise", "none"]))
    seed, share = draw(st.integers(0, 2**32)), draw(st.floats(0, 1))

    def apply(data):
        rng, at = np.random.default_rng(seed), int(share * len(data))
        if kind in ("flip", "flip the start"):
            flipped, end = bytearray(data), len(data) if kind == "flip" else min(200, len(data))
            for place in rng.integers(0, end, rng.integers(1, 9)):
                flipped[place] = rng.integers(256)
            return bytes(flipped)
        noise = rng.bytes(rng.integers(1, 100))
        if kind == "none":
            return data
        return {"cut": data[:at], "insert": data[:at] + noise + data[at:], "double": data + data, "noise": noise}[kind]

    return apply
