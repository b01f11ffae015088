"""What is true of every notebook, without running it: order, drift, links, exercises, widgets' pictures."""

import ast
import functools
import inspect
import re
import textwrap
from pathlib import Path

import nbformat
import pytest
from exercises import RIGHT, WRONG
from IPython.display import display

import nst_helpers
from nst_helpers import checks, learning, painter

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
BUILT = {
    "preprocess", "postprocess", "extract_features", "content_loss", "gram", "style_loss", "tv_loss", "compute_loss",
    "CompositeImage", "initialize", "PlainObjective", "patches", "whiten", "spherical_kmeans", "learn_layer",
    "Stroke",
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
def test_anatomy(name):
    text = markdown(name)
    for part in ANATOMY:
        assert part in text, f"{name} has no {part}"
    cells = code_cells(name)
    assert "from d2l import torch as d2l" in cells[0].source
    assert any("explore(" in cell.source for cell in cells)
    assert tagged(name, "nbval-check-output")


# A page carries the lesson and nothing else
SCAFFOLDING = re.compile(r"NBVAL|quick\(|NST_QUICK|selftest|^assert ", re.M)


@each_notebook
def test_no_scaffolding_on_the_page(name):
    assert not [cell.source for cell in code_cells(name) if SCAFFOLDING.search(cell.source)]


def test_the_whole_method_stands_on_one_screen_of_the_first_notebook():
    cells = NOTEBOOKS["00_one_minute_tour"].cells
    (at,) = [i for i, cell in enumerate(cells) if "one-screen" in cell.metadata.get("tags", [])]
    before = " ".join(cell.source for cell in cells[:at] if cell.cell_type == "markdown")
    assert len(before.split()) <= 500 and len(cells[at].source.splitlines()) <= 30
    settings = nst_helpers.DEFAULTS["embedded"]
    for layer in settings.content_layers + settings.style_layers:
        assert f'"{layer}"' in cells[at].source
    assert "backward()" in cells[at].source and "for step in" in cells[at].source


BRITISH = re.compile(
    r"\b(colou?r(?<!color)\w*|\w*(?:normal|initial|minim|optim|maxim|recogn|visual|organ|emphas)is(?:e|es|ed|ing|er|ers|ation)"
    r"|gr[e]y\w*|neighbour\w*|favour\w*|behaviour\w*|cent[r]e[sd]?|licen[c]e\w*)\b",
    re.I,
)


@pytest.mark.parametrize("name", [*NOTEBOOKS, *PAGES])
def test_american_spelling(name):
    text = "\n".join(cell.source for cell in {**NOTEBOOKS, **PAGES}[name].cells).replace("starry_harbour", "")
    found = {word.group().lower() for word in BRITISH.finditer(text)} - {"precise", "exercise"}
    assert not found


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
    return getattr(nst_helpers, name, None) or getattr(learning, name, None) or getattr(painter, name, None)


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


# Exercises: an empty stub is told so, right answers pass in any dress, and each classic mistake is recognized


EXERCISES = [(name, exercise) for name in NOTEBOOKS for exercise in tagged(name, "check-")]
each_exercise = pytest.mark.parametrize("notebook, exercise", EXERCISES, ids=[":".join(pair) for pair in EXERCISES])


def scope_of(notebook):
    """What the notebook has defined where its exercises begin: its set-up, functions and classes."""
    scope = {"display": display}
    exec(code_cells(notebook)[0].source, scope)
    for cell in code_cells(notebook)[1:]:
        if any(tag.startswith(("exercise-", "check-")) for tag in cell.metadata.get("tags", [])):
            continue
        for node in ast.parse("".join(line for line in cell.source.splitlines(True) if line[0] not in "%!")).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)):
                exec(ast.unparse(node), scope)
    return scope


@pytest.fixture(scope="module")
def scopes():
    found = functools.cache(scope_of)
    return lambda notebook: dict(found(notebook))


@pytest.fixture
def verdict(scopes, capsys):
    """What the check cell prints for an answer, run after the notebook's definitions, as a reader would."""

    def judge(notebook, exercise, answer=None):
        scope = scopes(notebook)
        if exercise in (given := tagged(notebook, "given-")):
            exec(given[exercise].source, scope)
        exec(tagged(notebook, "exercise-")[exercise].source if answer is None else answer, scope)
        capsys.readouterr()
        exec(tagged(notebook, "check-")[exercise].source, scope)
        return capsys.readouterr().out

    return judge


def test_every_exercise_has_a_judge_and_every_judge_an_exercise():
    assert sorted(exercise for _, exercise in EXERCISES) == sorted(checks.exercises())


@each_exercise
def test_a_check_cell_is_one_line(notebook, exercise):
    source = tagged(notebook, "check-")[exercise].source
    assert source in (f"check({exercise})", f'check({exercise}, "{exercise}")')


@each_notebook
def test_exercises_to_predict_to_write_and_to_explore(name):
    text = markdown(name)
    assert len(tagged(name, "check-")) >= 3
    numbers = [
        int(n) for n in re.findall(r"^\*\*(\d) · (?:Predict|Write|Explore)\.", text.split("## Exercises")[1], re.M)
    ]
    assert len(numbers) >= 3 and numbers == list(range(1, len(numbers) + 1))


@each_exercise
def test_unfilled_stub_is_told_so(notebook, exercise, verdict):
    said = verdict(notebook, exercise)
    assert said.startswith("❌") and "replace the ..." in said


@each_exercise
def test_solution_passes(notebook, exercise, verdict):
    solution = tagged(notebook, "solution-", SOLVED)[exercise].source
    assert verdict(notebook, exercise, solution) == f"✅ {exercise}\n"


@each_exercise
def test_right_answers_in_another_dress_pass(notebook, exercise, verdict):
    assert RIGHT[exercise], f"name another right answer of {exercise}"
    for answer in RIGHT[exercise]:
        assert verdict(notebook, exercise, answer) == f"✅ {exercise}\n", answer


@each_exercise
def test_classic_mistakes_are_recognized(notebook, exercise, verdict):
    assert WRONG[exercise], f"name at least one classic mistake of {exercise}"
    for answer, words in WRONG[exercise].items():
        said = verdict(notebook, exercise, answer)
        assert said.startswith("❌") and words in said, (answer, said)


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
