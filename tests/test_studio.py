"""The studio without a browser: the calls are those of the buttons, the values those of the controls."""

import base64
import importlib
import io
import json
import threading
import time
from contextlib import contextmanager
from datetime import datetime
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from nst_helpers import SETTINGS, DivergedError, WeightsError, optimize, studio_parts
from nst_helpers.layer_lab import layer_lab
from nst_helpers.studio import RUNS, SNAPSHOTS, studio
from nst_helpers.studio_panel import PRESETS
from nst_helpers.studio_parts import Worker, jpeg, loss_chart, thumbnail, vgg_diagram, wipe

module = importlib.import_module("nst_helpers.studio")  # nst_helpers.studio is the function
SMALL = {"size": 96, "style_scale": 1.0, "steps": 6}


@pytest.fixture
def make(net):
    """A function that makes a small studio on the tiny network; all are closed at the end."""
    made = []

    def new(**changes):
        made.append(studio(**{"weights": net, "at_once": False, **SMALL, **changes}))
        return made[-1]

    yield new
    for each in made:
        each.close()


@pytest.fixture(scope="module")
def idle(net):
    """One studio for all tests that only move controls: six hundred widgets take a tenth of a second."""
    panel = studio(weights=net, at_once=False, **SMALL)
    yield panel
    panel.close()


@contextmanager
def going(panel, steps=3):
    """While a long run goes: it has taken some steps, and is stopped afterwards."""
    panel.set(steps=1000).run()
    until(lambda: len(panel.history) >= steps)
    yield
    panel.stop().wait(10)


def until(condition, timeout=20):
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


def upload(name, data):
    return (
        {"name": name, "type": "", "size": len(data), "content": memoryview(data), "last_modified": datetime.now()},
    )


def png(img):
    buffer = io.BytesIO()
    img.save(buffer, "png")
    return buffer.getvalue()


def same(a, b):
    return a.size == b.size and a.tobytes() == b.tobytes()


# ---------------------------------------------------------------------- runs


def test_the_last_frame_is_the_result(make):
    panel = make().run().wait()
    assert panel.error is None and [row[0] for row in panel.history] == [1, 2, 3, 4, 5, 6]
    run = panel.runs[-1]
    assert run.finished and not run.changed and same(run.image, panel.image)
    assert panel.picture.value == jpeg(panel.image)
    assert "step 6 of 6" in panel.status.value and panel.progress.value == 1
    steps = [step for step, _ in run.snapshots]
    assert steps[0] == 0 and steps[-1] == 6 and same(run.snapshots[-1][1], run.image)
    assert all(np.isclose(row[4], sum(row[1:4])) for row in panel.history)


def test_same_choices_same_picture(make):
    panel = make(start="noise").run().wait().run().wait()
    assert same(*(run.image for run in panel.runs))
    panel.set(seed=1).run().wait()
    assert not same(panel.runs[0].image, panel.runs[-1].image)


def test_stop_and_continue(make):
    panel = make(optimizer="adam")
    with going(panel):
        pass
    (run,) = panel.runs
    assert not run.finished and 3 <= run.step < 1000 and "stopped" in panel.status.value
    assert panel.picture.value == jpeg(panel.image)
    time.sleep(0.1)
    assert len(panel.history) == run.step  # it stays stopped
    step = run.step
    panel.set(steps=step + 5).resume().wait()
    assert panel.error is None and [row[0] for row in panel.history] == list(range(1, step + 6))
    assert [r.finished for r in panel.runs] == [True]  # in place of the stopped one
    panel.resume().wait()  # a finished run goes on for as many steps again, and is kept beside the first
    assert [r.step for r in panel.runs] == [step + 5, 2 * (step + 5)]


def test_stop_takes_effect_within_a_step(make):
    panel = make()
    with going(panel):
        before = len(panel.history)
        panel.stop().wait(5)
        assert len(panel.history) - before <= 3  # the clock between the two lines allows for a step or two


@pytest.mark.parametrize(
    "change",
    [
        {"style_weight": 1e6},
        {"tv_weight": 0},
        {"style_layers": ("relu1_1", "conv2_2")},
        {"content_layers": ("relu3_2", "relu4_2")},
        {"style_layer_weights": (1, 2, 3, 0.5, 1)},
        {"optimizer": "adam"},
        {"balance": 1.0},
    ],
)
def test_a_control_that_moves_steers_the_run(make, change):
    panel = make()
    with going(panel):
        before, job = len(panel.history), panel.job
        panel.set(**change)
        until(lambda: panel.job.changed)
        until(lambda: len(panel.history) > before + 3)
        assert panel.job is job and panel.error is None  # goes on from the present picture
        assert panel.job.settings.but(num_epochs=1) == panel.settings.but(num_epochs=1)
    assert panel.runs[-1].changed and [row[0] for row in panel.history] == list(range(1, len(panel.history) + 1))


@pytest.mark.parametrize(
    "change",
    [{"content": "coffee"}, {"style": "mosaic_fish"}, {"size": 120}, {"start": "noise"}, {"seed": 3}],
)
def test_another_picture_starts_anew(make, change):
    panel = make()
    with going(panel):
        job = panel.job
        panel.set(**change)
        until(lambda: panel.job is not job and len(panel.history) > 2)
        assert panel.error is None and not panel.job.changed
        assert panel.job.choices == panel.choices()
    assert len(panel.runs) == 1  # what was superseded is not kept


def test_nothing_runs_unasked(make):
    panel = make().set(style_weight=1e6).wait()
    assert panel.history == [] and panel.runs == []


def test_answers_at_once(make):
    panel = make(at_once=True)
    panel.controls["style_weight"].value = 1e6  # as a hand does
    panel.wait()
    assert len(panel.history) == 6 and panel.runs[-1].settings.style_weight == 1e6
    panel.toggles["style"]["4_4"].value = True
    panel.wait()
    assert "relu4_4" in panel.runs[-1].settings.style_layers


def test_many_moves_make_one_run(make):
    panel = make(at_once=True)
    for exponent in np.linspace(3, 6, 20):
        panel.controls["style_weight"].value = 10**exponent
    panel.wait()
    assert len(panel.runs) == 1 and panel.runs[0].settings.style_weight == pytest.approx(1e6)


def test_a_move_that_cannot_be_run_is_said_and_the_run_goes_on(make):
    panel = make()
    with going(panel):
        panel.set(style_layers=())
        until(lambda: panel.error is not None)
        before = len(panel.history)
        until(lambda: len(panel.history) > before + 2)
        assert "style_layers is empty" in panel.message.value
        panel.set(style_layers=("relu1_1",))
        until(lambda: panel.error is None)
        until(lambda: panel.job.settings.style_layers == ("relu1_1",))


def test_divergence_keeps_the_last_good_picture(make, monkeypatch):
    def diverging(*args):
        for step in optimize(*args):
            if step.step == 4:
                raise DivergedError(4, 2, step.X, 10.0)
            yield step

    monkeypatch.setattr(module, "optimize", diverging)
    panel = make().run().wait()
    assert "non-finite in step 4" in panel.message.value and [row[0] for row in panel.history] == [1, 2]
    assert panel.runs[-1].step == 2 and not panel.runs[-1].finished


def test_any_other_error_of_a_run_is_said(make, monkeypatch):
    def breaking(*args):
        yield from (step for step in optimize(*args) if step.step < 3)
        raise RuntimeError("out of <memory>")

    monkeypatch.setattr(module, "optimize", breaking)
    panel = make(steps=2).run().wait()
    assert isinstance(panel.error, RuntimeError) and "RuntimeError: out of &lt;memory&gt;" in panel.message.value
    assert panel.picture.value == jpeg(panel.image) and panel.runs[-1].step == 2


def test_reset(make):
    panel = make()
    first = panel.choices()
    with going(panel):
        panel.set(style_weight=1e3, content="coffee", style_layers=("conv1_2",), weights="random")
        panel.reset().wait()
    assert panel.choices() == first and panel.history == [] and panel.error is None and panel.runs == []


def test_snapshots_and_runs_are_bounded(make):
    panel = make(steps=130).run().wait()
    assert 20 <= len(panel.runs[0].snapshots) <= SNAPSHOTS + 1
    panel.set(steps=1)
    for _ in range(RUNS + 2):
        panel.run().wait()
    assert len(panel.runs) == RUNS and panel.runs[-1].number == RUNS + 3
    assert all(run.state is None for run in panel.runs)  # an optimiser's memory is large


def test_two_studios(make):
    a, b = make(), make(start="noise")
    a.run(), b.run()
    a.wait(), b.wait()
    assert len(a.history) == len(b.history) == 6 and not same(a.image, b.image) and a.worker is not b.worker


def test_close_ends_the_worker(make):
    panel = make()
    with going(panel):
        panel.close()
        panel.worker.thread.join(5)
        assert not panel.worker.thread.is_alive()
    with pytest.raises(RuntimeError, match="closed"):
        panel.run()
    assert panel.picture.comm is None and panel.shares["1_1"].comm is None  # nothing is left in the browser


def test_running_the_cell_again_ends_the_old_studio(make, monkeypatch):
    parent = {"metadata": {"cellId": "a"}, "header": {"msg_id": "1"}}
    shell = SimpleNamespace(kernel=SimpleNamespace(get_parent=lambda: parent))
    monkeypatch.setattr(studio_parts, "get_ipython", lambda: shell)
    first, beside = make(), make()
    parent["metadata"] = {"cellId": "b"}
    other = make()
    assert not first.worker.closed and not beside.worker.closed
    parent.update(metadata={"cellId": "a"}, header={"msg_id": "2"})
    again = make()
    assert first.worker.closed and beside.worker.closed
    assert not other.worker.closed and not again.worker.closed


def test_wait_says_when_it_takes_too_long(make):
    panel = make()
    with going(panel), pytest.raises(TimeoutError, match="still running after 0.05 s"):
        panel.wait(0.05)


# ---------------------------------------------------------------------- choices


@pytest.mark.parametrize("source", SETTINGS)
def test_first_settings_are_the_weights_own(make, source):
    quick = {"optimizer": "lbfgs", "num_epochs": 60, "tv_weight": 10.0}
    panel = studio(weights=source)
    panel.close()
    assert panel.settings == SETTINGS[source].but(**quick)


@pytest.mark.parametrize("name", PRESETS)
def test_presets(idle, name):
    panel = idle.set(preset=name)
    panel.settings  # noqa: B018 (raises if they contradict each other)
    for key, value in PRESETS[name].items():
        if key not in ("size", "balance"):
            assert getattr(panel.settings, key, panel.choices().get(key)) == value
    assert panel.controls["size"].value == PRESETS[name]["size"]
    assert panel.controls["balance"].value == pytest.approx(PRESETS[name].get("balance", 0))
    ratio = panel.settings.style_weight / panel.settings.content_weight
    usual = panel._base["style_weight"] / panel._base["content_weight"]
    assert np.log10(ratio / usual) == pytest.approx(PRESETS[name].get("balance", 0))


def test_a_preset_can_be_chosen_again(make):
    panel = make().set(preset="bold")
    assert panel.controls["preset"].value == "bold"
    panel.controls["style_weight"].value = 321.0
    assert panel.controls["preset"].value == "your own choices" and panel.settings.style_weight == 321
    panel.controls["preset"].value = "bold"
    assert panel.settings.style_weight == pytest.approx(10 * panel._base["style_weight"])


def test_published_presets():
    panel = studio(preset="published, large (600×900, 300 steps)")
    panel.close()
    s = panel.settings
    assert (s.optimizer, s.lr, s.num_epochs, s.lr_decay_epoch, s.style_weight) == ("adam", 0.01, 300, 100, 1e5)


def test_balance_and_style_weight_move_together(make):
    panel = make(weights="embedded").set(balance=1.0)
    assert panel.settings.style_weight == pytest.approx(1e6)
    panel.controls["style_weight"].value = 1e4
    assert panel.controls["balance"].value == pytest.approx(-1)
    panel.controls["content_weight"].value = 10.0
    assert panel.controls["balance"].value == pytest.approx(-2)


def test_learning_rate_is_adams(make):
    panel = make(optimizer="lbfgs")
    assert panel.controls["lr"].disabled
    panel.set(optimizer="adam")
    assert not panel.controls["lr"].disabled


def test_layers_by_name(make):
    panel = make(style_layers=("conv5_1", "relu1_1"), style_layer_weights=(0.5, 2))
    s = panel.settings
    assert (s.style_layers, s.style_layer_weights) == (("relu1_1", "conv5_1"), (2, 0.5))  # the network's order
    assert [toggle.value for toggle in panel.toggles["style"].values()].count(True) == 2
    assert "S</text>" in panel.diagram.value and "style layers 1_1, 5_1" in panel.diagram.value
    assert len(panel.chosen.children) == 3  # one row a chosen layer: one content layer, two style layers
    panel.set(content_layers=[0, 26])
    assert panel.settings.content_layers == ("conv1_1", "relu4_4")


def test_surprise(make):
    panel = make(at_once=False)
    seen = set()
    for seed in range(12):
        panel.surprise(seed).stop()
        seen.add(panel.to_json())
        panel.settings.but()  # they can be run
        assert panel.error is None
    assert len(seen) == 12
    panel.wait().surprise(3).wait()
    assert panel.error is None and panel.runs[-1].finished


def test_json_round_trip(make):
    changes = {"content": "coffee", "style": "mosaic_fish", "style_layers": ("relu1_2", "conv3_1"), "size": 99,
               "style_layer_weights": (0.3, 2.0), "content_weight": 0, "tv_weight": 12.0, "start": "blend", "seed": 5,
               "optimizer": "adam", "lr": 0.2, "num_epochs": 7, "style_scale": 0.7, "precision": "float32"}  # fmt: skip
    first, second = make(), make()
    text = first.set(**changes).to_json()
    assert second.to_json() != text and second.load_json(text).to_json() == text
    assert second.settings == first.settings and second.settings.content_weight == 0
    assert {"nst_studio": 1, "size": 99}.items() <= json.loads(text).items()


def test_json_names_an_upload(make):
    panel = make()
    panel.controls["content_upload"].value = upload("me.png", png(Image.new("RGB", (120, 90), "red")))
    entry = json.loads(panel.to_json())["content"]
    assert entry["kind"] == "upload" and entry["name"] == "me.png" and "again" in entry["note"]
    other = make().load_json(panel.to_json())
    assert "me.png" in other.message.value and other.controls["content"].value == "cat"
    assert panel.load_json(panel.to_json()).controls["content"].value == "me.png"


@pytest.mark.parametrize(
    "text, said",
    [
        ("{", "these settings are not JSON"),
        ("[]", "not a settings file of the studio"),
        ('{"nst_studio": 7}', "version 7"),
        ('{"nst_studio": 1}', "has no entry"),
        ({"more": 1}, "unknown entry 'more'"),
        ({"size": 12}, "size must be from 96 to 900; it is 12"),
        ({"weights": "vgg11"}, "no weights source 'vgg11'"),
        ({"content": {"name": "x.jpg", "path": "/nowhere/x.jpg"}}, "there is no file /nowhere/x.jpg"),
        ({"style": 3}, '"style" must name a picture'),
        ({"settings": {"lr": -1}}, "lr must be a finite number"),
        ({"settings": {"colour": 1}}, "unknown setting 'colour'"),
        ({"settings": {"style_layers": ["relu9_1"]}}, "no layer 'relu9_1'"),
        ({"settings": {"style_layers": 3.5}}, "wrong kind"),
    ],
)
def test_json_that_cannot_be_loaded(idle, text, said):
    panel = idle
    before = panel.to_json()
    if isinstance(text, dict):
        text = json.dumps(json.loads(before) | text)
    with pytest.raises(ValueError if "file /nowhere" not in said else OSError, match=said):
        panel.load_json(text)
    assert panel.to_json() == before  # nothing moved
    panel.setting_upload.value = upload("s.json", text.encode())  # the same by hand: said in the panel
    assert panel.error is not None and 'role="alert"' in panel.message.value and panel.to_json() == before


def test_settings_by_path(make, tmp_path):
    path = tmp_path / "s.json"
    path.write_text(make().set(style_weight=777.0).to_json())
    panel = make()
    panel.setting_path.value = str(path)
    assert panel.error is None and panel.settings.style_weight == 777
    panel.setting_path.value = "/nowhere.json"
    assert "there is no settings file /nowhere.json" in panel.message.value


@pytest.mark.parametrize(
    "wrong, said",
    [
        ({"speed": 1}, "no control 'speed'"),
        ({"size": 64}, "size must be from 96 to 900; it is 64"),
        ({"steps": "many"}, "num_epochs cannot be 'many'"),
        ({"start": "middle"}, "start must be one of content, noise, style, blend; it is 'middle'"),
        ({"style_weight": -1}, "style_weight must be from"),
        ({"style_layers": ("pool3",)}, "not pool3"),
        ({"style_layers": ("conv3_1", "relu3_1")}, "not both"),
        ({"style_layer_weights": (1, 2)}, "2 numbers for 5 style layers"),
        ({"style_layers": ("relu1_1",), "style_layer_weights": (99,)}, "the weight of relu1_1 must be from 0 to 10"),
    ],
)
def test_set_says_what_is_wrong_and_moves_nothing(idle, wrong, said):
    panel = idle
    before = panel.to_json()
    with pytest.raises(ValueError, match=said):
        panel.set(tv_weight=5.0, **wrong)
    assert panel.to_json() == before


def test_a_wrong_first_value_leaves_no_thread(net):
    before = threading.active_count()
    with pytest.raises(ValueError, match="size must be"):
        studio(weights=net, size=5)
    until(lambda: threading.active_count() <= before)


# ---------------------------------------------------------------------- pictures


def test_pictures_by_hand(make, tmp_path):
    path = tmp_path / "mine.png"
    Image.new("RGB", (120, 90), "navy").save(path)
    panel = make()
    thumb = panel.controls["style_thumb"].value
    panel.controls["style_path"].value = str(path)
    assert panel.error is None and panel.controls["style"].value == "mine.png"
    assert panel.controls["style_thumb"].value != thumb
    assert json.loads(panel.to_json())["style"]["path"] == str(path)
    panel.controls["content_upload"].value = upload("up.png", png(Image.new("RGB", (96, 128), "white")))
    panel.run().wait()
    assert panel.error is None and panel.image.size == (72, 96)
    assert make(content=Image.new("L", (99, 99))).run().wait().image.size == (96, 96)


@pytest.mark.parametrize("data", [b"", b"no picture", png(Image.new("RGB", (300, 300), "red"))[:200]])
def test_broken_upload(make, data):
    panel = make(at_once=True)
    before, thumb = panel.choices(), panel.controls["content_thumb"].value
    panel.controls["content_upload"].value = upload("broken.jpg", data)
    assert isinstance(panel.error, ValueError) and 'role="alert"' in panel.message.value
    assert "broken.jpg" in panel.message.value
    assert panel.choices() == before and panel.controls["content_thumb"].value == thumb
    assert panel.wait().history == []


def test_bad_path(make):
    panel = make()
    panel.controls["content_path"].value = "/nowhere/<cat>.jpg"
    assert (
        isinstance(panel.error, FileNotFoundError)
        and "there is no file /nowhere/&lt;cat&gt;.jpg" in panel.message.value
    )
    assert panel.controls["content"].value == "cat"
    panel.run().wait()
    assert panel.error is None and "nowhere" not in panel.message.value


def test_too_small_for_a_layer(make):
    panel = make(content=Image.new("RGB", (960, 20)), style_layers=("relu5_1",)).run().wait()
    assert "too small for relu5_1" in panel.message.value and panel.runs == []


def test_weights_that_cannot_be_had(make, monkeypatch):
    def absent(source):
        raise WeightsError("the network is off: set NST_WEIGHTS=embedded")

    panel = make(at_once=True).run().wait()
    monkeypatch.setattr(module, "network", absent)
    name = panel.controls["weights"].value
    panel.controls["weights"].value = "imagenet"
    panel.wait()
    assert "the network is off" in panel.message.value and panel.controls["weights"].value == name


# ---------------------------------------------------------------------- results


def test_compare(make):
    panel = make().run().wait().set(start="noise").run().wait()
    a, b = (np.asarray(run.image) for run in panel.runs)
    both = np.asarray(panel.compare(0, 1, 0.25))
    assert (both[:, :22] == a[:, :22]).all() and (both[:, 26:] == b[:, 26:]).all()
    assert same(panel.compare(0, 1, 0), panel.runs[1].image) and same(panel.compare(0, 1, 1), panel.runs[0].image)
    assert [side.value for side in (panel.a, panel.b)] == [1, 2]
    before = panel.wipe_picture.value
    panel.at.value = 80
    assert panel.wipe_picture.value == jpeg(panel.compare(0, 1, 0.8)) != before
    panel.a.value = 2
    assert panel.wipe_picture.value == jpeg(panel.compare(1, 1, 0.8))
    with pytest.raises(ValueError, match="there are 2 kept runs"):
        panel.compare(0, 5)


def test_wipe_of_two_sizes():
    both = wipe(Image.new("RGB", (30, 20), "red"), Image.new("RGB", (60, 40), "blue"), 0.5)
    assert both.size == (60, 40) and both.getpixel((3, 3)) == (255, 0, 0) and both.getpixel((50, 3)) == (0, 0, 255)
    with pytest.raises(ValueError, match="from 0 to 1"):
        wipe(both, both, 50)


def test_restore(make):
    panel = make(content="coffee", style_layers=("relu1_1",)).run().wait()
    text = panel.to_json()
    panel.set(content="cat", style_layers=("relu2_1", "conv3_1"), tv_weight=0, weights="random")
    panel.restore(panel.runs[0])
    assert panel.to_json() == text


def test_filmstrip_and_scrubbing(make):
    panel = make().run().wait().set(start="noise").run().wait()
    first = panel.film.children[0].children[0]
    first.click()
    assert panel.error is None and panel.selected == 1 and panel.picture.value == jpeg(panel.runs[0].image)
    assert "nst-chosen" in first._dom_classes
    panel.scrub.index = 0
    assert panel.picture.value == jpeg(panel.runs[0].snapshots[0][1])
    assert 'download="run-1.png"' in panel.links.value and 'download="run-1.json"' in panel.links.value


def test_downloads(make):
    panel = make().run().wait()
    panel._animate()
    for name, kind in (("run-1.png", "PNG"), ("run-1.webp", "WEBP")):
        data = panel.links.value.split(f'download="{name}"')[1].split("base64,")[1].split('"')[0]
        assert Image.open(io.BytesIO(base64.b64decode(data))).format == kind
    assert same(Image.open(io.BytesIO(panel.png())), panel.image)
    film = Image.open(io.BytesIO(panel.webp()))
    assert film.is_animated and film.n_frames >= 5 and film.size == panel.image.size


def test_buttons_without_a_run_say_so(make):
    panel = make()
    with pytest.raises(ValueError, match="press Run first"):
        panel.webp()
    for action in (panel.restore, panel._animate):
        panel.error = None
        panel._pressed(action, None)
        assert "press Run first" in panel.message.value and isinstance(panel.error, ValueError)


def test_shown_as_picture_where_widgets_do_not_run(make):
    panel = make()
    before = Image.open(io.BytesIO(base64.b64decode(panel._repr_mimebundle_()["image/jpeg"])))
    bundle = panel.run().wait()._repr_mimebundle_()
    after = Image.open(io.BytesIO(base64.b64decode(bundle["image/jpeg"])))
    assert after.width > before.width and "application/vnd.jupyter.widget-view+json" in bundle


# ---------------------------------------------------------------------- parts


def test_errors_in_the_worker_are_told():
    seen = []

    def serve(request):
        raise KeyError(request)

    worker = Worker(serve, seen.append)
    worker.ask(1)
    worker.wait(5)
    worker.ask(2)  # it lives on
    worker.wait(5)
    assert [error.args for error in seen] == [(1,), (2,)]
    worker.close()


def test_a_newer_request_supersedes():
    served = []
    worker = Worker(served.append, print)
    for request in range(5):
        worker.ask(request, 0.05)
    worker.wait(5)
    assert served == [4]
    worker.ask(5, 0.5)
    time.sleep(0.1)
    assert served == [4] and not worker.busy  # not before its time
    worker.stop()
    worker.wait(5)
    assert served == [4]
    worker.close()


def test_diagram():
    svg = vgg_diagram(("relu4_1",), ("relu1_1", "relu4_1"))
    assert svg.count(">C</text>") == 1 and svg.count(">S</text>") == 2 and svg.count('fill-opacity=".1"') == 16
    assert "content layers 4_1; style layers 1_1, 4_1" in svg


@pytest.mark.parametrize(
    "history", [[], [(1, 0.0, 5.0, float("nan"), 5.0)], [(i, 1, 10**-i, 0, 2) for i in range(1, 300)]]
)
def test_chart(history):
    svg = loss_chart(history, 300)
    assert svg.count("<polyline") == (3 if len(history) > 1 else 2 * len(history)) and "nan" not in svg.split(">", 1)[1]
    assert len(svg) < 12_000


def test_thumbnail():
    assert thumbnail(Image.new("RGB", (50, 400)), 120, 72).size == (120, 72)


# ---------------------------------------------------------------------- layer lab


def test_layer_lab(make, net):
    panel = make()
    lab = layer_lab(
        contents=("relu2_1", "relu3_1"), styles=("relu1_1", "conv2_1"), weights=net, studio=panel, size=64, steps=3
    ).wait()
    assert lab.error is None and set(lab.images) == set(lab.cells) and len(lab.images) == 4
    assert all(lab.cells[at].value == jpeg(img) for at, img in lab.images.items())
    assert len({img.tobytes() for img in lab.images.values()}) > 1
    lab._pressed("relu3_1", "conv2_1", None)
    assert lab.error is None
    s = panel.settings
    assert (s.content_layers, s.style_layers) == (("relu3_1",), ("conv2_1",))
    assert s.style_weight == lab.loudness["conv2_1"] and (s.start, s.optimizer) == ("noise", "lbfgs")
    settings = s.but(precision="float32", start="content", num_epochs=1)
    for name, weight in lab.loudness.items():  # each layer says the same to the photograph itself
        step = next(optimize(net, *lab.inputs, settings.but(style_layers=name, style_weight=weight)))
        assert step.style == pytest.approx(100, rel=1e-3)
    still = Image.open(io.BytesIO(base64.b64decode(lab._repr_mimebundle_()["image/jpeg"])))
    assert still.width > 300 and still.height > 200
    lab.close()
    lab.worker.thread.join(5)
    assert not lab.worker.thread.is_alive()


def test_layer_lab_stops_and_says(net):
    lab = layer_lab(weights=net, size=64, steps=100_000)
    until(lambda: len(lab.worker.thread.name) and lab.worker.busy)
    lab.stop().wait(5)
    assert len(lab.images) < 12
    lab._pressed("relu3_1", "relu1_1", None)
    assert "no studio" in lab.message.value
    lab.close()
    with pytest.raises(ValueError, match="too small"):
        layer_lab(weights=net, size=8)
