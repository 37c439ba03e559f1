"""The document: one picture being edited, as a value. Knows no file, no process and no window."""

from safelight.document.document import Document, Metadata
from safelight.document.edit import Edit, replace_pixels
from safelight.document.history import History, Step
from safelight.document.layer import Layer
from safelight.document.render import render, render_srgb

__all__ = [
    "Document",
    "Edit",
    "History",
    "Layer",
    "Metadata",
    "Step",
    "render",
    "render_srgb",
    "replace_pixels",
]
