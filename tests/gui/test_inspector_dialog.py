"""The inspector: maps, words and a table of what a filter does, and where a pixel comes from."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFileDialog

from safelight.actions import Document, Studio
from safelight.actions.inspection import tried_filter
from safelight.gui.inspect import inspector_dialog
from safelight.gui.inspect.inspector_dialog import InspectorDialog
from safelight.pixels import Raster
from tests.gui.conftest import choose, open_in
from tests.plugins.inspected_plugin import inspected


@pytest.fixture
def opened(qtbot, monkeypatch, tmp_path):
    monkeypatch.setattr(tried_filter, "LARGEST", 160)
    pixels = np.random.default_rng(2).integers(0, 256, (180, 200, 3), np.uint8)
    document = Document.from_raster(Raster.from_array(pixels))
    with Studio("cpu", plugin_folders=[inspected(tmp_path / "plugin")]) as studio:
        dialog = InspectorDialog(studio, studio.filter("known"), {}, document, None, (100, 90))
        qtbot.addWidget(dialog)
        dialog.show()
        yield dialog
        dialog.close()


def test_it_shows_what_was_found_out_and_answers_a_click_and_a_choice(
    opened, qtbot, tmp_path, monkeypatch
):
    assert not opened.save.isEnabled()
    qtbot.waitUntil(lambda: opened.found is not None, timeout=120_000)
    names = [opened.list.item(row).text() for row in range(opened.list.count())]
    assert {"The photograph", "What it adds", "Where the marked pixel comes from"} <= set(names)
    assert "one.onnx" in opened.words.toPlainText()
    assert opened.tables.widget(0).rowCount() >= 2
    assert not opened.picture.pixmap().isNull()

    before = opened.found.point
    shown = opened.picture.pixmap().deviceIndependentSize()
    corner = QPoint(
        round((opened.picture.width() - shown.width()) / 2),
        round((opened.picture.height() - shown.height()) / 2),
    )
    at = corner + QPoint(round(shown.width() * 0.48), round(shown.height() * 0.48))
    qtbot.mouseClick(opened.picture, Qt.MouseButton.LeftButton, pos=at)
    qtbot.waitUntil(lambda: opened.found.point != before, timeout=120_000)
    assert abs(opened.found.point[0] - 77) <= 1
    assert abs(opened.found.point[1] - 77) <= 1
    assert opened.list.currentItem().text() == "Where the marked pixel comes from"

    row = next(n for n in range(opened.operators.count()) if "Conv" in opened.operators.itemText(n))
    opened.operators.setCurrentIndex(row)
    opened.operators.activated.emit(row)
    qtbot.waitUntil(
        lambda: opened.list.currentItem().text() == "What an operator holds", timeout=120_000
    )

    report = tmp_path / "report"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(report), ""))
    opened.save.click()
    assert "one.onnx" in report.with_suffix(".html").read_text("utf-8")


def test_closing_it_ends_what_is_under_way(opened, qtbot):
    opened.close()
    qtbot.waitUntil(lambda: not opened.cancel.isEnabled(), timeout=60_000)
    assert opened.found is None


def test_a_filter_that_is_being_tried_is_inspected_as_it_is_set(window, photo, qtbot, monkeypatch):
    """Also one that makes no layer, as Enlarge, which could be inspected nowhere else."""
    workspace = open_in(window, photo, qtbot)
    asked = []

    class Asked:
        def __init__(self, studio, declaration, settings, document, layer_id, point, parent):
            asked.append((declaration.name, settings["factor"], layer_id))

        def setAttribute(self, attribute):
            pass

        def show(self):
            pass

    monkeypatch.setattr(inspector_dialog, "InspectorDialog", Asked)
    deed = window.deeds["inspect"]
    window.deeds.catch_up()
    assert not deed.isEnabled()
    panel = choose(window, "enlarge")
    next(item for item in panel.controls if item.parameter.name == "factor").set_value(4)
    window.deeds.catch_up()
    assert deed.isEnabled()
    deed.trigger()
    assert asked == [("enlarge", 4, None)]
    workspace.filters.close_tried()
    window.deeds.catch_up()
    assert not deed.isEnabled()
