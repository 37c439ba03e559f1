"""Play clock: what is due follows the frames' own durations, however late anybody looks."""

from itertools import islice

from safelight.gui.frames.play_clock import PlayClock

TIMES = [40, 100, 40, 200, 40]


def test_each_frame_is_due_for_as_long_as_its_file_says():
    clock = PlayClock(TIMES, (0, 4), 0, 10.0)
    looks = (10.0, 10.03, 10.05, 10.13, 10.15, 10.19, 10.37, 10.39, 10.43)
    assert [clock.due(now) for now in looks] == [0, 0, 1, 1, 2, 3, 3, 4, 0]


def test_frames_that_nobody_has_looked_at_are_passed_and_the_film_keeps_its_time():
    clock = PlayClock(TIMES, (0, 4), 0, 0.0)
    assert clock.due(0.35) == 3
    assert abs(clock.end - 0.38) < 1e-9
    assert list(clock.since(0)) == [3, 2, 1]
    assert list(clock.since(3)) == []
    clock.due(0.43)  # round again
    assert list(clock.since(3)) == [0, 4]


def test_what_comes_is_told_with_when_it_is_due_from_in_to_out_and_round():
    clock = PlayClock(TIMES, (1, 3), 3, 0.0)
    assert [(number, round(when, 6)) for number, when in clock.coming()] == [(1, 0.2), (2, 0.3)]
    assert clock.following(4) == 1
    clock = PlayClock(TIMES, (2, 2), 2, 0.0)
    assert list(islice(clock.coming(), 5)) == []
    assert clock.due(7.7) == 2


def test_a_machine_that_has_slept_for_a_day_goes_on_at_once():
    clock = PlayClock([1] * 20, (0, 19), 0, 0.0)
    assert clock.due(86_400.0105) == 10
    assert 0 < clock.end - 86_400.0105 <= 0.001 + 1e-6
