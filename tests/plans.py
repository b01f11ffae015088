"""The lesson plans of TEACHING.md as what they make a kernel run. ``python tests/plans.py`` runs it, and times it.

A slot's cells, in the notebook's order: those above the first section, those of the sections that the plan names, and
those around the exercises that it names, with the model answers of ``notebooks/solutions`` filled in.
"""

import json
import os
import re
import time
from pathlib import Path
from typing import NamedTuple

import nbformat
from quick import shortened

ROOT = Path(__file__).resolve().parents[1]
WHOLE = "the whole notebook"


class Slot(NamedTuple):
    plan: str
    start: str
    notebook: str
    run: tuple  # headings of sections, and exercises in backticks
    do: str  # what students do: the row's last column


def slots():
    """All rows of the plans' tables that name a notebook, as ``Slot``."""
    text = (ROOT / "TEACHING.md").read_text(encoding="utf-8").split("## Three plans")[1].split("\n## ")[0]
    for part in text.split("\n### ")[1:]:
        plan = part.splitlines()[0]
        for row in re.findall(r"^\|(.+)\|$", part, re.M):
            start, notebook, run, *_, do = map(str.strip, row.split("|"))
            if number := re.match(r"(\d)\b", notebook):
                path = next((ROOT / "notebooks").glob(f"{int(number[1]):02}_*.ipynb"))
                yield Slot(plan, start.replace("*", ""), path.stem, tuple(run.split(" · ")), do)


def cells_of(slot):
    """The code that a slot runs, cell by cell. Raises ``ValueError`` for a section or an exercise that is not there."""
    notebook, solved = (
        nbformat.read(ROOT / "notebooks" / at / f"{slot.notebook}.ipynb", 4) for at in ("", "solutions")
    )
    section, sections, exercises = None, {None}, set()
    code, inside = [], set()
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if cell.cell_type == "markdown":
            inside = set()
            for heading in re.findall(r"^## (.+)$", cell.source, re.M):
                section = heading
                sections.add(heading)
            continue
        named = {tag.split("-", 1)[1] for tag in tags if tag.startswith(("given-", "exercise-", "check-"))}
        inside = named or inside  # what follows the check draws the answer
        exercises |= named
        source = cell.source
        if any(tag.startswith("exercise-") for tag in tags):
            (source,) = (it.source for it in solved.cells if f"solution-{min(named)}" in it.metadata.get("tags", []))
        names = {f"`{name}`" for name in inside} if section == "Exercises" else {section}
        if section is None or WHOLE in slot.run or names & set(slot.run):
            code.append(source)
    wrong = set(slot.run) - sections - {f"`{name}`" for name in exercises} - {WHOLE}
    if wrong:
        raise ValueError(f"{slot.notebook} has no {', '.join(sorted(wrong))}")
    return code


def runs(plans):
    """What to run, without repetitions: ``{(notebook, cells): plan and slot}``."""
    found = {}
    for slot in plans:
        if WHOLE not in slot.run:  # nbval runs these
            found.setdefault((slot.notebook, tuple(cells_of(slot))), f"{slot.plan}, {slot.start}, {slot.notebook}")
    return found


def run(cells):
    """Run cells one after the other in a fresh namespace; the first error, or ``None``."""
    from IPython.core.interactiveshell import InteractiveShell

    os.chdir(ROOT / "notebooks")
    shell = InteractiveShell.instance()
    for source in cells:
        result = shell.run_cell(shortened(source, os.environ.get("NST_QUICK", "")))
        if not result.success:
            return f"{result.error_in_exec or result.error_before_exec!r} in {source[:60]!r}"
    return None


def run_in_child(cells):
    """``run`` in a fork of this process, whose imports are done: as fresh as a new kernel, and five seconds sooner."""
    reader, writer = os.pipe()
    if not (child := os.fork()):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        try:
            os.write(writer, (run(cells) or "").encode())
        finally:
            os._exit(0)  # not waiting for the studio's threads
    os.close(writer)
    with os.fdopen(reader) as pipe:
        error = pipe.read()
    _, status = os.waitpid(child, 0)
    return error or (f"ended with status {status}" if status else None)


if __name__ == "__main__":
    import matplotlib

    matplotlib.use("agg")
    import d2l.torch  # noqa: F401
    import skimage  # noqa: F401
    import torch  # noqa: F401

    import nst_helpers  # noqa: F401

    for (_, cells), name in runs(slots()).items():
        begin = time.perf_counter()
        error = run_in_child(cells)
        print(json.dumps([name, error, round(time.perf_counter() - begin, 1)], ensure_ascii=False), flush=True)
