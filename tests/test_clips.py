"""Moving pictures: read, made, painted, measured, written."""

import base64
import io
import signal

import numpy as np
import pytest
from PIL import Image

from nst_helpers import open_clip, sample
from nst_helpers.clips import Clip, pan, still


class Negative:
    """Stands in for a painter."""

    def paint_image(self, img, styles, size):
        return Image.fromarray(255 - np.asarray(img))


def flat(*levels, size=(30, 20)):
    return Clip([Image.new("RGB", size, (level,) * 3) for level in levels], duration=50)


@pytest.mark.parametrize("suffix", [".webp", ".gif", ".png"])
def test_what_is_saved_is_read_back(tmp_path, suffix):
    clip = open_clip(flat(0, 100, 200).save(tmp_path / "new folder" / f"clip{suffix}"))
    assert [round(np.asarray(frame).mean(), -1) for frame in clip.frames] == [0, 100, 200]
    assert clip.duration == 50 and all(frame.mode == "RGB" for frame in clip.frames)


def test_large_frames_are_made_smaller_and_open_files_are_taken(tmp_path):
    path = flat(10, 90, size=(400, 200)).save(tmp_path / "clip.gif")
    with path.open("rb") as file:
        assert open_clip(file, longest=100).frames[0].size == (100, 50)


def test_what_cannot_be_read_is_said(tmp_path):
    Image.new("RGB", (20, 20)).save(tmp_path / "one.png")
    (tmp_path / "film.mp4").write_bytes(b"\0" * 100)
    (tmp_path / "broken.gif").write_bytes(flat(0, 200).save(tmp_path / "whole.gif").read_bytes()[:60])
    said = {"one.png": "does not move", "film.mp4": "is a video: convert", "broken.gif": "not a picture"}
    for name, words in said.items():
        with pytest.raises(ValueError, match=words):
            open_clip(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        open_clip(tmp_path / "none.gif")
    with pytest.raises(ValueError, match=r"\.webp, \.gif or \.png"):
        flat(1, 2).save(tmp_path / "clip.mp4")


def test_of_a_file_that_is_cut_off_the_frames_that_can_be_read_are_kept(tmp_path):
    noise = [Image.effect_noise((90, 60), 80).convert("RGB") for _ in range(4)]
    whole = Clip(noise).save(tmp_path / "whole.gif").read_bytes()
    (tmp_path / "cut.gif").write_bytes(whole[: len(whole) * 3 // 4])
    assert 2 <= len(open_clip(tmp_path / "cut.gif").frames) <= 4


def test_pages_of_a_damaged_tiff_are_kept_up_to_the_damage(tmp_path):
    first, *rest = flat(0, 90, 180).frames
    first.save(tmp_path / "pages.tif", save_all=True, append_images=rest)
    head, _, tail = (tmp_path / "pages.tif").read_bytes().rpartition(b"\x00\x01\x04\x00")  # the last page's width
    (tmp_path / "pages.tif").write_bytes(head + bytes(4) + tail)
    assert len(open_clip(tmp_path / "pages.tif").frames) == 2


def test_a_stopped_clip_has_the_frames_that_are_painted(capsys, stop_button):
    class Stopped(Negative):
        def paint_image(self, img, styles, size):
            if img.getpixel((0, 0))[0] == 1:
                signal.raise_signal(signal.SIGINT)
                signal.raise_signal(signal.SIGINT)
            return super().paint_image(img, styles, size)

    clip = flat(0, 1, 2, 3).painted(Stopped(), "any")
    assert [frame.getpixel((0, 0))[0] for frame in clip.frames] == [255, 254] and clip.duration == 50
    assert capsys.readouterr().out == "stopped: 2 of 4 frames are painted\n"


def test_flicker_is_the_mean_change_between_neighbors():
    assert flat(3, 5, 4).flicker() == 1.5
    assert flat(7).flicker() == 0


def test_a_still_scene_changes_by_its_noise_only():
    clip = still(sample("cat"), frames=4, size=(60, 40), noise=3)
    assert 2.5 < clip.flicker() < 4.5  # two independent normal numbers differ by 2 / sqrt(pi) of their deviation
    assert clip.frames[0].size == (60, 40)


def test_the_camera_circles_and_comes_back():
    clip = pan(sample("cat"), frames=8, size=(60, 40))
    assert len(clip.frames) == 8 and {frame.size for frame in clip.frames} == {(60, 40)}
    changes = [Clip([a, b]).flicker() for a, b in zip(clip.frames, [*clip.frames[1:], clip.frames[0]])]
    assert min(changes) > 1 and changes[-1] < 2 * max(changes[:-1])


def test_painted_frame_by_frame():
    painted = flat(0, 100).painted(Negative(), "any")
    assert [frame.getpixel((0, 0))[0] for frame in painted.frames] == [255, 155] and painted.duration == 50


def test_it_moves_on_a_page_and_leaves_a_still_picture():
    bundle = flat(0, 100)._repr_mimebundle_()
    data = base64.b64decode(bundle["text/html"].split("base64,")[1].split('"')[0])
    assert Image.open(io.BytesIO(data)).n_frames == 2 and 'alt="a moving picture of 2 frames"' in bundle["text/html"]
    assert base64.b64decode(bundle["image/jpeg"])[:2] == b"\xff\xd8"
