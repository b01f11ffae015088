"""Execute the series without a screen, one line of progress per notebook.

    python tools/run_notebooks.py                 all notebooks and solutions -> build/, as .ipynb and .html
    python tools/run_notebooks.py --in-place      the committed notebooks themselves, and their cover pictures
    python tools/run_notebooks.py 04 06           only those whose names start with 04 or 06

Stops at the first notebook that fails, names it and the cell, and exits with 1.
"""

import argparse
import base64
import os
import subprocess
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbconvert import HTMLExporter

ROOT = Path(__file__).resolve().parents[1]
COVERS = ROOT / "images" / "covers"


def run(path):
    """Execute one notebook from a fresh kernel in its own folder. Returns it, and a sentence if it failed."""
    notebook = nbformat.read(path, as_version=4)
    at = {"cell": 0}
    checkpoints = [path.parent / f"large_run{short}.safetensors" for short in ("", ".quick")]
    for file in checkpoints:  # of notebook 06: a page shows a run from its first step
        file.unlink(missing_ok=True)
    client = NotebookClient(notebook, timeout=1800, kernel_name="python3", store_widget_state=False,
                            resources={"metadata": {"path": str(path.parent)}},
                            on_cell_start=lambda cell, cell_index: at.update(cell=cell_index))  # fmt: skip
    try:
        client.execute(stderr=subprocess.DEVNULL)  # the kernel's own log
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        reason = f"{error.ename}: {error.evalue}" if isinstance(error, CellExecutionError) else str(error)
        source = notebook.cells[at["cell"]].source.strip().splitlines()
        return notebook, f"{path.name}, cell {at['cell'] + 1} ({source[0] if source else 'empty'}): {reason}"
    for cell in notebook.cells:  # times change at every run and would only make diffs
        cell.metadata.pop("execution", None)
    notebook.metadata.pop("language_info", None)
    return notebook, None


def save_cover(notebook, path):
    """Save the picture of the cell tagged "cover", which the notebook shows at its top."""
    for cell in notebook.cells:
        if "cover" in cell.metadata.get("tags", []):
            pictures = [output.data["image/jpeg"] for output in cell.outputs if "image/jpeg" in output.get("data", {})]
            COVERS.mkdir(exist_ok=True)
            (COVERS / f"{path.stem}.jpg").write_bytes(base64.b64decode(pictures[-1]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="beginnings of notebook names, such as 04")
    parser.add_argument("--in-place", action="store_true", help="write the executed notebooks where they were")
    arguments = parser.parse_args()
    if arguments.in_place and not os.environ.get("NST_WEIGHTS"):
        os.environ["NST_WEIGHTS"] = "embedded"  # committed outputs come from the shipped weights
    if arguments.in_place:
        os.environ["NST_STILLS"] = "1"  # panels wait until they have something to show
    series = ROOT / "notebooks"
    names = ("[0-9][0-9]_*.ipynb", "studio.ipynb", "solutions/*.ipynb")
    paths = [path for name in names for path in sorted(series.glob(name))]
    paths = [path for path in paths if not arguments.names or path.name.startswith(tuple(arguments.names))]
    if not paths:
        sys.exit(f"no notebook's name starts with {' or '.join(arguments.names)}")
    for path in paths:
        build = ROOT / "build" / path.parent.relative_to(series)
        print(f"{path.relative_to(series).with_suffix('')!s:34}", end=" ", flush=True)
        start = time.monotonic()
        notebook, failure = run(path)
        if not arguments.in_place:
            build.mkdir(parents=True, exist_ok=True)
            nbformat.write(notebook, build / path.name)
            html, _ = HTMLExporter(embed_images=False).from_notebook_node(
                notebook, {"metadata": {"name": path.stem, "path": str(path.parent)}}
            )
            (build / f"{path.stem}.html").write_text(html, encoding="utf-8")
        if failure:
            print("FAILED", flush=True)
            sys.exit(failure)
        if arguments.in_place:
            nbformat.write(notebook, path)
            save_cover(notebook, path)
        print(f"ok {time.monotonic() - start:6.1f} s", flush=True)
    print(f"all {len(paths)} notebooks ran" + ("" if arguments.in_place else "; see build/"))


if __name__ == "__main__":
    main()
