"""Whatever is wrong with a file, the window opens it or says in a sentence why not, and goes on."""

import pytest

from tests import attack
from tests.files.mutations import mutation
from tests.files.seeds import SEEDS
from tests.gui.conftest import open_in

EACH = attack.times(12, 1)
OPENING_AT_ONCE = [name for name in SEEDS if not name.endswith(("dng", "cr2"))]
NAMES = OPENING_AT_ONCE[:: attack.times(1, 8)]


@pytest.mark.attack
def test_the_window_outlives_what_chance_makes_of_files(window, photo, qtbot, tmp_path):
    said = []
    window.opening.said.connect(said.append)
    for name in NAMES:
        for number in range(EACH):
            path = tmp_path / f"{number}.{name.rpartition('.')[2]}"
            path.write_bytes(mutation(name, number)[1])
            told, tabs = len(said), window.tabs.count()
            window.open(path)
            qtbot.waitUntil(
                lambda told=told, tabs=tabs: len(said) > told or window.tabs.count() > tabs,
                timeout=60000,
            )
            qtbot.waitUntil(lambda: window.opening.count == 0, timeout=60000)
            while window.tabs.count():
                window.close_tab(0)
    assert all(text.endswith(".") for text in said)
    assert open_in(window, photo, qtbot).session.document.width
