"""Lens correction: distortion, vignetting and coloured fringes, undone by Lensfun's numbers.

Lensfun tells for a few points where each colour of a pixel lies in the picture, and how much darker
it is there; what lies between is smooth.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.pixels import bent

_STEP = 16
"""Pixels between the points that Lensfun is asked for: what lies between is exact to 0.01 pixels
for a lens that bends by a twentieth.
"""

_FAR = 1000.0
"""Metres that a subject is taken to be away."""


FAULTS = ("distortion", "vignetting", "fringes")
"""What can be undone, as ``correction`` and the settings of raw files call it."""


@dataclass(frozen=True, slots=True)
class Shot:
    """What a file says of how a picture was taken: names, millimetres and f-number (0: unknown)."""

    make: str = ""
    model: str = ""
    lens: str = ""
    focal: float = 0.0
    aperture: float = 0.0


@dataclass(frozen=True, slots=True)
class Correction:
    """What undoes a lens's faults, for pictures of any size and the same sides.

    ``places`` (rows, columns, 3, 2) tells for even points from corner to corner where each colour
    lies, x and y as fractions of the picture; None where nothing moves. ``gain`` (rows, columns)
    multiplies the light; None where it is the same everywhere.
    """

    name: str
    places: NDArray[np.float32] | None = None
    gain: NDArray[np.float32] | None = None


def find(shot: Shot) -> tuple[Any, Any] | None:
    """Lensfun's camera and lens; None where it does not know both."""
    import lensfunpy

    known = lensfunpy.Database()
    cameras = known.find_cameras(shot.make, shot.model, False)
    if not cameras:
        return None
    camera = cameras[0]
    wanted = _plain(shot.lens, shot.make)
    # Its search finds what is like it; only the same lens has the same faults.
    for lens in known.find_lenses(camera, None, shot.lens, True) if wanted else ():
        if _plain(lens.model, lens.maker) == wanted:
            return camera, lens
    if wanted:
        return None
    # A camera whose lens cannot be taken off has one, and need not name it.
    fixed = known.find_lenses(camera, None, None, True)
    return (camera, fixed[0]) if len(fixed) == 1 else None


def _plain(name: str, maker: str) -> str:
    """A lens's name without the maker's, spaces and signs: they are written in many ways."""
    first = maker.split()[0].lower() if maker.split() else ""
    words = re.sub(rf"^{re.escape(first)}\s+", "", name.lower()) if first else name.lower()
    return re.sub(r"[^a-z0-9.+]", "", words.replace("f/", ""))


def correction(
    shot: Shot, width: int, height: int, *, distortion: bool, vignetting: bool, fringes: bool
) -> Correction | None:
    """What undoes those faults of the lens in a picture of that size; None for unknown lenses."""
    import lensfunpy

    found = find(shot)
    if found is None or not shot.focal:
        return None
    camera, lens = found
    modify = lensfunpy.ModifyFlags
    flags = modify.SCALE if distortion else 0
    flags |= modify.DISTORTION if distortion else 0
    flags |= modify.TCA if fringes else 0
    columns, rows = (max(-(-side // _STEP), 1) + 1 for side in (width, height))
    across, down = np.linspace(0, width - 1, columns), np.linspace(0, height - 1, rows)
    places = gain = None
    if distortion or fringes:
        modifier = lensfunpy.Modifier(lens, camera.crop_factor, width, height)
        modifier.initialize(shot.focal, shot.aperture or 8.0, _FAR, 0.0, flags=flags)
        found_places = np.empty((rows, columns, 3, 2), np.float32)
        kept = np.rint(across).astype(np.intp)
        known = True
        for row, y in enumerate(np.rint(down)):
            line = modifier.apply_subpixel_geometry_distortion(0, float(y), width, 1)
            known = known and line is not None
            if known:
                found_places[row] = line[0, kept]
        # Asked for at whole pixels, moved to the even points by what they are off.
        found_places[..., 0] += (across - kept)[None, :, None]
        found_places[..., 1] += (down - np.rint(down))[:, None, None]
        found_places /= np.array([max(width - 1, 1), max(height - 1, 1)], np.float32)
        places = found_places if known and np.isfinite(found_places).all() else None
    if vignetting and shot.aperture:
        small = np.ones((rows, columns, 3), np.float32)
        modifier = lensfunpy.Modifier(lens, camera.crop_factor, columns, rows)
        modifier.initialize(
            shot.focal, shot.aperture, _FAR, 1.0, pixel_format=np.float32, flags=modify.VIGNETTING
        )
        if modifier.apply_color_modification(small) and np.isfinite(small).all():
            gain = np.clip(small[..., 1], 0.1, 10)
    return Correction(lens.model, places, gain)


@dataclass(frozen=True, slots=True)
class Known:
    """A lens that Lensfun knows, and what undoes its faults: the bent lines alone, the coloured
    fringes alone, or both; and the dark corners. None for what it cannot undo.
    """

    name: str
    straight: NDArray[np.float32] | None = None
    clean: NDArray[np.float32] | None = None
    both: NDArray[np.float32] | None = None
    gain: NDArray[np.float32] | None = None

    def correction(self, distortion: bool, vignetting: bool, fringes: bool) -> Correction:
        """What undoes some of the faults."""
        if distortion:
            places = self.both if fringes else self.straight
        else:
            places = self.clean if fringes else None
        return Correction(self.name, places, self.gain if vignetting else None)


def known(shot: Shot, width: int, height: int) -> Known | None:
    """The lens of a picture of that size; None for one that Lensfun does not know."""
    no = {"distortion": False, "vignetting": False, "fringes": False}
    straight = correction(shot, width, height, **no | {"distortion": True})
    if straight is None:
        return None
    clean = correction(shot, width, height, **no | {"fringes": True})
    both = correction(shot, width, height, **no | {"distortion": True, "fringes": True})
    light = correction(shot, width, height, **no | {"vignetting": True})
    assert clean is not None
    assert both is not None
    assert light is not None
    return Known(straight.name, straight.places, clean.places, both.places, light.gain)


_PARTS = ("straight", "clean", "both", "gain")


def asked(shot: Shot, width: int, height: int) -> bytes:
    """The arguments of ``known`` as a file, for a process that is confined."""
    return json.dumps([*(getattr(shot, name) for name in Shot.__slots__), width, height]).encode()


def told(data: bytes) -> list[NDArray[Any]]:
    """What ``known`` finds for the lens that ``asked`` has put into ``data``, as arrays: a text as
    uint8 (count,), then float32 grids (rows, columns, 6), and (rows, columns) of gain; none for an
    unknown lens.
    """
    make, model, name, focal, aperture, width, height = json.loads(data)
    found = known(Shot(make, model, name, focal, aperture), width, height)
    if found is None:
        return []
    parts = [getattr(found, name) for name in _PARTS]
    there = [part is not None for part in parts]
    text = json.dumps({"name": found.name, "there": there}).encode()
    return [np.frombuffer(text, np.uint8), *(_flat(part) for part in parts if part is not None)]


def _flat(part: NDArray[np.float32]) -> NDArray[np.float32]:
    """A grid with three sides at most, which is what can cross."""
    return part.reshape(*part.shape[:2], -1) if part.ndim > 2 else part


def understood(arrays: Sequence[NDArray[Any]]) -> Known | None:
    """The correction that arrays of ``told`` hold: a text as uint8 (count,), then float32 grids.
    None where there is no lens, or the arrays make no sense.
    """
    try:
        facts = json.loads(arrays[0].tobytes())
        name = "".join(letter for letter in str(facts["name"]) if letter.isprintable())[:80]
        rest = iter(arrays[1:])
        parts: dict[str, NDArray[np.float32]] = {}
        for part, there in zip(_PARTS, facts["there"], strict=True):
            if there is True:
                grid = next(rest)
                sides = grid.shape[:2]
                if grid.dtype != np.float32 or min(sides) < 2 or not np.isfinite(grid).all():
                    raise ValueError("no grid")
                parts[part] = grid if part == "gain" else grid.reshape(*sides, 3, 2)
        return Known(name, **parts)
    except (LookupError, TypeError, ValueError, AttributeError, StopIteration, RecursionError):
        return None


def corrected(light: NDArray[Any], correction: Correction) -> NDArray[Any]:
    """The picture (height, width, channels), linear, uint16 or float32, with the faults undone."""
    if correction.places is None and correction.gain is None:
        return light
    return bent.put_right(light, correction.places, correction.gain)
