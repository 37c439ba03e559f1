"""The counter of stalls: a window that does not answer is found, whatever the controls say."""

import time

import pytest

from tests.benchmarks.heartbeat import StallCounter, own


def test_a_busy_and_a_sleeping_window_are_stalls(qtbot):
    counter = StallCounter(with_controls=False)
    counter.start()
    qtbot.wait(200)
    time.sleep(0.5)
    qtbot.wait(50)
    end = time.thread_time() + 0.3
    while time.thread_time() < end:
        pass
    qtbot.wait(50)
    counter.stop()
    assert counter.above(100) >= 2
    shares = counter.when(100)
    assert shares == sorted(shares)
    assert all(0 < share < 1 for share in shares)


@pytest.mark.parametrize(
    ("elsewhere", "seconds"),
    [
        ([], 10),
        ([(1, 3)], 8),
        ([(12, 14), (1, 3), (2, 4)], 7),
        ([(-5, 2), (9, 30)], 7),
        ([(1, 9), (2, 3)], 2),
        ([(-1, 11)], 0),
        ([(20, 30), (-9, -1)], 10),
    ],
)
def test_the_time_in_which_a_control_stood_still_is_not_the_windows(elsewhere, seconds):
    assert own(0, 10, elsewhere) == seconds
