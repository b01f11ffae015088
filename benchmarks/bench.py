"""make bench: speed and memory against the published program and the bare arithmetic, as ratios within one run.

    python benchmarks/bench.py            everything; writes benchmarks/RESULTS.md (about 50 minutes on two cores)
    python benchmarks/bench.py --only 1   only this section, or these; the others stay in RESULTS.md as they are
    python benchmarks/bench.py --quick    only checks that it runs, in under two minutes; writes nothing

Absolute times belong to the machine named in the table; only the ratios carry over to others.
"""

import argparse
import datetime
import os
import platform
import random
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

import torch
from PIL import Image, ImageDraw

import many
import nst_helpers
from nst_helpers import (
    PUBLISHED,
    FastObjective,
    PainterState,
    fit_shape,
    learn_painter,
    load_painter,
    load_vgg19,
    optimize,
    preprocess,
    sample,
    stylize,
)
from nst_helpers.clips import still
from nst_helpers.features import best_precision
from nst_helpers.painter import BASE, STYLE_SIZE
from nst_helpers.painter_training import STYLE_WEIGHT, TV_WEIGHT
from published import Published

NETS = {"embedded": "embedded", "full width": "random"}
PHOTO, PAINTING = "rocket", "autumn_wood"
PAIRS = (  # of different kinds: fine texture, strong colors in flat fields, black and white, a calm print
    (PHOTO, PAINTING),
    ("coffee", "stained_glass"),
    ("cat", "charcoal_street"),
    ("mountain_lake", "woodblock_wave"),
)
CASES = (  # network, size, pairs; full width at 300×450 takes ten minutes for each pair
    ("embedded", (150, 225), PAIRS),
    ("embedded", (300, 450), PAIRS),
    ("full width", (150, 225), PAIRS),
    ("full width", (300, 450), PAIRS[:1]),
)
HELD_OUT = ("cat", "coffee")  # photographs that the painter of section 8 has not seen
DEVICES = ["cpu"] + ["cuda"] * torch.cuda.is_available()


def pair(shape, device="cpu"):
    return [preprocess(sample(name), shape).to(device) for name in (PHOTO, PAINTING)]


def ours(name, device="cpu"):
    return load_vgg19(NETS[name], device, verbose=False)


def theirs(name, device="cpu"):
    """The published program on the same network: ReLUs in place, weights trainable, the plain layout."""
    net = load_vgg19(NETS[name], device, relu_in_place=True, verbose=False).requires_grad_(True)
    return Published(net.to(memory_format=torch.contiguous_format))


def now(device):
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def seconds(steps, device="cpu"):
    """The time of every step of a generator; the first, which warms up, is left out."""
    marks = [now(device) for _ in steps]
    return [b - a for a, b in zip(marks, marks[1:])]


def until_published_loss(name, names, shape, epochs, device):
    """Seconds of the published run, and ours until its loss: (published, their loss, ours, our steps).

    The published loss is that of our float32 Adam, which takes the same steps (tests/test_parity.py). The times of a
    step are medians of steps taken in turns, so that a machine that is busy for a while is busy for both.
    """
    images = [preprocess(sample(name), shape).to(device) for name in names]
    net, settings = ours(name, device), PUBLISHED.but(num_epochs=epochs)
    exact = FastObjective(net, *images, settings.but(precision="float32"))

    def judge(X):
        with torch.no_grad():
            return float(sum(exact(X)))

    for step in optimize(net, *images, settings, precision="float32"):
        final = step.X
    goal, lbfgs = judge(final), settings.but(optimizer="lbfgs", num_epochs=2 * epochs)
    for step in optimize(net, *images, lbfgs):
        if judge(step.X) <= goal:
            break
    else:
        step = step._replace(step=float("nan"))
    timed = theirs(name, device).train(images[0], *images, 0.3, epochs, 50), optimize(net, *images, lbfgs)
    marks = [], []
    for _ in range(min(20, epochs)):
        for run, times in zip(timed, marks):
            start = now(device)
            next(run)
            times.append(now(device) - start)
    them, us = (statistics.median(times[1:]) for times in marks)  # the first steps warm up
    return epochs * them, goal, step.step * us, step.step


def over_the_floor(name, shape, precision, steps, device):
    """Seconds of one of our steps, and of its convolutions alone, forward and backward to the input."""
    content_X, style_X = pair(shape, device)
    net = ours(name, device)
    step = min(seconds(optimize(net, content_X, style_X, PUBLISHED.but(num_epochs=steps, precision=precision)), device))
    dtype, floor, X = getattr(torch, precision), 0.0, content_X
    for layer in list(net)[:29]:
        if isinstance(layer, torch.nn.Conv2d):
            conv = torch.nn.Conv2d(layer.in_channels, layer.out_channels, 3, padding=1, device=device)
            conv = conv.requires_grad_(False).to(dtype=dtype, memory_format=torch.channels_last)
            x = torch.randn(X.shape, device=device).to(dtype, memory_format=torch.channels_last).requires_grad_()
            slope = torch.randn(1, layer.out_channels, *X.shape[-2:], device=device)
            slope = slope.to(dtype, memory_format=torch.channels_last)
            times = []
            for _ in range(steps):
                start = now(device)
                torch.autograd.grad(conv(x), x, slope)
                times.append(now(device) - start)
            floor += min(times)
        with torch.no_grad():
            X = layer(X)
    return step, floor


def peak(what, name, shape, precision, checkpointing):
    """Peak memory of a few steps in MB above what this process held before them, and seconds per step."""
    content_X, style_X = pair(shape)
    count = 24 if what == "lbfgs" else 4  # until its history of twenty steps is full
    if what == "published":
        steps = theirs(name).train(content_X, content_X, style_X, 0.3, count, 50)
    else:
        nst_helpers.fast_objective.CHECKPOINTING = checkpointing
        settings = PUBLISHED.but(
            num_epochs=count, precision=precision, optimizer="lbfgs" if what == "lbfgs" else "adam"
        )
        steps = optimize(ours(name), content_X, style_X, settings)
    Path("/proc/self/clear_refs").write_text("5")  # reset the peak: it is counted from here
    before, start = resident("VmRSS"), time.perf_counter()
    for _ in steps:
        pass
    spent = time.perf_counter() - start
    return resident("VmHWM") - before, spent / count


def resident(name):
    """MB of this process: VmRSS now, VmHWM at its peak. (The peak that getrusage gives is inherited by children.)"""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) * 1024 / 1e6


def growth(name, shapes, device):
    """Seconds per megapixel of a step, size by size."""
    found = []
    for shape in shapes:
        times = seconds(optimize(ours(name, device), *pair(shape, device), PUBLISHED.but(num_epochs=5)), device)
        found.append(min(times) / (shape[0] * shape[1] / 1e6))
    return found


def latency(epochs, tries, modules=("torch", "nst_helpers")):
    """From images to the first frame and to the last of a preview run, in seconds; import; loading."""
    photo, painting, marks = sample(PHOTO), sample(PAINTING), []
    net, size = ours("embedded"), max(fit_shape(sample(PHOTO), 192))
    for _ in range(3):
        start = time.perf_counter()
        frames = []
        stylize(photo, painting, net, size, optimizer="lbfgs", num_epochs=epochs,
                progress=lambda step, at=frames: at.append(time.perf_counter()))  # fmt: skip
        marks.append((frames[0] - start, frames[-1] - start))
    loads = {}
    for name in NETS:
        start = time.perf_counter()
        ours(name)
        loads[name] = time.perf_counter() - start
    imports = [command_seconds(f"import {name}", tries) for name in modules]
    start = time.perf_counter()
    best_precision("cpu")
    return [min(times) for times in zip(*marks)], loads, imports, time.perf_counter() - start


def command_seconds(code, tries):
    times = []
    for _ in range(tries):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        times.append(time.perf_counter() - start)
    return min(times)


def agreement(name, shape, epochs):
    """Two float32 runs that start one millionth apart, and one in bfloat16: PSNR in dB, and losses in float32."""
    content_X, style_X = pair(shape)
    net = ours(name)
    generator = torch.Generator().manual_seed(0)
    nudge = 1e-6 * torch.randn(content_X.shape, generator=generator)
    runs = [
        list(optimize(net, content_X, style_X, PUBLISHED.but(num_epochs=epochs, precision=precision), start_X=start))[
            -1
        ].X
        for precision, start in [("float32", content_X), ("float32", content_X + nudge), ("bfloat16", content_X)]
    ]
    exact = FastObjective(net, content_X, style_X, PUBLISHED.but(precision="float32"))
    with torch.no_grad():
        losses = [float(sum(exact(X))) for X in runs]
    pixels = [X * nst_helpers.rgb_std.view(3, 1, 1) for X in runs]
    psnr = [-10 * torch.log10(torch.square(other - pixels[0]).mean()).item() for other in pixels[1:]]
    return psnr, losses


def coarse_to_fine(side, epochs):
    """`stylize` at full size only and coarse to fine: seconds, and the loss at full size, computed in float32."""
    net, photo, painting, rows = ours("embedded"), sample(PHOTO), sample(PAINTING), []
    images = preprocess(photo, fit_shape(photo, side)), preprocess(painting, fit_shape(painting, round(1.5 * side)))
    exact = FastObjective(net, *images, net.settings.but(precision="float32"))
    stylize(photo, painting, net, side, num_epochs=1)  # warm up
    for coarse_first in (False, True):
        kept, start = [], time.perf_counter()
        stylize(photo, painting, net, side, coarse_first=coarse_first, num_epochs=epochs, progress=kept.append)
        spent = time.perf_counter() - start
        with torch.no_grad():
            rows.append((coarse_first, spent, float(sum(exact(kept[-1].X)))))
    return rows


def savings(name, shape, steps):
    """From the published step to ours, one change at a time: (label, seconds)."""
    content_X, style_X = pair(shape)
    rows = [("as published", min(seconds(theirs(name).train(content_X, content_X, style_X, 0.3, steps, 50))))]
    frozen = theirs(name)
    frozen.net.requires_grad_(False)
    rows.append(("network frozen", min(seconds(frozen.train(content_X, content_X, style_X, 0.3, steps, 50)))))
    plain = optimize(ours(name), content_X, style_X, PUBLISHED.but(num_epochs=steps), objective="plain")
    rows.append(("plain objective: the network is cut after the last layer", min(seconds(plain))))
    for label, precision in (
        ("fast objective: channels last, in place, one product per Gram gradient", "float32"),
        ("bfloat16", "bfloat16"),
    ):
        run = optimize(ours(name), content_X, style_X, PUBLISHED.but(num_epochs=steps, precision=precision))
        rows.append((label, min(seconds(run))))
    return rows


def until_the_published_loss(quick):
    yield from [
        "## 1. Until the published loss", "",
        "The published program (d2l 14.12, 500 Adam steps at 0.3, decayed every 50) against `optimizer=\"lbfgs\"`, "
        "until its loss is no higher than the published run's (computed in float32, not counted in the time). Times "
        "are the number of steps times the median of 20, taken in turns.", "",
        "| network | size | pair | published | ours | our steps | loss | **ratio** |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]  # fmt: skip
    for device in DEVICES:
        for name, shape, pairs in [("embedded", (64, 96), PAIRS[:1])] if quick else CASES:
            for names in pairs:
                them, goal, us, steps = until_published_loss(name, names, shape, 20 if quick else 500, device)
                yield (
                    f"| {name}{on(device)} | {size(shape)} | {' × '.join(names)} | {them:.0f} s | {us:.1f} s "
                    f"| {steps} | {goal:.3g} | **{them / us:.1f}** |"
                )


def precisions(quick):
    """Those worth timing here: bfloat16 only where the hardware multiplies it natively."""
    return ["float32", "bfloat16"] if quick or best_precision("cpu") == "bfloat16" else ["float32"]


def over_bare_convolutions(quick):
    yield from [
        "", "## 2. A step over its bare convolutions", "",
        "The floor: the same convolutions, forward and backward to the input, and nothing else.", "",
        "| network | size | precision | step | floor | **ratio** |", "| --- | --- | --- | --- | --- | --- |",
    ]  # fmt: skip
    for device in DEVICES:
        for name, shape in [("embedded", (64, 96))] if quick else [(n, (300, 450)) for n in NETS]:
            for precision in precisions(quick):
                step, floor = over_the_floor(name, shape, precision, 4 if quick else 8, device)
                yield (f"| {name}{on(device)} | {size(shape)} | {precision} | {1000 * step:.0f} ms "
                       f"| {1000 * floor:.0f} ms | **{step / floor:.2f}** |")  # fmt: skip
    yield from [
        "", "One change at a time (full width, 300×450):" if not quick else "", "",
        "| step | time | factor |", "| --- | --- | --- |",
    ]  # fmt: skip
    rows = savings(*(("embedded", (64, 96), 3) if quick else ("full width", (300, 450), 6)))
    for (label, spent), (_, before) in zip(rows, rows[:1] + rows):
        yield f"| {label} | {spent:.2f} s | {before / spent:.2f} |"


def memory(quick):
    yield from [
        "", "## 3. Peak memory of a step", "",
        "Above what the process held before. *Computed twice* is activation checkpointing, which `optimize` turns on "
        "when keeping all features would take more than half of the free memory.", "",
        "| network | size | program | memory | seconds per step | published ÷ this |",
        "| --- | --- | --- | --- | --- | --- |",
    ]  # fmt: skip
    shape = (64, 96) if quick else (600, 900)
    for name in ["embedded"] if quick else NETS:
        base, spent = many.fresh(peak, "published", name, shape, "float32", False)
        yield f"| {name} | {size(shape)} | published | {base:.0f} MB | {spent:.1f} | 1 |"
        for precision in ["float32"] if quick else precisions(quick):
            for checkpointing in [True] if quick else (False, True):
                mb, spent = many.fresh(peak, "adam", name, shape, precision, checkpointing)
                how = f"{precision}{', computed twice' * checkpointing}"
                yield f"| {name} | {size(shape)} | {how} | {mb:.0f} MB | {spent:.1f} | {base / max(mb, 1):.1f} |"
        if not quick:
            mb, spent = many.fresh(peak, "lbfgs", name, shape, precisions(quick)[-1], False)
            how = f"{precisions(quick)[-1]}, L-BFGS"
            yield f"| {name} | {size(shape)} | {how} | {mb:.0f} MB | {spent:.1f} | {base / max(mb, 1):.1f} |"
    if not quick:
        yield from largest(precisions(quick)[-1])


def growth_with_size(quick):
    yield from ["", "## 4. Growth with size", "", "Seconds per megapixel of a step, relative to 300×450.", ""]
    shapes = [(48, 72), (64, 96)] if quick else [(150, 225), (300, 450), (600, 900), (1200, 1800)]
    yield from ["| network |" + " | ".join(size(s) for s in shapes) + " |", "| --- |" + " --- |" * len(shapes)]
    for device in DEVICES:
        for name in ["embedded"] if quick else NETS:
            found = growth(name, shapes, device)
            yield f"| {name}{on(device)} | " + " | ".join(f"{f / found[1]:.2f} ({f:.2f} s)" for f in found) + " |"


def waiting(quick):
    (first, last), loads, (torch_s, ours_s), check = latency(*((4, 1, ("json", "json")) if quick else (60, 3)))
    yield from [
        "", "## 5. Waiting", "", "| for | seconds |", "| --- | --- |",
        f"| the first frame of a preview, 192 pixels, embedded | {first:.2f} |",
        f"| its {4 if quick else 60} steps of L-BFGS | {last:.2f} |",
        f"| `import nst_helpers` (of which `import torch`: {torch_s:.1f}) | {ours_s:.1f} |",
        *(f"| loading the {name} network | {spent:.2f} |" for name, spent in loads.items()),
        f"| deciding on bfloat16 | {check:.4f} |",
    ]  # fmt: skip


def bfloat16_against_float32(quick):
    yield from [
        "", "## 6. bfloat16 against float32", "",
        "The same Adam run twice in float32 from starts one millionth apart, and once in bfloat16. PSNR of the picture "
        "against the first; loss judged in float32. Brush strokes are chaotic: the first column says how far "
        "apart two runs end that started practically equal.", "",
        "| network | size | PSNR, two float32 runs | PSNR, bfloat16 | loss float32 | loss bfloat16 | difference |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]  # fmt: skip
    for name, shape in [("embedded", (64, 96))] if quick else [(n, (150, 225)) for n in NETS]:
        (twin, rough), (one, _, two) = agreement(name, shape, 5 if quick else 200)
        yield (f"| {name} | {size(shape)} | {twin:.1f} dB | {rough:.1f} dB | {one:.4g} | {two:.4g} "
               f"| {100 * abs(two - one) / one:.2f} % |")  # fmt: skip


def coarse_to_fine_in_numbers(quick):
    yield from [
        "", "## 7. Coarse to fine", "",
        "`stylize` with the embedded weights and their settings: 80 steps at full size; or 80 at the smallest "
        "size, and half as many each time the size doubles. The loss is computed at full size in float32. Notebook 9 "
        "shows what this does to strokes.", "",
        "| longer side | method | seconds | loss |", "| --- | --- | --- | --- |",
    ]  # fmt: skip
    for side in (260,) if quick else (450, 900):
        for coarse_first, spent, loss in coarse_to_fine(side, 2 if quick else 80):
            yield f"| {side} | {'coarse to fine' if coarse_first else 'full size only'} | {spent:.1f} | {loss:.2f} |"


def one_pass(quick):
    yield from [
        "", "## 8. One pass", "",
        "The painter that ships (notebook 10), on photographs that it was not trained on.", "",
        "| size | precision | one pass | frames per second | published run ÷ one pass |",
        "| --- | --- | --- | --- | --- |",
    ]  # fmt: skip
    painter = load_painter(device="cpu")
    for shape in [(48, 64)] if quick else [(240, 320), (300, 450)]:
        content_X, style_X = pair(shape)
        published = statistics.median(seconds(theirs("embedded").train(content_X, content_X, style_X, 0.3, 6, 50)))
        spent = statistics.median(seconds(painter.paint(content_X, PAINTING) for _ in range(3 if quick else 40)))
        yield (f"| {size(shape)} | {best_precision('cpu')} | {1000 * spent:.0f} ms | {1 / spent:.0f} "
               f"| {500 * published / spent:,.0f} |")  # fmt: skip
    yield from [
        "", f"Its file has {BASE.stat().st_size:,} bytes. Loss of one pass ÷ loss of 80 steps of L-BFGS, by the losses "
        "that the painter learned from (whole Gram matrices) and by the defaults of the embedded weights; flicker of "
        "a still scene with noise of 3 levels ÷ that of the noise alone:", "",
        "| style | " + " | ".join(f"{photo}, {by}" for photo in HELD_OUT for by in ("own", "default")) + " | flicker |",
        "| --- |" + " --- |" * (2 * len(HELD_OUT) + 1),
    ]  # fmt: skip
    noise = still(sample(HELD_OUT[0]), 6, (64, 48) if quick else (320, 240))
    for style in [PAINTING] if quick else painter.styles:
        ratios = [against_steps(painter, style, sample(style), photo, quick) for photo in HELD_OUT]
        waver = noise.painted(painter, style, max(noise.frames[0].size)).flicker() / noise.flicker()
        columns = [f"{ratio:.2f}" for both in ratios for ratio in both]
        yield f"| {style} | " + " | ".join(columns) + f" | {waver:.1f} |"
    yield from own_style(painter, quick)


def against_steps(painter, style, painting, photo, quick):
    """Loss of one pass ÷ loss of 80 L-BFGS steps: with the weights a painter learns from, and with the defaults."""
    net, ratios = ours("embedded"), []
    X = preprocess(sample(photo), fit_shape(sample(photo), 64 if quick else 300))
    style_X, Y = preprocess(painting, fit_shape(painting, STYLE_SIZE)), painter.paint(X, style)
    for settings in (net.settings.but(style_weight=STYLE_WEIGHT, tv_weight=TV_WEIGHT), net.settings):
        for step in optimize(net, X, style_X, settings, num_epochs=2 if quick else 80):
            found = step.X
        loss = FastObjective(net, X, style_X, settings.but(precision="float32"))
        with torch.no_grad():
            ratios.append(float(sum(loss(Y))) / float(sum(loss(found))))
    return ratios


def rings():
    """A painting that the painter has not seen, as notebook 10 draws it."""
    colors, chance = ["#12324a", "#1d6f72", "#e4572e", "#f3a712", "#f4e3c1"], random.Random(0)
    img = Image.new("RGB", (600, 400), colors[-1])
    for _ in range(260):
        x, y = chance.randrange(600), chance.randrange(400)
        for r in (34, 26, 18, 10):
            ImageDraw.Draw(img).ellipse((x - r, y - r, x + r, y + r), chance.choice(colors))
    return img


def own_style(painter, quick):
    """A style that the painter has not seen, in three minutes: loss, and how soon it was near."""
    style = rings()
    rows, state = [], PainterState()
    for step in learn_painter(ours("embedded"), {"own": style}, painter, steps=3 if quick else 1500,
                              minutes=None if quick else 3, state=state):  # fmt: skip
        rows.append((state.seconds, step.total))
    window = max(1, len(rows) // 20)
    means = [statistics.mean(loss for _, loss in rows[at : at + window]) for at in range(0, len(rows), window)]
    near = next(at for at, mean in enumerate(means) if mean <= 1.1 * means[-1])
    ratios = [against_steps(state.painter, "own", style, photo, quick)[0] for photo in HELD_OUT]
    yield from [
        "", f"A style of its own (notebook 10's rings), starting from the painter that ships: {len(rows):,} steps in "
        f"{state.seconds:.0f} s; the loss was within 10 % of its last mean after "
        f"{rows[min(near * window, len(rows) - 1)][0]:.0f} s. One pass ÷ 80 steps: "
        + ", ".join(f"{photo} {ratio:.2f}" for photo, ratio in zip(HELD_OUT, ratios)) + ".", "",
    ]  # fmt: skip


SECTIONS = (
    until_the_published_loss,
    over_bare_convolutions,
    memory,
    growth_with_size,
    waiting,
    bfloat16_against_float32,
    coarse_to_fine_in_numbers,
    one_pass,
    many.section,
)


def report(quick, only):
    """Yields the lines of RESULTS.md as they are found: the head, then the sections in ``only``."""
    threads = torch.get_num_threads()
    yield from [
        "# What `make bench` found", "",
        f"{processor()}, {threads} threads · Python {platform.python_version()}, "
        f"torch {torch.__version__.split('+')[0]} · `auto` precision here: {best_precision('cpu')}", "",
        f"Content *{PHOTO}*, style *{PAINTING}*, with the published settings (except in sections 7 to 9). Full width "
        "means VGG-19's own channels with seeded random weights: as much arithmetic as with ImageNet's. "
        "Times belong to this machine; the ratios are the result.", "",
    ]  # fmt: skip
    for number, section in enumerate(SECTIONS, 1):
        if number in only:
            yield from section(quick)


def largest(precision):
    """What fits: a line through the memory of two sizes, computed twice and not."""
    yield from [
        "", f"The largest picture (3:2, full width, {precision}) by a line through 600×900 and 1200×1800, Adam:", "",
        "| program | MB per megapixel | in 4 GB | in 8 GB | in 16 GB |", "| --- | --- | --- | --- | --- |",
    ]  # fmt: skip
    for label, what, how, checkpointing in (
        ("published", "published", "float32", False),
        ("ours", "adam", precision, False),
        ("ours, computed twice", "adam", precision, True),
    ):
        small, _ = many.fresh(peak, what, "full width", (600, 900), how, checkpointing)
        large, _ = many.fresh(peak, what, "full width", (1200, 1800), how, checkpointing)
        slope = (large - small) / (2.16 - 0.54)
        room = [((gb * 1000 - 700 - small) / slope + 0.54) for gb in (4, 8, 16)]  # 700 MB: Python, torch, the weights
        sides = [f"{(p * 1e6 / 1.5) ** 0.5:.0f}×{(p * 1e6 * 1.5) ** 0.5:.0f}" if p > 0 else "none" for p in room]
        yield f"| {label} | {slope:.0f} | " + " | ".join(sides) + " |"


def size(shape):
    return f"{shape[0]}×{shape[1]}"


def on(device):
    return f" on {torch.cuda.get_device_name()}" if device == "cuda" else ""


def processor():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def keep(lines, only):
    """Write RESULTS.md: these lines, and the sections that were not measured as they stand there."""
    path = Path(__file__).with_name("RESULTS.md")
    found, old = ("\n".join(lines) + "\n", path.read_text(encoding="utf-8") if path.exists() else "")
    head, *new = re.split(r"(?=^## )", found, flags=re.M)
    new = [part.replace("\n", f"\n\n*Measured on {datetime.date.today()}.*\n", 1) for part in new]
    kept = [part for part in re.split(r"(?=^## )", old, flags=re.M)[1:] if int(part[3]) not in only]
    parts = sorted([*new, *kept], key=lambda part: int(part[3]))
    path.write_text(head + "\n\n".join(part.strip() for part in parts) + "\n", encoding="utf-8")


def main(words=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="only check that it runs; write nothing")
    parser.add_argument("--only", type=int, nargs="+", default=range(1, 10), help="numbers of the sections to measure")
    arguments = parser.parse_args(words)
    os.environ["NST_WEIGHTS"] = "embedded"
    if arguments.quick:
        many.START = "forkserver"
    lines = []
    for line in report(arguments.quick, arguments.only):
        print(line, flush=True)
        lines.append(line)
        if not arguments.quick:  # after every line, so that an interrupted run keeps what it measured
            keep(lines, arguments.only)


if __name__ == "__main__":
    main()
