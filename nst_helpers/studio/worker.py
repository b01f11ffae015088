"""One thread in the background, which serves the newest request."""

import atexit
import os
import threading
import time
import weakref

import torch

BIG_ENOUGH = 200_000  # pixels from which all cores are worth it
_WORKERS = weakref.WeakSet()


@atexit.register
def _close_all():
    """A thread inside torch when Python ends would end it with a crash."""
    for worker in list(_WORKERS):
        worker.close()
        worker.thread.join(5)


class Worker:
    """Serves the newest request: ``serve(request)`` runs in its thread, ``fail(error)`` where that raises.

    A newer request supersedes the one being served: ``serve`` asks ``interrupted()`` between its steps and returns
    when it says so. The thread lives until ``close()``.
    """

    def __init__(self, serve, fail):
        self.serve, self.fail = serve, fail
        self.condition, self.request, self.due = threading.Condition(), None, 0.0
        self.busy = self.closed = False
        self.stopping, self.threads = threading.Event(), torch.get_num_threads()
        self.thread = threading.Thread(target=self._run, name="nst-studio", daemon=True)
        self.thread.start()
        _WORKERS.add(self)

    @property
    def going(self):
        """Whether something runs or waits."""
        return self.busy or self.request is not None

    def ask(self, request, delay=0.0):
        """Serve ``request`` in ``delay`` seconds, instead of any that waits."""
        with self.condition:
            if self.closed:
                raise RuntimeError("this panel is closed: run its cell again")
            self.request, self.due = request, time.monotonic() + delay
            self.condition.notify_all()

    def interrupted(self):
        """Whether to stop serving: Stop was pressed, a newer request is due, or the panel was closed."""
        return self.stopping.is_set() or (self.request is not None and time.monotonic() >= self.due)

    def stop(self):
        """Drop what waits and interrupt what runs."""
        with self.condition:
            self.request = None
            if self.busy:
                self.stopping.set()
            self.condition.notify_all()

    def close(self):
        """End the thread after its present step."""
        with self.condition:
            self.closed, self.request = True, None
            self.stopping.set()
            self.condition.notify_all()

    def wait(self, timeout):
        """Block until nothing runs and nothing waits. ``TimeoutError`` after ``timeout`` seconds."""
        if threading.current_thread() is self.thread:
            raise RuntimeError("wait() would wait for itself here")
        with self.condition:
            if not self.condition.wait_for(lambda: self.closed or not self.going, timeout):
                raise TimeoutError(f"still running after {timeout:g} s: call stop() or wait(timeout=…) longer")

    def share_cores(self, pixels):
        """For a small picture leave one core to the browser: fighting for it costs ten times what it brings."""
        few = max(1, min(self.threads, (os.cpu_count() or 2) - 1))
        torch.set_num_threads(few if pixels < BIG_ENOUGH else self.threads)  # this thread's alone

    def _next(self):
        """The next request once it is due, or ``None`` when closed."""
        with self.condition:
            self.busy = False
            self.condition.notify_all()
            while not self.closed:
                left = self.due - time.monotonic()
                if self.request is not None and left <= 0:
                    request, self.request, self.busy = self.request, None, True
                    self.stopping.clear()
                    return request
                self.condition.wait(left if self.request is not None else None)

    def _run(self):
        while (request := self._next()) is not None:
            try:
                self.serve(request)
            except Exception as error:  # the thread must outlive it, and somebody must hear of it
                self.fail(error)
            request = None  # it may hold pictures


def sentence(error):
    """What an exception says, for people; the kind of error too where it was not written for them."""
    said = str(error) or type(error).__name__
    return said if isinstance(error, (ValueError, OSError)) and str(error) else f"{type(error).__name__}: {said}"
