"""A network dropped on the window: shown, tried on the picture, added or refused."""

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage
from PySide6.QtWidgets import QApplication

from safelight.gui.plugins.network_dialog import NetworkDialog
from tests.workers import networks

LIMIT = 60000  # milliseconds: two processes start


@pytest.fixture
def network(tmp_path):
    def write(content, name="Dropped.onnx"):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


def drop(window, path):
    """Drop a file on the window: the dialog that opens."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    hand = (data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(window, QDragEnterEvent(QPoint(50, 50), Qt.DropAction.CopyAction, *hand))
    QApplication.sendEvent(window, QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, *hand))
    (dialog,) = window.findChildren(NetworkDialog)
    return dialog


def tried(dialog, qtbot):
    qtbot.waitUntil(dialog.add.isEnabled, timeout=LIMIT)
    return dialog


def pixels(label):
    image = label.pixmap().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()


def files(window):
    return [path for path in window.studio.store.folder.rglob("*") if path.is_file()]


def test_a_dropped_network_becomes_a_filter(window, opened, network, qtbot):
    dialog = tried(drop(window, network(networks.bgr_255())), qtbot)
    assert dialog.range.currentData() == "0..255"
    assert dialog.order.currentData() == "BGR"
    before, after = pixels(dialog.before), pixels(dialog.after)
    assert before.shape == after.shape
    # It dims what is redder than it is blue: red is less there, and blue is not less.
    change = after.astype(int) - before
    assert change[..., 0].mean() < -5
    assert change[..., 2].mean() > -5
    assert not any(item.plugin.startswith("network-") for item in window.filters)
    dialog.name.setText("Moonlight")
    with qtbot.waitSignal(dialog.accepted, timeout=LIMIT):
        qtbot.mouseClick(dialog.add, Qt.MouseButton.LeftButton)
    try:
        qtbot.waitUntil(
            lambda: "Moonlight" in [item.title for item in window.filters], timeout=LIMIT
        )
        assert opened.filters.offered.declaration("network_moonlight.moonlight") is not None
    finally:
        window.studio.store.uninstall("network-moonlight")


def test_cancel_leaves_nothing(window, opened, network, qtbot):
    dialog = drop(window, network(networks.enlarger(2)))
    dialog.reject()
    qtbot.waitUntil(lambda: not files(window), timeout=LIMIT)
    assert window.studio.store.installed() == ()


def test_a_refusal_is_said_and_cannot_be_added(window, network, qtbot):
    dialog = drop(window, network(networks.classifier()))
    qtbot.waitUntil(lambda: "not a picture" in dialog.said.text(), timeout=LIMIT)
    dialog.name.setText("Anything")
    assert not dialog.add.isEnabled()
    assert dialog.busy.isHidden()
    dialog.reject()


def test_what_the_probe_decided_can_be_changed(window, network, qtbot):
    dialog = tried(drop(window, network(networks.bgr_255())), qtbot)  # no picture: the chart
    probed = pixels(dialog.after)
    dialog.order.setCurrentIndex(dialog.order.findData("RGB"))
    dialog.order.activated.emit(dialog.order.currentIndex())
    assert not dialog.add.isEnabled()
    tried(dialog, qtbot)
    assert dialog.order.currentData() == "RGB"
    assert not np.array_equal(pixels(dialog.after), probed)
    dialog.reject()


def test_what_results_do_not_tell_is_asked_with_two_pictures(window, network, qtbot):
    dialog = tried(drop(window, network(networks.enlarger(1))), qtbot)
    assert not dialog.other.isHidden()
    assert (dialog.keep.text(), dialog.take.text()) == ("0 to 1", "0 to 255")
    room = dialog.screen().availableGeometry()
    qtbot.waitUntil(lambda: dialog.height() < room.height(), timeout=LIMIT)
    for part in (dialog.add, dialog.said):
        assert dialog.rect().contains(part.geometry())  # however much is asked
    first, other = pixels(dialog.after), pixels(dialog.other)
    assert first.shape == other.shape
    assert not np.array_equal(first, other)
    qtbot.mouseClick(dialog.take, Qt.MouseButton.LeftButton)
    assert not dialog.add.isEnabled()
    tried(dialog, qtbot)
    assert dialog.range.currentData() == "0..255"
    assert dialog.range.toolTip() == "Given"
    assert np.array_equal(pixels(dialog.after), other)
    dialog.reject()


def test_a_name_that_cannot_be_is_not_added(window, network, qtbot):
    dialog = tried(drop(window, network(networks.enlarger(2))), qtbot)
    dialog.name.setText("…")
    assert not dialog.add.isEnabled()
    assert "no name for a filter" in dialog.said.text()
    dialog.name.setText("Better")
    assert dialog.add.isEnabled()
    dialog.reject()
