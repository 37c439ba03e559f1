"""Promises: what every filter keeps, each with a check that finds a filter which breaks it.

The checks need a filter, its settings and, for one that asks for it, a job. They are run by
``safelight.api.testing``, by ``pytest --safelight`` and by ``safelight plugins check``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from safelight.api.bound_filter import Bound, Broken, Unusable
from safelight.api.declaration import Declaration
from safelight.api.image import Image
from safelight.api.kinds import Value
from safelight.api.region import Region
from safelight.api.registered_filter import LONGEST_SIDE
from safelight.api.trial_pictures import each_picture, frozen, largest_difference, photograph

_LAST_BITS = 1e-5
"""A sum may be rounded otherwise when its numbers lie elsewhere in memory; no more than that."""


@dataclass(frozen=True, slots=True)
class Promise:
    """One thing that every filter keeps. ``check`` raises Broken, or what the filter raises."""

    name: str
    sentence: str
    check: Callable[[Bound], None]


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
            if isinstance(fault, Unusable):
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


def _with_each_picture(check: Callable[[Bound, Image], None]) -> Callable[[Bound], None]:
    """A check of one picture as a check of many; what it finds names the picture."""

    def checked(bound: Bound) -> None:
        for kind, picture in each_picture():
            try:
                check(bound, picture)
            except Broken as fault:
                raise type(fault)(f", given a picture {kind}, {fault}") from None

    return checked


def _leaves_its_input_alone(bound: Bound, picture: Image) -> None:
    given = picture.copy()
    result = bound(given)
    if not np.array_equal(given, picture):
        raise Unusable("writes on it")
    if isinstance(result, np.ndarray) and np.shares_memory(result, given):
        raise Broken("returns it, or a view of it, instead of a new array")
    try:
        bound(frozen(picture))
    except Exception as error:
        raise Unusable(f"fails because it is read-only: {error}") from None


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
