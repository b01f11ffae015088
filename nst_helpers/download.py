"""Notebook 03: VGG-19's ImageNet weights, downloaded once into torch's cache and checked against their hash.

torch.hub's own download waits without limit for a silent server, tries once, and trusts a file that is there already.
"""

import contextlib
import hashlib
import re
import time
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import torch
from torch.hub import tqdm  # the package, or torch's own stand-in for it
from torchvision.models import VGG19_Weights

from .files import NotWritten, atomic_write
from .validation import first_line

IMAGENET_URL = VGG19_Weights.IMAGENET1K_V1.url
TIMEOUT = 10  # seconds to wait for an answer before giving up on the network
TRIES = 3
SLOWEST = 5_000  # bytes per second, averaged over 3 * TIMEOUT seconds; a slower download is given up


class WeightsError(OSError):
    """Weights that cannot be fetched, read or used. The message says which file or address, and what to do."""


def imagenet_path(url=None):
    """Where ImageNet's checkpoint is, or would be, in torch's cache."""
    return Path(torch.hub.get_dir()) / "checkpoints" / Path(urlsplit(url or IMAGENET_URL).path).name


def fetch_imagenet(url=None):
    """Path of ImageNet's checkpoint in torch's cache, downloaded if it is not there (once, 548 MB).

    Downloaded or found, the file is checked against the SHA-256 prefix in its name. A download gets that name only
    when it is whole, so a partial file is never taken for one. Raises ``WeightsError``.
    """
    url = url or IMAGENET_URL
    path = imagenet_path(url)
    expected = re.search(r"-([0-9a-f]{8,})\.", path.name).group(1)
    if path.is_file():
        _check_once(path, expected)
        return path
    print(f"Fetching VGG-19's ImageNet weights (548 MB, once) to {path.parent} …", flush=True)
    for attempt in range(1, TRIES + 1):
        try:
            _download(url, path, expected)
            return path
        except HTTPError as error:
            again = error.code >= 500
            why = f"the server answered {error.code} {first_line(error.reason):.300} for {url}"
        except URLError as error:
            again, why = False, f"{urlsplit(url).netloc} cannot be reached ({first_line(error.reason):.300})"
        except _Damaged:
            again, why = True, f"the file from {url} arrived incomplete or damaged (its hash is wrong)"
        except NotWritten as error:
            raise WeightsError(f"{error}: set TORCH_HOME to a folder with 548 MB of room") from error
        except (OSError, HTTPException, ValueError) as error:  # reset, cut, silent, too slow, or no HTTP at all
            again = not isinstance(error, _TooSlow)
            why = f"the connection to {urlsplit(url).netloc} broke ({first_line(error):.300})"
        if not again:
            break
        if attempt < TRIES:
            time.sleep(attempt)
    raise WeightsError(f"{why}; set NST_WEIGHTS=embedded to work without it, or see 'Without a network' in the README")


class _Damaged(Exception):
    """A file whose hash is not the one in its name."""


class _TooSlow(TimeoutError):
    """A download slower than ``SLOWEST``."""


def _download(url, path, expected):
    digest, request = hashlib.sha256(), Request(url, headers={"User-Agent": "nst_helpers"})
    with atomic_write(path) as file, urlopen(request, timeout=TIMEOUT) as answer:
        with tqdm(total=answer.length, unit="B", unit_scale=True, unit_divisor=1024) as bar:
            window_start, window_bytes = time.monotonic(), 0
            while block := answer.read1(1 << 17):
                file.write(block)
                digest.update(block)
                bar.update(len(block))
                window_bytes += len(block)
                if (seconds := time.monotonic() - window_start) > 3 * TIMEOUT:
                    if window_bytes < SLOWEST * seconds:
                        raise _TooSlow(f"it brought {window_bytes} bytes in {seconds:.0f} seconds")
                    window_start, window_bytes = time.monotonic(), 0
        if not digest.hexdigest().startswith(expected):
            raise _Damaged


def _check_once(path, expected):
    """Check the hash of a file in the cache. A small file in torch's folder remembers it: this is done once."""
    about = path.stat()
    mark, seen = path.parents[1] / f"{path.name}.checked", f"{about.st_size} {about.st_mtime_ns}"
    with contextlib.suppress(OSError, UnicodeDecodeError):
        if mark.read_text() == seen:
            return
    with path.open("rb") as file:
        digest = hashlib.sha256()
        while block := file.read(1 << 20):
            digest.update(block)
    if not digest.hexdigest().startswith(expected):
        raise WeightsError(
            f"{path} is not the file that was published (its hash is wrong): delete it, then run this again"
        )
    with contextlib.suppress(NotWritten), atomic_write(mark) as file:  # a cache that this user cannot write to
        file.write(seen.encode())
