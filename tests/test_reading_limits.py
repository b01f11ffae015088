"""The series stays short enough to read; how it is counted stands in tools/count.py."""

import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

import count  # noqa: E402


@pytest.fixture(scope="module")
def counts():
    return count.series()


def test_the_method_is_read_in_an_afternoon(counts):
    assert [line for line in count.complaints(counts) if line.startswith("00 to 06")] == []


def test_no_paragraph_or_cell_is_too_long(counts):
    assert [line for one in counts.values() for line in one.too_long] == []


def test_only_one_cell_may_be_a_whole_screen():
    tagged = []
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        tagged += [path.stem for cell in cells if count.ONE_SCREEN in cell.metadata.get("tags", [])]
    assert tagged == ["00_one_minute_tour"]


def test_what_is_too_long_is_found(tmp_path):
    long_code, long_text = "\n".join(["x = 1"] * 21), "word " * 61
    cells = [
        nbformat.v4.new_markdown_cell(f"# Title\n\n{long_text}\n\n{'word ' * 40}\n{'word ' * 20}"),
        nbformat.v4.new_markdown_cell("- " + "word " * 40 + "\n- " + "word " * 40),
        nbformat.v4.new_markdown_cell("| " + "cell | " * 70 + f"\n\n[{'word ' * 59}last](http://a.b/c)"),
        nbformat.v4.new_code_cell(long_code),
        nbformat.v4.new_code_cell(long_code, metadata={"tags": [count.ONE_SCREEN]}),
    ]
    path = tmp_path / "04_losses.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    found = count.count(path)
    assert [line.split(":")[0] for line in found.too_long] == ["04_losses, cell 1", "04_losses, cell 4"]
    assert found.lines == 42 and found.words == 2 + 61 + 60 + 2 * 41 + 141 + 60
    found.words = count.WORDS + 1
    assert any(line.startswith("00 to 06: 6001 words") for line in count.complaints({path.stem: found}))
