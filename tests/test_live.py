import itertools
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

import nst_helpers
from nst_helpers import FastObjective, LivePlot, Run, duration, live, postprocess, train

SHORT = {"num_epochs": 12, "lr": 0.1}


@pytest.fixture
def shown(monkeypatch):
    """Stands in for IPython's display: how often something was shown for the first time, and updated."""
    calls = SimpleNamespace(displays=[], updates=[], clock=None)

    def draw(calls_of_this_kind, fig):
        fig.canvas.draw()  # as a notebook would: what cannot be drawn fails here
        if calls.clock:
            calls.clock.now += calls.clock.cost
        calls_of_this_kind.append(fig)

    def display(fig, display_id=None):
        assert display_id
        draw(calls.displays, fig)
        return SimpleNamespace(update=lambda fig: draw(calls.updates, fig))

    monkeypatch.setattr(live, "display", display)
    return calls


def interrupted_at(monkeypatch, number):
    """Press Stop while step ``number`` is computed."""
    count, compute = itertools.count(1), FastObjective.__call__

    def stop(*args):
        if next(count) == number:
            raise KeyboardInterrupt
        return compute(*args)

    monkeypatch.setattr(FastObjective, "__call__", stop)


# The plot.


def test_one_display_updated_in_place(shown):
    plot = LivePlot(10, (32, 48))
    for step in range(1, 6):
        plot.next_draw = 0
        plot.add(step, (3.0 / step, 2.0 / step, 1.0), lambda: Image.new("RGB", (48, 32), (step, 0, 0)))  # noqa: B023
    assert len(shown.displays) == 1 and len(shown.updates) == 4
    left, right = plot.axes
    assert len(right.images) == 1  # d2l's own Animator piles them up
    assert right.images[0].get_array()[0, 0].tolist() == [5, 0, 0] and "epoch 5" in right.get_title()
    assert [len(line.get_xdata()) for line in left.lines] == [5, 5, 5] and left.get_yscale() == "log"
    assert [text.get_text() for text in left.get_legend().get_texts()] == ["content", "style", "TV"]
    assert plot.fig.number not in live.d2l.plt.get_fignums()  # or the cell would show it once more below


def test_a_loss_of_weight_zero_has_no_line(shown):
    plot = LivePlot(10, (32, 48))
    plot.add(1, (0.0, 2.0, 0.0))
    assert [line.get_label() for line in plot.axes[0].lines] == ["style"]


@pytest.mark.parametrize("cost, steps", [(0.001, 400), (1.0, 4000)])
def test_at_most_two_draws_a_second_and_a_tenth_of_the_time(shown, monkeypatch, cost, steps):
    """A clock of our own: a step takes 10 ms, showing the plot ``cost`` seconds."""
    shown.clock = clock = SimpleNamespace(now=100.0, cost=cost)
    monkeypatch.setattr(live, "time", SimpleNamespace(monotonic=lambda: clock.now))
    plot = LivePlot(steps, (32, 48))
    for step in range(steps):
        clock.now += 0.01
        plot.add(step, (1.0, 1.0, 1.0))
    draws, elapsed = len(shown.displays + shown.updates), clock.now - 100
    assert 4 <= draws <= 1 + elapsed / 0.5
    assert (draws - 1) * cost <= 0.1 * elapsed


@pytest.mark.parametrize("shape", [(32, 48), (30, 400), (400, 30)])
def test_odd_pictures_fit(shown, shape):
    plot = LivePlot(10, shape)
    plot.add(1, (1.0, 1.0, 1.0), lambda: Image.new("RGB", shape[::-1]))
    assert 4 < plot.fig.get_figwidth() < 11


# The run.


def test_train(net, pair, shown, capsys):
    result = train(net, *pair, snapshots=4, **SHORT)
    assert isinstance(result, Run) and result.finished and result.seconds > 0
    assert [row[0] for row in result.history] == list(range(1, 13))
    assert all(row[4] == pytest.approx(sum(row[1:4]), rel=1e-4) for row in result.history)
    assert [step for step, _ in result.snapshots] == [1, 4, 8, 12]
    assert np.array_equal(result.snapshots[-1][1], result.image) and result.image.size == (48, 32)
    assert np.array_equal(result.image, postprocess(result.state.composite.weight))
    assert result.settings.num_epochs == 12 and result.settings.lr == 0.1
    out = capsys.readouterr().out
    assert out.startswith("about ") and "for 9 more" in out and out.count("\n") == 1
    assert len(shown.displays) == 1
    assert len(shown.updates) <= 1 + result.seconds / 0.5  # the last picture, and two per second


def test_draws_are_bounded(net, pair, shown):
    result = train(net, *pair, num_epochs=100)
    assert len(result.history) == 100 and len(shown.displays) == 1
    assert len(shown.updates) <= 1 + result.seconds / 0.5
    assert "in all" in result_title(shown)


def result_title(shown):
    return (shown.updates or shown.displays)[-1].axes[0].get_title()


def test_without_plot(net, pair, shown, capsys):
    result = train(net, *pair, plot=False, **SHORT)
    assert len(result.history) == 12 and not shown.displays and not capsys.readouterr().out


def test_start_from_a_picture(net, pair):
    start = torch.randn(pair[0].shape)
    result = train(net, *pair, start_X=start, plot=False, num_epochs=1, lr=1e-9)
    assert np.array_equal(result.image, postprocess(start))


@pytest.mark.parametrize("plot", [True, False])
def test_stop_and_resume_equals_one_run(net, pair, shown, capsys, monkeypatch, plot):
    whole = train(net, *pair, plot=False, **SHORT)
    with monkeypatch.context() as patch:
        interrupted_at(patch, 6)
        part = train(net, *pair, plot=plot, **SHORT)
    assert "stopped after step 5; train(…, resume=run) continues" in capsys.readouterr().out
    assert not part.finished and len(part.history) == 5 and part.snapshots[-1][0] == 5
    assert np.array_equal(part.image, postprocess(part.state.composite.weight))
    shown.displays.clear()
    rest = train(net, *pair, resume=part, plot=plot)  # under the old settings
    assert rest.finished and rest.history == whole.history and rest.seconds > part.seconds
    assert np.array_equal(rest.image, whole.image)
    assert len(part.history) == 5  # the first result stays what it was
    if plot:
        lines = (shown.updates or shown.displays)[-1].axes[0].lines
        assert [len(line.get_xdata()) for line in lines] == [12, 12, 12]


def test_the_time_of_the_first_part_counts(net, pair):
    first = train(net, *pair, plot=False, **SHORT)
    first.seconds = 1000.0
    assert 1000 < train(net, *pair, resume=first, plot=False, num_epochs=14).seconds < 2000


def test_time_between_two_steps_does_not_count(net, pair, monkeypatch):
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(nst_helpers.run, "time", SimpleNamespace(monotonic=lambda: clock.now))
    run = Run(net.settings.but(num_epochs=4))
    for _ in run.steps(net, *pair):
        clock.now += 50
    assert run.seconds == 0 and run.finished


def test_the_last_picture_takes_the_place_of_the_one_before_where_there_is_no_room(net, pair):
    run = Run(net.settings.but(num_epochs=5), max_snapshots=3)
    list(run.steps(net, *pair))
    assert [step for step, _ in run.snapshots] == [1, 2, 5]


def test_a_record_keeps_few_pictures_evenly_spread(net, pair):
    run = Run(net.settings.but(num_epochs=3, optimizer="adam"), max_snapshots=5)
    for epochs in (3, 40):
        run.settings = run.settings.but(num_epochs=epochs)
        list(run.steps(net, *pair))
        assert len(run.snapshots) <= 5 and run.snapshots[-1][0] == epochs
    gaps = [b - a for (a, _), (b, _) in zip(run.snapshots, run.snapshots[1:])]
    assert max(gaps) <= 16


def test_resume_for_longer_at_another_rate(net, pair):
    first = train(net, *pair, plot=False, **SHORT)
    second = train(net, *pair, resume=first, plot=False, num_epochs=15, lr=0.01)
    assert len(second.history) == 15 and second.settings.lr == 0.01
    assert second.state.trainer.param_groups[0]["lr"] == 0.01


def test_stop_before_the_first_step(net, pair, monkeypatch):
    def stop(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(FastObjective, "__init__", stop)
    with pytest.raises(KeyboardInterrupt, match="before the first step"):
        train(net, *pair, plot=False)


def test_stop_while_the_first_step_is_computed(net, pair, shown, monkeypatch):
    interrupted_at(monkeypatch, 1)
    result = train(net, *pair, **SHORT)
    assert not result.history and [step for step, _ in result.snapshots] == [0]
    assert np.array_equal(result.image, postprocess(pair[0]))


def test_divergence_is_a_sentence(net, pair, shown, capsys):
    result = train(net, *pair, lr=1e30, num_epochs=9)
    assert "the loss became non-finite in step 2" in capsys.readouterr().out and not result.finished
    assert np.array_equal(result.image, postprocess(pair[0]))  # the last good picture
    after = train(net, *pair, resume=result, lr=0.1)
    assert after.finished and all(math.isfinite(row[4]) for row in after.history)


def test_divergence_leaves_no_bad_snapshot(net, pair):
    result = train(net, *pair, lr=1e30, num_epochs=9, plot=False)
    assert np.array_equal(result.snapshots[-1][1], result.image)


def test_bad_settings_come_before_the_plot(net, pair, shown):
    for changes in ({"lr": -1}, {"style_layers": ["conv9_1"]}, {"epochs": 3}):
        with pytest.raises(ValueError):
            train(net, *pair, **changes)
    assert not shown.displays


@pytest.mark.parametrize(
    "seconds, text", [(0, "0 s"), (47.6, "48 s"), (59.7, "1 min 00 s"), (60, "1 min 00 s"), (200, "3 min 20 s")]
)
def test_duration(seconds, text):
    assert duration(seconds) == text


def test_a_result_can_be_resumed_more_than_once(net, pair):
    first = train(net, *pair, num_epochs=3, plot=False)
    twice = [train(net, *pair, resume=first, num_epochs=6, plot=False) for _ in range(2)]
    assert twice[0].history == twice[1].history and len(twice[0].history) == 6
    assert first.state.step == 3
