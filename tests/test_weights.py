"""The download is tested for real, against a small server on this machine that can misbehave."""

import contextlib
import errno
import hashlib
import http.server
import io
import itertools
import multiprocessing
import os
import pickle
import re
import signal
import socket
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import save_file

from nst_helpers import (
    DEFAULTS,
    LAYER_NAMES,
    WeightsError,
    download,
    extract_features,
    find_weights,
    load_vgg19,
    weights,
)
from nst_helpers.download import fetch_imagenet
from nst_helpers.layers import CONV_NAMES, DEPTHS
from nst_helpers.weights import EMBEDDED, Parameters, random_parameters, read_checkpoint

PROCESSES = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")  # a fork has torch imported


def checkpoint(parameters, legacy=False, **changes):
    """The bytes of a file as torchvision writes it; ``changes`` replace or (``None``) leave out tensors."""
    state = {}
    for key, tensor in parameters.tensors.items():
        name, kind = key.split(".")
        state[f"features.{LAYER_NAMES.index(name)}.{kind}"] = tensor
    state["classifier.6.bias"] = torch.zeros(5)
    for key, tensor in changes.items():
        state[key.replace("__", ".")] = tensor
    buffer = io.BytesIO()
    torch.save(
        {key: tensor for key, tensor in state.items() if tensor is not None},
        buffer,
        _use_new_zipfile_serialization=not legacy,
    )
    return buffer.getvalue()


# The server. A behavior answers one request; the last one in the list answers all that follow.


def whole(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", len(handler.server.data))
    handler.end_headers()
    handler.wfile.write(handler.server.data)


def status(code):
    return lambda handler: handler.send_error(code)


def cut(handler):
    """Promise everything, send half, close."""
    handler.send_response(200)
    handler.send_header("Content-Length", len(handler.server.data))
    handler.end_headers()
    handler.wfile.write(handler.server.data[: len(handler.server.data) // 2])


def cut_chunk(handler):
    """The same as proxies send it: the length is not known before."""
    handler.protocol_version = "HTTP/1.1"
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    handler.wfile.write(b"%x\r\n" % len(handler.server.data))
    handler.wfile.write(handler.server.data[: len(handler.server.data) // 2])


def reset(handler):
    """Send half, then break the connection hard."""
    cut(handler)
    handler.wfile.flush()
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    handler.connection.close()


def damaged(handler):
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(handler.server.data[:-1] + b"?")


def login_page(handler):
    """What a hotel's network answers to every address."""
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(b"<html>please log in</html>")


def silent(handler):
    handler.server.over.wait(30)


def not_http(handler):
    handler.wfile.write(b"220 welcome to another service\r\n")


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        with server.lock:
            server.requests.append(self.path)
            behave = server.script.pop(0) if len(server.script) > 1 else server.script[0]
        with contextlib.suppress(OSError):
            behave(self)

    def finish(self):
        with contextlib.suppress(OSError, ValueError):
            super().finish()

    def log_message(self, *args):
        pass


@pytest.fixture
def server(parameters):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.data, server.script, server.requests = checkpoint(parameters), [whole], []
        server.lock, server.over = threading.Lock(), threading.Event()
        name = f"vgg19-{hashlib.sha256(server.data).hexdigest()[:8]}.pth"
        server.url = f"http://127.0.0.1:{server.server_port}/models/{name}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server
        server.over.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache of torch's, no proxy on the way to this machine, no pause between tries."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setattr(urllib.request, "_opener", None)  # it keeps the proxies of its first use
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(download, "time", SimpleNamespace(sleep=lambda seconds: None, monotonic=time.monotonic))
    return tmp_path / "torch" / "hub" / "checkpoints"


def nothing_left(cache):
    return not cache.exists() or not list(cache.iterdir())


@pytest.mark.parametrize("legacy", [False, True], ids=["new file format", "old file format"])
def test_download(server, cache, parameters, monkeypatch, capsys, legacy):
    server.data = checkpoint(parameters, legacy)
    name = f"vgg19-{hashlib.sha256(server.data).hexdigest()[:8]}.pth"
    monkeypatch.setattr(download, "IMAGENET_URL", f"http://127.0.0.1:{server.server_port}/{name}")
    for _ in range(2):  # the second time from the cache
        net = load_vgg19("imagenet", device="cpu")
        assert net.source == "imagenet" and net.settings == DEFAULTS["imagenet"]
        assert (net.conv5_4.weight == parameters.tensors["conv5_4.weight"]).all()
        assert server.requests == [f"/{name}"]
    assert [path.name for path in cache.iterdir()] == [name]
    assert (cache / name).read_bytes() == server.data
    out, err = capsys.readouterr()
    assert out.count("548 MB") == 1 and re.search(r"100(\.0)?%", err)  # announced, and a progress bar


FAILURES = {
    "forbidden": (status(403), 1, "the server answered 403"),
    "not found": (status(404), 1, "the server answered 404"),
    "server error": (status(500), 3, "the server answered 500"),
    "cut half-way": (cut, 3, "incomplete or damaged|broke"),
    "chunk cut half-way": (cut_chunk, 3, "incomplete or damaged|broke"),
    "reset half-way": (reset, 3, "incomplete or damaged|broke"),
    "damaged": (damaged, 3, "its hash is wrong"),
    "login page": (login_page, 3, "its hash is wrong"),
    "not http": (not_http, 3, "broke|cannot be reached"),
}


@pytest.mark.parametrize("behave, requests, words", FAILURES.values(), ids=FAILURES)
def test_failed_download(server, cache, behave, requests, words):
    server.script = [behave]
    with pytest.raises(WeightsError, match=words) as caught:
        fetch_imagenet(server.url)
    message = str(caught.value)
    assert f"127.0.0.1:{server.server_port}" in message and "NST_WEIGHTS=embedded" in message
    assert len(server.requests) == requests and nothing_left(cache)


@pytest.mark.parametrize("place", ["to itself", "nowhere://x", "http://[", "http://\u00e4\u0000/x"])
def test_redirected(server, cache, place):
    def elsewhere(handler):
        handler.send_response(302)
        handler.send_header("Location", handler.path if place == "to itself" else place)
        handler.end_headers()

    server.script = [elsewhere]
    with pytest.raises(WeightsError, match="NST_WEIGHTS=embedded") as caught:
        fetch_imagenet(server.url)
    assert "\n" not in str(caught.value) and nothing_left(cache)


def test_a_length_that_is_no_number(server, cache):
    def strange(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "a lot")
        handler.end_headers()
        handler.wfile.write(handler.server.data)

    server.script = [strange]
    assert fetch_imagenet(server.url).read_bytes() == server.data


@pytest.mark.parametrize("behave", [status(500), status(503), cut, reset, damaged])
def test_tries_again(server, cache, behave):
    server.script = [behave, behave, whole]
    path = fetch_imagenet(server.url)
    assert len(server.requests) == 3 and path.read_bytes() == server.data
    assert [path] == list(cache.iterdir())


def test_waits_between_tries(server, cache, monkeypatch):
    server.script, pauses = [status(500)], []
    monkeypatch.setattr(download, "time", SimpleNamespace(sleep=pauses.append, monotonic=time.monotonic))
    with pytest.raises(WeightsError):
        fetch_imagenet(server.url)
    assert len(pauses) == 2 and 0 < sum(pauses) < 10


def test_refused_connection(server, cache):
    server.shutdown()
    server.server_close()
    with pytest.raises(WeightsError, match="127.0.0.1.* cannot be reached .*refused"):
        fetch_imagenet(server.url)
    assert nothing_left(cache)


def test_unknown_host(cache):
    with pytest.raises(WeightsError, match="nowhere.invalid cannot be reached"):
        fetch_imagenet("http://nowhere.invalid/vgg19-00000000.pth")


def test_silent_server(server, cache, monkeypatch):
    monkeypatch.setattr(download, "TIMEOUT", 0.3)
    server.script = [silent]
    start = time.monotonic()
    with pytest.raises(WeightsError, match="timed out"):
        fetch_imagenet(server.url)
    assert time.monotonic() - start < 10 and nothing_left(cache)
    assert socket.getdefaulttimeout() is None  # as it was


@pytest.mark.parametrize("behave, words", [(status(403), "403"), (cut, "damaged|broke"), (whole, None)])
def test_auto(server, cache, monkeypatch, capsys, behave, words):
    """What can be fetched is taken; what cannot is replaced, and a visible line says why."""
    monkeypatch.delenv("NST_WEIGHTS", raising=False)
    monkeypatch.setattr(download, "IMAGENET_URL", server.url)
    server.script = [behave]
    found = find_weights()
    if words is None:
        assert found.source == "imagenet" and not found.note
    else:
        assert found.source == "embedded" and re.search(f"ImageNet weights are not used: .*({words})", found.note)
        capsys.readouterr()
        load_vgg19(found, device="cpu")
        assert found.note in capsys.readouterr().out


def test_auto_with_a_damaged_cache(server, cache, monkeypatch):
    monkeypatch.delenv("NST_WEIGHTS", raising=False)
    monkeypatch.setattr(download, "IMAGENET_URL", server.url)
    cache.mkdir(parents=True)
    (cache / Path(server.url).name).write_bytes(server.data[:1000])
    found = find_weights()
    assert found.source == "embedded" and str(cache) in found.note and "delete it" in found.note


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="no signals to send to a thread")
def test_stop_during_auto_download(server, cache, monkeypatch):
    """The stop button, pressed half-way: the embedded weights are taken and nothing is left behind."""
    monkeypatch.delenv("NST_WEIGHTS", raising=False)
    monkeypatch.setattr(download, "IMAGENET_URL", server.url)

    def stop(handler):
        cut(handler)
        handler.wfile.flush()
        time.sleep(0.1)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        silent(handler)

    server.script = [stop]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a process in the background ignores it
    try:
        found = find_weights("auto")
    finally:
        signal.signal(signal.SIGINT, before)
    assert found.source == "embedded" and "the download was stopped" in found.note and nothing_left(cache)


def test_stop_during_wanted_download(cache, monkeypatch):
    """Who asked for imagenet and pressed Stop gets an interrupt, not other weights."""

    def stop(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(download, "_download", stop)
    with pytest.raises(KeyboardInterrupt):
        find_weights("imagenet")


def test_cache_below_a_file(server, tmp_path, cache, monkeypatch):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "file"))
    with pytest.raises(WeightsError, match="cannot be written .*set TORCH_HOME") as caught:
        fetch_imagenet(server.url)
    assert str(tmp_path / "file") in str(caught.value) and not server.requests


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="no users to change to")
@pytest.mark.parametrize("exists", [True, False], ids=["folder there", "folder to be made"])
def test_read_only_cache(server, cache, monkeypatch, exists):
    with tempfile.TemporaryDirectory() as folder:  # not tmp_path, whose parents only root may enter
        Path(folder).chmod(0o755)
        checkpoints = Path(folder, "hub", "checkpoints")
        if exists:
            checkpoints.mkdir(parents=True)
        monkeypatch.setenv("TORCH_HOME", folder)
        for path in (checkpoints, Path(folder)):
            if path.exists():
                path.chmod(0o555)
        before = os.geteuid()
        if before == 0:
            os.seteuid(65534)  # root may write everywhere
        try:
            with pytest.raises(WeightsError, match="cannot be written .*set TORCH_HOME") as caught:
                fetch_imagenet(server.url)
        finally:
            os.seteuid(before)
            for path in (checkpoints, Path(folder)):
                if path.exists():
                    path.chmod(0o755)
        assert str(checkpoints) in str(caught.value) and not server.requests


@pytest.mark.parametrize("number", ["ENOSPC", "EDQUOT", "EFBIG", "EIO"])
def test_a_disk_that_fails_is_not_called_a_broken_connection(server, cache, monkeypatch, number):
    number = getattr(errno, number, errno.ENOSPC)

    def full(file):  # as file.write does: without a file name
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WeightsError, match="cannot be written .*set TORCH_HOME") as caught:
        fetch_imagenet(server.url)
    assert str(cache) in str(caught.value) and "connection" not in str(caught.value)
    assert len(server.requests) == 1 and nothing_left(cache)


def test_one_byte_at_a_time(server, cache, monkeypatch):
    """Never silent for long, and never done."""

    def drip(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", len(handler.server.data))
        handler.end_headers()
        while not handler.server.over.wait(0.05):
            handler.wfile.write(b"x")
            handler.wfile.flush()

    monkeypatch.setattr(download, "TIMEOUT", 0.3)
    server.script = [drip]
    with pytest.raises(WeightsError, match=r"broke \(it brought \d+ bytes in 1 seconds\).*NST_WEIGHTS=embedded"):
        fetch_imagenet(server.url)
    assert len(server.requests) == 1 and nothing_left(cache)


@pytest.mark.parametrize("seconds, fast", [(1, True), (100, False)])
def test_enough_bytes_in_every_half_minute(server, cache, monkeypatch, seconds, fast):
    """By a clock on which every block takes so long."""
    clock = itertools.count(0, seconds)
    slow = SimpleNamespace(sleep=lambda seconds: None, monotonic=lambda: next(clock))
    monkeypatch.setattr(download, "time", slow)
    server.data = os.urandom(5 << 20)
    url = f"http://127.0.0.1:{server.server_port}/vgg19-{hashlib.sha256(server.data).hexdigest()[:8]}.pth"
    if fast:
        assert fetch_imagenet(url).read_bytes() == server.data
    else:
        with pytest.raises(WeightsError, match=r"broke \(it brought \d+ bytes in 100 seconds\)"):
            fetch_imagenet(url)
        assert len(server.requests) == 1 and nothing_left(cache)


def test_a_cached_file_is_checked_once_and_again_when_it_changes(server, cache, monkeypatch):
    path = fetch_imagenet(server.url)
    opened = []
    before = Path.open
    monkeypatch.setattr(Path, "open", lambda self, *args, **kw: opened.append(self) or before(self, *args, **kw))
    for _ in range(3):
        assert fetch_imagenet(server.url) == path
    assert opened.count(path) == 1
    path.write_bytes(server.data[:-1] + b"?")
    with pytest.raises(WeightsError, match=r"not the file that was published .*: delete it"):
        fetch_imagenet(server.url)
    assert path.exists() and len(server.requests) == 1


@pytest.mark.parametrize("note", ["no text", "a folder"])
def test_what_was_noted_of_a_check_may_be_anything(server, cache, note):
    path = fetch_imagenet(server.url)
    fetch_imagenet(server.url)
    (mark,) = cache.parent.glob("*.checked")
    mark.unlink()
    mark.write_bytes(b"\xff\xfe") if note == "no text" else mark.mkdir()
    assert fetch_imagenet(server.url) == path and len(server.requests) == 1


def fetch_and_read(url):
    read_checkpoint(fetch_imagenet(url), "imagenet")


def test_two_processes_at_once(server, cache):
    """Both requests are held until both are there, so that the two downloads overlap for sure."""
    both = threading.Barrier(2)

    def together(handler):
        both.wait(120)
        whole(handler)

    server.script = [together]
    runs = [PROCESSES.Process(target=fetch_and_read, args=(server.url,)) for _ in range(2)]
    for run in runs:
        run.start()
    for run in runs:
        run.join(180)
    assert [run.exitcode for run in runs] == [0, 0]
    assert len(server.requests) == 2
    assert [path.read_bytes() for path in cache.iterdir()] == [server.data]


def test_a_proxy_that_is_down_is_named_as_unreachable(server, cache, monkeypatch):
    """Proxies of the environment are used, and what they refuse is a sentence too."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    with pytest.raises(WeightsError, match="cannot be reached"):
        fetch_imagenet(server.url)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(urllib.request, "_opener", None)
    assert fetch_imagenet(server.url).is_file()


def test_url_is_torchvisions():
    assert download.IMAGENET_URL.endswith("/vgg19-dcbb9e9d.pth") and download.IMAGENET_URL.startswith("https://")


# Files.


class Evil:
    """Runs code when unpickled, unless ``weights_only=True``."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return Path.touch, (self.marker,)


@pytest.mark.parametrize("form", ["new", "old", "pickle"])
def test_code_in_a_checkpoint_is_not_run(tmp_path, form):
    marker, path = tmp_path / "ran", tmp_path / "evil.pth"
    state = {"features.0.weight": Evil(marker)}
    if form == "pickle":
        path.write_bytes(pickle.dumps(state))
    else:
        torch.save(state, path, _use_new_zipfile_serialization=form == "new")
    with pytest.raises(WeightsError, match="evil.pth"):
        find_weights(path)
    assert not marker.exists()
    pickle.loads(pickle.dumps(state))  # this is what it would have done
    assert marker.exists()


@pytest.mark.parametrize("source", ["str", "Path"])
@pytest.mark.parametrize("legacy", [False, True])
def test_local_checkpoint(tmp_path, parameters, source, legacy):
    path = tmp_path / "mine.pth"
    path.write_bytes(checkpoint(parameters, legacy))
    found = find_weights(str(path) if source == "str" else path)
    assert found.source == "mine.pth" and found.widths == (4, 6, 8, 8, 8)
    assert set(found.tensors) == set(parameters.tensors)
    assert all((found.tensors[key] == tensor).all() for key, tensor in parameters.tensors.items())


def test_checkpoint_does_not_keep_its_file(tmp_path, parameters):
    """Its tensors are copies: the file may go, or change, and the network stays."""
    path = tmp_path / "mine.pth"
    path.write_bytes(checkpoint(parameters))
    found = read_checkpoint(path, "mine")
    path.write_bytes(b"\0" * path.stat().st_size)
    assert (found.tensors["conv1_1.weight"] == parameters.tensors["conv1_1.weight"]).all()


def unusable(parameters):
    good = checkpoint(parameters)
    return {
        "empty": b"",
        "text": b"abc",
        "noise": torch.randint(0, 256, (999,), dtype=torch.uint8).numpy().tobytes(),
        "web page": b"<html>not found</html>",
        "half a pickle": b"\x80\x05X",
        "cut at the start": good[:100],
        "cut in the middle": good[: len(good) // 2],
        "cut at the end": good[:-1],
        "old format, cut": checkpoint(parameters, legacy=True)[:-100],
        "key missing": checkpoint(parameters, features__28__weight=None),
        "a number": checkpoint(parameters, features__28__weight=3),
        "wrong shape": checkpoint(parameters, features__28__weight=torch.zeros(3, 3)),
        "not a number": checkpoint(parameters, features__28__bias=torch.full((8,), float("nan"))),
        "infinite": checkpoint(parameters, features__28__bias=torch.full((8,), 1e300, dtype=torch.double)),
        "no channels": checkpoint(_without_channels()),
        "no bias at all": checkpoint(parameters, features__0__bias=torch.tensor(1.0)),
        "a list": _saved([1, 2]),
        "a tensor": _saved(torch.zeros(3)),
    }


def _without_channels():
    """VGG-19 whose second block has no channels at all: every shape fits the next."""
    tensors, widths = {}, (4, 0, 8, 8, 8)
    for name, channels, width in zip(
        CONV_NAMES,
        (3, *(w for w, n in zip(widths, DEPTHS) for _ in range(n))),
        (w for w, n in zip(widths, DEPTHS) for _ in range(n)),
    ):
        tensors[f"{name}.weight"], tensors[f"{name}.bias"] = torch.zeros(width, channels, 3, 3), torch.zeros(width)
    return Parameters("", tensors, widths)


def _saved(thing):
    buffer = io.BytesIO()
    torch.save(thing, buffer)
    return buffer.getvalue()


@pytest.mark.filterwarnings("ignore::UserWarning")  # torch on strange pickles
@pytest.mark.parametrize("case", list(unusable(random_parameters((1, 1, 1, 1, 1)))))
def test_unusable_checkpoint(tmp_path, parameters, case):
    path = tmp_path / "bad.pth"
    path.write_bytes(unusable(parameters)[case])
    with pytest.raises(WeightsError) as caught:
        load_vgg19(path, device="cpu", verbose=False)
    assert str(path) in str(caught.value) and "(None)" not in str(caught.value)


def test_what_came_from_the_network_is_to_be_fetched_again(tmp_path):
    (tmp_path / "vgg19.pth").write_bytes(b"abc")
    with pytest.raises(WeightsError, match=r"\): delete it, then run this again to download it$"):
        read_checkpoint(tmp_path / "vgg19.pth", "imagenet")


HEADER = {"padding": "reflect", "pooling": "average", "source": "ours"}


def test_local_safetensors(tmp_path, parameters):
    path = tmp_path / "mine.safetensors"
    save_file({key: tensor.half() for key, tensor in parameters.tensors.items()}, path, HEADER)
    net = load_vgg19(path, device="cpu", verbose=False)
    assert net.source == "ours" and net.conv1_1.weight.dtype == torch.float32
    assert net.conv1_1.padding_mode == "reflect" and isinstance(net.pool1, torch.nn.AvgPool2d)


def test_local_safetensors_without_a_name(tmp_path, parameters):
    path = tmp_path / "mine.safetensors"
    save_file(parameters.tensors, path, {"padding": "zeros", "pooling": "max"})
    net = load_vgg19(path, device="cpu", verbose=False)
    assert net.source == "mine.safetensors"
    assert net.conv1_1.padding_mode == "zeros" and isinstance(net.pool1, torch.nn.MaxPool2d)


@pytest.mark.parametrize("case", ["garbage", "empty", "truncated", "no header", "key missing", "other padding"])
def test_unusable_safetensors(tmp_path, parameters, case):
    path, tensors, header = tmp_path / "bad.safetensors", dict(parameters.tensors), dict(HEADER)
    if case == "key missing":
        del tensors["conv4_1.bias"]
    if case == "other padding":
        header["padding"] = "sideways"
    save_file(tensors, path, None if case == "no header" else header)
    if case == "garbage":
        path.write_bytes(b"garbage" * 99)
    elif case == "empty":
        path.write_bytes(b"")
    elif case == "truncated":
        path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(WeightsError) as caught:
        load_vgg19(path, device="cpu", verbose=False)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("path", ["no/such.pth", "such.pth", "no/such.safetensors", "/tmp"])
def test_missing_file(path):
    with pytest.raises(WeightsError, match=f"no weights file at {path}"):
        find_weights(path)


# Sources.


def test_unknown_source():
    with pytest.raises(ValueError, match="'imagnet': use one of auto, imagenet, embedded, random"):
        find_weights("imagnet")


@pytest.mark.parametrize("asked", ["random", "embedded", " random "])
def test_environment_decides_auto_and_only_auto(monkeypatch, asked):
    monkeypatch.setenv("NST_WEIGHTS", asked)
    assert find_weights().source == asked.strip()
    assert find_weights("embedded").source == "embedded"


def test_environment_with_a_file_or_a_mistake(monkeypatch, tmp_path, parameters):
    (tmp_path / "mine.pth").write_bytes(checkpoint(parameters))
    monkeypatch.setenv("NST_WEIGHTS", str(tmp_path / "mine.pth"))
    assert find_weights().source == "mine.pth"
    monkeypatch.setenv("NST_WEIGHTS", "embeded")
    with pytest.raises(ValueError, match="'embeded'"):
        find_weights()


def test_empty_environment_means_auto(monkeypatch):
    monkeypatch.setenv("NST_WEIGHTS", "")
    monkeypatch.setattr(weights, "fetch_imagenet", lambda: (_ for _ in ()).throw(WeightsError("no network")))
    assert "no network" in find_weights().note


def test_embedded():
    if not EMBEDDED.is_file():
        pytest.skip("no embedded weights yet")
    found = find_weights("embedded")
    assert set(found.tensors) == {f"{name}.{kind}" for name in CONV_NAMES for kind in ("weight", "bias")}
    assert all(tensor.dtype == torch.float32 and tensor.isfinite().all() for tensor in found.tensors.values())
    assert found.source == "embedded" and EMBEDDED.stat().st_size < 4e6
    net = load_vgg19("embedded", device="cpu", verbose=False)
    assert net.settings == DEFAULTS["embedded"]


def test_embedded_missing(monkeypatch, tmp_path):
    monkeypatch.setattr(weights, "EMBEDDED", tmp_path / "none.safetensors")
    with pytest.raises(WeightsError, match="none.safetensors"):
        find_weights("embedded")


def test_random_is_seeded():
    one, same, other = (random_parameters((4,) * 5, seed).tensors["conv3_2.weight"] for seed in (0, 0, 1))
    assert (one == same).all() and not torch.allclose(one, other)
    assert torch.equal(one, random_parameters((4,) * 5).tensors["conv3_2.weight"])


def test_random_has_he_variance():
    found = find_weights("random")
    assert found.source == "random" and found.widths == (64, 128, 256, 512, 512)
    same = random_parameters((64, 1, 1, 1, 1), seed=0).tensors["conv1_1.weight"]
    assert torch.equal(found.tensors["conv1_1.weight"], same)
    for name in ("conv2_1", "conv3_1", "conv4_2"):
        weight = found.tensors[f"{name}.weight"]
        assert weight.var().item() == pytest.approx(2 / (9 * weight.shape[1]), rel=0.02)
        assert abs(weight.mean().item()) < 1e-3 and (found.tensors[f"{name}.bias"] == 0).all()


def test_random_keeps_the_size_of_what_passes_through():
    """What He's variance is for: features neither die out nor explode with depth."""
    net = load_vgg19(random_parameters((32, 32, 32, 32, 32)), device="cpu", verbose=False)
    X = torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    _, styles = extract_features(net, X, [], ["conv1_1", "conv3_1", "conv4_4"])
    assert all(0.1 < Y.square().mean() < 10 for Y in styles)


def test_a_file_of_ones_own_is_not_to_be_downloaded(tmp_path):
    (tmp_path / "mine.pth").write_bytes(b"abc")
    with pytest.raises(WeightsError, match=r"mine\.pth cannot be read .*: give another file"):
        find_weights(tmp_path / "mine.pth")


def test_tensors_of_others_are_left_out(tmp_path, parameters):
    path = tmp_path / "mine.safetensors"
    save_file({**parameters.tensors, "something": torch.zeros(3)}, path, HEADER)
    net = load_vgg19(path, device="cpu", verbose=False)
    assert torch.equal(net.conv5_4.bias, parameters.tensors["conv5_4.bias"])


@pytest.mark.parametrize(
    "source", [None, 3, ["embedded"], "a\0.pth", "~nobody_of_that_name/x", "x" * 5000 + ".pth", "x" * 5000]
)
def test_what_is_no_source(source):
    with pytest.raises((ValueError, WeightsError)) as caught:
        find_weights(source)
    assert type(caught.value) in (ValueError, WeightsError) and len(str(caught.value)) < 500


@pytest.mark.parametrize("device", ["cuda:99", "abacus", [1]])
def test_devices_that_are_not_there(parameters, device):
    with pytest.raises(ValueError, match="cannot be put on the device"):
        load_vgg19(parameters, device=device, verbose=False)
