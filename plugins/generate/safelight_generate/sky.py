"""Sky: a view of a photographed sky like what is asked for; as a panorama, several joined."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from safelight import api

from .layout import Array, Code
from .sky_choice import SKY, alike, row_of
from .sources import SIZE, STREAKS, Source, bent, clear_of, known, source, steps

MOST = 1_700_000
"""Pixels that are joined; a larger canvas is enlarged from there."""

LOWEST = 0.55
"""Of the height of sources, what wide canvases show of it, lest clouds be small and many."""

CLOSER = (1.03, 1.14)
"""How much closer than its sources a panorama is seen: the rest lets its strips move up and down.
"""

ALIKE = 3
"""Sources that a panorama as wide as one of them would be made of; wider ones have more."""

EXPOSED = 0.1
"""How much lighter or darker than its source a sky is, about, as the power of its values."""

PANORAMA = 2.0
"""Of a canvas so many times as wide as high, the right border goes on at the left one."""

SWING = 0.6
"""Of a source's gradient of light across, what comes and goes across a panorama."""

KEPT = 2
"""Skies that are remembered, for the other pieces of a canvas."""

KNEE = 0.9
"""sRGB value from which on light is rolled off towards white where there is a sun."""

SUNS = {"day": (1.0, 0.97, 0.9), "sunset": (1.0, 0.72, 0.42), "dusk": (1.0, 0.52, 0.3)}
"""The sun's light, linear."""

DISC = 0.016
"""Radius of the sun, in heights of the canvas: as through a short telephoto lens."""

GRAIN = 0.0008
"""Of the range: the usual spread of the noise of photographed skies beyond that of these. It is of
light alone: JPEG leaves none of colour.
"""

GRAINS = 509
"""Pixels after which noise comes again, to both sides."""

STREAKLESS = 0.25
"""How streaked a sky is at most that is turned by a quarter: its streaks would lead elsewhere."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a sky is to be like, each 0 to 1, and how chance begins.

    ``code``: SKY numbers, about normal: cloudier, finer, more level, more slanted, warmer, light
    from the right instead of the left, and another one of those. () for those of the seed.
    """

    seed: int
    cloudiness: float
    fineness: float
    time: str
    streaks: str = "any"
    code: tuple[float, ...] = ()

    @property
    def numbers(self) -> Array:
        """The code, or what the seed says."""
        return api.chosen(self.code, self.seed, SKY)

    @property
    def row(self) -> int:
        """The source nearest to what is asked for."""
        return row_of(self.time, self.streaks, self.cloudiness, self.fineness, self.numbers)


@dataclass(frozen=True, slots=True)
class Painted:
    """A sky (height, width, 4), which goes on at the left if it ``wraps``: colours, and how thick
    clouds are, 0 to 1; and the colour (3,) of its clouds.
    """

    layers: Array
    cloud: Array
    wraps: bool

    def piece(self, region: api.Region, canvas: api.Region) -> Array:
        """The layers of a piece of a canvas, (height, width, 4), bicubic."""
        place = region.move(-canvas.x, -canvas.y)
        across, down = self.layers.shape[1] / canvas.width, self.layers.shape[0] / canvas.height
        # A piece may reach beyond a canvas that is smaller than the least piece.
        beyond = max(place.right - canvas.width, place.bottom - canvas.height, 0)
        margin = 4 + math.ceil((3 + beyond) * max(across, down))
        around = np.pad(self.layers, ((margin, margin), (0, 0), (0, 0)), mode="edge")
        beside = "wrap" if self.wraps else "edge"
        around = np.pad(around, ((0, 0), (margin, margin), (0, 0)), mode=beside)
        left, top = place.x * across + margin, place.y * down + margin
        box = left, top, left + place.width * across, top + place.height * down
        size = place.width, place.height
        found = np.empty((place.height, place.width, 4), np.float32)
        for n in range(4):
            layer = Image.fromarray(np.ascontiguousarray(around[..., n]))
            found[..., n] = layer.resize(size, Image.Resampling.BICUBIC, box)
        return found


_painted: OrderedDict[tuple[Asked, bool | None, int, int], Painted] = OrderedDict()


def painted(
    asked: Asked, sunny: bool | None, canvas: api.Region, progress: Callable[[float], None]
) -> Painted:
    """A sky that fills a canvas, remembered.

    ``sunny``: whether the sun is right of the middle; None where the code says so.
    """
    key = asked, sunny, canvas.width, canvas.height
    if key not in _painted:
        wide = canvas.width / canvas.height >= PANORAMA
        _painted[key] = (
            _joined(asked, sunny, canvas, progress) if wide else _seen(asked, sunny, canvas)
        )
        while len(_painted) > KEPT:
            _painted.popitem(last=False)
    _painted.move_to_end(key)
    return _painted[key]


@dataclass(frozen=True, slots=True)
class Scale:
    """The pixels of a sky, and the size that its sources have to be joined to it."""

    rows: int
    columns: int
    source: tuple[int, int]


def scale_of(canvas: api.Region, closer: float) -> Scale:
    """How large a sky is joined, as close to its sources' pixels as can be."""
    aspect = canvas.width / canvas.height
    share = min(max(SIZE[0] / SIZE[1] / aspect, LOWEST), 1.0) / closer
    rows = min(canvas.height, round(SIZE[1] * share), math.isqrt(max(int(MOST / aspect), 1)))
    rows = max(rows, 1)
    zoom = rows / (SIZE[1] * share)
    size = max(round(SIZE[0] * zoom), 1), max(round(SIZE[1] * zoom), rows)
    return Scale(rows, max(round(rows * aspect), 1), size)


def _seen(asked: Asked, sunny: bool | None, canvas: api.Region) -> Painted:
    """A sky no wider than a photograph: a view of one."""
    from .sky_view import TILT, TILT_LEAST, as_sharp, takes_quarter, view_of

    sky, row, random = known(), asked.row, np.random.RandomState(asked.seed)
    code, right = sky.code(row), asked.numbers[5] > 0 if sunny is None else sunny
    aspect = canvas.width / canvas.height
    quarter = random.rand() < 0.5 and not code.horizon and streakless(code)
    quarter = quarter and takes_quarter(aspect, SIZE)
    code = quartered(code) if quarter else code
    turned = turns(code, right, random.rand() < 0.5, STREAKS[asked.streaks][1])
    full = SIZE[1] / SIZE[0] if quarter else SIZE[0] / SIZE[1]
    tilt = TILT_LEAST if code.horizon or quarter else TILT
    view = view_of(aspect, full, tilt, random)
    rows = max(min(canvas.height, math.isqrt(max(int(MOST / aspect), 1))), 1)
    columns = max(min(round(rows * aspect), canvas.width), 1)
    zoom = rows / (view.rows * SIZE[0 if quarter else 1])
    size = max(round(SIZE[0] * zoom), 1), max(round(SIZE[1] * zoom), 1)
    picture = sky.picture(row, size)
    picture = np.rot90(picture) if quarter else picture
    picture = np.ascontiguousarray(picture[:: turned[0], :: turned[1]])
    found = source(picture)
    layers = view.seen(found.layers, (rows, columns))
    layers[..., :3] = as_sharp(layers[..., :3], picture)
    exposed = np.float32(math.exp(EXPOSED * float(np.clip(random.standard_normal(), -1.5, 1.5))))
    layers = np.clip(layers, 0, 1)
    layers[..., :3] **= exposed
    return Painted(layers, found.cloud**exposed, wraps=False)


def _joined(
    asked: Asked, sunny: bool | None, canvas: api.Region, progress: Callable[[float], None]
) -> Painted:
    """A panorama: strips of several photographs."""
    from .sky_panorama import joined

    sky, row, random = known(), asked.row, np.random.RandomState(asked.seed)
    right = asked.numbers[5] > 0 if sunny is None else sunny
    turned = turns(sky.code(row), right, random.rand() < 0.5, STREAKS[asked.streaks][1])
    aspect = canvas.width / canvas.height
    count = ALIKE + max(math.ceil(aspect * SIZE[1] / SIZE[0]) - 1, 0)
    rows = alike(row, count)
    scale = scale_of(canvas, random.uniform(*CLOSER))
    sources: list[Source] = []
    for n in rows:
        picture = sky.picture(n, scale.source)[:: turned[0], :: turned[1]]
        sources.append(source(np.ascontiguousarray(picture)))
        progress(0.4 * len(sources) / len(rows))
    first = sources[0]
    layers = [bent(one.layers, scale.source, random) for one in sources]
    x, y = steps(scale.source[0])[None], steps(scale.source[1])[:, None]
    middle = np.zeros((1, 1), np.float32)
    for one, layer in zip(sources, layers, strict=True):
        np.clip(layer[..., 3], 0, 1, out=layer[..., 3])
        change = clear_of(first.clear, middle, y) - clear_of(one.clear, x, y)
        thick = layer[..., 3:]
        layer[..., :3] += change + thick * ((first.cloud - one.cloud) - change)

    def further(part: float) -> None:
        progress(0.4 + 0.6 * part)

    whole = joined(layers, (scale.rows, scale.columns), random, further)
    x, y = steps(scale.columns)[None], steps(scale.rows)[:, None]
    # Light rises and falls again, so that the borders meet.
    swing = clear_of(first.clear, np.float32(SWING) * np.sin(np.pi * x), y)
    swing -= clear_of(first.clear, middle, y)
    whole[..., :3] += (1 - whole[..., 3:]) * swing
    return Painted(np.clip(whole, 0, 1), first.cloud, wraps=True)


def streakless(code: Code) -> bool:
    """Whether clouds of a sky lead nowhere, so that it may be turned by a quarter."""
    return max(abs(code.level), abs(code.slanted)) < STREAKLESS


def quartered(code: Code) -> Code:
    """The code of a sky that is turned by a quarter, what was at the right to the top."""
    return code._replace(
        across=code.down, down=-code.across, level=-code.level, slanted=-code.slanted
    )


def turns(code: Code, right: bool, down: bool, slanted: int) -> tuple[int, int]:
    """The steps, 1 or -1, that the rows and the columns of a source are taken in.

    For its light to come from the right, or from the left; upside down or not, where it looks
    straight up; and for streaks to be slanted as is asked for, where anything is.
    """
    across = 1 if (code.across > 0) == right else -1
    upwards = -1 if down and not code.horizon else 1
    if slanted and code.slanted * across * upwards * slanted < 0:
        if code.horizon:
            across = -across
        else:
            upwards = -upwards
    return upwards, across


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


def rolled_off(picture: Array, before: Array) -> Array:
    """Values of 0 to 1: what light made lighter than KNEE comes nearer and nearer to white."""
    over = np.tanh(np.maximum(picture - KNEE, 0) / (1 - KNEE)) * (1 - KNEE)
    rolled = np.where(picture > KNEE, KNEE + over, picture)
    return np.clip(np.maximum(rolled, before), 0, 1).astype(np.float32)


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
    whole = painted(asked, side_of(sun, at), canvas, progress)
    layers = whole.piece(region, canvas)
    found, thick = layers[..., :3], np.clip(layers[..., 3], 0, 1)
    if haze > 0:
        place = region.move(-canvas.x, -canvas.y)
        y = (np.arange(place.height) + place.y + 0.5) / canvas.height
        share = np.float32(haze * np.clip(y, 0, 1) ** 3)[:, None, None]
        found = found + share * (np.float32(0.35 + 0.65 * whole.cloud) - found)
    found = np.ascontiguousarray(np.clip(found, 0, 1), np.float32)
    found = rolled_off(sunlit(found, thick, at, sun, asked.time, region, canvas), found)
    return np.clip(found + grain(asked.seed, region, canvas), 0, 1)


def grain(seed: int, region: api.Region, canvas: api.Region) -> Array:
    """The noise (height, width, 1) that a camera leaves in a piece of a sky, the same at a place of
    the canvas whatever the piece is: without it enlarged sources are smoother than photographs.
    """
    random = np.random.default_rng(seed)
    noise = random.standard_normal((GRAINS, GRAINS, 1), np.float32)
    noise *= GRAIN * np.exp(np.float32(0.35 * random.standard_normal()))
    place = region.move(-canvas.x, -canvas.y)
    rows, columns = (
        np.arange(first, first + count) % GRAINS
        for first, count in ((place.y, place.height), (place.x, place.width))
    )
    return noise[np.ix_(rows, columns)].astype(np.float32)


def side_of(sun: float, at: tuple[float, float]) -> bool | None:
    """Whether the sun is right of the middle; None where there is none."""
    return at[0] > 0.5 if sun > 0 else None


def rows_of(
    asked: Asked, sunny: bool | None, canvas: api.Region, progress: Callable[[float], None]
) -> Array:
    """The colours (24, 3) of a sky that fills a canvas, from above to below, without a sun."""
    small = api.Region(0, 0, 32, 24)
    layers = painted(asked, sunny, canvas, progress).piece(small, small)
    return np.clip(layers[..., :3], 0, 1).mean(1)
