"""Install the series from this folder, without a network, and open it:   python3 install.py

python3 install.py --no-lab    installs and checks only
"""

import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main():
    made_for = json.loads((HERE / "made_for.json").read_text(encoding="utf-8"))
    version = ".".join(platform.python_version_tuple()[:2])
    here = {"Python": version, "system": platform.system(), "machine": platform.machine()}
    wrong = [f"{what} {here[what]} instead of {made_for[what]}" for what in here if here[what] != made_for[what]]
    if wrong:
        sys.exit(
            f"This machine has {', '.join(wrong)}. Use one like it, or make the folder anew on this kind of machine."
        )
    venv = HERE / ".venv"
    python = venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not (venv / "ready").exists():
        print("installing, some minutes ...", flush=True)
        shutil.rmtree(venv, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--no-index", "--find-links", str(HERE / "wheels")]
        for what in (["setuptools", "wheel"], ["--no-build-isolation", "-r", "requirements.txt"]):
            if subprocess.run([*pip, *what], cwd=HERE / "series").returncode:
                sys.exit("The installation stopped: pip's last lines say why.")
        (venv / "ready").touch()
    environment = dict(os.environ)
    if (HERE / "cache").is_dir():  # ImageNet's weights were included
        environment["TORCH_HOME"] = str(HERE / "cache")
        environment.setdefault("NST_WEIGHTS", "imagenet")
    environment.setdefault("NST_WEIGHTS", "embedded")  # or the notebooks would try to download
    check = "import nst_helpers, jupyterlab; nst_helpers.load_vgg19('embedded')"
    subprocess.run([str(python), "-c", check], env=environment, check=True)
    print("ready", flush=True)
    if "--no-lab" not in sys.argv:
        subprocess.run([str(python), "start.py"], cwd=HERE / "series", env=environment)


if __name__ == "__main__":
    main()
