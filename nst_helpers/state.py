"""Notebook 06: what a run needs to go on where it stopped."""

from dataclasses import dataclass, field

import torch

from .composite import CompositeImage
from .interrupts import defer_interrupts
from .lbfgs import LBFGS
from .settings import Settings
from .validation import short_repr

NOT_IN_LOSS = ("num_epochs", "lr", "lr_decay_epoch", "start", "seed")


@dataclass
class State:
    """What a run needs to continue where it stopped: hand it to ``optimize`` again.

    However a run ends (interrupt, error, out of memory), ``composite`` is the picture after ``step`` whole steps.
    """

    composite: CompositeImage = None
    trainer: object = None
    scheduler: object = None
    step: int = 0
    settings: Settings = field(default=None, repr=False)
    last_good: torch.Tensor = field(default=None, repr=False)  # the composite whose loss was last seen finite
    last_good_step: int = 0
    level: int = 0  # which of the sizes of ``coarse_to_fine``

    def begin(self, composite, level=0):
        """Start anew from this composite, at this size."""
        last_good = composite.weight.detach().clone()
        with defer_interrupts():
            self.composite, self.last_good, self.level = composite, last_good, level
            self.trainer = self.scheduler = self.settings = None
            self.step = self.last_good_step = 0

    def prepare(self, settings):
        """The optimizer for these settings: the old one where it fits, because it remembers earlier gradients."""
        before, X = self.settings, self.composite.weight
        # Gradients of another loss would mislead an optimizer that remembers them
        others = {name: getattr(settings, name) for name in NOT_IN_LOSS}
        same_loss = before is not None and settings == before.but(**others)
        with defer_interrupts():
            if settings.optimizer == "adam":
                if before is None or before.optimizer != "adam":
                    self.use_adam(settings.lr, settings.lr_decay_epoch)
                elif not same_loss:
                    self.trainer.state.clear()
                self.scheduler.step_size = settings.lr_decay_epoch
                if settings.lr != self.scheduler.base_lrs[0]:
                    self.scheduler.base_lrs = [settings.lr]
                    self.trainer.param_groups[0]["lr"] = settings.lr
            elif not same_loss or not self.trainer.holds(X):
                self.trainer, self.scheduler = LBFGS(X), None
            self.settings = settings

    def use_adam(self, lr, decay):
        self.trainer = torch.optim.Adam([self.composite.weight], lr=lr)
        self.scheduler = torch.optim.lr_scheduler.StepLR(self.trainer, decay, 0.8)


def check_state(state):
    """``state``, or a new one for ``None``. ``ValueError`` for anything else."""
    if state is not None and not isinstance(state, State):
        raise ValueError(f"state must be a State(), which is kept up to date; it is {short_repr(state)}")
    return State() if state is None else state
