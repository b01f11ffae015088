"""Which cells a cell needs: what the browser tests leave out must not be missed."""

import nbformat
import pytest
from needed import needed

IMPORTS = "import torch\nimport nst_helpers as nst"


def cells(*sources):
    return [nbformat.v4.new_code_cell(source) for source in (IMPORTS, *sources)]


@pytest.mark.parametrize(
    "sources, expected",
    {
        ("x = 1", "y = 2", "x + 1"): [0, 1, 3],
        ("x = 1", "x = 2", "x + 1"): [0, 2, 3],
        ("x = 1", "x = x + 1", "x + 1"): [0, 1, 2, 3],
        ("x = 1", "x += 1", "x + 1"): [0, 1, 2, 3],
        ("x = []", "x.append(1)", "x[0]"): [0, 1, 2, 3],
        ("x = {}", "x['a'] = 1", "x['a']"): [0, 1, 2, 3],
        ("net = nst.load()", "net[0].weight.data = 1", "net"): [0, 1, 2, 3],
        ("scale = 2", "def f(x):\n    return scale * x", "f(1)"): [0, 1, 2, 3],
        ("x = 3", "def f(x):\n    y = x\n    return y", "f(1)"): [0, 2, 3],
        ("y = 3", "def f(x):\n    y = x\n    return [y for y in y]", "f(1)"): [0, 2, 3],
        ("print(1 / 0)", "x = 1", "print(x)"): [0, 2, 3],
        ("def f(x): pass", "f(1 / 0).sum()", "f"): [0, 1, 3],
        ("y = 3", "class A:\n    def f(self):\n        return y", "A()"): [0, 1, 2, 3],
        ("step = 1", "for step in range(3): pass", "[step for step in range(3)]"): [0, 3],
        ("for step in range(3): pass", "print(1)", "step"): [0, 1, 3],
        ("x = 1", "for y in range(3):\n    x = y\n    print(x)", "x"): [0, 2, 3],
        ("x = []", "for y in range(3):\n    x.append(y)", "x"): [0, 1, 2, 3],
        ("x = []", "print(x.copy())", "x"): [0, 1, 3],
        ("torch.manual_seed(1)", "print(2)", "torch.rand(1)"): [0, 3],
        ("%matplotlib inline\nx = 1", "!ls", "x"): [0, 1, 3],
        ("class A: pass", "a, b = A(), 1", "b"): [0, 1, 2, 3],
        ("def f(x): pass", "class A:\n    def f(self):\n        return f(1)", "A().f()"): [0, 1, 2, 3],
        ("y = 3", "def f():\n    def g():\n        y = 1\n    return y", "f()"): [0, 1, 2, 3],
        ("x = [1]", "class A:\n    def x(self): pass", "x.append(2)", "x"): [0, 1, 3, 4],
        ("from math import *", "y = 1", "sin(1)"): [0, 1, 3],
    }.items(),
)
def test_needed(sources, expected):
    assert needed(cells(*sources), [len(sources)]) == expected


def test_text_is_left_out():
    text = nbformat.v4.new_markdown_cell("x")
    assert needed([text, *cells("x = 1"), text, *cells("x")[1:]], [4]) == [1, 2, 4]


def test_every_wanted_cell_is_run():
    assert needed(cells("a = 1", "b = 1", "a", "b"), [3, 4]) == [0, 1, 2, 3, 4]
