"""Frame strip: a sequence opens in the window, is gone through, played, edited and exported."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFileDialog, QMenu

from safelight.api import Region
from safelight.document import edits, whole
from safelight.document.frames import frames
from safelight.document.frames.frames_content import Frames
from safelight.gui.frames import open_and_export_frames
from safelight.gui.frames.frame_list import CELL
from safelight.gui.frames.keyframe_buttons import KeyframeButton
from safelight.gui.open_and_save import exchange_pictures
from tests.gui.conftest import open_in

LIGHT = (40, 80, 120, 160, 200)


@pytest.fixture
def lapse(tmp_path):
    path = tmp_path / "lapse.gif"
    first, *others = [Image.fromarray(np.full((60, 80, 3), light, np.uint8)) for light in LIGHT]
    first.save(path, save_all=True, append_images=others, duration=30)
    return path


def seen(workspace):
    """What the canvas is given to show, in the middle."""
    document = workspace.canvas.scene.picture.document
    (layer,) = document.picture.layers[:1]
    return int(layer.raster.to_array()[30, 40, 0])


def test_a_sequence_is_gone_through_and_edited_as_one(window, lapse, qtbot):
    workspace = open_in(window, lapse, qtbot)
    session, strip = workspace.session, workspace.frames
    assert strip.isVisibleTo(workspace)
    assert strip.told.text() == "1 of 5 · 30 ms"
    qtbot.mouseClick(strip.on, Qt.MouseButton.LeftButton)
    assert (session.frame, seen(workspace)) == (1, 80)
    end = QPoint(strip.slider.width() - 3, strip.slider.height() // 2)
    qtbot.mouseClick(strip.slider, Qt.MouseButton.LeftButton, pos=end)
    assert (session.frame, seen(workspace)) == (4, 200)
    assert not session.files.unsaved  # to look is no edit
    assert not session.history.can_undo
    session.do(edits.add_fill_layer(colour="#102030"))
    assert session.frame == 4
    assert frames.length(session.history.document) == 5
    session.look_at_frame(2)
    assert seen(workspace) == 120
    session.undo()
    assert session.frame == 2


def test_a_result_of_another_picture_is_stale_and_computed_for_this_one(window, lapse, qtbot):
    workspace = open_in(window, lapse, qtbot)
    session = workspace.session
    qtbot.waitUntil(lambda: session.studio is not None)
    filters = workspace.filters
    filters.open(filters.offered.declaration("safelight_sequence.steady_light"))
    qtbot.mouseClick(filters.tried.apply, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: session.idle and session.layer.filter is not None, timeout=60_000)
    assert session.layer.filter.kept.frame == 0
    assert session.active not in session.results.stale
    session.look_at_frame(3)
    qtbot.waitUntil(lambda: session.active in session.results.stale)
    assert workspace.filters.held.refresh.isEnabled()
    assert workspace.filters.held.stale_note.text().startswith("Not computed yet")
    said = []
    session.job_changed.connect(lambda: said.append(session.job.said if session.job else ""))
    qtbot.mouseClick(workspace.filters.held.refresh, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: session.active not in session.results.stale, timeout=60_000)
    kept = session.layer.filter.kept
    assert kept.frame == 3
    assert "Picture 3, which comes before…" in said
    light = int(kept.raster.to_array()[30, 40, 0])
    assert 40 < light < 100  # of 160: the light of the pictures before is carried to this one
    session.look_at_frame(0)
    qtbot.waitUntil(lambda: session.active in session.results.stale)


def test_a_sequence_is_played_to_where_it_is_paused(window, lapse, qtbot):
    workspace = open_in(window, lapse, qtbot)
    strip = workspace.frames
    visited = set()
    workspace.session.frame_changed.connect(lambda: visited.add(workspace.session.frame))
    qtbot.mouseClick(strip.play, Qt.MouseButton.LeftButton)
    assert strip.playing
    qtbot.waitUntil(lambda: {0} < visited, timeout=20000)  # round to the beginning
    qtbot.mouseClick(strip.play, Qt.MouseButton.LeftButton)
    assert not strip.playing
    workspace.session.look_at_frame(0)


def test_a_photograph_has_no_frame_strip(opened):
    assert not opened.frames.isVisibleTo(opened)


def test_a_folder_opens_as_a_sequence_and_is_exported_as_a_film(
    window, tmp_path, qtbot, monkeypatch
):
    folder = tmp_path / "burst"
    folder.mkdir()
    for number, light in enumerate(LIGHT):
        Image.fromarray(np.full((60, 80, 3), light, np.uint8)).save(folder / f"{number}.png")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    open_and_export_frames.open_pictures(window.context)
    qtbot.waitUntil(lambda: window.tabs.count() > 0, timeout=30000)
    workspace = window.workspace()
    assert isinstance(workspace.session.layer.content, Frames)
    target = tmp_path / "film.gif"
    proposed = []

    def name(*told, **_):
        proposed.append(Path(told[2]))
        return str(target), "GIF (*.gif)"

    monkeypatch.setattr(QFileDialog, "getSaveFileName", name)
    open_and_export_frames.export_frames(window.context)
    assert proposed == [tmp_path / "burst.webm"]  # beside the folder
    qtbot.waitUntil(lambda: target.exists() and workspace.session.writing is None, timeout=30000)
    with Image.open(target) as image:
        assert image.n_frames == 5
        image.seek(3)
        assert abs(int(np.asarray(image.convert("RGB"))[30, 40, 0]) - 160) <= 2


def test_a_slider_moves_along_the_sequence_between_two_keyframes(window, lapse, qtbot):
    workspace = open_in(window, lapse, qtbot)
    session, strip = workspace.session, workspace.frames
    session.do(edits.add_fill_layer(colour="#ffffff"))
    panel = workspace.layers
    workspace.show_panel(type(panel))
    opacity, mask = panel.findChildren(KeyframeButton)
    assert opacity.isVisibleTo(panel)
    assert not mask.isVisibleTo(panel)  # the layer has none
    panel.opacity.setValue(0)
    opacity.click()
    session.look_at_frame(4)
    panel.opacity.setValue(100)  # which sets a keyframe, for it moves
    assert session.history.steps[-1].record.id == "set_keyframe"
    assert strip.slider.keys == [0, 4]
    session.look_at_frame(2)
    assert panel.opacity.value() == 50
    assert session.document.layer(session.active).opacity == 0.5
    opacity.menu_of_ways().actions()[2].trigger()  # hold
    assert session.document.layer(session.active).opacity == 0
    session.undo()
    strip.slider.key_moved.emit(4, 3)
    assert strip.slider.keys == [0, 3]
    session.look_at_frame(3)
    opacity.click()  # takes it away
    assert strip.slider.keys == [0]
    assert session.document.layer(session.active).opacity == 0


def test_frames_are_chosen_dragged_deleted_and_bounded_in_the_strip(window, lapse, qtbot):
    workspace = open_in(window, lapse, qtbot)
    session, strip = workspace.session, workspace.frames
    strip.lists.click()
    qtbot.waitUntil(lambda: strip.list.small(1) is not None, timeout=20000)
    assert abs(strip.list.small(1).toImage().pixelColor(5, 5).red() - 80) <= 2
    strip.list.let_go([0], 3.2 * CELL.width())  # between the third and the fourth

    def lights():
        return [int(each.to_array()[30, 40, 0]) for each in frames.pictures(session.document)]

    assert lights() == [80, 120, 40, 160, 200]
    session.look_at_frame(1)
    strip.first.click()
    session.look_at_frame(3)
    strip.last.click()
    assert frames.bounds(session.document) == (1, 3)
    qtbot.mouseClick(strip.play, Qt.MouseButton.LeftButton)
    visited = set()
    session.frame_changed.connect(lambda: visited.add(session.frame))
    qtbot.waitUntil(lambda: {1, 2} <= visited, timeout=20000)
    strip.pause()
    assert visited <= {1, 2, 3}
    strip.list.deleted.emit([1, 2])
    assert lights() == [80, 160, 200]
    session.undo()
    session.undo()
    session.undo()
    session.undo()
    assert lights() == [40, 80, 120, 160, 200]
    session.look_at_frame(2)
    document = session.history.document
    strip.onion.click()
    shown = workspace.canvas.scene.picture.document
    assert int(whole(shown).to_array()[30, 40, 0]) == round(
        (120 * 0.7 + 80 * 0.3) * 0.7 + 160 * 0.3
    )
    assert session.history.document is document  # it is looked at, no more


def test_pictures_that_are_dropped_become_tabs_or_a_sequence_as_is_chosen(
    window, tmp_path, qtbot, monkeypatch
):
    monkeypatch.setattr(QMenu, "popup", lambda menu, at: None)
    paths = []
    for number in (10, 9):
        paths.append(tmp_path / f"shot_{number}.png")
        Image.fromarray(np.full((60, 80, 3), 20 * number, np.uint8)).save(paths[-1])
    menu = exchange_pictures.ask_where(window.context, paths, QPoint(5, 5), QPoint(5, 5))
    found = {action.text().replace("&", ""): action for action in menu.actions()}
    assert "Open in tabs" in found
    found["Open as a sequence"].trigger()
    qtbot.waitUntil(lambda: window.tabs.count() > 0, timeout=30000)
    document = window.workspace().session.document
    assert [int(x.to_array()[5, 5, 0]) for x in frames.pictures(document)] == [180, 200]


def test_a_preview_shows_what_the_pictures_before_leave_to_this_one(window, lapse, qtbot):
    workspace = open_in(window, lapse, qtbot)
    session = workspace.session
    qtbot.waitUntil(lambda: session.studio is not None)
    session.look_at_frame(3)
    steady = workspace.filters.offered.declaration("safelight_sequence.steady_light")
    said = []
    previews = session.previews
    previews.changed.connect(lambda: said.append(previews.run.said if previews.run else ""))
    previews.start(steady, steady.settings({}), Region(20, 10, 40, 30))
    qtbot.waitUntil(lambda: previews.overlay is not None and not previews.overlay.running)
    assert "Picture 3, which comes before…" in said
    (piece,) = previews.overlay.pieces
    _, picture = piece
    light = int(picture.source.to_array()[15, 20, 0])
    assert 40 < light < 100  # of 160


def test_what_gathers_the_pictures_before_is_seen_on_the_last_one(window, lapse, qtbot):
    workspace = open_in(window, lapse, qtbot)
    session, filters = workspace.session, workspace.filters
    qtbot.waitUntil(lambda: session.studio is not None)
    filters.open(filters.offered.declaration("safelight_sequence.steady_light"))
    assert session.frame == 0
    burst = filters.offered.declaration("safelight_sequence.merge_burst")
    filters.open(burst)
    assert session.frame == 4
    assert "the last one shows most" in workspace.line.text()
    filters.close_tried()
    session.look_at_frame(2)  # by choice
    filters.open(burst)
    assert session.frame == 2


def test_a_cheap_filter_that_is_tried_is_seen_on_whatever_frame_is_looked_at(window, lapse, qtbot):
    workspace = open_in(window, lapse, qtbot)
    session, strip = workspace.session, workspace.frames
    qtbot.waitUntil(lambda: session.studio is not None)
    workspace.filters.open(workspace.filters.offered.declaration("safelight_adjust.exposure"))
    qtbot.waitUntil(lambda: session.previews.trial is not None)
    session.look_at_frame(3)
    assert seen(workspace) == 160
    assert len(workspace.canvas.scene.picture.document.layers) == 2
    qtbot.mouseClick(strip.play, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: session.frame not in (0, 3))
    strip.pause()
    assert seen(workspace) == LIGHT[session.frame]
    assert len(workspace.canvas.scene.picture.document.layers) == 2


def test_what_was_computed_of_a_frame_is_shown_over_no_other_and_kept_for_no_other(
    window, lapse, qtbot
):
    workspace = open_in(window, lapse, qtbot)
    session = workspace.session
    qtbot.waitUntil(lambda: session.studio is not None)
    session.look_at_frame(3)
    steady = workspace.filters.offered.declaration("safelight_sequence.steady_light")
    previews = session.previews
    whole = session.document.region
    previews.start(steady, steady.settings({}), whole)
    qtbot.waitUntil(lambda: previews.overlay is not None and not previews.overlay.running)
    assert previews.exact(steady, steady.settings({})) is not None
    session.look_at_frame(1)
    assert session.overlay is None
    assert workspace.canvas.scene.overlay is None
    assert previews.exact(steady, steady.settings({})) is None
    previews.start(steady, steady.settings({}), whole)
    qtbot.waitUntil(lambda: previews.overlay is not None and not previews.overlay.running)
    workspace.filters.open(steady)
    qtbot.mouseClick(workspace.filters.tried.apply, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: session.idle and session.layer.filter is not None)
    assert session.layer.filter.kept.frame == 1


def test_the_name_proposed_for_a_film_is_none_that_there_is(window, lapse, qtbot, monkeypatch):
    open_in(window, lapse, qtbot)
    qtbot.waitUntil(lambda: window.context.backend.studio is not None)
    proposed = []
    monkeypatch.setattr(
        QFileDialog,
        "getSaveFileName",
        lambda *told, **_: proposed.append(Path(told[2])) or ("", ""),
    )
    for name in ("lapse.webm", "lapse-edited.webm", "lapse-edited-2.webm"):
        open_and_export_frames.export_frames(window.context)
        assert proposed[-1].name == name
        (lapse.parent / name).touch()
