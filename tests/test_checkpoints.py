"""Runs that end too early: nothing that was computed is lost, whatever ended them."""

import signal
import threading

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from nst_helpers import (
    CompositeImage,
    FastObjective,
    Run,
    State,
    coarse_to_fine,
    live,
    load_vgg19,
    optimize,
    preprocess,
    stylize,
    train,
    training,
)
from nst_helpers import (
    run as run_module,
)
from nst_helpers import state as room
from nst_helpers.checkpoints import Checkpoint, packed, read_file, unpacked, write_file
from nst_helpers.interrupts import defer_interrupts, interrupt_once
from nst_helpers.weights import random_parameters

RUNS = {"adam": {"optimizer": "adam", "lr": 0.1, "lr_decay_epoch": 3}, "lbfgs": {"optimizer": "lbfgs"}}
runs = pytest.mark.parametrize("changes", RUNS.values(), ids=RUNS)


def ended_at(monkeypatch, number, error):
    """The objective raises ``error`` when it is called for the ``number``-th time; one that is an int is a signal."""
    compute, calls = FastObjective.__call__, []

    def call(*args):
        calls.append(args)
        if len(calls) == number and isinstance(error, signal.Signals):
            signal.raise_signal(error)
        elif len(calls) == number:
            raise error
        return compute(*args)

    monkeypatch.setattr(FastObjective, "__call__", call)


class Killed(BaseException):
    """What no code catches: as if the process were gone."""


# Stop.


def test_an_interrupt_waits_for_the_end_of_the_block(stop_button):
    done = []
    with pytest.raises(KeyboardInterrupt), defer_interrupts() as stop:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        done.append(stop.pressed)
    assert done == [True] and signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_block_that_fails_listens_again(stop_button):
    for block in (defer_interrupts(), defer_interrupts(deliver=False), interrupt_once()):
        with pytest.raises(ZeroDivisionError), block:
            raise ZeroDivisionError
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_only_the_first_press_is_heard(stop_button):
    heard = []
    with interrupt_once() as stop:
        for _ in range(3):
            try:
                signal.raise_signal(signal.SIGINT)
            except KeyboardInterrupt:
                heard.append(stop.pressed)
    assert heard == [True]


def test_one_block_in_another_tells_it(stop_button):
    with defer_interrupts(deliver=False) as outer:
        with defer_interrupts():
            signal.raise_signal(signal.SIGINT)
            assert not outer.pressed
        assert outer.pressed


def test_other_threads_are_never_interrupted():
    seen = []

    def work():
        with defer_interrupts() as stop:
            seen.append(stop.pressed)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [False]


def test_a_process_that_ignores_stop_goes_on_ignoring_it(stop_button):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with defer_interrupts():
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


@pytest.mark.parametrize("presses", [1, 2, 10])
@runs
def test_stop_pressed_again_and_again(net, pair, monkeypatch, capsys, stop_button, presses, changes):
    """While a step is computed, and while the run is put away."""
    whole = train(net, *pair, plot=False, num_epochs=7, **changes)
    with monkeypatch.context() as patch:
        for number in range(3, 3 + presses):
            ended_at(patch, number, signal.SIGINT)
        picture = run_module.postprocess

        def impatient(X):
            signal.raise_signal(signal.SIGINT)
            return picture(X)

        patch.setattr(run_module, "postprocess", impatient)
        part = train(net, *pair, plot=False, num_epochs=7, **changes)
    assert part.step == 1 and "stopped after step 1" in capsys.readouterr().out
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    rest = train(net, *pair, resume=part, plot=False)
    assert rest.history == whole.history and np.array_equal(rest.image, whole.image)


@pytest.mark.parametrize("first", [1, 3])
def test_stylize_stopped_again_and_again(net, picture, monkeypatch, stop_button, first):
    """While a step is computed, and while the picture is made: the picture after that step comes back."""
    steps, enlarged = [], training.enlarged

    def impatient(*args):
        signal.raise_signal(signal.SIGINT)
        return enlarged(*args)

    monkeypatch.setattr(training, "enlarged", impatient)
    for number in (first, first + 1):
        ended_at(monkeypatch, number, signal.SIGINT)
    given = {"size": 64, "num_epochs": 9, "progress": steps.append}
    img = stylize(picture(32, 48), picture(seed=1), net, **given)
    assert len(steps) == first and np.array_equal(img, live.postprocess(steps[-1].X))


@runs
def test_stop_inside_a_step_of_ones_own_loop(net, pair, monkeypatch, stop_button, changes):
    """The optimizer's step is taken whole, and the state goes on as if nothing had been."""
    whole, state = State(), State()
    list(optimize(net, *pair, num_epochs=5, state=whole, **changes))
    copy = torch.Tensor.copy_

    def pressed(self, other):
        if state.step == 2:
            signal.raise_signal(signal.SIGINT)
        return copy(self, other)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(torch.Tensor, "copy_", pressed)
        list(optimize(net, *pair, num_epochs=5, state=state, **changes))
    assert state.step == 3
    list(optimize(net, *pair, num_epochs=5, state=state, **changes))
    assert torch.equal(state.composite.weight, whole.composite.weight)


@pytest.mark.parametrize("first, second", [("adam", "lbfgs"), ("lbfgs", "adam")])
def test_stop_while_the_optimizer_is_set_up(net, pair, monkeypatch, stop_button, first, second):
    state = State()
    list(optimize(net, *pair, num_epochs=2, state=state, **RUNS[first]))
    kind = {"adam": (torch.optim, "Adam"), "lbfgs": (room, "LBFGS")}[second]
    build = getattr(*kind)

    def pressed(*args, **kwargs):
        signal.raise_signal(signal.SIGINT)
        return build(*args, **kwargs)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(*kind, pressed)
        list(optimize(net, *pair, num_epochs=4, state=state, **RUNS[second]))
    for changes in (RUNS[first], RUNS[second]):
        list(optimize(net, *pair, num_epochs=state.step + 2, state=state, **changes))
    assert state.step == 6


# Errors.


@pytest.mark.parametrize(
    "error", [MemoryError("no room"), RuntimeError("out of memory\nat line 3"), ZeroDivisionError()]
)
def test_any_error_keeps_what_is_there(net, pair, monkeypatch, capsys, error):
    whole = train(net, *pair, plot=False, num_epochs=7)
    with monkeypatch.context() as patch:
        ended_at(patch, 5, error)
        part = train(net, *pair, plot=False, num_epochs=7)
    out = capsys.readouterr().out
    assert part.error is error and part.step == 4 and not part.finished
    assert "ended after step 4" in out and type(error).__name__ in out and out.count("\n") == 1
    rest = train(net, *pair, resume=part, plot=False)
    assert rest.history == whole.history and rest.error is None and rest.finished


def test_an_error_before_the_first_step_is_raised(net, pair, monkeypatch):
    ended_at(monkeypatch, 1, MemoryError("no room"))
    with pytest.raises(MemoryError):
        train(net, *pair, plot=False)


def test_what_no_code_catches_leaves_the_state(net, pair, monkeypatch):
    whole, state = train(net, *pair, plot=False, num_epochs=6), State()
    with monkeypatch.context() as patch, pytest.raises(Killed):
        ended_at(patch, 4, Killed())
        train(net, *pair, plot=False, num_epochs=6, state=state)
    assert state.step == 3
    rest = train(net, *pair, plot=False, num_epochs=6, state=state)
    assert rest.state is state and torch.equal(state.composite.weight, whole.state.composite.weight)
    assert [row[0] for row in rest.history] == [4, 5, 6]


def test_a_plot_that_cannot_be_drawn_does_not_lose_the_run(net, pair, monkeypatch, capsys):
    def broken(*args):
        raise RuntimeError("no canvas")

    monkeypatch.setattr(live.LivePlot, "draw", broken)
    run = train(net, *pair, num_epochs=4)
    assert run.step == 1 and run.image is not None and "no canvas" in capsys.readouterr().out


# Files.


@runs
@pytest.mark.parametrize("steps", [1, 4])
def test_a_run_in_a_file_goes_on_as_if_nothing_had_been(net, pair, tmp_path, changes, steps):
    whole = train(net, *pair, plot=False, num_epochs=9, **changes)
    stopped = Run(whole.settings)
    for step in stopped.steps(net, *pair):
        if step.step == steps:
            break
    assert stopped.save(tmp_path / "run") == tmp_path / "run"
    part = Run.load(tmp_path / "run")
    assert part.step == steps and part.settings == whole.settings and not part.finished
    rest = train(net, *pair, resume=part, plot=False)
    assert rest.history == whole.history
    assert torch.equal(rest.state.composite.weight, whole.state.composite.weight)


def test_everything_of_a_run_is_in_its_file(net, pair, tmp_path):
    run = train(net, *pair, plot=False, num_epochs=6, snapshots=3)
    run.save(tmp_path / "run")
    again = Run.load(tmp_path / "run")
    for name in ("settings", "history", "seconds", "finished", "every", "max_snapshots", "steered", "level", "behind"):
        assert getattr(again, name) == getattr(run, name), name
    assert [step for step, _ in again.snapshots] == [step for step, _ in run.snapshots]
    for (_, one), (_, other) in zip([*again.snapshots, (0, again.image)], [*run.snapshots, (0, run.image)]):
        assert np.array_equal(one, other)


def test_a_run_that_has_not_begun_cannot_be_saved(net, tmp_path):
    with pytest.raises(ValueError, match="has not begun"):
        Run(net.settings).save(tmp_path / "run")


def test_a_state_without_an_optimizer(pair):
    """Between two sizes of ``coarse_to_fine``."""
    state = State()
    state.begin(CompositeImage(pair[0].shape), level=1)
    again = unpacked(*packed(state))
    assert again.level == 1 and again.trainer is None and torch.equal(again.composite.weight, state.composite.weight)


def test_a_state_whose_adam_has_not_stepped(net, pair):
    """An error in the first step comes before there are moments."""
    state = State()
    state.begin(CompositeImage(pair[0].shape))
    state.prepare(net.settings.but(optimizer="adam", lr_decay_epoch=3))
    again = unpacked(*packed(state))
    assert again.level == 0 and len(list(optimize(net, *pair, num_epochs=2, optimizer="adam", state=again))) == 2


@runs
def test_what_is_read_shares_nothing_with_what_was_written(net, pair, changes):
    state = State()
    list(optimize(net, *pair, num_epochs=3, state=state, **changes))
    tensors, about = packed(state)
    before = {name: tensor.detach().clone() for name, tensor in tensors.items()}
    list(optimize(net, *pair, num_epochs=6, state=unpacked(tensors, about), **changes))
    assert all(torch.equal(tensors[name], before[name]) for name in before)


def test_a_state_is_read_onto_another_device(net, pair):
    state = State()
    list(optimize(net, *pair, num_epochs=2, optimizer="adam", state=state))
    again = unpacked(*packed(state), "meta")  # as good as a GPU, where there is none
    moments = again.trainer.state[again.composite.weight]["exp_avg"]
    assert again.composite.weight.is_meta and again.last_good.is_meta and moments.is_meta


@pytest.mark.parametrize("damage", ["empty", "text", "cut", "bit", "edited", "other", "tampered", "missing"])
def test_files_that_hold_no_run(net, pair, tmp_path, damage):
    path = train(net, *pair, plot=False, num_epochs=2).save(tmp_path / "a run")
    whole = path.read_bytes()
    if damage == "other":
        save_file({"x": torch.zeros(2)}, path)
    elif damage == "tampered":
        write_file(path, *read_file(path, lambda tensors, about: (tensors, {**about, "history": 3})))
    elif damage == "missing":
        path.unlink()
    else:
        bit, edited = (
            whole[:-50] + bytes([whole[-50] ^ 1]) + whole[-49:],
            whole.replace(b'"level\\": 0', b'"level\\": 7'),
        )
        given = {"empty": b"", "text": b"not a run", "cut": whole[:-50], "bit": bit, "edited": edited}[damage]
        path.write_bytes(given)
        assert given != whole
    error, words = (
        (FileNotFoundError, "there is no file")
        if damage == "missing"
        else (ValueError, "holds no run for this function, or it is damaged")
    )
    with pytest.raises(error, match=f"{words}.*" if damage == "missing" else f"a run {words}"):
        Run.load(path)


# Checkpoints.


@runs
@pytest.mark.parametrize("number", [2, 5])
def test_the_same_call_goes_on_where_the_process_died(net, pair, tmp_path, monkeypatch, capsys, changes, number):
    monkeypatch.setattr("nst_helpers.checkpoints.EVERY", 0)
    monkeypatch.setattr("nst_helpers.checkpoints.SHARE", 1e9)
    given = {"plot": False, "num_epochs": 7, **changes}
    whole = train(net, *pair, **given)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        ended_at(patch, number, Killed())
        train(net, *pair, checkpoint=tmp_path / "run", **given)
    run = train(net, *pair, checkpoint=tmp_path / "run", **given)
    assert f"goes on after step {number - 1}" in capsys.readouterr().out
    assert run.history == whole.history and np.array_equal(run.image, whole.image) and run.finished
    assert [step for step, _ in run.snapshots] == [step for step, _ in whole.snapshots]
    ended_at(monkeypatch, 1, Killed())  # nothing is left to compute
    again = train(net, *pair, checkpoint=tmp_path / "run", **given)
    assert again.history == whole.history and again.finished
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_checkpoint_is_written_seldom(net, pair, tmp_path, monkeypatch):
    """At most every few seconds, and at most for the share of the time that was agreed."""
    clock, written = [0.0], []
    monkeypatch.setattr("nst_helpers.checkpoints.time.monotonic", lambda: clock[0])
    file = Checkpoint(tmp_path / "run", net, *pair, net.settings)

    def pack():
        written.append(clock[0])
        clock[0] += 1  # a slow disk
        return {}, {}

    for _ in range(1000):
        file.write_if_due(pack)
        clock[0] += 0.1
    assert written[0] == 0 and 3 <= len(written) <= 5
    assert min(b - a for a, b in zip(written, written[1:])) > 1 / 0.03


def test_another_run_is_not_overwritten(net, pair, tmp_path):
    path = tmp_path / "run"
    train(net, *pair, plot=False, num_epochs=3, checkpoint=path)
    before = path.read_bytes()
    flipped = [X.flip(3) for X in pair]
    others = [
        ((net, *pair), {"style_weight": 7.0}, "another style_weight .*not 7.0."),
        ((net, *pair), {"num_epochs": 2}, "another num_epochs .3, not 2."),
        ((net, flipped[0], pair[1]), {}, "another content image"),
        ((net, pair[0], flipped[1]), {}, "another style image"),
        ((load_vgg19(random_parameters((4, 6, 8, 8, 8), seed=1), "cpu", verbose=False), *pair), {}, "another network"),
    ]
    for given, changes, words in others:
        with pytest.raises(ValueError, match=f"run holds a run with {words}: delete it, or give this run another"):
            train(*given, plot=False, checkpoint=path, **{"num_epochs": 3, **changes})
    path.write_bytes(b"a thesis")
    with pytest.raises(ValueError, match="holds no run for this function, or it is damaged"):
        train(net, *pair, plot=False, checkpoint=path)
    assert path.read_bytes() == b"a thesis" and before


def test_the_same_pixels_in_another_shape_are_another_run(net, pair, tmp_path):
    content_X, style_X = pair
    train(net, content_X, style_X, plot=False, num_epochs=1, checkpoint=tmp_path / "run")
    with pytest.raises(ValueError, match="another style image"):
        train(net, content_X, style_X.reshape(1, 3, 32, 40), plot=False, num_epochs=1, checkpoint=tmp_path / "run")


@runs
def test_a_run_from_a_file_that_diverges_returns_to_the_last_good_picture(net, pair, changes):
    state = State()
    list(optimize(net, *pair, num_epochs=3, state=state, **changes))
    again = unpacked(*packed(state))
    assert torch.equal(again.last_good, state.last_good) and not torch.equal(again.last_good, again.composite.weight)
    assert again.last_good_step == 2


def test_a_checkpointed_run_can_be_made_longer(net, pair, tmp_path):
    given = {"plot": False, "optimizer": "adam"}
    train(net, *pair, num_epochs=3, checkpoint=tmp_path / "run", **given)
    longer = train(net, *pair, num_epochs=6, checkpoint=tmp_path / "run", **given)
    assert longer.history == train(net, *pair, num_epochs=6, **given).history


def test_a_run_can_be_ended_where_it_is(net, pair, tmp_path):
    run = Run(net.settings.but(num_epochs=9))
    for step in run.steps(net, *pair):
        if step.step == 3:
            break
    file = Checkpoint(tmp_path / "run", net, *pair, run.settings)
    file.finish(run.packed, finished=False)
    ended = train(net, *pair, plot=False, num_epochs=3, checkpoint=tmp_path / "run")
    assert ended.finished and ended.history == run.history


@pytest.mark.parametrize("quick", ["0", "2"])
def test_a_full_disk_does_not_end_the_run(net, pair, tmp_path, monkeypatch, quick):
    monkeypatch.setattr("nst_helpers.checkpoints.EVERY", 0)
    monkeypatch.setattr("nst_helpers.checkpoints.SHARE", 1e9)
    monkeypatch.setenv("NST_QUICK", quick)
    (tmp_path / "file").write_bytes(b"")
    with pytest.warns(UserWarning, match="the run goes on without a checkpoint: .*cannot be written") as said:
        run = train(net, *pair, plot=False, num_epochs=4, checkpoint=tmp_path / "file" / "run")
    assert run.finished and len(said) == 1


def test_a_full_memory_is_said_once_until_there_is_room_again(net, pair, tmp_path):
    def full():
        raise MemoryError

    file = Checkpoint(tmp_path / "run", net, *pair, net.settings)
    with pytest.warns(UserWarning, match="without a checkpoint: no memory is left") as said:
        for pack in (full, full, lambda: ({}, {}), full):
            file.write(pack)
    assert len(said) == 2


def test_short_runs_have_their_own_file_and_leave_none(net, pair, tmp_path, monkeypatch):
    monkeypatch.setenv("NST_QUICK", "1")
    given = {"plot": False, "num_epochs": 30, "checkpoint": tmp_path / "run.nst"}
    with monkeypatch.context() as patch, pytest.raises(Killed):
        ended_at(patch, 4, Killed())
        train(net, *pair, **given)
    assert [path.name for path in tmp_path.iterdir()] == ["run.quick.nst"]
    assert train(net, *pair, **given).finished and not list(tmp_path.iterdir())
    given["num_epochs"] = 3  # short already
    assert train(net, *pair, **given).finished and (tmp_path / "run.nst").exists()


def test_a_short_run_that_an_error_ends_goes_on(net, picture, tmp_path, monkeypatch):
    """And with another way to paint it is another run."""
    monkeypatch.setenv("NST_QUICK", "4")
    given, steps = {"size": 48, "checkpoint": tmp_path / "run.nst"}, []

    def broken(step):
        if step.step == 3:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        stylize(picture(), picture(seed=1), net, progress=broken, **given)
    with pytest.raises(ValueError, match="another coarse_first: delete it"):
        stylize(picture(), picture(seed=1), net, coarse_first=False, **given)
    img = stylize(picture(), picture(seed=1), net, progress=steps.append, **given)
    assert [step.step for step in steps] == [4] and not list(tmp_path.iterdir())
    assert np.array_equal(img, stylize(picture(), picture(seed=1), net, size=48))


# Coarse to fine.


@runs
@pytest.mark.parametrize("number", [2, 5, 7, 11])
def test_coarse_to_fine_goes_on_at_its_size(net, picture, tmp_path, monkeypatch, changes, number):
    """Killed at the small size, at the first step of the large one, and later."""
    monkeypatch.setattr("nst_helpers.checkpoints.EVERY", 0)
    monkeypatch.setattr("nst_helpers.checkpoints.SHARE", 1e9)
    photo, painting = picture(130, 300, seed=1), picture(130, 260, seed=2)
    given = {"size": 300, "style_size": 260, "num_epochs": 8, **changes}
    whole = stylize(photo, painting, net, **given)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        ended_at(patch, number, Killed())
        stylize(photo, painting, net, checkpoint=tmp_path / "run", **given)
    steps = []
    rest = stylize(photo, painting, net, checkpoint=tmp_path / "run", progress=steps.append, **given)
    assert np.array_equal(rest, whole) and len(steps) < 12
    assert np.array_equal(stylize(photo, painting, net, checkpoint=tmp_path / "run", **given), whole)


def test_coarse_to_fine_in_ones_own_loop(net, picture):
    pair = preprocess(picture(130, 300, seed=1), (130, 300)), preprocess(picture(130, 260, seed=2), (130, 260))
    whole = [step.total for step in coarse_to_fine(net, *pair, num_epochs=6)]
    for stop in (2, 3, 5):
        state, totals = State(), []
        for step in coarse_to_fine(net, *pair, num_epochs=6, state=state):
            totals.append(step.total)
            if len(totals) == stop:
                break
        totals += [step.total for step in coarse_to_fine(net, *pair, num_epochs=6, state=state)]
        assert totals == whole


def test_a_coarse_run_in_a_file(net, picture, tmp_path):
    """The numbers go on: three steps at half the size, then six."""
    pair = preprocess(picture(130, 300, seed=1), (130, 300)), preprocess(picture(130, 260, seed=2), (130, 260))
    run = Run(net.settings.but(num_epochs=6))
    for step in run.steps(net, *pair, coarse=True):
        if step.step == 5:
            break
    run.save(tmp_path / "run")
    run = Run.load(tmp_path / "run")
    list(run.steps(net, *pair, coarse=True))
    whole = Run(net.settings.but(num_epochs=6))
    list(whole.steps(net, *pair, coarse=True))
    assert run.history == whole.history and [row[0] for row in run.history] == list(range(1, 10))
