"""Document: one picture being edited. A frozen value; every change makes a new one."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from operator import is_
from typing import TypeAlias

from safelight.api import Region, Source
from safelight.document.contents.content import Synthetic
from safelight.document.contents.kind import Picture
from safelight.document.guides import Guide, checked
from safelight.document.layer import DEEPEST, MOST_LAYERS, Layer, nesting, walk
from safelight.document.placement import IDENTITY, Place
from safelight.pixels import SRGB, Profile, Raster, View

_ITSELF = object()
"""Stands for a document that is its own picture."""

_WIDER = 4
"""Sizes in which a document's picture is remembered with what lies around it."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a photograph's file says besides its pixels, kept as the bytes it was read as.

    ``exif`` is the TIFF structure (starting with ``II`` or ``MM``), without the JPEG marker's
    ``Exif`` prefix, and its orientation is already 1, because the pixels have been turned.
    ``xmp`` and ``iptc`` are the raw packets. ``dpi`` is (horizontal, vertical). ``texts`` are
    (keyword, text) of what a file says in words of its own: a PNG's texts, and as "Comment" a
    JPEG's comments.
    """

    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    dpi: tuple[float, float] | None = None
    texts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SavedSelection:
    """What was selected once, under a name: a mask of one channel, its place in the plane, and what
    is beyond it, 0 or 1.
    """

    name: str
    mask: Raster
    place: Place = IDENTITY
    beyond: int = 0

    def __post_init__(self) -> None:
        if self.mask.channels != 1 or self.beyond not in (0, 1) or not self.name:
            raise ValueError("a selection is saved as a mask of one channel with a name")

    def carried(self, way: Place) -> SavedSelection:
        """The selection in another plane, to which ``way`` leads."""
        return replace(self, place=way.after(self.place))


@dataclass(frozen=True, slots=True)
class Document:
    """An ordered tuple of layers (bottom first), a size, a depth, a profile and metadata.

    ``width`` and ``height`` are those of the picture, ``frame`` leads from its pixels into the
    plane that the layers lie in. All pixels have the document's depth. ``profile``
    is the colour space the pixels are in. ``selection`` has one channel, white is selected;
    None = everything; it has a place as a mask has. ``linear`` says that
    what a frame or a place resamples is averaged in linear light. Of a ``draft`` that is made
    quickly instead, to be looked at while a hand moves something; no document that is edited,
    rendered for a file or stored is one. ``guides`` are lines across the picture, in its pixels,
    on which no pixel depends. ``name`` is for people (a file's name without its folder).
    ``source`` is what the file it was opened from said of how it was stored, ``grey`` whether
    that had a single channel of colour. Raises ValueError for layers that do not fit.
    """

    width: int
    height: int
    depth: str
    layers: tuple[Layer, ...]
    profile: Profile = SRGB
    metadata: Metadata = field(default_factory=Metadata)
    name: str = "Untitled"
    selection: Raster | None = None
    source: Source = Source()
    grey: bool = False
    frame: Place = IDENTITY
    selection_place: Place = IDENTITY
    selection_beyond: int = 0
    linear: bool = False
    draft: bool = False
    guides: tuple[Guide, ...] = ()
    saved: tuple[SavedSelection, ...] = ()
    _picture: object = field(default=None, init=False, repr=False, compare=False)
    _wider: dict[int, Document] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if nesting(self.layers) > DEEPEST:
            raise ValueError(f"groups lie within each other at most {DEEPEST} deep")
        ids = [layer.id for layer in self.walk()]
        if len(ids) > MOST_LAYERS:
            raise ValueError(f"a document has {MOST_LAYERS} layers at most")
        if len(set(ids)) != len(ids):
            raise ValueError("two layers have the same id")
        for layer in self.walk():
            self._check(layer)
        if self.selection is None:
            object.__setattr__(self, "selection_place", IDENTITY)
            object.__setattr__(self, "selection_beyond", 0)
        elif self.selection.channels != 1:
            raise ValueError(f"a selection has one channel, not {self.selection.channels}")
        if self.guides:
            object.__setattr__(self, "guides", checked(self.guides))

    def _check(self, layer: Layer) -> None:
        for deep in layer.kind.rasters(layer.content):
            if deep.depth != self.depth and not isinstance(deep, View):
                raise ValueError(f"layer {layer.name} is {deep.depth}, not {self.depth}")

    @property
    def looked_at(self) -> Picture:
        """The size, the depth, the frame and the colour space of what is looked at."""
        size = self.width, self.height
        return Picture(*size, self.depth, self.frame, self.profile, self.linear, self.draft)

    def looks_like(self, other: Document) -> bool:
        """Whether both are sure to look the same: they differ in their selection at most."""
        mine, others = self.layers, other.layers
        same = mine is others or (len(mine) == len(others) and all(map(is_, mine, others)))
        return same and self.looked_at == other.looked_at

    def drafted(self, draft: bool = True) -> Document:
        """The document for looking only: its resampled pixels are made quickly; or again as
        they are.
        """
        return self if self.draft == draft else replace(self, draft=draft)

    @property
    def picture(self) -> Document:
        """The document as its frame shows it: every raster has the picture's size and no place.

        Itself where that is so already. What hides beyond the frame is not in it.
        """
        if self._picture is None:
            looked_at = self.looked_at
            made = self
            if not self._is_plain(looked_at):
                selection = self.selection
                if selection is not None:
                    selection = looked_at.view(
                        selection, self.selection_place, self.selection_beyond
                    )
                made = replace(
                    self,
                    layers=tuple(layer.seen(looked_at) for layer in self.layers),
                    selection=selection,
                    frame=IDENTITY,
                    selection_place=IDENTITY,
                    selection_beyond=0,
                    saved=tuple(item.carried(self.frame.inverse) for item in self.saved),
                )
                object.__setattr__(made, "_picture", _ITSELF)
            object.__setattr__(self, "_picture", _ITSELF if made is self else made)
        return self if self._picture is _ITSELF else self._picture  # type: ignore[return-value]

    def around(self, margin: int) -> Document:
        """The picture with so many pixels of the plane more on each side."""
        if not margin:
            return self.picture
        made = self._wider.get(margin)
        if made is None:
            corner = Place.offset(-margin, -margin)
            sides = self.width + 2 * margin, self.height + 2 * margin
            wider = replace(self, width=sides[0], height=sides[1], frame=self.frame.after(corner))
            made = wider.picture
            while len(self._wider) >= _WIDER:
                self._wider.pop(next(iter(self._wider)), None)
            self._wider[margin] = made
        return made

    def _is_plain(self, looked_at: Picture) -> bool:
        selection = self.selection
        return (
            self.frame == IDENTITY
            and (selection is None or looked_at.fits(selection, self.selection_place))
            and all(layer.fits(looked_at) for layer in self.layers)
        )

    @classmethod
    def from_raster(
        cls,
        raster: Raster,
        *,
        profile: Profile = SRGB,
        metadata: Metadata | None = None,
        name: str = "Untitled",
        source: Source | None = None,
        synthetic: Synthetic = "",
        grey: bool = False,
    ) -> Document:
        """A document with one layer that holds ``raster``."""
        return cls(
            width=raster.width,
            height=raster.height,
            depth=raster.depth,
            layers=(Layer("Background", raster, synthetic=synthetic),),
            profile=profile,
            metadata=metadata or Metadata(),
            name=name,
            source=source or Source(),
            grey=grey,
        )

    @property
    def region(self) -> Region:
        """The whole picture."""
        return Region(0, 0, self.width, self.height)

    @property
    def has_alpha(self) -> bool:
        """Whether the picture can be transparent anywhere: no layer covers all of it."""
        bases: list[int | None] = []
        layers = self.picture.layers
        for place, layer in enumerate(layers):
            pixels = layer.pixels
            covers = pixels is not None and pixels.channels == 3 and layer.mask is None
            if covers and layer.visible and layer.opacity == 1:
                bases = bases or clipping_bases(layers)
                if bases[place] is None:
                    return False
        return True

    @property
    def synthetic(self) -> Synthetic:
        """How much of what is shown a generator has made.

        What is hidden, masked away or lies under an opaque layer is not shown. Filters, tone and
        blending make no picture synthetic, and none less so.
        """
        return _WORDS.get(_shown(self.picture.layers)[0], "")

    def walk(self) -> Iterator[Layer]:
        """Every layer, bottom first, what is in a group before the group."""
        return walk(self.layers)

    def layer(self, layer_id: str) -> Layer:
        """The layer with that id. Raises KeyError when the document has none."""
        for layer in self.walk():
            if layer.id == layer_id:
                return layer
        raise KeyError(layer_id)

    def siblings(self, layer_id: str) -> tuple[Layer, ...]:
        """The layers among which one lies: its group's, or the document's. Raises KeyError."""
        for layers in (self.layers, *(layer.layers for layer in self.walk())):
            if any(layer.id == layer_id for layer in layers):
                return layers
        raise KeyError(layer_id)

    def with_layer(self, changed: Layer) -> Document:
        """The document with the layer of the same id replaced. Raises KeyError."""
        return self.substitute(changed.id, (changed,))

    def substitute(self, layer_id: str, instead: tuple[Layer, ...]) -> Document:
        """The document with other layers, or none, in place of one. Raises KeyError."""
        self.layer(layer_id)
        return replace(self, layers=_substitute(self.layers, layer_id, instead))

    def without(self, layer_ids: Collection[str]) -> Document:
        """The document with those layers hidden. Raises KeyError."""
        document = self
        for layer_id in layer_ids:
            document = document.with_layer(replace(document.layer(layer_id), visible=False))
        return document

    def below(self, layer_id: str) -> Document:
        """What a filter layer sees: the layers below it, as far as they are its business.

        Inside a group that is the group's; of a clipped layer it is the one it is clipped to,
        bare of its own opacity, mode and mask. Raises KeyError.
        """
        siblings = self.siblings(layer_id)
        place = next(index for index, layer in enumerate(siblings) if layer.id == layer_id)
        base = clipping_base(siblings, place)
        if base is None:
            return replace(self, layers=siblings[:place], selection=None)
        bare = replace(siblings[base], opacity=1.0, mode="normal", mask=None, visible=True)
        bare = replace(bare, effects=())
        clipped = tuple(replace(layer, clipped=False) for layer in siblings[base + 1 : place])
        return replace(self, layers=(bare, *clipped), selection=None)

    def rasters(self) -> Iterator[Raster]:
        """Every raster the document holds."""
        for layer in self.layers:
            yield from layer.rasters()
        if self.selection is not None:
            yield self.selection
        for item in self.saved:
            yield item.mask


def clipping_base(layers: tuple[Layer, ...], place: int) -> int | None:
    """Index of the layer that the one at ``place`` is clipped to; None if it is not.

    That is the nearest unclipped one below. What would be clipped to a filter layer that makes no
    pixels of its own, or to nothing, is not clipped.
    """
    if not layers[place].clipped:
        return None
    while place >= 0 and layers[place].clipped:
        place -= 1
    return place if place >= 0 and _can_be_clipped_to(layers[place]) else None


def clipping_bases(layers: tuple[Layer, ...]) -> list[int | None]:
    """``clipping_base`` of every layer, bottom first, in one pass."""
    bases: list[int | None] = []
    base: int | None = None
    for place, layer in enumerate(layers):
        if layer.clipped:
            bases.append(base)
        else:
            bases.append(None)
            base = place if _can_be_clipped_to(layer) else None
    return bases


def _can_be_clipped_to(layer: Layer) -> bool:
    held = layer.filter
    return held is None or held.generates


_Kinds: TypeAlias = frozenset[bool]
"""What there is among some pixels: True for generated ones, False for others."""

_NOTHING: _Kinds = frozenset()
_KINDS: dict[Synthetic, _Kinds] = {
    "": frozenset({False}),
    "partly": frozenset({False, True}),
    "wholly": frozenset({True}),
}
_WORDS = {kinds: word for word, kinds in _KINDS.items()}


def _shown(layers: tuple[Layer, ...]) -> tuple[_Kinds, bool]:
    """What there is to see among layers, and whether it covers all of what lies below them."""
    found, end, bases = _NOTHING, len(layers), clipping_bases(layers)
    for place in range(len(layers) - 1, -1, -1):
        if bases[place] is not None:
            continue
        layer, clipped = layers[place], layers[place + 1 : end]
        end = place
        masked_away = layer.mask is not None and not _has_any(layer.mask, 0)
        own, covers = _own(layer) if layer.shown and not masked_away else (_NOTHING, False)
        if not own:
            continue
        above, hidden = _shown(tuple(replace(item, clipped=False) for item in clipped))
        found |= above | (_NOTHING if hidden else own)
        if covers and layer.opacity == 1 and layer.mode == "normal" and layer.mask is None:
            return found, True
    return found, False


def _own(layer: Layer) -> tuple[_Kinds, bool]:
    """What ``_shown`` gives, for one layer by itself, whatever it is clipped to and how it is
    blended.
    """
    pixels, held = layer.pixels, layer.filter
    if pixels is None and held is not None:
        of_others = held.kept is not None and bool(held.kept.synthetic)
        return (_KINDS["wholly"] if of_others else _NOTHING), False
    if pixels is None:
        return _shown(layer.layers)
    opaque = pixels.channels == 3
    return (_KINDS[layer.made] if opaque or _has_any(pixels, 3) else _NOTHING), opaque


def _has_any(raster: Raster, channel: int) -> bool:
    return any(tile[..., channel].any() for tile in raster.tiles_at(raster.region))


def _substitute(
    layers: tuple[Layer, ...], layer_id: str, instead: tuple[Layer, ...]
) -> tuple[Layer, ...]:
    """Layers outside the path to the one replaced stay the same objects."""
    result: list[Layer] = []
    for layer in layers:
        if layer.id == layer_id:
            result += instead
            continue
        if layer.layers:
            inside = _substitute(layer.layers, layer_id, instead)
            if any(a is not b for a, b in zip(inside, layer.layers, strict=False)) or len(
                inside
            ) != len(layer.layers):
                layer = replace(layer, content=layer.kind.with_layers(layer.content, inside))
        result.append(layer)
    return tuple(result)
