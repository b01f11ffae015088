"""The studio without a browser: what hands do is done to the parts' values and messages."""

import errno
import gc
import io
import json
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import ipywidgets
import numpy as np
import psutil
import pytest
import torch
from ipykernel.comm.comm import BaseComm
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from nst_helpers import (
    DEFAULTS,
    DivergedError,
    Job,
    Settings,
    WeightsError,
    feature_visualization,
    load_painter,
    optimize,
    sample,
    sweep,
    weights,
    widgets,
)
from nst_helpers import (
    run as run_module,
)
from nst_helpers.background import Worker
from nst_helpers.features import shared_vgg19
from nst_helpers.images import film, jpeg, png, small, thumbnail
from nst_helpers.layer_lab import layer_lab
from nst_helpers.studio import Studio, compare, controls
from nst_helpers.studio.choices import BALANCE, RECIPES, Choices, Picture, read
from nst_helpers.studio.runs import KEPT, PINS, Kept, Shelf

SMALL = {"size": 64, "stroke": 1.0, "steps": 6}
NASTY = "<img src=x onerror=alert(1)>.png"


@pytest.fixture
def make(net):
    """A function that makes a small studio on the tiny network, with its first picture; all are closed in the end."""
    made = []

    def new(**changes):
        made.append(Studio(**{"weights": net, **SMALL, **changes}))
        return made[-1].wait()

    yield new
    for each in made:
        each.close()


@contextmanager
def going(studio, steps=3):
    """While a long run goes: it has taken some steps, and is stopped afterwards."""
    before = studio.painting.easel.run
    studio.set(steps=5000)
    until(lambda: studio.painting.easel.run is not before and studio.painting.easel.run.step >= steps)
    yield
    studio.stop().wait(10)


def until(condition, timeout=30):
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


def said(part, content, buffers=()):
    """A message from a part's page."""
    part._heard(part, content, list(buffers))


def sent(part, monkeypatch):
    """What a part sends to its page, from now on."""
    messages = []
    monkeypatch.setattr(part, "send", lambda content, buffers=None: messages.append((content, buffers)))
    return messages


def same(a, b):
    return a.size == b.size and a.tobytes() == b.tobytes()


# Runs


def test_opening_paints_and_the_last_frame_is_the_result(make):
    studio = make()
    (run,) = studio.runs
    assert studio.error is None and run.finished and not run.steered
    assert [row[0] for row in run.history] == [1, 2, 3, 4, 5, 6]
    assert studio.parts.stage.value == jpeg(studio.image) and same(run.image, studio.image)
    state = studio.parts.stage.state
    assert (state["running"], state["step"], state["total"], state["more"]) == (False, 6, 6, False)
    assert studio.parts.stage.steps[-1] == 6 and len(studio.parts.stage.frames) == len(studio.parts.stage.steps)
    assert all(np.isclose(row[4], sum(row[1:4])) for row in run.history)
    assert studio.parts.chart.value[-1][0] == 6


def test_same_choices_same_picture(make):
    studio = make(start="noise").run().wait()
    assert same(*(run.image for run in studio.runs))
    studio.set(seed=1).wait()
    assert not same(studio.runs[0].image, studio.runs[-1].image)


def test_stop_and_resume(make):
    studio = make(optimizer="adam")
    with going(studio):
        pass
    run = studio.runs[-1]
    assert not run.finished and 3 <= run.step < 5000 and "stopped" in studio.parts.stage.state["note"]
    assert studio.parts.stage.state["more"]
    step, number = run.step, run.number
    time.sleep(0.1)
    assert studio.painting.easel.run.step == step  # it stays stopped
    studio.resume()
    until(lambda: studio.painting.easel.run.step > step + 2)
    studio.stop().wait(10)
    run = studio.runs[-1]
    assert run.number == number and not run.steered  # in place of the stopped one, and still what its settings make
    assert [row[0] for row in run.history] == list(range(1, run.step + 1))


@pytest.mark.parametrize("instant", [False, True])
def test_stop_between_two_requests_ends_the_run_as_any_stop_does(make, instant):
    """A slider was moved: the run has left for the newer request, which Stop drops before it is served."""
    studio = make(instant=instant)
    serve = studio.worker.serve

    def stopped_after(request):
        serve(request)
        if studio.worker.request:
            studio.stop()

    studio.worker.serve = stopped_after
    with going(studio):
        studio.set(balance=0.2).wait(10)
        state, run = studio.parts.stage.state, studio.runs[-1]
        assert (state["running"], state["more"]) == (False, True) and "stopped" in state["note"]
        assert run.step == state["step"] >= 3 and same(run.image, studio.image)
    studio.worker.serve = serve
    studio.resume()
    until(lambda: studio.painting.easel.run.step > state["step"] + 2)


def test_stop_takes_effect_within_a_step(make):
    studio = make()
    with going(studio):
        before = studio.painting.easel.run.step
        studio.stop().wait(5)
        assert studio.painting.easel.run.step - before <= 3  # the clock between the two lines allows for a step or two


def test_a_finished_run_goes_on_for_as_many_steps_again(make):
    studio = make().resume().wait()
    assert [run.step for run in studio.runs] == [6, 12] and studio.runs[-1].steered


STEER = [
    {"style_weight": 1e6},
    {"tv_weight": 0},
    {"style_layers": ("relu1_1", "conv2_2")},
    {"content_layers": ("relu3_2", "relu4_2")},
    {"optimizer": "adam"},
    {"balance": -1.0},
]


@pytest.mark.parametrize("change", STEER)
def test_a_control_that_moves_steers_the_run_and_the_panel_says_so(make, change):
    studio = make()
    with going(studio):
        run = studio.painting.easel.run
        before = run.step
        studio.set(**change)
        until(lambda: run.steered and run.step > before + 3)
        assert studio.painting.easel.run is run and studio.error is None  # goes on from the present picture
        assert run.settings == studio.settings
    kept = studio.runs[-1]
    assert kept.steered and "steered" in kept.title and "▶ Paint" in studio.parts.stage.state["note"]
    assert [row[0] for row in kept.history] == list(range(1, kept.step + 1))
    studio.set(steps=5).wait()
    assert not studio.runs[-1].steered and "▶" not in studio.parts.stage.state["note"]


@pytest.mark.parametrize("change", [{"content": "coffee"}, {"style": "mosaic_fish"}, {"size": 80}, {"stroke": 0.8},
                                    {"start": "noise"}, {"seed": 3}])  # fmt: skip
def test_another_start_is_another_run(make, change):
    studio = make()
    with going(studio):
        run = studio.painting.easel.run
        studio.set(**change)
        until(lambda: studio.painting.easel.run is not run and studio.painting.easel.run.step > 2)
        assert studio.error is None and not studio.painting.easel.run.steered
        assert studio.painting.easel.choices == studio.choices


def test_large_pictures_are_painted_coarse_to_fine(make):
    studio = make(size=264, steps=4, instant=False)
    run = studio.runs[-1]
    assert run.step == 4 + 2 and run.image.width == 264
    assert studio.painting.easel.run.level == 1


def test_a_coarse_run_stops_resumes_and_starts_anew_when_its_choices_change_late(make):
    studio = make(size=264, steps=3, instant=False)
    with going(studio):
        pass
    assert studio.image.width == 132
    studio.painting.easel.run.settings = studio.settings.but(num_epochs=studio.painting.easel.run.step)
    studio.worker.stopping.clear()
    studio.painting.serve("resume")  # to the end of the small size, and through the large one
    assert studio.image.width == 264 and studio.runs[-1].finished
    assert not studio.painting.easel.fits(studio.choices.but(style_weight=3), studio.present()[1])


def test_the_painter_answers_first_and_the_steps_refine_its_picture(make, monkeypatch):
    answer = load_painter().answer(sample("cat"), "starry_harbour", 264, 1.0)
    studio = make(size=264, steps=4)
    run = studio.runs[-1]
    assert run.step == 4 and list(run.frames) == studio.parts.stage.steps == [0, 1, 2, 3, 4]  # and no smaller size
    assert run.frames[0] == jpeg(small(answer), 82) and not same(run.image, answer)
    assert run.history[0][1] > 0  # the photograph itself would have no content loss
    assert "one pass, then 4 steps" in run.title and "one pass, then refined" in studio.parts.stage.state["note"]
    studio.set(instant=False).wait()
    assert (
        0 not in studio.runs[-1].frames and "one pass" not in studio.runs[-1].title + studio.parts.stage.state["note"]
    )

    seen = []
    monkeypatch.setattr(studio.painting, "_paint", lambda: seen.append((studio.image, studio.parts.stage.state)))
    studio.set(instant=True, balance=-3).wait()  # whatever the balance
    picture, state = seen[0]
    assert same(picture, answer) and state["running"] and state["note"].startswith("one pass of the painter")


def test_the_painter_s_strokes_follow_the_slider():
    images = [load_painter().answer(sample("cat"), "mosaic_fish", 320, stroke) for stroke in (0.8, 1.5, 3)]
    details = [np.abs(np.diff(np.asarray(img, float), axis=1)).mean() for img in images]
    assert images[0].size == images[2].size == (320, 213) and details[0] > details[1] > details[2]


@pytest.mark.parametrize("change, why", [({"start": "noise"}, "not from noise"), ({"style": "coffee"}, "not for this")])
def test_where_the_painter_cannot_answer_the_control_says_why(make, change, why):
    studio = make(**change)
    assert studio.choices.instant and studio.parts.mood.value["instant"].startswith(why)
    assert 0 not in studio.runs[0].frames and "one pass" not in studio.runs[0].title
    studio.parts.mood.value = {**studio.parts.mood.value, "balance": -1.0}  # a hand at another control
    assert studio.error is None and studio.choices.instant
    studio.set(start="content", style="mosaic_fish").wait()
    assert studio.parts.mood.value["instant"] is True and 0 in studio.runs[-1].frames


def test_a_long_narrow_photo_is_answered_too(make):
    photo = Image.linear_gradient("L").resize((600, 90)).convert("RGB")
    assert 0 in make(content=photo, size=160, style_layers=("relu1_1",), content_layers=("relu1_1",)).runs[0].frames


def test_many_moves_make_one_run(make):
    studio = make()
    for power in np.linspace(3, 6, 20):
        studio.set(style_weight=10**power)
    studio.wait()
    assert len(studio.runs) <= 3 and studio.runs[-1].settings.style_weight == pytest.approx(1e6)


def test_divergence_keeps_the_last_good_picture(make, monkeypatch):
    def diverging(*args, **more):
        for step in optimize(*args, **more):
            if step.step == 4:
                raise DivergedError(4, 2, step.X, 10.0)
            yield step

    studio = make()
    monkeypatch.setattr(run_module, "optimize", diverging)
    studio.run().wait()
    assert "non-finite in step 4" in studio.parts.stage.error and [row[0] for row in studio.runs[-1].history] == [1, 2]


def test_any_other_error_of_a_run_is_said_and_the_panel_lives_on(make, monkeypatch):
    def breaking(*args, **more):
        raise RuntimeError("out of <memory>")
        yield

    studio = make()
    with monkeypatch.context() as patch:
        patch.setattr(run_module, "optimize", breaking)
        studio.run().wait()
    assert isinstance(studio.error, RuntimeError) and studio.parts.stage.error == "RuntimeError: out of <memory>"
    assert not studio.parts.stage.state["running"]
    studio.run().wait()
    assert studio.parts.stage.error == "" and studio.runs[-1].finished


def test_two_studios(make):
    a, b = make(), make(start="noise")
    assert not same(a.image, b.image)
    a.run(), b.run()
    assert a.wait().runs[-1].step == b.wait().runs[-1].step == 6


def test_wait_says_when_it_takes_too_long(make):
    studio = make()
    with going(studio), pytest.raises(TimeoutError, match="still running after 0.05 s"):
        studio.wait(0.05)


# What stays


def counted():
    gc.collect()
    return len(ipywidgets.widgets.widget._instances), threading.active_count()


def test_runs_and_openings_leave_nothing(net):
    first = Studio(weights=net, **SMALL).wait()
    first.close()
    before = counted()
    studio = Studio(weights=net, **SMALL).wait()
    opened = counted()
    for _ in range(25):
        studio.run().wait()
    studio.set(content="coffee").wait().set(style_layers=("relu1_1",)).wait()
    assert counted() == opened and len(studio.runs) == KEPT
    studio.close()
    for _ in range(5):
        with_lab = Studio(weights=net, **SMALL)
        lab = layer_lab(with_lab, ["relu2_1"], ["relu1_1"], size=64, steps=1)
        with_lab.close(), lab.close()
    del studio, with_lab, lab
    until(lambda: counted() == before)


def test_memory_after_many_runs(make):
    studio = make()
    for _ in range(10):
        studio.run().wait()
    gc.collect()
    before = psutil.Process().memory_info().rss
    for _ in range(40):
        studio.run().wait()
    gc.collect()
    assert psutil.Process().memory_info().rss - before < 20e6


def test_running_the_cell_again_ends_the_old_studio_and_keeps_its_place(make, monkeypatch):
    parent = {"metadata": {"cellId": "a"}, "header": {"msg_id": "1"}}
    shell = SimpleNamespace(kernel=SimpleNamespace(get_parent=lambda: parent))
    monkeypatch.setattr(widgets, "get_ipython", lambda: shell)
    first, beside = make(), make()
    places = first.widget.model_id, beside.widget.model_id
    parent["metadata"] = {"cellId": "b"}
    other = make()
    assert not first.worker.closed and not beside.worker.closed
    parent.update(metadata={"cellId": "a"}, header={"msg_id": "2"})
    again = make()
    assert first.worker.closed and beside.worker.closed and not other.worker.closed and not again.worker.closed
    # so that a page which is loaded again before it was saved finds the panel of its stored output
    assert again.widget.model_id == places[0] != places[1] != other.widget.model_id


def test_a_closed_studio_says_so(make):
    studio = make()
    studio.close()
    studio.worker.thread.join(5)
    assert not studio.worker.thread.is_alive()
    with pytest.raises(RuntimeError, match="closed"):
        studio.run()


def kept(number, **more):
    return Kept(number, Choices(), Image.new("RGB", (8, 8)), [(1, 0, 0, 0, 0)], {1: b"x"}, **more)


def test_the_shelf_drops_the_oldest_without_a_pin():
    shelf = Shelf()
    for number in range(1, KEPT + 1):
        shelf.put(kept(number))
    shelf.turn(1)
    shelf.put(kept(KEPT + 1))
    shelf.put(kept(KEPT + 2))
    assert [run.number for run in shelf] == [1, *range(3, KEPT + 3)]
    shelf.put(kept(1))
    assert shelf.find(1).pinned and shelf[-1].number == 1  # painted further: the pin stays
    for number in range(3, PINS + 2):
        shelf.turn(number)
    with pytest.raises(ValueError, match=f"{PINS} runs are pinned already"):
        shelf.turn(shelf[-2].number)
    with pytest.raises(ValueError, match="run 99 is not kept"):
        shelf.turn(99)


def test_kept_runs_survive_a_restart_in_their_folder(make, tmp_path):
    folder = tmp_path / "my runs"
    first = make(folder=folder, steps=4, tv_weight=12.0)
    first.set(steps=5).wait()
    said(first.parts.kept, {"pin": 1})
    first.close()
    (folder / "run 0.png").write_bytes(b"no picture")
    again = make(folder=folder)
    assert [run.step for run in again.runs] == [4, 5, 6] and again.runs[0].pinned
    assert "run 0.png is not the file of a kept run" in again.parts.kept.error
    for old, new in zip(first.runs, again.runs):
        assert same(old.image, new.image) and old.frames == new.frames and old.choices == new.choices
        assert old.history == new.history and old.title == new.title.replace(f"Run {new.number}", f"Run {old.number}")
    again.parts.kept.value = 1  # a click
    assert again.settings.tv_weight == 12.0 and again.error is None and same(again.image, first.runs[0].image)
    for _ in range(KEPT):
        again.run().wait()
    assert len(list(folder.glob("run 2*.png"))) == len(again.runs) == KEPT + 1  # what the strip drops goes


def test_a_run_whose_file_cannot_be_written_is_kept_all_the_same(make, tmp_path):
    (tmp_path / "taken").write_text("a file, not a folder")
    studio = make(folder=tmp_path / "taken")
    assert len(studio.runs) == 1 and "taken" in studio.parts.stage.error and same(studio.image, studio.runs[0].image)


def test_a_full_disk_leaves_the_file_of_a_kept_run_as_it_was(tmp_path, monkeypatch):
    kept = Kept(1, Choices(), Image.new("RGB", (8, 8), "red"), [(1, 1, 1, 1, 3)], {}, path=tmp_path / "run 1.png")
    kept.save()
    old = kept.path.read_bytes()

    def full(file):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    kept.pinned = True
    with pytest.raises(OSError, match="run 1.png cannot be written"):
        kept.save()
    assert kept.path.read_bytes() == old and list(tmp_path.iterdir()) == [kept.path]


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"choices": "{}"}', '{"choices": 3, "history": [[1, 2]]}'])
def test_files_that_are_no_kept_runs_are_said(text, tmp_path):
    about = PngInfo()
    about.add_itxt("nst_run", text)
    Image.new("RGB", (8, 8)).save(tmp_path / "run a.png", pnginfo=about)
    shelf = Shelf(tmp_path)
    assert not shelf and len(shelf.unread) == 1 and "run a.png" in shelf.unread[0]


def test_a_kept_run_comes_back_with_its_settings(make):
    studio = make(style_weight=2e4)
    studio.set(style_weight=3e3).wait()
    studio.parts.kept.value = 1  # a click
    assert studio.error is None and studio.settings.style_weight == 2e4
    assert studio.parts.losses.value["style_weight"] == 2e4
    assert studio.parts.stage.value == jpeg(studio.runs[0].image) and same(studio.image, studio.runs[0].image)
    assert not studio.worker.going  # it is looked at, not painted again
    studio.parts.kept.against = 2
    assert studio.parts.stage.under == jpeg(studio.runs[1].image) and studio.parts.stage.under_label == "run 2"
    studio.parts.kept.against = 0
    assert studio.parts.stage.under_label == "photo"
    said(studio.parts.kept, {"pin": 1})
    assert studio.runs[0].pinned and studio.parts.kept.items[0]["pinned"]


# Choices


@pytest.mark.parametrize("source", DEFAULTS)
def test_first_settings_are_those_of_the_weights(source):
    assert Choices().but(weights=source).settings == DEFAULTS[source].but(
        optimizer="lbfgs", num_epochs=60, tv_weight=10.0
    )


BAD = [
    {"balance": float("nan")},
    {"balance": float("inf")},
    {"balance": "0"},
    {"size": 63},
    {"size": 1e3},
    {"size": True},
    {"instant": 1},
    {"instant": None},
    {"size": 10**5000},
    {"stroke": float("nan")},
    {"steps": 10**6},
    {"steps": 0},
    {"style_weight": -1},
    {"style_weight": float("nan")},
    {"style_layers": ()},
    {"style_layers": ("relu9_9",)},
    {"style_layers": ("relu1_1",), "style_layer_weights": (1, 2)},
    {"content_layers": ("relu5_4",), "size": 16},
    {"start": "nowhere"},
    {"colour": 1},
    {"weights": "vgg11"},
    {"weights": "\0"},
    {"settings": 3},
    {"content_layers": ("relu1_1",), "content_layer_weights": (1, 2)},
    {"content_layers": {"relu1_1": float("nan")}},
    {"content": 3},
    {"content": "~no_such_user/x.png"},
    {"weights": "~no_such_user/x.pth"},
    {"content": ""},
    {"content": "a\0b"},
    {"content": "/nowhere/x.png"},
    {"style": "x" * 5000},
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: "-".join(bad))
def test_what_cannot_be_changes_nothing(make, bad):
    studio = make()
    before = studio.choices, studio.to_json(), studio.parts.mood.value, studio.parts.losses.value
    with pytest.raises((ValueError, OSError)):
        studio.set(**{"tv_weight": 77.0, "style": "mosaic_fish", **bad})
    assert before == (studio.choices, studio.to_json(), studio.parts.mood.value, studio.parts.losses.value)
    assert not studio.worker.going and studio.run().wait().error is None


def test_hands_that_ask_for_the_impossible_are_told_beside_the_control(make):
    studio = make()
    studio.parts.layers.value = {"content_layers": {"relu3_1": 1}, "style_layers": {}}
    assert "style_layers is empty" in studio.parts.layers.error
    assert list(studio.parts.layers.value["style_layers"]) == list(
        studio.settings.style_layers
    )  # the control goes back
    studio.parts.mood.value = {**studio.parts.mood.value, "balance": float("nan")}
    assert "balance must be a number" in studio.parts.mood.error and studio.parts.mood.error_at == "balance"
    assert studio.parts.mood.value["balance"] == studio.choices.balance
    said(studio.parts.expert, {"enter": "content", "text": f"/nowhere/{NASTY}"})
    assert NASTY in studio.parts.expert.error and studio.parts.expert.error_at == "content"
    studio.parts.losses.value = {**studio.parts.losses.value, "tv_weight": 3.0}
    assert studio.error is None and studio.parts.expert.error == "" and studio.settings.tv_weight == 3.0
    studio.wait()


def test_hands_move_what_programs_move(make):
    studio = make()
    studio.parts.content.value = "coffee"
    studio.parts.style.value = "mosaic_fish"
    studio.parts.mood.value = {**studio.parts.mood.value, "balance": -2.0, "stroke": 0.7}
    studio.parts.layers.value = {"content_layers": {"relu4_2": 0.3}, "style_layers": {"relu3_1": 0.5, "relu1_1": 2.0}}
    studio.parts.expert.value = {**studio.parts.expert.value, "optimizer": "adam"}
    c = studio.wait().choices
    assert (c.content.name, c.style.name, c.stroke) == ("coffee", "mosaic_fish", 0.7) and studio.error is None
    assert c.balance == pytest.approx(-2) and c.settings.content_layers == ("relu4_2",)
    assert c.settings.layer_weights("style") == {"relu1_1": 2.0, "relu3_1": 0.5} and c.settings.optimizer == "adam"
    assert c.settings.layer_weights("content") == {"relu4_2": 0.3}
    assert studio.painting.easel.choices == c


def test_the_edges_of_choices():
    for good in (
        {"size": 64}, {"size": 1024}, {"stroke": 0.3}, {"stroke": 3}, {"steps": 1}, {"steps": 5000},
        {"balance": 12}, {"balance": -12}, {"weights": "x"}, {"weights": "x" * 1000},
    ):  # fmt: skip
        Choices().but(**good)
    for bad, words in [
        ({"size": 1025}, "size must be a whole number from 64 to 1024"),
        ({"stroke": 3.1}, "stroke must be a number from 0.3 to 3"),
        ({"steps": 5001}, "num_epochs must be a whole number from 1 to 5000"),
        ({"balance": 12.1}, "balance must be"),
        ({"balance": -12.1}, "balance must be"),
        ({"weights": "x" * 1001}, "weights must be one of imagenet, embedded, random or a path"),
        ({"weights": ""}, "weights must be one of"),
        ({"instant": 1}, "instant must be True or False; it is 1"),
        ({"settings": 3}, "no choice 'settings'"),
        ({"zoo": 1, "colour": 1}, "no choice 'colour'; it has balance, content, .*stroke, style, .*, weights$"),
        ({"content": Path("x" * 1001)}, "at most 1000 characters"),
    ]:
        with pytest.raises(ValueError, match=words):
            Choices().but(**bad)


def test_pictures_are_samples_files_or_uploads(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cat, file, upload = Picture.of("cat"), Picture.of(Path("my cat.png")), Picture("cat.png")
    assert (cat, cat.kind, cat.id) == (Picture("cat"), "sample", "cat") and Picture.of(cat) is cat
    assert (file.name, file.path, file.kind) == ("my cat.png", str(tmp_path / "my cat.png"), "file")
    assert file.id == file.path and (upload.kind, upload.id) == ("upload", "cat.png") and Picture("x" * 1000)
    assert Picture.of("/").name == "/"


def test_the_painter_s_place_among_choices():
    assert Choices().one_pass and Choices().but(style="coffee").not_instant == "not for this painting"
    assert Choices().but(start="noise").not_instant == "not from noise" and not Choices().but(start="noise").one_pass
    assert not Choices().but(instant=False).one_pass and Choices().but(instant=False).not_instant == ""
    assert not Choices(style=Picture("starry_harbour", "/x/starry_harbour")).one_pass


def test_new_weights_bring_their_layers_and_leave_the_rest():
    kept = {"start": "noise", "seed": 3, "num_epochs": 9, "optimizer": "adam", "precision": "float32"}
    kept["style_loss"] = "moments"
    for source, suits in (("imagenet", "imagenet"), ("embedded, given", "embedded"), ("mine.safetensors", "embedded")):
        settings = Choices(weights="random").but(**kept, tv_weight=3.0).but(weights=source).settings
        assert settings == DEFAULTS[suits].but(**kept, tv_weight=10.0)
    assert Choices().but(weights="mine.pth").settings.style_layers == DEFAULTS["imagenet"].style_layers


@pytest.mark.parametrize("role", ["content", "style"])
def test_layers_come_with_weights_or_without(role):
    c = Choices().but(**{f"{role}_layers": {"relu2_1": 0.5, "relu1_1": 2.0}})
    assert c.settings.layer_weights(role) == {"relu1_1": 2.0, "relu2_1": 0.5}
    assert c.but(tv_weight=1.0).settings.layer_weights(role) == {"relu1_1": 2.0, "relu2_1": 0.5}
    assert c.but(**{f"{role}_layers": ["relu1_1"]}).settings.layer_weights(role) == {"relu1_1": 1.0}
    both = {f"{role}_layers": ["relu1_1"], f"{role}_layer_weights": [3.0]}
    assert c.but(**both).settings.layer_weights(role) == {"relu1_1": 3.0}


def test_balance_is_a_power_of_ten_of_the_style_weight():
    c = Choices().but(balance=-2)
    assert c.settings.style_weight == pytest.approx(1e3) and c.balance == pytest.approx(-2)
    assert c.but(content_weight=10.0).balance == pytest.approx(-3)
    assert c.but(style_weight=0).balance is None and c.but(style_weight=0).but(balance=0).settings.style_weight == 1e5
    louder, only_style = Choices().but(content_weight=10.0, balance=0), Choices().but(content_weight=0, balance=-1)
    assert (louder.settings.content_weight, louder.settings.style_weight, louder.balance) == (10, 1e6, 0)
    assert (only_style.settings.content_weight, only_style.settings.style_weight) == (1, 1e4)
    assert BALANCE[0] < Choices().balance < BALANCE[1]


def test_recipes_can_be_run_and_reset_what_they_do_not_name(make):
    studio = make()
    for seed in range(10):
        studio.set(tv_weight=500.0, start="style").surprise(seed)
        studio.stop()
        assert studio.settings.tv_weight == 10.0 and studio.error is None
    for recipe in RECIPES:
        Choices().but(**{**recipe, "style": Picture(recipe["style"])})
    assert studio.surprise(1).wait().error is None


def test_json_comes_back(make):
    changes = {"content": "coffee", "style": "mosaic_fish", "style_layers": ("relu1_2", "conv3_1"), "size": 99,
               "style_layer_weights": (0.3, 2.0), "content_layer_weights": (0.5,), "content_weight": 0, "seed": 5,
               "tv_weight": 12.0, "start": "blend",
               "optimizer": "adam", "lr": 0.2, "num_epochs": 7, "stroke": 0.7, "precision": "float32"}  # fmt: skip
    first, second = make(), make()
    text = first.set(**changes).to_json()
    assert second.to_json() != text and second.load_json(text).to_json() == text
    assert first.wait().to_json(first.runs[-1]) == text
    assert read(text).settings == Settings(**json.loads(text)["settings"])
    second.wait()


def test_settings_from_before_instant_mode_paint_as_they_did(make):
    data = json.loads(Choices().to_json())
    assert data.pop("instant") is True and read(json.dumps(data)).instant is False


def test_settings_files_may_be_short_long_and_name_files():
    text = json.dumps({"nst_studio": 2, "content": {"name": "cat"}, "style": {"name": "x", "path": "/y/x.png"}})
    choices = read(text + " " * (100_000 - len(text)))
    assert choices == Choices(style=Picture("x.png", "/y/x.png"), instant=False)


def settings_file(**changes):
    data = json.loads(Choices().to_json())
    settings = changes.pop("settings", {})
    return json.dumps({**data, **changes, "settings": {**data["settings"], **settings}})


@pytest.mark.parametrize(
    "text, words",
    [
        ("{", "not JSON"),
        ("[]", "not a settings file"),
        ('["nst_studio"]', "not a settings file"),
        ('{"size": 64}', 'no entry "nst_studio"'),
        ('{"nst_studio": 7}', "another version"),
        ('{"nst_studio": 2}', '"content" must name a picture'),
        (settings_file(more=1), "unknown entry 'more'"),
        (settings_file(size=12), "size must be a whole number"),
        (settings_file(weights=3), "weights must be"),
        (settings_file(style=3), '"style" must name a picture'),
        (settings_file(style={"name": "x", "path": 5}), "a picture is a sample's name"),
        (settings_file(style={"name": "x" * 10**4}), "at most 1000 characters"),
        (settings_file(settings={"lr": -1}), "lr must be a finite number"),
        (settings_file(settings={"colour": 1}), "unknown setting 'colour'"),
        (settings_file(settings={"style_layers": ["relu9_1"]}), "no layer 'relu9_1'"),
        (settings_file(settings={"style_layers": [["relu1_1"]]}), ""),
        (settings_file(settings={"style_layers": {"a": 1}}), ""),
        (settings_file(settings={"num_epochs": 10**9}), "num_epochs must be"),
        (settings_file().replace("100000.0", "NaN"), "style_weight must be a finite number"),
        (settings_file().replace("100000.0", "1e999"), "style_weight must be a finite number"),
        (settings_file().replace("100000.0", "1" * 6000), ""),
        ("[" * 90_000, "JSON"),
        ("[" * 900 + "]" * 900, "not a settings file"),
        ('{"nst_studio": 2, "content": [[[[[[1]]]]]]}', '"content" must name a picture'),
        (settings_file(settings={"start": "DEEP"}).replace('"DEEP"', "[" * 900 + "]" * 900), ""),
        (settings_file(weights="x" * 5000), "weights must be one of"),
        (settings_file(settings={"lr": 10**400}), "lr must be a finite number"),
        (settings_file(settings={"start": "x" * 10**4}), "start must be one of"),
        (settings_file() + " " * 200_000, "at most 100,000"),
        (settings_file(content={"name": "x" * 10**7}), "at most 100,000"),
        (b"\xff\xfe\x00", "not JSON"),
        (7, "read from text"),
    ],
)
def test_json_that_cannot_be_is_refused_in_a_sentence(text, words):
    with pytest.raises(ValueError) as error:
        read(text)
    assert words in str(error.value) and len(str(error.value)) < 400


def test_json_that_cannot_be_changes_nothing(make):
    studio = make()
    before = studio.choices
    nobodys = {"name": "x", "path": "~no_such_user/x"}
    for text, words in [
        (settings_file(size=12), "size must be"),
        (settings_file(content=nobodys), "no file"),
    ]:
        with pytest.raises((ValueError, OSError), match=words):
            studio.load_json(text)
        assert studio.choices == before and not studio.worker.going


# Pictures


def test_upload_by_hand(make, picture):
    studio = make()
    said(studio.parts.content, {"file": f"folder\\{NASTY}\u202e\n"}, [png(picture(40, 60))])  # would be read backwards
    studio.wait()
    assert studio.error is None and studio.choices.content.kind == "upload"
    assert studio.image.size == (64, 43) and studio.parts.content.items[-1]["label"] == NASTY
    said(studio.parts.content, {"file": NASTY}, [png(picture(40, 60, seed=5))])  # another file of that name
    said(studio.parts.content, {"file": NASTY}, [png(picture(40, 60))])  # and the first once more
    studio.wait()
    assert [item["label"] for item in studio.parts.content.items[-2:]] == [NASTY, f"{NASTY} (2)"]
    assert studio.choices.content.name == NASTY
    said(studio.parts.content, {"file": "broken.png"}, [b"this is no picture"])
    assert "broken.png is not a picture" in studio.parts.content.error and studio.choices.content.name == NASTY
    said(studio.parts.content, {"file": "empty.png"}, [b""])
    assert "empty" in studio.parts.content.error


def test_an_upload_named_like_a_sample_is_not_the_sample(make, picture):
    studio = make()
    said(studio.parts.content, {"file": "cat"}, [png(picture(40, 60))])
    assert same(studio.album.image(studio.choices.content), picture(40, 60))
    studio.wait()


def test_two_files_of_one_name(make, picture, tmp_path):
    paths = [tmp_path / name / "me.png" for name in "ab"]
    for n, path in enumerate(paths):
        path.parent.mkdir()
        picture(40, 60, seed=n).save(path)
    studio = make(content=paths[0])
    text = studio.to_json().replace(str(paths[0]), str(paths[1]))
    studio.load_json(text).wait()
    assert same(studio.album.image(studio.choices.content), picture(40, 60, seed=1))
    assert not same(studio.runs[0].image, studio.runs[-1].image)
    assert [item["title"] for item in studio.parts.content.items[-2:]] == [str(path) for path in paths]


def test_a_rewritten_picture_is_read_anew(make, picture, tmp_path):
    path = tmp_path / "me.png"
    picture(40, 60).save(path)
    studio = make(content=path)
    picture(40, 60, seed=1).save(path)
    studio.set(content=path).wait()
    assert len(studio.runs) == 2 and not same(studio.runs[0].image, studio.runs[1].image)
    studio.set(content=path).wait()
    assert len(studio.runs) == 2  # nothing new


def test_settings_name_an_upload_and_ask_for_it(make, picture):
    studio = make(content=picture(40, 60))
    other = make().load_json(studio.to_json()).wait()
    assert "picture 1" in other.parts.expert.error and "no pixels" in other.parts.expert.error
    assert other.choices.content.name == "cat"
    assert studio.load_json(studio.to_json()).wait().choices.content.name == "picture 1"


def test_own_pictures_are_bounded(make, picture):
    studio = make()
    for seed in range(15):
        studio.set(content=picture(20, 30, seed))
    studio.wait()
    assert len(studio.album.own["content"]) == 10 and studio.choices.content in studio.album.own["content"]


def test_large_pictures_are_kept_small(make):
    studio = make(content=Image.new("RGB", (5000, 2500), "red"))
    assert studio.album.image(studio.choices.content).size == (2048, 1024)


# A sweep


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """A folder with a finished sweep, two content layers by three style weights, and its results."""
    folder, base = (
        tmp_path_factory.mktemp("swept"),
        Job("coffee", "mosaic_fish", {"num_epochs": 1}, 64, weights="embedded"),
    )
    jobs = [base.but(content_layers=at, style_weight=w) for at in ("relu3_1", "relu2_1") for w in (1e4, 10, 1e3)]
    with ThreadPoolExecutor(1) as executor:
        return folder, list(sweep(jobs, folder, executor))


def test_a_sweep_is_a_table_to_click(make, swept):
    folder, results = swept
    studio = make()
    said(studio.parts.compare, {"enter": "sweep", "text": str(folder)})
    sheet = studio.parts.sheet
    assert studio.error is None and studio.parts.compare.error == "" and studio.parts.fold.value == "compare"
    assert sheet.rows == ["content layers relu2_1", "content layers relu3_1"]
    assert sheet.columns == ["style weight 10", "style weight 1000", "style weight 10000"]
    for result in results:
        words, name = f"content layers {result.job.settings.content_layers[0]}", result.path.name
        (item,) = [item for item in sheet.items if name in item["title"]]
        assert sheet.rows[item["row"]] == words and words in item["title"]
        assert sheet.columns[item["column"]] == f"style weight {result.job.settings.style_weight:g}"
    runs, (item,) = list(studio.runs), [item for item in sheet.items if results[1].path.name in item["title"]]
    sheet.value = item["id"]  # a click
    assert studio.settings == results[1].job.settings and same(studio.image, results[1].image)
    c = studio.choices
    assert (c.content.name, c.style.name, c.size, c.stroke, c.one_pass) == ("coffee", "mosaic_fish", 64, 1.5, False)
    assert studio.parts.stage.under_label == "photo" and "coffee × mosaic fish, 1 steps" in studio.parts.stage.alt
    assert not studio.worker.going and studio.runs == runs  # it is looked at, not painted
    said(studio.parts.stage, {"do": "film"})
    assert "no film of this picture" in studio.parts.stage.error
    studio.run().wait()
    assert studio.parts.stage.error == "" and sheet.value == ""
    sheet.value = item["id"]  # once more
    assert same(studio.image, results[1].image)
    studio.compare(results[:1])  # no table: captions
    assert not sheet.rows and "label" in sheet.items[0]


def test_what_is_no_sweep_is_said_beside_the_field(make, swept, tmp_path, monkeypatch):
    folder, results = swept
    studio = make()
    for text, words in ((f"/nowhere/{NASTY}", "there is no folder"), (str(tmp_path), "no picture of a sweep"),
                        ("~no_such_user/x", "there is no"), ("\0", "zero bytes")):  # fmt: skip
        said(studio.parts.compare, {"enter": "sweep", "text": text})
        assert words in studio.parts.compare.error and studio.parts.compare.error_at == "sweep", text
    for junk in ([], [None, 3]):
        with pytest.raises(ValueError, match="no picture of a sweep"):
            studio.compare(junk)
    whole = results[0].path.read_bytes()
    (tmp_path / "whole.png").write_bytes(whole)
    (tmp_path / "half.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "stranger.png").write_bytes(png(Image.new("RGB", (8, 8))))
    studio.compare(tmp_path)
    assert len(studio.parts.sheet.items) == 1 and "1 of 2 pictures" in studio.parts.compare.error
    monkeypatch.setattr(compare, "MOST", 4)
    studio.compare(folder)
    assert len(studio.parts.sheet.items) == 4 and "4 of 6 pictures" in studio.parts.compare.error
    studio.parts.sheet.value = "7"
    assert studio.parts.sheet.error
    before = studio.choices
    for job, words in ((results[0].job.but(content=tmp_path / "gone.jpg"), "there is no file"),
                       (results[0].job.but(size=1300), "size must be a whole number")):  # fmt: skip
        studio.compare([replace(results[0], job=job)])
        studio.parts.sheet.value = "0"
        assert words in studio.parts.sheet.error and studio.choices == before
        studio.parts.sheet.value = ""
    studio.compare([replace(results[0], job=results[0].job.but(start_from=tmp_path / "first.png"))])
    studio.parts.sheet.value = "0"
    assert "first.png" in studio.parts.sheet.error and studio.choices != before


# Weights


def test_settings_of_a_stranger_never_fetch_or_read_weights(make, monkeypatch, tmp_path):
    def forbidden(*args):
        raise AssertionError("read or fetched unasked")

    path = tmp_path / "evil.pth"
    path.write_bytes(b"not weights")
    studio = make()
    before = studio.choices.weights
    for name in ("imagenet", str(path)):
        with monkeypatch.context() as patch:
            patch.setattr(weights, "fetch_imagenet", forbidden)
            patch.setattr(weights, "read_checkpoint", forbidden)
            studio.load_json(settings_file(weights=name, size=64, settings={"num_epochs": 3})).wait()
        assert studio.error is None and studio.choices.weights == before and studio.settings.num_epochs == 3
        assert name in studio.parts.expert.error and studio.parts.expert.asked == name
    assert studio.parts.fold.value == "expert"  # where the panel asks
    said(studio.parts.expert, {"do": "use_asked"})  # now somebody asks
    studio.wait()
    assert isinstance(studio.error, WeightsError) and "evil.pth" in studio.parts.stage.error
    before = studio.choices
    studio.set(weights="embedded").take(before)
    assert studio.choices == before and studio.parts.expert.asked == ""  # asked once


def test_a_rewritten_weights_file_is_read_anew(tmp_path):
    path = tmp_path / "mine.safetensors"
    path.write_bytes(weights.EMBEDDED.read_bytes())
    first = shared_vgg19(str(path))
    assert shared_vgg19(str(path)) is first
    os.utime(path, ns=(1, 1))
    assert shared_vgg19(str(path)) is not first


def test_weights_that_cannot_be_had_are_said(make):
    studio = make()
    said(studio.parts.expert, {"enter": "weights_file", "text": "/nowhere/vgg.pth"})
    assert "no weights source" in studio.parts.expert.error and studio.wait().choices.weights.endswith("given")
    said(studio.parts.expert, {"enter": "weights_file", "text": "x" * 300})
    assert "no weights source" in studio.parts.expert.error


def test_auto_takes_what_is_here(monkeypatch, tmp_path):
    monkeypatch.delenv("NST_WEIGHTS", raising=False)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert weights.source_here("auto") == "embedded"


# The page


def test_pages_never_write_html_that_somebody_could_have_written():
    """The two places that set innerHTML draw numbers and layer names; all other words are set as text."""
    for path in controls.HERE.glob("*.js"):
        for line in path.read_text(encoding="utf-8").splitlines():
            if "innerHTML" in line:
                assert path.name in ("chart.js", "layers.js") and "of numbers alone" in line
            assert "insertAdjacentHTML" not in line and "document.write" not in line and "eval(" not in line


def test_layer_names_reach_the_diagram_checked(make):
    studio = make()
    studio.parts.layers.value = {"content_layers": {"relu3_1": 1}, "style_layers": {"<script>": 1}}
    assert "no layer" in studio.parts.layers.error and "<script>" not in studio.parts.layers.value["style_layers"]


def test_downloads(make, monkeypatch):
    studio = make()
    for part, do in (("stage", "save"), ("stage", "film"), ("expert", "save_json")):
        messages = sent(getattr(studio.parts, part), monkeypatch)
        said(getattr(studio.parts, part), {"do": do})
        (content, (data,)) = messages[0]
        if do == "save_json":
            assert read(data) == studio.choices
        else:
            img = Image.open(io.BytesIO(data))
            assert img.size == studio.image.size and content["file"].startswith("painting.")
            assert do != "save" or same(img, studio.image)
            assert do != "film" or img.n_frames == len(studio.parts.stage.steps)


def test_pointing_at_a_layer_shows_what_it_sees_and_remembers(make, monkeypatch):
    studio = make()
    monkeypatch.setattr(feature_visualization, "STEPS", 2)
    messages = sent(studio.parts.layers, monkeypatch)
    said(studio.parts.layers, {"peek": "relu2_1"})
    until(lambda: len(messages) == 3)
    assert [content["kind"] for content, _ in messages] == ["sees", "content", "style"]
    assert all(content["peek"] == "relu2_1" and "10×10" in content["title"] for content, _ in messages)
    assert all(Image.open(io.BytesIO(data)).format == "JPEG" for _, (data,) in messages)


def test_a_still_shows_where_widgets_do_not_run(make):
    studio = make()
    bundle = studio._repr_mimebundle_()
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == studio.widget.model_id
    assert len(bundle["image/jpeg"]) > 10_000 and bundle["text/plain"] == "Studio"


def test_a_page_gets_a_sign_of_life(make, monkeypatch):
    studio = make()
    messages = sent(studio.parts.stage, monkeypatch)
    said(studio.parts.stage, {"ping": 1})
    assert messages == [({"pong": True}, None)]


def test_messages_go_where_the_page_sent_them():
    """Not to a subshell that is gone, which is where ipykernel 7.4 may send them after a reload."""
    channel = BaseComm(comm_id="channel", primary=False)
    if not hasattr(channel, "_reply_subshell_for"):
        pytest.skip("this ipykernel leaves messages where they were sent")
    channel._reply_subshell_id = "gone"
    assert channel._reply_subshell_for({}, "here") == "gone"
    controls.Chart().comm = channel
    assert channel._reply_subshell_for({}, "here") == "here"


# Parts


def test_thumbnails_are_cut_not_squeezed():
    img = Image.new("RGB", (300, 100), "red")
    img.paste((0, 0, 255), (100, 0, 200, 100))
    assert thumbnail(img, 60, 60).getpixel((30, 30)) == thumbnail(img, 60, 60).getpixel((5, 55)) == (0, 0, 255)


def test_film_has_every_step():
    frames = [Image.new("RGB", (8, 8), (n, 0, 0)) for n in (0, 100, 200)]
    assert Image.open(io.BytesIO(film(frames))).n_frames == 3


def test_worker_serves_the_newest_and_survives_errors():
    served, failed, gate = [], [], threading.Event()

    def serve(request):
        served.append(request)
        if request == "first":
            gate.wait(5)
        if request == "bad":
            raise RuntimeError("so be it")

    worker = Worker(serve, failed.append)
    worker.ask("first")
    until(lambda: served)
    for request in ("second", "third", "bad"):
        worker.ask(request)
    gate.set()
    worker.wait(5)
    assert served == ["first", "bad"] and isinstance(failed[0], RuntimeError)
    gate.clear()
    worker.ask("first")
    until(lambda: len(served) == 3)
    worker.ask("later")
    worker.stop()
    gate.set()
    worker.wait(5)
    assert served[-2:] == ["first", "stop"]
    gate.clear()
    worker.ask("first")
    until(lambda: len(served) == 5)
    waiting = threading.Thread(target=worker.wait, args=(60,), daemon=True)
    waiting.start()
    worker.close()
    waiting.join(5)
    assert not waiting.is_alive(), "wait ends when the worker is closed, although a request is still being served"
    gate.set()
    worker.thread.join(5)
    assert not worker.thread.is_alive()


def test_a_worker_outlives_a_handler_that_fails():
    served = []

    def serve(request):
        served.append(request)
        raise RuntimeError("bad")

    worker = Worker(serve, lambda error: 1 / 0)
    for request in ("one", "two"):
        worker.ask(request)
        worker.wait(5)
    worker.close()
    assert served == ["one", "two"]


def test_layer_lab(make):
    studio = make()
    lab = layer_lab(studio, ["relu2_1", "relu3_1"], ["relu1_1", "relu2_1"], size=64, steps=2)
    try:
        lab.wait()
        assert lab.error is None and len(lab.images) == 4
        places = [item["id"] for item in lab.strip.items if "id" in item]
        lab.strip.value = places[-1]  # a click
        assert studio.settings.style_layers == ("relu1_1", "relu2_1") and lab.error is None
        assert studio.settings.content_layers == ("relu3_1",) and len(set(studio.settings.style_layer_weights)) == 2
        studio.close()
        lab.strip.value = places[0]
        assert "closed" in lab.strip.error
        with pytest.raises(ValueError, match="no layer"):
            layer_lab(studio, contents=["relu9_1"])
    finally:
        lab.close()
    assert torch.get_num_threads() >= 1
