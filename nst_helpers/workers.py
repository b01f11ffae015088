"""Notebook 11: who paints the jobs: worker processes of this machine, or a Dask cluster. Both are executors.

"Executor" is meant as in Python's ``concurrent.futures``: ``submit(function, argument)`` gives a future.
"""

import asyncio
import contextlib
import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import PackageNotFoundError, version

import torch

from .validation import check_between, short_repr

IDLE = 60  # seconds that worker processes wait for more work before they end


class Pool:
    """Worker processes. They end when ``close`` is called or when this process ends, however it ends."""

    idle, lock = [], threading.Lock()

    def __init__(self, workers):
        context = multiprocessing.get_context("spawn")
        self.workers = workers
        self.reader, self.line = context.Pipe(duplex=False)  # a worker that reads it sees when this process ends
        self.executor = ProcessPoolExecutor(workers, context, _begin, (self.reader,))
        ready = self.submit(os.getpid)
        self.started = None  # when the first process was ready
        ready.add_done_callback(self._note_start)
        self.timer = None

    def submit(self, function, *arguments):
        """As an executor's. It may start a process; Stop pressed in that moment is not heard."""
        with _ignoring_interrupts():
            return self.executor.submit(function, *arguments)

    def _note_start(self, ready):
        if not ready.cancelled() and not ready.exception():
            self.started = time.monotonic()

    @classmethod
    def take(cls, workers):
        """A pool that waits, if it has this many workers, or a new one."""
        with cls.lock:
            for pool in [pool for pool in cls.idle if pool.workers == workers]:
                cls.idle.remove(pool)
                pool.timer.cancel()
                return pool
        return cls(workers)

    def give_back(self):
        """Let it wait for another sweep for ``IDLE`` seconds."""
        with self.lock:  # the timer too: whoever takes this pool stops it
            others = list(self.idle)
            self.idle[:] = [self]
            self.timer = threading.Timer(IDLE, self.expire)
            self.timer.daemon = True
            self.timer.start()
        for pool in others:
            pool.close()

    def expire(self):
        with self.lock:
            if self not in self.idle:
                return
            self.idle.remove(self)
        self.close()

    def close(self):
        """End the processes at once, whatever they paint; one that is still starting ends as soon as it has begun."""
        if self.timer:
            self.timer.cancel()
        self.line.close()
        self.executor.shutdown(wait=False, cancel_futures=True)
        self.reader.close()


def _begin(reader):
    """In a new worker process: use one thread, ignore the Stop button, and end when the parent process does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)

    def watch():
        with contextlib.suppress(EOFError, OSError):
            reader.recv()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextlib.contextmanager
def _ignoring_interrupts():
    """Processes started in this block ignore the Stop button from their first moment, as far as Python allows."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def cluster(address, timeout=5):
    """The executor of a Dask cluster, for ``sweep``. ``address``: of its scheduler, such as ``tcp://10.0.0.5:8786``.

    Raises ``ValueError`` if Dask is not installed or the workers have another version of this package, and
    ``OSError`` within ``timeout`` seconds (a little more) if no scheduler answers or it has no workers.
    """
    try:
        from dask.distributed import Client
    except ImportError:
        raise ValueError("a cluster needs Dask: pip install 'nst_helpers[cluster]'") from None
    if not isinstance(address, str) or not address:  # without one, Dask would start a cluster here
        raise ValueError(
            f"the address of a cluster is text such as 'tcp://10.0.0.5:8786'; this is {short_repr(address)}"
        )
    check_between("timeout", timeout, 0.1, 600)
    try:
        client = Client(address, timeout=timeout, set_as_default=False)
    except Exception as error:  # Dask raises many kinds
        raise OSError(
            f"no Dask scheduler answers at {str(address)!r:.100}: start one there with `dask scheduler`, and check "
            f"the address and the firewall ({type(error).__name__})"
        ) from None
    try:
        _check_workers(client, address, timeout)
    except BaseException:
        client.close(timeout=1)
        raise
    return client.get_executor(pure=False)  # asked again, a job is painted again


def _check_workers(client, address, timeout):
    def there():  # sent as code, so that it runs where this package is missing
        from importlib import import_module
        from importlib.metadata import PackageNotFoundError, version

        try:
            import_module("nst_helpers.job_painting")
            return version("nst_helpers")
        except (ImportError, PackageNotFoundError):
            return None

    try:
        client.wait_for_workers(1, timeout=timeout)
    except (TimeoutError, asyncio.TimeoutError):  # the same from Python 3.11 on
        raise OSError(
            f"the scheduler at {address} has no workers: start some with `dask worker {address} --nthreads 1`"
        ) from None
    with contextlib.suppress(PackageNotFoundError):
        here = version("nst_helpers")
        for worker, found in client.run(there).items():
            if found != here:
                has = f"nst_helpers {found}" if found else "no nst_helpers"
                raise ValueError(f"the worker {worker} has {has}, here is {here}: install the same version there")
