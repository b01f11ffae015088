"""Every lint, as ``make lint``, the tests and the commit hook run them; ``--fix`` mends first what ruff can mend."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
IMPORTS = "from importlinter.cli import lint_imports_command as lint; lint()"
LINTS = {
    "ruff check": ["-m", "ruff", "check", "."],
    "ruff format": ["-m", "ruff", "format", "--check", "."],
    "imports": ["-c", IMPORTS],
}
FIXES = (["-m", "ruff", "check", "--fix-only", "--quiet", "."], ["-m", "ruff", "format", "--quiet", "."])


def main():
    if "--fix" in sys.argv:
        for command in FIXES:
            subprocess.run([sys.executable, *command], cwd=ROOT)
    failed = [
        name for name, command in LINTS.items() if subprocess.run([sys.executable, *command], cwd=ROOT).returncode
    ]
    sys.exit(f"failed: {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main()
