"""Raw extent: whether a raw file holds all the bytes that it says its numbers take."""

from __future__ import annotations

from collections.abc import Iterator

from safelight.files.codecs.photograph import DamagedError
from safelight.files.metadata import ifd

_PHOTOMETRIC, _STRIPS, _STRIP_BYTES, _TILES, _TILE_BYTES = 262, 273, 279, 324, 325
_PANASONIC, _ELSEWHERE = 280, 0xFFFFFFFF
"""Where Panasonic's numbers begin, and what stands in the place where others say that."""

_RAW = {32803, 34892}
_MOST_DIRECTORIES = 64
_EXPANSION = 4096
"""Bytes of a sensor's numbers that no byte of a file becomes."""


def notes(fetch: ifd.Fetch, size: int, pixels: int) -> list[str]:
    """What is to be said of a raw file of ``size`` bytes that is made as a TIFF is and of which
    ``pixels`` are to be developed: nothing of a whole one.

    Raises DamagedError where nothing of them is there.
    """
    stated = _stated(fetch)
    wanted = sum(count for _, count in stated)
    held = sum(min(max(size - start, 0), count) for start, count in stated)
    if not wanted:
        return []
    if held * _EXPANSION < 2 * pixels:
        if held < wanted:
            raise DamagedError("is cut off: it ends before what the camera's sensor saw")
        raise DamagedError(
            f"is damaged: {held:,} bytes of what a sensor saw cannot become {pixels:,} pixels"
        )
    if held < wanted:
        return [f"The file ends early; {100 * held // wanted} % of the picture is there."]
    return _of_tags(fetch)


def _of_tags(fetch: ifd.Fetch) -> list[str]:
    """What is to be said of tags whose values would stand behind the end of the file."""
    lost = 0
    try:
        header = ifd.Header.read(fetch)
        for directory in _directories(fetch, header):
            for each in (directory, *directory.children.values()):
                lost += len(each.outside)
    except ifd.DirectoryError:
        pass  # those that could be read count
    if not lost:
        return []
    tags = "1 tag is" if lost == 1 else f"{lost} tags are"
    return [f"The file ends early; {tags} missing, so colours or facts may be wrong."]


def _stated(fetch: ifd.Fetch) -> list[tuple[int, int]]:
    """Place and length of each part of the sensor's numbers, or of the longest picture where none
    of the directories says that it is of these.
    """
    found: list[tuple[bool, int, list[tuple[int, int]]]] = []
    try:
        header = ifd.Header.read(fetch)
        for directory in _directories(fetch, header):
            kinds = {int(kind) for kind in directory.numbers(_PHOTOMETRIC, header)}
            parts = _parts(directory, header)
            found.append((bool(kinds & _RAW), sum(count for _, count in parts), parts))
    except ifd.DirectoryError:
        pass  # those that could be read count
    return max(found, key=lambda item: item[:2], default=(False, 0, []))[2]


def _directories(fetch: ifd.Fetch, header: ifd.Header) -> Iterator[ifd.Directory]:
    """The directories in the chain, and those inside them."""
    waiting, seen = [header.first], set[int]()
    while waiting and len(seen) < _MOST_DIRECTORIES:
        place = waiting.pop(0)
        if not place or place in seen:
            continue
        seen.add(place)
        directory = ifd.read_directory(fetch, header, place)
        yield directory
        inside = directory.numbers(_SUB_DIRECTORIES, header)
        waiting += [directory.next, *(int(each) for each in inside)]


_SUB_DIRECTORIES = 330


def _parts(directory: ifd.Directory, header: ifd.Header) -> list[tuple[int, int]]:
    for places, lengths in ((_TILES, _TILE_BYTES), (_STRIPS, _STRIP_BYTES)):
        starts = [int(start) for start in directory.numbers(places, header)]
        counts = [int(count) for count in directory.numbers(lengths, header)]
        if starts == [_ELSEWHERE]:
            starts = [int(start) for start in directory.numbers(_PANASONIC, header)]
        if starts and len(starts) == len(counts):
            return list(zip(starts, counts, strict=True))
    return []
