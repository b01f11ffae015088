"""The program of *Dive into Deep Learning* 1.0, section 14.12 (PyTorch), restated as a reference.

What it computes, and how, is as published: ReLUs in place, weights that require gradients, the default memory
layout, every loss as one tensor. The wording is ours.
"""

import torch
from torch import nn

CONTENT_LAYERS, STYLE_LAYERS = [25], [0, 5, 10, 19, 28]
CONTENT_WEIGHT, STYLE_WEIGHT, TV_WEIGHT = 1, 1e4, 10


class SynthesizedImage(nn.Module):
    def __init__(self, img_shape, dtype=None):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(*img_shape, dtype=dtype))

    def forward(self):
        return self.weight


class Published:
    """``layers``: those of VGG-19 from the first to index 28, their ReLUs in place."""

    def __init__(self, layers):
        self.net = nn.Sequential(*list(layers)[: max(CONTENT_LAYERS + STYLE_LAYERS) + 1])
        assert all(layer.inplace for layer in self.net if isinstance(layer, nn.ReLU))

    def extract_features(self, X):
        contents, styles = [], []
        for i in range(len(self.net)):
            X = self.net[i](X)
            if i in STYLE_LAYERS:
                styles.append(X)
            if i in CONTENT_LAYERS:
                contents.append(X)
        return contents, styles

    def content_loss(self, Y_hat, Y):
        return torch.square(Y_hat - Y.detach()).mean()

    def gram(self, X):
        num_channels, n = X.shape[1], X.numel() // X.shape[1]
        X = X.reshape((num_channels, n))
        return torch.matmul(X, X.T) / (num_channels * n)

    def style_loss(self, Y_hat, gram_Y):
        return torch.square(self.gram(Y_hat) - gram_Y.detach()).mean()

    def tv_loss(self, Y_hat):
        return 0.5 * (
            torch.abs(Y_hat[:, :, 1:, :] - Y_hat[:, :, :-1, :]).mean()
            + torch.abs(Y_hat[:, :, :, 1:] - Y_hat[:, :, :, :-1]).mean()
        )

    def compute_loss(self, X, contents_Y_hat, styles_Y_hat, contents_Y, styles_Y_gram):
        contents_l = [self.content_loss(Y_hat, Y) * CONTENT_WEIGHT for Y_hat, Y in zip(contents_Y_hat, contents_Y)]
        styles_l = [self.style_loss(Y_hat, Y) * STYLE_WEIGHT for Y_hat, Y in zip(styles_Y_hat, styles_Y_gram)]
        tv_l = self.tv_loss(X) * TV_WEIGHT
        return contents_l, styles_l, tv_l, sum(styles_l + contents_l + [tv_l])

    def train(self, start, content_X, style_X, lr, num_epochs, lr_decay_epoch):
        """Yields the four losses of every step and the composite after it."""
        contents_Y, _ = self.extract_features(content_X)
        _, styles_Y = self.extract_features(style_X)
        gen_img = SynthesizedImage(start.shape, start.dtype).to(start.device)
        gen_img.weight.data.copy_(start.data)
        trainer = torch.optim.Adam(gen_img.parameters(), lr=lr)
        styles_Y_gram = [self.gram(Y) for Y in styles_Y]
        X = gen_img()
        scheduler = torch.optim.lr_scheduler.StepLR(trainer, lr_decay_epoch, 0.8)
        for _ in range(num_epochs):
            trainer.zero_grad()
            contents_Y_hat, styles_Y_hat = self.extract_features(X)
            contents_l, styles_l, tv_l, l = self.compute_loss(
                X, contents_Y_hat, styles_Y_hat, contents_Y, styles_Y_gram
            )
            l.backward()
            trainer.step()
            scheduler.step()
            yield [part.item() for part in (sum(contents_l), sum(styles_l), tv_l, l)], X.detach()
