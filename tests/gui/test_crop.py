"""The crop tool: a frame that is pulled, moved, turned and typed; nothing of the plane goes."""

from functools import partial

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from safelight.api import Region
from safelight.document import edits, render
from tests.gui.conftest import photograph

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier
PIXELS = photograph(300, 400)


@pytest.fixture
def crop(opened):
    """The crop tool in hand, over the photograph at 100 %."""
    opened.canvas.take("crop")
    assert opened.canvas.view.zoom == 1
    return opened.canvas.tools["crop"]


def on_screen(crop, x, y):
    """The widget's point that is so far, 0 to 1, across and down the frame."""
    box = crop._on_widget()
    place = QPointF(box.left() + x * box.width(), box.top() + y * box.height())
    return place.toPoint()


def pull(qtbot, crop, start, way, keys=NONE):
    """Press there, go that way in pixels, let go."""
    canvas, end = crop.surface, start + QPoint(*way)
    qtbot.mousePress(canvas, LEFT, keys, start)
    for place in ((start + end) / 2, end):
        where, none = QPointF(canvas.mapToGlobal(place)), Qt.MouseButton.NoButton
        event = QMouseEvent(QEvent.Type.MouseMove, QPointF(place), where, none, LEFT, keys)
        QApplication.sendEvent(canvas, event)
    qtbot.mouseRelease(canvas, LEFT, keys, end)


def frame(opened):
    """What of the photograph is the picture: its corner and its size."""
    document = opened.session.document
    assert document.frame.exact
    return (*document.frame.at(0, 0), document.width, document.height)


def key(qtbot, crop, code, keys=NONE):
    qtbot.keyClick(crop.surface, code, keys)


def test_corners_and_edges_are_pulled_enter_crops_and_all_is_there_again(opened, crop, qtbot):
    canvas, session = opened.canvas, opened.session
    before = session.document
    pull(qtbot, crop, on_screen(crop, 0, 0), (50, 40))
    pull(qtbot, crop, on_screen(crop, 1, 0.5), (-60, 33))  # an edge goes one way only
    assert session.document is before
    assert (crop.values["width"], crop.values["height"]) == (290, 260)
    key(qtbot, crop, Qt.Key.Key_Return)
    assert canvas.tool.id == "hand"
    assert frame(opened) == (50, 40, 290, 260)
    shown = render(session.document, session.document.region)
    assert np.array_equal(shown, PIXELS[40:, 50:340])
    assert canvas.picture_size == (290, 260)
    assert [step.label for step in session.history.steps] == ["Open", "Crop"]
    record = session.history.steps[-1].record
    assert record.to_json() == {"command": "crop", "settings": {"box": (50, 40, 290, 260)}}
    canvas.take("crop")
    assert canvas.picture_size == (400, 300)
    assert (crop.values["width"], crop.values["height"]) == (290, 260)
    pull(qtbot, crop, on_screen(crop, 0, 0), (-900, -900))  # as far as there is something
    pull(qtbot, crop, on_screen(crop, 1, 1), (900, 900))
    key(qtbot, crop, Qt.Key.Key_Enter)
    assert session.document == before
    session.undo()
    session.undo()
    assert session.document is before


def test_escape_gives_up_first_the_drag_and_then_the_crop(opened, crop, qtbot):
    before = opened.session.document
    pull(qtbot, crop, on_screen(crop, 0, 0), (50, 40))
    start = on_screen(crop, 1, 1)
    qtbot.mousePress(crop.surface, LEFT, pos=start)
    qtbot.mouseMove(crop.surface, start - QPoint(100, 100))
    assert crop.values["width"] == 250
    key(qtbot, crop, Qt.Key.Key_Escape)
    assert crop.values["width"] == 350
    qtbot.mouseRelease(crop.surface, LEFT, pos=start)
    key(qtbot, crop, Qt.Key.Key_Escape)
    assert opened.canvas.tool.id == "hand"
    assert opened.session.document is before
    assert opened.canvas.picture_size == (400, 300)


def test_another_tool_and_a_double_click_crop_as_well(opened, crop, qtbot):
    pull(qtbot, crop, on_screen(crop, 0, 0), (50, 40))
    opened.canvas.take("rectangle")
    assert frame(opened) == (50, 40, 350, 260)
    assert opened.canvas.tool.id == "rectangle"
    opened.canvas.take("crop")
    pull(qtbot, crop, on_screen(crop, 0, 0), (10, 10))
    qtbot.mouseDClick(crop.surface, LEFT, pos=on_screen(crop, 0.5, 0.5))
    assert frame(opened) == (60, 50, 340, 250)
    assert opened.canvas.tool.id == "rectangle"
    opened.canvas.take("crop")
    key(qtbot, crop, Qt.Key.Key_Return)
    assert len(opened.session.history.steps) == 3  # nothing was changed, so nothing was done


def test_what_is_saved_and_exported_is_what_the_frame_shows(opened, crop, qtbot):
    pull(qtbot, crop, on_screen(crop, 0, 0), (50, 40))
    crop.settle()
    assert frame(opened) == (50, 40, 350, 260)
    assert opened.canvas.tool is crop  # it stays in hand
    assert opened.canvas.picture_size == (400, 300)
    crop.settle()
    assert len(opened.session.history.steps) == 2


def test_the_frame_is_moved_and_stops_at_each_edge_by_itself(opened, crop, qtbot):
    pull(qtbot, crop, on_screen(crop, 0, 0), (100, 100))
    pull(qtbot, crop, on_screen(crop, 0.5, 0.5), (-30, -20))
    key(qtbot, crop, Qt.Key.Key_Right)
    key(qtbot, crop, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    pull(qtbot, crop, on_screen(crop, 0.5, 0.5), (-8, 999))
    key(qtbot, crop, Qt.Key.Key_Return)
    assert frame(opened) == (100 - 30 + 1 - 8, 100, 300, 200)


@pytest.mark.parametrize(
    ("ratio", "size"),
    [
        ("original", (400, 300)),
        ("1:1", (300, 300)),
        ("4:5", (375, 300)),
        ("3:2", (400, 267)),
        ("16:9", (400, 225)),
        ("own", (400, 286)),
    ],
)
def test_a_ratio_is_kept_however_the_frame_is_pulled_and_x_swaps_it(
    opened, crop, qtbot, ratio, size
):
    control = opened.options.controls["ratio"]
    control.choose(ratio)
    values = crop.values
    assert (values["width"], values["height"]) == size
    crop.set("own_ratio", "7:5") if ratio == "own" else None
    for place, way in (((0, 0), (70, 13)), ((1, 0.5), (-40, 0)), ((0.5, 1), (3, -25))):
        pull(qtbot, crop, on_screen(crop, *place), way)
        values = crop.values
        assert values["width"] < size[0]
        assert values["width"] / values["height"] == pytest.approx(size[0] / size[1], rel=0.01)
    key(qtbot, crop, "x")
    swapped = crop.values
    assert swapped["height"] / swapped["width"] == pytest.approx(size[0] / size[1], rel=0.02)
    control.choose("free")
    key(qtbot, crop, "w")
    assert (crop.values["width"], crop.values["height"]) == (400, 300)


def test_numbers_are_typed_and_the_frame_stays_in_the_picture(opened, crop, qtbot):
    opened.options.controls["width"].field.setValue(120)
    opened.options.controls["height"].field.setValue(80)
    key(qtbot, crop, Qt.Key.Key_Return)
    assert frame(opened) == (140, 110, 120, 80)
    opened.canvas.take("crop")
    field = opened.options.controls["width"].field
    field.setValue(9999)
    assert field.value() == crop.values["width"] == 400
    crop.set("own_ratio", "one to two")
    assert crop.values["width"] == 400  # what is no ratio asks for nothing


def test_outside_the_frame_a_drag_turns_the_picture_beneath_it(opened, crop, qtbot):
    canvas, session = opened.canvas, opened.session
    original = session.document
    pull(qtbot, crop, on_screen(crop, 0, 0), (80, 60))
    pull(qtbot, crop, on_screen(crop, 1, 1), (-80, -60))
    middle = crop._on_widget().center()
    pull(qtbot, crop, on_screen(crop, 1, 0.5) + QPoint(40, 0), (0, 25))
    angle = crop.values["straighten"]
    assert angle == pytest.approx(np.degrees(np.arctan(25 / 160)), abs=0.11)
    assert canvas.view.angle == pytest.approx(angle)
    moved = crop._on_widget().center() - middle
    assert abs(moved.x()) + abs(moved.y()) < 0.01  # the frame stays where it is
    assert session.document is original
    key(qtbot, crop, Qt.Key.Key_Return)
    assert canvas.view.angle == 0
    turned = session.document
    assert not turned.has_alpha
    x, y = turned.frame.at(turned.width / 2, turned.height / 2)
    assert (x, y) == pytest.approx((200, 150), abs=0.8)
    right = np.subtract(turned.frame.at(1, 0), turned.frame.at(0, 0))
    assert np.degrees(np.arctan2(-right[1], right[0])) == pytest.approx(angle)
    canvas.take("crop")
    assert canvas.picture_size == (400, 300)
    assert crop.values["straighten"] == pytest.approx(angle)
    assert canvas.view.angle == pytest.approx(angle)
    opened.options.controls["straighten"].field.setValue(0)
    key(qtbot, crop, Qt.Key.Key_Return)
    back = session.document
    x, y, width, height = map(round, frame(opened))
    assert np.array_equal(render(back, back.region), PIXELS[y : y + height, x : x + width])


def test_a_frame_that_is_turned_stays_off_the_edge_of_the_plane(opened, crop, qtbot):
    crop.set("straighten", 12.0)
    for _ in range(3):
        pull(qtbot, crop, on_screen(crop, 0, 0), (-300, -90))
        pull(qtbot, crop, on_screen(crop, 1, 0.5), (300, 40))
        pull(qtbot, crop, on_screen(crop, 0.5, 0.5), (-70, 110))
        for x, y in crop._box.corners():
            assert 1 <= x <= 399
            assert 1 <= y <= 299
    key(qtbot, crop, Qt.Key.Key_Return)
    assert not opened.session.document.has_alpha
    assert opened.messages.label.text() == ""


def test_a_turned_frame_that_fills_the_height_still_goes_sideways(opened, crop, qtbot):
    crop.set("straighten", 3.0)
    crop.set("ratio", "4:5")
    before = crop._box
    pull(qtbot, crop, on_screen(crop, 0.5, 0.5), (-12, 0))
    after = crop._box
    assert before.x - after.x == pytest.approx(12, abs=0.5)
    assert (after.width, after.height) == (before.width, before.height)
    plane = 400, 300
    for corner in after.corners():
        assert all(0 <= at <= side for at, side in zip(corner, plane, strict=True))
    key(qtbot, crop, Qt.Key.Key_Right)
    assert crop._box.x == pytest.approx(after.x + 1, abs=0.1)


def test_a_line_along_a_horizon_with_ctrl_makes_it_level(opened, crop, qtbot):
    pull(qtbot, crop, on_screen(crop, 0.3, 0.5), (160, 14), Qt.KeyboardModifier.ControlModifier)
    assert crop.values["straighten"] == pytest.approx(-np.degrees(np.arctan(14 / 160)), abs=0.01)
    pull(qtbot, crop, on_screen(crop, 0.5, 0.3), (0, 80), Qt.KeyboardModifier.ControlModifier)
    assert crop.values["straighten"] == pytest.approx(-np.degrees(np.arctan(14 / 160)), abs=0.01)


def test_turning_the_view_is_turning_the_picture_and_the_view_comes_back_as_it_was(opened, qtbot):
    canvas = opened.canvas
    canvas.rotate_to(30.0)
    canvas.take("crop")
    crop = canvas.tools["crop"]
    assert canvas.view.angle == 0
    canvas.rotate_right()
    assert crop.values["straighten"] == 15
    canvas.rotate_to(80.0)
    assert crop.values["straighten"] == canvas.view.angle == 45
    key(qtbot, crop, Qt.Key.Key_Escape)
    assert canvas.view.angle == 30
    assert len(opened.session.history.steps) == 1


def test_what_was_turned_and_mirrored_is_cropped_as_it_is_seen(opened, qtbot):
    canvas, session = opened.canvas, opened.session
    session.do(edits.turn(90))
    session.do(edits.flip())
    seen = render(session.document, session.document.region)
    canvas.take("crop")
    crop = canvas.tools["crop"]
    assert canvas.picture_size == (300, 400)
    pull(qtbot, crop, on_screen(crop, 0, 0), (20, 30))
    key(qtbot, crop, Qt.Key.Key_Return)
    shown = render(session.document, session.document.region)
    assert np.array_equal(shown, seen[30:, 20:])


def test_undo_while_the_tool_is_in_hand_shows_the_frame_there_was(opened, crop, qtbot):
    session = opened.session
    session.do(edits.crop((10, 20, 300, 200)))
    assert (crop.values["width"], crop.values["height"]) == (300, 200)
    session.undo()
    assert (crop.values["width"], crop.values["height"]) == (400, 300)
    session.redo()
    pull(qtbot, crop, on_screen(crop, 0, 0), (5, 5))
    session.do(edits.set_opacity(session.active, 0.5))  # no matter of the frame's
    assert crop.values["width"] == 295
    key(qtbot, crop, Qt.Key.Key_Return)
    assert frame(opened) == (15, 25, 295, 195)


def test_what_is_outside_is_dark_and_the_frame_has_handles(opened, crop, qtbot):
    pull(qtbot, crop, on_screen(crop, 0, 0), (150, 100))
    image, ratio = opened.canvas.grab().toImage(), opened.canvas.devicePixelRatioF()
    box = crop._on_widget()

    def light(place):
        return image.pixelColor((place * ratio).toPoint()).lightness()

    corner = box.topLeft()
    assert light(corner) > 240  # a handle
    assert light(corner + QPointF(40, 43)) > 2 * light(corner - QPointF(40, 43))
    cursors = {
        (0, 0): Qt.CursorShape.SizeFDiagCursor,
        (1, 0): Qt.CursorShape.SizeBDiagCursor,
        (0.5, 1): Qt.CursorShape.SizeVerCursor,
        (0, 0.5): Qt.CursorShape.SizeHorCursor,
        (0.5, 0.5): Qt.CursorShape.SizeAllCursor,
    }
    for place, shape in cursors.items():
        assert crop.cursor(QPointF(on_screen(crop, *place))) == shape


def test_a_selection_lies_where_it_was_while_the_whole_plane_is_seen(opened, qtbot):
    session, canvas = opened.session, opened.canvas
    session.do(edits.crop((100, 50, 200, 200)))
    session.do(edits.select_region(Region(20, 10, 50, 60)))
    canvas.take("crop")
    selection = canvas.scene.selection
    assert (selection.width, selection.height) == (400, 300)
    assert selection.bounds() == Region(120, 60, 50, 60)


def test_a_command_comes_after_the_frame_that_is_pulled_and_undo_takes_that_back(
    opened, window, crop, qtbot
):
    session = opened.session
    before = session.document
    pull(qtbot, crop, on_screen(crop, 0, 0), (50, 40))
    window.deeds["undo"].trigger()
    assert session.document is before
    assert (crop.values["width"], crop.values["height"]) == (400, 300)
    assert opened.canvas.tool is crop
    window.deeds["redo"].trigger()
    assert frame(opened) == (50, 40, 350, 260)
    pull(qtbot, crop, on_screen(crop, 1, 1), (-30, -20))
    window.deeds["flip axis=horizontal"].trigger()
    labels = [step.label for step in session.history.steps]
    assert labels == ["Open", "Crop", "Crop", "Flip horizontally"]
    shown = render(session.document, session.document.region)
    assert np.array_equal(shown, PIXELS[40:280, 50:370][:, ::-1])
    assert (crop.values["width"], crop.values["height"]) == (320, 240)


def test_the_button_draws_a_horizon_once_and_escape_gives_that_up(opened, crop, qtbot):
    canvas, bar = opened.canvas, opened.options
    bar.buttons["draw_line"].click()
    assert "level, or upright" in canvas.tool.word
    assert crop.cursor(QPointF(on_screen(crop, 0.5, 0.5))) == Qt.CursorShape.CrossCursor
    key(qtbot, crop, Qt.Key.Key_Escape)
    assert (canvas.tool.word, canvas.tool) == ("", crop)
    key(qtbot, crop, "l")
    pull(qtbot, crop, on_screen(crop, 0.3, 0.5), (160, 14))
    angle = crop.values["straighten"]
    assert angle == pytest.approx(-np.degrees(np.arctan(14 / 160)), abs=0.01)
    assert canvas.tool.word == ""
    pull(qtbot, crop, on_screen(crop, 0.5, 0.5), (5, 0))  # moves the frame again
    assert crop.values["straighten"] == angle
    # An upright that leans is made to stand.
    crop.set("straighten", 0.0)
    key(qtbot, crop, "l")
    pull(qtbot, crop, on_screen(crop, 0.5, 0.2), (12, 120))
    assert crop.values["straighten"] == pytest.approx(np.degrees(np.arctan(12 / 120)), abs=0.01)


def test_the_frame_is_put_around_what_is_selected_where_something_is(opened, crop, qtbot):
    bar, session = opened.options, opened.session
    assert bar.buttons["to_selection"].isHidden()
    opened.canvas.take("hand")
    session.do(edits.select_region(Region(30, 40, 100, 60)))
    opened.canvas.take("crop")
    assert bar.buttons["to_selection"].isVisible()
    opened.options.controls["ratio"].choose("1:1")
    bar.buttons["to_selection"].click()
    key(qtbot, crop, Qt.Key.Key_Return)
    assert frame(opened) == (30, 40, 100, 60)


def test_lines_to_place_things_by_are_chosen_and_o_shows_the_next(opened, crop, qtbot):
    def light(x, y):
        box, image = crop._on_widget(), opened.canvas.grab().toImage()
        at = QPointF(box.left() + x * box.width(), box.top() + y * box.height())
        at *= opened.canvas.devicePixelRatioF()
        near = [image.pixelColor(int(at.x()) + k, int(at.y())).lightness() for k in range(-3, 4)]
        return max(near) - min(near)

    golden = (5**0.5 - 1) / 2
    places = {
        "thirds": (1 / 3, 0.13),
        "golden": (golden, 0.13),
        "diagonals": (0.15, 0.2),
        "spiral": (golden, 0.13),
    }
    seen = []
    for _ in range(5):
        chosen = crop.values["guides"]
        seen.append(chosen)
        for name, place in places.items():
            if name == chosen and name != "spiral":
                assert light(*place) > 25, name
            elif {name, chosen} != {"golden", "spiral"} and name != "spiral":
                assert light(*place) < 25, (name, chosen)
        key(qtbot, crop, "o")
    assert seen == ["thirds", "golden", "spiral", "diagonals", "none"]
    assert crop.values["guides"] == "thirds"


def test_a_ratio_of_ones_own_is_asked_for_only_where_it_counts(opened, crop):
    controls = opened.options.controls
    opened.window().resize(1600, 900)
    assert controls["own_ratio"].isHidden()
    controls["ratio"].choose("own")
    assert controls["own_ratio"].isVisible()
    controls["ratio"].choose("5:7")
    assert controls["own_ratio"].isHidden()
    assert (crop.values["width"], crop.values["height"]) == (400, 286)


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1024, 700)])
def test_what_matters_of_the_bar_is_there_in_a_small_window(opened, crop, width, height):
    opened.window().resize(width, height)
    bar = opened.options
    parts = [bar.controls["ratio"], *(bar.buttons[x] for x in ("swap", "give_up", "apply"))]
    assert all(part.isVisible() for part in parts)
    edge = bar.width()
    for part in (*bar.controls.values(), *bar.buttons.values()):
        if part.isVisible():
            right = part.mapTo(bar, part.rect().topRight()).x()
            assert right <= edge, part


@pytest.mark.qt_log_ignore("This plugin does not support")  # what a sheet asks of a screen
def test_what_the_bar_has_no_room_for_is_behind_a_button_and_works_there(opened, crop, qtbot):
    bar = opened.options
    straighten, line = bar.controls["straighten"], bar.buttons["draw_line"]
    wide = partial(opened.window().resize, 1700, 900)
    narrow = partial(opened.window().resize, 800, 700)
    wide()
    qtbot.waitUntil(bar.more.isHidden)
    order = [bar.layout().itemAt(place).widget() for place in range(bar.layout().count())]
    narrow()
    qtbot.waitUntil(bar.more.isVisible)
    parts = {part for name, part in {**bar.controls, **bar.buttons}.items() if crop.offers(name)}
    assert {straighten, line} <= set(bar.more.left_out) == {x for x in parts if x.isHidden()}
    assert bar.more.isVisible()
    assert "Straighten, Draw the horizon" in bar.more.accessibleDescription()
    bar.layout().activate()
    assert bar.more.geometry().right() < bar.buttons["give_up"].x()

    bar.more.click()
    assert all(part.isVisible() and part.window() is bar.more.sheet for part in bar.more.left_out)
    straighten.field.setValue(2.5)
    assert crop.values["straighten"] == 2.5
    assert bar.more.sheet.isVisible()
    qtbot.keyClick(bar.more.sheet, Qt.Key.Key_Escape)
    assert not bar.more.sheet.isVisible()
    assert opened.canvas.tool is crop
    assert straighten.isHidden()

    bar.more.click()
    line.click()
    assert not bar.more.sheet.isVisible()
    assert "level, or upright" in crop.word
    wide()
    qtbot.waitUntil(bar.more.isHidden)
    assert [bar.layout().itemAt(at).widget() for at in range(bar.layout().count())] == order

    narrow()
    qtbot.waitUntil(bar.more.isVisible)
    bar.more.click()
    opened.canvas.take("brush")  # which has what it needs
    assert not bar.more.sheet.isVisible()
    assert set(bar.controls) == set(opened.canvas.tool.values)


def test_a_key_of_the_tool_in_hand_comes_before_the_same_shortcut_of_the_window(
    opened, window, crop, qtbot
):
    clipping = window.deeds["clipping"]
    assert [keys.toString() for keys in clipping.shortcuts()] == ["O"]
    key(qtbot, crop, "o")
    assert crop.values["guides"] == "golden"
    assert not clipping.isChecked()
    opened.canvas.take("hand")
    key(qtbot, crop, "o")
    assert clipping.isChecked()
    clipping.trigger()


def test_return_crops_where_a_list_of_the_bar_has_the_keyboard(opened, crop, qtbot):
    ratio = opened.options.controls["ratio"]
    ratio.choose("1:1")
    ratio.list.setFocus()
    qtbot.keyClick(ratio.list, Qt.Key.Key_Return)
    assert frame(opened) == (50, 0, 300, 300)
    assert opened.canvas.tool.id == "hand"
