"""Format: the decorators that turn a function from bytes to pixels, or back, into a file format.

A decorated function stays a function.
"""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from safelight.api.kinds import Value
from safelight.api.parameters import Parameter, ParameterError, parameter_of, values_of

FormatKind = Literal["importer", "exporter"]
"""Which way a function converts: from a file's bytes, or to them."""

Function = TypeVar("Function", bound=Callable[..., Any])

HEAD = 64
"""Bytes of a file that the host looks at to recognise it; no beginning is longer."""

_DEPTHS = ("uint8", "uint16", "float32")
_MOST = 16
_LONGEST_TITLE = 60
_SUFFIX = re.compile(r"\.[a-z0-9_+-]{1,15}")
_MARK = "__safelight_format__"
_JOB = "job"


class FormatError(Exception):
    """A file that an importer cannot read, or pixels that an exporter cannot write.

    Raised by a plugin. The text is for the user and says why: ``it ends before its last row``.
    """


@dataclass(frozen=True, slots=True)
class Format:
    """What the host knows of an importer or exporter without running it. Travels as JSON.

    ``id`` is ``PACKAGE.FUNCTION`` and permanent. ``suffixes`` are lower case, the usual one
    first. A file whose first bytes are one of ``beginnings`` is this format's; an importer that
    names none is chosen by suffix. ``depths`` and ``alpha`` are what an exporter can keep, the
    finest depth last; ``options`` what an export can be told. Raises ValueError for what makes no
    sense.
    """

    id: str
    title: str
    kind: FormatKind
    suffixes: tuple[str, ...]
    beginnings: tuple[bytes, ...] = ()
    depths: tuple[str, ...] = _DEPTHS
    alpha: bool = True
    description: str = ""
    plugin: str = ""
    version: str = ""
    options: tuple[Parameter, ...] = ()

    def __post_init__(self) -> None:
        if not 0 < len(self.title) <= _LONGEST_TITLE or not self.title.isprintable():
            raise ValueError(f"the title {self.title[:99]!r} is not one short line")
        if self.kind not in ("importer", "exporter"):
            raise ValueError(f"{self.name}: {self.kind!r} is neither importer nor exporter")
        if not 0 < len(self.suffixes) <= _MOST:
            raise ValueError(f"{self.name} needs 1 to {_MOST} suffixes")
        for suffix in self.suffixes:
            if not _SUFFIX.fullmatch(suffix):
                raise ValueError(f"{self.name}: {suffix!r} is no suffix like '.pfm'")
        if len(self.beginnings) > _MOST or not all(0 < len(x) <= HEAD for x in self.beginnings):
            raise ValueError(f"{self.name}: beginnings are up to {_MOST}, of 1 to {HEAD} bytes")
        if not self.depths or tuple(x for x in _DEPTHS if x in self.depths) != self.depths:
            raise ValueError(f"{self.name}: depths are some of {', '.join(_DEPTHS)}, in this order")

    @property
    def name(self) -> str:
        """The short name: the function's."""
        return self.id.rsplit(".", 1)[-1]

    @property
    def reads(self) -> bool:
        """Whether the format's function is an importer."""
        return self.kind == "importer"

    def recognises(self, head: bytes) -> bool:
        """Whether a file whose first bytes are ``head`` (at most 64) is of this format."""
        return head.startswith(self.beginnings)

    def settings(self, given: Mapping[str, object]) -> dict[str, Value]:
        """All options with those values, the others at their defaults; names of other formats'
        options do not count. Raises ParameterError for a value that an option cannot take.
        """
        return values_of(self.options, given)

    def to_json(self) -> dict[str, Any]:
        """The format as JSON-ready data; beginnings in hexadecimal."""
        return {
            "id": self.id,
            "title": self.title,
            "kind": self.kind,
            "suffixes": list(self.suffixes),
            "beginnings": [item.hex() for item in self.beginnings],
            "depths": list(self.depths),
            "alpha": self.alpha,
            "description": self.description,
            "plugin": self.plugin,
            "version": self.version,
            "options": [item.to_json() for item in self.options],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Format:
        """The inverse of ``to_json``. Raises ValueError for data that is no format."""
        try:
            texts = {name: str(data[name]) for name in ("id", "title", "description")}
            origin = {name: str(data[name]) for name in ("plugin", "version")}
            return cls(
                kind=data["kind"],
                suffixes=tuple(map(str, data["suffixes"])),
                beginnings=tuple(bytes.fromhex(item) for item in data["beginnings"]),
                depths=tuple(map(str, data["depths"])),
                alpha=data["alpha"] is True,
                options=tuple(Parameter.from_json(item) for item in data.get("options", ())),
                **texts,
                **origin,
            )
        except (KeyError, TypeError, AttributeError, ParameterError) as error:
            raise ValueError(f"not a format: {error!r}") from None


@dataclass(frozen=True, slots=True)
class RegisteredFormat:
    """A format inside the process that converts: what it says of itself, and its function, which
    may want a ``Job``.
    """

    format: Format
    function: Callable[..., Any]
    wants_job: bool = False


def importer(
    title: str, *, suffixes: Sequence[str], beginnings: Sequence[bytes] = ()
) -> Callable[[Function], Function]:
    """Declare a function from a file's bytes to pixels as an importer.

    It receives the whole file as ``bytes`` and returns (height, width, channels) of uint8,
    uint16 or float32: grey, grey and alpha, RGB or RGBA, sRGB-encoded, alpha not premultiplied,
    full scale of the integers or 1.0 = white; float32 may go beyond. Where the file says more, it
    returns a ``Photograph`` of such pixels, with their profile, metadata, resolution and notes. It
    raises ``FormatError`` for a file that it cannot read. An importer that names ``job`` receives a
    ``Job``: its networks, run on the CPU, and its progress. ``beginnings`` are the first bytes such
    files can have. Raises ValueError for a declaration that makes no sense.
    """

    def decorate(function: Function) -> Function:
        return _mark(
            function, title, "importer", suffixes=tuple(suffixes), beginnings=tuple(beginnings)
        )

    return decorate


def exporter(
    title: str,
    *,
    suffixes: Sequence[str],
    depths: Sequence[str] = _DEPTHS,
    alpha: bool = False,
) -> Callable[[Function], Function]:
    """Declare a function from pixels to a file's bytes as an exporter.

    It receives a read-only array (height, width, 3) of one of ``depths``, sRGB-encoded; with
    ``alpha`` also (height, width, 4), not premultiplied. It returns the whole file as ``bytes``.
    What the format cannot keep the host converts, and tells the user. Where the plugin has an
    importer of the same title, the host reads with it what was written before it takes the old
    file's place. An exporter that names ``job`` receives a ``Job``: its networks, run on the CPU,
    and its progress. What else it takes are options of the export, declared as a filter's
    parameters are; one called ``quality`` is from 1 to 100. Raises ValueError for a declaration
    that makes no sense, TypeError for an option that makes none.
    """

    def decorate(function: Function) -> Function:
        return _mark(
            function,
            title,
            "exporter",
            suffixes=tuple(suffixes),
            depths=tuple(depths),
            alpha=alpha,
        )

    return decorate


def registered_format(function: Callable[..., Any], kind: FormatKind) -> RegisteredFormat:
    """What the decorator noted on a function. Raises TypeError when it is no such format."""
    found = getattr(function, _MARK, None)
    if not isinstance(found, RegisteredFormat) or found.format.kind != kind:
        name = getattr(function, "__name__", repr(function))
        raise TypeError(f"{name} is not decorated with @api.{kind}")
    return found


def _mark(function: Function, title: str, kind: FormatKind, **facts: Any) -> Function:
    _, *further = inspect.signature(function).parameters.values()
    told = [item for item in further if item.name != _JOB]
    if told and kind == "importer":
        raise ValueError(f"{function.__name__}: an importer takes a file's bytes and {_JOB} alone")
    hints = typing.get_type_hints(function, include_extras=True) if told else {}
    options = tuple(parameter_of(item.name, hints.get(item.name), item.default) for item in told)
    format = Format(
        id=f"{function.__module__.split('.')[0]}.{function.__name__}",
        title=title,
        kind=kind,
        description=inspect.getdoc(function) or "",
        options=options,
        **facts,
    )
    setattr(function, _MARK, RegisteredFormat(format, function, len(told) < len(further)))
    return function
