"""Notebook 06: the sizes of a run that paints small first, and how one size continues from the one before."""

import torch.nn.functional as F

COARSE = 256  # pixels on the longer side: larger pictures are painted at half the size first


def pyramid(content_X, style_X, settings):
    """The sizes of ``coarse_to_fine``, smallest first: a list of ``(content_X, style_X, settings)``."""
    sizes = [(content_X, style_X)]
    while max(sizes[0][0].shape[-2:]) > COARSE and min(*sizes[0][0].shape[-2:], *sizes[0][1].shape[-2:]) >= 128:
        sizes.insert(0, tuple(_halved(X) for X in sizes[0]))
    steps, decay = settings.num_epochs, settings.lr_decay_epoch
    return [
        (*Xs, settings.but(num_epochs=max(1, steps // 2**level), lr_decay_epoch=max(1, decay // 2**level)))
        for level, Xs in enumerate(sizes)
    ]


def next_start(X, small_X, content_X, settings):
    """Where a run on ``content_X`` starts, given the result ``X`` of one on the smaller ``small_X``.

    From the content image, only what the run changed is enlarged: the content image's own detail stays.
    """
    if settings.start == "content":
        return content_X.to(X) + enlarged(X - small_X.to(X), content_X)
    return enlarged(X, content_X)


def _halved(X):
    return F.interpolate(X, [round(side / 2) for side in X.shape[-2:]], mode="bilinear", antialias=True)


def enlarged(X, like):
    """``X`` at the size of the image tensor ``like``."""
    return X if X.shape == like.shape else F.interpolate(X, like.shape[-2:], mode="bicubic")
