"""Notebook 04: what a good composite image is, in three numbers and their weighted sum."""

import torch


def content_loss(Y_hat, Y):
    """Mean squared difference of two feature maps of the same shape: a scalar tensor.

    (Gatys et al. 2016, eq. 1, as a mean and not half a sum: d2l 14.12.5)
    """
    return torch.square(Y_hat - Y.detach()).mean()


def gram(X):
    """Gram matrix of a feature map: ``(1, c, h, w)`` → ``(c, c)``, divided by ``c * h * w``.

    Entry i, j says how strongly channels i and j occur together, wherever that is.
    (Gatys et al. 2016, eq. 3; scaled as in d2l 14.12.5)
    """
    c, n = X.shape[1], X.shape[2] * X.shape[3]
    X = X.reshape(c, n)
    return X @ X.T / (c * n)


def style_loss(Y_hat, gram_Y):
    """Mean squared difference of the Gram matrix of ``Y_hat`` ``(1, c, h, w)`` and ``gram_Y`` ``(c, c)``.

    (Gatys et al. 2016, eq. 4, scaled as in d2l 14.12.5)
    """
    return torch.square(gram(Y_hat) - gram_Y.detach()).mean()


def tv_loss(Y_hat):
    """Total variation: half the mean absolute step to the next row plus half that to the next column.

    ``Y_hat``: an image ``(1, c, h, w)``. (d2l 14.12.5, after Rudin, Osher and Fatemi 1992)
    """
    rows = torch.abs(Y_hat[:, :, 1:, :] - Y_hat[:, :, :-1, :]).mean()
    columns = torch.abs(Y_hat[:, :, :, 1:] - Y_hat[:, :, :, :-1]).mean()
    return 0.5 * (rows + columns)


def compute_loss(X, contents_Y_hat, styles_Y_hat, contents_Y, styles_Y_gram, weights, style_loss=style_loss):
    """All losses of a composite image ``X`` ``(1, 3, h, w)``, each times its weight.

    ``weights``: content, style and total variation; the first two may be lists, one number per layer.
    Returns ``(contents_l, styles_l, tv_l, total)``: a list with one scalar per content layer, one with one per
    style layer, a scalar, and the sum of them all. (d2l 14.12.5)
    """
    content_weights, style_weights, tv_weight = weights
    if not isinstance(content_weights, (list, tuple)):
        content_weights = [content_weights] * len(contents_Y_hat)
    if not isinstance(style_weights, (list, tuple)):
        style_weights = [style_weights] * len(styles_Y_hat)
    contents_l = [w * content_loss(Y_hat, Y) for w, Y_hat, Y in zip(content_weights, contents_Y_hat, contents_Y)]
    styles_l = [w * style_loss(Y_hat, Y) for w, Y_hat, Y in zip(style_weights, styles_Y_hat, styles_Y_gram)]
    tv_l = tv_weight * tv_loss(X)
    return contents_l, styles_l, tv_l, sum(contents_l) + sum(styles_l) + tv_l
