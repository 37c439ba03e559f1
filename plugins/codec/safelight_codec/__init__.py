"""Small pictures: photographs in few bytes, coded by a network that has learnt from photographs."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import NDArray

from safelight import api

from .container import BLOCK, HIGHEST, STEPS, check_size, packed, stripes_of, unpacked

if TYPE_CHECKING:
    from .entropy import Latents, Tables

ENCODER, DECODER, TABLES = "encoder.onnx", "decoder.onnx", "entropy.npz"
TILE = 96
"""Blocks a side of what goes through a network at once."""

ENCODER_REACH, DECODER_REACH = 2, 3
"""Blocks around its own that a block's numbers, and its pixels, depend on."""


@api.importer("Small picture", suffixes=(".slv",), beginnings=(b"SLV\x1a",))
def read(data: bytes, job: api.Job) -> api.Photograph:
    """The picture (height, width, 3), uint8, sRGB-encoded.

    What it is made of are whole numbers that a file tells exactly; what the network makes of them
    may differ by a level of 255 from one machine to another. A stripe of 512 rows that is damaged
    becomes an even grey, and a note says so.
    """
    from .entropy import decoded

    file, tables = unpacked(data), _tables()
    if file.identity != tables.identity:
        raise api.FormatError("it was written for another network than this plugin has")
    least = tables.least_at(file.level, STEPS)
    latents = np.zeros((file.rows, file.columns, 192), np.int16)
    notes = []
    parts = stripes_of(file.rows)
    for number, ((top, bottom), held) in enumerate(zip(parts, file.stripes, strict=True)):
        job.progress(0.3 * number / len(parts), "Reading")
        if held is None:
            last = min(bottom * BLOCK, file.height)
            notes.append(f"Rows {top * BLOCK + 1} to {last} are damaged, and grey.")
            continue
        latents[top:bottom] = decoded(held, bottom - top, file.columns, tables, least)
    pixels = _drawn(latents, file.level / STEPS, job)[: file.height, : file.width]
    return api.Photograph(pixels, notes=_few(notes))


@api.exporter("Small picture", suffixes=(".slv",), depths=("uint8",))
def write(
    pixels: NDArray[np.uint8],
    job: api.Job,
    quality: Annotated[int, api.Number(1, 100), "more keeps more, in more bytes"] = 60,
) -> bytes:
    """A file of ``pixels`` (height, width, 3), uint8, sRGB-encoded."""
    from .entropy import encoded

    height, width = pixels.shape[:2]
    check_size(width, height)
    tables, level = _tables(), round((quality - 1) * HIGHEST / 99)
    latents = _looked_at(pixels, level / STEPS, job)
    least = tables.least_at(level, STEPS)
    stripes = []
    parts = stripes_of(len(latents))
    for number, (top, bottom) in enumerate(parts):
        job.progress(0.7 + 0.3 * number / len(parts), "Writing")
        stripes.append(encoded(latents[top:bottom], tables, least))
    return packed(width, height, level, tables.identity, stripes)


@api.hookimpl
def importers():
    return [read]


@api.hookimpl
def exporters():
    return [write]


@cache
def _tables() -> Tables:
    from .entropy import Tables

    return Tables.read(Path(__file__).with_name(TABLES))


def rounded(numbers: NDArray[np.float32]) -> Latents:
    """The nearest whole numbers that can be told, int16, of ``numbers`` (rows, columns, 192)
    float32.

    Numbers that are drawn towards 0, as older formats do, cost 4 % more bits at the same PSNR: the
    encoder has learnt where to.
    """
    return np.rint(numbers.clip(-8191, 8191)).astype(np.int16)


def _looked_at(pixels: NDArray[np.uint8], quality: float, job: api.Job) -> Latents:
    """The numbers (rows, columns, 192) of a picture, whose last row and column are repeated up to
    whole blocks.
    """
    height, width = pixels.shape[:2]
    rows, columns = -(-height // BLOCK), -(-width // BLOCK)
    latents = np.empty((rows, columns, 192), np.int16)
    tiles = _tiles(rows, columns, ENCODER_REACH)
    for number, (kept, seen, inner) in enumerate(tiles):
        job.progress(0.7 * number / len(tiles), "Looking")
        box = pixels[
            seen[0].start * BLOCK : seen[0].stop * BLOCK,
            seen[1].start * BLOCK : seen[1].stop * BLOCK,
        ]
        extra = [(0, -side % BLOCK) for side in box.shape[:2]]
        filled = np.pad(box, (*extra, (0, 0)), mode="edge")
        image = filled.astype(np.float32) / 255
        found = job.describe(ENCODER, image, quality=np.array([quality], np.float32))
        latents[kept] = rounded(found[0].transpose(1, 2, 0)[inner])
    return latents


def _drawn(latents: Latents, quality: float, job: api.Job) -> NDArray[np.uint8]:
    """The picture (8 * rows, 8 * columns, 3) of numbers (rows, columns, 192)."""
    rows, columns = latents.shape[:2]
    pixels = np.empty((rows * BLOCK, columns * BLOCK, 3), np.uint8)
    tiles = _tiles(rows, columns, DECODER_REACH)
    for number, (kept, seen, inner) in enumerate(tiles):
        job.progress(0.3 + 0.7 * number / len(tiles), "Drawing")
        given = np.ascontiguousarray(latents[seen].transpose(2, 0, 1)[None], np.float32)
        told = {"latents": given, "quality": np.array([quality], np.float32)}
        made = job.describe(DECODER, None, **told)[0].transpose(1, 2, 0)
        made = np.rint(made.clip(0, 1) * 255).astype(np.uint8)
        pixels[_times(kept)] = made[_times(inner)]
    return pixels


Box = tuple[slice, slice]


def _tiles(rows: int, columns: int, reach: int) -> list[tuple[Box, Box, Box]]:
    """Of each tile its blocks, those that it looks at, and where among these its own are."""
    found = []
    for top in range(0, rows, TILE):
        for left in range(0, columns, TILE):
            down, across = _along(top, rows, reach), _along(left, columns, reach)
            found.append(tuple(zip(down, across, strict=True)))
    return found


def _along(start: int, end: int, reach: int) -> tuple[slice, slice, slice]:
    """In one direction, of a tile that begins at ``start`` where there are ``end`` blocks."""
    stop = min(start + TILE, end)
    first, last = max(start - reach, 0), min(stop + reach, end)
    return slice(start, stop), slice(first, last), slice(start - first, stop - first)


def _times(box: Box) -> Box:
    """A box of blocks in pixels."""
    return tuple(slice(side.start * BLOCK, side.stop * BLOCK) for side in box)  # type: ignore[return-value]


def _few(notes: list[str]) -> tuple[str, ...]:
    """The notes, or the first ones of many and how many more there are."""
    if len(notes) <= 10:
        return tuple(notes)
    return (*notes[:9], f"So are {len(notes) - 9} further stripes of 512 rows.")
