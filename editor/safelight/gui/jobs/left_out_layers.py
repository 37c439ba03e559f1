"""Left-out layers: what to do about a layer that cannot be computed."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QMessageBox, QWidget

from safelight.document import LayerFailed
from safelight.gui.widgets.question_box import ask
from safelight.gui.widgets.shown_text import plain


def ask_without(
    parent: QWidget,
    verb: str,
    failure: LayerFailed,
    again: Callable[[], object],
    without: Callable[[], object],
) -> QMessageBox:
    """Ask whether to compute the layer ``again`` or to go on ``without`` it; or neither.

    ``verb`` is what is being done: *Export*, *Flatten*.
    """
    details = "Without it the result is another picture than the one you have made."
    return ask(
        parent,
        plain(str(failure)),
        details,
        ("Try again", again),
        (f"{verb} without it", without),
    )
