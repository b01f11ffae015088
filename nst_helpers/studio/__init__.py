"""Notebook 07: every choice of a run on a control, the picture painted beside them."""

from .app import Studio
from .layer_lab import LayerLab

__all__ = ["LayerLab", "Studio"]
