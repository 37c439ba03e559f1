"""Layer stack: layers laid over one another at a region, with their filters, masks and effects."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region
from safelight.document.contents.content import LiveFilter
from safelight.document.contents.kind import colour_in
from safelight.document.document import clipping_base, clipping_bases
from safelight.document.layer import Layer
from safelight.document.mask import effective_mask
from safelight.document.rendered.effect_coverage import covered
from safelight.document.rendered.grey import is_grey
from safelight.document.rendered.live import FilterFailed, LayerFailed, Live, Pixels
from safelight.document.rendered.plane import Surrounded
from safelight.document.rendered.result_choices import margin, treat
from safelight.pixels import (
    Profile,
    Raster,
    composite,
    surroundings,
    to_float,
    without_colour,
)

_Unit: TypeAlias = tuple[Layer, tuple[Layer, ...]]
"""A layer with those that are clipped to it."""

_Step: TypeAlias = tuple[_Unit, Region, int | None, Region]
"""What is drawn next: a unit, where, how far its filter looks if it can run, and what of all that
lies below it may be looked at.
"""

_RUN = 32
"""Neighbouring filters that are run at once at most: where one fails, each is run again."""


def looks_of(filter: LiveFilter, live: Live | None, level: int) -> int:
    """How many pixels of ``level`` around its own a filter layer looks at."""
    reach = live.reach(filter, level) if live is not None else None
    return (reach or 0) + margin(filter, level)


def read_at(raster: Raster, region: Region) -> NDArray[Any]:
    """The pixels of a region (height, width, channels), at its zoom level: of the raster's depth,
    or uint8 at higher levels.
    """
    flat = Region(region.x, region.y, region.width, region.height)
    return raster.level(region.level).read(flat)


@dataclass(frozen=True, slots=True)
class Frame:
    """One rendering: a picture and what lies around it, whoever runs cheap filters, and whether
    layers that cannot be computed may be left out. Regions are of the surrounded picture.
    """

    around: Surrounded
    live: Live | None
    lenient: bool

    @property
    def level(self) -> int:
        return self.around.level

    @property
    def whole(self) -> Region:
        return self.around.within

    @property
    def profile(self) -> Profile:
        return self.around.document.profile

    def told(self, region: Region) -> Region:
        """A region as filters are told it: in pixels of the picture."""
        return region.move(-self.around.margin, -self.around.margin)

    @property
    def canvas(self) -> Region:
        """The whole picture as filters are told it."""
        return self.told(self.around.frame)

    def can_continue(self, layers: tuple[Layer, ...], start: int) -> bool:
        """Whether the layers from ``start`` on need nothing of the lower ones beyond a region."""
        if start < len(layers) and clipping_base(layers, start) is not None:
            return False
        filters = [layer.filter for layer in layers[start:] if layer.shown and not layer.pixels]
        return not any(
            filter is not None and looks_of(filter, self.live, self.level) for filter in filters
        )

    def stack(
        self,
        layers: tuple[Layer, ...],
        window: Region,
        below: Pixels | None = None,
        beneath: tuple[Layer, ...] = (),
    ) -> Pixels:
        """The layers at ``window`` over ``below``, which shows those ``beneath`` (or nothing):
        (height, width, 4), straight.
        """

        def under(wide: Region) -> Pixels:
            if below is not None:
                return below
            return np.zeros((wide.height, wide.width, 4), np.float32)

        return self._piled(_units(layers), window, under, beneath)

    def _piled(
        self,
        units: list[_Unit],
        window: Region,
        under: Callable[[Region], Pixels],
        beneath: tuple[Layer, ...],
    ) -> Pixels:
        """Units, bottom first, at ``window`` over what ``under`` gives of the layers ``beneath``.

        First from the top down, because each filter says how many more pixels it needs of what
        lies below it, and more still where that is transparent, to make up what it may not see;
        then from the bottom up. Loops, because a document may have more layers than functions can
        call each other.
        """
        steps: list[_Step] = []
        limits = self._limits(units)
        solid = [place for place, (base, _) in enumerate(units) if _may_cover(base)]
        for place, (base, clipped) in reversed(list(enumerate(units))):
            if not self._has_something(base):
                continue
            held, reach, limit = base.filter, None, limits[place]
            if held is not None and not held.generates:
                reach = self.live.reach(held, self.level) if self.live is not None else None
                if reach is None and held.kept is None:
                    self._leave_out(base, held)
                    continue
                steps.append(((base, clipped), window, reach, limit))
                looks = (reach or 0) + margin(held, self.level)
                window = window.grow(looks, limit)
                lower = (units[other][0] for other in solid if other < place)
                if looks and not beneath and not any(_covers(one, window) for one in lower):
                    window = window.grow(surroundings(looks, limit), limit)
            else:
                steps.append(((base, clipped), window, None, limit))
        pixels, around = under(window), window
        grey = is_grey(beneath) if any(_keeps_grey(step[0][0]) for step in steps) else False
        steps.reverse()
        place = alone = 0
        while place < len(steps):
            (base, clipped), window, reach, limit = steps[place]
            if place >= alone and not grey:
                run = self._neighbours(itertools.islice(steps, place, place + _RUN), pixels)
                made = self._in_turn(run, pixels, around) if len(run) > 1 else None
                if made is not None:
                    pixels, around = made, run[-1][1]
                    place += len(run)
                    continue
                alone = place + len(run)
            place += 1
            sees_grey, grey = grey, grey and is_grey((base, *clipped))
            if base.filter is not None and not base.filter.generates:
                pixels = self._filtered(
                    base, base.filter, window, reach, limit, pixels, around, grey=sees_grey
                )
                around = window
                continue
            if base.effects:
                self._with_effects(pixels, base, clipped, window)
                continue
            composite(
                pixels,
                self._clipped(base, clipped, window),
                mode=base.mode,
                opacity=base.opacity,
                mask=self._mask(base, window),
            )
        return pixels

    def _with_effects(
        self, pixels: Pixels, base: Layer, clipped: tuple[Layer, ...], window: Region
    ) -> None:
        """Draw a layer with its effects on ``pixels`` (height, width, 4), what lies below it."""
        own = np.ascontiguousarray(self._clipped(base, clipped, window))
        alpha = partial(self._alpha, base)
        for effect in base.effects:
            colour = np.broadcast_to(
                colour_in(self.profile, effect.colour), (window.height, window.width, 3)
            )
            colour = np.ascontiguousarray(colour, np.float32)
            mask = covered(base, effect, window, self.around.corner, alpha)
            if effect.below:
                share = effect.opacity * base.opacity
                composite(pixels, colour, mode=effect.mode, opacity=share, mask=mask)
                continue
            solid = np.ones((window.height, window.width, 4), np.float32)
            solid[..., :3] = own[..., :3]
            composite(solid, colour, mode=effect.mode, opacity=effect.opacity, mask=mask)
            own = own.copy()
            own[..., :3] = solid[..., :3]
        own_mask = self._mask(base, window)
        composite(pixels, own, mode=base.mode, opacity=base.opacity, mask=own_mask)

    def _alpha(self, base: Layer, region: Region) -> NDArray[np.float32]:
        """How opaque a layer is by itself in a region: float32 (height, width), 0 to 1; nothing
        beyond the picture.
        """
        made = np.zeros((region.height, region.width), np.float32)
        inside = region.intersect(self.whole)
        if inside.empty:
            return made
        held = inside.move(-region.x, -region.y)
        if base.pixels is None:
            own = self._own(base, inside)[..., 3]
        elif base.pixels.channels == 4:
            own = to_float(np.ascontiguousarray(read_at(base.pixels, inside)[..., 3]))
        else:
            own = np.ones((inside.height, inside.width), np.float32)
        mask = self._mask(base, inside)
        made[held.rows(), held.columns()] = own if mask is None else own * mask
        return made

    def _limits(self, units: list[_Unit]) -> list[Region]:
        """What of all that lies below each unit may be looked at."""
        limits, limit = [], self.whole
        for base, clipped in units:
            limits.append(limit)
            limit = self.around.limit((base, *clipped), limit)
        return limits

    def _mask(self, layer: Layer, window: Region) -> NDArray[np.float32] | None:
        return effective_mask(layer, window, self.around.mask_limit(layer.mask))

    def _clipped(self, base: Layer, clipped: tuple[Layer, ...], window: Region) -> Pixels:
        """A layer's own pixels with those that are clipped to it: (height, width, 3 or 4)."""
        if not any(layer.shown for layer in clipped):
            return self._own(base, window)

        reach = sum(self._margin_of(layer) for layer in clipped)

        def opaque(wide: Region) -> Pixels:
            full = np.ones((wide.height, wide.width, 4), np.float32)
            own = self.around.seen(
                self._own(base, wide), wide, self.whole, reach, partial(self._own, base)
            )
            full[..., :3] = own[..., :3]
            return full

        pixels = self._piled([(layer, ()) for layer in clipped], window, opaque, (base,))
        own = self._own(base, window)
        if own.shape[2] == 4:
            pixels[..., 3] = own[..., 3]
        return pixels

    def _margin_of(self, layer: Layer) -> int:
        """How many pixels around its own a clipped layer looks at of what it is clipped to."""
        if layer.filter is None or layer.filter.generates or not layer.shown:
            return 0
        return looks_of(layer.filter, self.live, self.level)

    def _own(self, layer: Layer, window: Region) -> Pixels:
        """What a layer of pixels or a group shows at ``window``, before opacity, mode and mask."""
        if layer.pixels is None:
            return self.stack(layer.layers, window)
        return to_float(read_at(layer.pixels, window))

    def _neighbours(self, steps: Iterable[_Step], below: Pixels) -> list[_Step]:
        """The next steps over ``below`` that are filters which replace all that lies below them:
        each sees nothing but what the one before it made, so they can run in turn.

        One that looks around must not see what is transparent, which is made up before each.
        """
        found: list[_Step] = []
        solid: bool | None = None
        for step in steps:
            (base, _), _, reach, _ = step
            held = base.filter
            if held is None or held.generates or reach is None or not _replaces(base, held):
                break
            if found and reach:
                solid = bool(below[..., 3].min() > 0) if solid is None else solid
                if not solid:
                    break
            found.append(step)
        return found

    def _in_turn(self, run: list[_Step], under: Pixels, around: Region) -> Pixels | None:
        """Neighbouring filters on ``under``, what lies below them and ``around`` them, at the last
        one's place. None where one of them fails: they are to be run one by one.
        """
        (_, first, reach, limit), (_, window, _, _) = run[0], run[-1]
        assert self.live is not None
        wide = first.grow(reach or 0, limit)
        part = partial(_part, under, around)
        known = self.around.seen(part(wide), wide, limit, reach or 0, part)[..., :3]
        image = self.profile.to_srgb(known)
        filters = [step[0][0].filter for step in run if step[0][0].filter is not None]
        try:
            made = self.live.in_turn(filters, image, self.told(wide), self.canvas)
            result = self.profile.returned(made, image, known)
        except FilterFailed:
            return None
        pixels = np.ascontiguousarray(part(window))
        _replace(pixels, _part(result, wide, window))
        return pixels

    def _filtered(
        self,
        layer: Layer,
        filter: LiveFilter,
        window: Region,
        reach: int | None,
        limit: Region,
        under: Pixels,
        around: Region,
        *,
        grey: bool,
    ) -> Pixels:
        """A filter layer on ``under``, what lies below ``window`` and ``around`` it: as far as the
        filter looks, and further where it may not see what is transparent. Alpha stays as it is
        below. ``reach`` is None where it cannot run, ``limit`` what of the plane it may look at;
        ``grey`` says that there is no colour below.
        """

        part = partial(_part, under, around)
        kept = filter.kept
        looks = (reach or 0) + margin(filter, self.level)
        wide = window.grow(looks, limit)
        known = self.around.seen(part(wide), wide, limit, looks, part)[..., :3]
        result: Pixels | None = None
        if reach is not None and self.live is not None:
            image = self.profile.to_srgb(known)
            try:
                made = self.live.run(filter, image, self.told(wide), self.canvas)
                result = self.profile.returned(made, image, known)
            except FilterFailed as failure:
                self._leave_out(layer, filter, str(failure))
            else:
                result = without_colour(result) if grey and filter.keeps_grey else result
        if result is None and kept is not None:
            result = to_float(read_at(kept.raster, wide))[..., :3]
        under = np.ascontiguousarray(part(window))
        if result is None:
            return under
        result = treat(filter, known, result, self.level)
        result = _part(result, wide, window)
        if _replaces(layer, filter):
            _replace(under, result)
            return under
        alpha = under[..., 3].copy()
        under[..., 3] = 1.0
        composite(
            under,
            np.ascontiguousarray(result),
            mode=layer.mode,
            opacity=layer.opacity,
            mask=self._mask(layer, window),
        )
        under[..., 3] = alpha
        return under

    def _has_something(self, layer: Layer) -> bool:
        """Whether there is anything of a layer: a generator has to have made it."""
        if not layer.shown:
            return False
        held = layer.filter
        if held is None or not held.generates or held.kept is not None:
            return True
        self._leave_out(layer, held)
        return False

    def _leave_out(self, layer: Layer, filter: LiveFilter, reason: str = "") -> None:
        """Note that there is nothing of a layer. Raises LayerFailed unless that is allowed."""
        if self.lenient:
            return
        if not reason and self.live is not None:
            reason = self.live.failure(filter)
        title = filter.title or filter.id
        raise LayerFailed(layer, reason or f"{title} has not run yet; refresh the layer")


def _replaces(layer: Layer, filter: LiveFilter) -> bool:
    """Whether a filter layer shows its result alone, and nothing of what lies below it."""
    plain = layer.mode == "normal" and layer.opacity == 1 and layer.mask is None
    return plain and filter.channels == "all" and not filter.texture


def _replace(under: Pixels, result: Pixels) -> None:
    """Put other colours in place of those of ``under`` (height, width, 4), whose alpha stays."""
    for channel in range(3):  # numpy is three times as slow at copying three of four
        under[..., channel] = result[..., channel]


def _part(pixels: Pixels, around: Region, place: Region) -> Pixels:
    """The pixels of ``place`` among those that lie ``around`` it: a view."""
    inside = place.move(-around.x, -around.y)
    return pixels[inside.rows(), inside.columns()]


def _keeps_grey(layer: Layer) -> bool:
    return layer.filter is not None and layer.filter.keeps_grey


def _may_cover(layer: Layer) -> bool:
    """Whether a layer can be such that nothing shows through it anywhere: plain pixels."""
    whole = layer.shown and layer.pixels is not None
    return whole and layer.opacity == 1 and layer.mask is None


def _covers(layer: Layer, region: Region) -> bool:
    """Whether plain pixels are nowhere wholly transparent."""
    pixels = layer.pixels
    assert pixels is not None
    return pixels.channels < 4 or bool(read_at(pixels, region)[..., 3].all())


def _units(layers: tuple[Layer, ...]) -> list[_Unit]:
    """Each layer that is not clipped, bottom first, with those that are clipped to it."""
    units: list[tuple[Layer, list[Layer]]] = []
    for layer, base in zip(layers, clipping_bases(layers), strict=True):
        if base is None:
            units.append((layer, []))
        else:
            units[-1][1].append(layer)
    return [(base, tuple(clipped)) for base, clipped in units]
