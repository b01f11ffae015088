"""Notebook 07: the studio."""

from .app import Studio
from .sheet import Sheet, layer_lab

__all__ = ["Sheet", "Studio", "layer_lab"]
