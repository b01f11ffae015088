"""What one layer of VGG-19 sees in a photograph, and what it alone remembers of a picture."""

import torch

from ..features import extract_features
from ..layers import LAYERS
from ..losses import gram
from ..preprocessing import fit_shape, postprocess, preprocess
from ..settings import Settings
from ..training import optimize
from .drawing import heat

SIDE, STEPS = 132, 45  # pixels on the longer side of what is remembered; steps of L-BFGS
SMOOTH = {"content": 250, "style": 60}  # weights of total variation, chosen by eye


def title(layer):
    """A layer in words."""
    about = LAYERS[layer]
    return f"{layer}: one unit sees {about.receptive_field}×{about.receptive_field} pixels, every {about.stride}"


def sees(net, photo, layer):
    """The four channels that vary most over a photograph, laid over it: one PIL image."""
    X = _tensor(net, photo, 2 * SIDE)
    with torch.no_grad():
        channels = extract_features(net, X, [layer], [])[0][0][0].float().cpu()
    best = channels.flatten(1).std(1).topk(min(4, len(channels))).indices
    img = postprocess(X)
    sheet = img.resize((2 * img.width, 2 * img.height))
    for n, i in enumerate(best):
        sheet.paste(heat(channels[i].numpy(), img), (n % 2 * img.width, n // 2 * img.height))
    return sheet


def remembers(net, picture, layer, role, interrupted=lambda: False):
    """A PIL image painted from noise by one layer's loss alone, or ``None`` where ``interrupted()`` said so.

    ``role="content"``: it keeps the features of ``picture``, place by place. (Mahendran and Vedaldi 2015)
    ``role="style"``: it keeps their Gram matrix, hence no places. (Gatys et al. 2015)
    """
    X = _tensor(net, picture, SIDE)
    with torch.no_grad():
        Y = extract_features(net, X, [layer], [])[0][0]
        Y = Y if role == "content" else gram(Y)
        loud = 1e3 / max(float(Y.square().mean()), 1e-20)  # whatever the layer, it outweighs the smoothness
    other = "style" if role == "content" else "content"
    layers = {f"{role}_layers": (layer,), f"{role}_weight": loud, f"{other}_layers": (), f"{other}_weight": 0}
    settings = Settings(**layers, tv_weight=SMOOTH[role], start="noise", optimizer="lbfgs", num_epochs=STEPS)
    for step in optimize(net, X, X, settings):  # noqa: B007 (the last one is the picture)
        if interrupted():
            return None
    return postprocess(step.X)


def _tensor(net, img, side):
    return preprocess(img, fit_shape(img, side)).to(net[0].weight.device)
