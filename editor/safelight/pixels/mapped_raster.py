"""Mapped raster: a raster as it is seen through a map, tile by tile, when somebody looks at it.

Where pixels come to lie on pixels, they are read, turned and mirrored as they are. Otherwise each
is one Lanczos-3 sum over the raster (Duchon 1979; Turkowski 1990), widened where the view is
smaller, of premultiplied colour. Every pixel is computed by itself, so that any part of a view is
that part of the whole to the bit.
"""

from __future__ import annotations

import hashlib
import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Protocol
from weakref import ref

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region
from safelight.pixels.colour import Profile
from safelight.pixels.depth import WHITE, from_float, to_float
from safelight.pixels.lanczos import WIDEST, Matrix, Sampling, nearest, resample
from safelight.pixels.mesh import Mesh
from safelight.pixels.opencv import opencv
from safelight.pixels.tile_digest import tile_digest
from safelight.pixels.tiles import Raster, places
from safelight.pixels.warp import Warp
from safelight.pixels.warp_squares import squares


class View(Raster):
    """``source`` through ``matrix`` (from the view's points to its own), ``width`` x ``height``.

    What lies beyond the source is transparent; of a mask (one channel) it is ``beyond``, 0 or 1.
    With a colour space ``light`` colours are averaged in linear light of it; ``method`` says how.
    Exact views have the
    source's depth; what is computed is float32, and kept for a while: only the last tiles of all
    views that were looked at are held.
    """

    __slots__ = ("_levels", "beyond", "light", "matrix", "method", "source", "warp")

    def __init__(
        self,
        source: Raster,
        matrix: Matrix,
        width: int,
        height: int,
        beyond: int = 0,
        *,
        channels: int = 0,
        light: Profile | None = None,
        method: Sampling = "lanczos",
        warp: Warp | Mesh | None = None,
    ) -> None:
        self.warp = warp
        self.light = light if source.channels > 1 else None
        self.method = method
        self.source, self.matrix, self.beyond = source, matrix, beyond
        self._levels: dict[int, View] = {}
        exact = self.exact
        if not channels:
            under = warp is None and _covered(source, matrix, width, height)
            covered = source.channels != 3 or under
            channels = source.channels if covered else 4
        depth = source.depth if exact else "float32"
        super().__init__(width, height, channels, depth, ())
        self.encoded = source.encoded
        self._tiles = [_Tile(self, place, channels) for place in places(width, height)]
        self._digests, self._grey = [None] * len(self._tiles), [None] * len(self._tiles)

    def level(self, level: int) -> Raster:
        """The view of the source's zoom level: resampled once, from there."""
        if level == 0:
            return self
        if level not in self._levels:
            self._levels[level] = self._reduced(level)
        return self._levels[level]

    def _reduced(self, level: int) -> View:
        step = float(1 << level)
        a, b, c, d, e, f, g, h, i = self.matrix
        scaled = (a, b, c / step, d, e, f / step, g * step, h * step, i)
        size = (math.ceil(self.width / step), math.ceil(self.height / step))
        # What is opaque is so at every level: a coarse pixel at the edge is of what there is.
        source = self.source.level(level)
        told: dict[str, Any] = {"channels": self.channels, "light": self.light}
        told["warp"] = None if self.warp is None else self.warp.reduced(step)
        return View(source, scaled, *size, self.beyond, method=self.method, **told)

    def by(self, method: Sampling) -> View:
        """The view with its pixels computed in another way."""
        size = self.width, self.height
        told: dict[str, Any] = {"channels": self.channels, "light": self.light, "warp": self.warp}
        return View(self.source, self.matrix, *size, self.beyond, method=method, **told)

    def held(self, depth: str) -> Raster:
        """What is seen, as pixels in memory, in ``depth``."""
        pixels = self.to_array()
        if self.depth != depth:
            pixels = from_float(to_float(pixels), depth)
        return Raster.from_array(np.array(pixels)).condensed()

    def has_level(self, level: int) -> bool:
        return self.source.has_level(level)

    def digests(self, each: Callable[..., Iterable[bytes]] = map) -> list[bytes]:
        """Digests of what each tile is made of: the same for the same part of the same source."""
        if any(digest is None for digest in self._digests):
            own, channels = self.source.digest(), self.channels
            for index, at in enumerate(places(self.width, self.height)):
                shape = at.height, at.width, channels
                told = (self.matrix, self.beyond, channels, at.x, at.y, *shape)
                text = own + repr(told).encode() + (b"" if self.light is None else b"light")
                text += b"" if self.method == "lanczos" else self.method.encode()
                text += b"" if self.warp is None else repr(self.warp).encode()
                self._digests[index] = hashlib.blake2b(text, digest_size=16).digest()
        return [digest for digest in self._digests if digest is not None]

    @property
    def covered(self) -> Region | None:
        """What of the view, at the most, the source lies under; None where that is no rectangle of
        whole pixels.
        """
        if not self.exact:
            return None
        a, b, x, c, d, y = self.matrix[:6]
        # Turned back by its transpose: an exact map's columns are of length 1.
        ends = [
            (a * (u - x) + c * (v - y), b * (u - x) + d * (v - y))
            for u, v in ((0, 0), (self.source.width, self.source.height))
        ]
        left, right = sorted(int(end[0]) for end in ends)
        top, bottom = sorted(int(end[1]) for end in ends)
        return Region(left, top, right - left, bottom - top).intersect(self.region)

    def is_grey(self) -> bool:
        return self.source.is_grey() or super().is_grey()

    def read(self, region: Region) -> NDArray[Any]:
        """The pixels (height, width, channels) at ``region``, of the raster's depth."""
        if not self.exact or region.empty or region.intersect(self.region) != region:
            return super().read(region)
        return self.pixels(region, self.channels)  # straight, where nothing is computed

    @property
    def exact(self) -> bool:
        """Whether the view's pixels are pixels of the source, as they are."""
        return self.warp is None and is_exact(self.matrix)

    def opaque_bounds(self) -> Region | None:
        return super().opaque_bounds() if self.warp is None else self.region

    def pixels(self, region: Region, channels: int) -> NDArray[Any]:
        """The pixels of a part: (height, width, channels) of the view's depth."""
        if self.exact:
            return self._exact(region, channels)
        if isinstance(self.warp, Mesh):
            return self._meshed(region, channels, self.warp)
        if self.warp is not None:
            return self._bent(region, channels, self.warp)
        return self._resampled(region, channels)

    def _empty(self, region: Region, channels: int, full: float, depth: str) -> NDArray[Any]:
        made = np.zeros((region.height, region.width, channels), depth)
        if channels == 1 and self.beyond:
            made[...] = full
        return made

    def _exact(self, region: Region, channels: int) -> NDArray[Any]:
        a, b, x, c, d, y = self.matrix[:6]
        made = self._empty(region, channels, WHITE[self.source.depth], self.source.depth)
        ends = [
            (a * px + b * py + x, c * px + d * py + y)
            for px, py in ((region.x, region.y), (region.right, region.bottom))
        ]
        left, right = sorted(int(end[0]) for end in ends)
        top, bottom = sorted(int(end[1]) for end in ends)
        wanted = Region(left, top, right - left, bottom - top)
        inside = wanted.intersect(self.source.region)
        if inside.empty:
            return made
        target = made
        # Views of ``made`` that run as the source does; what is put there lands turned back.
        if a == 0:
            target = target.transpose(1, 0, 2)
        if (a or b) < 0:
            target = target[:, ::-1]
        if (d or c) < 0:
            target = target[::-1]
        place = inside.move(-wanted.x, -wanted.y)
        read = self.source.read(inside)
        part = target[place.rows(), place.columns()]
        part[..., : read.shape[2]] = read
        if channels > read.shape[2]:
            part[..., 3] = WHITE[self.source.depth]
        return made

    def _resampled(self, region: Region, channels: int) -> NDArray[np.float32]:
        made: NDArray[np.float32] = self._empty(region, channels, 1.0, "float32")
        window = self._window(region)
        if window is None:
            return made
        place = (window.x, window.y, self.source.width, self.source.height)
        self._fill(self._held(window), place, self.matrix, (region.x, region.y), made)
        straight = self.light is None or self.method == "nearest"
        return made if straight or self.light is None else self.light.from_light(made)

    def _held(self, window: Region) -> NDArray[np.float32]:
        """A part of the source as it is averaged: premultiplied, in linear light if asked for."""
        pixels = np.ascontiguousarray(to_float(self.source.read(window)))
        if self.method == "nearest":
            return pixels
        if self.light is not None:
            pixels = np.ascontiguousarray(self.light.to_light(pixels))
        if self.source.channels == 4:
            pixels = pixels.copy()
            pixels[..., :3] *= pixels[..., 3:]
        return pixels

    def _fill(
        self,
        pixels: NDArray[np.float32],
        place: tuple[int, int, int, int],
        matrix: Matrix,
        corner: tuple[int, int],
        made: NDArray[np.float32],
    ) -> None:
        """Fill ``made``, at ``corner``, with ``_held`` pixels seen through a matrix."""
        if self.method == "nearest":
            nearest(pixels, place, matrix, corner, made)
        else:
            resample(pixels, place, matrix, corner, float(self.beyond), made, self.method)

    def _bent(self, region: Region, channels: int, warp: Warp) -> NDArray[np.float32]:
        """The pixels of a part of what is warped: square by square, through a perspective each."""
        made: NDArray[np.float32] = self._empty(region, channels, 1.0, "float32")
        size = self.source.width, self.source.height
        found = None if region.empty else squares(self.matrix, warp, region, size)
        if found is None:
            return made
        window, side, maps = found
        place, pixels = (window.x, window.y, *size), self._held(window)
        for left, top, matrix in maps:
            part = made[top : top + side, left : left + side]
            square = np.ascontiguousarray(part)
            self._fill(pixels, place, matrix, (region.x + left, region.y + top), square)
            part[...] = square
        straight = self.light is None or self.method == "nearest"
        return made if straight or self.light is None else self.light.from_light(made)

    def _meshed(self, region: Region, channels: int, mesh: Mesh) -> NDArray[np.float32]:
        """The pixels of a part of what is seen through a mesh: each is a cubic of 4 x 4, places
        to 1/32 of a pixel.
        """
        made: NDArray[np.float32] = self._empty(region, channels, 1.0, "float32")
        if region.empty:
            return made
        if is_exact(self.matrix) and mesh.still(_seen_at(region, self.matrix)):
            found: NDArray[np.float32] = to_float(self._exact(region, channels))
            return found
        x, y = np.meshgrid(
            np.arange(region.x, region.right) + 0.5, np.arange(region.y, region.bottom) + 0.5
        )
        a, b, c, d, e, f, g, h, i = self.matrix
        far = g * x + h * y + i
        behind = far <= 1e-9
        far = np.where(behind, 1.0, far)
        x, y = (a * x + b * y + c) / far, (d * x + e * y + f) / far
        width, height = mesh.size
        # How far each lies inside: at the edge a pixel is there in part, unless it ends with it.
        rim = 0.0 if is_exact(self.matrix) else 0.5
        inside = np.minimum(np.minimum(x, width - x), np.minimum(y, height - y)) + rim
        share = np.where(behind, 0.0, np.clip(inside, 0, 1) if rim else (inside > 0))
        if not share.any():
            return made
        u, v = mesh.back(np.clip(x, 0, width), np.clip(y, 0, height))
        left, top = (max(math.floor(at.min()) - 3, 0) for at in (u, v))
        right = min(math.ceil(u.max()) + 3, self.source.width)
        bottom = min(math.ceil(v.max()) + 3, self.source.height)
        left, top = min(left, right - 1), min(top, bottom - 1)
        pixels = self._held(Region(left, top, right - left, bottom - top))
        places = [(at - 0.5 - low).astype(np.float32) for at, low in ((u, left), (v, top))]
        cv2 = opencv()
        way = {"nearest": cv2.INTER_NEAREST, "bilinear": cv2.INTER_LINEAR}
        how = way.get(self.method, cv2.INTER_CUBIC)
        seen = cv2.remap(pixels, *places, how, borderMode=cv2.BORDER_REPLICATE)
        seen = seen.reshape(region.height, region.width, -1)
        if channels == 1:
            made[..., 0] += (seen[..., 0] - made[..., 0]) * share
            return made
        alpha = seen[..., 3:] if seen.shape[2] == 4 else np.ones_like(seen[..., :1])
        alpha = np.clip(alpha, 0, 1)
        if seen.shape[2] == 4 and self.method != "nearest":
            np.divide(seen[..., :3], alpha, out=seen[..., :3], where=alpha > 0)
        made[..., :3] = seen[..., :3] * (alpha > 0)
        if channels == 4:
            made[..., 3:] = alpha * share[..., None]
        straight = self.light is None or self.method == "nearest"
        return made if straight or self.light is None else self.light.from_light(made)

    def _window(self, region: Region) -> Region | None:
        """What of the source a part of the view looks at; None where that is nothing."""
        points, steps = [], [1.0]
        for x in (region.x - 0.5, region.right + 0.5):
            for y in (region.y - 0.5, region.bottom + 0.5):
                u, v, across, down = _course(self.matrix, x, y)
                points.append((u, v))
                steps += [across, down]
        if not all(math.isfinite(item) for point in points for item in point):
            return self.source.region
        rim = 3 * min(max(steps), WIDEST) + 2
        left, top = (min(p[k] for p in points) - rim for k in (0, 1))
        right, bottom = (max(p[k] for p in points) + rim for k in (0, 1))
        if right < 0 or bottom < 0 or left > self.source.width or top > self.source.height:
            return None
        # One pixel at least, and that at the edge: what lies beside the source is its edge.
        x0 = min(max(math.floor(left), 0), self.source.width - 1)
        y0 = min(max(math.floor(top), 0), self.source.height - 1)
        x1 = min(max(math.ceil(right), x0 + 1), self.source.width)
        y1 = min(max(math.ceil(bottom), y0 + 1), self.source.height)
        return Region(x0, y0, x1 - x0, y1 - y0)


def _seen_at(region: Region, matrix: Matrix) -> Region:
    """Where a region lies through an exact map."""
    a, b, x, c, d, y = matrix[:6]
    corners = ((region.x, region.y), (region.right, region.bottom))
    ends = [(a * u + b * v + x, c * u + d * v + y) for u, v in corners]
    (left, right), (top, bottom) = (sorted(int(end[k]) for end in ends) for k in (0, 1))
    return Region(left, top, right - left, bottom - top)


def framed(raster: Raster, region: Region) -> Raster:
    """A region of a raster, which may reach beyond it: that is transparent, or 0 of a mask."""
    if region == raster.region:
        return raster
    matrix = (1.0, 0.0, float(region.x), 0.0, 1.0, float(region.y), 0.0, 0.0, 1.0)
    return View(raster, matrix, region.width, region.height)


class _Tile:
    """A tile of a view, made when somebody looks at it; what is computed is kept for a while."""

    __slots__ = (
        "__weakref__",
        "_beyond",
        "_channels",
        "_light",
        "_made",
        "_matrix",
        "_method",
        "_place",
        "_source",
        "_warp",
    )

    def __init__(self, view: View, place: Region, channels: int) -> None:
        # Not the view itself: that would be a circle.
        self._source, self._matrix, self._beyond = view.source, view.matrix, view.beyond
        self._place, self._channels, self._light = place, channels, view.light
        self._method, self._warp = view.method, view.warp
        self._made: NDArray[Any] | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        return self._place.height, self._place.width, self._channels

    @property
    def digest(self) -> bytes:
        """The digest of the tile's pixels. Views know the digests of all their tiles without
        looking at one.
        """
        return tile_digest(self.fetch())

    def fetch(self) -> NDArray[Any]:
        made = self._made
        if made is None:
            made = self._look()
            if self._warp is not None or not is_exact(self._matrix):
                self._made = made
        if self._made is not None:
            _computed.use(self)
        return made

    def forget(self) -> None:
        """Give up what was computed."""
        self._made = None

    def _look(self) -> NDArray[Any]:
        view = View.__new__(View)
        view.source, view.matrix, view.beyond = self._source, self._matrix, self._beyond
        view.light, view.method, view.warp = self._light, self._method, self._warp
        made = view.pixels(self._place, self._channels)
        made.flags.writeable = False
        return made


class Computed(Protocol):
    """A tile that was computed: its ``shape`` (height, width, channels), and how what was computed
    is given up.
    """

    @property
    def shape(self) -> tuple[int, int, int]: ...

    def forget(self) -> None:
        """Give up what was computed."""


class _Computed:
    """The computed tiles that were looked at last, as many as ``limit`` bytes hold."""

    def __init__(self, limit: int) -> None:
        self._limit, self._held = limit, 0
        self._tiles: OrderedDict[int, tuple[ref[Computed], int]] = OrderedDict()
        self._lock = threading.RLock()

    def use(self, tile: Computed) -> None:
        """Note that a tile has been looked at, and have those forgotten that are too many."""
        with self._lock:
            self._drop(id(tile))
            size = 4 * math.prod(tile.shape)
            self._tiles[id(tile)] = ref(tile, partial(self._gone, id(tile))), size
            self._held += size
            while self._held > self._limit and len(self._tiles) > 1:
                oldest, (found, _) = next(iter(self._tiles.items()))
                old = found()
                if old is not None:
                    old.forget()
                self._drop(oldest)

    def _gone(self, key: int, _: object) -> None:
        with self._lock:
            held = self._tiles.get(key)
            if held is not None and held[0]() is None:
                self._drop(key)

    def _drop(self, key: int) -> None:
        held = self._tiles.pop(key, None)
        self._held -= held[1] if held else 0


_computed = _Computed(128 << 20)


def keep_for_a_while(tile: Computed) -> None:
    """Have a tile keep what was computed of it until many others were looked at."""
    _computed.use(tile)


_ROUNDING = 1e-6
"""Pixels by which a view may end beyond its source and count as ending with it."""


def is_exact(matrix: Matrix) -> bool:
    """Whether a map takes pixels to pixels: whole offsets, right angles and mirrorings."""
    a, b, x, c, d, y, g, h, i = matrix
    turns = (abs(a) == abs(d) == 1 and b == c == 0) or (abs(b) == abs(c) == 1 and a == d == 0)
    return turns and g == h == 0 and i == 1 and x == round(x) and y == round(y)


def _course(matrix: Matrix, x: float, y: float) -> tuple[float, float, float, float]:
    """Where (x, y) lies in the source, and over how many of its pixels, each way, one reaches."""
    a, b, c, d, e, f, g, h, i = matrix
    far = g * x + h * y + i
    if far <= 1e-9:
        return math.inf, math.inf, WIDEST, WIDEST
    u, v = (a * x + b * y + c) / far, (d * x + e * y + f) / far
    across = math.hypot((a - u * g) / far, (b - u * h) / far)
    down = math.hypot((d - v * g) / far, (e - v * h) / far)
    return u, v, across, down


def _covered(source: Raster, matrix: Matrix, width: int, height: int) -> bool:
    """Whether the source lies under every pixel of a view, wholly."""
    a, b, _, d, e, _, g, h, _ = matrix
    # Where rows stay rows and columns columns, pixels at the source's edge end with it.
    straight = b == d == g == h == 0 or a == e == g == h == 0
    for x in (0.0, float(width)):
        for y in (0.0, float(height)):
            u, v, across, down = _course(matrix, x, y)
            rim = -_ROUNDING if straight else max(across, down, 1.0)
            if not (rim <= u <= source.width - rim and rim <= v <= source.height - rim):
                return False
    return True
