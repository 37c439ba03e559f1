"""Text: words and how they are set, with the outline that they were set to.

The outline is kept, so that a text looks the same where its font is not. Whoever lays out words is
told in ``TYPESETTERS``: this level knows no fonts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, TypeAlias, get_args

from safelight.document.contents.outlined import LARGEST, OutlinedKind, outline_of, outline_text
from safelight.document.contents.shape import WIDEST
from safelight.pixels import Drawing, Outline

Align: TypeAlias = Literal["left", "centre", "right", "justify"]
"""Where lines begin and end in their box, or about the point at which they were begun."""

Direction: TypeAlias = Literal["automatic", "left_to_right", "right_to_left"]
"""Which way a paragraph is written; automatically, as its first letter is."""

Weight: TypeAlias = Literal["thin", "light", "regular", "medium", "semibold", "bold", "black"]
"""How heavy letters are."""

MOST_LETTERS = 20_000
"""Letters that a text has at the most, so that each that is typed is seen at once."""

SIZES = (1.0, 20_000.0)
"""Pixels that letters are high."""

SPACING = (0.3, 5.0)
"""Heights of a line from one line to the next."""

LETTER_SPACING = (-50.0, 500.0)
"""Percent of the size of letters that is added between them."""


class TextError(ValueError):
    """Words that cannot be set; the message says why, for people."""


@dataclass(frozen=True, slots=True)
class Wording:
    """Words and how they are set.

    ``family`` is a font's, "" the usual one; ``size`` pixels; ``line_spacing`` heights of a line,
    ``letter_spacing`` percent of the size. Lines end at a ``box`` so many pixels wide; with 0 they
    end where the text says. Where there is a ``path``, words run along its first contour, from a
    ``start`` so many percent along it on. The point (0, 0) is the top left of the box, or the top
    of the first line where that is begun. Raises ValueError for what cannot be set.
    """

    text: str = ""
    family: str = ""
    size: float = 64.0
    weight: Weight = "regular"
    italic: bool = False
    align: Align = "left"
    box: float = 0.0
    line_spacing: float = 1.0
    letter_spacing: float = 0.0
    direction: Direction = "automatic"
    path: Outline = field(default_factory=Outline)
    start: float = 0.0

    def __post_init__(self) -> None:
        for name in ("text", "family"):
            if not isinstance(getattr(self, name), str):
                raise ValueError(f"the {name} of a text is no text")
        for name in ("size", "box", "line_spacing", "letter_spacing", "start"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise ValueError(f"{name} of a text is no number")
            object.__setattr__(self, name, float(value))
        if len(self.text) > MOST_LETTERS:
            raise TextError(
                f"a text has {MOST_LETTERS:,} letters at the most, not {len(self.text):,}"
            )
        if len(self.family) > 200 or type(self.italic) is not bool:
            raise ValueError("a text has no such font")
        chosen = (self.weight, Weight), (self.align, Align), (self.direction, Direction)
        for value, among in chosen:
            if value not in get_args(among):
                raise ValueError(f"a text has no {str(value)[:40]!r}")
        limits = (
            ("size", SIZES, "px"),
            ("line_spacing", SPACING, ""),
            ("letter_spacing", LETTER_SPACING, "%"),
            ("box", (0.0, float(LARGEST)), "px"),
            ("start", (-100.0, 100.0), "%"),
        )
        for name, (low, high), unit in limits:
            if not low <= getattr(self, name) <= high:
                told = name.replace("_", " ")
                raise TextError(f"the {told} of a text is {low:g} to {high:,g} {unit}".rstrip())

    def to_json(self) -> dict[str, Any]:
        """The wording as plain data."""
        told = {item.name: getattr(self, item.name) for item in fields(self)}
        return told | {"path": outline_text(self.path)}

    @classmethod
    def from_json(cls, data: Any) -> Wording:
        """The inverse of ``to_json``. Raises ValueError and TypeError for what is none."""
        if not isinstance(data, Mapping) or not isinstance(data.get("path", ""), str):
            raise ValueError("something that should be a text is none")
        return cls(**{**data, "path": outline_of(data.get("path", ""))})


Typesetter: TypeAlias = Callable[[Wording], Outline]
"""Gives the outline of words, about their point (0, 0). Raises TextError, for people."""

TYPESETTERS: list[Typesetter] = []
"""Who lays words out; the first one does."""


def typeset(wording: Wording) -> Outline:
    """The outline of words. Raises TextError, for people."""
    if not wording.text.strip():
        return Outline()
    if not TYPESETTERS:
        raise TextError("words cannot be laid out here: Safelight's window is not installed")
    return TYPESETTERS[0](wording)


@dataclass(frozen=True, slots=True)
class Text:
    """Words, their colours, ``#rrggbb``, and the outline that they were set to; a stroke lies
    around the letters, so that they are as heavy with it as without.
    """

    wording: Wording
    outline: Outline
    fill: str = "#ffffff"
    stroke: str = "#000000"
    stroke_width: float = 0.0

    def __post_init__(self) -> None:
        width = self.stroke_width
        if isinstance(width, bool) or not isinstance(width, (int, float)):
            raise ValueError("the width of a stroke is a number")
        object.__setattr__(self, "stroke_width", float(width))
        if not 0 <= self.stroke_width <= WIDEST:
            raise ValueError(f"a stroke is 0 to {WIDEST:,.0f} pixels wide")
        if not (isinstance(self.fill, str) and isinstance(self.stroke, str)):
            raise ValueError("the colours of a text are texts")

    @property
    def drawing(self) -> Drawing:
        """What the text looks like, but for its colours."""
        return Drawing(self.outline, stroke=2 * self.stroke_width, join="round", behind=True)


class TextKind(OutlinedKind):
    """What the editor asks of a text."""

    name = "text"
    icon = "M 3 3.5 L 13 3.5 M 8 3.5 L 8 13 M 5.8 13 L 10.2 13 M 3 3.5 L 3 5.5 M 13 3.5 L 13 5.5"

    def described(self, content: Text) -> str:
        """What a tooltip says of it."""
        words = content.wording
        font = words.family or "The usual font"
        return f"Text, {font}, {words.size:g} px: {titled(words.text)}"

    def to_json(self, content: Text) -> dict[str, Any]:
        """The text's words and settings, and its outline as text."""
        return {
            "wording": content.wording.to_json(),
            "outline": outline_text(content.outline),
            "fill": content.fill,
            "stroke": content.stroke,
            "stroke_width": content.stroke_width,
        }

    def from_json(self, data: Any) -> Text:
        """The inverse of ``to_json``. Raises ValueError and TypeError for what is none."""
        if not isinstance(data, Mapping) or not isinstance(data.get("outline"), str):
            raise ValueError("something that should be a text is none")
        told = {**data, "wording": Wording.from_json(data.get("wording"))}
        return Text(**{**told, "outline": outline_of(data["outline"])})


def titled(text: str) -> str:
    """What a layer with a text is called: how that begins, on one line."""
    words = " ".join(text[:200].split())
    return words if len(words) <= 32 else words[:31].rstrip() + "…"
