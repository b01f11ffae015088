"""What is no input at all: public functions refuse it in one sentence, before anything is computed or written."""

import inspect
import types

import numpy as np
import pytest
import torch
from PIL import Image

import nst_helpers
from nst_helpers import (
    Clip,
    CompositeImage,
    FastObjective,
    Job,
    Painter,
    Run,
    Settings,
    Sheet,
    Studio,
    TiledObjective,
    adain,
    check_layers,
    cluster,
    coarse_to_fine,
    compute_loss,
    contact_sheet,
    content_loss,
    credits,
    explore,
    extract_features,
    find_weights,
    fit_shape,
    gram,
    initialize,
    jpeg,
    learn_painter,
    load_painter,
    load_vgg19,
    moments,
    open_clip,
    optimize,
    pictures,
    postprocess,
    preprocess,
    random_parameters,
    read_sweep,
    sample,
    save_painter,
    show_images,
    style_loss,
    stylize,
    stylize_large,
    sweep,
    train,
    tv_loss,
    watch,
)
from nst_helpers.friendly_errors import guarded
from nst_helpers.mask import MaskCanvas
from nst_helpers.validation import short_repr

EMPTY, NONSENSE = Image.new("RGB", (0, 0)), [None, 3, "x", [], torch.ones(2, 2), b"x"]
FLAT = {
    "gram": gram,
    "moments": moments,
    "tv_loss": tv_loss,
    "content_loss": lambda X: content_loss(X, None),
    "style_loss": lambda X: style_loss(X, X),
    "adain": lambda X: adain(X, X),
    "compute_loss": lambda X: compute_loss(X, [X], [X], [X], [X], (1, 1, 1)),
    "postprocess": postprocess,
    "preprocess": lambda img: preprocess(img, (8, 8)),
    "preprocess a shape": lambda shape: preprocess(Image.new("RGB", (9, 9)), shape),
    "fit_shape": lambda img: fit_shape(img, 8),
    "initialize": lambda X: initialize(CompositeImage((1, 3, 4, 4)), "noise", X),
    "jpeg": jpeg,
    "contact_sheet": lambda row: contact_sheet([[row]]),
    "show_images": lambda imgs: show_images(imgs),
    "sample": sample,
    "credits": credits,
    "read_sweep": read_sweep,
    "pictures": pictures,
    "open_clip": open_clip,
    "load_vgg19": load_vgg19,
    "save_painter": lambda painter: save_painter(painter, "x.safetensors"),
    "mix": Painter(("a",), 4, 1).mix,
    "paint": lambda X: Painter(("a",), 4, 1).paint(X, "a"),
    "Painter": lambda styles: Painter([styles, None]),
    "sweep": lambda jobs: sweep([jobs], "nowhere/at all"),
    "a cell": lambda result: Sheet(2, 1).add(result),
}


@pytest.mark.parametrize("call", FLAT.values(), ids=FLAT)
def test_nonsense_is_refused_in_a_sentence(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for nonsense in NONSENSE:
        if nonsense in ("x", []) and call in (FLAT["Painter"], FLAT["show_images"]):
            continue
        with pytest.raises((ValueError, OSError)) as caught:
            call(nonsense)
        said = str(caught.value)
        assert said and "\n" not in said and len(said) < 600 and not said.startswith("[Errno"), (nonsense, said)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "call",
    [
        lambda: preprocess(EMPTY, (8, 8)),
        lambda: stylize(EMPTY, Image.new("RGB", (9, 9)), "embedded"),
        lambda: stylize_large(Image.new("RGB", (9, 9)), EMPTY, "embedded"),
        lambda: jpeg(EMPTY),
        lambda: Painter(("a",), 4, 1).paint_image(EMPTY, "a"),
    ],
)
def test_pictures_without_pixels(call):
    with pytest.raises(ValueError, match="has no pixels"):
        call()


def test_what_a_run_is_made_of(net, pair, tmp_path):
    X, Y = pair
    for call, words in [
        (lambda: next(optimize(3, X, Y)), "net must be a network from load_vgg19; it is 3"),
        (lambda: next(optimize(net, X, Y, {"lr": 1})), "settings are made by Settings"),
        (lambda: next(optimize(torch.nn.Sequential(*net[:3]), X, Y)), "settings are made by Settings"),
        (lambda: next(optimize(net, X, Y, state=3)), "state must be a State"),
        (lambda: next(optimize(net, X, Y, start_X=X[0])), "start_X has shape"),
        (lambda: next(optimize(net, X / 0, Y)), "content_X holds numbers that are not finite"),
        (lambda: next(optimize(net, torch.cat([X, X]), Y)), "content_X holds 2 images"),
        (lambda: next(optimize(net, X, Y, objective=[])), "objective must be one of plain, fast"),
        (lambda: next(coarse_to_fine(None, X, Y)), "net must be"),
        (lambda: train(net, X, Y, resume=3), "resume must be a Run"),
        (lambda: train(net, X, Y, snapshots="many"), "snapshots must be a whole number"),
        (lambda: train(net, X, Y, checkpoint=3), "a path must be text"),
        (lambda: train(net, X, Y, num_epochs=1, plot=False, checkpoint=tmp_path), "is a folder"),
        (lambda: next(Run(3).steps(net, X, Y)), "settings are made by"),
        (lambda: stylize(*[Image.new("RGB", (9, 9))] * 2, net, progress=3), "progress must be a function"),
        (lambda: FastObjective(net, None, Y, Settings()), "FastObjective takes a network, two image tensors .*None"),
        (lambda: TiledObjective(net, X, Y, Settings(), "wide"), "TiledObjective takes .*str"),
        (lambda: check_layers(net, X, None, []), "check_layers takes .*None"),
        (lambda: extract_features(net, X, 3, []), "extract_features takes .*int"),
    ]:
        with pytest.raises((ValueError, OSError), match=words):
            call()


@pytest.mark.parametrize(
    "options, words",
    [
        ({"lr": "fast"}, "lr must be a number"),
        ({"batch": 0}, "batch must be a whole number from 1"),
        ({"seed": None}, "seed must be"),
        ({"minutes": -1}, "minutes must be a number from"),
        ({"numbers_first": 2}, "numbers_first must be"),
        ({"photos": 3}, "photos must be a list"),
        ({"photos": ["a.jpg"]}, "a photo must be a PIL image"),
        ({"painter": "mine"}, "painter must be a Painter"),
        ({"state": 3}, "state must be a PainterState"),
        ({"settings": 3}, "settings are made by"),
    ],
)
def test_what_a_lesson_is_made_of(net, picture, options, words):
    with pytest.raises(ValueError, match=words):
        next(learn_painter(net, {"a": picture(80, 96)}, **{"photos": [picture(160, 160)], **options}))


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: cluster(None), "address of a cluster is text"),  # Dask would start a cluster here
        (lambda: cluster("tcp://127.0.0.1:1", timeout="soon"), "timeout must be"),
        (lambda: load_painter(device="abacus"), "cannot be put on the device 'abacus'"),
        (lambda: load_painter("~nobody_of_that_name/x"), "nobody of that name"),
        (lambda: Job("cat", "coffee", [3]), "a Settings or a dictionary"),
        (lambda: CompositeImage(None), "CompositeImage takes the shape .*None"),
        (lambda: random_parameters(["wide"]), "random_parameters takes"),
        (lambda: find_weights("random", seed="x"), "find_weights takes"),
        (lambda: explore(lambda x: None, x=(1, 2)).set(y=3), "there is no control 'y'; there are x"),
        (lambda: explore(lambda x: None, x=(1, 2)).set(x="far"), "x cannot be 'far'"),
        (lambda: Painter(("a", "a")), "two styles have one name"),
        (lambda: Painter(("a",), channels=10**9), "channels must be"),
        (lambda: Painter(("a",), 4, 0).answer(Image.new("RGB", (40, 40)), "a", 40, 0), "scale must be"),
        (
            lambda: Painter(("a",), 4, 0).answer(Image.new("RGB", (40, 40)), "a", None, 1),
            "size must be a number of pixels",
        ),
        (lambda: Clip([]), "a clip has a list of PIL images"),
        (lambda: Clip([EMPTY]), "a frame has no pixels"),
        (lambda: Clip([Image.new("RGB", (9, 9))], duration="long"), "duration must be"),
        (
            lambda: Clip([Image.new("RGB", (9, 9)), Image.new("RGB", (9, 8))]),
            r"frames .* one size; .*\(9, 8\), \(9, 9\)",
        ),
        (lambda: MaskCanvas(None), "img must be a PIL image"),
        (lambda: MaskCanvas(Image.new("RGB", (9, 9)), "long"), "longest must be"),
        (lambda: MaskCanvas(Image.new("RGB", (9, 9))).set({"a": 1}), "a mask is a picture or numbers .*{'a': 1}"),
        (lambda: Studio(folder=3), "a path must be text"),
        (lambda: Settings().layer_weights("tv"), "'content' or 'style', not 'tv'"),
        (lambda: Sheet(0, 1), "count must be"),
        (lambda: Sheet(2, 1, captions=("one",)), "2 cells need as many captions"),
        (lambda: watch([], "x", 1), "nothing to paint"),
        (lambda: read_sweep("x" * 5000), "there is no folder"),
    ],
)
def test_what_else_is_made(call, words):
    with pytest.raises((ValueError, OSError), match=words):
        call()


def test_python_itself_says_which_argument_is_missing():
    with pytest.raises(TypeError, match="missing a required argument: 'image_shape'"):
        preprocess(Image.new("RGB", (9, 9)))
    with pytest.raises(TypeError, match="unexpected keyword argument 'shape'"):
        preprocess(Image.new("RGB", (9, 9)), (8, 8), shape=3)


def test_a_full_memory_is_not_the_inputs_fault():
    def paint(size):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    with pytest.raises(RuntimeError, match="allocate memory"):
        guarded(paint, "a size")(3)


class Box:
    def __init__(self, X, name=None):
        self.X = X + self.missing


def test_the_sentence_names_what_is_wanted_and_what_was_given():
    box = guarded(type("Box", (Box,), {"__init__": Box.__init__}), "a tensor and a name")
    for given, words in [
        ((3,), "int"),
        ((None, "x"), "None, str"),
        ((torch.ones(2, 3),), "Tensor (2, 3)"),
        ((Image.new("L", (7, 5)),), "Image (7, 5)"),
        ((np.ones((4, 1)),), "ndarray (4, 1)"),
        ((types.SimpleNamespace(size=3),), "SimpleNamespace"),
    ]:
        with pytest.raises(ValueError) as caught:
            box(*given)
        said = str(caught.value)
        assert said.startswith(f"Box takes a tensor and a name; it was given {words} ('Box' object has no")
    with pytest.raises(TypeError, match="too many positional"):
        box(1, 2, 3)


def test_a_value_in_a_sentence_takes_one_short_line():
    assert short_repr(torch.ones(2, 2)) == "tensor([[1., 1.], [1., 1.]])"
    assert short_repr("x" * 60) == "'" + "x" * 59 and short_repr(10**5000) == "too long to write"


def test_behind_the_guard_is_what_the_notebooks_build():
    assert "transforms" in inspect.getsource(nst_helpers.preprocess) and nst_helpers.gram.__wrapped__.__name__ == "gram"
