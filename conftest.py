"""What tests and the kernels they start find in their environment, unless somebody chose otherwise."""

import os

os.environ.setdefault("NST_WEIGHTS", "embedded")  # the same everywhere, and no download
os.environ.setdefault("NST_QUICK", "1")  # short runs
os.environ.setdefault("GOMP_SPINCOUNT", "20000")  # see the Makefile
if "PYTEST_XDIST_WORKER" in os.environ:  # one of several processes that share the cores
    os.environ.setdefault("OMP_NUM_THREADS", "1")
