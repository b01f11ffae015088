"""Mutation testing of the modules that guard: small faults are planted one by one; do their tests notice?

python benchmarks/mutants.py                     all modules, one after the other (an hour and more)
python benchmarks/mutants.py settings files      only these

Needs mutmut (pip install mutmut). What survives is listed in build/mutants/NAME.txt; benchmarks/MUTANTS.md judges it.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "build" / "mutants"
SENTENCES = "shortened or advice or sentence or refused or nonsense or between or without_pixels"
MODULES = {  # the tests of each, and what to leave out of them because it takes long
    "settings": (["test_settings.py"], ""),
    "files": (["test_files.py"], ""),
    "interrupts": (["test_checkpoints.py"], ""),
    "validation": (["test_friendly_errors.py", "test_settings.py", "test_sweep.py"], SENTENCES),
    "sample_images": (["test_images.py"], "sample or credit"),
    "images": (["test_images.py", "test_files.py"], ""),
    "figures": (["test_images.py"], "show_images or figure or credit or titles or one_row"),
    "download": (["test_weights.py"], "not at_once and not he_variance"),
    "weights": (["test_weights.py"], "not at_once and not he_variance"),
    "pyramid": (["test_training.py"], "large or larger or coarse_to_fine"),
    "checkpoints": (["test_checkpoints.py"], "not coarse and not stop and not press"),
    "state": (
        ["test_training.py", "test_checkpoints.py"],
        "set_up or resume or decay or by_hand or forgets or memory or file_goes or stepped",
    ),
    "training": (
        ["test_training.py", "test_checkpoints.py", "test_friendly_errors.py"],
        "not fraction and not (goes_on_at and (2 or 5)) and not coarse_run and not died and not press",
    ),
    "studio/choices": (
        ["test_studio.py"],
        "edges or may_be or are_s or s_place or new_weights or come_with or refused or instant_m or power_of or first",
    ),
    "friendly_errors": (
        ["test_friendly_errors.py"],
        "nonsense or without_pixels or which_argument or full_memory or behind or sentence",
    ),
}
CONFIGURATION = """
[tool.mutmut]
source_paths = ["nst_helpers"]
only_mutate = ["nst_helpers/{module}.py"]
also_copy = ["tests", "images", "benchmarks", "tools", "conftest.py", "README.md"]
pytest_add_cli_args = {arguments}
pytest_add_cli_args_test_selection = {tests}
do_not_mutate_patterns = ["raise .*Error", "print\\\\(", "warnings.warn\\\\("]  # wording
timeout_multiplier = 4.0
timeout_constant = 5.0
track_dependencies = false
use_git_change_detection = false
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", metavar="module", help=f"of {', '.join(MODULES)}")
    for module in parser.parse_args().modules or MODULES:
        print(f"{module}: {survivors(module)}")


def survivors(module):
    """Run mutmut on one module in a copy of the repository. Returns its counts; writes what survived."""
    tests, chosen = MODULES[module]
    name = module.replace("/", "_")
    copy = FOLDER / name
    shutil.rmtree(copy, ignore_errors=True)
    files = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True).split("\0")
    for file in filter(None, files):
        (copy / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, copy / file)
    arguments = ["--override-ini=addopts=", "-p", "no:cacheprovider", *(["-k", chosen] if chosen else [])]
    with (copy / "pyproject.toml").open("a") as file:
        tests = [f"tests/{test}" for test in tests]
        file.write(CONFIGURATION.format(module=module, arguments=json.dumps(arguments), tests=json.dumps(tests)))

    def mutmut(*command):
        environment = {**os.environ, "NST_WEIGHTS": "embedded", "OMP_NUM_THREADS": "1", "PYTHONPATH": ""}
        command = [sys.executable, "-m", "mutmut", *command]
        return subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True).stdout

    said = mutmut("run", "--max-children", "1").replace("\r", "\n").splitlines()
    alive = [line.split(":")[0].strip() for line in mutmut("results").splitlines() if line.endswith("survived")]
    (FOLDER / f"{name}.txt").write_text("\n".join(mutmut("show", mutant) for mutant in alive), encoding="utf-8")
    return next((line for line in reversed(said) if "🎉" in line), "mutmut failed: see whether the tests pass")


if __name__ == "__main__":
    main()
