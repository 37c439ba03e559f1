"""The Remove tool: what is painted over is gone when the hand lets go, in one step."""

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt

from safelight.document import Stroke, render
from safelight.document.commands import selections
from safelight.document.edits import mask_edits, selection_edits
from safelight.gui.export import export_photograph
from tests.gui.conftest import open_in, photograph

LEFT = Qt.MouseButton.LeftButton
SPOT = (slice(140, 160), slice(190, 210))


@pytest.fixture
def opened(window, tmp_path, qtbot):
    """A photograph with a white spot in its middle, at 100 %, and the tool in hand."""
    pixels = photograph(300, 400) // 2
    pixels[SPOT] = 255
    Image.fromarray(pixels).save(tmp_path / "spot.png")
    opened = open_in(window, tmp_path / "spot.png", qtbot)
    opened.canvas.take("remove")
    opened.canvas.zoom_to(1.0)
    opened.canvas.tool.set("size", 34)
    qtbot.waitUntil(lambda: opened.canvas.finished)
    return opened


def at(canvas, x, y):
    place = canvas.view.to_widget(x, y, (canvas.width(), canvas.height()))
    return QPoint(*(round(value) for value in place))


def labels(opened):
    return [step.label for step in opened.session.history.steps]


def pixels(opened):
    """What is seen of the whole picture."""
    document = opened.session.document
    return render(document, document.region, opened.session.studio.live)


def test_a_click_removes_a_spot_in_one_step_and_selects_nothing(opened, qtbot):
    before = pixels(opened)
    qtbot.mouseClick(opened.canvas, LEFT, pos=at(opened.canvas, 200, 150))
    qtbot.waitUntil(lambda: "Remove" in labels(opened))
    after = pixels(opened)
    assert before[SPOT].min() == 255
    assert after[SPOT].max() < 200
    away = np.ones(after.shape[:2], bool)
    away[130:170, 180:220] = False
    assert np.array_equal(before[away], after[away])
    assert opened.session.document.selection is None
    opened.session.undo()
    assert labels(opened).count("Remove") == 1
    assert np.array_equal(pixels(opened), before)


def test_its_layer_can_be_filled_in_another_way(opened, qtbot):
    qtbot.mouseClick(opened.canvas, LEFT, pos=at(opened.canvas, 200, 150))
    qtbot.waitUntil(lambda: opened.filters.held is not None and opened.session.idle)
    assert opened.filters.held.declaration.name == "remove"
    assert "seed" in opened.session.layer.filter.settings


def test_a_dragged_stroke_is_what_is_removed(opened, qtbot):
    canvas = opened.canvas
    qtbot.mousePress(canvas, LEFT, pos=at(canvas, 150, 150))
    for x in (200, 250):
        qtbot.mouseMove(canvas, at(canvas, x, 150))
    assert len(labels(opened)) == 1  # nothing is done before the hand lets go
    qtbot.mouseRelease(canvas, LEFT, pos=at(canvas, 250, 150))
    qtbot.waitUntil(lambda: "Remove" in labels(opened))
    mask = opened.session.layer.mask.to_array()[..., 0] > 0
    assert mask[150, 140:260].all()
    assert not mask[150, :130].any()
    assert not mask[120].any()


def test_spots_that_are_clicked_while_one_is_filled_follow(opened, qtbot):
    canvas, session = opened.canvas, opened.session
    for x in (200, 60, 340):
        qtbot.mouseClick(canvas, LEFT, pos=at(canvas, x, 150))
    assert [round(stroke.points[0][0], -1) for stroke in canvas.strokes] == [200, 60, 340]
    qtbot.waitUntil(lambda: session.job is not None)
    assert "2 more to do" in opened.strip.title.text()
    session.undo()  # the last click was one too many
    assert len(canvas.strokes) == 2
    qtbot.waitUntil(lambda: labels(opened).count("Remove") == 2 and session.idle)
    assert canvas.strokes == ()
    removed = [layer.mask.bounds() for layer in session.document.walk() if layer.filter]
    assert [round(place.x + place.width / 2, -1) for place in removed] == [200, 60]
    assert not opened.messages.isVisible()


def test_what_was_done_after_a_click_is_undone_before_the_click_is_forgotten(opened, qtbot):
    canvas, session = opened.canvas, opened.session
    for x in (200, 60):
        qtbot.mouseClick(canvas, LEFT, pos=at(canvas, x, 150))
    qtbot.waitUntil(lambda: session.job is not None)
    session.do(selection_edits.select_box(box=(0, 0, 9, 9)))
    qtbot.mouseClick(canvas, LEFT, pos=at(canvas, 340, 150))
    assert len(canvas.strokes) == 3
    session.undo()  # the last click
    assert len(canvas.strokes) == 2
    assert session.document.selection is not None
    session.undo()  # a part was selected after the second click
    assert len(canvas.strokes) == 2
    assert session.document.selection is None
    session.redo()
    session.undo()
    assert len(canvas.strokes) == 2
    session.undo()  # the second click
    assert len(canvas.strokes) == 1
    qtbot.waitUntil(lambda: labels(opened)[-1:] == ["Remove"] and session.idle)


def test_a_job_that_ends_is_no_later_than_what_was_asked_for_behind_it(opened, qtbot):
    canvas, session = opened.canvas, opened.session
    for x in (200, 60, 340):
        qtbot.mouseClick(canvas, LEFT, pos=at(canvas, x, 150))
    qtbot.waitUntil(lambda: labels(opened).count("Remove") == 1 and session.job is not None)
    session.undo()
    assert labels(opened).count("Remove") == 1
    assert len(canvas.strokes) == 1


def test_an_export_has_what_is_still_being_filled(window, opened, qtbot, monkeypatch):
    exported = []
    monkeypatch.setattr(export_photograph, "export", lambda _: exported.append(labels(opened)))
    qtbot.mouseClick(opened.canvas, LEFT, pos=at(opened.canvas, 200, 150))
    window.deeds["export"].trigger()
    assert exported == []
    assert "Export follows when this is done: Remove" in opened.line.text()
    qtbot.waitUntil(lambda: exported == [["Open", "Remove"]])


def test_cancel_forgets_what_waits(opened, qtbot):
    for x in (200, 60):
        qtbot.mouseClick(opened.canvas, LEFT, pos=at(opened.canvas, x, 150))
    qtbot.waitUntil(lambda: opened.session.job is not None)
    opened.session.cancel()
    qtbot.waitUntil(lambda: opened.session.idle)
    assert opened.canvas.strokes == ()
    assert labels(opened) == ["Open"]


def test_what_is_asked_for_while_pixels_are_made_follows(opened, qtbot):
    """A job's result among it, which would be lost otherwise."""
    session = opened.session
    x, y = 200, 150
    session.do(selections.select_similar(x=x, y=y))
    assert session.busy
    session.do(mask_edits.add_mask(layer=session.active))
    session.do(selection_edits.deselect())
    qtbot.waitUntil(lambda: session.idle)
    assert labels(opened)[-2:] == ["Add mask", "Deselect"]
    shown = session.layer.mask.to_array()[..., 0]
    assert shown[145:155, 195:205].min() == 255
    assert shown[0, 0] == 0
    assert session.document.selection is None


def test_escape_lets_go_of_a_stroke(opened, qtbot):
    canvas = opened.canvas
    canvas.setFocus()
    qtbot.mousePress(canvas, LEFT, pos=at(canvas, 150, 150))
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    qtbot.mouseRelease(canvas, LEFT, pos=at(canvas, 250, 150))
    assert opened.session.idle
    assert len(labels(opened)) == 1


def test_without_its_filter_a_sentence_says_so(opened, qtbot):
    stroke = Stroke(((5.0, 5.0, 1.0),), 4.0, 1.0)
    opened.canvas.apply("nobody.nothing", stroke)
    assert "is not installed, so nothing was done" in opened.messages.label.text()
