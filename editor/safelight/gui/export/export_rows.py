"""Export rows: forms, rows and buttons as the export dialog has them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QPushButton, QWidget

from safelight.gui.widgets.scrolling_rows import ScrollingRows


def beside(*parts: QWidget) -> QWidget:
    """Widgets side by side, with no room around them; those that can take what room there is."""
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    for part in parts:
        layout.addWidget(part)
    return row


def scrolling(form: QFormLayout) -> ScrollingRows:
    """An area of which the rows of a form can be scrolled upwards and downwards."""
    inside = QWidget()
    inside.setLayout(form)
    return ScrollingRows(inside, fits=True)


def plain_button(words: str, clicked: Callable[[], object]) -> QPushButton:
    """A button that Return does not press."""
    button = QPushButton(words)
    button.setAutoDefault(False)
    button.clicked.connect(lambda _=False: clicked())
    return button


def empty_form() -> QFormLayout:
    """A form without rows; a field takes what room there is."""
    form = QFormLayout()
    form.setVerticalSpacing(10)
    form.setHorizontalSpacing(16)
    form.setContentsMargins(0, 0, 8, 0)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    return form
