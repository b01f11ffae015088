"""A student's answer in a process of its own, which is only asked for results: in JSON, which runs nothing."""

import base64
import contextlib
import ctypes
import itertools
import json
import numbers
import os
import re
import socket
import sys
import tempfile
import threading
from decimal import Decimal
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch

MORE_MEMORY = 4 << 30  # bytes beyond what the imports took
LARGEST_FILE = 100 << 20
PROCESSES = 64
LARGEST_REPLY = 10 << 20
IMPORTED = ["d2l.torch", "nbformat", "nst_helpers", "psutil", "skimage.data"]  # once; a fork of that starts at once
# Of Linux: flags of unshare, of mount, of prctl; the number of mount_setattr
NEW_USER, NEW_NETWORK, NEW_PROCESSES, NEW_MOUNTS = 0x10000000, 0x40000000, 0x20000000, 0x20000
READ_ONLY, BIND, ALL_BELOW = 1, 4096, 0x8000
DIE_WITH_PARENT, NO_NEW_PRIVILEGES, MOUNT_SETATTR = 1, 38, 442

# What is said between the two


def encode(value):
    """A value as what JSON has: tensors and arrays as bytes in base64, what is no number, text or list as text."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if value is ...:
        return {"stub": True}
    if isinstance(value, torch.Tensor):
        array = value.detach().cpu()
        return {"tensor": _packed((array.float() if array.dtype == torch.bfloat16 else array).numpy()),
                "grad": value.requires_grad and value.is_leaf}  # fmt: skip
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in "biuf":
        return {"array": _packed(np.asarray(value))}
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, (numbers.Real, Decimal)):
        return float(value)
    if isinstance(value, dict):
        return {"dict": [[str(key), encode(one)] for key, one in value.items()]}
    try:
        many = list(itertools.islice(value, 100_000))
    except TypeError:
        return {"other": repr(value)[:200]}
    return {"tuple" if isinstance(value, tuple) else "list": [encode(one) for one in many]}


def _packed(array):
    return [str(array.dtype), list(array.shape), base64.b64encode(np.ascontiguousarray(array)).decode()]


class Other:
    """Something that is neither a number, nor text, nor a list of such."""

    def __init__(self, text):
        self.text = text

    def __repr__(self):
        return self.text


def decode(sent):
    """The value that ``encode`` wrote. Raises ``ValueError`` or its like for nonsense, and runs nothing."""
    if not isinstance(sent, dict):
        return sent
    (kind, value), *_ = sent.items()
    if kind in ("tensor", "array"):
        dtype, shape, data = value
        array = np.frombuffer(base64.b64decode(data), dtype).reshape(shape).copy()
        if kind == "array":
            return array[()]
        return torch.from_numpy(array).requires_grad_(bool(sent.get("grad")) and array.dtype.kind == "f")
    if kind == "dict":
        return {key: decode(one) for key, one in value}
    if kind in ("list", "tuple"):
        return {"list": list, "tuple": tuple}[kind](map(decode, value))
    return ... if kind == "stub" else Other(str(value))


# On the student's side


def isolate(folder, pipe, hidden):
    """No network, no open file but one, no other processes, nothing to write to but a folder, nothing in the hidden
    folders, little memory; as far as the system grants it. Returns whether it grants all."""
    own = tempfile.tempdir = os.environ["TMPDIR"] = tempfile.mkdtemp(dir=folder)
    os.chdir(own)
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    torch.set_num_threads(1)

    def no_network(*args, **keywords):
        raise OSError("there is no network while answers are graded")

    socket.socket = socket.create_connection = socket.getaddrinfo = no_network
    if os.name != "posix":
        return False
    import resource

    import psutil

    os.closerange(3, pipe)
    os.closerange(pipe + 1, 4096)
    os.setsid()
    for what, most in [(resource.RLIMIT_AS, psutil.Process().memory_info().vms + MORE_MEMORY),
                       (resource.RLIMIT_FSIZE, LARGEST_FILE)]:  # fmt: skip
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(what, (most, most))
    if sys.platform == "linux":
        system, user, group, doors = ctypes.CDLL(None), os.getuid(), os.getgid(), sockets()
        if system.unshare(NEW_USER | NEW_NETWORK | NEW_PROCESSES | NEW_MOUNTS) == 0:
            for what, text in ("setgroups", "deny"), ("uid_map", f"1000 {user} 1"), ("gid_map", f"1000 {group} 1"):
                with contextlib.suppress(OSError):
                    Path("/proc/self", what).write_text(text)
            closed = close_doors(system, own, [*hidden, *(doors or ())]) and doors is not None
            os.chdir(own)  # as it is mounted now
            child = os.fork()  # the first process of the new kind: what it starts dies with it, and sees nothing else
            if child:
                os.waitpid(child, 0)
                os._exit(0)
            system.prctl(DIE_WITH_PARENT, 9)
            resource.setrlimit(resource.RLIMIT_NPROC, (PROCESSES, PROCESSES))
            return closed
    return False


def sockets():
    """Files through which other programs of this account take orders: a desktop, a terminal, the fork server.

    ``None`` if the system does not list them.
    """
    try:
        return set(re.findall(" (/.*)", Path("/proc/net/unix").read_text(errors="surrogateescape")))
    except OSError:
        return None


def close_doors(system, own, hidden):
    """In a mount namespace of its own, for good: files are read-only, ``own`` is a small disk, what is hidden is
    empty. Returns whether the system allows it."""
    read_only = (ctypes.c_uint64 * 4)(READ_ONLY)
    refused = system.syscall(MOUNT_SETATTR, -1, b"/", ALL_BELOW, read_only, ctypes.sizeof(read_only))
    system.mount(b"none", os.fsencode(own), b"tmpfs", 0, b"size=%d" % LARGEST_FILE)
    for path in map(os.fsencode, hidden):
        system.mount(b"none", path, b"tmpfs", READ_ONLY, None)
        system.mount(b"/dev/null", path, None, BIND, None)  # if it is a file
    system.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    system.capset((ctypes.c_uint32 * 2)(0x20080522), (ctypes.c_uint32 * 6)())  # gives up the right to undo this
    return not refused


def serve(pipe, folder, hidden, code, expression):
    """Run the code, say what its answer is, then call it as often as asked."""
    pipe.send_bytes(json.dumps(isolate(folder, pipe.fileno(), hidden)).encode())  # from now on the time counts
    results = {}

    def call(args):
        args = [decode(it) for it in args]
        result = scope["answer"](*args)
        results["last"] = result, [it for it in args if isinstance(it, torch.Tensor) and it.requires_grad]
        grad = isinstance(result, torch.Tensor) and result.requires_grad
        return {"result": encode(result), "args": [encode(it) for it in args], "grad": grad}

    def slope(grad):
        result, inputs = results["last"]
        found = torch.autograd.grad(result, inputs, decode(grad).to(result), retain_graph=True, allow_unused=True)
        return {"result": [encode(torch.zeros_like(it) if one is None else one) for one, it in zip(found, inputs)]}

    def start():
        exec(compile(code, "answer", "exec"), scope)
        scope["answer"] = value = eval(expression, scope)
        return {"callable": True} if callable(value) else {"value": encode(value)}

    scope = {"__name__": "__main__", "display": lambda *_, **__: None}
    request = {"start": ()}
    while True:
        try:
            ((what, value),) = request.items()
            reply = start() if what == "start" else {"call": call, "slope": slope}[what](value)
        except BaseException as error:  # SystemExit too
            reply = {"error": [type(error).__name__, str(error)]}
        pipe.send_bytes(json.dumps(reply).encode())
        try:
            request = json.loads(pipe.recv_bytes())
        except EOFError:
            return


# On the teacher's side


class Answer:
    """A student's answer in a process of its own. The process is only asked for results, and killed after a while."""

    hidden = ()  # folders that it shall not see, where the system can hide them
    closed = True  # whether the system kept all answers from network and files

    def __init__(self, folder, code, expression, names, seconds):
        context = get_context("forkserver" if sys.platform == "linux" else "spawn")
        context.set_forkserver_preload(IMPORTED)
        self.pipe, theirs = context.Pipe()
        self.names, self.late = names, False
        self.process = context.Process(target=serve, args=(theirs, folder, self.hidden, code, expression), daemon=True)
        self.process.start()
        theirs.close()
        with contextlib.suppress(EOFError):
            Answer.closed &= json.loads(self.pipe.recv_bytes())  # it is ready: now the time counts
        self.timer = threading.Timer(seconds, self.kill, [seconds])
        self.timer.start()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.timer.cancel()
        self.kill(self.late)
        self.process.join()

    def kill(self, late):
        self.late = late
        for kill in (getattr(os, "killpg", os.kill), os.kill):  # a group first
            with contextlib.suppress(OSError):
                kill(self.process.pid, 9)
        with contextlib.suppress(OSError, AttributeError), socket.fromfd(self.pipe.fileno(), socket.AF_UNIX, 1) as end:
            end.shutdown(socket.SHUT_RDWR)  # who waits for an answer stops, though a fork of it may be left

    def ask(self, **request):
        """Send a request, give the reply. Raises what the student's code raised; ``AssertionError`` if it ended."""
        try:
            if request:
                self.pipe.send_bytes(json.dumps(request).encode())
            reply = json.loads(self.pipe.recv_bytes(LARGEST_REPLY))
            error = reply.get("error")
        except (EOFError, OSError, ValueError, AttributeError):
            what = f"takes longer than {self.late:g} seconds" if self.late else "ends its process, or answers nonsense"
            raise AssertionError(f"your code {what}") from None
        if error:
            kind, text = (str(it)[:300] for it in error)
            raise SystemExit if kind == "SystemExit" else type(kind, (Exception,), {})(text)
        return reply

    def value(self):
        """The answer itself, or a function that has it called."""
        reply = self.ask()
        if not reply.get("callable"):
            return decode(reply["value"])

        def call(*args):
            reply = self.ask(call=[encode(it) for it in args])
            for mine, theirs in zip(args, map(decode, reply["args"])):
                if torch.is_tensor(mine) and torch.is_tensor(theirs) and mine.shape == theirs.shape:
                    mine.data.copy_(theirs)  # what it changed in place, we see
            result = decode(reply["result"])
            inputs = [it for it in args if torch.is_tensor(it) and it.requires_grad]
            return Slope.apply(self, result, *inputs) if reply["grad"] and torch.is_tensor(result) else result

        call.names = self.names
        return call


class Slope(torch.autograd.Function):
    """A result whose gradient the student's process is asked for."""

    @staticmethod
    def forward(ctx, answer, value, *inputs):
        ctx.answer, ctx.inputs = answer, inputs
        return value.clone()

    @staticmethod
    def backward(ctx, grad):
        slopes = map(decode, ctx.answer.ask(slope=encode(grad))["result"])
        return None, None, *(slope.reshape(it.shape).to(it.dtype) for slope, it in zip(slopes, ctx.inputs))
