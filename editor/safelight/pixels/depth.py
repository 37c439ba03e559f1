"""Depth: conversion between stored pixels (8-bit, 16-bit, float32) and float32 pixels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

DEPTHS: dict[str, str] = {"uint8": "8-bit", "uint16": "16-bit", "float32": "32-bit float"}
"""The depths a document may have: numpy type name to the name people read."""

WHITE: dict[str, int] = {"uint8": 255, "uint16": 65535, "float32": 1}
"""What 1.0 is in a depth's own numbers."""

_FULL_SCALE = {name: float(white) for name, white in WHITE.items() if name != "float32"}


Kernel: TypeAlias = Callable[[NDArray[np.float32], str], NDArray[Any]]
"""``in_numpy``, compiled."""

COMPILED: list[Kernel] = []
"""The compiled kernel once it is ready, put there by ``safelight.pixels.fused``."""


def deeper(one: str, other: str) -> str:
    """The deeper of two depths."""
    return max(one, other, key=list(DEPTHS).index)


def to_float(pixels: NDArray[Any]) -> NDArray[np.float32]:
    """Stored pixels of any shape as float32 of the same shape, full scale = 1.0.

    Integer types are divided by their maximum (255 or 65535); float32 comes back as it is,
    unclipped. Raises TypeError for any other type.
    """
    name = pixels.dtype.name
    if name == "float32":
        return np.asarray(pixels, np.float32)
    if name not in _FULL_SCALE:
        raise TypeError(f"pixels are {name}; expected one of {', '.join(DEPTHS)}")
    # One pass: a plain division would make a float64 array first. float32 holds n / 65535
    # finely enough that from_float gives every n back (tests/pixels/test_depth.py tries all).
    scale = np.float32(1.0 / _FULL_SCALE[name])
    result: NDArray[np.float32] = np.multiply(pixels, scale, dtype=np.float32)
    return result


def from_float(pixels: NDArray[np.float32], depth: str) -> NDArray[Any]:
    """float32 pixels of any shape as stored pixels of ``depth`` ("uint8", "uint16" or "float32").

    Integers are rounded to the nearest and clipped to 0 .. full scale; float32 is kept unclipped.
    Raises TypeError for an unknown depth. Runs in numpy until ``prepare_kernels`` has made a
    kernel, with the same result; the kernel lets other threads run.
    """
    if depth == "float32":
        return np.ascontiguousarray(pixels, np.float32)
    if depth not in _FULL_SCALE:
        raise TypeError(f"unknown depth {depth}; expected one of {', '.join(DEPTHS)}")
    kernel = COMPILED[0] if COMPILED and pixels.dtype == np.float32 else in_numpy
    return kernel(pixels, depth)


def in_numpy(pixels: NDArray[np.float32], depth: str) -> NDArray[Any]:
    """float32 pixels of any shape as ``depth`` ("uint8" or "uint16"), rounded and clipped, in
    numpy: the reference for the kernel, and what runs without one.
    """
    scaled = np.multiply(pixels, np.float32(_FULL_SCALE[depth]), dtype=np.float32)
    np.rint(scaled, out=scaled)
    np.clip(scaled, 0.0, _FULL_SCALE[depth], out=scaled)
    return scaled.astype(depth)
