"""Answers to the exercises of notebook 10: unusual right ones, and wrong ones with words that the check says."""

RIGHT = {
    "numbers_per_style": [
        "numbers_per_style = 2 * (32 + 64 + 128 + 10 * 128 + 64 + 32)",
        "numbers_per_style = torch.tensor(3200.0)",
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
    ],
}

WRONG = {
    "numbers_per_style": {
        "numbers_per_style = 1600": "twice as many channels",
        "numbers_per_style = 6400": "the filters become four times as many",
        "numbers_per_style = 30": "Every channel has its own two",
        "numbers_per_style = 22_400": "all seven styles",
        "numbers_per_style = 428_000": "two numbers for every channel",
        "numbers_per_style = 'many'": "a number is asked for",
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
    },
}
