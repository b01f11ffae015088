"""Files are written whole or not at all, whatever the disk or the writer does."""

import errno
import os
import time
from pathlib import Path

import pytest
from PIL import Image

from nst_helpers import save_image
from nst_helpers.files import ABANDONED, atomic_write, full_path


def write(path, data=b"new"):
    with atomic_write(path) as file:
        file.write(data)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_new_replaces_the_old(tmp_path):
    write(tmp_path / "made" / "as needed" / "a.bin", b"old")
    write(tmp_path / "made" / "as needed" / "a.bin", b"new")
    assert contents(tmp_path / "made" / "as needed") == {"a.bin": b"new"}


@pytest.mark.parametrize("failure", [KeyboardInterrupt, ValueError, MemoryError])
def test_a_writer_that_fails_leaves_the_old(tmp_path, failure):
    write(tmp_path / "a.bin", b"old")
    with pytest.raises(failure), atomic_write(tmp_path / "a.bin") as file:
        file.write(b"half of the n")
        raise failure
    assert contents(tmp_path) == {"a.bin": b"old"}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG])
def test_a_disk_that_fails_is_named_and_leaves_the_old(tmp_path, monkeypatch, number):
    def fsync(file):
        raise OSError(number, os.strerror(number))

    write(tmp_path / "a.bin", b"old")
    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match=r"^\S*a\.bin cannot be written \(.*\): free some space"):
        write(tmp_path / "a.bin")
    assert contents(tmp_path) == {"a.bin": b"old"}


def test_a_real_limit_on_file_size(tmp_path):
    """The picture from before survives one that does not fit."""
    resource = pytest.importorskip("resource")
    save_image(Image.new("RGB", (8, 8), "red"), tmp_path / "a.png")
    old, (soft, hard) = contents(tmp_path), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(OSError, match=r"a\.png cannot be written \(it is larger than files may be here"):
            save_image(Image.effect_noise((200, 200), 99), tmp_path / "a.png")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert contents(tmp_path) == old


@pytest.mark.parametrize("place", ["a file/a.png", "x" * 300 + ".png"])
def test_a_place_where_nothing_can_be(tmp_path, place):
    (tmp_path / "a file").write_bytes(b"")
    with pytest.raises(OSError, match=r"\.png cannot be written .*choose another place"):
        save_image(Image.new("RGB", (8, 8)), tmp_path / place)
    assert contents(tmp_path) == {"a file": b""}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_or_a_device_stays_what_it_is(tmp_path):
    """The super-user of a container may replace even /dev/null by a file."""
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(OSError, match=r"pipe\.png cannot be written \(it is a folder or a device\): choose another"):
        save_image(Image.new("RGB", (8, 8)), tmp_path / "pipe.png")
    assert (tmp_path / "pipe.png").is_fifo() and [path.name for path in tmp_path.iterdir()] == ["pipe.png"]


def test_errors_that_are_not_the_disks_pass(tmp_path):
    with pytest.raises(ConnectionResetError, match="^by peer$"), atomic_write(tmp_path / "a.bin"):
        raise ConnectionResetError("by peer")


def test_a_link_stays_a_link(tmp_path):
    write(tmp_path / "a.bin", b"old")
    try:
        (tmp_path / "link").symlink_to(tmp_path / "a.bin")
    except OSError:
        pytest.skip("no links here")
    write(tmp_path / "link")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "a.bin").read_bytes() == b"new"


def test_what_killed_processes_left_is_removed(tmp_path):
    """Of this process's own unfinished file, of a dead process's, and of two on another machine, two remain."""
    with atomic_write(tmp_path / "a.bin") as file:
        mine = Path(file.name)
        ours, theirs = mine.name, mine.name.replace(mine.name.split(".")[-4], "elsewhere")
        dead = mine.with_name(ours.replace(f".{os.getpid()}.", ".4194305."))  # above the largest number of a process
        recent, old = (mine.with_name(theirs.replace(f".{os.getpid()}.", f".{n}.")) for n in (1, 2))
        for partial in (dead, recent, old):
            partial.touch()
        # Of another kind, or not to be removed: neither hinders anybody
        mine.with_name(ours.replace(f".{os.getpid()}.", ".nobody.")).touch()
        mine.with_name(ours.replace(f".{os.getpid()}.", ".4194306.")).mkdir()
        os.utime(old, (time.time() - ABANDONED - 1,) * 2)
        with atomic_write(tmp_path / "a.bin") as again:
            again.write(b"another")
        assert mine.exists() and recent.exists() and not dead.exists() and not old.exists()


@pytest.mark.parametrize("path", [3, None, b"x", "a\0b"])
def test_what_is_no_path(path):
    with pytest.raises(ValueError, match="a path must be text without zero bytes, or a Path; this is"):
        full_path(path)


def test_a_wave_stands_for_a_home_if_there_is_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert full_path("~/x") == tmp_path / "x" and full_path("x~") == Path("x~") and full_path("") == Path()
    for nobodys in ("~nobody_of_that_name", "~nobody_of_that_name/x"):
        with pytest.raises(FileNotFoundError, match=f"there is no file {nobodys}: nobody of that name"):
            full_path(nobodys)
    with pytest.raises(FileNotFoundError, match="there is no file ~xxx.*…x+: nobody of that name"):
        full_path("~" + "x" * 400)
    (tmp_path / "~nobody_of_that_name").touch()
    assert full_path("~nobody_of_that_name").exists()
