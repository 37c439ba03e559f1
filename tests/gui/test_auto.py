"""Auto: the filter finds settings, the controls show them, and they can be changed."""

import pytest

from safelight.actions import FilterFailed
from safelight.document import Layer, LiveFilter, edits

EXPOSURE = "safelight_adjust.exposure"


def stops(panel):
    return panel.settings()["stops"]


def test_settings_that_are_found_are_shown_and_applied(opened, qtbot):
    session, filters = opened.session, opened.filters
    declaration = filters.offered.declaration(EXPOSURE)
    filters.open(declaration)
    panel = filters.tried
    goal = session.studio.found(declaration, panel.settings(), session.document)["stops"]
    assert panel.auto.isVisible()
    panel.auto.click()
    assert not panel.auto.isEnabled()
    qtbot.waitUntil(lambda: panel.auto.isEnabled())
    assert stops(panel) == goal != 0
    panel.apply.click()
    qtbot.waitUntil(lambda: session.layer.filter is not None)
    assert session.layer.filter.settings["stops"] == goal


def test_on_a_layer_they_are_one_step_of_what_lies_below_it(opened, qtbot):
    session, filters = opened.session, opened.filters
    goal = session.studio.found(
        filters.offered.declaration(EXPOSURE), {"stops": 0.0}, session.document
    )["stops"]
    held = LiveFilter(EXPOSURE, "Exposure", "safelight-adjust", settings={"stops": -4.0})
    session.do(edits.add_layer(Layer("Exposure", held)))
    qtbot.waitUntil(lambda: filters.held is not None)
    steps = len(session.history.steps)
    filters.held.auto.click()
    qtbot.waitUntil(lambda: session.layer.filter.settings["stops"] == goal)
    assert len(session.history.steps) == steps + 1
    session.undo()
    assert session.layer.filter.settings["stops"] == -4.0
    qtbot.waitUntil(lambda: stops(filters.held) == -4.0)


def test_a_filter_that_finds_nothing_has_no_such_button(opened):
    filters = opened.filters
    filters.open(filters.offered.declaration("safelight_warmth.warmth"))
    assert not filters.tried.auto.isVisible()


def test_what_goes_wrong_is_a_sentence_and_changes_nothing(opened, qtbot, monkeypatch):
    def broken(*_):
        raise FilterFailed("Exposure (safelight-adjust) crashed (SIGABRT)")

    monkeypatch.setattr(opened.session.studio, "found", broken)
    filters = opened.filters
    filters.open(filters.offered.declaration(EXPOSURE))
    filters.tried.auto.click()
    qtbot.waitUntil(lambda: filters.tried.auto.isEnabled())
    assert stops(filters.tried) == 0
    said = [message.text for message in opened.messages.open]
    assert said == ["Exposure (safelight-adjust) crashed (SIGABRT)."]


@pytest.mark.parametrize("width", [1024, 1366])
def test_the_buttons_fit_the_panel(opened, window, width):
    window.resize(width, 700)
    filters = opened.filters
    filters.open(filters.offered.declaration(EXPOSURE))
    panel = filters.tried
    for button in (panel.auto, panel.apply):
        assert button.width() >= button.minimumSizeHint().width()
        assert panel.rect().contains(button.geometry())
