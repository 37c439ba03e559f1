"""Settings of one photograph pasted on others: projects come beside them, nothing is replaced."""

import io

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QItemSelectionModel, Qt

from safelight.actions.opened_file import opened_file
from safelight.document import edits
from safelight.gui.batch.batch_window import BatchWindow
from tests.gui.conftest import choose

SIZES = {"a.jpg": (80, 60), "b.jpg": (40, 120), "c.jpg": (80, 60), "d.jpg": (80, 60)}


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "photographs"
    folder.mkdir()
    for number, (name, (width, height)) in enumerate(SIZES.items()):
        file = io.BytesIO()
        pixels = np.full((height, width, 3), 60 + 30 * number, np.uint8)
        Image.fromarray(pixels).save(file, "JPEG", quality=95)
        (folder / name).write_bytes(file.getvalue())
    return folder


@pytest.fixture
def strip(window, folder, qtbot):
    """The strip, with a.jpg open, cropped to its left half and made warmer."""
    window.take(folder)
    strip = window.folder.strip
    qtbot.waitUntil(lambda: strip.rows.count == 4 and not strip.rows.unknown())
    window.folder.open(folder / "a.jpg")
    qtbot.waitUntil(lambda: window.workspace() is not None and not window.opening.count)
    session = window.workspace().session
    session.do(edits.crop(box=(0, 0, 40, 60)))
    panel = choose(window, "warmth")
    panel.set_settings(panel.settings() | {"amount": 1.0})
    panel.apply.click()
    qtbot.waitUntil(lambda: len(session.document.layers) == 2 and session.job is None)
    yield strip
    window.folder.end()


def select(strip, *names):
    strip.view.selectionModel().clear()
    for name in names:
        index = strip.rows.index(strip.rows.place(strip.folder / name))
        strip.view.selectionModel().select(index, QItemSelectionModel.SelectionFlag.Select)


def pasted(window, qtbot):
    qtbot.waitUntil(lambda: window.folder.pasting is None)


def test_settings_come_to_the_chosen_as_projects_beside_them(window, strip, folder, qtbot):
    before = {name: (folder / name).read_bytes() for name in SIZES}
    (folder / "c.safelight").write_bytes(b"somebody's own")
    assert not window.deeds["paste settings"].isEnabled()
    window.deeds["copy settings"].trigger()
    assert "Copied 2 steps of a" in window.workspace().line.text()
    select(strip, "a.jpg", "b.jpg", "c.jpg")  # not on the one that they are from
    window.deeds["paste settings"].trigger()
    assert window.folder.pasting is not None
    assert not strip.stop.isHidden()
    pasted(window, qtbot)
    assert "2 projects made" in strip.count.text()
    assert strip.stop.isHidden()
    assert {name: (folder / name).read_bytes() for name in SIZES} == before
    assert (folder / "c.safelight").read_bytes() == b"somebody's own"
    for name, sides in {"b": (20, 120), "c-2": (40, 60)}.items():
        with opened_file(folder / f"{name}.safelight") as (history, _):
            document = history.document
        assert (document.width, document.height) == sides
        assert document.layers[-1].filter.settings["amount"] == 1.0
    place = lambda: strip.rows.row(folder / "b.safelight")  # noqa: E731
    qtbot.waitUntil(lambda: place() is not None and place().known)
    assert (place().width, place().height) == (20, 120)
    qtbot.waitUntil(lambda: strip.rows.picture(folder / "b.safelight") is not None)


def test_on_the_photograph_in_front_alone_they_are_steps_of_its_history(
    window, strip, folder, qtbot
):
    window.deeds["copy settings"].trigger()
    window.folder.open(folder / "d.jpg")
    qtbot.waitUntil(lambda: window.workspace().session.files.path == folder / "d.jpg")
    qtbot.waitUntil(lambda: not window.opening.count and window.folder._on_its_way is None)
    session = window.workspace().session
    window.deeds["paste settings"].trigger()
    qtbot.waitUntil(lambda: len(session.history.steps) == 3 and not session.busy)
    assert (session.document.width, session.document.height) == (40, 60)
    assert not list(folder.glob("*.safelight"))


def test_what_holds_pixels_is_not_copied_with_a_sentence(window, strip, qtbot):
    front = window.workspace()
    raster = front.session.document.layers[0].raster
    bottom = front.session.document.layers[0].id
    front.session.do(edits.set_pixels(bottom, raster.filled_at(raster.region, 9), "Paint"))
    window.deeds["copy settings"].trigger()
    assert "Step 3, Paint, holds pixels" in front.messages.open[-1].text
    assert len(window.folder.copied.recipe.steps) == 2


def test_a_photograph_that_fails_stops_none_and_a_stop_stops(window, strip, folder, qtbot):
    window.deeds["copy settings"].trigger()
    (folder / "b.jpg").write_bytes(b"no picture")
    select(strip, "b.jpg", "c.jpg", "d.jpg")
    window.deeds["paste settings"].trigger()
    pasted(window, qtbot)
    words = window.messages.open[-1].text
    assert "b.jpg is not a picture" in words
    assert "2 projects made" in strip.count.text()
    select(strip, "c.jpg", "d.jpg")
    window.deeds["paste settings"].trigger()
    qtbot.mouseClick(strip.stop, Qt.MouseButton.LeftButton)
    pasted(window, qtbot)
    assert "stopped" in strip.count.text()
    assert not list(folder.glob(".safelight-*"))


def test_a_recipe_for_the_chosen_ones_is_a_batch_of_them(window, strip, folder, qtbot):
    select(strip, "b.jpg", "d.jpg")
    window.deeds["batch of chosen"].trigger()
    (batch,) = (item for item in window.closing.windows if isinstance(item, BatchWindow))
    qtbot.waitUntil(lambda: batch.rows.paths == [folder / "b.jpg", folder / "d.jpg"])
    batch.close()
