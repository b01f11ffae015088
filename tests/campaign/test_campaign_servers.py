"""Servers that cut, drip, lie and fall silent: weights arrive whole or a sentence says why not; nothing is left."""

import signal
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tally import WHOLE, cases, count, judged
from test_weights import PROCESSES, cache, nothing_left, server, whole  # noqa: F401 (fixtures)

from nst_helpers import download
from nst_helpers.download import fetch_imagenet


@st.composite
def behaviors(draw):
    """One answer of a server, by what it promises, how much of it comes, and how."""
    status = draw(st.sampled_from([200, 200, 200, 200, 206, 302, 404, 429, 500, 503]))
    promised = draw(st.sampled_from([None, "whole", 0, 10, 10**12, -1, "a lot"]))
    place = draw(st.sampled_from([None, "nowhere://x", "http://[", "/other"]))
    share, piece = draw(st.floats(0, 1.1)), draw(st.sampled_from([1 << 20, 1 << 20, 1000, 1]))
    end = draw(st.sampled_from(["close", "close", "silence"]))

    def behave(handler):
        data = handler.server.data
        handler.send_response(status)
        if status == 302:
            handler.send_header("Location", place or handler.path)  # to itself, for ever
        if promised is not None:
            handler.send_header("Content-Length", len(data) if promised == "whole" else promised)
        handler.end_headers()
        sent, until = data[: int(share * len(data))], time.monotonic() + 3
        for at in range(0, len(sent), piece):
            handler.wfile.write(sent[at : at + piece])
            if piece < 1 << 20:
                handler.wfile.flush()
                if handler.server.over.wait(0.01) or time.monotonic() > until:
                    return
        if end == "silence":
            handler.server.over.wait(1)

    return behave


@cases(short=12, whole=60)
@given(script=st.lists(behaviors(), min_size=1, max_size=3))
def test_servers(server, cache, monkeypatch, script):  # noqa: F811
    monkeypatch.setattr(download, "TIMEOUT", 0.15)
    server.script = script
    start = time.monotonic()
    path = judged("servers", lambda: fetch_imagenet(server.url))
    assert time.monotonic() - start < 20
    if path is None:
        assert nothing_left(cache)
    else:
        assert path.read_bytes() == server.data and [path] == list(cache.iterdir())
        path.unlink()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no kill -9")
@pytest.mark.parametrize("number", range(3 if WHOLE else 1))
def test_a_killed_download_leaves_nothing_for_long(server, cache, number):  # noqa: F811
    def half(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", len(handler.server.data))
        handler.end_headers()
        handler.wfile.write(handler.server.data[: len(handler.server.data) // 2])
        handler.server.over.wait(60)

    server.script = [half, whole]
    process = PROCESSES.Process(target=fetch_imagenet, args=(server.url,))
    process.start()
    for _ in range(1200):
        time.sleep(0.05)
        if server.requests and cache.exists() and list(cache.iterdir()):
            break
    process.kill()
    process.join()
    left = list(cache.iterdir())
    path = fetch_imagenet(server.url)
    good = len(left) == 1 and list(cache.iterdir()) == [path] and path.read_bytes() == server.data
    count("downloads killed", "worked" if good else "lost")
    assert good
