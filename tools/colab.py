"""make colab: the students' notebooks for services that open single notebooks, such as Colab; and the wheel.

Writes build/colab: each notebook begins with a cell that installs the wheel, and carries its pictures within itself.
"""

import base64
import mimetypes
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
from classroom import ROOT, make_student
from nbformat.v4 import new_code_cell, new_markdown_cell

PICTURE = re.compile(r"""(?<=\]\()\.\./[^)\s]+(?=\))|(?<=src=")\.\./[^"]+""")
FIRST = """*Before you start:* put `{wheel}` beside this notebook (in Colab, drag it into the *Files* panel),
then run this cell. It installs what the notebook needs, in a minute or two."""
INSTALL = """\
%pip install --quiet {wheel}
%env NST_WEIGHTS=embedded
try:  # Colab shows other people's widgets only on request
    from google.colab import output
    output.enable_custom_widget_manager()
except ImportError:
    pass"""


def alone(notebook, wheel):
    """The notebook, made to need no other file than the wheel, given by its name."""

    def within(found):
        path = ROOT / "notebooks" / found[0]
        kind, _ = mimetypes.guess_type(path.name)
        return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"

    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = PICTURE.sub(within, cell.source)
    first = [new_markdown_cell(FIRST.format(wheel=wheel)), new_code_cell(INSTALL.format(wheel=wheel))]
    at = notebook.cells[0].cell_type == "markdown"  # below the title, where there is one
    notebook.cells[at:at] = first
    return notebook


def main(folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(pip, check=True)
    (wheel,) = (path.name for path in folder.glob("nst_helpers-*.whl"))
    with tempfile.TemporaryDirectory() as student:
        make_student(Path(student))
        for path in sorted(Path(student, "notebooks").glob("*.ipynb")):
            nbformat.write(alone(nbformat.read(path, as_version=4), wheel), folder / path.name)
    print(f"{folder}: {wheel} and {len(list(folder.glob('*.ipynb')))} notebooks")


if __name__ == "__main__":
    main(ROOT / "build" / "colab")
