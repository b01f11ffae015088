"""JupyterLab in Chromium, driven by Playwright: open a notebook, run all, move what can be moved, see what changes."""

import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

try:
    from playwright.sync_api import Error as PageError
    from playwright.sync_api import TimeoutError as TooLate
    from playwright.sync_api import sync_playwright
except ImportError:
    sync_playwright = None

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
QUIET = {  # console errors that say nothing about the notebooks: part of their text, and why
    "kernel:  No such comm": "JupyterLab asks a new kernel for its widgets before ipywidgets is imported there",
}
KERNEL = {
    "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
    "display_name": "Python 3",
    "language": "python",
}
WINDOW = {"width": 1400, "height": 1000}
OPEN, RUN, ANSWER = 60, 420, 20  # seconds until a notebook is open, has run, a control has answered

# In the page: one string that differs when the picture does, from its pixels as decoded
PIXELS = """async image => {
    await image.decode();
    const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight), pen = canvas.getContext("2d");
    pen.drawImage(image, 0, 0);
    const {data} = pen.getImageData(0, 0, canvas.width, canvas.height);
    const digest = await crypto.subtle.digest("SHA-1", data);
    return [canvas.width, canvas.height, ...new Uint8Array(digest)].join(" ");
}"""
# In the page: each code cell's number and prompt ("*" while it waits or runs), and what it says to stderr
CELLS = """() => jupyterapp.shell.currentWidget.content.widgets.map((cell, number) => ({
    number, type: cell.model.type, prompt: cell.prompt, source: cell.model.sharedModel.source,
    error: (cell.model.outputs?.toJSON() ?? []).map(
        out => out.output_type === "error" ? `${out.ename}: ${out.evalue}` : out.name === "stderr" ? out.text : ""
    ).join("")})).filter(it => it.type === "code")"""
# In the page: whether the notebook has a kernel that answers
READY = """() => {
    const kernel = jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel;
    return kernel?.connectionStatus === "connected" && kernel.status === "idle";
}"""
# In the page: run some cells, as a reader does who selects each in turn; the kernel takes them in this order
RUN_CELLS = """async numbers => {
    const notebook = jupyterapp.shell.currentWidget.content;
    await jupyterapp.commands.execute("notebook:clear-all-cell-outputs");
    for (const number of numbers) {
        notebook.deselectAll();
        notebook.activeCellIndex = number;
        jupyterapp.commands.execute("notebook:run-cell");
    }
}"""
# In the page: the cells whose stored output is a widget
WIDGETS = """() => jupyterapp.shell.currentWidget.content.widgets.flatMap((cell, number) =>
    (cell.model.outputs?.toJSON() ?? []).some(out => out.data?.["application/vnd.jupyter.widget-view+json"])
    ? [number] : [])"""
# In the page: an exception in a callback has no cell to appear in, and JupyterLab drops it; the console gets it here
LISTEN = """() => jupyterapp.shell.currentWidget.sessionContext.iopubMessage.connect((sender, message) => {
    const {header, parent_header, content} = message, text = content.evalue ?? content.text;
    if ((header.msg_type === "error" || content.name === "stderr") && parent_header.msg_type !== "execute_request")
        console.error(`kernel: ${content.ename ?? ""} ${text}`);
})"""
# In the page: open a notebook beside what is there, as a double click in the list of files does
OPEN_HERE = """async path => {
    const panel = await jupyterapp.commands.execute("docmanager:open", {path});
    await panel.context.ready;
    jupyterapp.shell.activateById(panel.id);
}"""
# In the page: shut down the kernels of all notebooks and close them, whether saved or not
CLOSE_ALL = """async () => {
    for (const panel of [...jupyterapp.shell.widgets("main")]) {
        await panel.sessionContext?.shutdown();
        panel.dispose();
    }
}"""
CONTROL = ".noUi-handle, select, input[type=checkbox]"
LABEL = r"""row => {
    const words = label => label.innerText.replace(/\u200b/g, "").trim();
    const label = [...row.querySelectorAll("label")].find(label => words(label) && label.offsetWidth);
    return label && label.scrollWidth <= label.clientWidth + 1 ? words(label) : "";
}"""
# In the page: whether each part of a box is there; an empty element stands in for a view that is still being made.
# The last part, which names the others for screen readers, is never displayed.
SHOWN = """([root]) => [...root.children].every(
    part => part.className.includes("widget-") || part.style.display === "none")"""
CHANGED = """([root, address, text]) => root.querySelector("img.widget-image").src !== address
    || root.querySelector(":scope > .widget-html .widget-html-content").textContent !== text"""


class Lacking(Exception):
    """What to install before a browser can run."""


@contextlib.contextmanager
def chromium():
    """A Chromium without a screen: the one NST_CHROMIUM names, the system's, or Playwright's own."""
    if sync_playwright is None:
        raise Lacking("browser tests need Playwright: pip install playwright")
    with sync_playwright() as playwright:
        own = os.environ.get("NST_CHROMIUM")
        names = [own] if own else ["chromium", "chromium-browser", "google-chrome", playwright.chromium.executable_path]
        path = next(filter(None, map(shutil.which, names)), None)
        if path is None:
            raise Lacking("browser tests need Chromium: apt-get install chromium, or name yours in NST_CHROMIUM")
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


class Server:
    """A JupyterLab server of its own on a copy of the notebooks; a context manager.

    ``warm``: its kernels are those that conftest.py has prepared, if it has.
    """

    def __init__(self, folder, environment, warm=False):
        kernel = KERNEL
        if warm and "NST_TEST_KERNEL" in os.environ:
            kernel = json.loads(Path(os.environ["NST_TEST_KERNEL"]).read_text())
        self.folder, self.token = Path(folder), secrets.token_hex(16)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.url = f"http://127.0.0.1:{free.getsockname()[1]}"
        home = self.folder.parent / "jupyter"
        for name, content in {
            "config/labconfig/default_setting_overrides.json": {
                "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False}
            },
            "data/kernels/python3/kernel.json": kernel,
        }.items():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            (home / name).write_text(json.dumps(content))
        folders = {f"JUPYTER_{name.upper()}_DIR": str(home / name) for name in ("config", "data", "runtime")}
        own = {"JUPYTER_PREFER_ENV_PATH": "0", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}  # else the debugger warns
        self.environment = {**os.environ, **folders, **own, **environment}
        self.log = home / "server.log"

    def __enter__(self):
        options = [
            f"--ServerApp.port={self.url.rsplit(':', 1)[1]}", "--ServerApp.port_retries=0", "--ServerApp.ip=127.0.0.1",
            f"--ServerApp.root_dir={self.folder}", f"--IdentityProvider.token={self.token}",
            "--no-browser", "--allow-root", "--expose-app-in-browser",
        ]  # fmt: skip
        command = [sys.executable, "-m", "jupyterlab", *options]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                command, cwd=self.folder, env=self.environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        end = time.monotonic() + OPEN
        while True:
            try:
                self.ask("api/status")
                return self
            except (urllib.error.URLError, OSError):
                if self.process.poll() is not None or time.monotonic() > end:
                    self.__exit__()
                    raise RuntimeError("JupyterLab did not start:\n" + self.log.read_text()[-3000:]) from None
                time.sleep(0.2)

    def __exit__(self, *exception):
        if self.process.poll() is None:
            self.process.terminate()  # ends its kernels too
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def ask(self, path, method="GET"):
        """What the server's own interface answers, decoded."""
        headers = {"Authorization": f"token {self.token}"}
        request = urllib.request.Request(f"{self.url}/{path}", headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or "null")

    def end_sessions(self):
        """Shut down every kernel: it outlives the page."""
        for session in self.ask("api/sessions"):
            self.ask(f"api/sessions/{session['id']}", "DELETE")


class Notebook:
    """A notebook open in JupyterLab, as a reader finds it: stored outputs, nothing run. ``close`` ends its kernel.

    ``page``: one to open it on, instead of a page of its own. If that shows JupyterLab already, the notebooks on it are
    closed, which takes a fraction of the time that JupyterLab needs to start.
    """

    def __init__(self, browser, server, path, page=None):
        self.server, self.path, self.shared = server, path, page is not None
        self.page = page = page or browser.new_page(viewport=WINDOW)
        page.set_default_timeout(1000 * ANSWER)
        self.complaints = []  # of the page and the console
        if page.url.startswith(server.url):
            page.evaluate(CLOSE_ALL)
        page.on("pageerror", self.hear)
        page.on("console", self.listen)
        if page.url.startswith(server.url):
            page.evaluate(OPEN_HERE, path)
        else:
            page.goto(f"{server.url}/lab/tree/{urllib.parse.quote(path)}?token={server.token}&reset")
        page.wait_for_selector(".jp-NotebookPanel .jp-Notebook .jp-Cell", timeout=1000 * OPEN)
        page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]', timeout=1000 * OPEN)
        page.wait_for_function(READY, timeout=1000 * OPEN)  # the indicator says idle before there is a kernel, too
        page.evaluate(LISTEN)

    def hear(self, error):
        self.complaints.append(f"page error: {error}")

    def listen(self, message):
        if message.type == "error" and not any(part in message.text for part in QUIET):
            self.complaints.append(f"console: {message.text} ({message.location.get('url', '')})")

    def close(self):
        self.page.remove_listener("pageerror", self.hear)
        self.page.remove_listener("console", self.listen)
        if self.shared:
            self.page.evaluate(CLOSE_ALL)
        else:
            self.page.close()
        self.server.end_sessions()

    def run(self, numbers, seconds=RUN):
        """Run the cells of these numbers; returns the seconds it took. A cell's error is raised with its text."""
        start = time.monotonic()
        self.page.evaluate(RUN_CELLS, numbers)
        while True:
            cells = self.page.evaluate(CELLS)
            self.assert_quiet(cells)
            left = [cell for cell in cells if cell["number"] in numbers and not cell["prompt"].isdigit()]
            if not left:
                return time.monotonic() - start
            assert time.monotonic() - start < seconds, self.say(f"not done after {seconds} s: {lines(left[0])}")
            self.page.wait_for_timeout(100)

    def run_all(self, seconds=RUN):
        """Menu *Run*, *Run All Cells*; returns the seconds it took. A cell's error is raised with its text."""
        self.page.wait_for_timeout(1500)  # a menu clicked at once is sometimes lost
        start, clicked, begun = time.monotonic(), -1e9, False
        while True:
            cells = self.page.evaluate(CELLS)
            waiting = [cell for cell in cells if cell["prompt"] == "*"]
            begun = begun or bool(waiting)
            if begun:
                self.assert_quiet(cells)
                if all(cell["prompt"].isdigit() for cell in cells if cell["source"].strip()):
                    return time.monotonic() - start
            now, dialogs = time.monotonic(), self.page.locator(".jp-Dialog-content").all_inner_texts()
            if dialogs and dialogs[0].startswith(
                "Select Kernel"
            ):  # Run came before the kernel was there: a slow machine
                self.page.locator(".jp-Dialog-content .jp-mod-accept").click()
                continue
            assert now - start < seconds and not dialogs, self.say(
                f"not done after {now - start:.0f} s", *dialogs, *[f"waits: {lines(waiting[0])}" for _ in waiting[:1]]
            )
            if not waiting and now - clicked > 5:  # a click is sometimes lost
                self.page.keyboard.press("Escape")
                self.page.click('.lm-MenuBar-itemLabel:text-is("Run")')
                self.page.click('.lm-Menu-item[data-command="runmenu:run-all"]')
                clicked = now
            self.page.wait_for_timeout(100)

    def assert_quiet(self, cells=None):
        """Neither a cell, the page nor the console complains."""
        wrong = [cell for cell in cells or self.page.evaluate(CELLS) if cell["error"]]
        assert not wrong and not self.complaints, self.say(*[f"{lines(cell)}\n{cell['error']}" for cell in wrong])

    def say(self, *what):
        return "\n".join([self.path, *what, *self.complaints])

    def stored_widgets(self):
        """The cells whose stored output is a widget, as elements of the page."""
        numbers = self.page.evaluate(WIDGETS)
        return [self.page.locator(".jp-Notebook .jp-Cell").nth(number) for number in numbers]

    def explorers(self):
        """Each explorer in turn, scrolled to: the browser lays out only what is near the screen."""
        for found in self.page.locator(".nst-explorer").all():
            yield Explorer(self, found)

    def wait_until(self, what, condition, *arguments, seconds=ANSWER):
        """Wait for a condition in the page; returns the seconds it took."""
        start = time.monotonic()
        try:
            self.page.wait_for_function(condition, arg=list(arguments), timeout=1000 * seconds, polling=50)
        except TooLate:
            raise AssertionError(self.say(f"{what}: not within {seconds} s")) from None
        return time.monotonic() - start

    def wait_for_kernel(self):
        """Wait until the kernel has said all it had to say."""
        self.wait_until(
            "kernel idle", "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'"
        )


class Explorer:
    """What ``nst_helpers.explore`` shows: rows with a control, a picture, a text."""

    def __init__(self, notebook, root):
        self.notebook, self.page, self.root = notebook, notebook.page, root
        self.picture = root.locator(":scope > img.widget-image")
        root.scroll_into_view_if_needed()
        self.picture.wait_for()
        notebook.wait_until("all controls", SHOWN, root.element_handle())
        self.rows = root.locator(":scope > .widget-inline-hbox:not(.widget-html)").all()
        self.words = root.locator(":scope > .widget-html .widget-html-content")

    def pixels(self):
        """One string that differs when the picture does."""
        for _ in range(20):
            try:
                return self.picture.evaluate(PIXELS)
            except PageError as error:  # exchanged while it was read
                if "decode" not in str(error):
                    raise
        raise AssertionError(self.notebook.say("the picture cannot be decoded"))

    def height(self):
        return self.root.bounding_box()["height"]

    def screenshot(self, path):
        self.root.evaluate("root => root.scrollIntoView({block: 'center'})")
        self.page.screenshot(path=path)

    def control(self, row):
        return row.locator(CONTROL).first

    def label(self, row):
        """The visible label of a row; empty if there is none or it is cut, two seconds later too."""
        try:
            return self.page.wait_for_function(LABEL, arg=row.element_handle(), timeout=2000, polling=50).json_value()
        except TooLate:
            return ""

    def names(self):
        """What a screen reader says of the sliders, in order, and of the picture."""
        handles = self.root.locator(".noUi-handle").all()
        return [it.get_attribute("aria-label") for it in handles], self.picture.get_attribute("alt")

    def tab_through(self):
        """The rows whose controls the Tab key reaches from the cell above, in that order."""
        self.root.evaluate("root => root.closest('.jp-Cell').focus()")
        reached, controls = [], [self.control(row).element_handle() for row in self.rows]
        for _ in range(5 + 3 * len(self.rows)):
            self.page.keyboard.press("Tab")
            reached += [n for n, it in enumerate(controls) if it.evaluate("it => it === document.activeElement")]
        return reached

    def move(self, row, seconds=ANSWER, far=False):
        """Move a control by one step, or a slider to an end. Returns what changed and the seconds it took."""
        before, name = (self.pixels(), self.words.text_content()), f"{self.label(row)!r} was moved"
        root = self.root.element_handle()
        address = self.picture.get_attribute("src")
        keys = keys_of(self.control(row), far)
        self.control(row).focus()
        for key in keys:
            self.page.keyboard.press(key)
        took = self.notebook.wait_until(f"{name}; a change", CHANGED, root, address, before[1], seconds=seconds)
        self.notebook.wait_for_kernel()
        red = self.root.locator(":scope > .widget-html b").all_inner_texts()
        assert not red, self.notebook.say(f"{name}, and below the picture stands: {red[0]}")
        after = self.pixels(), self.words.text_content()
        return {part for part, a, b in zip(("picture", "text"), before, after) if a != b}, took


def lines(cell):
    """A code cell's first lines."""
    return "\n    ".join(cell["source"].splitlines()[:4])


def keys_of(control, far=False):
    """The keys that move a control by one step from where it stands, or a slider to an end."""
    kind = control.evaluate("it => it.tagName")
    if kind == "INPUT":
        return ["Space"]
    if kind == "SELECT":  # opened first: JupyterLab takes the arrows of a closed one
        last = control.evaluate("it => it.selectedIndex === it.options.length - 1")
        return ["Space", "ArrowUp" if last else "ArrowDown", "Enter"]
    low, now, high = (float(control.get_attribute(f"aria-value{name}")) for name in ("min", "now", "max"))
    if far:
        return ["Home" if now > low else "End"]
    return ["ArrowRight" if now < high else "ArrowLeft"]
