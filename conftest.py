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


def pytest_configure(config):
    """On several processes: notebooks run on the hub's warm kernels, each of which saves four seconds of imports."""
    if sys.platform == "linux" and config.getoption("numprocesses", None):
        folder = tempfile.TemporaryDirectory()
        config.add_cleanup(folder.cleanup)
        program = str(config.rootpath / "deploy" / "jupyterhub" / "warm_kernels.py")
        place = {"NST_WARM_KERNELS": f"{folder.name}/socket"}
        spec = Path(folder.name, "kernels", "warm", "kernel.json")
        spec.parent.mkdir(parents=True)
        argv = [sys.executable, "-I", "-S", program, "start", "{connection_file}"]
        about = {"display_name": "Python 3", "language": "python", "interrupt_mode": "message"}
        spec.write_text(json.dumps({"argv": argv, "env": place, **about}))
        os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, [folder.name, os.environ.get("JUPYTER_PATH")]))
        os.environ["NST_TEST_KERNEL"] = str(spec)
        command = [sys.executable, program, "serve"]
        environment = os.environ | place | {"OMP_NUM_THREADS": "1"}
        server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        config.add_cleanup(server.wait)
        config.add_cleanup(server.kill)
    if "NST_TEST_KERNEL" in os.environ:
        config.option.nbval_kernel_name = "warm"


def pytest_collection_modifyitems(items):
    for cell in [item.cell for item in items if hasattr(item, "cell")]:  # nbval's
        cell.source = shortened(cell.source, os.environ["NST_QUICK"])
    # Files whose tests mostly wait go first, so that another process computes meanwhile and none is late
    items.sort(key=lambda item: item.path.stem not in ("test_browser", "test_browser_studio", "test_site"))
