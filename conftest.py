"""What tests and the kernels they start find in their environment, unless somebody chose otherwise."""

import os
from contextlib import ExitStack

from kernels import forks
from quick import shortened

os.environ.setdefault("NST_WEIGHTS", "embedded")  # the same everywhere, and no download
os.environ.setdefault("NST_QUICK", "5")  # short runs
os.environ.setdefault("GOMP_SPINCOUNT", "20000")  # see the Makefile
if "PYTEST_XDIST_WORKER" in os.environ:  # one of several processes that share the cores
    os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_configure(config):
    if hasattr(os, "fork") and not hasattr(config, "workerinput"):  # once, not in each of xdist's processes
        if config.option.numprocesses:
            os.environ.setdefault("OMP_NUM_THREADS", "1")
        stack = ExitStack()
        stack.enter_context(forks())
        config.add_cleanup(stack.close)
        config.option.nbval_kernel_name = "forked"


def pytest_collection_modifyitems(items):
    for cell in [item.cell for item in items if hasattr(item, "cell")]:  # nbval's
        cell.source = shortened(cell.source, os.environ["NST_QUICK"])
    # Files whose tests mostly wait go first, so that another process computes meanwhile and none is late
    items.sort(key=lambda item: item.path.stem not in ("test_browser", "test_browser_studio", "test_site"))
