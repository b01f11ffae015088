"""Notebook 07's exercises."""

import random

from ..studio.choices import ROLES, Choices, read
from . import as_name, as_number, exercise, names_in


@exercise
def strokes_get(answer):
    guess = as_name(answer)
    assert guess in ("larger", "smaller", "same"), f'choose "larger", "smaller" or "same", not {answer!r:.40}'
    assert guess != "smaller", (
        "the other way around: in an enlarged painting, a stroke fills more of the pixels that a unit sees"
    )
    assert guess != "same", "the losses compare pixels with pixels, and a stroke now covers twice as many of them"


@exercise
def balanced_weight(answer):
    assert not names_in(answer) & {"Choices", "Studio", "but"}, "compute it yourself, from the two numbers"
    for balance in (0, -1, 1, 0.5, -2, round(random.uniform(-3, -1), 2)):
        base = round(random.uniform(20, 5e4), 1)
        result = answer(base, balance)
        assert result is not None, "your function returns nothing yet"
        got, want = as_number(result), base * 10**balance
        if abs(got - want) <= 1e-5 * want:
            continue
        mistakes = {
            base * (1 + balance): "it adds; one notch of the slider should multiply by ten",
            base + 10**balance: "it adds; one notch of the slider should multiply by ten",
            base + balance: "it adds; one notch of the slider should multiply by ten",
            base * 10 * balance: "ten times the balance; take ten to the power of the balance",
            base * 2.718281828459045**balance: "that is e to the power of the balance; take ten",
            base * 2.0**balance: "that is two to the power of the balance; take ten",
            base / 10**balance: "it turns the wrong way: to the right should be more style",
        }
        for wrong, sentence in mistakes.items():
            assert abs(got - wrong) > 1e-6 * abs(wrong), sentence
        raise AssertionError(
            f"for base {base:g} and balance {balance} it gives {got:.7g}: in the middle, at 0, it should be the base, "
            "and every notch multiplies by ten, without rounding"
        )


@exercise
def handed_in(answer):
    assert isinstance(answer, str), f"JSON is text; this is {type(answer).__name__}: room.to_json() writes it"
    try:
        mine = read(answer)
    except ValueError as error:
        raise AssertionError(str(error)) from None
    first = Choices().but(weights=mine.weights) if mine.weights in ("random", "imagenet") else Choices()
    changed = [role for role in ROLES if getattr(mine, role) != getattr(first, role)]
    changed += [name for name in ("size", "stroke") if _far(getattr(mine, name), getattr(first, name))]
    unseen = ("seed", "num_epochs", "precision", "lr", "lr_decay_epoch")  # they hardly change what the picture is
    for name in vars(first.settings):
        if name not in unseen and _far(getattr(mine.settings, name), getattr(first.settings, name)):
            changed.append(name)
    assert changed, "these are the choices the panel opens with, or nearly; a seed and a number of steps do not count"
    assert len(changed) > 1, f"only {changed[0]} differs from what the panel opens with: change one more"


def _far(a, b):
    """Whether two choices differ; numbers by a tenth at least."""
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return abs(a - b) > 0.1 * max(abs(a), abs(b))
    if isinstance(a, tuple) and a and len(a) == len(b) and not isinstance(a[0], str):
        return any(_far(x, y) for x, y in zip(a, b))
    return a != b
