import itertools
import math
import pickle

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from nst_helpers import (
    LBFGS,
    DivergedError,
    FastObjective,
    Settings,
    State,
    coarse_to_fine,
    extract_features,
    gram,
    load_vgg19,
    optimize,
    preprocess,
    sample,
    stylize,
    train,
)
from nst_helpers.losses import tv_loss
from nst_helpers.pyramid import next_start, pyramid
from nst_helpers.settings import CHOICES
from nst_helpers.training import smooth_tv_loss

SHORT = {"num_epochs": 8, "lr_decay_epoch": 3, "lr": 0.1}


def run(net, pair, **changes):
    """All steps of a run, their images cloned."""
    return [step._replace(X=step.X.clone()) for step in optimize(net, *pair, **{**SHORT, **changes})]


def test_steps(net, pair):
    steps = run(net, pair)
    assert [step.step for step in steps] == list(range(1, 9)) and steps[0].num_epochs == 8
    for step in steps:
        assert step.total == pytest.approx(step.content + step.style + step.tv, rel=1e-5)
        assert step.X.shape == pair[0].shape and not step.X.requires_grad
    assert steps[-1].total < steps[0].total
    assert steps[0].content == 0  # it starts from the content image


def test_losses_are_those_before_the_step(net, pair):
    settings = Settings(optimizer="adam")
    start = torch.randn(pair[0].shape)
    step = run(net, pair, settings=settings, start_X=start, num_epochs=1, precision="float32")[0]
    (Y,), styles = extract_features(net, start, settings.content_layers, settings.style_layers)
    (target,), _ = extract_features(net, pair[0], settings.content_layers, [])
    _, style_targets = extract_features(net, pair[1], [], settings.style_layers)
    assert step.content == pytest.approx(((Y - target) ** 2).mean().item(), rel=1e-4)
    style = sum(((gram(a) - gram(b)) ** 2).mean().item() for a, b in zip(styles, style_targets))
    assert step.style == pytest.approx(1e5 * style, rel=1e-4)


def test_inputs_stay_as_they_are(net, pair):
    before = [X.clone() for X in pair], [p.clone() for p in net.parameters()]
    run(net, pair, num_epochs=2)
    assert all(torch.equal(a, b) for a, b in zip(pair, before[0]))
    assert all(torch.equal(a, b) and a.grad is None for a, b in zip(net.parameters(), before[1]))


def test_learning_rate_decays(net, pair):
    state, rates = State(), []
    for _ in optimize(net, *pair, state=state, **SHORT):
        rates.append(state.trainer.param_groups[0]["lr"])
    expected = [0.1 * 0.8 ** (step // 3) for step in range(1, 9)]
    assert rates == pytest.approx(expected)


# How a run starts. With so low a rate, the image after the first step is the one it started from.


def first_image(net, pair, **changes):
    return next(optimize(net, *pair, lr=1e-9, **changes)).X


@pytest.mark.parametrize("start", CHOICES["start"])
def test_starts(net, pair, start):
    X = first_image(net, pair, start=start, seed=5)
    noise = torch.randn(pair[0].shape, generator=torch.Generator().manual_seed(5))
    expected = {"content": pair[0], "noise": noise, "blend": (pair[0] + noise) / 2}.get(start)
    if expected is None:  # the style image has another size
        assert abs(X.mean() - pair[1].mean()) < 0.05 and not torch.allclose(X, pair[0], atol=0.1)
    else:
        assert torch.allclose(X, expected, atol=1e-6)


def test_start_from_a_picture(net, pair):
    start = torch.randn(pair[0].shape)
    before = start.clone()
    assert torch.allclose(first_image(net, pair, start_X=start), start, atol=1e-6)
    run(net, pair, start_X=start)
    assert torch.equal(start, before)


# Settings.


def test_default_settings_are_the_networks(net, pair):
    assert next(optimize(net, *pair)).num_epochs == net.settings.num_epochs
    assert next(optimize(net, *pair, Settings(num_epochs=7))).num_epochs == 7
    assert next(optimize(net, *pair, Settings(num_epochs=7), num_epochs=6)).num_epochs == 6


def test_changes_by_name(net, pair):
    one = next(optimize(net, *pair))
    two = next(optimize(net, *pair, tv_weight=20, style_weight=0, style_layers=[]))
    assert two.tv == pytest.approx(2 * one.tv) and two.style == 0 and one.style > 0


def test_only_style_or_only_content(net, pair):
    only_style = run(net, pair, content_layers=[], content_weight=0, start="noise")
    assert {step.content for step in only_style} == {0} and only_style[-1].style < only_style[0].style
    only_content = run(net, pair, style_layers=[], style_weight=0, start="noise")
    assert {step.style for step in only_content} == {0} and only_content[-1].content < only_content[0].content


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"start": "middle"}, "start must be one of content, noise, style, blend; it is 'middle'"),
        ({"style_weight": -1}, "style_weight must be a finite number"),
        ({"tv_weight": math.inf}, "tv_weight must be a finite number"),
        ({"lr": 0}, "lr must be more than zero"),
        ({"style_layers": []}, "style_layers is empty"),
        ({"style_layers": ["conv9_1"]}, "no layer 'conv9_1'"),
        ({"content_layers": [40]}, "index from 0 to 36; this is 40"),
        ({"learning_rate": 1}, "unknown setting 'learning_rate'"),
        ({"content_layers": ["pool5"], "style_layers": ["pool5"]}, None),
        ({"start_X": torch.zeros(1, 3, 5, 5)}, "start_X has shape .1, 3, 5, 5., the content image .1, 3, 32, 48."),
        (
            {"content_layers": [], "content_weight": 0, "style_layers": [], "style_weight": 0},
            "no layers chosen",
        ),
    ],
)
def test_errors_before_the_first_step(net, pair, changes, words):
    state = State()
    steps = optimize(net, *pair, state=state, **changes)
    if words is None:
        assert next(steps)  # 32 pixels are just enough
        return
    with pytest.raises(ValueError, match=words):
        next(steps)
    assert state.step == 0 and state.composite is None


@pytest.mark.parametrize("which", [0, 1])
def test_either_image_too_small(net, pair, which):
    images = list(pair)
    images[which] = torch.zeros(1, 3, 15, 40)
    with pytest.raises(ValueError, match="15×40 pixels is too small for conv5_1"):
        next(optimize(net, *images))


def test_two_pixels_are_enough_for_total_variation(net):
    X = torch.rand(1, 3, 2, 2)
    layers = {"content_layers": ["relu1_1"], "style_layers": ["relu1_1"]}
    assert [step.step for step in optimize(net, X, X, num_epochs=2, **layers)] == [1, 2]


@pytest.mark.parametrize("shape", [(1, 3, 1, 40), (1, 3, 40, 1)])
def test_one_pixel_thin(net, shape):
    """Shallow layers allow it, but total variation has no step to measure: that is no divergence."""
    X = torch.rand(shape)
    with pytest.raises(ValueError, match="too small"):
        list(optimize(net, X, X, content_layers=["conv1_1"], style_layers=["conv1_1"], num_epochs=2))


# Stopping and continuing.


def test_break_and_continue_equals_one_run(net, pair):
    whole = run(net, pair)
    state = State()
    first = [step.total for step in itertools.islice(optimize(net, *pair, state=state, **SHORT), 4)]
    assert state.step == 4
    second = list(optimize(net, *pair, state=state, **SHORT))
    assert [step.step for step in second] == [5, 6, 7, 8]
    assert first + [step.total for step in second] == [step.total for step in whole]
    assert torch.equal(second[-1].X, whole[-1].X)


def test_a_finished_run_can_be_made_longer(net, pair):
    state = State()
    assert len(list(optimize(net, *pair, state=state, **SHORT))) == 8
    assert not list(optimize(net, *pair, state=state, **SHORT))
    assert len(list(optimize(net, *pair, state=state, **{**SHORT, "num_epochs": 10}))) == 2


def test_resume_with_another_rate(net, pair):
    state, settings = State(), {**SHORT, "num_epochs": 99}
    next(optimize(net, *pair, state=state, **settings))
    next(optimize(net, *pair, state=state, **{**settings, "lr": 0.02}))
    assert state.trainer.param_groups[0]["lr"] == 0.02
    next(optimize(net, *pair, state=state, **{**settings, "lr": 0.02}))
    assert state.trainer.param_groups[0]["lr"] == pytest.approx(0.016)  # three steps: it decays as planned


def test_resume_with_other_weights(net, pair):
    state = State()
    before = next(optimize(net, *pair, state=state, **SHORT))
    after = next(optimize(net, *pair, state=state, **{**SHORT, "tv_weight": 0}))
    assert before.tv > 0 and after.tv == 0 and after.step == 2


def test_resume_on_another_size(net, pair):
    state = State()
    next(optimize(net, *pair, state=state))
    with pytest.raises(ValueError, match="image of another size"):
        next(optimize(net, pair[1], pair[1], state=state))


# Divergence.


@pytest.mark.parametrize("lr, what", [(0.1, "image"), (None, "painter")])
def test_a_divergence_comes_out_of_another_process_whole(lr, what):
    error = pickle.loads(pickle.dumps(DivergedError(3, 2, torch.ones(1), lr, what)))
    assert str(error) == str(DivergedError(3, 2, None, lr, what)) and (error.failed, error.X.item()) == (3, 1)


def test_diverges_at_a_huge_rate(net, pair):
    images, state = [pair[0]], State()
    with pytest.raises(DivergedError, match="non-finite in step 2.*learning rate 1e.30") as caught:
        for step in optimize(net, *pair, state=state, lr=1e30):
            images.append(step.X.clone())
    assert torch.equal(caught.value.X, pair[0]) and isinstance(caught.value, ValueError)
    assert torch.equal(state.composite.weight, pair[0])  # the run holds the last good image, too


@pytest.fixture
def spoilt(net, pair, monkeypatch):
    """The loss of the image after step 3 is made not a number: the error, and all images from step 0 on."""
    images, count, compute = [pair[0]], itertools.count(1), FastObjective.__call__

    def spoil(*args):
        *parts, total = compute(*args)
        return *parts, total * (math.nan if next(count) == 4 else 1)

    monkeypatch.setattr(FastObjective, "__call__", spoil)
    with pytest.raises(DivergedError) as caught:
        for step in optimize(net, *pair, **SHORT):
            images.append(step.X.clone())
    return caught.value, images


def test_last_good_image_is_kept(spoilt):
    error, images = spoilt
    assert len(images) == 4 and "non-finite in step 4" in str(error)
    assert torch.equal(error.X, images[2])  # the last whose loss was finite


def test_last_good_image_is_of_the_step_that_is_named(spoilt):
    error, _ = spoilt
    assert error.last_good_step == 2 and "image after step 2" in str(error)


def test_what_diverged_says_what_to_try():
    said = str(DivergedError(3, 1, None, 0.5))
    assert "step 3: most likely the learning rate 0.5 or a loss weight is too large" in said
    assert "after step 1 is kept; try a tenth of the rate" in said
    assert "step 3: most likely a loss weight is too large" in (said := str(DivergedError(3, 1, None, None)))
    assert said.endswith("try a tenth of it")


def test_nan_in_the_image(net, pair):
    with pytest.raises(ValueError, match="content_X holds numbers that are not finite"):
        next(optimize(net, pair[0] * math.nan, pair[1]))


def test_go_on_after_divergence(net, pair):
    state = State()
    with pytest.raises(DivergedError):
        list(optimize(net, *pair, state=state, **{**SHORT, "lr": 1e30}))
    steps = list(optimize(net, *pair, state=state, **SHORT))
    assert steps[-1].step == 8 and steps[-1].total < steps[0].total


# The whole method in one call.


def test_stylize(net, picture):
    content, style, seen = picture(64, 96), picture(50, 50, seed=1), []
    before = content.tobytes()
    img = stylize(content, style, net, size=48, progress=seen.append, num_epochs=5)
    assert isinstance(img, Image.Image) and img.mode == "RGB" and img.size == (48, 32)
    assert [step.step for step in seen] == [1, 2, 3, 4, 5] and content.tobytes() == before
    again = stylize(content, style, net, size=48, num_epochs=5)
    assert np.array_equal(img, again)
    assert not np.array_equal(img, content.resize((48, 32)))


def test_the_style_image_is_half_as_large_again_unless_told_otherwise(net, picture):
    images = picture(64, 96), picture(200, 200, seed=1)
    img, same, other = (
        stylize(*images, net, size=48, num_epochs=3, **style_size)
        for style_size in ({}, {"style_size": 72}, {"style_size": 48})
    )
    assert np.array_equal(img, same) and not np.array_equal(img, other)


# Large pictures: half the size first.


def painted(net, content, style, **changes):
    """The picture, and step and shape of every state on the way."""
    seen = []
    img = stylize(
        content, style, net, progress=lambda step: seen.append((step.step, tuple(step.X.shape[-2:]))), **changes
    )
    return img, seen


def test_stylize_paints_large_pictures_at_half_the_size_first(net, picture):
    img, seen = painted(net, picture(200, 300), picture(200, 200, seed=1), size=300, num_epochs=3)
    assert img.size == (300, 200)
    assert seen == [(1, (100, 150)), (2, (100, 150)), (3, (100, 150)), (1, (200, 300))]
    img, seen = painted(net, picture(200, 300), picture(200, 200, seed=1), size=600, num_epochs=1)
    assert [shape for _, shape in seen] == [(100, 150), (200, 300), (400, 600)] and img.size == (600, 400)


@pytest.mark.parametrize(
    "height, width, style_side, changes",
    [
        (200, 256, 200, {"size": 256}),  # small enough
        (200, 300, 200, {"size": 300, "coarse_first": False}),
        (120, 300, 200, {"size": 300}),  # half of it would be too low for a deep layer
        (200, 300, 200, {"size": 300, "style_size": 127}),
    ],
)
def test_stylize_paints_at_one_size(net, picture, height, width, style_side, changes):
    _, seen = painted(net, picture(height, width), picture(style_side, style_side, seed=1), num_epochs=2, **changes)
    assert seen == [(1, (height, width)), (2, (height, width))]


def test_the_large_picture_begins_with_the_small_one(net, picture):
    kept = []
    stylize(
        picture(200, 300), picture(200, 200, seed=1), net, size=300, num_epochs=2, lr=1e-9, start="noise", seed=4,
        progress=lambda step: kept.append(step.X.clone()),
    )  # fmt: skip
    small, large = kept[1], kept[2]
    assert torch.allclose(small, torch.randn(small.shape, generator=torch.Generator().manual_seed(4)), atol=1e-6)
    assert torch.allclose(large, F.interpolate(small, large.shape[-2:], mode="bicubic"), atol=1e-6)


def sizes(content, style, **changes):
    """Shapes of both images, steps and decay at each size of ``coarse_to_fine``."""
    Xs = (torch.zeros(1, 3, *shape) for shape in (content, style))
    return [
        (tuple(X.shape[-2:]), tuple(Y.shape[-2:]), settings.num_epochs, settings.lr_decay_epoch)
        for X, Y, settings in pyramid(*Xs, Settings(**changes))
    ]


def test_each_size_is_a_run_of_half_the_steps():
    """Adam's rate decays as often as at full size only."""
    assert sizes((400, 600), (300, 333), num_epochs=9, lr_decay_epoch=4) == [
        ((100, 150), (75, 83), 9, 4),
        ((200, 300), (150, 166), 4, 2),
        ((400, 600), (300, 333), 2, 1),
    ]
    assert sizes((600, 257), (128, 128), num_epochs=1, lr_decay_epoch=1)[0] == ((300, 128), (64, 64), 1, 1)
    for content, style in [((256, 256), (300, 300)), ((127, 600), (300, 300)), ((600, 300), (300, 127))]:
        assert len(sizes(content, style)) == 1


def test_a_larger_size_begins_with_what_the_smaller_one_changed():
    small_X, content_X = torch.randn(1, 3, 4, 6), torch.randn(1, 3, 8, 12)
    X = small_X + 1
    assert torch.allclose(next_start(X, small_X, content_X, Settings(start="content")), content_X + 1, atol=1e-5)
    whole = F.interpolate(X, (8, 12), mode="bicubic")
    assert torch.allclose(next_start(X, small_X, content_X, Settings(start="noise")), whole)


def test_coarse_to_fine_takes_an_objective_of_ones_own(net, pair):
    def nothing(X):
        return 0 * X.sum(), X.square().mean(), 0 * X.sum()

    (step,) = coarse_to_fine(net, *pair, num_epochs=1, objective=lambda *inputs: nothing)
    assert step.content == 0 and step.style == pytest.approx(pair[0].square().mean().item())


def test_stylize_interrupted_at_the_full_size(net, picture):
    def stop(step):
        if step.X.shape[-1] == 300:
            raise KeyboardInterrupt

    images, settings = (picture(200, 300), picture(200, 200, seed=1)), {"size": 300, "num_epochs": 2}
    assert np.array_equal(stylize(*images, net, progress=stop, **settings), stylize(*images, net, **settings))


def test_stylize_interrupted_at_half_the_size(net, picture):
    """The picture so far, at the size that was asked for."""

    def stop(step):
        raise KeyboardInterrupt

    img = stylize(picture(200, 300), picture(200, 200, seed=1), net, size=300, progress=stop, lr=1e-9)
    assert img.size == (300, 200)
    expected = picture(200, 300).resize((150, 100), Image.BILINEAR).resize((300, 200), Image.BICUBIC)
    assert np.abs(np.asarray(img, float) - np.asarray(expected, float)).mean() < 3


def test_stylize_loads_the_weights(picture, capsys):
    img = stylize(picture(), picture(seed=1), "embedded", size=48, num_epochs=1)
    assert img.size == (48, 32) and "embedded" in capsys.readouterr().out


def test_stylize_interrupted(net, picture):
    """Stop: the picture after two steps, as a run of two steps gives it."""

    def stop(step):
        if step.step == 2:
            raise KeyboardInterrupt

    args = picture(), picture(seed=1), net
    assert np.array_equal(stylize(*args, size=48, progress=stop), stylize(*args, size=48, num_epochs=2))


def test_stylize_interrupted_before_it_begins(net, picture, monkeypatch):
    def stop(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(FastObjective, "__init__", stop)
    with pytest.raises(KeyboardInterrupt):
        stylize(picture(), picture(seed=1), net, size=48)


@pytest.mark.parametrize("bad", ["photo.jpg", None, np.zeros((8, 8, 3))])
def test_stylize_wants_pictures(net, picture, bad):
    with pytest.raises(ValueError, match="content must be a PIL image"):
        stylize(bad, picture(), net)
    with pytest.raises(ValueError, match="style must be a PIL image"):
        stylize(picture(), bad, net)


@pytest.mark.parametrize("size", [0, -5, 3, float("nan"), float("inf")])
def test_stylize_bad_size(net, picture, size):
    with pytest.raises(ValueError):
        stylize(picture(), picture(), net, size=size, num_epochs=1)


def test_stylize_bad_setting(net, picture):
    with pytest.raises(ValueError, match="unknown setting 'epochs'"):
        stylize(picture(), picture(), net, size=48, epochs=3)


@pytest.mark.parametrize(
    "value, steps", [(None, 20), ("", 20), ("0", 20), ("1", 15), ("yes", 15), ("18", 18), ("50", 20)]
)
def test_short_runs_on_request(net, pair, monkeypatch, value, steps):
    if value is not None:
        monkeypatch.setenv("NST_QUICK", value)
    last = list(optimize(net, *pair, num_epochs=20))[-1]
    assert last.step == last.num_epochs == steps
    assert list(optimize(net, *pair, num_epochs=3))[-1].step == 3


def test_going_on_with_another_decay(net, pair):
    state = State()
    for _ in optimize(net, *pair, state=state, num_epochs=2, lr=0.1, lr_decay_epoch=50):
        pass
    for _ in optimize(net, *pair, state=state, num_epochs=4, lr=0.1, lr_decay_epoch=1):
        pass
    assert state.trainer.param_groups[0]["lr"] == pytest.approx(0.1 * 0.8**2)


def test_smooth_total_variation():
    stairs = 4 * torch.arange(3.0).view(1, 1, 3, 1).expand(1, 1, 3, 3)
    assert smooth_tv_loss(stairs, 3).item() == 1  # half of √(4² + 3²) − 3 = 2
    X = torch.randn(1, 3, 8, 9)
    assert smooth_tv_loss(X, 1e-6).item() == pytest.approx(tv_loss(X).item(), rel=1e-4)
    assert smooth_tv_loss(X, 0.1) < tv_loss(X)
    flat = torch.zeros(1, 3, 4, 4, requires_grad=True)
    smooth_tv_loss(flat, 0.01).backward()
    assert torch.equal(flat.grad, torch.zeros_like(flat))


# L-BFGS


def final(net, pair, **changes):
    return list(optimize(net, *pair, **changes))[-1]


@pytest.mark.parametrize("start", ["content", "noise"])
def test_lbfgs_needs_a_fraction_of_the_steps(start):
    embedded = load_vgg19("embedded", "cpu", verbose=False)
    photo, painting = (preprocess(sample(name), (48, 64)) for name in ("cat", "starry_harbour"))
    settings = {"start": start, "precision": "float32"}
    adam = final(embedded, (photo, painting), num_epochs=150, optimizer="adam", **settings)
    lbfgs = final(embedded, (photo, painting), num_epochs=50, optimizer="lbfgs", **settings)
    assert lbfgs.total < adam.total


def test_lbfgs_stopped_and_continued_is_one_run(net, pair):
    settings = {"optimizer": "lbfgs", "precision": "float32"}
    state = State()
    final(net, pair, state=state, num_epochs=6, **settings)
    assert isinstance(state.trainer, LBFGS)
    two = final(net, pair, state=state, num_epochs=12, **settings)
    one = final(net, pair, num_epochs=12, **settings)
    assert two.step == 12 and two.total == pytest.approx(one.total, rel=1e-4)


def test_new_settings_give_lbfgs_a_new_memory(net, pair):
    state = State()
    final(net, pair, state=state, num_epochs=4, optimizer="lbfgs")
    first = state.trainer
    step = final(net, pair, state=state, num_epochs=8, optimizer="lbfgs", style_weight=10.0)
    assert state.trainer is not first and step.step == 8
    step = final(net, pair, state=state, num_epochs=9, optimizer="adam")
    assert isinstance(state.trainer, torch.optim.Adam) and step.step == 9


def test_what_is_shown_is_the_exact_total_variation(net, pair, monkeypatch):
    """What L-BFGS minimizes has the one without kinks in its place."""
    minimized = []
    monkeypatch.setattr(LBFGS, "step", lambda self, loss: minimized.append(loss))
    step = next(optimize(net, *pair, optimizer="lbfgs", precision="float32"))
    assert step.tv == pytest.approx(10 * tv_loss(pair[0]).item(), rel=1e-6)
    smooth = 10 * smooth_tv_loss(pair[0]).item()
    assert minimized == [pytest.approx(step.content + step.style + smooth, rel=1e-6)] and smooth < 0.999 * step.tv


def test_adam_follows_the_exact_total_variation(net, pair):
    state, X = State(), pair[0].clone().requires_grad_()
    next(optimize(net, *pair, state=state, optimizer="adam", content_weight=0, style_weight=0))
    (10 * tv_loss(X)).backward()
    assert torch.allclose(state.composite.weight.grad, X.grad)


def test_lbfgs_is_resumed_by_train_more_than_once(net, pair):
    settings = {"optimizer": "lbfgs", "precision": "float32", "plot": False}
    first = train(net, *pair, num_epochs=5, **settings)
    again = [train(net, *pair, resume=first, num_epochs=12, **settings) for _ in range(2)]
    whole = train(net, *pair, num_epochs=12, **settings)
    assert again[0].history == again[1].history and len(again[0].history) == 12
    assert again[0].history[-1][-1] == pytest.approx(whole.history[-1][-1], rel=1e-3)


def test_a_picture_changed_by_hand_is_not_overwritten(net, pair):
    state = State()
    final(net, pair, state=state, num_epochs=4, optimizer="lbfgs")
    with torch.no_grad():
        state.composite.weight[:, :, :8] = 3
    step = final(net, pair, state=state, num_epochs=5, optimizer="lbfgs")
    assert step.X[:, :, :8].mean() > 1.5


def test_adam_forgets_the_slopes_of_other_weights(net, pair):
    state = State()
    final(net, pair, state=state, num_epochs=20, style_weight=1e8, lr=0.1)
    before = state.composite.weight.detach().clone()
    final(net, pair, state=state, num_epochs=25, style_weight=1.0, lr=0.1)
    assert (state.composite.weight.detach() - before).abs().mean() > 0.05


def test_the_picture_stays_with_its_step_however_often_it_diverges(net, pair):
    state = State()
    kept = final(net, pair, state=state, num_epochs=6, optimizer="lbfgs").X.clone()
    steps, before = [], state.trainer
    for _ in range(3):
        with pytest.raises(DivergedError) as caught:
            final(net, pair, state=state, num_epochs=20, optimizer="lbfgs", objective=lambda *inputs: not_a_number)
        steps.append(caught.value.last_good_step)
    assert steps == [5, 5, 5] and state.step == 5
    assert not torch.equal(kept, caught.value.X)
    assert final(net, pair, state=state, num_epochs=6, optimizer="lbfgs").step == 6
    assert state.trainer is not before  # what it remembers led there


def not_a_number(X):
    return X.sum() * math.nan, X.sum(), X.sum()


@pytest.mark.parametrize("too_far, kept", [(0.0, True), (50.0, False)])
def test_a_last_step_that_went_too_far_is_taken_back(net, pair, monkeypatch, too_far, kept):
    step, before = LBFGS.step, []

    def last_step_too_far(self, loss):
        before.append(self.X.detach().clone())
        step(self, loss)
        if len(before) == 6:
            with torch.no_grad():
                self.X.add_(too_far)

    monkeypatch.setattr(LBFGS, "step", last_step_too_far)
    last = final(net, pair, num_epochs=6, optimizer="lbfgs", precision="float32")
    assert torch.equal(last.X, before[5]) != kept


@pytest.mark.parametrize(
    "X",
    [
        None,
        3.5,
        torch.zeros(3, 8, 8),
        torch.zeros(2, 3, 8, 8),
        torch.zeros(1, 3, 8, 8).byte(),
        torch.zeros(1, 3, 8, 8).half(),
        torch.zeros(1, 3, 8, 8).to_sparse(),
        torch.zeros(1, 3, 8, 8, device="meta"),
    ],
)
def test_what_is_no_image_tensor(net, pair, X):
    for images, name in (((X, pair[1]), "content_X"), ((pair[0], X), "style_X")):
        with pytest.raises(ValueError, match=f"{name} .*must be a tensor"):
            list(optimize(net, *images, num_epochs=1))
        for begin in (coarse_to_fine, train):
            with pytest.raises(ValueError, match=f"{name} .*must be a tensor"):
                list(begin(net, *images, num_epochs=1))
