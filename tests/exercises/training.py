"""Notebook 06: right answers in unusual dress, and classic mistakes with words that the check must say."""

RIGHT = {
    "ten_times": [
        'ten_times = "the same"',
        'ten_times = " The Same "',
        'ten_times = "the_same"',
        'ten_times = "same"',
    ],
    "symmetry_loss": [
        "def symmetry_loss(X):\n    return torch.nn.functional.mse_loss(X, X.flip(-1))",
        """
def symmetry_loss(X):
    columns = torch.arange(X.shape[3] - 1, -1, -1)
    return ((X - X[:, :, :, columns]) ** 2).sum() / X.numel()
""",
        """
def symmetry_loss(X):
    half = X.shape[-1] // 2
    left, right = X[..., :half], X[..., X.shape[-1] - half :].flip(-1)
    return 2 * (left - right).square().sum() / X.numel()
""",
        "def symmetry_loss(X):\n    d = X - torch.fliplr(X[0].permute(1, 2, 0)).permute(2, 0, 1)\n    return (d * d).mean()",
        "def symmetry_loss(X):\n    w = X.shape[-1]\n    return sum(((X[..., i] - X[..., w - 1 - i]) ** 2).mean() for i in range(w)) / w",
        "def symmetry_loss(X):\n    return 2 * (X * X).mean() - 2 * (X * X.flip(3)).mean()",
    ],
    "good_rate": ["good_rate = 0.3", "good_rate = torch.tensor(0.25)"],
}

WRONG = {
    "ten_times": {
        'ten_times = "more style"': "so do the other two",
        'ten_times = "more content"': "so do the other two",
        'ten_times = "darker"': "choose one of",
        'ten_times = "brighter"': "choose one of",
    },
    "symmetry_loss": {
        "def symmetry_loss(X):\n    return (X - X.flip(2)).square().mean()": "left and right",
        "def symmetry_loss(X):\n    return (X - X.flip(3)).square().sum()": "that is the sum",
        "def symmetry_loss(X):\n    return (X - X.flip(3)).square()": "one number is asked for",
        "def symmetry_loss(X):\n    return (X - X.flip(3)).abs().mean()": "absolute values",
        "def symmetry_loss(X):\n    return (X - X.flip(3)).mean()": "cancel",
        "def symmetry_loss(X):\n    return (X - X.flip(3).detach()).square().mean()": "moves with the picture",
        "def symmetry_loss(X):\n    return (X.detach() - X.detach().flip(3)).square().mean()": "no gradient",
        "def symmetry_loss(X):\n    return X.square().mean()": "should give",
        "def symmetry_loss(X):\n    (X - X.flip(3)).square().mean()": "return the loss",
        "def symmetry_loss(X):\n    h = X.shape[3] // 2\n    return (X[..., :h] - X[..., -h:].flip(3)).square().mean()": "should give",
        "def symmetry_loss(X):\n    return 0.5 * (X - X.flip(3)).square().mean()": "should give",
        "def symmetry_loss(X):\n    return (X.mean(3) - X.flip(3).mean(3)).square().mean()": "cancel",
        "def symmetry_loss(X):\n    return (X - X.flip(0)).square().mean()": "cancel",
        "def symmetry_loss(X):\n    return torch.tensor(float(((X - X.flip(3)) ** 2).mean()), requires_grad=True)": "moves with the picture",
    },
    "good_rate": {
        "good_rate = 0.001": "creeps",
        "good_rate = 20.0": "overshoots",
        "good_rate = -0.1": "positive",
        'good_rate = float("nan")': "positive",
        'good_rate = "0.3"': "a number",
        "good_rate = 0": "positive",
        "good_rate = [0.3]": "a number",
    },
}
