"""Metadata commands: say something of a photograph, or take what is said away."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal, TypeAlias

from safelight.document import Document, EditError, Metadata
from safelight.document.commands.command import Settings, command
from safelight.files.metadata import xmp
from safelight.files.metadata.descriptive_changes import stating
from safelight.files.metadata.descriptive_metadata import FACTS, items
from safelight.files.metadata.place_removal import without_places

# -- commands ---------------------------------------------------------------------------------

FactName: TypeAlias = Literal[tuple(FACTS)]  # type: ignore[valid-type]


def _words(given: Settings) -> str:
    """The step in a history: the title of the fact."""
    return FACTS[str(given["fact"])].title


@command("Describe", words=_words)
def describe(
    document: Document,
    *,
    fact: FactName = "title",
    text: Annotated[
        str, "Keywords stand between commas, creators between semicolons; nothing: said no more"
    ] = "",
) -> Document:
    """Say something of the photograph in its metadata, in all places that tell it."""
    try:
        metadata = stating(document.metadata, {fact: items(fact, text)})
    except xmp.UnreadablePacket as error:
        raise EditError(
            f"the XMP metadata of {document.name} cannot be read ({error}), so that nothing can be"
            " added to them; strip all metadata first"
        ) from error
    return replace(document, metadata=metadata)


def _has_metadata(document: Document, _: object) -> bool:
    return document.metadata != Metadata(dpi=document.metadata.dpi)


@command("Strip location", menu="Image", section=3, when=_has_metadata)
def strip_location(document: Document) -> Document:
    """Take away everything in the metadata that says where the photograph was taken."""
    return replace(document, metadata=without_places(document.metadata))


@command("Strip all &metadata", menu="Image", section=3, when=_has_metadata)
def strip_metadata(document: Document) -> Document:
    """Take away all metadata but the resolution, and that a generator made something of it."""
    return replace(document, metadata=Metadata(dpi=document.metadata.dpi))
