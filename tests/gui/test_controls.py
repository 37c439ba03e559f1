"""Controls, by real mouse and keys: what each does is one change, and legal."""

from typing import Annotated

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QColorDialog, QFileDialog, QLabel

from safelight import api
from safelight.api.parameters import parameter_of
from safelight.gui.controls import control_for
from tests.gui.conftest import drag

LEFT = Qt.MouseButton.LeftButton
STRAIGHT = ((0.0, 0.0), (1.0, 1.0))


@pytest.fixture
def make(qtbot):
    """A control on the screen, with ``steps``: the token of each change it told of."""

    def shown(annotation, default, width=240):
        control = control_for(parameter_of("it", annotation, default))
        qtbot.addWidget(control)
        control.setFixedWidth(width)
        control.steps = []
        control.changed.connect(lambda: control.steps.append(control.token))
        control.show()
        qtbot.waitExposed(control)
        return control

    return shown


def hold(widget, key, *, again):
    """A key goes down, or is still down."""
    none = Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(widget, QKeyEvent(QEvent.Type.KeyPress, key, none, "", again))


def on(box, x, y):
    """Where a place of the curve is drawn."""
    return box.place((x, y)).toPoint()


# -- curve -----------------------------------------------------------------------------------


@pytest.fixture
def curve(make):
    return make(api.Curve, STRAIGHT)


def test_a_click_adds_a_point_to_the_curve(curve, qtbot):
    qtbot.mouseClick(curve.box, LEFT, pos=on(curve.box, 0.5, 0.75))
    assert len(curve.value()) == 3
    assert curve.value()[1] == pytest.approx((0.5, 0.75), abs=0.01)
    assert len(curve.steps) == 1


def test_a_point_is_added_and_dragged_in_one_step(curve, qtbot):
    drag(qtbot, curve.box, on(curve.box, 0.5, 0.75), on(curve.box, 0.4, 0.9))
    assert curve.value()[1] == pytest.approx((0.4, 0.9), abs=0.01)
    assert len(set(curve.steps)) == 1
    drag(qtbot, curve.box, on(curve.box, 0.4, 0.9), on(curve.box, 0.3, 0.6))
    assert curve.value()[1] == pytest.approx((0.3, 0.6), abs=0.01)
    assert len(set(curve.steps)) == 2


def test_a_point_stays_between_its_neighbours_and_inside(curve, qtbot):
    qtbot.mouseClick(curve.box, LEFT, pos=on(curve.box, 0.5, 0.5))
    drag(qtbot, curve.box, on(curve.box, 0.5, 0.5), on(curve.box, 0.5, 0.5) + QPoint(900, -900))
    x, y = curve.value()[1]
    assert 0.9 < x < 1
    assert y == 1
    assert curve.parameter.check(curve.value()) == curve.value()


def test_a_double_click_removes_a_point(curve, qtbot):
    qtbot.mouseClick(curve.box, LEFT, pos=on(curve.box, 0.5, 0.75))
    qtbot.mouseDClick(curve.box, LEFT, pos=on(curve.box, 0.5, 0.75))
    assert curve.value() == STRAIGHT


def test_the_last_two_points_of_a_curve_stay(curve, qtbot):
    qtbot.mouseDClick(curve.box, LEFT, pos=on(curve.box, 0, 0))
    qtbot.keyClick(curve.box, Qt.Key.Key_Delete)
    assert curve.value() == STRAIGHT
    assert curve.steps == []


def test_a_curve_takes_no_more_points_than_are_legal(curve, qtbot):
    for _ in range(20):
        qtbot.keyClick(curve.box, Qt.Key.Key_Insert)
    assert len(curve.value()) == 16
    assert curve.parameter.check(curve.value()) == curve.value()


def test_the_keyboard_adds_chooses_moves_and_removes(curve, qtbot):
    qtbot.keyClick(curve.box, Qt.Key.Key_Insert)
    assert curve.value()[1] == pytest.approx((0.5, 0.5), abs=0.01)
    qtbot.keyClick(curve.box, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(curve.box, Qt.Key.Key_Left)
    assert curve.value()[1] == pytest.approx((0.49, 0.6), abs=0.01)
    qtbot.keyClick(curve.box, Qt.Key.Key_PageUp)
    qtbot.keyClick(curve.box, Qt.Key.Key_Down)
    assert curve.value()[2] == pytest.approx((1, 0.99))
    qtbot.keyClick(curve.box, Qt.Key.Key_PageDown)
    qtbot.keyClick(curve.box, Qt.Key.Key_Delete)
    assert len(curve.value()) == 2


def test_a_key_that_is_held_is_one_step(curve, qtbot):
    box = curve.box
    for again in (False, True, True):
        hold(box, Qt.Key.Key_Up, again=again)
    assert curve.value()[0] == (0.0, pytest.approx(0.03))
    assert len(set(curve.steps)) == 1
    qtbot.keyRelease(box, Qt.Key.Key_Up)
    qtbot.keyClick(box, Qt.Key.Key_Up)
    assert len(set(curve.steps)) == 2


# -- tones -----------------------------------------------------------------------------------


@pytest.fixture
def tones(make):
    return make(api.ToneRange, (0.2, 0.8))


def test_the_nearer_handle_is_pulled_in_one_step(tones, qtbot):
    bar = tones.bar
    drag(qtbot, bar, bar.place(0.2).toPoint(), bar.place(0.4).toPoint())
    assert tones.value() == (pytest.approx(0.4, abs=0.01), 0.8)
    drag(qtbot, bar, bar.place(0.8).toPoint(), bar.place(0.95).toPoint())
    assert tones.value()[1] == pytest.approx(0.95, abs=0.01)
    assert len(set(tones.steps)) == 2


def test_the_handles_stay_apart_and_on_the_bar(tones, qtbot):
    bar = tones.bar
    drag(qtbot, bar, bar.place(0.2).toPoint(), bar.place(0.2).toPoint() + QPoint(900, 0))
    assert tones.value() == (0.79, 0.8)
    drag(qtbot, bar, bar.place(0.79).toPoint() - QPoint(3, 0), QPoint(-900, 4))
    assert tones.value() == (0.0, 0.8)
    assert tones.parameter.check(tones.value()) == tones.value()


def test_keys_move_either_handle(tones, qtbot):
    qtbot.keyClick(tones.bar, Qt.Key.Key_Right)
    qtbot.keyClick(tones.bar, Qt.Key.Key_PageUp)
    qtbot.keyClick(tones.bar, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert tones.value() == (pytest.approx(0.21), pytest.approx(0.7))
    hold(tones.bar, Qt.Key.Key_Left, again=False)
    hold(tones.bar, Qt.Key.Key_Left, again=True)
    qtbot.keyRelease(tones.bar, Qt.Key.Key_Left)
    assert len(set(tones.steps[2:])) == 1


def test_a_range_so_narrow_that_no_hand_makes_it_is_shown_and_kept(tones):
    tones.set_value([0.5, 0.501])
    assert tones.value() == (0.5, 0.501)
    tones.bar.move_handle(0.0)
    assert tones.value() == (0.0, 0.501)


# -- points and rectangles -------------------------------------------------------------------


def typed(qtbot, field, text):
    field.selectAll()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Return)


def test_a_point_is_typed_in_percent(make, qtbot):
    point = make(api.Point, (0.5, 0.5))
    typed(qtbot, point.fields[0], "12.5")
    assert point.value() == (0.125, 0.5)
    assert len(point.steps) == 1


def test_a_rectangle_gives_way_where_it_would_leave_the_picture(make, qtbot):
    part = make(api.Rectangle, (0.5, 0.5, 0.5, 0.25))
    typed(qtbot, part.fields[0], "80")
    assert part.value() == pytest.approx((0.8, 0.5, 0.2, 0.25))
    typed(qtbot, part.fields[2], "100")
    assert part.value() == pytest.approx((0, 0.5, 1, 0.25))


def test_a_place_asks_to_be_picked_and_takes_it_in_one_change(make, qtbot):
    point = make(api.Point, (0.5, 0.5))
    asked = []
    point.picking.connect(asked.append)
    qtbot.mouseClick(point.pick, LEFT)
    point.picked((0.25, 0.75))
    assert asked == ["point", ""]
    assert point.value() == (0.25, 0.75)
    assert len(point.steps) == 1


# -- pictures and layers ---------------------------------------------------------------------


def test_a_picture_is_chosen_from_the_files(make, qtbot, monkeypatch):
    picture = make(api.Picture, None)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("/tmp/ night.jpg", ""))
    qtbot.mouseClick(picture.browse, LEFT)
    assert picture.value() == "/tmp/ night.jpg"
    assert len(picture.steps) == 1


def test_a_file_chooser_that_is_left_changes_nothing(make, qtbot, monkeypatch):
    picture = make(api.Picture, None)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    qtbot.mouseClick(picture.browse, LEFT)
    assert picture.steps == []


def test_a_picture_is_typed_and_taken_away(make, qtbot):
    picture = make(api.Picture, None)
    qtbot.keyClicks(picture.line, "night.jpg")
    qtbot.keyClick(picture.line, Qt.Key.Key_Return)
    assert picture.value() == "night.jpg"
    picture.line.selectAll()
    qtbot.keyClick(picture.line, Qt.Key.Key_Delete)
    assert picture.value() == ""


def test_a_picture_that_the_setting_holds_is_shown_by_its_title(make, qtbot):
    picture = make(api.Picture, None)
    text = "data:image/webp;title=Night;base64," + "A" * 60_000
    picture.set_value(text)
    assert (picture.line.text(), picture.line.toolTip()) == ("Night", "Night")
    picture.line.setFocus()
    qtbot.keyClick(picture.line, Qt.Key.Key_Return)
    assert picture.value() == text
    qtbot.keyClick(picture.line, Qt.Key.Key_Backspace)
    qtbot.keyClick(picture.line, Qt.Key.Key_Return)
    assert picture.value() == "Nigh"


def test_a_picture_is_dropped(make, tmp_path):
    picture = make(api.Picture, None)
    data = QMimeData()
    data.setUrls([QUrl("https://example.org/a.jpg"), QUrl.fromLocalFile(str(tmp_path / "b.jpg"))])
    copy, none = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(5, 5), copy, data, LEFT, none)
    QApplication.sendEvent(picture, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(picture, QDropEvent(QPointF(5, 5), copy, data, LEFT, none))
    assert picture.value() == str(tmp_path / "b.jpg")


def test_a_layer_is_chosen_by_its_name_and_known_by_its_id(make, qtbot):
    layer = make(api.Layer, None)
    layer.set_layers([("2", "Sky"), ("1", "Background")])
    assert [layer.list.itemText(row) for row in range(3)] == ["None", "Sky", "Background"]
    qtbot.keyClick(layer.list, Qt.Key.Key_Down)
    assert (layer.value(), len(layer.steps)) == ("2", 1)
    layer.set_layers([("2", "Clouds"), ("1", "Background")])
    assert (layer.value(), layer.list.currentText()) == ("2", "Clouds")
    assert len(layer.steps) == 1


def test_a_layer_that_is_gone_is_said_and_stays_chosen(make):
    layer = make(api.Layer, None)
    layer.set_layers([("1", "Background")])
    layer.set_value("2")
    assert (layer.value(), layer.list.currentText()) == ("2", "A layer that is not there")
    layer.set_value("Background")
    assert (layer.value(), layer.list.currentText()) == ("Background", "Background")


# -- words, colours, numbers -----------------------------------------------------------------


def test_what_is_typed_until_a_field_is_left_is_one_step(make, qtbot):
    text = make(str, "")
    qtbot.keyClicks(text.line, "dusk")
    qtbot.keyClick(text.line, Qt.Key.Key_Return)
    assert text.value() == "dusk"
    assert (len(text.steps), len(set(text.steps))) == (4, 1)
    qtbot.keyClicks(text.line, "!")
    assert len(set(text.steps)) == 2


def test_a_colour_is_chosen_with_the_chooser(make, qtbot, monkeypatch):
    colour = make(api.HexColour, "#ffaa00")
    monkeypatch.setattr(QColorDialog, "getColor", lambda *_: QColor("#102030"))
    qtbot.mouseClick(colour.patch, LEFT)
    assert colour.value() == "#102030"
    assert len(colour.steps) == 1


def test_the_ends_of_a_slider_say_what_they_mean(make):
    words = "Faithful", "Crisp & clear"
    control = make(Annotated[float, api.Number(0, 1, ends=words)], 0.0)
    left, right = (
        label for word in words for label in control.findChildren(QLabel) if label.text() == word
    )
    slider = control.slider.geometry()
    assert left.y() == right.y() >= slider.bottom()
    assert left.x() == slider.left()
    assert right.geometry().right() == slider.right()


def test_words_at_a_sliders_ends_do_not_make_it_wider(make):
    plain = make(api.Fraction, 0.0).minimumSizeHint().width()
    long = Annotated[float, api.Number(0, 1, ends=("W" * 200, "M" * 200))]
    assert make(long, 0.0).minimumSizeHint().width() == plain


def test_a_slider_that_is_dragged_makes_one_step(make, qtbot):
    amount = make(api.Fraction, 0.0)
    y = amount.slider.height() // 2
    drag(qtbot, amount.slider, QPoint(4, y), QPoint(150, y))
    assert amount.value() > 0.4
    assert len(amount.steps) > 1
    assert len(set(amount.steps)) == 1
