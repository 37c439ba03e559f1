"""A photograph is changed along directions found from photographs, in the window."""

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from safelight.actions.latent_directions import kept_at
from safelight.gui.window import Window
from tests.gui.conftest import choose, open_in, wake

LEFT = Qt.MouseButton.LeftButton
LIMIT = 60000


@pytest.fixture
def workspace(offer, photo, qtbot):
    offer("safelight_coded")
    return open_in(wake(Window(), qtbot), photo, qtbot)


@pytest.fixture
def files(tmp_path):
    """Six photographs that are lighter on the right, then six that are lighter on the left."""
    paths = []
    for n in range(12):
        ramp = np.linspace(60, 180, 64)[:: 1 if n < 6 else -1] + 3 * n
        pixels = np.repeat(np.repeat(ramp[None, :, None], 48, 0), 3, 2).astype(np.uint8)
        paths.append(tmp_path / f"{n}.png")
        Image.fromarray(pixels).save(paths[-1])
    return paths


def test_photographs_become_a_slider_that_changes_the_photograph(
    workspace, files, qtbot, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    panel = choose(workspace.window(), "patterns")
    control = panel.controls[0]
    sliders = control.directions
    qtbot.waitUntil(sliders.isEnabled, timeout=LIMIT)

    def give(button, paths):
        names = [str(path) for path in paths]
        monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: (names, ""))
        qtbot.mouseClick(button, LEFT)
        assert not button.isEnabled()
        qtbot.waitUntil(button.isEnabled, timeout=LIMIT)

    give(sliders.with_it, files[:1])
    sliders.find_between("Light from the right")
    assert "at least 2 examples" in sliders.trouble.text()
    missing = tmp_path / "gone.png"
    give(sliders.with_it, [*files[1:6], missing])
    assert sliders.trouble.text().startswith("gone.png: ")
    give(sliders.without, files[6:])
    assert (sliders.with_it.text(), sliders.without.text()) == ("With 6", "Without 6")
    sliders.find_main()
    assert "Main 1" in sliders.sliders
    sliders.remove("Main 1")
    sliders.find_between("Light from the right")
    found = sliders.directions.entries[-1]
    assert found.vector[1] > 0.9
    qtbot.waitUntil(kept_at(sliders.directions.network).exists, timeout=LIMIT)

    sliders.sliders[found.name].setValue(20)
    assert control.value()[1] == pytest.approx(found.step * found.vector[1], abs=1e-3)
    workspace.filters.tried.apply.click()
    qtbot.waitUntil(lambda: workspace.filters.held is not None, timeout=LIMIT)
    qtbot.waitUntil(lambda: workspace.session.job is None, timeout=LIMIT)
    layer = workspace.session.layer
    before = workspace.session.document.layers[0].pixels.to_array()[..., :3].astype(float)
    made = layer.filter.kept.raster.to_array()[..., :3].astype(float)
    added = (made - before)[100:140].mean((0, 2))
    assert added[60] < -5
    assert added[340] > 5

    held = workspace.filters.held.controls[0].directions
    qtbot.waitUntil(lambda: found.name in held.sliders, timeout=LIMIT)
    assert held.sliders[found.name].value() == 20  # shown again as it was set
    held.sliders[found.name].setValue(0)
    assert workspace.session.layer.filter.settings["change"] == ()


def test_the_photograph_itself_is_an_example(workspace, qtbot, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    sliders = choose(workspace.window(), "patterns").controls[0].directions
    qtbot.waitUntil(sliders.isEnabled, timeout=LIMIT)
    action = next(x for x in sliders.more.menu().actions() if "one without it" in x.text())
    action.trigger()
    qtbot.waitUntil(lambda: sliders.without.text() == "Without 1", timeout=LIMIT)
    assert len(next(iter(sliders.codes))) == 4
