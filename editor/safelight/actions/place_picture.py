"""Place picture: pictures of files and of other programs' clipboards as layers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from safelight import files
from safelight.actions.open_confined import content_of, open_data
from safelight.actions.opened_file import opened_file
from safelight.api import Number
from safelight.document import Document, EditError, Live
from safelight.document.commands.command import Settings, command
from safelight.document.contents.placed_picture import with_picture
from safelight.document.geometry import LONGEST_SIDE
from safelight.files import ExportOptions, OpenError, ProjectError, encoded

MOST_BYTES = 1 << 30
"""Bytes of a picture from another program that are looked at."""

_FAST = {"compression": 1}
"""How a PNG is packed that is handed on and thrown away."""

_At: TypeAlias = Annotated[
    float,
    Number(-LONGEST_SIDE, LONGEST_SIDE, step=1, unit="px"),
    "How far its middle lies from that of the picture",
]


def _words(given: Settings) -> str:
    return f"Place {Path(str(given['file'])).stem or 'picture'}"


@command("Place picture", words=_words)
def place(
    document: Document,
    *,
    layer: str = "",
    file: Annotated[str, "The path of a picture, or of a project"] = "",
    x: _At = 0.0,
    y: _At = 0.0,
    size: Annotated[
        Literal["fit", "pixels"],
        "Shown smaller where it is larger than the picture, or each pixel on a pixel",
    ] = "fit",
    live: Live | None = None,
) -> Document:
    """Put the picture in a file on a layer above another one, its colours in the document's
    profile. It keeps all its pixels, and can be moved and scaled as any layer.
    """
    if not file:
        raise EditError("no file is named")
    middle = document.width / 2 + x, document.height / 2 + y
    try:
        with opened_file(Path(file)) as (history, _):
            return with_picture(
                *(document, history.document),
                above=layer,
                middle=middle,
                fits=size == "fit",
                live=live,
            )
    except (OpenError, ProjectError) as error:
        raise EditError(_clause(error)) from None


def picture_in(data: bytes, name: str = "The clipboard's picture") -> Document:
    """The picture in bytes of any format that is known, which people know by ``name``.

    Raises EditError, with a clause, for what is none, is damaged or far too large.
    """
    if len(data) > MOST_BYTES:
        raise EditError(f"{name} has more than {MOST_BYTES >> 30} GB, too much to be pasted")
    try:
        return open_data(data, name, pixel_limit=files.default_pixel_limit()).document
    except OpenError as error:
        raise EditError(_clause(error)) from None


def as_png(document: Document, live: Live | None = None) -> bytes:
    """All that a document shows as a PNG with its alpha, depth and profile, without what its
    metadata tell. Raises ExportError and LayerFailed.
    """
    options = ExportOptions(format="PNG", metadata="none", keep_profile=True, settings=_FAST)
    return encoded(content_of(document, options, live=live), options)


def _clause(error: Exception) -> str:
    return str(error).rstrip(".")
