"""Answers to the exercises of notebook 04: unusual right ones, and wrong ones with words that the check says."""

RIGHT = {
    "gram_factor": [
        "gram_factor = 4.0",
        "gram_factor = torch.tensor(4)",
        "gram_factor = d2l.np.int64(2) ** 2",
        "gram_factor = __import__('fractions').Fraction(4)",
    ],
    "my_gram": [
        'def my_gram(X):\n    return torch.einsum("bihw,bjhw->ij", X, X) / X.numel()',
        "def my_gram(X):\n    F = X[0].flatten(1)\n    return torch.matmul(F, F.t()).div(F.numel())",
        "def my_gram(X):\n    F = X.double()[0].flatten(1)\n    return F @ F.T / F.numel()",
        "def rows(X):\n    return X[0].flatten(1)\n\n\ndef my_gram(X):\n    return rows(X) @ rows(X).T / X.numel()",
        "def my_gram(X):\n    F = X.squeeze(0).flatten(1)\n    return (F[:, None] * F[None]).mean(dim=2) / len(F)",
        "def my_gram(X):\n    c = X.shape[1]\n    rows = X[0].reshape(c, -1)\n    return torch.stack([torch.stack([(rows[i] * rows[j]).sum() for j in range(c)]) for i in range(c)]) / X.numel()",
        "def my_gram(X):\n    return torch.tensordot(X[0], X[0], dims=([1, 2], [1, 2])) / X.numel()",
        "def my_gram(X):\n    c, h, w = X.shape[-3:]\n    G = torch.zeros(c, c)\n    for i in range(h):\n        for j in range(w):\n            v = X[0, :, i, j]\n            G = G + torch.outer(v, v)\n    return G / (c * h * w)",
    ],
    "squared_variation": [
        "def squared_variation(X):\n    return (X.diff(dim=2).pow(2).mean() + X.diff(dim=3).pow(2).mean()) / 2",
        "def squared_variation(X):\n    X = X.double()\n    return (X.diff(dim=2) ** 2).mean() / 2 + (X.diff(dim=3) ** 2).mean() / 2",
        """
def squared_variation(X):
    rows = torch.nn.functional.mse_loss(X[..., 1:, :], X[..., :-1, :])
    return (rows + torch.nn.functional.mse_loss(X[..., 1:], X[..., :-1])).mul(0.5).reshape(1)
""",
        "def squared_variation(X):\n    import torch.nn.functional as F\n    c = X.shape[1]\n    ky = torch.tensor([[-1.0], [1.0]]).view(1, 1, 2, 1).repeat(c, 1, 1, 1)\n    kx = torch.tensor([[-1.0, 1.0]]).view(1, 1, 1, 2).repeat(c, 1, 1, 1)\n    return (F.conv2d(X, ky, groups=c).pow(2).mean() + F.conv2d(X, kx, groups=c).pow(2).mean()) / 2",
        "def squared_variation(X):\n    total = 0\n    for d in (2, 3):\n        step = torch.diff(X, dim=d)\n        total = total + torch.einsum('bchw,bchw->', step, step) / step.numel()\n    return total / 2",
        "def squared_variation(X):\n    rows = torch.stack([(X[:, :, i + 1] - X[:, :, i]).square().mean() for i in range(X.shape[2] - 1)]).mean()\n    cols = torch.stack([(X[..., j + 1] - X[..., j]).square().mean() for j in range(X.shape[3] - 1)]).mean()\n    return torch.lerp(rows, cols, 0.5)",
    ],
}
WRONG = {
    "gram_factor": {
        "gram_factor = 2": "product of *two*",
        "gram_factor = 1": "does grow",
        "gram_factor = 16": "squares once more",
        "gram_factor = 3": "on paper",
        'gram_factor = "four"': "a number is asked for",
        "gram_factor = 0.25": "on paper",
        "gram_factor = [4]": "a number is asked for",
    },
    "my_gram": {
        "def my_gram(X):\n    return gram(X)": "from scratch",
        "my_gram = gram": "from scratch",
        "mine = gram\n\n\ndef my_gram(X):\n    return mine(X)": "from scratch",
        "def my_gram(X):\n    return (lambda Y: gram(Y))(X)": "from scratch",
        "def helper(X):\n    return gram(X)\n\n\ndef my_gram(X):\n    return helper(X)": "from scratch",
        "import nst_helpers\n\n\ndef my_gram(X):\n    return nst_helpers.gram(X)": "from scratch",
        "def my_gram(X):\n    F = X[0].flatten(1)\n    return F @ F.detach().T / F.numel()": "part of the gradient",
        "def my_gram(X):\n    F = X.data[0].flatten(1)\n    return F @ F.T / F.numel() + 0 * X.sum()": "part of the gradient",
        "def my_gram(X):\n    F = X[0].flatten(1)\n    return F.T @ F / F.numel()": "position times position",
        "def my_gram(X):\n    F = X[0].flatten(1)\n    return F @ F.T": "not normalized yet",
        "def my_gram(X):\n    F = X[0].flatten(1)\n    return F @ F.T / F.shape[1]": "c is missing",
        "def my_gram(X):\n    F = X[0].flatten(1)\n    return F @ F.T / F.shape[0]": "but for the divisor",
        "def my_gram(X):\n    F = X.flatten(2)\n    return F @ F.transpose(1, 2) / F.numel()": "batch axis",
        "def my_gram(X):\n    F = X.detach()[0].flatten(1)\n    return F @ F.T / F.numel()": "lost its gradient",
        "def my_gram(X):\n    F = X[0].flatten(1)\n    F @ F.T / F.numel()": "returns nothing",
        "def my_gram(X):\n    F = X[0].flatten(1).abs()\n    return F @ F.T / F.numel()": "the values are not",
        "def my_gram(X):\n    F = X[0].flatten(1)\n    F = F - F.mean(1, keepdim=True)\n    return F @ F.T / F.numel()": "the values are not",
        "def my_gram(X):\n    _, c, h, w = X.shape\n    F = X.reshape(h * w, c)\n    return F.T @ F / X.numel()": "the values are not",
        "def my_gram(X):\n    F = torch.nn.functional.normalize(X[0].flatten(1))\n    return F @ F.T": "the values are not",
        "def my_gram(X):\n    F = X[0].flatten(1)\n    G = F @ F.T / F.numel()\n    return G.triu()": "the values are not",
    },
    "squared_variation": {
        "def squared_variation(X):\n    return tv_loss(X)": "square it",
        "def squared_variation(X):\n    return X.diff(dim=2).square().mean()": "one direction",
        "def squared_variation(X):\n"
        "    return X.diff(dim=2).square().mean() + X.diff(dim=3).square().mean()": "half of each",
        "def squared_variation(X):\n    return X.diff(dim=2).square()": "take the mean",
        "def squared_variation(X):\n    return tv_loss(X) ** 2": "square each step",
        "def squared_variation(X):\n    X = X.detach()\n"
        "    return (X.diff(dim=2).pow(2).mean() + X.diff(dim=3).pow(2).mean()) / 2": "lost its gradient",
        "def squared_variation(X):\n    Y = X.detach()\n"
        "    return ((X[:, :, 1:] - Y[:, :, :-1]).pow(2).mean() + X.diff(dim=3).pow(2).mean()) / 2": "part of the gradient",
        "def squared_variation(X):\n    return float(X.diff().square().mean())": "a tensor is asked for",
        "def squared_variation(X):\n    return ((X - X.roll(1, 2)).square().mean() + (X - X.roll(1, 3)).square().mean()) / 2": "half of each",
        "def squared_variation(X):\n    a, b = X.diff(dim=2).square(), X.diff(dim=3).square()\n    return (a.sum() + b.sum()) / (a.numel() + b.numel())": "half of each",
        "def squared_variation(X):\n    a, b = X.diff(dim=2)[..., :-1], X.diff(dim=3)[:, :, :-1]\n    return (a.square() + b.square()).sqrt().mean()": "half of each",
        "def squared_variation(X):\n    return X.diff(dim=2).diff(dim=3).square().mean() / 2": "half of each",
    },
}
