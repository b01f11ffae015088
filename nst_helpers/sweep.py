"""Notebook 11: many pictures. Processes of this machine or a cluster paint jobs; a folder keeps the results.

A result is written whole as soon as it arrives, so whatever is killed, the next sweep goes on with what is missing.
"""

import os
import queue
import time
from collections import Counter, deque
from concurrent.futures import BrokenExecutor, CancelledError
from functools import cache

import psutil
import torch

from .files import atomic_write, full_path
from .interrupts import defer_interrupts
from .job_painting import memory_of, open_recent, paint, task_of, too_large
from .jobs import Job, Result, digest_of, job_hash, read_result
from .preprocessing import fit_shape
from .validation import printable, sentence, short_repr
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
        raise ValueError(f"an executor has a function submit, as in concurrent.futures; this is {short_repr(executor)}")
    with defer_interrupts():
        with atomic_write(folder / ".writable"):
            pass
        (folder / ".writable").unlink(missing_ok=True)
    digest = cache(digest_of)
    indices, refused = {}, {}  # by hash: the indices of a job; by index: why it cannot be painted
    for at, job in enumerate(jobs):
        try:
            indices.setdefault(job_hash(job, digest), []).append(at)
        except (OSError, ValueError) as error:
            refused[at] = sentence(error)
    kept = {key: found for key in indices if (found := read_result(folder / f"{key}.png"))}
    missing = [key for key in indices if key not in kept]
    if missing and executor is None:
        workers = _affordable(workers, [jobs[indices[key][0]] for key in missing])
    return _Sweep(jobs, folder, indices, missing, executor, workers).results(refused, kept)


def listed(jobs):
    """Jobs as a list, or ``ValueError``."""
    try:
        jobs = list(jobs)
    except TypeError:
        jobs = [jobs]  # one that is no job, most likely
    if odd := [job for job in jobs if not isinstance(job, Job)]:
        raise ValueError(f"a sweep takes a list of jobs, Job(content, style, …); this is {short_repr(odd[0])}")
    return jobs


class _Sweep:
    """A sweep while it runs."""

    def __init__(self, jobs, folder, indices, missing, executor, workers):
        self.jobs, self.folder, self.indices, self.workers = jobs, folder, indices, workers
        self.waiting, self.suspects = deque(missing), deque()  # a suspect was there when a worker died
        self.pending, self.arrivals, self.deaths = {}, queue.SimpleQueue(), Counter()
        self.executor, self.pool, self.starts_failed = executor, None, 0
        self.done, self.begun = 0, time.monotonic()
        self.work_done, self.work = 0, {key: self.job(key).work for key in missing}

    def job(self, key):
        return self.jobs[self.indices[key][0]]

    def results(self, refused, kept):
        completed = False
        try:
            for at, why in refused.items():
                yield self.result(at, error=why)
            for key, found in kept.items():
                yield from self.answers(key, **found, kept=True)
            while self.waiting or self.suspects or self.pending:
                self.hand_out()
                yield from self.take_in()
            completed = True
        finally:
            for future, _ in list(self.pending.values()):
                if future:
                    future.cancel()
            if self.pool:
                self.pool.give_back() if completed else self.pool.close()

    def result(self, at, **what):
        self.done += 1
        started = max(self.begun, self.pool.started or 0) if self.pool else self.begun
        spent = time.monotonic() - started
        left = spent * sum(self.work.values()) / self.work_done if self.work_done else None
        return Result(self.jobs[at], **what, at=at, done=self.done, of=len(self.jobs), left=left)

    def answers(self, key, **what):
        """The same result for every job with this hash."""
        work = self.work.pop(key, 0)
        if "error" not in what:
            self.work_done += work
        for at in self.indices[key]:
            yield self.result(at, **what)

    def hand_out(self):
        """Keep the executor busy. A suspect runs alone: if a worker dies again, it was this job."""
        if self.suspects:
            if not self.pending:
                self.submit(self.suspects.popleft())
            return
        while self.waiting and len(self.pending) < (AHEAD if self.executor else 2 * self.workers):
            self.submit(self.waiting.popleft())

    def submit(self, key):
        self.pending[key] = None, None
        if found := read_result(self.folder / f"{key}.png"):  # another sweep on this folder was faster
            self.arrivals.put((key, {**found, "kept": True}))
            return
        try:
            task = task_of(self.job(key))
            future = self.executor.submit(paint, task) if self.executor else self.submit_here(task)
        except Exception as error:  # a picture that cannot be read, an executor that broke
            self.arrivals.put((key, error))
            return
        self.pending[key] = future, self.pool
        # In the executor's thread, at once: what comes is on disk before anybody looks at it
        future.add_done_callback(lambda future: self.arrivals.put((key, self.keep(key, future))))

    def submit_here(self, task):
        self.pool = self.pool or Pool.take(self.workers)
        try:
            return self.pool.submit(paint, task)
        except BrokenExecutor:  # it broke while it was idle
            self.pool.close()
        self.pool = Pool.take(self.workers)
        return self.pool.submit(paint, task)

    def keep(self, key, future):
        """Write the picture of a job that ended. Gives fields of its ``Result``, or the exception that ended it.

        ``{"disk": error}`` where the picture could not be written.
        """
        try:
            png, found = future.result()
            if png is None:
                return {**found}  # whatever else an executor brings is an error
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
        _, pool = self.pending.pop(key)
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
        begun = pool.started is not None
        if pool is self.pool:
            pool.close()
            self.pool = None
            if not begun:
                self.starts_failed += 1
        if self.starts_failed > 1:
            raise OSError(
                "worker processes end before they begin: in a script, put the sweep under "
                'if __name__ == "__main__":, and see that memory is free'
            )
        if not begun:  # not this job's fault
            self.waiting.append(key)
            return
        self.deaths[key] += 1
        if self.deaths[key] < 2:
            self.suspects.append(key)
        else:
            yield from self.answers(key, error="its worker process was killed twice: most likely memory ran out")


def _affordable(workers, jobs):
    """How many workers to start: one per core, as far as their largest job fits into memory for each of them."""
    if workers is not None and (not isinstance(workers, int) or workers < 1):
        raise ValueError(f"workers must be an integer, one or more; it is {short_repr(workers)}")

    def needs(job, shape):
        return memory_of(shape, job.settings, 24 if job.weights == "embedded" else 64)

    job, free = max(jobs, key=lambda job: needs(job, (job.size, job.size))), psutil.virtual_memory().available
    try:
        shape = fit_shape(open_recent(job.content), job.size)
    except (OSError, ValueError):  # that job will say so itself
        shape = job.size, job.size
    needed = needs(job, shape)
    if needed + WORKER > free:
        raise ValueError(too_large(shape, needed, max(1.0, free - WORKER)))
    cores = 1 if torch.cuda.is_available() else os.cpu_count() or 1  # one process keeps a GPU busy
    return min(workers or cores, int(free // (needed + WORKER)))  # a pool starts no more than it has jobs
