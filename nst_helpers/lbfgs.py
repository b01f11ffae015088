"""Notebook 06: L-BFGS over an image."""

import math

import torch
import torch.nn.functional as F


class LBFGS:
    """L-BFGS over a composite image: one gradient per step, large shapes and colors before fine detail.

    A step is −H g: g is the gradient, H an estimate of the inverse Hessian, built from the last ``HISTORY`` pairs (s,
    y), the change of the image and of the gradient in one step (two-loop recursion: Nocedal 1980; Liu and Nocedal 1989,
    algorithm 2.1). The recursion starts from a diagonal H₀ = √γ S. S has one entry per color and band of frequencies,
    |s| / |y| there, from powers summed over all pairs, earlier ones counting less: the losses curve most along fine
    detail, and along some colors more than others. γ = sᵀy / yᵀSy of the newest pair (Nocedal and Wright 2006, eq.
    7.20). The textbook's γ S makes steps too short; S alone grows without bound in runs from noise.
    Everything is computed on Fourier transforms, where S is diagonal; they keep norms and inner products (Parseval).
    There is no line search: a step is taken in full, up to the radius of a trust region (ibid., chapter 4). A step to
    more than twice the lowest loss is rejected and the radius halved; its pair still updates H. Smaller increases are
    accepted: the next step usually makes up for them.

    ``X``: the image, a leaf tensor ``(1, 3, h, w)``. Use: ``zero_grad()``, ``backward()``, ``step(loss)``.
    ``loss`` is the number that ``backward`` started from, at the current ``X``; a mean over pixels, as ours are.
    """

    HISTORY = 20
    MAX_STEP = 0.3  # root mean square of the first step, and of the longest, in normalized units
    RISE = 1.0  # the share by which a step may end above the lowest loss
    BANDS = 32  # of spatial frequencies, from the coarsest to the finest, narrower where frequencies are low
    DECAY = 0.9  # the weight of all earlier pairs in ``power_sums`` when the next one comes
    COLORS = ((1, 1, 1), (1, 0, -1), (1, -2, 1))  # gray, red against blue, green against magenta

    def __init__(self, X):
        self.X = X
        height, width = X.shape[-2:]
        f = torch.hypot(torch.fft.fftfreq(height)[:, None], torch.fft.rfftfreq(width)[None])
        f = f.flatten().repeat_interleave(2)  # a real and an imaginary part
        self.band = (self.BANDS * (f / 0.71).sqrt()).long().to(X.device).expand(3, -1)  # no f is above √0.5
        # rfft2 leaves out half of the frequencies: a column stands for two, but for the first and an even width's last
        share = torch.full((width // 2 + 1,), 2.0)
        share[[0, -1] if width % 2 == 0 else 0] = 1
        self.scale = share.to(X).sqrt()
        self.unscale = 1 / self.scale  # dividing complex numbers takes seven times as long
        self.colors = F.normalize(torch.tensor(self.COLORS).to(X))
        self.power_sums = None  # the power of s and of y, (2, colors, bands)
        self.h0 = (1 / (f + 0.1) ** 2).repeat(3).to(X)  # √γ S; a guess until the first pair
        self.pairs = []  # (s, y, sᵀy), the oldest first, as spectra
        self.X0 = self.g0 = self.d = None  # where the last step started; spectra of the gradient there and of the step
        self.X1, self.best = X.detach().clone(), None  # where it ended; where the loss was lowest
        self.loss, self.radius = math.inf, self.MAX_STEP

    def zero_grad(self):
        self.X.grad = None

    def holds(self, X):
        """Whether ``X`` is still the picture that the last step left."""
        return X.shape == self.X1.shape and torch.equal(X.detach(), self.X1)

    @torch.no_grad()
    def step(self, loss):
        """Changes ``X``; ``loss`` is its loss, ``X.grad`` the gradient there."""
        X = self.X.detach()
        g = self.spectrum(self.X.grad * self.X.numel())  # of the sum over pixels: a mean's is tiny
        finite = math.isfinite(loss) and math.isfinite(float(g.sum()))
        if finite and self.X0 is not None:
            self.add_pair(self.d, g - self.g0)
        if finite and loss <= (1 + self.RISE) * self.loss:
            self.X0, self.g0 = X.clone(), g
            if loss < self.loss:
                self.best, self.loss = self.X0.clone(), loss
            self.radius = min(self.MAX_STEP, 2 * self.radius)
        elif self.X0 is None:
            return  # nowhere to go back to
        else:
            self.radius /= 2
        d = self.direction(self.g0)
        length = float(d.norm()) / math.sqrt(X.numel())
        if not self.pairs or length > self.radius:  # without pairs the scale of H is not known yet
            d = d * (self.radius / max(length, 1e-30))
        self.d = d
        self.X.copy_(self.X0 + self.image(d))
        self.X1 = self.X.detach().clone()

    @torch.no_grad()
    def restore_best(self, loss):
        """End a run: where ``loss``, that of the last step's ``X``, is not near the lowest, return to that picture."""
        if self.best is not None and not loss <= 1.1 * self.loss:
            self.X.copy_(self.best)
            self.X1 = self.best.clone()
            self.d.zero_()  # no step led from X0 to this picture: its pair would be false

    def add_pair(self, s, y):
        curvature = float(s @ y)
        if curvature > 1e-8 * s.norm() * y.norm():  # only such pairs keep H positive definite
            self.pairs = [*self.pairs, (s, y, curvature)][-self.HISTORY :]
            power = torch.stack([self.power(s), self.power(y)])
            power_sums = power / power[1].sum()  # every pair counts alike, however large its change
            if self.power_sums is not None:
                power_sums += self.DECAY * self.power_sums
            self.power_sums = power_sums
            self.update_h0(power[1])

    def update_h0(self, power):
        """Set ``h0``, √γ S, from ``power_sums`` and the power of the newest y."""
        s, y = self.power_sums
        weights = (s / y.clamp_min(1e-6 * y.max())).sqrt()
        weights *= (self.pairs[-1][2] / (weights * power).sum()).sqrt()
        self.h0 = weights.gather(1, self.band).flatten()

    def power(self, spectrum):
        """The power of a spectrum, by color and band, ``(colors, bands)``."""
        return spectrum.new_zeros(3, self.BANDS).scatter_add_(1, self.band, spectrum.square().view(3, -1))

    def spectrum(self, x):
        """The Fourier transform of the image ``x`` by color, flat and real, so scaled that ``|spectrum(x)| = |x|``."""
        x = (self.colors @ x.view(3, -1)).view(self.X.shape[1:])
        return torch.view_as_real(torch.fft.rfft2(x, norm="ortho") * self.scale).flatten()

    def image(self, spectrum):
        """The image ``(1, 3, h, w)`` with this spectrum."""
        height, width = self.X.shape[-2:]
        x = torch.view_as_complex(spectrum.view(3, height, -1, 2)) * self.unscale
        x = torch.fft.irfft2(x, s=(height, width), norm="ortho")
        return (self.colors.T @ x.view(3, -1)).view(self.X.shape)

    def direction(self, g):
        """-H g, by the two-loop recursion."""
        q, alphas = g.clone(), []
        for s, y, curvature in reversed(self.pairs):
            alphas.append(float(s @ q) / curvature)
            q.sub_(y, alpha=alphas[-1])
        d = self.h0 * q
        for s, y, curvature in self.pairs:
            d.add_(s, alpha=alphas.pop() - float(y @ d) / curvature)
        return -d

    def state_dict(self):
        """All it knows, as a flat dict of tensors and numbers. The picture itself is among it, as ``X1``."""
        state = {"X1": self.X1, "radius": self.radius}
        if self.X0 is not None:
            state |= {"X0": self.X0, "g0": self.g0, "d": self.d, "best": self.best, "loss": self.loss}
        if self.pairs:
            s, y, _ = zip(*self.pairs)
            state |= {"s": torch.stack(s), "y": torch.stack(y), "seen": self.power_sums}
        return state

    def load_state_dict(self, state):
        """Take over what ``state_dict`` gave, onto the device and into the precision of ``X``."""
        state = {name: v.to(self.X, copy=True) if isinstance(v, torch.Tensor) else v for name, v in state.items()}
        self.X1, self.radius = state["X1"], state["radius"]
        if "X0" not in state:  # before the first step
            return
        self.X0, self.g0, self.d, self.best = (state[name] for name in ("X0", "g0", "d", "best"))
        self.loss = state["loss"]
        # Copies, because sums over memory that begins elsewhere round differently
        pairs = [(s.clone(), y.clone()) for s, y in zip(state.get("s", ()), state.get("y", ()))]
        self.pairs = [(s, y, float(s @ y)) for s, y in pairs]
        if self.pairs:
            self.power_sums = state["seen"]
            self.update_h0(self.power(self.pairs[-1][1]))
