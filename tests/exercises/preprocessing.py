"""Answers to the exercises of notebook 02: right ones in unusual dress; wrong ones and what their check says."""

RIGHT = {
    "twice": [
        'twice = "higher"',
        'twice = " Higher contrast "',
        'twice = "HIGHER."',
        'twice = "HIGHER contrast."',
    ],
    "negative": [
        """
def negative(x):
    return (1 - 2 * rgb_mean.view(3, 1, 1)) / rgb_std.view(3, 1, 1) - x
""",
        """
def negative(x):
    plain = x.double().permute(0, 2, 3, 1) * rgb_std + rgb_mean
    return ((1 - plain - rgb_mean) / rgb_std).permute(0, 3, 1, 2)
""",
        """
def negative(x):
    result = x.clone()
    for c in range(3):
        result[0, c] = (1 - (x[0, c] * rgb_std[c] + rgb_mean[c]) - rgb_mean[c]) / rgb_std[c]
    return result
""",
        """
def negative(x):
    mean, std = rgb_mean[:, None, None], rgb_std[:, None, None]
    return (1 - (x * std + mean).clamp(0, 1) - mean) / std
""",
        "def negative(x):\n    from PIL import ImageOps\n    return preprocess(ImageOps.invert(postprocess(x)), x.shape[-2:])",
        "def negative(x):\n    m, s = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1), torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)\n    photo = torch.clip(x * s + m, 0, 1)\n    return torch.div(torch.sub(1, photo) - m, s)",
        "def negative(x):\n    import torchvision.transforms.functional as T\n    m, s = rgb_mean, rgb_std\n    photo = T.normalize(x, (-m / s).tolist(), (1 / s).tolist())\n    return T.normalize(1 - photo, m.tolist(), s.tolist())",
    ],
    "finest": ['finest = "Mosaic_fish "', 'finest = " mosaic fish"', "finest = list(samples())[-2]"],
}
_NEGATIVE = """
def negative(x):
    mean, std = rgb_mean.view(3, 1, 1), rgb_std.view(3, 1, 1)
    plain = x * std + mean
    return ({} - mean) / std
"""

WRONG = {
    "twice": {
        'twice = "same"': "undoes one",
        'twice = "lower"': "grow or shrink",
        'twice = "brighter"': 'write "higher"',
        "twice = 2": "in quotes",
        'twice = "unchanged"': 'write "higher"',
        'twice = "high"': 'write "higher"',
    },
    "negative": {
        "def negative(x):\n    return -x": "ImageNet's mean",
        "def negative(x):\n    return 1 - x": "undo the normalization first",
        """
def negative(x):
    return 1 - (x * rgb_std.view(3, 1, 1) + rgb_mean.view(3, 1, 1))
""": "normalize it again",
        """
def negative(x):
    return ((1 - 2 * rgb_mean.view(3, 1, 1)) - x.mul_(rgb_std.view(3, 1, 1))) / rgb_std.view(3, 1, 1)
""": "leave the input",
        """
def negative(x):
    plain = x[0] * rgb_std.view(3, 1, 1) + rgb_mean.view(3, 1, 1)
    return (1 - plain - rgb_mean.view(3, 1, 1)) / rgb_std.view(3, 1, 1)
""": "shape should stay",
        """
def negative(x):
    plain = x * rgb_std.mean() + rgb_mean.mean()
    return (1 - plain - rgb_mean.mean()) / rgb_std.mean()
""": "in every channel",
        "def negative(x):\n    return postprocess(-x)": "give a tensor",
        _NEGATIVE.format("1 - plain % 1"): "goes beyond black and white",
        _NEGATIVE.format("1 - plain.abs().clamp(0, 1)"): "goes beyond black and white",
        _NEGATIVE.format("(plain.max() - plain) / (plain.max() - plain.min())"): "in every channel",
        _NEGATIVE.format("(1 - plain.mul_(1))").replace(
            "plain = x * std + mean", "plain = x.mul_(std).add_(mean)"
        ): "in place",
        "def negative(x):\n    m, s = rgb_mean.view(3, 1, 1), rgb_std.view(3, 1, 1)\n    return (255 - (x * s + m) - m) / s": "in every channel",
        "def negative(x):\n    m, s = rgb_mean.view(3, 1, 1), rgb_std.view(3, 1, 1)\n    return (1 - (x - m) / s - m) / s": "in every channel",
        "def negative(x):\n    return 1 / x": "in every channel",
        "def negative(x):\n    return x.max() - x": "in every channel",
    },
    "finest": {
        'finest = "rocket"': "least of all",
        'finest = "dog"': "no sample",
        'finest = "pointillist_park"': "lose more",
        "finest = 3": "in quotes",
        'finest = "fish"': "no sample",
    },
}
