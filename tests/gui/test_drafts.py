"""While a setting moves drafts are shown; when it rests, and in what is kept, the networks' own."""

import functools

import numpy as np
import pytest

from safelight import actions
from safelight.gui.previews.job_run import Run
from tests.gui.conftest import choose, open_in, png, wake
from tests.workers import networks

LIMIT = 30000
EXACT, QUICK = 50, 51  # levels of 255 that are added


@pytest.fixture
def workspace(tmp_path, monkeypatch, qtbot):
    from safelight.gui.window import Window

    folder = tmp_path / "plugins"
    folder.mkdir()
    networks.drafting(folder)
    studio = functools.partial(actions.Studio, plugin_folders=[folder])
    monkeypatch.setattr(actions, "Studio", studio)
    path = tmp_path / "photo.png"
    path.write_bytes(png(300, 400))
    return open_in(wake(Window(), qtbot), path, qtbot)


@pytest.fixture
def ends(monkeypatch):
    """Of each preview that was made to its end, whether drafts stood in."""
    found, take = [], Run.take

    def noted(run, event, picture):
        if isinstance(event, actions.JobFinished):
            found.append(run.drafted)
        return take(run, event, picture)

    monkeypatch.setattr(Run, "take", noted)
    return found


def set_to(panel, name, value):
    control = next(item for item in panel.controls if item.parameter.name == name)
    control.set_value(value)
    control.changed.emit()


@pytest.mark.parametrize("name", ["lift", "lift_small"])
def test_a_setting_that_rests_is_shown_by_a_draft_first_and_then_by_the_network(
    workspace, ends, qtbot, name
):
    panel = choose(workspace.window(), name)
    qtbot.waitUntil(lambda: ends == [True, False], timeout=LIMIT)
    set_to(panel, "share", 0.8)
    qtbot.waitUntil(lambda: ends == [True, False] * 2, timeout=LIMIT)
    qtbot.waitUntil(lambda: workspace.session.previews.run is None, timeout=LIMIT)
    assert workspace.session.overlay.under is None


def test_what_is_applied_while_a_draft_is_shown_is_the_networks_own(workspace, ends, qtbot):
    choose(workspace.window(), "lift")
    qtbot.waitUntil(lambda: bool(ends), timeout=LIMIT)
    session = workspace.session
    declaration = next(x for x in workspace.window().filters if x.name == "lift")
    session.jobs.apply(declaration, declaration.settings(), None)
    qtbot.waitUntil(lambda: session.document.layers[-1].filter is not None, timeout=LIMIT)
    kept = session.document.layers[-1].filter.kept
    assert list(kept.models) == ["exact.onnx"]
    before = session.document.layers[0].raster.to_array().astype(int)
    assert (kept.raster.to_array() == np.clip(before + EXACT, 0, 255)).all()
