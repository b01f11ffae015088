"""A JupyterHub on one Linux server, for a class. How to start it: deploy/README.md."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
c = get_config()  # noqa: F821 (JupyterHub provides it)

# Who may come in: by default, whoever has an account on this machine, with its password (PAM).
c.Authenticator.allow_all = True
c.JupyterHub.bind_url = os.environ.get("NST_HUB", "http://127.0.0.1:8000")  # behind a web server that speaks https

# Each student's server and kernels
c.Spawner.cmd = [sys.executable, str(HERE / "student.py")]
c.Spawner.default_url = "/lab/tree/notebooks/00_one_minute_tour.ipynb"
c.Spawner.environment = {
    "NST_WEIGHTS": "embedded",  # what the notebooks are written for; nothing is downloaded
    "NST_MEMORY_GB": "3",  # for each kernel; notebook 06 takes 1.6
    "NST_WARM_KERNELS": os.environ.get("NST_WARM_KERNELS", "/run/nst_warm_kernels"),
    "JUPYTER_PATH": str(HERE),  # kernels/python3: forks of one process that has imported everything
    "OMP_NUM_THREADS": "1",  # with more, the kernels of a class fight for the cores
    "PYTHONDONTWRITEBYTECODE": "1",  # the package belongs to everybody
}
if "NST_SERIES" in os.environ:  # what students are handed, if it is not in build/student
    c.Spawner.environment["NST_SERIES"] = os.environ["NST_SERIES"]
# Where more than four students share a core, every run ends after 50 steps, the one that notebook 00 writes out too.
# For everybody alike, and not by the load of the moment: the same cell makes the same picture on every screen.
if int(os.environ.get("NST_STUDENTS", "30")) > 4 * os.cpu_count():
    c.Spawner.environment["NST_QUICK"] = "50"
c.Spawner.args = [
    # photographs up to 70 MB in the studio; without it the server drops what is over 10 MB, in silence
    '--ServerApp.tornado_settings={"websocket_max_message_size": 104857600}',
    "--MappingKernelManager.cull_idle_timeout=1800",  # a kernel that does nothing for 30 minutes is shut down,
    "--MappingKernelManager.cull_connected=True",  # its notebook open or not
    "--ServerApp.shutdown_no_activity_timeout=3600",  # and an hour later the server
]
c.Spawner.http_timeout = c.Spawner.start_timeout = 180  # thirty servers that start at once take a while on few cores
c.JupyterHub.concurrent_spawn_limit = 0

# The process that kernels are forks of. env -u: they need not know the hub's token
c.JupyterHub.services = [
    {
        "name": "warm-kernels",
        "command": ["env", "-u", "JUPYTERHUB_API_TOKEN", sys.executable, str(HERE / "warm_kernels.py"), "serve"],
        "environment": {name: c.Spawner.environment[name] for name in ("NST_WARM_KERNELS", "OMP_NUM_THREADS")},
    }
]
