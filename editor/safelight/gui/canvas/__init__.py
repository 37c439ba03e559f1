"""The canvas: the picture on the screen, painted from tiles of the nearest zoom level."""

from safelight.gui.canvas.canvas import Canvas

__all__ = ["Canvas"]
