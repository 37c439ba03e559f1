"""Snapping: what is moved, scaled, cropped or selected comes to lie on what is near."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from safelight.api import Region
from safelight.document import Layer, edits, geometry
from safelight.document.commands import guide_commands
from safelight.document.guides import Guide
from safelight.document.placement import Place
from safelight.pixels import Raster
from tests.gui.test_canvas import shot
from tests.gui.test_crop import LEFT, pull

CONTROL = Qt.KeyboardModifier.ControlModifier


def layer(name, x, y, width, height):
    pixels = Raster.from_array(np.full((height, width, 4), 255, np.uint8))
    return Layer(name, pixels, id=name, place=Place.offset(x, y))


@pytest.fixture
def composed(opened):
    """Two squares on a photograph of 400 x 300 at 100 %, the upper one active, and a guide."""
    opened.session.do(edits.add_layer(layer("other", 300, 210, 60, 60)))
    opened.session.do(edits.add_layer(layer("mine", 20, 30, 80, 40)))
    opened.session.do(guide_commands.new_guide(direction="level", at=117, unit="px"))
    assert (opened.canvas.view.zoom, opened.session.active) == (1, "mine")
    return opened


def at(opened, x, y):
    return opened.canvas.widget_point(x, y).toPoint()


def box(opened):
    return geometry.box_of(opened.session.document, opened.session.document.layer("mine"))


def test_a_moved_layer_snaps_to_edges_middles_layers_and_guides(composed, qtbot):
    composed.canvas.take("move")
    move = composed.canvas.tools["move"]
    for way, corner in (
        ((-16, 0), (0, 30)),  # the picture's edge
        ((137, 0), (160, 30)),  # middle on middle
        ((183, 50), (200, 77)),  # its left edge on the middle, its lower one on the guide
        ((276, 137), (300, 170)),  # the other layer's left edge, and on its upper one
    ):
        start = box(composed)
        pull(qtbot, move, at(composed, start.x + 40, start.y + 20), way)
        assert (box(composed).x, box(composed).y) == corner, way
        composed.session.undo()


def test_control_and_the_switch_let_things_go_past(composed, qtbot):
    composed.canvas.take("move")
    move = composed.canvas.tools["move"]
    pull(qtbot, move, at(composed, 60, 50), (-16, 0), CONTROL)
    assert box(composed) == Region(4, 30, 80, 40)
    composed.canvas.show_snapping = False
    pull(qtbot, move, at(composed, 40, 50), (-3, 0))
    assert box(composed) == Region(1, 30, 80, 40)


def test_the_line_that_something_snaps_to_is_seen_until_it_is_let_go(composed, qtbot):
    composed.canvas.take("move")
    move = composed.canvas.tools["move"]
    start = at(composed, 60, 50)
    qtbot.mousePress(composed.canvas, LEFT, pos=start)
    qtbot.mouseMove(composed.canvas, start + QPoint(-16, 0))
    assert move._snapping.shown == (Guide("x", 0.0),)
    edge = at(composed, 0, 250)
    near = shot(composed.canvas)[edge.y(), edge.x() - 1 : edge.x() + 2, :3].astype(int)
    assert any(red > 200 > blue > green for red, green, blue in near)
    qtbot.mouseRelease(composed.canvas, LEFT, pos=start + QPoint(-16, 0))
    assert move._snapping.shown == ()


def test_handles_crop_and_marquee_snap_too(composed, qtbot):
    canvas = composed.canvas
    canvas.take("transform")
    transform = canvas.tools["transform"]
    pull(qtbot, transform, at(composed, 60, 70), (0, 44))  # the lower edge, to the guide
    pull(qtbot, transform, at(composed, 100, 117), (96, 50), Qt.KeyboardModifier.ShiftModifier)
    transform.apply()
    assert box(composed) == Region(20, 30, 180, 137)  # the right edge is on the middle
    canvas.take("crop")
    pull(qtbot, canvas.tools["crop"], at(composed, 0, 150), (23, 0))
    canvas.tools["crop"].apply()
    assert composed.session.document.width == 380
    assert composed.session.document.guides == (Guide("y", 117),)
    canvas.take("rectangle")
    pull(qtbot, canvas.tools["rectangle"], at(composed, 4, 3), (174, 111))
    assert composed.session.document.picture.selection.bounds() == Region(0, 0, 180, 117)


def test_a_guide_pulled_by_hand_is_a_step_and_stays_in_the_project(composed, qtbot, tmp_path):
    canvas = composed.canvas
    pull(qtbot, canvas.tools["guides"], at(composed, 200, 117), (0, -60))
    assert composed.session.document.guides[0].at == pytest.approx(57, abs=1)
    assert composed.session.history.steps[-1].label == "Move guide"
    canvas.show_rulers = True
    pull(qtbot, canvas.tools["guides"], QPoint(5, 200), (canvas.width() // 2, 0))
    assert [guide.axis for guide in composed.session.document.guides] == ["x", "y"]
    pull(qtbot, canvas.tools["guides"], at(composed, 100, 57), (0, -600))
    assert [guide.axis for guide in canvas.guides] == ["x"]
    composed.session.undo()
    assert canvas.guides == composed.session.document.guides
    assert len(canvas.guides) == 2


def test_snapping_to_many_layers_looks_at_each_once(composed, monkeypatch):
    found = []
    measured = Raster._measured
    monkeypatch.setattr(Raster, "_measured", lambda *args: found.append(args) or measured(*args))
    canvas = composed.canvas
    for _ in range(3):
        geometry.box_of(composed.session.document, composed.session.document.layer("other"))
    canvas.take("move")
    assert len(found) <= 1


def test_shapes_and_boxes_of_text_snap_as_they_are_drawn(composed, qtbot):
    canvas, session = composed.canvas, composed.session
    canvas.take("shape")
    pull(qtbot, canvas.tools["shape"], at(composed, 102, 52), (95, 67))
    found = geometry.box_of(session.document, session.layer)
    assert (found.x, found.y, found.right, found.bottom) == (100, 50, 200, 117)
    session.undo()
    canvas.take("text")
    pull(qtbot, canvas.tools["text"], at(composed, 102, 52), (95, 67))
    qtbot.keyClicks(canvas.tool._field, "wide")
    assert session.layer.content.wording.box == pytest.approx(100)
    assert not canvas.tool._snapping.shown
