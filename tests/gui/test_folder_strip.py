"""The strip of a folder: gone through, marked, filtered and watched; counted, never timed."""

import io
import json
import os
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, QSize, Qt, QUrl
from PySide6.QtGui import QDropEvent, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from safelight import actions
from safelight.actions.folder.folder_glances import Seen
from safelight.actions.folder.folder_photographs import FolderPhotograph
from safelight.document import edits
from safelight.files.glance import Glance
from safelight.files.metadata.picture_marks import (
    FolderNames,
    Marks,
    read_marks,
    sidecars,
    write_marks,
)
from safelight.gui.folder.folder_rows import MOST_PICTURES, FolderFilter, FolderRows
from safelight.gui.folder.strip_view import PICTURE, mark_of
from tests.gui.test_nothing_is_cut import cut

NAMES = ("IMG_1.jpg", "IMG_2.jpg", "IMG_9.jpg", "IMG_10.jpg")


def jpeg(red, camera="Camera A"):
    file, exif = io.BytesIO(), Image.Exif()
    exif[271] = exif[272] = camera
    pixels = np.full((40, 60, 3), (red, 90, 90), np.uint8)
    Image.fromarray(pixels).save(file, "JPEG", quality=95, exif=exif)
    return file.getvalue()


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "photographs"
    folder.mkdir()
    for number, name in enumerate(NAMES):
        camera = "Camera B" if number == 3 else "Camera A"
        (folder / name).write_bytes(jpeg(40 * number, camera))
    return folder


@pytest.fixture
def strip(window, folder, qtbot):
    """The strip of the folder, with every photograph looked at."""
    window.take(folder)
    strip = window.folder.strip
    qtbot.waitUntil(lambda: len(names(strip)) == len(NAMES) and not strip.rows.unknown())
    yield strip
    window.folder.end()


def names(strip):
    return [row.photograph.path.name for row in strip.rows.rows]


def chosen(strip):
    return [row.photograph.path.name for row in strip.chosen]


def titles(window):
    return [item.session.files.name.removesuffix(".jpg") for item in window.workspaces()]


def marks(path):
    return read_marks(sidecars(path, FolderNames.of(path.parent)))


def settled(window):
    return window.folder._on_its_way is None and not window.opening.count


def click(qtbot, strip, place, modifiers=Qt.KeyboardModifier.NoModifier):
    at = strip.view.visualRect(strip.rows.index(place)).center()
    qtbot.mouseClick(strip.view.viewport(), Qt.MouseButton.LeftButton, modifiers, at)


# -- going through -------------------------------------------------------------------------------


def test_photographs_come_one_after_the_other_into_one_tab(window, strip, folder, qtbot):
    assert names(strip) == list(NAMES)
    assert strip.count.text() == "4 photographs"
    click(qtbot, strip, 1)
    qtbot.waitUntil(lambda: titles(window) == ["IMG_2"] and settled(window))
    qtbot.waitUntil(lambda: window.folder.ahead.path == folder / "IMG_9.jpg")
    assert strip.view.hasFocus()
    qtbot.keyClick(strip.view, Qt.Key.Key_PageDown)
    qtbot.waitUntil(lambda: titles(window) == ["IMG_9"] and settled(window))
    assert window.folder.ahead.used == 1
    assert chosen(strip) == ["IMG_9.jpg"]
    qtbot.keyClick(strip.view, Qt.Key.Key_Left)
    qtbot.waitUntil(lambda: titles(window) == ["IMG_2"] and settled(window))
    window.deeds["photograph before"].trigger()
    qtbot.waitUntil(lambda: titles(window) == ["IMG_1"] and settled(window))
    window.deeds["photograph before"].trigger()  # there is none
    assert settled(window)
    assert titles(window) == ["IMG_1"]


def test_a_photograph_to_which_something_was_done_keeps_its_tab(window, strip, qtbot):
    click(qtbot, strip, 0)
    qtbot.waitUntil(lambda: titles(window) == ["IMG_1"] and settled(window))
    front = window.workspace()
    layer = front.session.document.layers[0]
    front.session.do(edits.add_layer(replace(layer, id="another")))
    click(qtbot, strip, 2)
    qtbot.waitUntil(lambda: titles(window) == ["IMG_1", "IMG_9"] and settled(window))
    click(qtbot, strip, 0)  # it is open: it comes to the front
    assert window.workspace() is front
    assert chosen(strip) == ["IMG_1.jpg"]
    assert len(window.workspaces()) == 2


def test_of_many_that_are_asked_for_at_once_the_last_is_opened(window, strip, qtbot, monkeypatch):
    opened = []
    monkeypatch.setattr(
        window.opening, "open", lambda path, ended: opened.append((path.name, ended))
    )
    for _ in range(4):
        window.folder.step(1)
    assert [name for name, _ in opened] == ["IMG_1.jpg"]
    opened[0][1](None)  # it could not be opened, say
    assert [name for name, _ in opened] == ["IMG_1.jpg", "IMG_10.jpg"]
    assert chosen(strip) == ["IMG_10.jpg"]


def test_page_keys_go_through_the_folder_and_turn_pages_where_there_are_pages(window, strip, qtbot):
    click(qtbot, strip, 0)
    qtbot.waitUntil(lambda: titles(window) == ["IMG_1"] and settled(window))
    front = window.workspace()
    front.layers.tree.setFocus()
    QTest.keyClick(window, Qt.Key.Key_PageDown)
    assert settled(window)
    front.canvas.setFocus()
    qtbot.keyClick(front.canvas, Qt.Key.Key_PageDown)
    qtbot.waitUntil(lambda: titles(window) == ["IMG_2"] and settled(window))
    assert window.workspace().canvas.hasFocus()


def test_a_dropped_folder_is_shown_and_the_folder_of_a_photograph(window, folder, qtbot):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(folder))])
    drop = QDropEvent(
        QPointF(600, 300),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    window.dropEvent(drop)
    strip = window.folder.strip
    qtbot.waitUntil(lambda: names(strip) == list(NAMES))
    assert not window.folder.holder.isHidden()
    window.deeds["folder strip"].trigger()
    assert window.folder.holder.isHidden()
    assert strip.rows.count == 0
    window.open(folder / "IMG_9.jpg")
    qtbot.waitUntil(lambda: titles(window) == ["IMG_9"])
    window.deeds["folder of this"].trigger()
    qtbot.waitUntil(lambda: names(strip) == list(NAMES))
    assert chosen(strip) == ["IMG_9.jpg"]
    assert window.deeds["folder strip"].isChecked()
    window.folder.end()


# -- marks ---------------------------------------------------------------------------------------


def test_keys_mark_the_chosen_where_the_strip_has_the_keyboard(window, strip, folder, qtbot):
    strip.choose(folder / "IMG_1.jpg")
    click(qtbot, strip, 2, Qt.KeyboardModifier.ControlModifier)
    assert chosen(strip) == ["IMG_1.jpg", "IMG_9.jpg"]
    before = {name: (folder / name).read_bytes() for name in NAMES}
    qtbot.keyClick(strip.view, Qt.Key.Key_4)
    qtbot.keyClick(strip.view, Qt.Key.Key_6)
    assert [row.marks for row in strip.rows.rows] == [
        *(Marks(4, "Red"), Marks(), Marks(4, "Red"), Marks()),
    ]
    for name in ("IMG_1.jpg", "IMG_9.jpg"):
        qtbot.waitUntil(lambda name=name: marks(folder / name) == Marks(4, "Red"))
    qtbot.keyClick(strip.view, Qt.Key.Key_6)  # all have it: it is taken off
    qtbot.keyClick(strip.view, Qt.Key.Key_X)
    for name in ("IMG_1.jpg", "IMG_9.jpg"):
        qtbot.waitUntil(lambda name=name: marks(folder / name) == Marks(-1))
    window.deeds["mark 0"].trigger()
    qtbot.waitUntil(lambda: marks(folder / "IMG_1.jpg") == Marks(0))
    assert {name: (folder / name).read_bytes() for name in NAMES} == before
    assert marks(folder / "IMG_2.jpg") is None


def test_digits_and_x_are_keys_of_the_strip_alone(window, strip, qtbot):
    """The keys of a menu that has them elsewhere do not come when the strip has the keyboard."""
    for key in (Qt.Key.Key_3, Qt.Key.Key_7, Qt.Key.Key_X, Qt.Key.Key_PageDown, Qt.Key.Key_Left):
        asked = QKeyEvent(QKeyEvent.Type.ShortcutOverride, key, Qt.KeyboardModifier.NoModifier)
        asked.ignore()
        QApplication.sendEvent(strip.view, asked)
        assert asked.isAccepted()
    letter = QKeyEvent(QKeyEvent.Type.KeyPress, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert mark_of(letter) is None
    french = QKeyEvent(QKeyEvent.Type.KeyPress, Qt.Key.Key_1, Qt.KeyboardModifier.ShiftModifier)
    assert mark_of(french) == ("stars", 1)


def test_marks_that_cannot_be_written_are_a_sentence_and_are_shown_as_they_were(
    window, strip, folder, qtbot
):
    (folder / "IMG_1.xmp").write_bytes(b"<x:xmpmeta")
    strip.read_again()
    qtbot.waitUntil(lambda: bool(strip.rows.rows[0].photograph.sidecars))
    strip.choose(folder / "IMG_1.jpg")
    strip.mark(("stars", 5))
    assert strip.rows.rows[0].marks.rating == 5
    qtbot.waitUntil(lambda: bool(window.messages.open))
    assert "IMG_1.xmp is no sidecar that can be read" in window.messages.open[0].text
    assert strip.rows.rows[0].marks.rating == 0
    assert (folder / "IMG_1.xmp").read_bytes() == b"<x:xmpmeta"


# -- filter --------------------------------------------------------------------------------------


def test_stars_labels_rejects_and_cameras_filter_and_what_is_chosen_stays_so(
    window, strip, folder, qtbot
):
    write_marks(folder / "IMG_2.jpg", Marks(3, "Blue"), FolderNames.of(folder))
    write_marks(folder / "IMG_9.jpg", Marks(-1), FolderNames.of(folder))
    write_marks(folder / "IMG_10.jpg", Marks(5, "To do"), FolderNames.of(folder))
    qtbot.waitUntil(lambda: len([x for x in strip.rows.rows if x.marks != Marks()]) == 3)
    strip.choose(folder / "IMG_2.jpg")
    shown = {}
    for key, wanted in {
        "stars": FolderFilter(least=3),
        "label": FolderFilter(label="Blue"),
        "other label": FolderFilter(label="To do"),
        "none": FolderFilter(rejects="hidden"),
        "rejects": FolderFilter(rejects="alone"),
        "camera": FolderFilter(camera="Camera B"),
    }.items():
        strip.bar.use(wanted)
        shown[key] = names(strip)
    assert shown == {
        "stars": ["IMG_2.jpg", "IMG_10.jpg"],
        "label": ["IMG_2.jpg"],
        "other label": ["IMG_10.jpg"],
        "none": ["IMG_1.jpg", "IMG_2.jpg", "IMG_10.jpg"],
        "rejects": ["IMG_9.jpg"],
        "camera": ["IMG_10.jpg"],
    }
    assert strip.bar.more.text() == "Filter: Camera B"
    qtbot.mouseClick(strip.bar.stars[2], Qt.MouseButton.LeftButton)
    assert strip.bar.filter == FolderFilter(least=3, camera="Camera B")
    assert strip.count.text() == "1 of 4 photographs"
    strip.bar.menu.aboutToShow.emit()
    lines = [line.text() for line in strip.bar.menu.actions()]
    assert {"To do", "Camera A", "Camera B", "Purple"} <= set(lines)
    strip.bar.use(FolderFilter())
    assert names(strip) == list(NAMES)


def test_a_filter_has_looked_at_what_was_not_seen_yet(window, folder, qtbot):
    for number in range(60):
        (folder / f"more_{number:02}.jpg").write_bytes(jpeg(90))
    write_marks(folder / "more_59.jpg", Marks(2), FolderNames.of(folder))
    window.take(folder)
    strip = window.folder.strip
    qtbot.waitUntil(lambda: strip.rows.count == 64)
    strip.bar.use(FolderFilter(least=2))
    qtbot.waitUntil(lambda: not strip.rows.unknown() and names(strip) == ["more_59.jpg"])
    window.folder.end()


# -- what comes and goes -------------------------------------------------------------------------


def test_what_comes_goes_and_changes_in_the_folder_is_seen(window, strip, folder, qtbot):
    (folder / "IMG_3.jpg").write_bytes(jpeg(9))
    (folder / "IMG_1.jpg").unlink()
    expected = ["IMG_2.jpg", "IMG_3.jpg", "IMG_9.jpg", "IMG_10.jpg"]
    qtbot.waitUntil(lambda: names(strip) == expected)
    before = strip.rows.picture(folder / "IMG_2.jpg")
    assert before is not None
    with (folder / "IMG_2.jpg").open("r+b") as file:  # in place, by another program
        file.write(jpeg(250))
        file.truncate()
    os.utime(folder / "IMG_2.jpg", (1, 1))

    def red():
        picture = strip.rows.picture(folder / "IMG_2.jpg")
        return 0 if picture is None else picture.toImage().pixelColor(20, 20).red()

    qtbot.waitUntil(lambda: red() > 240)
    (folder / "IMG_9.xmp").write_text(
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF'
        ' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""'
        ' xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="2"/></rdf:RDF></x:xmpmeta>'
    )
    qtbot.waitUntil(lambda: strip.rows.row(folder / "IMG_9.jpg").marks == Marks(2))


def test_a_folder_that_goes_is_a_sentence_which_goes_when_it_comes_back(
    window, strip, folder, qtbot
):
    moved = folder.with_name("elsewhere")
    folder.rename(moved)
    qtbot.waitUntil(lambda: bool(window.messages.open))
    assert "is not there any more" in window.messages.open[0].text
    assert names(strip) == []
    moved.rename(folder)
    qtbot.waitUntil(lambda: names(strip) == list(NAMES))
    assert not window.messages.open


def test_broken_files_are_shown_as_such_and_opening_one_is_a_sentence(window, strip, folder, qtbot):
    (folder / "a.jpg").write_bytes(b"no picture")
    (folder / "circle.jpg").symlink_to(folder / "circle.jpg")
    qtbot.waitUntil(lambda: names(strip)[0] == "a.jpg" and strip.rows.rows[0].known)
    assert "a.jpg is not a picture" in strip.rows.rows[0].tip
    assert strip.count.text() == "5 photographs, 1 unreadable"
    click(qtbot, strip, 0)
    qtbot.waitUntil(lambda: bool(window.messages.open) and settled(window))
    assert "a.jpg is not a picture" in window.messages.open[0].text
    qtbot.keyClick(strip.view, Qt.Key.Key_PageDown)
    qtbot.waitUntil(lambda: titles(window) == ["IMG_1"] and settled(window))


def test_of_ten_thousand_photographs_those_that_are_seen_are_looked_at_and_few_pictures_held(
    window, folder, qtbot, monkeypatch
):
    one = folder / "IMG_1.jpg"
    for number in range(10_000):
        os.link(one, folder / f"x{number:05}.jpg")
    window.take(folder)
    strip = window.folder.strip
    qtbot.waitUntil(lambda: strip.rows.count == 10_004, timeout=60000)
    first, last = strip.view.places()
    qtbot.waitUntil(lambda: strip.rows.pictures >= last - first + 1)
    bar = strip.view.horizontalScrollBar()
    for part in range(1, 11):  # somebody drags the handle from one end to the other
        bar.setValue(bar.maximum() * part // 10)
        QApplication.processEvents()
    first, last = strip.view.places()
    assert last == 10_003
    qtbot.waitUntil(lambda: strip.rows.picture(folder / "x09999.jpg") is not None)
    qtbot.waitUntil(lambda: not strip._glances.waiting)
    assert strip._glances.looked < 400
    window.folder.end()


def test_the_rows_hold_no_more_pictures_than_they_may(qtbot, tmp_path):
    rows = FolderRows(QSize(PICTURE))
    photographs = [
        FolderPhotograph(tmp_path / f"{number}.jpg", 1, 1) for number in range(MOST_PICTURES + 50)
    ]
    rows.have(photographs, {})
    glance = Glance(np.zeros((4, 6, 3), np.uint8), 6, 4)
    for photograph in photographs:
        rows.learn(Seen(photograph, glance, Marks()))
    assert rows.pictures == MOST_PICTURES
    assert rows.picture(photographs[-1].path) is not None
    assert rows.unseen(0, 0) == [photographs[0]]


def test_closing_the_window_ends_the_looking(window, strip):
    window.close()
    strip._glances._thread.join(30)
    assert not strip._glances._thread.is_alive()


@pytest.mark.parametrize("size", [(1366, 728), (683, 364)])
def test_the_strip_is_whole_on_small_screens(window, strip, folder, qtbot, size):
    window.setMinimumSize(1, 1)
    window.resize(*size)
    strip.bar.use(FolderFilter(least=0, label="Purple", rejects="hidden"))
    qtbot.wait(40)
    assert not cut(strip)
    assert window.folder.holder.mapTo(window, QPoint(0, 0)).y() > 0


def test_a_file_on_its_way_twice_is_there_once(window, strip, folder, qtbot):
    """The store of what was seen is read with the folder: nothing is decoded a second time."""
    looked = strip._glances.looked
    window.folder.hide()
    window.folder.show(folder)
    qtbot.waitUntil(lambda: len(names(strip)) == len(NAMES))
    assert not strip.rows.unknown()
    assert json.loads(json.dumps(strip.rows.cameras())) == ["Camera A", "Camera B"]
    assert strip._glances.looked >= looked
    assert actions.cache_folder().joinpath("thumbnails.sqlite").is_file()
