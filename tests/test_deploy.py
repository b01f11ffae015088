"""What deploy/ promises: kernels that are forks, students' own copies, a hub that two students use at once."""

import contextlib
import json
import os
import re
import runpy
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
import yaml
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager
from traitlets.config import Config

import hub

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"
sys.path.insert(0, str(DEPLOY / "jupyterhub"))
sys.path.insert(0, str(ROOT / "tools"))

import classroom  # noqa: E402
import colab  # noqa: E402
import student  # noqa: E402

WARM = DEPLOY / "jupyterhub" / "warm_kernels.py"
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="warm kernels are for Linux")


def configured(path):
    """The configuration that a file of JupyterHub's makes."""
    found = Config()
    runpy.run_path(str(path), {"get_config": lambda: found})
    return found


# The files that could not be run here can at least be read


def test_a_hub_on_kubernetes_starts_what_the_image_carries():
    values = yaml.safe_load((DEPLOY / "kubernetes" / "values.yaml").read_text(encoding="utf-8"))
    single = values["singleuser"]
    assert single["extraEnv"] == {"NST_WEIGHTS": "embedded", "OMP_NUM_THREADS": "1"}  # strings, or the chart refuses
    assert "password" not in json.dumps(values)  # whoever installs it chooses one
    image = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    assert "WORKDIR /srv/nst\nCOPY . .\n" in image
    for path in single["cmd"][1:]:
        assert (ROOT / path.removeprefix("/srv/nst/")).is_file()


def test_every_file_that_the_deployments_name_is_there():
    places = [*DEPLOY.rglob("*.py"), *DEPLOY.rglob("*.yaml"), *DEPLOY.rglob("*.md"), DEPLOY / "Dockerfile"]
    text = "\n".join(path.read_text(encoding="utf-8") for path in places)
    named = set(re.findall(r"(?:/srv/nst/|\b)((?:deploy|tools|benchmarks|\.binder|\.devcontainer)/[\w./-]+\w)", text))
    assert "deploy/jupyterhub/student.py" in named
    assert not [name for name in named if not (ROOT / name).exists()]


def test_containers_and_binder_install_the_same_series():
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    assert container["containerEnv"]["NST_WEIGHTS"] == "embedded"
    assert (ROOT / re.search(r"-r (\S+)", container["postCreateCommand"])[1]).is_file()
    assert "-e .[lab]" in (ROOT / ".binder" / "requirements.txt").read_text(encoding="utf-8")
    start = ROOT / ".binder" / "start"
    done = subprocess.run([start, "env"], capture_output=True, text=True, check=True)
    assert "NST_WEIGHTS=embedded\n" in done.stdout and "OMP_NUM_THREADS=1\n" in done.stdout


@pytest.mark.parametrize("name", ["jupyterhub/jupyterhub_config.py", "tljh/nst.py"])
def test_every_hub_gives_the_same_to_its_students(name):
    found = configured(DEPLOY / name).Spawner
    assert found.environment["NST_WEIGHTS"] == "embedded" and found.environment["OMP_NUM_THREADS"] == "1"
    assert found.cmd[-1].endswith("deploy/jupyterhub/student.py")
    assert any("websocket_max_message_size" in one for one in found.args)
    assert any("cull_idle_timeout" in one for one in found.args)
    assert (ROOT / found.default_url.removeprefix("/lab/tree/")).is_file()


def test_notebooks_for_colab_need_no_other_file():
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        notebook = colab.alone(nbformat.read(path, as_version=4), "nst_helpers-9-py3-none-any.whl")
        nbformat.validate(notebook)
        pages = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
        assert not re.search(r"""[("]\.\./images""", pages)
        first = next(cell for cell in notebook.cells if cell.cell_type == "code")
        assert first.source.startswith("%pip install --quiet nst_helpers-9-py3-none-any.whl\n")


# A student's own copy


@pytest.fixture
def series(tmp_path, monkeypatch):
    folder = tmp_path / "series"
    (folder / "notebooks").mkdir(parents=True)
    (folder / "images").mkdir()
    (folder / "notebooks" / "00.ipynb").write_text("teacher's")
    monkeypatch.setattr(student, "SERIES", folder)
    return folder


def test_a_student_gets_notebooks_and_keeps_what_they_wrote(series, tmp_path):
    mine = student.hand_out(tmp_path)
    (mine / "notebooks" / "00.ipynb").write_text("student's")
    (series / "notebooks" / "01.ipynb").write_text("new")
    assert student.hand_out(tmp_path) == mine
    assert (mine / "notebooks" / "00.ipynb").read_text() == "student's"
    assert (mine / "notebooks" / "01.ipynb").read_text() == "new"
    assert (mine / "images").resolve() == series / "images"  # shared
    assert (series / "notebooks" / "00.ipynb").read_text() == "teacher's"


def test_a_student_may_write_a_copy_of_what_nobody_may_write(series, tmp_path):
    (series / "notebooks" / "00.ipynb").chmod(0o444)
    assert (student.hand_out(tmp_path) / "notebooks" / "00.ipynb").stat().st_mode & 0o200


def test_where_cores_are_few_the_loop_of_the_tour_is_short(series, tmp_path, monkeypatch):
    tour = next((ROOT / "notebooks").glob("00_*.ipynb"))
    (series / "notebooks" / tour.name).write_text(tour.read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setattr(student, "STEPS", "50")
    mine = (student.hand_out(tmp_path) / "notebooks" / tour.name).read_text(encoding="utf-8")
    assert mine.replace("for step in range(50):", "for step in range(100):") == tour.read_text(encoding="utf-8") != mine


@pytest.mark.parametrize("cores, students, steps", [(2, 30, "50"), (8, 30, None), (2, 8, None), (2, 9, "50")])
def test_many_students_on_few_cores_take_fewer_steps(monkeypatch, cores, students, steps):
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    monkeypatch.setenv("NST_STUDENTS", str(students))
    found = configured(DEPLOY / "jupyterhub" / "jupyterhub_config.py").Spawner
    assert found.environment.get("NST_QUICK") == steps


def test_pictures_that_moved_are_found_again(series, tmp_path, monkeypatch):
    mine = student.hand_out(tmp_path)
    moved = series.rename(tmp_path / "moved")
    monkeypatch.setattr(student, "SERIES", moved)
    assert student.hand_out(tmp_path) == mine and (mine / "images").resolve() == moved / "images"


def test_a_series_that_is_not_there_is_said(series, tmp_path, monkeypatch):
    monkeypatch.setattr(student, "SERIES", tmp_path / "nowhere")
    with pytest.raises(SystemExit, match="make student"):
        student.hand_out(tmp_path)


# Kernels that are forks of one process


@pytest.fixture(scope="module")
def warm():
    """A running server of kernels: its process, and the environment in which kernels find it."""
    with tempfile.TemporaryDirectory() as folder:  # tmp_path is closed to other users
        Path(folder).chmod(0o755)
        environment = os.environ | {"NST_WARM_KERNELS": f"{folder}/socket", "OMP_NUM_THREADS": "1"}
        command = [sys.executable, WARM, "serve"]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout.readline() == "warm kernels: ready\n"
            yield server, environment
            server.kill()


@contextlib.contextmanager
def kernel(environment):
    specs = KernelSpecManager(kernel_dirs=[str(DEPLOY / "jupyterhub" / "kernels")])
    manager = KernelManager(kernel_name="python3", kernel_spec_manager=specs)
    manager.start_kernel(cwd=str(ROOT), env=environment)
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        yield manager, client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def value(client, expression):
    reply = client.execute("", user_expressions={"it": expression}, reply=True, timeout=60)
    return reply["content"]["user_expressions"]["it"]["data"]["text/plain"]


@linux
def test_a_warm_kernel_is_ready_shares_memory_and_draws(warm):
    server, environment = warm
    with kernel(environment) as (_, client), kernel(environment) as (_, other):
        assert value(client, "__import__('os').getppid()") == str(server.pid)
        shared = "int(next(l for l in open('/proc/self/smaps_rollup') if l.startswith('Shared_Dirty')).split()[1])"
        assert int(value(client, shared)) > 100_000  # kB that another process wrote: it imported torch
        assert value(client, "'nst_helpers' in __import__('sys').modules") == "False"
        targets = value(client, "sorted(get_ipython().kernel.comm_manager.targets)")
        assert targets == "['jupyter.widget', 'jupyter.widget.control']"  # where a page that is loaded again asks
        draw = "from nst_helpers import sample, show_images\nshow_images([sample('cat')])"
        shown = []
        client.execute_interactive(draw, output_hook=lambda m: shown.append(m["content"].get("data", {})), timeout=60)
        assert [data for data in shown if "image/jpeg" in data]
        draws = ["__import__('numpy').random.rand()", "__import__('random').random()"]
        assert [value(client, one) for one in draws] != [value(other, one) for one in draws]


@linux
def test_a_warm_kernel_is_interrupted_and_dies_with_its_server(warm):
    _, environment = warm
    with kernel(environment) as (manager, client):
        pid = int(value(client, "__import__('os').getpid()"))
        asked = client.execute("import time\nwhile True: time.sleep(0.1)")
        time.sleep(0.5)
        manager.interrupt_kernel()
        reply = client.get_shell_msg(timeout=20)
        assert reply["parent_header"]["msg_id"] == asked and reply["content"]["ename"] == "KeyboardInterrupt"
        manager.provisioner.process.kill()  # as a Jupyter server that is killed
        hub.wait_until(lambda: not Path(f"/proc/{pid}").exists(), 10, lambda: "the kernel outlived who asked for it")


@linux
@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can become somebody else")
def test_root_gives_itself_up_for_who_asks(warm):
    server, environment = warm
    code = """if True:
        import os, resource, socket, sys
        resource.setrlimit(resource.RLIMIT_NOFILE, (123, 123))
        os.setgroups([]), os.setgid(65534), os.setuid(65534)  # nobody
        caller = socket.socket(socket.AF_UNIX)
        caller.connect(sys.argv[1])
        sys.stdin.read()"""
    command = [sys.executable, "-c", code, environment["NST_WARM_KERNELS"]]
    with subprocess.Popen(command, stdin=subprocess.PIPE):  # leaving it closes stdin
        hub.wait_until(lambda: any(map(nobodys, children(server.pid))), 20, lambda: "no fork has become nobody")
        (pid,) = children(server.pid)
        assert re.search(r"^Groups:\s+65534\s*$", Path(f"/proc/{pid}/status").read_text(), re.M)
        assert re.search(r"^Max open files +123 +123 ", Path(f"/proc/{pid}/limits").read_text(), re.M)
    hub.wait_until(lambda: not children(server.pid), 10, lambda: "the fork outlived who asked for it")


def nobodys(pid):
    with contextlib.suppress(FileNotFoundError):
        return re.search(r"^Uid:\t65534\t65534\t65534\t65534$", Path(f"/proc/{pid}/status").read_text(), re.M)


def children(pid):
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@linux
def test_a_warm_kernel_ends_with_the_jupyter_server_that_started_it(warm, tmp_path):
    server, environment = warm
    spec = json.loads((DEPLOY / "jupyterhub" / "kernels" / "python3" / "kernel.json").read_text(encoding="utf-8"))
    options = spec["argv"][1:3]
    code = "import subprocess, sys; subprocess.Popen([sys.executable, *sys.argv[1:]]); sys.stdin.read()"
    command = [sys.executable, "-c", code, *options, WARM, "start", tmp_path / "kernel.json"]
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE):  # leaving it ends it
        hub.wait_until((tmp_path / "kernel.json").exists, 60, lambda: "no kernel was started")
        assert children(server.pid)
    hub.wait_until(lambda: not children(server.pid), 20, lambda: "the kernel outlived the server")


@linux
def test_nonsense_does_not_stop_the_server_of_kernels(warm):
    import socket

    server, environment = warm
    for nonsense in (b"", b"nonsense\n", b'{"folder": "/nowhere"}\n'):
        with socket.socket(socket.AF_UNIX) as caller:
            caller.connect(environment["NST_WARM_KERNELS"])
            caller.sendall(nonsense)
    assert server.poll() is None
    with kernel(environment) as (_, client):
        assert value(client, "1 + 1") == "2"


@linux
def test_without_the_server_of_kernels_there_are_ordinary_ones(tmp_path):
    with kernel(os.environ | {"NST_WARM_KERNELS": str(tmp_path / "nobody")}) as (manager, client):
        assert value(client, "__import__('os').getpid()") == str(manager.provisioner.process.pid)


# The hub


def says(student, expression):
    _, outputs = student.run(f"import os; print({expression})")
    return outputs[0]["text"].strip()


@linux
@pytest.mark.skipif(bool(hub.lacking()), reason=str(hub.lacking()))
def test_two_students_press_run_at_once(tmp_path_factory):
    series = tmp_path_factory.mktemp("handed_out") / "student"
    classroom.make_student(series)
    with hub.Hub(tmp_path_factory.mktemp("hub"), series) as it, ThreadPoolExecutor(2) as at_once:
        students = [hub.Student(it, name) for name in ("ada", "ben")]
        list(at_once.map(hub.Student.log_in, students))
        cells = list(at_once.map(lambda one: one.open("notebooks/00_one_minute_tour.ipynb"), students))[0]
        train = re.sub(r"range\(\d+\)", "range(4)", cells[2])
        assert train != cells[2]
        for cell in (cells[0], cells[1], train):
            list(at_once.map(hub.Student.run, students, [cell, cell]))
        for one in students:
            assert says(one, "len(frames), *map(os.environ.get, ('NST_WEIGHTS', 'OMP_NUM_THREADS'))") == "4 embedded 1"
            assert says(one, "os.getcwd()") == f"{it.folder}/homes/{one.name}/nst/notebooks"
            assert says(one, "get_ipython().kernel.parent.transport") == "ipc"  # no port that two kernels could want
            assert says(one, "__import__('resource').getrlimit(2)[0] / 2**30") == "3.0"  # its data
        homes = [it.folder / "homes" / one.name / "nst" for one in students]
        (homes[0] / "notebooks" / "00_one_minute_tour.ipynb").write_text("{}")
        assert len((homes[1] / "notebooks" / "00_one_minute_tour.ipynb").read_text()) > 1000
        for one in students:
            one.leave()
    assert it.process.returncode == 0, it.log.read_text()[-3000:]
