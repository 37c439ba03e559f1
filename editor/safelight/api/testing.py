"""The testing kit for plugin authors: what every filter promises, as assertions.

    from safelight.api import testing

    def test_it_is_well_behaved(job):
        testing.assert_well_behaved(denoise, job=job(denoise), strength=0.5)

After the filter come its settings, as when it is called; those left out have their defaults. A
filter that asks for a job is given ``job=job(FILTER)``, from the pytest fixture ``job`` that is
installed with Safelight. Another picture is given as an image; a layer, which is as large as the
image, as a function that makes it of the image: ``layer=lambda image: image[..., ::-1]``. A broken
promise is an AssertionError that says which and where.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from safelight.api.filter import registered
from safelight.api.image import Image
from safelight.api.region import Region

Filter = Callable[..., Image]

UPDATE = "SAFELIGHT_UPDATE_GOLDEN"
"""The environment variable that, set to 1, has golden pictures written instead of compared."""

_SIZES = ((1, 1), (9, 1), (1, 8), (2, 3), (47, 33), (64, 64))


def photograph(width: int = 96, height: int = 64, *, seed: int = 0, beyond: float = 0.0) -> Image:
    """A picture to test with: (height, width, 3), between ``-beyond`` and ``1 + beyond``.

    A ploughed hill under the sky, with a sun: soft gradients, hard edges, lines of one pixel and
    texture. The same arguments give the same picture, whatever the version of numpy.
    """
    # Not default_rng: of RandomState alone numpy promises that its numbers never change.
    random = np.random.RandomState(seed)
    y, x = np.mgrid[:height, :width].astype(np.float64)
    place = random.random_sample()
    up = 1 - y / height
    sky = np.stack([0.9 - 0.6 * up, 0.7 - 0.25 * up, 0.5 + 0.4 * up], -1)
    grass = np.stack([0.3 + 0.1 * up, 0.25 + 0.35 * up, 0.1 + 0.1 * up], -1)
    grass *= 0.5 + random.random_sample((height, width, 1))
    hill = up < 0.5 + 0.15 * np.sin(4 * x / width + 6 * place)
    picture = np.where(hill[..., None], grass, sky)
    picture[np.hypot(x - width * place, y - height / 5) < height / 8] = 1.0, 0.95, 0.7
    picture[hill & ((x + y // 2) % 7 < 1)] = 0.02, 0.0, 0.03
    picture += 0.04 * (random.random_sample(picture.shape) - 0.5)
    return np.asarray(picture.clip(0, 1) * (1 + 2 * beyond) - beyond, np.float32)


def assert_well_behaved(filter: Filter, *, job: Any = None, **settings: Any) -> None:
    """Assert that the filter keeps the promise about pixels, whatever picture it is given.

    Of pictures of one pixel, of odd sizes, black, white and with values outside 0 to 1 it returns
    a new, finite float32 array (height * scale, width * scale, 3), the same each time, and leaves
    what it was given as it was. Raises AssertionError where it does not.
    """
    bound = _Bound(filter, job, settings)
    pictures = {f"of {w} × {h} pixels": photograph(w, h, beyond=0.25) for w, h in _SIZES}
    pictures["all black"] = np.zeros((16, 15, 3), np.float32)
    pictures["all white"] = np.ones((16, 15, 3), np.float32)
    for kind, picture in pictures.items():
        problem = _misbehaviour(bound, picture)
        if problem:
            raise AssertionError(f"{filter.__name__}, given a picture {kind}, {problem}")


def assert_tiles_agree(
    filter: Filter, *, job: Any = None, tolerance: float = 1 / 1000, **settings: Any
) -> None:
    """Assert that a picture filtered in pieces is the same as the picture filtered whole.

    Each piece comes with as many pixels around it as the filter and its networks say they look
    at, and no more. ``tolerance`` is the largest difference that passes (black to white is 1).
    Raises AssertionError with the size and place of the seam.
    """
    bound = _Bound(filter, job, settings)
    reach, scale = bound.reach(), bound.scale
    # So large that every piece lacks a part of the picture; cut at odd places, off its middle.
    picture = Region(0, 0, 2 * reach + 75, 2 * reach + 61)
    left, top = reach + 33, reach + 27
    image = photograph(picture.width, picture.height, beyond=0.1)
    whole = bound(_frozen(image), picture)
    pieced = np.full_like(whole, np.nan)
    for x, width in ((0, left), (left, picture.width - left)):
        for y, height in ((0, top), (top, picture.height - top)):
            keep = Region(x, y, width, height)
            window = keep.grow(reach, picture)
            result = bound(_frozen(image[window.rows(), window.columns()]), window)
            there, inner = keep.scale(scale), keep.move(-window.x, -window.y).scale(scale)
            pieced[there.rows(), there.columns()] = result[inner.rows(), inner.columns()]
    size, place = _largest_difference(whole, pieced)
    if not size <= tolerance:
        raise AssertionError(
            f"{filter.__name__} leaves a seam: pieces differ from the whole by {size:.4g} at "
            f"{place}. They meet at x={left * scale}, y={top * scale}, and each had {reach} more "
            "pixels around it: does the filter look further, or at the size of its piece?"
        )


def assert_matches_golden(
    result: Image, path: str | os.PathLike[str], *, tolerance: float = 1 / 255
) -> None:
    """Assert that ``result`` is the picture kept at ``path``, a small .npy beside the tests.

    ``tolerance`` is the largest difference that passes (black to white is 1); what is kept is
    float16, exact to 1/4096 below 1. With SAFELIGHT_UPDATE_GOLDEN=1 in the environment the file
    is written instead. Raises AssertionError for a difference and for a missing file.
    """
    path = Path(path)
    if path.suffix != ".npy":
        raise ValueError(f"a golden picture is a .npy file; {path.name} is not")
    if os.environ.get(UPDATE) == "1":
        np.save(path, result.astype(np.float16))
        return
    if not path.is_file():
        raise AssertionError(f"{path} is missing: look at the result, then run with {UPDATE}=1")
    golden = np.load(path).astype(np.float32)
    if result.shape != golden.shape:
        raise AssertionError(f"the result is {result.shape}, {path.name} is {golden.shape}")
    size, place = _largest_difference(result, golden)
    if not size <= tolerance:
        raise AssertionError(
            f"the result differs from {path.name} by {size:.4g} at {place}, more than "
            f"{tolerance:.4g}. If it is meant to: look at it, then run with {UPDATE}=1"
        )


class _Bound:
    """A filter with its settings and its job: a function of a picture and where it lies."""

    def __init__(self, filter: Filter, job: Any, settings: dict[str, Any]) -> None:
        self._entry, self._job = registered(filter), job
        if "job" in self._entry.wants and job is None:
            name = filter.__name__
            raise TypeError(f"{name} asks for a job: pass job=job({name}), of the fixture job")
        declaration = self._entry.declaration
        self._images = {item.name: None for item in declaration.parameters if item.is_image}
        self._images |= {name: settings[name] for name in self._images if name in settings}
        plain = {name: value for name, value in settings.items() if name not in self._images}
        self._settings = declaration.settings(plain)
        self.scale = self._entry.declaration.factor(self._settings)

    def __call__(self, image: Image, region: Region, job: Any = None) -> Any:
        offered = {"job": job or self._job, "region": region}
        wanted = {name: offered[name] for name in self._entry.wants}
        made = {
            name: item(image) if callable(item) else item for name, item in self._images.items()
        }
        return self._entry.function(image, **self._settings | made, **wanted)

    def reach(self) -> int:
        """How many pixels it looks at around each: its own and its networks', seen in a run."""
        watched = _Watched(self._job, 64)
        self(_frozen(photograph(64, 64)), Region(0, 0, 64, 64), watched)
        return self._entry.reach_of(self._settings) + watched.looked


class _Watched:
    """A job that adds up how far networks look, in pixels of a picture ``height`` high."""

    def __init__(self, job: Any, height: int) -> None:
        self._job, self._height, self.looked = job, height, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._job, name)

    def run(self, model: str, image: Image, **inputs: Any) -> Any:
        # After an enlargement a pixel is smaller, and as many of them reach less far.
        self.looked += math.ceil(self._job.contract(model).reach * self._height / image.shape[0])
        return self._job.run(model, image, **inputs)


def _misbehaviour(filter: _Bound, picture: Image) -> str:
    """What the filter does wrong with a picture, as the end of a sentence; "" when nothing."""
    height, width = picture.shape[:2]
    region = Region(0, 0, width, height)
    given = picture.copy()
    result = filter(given, region)
    expected = (height * filter.scale, width * filter.scale, 3)
    if not np.array_equal(given, picture):
        return "writes on it"
    if not isinstance(result, np.ndarray) or result.dtype != np.float32:
        return f"returns {getattr(result, 'dtype', type(result).__name__)} instead of float32"
    if result.shape != expected:
        return f"returns an array of shape {result.shape} instead of {expected}"
    if np.shares_memory(result, given):
        return "returns it, or a view of it, instead of a new array"
    if not np.isfinite(result).all():
        return "returns values that are not finite"
    try:
        again = filter(_frozen(picture), region)
    except Exception as error:
        return f"fails because it is read-only: {error}"
    size, place = _largest_difference(result, again)
    # A sum may be rounded otherwise when its numbers lie elsewhere in memory; no more than that.
    return "" if size <= 1e-5 else f"returns something else the second time: {size:.4g} at {place}"


def _frozen(image: Image) -> Image:
    """A copy as the host hands it out: contiguous and read-only."""
    image = np.array(image)
    image.flags.writeable = False
    return image


def _largest_difference(one: Image, other: Image) -> tuple[float, str]:
    """The largest difference (NaN counts as the largest) and its place, as x and y."""
    difference = np.abs(one - other).max(axis=-1)
    y, x = np.unravel_index(int(difference.argmax()), difference.shape)
    return float(difference[y, x]), f"x={x}, y={y}"
