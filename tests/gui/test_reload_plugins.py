"""Hot reload: an author saves a file, and the open window has the new code."""

import os

import pytest

from safelight import actions
from safelight.actions.plugins.installer import Installer
from safelight.actions.plugins.plugin_store import Store
from safelight.gui.plugins import reload_plugins
from safelight.gui.window import Window
from tests.gui.conftest import choose, open_in, wake

MODULE = '''
from safelight import api


@api.filter("{title}", category="Mine")
def soft_glow(image: api.Image, amount: api.Fraction = 0.5) -> api.Image:
    """Multiply."""
    return image * image.dtype.type({factor})


@api.hookimpl
def filters():
    return [soft_glow]
'''


def save(plugin, text):
    """Save the plugin's module; its time is another one even where clocks are coarse."""
    module = plugin / "safelight_soft_glow/__init__.py"
    then = module.stat().st_mtime_ns
    module.write_text(text, "utf-8")
    os.utime(module, ns=(then + 10**9, then + 10**9))


@pytest.fixture
def plugin(tmp_path):
    """A plugin in the user's store that runs from its author's folder."""
    folder = actions.write_plugin(tmp_path, "soft-glow", "Soft glow", "classic")
    save(folder, MODULE.format(title="Soft glow", factor=0.5))
    store = Store()
    installer = Installer(store, str(folder), editable=True)
    with store.staging() as staging:
        installer.install(installer.prepare(staging))
    yield folder
    store.uninstall("safelight-soft-glow")


@pytest.fixture
def window(plugin, qtbot, monkeypatch):
    monkeypatch.setattr(reload_plugins, "INTERVAL", 50)
    return wake(Window("cpu"), qtbot)


def wait_for(qtbot, window, text):
    qtbot.waitUntil(lambda: text in window.status.notice.text(), timeout=60000)


def test_a_changed_plugin_is_reloaded_and_the_status_line_says_so(window, plugin, qtbot, photo):
    workspace = open_in(window, photo, qtbot)
    assert window.status.notice.text() == ""
    save(plugin, MODULE.format(title="Hard glow", factor=0.5))
    wait_for(qtbot, window, "safelight-soft-glow reloaded")
    assert "Hard glow" in [item.title for item in window.filters]
    titles = [
        workspace.filters.offered.list.item(i).text()
        for i in range(workspace.filters.offered.list.count())
    ]
    assert "Hard glow" in titles
    assert "Soft glow" not in titles


def test_what_cannot_be_loaded_is_a_sentence_in_the_status_line(window, plugin, qtbot):
    save(plugin, "def broken(:")
    wait_for(qtbot, window, "safelight-soft-glow cannot be loaded: SyntaxError")
    save(plugin, MODULE.format(title="Soft glow", factor=0.5))
    wait_for(qtbot, window, "safelight-soft-glow reloaded")


def test_a_filter_layer_on_the_screen_is_drawn_afresh(window, plugin, qtbot, photo):
    workspace = open_in(window, photo, qtbot)
    choose(window, "soft_glow").apply.click()
    qtbot.waitUntil(lambda: len(workspace.session.document.layers) == 2, timeout=60000)

    def brightness():
        picture = workspace.canvas.grab().toImage()
        return picture.pixelColor(picture.rect().center()).red()

    # The photograph has 127 in its middle.
    qtbot.waitUntil(lambda: abs(brightness() - 64) < 4, timeout=60000)
    save(plugin, MODULE.format(title="Soft glow", factor=0.25))
    wait_for(qtbot, window, "reloaded")
    qtbot.waitUntil(lambda: abs(brightness() - 32) < 4, timeout=60000)


def test_open_settings_get_the_new_parameters(window, plugin, qtbot, photo):
    workspace = open_in(window, photo, qtbot)
    choose(window, "soft_glow")
    text = MODULE.format(title="Soft glow", factor=0.5).replace("amount:", "strength:")
    save(plugin, text)
    wait_for(qtbot, window, "reloaded")
    assert list(workspace.filters.tried.settings()) == ["strength"]
