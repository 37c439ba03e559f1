"""Job kinds: what a job makes of a document, by the kind of its filter.

A kind says what is computed, how that is cut, what the filter is given with a piece, what of a
finished piece gets into the result, and by which edit the result gets into the document.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from safelight.api import Declaration, Region, Value
from safelight.document import (
    Document,
    Edit,
    Kept,
    Layer,
    Live,
    LiveFilter,
    Record,
    Synthetic,
    canvas,
    edits,
    effective_raster,
    is_grey,
    named_layers,
    reachable,
    render,
    result_key,
    seen_around,
)
from safelight.document.frames import frames
from safelight.pixels import Raster, RasterBuilder, framed, from_float, to_float, without_colour
from safelight.workers.conversation import Failure
from safelight.workers.pieces import Piece, Plan, cut

_BICUBIC = 2
"""Pixels around its own that a bicubic enlargement looks at."""

Pixels = NDArray[np.float32]


@dataclass(frozen=True)
class Task:
    """What a job is asked: one filter, for one region of a document.

    ``layer_id`` is the layer that keeps the result, None where there is none yet. ``lenient``: the
    result is only looked at, so layers below that cannot be computed are left out of it.
    """

    declaration: Declaration
    settings: Mapping[str, Value]
    document: Document
    region: Region
    layer_id: str | None
    live: Live | None
    lenient: bool

    @property
    def is_whole(self) -> bool:
        """Whether the result is that of the whole picture."""
        return self.region == self.document.region

    @property
    def factor(self) -> int:
        """How many times as wide and high the result is."""
        return self.declaration.factor(self.settings)

    @property
    def filter(self) -> LiveFilter:
        """The filter and its settings, as a layer holds them."""
        return live_filter(self.declaration, self.settings)

    @cached_property
    def layer(self) -> Layer:
        """The layer that keeps the result; where there is none yet, the one that will."""
        return self.new_layer() if self.layer_id is None else self.document.layer(self.layer_id)

    def new_layer(self, kept: Kept | None = None) -> Layer:
        """A layer of the filter, with the selection as its mask."""
        layer = Layer(self.declaration.title, replace(self.filter, kept=kept))
        return edits.with_selection(layer, self.document)


@dataclass
class Part:
    """One document that a job works on: all that lies below its layer, or one layer of several.

    ``plan`` says how it is cut.
    """

    task: Task
    document: Document
    layer_id: str = ""
    plan: Plan = field(default_factory=Plan)

    @cached_property
    def within(self) -> Region:
        """What the filter may look at; what is carried from frame to frame ends with the region."""
        if self.task.declaration.recurrent:
            return self.task.region
        return reachable(self.document, self.plan.reach)

    @cached_property
    def is_grey(self) -> bool:
        """Whether the result has no colour either."""
        return self.task.declaration.keeps_grey and is_grey(self.document.picture.layers)

    def rendered(self, region: Region, depth: str | None = None) -> NDArray[Any]:
        """The document's pixels at ``region``, (height, width, 3 or 4) of ``depth`` or the
        document's. Raises LayerFailed unless the result is only looked at.
        """
        return render(self.document, region, self.task.live, depth, lenient=self.task.lenient)

    def seen(self, window: Region) -> Pixels:
        """What the filter sees, float32 (height, width, 3), sRGB-encoded: nothing of what
        transparent pixels hide.
        """
        read = partial(self.rendered, depth="float32")
        pixels = seen_around(
            self.document, read(window), window, self.within, self.plan.reach, read
        )[..., :3]
        return self.document.profile.to_srgb(pixels)

    def whole_pieces(self) -> list[Piece]:
        """Pieces that cover all that is wanted."""
        return cut(self.task.region, self.within, self.plan)

    def encoded(self, colour: Pixels) -> NDArray[Any]:
        """float32 colours (height, width, 3) of the document's profile, in its depth."""
        return from_float(without_colour(colour) if self.is_grey else colour, self.document.depth)

    def with_own_alpha(self, keep: Region, pixels: NDArray[Any]) -> NDArray[Any]:
        """``pixels`` (height, width, 3) at ``keep``, of the document's depth, with the document's
        alpha, if it has any.
        """
        if not self.document.has_alpha:
            return pixels
        return np.concatenate([pixels, self.rendered(keep)[..., 3:]], axis=2)


@dataclass(frozen=True)
class Whole:
    """A whole result: of each part by its layer's id, with the networks it was computed with
    (SHA-256 by name), the key of what it was computed from, and what it was ``made_with``.
    """

    rasters: Mapping[str, Raster]
    models: Mapping[str, str]
    key: str
    made_with: Mapping[str, str]

    @property
    def raster(self) -> Raster:
        """The result of the only part, or of the first."""
        return next(iter(self.rasters.values()))


class Kind:
    """A picture of the size that it was made of: the plainest kind, and what the others begin with.

    ``in_one_piece``: it cannot be cut smaller where memory is short. ``keeps``: a layer keeps the
    whole result, so it has a key.
    """

    in_one_piece = False
    keeps = True

    def __init__(self, task: Task) -> None:
        self.task = task

    @cached_property
    def parts(self) -> list[Part]:
        """What is computed, one after the other."""
        document, layer_id = self.task.document, self.task.layer_id
        return [Part(self.task, document if layer_id is None else document.below(layer_id))]

    def canvas(self, part: Part) -> Region:
        """What a filter is told of the place of the whole picture."""
        return part.document.region

    def wanted(self) -> Region:
        """What is to be computed. Raises Failure where there is nothing."""
        return self.task.region

    def builder(self, part: Part) -> RasterBuilder:
        """An empty result of the right size, channels and depth."""
        return self._builder(part, 4 if part.document.has_alpha else 3, part.document.depth)

    def pieces(self, part: Part) -> list[Piece]:
        """How the work is cut. Raises Failure where there is nothing to do."""
        return part.whole_pieces()

    def begin(self, part: Part, builder: RasterBuilder) -> None:
        """Put into the result what no piece puts there."""

    def given(self, part: Part, window: Region) -> Pixels | None:
        """What the filter is given: (height, width, 3), sRGB-encoded; None where it is nothing."""
        return part.seen(window)

    def mask(self, window: Region) -> Pixels | None:
        """The mask that the filter is told: (height, width), 0 to 1; None where there is none."""
        return None

    def shape(self, keep: Region) -> tuple[int, ...]:
        """The shape of what the filter gives for a piece."""
        return (keep.height * self.task.factor, keep.width * self.task.factor, 3)

    def pixels(self, part: Part, keep: Region, made: Pixels, before: Pixels | None) -> NDArray[Any]:
        """What gets into the result at ``keep``, (height, width, channels) of the result's depth:
        of what the filter ``made`` of ``before``, both float32 (height, width, 3), sRGB-encoded.
        """
        return part.with_own_alpha(keep, self._colours(part, keep, made, before))

    def edit(self, whole: Whole, above: str | None) -> Edit:
        """The edit that puts the whole result in the document.

        The result is kept by the filter layer it was computed for, or by a new one ``above``
        another layer (None = on top), which has the selection as its mask.
        """
        task = self.task
        invented: Synthetic = "partly" if task.declaration.invents else ""
        synthetic = self.parts[0].document.synthetic or invented
        frame = frames.position(task.document)
        kept = Kept(
            *(whole.raster, whole.key, whole.models, synthetic),
            place=task.document.frame,
            frame=frame,
            made_with=whole.made_with,
        )
        if task.layer_id is not None:
            return edits.keep_result(task.layer_id, kept, task.filter)
        return edits.add_layer(task.new_layer(kept), above, task.declaration.title)

    def key(self, models: Mapping[str, str]) -> str:
        """The key of a whole result. It reads every pixel of the input."""
        task = self.task
        named = named_layers(task.document, task.filter)
        return result_key(self.parts[0].document, task.filter, models, named, *self._looked_at())

    def _looked_at(self) -> tuple[Layer | None, Region | None]:
        """The layer whose mask, and the canvas, that decide about the result."""
        return None, None

    def _record(self) -> Record:
        return Record("filter", self.task.declaration.id, self.task.settings)

    def _builder(self, part: Part, channels: int, depth: str) -> RasterBuilder:
        region, scale = self.task.region, self.task.factor
        return RasterBuilder(region.width * scale, region.height * scale, channels, depth)

    def _colours(
        self, part: Part, keep: Region, made: Pixels, before: Pixels | None
    ) -> NDArray[Any]:
        """What was made in the document's profile and depth; where it changed nothing, exactly as
        it was.
        """
        profile = part.document.profile
        if profile.is_srgb or before is None:
            return part.encoded(profile.from_srgb(made))
        own = part.rendered(keep, "float32")[..., :3]
        return part.encoded(profile.returned(made, before, own))


class Enlarged(Kind):
    """A picture of several times the size: every layer with pixels is enlarged on its own."""

    keeps = False

    @cached_property
    def parts(self) -> list[Part]:
        task = self.task
        if not task.is_whole:
            return super().parts
        layers = [
            layer
            for layer in task.document.walk()
            if layer.pixels is not None and layer.filter is None and not layer.kind.drawn
        ]
        return [
            Part(task, replace(task.document, layers=(_bare(layer),)), layer.id) for layer in layers
        ]

    def begin(self, part: Part, builder: RasterBuilder) -> None:
        self._alpha = self._enlarged_alpha(part) if part.document.has_alpha else None

    def pixels(self, part: Part, keep: Region, made: Pixels, before: Pixels | None) -> NDArray[Any]:
        pixels = part.encoded(part.document.profile.from_srgb(made))
        if self._alpha is None:
            return pixels
        region = self.task.region
        place = keep.move(-region.x, -region.y).scale(self.task.factor)
        alpha = from_float(self._alpha[place.rows(), place.columns(), None], part.document.depth)
        return np.concatenate([pixels, alpha], axis=2)

    def edit(self, whole: Whole, above: str | None) -> Edit:
        """The edit that enlarges the document."""
        task = self.task
        made = edits.enlarge(whole.rasters, task.factor, task.declaration.title, self._lengths)
        return replace(made, record=self._record())

    def _lengths(self, filter: LiveFilter) -> LiveFilter:
        """The document's other filters, once the picture has grown."""
        scale = getattr(self.task.live, "scaled", None)
        return filter if scale is None else scale(filter, self.task.factor)

    def _enlarged_alpha(self, part: Part) -> Pixels:
        """The alpha of the task's region at the result's size (bicubic), in one go: no seams."""
        region, scale = self.task.region, self.task.factor
        wide = region.grow(_BICUBIC, part.document.region)
        alpha = part.rendered(wide, "float32")[..., 3]
        size = (alpha.shape[1] * scale, alpha.shape[0] * scale)
        image = PillowImage.fromarray(np.ascontiguousarray(alpha))
        large = np.asarray(image.resize(size, PillowImage.Resampling.BICUBIC), np.float32)
        inside = region.move(-wide.x, -wide.y).scale(scale)
        return np.clip(large[inside.rows(), inside.columns()], 0.0, 1.0)


class Selected(Kind):
    """A selection: one channel of 8 bits."""

    keeps = False

    def builder(self, part: Part) -> RasterBuilder:
        return self._builder(part, 1, "uint8")

    def shape(self, keep: Region) -> tuple[int, ...]:
        return (keep.height, keep.width)

    def pixels(self, part: Part, keep: Region, made: Pixels, before: Pixels | None) -> NDArray[Any]:
        return from_float(made[..., None], "uint8")

    def edit(self, whole: Whole, above: str | None) -> Edit:
        """The edit that selects what was found, and changes nothing else."""
        selected = whole.raster if whole.raster.bounds() else None
        made = edits.select(selected, self.task.declaration.title)
        return replace(made, record=self._record())


class Masked(Kind):
    """A picture that is changed where a mask says so, in one piece around all of it.

    The mask is that of the layer, or the selection where there is no layer yet.
    """

    in_one_piece = True

    def begin(self, part: Part, builder: RasterBuilder) -> None:
        """Fill the result with what lies below; the mask's pixels are put over it."""
        region = self.task.region
        for piece in cut(region, part.document.region, Plan()):
            pixels = part.rendered(piece.keep)
            builder.write(piece.keep.move(-region.x, -region.y), pixels)

    def pieces(self, part: Part) -> list[Piece]:
        found = None if self._mask is None else self._mask.bounds()
        if found is None:
            raise Failure(
                "needs to know where: select what it should work on, with the brush or a selection"
            )
        keep = _meeting(found, self.task.region)
        return [Piece(keep, found.grow(part.plan.reach, part.within))]

    def mask(self, window: Region) -> Pixels | None:
        assert self._mask is not None
        return to_float(framed(self._mask, window).to_array())[..., 0]

    def pixels(self, part: Part, keep: Region, made: Pixels, before: Pixels | None) -> NDArray[Any]:
        assert self._mask is not None
        colours = self._colours(part, keep, made, before)
        below = part.rendered(keep)[..., :3]
        changed = np.where(self._mask.read(keep) > 0, colours, below)
        return part.with_own_alpha(keep, changed)

    @cached_property
    def _mask(self) -> Raster | None:
        return effective_raster(self._masked)

    @cached_property
    def _masked(self) -> Layer:
        return self.task.layer.seen(self.task.document.looked_at)

    def _looked_at(self) -> tuple[Layer | None, Region | None]:
        return self._masked, None


class Generated(Kind):
    """A picture made from nothing: it fills what the layer's mask shows, or the whole picture."""

    @cached_property
    def parts(self) -> list[Part]:
        return [Part(self.task, replace(self.task.document, layers=(), selection=None))]

    def canvas(self, part: Part) -> Region:
        return self._canvas

    def wanted(self) -> Region:
        return _meeting(self._canvas, self.task.region)

    def builder(self, part: Part) -> RasterBuilder:
        return self._builder(part, 3 if self._is_full else 4, part.document.depth)

    def pieces(self, part: Part) -> list[Piece]:
        return cut(self.wanted(), part.document.region, part.plan)

    def given(self, part: Part, window: Region) -> Pixels | None:
        return None

    def pixels(self, part: Part, keep: Region, made: Pixels, before: Pixels | None) -> NDArray[Any]:
        pixels = self._colours(part, keep, made, before)
        if self._is_full:
            return pixels
        return np.concatenate([pixels, np.full_like(pixels[..., :1], _opaque(pixels))], axis=2)

    @cached_property
    def _canvas(self) -> Region:
        return canvas(self.task.document, self.task.layer)

    @property
    def _is_full(self) -> bool:
        return self._canvas == self.task.document.region

    def _looked_at(self) -> tuple[Layer | None, Region | None]:
        return None, self._canvas


def kind_of(task: Task) -> Kind:
    """What is to be made for a task."""
    declaration = task.declaration
    if declaration.selects:
        return Selected(task)
    if declaration.masked:
        return Masked(task)
    if declaration.generates:
        return Generated(task)
    return Enlarged(task) if task.factor != 1 else Kind(task)


def live_filter(declaration: Declaration, settings: Mapping[str, Value]) -> LiveFilter:
    """A filter and its settings, as a layer holds them."""
    return LiveFilter(
        declaration.id,
        declaration.title,
        declaration.plugin,
        declaration.version,
        settings,
        masked=declaration.masked,
        generates=declaration.generates,
        keeps_grey=declaration.keeps_grey,
    )


def _meeting(place: Region, wanted: Region) -> Region:
    """What of ``wanted`` lies in a place. Raises Failure where nothing does."""
    found = place.intersect(wanted)
    if found.empty:
        raise Failure("has nothing to do here: what is selected lies elsewhere")
    return found


def _opaque(pixels: NDArray[Any]) -> float:
    """The alpha of what is not transparent, in the pixels' own numbers."""
    return 1.0 if pixels.dtype.kind == "f" else float(np.iinfo(pixels.dtype).max)


def _bare(layer: Layer) -> Layer:
    """A layer's pixels alone."""
    return replace(layer, opacity=1.0, mode="normal", mask=None, clipped=False, visible=True)
