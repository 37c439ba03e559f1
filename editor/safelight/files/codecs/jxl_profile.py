"""JPEG XL profile: ICC profiles as its header has them packed (ISO/IEC 18181-1, E.4)."""

from __future__ import annotations

import struct

from safelight.api.colour_profile import LARGEST_FILE
from safelight.files.codecs.jxl_entropy import Bits, Numbers, PackingError, as_bits, as_long

_LARGEST = LARGEST_FILE
"""Bytes of a profile that are unpacked, at most."""
_LARGEST_BY_CONTEXT = 4 << 20
"""Of one whose every byte is coded by those before it, which takes a microsecond for each."""
_MOST_COMMANDS = 1 << 16
"""Bytes that say how a profile is put together."""
_HEAD = 128
_CONTEXTS = 41

_TAGS = (
    *(b"cprt", b"wtpt", b"bkpt", b"rXYZ", b"gXYZ", b"bXYZ", b"kXYZ", b"rTRC", b"gTRC", b"bTRC"),
    *(b"kTRC", b"chad", b"desc", b"chrm", b"dmnd", b"dmdd", b"lumi"),
)
_TYPES = (b"XYZ ", b"desc", b"text", b"mluc", b"para", b"curv", b"sf32", b"gbd ")
_OF_TWENTY = (b"rXYZ", b"gXYZ", b"bXYZ", b"kXYZ", b"wtpt", b"bkpt", b"lumi")


def unpacked(bits: Bits) -> bytes:
    """The profile that begins at the next bit. Raises PackingError, and EOFError at the end."""
    size = bits.long()
    if size > _LARGEST + _MOST_COMMANDS:
        raise PackingError("a profile that is too large")
    numbers = Numbers(bits, _CONTEXTS)
    plain = numbers.octets(size)
    if plain is not None:
        numbers.check_end()
        return _Unpacking(plain).profile()
    if size > _LARGEST_BY_CONTEXT:
        raise PackingError("a profile that is too large")
    packed = bytearray()
    before = last = 0
    for index in range(size):
        context = 0 if index <= _HEAD else 1 + _KINDS[last] + 8 * _KINDS_BEFORE[before]
        before, last = last, numbers.next(context)
        if last > 255:
            raise PackingError("a byte that is none")
        packed.append(last)
    numbers.check_end()
    return _Unpacking(bytes(packed)).profile()


def _kind(byte: int) -> int:
    letter = chr(byte)
    if byte < 128 and letter.isalpha():
        return 0
    if byte < 128 and letter.isdigit() or letter in ".,":
        return 1
    if byte < 2:
        return 2 + byte
    if byte < 16:
        return 4
    return 6 if byte == 255 else 5 if byte > 240 else 7


def _kind_before(byte: int) -> int:
    kind = _kind(byte)
    return kind if kind < 2 else 2 if kind < 5 else 3 if kind < 7 else 4


_KINDS = tuple(_kind(byte) for byte in range(256))
_KINDS_BEFORE = tuple(_kind_before(byte) for byte in range(256))


class _Unpacking:
    """Puts a profile together again: commands say how, and the bytes behind them are what of."""

    def __init__(self, packed: bytes) -> None:
        self._packed = packed
        self._at = 0
        self._end = len(packed)
        self._size = self._number()
        commands = self._number()
        if self._size > _LARGEST or self._at + commands > len(packed):
            raise PackingError("a profile that is too large")
        self._end = self._at + commands
        self._rest = packed[self._end :]
        self._taken = 0
        self._made = bytearray()

    def profile(self) -> bytes:
        self._make_head()
        if len(self._made) < self._size:
            self._make_tags()
            while self._at < self._end:
                self._make_part(self._command())
                if len(self._made) > self._size:
                    break
        if len(self._made) != self._size or self._taken != len(self._rest):
            raise PackingError("a profile of another size than it says")
        return bytes(self._made)

    def _command(self) -> int:
        if self._at >= self._end:
            raise PackingError("commands that end early")
        self._at += 1
        return self._packed[self._at - 1]

    def _number(self) -> int:
        found = shift = 0
        while True:
            byte = self._command()
            found |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return found
            if shift > 35:
                raise PackingError("a number that is too large")

    def _take(self, count: int) -> bytes:
        if self._taken + count > len(self._rest):
            raise PackingError("a profile that ends early")
        self._taken += count
        return self._rest[self._taken - count : self._taken]

    def _make_head(self) -> None:
        made = self._made
        for given in self._take(min(_HEAD, self._size)):
            made.append(given + _guessed(made, self._size) & 255)

    def _make_tags(self) -> None:
        count = self._number()
        if not count:
            return
        count -= 1
        self._add(count)
        start, size = _HEAD + 12 * count, 0
        while self._at < self._end and len(self._made) <= self._size:
            command = self._command()
            code = command & 63
            if code == 0:
                return
            if code > 3 + len(_TAGS):
                raise PackingError("a tag that does not exist")
            tag = self._take(4) if code == 1 else (b"rTRC", b"rXYZ", *_TAGS)[code - 2]
            start += size
            if tag in _OF_TWENTY:
                size = 20
            if command & 64:
                start = self._number()
            if command & 128:
                size = self._number()
            self._made += tag
            self._add(start, size)
            for index, channel in enumerate(b"gb", 1) if code in (2, 3) else ():
                self._made += bytes([channel]) + tag[1:]
                self._add(start + index * size if code == 3 else start, size)

    def _add(self, *numbers: int) -> None:
        for number in numbers:
            self._made += struct.pack(">I", number & 0xFFFFFFFF)

    def _make_part(self, command: int) -> None:
        if command == 1:
            self._made += self._take(self._number())
        elif command in (2, 3):
            self._made += _shuffled(self._take(self._number()), 2 * command - 2)
        elif command == 4:
            self._predict()
        elif command == 10:
            self._made += b"XYZ \0\0\0\0" + self._take(12)
        elif 0 <= command - 16 < len(_TYPES):
            self._made += _TYPES[command - 16] + bytes(4)
        else:
            raise PackingError("a command that does not exist")

    def _predict(self) -> None:
        flags = self._command()
        width, order = (flags & 3) + 1, flags >> 2 & 3
        stride = self._number() if flags & 16 else width
        made = self._made
        if width == 3 or order == 3 or stride < width or (len(made) - 1) // 4 < stride:
            raise PackingError("bytes that follow from none")
        given = self._take(self._number())
        start = len(made)
        for index, more in enumerate(_shuffled(given, width)):
            place = start + index - index % width
            one, two, three = (
                int.from_bytes(made[place - back * stride :][:width], "big") for back in (1, 2, 3)
            )
            expected = (one, 2 * one - two, 3 * (one - two) + three)[order]
            made.append(more + (expected >> 8 * (width - 1 - index % width)) & 255)


def _guessed(made: bytearray, size: int) -> int:
    """What the next byte of the head is most likely to be (E.4.3)."""
    at = len(made)
    if at < 4:
        return size >> 8 * (3 - at) & 255
    if 41 <= at < 44:
        known = {b"A": b"APPL", b"M": b"MSFT", b"SG": b"SGI ", b"SU": b"SUNW"}
        for beginning, whole in known.items():
            if len(beginning) <= at - 40 and made[40:].startswith(beginning):
                return whole[at - 40]
    if 80 <= at < 84:
        return made[at - 76]
    return _USUAL[at]


_USUAL = (
    (bytes(8) + b"\4\0\0\0mntrRGB XYZ " + bytes(12) + b"acsp" + bytes(28)).ljust(70, b"\0")
    + bytes.fromhex("f6d6000100000000d32d")
    + bytes(48)
)


def _shuffled(data: bytes, width: int) -> bytes:
    """Bytes that lay in ``width`` rows, column by column."""
    if width == 1:
        return data
    high = -(-len(data) // width)
    return b"".join(data[at::high] for at in range(high))


def packed(icc: bytes) -> str:
    """The profile as bits, the first one first: none of it is predicted, each byte has 8 bits."""
    head = bytearray()
    body = bytearray()
    for byte in icc[:_HEAD]:
        body.append(byte - _guessed(head, len(icc)) & 255)
        head.append(byte)
    rest = icc[_HEAD:]
    commands = b"\0\1" + _varied(len(rest)) if rest else b""
    whole = _varied(len(icc)) + _varied(len(commands)) + commands + bytes(body) + rest
    # No copies; one distribution for all contexts; prefixes; tokens that are bytes.
    ahead = (
        as_bits(0, 1)
        + as_bits(1, 1)
        + as_bits(0, 2)
        + as_bits(1, 1)
        + as_bits(8, 4)
        + as_bits(0, 8)
    )
    # 256 tokens; of the codes for lengths there is only one, that of 8.
    ahead += as_bits(1, 1) + as_bits(7, 4) + as_bits(127, 7) + as_bits(0, 2) + as_bits(0, 2 * 10)
    ahead += as_bits(7, 4) + as_bits(0, 2 * 7)
    # The first bit of a code is its highest.
    return as_long(len(whole)) + ahead + f"{int.from_bytes(whole, 'big'):0{8 * len(whole)}b}"


def _varied(number: int) -> bytes:
    made = bytearray()
    while number > 127:
        made.append(number & 127 | 128)
        number >>= 7
    return bytes([*made, number])
