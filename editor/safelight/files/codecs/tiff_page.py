"""A page of a TIFF file: its directory, read as numbers, the parts it lists and its metadata."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from safelight.files.codecs import jpeg
from safelight.files.codecs import tiff_tags as tags
from safelight.files.codecs.photograph import (
    DamagedError,
)
from safelight.files.metadata import ifd

_MOST_PAGES = 1000
MOST_INSIDE = 16


class Page:
    """A directory of a TIFF file, the main one or that at ``place``: its tags as numbers, with the
    defaults of TIFF 6.0.
    """

    def __init__(self, fetch: ifd.Fetch, place: int | None = None) -> None:
        try:
            self.header = ifd.Header.read(fetch)
            first = self.header.first if place is None else place
            self.directory = ifd.read_directory(fetch, self.header, first)
        except ifd.DirectoryError as error:
            raise DamagedError(f"is damaged or cut off: {error}") from error
        self.width = self.number(tags.WIDTH, 0)
        self.height = self.number(tags.LENGTH, 0)
        self.compression = self.number(tags.COMPRESSION, 1)
        self.photometric = self.number(tags.PHOTOMETRIC, tags.BLACK_IS_ZERO)
        self.bits = self.number(tags.BITS, 1)
        self.samples = self.number(tags.SAMPLES, 1)

    def number(self, tag: int, default: int) -> int:
        """The first number of a tag; ``default`` where the page has no such tag."""
        found = self.directory.numbers(tag, self.header)
        return int(found[0]) if found else default

    @property
    def itemsize(self) -> int:
        """Bytes of a decoded channel of a pixel."""
        return -(-self.bits // 8)

    @property
    def decoded(self) -> int:
        """Bytes of the decoded picture."""
        return self.width * self.height * self.samples * self.itemsize

    def value(self, tag: int) -> bytes | None:
        """The bytes of a tag; None where the page has no such tag, or an empty one."""
        entry = self.directory.entries.get(tag)
        return entry.value if entry and entry.value else None

    def is_raw(self, fetch: ifd.Fetch) -> bool:
        """Whether a camera's raw data is in it, with a small picture in front at most.

        A DNG whose only picture is a finished one is a TIFF like any other.
        """
        entries, header = self.directory.entries, self.header
        if self.photometric in tags.RAW_COLOURS:
            return True
        small = bool(
            self.number(tags.SUBFILE, 0) & tags.REDUCED and tags.SUB_DIRECTORIES in entries
        )
        if small and (tags.DNG_VERSION in entries or 271 in entries):
            return True
        if tags.DNG_VERSION not in entries:
            return False
        for place in self.directory.numbers(tags.SUB_DIRECTORIES, header)[:MOST_INSIDE]:
            try:
                inside = ifd.read_directory(fetch, header, int(place))
            except ifd.DirectoryError:
                continue
            if {int(kind) for kind in inside.numbers(tags.PHOTOMETRIC, header)} & set(
                tags.RAW_COLOURS
            ):
                return True
        return False

    def segments(self) -> list[tuple[int, int]]:
        """(offset, length) of each strip or tile."""
        numbers = self.directory.numbers
        for places, lengths in ((tags.TILES, tags.TILE_BYTES), (tags.STRIPS, tags.STRIP_BYTES)):
            offsets = numbers(places, self.header)
            counts = numbers(lengths, self.header)
            if offsets and len(offsets) == len(counts):
                return [(int(o), int(c)) for o, c in zip(offsets, counts, strict=True)]
        return []

    def plain_lengths(self) -> list[int] | None:
        """How long each strip or tile of an uncompressed picture is; None where nobody knows."""
        width, rows = self.part_size()
        if self.compression != 1 or self.photometric == tags.YCBCR or width <= 0 or rows <= 0:
            return None
        planes = self.samples if self.number(tags.PLANAR, 1) == 2 else 1
        row = -(-width * (self.samples // planes) * self.bits // 8)
        tiled = tags.TILES in self.directory.entries
        across, down = -(-self.width // width), -(-self.height // rows)
        if across * down * planes != len(self.segments()):
            return None
        if tiled:
            return [row * rows] * (across * down * planes)
        tops = range(0, self.height, rows)
        return [row * min(rows, self.height - top) for top in tops] * planes

    def part_size(self) -> tuple[int, int]:
        """Width and height in pixels of a whole strip or tile."""
        if tags.TILES in self.directory.entries:
            return self.number(tags.TILE_WIDTH, 0), self.number(tags.TILE_LENGTH, 0)
        return self.width, min(self.number(tags.ROWS_PER_STRIP, self.height), self.height)


def reduced_pages(fetch: ifd.Fetch, page: Page) -> Iterator[int]:
    """Where the directories of smaller copies stand that follow that of the first picture."""
    for place, is_reduced in following(fetch, page, MOST_INSIDE):
        if not is_reduced:
            return  # what follows belongs to another picture
        yield place


def count_of_pages(fetch: ifd.Fetch, page: Page) -> int:
    """How many full pictures the file holds; reduced copies do not count."""
    return 1 + sum(not is_reduced for _, is_reduced in following(fetch, page, _MOST_PAGES))


def following(fetch: ifd.Fetch, page: Page, most: int) -> Iterator[tuple[int, bool]]:
    """Where the directories behind the main one stand, ``most`` of them with that one, and whether
    each is of a smaller copy; none behind one that is damaged.
    """
    following, seen = page.directory.next, {page.header.first}
    while following and following not in seen and len(seen) < most:
        seen.add(following)
        try:
            directory = ifd.read_directory(fetch, page.header, following)
        except ifd.DirectoryError:
            return
        kind = directory.numbers(tags.SUBFILE, page.header)
        yield following, bool(kind and int(kind[0]) & tags.REDUCED)
        following = directory.next


def described(directory: ifd.Directory) -> ifd.Directory:
    """What of a main directory tells about the photograph, not about this file's layout."""
    return ifd.pick(directory, tags.CARRIED)


def exif_of(fetch: ifd.Fetch) -> bytes | None:
    """What a TIFF structure tells about its photograph, as an EXIF block of its own; None for
    nothing.

    Raises DamagedError for what is no such structure.
    """
    return page_exif(Page(fetch))


def page_exif(page: Page) -> bytes | None:
    """What a page tells about the photograph, as an EXIF block of its own; None for nothing."""
    carried = described(page.directory)
    if not carried.entries and not carried.children:
        return None
    return ifd.structure(carried, page.header.order)


def page_iptc(page: Page) -> bytes | None:
    """The IPTC record of a page, from a tag of its own or from Photoshop's; None for none."""
    value = page.value(tags.IPTC)
    if not value and (resources := page.value(tags.PHOTOSHOP)):
        return jpeg.resource(resources, jpeg.IPTC_RESOURCE)
    if value and value[0] != 0x1C and value[3:4] == b"\x1c":
        # Written as 4-byte numbers in the other byte order, an old habit of libtiff's.
        value = np.frombuffer(value[: len(value) // 4 * 4], "<u4").byteswap().tobytes()
    return value


def page_dpi(page: Page) -> tuple[float, float] | None:
    """Pixels per inch, across and down; None where the page states no resolution in a unit."""
    x = page.directory.numbers(tags.X_RESOLUTION, page.header)
    y = page.directory.numbers(tags.Y_RESOLUTION, page.header)
    factor = {2: 1.0, 3: 2.54}.get(page.number(tags.RESOLUTION_UNIT, 2))
    if not (x and y and factor and x[0] > 0 and y[0] > 0):
        return None
    return (x[0] * factor, y[0] * factor)
