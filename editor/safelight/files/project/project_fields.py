"""Project fields: what a project's JSON holds, each value checked before it is believed.

What is read may be a stranger's, or damaged.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, get_args

from safelight.api import Value
from safelight.document import Synthetic
from safelight.document.contents.content import BUILT_IN, BY_NAME
from safelight.document.placement import IDENTITY, Place

MOST_STEPS = 100_000
"""Steps of a history that is believed."""

LONGEST_TEXT = 32 << 20
"""Characters of a document's JSON that are parsed: a thousand layers take half a million."""

LONGEST_SETTING = 2048
"""Characters of a setting that stand in the document; a longer text, a picture that a filter keeps,
is stored once for all steps of the history.
"""

GRADIENT = ("x", "y", "to_x", "to_y", "ratio", "softness")
"""The numbers of a gradient."""

_DEEPEST_SETTING = 4
"""Lists within lists of one setting: a curve has two."""

_ASIDE = "stored text"
"""The name under which a content's JSON says where a long text of it is."""

KeepBytes = Callable[[bytes], str]

FindBytes = Callable[[str], bytes]


class DataError(ValueError):
    """Data that is no document; the message is a part of a sentence."""


class Fields:
    """An object of JSON whose fields are checked as they are read."""

    def __init__(self, data: Any) -> None:
        if not isinstance(data, Mapping):
            raise DataError("something that should have fields has none")
        self._data = data

    def required(self, name: str, kind: type) -> Any:
        value = self._data.get(name)
        if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
            raise DataError(f"{name} is missing or is no {kind.__name__}")
        return value

    def optional(self, name: str, kind: type) -> Any:
        return None if self._data.get(name) is None else self.required(name, kind)

    def held(self, find_bytes: FindBytes) -> Any:
        """A layer's content of a kind that has no rasters and no layers; None where it has none."""
        for name in BY_NAME.keys() - BUILT_IN:
            if name in self._data:
                return BY_NAME[name].from_json(read_aside(self._data[name], find_bytes))
        return None

    def number(self, name: str, low: int, high: int) -> int:
        value: int = self.required(name, int)
        if not low <= value <= high:
            raise DataError(f"{name} is {value}")
        return value

    def fraction(self, name: str) -> float:
        value = self._data.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
            raise DataError(f"{name} is not between 0 and 1")
        return float(value)

    def length(self, name: str) -> float:
        """A number; 0 where an earlier version has written none."""
        value = self._data.get(name, 0)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise DataError(f"{name} is no number")
        return float(value)

    def place(self, name: str) -> Place:
        """A map; where nothing is said, none that changes anything."""
        found = self.optional(name, list)
        if found is None:
            return IDENTITY
        numbers = [
            float(item) for item in found[:10] if type(item) in (int, float) and abs(item) < 1e12
        ]
        if len(numbers) != len(found):
            raise DataError(f"{name} is no place")
        return Place(tuple(numbers))

    def beyond(self, name: str) -> int:
        """What is beyond a mask: 0 or 1; 0 where nothing is said."""
        value: int = self._data.get(name, 0)
        if type(value) is not int or value not in (0, 1):
            raise DataError(f"{name} is neither 0 nor 1")
        return value

    def synthetic(self) -> Synthetic:
        """How much a generator has made; nothing where an earlier version does not say."""
        value: Synthetic = self._data.get("synthetic", "")
        if value not in get_args(Synthetic):
            raise DataError(f"synthetic is {str(value)[:40]!r}")
        return value

    def one_of(self, name: str, known: Mapping[str, Any]) -> str:
        value: str = self.required(name, str)
        if value not in known:
            raise DataError(f"{name} is {value[:40]!r}")
        return value


def told_aside(data: Any, keep_bytes: KeepBytes) -> Any:
    """What a content is as JSON, its long texts stored once for all steps of the history."""
    if isinstance(data, Mapping):
        return {name: told_aside(value, keep_bytes) for name, value in data.items()}
    if isinstance(data, str) and len(data) > LONGEST_SETTING:
        return {_ASIDE: keep_bytes(data.encode("utf-8", "surrogatepass"))}
    return data


def read_aside(data: Any, find_bytes: FindBytes, depth: int = 0) -> Any:
    """The inverse of ``told_aside``."""
    if not isinstance(data, Mapping) or depth > _DEEPEST_SETTING:
        return data
    if set(data) == {_ASIDE} and isinstance(data[_ASIDE], str):
        return find_bytes(data[_ASIDE]).decode("utf-8", "surrogatepass")
    return {name: read_aside(value, find_bytes, depth + 1) for name, value in data.items()}


def pair(values: list[Any], name: str) -> tuple[float, float]:
    numbers = [value_of(value) for value in values]
    found = [float(item) for item in numbers if isinstance(item, (int, float))]
    if len(numbers) != 2 or len(found) != 2:
        raise DataError(f"{name} is no pair of numbers")
    return found[0], found[1]


def resolution(dpi: tuple[float, float] | None) -> tuple[float, float] | None:
    """Dots per inch, or None for numbers that are no resolution: pixels do not depend on it."""
    if dpi is None or not all(math.isfinite(value) and value > 0 for value in dpi):
        return None
    return dpi


_ODD = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}


def told_number(value: Value) -> Any:
    """A value for JSON, which has no tuples, and no words for what is no finite number."""
    if isinstance(value, tuple):
        return [told_number(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {"number": str(float(value))}
    return value


def setting_of(found: Any, depth: int) -> Value:
    """The inverse of ``told_number``: a list, which cannot be a key, is a tuple again."""
    if not isinstance(found, list):
        return value_of(found)
    if depth == _DEEPEST_SETTING:
        raise DataError("a setting is no value")
    return tuple(setting_of(item, depth + 1) for item in found)


def value_of(found: Any) -> bool | int | float | str:
    """The inverse of ``told_number`` for what is no tuple."""
    if isinstance(found, Mapping):
        found = _ODD.get(str(found.get("number")))
    if not isinstance(found, (bool, int, float, str)):
        raise DataError("a setting is no value")
    return found


def no_number(text: str) -> float:
    raise DataError(f"{text} is no number")
