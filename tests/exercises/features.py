"""Answers to the exercises of notebook 03: unusual right ones, and wrong ones with words that the check says."""

RIGHT = {
    "map_size": [
        "map_size = [25, 37]",
        "map_size = torch.tensor([25, 37])",
        "map_size = d2l.np.array([25.0, 37.0])",
        'map_size = extract_features(net, torch.zeros(1, 3, 200, 300), ["relu4_1"], [])[0][0].shape[-2:]',
    ],
    "winners": [
        "def winners(Y):\n    return Y[0].argmax(0)",
        "def winners(Y):\n    return Y.max(dim=1).indices.squeeze(0)",
        "def winners(Y):\n    return [[int(Y[0, :, r, c].argmax()) for c in range(Y.shape[3])] for r in range(Y.shape[2])]",
        "winners = lambda Y: d2l.np.argmax(Y[0].numpy(), axis=0)\nwinners.__name__ = 'winners'",
        "def winners(Y):\n    order = Y[0].sort(dim=0, descending=True)\n    return order.indices[0].float()",
    ],
    "first_to_see": [
        'first_to_see = " Conv4_3 "',
        "first_to_see = 23",
        "first_to_see = d2l.np.int64(23)",
        'first_to_see = next(n for n in LAYERS if n.startswith("conv") and LAYERS[n].receptive_field >= 100)',
    ],
}
WRONG = {
    "map_size": {
        "map_size = [200, 300]": "several poolings",
        "map_size = (50, 75)": "not enough",
        "map_size = (12, 18)": "one pooling too many",
        "map_size = (25, 37.5)": "half a column",
        "map_size = (37, 25)": "rows first",
        "map_size = 25": "2 numbers are asked for",
        "map_size = (24, 36)": "once for every pooling",
    },
    "winners": {
        "def winners(Y):\n    Y[0].argmax(dim=0)": "returns nothing",
        "def winners(Y):\n    return Y.argmax(dim=1)": "batch axis",
        "def winners(Y):\n    return Y[0].amax(dim=0)": "how strong",
        "def winners(Y):\n    return Y[0].argmax()": "channels compete",
        "def winners(Y):\n    return Y[0].argmax(dim=1)": "channels compete",
        "def winners(Y):\n    return Y[0].argmin(dim=0)": "weakest",
        "def winners(Y):\n    return Y[0].abs().argmax(dim=0)": "absolute value",
        "def winners(Y):\n    return Y[0].argmax(dim=0) + 1": "from 0",
        "def winners(Y):\n    return Y.relu()[0].argmax(dim=0)": "strongest channels",
        "def winners(Y):\n    return Y.relu_()[0].argmax(dim=0)": "in place",
    },
    "first_to_see": {
        'first_to_see = "conv5_1"': "an earlier convolution",
        'first_to_see = "conv4_2"': "go deeper",
        'first_to_see = "pool4"': "no convolution",
        'first_to_see = "conv9_1"': "no layer",
        "first_to_see = 100": "is asked for",
    },
}
