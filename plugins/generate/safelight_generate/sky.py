"""Sky: chance says where clouds are, pieces of real skies paint them, one of those colours them."""

from __future__ import annotations

import functools
import io
import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from safelight import api

from .layout import Array, Code, noise

TIMES = ("day", "sunset", "dusk")
STREAKS = {"any": (0, 0), "level": (1, 0), "upright": (-1, 0), "falling": (0, 1), "rising": (0, -1)}
"""How streaked a sky is, `Code.level` and `Code.slanted`."""

ROWS = 12
"""Rows of the noise: all that is smaller comes from real skies."""

HALVINGS = 6
"""Doublings between ROWS and the fields of real skies, of 768."""

MOST = 1_700_000
"""Pixels that are painted with pieces; a larger canvas is enlarged from there."""

SPAN = 8.0
"""Spreads of a field that the 256 levels of a stored one hold."""

ALIKE = 6
"""Skies that give one their pieces."""

AMONG = 5
"""Skies that are near what is asked for, of which chance takes one."""

KEPT = 2
"""Painted fields, and pieces, that are remembered, for the other pieces of a canvas."""

CODES = Code._fields
STREAKED = [CODES.index("level"), CODES.index("slanted")]

KNEE = 0.9
"""sRGB value from which on light is rolled off towards white."""

SUNS = {"day": (1.0, 0.97, 0.9), "sunset": (1.0, 0.72, 0.42), "dusk": (1.0, 0.52, 0.3)}
"""The sun's light, linear."""

DISC = 0.016
"""Radius of the sun, in heights of the canvas: as through a short telephoto lens."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a sky is to be like, each 0 to 1, and how chance begins."""

    seed: int
    cloudiness: float
    fineness: float
    time: str
    streaks: str


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of real skies, a row each, and the fields of some of them, the `bank`."""

    codes: NDArray[np.float32]
    quantiles: NDArray[np.float32]
    octaves: NDArray[np.float32]
    colours: NDArray[np.float32]
    gradients: NDArray[np.float32]
    times: NDArray[np.uint8]
    bank: NDArray[np.int32]
    files: tuple[bytes, ...]

    def field(self, place: int) -> Array:
        """The field of a sky of the bank, (768, 1024)."""
        with Image.open(io.BytesIO(self.files[place])) as grey:
            levels = np.asarray(grey.convert("L"), np.float32)
        return (levels - np.float32(127.5)) * np.float32(SPAN / 255)

    def alike(self, row: int) -> NDArray[np.int64]:
        """Places of the bank whose fields are like that of a sky in light, octaves, streaks."""
        kinds, own = self.codes[self.bank], self.codes[row]
        apart = np.abs(self.quantiles[self.bank] - self.quantiles[row]).mean(1)
        apart += 2 * np.abs(np.log(self.octaves[self.bank] / self.octaves[row])).mean(1)
        apart += 0.5 * np.abs(kinds[:, CODES.index("spread")] - own[CODES.index("spread")])
        apart += np.abs(kinds[:, CODES.index("horizon")] - own[CODES.index("horizon")])
        apart += 1.5 * np.abs(kinds[:, STREAKED] - own[STREAKED]).sum(1)
        return np.argsort(apart, kind="stable")[:ALIKE]

    def row(self, asked: Asked) -> int:
        """A sky near what is asked for, by chance one of the AMONG nearest."""
        of_time = np.flatnonzero(self.times == TIMES.index(asked.time))
        white = (self.colours[of_time, :, 0] - self.colours[of_time, :, 2]).mean(1)
        fine = -self.codes[of_time, CODES.index("slope")]
        apart = np.abs(_ranks(white) - asked.cloudiness) + 0.7 * np.abs(
            _ranks(fine) - asked.fineness
        )
        apart -= self.codes[of_time][:, STREAKED] @ np.array(STREAKS[asked.streaks])
        nearest = np.argsort(apart, kind="stable")[:AMONG]
        return int(of_time[nearest[np.random.RandomState(asked.seed).randint(len(nearest))]])


@functools.cache
def known() -> Known:
    """The skies that ship with the plugin."""
    names = ("code", "quantiles", "octaves", "colours", "gradients", "times", "bank")
    with np.load(Path(__file__).parent / "skies.npz", allow_pickle=False) as stored:
        data, ends = stored["files"].tobytes(), stored["ends"].tolist()
        files = tuple(data[a:b] for a, b in zip([0, *ends[:-1]], ends, strict=True))
        return Known(*(stored[name] for name in names), files)


@functools.lru_cache(maxsize=KEPT)
def pieces(row: int) -> Array:
    """Fields (ALIKE, 768, 1024) of skies like the one of a row."""
    return np.stack([known().field(int(n)) for n in known().alike(row)])


def _ranks(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Where each value stands among all, 0 to 1."""
    return np.argsort(np.argsort(values)) / max(len(values) - 1, 1)


@dataclass(frozen=True, slots=True)
class Painted:
    """A field of a sky (height, width), whose right border goes on at the left; the sky it is
    coloured as.
    """

    field: Array
    row: int

    def piece(self, region: api.Region, canvas: api.Region) -> Array:
        """The field of a piece of a canvas, (height, width), bicubic."""
        place = region.move(-canvas.x, -canvas.y)
        across, down = self.field.shape[1] / canvas.width, self.field.shape[0] / canvas.height
        # A piece may reach beyond a canvas that is smaller than the least piece.
        beyond = max(place.right - canvas.width, place.bottom - canvas.height, 0)
        margin = 4 + math.ceil((3 + beyond) * max(across, down))
        around = np.pad(self.field, ((margin, margin), (0, 0)), mode="edge")
        around = np.pad(around, ((0, 0), (margin, margin)), mode="wrap")
        left, top = place.x * across + margin, place.y * down + margin
        box = left, top, left + place.width * across, top + place.height * down
        size = place.width, place.height
        drawn = Image.fromarray(around).resize(size, Image.Resampling.BICUBIC, box)
        return np.asarray(drawn, np.float32)


_painted: OrderedDict[tuple[Asked, int, int], Painted] = OrderedDict()


def painted(asked: Asked, canvas: api.Region, progress: Callable[[float], None]) -> Painted:
    """The field of a sky that fills a canvas, remembered."""
    key = asked, canvas.width, canvas.height
    if key not in _painted:
        row = known().row(asked)
        _painted[key] = Painted(_field(asked.seed, row, canvas, progress), row)
        while len(_painted) > KEPT:
            _painted.popitem(last=False)
    _painted.move_to_end(key)
    return _painted[key]


def _field(seed: int, row: int, canvas: api.Region, progress: Callable[[float], None]) -> Array:
    from safelight_exemplar import detail  # compiled code, which takes a second to load

    sky = known()
    code, bank = Code(*sky.codes[row].tolist()), pieces(row)
    columns = 2 * max(round(ROWS * canvas.width / canvas.height / 2), 1)
    start = noise(np.random.RandomState(seed), columns, code, ROWS)
    count, height, width = bank.shape
    times = 1 << HALVINGS
    coarse = bank.reshape(count, height // times, times, width // times, times).mean((2, 4))
    doublings = 1
    while ROWS << doublings < canvas.height and (ROWS * columns) << (2 * doublings + 2) <= MOST:
        doublings += 1
    return detail(
        *(ranked(start, quantiles_of(coarse)), bank, doublings),
        halvings=HALVINGS,
        wraps=True,
        seed=seed,
        progress=progress,
    )


def quantiles_of(fields: Array, count: int = 24) -> Array:
    """The means of quantiles of some fields."""
    parts = np.array_split(np.sort(fields, axis=None), count)
    return np.array([part.mean() for part in parts], np.float32)


def ranked(field: Array, quantiles: Array) -> Array:
    """A field with the distribution of another one, of which the means of quantiles are known."""
    ranks = np.empty(field.size)
    ranks[np.argsort(field, axis=None, kind="stable")] = (np.arange(field.size) + 0.5) / field.size
    places = (np.arange(len(quantiles)) + 0.5) / len(quantiles)
    return np.interp(ranks, places, quantiles).reshape(field.shape).astype(np.float32)


def coloured(sky: Known, row: int, field: Array, region: api.Region, canvas: api.Region) -> Array:
    """The colours (height, width, 3) of a field, those of a sky with its gradients of light.

    Across they rise and fall again, so that right and left border meet.
    """
    values, colours = sky.quantiles[row], sky.colours[row]
    steps = np.linspace(values[0] - 2, values[-1] + 2, 256)
    table = np.stack([_beyond(steps, values, colours[:, n]) for n in range(3)], 1)
    at = np.clip((field - steps[0]) / (steps[1] - steps[0]), 0, 254.999)
    low = at.astype(np.int32)
    share = np.float32(at - low)[..., None]
    found = table[low] * (1 - share) + table[low + 1] * share
    place = region.move(-canvas.x, -canvas.y)
    x = 2 * (np.arange(place.width) + place.x + 0.5) / canvas.width - 1
    y = 2 * (np.arange(place.height) + place.y + 0.5) / canvas.height - 1
    across, down, bent = sky.gradients[row]
    vertical = y[:, None] * down + (y * y - 1 / 3)[:, None] * bent
    found += np.float32(vertical)[:, None]
    found += np.float32((0.7 * np.sin(np.pi * x))[:, None] * across)
    return found


def _beyond(
    at: NDArray[np.float64], values: NDArray[np.float32], colours: NDArray[np.float32]
) -> Array:
    """A palette at some values of a field; past its ends it goes on, less and less steeply."""
    found = np.interp(at, values, colours)
    for end, two, over in ((-1, -3, np.clip(at - values[-1], 0, None)), (0, 2, at - values[0])):
        rise = (colours[end] - colours[two]) / max(abs(values[end] - values[two]), 1e-3)
        beyond = np.abs(over if end else np.clip(over, None, 0))
        found += rise * 0.6 * np.tanh(beyond)
    return found.astype(np.float32)


def sunlit(
    sky: Array,
    thick: Array,
    at: tuple[float, float],
    strength: float,
    time: str,
    region: api.Region,
    canvas: api.Region,
) -> Array:
    """A sky with the sun, a disc and its glow, where the clouds, `thick` 0 to 1, let it through."""
    if strength <= 0:
        return sky
    place = region.move(-canvas.x, -canvas.y)
    x = (np.arange(place.width) + place.x + 0.5) / canvas.width - at[0]
    x = (np.abs((x + 0.5) % 1 - 0.5) * canvas.width / canvas.height)[None]
    y = ((np.arange(place.height) + place.y + 0.5) / canvas.height - at[1])[:, None]
    far = np.hypot(x, y) / DISC
    through = (1 - thick) ** 2
    disc = 12.0 / (1 + np.exp(np.clip(8 * (far - 1), -30, 30))) * (0.04 + 0.96 * through)
    near = 1.6 * np.exp(-far / 3.5) * (0.25 + 0.75 * through)
    wide = 0.22 * np.exp(-far / 16) * (0.6 + 0.4 * thick)
    light = np.float32(strength * (disc + near + wide))[..., None] * np.float32(SUNS[time])
    return api.from_linear(api.to_linear(sky) + light)


def rolled_off(picture: Array) -> Array:
    """Values of 0 to 1: what is lighter than KNEE comes nearer and nearer to white."""
    over = np.tanh(np.maximum(picture - KNEE, 0) / (1 - KNEE)) * (1 - KNEE)
    return np.clip(np.where(picture > KNEE, KNEE + over, picture), 0, 1).astype(np.float32)


def made(
    asked: Asked,
    sun: float,
    at: tuple[float, float],
    haze: float,
    region: api.Region,
    canvas: api.Region,
    progress: Callable[[float], None],
) -> Array:
    """The pixels (height, width, 3) of a piece of a sky that fills a canvas."""
    whole = painted(asked, canvas, progress)
    sky, field = known(), whole.piece(region, canvas)
    found = np.maximum(coloured(sky, whole.row, field, region, canvas), 0)
    if haze > 0:
        place = region.move(-canvas.x, -canvas.y)
        y = (np.arange(place.height) + place.y + 0.5) / canvas.height
        pale = 0.35 + 0.65 * sky.colours[whole.row].max(0)
        share = np.float32(haze * y**3)[:, None, None]
        found = found + share * (np.float32(pale) - found)
    values = sky.quantiles[whole.row]
    thick = np.clip((field - values[4]) / max(float(values[-3] - values[4]), 1e-3), 0, 1)
    return rolled_off(sunlit(found, thick, at, sun, asked.time, region, canvas))
