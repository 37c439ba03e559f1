"""Raw facts: what a raw file says besides its numbers: sensor, camera, lens, how it was held."""

from __future__ import annotations

from typing import Any

import numpy as np

from safelight.files.codecs import lens_correction
from safelight.files.codecs.raw_colours import sensor_of
from safelight.files.codecs.raw_exif import baseline_exposure, exif_of_preview, exif_of_raw
from safelight.files.metadata import ifd

_MAKE, _MODEL, _FOCAL, _APERTURE, _LENS = 271, 272, 37386, 33437, 42036


class RawFacts:
    """What a raw file says besides its numbers."""

    def __init__(self, raw: Any, data: bytes) -> None:
        self.flip = int(raw.sizes.flip)
        colours = int(raw.num_colors)
        self.sensor = sensor_of(
            list(raw.camera_whitebalance),
            list(raw.daylight_whitebalance),
            np.array(raw.color_matrix),
            np.array(raw.rgb_xyz_matrix),
            3 if colours == 3 else min(max(colours, 1), 4),
            baseline_exposure(data),
        )
        self.exif = exif_of_raw(data) or exif_of_preview(raw)
        said = _Said(self.exif)
        name = said.text(_LENS, ifd.EXIF_DIRECTORY) or shown_text(raw.lens.model)
        self.make = said.text(_MAKE)
        self.shot = lens_correction.Shot(
            self.make,
            said.text(_MODEL),
            name,
            said.number(_FOCAL, ifd.EXIF_DIRECTORY) or believed_number(raw.other.focal_length),
            said.number(_APERTURE, ifd.EXIF_DIRECTORY) or believed_number(raw.other.aperture),
        )


def believed_number(value: object) -> float:
    """A number between 0 and 100,000, as a lens or a camera may have it; 0 for anything else."""
    return float(value) if isinstance(value, (int, float)) and 0 < value < 1e5 else 0.0


def shown_text(text: object) -> str:
    """At most 80 letters that can be shown, in one line."""
    shown = "".join(letter for letter in str(text or "") if letter.isprintable())
    return " ".join(shown.split())[:80]


class _Said:
    """An EXIF block, for a few of its tags."""

    def __init__(self, exif: bytes | None) -> None:
        self._directory: ifd.Directory | None = None
        try:
            fetch = ifd.bytes_fetch(exif or b"")
            self._header = ifd.Header.read(fetch)
            self._directory = ifd.read_directory(fetch, self._header, self._header.first)
        except ifd.DirectoryError:
            return

    def _in(self, inside: int) -> ifd.Directory:
        if self._directory is None:
            return ifd.Directory()
        return self._directory.children.get(inside, ifd.Directory()) if inside else self._directory

    def text(self, tag: int, inside: int = 0) -> str:
        entry = self._in(inside).entries.get(tag)
        if entry is None or entry.type != 2:
            return ""
        return shown_text(entry.value.split(b"\0")[0].decode("utf-8", "replace"))

    def number(self, tag: int, inside: int = 0) -> float:
        directory = self._in(inside)
        found = directory.numbers(tag, self._header) if directory.entries else ()
        return believed_number(found[0]) if found else 0.0
