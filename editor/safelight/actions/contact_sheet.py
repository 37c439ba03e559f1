"""Contact sheet: many pictures in rows on one page, each a layer with its name below it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from safelight.actions.opened_file import opened_file
from safelight.document import Document, EditError, Layer, Live, geometry, whole
from safelight.document.commands import text_commands
from safelight.document.contents.content import Fill
from safelight.document.contents.placed_picture import in_colours_of
from safelight.document.contents.text import TextError
from safelight.document.document import Metadata
from safelight.document.placement import Place
from safelight.files import OpenError, ProjectError
from safelight.files.codecs.plugin_codec import Importers
from safelight.pixels import Raster

Paper: TypeAlias = Literal["a5", "a4", "a3", "letter", "square"]

PAPERS: dict[Paper, tuple[float, float]] = {
    "a5": (148, 210),
    "a4": (210, 297),
    "a3": (297, 420),
    "letter": (215.9, 279.4),
    "square": (200, 200),
}
"""Millimetres of papers, upright."""

MOST = 400
"""Pictures of one sheet at the most."""

_INCH = 25.4
_SHARPER = 2.0
"""Pixels of a picture that are kept for each that is shown of it, each way."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a contact sheet is like: ``margin`` in millimetres, around the page and between
    pictures; ``columns`` 0 for as many as rows fit best. Raises EditError.
    """

    paper: Paper = "a4"
    landscape: bool = False
    columns: int = 0
    margin: float = 6.0
    dpi: float = 300.0
    captions: bool = True
    ground: str = "#ffffff"
    ink: str = "#202020"

    def __post_init__(self) -> None:
        if self.paper not in PAPERS:
            raise EditError(f"there is no paper {self.paper}; choose from {', '.join(PAPERS)}")
        if not (0 <= self.columns <= 100 and 0 <= self.margin <= 50 and 30 <= self.dpi <= 1200):
            raise EditError(
                "a contact sheet has 100 columns, margins of 50 mm and 30 to 1200 dpi at the most"
            )

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the page in pixels."""
        sides = PAPERS[self.paper]
        wide, high = (round(side / _INCH * self.dpi) for side in sides)
        return (high, wide) if self.landscape else (wide, high)

    def cells(self, count: int) -> list[tuple[float, float, float, float]]:
        """Left, top, width and height, in pixels, of each picture's room, row by row. Raises
        ValueError, for people, where none is left of it.
        """
        width, height = self.size
        rim = self.margin / _INCH * self.dpi
        columns = self.columns or self._best(count)
        rows = -(-count // columns)
        wide = (width - rim * (columns + 1)) / columns
        high = (height - rim * (rows + 1)) / rows
        if min(wide, high - self.caption) < 8:
            raise EditError(f"{count} pictures have no room in {columns} columns of this paper")
        return [
            (rim + k % columns * (wide + rim), rim + k // columns * (high + rim), wide, high)
            for k in range(count)
        ]

    def _best(self, count: int) -> int:
        """The columns in which cells are most like pictures of 3 to 2 that fill the page."""
        width, height = self.size

        def side(columns: int) -> float:
            return min(width / columns, 1.5 * height / -(-count // columns))

        return max(range(1, count + 1), key=side)

    @property
    def caption(self) -> float:
        """Pixels of the height of a name below a picture."""
        return 4.2 / _INCH * self.dpi if self.captions else 0.0


def contact_sheet(
    pictures: Iterable[tuple[str, Document]],
    count: int,
    sheet: Sheet | None = None,
    live: Live | None = None,
) -> Document:
    """A page with ``count`` pictures, named ones, as layers in rows, reduced to twice the pixels
    that are shown of them. Raises EditError, where they have no room.
    """
    sheet = sheet or Sheet()
    if not 1 <= count <= MOST:
        raise EditError(f"a contact sheet has 1 to {MOST} pictures, not {count}")
    width, height = sheet.size
    ground = Layer("Page", Fill(sheet.ground))
    metadata = Metadata(dpi=(sheet.dpi, sheet.dpi))
    page = Document(width, height, "uint8", (ground,), metadata=metadata, name="Contact sheet")
    for (name, picture), cell in zip(pictures, sheet.cells(count), strict=False):
        page = _with(page, name, picture, cell, sheet, live)
    return page


def of_files(
    paths: list[Path],
    left_out: list[str],
    limit: int | None = None,
    importers: Importers = tuple,
) -> Iterator[tuple[str, Document]]:
    """The picture in each file with that one's name; what cannot be opened is said in
    ``left_out``. ``importers`` gives the formats of plugins.
    """
    for path in paths:
        try:
            with opened_file(path, pixel_limit=limit, importers=importers) as (history, _):
                yield path.name, history.document
        except (OpenError, ProjectError) as error:
            left_out.append(f"{error}")


def _with(
    page: Document,
    name: str,
    picture: Document,
    cell: tuple[float, float, float, float],
    sheet: Sheet,
    live: Live | None,
) -> Document:
    left, top, wide, high = cell
    room = wide, high - sheet.caption
    pixels = whole(picture, live)
    scale = min(room[0] / pixels.width, room[1] / pixels.height)
    level = max(math.floor(math.log2(1 / (scale * _SHARPER))), 0) if scale < 1 else 0
    reduced = pixels if not level else Raster.from_array(np.array(pixels.level(level).to_array()))
    small = in_colours_of(reduced, picture.profile, page)
    shown = picture.width * scale, picture.height * scale
    x, y = round(left + (room[0] - shown[0]) / 2), round(top + (room[1] - shown[1]) / 2)
    place = Place.offset(x, y).after(Place.scaled(shown[0] / small.width, shown[1] / small.height))
    layer = Layer(name, small, place=place.on_pixels(), synthetic=picture.synthetic)
    page = replace(page, layers=(*page.layers, layer))
    if not sheet.captions:
        return page
    with suppress(EditError, TextError):  # a name that no font has is left out
        size = sheet.caption * 0.55
        edit = text_commands.add_text(
            *(layer.id, name),
            x=left,
            y=y + shown[1] + sheet.caption * 0.15,
            size=size,
            fill=sheet.ink,
            name=f"Name of {name}",
        )
        made = edit.apply(page)
        text = made.layers[-1]
        box = geometry.box_of(made, text)
        if box is not None:
            share = min(100 * wide / max(box.width, 1), 100.0)
            middle = left + wide / 2 - (box.x + box.width / 2)
            change = geometry.change_of(box, middle, 0.0, share, share, 0.0)
            page = geometry.moved(made, text, change)
    return page
