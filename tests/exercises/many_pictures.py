"""Answers to the exercises of notebook 11: unusual right ones, and wrong ones with words that the check says."""

RIGHT = {
    "hours_on_ten": [
        "hours_on_ten = 32_000 * 3 / 10 / 3600",
        "hours_on_ten = 2.6",
        "hours_on_ten = 2.7",
        "hours_on_ten = np.float32(8 / 3)",
        "hours_on_ten = __import__('fractions').Fraction(8, 3)",
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
        "def combinations(choices):\n    names, lists = list(choices), list(choices.values())\n    total = 1\n    for one in lists:\n        total *= len(one)\n    found = []\n    for n in range(total):\n        one = {}\n        for name, values in zip(names[::-1], lists[::-1]):\n            n, at = divmod(n, len(values))\n            one[name] = values[at]\n        found.append({name: one[name] for name in names})\n    return tuple(found)",
        "def combinations(choices):\n    from functools import reduce\n    return reduce(lambda ds, kv: [{**d, kv[0]: v} for d in ds for v in kv[1]], choices.items(), [{}])",
        "def combinations(choices):\n    import numpy as np\n    index = np.ndindex(*map(len, choices.values()))\n    return [{k: choices[k][i] for k, i in zip(choices, at)} for at in index]",
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
        "def tile_spans(length, tile):\n    if length <= tile:\n        return [(0, length)]\n    head = tile_spans(length - tile, tile)\n    return [(0, tile)] + [(a + tile, b + tile) for a, b in head]",
        "def tile_spans(length, tile):\n    import numpy as np\n    starts = np.arange(0, length, tile)\n    return np.stack([starts, np.minimum(starts + tile, length)], axis=1)",
        "def tile_spans(length, tile):\n    import torch\n    return [(int(p[0]), int(p[-1]) + 1) for p in torch.arange(length).split(tile)]",
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
        "hours_on_ten = 2.4": "jobs times seconds",
        "hours_on_ten = 0.2667": "jobs times seconds",
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
        "def combinations(choices):\n    return [{'a': x, 'b': y} for x in choices['a'] for y in choices['b']]": "any number of them",
        "def combinations(choices):\n    (n1, v1), (n2, v2) = choices.items()\n    return [{n1: x, n2: y} for x in v1 for y in v2]": "any number of them",
        "def combinations(choices):\n    found = []\n    for n in choices:\n        for v in choices[n]:\n            found.append({**{k: choices[k][0] for k in choices}, n: v})\n    return found": "makes 2 combinations",
        "def combinations(choices):\n    import itertools\n    return {c: dict(zip(choices, c)) for c in itertools.product(*choices.values())}": "a list with one dictionary",
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
        "def tile_spans(length, tile):\n    spans = [(a, a + tile) for a in range(0, length - tile + 1, tile)]\n    if length % tile: spans.append((max(0, length - tile), length))\n    return spans": "where the one before ends",
        "def tile_spans(length, tile):\n    n = -(-length // tile)\n    return [(length * i // n, length * (i + 1) // n) for i in range(n)]": "all but the last",
        "def tile_spans(length, tile):\n    return [(0, tile), (tile, length)]": "the last is longer",
        "def tile_spans(length, tile):\n    return [(a, min(a + tile, length)) for a in range(0, length, tile)][::-1]": "starts at 0",
    },
}
