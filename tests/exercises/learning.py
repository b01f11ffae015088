"""Answers to the exercises of notebook 08: unusual right ones, and wrong ones with words that the check says."""

RIGHT = {
    "from_noise": ['from_noise = " Noise"', "from_noise = 'NOISE '", 'from_noise = "noise."'],
    "nearest_center": [
        "def nearest_center(x, centers):\n    return torch.cdist(x, centers).argmin(dim=1)",
        "def nearest_center(x, centers):\n    return [int((centers @ row).argmax()) for row in x]",
        "def nearest_center(x, centers):\n    return (x @ centers.T).max(dim=1).indices.numpy()",
    ],
    "strongest": [
        """
def strongest(Y, count):
    at = Y.flatten().topk(count).indices
    return torch.stack([at // Y.shape[1], at % Y.shape[1]], dim=1)
""",
        """
def strongest(Y, count):
    places = [(r, c) for r in range(Y.shape[0]) for c in range(Y.shape[1])]
    return sorted(places, key=lambda place: float(Y[place]), reverse=True)[:count]
""",
        """
def strongest(Y, count):
    rows, columns = torch.unravel_index(Y.flatten().argsort(descending=True)[:count], Y.shape)
    return [[row, column] for row, column in zip(rows, columns)]
""",
    ],
}

WRONG = {
    "from_noise": {
        'from_noise = "edges"': "again and again",
        'from_noise = "flat"': "share nothing",
        'from_noise = "gray"': "choose",
        "from_noise = 2": "a name is asked for",
    },
    "nearest_center": {
        "def nearest_center(x, centers):\n    return (x @ centers.T).argmin(1)": "farthest away",
        "def nearest_center(x, centers):\n    return (x @ centers.T).argmax(0)": "not per center",
        "def nearest_center(x, centers):\n    return (x @ centers.T).max(1)": "two things",
        "def nearest_center(x, centers):\n    return (x @ centers.T).max(1).values": "which center",
        "def nearest_center(x, centers):\n    return (x @ centers.T).argmax(1) + 1": "number 0",
        "def nearest_center(x, centers):\n    return (x @ centers.T).abs().argmax(1)": "wrong center",
        "def nearest_center(x, centers):\n    x /= x.norm()\n    return (x @ centers.T).argmax(1)": "in place",
    },
    "strongest": {
        """
def strongest(Y, count):
    at = Y.flatten().topk(count).indices
    return [(int(i) % Y.shape[1], int(i) // Y.shape[1]) for i in at]
""": "row comes first",
        "def strongest(Y, count):\n    return Y.flatten().topk(count).indices": "divide a flat place",
        """
def strongest(Y, count):
    at = Y.flatten().argsort()[-count:]
    return [(int(i) // Y.shape[1], int(i) % Y.shape[1]) for i in at]
""": "strongest comes first",
        """
def strongest(Y, count):
    at = Y.flatten().argsort()[:count]
    return [(int(i) // Y.shape[1], int(i) % Y.shape[1]) for i in at]
""": "weakest",
        """
def strongest(Y, count):
    at = Y.abs().flatten().topk(count).indices
    return [(int(i) // Y.shape[1], int(i) % Y.shape[1]) for i in at]
""": "negative",
        """
def strongest(Y, count):
    at = Y.flatten().topk(count).indices
    return at // Y.shape[1], at % Y.shape[1]
""": "pairs",
    },
}
