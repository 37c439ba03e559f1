"""Imported photograph: what an importer gives that found more in a file than pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Resolution: TypeAlias = tuple[float, float] | None

MOST_BESIDE = 64 << 20
"""Bytes that profile, EXIF, XMP and IPTC of a photograph may have together."""

_MOST_NOTES = 20
_LONGEST_NOTE = 300
_PARTS = ("profile", "exif", "xmp", "iptc")


@dataclass(frozen=True, slots=True, eq=False)
class Photograph:
    """A picture as it stands in a file, with what stands beside its pixels.

    ``pixels`` is (height, width, channels) of uint8, uint16 or float32: grey, grey and alpha, RGB
    or RGBA, encoded as ``profile`` says, alpha not premultiplied, full scale of the integers or
    1.0 = white; float32 may go beyond. ``profile`` is an ICC profile (ICC.1:2022) of grey or RGB,
    as the pixels are; b"" = sRGB. ``exif`` is a TIFF structure that begins with ``II`` or ``MM``
    (EXIF 2.32), ``xmp`` a packet (ISO 16684-1), ``iptc`` IIM 4.2 datasets; b"" = none, all four
    together at most 64 MB. The host turns the picture as EXIF's orientation says, and reads profile
    and metadata in a confined process. ``resolution`` is pixels per inch, across and down, above 0;
    None = unknown. ``notes`` are at most 20 sentences for the user of at most 300 letters each:
    what was left out.

    Raises TypeError for what is of another type, ValueError for what is out of range.
    """

    pixels: NDArray[Any]
    profile: bytes = b""
    exif: bytes = b""
    xmp: bytes = b""
    iptc: bytes = b""
    resolution: Resolution = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.pixels, np.ndarray):
            raise TypeError(f"pixels are an array, not {type(self.pixels).__name__}")
        for name in _PARTS:
            if not isinstance(getattr(self, name), bytes):
                raise TypeError(f"{name} is bytes, not {type(getattr(self, name)).__name__}")
        if sum(len(getattr(self, name)) for name in _PARTS) > MOST_BESIDE:
            raise ValueError("profile and metadata have more than 64 MB together")
        dots = self.resolution
        if dots is not None and (
            len(dots) != 2 or not all(math.isfinite(each) and each > 0 for each in dots)
        ):
            raise ValueError(f"a resolution is two numbers of pixels per inch, not {dots}")
        if isinstance(self.notes, str) or not all(isinstance(note, str) for note in self.notes):
            raise TypeError("notes are a tuple of sentences")
        if len(self.notes) > _MOST_NOTES or any(len(note) > _LONGEST_NOTE for note in self.notes):
            raise ValueError(f"notes are at most {_MOST_NOTES}, of {_LONGEST_NOTE} letters each")

    def beside(self) -> tuple[bytes, dict[str, Any]]:
        """What stands beside the pixels: all that is bytes, one after the other, and the rest as
        JSON-ready data with the number of bytes of each part.
        """
        parts = [getattr(self, name) for name in _PARTS]
        facts = {
            "parts": [len(part) for part in parts],
            "resolution": self.resolution and [float(each) for each in self.resolution],
            "notes": list(self.notes),
        }
        return b"".join(parts), facts

    @classmethod
    def put_together(cls, pixels: NDArray[Any], held: bytes, facts: dict[str, Any]) -> Photograph:
        """The photograph of ``pixels`` (height, width, channels), of uint8, uint16 or float32, and
        of the bytes and facts that ``beside`` has given. Raises TypeError, ValueError, KeyError and
        AttributeError for facts that are none.
        """
        ends = [0]
        for length in facts["parts"]:
            if type(length) is not int or not 0 <= length <= MOST_BESIDE:
                raise ValueError("no length")
            ends.append(ends[-1] + length)
        if len(ends) != len(_PARTS) + 1 or ends[-1] != len(held):
            raise ValueError("other bytes than it says")
        parts = [held[start:end] for start, end in zip(ends, ends[1:], strict=False)]
        dots = facts["resolution"]
        resolution = None if dots is None else (float(dots[0]), float(dots[1]))
        profile, exif, xmp, iptc = parts
        return cls(pixels, profile, exif, xmp, iptc, resolution, tuple(facts["notes"]))
