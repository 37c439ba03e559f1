"""Folder deeds: the lines of what can be asked for about a folder, and the menu of its strip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QMenu

from safelight.gui.deed_context import DeedContext
from safelight.gui.deeds.deed import Deed
from safelight.gui.folder.compare_photographs import compare
from safelight.gui.folder.paste_on_photographs import (
    batch_of_chosen,
    copy_settings,
    may_copy,
    may_paste,
    paste_settings,
)
from safelight.gui.photograph_tabs import labelled

if TYPE_CHECKING:
    from safelight.gui.folder.folder_rows import FolderRow
    from safelight.gui.folder.strip_view import Mark

_MARKS = "Stars and labels"
_LABELS = ("Red", "Yellow", "Green", "Blue", "Purple")


def of_folder(context: DeedContext) -> list[Deed]:
    """The lines about the folder that is shown, in several menus."""
    place = context.folder

    def shown() -> bool:
        return place.folder is not None

    def chosen() -> bool:
        return place.strip is not None and bool(place.strip.view.selectionModel().hasSelection())

    def in_front() -> bool:
        return context.front is not None and context.front.session.files.path is not None

    def switch() -> None:
        place.hide() if shown() else place.show_around_front()

    lines = [
        Deed(
            *("open folder", "Open fol&der…", place.ask, "File", 0, ("Ctrl+Shift+O",)),
            tip="A folder's photographs in a strip, to go through, mark and compare",
        ),
        Deed(
            *("folder of this", "Folder of &this photograph", place.show_around_front, "File", 0),
            when=in_front,
            tip="The photographs that lie beside the one in front",
        ),
        Deed(
            *("folder strip", "Folder strip", switch, "View", 6),
            when=lambda: shown() or in_front(),
            checked=shown,
            tip="The photographs of a folder, below the one that is open",
        ),
        Deed(
            *("next photograph", "Ne&xt photograph", partial(place.step, 1), "View", 6),
            shortcuts=("PgDown",),
            when=shown,
        ),
        Deed(
            *("photograph before", "Previous photograph", partial(place.step, -1), "View", 6),
            shortcuts=("PgUp",),
            when=shown,
        ),
    ]
    lines.append(
        Deed(
            *("compare", "Compare side by side", partial(compare, context), "View", 6),
            when=lambda: place.strip is not None and len(place.strip.two) == 2,
            tip="Two photographs of the folder, zoomed and moved together; C in the strip",
        )
    )
    lines += [
        Deed(
            *("copy settings", "Copy settings", partial(copy_settings, context), "Edit", 4),
            shortcuts=("Ctrl+Alt+Shift+C",),
            when=partial(may_copy, context),
            tip="What was done to the photograph in front, to be pasted on others",
        ),
        Deed(
            *("paste settings", "Paste settings", partial(paste_settings, context), "Edit", 4),
            shortcuts=("Ctrl+Alt+Shift+V",),
            when=partial(may_paste, context),
            tip="On the chosen photographs: a project beside each; or on the one in front",
        ),
        Deed(
            *("batch of chosen", "Batch of the chosen…", partial(batch_of_chosen, context)),
            *("File", 1),
            when=lambda: chosen() and context.backend.studio is not None,
            tip="Do to the chosen photographs of the folder what a recipe says",
        ),
    ]
    where = "; the key is for where the strip has the keyboard"
    for title, id, asked in _marks():
        tip = "Written into a sidecar beside the photograph, which stays as it is"
        line = Deed(f"mark {id}", title, partial(_mark, context, asked), "Edit", 4, submenu=_MARKS)
        lines.append(replace(line, when=chosen, tip=tip + where))
    return lines


def _marks() -> list[tuple[str, str, Mark]]:
    """Title, id and mark of each that can be given, with its key behind it."""
    found: list[tuple[str, str, Mark]] = [("No stars (&0)", "0", ("stars", 0))]
    for number in range(1, 6):
        words = f"{number} star{'' if number == 1 else 's'}"
        found.append((f"{words} (&{number})", str(number), ("stars", number)))
    for index, label in enumerate(_LABELS):
        key = f" (&{6 + index})" if index < 4 else ""
        found.append((f"{label} label{key}", label.lower(), ("label", label)))
    found.append(("Rejected (&X)", "reject", ("reject", None)))
    return found


def _mark(context: DeedContext, asked: Mark) -> None:
    if context.folder.strip is not None:
        context.folder.strip.mark(asked)


def _open_apart(context: DeedContext, rows: Sequence[FolderRow]) -> None:
    for row in rows:
        context.folder.open_apart(row.photograph.path)


def show_menu(context: DeedContext, point: QPoint) -> None:
    """Show what can be done to the chosen photographs at a point of the screen."""
    strip = context.folder.strip
    if strip is None or not strip.chosen:
        return
    rows = strip.chosen
    menu = QMenu(strip)
    several = f" {len(rows)}" if len(rows) > 1 else ""
    opens = menu.addAction(labelled(f"Open{several} in tabs" if several else "Open in a tab"))
    opens.triggered.connect(lambda: _open_apart(context, rows))
    menu.addAction(context.deeds["compare"])
    menu.addSeparator()
    for id in ("copy settings", "paste settings", "batch of chosen", "contact sheet"):
        menu.addAction(context.deeds[id])
    menu.addSeparator()
    for deed in context.deeds:
        if deed.id.startswith("mark "):
            menu.addAction(context.deeds[deed.id])
    menu.aboutToHide.connect(menu.deleteLater)
    menu.popup(point)
