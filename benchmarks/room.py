"""make room: how much memory each student takes on a shared machine. Writes benchmarks/ROOM.md.

First measures the memory of one kernel after each notebook. Then opens kernels one by one, each of which runs
notebook 00 and stays open, as students' do, until only a tenth of the machine's memory is free, and counts them.
Runs are short (NST_QUICK): memory depends on the size of the pictures, not on the number of steps.
"""

import argparse
import datetime
import os
import platform
import subprocess
import time
from pathlib import Path

import nbformat
from jupyter_client.manager import KernelManager

ROOT = Path(__file__).resolve().parents[1]
os.environ.setdefault("NST_WEIGHTS", "embedded")
os.environ["NST_QUICK"] = "1"


class Student:
    """One student's kernel, in the notebooks' folder."""

    def __init__(self):
        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel(cwd=str(ROOT / "notebooks"), stderr=subprocess.DEVNULL)  # the kernel's own log
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=120)

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
        file, key = ("status", "VmHWM") if most else ("smaps_rollup", "Pss")
        text = Path(f"/proc/{self.manager.provisioner.process.pid}/{file}").read_text()
        return int(next(line for line in text.splitlines() if line.startswith(key + ":")).split()[1]) * 1024 / 1e6

    def leave(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


def gigabytes(what):
    line = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith(what + ":"))
    return int(line.split()[1]) * 1024 / 1e9


def report(stems, most_students):
    yield from [
        "# What `make room` found", "",
        f"{datetime.date.today()} · {os.cpu_count()} cores, {gigabytes('MemTotal'):.0f} GB · Python "
        f"{platform.python_version()} · weights: {os.environ['NST_WEIGHTS']}", "",
        "One kernel at a time. *Peak* is what a student's machine must have free besides Jupyter and a browser; "
        "*afterward* is what the kernel keeps until it is shut down.", "",
        "| notebook | peak | afterward |", "| --- | --- | --- |",
    ]  # fmt: skip
    for stem in stems:
        student = Student()
        if stem == "import":
            student.run("import nst_helpers")
        else:
            student.work_through(stem)
        name = "`import nst_helpers` alone" if stem == "import" else stem
        yield f"| {name} | {student.megabytes(most=True):.0f} MB | {student.megabytes():.0f} MB |"
        student.leave()
    yield from ["", "All on one machine: each kernel runs notebook 00 (short runs) and stays open.", ""]
    yield from ["| students | memory left | time of the last run |", "| --- | --- | --- |"]
    room, students, spent = gigabytes("MemTotal"), [], 0.0
    try:
        while len(students) < most_students and gigabytes("MemAvailable") > 0.1 * room:
            start = time.perf_counter()
            students.append(Student())
            students[-1].work_through("00")
            spent = time.perf_counter() - start
            if len(students) in (1, 2) or len(students) % 5 == 0:
                yield f"| {len(students)} | {gigabytes('MemAvailable'):.1f} GB | {spent:.0f} s |"
        yield f"| **{len(students)}** | {gigabytes('MemAvailable'):.1f} GB | {spent:.0f} s |"
    finally:
        for student in students:
            student.leave()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="only check that it runs: two students, one notebook")
    quick = parser.parse_args().quick
    lines = []
    for line in report(["00"] if quick else ["import", "00", "04", "06", "07", "08", "09"], 2 if quick else 100):
        print(line, flush=True)
        lines.append(line)
        if not quick:  # after every line, so that an interrupted run keeps what it measured
            Path(__file__).with_name("ROOM.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
