"""Notebook 07: the studio."""

from .app import Studio

__all__ = ["Studio"]
