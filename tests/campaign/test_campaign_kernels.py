"""Stop and ``kill -9`` in a real kernel: what was computed is kept, and goes on as if nothing had been."""

import os
import queue
import random
import time

import pytest
from jupyter_client import KernelManager
from tally import WHOLE, count

from nst_helpers import Run

SEED = int(os.environ.get("NST_CAMPAIGN_SEED", 0))
SETUP = """
import torch
from concurrent.futures import Future
from pathlib import Path
from tempfile import mkdtemp
from PIL import Image
from nst_helpers import Job, PainterState, State, load_vgg19, preprocess, read_sweep, stylize_large, train
from nst_helpers import train_painter, watch
from nst_helpers import painter, painter_training as lessons, tiles
from nst_helpers.weights import random_parameters
torch.set_num_threads(1)
net = load_vgg19(random_parameters((4, 6, 8, 8, 8)), device="cpu", verbose=False)
pictures = Image.linear_gradient("L").convert("RGB"), Image.radial_gradient("L").convert("RGB")
pair = [preprocess(img, (48, 64)) for img in pictures]
steps = dict(optimizer="adam", lr=0.05, num_epochs=150, plot=False)
whole = train(net, *pair, **steps)

lessons.SIDE = lessons.STYLE_SIZE = tiles.WHOLE = 48
painter.Painter.__init__.__defaults__ = (4, 1)
lesson = dict(photos=[pictures[0]], steps=60, plot=False, batch=1)
learned = train_painter(net, {"a": pictures[1]}, pictures[0], **lesson)

class Here:  # an executor that paints at once, in this process
    def submit(self, function, task):
        future = Future()
        future.set_result(function(task))
        return future

jobs = [Job("cat", "mosaic_fish", dict(num_epochs=6), size=48, weights="embedded").but(seed=n) for n in range(6)]
"""
# For each: a cell to stop, and one that says whether all is there and goes on as if nothing had been
CELLS = {
    "a run": (
        """
state, run = State(), None
run = train(net, *pair, state=state, **steps)
""",
        """
kept = run is not None or state.step == 0
equal = run is None or train(net, *pair, resume=run, plot=False).history == whole.history
""",
    ),
    "a painter": (
        """
state, got = PainterState(), None
got = train_painter(net, {"a": pictures[1]}, pictures[0], resume=state, **lesson)
""",
        """
kept = got is state or state.step == 0
train_painter(net, {"a": pictures[1]}, pictures[0], resume=state, **lesson)
equal = torch.equal(state.painter.last.weight, learned.painter.last.weight)
""",
    ),
    "a print": (
        """
seen, img = [], None
img = stylize_large(*pictures, net, 96, tile=32, num_epochs=40, progress=lambda step: seen.append(step.X.shape[-1]))
""",
        """
kept = img is not None or not seen
equal = img is None or max(img.size) >= max(seen, default=0)
""",
    ),
    "a sheet": (
        """
folder, found = Path(mkdtemp()), None
found = watch(jobs, folder, 3, executor=Here())
""",
        """
there = list(folder.iterdir())
kept = len(read_sweep(folder)) == len(there) and (found is None or {r.path for r in found if r} <= set(there))
equal = [result.error for result in watch(jobs, folder, 3, executor=Here())] == [""] * 6
""",
    ),
}


class Kernel:
    def __init__(self):
        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel(env={name: value for name, value in os.environ.items() if name != "NST_QUICK"})
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=120)

    def run(self, code, presses=(), **wanted):
        """Run a cell, press Stop after each of these pauses; the values of ``wanted``, as text.

        A press after the cell's end may hit the kernel's own code, which then never answers: the next cell does.
        """
        wanted = {name: name for name in wanted}
        message = self.client.execute(code, user_expressions=wanted)
        for pause in presses:
            time.sleep(pause)
            self.manager.interrupt_kernel()
        while True:
            try:
                reply = self.client.get_shell_msg(timeout=20 if presses else 120)
            except queue.Empty:
                if presses:
                    return {}
                raise
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
@pytest.mark.parametrize("what", CELLS)
def test_stop_in_a_real_kernel(kernel, what):
    """As a child presses it: once, twice, or many times within half a second, at any moment."""
    dice, (cell, kept) = random.Random(SEED), CELLS[what]
    for number in range((40 if what == "a run" else 15) if WHOLE else (3 if what == "a run" else 1)):
        presses = [dice.uniform(0, 0.7), *(dice.uniform(0.005, 0.25) for _ in range(dice.choice([0, 1, 1, 2, 8])))]
        kernel.run(cell, presses)
        for _ in range(3):  # a late press may hit this cell
            found = kernel.run(kept, kept=1, equal=1)
            if found:
                break
        good = found == {"kept": "True", "equal": "True"}
        count(f"stop in a real kernel, {what}", "worked" if good else "lost")
        assert good, (number, presses, found)


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
    count("kill -9 and again, a kernel", "worked" if good else "lost")
    assert good
