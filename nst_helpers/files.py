"""Shared: paths of files, and files that are written whole or not at all."""

import contextlib
import errno
import glob
import os
import platform
import re
import time
import uuid
from pathlib import Path

import psutil

from .validation import printable, short_repr

# Errors of a disk while it is written to. Any other error in that block is not about the file.
DISK_ERRORS = {
    errno.ENOSPC: "the disk is full",
    errno.EFBIG: "it is larger than files may be here",
    errno.EIO: "the disk reports an error",
}
if hasattr(errno, "EDQUOT"):  # not on Windows
    DISK_ERRORS[errno.EDQUOT] = "your share of the disk is used up"
ABANDONED = 86_400  # seconds after which an unfinished file of another machine is removed


class NotWritten(OSError):
    """A file that cannot be written. The message says which, why, and what to do."""


def full_path(path):
    """``path`` with ``~`` resolved. ``ValueError`` for what is no path, ``FileNotFoundError`` for nobody's home."""
    if not isinstance(path, (str, os.PathLike)) or "\0" in os.fspath(path):
        raise ValueError(f"a path must be text without zero bytes, or a Path; this is {short_repr(path)}")
    path = expanded(path)
    at_home = path.parts[:1] and path.parts[0].startswith("~")
    if at_home and not os.path.exists(path):  # noqa: PTH110 (False, not an error, for a name that is too long)
        raise FileNotFoundError(f"there is no file {printable(path, 300)}: nobody of that name has a home folder here")
    return path


def expanded(path):
    """A path with ``~`` as the home folder that it stands for, if there is one."""
    with contextlib.suppress(RuntimeError):
        return Path(path).expanduser()
    return Path(path)


@contextlib.contextmanager
def atomic_write(path):
    """A new binary file to write to. It becomes ``path`` if the block ends without an error, and else is removed.

    The bytes go into a temporary file beside ``path``, which is renamed at the end: whoever opens ``path``, even after
    a power cut, finds the old file or the new one, never a part. Folders are made as needed.
    Raises ``NotWritten``, an ``OSError``, if it cannot be written. Other errors in the block pass.

    >>> with atomic_write("numbers.bin") as file:
    ...     file.write(b"123")
    """
    path = Path(os.path.realpath(full_path(path)))  # a link stays a link
    if os.path.exists(path) and not os.path.isfile(path):  # noqa: PTH110, PTH113 (False for a name that is too long)
        raise NotWritten(f"{printable(path, 300)} cannot be written (it is a folder or a device): choose another place")
    stem, host = f".{path.name[:40]}.", re.sub(r"\W", "_", platform.node())[:40]
    partial = path.with_name(f"{stem}{host}.{os.getpid()}.{uuid.uuid4().hex[:8]}.partial")
    try:
        with _explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            _remove_abandoned(path.parent, stem, host)
            file = partial.open("xb")
        with _explained(path, DISK_ERRORS), file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        with _explained(path):
            partial.replace(path)
    except BaseException:  # an interrupt too
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def _explained(path, only=None):
    """Errors of the file system (``only`` those with these numbers) as one sentence about ``path``."""
    try:
        yield
    except OSError as error:
        if only and error.errno not in only:
            raise
        why = DISK_ERRORS.get(error.errno) or (error.strerror or str(error)).lower()
        raise NotWritten(
            f"{printable(path, 300)} cannot be written ({why}): free some space or choose another place"
        ) from error


def _remove_abandoned(folder, stem, host):
    """Remove unfinished versions of this file that killed processes left behind."""
    for partial in folder.glob(f"{glob.escape(stem)}*.partial"):
        with contextlib.suppress(OSError, ValueError):  # another process was faster; a name of another kind
            _, its_host, pid, _, _ = partial.name.rsplit(".", 4)
            dead = its_host == host and not psutil.pid_exists(int(pid))
            if dead or time.time() - partial.stat().st_mtime > ABANDONED:
                partial.unlink()
