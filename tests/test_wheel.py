"""The wheel: what it carries, and that it works from any folder where nothing else of the project is."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

from nst_helpers import samples

ROOT = Path(__file__).resolve().parents[1]
PATHS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from a copy, because setuptools leaves files in the folder that it builds in."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in ("nst_helpers", "images"):
        shutil.copytree(ROOT / name, folder / "source" / name)
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / "source")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--wheel-dir", folder, folder / "source"], check=True)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def elsewhere(wheel, tmp_path_factory):
    """A function that runs a command of Python in an environment with the wheel, in a folder of its own.

    The environment borrows every other package from this one. A folder named in a .pth file has its own .pth files
    ignored, so that an editable install of the project there stays without effect.
    """
    folder = tmp_path_factory.mktemp("elsewhere")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
    python = folder / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run([*pip, wheel], cwd=folder, env=environment, check=True)
    where = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = Path(subprocess.run(where, check=True, capture_output=True, text=True).stdout.strip())
    borrowed = [one for one in sys.path if Path(one).name in ("site-packages", "dist-packages")]
    (packages / "borrowed.pth").write_text("\n".join(borrowed), encoding="utf-8")
    environment |= {f"JUPYTER_{name}_DIR": str(folder / "jupyter") for name in ("DATA", "CONFIG", "RUNTIME")}
    environment["JUPYTER_PREFER_ENV_PATH"] = "0"
    argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    kernel = folder / "jupyter" / "kernels" / "python3" / "kernel.json"
    kernel.parent.mkdir(parents=True)
    kernel.write_text(json.dumps({"argv": argv, "display_name": "Python 3", "language": "python"}), encoding="utf-8")

    def run(*command):
        done = subprocess.run([python, *command], cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run.folder, run.packages = folder, packages
    return run


def test_wheel_carries_the_package_its_pictures_and_the_license(wheel):
    with zipfile.ZipFile(wheel) as opened:
        carried = set(opened.namelist())
    files = {path.relative_to(ROOT).as_posix() for path in (ROOT / "nst_helpers").rglob("*") if path.is_file()}
    assert {name for name in files if "__pycache__" not in name} <= carried
    pictures = {Path(name).stem for name in carried if name.startswith("nst_helpers/pictures/")}
    assert pictures == {name for name in samples() if (ROOT / "images" / f"{name}.jpg").is_file()}
    assert any(name.endswith("/LICENSE") for name in carried)
    assert not [name for name in carried if not name.startswith("nst_helpers")]


def test_a_notebook_alone_runs_on_the_wheel(elsewhere):
    notebook = nbformat.read(PATHS[1], as_version=4)
    source = """import nst_helpers as n
print(n.__file__, n.load_vgg19("embedded", device="cpu", verbose=False).source, *n.sample("starry_harbour").size)"""
    notebook.cells.append(nbformat.v4.new_code_cell(source))
    nbformat.write(notebook, elsewhere.folder / "alone.ipynb")
    elsewhere("-m", "nbconvert", "--to", "notebook", "--execute", "alone.ipynb", "--output", "ran.ipynb")
    cells = [cell for cell in nbformat.read(elsewhere.folder / "ran.ipynb", as_version=4).cells if cell.source]
    file, source, *size = cells[-1].outputs[0].text.split()
    assert Path(file).is_relative_to(elsewhere.packages)
    assert source == "embedded" and min(map(int, size)) > 400


@pytest.mark.parametrize("path", PATHS, ids=[path.stem for path in PATHS])
def test_no_notebook_needs_a_file_of_the_checkout(path):
    code = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code")
    assert "../" not in code and "images/" not in code and "%cd" not in code and "chdir" not in code
