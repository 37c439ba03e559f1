"""The tray, by real mouse and keys: choosing, adding, removing, and what a document holds."""

from typing import Annotated

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog

from safelight import api
from safelight.actions.picture_settings import kept_copy, read_pixels
from safelight.api.parameters import parameter_of
from safelight.document import is_stale
from safelight.document.contents.embedded_picture import is_embedded, named
from safelight.gui.controls import TrayControl, control_for
from safelight.gui.controls.tray_pictures import shelf
from safelight.gui.window import Window
from tests.gui.conftest import choose, open_in, wake

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Where the user's own pictures are kept."""
    monkeypatch.setattr("safelight.actions.tray_library.data_folder", lambda: tmp_path / "data")
    shelf().show_pictures(())
    return tmp_path / "data" / "tray"


@pytest.fixture
def make(qtbot):
    """A tray on the screen that has read its pictures; ``steps`` has what was chosen."""

    def shown(mark=None, width=260, value=""):
        parameter = parameter_of("style", Annotated[api.Picture, mark or api.Tray()], None)
        control = control_for(parameter)
        assert isinstance(control, TrayControl)
        qtbot.addWidget(control)
        control.setFixedWidth(width)
        control.steps_told = []
        control.changed.connect(lambda: control.steps_told.append(control.value()))
        control.set_value(value)
        control.show()
        qtbot.waitExposed(control)
        qtbot.waitUntil(lambda: len(shelf().pictures) >= 12, timeout=20000)
        return control

    return shown


def file(path, grey=128):
    Image.fromarray(np.full((60, 80, 3), grey, np.uint8)).save(path)
    return path


def titles(control):
    return [control.tiles.item(row).text() for row in range(control.tiles.count())]


def click(qtbot, control, title):
    tiles = control.tiles
    item = tiles.item(titles(control).index(title))
    tiles.scrollToItem(item)
    qtbot.mouseClick(tiles.viewport(), LEFT, pos=tiles.visualItemRect(item).center())


def drop(control, *paths):
    """Drop files on the tray."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    copy, none = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(control, QDragEnterEvent(QPoint(5, 5), copy, data, LEFT, none))
    QApplication.sendEvent(control, QDropEvent(QPointF(5, 5), copy, data, LEFT, none))


# -- choosing --------------------------------------------------------------------------------


def test_a_tray_offers_nothing_the_starter_set_and_a_place_to_add(make):
    control = make()
    assert titles(control)[:2] == ["None", "Water Lilies"]
    assert titles(control)[-1] == "Add"
    assert len(titles(control)) == 14


def test_a_click_chooses_a_picture_that_the_setting_holds(make, qtbot):
    control = make()
    click(qtbot, control, "Chrysanthemums")
    assert is_embedded(control.value())
    assert named(control.value()) == "Chrysanthemums"
    assert control.caption.text() == "Chrysanthemums · Pierre-Auguste Renoir"
    assert control.steps_told == [control.value()]
    click(qtbot, control, "Chrysanthemums")
    assert len(control.steps_told) == 1
    click(qtbot, control, "None")
    assert control.value() == ""
    assert control.caption.text() == "Choose or drop a picture"


def test_arrows_home_and_end_go_through_the_tiles_and_return_chooses(make, qtbot):
    control = make()
    tiles = control.tiles
    tiles.setFocus()
    for key, title in (
        (Qt.Key.Key_Right, "Water Lilies"),
        (Qt.Key.Key_End, "Add"),
        (Qt.Key.Key_Right, "Add"),
        (Qt.Key.Key_Left, "Madonna of Humility"),
        (Qt.Key.Key_Home, "None"),
        (Qt.Key.Key_Down, titles(control)[260 // 58]),
    ):
        qtbot.keyClick(tiles, key)
        assert tiles.currentItem().text() == title
    assert control.steps_told == []
    qtbot.keyClick(tiles, Qt.Key.Key_Return)
    chosen = control.value()
    qtbot.keyClick(tiles, Qt.Key.Key_Right)
    qtbot.keyClick(tiles, Qt.Key.Key_Space)
    assert control.steps_told == [chosen, control.value()]
    assert named(chosen) != named(control.value())


def test_a_painting_is_credited_where_the_mouse_rests(make):
    control = make()
    item = control.tiles.item(1)
    assert item.toolTip() == "Water Lilies\nClaude Monet, 1919"


@pytest.mark.parametrize("width", [190, 203, 230, 260, 333, 420, 800])
def test_the_tiles_fill_every_width_and_many_are_scrolled(make, width):
    control = make(width=width)
    tiles = control.tiles
    boxes = [tiles.visualItemRect(tiles.item(row)) for row in range(tiles.count())]
    right = max(box.right() for box in boxes)
    side = boxes[0].width()
    columns = sum(box.top() == boxes[0].top() for box in boxes)
    assert columns >= 3
    left = tiles.viewport().width() - 1 - right
    assert 0 < left <= columns + 1  # less than a pixel of each, and the one that Qt wants
    assert tiles.viewport().height() <= 3 * side
    assert (tiles.verticalScrollBar().maximum() > 0) == (boxes[-1].bottom() >= tiles.height())


# -- adding and removing ---------------------------------------------------------------------


def test_a_dropped_picture_is_added_and_chosen(make, qtbot, tmp_path, folder):
    control = make()
    drop(control, file(tmp_path / "night.png", 20))
    qtbot.waitUntil(lambda: len(control.steps_told) == 1, timeout=20000)
    assert named(control.value()) == "night"
    assert titles(control)[-2:] == ["night", "Add"]
    assert control.caption.text() == "night"
    assert [path.name for path in folder.iterdir()] == ["night.webp"]


def test_several_are_added_and_what_is_none_is_said(make, qtbot, tmp_path):
    control = make()
    (tmp_path / "notes.txt").write_text("no picture")
    one, two = file(tmp_path / "one.png", 20), file(tmp_path / "two.png", 220)
    drop(control, one, tmp_path / "notes.txt", two)
    qtbot.waitUntil(lambda: len(control.steps_told) == 1, timeout=20000)
    assert titles(control)[-3:] == ["one", "two", "Add"]
    assert named(control.value()) == "one"
    assert control.trouble.isVisible()
    assert "notes.txt is not a picture" in control.trouble.text()


def test_what_is_no_picture_changes_nothing(make, qtbot, tmp_path):
    control = make()
    (tmp_path / "notes.txt").write_text("no picture")
    drop(control, tmp_path / "notes.txt")
    qtbot.waitUntil(control.trouble.isVisible, timeout=20000)
    assert control.steps_told == []
    assert len(titles(control)) == 14
    assert control.caption.text() == "Choose or drop a picture"


def test_the_plus_asks_for_files(make, qtbot, tmp_path, monkeypatch):
    control = make()
    path = str(file(tmp_path / "night.png"))
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([path], ""))
    click(qtbot, control, "Add")
    qtbot.waitUntil(lambda: len(control.steps_told) == 1, timeout=20000)
    assert named(control.value()) == "night"


def test_a_file_chooser_that_is_left_changes_nothing(make, qtbot, monkeypatch):
    control = make()
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([], ""))
    click(qtbot, control, "Add")
    assert control.steps_told == []


def test_delete_removes_ones_own_and_the_document_keeps_it(make, qtbot, tmp_path, folder):
    control = make()
    drop(control, file(tmp_path / "night.png"))
    qtbot.waitUntil(lambda: len(control.steps_told) == 1, timeout=20000)
    value = control.value()
    qtbot.keyClick(control.tiles, Qt.Key.Key_Delete)
    assert list(folder.iterdir()) == []
    assert control.value() == value
    assert titles(control)[:2] == ["night", "None"]
    assert control.caption.text() == "night · in this document"
    assert control.tiles.item(0).toolTip() == "night\nIn this document"


def test_a_painting_cannot_be_removed(make, qtbot):
    control = make()
    click(qtbot, control, "Water Lilies")
    qtbot.keyClick(control.tiles, Qt.Key.Key_Delete)
    assert len(titles(control)) == 14


def test_all_trays_have_what_is_added_to_one(make, qtbot, tmp_path):
    one, other = make(), make()
    drop(one, file(tmp_path / "night.png"))
    qtbot.waitUntil(lambda: titles(other)[-2] == "night", timeout=20000)
    assert other.value() == ""
    assert other.steps_told == []


# -- what a document holds -------------------------------------------------------------------


def test_what_the_document_holds_is_the_first_tile(make, tmp_path):
    text = kept_copy(file(tmp_path / "a night in Paris.png"))
    control = make(value=text)
    assert titles(control)[:2] == ["a night in Paris", "None"]
    assert control.tiles.chosen == control.value() == text
    assert control.steps_told == []


def test_a_file_that_was_set_by_its_path_becomes_a_copy(make, qtbot, tmp_path):
    path = file(tmp_path / "night.png")
    control = make(value=str(path))
    qtbot.waitUntil(lambda: is_embedded(control.value()), timeout=20000)
    assert control.value() == kept_copy(path)
    assert control.steps_told == []
    control.set_value(str(path))  # the document still says so
    assert is_embedded(control.value())


def test_a_file_that_is_not_there_is_said_and_stays_set(make, qtbot, tmp_path):
    path = str(tmp_path / "gone.png")
    control = make(value=path)
    qtbot.waitUntil(control.trouble.isVisible, timeout=20000)
    assert control.value() == path
    assert "gone.png does not exist" in control.trouble.text()


def test_a_folded_tray_is_a_line_until_it_is_needed(make, qtbot):
    control = make(api.Tray(folded=True))
    assert not control.tiles.isVisible()
    low = control.sizeHint().height()
    qtbot.mouseClick(control.fold, LEFT)
    assert control.tiles.isVisible()
    assert control.tiles.hasFocus()
    click(qtbot, control, "Water Lilies")
    qtbot.mouseClick(control.fold, LEFT)
    assert control.value() == ""
    assert len(control.steps_told) == 2
    assert not control.tiles.isVisible()
    assert control.sizeHint().height() == low


def test_a_folded_tray_opens_for_what_is_chosen(make, qtbot, tmp_path):
    assert make(api.Tray(folded=True), value=kept_copy(file(tmp_path / "a.png"))).tiles.isVisible()
    control = make(api.Tray(folded=True))
    drop(control, file(tmp_path / "night.png"))
    qtbot.waitUntil(lambda: len(control.steps_told) == 1, timeout=20000)
    assert control.tiles.isVisible()


def test_the_pictures_are_tried_side_by_side_under_their_titles(make):
    control = make()
    steps = control.steps()
    assert [control.in_words(step) for step in steps][:2] == [
        "Water Lilies",
        "Portrait of Jean Metzinger",
    ]
    assert len(steps) == 6
    following = control.steps(steps)
    assert not set(steps) & set(following)
    assert control.steps(following) == steps


# -- in the window ---------------------------------------------------------------------------


@pytest.fixture
def workspace(offer, photo, qtbot):
    offer("safelight_kinds")
    return open_in(wake(Window(), qtbot), photo, qtbot)


def applied(workspace, qtbot):
    """A layer of the filter with the first painting; its pixels."""
    panel = choose(workspace.window(), "two_tones")
    qtbot.waitUntil(lambda: len(shelf().pictures) == 12, timeout=20000)
    click(qtbot, panel.controls[0], "Water Lilies")
    panel.apply.click()
    session = workspace.session
    qtbot.waitUntil(lambda: session.job is None and not session.busy, timeout=30000)
    return session.layer


def test_a_project_holds_the_picture_and_shows_it_when_it_is_opened(workspace, qtbot, tmp_path):
    layer = applied(workspace, qtbot)
    text = layer.filter.settings["style"]
    tone = read_pixels(text).mean(axis=(0, 1)) * 255
    assert np.abs(layer.filter.kept.raster.to_array()[0, 0] - tone).max() < 1
    path = tmp_path / "a.safelight"
    saved = []
    workspace.session.files.save(path, lambda: saved.append(True))
    qtbot.waitUntil(lambda: bool(saved), timeout=30000)
    window = workspace.window()
    workspace.close_session()
    opened = open_in(window, path, qtbot)
    qtbot.waitUntil(lambda: opened.filters.held is not None, timeout=30000)
    tray = opened.filters.held.controls[0]
    assert tray.value() == text
    assert tray.caption.text() == "Water Lilies · Claude Monet"
    assert not is_stale(opened.session.document, layer.id)


def test_no_label_of_the_history_has_the_picture_in_it(workspace, qtbot):
    applied(workspace, qtbot)
    click(qtbot, workspace.filters.held.controls[0], "Chrysanthemums")
    labels = [step.label for step in workspace.session.history.steps]
    assert labels[-1] == "Two tones: Style"
    assert max(map(len, labels)) < 40
    assert is_stale(workspace.session.document, workspace.session.layer.id)


def test_a_picture_dropped_on_the_canvas_is_opened(workspace, qtbot, tmp_path):
    window = workspace.window()
    choose(window, "two_tones")
    drop(window, file(tmp_path / "night.png"))
    qtbot.waitUntil(lambda: window.tabs.count() == 2, timeout=30000)
