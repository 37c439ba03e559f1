"""Raw colours: a camera's linear numbers as colours: white balance, exposure, matrix and curve.

Drafts in the window and the picture that is opened are made by the same few formulas, after LibRaw
has made pixels of the mosaic.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.files.codecs import base_curve
from safelight.pixels import known_profile
from safelight.pixels.colour import SRGB_TO_XYZ as ADAPTED
from safelight.pixels.icc import primaries_of

Matrix = NDArray[np.float64]

SRGB_TO_XYZ: Matrix = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
"""Linear sRGB to XYZ with its own white, D65 (IEC 61966-2-1)."""

_D65 = SRGB_TO_XYZ.sum(axis=1)
_TOE, _POWER = np.float32(16), np.float32(1 / 1.8)
"""Of ProPhoto RGB's curve (ISO 22028-2): the slope where it is straight, and its power."""

COLDEST, WARMEST = 15000.0, 1700.0
"""Kelvin that a white balance may have: beyond them the formula for a glowing body is no good."""

MOST_EXPOSURE = 5.0
"""Stops that an exposure may be moved by."""

MOST_BASELINE = 10.0
"""Stops that a file may state: more are a mistake."""

MOST_TINT = 150.0
_TINTS_IN_UV = 3000.0
"""Steps of tint in a distance of 1 in CIE 1960 u, v: as the DNG specification's own code counts."""

PRESETS: dict[str, tuple[float, float]] = {
    "daylight": (5500.0, 10.0),
    "cloudy": (6500.0, 10.0),
    "shade": (7500.0, 10.0),
    "tungsten": (2850.0, 0.0),
    "fluorescent": (3800.0, 21.0),
    "flash": (5500.0, 0.0),
}
"""Kelvin and tint of lights that have names, as cameras and other developers have them."""

_BAND = 1 << 19
"""Pixels that are worked on at once: what is made on the way stays small."""


def prophoto() -> bytes:
    """The profile that developed pictures are in."""
    icc = known_profile("ProPhoto_RGB").icc
    assert icc is not None
    return icc


@cache
def _srgb_to_prophoto() -> Matrix:
    """The matrix from linear sRGB to linear ProPhoto; what is neutral in one is in the other."""
    romm = primaries_of((0.3457, 0.3585), (0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001))
    made = np.linalg.inv(romm) @ ADAPTED
    return np.asarray(made / made.sum(axis=1, keepdims=True))


@dataclass(frozen=True, slots=True)
class Sensor:
    """What a camera's numbers mean. ``as_shot`` and ``daylight`` are factors that make grey of grey
    light, a number a colour of the sensor; ``matrix`` (3, colours) leads from balanced numbers to
    linear sRGB; ``baseline`` are stops that a DNG states to be added.
    """

    as_shot: tuple[float, ...]
    daylight: tuple[float, ...]
    matrix: tuple[tuple[float, ...], ...]
    baseline: float = 0.0

    @property
    def colours(self) -> int:
        """How many colours the sensor tells apart."""
        return len(self.daylight)

    def _sees(self, xyz: NDArray[np.float64]) -> NDArray[np.float64]:
        """The sensor's unbalanced numbers for a light."""
        balanced = np.linalg.pinv(np.array(self.matrix)) @ np.linalg.inv(SRGB_TO_XYZ) @ xyz
        return np.asarray(balanced / np.array(self.daylight))

    def factors_of(self, temperature: float, tint: float) -> tuple[float, ...]:
        """The factors that make grey of a light of so many kelvin and so much tint, the second
        one, green, being 1.
        """
        x, y = chromaticity(temperature, tint)
        seen = np.maximum(self._sees(np.array([x / y, 1.0, (1 - x - y) / y])), 1e-4)
        return tuple(float(number) for number in seen[min(1, len(seen) - 1)] / seen)

    def light_of(self, factors: tuple[float, ...]) -> tuple[float, float]:
        """Temperature in kelvin and tint of the light that ``factors``, one a colour, make grey."""
        balanced = np.array(self.daylight) / np.array(factors)
        xyz = SRGB_TO_XYZ @ (np.array(self.matrix) @ balanced)
        total = float(xyz.sum())
        if not total > 0 or not np.isfinite(xyz).all():
            return 5500.0, 0.0
        return light_of(float(xyz[0]) / total, float(xyz[1]) / total)

    def factors(self, settings: Mapping[str, Any]) -> tuple[float, ...]:
        """The factors that settings of a development ask for."""
        white = settings["white_balance"]
        if white == "as shot":
            return self.as_shot
        if white == "custom":
            return self.factors_of(settings["temperature"], settings["tint"])
        return self.factors_of(*PRESETS[white])

    def to_prophoto(self) -> Matrix:
        """The matrix from balanced numbers to linear ProPhoto, (3, colours)."""
        return np.asarray(_srgb_to_prophoto() @ np.array(self.matrix))

    def gain(self, settings: Mapping[str, Any]) -> float:
        """What light is multiplied by, as settings of a development ask for."""
        stops = settings["exposure"] + base_curve.stops(settings["tone"], self.baseline)
        return float(2.0**stops)

    def curve(self, settings: Mapping[str, Any]) -> base_curve.Curve | None:
        """The curve that light goes through after ``gain``; None where it stays linear."""
        if settings["tone"] != "photograph":
            return None
        factors = self.factors(settings)
        # Where all colours are saturated, what is not clipped has their mean.
        least = min(factors)
        over = 1.0 if settings["highlights"] == "clip" else sum(factors) / len(factors) / least
        return base_curve.photograph(max(over * self.gain(settings), 1.0))

    def to_json(self) -> dict[str, Any]:
        """JSON-ready data."""
        parts = {"as_shot": self.as_shot, "daylight": self.daylight, "matrix": self.matrix}
        return {**parts, "baseline": self.baseline}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Sensor:
        """The sensor that ``to_json`` made data of. Raises ValueError, TypeError or LookupError."""
        as_shot, daylight = (
            tuple(float(number) for number in data[name]) for name in ("as_shot", "daylight")
        )
        matrix = tuple(tuple(float(number) for number in row) for row in data["matrix"])
        if not 1 <= len(daylight) == len(as_shot) <= 4 or len(matrix) != 3:
            raise ValueError("no sensor")
        if not all(0 < number < 1e6 for number in (*as_shot, *daylight)):
            raise ValueError("no white balance")
        if any(len(row) != len(daylight) for row in matrix):
            raise ValueError("no matrix")
        if not np.isfinite(np.array(matrix)).all():
            raise ValueError("no matrix")
        baseline = float(data.get("baseline", 0.0))
        if not abs(baseline) <= MOST_BASELINE:
            raise ValueError("no exposure")
        return cls(as_shot, daylight, matrix, baseline)


def sensor_of(
    as_shot: list[float],
    daylight: list[float],
    own: Matrix,
    from_xyz: Matrix,
    colours: int,
    baseline: float = 0.0,
) -> Sensor:
    """The sensor of what LibRaw says: its multipliers, the matrix (3, 4) of float64 that a file
    brings, and the one (4, 3) from XYZ that LibRaw knows of a model; either may be all 0.
    ``baseline`` are the stops that the file states.
    """
    if own[0, 0] > 0.125:  # LibRaw's own question
        matrix = own[:, :colours].astype(np.float64)
        balance = np.array(daylight[:colours], np.float64)
    elif np.abs(from_xyz[:colours]).sum() > 0:
        seen = from_xyz[:colours].astype(np.float64) @ SRGB_TO_XYZ
        white = seen.sum(axis=1)
        matrix, balance = np.linalg.pinv(seen / white[:, None]), 1 / white
    else:
        matrix = np.ones((3, 1)) if colours == 1 else np.eye(3, colours)
        balance = np.ones(colours)
    if not (np.isfinite(balance).all() and (balance > 0).all()):
        balance = np.ones(colours)
    balance = balance / balance[min(1, colours - 1)]
    matrix = matrix / matrix.sum(axis=1, keepdims=True)
    stated = np.array(as_shot[:colours], np.float64)
    if colours == 4 and stated[3] == 0:
        stated[3] = stated[1]
    known = bool(np.isfinite(stated).all() and (stated > 0).all())
    shot = stated / stated[min(1, colours - 1)] if known else balance
    rows = tuple(tuple(float(number) for number in row) for row in matrix)
    return Sensor(tuple(map(float, shot)), tuple(map(float, balance)), rows, baseline)


def developed(
    light: NDArray[Any],
    sensor: Sensor,
    gain: float,
    out: NDArray[np.uint16],
    curve: base_curve.Curve | None = None,
) -> None:
    """Balanced numbers (height, width, colours), 0 to 65,535, as encoded ProPhoto in ``out``.

    ``gain`` multiplies the light, which goes through ``curve`` then; what is beyond the range is
    clipped.
    """
    matrix = (sensor.to_prophoto().T * (gain / 65535)).astype(np.float32)
    # Bands that go through a curve are small enough to stay beside the core meanwhile.
    rows = max((_BAND if curve is None else _BAND >> 4) // max(light.shape[1], 1), 1)

    def band(top: int) -> None:
        part, made = light[top : top + rows], out[top : top + rows]
        if curve is None:
            seen = part.astype(np.float32) @ matrix
            np.clip(seen, 0, 1, out=seen)
            made[...] = _encoded(seen)
            return
        # Colour by colour in memory, which what follows is several times as fast on.
        planes = np.zeros((3, *part.shape[:2]), np.float32)
        term = np.empty(part.shape[:2], np.float32)
        for channel, weights in enumerate(matrix):
            one = part[..., channel].astype(np.float32)
            for plane, weight in zip(planes, weights, strict=True):
                np.multiply(one, weight, out=term)
                plane += term
        np.maximum(planes, 0, out=planes)
        curve.apply(np.moveaxis(planes, 0, -1))
        for channel, plane in enumerate(planes):
            made[..., channel] = _encoded(plane)

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for _ in threads.map(band, range(0, len(light), rows)):
            pass


def _encoded(seen: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Linear light, 0 to 1, by ProPhoto's curve; ``seen`` is lost."""
    straight = seen * _TOE
    np.power(seen, _POWER, out=seen)
    np.minimum(seen, straight, out=seen)  # the power is above the line where that counts
    seen *= 65535
    seen += 0.5
    return seen.astype(np.uint16)


def headroom(factors: tuple[float, ...]) -> float:
    """How much brighter than white a balanced sensor's numbers can be."""
    return max(factors) / min(factors)


def drafted(
    light: NDArray[np.float32], sensor: Sensor, settings: Mapping[str, Any]
) -> NDArray[np.uint8]:
    """Unbalanced linear numbers (height, width, colours), 0 to 1, as sRGB for the screen."""
    balanced, curve = _balanced(light, sensor, settings), sensor.curve(settings)
    gain = sensor.gain(settings)
    if curve is None:
        seen = balanced @ (np.array(sensor.matrix).T * gain).astype(np.float32)
    else:  # which is for the colours that the picture is developed in
        wide = balanced @ (sensor.to_prophoto().T * gain).astype(np.float32)
        np.maximum(wide, 0, out=wide)
        curve.apply(wide)
        seen = wide @ np.linalg.inv(_srgb_to_prophoto()).T.astype(np.float32)
    np.clip(seen, 0, 1, out=seen)
    made: NDArray[np.uint8] = _table()[(seen * 4095 + 0.5).astype(np.uint16)]
    return made


def _balanced(
    light: NDArray[np.float32], sensor: Sensor, settings: Mapping[str, Any]
) -> NDArray[np.float32]:
    """Unbalanced numbers with their white balance, and with what is saturated treated as asked."""
    factors = sensor.factors(settings)
    balanced: NDArray[np.float32] = light * (
        np.array(factors, np.float32) / np.float32(min(factors))
    )
    if settings["highlights"] == "clip":
        np.minimum(balanced, 1, out=balanced)
    elif sensor.colours == 3:
        _blend(balanced)
    return balanced


def metered(light: NDArray[np.float32], sensor: Sensor, settings: Mapping[str, Any]) -> float:
    """The exposure in stops, to a twentieth, that makes a picture neither dark nor bright; in
    unbalanced linear numbers (height, width, colours), 0 to 1, with the other settings as they are.

    The picture's mean brightness, in logarithms, goes to the grey that suits it, a darker one for a
    night than for snow (Reinhard 2003, Parameter Estimation for Photographic Tone Reproduction);
    its darkest and brightest hundredth do not count as its ends, and its brightest one stays within
    white, or a stop above it where a curve has a shoulder for that.
    """
    base = sensor.gain({**settings, "exposure": 0.0})
    balanced = _balanced(light, sensor, settings)
    weights = (SRGB_TO_XYZ[1] @ np.array(sensor.matrix) * base).astype(np.float32)
    shown = np.log2(np.maximum(balanced @ weights, np.float32(2.0**-13)))
    low, high = (float(number) for number in np.percentile(shown, (1, 99)))
    mean = float(np.clip(shown, low, high).mean())
    span = max(high - low, 1e-3)
    key = math.log2(base_curve.GREY) + 2 * (2 * mean - low - high) / span
    most = (1.0 if settings["tone"] == "photograph" else 0.0) - high
    return round(min(max(min(key - mean, most), -MOST_EXPOSURE), MOST_EXPOSURE) * 20) / 20


def _blend(balanced: NDArray[np.float32]) -> None:
    """Let the colour of what is saturated fade towards grey, as LibRaw's ``blend_highlights``."""
    over = (balanced > 1).any(axis=-1)
    if not over.any():
        return
    found = balanced[over].astype(np.float64)
    there = np.array([[1, 1, 1], [math.sqrt(3), -math.sqrt(3), 0], [-1, -1, 2]])
    back = np.array([[1, math.sqrt(0.75), -0.5], [1, -math.sqrt(0.75), -0.5], [1, 0, 1]])
    full, clipped = found @ there.T, np.minimum(found, 1) @ there.T
    before = (full[:, 1:] ** 2).sum(axis=1)
    after = (clipped[:, 1:] ** 2).sum(axis=1)
    full[:, 1:] *= np.sqrt(np.divide(after, before, out=np.ones_like(after), where=before > 0))[
        :, None
    ]
    balanced[over] = full @ back.T / 3


@cache
def _table() -> NDArray[np.uint8]:
    """sRGB's curve for 4,096 steps of light."""
    light = np.linspace(0, 1, 4096)
    encoded = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    made: NDArray[np.uint8] = np.rint(encoded * 255).astype(np.uint8)
    return made


# -- temperature and tint --------------------------------------------------------------------------


def _glowing(temperature: float) -> tuple[float, float]:
    """Chromaticity (CIE 1960 u, v) of a glowing body (Krystek 1985)."""
    t = temperature
    u = (0.860117757 + 1.54118254e-4 * t + 1.28641212e-7 * t * t) / (
        1 + 8.42420235e-4 * t + 7.08145163e-7 * t * t
    )
    v = (0.317398726 + 4.22806245e-5 * t + 4.20481691e-8 * t * t) / (
        1 - 2.89741816e-5 * t + 1.61456053e-7 * t * t
    )
    return u, v


def _across(temperature: float) -> tuple[float, float]:
    """The direction in u, v across the line of glowing bodies, towards green, of length 1."""
    low, high = _glowing(temperature * 0.999), _glowing(temperature * 1.001)
    du, dv = high[0] - low[0], high[1] - low[1]
    length = math.hypot(du, dv)
    return (dv / length, -du / length) if du < 0 else (-dv / length, du / length)


def chromaticity(temperature: float, tint: float) -> tuple[float, float]:
    """x and y (CIE 1931) of a light of so many kelvin; its ``tint`` is above 0 for a greenish one,
    which makes the picture more magenta.
    """
    u, v = _glowing(temperature)
    across = _across(temperature)
    u, v = u + across[0] * tint / _TINTS_IN_UV, v + across[1] * tint / _TINTS_IN_UV
    below = 2 * u - 8 * v + 4
    return 3 * u / below, 2 * v / below


def light_of(x: float, y: float) -> tuple[float, float]:
    """Temperature in kelvin and tint of a light of chromaticity ``x``, ``y`` (CIE 1931), each
    within what can be set.
    """
    below = -2 * x + 12 * y + 3
    u, v = 4 * x / below, 6 * y / below

    def beyond(mired: float) -> float:
        """How far the light lies on the cold side of a temperature."""
        here, across = _glowing(1e6 / mired), _across(1e6 / mired)
        # Along the line, towards cold: across, turned by a right angle.
        return (u - here[0]) * -across[1] + (v - here[1]) * across[0]

    low, high = 1e6 / COLDEST, 1e6 / WARMEST
    sign = 1.0 if beyond(high) >= beyond(low) else -1.0
    for _ in range(60):
        middle = (low + high) / 2
        if sign * beyond(middle) > 0:
            high = middle
        else:
            low = middle
    temperature = 1e6 / ((low + high) / 2)
    here, across = _glowing(temperature), _across(temperature)
    tint = _TINTS_IN_UV * ((u - here[0]) * across[0] + (v - here[1]) * across[1])
    return temperature, min(max(tint, -MOST_TINT), MOST_TINT)
