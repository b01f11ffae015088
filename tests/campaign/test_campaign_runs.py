"""Runs that are stopped, killed and starved: what was computed is kept, and goes on as if nothing had been."""

import contextlib
import os
import random
import signal
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jupyter_client import KernelManager
from PIL import Image
from tally import WHOLE, cases, count
from test_files import contents

from nst_helpers import Run, open_image, save_image, stylize, train

SEED = int(os.environ.get("NST_CAMPAIGN_SEED", 0))
STEPS = {"optimizer": "adam", "lr": 0.05, "num_epochs": 150, "plot": False}

SETUP = """
import torch
from PIL import Image
from nst_helpers import State, load_vgg19, preprocess, stylize, train
from nst_helpers.weights import random_parameters
torch.set_num_threads(1)
net = load_vgg19(random_parameters((4, 6, 8, 8, 8)), device="cpu", verbose=False)
pictures = Image.linear_gradient("L").convert("RGB"), Image.radial_gradient("L").convert("RGB")
pair = [preprocess(img, (48, 64)) for img in pictures]
steps = dict(optimizer="adam", lr=0.05, num_epochs=150, plot=False)
whole = train(net, *pair, **steps)
"""
CELL = """
state, run = State(), None
run = train(net, *pair, state=state, **steps)
"""
KEPT = """
kept = run is not None or state.step == 0
equal = run is None or train(net, *pair, resume=run, plot=False).history == whole.history
"""


class Kernel:
    def __init__(self):
        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel(env={name: value for name, value in os.environ.items() if name != "NST_QUICK"})
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=120)

    def run(self, code, presses=(), **wanted):
        """Run a cell, press Stop after each of these pauses; the values of ``wanted``, as text."""
        wanted = {name: name for name in wanted}
        message = self.client.execute(code, user_expressions=wanted)
        for pause in presses:
            time.sleep(pause)
            self.manager.interrupt_kernel()
        while True:
            reply = self.client.get_shell_msg(timeout=120)
            if reply["parent_header"].get("msg_id") == message:
                found = reply["content"].get("user_expressions") or {}
                return {name: value["data"]["text/plain"] for name, value in found.items() if "data" in value}

    def close(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module")
def kernel():
    kernel = Kernel()
    kernel.run(SETUP)
    yield kernel
    kernel.close()


@pytest.mark.skipif(os.name == "nt", reason="interrupts by signals")
def test_stop_in_a_real_kernel(kernel):
    """As a child presses it: once, twice, or many times within half a second, at any moment."""
    dice = random.Random(SEED)
    for number in range(150 if WHOLE else 5):
        presses = [dice.uniform(0, 0.7), *(dice.uniform(0.005, 0.25) for _ in range(dice.choice([0, 1, 1, 2, 8])))]
        kernel.run(CELL, presses)
        for _ in range(3):  # a late press may hit this cell
            found = kernel.run(KEPT, kept=1, equal=1)
            if found:
                break
        good = found == {"kept": "True", "equal": "True"}
        count("stop in a real kernel", "worked" if good else "lost")
        assert good, (number, presses, found)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
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
    for number in range(25 if WHOLE else 1):
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
        count(f"kill -9 and again: {kind}", "worked" if good else "lost")
        assert good
        path.unlink()


def test_a_kernel_is_killed(kernel, tmp_path):
    """The cell is run again in a new kernel, and goes on."""
    path = tmp_path / "run"
    kernel.run(f"state = State(); checkpoint = {str(path)!r}")
    kernel.client.execute("train(net, *pair, **{**steps, 'num_epochs': 100_000}, checkpoint=checkpoint)")
    for _ in range(600):
        time.sleep(0.05)
        if path.exists():
            break
    time.sleep(random.Random(SEED).uniform(0, 0.5))
    kernel.manager.shutdown_kernel(now=True)
    run = Run.load(path)
    good = run.step > 0 and len(run.history) == run.step and not run.finished
    count("kill -9 and again: a kernel", "worked" if good else "lost")
    assert good


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
@cases(short=3, whole=40)
@given(size=st.integers(0, 60_000))
def test_a_disk_that_fills_during_a_run(limited, net, pair, tmp_path_factory, size):
    path = tmp_path_factory.mktemp("disk") / "run"
    with limited(size):
        run = train(net, *pair, num_epochs=4, plot=False, checkpoint=path)
    good = run.finished and (not path.exists() or Run.load(path).step > 0) and set(path.parent.iterdir()) <= {path}
    count("a disk that fills during a run", "worked" if good else "lost")
    assert good
