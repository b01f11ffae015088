"""Answers to the exercises of notebook 11: unusual right ones, and wrong ones with words that the check says."""

RIGHT = {
    "hours_on_ten": [
        "hours_on_ten = 32_000 * 3 / 10 / 3600",
        "hours_on_ten = 2.6",
        "hours_on_ten = 2.7",
        "hours_on_ten = np.float32(8 / 3)",
    ],
    "combinations": [
        """
def combinations(choices):
    from itertools import product

    return [dict(zip(choices, values)) for values in product(*choices.values())]
""",
        """
def combinations(choices):
    if not choices:
        return [{}]
    name, *rest = choices
    later = combinations({other: choices[other] for other in rest})
    return [{name: value, **others} for value in choices[name] for others in later]
""",
        """
def combinations(choices):
    found = [{}]
    for name, values in choices.items():
        found = [one | {name: value} for one in found for value in values]
    yield from found
""",
    ],
    "tile_spans": [
        "def tile_spans(length, tile):\n    return [(a, min(a + tile, length)) for a in range(0, length, tile)]",
        "def tile_spans(length, tile):\n    ends = [*range(0, length, tile), length]\n    return pairwise(ends)",
        """
def tile_spans(length, tile):
    found, start = [], 0
    while start < length:
        found.append([start, min(start + tile, length)])
        start += tile
    return found
""",
    ],
}

WRONG = {
    "hours_on_ten": {
        "hours_on_ten = 32_000 * 3 / 3600": "one worker",
        "hours_on_ten = 160": "minutes",
        "hours_on_ten = 9600": "are seconds",
        "hours_on_ten = 32_000 / 3 / 10 / 3600": "multiply",
        "hours_on_ten = 5": "jobs times seconds",
        'hours_on_ten = "three"': "a number is asked for",
    },
    "combinations": {
        "def combinations(choices):\n    found = []": "returns nothing",
        "def combinations(choices):\n    return choices": "a list with one dictionary",
        "def combinations(choices):\n    return [choices]": "one value per name",
        "def combinations(choices):\n    return []": "the list is empty",
        "def combinations(choices):\n    return [list(choices.values())]": "is a dictionary",
        "def combinations(choices):\n    return [{n: v} for n in choices for v in choices[n]]": "all the names",
        "def combinations(choices):\n    return [dict(zip(choices, vs)) for vs in zip(*choices.values())]": "makes 2 combinations",
        """
def combinations(choices):
    from itertools import product

    found, one = [], {}
    for values in product(*choices.values()):
        one.update(zip(choices, values))
        found.append(one)
    return found
""": "of its own",
        """
def combinations(choices):
    from itertools import product

    names = list(choices)[::-1]
    return [dict(zip(names, values)) for values in product(*[choices[name] for name in names])]
""": "first name changes slowest",
    },
    "tile_spans": {
        "def tile_spans(length, tile):\n    ends = []": "returns nothing",
        "def tile_spans(length, tile):\n    return []": "there should be a tile",
        "def tile_spans(length, tile):\n    return [(a,) for a in range(0, length, tile)]": "a pair",
        "def tile_spans(length, tile):\n    return [*range(tile, length, tile), length]": "a pair",
        "def tile_spans(length, tile):\n    return [(a, a + tile) for a in range(0, length, tile)]": "longer than the picture",
        "def tile_spans(length, tile):\n    return [(a, a + tile) for a in range(0, length - tile + 1, tile)]": "last pixels are missing",
        "def tile_spans(length, tile):\n    return [(a, min(a + tile, length) - 1) for a in range(0, length, tile)]": "as in slices",
        "def tile_spans(length, tile):\n    return [(a + 1, min(a + tile, length)) for a in range(0, length, tile)]": "starts at 0",
        "def tile_spans(length, tile):\n    return [(max(0, a - 1), min(a + tile, length)) for a in range(0, length, tile)]": "where the one before ends",
        "def tile_spans(length, tile):\n    return [(0, 0)] + [(a, min(a + tile, length)) for a in range(0, length, tile)]": "is empty",
        "def tile_spans(length, tile):\n    return [(0, length)]": "the last is longer",
        "def tile_spans(length, tile):\n    half = min(length, (tile + 1) // 2)\n    return [(0, half), *([(half, length)] if half < length else [])]": "all but the last",
    },
}
