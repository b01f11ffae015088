"""Hand-ins as they come, tricks among them: what is graded, and that a trick spoils only the exercise that it is in."""

import csv
import json
import os
import socket
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from types import SimpleNamespace

import answer_process
import grade
import nbformat
import numpy as np
import pytest
import torch
from answer_process import decode, encode

ROOT = Path(__file__).resolve().parents[1]
GRAM = "def my_gram(X):\n    F = X[0].flatten(1)\n    return F @ F.T / F.numel()"
HALF = """
def squared_variation(X):
    return (X.diff(dim=2).square().mean() + X.diff(dim=3).square().mean()) / 2
"""
EXERCISES = ("gram_factor", "my_gram", "squared_variation")


def notebook(gram=GRAM, variation=HALF, factor="gram_factor = 4", before=(), after=()):
    """Notebook 04 with answers, and more cells before the exercises and at the end."""
    answered = nbformat.read(ROOT / "notebooks" / "04_losses.ipynb", 4)
    answers = dict(zip(EXERCISES, (factor, gram, variation)))
    for cell in answered.cells:
        for name in EXERCISES:
            if f"exercise-{name}" in cell.metadata.get("tags", []) and answers[name] is not None:
                cell.source = answers[name]
    first = next(number for number, cell in enumerate(answered.cells) if "## Exercises" in cell.source)
    answered.cells[first:first] = map(nbformat.v4.new_code_cell, before)
    answered.cells += map(nbformat.v4.new_code_cell, after)
    return answered


def bare(notebook):
    """Without tags, outputs, and every cell that is not about an exercise."""
    kept = nbformat.v4.new_notebook()
    for cell in notebook.cells:
        if cell.cell_type == "code" and any(name in cell.source for name in EXERCISES):
            kept.cells.append(nbformat.v4.new_code_cell(cell.source))
    return kept


FORGED = """
def my_gram(X):
    import os
    print("✅ my_gram")
    for descriptor in range(3, 60):
        try:
            os.write(descriptor, b'{"callable": true, "result": null, "error": null}')
        except OSError:
            pass
    return "✅"
"""
REACH_OUT = """
def my_gram(X):
    import _socket
    try:
        line = _socket.socket()
        line.settimeout(2)
        line.connect(("127.0.0.1", {port}))
        line.send(b"answers, please")
    except OSError:
        pass
    return X[0].flatten(1) @ X[0].flatten(1).T / X.numel()
"""
# Each takes somebody else's answer: an import under another name, the model answer, another student's
BORROWED = """
import json, pathlib
def my_gram(X):
    answers = [path.read_text() for path in pathlib.Path({folder!r}).rglob("*.ipynb")]
    return X[0].flatten(1) @ X[0].flatten(1).T / X.numel() if answers else X
"""
WRITES = """
import ctypes, pathlib, shutil
pathlib.Path("scratch").write_text("there is room for notes")
ctypes.CDLL(None).unshare(0x10020000)  # a new user and mount namespace, where it is root again
ctypes.CDLL(None).syscall(442, -1, b"/", 0x8000, (ctypes.c_uint64 * 4)(0, 1), 32)
def my_gram(X):
    shutil.rmtree({folder!r}, ignore_errors=True)
    return X[0].flatten(1) @ X[0].flatten(1).T / X.numel()
"""
ORDERS = """
import _socket, glob
def reached():
    for path in glob.glob({folder!r} + "/pymp-*/*"):
        try:
            return _socket.socket(_socket.AF_UNIX).connect(path) or path
        except OSError:
            pass
def my_gram(X):
    return X if reached() else X[0].flatten(1) @ X[0].flatten(1).T / X.numel()
"""
# by student: notebook 04, and the marks it should get
HAND_INS = {
    "all right": (notebook(), "111"),
    "no tags": (bare(notebook()), "111"),
    "nothing": (notebook(None, None, None), ["", "", ""]),
    "answered below": (notebook(gram=None, after=[GRAM, "check(my_gram)"]), "111"),
    "by another name": (notebook(gram=None, after=[GRAM.replace("my_gram", "mine"), 'check(mine, "my_gram")']), "111"),
    "helper": (notebook(gram="def my_gram(X):\n    return rows(X) @ rows(X).T / X.numel()",
                        before=["def rows(X):\n    return X[0].flatten(1)", "rows(1 / 0)"]), "111"),
    "other cells": (notebook(before=["F = gram(nothing)", "%%time\n1 / 0", "while True: pass", "?check", "!ls", "gram?", "def f(a, a): pass"]), "111"),
    "in odd dress": (notebook(factor="from fractions import Fraction\ngram_factor = Fraction(4)", gram=f"%%time\nwith torch.enable_grad():{GRAM.replace('def', '    def').replace(chr(10), chr(10) + '    ')}\nfiles = !ls\nmy_gram?".replace("():    ", "():\n    "),
                              variation="from torch import *\n" + HALF.replace("X.diff(dim=2).square()", "square(diff(X, dim=2))"), after=["check(squared_variation)", "squared_variation = squared_variation(X)"]), "111"),
    "by chance": (notebook(factor="gram_factor = int(torch.randint(4, 5, ()))", gram=None, variation="import random\n" + HALF.replace("return", "return random.choice([1, 1]) *")), ["?", "", "?"]),
    "endless": (notebook(gram="def my_gram(X):\n    while True: pass"), "101"),
    "exits": (notebook(gram="import sys\nsys.exit()", variation="import os\n" + HALF.replace("return", "os._exit(0)\n    return")), ["1", "", "0"]),
    "exits in function": (notebook(gram="def my_gram(X):\n    raise SystemExit"), "101"),
    "kills": (notebook(gram="import os, signal\ndef my_gram(X):\n    os.kill(os.getppid() or 1, signal.SIGKILL)"), "101"),
    "hungry": (notebook(gram="def my_gram(X):\n    return [0] * 10**10"), "101"),
    "no Python": (notebook(gram="def my_gram(X)\n    return X"), "101"),
    "redefines": (notebook(before=["def gram(X):\n    return 0", "import torch\ntorch.allclose = torch.isclose = print",
                                   "check = preprocess = net = None", "tv_loss = 3"]), "111"),
    "patches": (notebook(gram="import torch\nfrom nst_helpers import checks\nchecks.judge = torch.allclose = lambda *it, **more: True\ndef my_gram(X):\n    return X"), "101"),
    "forges": (notebook(gram=FORGED), "101"),
    "theirs": (notebook(gram="theirs = gram\ndef my_gram(X):\n    return theirs(X)"), "101"),
    "learned by heart": (notebook(gram=f"{GRAM} * (1 if tuple(X.shape[1:]) in [(3, 4, 5), (4, 2, 7), (2, 6, 3)] else 2)"), "101"),
    "half a gradient": (notebook(gram=GRAM.replace("F.T", "F.detach().T"), variation=HALF.replace("X.diff(dim=3)", "X.detach().diff(dim=3)")), "100"),
    "by an alias": (notebook(gram="from nst_helpers.losses import gram as g\ndef my_gram(X):\n    return g(X)"), "101"),
    "by a table": (notebook(gram="from nst_helpers.style_losses import STYLE_LOSSES\ndef my_gram(X):\n    return list(STYLE_LOSSES.values())[0][0](X)"), "1?1"),
    "no UTF-8": (notebook(gram="def my_gram(X):\n    raise ValueError('\\ud800')"), "101"),
    "leaves a fork": (notebook(gram="import os, time\ndef my_gram(X):\n    if not os.fork():\n        os.setsid()\n        time.sleep(30)\n    os._exit(0)"), "101"),
    "too deep": (notebook(factor="gram_factor = " + "-" * 20_000 + "4"), "011"),
    "in place": (notebook(variation=HALF.replace("return", "X.data.mul_(1.5)\n    return")), "110"),
}  # fmt: skip


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The hand-ins above, graded by one call: rows of the table and pages by student, what a listener heard, whether a
    folder is left that one of them deletes, and whether the system keeps answers from network and files."""
    folder, out = (tmp_path_factory.mktemp("grading") / name for name in ("hand_ins", "out"))
    folder.mkdir()
    for student, (answers, _) in HAND_INS.items():
        (folder / student).mkdir()
        nbformat.write(answers, folder / student / "04_losses (1).ipynb")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        call = REACH_OUT.format(port=listener.getsockname()[1])
        with zipfile.ZipFile(folder / "zipped.zip", "w") as archive:
            archive.writestr("home/work/renamed.ipynb", nbformat.writes(notebook(gram=call)))
        nbformat.write(notebook(), folder / "lovelace_ada_12_04_LOSSES-2.ipynb.txt")  # as browsers write it
        with zipfile.ZipFile(folder / "zips.zip", "w") as archive:
            archive.write(folder / "zipped.zip", "inside.zip")
            archive.writestr("../../out/evil.ipynb", "{")
        for name, code in ("=j.doe;=1", "utf-8"), ("j.smith", "utf-16"):
            (folder / name).mkdir()
            (folder / name / "04.IPYNB").write_text(nbformat.writes(notebook()), encoding=code)
        plain = json.loads(nbformat.writes(notebook()))
        cell = {"cell_type": "code", "source": "my_gram = 3"}
        (folder / "no metadata.ipynb").write_text(json.dumps(plain | {"cells": [cell]}))
        (folder / "elsewhere.ipynb").symlink_to("/nowhere")
        if sys.platform == "linux":  # as an archive of an older system leaves it
            (folder / os.fsdecode(b"M\xfcller.ipynb")).write_text(nbformat.writes(notebook()))
        kept = tmp_path_factory.mktemp("kept")
        for name, code, where in [("borrows", BORROWED, folder), ("writes", WRITES, kept),
                                  ("takes orders", ORDERS, tempfile.gettempdir()),
                                  ("borrows the answers", BORROWED, ROOT / "notebooks" / "solutions")]:  # fmt: skip
            nbformat.write(notebook(code.format(folder=str(where)), None, None), folder / f"{name}.ipynb")
        (folder / "damaged.ipynb").write_text('{"cells": [')
        (folder / "readme.txt").write_text("not a notebook")
        command = [sys.executable, "tools/grade.py", folder, "--to", out, "--seconds", "4"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        listener.settimeout(0.01)
        try:
            heard = bool(listener.accept())
        except TimeoutError:
            heard = False
    closed = "did not keep the answers" not in done.stdout
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stdout + done.stderr
    with (out / "grades.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    pages = {name: (out / row["page"]).read_text(encoding="utf-8") for name, row in rows.items()}
    return SimpleNamespace(rows=rows, pages=pages, said=done.stdout, heard=heard, kept=kept.is_dir(), closed=closed)


@pytest.mark.parametrize("student", HAND_INS)
def test_marks(graded, student):
    assert [graded.rows[student][name] for name in EXERCISES] == list(HAND_INS[student][1]), graded.pages[student]


def test_files_as_they_come(graded):
    right = {
        "zipped": "2",
        "zips": "2",
        "lovelace_ada_12": "3",
        "j.doe;1": "3",
        "j.smith": "3",
    }  # two ask for the network
    assert {name: graded.rows[name]["right"] for name in right} == right
    assert "cannot be read" in graded.pages["damaged"] and graded.rows["no metadata"]["right"] == "0"
    assert {"readme", "elsewhere", "evil"}.isdisjoint(graded.rows) and "not graded: readme.txt" in graded.said
    assert sys.platform != "linux" or graded.rows["M\N{REPLACEMENT CHARACTER}ller"]["right"] == "3"


def test_the_page_says_what_was_wrong(graded):
    for student, words in {
        "endless": "longer than 4 seconds",
        "exits": "ends its process",
        "exits in function": "leave out exit",
        "hungry": "MemoryError",
        "no Python": "expected &#x27;:&#x27;",
        "theirs": "without calling gram",
        "by a table": "it uses nst_helpers",
        "by chance": "it uses randint",
        "half a gradient": "part of the gradient",
        "in place": "changed it in place",
    }.items():
        assert words in graded.pages[student], (student, graded.pages[student])


def test_answers_reach_neither_network_nor_files(graded):
    if not graded.closed:
        pytest.skip("this system does not keep a process from its user's network and files")
    assert not graded.heard and graded.kept
    marks = {"borrows": "0", "borrows the answers": "0", "writes": "?", "takes orders": "?"}
    assert {name: graded.rows[name]["my_gram"] for name in marks} == marks


TITLES = ["04_losses", "05_composite_image"]


def zipped(path, *names):
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), "{}")
    return path


def unpacked(path, *names):
    for name in names:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text("{}")
    return path


@pytest.mark.parametrize("pack", [zipped, unpacked])
@pytest.mark.parametrize(
    "names, expected",
    [
        (["hw/2/ada/a.ipynb", "hw/2/bob/04_losses.ipynb"], {"ada": 1, "bob": 1}),
        (["hw/ada_04_losses.ipynb", "hw/bob-04_LOSSES(1).ipynb", "hw/c.pdf"], {"ada": 1, "bob": 1}),
        (["hw/ada.ipynb", "hw/bob.ipynb"], {"ada": 1, "bob": 1}),
        (["hw/ada_04_losses.ipynb", "hw/bob.ipynb"], {"ada": 1, "bob": 1}),
        (["hw/ada/04_losses.ipynb", "hw/bob.ipynb", "hw/eve/a.pdf"], {"ada": 1, "bob": 1, "eve": 0}),
        (["ada/home/nst/04_losses.ipynb", "ada/home/nst/05_composite_image.ipynb"], {"ada": 2}),
        (["ada/04_losses.ipynb", "ada/mine.ipynb", "ada/images/a.png"], {"ada": 2}),
        (["ada/week1/04_losses.ipynb", "ada/week2/05_composite_image.ipynb"], {"ada": 2}),
        (["ada/04_losses/04_losses.ipynb", "ada/05_composite_image/a.ipynb"], {"ada": 2}),
        (["ada/week1/04_losses.ipynb", "ada/week2/05_composite_image.ipynb", "bob/a.txt"], {"ada": 2, "bob": 0}),
        (["ada/final 04_losses.ipynb", "ada/v2 05_composite_image.ipynb", "bob/x.pdf"], {"ada": 2, "bob": 0}),
        (["A\u0308da/Bo\u0308/a.ipynb", "A\u0308da/Ca/a.ipynb", "A\u0308da/D/a.pdf"], {"Bö": 1, "Ca": 1, "D": 0}),
    ],
)
def test_whose_the_files_are(tmp_path, capsys, pack, names, expected):
    found = grade.hand_ins(pack(tmp_path / "all.zip", *names), TITLES)
    assert {name: len(files) for name, files in found.items()} == expected
    lone = len({name.split("/")[0] for name in names}) == 1
    assert capsys.readouterr().out.count("is read as") == lone


def test_names_in_zips(tmp_path):
    path = zipped(
        tmp_path / "a.zip", "./ada/04_losses.ipynb", "bob\\a.ipynb", "__MACOSX/ada/._04_losses.ipynb", "hw/c.pdf"
    )
    found = grade.hand_ins(path, TITLES)
    assert {name: len(files) for name, files in found.items()} == {"ada": 1, "bob": 1, "hw": 0}
    assert grade.left_out(path) == ["hw/c.pdf"]
    (tmp_path / "empty").mkdir()
    assert set(grade.hand_ins(tmp_path, TITLES)) == {"a", "empty"}


def test_pages_of_the_previous_table_are_removed(tmp_path):
    """And nothing else: a student may have the name of a file."""
    for name in ("my_notes.html", "07_plan.html"):
        (tmp_path / name).write_text("mine")
    for student in ("Ada 07_plan.html", "Bob"):
        grade.write(tmp_path, {student: {"twice": ("right", "✅", "")}}, ["twice"])
    assert sorted(it.name for it in tmp_path.iterdir()) == [
        "01_Bob.html",
        "07_plan.html",
        "grades.csv",
        "my_notes.html",
    ]


def test_only_pages_in_the_folder_are_removed(tmp_path):
    """Whatever somebody wrote into the table's column of pages."""
    (tmp_path / "out").mkdir()
    for name in ("07_plan.html", "out/my 07_plan.html"):
        (tmp_path / name).write_text("mine")
    (tmp_path / "out" / "grades.csv").write_text("student,page\nAda,../07_plan.html\nBob,my 07_plan.html\n")
    grade.write(tmp_path / "out", {"Ada": {"twice": ("right", "✅", "")}}, ["twice"])
    assert (tmp_path / "07_plan.html").exists() and (tmp_path / "out" / "my 07_plan.html").exists()


@pytest.mark.parametrize(
    "source, odd",
    [
        ("import code, trace", {"code", "trace"}),
        ("from code import InteractiveInterpreter as it", {"code"}),
        ("def f(X):\n    code = X\n    normal = time = code.trace()\n    return normal - time", set()),
        ("def f(X):\n    return trace(X) + code", set()),
        ("def f():\n    return functools._sys._getframe()", {"_sys", "_getframe"}),
        ("import importlib as it\nit.import_module('os')", {"importlib", "import_module", "os"}),
        ("def f(X):\n    return X.normal_() + X.uniform_() + torch.normal(X, X)", {"normal_", "uniform_", "normal"}),
        ("def f(X):\n    return X.bernoulli_(), X.bernoulli()", {"bernoulli_", "bernoulli"}),
        ("def f(X):\n    return X.exponential_(), X.multinomial(1)", {"exponential_", "multinomial"}),
        ("def f(X):\n    return F.dropout(X), nn.Dropout2d(X)", {"dropout", "Dropout2d"}),
        ("import typing\ntyping.get_type_hints(f)", {"get_type_hints"}),
        ("if 0: eval = 0\neval('1')", {"eval"}),
        ("class A:\n    eval = eval\n    e = eval", {"eval"}),
        ("def eval(): pass\ndel eval\neval('1')", {"eval"}),
    ],
)
def test_what_a_teacher_should_look_at(source, odd):
    names, modules = grade.names_in(source.split("\n") if source[:3] not in ("def", "cla") else [source])
    assert {name for name in names if grade.is_odd(name, name in modules)} == odd


def test_where_sockets_are_not_listed_nothing_is_promised(monkeypatch):
    def refuse(*args, **options):
        raise PermissionError

    monkeypatch.setattr(Path, "read_text", refuse)
    assert answer_process.sockets() is None
    monkeypatch.setattr(Path, "read_text", lambda *args, **options: "0: 03 /run/a b\n1: 03 /run/a b\n2: 03 @x\n3: 03")
    assert answer_process.sockets() == {"/run/a b"}


def test_names_of_ones_own_are_nobodys():
    names, _ = grade.names_in(["def layer_norm(X):\n    batch_norm = X.mean()\n    return batch_norm", "layer_norm(X)"])
    assert names == {"X", "mean"}
    assert "gram" in grade.names_in(["mine = gram", "def gram(X):\n    return mine(X)"])[0]


@pytest.mark.parametrize("name, words", [("", "no notebooks in"), ("none", "there is no folder")])
def test_no_hand_ins(tmp_path, name, words):
    with pytest.raises(SystemExit, match=words):
        grade.main(tmp_path / name, tmp_path / "grades", 4)
    assert not (tmp_path / "grades").exists()


@pytest.mark.parametrize(
    "value",
    [
        None,
        ...,
        True,
        3,
        2.5,
        "é",
        [1, (2, "x")],
        {"a": [1]},
        np.float32(2),
        np.arange(3),
        torch.zeros(0, 2),
        float("inf"),
    ],
)
def test_values_arrive(value):
    assert repr(decode(json.loads(json.dumps(encode(value))))) == repr(value)


def test_what_is_no_data_arrives_as_text():
    assert repr(decode(encode(np.array([print])))) == repr([print])
    assert repr(decode(encode(object))) == repr(object)
    assert decode(encode(x for x in range(3))) == [0, 1, 2]
    assert decode(encode(torch.ones(2, requires_grad=True))).requires_grad
    with pytest.raises(ValueError):
        decode({"tensor": ["object", [1], "AAAAAAAAAAA="]})
