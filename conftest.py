"""What tests and the kernels they start find in their environment, unless somebody chose otherwise."""

import os

from quick import shortened

os.environ.setdefault("NST_WEIGHTS", "embedded")  # the same everywhere, and no download
os.environ.setdefault("NST_QUICK", "1")  # short runs
os.environ.setdefault("GOMP_SPINCOUNT", "20000")  # see the Makefile
if "PYTEST_XDIST_WORKER" in os.environ:  # one of several processes that share the cores
    os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_collection_modifyitems(items):
    if os.environ["NST_QUICK"] not in ("", "0"):
        for cell in [item.cell for item in items if hasattr(item, "cell")]:  # nbval's
            cell.source = shortened(cell.source)
    # Files whose tests mostly wait go first, so that another process computes meanwhile and none is late
    items.sort(key=lambda item: item.path.stem not in ("test_browser", "test_browser_studio", "test_site"))
