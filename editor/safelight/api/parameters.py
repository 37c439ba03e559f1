"""Parameters: what a filter can be told, read from its signature.

One declaration serves the panel in the window, the options of the command line, the JSON of a
recipe and the help text. The legal range and the slider's range are two things.
resources/parameters.md lists the types, each with its forms.
"""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Annotated, Any, Literal, TypeAlias, get_args, get_origin

from safelight.api.kinds import KINDS, Meaning, Value, is_number

Role: TypeAlias = Literal["", "held", "other", "change"]
"""What a latent code is there for: what a generator makes, or one of three other things."""


class ParameterError(ValueError):
    """A value a parameter cannot take; the message says what it can."""


@dataclass(frozen=True, slots=True)
class Number:
    """Limits of a number: ``Annotated[float, api.Number(0, 10, slider=(0, 2), unit="px")]``.

    ``minimum`` and ``maximum`` are legal limits (None = none), ``slider`` what the slider
    shows. ``length`` says that the number is measured in full-size pixels, so the host scales
    it when it renders a smaller zoom level. ``ends`` are words for the two ends of the slider,
    where a number means little: ``("Faithful", "Crisp")``. On a ``logarithmic`` slider, whose
    range is above 0, each position is as many per cent more than the last. ``lowest`` is what the
    lowest legal value means, where that is no amount: ``"No limit"``; its field shows those words.
    """

    minimum: float | None = None
    maximum: float | None = None
    slider: tuple[float, float] | None = None
    step: float | None = None
    unit: str = ""
    length: bool = False
    kind: str | None = None
    ends: tuple[str, str] | None = None
    logarithmic: bool = False
    lowest: str = ""


@dataclass(frozen=True, slots=True)
class Colour:
    """Marks a text parameter as a colour, ``#rrggbb``."""


@dataclass(frozen=True, slots=True)
class Unless:
    """Marks a parameter that does not count while a flag, named here, is on.

    ``Annotated[float, api.Number(0, 100), api.Unless("automatic")]``: its control is dimmed then.
    The filter receives its value all the same.
    """

    flag: str


@dataclass(frozen=True, slots=True)
class Tray:
    """Marks a picture that is chosen from a tray of thumbnails and kept in the document itself.

    ``Annotated[api.Picture, api.Tray()]``: the setting is then a copy of at most 512 pixels a side,
    as a ``data:`` URI (RFC 2397), so that a project shows the same on every computer. The path of
    a file is as good where there is no window. A ``folded`` one is a line until it is needed: for
    the second of two pictures.
    """

    folded: bool = False


@dataclass(frozen=True, slots=True)
class Latent:
    """Marks a tuple of numbers as a latent code of ``size`` of them: what a generator makes.

    ``Annotated[tuple[float, ...], api.Latent(128)]``, with () as its default: nothing is chosen,
    and ``api.drawn`` makes a code of the seed. Its control is the lightbox. A code with a ``role``
    is set beside another one's lightbox: it is what the ``"held"`` part of the picture keeps, or
    the ``"other"`` end of a passage from one code to the other.

    One whose role is ``"change"`` makes the filter an autoencoder: it is what is added to the
    photograph's own code, () for nothing. The encoder is the filter's ``prepare``, which returns
    the photograph's own code under the parameter's name; the decoder is the filter itself, which
    adds to the photograph what the change makes of it (``api.with_difference``). Its control has
    sliders along directions that are found from photographs.
    """

    size: int
    role: Role = ""


Fraction: TypeAlias = Annotated[float, Number(0.0, 1.0, step=0.01)]
"""0 to 1."""

SignedFraction: TypeAlias = Annotated[float, Number(-1.0, 1.0, step=0.01)]
"""-1 to 1, 0 in the middle."""

Pixels: TypeAlias = Annotated[float, Number(0.0, 1000.0, (0.0, 50.0), 0.1, "px", length=True)]
"""A length in full-size pixels."""

Angle: TypeAlias = Annotated[float, Number(-360.0, 360.0, (-180.0, 180.0), 1.0, "°")]
"""Degrees, counter-clockwise."""

Seed: TypeAlias = Annotated[int, Number(0, 2**32 - 1, kind="seed")]
"""Where a filter's random numbers start; the same seed gives the same picture."""

HexColour: TypeAlias = Annotated[str, Colour()]
"""A colour, ``#rrggbb``, sRGB."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One thing a filter can be told. Plain data: it travels as JSON.

    ``renamed`` are the names that it had in earlier versions of the plugin.
    """

    name: str
    kind: str
    default: Value
    title: str = ""
    help: str = ""
    minimum: float | None = None
    maximum: float | None = None
    slider: tuple[float, float] | None = None
    step: float | None = None
    unit: str = ""
    length: bool = False
    choices: tuple[Value, ...] = field(default=())
    ends: tuple[str, str] | None = None
    unless: str = ""
    tray: Literal["", "open", "folded"] = ""
    size: int = 0
    role: Role = ""
    renamed: tuple[str, ...] = ()
    logarithmic: bool = False
    lowest: str = ""

    @property
    def is_image(self) -> bool:
        """Whether the value, a text, names pixels, and the filter receives those instead."""
        return KINDS[self.kind].names_pixels

    def check(self, value: object) -> Value:
        """The value in the parameter's own type. Raises ParameterError outside what is legal."""
        try:
            return KINDS[self.kind].check(self, value)
        except ValueError as error:
            raise ParameterError(f"{self.name}: {error}") from None

    def parse(self, text: str) -> Value:
        """A value from what someone typed. Raises ParameterError when it is not legal."""
        try:
            return self.check(KINDS[self.kind].parse(self, text))
        except ParameterError:
            raise
        except ValueError as error:
            raise ParameterError(f"{self.name}: {error}") from None

    def text(self, value: Value) -> str:
        """A value as it is typed on the command line, the inverse of ``parse``."""
        return KINDS[self.kind].text(value)

    def range_text(self) -> str:
        """What the parameter can hold, for help texts: ``-1 to 1``, ``2, 4``, ``on or off``,
        ``0 to 1 (Faithful to Crisp)``.
        """
        return KINDS[self.kind].range_text(self)

    def telling(self) -> tuple[Value, ...]:
        """Values that between them show the parameter at work: the ends of a slider, each choice;
        none where none are telling.
        """
        return KINDS[self.kind].telling(self)

    def to_json(self) -> dict[str, Any]:
        """The parameter as JSON-ready data; fields at their defaults are left out."""
        data: dict[str, Any] = {}
        for item in fields(self):
            value = getattr(self, item.name)
            if item.name in ("name", "kind", "default") or value != item.default:
                data[item.name] = _listed(value)
        if not self.choices:
            data.pop("choices", None)
        return data

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Parameter:
        """The inverse of ``to_json``. Unknown fields, from a later version, are ignored.

        Raises ParameterError for data that is no parameter.
        """
        known = {item.name for item in fields(cls)}
        values = {name: value for name, value in data.items() if name in known}
        for name in ("slider", "choices", "ends", "renamed"):
            if isinstance(values.get(name), list):
                values[name] = tuple(values[name])
        try:
            parameter = cls(**values)
        except TypeError as error:
            raise ParameterError(f"not a parameter: {error}") from None
        for name, (fits, expected) in _FIELDS.items():
            value = getattr(parameter, name)
            if not fits(value):
                raise ParameterError(f"{parameter.name}: {name} {value!r} is not {expected}")
        return replace(parameter, default=parameter.check(parameter.default))


def values_of(parameters: Iterable[Parameter], given: Mapping[str, object]) -> dict[str, Value]:
    """All parameters with the values given, the others at their defaults; further names do not
    count. Raises ParameterError for a value that a parameter cannot take.
    """
    return {
        item.name: item.check(given[item.name]) if item.name in given else item.default
        for item in parameters
    }


def parameter_of(name: str, annotation: Any, default: Any) -> Parameter:
    """The parameter that ``name: annotation = default`` in a filter's signature declares.

    Raises TypeError, naming the parameter, for an annotation or default that declares none.
    """
    kind = annotation
    marks: list[Any] = []
    while get_origin(kind) is Annotated:
        kind, *found = get_args(kind)
        marks = [*marks, *found]
    number = next((mark for mark in marks if isinstance(mark, Number)), None)
    text = next((mark for mark in marks if isinstance(mark, str)), "")
    unless = next((mark.flag for mark in marks if isinstance(mark, Unless)), "")
    tray = next((mark for mark in marks if isinstance(mark, Tray)), None)
    latent = next((mark for mark in marks if isinstance(mark, Latent)), None)
    common: dict[str, Any] = {"name": name, "title": _title(name), "help": text, "unless": unless}
    if get_origin(kind) is Literal:
        unit = number.unit if number else ""
        parameter = Parameter(
            kind="choice", default=default, choices=get_args(kind), unit=unit, **common
        )
    elif latent is not None:
        if not is_number(latent.size) or latent.size < 1:
            raise TypeError(f"{name}: a code has 1 number or more, not {latent.size!r}")
        size, role = latent.size, latent.role
        parameter = Parameter(kind="code", default=default, size=size, role=role, **common)
    elif meaning := next((mark for mark in marks if isinstance(mark, Meaning)), None):
        parameter = Parameter(kind=meaning.kind, default=default, **common)
        if parameter.is_image:
            if default is not None:
                raise TypeError(f"{name}: the default of a {meaning.kind} is None")
            parameter = replace(parameter, default="")
        if tray is not None and meaning.kind == "picture":
            parameter = replace(parameter, tray="folded" if tray.folded else "open")
    elif kind is bool:
        parameter = Parameter(kind="flag", default=default, **common)
    elif kind is str:
        is_colour = any(isinstance(mark, Colour) for mark in marks)
        parameter = Parameter(kind="colour" if is_colour else "text", default=default, **common)
    elif kind in (int, float):
        number = number or Number()
        parameter = Parameter(
            kind=number.kind or ("integer" if kind is int else "number"),
            default=default,
            minimum=number.minimum,
            maximum=number.maximum,
            slider=number.slider,
            step=number.step,
            unit=number.unit,
            length=number.length,
            ends=number.ends,
            logarithmic=number.logarithmic,
            lowest=number.lowest,
            **common,
        )
    else:
        shown = kind.__name__ if isinstance(kind, (type, types.FunctionType)) else kind
        raise TypeError(f"{name}: {shown} is no parameter type; use api.Fraction, Literal[2, 4] …")
    if tray is not None and not parameter.tray:
        raise TypeError(f"{name}: api.Tray() is for an api.Picture")
    try:
        return replace(parameter, default=parameter.check(parameter.default))
    except ParameterError as error:
        raise TypeError(f"the default does not fit: {error}") from None


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _is_limit(value: object) -> bool:
    return value is None or (is_number(value) and math.isfinite(value))


def _listed(value: Any) -> Any:
    """A value as JSON has it: lists for tuples."""
    return [_listed(item) for item in value] if isinstance(value, tuple) else value


_FIELDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "name": (lambda value: isinstance(value, str) and value.isidentifier(), "a name"),
    "kind": (lambda value: isinstance(value, str) and value in KINDS, "a known kind"),
    **dict.fromkeys(
        ("title", "help", "unit", "unless", "lowest"),
        (lambda value: isinstance(value, str), "a text"),
    ),
    **dict.fromkeys(("minimum", "maximum", "step"), (_is_limit, "a number")),
    "slider": (
        lambda value: (
            value is None
            or (isinstance(value, tuple) and len(value) == 2 and all(map(is_number, value)))
        ),
        "a pair of numbers",
    ),
    "length": (lambda value: isinstance(value, bool), "true or false"),
    "tray": (lambda value: value in ("", "open", "folded"), '"", "open" or "folded"'),
    "size": (lambda value: is_number(value) and int(value) == value >= 0, "a whole number"),
    "role": (lambda value: value in get_args(Role), '"", "held", "other" or "change"'),
    "renamed": (
        lambda value: (
            isinstance(value, tuple)
            and all(isinstance(item, str) and item.isidentifier() for item in value)
        ),
        "a list of names",
    ),
    "ends": (
        lambda value: (
            value is None
            or (
                isinstance(value, tuple)
                and len(value) == 2
                and all(isinstance(item, str) for item in value)
            )
        ),
        "a pair of texts",
    ),
    "choices": (
        lambda value: (
            isinstance(value, tuple)
            and all(isinstance(item, (bool, int, float, str)) for item in value)
        ),
        "a list of values",
    ),
}
"""What a declaration that came as JSON has to hold: it may be a stranger's."""
