"""The window answers while the machine works: standstills of the event loop are counted."""

import gc

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt, QTimer

from tests.gui.conftest import choose, open_in, photograph, wheel
from tests.gui.stalls import StallCounter

LIMIT = 50
"""Milliseconds the event loop may stand still."""

ROUNDS = 3
PARTS = 10
"""A fault of the window comes back in every round at the same part of the work, be it its start
or its end. A machine that is busy with something else comes when it likes."""


@pytest.fixture(autouse=True)
def without_the_other_tests():
    """What two thousand tests have left in this process is nothing a window has to walk over."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def rounds_without_stall(measure):
    """Whether each part of the work had no stall in some round of ``measure``, which gives a
    stopped StallCounter."""
    longest, guilty = [], set(range(PARTS))
    for _ in range(ROUNDS):
        counter = measure()
        parts = {min(int(share * PARTS), PARTS - 1) for share in counter.when(LIMIT)}
        longest.append(f"{counter.longest():.0f} ms, in parts {sorted(parts)}")
        guilty &= parts
        if not guilty:
            break
    print("longest standstill of each round:", "; ".join(longest))
    return not guilty


def large_photograph(folder):
    path = folder / "large.jpg"
    small = photograph(1000, 1500)
    Image.fromarray(np.repeat(np.repeat(small, 4, 0), 4, 1)).save(path, quality=90)
    return path


class Hands:
    """Zooms and pans without rest."""

    def __init__(self, canvas):
        self.canvas = canvas
        self.turn = 0
        self.timer = QTimer(canvas)
        self.timer.setInterval(40)
        self.timer.timeout.connect(self.move)
        self.timer.start()

    def move(self):
        self.turn += 1
        at = QPoint(self.canvas.width() // 3, self.canvas.height() // 2)
        if self.turn % 5 == 0:
            wheel(self.canvas, at, 1 if self.turn % 40 < 20 else -1)
        else:
            view = self.canvas.view.moved(9 if self.turn % 60 < 30 else -9, 4)
            self.canvas._look(view)


def test_panning_and_zooming_24_megapixels_never_stalls(window, tmp_path, qtbot):
    workspace = open_in(window, large_photograph(tmp_path), qtbot)
    qtbot.wait(300)

    def measure():
        counter = StallCounter()
        hands = Hands(workspace.canvas)
        counter.start()
        qtbot.wait(6000)
        counter.stop()
        hands.timer.stop()
        assert hands.turn > 50
        return counter

    assert rounds_without_stall(measure)


def test_the_window_answers_while_a_24_megapixel_enlarge_runs(window, tmp_path, qtbot):
    workspace = open_in(window, large_photograph(tmp_path), qtbot)
    session = workspace.session
    assert session.document.width * session.document.height == 24_000_000

    def measure():
        panel = choose(window, "enlarge")
        panel.preview.setChecked(False)
        qtbot.wait(500)
        counter = StallCounter()
        hands = Hands(workspace.canvas)
        counter.start()
        qtbot.mouseClick(panel.apply, Qt.MouseButton.LeftButton)
        assert session.job is not None
        qtbot.waitUntil(lambda: session.job is None, timeout=900_000)
        qtbot.wait(500)
        counter.stop()
        hands.timer.stop()
        assert session.document.width == 12_000
        session.undo()
        return counter

    assert rounds_without_stall(measure)
