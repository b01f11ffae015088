import numpy as np
import pytest
import torch
from PIL import Image

from nst_helpers import check_shape, fit_shape, postprocess, preprocess, rgb_mean, rgb_std
from nst_helpers.preprocessing import LONGEST, preprocess_pair


@pytest.mark.parametrize("shape", [(32, 48), (1, 1), (100, 7), [20, 30], torch.Size([5, 6]), np.array([5, 6])])
def test_shape(picture, shape):
    X = preprocess(picture(), shape)
    assert X.shape == (1, 3, *shape) and X.dtype == torch.float32


@pytest.mark.parametrize(
    "color, expected",
    [  # (level / 255 - mean) / std, worked out by hand with ImageNet's published mean and std
        ((0, 0, 0), (-2.117904, -2.035714, -1.804444)),
        ((255, 255, 255), (2.248908, 2.428571, 2.640000)),
        ((51, 102, 204), (-1.244541, -0.250000, 1.751111)),
    ],
)
def test_values(color, expected):
    X = preprocess(Image.new("RGB", (4, 3), color), (3, 4))
    assert torch.allclose(X, torch.tensor(expected).view(1, 3, 1, 1).expand(1, 3, 3, 4), atol=1e-5)


def test_round_trip_keeps_every_level():
    levels = np.arange(256, dtype=np.uint8)
    image = np.stack([levels, levels[::-1], np.roll(levels, 100)], axis=-1).reshape(16, 16, 3)
    assert (np.asarray(postprocess(preprocess(Image.fromarray(image), (16, 16)))) == image).all()


def test_axes():
    """Width and height, and the channels, are not swapped on the way."""
    image = np.zeros((2, 3, 3), np.uint8)
    image[1, 2] = (255, 0, 0)  # bottom right
    X = preprocess(Image.fromarray(image), (2, 3))
    assert X[0, 0, 1, 2] > 2 and (X[0, 0].flatten()[:5] < -2).all() and X[0, 1, 1, 2] < -2
    assert (np.asarray(postprocess(X)) == image).all()


def test_postprocess_clamps_and_rounds():
    x = torch.tensor([-9.0, 0.4 / 255, 0.6 / 255, 9.0])
    X = (x.view(1, 1, 1, 4).expand(1, 3, 1, 4) - rgb_mean.view(3, 1, 1)) / rgb_std.view(3, 1, 1)
    assert np.asarray(postprocess(X)).tolist() == [[[level] * 3 for level in (0, 0, 1, 255)]]


def test_postprocess_leaves_its_argument_alone():
    X = torch.nn.Parameter(torch.randn(1, 3, 4, 4) * 9)
    before = X.detach().clone()
    postprocess(X)
    assert torch.equal(X, before) and X.requires_grad


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "1", "CMYK"])
def test_other_modes(picture, mode):
    assert preprocess(picture().convert(mode), (8, 9)).shape == (1, 3, 8, 9)


def test_gray_has_three_equal_channels():
    X = preprocess(Image.new("L", (4, 4), 100), (4, 4))
    assert np.asarray(postprocess(X)).tolist() == [[[100] * 3] * 4] * 4


@pytest.mark.parametrize(
    "shape",
    [5, None, "ab", (), (3,), (1, 2, 3), (0, 5), (5, 0), (-1, 5), (1.5, 5), ("3", "4"), (float("nan"), 5)]
    + [(float("inf"), 5)],
)
def test_wrong_shapes(picture, shape):
    with pytest.raises(ValueError, match="image_shape is .height, width.") as caught:
        preprocess(picture(), shape)
    assert repr(shape) in str(caught.value)


def test_check_shape_gives_plain_numbers():
    assert check_shape(np.array([4, 5])) == (4, 5) and type(check_shape(np.array([4, 5]))[0]) is int


@pytest.mark.parametrize("size, longest, shape", [((300, 200), 150, (100, 150)), ((200, 300), 150, (150, 100))])
def test_fit_shape(size, longest, shape):
    assert fit_shape(Image.new("L", size), longest) == shape


def test_fit_shape_keeps_a_pixel():
    assert fit_shape(Image.new("L", (1000, 2)), 50) == (1, 50)


@pytest.mark.parametrize("side", [1e300, 10**400, LONGEST + 1])
def test_sides_beyond_any_memory(side):
    with pytest.raises(ValueError, match=f"the longer side must be a number of pixels from 1 to {LONGEST}; it is"):
        fit_shape(Image.new("RGB", (4, 4)), side)
    with pytest.raises(ValueError, match=f"it may have {LONGEST} pixels at most"):
        preprocess(Image.new("RGB", (4, 4)), (side, 4))


@pytest.mark.parametrize("size", [(0, 0), (0, 5), (5, 0)])
def test_a_picture_without_pixels(size):
    with pytest.raises(ValueError, match="has no pixels"):
        fit_shape(Image.new("RGB", size), 8)


def test_a_style_image_is_never_asked_to_be_larger_than_a_side_may_be():
    line = Image.new("RGB", (400, 1))
    content_X, style_X = preprocess_pair(line, line, 14_000)
    assert content_X.shape[-1] == 14_000 and style_X.shape[-1] == LONGEST
