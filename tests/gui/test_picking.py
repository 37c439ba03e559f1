"""Places are picked in the picture; layers are chosen; each is one step, and can be undone."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QScrollArea, QSlider

from safelight.document import Layer, edits
from safelight.pixels import Raster
from tests.gui.conftest import choose, drag, open_in, wake, wheel

LEFT = Qt.MouseButton.LeftButton
SCROLLED = (QAbstractSpinBox, QComboBox, QSlider)


@pytest.fixture
def studio_of_kinds(offer):
    offer("safelight_kinds")


@pytest.fixture
def workspace(studio_of_kinds, photo, qtbot):
    from safelight.gui.window import Window

    window = wake(Window(), qtbot)
    return open_in(window, photo, qtbot)


def control(panel, name):
    return next(item for item in panel.controls if item.parameter.name == name)


def place(canvas, x, y):
    """The widget's point over a fraction of the picture."""
    room = canvas.width(), canvas.height()
    at = canvas.view.to_widget(x * canvas.picture_size[0], y * canvas.picture_size[1], room)
    return QPoint(*(round(value) for value in at))


def tried(workspace):
    return choose(workspace.window(), "everything")


def held(workspace, qtbot):
    """The panel of a layer with every parameter."""
    session = workspace.session
    declaration = session.studio.filter("everything")
    session.jobs.apply(declaration, declaration.settings(), None)
    qtbot.waitUntil(lambda: workspace.filters.held is not None and not session.busy, timeout=30000)
    return workspace.filters.held


def test_a_point_is_picked_with_a_click(workspace, qtbot):
    panel = tried(workspace)
    centre = control(panel, "centre")
    qtbot.mouseClick(centre.pick, LEFT)
    assert workspace.canvas.picker is not None
    view = workspace.canvas.view
    qtbot.mouseClick(workspace.canvas, LEFT, pos=place(workspace.canvas, 0.25, 0.75))
    assert centre.value() == pytest.approx((0.25, 0.75), abs=0.01)
    assert not centre.pick.isChecked()
    assert workspace.canvas.picker is None
    assert workspace.canvas.view == view


def test_a_point_follows_a_drag_to_where_it_ends_and_never_leaves_the_picture(workspace, qtbot):
    panel = tried(workspace)
    centre = control(panel, "centre")
    qtbot.mouseClick(centre.pick, LEFT)
    canvas = workspace.canvas
    drag(qtbot, canvas, place(canvas, 0.5, 0.5), QPoint(canvas.width() - 1, canvas.height() - 1))
    assert centre.value() == (1.0, 1.0)


def test_a_rectangle_is_dragged_from_any_corner(workspace, qtbot):
    panel = tried(workspace)
    part = control(panel, "part")
    qtbot.mouseClick(part.pick, LEFT)
    canvas = workspace.canvas
    drag(qtbot, canvas, place(canvas, 0.75, 0.5), place(canvas, 0.25, 0.25))
    assert part.value() == pytest.approx((0.25, 0.25, 0.5, 0.25), abs=0.01)
    assert workspace.session.document.selection is None
    assert canvas.picker is None


def test_a_click_is_no_rectangle_and_picking_goes_on(workspace, qtbot):
    panel = tried(workspace)
    part = control(panel, "part")
    before = part.value()
    qtbot.mouseClick(part.pick, LEFT)
    qtbot.mouseClick(workspace.canvas, LEFT, pos=place(workspace.canvas, 0.5, 0.5))
    assert part.value() == before
    assert workspace.canvas.picker.place == before
    assert part.pick.isChecked()


@pytest.mark.parametrize("pressed", [False, True])
def test_escape_leaves_picking_and_nothing_else(workspace, qtbot, pressed):
    panel = tried(workspace)
    centre = control(panel, "centre")
    qtbot.mouseClick(centre.pick, LEFT)
    canvas = workspace.canvas
    if pressed:
        qtbot.mousePress(canvas, LEFT, pos=place(canvas, 0.1, 0.1))
        qtbot.mouseMove(canvas, place(canvas, 0.2, 0.2))
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    if pressed:
        qtbot.mouseRelease(canvas, LEFT, pos=place(canvas, 0.2, 0.2))
    assert canvas.picker is None
    assert not centre.pick.isChecked()
    assert centre.value() == (0.5, 0.5)
    assert workspace.filters.tried is panel


def test_escape_in_the_panel_leaves_picking_first_and_then_the_panel(workspace, qtbot):
    panel = tried(workspace)
    qtbot.mouseClick(control(panel, "centre").pick, LEFT)
    qtbot.keyClick(panel, Qt.Key.Key_Escape)
    assert workspace.canvas.picker is None
    assert workspace.filters.tried is panel
    qtbot.keyClick(panel, Qt.Key.Key_Escape)
    assert workspace.filters.tried is None


def test_one_place_is_picked_at_a_time(workspace, qtbot):
    panel = tried(workspace)
    centre, part = control(panel, "centre"), control(panel, "part")
    qtbot.mouseClick(centre.pick, LEFT)
    qtbot.mouseClick(part.pick, LEFT)
    assert not centre.pick.isChecked()
    assert workspace.canvas.picker.kind == "rectangle"
    workspace.filters.close_tried()
    assert workspace.canvas.picker is None


def test_what_is_set_is_marked_while_it_is_picked(workspace, qtbot):
    panel = tried(workspace)
    canvas = workspace.canvas
    qtbot.waitUntil(
        lambda: canvas.finished and workspace.session.previews.run is None, timeout=30000
    )
    at = place(canvas, 0.5, 0.5) + QPoint(4, 0)
    plain = canvas.grab().toImage().pixelColor(at)
    qtbot.mouseClick(control(panel, "centre").pick, LEFT)
    assert canvas.grab().toImage().pixelColor(at) != plain
    control(panel, "centre").fields[0].setValue(10)
    assert canvas.picker.place == pytest.approx((0.1, 0.5))


def test_a_pick_and_a_drag_of_the_curve_are_one_step_each_and_undone(workspace, qtbot):
    panel = held(workspace, qtbot)
    session, canvas = workspace.session, workspace.canvas
    steps = len(session.history.steps)
    qtbot.mouseClick(control(panel, "centre").pick, LEFT)
    drag(qtbot, canvas, place(canvas, 0.5, 0.5), place(canvas, 0.25, 0.75))
    assert session.layer.filter.settings["centre"] == pytest.approx((0.25, 0.75), abs=0.01)
    box = control(panel, "curve").box
    drag(qtbot, box, box.place((0.5, 0.6)).toPoint(), box.place((0.4, 0.9)).toPoint())
    assert len(session.layer.filter.settings["curve"]) == 3
    assert len(session.history.steps) == steps + 2
    assert session.history.steps[-1].label == "Everything: Curve"
    session.undo()
    assert control(panel, "curve").value() == ((0.0, 0.0), (1.0, 1.0))
    session.undo()
    assert control(panel, "centre").value() == (0.5, 0.5)


def test_a_layer_that_is_chosen_is_computed_and_stale_when_it_changes(workspace, qtbot):
    session = workspace.session
    sky = Raster.from_array(np.full((300, 400, 3), 200, np.uint8))
    session.do(edits.add_layer(Layer("Sky", sky, visible=False, id="sky")))
    declaration = session.studio.filter("copy")
    session.jobs.apply(declaration, declaration.settings(), None)
    qtbot.waitUntil(lambda: workspace.filters.held is not None and not session.busy, timeout=30000)
    panel, top = workspace.filters.held, session.active
    names = control(panel, "layer").list
    assert [names.itemText(row) for row in range(names.count())] == ["None", "Sky", "Background"]
    qtbot.keyClick(names, Qt.Key.Key_Down)
    assert session.layer.filter.settings["layer"] == "sky"
    qtbot.waitUntil(lambda: session.results.stale == {top}, timeout=30000)
    assert not panel.refresh.isHidden()
    qtbot.mouseClick(panel.refresh, LEFT)
    qtbot.waitUntil(lambda: session.job is None and bool(session.layer.filter.kept), timeout=30000)
    assert (session.layer.filter.kept.raster.to_array() == 200).all()
    qtbot.waitUntil(lambda: session.results.stale == frozenset(), timeout=30000)
    session.do(edits.set_pixels("sky", Raster.from_array(np.zeros((300, 400, 3), np.uint8))))
    qtbot.waitUntil(lambda: session.results.stale == {top}, timeout=30000)


def test_every_control_fits_the_narrowest_panel(workspace, qtbot):
    panel = tried(workspace)
    for item in panel.controls:
        item.title.setText("A name that is far longer than any panel is wide, and then some")
    panel.setFixedWidth(230)
    area = panel.findChild(QScrollArea)
    assert area.widget().minimumSizeHint().width() <= area.viewport().width()


def test_the_wheel_passes_over_every_control_and_changes_no_value(workspace):
    panel = tried(workspace)
    before = panel.settings()
    for item in panel.controls:
        fields = [x for sort in SCROLLED for x in item.findChildren(sort)]
        for field in fields:
            assert not wheel(field, QPoint(5, 5), -1).isAccepted()
    assert panel.settings() == before
