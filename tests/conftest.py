"""Settings and small fixtures that all tests share. Pictures and networks are tiny: two cores are enough."""

import os
import signal

import matplotlib

if "MPLBACKEND" not in os.environ:
    matplotlib.use("agg")  # not by the environment: notebooks' kernels would inherit it and show no figures

import browser
import numpy as np
import pytest
import torch
from d2l import torch as d2l
from PIL import Image

from nst_helpers import load_vgg19, preprocess
from nst_helpers.weights import random_parameters

NARROW = (4, 6, 8, 8, 8)  # channels per block: VGG-19's depth at a thousandth of its cost


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Tiny tensors gain nothing from threads, and the other core may be busy."""
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def full_length(monkeypatch):
    """NST_QUICK is for notebooks: unit tests choose their own numbers of steps."""
    monkeypatch.delenv("NST_QUICK", raising=False)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    d2l.plt.close("all")


@pytest.fixture
def stop_button():
    """The process listens to Stop, as a kernel does, even where tests run in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def parameters():
    return random_parameters(NARROW)


@pytest.fixture(scope="session")
def net(parameters):
    return load_vgg19(parameters, device="cpu", verbose=False)


@pytest.fixture(scope="session")
def picture():
    """A function that makes a noisy PIL image: ``picture(height, width, seed)``."""

    def make(height=32, width=48, seed=0):
        levels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
        return Image.fromarray(levels)

    return make


@pytest.fixture(scope="session")
def pair(picture):
    """Content and style tensors of different sizes."""
    return preprocess(picture(seed=1), (32, 48)), preprocess(picture(40, 32, seed=2), (40, 32))


@pytest.fixture(scope="module")  # not the session: an open Playwright leaves a running loop, which nbval cannot bear
def chromium():
    """A headless Chromium. Where there is none, tests skip, or fail if NST_BROWSER is set."""
    try:
        with browser.chromium() as opened:
            yield opened
    except browser.Lacking as reason:
        (pytest.fail if os.environ.get("NST_BROWSER") else pytest.skip)(str(reason))


@pytest.fixture(scope="module")
def page(chromium):
    """One page, on which one notebook after the other opens: JupyterLab takes five seconds to start, a notebook one."""
    page = chromium.new_page(viewport=browser.WINDOW)
    yield page
    page.close()
