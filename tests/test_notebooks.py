"""What is true of every notebook, without running it: order, drift, links, exercises, widgets' pictures."""

import ast
import inspect
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import nbformat
import pytest
from solutions import SOLUTIONS, WRONG

import nst_helpers
from nst_helpers import learning

ROOT = Path(__file__).resolve().parents[1]
PATHS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NOTEBOOKS = {path.stem: nbformat.read(path, as_version=4) for path in PATHS}
ANATOMY = (
    "**You will**", "**Time**", "What to notice", "Try it", "## Check yourself", "<details>", "## Exercises",
    "## Summary", "**References.**", "**Next**",
)  # fmt: skip
FORMATTED = ("nst_helpers", "tests", "tools", "benchmarks", "notebooks")
BUILT = {
    "preprocess", "postprocess", "extract_features", "get_contents", "get_styles", "content_loss", "gram", "style_loss",
    "tv_loss", "compute_loss", "CompositeImage", "get_inits", "patches", "whiten", "spherical_kmeans", "learn_layer",
}  # fmt: skip
each_notebook = pytest.mark.parametrize("name", NOTEBOOKS)


def code_cells(name):
    return [cell for cell in NOTEBOOKS[name].cells if cell.cell_type == "code" and cell.source.strip()]


def markdown(name):
    return "\n\n".join(cell.source for cell in NOTEBOOKS[name].cells if cell.cell_type == "markdown")


@each_notebook
def test_executed_in_order_without_errors(name):
    nbformat.validate(NOTEBOOKS[name])
    assert [cell.execution_count for cell in code_cells(name)] == list(range(1, len(code_cells(name)) + 1))
    assert not [output for cell in code_cells(name) for output in cell.outputs if output.output_type == "error"]
    assert NOTEBOOKS[name].metadata.kernelspec.name == "python3"


@each_notebook
def test_small_enough_to_open_quickly(name):
    assert (ROOT / "notebooks" / f"{name}.ipynb").stat().st_size < 2_000_000


@each_notebook
def test_no_cell_is_longer_than_a_screen(name):
    assert max(len(cell.source.splitlines()) for cell in code_cells(name)) <= 30


@each_notebook
def test_anatomy(name):
    text = markdown(name)
    for part in ANATOMY:
        assert part in text, f"{name} has no {part}"
    cells = code_cells(name)
    assert "from d2l import torch as d2l" in cells[0].source
    assert any("explore(" in cell.source for cell in cells)
    assert any("NBVAL_CHECK_OUTPUT" in cell.source for cell in cells)
    assert any("check(" in cell.source for cell in cells)


@each_notebook
def test_headings_go_down_one_level_at_a_time(name):
    levels = [len(marks) for marks in re.findall(r"^(#+) ", markdown(name), re.M)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b - a <= 1 for a, b in zip(levels, levels[1:]))


@each_notebook
def test_links_and_pictures_exist(name):
    targets = re.findall(r"\]\(([^)\s]+)\)", markdown(name)) + re.findall(r'src="([^"]+)"', markdown(name))
    missing = [t for t in targets if not t.startswith("http") and not (ROOT / "notebooks" / t.split("#")[0]).exists()]
    assert not missing


@each_notebook
def test_pictures_have_alt_text(name):
    assert not re.findall(r"!\[\]\(", markdown(name))
    assert all("alt=" in tag for tag in re.findall(r"<img [^>]*>", markdown(name)))


@each_notebook
def test_every_slider_leaves_a_picture_where_widgets_do_not_run(name):
    bundles = [output.data for cell in code_cells(name) for output in cell.outputs if "data" in output]
    widgets = [data for data in bundles if "application/vnd.jupyter.widget-view+json" in data]
    assert widgets and all("image/jpeg" in data for data in widgets)


def test_links_in_readme_exist():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'src="([^"]+)"', text)
    assert [target for target in targets if not target.startswith(("http", "#")) and not (ROOT / target).exists()] == []


# What you write is what you import


def body(source):
    """The statements of a function or class as a syntax tree without docstrings and annotations."""
    tree = ast.parse(textwrap.dedent(source)).body[0]
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            if node.body and isinstance(node.body[0], ast.Expr) and isinstance(node.body[0].value, ast.Constant):
                node.body = node.body[1:] or [ast.Pass()]
            node.returns = None if isinstance(node, ast.FunctionDef) else getattr(node, "returns", None)
        if isinstance(node, ast.arg):
            node.annotation = None
    return ast.dump(tree)


def exported(name):
    """What the package has under this name, or ``None``."""
    return getattr(nst_helpers, name, None) or getattr(learning, name, None)


def definitions():
    for name in NOTEBOOKS:
        for cell in code_cells(name):
            source = "\n".join("" if line.startswith(("%", "!")) else line for line in cell.source.splitlines())
            for node in ast.parse(source).body:
                if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and exported(node.name):
                    yield pytest.param(node.name, ast.get_source_segment(source, node), id=f"{name}:{node.name}")


@pytest.mark.parametrize("function, source", definitions())
def test_what_you_write_is_what_you_import(function, source):
    assert body(source) == body(inspect.getsource(exported(function)))


def test_the_notebooks_build_the_package():
    built = {parameter.values[0] for parameter in definitions()}
    assert built >= BUILT


# Exercises: an empty stub is told so, the solution passes, and each classic mistake is recognised


def exercises():
    for name in NOTEBOOKS:
        for cell in code_cells(name):
            for tag in cell.metadata.get("tags", []):
                if tag.startswith("check-"):
                    yield pytest.param(name, tag.removeprefix("check-"), id=f"{name}:{tag.removeprefix('check-')}")


def verdict(notebook, exercise, answer, capsys):
    """What the check cell prints for an answer, run after the notebook's definitions, as a reader would."""
    scope = {}
    cells = {tag: cell.source for cell in code_cells(notebook) for tag in cell.metadata.get("tags", [])}
    exec(code_cells(notebook)[0].source, scope)
    for cell in code_cells(notebook)[1:]:  # functions the notebook built, and small constants
        for node in ast.parse(cell.source).body:
            simple = isinstance(node, ast.Assign) and "setup" in cell.metadata.get("tags", [])
            if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)) or simple:
                exec(ast.unparse(node), scope)
    exec(cells[f"exercise-{exercise}"] if answer is None else answer, scope)
    capsys.readouterr()
    exec(cells[f"check-{exercise}"], scope)
    return capsys.readouterr().out


@pytest.mark.parametrize("notebook, exercise", exercises())
def test_unfilled_stub_is_told_so(notebook, exercise, capsys):
    said = verdict(notebook, exercise, None, capsys)
    assert said.startswith("❌") and len(said) > 30
    assert "stopped with" not in said


@pytest.mark.parametrize("notebook, exercise", exercises())
def test_solution_passes(notebook, exercise, capsys):
    assert verdict(notebook, exercise, SOLUTIONS[exercise], capsys) == f"✅ {exercise}\n"


@pytest.mark.parametrize("notebook, exercise", exercises())
def test_classic_mistakes_are_recognised(notebook, exercise, capsys):
    assert WRONG[exercise], f"name at least one classic mistake of {exercise}"
    for answer, words in WRONG[exercise].items():
        said = verdict(notebook, exercise, answer, capsys)
        assert said.startswith("❌") and words in said, said


# Lints


@pytest.mark.parametrize(
    "command",
    [["ruff", "check", "."], ["ruff", "format", "--check", *FORMATTED]],
)
def test_ruff(command):
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_modules_import_only_from_those_above():
    code = "from importlinter.cli import lint_imports_command as lint; lint()"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
