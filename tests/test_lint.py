"""The lints, as ``make lint`` runs them."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_lints():
    done = subprocess.run([sys.executable, ROOT / "tools" / "lint.py"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
