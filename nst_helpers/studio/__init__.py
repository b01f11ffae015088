"""Notebook 07: the studio."""

from .app import Studio
from .layer_lab import LayerLab

__all__ = ["LayerLab", "Studio"]
