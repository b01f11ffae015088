"""make room: what a class takes on one machine. Writes benchmarks/ROOM.md.

First the memory of one kernel after each notebook (short runs: memory depends on the size of the pictures, not on the
number of steps). Then a hub, started from deploy/jupyterhub, on which ever more students open notebook 00 and press Run
on the same cell in the same moment: how long the last one waits, and how much memory each takes.
"""

import argparse
import datetime
import os
import platform
import re
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import nbformat
import psutil
from jupyter_client.manager import KernelManager

import hub

ROOT = Path(__file__).resolve().parents[1]
REPORT = Path(__file__).with_name("ROOM.md")
NOTEBOOK = "notebooks/00_one_minute_tour.ipynb"
os.environ.setdefault("NST_WEIGHTS", "embedded")


class Kernel:
    """A kernel in the notebooks' folder, with short runs."""

    def __enter__(self):
        self.manager = KernelManager(kernel_name="python3")
        environment = os.environ | {"NST_QUICK": "1"}
        self.manager.start_kernel(cwd=str(ROOT / "notebooks"), env=environment, stderr=subprocess.DEVNULL)
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=120)
        return self

    def __exit__(self, *_):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def run(self, code):
        reply = self.client.execute_interactive(code, output_hook=lambda message: None, timeout=1800)
        if reply["content"]["status"] != "ok":
            raise RuntimeError(reply["content"]["evalue"])

    def work_through(self, stem):
        """Run all cells of a notebook."""
        (path,) = (ROOT / "notebooks").glob(f"{stem}_*.ipynb")
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code":
                self.run(cell.source)

    def megabytes(self, most=False):
        """What the kernel holds now, counting its share of shared pages (Pss), or its peak (VmHWM)."""
        pid = self.manager.provisioner.process.pid
        return megabytes_of(pid, "status", "VmHWM") if most else megabytes_of(pid)


def megabytes_of(pid, file="smaps_rollup", key="Pss"):
    text = Path(f"/proc/{pid}/{file}").read_text()
    return int(next(line for line in text.splitlines() if line.startswith(key + ":")).split()[1]) * 1024 / 1e6


def megabytes_below(process):
    """What everything that a process has started holds together."""
    total = 0
    for child in process.children(recursive=True):
        with suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
            total += megabytes_of(child.pid)
    return total


def alone(stems):
    """The memory of one kernel at a time, as lines of a table."""
    yield from [
        "*Peak* is what a student's machine must have free besides Jupyter and a browser; *afterward* is what the "
        "kernel keeps until it is shut down.", "",
        "| notebook | peak | afterward |", "| --- | --- | --- |",
    ]  # fmt: skip
    for stem in stems:
        with Kernel() as kernel:
            if stem == "import":
                kernel.run("import nst_helpers")
            else:
                kernel.work_through(stem)
            name = "`import nst_helpers` alone" if stem == "import" else stem
            yield f"| {name} | {kernel.megabytes(most=True):.0f} MB | {kernel.megabytes():.0f} MB |"


def computed(student):
    """Seconds that a student's kernel has computed so far."""
    _, outputs = student.run("import time; print(time.process_time())")
    return float(outputs[0]["text"])


def together(counts):
    """Students of one hub who press Run in the same moment, as lines of a table."""
    yield from [
        "A hub started from `deploy/jupyterhub`. All students log in at once, then open notebook 00, then run its "
        "first cell at once, then the cell that trains, at 200×300. Seconds until the *last* is done. "
        "*Computing* is what the training cell takes of one core, for each student: on an idle machine with C cores "
        "they wait about students × computing / C. Memory is that of all students' processes after that, for each. "
        f"Other programs' load when it began: {os.getloadavg()[0]:.1f}.", "",
        "| students | log in | first cell | steps | training cell | computing | memory |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]  # fmt: skip
    series = ROOT / "build" / "student"
    subprocess.run([sys.executable, ROOT / "tools" / "classroom.py", "student"], check=True, stdout=subprocess.DEVNULL)
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        ThreadPoolExecutor(max(counts)) as at_once,
        hub.Hub(folder, series) as it,
    ):
        everything, students = psutil.Process(it.process.pid), []
        empty = megabytes_below(everything)

        def last(cell):
            """Seconds until all have run a cell."""
            return max(at_once.map(lambda student: student.run(cell)[0], students))

        for count in counts:
            new = [hub.Student(it, f"student{number}") for number in range(len(students), count)]
            students += new
            log_in = max(at_once.map(hub.Student.log_in, new))
            imports, pictures, training, *_ = list(at_once.map(lambda student: student.open(NOTEBOOK), students))[0]
            (steps,) = re.findall(r"range\((\d+)\)", training)
            first = last(imports)
            last(pictures)
            before = sum(at_once.map(computed, students))
            trained = last(training)
            computing = (sum(at_once.map(computed, students)) - before) / count
            memory = (megabytes_below(everything) - empty) / count
            times = f"{log_in:.0f} s | {first:.1f} s | {steps} | {trained:.0f} s | {computing:.1f} s"
            yield f"| {count} | {times} | {memory:.0f} MB |"
            for student in students:
                for error in student.breaks:
                    print(f"{student.name}: the connection broke and was made again: {error!r}", file=sys.stderr)
                student.breaks.clear()
            list(at_once.map(hub.Student.leave, students))


SECTIONS = {"One kernel at a time": alone, "All at once": together}


def write(title, lines):
    """Put a section into the report and leave the others as they are."""
    machine = (
        f"{datetime.date.today()} · {os.cpu_count()} cores, {psutil.virtual_memory().total / 1e9:.0f} GB · Python "
        f"{platform.python_version()} · weights: {os.environ['NST_WEIGHTS']}"
    )
    old = REPORT.read_text(encoding="utf-8").split("\n## ") if REPORT.exists() else []
    kept = {part.splitlines()[0]: part for part in old[1:]}
    kept[title] = "\n".join([title, "", machine, "", *lines, ""])
    parts = [kept[name] for name in SECTIONS if name in kept]
    REPORT.write_text("\n## ".join(["# What `make room` found\n", *parts]).rstrip() + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", choices=["alone", "together"], help="one of the two measurements")
    parser.add_argument("--students", type=int, nargs="+", default=[1, 3, 8, 16, 30], help="how many at once")
    parser.add_argument("--quick", action="store_true", help="only check that it runs, and write nothing")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended early"))  # the hub ends too
    for title, measure in SECTIONS.items():
        if asked.only not in (None, measure.__name__):
            continue
        if measure is together and (reason := hub.lacking()):
            print(f"not measured, all at once: {reason}")
            continue
        todo = {alone: ["import", "00", "04", "06", "07", "08", "09"], together: asked.students}[measure]
        if asked.quick:
            todo = {alone: ["00"], together: [1, 2]}[measure]
        lines = []
        for line in measure(todo):
            print(line, flush=True)
            lines.append(line)
            if not asked.quick:  # after every line, so that an interrupted run keeps what it measured
                write(title, lines)


if __name__ == "__main__":
    main()
