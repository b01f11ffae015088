"""The lesson plans in TEACHING.md: what each slot says to run is there, and runs from a fresh kernel."""

import json
import os
import re
import subprocess
import sys
from itertools import groupby

import plans
import pytest

SLOTS = list(plans.slots())
RUNS = plans.runs(SLOTS)


def test_there_are_three_plans():
    assert {name: len(list(rows)) for name, rows in groupby(SLOTS, key=lambda slot: slot.plan)} == {
        "One session of 90 minutes": 7,
        "Two sessions of 45 minutes": 8,
        "Half a day, 4 hours": 8,
    }


@pytest.mark.parametrize("slot", SLOTS, ids=lambda slot: f"{slot.plan} {slot.start}")
def test_sections_and_exercises_exist(slot):
    assert plans.cells_of(slot)
    exercises = set(re.findall(r"`(\w+)`", slot.do))
    everything = slot._replace(run=tuple(f"`{name}`" for name in exercises))
    assert plans.cells_of(everything)  # it says so if there is no such exercise
    assert plans.WHOLE in slot.run or {f"`{name}`" for name in exercises} <= set(slot.run)


def test_a_section_that_is_not_there_is_said():
    with pytest.raises(ValueError, match="04_losses has no Lossses, `my_grams`"):
        plans.cells_of(
            SLOTS[0]._replace(notebook="04_losses", run=("All together", "Lossses", "`my_gram`", "`my_grams`"))
        )


def test_kernels_are_shut_down_before_they_fill_the_memory():
    """Seven open kernels take 5 GB: never more than four between two times that all are shut down."""
    text = (plans.ROOT / "TEACHING.md").read_text(encoding="utf-8").split("## Three plans")[1].split("\n## ")[0]
    for plan in text.split("\n### ")[1:]:
        opened = 0
        for row in re.findall(r"^\|.+\|$", plan, re.M):
            opened += bool(re.search(r"^\|[^|]+\| \d\b|open notebook \d", row))
            assert opened <= 4, row
            opened = 0 if re.search("shut down all kernels", row, re.I) else opened


@pytest.fixture(scope="module")
def outcomes():
    """What became of each slot, from one process that starts a fresh one for each."""
    if not hasattr(os, "fork"):
        pytest.skip("this system cannot fork")
    command = [sys.executable, "tests/plans.py"]
    environment = {**os.environ, "NST_QUICK": "3", "NST_WEIGHTS": "embedded", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=plans.ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return {name: error for name, error, _ in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("name", RUNS.values())
def test_it_runs_from_a_fresh_kernel(outcomes, name):
    assert outcomes[name] is None


def test_a_cell_that_misses_something_is_noticed(monkeypatch):
    monkeypatch.chdir(plans.ROOT)  # put back: run goes to the notebooks' folder
    assert "NameError" in plans.run(["x = 1", "x", "x = maps", "y = 1"])
