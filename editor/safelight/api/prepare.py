"""Prepare: what a filter measures of the whole picture before it sees the pieces.

A prepared value is plain data: it goes to every piece as JSON, and what stands in it under the
name of a parameter is shown to the user.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from safelight.api.filter_job import Job
from safelight.api.image import Image
from safelight.api.parameters import Parameter

Prepared = Mapping[str, Any]
"""What was measured of the whole picture: numbers, texts and lists of them, by name."""

Prepare = Callable[..., Mapping[str, Any]]
"""From the whole picture, and what else it names, to plain data."""

THUMBNAIL = 512
"""Pixels of the longer side of a thumbnail, at most."""

_VIEWS = ("image", "thumbnail")
_LARGEST = 1 << 20  # characters of JSON: it is sent with every piece


class Unfit(Exception):
    """A picture that a filter can do nothing with.

    Raised by ``prepare``. The text is for the user, says why and what to do, and goes on after
    the filter's name: ``no sky was found in this photograph``.
    """


@dataclass(frozen=True, slots=True)
class Source:
    """What the file that a picture was opened from says of how it was stored.

    ``quantisation``: of a JPEG its tables of 64 steps, luminance first, in the file's (zigzag)
    order; nothing for other formats, and where it is not known.
    """

    quantisation: tuple[tuple[int, ...], ...] = ()


def check_prepare(
    name: str,
    prepare: Prepare,
    parameters: Iterable[Parameter],
    what: str = "prepare",
    views: tuple[str, ...] = _VIEWS,
) -> tuple[str, ...]:
    """The names of what a function, ``what`` it is for, asks for: first one of the ``views``.

    Raises TypeError for what there is not.
    """
    asked = tuple(inspect.signature(prepare).parameters)
    if not asked or asked[0] not in views:
        raise TypeError(f"{name}: the first argument of {what} is {' or '.join(views)}")
    known = {"source", "job", *(item.name for item in parameters if not item.is_image)}
    unknown = [item for item in asked[1:] if item not in known]
    if unknown:
        raise TypeError(f"{name}: {what} asks for {unknown[0]}, which is no parameter")
    return asked


def prepared(
    prepare: Prepare, picture: Image, settings: Mapping[str, Any], source: Source, job: Job | None
) -> dict[str, Any]:
    """What ``prepare`` measures of ``picture``, the whole one or its thumbnail, as plain data.

    ``job`` is for one that asks for it. Arrays become lists. Raises ValueError for what is no plain
    data, and what ``prepare`` raises.
    """
    import json

    view, *others = inspect.signature(prepare).parameters
    offered = {**settings, "source": source, "job": job}
    given = {name: offered[name] for name in others}
    found = prepare(**{view: picture}, **given)
    if not isinstance(found, Mapping):
        raise ValueError(f"prepare returned {type(found).__name__} instead of a mapping")
    try:
        text = json.dumps(dict(found), default=_listed, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(f"prepare returned what is no plain data: {error}") from None
    if len(text) > _LARGEST:
        raise ValueError(f"prepare returned {len(text)} characters; at most {_LARGEST} are passed")
    plain: dict[str, Any] = json.loads(text)
    return plain


def _listed(value: object) -> Any:
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is neither number, text nor list")
