"""Opening: a workspace is put together in many turns of the event loop, and shown when whole."""

import threading

import pytest
from PySide6.QtCore import QObject

from safelight.gui import workspace as module
from safelight.gui.open_and_save import loaded_files as loaded
from safelight.gui.panels import PANELS
from safelight.gui.threads.event_loop_turns import Turns
from tests.gui.conftest import open_in

PARTS = ["Canvas", "ToolColumn", "OptionsBar", "FilterStack", "Session"]


def watched(kind, make):
    """A kind of panel that calls ``make`` with its name when one is made."""

    def __init__(self):
        make(kind.__name__)
        kind.__init__(self)

    return type(kind.__name__, (kind,), {"__init__": __init__})


@pytest.fixture
def turn(monkeypatch):
    """The turns that have been taken so far; one for each is added."""
    taken = []
    take = Turns._take

    def counted(turns):
        taken.append(turns)
        take(turns)

    monkeypatch.setattr(Turns, "_take", counted)
    return taken


def test_steps_are_done_in_order_each_in_a_turn_of_its_own(qtbot, turn):
    done = []

    def steps(name):
        for number in range(3):
            done.append((name, number, len(turn)))
            yield

    parent = QObject()
    turns = Turns(parent)
    turns.add(steps("first"))
    turns.add(steps("second"))
    assert done == []
    qtbot.waitUntil(lambda: len(done) == 6)
    assert [step[:2] for step in done] == [(n, i) for n in ("first", "second") for i in range(3)]
    assert len({at for *_, at in done}) == 6
    count = len(turn)
    turns.add(steps("third"))
    turns.stop()
    qtbot.wait(20)
    assert len(done) == 6
    assert len(turn) == count


def test_no_turn_of_the_event_loop_makes_two_large_parts(window, photo, turn, qtbot, monkeypatch):
    made = {}
    for name in PARTS:
        kind = getattr(module, name)

        def make(*args, kind=kind, **options):
            made[kind.__name__] = len(turn)
            return kind(*args, **options)

        monkeypatch.setattr(module, name, make)
    kinds = [watched(kind, lambda name: made.update({name: len(turn)})) for kind in PANELS]
    monkeypatch.setattr(module, "PANELS", kinds)
    open_in(window, photo, qtbot)
    assert sorted(made) == sorted([*PARTS, *(kind.__name__ for kind in PANELS)])
    assert len(set(made.values())) == len(made)
    assert max(made.values()) < len(turn) - 1  # the filters, and the tab, in turns after these


def test_it_is_put_together_while_the_photograph_is_read(window, photo, qtbot, monkeypatch):
    may_read, read = threading.Event(), loaded.open_for_the_screen

    def held(*args, **options):
        may_read.wait()
        return read(*args, **options)

    monkeypatch.setattr(loaded, "open_for_the_screen", held)
    made = []
    monkeypatch.setattr(module, "PANELS", [watched(kind, made.append) for kind in PANELS])
    try:
        window.open(photo)
        qtbot.waitUntil(lambda: bool(made))
        assert window.tabs.count() == 0
    finally:
        may_read.set()
    qtbot.waitUntil(lambda: window.workspace() is not None)


def test_what_is_in_a_tab_is_whole_and_until_then_the_front_has_the_keys(
    opened, window, photo, turn, qtbot
):
    seen = []

    def look():
        whole = all(item.session.studio is not None for item in window.workspaces())
        seen.append((window.tabs.count(), whole, window.workspace() is opened))

    take = Turns._take  # counts

    def watched(turns):
        look()
        take(turns)
        look()

    Turns._take = watched
    try:
        open_in(window, photo, qtbot)
    finally:
        Turns._take = take
    assert {count for count, *_ in seen} == {1, 2}
    assert all(whole for _, whole, _ in seen)
    assert all(front == (count == 1) for count, _, front in seen)
    assert window.workspace().canvas.hasFocus()


def test_a_window_that_closes_takes_what_is_arriving_with_it(window, photo, qtbot, monkeypatch):
    take, sessions = module.Workspace.take, []

    def taken(workspace, loaded, path):
        take(workspace, loaded, path)
        sessions.append(workspace.session)
        window.close()

    monkeypatch.setattr(module.Workspace, "take", taken)
    window.open(photo)
    qtbot.waitUntil(lambda: bool(sessions))
    qtbot.waitUntil(lambda: not window.arrivals.under_way)
    assert sessions[0].closed
    assert window.tabs.count() == 0
