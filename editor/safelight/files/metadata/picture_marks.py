"""Picture marks: stars, rejects and colour labels of photographs, read from XMP and written.

They stand in a picture, and in the sidecars that programs leave beside it: only these are written.
A rating is ``xmp:Rating``: 0 to 5 stars, −1 for a rejected picture (XMP part 2, section 8.4); a
label is ``xmp:Label``. What other programs keep beside these stays as it is, to the byte; what they
keep of the very same things is brought in line.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from safelight.files.atomic import atomic_write
from safelight.files.codecs import raw
from safelight.files.metadata import xmp
from safelight.files.metadata.descriptive_metadata import block_of
from safelight.files.plain_text import plain_text
from safelight.files.write_errors import WriteError, plain_name

xmp.NAMESPACES.update(
    darktable="http://darktable.sf.net/",
    MicrosoftPhoto="http://ns.microsoft.com/photo/1.0/",
)

REJECTED = -1
"""The rating of a picture that is to be left out."""

MOST_STARS = 5

LABELS = ("Red", "Yellow", "Green", "Blue", "Purple")
"""Labels that programs agree on, in the order in which darktable numbers them."""

SIDECAR = ".xmp"

_PROJECT = ".safelight"

_RATING_TAG = 18246
"""EXIF's tag of stars, as Windows and some cameras write it."""

_OF_HUNDRED = (0, 1, 25, 50, 75, 99)
"""Windows' numbers for 0 to 5 stars."""

_NUMBER = re.compile(r"[+-]?\d{1,4}(\.\d{0,6})?")
_RATING, _LABEL = xmp.name("xmp:Rating"), xmp.name("xmp:Label")
_HUNDREDTHS = xmp.name("MicrosoftPhoto:Rating")
_COLOURS = xmp.name("darktable:colorlabels")
_OF_ENDING = xmp.name("photoshop:SidecarForExtension")


@dataclass(frozen=True, slots=True)
class Marks:
    """What somebody thinks of a picture: a ``rating`` of −1 (rejected) to 5 stars, and a ``label``:
    one of ``LABELS``, any other text that a program has put there, or "".
    """

    rating: int = 0
    label: str = ""

    @property
    def stars(self) -> int:
        """0 to 5."""
        return max(self.rating, 0)

    @property
    def rejected(self) -> bool:
        """Whether the photograph is to be left out."""
        return self.rating == REJECTED


def marks_of(packet: bytes | None, exif: bytes | None = None) -> Marks | None:
    """What an XMP packet, or else EXIF, says; None where neither says anything of the kind."""
    found = xmp.readable(packet)
    rating = label = None
    if found is not None:
        rating = _number(found, _RATING)
        if rating is None and (hundredths := _number(found, _HUNDREDTHS)) is not None:
            rating = float(sum(hundredths >= least for least in _OF_HUNDRED[1:]))
        label = next((node.text.strip() for node in found.properties(_LABEL)), None)
        if not label:
            label = _darktable_label(found) or label
    if rating is None:
        rating = _exif_rating(exif)
    if rating is None and label is None:
        return None
    within = min(max(round(rating or 0), REJECTED), MOST_STARS)
    return Marks(within, plain_text(label or "")[:80])


def _number(found: xmp.Packet, name: str) -> float | None:
    for node in found.properties(name):
        if _NUMBER.fullmatch(node.text.strip()):
            return float(node.text)
    return None


def _darktable_label(found: xmp.Packet) -> str:
    """The first of the labels that darktable gave, by their numbers."""
    for node in found.properties(_COLOURS):
        for _, text in node.items:
            if text.isdecimal() and int(text[:3]) < len(LABELS):
                return LABELS[int(text[:3])]
    return ""


def _exif_rating(exif: bytes | None) -> float | None:
    block = block_of(exif)
    if block is None:
        return None
    header, directory = block
    found: Sequence[float] = directory.numbers(_RATING_TAG, header)
    return float(found[0]) if found else None


def stating_marks(packet: bytes | None, marks: Marks) -> bytes:
    """The packet, or a new one, that says these marks; everything else in it as it was.

    Raises UnreadablePacket.
    """
    found = xmp.readable(packet) if packet else None
    label = marks.label
    values: dict[str, xmp.Stated] = {"xmp:Rating": str(marks.rating), "xmp:Label": label}
    if found is not None and any(found.properties(_HUNDREDTHS)):
        values["MicrosoftPhoto:Rating"] = str(_OF_HUNDRED[marks.stars]) if marks.stars else ""
    numbered = found is not None and any(found.properties(_COLOURS))
    if numbered and (label in LABELS or not label):
        values["darktable:colorlabels"] = [str(LABELS.index(label))] if label else ()
    return xmp.stating(packet, values, frozenset({"darktable:colorlabels"}))


# -- sidecars ---------------------------------------------------------------------------------


class FolderNames:
    """The names of the files of a folder, which are also known by their stems: of many thousands
    those that are called alike are found at once.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._all = frozenset(names)
        self._by_stem: dict[str, list[str]] = {}
        for name in self._all:
            self._by_stem.setdefault(Path(name).stem, []).append(name)

    def __contains__(self, name: object) -> bool:
        return name in self._all

    def alike(self, path: Path) -> list[str]:
        """The other files of the same stem that are no sidecars."""
        found = self._by_stem.get(path.stem, ())
        return [x for x in found if x != path.name and not x.casefold().endswith(SIDECAR)]

    @classmethod
    def of(cls, folder: Path) -> FolderNames:
        """The names that are in a folder now. Raises OSError."""
        with os.scandir(folder) as entries:
            return cls(entry.name for entry in entries)


def sidecars(path: Path, names: FolderNames) -> tuple[Path, ...]:
    """The sidecars of a picture among the ``names`` of its folder: "photo.jpg.xmp", as darktable
    calls it, and "photo.xmp", as Adobe's programs do, unless another file of that stem owns it: the
    one whose ending it tells, or else the raw file.
    """
    found = [path.with_name(f"{path.name}{SIDECAR}"), path.with_suffix(SIDECAR)]
    return tuple(
        each
        for each in found
        if each.name in names and (each is found[0] or _owns(path, each, names))
    )


def _owns(path: Path, sidecar: Path, names: FolderNames) -> bool:
    """Whether "photo.xmp" is of this file, where several are called "photo"."""
    endings = {Path(name).suffix.casefold() for name in names.alike(path)}
    ending = path.suffix.casefold()
    if not endings:
        return True
    told = f".{_ending_told(sidecar).casefold()}"
    if told in endings | {ending}:
        return told == ending
    if ending == _PROJECT:
        return False
    return ending in raw.CODEC.suffixes or endings.isdisjoint(raw.CODEC.suffixes)


def _ending_told(sidecar: Path) -> str:
    """The ending of the file that a sidecar says that it is of; "" where it does not say."""
    try:
        found = xmp.readable(_packet_in(sidecar))
    except OSError:
        return ""
    return next((x.text.strip() for x in found.properties(_OF_ENDING)), "") if found else ""


def _packet_in(sidecar: Path) -> bytes:
    with sidecar.open("rb") as file:
        return file.read(xmp.LARGEST_XMP + 1)


def read_marks(beside: Sequence[Path]) -> Marks | None:
    """What the sidecar that was written last says; None where none says anything of the kind.

    Those that are gone or cannot be read are passed over.
    """
    dated = []
    for sidecar in beside:
        try:
            dated.append((sidecar.stat().st_mtime_ns, sidecar))
        except OSError:
            continue
    for _, sidecar in sorted(dated, reverse=True):
        try:
            found = marks_of(_packet_in(sidecar))
        except OSError:
            continue
        if found is not None:
            return found
    return None


def write_marks(
    path: Path, marks: Marks, names: FolderNames, embedded: bytes | None = None
) -> tuple[Path, ...]:
    """Have every sidecar of a picture say these marks, or a new one where it has none; returns
    them. The picture's own file stays as it is.

    A new one begins as what the picture says of itself (``embedded``), for some programs read
    nothing else then. It is "photo.xmp", or "photo.jpg.xmp" where several files are called
    "photo".

    Raises WriteError for a sidecar that cannot be read or written; it is as it was then.
    """
    beside = sidecars(path, names)
    for sidecar in beside:
        _write(sidecar, marks)
    if beside:
        return beside
    usual = path.with_suffix(SIDECAR)
    free = usual.name not in names and not names.alike(path)
    made = usual if free else path.with_name(f"{path.name}{SIDECAR}")
    ending = path.suffix.removeprefix(".").upper()
    if xmp.readable(embedded) is None:
        embedded = None
    values: dict[str, xmp.Stated] = {"photoshop:SidecarForExtension": ending}
    text = stating_marks(xmp.stating(embedded, values, frozenset()), marks)
    atomic_write(made, lambda file: file.write(text))
    return (made,)


def _write(sidecar: Path, marks: Marks) -> None:
    name = plain_name(sidecar)
    try:
        before = _packet_in(sidecar)
        text = stating_marks(before, marks)
    except OSError as error:
        raise WriteError(f"{name} cannot be read: {error.strerror or error}.") from error
    except xmp.UnreadablePacket as error:
        raise WriteError(
            f"{name} is no sidecar that can be read ({error}), so it is left as it is."
        ) from error
    if text != before:
        atomic_write(sidecar, lambda file: file.write(text), overwrite=True)
