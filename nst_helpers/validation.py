"""Shared: checks of arguments, and the wording of errors."""

import numbers

from PIL import Image


def short_repr(value):
    """``repr(value)`` on one line, at most 60 characters of it, for the sentence of an error."""
    try:
        return " ".join(f"{value!r:.300}".split())[:60]
    except (ValueError, RecursionError):  # Python refuses to write integers of thousands of digits
        return "too long to write"


def printable(text, length=60):
    """Text, such as the name of a file, as it can be printed on one line; the middle of a long one is left out."""
    text = str(text).encode("utf-8", "replace").decode()  # names of files may hold bytes that are no text
    text = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return text if len(text) <= length else f"{text[: length - 10]}…{text[-9:]}"


def first_line(error):
    """The first line of an error's text, or its type where it has no text; however long, so give it a limit."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def sentence(error):
    """An error on one line, for people; with its type where its text was not written for them."""
    said = printable(first_line(error), 500)
    for_people = isinstance(error, (ValueError, OSError)) and str(error).strip()
    return said if for_people else f"{type(error).__name__}: {said}"


def check_between(name, value, low, high, whole=False):
    """Raise ``ValueError`` unless ``value`` is a number, or a ``whole`` one, from ``low`` to ``high``."""
    kind = numbers.Integral if whole else numbers.Real
    if not isinstance(value, kind) or isinstance(value, bool) or not low <= value <= high:  # NaN is not between
        word = "whole number" if whole else "number"
        raise ValueError(f"{name} must be a {word} from {low:g} to {high:g}; it is {short_repr(value)}")


def check_picture(img, name="img"):
    """Raise ``ValueError`` unless ``img`` is a PIL image with at least one pixel; the message calls it ``name``."""
    if not isinstance(img, Image.Image):
        raise ValueError(f"{name} must be a PIL image, for instance from open_image(path); it is {short_repr(img)}")
    if not min(img.size):
        raise ValueError(f"{name} has no pixels: it is {img.width}×{img.height}")
