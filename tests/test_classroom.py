"""The student edition, and the folder for a room without a network."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

import classroom  # noqa: E402


@pytest.fixture(scope="module")
def student(tmp_path_factory):
    folder = tmp_path_factory.mktemp("classroom") / "student"
    classroom.make_student(folder)
    return folder


@pytest.fixture(scope="module")
def editions(student):
    paths = sorted((student / "notebooks").glob("*.ipynb"))
    return {p.stem: [nbformat.read(x, as_version=4) for x in (p, ROOT / "notebooks" / p.name)] for p in paths}


def tags(notebook):
    return [tag for cell in notebook.cells for tag in cell.metadata.get("tags", [])]


def test_students_get_every_notebook_and_every_exercise(editions):
    assert list(editions) == [path.stem for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]
    for mine, teachers in editions.values():
        assert tags(mine) == tags(teachers)
        nbformat.validate(mine)


def test_students_get_no_outputs_and_no_answers(editions):
    for mine, _ in editions.values():
        assert not [cell for cell in mine.cells if cell.get("outputs") or cell.get("execution_count")]
        assert not [tag for tag in tags(mine) if tag.startswith("solution-")]


def test_making_it_leaves_the_teachers_notebooks_as_they_are(editions):
    assert any(cell.get("outputs") for _, teachers in editions.values() for cell in teachers.cells)


def test_students_get_no_solutions(student):
    names = [path.name for path in student.rglob("*")]
    assert "solutions" not in names and "tests" not in names and "TEACHING.md" not in names
    solution = nbformat.read(next((ROOT / "notebooks" / "solutions").glob("04*.ipynb")), as_version=4)
    line = next(c.source for c in solution.cells if "solution-my_gram" in c.metadata.get("tags", [])).splitlines()[-1]
    assert not [path for path in student.rglob("*.ipynb") if json.dumps(line)[1:-1] in path.read_text(encoding="utf-8")]


def test_the_students_package_works_where_it_lies(student):
    code = "import nst_helpers as n; assert n.sample('cat') and n.sample('starry_harbour'); print(n.__file__)"
    done = subprocess.run([sys.executable, "-c", code], cwd=student, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(student)


def test_students_links_lead_somewhere(student):
    found = 0
    for path in [*student.rglob("*.md"), *student.rglob("*.ipynb")]:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".ipynb":
            text = "\n".join(cell.source for cell in nbformat.reads(text, 4).cells if cell.cell_type == "markdown")
        assert "make lab" not in text  # students have no Makefile
        for link in re.findall(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"", text):
            target = unquote("".join(link)).split("#")[0]
            if target and not target.startswith(("http", "mailto:")):
                assert (path.parent / target).is_file(), (path.name, target)
                found += 1
    assert found > 50


def test_what_is_not_handed_out_is_not_linked():
    text = "[here](../benchmarks/FILTERS.md), [there](glossary.ipynb#Adam), [us](https://x.y), ![cat](../images/a.jpg)"
    assert classroom.handed_out_links(text, "notebooks") == text.replace("[here](../benchmarks/FILTERS.md)", "here")


def test_students_get_no_answers_in_what_is_not_shown(editions):
    for mine, _ in editions.values():
        assert set(mine.metadata) == {"kernelspec"}
        assert {name for cell in mine.cells for name in cell.metadata} <= {"tags"}
        assert not [cell for cell in mine.cells if cell.get("attachments")]
        for cell in mine.cells:
            for tag in cell.metadata.get("tags", []):
                if tag.startswith("check-"):
                    assert cell.source in (f"check({tag[6:]})", f'check({tag[6:]}, "{tag[6:]}")')
                if tag.startswith("exercise-"):
                    assert "..." in cell.source


def test_the_students_start_sets_weights_and_uploads(student, tmp_path):
    (tmp_path / "jupyter.py").write_text("import os, sys\nprint(os.environ['NST_WEIGHTS'], os.getcwd(), sys.argv[1:])")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    environment.pop("NST_WEIGHTS", None)
    for chosen, more in (("embedded", {}), ("imagenet", {"NST_WEIGHTS": "imagenet"})):
        command, where = [sys.executable, student / "start.py"], {**environment, **more}
        said = subprocess.run(command, cwd=tmp_path, env=where, capture_output=True, text=True, check=True).stdout
        assert said.startswith(f"{chosen} {student}") and "00_one_minute_tour" in said
        assert "websocket_max_message_size': 104857600" in said
    assert "start.py" in (student / "README.md").read_text(encoding="utf-8")


def test_students_install_no_test_tools(student):
    assert (student / "requirements.txt").read_text(encoding="utf-8") == "-e .[lab]\n"
    names = {re.match(r"[\w-]+", one)[0] for one in classroom.needed()}
    assert names >= {"torch", "d2l", "ipywidgets", "jupyterlab"}
    assert not names & {"pytest", "nbval", "ruff", "playwright"}


# Without a network: the installer is real, the packages are stand-ins of one line


def stand_in(folder, name, source=""):
    """A wheel with one module."""
    about = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}.py", source)
        wheel.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        wheel.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{about}/RECORD", "")


@pytest.fixture
def offline(tmp_path, monkeypatch):
    def small(folder, wanted):
        assert "torch>=2.4" in wanted and "jupyterlab>=4.2" in wanted and "setuptools" in wanted
        folder.mkdir()
        for name in ("setuptools", "wheel", "jupyterlab"):
            stand_in(folder, name)
        stand_in(
            folder, "nst_helpers", "import os\nload_vgg19 = lambda source: print(os.environ['NST_WEIGHTS'], source)"
        )

    monkeypatch.setattr(classroom, "fetch", small)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "no_weights_here"))
    folder = tmp_path / "offline"
    classroom.make_offline(folder)
    (folder / "series" / "requirements.txt").write_text("jupyterlab\nnst_helpers\n")
    return folder


def install(folder, *cut_off):
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("NST_", "PIP_", "PYTHON"))}
    command = [*cut_off, sys.executable, "install.py", "--no-lab"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def without_network():
    """A command before the command that takes the network away, where the system allows it."""
    command = ["unshare", "--map-root-user", "--net"]
    allowed = shutil.which("unshare") and subprocess.run([*command, "true"], capture_output=True).returncode == 0
    return command if allowed else []


def test_one_command_installs_without_a_network(offline):
    done = install(offline, *without_network())
    assert done.returncode == 0, done.stdout + done.stderr
    assert "embedded embedded" in done.stdout and done.stdout.rstrip().endswith("ready")
    again = install(offline)
    assert again.returncode == 0 and "installing" not in again.stdout


def test_a_missing_wheel_is_said(offline):
    (offline / "wheels" / "jupyterlab-1.0-py3-none-any.whl").unlink()
    done = install(offline)
    assert done.returncode and "installation stopped" in done.stderr and "Traceback" not in done.stderr
    assert not (offline / ".venv" / "ready").exists()


def test_a_folder_without_cuda_where_there_is_none(monkeypatch):
    assert classroom.cpu_only() == [] or "+cpu" in classroom.cpu_only()[0]
    monkeypatch.setattr(classroom, "version", {"torch": "2.14.1+cpu", "torchvision": "0.29.1+cpu"}.get)
    assert classroom.cpu_only()[:2] == ["torch==2.14.1+cpu", "torchvision==0.29.1+cpu"]
    assert classroom.cpu_only()[2:] == ["--extra-index-url", "https://download.pytorch.org/whl/cpu"]


def test_another_kind_of_machine_is_told_so(offline):
    (offline / "made_for.json").write_text(json.dumps({"Python": "3.7", "system": "BeOS", "machine": "m68k"}))
    done = install(offline)
    assert done.returncode and "instead of BeOS" in done.stderr and "Traceback" not in done.stderr


def test_imagenet_weights_come_along_where_they_are_cached(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))
    from nst_helpers import imagenet_path

    imagenet_path().parent.mkdir(parents=True)
    imagenet_path().write_bytes(b"weights")
    monkeypatch.setattr(classroom, "fetch", lambda folder, wanted: folder.mkdir())
    classroom.make_offline(tmp_path / "offline")
    assert (tmp_path / "offline" / "cache" / "hub" / "checkpoints" / imagenet_path().name).read_bytes() == b"weights"
