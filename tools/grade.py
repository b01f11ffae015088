"""Grade hand-ins: python tools/grade.py FOLDER

FOLDER, or a zip file, holds notebooks as they come: one folder, zip or file per student, renamed, with added cells.
Writes build/grades/grades.csv (1 right, 0 wrong, empty: not answered, ?: look yourself) and one page per student.

An exercise is found by its check call or its name. Of the notebook, only what that answer needs runs, in a process of
its own without network, for some seconds at most. The checks run here, where no student's code runs, with further
inputs of random sizes. What a student's code could still do is in TEACHING.md.
"""

import argparse
import ast
import contextlib
import csv
import functools
import html
import io
import json
import os
import random
import re
import sys
import tempfile
import unicodedata
import warnings
import zipfile
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace

import nbformat
import torch
from answer_process import Answer, decode, encode
from needed import names_used, needed, parse, traffic

from nst_helpers import checks

ROOT = Path(__file__).resolve().parents[1]
LARGEST = 50_000_000  # bytes of a notebook, or of a zip in a zip
LONGEST = 400_000  # characters of a notebook's code
MOST = 40  # notebooks of one student
# Words that no answer needs: they reach what it should not use, or leave the mark to chance
ODD = re.compile(
    "eval|exec|compile|open|getattr|attrgetter|methodcaller|globals|locals|vars|modules|import_module|checks|"
    "nst_helpers|IPython|get_type_hints|ForwardRef|_*getframe|__(?!init__|call__|name__).*|rand.*|multinomial|poisson|"
    ".*[Dd]ropout.*|.*(normal|uniform|bernoulli|exponential|geometric|cauchy)_?"
)
# So are the names of Python's own modules, but for these, which compute or are everyday words
FINE = re.compile(
    "abc|array|bisect|chunk|cmath|collections|colorsys|contextlib|copy|dataclasses|decimal|enum|fractions|functools|"
    "heapq|itertools|math|numbers|operator|queue|re|select|statistics|string|token|typing|warnings"
)
WORDS = {"code", "trace"}  # everyday, too, where they are not imported
NOTEBOOK = re.compile(r"\.ipynb(?!\w)", re.I)  # browsers write task.ipynb.txt, task.ipynb.json, task.ipynb (1)
WEEK = r"(week|day|sheet|lesson|part|unit|session|exercises?|homework|hw)[ _-]*\d+"  # a student's own folders
MARKS = {"right": "1", "look": "?", "wrong": "0", "empty": ""}  # of several answers, the first of these counts
PAGE = """<!doctype html><meta charset="utf-8"><title>{0}</title>
<style>body {{ font: 16px/1.5 sans-serif; max-width: 50em; margin: 2em auto; padding: 0 1em }}
pre {{ background: #f4f4f4; padding: .6em; overflow-x: auto }}</style>
<h1>{0}</h1><p>{1} of {2} exercises are right.</p>"""


def files(root):
    """All that a folder or zip holds, zips in it opened: pairs of their path's parts and, of a notebook, its bytes.

    There are no bytes of a notebook that cannot be read, and ``None`` for other files. A folder's last part is "".
    Links are left out: they lead to files that nobody handed in.
    """
    try:
        if root.is_dir():
            yield ("",), None
            for path in sorted(root.iterdir()):
                inside = (path.name if path.is_dir() else path.stem,) * (path.is_dir() or path.suffix.lower() == ".zip")
                if not path.is_symlink():
                    yield from (((*inside, *parts), data) for parts, data in files(path))
        elif root.suffix.lower() == ".zip":
            yield from unzipped(root)
        elif root.is_file():
            small = root.stat().st_size <= LARGEST
            yield (root.name,), (root.read_bytes() if small else b"") if NOTEBOOK.search(root.name) else None
    except OSError:
        yield (f"{root.stem}.ipynb",), b""


def unzipped(file, depth=3):
    """All that a zip holds, as ``files`` gives it; zips in it are opened, down to a depth."""
    try:
        archive = zipfile.ZipFile(file)
    except (OSError, ValueError, zipfile.BadZipFile):
        yield ("damaged.ipynb",), b""
        return
    yield ("",), None
    with archive:
        for info in archive.infolist():
            *folders, name = re.split(r"[/\\]", info.filename)
            folders = [it for it in folders if it not in ("", ".")]
            packed = name.lower().endswith(".zip")
            if not packed and not NOTEBOOK.search(name):
                yield (*folders, name), None
                continue
            try:
                data = archive.read(info) if info.file_size <= LARGEST else b""
            except Exception:  # damaged in any way, behind a password, packed in a way unknown here
                data = b""
            if not packed:
                yield (*folders, name), data
            elif depth:
                inner = unzipped(io.BytesIO(data), depth - 1)
                yield from (((*folders, name[:-4], *parts), data) for parts, data in inner)


def left_out(root):
    """Names of what is neither notebook nor zip: of a folder's own files, or of all in a zip."""
    names = []
    with contextlib.suppress(OSError, ValueError, zipfile.BadZipFile):
        names = (
            [it.name for it in root.iterdir() if it.is_file()] if root.is_dir() else zipfile.ZipFile(root).namelist()
        )
    names = [it for it in sorted(names) if not NOTEBOOK.search(it) and not it.lower().endswith((".zip", "/"))]
    return [readable(it) for it in names if not any(map(hidden, it.split("/")))]


def readable(name):
    """A file's name as one line of text, the same from every system."""
    name = unicodedata.normalize("NFC", os.fsencode(name).decode("utf-8", "replace"))
    return "".join(it if it.isprintable() else "\N{REPLACEMENT CHARACTER}" for it in name)


def hidden(name):
    return name.startswith((".", "__MACOSX"))


def hand_ins(root, titles):
    """By student: the notebooks, as ``(file, bytes)``; none for a folder or zip without.

    Each folder, zip and loose file is a student's; a loose file's student is what precedes the notebook's title. A lone
    folder, or one in another, is a class's if it holds notebooks under several names; titles and weeks are no names.
    How a lone folder is read is printed.
    """
    title = "|".join(titles)
    found = [(list(map(readable, parts)), data) for parts, data in files(root)]
    found = [(parts, data) for parts, data in found if parts != [""] and not any(map(hidden, parts))]

    def student(folders, name):
        stem = NOTEBOOK.split(name)[0]
        return folders[0] if folders else re.split(title, stem, maxsplit=1, flags=re.I)[0].strip(" _-.,")

    inside, where = found, []
    while len({parts[0] for parts, _ in inside}) == 1 and min(len(parts) for parts, _ in inside) > 1:
        where.append(inside[0][0][0])
        inside = [(parts[1:], data) for parts, data in inside if parts[1:] != [""]]
    names = {student(folders, name) for (*folders, name), data in inside if data is not None} - {""}
    if several := sum(not re.fullmatch(f"{WEEK}|{title}", it, re.I) for it in names) > 1:
        found = inside
    if where:
        print(f"{'/'.join(where)} is read as a class" if several else f"{where[0]} is read as one student")
    by_student = defaultdict(list)
    for (*folders, name), data in found:
        if data is not None:
            who = student(folders, name) or NOTEBOOK.split(name)[0]
            by_student[who].append(("/".join([*folders[1:], name]), data))
        elif folders:
            by_student[folders[0]]  # who handed in no notebook is listed, too
    return by_student


def statements(notebook):
    """A notebook's statements, each as ``(tags, source)``; and its cells that are no Python, with the error."""
    found, broken = [], []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            try:
                tree = parse(cell.source)
                compile(tree, "cell", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)  # finds more than parsing does
                sources = [ast.unparse(node) for node in tree.body]
            except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
                broken.append((cell.source, error))
            else:
                found += [(cell.metadata.get("tags", []), source) for source in sources]
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


def answers_in(notebook, exercise, task):
    """What may be the answer: that above the exercise's last check and, if it is another one, that at the end."""
    found, broken = statements(notebook)
    written, expression, above = [source for _, source in found], exercise, 0
    for number, source in enumerate(written):
        if (call := checked(source)) and call[0] == exercise:
            above, expression = number, call[1]
    parts = [answer_in(part, expression, task) for part in (written[:above], written)]
    for source, error in broken if not any(parts) else ():
        if re.search(rf"\b{exercise}\b", source):
            raise SyntaxError(f"your cell cannot be read as Python: {str(error) or type(error).__name__}")
    return list({part[0]: part for part in parts if part}.values())


def answer_in(written, expression, task):
    """What to run for an answer: ``(code, expression, statements of the student's in it)``; ``None`` without answer."""
    answer, own = traffic(expression)[2], []
    for source in written:
        made = traffic(source)[0]
        redefines = made and made <= task.helpers - answer
        if source not in task.given and not redefines and not is_stub(source, expression):
            own.append(source)
    if not any(answer & traffic(source)[0] for source in own):
        return None
    cells = [SimpleNamespace(cell_type="code", source=source) for source in ("pass", *task.given, *own, expression)]
    chosen = [cells[number].source for number in needed(cells, [len(cells) - 1])][1:-1]
    return "\n".join(chosen), expression, [source for source in chosen if source in own]


def grade(notebook, exercise, task, seconds):
    """An exercise's ``(mark, what to say, the student's code)``, of the best answer to it."""
    best = "empty", "not answered", ""
    try:
        for answer in answers_in(notebook, exercise, task):
            if best[0] != "right":
                best = better(best, graded(answer, exercise, seconds))
    except SyntaxError as error:
        return "wrong", str(error), ""
    return best


def better(*found):
    return min(found, key=lambda it: list(MARKS).index(it[0]))


def graded(answer, exercise, seconds):
    code, expression, own = answer
    (names, modules), own = names_in(own), "\n\n".join(own)
    if exercise == "handed_in" and "room" in names:
        return "look", "what the studio showed is not in the notebook: ask for the settings file", own
    room = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    with room as folder, Answer(folder, code, expression, names, seconds) as answer:
        mistake = verdict(answer, exercise)
    if mistake:
        return "wrong", mistake, own
    odd = sorted(name for name in names if is_odd(name, name in modules))
    return ("look", f"right, but it uses {', '.join(odd)}: look for yourself", own) if odd else ("right", "✅", own)


def is_odd(name, imported=False):
    """Whether a teacher should look at an answer that uses a name."""
    plain = name.strip("_")  # random has _os
    if plain in WORDS:
        return imported
    return bool(ODD.fullmatch(name)) or plain in sys.stdlib_module_names and not FINE.fullmatch(plain)


def names_in(sources):
    """The names that statements use and do not make, and those of modules among them.

    Not variables of a function, nor functions defined above, but also what stands in imports, after a dot and, as
    ``getattr`` takes it, in quotes.
    """
    found, modules, own = set(), set(), set()
    trees = [ast.parse(source) for source in sources]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    deleted = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Del)}
    for tree in trees:
        found |= names_used(tree) - own
        own |= {it.name for it in tree.body if isinstance(it, ast.FunctionDef)} - deleted
    for node in nodes:
        for field, value in ast.iter_fields(node):
            if field in ("attr", "value", "module", "kwd_attrs") or isinstance(node, ast.alias):
                for it in value if isinstance(value, list) else [value]:
                    found |= set(it.split(".")) if isinstance(it, str) else set()
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            paths = [it.name for it in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            modules |= {part for path in paths for part in path.split(".")}
    return found, modules


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
    if others := left_out(root):
        print(f"No notebooks, and not graded: {', '.join(others[:20])}{', …' * bool(others[20:])}")
    if not any(handed_in for _, handed_in in students):
        sys.exit(f"no notebooks in {root}: it should hold one folder, zip or .ipynb file per student")
    tasks, grades = [Task(path) for path in paths], {}
    checks.HIDDEN = 2
    random.seed(), torch.seed()
    warnings.simplefilter("ignore")  # of students' code
    os.environ |= {"NST_WEIGHTS": "embedded", "CUDA_VISIBLE_DEVICES": ""}  # the same for all students
    Answer.hidden = [ROOT / name for name in ("notebooks/solutions", "tests", "nst_helpers/checks", "build", ".git")]
    if not any(Path(it).resolve().is_relative_to(root.resolve()) for it in (ROOT, tempfile.gettempdir())):
        Answer.hidden.append(root.resolve())  # other students' answers
    for student, handed_in in students:
        row = grades[student] = {}
        for name, data in handed_in[:MOST]:
            try:
                notebook = nbformat.reads(data.decode(json.detect_encoding(data), "replace"), 4)
                text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
                if len(text) > LONGEST:
                    raise ValueError
            except Exception:  # damaged in any way
                row[name] = "look", "this file cannot be read, or is too long", ""
                continue
            for task in tasks:
                for exercise in task.exercises if task.concerns(text) else ():
                    try:
                        found = grade(notebook, exercise, task, seconds)
                    except Exception as error:  # whatever one hand-in holds, the others are graded
                        found = "look", f"it could not be graded: {type(error).__name__}", ""
                    row[exercise] = better(row.get(exercise, found), found)
        if handed_in[MOST:]:
            row["files"] = "look", f"only {MOST} of {len(handed_in)} notebooks were graded", ""
        print(f"{student}: {sum(mark == 'right' for mark, *_ in row.values())} right", flush=True)
    if not Answer.closed:
        print("This system did not keep the answers from your network and files: read TEACHING.md, Grading.")
    write(out, grades, [it for task in tasks for it in task.exercises if any(it in row for row in grades.values())])


def pages_of(table):
    """Names of the pages that a table of grades refers to; none if it cannot be read."""
    with (
        contextlib.suppress(OSError, csv.Error),
        table.open(encoding="utf-8-sig", errors="replace", newline="") as file,
    ):
        pages = [row.get("page") or "" for row in csv.DictReader(file)]
        return {page for page in pages if re.fullmatch(r"\d+_[\w.-]+\.html", page)}
    return set()


def write(out, grades, columns):
    """The table, and one page per student; pages of the previous table are removed."""
    out.mkdir(parents=True, exist_ok=True)
    path, form = out / "grades.csv", {"encoding": "utf-8-sig", "newline": ""}  # as spreadsheets like it
    old = pages_of(path)
    try:
        file = path.open("w", **form)
    except PermissionError:  # it is open in a spreadsheet
        path, old = out / "grades_new.csv", set()
        file = path.open("w", **form)
    with file:
        table = csv.writer(file)
        table.writerow(["student", *columns, "right", "of", "to look at", "page"])
        for number, (student, row) in enumerate(grades.items(), 1):
            page = f"{number:02}_" + re.sub(r"[^\w.-]+", "_", student)[:60] + ".html"
            right, look = (sum(mark == kind for mark, *_ in row.values()) for kind in ("right", "look"))
            marks = [MARKS[row[name][0]] if name in row else "" for name in columns]
            name = re.sub(
                r"(^|[;,])[\s=+@-]*[=+@-]", r"\1", student
            )  # never a formula, whichever delimiter the spreadsheet assumes
            table.writerow([name, *marks, right, len(columns), look if row else "nothing", page])
            text = PAGE.format(html.escape(student), right, len(columns))
            for name, (_, said, code) in row.items():
                text += f"<h2>{html.escape(name)}: {html.escape(said)}</h2>\n"
                text += f"<pre>{html.escape(code)}</pre>\n" * bool(code)
            (out / page).write_text(text, encoding="utf-8", errors="backslashreplace")
            old.discard(page)
    for page in old:
        (out / page).unlink(missing_ok=True)
    print(f"{path}: {len(grades)} students, {len(columns)} exercises")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--to", type=Path, default=ROOT / "build" / "grades", help="folder for table and pages")
    parser.add_argument("--seconds", type=float, default=20, help="for each exercise")
    wanted = parser.parse_args()
    main(wanted.folder, wanted.to, wanted.seconds)
