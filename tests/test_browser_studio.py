"""The studio in a real browser, as somebody uses it who reads nothing. Screenshots and times land in build/browser."""

import base64
import io
import json
import re
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import browser
import nbformat
import numpy as np
import pytest
from PIL import Image

from nst_helpers import Job, sweep

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "browser"
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
DONE = r"""() => /^(\d+)\/\1$/.test(document.querySelector('.nst-count').textContent)
    && document.querySelector('.nst-stop').hidden"""
BUSY = """() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.requestExecute(
    {code: 'import time; time.sleep(4)'})"""
# In the page: restore widgets once more as JupyterLab does after a reload, and say good-bye to the channel for it over
# a subshell that is gone a moment later; JupyterLab does so in every second reload or more often
RESTORE = """async () => {
    const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    const comm = kernel.createComm("jupyter.widget.control");
    comm.open({}, {version: "1.0.0"});
    const told = new Promise(resolve => { comm.onMsg = resolve; });
    comm.send({method: "request_states"});
    await told;
    await comm.subshellStarted;
    comm.close();
    await new Promise(resolve => setTimeout(resolve, 500)); // now the kernel has heard it
}"""
NAMELESS = """() => [...document.querySelectorAll('.nst-studio :is(button, input, select, [role=button])')]
    .filter(it => it.type !== 'file' && !it.hidden && !(it.getAttribute('aria-label') || it.innerText?.trim()))
    .concat([...document.querySelectorAll('.nst-studio img:not([alt])')]).map(it => it.outerHTML)"""
OUTSIDE = """() => {
    const panel = document.querySelector('.nst-studio'), edge = panel.getBoundingClientRect();
    return [...panel.querySelectorAll('button, input, select, img, output')].filter(it => {
        const at = it.getBoundingClientRect();
        return at.width && !it.closest('.nst-strip-row') && (at.left < edge.left - 1 || at.right > edge.right + 1);
    }).map(it => it.className || it.tagName);
}"""
SINCE = "Math.round(performance.now() - dropped) / 1000"  # seconds since a file was dropped
SWEPT = ".nst-at-sheet"
HOSTILE = "<img src=x onerror=document.title='torn'>.png"


def write(folder, name, *cells):
    cells = [nbformat.v4.new_code_cell(source) for source in cells]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=KERNEL), folder / f"{name}.ipynb")


@pytest.fixture(scope="module")
def server(chromium, tmp_path_factory):
    folder = tmp_path_factory.mktemp("studio") / "series"
    for name in ("notebooks", "images"):
        shutil.copytree(ROOT / name, folder / name)
    write(folder, "studio", "from nst_helpers import Studio\nroom = Studio(size=128, steps=25, folder='kept')\nroom")
    tour = nbformat.read(folder / "notebooks" / "07_studio.ipynb", as_version=4)
    tour.cells.insert(0, nbformat.v4.new_code_cell("%env NST_QUICK=5"))
    nbformat.write(tour, folder / "notebooks" / "07_studio.ipynb")
    with browser.Server(folder, {"NST_WEIGHTS": "embedded", "NST_QUICK": ""}, warm=True) as started:
        yield started


@pytest.fixture(scope="module")
def times():
    BUILD.mkdir(parents=True, exist_ok=True)
    measured = {}
    yield measured
    (BUILD / "studio.json").write_text(json.dumps(measured, indent=2))


class Panel:
    """The studio on a page."""

    def __init__(self, notebook):
        self.notebook, self.page = notebook, notebook.page
        self.page.wait_for_selector(".nst-stage .nst-picture")

    def find(self, selector):
        return self.page.locator(f".nst-studio {selector}".strip()).first

    def painted(self, seconds=90):
        """Wait until a run is done; returns the seconds."""
        return self.notebook.wait_until("painted", DONE, seconds=seconds)

    def running(self):
        self.notebook.wait_until("running", "() => !document.querySelector('.nst-stop').hidden")

    def source(self):
        return self.find(".nst-picture").get_attribute("src")

    def frame(self, before, seconds=60):
        """Wait until another picture is shown than the one of this address."""
        return self.notebook.wait_until(
            "a frame", "([src]) => document.querySelector('.nst-picture').src !== src", before, seconds=seconds
        )

    def pixels(self):
        return self.find(".nst-picture").evaluate(browser.PIXELS)

    def step(self):
        return int(self.find(".nst-count").inner_text().split("/")[0])

    def slide(self, name, value):
        """Put a range on a value, as a hand that drags and lets go."""
        self.find(f"input[aria-label='{name}']").evaluate(
            "(it, value) => { it.value = value; it.dispatchEvent(new Event('input')); }", value
        )

    def drop(self, role, name, data, kind="image/jpeg"):
        """Drop a file on a strip."""
        self.find(f".nst-strip-{role}").evaluate(
            """(it, [name, kind, data]) => {
                const files = new DataTransfer(), bytes = Uint8Array.from(atob(data), letter => letter.charCodeAt(0));
                files.items.add(new File([bytes], name, {type: kind}));
                window.dropped = performance.now();
                it.dispatchEvent(new DragEvent("drop", {dataTransfer: files, bubbles: true, cancelable: true}));
            }""",
            [name, kind, base64.b64encode(data).decode()],
        )


@pytest.fixture(scope="module")
def opened(chromium, server, page, times):
    """The panel, its first picture painted."""
    notebook = browser.Notebook(chromium, server, "studio.ipynb", page)
    notebook.run_all()
    panel = Panel(notebook)
    panel.painted()
    yield panel
    notebook.close()


@pytest.fixture
def panel(opened):
    """The panel, idle; afterwards nobody complains."""
    yield opened
    if opened.find(".nst-stop").is_visible() and not opened.page.locator(".nst-dead").count():
        opened.find(".nst-stop").click()
        opened.notebook.wait_until("still", "() => document.querySelector('.nst-stop').hidden")
    opened.notebook.assert_quiet()


def jpeg(height, width, seed=0, quality=90):
    levels = np.random.default_rng(seed).integers(0, 256, (height // 16, width // 16, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(levels).resize((width, height)).save(buffer, "jpeg", quality=quality)
    return buffer.getvalue()


def test_a_painting_is_clicked_answered_in_one_pass_and_refined(panel, times):
    before, shown, start = panel.pixels(), panel.source(), time.monotonic()
    panel.find(".nst-strip-painting .nst-thumb[title='mosaic fish']").click()
    panel.frame(shown)
    times["painting clicked to one pass"] = round(time.monotonic() - start, 2)
    panel.painted()
    done = panel.pixels()
    assert done != before and panel.find(".nst-note").inner_text().startswith("one pass, then refined")
    panel.find(".nst-replay").evaluate("it => { it.value = 0; it.dispatchEvent(new Event('input')); }")
    assert panel.pixels() != done and panel.step() == 0
    assert panel.find(".nst-note").inner_text() == "one pass of the painter, before the first step"
    assert panel.find(".nst-strip-painting [aria-pressed=true]").get_attribute("title") == "mosaic fish"
    assert "mosaic" in panel.find(".nst-picture").get_attribute("alt")


def test_the_balance_answers(panel, times):
    before, start = panel.source(), time.monotonic()
    panel.slide("balance between photo and painting", -2)
    panel.frame(before)
    times["slider to first frame"] = round(time.monotonic() - start, 2)
    panel.painted()
    times["slider to 25 steps at 128 pixels"] = round(time.monotonic() - start, 2)


def test_stop_and_continue(panel, times):
    panel.find("button:has-text('Expert')").click()
    panel.slide("steps", 500)
    panel.running()
    panel.frame(panel.source())
    start = time.monotonic()
    panel.find(".nst-stop").click()
    panel.notebook.wait_until("stopped", "() => document.querySelector('.nst-stop').hidden")
    times["stop"] = round(time.monotonic() - start, 2)
    step, picture = panel.step(), panel.source()
    panel.page.wait_for_timeout(700)
    assert panel.step() == step and panel.source() == picture
    assert "stopped" in panel.find(".nst-note").inner_text()
    panel.find(".nst-resume").click()
    panel.frame(picture)
    panel.find(".nst-stop").click()
    panel.notebook.wait_until("stopped", "() => document.querySelector('.nst-stop').hidden")
    assert panel.step() > step
    panel.slide("steps", 25)
    panel.running()
    panel.painted()
    panel.find("button:has-text('Expert')").click()


def test_wipe_and_replay_need_no_kernel(panel):
    """Both work while the kernel is busy with another cell."""
    panel.page.evaluate(BUSY)
    box = panel.find(".nst-frame").bounding_box()
    mouse, middle = panel.page.mouse, box["y"] + box["height"] / 2
    mouse.move(box["x"] + 5, middle)
    mouse.down()
    mouse.move(box["x"] + box["width"] / 2, middle, steps=5)
    mouse.up()
    clip = panel.find(".nst-under").evaluate("it => it.style.clipPath")
    assert 40 < float(re.search(r"([\d.]+)%", clip).group(1)) < 60
    assert panel.find(".nst-under").evaluate("it => it.naturalWidth") > 100
    before = panel.source()
    panel.find(".nst-replay").evaluate("it => { it.value = 0; it.dispatchEvent(new Event('input')); }")
    assert panel.source() != before and panel.step() < 3
    panel.find(".nst-replay").evaluate("it => { it.value = it.max; it.dispatchEvent(new Event('input')); }")
    assert panel.step() == 25
    panel.find(".nst-wipe").dblclick()
    assert "100%" in panel.find(".nst-under").evaluate("it => it.style.clipPath")
    panel.notebook.wait_for_kernel()


def test_kept_runs_come_back_and_compare(panel):
    runs = panel.page.locator(".nst-kept .nst-place")
    assert runs.count() >= 2
    shown = panel.source()
    runs.last.locator(".nst-thumb").click()  # the oldest
    panel.frame(shown)
    runs.last.locator(".nst-pin").click()
    panel.page.wait_for_selector(".nst-pin[aria-pressed=true]")
    runs.first.locator(".nst-compare").click()
    panel.notebook.wait_until("compare", "() => document.querySelector('.nst-tag').textContent.startsWith('run ')")
    runs.first.locator(".nst-compare").click()
    panel.notebook.wait_until("photo", "() => document.querySelector('.nst-tag').textContent === 'photo'")


def test_a_photo_of_12_megapixels_is_dropped(panel, times):
    data = jpeg(3000, 4000)
    before = panel.source()
    panel.drop("photo", HOSTILE, data)
    panel.page.wait_for_selector(".nst-strip-photo .nst-pending, .nst-strip-photo [title^='<img']")
    times["12 megapixels dropped to thumbnail"] = panel.page.evaluate(SINCE)
    panel.frame(before)
    times["12 megapixels dropped to first frame"] = panel.page.evaluate(
        "Math.round(performance.now() - dropped) / 1000"
    )
    panel.painted()
    label = panel.find(".nst-strip-photo [aria-pressed=true] span")
    assert label.inner_text() == HOSTILE[:40] and panel.page.title() != "torn"
    panel.drop("photo", "broken<b>.png", b"this is no picture", "image/png")
    panel.page.wait_for_selector(".nst-strip-photo .nst-error:not([hidden])")
    assert "broken<b>.png is not a picture" in panel.find(".nst-strip-photo .nst-error").inner_text()
    assert not panel.page.locator(".nst-studio b:has-text('.png')").count()
    assert panel.find(".nst-strip-photo [aria-pressed=true] span").inner_text() == HOSTILE[:40]
    panel.find(".nst-strip-photo .nst-thumb[title='cat']").click()
    panel.frame(panel.source())
    panel.painted()


def test_layers_are_pointed_at_and_clicked(panel):
    panel.find("button:has-text('Layers')").click()
    panel.find(".nst-layer[data-at='2_1'] .nst-bar").hover()
    panel.notebook.wait_until(
        "what a layer remembers", "() => document.querySelectorAll('.nst-peeks img[src]').length === 3", seconds=60
    )
    assert "relu2_1" in panel.find(".nst-peeks h4").inner_text()
    before, button = panel.source(), panel.find(".nst-toggle[data-at='1_1'][data-role=style]")
    assert button.get_attribute("aria-pressed") == "true"
    button.click()
    panel.frame(before)
    panel.page.wait_for_selector(".nst-toggle[data-at='1_1'][data-role=style][aria-pressed=false]")
    assert panel.page.locator(".nst-weights input").count() == 1 + 3  # each layer has its weight
    before = panel.source()
    panel.slide("weight of content layer relu3_1", 1)
    panel.frame(before)
    panel.slide("weight of style layer relu4_1", -0.3)
    panel.painted()
    with panel.page.expect_download() as download:
        panel.find(".nst-save_json").evaluate("it => it.click()")
    saved = json.loads(Path(download.value.path()).read_text())["settings"]
    assert saved["content_layer_weights"] == [10] and saved["style_layer_weights"] == [1, 1, 0.501]
    for at in ("2_1", "3_1", "4_1"):
        panel.find(f".nst-toggle[data-at='{at}'][data-role=style]").click()
        panel.page.wait_for_timeout(300)
    panel.page.wait_for_selector(".nst-layers .nst-error:not([hidden])")  # the last one stays: said beside the control
    assert "style_layers is empty" in panel.find(".nst-layers .nst-error").inner_text()
    assert panel.find(".nst-toggle[data-at='4_1'][data-role=style]").get_attribute("aria-pressed") == "true"
    panel.find("button:has-text('Layers')").click()


def test_512_pixels_are_on_screen_early_and_get_sharper(panel, times):
    before, start = panel.source(), time.monotonic()
    panel.find("input[aria-label^='finer']").click()
    panel.frame(before)
    panel.notebook.wait_until("a step", "() => parseInt(document.querySelector('.nst-count').textContent) > 0")
    times["512 pixels: first step shown"] = round(time.monotonic() - start, 2)
    panel.painted(300)
    times["512 pixels: done"] = round(time.monotonic() - start, 2)
    assert panel.find(".nst-picture").evaluate("it => it.naturalWidth") == 512
    shown = panel.source()
    panel.find("button:has-text('Expert')").click()
    panel.slide("size, pixels", 128)
    panel.frame(shown)
    panel.painted()
    panel.find("button:has-text('Expert')").click()


def test_a_sweep_is_opened_and_clicked(panel):
    folder = panel.notebook.server.folder / "swept"
    base = Job("coffee", "stained_glass", {"num_epochs": 1}, 64, weights="embedded")
    with ThreadPoolExecutor(1) as executor:
        list(sweep([base.but(style_weight=w, tv_weight=tv) for w in (10, 1e4) for tv in (1, 10)], folder, executor))
    panel.find("button:has-text('Compare')").click()
    for text in ("/nowhere/<b>", str(folder)):
        panel.find("input[aria-label='a finished sweep']").fill(text)
        panel.page.keyboard.press("Enter")
        if text != str(folder):
            panel.page.wait_for_selector(".nst-drawer-compare .nst-error:not([hidden])")
            assert "there is no folder /nowhere/<b>" in panel.find(".nst-drawer-compare .nst-error").inner_text()
    cells = panel.page.locator(f"{SWEPT} .nst-thumb")
    panel.notebook.wait_until("cells", f"() => document.querySelectorAll('{SWEPT} .nst-thumb img[src]').length === 4")
    heads = panel.page.locator(f"{SWEPT} .nst-head").all_inner_texts()
    assert heads == ["tv weight 1", "tv weight 10", "style weight 10", "style weight 10000"]
    shown = panel.source()
    cells.first.click()
    panel.frame(shown)
    assert panel.find(".nst-strip-painting [aria-pressed=true]").get_attribute("title") == "stained glass"
    assert panel.find(".nst-stop").is_hidden() and panel.find(".nst-picture").evaluate("it => it.naturalWidth") == 64
    panel.find("button:has-text('Compare')").click()
    panel.find("button:has-text('Expert')").click()
    panel.slide("size, pixels", 128)
    panel.slide("steps", 25)
    panel.running()
    panel.painted()
    panel.find("button:has-text('Expert')").click()


def test_surprise_paints_another_painting(panel):
    before = panel.find(".nst-strip-painting [aria-pressed=true]").get_attribute("title")
    shown = panel.source()
    panel.find(".nst-surprise").click()
    panel.frame(shown)
    panel.painted()
    assert panel.find(".nst-strip-painting [aria-pressed=true]").get_attribute("title") != before


def test_picture_film_and_settings_are_saved(panel):
    panel.find("button:has-text('Expert')").click()
    files = {}
    for button in ("save", "film", "save_json"):
        with panel.page.expect_download() as download:
            panel.find(f".nst-{button}").click()
        files[Path(download.value.suggested_filename).suffix] = Path(download.value.path())
    assert Image.open(files[".png"]).width == 128 and Image.open(files[".webp"]).n_frames > 3
    assert json.loads(files[".json"].read_text())["size"] == 128
    panel.find("button:has-text('Expert')").click()


def test_every_control_has_a_name(panel):
    """Those in closed drawers too; axe sees what is open."""
    from axe_playwright_python.sync_playwright import Axe

    assert not panel.page.evaluate(NAMELESS)
    found = Axe().run(panel.page, {"include": [[".nst-studio"]]}, {"preload": False, "resultTypes": ["violations"]})
    assert not [node["html"] for it in found.response["violations"] for node in it["nodes"]]


WIDTHS = [(600, 900), (900, 900), (1280, 800), (1440, 900), (1920, 1080), (2560, 1440)]


def test_every_width_light_and_dark(panel):
    """Nothing is cut off, nothing lies outside, and a laptop shows the whole panel at once."""
    page = panel.page
    page.evaluate("jupyterapp.shell.collapseLeft()")
    for theme in ("Light", "Dark"):
        page.evaluate("theme => jupyterapp.commands.execute('apputils:change-theme', {theme})", f"JupyterLab {theme}")
        page.wait_for_timeout(600)
        for width, height in WIDTHS:
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_timeout(200)
            page.evaluate("document.querySelector('.nst-studio').scrollIntoView()")
            page.screenshot(path=BUILD / f"studio_{theme.lower()}_{width}.png")
            outside = page.evaluate(OUTSIDE)
            assert not outside, (theme, width, outside)
            size = [panel.find("").bounding_box()[side] for side in ("width", "height")]
            picture = panel.find(".nst-frame").bounding_box()
            assert picture["width"] >= min(0.9 * size[0], 450), (width, picture)
            assert panel.find(".nst-field-balance input").bounding_box()["width"] > 150, width
            if width in (1280, 1440):
                assert size[1] <= 640, (width, size)  # 620, and what scroll bars of the strips may take
    page.evaluate("jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Light'})")
    page.set_viewport_size({"width": 1400, "height": 1000})


def test_a_reload_in_the_middle_of_a_run_finds_a_live_panel(panel, times):
    page = panel.page
    page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    panel.find("button:has-text('Expert')").click()
    panel.slide("steps", 500)
    panel.running()
    panel.frame(panel.source())
    page.reload()
    page.wait_for_selector(".nst-stage .nst-picture[src]", timeout=60_000)
    page.evaluate(browser.LISTEN)
    page.evaluate(RESTORE)
    panel.frame(panel.source())
    start = time.monotonic()
    panel.find(".nst-stop").click()  # first of all: a message that arrives mends what comes after it
    panel.notebook.wait_until("stopped", "() => document.querySelector('.nst-stop').hidden", seconds=5)
    times["stop after a reload"] = round(time.monotonic() - start, 2)
    assert "stopped" in panel.find(".nst-note").inner_text()
    shown, start = panel.source(), time.monotonic()
    panel.slide("steps", 400)
    panel.running()
    panel.frame(shown)
    times["slider after a reload"] = round(time.monotonic() - start, 2)
    assert not page.locator(".nst-dead").count()


def test_after_a_restart_in_mid_run_the_dead_panel_says_what_to_do_and_kept_runs_come_back(panel):
    kept = panel.page.locator(".nst-kept .nst-place").count()
    panel.find(".nst-run").click()
    panel.running()
    panel.page.evaluate("jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    panel.page.wait_for_selector(".nst-dead", timeout=20_000)
    assert "run its cell again" in panel.find(".nst-dead").inner_text()
    panel.notebook.complaints.clear()  # JupyterLab logs what it sends to comms that are gone
    panel.notebook.run_all()
    panel.page.wait_for_selector(".nst-stage .nst-picture[src]")
    assert not panel.page.locator(".nst-dead").count()
    panel.painted()
    assert panel.page.locator(".nst-kept .nst-place").count() >= kept > 1


def test_the_tour_begins_with_the_panel_and_frees_the_kernel(chromium, server, page, times):
    notebook = browser.Notebook(chromium, server, "notebooks/07_studio.ipynb", page)
    try:
        start = time.monotonic()
        notebook.run_all()
        times["notebook 7: run all"] = round(time.monotonic() - start, 1)
        panel = Panel(notebook)
        painted = panel.find(".nst-strip-painting [aria-pressed=true]").get_attribute("title")
        assert painted == "starry harbour"  # no cell moved the reader's controls
        panel.painted()
        cells = notebook.page.locator(".nst-sheet .nst-thumb")
        assert cells.count() == 12
        shown = panel.source()
        cells.first.click()  # a picture of the lab puts its layers into the studio
        panel.frame(shown)
        notebook.assert_quiet()
    finally:
        notebook.close()


def test_the_door_paints_at_once(chromium, server, page, times):
    notebook = browser.Notebook(chromium, server, "notebooks/studio.ipynb", page)
    try:
        start = time.monotonic()
        notebook.run_all()
        times["door: run all"] = round(time.monotonic() - start, 2)
        notebook.wait_until(
            "first frame", "() => parseInt(document.querySelector('.nst-count')?.textContent) > 0", seconds=60
        )
        times["door: cell run to first painted frame"] = round(time.monotonic() - start, 2)
        notebook.assert_quiet()
    finally:
        notebook.close()


def test_voila_shows_the_door(chromium, server, times):
    pytest.importorskip("voila", reason="Voilà is an extra: pip install 'nst_helpers[voila]'")
    page, start = chromium.new_page(), time.monotonic()
    try:
        page.goto(f"{server.url}/voila/render/notebooks/studio.ipynb?token={server.token}")
        page.wait_for_selector(".nst-stage .nst-picture[src]", timeout=90_000)
        times["Voilà: opened to first picture"] = round(time.monotonic() - start, 2)
        page.wait_for_function(DONE, timeout=60_000)
        shown = page.locator(".nst-picture").get_attribute("src")
        page.locator(".nst-strip-painting .nst-thumb[title='mosaic fish']").click()
        page.wait_for_function("src => document.querySelector('.nst-picture').src !== src", arg=shown)
    finally:
        page.close()
