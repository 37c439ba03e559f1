"""Messages: what host and worker say to each other, as one frozen value a kind.

``said`` makes the JSON object that ``protocol`` sends. ``read`` takes one back and checks every
field against the type that is stated here, since a stranger's plugin may have written it.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from safelight.api import Region

Json = dict[str, Any]
Settings = Mapping[str, Any]


class NoSense(ValueError):
    """What was said is not of the kind that was expected, or lacks what belongs to it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an array lies: at the beginning of the block with that number."""

    block: int
    shape: tuple[int, ...]
    dtype: str = "float32"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message between host and worker. ``job`` is the number of the matter that it belongs to."""

    job: int = 0


# -- what the host asks ----------------------------------------------------------------------------


class Question(Message):
    """What the host says to a worker."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Describe(Question):
    """Which filters and formats are there?"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadNetworks(Question):
    """What do these network files say of themselves?"""

    files: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindDevice(Question):
    """Which device do networks really run on, when ``device`` is asked for?"""

    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise(Question):
    """Asks whether a filter keeps the promise of that name."""

    filter: str
    promise: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgrade(Question):
    """What do the settings that version ``version`` of a filter saved mean today?"""

    filter: str
    settings: Settings
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeTable(Question):
    """Which table does a tone have for these settings?"""

    filter: str
    settings: Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class MakePlan(Question):
    """How does a filter want its picture cut? ``images`` names the settings that name pixels."""

    filter: str
    settings: Settings
    device: str = "cpu"
    images: tuple[str, ...] = ()
    canvas: Region | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepare(Question):
    """What does a filter measure of the whole picture at ``input``?

    ``quantisation`` are the tables of 64 numbers of the JPEG that the picture was.
    """

    filter: str
    settings: Settings
    input: Place
    device: str = "cpu"
    quantisation: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FindSettings(Question):
    """Which settings does a filter find for the picture whose thumbnail is at ``input``?"""

    filter: str
    settings: Settings
    input: Place
    device: str = "cpu"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run(Question):
    """What does a filter make of one piece, ``region`` of the picture, which lies at ``input``?

    The result goes to ``output``: of what was made, ``keep`` (x, y, width, height in the piece)
    at ``scale`` times its size. ``canvas`` is the place of the whole picture, or what a generator
    fills; ``images`` are further pictures by the names of their settings. ``threads`` 0 = all.
    At ``glimpse`` there is room for what a filter shows of its result before it is done.
    ``before`` is what was carried from the frame before, None for a first frame; what is carried on
    goes to ``carried``, of what ``keep`` covers.
    """

    filter: str
    settings: Settings
    region: Region
    keep: tuple[int, int, int, int]
    output: Place
    input: Place | None = None
    piece: int = 0
    device: str = "cpu"
    threads: int = 0
    scale: int = 1
    images: Mapping[str, Place] = field(default_factory=dict)
    mask: Place | None = None
    prepared: Settings = field(default_factory=dict)
    canvas: Region | None = None
    glimpse: Place | None = None
    before: Mapping[str, Place] | None = None
    carried: Mapping[str, Place] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch(Question):
    """What does each operator of a filter's networks cost on the picture at ``input``?

    Of what is called ``tensor`` in ``network`` the values are made a picture, to be collected.
    """

    filter: str
    settings: Settings
    region: Region
    input: Place
    device: str = "cpu"
    scale: int = 1
    images: Mapping[str, Place] = field(default_factory=dict)
    prepared: Settings = field(default_factory=dict)
    network: str = ""
    tensor: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """A filter among several that run in turn."""

    filter: str
    settings: Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInTurn(Question):
    """What do cheap filters make of ``input``, each of what the one before it made?"""

    steps: tuple[Step, ...]
    region: Region
    canvas: Region
    input: Place
    output: Place
    device: str = "cpu"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decode(Question):
    """Which picture is in the file whose bytes lie at ``input``?"""

    format: str
    input: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Encode(Question):
    """Which file holds the picture at ``input``?"""

    format: str
    input: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Collect(Question):
    """Copy what was made to ``output``, which the host has lent for it."""

    output: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodeFile(Question):
    """Which arrays does the decoder make of a file of ``size`` bytes, of at most ``limit`` pixels?

    ``file`` is the block of its bytes, None where it was handed over open. ``told`` are settings.
    """

    format: str
    size: int
    limit: int | None = None
    told: Settings | None = None
    file: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomGiven(Question):
    """Go on, with that block; one that is ``kept`` is the host's afterwards."""

    block: int
    kept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel(Question):
    """Nobody wants any more what belongs to this matter."""


# -- what the worker answers -----------------------------------------------------------------------


class Answer(Message):
    """What a worker says to the host."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready(Answer):
    """The worker has started, and speaks these versions of the protocol and of the API."""

    protocol: int
    api: int
    pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Described(Answer):
    """Filters and formats as their own ``to_json`` tells them, and plugins that are broken."""

    filters: tuple[Json, ...]
    formats: tuple[Json, ...]
    failures: tuple[Json, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworksRead(Answer):
    """What each network says of itself, or ``fault``."""

    facts: tuple[Mapping[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceFound(Answer):
    """The device in words, its name, and why it is that one."""

    label: str
    name: str
    reason: str = ""
    runtime: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promised(Answer):
    """What is wrong with a promise, in a sentence; "" where it is kept."""

    complaint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgraded(Answer):
    """Settings as they are today."""

    settings: Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class TableMade(Answer):
    """A table of so many samples, float32, to be collected; ``stages`` says what they mean."""

    samples: int
    stages: tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned(Answer):
    """How a picture is to be cut, for which networks (SHA-256 by name) and on which device; whether
    the filter says how far it is.
    """

    reach: int
    multiple: int
    scale: int
    tile: int
    models: Mapping[str, str]
    device: str = ""
    device_name: str = "cpu"
    in_steps: bool = False
    runtime: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared(Answer):
    """What a filter has measured of the whole picture."""

    values: Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsFound(Answer):
    """The settings that a filter has found."""

    values: Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureMade(Answer):
    """A picture is decoded, to be collected; ``beside`` tells what else was in the file."""

    shape: tuple[int, ...]
    dtype: str
    beside: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class FileMade(Answer):
    """A file of so many bytes is made, to be collected."""

    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Done(Answer):
    """What was asked for lies where it was to lie."""

    piece: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched(Answer):
    """What operators cost, network by network, and the shape of the values to be collected."""

    costs: tuple[Json, ...]
    shape: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress(Answer):
    """How far it is, 0 to 1, and what is being done, in a few words."""

    fraction: float
    piece: int = 0
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Glimpsed(Answer):
    """What there is so far of a piece lies where room was for it, 8 bits (height, width, 3)."""

    shape: tuple[int, int, int]
    piece: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled(Answer):
    """The matter was stopped, as the host had asked."""

    piece: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed(Answer):
    """The matter could not be done. ``kind`` says what sort of reason it is (``replies.told``)."""

    reason: str = "no reason given"
    kind: str = "raised"
    details: str = ""
    piece: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomWanted(Answer):
    """A decoder needs a block of so many bytes before it goes on."""

    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded(Answer):
    """Where a decoder's arrays lie: of each its block, byte offset, shape and dtype."""

    arrays: tuple[tuple[int, int, tuple[int, ...], str], ...]


# -- as JSON ---------------------------------------------------------------------------------------

Kind = TypeVar("Kind")


def said(message: Message, **changed: Any) -> Json:
    """The JSON object of a message; ``changed`` are fields that are other than in it."""
    return {"type": word(type(message))} | _own(message) | changed


def read(kind: type[Kind], sent: Mapping[str, Any]) -> Kind:
    """The message of that kind that was sent. Raises NoSense.

    What the kind does not know is left out, so that a newer peer may say more.
    """
    if sent.get("type") != word(kind):
        raise NoSense(f"{sent.get('type')!r} is no {word(kind)!r}")
    return _made(kind, sent)


def word(kind: type[Any]) -> str:
    """What a kind of message is called on the wire: ``RunInTurn`` is "run in turn"."""
    return re.sub(r"(?<!^)(?=[A-Z])", " ", kind.__name__).lower()


def _own(value: Any) -> Json:
    found = {}
    for item in fields(value):
        held = getattr(value, item.name)
        default = item.default_factory() if item.default_factory is not MISSING else item.default
        if default is MISSING or held != default:
            found[item.name] = _plain(held)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Region):
        return [value.x, value.y, value.width, value.height, value.level]
    if is_dataclass(value):
        return _own(value)
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return value


def _hints(kind: type[Any]) -> dict[str, Any]:
    """The types of its fields."""
    if kind not in _HINTS:
        _HINTS[kind] = get_type_hints(kind)
    return _HINTS[kind]


_HINTS: dict[type[Any], dict[str, Any]] = {}


def _made(kind: type[Kind], sent: Mapping[str, Any]) -> Kind:
    try:
        given = {
            name: _taken(hint, sent[name]) for name, hint in _hints(kind).items() if name in sent
        }
        return kind(**given)
    except (TypeError, ValueError) as error:  # something is missing, too much, or no collection
        raise NoSense(f"{word(kind)!r}: {error}") from None


def _taken(hint: Any, value: Any) -> Any:
    """``value`` as a field of that type has it. Raises NoSense, TypeError."""
    if hint is Any:
        return value
    if hint is Region:
        return Region(*(_taken(int, side) for side in value))
    if is_dataclass(hint):
        return _made(typing.cast(type[Any], hint), _taken(dict, value))
    origin, inner = get_origin(hint), get_args(hint)
    if origin is types.UnionType:
        return None if value is None else _taken(inner[0], value)
    if origin is tuple:
        each = inner[:1] * len(value) if inner[-1:] == (...,) else inner
        return tuple(_taken(one, part) for one, part in zip(each, _taken(list, value), strict=True))
    if origin is not None:  # a mapping from texts
        return {name: _taken(inner[1], one) for name, one in _taken(dict, value).items()}
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, hint) or (isinstance(value, bool) and hint is not bool):
        raise NoSense(f"{value!r} is no {hint.__name__}")
    return value
