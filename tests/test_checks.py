"""The verdict on an exercise: what is printed for right, wrong, unfinished and broken answers."""

import functools

import numpy as np
import pytest
import torch

from nst_helpers import check, checks, gram
from nst_helpers.checks import (
    as_choice,
    as_name,
    as_number,
    as_numbers,
    cases,
    exercise,
    names_in,
    same_slope,
    unchanged,
)


@pytest.fixture
def judge(monkeypatch):
    """An exercise named ``double``, which exists for one test only."""
    monkeypatch.setattr(checks, "_EXERCISES", dict(checks.exercises()))

    @exercise
    def double(answer):
        value = answer(3) if callable(answer) else answer
        if value != 6:  # raised by hand: pytest would add words of its own to an assert
            raise AssertionError("twice three is not that")

    return double


def test_a_function_is_known_by_its_name(judge, capsys):
    def double(x):
        return 2 * x

    check(double)
    assert capsys.readouterr().out == "✅ double\n"


def test_an_answer_without_a_name_is_known_by_what_it_is_called(judge, capsys):
    for answer in ("lambda x: 2 * x", "__import__('functools').partial(int.__mul__, 2)", "6", "(2, 3)"):
        exec(f"double = {answer}\ncheck(double)", {"check": check})
    wrong = "❌ double: twice three is not that\n"
    assert capsys.readouterr().out == 3 * "✅ double\n" + wrong


def test_a_value_by_the_name_given(judge, capsys):
    check(6, "double")
    check(7, "double")
    assert capsys.readouterr().out == "✅ double\n❌ double: twice three is not that\n"


def test_an_empty_stub_is_told_so(judge, capsys):
    def double(x): ...

    check(double)

    def double(x):
        """Twice x."""
        ...

    check(double)
    check(..., "double")
    assert capsys.readouterr().out == 3 * "❌ double: this is still the empty stub: replace the ... with your answer\n"


@pytest.mark.parametrize(
    "error, words",
    [
        (NameError("name 'x' is not defined"), "your code stopped with NameError: name 'x' is not defined"),
        (NotImplementedError(), "your code stopped with NotImplementedError"),
        (AssertionError(), "your code stopped with AssertionError"),
        (AttributeError("'NoneType' object has no attribute 'zero_'"), "(something is None there"),
    ],
)
def test_broken_code(judge, capsys, error, words):
    def double(x):
        raise error

    check(double)
    out = capsys.readouterr().out
    assert out.startswith("❌ double: ") and words in out and out.count("\n") == 1


def test_an_answer_that_ends_the_program(judge, capsys):
    def double(x):
        raise SystemExit

    check(double)
    assert capsys.readouterr().out == "❌ double: your code ends the program: leave out exit and quit\n"


def test_stop_is_not_swallowed(judge):
    def double(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check(double)


def test_a_value_that_two_exercises_share_is_nobodys(judge):
    with pytest.raises(ValueError, match="there is no exercise"):
        exec("double = my_gram = 6\ncheck(double)", {"check": check})


@pytest.mark.parametrize("answer, name", [(lambda x: x, None), (3, None), (3, "no_such_exercise")])
def test_an_unknown_exercise(answer, name):
    with pytest.raises(ValueError, match="there is no exercise"):
        check(answer, name)


@pytest.mark.parametrize("value", [4, 4.0, np.int64(4), np.float32(4), torch.tensor(4), np.array([4])[0]])
def test_a_number_is_a_number_in_any_dress(value):
    assert as_number(value) == 4


@pytest.mark.parametrize("value", ["4", True, None, ..., [1, 2], torch.zeros(2)])
def test_what_is_no_number_is_said(value):
    with pytest.raises(AssertionError, match="a number is asked for, not "):
        as_number(value)


@pytest.mark.parametrize("value", [(3, 4), [3.0, 4], np.array([3, 4]), torch.tensor([3, 4]), torch.Size([3, 4])])
def test_numbers_in_parentheses(value):
    assert as_numbers(value, 2) == (3, 4)


@pytest.mark.parametrize("value", [3, (3,), (3, 4, 5), "34", ("a", "b"), None])
def test_another_count_of_numbers_is_said(value):
    with pytest.raises(AssertionError, match="2 numbers are asked for"):
        as_numbers(value, 2)


@pytest.mark.parametrize("value", ["mosaic_fish", " Mosaic fish", "MOSAIC-FISH."])
def test_names_in_any_case(value):
    assert as_name(value) == "mosaic_fish"
    assert as_choice(value, ("cat", "mosaic fish")) == "mosaic fish"


def test_what_is_no_name_is_said():
    with pytest.raises(AssertionError, match="choose one of cat, dog"):
        as_choice("mouse", ("cat", "dog"))
    with pytest.raises(AssertionError, match="a name is asked for, in quotes, not 3"):
        as_name(3)


def test_a_function_that_changes_its_input_is_noticed():
    X = torch.zeros(3)
    assert unchanged(lambda X: X + 1, X).tolist() == [1, 1, 1]
    with pytest.raises(AssertionError, match="in place"):
        unchanged(lambda X: X.add_(1), X)


def test_who_grades_tries_further_sizes(monkeypatch):
    assert list(cases((3, 4), (5, 6))) == [(3, 4), (5, 6)]
    monkeypatch.setattr(checks, "HIDDEN", 20)
    found = list(cases((3, 4)))
    assert len(found) == 21 and len(set(found)) > 3
    assert {row for row, _ in found} == {3, 6, 9} and {column for _, column in found} == {4, 8, 12}


def test_slopes():
    X = torch.randn(3, requires_grad=True)
    assert same_slope(X * X, X.square(), X)
    assert not same_slope(X * X.detach(), X.square(), X)


def twice(x):
    return abs(x) + abs(x)


same = twice


def test_names_of_the_readers_own_functions():
    assert names_in(twice) == names_in(lambda x: same(x), own=False) == {"abs"}
    assert "twice" in names_in(lambda x: x.twice(), own=False)
    assert "gram" in names_in(gram)


NORM = "(X):\n    return (X - X.mean((2, 3), keepdim=True)) / (X.std((2, 3), keepdim=True) + 1e-5)\n"
MY_GRAM = "def gram(X):\n    F = X[0].flatten(1)\n    return F @ F.T / F.numel()\n"
COPIED = """
def gram(X):
    c, n = X.shape[1], X.shape[2] * X.shape[3]
    X = X.reshape(c, n)
    return X @ X.T / (c * n)
"""


@pytest.mark.parametrize(
    "answer, name, mark",
    [
        (f"def my_instance_norm{NORM}check(my_instance_norm, 'instance_norm')", "instance_norm", "✅"),
        (f"def layer_norm{NORM}instance_norm = lambda X: layer_norm(X)\ncheck(instance_norm)", "instance_norm", "✅"),
        ("def instance_norm(X): return F.instance_norm(X)\ncheck(instance_norm)", "instance_norm", "❌"),
        ("instance_norm = F.instance_norm\ncheck(instance_norm)", "instance_norm", "❌"),
        (f"{MY_GRAM}check(gram, 'my_gram')", "my_gram", "✅"),
        ("check(gram, 'my_gram')", "my_gram", "❌"),
        (f"{COPIED}check(gram, 'my_gram')", "my_gram", "❌"),
    ],
)
def test_only_what_is_there_already_is_refused(answer, name, mark, capsys):
    exec(answer, {"__name__": "__main__", "check": check, "gram": gram, "F": torch.nn.functional, "torch": torch})
    out = capsys.readouterr().out
    assert out.startswith(f"{mark} {name}"), out


def test_names_behind_names():
    assert {"same", "twice", "abs"} <= names_in(lambda x: [same(y) for y in x])
    assert {"same", "twice", "abs"} <= names_in(lambda x: (lambda: (lambda: same(x))())())
    assert names_in(max) == names_in(functools.partial(max, 3)) == {"max"}
