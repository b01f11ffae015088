"""Tools: the pictures of the README and the sample paintings are still made; installing says what takes long."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nst_helpers import load_vgg19

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

import gallery  # noqa: E402


@pytest.fixture(scope="module")
def embedded():
    return load_vgg19("embedded", device="cpu", verbose=False)


def tile(sheet, column, row, size, left=8, top=22, gap=8):
    """The pixels of a contact sheet's tile."""
    x, y = left + column * (size[0] + gap), top + row * (size[1] + gap)
    return np.asarray(sheet.crop((x, y, x + size[0], y + size[1])), dtype=float)


def test_gallery_has_every_pair_and_says_its_settings(embedded):
    sheet = gallery.gallery(embedded, 64, 3, ("cat", "coffee"), ("mosaic_fish", "charcoal_street"))
    tiles = [tile(sheet, column, row, gallery.TILE) for row in (1, 2) for column in range(3)]
    assert all(np.abs(a - b).mean() > 3 for i, a in enumerate(tiles) for b in tiles[:i])
    plain = gallery.contact_sheet([[Image.new("RGB", gallery.TILE)] * 3] * 3, ["x"], height=gallery.TILE[1])
    assert (np.asarray(sheet)[plain.height :] < 128).any(), "no note under the sheet"


def test_teaser_moves_from_the_photograph_to_the_painting(embedded, tmp_path):
    frames, durations = gallery.teaser(embedded, 64, 10)
    assert len(frames) == len(durations) >= 10
    gallery.save("teaser", (frames, durations), tmp_path)
    with Image.open(tmp_path / "teaser.webp") as moving:
        assert len(frames) - 2 <= moving.n_frames <= len(frames) and moving.size == frames[0].size  # alike ones merge
        first = np.asarray(moving.convert("RGB"), dtype=float)
        moving.seek(moving.n_frames - 1)
        assert np.abs(np.asarray(moving.convert("RGB")) - first).mean() > 3


def test_learned_and_random_filters_paint_differently(embedded):
    sheet = gallery.learned_or_random(embedded, 48, 3, ["camera"], ["stained_glass"])
    random, learned = (tile(sheet, 1, row, (48, 32), left=72) for row in (1, 2))
    assert np.abs(random - learned).mean() > 3


def test_settings_grid_has_every_setting(embedded):
    sheet = gallery.settings_grid(embedded, 48, 2)
    size = (len(gallery.GRID_COLUMNS), len(gallery.GRID_ROWS))
    tiles = [tile(sheet, column, row, (48, 32), left=72) for row in range(size[1]) for column in range(size[0])]
    assert all(np.abs(a - b).max() > 0 for i, a in enumerate(tiles) for b in tiles[:i])


def test_a_sample_painting_is_what_its_script_draws(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "images" / "paint")
    import mosaic_fish

    drawn, kept = mosaic_fish.paint().convert("RGB"), Image.open(ROOT / "images" / "mosaic_fish.jpg")
    assert drawn.size == kept.size
    drawn, kept = (np.asarray(img.reduce(8), dtype=float) for img in (drawn, kept))  # JPEG's own noise goes
    assert np.abs(drawn - kept).max() < 40 and np.abs(drawn - kept).mean() < 2


# Installing: pip is a stand-in that prints what pip prints

PIP = """
import sys
print("Collecting torch>=2.4")
print("  Downloading torch-2.14.1-cp311-cp311-manylinux_2_28_x86_64.whl.metadata (29 kB)")
print("Downloading torch-2.14.1-cp311-cp311-manylinux_2_28_x86_64.whl (812.3 MB)")
print("Using cached numpy-2.3.1-cp311-none-any.whl (16 MB)")
print("Downloading six-1.17.0-py2.py3-none-any.whl (11 kB)")
print("Requirement already satisfied: packaging in ./x (25.0)")
print("Installing collected packages: six, numpy, torch")
print(*sys.argv[1:], file=open("called", "a"))
sys.exit("no such package" if "nonsense" in sys.argv else 0)
"""


def install(folder, *words):
    (folder / "pip.py").write_text(PIP)
    command = [sys.executable, ROOT / "tools" / "install.py", *words]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def test_installation_says_what_takes_long(tmp_path):
    done = install(tmp_path, "-r", "requirements.txt")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "  torch 2.14.1, 812 MB", "  numpy 2.3.1, 16 MB", "  unpacking 3 packages, some minutes ...",
    ]  # fmt: skip


def test_without_graphics_card(tmp_path):
    assert install(tmp_path, "--cpu", "-r", "requirements.txt").returncode == 0
    first, second = (tmp_path / "called").read_text().splitlines()
    assert "torch torchvision --index-url https://download.pytorch.org/whl/cpu" in first
    assert "--cpu" not in second and second.endswith("-r requirements.txt")


def test_an_installation_that_stops(tmp_path):
    done = install(tmp_path, "nonsense")
    assert done.returncode == 1
    assert "no such package" in done.stderr and "The installation stopped" in done.stderr
