"""Network dialog: a dropped network, what it is, and what it makes of the picture."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QImage, QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from safelight import actions
from safelight.actions.plugins.network_candidate import Candidate, middle
from safelight.actions.plugins.network_plugin import Examined, Identity, identifier
from safelight.actions.plugins.plugin_store import Installed, StoreError
from safelight.api.testing import photograph
from safelight.document import Document, render_srgb
from safelight.gui.screen.display_transform import display
from safelight.gui.threads.background import Background, Mailbox
from safelight.gui.widgets.shown_text import file_size, plain
from safelight.pixels import Raster, to_float

_RANGES = {
    "0 to 1": "0..1",
    "0 to 255": "0..255",
    "-1 to 1": "-1..1",
    "As ImageNet's classifiers": "imagenet",
    "As Caffe's classifiers": "caffe",
}
_ORDERS = {"Red, green, blue": "RGB", "Blue, green, red": "BGR"}
_FITS = {"Cut into windows": "windows", "Whole": "whole", "Whole, changes alone": "change"}
_MASKS = {
    **{"1 is selected": "0..1", "0 is selected": "1..0"},
    **{"255 is selected": "0..255", "0 is selected, 255 is not": "255..0"},
}
_GUIDES = {"On the first, pixel by pixel": "aligned", "Nowhere: it is seen whole": "whole"}
_RESULTS = {"A mask, which selects": "mask", "A grey picture": "grey"}
_SIDE = 280
_BORDER = 48
"""Pixels that a title bar and a panel of the desktop may take of the screen's height."""


class NetworkDialog(QDialog):
    """Shows what was read and probed, and a before and after; adds it as a filter.

    ``plugin`` is what was installed, once it is accepted. Without a ``document`` the test chart
    is the picture.
    """

    def __init__(
        self,
        studio: actions.Studio,
        path: Path,
        document: Document | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Add a network")
        self.plugin: Installed | None = None
        self._studio = studio
        self._path = path
        self._document = document or _chart()
        self._examined: Examined | None = None
        self._given: dict[str, str] = {}
        self._works = False
        self._candidate: Candidate | None = None
        self._facts = _label()
        self._notes = _label()
        self.range = _choice(_RANGES)
        self.order = _choice(_ORDERS)
        self._choices = {
            **{"range": self.range, "channels": self.order},
            **{"fit": _choice(_FITS), "result": _choice(_RESULTS)},
            **{"mask_range": _choice(_MASKS), "guide": _choice({})},
            "guide_fit": _choice(_GUIDES),
        }
        self._second: Candidate | None = None
        self._told = Mailbox(self, self._show_progress)
        self.other = QLabel()
        self.keep, self.take = QPushButton(), QPushButton()
        self.name = QLineEdit(plain(path.stem))
        self.before, self.after = QLabel(), QLabel()
        self.said = _label()
        self.busy = QProgressBar()
        self.busy.setRange(0, 0)
        self.busy.setTextVisible(False)
        self.add = QPushButton("Add")
        self.add.setDefault(True)
        self._lay_out()
        for choice in self._choices.values():
            choice.activated.connect(self._changed)
        self.keep.clicked.connect(lambda: self._answer(0))
        self.take.clicked.connect(lambda: self._answer(1))
        self.name.textChanged.connect(self._name_changed)
        self.add.clicked.connect(self._add)
        self.finished.connect(self._leave)
        self._examine()

    def _lay_out(self) -> None:
        self._form = form = QFormLayout()
        form.addRow("Name", self.name)
        form.addRow("Numbers", self.range)
        form.addRow("Colours", self.order)
        form.addRow("Large pictures", self._choices["fit"])
        form.addRow("It makes", self._choices["result"])
        form.addRow("In the mask", self._choices["mask_range"])
        form.addRow("Second picture", self._choices["guide"])
        form.addRow("It lies", self._choices["guide_fit"])
        for choice in self._choices.values():
            form.setRowVisible(choice, False)  # until it is known which there are
        pictures = QHBoxLayout()
        for title, picture, button in (
            ("Before", self.before, None),
            ("After", self.after, self.keep),
            ("Or after", self.other, self.take),
        ):
            column = QVBoxLayout()
            picture.setFixedSize(_SIDE, _SIDE)
            picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
            picture.setAccessibleName(title)
            caption = QLabel(title)
            caption.setObjectName("dim")
            column.addWidget(picture)
            column.addWidget(caption)
            if button is not None:
                button.setAutoDefault(False)
                column.addWidget(button)
            if picture is self.other:
                self._other_caption = caption
            column.addStretch(1)
            pictures.addLayout(column)
        self._ask(None)
        cancel = QPushButton("Cancel")
        cancel.setAutoDefault(False)
        cancel.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(self.add)
        self._facts.setObjectName("dim")
        self._content = QWidget()
        content = QVBoxLayout(self._content)
        content.setContentsMargins(0, 0, 0, 0)
        content.addWidget(self._facts)
        content.addLayout(form)
        content.addLayout(pictures)
        content.addWidget(self._notes)
        content.addStretch(1)
        self._content.installEventFilter(self)
        self.area = QScrollArea()  # a small screen has no room for every row
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidget(self._content)
        self._column = column = QVBoxLayout(self)
        column.addWidget(self.area, 1)
        column.addWidget(self.said)
        column.addWidget(self.busy)
        column.addLayout(buttons)
        self._facts.setText(plain(self._path.name))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Become as large as what is shown now, once it has been laid out."""
        if watched is self._content and event.type() == QEvent.Type.LayoutRequest:
            QTimer.singleShot(0, self._content, self._fit)
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        """Be as high as what is shown needs at this width, and no higher than the screen."""
        bar = self.area.verticalScrollBar().sizeHint().width()
        least = self._content.minimumSizeHint().width() + bar
        self.area.setMinimumWidth(least)
        margins = self.contentsMargins() + self._column.contentsMargins()
        room = self.screen().availableGeometry().size()
        width = min(max(self.width(), least + margins.left() + margins.right()), room.width())
        inner = width - margins.left() - margins.right()
        wanted = self._content.heightForWidth(inner - bar)
        others = self._column.heightForWidth(width) - self.area.sizeHint().height()
        self.resize(width, min(wanted + others, room.height() - _BORDER))

    # -- steps -----------------------------------------------------------------------------------

    def _examine(self) -> None:
        """Read and probe it, as far as the user has not decided."""
        self._leave()
        self._works = False
        tell = self._told.post
        candidate = Candidate(
            *(self._studio.store, self._path),
            given=self._given,
            tell=lambda fraction, words: tell((fraction, words)),
        )
        self._candidate = candidate
        self._ask(None)
        self._start("Reading and trying it…", candidate.examine, self._show_examined)

    def _show_examined(self, examined: Examined) -> None:
        self._examined = examined
        number = f"{examined.parameters:,} parameters"
        lines = [f"{examined.file}: {file_size(examined.bytes)}, {number}"]
        lines += [f"takes {examined.input}", f"gives {examined.output}", _found(examined)]
        self._facts.setText("\n".join(plain(line) for line in lines))
        self._notes.setText(plain("\n".join(examined.notes), lines=True))
        guides = self._choices["guide"]
        for name in examined.asks.get("guide", (examined.found("guide"),)):
            if name and guides.findData(name) < 0:
                guides.addItem(plain(name), name)
        for key, choice in self._choices.items():
            index = choice.findData(examined.found(key))
            self._form.setRowVisible(choice, index >= 0)
            choice.setCurrentIndex(max(index, 0))
            choice.setToolTip(examined.how(key).capitalize())
        self._preview()

    def _preview(self) -> None:
        candidate, examined, document = self._candidate, self._examined, self._document
        assert candidate is not None
        assert examined is not None
        live, region = self._studio.live, middle(document)

        question = next(iter(examined.asks.items()), None)
        second: Candidate | None = None
        if question is not None:
            key, (_, other, *_) = question
            given = self._given | {key: other}
            second = self._second = Candidate(self._studio.store, self._path, given=given)

        def made(candidate: Candidate, examined: Examined) -> QImage:
            identity = Identity.of(examined, "preview")
            raster = candidate.preview(identity, document, region, live)
            return _image(document.profile.to_srgb(to_float(raster.to_array())))

        def work() -> tuple[QImage, ...]:
            before = render_srgb(document, region, live, lenient=True)
            images = [_image(before), made(candidate, examined)]
            if second is not None:
                with second:
                    images.append(made(second, second.examine()))
            return tuple(images)

        def done(images: tuple[QImage, ...]) -> None:
            for label, image in zip((self.before, self.after, self.other), images, strict=False):
                label.setPixmap(QPixmap.fromImage(display().shown(image)))
            self._ask(question)
            self.said.setText("")
            self._works = True
            self._wait(False)

        self._start("Trying it on the picture…", work, done)

    def _changed(self) -> None:
        """The user knows better than the probe."""
        self._given = {
            key: choice.currentData()
            for key, choice in self._choices.items()
            if not choice.isHidden()
        }
        self._examine()

    def _ask(self, question: tuple[str, tuple[str, ...]] | None) -> None:
        """Offer two results to choose from, or none."""
        self._question = question
        for widget in (self.other, self._other_caption, self.keep, self.take):
            widget.setVisible(question is not None)
        if question is not None:
            key, values = question
            choice = self._choices[key]
            for button, value in ((self.keep, values[0]), (self.take, values[1])):
                button.setText(choice.itemText(choice.findData(value)))
                button.setToolTip("The network does not tell which is right: choose by the result")

    def _answer(self, number: int) -> None:
        """The user has chosen one of the two results."""
        if self._question is not None:
            key, values = self._question
            self._given = self._given | {key: values[number]}
            self._examine()

    def _show_progress(self, told: tuple[float, str]) -> None:
        fraction, words = told
        if not self.busy.isHidden():
            self.busy.setRange(0, 100)
            self.busy.setValue(round(100 * fraction))
            self.said.setText(plain(f"Reading and trying it: {words}…"))

    def _add(self) -> None:
        candidate, examined, name = self._candidate, self._examined, self.name.text().strip()
        assert candidate is not None
        assert examined is not None
        identity = Identity.of(examined, name, title=name)
        self._start("Adding it…", lambda: candidate.add(identity), self._added)

    def _added(self, plugin: Installed) -> None:
        self.plugin = plugin
        self.accept()

    def _start(self, text: str, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        """Do a step on a thread; what the user has stopped meanwhile is heard of no more."""
        candidate = self._candidate
        self.said.setText(text)
        self._wait(True)

        def finished(result: Any) -> None:
            if candidate is self._candidate:
                done(result)

        def failed(error: Exception) -> None:
            if candidate is self._candidate:
                self._failed(error)

        Background(self, work, finished, failed)

    def _failed(self, error: Exception) -> None:
        self.said.setText(plain(str(error)))
        self._wait(False)

    def _name_changed(self) -> None:
        try:
            identifier(self.name.text())
        except StoreError as error:
            self.said.setText(plain(str(error)))
            self.add.setEnabled(False)
        else:
            self.said.setText("")
            self.add.setEnabled(self._works and self.busy.isHidden())

    def _wait(self, busy: bool) -> None:
        """Show whether a step is under way, and offer what can be done now."""
        self.busy.setRange(0, 0)
        self.busy.setVisible(busy)
        self.add.setEnabled(self._works and not busy)
        for widget in (*self._choices.values(), self.keep, self.take):
            widget.setEnabled(self._examined is not None and not busy)

    def _leave(self) -> None:
        """Stop what is under way, and leave nothing behind."""
        second, self._second = self._second, None
        if second is not None:
            second.cancel()  # it closes itself
        candidate, self._candidate = self._candidate, None
        if candidate is not None:
            candidate.cancel()
            # On a thread, because the step under way has to end first.
            threading.Thread(target=candidate.close, name="close a network").start()

    def closeEvent(self, event: QCloseEvent) -> None:
        self._leave()
        super().closeEvent(event)


def _found(examined: Examined) -> str:
    """What was found, in a line."""
    size, reach = examined.found("width"), examined.found("reach")
    words = [f"{examined.found('channels')} to {examined.found('result')}"]
    words += [f"{examined.scale} × as large"] if examined.scale > 1 else []
    words += [f"{size} × {examined.found('height')} pixels at a time"] if size else []
    return ", ".join([*words, f"looks {reach} pixels far"])


def _label() -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    return label


def _choice(items: dict[str, str]) -> QComboBox:
    choice = QComboBox()
    for title, value in items.items():
        choice.addItem(title, value)
    return choice


def _chart() -> Document:
    pixels = np.rint(photograph(256, 256, seed=1) * 255).astype(np.uint8)
    return Document.from_raster(Raster.from_array(pixels))


def _image(pixels: NDArray[np.float32]) -> QImage:
    """sRGB as a picture no larger than what shows it; alpha is left out."""
    whole = np.ascontiguousarray(np.rint(pixels[..., :3].clip(0, 1) * 255), np.uint8)
    height, width = whole.shape[:2]
    image = QImage(whole.data, width, height, width * 3, QImage.Format.Format_RGB888).copy()
    return image.scaled(
        *(_SIDE, _SIDE),
        Qt.AspectRatioMode.KeepAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
