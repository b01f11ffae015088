"""Every notebook: exercises that answer ✅, or say in a sentence what is still wrong."""

import contextlib

HINTS = {  # in the message of an exception: what it most often means to a beginner
    "NoneType": "something is None there: a function without return, or a gradient that is not there yet",
    "must match the size of tensor": "two shapes do not fit; beside (3, h, w), three numbers need .view(3, 1, 1)",
    "that requires grad": "the values of something that is trained: .detach() it, or work under torch.no_grad()",
    "leaf Variable that requires grad": "change what is trained under torch.no_grad() only",
}


@contextlib.contextmanager
def check(name):
    """Run the assertions in a ``with`` block and print the verdict: the first that fails says what is wrong."""
    try:
        yield
    except Exception as error:
        if isinstance(error, AssertionError) and str(error):
            print(f"❌ {name}: {error}")
        else:
            hint = next((f" ({hint})" for words, hint in HINTS.items() if words in str(error)), "")
            print(f"❌ {name}: your code stopped with {type(error).__name__}: {error}{hint}")
    else:
        print(f"✅ {name}")


def as_number(value):
    """A number, or a scalar of NumPy or torch → a float. Raises ``AssertionError``, which ``check`` prints."""
    try:
        if isinstance(value, (str, bool)):
            raise TypeError
        return float(value)
    except (TypeError, ValueError, RuntimeError):
        raise AssertionError(f"a number is asked for, not {value!r:.60}") from None


def as_numbers(value, count):
    """So many numbers as a tuple, from a tuple, list, array or tensor. Raises ``AssertionError`` as ``as_number``."""
    try:
        if isinstance(value, str):
            raise TypeError
        numbers = tuple(float(one) for one in value)
    except (TypeError, ValueError, RuntimeError):
        numbers = ()
    words = {2: "two", 3: "three"}
    if len(numbers) != count:
        raise AssertionError(f"{words[count]} numbers are asked for, in brackets, not {value!r:.60}")
    return tuple(int(one) if one == int(one) else one for one in numbers)
