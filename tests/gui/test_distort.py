"""The tool that distorts: points are pulled and seen at once; one step, from own pixels."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from safelight.document import Layer, edits, render
from safelight.document.commands import distort_commands
from safelight.document.placement import Place
from safelight.pixels import Raster
from tests.gui.conftest import photograph
from tests.gui.test_crop import pull


@pytest.fixture
def distort(opened):
    """The tool in hand, over a layer of 80 x 40 at (100, 60), at 100 %, nothing snapping."""
    layer = Layer(
        "Spot", Raster.from_array(photograph(40, 80)), id="s", place=Place.offset(100, 60)
    )
    opened.session.do(edits.add_layer(layer))
    opened.canvas.show_snapping = False
    opened.canvas.take("distort")
    return opened.canvas.tools["distort"]


def at(opened, x, y):
    return opened.canvas.widget_point(x, y).toPoint()


def corners(opened):
    document = opened.session.document
    return distort_commands.corners_of(document, document.layer("s"))


def test_a_corner_is_pulled_seen_applied_and_pulled_again_without_loss(opened, distort, qtbot):
    before = opened.session.document
    pull(qtbot, distort, at(opened, 180, 100), (30, 25))
    shown = opened.canvas.scene.picture.document
    assert opened.session.document is before
    qtbot.keyClick(opened.canvas, Qt.Key.Key_Return)
    assert corners(opened)[2] == pytest.approx((210, 125), abs=1.1)
    whole = before.region
    made = render(opened.session.document, whole)
    assert np.array_equal(render(shown.drafted(False), whole), made)
    assert opened.session.history.steps[-1].label == "Distort"
    opened.canvas.take("distort")
    pull(qtbot, distort, at(opened, *corners(opened)[2]), (-30, -25))
    qtbot.keyClick(opened.canvas, Qt.Key.Key_Return)
    assert corners(opened)[2] == pytest.approx((180, 100), abs=1.1)
    assert opened.session.document.layer("s").raster is before.layer("s").raster


def test_crossing_corners_say_why_they_cannot_be_and_escape_leaves_all(opened, distort, qtbot):
    before = opened.session.document
    pull(qtbot, distort, at(opened, 180, 100), (-120, -70))
    assert "without a dent" in distort.word
    qtbot.keyClick(opened.canvas, Qt.Key.Key_Return)
    assert opened.canvas.tool is distort
    assert opened.session.document is before
    qtbot.keyClick(opened.canvas, Qt.Key.Key_Escape)
    assert opened.canvas.tool is not distort
    assert opened.session.document is before


def test_a_grid_bends_the_layer_after_its_corners_and_is_reset(opened, distort, qtbot):
    pull(qtbot, distort, at(opened, 180, 60), (24, -10))
    distort.set("how", "grid")  # what was done before is a step of its own
    assert corners(opened)[1] == pytest.approx((204, 50), abs=1.1)
    assert len(distort._points) == 16
    point = QPoint(*map(round, distort._points[5]))
    pull(qtbot, distort, at(opened, point.x(), point.y()), (0, 6))
    opened.canvas.grab()
    distort.apply()
    document = opened.session.document
    layer = document.layer("s")
    assert layer.kind.warp(layer.content) is not None
    assert [step.label for step in opened.session.history.steps[-2:]] == ["Distort", "Warp"]
    opened.canvas.take("distort")
    distort.reset()
    distort.apply()
    assert opened.session.document.layer("s").holds_pixels
    assert corners(opened)[1] == pytest.approx((204, 50), abs=1.1)


def test_what_cannot_be_distorted_is_said(opened, distort):
    opened.session.do(edits.set_locked("s", True))
    distort.take_up()
    assert distort.note == "Spot is locked"
