"""The perspective tool: four corners on a wall, which becomes a rectangle; nothing is lost."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt

from safelight.document import edits, render
from safelight.document.commands import reshape_commands
from tests.gui.conftest import photograph
from tests.gui.test_crop import pull

PIXELS = photograph(300, 400)


@pytest.fixture
def perspective(opened):
    """The tool in hand, over the photograph at 100 %."""
    opened.canvas.take("perspective")
    assert opened.canvas.view.zoom == 1
    return opened.canvas.tools["perspective"]


def corner(tool, number):
    return tool._places()[number].toPoint()


def wall(qtbot, tool):
    """Put the corners on a wall."""
    for number, way in enumerate(((60, 40), (-80, 20), (-30, -50), (25, -30))):
        pull(qtbot, tool, corner(tool, number), way)


def key(qtbot, tool, code, keys=Qt.KeyboardModifier.NoModifier):
    qtbot.keyClick(tool.surface, code, keys)


def test_four_corners_are_pulled_and_become_those_of_the_picture(opened, perspective, qtbot):
    session, before = opened.session, opened.session.document
    wall(qtbot, perspective)
    assert session.document is before
    key(qtbot, perspective, Qt.Key.Key_Return)
    made = session.document
    seen = made.frame.corners(made.width, made.height)
    expected = [(60, 40), (320, 20), (370, 250), (25, 270)]
    for place, point in zip(seen, expected, strict=True):
        assert place == pytest.approx(point, abs=0.02)
    assert not made.has_alpha
    assert [step.label for step in session.history.steps] == ["Open", "Perspective"]
    record = session.history.steps[-1].record
    again = reshape_commands.rectify(**record.settings).apply(before)
    assert np.array_equal(render(again, again.region), render(made, made.region))
    assert opened.canvas.tool.id == "hand"


def test_the_corners_can_be_put_elsewhere_later_and_back_to_where_they_were(
    opened, perspective, qtbot
):
    session, canvas = opened.session, opened.canvas
    wall(qtbot, perspective)
    key(qtbot, perspective, Qt.Key.Key_Return)
    canvas.take("perspective")
    assert canvas.picture_size == (400, 300)
    assert not perspective.pending
    places = np.array(perspective._points)
    assert np.abs(places - [(60, 40), (320, 20), (370, 250), (25, 270)]).max() < 0.03
    pull(qtbot, perspective, corner(perspective, 0), (-30, 0))
    key(qtbot, perspective, Qt.Key.Key_Return)
    assert session.document.frame.at(0, 0) == pytest.approx((30, 40), abs=0.05)
    canvas.take("perspective")
    opened.options.buttons["whole"].click()
    key(qtbot, perspective, Qt.Key.Key_Return)
    made = session.document
    assert (made.width, made.height) == (400, 300)
    assert np.array_equal(render(made, made.region)[..., :3], PIXELS)


def test_as_much_of_the_picture_as_can_be_stays_in_view(opened, perspective, qtbot):
    perspective.set("keep", "picture")
    wall(qtbot, perspective)
    key(qtbot, perspective, Qt.Key.Key_Return)
    made = opened.session.document
    assert not made.has_alpha
    marked = [
        made.frame.inverse.at(*point) for point in ((60, 40), (320, 20), (370, 250), (25, 270))
    ]
    xs, ys = zip(*marked, strict=True)
    assert xs[0] == pytest.approx(xs[3], abs=0.1)
    assert ys[0] == pytest.approx(ys[1], abs=0.1)


def test_an_edge_and_the_whole_are_moved_too_and_stay_in_the_picture(opened, perspective, qtbot):
    wall(qtbot, perspective)
    before = list(perspective._points)
    middle = (corner(perspective, 1) + corner(perspective, 2)) / 2
    pull(qtbot, perspective, middle, (-20, 5))
    for k, (x, y) in enumerate(before):
        way = (-20, 5) if k in (1, 2) else (0, 0)
        assert perspective._points[k] == pytest.approx((x + way[0], y + way[1]), abs=0.01)
    inside = (corner(perspective, 0) + corner(perspective, 2)) / 2
    pull(qtbot, perspective, inside, (-300, -300))
    xs, ys = zip(*perspective._points, strict=True)
    assert (min(xs), min(ys)) == pytest.approx((0, 0))
    last = list(perspective._points)
    pull(qtbot, perspective, corner(perspective, 2), (0, 0))
    key(qtbot, perspective, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    key(qtbot, perspective, Qt.Key.Key_Up)
    assert perspective._points[2] == pytest.approx((last[2][0] - 10, last[2][1] - 1))


def test_escape_gives_up_and_corners_that_cannot_be_are_said_and_lose_nothing(
    opened, perspective, qtbot
):
    before = opened.session.document
    pull(qtbot, perspective, corner(perspective, 0), (300, 280))
    assert "without a dent" in opened.canvas.tool.word
    key(qtbot, perspective, Qt.Key.Key_Return)
    assert "without a dent" in opened.messages.label.text()
    assert opened.canvas.tool is perspective
    assert opened.session.document is before
    key(qtbot, perspective, Qt.Key.Key_Escape)
    assert opened.canvas.tool.id == "hand"
    assert opened.session.document is before
    assert len(opened.session.history.steps) == 1


def test_what_cannot_keep_the_picture_is_said_and_the_corners_stay(opened, perspective, qtbot):
    perspective.set("keep", "picture")
    for number, way in enumerate(((150, 120), (-150, 150), (-150, -120), (150, -60))):
        pull(qtbot, perspective, corner(perspective, number), way)
    before, corners = opened.session.document, list(perspective._points)
    key(qtbot, perspective, Qt.Key.Key_Return)
    assert opened.canvas.tool is perspective
    assert perspective._points == corners
    assert "meet in the picture itself" in perspective.word
    assert opened.session.document is before
    perspective.set("keep", "marked")
    assert not perspective.word
    key(qtbot, perspective, Qt.Key.Key_Return)
    assert opened.session.document is not before


def test_a_cropped_and_turned_picture_has_its_corners_where_they_are_seen(opened, qtbot):
    session, canvas = opened.session, opened.canvas
    session.do(edits.turn(90))
    session.do(edits.crop((20, 30, 200, 300)))
    canvas.take("perspective")
    tool = canvas.tools["perspective"]
    assert canvas.picture_size == (300, 400)
    assert tool._points == [(20, 30), (220, 30), (220, 330), (20, 330)]
    canvas.take("hand")
    assert len(session.history.steps) == 3


def test_what_lies_outside_is_dark_and_lines_show_the_perspective(opened, perspective, qtbot):
    wall(qtbot, perspective)
    image, ratio = opened.canvas.grab().toImage(), opened.canvas.devicePixelRatioF()

    def light(place):
        return image.pixelColor((QPointF(place) * ratio).toPoint()).lightness()

    place = corner(perspective, 2)
    assert light(place) > 240  # a handle
    assert light(place - QPoint(25, 25)) > 1.5 * light(place + QPoint(10, 25))
    assert perspective.cursor(QPointF(place)) == Qt.CursorShape.CrossCursor
