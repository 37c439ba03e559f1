"""Kinds: what a parameter can hold, one class a kind: its check, its typed form, its words.

A kind of parameter is one class here, one line of ``KINDS``, the annotation that declares it, and
a control in the window. The values of places are fractions, so that they mean the same at every
size of a picture.
"""

from __future__ import annotations

import math
import reprlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Protocol, TypeAlias, TypeGuard

from safelight.api import compound_values
from safelight.api.colour_profile import IccError, icc_text, is_icc_text, read_icc
from safelight.api.cube_table import CubeError, cube_text, is_cube_text, read_cube
from safelight.api.image import Image

__all__ = [
    "Box",
    "Curve",
    "Icc",
    "Layer",
    "Lut",
    "Palette",
    "Picture",
    "Point",
    "Rectangle",
    "ToneRange",
    "Value",
]

Value: TypeAlias = float | int | bool | str | tuple["Value", ...]
"""What a parameter can hold: a number, a flag, a text, or a shape (tuples of numbers).

All can be keys. In JSON a tuple is a list; ``Parameter.check`` makes tuples of lists again.
"""


@dataclass(frozen=True, slots=True)
class Meaning:
    """Marks an annotation as that of a kind, by its name in ``KINDS``."""

    kind: str


Point: TypeAlias = Annotated[tuple[float, float], Meaning("point")]
"""A place in the picture: (x, y) as fractions of its width and height, from the top left."""

Rectangle: TypeAlias = Annotated[tuple[float, float, float, float], Meaning("rectangle")]
"""A part of the picture: (x, y, width, height) as fractions of its width and height.

It is never empty and lies within the picture.
"""

Box: TypeAlias = Annotated[tuple[int, ...], Meaning("box")]
"""A part of the picture in whole pixels: (x, y, width, height); (), the default, for all of it.

Its corner may lie outside the picture; its sides are 0 or more.
"""

Curve: TypeAlias = Annotated[tuple[tuple[float, float], ...], Meaning("curve")]
"""A tone curve: 2 to 16 points (x, y), 0 to 1, x rising. ``curve_samples`` draws it."""

ToneRange: TypeAlias = Annotated[tuple[float, float], Meaning("tone_range")]
"""A range of tones: (darkest, lightest), each 0 for black to 1 for white, the second the larger."""

Picture: TypeAlias = Annotated[Image | None, Meaning("picture")]
"""Another picture, whole and in its own size; None when there is none, which is the default.

The setting is the path of its file, "" for none. The host reads it: a worker cannot. One of more
than 16 million pixels comes halved until it has no more. With a ``Tray`` a copy is kept instead.
"""

Layer: TypeAlias = Annotated[Image | None, Meaning("layer")]
"""The pixels of another layer, where and as large as the image; None, the default, when there is
none.

The setting is the id or the name of a layer that holds pixels, "" for none. Its mask, opacity and
alpha are left out; it may be hidden.
"""

Palette: TypeAlias = Annotated[tuple[str, ...], Meaning("palette")]
"""Up to 8 colours, ``#rrggbb``, sRGB; (), the default, for none.

Its control picks them, one by one or from the photograph.
"""

Lut: TypeAlias = Annotated[str, Meaning("lut")]
"""A look-up table, chosen as a .cube file; "", the default, for none. ``cube_stages`` reads it.

The setting is the table itself as a text, so that a project or recipe shows the same on every
computer. On the command line the path of the file is typed.
"""

Icc: TypeAlias = Annotated[str, Meaning("icc")]
"""A colour profile, chosen as an .icc file; "", the default, for none. ``icc_bytes`` reads it.

The setting is the profile itself as a text, as with a look-up table.
"""


class Limits(Protocol):
    """What a kind is told of a parameter: limits, choices, size, and words for them."""

    @property
    def minimum(self) -> float | None:
        """The smallest legal number; None = none."""

    @property
    def maximum(self) -> float | None:
        """The largest legal number; None = none."""

    @property
    def slider(self) -> tuple[float, float] | None:
        """The two ends of the slider."""

    @property
    def ends(self) -> tuple[str, str] | None:
        """Words for the two ends of the slider."""

    @property
    def lowest(self) -> str:
        """What the smallest legal number means, where that is no amount."""

    @property
    def unit(self) -> str:
        """The unit of the number."""

    @property
    def choices(self) -> tuple[Value, ...]:
        """The values to choose from."""

    @property
    def size(self) -> int:
        """How many numbers a latent code has."""

    @property
    def role(self) -> str:
        """What a latent code is there for."""


class Kind:
    """What all parameters of one kind have in common.

    Every method is given the parameter, for its limits, choices or size. What is checked may be a
    stranger's. ``names_pixels`` says that the value, a text, names pixels, and that the filter
    receives those instead.
    """

    names_pixels = False

    def check(self, parameter: Limits, value: object) -> Value:
        """The value in the kind's own type. Raises ValueError, a clause, for one that it cannot
        hold.
        """
        raise NotImplementedError

    def parse(self, parameter: Limits, text: str) -> object:
        """What someone typed, for ``check``. Raises ValueError, a clause."""
        return text

    def text(self, value: Value) -> str:
        """A value as it is typed, the inverse of ``parse``."""
        return shown(value)

    def range_text(self, parameter: Limits) -> str:
        """What the parameter can hold, for help texts."""
        raise NotImplementedError

    def telling(self, parameter: Limits) -> tuple[Value, ...]:
        """Values that between them show the parameter at work; none where none are telling."""
        return ()


class Text(Kind):
    """Words."""

    def check(self, parameter: Limits, value: object) -> Value:
        if not isinstance(value, str):
            raise ValueError(f"{value!r} is not a text")
        return value

    def range_text(self, parameter: Limits) -> str:
        return "text"


@dataclass(frozen=True, slots=True)
class Named(Kind):
    """A text that names pixels: ``expected`` says what it is, ``range`` what it can name."""

    expected: str
    range: str
    names_pixels = True

    def check(self, parameter: Limits, value: object) -> Value:
        # No file has a NUL in its name, and asking for one is an error of another sort.
        if not isinstance(value, str) or "\0" in value:
            # A picture that is kept as a text is long.
            raise ValueError(f"{reprlib.repr(value)} is not {self.expected}")
        return value

    def range_text(self, parameter: Limits) -> str:
        return self.range


class Flag(Kind):
    """A switch."""

    def check(self, parameter: Limits, value: object) -> Value:
        if not isinstance(value, bool):
            raise ValueError(f"{value!r} is not true or false")
        return value

    def parse(self, parameter: Limits, text: str) -> object:
        words = {"true": True, "yes": True, "on": True, "1": True}
        words |= {"false": False, "no": False, "off": False, "0": False}
        return words.get(text.lower(), text)

    def text(self, value: Value) -> str:
        return "on" if value else "off"

    def range_text(self, parameter: Limits) -> str:
        return "on or off"

    def telling(self, parameter: Limits) -> tuple[Value, ...]:
        return (True, False)


class Choice(Kind):
    """One of a few values."""

    def check(self, parameter: Limits, value: object) -> Value:
        for choice in parameter.choices:
            if type(value) is type(choice) and value == choice:
                return choice
        raise ValueError(f"{value} is not one of {self.range_text(parameter)}")

    def parse(self, parameter: Limits, text: str) -> object:
        return next((choice for choice in parameter.choices if str(choice) == text), text)

    def text(self, value: Value) -> str:
        return str(value)

    def range_text(self, parameter: Limits) -> str:
        return ", ".join(str(choice) for choice in parameter.choices)

    def telling(self, parameter: Limits) -> tuple[Value, ...]:
        return parameter.choices


class Hexadecimal(Kind):
    """A colour, sRGB."""

    def check(self, parameter: Limits, value: object) -> Value:
        if not isinstance(value, str) or not compound_values.is_colour(value):
            raise ValueError(f"{value!r} is not a colour like #ffaa00")
        return value.lower()

    def range_text(self, parameter: Limits) -> str:
        return "#rrggbb"


@dataclass(frozen=True, slots=True)
class Numeric(Kind):
    """A number within the parameter's limits; a ``whole`` one has no decimals."""

    whole: bool

    def check(self, parameter: Limits, value: object) -> Value:
        if not is_number(value):
            raise ValueError(f"{value!r} is not a number")
        try:
            number = float(value)
        except OverflowError:
            raise ValueError("the number is far too large") from None
        if not math.isfinite(number):
            raise ValueError(f"{value!r} is not a finite number")
        low, high = parameter.minimum, parameter.maximum
        if (low is not None and value < low) or (high is not None and value > high):
            raise ValueError(f"{value:g} is outside {_limits(low, high)}")
        if not self.whole:
            return number
        if value != int(value):
            raise ValueError(f"{value:g} is not a whole number")
        return int(value)

    def parse(self, parameter: Limits, text: str) -> object:
        try:
            return _typed_number(text)
        except ValueError:
            raise ValueError(f"{text!r} is not a number") from None

    def text(self, value: Value) -> str:
        return str(value)

    def range_text(self, parameter: Limits) -> str:
        text = _limits(parameter.minimum, parameter.maximum)
        text += f" {parameter.unit}" if parameter.unit else ""
        if parameter.lowest and parameter.minimum is not None:
            words = parameter.lowest[:1].lower() + parameter.lowest[1:]
            text += f" ({shown(parameter.minimum)}: {words})"
        ends = parameter.ends
        return text if ends is None else f"{text} ({ends[0]} to {ends[1]})"

    def telling(self, parameter: Limits) -> tuple[Value, ...]:
        ends = parameter.slider or (parameter.minimum, parameter.maximum)
        return tuple(round(end) if self.whole else end for end in ends if end is not None)


@dataclass(frozen=True, slots=True)
class Shape(Kind):
    """Several numbers: ``checked`` makes a shape of them, ``range`` says what they are."""

    checked: Callable[[object], Value]
    range: str

    def check(self, parameter: Limits, value: object) -> Value:
        return self.checked(value)

    def parse(self, parameter: Limits, text: str) -> object:
        return compound_values.typed(text)

    def range_text(self, parameter: Limits) -> str:
        return self.range


class Ranged(Kind):
    """Two fractions, of which the second is the larger."""

    def check(self, parameter: Limits, value: object) -> Value:
        numbers = list(value) if isinstance(value, (list, tuple)) else []
        if len(numbers) != 2 or not all(map(is_number, numbers)):
            raise ValueError("a range of tones is two numbers, like 0.1,0.8")
        darkest, lightest = compound_values.point(value)
        if not darkest < lightest:
            raise ValueError(f"the lightest tone, {lightest:g}, is not above {darkest:g}")
        return darkest, lightest

    def parse(self, parameter: Limits, text: str) -> object:
        return compound_values.typed(text)

    def range_text(self, parameter: Limits) -> str:
        return "darkest,lightest: each 0 to 1, rising"

    def telling(self, parameter: Limits) -> tuple[Value, ...]:
        return ((0.0, 0.5), (0.25, 0.75), (0.5, 1.0))


class Curved(Shape):
    """Points, which are typed with ``;`` between them."""

    def parse(self, parameter: Limits, text: str) -> object:
        return compound_values.typed_curve(text)

    def text(self, value: Value) -> str:
        return shown(value, ";")


class Colours(Shape):
    """A palette, which is typed with ``,`` between its colours."""

    def parse(self, parameter: Limits, text: str) -> object:
        return [part.strip() for part in text.split(",") if part.strip()]


class Boxed(Shape):
    """Whole pixels, or nothing."""

    def parse(self, parameter: Limits, text: str) -> object:
        return compound_values.typed(text) if text.strip() else ()


class Looked(Kind):
    """A look-up table as a text, or none; what is typed is the path of a .cube file."""

    def check(self, parameter: Limits, value: object) -> Value:
        if not isinstance(value, str) or (value and not is_cube_text(value)):
            raise ValueError(f"{reprlib.repr(value)} is no look-up table; choose a .cube file")
        return value

    def parse(self, parameter: Limits, text: str) -> object:
        if not text or is_cube_text(text):
            return text
        try:
            return cube_text(read_cube(text))
        except CubeError as error:
            raise ValueError(f"{text} {error}") from None

    def range_text(self, parameter: Limits) -> str:
        return "a .cube file, or nothing"


class Profiled(Kind):
    """A colour profile as a text, or none; what is typed is the path of an .icc file."""

    def check(self, parameter: Limits, value: object) -> Value:
        if not isinstance(value, str) or (value and not is_icc_text(value)):
            raise ValueError(f"{reprlib.repr(value)} is no colour profile; choose an .icc file")
        return value

    def parse(self, parameter: Limits, text: str) -> object:
        if not text or is_icc_text(text):
            return text
        try:
            return icc_text(read_icc(text))
        except IccError as error:
            raise ValueError(f"{text} {error}") from None

    def range_text(self, parameter: Limits) -> str:
        return "an .icc file, or nothing"


class Code(Kind):
    """A latent code of the parameter's size, or none."""

    def check(self, parameter: Limits, value: object) -> Value:
        return compound_values.code(value, parameter.size)

    def parse(self, parameter: Limits, text: str) -> object:
        return compound_values.typed(text) if text.strip() else ()

    def range_text(self, parameter: Limits) -> str:
        nothing = "nothing" if parameter.role else "nothing: what the seed says"
        return f"{parameter.size} numbers, or {nothing}"


KINDS: dict[str, Kind] = {
    "number": Numeric(whole=False),
    "integer": Numeric(whole=True),
    "seed": Numeric(whole=True),
    "flag": Flag(),
    "choice": Choice(),
    "text": Text(),
    "colour": Hexadecimal(),
    "point": Shape(compound_values.point, "x,y: each 0 to 1"),
    "rectangle": Shape(compound_values.rectangle, "x,y,width,height: each 0 to 1"),
    "box": Boxed(compound_values.box, "x,y,width,height: whole pixels, or nothing"),
    "curve": Curved(
        compound_values.curve,
        f"{compound_values.FEWEST} to {compound_values.MOST} points x,y;x,y: each 0 to 1, x rising",
    ),
    "tone_range": Ranged(),
    "palette": Colours(
        compound_values.palette,
        f"up to {compound_values.MOST_COLOURS} colours #rrggbb,#rrggbb, or nothing",
    ),
    "picture": Named("a file's path", "a picture file, or nothing"),
    "layer": Named("a layer's id or name", "a layer that holds pixels, or nothing"),
    "lut": Looked(),
    "icc": Profiled(),
    "code": Code(),
}
"""Every kind of parameter, by the name that JSON has for it."""


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether a value is a number; a flag is none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def frozen(value: Any) -> Any:
    """A value as a parameter holds it: tuples for the lists of JSON."""
    return tuple(frozen(item) for item in value) if isinstance(value, list) else value


def shown(value: Value, between: str = ",") -> str:
    """A value as it is typed: a number without a needless ``.0``, the parts of a shape side by
    side.
    """
    if isinstance(value, tuple):
        return between.join(shown(item) for item in value)
    return value if isinstance(value, str) else repr(value).removesuffix(".0")


def _limits(low: float | None, high: float | None) -> str:
    if low is None:
        return "any number" if high is None else f"{shown(high)} or less"
    if high is None:
        return f"{shown(low)} or more"
    return f"{shown(low)} to {shown(high)}"


def _typed_number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        return float(text)
