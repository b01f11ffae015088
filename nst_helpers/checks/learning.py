"""Notebook 08: learning filters."""

import numpy as np
import torch
import torch.nn.functional as F

from . import as_name, as_numbers, cases, exercise, unchanged


@exercise
def from_noise(answer):
    answer = as_name(answer)
    assert answer in ("edges", "noise", "flat"), f'choose "edges", "noise" or "flat", not {answer!r:.40}'
    assert answer != "edges", "edges are learned where they come up again and again: in photographs, not in noise"
    assert answer != "flat", "flat filters come from what neighboring pixels share; in noise they share nothing"


@exercise
def nearest_center(answer):
    for n, k, d in cases((50, 4, 3), (9, 7, 5), (1, 3, 6)):
        x, centers = 3 * torch.randn(n, d), F.normalize(torch.randn(k, d))
        got = unchanged(answer, x, centers)
        products = x @ centers.T
        assert got is not None, "it returns nothing yet"
        assert not (isinstance(got, tuple) and len(got) == 2 and n != 2), "max gives two things: values, and where"
        got = torch.as_tensor(np.asarray(got))
        assert tuple(got.shape) != (k,) or k == n, "one number per patch, not per center: take the other dimension"
        assert tuple(got.shape) == (n,), f"{n} patches give {n} numbers; yours have shape {tuple(got.shape)}"
        assert not torch.allclose(got.double(), products.amax(1).double()), "those are the products; which center?"
        assert not torch.equal(got, products.argmax(1) + 1) or k == 1, "the first center is number 0"
        assert n < 9 or not torch.equal(got, products.argmin(1)), "those are the centers farthest away"
        assert torch.equal(got.double(), products.argmax(1).double()), (
            "some patches are with the wrong center: nearest in direction is the largest product with it"
        )


@exercise
def strongest(answer):
    for height, width, count in cases((7, 11, 5), (12, 4, 3), (5, 6, 1)):
        Y = torch.randperm(height * width).view(height, width) - height * width / 2 - 0.25
        got = unchanged(lambda Y, count=count: answer(Y, count), Y)
        order = Y.flatten().argsort(descending=True)
        pairs = [(int(at) // width, int(at) % width) for at in order]
        assert got is not None, "it returns nothing yet"
        got = list(got)
        assert len(got) == count, f"{count} pairs are asked for; this has length {len(got)}"
        assert all(np.asarray(pair).size == 2 for pair in got), (
            "each is a pair, row and column: divide a flat place by the width"
        )
        got = [as_numbers(pair, 2) for pair in got]
        assert got != [pair[::-1] for pair in pairs[:count]] or got == pairs[:count], "the row comes first"
        assert got == pairs[:count] or sorted(got) != sorted(pairs[:count]), "the strongest comes first"
        assert set(got) != set(pairs[-count:]), "those are the weakest positions"
        by_size = sorted(pairs, key=lambda pair: -abs(float(Y[pair])))[:count]
        assert count == 1 or set(got) == set(pairs[:count]) or set(got) != set(by_size), (
            "a large negative value is weak"
        )
        assert got == pairs[:count], (
            "these are not the positions of the largest values: rows and columns count from 0, flat places row by row"
        )
