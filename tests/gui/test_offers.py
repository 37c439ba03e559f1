"""What is installed, in the window: handed on when it changes, looked up by nobody who draws."""

import pytest

from safelight.actions.plugins.plugin_store import Store
from safelight.document import Layer, edits
from safelight.gui.window import Window
from safelight.workers.job_kinds import live_filter
from tests.gui.conftest import open_in, wake
from tests.plugins.records import record
from tests.plugins.store_watch import watched

PLUGINS, LAYERS, FRAMES = 50, 4, 5


@pytest.fixture
def window(qtbot, tmp_path, monkeypatch):
    """A window beside whose editor 50 plugins are installed."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    store = Store()
    for number in range(PLUGINS):
        record(store, f"safelight-p{number:02}")
    return wake(Window("cpu"), qtbot)


def test_frames_of_four_live_layers_look_into_no_plugin_store(window, photo, qtbot, monkeypatch):
    workspace = open_in(window, photo, qtbot)
    session, canvas = workspace.session, workspace.canvas
    warm = live_filter(window.studio.filter("warmth"), {"amount": 0.0})
    for number in range(LAYERS):
        session.do(edits.add_layer(Layer("Warm", warm, id=f"warm{number}")))
    middle = canvas.rect().center()

    def red():
        return canvas.grab().toImage().pixelColor(middle).red()

    before = red()
    with watched(window.studio.store, monkeypatch) as looks:
        for number in range(1, FRAMES + 1):
            amount = number / 10
            session.do(edits.set_filter("warm3", settings={"amount": amount}))
            qtbot.waitUntil(lambda before=before: red() > before)
            before = red()
        assert looks == []


def test_a_change_of_the_store_is_heard_once_and_shown(window, photo, qtbot):
    workspace = open_in(window, photo, qtbot)
    heard = []
    window.studio.hear_offers(heard.append)
    before = window.offers
    record(window.studio.store, "safelight-new")
    qtbot.waitUntil(lambda: window.offers is not before)
    assert [offers is window.offers for offers in heard] == [True]
    assert workspace.filters.offered.declaration("safelight_new.f0") is not None
    assert window.deeds["filter safelight_new.f0"].isEnabled()
    window.studio.store.uninstall("safelight-new")
    qtbot.waitUntil(lambda: workspace.filters.offered.declaration("safelight_new.f0") is None)
    assert window.offers == before
