"""Mutations: what chance, accident and malice make of a file, always the same for a number.

``python -m tests.files.mutations`` opens 20,000 of them by way of the confined process, as the
window does, and tells what came of each format: see ``attack``.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import re
import resource
import struct
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from safelight import actions
from safelight.actions import OpenError
from safelight.api.cube_table import CubeError, read_cube
from safelight.workers import decoders
from tests.files.seeds import OTHERS, SEEDS, seed, zipped
from tests.files.structures import KINDS, structures

COUNT = 20_000
"""Mutations of an attack."""

PIXELS = 20_000_000
"""The pixel limit while they are opened."""

MEMORY = (256 << 20) + 32 * PIXELS
"""Bytes that the process that decodes may take for a picture, and the editor as many: 32 for each
pixel that the limit allows, as the largest pictures take with their layers, and 256 MB that no
picture has to account for.
"""

SECONDS = 10.0
"""Processor time of both processes that no file may take."""

Chance = np.random.Generator
Way = Callable[[bytes, Chance], bytes]

_ODD = (
    *(0, 1, 2, 3, 7, 8, 15, 16, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 1 << 24, 1 << 28),
    *(0x7FFFFFF0, 0x7FFFFFFF, 0x80000000, 0x80000001, 0xFFFFFFF0, 0xFFFFFFFE, 0xFFFFFFFF),
)
"""Numbers at which programs that count go wrong."""

_DIMENSIONS = (0, 1, 2, 3, 1000, 4473, 16384, 30000, 65535, 65536, 1 << 20, 0x7FFFFFFF, 0xFFFFFFFF)


# -- ways that know nothing of the file --------------------------------------------------------


def bits(data: bytes, chance: Chance) -> bytes:
    """One to eight bits the other way round."""
    made = bytearray(data)
    for place in chance.integers(0, len(data), chance.integers(1, 9)):
        made[place] ^= 1 << chance.integers(8)
    return bytes(made)


def head(data: bytes, chance: Chance) -> bytes:
    """Other bytes in front, where most files say how they are made."""
    made = bytearray(data)
    end = min(len(data), int(chance.choice([40, 120, 1500])))
    for place in chance.integers(0, end, chance.integers(1, 4)):
        made[place] = chance.integers(256)
    return bytes(made)


def cut(data: bytes, chance: Chance) -> bytes:
    """Only a beginning."""
    return data[: int(chance.integers(1, len(data)))]


def doubled(data: bytes, chance: Chance) -> bytes:
    """A piece twice, or many times."""
    start, end = _piece(data, chance)
    times = int(chance.choice([2, 2, 3, 100]))
    return data[:start] + data[start:end] * times + data[end:]


def missing(data: bytes, chance: Chance) -> bytes:
    """A piece not there."""
    start, end = _piece(data, chance)
    return data[:start] + data[end:]


def moved(data: bytes, chance: Chance) -> bytes:
    """A piece somewhere else."""
    start, end = _piece(data, chance)
    rest = data[:start] + data[end:]
    place = int(chance.integers(0, len(rest) + 1))
    return rest[:place] + data[start:end] + rest[place:]


def zeroed(data: bytes, chance: Chance) -> bytes:
    """A sector of zeros, as a failing disk gives it, or less than one."""
    size = int(chance.choice([4, 16, 64, 512]))
    start = int(chance.integers(0, max(len(data) - size, 1))) // 4 * 4
    return data[:start] + bytes(min(size, len(data) - start)) + data[start + size :]


def lengths(data: bytes, chance: Chance) -> bytes:
    """An odd number where one stands that may be a length, a count or a place."""
    order = ">" if chance.random() < 0.5 else "<"
    kind, size = (("I", 4), ("H", 2), ("Q", 8))[int(chance.choice(3, p=[0.6, 0.3, 0.1]))]
    for _ in range(400):
        place = int(chance.integers(0, max(min(len(data), 4000) - size, 1)))
        if place + size > len(data):
            continue
        (found,) = struct.unpack_from(order + kind, data, place)
        if 0 < found <= 2 * len(data):
            break
    else:
        return bits(data, chance)
    odd = int(chance.choice([*_ODD, found + 1, found - 1, 2 * found, len(data)]))
    made = struct.pack(order + kind, odd % (1 << (8 * size)))
    return data[:place] + made + data[place + size :]


def spliced(data: bytes, chance: Chance) -> bytes:
    """The beginning of this file and the end of another one."""
    other = seed(list(SEEDS)[int(chance.integers(len(SEEDS)))])
    return data[: int(chance.integers(4, len(data)))] + other[int(chance.integers(len(other))) :]


def _piece(data: bytes, chance: Chance) -> tuple[int, int]:
    start = int(chance.integers(0, len(data)))
    return start, min(start + int(chance.choice([1, 4, 12, 60, 300, 2000])), len(data))


# -- ways that know how the file is built ------------------------------------------------------


def structure(data: bytes, chance: Chance) -> bytes:
    """One of the structures that the file has, wrong: boxes, chunks, directories, segments."""
    found = list(_structures(data))
    if found:
        # What was changed before may be no such structure any more.
        with contextlib.suppress(struct.error, IndexError, ValueError, *_OF_ARCHIVES):
            return found[int(chance.integers(len(found)))](chance)
    return lengths(data, chance)


_OF_ARCHIVES = (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, KeyError)


def _structures(data: bytes) -> Iterator[Callable[[Chance], bytes]]:
    """What makes something wrong of each structure that is found in the file."""
    if data[4:8] == b"ftyp" or data[4:8] in (b"jP  ", b"JXL "):
        yield lambda chance: _box(data, chance)
    if data[:4] == b"\x89PNG":
        yield lambda chance: _png_part(data, chance)
    if data[:4] == b"RIFF":
        yield lambda chance: _riff_part(data, chance)
    if data[:2] == b"\xff\xd8":
        yield lambda chance: _segment(data, chance)
    if data[:4] == b"PK\3\4":
        yield lambda chance: _member(data, chance)
    if data[:1] == b"P" or data[:2] == b"#?" or data[:5] == b"TITLE":
        yield lambda chance: _words(data, chance)
    for mark in (b"II*\0", b"MM\0*", b"II+\0", b"II\xbc\1"):
        at = data.find(mark)
        if at >= 0:
            yield lambda chance, at=at: _directory(data, at, chance)
    at = data.find(b"acsp")
    if at >= 36:
        yield lambda chance, at=at: _profile(data, at - 36, chance)
    at = data.find(b"<rdf:Description")
    if at >= 0:
        yield lambda chance, at=at: data[:at] + _nested(b"rdf:Seq", chance) + data[at:]


_CONTAINERS = (b"meta", b"iprp", b"ipco", b"iinf", b"iref", b"jp2h", b"dinf", b"grpl", b"moov")


def _boxes(data: bytes, start: int, end: int, depth: int = 0) -> Iterator[tuple[int, int]]:
    """Where each box begins and ends, down to the tenth depth."""
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, start)
        stop = start + size if size >= 8 else end
        if stop > end:
            return
        yield start, stop
        if kind in _CONTAINERS and depth < 10:
            inside = start + 8 + {b"meta": 4, b"iinf": 6, b"iref": 4}.get(kind, 0)
            yield from _boxes(data, inside, stop, depth + 1)
        start = stop


def _box(data: bytes, chance: Chance) -> bytes:
    boxes = list(_boxes(data, 0, len(data)))
    start, end = boxes[int(chance.integers(len(boxes)))]
    box = data[start:end]
    way = int(chance.integers(8))
    if way == 0:  # a size
        odd = int(chance.choice([*_ODD, len(box) + 1, len(box) - 1]))
        return data[:start] + struct.pack(">I", odd % (1 << 32)) + data[start + 4 :]
    if way == 1:  # a size of 64 bits
        odd = int(chance.choice([0, 7, 16, len(box), (1 << 63) - 1])) + int(chance.integers(2))
        return data[:start] + struct.pack(">I4sQ", 1, box[4:8], odd) + data[start + 8 :]
    if way == 2:  # another kind
        other = boxes[int(chance.integers(len(boxes)))][0]
        return data[: start + 4] + data[other + 4 : other + 8] + data[start + 8 :]
    if way == 3:  # in itself
        depth = int(chance.choice([3, 100, 3000]))
        kind = box[4:8]
        outer = b"".join(
            struct.pack(">I4s", len(box) + 8 * (depth - n), kind) for n in range(depth)
        )
        return data[:start] + outer + data[start:]
    if way == 4:  # many times
        return data[:start] + box * int(chance.choice([2, 50, 1000])) + data[end:]
    if way == 5:
        return data[:start] + data[end:]
    for _ in range(int(chance.integers(1, 4))):  # what is in it
        if len(box) > 12:
            place = int(chance.integers(8, len(box) - 3))
            odd = int(chance.choice([*_ODD, *_DIMENSIONS])).to_bytes(8, "big")[-4:]
            size = int(chance.choice([1, 2, 4]))
            box = box[:place] + odd[-size:] + box[place + size :]
    return data[:start] + box + data[end:]


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 8
    while at + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        yield kind, data[at + 8 : at + 8 + length]
        at += 12 + length


def _png_part(data: bytes, chance: Chance) -> bytes:
    """A chunk changed, with the checksum that it then has."""
    parts = list(_chunks(data))
    place = int(chance.integers(len(parts)))
    kind, body = parts[place]
    way = int(chance.integers(7))
    if way == 0:
        parts.insert(int(chance.integers(len(parts) + 1)), (kind, body))
    elif way == 1:
        parts[place : place + 1] = [(kind, body)] * int(chance.choice([2, 300]))
    elif way == 2:
        del parts[place]
    elif way == 3 and kind == b"IHDR":
        sides = [int(odd) for odd in chance.choice(_DIMENSIONS, 2)]
        parts[place] = kind, struct.pack(">II", *sides) + body[8:]
    elif way == 4 and kind == b"IDAT":
        with contextlib.suppress(zlib.error):
            rows = zlib.decompress(b"".join(body for name, body in parts if name == b"IDAT"))
            parts = [part for part in parts if part[0] != b"IDAT"]
            parts.insert(-1, (b"IDAT", zlib.compress(bits(rows, chance))))
    elif body:
        parts[place] = kind, bits(body, chance)
    made = b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )
    return data[:8] + made


def _riff_part(data: bytes, chance: Chance) -> bytes:
    places, at = [], 12
    while at + 8 <= len(data):
        (length,) = struct.unpack_from("<I", data, at + 4)
        places.append((at, min(at + 8 + length + length % 2, len(data))))
        at += 8 + length + length % 2
    start, end = places[int(chance.integers(len(places)))]
    part = data[start:end]
    way = int(chance.integers(4))
    if way == 0:
        odd = int(chance.choice([*_ODD, len(part)]))
        return data[: start + 4] + struct.pack("<I", odd) + data[start + 8 :]
    if way == 1:
        part *= int(chance.choice([2, 300]))
    elif way == 2:
        part = b""
    else:
        part = part[:8] + bits(part[8:] or b"\0", chance)
    body = data[12:start] + part + data[end:]
    return b"RIFF" + struct.pack("<I", len(body) + 4) + data[8:12] + body


def _segment(data: bytes, chance: Chance) -> bytes:
    """A segment of a JPEG changed."""
    places, at = [], 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        places.append((at, at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")))
        at = places[-1][1]
    places.append((at, min(at + 14, len(data))))
    start, end = places[int(chance.integers(len(places)))]
    part = bytearray(data[start:end])
    way = int(chance.integers(6))
    if way == 0 and len(part) >= 4:
        part[2:4] = int(chance.choice([0, 1, 2, 3, 8, 65535])).to_bytes(2, "big")
    elif way == 1:
        return data[:start] + bytes(part) * int(chance.choice([2, 100])) + data[end:]
    elif way == 2:
        return data[:start] + data[end:]
    elif way == 3 and part[1:2] in (b"\xc0", b"\xc1", b"\xc2") and len(part) >= 10:
        part[5:9] = struct.pack(">HH", *(int(x) & 0xFFFF for x in chance.choice(_DIMENSIONS, 2)))
    elif len(part) > 4:
        for place in chance.integers(4, len(part), chance.integers(1, 4)):
            part[place] = chance.choice([0, 1, 2, 4, 0x44, 0x7F, 0x80, 0xFF, chance.integers(256)])
    return data[:start] + bytes(part) + data[end:]


_TAGS = (
    *(254, 256, 257, 258, 259, 262, 266, 269, 273, 274, 277, 278, 279, 282, 284, 292, 317, 320),
    *(322, 323, 324, 325, 330, 338, 339, 347, 530, 700, 34377, 34665, 34675, 34853, 32997, 33421),
    *(33422, 37500, 50706, 50714, 50717, 50721, 50728, 50778, 51008, 51022, 65000),
)
_PACKINGS = (1, 2, 3, 4, 5, 6, 7, 8, 32773, 32946, 33003, 34676, 34677, 34712, 34887, 34892, 34925)


def _directory(data: bytes, base: int, chance: Chance) -> bytes:
    """An entry of a directory of TIFF, EXIF or JPEG XR changed, or where the next one stands."""
    order = "<" if data[base : base + 2] == b"II" else ">"
    big = data[base + 2 : base + 4] in (b"+\0", b"\0+")
    entry, counted, number = (20, "Q", "Q") if big else (12, "H", "I")
    wide = struct.calcsize(number)
    made = bytearray(data)
    (first,) = struct.unpack_from(order + number, data, base + (8 if big else 4))
    directories = [first]
    for at in directories:
        (count,) = struct.unpack_from(order + counted, data, base + at)
        start = at + struct.calcsize(counted)
        places = [start + entry * n for n in range(min(count, 1000))]
        for place in places:
            (tag,) = struct.unpack_from(order + "H", data, base + place)
            if tag in (330, 34665, 34853, 40965) and len(directories) < 6:
                at_value = base + place + entry - wide
                directories.append(struct.unpack_from(order + number, data, at_value)[0])
    at = directories[int(chance.integers(len(directories)))]
    count = min(struct.unpack_from(order + counted, data, base + at)[0], 1000)
    start = base + at + struct.calcsize(counted)
    place = start + entry * int(chance.integers(max(count, 1)))
    way = int(chance.integers(9))
    if way == 0:  # a circle
        after = start + entry * count
        struct.pack_into(order + number, made, after, int(chance.choice(directories)))
    elif way == 1:
        struct.pack_into(order + "H", made, place, int(chance.choice(_TAGS)))
    elif way == 2:
        kind = int(chance.choice([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 16, 18, 129]))
        struct.pack_into(order + "H", made, place + 2, kind)
    elif way == 3:
        odd = int(chance.choice([*_ODD, 1 << 31]))
        struct.pack_into(order + number, made, place + 4, odd)
    elif way == 4:
        odd = [*_ODD, *directories, len(data) - base, base + at]
        struct.pack_into(order + number, made, place + 4 + wide, int(chance.choice(odd)))
    elif way == 5:
        odd = int(chance.choice([*_DIMENSIONS, *_PACKINGS])) & 0xFFFFFFFF
        struct.pack_into(order + "I", made, place + 4 + wide, odd)
    elif way == 6:
        odd = int(chance.choice([0, 1, count + 1, 2 * count, 65535]))
        struct.pack_into(order + "H", made, base + at, odd)
    elif way == 7 and count:  # an entry twice
        other = start + entry * int(chance.integers(count))
        made[place : place + entry] = data[other : other + entry]
    else:  # what an entry points at
        (value,) = struct.unpack_from(order + number, data, place + 4 + wide)
        if 0 < value < len(data) - base - 8:
            odd = int(chance.choice(_ODD))
            struct.pack_into(order + "I", made, base + value, odd)
    return bytes(made)


def _profile(data: bytes, base: int, chance: Chance) -> bytes:
    """A colour profile with something wrong in its table of tags or in a tag."""
    made = bytearray(data)
    (count,) = struct.unpack_from(">I", data, base + 128)
    place = base + 132 + 12 * int(chance.integers(max(count, 1)))
    way = int(chance.integers(4))
    if way == 0:
        struct.pack_into(">I", made, base + 128, int(chance.choice(_ODD)))
    elif way == 1:
        struct.pack_into(">I", made, place + int(chance.choice([4, 8])), int(chance.choice(_ODD)))
    else:
        offset, size = struct.unpack_from(">II", data, place + 4)
        reach = min(size, 60) if way == 2 else size
        for _ in range(int(chance.integers(1, 5))):
            at = base + offset + int(chance.integers(max(reach, 1)))
            if at < len(made):
                made[at] = int(chance.choice([0, 1, 2, 127, 128, 255, chance.integers(256)]))
    return bytes(made)


def _nested(name: bytes, chance: Chance) -> bytes:
    depth = int(chance.choice([10, 1000, 50_000]))
    closed = chance.random() < 0.5
    return (b"<" + name + b">") * depth + (b"</" + name + b">") * (depth if closed else 0)


def _member(data: bytes, chance: Chance) -> bytes:
    """A member of an archive changed, with the checksum that it then has."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    place = int(chance.integers(len(members)))
    name, body = members[place]
    way = int(chance.integers(5))
    if way == 0:
        del members[place]
    elif way == 1:
        members[place] = members[int(chance.integers(len(members)))][0], body
    elif name.endswith(".xml") and way == 2:
        members[place] = name, body.replace(b"<stack>", _nested(b"stack", chance), 1)
    elif name.endswith(".xml"):
        members[place] = name, _words(body, chance)
    elif body[:4] == b"\x89PNG":
        members[place] = name, _png_part(body, chance)
    else:
        members[place] = name, bits(body or b"\0", chance)
    return zipped(members)


_WORDS = (
    *(b"0", b"-1", b"1", b"65535", b"65536", b"99999", b"2147483647", b"4294967295", b"1e999"),
    *(b"nan", b"-0.0", b"9" * 400, b"", b"30000"),
)


def _words(data: bytes, chance: Chance) -> bytes:
    """Another number where one stands in a text."""
    found = list(re.finditer(rb"[-+.0-9]+", data[:2000]))
    if not found:
        return lengths(data, chance)
    place = found[int(chance.integers(len(found)))]
    word = _WORDS[int(chance.integers(len(_WORDS)))]
    return data[: place.start()] + word + data[place.end() :]


WAYS: tuple[Way, ...] = (
    *(bits, head, cut, doubled, missing, moved, zeroed, lengths, lengths, spliced),
    *[structure] * 6,
)


def mutation(name: str, number: int) -> tuple[str, bytes]:
    """How the seed of that name was changed, and what came of it: the same at every call."""
    chance = np.random.default_rng([zlib.crc32(name.encode()), number])
    data, ways = seed(name), []
    # Most faults are one; some only show together.
    for _ in range(int(chance.choice([1, 2, 3], p=[0.75, 0.17, 0.08]))):
        way = WAYS[number % len(WAYS)] if not ways else WAYS[int(chance.integers(len(WAYS)))]
        data = way(data, chance) or b"\0"
        ways.append(way.__name__)
    return "+".join(ways), data


# -- what comes of them ------------------------------------------------------------------------


@dataclass
class Outcome:
    """What came of the mutations of one seed. ``said`` are the sentences, each with its count and
    the number of a mutation of which it was said; ``faults`` are what must not be.
    """

    name: str
    tried: int = 0
    opened: int = 0
    noted: int = 0
    refused: int = 0
    died: int = 0
    hung: int = 0
    memory: int = 0
    editor: int = 0
    slowest: float = 0.0
    said: dict[str, list[int]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def say(self, sentence: str, number: int) -> None:
        plain = re.sub(r"\d[\d.,]*", "#", sentence)
        self.said.setdefault(plain, [0, number])[0] += 1

    def row(self) -> str:
        """A line of the table."""
        counts = (self.tried, self.opened, self.noted, self.refused, self.died, self.hung)
        figures = "".join(f"{count:8}" for count in counts)
        memory = f"{self.memory >> 20:8}{self.editor >> 20:8}"
        return f"{self.name:20}{figures}{memory}{self.slowest:9.2f}"


HEADING = (
    f"{'seed':20}{'tried':>8}{'opened':>8}{'noted':>8}{'refused':>8}{'died':>8}{'hung':>8}"
    f"{'MB':>8}{'editor':>8}{'slowest':>9}"
)


class Attack:
    """Opens mutations one after the other, and measures both processes: of the editor, what it has
    taken beyond what it had at first, which other tests may have left there.
    """

    def __init__(self, folder: Path, importers: Callable[[], Sequence] = tuple) -> None:
        self._folder = folder
        self._importers = importers
        _peak(os.getpid())
        self._had = _peak(os.getpid())

    def on(self, name: str, numbers: Iterable[int]) -> Outcome:
        """What comes of those mutations of a seed."""
        outcome = Outcome(name)
        for number in numbers:
            how, data = mutation(name, number)
            self.one(outcome, number, how, data)
        return outcome

    def on_structures(self, kind: str, names: Sequence[str] = ()) -> Outcome:
        """What comes of the structures of a kind, or of some of them."""
        outcome = Outcome(f"odd.{kind}")
        for number, (name, data) in enumerate(structures(kind).items()):
            if not names or name in names:
                self.one(outcome, number, name, data)
        return outcome

    def one(self, outcome: Outcome, number: int, how: str, data: bytes) -> None:
        """Open a file, and count what comes of it."""
        path = self._folder / f"picture.{outcome.name.rpartition('.')[2]}"
        path.write_bytes(data)
        before = _Measure()
        where = f"{outcome.name} {number} ({how})"
        outcome.tried += 1
        try:
            notes = self._notes(path)
        except OpenError as error:
            outcome.refused += 1
            text = str(error)
            outcome.say(text, number)
            if "what decodes it" in text:
                outcome.died += 1
                outcome.faults.append(f"{where}: {text}")
            if not text.startswith(f"{path.name} ") or not text.endswith("."):
                outcome.faults.append(f"{where}: this is no sentence: {text}")
        except Exception as error:
            outcome.faults.append(f"{where}: {error!r}")
        else:
            outcome.opened += 1
            outcome.noted += bool(notes)
            for note in notes:
                outcome.say(f"+ {note}", number)
                if not note.endswith("."):
                    outcome.faults.append(f"{where}: this is no sentence: {note}")
        self._weigh(outcome, before, where)

    def _notes(self, path: Path) -> tuple[str, ...]:
        """What is said of a file that opens."""
        if path.suffix != ".cube":
            return actions.open_picture(path, pixel_limit=PIXELS, importers=self._importers).notes
        try:
            read_cube(path)
        except CubeError as error:
            raise OpenError(f"{path.name} {error}.") from None
        return ()

    def _weigh(self, outcome: Outcome, before: _Measure, where: str) -> None:
        after = _Measure()
        seconds = after.seconds - before.seconds
        outcome.slowest = max(outcome.slowest, seconds)
        memory, editor = after.memory, max(after.editor - self._had, 0)
        if after.ended > before.ended:  # of one that was ended meanwhile
            memory = max(memory, after.ended)
        outcome.memory, outcome.editor = max(outcome.memory, memory), max(outcome.editor, editor)
        if seconds > SECONDS or after.wall - before.wall > 12 * SECONDS:
            outcome.hung += 1
            outcome.faults.append(f"{where}: took {seconds:.1f} s of processor time")
        if max(memory, editor) > MEMORY:
            outcome.faults.append(f"{where}: took {memory >> 20} MB, the editor {editor >> 20} MB")


class _Measure:
    """Processor time and memory at their highest since the last look, of both processes."""

    def __init__(self) -> None:
        self.wall = time.monotonic()
        self.memory = self.editor = 0
        own = resource.getrusage(resource.RUSAGE_SELF)
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.seconds = sum(x.ru_utime + x.ru_stime for x in (own, ended))
        self.editor, self.ended = _peak(os.getpid()), ended.ru_maxrss << 10
        for worker in list(decoders.shared().pool._all):
            self.memory = max(self.memory, _peak(worker.pid))
            with contextlib.suppress(OSError, IndexError):
                fields = Path(f"/proc/{worker.pid}/stat").read_bytes().rpartition(b")")[2].split()
                self.seconds += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak(pid: int) -> int:
    """The most that a process has had in memory since this was last asked, in bytes: asked at once
    again, what it has now.
    """
    with contextlib.suppress(OSError, StopIteration, ValueError):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        found = int(next(line for line in lines if line.startswith("VmHWM:")).split()[1]) << 10
        Path(f"/proc/{pid}/clear_refs").write_text("5")
        return found
    return 0


def main(words: list[str] | None = None) -> int:
    """Open them all; print a line for each seed, then every sentence. 1 where something fell."""
    parser = argparse.ArgumentParser(prog="python -m tests.files.mutations")
    parser.add_argument("seeds", nargs="*", help="only of these; odd.tif, say, for structures")
    parser.add_argument("--count", type=int, default=COUNT, help="of all seeds together")
    parser.add_argument("--first", type=int, default=0, help="the number of each seed's first")
    parser.add_argument("--said", action="store_true", help="print what was said of the files")
    options = parser.parse_args(words)
    names = options.seeds or [*SEEDS, *OTHERS, *(f"odd.{kind}" for kind in KINDS)]
    each = -(-options.count // max(sum(not name.startswith("odd.") for name in names), 1))
    all_of_them = Outcome("all")
    print(HEADING, flush=True)
    with tempfile.TemporaryDirectory(dir=_in_memory()) as folder, actions.Studio("cpu") as studio:
        attack = Attack(Path(folder), studio.importers)
        for name in names:
            if name.startswith("odd."):
                outcome = attack.on_structures(name.removeprefix("odd."))
            else:
                outcome = attack.on(name, range(options.first, options.first + each))
            print(outcome.row(), flush=True)
            for fault in outcome.faults:
                print("   ", fault, flush=True)
            if options.said:
                for said, (count, number) in sorted(outcome.said.items()):
                    print(f"    {count:5} {number:5} {said}", flush=True)
            for part in ("tried", "opened", "noted", "refused", "died", "hung"):
                setattr(all_of_them, part, getattr(all_of_them, part) + getattr(outcome, part))
            for part in ("memory", "editor", "slowest"):
                most = max(getattr(all_of_them, part), getattr(outcome, part))
                setattr(all_of_them, part, most)
            all_of_them.faults += outcome.faults
    print(all_of_them.row())
    print(f"at most {MEMORY >> 20} MB and {SECONDS:g} s; {len(all_of_them.faults)} faults")
    return 1 if all_of_them.faults else 0


def _in_memory() -> str | None:
    return "/dev/shm" if os.path.isdir("/dev/shm") else None


if __name__ == "__main__":
    sys.exit(main())
