"""Notebooks 03 and 07: one layer of VGG-19 in pictures: its feature maps, and images rebuilt from them alone."""

import torch
from matplotlib import colormaps
from PIL import Image, ImageDraw, ImageOps

from .features import extract_features
from .images import jpeg
from .layers import LAYERS, layer_name
from .losses import gram
from .preprocessing import fit_shape, postprocess, preprocess
from .settings import Settings
from .training import optimize

SIDE, STEPS = 132, 45  # of a rebuilt image: pixels on the longer side, steps of L-BFGS
SMOOTH = {"content": 250, "style": 60}  # weights of total variation, chosen by eye


def layer_pictures(net, photo, painting, layer, interrupted):
    """Three pictures of a layer, one after the other, each as a dictionary of words and JPEG bytes.

    ``sees``: its feature maps of the photograph. ``content``: the photograph rebuilt from them; ``style``: the painting
    rebuilt from their Gram matrix. ``interrupted()`` says when to stop.
    """
    layer = layer_name(layer)
    about = LAYERS[layer]
    title = f"{layer}: one unit sees {about.receptive_field}×{about.receptive_field} pixels, every {about.stride}"
    for kind, img in {"sees": photo, "content": photo, "style": painting}.items():
        picture = feature_maps(net, img, layer) if kind == "sees" else rebuilt(net, img, layer, kind, interrupted)
        if interrupted():
            return
        yield {"peek": layer, "kind": kind, "title": title}, jpeg(picture)


def feature_maps(net, photo, layer):
    """The four channels that vary most over a photograph, each laid over it: one PIL image.

    A white square on the first shows the receptive field of one unit.
    """
    X = preprocess(photo, fit_shape(photo, 2 * SIDE)).to(net[0].weight.device)
    with torch.no_grad():
        channels = extract_features(net, X, [layer], [])[0][0][0].float().cpu()
    best = channels.flatten(1).std(1).topk(min(4, len(channels))).indices
    img = postprocess(X)
    sheet = img.resize((2 * img.width, 2 * img.height))
    for n, i in enumerate(best):
        sheet.paste(heat_map(channels[i].numpy(), img), (n % 2 * img.width, n // 2 * img.height))
    half = LAYERS[layer_name(layer)].receptive_field / 2
    center = img.width / 2, img.height / 2
    box = [
        max(0, center[0] - half),
        max(0, center[1] - half),
        min(img.width, center[0] + half),
        min(img.height, center[1] + half),
    ]
    ImageDraw.Draw(sheet).rectangle(box, outline="white", width=2)
    return sheet


def heat_map(channel, img):
    """One channel of a feature map, an array ``(h, w)``, in colors over a gray PIL image."""
    level = (channel - channel.min()) / max(float(channel.max() - channel.min()), 1e-9)
    color = Image.fromarray(colormaps["magma"](level, bytes=True)[..., :3]).resize(img.size, Image.Resampling.BICUBIC)
    return Image.blend(ImageOps.grayscale(img).convert("RGB"), color, 0.75)


def rebuilt(net, picture, layer, role, interrupted):
    """A PIL image optimized from noise until one layer responds to it as it does to ``picture``.

    ``role="content"``: with the same feature maps (Mahendran and Vedaldi 2015). ``role="style"``: with the same Gram
    matrix, which does not know where anything is (Gatys et al. 2015). Unfinished where ``interrupted()`` said to stop.
    """
    X = preprocess(picture, fit_shape(picture, SIDE)).to(net[0].weight.device)
    with torch.no_grad():
        Y = extract_features(net, X, [layer], [])[0][0]
        Y = Y if role == "content" else gram(Y)
        weight = 1e3 / max(float(Y.square().mean()), 1e-20)  # the same balance with total variation at every layer
    other = "style" if role == "content" else "content"
    layers = {f"{role}_layers": (layer,), f"{role}_weight": weight, f"{other}_layers": (), f"{other}_weight": 0}
    settings = Settings(**layers, tv_weight=SMOOTH[role], start="noise", optimizer="lbfgs", num_epochs=STEPS)
    for step in optimize(net, X, X, settings):  # noqa: B007 (the last one is the picture)
        if interrupted():
            break
    return postprocess(step.X)
