"""Every notebook: sliders that redraw a picture at once."""

import base64
import contextlib
import html
import io
from pathlib import Path

import anywidget
import ipywidgets
import traitlets
from d2l import torch as d2l
from PIL import Image

from .validation import sentence, short_repr


class _Names(anywidget.AnyWidget):
    """Not seen: gives the sliders beside it their names, and the picture its ``alt`` text."""

    _esm = Path(__file__).with_suffix(".js")
    alt = traitlets.Unicode().tag(sync=True)


class Explorer(ipywidgets.VBox):
    """Controls above a picture and a line of text; made by ``explore``.

    Where widgets do not run (a web page, a notebook that is not trusted), its picture shows instead.
    ``set(name=value)`` moves controls from code; ``error`` holds the last exception or ``None``.
    """

    def __init__(self, draw, controls, continuous):
        self.function, self.controls, self.error, self.png, self.shown = draw, {}, None, b"", False
        for name, abbreviation in controls.items():
            if isinstance(abbreviation, list):  # JupyterLab takes the arrow keys of a menu, not a slider's
                control = ipywidgets.SelectionSlider(options=abbreviation) if abbreviation else None
            else:
                control = ipywidgets.interactive.widget_from_abbrev(abbreviation)
            if control is None:
                raise ValueError(f"no control can be made of {name}={abbreviation!r}: give (low, high) or a list")
            control.description = control.description or name.replace("_", " ")
            control.tooltip = control.description
            control.style.description_width = "11em"
            control.layout.width = "34em"
            if hasattr(control, "continuous_update"):
                control.continuous_update = continuous
            control.observe(self.redraw, names="value")
            self.controls[name] = control
        self.picture = ipywidgets.Image(format="png", layout={"max_width": "100%", "object_fit": "contain"})
        self.text, self.names = ipywidgets.HTML(), _Names(layout={"display": "none"})
        super().__init__([*self.controls.values(), self.picture, self.text, self.names])
        self.add_class("nst-explorer")
        self.redraw()

    def set(self, **values):
        """Move controls by name, as dragging them would. Returns the explorer. ``ValueError`` for what cannot be."""
        for name, value in values.items():
            if name not in self.controls:
                raise ValueError(f"there is no control {short_repr(name)}; there are {', '.join(self.controls)}")
            try:
                self.controls[name].value = value
            except traitlets.TraitError as error:
                raise ValueError(f"{name} cannot be {short_repr(value)}") from error
        return self

    def redraw(self, change=None):
        """Draw with the current values. An error is shown below the picture, which stays as it was."""
        printed = io.StringIO()
        try:
            with contextlib.redirect_stdout(printed):
                drawn = self.function(**{name: control.value for name, control in self.controls.items()})
            self.png, size = _png(drawn)
            self.picture.value = self.png
            self.names.alt = "Picture for " + ", ".join(map(_said, self.controls.values()))
            if not self.shown:  # later pictures get the size of the first one shown, so that the page does not jump
                self.picture.layout.width, self.picture.layout.height = (f"{side}px" for side in size)
            self.error, message = None, f"<pre style='line-height:1.4'>{html.escape(printed.getvalue())}</pre>"
        except Exception as error:  # JupyterLab would drop it silently
            d2l.plt.close("all")
            self.error = error
            message = f"<b style='color:#B00020'>{html.escape(sentence(error))}</b>"
        self.text.value = message

    def _repr_mimebundle_(self, **kwargs):
        self.shown = True
        bundle = super()._repr_mimebundle_(**kwargs)
        still = io.BytesIO()
        if self.png:
            Image.open(io.BytesIO(self.png)).convert("RGB").save(still, "jpeg", quality=82)
        return {**bundle, "image/jpeg": base64.b64encode(still.getvalue()).decode()}


def explore(draw, continuous=False, **controls):
    """Sliders and menus that call ``draw`` and show what it draws, as an ``Explorer``.

    ``draw``: takes one argument per control; draws one matplotlib figure or returns a PIL image; what it prints
    appears below. ``controls``: a widget, ``(low, high[, step])``, a list of options, or True / False.
    ``continuous``: answer while a slider is still moving; for drawings that take under 0.1 s.
    """
    return Explorer(draw, controls, continuous)


def _said(control):
    """A control's name and value, for the picture's ``alt`` text."""
    value = f"{control.value:.4g}" if isinstance(control.value, float) else str(control.value)
    return f"{control.description} {value:.80}"


def _png(drawn):
    """PNG bytes and size in CSS pixels of a PIL image, or of matplotlib's current figure, which is closed."""
    buffer = io.BytesIO()
    if isinstance(drawn, Image.Image):
        drawn.save(buffer, "png")
        return buffer.getvalue(), drawn.size
    fig = d2l.plt.gcf()
    fig.savefig(buffer, dpi=150, bbox_inches="tight", pad_inches=0.08)
    d2l.plt.close(fig)
    return buffer.getvalue(), [side // 2 for side in Image.open(buffer).size]  # sharp on dense screens
