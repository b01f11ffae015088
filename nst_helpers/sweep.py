"""Notebook 11: many pictures. Processes of this machine or a cluster paint jobs; a folder keeps the results.

A result is written whole as soon as it arrives, so whatever is killed, the next sweep goes on with what is missing.
"""

import contextlib
import os
import queue
import time
from collections import Counter, deque
from concurrent.futures import BrokenExecutor, CancelledError
from functools import lru_cache

import psutil
import torch

from .files import atomic_write, full_path
from .interrupts import held_back
from .job_painting import memory_of, open_recent, paint, task_of, too_large
from .jobs import Job, Result, digest_of, job_hash, read_result
from .preprocessing import fit_shape
from .validation import printable, sentence, shown
from .workers import Pool

AHEAD = 256  # jobs handed to somebody else's executor at a time
WORKER = 600e6  # bytes of a worker process with torch in it, before it paints


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
    with held_back():
        with atomic_write(folder / ".writable"):
            pass
        (folder / ".writable").unlink(missing_ok=True)
    digest = lru_cache(maxsize=None)(digest_of)
    places, refused = {}, {}  # by hash: the places of a job; by place: why it cannot be painted
    for at, job in enumerate(jobs):
        try:
            places.setdefault(job_hash(job, digest), []).append(at)
        except (OSError, ValueError) as error:
            refused[at] = sentence(error)
    kept = {key: found for key in places if (found := read_result(folder / f"{key}.png"))}
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
        if found := read_result(self.folder / f"{key}.png"):  # another sweep on this folder was faster
            self.arrivals.put((key, {**found, "kept": True}))
            return
        try:
            task = task_of(self.job(key))
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
            if png is None:
                return {**found}
            path = self.folder / f"{key}.png"
            try:
                with atomic_write(path) as file:
                    file.write(png)
            except OSError as error:
                return {"disk": error}
            return {**found, "path": path}
        except BaseException as error:  # an interrupt, a cancelled future or somebody's odd executor among them
            return error

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


def _affordable(workers, jobs):
    """How many workers to start: one per core, as far as their largest job fits into memory for each of them."""
    if workers is not None and (not isinstance(workers, int) or workers < 1):
        raise ValueError(f"workers must be an integer, one or more; it is {shown(workers)}")
    job, free = max(jobs, key=lambda job: job.size), psutil.virtual_memory().available
    try:
        shape = fit_shape(open_recent(job.content), job.size)
    except (OSError, ValueError):  # that job will say so itself
        shape = job.size, job.size
    needed = memory_of(shape, job.settings, 24 if job.weights == "embedded" else 64)
    if needed + WORKER > free:
        raise ValueError(too_large(shape, needed, max(1.0, free - WORKER)))
    cores = 1 if torch.cuda.is_available() else os.cpu_count() or 1  # one process keeps a GPU busy
    return min(workers or cores, int(free // (needed + WORKER)))  # a pool starts no more than it has jobs
