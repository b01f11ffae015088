"""The README's pictures and the sample paintings: the tools that make them still make them."""

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
