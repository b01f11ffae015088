"""The package as a whole: what importing it does, and what it repairs."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import matplotlib
from d2l import torch as d2l

import nst_helpers

ROOT = Path(nst_helpers.__file__).parents[1]


def test_import_adds_little():
    """What takes long to import (scikit-image, SciPy) waits until it is needed. No clock: machines differ.

    And a script stays what it is: IPython would put its own module in the place of ``__main__``.
    """
    code = (
        "import sys, json, torch; from d2l import torch as d2l; before = set(sys.modules);"
        "main = sys.modules['__main__']; import nst_helpers;"
        "nst_helpers.show_images([nst_helpers.sample('stained_glass')]); assert sys.modules['__main__'] is main;"
        "print(json.dumps([nst_helpers.__file__, sorted(set(sys.modules) - before)]))"
    )
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    file, added = json.loads(out)
    assert Path(file) == Path(nst_helpers.__file__)
    packages = {name.split(".")[0] for name in added}
    assert not packages & {"skimage", "scipy", "sklearn", "imageio", "networkx", "nbformat"}


def test_every_public_name_exists():
    assert all(hasattr(nst_helpers, name) for name in nst_helpers.__all__)
    assert {"open_image", "preprocess", "load_vgg19", "compute_loss", "optimize", "train"} <= set(nst_helpers.__all__)


def test_every_module_names_its_notebook():
    """The first line of each says where it is taught. Names promised by the design are where it says."""
    for path in set(Path(nst_helpers.__file__).parent.glob("*.py")) - {Path(nst_helpers.__file__)}:
        first = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        assert first.startswith(("Notebook ", "Notebooks ", "Every notebook", "Shared: ")), path.name
    assert nst_helpers.images.sample is nst_helpers.sample and nst_helpers.images.samples is nst_helpers.samples


def test_d2l_draws_under_this_ipython(capsys):
    """d2l 0.17.0 calls a function that IPython 9 dropped, unless it is repaired."""
    d2l.use_svg_display()
    d2l.set_figsize((5, 3))
    assert matplotlib.rcParams["figure.figsize"] == [5, 3]
    animator = d2l.Animator(xlabel="epoch", xlim=[1, 3], legend=["loss"])
    for epoch in (1, 2, 3):
        animator.add(epoch, 1 / epoch)
    assert [len(line.get_xdata()) for line in animator.axes[0].lines] == [3]
