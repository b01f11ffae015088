"""Answers to the exercises of notebook 09: unusual right ones, and wrong ones with words that the check says."""

RIGHT = {
    "same_pull": [
        "same_pull = torch.tensor(True)",
        "same_pull = 1 == 1.0",
        'same_pull = " true"',
        "same_pull = __import__('numpy').bool_(True)",
        "same_pull = 'True.'",
    ],
    "disk": [
        """
def disk(height, width, row, column, radius):
    mask = torch.zeros(1, 1, height, width)
    for r in range(height):
        for c in range(width):
            if (r - row) ** 2 + (c - column) ** 2 <= radius**2:
                mask[0, 0, r, c] = 1
    return mask
""",
        """
def disk(height, width, row, column, radius):
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return torch.where(torch.hypot(rows - float(row), columns - float(column)) <= radius, 1.0, 0.0)[None, None]
""",
        """
def disk(height, width, row, column, radius):
    import numpy as np

    rows, columns = np.ogrid[:height, :width]
    return ((rows - row) ** 2 + (columns - column) ** 2 <= radius**2).astype(float)[None, None]
""",
        "def disk(height, width, row, column, radius):\n    return torch.tensor([[[[1.0 if (r - row) ** 2 + (c - column) ** 2 <= radius**2 else 0.0 for c in range(width)] for r in range(height)]]])",
        "def disk(height, width, row, column, radius):\n    r, c = torch.meshgrid(torch.arange(height), torch.arange(width), indexing='ij')\n    points = torch.stack([r, c], -1).float().view(-1, 2)\n    d = torch.cdist(points.double(), torch.tensor([[float(row), float(column)]], dtype=torch.float64), compute_mode='donot_use_mm_for_euclid_dist')\n    return (d <= radius).float().view(1, 1, height, width)",
        "def disk(height, width, row, column, radius):\n    y, x = torch.meshgrid(torch.linspace(0, height - 1, height), torch.linspace(0, width - 1, width), indexing='ij')\n    return ((y - row) ** 2 + (x - column) ** 2).sqrt().le(radius).float().view(1, 1, height, width)",
    ],
    "slice_distance": [
        "def slice_distance(a, b):\n    return F.mse_loss(torch.sort(a)[0], torch.sort(b)[0])",
        "def slice_distance(a, b):\n    return ((-a).sort().values - (-b).sort().values).pow(2).sum() / len(a)",
        "def slice_distance(a, b):\n    return ((a[a.argsort()] - b[b.argsort()]) ** 2).mean()",
        "def slice_distance(a, b):\n    return torch.square(a.double().sort()[0] - b.double().sort()[0]).mean()",
        "def slice_distance(a, b):\n    n = a.numel()\n    return F.mse_loss(a.topk(n).values, b.topk(n).values)",
        "def slice_distance(a, b):\n    x, y = sorted(a), sorted(b)\n    return sum((p - q) ** 2 for p, q in zip(x, y)) / len(x)",
        "def slice_distance(a, b):\n    target = torch.empty_like(b)\n    target[a.detach().argsort()] = b.sort().values\n    return (a - target).pow(2).mean()",
    ],
}

_DISK = """
def disk(height, width, row, column, radius):
    rows, columns = torch.arange(height).view(-1, 1), torch.arange(width).view(1, -1)
    return {}
"""

WRONG = {
    "same_pull": {
        "same_pull = False": "the slopes of",
        "same_pull = 'maybe'": "write True or False",
        "same_pull = 0": "the slopes of",
        "same_pull = [True]": "write True or False",
        "same_pull = 2": "write True or False",
        "same_pull = []": "write True or False",
    },
    "disk": {
        _DISK.format("((rows - row) ** 2 + (columns - column) ** 2 <= radius**2).float()"): "two axes",
        _DISK.format("((rows - row) ** 2 + (columns - column) ** 2 <= radius**2)[None, None]"): "0.0 and 1.0",
        _DISK.format("((rows - column) ** 2 + (columns - row) ** 2 <= radius**2)[None, None].float()"): "changed",
        _DISK.format("((rows - row) ** 2 + (columns - column) ** 2 < radius**2)[None, None].float()"): "the rim",
        _DISK.format("((rows - row) ** 2 + (columns - column) ** 2 <= radius)[None, None].float()"): "radius squared",
        _DISK.format("((rows - row) ** 2 + (columns - column) ** 2 > radius**2)[None, None].float()"): "inside is 1",
        _DISK.format(
            "(((rows - row).abs() <= radius) & ((columns - column).abs() <= radius))[None, None].float()"
        ): "square",
        _DISK.format("((rows - row) ** 2 + (columns - column) ** 2 <= radius**2).T[None, None].float()"): "height",
        "def disk(height, width, row, column, radius):\n    r = torch.arange(height)[:, None] - row\n    c = torch.arange(width)[None] - column\n    return (r**2 + c**2 <= (radius / 2) ** 2).float()[None, None]": "radius squared",
        "def disk(height, width, row, column, radius):\n    r = torch.arange(height)[:, None] + 0.5 - row\n    c = torch.arange(width)[None] + 0.5 - column\n    return (r**2 + c**2 <= radius**2).float()[None, None]": "Pythagoras",
        "def disk(height, width, row, column, radius):\n    r = torch.arange(height)[:, None] - row\n    c = torch.arange(width)[None] - column\n    return (1 - (r**2 + c**2).sqrt() / radius).clamp(0, 1)[None, None]": "0.0 and 1.0",
        "def disk(height, width, row, column, radius):\n    return torch.ones(1, 1, height, width)": "Pythagoras",
    },
    "slice_distance": {
        "def slice_distance(a, b):\n    return ((a - b) ** 2).mean()": "order still matters",
        "def slice_distance(a, b):\n    return ((a.sort().values - b.sort().values) ** 2).sum()": "not the sum",
        "def slice_distance(a, b):\n    return (a.sort().values - b.sort().values).abs().mean()": "absolute",
        "def slice_distance(a, b):\n    return (a.mean() - b.mean()) ** 2": "means only",
        "def slice_distance(a, b):\n    return ((a.sort().values - b.sort(descending=True).values) ** 2).mean()": "in the same direction",
        "def slice_distance(a, b):\n    return ((a.sort().values - b.sort().values).detach() ** 2).mean()": "no gradient",
        "def slice_distance(a, b):\n    return (a.sort().values - b.sort().values) ** 2": "one number",
        "def slice_distance(a, b):\n    return float(((a.sort().values - b.sort().values) ** 2).mean())": "give a tensor",
        "def slice_distance(a, b):\n    return sliced_loss(a.view(1, 1, 1, -1), sliced(b.view(1, 1, 1, -1)))": "write it yourself",
        "theirs = sliced_loss\n\n\ndef slice_distance(a, b):\n    return theirs(a.view(1, 1, 1, -1), b)": "write it yourself",
        "def slice_distance(a, b):\n    a, b = a.sort().values, b.sort().values\n    return ((a - b)[1:] ** 2).sum() / len(a)": "another value",
        "def slice_distance(a, b):\n    return (a - b).sort().values.square().mean()": "order still matters",
        "def slice_distance(a, b):\n    return (a.sort()[0] - b).square().mean()": "another value",
        "def slice_distance(a, b):\n    return ((a.sort()[0] - b.sort()[0]) ** 2).mean().detach().requires_grad_()": "does not reach",
        "def slice_distance(a, b):\n    return ((a[b.argsort()] - b[b.argsort()]) ** 2).mean()": "order still matters",
    },
}
