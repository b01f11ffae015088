"""Notebook 08: a slim VGG-19 learned layer by layer from seven pictures, without labels or gradients.

For every layer: cut patches from the feature maps so far, whiten them, cluster them, and make each cluster's
center a filter (Coates and Ng 2012). That this can work at all: the first layers of a network can be learned
from one image (Asano et al. 2020), and even random filters carry texture (Ustyuzhaninov et al. 2016).

``python -m nst_helpers.learning`` writes the file that ships in this folder.
"""

import time
from dataclasses import replace

import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import save
from skimage import data

from .layers import CONV_NAMES, LAYER_NAMES
from .preprocessing import fit_shape, preprocess
from .weights import EMBEDDED, Parameters

SLIM = (24, 48, 96, 128, 128)  # channels per block; VGG-19 has 64, 128, 256, 512, 512
PHOTOGRAPHS = (
    "astronaut",
    "rocket",
    "stereo_motorcycle",
    "hubble_deep_field",
    "immunohistochemistry",
    "retina",
    "colorwheel",  # drawn, not photographed: every hue
)


def photographs():
    """The photographs to learn from, a list of RGB PIL images (credits and licenses: ``EMBEDDED.md``).

    scikit-image's cat and coffee cup are left out, so that the result can be tried on pictures it never saw.
    """
    arrays = [getattr(data, name)() for name in PHOTOGRAPHS]
    arrays = [array[0] if isinstance(array, tuple) else array for array in arrays]  # the left of a stereo pair
    return [Image.fromarray(array).convert("RGB") for array in arrays]


def reference_maps(images, sizes=(300, 180)):
    """Normalized tensors ``(1, 3, h, w)``: every image with longer sides of ``sizes`` pixels, each also mirrored."""
    maps = [preprocess(img, fit_shape(img, size)) for img in images for size in sizes]
    return maps + [X.flip(3) for X in maps]


def patches(maps, count, generator):
    """About ``count`` patches of 3×3 positions from feature maps ``(1, c, h, w)``, as rows ``(count, 9c)``."""
    rows, share = [], count // len(maps) + 1
    for X in maps:
        columns = F.unfold(F.pad(X, (1, 1, 1, 1), mode="reflect"), 3)[0].T
        rows.append(columns[torch.randint(len(columns), (min(share, len(columns)),), generator=generator)])
    return torch.cat(rows)


def whiten(x, power=0.5, eps=0.1):
    """Mean ``(d,)`` and matrix ``(d, d)`` such that ``(x - mean) @ matrix`` varies alike in all directions.

    ``eps``, in units of the mean variance, keeps the faintest directions, which are noise, from being blown up;
    ``power`` 0.5 whitens as far as ``eps`` lets it, 0 not at all.
    """
    mean = x.mean(0)
    variance, directions = torch.linalg.eigh((x - mean).T @ (x - mean) / len(x))
    gain = (variance.clamp_min(0) + eps * variance.mean()) ** -power
    return mean, directions * gain @ directions.T


def spherical_kmeans(x, k, generator, rounds=12):
    """``k`` directions, unit rows ``(k, d)``, that the rows of ``x`` ``(n, d)`` point in most (Coates and Ng 2012)."""
    length = x.norm(dim=1)
    x = x[length > length.quantile(0.3)]  # flat patches carry no pattern
    centers = F.normalize(x[torch.randperm(len(x), generator=generator)[:k]])
    for _ in range(rounds):
        nearest = (x @ centers.T).argmax(1)
        sums = torch.zeros_like(centers).index_add_(0, nearest, x)
        lonely = torch.bincount(nearest, minlength=k) < 5
        sums[lonely] = x[torch.randperm(len(x), generator=generator)[: int(lonely.sum())]]
        centers = F.normalize(sums)
    return centers


def smooth(filters, share=0.6):
    """Filters ``(k, c, 3, 3)``, blended with a blurred copy of themselves, which has the given ``share``.

    Whitening favors what changes from one position to the next. Pooling halves the resolution, so filters
    that answer to such fine patterns would stamp a lattice into every picture painted with them.
    """
    binomial = torch.tensor([1.0, 2.0, 1.0]) / 4
    planes = F.pad(filters.flatten(0, 1)[:, None], (1, 1, 1, 1), mode="replicate")
    blurred = F.conv2d(planes, torch.outer(binomial, binomial)[None, None]).view_as(filters)
    return (1 - share) * filters + share * blurred


def convolve(maps, weight, bias):
    """A 3×3 convolution with mirrored borders, then ReLU, on every map."""
    return [F.relu(F.conv2d(F.pad(X, (1, 1, 1, 1), mode="reflect"), weight, bias)) for X in maps]


def learn_layer(maps, width, generator, power=0.5, eps=0.1, alpha=-0.4, share=0.6, count=20_000):
    """Weight ``(width, c, 3, 3)`` and bias ``(width,)`` of a convolution for maps ``(1, c, h, w)``, and its output.

    ``alpha``: the threshold, in standard deviations of each unit's response; below zero most units stay active,
    and a picture can be optimized through them. ``share``: see ``smooth``; ``power`` and ``eps``: see ``whiten``.
    Each filter is scaled to a mean activation of 1 over the maps (Gatys et al. 2016), so that units compare.
    """
    x = patches(maps, count, generator)
    mean, matrix = whiten(x, power, eps)
    centers = spherical_kmeans((x - mean) @ matrix, width, generator)
    filters = smooth((centers @ matrix).view(width, -1, 3, 3), share)
    response = (x - mean) @ filters.flatten(1).T
    bias = -filters.flatten(1) @ mean - alpha * response.std(0)
    maps = convolve(maps, filters, bias)
    scale = 1 / torch.stack([Y.mean((0, 2, 3)) for Y in maps]).mean(0).clamp_min(1e-6)
    return filters * scale.view(-1, 1, 1, 1), bias * scale, [Y * scale.view(-1, 1, 1) for Y in maps]


@torch.no_grad()
def learn_vgg19(images, widths=SLIM, seed=0, progress=None, **recipe):
    """``Parameters`` of a VGG-19 with ``widths`` channels per block, learned from RGB PIL images.

    ``recipe`` goes to ``learn_layer``; block 1, which no pooling precedes, keeps its filters sharp.
    ``progress(name, done)`` is called after each convolution: its name, and the share that is done, 0 to 1.
    Raises ``ValueError`` for pictures that are too few or too small.
    """
    generator, tensors, maps = torch.Generator().manual_seed(seed), {}, reference_maps(images)
    for name in LAYER_NAMES:
        if name.startswith("pool"):
            maps = [F.avg_pool2d(X, 2) for X in maps]
        elif name in CONV_NAMES:
            block = int(name[4])
            sharp = {"share": 0} if block == 1 else {}
            if sum(X.shape[2] * X.shape[3] for X in maps) < 4 * widths[block - 1]:
                raise ValueError(f"too few or too small pictures: at {name} too little of them is left to learn from")
            weight, bias, maps = learn_layer(maps, widths[block - 1], generator, **{**recipe, **sharp})
            tensors[f"{name}.weight"], tensors[f"{name}.bias"] = weight, bias
            if progress:
                progress(name, (CONV_NAMES.index(name) + 1) / len(CONV_NAMES))
    return Parameters("learned", tensors, tuple(widths), padding="reflect", pooling="average")


def save_parameters(parameters, path):
    """Write ``Parameters`` as safetensors in half precision; ``weights.read_embedded`` reads them back."""
    tensors = {name: tensor.half().contiguous() for name, tensor in parameters.tensors.items()}
    header = {"source": parameters.source, "padding": parameters.padding, "pooling": parameters.pooling}
    path.write_bytes(save(tensors, header))


def main():
    """Learn the embedded weights and write them, with a line of progress per layer."""
    start = time.monotonic()

    def report(name, done):
        spent = time.monotonic() - start
        print(f"{name}  {done:4.0%}  {spent:3.0f} s, about {spent / done - spent:.0f} s left", flush=True)

    learned = learn_vgg19(photographs(), progress=report)
    save_parameters(replace(learned, source="embedded"), EMBEDDED)
    print(f"{EMBEDDED.name}: {EMBEDDED.stat().st_size / 1e6:.1f} MB in {time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    main()
