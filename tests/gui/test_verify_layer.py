"""Verifying a layer: its result is made afresh, and a message says what came of it."""

from tests.gui.conftest import choose


def said(workspace):
    return [message.text for message in workspace.messages.open]


def test_a_result_is_made_afresh_and_what_came_of_it_is_said(window, opened, qtbot):
    session = opened.session
    assert not window.deeds["verify"].isEnabled()
    assert not window.deeds["inspect"].isEnabled()
    choose(window, "denoise").apply.click()
    qtbot.waitUntil(
        lambda: session.layer.filter is not None and session.layer.filter.kept is not None,
        timeout=120_000,
    )
    window.deeds["verify"].trigger()
    qtbot.waitUntil(
        lambda: any("the same, sample by sample" in text for text in said(opened)), timeout=120_000
    )
    assert window.deeds["inspect"].isEnabled()
