"""Provenance sidecar: an XMP packet in a file of its own beside a picture, read and written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from safelight.document import Document
from safelight.files.atomic import atomic_write
from safelight.files.exports.export_outcome import ExportError
from safelight.files.metadata.kept_metadata import MetadataChoice, kept
from safelight.files.metadata.xmp import LARGEST_XMP, UnreadablePacket, packet, read
from safelight.files.provenance.provenance import marked_xmp


def sidecar_of(path: Path) -> Path:
    """The sidecar of a picture: "photo.xmp" for "photo.jpg", as XMP's specification says; where
    only "photo.jpg.xmp" is there, that one.
    """
    usual, full = path.with_suffix(".xmp"), path.with_name(f"{path.name}.xmp")
    return full if full.is_file() and not usual.is_file() else usual


def with_sidecar(document: Document, path: Path) -> Document:
    """A document with the XMP of its picture's sidecar in place of what the picture's file says;
    itself where there is none. Raises ExportError for one that cannot be read.
    """
    beside = sidecar_of(path)
    try:
        with beside.open("rb") as file:
            text = file.read(LARGEST_XMP + 1)
        read(text)
    except FileNotFoundError:
        return document
    except (OSError, UnreadablePacket) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ExportError(f"{beside} cannot be read: {reason}.") from None
    return replace(document, metadata=replace(document.metadata, xmp=text))


def write_sidecar(
    document: Document, path: Path, choice: MetadataChoice, *, overwrite: bool = False
) -> Path:
    """Write what the export to ``path`` says in XMP into its sidecar; one that says the same, of a
    run that was killed, stays as it is. Raises FileExists, WriteError.
    """
    told = choice in ("all", "without location")
    xmp = marked_xmp(document, kept(document.metadata, choice).xmp, [], edits=told) or packet("")
    beside = path.with_suffix(".xmp")
    if not overwrite and _says(beside, xmp):
        return beside
    atomic_write(beside, lambda file: file.write(xmp), overwrite=overwrite)
    return beside


def _says(path: Path, xmp: bytes) -> bool:
    try:
        return path.stat().st_size == len(xmp) and path.read_bytes() == xmp
    except OSError:
        return False
