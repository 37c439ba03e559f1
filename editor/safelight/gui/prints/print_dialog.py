"""Print dialog: on which paper, how large, and a page that shows it; to a printer or a PDF."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QBuffer, QIODevice, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPagedPaintDevice, QPainter, QPaintEvent, QPdfWriter
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from safelight.document import Document, LayerFailed, Live
from safelight.files import atomic_write
from safelight.gui.controls.number_field import WholeField
from safelight.gui.jobs.left_out_layers import ask_without
from safelight.gui.panels.document_glimpse import small_image
from safelight.gui.prints.papers import PAPERS
from safelight.gui.prints.printed_page import How, Page, Placed, paint_page, placed, printed_image
from safelight.gui.screen.display_transform import display
from safelight.gui.threads.background import Background
from safelight.gui.widgets.shown_text import plain
from safelight.gui.widgets.small_widgets import form, remark

if TYPE_CHECKING:
    from safelight.actions import Studio

_COARSE = 150.0
"""Pixels per inch below which a print looks soft at arm's length."""

_PREVIEW = 400_000
"""Most pixels of the picture that the page shows."""


class PrintDialog(QDialog):
    """Asks how a document is printed, and prints it. ``said`` is what was done, once accepted."""

    def __init__(
        self, document: Document, studio: Studio | None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Print")
        self.said = ""
        self._document, self._studio = document, studio
        self.paper, self.lies, self.how = QComboBox(), QComboBox(), QComboBox()
        self.paper.addItems(list(PAPERS))
        self.lies.addItems(["As the picture is", "Portrait", "Landscape"])
        self.how.addItem("Fit the page", "fit")
        self.how.addItem("Fill the page", "fill")
        self.how.addItem("Print size", "size")
        self.margin = WholeField()
        self.margin.setRange(0, 50)
        self.margin.setValue(10)
        self.margin.setSuffix(" mm")
        self.margin.setAccessibleName("Margin")
        self.page = PageView()
        self.outcome = remark()
        self.busy = QProgressBar()
        self.busy.setRange(0, 0)
        self.busy.setTextVisible(False)
        self.busy.hide()
        self.pdf, self.print, cancel = (
            QPushButton(text) for text in ("Save as PDF…", "Print…", "Cancel")
        )
        for button in (self.pdf, cancel):
            button.setAutoDefault(False)
        self.print.setDefault(True)
        self.pdf.clicked.connect(self._ask_for_file)
        self.print.clicked.connect(self._ask_for_printer)
        cancel.clicked.connect(self.reject)
        self._lay_out(cancel)
        for box in (self.paper, self.lies, self.how):
            box.currentIndexChanged.connect(lambda _: self._show())
        self.margin.valueChanged.connect(lambda _: self._show())
        live = self._live
        Background(self, lambda: _glimpse(document, live), self.page.show_picture, lambda _: None)
        self._show()

    def _lay_out(self, cancel: QPushButton) -> None:
        fields = form()
        fields.addRow("Paper", self.paper)
        fields.addRow("Orientation", self.lies)
        fields.addRow("Size", self.how)
        fields.addRow("Margin", self.margin)
        fields.addRow("", self.outcome)
        fields.addRow("", self.busy)
        upper = QHBoxLayout()
        upper.setSpacing(18)
        upper.addWidget(self.page, 1)
        upper.addLayout(fields)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        for button in (cancel, self.pdf, self.print):
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.setSpacing(14)
        layout.addLayout(upper, 1)
        layout.addLayout(buttons)

    @property
    def _live(self) -> Live | None:
        return self._studio.live if self._studio is not None else None

    # -- what is asked for ---------------------------------------------------------------------

    def sheet(self) -> Page:
        """The paper as it lies."""
        width, height = PAPERS[self.paper.currentText()]
        page = Page(width, height, float(self.margin.value()))
        sizes = ((self._document.width, self._document.height), (1, 2), (2, 1))
        return page.turned_for(*sizes[self.lies.currentIndex()])

    def place(self) -> Placed:
        """Where the picture lies on it."""
        document, how = self._document, self.how.currentData()
        chosen: How = how if how in ("fit", "fill") else "size"
        dpi = document.metadata.dpi
        return placed(self.sheet(), document.width, document.height, chosen, dpi)

    def _show(self) -> None:
        place, document = self.place(), self._document
        self.page.show_place(self.sheet(), place, (document.width, document.height))
        wide, high = place.target.width() / 10, place.target.height() / 10
        text = f"{wide:.1f} × {high:.1f} cm, {place.dpi:.0f} pixels per inch."
        if place.dpi < _COARSE:
            text += " That is coarse; Enlarge would make more pixels."
        if place.source.width() < document.width - 1 or place.source.height() < document.height - 1:
            text += " Some of the picture is cut off."
        self.outcome.setText(text)

    # -- printing ------------------------------------------------------------------------------

    def _ask_for_printer(self) -> None:
        from PySide6.QtPrintSupport import QPrintDialog, QPrinter

        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        printer.setDocName(self._document.name)
        dialog = QPrintDialog(printer, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self.print_to(printer, "Sent to the printer."))
        QDialog.open(dialog)

    def _ask_for_file(self) -> None:
        name = f"{Path(self._document.name).stem}.pdf"
        chosen, _ = QFileDialog.getSaveFileName(self, "Save as PDF", name, "PDF (*.pdf)")
        if chosen:
            self.save_pdf(Path(chosen))

    def save_pdf(self, path: Path) -> None:
        """Write the page into a PDF file, which the user has agreed to replace."""
        page, place, title = self.sheet(), self.place(), self._document.name

        def write(image: QImage) -> bool:
            buffer = QBuffer()
            buffer.open(QIODevice.OpenModeFlag.WriteOnly)
            writer = QPdfWriter(buffer)
            writer.setTitle(title)
            writer.setResolution(round(max(place.dpi, 72)))
            if not paint_page(writer, page, place, image):
                return False
            data = bytes(buffer.data().data())
            atomic_write(path, lambda file: file.write(data), overwrite=True)
            return True

        self._start(write, f"Saved as {path}.")

    def print_to(self, printer: QPagedPaintDevice, said: str) -> None:
        """Print the page."""
        page, place = self.sheet(), self.place()
        self._start(lambda image: paint_page(printer, page, place, image), said)

    def _start(self, write: Callable[[QImage], bool], said: str) -> None:
        """Render and print on a thread."""
        document, live = self._document, self._live
        self._set_busy(True)
        Background(
            self,
            lambda: write(printed_image(document, live)),
            lambda began: self._done(began, said),
            lambda error: self._failed(error, write, said),
        )

    def _done(self, began: bool, said: str) -> None:
        self._set_busy(False)
        if began:
            self.said = said
            self.accept()
        else:
            self.outcome.setText("The printer could not be started.")

    def _failed(self, error: Exception, write: Callable[[QImage], bool], said: str) -> None:
        self._set_busy(False)
        self.outcome.setText(plain(str(error)))
        if not isinstance(error, LayerFailed):
            return

        def again() -> None:
            held = self._document.layer(error.layer_id).filter
            if self._studio is not None and held is not None:
                self._studio.try_again(held)
            self._start(write, said)

        def without() -> None:
            self._document = self._document.without([error.layer_id])
            self._start(write, said)

        ask_without(self, "Print", error, again, without)

    def _set_busy(self, on: bool) -> None:
        self.busy.setVisible(on)
        for button in (self.pdf, self.print):
            button.setEnabled(not on)

    def reject(self) -> None:
        if not self.busy.isVisible():  # what is being printed is finished first
            super().reject()


class PageView(QWidget):
    """A sheet of paper with the picture on it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(240, 240)
        self.image: QImage | None = None
        self._page, self._placed = Page(210, 297), placed(Page(210, 297), 3, 2, "fit")
        self._size = (3, 2)

    def sizeHint(self) -> QSize:
        return QSize(320, 340)

    def show_picture(self, image: QImage) -> None:
        """Show the picture, in fewer pixels than it has."""
        self.image = image
        self.update()

    def show_place(self, page: Page, place: Placed, size: tuple[int, int]) -> None:
        """Show where a picture of ``size`` pixels lies."""
        self._page, self._placed, self._size = page, place, size
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            scale = min(self.width() / self._page.width, self.height() / self._page.height) * 0.96
            width, height = self._page.width * scale, self._page.height * scale
            sheet = QRectF((self.width() - width) / 2, (self.height() - height) / 2, width, height)
            painter.fillRect(sheet, QColor("#f4f4f2"))
            painter.translate(sheet.topLeft())
            painter.scale(scale, scale)
            if self.image is None:
                painter.fillRect(self._placed.target, QColor("#c8c8c8"))
                return
            across, down = (
                have / full
                for have, full in zip(
                    (self.image.width(), self.image.height()), self._size, strict=True
                )
            )
            seen = self._placed.source
            source = QRectF(
                seen.x() * across, seen.y() * down, seen.width() * across, seen.height() * down
            )
            painter.drawImage(self._placed.target, display().shown(self.image), source)


def _glimpse(document: Document, live: Any) -> QImage:
    """A small version of the picture on white."""
    image = small_image(document, _PREVIEW, live)
    if not image.hasAlphaChannel():
        return image
    white = QImage(image.size(), QImage.Format.Format_RGB888)
    white.fill(Qt.GlobalColor.white)
    white.setColorSpace(image.colorSpace())
    with QPainter(white) as painter:
        painter.drawImage(0, 0, image)
    return white
