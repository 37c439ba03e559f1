"""Batch export: several documents go into one folder, one by one, named by a pattern."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from safelight.actions.open_confined import export
from safelight.document import Document, Live, Record
from safelight.files import Exported, ExportOptions, Origin, sides
from safelight.files.codecs import plugin_codec
from safelight.files.exports.export_names import named, numbered
from safelight.files.metadata.moment_taken import taken


@dataclass(frozen=True, slots=True)
class BatchItem:
    """A document to export: what it is called, the file that it was opened from, if any, and the
    steps since.
    """

    name: str
    document: Document
    source: Path | None = None
    steps: Sequence[Record] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one of several: what was ``exported`` to ``path``, or the ``reason`` why
    nothing was; ``skipped``: the file was there already. ``place`` counts the items from 0.
    """

    place: int
    path: Path
    exported: Exported | None = None
    reason: str = ""
    skipped: bool = False


class Cancelled(Exception):
    """The user wants it no more; ``hear`` of an export, or of opening, may raise it."""


def destinations(
    items: Sequence[BatchItem],
    folder: Path,
    pattern: str,
    suffix: str,
    options: ExportOptions,
    *,
    when: datetime,
    replace: bool,
    spared: Collection[Path] = (),
) -> tuple[Path, ...]:
    """The file of each item, made of ``pattern`` and ``suffix`` (".jpg"); no two are the same on
    any system.

    A name that is there already has a number behind it; with ``replace`` it stays, unless that file
    is one of ``spared``. Raises ExportError for a pattern that has a field that there is not.
    """
    kept = {path.resolve() for path in spared}
    digits = len(str(len(items)))
    given: set[str] = set()

    def is_given(path: Path) -> bool:
        if path.name.casefold() in given:
            return True
        there = path.exists() or path.is_symlink()
        return there and (not replace or path.resolve() in kept)

    made: list[Path] = []
    for number, item in enumerate(items, 1):
        width, height = sides(item.document, options)
        name = named(
            pattern,
            name=Path(item.name).stem,
            width=width,
            height=height,
            number=number,
            digits=digits,
            when=when,
            taken=taken(item.document.metadata) if "{taken" in pattern else None,
        )
        path = numbered(folder, name, suffix, is_given)
        given.add(path.name.casefold())
        made.append(path)
    return tuple(made)


def export_each(
    items: Sequence[BatchItem],
    paths: Sequence[Path],
    options: ExportOptions,
    *,
    overwrite: bool = False,
    live: Live | None = None,
    exporters: plugin_codec.Exporters = tuple,
    hear: Callable[[int, float], object] = lambda place, done: None,
) -> tuple[Outcome, ...]:
    """Export each item to its path, as ``export`` does; one that fails does not keep the others.

    ``hear`` is told the place of the item and how much of it is done, 0 to 1. Where it raises
    Cancelled nothing is left of that item, and of it and those behind it there is no outcome.
    """
    found: list[Outcome] = []
    for place, (item, path) in enumerate(zip(items, paths, strict=True)):
        try:
            hear(place, 0.0)
            exported = export(
                item.document,
                path,
                options,
                overwrite=overwrite,
                live=live,
                exporters=exporters,
                hear=lambda done, place=place: hear(place, done),  # type: ignore[misc]
                origin=Origin(item.source, item.steps),
            )
            found.append(Outcome(place, path, exported))
        except Cancelled:
            break
        except Exception as error:  # whatever is wrong with one, the others are still wanted
            found.append(Outcome(place, path, reason=str(error) or type(error).__name__))
    return tuple(found)
