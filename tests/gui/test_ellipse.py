"""The ellipse: what it selects, and what Shift and Alt mean before and while it is pulled."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

LEFT = Qt.MouseButton.LeftButton
NONE, SHIFT, ALT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)


def pull(opened, qtbot, start, end, first=NONE, then=NONE):
    canvas = opened.canvas
    canvas.take("ellipse")
    canvas.zoom_to(1.0)
    places = [QPoint(*map(round, canvas.widget_point(*p).toTuple())) for p in (start, end)]
    steps = len(opened.session.history.steps)
    qtbot.mousePress(canvas, LEFT, first, places[0])
    for keys in dict.fromkeys((NONE if then else first, then or first)):
        place = QPointF(places[1])
        where, no = QPointF(canvas.mapToGlobal(places[1])), Qt.MouseButton.NoButton
        event = QMouseEvent(QEvent.Type.MouseMove, place, where, no, LEFT, keys)
        QApplication.sendEvent(canvas, event)
    qtbot.mouseRelease(canvas, LEFT, then or first, places[1])
    qtbot.waitUntil(lambda: len(opened.session.history.steps) > steps)
    return opened.session.document.selection.to_array()[..., 0] / 255


def test_an_ellipse_has_its_area_and_a_smooth_edge(opened, qtbot):
    found = pull(opened, qtbot, (100, 60), (260, 160))
    assert found.sum() == pytest.approx(np.pi * 80 * 50, rel=0.002)
    assert ((found > 0) & (found < 1)).any()
    assert found[110, 180] == 1
    assert found[62, 102] == 0


def test_without_a_smooth_edge_a_pixel_is_selected_or_not(opened, qtbot):
    opened.canvas.tools["ellipse"].set("smooth_edge", False)
    found = pull(opened, qtbot, (100, 60), (260, 160))
    assert set(np.unique(found)) == {0, 1}
    assert found.sum() == pytest.approx(np.pi * 80 * 50, rel=0.01)


def test_shift_while_pulling_is_a_circle_and_alt_grows_from_the_middle(opened, qtbot):
    opened.canvas.show_snapping = False
    found = pull(opened, qtbot, (100, 60), (180, 100), then=SHIFT)
    assert found.sum() == pytest.approx(np.pi * 40 * 40, rel=0.005)
    found = pull(opened, qtbot, (200, 150), (240, 170), then=ALT)
    rows, columns = np.nonzero(found > 0.5)
    assert (columns.mean() + 0.5, rows.mean() + 0.5) == pytest.approx(
        (200, 150), abs=1.0
    )  # a press is on a whole pixel of the screen
    assert found.sum() == pytest.approx(np.pi * 40 * 20, rel=0.01)


def test_shift_before_the_press_adds_and_alt_takes_away(opened, qtbot):
    pull(opened, qtbot, (100, 60), (160, 120))
    both = pull(opened, qtbot, (200, 60), (260, 120), first=SHIFT)
    assert both[90, 130] == both[90, 230] == 1
    less = pull(opened, qtbot, (100, 60), (160, 120), first=ALT)
    assert less[90, 130] == 0
    assert less[90, 230] == 1


def test_what_a_drag_does_is_chosen_in_the_bar_too(opened, qtbot):
    opened.canvas.take("ellipse")
    modes = opened.options.controls["mode"].buttons
    first = pull(opened, qtbot, (100, 60), (140, 100)) > 0
    modes[1].click()
    both = pull(opened, qtbot, (200, 60), (240, 100)) > 0
    assert both[80, 220]
    assert (both & first).sum() == first.sum()
    modes[2].click()
    assert not pull(opened, qtbot, (200, 60), (240, 100))[80, 220]
    assert modes[2].isChecked()


def test_a_click_where_nothing_is_selected_is_no_step(opened, qtbot):
    steps = len(opened.session.history.steps)
    opened.canvas.take("ellipse")
    qtbot.mouseClick(opened.canvas, LEFT)
    assert len(opened.session.history.steps) == steps
    pull(opened, qtbot, (100, 60), (140, 100))
    qtbot.mouseClick(opened.canvas, LEFT)  # of what there is, a click selects nothing any more
    qtbot.waitUntil(lambda: opened.session.document.selection is None)
    assert len(opened.session.history.steps) == steps + 2
