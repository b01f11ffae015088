"""Classic mistakes in every exercise of the notebooks, with words that the check must say. Answers: notebooks/solutions."""

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
    "colour_at": {
        "def colour_at(tensor, x, y):\n    return tensor[:, x, y]": "row comes first",
        "def colour_at(tensor, x, y):\n    return tensor[:, min(x, 3), y]": "row comes first",
        "def colour_at(tensor, x, y):\n    return tensor[:, y - 1, x - 1]": "should give",
        "def colour_at(tensor, x, y):\n    return tensor[[2, 1, 0], y, x]": "wrong way round",
    },
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
        "def walk(net, X, content_layers, style_layers):\n    extract_features(net, X, content_layers, style_layers)": "return contents",
        "def walk(net, X, content_layers, style_layers):\n    return extract_features(net, X, content_layers, style_layers)[::-1]": "changed places",
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
        "def my_gram(X):\n    F = X[0].flatten(1)\n    return F @ F.T / F.shape[0]": "but for the divisor",
    },
    "squared_variation": {
        "def squared_variation(X):\n    return tv_loss(X)": "square it",
        "def squared_variation(X):\n    return ((X[:, :, 1:] - X[:, :, :-1]) ** 2).mean()": "one direction",
    },
    "grey_start": {
        "def grey_start(X):\n    return X.mean(dim=1, keepdim=True).expand_as(X)": "undo the normalisation",
        "def grey_start(X):\n    return X.mean(dim=1, keepdim=True)": "shape should stay",
        """
def grey_start(X):
    photo = X * rgb_std.view(3, 1, 1) + rgb_mean.view(3, 1, 1)
    return photo.mean(dim=1, keepdim=True).expand_as(X)
""": "now normalise it again",
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
        "def balanced_weight(base, balance):\n    return base * 2**balance": "two to the power",
        "def balanced_weight(base, balance):\n    return base + 10**balance": "it adds",
        "def balanced_weight(base, balance):\n    return str(base * 10**balance)": "a number",
        "def balanced_weight(base, balance):\n    return 10**balance": "not 1",
    },
    "differences": {
        "def differences(a, b):\n    return [k for k in a if a[k] != b[k]]": "alphabetical",
        "def differences(a, b):\n    return sorted(k for k in a if a[k] == b[k])": "are equal",
        "def differences(a, b):\n    return [k for k in a if a[k] != b[k]][::-1]": "alphabetical",
        "def differences(a, b):\n    return sorted(k for k in a if a[k] not in b.values())": "differ; you say",
        "def differences(a, b):\n    out = [k for k in a if a[k] != b[k]]\n    return out.sort()": "sorted() does",
        "def differences(a, b):\n    return {k: b[k] for k in a if a[k] != b[k]}": "names alone",
        "def differences(a, b):\n    return sorted(k for k in a if a[k] != b[k] and a[k])": "0 is a value",
        "def differences(a, b):\n    return sorted(k for k in a if a[k] < b[k])": "differ; you say",
        "def differences(a, b):\n    return sorted(k for k in a if a[k] is not b[k])": "compare values",
        "def differences(a, b):\n    return {k for k in a if a[k] != b[k]}": "as a list",
    },
    "nearest_centre": {
        "def nearest_centre(x, centres):\n    return (x @ centres.T).max(dim=1).values": "whole numbers",
        "def nearest_centre(x, centres):\n    return (x @ centres.T).max(dim=1)": "take argmax",
        "def nearest_centre(x, centres):\n    return (x @ centres.T).argmax(dim=1) + 1": "from 0",
        "def nearest_centre(x, centres):\n    return (x @ centres.T).argmax(dim=0)": "other dimension",
        "def nearest_centre(x, centres):\n    return (x @ centres.T).argmin(dim=1)": "farthest",
    },
    "mean_correlation": {
        "def mean_correlation(x):\n    return torch.corrcoef(x.T).abs().mean()": "diagonal",
        "def mean_correlation(x):\n    return torch.corrcoef(x).abs().mean()": "corrcoef(x.T)",
        "def mean_correlation(x):\n    return torch.corrcoef(x.T).abs().fill_diagonal_(0).mean()": "by d * d",
    },
    "outlines_of": {
        'outlines_of = "cat"': "style image now",
        'outlines_of = "both"': "one of the two",
        'outlines_of = "photograph"': "write",
    },
    "half_weight": {
        "half_weight = net.settings.style_weight": "too far",
        "half_weight = 1e-6": "not far enough",
        "half_weight = 0": "more than 0",
        'half_weight = "1000"': "a number",
    },
    "shape_after": {
        "shape_after = (300, 451, 3)": "before",
        "shape_after = (3, 300, 451)": "stay last",
        "shape_after = (451, 300)": "three numbers",
        "shape_after = (300, 3, 451)": "first the old axis 1",
    },
    "pupil": {
        "pupil = (111, 174)": "wrong way round",
        "pupil = (131, 314)": "wrong way round",
        "pupil = (174, 299 - 111)": "from the top",
        "pupil = (500, 20)": "outside",
        "pupil = (225, 150)": "not in a pupil",
        "pupil = 174": "two numbers",
    },
    "lost_levels": {
        "lost_levels = 0.5": "*between* levels",
        "lost_levels = 1": "cut off",
        "lost_levels = 3": "measured",
        "lost_levels = 'none'": "a number",
    },
    "undo": {
        "def undo(x):\n    return x[0] * rgb_std.view(3, 1, 1) + rgb_mean.view(3, 1, 1)": "clamp",
        "def undo(x):\n    return ((x[0] + rgb_mean.view(3, 1, 1)) * rgb_std.view(3, 1, 1)).clamp(0, 1)": "*then*",
        "def undo(x):\n    return (x * rgb_std.view(3, 1, 1) + rgb_mean.view(3, 1, 1)).clamp(0, 1)": "shape should be",
        "def undo(x):\n    return (x[0] * rgb_mean.view(3, 1, 1) + rgb_std.view(3, 1, 1)).clamp(0, 1)": "come home unchanged",
    },
    "finest": {
        'finest = "dog"': "no sample",
        "finest = min(samples(), key=halving_error)": "least of all",
        "finest = sorted(samples(), key=halving_error)[-2]": "lose more",
    },
    "map_size": {
        "map_size = (50, 75)": "*and*",
        "map_size = (37, 25)": "rows first",
        "map_size = (25, 37.5)": "is odd",
        "map_size = (25, 38)": "is odd",
        "map_size = (12, 18)": "fourth pooling",
        "map_size = 25": "two numbers",
        "map_size = [200, 300]": "three poolings",
    },
    "first_to_see": {
        'first_to_see = "conv5_1"': "an earlier",
        'first_to_see = "conv4_2"': "go deeper",
        'first_to_see = "pool4"': "no convolution",
        'first_to_see = "conv9_1"': "no layer",
    },
    "gram_factor": {
        "gram_factor = 2": "product of *two*",
        "gram_factor = 1": "does grow",
        "gram_factor = 16": "loss, which squares",
    },
    "akin": {
        'akin = "starry_harbour"': "of the *others*",
        'akin = "cat"': "none of the other paintings",
        'akin = max(paintings, key=lambda name: style_distance(name, "starry_harbour"))': "farthest",
        'akin = sorted(paintings, key=lambda name: style_distance(name, "starry_harbour"))[2]': "times as far",
    },
    "without_style": {
        'without_style = "unchanged"': "not alone",
        'without_style = "noisier"': "costs total variation",
        'without_style = "blue"': "choose",
    },
    "trainer_for": {
        "def trainer_for(net, composite, lr):\n    return torch.optim.Adam([*net.parameters(), *composite.parameters()], lr=lr)": "network too",
        "def trainer_for(net, composite, lr):\n    return torch.optim.Adam([composite().detach().clone()], lr=lr)": "not copies",
        "def trainer_for(net, composite, lr):\n    return torch.optim.Adam(composite.parameters())": "not used",
        "def trainer_for(net, composite, lr):\n    torch.optim.Adam(composite.parameters(), lr=lr)": "nothing back",
        "def trainer_for(net, composite, lr):\n    return torch.optim.Adam(composite.parameters, lr=lr)": "with brackets",
        "def trainer_for(net, composite, lr):\n    return torch.optim.AdamW(composite.parameters(), lr=lr)": "not AdamW",
        "def trainer_for(net, composite, lr):\n    return torch.optim.SGD(composite.parameters(), lr=lr)": "Adam optimiser",
    },
    "ahead": {
        'ahead = "photograph"': "no start",
        "ahead = max(STARTS, key=loss_after)": "farthest",
        "ahead = sorted(STARTS, key=loss_after)[1]": "come farther",
    },
    "cat_stays": {
        "cat_stays = False": "*start*",
        'cat_stays = "True"': "quotation marks",
    },
    "descend": {
        """
def descend(f, x, lr, steps):
    for _ in range(steps):
        x = x - 2 * lr * x
    return x
""": "on 3x²",
        """
def descend(f, x, lr, steps):
    x = x.clone().requires_grad_()
    for _ in range(steps):
        x.grad.zero_()
        f(x).backward()
        with torch.no_grad():
            x -= lr * x.grad
    return x.detach()
""": "not there yet",
        """
def descend(f, x, lr, steps):
    x = x.clone().requires_grad_()
    for _ in range(steps):
        f(x).backward()
        with torch.no_grad():
            x += lr * x.grad
        x.grad = None
    return x.detach()
""": "uphill",
        """
def descend(f, x, lr, steps):
    x = x.clone().requires_grad_()
    for _ in range(steps):
        f(x).backward()
        x.grad.zero_()
        with torch.no_grad():
            x -= lr * x.grad
    return x.detach()
""": "nothing moves",
        """
def descend(f, x, lr, steps):
    x.requires_grad_()
    for _ in range(steps):
        x.grad = None
        f(x).backward()
        with torch.no_grad():
            x -= lr * x.grad
    return x.detach()
""": "work on a clone",
        """
def descend(f, x, lr, steps):
    x = x.clone().requires_grad_()
    f(x).backward()
    with torch.no_grad():
        x -= lr * x.grad
    return x.detach()
""": "3 steps at 0.1",
    },
    "good_rate": {
        "good_rate = 0.001": "creeps",
        "good_rate = 20.0": "overshoots",
        "good_rate = -0.1": "positive",
        'good_rate = "0.3"': "a number",
    },
    "strokes_get": {
        'strokes_get = "smaller"': "other way round",
        'strokes_get = "same"': "twice as many",
        'strokes_get = "blue"': "choose",
    },
    "handed_in": {
        "handed_in = studio('cat', 'starry_harbour', weights=net, num_epochs=7).to_json()": "number of steps",
        "handed_in = json.loads(studio('cat', 'starry_harbour', weights=net).to_json())": "JSON is a text",
        "handed_in = studio('cat', 'starry_harbour', weights=net).to_json()": "the panel opens with",
        "handed_in = studio('coffee', 'starry_harbour', weights=net).to_json()": "change one more",
        "handed_in = 'style weight 100'": "not JSON",
        "handed_in = '{}'": "not a settings file",
    },
    "from_noise": {
        'from_noise = "edges"': "noise has none",
        'from_noise = "grey"': "share nothing",
        'from_noise = "cats"': "choose",
    },
    "half_awake": {
        "half_awake = -2.0": "raise the threshold",
        "half_awake = 1.5": "lower the threshold",
        'half_awake = "0"': "a number",
    },
    "same_pull": {
        "same_pull = False": "single numbers",
        'same_pull = "True"': "quotation marks",
    },
    "sizes_for": {
        "def sizes_for(longest, levels):\n    return [longest // 2**k for k in range(levels)]": "coarsest comes first",
        "def sizes_for(longest, levels):\n    return [longest // 2**k for k in range(levels, 0, -1)]": "end with the full size",
        "def sizes_for(longest, levels):\n    return [longest // 2**k for k in range(levels, -1, -1)]": "of them, not",
        "def sizes_for(longest, levels):\n    return [longest * (k + 1) // levels for k in range(levels)]": "*half* of the next",
        "def sizes_for(longest, levels):\n    return [longest / 2**k for k in reversed(range(levels))]": "pixels are whole",
        "def sizes_for(longest, levels):\n    return longest // 2 ** (levels - 1)": "a list of sizes",
    },
    "adain": {
        "def adain(X, Y):\n    return F.instance_norm(X)": "still to come",
        "def adain(X, Y):\n    return F.instance_norm(X) * Y.std((2, 3), keepdim=True)": "now add Y's mean",
        "def adain(X, Y):\n    return F.instance_norm(X) + Y.mean((2, 3), keepdim=True)": "standard deviation is missing",
        "def adain(X, Y):\n    return (X - X.mean()) / X.std() * Y.std() + Y.mean()": "each channel",
        """
def adain(X, Y):
    return F.instance_norm(Y) * X.std((2, 3), keepdim=True) + X.mean((2, 3), keepdim=True)
""": "other way round",
        """
def adain(X, Y):
    d = dict(dim=(2, 3), keepdim=True)
    return (X - X.mean(**d)) / X.var(**d) * Y.var(**d) + Y.mean(**d)
""": "take its root",
        "def adain(X, Y):\n    return X + Y.mean((2, 3), keepdim=True) - X.mean((2, 3), keepdim=True)": "divide by X's std",
    },
    "nearest_palette": {
        'nearest_palette = "cat"': "none of the paintings",
        'nearest_palette = max(paintings, key=lambda name: colour_distance(name, "cat"))': "farthest",
        'nearest_palette = sorted(paintings, key=lambda name: colour_distance(name, "cat"))[1]': "times as far",
    },
}
