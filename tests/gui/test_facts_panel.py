"""The panel of metadata: everything is seen and searched, and what is typed is one step."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from safelight.files.metadata.coordinates import place_of
from safelight.files.metadata.descriptive_metadata import facts
from safelight.files.project.project import Project
from safelight.gui.panels.metadata_panel import FactsPanel
from tests import pictures
from tests.gui.conftest import open_in


@pytest.fixture
def told(tmp_path, window, qtbot):
    """The workspace of a photograph that says much of itself, with the panel in front."""
    path = tmp_path / "told.jpg"
    exif = pictures.exif_block(artist="Ada <b>Example</b>")
    path.write_bytes(pictures.jpeg_file(pictures.quarters(), exif=exif, xmp=pictures.XMP))
    workspace = open_in(window, path, qtbot)
    workspace.show_panel(FactsPanel)
    panel = workspace.panel(FactsPanel)
    qtbot.waitUntil(lambda: bool(panel.lines()), timeout=30000)
    return workspace


def lines(panel):
    return {(group, name): value for group, name, value in panel.lines()}


def leave(panel, key, text, qtbot):
    """Type into a field and go on."""
    field = panel.fields[key]
    field.setFocus()
    field.selectAll()
    qtbot.keyClick(field, Qt.Key.Key_Delete)
    qtbot.keyClicks(field, text)
    many = Qt.KeyboardModifier.ControlModifier if key == "caption" else Qt.KeyboardModifier(0)
    qtbot.keyClick(field, Qt.Key.Key_Return, many)


def test_everything_is_seen_as_plain_text(told):
    panel = told.panel(FactsPanel)
    assert lines(panel)["EXIF: picture", "Artist"] == "Ada <b>Example</b>"
    assert lines(panel)["EXIF: exposure", "Exposure time"] == "1/125 s"
    assert lines(panel)["XMP: photoshop", "City"] == "Secret Town"
    assert panel.fields["creator"].text() == "Ada <b>Example</b>"
    assert panel.fields["city"].text() == "Secret Town"


def test_search_leaves_the_lines_that_hold_every_word(told):
    panel = told.panel(FactsPanel)
    panel.search.setText("exif EXPOSURE 1/125")
    assert [name for _, name, _ in panel.lines()] == ["Exposure time"]
    panel.search.setText("town")
    assert [value for *_, value in panel.lines()] == ["Secret Town"]
    panel.search.clear()
    assert len(panel.lines()) > 10


@pytest.mark.parametrize("key", ["title", "caption", "keywords", "city"])
def test_what_is_typed_is_one_step_that_can_be_undone(told, qtbot, key):
    panel, session = told.panel(FactsPanel), told.session
    before = session.document.metadata
    leave(panel, key, "Words", qtbot)
    qtbot.waitUntil(lambda: session.document.metadata != before, timeout=30000)
    assert [step.label for step in session.history.steps[1:]] == [key.capitalize()]
    session.undo()
    assert session.document.metadata == before
    shown = "Secret Town" if key == "city" else ""
    field = panel.fields[key]
    text = field.toPlainText if key == "caption" else field.text
    qtbot.waitUntil(lambda: text() == shown, timeout=30000)


def test_a_field_that_was_left_as_it_was_is_no_step(told, qtbot):
    panel = told.panel(FactsPanel)
    for field in panel.fields.values():
        field.setFocus()
    panel.fields["title"].setFocus()
    qtbot.keyClick(panel.fields["title"], Qt.Key.Key_Return)
    assert len(told.session.history.steps) == 1


def test_strip_location_takes_the_place_away_and_strip_all_the_rest(told, qtbot):
    panel = told.panel(FactsPanel)
    panel.place.click()
    qtbot.waitUntil(lambda: not panel.place.isEnabled(), timeout=30000)
    assert not [group for group, *_ in panel.lines() if group == "EXIF: place"]
    assert panel.fields["city"].text() == ""
    assert panel.fields["creator"].text() == "Ada <b>Example</b>"
    panel.everything.click()
    qtbot.waitUntil(lambda: not panel.lines(), timeout=30000)
    assert panel.none.isVisible()
    assert [step.label for step in told.session.history.steps[1:]] == [
        "Strip location",
        "Strip all metadata",
    ]


def test_escape_brings_back_what_was_stated(told, qtbot):
    field = told.panel(FactsPanel).fields["city"]
    field.setFocus()
    qtbot.keyClicks(field, "xyz")
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert field.text() == "Secret Town"
    assert len(told.session.history.steps) == 1


def test_coordinates_are_typed_and_cleared(told, qtbot):
    panel, session = told.panel(FactsPanel), told.session
    leave(panel, "place", "47 21 36 N 8 32 24 E", qtbot)
    qtbot.waitUntil(lambda: panel.fields["place"].text() == "47.360000, 8.540000", timeout=30000)
    assert place_of(session.document.metadata) == pytest.approx((47.36, 8.54))
    leave(panel, "place", "", qtbot)
    qtbot.waitUntil(lambda: place_of(session.document.metadata) is None, timeout=30000)
    assert [step.label for step in session.history.steps[1:]] == ["Coordinates"] * 2


def test_coordinates_that_are_none_are_told_beside_their_field_and_are_no_step(told, qtbot):
    panel = told.panel(FactsPanel)
    leave(panel, "place", "95, 8", qtbot)
    assert panel.wrong.isVisible()
    assert panel.wrong.text() == "A latitude is -90 to 90 degrees, not 95."
    assert panel.fields["place"].text() == "95, 8"  # to be mended
    assert len(told.session.history.steps) == 1
    leave(panel, "place", "45, 8", qtbot)
    assert not panel.wrong.isVisible()
    qtbot.waitUntil(lambda: len(told.session.history.steps) == 2, timeout=30000)


def test_size_depth_and_the_profiles_name_are_told(told):
    words = told.panel(FactsPanel).about.text()
    document = told.session.document
    assert f"{document.width} × {document.height} px" in words
    assert document.profile.title in words


def test_what_was_typed_is_in_the_project_that_is_opened_again(told, qtbot, tmp_path):
    panel, session = told.panel(FactsPanel), told.session
    leave(panel, "title", "The hall", qtbot)
    leave(panel, "place", "47.36, 8.54", qtbot)
    qtbot.waitUntil(lambda: len(session.history.steps) == 3, timeout=30000)
    path = tmp_path / "told.safelight"
    Project.create(path, session.history).close()
    project, history = Project.open(path)
    project.close()
    assert facts(history.document.metadata)["title"] == ["The hall"]
    assert place_of(history.document.metadata) == pytest.approx((47.36, 8.54))
    assert [step.label for step in history.steps[1:]] == ["Title", "Coordinates"]
