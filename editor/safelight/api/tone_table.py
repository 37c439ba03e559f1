"""Tone table: what a tone returns, the stages that each pixel's colour goes through on its own.

A table is a stage or a sequence of them. The host asks for it once per setting, composes those of
neighbouring layers, and applies them in one pass; no pixel crosses to the plugin's process. Nothing
is clipped: every stage says how it goes on outside 0 to 1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from safelight.api.image import Image, from_linear, to_linear

MOST_STAGES = 16
"""How many stages a table has at most."""

MOST_SAMPLES = 65536
"""How many samples a curve has at most."""

LARGEST_SIDE = 65
"""How many points a lattice has at most along each side."""

MOST_NUMBERS = 1 << 20
"""How many samples all stages of a table have together at most."""

LARGEST = 1e6
"""No number of a table is larger: over-range light is a few times white, not a million times."""

LUMINANCE = (0.2126, 0.7152, 0.0722)
"""Shares of red, green and blue in luminance (ITU-R BT.709)."""

_CONTINUE = ("line", "level")


class TableError(ValueError):
    """A tone returned what is no table; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """One curve for all three channels, or one for each: float32 samples (n,) or (3, n).

    The n samples, 2 to 65536, are the heights at even places from ``low`` to ``high``, joined by
    straight lines. ``below`` and ``above`` say how it goes on outside: as a ``"line"``, with the
    slope of the first or last piece, or ``"level"``. Raises TableError for what is no curve.
    """

    samples: NDArray[np.float32]
    low: float = 0.0
    high: float = 1.0
    below: str = "line"
    above: str = "line"

    def __init__(
        self,
        samples: ArrayLike,
        low: float = 0.0,
        high: float = 1.0,
        *,
        below: str = "line",
        above: str = "line",
    ) -> None:
        array = _array(samples, "a curve")
        if array.ndim not in (1, 2) or array.shape[:-1] not in ((), (3,)):
            raise TableError(f"a curve has shape (n,) or (3, n), not {array.shape}")
        if not 2 <= array.shape[-1] <= MOST_SAMPLES:
            raise TableError(f"a curve has 2 to {MOST_SAMPLES} samples, not {array.shape[-1]}")
        low, high = _number(low, "a curve's domain"), _number(high, "a curve's domain")
        if not high - low >= 1e-6:
            raise TableError(f"a curve's domain goes up, not from {low:g} to {high:g}")
        for end in (below, above):
            if end not in _CONTINUE:
                raise TableError(f"a curve goes on as {' or '.join(_CONTINUE)}, not {end!r:.20}")
        for name, value in (
            ("samples", array),
            ("low", low),
            ("high", high),
            ("below", below),
            ("above", above),
        ):
            object.__setattr__(self, name, value)

    def apply(self, image: Image) -> Image:
        """The values of ``image`` (..., 3) through the curves: float32 of the same shape."""
        channels = self.samples if self.samples.ndim == 2 else (self.samples,) * 3
        result = np.empty(image.shape, np.float32)
        for channel, samples in enumerate(channels):
            result[..., channel] = self._through(samples, image[..., channel])
        return result

    def weights(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """float32 ``values`` of any shape, 0 to 1 nominally, through the one curve."""
        return self._through(self.samples, values)

    def _through(
        self, samples: NDArray[np.float32], values: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        last = len(samples) - 1
        place = (values - np.float32(self.low)) * np.float32(last / (self.high - self.low))
        with np.errstate(invalid="ignore"):
            inside = np.nan_to_num(np.clip(place, 0, last), nan=0.0)
            index = np.minimum(inside.astype(np.int32), last - 1)
            start = samples[index]
            result = start + (inside - index.astype(np.float32)) * (samples[index + 1] - start)
            if self.below == "line":
                result += np.minimum(place, 0) * (samples[1] - samples[0])
            if self.above == "line":
                result += np.maximum(place - np.float32(last), 0) * (samples[last] - samples[-2])
            # What is no number stays none.
            result += place - place
        return np.asarray(result, np.float32)


@dataclass(frozen=True, slots=True)
class Matrix:
    """Red, green and blue mixed: ``rows`` (3 x 3) times the colour, plus ``offset`` (3).

    Each row gives one channel of the result. Raises TableError for what is no matrix.
    """

    rows: tuple[tuple[float, float, float], ...]
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        rows = np.asarray(_numbers(self.rows, (3, 3), "a matrix"))
        offset = _numbers(self.offset, (3,), "a matrix's offset")
        object.__setattr__(self, "rows", tuple(map(tuple, rows.tolist())))
        object.__setattr__(self, "offset", tuple(offset.tolist()))

    @classmethod
    def scaled(cls, red: float, green: float | None = None, blue: float | None = None) -> Matrix:
        """Each channel times its own number; one number is that of all three."""
        green, blue = red if green is None else green, red if blue is None else blue
        return cls(((red, 0.0, 0.0), (0.0, green, 0.0), (0.0, 0.0, blue)))

    def apply(self, image: Image) -> Image:
        """The colours of ``image`` (..., 3), mixed: float32 of the same shape."""
        red, green, blue = (image[..., channel] for channel in range(3))
        result = np.empty(image.shape, np.float32)
        for channel, (row, more) in enumerate(zip(self.rows, self.offset, strict=True)):
            r, g, b = (np.float32(value) for value in row)
            result[..., channel] = r * red + g * green + b * blue + np.float32(more)
        return result


@dataclass(frozen=True, slots=True)
class Transfer:
    """The sRGB transfer function (IEC 61966-2-1), mirrored at zero, unclipped and exact.

    ``linear`` says that it leads to linear light; without, back to encoded values. The two
    cancel, so a tone that works in light goes there and comes back.
    """

    linear: bool

    def apply(self, image: Image) -> Image:
        """The values of ``image`` (..., 3) as light, or as encoded values."""
        return to_linear(image) if self.linear else from_linear(image)


TO_LINEAR = Transfer(True)
"""The stage that makes linear light of encoded values."""

FROM_LINEAR = Transfer(False)
"""The stage that makes encoded values of linear light."""


@dataclass(frozen=True, slots=True, eq=False)
class Mix:
    """A matrix that counts as much as a curve of luminance says: shadows, midtones, highlights.

    ``weights`` is one curve (n,) over the luminance (ITU-R BT.709) of the values as they reach this
    stage. With w its height, the result is colour + w (matrix(colour) - colour). Raises TableError.
    """

    weights: Curves
    matrix: Matrix

    def __post_init__(self) -> None:
        if not isinstance(self.weights, Curves) or self.weights.samples.ndim != 1:
            raise TableError("the weights of a mix are one curve")
        if not isinstance(self.matrix, Matrix):
            raise TableError("a mix is of a matrix")

    def apply(self, image: Image) -> Image:
        """The colours of ``image`` (..., 3), mixed: float32 of the same shape."""
        r, g, b = (np.float32(value) for value in LUMINANCE)
        luminance = r * image[..., 0] + g * image[..., 1] + b * image[..., 2]
        weight = self.weights.weights(luminance)[..., None]
        return np.asarray(image + weight * (self.matrix.apply(image) - image), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Lattice:
    """A table of colours over the cube of colours, a 3-D LUT: float32 (n, n, n, 3), n from 2 to 65.

    ``points[r, g, b]`` is the colour that becomes of red, green and blue at even places from
    ``low`` to ``high``. Between them it is interpolated in tetrahedra, which keeps greys grey; what
    lies outside is added to what its nearest colour inside becomes. A lattice is never made of
    other stages: it is coarse, so only what is one should be declared one. Raises TableError.
    """

    points: NDArray[np.float32]
    low: float = 0.0
    high: float = 1.0

    def __init__(self, points: ArrayLike, low: float = 0.0, high: float = 1.0) -> None:
        array = _array(points, "a lattice")
        side = array.shape[0] if array.ndim else 0
        if array.shape != (side, side, side, 3):
            raise TableError(f"a lattice has shape (n, n, n, 3), not {array.shape}")
        if not 2 <= side <= LARGEST_SIDE:
            raise TableError(f"a lattice has 2 to {LARGEST_SIDE} points a side, not {side}")
        low, high = _number(low, "a lattice's domain"), _number(high, "a lattice's domain")
        if not high - low >= 1e-6:
            raise TableError(f"a lattice's domain goes up, not from {low:g} to {high:g}")
        for name, value in (("points", array), ("low", low), ("high", high)):
            object.__setattr__(self, name, value)

    def apply(self, image: Image) -> Image:
        """The colours of ``image`` (..., 3) looked up: float32 of the same shape.

        Tetrahedra: J. Kasson, W. Plouffe and S. Nin, "A tetrahedral interpolation technique for
        color space conversion", Proc. SPIE 1909 (1993), pages 127-138.
        """
        last = len(self.points) - 1
        scale = np.float32(last / (self.high - self.low))
        within = np.clip(image, np.float32(self.low), np.float32(self.high))
        with np.errstate(invalid="ignore"):
            place = np.nan_to_num(np.clip((within - np.float32(self.low)) * scale, 0, last))
            index = np.minimum(place.astype(np.int32), last - 1)
            part = place - index.astype(np.float32)
            order = np.argsort(-part, axis=-1, kind="stable")
            corner = index.copy()
            here = self.points[corner[..., 0], corner[..., 1], corner[..., 2]]
            result = here.copy()
            for step in range(3):
                axis = order[..., step : step + 1]
                weight = np.take_along_axis(part, axis, -1)
                np.put_along_axis(corner, axis, np.take_along_axis(corner, axis, -1) + 1, -1)
                there = self.points[corner[..., 0], corner[..., 1], corner[..., 2]]
                result += weight * (there - here)
                here = there
            result += image - within
        return np.asarray(result, np.float32)


Stage: TypeAlias = Curves | Matrix | Transfer | Mix | Lattice
"""One step of a table."""

Table: TypeAlias = Stage | Sequence[Stage]
"""What a tone returns: a stage, or a sequence of stages, the first one first."""

_STAGES = (Curves, Matrix, Transfer, Mix, Lattice)


def stages_of(table: object) -> tuple[Stage, ...]:
    """The stages of what a tone returned. Raises TableError for what is no table."""
    found = (table,) if isinstance(table, _STAGES) else table
    if not isinstance(found, Sequence) or not all(isinstance(item, _STAGES) for item in found):
        raise TableError(
            "it returned no table: a table is api.Curves, api.Matrix, api.TO_LINEAR,"
            " api.FROM_LINEAR, api.Mix, api.Lattice, or a sequence of them"
        )
    if len(found) > MOST_STAGES:
        raise TableError(f"its table has {len(found)} stages; at most {MOST_STAGES} are allowed")
    numbers = sum(_samples(stage).size for stage in found)
    if numbers > MOST_NUMBERS:
        raise TableError(f"its table has {numbers} samples; at most {MOST_NUMBERS} are allowed")
    return tuple(found)


def applied(stages: Sequence[Stage], image: Image) -> Image:
    """``image`` (..., 3) through the stages, one after the other, in numpy: float32, a new array.

    What the host computes agrees with it within 1e-6 of a value's size, curves that it has folded
    into one within 1e-5.
    """
    result = np.array(image, np.float32)
    for stage in stages:
        result = stage.apply(result)
    return result


@dataclass(frozen=True, slots=True)
class Packed:
    """A table as it travels: what JSON holds of each stage, and all samples in one row, float32."""

    stages: list[dict[str, Any]] = field(default_factory=list)
    samples: NDArray[np.float32] = field(default_factory=lambda: np.empty(0, np.float32))


def packed(stages: Sequence[Stage]) -> Packed:
    """Stages, ready to travel."""
    rows = [_samples(stage).reshape(-1) for stage in stages]
    joined = np.concatenate(rows) if rows else np.empty(0, np.float32)
    return Packed([_described(stage) for stage in stages], joined)


def unpacked(stages: object, samples: NDArray[np.float32]) -> tuple[Stage, ...]:
    """The stages that ``packed`` has made ready to travel, and a stranger may have sent: their
    description, and float32 ``samples`` (count,), one stage's behind the other's. Raises
    TableError.
    """
    if not isinstance(stages, list) or len(stages) > MOST_STAGES:
        raise TableError(f"a table is a list of at most {MOST_STAGES} stages")
    rest = samples
    found: list[Stage] = []
    for item in stages:
        try:
            stage, used = _read(item, rest)
        except (KeyError, TypeError, AttributeError, OverflowError):
            raise TableError("a stage of a table is not what it should be") from None
        found.append(stage)
        rest = rest[used:]
    if rest.size:
        raise TableError("a table has more samples than its stages say")
    return stages_of(found)


def _samples(stage: Stage) -> NDArray[np.float32]:
    if isinstance(stage, Mix):
        return stage.weights.samples
    if isinstance(stage, Curves):
        return stage.samples
    return stage.points if isinstance(stage, Lattice) else np.empty(0, np.float32)


def _described(stage: Stage) -> dict[str, Any]:
    """A stage without its samples."""
    if isinstance(stage, Curves):
        return {
            "kind": "curves",
            "shape": list(stage.samples.shape),
            "domain": [stage.low, stage.high],
            "ends": [stage.below, stage.above],
        }
    if isinstance(stage, Matrix):
        return {"kind": "matrix", "rows": stage.rows, "offset": stage.offset}
    if isinstance(stage, Transfer):
        return {"kind": "transfer", "linear": stage.linear}
    if isinstance(stage, Mix):
        parts = {"weights": _described(stage.weights), "matrix": _described(stage.matrix)}
        return {"kind": "mix"} | parts
    domain = [stage.low, stage.high]
    return {"kind": "lattice", "shape": list(stage.points.shape), "domain": domain}


def _read(item: Mapping[str, Any], samples: NDArray[np.float32]) -> tuple[Stage, int]:
    """A stage of what was told of it and the samples from its own on; how many are its own."""
    kind = item["kind"]
    if kind == "transfer":
        return (TO_LINEAR if item["linear"] is True else FROM_LINEAR), 0
    if kind == "matrix":
        return Matrix(item["rows"], item["offset"]), 0
    if kind == "mix":
        weights, used = _read(item["weights"], samples)
        matrix, _ = _read(item["matrix"], samples)
        if not isinstance(weights, Curves) or not isinstance(matrix, Matrix):
            raise TableError("a mix is of a curve and a matrix")
        return Mix(weights, matrix), used
    if kind not in ("curves", "lattice"):
        raise TableError("a table has a stage of no known kind")
    shape = [_length(side) for side in item["shape"]]
    size = math.prod(shape)
    if len(shape) > 4 or size > len(samples):
        raise TableError("a table has fewer samples than its stages say")
    own = samples[:size].reshape(shape)
    low, high = item["domain"]
    if kind == "lattice":
        return Lattice(own, low, high), size
    below, above = item["ends"]
    return Curves(own, low, high, below=below, above=above), size


def _length(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_NUMBERS:
        raise TableError("a side of a table's samples is no length")
    return value


def _array(values: ArrayLike, what: str) -> NDArray[np.float32]:
    """Samples of a stage's own, read-only, all of them numbers of some size."""
    array = _numbers(values, None, what).astype(np.float32)
    array.flags.writeable = False
    return array


def _numbers(values: ArrayLike, shape: tuple[int, ...] | None, what: str) -> NDArray[np.float64]:
    try:
        array = np.asarray(values)
    except ValueError:
        raise TableError(f"{what} is made of numbers in even rows") from None
    if array.dtype.kind not in "fiu":
        raise TableError(f"{what} is made of numbers")
    if shape is not None and array.shape != shape:
        raise TableError(f"{what} has shape {shape}, not {array.shape}")
    if array.size > MOST_NUMBERS:
        raise TableError(f"{what} has {array.size} numbers; at most {MOST_NUMBERS} are allowed")
    array = array.astype(np.float64)
    if not np.isfinite(array).all():
        raise TableError(f"{what} has numbers that are none (NaN or infinite)")
    if array.size and np.abs(array).max() > LARGEST:
        raise TableError(f"{what} has a number beyond {LARGEST:g}")
    return array


def _number(value: object, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.floating)):
        raise TableError(f"{what} is made of numbers")
    return float(_numbers(float(value), (), what))
