"""Starts one student's Jupyter server, as that student: the hub runs this in place of jupyterhub-singleuser.

Copies the notebooks that the student does not have yet; whoever wants a fresh copy renames the old one and starts the
server anew. The pictures beside them are a link to the shared folder. Then sets what a process may hold.
"""

import os
import resource
import sys
import tempfile
from pathlib import Path

SERIES = Path(os.environ.get("NST_SERIES", Path(__file__).resolve().parents[2] / "build" / "student"))
STEPS = os.environ.get("NST_QUICK", "0")  # more than 1: how many the loop of notebook 00 takes, as all other runs do
MEMORY = float(os.environ.get("NST_MEMORY_GB", "0"))  # most data that one process, so one kernel, may hold; 0: any
LOOP = "for step in range(100):"


def hand_out(home):
    """The student's own folder, with own notebooks and shared pictures."""
    if not (SERIES / "notebooks").is_dir():
        sys.exit(f"there are no notebooks in {SERIES}: run 'make student', or name its folder in NST_SERIES")
    mine = home / "nst"
    (mine / "notebooks").mkdir(parents=True, exist_ok=True)
    for notebook in (SERIES / "notebooks").glob("*.ipynb"):
        if not (mine / "notebooks" / notebook.name).exists():
            text = notebook.read_text(encoding="utf-8")
            if STEPS.isdecimal() and int(STEPS) > 1 and notebook.name.startswith("00"):
                text = text.replace(LOOP, LOOP.replace("100", STEPS))
            (mine / "notebooks" / notebook.name).write_text(text, encoding="utf-8")
    pictures = mine / "images"
    if pictures.is_symlink() and pictures.resolve() != SERIES / "images":
        pictures.unlink()
    if not pictures.exists():
        pictures.symlink_to(SERIES / "images")
    return mine


if __name__ == "__main__":
    os.chdir(hand_out(Path.home()))
    if MEMORY:
        resource.setrlimit(resource.RLIMIT_DATA, (int(MEMORY * 2**30), int(MEMORY * 2**30)))
    # Kernels talk through sockets in a folder of the student's own: over TCP, servers that start kernels in the same
    # moment choose the same ports, and one of the kernels ends. In /tmp, because the path of a socket must be short.
    os.environ["JUPYTER_RUNTIME_DIR"] = tempfile.mkdtemp(prefix="nst-", dir="/tmp")
    os.execv(
        sys.executable,
        [sys.executable, "-m", "jupyterhub.singleuser", "--KernelManager.transport=ipc", *sys.argv[1:]],
    )
