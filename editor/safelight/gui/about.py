"""About: what the Help menu tells."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox

from safelight.gui.desk import Desk

_HANDS = (
    ("\\ (held)", "The picture as it was"),
    ("Wheel", "Zoom at the pointer"),
    ("Drag", "Move the picture (anywhere, with Space held)"),
    ("Arrows", "Move the picture"),
    ("Double click", "Whole picture, or 100 %"),
    ("Brush, Alt held", "Erase (an eraser: paint)"),
    ("Brush, Shift and click", "A straight line from the last stroke"),
    ("Return, Escape", "Apply or leave a filter"),
)
"""What hands do that no menu has."""


def show_shortcuts(desk: Desk) -> None:
    """Show every shortcut, and what a mouse and held keys do."""
    known = [(desk.deeds.keys(deed), deed.title) for deed in desk.deeds if deed.shortcuts]
    lines = [f"{keys}   {title}" for keys, title in (*known, *_HANDS)]
    _tell(desk, "Keyboard shortcuts", "\n".join(lines))


def show_about(desk: Desk) -> None:
    """Show what this program is."""
    from safelight import __version__

    _tell(
        desk,
        "About Safelight",
        f"Safelight {__version__}\n\nA photo editor whose filters are neural networks that"
        " anyone can add.\nNothing you open leaves this computer.\n\nApache License 2.0",
    )


def _tell(desk: Desk, title: str, text: str) -> None:
    box = QMessageBox(desk.window)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setWindowTitle(title)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(text)
    box.open()
