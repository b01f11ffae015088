"""Notebook 06: a run in a file, so that it survives a dead kernel."""

import contextlib
import hashlib
import json
import os
import time
import warnings
from dataclasses import asdict

import torch
from safetensors import safe_open
from safetensors.torch import save

from .composite import CompositeImage
from .files import atomic_write, full_path
from .lbfgs import LBFGS
from .settings import Settings, shortened
from .state import State
from .validation import printable, short_repr

EVERY, SHARE = 5, 0.03  # seconds between two writings, at least, and the share of the time that they may take
ENTRY, SUM = "nst_helpers run", "checksum"  # in the header of our files
COUNTS = ("step", "last_good_step", "level")


class Checkpoint:
    """The file of one run. A run is known by its network, its two images, its settings and ``coarse_first``.

    ``pack()`` returns the run as ``(tensors, about)``; ``build(tensors, about)`` makes it again. A run that
    ``NST_QUICK`` shortens has a file of its own, which is removed when the run is finished.
    """

    def __init__(self, path, net, content_X, style_X, settings, coarse_first=False):
        taken = shortened(settings)
        self.path, self.short = full_path(path), taken != settings
        self.due, self.failed = 0.0, ""
        if self.short:
            self.path = self.path.with_name(f"{self.path.stem}.quick{self.path.suffix}")
        images = {"content image": _hash(content_X), "style image": _hash(style_X)}
        self.run = {**images, "network": _hash(*net.parameters()), "coarse_first": coarse_first, **_plain(taken)}

    def read(self, build):
        """The run in the file, or ``None`` without a file. ``ValueError`` if the file holds another run."""
        if not os.path.exists(self.path):  # noqa: PTH110 (as in read_file)
            return None

        def with_its_run(tensors, about):
            return dict(about["run"]), int(about["step"]), build(tensors, about)

        run, step, built = read_file(self.path, with_its_run)
        if not self.run["coarse_first"] and self.run["num_epochs"] >= step:
            run["num_epochs"] = self.run["num_epochs"]  # at one size, a run can be made longer
        for name, value in self.run.items():
            if run.get(name) != value:
                values = f" ({short_repr(run.get(name))}, not {short_repr(value)})"
                what = name + values * (name in Settings.__dataclass_fields__)
                raise ValueError(
                    f"{self.path} holds a run with another {what}: delete it, or give this run another name"
                )
        return built

    def write_if_due(self, pack):
        """Write the run, if the next writing is due."""
        if time.monotonic() >= self.due:
            self.write(pack)

    def finish(self, pack, finished):
        """Write the run for the last time."""
        if finished and self.short:
            with contextlib.suppress(OSError):  # on a full disk it was never there
                self.path.unlink()
        else:
            self.write(pack)

    def write(self, pack):
        """Write the run now. If that fails, it is only a warning: the run goes on."""
        start = time.monotonic()
        try:
            tensors, about = pack()
            write_file(self.path, tensors, {**about, "run": self.run})
            self.failed = ""
        except (OSError, MemoryError) as error:
            before, self.failed = self.failed, str(error) or "no memory is left"
            if self.failed != before:  # once, not every few seconds
                warnings.warn(f"the run goes on without a checkpoint: {self.failed}", stacklevel=2)
        self.due = time.monotonic() + max(EVERY, (time.monotonic() - start) / SHARE)


def write_file(path, tensors, about):
    """Write tensors, and ``about`` as JSON, to one safetensors file, whole or not at all. Returns its path."""
    path, about = full_path(path), json.dumps(about)
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    data = save(tensors, {ENTRY: about, SUM: _checksum(tensors, about)})
    with atomic_write(path) as file:
        file.write(data)
    return path


def read_file(path, build):
    """``build(tensors, about)`` of what ``write_file`` wrote. Raises ``OSError`` or ``ValueError``, naming the file."""
    path = full_path(path)
    name = printable(path, 300)
    if os.path.isdir(path):  # noqa: PTH112 (False, not an error, for a name that is too long)
        raise IsADirectoryError(f"{name} is a folder: give the path of a file")
    if not os.path.isfile(path):  # noqa: PTH113
        raise FileNotFoundError(f"there is no file {name}")
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
        if header[SUM] != _checksum(tensors, header[ENTRY]):
            raise ValueError("its checksum is wrong")
        return build(tensors, json.loads(header[ENTRY]))
    except PermissionError as error:
        raise PermissionError(f"{name} cannot be read: you have no permission to open it") from error
    except Exception as error:  # anybody's file: reading and building may raise nearly anything
        raise ValueError(
            f"{name} holds no run for this function, or it is damaged: Run.load and train read what Run.save and train "
            f"wrote, stylize reads what stylize wrote ({error!s:.120})"
        ) from error


def packed(state):
    """A ``State`` as ``(tensors, about)``."""
    X = state.composite.weight
    about = {name: getattr(state, name) for name in COUNTS} | {"settings": None, "adam": None}
    known = {}
    if state.settings:
        about["settings"] = _plain(state.settings)
        if state.scheduler:
            about["adam"] = [
                state.scheduler.base_lrs[0],
                state.trainer.param_groups[0]["lr"],
                state.scheduler.last_epoch,
            ]
            known = state.trainer.state.get(X, {})
        else:
            known = state.trainer.state_dict()
    about["numbers"] = {name: value for name, value in known.items() if not torch.is_tensor(value)}
    kept = {f"trainer {name}": value for name, value in known.items() if torch.is_tensor(value)}
    return {"composite": X, "last_good": state.last_good, **kept}, about


def unpacked(tensors, about, device="cpu"):
    """The ``State`` that ``packed`` took apart, on ``device``; a copy, which shares no tensors with the old one."""
    tensors = {name: tensor.detach().to(device, copy=True) for name, tensor in tensors.items()}
    X = tensors["composite"]
    composite = CompositeImage(X.shape).to(X)
    composite.weight.data.copy_(X)
    state = State(composite, last_good=tensors["last_good"].reshape(X.shape))
    for name in COUNTS:
        setattr(state, name, int(about[name]))
    if about["settings"]:
        state.settings = Settings(**about["settings"])
        known = {name.removeprefix("trainer "): value for name, value in tensors.items() if name.startswith("trainer ")}
        known |= about["numbers"]
        if about["adam"]:
            base_lr, lr, steps = about["adam"]
            state.use_adam(base_lr, state.settings.lr_decay_epoch)
            state.trainer.param_groups[0]["lr"], state.scheduler.last_epoch = lr, steps
            if known:
                state.trainer.load_state_dict({**state.trainer.state_dict(), "state": {0: known}})
        else:
            state.trainer = LBFGS(composite.weight)
            state.trainer.load_state_dict(known)
    return state


def _plain(settings):
    """Settings as JSON gives them back: lists, not tuples."""
    return json.loads(json.dumps(asdict(settings)))


def _checksum(tensors, about):
    return _hash(*[tensors[name] for name in sorted(tensors)], text=f"{about} {sorted(tensors)}")


def _hash(*tensors, text=""):
    digest = hashlib.blake2b(text.encode(), digest_size=12)
    for tensor in tensors:
        digest.update(f"{tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().numpy())
    return digest.hexdigest()
