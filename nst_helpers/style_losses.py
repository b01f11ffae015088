"""Notebook 09: other ways to compare two styles, each in a few lines, used as ``gram`` and ``style_loss`` are."""

from functools import wraps

import torch
import torch.nn.functional as F

from .losses import gram, style_loss

SAMPLES = 1024  # positions of a style image that ``nearest`` compares with


def moments(X):
    """Mean and standard deviation of every channel: ``(1, c, h, w)`` → ``(2, c)``. (Huang and Belongie 2017)"""
    x = X.flatten(2)[0]
    return torch.stack([x.mean(dim=1), torch.sqrt(x.var(dim=1, correction=0) + 1e-5)])


def moments_loss(Y_hat, moments_Y):
    """Mean squared difference of ``moments(Y_hat)`` and ``moments_Y`` ``(2, c)``. (Li et al. 2017)"""
    return torch.square(moments(Y_hat) - moments_Y).mean()


def adain(X, Y):
    """``X`` ``(1, c, h, w)``, each channel moved and stretched to the moments of ``Y`` ``(1, c, any, any)``.

    Adaptive instance normalization. (Huang and Belongie 2017, eq. 8)
    """
    (mean_X, std_X), (mean_Y, std_Y) = (moments(Z).view(2, -1, 1, 1) for Z in (X, Y))
    return (X - mean_X) / std_X * std_Y + mean_Y


def sliced(X):
    """``(1, c, h, w)`` → c seeded directions ``(c, c)``, and the sorted features along each, ``(c, h * w)``."""
    random = torch.randn(X.shape[1], X.shape[1], generator=torch.Generator().manual_seed(0))
    directions = F.normalize(random).to(X)
    return directions, (directions @ X.flatten(2)[0]).sort().values


def sliced_loss(Y_hat, target):
    """Sliced Wasserstein distance of features: along each direction, sorted and compared one by one, squared.

    ``target``: from ``sliced``; its sorted features are resampled to the number of positions of ``Y_hat``.
    (Heitz et al. 2021)
    """
    directions, sorted_Y = target
    found = (directions @ Y_hat.flatten(2)[0]).sort().values
    return torch.square(found - F.interpolate(sorted_Y[None], found.shape[1], mode="linear")[0]).mean()


def nearest(X):
    """``(1, c, h, w)`` → at most ``SAMPLES`` of its features, as rows, and the same minus the mean, at length 1.

    Sorted by length and taken at even steps, so that the order of the positions does not matter.
    """
    x = X.flatten(2)[0].T
    at = torch.linspace(0, len(x) - 1, min(len(x), SAMPLES), device=x.device).round().long()
    sample = x[x.norm(dim=1).argsort()[at]]
    return sample, F.normalize(sample - x.mean(dim=0))


def nearest_loss(Y_hat, target):
    """Mean squared distance of every feature to its nearest in ``target``, from ``nearest``.

    Nearest is the smallest angle between features whose mean is subtracted (Kolkin et al. 2022); what
    counts then is the distance, not the angle as there, so that contrast is copied too. Memory: 4096 positions at once.
    """
    (sample, directions), x = target, Y_hat.flatten(2)[0].T
    with torch.no_grad():  # the choice of the nearest has no gradient
        parts = (x - x.mean(dim=0)).split(4096)
        at = torch.cat([(part @ directions.T).argmax(dim=1) for part in parts])
    return torch.square(x - sample[at]).mean()


def gaussian(X):
    """``(1, c, h, w)`` → mean ``(c,)`` and root of the covariance ``(c, c)``, in double precision."""
    mean, covariance = _mean_and_covariance(X)
    variance, directions = torch.linalg.eigh(covariance)
    return mean, directions * variance.clamp_min(0).sqrt() @ directions.T


def gaussian_loss(Y_hat, target):
    """Squared 2-Wasserstein distance, per channel, of Gaussians with the means and covariances of two feature maps.

    With R the root of the style's covariance: |μ − μ_Y|² + tr Σ + tr R² − 2 tr (R Σ R)^½; the last trace needs the
    eigenvalues of R Σ R only. ``target``: from ``gaussian``. (Dowson and Landau 1982)
    """
    (mean_Y, root), (mean, covariance) = target, _mean_and_covariance(Y_hat)
    product = torch.nan_to_num(root @ covariance @ root, 0, 0, 0)  # eigvalsh raises for NaN; the traces keep it
    common = torch.linalg.eigvalsh(product).clamp_min(1e-12).sqrt().sum()
    distance = torch.square(mean - mean_Y).sum() + covariance.trace() + root.square().sum() - 2 * common
    return (distance / len(mean)).to(Y_hat.dtype)


def _mean_and_covariance(X):
    x = X.flatten(2)[0]
    mean = x.mean(dim=1, keepdim=True)
    return mean[:, 0].double(), ((x - mean) @ (x - mean).T / x.shape[1]).double()


def _scaled(factor, loss):
    """``loss`` times ``factor``."""

    @wraps(loss)
    def scaled(Y_hat, target):
        return factor * loss(Y_hat, target)

    return scaled


# How two styles can be compared (``Settings.style_loss``): what is kept of a style image's feature map, and the loss
# of another feature map against it. The factors bring all of them to a scale where the embedded weights' default
# style weight, 1e5, gives a good picture (chosen by eye: a cup, a lake and a rocket, each with another painting).
STYLE_LOSSES = {
    "gram": (gram, style_loss),
    "moments": (moments, _scaled(2e-3, moments_loss)),
    "sliced": (sliced, _scaled(2e-3, sliced_loss)),
    "nearest": (nearest, _scaled(1e-5, nearest_loss)),
    "gaussian": (gaussian, _scaled(1e-4, gaussian_loss)),
}
