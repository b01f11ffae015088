import numpy as np
import pytest
import torch

from nst_helpers import as_number, as_numbers, check


def test_right(capsys):
    with check("exercise 1"):
        assert True
    assert capsys.readouterr().out == "✅ exercise 1\n"


def test_wrong_says_what(capsys):
    """Raised by hand: pytest would add words of its own to an ``assert``."""
    with check("exercise 1"):
        if 1 + 1 != 3:
            raise AssertionError("the sum is too small")
        raise AssertionError("not reached")
    assert capsys.readouterr().out == "❌ exercise 1: the sum is too small\n"


@pytest.mark.parametrize(
    "error, words",
    [
        (NameError("name 'x' is not defined"), "your code stopped with NameError: name 'x' is not defined"),
        (NotImplementedError(), "your code stopped with NotImplementedError"),
        (AssertionError(), "your code stopped with AssertionError"),
        (AttributeError("'NoneType' object has no attribute 'zero_'"), "(something is None there"),
    ],
)
def test_broken_code(capsys, error, words):
    with check("exercise 1"):
        raise error
    out = capsys.readouterr().out
    assert out.startswith("❌ exercise 1: ") and words in out and out.count("\n") == 1


def test_stop_is_not_swallowed():
    with pytest.raises(KeyboardInterrupt), check("exercise 1"):
        raise KeyboardInterrupt


@pytest.mark.parametrize("value", [4, 4.0, np.int64(4), np.float32(4), torch.tensor(4), np.array([4])[0]])
def test_a_number_is_a_number_in_any_dress(value):
    assert as_number(value) == 4


@pytest.mark.parametrize("value", ["4", True, None, ..., [1, 2], torch.zeros(2)])
def test_what_is_no_number_is_said(value):
    with pytest.raises(AssertionError, match="a number is asked for, not "):
        as_number(value)


@pytest.mark.parametrize("value", [(3, 4), [3.0, 4], np.array([3, 4]), torch.tensor([3, 4]), torch.Size([3, 4])])
def test_numbers_in_brackets(value):
    assert as_numbers(value, 2) == (3, 4)


@pytest.mark.parametrize("value", [3, (3,), (3, 4, 5), "34", ("a", "b"), None])
def test_another_count_of_numbers_is_said(value):
    with pytest.raises(AssertionError, match="two numbers are asked for"):
        as_numbers(value, 2)
