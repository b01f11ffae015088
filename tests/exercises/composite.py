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
    ],
    "freeing_weight": ["freeing_weight = 1e3", "freeing_weight = torch.tensor(1000.0)"],
}

WRONG = {
    "without_style": {
        'without_style = "unchanged"': "it is not alone",
        'without_style = "noisier"': "more noise",
        'without_style = "blue"': "choose one of",
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
    },
    "freeing_weight": {
        "freeing_weight = 1e5": "fish are still there",
        "freeing_weight = 10": "stones are gone",
        "freeing_weight = -1": "zero or more",
        'freeing_weight = float("inf")': "zero or more",
        'freeing_weight = "1000"': "a number is asked for",
    },
}
