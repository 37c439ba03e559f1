"""Auto: light and colour set together, as a network suggests that sees a thumbnail."""

from typing import Annotated

import numpy as np

from safelight import api
from safelight.api import Stage

from .colour import Temperature, Tint, white_balance
from .light import STRAIGHT, Percent, Stops, brightness_contrast, curves, exposure

_SIDE = 48
"""Pixels of the longer side of what the network is shown."""


def _suggested(thumbnail: api.Image, job: api.Job) -> dict[str, object]:
    """Settings as the network (models/auto) says, which was taught with spoilt photographs."""
    shown = _reduced(np.clip(np.nan_to_num(thumbnail), 0, 1))
    mired, tint, stops, contrast, black, *bent, white = (
        float(value) for value in job.describe("auto.onnx", shown)[0]
    )
    inner = zip((0.25, 0.5, 0.75), bent, strict=True)
    points = ((black, 0.0), *inner, (white, 1.0))
    kelvin = min(max(1e6 / max(1e6 / 6500 + mired, 40.0), 2000.0), 25000.0)
    return {
        "temperature": float(round(kelvin, -1)),
        "tint": float(round(tint)),
        "exposure": round(stops, 2),
        "contrast": float(round(contrast)),
        "curve": [[min(max(round(x, 3), 0.0), 1.0), min(max(round(y, 3), 0.0), 1.0)]
                  for x, y in points],
    }  # fmt: skip


def _reduced(image: np.ndarray) -> np.ndarray:
    """A picture (height, width, 3) averaged to _SIDE pixels along its longer side at most."""
    longest = max(image.shape[:2])
    if longest <= _SIDE:
        return np.ascontiguousarray(image, np.float32)
    for axis in (0, 1):
        sides = max(round(image.shape[axis] * _SIDE / longest), 1)
        edges = np.linspace(0, image.shape[axis], sides + 1).astype(int)[:-1]
        counts = np.diff([*edges, image.shape[axis]]).reshape([-1, 1, 1] if axis == 0 else [-1, 1])
        image = np.add.reduceat(image, edges, axis=axis) / counts
    return np.ascontiguousarray(image, np.float32)


@api.tone("Auto light", category="Light", auto=_suggested)
def auto_light(
    temperature: Temperature = 6500.0,
    tint: Tint = 0.0,
    exposure: Annotated[Stops, "Lighter or darker, as if the light were doubled"] = 0.0,
    contrast: Annotated[Percent, "Light and dark further apart, or nearer"] = 0.0,
    curve: Annotated[api.Curve, "All channels, after the rest"] = STRAIGHT,
) -> api.Table:
    """Set white balance, exposure, contrast and a curve together; *Auto* finds all of them.

    In this order, each as the adjustment of its name: ``white_balance``, ``exposure``,
    ``brightness_contrast``, ``curves``. What *Auto* sets a small network suggests, which was taught
    to bring photographs back that were spoilt with these adjustments (card.md).
    """
    stages: list[Stage] = []
    if (temperature, tint) != (6500.0, 0.0):
        stages += white_balance(temperature, tint)
    if exposure:
        stages += _exposed(exposure)
    if contrast:
        stages.append(brightness_contrast(contrast=contrast))
    return [*stages, *curves(rgb=curve)]


def _exposed(stops: float) -> api.Table:
    return exposure(stops)
