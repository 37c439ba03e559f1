"""Tiles: a picture as a grid of read-only arrays that versions of it share.

A tile may be a view of the block a decoder filled, so opening a photograph copies nothing. It may
also lie in a file (``StoredTile``) and be fetched each time somebody looks at it.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeAlias
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region
from safelight.pixels.halved_pixels import halved
from safelight.pixels.tile_digest import tile_digest

TILE = 256
"""Side of a tile in pixels. The tiles of the last row and column may be smaller."""


class StoredTile(Protocol):
    """A tile that lies in a file; ``shape`` (height, width, channels), ``digest`` its content's.

    May be used on any thread.
    """

    @property
    def shape(self) -> tuple[int, int, int]: ...

    @property
    def digest(self) -> bytes: ...

    def fetch(self) -> NDArray[Any]:
        """The tile's pixels, (height, width, channels) of its raster's depth, read-only. Raises
        what reading the file raises; never gives others.
        """


Part: TypeAlias = NDArray[Any] | StoredTile
"""A tile as a raster holds it."""


Aside: TypeAlias = Callable[[NDArray[Any]], NDArray[Any]]
"""Gives the same pixels as an array, read-only, which need not be in memory any more."""


def fetched(part: Part) -> NDArray[Any]:
    """A tile's pixels, (height, width, channels) of its raster's depth, wherever it lies."""
    return part if isinstance(part, np.ndarray) else part.fetch()


class Raster:
    """An immutable picture (height, width, channels) cut into shared tiles.

    ``channels`` is 1 (a mask), 3 (RGB) or 4 (RGBA, alpha not premultiplied); ``depth`` is
    "uint8", "uint16" or "float32". Two rasters may hold the same tile objects; nobody writes to
    them.
    """

    __slots__ = (
        *("__weakref__", "_aside", "_bounded", "_coarser", "_digests", "_grey", "_half", "_tiles"),
        *("channels", "depth", "encoded", "height", "width"),
    )

    def __init__(
        self,
        width: int,
        height: int,
        channels: int,
        depth: str,
        tiles: Sequence[Part],
        digests: list[bytes | None] | None = None,
    ) -> None:
        self.width = width
        self.height = height
        self.channels = channels
        self.depth = depth
        self.encoded = False
        """Whether pixels may have to be decoded when they are asked for, which takes its time."""
        # A list, because a tile may move to a file (swap_tiles); its pixels never change.
        self._tiles: list[Part] = list(tiles)
        self._digests: list[bytes | None] = digests or [
            None if isinstance(tile, np.ndarray) else tile.digest for tile in self._tiles
        ]
        self._grey: list[bool | None] = [None] * len(self._tiles)
        self._half: Raster | None = None
        self._coarser: Callable[[], Raster] | None = None
        self._aside: Aside | None = None
        self._bounded: dict[int | None, Region | None] = {}

    @classmethod
    def from_array(cls, pixels: NDArray[Any]) -> Raster:
        """A raster whose tiles are views of ``pixels`` (height, width, 1, 3 or 4).

        The caller gives the array away: nobody may write to it afterwards. Raises ValueError
        for another shape and TypeError for a depth Safelight does not keep.
        """
        if pixels.ndim != 3 or pixels.shape[2] not in (1, 3, 4) or 0 in pixels.shape:
            raise ValueError(f"a raster is (height, width, 1, 3 or 4), not {pixels.shape}")
        if pixels.dtype.name not in ("uint8", "uint16", "float32"):
            raise TypeError(f"a raster cannot hold {pixels.dtype.name}")
        height, width, channels = pixels.shape
        view = pixels.view()
        view.flags.writeable = False
        tiles = [view[place.rows(), place.columns()] for place in places(width, height)]
        return cls(width, height, channels, pixels.dtype.name, tiles)

    @classmethod
    def filled(cls, width: int, height: int, value: Sequence[float], depth: str) -> Raster:
        """A raster of one value, ``value`` per channel in ``depth``'s own numbers.

        It takes the memory of one tile, however large it is.
        """
        rows = {
            rows: [solid((rows, columns, len(value)), value, depth) for columns in _sides(width)]
            for rows in set(_sides(height))
        }
        tiles = [tile for side in _sides(height) for tile in rows[side]]
        return cls(width, height, len(value), depth, tiles)

    @classmethod
    def from_tiles(
        cls, width: int, height: int, channels: int, depth: str, tiles: Sequence[NDArray[Any]]
    ) -> Raster:
        """A raster of tiles (height, width, channels) of ``depth``, row by row, as ``tiles`` gives
        them. Raises ValueError if they do not fit. The caller gives them away: nobody may write to
        them afterwards.
        """
        kind = np.dtype(depth)
        shapes = [(rows, columns, channels) for rows in _sides(height) for columns in _sides(width)]
        if len(shapes) != len(tiles):
            raise ValueError(f"{width} x {height} has {len(shapes)} tiles, not {len(tiles)}")
        for shape, tile in zip(shapes, tiles, strict=True):
            if tile.shape != shape or tile.dtype != kind:
                raise ValueError(f"a tile is {tile.shape} {tile.dtype}, not {shape} {depth}")
            tile.flags.writeable = False
        return cls(width, height, channels, depth, tiles)

    @classmethod
    def stored(
        cls,
        width: int,
        height: int,
        channels: int,
        depth: str,
        tiles: Sequence[StoredTile],
        aside: Aside,
        *,
        encoded: bool = False,
        reduced: Callable[[], Raster] | None = None,
    ) -> Raster:
        """A raster of tiles that lie in a file, row by row; ``aside`` takes its zoom levels.
        ``encoded``: they have to be decoded; ``reduced`` gives the next zoom level, where that
        need not be made of these tiles.

        No tile is asked for its digest before somebody asks the raster. Raises ValueError if the
        tiles do not fit.
        """
        shapes = [(place.height, place.width, channels) for place in places(width, height)]
        if [tile.shape for tile in tiles] != shapes:
            raise ValueError(f"the tiles do not fit {width} x {height}")
        raster = cls(width, height, channels, depth, tiles, [None] * len(tiles))
        raster._aside, raster.encoded, raster._coarser = aside, encoded, reduced
        return raster

    @property
    def region(self) -> Region:
        """The whole picture."""
        return Region(0, 0, self.width, self.height)

    def tiles(self) -> Iterator[tuple[Region, NDArray[Any]]]:
        """Every tile's pixels, (height, width, channels) of the raster's depth, with the place it
        covers, row by row.

        A tile that lies in a file is fetched when its turn comes and is held by nobody afterwards:
        which tiles are the same, ``parts`` tells, not the ``id`` of these arrays.
        """
        for place, part in zip(places(self.width, self.height), self._tiles, strict=True):
            yield place, fetched(part)

    def parts(self) -> tuple[Part, ...]:
        """Every tile as the raster holds it, row by row; the same object is the same tile."""
        return tuple(self._tiles)

    def mapped(
        self, change: Callable[[NDArray[Any]], NDArray[Any]], depth: str | None = None
    ) -> Raster:
        """A raster with a function of each tile's pixels (height, width, channels), of the same
        shape.

        A tile that is there many times is changed once and shared afterwards. ``depth`` is that of
        the new pixels, where it is another one.
        """
        parts = self.parts()  # held, so that no id is taken by another tile meanwhile
        made: dict[int, NDArray[Any]] = {}
        for part in parts:
            if id(part) not in made:
                made[id(part)] = change(fetched(part))
        tiles = [made[id(part)] for part in parts]
        depth = depth or self.depth
        return Raster.from_tiles(self.width, self.height, self.channels, depth, tiles)

    def replaced(self, region: Region, pixels: NDArray[Any]) -> Raster:
        """A raster with ``pixels`` (height, width, channels) of its depth at ``region``.

        All tiles that the region does not touch are shared, and so are their digests and their
        zoom levels. Raises ValueError when the region leaves the picture or pixels do not fit.
        """
        if region.empty or region.intersect(self.region) != region:
            raise ValueError(f"{region} is not inside {self.width} x {self.height}")
        if pixels.shape != (region.height, region.width, self.channels):
            raise ValueError(f"pixels of {pixels.shape} do not fit {region}")
        if pixels.dtype.name != self.depth:
            raise ValueError(f"pixels are {pixels.dtype}, the raster is {self.depth}")
        tiles = {}
        for index, place in self._touched(region):
            shared = place.intersect(region)
            source = shared.move(-region.x, -region.y)
            target = shared.move(-place.x, -place.y)
            tile = np.array(fetched(self._tiles[index]))
            tile[target.rows(), target.columns()] = pixels[source.rows(), source.columns()]
            tiles[index] = tile
        return self._with_tiles(tiles, region)

    def filled_at(self, region: Region, value: float) -> Raster:
        """A raster with ``value``, in its depth's own numbers, in every channel at ``region``.

        What lies wholly in the region is one tile that is there many times, and tiles that were
        the same before are the same after: it takes the time and the memory of the few that
        differ. Raises ValueError when the region leaves the picture.
        """
        if region.empty or region.intersect(self.region) != region:
            raise ValueError(f"{region} is not inside {self.width} x {self.height}")
        columns = -(-self.width // TILE)
        met = range(region.x // TILE, (region.right - 1) // TILE + 1)
        inside = range(-(-region.x // TILE), region.right // TILE)
        tiles = list(self._tiles)
        made: dict[tuple[int, ...], NDArray[Any]] = {}
        for y in range(region.y // TILE * TILE, region.bottom, TILE):
            start, height = y // TILE * columns, min(TILE, self.height - y)
            looked_at = list(met)
            # What is covered from top to bottom is one tile many times, and is not looked at.
            if inside and region.y <= y and y + height <= region.bottom:
                whole = solid((height, TILE, self.channels), value, self.depth)
                tiles[start + inside.start : start + inside.stop] = [whole] * len(inside)
                looked_at = [column for column in (met[0], met[-1]) if column not in inside]
            for column in looked_at:
                place = self._place(start + column)
                part = region.intersect(place)
                tiles[start + column] = self._filled(start + column, place, part, value, made)
        return self._exchanged(tiles, region)

    def _filled(
        self,
        index: int,
        place: Region,
        part: Region,
        value: float,
        made: dict[tuple[int, ...], NDArray[Any]],
    ) -> NDArray[Any]:
        """A tile with ``value`` at a part of its place, as it was ``made`` of the same tile."""
        before = self._tiles[index]
        if part == place:
            return solid(before.shape, value, self.depth)
        inside = part.move(-place.x, -place.y)
        key = id(before), inside.x, inside.y, inside.right, inside.bottom
        if key not in made:
            tile = np.array(fetched(before))
            tile[inside.rows(), inside.columns()] = value
            tile.flags.writeable = False
            made[key] = tile
        return made[key]

    def with_tiles(self, tiles: Mapping[Region, NDArray[Any]], within: Region) -> Raster:
        """A raster with other tiles, (height, width, channels) of its depth, at the places of some
        (as ``tiles()`` gives them), which differ ``within`` a region alone; the same object where
        there are none.

        Raises ValueError for pixels that do not fit. The caller gives them away: nobody may write
        to them afterwards.
        """
        columns, kind = -(-self.width // TILE), np.dtype(self.depth)
        changed = {}
        for place, tile in tiles.items():
            index = place.y // TILE * columns + place.x // TILE
            if tile.shape != self._tiles[index].shape or tile.dtype != kind:
                raise ValueError(f"a tile is {tile.shape} {tile.dtype}; it does not fit {place}")
            changed[index] = tile
        return self._with_tiles(changed, within) if changed else self

    def _with_tiles(self, tiles: Mapping[int, NDArray[Any]], region: Region) -> Raster:
        """A raster with other tiles, by index, that differ within ``region`` alone."""
        changed = list(self._tiles)
        for index, tile in tiles.items():
            tile.flags.writeable = False
            changed[index] = tile
        return self._exchanged(changed, region)

    def _exchanged(self, tiles: list[Part], region: Region) -> Raster:
        """A raster of other tiles, all read-only, that differ within ``region`` alone.

        Of those that are the same the digests and the zoom levels are shared.
        """
        size = self.width, self.height, self.channels, self.depth
        changed = Raster(*size, tiles, list(self._digests))
        changed._grey, changed._aside = list(self._grey), self._aside
        changed.encoded = self.encoded
        for index in self._indices(region):
            if tiles[index] is not self._tiles[index]:
                changed._digests[index] = changed._grey[index] = None
        if self._half is not None:
            changed._half = self._half._renewed(self, changed, region)
        return changed

    def _renewed(self, before: Raster, below: Raster, region: Region) -> Raster:
        """This level, which was made of ``before``, for ``below``, which differs from that within
        ``region``: only what is made of other tiles now is made anew.
        """
        half = Region(
            region.x // 2,
            region.y // 2,
            (region.right + 1) // 2 - region.x // 2,
            (region.bottom + 1) // 2 - region.y // 2,
        )
        earlier, now = before.parts(), below.parts()  # held, so that no id is taken meanwhile
        rows: dict[tuple[int, ...], list[Part]] = {}
        made: dict[tuple[int, ...], NDArray[Any]] = {}
        tiles = list(self._tiles)
        columns, wide = -(-self.width // TILE), -(-below.width // TILE)
        first, last = half.x // TILE, (half.right - 1) // TILE + 1
        for row in range(half.y // TILE, (half.bottom - 1) // TILE + 1):
            # Two rows of tiles as there were before, or that are as they were, are not looked at.
            upper = 2 * row * wide + 2 * first, 2 * row * wide + min(2 * last, wide)
            two = _pair(now, upper, wide)
            if two == _pair(earlier, upper, wide):
                continue
            start, end = row * columns + first, row * columns + last
            if two not in rows:
                for index in range(start, end):
                    left = upper[0] + 2 * (index - start)
                    key = _pair(now, (left, min(left + 2, upper[1])), wide)
                    if key == _pair(earlier, (left, min(left + 2, upper[1])), wide):
                        continue
                    if key not in made:
                        made[key] = self._half_with(index, half, below)
                    tiles[index] = made[key]
                rows[two] = tiles[start:end]
            tiles[start:end] = rows[two]
        return self._exchanged(tiles, half)

    def _half_with(self, index: int, half: Region, below: Raster) -> NDArray[Any]:
        """A tile of this level, of which what lies in ``half`` is made anew of ``below``."""
        place = self._place(index)
        part = place.intersect(half)
        tile = halved(below.read(_doubled(part).intersect(below.region)))
        if part != place:
            inside = part.move(-place.x, -place.y)
            whole = np.array(fetched(self._tiles[index]))
            whole[inside.rows(), inside.columns()] = tile
            tile = whole
        tile.flags.writeable = False
        return tile

    def _four(self, half: Region, tiles: Sequence[Part]) -> tuple[int, ...]:
        """Which of ``tiles`` a tile of the next zoom level is made of, and how large it is.

        Where that is the same, so are its pixels.
        """
        below = _doubled(half).intersect(self.region)
        return half.width, half.height, *(id(tiles[index]) for index in self._indices(below))

    def parts_at(self, region: Region) -> list[Part]:
        """Each tile that ``region`` meets, as the raster holds it, row by row."""
        return [self._tiles[index] for index in self._indices(region)]

    def tiles_at(self, region: Region) -> Iterator[NDArray[Any]]:
        """The pixels, (height, width, channels) of the raster's depth, of each tile that ``region``
        meets, once, however often it is there.
        """
        held = self.parts()
        yield from map(fetched, {id(held[i]): held[i] for i in self._indices(region)}.values())

    def condensed(self) -> Raster:
        """The raster with each tile of one value shared by all tiles of that value.

        Looks at every pixel: call it on a thread.
        """

        def shared(tile: NDArray[Any]) -> NDArray[Any]:
            return solid(tile.shape, tile[0, 0], self.depth) if (tile == tile[0, 0]).all() else tile

        return self.mapped(shared)

    def bounds(self) -> Region | None:
        """The smallest rectangle outside of which everything is 0; None where everything is."""
        return self._bounds(slice(None))

    def opaque_bounds(self) -> Region | None:
        """The smallest rectangle outside of which all is transparent; None where everything is."""
        return self.region if self.channels == 3 else self._bounds(slice(-1, None))

    def _bounds(self, channels: slice) -> Region | None:
        """Kept once computed: 24 megapixels take a tenth of a second."""
        if channels.start not in self._bounded:
            self._bounded[channels.start] = self._measured(channels)
        return self._bounded[channels.start]

    def _measured(self, channels: slice) -> Region | None:
        known: dict[int, tuple[NDArray[np.intp], NDArray[np.intp]]] = {}
        left, top, right, bottom = self.width, self.height, 0, 0
        held = self.parts()
        for place, part in zip(places(self.width, self.height), held, strict=True):
            if id(part) not in known:
                some = (fetched(part)[..., channels] != 0).any(axis=2)
                known[id(part)] = np.flatnonzero(some.any(axis=1)), np.flatnonzero(some.any(axis=0))
            rows, columns = known[id(part)]
            if len(rows):
                left, right = min(left, place.x + columns[0]), max(right, place.x + columns[-1] + 1)
                top, bottom = min(top, place.y + rows[0]), max(bottom, place.y + rows[-1] + 1)
        if right == 0:
            return None
        return Region(int(left), int(top), int(right - left), int(bottom - top))

    def digests(self, each: Callable[..., Iterable[bytes]] = map) -> list[bytes]:
        """The content of each tile, row by row, as 16 bytes (BLAKE3); kept once computed.
        ``each`` is ``map``, or one that works on several threads.
        """
        held = self.parts()  # so that no id is taken by another tile meanwhile
        asked = [index for index, digest in enumerate(self._digests) if digest is None]
        new = {id(held[index]): held[index] for index in asked}
        known = dict(zip(new, each(_digest_of, new.values()), strict=True))
        for index in asked:
            self._digests[index] = known[id(held[index])]
        return [digest for digest in self._digests if digest is not None]

    def digest(self) -> bytes:
        """Content, size, channels and depth as 16 bytes: equal pictures have equal digests."""
        head = f"{self.width} {self.height} {self.channels} {self.depth}".encode()
        return hashlib.blake2b(head + b"".join(self.digests()), digest_size=16).digest()

    def is_grey(self) -> bool:
        """Whether red, green and blue are the same everywhere; kept tile by tile once known."""
        if self.channels == 1:
            return True
        for index, grey in enumerate(self._grey):
            if grey is None:
                grey = self._grey[index] = has_no_colour(fetched(self._tiles[index]))
            if not grey:
                return False
        return True

    def swap_tiles(self, equal: Mapping[int, Part]) -> None:
        """Take other tiles of the same pixels, by ``id`` of the present part.

        For moving tiles into a file and back; what anyone sees of the raster stays the same.
        """
        for index, tile in enumerate(self._tiles):
            self._tiles[index] = equal.get(id(tile), tile)

    def forget_levels(self) -> None:
        """Give up the zoom levels; they are made again when they are asked for."""
        self._half = None

    def made_levels(self) -> Iterator[Raster]:
        """The zoom levels that have been made, finest first."""
        level = self._half
        while level is not None:
            yield level
            level = level._half

    def _touched(self, region: Region) -> Iterator[tuple[int, Region]]:
        """Index and place of each tile that ``region`` meets."""
        for index in self._indices(region):
            yield index, self._place(index)

    def _place(self, index: int) -> Region:
        """Where a tile lies."""
        row, column = divmod(index, -(-self.width // TILE))
        height, width = self._tiles[index].shape[:2]
        return Region(column * TILE, row * TILE, width, height)

    def _indices(self, region: Region) -> Iterator[int]:
        """Which tiles ``region`` meets, row by row."""
        columns = -(-self.width // TILE)
        first, last = region.x // TILE, (region.right - 1) // TILE + 1
        for row in range(region.y // TILE, (region.bottom - 1) // TILE + 1):
            yield from range(row * columns + first, row * columns + last)

    def shares(self, other: Raster, region: Region) -> bool:
        """Whether ``other``, as large, holds the very same tiles where ``region`` lies."""
        return all(self._tiles[i] is other._tiles[i] for i in self._indices(region))

    def read(self, region: Region) -> NDArray[Any]:
        """The pixels of ``region`` as one array (height, width, channels) of the raster's depth.

        A region inside one tile comes back as a read-only view. Raises ValueError when the
        region leaves the picture.
        """
        if region.empty or region.intersect(self.region) != region:
            raise ValueError(f"{region} is not inside {self.width} x {self.height}")
        touched = list(self._touched(region))
        if len(touched) == 1:
            ((index, place),) = touched
            inside = region.move(-place.x, -place.y)
            return fetched(self._tiles[index])[inside.rows(), inside.columns()]
        result = np.empty((region.height, region.width, self.channels), self.depth)
        for index, place in touched:
            shared = place.intersect(region)
            target = shared.move(-region.x, -region.y)
            source = shared.move(-place.x, -place.y)
            tile = fetched(self._tiles[index])
            result[target.rows(), target.columns()] = tile[source.rows(), source.columns()]
        return result

    def to_array(self) -> NDArray[Any]:
        """The whole picture as one array (height, width, channels) of the raster's depth."""
        return self.read(self.region)

    def in_one(self) -> NDArray[Any] | None:
        """The whole picture as one read-only array (height, width, channels) of the raster's depth,
        where its tiles are views of one; else None. Nothing is copied.
        """
        first = self._tiles[0]
        if not isinstance(first, np.ndarray) or first.base is None:
            return None
        size = first.itemsize
        strides = self.width * self.channels * size, self.channels * size, size
        start = first.__array_interface__["data"][0]
        for index, tile in enumerate(self._tiles):
            if not isinstance(tile, np.ndarray) or tile.base is not first.base:
                return None
            place = self._place(index)
            there = start + place.y * strides[0] + place.x * strides[1]
            if tile.strides != strides or tile.__array_interface__["data"][0] != there:
                return None
        shape = self.height, self.width, self.channels
        return np.lib.stride_tricks.as_strided(first, shape, strides, writeable=False)

    def level(self, level: int) -> Raster:
        """The picture reduced by 2 ** ``level``: each pixel the mean of the 2 x 2 below it.

        Levels are 8-bit, because only the screen looks at them, and are kept once made.
        """
        raster = self
        for _ in range(level):
            if raster._half is None:
                raster._half = (raster._coarser or raster._halved)()
            raster = raster._half
        return raster

    def _halved(self) -> Raster:
        # Tile by tile: a long call into another library would hold up the window's thread.
        width, height = -(-self.width // 2), -(-self.height // 2)
        held = self.parts()  # so that no id is taken by another tile meanwhile
        made: dict[tuple[int, ...], NDArray[Any]] = {}
        rows: dict[tuple[int, ...], list[NDArray[Any]]] = {}
        columns, tiles = len(_sides(self.width)), list[NDArray[Any]]()
        for y in range(0, height, TILE):
            # Two rows of tiles that were there before, as most are of a selection, are not
            # looked at tile by tile.
            first = 2 * (y // TILE) * columns
            two = tuple(map(id, held[first : first + 2 * columns]))
            if two not in rows:
                spots = places(width, min(TILE, height - y))
                rows[two] = [self._half_of(place.move(0, y), held, made) for place in spots]
            tiles += rows[two]
        half = Raster(width, height, self.channels, "uint8", tiles)
        half._aside = self._aside
        return half

    def _half_of(
        self, place: Region, held: Sequence[Part], made: dict[tuple[int, ...], NDArray[Any]]
    ) -> NDArray[Any]:
        """The tile at ``place`` of the next zoom level, as it was ``made`` of the same tiles."""
        key = self._four(place, held)
        if key not in made:
            tile = halved(self.read(_doubled(place).intersect(self.region)))
            tile.flags.writeable = False
            made[key] = tile if self._aside is None else self._aside(tile)
        return made[key]

    def has_level(self, level: int) -> bool:
        """Whether ``level`` has been made, so that asking for it takes no time."""
        raster: Raster | None = self
        while level and raster is not None:
            raster, level = raster._half, level - 1
        return raster is not None

    @property
    def different_tiles(self) -> int:
        """How many tiles there are if one that is there many times counts once."""
        return len(set(map(id, self._tiles)))

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the tiles hold; one that is there many times counts once."""
        tiles = {id(tile): tile for tile in self._tiles if isinstance(tile, np.ndarray)}
        return sum(tile.nbytes for tile in tiles.values())


def has_no_colour(pixels: NDArray[Any]) -> bool:
    """Whether the first three channels of (height, width, 3 or 4), of any depth, are the same
    everywhere.
    """
    red, green, blue = (pixels[..., channel] for channel in range(3))
    return bool((red == green).all()) and bool((green == blue).all())


def without_colour(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Colours (height, width, 3) as greys of the same luma (ITU-R BT.709); greys as they are."""
    red, green, blue = (pixels[..., channel] for channel in range(3))
    luma = green + np.float32(0.2126) * (red - green) + np.float32(0.0722) * (blue - green)
    return np.repeat(luma[..., None], 3, axis=2)


_solids: WeakValueDictionary[tuple[Any, ...], NDArray[Any]] = WeakValueDictionary()
_solids_lock = threading.Lock()


def solid(
    shape: tuple[int, ...], value: float | Sequence[float] | NDArray[Any], depth: str
) -> NDArray[Any]:
    """A read-only tile of ``shape`` (height, width, channels) and depth (uint8, uint16 or float32)
    of one value, or one for each channel; the same object whenever it is asked for while it is in
    use anywhere.
    """
    pixel = np.empty(shape[2], depth)
    pixel[...] = value
    key = *shape, depth, pixel.tobytes()
    with _solids_lock:
        tile = _solids.get(key)
        if tile is None:
            tile = np.empty(shape, depth)
            tile[...] = pixel
            tile.flags.writeable = False
            _solids[key] = tile
        return tile


def _digest_of(part: Part) -> bytes:
    return tile_digest(part) if isinstance(part, np.ndarray) else part.digest


def _sides(length: int) -> list[int]:
    """How long each tile of a row, or of a column, is."""
    return [min(TILE, length - start) for start in range(0, length, TILE)]


def places(width: int, height: int) -> Iterator[Region]:
    """Where the tiles of a picture lie, row by row."""
    for y in range(0, height, TILE):
        for x in range(0, width, TILE):
            yield Region(x, y, min(TILE, width - x), min(TILE, height - y))


def _pair(tiles: Sequence[Part], upper: tuple[int, int], columns: int) -> tuple[int, ...]:
    """Which tiles some of a row of ``columns`` are, and those below them, if there are any."""
    start, end = upper
    return tuple(map(id, (*tiles[start:end], *tiles[start + columns : end + columns])))


def _doubled(half: Region) -> Region:
    """What of a picture a part of its next zoom level stands for; it may be a pixel larger."""
    return Region(half.x * 2, half.y * 2, half.width * 2, half.height * 2)


class RasterBuilder:
    """A picture being filled piece by piece; ``finish`` turns it into a Raster without a copy."""

    def __init__(self, width: int, height: int, channels: int, depth: str) -> None:
        self._pixels: NDArray[Any] = np.zeros((height, width, channels), depth)

    def write(self, region: Region, pixels: NDArray[Any]) -> None:
        """Put ``pixels`` (height, width, channels) of the builder's depth at ``region``."""
        self._pixels[region.rows(), region.columns()] = pixels

    def at(self, region: Region) -> NDArray[Any]:
        """What lies at ``region``, (height, width, channels) of the builder's depth, to be written
        to.
        """
        return self._pixels[region.rows(), region.columns()]

    def finish(self) -> Raster:
        """The finished raster. The builder must not be written to afterwards."""
        return Raster.from_array(self._pixels)
