"""Notebook 11: combinations, tiles, and how long many jobs take."""

from itertools import product

from . import as_number, cases, exercise


@exercise
def hours_on_ten(answer):
    hours = as_number(answer)
    for wrong, why in [
        (32_000 * 3 / 3600, "that is one worker; ten share the work"),
        (32_000 * 3 / 10 / 60, "those are minutes"),
        (32_000 * 3 / 10, "those are seconds"),
        (32_000 / 3 / 10 / 3600, "3 seconds per job, not 3 jobs per second: multiply"),
    ]:
        assert abs(hours - wrong) > 0.02 * wrong, why
    assert abs(hours - 8 / 3) < 0.07, "jobs times seconds, divided by workers, in hours of 3,600 seconds"


@exercise
def combinations(answer):
    got = answer({"a": [1, 2], "b": [3]})
    assert got is not None, "it returns nothing yet"
    assert not isinstance(got, dict), "give a list with one dictionary per combination"
    got = list(got)
    assert all(isinstance(one, dict) for one in got), "every combination is a dictionary, from name to value"
    assert got != [{"a": [1, 2], "b": [3]}], "one value per name, not the whole list"
    assert got, "the list is empty: is there a return inside, or after, a loop that never adds anything?"
    assert all(set(one) == {"a", "b"} for one in got), "every combination has all the names"
    for choices in (
        {"a": [1, 2], "b": [3]},
        {"a": [1, 2], "b": [3, 4]},
        {"x": ["p", "q", "r"]},
        *({name: list(range(size)) for name, size in zip("abc", sizes)} for sizes in cases((1, 3, 2))),
    ):
        try:
            got = list(answer(dict(choices)))
        except Exception as error:
            if isinstance(error, AssertionError):
                raise
            kind = type(error).__name__
            raise AssertionError(f"{kind} for {choices}: it should take any names, and any number of them") from None
        want = [dict(zip(choices, values)) for values in product(*choices.values())]
        count = " × ".join(str(len(values)) for values in choices.values())
        assert len(got) == len(want), f"{count} makes {len(want)} combinations; yours are {len(got)}"
        assert all(one in got for one in want), (
            "some combinations are missing and others are repeated: give each a dictionary of its own, "
            "and do not change the values"
        )
        assert got == want, "the order is wrong: the first name changes slowest"


@exercise
def tile_spans(answer):
    for length, tile in cases((10, 4), (12, 4), (3, 5), (7, 1), (1, 1), (3000, 512)):
        got = answer(length, tile)
        assert got is not None, "it returns nothing yet"
        got = list(got)
        assert got, f"for {length} pixels there should be a tile"
        assert all(hasattr(pair, "__len__") and len(pair) == 2 for pair in got), "each tile is a pair: (start, end)"
        got = [tuple(int(end) for end in pair) for pair in got]
        asked = f"{length} pixels in tiles of {tile}"
        assert got[0][0] == 0, f"{asked}: the first tile starts at 0"
        assert got[-1][1] != length - 1, "an end is where the next one starts, as in slices: 0 to 10 is (0, 10)"
        assert got[-1][1] >= length, f"{asked}: the last pixels are missing"
        assert got[-1][1] == length, f"{asked}: the last tile is longer than the picture"
        assert all(a[1] == b[0] for a, b in zip(got, got[1:])), f"{asked}: each tile starts where the one before ends"
        assert all(start < end for start, end in got), f"{asked}: one tile is empty"
        assert all(end - start == tile for start, end in got[:-1]), f"{asked}: all but the last are {tile} long"
        assert got[-1][1] - got[-1][0] <= tile, f"{asked}: the last is longer than {tile}"
