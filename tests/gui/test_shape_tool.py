"""The shape tool: a drag draws, handles and options change what is active, Escape lets go."""

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from safelight.document.commands import reshape_commands
from safelight.document.geometry import box_of

LEFT = Qt.MouseButton.LeftButton
NONE, SHIFT, ALT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)


@pytest.fixture
def canvas(opened):
    opened.canvas.take("shape")
    opened.canvas.zoom_to(1.0)
    return opened.canvas


def pull(canvas, qtbot, start, end, keys=NONE, release=True):
    places = [QPoint(*map(round, canvas.widget_point(*point).toTuple())) for point in (start, end)]
    qtbot.mousePress(canvas, LEFT, NONE, places[0])
    where, no = QPointF(canvas.mapToGlobal(places[1])), Qt.MouseButton.NoButton
    event = QMouseEvent(QEvent.Type.MouseMove, QPointF(places[1]), where, no, LEFT, keys)
    QApplication.sendEvent(canvas, event)
    if release:
        qtbot.mouseRelease(canvas, LEFT, keys, places[1])


def shape(opened):
    return opened.session.document.layer(opened.session.active)


def box(opened):
    found = box_of(opened.session.document, shape(opened))
    return found.x, found.y, found.right, found.bottom


def test_a_drag_draws_and_the_new_layer_is_active(opened, canvas, qtbot):
    canvas.tool.set("fill", "#ff8040")
    pull(canvas, qtbot, (100, 60), (260, 160))
    assert shape(opened).kind.name == "shape"
    assert box(opened) == pytest.approx((100, 60, 260, 160), abs=1)
    middle = canvas.widget_point(180, 110).toPoint()
    qtbot.waitUntil(
        lambda: canvas.grab().toImage().pixelColor(middle).getRgb()[:3] == (255, 128, 64)
    )
    opened.session.undo()
    assert all(layer.kind.name != "shape" for layer in opened.session.document.layers)


def test_shift_is_a_circle_alt_goes_from_the_middle_and_escape_draws_nothing(opened, canvas, qtbot):
    canvas.tool.set("figure", "ellipse")
    pull(canvas, qtbot, (100, 60), (180, 100), SHIFT)
    assert box(opened) == pytest.approx((100, 60, 180, 140), abs=1)
    pull(canvas, qtbot, (200, 150), (240, 170), ALT)
    assert box(opened) == pytest.approx((160, 130, 240, 170), abs=1)
    steps = len(opened.session.history.steps)
    pull(canvas, qtbot, (20, 20), (90, 90), release=False)
    assert canvas.tool._pulled is not None
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    qtbot.mouseRelease(canvas, LEFT, NONE, canvas.widget_point(90, 90).toPoint())
    pull(canvas, qtbot, (20, 20), (20, 21))
    assert len(opened.session.history.steps) == steps, "a click draws nothing either"


def test_a_handle_changes_the_shape_also_where_it_was_turned(opened, canvas, qtbot):
    pull(canvas, qtbot, (100, 60), (200, 120))
    pull(canvas, qtbot, (200, 120), (240, 160))
    assert box(opened) == pytest.approx((100, 60, 240, 160), abs=1)
    pull(canvas, qtbot, (100, 60), (120, 70))
    assert box(opened) == pytest.approx((120, 70, 240, 160), abs=1)
    turn = reshape_commands.transform(layer=shape(opened).id, angle=90.0)
    opened.session.do(turn)
    x, y, right, bottom = box(opened)
    pull(canvas, qtbot, (right, bottom), (right + 20, bottom + 10))
    assert box(opened) == pytest.approx((x, y, right + 20, bottom + 10), abs=1)


def test_a_line_has_its_two_ends(opened, canvas, qtbot):
    canvas.tool.set("figure", "line")
    canvas.tool.set("stroke_width", 2.0)
    pull(canvas, qtbot, (100, 160), (200, 60))
    assert (shape(opened).content.width, shape(opened).content.height) == pytest.approx(
        (100, -100), abs=1.5
    )
    pull(canvas, qtbot, (100, 160), (150, 190))
    assert (shape(opened).content.width, shape(opened).content.height) == pytest.approx(
        (50, -130), abs=2
    )
    assert box(opened) == pytest.approx((150, 60, 200, 190), abs=3)


def test_options_are_those_of_the_active_shape_and_change_it_as_one_step(opened, canvas, qtbot):
    pull(canvas, qtbot, (100, 60), (200, 120))
    first = opened.session.active
    steps = len(opened.session.history.steps)
    for width in (2.0, 5.0, 9.0):
        canvas.tool.set("stroke_width", width)
    assert shape(opened).content.stroke_width == 9
    assert len(opened.session.history.steps) == steps + 1
    canvas.tool.set("figure", "star")
    canvas.tool.set("stroke_width", 0.0)
    assert len(opened.session.history.steps) == steps + 1, "the next figure is no change of this"
    pull(canvas, qtbot, (210, 20), (260, 60))
    canvas.tool.set("points", 9)
    opened.session.activate(first)
    assert canvas.tool.values["points"] == 5
    bar = opened.options
    assert bar.controls["points"].value() == 5
    assert shape(opened).content.figure == "rectangle"


def test_only_options_of_use_are_offered(canvas):
    tool = canvas.tool
    tool.set("figure", "rectangle")
    assert not tool.offers("radius")
    tool.set("figure", "rounded")
    assert tool.offers("radius")
    tool.set("figure", "line")
    assert not tool.offers("fill")
    assert not tool.offers("filled")
