"""Notebook 02: from a picture to the tensor that VGG-19 expects, and back."""

import torch
import torchvision

from .validation import check_picture, short_repr

# Mean and standard deviation of ImageNet's photographs (red, green, blue) for values from 0 to 1, as in torchvision.
rgb_mean = torch.tensor([0.485, 0.456, 0.406])
rgb_std = torch.tensor([0.229, 0.224, 0.225])
FLOATS = (torch.float32, torch.float64)
LONGEST = 20_000  # pixels of a side: far more than any memory can train


def check_shape(image_shape):
    """``(height, width)`` as two integers from 1 to ``LONGEST``. Raises ``ValueError`` if it is anything else."""
    try:
        height, width = (int(side) for side in image_shape)
        good = (height, width) == tuple(image_shape) and min(height, width) > 0
    except (TypeError, ValueError, OverflowError):
        good = False
    if not good:
        raise ValueError(f"image_shape is (height, width), two integers above zero; this is {short_repr(image_shape)}")
    if max(height, width) > LONGEST:
        raise ValueError(f"a side is too long: it may have {LONGEST} pixels at most")
    return height, width


def check_size(size, name="size"):
    """``size`` as an integer from 1 to ``LONGEST``, else ``ValueError``; the message calls it ``name``."""
    try:
        return check_shape((size, size))[0]
    except ValueError:
        raise ValueError(f"{name} must be a number of pixels from 1 to {LONGEST}; it is {short_repr(size)}") from None


def check_tensor(name, X):
    """Raise ``ValueError`` unless ``X`` is an image tensor ``(n, 3, h, w)`` of finite floats; it is called ``name``."""
    plain = torch.is_tensor(X) and X.layout is torch.strided and not X.is_meta and X.dtype in FLOATS
    if not plain or X.ndim != 4 or X.shape[1] != 3 or not X.numel():
        what = f"has shape {tuple(X.shape)}, {X.dtype}" if torch.is_tensor(X) else f"is {short_repr(X)}"
        raise ValueError(f"{name} {what}: it must be a tensor (1, 3, h, w) of float32, from preprocess")
    if not X.isfinite().all():
        raise ValueError(f"{name} holds numbers that are not finite")


def check_images(content_X, style_X):
    """Raise ``ValueError`` unless both are tensors of one image, the content image of at least 2×2 pixels."""
    for name, X in (("content_X", content_X), ("style_X", style_X)):
        check_tensor(name, X)
        if len(X) > 1:
            raise ValueError(f"{name} holds {len(X)} images: it must be a tensor (1, 3, h, w), from preprocess")
    if min(content_X.shape[-2:]) < 2:
        raise ValueError("the content image is too small: total variation needs at least 2×2 pixels")


def fit_shape(img, longest, name="img"):
    """``(height, width)`` of a PIL image scaled so that its longer side has ``longest`` pixels.

    Raises ``ValueError`` for what is not a PIL image, calling it by this ``name``, and for a size that cannot be.
    """
    longest = check_size(longest, "the longer side")
    check_picture(img, name)
    scale = longest / max(img.size)
    return max(1, round(img.height * scale)), max(1, round(img.width * scale))


def preprocess(img, image_shape):
    """An RGB PIL image → a tensor ``(1, 3, height, width)``, resized and normalized, about -2.1 to 2.6.

    From each channel ImageNet's mean is subtracted, and the result is divided by ImageNet's standard deviation.
    (d2l 14.12.3) Raises ``ValueError`` if ``img`` is not a PIL image or ``image_shape`` not ``(height, width)``.
    """
    transforms = torchvision.transforms.Compose(
        [
            torchvision.transforms.Resize(check_shape(image_shape)),
            torchvision.transforms.ToTensor(),
            torchvision.transforms.Normalize(mean=rgb_mean, std=rgb_std),
        ]
    )
    return transforms(img.convert("RGB")).unsqueeze(0)


def preprocess_pair(content, style, size, style_size=None):
    """The content and the style image of a run, two PIL images → two tensors ``(1, 3, h, w)``.

    ``size``: pixels on the longer side of the content image; ``style_size``: of the style image, by default 1.5 times
    as many. Raises ``ValueError`` as ``fit_shape`` does.
    """
    size = check_size(size)
    style_size = min(LONGEST, round(1.5 * size)) if style_size is None else check_size(style_size, "style_size")
    shape, style_shape = fit_shape(content, size, "content"), fit_shape(style, style_size, "style")
    return preprocess(content, shape), preprocess(style, style_shape)


def postprocess(x):
    """A normalized tensor ``(1, 3, h, w)`` on any device → an RGB PIL image. (d2l 14.12.3)

    Values outside 0 to 1, which no pixel can hold, are clamped; the rest is rounded to the nearest of 256 levels.
    """
    x = x[0].detach().cpu().permute(1, 2, 0) * rgb_std + rgb_mean
    levels = (x.clamp(0, 1) * 255).round().byte()
    return torchvision.transforms.ToPILImage()(levels.permute(2, 0, 1))
