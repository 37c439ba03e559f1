"""Pictures that come and go: dropped on a photograph, copied, and pasted from other programs."""

from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import QByteArray, QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QMenu

from safelight.actions.place_picture import as_png, picture_in
from safelight.document import Document
from safelight.gui.open_and_save import exchange_pictures
from safelight.pixels import Profile, Raster
from tests.pictures import png_file, wide_profile


@pytest.fixture
def clipboard(qapp):
    yield QGuiApplication.clipboard()
    QGuiApplication.clipboard().clear()


def drop(window, path, at):
    """Drop a file on the window at a point of it: the menu that asks."""
    held = QMimeData()
    held.setUrls([QUrl.fromLocalFile(str(path))])
    hand = held, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(window, QDragEnterEvent(at, Qt.DropAction.CopyAction, *hand))
    QApplication.sendEvent(window, QDropEvent(QPointF(at), Qt.DropAction.CopyAction, *hand))
    menus = window.findChildren(QMenu)
    return [menu for menu in menus if menu.accessibleName() == "Where the pictures go"][-1]


def layers(workspace):
    return workspace.session.document.layers


def test_a_picture_dropped_on_a_photograph_becomes_a_layer_there_or_a_tab(
    window, opened, qtbot, tmp_path, monkeypatch
):
    # This platform has no pointer that a menu could grab, and Qt warns of it.
    monkeypatch.setattr(QMenu, "popup", lambda menu, at: None)
    leaf = tmp_path / "leaf.png"
    leaf.write_bytes(png_file(np.full((20, 40, 4), 128, np.uint8)))
    at = opened.canvas.mapTo(window, opened.canvas.widget_point(100, 90).toPoint())
    menu = drop(window, leaf, at)
    assert [x.text() for x in menu.actions() if x.text()] == [
        "Place as a &layer",
        "Open in a &tab",
        "&Cancel",
    ]
    menu.actions()[0].trigger()
    qtbot.waitUntil(lambda: len(layers(opened)) == 2)
    x, y = layers(opened)[1].place.at(20, 10)
    assert abs(x - 100) < 4
    assert abs(y - 90) < 4
    menu = drop(window, leaf, at)
    menu.actions()[1].trigger()
    qtbot.waitUntil(lambda: window.tabs.count() == 2)
    assert len(layers(opened)) == 2


def test_what_is_copied_is_pasted_in_the_middle_of_what_is_seen(window, opened, qtbot, clipboard):
    window.deeds["copy merged"].trigger()
    qtbot.waitUntil(lambda: "image/png" in (clipboard.mimeData() or QMimeData()).formats())
    held = clipboard.mimeData().data("image/png").data()
    assert (picture_in(held).width, picture_in(held).height) == (400, 300)
    small = QMimeData()
    small.setData("image/png", png_file(np.full((10, 10, 4), 99, np.uint8)))
    clipboard.setMimeData(small)
    window.deeds["paste"].trigger()
    qtbot.waitUntil(lambda: len(layers(opened)) == 2)
    seen = opened.canvas.visible()
    x, y = layers(opened)[1].place.at(5, 5)
    assert abs(x - seen.x - seen.width / 2) <= 1
    assert abs(y - seen.y - seen.height / 2) <= 1
    assert opened.session.history.steps[-1].label == "Paste"


def test_a_paste_right_behind_a_copy_waits_for_it(window, opened, qtbot, clipboard):
    clipboard.clear()
    said = []
    opened.session.complained.connect(lambda what, text, more: said.append(text))
    window.deeds["copy"].trigger()
    window.deeds["paste"].trigger()
    qtbot.waitUntil(lambda: len(layers(opened)) == 2)
    assert not said


def test_a_damaged_clipboard_is_a_sentence_and_changes_nothing(window, opened, qtbot, clipboard):
    said = []
    opened.session.complained.connect(lambda what, text, more: said.append(text))
    bad = QMimeData()
    bad.setData("image/png", b"\x89PNG\r\n\x1a\n nothing")
    clipboard.setMimeData(bad)
    window.deeds["paste"].trigger()
    qtbot.waitUntil(lambda: bool(said))
    clipboard.clear()
    window.deeds["paste"].trigger()
    assert said[0].startswith("Paste: The clipboard's picture")
    assert said[1] == "The clipboard holds no picture that could be pasted."
    assert len(layers(opened)) == 1


class Generous(QMimeData):
    """Offers pictures as another program does: made when they are asked for."""

    def __init__(self, made):
        super().__init__()
        self.made, self.asked = made, []

    def formats(self):
        return ["image/png", "image/tiff"]

    def hasFormat(self, kind):
        return kind in self.formats()

    def retrieveData(self, kind, preferred):
        self.asked.append(kind)
        return QByteArray(self.made)


def test_a_clipboard_that_is_too_large_is_a_sentence_at_once_and_nothing_is_lost(
    opened, window, monkeypatch
):
    monkeypatch.setattr("safelight.actions.place_picture.MOST_BYTES", 5 << 20)
    offered = Generous(bytes(6 << 20))
    monkeypatch.setattr(
        exchange_pictures, "_clipboard", lambda: SimpleNamespace(mimeData=lambda: offered)
    )
    said = []
    opened.session.complained.connect(lambda what, text, more: said.append(text))
    window.deeds["paste"].trigger()
    assert said == ["Paste: The clipboard's picture has more than 5 MB, too much."]
    assert offered.asked == ["image/png"]  # no other form of it is asked for
    assert len(layers(opened)) == 1
    assert not opened.session.busy


def test_a_pasted_picture_of_another_profile_keeps_its_colours(window, opened, qtbot, monkeypatch):
    wide = Profile.from_icc(wide_profile())
    raster = Raster.filled(40, 30, (30000, 50000, 20000), "uint16")
    offered = Generous(as_png(Document.from_raster(raster, profile=wide)))
    monkeypatch.setattr(
        exchange_pictures, "_clipboard", lambda: SimpleNamespace(mimeData=lambda: offered)
    )
    window.deeds["paste"].trigger()
    qtbot.waitUntil(lambda: len(layers(opened)) == 2)
    assert opened.session.document.profile.is_srgb
    seen = layers(opened)[1].raster.to_array()[5, 5, :3] / 255
    held = np.array([[[30000, 50000, 20000]]], np.float32) / 65535
    told = wide.to_srgb(held)[0, 0]
    assert np.abs(seen - np.clip(told, 0, 1)).max() < 2 / 255
