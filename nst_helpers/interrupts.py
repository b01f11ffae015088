"""Stop (■ in Jupyter, Ctrl-C elsewhere), at a moment when nothing is half done."""

import signal
import threading


class held_back:  # noqa: N801 (it reads as a verb after "with")
    """A block that an interrupt cannot break. It is held back until the block has ended, and then raised.

    ``pressed`` says whether one came. ``deliver=False``: it is not raised, because the block itself asks for
    ``pressed`` and ends soon; who presses Stop twice, or ten times, breaks nothing either. Without effect outside the
    main thread, which is the only one that Python interrupts.
    """

    def __init__(self, deliver=True):
        self.deliver, self.pressed, self.before = deliver, False, None

    def __enter__(self):
        handler = signal.getsignal(signal.SIGINT)
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


class heard_once(held_back):  # noqa: N801
    """A block in which the first interrupt is raised as ever, and those that come while it is dealt with are not."""

    def __init__(self):
        super().__init__(deliver=False)

    def _note(self, number, frame):
        first, self.pressed = not self.pressed, True
        if first:
            self.before(number, frame)
