"""A real browser on JupyterLab: every control of every notebook is moved by keyboard, every picture is seen.

nbval runs every cell; here only what the widgets need runs, and the first notebook as a whole, by the menu.
Screenshots and times land in build/browser. Where Playwright or Chromium is missing these tests skip and say what to
install; with NST_BROWSER=1 (as in CI) they fail instead.
"""

import json
import shutil
from pathlib import Path

import browser
import nbformat
import pytest
from needed import needed
from quick import shortened

ROOT = Path(__file__).resolve().parents[1]
NAMES = [path.stem for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))]
BUILD = ROOT / "build" / "browser"


def widgets_need(name):
    """The cells that a notebook's widgets need, by number."""
    cells = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4).cells
    outputs = [(number, output) for number, cell in enumerate(cells) for output in cell.get("outputs", [])]
    view = "application/vnd.jupyter.widget-view+json"
    return needed(cells, [number for number, output in outputs if view in output.get("data", {})])


WIDGETS_NEED = {name: widgets_need(name) for name in NAMES}


@pytest.fixture(scope="module")
def server(chromium, tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser") / "series"
    for name in ("notebooks", "images"):
        shutil.copytree(ROOT / name, folder / name)
    for path in (folder / "notebooks").glob("[0-9]*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            cell.source = shortened(cell.source, "3")
        nbformat.write(notebook, path)
    with browser.Server(folder, {"NST_QUICK": "3", "NST_WEIGHTS": "embedded"}, warm=True) as started:
        yield started


@pytest.fixture(scope="module")
def times():
    """Seconds measured, by notebook; written down at the end."""
    BUILD.mkdir(parents=True, exist_ok=True)
    measured = {}
    yield measured
    (BUILD / "times.json").write_text(json.dumps(measured, indent=2, sort_keys=True))


@pytest.fixture(scope="module", params=NAMES)
def notebook(request, chromium, server, page):
    """Each notebook in turn, opened once for all its tests."""
    opened = browser.Notebook(chromium, server, f"notebooks/{request.param}.ipynb", page)
    opened.name = request.param
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def ran(notebook, times):
    """A notebook with its widgets alive."""
    took = notebook.run_all() if notebook.name == NAMES[0] else notebook.run(WIDGETS_NEED[notebook.name])
    times.setdefault(notebook.name, {})["run"] = round(took, 1)
    return notebook


def shot(name):
    return BUILD / f"{name}.png"


# Every notebook


def test_stored_pictures_show_before_anything_runs(notebook):
    cells = notebook.stored_widgets()
    assert cells
    for cell in cells:
        cell.scroll_into_view_if_needed()
        still = cell.locator(".jp-OutputArea-output img").first
        assert still.evaluate("async it => (await it.decode(), it.naturalWidth)") > 200
        assert still.bounding_box()["width"] > 200
    notebook.assert_quiet()


def test_runs_without_errors(ran):
    ran.assert_quiet()
    assert list(ran.explorers()), "no explorer on the page"


def test_every_control_has_a_label_and_is_reached_by_tab(ran):
    for explorer in ran.explorers():
        assert explorer.rows
        labels = [explorer.label(row) for row in explorer.rows]
        assert all(labels), f"a label is missing or cut: {labels}"
        assert explorer.tab_through() == list(range(len(explorer.rows)))
        sliders, picture = explorer.names()
        assert sliders == [label for label, row in zip(labels, explorer.rows) if row.locator(".noUi-handle").count()]
        assert all(label in picture for label in labels), picture


def test_every_control_answers(ran, times):
    for number, explorer in enumerate(ran.explorers(), 1):
        changed, height = {}, explorer.height()
        for row in explorer.rows:
            name = row.inner_text().split("\n")[0].strip("\u200b") or explorer.label(row)
            changed[name], took = explorer.move(row)
            times[ran.name][f"{number}: {name}"] = round(took, 2)
            if row.locator("input[type=checkbox]").count():  # put back: what follows may need it
                explorer.move(row)
            assert abs(explorer.height() - height) <= 2, f"the height jumps when {name!r} moves"
        explorer.screenshot(shot(ran.name[:2] + f"_{number}" * (number > 1)))
        sliders = [parts for row, parts in zip(explorer.rows, changed.values()) if row.locator(".noUi-handle").count()]
        assert all("picture" in parts for parts in sliders or changed.values()), changed
        if explorer.words.inner_text().strip() and "text" not in set().union(*changed.values()):
            far = [explorer.move(row, far=True)[0] for row in explorer.rows if row.locator(".noUi-handle").count()]
            assert "text" in set().union(*far), f"the text stays the same: {explorer.words.inner_text()}"
    ran.assert_quiet()


# What these tests must catch


BAD = """
import ipywidgets, PIL.Image
from nst_helpers import explore
def fails(level):
    if level > 3:
        raise ValueError("too bright")
    return PIL.Image.new("L", (60, 40), level)
lab = explore(fails, level=(0, 9))
lab.set(level=3)
---
dead = explore(lambda level: PIL.Image.new("L", (60, 40)), level=(0, 9))
dead
---
def raises(change):
    raise RuntimeError("swallowed")
silent = explore(lambda level: PIL.Image.new("L", (60, 40), level), level=(0, 9))
silent.controls["level"].observe(raises, names="value")
silent
---
1 / 0
"""


def test_faults_are_caught(chromium, server, page):
    cells = [nbformat.v4.new_code_cell(source.strip()) for source in BAD.split("---")]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), server.folder / "notebooks" / "bad.ipynb")
    bad = browser.Notebook(chromium, server, "notebooks/bad.ipynb", page)
    try:
        with pytest.raises(AssertionError, match="(?s)1 / 0.*ZeroDivisionError: division by zero"):
            bad.run_all()
        fails, dead, silent = bad.explorers()
        with pytest.raises(AssertionError, match="'level' was moved, and below the picture stands: too bright"):
            fails.move(fails.rows[0])
        with pytest.raises(AssertionError, match="'level' was moved; a change: not within 2 s"):
            dead.move(dead.rows[0], seconds=2)
        silent.move(silent.rows[0])
        assert "swallowed" in str(bad.complaints)
        bad.page.evaluate("setTimeout(() => { throw Error('torn page') })")
        bad.page.wait_for_timeout(100)
        assert "torn page" in str(bad.complaints)
    finally:
        bad.close()
