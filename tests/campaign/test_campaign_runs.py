"""Runs that are stopped, killed and starved: what was computed is kept, and goes on as if nothing had been."""

import contextlib
import os
import random
import signal
import sys
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from tally import WHOLE, cases, count
from test_files import contents

from nst_helpers import Run, open_image, save_image, stylize, train

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
