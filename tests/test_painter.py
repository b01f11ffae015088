"""The painter in one pass: the network, learning it, its file, the live plot. Networks and pictures are tiny."""

import math
import signal

import make_painter
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

import nst_helpers.painter_training as module
from nst_helpers import DivergedError, WeightsError, preprocess, rgb_mean, rgb_std, sample, train_painter
from nst_helpers.painter import BASE, PAINTINGS, Painter, Stroke, load_painter, save_painter
from nst_helpers.painter_training import (
    SIDE,
    Judge,
    PainterState,
    crops,
    grams,
    lattice,
    learn_painter,
    photo_bank,
    quarters,
)


@pytest.fixture
def painter():
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        made = Painter(("one", "two"), channels=4, residuals=1)
        for stroke in made.modules():
            if isinstance(stroke, Stroke):  # as if learned: the styles differ
                torch.nn.init.normal_(stroke.stretch, 1, 0.5)
                torch.nn.init.normal_(stroke.move, 0, 0.5)
    return made.requires_grad_(False)


@pytest.fixture
def small(monkeypatch):
    """Tiny painters are learned, on tiny crops."""
    monkeypatch.setattr(module, "SIDE", 48)
    monkeypatch.setattr(module, "STYLE_SIZE", 48)
    monkeypatch.setattr(Painter.__init__, "__defaults__", (4, 1))


@pytest.fixture
def lesson(small, net, picture):
    """A function that learns a painter with these options from noisy pictures, and gives all its steps."""

    def learn(paintings=("a",), **options):
        pictures = {name: picture(80, 96, seed) for seed, name in enumerate(paintings)}
        return list(learn_painter(net, pictures, photos=[picture(80, 96, 9)], batch=1, **{"steps": 3, **options}))

    return learn


# The network


@pytest.mark.parametrize("height, width", [(32, 48), (33, 50), (16, 19)])
def test_the_painting_has_the_size_of_the_photo_and_colors_that_a_pixel_holds(painter, picture, height, width):
    Y = painter.paint(preprocess(picture(height, width), (height, width)), "one")
    assert Y.shape == (1, 3, height, width) and Y.dtype == torch.float32
    levels = Y * rgb_std.view(3, 1, 1) + rgb_mean.view(3, 1, 1)
    assert levels.min() > -0.051 and levels.max() < 1.051


def test_a_stroke_brings_every_channel_to_the_numbers_of_its_style():
    stroke = Stroke(3, 5, styles=2)
    torch.nn.init.uniform_(stroke.stretch, 0.5, 2)
    torch.nn.init.normal_(stroke.move)
    X = 4 * torch.randn(2, 3, 20, 30) + 7
    Y = stroke(X, torch.tensor([[1.0, 0.0], [0.25, 0.75]]))
    for y, share in zip(Y, (0, 0.75)):
        move = (1 - share) * stroke.move[0] + share * stroke.move[1]
        stretch = (1 - share) * stroke.stretch[0] + share * stroke.stretch[1]
        assert torch.allclose(y.mean((1, 2)), move, atol=1e-3)
        assert torch.allclose(y.std((1, 2), correction=0), stretch, atol=1e-3)


def test_the_gradient_of_a_stroke_is_that_of_instance_normalization():
    """In channels-last order, as painters learn, batch_norm's is wrong for some ways to take a picture from a batch."""
    stroke = Stroke(3, 5, styles=1).to(memory_format=torch.channels_last)
    X = torch.randn(2, 3, 12, 16).to(memory_format=torch.channels_last)
    weight, padded = torch.randn(2, 5, 12, 16), torch.nn.functional.pad(X, (1, 1, 1, 1), "reflect")
    (stroke(X, torch.ones(2, 1)) * weight).sum().backward()
    plain = stroke.weight.detach().clone().requires_grad_()
    Y = torch.nn.functional.instance_norm(torch.nn.functional.conv2d(padded, plain))
    (Y * weight).sum().backward()
    assert torch.allclose(stroke.weight.grad, plain.grad, rtol=1e-3, atol=1e-3)


def test_brightness_and_contrast_of_the_photo_do_not_matter(painter, picture):
    X, mix = preprocess(picture(), (32, 48)), painter.mix("two")
    assert torch.allclose(painter(X, mix), painter(0.4 * X - 0.8, mix), atol=1e-3)


def test_each_picture_of_a_batch_is_painted_by_itself(painter, picture):
    X = torch.cat([preprocess(picture(seed=seed), (32, 48)) for seed in (1, 2)])
    mix = torch.cat([painter.mix("one"), painter.mix({"one": 1, "two": 3})])
    alone = torch.cat([painter(X[:1], mix[:1]), painter(X[1:], mix[1:])])
    assert torch.allclose(painter(X, mix), alone, atol=1e-4)


def test_a_mix_lies_between_its_styles(painter, picture):
    assert painter.mix({"one": 1, "two": 3}).tolist() == [[0.25, 0.75]]
    assert painter.mix("two").tolist() == [[0, 1]]
    X = preprocess(picture(), (32, 48))
    one, two, mixed = (painter.paint(X, mix) for mix in ("one", "two", {"one": 1, "two": 1}))
    assert (mixed - one).abs().mean() < (two - one).abs().mean()


@pytest.mark.parametrize(
    "mix, words",
    [("three", "no style 'three'; it has one, two"), ({"one": -1}, "zero or more"), ({"one": 0}, "zero or more"),
     ({"one": math.nan}, "zero or more"), ({}, "zero or more")],
)  # fmt: skip
def test_what_is_no_mix_is_said(painter, mix, words):
    with pytest.raises(ValueError, match=words):
        painter.mix(mix)


def test_pil_in_pil_out(painter, picture):
    painted = painter.paint_image(picture(60, 90), "one", size=48)
    assert painted.size == (48, 32) and painted.mode == "RGB"
    with pytest.raises(ValueError, match="img must be a PIL image"):
        painter.paint_image("photo.jpg", "one")
    with pytest.raises(ValueError, match="8×12 pixels is too small"):
        painter.paint_image(picture(60, 90), "one", size=12)


# Judging


def test_quarters_of_a_map_and_their_gram_matrices():
    X = torch.rand(2, 3, 8, 10)
    assert torch.equal(quarters(X)[1, 3], X[1, :, 4:, 5:])
    assert torch.allclose(grams(quarters(X)).mean(1), grams(X), atol=1e-6)


def test_what_repeats_every_four_pixels_is_seen():
    X = torch.randn(2, 3, 32, 48, generator=torch.Generator().manual_seed(0))
    every_third, every_fourth = X.clone(), X.clone()
    every_third[..., ::3] += 1
    every_fourth[..., ::4] += 1
    assert lattice(every_fourth) > 10 * lattice(X) and lattice(every_third) < 2 * lattice(X)


def test_the_judge_finds_a_painting_in_its_own_style_and_sees_an_empty_quarter(small, net, picture):
    img = picture(48, 48)
    judge_settings = net.settings.but(style_weight=1, tv_weight=0)
    judge, X = Judge(net, [img], judge_settings), preprocess(img, (48, 48))
    row = torch.zeros(1, dtype=torch.long)
    content, style, tv = judge(X, X, row)
    hole = X.clone()
    hole[..., :24, :24] = 0
    empty = judge(hole, X, row)[1]
    assert content == 0 and tv == 0 and empty > 1.3 * style
    assert empty > 1.01 * Judge(net, [img], judge_settings, quarters=0)(hole, X, row)[1]


def test_crops_come_with_noise_and_without(small, picture):
    noisy, clean = crops(photo_bank([picture(60, 90)]), 3, module.random.Random(0))
    assert noisy.shape == clean.shape == (3, 3, 48, 48)
    assert 0.5 * module.NOISE < (noisy - clean).std() < 2 * module.NOISE


# Learning


def test_learning_lowers_the_loss_and_reports_every_step(lesson):
    steps = lesson(steps=60, lr=0.01)
    assert [step.step for step in steps] == list(range(1, 61)) and {step.steps for step in steps} == {60}
    first, last = (sum(step.total for step in part) for part in (steps[:5], steps[-5:]))
    assert last < 0.9 * first and steps[0].total == sum(steps[0][2:5])


def test_same_seed_same_painter(lesson):
    one, two, other = (lesson(seed=seed)[-1].painter.last.weight for seed in (0, 0, 1))
    assert torch.equal(one, two) and not torch.equal(one, other)


def test_a_run_that_was_stopped_goes_on_as_if_it_had_not_been(small, net, picture):
    paintings, photos = {"a": picture(80, 96)}, [picture(80, 96, 9)]
    whole = list(learn_painter(net, paintings, photos=photos, steps=6))[-1].painter
    state = PainterState()
    for step in learn_painter(net, paintings, photos=photos, steps=6, state=state):
        if step.step == 3:
            break
    rest = list(learn_painter(net, paintings, photos=photos, steps=6, state=state))
    assert [step.step for step in rest] == [4, 5, 6]
    assert torch.allclose(whole.last.weight, state.painter.last.weight, atol=1e-6)
    with pytest.raises(ValueError, match="other paintings"):
        next(learn_painter(net, {"b": picture(80, 96)}, photos=photos, steps=9, state=state))


def test_the_numbers_come_first_then_everything(lesson, painter):
    numbers = lesson(painter=painter, numbers_first=1)[-1].painter
    assert list(numbers.styles) == ["a"]
    assert torch.equal(numbers.body[0].weight, painter.body[0].weight)
    assert not torch.equal(numbers.body[0].stretch[0], painter.body[0].stretch.mean(0))
    both = lesson(painter=painter, numbers_first=0.3)[-1].painter
    assert not torch.equal(both.body[0].weight, painter.body[0].weight)


def test_styles_that_the_painter_has_are_kept(painter):
    grown = painter.with_styles(["two", "new"])
    assert torch.equal(grown.up[0].move[0], painter.up[0].move[1])
    assert torch.allclose(grown.up[0].move[1], painter.up[0].move.mean(0))


def test_time_ends_a_run(lesson):
    steps = lesson(steps=10_000, minutes=0.01)
    assert 0 < len(steps) < 1000 and abs(steps[-1].step - steps[-1].steps) < 0.2 * len(steps) + 2


def test_short_runs_for_tests(lesson, monkeypatch):
    monkeypatch.setenv("NST_QUICK", "1")
    assert len(lesson(steps=40)) == 15


def test_a_loss_that_is_not_finite_keeps_the_last_good_painter(small, net, picture):
    state = PainterState()
    with pytest.raises(DivergedError, match="non-finite in step .*The painter after step"):
        list(learn_painter(net, {"a": picture(80, 96)}, photos=[picture(80, 96)], steps=9, lr=1e30, state=state))
    assert all(torch.isfinite(value).all() for value in state.painter.state_dict().values())
    more = list(learn_painter(net, {"a": picture(80, 96)}, photos=[picture(80, 96)], steps=state.step + 2, state=state))
    assert more and math.isfinite(more[-1].total)


@pytest.mark.parametrize(
    "size, words", [((96, 40), "64×64"), ((96, 96), "one flat color")], ids=["too small", "flat"]
)  # fmt: skip
def test_paintings_that_cannot_be_learned_from(small, net, picture, size, words):
    with pytest.raises(ValueError, match=words):
        next(learn_painter(net, {"mine": Image.new("RGB", size, "#888")}, photos=[picture(80, 96)]))


@pytest.mark.parametrize(
    "changes, steps, words",
    [
        ({"style_loss": "sliced"}, 1, "learns by Gram matrices"),
        ({"style_layers": (), "style_weight": 0}, 1, "at least one content layer and one style layer"),
        ({"content_layers": (), "content_weight": 0}, 1, "at least one content layer and one style layer"),
        ({}, "x", "steps must be a whole number"),
    ],
)
def test_what_a_painter_cannot_learn_by(small, net, picture, changes, steps, words):
    with pytest.raises(ValueError, match=words):
        next(learn_painter(net, {"a": picture(80, 96)}, settings=net.settings.but(**changes), steps=steps))


def test_content_layers_have_weights_of_their_own(small, net, picture):
    img = picture(48, 48)
    X, row = preprocess(img, (48, 48)), torch.zeros(1, dtype=torch.long)

    def content(layers, weights=()):
        settings = net.settings.but(content_layers=layers, content_layer_weights=weights)
        return float(Judge(net, [img], settings)(X.flip(3), X, row)[0])

    first, second = content(["relu1_1"]), content(["relu2_1"])
    assert content(["relu2_1", "relu1_1"], (3, 2)) == pytest.approx(2 * first + 3 * second, rel=1e-3)


@pytest.mark.parametrize("paintings", [{}, ["a"], None])
def test_paintings_have_names(net, paintings):
    with pytest.raises(ValueError, match="dictionary from names"):
        next(learn_painter(net, paintings))
    with pytest.raises(ValueError, match="mine must be a PIL image"):
        next(learn_painter(net, {"mine": "file.jpg"}))


@pytest.mark.parametrize("photo", [Image.new("RGB", (300, 300)), Image.radial_gradient("L").resize((400, 30))])
def test_photos_that_cannot_be_learned_from(net, picture, photo):
    with pytest.raises(ValueError, match=f"{SIDE}×{SIDE}"):
        next(learn_painter(net, {"a": picture(80, 96)}, photos=[photo]))


def test_practice_photos_leave_the_test_pictures_out():
    assert all(img.size not in (sample("cat").size, sample("coffee").size) for img in module.practice_photos())


# The live plot


def test_watching_keeps_the_painter_when_it_is_stopped(small, net, picture, monkeypatch, capsys):
    paintings, options = {"a": picture(80, 96)}, {"photos": [picture(80, 96)], "steps": 5}
    real = PainterState.average

    def stop(state):
        if state.step == 3:
            raise KeyboardInterrupt
        real(state)

    monkeypatch.setattr(PainterState, "average", stop)
    state = train_painter(net, paintings, picture(32, 48), plot=False, **options)
    assert state.step == 3 and "stopped after step 3" in capsys.readouterr().out
    monkeypatch.setattr(PainterState, "average", real)
    assert train_painter(net, paintings, picture(32, 48), resume=state, **options).step == 5


@pytest.mark.parametrize("presses", [1, 3])
def test_stop_pressed_again_and_again_keeps_the_painter(small, net, picture, monkeypatch, stop_button, presses):
    """While a step is taken, and while the painter is shown at the end: it goes on as if nothing had been."""
    paintings, options = {"a": picture(80, 96)}, {"photos": [picture(80, 96)], "steps": 5}
    whole = train_painter(net, paintings, picture(32, 48), plot=False, **options)
    real = PainterState.average

    def pressed(state):
        real(state)
        for _ in range(presses if state.step == 2 else 0):
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(PainterState, "average", pressed)
        state = train_painter(net, paintings, picture(32, 48), plot=False, **options)
        assert state.step == 3
        own = PainterState()
        with pytest.raises(KeyboardInterrupt):  # in a loop of one's own, the step is taken whole
            list(learn_painter(net, paintings, state=own, **options))
        assert own.step == 3
    for part in (state, own):
        train_painter(net, paintings, picture(32, 48), plot=False, resume=part, **options)
        assert torch.equal(part.painter.last.weight, whole.painter.last.weight)


def test_any_error_keeps_the_painter(small, net, picture, monkeypatch, capsys):
    paintings, options = {"a": picture(80, 96)}, {"photos": [picture(80, 96)], "steps": 5, "plot": False}
    real = PainterState.average

    def scarce(state):
        if state.step == most:
            raise MemoryError("no room")
        real(state)

    monkeypatch.setattr(PainterState, "average", scarce)
    most = 2
    state = train_painter(net, paintings, picture(32, 48), **options)
    assert state.step == 2 and "ended after step 2 (MemoryError: no room)" in capsys.readouterr().out
    most = 0
    with pytest.raises(MemoryError):
        train_painter(net, paintings, picture(32, 48), **options)


def test_watching_draws_losses_and_the_photo(small, net, picture, capsys):
    state = train_painter(net, {"a": picture(80, 96)}, picture(32, 48), photos=[picture(80, 96)], steps=2)
    assert state.painter.paint_image(picture(32, 48), "a", 48).size == (48, 32)


def test_watching_a_loss_that_diverges_prints_a_sentence(small, net, picture, capsys):
    paintings = {"a": picture(80, 96)}
    state = train_painter(net, paintings, picture(32, 48), plot=False, photos=[picture(80, 96)], steps=9, lr=1e30)
    assert "non-finite" in capsys.readouterr().out and state.painter is not None


# Its file


def test_what_is_saved_is_loaded(painter, picture, tmp_path):
    path = save_painter(painter, tmp_path / "new folder" / "mine.safetensors")
    again = load_painter(path, device="cpu")
    X = preprocess(picture(), (32, 48))
    assert again.styles == painter.styles
    assert torch.allclose(again(X, again.mix("two")), painter(X, painter.mix("two")), atol=0.05)


@pytest.mark.parametrize("content", [b"", b"not a painter", None])
def test_what_is_no_painter_is_said_with_the_file(tmp_path, content):
    path = tmp_path / "mine.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WeightsError, match="mine.safetensors is not a painter"):
        load_painter(path)


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_numbers_that_are_not_finite_are_no_painter(tmp_path, number):
    """Its pictures would be black."""
    painter = Painter(("a",), 4, 0)
    with torch.no_grad():
        painter.last.bias[1] = number
    with pytest.raises(WeightsError, match="p.safetensors is not a painter .*numbers that are not finite"):
        load_painter(save_painter(painter, tmp_path / "p.safetensors"))


def test_vgg_weights_are_no_painter():
    with pytest.raises(WeightsError, match="not a painter"):
        load_painter(BASE.with_name("embedded.safetensors"))


def test_the_painter_that_ships_is_small_and_has_our_seven_styles():
    assert BASE.stat().st_size <= 1_000_000
    base = load_painter(device="cpu")
    assert list(base.styles) == list(PAINTINGS)
    X = preprocess(sample("cat"), (96, 144))
    pictures = [base.paint(X, style) for style in base.styles]
    assert all(Y.isfinite().all() and Y.std() > 0.3 for Y in pictures)
    assert min(F.l1_loss(a, b) for i, a in enumerate(pictures) for b in pictures[:i]) > 0.1


def test_the_command_writes_a_painter(small, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(make_painter, "PAINTINGS", ("stained_glass",))
    monkeypatch.setattr(make_painter, "PARTS", ((2, 1, 1, 0.2, 2e-3), (1, 3, 1, 0.1, 1e-3)))
    monkeypatch.setattr("sys.argv", ["painter", "--path", str(tmp_path / "p.safetensors")])
    make_painter.main()
    assert list(load_painter(tmp_path / "p.safetensors").styles) == ["stained_glass"]
    assert "part 2 of 2, step 1 of 1" in capsys.readouterr().out
