"""Messages: what host and worker say to each other, as one frozen value a kind.

``message_json`` makes of each the JSON object that ``protocol`` sends, and checks every field of
what comes back against the type that is stated here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from safelight.api import Region

Json = dict[str, Any]
Settings = Mapping[str, Any]


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
    """How does a filter want its picture cut? ``images`` names the settings that name pixels.
    ``threads`` are those that its networks will have, 0 = all.
    """

    filter: str
    settings: Settings
    device: str = "cpu"
    threads: int = 0
    images: tuple[str, ...] = ()
    canvas: Region | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepare(Question):
    """What does a filter measure of the whole picture at ``input``?

    ``quantisation`` are the tables of 64 numbers of the JPEG that the picture was. ``threads`` are
    those that its networks may have, 0 = all.
    """

    filter: str
    settings: Settings
    input: Place
    device: str = "cpu"
    threads: int = 0
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
    fills; ``images`` are further pictures by the names of their settings. ``threads`` are
    those that its networks may have, 0 = all.
    At ``glimpse`` there is room for what a filter shows of its result before it is done.
    ``before`` is what was carried from the frame before, None for a first frame; what is carried on
    goes to ``carried``, of what ``keep`` covers. ``draft``: with the drafts of networks.
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
    draft: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch(Question):
    """What does each operator of a filter's networks cost on the picture at ``input``?

    Of what is called ``tensor`` in ``network`` the values are made a picture, to be collected. With
    a ``point`` (x, y of the picture) nothing is timed: the picture is how strongly each of its
    pixels decides that of the result, by the gradients of the network.
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
    point: tuple[int, ...] = ()


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
    """Which file holds the picture at ``input``? ``settings`` are the format's options."""

    format: str
    input: Place
    settings: Settings = field(default_factory=dict)


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
    the filter says how far it is. ``drafted``: one of those networks has a draft that can be used.
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
    drafted: bool = False


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
    """What operators cost, network by network, and the shape of the values to be collected; or
    why there is no gradient, a clause that goes on after "as".
    """

    costs: tuple[Json, ...]
    shape: tuple[int, ...] = ()
    untold: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress(Answer):
    """How far a run is, 0 to 1, and what is being done, in a few words."""

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
