"""Grade hand-ins: python tools/grade.py FOLDER

FOLDER, or a zip file, holds notebooks as they come: one folder, zip or file per student, renamed, with added cells.
Writes build/grades/grades.csv (1 right, 0 wrong, empty: not answered, ?: look yourself) and one page per student.

An exercise is found by its check call or its name. Of the notebook, only what that answer needs runs, in a process of
its own without network, for some seconds at most. The checks run here, where no student's code runs, with further
inputs of random sizes. What a student's code could still do is in TEACHING.md.
"""

import argparse
import ast
import csv
import functools
import html
import json
import random
import re
import sys
import tempfile
import zipfile
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace

import nbformat
import torch
from answer_process import Answer, decode, encode
from needed import needed, parse, traffic

from nst_helpers import checks

ROOT = Path(__file__).resolve().parents[1]
LARGEST = 50_000_000  # bytes of a notebook
MARKS = {"right": "1", "look": "?", "wrong": "0", "empty": ""}  # of several answers, the first of these counts
PAGE = """<!doctype html><meta charset="utf-8"><title>{0}</title>
<style>body {{ font: 16px/1.5 sans-serif; max-width: 50em; margin: 2em auto; padding: 0 1em }}
pre {{ background: #f4f4f4; padding: .6em; overflow-x: auto }}</style>
<h1>{0}</h1><p>{1} of {2} exercises are right.</p>"""


def files(root):
    """Files below a folder or in a zip, zips in it opened: pairs of their path's parts and their bytes."""
    if root.is_dir():
        for path in sorted(root.iterdir()):
            if path.is_dir() or path.suffix.lower() == ".zip":
                yield from (((path.stem, *parts), data) for parts, data in files(path))
            else:
                yield (path.name,), path.read_bytes() if path.stat().st_size <= LARGEST else b""
        return
    try:
        with zipfile.ZipFile(root) as archive:
            for info in archive.infolist():
                yield tuple(info.filename.split("/")), archive.read(info) if info.file_size <= LARGEST else b""
    except (OSError, RuntimeError, zipfile.BadZipFile):  # RuntimeError: a password, or packed in a way unknown here
        yield (f"{root.stem}.ipynb",), b""


def hand_ins(root, titles):
    """By student: the notebooks, as ``(file, bytes)``. A loose file's student is what precedes the notebook's title."""
    found = defaultdict(list)
    for parts, data in files(root):
        *folders, name = parts
        if name.endswith(".ipynb") and not any(part.startswith((".", "__MACOSX")) for part in parts):
            loose = re.split("|".join(titles), name[:-6])[0].strip(" _-.,") or name[:-6]
            found[folders[0] if folders else loose].append(("/".join(parts[1:] or parts), data))
    return found


def statements(notebook):
    """A notebook's statements, each as ``(tags, source)``; and its cells that are no Python, with the error."""
    found, broken = [], []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            try:
                body = parse(cell.source).body
            except (SyntaxError, ValueError) as error:
                broken.append((cell.source, error))
            else:
                found += [(cell.metadata.get("tags", []), ast.unparse(node)) for node in body]
    return found, broken


class Task:
    """A notebook as it was handed out: its exercises, and what their answers may use."""

    def __init__(self, path):
        found, _ = statements(nbformat.read(path, 4))
        self.exercises = list(dict.fromkeys(tag[6:] for tags, _ in found for tag in tags if tag.startswith("check-")))
        self.given = [source for tags, source in found if not any(tag.startswith("exercise-") for tag in tags)]
        self.helpers = set()  # what it imports and defines: not for the student to change
        for source in self.given:
            if isinstance(parse(source).body[0], (ast.FunctionDef, ast.ClassDef, ast.ImportFrom)):
                self.helpers |= traffic(source)[0]

    def concerns(self, text):
        return any(re.search(rf"\b(check\(|def ){it}\b|[\"']{it}[\"']|\b{it} *=", text) for it in self.exercises)


def is_stub(source, name):
    """Whether a statement leaves the exercise of this name unanswered."""
    node = parse(source).body[0]
    if isinstance(node, ast.FunctionDef) and node.name == name:
        return all(isinstance(it, ast.Expr) and isinstance(it.value, ast.Constant) for it in node.body)
    return isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and node.value.value is ...


def checked(source):
    """``("my_gram", "my_gram")`` for the statement ``check(my_gram)``: exercise and answer; ``None`` for others."""
    call = getattr(parse(source).body[0], "value", None)
    if isinstance(call, ast.Call) and ast.unparse(call.func) == "check" and call.args:
        said = [
            it.value for it in (*call.args[1:], *(it.value for it in call.keywords)) if isinstance(it, ast.Constant)
        ]
        answer = ast.unparse(call.args[0])
        return (said or [answer])[0], answer
    return None


def answer_in(notebook, exercise, task):
    """What to run for an answer: ``(code, expression, statements of the student's in it)``; ``None`` without answer."""
    written, broken = statements(notebook)
    written = [source for _, source in written]
    expression = dict(filter(None, map(checked, written))).get(exercise, exercise)
    answer, own = traffic(expression)[2], []
    for source in written:
        made = traffic(source)[0]
        redefines = made and made <= task.helpers - answer
        if source not in task.given and not redefines and not is_stub(source, expression):
            own.append(source)
    if not any(answer & traffic(source)[0] for source in own):
        for source, error in broken:
            if re.search(rf"\b{exercise}\b", source):
                raise SyntaxError(f"your cell is no Python: {error}")
        return None
    cells = [SimpleNamespace(cell_type="code", source=source) for source in ("pass", *task.given, *own, expression)]
    chosen = [cells[number].source for number in needed(cells, [len(cells) - 1])][1:-1]
    return "\n".join(chosen), expression, [source for source in chosen if source in own]


def grade(notebook, exercise, task, seconds):
    """An exercise's ``(mark, what to say, the student's code)``."""
    try:
        found = answer_in(notebook, exercise, task)
    except SyntaxError as error:
        return "wrong", str(error), ""
    if found is None:
        return "empty", "not answered", ""
    code, expression, own = found
    nodes = list(ast.walk(ast.parse("\n".join(own))))
    names = {it.id for it in nodes if isinstance(it, ast.Name)} | {
        it.attr for it in nodes if isinstance(it, ast.Attribute)
    }
    own = "\n\n".join(own)
    if exercise == "handed_in" and "room" in names:
        return "look", "what the studio showed is not in the notebook: ask for the settings file", own
    with tempfile.TemporaryDirectory() as folder, Answer(folder, code, expression, names, seconds) as answer:
        mistake = verdict(answer, exercise)
    return ("wrong", mistake, own) if mistake else ("right", "✅", own)


def verdict(answer, exercise):
    """What is wrong with an answer, or ``None``."""
    try:
        value = answer.value()
        return checks.judge(value, exercise) if callable(value) else judged(exercise, json.dumps(encode(value)))
    except SystemExit:
        return "your code ends the program: leave out exit and quit"
    except Exception as error:
        return str(error) if isinstance(error, AssertionError) else f"{type(error).__name__}: {error}"


@functools.cache
def judged(exercise, text):
    """The verdict on a value, as JSON: a class's guesses are few, and for some a picture is painted."""
    return checks.judge(decode(json.loads(text)), exercise)


def main(root, out, seconds):
    if not root.exists():
        sys.exit(f"there is no folder {root}: make grade FOLDER=where_the_hand_ins_are")
    paths = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
    students = sorted(hand_ins(root, [re.escape(path.stem) for path in paths]).items())
    if not students:
        sys.exit(f"no notebooks in {root}: it should hold one folder, zip or .ipynb file per student")
    tasks, grades = [Task(path) for path in paths], {}
    checks.HIDDEN = 2
    random.seed(), torch.seed()
    for student, handed_in in students:
        row = grades[student] = {}
        for name, data in handed_in:
            try:
                notebook = nbformat.reads(data.decode("utf-8-sig"), 4)
                text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
            except Exception:  # damaged in any way
                row[name] = "look", "this file cannot be read", ""
                continue
            for task in tasks:
                for exercise in task.exercises if task.concerns(text) else ():
                    found = grade(notebook, exercise, task, seconds)
                    row[exercise] = min(row.get(exercise, found), found, key=lambda it: list(MARKS).index(it[0]))
        print(f"{student}: {sum(mark == 'right' for mark, *_ in row.values())} right", flush=True)
    write(out, grades, [it for task in tasks for it in task.exercises if any(it in row for row in grades.values())])


def write(out, grades, columns):
    """The table, and one page per student."""
    out.mkdir(parents=True, exist_ok=True)
    with (out / "grades.csv").open("w", encoding="utf-8-sig", newline="") as file:  # as spreadsheets like it
        table = csv.writer(file)
        table.writerow(["student", *columns, "right", "of", "page"])
        for number, (student, row) in enumerate(grades.items(), 1):
            page = f"{number:02}_" + re.sub(r"[^\w.-]+", "_", student) + ".html"
            right = sum(mark == "right" for mark, *_ in row.values())
            marks = [MARKS[row[name][0]] if name in row else "" for name in columns]
            table.writerow([student.lstrip("=+-@"), *marks, right, len(columns), page])  # no formula
            text = PAGE.format(html.escape(student), right, len(columns))
            for name, (_, said, code) in row.items():
                text += f"<h2>{html.escape(name)}: {html.escape(said)}</h2>\n"
                text += f"<pre>{html.escape(code)}</pre>\n" * bool(code)
            (out / page).write_text(text, encoding="utf-8")
    print(f"{out / 'grades.csv'}: {len(grades)} students, {len(columns)} exercises")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--to", type=Path, default=ROOT / "build" / "grades", help="folder for table and pages")
    parser.add_argument("--seconds", type=float, default=20, help="for each exercise")
    wanted = parser.parse_args()
    main(wanted.folder, wanted.to, wanted.seconds)
