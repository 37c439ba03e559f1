"""Exchange pictures: placed from files, dropped, copied to other programs and pasted from them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QPoint
from PySide6.QtGui import QClipboard, QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMenu

from safelight.gui.deed_context import DeedContext
from safelight.gui.frames.open_and_export_frames import open_as_sequence
from safelight.gui.threads.after_paint import load_decoder
from safelight.gui.threads.background import Background
from safelight.gui.widgets.shown_text import plain

if TYPE_CHECKING:
    from safelight.document import Document, Edit, Live
    from safelight.gui.workspace import Workspace

PNG = "image/png"
"""What a picture is on the clipboard: it holds alpha, depth and profile."""

_OTHERS = ("image/tiff", "image/webp", "image/jpeg", "image/bmp", "image/x-bmp", "image/gif")
"""What pictures of other programs may be besides, the best first."""

_NAME = "The clipboard's picture"


def place(context: DeedContext) -> None:
    """Ask for pictures, and put each on a layer of the photograph in front."""
    front = context.front
    if front is None:
        return
    load_decoder()  # while the user looks for a file
    endings, folder = context.opening.known_endings(), context.opening.last_folder()
    names, _ = QFileDialog.getOpenFileNames(
        context.window, "Place pictures", folder, f"Pictures ({endings});;All files (*)"
    )
    place_files(front, [Path(name) for name in names])


def duplicate_to(context: DeedContext) -> None:
    """Put copies of the chosen layers into another photograph that is open."""
    from safelight.document import Edit
    from safelight.document.contents.placed_picture import with_layers_of
    from safelight.document.edits import several

    front = context.front
    others = [each for each in context.tabs.workspaces() if each is not front]
    if front is None or not others:
        _say(context, "No other photograph is open to which the layer could go.")
        return
    front.canvas.tool.settle()
    titles = [f"{k}  {each.session.document.name}" for k, each in enumerate(others, 1)]
    chosen, yes = titles[0], True
    if len(others) > 1:
        chosen, yes = QInputDialog.getItem(
            context.window, "Duplicate layer", "To the photograph", titles, 0, False
        )
    if not yes:
        return
    source, other = front.session.document, others[titles.index(chosen)]
    ids = [*front.session.chosen(), front.session.active]
    layers = several(source, ids[0], json.dumps(ids[1:]))
    above = other.session.active

    def apply(document: Document) -> Document:
        return with_layers_of(document, source, layers, above=above)

    other.session.do(Edit("Duplicate layer", apply))
    front.line.mention(f"Copied to {other.session.document.name}")


def place_files(
    front: Workspace, paths: Sequence[Path], middle: tuple[float, float] | None = None
) -> None:
    """Put the picture in each file on a layer above the active one, one after the other; its
    middle lies at ``middle``, in the picture's pixels, or in the middle of the picture.
    """
    from safelight.actions.place_picture import place as placing

    if not paths:
        return
    session = front.session
    if session.locked:
        session.when_done(lambda: place_files(front, paths, middle))
        return
    front.canvas.tool.settle()
    document = session.document
    x, y = middle or (document.width / 2, document.height / 2)
    away = x - document.width / 2, y - document.height / 2
    session.do(placing(layer=session.active, file=str(paths[0]), x=away[0], y=away[1]))
    if len(paths) > 1:
        session.when_done(lambda: place_files(front, paths[1:], middle))


def ask_where(
    context: DeedContext, paths: Sequence[Path], at: QPoint, point: QPoint
) -> QMenu | None:
    """Ask of pictures that were dropped whether they become layers of the photograph in front,
    tabs or, of several, a sequence: a menu at ``point`` of the screen, ``at`` that of the window.
    None where there is one that was not dropped on a photograph.
    """
    several, front = len(paths) > 1, context.front
    inside = None
    if front is not None:
        inside = front.canvas.mapFrom(context.window, at)
        inside = inside if front.canvas.rect().contains(inside) else None
    if not paths or not (several or inside is not None):
        return None
    menu = QMenu(context.window)
    menu.setAccessibleName("Where the pictures go")
    first = None
    if front is not None and inside is not None:
        x, y = front.canvas.picture_point(inside.toPointF())
        document = front.session.document
        within = 0 <= x <= document.width and 0 <= y <= document.height
        middle = (x, y) if within else None
        first = menu.addAction("Place as &layers" if several else "Place as a &layer")
        first.triggered.connect(lambda: place_files(front, paths, middle))
    tab = menu.addAction("Open in &tabs" if several else "Open in a &tab")
    tab.triggered.connect(lambda: _open_each(context, paths))
    if several:
        film = menu.addAction("Open as a &sequence")
        film.triggered.connect(lambda: open_as_sequence(context, paths))
    menu.addSeparator()
    menu.addAction("&Cancel")
    menu.aboutToHide.connect(menu.deleteLater)
    menu.popup(point)
    menu.setActiveAction(first or tab)
    return menu


class _Packing:
    """How many pictures are being packed for the clipboard, which is one for all photographs, and
    what follows ``then``.
    """

    def __init__(self) -> None:
        self.begun = 0
        self.then: Callable[[], object] | None = None

    def end(self) -> None:
        """One is packed, or failed."""
        self.begun -= 1
        if not self.begun and self.then is not None:
            then, self.then = self.then, None
            then()


_packing = _Packing()


def copy(context: DeedContext, *, merged: bool) -> None:
    """Give other programs what is selected of the active layer, or of all, as a picture with its
    alpha, depth and profile. It is packed on a thread.
    """
    front = context.front
    if front is None:
        return
    session = front.session
    document, layer, studio = session.document, session.layer, context.backend.studio
    words = "Copy merged" if merged else "Copy"
    front.line.mention("Copying…")
    _packing.begun += 1

    def work() -> tuple[bytes, tuple[int, int]]:
        from safelight.actions.place_picture import as_png
        from safelight.document.contents.placed_picture import part

        made = part(document, None if merged else layer)
        live = studio.live if studio is not None else None
        return as_png(made, live), (made.width, made.height)

    def done(made: tuple[bytes, tuple[int, int]]) -> None:
        data, (width, height) = made
        _clipboard().setMimeData(offered(data))
        front.line.mention(f"Copied {width} × {height} pixels.")
        _packing.end()

    def failed(error: Exception) -> None:
        session.complained.emit("copy", f"{words}: {str(error).rstrip('.')}.", "")
        _packing.end()

    Background(session, work, done, failed)


def offered(data: bytes) -> QMimeData:
    """A PNG as the clipboard offers it to other programs."""
    held = QMimeData()
    held.setData(PNG, data)
    if sys.platform in ("win32", "darwin"):  # whose programs do not know types of the internet
        held.setImageData(QImage.fromData(data, "PNG"))  # type: ignore[call-overload]
    return held


def paste(context: DeedContext) -> None:
    """Put the clipboard's picture on a layer above the active one, in the middle of what is seen of
    the photograph in front; without one, into a tab of its own. It waits for what is being copied.
    """
    if _packing.begun:
        if context.front is not None:
            context.front.line.mention("Paste follows when this is done: Copying.")
        _packing.then = lambda: paste(context)
        return
    paths, front = _files(), context.front
    if front is not None:
        front.session.settled.emit("paste")
    if paths and front is not None:
        place_files(front, paths, _middle(front))
    elif paths:
        _open_each(context, paths)
    elif (data := _picture()) is None:
        _say(context, "The clipboard holds no picture that could be pasted.")
    elif isinstance(data, str):
        _say(context, data)
    elif front is None:
        _open(context, data)
    else:
        front.canvas.tool.settle()
        front.session.do(_pasting(data, front.session.active, _middle(front)))


def _open_each(context: DeedContext, paths: Sequence[Path]) -> None:
    for path in paths:
        context.opening.open(path)


def _pasting(data: bytes, above: str, middle: tuple[float, float]) -> Edit:
    from safelight.document import Edit

    def renders(document: Document, live: Live | None) -> Document:
        from safelight.actions.place_picture import picture_in
        from safelight.document.contents.placed_picture import with_picture

        picture = replace(picture_in(data, _NAME), name="Pasted picture")
        return with_picture(document, picture, above=above, middle=middle, fits=False, live=live)

    return Edit("Paste", lambda document: renders(document, None), renders=renders)


def _open(context: DeedContext, data: bytes) -> None:
    """Have a picture in a tab of its own."""
    from safelight.gui.open_and_save.loaded_files import Loaded

    def load() -> Loaded:
        from safelight.actions import History
        from safelight.actions.place_picture import picture_in

        return Loaded(History.start(picture_in(data, _NAME), "Paste"))

    Background(
        context.window,
        load,
        lambda loaded: context.opening.show(loaded),
        lambda error: context.messages.say(f"Paste: {error}."),
    )


def _middle(front: Workspace) -> tuple[float, float]:
    seen = front.canvas.visible()
    if seen.empty:
        document = front.session.document
        return document.width / 2, document.height / 2
    return seen.x + seen.width / 2, seen.y + seen.height / 2


def _say(context: DeedContext, text: str) -> None:
    front = context.front
    if front is None:
        context.messages.say(plain(text))
    else:
        front.session.complained.emit("paste", text, "")


def _clipboard() -> QClipboard:
    return QGuiApplication.clipboard()


def _files() -> list[Path]:
    """The files that were copied in a file manager."""
    held = _clipboard().mimeData()
    urls = held.urls() if held is not None and not held.hasFormat(PNG) else []
    return [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]


def _picture() -> bytes | str | None:
    """The clipboard's picture, as a file of some format; None where it has none, a sentence where
    it is too much to be held once more.
    """
    from safelight.actions.place_picture import MOST_BYTES

    held = _clipboard().mimeData()
    if held is None:
        return None
    for kind in (PNG, *_OTHERS):
        if held.hasFormat(kind):
            packed = held.data(kind)
            if packed.size() > MOST_BYTES:
                return f"Paste: {_NAME} has more than {MOST_BYTES >> 20:,} MB, too much."
            return bytes(packed.data())
    image = held.imageData()
    if isinstance(image, QImage) and not image.isNull():
        from PySide6.QtCore import QBuffer, QIODevice

        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        image.save(buffer, "PNG")  # type: ignore[call-overload]
        return bytes(buffer.data().data())
    return None
