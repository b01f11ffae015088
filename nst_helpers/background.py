"""Shared: one thread in the background, which serves the newest request."""

import atexit
import contextlib
import os
import queue
import threading
import weakref

import torch

BIG_ENOUGH = 200_000  # pixels from which all cores are worth it
_WORKERS = weakref.WeakSet()


@atexit.register
def _close_all():
    """Python crashes at its end if a thread is still inside torch."""
    for worker in list(_WORKERS):
        worker.close()
        worker.thread.join(5)


class Worker:
    """Serves the newest request: ``serve(request)`` runs in its thread, ``fail(error)`` where that raises.

    A newer request supersedes the one being served: ``serve`` asks ``interrupted()`` between its steps and returns
    when it says so. The thread lives until ``close()``.
    """

    def __init__(self, serve, fail):
        self.serve, self.fail, self.request, self.closed = serve, fail, None, False
        self.calls, self.stopping, self.threads = queue.Queue(), threading.Event(), torch.get_num_threads()
        self.thread = threading.Thread(target=self._run, name="nst-studio", daemon=True)
        self.thread.start()
        _WORKERS.add(self)

    @property
    def going(self):
        """Whether something runs or waits; never once it is closed, though its last step may still run."""
        return not self.closed and self.calls.unfinished_tasks > 0

    def ask(self, request):
        """Serve ``request``, instead of what is served now or waits."""
        if self.closed:
            raise RuntimeError("this panel is closed: run its cell again")
        self.request = request
        self.stopping.clear()
        self.calls.put("serve")

    def interrupted(self):
        """Whether to stop serving: Stop was pressed, a newer request waits, or the panel was closed."""
        return self.stopping.is_set() or self.request is not None

    def stop(self):
        """Interrupt what runs and drop what waits; then, if nothing was asked since, ``serve("stop")`` is called."""
        self.request = None
        self.stopping.set()
        self.calls.put("stop")

    def close(self):
        """End the thread after its present step."""
        self.closed = True
        self.stop()
        with self.calls.all_tasks_done:
            self.calls.all_tasks_done.notify_all()

    def wait(self, timeout):
        """Block until nothing runs and nothing waits. ``TimeoutError`` after ``timeout`` seconds."""
        with self.calls.all_tasks_done:
            if not self.calls.all_tasks_done.wait_for(lambda: not self.going, timeout):
                raise TimeoutError(f"still running after {timeout:g} s: call stop() or wait(timeout=…) longer")

    def share_cores(self, pixels):
        """For a small picture leave one core to the browser: fighting for it costs ten times what it brings."""
        few = max(1, min(self.threads, (os.cpu_count() or 2) - 1))
        torch.set_num_threads(few if pixels < BIG_ENOUGH else self.threads)  # this thread's alone

    def _run(self):
        while True:
            call = self.calls.get()
            if self.closed:
                return
            request, self.request = self.request, None
            if request is None and call == "stop":
                request = call
            try:
                if request is not None:
                    self.serve(request)
            except Exception as error:  # whatever it is: ``fail`` reports it, and the thread lives on
                with contextlib.suppress(Exception):
                    self.fail(error)
            request = None  # it may hold pictures
            self.calls.task_done()
