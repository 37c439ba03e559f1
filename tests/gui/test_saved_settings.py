"""A layer whose saved settings nobody knows: said, never drawn with a default, and taken anew."""

from dataclasses import replace

import pytest

from safelight.document import Edit, Kept, Layer, LiveFilter
from safelight.pixels import Raster
from tests.gui.conftest import photograph

WARMTH = "safelight_warmth.warmth"


def saved_layer(settings, kept=None):
    """A layer of Warmth as an earlier version saved it."""
    held = LiveFilter(WARMTH, "Warmth", "safelight-warmth", "0.0.1", settings, kept=kept)
    return Layer("Warm", held, id="warm")


def add(session, layer):
    def apply(document):
        return replace(document, layers=(*document.layers, layer))

    session.do(Edit("Open", apply))


@pytest.fixture
def said(opened):
    texts = []
    opened.session.complained.connect(lambda about, text, details: texts.append(text))
    return texts


def test_unknown_settings_are_said_in_the_panel_and_taken_at_a_click(opened, said, qtbot):
    session = opened.session
    add(session, saved_layer({"force": 0.9}))
    qtbot.waitUntil(lambda: any("no parameter force" in text for text in said), timeout=60000)
    qtbot.waitUntil(lambda: opened.filters.held is not None, timeout=60000)
    assert opened.filters.held.trouble.isVisibleTo(opened.filters.held)
    assert "safelight-warmth 0.0.1" in opened.filters.held.trouble.text()
    assert "is not drawn until" in opened.filters.held.trouble.text()
    assert session.studio.live.reach(session.layer.filter, 0) is None
    opened.filters.held.take.click()
    held = session.layer.filter
    assert "force" not in held.settings
    assert held.version == opened.filters.held.declaration.version
    assert not opened.filters.held.trouble.isVisibleTo(opened.filters.held)
    qtbot.waitUntil(lambda: session.studio.live.reach(held, 0) == 0, timeout=60000)


def test_what_is_said_once_is_not_said_again_at_every_edit(opened, said, qtbot):
    session = opened.session
    add(session, saved_layer({"force": 0.9}))
    qtbot.waitUntil(lambda: any("no parameter force" in text for text in said), timeout=60000)
    count = len(said)
    rounds = session.results._round
    session.do(Edit("Rename", lambda document: replace(document, name="other")))
    qtbot.waitUntil(lambda: session.results._round > rounds, timeout=60000)
    qtbot.wait(50)
    assert len(said) == count


def test_a_kept_result_of_unknown_settings_is_shown(opened, said, qtbot):
    session = opened.session
    kept = Kept(Raster.from_array(photograph(300, 400)[::-1].copy()), "key")
    add(session, saved_layer({"force": 0.9}, kept))
    qtbot.waitUntil(lambda: any("no parameter force" in text for text in said), timeout=60000)
    qtbot.waitUntil(lambda: opened.filters.held is not None, timeout=60000)
    assert "What was kept of the layer is shown." in opened.filters.held.trouble.text()
    assert session.document.layer("warm").filter.kept is kept


def test_what_was_said_of_a_layer_goes_with_it(opened, said, qtbot):
    session = opened.session
    add(session, saved_layer({"force": 0.9}))
    qtbot.waitUntil(lambda: any("no parameter force" in text for text in said), timeout=60000)
    assert opened.messages.open
    session.undo()
    qtbot.waitUntil(lambda: not opened.messages.open, timeout=60000)
