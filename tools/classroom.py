"""What a teacher hands out.

python tools/classroom.py student     build/student: the series without solutions and outputs
python tools/classroom.py offline     build/offline: the same with everything it needs, for a room without a network
"""

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from importlib.metadata import requires, version
from pathlib import Path

import nbformat
from install import CPU_ONLY
from nbconvert.preprocessors import ClearOutputPreprocessor
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
HANDED_OUT = ("nst_helpers", "images", "pyproject.toml", "setup.py", "LICENSE", "tools/student/start.py")
NOT_HANDED_OUT = shutil.ignore_patterns("__pycache__", "paint", "teaser.webp")
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
NEEDED = "-e .[lab]\n"  # a student's machine runs the notebooks; it does not test them
README = """# Neural style transfer, hands on: student edition

## How to start

    python3 -m venv .venv
    .venv/bin/python -m pip install -r requirements.txt
    .venv/bin/python start.py

(On Windows `py -m venv .venv`, then `.venv\\Scripts\\python` instead of `.venv/bin/python`.)

The second line fetches several GB. On Linux without an NVIDIA card, this line before it saves most of that:

    .venv/bin/python -m pip install torch torchvision --index-url https://download.pytorch.org/whl/cpu

`start.py` opens the first notebook, with the weights that ship with the series and room for large photographs;
`start.py notebooks/studio.ipynb` opens only the studio. You need Python 3.10 to 3.14; a Mac needs Apple's own chip.

Work through the notebooks in the order of their numbers. Below every exercise is a cell that checks your answer: run
it, and it says ✅ or what is still wrong. `notebooks/glossary.ipynb` explains the terms, and
`notebooks/what_can_go_wrong.ipynb` helps when something looks odd.
"""


def student_edition(notebook):
    """A copy without outputs, descriptions of outputs, and notes."""
    copy = nbformat.reads(nbformat.writes(notebook), 4)
    copy, _ = ClearOutputPreprocessor().preprocess(copy, {})
    copy.metadata = {"kernelspec": copy.metadata.kernelspec}
    for cell in copy.cells:
        cell.metadata = {"tags": cell.metadata.tags} if cell.metadata.get("tags") else {}
        if cell.cell_type == "markdown":
            cell.source = handed_out_links(cell.source, "notebooks").replace("`make lab`", "`start.py`")
    return copy


def handed_out_links(text, folder):
    """A page's Markdown with plain words where a link leads to what students do not get."""

    def keep(link):
        picture, words, target = link.groups()
        path = Path(os.path.normpath(Path(folder) / target.split("#")[0]))
        known = target.startswith(("http", "#")) or path.parts[0] in ("notebooks", "images", "nst_helpers")
        return link[0] if picture or known else words

    return LINK.sub(keep, text)


def make_student(folder):
    """Write the student edition into a new folder."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "notebooks").mkdir(parents=True)
    for name in HANDED_OUT:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=NOT_HANDED_OUT)
        else:
            shutil.copy(source, folder / source.name)
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        nbformat.write(student_edition(nbformat.read(path, as_version=4)), folder / "notebooks" / path.name)
    (folder / "requirements.txt").write_text(NEEDED, encoding="utf-8")
    (folder / "README.md").write_text(README, encoding="utf-8")


def make_offline(folder):
    """Write series, wheels for this platform and, where they are cached, ImageNet's weights into a new folder."""
    shutil.rmtree(folder, ignore_errors=True)
    make_student(folder / "series")
    print("collecting wheels: several GB, some minutes ...", flush=True)
    fetch(folder / "wheels", [*needed(), *cpu_only(), "setuptools", "wheel", "pip"])
    minor = ".".join(platform.python_version_tuple()[:2])
    made_for = {"Python": minor, "system": platform.system(), "machine": platform.machine()}
    (folder / "made_for.json").write_text(json.dumps(made_for), encoding="utf-8")
    shutil.copy(ROOT / "tools" / "offline" / "install.py", folder)
    shutil.copy(ROOT / "tools" / "offline" / "README.txt", folder)
    from nst_helpers import imagenet_path  # only here: `student` need not wait for torch

    if imagenet_path().is_file():
        cache = folder / "cache" / "hub" / "checkpoints"  # where torch looks, see install.py
        cache.mkdir(parents=True)
        shutil.copy(imagenet_path(), cache)


def needed():
    """What the installed package says that it and the lab need, such as ``"torch>=2.4"``."""
    found = map(Requirement, requires("nst_helpers"))
    return [f"{it.name}{it.specifier}" for it in found if it.marker is None or it.marker.evaluate({"extra": "lab"})]


def cpu_only():
    """What keeps the folder small where this environment has PyTorch without CUDA's libraries (``make CPU=1``)."""
    if not version("torch").endswith("+cpu"):
        return []
    return [f"{name}=={version(name)}" for name in CPU_ONLY[:2]] + ["--extra-index-url", CPU_ONLY[-1]]


def fetch(folder, wanted):
    done = subprocess.run([sys.executable, "-m", "pip", "wheel", "--quiet", "--wheel-dir", str(folder), *wanted])
    if done.returncode:
        sys.exit("some wheels are not available: see pip's output above")


def megabytes(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["student", "offline"])
    what = parser.parse_args().what
    folder = ROOT / "build" / what
    {"student": make_student, "offline": make_offline}[what](folder)
    print(f"build/{what}: {megabytes(folder):.0f} MB" + ("; there: python3 install.py" * (what == "offline")))
