"""Shared: panels: a still picture where widgets cannot run, closing, and keeping their place after a reload."""

import base64
import os
import uuid
import weakref

import anywidget
import ipywidgets
import traitlets
from IPython import get_ipython

from .images import jpeg


class Page(anywidget.AnyWidget):
    """A widget with JavaScript of its own, whose messages reach the subshell that the page addressed.

    ipykernel 7.4 sends them to the subshell of whichever message came last before a thread sent something. After a
    reload of the page that subshell ends, and every message after it is lost ("Unknown subshell_id" in the log).
    """

    @traitlets.observe("comm")
    def _let_the_page_address(self, change):
        if hasattr(change["new"], "_reply_subshell_for"):
            change["new"]._reply_subshell_for = lambda data, addressed: addressed


def with_still(panel, still):
    """Display data of a panel's ``widget``, with the PIL image ``still()`` for where widgets do not run.

    That is a web page, or a notebook that is not trusted. With the environment variable NST_STILLS, as when a notebook
    is executed to be stored, it first waits until the panel has finished.
    """
    if os.environ.get("NST_STILLS"):
        panel.wait(600)
    picture = base64.b64encode(jpeg(still(), 85)).decode()
    return {**panel.widget._repr_mimebundle_(), "text/plain": type(panel).__name__, "image/jpeg": picture}


def with_jpeg(bundle, img):
    """Display data of an anywidget, as ``(data, metadata)``, with a PIL image for where widgets do not run."""
    data, metadata = bundle
    return {**data, "image/jpeg": base64.b64encode(jpeg(img)).decode()}, metadata


def close(widget):
    """Close a widget and all in it, with the layouts and styles that ipywidgets would leave."""
    for child in getattr(widget, "children", ()):
        close(child)
    for own in ("layout", "style"):
        if isinstance(getattr(widget, own, None), ipywidgets.Widget):
            getattr(widget, own).close()
    widget.close()


_OPEN = {}  # cell id → (execution, what it opened)


def take_over_cell(opened):
    """Close what an earlier run of this notebook cell left working. Returns the id for the new one's widget.

    The id follows from the cell, so that a page that is loaded again before it was saved still finds its panel.
    """
    kernel = getattr(get_ipython(), "kernel", None)
    parent = kernel.get_parent() if kernel else {}
    cell, execution = parent.get("metadata", {}).get("cellId"), parent.get("header", {}).get("msg_id")
    if not cell:
        return None
    before, panels = _OPEN.get(cell, (None, []))
    if before != execution:
        for old in filter(None, (reference() for reference in panels)):
            old.close()
        panels = []
    _OPEN[cell] = execution, [*panels, weakref.ref(opened)]
    return uuid.uuid5(uuid.NAMESPACE_OID, f"nst studio {cell} {len(panels)}").hex
