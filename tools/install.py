"""Install with pip, and say what it is doing in few lines:   python tools/install.py [--cpu] -r requirements.txt

--cpu     first PyTorch's builds without the libraries for NVIDIA cards, which on Linux save several GB
"""

import re
import subprocess
import sys

CPU_ONLY = ["torch", "torchvision", "--index-url", "https://download.pytorch.org/whl/cpu"]
LARGE = re.compile(
    r"\s*(?:Downloading|Using cached|Processing) \S*?([^\s/]+?)-(\d[^-\s]*)\S*(?: \((\d+)\.?\d* ([MG]B)\))?"
)


def told(line):
    """What to print for a line of pip's, if anything: downloads of at least 10 MB, and the end of downloading."""
    found = LARGE.match(line)
    if found and found[3] and (found[4] == "GB" or int(found[3]) >= 10):
        return f"  {found[1]} {found[2]}, {found[3]} {found[4]}"
    if line.startswith("Installing collected packages"):
        return f"  unpacking {line.count(',') + 1} packages, some minutes ..."
    return None


def install(*wanted):
    """Run pip. Its own words come out only where it fails."""
    command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar=off", *wanted]
    lines = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
        for line in pip.stdout:
            lines.append(line)
            if said := told(line):
                print(said, flush=True)
    if pip.returncode:
        sys.exit("".join(lines[-20:]) + "The installation stopped: pip's last lines, above, say why.")


if __name__ == "__main__":
    if "--cpu" in sys.argv:
        install(*CPU_ONLY)
    install(*(word for word in sys.argv[1:] if word != "--cpu"))
