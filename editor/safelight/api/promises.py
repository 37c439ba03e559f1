"""Promises: what every filter keeps, each with a check that finds a filter which breaks it.

The checks need a filter, its settings and, for one that asks for it, a job. They are run by
``safelight.api.testing``, by ``pytest --safelight`` and by ``safelight plugins check``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from safelight.api.filter import LONGEST_SIDE, Declaration, registered
from safelight.api.filter_job import Cancelled, Job, each_with
from safelight.api.image import Image, Mask
from safelight.api.kinds import Value
from safelight.api.network_chain import Chain
from safelight.api.prepare import THUMBNAIL, Unfit
from safelight.api.region import Region

Filter = Callable[..., Image]

TOLERANCE = 1 / 1000
"""How much pieces may differ from the whole: a quarter of one step of eight bits."""

_SIZES = ((1, 1), (9, 1), (1, 8), (2, 3), (47, 33), (64, 64))

_LAST_BITS = 1e-5
"""A sum may be rounded otherwise when its numbers lie elsewhere in memory; no more than that."""


class Broken(Exception):
    """A promise that is not kept; the message goes on after the filter's name."""


class _Unusable(Broken):
    """The filter cannot even be called as it should be, so nothing else can be checked."""


@dataclass(frozen=True, slots=True)
class Promise:
    """One thing that every filter keeps. ``check`` raises Broken, or what the filter raises."""

    name: str
    sentence: str
    check: Callable[[Bound], None]


class Bound:
    """A filter with its settings and its job: a function of a picture and where it lies.

    ``tolerance`` is the largest difference between pieces and the whole (black to white is 1). A
    picture or a layer among the settings is an image, or a function that makes it of the image.
    Raises TypeError where a job is missing, ParameterError for settings that are not legal.
    """

    def __init__(
        self,
        filter: Filter,
        job: Any,
        settings: Mapping[str, Any],
        tolerance: float = TOLERANCE,
    ) -> None:
        self.entry, self._job, self.tolerance = registered(filter), job, tolerance
        if "job" in self.entry.wants and job is None:
            name = filter.__name__
            raise TypeError(f"{name} asks for a job: pass job=job({name}), of the fixture job")
        declaration = self.entry.declaration
        self._images = {item.name: None for item in declaration.parameters if item.is_image}
        self._images |= {name: settings[name] for name in self._images if name in settings}
        plain = {name: value for name, value in settings.items() if name not in self._images}
        self.settings = declaration.settings(plain)
        self.scale = self.entry.declaration.factor(self.settings)

    def __call__(
        self,
        image: Image,
        region: Region | None = None,
        job: Any = None,
        whole: Image | None = None,
    ) -> Any:
        """What the filter returns for ``image``, unchecked; for a piece of ``whole``, if given.

        What asks for a mask is given an ellipse in the middle. A filter of sequences is given a
        first frame, and what it carries on is left out.
        """
        canvas = (image if whole is None else whole).shape
        offered = {
            "job": job or self._job,
            "region": region or Region(0, 0, image.shape[1], image.shape[0]),
            "canvas": Region(0, 0, canvas[1], canvas[0]),
            "mask": frozen(ellipse(*image.shape[:2])),
            "prepared": self._prepared(image if whole is None else whole, job),
            "before": None,
        }
        made = {
            name: item(image) if callable(item) else item for name, item in self._images.items()
        }
        result = self.entry.call(image, self.settings | made, offered)
        if self.entry.declaration.recurrent and isinstance(result, tuple) and result:
            return result[0]
        return result

    def _prepared(self, whole: Image, job: Any) -> dict[str, Any]:
        prepares = self.entry.declaration.prepares
        view = thumbnail(whole) if "thumbnail" in prepares else whole
        try:
            return self.entry.prepared(frozen(view), self.settings, job=job or self._job)
        except Unfit:
            return {}

    def result(
        self, image: Image, region: Region | None = None, whole: Image | None = None
    ) -> Image:
        """The result for a read-only copy of ``image``; a selector's as (height, width, 1).

        Raises Broken when it has not the form it should have.
        """
        result = self.pixels(self(frozen(image), region, whole=whole), image)
        return result[..., None] if self.entry.declaration.selects else result

    def pixels(self, result: Any, image: Image) -> Image:
        """``result`` itself, when it has the form that the result for ``image`` should have."""
        expected = self.entry.expected(image.shape[0], image.shape[1], self.scale)
        if not isinstance(result, np.ndarray) or result.dtype != np.float32:
            kind = getattr(result, "dtype", type(result).__name__)
            raise _Unusable(f"returns {kind} instead of float32")
        if result.shape != expected:
            raise _Unusable(f"returns an array of shape {result.shape} instead of {expected}")
        return result

    def watched(self) -> Watched:
        """What the filter asks of its job, in a run over a photograph of 64 x 64 pixels."""
        image = frozen(photograph(64, 64))
        watched = Watched(self._job, image)
        self(image, job=watched)
        return watched

    def cancelled_at(self, call: int) -> Cancelling:
        """Run the filter with a job that is cancelled at that call; the job that it saw."""
        job = Cancelling(self._job, call)
        try:
            self(frozen(photograph(64, 64)), job=job)
        except Cancelled:
            job.heard = True
        return job

    def cut(self) -> tuple[int, int]:
        """How many pixels it looks at around each, its own and its networks', seen in a run; and
        what the place and size of a piece are multiples of.
        """
        if self.entry.declaration.generates:
            return 0, 1  # its networks look at no picture
        chain = self.watched().chain
        return self.entry.reach_of(self.settings) + chain.reach, chain.multiple


class Watched(Job):
    """A job that notes which networks run over ``image``, and on what."""

    def __init__(self, job: Any, image: Image) -> None:
        self._job = job
        self.chain = Chain(image)
        self.calls = 0
        self.networks: dict[str, Any] = {}

    def run(self, model: str, image: Image, **inputs: Any) -> Any:
        self.calls += 1
        contract = self.networks[model] = self._job.contract(model)
        result = self._job.run(model, image, **inputs)
        self.chain.add(contract, image, inputs.values(), result)
        return result

    def run_each(self, model: str, images: Sequence[Image], **inputs: Sequence[Any]) -> list[Image]:
        self.calls += 1
        contract = self.networks[model] = self._job.contract(model)
        named = each_with(images, inputs)
        results: list[Image] = self._job.run_each(model, images, **inputs)
        for image, given, result in zip(images, named, results, strict=True):
            self.chain.add(contract, image, given.values(), result)
        return results

    def step(self, model: str, image: Image, before: Mapping[str, Image], **inputs: Any) -> Any:
        self.calls += 1
        contract = self.networks[model] = self._job.contract(model)
        result, carried = self._job.step(model, image, before, **inputs)
        self.chain.add(contract, image, inputs.values(), result)
        return result, carried

    def describe(self, model: str, image: Image | None, **inputs: Any) -> Any:
        self.calls += 1
        self.networks[model] = self._job.contract(model)
        return self._job.describe(model, image, **inputs)

    def progress(self, fraction: float, words: str = "") -> None:
        self.calls += 1
        self._job.progress(fraction)

    def preview(self, image: Image) -> None:
        self.calls += 1

    def check(self) -> None:
        self.calls += 1
        self._job.check()


class Cancelling(Job):
    """A job that the user cancels: from call number ``call`` on, 1 being the first."""

    def __init__(self, job: Any, call: int) -> None:
        self._job, self._left = job, call
        self.heard = False

    def run(self, model: str, image: Image, **inputs: Any) -> Any:
        self.check()
        return self._job.run(model, image, **inputs)

    def step(self, model: str, image: Image, before: Mapping[str, Image], **inputs: Any) -> Any:
        self.check()
        return self._job.step(model, image, before, **inputs)

    def describe(self, model: str, image: Image | None, **inputs: Any) -> Any:
        self.check()
        return self._job.describe(model, image, **inputs)

    def progress(self, fraction: float, words: str = "") -> None:
        self.check()

    def preview(self, image: Image) -> None:
        self.check()

    def check(self) -> None:
        self._left -= 1
        if self._left <= 0:
            raise Cancelled


def broken(bound: Bound, without: tuple[str, ...] = ()) -> list[str]:
    """A sentence for each promise that the filter does not keep with these settings.

    ``without`` names promises that are not asked for. Raises what the filter raises.
    """
    unknown = set(without) - set(PROMISES)
    if unknown:
        raise ValueError(f"there is no promise {min(unknown)}; there are {', '.join(PROMISES)}")
    sentences = []
    for promise in PROMISES.values():
        if promise.name in without:
            continue
        try:
            promise.check(bound)
        except Broken as fault:
            sentences.append(sentence(bound, fault))
            if isinstance(fault, _Unusable):
                break
    return sentences


def sentence(bound: Bound, fault: Broken) -> str:
    """What is wrong with a filter, after its name."""
    joint = "" if str(fault).startswith(",") else " "
    return f"{bound.entry.declaration.name}{joint}{fault}"


def settings_to_try(declaration: Declaration) -> list[dict[str, Value]]:
    """Settings that between them show a filter at work: its defaults, then each parameter at
    the ends of its slider and each choice and switch the other way, one at a time. Pictures and
    layers are left out.
    """
    images = {parameter.name for parameter in declaration.parameters if parameter.is_image}
    usual = declaration.settings().items()
    tried = [{name: value for name, value in usual if name not in images}]
    for parameter in declaration.parameters:
        for value in parameter.telling():
            settings = tried[0] | {parameter.name: parameter.check(value)}
            if settings not in tried:
                tried.append(settings)
    return tried


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


def ellipse(height: int, width: int) -> Mask:
    """A mask to test with: a soft ellipse in the middle of a picture of that size."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    away = np.hypot((2 * y + 1) / height - 1, (2 * x + 1) / width - 1)
    return np.asarray(np.clip(4 - 8 * away, 0, 1), np.float32)


def thumbnail(image: Image) -> Image:
    """A picture halved until no side has more than ``THUMBNAIL`` pixels."""
    while max(image.shape[:2]) > THUMBNAIL:
        height, width = image.shape[:2]
        even = np.pad(image, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        image = (even[::2] + even[1::2])[:, ::2] + (even[::2] + even[1::2])[:, 1::2]
        image = image / np.float32(4)
    return image


def frozen(image: Image) -> Image:
    """A copy as the host hands it out: contiguous and read-only."""
    image = np.array(image)
    image.flags.writeable = False
    return image


def largest_difference(one: Image, other: Image) -> tuple[float, str]:
    """The largest difference (NaN counts as the largest) and its place, as x and y."""
    difference = np.abs(one - other).max(axis=-1)
    y, x = np.unravel_index(int(difference.argmax()), difference.shape)
    return float(difference[y, x]), f"x={x}, y={y}"


def _pictures() -> Iterator[tuple[str, Image]]:
    """Pictures of many kinds, and what to call each."""
    for width, height in _SIZES:
        yield f"of {width} × {height} pixels", photograph(width, height, beyond=0.25)
    yield "all black", np.zeros((16, 15, 3), np.float32)
    yield "all white", np.ones((16, 15, 3), np.float32)


def _with_each_picture(check: Callable[[Bound, Image], None]) -> Callable[[Bound], None]:
    """A check of one picture as a check of many; what it finds names the picture."""

    def checked(bound: Bound) -> None:
        for kind, picture in _pictures():
            try:
                check(bound, picture)
            except Broken as fault:
                raise type(fault)(f", given a picture {kind}, {fault}") from None

    return checked


def _leaves_its_input_alone(bound: Bound, picture: Image) -> None:
    given = picture.copy()
    result = bound(given)
    if not np.array_equal(given, picture):
        raise _Unusable("writes on it")
    if isinstance(result, np.ndarray) and np.shares_memory(result, given):
        raise Broken("returns it, or a view of it, instead of a new array")
    try:
        bound(frozen(picture))
    except Exception as error:
        raise _Unusable(f"fails because it is read-only: {error}") from None


def _returns_a_picture(bound: Bound, picture: Image) -> None:
    result = bound.result(picture)
    if bound.entry.declaration.selects and not ((result >= 0) & (result <= 1)).all():
        raise Broken("returns a mask with values outside 0 to 1")


def _is_finite(bound: Bound, picture: Image) -> None:
    for brightness, words in ((1, ""), (10, ", ten times as bright,")):
        image = picture * np.float32(brightness)
        if not np.isfinite(bound.result(image)).all():
            raise Broken(f"{words} returns values that are not finite".lstrip(" ,"))


def _is_deterministic(bound: Bound, picture: Image) -> None:
    size, place = largest_difference(bound.result(picture), bound.result(picture))
    if not size <= _LAST_BITS:
        raise Broken(f"returns something else the second time: {size:.4g} at {place}")


def _bears_what_is_no_number(bound: Bound) -> None:
    """A pixel that is no number is no reason to fail."""
    picture = photograph(40, 30)
    picture[15, 20] = np.nan
    try:
        with np.errstate(invalid="ignore"):
            bound.result(picture)
    except Broken:
        raise
    except Exception as error:
        words = f"raises {type(error).__name__}: {error}"
        raise Broken(f", given a picture with one pixel that is no number (NaN), {words}") from None


def _keeps_the_wide_gamut(bound: Bound) -> None:
    """What is brighter than white or darker than black makes a difference to the result."""
    if bound.entry.declaration.selects:
        return  # a mask has no colours
    picture = photograph(48, 40, beyond=0.5)
    result = bound.result(picture)
    if largest_difference(result, bound.result(picture[::-1]))[0] <= _LAST_BITS:
        return  # it makes its pixels from nothing
    white, black = np.float32(1), np.float32(0)
    for words, cut in (
        ("brighter than white", np.minimum(picture, white)),
        ("darker than black", np.maximum(picture, black)),
    ):
        if np.array_equal(result, bound.result(cut)):
            raise Broken(f"cuts off what is {words}: values outside 0 to 1 are real colours")


def _fits_together(bound: Bound) -> None:
    if bound.entry.declaration.masked:
        return  # it is given all that is masked at once
    (reach, multiple), scale = bound.cut(), bound.scale
    if reach >= LONGEST_SIDE:
        return  # it is given the whole picture, never a piece
    # So large that every piece lacks a part of the picture; cut at odd places, off its middle.
    picture = Region(0, 0, 2 * reach + 75, 2 * reach + 61)
    left, top = reach + 33, reach + 27
    image = photograph(picture.width, picture.height, beyond=0.1)
    whole = bound.result(image, picture)
    pieced = np.full_like(whole, np.nan)
    for x, width in ((0, left), (left, picture.width - left)):
        for y, height in ((0, top), (top, picture.height - top)):
            keep = Region(x, y, width, height)
            window = _on_grid(keep.grow(reach, picture), multiple, picture)
            result = bound.result(image[window.rows(), window.columns()], window, image)
            there, inner = keep.scale(scale), keep.move(-window.x, -window.y).scale(scale)
            pieced[there.rows(), there.columns()] = result[inner.rows(), inner.columns()]
    size, place = largest_difference(whole, pieced)
    if not size <= bound.tolerance:
        raise Broken(
            f"leaves a seam: pieces differ from the whole by {size:.4g} at "
            f"{place}. They meet at x={left * scale}, y={top * scale}, and each had {reach} more "
            "pixels around it: does the filter look further, or at the size of its piece?"
        )


def _on_grid(window: Region, multiple: int, within: Region) -> Region:
    """The window and what is around it up to multiples of a number, or to the picture's end."""
    x, y = (start // multiple * multiple for start in (window.x, window.y))
    right, bottom = (-(-end // multiple) * multiple for end in (window.right, window.bottom))
    return Region(x, y, right - x, bottom - y).intersect(within)


def _stops_when_cancelled(bound: Bound) -> None:
    if "job" not in bound.entry.wants:
        return  # the host ends its process
    for call in range(1, min(bound.watched().calls, 8) + 1):
        try:
            heard = bound.cancelled_at(call).heard
        except Exception as error:
            words = f"turns it into {type(error).__name__}: {error}"
            raise Broken(f", cancelled at call {call} of its job, {words}") from None
        if not heard:
            raise Broken(
                f", cancelled at call {call} of its job, goes on: let api.Cancelled pass through"
            )


def _has_a_lasting_id(bound: Bound) -> None:
    function, identity = bound.entry.function, bound.entry.declaration.id
    package, _, name = identity.partition(".")
    if package == "__main__":
        raise Broken(f"has the id {identity}: put it into a package, whose name becomes its part")
    if not name.isidentifier() or function.__qualname__ != name:
        raise Broken(
            f"has the id {identity}, but is made inside another function: every filter made there"
            " has this id; write it at the top level of its module, with def"
        )


def _explains_itself(bound: Bound) -> None:
    declaration = bound.entry.declaration
    for what, text in (("title", declaration.title), ("category", declaration.category)):
        if not text.strip() or not text.isprintable():
            raise Broken(f"has the {what} {text!r}: it is one line of text, an entry in a menu")
    if not declaration.description:
        raise Broken("says nothing of itself: its docstring is its tooltip")
    if Declaration.from_json(json.loads(json.dumps(declaration.to_json()))) != declaration:
        raise Broken("has a declaration that is another one after a trip as JSON")
    networks = bound.watched().networks if "job" in bound.entry.wants else {}
    for model, contract in networks.items():
        for what in ("title", "licence", "training_data"):
            if not getattr(contract, what, ""):
                raise Broken(f"runs {model}, which does not say its {what}: safelight.{what}")


PROMISES: dict[str, Promise] = {
    promise.name: promise
    for promise in (
        Promise(
            "input",
            "It leaves the picture it is given as it was, and returns a new array.",
            _with_each_picture(_leaves_its_input_alone),
        ),
        Promise(
            "size",
            "Of a picture of any size it returns float32 (height * scale, width * scale, 3), "
            "or a mask (height, width) of 0 to 1.",
            _with_each_picture(_returns_a_picture),
        ),
        Promise(
            "finite",
            "Numbers give numbers: no NaN and no infinity comes of a picture without them.",
            _with_each_picture(_is_finite),
        ),
        Promise(
            "deterministic",
            "The same picture and settings give the same result.",
            _with_each_picture(_is_deterministic),
        ),
        Promise(
            "nan",
            "A pixel that is no number (NaN) is no reason to fail.",
            _bears_what_is_no_number,
        ),
        Promise(
            "wide-gamut",
            "Values below 0 and above 1 are colours like others, and are not cut off.",
            _keeps_the_wide_gamut,
        ),
        Promise("tiles", "Pieces of a picture fit together without a seam.", _fits_together),
        Promise("cancel", "Cancelled, it stops at once.", _stops_when_cancelled),
        Promise("id", "Its id is PACKAGE.FUNCTION, and its own.", _has_a_lasting_id),
        Promise(
            "metadata",
            "Title, category and docstring say what it is, its networks whose they are.",
            _explains_itself,
        ),
    )
}
"""Every promise by its name, in the order they are checked."""
