"""Export options: how a picture is exported, as one value."""

from __future__ import annotations

import base64
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from safelight.api import Format, Number, Parameter, ParameterError, Value
from safelight.api.colour_profile import IccError, read_icc
from safelight.api.parameters import parameter_of
from safelight.files.codecs import Codec
from safelight.files.exports.export_outcome import ExportError
from safelight.files.metadata.kept_metadata import CHOICES, MetadataChoice
from safelight.pixels import INTENTS, KNOWN, Intent, KnownProfile, Method, known_profile

Depth: TypeAlias = Literal["same", 8, 16, 32]
Resizing: TypeAlias = Literal["no", "longest", "width", "height", "percent"]
Credentialled: TypeAlias = Literal["no", "made on the spot", "own"]
Sharpening: TypeAlias = Literal["no", "screen", "print"]

PROFILES = KNOWN
"""The names of profiles that an export can be told."""

_ENDINGS = (".icc", ".icm")

BITS: dict[Any, str] = {8: "uint8", 16: "uint16", 32: "float32"}
"""The number types of depths."""


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """How a picture is exported.

    ``format`` is the name of a format in any case, the id or title of a plugin's, or None to go by
    the suffix. ``settings`` are options of the format (``Codec.options``); those that only another
    format has do not count. ``quality`` (1 to 100) and ``lossless`` are two of them.
    ``depth`` is "same" or 8, 16 or 32 bits a channel; a format that holds less takes its finest.
    ``metadata`` is "all", "copyright" or "none". ``profile`` is an ICC profile that the colours are
    converted to, with that ``intent`` and compensation of the black point; None for the document's
    own, or for sRGB where the file has 8 bits, the document more, and its profile is too wide for
    those; with ``keep_profile`` None is the document's own there too. The others are declared as
    the options of formats are, with their words beside them; what is left at its default does
    nothing. Raises ExportError for anything else.
    """

    format: str | None = None
    quality: int | None = None
    lossless: bool = False
    depth: Depth = "same"
    metadata: MetadataChoice = "all"
    profile: bytes | None = None
    intent: Annotated[Intent, "how colours that the profile does not have are brought into it"] = (
        "relative"
    )
    black_point: Annotated[bool, "the darkest becomes the darkest of the profile"] = True
    keep_profile: Annotated[
        bool, "the picture's own profile, also where 8 bits are too few for its colours"
    ] = False
    settings: Mapping[str, Value] = field(default_factory=dict)
    resize: Annotated[Resizing, "which side is stated, or percent"] = "no"
    size: Annotated[float, Number(1, 100_000, (10, 6000), 1), "pixels of that side, or percent"] = (
        2048
    )
    enlarge: Annotated[bool, "also where the picture is smaller"] = False
    method: Annotated[Method, "how pixels of another size are made"] = "lanczos"
    sharpen: Annotated[Sharpening, "after resizing, for what it is seen on"] = "no"
    sharpness: Annotated[Literal["low", "standard", "high"], "how much"] = "standard"
    kilobytes: Annotated[
        int,
        Number(0, 10_000_000, (0, 5000), unit="kB", lowest="No limit"),
        "the most the file may have, by its quality",
    ] = 0
    credentials: Annotated[
        Credentialled,
        "sign the file with what was done to the picture (C2PA): by a certificate made for this"
        " file alone, which shows that nothing was changed since, or by your own",
    ] = "no"

    def __post_init__(self) -> None:
        if self.quality is not None and not 1 <= self.quality <= 100:
            raise ExportError(f"Quality is 1 to 100, not {self.quality}.")
        if self.depth != "same" and self.depth not in BITS:
            raise ExportError(f'Depth is "same", 8, 16 or 32, not {self.depth}.')
        if self.intent not in INTENTS:
            raise ExportError(f"An intent is {', '.join(INTENTS)}, not {self.intent}.")
        if self.metadata not in CHOICES:
            raise ExportError(f"Metadata can be {', '.join(CHOICES)}, not {self.metadata}.")
        for item in finishes():
            try:
                item.check(getattr(self, item.name))
            except ParameterError as error:
                raise ExportError(f"The picture cannot be exported so: {error}.") from error

    def to_json(self) -> dict[str, object]:
        """The options that are not at their defaults, as plain data."""
        told: dict[str, object] = {
            item.name: getattr(self, item.name)
            for item in fields(self)
            if item.name != "settings" and getattr(self, item.name) != item.default
        }
        if self.profile is not None:
            told["profile"] = base64.b64encode(self.profile).decode("ascii")
        return told | ({"settings": dict(self.settings)} if self.settings else {})

    @classmethod
    def from_json(cls, told: object) -> ExportOptions:
        """The options that ``to_json`` made data of. Raises ExportError for other data."""
        try:
            if not isinstance(told, dict):
                raise TypeError("it is no list of names and values")
            given = dict(told)
            if given.get("profile") is not None:
                given["profile"] = base64.b64decode(given["profile"], validate=True)
            if not isinstance(given.get("settings", {}), dict):
                raise TypeError("its settings are none")
            if not isinstance(given.get("format"), str | None):
                raise TypeError("its format is no name")
            return cls(**given)
        except (TypeError, ValueError) as error:
            raise ExportError(f"A preset cannot be read: {error}.") from error

    def of(self, codec: Codec) -> dict[str, Value]:
        """All options of a format as they are chosen. Raises ExportError for what cannot be."""
        return self._chosen(codec.settings, codec.name)

    def of_plugin(self, format: Format) -> dict[str, Value]:
        """All options of a plugin's format as they are chosen. Raises ExportError for what cannot
        be.
        """
        return self._chosen(format.settings, format.title)

    def _chosen(
        self, settings: Callable[[Mapping[str, object]], dict[str, Value]], name: str
    ) -> dict[str, Value]:
        """What a format, called ``name``, makes of what is chosen."""
        try:
            return settings(self._told())
        except ParameterError as error:
            raise ExportError(f"{name} cannot be exported so: {error}.") from error

    def _told(self) -> dict[str, object]:
        """What is chosen, by the name of the option."""
        told: dict[str, object] = {"lossless": self.lossless} | dict(self.settings)
        return told if self.quality is None else told | {"quality": self.quality}


def profile_of(text: str) -> bytes:
    """The ICC profile that a text names: one of ``PROFILES`` in any case, with spaces or
    underscores, or a file. Raises ExportError.
    """
    plain = text.strip().replace(" ", "_").casefold()
    for known in PROFILES:
        if plain == known.casefold():
            return profile_in(known)
    if Path(text).suffix.lower() not in _ENDINGS:
        there = ", ".join(PROFILES)
        raise ExportError(f"{text} names no profile; there are {there}, and files (.icc, .icm).")
    try:
        return read_icc(text)
    except IccError as error:
        raise ExportError(f"{Path(text).name} {error}.") from error


def profile_in(known: KnownProfile) -> bytes:
    """The ICC profile of a well-known space."""
    made = known_profile(known)
    icc = made.icc or made.grey
    assert icc is not None
    return icc


@lru_cache(maxsize=1)
def finishes() -> tuple[Parameter, ...]:
    """What an export does to the picture, declared: for the dialog and the command line."""
    hints = typing.get_type_hints(ExportOptions, include_extras=True)
    made = (
        parameter_of(item.name, hints[item.name], item.default)
        for item in fields(ExportOptions)
        if typing.get_origin(hints[item.name]) is Annotated
    )
    return tuple(replace(item, title=_TITLES.get(item.name, item.title)) for item in made)


_TITLES = {"kilobytes": "Limit file size", "credentials": "Content Credentials"}
"""What people read where a name alone says too little."""
