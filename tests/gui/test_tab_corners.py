"""Beside the tabs: undo and redo, the zoom, and the way to a file."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from safelight.document import edits
from safelight.gui.canvas.tools.view_buttons import Look
from safelight.gui.export.export_dialog import ExportDialog

LEFT, RETURN = Qt.MouseButton.LeftButton, Qt.Key.Key_Return


def test_undo_redo_and_export_are_buttons_that_are_always_seen(window, opened, qtbot):
    back, session = window.back, opened.session
    assert not back.undo.isEnabled()
    session.do(edits.flip())
    window.deeds.catch_up()
    assert back.undo.isEnabled()
    assert not back.redo.isEnabled()
    qtbot.mouseClick(back.undo, LEFT)
    assert session.history.position == 0
    qtbot.mouseClick(back.redo, LEFT)
    assert session.history.position == 1
    assert "Ctrl+Z" in back.undo.toolTip()
    assert window.sight.export.text().strip() == "Export"
    qtbot.mouseClick(window.sight.export, LEFT)
    qtbot.waitUntil(lambda: any(x.isVisible() for x in window.findChildren(ExportDialog)))
    for dialog in window.findChildren(ExportDialog):
        dialog.close()


def test_the_zoom_is_seen_typed_chosen_and_stepped(window, opened, qtbot):
    box, canvas = window.sight.zoom, opened.canvas
    fitted = canvas.view.zoom
    for typed, zoom in (("150", 1.5), ("66,7 %", 0.667), ("large", 0.667), ("-3", 0.667)):
        box.lineEdit().setFocus()
        box.lineEdit().selectAll()
        qtbot.keyClicks(box.lineEdit(), typed)
        qtbot.keyClick(box.lineEdit(), RETURN)
        assert canvas.view.zoom == zoom
        assert box.currentText() == f"{zoom * 100:.3g} %"
    box.activated.emit(box.findText("200 %"))
    assert canvas.view.zoom == 2.0
    qtbot.mouseClick(window.sight.smaller, LEFT)
    assert canvas.view.zoom == 1.5
    box.activated.emit(0)
    assert (canvas.fits, canvas.view.zoom) == (True, fitted)
    box.activated.emit(1)
    assert box.currentText() == f"{canvas.view.zoom * 100:.3g} %" != f"{fitted * 100:.3g} %"


def test_the_bar_has_something_for_the_tools_that_only_look_and_for_those_that_select(opened):
    canvas, bar = opened.canvas, opened.options
    for name in ("hand", "zoom"):
        canvas.take(name)
        assert [x.text() for x in bar.buttons.values()] == ["Fit", "Fill", "100 %", "200 %"]
        assert not any(x.isDefault() for x in bar.buttons.values())  # each is wanted as often
        for step, zoom in zip(Look.buttons[2:], (1.0, 2.0), strict=True):
            bar.buttons[step.method].click()
            assert canvas.view.zoom == zoom
        bar.buttons["fill"].click()
        width, height = canvas.room()
        assert canvas.view.zoom * 400 >= width - 1
        assert canvas.view.zoom * 300 >= height - 1
        bar.buttons["fit"].click()
        assert canvas.fits
    for name in ("rectangle", "ellipse"):
        canvas.take(name)
        modes = [x.text() for x in bar.controls["mode"].buttons]
        assert modes == ["New", "Add", "Subtract", "Intersect"]


def test_the_boxes_of_the_layers_are_labelled_beside_every_tab(opened):
    for title in ("Adjust", "Layers"):
        opened.sidebar.show_tab(title)
        words = [x.text() for x in opened.layers.findChildren(QLabel) if x.isVisible()]
        assert {"Blend", "Opacity"} <= set(words)
