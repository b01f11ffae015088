"""Notebook 02: from a picture to the tensor that VGG-19 expects, and back."""

import torch
import torchvision

# Mean and standard deviation of ImageNet's photographs (red, green, blue) for values from 0 to 1, as in torchvision.
rgb_mean = torch.tensor([0.485, 0.456, 0.406])
rgb_std = torch.tensor([0.229, 0.224, 0.225])
LONGEST = 20_000  # pixels of a side: far more than any memory can train


def check_shape(image_shape):
    """``(height, width)`` as two integers from 1 to ``LONGEST``. Raises ``ValueError`` if it is anything else."""
    try:
        height, width = (int(side) for side in image_shape)
        good = (height, width) == tuple(image_shape) and min(height, width) > 0
    except (TypeError, ValueError, OverflowError):
        good = False
    if not good:
        raise ValueError(f"image_shape is (height, width), two integers above zero; this is {image_shape!r:.60}")
    if max(height, width) > LONGEST:
        raise ValueError(f"a side is too long: it may have {LONGEST} pixels at most")
    return height, width


def fit_shape(img, longest):
    """``(height, width)`` of a PIL image scaled so that its longer side has ``longest`` pixels."""
    longest, _ = check_shape((longest, longest))
    if not min(img.size):
        raise ValueError(f"the picture has no pixels: it is {img.width}×{img.height}")
    scale = longest / max(img.size)
    return max(1, round(img.height * scale)), max(1, round(img.width * scale))


def preprocess(img, image_shape):
    """An RGB PIL image → a tensor ``(1, 3, height, width)``, resized and normalized, about -2.1 to 2.6.

    From each channel ImageNet's mean is subtracted, and the result is divided by ImageNet's standard deviation.
    (d2l 14.12.3) Raises ``ValueError`` if ``image_shape`` is not ``(height, width)``.
    """
    transforms = torchvision.transforms.Compose(
        [
            torchvision.transforms.Resize(check_shape(image_shape)),
            torchvision.transforms.ToTensor(),
            torchvision.transforms.Normalize(mean=rgb_mean, std=rgb_std),
        ]
    )
    return transforms(img.convert("RGB")).unsqueeze(0)


def postprocess(x):
    """A normalized tensor ``(1, 3, h, w)`` on any device → an RGB PIL image. (d2l 14.12.3)

    Values outside 0 to 1, which no pixel can hold, are clamped; the rest is rounded to the nearest of 256 levels.
    """
    x = x[0].detach().cpu().permute(1, 2, 0) * rgb_std + rgb_mean
    levels = (x.clamp(0, 1) * 255).round().byte()
    return torchvision.transforms.ToPILImage()(levels.permute(2, 0, 1))
