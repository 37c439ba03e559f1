"""Drawn film: a film of any length and size for benchmarks of sequences."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np


def drawn_film(
    path: Path, size: tuple[int, int], count: int, codec: str, rate: float = 25.0
) -> Path:
    """Write ``count`` frames of (width, height) by OpenCV's ``codec``, ``rate`` a second: a ground
    with detail that goes to the left.
    """
    wide, high = size
    chance = np.random.default_rng(1)
    small = chance.integers(0, 255, (high // 8, wide // 4, 3), np.uint8)
    ground = cv2.resize(small, (2 * wide, high), interpolation=cv2.INTER_CUBIC)
    film = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*codec), rate, size)
    for number in range(count):
        step = 4 * number % wide
        film.write(np.ascontiguousarray(ground[:, step : step + wide]))
    film.release()
    return path
