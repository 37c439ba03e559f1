"""The transform tool: handles, numbers and keys; one step, from the layer's own pixels."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt

from safelight.api import Region
from safelight.document import Layer, LiveFilter, edits, geometry, render
from safelight.document.commands import reshape_commands
from safelight.pixels import Raster
from tests.gui.conftest import photograph
from tests.gui.test_crop import pull

SHIFT = Qt.KeyboardModifier.ShiftModifier
ALT = Qt.KeyboardModifier.AltModifier
PIXELS = photograph(300, 400)


@pytest.fixture
def transform(opened):
    """The tool in hand, over a spot of 80 x 40 at (100, 60) above the photograph, at 100 %."""
    pixels = np.zeros((300, 400, 4), np.uint8)
    pixels[60:100, 100:180, :3] = photograph(40, 80)
    pixels[60:100, 100:180, 3] = 255
    opened.session.do(edits.add_layer(Layer("Spot", Raster.from_array(pixels), id="spot")))
    opened.canvas.take("transform")
    assert opened.canvas.view.zoom == 1
    return opened.canvas.tools["transform"]


def at(tool, x, y):
    """The widget's point that is so far, -1 to 1, across and down the box."""
    return tool._on_widget(x, y).toPoint()


def box(document, name="spot"):
    return geometry.box_of(document, document.layer(name))


def key(qtbot, tool, code, keys=Qt.KeyboardModifier.NoModifier):
    qtbot.keyClick(tool.surface, code, keys)


def test_a_corner_keeps_the_shape_shift_frees_it_and_alt_keeps_the_middle(opened, transform, qtbot):
    session = opened.session
    before = session.document
    pull(qtbot, transform, at(transform, 1, 1), (80, 40))
    assert (transform.values["width"], transform.values["height"]) == (200, 200)
    assert session.document is before
    key(qtbot, transform, Qt.Key.Key_Return)
    assert box(session.document) == Region(100, 60, 160, 80)
    assert opened.canvas.tool.id != "transform"
    opened.canvas.take("transform")
    pull(qtbot, transform, at(transform, -1, -1), (40, 0), SHIFT)
    pull(qtbot, transform, at(transform, 1, 0), (20, 33), ALT)  # an edge goes one way
    key(qtbot, transform, Qt.Key.Key_Return)
    assert box(session.document) == Region(120, 60, 160, 80)
    assert [step.label for step in session.history.steps[-2:]] == ["Transform", "Transform"]
    assert session.document.layer("spot").raster is before.layer("spot").raster


def test_inside_moves_by_whole_pixels_outside_turns_and_shift_snaps(opened, transform, qtbot):
    pull(qtbot, transform, at(transform, 0.3, 0.3), (30, 9), SHIFT)
    assert transform.values["x"] == 170
    assert transform.values["y"] == 80
    start = at(transform, 1, 0) + QPoint(60, 0)
    pull(qtbot, transform, start, (0, 100))
    assert transform.values["angle"] == pytest.approx(45, abs=0.6)
    pull(qtbot, transform, at(transform, 1, 0) + QPoint(30, 30), (-50, 40), SHIFT)
    assert transform.values["angle"] % 15 == 0
    transform.set("angle", 90)
    key(qtbot, transform, Qt.Key.Key_Enter)
    document = opened.session.document
    assert box(document) == Region(150, 40, 40, 80)
    seen = render(document, Region(150, 40, 40, 80))[..., :3]
    assert np.array_equal(seen, np.rot90(photograph(40, 80), -1))


def test_numbers_are_typed_and_arrow_keys_move_by_one_and_by_ten(opened, transform, qtbot):
    controls = opened.options.controls
    opened.window().resize(1600, 900)
    assert (controls["x"].field.value(), controls["y"].field.value()) == (140, 80)
    controls["width"].field.setValue(50)
    assert transform.values["height"] == 50
    transform.set("keep_shape", False)
    controls["height"].field.setValue(200)
    controls["x"].field.setValue(200)
    key(qtbot, transform, Qt.Key.Key_Right)
    key(qtbot, transform, Qt.Key.Key_Down, SHIFT)
    key(qtbot, transform, Qt.Key.Key_Return)
    assert box(opened.session.document) == Region(181, 50, 40, 80)
    record = opened.session.history.steps[-1].record.to_json()
    assert record["command"] == "transform"
    settings = {name: value for name, value in record["settings"].items() if name != "layer"}
    given = {"box": (100, 60, 80, 40), "x": 61, "y": 10, "width": 50, "height": 200}
    assert settings == given
    again = reshape_commands.transform(layer="spot", **given).apply(
        opened.session.history.steps[-2].document
    )
    whole = opened.session.document.region
    assert np.array_equal(render(again, whole), render(opened.session.document, whole))


def test_what_is_seen_while_it_is_pulled_is_what_is_made(opened, transform, qtbot):
    pull(qtbot, transform, at(transform, 1, 1), (37, 11))
    transform.set("angle", 12.3)
    scene = opened.canvas.scene
    qtbot.waitUntil(lambda: not scene.picture.draft, timeout=60000)
    shown = scene.picture.document
    key(qtbot, transform, Qt.Key.Key_Return)
    made = opened.session.document
    assert np.array_equal(render(shown, shown.region), render(made, made.region))


def test_a_draft_is_seen_while_the_hand_moves_and_what_is_made_when_it_rests(
    opened, transform, qtbot
):
    scene, before = opened.canvas.scene, opened.session.document
    transform.set("angle", 10.0)
    draft = scene.picture.document
    assert draft.draft
    assert not opened.canvas.finished
    qtbot.waitUntil(lambda: not scene.picture.draft, timeout=60000)
    sharp = scene.picture.document
    assert sharp.looks_like(draft.drafted(False))
    assert not np.array_equal(render(sharp, sharp.region), render(draft, draft.region))
    assert opened.session.document is before
    transform.set("angle", 20.0)
    assert scene.picture.draft
    transform.settle()
    assert not opened.session.document.draft
    assert not scene.picture.draft


def test_of_a_draft_what_is_moved_by_whole_pixels_is_as_it_will_be(opened, transform):
    transform.set("x", transform.values["x"] + 16)
    assert opened.canvas.level == 0
    draft = opened.canvas.scene.picture.document
    sharp = draft.drafted(False)
    assert np.array_equal(render(draft, draft.region), render(sharp, draft.region))


def test_escape_gives_up_first_the_drag_and_then_all_and_leaves_no_step(opened, transform, qtbot):
    before, steps = opened.session.document, len(opened.session.history.steps)
    pull(qtbot, transform, at(transform, 0, 0), (20, 20))
    start = at(transform, 1, 1)
    qtbot.mousePress(transform.surface, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(transform.surface, start + QPoint(60, 60))
    assert transform.values["width"] > 110
    key(qtbot, transform, Qt.Key.Key_Escape)
    assert transform.values["width"] == 100
    assert transform.values["x"] == 160
    qtbot.mouseRelease(transform.surface, Qt.MouseButton.LeftButton, pos=start)
    key(qtbot, transform, Qt.Key.Key_Escape)
    assert opened.session.document is before
    assert len(opened.session.history.steps) == steps
    assert opened.canvas.scene.picture.document.looks_like(before)


def test_a_double_click_another_tool_and_undo_apply_what_is_pulled(opened, transform, qtbot):
    session, canvas = opened.session, opened.canvas
    pull(qtbot, transform, at(transform, 0, 0), (20, 0))
    qtbot.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=at(transform, 0.2, 0.2))
    assert box(session.document) == Region(120, 60, 80, 40)
    canvas.take("transform")
    pull(qtbot, transform, at(transform, 0, 0), (20, 0))
    canvas.take("brush")
    assert box(session.document) == Region(140, 60, 80, 40)
    canvas.take("transform")
    pull(qtbot, transform, at(transform, 0, 0), (20, 0))
    opened.window().deeds["undo"].trigger()
    assert box(session.document) == Region(140, 60, 80, 40)
    assert transform.values["x"] == 180


def test_what_is_selected_of_the_layer_goes_with_the_selection(opened, transform, qtbot):
    session, canvas = opened.session, opened.canvas
    canvas.take("hand")
    session.activate(session.document.layers[0].id)
    session.do(edits.select_region(Region(200, 150, 60, 50)))
    canvas.take("transform")
    assert "what is selected of Background" in transform.note
    pull(qtbot, transform, at(transform, 0, 0), (-100, 40))
    seen = canvas.scene.picture.document
    assert np.array_equal(render(seen, Region(100, 190, 60, 50))[..., :3], PIXELS[150:200, 200:260])
    key(qtbot, transform, Qt.Key.Key_Return)
    document = session.document
    assert [layer.name for layer in document.layers] == ["Background", "Background part", "Spot"]
    assert session.layer.name == "Background part"
    assert document.picture.selection.bounds() == Region(100, 190, 60, 50)
    assert len(session.history.steps) == 4
    opened.canvas.take("transform")
    transform.set("what", "selection")
    pull(qtbot, transform, at(transform, 0, 0), (10, 0))
    key(qtbot, transform, Qt.Key.Key_Return)
    assert session.document.picture.selection.bounds() == Region(110, 190, 60, 50)
    assert session.document.layers is document.layers


def test_the_box_follows_the_active_layer_and_what_cannot_be_transformed_says_so(opened, transform):
    session = opened.session
    session.activate(session.document.layers[0].id)
    assert transform.values["x"] == 200
    session.do(edits.add_layer(Layer("Blur", LiveFilter("safelight.blur"), id="blur")))
    assert "Blur works on everything" in transform.note
    assert transform.cursor(QPointF(40, 40)) == Qt.CursorShape.ArrowCursor
    session.activate("spot")
    session.do(edits.set_locked(layer="spot"))
    assert "Spot is locked" in opened.canvas.tool.word


def test_a_layer_of_a_million_pixels_a_side_is_refused_and_nothing_is_lost(
    opened, transform, qtbot
):
    before = opened.session.document
    opened.options.controls["width"].field.setValue(2_000_000)
    assert "cannot be 1600000 x 800000 pixels large" in opened.canvas.tool.word
    key(qtbot, transform, Qt.Key.Key_Return)
    assert "cannot be 1600000 x 800000 pixels large" in opened.messages.label.text()
    assert opened.session.document is before
    assert opened.canvas.tool is transform
    transform.set("width", 100)
    assert opened.canvas.tool.word == ""
    opened.options.controls["width"].field.setValue(0)
    assert "cannot be 0 x" in opened.canvas.tool.word
    key(qtbot, transform, Qt.Key.Key_Escape)
    assert opened.session.document is before


def test_handles_show_how_they_pull_however_the_layer_lies(opened, transform):
    shapes = {
        (1, 1): Qt.CursorShape.SizeFDiagCursor,
        (-1, 1): Qt.CursorShape.SizeBDiagCursor,
        (1, 0): Qt.CursorShape.SizeHorCursor,
        (0, -1): Qt.CursorShape.SizeVerCursor,
        (0, 0): Qt.CursorShape.SizeAllCursor,
    }
    transform.set("height", 200)
    for place, shape in shapes.items():
        assert transform.cursor(transform._on_widget(*place)) == shape
    transform.set("angle", 90)
    assert transform.cursor(transform._on_widget(1, 0)) == Qt.CursorShape.SizeVerCursor


def test_a_copy_leaves_the_layer_where_it_is(opened, transform, qtbot):
    transform.set("copy", True)
    pull(qtbot, transform, at(transform, 0, 0), (0, 120))
    key(qtbot, transform, Qt.Key.Key_Return)
    document = opened.session.document
    assert box(document) == Region(100, 60, 80, 40)
    assert document.layers[-1].name == "Spot copy"
    assert box(document, document.layers[-1].id) == Region(100, 180, 80, 40)
    assert replace(document.layers[-1], id="spot").content is document.layer("spot").content


@pytest.mark.parametrize("through", ["crop", "straighten", "perspective"])
def test_a_layer_is_pulled_whatever_the_picture_is_seen_through(opened, transform, qtbot, through):
    session, canvas = opened.session, opened.canvas
    canvas.leave()
    session.do(
        {
            "crop": edits.crop((20, 10, 360, 280)),
            "straighten": reshape_commands.rotate(angle=6.0, corners="cut"),
            "perspective": edits.perspective(vertical=20, horizontal=-8),
        }[through]
    )
    session.activate("spot")
    qtbot.waitUntil(lambda: canvas.document is session.document, timeout=60000)
    canvas.full_size()
    canvas.take("transform")
    before = box(session.document)
    middle = before.x + before.width / 2, before.y + before.height / 2
    assert transform.note == "Transforms Spot"
    pull(qtbot, transform, at(transform, 0.2, 0.2), (30, 20))
    key(qtbot, transform, Qt.Key.Key_Left, SHIFT)
    seen = transform.shows(session.document)
    key(qtbot, transform, Qt.Key.Key_Return)
    made = session.document
    now = box(made)
    assert (now.x + now.width / 2, now.y + now.height / 2) == pytest.approx(
        (middle[0] + 20, middle[1] + 20), abs=1
    )
    assert (now.width, now.height) == pytest.approx((before.width, before.height), abs=2)
    assert np.array_equal(render(seen, seen.region), render(made, made.region))
    assert not opened.messages.open
    session.undo()
    assert box(session.document) == before
