"""Answers to the exercises of notebook 08: unusual right ones, and wrong ones with words that the check says."""

RIGHT = {
    "from_noise": ['from_noise = " Noise"', "from_noise = 'NOISE '", 'from_noise = "noise."'],
    "nearest_center": [
        "def nearest_center(x, centers):\n    return torch.cdist(x, centers).argmin(dim=1)",
        "def nearest_center(x, centers):\n    return [int((centers @ row).argmax()) for row in x]",
        "def nearest_center(x, centers):\n    return (x @ centers.T).max(dim=1).indices.numpy()",
        "def nearest_center(x, centers):\n    return F.cosine_similarity(x[:, None], centers[None], dim=2).argmax(1)",
        "def nearest_center(x, centers):\n    return torch.tensor([max(range(len(centers)), key=lambda k: float(row @ centers[k])) for row in x])",
        "def nearest_center(x, centers):\n    return ((x[:, None] - centers[None]) ** 2).sum(2).argmin(1).float()",
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
        "def strongest(Y, count):\n    import numpy as np\n    order = np.argsort(-Y.numpy(), axis=None)[:count]\n    return list(zip(*np.unravel_index(order, Y.shape)))",
        "def strongest(Y, count):\n    import heapq\n    h, w = Y.shape\n    return heapq.nlargest(count, [(r, c) for r in range(h) for c in range(w)], key=lambda p: Y[p])",
        "def strongest(Y, count):\n    Y = Y.clone()\n    found = []\n    for _ in range(count):\n        at = int(Y.argmax())\n        found.append(divmod(at, Y.shape[1]))\n        Y.view(-1)[at] = -float('inf')\n    return found",
    ],
}

WRONG = {
    "from_noise": {
        'from_noise = "edges"': "again and again",
        'from_noise = "flat"': "share nothing",
        'from_noise = "gray"': "choose",
        "from_noise = 2": "a name is asked for",
        'from_noise = "noisy"': "choose",
    },
    "nearest_center": {
        "def nearest_center(x, centers):\n    return (x @ centers.T).argmin(1)": "farthest away",
        "def nearest_center(x, centers):\n    return (x @ centers.T).argmax(0)": "not per center",
        "def nearest_center(x, centers):\n    return (x @ centers.T).max(1)": "two things",
        "def nearest_center(x, centers):\n    return (x @ centers.T).max(1).values": "which center",
        "def nearest_center(x, centers):\n    return (x @ centers.T).argmax(1) + 1": "number 0",
        "def nearest_center(x, centers):\n    return (x @ centers.T).abs().argmax(1)": "wrong center",
        "def nearest_center(x, centers):\n    x /= x.norm()\n    return (x @ centers.T).argmax(1)": "in place",
        "def nearest_center(x, centers):\n    return (x[:, None] - centers[None]).abs().sum(2).argmin(1)": "wrong center",
        "def nearest_center(x, centers):\n    return F.one_hot((x @ centers.T).argmax(1))": "50 numbers",
        "def nearest_center(x, centers):\n    return (x @ centers.T).argsort(1)[:, 0]": "farthest away",
        "def nearest_center(x, centers):\n    return (x @ centers.T).argmax(1, keepdim=True)": "50 numbers",
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
        "def strongest(Y, count):\n    at = Y.flatten().topk(count).indices\n    return [(int(i) // Y.shape[0], int(i) % Y.shape[0]) for i in at]": "count from 0",
        "def strongest(Y, count):\n    at = int(Y.argmax())\n    return [(at // Y.shape[1], at % Y.shape[1])] * count": "count from 0",
        "def strongest(Y, count):\n    at = Y.flatten().topk(count).indices\n    return [(int(i) // Y.shape[1] + 1, int(i) % Y.shape[1] + 1) for i in at]": "count from 0",
        "def strongest(Y, count):\n    at = Y.flatten().topk(count).indices\n    return sorted((int(i) // Y.shape[1], int(i) % Y.shape[1]) for i in at)": "strongest comes first",
    },
}
