"""Run the whole campaign of tests/campaign and write what it found to benchmarks/RELIABILITY.md.

python benchmarks/campaign.py                all parts, ten minutes
python benchmarks/campaign.py runs servers   only these parts; the table keeps what others found before
python benchmarks/campaign.py --seed 7       other cases
python benchmarks/campaign.py --seconds 90   each part for so long at most: the cases up to then count
"""

import argparse
import datetime
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CAMPAIGN, FOUND = ROOT / "tests" / "campaign", ROOT / "build" / "campaign"
PARTS = sorted(path.stem.removeprefix("test_campaign_") for path in CAMPAIGN.glob("test_campaign_*.py"))
TEXT = """# What `make campaign` found

{date} · {machine} · Python {python} · Hypothesis, seed {seed}{limit}

Damaged pictures, weights and settings, disks that fill, folders that may only be read, servers that drip, Stop pressed
like a child would, `kill -9`:
*worked* gave a result that was checked, *refused* gave one sentence that says what is wrong, *lost* would be any other
error, a hang, a file destroyed or a step of a run that cannot be had afterwards. `make test` runs a short part of it.

| what was tried | cases | worked | refused | lost |
| --- | --- | --- | --- | --- |
{rows}
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help=f"of {', '.join(PARTS)}")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=int)
    chosen = parser.parse_args()
    environment = {**os.environ, "NST_CAMPAIGN": "1", "NST_CAMPAIGN_SEED": str(chosen.seed)}
    if not chosen.parts:  # what areas of other names found is gone too
        shutil.rmtree(FOUND, ignore_errors=True)
    failed = []
    for part in chosen.parts or PARTS:
        file = CAMPAIGN / f"test_campaign_{part}.py"
        command = [sys.executable, "-m", "pytest", file, f"--hypothesis-seed={chosen.seed}"]
        try:
            failed += [part] * (
                subprocess.run(command, cwd=ROOT, env=environment, timeout=chosen.seconds).returncode != 0
            )
        except subprocess.TimeoutExpired:
            print(f"{part}: ended after {chosen.seconds} seconds")
    limit = f" · each part for {chosen.seconds} seconds at most" if chosen.seconds else ""
    (ROOT / "benchmarks" / "RELIABILITY.md").write_text(report(chosen.seed, limit), encoding="utf-8")
    sys.exit(f"failed: {', '.join(failed)}" if failed else 0)


def report(seed, limit=""):
    """The table, from what each area counted."""
    areas = {path.stem: json.loads(path.read_text()) for path in sorted(FOUND.glob("*.json"))}
    areas["**all**"] = {
        key: sum(counts.get(key, 0) for counts in areas.values()) for key in ("worked", "refused", "lost")
    }
    rows = []
    for area, counts in areas.items():
        each = [counts.get(key, 0) for key in ("worked", "refused", "lost")]
        rows.append(f"| {area} | {' | '.join(f'{number:,}' for number in (sum(each), *each))} |")
    machine = f"{platform.system()}, {os.cpu_count()} cores"
    date = datetime.date.today().isoformat()
    return TEXT.format(
        date=date, machine=machine, python=platform.python_version(), seed=seed, limit=limit, rows="\n".join(rows)
    )


if __name__ == "__main__":
    main()
