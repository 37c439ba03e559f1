"""What a closed photograph leaves in memory: nothing."""

import gc
import weakref

import pytest
from PIL import Image

from safelight.document import Document, edits
from safelight.gui.session import Session
from safelight.gui.workspace import Workspace
from tests.gui.conftest import answer, choose, open_in, photograph

LIMIT = 60000


def alive():
    # A weak proxy of what is gone answers `isinstance` with an error; its type it always tells.
    kinds = (Document, Session, Workspace)
    return [item for item in gc.get_objects() if issubclass(type(item), kinds)]


def rasters_of(session):
    """Weak references to all that a photograph's history holds."""
    steps = session.history.steps
    found = {id(r): r for step in steps for r in step.document.rasters()}
    return [weakref.ref(raster) for raster in found.values()]


def use(window, path, qtbot):
    """Open a photograph and do with it what is done with one; what it holds, weakly."""
    workspace = open_in(window, path, qtbot)
    session = workspace.session
    warmth = session.studio.filter("warmth")
    session.jobs.apply(warmth, warmth.settings({"amount": 1.0}), None)
    qtbot.waitUntil(lambda: len(session.document.layers) == 2, timeout=LIMIT)
    enlarge = session.studio.filter("enlarge")
    session.jobs.apply(enlarge, enlarge.settings({"factor": 2}), None)
    qtbot.waitUntil(lambda: session.document.width == 160, timeout=LIMIT)
    session.do(edits.duplicate_layer(session.document.layers[0].id))
    session.undo()
    workspace.canvas.set_split(True)
    session.files.note()
    qtbot.waitUntil(lambda: not session.files.running, timeout=LIMIT)
    choose(window, "denoise")
    qtbot.waitUntil(lambda: session.previews.run is not None, timeout=LIMIT)
    qtbot.waitUntil(lambda: session.previews.run is None, timeout=LIMIT)
    qtbot.waitUntil(lambda: workspace.canvas.finished, timeout=LIMIT)
    return [weakref.ref(workspace), weakref.ref(session), *rasters_of(session)]


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "small.png"
    Image.fromarray(photograph(60, 80)).save(path)
    return path


def test_nobody_has_hold_of_a_closed_photograph(window, small, qtbot):
    of_other_tests = {id(item): item for item in alive()}
    held = []
    for _ in range(2):
        held += use(window, small, qtbot)
        answer("Close anyway")
        window.close_tab(0)

    def gone():
        gc.collect()  # cycles may wait for one; what anybody has hold of stays
        return not any(ref() is not None for ref in held)

    qtbot.waitUntil(gone, timeout=LIMIT)
    assert [item for item in alive() if id(item) not in of_other_tests] == []


def test_with_the_last_photograph_the_memory_of_workers_is_given_back(
    window, small, qtbot, monkeypatch
):
    rested = []
    window.studio.rest = lambda: rested.append(window.tabs.count())
    monkeypatch.setattr("safelight.gui.open_and_save.close_photographs._REST", (0, 0))
    for _ in range(2):
        open_in(window, small, qtbot)
    window.close_tab(0)
    qtbot.waitUntil(lambda: not window.closing.rest.isActive(), timeout=LIMIT)
    assert rested == []
    window.close_tab(0)
    qtbot.waitUntil(lambda: rested == [0], timeout=LIMIT)
