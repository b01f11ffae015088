"""A right answer to every exercise of the notebooks, and classic mistakes with words that the check must say."""

SOLUTIONS = {
    "my_choice": "def my_choice():\n    return 'coffee', 'mosaic_fish', 200",
    "centre_crop": """
def centre_crop(img, ratio):
    width, height = min(img.width, round(img.height * ratio)), min(img.height, round(img.width / ratio))
    left, top = (img.width - width) // 2, (img.height - height) // 2
    return img.crop((left, top, left + width, top + height))
""",
    "colour_at": "def colour_at(tensor, x, y):\n    return tensor[:, y, x]",
    "normalise": """
def normalise(array):
    x = torch.from_numpy(array).permute(2, 0, 1) / 255
    return ((x - rgb_mean.view(3, 1, 1)) / rgb_std.view(3, 1, 1)).unsqueeze(0)
""",
    "walk": """
def walk(net, X, content_layers, style_layers):
    contents, styles = [], []
    for layer in range(max(content_layers + style_layers) + 1):
        X = net[layer](X)
        if layer in style_layers:
            styles.append(X)
        if layer in content_layers:
            contents.append(X)
    return contents, styles
""",
    "stride_of": """
def stride_of(layer):
    return 2 ** sum(name.startswith("pool") for name in LAYER_NAMES[: LAYER_NAMES.index(layer) + 1])
""",
    "my_gram": "def my_gram(X):\n    F = X[0].flatten(1)\n    return F @ F.T / F.numel()",
    "squared_variation": """
def squared_variation(X):
    return 0.5 * ((X[:, :, 1:] - X[:, :, :-1]) ** 2).mean() + 0.5 * ((X[..., 1:] - X[..., :-1]) ** 2).mean()
""",
    "grey_start": """
def grey_start(X):
    mean, std = rgb_mean.view(3, 1, 1), rgb_std.view(3, 1, 1)
    return ((X * std + mean).mean(dim=1, keepdim=True) - mean) / std
""",
    "rate_at": "def rate_at(epoch, lr, decay_every, gamma=0.8):\n    return lr * gamma ** (epoch // decay_every)",
    "best_epoch": "def best_epoch(history):\n    return min(history, key=lambda row: row[-1])[0]",
    "balanced_weight": "def balanced_weight(base, balance):\n    return base * 10**balance",
    "differences": "def differences(a, b):\n    return sorted(k for k in a if a[k] != b[k])",
    "nearest_centre": "def nearest_centre(x, centres):\n    return (x @ centres.T).argmax(dim=1)",
    "mean_correlation": """
def mean_correlation(x):
    table = torch.corrcoef(x.T).abs()
    return (table.sum() - table.trace()) / (len(table) * (len(table) - 1))
""",
}

WRONG = {
    "my_choice": {
        "def my_choice():\n    return 'cat', 'mosaic_fish', 200": "used above",
        "def my_choice():\n    return 'dog', 'mosaic_fish', 200": "no sample",
        "def my_choice():\n    return ['coffee', 'mosaic_fish']": "three things",
    },
    "centre_crop": {
        "def centre_crop(img, ratio):\n    s = min(img.size)\n    return img.crop((0, 0, s, s))": "should have size",
        """
def centre_crop(img, ratio):
    width, height = min(img.width, round(img.height * ratio)), min(img.height, round(img.width / ratio))
    return img.crop((0, 0, width, height))
""": "middle",
        """
def centre_crop(img, ratio):
    height, width = min(img.width, round(img.height * ratio)), min(img.height, round(img.width / ratio))
    return img.crop((0, 0, width, height))
""": "swapped",
    },
    "colour_at": {"def colour_at(tensor, x, y):\n    return tensor[:, x, y]": "row first"},
    "normalise": {
        "def normalise(array):\n    return torch.from_numpy(array).permute(2, 0, 1).float()": "batch axis",
        "def normalise(array):\n    return torch.from_numpy(array).float()[None]": "channels are still last",
        """
def normalise(array):
    x = torch.from_numpy(array).permute(2, 0, 1).float()
    return ((x - rgb_mean.view(3, 1, 1)) / rgb_std.view(3, 1, 1)).unsqueeze(0)
""": "divide by 255",
    },
    "walk": {
        """
def walk(net, X, content_layers, style_layers):
    contents, styles = [], []
    for layer in range(max(content_layers + style_layers)):
        X = net[layer](X)
        if layer in style_layers:
            styles.append(X)
        if layer in content_layers:
            contents.append(X)
    return contents, styles
""": "maps instead of",
    },
    "stride_of": {
        "def stride_of(layer):\n    return 2 ** (int(layer[4]) - 1)": "itself halves",
        "def stride_of(layer):\n    return 2 ** int(layer[4])": "doubles",
    },
    "my_gram": {
        "def my_gram(X):\n    F = X[0].flatten(1)\n    return F.T @ F / F.numel()": "transpose",
        "def my_gram(X):\n    F = X[0].flatten(1)\n    return F @ F.T": "not normalised",
        "def my_gram(X):\n    F = X[0].flatten(1)\n    return F @ F.T / F.shape[1]": "c is missing",
    },
    "squared_variation": {
        "def squared_variation(X):\n    return tv_loss(X)": "square it",
        "def squared_variation(X):\n    return ((X[:, :, 1:] - X[:, :, :-1]) ** 2).mean()": "one direction",
    },
    "grey_start": {
        "def grey_start(X):\n    return X.mean(dim=1, keepdim=True).expand_as(X)": "undo the normalisation",
        "def grey_start(X):\n    return X.mean(dim=1, keepdim=True)": "shape should stay",
    },
    "rate_at": {
        "def rate_at(epoch, lr, decay_every, gamma=0.8):\n    return lr * gamma ** (epoch / decay_every)": "use //",
    },
    "best_epoch": {
        "def best_epoch(history):\n    return min(row[-1] for row in history)": "that is the loss",
        """
def best_epoch(history):
    return min(range(len(history)), key=lambda i: history[i][-1])
""": "place in the list",
        "def best_epoch(history):\n    return min(history, key=lambda row: row[2])[0]": "lowest *total*",
        "def best_epoch(history):\n    return min(history, key=lambda row: row[3])[0]": "lowest *total*",
        "def best_epoch(history):\n    return max(history, key=lambda row: row[4])[0]": "lowest *total*",
        "def best_epoch(history):\n    return len(history)": "not 4",
    },
    "balanced_weight": {
        "def balanced_weight(base, balance):\n    return base + base * balance": "it adds",
        "import math\ndef balanced_weight(base, balance):\n    return base * math.exp(balance)": "take ten",
        "def balanced_weight(base, balance):\n    return base / 10**balance": "wrong way",
        "def balanced_weight(base, balance):\n    return 10**balance": "not 1",
    },
    "differences": {
        "def differences(a, b):\n    return [k for k in a if a[k] != b[k]]": "alphabetical",
        "def differences(a, b):\n    return sorted(k for k in a if a[k] == b[k])": "are equal",
        "def differences(a, b):\n    return {k: b[k] for k in a if a[k] != b[k]}": "names alone",
        "def differences(a, b):\n    return sorted(k for k in a if a[k] != b[k] and a[k])": "0 is a value",
        "def differences(a, b):\n    return sorted(k for k in a if a[k] < b[k])": "comes first",
        "def differences(a, b):\n    return sorted(k for k in a if a[k] is not b[k])": "compare values",
        "def differences(a, b):\n    return {k for k in a if a[k] != b[k]}": "as a list",
    },
    "nearest_centre": {
        "def nearest_centre(x, centres):\n    return (x @ centres.T).max(dim=1).values": "whole numbers",
        "def nearest_centre(x, centres):\n    return (x @ centres.T).argmax(dim=0)": "other dimension",
        "def nearest_centre(x, centres):\n    return (x @ centres.T).argmin(dim=1)": "farthest",
    },
    "mean_correlation": {
        "def mean_correlation(x):\n    return torch.corrcoef(x.T).abs().mean()": "diagonal",
        "def mean_correlation(x):\n    return torch.corrcoef(x).abs().mean()": "corrcoef(x.T)",
    },
}
