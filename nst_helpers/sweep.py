"""Notebook 11: many pictures. Jobs are data; processes of this machine or a cluster paint them; a folder keeps them.

A job's result is one PNG file, named after the hash of all that determines the picture, with losses and settings in it.
It is written whole as soon as it arrives, so whatever is killed, the next sweep goes on with what is missing.
"""

import contextlib
import hashlib
import io
import json
import math
import os
import queue
import time
from collections import Counter, deque
from concurrent.futures import BrokenExecutor, CancelledError
from dataclasses import asdict, dataclass, field, fields, replace
from functools import lru_cache
from pathlib import Path

import psutil
import torch
from PIL import Image, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo

from .door import shown
from .features import best_precision, load_vgg19
from .files import expanded, full_path, written_whole
from .images import identified, open_image, sample, samples
from .preprocessing import check_shape, fit_shape, postprocess, preprocess
from .settings import DEFAULTS, PUBLISHED, Settings
from .training import coarse_to_fine, enlarged, limited, optimize
from .weights import SOURCES, imagenet_path
from .workers import Pool

FORMAT = 1  # of a result; part of the hash
KEY = "nst_helpers"  # the entry of a PNG file that holds a result's settings and losses, as JSON
AHEAD = 256  # jobs handed to somebody else's executor at a time
WORKER = 600e6  # bytes of a worker process with torch in it, before it paints


@dataclass(frozen=True)
class Job:
    """One picture to paint, as data. ``content``, ``style``: a sample's name, or the path of a file.

    ``settings``: a ``Settings``, or a dictionary of changes to those that suit ``weights``. ``size``, ``style_size``:
    pixels on the longer side (default of the second: 1.5 times the first), and ``weights``: a source or a file, as in
    ``stylize``. ``start_from``: the path of a picture to start from, instead of what ``settings.start`` says.
    Raises ``ValueError`` for what cannot work, an unknown setting among it.
    """

    content: str
    style: str
    settings: Settings = None
    size: int = 300
    style_size: int = None
    weights: str = "auto"
    start_from: str = ""

    def __post_init__(self):
        weights, settings = _source(self.weights), self.settings
        if not isinstance(settings, Settings):
            settings = {} if settings is None else settings
            if not isinstance(settings, dict):
                raise ValueError(f"a job's settings are a Settings or a dictionary; this is {shown(settings)}")
            suited = "embedded" if weights.endswith(".safetensors") else weights
            settings = DEFAULTS.get(suited, PUBLISHED).but(**settings)
        size, style_size = check_shape((self.size, self.size))[0], self.style_size
        pictures = {name: _name_or_path(name, getattr(self, name)) for name in ("content", "style", "start_from")}
        kept = {"settings": settings, "size": size, "style_size": style_size}
        if style_size is not None:
            kept["style_size"] = check_shape((style_size, size))[0]
        for name, value in {**pictures, **kept, "weights": weights}.items():
            object.__setattr__(self, name, value)

    def but(self, **changes):
        """A copy with some fields or settings changed: ``job.but(size=200, style_weight=1e4)``."""
        own = {name: changes.pop(name) for name in [each.name for each in fields(self)] if name in changes}
        job = replace(self, **own)
        return replace(job, settings=job.settings.but(**changes))

    @property
    def name(self):
        """What to call it: the name of its content, printable on one line."""
        return printable(Path(self.content).name)

    @property
    def style_pixels(self):
        """The painting's longer side."""
        return self.style_size or round(1.5 * self.size)

    @property
    def work(self):
        """A measure of how long it takes: steps times pixels."""
        return self.settings.num_epochs * self.size**2


@dataclass(frozen=True)
class Result:
    """What became of a job: the file of its picture, or an ``error`` in a sentence.

    ``losses``: ``content``, ``style``, ``tv`` and ``total``, weighted, before the last step. ``seconds``: what painting
    took. ``kept``: whether it was there before this sweep. ``at``: the job's place among the jobs. ``done`` of ``of``
    jobs were finished when this one was, and the rest takes about ``left`` seconds (``None``: not known yet).
    """

    job: Job
    path: Path = None
    losses: dict = field(default_factory=dict)
    seconds: float = 0.0
    error: str = ""
    kept: bool = False
    at: int = 0
    done: int = 0
    of: int = 0
    left: float = None

    @property
    def image(self):
        """The picture, read from its file, or ``None`` after an error. A sample's credit is in its ``info``."""
        if self.path is None:
            return None
        img = open_image(self.path)
        if self.job.content in samples() and samples()[self.job.content].kind == "photograph":
            img.info["credit"] = f"{self.job.content}: {', '.join(samples()[self.job.content][1:])}"
        return img


def printable(text, length=60):
    """Text that can be printed on one line: a file's name may hold line breaks and bytes that are no text."""
    text = str(text).encode("utf-8", "replace").decode()
    text = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return text if len(text) <= length else f"{text[: length - 10]}…{text[-9:]}"


def pictures(folder):
    """Paths of the pictures in a folder, by name. Names what is left out, and why. ``ValueError`` if there are none."""
    folder, found = _folder(folder), []
    for path in sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")):
        try:
            with identified(path):
                found.append(path)
        except Exception as error:  # Pillow's readers raise nearly anything
            why = "no picture in a format that can be read" if isinstance(error, UnidentifiedImageError) else error
            print(f"left out: {printable(path.name)} ({printable(str(why), 100)})")
    if not found:
        raise ValueError(f"there are no pictures in {printable(folder, 200)}: put some JPEG or PNG files there")
    return found


def _folder(path):
    """The path of a folder that is there and can be read, or ``ValueError`` or ``PermissionError``."""
    path = full_path(path)
    if not os.path.isdir(path):  # noqa: PTH112 (False, not an error, for a name that is too long)
        raise ValueError(f"there is no folder {printable(path, 200)}")
    if not os.access(path, os.R_OK | os.X_OK):
        raise PermissionError(f"{printable(path, 200)} cannot be read: you have no permission to open it")
    return path


# Jobs in, results out


def sweep(jobs, folder, executor=None, workers=None):
    """Paint many jobs; yields a ``Result`` for each as it is finished. What ``folder`` holds already comes first.

    ``executor``: anything that has ``submit`` as ``concurrent.futures`` defines it, such as ``cluster(address)``.
    Default: processes of this machine, one thread each, ``workers`` of them (default: one per core, if memory allows).
    A job that fails has a result with an ``error``; the others go on. A worker process that dies is replaced, and what
    it painted is painted again; a job that loses two workers has failed. Stop iterating at any time (close the
    generator then) and call again later: only what is missing is painted.
    Raises, before the first job: ``ValueError`` for what is no job or needs more memory than there is, ``OSError`` for
    a folder that cannot be written. Later: ``OSError`` if a result cannot be written. What is there stays.
    """
    jobs, folder = listed(jobs), full_path(folder)
    if executor is not None and not hasattr(executor, "submit"):
        raise ValueError(f"an executor has a function submit, as in concurrent.futures; this is {shown(executor)}")
    with written_whole(folder / ".writable"):
        pass
    (folder / ".writable").unlink(missing_ok=True)
    digest = lru_cache(maxsize=None)(_digest)
    places, refused = {}, {}  # by hash: the places of a job; by place: why it cannot be painted
    for at, job in enumerate(jobs):
        try:
            places.setdefault(job_hash(job, digest), []).append(at)
        except (OSError, ValueError) as error:
            refused[at] = sentence(error)
    kept = {key: found for key in places if (found := _read(folder / f"{key}.png"))}
    missing = [key for key in places if key not in kept]
    if missing and executor is None:
        workers = _affordable(workers, [jobs[places[key][0]] for key in missing])
    return _Sweep(jobs, folder, places, missing, executor, workers).results(refused, kept)


def listed(jobs):
    """Jobs as a list, or ``ValueError``."""
    try:
        jobs = list(jobs)
    except TypeError:
        jobs = [jobs]  # one that is no job, most likely
    if odd := [job for job in jobs if not isinstance(job, Job)]:
        raise ValueError(f"a sweep takes a list of jobs, Job(content, style, …); this is {shown(odd[0])}")
    return jobs


class _Sweep:
    """A sweep while it runs."""

    def __init__(self, jobs, folder, places, missing, executor, workers):
        self.jobs, self.folder, self.places, self.workers = jobs, folder, places, workers
        self.waiting, self.suspects = deque(missing), deque()  # a suspect was there when a worker died
        self.flying, self.arrivals, self.deaths = {}, queue.SimpleQueue(), Counter()
        self.executor, self.pool, self.starts_failed = executor, None, 0
        self.done, self.begun = 0, time.monotonic()
        self.work_done, self.work = 0, {key: self.job(key).work for key in missing}
        self.work_left = sum(self.work.values())

    def job(self, key):
        return self.jobs[self.places[key][0]]

    def results(self, refused, kept):
        whole = False
        try:
            for at, why in refused.items():
                yield self.result(at, error=why)
            for key, found in kept.items():
                yield from self.answers(key, **found, kept=True)
            while self.waiting or self.suspects or self.flying:
                self.hand_out()
                yield from self.take_in()
            whole = True
        finally:
            for future, _ in list(self.flying.values()):
                if future:
                    future.cancel()
            if self.pool:
                self.pool.give_back() if whole else self.pool.close()

    def result(self, at, **what):
        self.done += 1
        started = max(self.begun, self.pool.started or 0) if self.pool else self.begun
        spent = time.monotonic() - started
        left = spent * self.work_left / self.work_done if self.work_done else None
        return Result(self.jobs[at], **what, at=at, done=self.done, of=len(self.jobs), left=left)

    def answers(self, key, **what):
        """The same result for every job with this hash."""
        work = self.work.pop(key, 0)
        self.work_left -= work
        if "error" not in what:
            self.work_done += work
        for at in self.places[key]:
            yield self.result(at, **what)

    def hand_out(self):
        """Keep the executor busy. A suspect runs alone: if a worker dies again, it was this job."""
        if self.suspects:
            if not self.flying:
                self.submit(self.suspects.popleft())
            return
        while self.waiting and len(self.flying) < (AHEAD if self.executor else 2 * self.workers):
            self.submit(self.waiting.popleft())

    def submit(self, key):
        self.flying[key] = None, None
        if found := _read(self.folder / f"{key}.png"):  # another sweep on this folder was faster
            self.arrivals.put((key, {**found, "kept": True}))
            return
        try:
            task = _task(self.job(key))
            future = self.executor.submit(paint, task) if self.executor else self.submit_here(task)
        except Exception as error:  # a picture that cannot be read, an executor that broke
            self.arrivals.put((key, error))
            return
        self.flying[key] = future, self.pool
        # In the executor's thread, at once: what comes is on disk before anybody looks at it
        future.add_done_callback(lambda future: self.arrivals.put((key, self.keep(key, future))))

    def submit_here(self, task):
        with contextlib.suppress(BrokenExecutor):  # it broke while it was idle
            self.pool = self.pool or Pool.take(self.workers)
            return self.pool.executor.submit(paint, task)
        self.pool.close()
        self.pool = Pool.take(self.workers)
        return self.pool.executor.submit(paint, task)

    def keep(self, key, future):
        """What ``take_in`` needs to know of a job that ended; its picture is written here."""
        try:
            png, found = future.result()
        except BaseException as error:  # an interrupt or a cancelled future among them
            return error
        if png is None:
            return found
        path = self.folder / f"{key}.png"
        try:
            with written_whole(path) as file:
                file.write(png)
        except OSError as error:
            return {"disk": error}
        return {**found, "path": path}

    def take_in(self):
        """Results of the next job that ends."""
        try:
            key, came = self.arrivals.get(timeout=1)
        except queue.Empty:
            return
        _, pool = self.flying.pop(key)
        if pool and isinstance(came, BrokenExecutor):
            yield from self.worker_died(key, pool)
        elif isinstance(came, CancelledError):
            yield from self.answers(key, error="it was lost with its worker: run the sweep again")
        elif isinstance(came, BaseException):
            yield from self.answers(key, error=sentence(came))
        elif "disk" in came:
            why = (came["disk"].__cause__ or came["disk"]).strerror or came["disk"]
            raise OSError(
                f"results cannot be written to {printable(self.folder, 200)} ({why}): free some space, then run the "
                f"sweep again; {self.done} of {len(self.jobs)} jobs are finished"
            ) from came["disk"]
        else:
            self.starts_failed = 0
            yield from self.answers(key, **came)

    def worker_died(self, key, pool):
        if pool is self.pool:
            pool.close()
            self.pool = None
            self.starts_failed += pool.started is None
        if self.starts_failed > 1:
            raise OSError(
                "worker processes end before they begin: in a script, put the sweep under "
                'if __name__ == "__main__":, and see that memory is free'
            )
        self.deaths[key] += pool.started is not None
        if self.deaths[key] < 2:
            (self.suspects if pool.started is not None else self.waiting).append(key)
        else:
            yield from self.answers(key, error="its worker process was killed twice: most likely memory ran out")


def job_hash(job, digest=None):
    """The hash of all that determines a job's picture, the bytes of its files among it: 24 letters.

    Raises ``OSError`` or ``ValueError`` for a file that cannot be read.
    """
    digest = digest or _digest
    asked = {**asdict(replace(job, settings=limited(job.settings))), "style_size": job.style_pixels}
    for name in ("content", "style", "start_from"):
        asked[name] = digest(asked[name])
    if job.weights not in SOURCES:
        asked["weights"] = digest(job.weights)
    text = json.dumps({"format": FORMAT, **asked}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _digest(name):
    """A sample's name as it is; of a file, the hash of its bytes."""
    if not name or name in samples():
        return name
    path = Path(name)
    if not path.is_file():  # a pipe would keep us waiting
        raise FileNotFoundError(f"there is no file {printable(name, 200)}")
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise OSError(f"{printable(name, 200)} cannot be read: {error.strerror or error}") from None


def _read(path):
    """A whole result as ``{"path", "losses", "seconds"}``, or ``None``: a damaged one is painted again."""
    try:
        with Image.open(path, formats=["PNG"]) as img:
            about = json.loads(img.info[KEY])
            img.load()
        return {"path": path, "losses": about["losses"], "seconds": about["seconds"]}
    except Exception:  # Pillow's readers raise nearly anything
        return None


def read_sweep(folder):
    """The results that a folder holds, the oldest first, without painting: a list of ``Result``.

    Files that are no results are passed over. ``ValueError`` if there is no such folder, ``PermissionError`` if it
    cannot be read.
    """
    folder, found = _folder(folder), []
    for path in folder.glob("*.png"):
        try:
            with Image.open(path, formats=["PNG"]) as img:
                about = json.loads(img.info[KEY])
            job = Job(**{**about["job"], "settings": Settings(**about["job"]["settings"])})
            losses = {name: float(about["losses"][name]) for name in ("content", "style", "tv", "total")}
            found.append((path.stat().st_mtime_ns, Result(job, path, losses, float(about["seconds"]), kept=True)))
        except Exception:  # Pillow's readers raise nearly anything, and the file may be a stranger's
            continue
    results = [result for _, result in sorted(found, key=lambda pair: (pair[0], pair[1].path.name))]
    return [replace(result, at=at, done=at + 1, of=len(results)) for at, result in enumerate(results)]


def differing(jobs):
    """What differs among jobs: by the name of a field or of a setting its values, sorted."""
    values = {name: {_choice(job, name) for job in jobs} for name in (*vars(jobs[0]), *vars(jobs[0].settings))}
    return {name: sorted(them, key=_order) for name, them in values.items() if len(them) > 1 and name != "settings"}


def caption(job, names):
    """Some fields and settings of a job, in words."""
    return ", ".join(f"{name.replace('_', ' ')} {worded(_choice(job, name))}" for name in names)


def table(jobs):
    """How jobs lie in a table: ``(rows, columns, places)``, the heads in words, and each job's (row, column).

    All are empty unless two choices differ, no two jobs share a place, and half of the places are taken.
    """
    differ = differing(jobs)
    names = sorted(differ, key=lambda name: len(differ[name]))
    places = [tuple(differ[name].index(_choice(job, name)) for name in names) for job in jobs]
    if len(names) != 2 or len(set(places)) < len(jobs) or math.prod(map(len, differ.values())) > 2 * len(jobs):
        return [], [], []
    heads = ([f"{name.replace('_', ' ')} {worded(value)}" for value in differ[name]] for name in names)
    return *heads, places


def worded(value):
    """A field or setting of a job, in a word or a few: layers by name, a file without its folder."""
    if isinstance(value, tuple):
        return " ".join(map(worded, value)) or "none"
    if isinstance(value, str):
        return printable(Path(value).name) or "none"
    return f"{value:g}".replace("e+0", "e") if isinstance(value, float) else str(value)


def _choice(job, name):
    return getattr(job, name) if hasattr(job, name) else getattr(job.settings, name)


def _order(value):
    return type(value).__name__, value


# In a worker


def paint(task):
    """Paint one job. Gives the bytes of its file, and losses and seconds; or ``None`` and ``{"error": sentence}``.

    It never raises: an exception may not survive the way back from another process.
    """
    try:
        about, settings, weights, shapes, images = task
        net = _network(weights)
        free = psutil.virtual_memory().available
        if (needed := memory_of(shapes[0], settings, net.widths[0])) > free:
            raise ValueError(_too_large(shapes[0], needed, free))
        begun = time.monotonic()
        content, style, start = (img and preprocess(img, shape) for img, shape in zip(images, shapes))
        if start is None:
            steps = coarse_to_fine(net, content, style, settings)
        else:
            steps = optimize(net, content, style, settings, start_X=start)
        for step in steps:  # noqa: B007 (the last one is used)
            pass
        img = postprocess(enlarged(step.X, content))
        found = {"losses": step._asdict(), "seconds": time.monotonic() - begun}
        found["losses"] = {name: found["losses"][name] for name in ("content", "style", "tv", "total")}
        entry, file = PngInfo(), io.BytesIO()
        entry.add_text(KEY, json.dumps({"format": FORMAT, "job": about, **found}))
        img.save(file, "png", pnginfo=entry)
        return file.getvalue(), found
    except Exception as error:
        return None, {"error": sentence(error)}


@lru_cache(maxsize=2)
def _network(weights):
    return load_vgg19(weights, verbose=False)


def _task(job):
    """What a worker needs: plain values and small pictures. It opens no file, so the disk need not be shared."""
    asked = asdict(replace(job, settings=limited(job.settings)))
    opened = _open(job.content), _open(job.style), _open(job.start_from) if job.start_from else None
    shape, style_shape = fit_shape(opened[0], job.size), fit_shape(opened[1], job.style_pixels)
    shapes = shape, style_shape, shape
    images = [  # resized as preprocess does
        img and img.resize(shape[::-1], Image.Resampling.BILINEAR) for img, shape in zip(opened, shapes)
    ]
    return asked, limited(job.settings), job.weights, shapes, images


@lru_cache(maxsize=8)
def _opened(name, _):
    return sample(name) if name in samples() else open_image(name)


def _open(name):
    """A picture by name or path; recently used ones are remembered while their file does not change."""
    return _opened(name, None if name in samples() else Path(name).stat().st_mtime_ns)


def sentence(error):
    """What an exception says, in one line; its kind too where it was not written for people."""
    said = printable(str(error).strip().split("\n")[0], 300)
    return said if isinstance(error, (ValueError, OSError)) and said else f"{type(error).__name__}: {said}"


# Memory


def memory_of(shape, settings, channels):
    """Bytes that painting takes at most, with features computed twice: by a fit to sections 3 of benchmarks/RESULTS.md.

    ``shape``: height and width. ``channels``: of the network's first block.
    """
    precision = best_precision("cpu") if settings.precision == "auto" else settings.precision
    images = 1200 if settings.optimizer == "lbfgs" else 450  # L-BFGS remembers its last twenty steps
    return shape[0] * shape[1] * (images + 5 * channels * (2 if precision == "bfloat16" else 4))


def _too_large(shape, needed, free):
    fits = int(max(shape) * (free / needed) ** 0.5)
    return (
        f"{shape[0]}×{shape[1]} pixels take about {needed / 1e9:.1f} GB, and {max(0, free) / 1e9:.1f} GB are free: "
        f"use a size of at most {fits}; stylize_large paints larger ones in tiles"
    )


def _affordable(workers, jobs):
    """How many workers to start: one per core, as far as their largest job fits into memory for each of them."""
    if workers is not None and (not isinstance(workers, int) or workers < 1):
        raise ValueError(f"workers must be an integer, one or more; it is {shown(workers)}")
    job, free = max(jobs, key=lambda job: job.size), psutil.virtual_memory().available
    try:
        shape = fit_shape(_open(job.content), job.size)
    except (OSError, ValueError):  # that job will say so itself
        shape = job.size, job.size
    needed = memory_of(shape, job.settings, 24 if job.weights == "embedded" else 64)
    if needed + WORKER > free:
        raise ValueError(_too_large(shape, needed, max(1.0, free - WORKER)))
    cores = 1 if torch.cuda.is_available() else os.cpu_count() or 1  # one process keeps a GPU busy
    return min(workers or cores, int(free // (needed + WORKER)))  # a pool starts no more than it has jobs


def _source(weights):
    """A source of weights by its name, ``"auto"`` resolved without a download; or a file's path."""
    weights = os.fspath(weights) if isinstance(weights, (str, os.PathLike)) else weights
    if weights == "auto":
        weights = os.environ.get("NST_WEIGHTS", "").strip() or "auto"
    if weights == "auto":
        weights = "imagenet" if imagenet_path().is_file() else "embedded"
    if weights in SOURCES:
        return weights
    if not isinstance(weights, str) or not Path(weights).suffix:
        raise ValueError(f"no weights source {shown(weights)}: use one of auto, {', '.join(SOURCES)}, or a file")
    return str(expanded(weights).absolute())


def _name_or_path(role, value):
    if role == "start_from" and (value is None or value == ""):
        return ""
    if not isinstance(value, (str, os.PathLike)) or not str(value) or "\0" in str(value):
        raise ValueError(f"a job's {role} is a sample's name or the path of a file; this is {shown(value)}")
    return str(value) if value in samples() else str(expanded(value).absolute())
