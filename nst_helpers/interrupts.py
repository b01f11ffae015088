"""Shared: interrupts (■ in Jupyter, Ctrl-C elsewhere) that wait until nothing is half done."""

import signal
import threading


class defer_interrupts:  # noqa: N801 (it reads as a verb after "with")
    """An interrupt during the block is raised only when the block has ended.

    ``pressed`` says whether one came. With ``deliver=False`` none is raised, however often Stop is pressed: the block
    looks at ``pressed`` and ends by itself. Without effect outside the main thread: Python interrupts no other.
    """

    def __init__(self, deliver=True):
        self.deliver, self.pressed, self.before = deliver, False, None

    def __enter__(self):
        handler = signal.getsignal(signal.SIGINT)  # not callable where interrupts are ignored
        if callable(handler) and threading.current_thread() is threading.main_thread():
            self.before = handler
            signal.signal(signal.SIGINT, self._note)
        return self

    def _note(self, number, frame):
        self.pressed = True

    def __exit__(self, *error):
        if self.before is not None:
            signal.signal(signal.SIGINT, self.before)
            if self.pressed and self.deliver:
                self.before(signal.SIGINT, None)


class interrupt_once(defer_interrupts):  # noqa: N801
    """In this block the first interrupt is raised as usual; later ones, while it is being handled, are ignored."""

    def __init__(self):
        super().__init__(deliver=False)

    def _note(self, number, frame):
        first, self.pressed = not self.pressed, True
        if first:
            self.before(number, frame)
