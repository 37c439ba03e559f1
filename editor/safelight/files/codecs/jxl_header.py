"""JPEG XL header: what it says of the picture, and a header for other colours (18181-1)."""

from __future__ import annotations

import contextlib
import struct
from dataclasses import dataclass
from typing import TypeAlias

from safelight.files.codecs import jxl_profile
from safelight.files.codecs.jxl_entropy import Bits, PackingError, as_bits, as_kind
from safelight.files.codecs.photograph import DamagedError
from safelight.files.colours import hdr
from safelight.files.colours.stated_colours import UNKNOWN, primaries_of_code, profile_of_places

_FAULT = "is damaged: its first part is missing"
_ALPHA, _SPOT, _FILTER = 0, 2, 5
_SRGB = 13
_Place: TypeAlias = tuple[float, float]
_PRIMARIES = {1: 1, 9: 9, 11: 12}
"""Codes of H.273 by those of JPEG XL."""
_WHITES = {1: (0.3127, 0.329), 10: (1 / 3, 1 / 3), 11: (0.314, 0.351)}


@dataclass(slots=True)
class Head:
    """What the header says of the picture."""

    width: int = 0
    height: int = 0
    bits: int = 8
    floating: bool = False
    channels: int = 3
    alpha: bool = False
    others: int = 0
    premultiplied: bool = False
    animated: bool = False
    absolute: bool = True
    """Whether colours are kept as they are seen (XYB); they come out as what is stated."""
    icc: bytes | None = None
    packed_profile: bool = False
    """Whether there is a profile in it, which may not be one that can be read."""
    places: tuple[_Place, _Place, _Place, _Place] = primaries_of_code(1)
    transfer: int = _SRGB
    gamma: float = 0.0
    unknown: bool = False
    peak: float = 0.0
    """The brightest that it says it has, in cd/m²; 0 where it says nothing."""
    depth_at: tuple[int, int] = (0, 0)
    colours_at: tuple[int, int] = (0, 0)
    ends_at: tuple[int, int] = (0, 0)
    """Bits between which stand the depth, the colours, and the profile behind all others."""

    @classmethod
    def of(cls, stream: bytes) -> Head:
        """Raises DamagedError."""
        if stream[:2] != b"\xff\x0a":
            raise DamagedError(_FAULT)
        found = cls()
        bits = Bits(stream, 16)
        try:
            found._read(bits)
        except EOFError as error:
            raise DamagedError(_FAULT) from error
        at = bits.at
        if found.packed_profile:
            with contextlib.suppress(EOFError, PackingError):
                found.icc = jxl_profile.unpacked(bits)
        found.ends_at = (at, bits.at)
        return found

    def _read(self, bits: Bits) -> None:
        self.width, self.height = _size(bits)
        if not bits.take(1):
            self._read_all(bits)
        if not bits.take(1):
            _skip_transforms(bits, self.absolute)

    def _read_all(self, bits: Bits) -> None:
        more = bits.take(1)
        if more:
            bits.take(3)
            if bits.take(1):
                _size(bits)
            if bits.take(1):
                _preview(bits)
            self.animated = bool(bits.take(1))
            if self.animated:
                bits.chosen((100, 0), (1000, 0), (1, 10), (1, 30))
                bits.chosen((1, 0), (1001, 0), (1, 8), (1, 10))
                bits.chosen((0, 0), (0, 3), (0, 16), (0, 32))
                bits.take(1)
        at = bits.at
        self.floating, self.bits = _depth(bits)
        self.depth_at = (at, bits.at)
        bits.take(1)
        for _ in range(bits.chosen((0, 0), (1, 0), (2, 4), (1, 12))):
            self._read_extra(bits)
        self.absolute = bool(bits.take(1))
        at = bits.at
        if not bits.take(1):
            self._read_colours(bits)
        self.colours_at = (at, bits.at)
        if more and not bits.take(1):
            self.peak = _half(bits.take(16))
            bits.take(16 + 1 + 16)
        extensions = bits.long()
        lengths = [bits.long() for _ in range(extensions.bit_count())]
        bits.skip(sum(lengths))

    def _read_extra(self, bits: Bits) -> None:
        kind, associated = _ALPHA, 0
        if not bits.take(1):
            kind = bits.kind()
            _depth(bits)
            bits.chosen((0, 0), (3, 0), (4, 0), (1, 3))
            for _ in range(bits.chosen((0, 0), (0, 4), (16, 5), (48, 10))):
                bits.take(8)
            if kind == _ALPHA:
                associated = bits.take(1)
            elif kind == _SPOT:
                bits.take(64)
            elif kind == _FILTER:
                bits.chosen((1, 0), (0, 2), (3, 4), (19, 8))
        if kind == _ALPHA and not self.alpha:
            self.alpha, self.premultiplied = True, bool(associated)
        else:
            self.others += 1

    def _read_colours(self, bits: Bits) -> None:
        self.packed_profile = bool(bits.take(1))
        space = bits.kind()
        self.channels = 1 if space == 1 else 3
        if self.packed_profile:
            return
        if space > 1:
            self.unknown = True
            return
        white, colours = bits.kind(), 1
        stated = _place(bits) if white == 2 else None
        red_green_blue = primaries_of_code(1)[1:]
        if space == 0:
            colours = bits.kind()
            if colours == 2:
                red_green_blue = (_place(bits), _place(bits), _place(bits))
        if bits.take(1):
            self.gamma = 1e7 / max(bits.take(24), 1)
        else:
            self.transfer = bits.kind()
        bits.kind()
        if colours in _PRIMARIES:
            red_green_blue = primaries_of_code(_PRIMARIES[colours])[1:]
        elif colours != 2:
            self.unknown = True
        place = stated or _WHITES.get(white)
        if place is None:
            self.unknown = True
        else:
            self.places = (place, *red_green_blue)

    @property
    def is_high(self) -> bool:
        """Whether the picture's numbers are of high dynamic range."""
        plain = not (self.packed_profile or self.unknown or self.gamma)
        return plain and hdr.is_high(self.transfer)

    def profile(self, notes: list[str]) -> bytes | None:
        """The profile that the decoded colours are in."""
        if self.icc is not None:
            return self.icc
        if self.packed_profile:
            notes.append(
                "The colour profile in the file is damaged or too large and was left out; the"
                " colours are taken as sRGB."
            )
            return None
        if self.unknown:
            notes.append(UNKNOWN)
            return None
        return profile_of_places(self.places, notes, transfer=self.transfer, gamma=self.gamma)


def with_colours(stream: bytes, depth: str, icc: bytes | None) -> bytes:
    """A coded picture that says of itself that its numbers are of ``depth`` ("uint8", "uint16" or
    "float32") and in the profile, None for sRGB. What is coded stays as it is. Raises DamagedError.
    """
    head = Head.of(stream)
    if head.colours_at == (0, 0):
        raise DamagedError("is damaged: its header says nothing of colours")
    space = as_kind(0 if head.channels == 3 else 1)
    # sRGB: its white, primaries and curve, and colours as they are beside white.
    named = as_kind(1) + (as_kind(1) if head.channels == 3 else "") + "0" + as_kind(_SRGB)
    colours = f"01{space}" if icc is not None else f"00{space}{named}{as_kind(1)}"
    digits = _digits(stream[: (head.ends_at[1] + 7) // 8])
    made = "".join(
        (
            digits[: head.depth_at[0]],
            _DEPTHS[depth],
            digits[head.depth_at[1] : head.colours_at[0]],
            colours,
            digits[head.colours_at[1] : head.ends_at[0]],
            jxl_profile.packed(icc) if icc is not None else "",
        )
    )
    coded = int(made[::-1], 2).to_bytes((len(made) + 7) // 8, "little")
    return coded + stream[(head.ends_at[1] + 7) // 8 :]


_DEPTHS = {
    "uint8": "0" + as_bits(0, 2),
    "uint16": "0" + as_bits(3, 2) + as_bits(15, 6),
    "float32": "1" + as_bits(0, 2) + as_bits(7, 4),
}
"""How depths are spelled."""


def _digits(data: bytes) -> str:
    return f"{int.from_bytes(data, 'little'):0{8 * len(data)}b}"[::-1]


def _half(coded: int) -> float:
    """A float of 16 bits."""
    return float(struct.unpack("<e", struct.pack("<H", coded))[0])


def _skip_transforms(bits: Bits, absolute: bool) -> None:
    """Pass over how colours are turned back, and how a picture is made larger."""
    if absolute and not bits.take(1):
        bits.skip(16 * 16)
    chosen = bits.take(3)
    for index, count in enumerate((15, 55, 210)):
        if chosen >> index & 1:
            bits.skip(16 * count)


def _size(bits: Bits) -> tuple[int, int]:
    small = bits.take(1)

    def side() -> int:
        if small:
            return 8 * (1 + bits.take(5))
        return bits.chosen((1, 9), (1, 13), (1, 18), (1, 30))

    height = side()
    return _width(bits.take(3), height) or side(), height


def _width(ratio: int, height: int) -> int:
    across, down = ((0, 1), (1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))[ratio]
    return height * across // down


def _preview(bits: Bits) -> None:
    small = bits.take(1)

    def side() -> int:
        if small:
            return bits.chosen((16, 0), (32, 0), (1, 5), (33, 9))
        return bits.chosen((1, 6), (65, 8), (321, 10), (1345, 12))

    side()
    if not bits.take(3):
        side()


def _depth(bits: Bits) -> tuple[bool, int]:
    if bits.take(1):
        count = bits.chosen((32, 0), (16, 0), (24, 0), (1, 6))
        bits.take(4)
        return True, count
    return False, bits.chosen((8, 0), (10, 0), (12, 0), (1, 6))


def _place(bits: Bits) -> _Place:
    """A chromaticity: millionths, whose lowest bit is the sign."""
    x, y = (bits.chosen((0, 19), (524288, 19), (1048576, 20), (2097152, 21)) for _ in range(2))
    return (x >> 1 ^ -(x & 1)) / 1e6, (y >> 1 ^ -(y & 1)) / 1e6
