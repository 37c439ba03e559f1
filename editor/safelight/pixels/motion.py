"""Motion: where in the frame before each point of a frame was, and the frame before moved there.

Dense inverse search (Kroeger et al., "Fast Optical Flow using Dense Inverse Search", ECCV 2016), as
OpenCV has it, on brightness at half the size, smoothed, so that noise moves nothing; where standing
still explains as much nothing moves. Recurrent
networks are trained (``models.sequence``) with the motion that this very module finds.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.pixels.opencv import opencv

_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # BT.601

_SMOOTHING = 1.0
"""Standard deviation in pixels of half the size: noise of 50 levels becomes one of about 5."""

_STILL = 0.1
"""Pixels of half the size up to which a motion is none, from twice as many on it is one: noise of
25 levels makes less of what stands still, and to move that for nothing would smooth it.
"""

_WINDOW = 9
"""Pixels of half the size over which what has moved is told from what stands still."""

_BETTER = 2.0
"""How many times as well a motion has to explain a window as no motion does: noise is explained by
some motion a little better than by none.
"""

_CERTAIN = 2.0
"""Levels of 255, beyond that, by which it is explained better where the motion counts wholly."""

_LEAST_SIDE = 16
"""Pixels of half the size below which nothing is looked for: everything counts as still."""


def looked_at(frame: NDArray[np.float32]) -> NDArray[np.uint8]:
    """What motion is found by: (height, width, 1 or 3) sRGB-encoded, 0 to 1, as brightness of 8
    bits, (height / 2, width / 2), odd sides rounded up.
    """
    cv2 = opencv()
    light = frame[..., 0] if frame.shape[2] == 1 else frame[..., :3] @ _LUMINANCE
    height, width = light.shape
    size = (-(-width // 2), -(-height // 2))
    half = cv2.resize(np.ascontiguousarray(light), size, interpolation=cv2.INTER_AREA)
    smooth = cv2.GaussianBlur(half, (0, 0), _SMOOTHING)
    return np.asarray(np.clip(255 * smooth + 0.5, 0, 255), np.uint8)


def between(now: NDArray[np.uint8], before: NDArray[np.uint8]) -> NDArray[np.float32]:
    """How far each point of ``now`` lies from where it was in ``before``, both of ``looked_at`` and
    of one size: (height, width, 2) of x and y in their own pixels.
    """
    if min(now.shape) < _LEAST_SIDE:
        return np.zeros((*now.shape, 2), np.float32)
    cv2 = opencv()
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    # The one length that matters: brightness may change from frame to frame, so that only its
    # differences within a patch are compared.
    search.setUseMeanNormalization(True)
    search.setFinestScale(0)
    found: Any = np.asarray(search.calc(now, before, None), np.float32)
    length = np.sqrt(np.square(found).sum(2, keepdims=True))
    found *= np.clip(length / _STILL - 1, 0, 1)
    return np.asarray(found * _believed(now, before, found)[..., None], np.float32)


def _believed(
    now: NDArray[np.uint8], before: NDArray[np.uint8], flow: NDArray[np.float32]
) -> NDArray[np.float32]:
    """How far a motion counts, 0 to 1, (height, width): not where standing still explains as much.

    On an even wall any motion explains noise and changing light; what is moved so is smoothed for
    nothing.
    """
    cv2 = opencv()
    here, there = now.astype(np.float32), before.astype(np.float32)
    was = moved(there[..., None], places(flow, *now.shape))[..., 0]
    window = (_WINDOW, _WINDOW)
    mean = [cv2.blur(here - other, window) for other in (there, was)]
    still, following = (
        cv2.blur(np.square(here - other - level), window)
        for other, level in zip((there, was), mean, strict=True)
    )
    share = np.clip((still - _BETTER * following) / _CERTAIN**2, 0, 1)
    # What lies beside what has moved is moved along: it is uncovered, or as likely moved as not.
    return np.asarray(cv2.dilate(share, np.ones(window, np.uint8)), np.float32)


def places(flow: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    """Where in the frame before each pixel was, (height, width, 2) of x and y, by a flow that
    ``between`` gave of the whole frame at whatever size.
    """
    cv2 = opencv()
    scale = np.array([width / flow.shape[1], height / flow.shape[0]], np.float32)
    larger: NDArray[np.float32] = cv2.resize(flow, (width, height), interpolation=cv2.INTER_LINEAR)
    moved = larger * scale
    moved[..., 0] += np.arange(width, dtype=np.float32)
    moved[..., 1] += np.arange(height, dtype=np.float32)[:, None]
    return moved


def offsets(where: NDArray[np.float32]) -> NDArray[np.float32]:
    """The way from each pixel to its place, both (height, width, 2) of x and y in pixels."""
    apart = where.copy()
    apart[..., 0] -= np.arange(where.shape[1], dtype=np.float32)
    apart[..., 1] -= np.arange(where.shape[0], dtype=np.float32)[:, None]
    return apart


def moved(
    pixels: NDArray[np.float32], where: NDArray[np.float32], *, lanczos: bool = False
) -> NDArray[np.float32]:
    """What ``pixels``, (height, width, channels), has at ``where``, (rows, columns, 2) of x and y;
    its edge beyond it. Cubic, or after ``lanczos``, over eight by eight pixels.
    """
    cv2 = opencv()
    channels = [
        cv2.remap(
            np.ascontiguousarray(pixels[..., first : first + 4]),
            where,
            None,
            interpolation=cv2.INTER_LANCZOS4 if lanczos else cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REPLICATE,
        ).reshape(*where.shape[:2], -1)
        for first in range(0, pixels.shape[2], 4)
    ]
    return channels[0] if len(channels) == 1 else np.concatenate(channels, axis=2)


def inside(
    where: NDArray[np.float32] | NDArray[np.float64], height: int, width: int
) -> NDArray[np.bool_]:
    """Which of the places lie in a frame of that size: (rows, columns)."""
    x, y = where[..., 0], where[..., 1]
    return (x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1)
