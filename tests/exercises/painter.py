"""Answers to the exercises of notebook 10: unusual right ones, and wrong ones with words that the check says."""

RIGHT = {
    "numbers_per_style": [
        "numbers_per_style = 2 * (32 + 64 + 128 + 10 * 128 + 64 + 32)",
        "numbers_per_style = torch.tensor(3200.0)",
        "numbers_per_style = __import__('numpy').int64(3200)",
    ],
    "instance_norm": [
        "def instance_norm(X):\n    deviation, mean = torch.std_mean(X, (2, 3), keepdim=True)\n    return (X - mean) / (deviation + 1e-5)",
        """
def instance_norm(X):
    flat = X.flatten(2)
    centered = flat - flat.mean(2, keepdim=True)
    return (centered / (centered.square().mean(2, keepdim=True) + 1e-5).sqrt()).view_as(X)
""",
        "def instance_norm(X):\n    return (X - X.mean((2, 3), keepdim=True)) / (X.std((2, 3), keepdim=True) + 1e-6)",
        "def instance_norm(X):\n    out = torch.zeros_like(X)\n    for i in range(X.shape[0]):\n        for j in range(X.shape[1]):\n            p = X[i, j]\n            out[i, j] = (p - p.mean()) / (p.std() + 1e-8)\n    return out",
        "def instance_norm(X):\n    m = torch.einsum('nchw->nc', X)[..., None, None] / (X.shape[2] * X.shape[3])\n    d = X - m\n    s = torch.einsum('nchw,nchw->nc', d, d)[..., None, None] / (X.shape[2] * X.shape[3])\n    return d * torch.rsqrt(s + 1e-6)",
        "def instance_norm(X):\n    m, s = X.mean((2, 3), keepdim=True), X.std((2, 3), keepdim=True)\n    return torch.nan_to_num((X - m) / s)",
    ],
    "flicker": [
        """
def flicker(frames):
    frames = torch.stack([torch.as_tensor(np.asarray(frame)).float() for frame in frames])
    return (frames[1:] - frames[:-1]).abs().mean()
""",
        """
def flicker(frames):
    changes = [np.abs(b.astype(int) - a).mean() for a, b in zip(frames, frames[1:])]
    return sum(changes) / len(changes)
""",
        "def flicker(frames):\n    import numpy as np\n    return float(np.abs(np.diff(np.array(frames, dtype=np.int16), axis=0)).mean())",
        "def flicker(frames):\n    import statistics\n    return statistics.fmean(np.mean(np.abs(np.subtract(b, a, dtype=float))) for a, b in zip(frames, frames[1:]))",
        "def flicker(frames):\n    changes = []\n    for i in range(1, len(frames)):\n        a, b = frames[i - 1], frames[i]\n        changes.append(np.maximum(a, b).astype(int) - np.minimum(a, b))\n    return np.mean(changes)",
    ],
}

WRONG = {
    "numbers_per_style": {
        "numbers_per_style = 1600": "painter of this page",
        "numbers_per_style = 6400": "the filters become four times as many",
        "numbers_per_style = 30": "Every channel has its own two",
        "numbers_per_style = 22_400": "all seven styles",
        "numbers_per_style = 428_000": "two numbers for every channel",
        "numbers_per_style = 'many'": "a number is asked for",
        "numbers_per_style = 3840": "two numbers for every channel",
        "numbers_per_style = 3328": "two numbers for every channel",
        "numbers_per_style = 3202": "two numbers for every channel",
    },
    "instance_norm": {
        "def instance_norm(X):\n    return F.instance_norm(X)": "without PyTorch's own",
        "def instance_norm(X):\n    return nn.InstanceNorm2d(X.shape[1])(X)": "without PyTorch's own",
        "def instance_norm(X):\n    return X - X.mean((2, 3), keepdim=True)": "divide by the standard deviation too",
        "def instance_norm(X):\n    return X / X.std((2, 3), keepdim=True)": "subtract the mean first",
        "def instance_norm(X):\n    return (X - X.mean((2, 3), keepdim=True)) / X.var((2, 3), keepdim=True)": "not by its square",
        "def instance_norm(X):\n    return (X - X.mean((0, 2, 3), keepdim=True)) / X.std((0, 2, 3), keepdim=True)": "every picture by itself",
        "def instance_norm(X):\n    return (X - X.mean((1, 2, 3), keepdim=True)) / X.std((1, 2, 3), keepdim=True)": "every channel by itself",
        "def instance_norm(X):\n    return (X - X.mean()) / X.std()": "the axes (2, 3)",
        "def instance_norm(X):\n    return (X - X.mean((2, 3), keepdim=True)) / X.std((2, 3), keepdim=True)": "a flat channel",
        "def instance_norm(X):\n    return (X - X.mean((2, 3))) / X.std((2, 3))": "your code stopped",
        "def instance_norm(X):\n    X -= X.mean((2, 3), keepdim=True)\n    return X / X.std((2, 3), keepdim=True)": "in place",
        "def instance_norm(X):\n    lo, hi = X.amin((2, 3), True), X.amax((2, 3), True)\n    return (X - lo) / (hi - lo + 1e-5)": "mean 0 and standard",
        "def instance_norm(X):\n    m, s = X.mean(3, True), X.std(3, keepdim=True)\n    return (X - m) / (s + 1e-5)": "mean 0 and standard",
        "def instance_norm(X):\n    return torch.native_batch_norm(X, None, None, None, None, True, 0.1, 1e-5)[0]": "without PyTorch's own",
        "def instance_norm(X):\n    n, c, h, w = X.shape\n    return torch.nn.InstanceNorm1d(c)(X.view(n, c, -1)).view_as(X)": "without PyTorch's own",
        "def instance_norm(X):\n    m, s = X.mean((2, 3), True), X.std((2, 3), keepdim=True)\n    return ((X - m) / (s + 1e-5)).numpy()": "gradients can flow",
    },
    "flicker": {
        "def flicker(frames):\n    return np.abs(np.stack(frames)[1:] - np.stack(frames)[:-1]).mean()": "wrap around",
        "def flicker(frames):\n    return np.diff(np.stack(frames).astype(float), axis=0).mean()": "cancel",
        "def flicker(frames):\n    return (np.diff(np.stack(frames).astype(float), axis=0) ** 2).mean()": "not squares",
        "def flicker(frames):\n    return (np.diff(np.stack(frames).astype(float), axis=0) ** 2).mean() ** 0.5": "root of squares",
        "def flicker(frames):\n    return np.abs(np.stack(frames)[1:].astype(float) - frames[0]).mean()": "not with the first",
        "def flicker(frames):\n    return np.abs(np.diff(np.stack(frames).astype(float), axis=0)).sum()": "that is the sum",
        "def flicker(frames):\n    frames = np.stack(frames).astype(float)\n    return sum(np.abs(b - a).mean() for a, b in zip(frames, frames[1:]))": "take their mean",
        "def flicker(frames):\n    frames = np.stack(frames).astype(float)\n    return sum(np.abs(b - a).mean() for a, b in zip(frames, frames[1:])) / len(frames)": "changes between them",
        "def flicker(frames):\n    x = np.stack(frames).astype(float)\n    return np.abs(np.diff(x, axis=0).mean())": "cancel",
        "def flicker(frames):\n    x = np.stack(frames).astype(float)\n    return np.abs(x - x.mean(0)).mean()": "of all numbers",
        "def flicker(frames):\n    x = np.stack(frames).astype(float)\n    return np.abs(np.diff(x, axis=0)).mean() / 255": "of all numbers",
        "def flicker(frames):\n    x = np.stack(frames).astype(float).mean(3)\n    return np.abs(np.diff(x, axis=0)).mean()": "of all numbers",
    },
}
