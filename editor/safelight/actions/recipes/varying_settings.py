"""Varying settings: values in a recipe that are another for each picture, or left open.

In JSON each is an object: ``{"of": "width", "times": 0.5, "plus": 0}`` is a number made of a fact,
``{"text": "{camera}, {taken}"}`` a text with facts in braces, ``{"parts": [x, y, width, height]}``
a rectangle in parts of the picture, rounded to whole pixels, and with ``"ratio": [4, 5]`` the
largest of that shape in its middle, ``{"open": "strength"}`` what whoever
runs the recipe says. ``"else"`` beside ``"of"`` is the value where nobody knows the fact.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from safelight.actions.recipes.picture_facts import FACTS, Fact
from safelight.api import Value
from safelight.api.kinds import frozen

_FIELD = re.compile(r"\{([^{}]*)\}")


class Unknown(ValueError):
    """A picture does not tell what a setting is made of; the message names it."""


@dataclass(frozen=True, slots=True)
class Of:
    """A number: a fact ``times`` something, ``plus`` something; ``instead`` where nobody knows."""

    fact: str
    times: float = 1.0
    plus: float = 0.0
    instead: Value | None = None

    def value(self, known: Mapping[str, Fact]) -> Value:
        """The number that it is for a picture. Raises Unknown."""
        if self.fact not in known:
            if self.instead is None:
                raise Unknown(f"the picture does not tell its {self.fact}")
            return self.instead
        found = known[self.fact]
        if isinstance(found, str):
            return found
        made = found * self.times + self.plus
        return int(made) if float(made).is_integer() else made

    def to_json(self) -> dict[str, Any]:
        """The value as JSON-ready data, which ``varying`` reads."""
        data: dict[str, Any] = {"of": self.fact}
        data |= {"times": self.times} if self.times != 1 else {}
        data |= {"plus": self.plus} if self.plus else {}
        return data | ({"else": self.instead} if self.instead is not None else {})


@dataclass(frozen=True, slots=True)
class Text:
    """A text with facts in braces."""

    pattern: str

    def value(self, known: Mapping[str, Fact]) -> Value:
        """The text that it is for a picture. Raises Unknown."""

        def told(found: re.Match[str]) -> str:
            if found[1] not in known:
                raise Unknown(f"the picture does not tell its {found[1]}")
            fact = known[found[1]]
            return fact if isinstance(fact, str) else f"{fact:g}"

        return _FIELD.sub(told, self.pattern)

    def to_json(self) -> dict[str, Any]:
        """The value as JSON-ready data, which ``varying`` reads."""
        return {"text": self.pattern}


@dataclass(frozen=True, slots=True)
class Parts:
    """A rectangle, in parts of the picture's width and height; of it the largest in the middle that
    is so wide and high, where there is a ``ratio``.
    """

    left: float
    top: float
    width: float
    height: float
    ratio: tuple[float, float] | None = None

    def value(self, known: Mapping[str, Fact]) -> Value:
        """The rectangle in whole pixels, at least one a side."""
        across, down = (int(known[side]) for side in ("width", "height"))
        x, y = self.left * across, self.top * down
        width, height = self.width * across, self.height * down
        if self.ratio is not None:
            wide, high = self.ratio
            scale = min(width / wide, height / high)
            x, y = x + (width - wide * scale) / 2, y + (height - high * scale) / 2
            width, height = wide * scale, high * scale
        return (round(x), round(y), max(round(width), 1), max(round(height), 1))

    def to_json(self) -> dict[str, Any]:
        """The value as JSON-ready data, which ``varying`` reads."""
        data: dict[str, Any] = {"parts": [self.left, self.top, self.width, self.height]}
        return data | ({"ratio": list(self.ratio)} if self.ratio else {})


@dataclass(frozen=True, slots=True)
class Open:
    """What whoever runs the recipe says, by the name of its question."""

    question: str

    def value(self, known: Mapping[str, Fact]) -> Value:
        """Raises Unknown: the question has not been answered."""
        raise Unknown(f"nobody has said what {self.question} is")

    def to_json(self) -> dict[str, Any]:
        """The value as JSON-ready data, which ``varying`` reads."""
        return {"open": self.question}


Varying: TypeAlias = Of | Text | Parts | Open
Told: TypeAlias = Value | Varying


def varying(data: Any) -> Told:
    """A setting of JSON. Raises ValueError for an object that is no such value."""
    if not isinstance(data, dict):
        return frozen(data)  # type: ignore[no-any-return]
    for name, (read, others) in _READ.items():
        if name in data and not set(data) - {name} - others:
            return read(data)
    raise ValueError('it is an object, but none with "of", "text", "parts" or "open" alone')


def told(value: Told) -> Any:
    """A setting as JSON-ready data, which ``varying`` reads."""
    return value.to_json() if isinstance(value, Varying) else value


def resolved(settings: Mapping[str, Told], known: Mapping[str, Fact]) -> dict[str, Value]:
    """Settings for one picture. Raises Unknown, naming the setting."""
    found: dict[str, Value] = {}
    for name, value in settings.items():
        try:
            found[name] = value.value(known) if isinstance(value, Varying) else value
        except Unknown as error:
            raise Unknown(f"{name}: {error}") from None
    return found


def questions(settings: Mapping[str, Told]) -> Iterator[str]:
    """The names of what settings leave open."""
    return (value.question for value in settings.values() if isinstance(value, Open))


def _of(data: dict[str, Any]) -> Of:
    if data["of"] not in FACTS:
        raise ValueError(f"there is no fact {str(data['of'])[:40]!r}; there are {', '.join(FACTS)}")
    times, plus = (_number(data.get(name, usual)) for name, usual in (("times", 1), ("plus", 0)))
    return Of(data["of"], times, plus, frozen(data.get("else")))


def _text(data: dict[str, Any]) -> Text:
    if not isinstance(data["text"], str):
        raise ValueError('"text" is a text')
    for name in _FIELD.findall(data["text"]):
        if name not in FACTS:
            raise ValueError(f"there is no fact {name[:40]!r}; there are {', '.join(FACTS)}")
    return Text(data["text"])


def _parts(data: dict[str, Any]) -> Parts:
    values = data["parts"]
    if not isinstance(values, list) or len(values) != 4:
        raise ValueError('"parts" are four numbers: x, y, width, height')
    left, top, width, height = map(_number, values)
    if width <= 0 or height <= 0:
        raise ValueError('the width and the height of "parts" are above 0')
    if "ratio" not in data:
        return Parts(left, top, width, height)
    ratio = data["ratio"]
    if not isinstance(ratio, list) or len(ratio) != 2 or not all(_number(x) > 0 for x in ratio):
        raise ValueError('"ratio" are two numbers above 0: how wide, how high')
    return Parts(left, top, width, height, (float(ratio[0]), float(ratio[1])))


def _open(data: dict[str, Any]) -> Open:
    if not isinstance(data["open"], str):
        raise ValueError('"open" is the name of a question')
    return Open(data["open"])


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"{str(value)[:40]} is no number")
    return float(value)


_READ: dict[str, tuple[Callable[[dict[str, Any]], Varying], set[str]]] = {
    "of": (_of, {"times", "plus", "else"}),
    "text": (_text, set()),
    "parts": (_parts, {"ratio"}),
    "open": (_open, set()),
}
