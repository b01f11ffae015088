"""Notebook 10: moving pictures: frames in, frames out, and how much they flicker."""

import base64
import contextlib
import io
import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageSequence

from .files import atomic_write, full_path
from .images import identified, jpeg, open_image, to_rgb
from .interrupts import defer_interrupts
from .validation import check_between, check_picture, short_repr

MOST_FRAMES = 300
VIDEOS = (".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v")


@dataclass
class Clip:
    """Frames, a list of RGB PIL images of one size, and ``duration``, the milliseconds that each is shown.

    Raises ``ValueError`` for anything else.
    """

    frames: list
    duration: int = 80

    def __post_init__(self):
        if not isinstance(self.frames, (list, tuple)) or not self.frames:
            raise ValueError(f"a clip has a list of PIL images, with at least one; this is {short_repr(self.frames)}")
        for img in self.frames:
            check_picture(img, "a frame")
        if len(sizes := {img.size for img in self.frames}) > 1:
            raise ValueError(f"the frames of a clip have one size; these have {short_repr(sorted(sizes))}")
        check_between("duration", self.duration, 1, 600_000)

    def painted(self, painter, styles, size=320):
        """The clip painted frame by frame. ``styles``: as in ``Painter.mix``.

        An interrupt ends it after the present frame: the clip has those that are painted.
        """
        frames = []
        with defer_interrupts(deliver=False) as stop:
            for frame in self.frames:
                frames.append(painter.paint_image(frame, styles, size))
                if stop.pressed:
                    print(f"stopped: {len(frames)} of {len(self.frames)} frames are painted")
                    break
        return Clip(frames, self.duration)

    def flicker(self):
        """Mean absolute change from one frame to the next, in levels of 0 to 255. One frame has none: 0."""
        levels = [np.asarray(frame, dtype=np.float32) for frame in self.frames]
        return float(np.mean([np.abs(b - a).mean() for a, b in itertools.pairwise(levels)] or [0]))

    def save(self, path):
        """Write an animated WebP, or what the suffix says (.gif, .png). Returns the path.

        Raises ``ValueError`` for another suffix, and ``OSError`` as ``atomic_write`` does.
        """
        path = full_path(path)
        if path.suffix.lower() not in (".webp", ".gif", ".png"):
            raise ValueError(f"{path.name}: end the name in .webp, .gif or .png to say which moving picture to write")
        with atomic_write(path) as file:
            file.write(self._bytes(path.suffix[1:].lower()))
        return path

    def _bytes(self, kind="webp"):
        buffer = io.BytesIO()
        first, *rest = self.frames
        quality = {"quality": 65, "method": 4} if kind == "webp" else {}
        first.save(buffer, kind, save_all=True, append_images=rest, duration=self.duration, loop=0, **quality)
        return buffer.getvalue()

    def _repr_mimebundle_(self, **kwargs):
        """The moving picture, and its first frame where it cannot move."""
        data = base64.b64encode(self._bytes()).decode()
        width, height = self.frames[0].size
        text = f"a moving picture of {len(self.frames)} frames"
        moving = f'<img src="data:image/webp;base64,{data}" width="{width}" height="{height}" alt="{text}">'
        still = base64.b64encode(jpeg(self.frames[0], 80)).decode()
        return {"text/html": moving, "image/jpeg": still, "text/plain": f"<{text}>"}


def open_clip(path, longest=480):
    """Every frame of an animated GIF, WebP or PNG, at most ``MOST_FRAMES``, as a ``Clip``.

    Raises what ``open_image`` raises, and ``ValueError`` for a video file or a picture that does not move.
    """
    name = Path(str(getattr(path, "name", path)))
    if name.suffix.lower() in VIDEOS:
        raise ValueError(f"{name.name} is a video: convert it to an animated GIF or WebP first")
    open_image(path)  # says what is wrong with a file that cannot be read
    if hasattr(path, "seek"):
        path.seek(0)
    frames, durations = [], []
    source = full_path(path) if isinstance(path, (str, Path)) else path
    # Of a damaged file, what can be read is kept; decoders raise nearly anything
    with identified(source) as img, contextlib.suppress(Exception):
        for frame in itertools.islice(ImageSequence.Iterator(img), MOST_FRAMES):
            frames.append(to_rgb(frame.copy()))
            durations.append(frame.info.get("duration") or 80)  # WebP knows it once the frame is read
            frames[-1].thumbnail((longest, longest))
    if len(frames) < 2:
        raise ValueError(f"{name.name} does not move: it has one frame. Paint it as a picture")
    return Clip(frames, max(20, round(sum(durations) / len(durations))))


def pan(img, frames=24, size=(320, 240), zoom=1.4):
    """A clip of our own: a camera that moves over a picture, once around, so that the end meets the beginning."""
    width, height = size
    scale = zoom * max(width / img.width, height / img.height)
    img = img.convert("RGB").resize((round(img.width * scale), round(img.height * scale)), Image.Resampling.BICUBIC)
    room_x, room_y = img.width - width, img.height - height
    shots = []
    for angle in np.linspace(0, 2 * np.pi, frames, endpoint=False):
        x, y = room_x * (1 + np.cos(angle)) / 2, room_y * (1 + np.sin(angle)) / 2
        shots.append(img.transform(size, Image.Transform.AFFINE, (1, 0, x, 0, 1, y), Image.Resampling.BILINEAR))
    return Clip(shots)


def still(img, frames=8, size=(320, 240), noise=3.0, seed=0):
    """A clip in which nothing moves but a sensor's noise: its standard deviation in levels of 0 to 255."""
    chance, levels = np.random.default_rng(seed), np.asarray(img.convert("RGB").resize(size), dtype=np.float32)
    noisy = [levels + noise * chance.standard_normal(levels.shape) for _ in range(frames)]
    return Clip([Image.fromarray(shot.round().clip(0, 255).astype(np.uint8)) for shot in noisy])
