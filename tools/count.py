"""How long the series is to read: ``python tools/count.py``. Words, lines of code and figures, by notebook.

The limits hold for 00 to 06 together, the method from the first page to the full runs, and for every paragraph and
code cell of the series. What is over a limit is listed; then the exit status is 1.
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
METHOD = re.compile(r"0[0-6]_")  # the notebooks that WORDS and LINES hold for
WORDS, LINES = 6000, 700
PARAGRAPH, CELL = 60, 20  # words, lines
ONE_SCREEN = "one-screen"  # the tag of the one cell of 00 that shows the whole method, and may be longer


@dataclass
class Count:
    """What a notebook asks of its reader; ``too_long``: one line for every paragraph or cell over its limit."""

    words: int
    lines: int
    figures: int
    too_long: list


def count(path):
    """A notebook's ``Count``: words of all markdown, lines of all code (empty ones too), outputs with a picture."""
    total = Count(0, 0, 0, [])
    for number, cell in enumerate(nbformat.read(path, as_version=4).cells, 1):
        where = f"{path.stem}, cell {number}"
        if cell.cell_type == "markdown":
            total.words += len(cell.source.split())
            for text in paragraphs(cell.source):
                if (words := len(text.split())) > PARAGRAPH:
                    total.too_long.append(f"{where}: {words} words: {text[:60]} …")
        elif cell.cell_type == "code":
            lines = cell.source.splitlines()
            total.lines += len(lines)
            total.figures += sum(any(kind.startswith("image/") for kind in it.get("data", {})) for it in cell.outputs)
            if len(lines) > CELL and ONE_SCREEN not in cell.metadata.get("tags", []):
                total.too_long.append(f"{where}: {len(lines)} lines: {lines[0][:60]} …")
    return total


def paragraphs(markdown):
    """The paragraphs and items of lists as they are read: no tables, headings, code, displayed formulas, addresses."""
    text = re.sub(r"```.*?```|\$\$.*?\$\$|</?(details|summary|div|p|br|img)\b[^>]*>", "\n\n", markdown, flags=re.S)
    text = re.sub(r"<[^>]+>", "", text)
    text = re.sub(r"(!?)\[([^\]]*)\]\([^)]*\)", lambda found: "" if found[1] else found[2], text)
    text = re.sub(r"^(#+ .*|\|.*)$", "\n", text, flags=re.M)
    text = re.sub(r"^> ?", "", text, flags=re.M)
    parts = re.split(r"\n\s*\n|\n(?=\s*(?:[-*+]|\d+\.) )", text)
    return [" ".join(part.split()) for part in parts if part.strip()]


def complaints(counts):
    """What is over a limit, one line each, of counts by notebook name."""
    method = [one for name, one in counts.items() if METHOD.match(name)]
    words, lines = sum(one.words for one in method), sum(one.lines for one in method)
    found = [f"00 to 06: {words} words, at most {WORDS}"] * (words > WORDS)
    found += [f"00 to 06: {lines} lines of code, at most {LINES}"] * (lines > LINES)
    return found + [line for one in counts.values() for line in one.too_long]


def series():
    """Counts of all numbered notebooks by name."""
    return {path.stem: count(path) for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))}


def main():
    counts = series()
    print(f"{'':24}{'words':>7}{'lines':>7}{'figures':>9}")
    for name, one in counts.items():
        print(f"{name:24}{one.words:7}{one.lines:7}{one.figures:9}")
    method = [one for name, one in counts.items() if METHOD.match(name)]
    sums = [sum(getattr(one, part) for one in method) for part in ("words", "lines", "figures")]
    print(f"{'00 to 06':24}{sums[0]:7}{sums[1]:7}{sums[2]:9}   (at most {WORDS} words, {LINES} lines)")
    if found := complaints(counts):
        sys.exit("\n" + "\n".join(found))


if __name__ == "__main__":
    main()
