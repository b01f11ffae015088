"""What tests and the kernels they start find in their environment, unless somebody chose otherwise."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from quick import shortened

os.environ.setdefault("NST_WEIGHTS", "embedded")  # the same everywhere, and no download
os.environ.setdefault("NST_QUICK", "5")  # short runs
os.environ.setdefault("GOMP_SPINCOUNT", "20000")  # see the Makefile
if "PYTEST_XDIST_WORKER" in os.environ:  # one of several processes that share the cores
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# Files that take long, those first whose tests mostly wait: beside them other processes compute, and none is late
LONG = [
    "test_browser",
    "test_browser_studio",
    "test_site",
    "11_many_pictures",
    "test_grade",
    "test_sweep",
    "test_plans",
    "test_benchmarks",
    "09_going_further",
    "06_training",
    "08_learning_filters",
    "10_a_painter_in_one_pass",
]


def pytest_configure(config):
    """On several processes, notebooks run on the hub's warm kernels, each of which spares four seconds of imports."""
    if sys.platform == "linux" and config.getoption("numprocesses", None):
        folder = tempfile.TemporaryDirectory()
        config.add_cleanup(folder.cleanup)
        hub, place = config.rootpath / "deploy" / "jupyterhub", {"NST_WARM_KERNELS": f"{folder.name}/socket"}
        spec = (hub / "kernels" / "python3" / "kernel.json").read_text()
        spec = json.loads(spec.replace("{resource_dir}/../..", hub.as_posix())) | {"env": place}
        path = Path(folder.name, "kernels", "warm", "kernel.json")
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(spec))
        os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, [folder.name, os.environ.get("JUPYTER_PATH")]))
        os.environ["NST_TEST_KERNEL"] = str(path)
        command = [sys.executable, hub / "warm_kernels.py", "serve"]
        environment = os.environ | place | {"OMP_NUM_THREADS": "1"}
        server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        config.add_cleanup(server.wait)
        config.add_cleanup(server.kill)
    if "NST_TEST_KERNEL" in os.environ:
        config.option.nbval_kernel_name = "warm"


def pytest_collection_modifyitems(config, items):
    config.option.cov_source = None  # which nbval reads: coverage is of unit tests, and kernels do without
    for cell in [item.cell for item in items if hasattr(item, "cell")]:  # nbval's
        cell.source = shortened(cell.source, os.environ["NST_QUICK"])
    items.sort(key=lambda item: LONG.index(item.path.stem) if item.path.stem in LONG else len(LONG))
