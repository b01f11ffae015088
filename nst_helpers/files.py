"""Files that are written whole or not at all."""

import contextlib
import errno
import glob
import os
import time
import uuid
from pathlib import Path

# What a disk may answer while bytes are on their way to it. Other errors are not the file's.
DISK_ERRORS = {
    errno.ENOSPC: "the disk is full",
    errno.EFBIG: "it is larger than files may be here",
    errno.EIO: "the disk reports an error",
}
if hasattr(errno, "EDQUOT"):  # not on Windows
    DISK_ERRORS[errno.EDQUOT] = "your share of the disk is used up"
FORGOTTEN = 3600  # seconds after which an unfinished file belongs to nobody: its process was killed


def expanded(path):
    """A path with ``~`` as the home folder that it stands for, if there is one."""
    with contextlib.suppress(RuntimeError):
        return Path(path).expanduser()
    return Path(path)


@contextlib.contextmanager
def written_whole(path):
    """A new binary file to write to; it becomes ``path`` when the block ends well, and else leaves no trace.

    The bytes go into a file beside it, then that is renamed: whoever opens ``path``, even after a
    power cut, finds the old file or the new one, never a part. Folders are made as needed.
    Raises ``OSError`` with a sentence that names the file if it cannot be written.

    >>> with written_whole("numbers.bin") as file:
    ...     file.write(b"123")
    """
    path = Path(os.path.realpath(expanded(path)))  # a link stays a link
    stem = f".{path.name[:40]}."
    partial = path.with_name(f"{stem}{uuid.uuid4().hex[:8]}.partial")
    try:
        with _explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            _remove_forgotten(path.parent, stem)
            file = partial.open("xb")
        with file:
            with _explained(path, DISK_ERRORS):
                yield file
            with _explained(path):
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
        sentence = type(error)(f"{path} cannot be written, {why}: free some space or choose another place")
        sentence.errno = error.errno
        raise sentence from error


def _remove_forgotten(folder, stem):
    for partial in folder.glob(f"{glob.escape(stem)}*.partial"):
        with contextlib.suppress(OSError):  # somebody else was faster
            if time.time() - partial.stat().st_mtime > FORGOTTEN:
                partial.unlink()
