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
from IPython.display import display
from mistakes import WRONG

import nst_helpers
from nst_helpers import learning

ROOT = Path(__file__).resolve().parents[1]
PATHS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
NOTEBOOKS = {path.stem: nbformat.read(path, as_version=4) for path in PATHS}
SOLVED = {
    path.stem: nbformat.read(path, as_version=4) for path in sorted((ROOT / "notebooks/solutions").glob("*.ipynb"))
}
PAGES = {
    name: nbformat.read(ROOT / f"notebooks/{name}.ipynb", as_version=4) for name in ("glossary", "what_can_go_wrong")
}
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


def code_cells(name, notebooks=NOTEBOOKS):
    return [cell for cell in notebooks[name].cells if cell.cell_type == "code" and cell.source.strip()]


def markdown(name, notebooks=NOTEBOOKS):
    return "\n\n".join(cell.source for cell in notebooks[name].cells if cell.cell_type == "markdown")


def tagged(name, beginning, notebooks=NOTEBOOKS):
    """The cells with a tag of this beginning, by the rest of the tag, in order."""
    tags = [(tag, cell) for cell in code_cells(name, notebooks) for tag in cell.metadata.get("tags", [])]
    return {tag.removeprefix(beginning): cell for tag, cell in tags if tag.startswith(beginning)}


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


def broken_links(text):
    """Targets of links and pictures that lead nowhere: no such file, or no such heading in a notebook."""
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'src="([^"]+)"', text):
        file, _, anchor = target.partition("#")
        path = ROOT / "notebooks" / file
        if target.startswith("http") or (file and path.exists() and not anchor):
            continue
        there = markdown(path.stem, {**NOTEBOOKS, **PAGES}) if path.is_file() else "" if file else text
        headings = re.findall(r"^#+ (.+)$", there, re.M)
        if anchor not in [heading.replace(" ", "-") for heading in headings]:
            broken.append(target)
    return broken


@each_notebook
def test_links_and_pictures_exist(name):
    assert not broken_links(markdown(name))


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


def test_links_in_the_teaching_guide_exist():
    text = (ROOT / "TEACHING.md").read_text(encoding="utf-8")
    targets = [target.split("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text)]
    assert targets and not [t for t in targets if t and not t.startswith("http") and not (ROOT / t).exists()]


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


EXERCISES = [(name, exercise) for name in NOTEBOOKS for exercise in tagged(name, "check-")]
each_exercise = pytest.mark.parametrize("notebook, exercise", EXERCISES, ids=[":".join(pair) for pair in EXERCISES])


def verdict(notebook, exercise, answer, capsys):
    """What the check cell prints for an answer, run after the notebook's definitions, as a reader would."""
    scope = {"display": display}
    exec(code_cells(notebook)[0].source, scope)
    for cell in code_cells(notebook)[1:]:  # functions the notebook built, and small constants
        for node in ast.parse(cell.source).body:
            simple = isinstance(node, ast.Assign) and "setup" in cell.metadata.get("tags", [])
            if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)) or simple:
                exec(ast.unparse(node), scope)
    if exercise in (given := tagged(notebook, "given-")):
        exec(given[exercise].source, scope)
    exec(tagged(notebook, "exercise-")[exercise].source if answer is None else answer, scope)
    capsys.readouterr()
    exec(tagged(notebook, "check-")[exercise].source, scope)
    return capsys.readouterr().out


@each_notebook
def test_exercises_to_predict_to_write_and_to_explore(name):
    text = markdown(name)
    assert len(tagged(name, "check-")) >= 3
    for kind in ("Predict", "Write", "Explore"):
        assert re.search(rf"^\*\*\d · {kind}\.\*\*", text, re.M), f"nothing to {kind.lower()} in {name}"
    numbers = [int(n) for n in re.findall(r"^\*\*(\d) · ", text.split("## Exercises")[1], re.M)]
    assert numbers == list(range(1, len(numbers) + 1))


@each_exercise
def test_unfilled_stub_is_told_so(notebook, exercise, capsys):
    said = verdict(notebook, exercise, None, capsys)
    assert said.startswith("❌") and len(said) > 30
    assert "stopped with" not in said


@each_exercise
def test_solution_passes(notebook, exercise, capsys):
    solution = tagged(notebook, "solution-", SOLVED)[exercise].source
    assert verdict(notebook, exercise, solution, capsys) == f"✅ {exercise}\n"


@each_exercise
def test_classic_mistakes_are_recognised(notebook, exercise, capsys):
    assert WRONG[exercise], f"name at least one classic mistake of {exercise}"
    for answer, words in WRONG[exercise].items():
        said = verdict(notebook, exercise, answer, capsys)
        assert said.startswith("❌") and words in said, said


# The teachers' solutions


@each_notebook
def test_solutions_are_executed_and_every_check_is_content(name):
    cells = code_cells(name, SOLVED)
    nbformat.validate(SOLVED[name])
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    for exercise, cell in tagged(name, "check-", SOLVED).items():
        assert [output.text for output in cell.outputs] == [f"✅ {exercise}\n"]


@each_notebook
def test_solutions_check_what_the_notebook_checks(name):
    assert code_cells(name, SOLVED)[0].source == code_cells(name)[0].source
    for beginning in ("check-", "given-"):
        mine, notebooks = tagged(name, beginning, SOLVED), tagged(name, beginning)
        assert {k: cell.source for k, cell in mine.items()} == {k: cell.source for k, cell in notebooks.items()}
    assert list(tagged(name, "solution-", SOLVED)) == list(tagged(name, "exercise-"))


@each_exercise
def test_solutions_tell_the_teacher_what_the_check_answers(notebook, exercise):
    section = re.split(r"^## ", markdown(notebook, SOLVED), flags=re.M)
    (section,) = [part for part in section if part.startswith(f"{exercise}\n")]
    assert "**To say.**" in section
    assert not [words for words in WRONG[exercise].values() if words not in section]


# Glossary and troubles


@pytest.mark.parametrize("name", PAGES)
def test_pages_are_all_text_and_their_links_lead_somewhere(name):
    assert not code_cells(name, PAGES)
    text = markdown(name, PAGES)
    assert text.startswith("# ") and len(re.findall(r"^## ", text, re.M)) >= 10
    assert not broken_links(text)


def test_the_glossary_is_in_alphabetical_order():
    terms = re.findall(r"^## (.+)$", markdown("glossary", PAGES), re.M)
    assert terms == sorted(terms, key=str.lower)


def test_every_notebook_links_the_glossary():
    assert not [name for name in NOTEBOOKS if "(glossary.ipynb#" not in markdown(name)]


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
