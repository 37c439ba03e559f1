"""Window state: how a window was left: its size, the width of its panels, tab and tool."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QMargins, QSize, Qt
from PySide6.QtWidgets import QMainWindow

from safelight.gui.open_and_save.samples_and_recent_files import settings

_GROUP = "window"
_AROUND = (53, 52, 310, 6)
"""Left, top, right and bottom of what is around a picture at first, in widget pixels."""

_NEVER = ("crop", "picker")
"""Tools that nobody has in hand when a photograph is opened: they change what is seen of it."""


def remember_window(window: QMainWindow) -> None:
    """Note the window's size, and whether it fills the screen, for the next start."""
    stored = settings()
    stored.setValue(f"{_GROUP}/maximised", window.isMaximized())
    if not (window.isMaximized() or window.isFullScreen()):
        stored.setValue(f"{_GROUP}/width", window.width())
        stored.setValue(f"{_GROUP}/height", window.height())


def restore_window(window: QMainWindow, usual: QSize, room: QSize) -> None:
    """Give the window its former size, or else the ``usual`` one, as far as there is ``room``."""
    stored = settings()
    width, height = (_number(stored.value(f"{_GROUP}/{name}")) for name in ("width", "height"))
    size = usual if width is None or height is None else QSize(width, height)
    window.resize(size.boundedTo(room))
    if str(stored.value(f"{_GROUP}/maximised", False)).lower() == "true":
        window.setWindowState(Qt.WindowState.WindowMaximized)


def remember_work(tool: str, latest: Sequence[str], tab: str, widths: Sequence[int]) -> None:
    """Note the tool in hand, the ``latest`` of each group, the tab in front and the widths of
    canvas and panels.
    """
    stored = settings()
    stored.setValue(f"{_GROUP}/latest", " ".join(latest))
    stored.setValue(f"{_GROUP}/tool", tool)
    stored.setValue(f"{_GROUP}/tab", tab)
    stored.setValue(f"{_GROUP}/panels", widths[-1])


def remember_around(around: QMargins) -> None:
    """Note what lies around a picture, in widget pixels."""
    parts = around.left(), around.top(), around.right(), around.bottom()
    settings().setValue(f"{_GROUP}/around", " ".join(map(str, parts)))


def last_around() -> QMargins:
    """What lay around a picture; as it is at first where nobody knows."""
    parts = [_number(word) for word in str(settings().value(f"{_GROUP}/around", "")).split()]
    left, top, right, below = parts if len(parts) == 4 else _AROUND
    if left is None or top is None or right is None or below is None:
        return QMargins(*_AROUND)
    return QMargins(left, top, right, below)


def last_tool(known: Sequence[str]) -> str:
    """The tool that was in hand, if there still is such a one; "" for none."""
    name = str(settings().value(f"{_GROUP}/tool", ""))
    return name if name in known and name not in _NEVER else ""


def latest_tools() -> list[str]:
    """The tools that were used last, one of each group."""
    return str(settings().value(f"{_GROUP}/latest", "")).split()


def last_tab() -> str:
    """The tab that was in front; "" for none."""
    return str(settings().value(f"{_GROUP}/tab", ""))


def last_width() -> int | None:
    """The width that the panels had, 0 for hidden ones; None where nobody knows."""
    return _number(settings().value(f"{_GROUP}/panels"))


def forget_layout() -> None:
    """Begin as at the first start."""
    settings().remove(_GROUP)
    settings().remove("unfolded")


def _number(value: object) -> int | None:
    text = str(value)
    return int(text) if text.isdecimal() and len(text) < 6 else None
