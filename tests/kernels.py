"""Kernels for tests that start in a second: forks of one process that has imported PyTorch and d2l.

Some forty kernels start in ``make test``, and each would spend four seconds of a core on the same imports. What is the
project's own, each kernel imports itself. Where a system cannot fork, tests start usual kernels.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

ADDRESS = "NST_TEST_KERNELS"  # the environment variable that names the socket
LAUNCH = [sys.executable, "-S", __file__, "{connection_file}"]


def spec():
    """A kernel's ``kernel.json`` as a dictionary: a fork where ``forks`` is open, else a usual kernel."""
    usual = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    argv = LAUNCH if ADDRESS in os.environ else usual
    return {"argv": argv, "display_name": "Python 3", "language": "python", "interrupt_mode": "message"}


@contextlib.contextmanager
def forks():
    """While it is open, a kernel named ``forked`` can be started; nothing is imported before the first is."""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as door:
        os.environ[ADDRESS] = str(Path(folder, "door"))
        door.bind(os.environ[ADDRESS])
        door.listen(20)
        path = Path(folder, "kernels", "forked", "kernel.json")
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(spec()))
        os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, [folder, os.environ.get("JUPYTER_PATH")]))
        backend = {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}  # as kernels set it before their imports
        command = [sys.executable, __file__, "--serve", str(door.fileno())]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, pass_fds=[door.fileno()], env=os.environ | backend
        ) as server:
            yield
            server.stdin.close()  # this ends it, and so does the end of this process


def launch(file):
    """In place of a kernel: ask for a fork, and live as long as it does. If this is killed, the fork ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # interrupts are sent as messages
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(os.environ[ADDRESS])
        asked = json.dumps({"file": file, "folder": os.getcwd(), "environment": dict(os.environ)}).encode()
        socket.send_fds(line, [len(asked).to_bytes(4, "big")], [0, 1, 2])
        line.sendall(asked)
        line.recv(1)


def serve(door):
    """Fork a kernel for everybody who asks at the door, until standard input is closed."""
    import select

    os.set_inheritable(door.fileno(), False)
    del sys.path[0]  # the folder of tests
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    while door in select.select([door, sys.stdin], [], [])[0]:
        import d2l.torch  # noqa: F401
        import ipykernel.kernelapp  # noqa: F401
        import ipywidgets  # noqa: F401
        import skimage  # noqa: F401

        line, _ = door.accept()
        if not os.fork():
            door.close()
            become_kernel(line)
        line.close()


def become_kernel(line):
    import threading

    from ipykernel.kernelapp import IPKernelApp

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    length, streams, *_ = socket.recv_fds(line, 4, 3)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    asked = json.loads(line.makefile("rb").read(int.from_bytes(length, "big")))
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.environ.pop("JPY_PARENT_PID", None)  # it is not the parent

    def end_with_launcher():
        line.recv(1)
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=end_with_launcher, daemon=True).start()
    try:
        IPKernelApp.launch_instance(argv=["-f", asked["file"]])
    finally:
        os._exit(0)


if __name__ == "__main__":
    if sys.argv[1] == "--serve":
        serve(socket.socket(fileno=int(sys.argv[2])))
    else:
        launch(sys.argv[1])
