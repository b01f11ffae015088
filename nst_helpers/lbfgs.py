"""Notebook 06: L-BFGS over an image."""

import math

import torch


class LBFGS:
    """L-BFGS over a composite image: one gradient per step, large shapes and colors before fine detail.

    A step goes down H g, where g is the gradient and H an estimate of the inverse Hessian, built from the last
    ``HISTORY`` pairs (s, y): a change of the picture and the change of the gradient that came with it (the two-loop
    recursion: Nocedal 1980; Liu and Nocedal 1989, algorithm 2.1). H starts from γ S, where S weighs f cycles per pixel
    by 1 / (f + 0.1)², since the losses bend most along the finest detail, and γ = sᵀy / yᵀSy for the newest pair
    (Nocedal and Wright 2006, eq. 7.20). There is no line search: a step is taken whole, unless it is longer than a
    radius. Where it made the loss rise, it is taken back, the radius shrinks (a trust region: Nocedal and Wright 2006,
    chapter 4), and H has learned from it.

    ``X``: the image, a leaf tensor ``(1, 3, h, w)``. Use: ``zero_grad()``, ``backward()``, ``step(loss)``.
    ``loss`` is the number that ``backward`` started from, at the current ``X``; a mean over pixels, as ours are.
    """

    HISTORY = 20
    FIRST, LONGEST = 0.3, 0.6  # root mean square of the first step and of the longest, in normalized units
    RISE = 0.02  # a share by which the loss may rise in one step: rounding, and short detours that pay

    def __init__(self, X):
        self.X = X
        height, width = X.shape[-2:]
        f = torch.hypot(torch.fft.fftfreq(height)[:, None], torch.fft.rfftfreq(width)[None])
        self.spectrum = (1 / (f + 0.1) ** 2).to(X)
        self.pairs = []  # (s, y), the oldest first, flat
        self.X0 = self.g0 = None  # where the last step started, and the gradient there
        self.X1 = X.detach().clone()  # where it ended
        self.loss, self.radius = math.inf, self.LONGEST

    def zero_grad(self):
        self.X.grad = None

    def holds(self, X):
        """Whether ``X`` is still the picture that the last step left."""
        return X.shape == self.X1.shape and torch.equal(X.detach(), self.X1)

    @torch.no_grad()
    def step(self, loss):
        """Changes ``X``; ``loss`` is its loss, ``X.grad`` the gradient."""
        X, g = self.X.detach(), self.X.grad.flatten() * self.X.numel()  # a mean's slope per pixel is faint
        finite = math.isfinite(loss) and bool(g.isfinite().all())
        if self.X0 is not None and finite:
            self.remember((X - self.X0).flatten(), g - self.g0)
        if finite and loss <= self.loss + self.RISE * abs(self.loss):
            self.X0, self.g0, self.loss = X.clone(), g, loss
            self.radius = min(self.LONGEST, 2 * self.radius)
        elif self.X0 is not None:
            self.radius /= 4
        else:
            return  # no picture to go back to
        d = self.direction(self.g0).view_as(X)
        length = float(d.square().mean().sqrt())
        limit = self.radius if self.pairs else min(self.FIRST, self.radius)
        if length > limit or not self.pairs:
            d *= limit / max(length, 1e-30)
        self.X.copy_(self.X0 + d)
        self.X1 = self.X.detach().clone()

    def remember(self, s, y):
        if s @ y > 1e-10 * (y @ y):  # else the slope does not rise along s: no minimum lies that way
            self.pairs = [*self.pairs, (s, y)][-self.HISTORY :]

    def smooth(self, g):
        """S g."""
        transformed = torch.fft.rfft2(g.view_as(self.X)) * self.spectrum
        return torch.fft.irfft2(transformed, s=self.X.shape[-2:]).flatten()

    def direction(self, g):
        """-H g, by the two-loop recursion."""
        q, shares = g.clone(), []
        for s, y in reversed(self.pairs):
            shares.append(float(s @ q / (s @ y)))
            q.sub_(y, alpha=shares[-1])
        d = self.smooth(q)
        if self.pairs:
            s, y = self.pairs[-1]
            d *= s @ y / (y @ self.smooth(y))
        for s, y in self.pairs:
            d.add_(s, alpha=shares.pop() - float(y @ d / (s @ y)))
        return -d
