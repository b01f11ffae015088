"""Notebook 05: right answers in unusual dress, and classic mistakes with words that the check must say."""

RIGHT = {
    "without_style": ['without_style = "smoother"', 'without_style = " Smoother "', 'without_style = "SMOOTHER!"'],
    "gray_start": [
        """
def gray_start(X):
    mean, std = rgb_mean[:, None, None], rgb_std[:, None, None]
    return ((X * std + mean).mean(1, keepdim=True) - mean) / std
""",
        """
def gray_start(X):
    gray = sum(X[:, c] * rgb_std[c] + rgb_mean[c] for c in range(3)) / 3
    return torch.stack([(gray - rgb_mean[c]) / rgb_std[c] for c in range(3)], dim=1)
""",
        """
def gray_start(X):
    mean, std = (v.double().view(3, 1, 1) for v in (rgb_mean, rgb_std))
    return ((X * std + mean).mean(1, keepdim=True) - mean) / std
""",
        """
def gray_start(X):
    photo = torch.einsum("bchw,c->bhw", X, rgb_std) + rgb_mean.sum()
    return torch.einsum("bhw,c->bchw", photo / 3, 1 / rgb_std) - (rgb_mean / rgb_std).view(1, 3, 1, 1)
""",
        "def gray_start(X):\n    import numpy as np\n    m, s = rgb_mean.numpy()[:, None, None], rgb_std.numpy()[:, None, None]\n    photo = X.numpy() * s + m\n    g = photo.mean(axis=1, keepdims=True)\n    return torch.tensor((g - m) / s)",
        "def gray_start(X):\n    m, s = rgb_mean.view(3, 1, 1), rgb_std.view(3, 1, 1)\n    out = torch.empty_like(X)\n    photo = X * s + m\n    for c in range(3):\n        out[:, c] = (photo.mean(1) - rgb_mean[c]) / rgb_std[c]\n    return out",
        "def gray_start(X):\n    m, s = rgb_mean.view(3, 1, 1), rgb_std.view(3, 1, 1)\n    photo = X * s + m\n    photo = torch.nn.functional.conv2d(photo, torch.full((3, 3, 1, 1), 1 / 3))\n    return (photo - m) / s",
    ],
    "freeing_weight": ["freeing_weight = 1e3", "freeing_weight = torch.tensor(1000.0)"],
}

WRONG = {
    "without_style": {
        'without_style = "unchanged"': "it is not alone",
        'without_style = "noisier"': "more noise",
        'without_style = "blue"': "choose one of",
        'without_style = "same"': "choose one of",
        "without_style = ['smoother']": "in quotes",
    },
    "gray_start": {
        "def gray_start(X):\n    return X.mean(dim=1, keepdim=True).expand_as(X)": "averaged the normalized channels",
        """
def gray_start(X):
    mean, std = rgb_mean.view(3, 1, 1), rgb_std.view(3, 1, 1)
    return (X * std + mean).mean(dim=1, keepdim=True).expand_as(X)
""": "now normalize it again",
        """
def gray_start(X):
    mean, std = rgb_mean.view(3, 1, 1), rgb_std.view(3, 1, 1)
    return (X * std + mean).mean(dim=1, keepdim=True)
""": "three equal channels",
        """
def gray_start(X):
    mean, std = rgb_mean.view(3, 1, 1), rgb_std.view(3, 1, 1)
    X *= std
    X += mean
    return (X.mean(dim=1, keepdim=True) - mean) / std
""": "in place",
        """
def gray_start(X):
    mean, std = rgb_mean.view(3, 1, 1), rgb_std.view(3, 1, 1)
    return ((X * std + mean).mean(dim=1, keepdim=True).clamp(0, 1) - mean) / std
""": "without clamping",
        """
def gray_start(X):
    mean, std = rgb_mean.view(3, 1, 1), rgb_std.view(3, 1, 1)
    return ((X * std + mean)[:, 1:2] - mean) / std
""": "plain mean",
        """
def gray_start(X):
    mean, std = rgb_mean.view(3, 1, 1), rgb_std.view(3, 1, 1)
    return (X * std + mean).mean(dim=1, keepdim=True) / std
""": "still differ",
        "def gray_start(X):\n    X.mean(dim=1)": "return a tensor",
        "def gray_start(X):\n    m, s = rgb_mean.view(3, 1, 1), rgb_std.view(3, 1, 1)\n    photo = X * s + m\n    g = 0.299 * photo[:, :1] + 0.587 * photo[:, 1:2] + 0.114 * photo[:, 2:]\n    return (g.expand_as(X) - m) / s": "without clamping",
        "def gray_start(X):\n    m, s = rgb_mean.view(3, 1, 1), rgb_std.view(3, 1, 1)\n    g = (X * s + m).mean(1, keepdim=True)\n    return ((g - rgb_mean.mean()) / rgb_std.mean()).expand_as(X)": "still differ",
        "def gray_start(X):\n    m, s = rgb_mean.view(3, 1, 1), rgb_std.view(3, 1, 1)\n    g = (X * s + m).mean()\n    return ((g - m) / s).expand_as(X)": "without clamping",
        "def gray_start(X):\n    return X[:, :1].expand_as(X)": "still differ",
    },
    "freeing_weight": {
        "freeing_weight = 1e5": "fish are still there",
        "freeing_weight = 10": "stones are gone",
        "freeing_weight = -1": "zero or more",
        'freeing_weight = float("inf")': "zero or more",
        'freeing_weight = "1000"': "a number is asked for",
        "freeing_weight = None": "a number is asked for",
        "freeing_weight = [1000]": "a number is asked for",
    },
}
