"""Lassos: what hand and keys make of a path before it selects anything."""

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt

from safelight.gui.window import Window
from tests.gui.conftest import open_in, wake

LEFT = Qt.MouseButton.LeftButton
NONE, SHIFT, ALT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)
CORNERS = [(60, 50), (160, 50), (160, 150), (60, 150)]


def at(canvas, point):
    return QPoint(*map(round, canvas.widget_point(*point).toTuple()))


def taken(opened, name):
    opened.canvas.take(name)
    opened.canvas.zoom_to(1.0)
    return opened.canvas, opened.canvas.tool


def click(qtbot, canvas, point, keys=NONE):
    qtbot.mouseMove(canvas, at(canvas, point))
    qtbot.mouseClick(canvas, LEFT, keys, at(canvas, point))


def chosen(opened, qtbot, steps):
    qtbot.waitUntil(lambda: len(opened.session.history.steps) == steps)
    selection = opened.session.document.selection
    return 0 if selection is None else selection.to_array()[..., 0] / 255


def test_a_lasso_selects_what_a_drag_goes_around_and_keys_say_what_becomes_of_it(opened, qtbot):
    canvas, _ = taken(opened, "lasso")

    def draw(corners, keys=NONE):
        qtbot.mousePress(canvas, LEFT, keys, at(canvas, corners[0]))
        for corner in corners[1:]:
            qtbot.mouseMove(canvas, at(canvas, corner))
        qtbot.mouseRelease(canvas, LEFT, keys, at(canvas, corners[-1]))

    draw(CORNERS)
    found = chosen(opened, qtbot, 2)
    assert found.sum() == pytest.approx(10_000, rel=0.03)
    beside = [(x + 50, y) for x, y in CORNERS]
    for steps, (keys, area) in enumerate(
        ((SHIFT, 15_000), (SHIFT | ALT, 10_000), (ALT, 0)), start=3
    ):
        draw(beside, keys)
        found = chosen(opened, qtbot, steps)
        assert np.sum(found) == pytest.approx(area, rel=0.03, abs=300)
    record = opened.session.history.steps[1].record
    assert (record.kind, record.id) == ("command", "select_path")


def test_a_polygon_is_closed_by_enter_by_its_first_corner_and_by_a_double_click(opened, qtbot):
    canvas, tool = taken(opened, "polygon")
    for steps, end in enumerate(("Enter", "corner", "double"), start=2):
        for corner in CORNERS:
            click(qtbot, canvas, corner)
        if end == "Enter":
            qtbot.keyClick(canvas, Qt.Key.Key_Return)
        elif end == "corner":
            click(qtbot, canvas, CORNERS[0])
        else:
            qtbot.mouseDClick(canvas, LEFT, NONE, at(canvas, CORNERS[-1]))
        if steps == 2:
            assert chosen(opened, qtbot, 2).sum() == pytest.approx(10_000, rel=0.03)
        qtbot.waitUntil(lambda: not opened.session.busy)
        assert tool.start is None
        opened.session.undo()


def test_backspace_takes_the_last_corner_back_and_escape_leaves_everything(opened, qtbot):
    canvas, tool = taken(opened, "polygon")
    for corner in (*CORNERS[:2], (300, 10)):
        click(qtbot, canvas, corner)
    qtbot.keyClick(canvas, Qt.Key.Key_Backspace)
    assert len(tool.points) == 2
    for corner in CORNERS[2:]:
        click(qtbot, canvas, corner)
    qtbot.keyClick(canvas, Qt.Key.Key_Return)
    assert chosen(opened, qtbot, 2).sum() == pytest.approx(10_000, rel=0.03)
    click(qtbot, canvas, CORNERS[0])
    for _ in range(2):
        qtbot.keyClick(canvas, Qt.Key.Key_Backspace)  # the second is for nobody
    assert tool.start is None
    for corner in CORNERS:
        click(qtbot, canvas, corner)
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert tool.start is None
    qtbot.keyClick(canvas, Qt.Key.Key_Return)
    assert len(opened.session.history.steps) == 2


def test_shift_puts_a_corner_at_a_multiple_of_45_degrees(opened, qtbot):
    canvas, tool = taken(opened, "polygon")
    click(qtbot, canvas, (60, 50))
    click(qtbot, canvas, (160, 57), SHIFT)
    (x, y), (far, level) = tool.points
    assert level == pytest.approx(y)
    assert far - x == pytest.approx(100, abs=1.5)


def test_without_a_selection_taking_away_says_what_is_missing(opened, qtbot):
    canvas, _ = taken(opened, "polygon")
    canvas.tool.set("mode", "subtract")
    told = []
    opened.session.complained.connect(lambda *said: told.append(said[1]))
    for corner in CORNERS:
        click(qtbot, canvas, corner)
    qtbot.keyClick(canvas, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(told))
    assert "nothing is selected" in told[0]
    assert len(opened.session.history.steps) == 1


def test_the_cursor_has_a_mark_of_what_becomes_of_the_selection(opened, qtbot):
    canvas, tool = taken(opened, "lasso")

    def shown():
        return canvas.cursor().pixmap().cacheKey()

    qtbot.mouseMove(canvas, at(canvas, (100, 100)))
    plain = shown()
    qtbot.keyPress(canvas, Qt.Key.Key_Shift)
    adds = shown()
    qtbot.keyRelease(canvas, Qt.Key.Key_Shift)
    assert adds != plain
    assert shown() == plain
    tool.set("mode", "add")
    qtbot.mouseMove(canvas, at(canvas, (101, 100)))
    assert shown() == adds


def test_a_magnetic_lasso_follows_a_round_edge_that_is_pressed_at_four_points(qtbot, tmp_path):
    rows, columns = np.indices((240, 320))
    inside = np.hypot(columns + 0.5 - 160, rows + 0.5 - 120) <= 80
    noise = np.random.default_rng(3).normal(0, 6, (240, 320, 3))
    pixels = np.where(inside[..., None], (200, 90, 60), (70, 110, 160)) + noise
    path = tmp_path / "disc.png"
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)
    opened = open_in(wake(Window(), qtbot), path, qtbot)
    canvas, tool = taken(opened, "magnetic")
    for angle in np.arange(4) * np.pi / 2:
        # Five pixels beside the edge: the tool finds it.
        click(qtbot, canvas, (160 + 85 * np.cos(angle), 120 + 85 * np.sin(angle)))
        qtbot.waitUntil(lambda: tool.edges is not None and tool.settled)
    click(qtbot, canvas, (239, 119))
    qtbot.keyClick(canvas, Qt.Key.Key_Return)
    found = chosen(opened, qtbot, 2) > 0.5
    both = (found & inside).sum() / (found | inside).sum()
    assert both > 0.97, "straight lines between the points would have 0.64"
