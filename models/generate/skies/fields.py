"""Fields of photographed skies: the scalar field, its colours, and the numbers that tell it.

A picture is a light gradient and a palette of a scalar field: what is left of it without its mean
and gradients, along the main axis of its colours.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from PIL import Image

from models.plugincode import plugin_module

layout = plugin_module("generate", "layout")
Code = layout.Code

ROWS = layout.ROWS
COLUMNS = 64
LUMA = np.array([0.2126, 0.7152, 0.0722])
EVEN = 0.35  # of a field's mean deviation from its surroundings: less is clear


class Sky(NamedTuple):
    """A sky taken apart: `picture` = planes of `gradients`, and a colour along `axis`, `field`."""

    field: np.ndarray  # (h, w), mean 0, spread 1
    code: Code
    gradients: np.ndarray  # (4, 3): mean, across, down, down squared
    axis: np.ndarray  # (3,), as long as the colours are spread


def taken_apart(picture: np.ndarray, horizon: bool) -> Sky:
    """The field of a picture (h, w, 3) of 0 to 1, and what else tells it."""
    rows, columns = picture.shape[:2]
    planes, colours = layout.planes_of(rows, columns), picture.reshape(-1, 3)
    gradients, *_ = np.linalg.lstsq(planes.T, colours, rcond=None)
    rest = colours - planes.T @ gradients
    values, vectors = np.linalg.eigh(rest.T @ rest / len(rest))
    axis = vectors[:, -1] * (1 if vectors[:, -1] @ LUMA >= 0 else -1)
    spread = float(np.sqrt(max(values[-1], 1e-9)))
    field = (rest @ axis / spread).reshape(rows, columns).astype(np.float32)
    light = gradients @ LUMA
    code = Code(
        spread=float(np.log(spread)),
        slope=layout.slope(field),
        clear=clear(field),
        skewness=float((field**3).mean()),
        light=float(light[0]),
        across=float(light[1]),
        down=float(light[2]),
        horizon=float(horizon),
        level=layout.streaks(field)[0],
        slanted=layout.streaks(field)[1],
    )
    return Sky(field, code, gradients, axis * spread)


def clear(field: np.ndarray) -> float:
    """Share of a field that is even and not among its brighter half."""
    around = np.asarray(Image.fromarray(field).reduce(4).resize(field.shape[::-1]))
    rough = np.abs(field - around)
    return float(((rough < EVEN * rough.mean()) & (field < 0)).mean())


def reduced(
    pixels: Image.Image, size: tuple[int, int], box: tuple[float, ...] | None = None
) -> np.ndarray:
    """A part of a picture at (columns, rows), (rows, columns, 3) of 0 to 1."""
    small = pixels.resize(size, Image.Resampling.BOX, box)
    return np.asarray(small, np.float32) / 255
