"""Waiting in tests: for what holds, and no longer."""

import pytest
from pytestqt.exceptions import TimeoutError

from tests.gui import conftest


def test_what_becomes_true_is_waited_for(qtbot):
    looks = []
    qtbot.waitUntil(lambda: looks.append(1) or len(looks) > 3)
    assert len(looks) == 4


def test_what_is_asserted_is_waited_for(qtbot):
    looks = []

    def condition():
        looks.append(1)
        assert len(looks) > 3

    qtbot.waitUntil(condition)
    assert len(looks) == 4


@pytest.mark.parametrize("looks", [0, 2])
def test_what_fails_is_told(qtbot, looks):
    left = [False] * looks
    with pytest.raises(ZeroDivisionError):
        qtbot.waitUntil(lambda: left.pop() if left else 1 / 0)
    left = [False] * looks
    with pytest.raises(ValueError, match="not 'yes'"):
        qtbot.waitUntil(lambda: left.pop() if left else "yes")


def test_what_never_comes_is_given_up(qtbot, monkeypatch):
    monkeypatch.setattr(conftest, "PATIENCE", 30)
    with pytest.raises(TimeoutError, match="30 milliseconds"):
        qtbot.waitUntil(lambda: False)

    def condition():
        raise AssertionError

    with pytest.raises(TimeoutError) as told:
        qtbot.waitUntil(condition)
    assert isinstance(told.value.__cause__, AssertionError)


def test_a_condition_that_lets_events_come_is_not_asked_within_itself(qtbot):
    within, deepest = [], []

    def condition():
        within.append(1)
        deepest.append(len(within))
        qtbot.wait(40)
        within.pop()
        return len(deepest) > 1

    qtbot.waitUntil(condition)
    assert max(deepest) == 1
