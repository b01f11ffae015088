"""How much the campaign tries, and what became of it. ``NST_CAMPAIGN=1`` asks for the whole; else a short part runs."""

import json
import os
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, settings

from nst_helpers.files import atomic_write

WHOLE = bool(os.environ.get("NST_CAMPAIGN"))
FOLDER = Path(__file__).resolve().parents[2] / "build" / "campaign"
COUNTS = {}  # area: how often each outcome


def cases(short, whole):
    """Hypothesis's settings: so many cases in the short part, always the same ones, and in the whole."""
    checks = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(
        max_examples=whole if WHOLE else short,
        derandomize=not WHOLE,  # the whole has a seed on the command line
        deadline=None,
        database=None,
        suppress_health_check=checks,
    )


def count(area, outcome):
    """``outcome``: worked, refused (in a sentence) or lost."""
    counts = COUNTS.setdefault(area, Counter())
    counts[outcome] += 1
    if WHOLE:
        FOLDER.mkdir(parents=True, exist_ok=True)
        with atomic_write(FOLDER / f"{area}.json") as file:
            file.write(json.dumps(counts).encode())


def judged(area, call):
    """What ``call()`` returns, or ``None`` where it is refused in one sentence; anything else is a failure."""
    try:
        result = call()
    except (ValueError, OSError) as error:
        said = str(error)
        if said and "\n" not in said and len(said) < 600 and not said.startswith("[Errno"):
            count(area, "refused")
            return None
        count(area, "lost")
        raise AssertionError(f"not one sentence for people: {said!r}") from error
    except BaseException:
        count(area, "lost")
        raise
    count(area, "worked")
    return result
