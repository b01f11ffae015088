"""Open the series:   .venv/bin/python start.py            (on Windows: .venv\\Scripts\\python start.py)

python start.py notebooks/studio.ipynb     only the studio
"""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

# The studio's upload button: without it the server drops anything over 10 MB without an error.
UPLOADS = "--ServerApp.tornado_settings={'websocket_max_message_size': 104857600}"
ENVIRONMENT = {
    "NST_WEIGHTS": "embedded",  # ships with the series; otherwise the notebooks would download 548 MB
    "GOMP_SPINCOUNT": "20000",  # threads that wait sleep soon, and leave the processor to the browser
}

first = sys.argv[1:] or ["notebooks/00_one_minute_tour.ipynb"]
as_root = ["--allow-root"] * (hasattr(os, "geteuid") and os.geteuid() == 0)  # containers
command = [sys.executable, "-m", "jupyter", "lab", *as_root, UPLOADS, "--ServerApp.root_dir=.", *first]
jupyter = subprocess.Popen(command, cwd=Path(__file__).resolve().parent, env=ENVIRONMENT | os.environ)
while jupyter.poll() is None:
    with contextlib.suppress(KeyboardInterrupt):  # Jupyter heard it too, asks back, and ends its kernels
        jupyter.wait()
sys.exit(jupyter.returncode)
