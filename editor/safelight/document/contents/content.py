"""Content: what a layer can hold, and the registry of kinds that answers for each.

A new kind of layer is a frozen value, a ``Kind`` that answers for it, and its line in ``KINDS``.
Nobody else asks what class a content is of.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, get_args

from safelight.api import Value
from safelight.api.compound_values import is_colour
from safelight.document.contents.kind import Change, Entry, Kind, Picture, colour_in
from safelight.document.contents.shape import Shape, ShapeKind
from safelight.document.contents.text import Text, TextKind
from safelight.document.contents.warped import Warped, WarpedKind
from safelight.document.frames import frames_content
from safelight.document.placement import IDENTITY, Place
from safelight.pixels import Drawn, Raster, View, from_float

Channels: TypeAlias = Literal["all", "luminance", "colour"]
"""What of a filter's result counts: all of it, its lightness only, or its colour only."""

Synthetic: TypeAlias = Literal["", "partly", "wholly"]
"""How much of some pixels a generator has made."""


GROW = (-256, 1024)
FEATHER = (0, 1024)
"""Pixels a mask can be grown and feathered by: four times what the strip's sliders offer, so that
a picture of four times the size can have them.
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """A costly filter's result, kept so that nothing is computed twice.

    ``raster`` has the depth and profile of the document, and the size of the picture that it was
    computed for, whose frame is its ``place``; of 4 channels the alpha is not used.
    ``key`` says what it was computed from (``document.result_key``), ``models`` the SHA-256 of
    each network that ran, ``synthetic`` how much of it was never there: made by a generator in what
    it was computed from, where it can still be seen when that layer is gone, or by the filter.
    ``frame`` is the picture of a sequence that it was computed for; 0 without one. ``made_with``
    names what it was computed with: "editor", "plugin", "runtime", "device", as far as is known.
    """

    raster: Raster
    key: str
    models: Mapping[str, str] = field(default_factory=dict)
    synthetic: Synthetic = ""
    place: Place = IDENTITY
    frame: int = 0
    made_with: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("models", "made_with"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))


@dataclass(frozen=True, slots=True)
class LiveFilter:
    """A filter that a layer holds, and what the host does with its result.

    ``id`` is the filter's permanent id, ``title``, ``plugin`` and ``version`` are what it was
    called when it was added: they name what to install where it is missing. ``channels`` and
    ``texture`` (0 to 1: how much of the fine texture below is kept) belong to the strip that
    every filter layer has; its Amount, mask and blend mode are the layer's own. ``grow`` and
    ``feather``, in pixels of level 0, are what is made of that mask (``effective_mask``): how far
    it is widened, narrowed when negative, and the radius of its soft rim.
    ``masked`` is a filter that is told the mask, so that its result depends on it. What
    ``generates`` looks at nothing below it: its result is pixels like any other layer's. One that
    ``keeps_grey`` makes no colour where there is none below it.
    """

    id: str
    title: str = ""
    plugin: str = ""
    version: str = ""
    settings: Mapping[str, Value] = field(default_factory=dict)
    channels: Channels = "all"
    texture: float = 0.0
    kept: Kept | None = None
    grow: float = 0.0
    feather: float = 0.0
    masked: bool = False
    generates: bool = False
    keeps_grey: bool = False

    def __post_init__(self) -> None:
        if self.channels not in get_args(Channels):
            raise ValueError(f"a filter works on all, luminance or colour, not {self.channels}")
        for name in ("texture", "grow", "feather"):
            # One number has one spelling: keys are of what is written down.
            object.__setattr__(self, name, float(getattr(self, name)))
        if not 0 <= self.texture <= 1:
            raise ValueError(f"texture is 0 to 1, not {self.texture}")
        for name, value, (low, high) in (
            ("grow", self.grow, GROW),
            ("feather", self.feather, FEATHER),
        ):
            if not low <= value <= high:
                raise ValueError(f"{name} is {low} to {high} pixels, not {value}")
        object.__setattr__(self, "settings", MappingProxyType(dict(self.settings)))

    def remedy(self, installed: Collection[str], aim: str = "") -> str:
        """What there is to say, as a clause, where the filter is not among those of the
        ``installed`` plugins: what to install, with what ``aim``.
        """
        plugin = self.plugin or self.id.split(".")[0]
        if plugin in installed:
            return f"the installed {plugin} has it no more"
        return f"install {plugin}{aim}"


@dataclass(frozen=True, slots=True)
class Group:
    """Layers, bottom first, that are composited among themselves and then act as one."""

    layers: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class Fill:
    """A colour, ``#rrggbb``, sRGB, all over the picture, whatever size that is."""

    colour: str


class _Pixels(Kind):
    name = "pixels"

    def check(self, content: Raster) -> None:
        if content.channels == 1:
            raise ValueError("a layer's pixels have 3 or 4 channels")

    def pixels(self, content: Raster) -> Raster:
        return content

    def own(self, content: Raster) -> Raster:
        return content

    def rasters(self, content: Raster) -> Iterator[Raster]:
        yield content

    def changed(self, content: Raster, change: Change) -> Raster:
        return change(content)

    def fits(self, content: Raster, place: Place, picture: Picture) -> bool:
        return picture.fits(content, place)

    def seen(self, content: Raster, place: Place, picture: Picture) -> Raster:
        return picture.view(content, place)

    def key(self, content: Raster, masked: bool, layers: Callable[[Any], list[Any]]) -> list[Any]:
        return ["pixels", content.digest().hex()]


class _Filter(Kind):
    name = "filter"

    def pixels(self, content: LiveFilter) -> Raster | None:
        return content.kept.raster if content.generates and content.kept is not None else None

    def rasters(self, content: LiveFilter) -> Iterator[Raster]:
        if content.kept is not None:
            yield content.kept.raster

    def changed(self, content: LiveFilter, change: Change) -> LiveFilter:
        kept = content.kept
        if kept is None:
            return content
        return replace(content, kept=replace(kept, raster=change(kept.raster)))

    def fits(self, content: LiveFilter, place: Place, picture: Picture) -> bool:
        kept = content.kept
        return kept is None or picture.fits(kept.raster, kept.place)

    def seen(self, content: LiveFilter, place: Place, picture: Picture) -> LiveFilter:
        kept = content.kept
        if kept is None:
            return content
        shown = picture.view(kept.raster, kept.place)
        return replace(content, kept=replace(kept, raster=shown, place=IDENTITY))

    def key(
        self, content: LiveFilter, masked: bool, layers: Callable[[Any], list[Any]]
    ) -> list[Any]:
        kept = content.kept and content.kept.raster.digest().hex()
        strip: list[Any] = [content.channels, content.texture]
        if masked and (content.grow or content.feather):
            strip += [content.grow, content.feather]
        return [content.id, content.version, dict(content.settings), *strip, kept]

    def described(self, content: LiveFilter) -> str:
        return f"Filter {content.title}, {content.plugin} {content.version}".rstrip()


class _Group(Kind):
    name = "group"
    icon = "folder"

    def layers(self, content: Group) -> tuple[Entry, ...]:
        return content.layers

    def with_layers(self, content: Group, layers: tuple[Entry, ...]) -> Group:
        return Group(layers)

    def key(self, content: Group, masked: bool, layers: Callable[[Any], list[Any]]) -> list[Any]:
        return ["group", layers(content.layers)]

    def described(self, content: Group) -> str:
        return f"Group of {len(content.layers)}"


class _Fill(Kind):
    name = "fill"

    def check(self, content: Fill) -> None:
        if not is_colour(content.colour):
            raise ValueError(f"{content.colour!r} is not a colour like #ffaa00")

    def fits(self, content: Fill, place: Place, picture: Picture) -> bool:
        return False

    def seen(self, content: Fill, place: Place, picture: Picture) -> Raster:
        pixel = from_float(colour_in(picture.profile, content.colour), picture.depth)[0, 0]
        return Raster.filled(picture.width, picture.height, pixel, picture.depth)

    def sample(self, content: Fill) -> Raster:
        return _sample(content.colour)

    def key(self, content: Fill, masked: bool, layers: Callable[[Any], list[Any]]) -> list[Any]:
        return ["fill", content.colour.lower()]

    def described(self, content: Fill) -> str:
        return f"Fill, {content.colour}"

    def to_json(self, content: Fill) -> str:
        return content.colour

    def from_json(self, data: Any) -> Fill:
        return Fill(str(data))


@cache
def _sample(colour: str) -> Raster:
    return Raster.filled(32, 32, tuple(bytes.fromhex(colour[1:])), "uint8")


_PIXELS = _Pixels()
KINDS: dict[type, Kind] = {
    Raster: _PIXELS,
    View: _PIXELS,  # pixels too, as a picture shows them
    Drawn: _PIXELS,
    LiveFilter: _Filter(),
    Group: _Group(),
    Fill: _Fill(),
    Shape: ShapeKind(),
    Warped: WarpedKind(),
    frames_content.Frames: frames_content.KIND,
    Text: TextKind(),
}
"""Who answers for a content, by the content's class."""

BY_NAME = {kind.name: kind for kind in KINDS.values()}
"""The kinds by their name in project files."""

BUILT_IN = frozenset({"pixels", "group", "filter", "warped", "frames"})
"""The kinds that have rasters or layers, which project files keep beside them."""

Content: TypeAlias = Any
"""An instance of a class in ``KINDS``."""


def kind_of(content: Content) -> Kind:
    """Who answers for a content. Raises TypeError for what no layer can hold."""
    try:
        return KINDS[type(content)]
    except KeyError:
        raise TypeError(f"a layer cannot hold a {type(content).__name__}") from None
