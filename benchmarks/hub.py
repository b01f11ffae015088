"""A hub on 127.0.0.1, started from deploy/jupyterhub, and students who use it as a browser would. For trials and tests.

Everything but the way in is the real configuration. Trial students have no accounts on the machine: they log in with
their name, and their servers run as whoever runs the trial.
"""

import json
import os
import queue
import shutil
import socket
import subprocess
import sys
import threading
import time
import uuid
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import requests
import websocket

ROOT = Path(__file__).resolve().parents[1]
TRIAL = """
load_subconfig({real!r})
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = {password!r}
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = {homes!r}
c.Spawner.args += ["--allow-root"]
c.JupyterHub.hub_port = {hub_port}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
c.ConfigurableHTTPProxy.command = {proxy!r}
c.JupyterHub.db_url = "sqlite://"
c.JupyterHub.cookie_secret_file = {folder!r} + "/cookie_secret"
c.ConfigurableHTTPProxy.pid_file = {folder!r} + "/proxy.pid"
"""


def lacking():
    """What a hub needs and this machine does not have, as a sentence; or None."""
    if not find_spec("jupyterhub"):
        return "JupyterHub is not installed: pip install -e .[hub]"
    if not proxy():
        return "JupyterHub's proxy is not installed: npm install -g configurable-http-proxy"


def proxy():
    return shutil.which(os.environ.get("NST_PROXY", "configurable-http-proxy"))


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Hub:
    """A hub that runs while the ``with`` block does. ``folder``: an empty one, for homes and log."""

    def __init__(self, folder, series):
        self.folder, self.password = Path(folder), uuid.uuid4().hex
        port, hub_port, proxy_port = free_ports(3)
        self.url, self.log = f"http://127.0.0.1:{port}", self.folder / "hub.log"
        real = str(ROOT / "deploy" / "jupyterhub" / "jupyterhub_config.py")
        (self.folder / "config.py").write_text(
            TRIAL.format(
                real=real, password=self.password, homes=f"{self.folder}/homes/{{username}}", folder=str(self.folder),
                hub_port=hub_port, proxy_port=proxy_port, proxy=[proxy()],
            ),
            encoding="utf-8",
        )  # fmt: skip
        self.environment = os.environ | {
            "NST_HUB": self.url,
            "NST_SERIES": str(series),
            "NST_WARM_KERNELS": f"{self.folder}/warm",
        }

    def __enter__(self):
        with self.log.open("w") as log:
            command = [sys.executable, "-m", "jupyterhub", "-f", "config.py"]
            self.process = subprocess.Popen(
                command, cwd=self.folder, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
        try:
            wait_until(self.answers, 90, lambda: f"the hub does not start; its log:\n{self.log.read_text()[-3000:]}")
        except BaseException:
            self.__exit__()
            raise
        return self

    def answers(self):
        with suppress(requests.ConnectionError):
            return requests.get(self.url + "/hub/health").ok and "warm kernels: ready" in self.log.read_text()
        if self.process.poll() is not None:
            raise RuntimeError(f"the hub stopped; its log:\n{self.log.read_text()[-3000:]}")

    def __exit__(self, *_):
        self.process.terminate()  # it ends its proxy, its service and the students' servers
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()


def wait_until(true, seconds, message):
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(message())
        time.sleep(0.5)


class Student:
    """One student's browser: logs in, opens notebooks, presses Run."""

    def __init__(self, hub, name):
        self.hub, self.name, self.base = hub, name, f"{hub.url}/user/{name}/"
        self.browser = requests.Session()
        self.browser.headers["Connection"] = "close"  # the proxy may close an idle one while it is used again
        self.socket, self.breaks = None, []

    def log_in(self):
        """Log in and wait for the own server. Returns how long that took, in seconds."""
        start = time.perf_counter()
        page = self.hub.url + "/hub/login"
        self.browser.get(page)
        mark = self.browser.cookies["_xsrf"]
        form = {"username": self.name, "password": self.hub.password, "_xsrf": mark}
        self.browser.post(page, params={"next": "/hub/spawn"}, data=form).raise_for_status()
        progress = f"{self.hub.url}/hub/api/users/{self.name}/server/progress"  # as the page that says "starting up"
        mark = self.browser.cookies.get("_xsrf", path="/hub/")
        with self.browser.get(progress, params={"_xsrf": mark}, stream=True, timeout=300) as events:
            events.raise_for_status()
            news = [json.loads(line[5:]) for line in events.iter_lines() if line.startswith(b"data:")]
        if not news[-1].get("ready"):
            raise RuntimeError(f"{self.name}'s server does not start: {news[-1].get('message')}")
        answer = self.browser.get(self.base + "lab")  # through the hub's redirects
        answer.raise_for_status()
        assert answer.url.startswith(self.base), answer.url
        return time.perf_counter() - start

    def open(self, path):
        """Open a notebook: its code cells, and a kernel of its own."""
        notebook = self.ask("GET", f"api/contents/{path}")["content"]
        wanted = {"path": path, "name": path, "type": "notebook", "kernel": {"name": "python3"}}
        self.session = self.ask("POST", "api/sessions", wanted)
        channels = f"{self.base}api/kernels/{self.session['kernel']['id']}/channels?session_id={uuid.uuid4().hex}"
        self.address = channels.replace("http", "ws", 1)
        self.answers, self.left = queue.SimpleQueue(), False
        self.connect()
        threading.Thread(target=self.listen, args=[self.answers], daemon=True).start()
        return [cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "code"]

    def connect(self):
        cookies = "; ".join(f"{one.name}={one.value}" for one in self.browser.cookies)
        self.socket = websocket.create_connection(self.address, cookie=cookies, timeout=900)

    def listen(self, answers):
        """Read all the time, as a browser does: who does not answer the server's pings is cut off. A connection that
        breaks is made again, as JupyterLab does it; the server keeps what the kernel says meanwhile."""
        while True:
            try:
                kind, data = self.socket.recv_data()
                if kind == websocket.ABNF.OPCODE_CLOSE:
                    raise ConnectionError(f"the server closed the connection: {data!r}")
                if kind == websocket.ABNF.OPCODE_TEXT:  # others are pictures of widgets
                    answers.put(json.loads(data))
            except (websocket.WebSocketException, OSError, ValueError) as error:
                if self.left or len(self.breaks) == 20:
                    answers.put(error)
                    return
                self.breaks.append(error)
                time.sleep(1)
                with suppress(websocket.WebSocketException, OSError):
                    self.connect()

    def ask(self, method, path, data=None):
        own = next(one.value for one in self.browser.cookies if one.name == "_xsrf" and self.name in one.path)
        answer = self.browser.request(method, self.base + path, json=data, headers={"X-XSRFToken": own})
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def run(self, code):
        """Run a cell. Returns its seconds and its outputs; raises ``RuntimeError`` if it fails."""
        start, mine = time.perf_counter(), uuid.uuid4().hex
        header = {
            "msg_id": mine,
            "msg_type": "execute_request",
            "username": self.name,
            "session": mine,
            "version": "5.3",
        }
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": True}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
        wait_until(lambda: self.send(message), 60, lambda: f"{self.name} is not connected: {self.breaks}")
        outputs, missing = [], {"reply", "idle"}  # two channels: either may come first
        while missing:
            answer = self.answers.get(timeout=900)
            if isinstance(answer, Exception):
                raise RuntimeError(f"{self.name}: the connection to the kernel broke") from answer
            if answer["parent_header"].get("msg_id") != mine:
                continue
            kind, content = answer["msg_type"], answer["content"]
            if kind in ("stream", "display_data", "execute_result"):
                outputs.append(content)
            elif kind == "error":
                raise RuntimeError(f"{self.name}: {content['ename']}: {content['evalue']}")
            elif kind == "execute_reply":
                missing.discard("reply")
            elif kind == "status" and content["execution_state"] == "idle":
                missing.discard("idle")
        return time.perf_counter() - start, outputs

    def send(self, message):
        with suppress(websocket.WebSocketException, OSError):
            return self.socket.send(json.dumps(message))

    def leave(self):
        if self.socket:
            self.left = True
            self.socket.close()
            with suppress(requests.RequestException):
                self.ask("DELETE", f"api/sessions/{self.session['id']}")
