"""Lightbox pictures: what a panel's lightbox shows is made and kept for a while."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtGui import QImage

from safelight import actions
from safelight.actions.lightbox_codes import Code
from safelight.api import Value
from safelight.gui.controls.thumb import Thumb
from safelight.gui.panels.settings_panel import FilterSettings
from safelight.gui.previews.kept_directions import KeptDirections
from safelight.gui.session import Session
from safelight.gui.threads.background import Mailbox

_SIDE = 128
"""Pixels of a picture, each way."""

_KEPT = 400
"""Pictures that are kept, of 49 kB each: going back costs nothing."""

_Key = tuple[tuple[str, Value], ...]


class Sketching(QObject):
    """Stands between one panel's lightbox and the back end, as long as the panel is there."""

    def __init__(self, panel: FilterSettings, session: Session) -> None:
        super().__init__(panel)
        self._panel = panel
        self._session = session
        self._lightbox = panel.latents.lightbox
        self._mailbox = Mailbox(self, self._arrived)
        self._sketcher: actions.Sketcher | None = None
        self._round = 0
        self._asked: list[_Key] = []
        self._places: list[tuple[Thumb, _Key]] = []
        self._images: OrderedDict[_Key, QImage] = OrderedDict()
        self._soon = QTimer(self)  # a change is told by several
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._renew)
        if self._lightbox is None:
            return
        self._lightbox.installEventFilter(self)
        panel.settled.connect(self._soon.start)
        self._lightbox.shown.connect(self._soon.start)
        for control in panel.latents.codes:
            control.shown.connect(self._soon.start)
        self._lightbox.directions.seen = self._seen
        KeptDirections(panel, session, self._lightbox.directions)
        self._soon.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """What nobody sees is made when it is seen."""
        if event.type() == QEvent.Type.Show:
            self._soon.start()
        return super().eventFilter(watched, event)

    def _renew(self) -> None:
        """Show what is known already, and ask for the rest; what is asked for already goes on."""
        lightbox = self._lightbox
        if lightbox is None or not lightbox.isVisible():
            return
        self._places = self._wanted()
        missing: list[_Key] = []
        for thumb, key in self._places:
            image = self._images.get(key)
            if image is not None:
                self._images.move_to_end(key)
                thumb.show_image(image)
                continue
            thumb.show_waiting()
            if key not in missing:
                missing.append(key)
        if missing != [key for key in self._asked if key not in self._images]:
            self._ask(missing)

    def _wanted(self) -> list[tuple[Thumb, _Key]]:
        """Which thumb shows what settings, the most urgent first."""
        lightbox, panel = self._lightbox, self._panel
        assert lightbox is not None
        settings, name = panel.settings(), lightbox.parameter.name
        alone: dict[str, Value] = {code.parameter.name: () for code in panel.latents.codes}
        found = [
            (thumb, _key({**settings, name: code})) for thumb, code in lightbox.wanted_pictures()
        ]
        for control in panel.latents.codes:
            for thumb, code in control.wanted_pictures():
                found.append((thumb, _key({**settings, **alone, name: code})))
        return found

    def _seen(self) -> list[tuple[Code, NDArray[np.uint8]]]:
        """The codes whose pictures were made with the other settings as they are, and those."""
        lightbox = self._lightbox
        assert lightbox is not None
        name, settings = lightbox.parameter.name, self._panel.settings()
        codes = {key: cast(Code, dict(key)[name]) for key in self._images}
        return [
            (code, _pixels(self._images[key]))
            for key, code in codes.items()
            if code and key == _key({**settings, name: code})
        ]

    def _ask(self, keys: list[_Key]) -> None:
        studio = self._session.studio
        if studio is None:
            return
        if self._sketcher is None:
            made = studio.sketcher(self._panel.declaration, self._mailbox.post)
            self._panel.destroyed.connect(lambda: made.stop())
            self._sketcher = made
        self._asked = keys
        self._round = self._sketcher.want([dict(key) for key in keys], _SIDE)

    def _arrived(self, event: actions.Sketch | actions.SketchFailed) -> None:
        lightbox = self._lightbox
        if event.round != self._round or lightbox is None:
            return
        if isinstance(event, actions.SketchFailed):
            lightbox.show_trouble(event.message)
            for thumb, key in self._places:
                if key not in self._images:
                    thumb.show_image(None)
            return
        lightbox.show_trouble("")
        made, image = self._asked[event.index], _image(event.pixels)
        self._images[made] = image
        if len(self._images) > _KEPT:
            self._images.popitem(last=False)
        for thumb, key in self._places:
            if key == made:
                thumb.show_image(image)


def _key(settings: Mapping[str, Value]) -> _Key:
    return tuple(sorted(settings.items()))


def _image(pixels: NDArray[np.uint8]) -> QImage:
    height, width, channels = pixels.shape
    image = QImage(pixels.data, width, height, channels * width, QImage.Format.Format_RGB888)
    return image.copy()  # the pixels need not outlive it


def _pixels(image: QImage) -> NDArray[np.uint8]:
    """The pixels of a picture that ``_image`` made, (height, width, 3)."""
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()
