"""Directions of the lightbox: found from examples by real clicks, kept, shared, refused."""

from typing import Annotated

import numpy as np
import pytest
from PySide6.QtCore import Qt

from safelight import api
from safelight.actions.latent_directions import (
    Direction,
    Directions,
    kept_at,
    read_directions,
    write_directions,
)
from safelight.api.parameters import parameter_of
from safelight.gui.controls import control_for
from safelight.gui.window import Window
from tests.gui.conftest import choose, open_in, wake
from tests.plugins.safelight_making import SIZE

LEFT = Qt.MouseButton.LeftButton
LIMIT = 60000
AXIS = tuple(np.eye(SIZE)[2].tolist())


@pytest.fixture
def lightbox(qtbot):
    parameter = parameter_of("code", Annotated[tuple[float, ...], api.Latent(SIZE)], ())
    control = control_for(parameter)
    control.seed = lambda: 5
    qtbot.addWidget(control)
    control.setFixedWidth(260)
    control.told = []
    control.changed.connect(lambda: control.told.append((control.value(), control.token)))
    control.show()
    qtbot.waitExposed(control)
    return control


@pytest.fixture
def workspace(offer, photo, qtbot):
    """A window with a photograph that knows the generators of the tests."""
    offer("safelight_making")
    return open_in(wake(Window(), qtbot), photo, qtbot)


def examples(qtbot, lightbox, *codes):
    """Click *With* for the codes that have more of the third number than none, else *Without*."""
    for code in codes:
        lightbox.move_to(code)
        sliders = lightbox.directions
        qtbot.mouseClick(sliders.with_it if code[2] > 0 else sliders.without, LEFT)


CODES = [tuple(2.0 * sign if i == 2 else (0.1 if i == other else 0.0) for i in range(SIZE))
         for sign in (1, -1) for other in (0, 4, 6)]  # fmt: skip


def test_two_handfuls_become_a_slider_that_moves_the_code(qtbot, lightbox):
    sliders = lightbox.directions
    sliders.find_between("Third")
    assert "at least 2 examples" in sliders.trouble.text()
    assert sliders.trouble.isVisible()
    examples(qtbot, lightbox, *CODES)
    assert (sliders.with_it.text(), sliders.without.text()) == ("With 3", "Without 3")
    sliders.find_between("Third")
    assert not sliders.trouble.isVisible()
    assert np.dot(sliders.directions.entries[0].vector, AXIS) > 0.95
    assert sliders.with_it.text() == "With"
    before = lightbox.current()
    sliders.sliders["Third"].setValue(20)
    assert lightbox.value()[2] == pytest.approx(before[2] + 1, abs=0.06)
    assert lightbox.told[-1][0] == lightbox.value()
    sliders.sliders["Third"].setValue(0)
    assert lightbox.value() == before
    sliders.sliders["Third"].setValue(20)
    qtbot.mouseClick(lightbox.grid.thumbs[0], LEFT)  # another picture: counted from there
    assert sliders.sliders["Third"].value() == 0


def test_a_drag_is_one_step_and_back_leads_before_it(qtbot, lightbox):
    lightbox.directions.show_directions(Directions("", SIZE, (Direction("Third", AXIS),)))
    before = lightbox.value()
    slider = lightbox.directions.sliders["Third"]
    lightbox.told.clear()
    slider.sliderPressed.emit()
    slider.setValue(10)
    slider.setValue(25)
    slider.sliderReleased.emit()
    assert len({token for _, token in lightbox.told}) == 1
    qtbot.mouseClick(lightbox.back, LEFT)
    assert lightbox.value() == before


def test_directions_are_kept_for_the_network_and_saved_and_opened(
    workspace, qtbot, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    panel = choose(workspace.window(), "flat")
    panel.preview.setChecked(False)
    sliders = panel.latents.lightbox.directions
    qtbot.waitUntil(sliders.isEnabled, timeout=LIMIT)
    examples(qtbot, panel.latents.lightbox, *CODES)
    sliders.find_between("Third")
    network = sliders.directions.network
    qtbot.waitUntil(kept_at(network).exists, timeout=LIMIT)
    held = read_directions(kept_at(network), network, SIZE)
    assert [item.name for item in held.entries] == ["Third"]

    shared = tmp_path / "shared.directions.json"
    sliders.saving.emit(shared, False)
    qtbot.waitUntil(shared.exists, timeout=LIMIT)
    sliders.remove("Third")
    assert not sliders.sliders
    sliders.opening.emit(shared)
    qtbot.waitUntil(lambda: "Third" in sliders.sliders, timeout=LIMIT)

    write_directions(Directions("b" * 64, SIZE, held.entries), shared, overwrite=True)
    sliders.opening.emit(shared)
    qtbot.waitUntil(sliders.trouble.isVisible, timeout=LIMIT)
    assert "another network" in sliders.trouble.text()
    assert list(sliders.sliders) == ["Third"]


def test_main_directions_are_found_in_what_was_seen(workspace, qtbot, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    panel = choose(workspace.window(), "flat")
    panel.preview.setChecked(False)
    lightbox = panel.latents.lightbox
    qtbot.waitUntil(lightbox.directions.isEnabled, timeout=LIMIT)
    sliders = lightbox.directions
    qtbot.waitUntil(lambda: len(sliders.seen()) == 9, timeout=LIMIT)
    sliders.find_main()
    assert "need 12 pictures, and 9 have been shown" in sliders.trouble.text()
    qtbot.mouseClick(lightbox.shuffle, LEFT)
    qtbot.waitUntil(lambda: len(sliders.seen()) == 17, timeout=LIMIT)
    sliders.find_main()
    assert not sliders.trouble.isVisible()
    # Of this generator three numbers of the code are the colour.
    first = np.array(sliders.directions.entries[0].vector)
    assert np.linalg.norm(first[:3]) > 0.8
