"""Cube table: look-up tables of .cube files, read with care, and as the text that a setting holds.

The format: Adobe, "Cube LUT Specification" 1.0 (2013); what DaVinci Resolve adds to it
(``LUT_1D_INPUT_RANGE``, ``LUT_3D_INPUT_RANGE``, both tables in one file) is read as well. A file
may be a stranger's. The text is a ``data:`` URI (RFC 2397), so a look goes where its setting goes.
"""

from __future__ import annotations

import functools
import itertools
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import numpy as np
from numpy.typing import NDArray

from safelight.api.tone_table import (
    LARGEST,
    LARGEST_SIDE,
    MOST_NUMBERS,
    MOST_SAMPLES,
    Curves,
    Lattice,
    Matrix,
    Stage,
    TableError,
    packed,
    stages_of,
    unpacked,
)

LARGEST_FILE = 100_000_000
"""Bytes of a file that is read; the largest table that is read takes some 70 million."""

LARGEST_READ = 129
"""Points a side of a table that is read; one of more than ``LARGEST_SIDE`` is kept with that many.
"""

_BEGINNING = "data:application/x-cube;"
_LONGEST_TITLE = 120
_LONGEST_TEXT = 900_000
"""Characters: what a worker is told at once has a limit, and a setting is one part of it."""

_LEVELS = (1 << 20, 1 << 16)
"""Steps from the least to the largest number of a table, as it is kept: 5e-7 or 8e-6 of its range
apart at most. The second is for tables that are too long otherwise.
"""

_PORTION = 1 << 20
"""Bytes of numbers that are read at a time."""

_LONGEST_NUMBER = 64
"""Characters of a number; nobody writes more."""

_GAP = re.compile(rb"\s")
_NUMBER = re.compile(rb"[-+.0-9]")
_SIZES = {"LUT_1D_SIZE": (2, MOST_SAMPLES), "LUT_3D_SIZE": (2, LARGEST_READ)}
_RANGES = ("DOMAIN_MIN", "DOMAIN_MAX", "LUT_1D_INPUT_RANGE", "LUT_3D_INPUT_RANGE")


class CubeError(ValueError):
    """What cannot be read as a look-up table; the message is a clause that follows "it"."""


@dataclass(frozen=True, slots=True)
class Cube:
    """A look: what it is called, and the stages that each colour goes through."""

    title: str
    stages: tuple[Stage, ...]


@dataclass(slots=True)
class _Head:
    """What the lines before the numbers say."""

    title: str = ""
    sizes: dict[str, int] = field(default_factory=dict)
    ranges: dict[str, tuple[float, ...]] = field(default_factory=dict)


def read_cube(path: str | os.PathLike[str]) -> Cube:
    """The look in a .cube file. Raises CubeError; no more than ``LARGEST_FILE`` bytes are read."""
    try:
        with open(path, "rb", opener=_opened) as file:
            facts = os.fstat(file.fileno())
            if not stat.S_ISREG(facts.st_mode):
                raise CubeError("is no file")
            if facts.st_size > LARGEST_FILE:
                raise CubeError(f"is larger than {LARGEST_FILE // 1_000_000} MB: no look is")
            data = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise CubeError(f"cannot be read: {error.strerror or error}") from None
    except CubeError:
        raise
    except ValueError:
        raise CubeError("cannot be read: its name is none") from None
    return cube_of(data, Path(path).stem)


def _opened(path: str, flags: int) -> int:
    """Open a file without waiting for who writes into a pipe."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def cube_of(data: bytes, name: str) -> Cube:
    """The look in the bytes of a .cube file called ``name``. Raises CubeError."""
    if len(data) > LARGEST_FILE:
        raise CubeError(f"is larger than {LARGEST_FILE // 1_000_000} MB: no look is")
    if b"\0" in data[:100_000]:
        raise CubeError("is no text, and so no .cube file")
    head, start = _head(data)
    if not head.sizes:
        raise CubeError("says no LUT_1D_SIZE and no LUT_3D_SIZE, and so is no .cube file")
    counts = [
        side if kind == "LUT_1D_SIZE" else side**3 for kind, side in sorted(head.sizes.items())
    ]
    values = _values(data[start:], data[:start].count(b"\n"), sum(counts))
    try:
        stages = tuple(itertools.chain(*_stages(head, values)))
        return Cube(tidy_title(head.title) or tidy_title(name) or "Untitled", stages_of(stages))
    except TableError as error:
        raise CubeError(f"has no table that can be used: {error}") from None


def _head(data: bytes) -> tuple[_Head, int]:
    """What the keywords say, and where the numbers begin."""
    head = _Head()
    place = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    while place < len(data):
        end = data.find(b"\n", place)
        end = len(data) if end < 0 else end
        line = data[place:end].strip()
        if _NUMBER.match(line):
            return head, place
        if line and not line.startswith(b"#"):
            _take_keyword(head, line[:1000].decode("utf-8", "replace"))
        place = end + 1
    return head, len(data)


def _take_keyword(head: _Head, line: str) -> None:
    """Note what one line says; other programs' keywords are theirs."""
    word, _, rest = line.partition(" ") if "\t" not in line else line.partition("\t")
    rest = rest.strip()
    if word == "TITLE":
        head.title = rest.strip('"')
    elif word in _SIZES:
        low, high = _SIZES[word]
        try:
            side = int(rest[:20])
        except ValueError:
            raise CubeError(f"says {word} {rest!r:.40}, which is no whole number") from None
        if not low <= side <= high:
            raise CubeError(f"says {word} {side}; {low} to {high} can be read")
        head.sizes[word] = side
    elif word in _RANGES:
        try:
            numbers = tuple(float(part) for part in rest.split())
        except ValueError:
            numbers = ()
        if len(numbers) != (3 if word.startswith("DOMAIN") else 2):
            raise CubeError(f"says {word} {rest!r:.40}, which is not as many numbers as it takes")
        if not all(abs(number) <= LARGEST for number in numbers):  # NaN neither
            raise CubeError(f"says {word} {rest!r:.40}, which is beyond all light")
        head.ranges[word] = numbers


def _values(data: bytes, before: int, lines: int) -> NDArray[np.float64]:
    """The table's numbers, float64 (lines, 3), three of each line. ``before`` are the lines of the
    head.
    """
    if b"#" in data:
        data = re.sub(rb"#[^\n]*", b"", data)
    values, count = np.empty(3 * lines), 0
    for words in _words(data, before):
        if count + len(words) <= len(values):
            try:
                some = np.array(words, dtype=np.bytes_).astype(np.float64)
            except ValueError:
                raise CubeError(_strange_line(data, before)) from None
            values[count : count + len(words)] = some
        count += len(words)
    if count != len(values):
        raise CubeError(
            f"says that it has {lines} lines of three numbers, which are {len(values)} numbers, but"
            f" has {count}"
        )
    if not (np.abs(values) <= LARGEST).all():  # NaN neither
        raise CubeError(_strange_line(data, before))
    return values.reshape(lines, 3)


def _words(data: bytes, before: int) -> Iterator[list[bytes]]:
    """The words of a text, some at a time: of all of them at once there would be too many."""
    place = 0
    while place < len(data):
        gap = _GAP.search(data, place + _PORTION)
        end = gap.start() if gap else len(data)
        if end - place > _PORTION + _LONGEST_NUMBER:
            raise CubeError("has a line with no end where its numbers should be")
        if words := data[place:end].split():
            if max(map(len, words)) > _LONGEST_NUMBER:
                raise CubeError(_strange_line(data, before))
            yield words
        place = end


def _strange_line(data: bytes, before: int) -> str:
    for count, line in enumerate(data.split(b"\n"), before + 1):
        for word in line.split():
            try:
                fine = len(word) <= _LONGEST_NUMBER and abs(float(word)) <= LARGEST
            except ValueError:
                fine = False
            if not fine:
                return f"has {word[:20].decode('utf-8', 'replace')!r} in line {count}, no number"
    return "has what is no number"


def _stages(head: _Head, values: NDArray[np.float64]) -> Iterator[Sequence[Stage]]:
    """The tables of a file, the curves first."""
    curves = head.sizes.get("LUT_1D_SIZE", 0)
    into: Sequence[Stage]
    if curves:
        into, low, high = _to_one_domain(*_domain(head, "LUT_1D_INPUT_RANGE"))
        yield (*into, Curves(values[:curves].T, low[0], high[0]))
    if side := head.sizes.get("LUT_3D_SIZE", 0):
        into, low, high = _to_one_domain(*_domain(head, "LUT_3D_INPUT_RANGE"))
        # In the file red goes fastest.
        points = values[curves:].reshape(side, side, side, 3).transpose(2, 1, 0, 3)
        yield (*into, Lattice(_with_fewer(points), low[0], high[0]))


def _domain(head: _Head, own: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Where a table begins and ends, for each channel."""
    lows: tuple[float, ...]
    highs: tuple[float, ...]
    if own in head.ranges:
        low, high = head.ranges[own]
        lows, highs = (low,) * 3, (high,) * 3
    else:
        lows = head.ranges.get("DOMAIN_MIN", (0.0,) * 3)
        highs = head.ranges.get("DOMAIN_MAX", (1.0,) * 3)
    if not all(high - low >= 1e-6 for low, high in zip(lows, highs, strict=True)):
        raise CubeError(f"has a domain that does not go up: from {lows} to {highs}")
    return lows, highs


def _to_one_domain(
    lows: tuple[float, ...], highs: tuple[float, ...]
) -> tuple[tuple[Stage, ...], tuple[float, ...], tuple[float, ...]]:
    """What brings three channels to one domain, and that domain."""
    if len(set(lows)) == len(set(highs)) == 1:
        return (), lows, highs
    scales = [1 / (high - low) for low, high in zip(lows, highs, strict=True)]
    offset = tuple(-low * scale for low, scale in zip(lows, scales, strict=True))
    rows = Matrix.scaled(*scales).rows
    return (Matrix(rows, (offset[0], offset[1], offset[2])),), (0.0,) * 3, (1.0,) * 3


def _with_fewer(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points of a lattice, (n, n, n, 3), brought to ``LARGEST_SIDE`` a side if there are more, in
    straight lines along each side.
    """
    side = len(points)
    if side <= LARGEST_SIDE:
        return points
    place = np.linspace(0, side - 1, LARGEST_SIDE)
    first = np.minimum(place.astype(int), side - 2)
    for axis in range(3):
        share = (place - first).reshape([-1 if axis == other else 1 for other in range(4)])
        here, there = np.take(points, first, axis), np.take(points, first + 1, axis)
        points = here + share * (there - here)
    return points


def tidy_title(title: str) -> str:
    """A title on one line, of a bearable length; it may be a stranger's."""
    printable = "".join(c if c.isprintable() else " " for c in title[: 4 * _LONGEST_TITLE])
    return " ".join(printable.split())[:_LONGEST_TITLE]


# -- as a text ---------------------------------------------------------------------------------


def cube_text(cube: Cube) -> str:
    """A look as a setting holds it. Raises CubeError where it is too long for one.

    Its numbers are kept to a millionth of their range, those of a table that would be too long so
    to half a level of 16 bits.
    """
    for levels in _LEVELS:
        text = _text(cube, levels)
        if len(text) <= _LONGEST_TEXT:
            return text
    raise CubeError("has a table like noise, which no setting can hold")


def is_cube_text(text: str) -> bool:
    """Whether a text looks like a look; ``cube_stages`` finds out whether it is one."""
    return text.startswith(_BEGINNING) and len(text) <= _LONGEST_TEXT


def cube_title(text: str) -> str:
    """What a look is called, of its text."""
    fields = (item.partition("=") for item in text.partition(",")[0].split(";")[1:])
    titles = (tidy_title(unquote(value)) for name, _, value in fields if name == "title")
    return next(titles, "") or "Untitled"


@functools.lru_cache(maxsize=4)
def cube_stages(text: str) -> tuple[Stage, ...]:
    """The stages of a look, of the text that an ``api.Lut`` holds; none of "".

    Raises TableError for a text that holds no look: it may be a stranger's.
    """
    if not text:
        return ()
    import base64
    import json  # like the others here only where there is a look: all plugins load this module
    import zlib

    try:
        if not is_cube_text(text):
            raise ValueError
        body = base64.b64decode(text.partition(";base64,")[2], validate=True)
        first, _, rest = body.partition(b"\n")
        told = json.loads(first)
        samples = _unfolded(told["tables"], rest)
        return unpacked(told["stages"], samples)
    except TableError:
        raise
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
        zlib.error,
        OverflowError,
        ZeroDivisionError,
    ):
        raise TableError("the look is damaged: its text is no table") from None


def _text(cube: Cube, levels: int) -> str:
    import base64
    import json
    import zlib

    made = packed(cube.stages)
    shapes = [item["shape"] for item in made.stages if "shape" in item]
    tables, residues, used = [], [], 0
    for shape in shapes:
        size = int(np.prod(shape))
        own = made.samples[used : used + size].astype(np.float64).reshape(shape)
        used += size
        least, span = float(own.min()), float(own.max() - own.min())
        steps = np.rint((own - least) / (span or 1.0) * (levels - 1)).astype(np.int64)
        tables.append({"shape": shape, "least": least, "span": span, "levels": levels})
        residues.append(_predicted(steps).reshape(-1))
    joined = np.concatenate(residues) if residues else np.empty(0, np.int64)
    # Small numbers of either sign as small ones, and like bytes beside one another.
    folded = np.where(joined < 0, -2 * joined - 1, 2 * joined).astype("<u4")
    planes = folded.view(np.uint8).reshape(-1, 4).T.tobytes()
    head = json.dumps({"stages": made.stages, "tables": tables}, separators=(",", ":"))
    body = base64.b64encode(head.encode() + b"\n" + zlib.compress(planes, 9)).decode()
    return f"{_BEGINNING}title={quote(cube.title, safe='')};base64,{body}"


def _along(shape: Sequence[int]) -> range:
    """The axes along which neighbours are alike: not the one of the channels."""
    return range(1, 2) if len(shape) == 2 else range(min(len(shape), 3))


def _predicted(steps: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each number less what its neighbours let one expect (Lorenzo's predictor)."""
    for axis in _along(steps.shape):
        steps = np.diff(steps, axis=axis, prepend=0)
    return steps


def _unfolded(tables: list[dict[str, Any]], data: bytes) -> NDArray[np.float32]:
    """All samples of the tables of a text, in a row. Raises what damaged data raise."""
    import zlib

    shapes = [tuple(int(side) for side in table["shape"]) for table in tables]
    if any(side < 1 or side > MOST_SAMPLES or len(shape) > 4 for shape in shapes for side in shape):
        raise ValueError
    sizes = [int(np.prod([float(side) for side in shape])) for shape in shapes]
    total = sum(sizes)
    if total > MOST_NUMBERS:
        raise TableError(f"the look has {total} samples; at most {MOST_NUMBERS} are allowed")
    planes = zlib.decompressobj().decompress(data, 4 * total + 1)
    folded = np.frombuffer(planes, np.uint8).reshape(4, total).T.copy().view("<u4").reshape(-1)
    whole = folded.astype(np.int64)
    joined = np.where(whole & 1, -(whole + 1) // 2, whole // 2)
    samples, used = [], 0
    for table, shape, size in zip(tables, shapes, sizes, strict=True):
        steps = joined[used : used + size].reshape(shape)
        used += size
        for axis in _along(shape):
            steps = np.cumsum(steps, axis=axis)
        own = float(table["least"]) + steps * (float(table["span"]) / (int(table["levels"]) - 1))
        with np.errstate(over="ignore"):
            samples.append(own.astype(np.float32).reshape(-1))
    return np.concatenate(samples) if samples else np.empty(0, np.float32)
