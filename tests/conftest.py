"""Settings and small fixtures that all tests share. Pictures and networks are tiny: two cores are enough."""

import os

# Before nst_helpers is imported, and for the kernels and processes that tests start.
os.environ.setdefault("NST_WEIGHTS", "embedded")
os.environ.setdefault("NST_QUICK", "1")

import matplotlib

if "MPLBACKEND" not in os.environ:
    matplotlib.use("agg")  # not by the environment: notebooks' kernels would inherit it and show no figures

import numpy as np
import pytest
import torch
from d2l import torch as d2l
from PIL import Image

from nst_helpers import load_vgg19, preprocess
from nst_helpers.weights import random_parameters

NARROW = (4, 6, 8, 8, 8)  # channels a block: VGG-19's depth at a thousandth of its cost


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Tiny tensors gain nothing from threads, and the other core may be busy."""
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    d2l.plt.close("all")


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


# Faults of the package that a test has found, until they are repaired: a test that passes again fails here,
# to have its line deleted.
KNOWN_BUGS = {
    "test_twenty_steps": "optimize cuts the network at the deepest content layer for the content targets, so with "
    "in-place ReLUs they are values before the ReLU; the published ones are behind it",
    "test_last_good_image_is_of_the_step_that_is_named": "DivergedError.step and its message are one step too high",
    "test_divergence_leaves_no_bad_snapshot": "the diverged picture stays among the snapshots",
    "test_one_pixel_thin": "tv_loss is not a number for an image one pixel high or wide",
    "test_failed_download[chunk cut half-way]": "http.client.IncompleteRead is no OSError and gets out",
    "test_failed_download[not http]": "http.client.BadStatusLine is no OSError and gets out",
    "test_full_disk": "a full disk is taken for a broken connection and tried three times",
    "test_unusable_checkpoint[text]": "IndexError gets out",
    "test_unusable_checkpoint[half a pickle]": "struct.error gets out",
    "test_unusable_checkpoint[a number]": "AttributeError gets out",
    "test_unusable_checkpoint[wrong shape]": "load_state_dict's RuntimeError gets out",
    "test_unusable_checkpoint[no bias at all]": "TypeError gets out",
    "test_unusable_checkpoint[a tensor]": "IndexError gets out",
    "test_unusable_safetensors[other padding]": "ValueError gets out, without the file's name",
    "test_bad_count[inf": "an endless run is accepted",
    "test_bad_count[2.5": "half a step is accepted",
    "test_bad_count[10": "TypeError instead of ValueError",
    "test_bad_count[None": "TypeError instead of ValueError",
    "test_network_can_be_cut": "net[:5] fails: nn.Sequential makes slices with the class's own __init__",
    "test_wrong_shapes[shape12]": "OverflowError of int(inf) gets out",
    "test_stylize_bad_size[inf]": "OverflowError of int(inf) gets out",
    "test_any_damage_is_a_value_error[avif]": "Pillow's AVIF decoder raises RuntimeError",
    "test_save_in_a_format_that_is_only_read": "KeyError: registered_extensions also lists formats that are only read",
    "test_figures_never_need_scrolling[a wide one in the second row]": "only the first row's pictures are measured",
    "test_fewer_titles_than_pictures": "zip drops the pictures that have no title",
}


def pytest_collection_modifyitems(items):
    for item in items:
        for name, reason in KNOWN_BUGS.items():
            if item.name.startswith(name) and not (name == "test_twenty_steps" and "in-place" not in item.name):
                item.add_marker(pytest.mark.xfail(reason=f"bug in the package: {reason}", strict=True))
