"""Section 9 of ``make bench``: many jobs and large prints, each measured from outside, in processes of their own."""

import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from nst_helpers import Job, cluster, read_sweep, sample, stylize, stylize_large, sweep
from nst_helpers.tiles import TILE, cuts

START = "spawn"  # "forkserver" starts in no time, but such a process shares pages that then nobody counts


def fresh(function, *arguments):
    """What a function returns in a new process."""
    context = get_context(START)
    if START == "forkserver":
        context.set_forkserver_preload(["nst_helpers", "skimage.data"])
    with ProcessPoolExecutor(1, context) as pool:
        return pool.submit(function, *arguments).result()


def jobs(count, size, steps):
    base = Job("rocket", "autumn_wood", {"num_epochs": steps}, size=size, weights="embedded")
    return [base.but(style_weight=1e4 + n) for n in range(count)]


def swept(asked, **options):
    """Seconds until the first result, seconds from there to the last, and the seconds that painting itself took."""
    with tempfile.TemporaryDirectory() as folder:
        marks, spent, begun = [], 0.0, time.perf_counter()
        for result in sweep(asked, folder, **options):
            if result.error:
                raise RuntimeError(result.error)
            marks.append(time.perf_counter())
            spent += result.seconds
    return marks[0] - begun, marks[-1] - marks[0], spent


def bare(asked, threads):
    """Seconds per job of ``stylize`` in this process."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    pair = sample("rocket"), sample("autumn_wood")
    steps = asked[0].settings.num_epochs
    stylize(*pair, "embedded", asked[0].size, num_epochs=2)  # warm up
    begun = time.perf_counter()
    for job in asked:
        stylize(*pair, "embedded", job.size, num_epochs=steps, style_weight=job.settings.style_weight)
    torch.set_num_threads(before)
    return (time.perf_counter() - begun) / len(asked)


def on_dask(asked):
    """``swept`` on a scheduler and two worker processes of Dask; ``None`` where it is not installed."""
    try:
        from dask.distributed import LocalCluster
    except ImportError:
        return None
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as local:
        return swept(asked, executor=cluster(local.scheduler_address))


def killed(count, size, steps):
    """A sweep whose process is killed in the middle: (results it had reported, results kept, painted afterwards)."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, folder, str(count), str(size), str(steps)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
            reported = [parent.stdout.readline() for _ in range(count // 2)]
            parent.kill()
            reported += parent.stdout.readlines()
        kept = len(read_sweep(folder))
        again = list(sweep(jobs(count, size, steps), folder))
    return len(reported), kept, sum(not result.kept for result in again)


def print_here(size, tile, path, settings):
    """Save a print to ``path``; seconds, and the peak of this process's memory in MB, all of it."""
    begun = time.perf_counter()
    stylize_large(sample("coffee"), sample("woodblock_wave"), "embedded", size, tile=tile, **settings).save(path)
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return time.perf_counter() - begun, int(line.split()[1]) * 1024 / 1e6


def print_in_tiles(size, tile=TILE, **settings):
    """Of a print: seconds, peak memory in MB, and the change across tile borders over that within 10 pixels of them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "print.png")
        seconds, peak = fresh(print_here, size, tile, path, settings)
        pixels = np.asarray(Image.open(path), dtype=float)
    ratios = []
    for axis in (0, 1):
        change = np.abs(np.diff(pixels, axis=axis)).mean(axis=(1 - axis, 2))
        at = [end - 1 for end in cuts(pixels.shape[axis], tile, 8)[1:-1]]
        ratios += [change[border] / change[border - 10 : border + 11].mean() for border in at]
    return seconds, peak, float(np.mean(ratios))


def section(quick):
    count, size, steps = (4, 48, 2) if quick else (40, 150, 30)
    asked = jobs(count, size, steps)
    yield from [
        "", "## 9. Many pictures", "",
        f"{count} jobs: rocket × autumn wood, {size} pixels, {steps} steps, embedded weights. The clock starts with "
        "the first result; starting the workers is in the second column.", "",
        "| how | first result after | jobs per minute | ratio |", "| --- | --- | --- | --- |",
    ]  # fmt: skip
    plain, single = bare(asked, 2), bare(asked[: max(2, count // 4)], 1)
    yield f"| one process, two threads, `stylize` | – | {60 / plain:.0f} | 1 |"
    workers = 1 if quick else 2  # the same twice is the same process
    ways = {
        "two workers, one thread each": swept(asked, workers=workers),
        "one worker, one thread": swept(asked, workers=1),
    }
    if not quick and (found := on_dask(asked)):
        ways["Dask on this machine, two workers"] = found
    for name, (first, rest, _) in ways.items():
        rate = 60 * (count - 1) / rest
        yield f"| {name} | {first:.1f} s | {rate:.0f} | {rate * plain / 60:.2f} |"
    _, rest, spent = ways["one worker, one thread"]
    yield from [
        "", f"A job on one worker takes {1000 * (rest / (count - 1) - single):.0f} ms more than bare `stylize` with "
        f"one thread ({1000 * single:.0f} ms); {1000 * (rest / (count - 1) - spent / count):.0f} ms are not painting.",
    ]  # fmt: skip
    if not quick:
        reported, kept, again = killed(count // 2, size, steps)
        yield from [
            "", f"Killed with -9 in the middle of {count // 2} jobs: {reported} results were reported, {kept} were on "
            f"disk, {again} were painted by the next sweep; none that had been reported was painted twice.",
        ]  # fmt: skip
        if kept + again != count // 2 or kept < reported:
            raise RuntimeError("a result was lost")
    side, tile, settings = (200, 64, {"num_epochs": 2}) if quick else (3000, TILE, {})
    seconds, peak, seams = print_in_tiles(side, tile, **settings)
    yield from [
        "", "| print | tiles of | time | peak memory of the process | change across borders ÷ around them |",
        "| --- | --- | --- | --- | --- |",
        f"| {side} pixels wide | {tile} | {seconds / 60:.1f} min | {peak / 1000:.2f} GB | {seams:.3f} |",
        "", "32,000 combinations on paper, from two workers above:", "", "| workers | hours |", "| --- | --- |",
    ]  # fmt: skip
    rate = 60 * (count - 1) / ways["two workers, one thread each"][1] / 2
    yield from (f"| {workers} | {32_000 / rate / workers / 60:.1f} |" for workers in (1, 10, 100))


if __name__ == "__main__":  # what ``killed`` kills
    folder, *numbers = sys.argv[1:]
    for result in sweep(jobs(*map(int, numbers)), folder):
        print(result.at, flush=True)
