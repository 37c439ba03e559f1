"""Layer: one entry of a document: pixels, a filter with its settings, or a group."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypeAlias, get_args
from uuid import uuid4

from safelight.api import Value
from safelight.pixels import MODES, Raster

Channels: TypeAlias = Literal["all", "luminance", "colour"]
"""What of a filter's result counts: all of it, its lightness only, or its colour only."""

Synthetic: TypeAlias = Literal["", "partly", "wholly"]
"""How much of some pixels a generator has made."""


GROW = (-256, 1024)
FEATHER = (0, 1024)
"""Pixels a mask can be grown and feathered by: four times what the strip's sliders offer, so that
a picture of four times the size can have them.
"""


MOST_LAYERS = 10_000
DEEPEST = 64
"""Limits of a document: layers, and groups within groups."""


def _new_id() -> str:
    return uuid4().hex


@dataclass(frozen=True, slots=True)
class Kept:
    """A costly filter's result, kept so that nothing is computed twice.

    ``raster`` has the document's size, depth and profile; of 4 channels the alpha is not used.
    ``key`` says what it was computed from (``document.result_key``), ``models`` the SHA-256 of
    each network that ran, ``synthetic`` how much of it was never there: made by a generator in what
    it was computed from, where it can still be seen when that layer is gone, or by the filter.
    """

    raster: Raster
    key: str
    models: Mapping[str, str] = field(default_factory=dict)
    synthetic: Synthetic = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "models", MappingProxyType(dict(self.models)))


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
        if not 0 <= self.texture <= 1:
            raise ValueError(f"texture is 0 to 1, not {self.texture}")
        for name, value, (low, high) in (
            ("grow", self.grow, GROW),
            ("feather", self.feather, FEATHER),
        ):
            if not low <= value <= high:
                raise ValueError(f"{name} is {low} to {high} pixels, not {value}")
        object.__setattr__(self, "settings", MappingProxyType(dict(self.settings)))


@dataclass(frozen=True, slots=True)
class Group:
    """Layers, bottom first, that are composited among themselves and then act as one."""

    layers: tuple[Layer, ...] = ()


Content: TypeAlias = Raster | LiveFilter | Group


@dataclass(frozen=True, slots=True)
class Layer:
    """A name, a content, and how it meets what lies below.

    ``opacity`` is 0 to 1 (a filter layer's Amount), ``mode`` one of ``pixels.MODES``. A
    ``clipped`` layer shows only where the nearest unclipped layer below it does. ``mask`` has
    one channel and the document's size; white shows. ``locked`` keeps edits away. ``id`` stays
    the same while a layer is edited. ``synthetic`` says how much of the pixels it holds came from
    a generator, whatever has been done to them since.
    """

    name: str
    content: Content
    opacity: float = 1.0
    mode: str = "normal"
    visible: bool = True
    locked: bool = False
    clipped: bool = False
    mask: Raster | None = None
    id: str = field(default_factory=_new_id)
    synthetic: Synthetic = ""

    def __post_init__(self) -> None:
        if not 0 <= self.opacity <= 1:
            raise ValueError(f"opacity is 0 to 1, not {self.opacity}")
        if self.mode not in MODES:
            raise ValueError(f"unknown blend mode {self.mode}; choose from {', '.join(MODES)}")
        if self.mask is not None and self.mask.channels != 1:
            raise ValueError(f"a mask has one channel, not {self.mask.channels}")
        if isinstance(self.content, Raster) and self.content.channels == 1:
            raise ValueError("a layer's pixels have 3 or 4 channels")
        if self.synthetic not in get_args(Synthetic):
            raise ValueError(f"pixels are synthetic partly or wholly, not {self.synthetic}")

    @property
    def raster(self) -> Raster:
        """A pixel layer's pixels. Raises TypeError for a filter or a group."""
        if not isinstance(self.content, Raster):
            raise TypeError(f"layer {self.name} holds no pixels")
        return self.content

    @property
    def filter(self) -> LiveFilter | None:
        """What a filter layer does; None for pixels and groups."""
        return self.content if isinstance(self.content, LiveFilter) else None

    @property
    def pixels(self) -> Raster | None:
        """The pixels it shows of its own: those it holds, or what a generator made; None for other
        filters, for groups, and for a generator that has made nothing yet.
        """
        held = self.filter
        if held is not None and held.generates and held.kept is not None:
            return held.kept.raster
        return self.content if isinstance(self.content, Raster) else None

    @property
    def made(self) -> Synthetic:
        """How much of its own pixels a generator has made: those it holds, or those it is given
        by a filter that generates; "" for a group.
        """
        held = self.filter
        if held is not None:
            return "wholly" if held.generates and held.kept is not None else ""
        return self.synthetic

    @property
    def layers(self) -> tuple[Layer, ...]:
        """A group's layers, bottom first; none for pixels and filters."""
        return self.content.layers if isinstance(self.content, Group) else ()

    @property
    def shown(self) -> bool:
        """Whether it changes anything at all."""
        return self.visible and self.opacity > 0

    def rasters(self) -> Iterator[Raster]:
        """Every raster it holds: pixels, kept result, mask; of groups those of all inside."""
        if isinstance(self.content, Raster):
            yield self.content
        elif isinstance(self.content, LiveFilter):
            if self.content.kept is not None:
                yield self.content.kept.raster
        else:
            for layer in self.content.layers:
                yield from layer.rasters()
        if self.mask is not None:
            yield self.mask


def walk(layers: Iterable[Layer]) -> Iterator[Layer]:
    """Every layer, bottom first, what is in a group before the group."""
    for layer in layers:
        if isinstance(layer.content, Group):
            yield from walk(layer.content.layers)
        yield layer


def nesting(layers: Iterable[Layer]) -> int:
    """How many groups lie within each other at the most; 0 where there is none."""
    # A loop: too many would be too deep for a function that calls itself.
    deepest, groups = 0, [layer for layer in layers if isinstance(layer.content, Group)]
    while groups:
        deepest += 1
        inside = (inner for group in groups for inner in group.layers)
        groups = [layer for layer in inside if isinstance(layer.content, Group)]
    return deepest
