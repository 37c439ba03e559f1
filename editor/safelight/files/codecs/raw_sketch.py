"""Raw sketch: a raw file half as large, or smaller, to choose how it is developed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from safelight.files.codecs import lens_correction, tiff
from safelight.files.codecs.libraw import (
    DEMOSAICS,
    SATURATED,
    TURNS,
    is_supported,
    processed,
    unpacked_raw,
)
from safelight.files.codecs.photograph import DamagedError, Limit, Room
from safelight.files.codecs.raw_colours import Sensor
from safelight.files.codecs.raw_facts import RawFacts, believed_number, shown_text

_LONGEST = 1000
"""Pixels a side of a sketch at the most: what is shown of it, and what a slider can wait for."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """A raw file half as large, or smaller, and not yet balanced: ``light`` (height, width,
    colours) of uint16, linear, at most 1,000 pixels a side; of ``width`` x ``height`` pixels when
    developed; ``orientation`` is EXIF's.

    ``demosaics`` are those that LibRaw was built with. ``lens`` is what Lensfun calls the lens, ""
    where it does not know it, ``shot`` what the file says of it.
    """

    light: NDArray[np.uint16]
    sensor: Sensor
    width: int
    height: int
    orientation: int
    shot: lens_correction.Shot
    demosaics: tuple[str, ...]

    @property
    def camera(self) -> str:
        """Make and model."""
        make, model = self.shot.make, self.shot.model
        return model if model.lower().startswith(make.split(" ")[0].lower()) else f"{make} {model}"


def sketch(file: BinaryIO, size: int, limit: Limit, room: Room = np.empty) -> list[NDArray[Any]]:
    """A ``Sketch`` as arrays: facts as JSON, uint8 (count,), and the light, uint16 (height, width,
    colours). Raises what ``read`` does, and OtherKindError for a TIFF file that is no raw one.
    """
    tiff.check_raw(file)
    with unpacked_raw(file, size, limit) as (raw, data):
        facts = RawFacts(raw, data)
        full = raw.sizes.width, raw.sizes.height  # which are others once it has been halved
        seen = _binned(raw, facts.make)
        if seen is None:
            even = (1.0,) * facts.sensor.colours
            seen = _shrunk(processed(raw, even, half=True), full[0])
        told = {
            "sensor": facts.sensor.to_json(),
            "size": full,
            "orientation": TURNS.get(facts.flip, 1),
            "shot": [getattr(facts.shot, name) for name in lens_correction.Shot.__slots__],
            "demosaics": [name for name in DEMOSAICS if is_supported(name)],
        }
    light = room(seen.shape, np.uint16)
    light[...] = seen
    return [np.frombuffer(json.dumps(told).encode(), np.uint8), light]


def _binned(raw: Any, make: str) -> NDArray[np.uint16] | None:
    """A sketch's light, added up from the mosaic itself as LibRaw halves it; None for what is no
    plain mosaic of three colours in squares of two pixels, or may lie askew.
    """
    import rawpy

    sizes, pattern = raw.sizes, raw.raw_pattern
    plain = raw.raw_type == rawpy.RawType.Flat and raw.num_colors == 3
    if not plain or pattern is None or pattern.shape != (2, 2) or sizes.pixel_aspect != 1:
        return None
    mosaic = raw.raw_image_visible
    even = sizes.height % 2 == 0 == sizes.width % 2 and mosaic.shape == (sizes.height, sizes.width)
    if not even or mosaic.dtype != np.uint16 or make.upper().startswith("FUJI"):
        return None
    step = max(-(-max(mosaic.shape) // (2 * _LONGEST)), 1)
    high, wide = (side // 2 // step * step for side in mosaic.shape)
    if min(high, wide) < 1:
        return None
    sums = np.zeros((3, high // step, wide // step), np.uint32)
    counts, blacks = [0] * 3, [0.0] * 3
    for y, x in ((0, 0), (0, 1), (1, 0), (1, 1)):
        seen = int(raw.raw_color(sizes.top_margin + y, sizes.left_margin + x))
        colour = 1 if seen == 3 else seen
        counts[colour] += 1
        blacks[colour] += raw.black_level_per_channel[seen]
        plane = mosaic[y::2, x::2][:high, :wide]
        for down in range(step):
            for across in range(step):
                sums[colour] += plane[down::step, across::step]
    if counts != [1, 2, 1]:
        return None
    most = raw.white_level - min(raw.black_level_per_channel)
    brightest = int(mosaic.max()) - min(raw.black_level_per_channel)
    if SATURATED * most < brightest < most:
        most = brightest
    if most <= 0:
        return None
    light = np.empty((*sums.shape[1:], 3), np.uint16)
    for colour, total in enumerate(sums):
        share = total / np.float32(counts[colour] * step * step) - np.float32(
            blacks[colour] / counts[colour]
        )
        share *= np.float32(65535 / most)
        light[..., colour] = np.clip(share, 0, 65535) + np.float32(0.5)
    return light


def _shrunk(made: NDArray[np.uint16], width: int) -> NDArray[np.uint16]:
    """What LibRaw has halved, of a picture that is ``width`` pixels wide, no larger than a sketch;
    it halves nothing that has no mosaic.
    """
    half = 2 if made.shape[1] > 0.7 * width else 1
    step = half * max(-(-max(made.shape[:2]) // (half * _LONGEST)), 1)
    high, wide = (max(side // step, 1) * min(step, side) for side in made.shape[:2])
    down, across = min(step, high), min(step, wide)
    if step == 1:
        return made
    total = np.zeros((high // down, wide // across, made.shape[2]), np.uint32)
    for y in range(down):
        for x in range(across):
            total += made[y:high:down, x:wide:across]
    made[: len(total), : total.shape[1]] = total // (down * across)
    return made[: len(total), : total.shape[1]]


def sketched(arrays: Sequence[NDArray[Any]]) -> Sketch:
    """The ``Sketch`` of arrays that ``sketch`` gave: facts as uint8 (count,), light as uint16
    (height, width, colours). The arrays may come from a process that was taken over. Raises
    DamagedError.
    """
    try:
        told, light = json.loads(arrays[0].tobytes()), arrays[1]
        sensor = Sensor.from_json(told["sensor"])
        width, height = (int(side) for side in told["size"])
        turn = int(told["orientation"])
        make, model, name, focal, aperture = told["shot"]
        demosaics = tuple(name for name in DEMOSAICS if name in told["demosaics"])
        if light.ndim != 3 or light.dtype != np.uint16 or 0 in light.shape[:2]:
            raise ValueError("no picture")
        if light.shape[2] != sensor.colours or turn not in range(1, 9) or min(width, height) < 1:
            raise ValueError("another picture than it says")
        camera, model, name = shown_text(make), shown_text(model), shown_text(name)
        shot = lens_correction.Shot(
            camera, model, name, believed_number(focal), believed_number(aperture)
        )
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as fault:
        raise DamagedError("cannot be opened: what decodes it made no picture") from fault
    return Sketch(light, sensor, width, height, turn, shot, demosaics)
