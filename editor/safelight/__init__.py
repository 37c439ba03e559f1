"""Safelight: a photo editor that lets you work on the picture without harming it."""

__version__ = "0.2.0"
