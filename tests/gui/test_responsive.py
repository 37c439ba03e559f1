"""The window answers while the machine works: it waits for no worker, and what its own thread
does is bounded by what is on the screen, not by the photograph. Counted; milliseconds are for
``python -m tests.benchmarks stalls``.
"""

import functools
import json
import threading

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QEvent, QObject, QPoint, Qt

from safelight import actions
from safelight.document import edits
from safelight.gui.batch import save_and_run_recipes
from safelight.gui.canvas.picture import SIDE
from safelight.gui.window import Window
from safelight.workers import kernel_cache
from tests.gui.conftest import choose, open_in, photograph, wake, wheel
from tests.gui.pixel_counter import Reading
from tests.plugins.installed_module import install

MOVES = 80


def large_photograph(folder, times):
    path = folder / "large.jpg"
    small = photograph(1000, 1500)
    Image.fromarray(np.repeat(np.repeat(small, times, 0), times, 1)).save(path, quality=90)
    return path


def screenful(canvas):
    """The pixels of the tiles that a view can show at the most, and of their neighbours."""
    across, down = (-(-side // SIDE) + 2 for side in (canvas.width(), canvas.height()))
    return across * down * (SIDE + 2) ** 2


def move(canvas, turn):
    """Zoom and pan, as hands do."""
    if turn % 5 == 0:
        at = QPoint(canvas.width() // 3, canvas.height() // 2)
        wheel(canvas, at, 1 if turn % 40 < 20 else -1)
    else:
        canvas.look(canvas.view.moved(9 if turn % 60 < 30 else -9, 4))
    canvas.update()


class Paints(QObject):
    """Counts how often a widget is painted."""

    def __init__(self, widget):
        super().__init__()
        self.count = 0
        widget.installEventFilter(self)

    def eventFilter(self, _, event):
        self.count += event.type() == QEvent.Type.Paint
        return False


def look_around(canvas, qtbot):
    """Move the picture MOVES times, each time until it has been painted."""
    paints = Paints(canvas)
    for turn in range(1, MOVES + 1):
        before = paints.count
        move(canvas, turn)
        qtbot.waitUntil(lambda before=before: paints.count > before)


def test_panning_and_zooming_24_megapixels_touches_no_more_than_the_screen_shows(
    window, tmp_path, qtbot, monkeypatch
):
    canvas = open_in(window, large_photograph(tmp_path, 4), qtbot).canvas
    qtbot.waitUntil(lambda: canvas.finished)
    reading = Reading(monkeypatch)
    look_around(canvas, qtbot)
    assert 0 < reading.most <= screenful(canvas) < 24_000_000 / 4
    assert reading.turns >= MOVES / 2


@pytest.fixture
def gate(tmp_path, monkeypatch):
    """A folder whose file ``open`` lets the filter Held go on; it is opened in any case."""
    folder = tmp_path / "plugins"
    folder.mkdir()
    install(folder, "safelight_faults")
    studio = functools.partial(actions.Studio, plugin_folders=[folder])
    monkeypatch.setattr(actions, "Studio", studio)
    kept = kernel_cache.kept  # the folders that confined workers of built-in plugins may write to
    lent = {"SAFELIGHT_GATE": str(folder)}
    monkeypatch.setattr(kernel_cache, "kept", lambda: {**kept(), **lent})
    # Were the window to wait for the worker, nobody else would open it.
    late = threading.Timer(600, (folder / "late").touch)
    late.daemon = True
    late.start()
    yield folder
    late.cancel()
    (folder / "late").touch()


def test_the_window_answers_while_a_worker_enlarges_to_24_megapixels(
    gate, tmp_path, qtbot, monkeypatch
):
    window = wake(Window(), qtbot)
    workspace = open_in(window, large_photograph(tmp_path, 2), qtbot)
    session, canvas = workspace.session, workspace.canvas
    panel = choose(window, "held")
    panel.preview.setChecked(False)
    qtbot.waitUntil(lambda: canvas.finished)
    reading = Reading(monkeypatch)
    qtbot.mouseClick(panel.apply, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: session.job is not None and (gate / "begun").exists())
    look_around(canvas, qtbot)
    assert session.job is not None
    assert session.document.width == 3000
    assert not (gate / "late").exists()
    (gate / "open").touch()
    qtbot.waitUntil(lambda: session.job is None and not session.busy)
    assert session.document.width * session.document.height == 24_000_000
    qtbot.waitUntil(lambda: canvas.finished)
    assert 0 < reading.most <= screenful(canvas) < 6_000_000


def test_words_and_a_preview_of_a_loop_of_steps_are_seen_while_it_runs(gate, photo, qtbot):
    window = wake(Window(), qtbot)
    workspace = open_in(window, photo, qtbot)
    session, canvas = workspace.session, workspace.canvas
    panel = choose(window, "held_in_steps")
    panel.preview.setChecked(False)
    qtbot.waitUntil(lambda: canvas.finished)

    def middle():
        return canvas.grab().toImage().pixelColor(canvas.width() // 2, canvas.height() // 2)

    before = middle()
    qtbot.mouseClick(panel.apply, Qt.MouseButton.LeftButton)
    words = workspace.strip.left.text
    qtbot.waitUntil(lambda: words().startswith("Step 3 of 20 · ") and words().endswith("left"))
    qtbot.waitUntil(lambda: middle().getRgb()[:3] == (255, 0, 0))
    assert session.document.layers[0].raster is not None
    (gate / "open").touch()
    qtbot.waitUntil(lambda: session.job is None and not session.busy)
    # The canvas may be a little wider by now, and its middle the pixel beside.
    qtbot.waitUntil(lambda: canvas.finished and abs(middle().red() - before.red()) <= 3)
    assert abs(middle().green() - before.green()) <= 3


def test_a_recipe_that_runs_shows_how_far_it_is_and_stops_when_it_is_told_to(gate, tmp_path, qtbot):
    window = wake(Window(), qtbot)
    workspace = open_in(window, large_photograph(tmp_path, 1), qtbot)
    session, strip = workspace.session, workspace.strip
    held = next(item for item in window.filters if item.name == "held")
    steps = [{"command": "flip"}, {"filter": held.id}, {"command": "flip"}]
    path = tmp_path / "steps.json"
    path.write_text(json.dumps({"version": 1, "steps": steps}))
    before = session.history
    save_and_run_recipes.ask_and_play(workspace, window.studio, path)
    qtbot.waitUntil(lambda: (gate / "begun").exists() and strip.left.text() == "Step 2 of 3")
    assert strip.isVisible()
    assert strip.title.text() == "steps"
    assert 333 <= strip.bar.value() < 667
    qtbot.mouseClick(strip.cancel, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not session.busy)
    assert not any((gate / name).exists() for name in ("open", "late"))
    assert session.history is before
    assert not strip.isVisible()
    assert workspace.line.text() == "steps.json was stopped; the picture is as it was."
    assert not workspace.messages.open
    session.do(edits.flip())
    assert session.document is not before.document
