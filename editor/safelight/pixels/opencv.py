"""OpenCV: a library that is loaded when it is first needed: that takes a tenth of a second."""

from __future__ import annotations

from typing import Any


def opencv() -> Any:
    """The module."""
    import cv2

    return cv2
