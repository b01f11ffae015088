"""What a notebook's sliders would show: frames for pages that have no kernel, computed when the pages are built.

    python tools/frames.py [notebook ...]     into build/frames; make_site.py and make_slides.py take them from there

Of a cell that ends in ``explore(...)`` only the cells that it needs are run, with the embedded weights, in a process
of its own. ``Studio`` and ``layer_lab`` are painted for some of their choices. Frames are kept under a hash of what
they were made from: code of the cells, the package's modules that it leads to, weights. So a second build computes
nothing. Where that fails or takes longer than LIMIT, the page keeps its still picture. With NST_QUICK=1 a control has
two positions.
"""

import ast
import contextlib
import functools
import hashlib
import inspect
import io
import itertools
import json
import multiprocessing
import os
import signal
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import grimp
import nbformat
import numpy as np
from figures import same_scene
from IPython.core.interactiveshell import InteractiveShell
from needed import needed, parse
from PIL import Image, ImageOps

ROOT = Path(__file__).resolve().parents[1]
PACKAGE, KEPT = ROOT / "nst_helpers", ROOT / "build" / "frames"
QUICK = os.environ.get("NST_QUICK") == "1"
POSITIONS = {1: (16,), 2: (8, 5), 3: (5, 4)}  # at most, of the controls with most and with fewer values
WIDTHS = {1: 600, 2: 480, 3: 400}  # pixels of a picture, by how many stand side by side
LIMIT = 120  # seconds of processor time per figure
sys.path.insert(0, str(ROOT))  # for this checkout's package
WIDGET = "application/vnd.jupyter.widget-view+json"


def jobs(path):
    """(cell's number, what to compute, hash) of each figure of a notebook that a kernel would move."""
    cells = nbformat.read(path, as_version=4).cells
    for number, cell in enumerate(cells):
        if cell.cell_type != "code" or not any(WIDGET in output.get("data", {}) for output in cell.outputs):
            continue
        called = {it.func.id for it in ast.walk(parse(cell.source)) if isinstance(it, ast.Call) and
                  isinstance(it.func, ast.Name)} & set(RECIPES)  # fmt: skip
        for name in sorted(called):
            sources = [cells[n].source for n in needed(cells, [number])] if name == "explore" else []
            for recipe in RECIPES[name]:
                how = map(inspect.getsource, (recipe, values_of, thinned, panels, store, control, sprite))
                code = "\n".join(ast.unparse(parse(source)) for source in (*how, *sources))
                files = [*sorted(PACKAGE.glob("*.safetensors")), *leads_to(code)]
                made = f"{QUICK} {code}".encode() + b"".join(file.read_bytes() for file in files)
                yield number, recipe, sources, KEPT / hashlib.sha256(made).hexdigest()[:16]


def leads_to(source):
    """The package's files that code needs: of the names that it imports and uses, and all that these import."""
    tree, modules = parse(source), set()
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] == PACKAGE.name:
            names = {it.name for it in node.names} & used
            modules |= {homes()[it] if node.module == PACKAGE.name else node.module for it in names}
    modules = modules.union(*(imports().find_upstream_modules(module) for module in modules)) - {PACKAGE.name}
    files = [ROOT.joinpath(*module.split(".")) for module in sorted(modules)]
    return [file / "__init__.py" if file.is_dir() else file.with_suffix(".py") for file in files]


@functools.cache
def imports():
    """Which module of the package imports which."""
    return grimp.build_graph(PACKAGE.name, cache_dir=None)


@functools.cache
def homes():
    """The module of each of the package's names."""
    nodes = parse((PACKAGE / "__init__.py").read_text(encoding="utf-8")).body
    return {it.name: f"{PACKAGE.name}.{node.module}" for node in nodes if isinstance(node, ast.ImportFrom)
            for it in node.names}  # fmt: skip


def frames(paths):
    """For each notebook's path a dictionary: a cell's number -> folders with its frames. Computes what is missing."""
    found = {path: list(jobs(path)) for path in paths}
    missing = {folder: (recipe, sources) for all_of in found.values() for _, recipe, sources, folder in all_of
               if not (folder / "live.json").is_file()}  # fmt: skip
    if missing:
        print(f"computing {len(missing)} figures that move ...", flush=True)
        os.environ.update(NST_WEIGHTS="embedded", MPLBACKEND="agg", OMP_NUM_THREADS="1")
        context, workers = multiprocessing.get_context("spawn"), min(len(missing), os.cpu_count() or 1)
        with ProcessPoolExecutor(workers, mp_context=context) as pool:
            later_take_longer = reversed(missing.items())
            for one in [pool.submit(compute, *what, folder) for folder, what in later_take_longer]:
                one.result()
    kept = {path: {} for path in paths}
    for path, all_of in found.items():
        for number, *_, folder in all_of:
            error = json.loads((folder / "live.json").read_text(encoding="utf-8")).get("error")
            if error is None:
                kept[path].setdefault(number, []).append(folder)
            else:
                print(f"{path.name}, cell {number}, keeps its still picture: {error}")
    return kept


def compute(recipe, sources, folder):
    """Compute one figure's frames into its folder, which appears only when they are complete."""
    os.chdir(ROOT / "notebooks")
    part = folder.with_suffix(f".{os.getpid()}")
    part.mkdir(parents=True)
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGPROF, too_long)
        signal.setitimer(signal.ITIMER_PROF, LIMIT)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            live = store(*recipe(sources), part)
    except Exception as error:  # of a notebook's code: the page has its still picture
        live = {"error": f"{type(error).__name__}: {error}"}
    finally:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_PROF, 0)
    (part / "live.json").write_text(json.dumps(live), encoding="utf-8")
    with contextlib.suppress(OSError):  # another build was faster
        part.rename(folder)


def too_long(*_):
    raise TimeoutError(f"more than {LIMIT} s of computing")


# What to compute: a recipe gives controls [(name, values, where it starts)] and a function of such values, which gives
# [(title, picture)] and the text below


def explored(sources):
    """The explorer that the last of these cells ends in."""
    InteractiveShell.instance()  # cells may update what they have displayed
    space = {"__name__": "__main__"}
    for source in sources[:-1]:
        exec(compile(parse(source), "<cell>", "exec"), space)
    *body, last = parse(sources[-1]).body
    exec(compile(ast.Module(body, []), "<cell>", "exec"), space)
    explorer = eval(compile(ast.Expression(last.value), "<cell>", "eval"), space)
    named = " ".join(sources)
    limits = POSITIONS[len(explorer.controls)]
    every = {name: values_of(control) for name, control in explorer.controls.items()}
    most = dict(
        zip(sorted(every, key=lambda it: isinstance(every[it][0], str) - len(every[it]) / 1e6), [*limits, 2, 2])
    )
    controls = []
    for name, control in explorer.controls.items():
        words = [it for it in every[name] if isinstance(it, str) and it in named]
        values = words if 1 < len(words) <= most[name] and control.value in words else every[name]
        values = thinned(values, 2 if QUICK else most[name], values.index(control.value))
        controls.append((control.description, values, values.index(control.value)))

    def draw(*values):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            drawn = explorer.function(*values)
        return panels(drawn), printed.getvalue().rstrip()

    return controls, draw


def values_of(control):
    if hasattr(control, "options"):
        return list(control.options)
    if isinstance(control.value, bool):
        return [False, True]
    steps = round((control.max - control.min) / control.step)
    values = [round(control.min + control.step * n, 6) for n in range(steps + 1)]
    return values if control.value in values else sorted([*values, control.value])


def thinned(values, most, keep):
    """At most that many of the values, evenly spread; the ends and the one at ``keep`` are among them."""
    places = {round(place) for place in np.linspace(0, len(values) - 1, min(most, len(values)))}
    if keep not in places:
        places = places - {min(places, key=lambda it: (abs(it - keep), it in (0, len(values) - 1)))} | {keep}
    return [values[place] for place in sorted(places)]


def panels(drawn):
    """A PIL image, or the pictures of matplotlib's current figure without its paper: [(title, picture)]."""
    from d2l import torch as d2l

    if isinstance(drawn, Image.Image):
        return [("", drawn)]
    fig = d2l.plt.gcf()
    fig.set_dpi(130)
    fig.canvas.draw()
    sheet = np.asarray(fig.canvas.buffer_rgba())[:, :, :3]
    boxes = [(ax.get_title(), ax.get_window_extent()) for ax in fig.axes if ax.images and not ax.axison]
    found = [(title, Image.fromarray(sheet[round(len(sheet) - box.y1) : round(len(sheet) - box.y0),
             round(box.x0) : round(box.x1)])) for title, box in boxes]  # fmt: skip
    d2l.plt.close("all")
    return found if len(found) == len(fig.axes) else [("", Image.fromarray(sheet))]


def studio(sources):
    """What the studio shows at once: its photographs in all paintings, made in one pass."""
    from nst_helpers import load_painter, sample, samples

    painter = load_painter()
    photos, paintings = [name for name, about in samples().items() if about.kind == "photograph"], list(painter.styles)
    if QUICK:
        photos, paintings = photos[1:3], paintings[:2]

    def draw(photo, painting):
        photo = ImageOps.fit(sample(photo), (96, 64) if QUICK else (480, 320))
        return [("", photo), ("", painter.paint_image(photo, painting, size=photo.width))], ""

    return [("photo", photos, photos.index("cat")), ("painting", paintings, 0)], draw


def balance_and_layers(sources):
    """The balance against the style layers: the studio's two strongest controls."""
    from nst_helpers import load_vgg19, sample, stylize

    net = load_vgg19("embedded", verbose=False)
    layers, balances = ["relu1_1", "relu2_1", "relu3_1", "relu4_1"], [-3, -2, -1, 0]
    size, steps = (96, 4) if QUICK else (225, 25)
    if QUICK:
        layers, balances = layers[::3], balances[::3]

    def draw(layer, balance):
        chosen = {"style_layers": net.settings.style_layers[: int(layer[4])], "num_epochs": steps,
                  "style_weight": net.settings.style_weight * 10**balance}  # fmt: skip
        return [("", stylize(sample("cat"), sample("starry_harbour"), net, size, **chosen))], ""

    return [("style layers up to", layers, len(layers) - 1), ("balance", balances, len(balances) - 1)], draw


def lab(sources):
    """The layer lab: content layers against style layers."""
    from nst_helpers import Studio
    from nst_helpers.layer_lab import layer_lab

    room = Studio().stop()
    sheet = layer_lab(room, **({"size": 96, "steps": 2} if QUICK else {"steps": 25})).wait(600)
    room.close(), sheet.close()
    styles = {words.split()[-1]: words for words in sheet.columns}
    controls = [("content", sheet.rows, 1), ("style up to", list(styles), len(styles) - 1)]
    return controls, lambda row, style: ([("", sheet.images[row, styles[style]])], "")


RECIPES = {"Studio": [studio, balance_and_layers], "layer_lab": [lab], "explore": [explored]}


def store(controls, draw, folder):
    """Compute a figure's frames and put them side by side into one picture per panel. Returns what the page is told."""
    drawn = [draw(*values) for values in itertools.product(*(values for _, values, _ in controls))]
    columns = len(controls[-1][1]) if len(controls) == 2 else 8
    start = int(np.ravel_multi_index([at for *_, at in controls], [len(values) for _, values, _ in controls]))
    sprites, most = [], max(len(pictures) for pictures, _ in drawn)
    for n in range(most):
        pictures = [frame[n][1] if n < len(frame) else None for frame, _ in drawn]
        sprites.append(sprite(pictures, WIDTHS[min(3, most)], columns, folder / f"{n}.webp", start))
    first = [np.asarray(picture.convert("RGB")) for _, picture in drawn[start][0]]
    return {
        "controls": [control(*one, folder / f"{n}_thumbs.webp") for n, one in enumerate(controls)],
        "sprites": sprites,
        "titles": [[title for title, _ in frame] for frame, _ in drawn],
        "texts": [text for _, text in drawn],
        "wipe": len(first) == 2 and np.abs(np.subtract(*(it.shape for it in first))).max() < 4 and same_scene(*first),
    }


def control(name, values, at, path):
    """What the page is told of a control; for names of sample pictures there are small pictures to click."""
    from nst_helpers import sample, samples

    about = {"name": name, "values": [say(it) for it in values], "at": at, "kind": "range"}
    if isinstance(values[0], bool):
        about["kind"] = "check"
    elif set(values) <= set(samples()):
        small = [ImageOps.fit(sample(it), (108, 72)) for it in values]
        about |= {"kind": "pictures", "thumbs": sprite(small, 108, 9, path)}
    return about


def say(value):
    return f"{value:g}" if isinstance(value, float) else str(value)


def sprite(pictures, width, columns, path, start=0):
    """Different pictures side by side in one file, in the shape of the one at ``start``; ``at`` says where each
    frame's is, -1 for none."""
    distinct, at = {}, []
    for picture in pictures:
        key = picture and hashlib.sha256(picture.tobytes()).digest()
        at.append(-1 if picture is None else distinct.setdefault(key, len(distinct)))
    by_place = {place: picture for place, picture in zip(at, pictures) if picture}
    first = pictures[start] or by_place[0]
    size = width, round(width * first.height / first.width)
    columns = min(columns, len(by_place))
    sheet = Image.new("RGBA", (columns * size[0], -(-len(by_place) // columns) * size[1]))
    for place, picture in by_place.items():
        spot = place % columns * size[0], place // columns * size[1]
        sheet.paste(ImageOps.pad(picture.convert("RGBA"), size, color=(0, 0, 0, 0)), spot)
    sheet.save(path, quality=72)
    return {"file": path.name, "columns": columns, "rows": sheet.height // size[1], "size": size, "at": at}


if __name__ == "__main__":
    import frames as own  # by its name, under which the processes find it
    from reading import MOVING

    chosen = [path for path in MOVING if not sys.argv[1:] or path.stem in sys.argv[1:]]
    print(f"frames are in {KEPT}: {sum(map(len, own.frames(chosen).values()))} cells")
