"""Curves in Adjust: the tones that enter a curve stand behind it, and are set on the picture."""

import threading

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from safelight.document import edits
from safelight.gui.panels import document_glimpse
from tests.gui.conftest import PATIENCE

CURVES, LIGHT = "safelight_adjust.curves", "safelight_adjust.light"


@pytest.fixture
def row(opened):
    """The curves of Adjust, unfolded."""
    opened.filters.home.boxes["Curves"].unfold()
    return opened.filters.home.row_of(CURVES)


def box(row, name):
    return row.controls[name].box


def behind(row, name, qtbot):
    """The histogram behind a curve, once it is there and no other is on its way."""
    qtbot.waitUntil(
        lambda: not row._glimpse.busy and box(row, name).histogram is not None, timeout=PATIENCE
    )
    return box(row, name).histogram


def test_behind_each_curve_stands_the_histogram_of_its_channel(row, qtbot):
    # The photograph's red runs evenly from 0 to 255, its blue no further than that of its sides.
    red, light = behind(row, "red", qtbot), behind(row, "luminance", qtbot)
    assert red.min() > 0.2
    assert light[:8].max() < 0.3 * light.max()
    assert behind(row, "green", qtbot).shape == (256,)
    assert not np.array_equal(red, behind(row, "rgb", qtbot))


def test_it_is_of_what_lies_below_the_curves_and_not_of_what_they_make(row, opened, qtbot):
    before = behind(row, "rgb", qtbot)
    box(row, "rgb").add_point(0.5, 0.9)
    assert opened.session.layer.filter.id == CURVES
    assert np.array_equal(behind(row, "rgb", qtbot), before)
    light = opened.filters.home.row_of(LIGHT).controls["exposure"]
    light.field.setValue(-2.0)  # above the curves: what enters them is as it was
    assert np.array_equal(behind(row, "rgb", qtbot), before)
    opened.session.undo()
    opened.session.undo()
    light.field.setValue(-2.0)  # the picture that curves would now be laid over
    qtbot.waitUntil(lambda: not np.array_equal(box(row, "rgb").histogram, before), timeout=PATIENCE)


def test_it_is_counted_on_a_thread_and_not_again_while_the_curve_is_dragged(
    row, opened, qtbot, monkeypatch
):
    behind(row, "rgb", qtbot)
    threads, count = [], row._glimpse._work

    def counted(*what):
        threads.append(threading.current_thread())
        return count(*what)

    monkeypatch.setattr(row._glimpse, "_work", counted)
    for y in (0.6, 0.65, 0.7):
        box(row, "rgb").add_point(0.5, 0.5)
        box(row, "rgb").move_point(0.5, y)
        assert not row._glimpse.busy
    opened.filters.home.row_of(LIGHT).controls["exposure"].field.setValue(-2.0)
    opened.session.do(edits.delete_layer(layer=curves_of(opened)))
    qtbot.waitUntil(lambda: bool(threads) and not row._glimpse.busy, timeout=PATIENCE)
    assert threading.main_thread() not in threads


def curves_of(opened):
    layers = opened.session.document.layers
    return next(x.id for x in layers if x.filter is not None and x.filter.id == CURVES)


def test_what_is_folded_is_not_counted(opened, qtbot):
    section = opened.filters.home.boxes["Curves"]
    section.unfold()
    section.unfold(False)
    row = opened.filters.home.row_of(CURVES)
    opened.filters.home.row_of(LIGHT).controls["exposure"].field.setValue(1.0)
    qtbot.wait(3 * document_glimpse._PAUSE)
    assert box(row, "rgb").histogram is None
    section.unfold()
    behind(row, "rgb", qtbot)


def at(canvas, x, y):
    return canvas.widget_point(x, y).toPoint()


def pointing(row, opened):
    """The photograph's red at (200, 150) is 0.5, its green there 0.5, its blue 0.37."""
    row.point.click()
    assert opened.canvas.picker is not None
    return opened.canvas


def names(opened):
    return [layer.name for layer in opened.session.document.layers]


@pytest.mark.parametrize(
    ("name", "tone"),
    [("rgb", 0.4566), ("luminance", 0.4914), ("red", 0.5), ("green", 0.5), ("blue", 0.3706)],
)
def test_a_press_on_the_picture_sets_a_point_at_its_tone(row, opened, qtbot, name, tone):
    row._show_one(name)
    canvas = pointing(row, opened)
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=at(canvas, 200, 150))
    qtbot.waitUntil(lambda: len(box(row, name).points) == 3, timeout=PATIENCE)
    x, y = box(row, name).points[1]
    assert x == pytest.approx(tone, abs=0.01)
    assert y == pytest.approx(x, abs=0.002)
    assert all(len(box(row, other).points) == 2 for other in row.controls if other != name)


@pytest.mark.parametrize("late", [False, True])
def test_a_drag_moves_the_point_and_is_one_step(row, opened, qtbot, monkeypatch, late):
    canvas = pointing(row, opened)
    start = at(canvas, 200, 150)
    hand, held = canvas.picker._hand, []
    if late:  # what is read arrives when all is over
        read = hand._read
        monkeypatch.setattr(
            hand, "_read", lambda place, take: read(place, lambda mean: held.append((take, mean)))
        )
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start)
    if not late:
        qtbot.waitUntil(lambda: len(box(row, "rgb").points) == 3, timeout=PATIENCE)
    qtbot.mouseMove(canvas, start - QPoint(0, 20))
    qtbot.mouseMove(canvas, start - QPoint(0, 32))
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=start - QPoint(0, 32))
    if late:
        qtbot.waitUntil(lambda: bool(held), timeout=PATIENCE)
        assert names(opened) == ["Background"]
        held[0][0](held[0][1])
    x, y = box(row, "rgb").points[1]
    assert y - x == pytest.approx(32 / 256, abs=0.01)
    assert names(opened) == ["Background", "Curves"]
    assert [step.label for step in opened.session.history.steps][1:] == ["Curves: RGB"]
    assert opened.session.layer.filter.settings["rgb"] == box(row, "rgb").points
    opened.session.undo()
    assert names(opened) == ["Background"]
    assert canvas.picker is not None  # the next point can be set at once


def test_a_second_press_at_a_tone_takes_hold_of_its_point(row, opened, qtbot):
    canvas = pointing(row, opened)
    start = at(canvas, 200, 150)
    for _ in range(2):  # the tone is that of what enters the curve, not of what it has made
        qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start)
        qtbot.waitUntil(lambda: canvas.picker._hand._held is not None, timeout=PATIENCE)
        qtbot.mouseMove(canvas, start - QPoint(0, 32))
        qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=start - QPoint(0, 32))
    assert len(box(row, "rgb").points) == 3
    x, y = box(row, "rgb").points[1]
    assert y - x == pytest.approx(64 / 256, abs=0.01)


def test_setting_points_ends_with_the_page_and_a_window_closes_meanwhile(row, opened, qtbot):
    canvas = pointing(row, opened)
    opened.filters.list_all()
    assert canvas.picker is None
    assert not row.point.isChecked()
    opened.filters.show_home()
    pointing(row, opened)  # and the window is closed like that


def test_setting_points_ends_with_escape_the_button_another_picking_and_folding(row, opened, qtbot):
    page, canvas = opened.filters.home, opened.canvas
    white = page.boxes["White balance"]
    ends = (
        lambda: qtbot.keyClick(canvas, Qt.Key.Key_Escape),
        row.point.click,
        lambda: page.boxes["Curves"].unfold(False),
    )
    for end in ends:
        page.boxes["Curves"].unfold()
        pointing(row, opened)
        end()
        assert canvas.picker is None
        assert not row.point.isChecked()
    page.boxes["Curves"].unfold()
    pointing(row, opened)
    white.grey.click()
    assert not row.point.isChecked()
    assert canvas.picker is not None
    row.point.click()
    assert not white.grey.isChecked()
    assert canvas.picker is not None
