"""What is said of the time that a job will still take."""

import pytest

from safelight.workers.remaining_time import Pace


def test_no_time_is_told_of_a_job_that_has_hardly_begun():
    pace = Pace(0.0)
    assert pace.remaining(0.0, 60.0) is None
    assert pace.remaining(0.001, 61.0) is None


def test_what_a_job_took_to_begin_is_not_reckoned_as_its_pace():
    pace = Pace(0.0)
    pace.remaining(0.0, 100.0)  # compiled, or a network read
    assert pace.remaining(0.25, 105.0) == pytest.approx(15.0)
    assert pace.remaining(1.0, 120.0) == 0.0


def test_a_first_piece_that_is_small_tells_nothing_of_what_came_before_it():
    pace = Pace(0.0)
    assert pace.remaining(0.02, 480.0) is None  # eight minutes of compiling are not its pace
    assert pace.remaining(0.06, 484.0) == pytest.approx(94.0)


def test_the_first_piece_of_an_even_job_tells_the_time():
    assert Pace(10.0).remaining(0.25, 15.0) == pytest.approx(15.0)
