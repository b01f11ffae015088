"""Runs that are stopped, killed and starved: what was computed is kept, and goes on as if nothing had been."""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from tally import WHOLE, cases, count
from test_files import contents
from test_sweep import JOB, Counting

from nst_helpers import Clip, Painter, Run, open_image, read_sweep, save_image, save_painter, stylize, sweep, train
from nst_helpers.studio.choices import Choices
from nst_helpers.studio.runs import Kept, Shelf

SEED = int(os.environ.get("NST_CAMPAIGN_SEED", 0))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere torch cannot be forked")
@pytest.mark.parametrize("kind", ["adam", "lbfgs", "coarse"])
def test_killed_and_begun_again(net, pair, picture, tmp_path, monkeypatch, capsys, kind):
    """kill -9 at random moments, more than once in a run: in the end it is the run that was never killed."""
    monkeypatch.setattr("nst_helpers.checkpoints.EVERY", 0)
    monkeypatch.setattr("nst_helpers.checkpoints.SHARE", 1e9)
    photo, painting = picture(130, 300, seed=1), picture(130, 260, seed=2)

    def paint(checkpoint=None):
        if kind == "coarse":
            return stylize(photo, painting, net, size=300, style_size=260, num_epochs=24, checkpoint=checkpoint), []
        given = {"num_epochs": 60, "plot": False, "optimizer": kind, "lr": 0.05}
        run = train(net, *pair, checkpoint=checkpoint, **given)
        return run.image, run.history

    start = time.monotonic()
    whole = paint()
    takes, dice = time.monotonic() - start, random.Random(SEED)
    for number in range(5 if WHOLE else 1):
        path = tmp_path / f"run {number}"
        for _ in range(3):
            if not (child := os.fork()):
                try:
                    paint(path)
                finally:
                    os._exit(0)
            time.sleep(dice.uniform(0.1, 1) * takes)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        image, history = paint(path)
        good = np.array_equal(image, whole[0]) and history == whole[1] and set(tmp_path.iterdir()) == {path}
        count(f"kill -9 and again, {kind}", "worked" if good else "lost")
        assert good
        path.unlink()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere torch cannot be forked")
def test_a_sweep_is_killed_and_run_again(tmp_path):
    """kill -9 at random moments: what is in the folder is whole, and only the rest is painted."""
    jobs = [JOB.but(seed=seed, num_epochs=4) for seed in range(4)]
    start = time.monotonic()
    whole = {result.job: np.asarray(result.image) for result in sweep(jobs, tmp_path / "whole", Counting())}
    takes, dice = time.monotonic() - start, random.Random(SEED)
    for number in range(20 if WHOLE else 1):
        folder, executor = tmp_path / f"sweep {number}", Counting()
        if not (child := os.fork()):
            try:
                list(sweep(jobs, folder, Counting()))
            finally:
                os._exit(0)
        time.sleep(dice.uniform(0, 1) * takes)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        there = len(read_sweep(folder)) if folder.exists() else 0
        found = list(sweep(jobs, folder, executor))
        good = executor.count == len(jobs) - there and {path.suffix for path in folder.iterdir()} == {".png"}
        good = good and all(np.array_equal(result.image, whole[result.job]) for result in found)
        count("kill -9 and again, a sweep", "worked" if good else "lost")
        assert good


WRITERS = {
    "picture": lambda folder, run: save_image(Image.effect_noise((99, 99), 99), folder / "a.png"),
    "run": lambda folder, run: run.save(folder / "run"),
    "moving picture": lambda folder, run: Clip([Image.effect_noise((99, 99), 99)] * 2).save(folder / "a.webp"),
    "painter": lambda folder, run: save_painter(Painter(("a",), 8, 2), folder / "a.safetensors"),
    "sweep": lambda folder, run: list(sweep([JOB.but(size=96)], folder, Counting())),
    "kept run": lambda folder, run: Shelf(folder).put(Kept.of(1, Choices(), run)),
}
writers = pytest.mark.parametrize("what", WRITERS)


@writers
@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="no users to change to")
@pytest.mark.filterwarnings("ignore:the run goes on")
def test_a_folder_that_may_only_be_read(finished, what):
    with tempfile.TemporaryDirectory() as name:  # not tmp_path, whose parents only root may enter
        folder, before = Path(name), os.geteuid()
        (folder / "old").write_bytes(b"old")
        folder.chmod(0o555)
        if before == 0:
            os.seteuid(65534)  # root may write everywhere
        try:
            with pytest.raises(OSError, match=r"cannot be written \(permission denied\)"):
                WRITERS[what](folder, finished)
        except BaseException:
            count("a folder that may only be read", "lost")
            raise
        finally:
            os.seteuid(before)
            folder.chmod(0o755)
        count("a folder that may only be read", "refused")
        assert contents(folder) == {"old": b"old"}


@pytest.fixture
def small_disk(tmp_path):
    """A function that makes a folder with so many bytes of room."""
    made = []

    def make(size):
        path = tmp_path / f"disk {len(made)}"
        path.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", path]
        if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
            pytest.skip("only root can make a small disk")
        made.append(path)
        return path

    yield make
    for path in made:
        subprocess.run(["umount", path], check=True)


@writers
def test_a_small_disk(small_disk, finished, what):
    """Really full: by so much that a file does not fit, or nearly."""
    for size in (16_384, 4096) if WHOLE else (4096,):
        disk = small_disk(size)
        (disk / "old").write_bytes(b"x" * (size - 4096) or b"x")
        old = contents(disk)
        try:
            WRITERS[what](disk, finished)
            outcome = "worked"
            assert set(contents(disk)) > set(old)
        except OSError as error:
            outcome = "refused"
            assert "cannot be written" in str(error) and "no space left" in str(error).lower() or "full" in str(error)
            assert contents(disk) == old
        except BaseException:
            count("a small disk", "lost")
            raise
        count("a small disk", outcome)


@pytest.fixture
def limited():
    """A function that sets the size that files may have: a disk that is full, as far as this process can tell."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    @contextlib.contextmanager
    def limit(size):
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return limit


@pytest.fixture(scope="module")
def finished(net, pair):
    return train(net, *pair, num_epochs=3, plot=False)


@cases(short=25, whole=600)
@given(
    size=st.integers(0, 60_000), kind=st.sampled_from(["picture.png", "picture.jpg", "run"]), side=st.integers(1, 120)
)
def test_a_full_disk_leaves_the_old_file(limited, finished, tmp_path_factory, size, kind, side):
    path = tmp_path_factory.mktemp("disk") / kind

    def write(img):
        return finished.save(path) if kind == "run" else save_image(img, path)

    write(Image.new("RGB", (side, side), "red"))
    old = contents(path.parent)
    try:
        with limited(size):
            write(Image.effect_noise((side, side), 99))
        outcome = "worked"
        Run.load(path) if kind == "run" else open_image(path)
        assert set(contents(path.parent)) == {kind}
    except OSError as error:
        outcome = "refused"
        assert "cannot be written (" in str(error) and contents(path.parent) == old
    except BaseException:
        count("a full disk", "lost")
        raise
    count("a full disk", outcome)


@pytest.mark.filterwarnings("ignore:the run goes on")
@cases(short=3, whole=100)
@given(size=st.integers(0, 60_000))
def test_a_disk_that_fills_during_a_run(limited, net, pair, tmp_path_factory, size):
    path = tmp_path_factory.mktemp("disk") / "run"
    with limited(size):
        run = train(net, *pair, num_epochs=4, plot=False, checkpoint=path)
    good = run.finished and (not path.exists() or Run.load(path).step > 0) and set(path.parent.iterdir()) <= {path}
    count("a disk that fills during a run", "worked" if good else "lost")
    assert good
