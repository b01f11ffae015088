"""Kernels that start at once and share memory: one process has imported torch, and every kernel is a fork of it.

python warm_kernels.py serve                  imports, then forks a kernel for whoever asks (the hub runs this)
python warm_kernels.py start CONNECTION_FILE  what a kernel's specification runs: asks, and lives as long as the kernel

As root, a fork gives root up for the user who asked (the system says who that is) before it reads a byte of what was
sent, and takes over that user's limits. If nobody serves, ``start`` becomes an ordinary kernel. Linux only.
"""

import json
import os
import socket
import sys

SOCKET = os.environ.get("NST_WARM_KERNELS", "/run/nst_warm_kernels")
# What nst_helpers imports. Not nst_helpers itself: it asks for IPython's shell, and that has to be the kernel's own.
HEAVY = "ipykernel.kernelapp torch torchvision d2l.torch skimage.data scipy safetensors.torch ipywidgets anywidget"


def serve():
    import gc
    import importlib
    import signal
    import traceback
    from pathlib import Path

    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"  # as kernels have it
    for name in HEAVY.split():
        importlib.import_module(name)
    if len(list(Path("/proc/self/task").iterdir())) > 1:
        sys.exit("warm kernels: an import has started a thread, which a fork would lack; start with OMP_NUM_THREADS=1")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forks
    gc.collect()
    gc.freeze()  # a collection in a fork would write to every page, and so unshare it
    Path(SOCKET).unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(SOCKET)
        Path(SOCKET).chmod(0o666)
        door.listen(128)
        print("warm kernels: ready", flush=True)
        while True:
            caller, _ = door.accept()
            if os.fork() == 0:
                door.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                try:
                    become_kernel(caller)
                except BaseException:
                    traceback.print_exc()
                os._exit(1)
            caller.close()


def become_kernel(caller):
    """In the fork: become the caller's process, then read what is wanted, then run the kernel. Does not return."""
    import pwd
    import random
    import resource
    import struct
    import threading
    from pathlib import Path

    import numpy as np

    limits = {
        "Max data size": resource.RLIMIT_DATA,
        "Max address space": resource.RLIMIT_AS,
        "Max processes": resource.RLIMIT_NPROC,
        "Max open files": resource.RLIMIT_NOFILE,
    }

    pid, uid, gid = struct.unpack("3i", caller.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    os.setsid()  # an interrupt reaches the kernel and what it started
    for line in Path(f"/proc/{pid}/limits").read_text().splitlines():
        for name, limit in limits.items():
            if line.startswith(name):
                low, high = line.removeprefix(name).split()[:2]
                resource.setrlimit(limit, [-1 if one == "unlimited" else int(one) for one in (low, high)])
    if os.getuid() != uid:
        os.initgroups(pwd.getpwuid(uid).pw_name, gid)
        os.setgid(gid)
        os.setuid(uid)

    data, outputs, _, _ = socket.recv_fds(caller, 2**20, 2)
    while not data.endswith(b"\n"):
        more = caller.recv(2**20)
        if not more:
            return
        data += more
    wanted = json.loads(data)
    for number, output in zip((1, 2), outputs):
        os.dup2(output, number)
    os.chdir(wanted["folder"])
    os.environ.clear()
    os.environ.update(wanted["environment"])
    np.random.seed()  # noqa: NPY002 (all forks would draw the same numbers)
    random.seed()
    sys.argv[1:] = []
    del sys.path[0]  # this file's folder

    def live_as_long_as_the_caller():
        caller.recv(1)
        os._exit(1)

    threading.Thread(target=live_as_long_as_the_caller, daemon=True).start()
    import ipywidgets
    from ipykernel.kernelapp import IPKernelApp

    app = IPKernelApp.instance()
    # parent_handle=1: it watches no parent process, the thread above does
    app.initialize(["-f", wanted["connection_file"], "--IPKernelApp.parent_handle=1"])
    ipywidgets.register_comm_target()  # importing it does so only in a kernel; a page that is loaded again asks there
    app.start()
    os._exit(0)


def start(connection_file):
    parent = os.getppid()
    caller = socket.socket(socket.AF_UNIX)
    try:
        caller.connect(SOCKET)
    except OSError:
        os.execv(sys.executable, [sys.executable, "-m", "ipykernel_launcher", "-f", connection_file])
    environment = {name: value for name, value in os.environ.items() if name != "JPY_PARENT_PID"}
    folder = os.getcwd()  # noqa: PTH109 (pathlib takes long to import)
    wanted = {"folder": folder, "environment": environment, "connection_file": connection_file}
    data = json.dumps(wanted).encode() + b"\n"
    sent = socket.send_fds(caller, [data], [1, 2])
    caller.sendall(data[sent:])
    caller.settimeout(1)
    while os.getppid() == parent:  # as kernels do: not longer than the Jupyter server
        try:
            caller.recv(1)  # nothing is ever sent: this returns when the kernel is gone
        except TimeoutError:
            continue
        break


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        serve()
    elif len(sys.argv) == 3 and sys.argv[1] == "start":
        start(sys.argv[2])
    else:
        sys.exit(__doc__)
