"""Exemplar: holes are filled with pieces of the picture around them.

A library that filters depend on; it knows numpy and numba alone. A process that uses it compiles
its loops once, which takes seconds, unless numba's cache has them.
"""

from .hole_fill import fill, window
from .likeness import strangeness
from .pyramid import smooth_doubled

__all__ = ["fill", "smooth_doubled", "strangeness", "window"]
