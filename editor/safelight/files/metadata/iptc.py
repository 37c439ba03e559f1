"""IPTC: the datasets of an IPTC-IIM 4.2 record, read and written."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

Row: TypeAlias = tuple[int, int, bytes]
"""Record, dataset and value."""

_CHARACTERS = (1, 90)
"""The dataset that names the character set of the others."""

_UTF8 = b"\x1b%G"
_BINARY = (0, 125, 200, 201, 202)
"""Datasets of the application record that hold no text: its version, and pictures."""


def datasets(iptc: bytes) -> Iterator[Row]:
    """(record, dataset, value) of each dataset; stops at the first damaged one."""
    place = 0
    while place + 5 <= len(iptc) and iptc[place] == 0x1C:
        record, dataset, length = struct.unpack_from(">BBH", iptc, place + 1)
        place += 5
        if length & 0x8000:
            size = length & 0x7FFF
            length = int.from_bytes(iptc[place : place + size], "big")
            place += size
        if place + length > len(iptc):
            return
        yield record, dataset, iptc[place : place + length]
        place += length


def written(rows: Iterable[Row]) -> bytes:
    """The datasets as bytes, in that order."""
    result = bytearray()
    for record, dataset, value in rows:
        size = len(value)
        result += b"\x1c" + struct.pack(">BB", record, dataset)
        result += struct.pack(">H", size) if size < 32768 else struct.pack(">HI", 0x8004, size)
        result += value
    return bytes(result)


def texts(iptc: bytes | None) -> dict[int, list[str]]:
    """The texts of the application record by their dataset, in the order of the file."""
    rows = list(datasets(iptc or b""))
    found: dict[int, list[str]] = {}
    for record, dataset, value in rows:
        if record == 2 and dataset not in _BINARY:
            found.setdefault(dataset, []).append(_decoded(value, rows))
    return found


def _decoded(value: bytes, rows: Sequence[Row]) -> str:
    # Many programs write UTF-8 and do not say so.
    try:
        return value.rstrip(b"\0").decode("utf-8")
    except UnicodeDecodeError:
        stated = any(row[:2] == _CHARACTERS and row[2] == _UTF8 for row in rows)
        return value.decode("utf-8" if stated else "cp1252", "replace")


def stating(iptc: bytes, values: Mapping[int, Sequence[str]]) -> bytes | None:
    """The record with these texts, and no others of their datasets, all in UTF-8; None where
    nothing is left in it.
    """
    rows = list(datasets(iptc))
    kept = [
        (record, dataset, value)
        if record != 2 or dataset in _BINARY
        else (record, dataset, _decoded(value, rows).encode())
        for record, dataset, value in rows
        if not (record == 2 and dataset in values) and (record, dataset) != _CHARACTERS
    ]
    kept += [(2, dataset, text.encode()) for dataset, given in values.items() for text in given]
    if not any(record == 2 and dataset != 0 for record, dataset, _ in kept):
        return None
    first = [row for row in kept if row[0] < 2]
    rest = sorted((row for row in kept if row[0] >= 2), key=lambda row: row[:2])
    return written([*first, (*_CHARACTERS, _UTF8), *rest])
