"""Notebook 06: L-BFGS over an image."""

import torch


class LBFGS:
    """L-BFGS (Liu and Nocedal 1989) over an image, one step from each gradient, coarse before fine.

    It trains not the pixels but a picture Z that the composite shows smoothed: X = X₀ + S Z, where S is
    1 / (f + 0.1) at f cycles a pixel. Colours and broad shapes so come first, and fewer steps suffice.
    Used as a ``torch.optim`` optimiser: ``zero_grad``, ``backward``, ``step``.
    """

    HISTORY = 20
    RATE, LONGEST = 0.7, 0.6  # no line search: a little less than it asks for, and 0.6 a value at most

    def __init__(self, X):
        self.X, self.X0, self.Z = X, X.detach().clone(), torch.zeros_like(X, requires_grad=True)
        height, width = X.shape[-2:]
        f = torch.hypot(torch.fft.fftfreq(height)[:, None], torch.fft.rfftfreq(width)[None])
        self.spectrum = 1 / (f.to(X) + 0.1)
        self.spectrum /= self.spectrum.square().mean().sqrt()
        self.inner = torch.optim.LBFGS(
            [self.Z], max_iter=1, history_size=self.HISTORY, tolerance_grad=0, tolerance_change=0
        )
        self.param_groups = [{"params": [X], "lr": 0.3 * X.numel()}]  # the first step: 0.3 a value, on average

    def smooth(self, X):
        return torch.fft.irfft2(torch.fft.rfft2(X, norm="ortho") * self.spectrum, s=X.shape[-2:], norm="ortho")

    def __setstate__(self, state):
        """torch's L-BFGS forgets two of its attributes when it is copied."""
        self.__dict__.update(state)
        self.inner._params, self.inner._numel_cache = self.inner.param_groups[0]["params"], None

    def holds(self, X):
        """Whether ``X`` is still the picture that the last step left."""
        return torch.allclose(X, self.X0 + self.smooth(self.Z.detach()), atol=1e-3)

    def zero_grad(self):
        self.X.grad = None

    def step(self):
        self.Z.grad = self.smooth(self.X.grad) * self.X.numel()  # S is symmetric; losses are means, too faint a slope
        before = self.Z.detach().clone()
        self.inner.param_groups[0]["lr"], self.param_groups[0]["lr"] = self.param_groups[0]["lr"], self.RATE
        self.inner.step(lambda: 0.0)
        with torch.no_grad():
            length = float(self.smooth(self.Z - before).square().mean().sqrt())
            if length > self.LONGEST:
                share = self.LONGEST / length
                self.Z.copy_(before + share * (self.Z - before))
                self.inner.state[self.Z]["t"] *= share  # it takes the step for t times the direction
            self.X.copy_(self.X0 + self.smooth(self.Z))
