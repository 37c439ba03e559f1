"""Two photographs side by side: looked at alike, whatever their sizes, and marked."""

import pytest
from PySide6.QtCore import QPoint, Qt

from safelight.document import edits
from safelight.files.metadata.picture_marks import FolderNames, Marks, read_marks, sidecars
from safelight.gui.canvas.view_geometry import View
from safelight.gui.canvas.viewport import Viewport
from safelight.gui.folder.compare_window import CompareWindow
from safelight.gui.folder.linked_views import Link, Offset
from tests.gui.conftest import drag, png, wheel

SIZES = {"a.png": (600, 800), "b.png": (600, 800), "c.png": (300, 400), "d.png": (800, 600)}


@pytest.fixture
def strip(window, tmp_path, qtbot):
    folder = tmp_path / "photographs"
    folder.mkdir()
    for name, size in SIZES.items():
        (folder / name).write_bytes(png(*size))
    (folder / "e.png").write_bytes(b"no picture")
    window.take(folder)
    strip = window.folder.strip
    qtbot.waitUntil(lambda: strip.rows.count == 5 and not strip.rows.unknown())
    yield strip
    window.folder.end()


@pytest.fixture
def compared(window, strip, qtbot):
    """The window that compares a and b, both there."""
    strip.choose(strip.folder / "a.png")
    qtbot.keyClick(strip.view, Qt.Key.Key_C)
    (found,) = (item for item in window.closing.windows if isinstance(item, CompareWindow))
    found.resize(1000, 600)
    qtbot.waitUntil(lambda: all(shown(side) == (800, 600) for side in found.sides))
    return found


def shown(side):
    return side.canvas.picture_size


def alike(window):
    views = (side.canvas.view for side in window.sides)
    one, other = ((view.zoom, view.x, view.y, view.angle) for view in views)
    return one == pytest.approx(other)


def test_an_offset_and_its_inverse_lead_there_and_back():
    one, other = View(0.5, 100, 80), View(2.0, 30, 10, 0.0)
    sides, others = (800, 600), (300, 400)
    offset = Offset.between(one, sides, other, others)
    there = offset.of(one, sides, others)
    assert (there.zoom, there.x, there.y) == pytest.approx((other.zoom, other.x, other.y))
    back = offset.inverse().of(other, others, sides)
    assert (back.zoom, back.x, back.y) == pytest.approx((one.zoom, one.x, one.y))


def test_what_was_looked_at_differently_when_the_link_comes_stays_between(qtbot):
    one, other = Viewport(), Viewport()
    for item in (one, other):
        qtbot.addWidget(item)
        item.resize(200, 200)
        item.picture_size = (2000, 1000)
    link = Link(one, other)
    one.look(View(1.0, 900, 500))
    assert other.view == one.view
    link.on = False
    other.look(View(1.0, 950, 520))
    assert one.view == View(1.0, 900, 500)
    link.on = True
    one.look(View(2.0, 1000, 400))
    assert (other.view.zoom, other.view.x, other.view.y) == pytest.approx((2.0, 1050, 420))
    other.look(View(1.0, 1100, 520))
    assert (one.view.zoom, one.view.x, one.view.y) == pytest.approx((1.0, 1050, 500))
    one.fit()
    assert other.fits
    one.look(View(1.0, 900, 500))
    assert (other.view.x, other.view.y) == pytest.approx((900, 500))


def test_wheel_and_hand_on_one_picture_move_both(compared, qtbot):
    left, right = (side.canvas for side in compared.sides)
    assert left.fits
    assert right.fits
    wheel(left, QPoint(120, 90), 6)
    assert left.view.zoom > 0.9
    assert alike(compared)
    before = right.view
    drag(qtbot, right, QPoint(200, 200), QPoint(120, 160))
    assert right.view != before
    assert alike(compared)
    compared.linked.click()
    wheel(left, QPoint(120, 90), 2)
    assert not alike(compared)
    compared.linked.click()
    left.fit()
    assert right.fits


def test_of_pictures_of_different_sizes_the_same_is_seen_as_large(compared, strip, qtbot):
    compared.put(1, strip.folder / "c.png")  # half as large
    left, right = (side.canvas for side in compared.sides)
    qtbot.waitUntil(lambda: shown(compared.sides[1]) == (400, 300))
    left.zoom_to(1.0)
    left.centre_on(200, 300)
    assert right.view.zoom == pytest.approx(2.0)
    assert (right.view.x, right.view.y) == pytest.approx((100, 150))


def test_keys_go_on_and_mark_at_the_active_side(compared, strip, qtbot):
    left, right = compared.sides
    assert compared.active == 1
    qtbot.keyClick(right.canvas, Qt.Key.Key_Left)  # a is at the other side, and nothing before it
    assert right.path.name == "b.png"
    qtbot.keyClick(right.canvas, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: shown(right) == (400, 300))
    qtbot.keyClick(right.canvas, Qt.Key.Key_3)
    assert right.words.text() == "c.png   ★★★"
    qtbot.mouseClick(left.canvas, Qt.MouseButton.LeftButton, pos=QPoint(9, 9))
    assert compared.active == 0
    qtbot.keyClick(left.canvas, Qt.Key.Key_X)
    assert left.words.text() == "a.png   rejected"

    def marks(name):
        path = strip.folder / name
        return read_marks(sidecars(path, FolderNames.of(strip.folder)))

    qtbot.waitUntil(lambda: marks("c.png") == Marks(3) and marks("a.png") == Marks(-1))
    compared.swap()
    assert [side.path.name for side in compared.sides] == ["c.png", "a.png"]
    compared.active = 1
    compared.step(1)
    compared.step(1)
    compared.step(1)
    qtbot.waitUntil(lambda: "is not a picture" in right.words.text())  # the broken one


def test_what_is_open_is_compared_as_it_is_now(window, strip, qtbot):
    window.folder.open(strip.folder / "a.png")
    qtbot.waitUntil(lambda: bool(window.workspaces()) and not window.opening.count)
    qtbot.waitUntil(lambda: window.workspace() is not None)
    front = window.workspace()
    layer = front.session.document.layers[0]
    front.session.do(edits.set_visible(layer.id, False))
    strip.choose(strip.folder / "a.png")
    window.deeds["compare"].trigger()
    (found,) = (item for item in window.closing.windows if isinstance(item, CompareWindow))
    qtbot.waitUntil(lambda: all(shown(side) == (800, 600) for side in found.sides))
    assert found.sides[0].canvas.scene.picture.source.channels == 4  # nothing is to be seen
    found.close()
