"""Saved selections: what was selected once, kept with the document under a name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated, TypeAlias

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region
from safelight.document.commands.command import EditError, Settings, command
from safelight.document.contents.kind import Picture
from safelight.document.document import Document, SavedSelection
from safelight.document.edits import How, select_shape, selects
from safelight.document.layer import Layer
from safelight.pixels import to_float

MOST = 1000
"""Selections that a document keeps at the most."""

_Name: TypeAlias = Annotated[str, "What it is called; the one that was saved last, or a new name"]


def _keeps_some(document: Document, layer: Layer | None) -> bool:
    return bool(document.saved)


@command("Save selection", menu="Select", section=3, asks=True, when=selects)
def save_selection(document: Document, *, name: _Name = "") -> Document:
    """Keep what is selected with the document under a name, in the place of another one that is
    called so.
    """
    if document.selection is None:
        raise EditError("nothing is selected")
    known = [item.name for item in document.saved]
    name = name.strip() or next(
        made for k in range(1, MOST + 2) if (made := f"Selection {k}") not in known
    )
    kept = SavedSelection(
        name, document.selection, document.selection_place, document.selection_beyond
    )
    others = tuple(item for item in document.saved if item.name != name)
    if len(others) >= MOST:
        raise EditError(f"a document keeps {MOST} selections at most")
    return replace(document, saved=(*others, kept))


def _words(given: Settings) -> str:
    return f"Load selection {given['name']}".rstrip()


@command("Load selection", menu="Select", section=3, asks=True, when=_keeps_some, words=_words)
def load_selection(document: Document, *, name: _Name = "", how: How = "replace") -> Document:
    """Select what was saved under a name; or add it, subtract it, or keep what lies in both."""
    found = named(document, name)
    if how == "replace":
        return replace(
            document,
            selection=found.mask,
            selection_place=found.place,
            selection_beyond=found.beyond,
        )
    looked_at = Picture(document.width, document.height, document.depth, document.frame)
    seen = looked_at.view(found.mask, found.place, found.beyond)

    def covered(part: Region) -> NDArray[np.float32]:
        return to_float(seen.read(part))[..., 0]

    return select_shape(document, document.region, how, covered)


@command("Remove saved selection", menu="Select", section=3, asks=True, when=_keeps_some)
def remove_saved_selection(document: Document, *, name: _Name = "") -> Document:
    """Keep a selection no longer; what is selected stays so."""
    found = named(document, name)
    return replace(document, saved=tuple(item for item in document.saved if item is not found))


def named(document: Document, name: str) -> SavedSelection:
    """The selection that was saved under a name; the last one for "". Raises EditError."""
    wanted: Iterable[SavedSelection] = document.saved
    found = [item for item in wanted if name.strip() in ("", item.name)]
    if not found:
        told = ", ".join(item.name for item in document.saved[-5:])
        raise EditError(
            f"no selection is saved as {name}" + (f"; there are {told}" if told else "")
        )
    return found[-1]
