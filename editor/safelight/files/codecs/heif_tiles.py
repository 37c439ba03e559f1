"""HEIF tiles: those of a hurt HEIC or AVIF that can be had, each decoded by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from safelight.files.codecs import heif, heif_layout, heif_picture
from safelight.files.codecs.photograph import DamagedError, Room
from safelight.files.sentences import listed

_NAMED = 3
"""Places that a note names one by one."""

Decode: TypeAlias = Callable[[bytes], NDArray[Any]]
"""Gives the pixels (height, width, channels) of a file of one tile, and raises whatever it may."""


def decoded(
    container: heif.Container, decode: Decode, room: Room, notes: list[str]
) -> tuple[NDArray[Any], bool] | None:
    """The picture, (height, width, channels) of uint8 or uint16, turned as it is to be, with 0
    where tiles are lost, and whether it has alpha; None where it is not of tiles, or none of them
    can be had. ``notes`` tell of the places.
    """
    try:
        pixels, places, lost = _joined(container, container.primary, decode, room)
    except DamagedError:
        return None
    notes.append(_note(container, pixels.shape[:2], places, lost))
    alpha = container.transparency()
    if alpha is not None:
        try:
            shown, places, lost = _joined(container, alpha, decode, np.empty)
            for index in lost:
                top, bottom, left, right = places[index]
                shown[top:bottom, left:right] = np.iinfo(shown.dtype).max
            if lost:
                notes.append(
                    "The transparency is damaged: parts of it are lost, and all there is opaque."
                )
            pixels = np.concatenate([pixels, shown[..., :1]], axis=2)
        except (DamagedError, ValueError):
            notes.append("The transparency is damaged and was left out.")
            alpha = None
    return heif_picture.straightened(pixels, container.turns()), alpha is not None


Place: TypeAlias = tuple[int, int, int, int]
"""The first row and the one behind the last, the first column and the one behind the last."""


def _joined(
    container: heif.Container, number: int, decode: Decode, room: Room
) -> tuple[NDArray[Any], list[Place], list[int]]:
    """The tiles side by side, their places, and which are lost. Raises DamagedError."""
    width, height, tiles = container.tiles(number)
    across, down = container.size(tiles[0])
    columns = -(-width // across)
    places: list[Place] = []
    pixels: NDArray[Any] | None = None
    lost: list[int] = []
    for index, tile in enumerate(tiles):
        top, left = index // columns * down, index % columns * across
        places.append((top, min(top + down, height), left, min(left + across, width)))
        made = _tried(decode, container, tile)
        if made is None or made.shape[:2] != (down, across):
            lost.append(index)
            continue
        if pixels is None:
            pixels = room((height, width, made.shape[2]), made.dtype)
            pixels[:] = 0
        if made.shape[2] != pixels.shape[2] or made.dtype != pixels.dtype:
            lost.append(index)
            continue
        kept = pixels[top : top + down, left : left + across]
        kept[:] = made[: kept.shape[0], : kept.shape[1]]
    if pixels is None:
        raise DamagedError("is damaged: nothing of the picture is left in it")
    return pixels, places, lost


def _tried(decode: Decode, container: heif.Container, tile: int) -> NDArray[Any] | None:
    try:
        return None if container.hurt(tile) else decode(heif_layout.alone(container, tile))
    except Exception:
        return None


def _note(
    container: heif.Container,
    size: tuple[int, ...],
    places: Sequence[Place],
    lost: Sequence[int],
) -> str:
    """Where the lost tiles are in the picture as it is seen."""
    early = "The file ends early" if container.share() < 1 else "A part of the file is damaged"
    if not lost:
        return f"{early}; all of the picture is there."
    turns = container.turns()
    where = []
    for index in lost[:_NAMED]:
        top, bottom, left, right = places[index]
        mark = np.zeros(size, np.bool_)
        mark[top:bottom, left:right] = True
        seen = heif_picture.straightened(mark, turns)
        rows, columns = (np.flatnonzero(seen.any(axis=axis)) for axis in (1, 0))
        if len(rows):
            where.append(
                f"rows {rows[0] + 1} to {rows[-1] + 1} of columns {columns[0] + 1} to"
                f" {columns[-1] + 1}"
            )
    if len(lost) > _NAMED:
        where.append(f"{len(lost) - _NAMED} more places")
    words = listed(where or ["parts that are not shown"])
    verb = "is" if len(lost) == 1 else "are"
    return f"{early}: {len(lost)} of {len(places)} tiles {verb} missing, {words}."
