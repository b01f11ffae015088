"""Notebook 07: the studio. Every choice of a run on a control, the picture while it is painted, runs kept."""

import functools
import io
import random
import time
from dataclasses import dataclass, field, replace

import ipywidgets as W
from PIL import Image

from ..composite import CompositeImage, initialize
from ..features import check_layers
from ..preprocessing import fit_shape, postprocess, preprocess
from ..settings import Settings
from ..training import DivergedError, State, optimize
from ..weights import imagenet_path
from .panel import DEFAULT, LAYERS, OWN, Panel
from .parts import (
    Worker,
    animation,
    box,
    close_children,
    contact_sheet,
    data_url,
    grey,
    jpeg,
    loss_chart,
    message,
    network,
    sentence,
    shrunk,
    take_over_cell,
    thumbnail,
    wipe,
    with_still,
)

FRAME = 1 / 15  # seconds between pictures, at least
CHART = 0.4  # seconds between charts, at least
DEBOUNCE = 0.12  # seconds of quiet after a control moved
SNAPSHOTS, RUNS, BIG = 40, 8, 480  # kept a run; runs kept; longer side of a kept snapshot, in pixels
RESTART = ("content", "style", "size", "style_scale", "start", "seed", "weights")  # the rest only steers a run


@dataclass
class Run:
    """One run of the studio: what was chosen, the picture, the losses, pictures on the way.

    ``history``: rows ``(step, content, style, tv, total)``; ``snapshots``: ``(step, PIL image)``, at most 40, the
    start first. ``finished``: whether all steps were taken. ``changed``: whether controls moved while it ran,
    so that its settings alone do not make its picture again.
    """

    number: int
    choices: dict
    settings: Settings
    image: Image.Image
    history: list = field(default_factory=list, repr=False)
    snapshots: list = field(default_factory=list, repr=False)
    seconds: float = 0.0
    finished: bool = False
    changed: bool = False
    state: State = field(default=None, repr=False)
    inputs: tuple = field(default=(), repr=False)  # net, content_X, style_X
    every: int = 1  # steps between snapshots

    @property
    def step(self):
        return self.history[-1][0] if self.history else 0

    @property
    def caption(self):
        names = [self.choices[role]["name"] for role in ("content", "style")]
        return f"#{self.number} · {names[0]} × {names[1]} · step {self.step}"

    def add(self, step):
        """Take one step's losses, and a snapshot where one is due."""
        if not self.history:
            self.snapshots.append((0, self.image))
        self.history.append((step.step, *step[2:6]))
        if step.step % self.every == 0:
            self.snapshots.append((step.step, _small(postprocess(step.X))))
            if len(self.snapshots) >= SNAPSHOTS:  # keep every second one
                self.snapshots, self.every = self.snapshots[::2], 2 * self.every

    def cut(self, step):
        """Forget what came after ``step``."""
        self.history = [row for row in self.history if row[0] <= step]
        self.snapshots = [shot for shot in self.snapshots if shot[0] <= step]

    def kept(self):
        """A copy to keep: without the optimiser's memory, which may be large."""
        shots = [shot for shot in self.snapshots if shot[0] != self.step] + [(self.step, self.image)]
        return replace(self, history=list(self.history), snapshots=shots, state=None, inputs=())


def _small(img):
    if max(img.size) > BIG:
        img = img.copy()
        img.thumbnail((BIG, BIG))
    return img


class Studio(Panel):
    """Every choice of a run on a control, with the picture painted beside them; made by ``studio``.

    ``set(name=value)`` moves controls, ``run()``, ``stop()``, ``resume()`` and ``reset()`` are the buttons,
    ``wait()`` waits for the run. All give the studio back. ``image`` is the present picture, ``history`` its
    losses, ``runs`` the kept ``Run``s, ``settings`` the controls as ``Settings``, ``error`` the last exception.
    """

    def __init__(self, content="cat", style="starry_harbour", weights="embedded", **settings):
        self.error, self.job, self.runs, self.selected, self._numbers = None, None, [], None, 0
        self._peek = 0.0  # until when a scrubbed picture stays
        super().__init__()
        self.worker = Worker(self._serve, self._fail)
        try:
            with self._silent():
                self._apply({"weights": weights, "preset": DEFAULT, "content": content, "style": style, **settings})
        except Exception:
            self.close()
            raise
        self._first = self.choices()
        self._show_start()
        take_over_cell(self)

    # ------------------------------------------------------------------ buttons

    def _ask(self):
        """A control moved: steer the run that goes, or start one if the studio is to answer at once."""
        going = self.worker.busy or self.worker.request is not None
        if going or self.controls["at_once"].value:
            kind = "steer" if going and self.worker.request != "run" else "run"
            self.worker.ask(kind, DEBOUNCE)

    def run(self):
        """Start anew with the present choices."""
        self.worker.ask("run")
        return self

    def stop(self):
        """End the run after its present step; its picture and losses are kept."""
        self.worker.stop()
        return self

    def resume(self):
        """Go on from the present picture: to the end of a stopped run, or for as many steps again."""
        self.worker.ask("resume")
        return self

    def reset(self):
        """End the run and put all controls back to where they were at first. Kept runs stay."""
        self.worker.stop()
        self.job, self.error = None, None
        with self._silent():
            for role in ("content", "style"):
                self.controls[f"{role}_path"].value = ""
            self._load_first()
        self._show_start()
        return self

    def _load_first(self):
        first = self._first
        self._apply({role: first[role]["name"] for role in ("content", "style")} | {"preset": DEFAULT} |
                    {name: first[name] for name in ("weights", "size", "style_scale")})  # fmt: skip
        self._apply(first["settings"])

    def surprise(self, seed=None):
        """Pictures, layers, weights and start by chance, within what usually looks well; then run."""
        dice = random.Random(seed)
        names = {role: [name for _, name in self.controls[role].options] for role in ("content", "style")}
        styles = dice.sample([layer for layer in LAYERS if layer[0] in "1234"], dice.randint(2, 6))
        values = {role: dice.choice(names[role]) for role in names} | {
            "style_layers": tuple(f"relu{layer}" for layer in sorted(styles)),
            "content_layers": (f"relu{dice.choice([layer for layer in LAYERS if layer[0] in '34'])}",),
            "style_layer_weights": tuple(round(dice.uniform(0.3, 3), 1) for _ in styles),
            "start": dice.choice(("content", "content", "blend", "noise")),
            "seed": dice.randrange(1000),
            "balance": round(dice.uniform(-0.7, 1.0), 2),
            "content_weight": self._base["content_weight"],
            "tv_weight": self._base["tv_weight"] * 10 ** dice.uniform(-0.5, 0.5),
        }
        with self._silent():
            self._apply(values)
            self.controls["preset"].value = OWN
        return self.run()

    def restore(self, run=None):
        """Put the choices of a ``Run``, default the one chosen in the filmstrip, back on the controls."""
        run = run or self._chosen_run()
        if not run:
            raise ValueError("there is no run to restore yet: press Run first")
        self._load(run.choices)
        return self

    def wait(self, timeout=60):
        """Block until nothing runs. ``TimeoutError`` after ``timeout`` seconds; a run's own error is in ``error``."""
        self.worker.wait(timeout)
        return self

    def close(self):
        """End the worker and take the panel off the page."""
        if hasattr(self, "worker"):
            self.worker.close()
        close_children(self, *self._rows.values())
        super().close()

    # ------------------------------------------------------------------ the worker's side

    def _serve(self, kind):
        """Run, steer or resume, in the worker's thread, until done or interrupted."""
        going = self.job is not None and not self.job.finished and kind == "steer"
        try:
            job = self._prepare(kind)
            if not self._sticky:
                self._say("")
            self._sticky = False
        except Exception as error:
            self._fail(error)
            if not going:
                if self.job:
                    self._progress(self.job, "finished" if self.job.finished else "stopped")
                return
            job = self.job  # goes on as it was
        if job is not None:
            self._paint(job)

    def _prepare(self, kind):
        """The run to go on with, under the present choices. Raises what ``Settings`` and ``optimize`` would."""
        choices, settings, job = self.choices(), self.settings, self.job
        images = {role: self._image(role) for role in ("content", "style")}
        key = tuple(str(choices.get(name, settings.__dict__.get(name))) for name in RESTART)
        if kind == "run" or job is None or job.inputs[-1] != key:
            net = self._net(choices["weights"])
            sizes = {"content": choices["size"], "style": round(choices["size"] * choices["style_scale"])}
            device = net[0].weight.device
            inputs = [preprocess(images[role], fit_shape(images[role], sizes[role])).to(device) for role in images]
            self._check(net, inputs, settings)
            start = CompositeImage(inputs[0].shape).to(device)
            initialize(start, settings.start, *inputs, seed=settings.seed)
            self._numbers += 1
            job = Run(self._numbers, choices, settings, postprocess(start.weight), state=State(),
                      inputs=(net, *inputs, key))  # fmt: skip
            if self.worker.stopping.is_set():  # by Stop or Reset, in the meantime
                return None
            self.job = job
            self.picture.value = jpeg(job.image)  # an answer at once; the first step comes a moment later
            self.status.value = f"step 0 of {settings.num_epochs} · …"
            return job
        self._check(job.inputs[0], job.inputs[1:3], settings)
        same = settings.but(num_epochs=1) == job.settings.but(num_epochs=1)
        asked, goal, step = job.choices["settings"]["num_epochs"], job.settings.num_epochs, job.state.step
        if kind == "steer" and same and settings.num_epochs == asked:
            return None if job.finished else job
        if settings.num_epochs != asked:
            goal = max(step, settings.num_epochs)
        if not same or (goal <= step and kind == "resume"):  # every answer deserves its steps
            goal = step + settings.num_epochs
        if job.finished:
            self._numbers += 1
            job.number = self._numbers
        job.settings, job.choices, job.finished = settings.but(num_epochs=goal), choices, False
        job.changed = job.changed or not same
        return job

    def _check(self, net, Xs, settings):
        for X in Xs:
            check_layers(net, X, settings.content_layers, settings.style_layers)

    def _net(self, source):
        """The network of a source. One that cannot be had leaves the menu where it was."""
        if source not in self.nets:
            if source == "imagenet" and not imagenet_path().is_file():
                self._say("Fetching ImageNet's weights, 548 MB, once …")
            try:
                self.nets[source] = network(source)
            except Exception:
                with self._silent():
                    self._apply({"weights": self._source})
                raise
        self._source = source
        return self.nets[source]

    _source, _sticky = "embedded", False

    def _paint(self, job):
        """Step after step, the picture shown at a bounded rate and always at the end."""
        started, before, first = time.monotonic(), job.seconds, job.state.step
        next_frame = next_chart = warm = 0.0
        self.worker.share_cores(job.inputs[1])
        with self._silent():
            self._peek = 0.0
            try:
                for step in optimize(*job.inputs[:3], job.settings, job.state):
                    job.add(step)
                    now = time.monotonic()
                    if step.step == first + 1:
                        warm = now
                    job.seconds = before + now - started
                    if step.note:
                        self._say(step.note)
                    if self.job is job and now >= next_frame and now >= self._peek:
                        job.image = postprocess(step.X)
                        self.picture.value = jpeg(job.image)
                        each = (now - warm) / max(1, step.step - first - 1)
                        self._progress(job, f"{each * (step.num_epochs - step.step):.1f} s left"
                                       if now > warm else "…")  # fmt: skip
                        if now >= next_chart:
                            self._chart(job)
                            next_chart = now + CHART
                        spent = time.monotonic() - now
                        next_frame = now + max(FRAME, 4 * spent)
                    if self.worker.interrupted():
                        break
            except Exception as error:  # said, and the picture so far is kept
                if isinstance(error, DivergedError):
                    job.cut(error.last_good_step)
                self._fail(error)
            job.finished = job.state.step >= job.settings.num_epochs
            if job.state.composite is not None:
                job.image = postprocess(job.state.composite.weight)
            if self.job is not job or self.worker.closed:  # reset
                return
            self.picture.value = jpeg(job.image)
            self._progress(job, f"{job.seconds:.1f} s" + ("" if job.finished else ", stopped"))
            self._chart(job)
            if job.history and (job.finished or self.worker.request is None):
                self._keep(job.kept())

    def _keep(self, run):
        """Put a run into the filmstrip, in place of what it went on from."""
        self.runs = [*[old for old in self.runs if old.number != run.number], run][-RUNS:]
        self._films_changed()
        self.select(run)

    # ------------------------------------------------------------------ showing

    def _fail(self, error):
        self.error = error
        self.message.value = message(sentence(error), alert=True)

    def _say(self, text):
        self.error = None
        self.message.value = message(text)

    def _progress(self, job, left):
        self.progress.value = job.state.step / job.settings.num_epochs
        self.status.value = f"step {job.state.step} of {job.settings.num_epochs} · {left}"

    def _chart(self, run):
        self.chart.value = loss_chart(run.history, run.settings.num_epochs)

    def _show_start(self):
        """The panel before a run: the content picture."""
        self.picture.value = jpeg(shrunk(self._image("content"), 992, 660))
        self.progress.value, self.status.value, self.chart.value = (
            0.0,
            "press Run, or move anything",
            loss_chart([], 100),
        )
        self._say("")

    def _films_changed(self):
        """A picture to press for each kept run; empty places keep the strip's height."""
        rules, slots = [], []
        for i in range(RUNS):
            run = self.runs[i] if i < len(self.runs) else None
            button = W.Button(layout=box(116, 70), disabled=run is None)
            button.add_class("nst-film")
            caption = "" if i or run else "kept runs"
            if run:
                button.add_class(f"nst-film-{run.number}")
                button.tooltip = f"{run.caption}\n{_described(run)}"
                button.on_click(functools.partial(self._pressed, functools.partial(self.select, run)))
                url = data_url(jpeg(thumbnail(run.image, 116, 70), 80), "image/jpeg")
                rules.append(f".nst-{self.model_id} .nst-film-{run.number}{{background-image:url({url})}}")
                caption = f"#{run.number} · {run.step} steps{'' if run.finished else ' ■'}"
            slots.append(
                W.VBox(
                    [button, W.HTML(grey(caption), layout=box(116, 20, overflow="hidden"))], layout={"flex": "0 0 auto"}
                )
            )
        self.film_style.value = f"<style>{''.join(rules)}</style>"
        self.film.children = slots
        if not self.runs:
            return
        numbers = [run.number for run in self.runs]
        with self._silent():
            for side, newest in ((self.a, numbers[-2:][0]), (self.b, numbers[-1])):
                chosen = side.value if side in self._pinned and side.value in numbers else newest
                side.options = [(run.caption, run.number) for run in self.runs]
                side.value = chosen
        self._show_wipe()

    def _chosen_run(self):
        return next((run for run in self.runs if run.number == self.selected), None)

    def select(self, run):
        """Choose a kept ``Run`` (or its place in ``runs``): its picture, losses, steps and downloads are shown."""
        run = self.runs[run] if isinstance(run, int) else run
        self.selected = run.number
        for slot, kept in zip(self.film.children, self.runs):
            (slot.children[0].add_class if kept is run else slot.children[0].remove_class)("nst-chosen")
        with self._silent():
            self.scrub.options = [(str(step), i) for i, (step, _) in enumerate(run.snapshots)]
            self.scrub.value = len(run.snapshots) - 1
        self._peek = time.monotonic() + 2
        self.picture.value = jpeg(run.image)
        self._chart(run)
        self._links()
        return self

    def _links(self, animation=None):
        run = self._chosen_run()
        files = [
            ("picture (PNG)", f"run-{run.number}.png", "image/png", self.png(run)),
            ("settings (JSON)", f"run-{run.number}.json", "application/json", self.to_json(run).encode()),
        ]
        if animation:
            files.append(("animation (WebP)", f"run-{run.number}.webp", "image/webp", animation))
        links = [f'<a download="{name}" href="{data_url(data, kind)}">{label}</a>' for label, name, kind, data in files]
        self.links.value = f"⤓ #{run.number}: {''.join(links)}"

    # ------------------------------------------------------------------ results

    @property
    def image(self):
        """The present picture, a PIL image; the content picture before the first run."""
        return self.job.image if self.job else self._image("content")

    @property
    def history(self):
        """The present run's losses: a list of ``(step, content, style, tv, total)``, weighted."""
        return list(self.job.history) if self.job else []

    def compare(self, a=-2, b=-1, at=0.5):
        """Run ``a`` left of ``at`` (0 to 1) and run ``b`` right of it, as one PIL image.

        ``a``, ``b``: places in ``runs``, or ``Run``s. Raises ``ValueError`` where there is no such run.
        """
        try:
            a, b = (self.runs[run] if isinstance(run, int) else run for run in (a, b))
        except IndexError:
            raise ValueError(f"there are {len(self.runs)} kept runs to compare; these are runs {a} and {b}") from None
        return wipe(a.image, b.image, at)

    def png(self, run=None):
        """PNG bytes of a ``Run``'s picture, default the present one."""
        buffer = io.BytesIO()
        (run.image if run else self.image).save(buffer, "png")
        return buffer.getvalue()

    def webp(self, run=None):
        """Animated WebP bytes of a ``Run``, default the newest, from its start to its end."""
        run = run or (self.runs[-1] if self.runs else None)
        if not run:
            raise ValueError("there is no run to animate yet: press Run first")
        return animation([_small(img) for _, img in run.snapshots])

    def _repr_mimebundle_(self, **kwargs):
        titles = ["content", "style", f"step {self.job.step}" if self.job else ""]
        shown = [self._image("content"), self._image("style"), *([self.image] if self.job else [])]
        return with_still(super()._repr_mimebundle_(**kwargs), contact_sheet([shown], titles, 200))


def studio(content="cat", style="starry_harbour", weights="embedded", **settings):
    """The studio: every choice of a run on a control, and the picture while it is painted. A ``Studio``.

    ``content``, ``style``: a sample's name, a path or a PIL image. ``weights``: ``embedded``, ``random``,
    ``imagenet``, a weights file or a network. ``settings``: any control by name, as in ``Studio.set``.
    """
    return Studio(content, style, weights, **settings)


def _described(run):
    s = run.settings
    return (
        f"content {', '.join(map(str, s.content_layers))}; style {', '.join(map(str, s.style_layers))}; "
        f"weights {s.content_weight:g}, {s.style_weight:g}, {s.tv_weight:g}; {s.optimizer}, {run.choices['size']} px, "
        f"{run.choices['weights']}, {run.seconds:.1f} s{', controls moved on the way' if run.changed else ''}"
    )
