"""Many jobs: what is asked, kept, resumed and reported; and real processes that are killed in the middle."""

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import psutil
import pytest
from PIL import Image
from safetensors import safe_open
from safetensors.torch import save_file

from nst_helpers import (
    Job,
    Settings,
    cluster,
    pictures,
    read_sweep,
    sample,
    show_images,
    stylize,
    sweep,
    watch,
    workers,
)
from nst_helpers.job_painting import memory_of, paint, task_of, too_large
from nst_helpers.jobs import job_hash
from nst_helpers.validation import printable, sentence
from nst_helpers.weights import EMBEDDED
from nst_helpers.workers import Pool

sweep_module = sys.modules["nst_helpers.sweep"]
QUICK = {"num_epochs": 2, "style_layers": ["relu1_1", "relu2_1"], "content_layers": ["relu2_1"]}
JOB = Job("cat", "mosaic_fish", QUICK, size=32, weights="embedded")
JOBS = [JOB.but(style_weight=10.0**power) for power in range(5)]


@pytest.fixture(scope="module")
def threads():
    with ThreadPoolExecutor(1) as executor:
        yield executor


@pytest.fixture
def photo(tmp_path, picture):
    def save(name, **size):
        path = tmp_path / "photos" / name
        path.parent.mkdir(exist_ok=True)
        picture(**size).save(path, "png")
        return path

    return save


class Counting:
    """An executor that paints at once, here, and counts."""

    def __init__(self, most=10**6):
        self.count, self.most = 0, most

    def submit(self, function, *arguments):
        if self.count >= self.most:
            raise KeyboardInterrupt
        self.count += 1
        return answered(function(*arguments))


def answered(answer):
    future = Future()
    future.set_result(answer)
    return future


# Jobs are data


def test_a_job_is_checked_when_it_is_made():
    for wrong, words in [
        ({"settings": {"style_wieght": 3}}, "unknown setting 'style_wieght'"),
        ({"settings": {"lr": -1}}, "lr must be"),
        ({"settings": 3}, "a Settings or a dictionary"),
        ({"size": 0}, "size must be a number of pixels from 1 to 20000; it is 0"),
        ({"size": "large"}, "size must be a number of pixels"),
        ({"weights": "imagnet"}, "no weights source 'imagnet'"),
        ({"weights": 3}, "no weights source 3"),
        ({"content": Image.new("RGB", (3, 3))}, "a sample's name or the path of a file"),
        ({"content": ""}, "a sample's name or the path of a file"),
        ({"style": "a\0b"}, "a sample's name or the path of a file"),
    ]:
        with pytest.raises(ValueError, match=words):
            Job(**{"content": "cat", "style": "mosaic_fish", **wrong})


def test_a_job_fills_in_what_is_not_said(monkeypatch):
    monkeypatch.setenv("NST_WEIGHTS", "random")
    job = Job("cat", "some/file.jpg", size=100)
    assert (job.weights, job.style_pixels, job.settings.style_weight) == ("random", 150, 1e5)
    assert job.style == str(Path("some/file.jpg").absolute()) and job.content == "cat"
    assert Job("cat", "coffee", weights="embedded").settings == Settings()
    assert job.but(size=60, style_weight=3) == Job("cat", "some/file.jpg", job.settings.but(style_weight=3), 60)
    assert len({job, job.but(), job.but(seed=1)}) == 2


def test_the_hash_follows_everything_that_determines_the_picture(photo, monkeypatch):
    path = photo("a.png", seed=1)
    job = JOB.but(content=path)
    hashes = [job_hash(job)]
    hashes += [job_hash(job.but(**change)) for change in (
        {"size": 33}, {"style_size": 50}, {"style": "coffee"}, {"seed": 3}, {"weights": "random"}, {"start_from": path},
    )]  # fmt: skip
    other = photo("b.png", seed=1)
    assert job_hash(JOB.but(content=other)) == hashes[0], "the same bytes under another name"
    photo("a.png", seed=2)
    hashes.append(job_hash(job))
    monkeypatch.setenv("NST_QUICK", "1")
    hashes.append(job_hash(JOB.but(num_epochs=500)))
    assert len(set(hashes)) == len(hashes)
    assert hashes[-1] == job_hash(JOB.but(num_epochs=15)), "a short run is not taken for a long one"


# Results


def test_results_are_the_pictures_of_stylize_and_are_kept(tmp_path, threads):
    found = list(sweep(JOBS, tmp_path, threads))
    assert sorted(result.at for result in found) == list(range(5))
    assert [(result.done, result.of) for result in found] == [(n, 5) for n in range(1, 6)]
    assert found[0].left > 0 and found[-1].left == 0
    for result in found:
        assert not result.error and not result.kept and result.seconds > 0
        assert sum(result.losses[name] for name in ("content", "style", "tv")) == pytest.approx(result.losses["total"])
        alone = stylize(
            sample("cat"), sample("mosaic_fish"), "embedded", 32, **QUICK, style_weight=result.job.settings.style_weight
        )
        assert np.array_equal(np.asarray(alone), np.asarray(result.image))
    assert show_images([found[0].image])[0].figure.get_supxlabel().startswith("cat: Chelsea")
    executor = Counting()
    again = list(sweep(JOBS, tmp_path, executor))
    assert executor.count == 0 and all(result.kept for result in again)
    assert {result.at: result.losses for result in again} == {result.at: result.losses for result in found}


def test_a_finished_folder_is_read_without_running_anything(tmp_path, threads):
    list(sweep(JOBS, tmp_path, threads))
    (tmp_path / "notes.txt").write_text("mine")
    Image.new("RGB", (9, 9)).save(tmp_path / "mine.png")
    (tmp_path / "empty.png").touch()
    whole = next(path for path in tmp_path.glob("*.png") if len(path.stem) == 24)
    (tmp_path / "cut.png").write_bytes(whole.read_bytes()[:40])
    found = read_sweep(tmp_path)
    assert {result.job for result in found} == set(JOBS)
    assert all(result.losses["total"] > 0 and result.path.is_file() and not result.error for result in found)
    with pytest.raises(ValueError, match="there is no folder"):
        read_sweep(tmp_path / "nowhere")


def test_large_pictures_are_painted_coarse_to_fine_as_stylize_does(tmp_path, threads):
    job = JOB.but(size=270, num_epochs=1)
    (result,) = sweep([job], tmp_path, threads)
    alone = stylize(sample("cat"), sample("mosaic_fish"), "embedded", 270, **{**QUICK, "num_epochs": 1})
    assert np.array_equal(np.asarray(alone), np.asarray(result.image))


def test_a_job_starts_from_the_picture_that_it_names(tmp_path, threads, photo):
    job = JOB.but(num_epochs=1, style_weight=0.0, start_from=photo("start.png", seed=3))
    ours, usual = sweep([job, job.but(start_from="")], tmp_path, threads)
    distance = [np.abs(np.asarray(result.image, float) - np.asarray(usual.image)).mean() for result in (ours, usual)]
    assert distance[0] > 20 and distance[1] == 0


def test_twins_are_painted_once(tmp_path, photo):
    executor, paths = Counting(), [photo(name) for name in ("a.png", "b.png")]
    found = list(sweep([JOB.but(content=path) for path in (*paths, paths[0])], tmp_path, executor))
    assert executor.count == 1 and sorted(result.at for result in found) == [0, 1, 2]
    assert {result.job.name for result in found} == {"a.png", "b.png"}


@pytest.mark.parametrize(
    "name", ['it\'s "quoted".png', "two\nlines.png", "🎨 ü.png", os.fsdecode(b"\xff\xfe.png"), "-f"]
)
def test_strange_names(tmp_path, photo, threads, name, capsys):
    path = photo(name)
    jobs = [JOB.but(content=each) for each in pictures(path.parent)]
    (result,) = sweep(jobs, tmp_path / "out", threads)
    assert not result.error and "\n" not in result.job.name
    print(result.job.name)
    assert read_sweep(tmp_path / "out")[0].job == result.job


# What goes wrong


def test_a_failing_job_does_not_stop_the_rest(tmp_path, threads, photo):
    broken = photo("broken.png")
    broken.write_bytes(broken.read_bytes()[:200])
    wrong = [JOB.but(content=broken), JOB.but(content=tmp_path / "missing.jpg"), JOB.but(content=tmp_path)]
    wrong += [JOB.but(size=3, content_layers="conv5_4"), JOB.but(weights=tmp_path / "none.pth")]
    wrong += [JOB.but(optimizer="adam", lr=1e30, content_weight=1e30, num_epochs=9)]
    found = {result.at: result for result in sweep([*wrong, JOB], tmp_path / "out", threads)}
    said = [found[at].error for at in range(7)]
    words = ["damaged", "there is no file", "there is no file", "too small for conv5_4", "none.pth", "non-finite", ""]
    for why, expected in zip(said, words):
        assert expected in why and "\n" not in why
    assert said[6] == "" and [found[at].image for at in range(6)] == [None] * 6
    assert len(read_sweep(tmp_path / "out")) == 1


def test_a_picture_that_goes_away_while_others_are_painted(tmp_path, photo):
    job = JOB.but(content=photo("going.png"))
    results = sweep([job], tmp_path / "results", executor=Counting())
    Path(job.content).unlink()
    assert next(results).error.startswith("there is no file ")
    (too_long,) = sweep([JOB.but(content="x" * 5000)], tmp_path / "results", executor=Counting())
    assert too_long.error.startswith("there is no file ")


def test_an_executor_that_answers_nonsense_is_not_waited_for(tmp_path):
    executor = SimpleNamespace(submit=lambda *task: answered((b"no picture", 3)))
    (result,) = sweep([JOB], tmp_path, executor=executor)
    assert "'int' object is not a mapping" in result.error and not result.path


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_in_a_folder_of_results_is_passed_over(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    assert read_sweep(tmp_path) == []


def test_a_sheet_names_files_without_their_folders(tmp_path, photo, capsys):
    broken = photo("broken.png")
    broken.write_bytes(broken.read_bytes()[:200])
    missing = JOB.but(style=tmp_path / "gone.jpg")
    watch([JOB.but(content=broken), missing], tmp_path / "out", 2)
    said = capsys.readouterr().out
    assert "broken.png is damaged" in said and said.count("broken.png") == 1 and str(tmp_path) not in said
    assert "cat: there is no file gone.jpg" in said


def test_what_cannot_work_is_refused_before_the_first_job(tmp_path, monkeypatch):
    executor = Counting()
    for jobs, options, words in [
        (["cat"], {"executor": executor}, "a sweep takes a list of jobs"),
        ([JOB], {"executor": 3}, "an executor has a function submit"),
        ([JOB], {"workers": 0}, "workers must be"),
        ([JOB.but(size=20_000)], {}, "use a size of at most"),
    ]:
        with pytest.raises(ValueError, match=words):
            sweep(jobs, tmp_path, **options)
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="cannot be written"):
        sweep([JOB], tmp_path / "file", executor)
    assert executor.count == 0 and not list(tmp_path.glob("*.png"))


def test_the_size_that_is_said_to_fit_does_fit(monkeypatch):
    said = too_large((4000, 6000), memory_of((4000, 6000), JOB.settings, 24), 5e9)
    fits = int(said.split("at most ")[1].split(";")[0])
    assert 0.95 * 5e9 < memory_of((round(fits / 1.5), fits), JOB.settings, 24) <= 5e9


def test_a_worker_refuses_what_does_not_fit_there(monkeypatch):
    monkeypatch.setattr(psutil, "virtual_memory", lambda: type("Memory", (), {"available": 10**5}))
    png, found = paint(task_of(JOB))
    assert png is None and "use a size of at most" in found["error"]


def test_as_many_workers_as_the_job_with_the_largest_memory_allows(monkeypatch):
    adam, lbfgs = JOB.but(size=1001, optimizer="adam", precision="float32"), JOB.but(size=1000, precision="float32")
    needed = memory_of((667, 1000), lbfgs.settings, 24) + sweep_module.WORKER
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=1.9 * needed))
    assert sweep_module._affordable(2, [adam, lbfgs]) == 1 and sweep_module._affordable(2, [adam]) == 2


def test_weights_that_have_changed_are_read_again(tmp_path):
    path, jobs = tmp_path / "mine.safetensors", []
    for sign in (1, -1):
        with safe_open(EMBEDDED, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
            tensors["conv1_1.weight"] *= sign
            save_file(tensors, path, file.metadata())
        os.utime(path, ns=(sign + 1, sign + 1))
        jobs.append(paint(task_of(JOB.but(weights=str(path)))))
    (_, first), (_, second) = jobs
    assert first["losses"] != second["losses"]


def test_every_worker_starts_with_interrupts_ignored(stop_button):
    """An executor may start a process with every submit, not only with the first."""
    pool, heard = object.__new__(Pool), []
    pool.executor = SimpleNamespace(submit=lambda function, *task: heard.append(signal.getsignal(signal.SIGINT)))
    pool.submit(abs, -3)
    assert heard == [signal.SIG_IGN] and signal.getsignal(signal.SIGINT) != signal.SIG_IGN


def test_a_damaged_result_is_painted_again(tmp_path, threads):
    (result,) = sweep([JOB], tmp_path, threads)
    whole = result.path.read_bytes()
    result.path.write_bytes(whole[: len(whole) // 2])
    (again,) = sweep([JOB], tmp_path, threads)
    assert not again.kept and np.asarray(again.image).shape == (21, 32, 3)


def test_stop_keeps_what_is_there_and_goes_on_later(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        list(sweep(JOBS, tmp_path, Counting(most=2)))
    executor = Counting()
    assert Counter(result.kept for result in sweep(JOBS, tmp_path, executor)) == {True: 2, False: 3}
    assert executor.count == 3


def test_a_sheet_that_is_stopped_again_and_again_gives_what_is_there(tmp_path, monkeypatch, stop_button):
    """While the third job is handed out, and again while the sheet is drawn at the end."""
    sheet, executor = sys.modules["nst_helpers.sheet"], Counting()
    submit, jpeg = executor.submit, sheet.jpeg

    def impatient(function, *arguments):
        if executor.count == 2:
            signal.raise_signal(signal.SIGINT)
        return function(*arguments)

    executor.submit = lambda *task: impatient(submit, *task)
    with monkeypatch.context() as patch:
        patch.setattr(sheet, "jpeg", lambda img: impatient(jpeg, img))
        found = watch(JOBS, tmp_path, 3, executor=executor, height=20)
    assert len(found) == 5 and executor.count == len(list(tmp_path.glob("*.png"))) == 2
    assert [bool(result) for result in watch(JOBS, tmp_path, 3, executor=Counting(), height=20)] == [True] * 5


def test_two_sweeps_on_one_folder(tmp_path):
    executor = Counting()
    one, two = (sweep(jobs, tmp_path, executor) for jobs in (JOBS, JOBS[::-1]))
    found = [result for pair in zip(one, two) for result in pair]
    assert len(found) == 10 and not [result.error for result in found if result.error]
    assert executor.count == 5 and len(read_sweep(tmp_path)) == 5


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of a file's size")
def test_a_full_disk_ends_the_sweep_with_a_sentence(tmp_path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    (kept,) = sweep(JOBS[:1], tmp_path, Counting())
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(
            OSError, match="cannot be written to .* \\(File too large\\): free some space, .* 1 of 5 jobs"
        ):
            list(sweep(JOBS, tmp_path, Counting()))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == [kept.path]


def test_a_folder_of_pictures_names_what_is_left_out(tmp_path, photo, capsys):
    good = [photo("b.png"), photo("a.jpg")]
    folder = good[0].parent
    (folder / "notes.txt").write_text("no picture")
    (folder / "empty.jpg").touch()
    (folder / ".hidden.png").write_bytes(good[0].read_bytes())
    (folder / "folder.png").mkdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "pipe.png")  # opening it would wait for ever
    assert pictures(folder) == sorted(good)
    assert [line.split(" (")[0] for line in capsys.readouterr().out.splitlines()] == [
        "left out: empty.jpg", "left out: notes.txt",
    ]  # fmt: skip
    for wrong in (tmp_path / "none", tmp_path / "photos" / "folder.png"):
        with pytest.raises(ValueError, match="there (is no folder|are no pictures)"):
            pictures(wrong)


def test_long_names_are_shortened_in_the_middle():
    assert printable("x" * 100 + ".jpg") == "x" * 50 + "…xxxxx.jpg"


def test_the_advice_at_the_end_of_a_sentence_stays():
    advice = ": delete it, then run this again to download it"
    assert sentence(ValueError("x" * 400 + advice)) == "x" * 400 + advice
    assert sentence(ValueError("x" * 4000 + advice)).endswith("…wnload it")


# Real processes


@contextlib.contextmanager
def started(*command, **options):
    process = subprocess.Popen(command, start_new_session=True, **options)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def until(condition, seconds=120):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)
    return found


SLOW = [JOB.but(size=64, num_epochs=40, seed=seed) for seed in range(4)]


def test_a_killed_worker_is_replaced_and_its_job_is_done_again(tmp_path):
    before = set(psutil.Process().children(recursive=True))
    results = sweep(SLOW, tmp_path, workers=1)
    first = next(results)
    mine = set(psutil.Process().children(recursive=True)) - before
    (worker,) = [child for child in mine if "spawn_main" in " ".join(child.cmdline())]
    worker.kill()
    found = [first, *results]
    assert sorted(result.at for result in found) == [0, 1, 2, 3] and not [r.error for r in found if r.error]
    assert not worker.is_running()
    # The pool waits for another sweep. A worker that is killed meanwhile costs nothing
    (pool,) = workers.Pool.idle
    for process in set(psutil.Process().children(recursive=True)) - before:
        if "spawn_main" in " ".join(process.cmdline()):
            process.kill()
    pool.close()
    workers.Pool.idle.clear()


def test_a_job_that_kills_its_worker_twice_has_failed(tmp_path, monkeypatch):
    class Deadly:
        """A pool whose worker dies of one job."""

        started, workers = 1.0, 1

        def submit(self, function, task):
            from concurrent.futures import BrokenExecutor

            future = Future()
            if task[0].settings.seed == 2:
                future.set_exception(BrokenExecutor())
            else:
                future.set_result(function(task))
            return future

        def close(self):
            pass

        give_back = close

    monkeypatch.setattr(sweep_module.Pool, "take", lambda workers: Deadly())
    found = {result.at: result.error for result in sweep([JOB.but(seed=seed) for seed in range(4)], tmp_path)}
    assert "killed twice" in found.pop(2) and found == {0: "", 1: "", 3: ""}


PARENT = """
import json, sys
from nst_helpers import Job, Settings, sweep

if __name__ == "__main__":
    for line in sys.stdin:
        asked = [Settings(**settings) for settings in json.loads(line)]
        jobs = [Job("cat", "mosaic_fish", settings, 64, weights="embedded") for settings in asked]
        for result in sweep(jobs, sys.argv[1], workers=1):
            print(result.at, flush=True)
"""


def test_a_killed_parent_leaves_no_workers_and_loses_only_what_was_being_painted(tmp_path):
    from dataclasses import asdict

    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    settings = json.dumps([asdict(job.settings) for job in SLOW]) + "\n"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with started(sys.executable, script, tmp_path / "out", **pipes) as parent:
        parent.stdin.write(settings)
        parent.stdin.flush()
        assert parent.stdout.readline() == "0\n"
        children = psutil.Process(parent.pid).children(recursive=True)
        assert children
        parent.kill()
        parent.wait()
        until(lambda: not any(child.is_running() and child.status() != "zombie" for child in children), 20)
    there = len(read_sweep(tmp_path / "out"))
    assert 1 <= there < len(SLOW)
    executor = Counting()
    found = list(sweep(SLOW, tmp_path / "out", executor))
    assert executor.count == len(SLOW) - there and not [result.error for result in found if result.error]


@pytest.fixture(scope="module")
def dask_cluster():
    """A Dask scheduler and two worker processes on 127.0.0.1: ``(address, workers)``."""
    pytest.importorskip("distributed", reason="Dask is not installed: pip install 'nst_helpers[cluster]'")
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": Path(__file__).parents[1]}
    port, python = _free_port(), [sys.executable, "-m"]
    address, local = f"tcp://127.0.0.1:{port}", ["--host", "127.0.0.1", "--no-dashboard"]
    scheduler = [*python, "distributed.cli.dask_scheduler", *local, "--port", str(port)]
    worker = [*python, "distributed.cli.dask_worker", address, *local, "--nthreads", "1", "--no-nanny"]
    with contextlib.ExitStack() as stack:
        stack.enter_context(started(*scheduler, **silent))
        yield address, [stack.enter_context(started(*worker, **silent)) for _ in range(2)]


def _free_port():
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def test_a_cluster_of_which_a_worker_dies(dask_cluster, tmp_path):
    address, found = dask_cluster
    executor = until(lambda: _connected(address))
    jobs = [JOB.but(seed=seed, size=64, num_epochs=20) for seed in range(8)]
    results = sweep(jobs, tmp_path, executor)
    first = next(results)
    found[0].kill()
    rest = list(results)
    assert sorted(result.at for result in [first, *rest]) == list(range(8))
    assert not [result.error for result in rest if result.error]
    found[1].kill()  # and now nobody is there
    until(lambda: found[1].poll() is not None)
    executor._client.close()
    with pytest.raises(OSError, match="has no workers: start some with `dask worker"):
        until(lambda: cluster(address, timeout=1))


def _connected(address):
    try:
        return cluster(address, timeout=5)
    except OSError:
        return None


def test_a_scheduler_that_cannot_be_reached():
    pytest.importorskip("distributed", reason="Dask is not installed: pip install 'nst_helpers[cluster]'")
    begun = time.monotonic()
    for address in (f"tcp://127.0.0.1:{_free_port()}", "no address at all"):
        with pytest.raises(OSError, match="no Dask scheduler answers at .*start one there with") as raised:
            cluster(address, timeout=1)
        assert "\n" not in str(raised.value)
    assert time.monotonic() - begun < 10


def test_without_dask_there_is_a_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "dask.distributed", None)
    with pytest.raises(ValueError, match=r"pip install 'nst_helpers\[cluster\]'"):
        cluster("tcp://127.0.0.1:1")


def test_a_waiting_pool_of_more_workers_is_left_alone(monkeypatch):
    """``workers=1`` on a shared machine means one, also after a sweep on all cores."""
    waiting = SimpleNamespace(workers=2, timer=SimpleNamespace(cancel=lambda: None))
    monkeypatch.setattr(Pool, "idle", [waiting])
    monkeypatch.setattr(Pool, "__init__", lambda self, workers: None)
    assert Pool.take(1) is not waiting and Pool.take(2) is waiting


def test_stop_while_the_folder_is_tried_leaves_nothing_there(tmp_path, monkeypatch, stop_button):
    whole = sweep_module.atomic_write

    @contextlib.contextmanager
    def stopped(path):
        with whole(path) as file:
            yield file
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(sweep_module, "atomic_write", stopped)
    with pytest.raises(KeyboardInterrupt):
        sweep(JOBS, tmp_path)
    assert not list(tmp_path.iterdir())
