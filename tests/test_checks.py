import pytest

from nst_helpers import check


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
