"""Notebook 00: a guess, a recipe, and half a style."""

import functools
import math
import operator

from ..features import load_vgg19
from ..preprocessing import postprocess, preprocess, preprocess_pair, rgb_std
from ..sample_images import sample, samples
from ..settings import DEFAULTS
from ..training import optimize
from . import as_name, as_number, exercise


@exercise
def appears(answer):
    guess = as_name(answer).replace("harbour", "harbor")
    guess = {"starry_harbor": "harbor", "cup": "coffee"}.get(guess, guess)
    assert guess in ("coffee", "harbor", "noise"), f'write "coffee", "harbor" or "noise", not {answer!r:.60}'
    assert guess != "harbor", "the painting enters by the style loss alone, and its weight is 0"
    assert guess != "noise", "noise is only the start: which loss is left, and when is it small?"


@exercise
def my_choice(answer):
    assert callable(answer), "my_choice should stay a function: def my_choice(): return …"
    recipe = answer()
    assert recipe is not None, "it gives nothing back yet: return three things"
    assert isinstance(recipe, (tuple, list)) and len(recipe) == 3, (
        "give three things back: return content name, style name, size"
    )
    *names, size = recipe
    for name in names:
        assert isinstance(name, str), "give the *names* of two samples first, in quotes, not the pictures"
        assert name in samples(), f"there is no sample {name!r:.60}: print(list(samples())) shows the names"
        assert name not in ("coffee", "starry_harbour"), f"{name} has been used above: take another"
    assert names[0] != names[1], "content and style are the same picture: choose two"
    try:
        size = operator.index(size)
    except TypeError:
        raise AssertionError(f"the size should be an integer from 100 to 300, not {size!r:.60}") from None
    assert 100 <= size <= 300, f"the size should be an integer from 100 to 300, not {size}"


@functools.cache  # the default's is asked for again at every guess
def distance(style_weight):
    """How far a short run goes from a small photograph: the mean change of its pixels, which are 0 to 1."""
    net = load_vgg19("embedded", verbose=False)
    images = sample("coffee").resize((96, 64)), sample("starry_harbour")
    photo, painting = preprocess_pair(*images, 96)
    for step in optimize(net, photo, painting, style_weight=style_weight, num_epochs=30):
        X = step.X
    painted = preprocess(postprocess(X), (64, 96))  # clamped
    return float(((painted - photo) * rgb_std.view(3, 1, 1)).abs().mean())


@exercise
def half_weight(answer):
    weight = as_number(answer)
    assert 0 < weight < math.inf, "a weight of 0 asks for no style at all: choose a finite number, more than 0"
    share = 100 * distance(weight) / distance(DEFAULTS["embedded"].style_weight)
    assert share <= 65, f"{weight:g} goes {share:.0f}% of the way: too far, take less"
    assert share >= 35, f"{weight:g} goes {share:.0f}% of the way: not far enough, take more"
