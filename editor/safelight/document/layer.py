"""Layer: one entry of a document: a content, and how it meets what lies below."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import cast, get_args
from uuid import uuid4

from safelight.document.contents.content import Content, LiveFilter, Synthetic, kind_of
from safelight.document.contents.kind import Kind, Picture
from safelight.document.contents.raw_source import Developed
from safelight.document.frames.keyframes import Track
from safelight.document.placement import IDENTITY, Place
from safelight.document.rendered.effects import Effect
from safelight.document.rendered.gradients import MaskGradient
from safelight.pixels import MODES, Mesh, Raster

MOST_LAYERS = 10_000
DEEPEST = 64
"""Limits of a document: layers, and groups within groups."""


_PICTURES = 6
"""Pictures that a layer remembers how it is seen in."""


def _new_id() -> str:
    return uuid4().hex


@dataclass(frozen=True, slots=True)
class Layer:
    """A name, a content, and how it meets what lies below.

    ``opacity`` is 0 to 1 (a filter layer's Amount), ``mode`` one of ``pixels.MODES``. A
    ``clipped`` layer shows only where the nearest unclipped layer below it does. ``mask`` has
    one channel; white shows. ``place`` and ``mask_place`` lead from the pixels of its raster and of
    its mask into the document's plane; beyond a raster it is transparent, beyond a mask
    ``mask_beyond``, 0 or 1. ``locked`` keeps edits away. ``id`` stays
    the same while a layer is edited. ``synthetic`` says how much of the pixels it holds came from
    a generator, whatever has been done to them since. ``developed`` names the raw file that they
    were made of, if they were. ``effects`` are drawn around and over what it shows; a filter that
    looks at what lies below it has none. ``mask_gradient`` is what the mask was made with; another
    mask is without it. ``keyframes`` are what of it moves along a sequence, each property once.
    ``mark`` is no other layer's: under it is kept what was computed of it.
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
    place: Place = IDENTITY
    mask_place: Place = IDENTITY
    mask_beyond: int = 0
    developed: Developed | None = None
    effects: tuple[Effect, ...] = ()
    mask_gradient: MaskGradient | None = None
    keyframes: tuple[Track, ...] = ()
    mark: object = field(default_factory=object, init=False, repr=False, compare=False)
    _seen: dict[Picture, Layer] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # One number has one spelling: keys are of what is written down.
        object.__setattr__(self, "opacity", float(self.opacity))
        if not 0 <= self.opacity <= 1:
            raise ValueError(f"opacity is 0 to 1, not {self.opacity}")
        if self.mode not in MODES:
            raise ValueError(f"unknown blend mode {self.mode}; choose from {', '.join(MODES)}")
        if self.mask is not None and self.mask.channels != 1:
            raise ValueError(f"a mask has one channel, not {self.mask.channels}")
        if self.mask is None:  # equal layers are equal, whatever masks they once had
            object.__setattr__(self, "mask_place", IDENTITY)
            object.__setattr__(self, "mask_beyond", 0)
        if self.mask_gradient is not None and self.mask_gradient.made is not self.mask:
            object.__setattr__(self, "mask_gradient", None)
        if len({track.name for track in self.keyframes}) != len(self.keyframes):
            raise ValueError("a property of a layer moves in one way")
        self.kind.check(self.content)
        held = self.filter
        if self.effects and held is not None and not held.generates:
            raise ValueError(
                f"{self.name} works on what lies below it, and has no shape for effects"
            )
        if self.mask_beyond not in (0, 1):
            raise ValueError(f"beyond a mask it is 0 or 1, not {self.mask_beyond}")
        if self.synthetic not in get_args(Synthetic):
            raise ValueError(f"pixels are synthetic partly or wholly, not {self.synthetic}")

    @property
    def kind(self) -> Kind:
        """Who answers for what it holds."""
        return kind_of(self.content)

    @property
    def raster(self) -> Raster:
        """A pixel layer's pixels. Raises TypeError for a layer that holds none."""
        own = self.kind.own(self.content)
        if own is None:
            raise TypeError(f"layer {self.name} holds no pixels")
        return own

    @property
    def holds_pixels(self) -> bool:
        """Whether the layer holds pixels of its own, which can be edited."""
        return self.kind.own(self.content) is not None

    @property
    def is_group(self) -> bool:
        """Whether the layer is there for the layers in it."""
        return self.kind.name == "group"

    @property
    def filter(self) -> LiveFilter | None:
        """What a filter layer does; None for all others."""
        held: LiveFilter | None = self.content if self.kind.name == "filter" else None
        return held

    @property
    def pixels(self) -> Raster | None:
        """The pixels it shows of its own: those it holds, or what a generator made; None for other
        filters, for groups, and for a generator that has made nothing yet.
        """
        return self.kind.pixels(self.content)

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
        """A group's layers, bottom first; none for all others."""
        return cast(tuple[Layer, ...], self.kind.layers(self.content))

    @property
    def shown(self) -> bool:
        """Whether the layer changes anything at all."""
        return self.visible and self.opacity > 0

    def fits(self, picture: Picture) -> bool:
        """Whether the layer and all in it are as ``picture`` shows them already."""
        return (
            self.kind.fits(self.content, self.place, picture)
            and (self.mask is None or picture.fits(self.mask, self.mask_place))
            and all(layer.fits(picture) for layer in self.layers)
        )

    def seen(self, picture: Picture) -> Layer:
        """The layer as ``picture`` shows it: with rasters of the picture's size at no place of
        their own.

        The same object each time it is asked for one of the pictures it was asked for last.
        """
        if picture.frame == IDENTITY and self.fits(picture):
            return self
        made = self._seen.get(picture)
        if made is None:
            content = self.kind.seen(self.content, self.place, picture)
            inside = tuple(layer.seen(picture) for layer in self.layers)
            mask = self.mask
            if mask is not None:
                mask = picture.view(mask, self.mask_place, self.mask_beyond)
            made = replace(
                self,
                content=self.kind.with_layers(content, inside),
                mask=mask,
                place=IDENTITY,
                mask_place=IDENTITY,
                mask_beyond=0,
            )
            while len(self._seen) >= _PICTURES:
                self._seen.pop(next(iter(self._seen)), None)
            self._seen[picture] = made
        return made

    def rasters(self) -> Iterator[Raster]:
        """Every raster that the layer holds: pixels, kept result, mesh, mask; of groups those of
        all inside.
        """
        yield from self.kind.rasters(self.content)
        warp = self.kind.warp(self.content)
        if isinstance(warp, Mesh):
            yield warp.field
        for layer in self.layers:
            yield from layer.rasters()
        if self.mask is not None:
            yield self.mask
        if self.mask_gradient is not None and self.mask_gradient.base is not None:
            yield self.mask_gradient.base


def walk(layers: Iterable[Layer]) -> Iterator[Layer]:
    """Every layer, bottom first, what is in a group before the group."""
    for layer in layers:
        if layer.is_group:
            yield from walk(layer.layers)
        yield layer


def nesting(layers: Iterable[Layer]) -> int:
    """How many groups lie within each other at the most; 0 where there is none."""
    # A loop: too many would be too deep for a function that calls itself.
    deepest, groups = 0, [layer for layer in layers if layer.is_group]
    while groups:
        deepest += 1
        inside = (inner for group in groups for inner in group.layers)
        groups = [layer for layer in inside if layer.is_group]
    return deepest
