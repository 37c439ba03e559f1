"""Quadrilateral: what a pinhole camera saw of a rectangle tells the rectangle's shape."""

import math

import numpy as np
import pytest

from safelight.document import quadrilateral


def seen(width, height, lens, *, pitch, yaw, roll=0.0, away=4.0):
    """Where a camera with that lens, in longer sides, sees a rectangle's corners, in pixels."""
    turns = []
    for angle, (a, b) in ((pitch, (1, 2)), (yaw, (0, 2)), (roll, (0, 1))):
        turn, radians = np.eye(3), math.radians(angle)
        turn[a, a] = turn[b, b] = math.cos(radians)
        turn[a, b], turn[b, a] = -math.sin(radians), math.sin(radians)
        turns.append(turn)
    corners = []
    for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        point = turns[2] @ turns[1] @ turns[0] @ (x * width / 2, y * height / 2, 0) + (0, 0, away)
        corners.append(
            (500 + lens * 1000 * point[0] / point[2], 400 + lens * 1000 * point[1] / point[2])
        )
    return corners


@pytest.mark.parametrize("shape", [(1, 1), (2, 1), (0.6, 1.1)])
@pytest.mark.parametrize("lens", [0.7, 1.4])
@pytest.mark.parametrize(("pitch", "yaw", "roll"), [(20, 30, 0), (-15, 25, 5), (35, -10, -3)])
def test_a_rectangle_seen_from_aside_has_its_own_shape(shape, lens, pitch, yaw, roll):
    corners = seen(*shape, lens, pitch=pitch, yaw=yaw, roll=roll)
    found = quadrilateral.ratio(corners, (500, 400), 1000)
    assert found == pytest.approx(shape[0] / shape[1], rel=1e-6)


def test_a_wall_seen_from_below_is_as_high_as_a_usual_lens_says():
    """One pair of edges stays parallel, which tells nothing of the lens."""
    corners = seen(1, 2, 1.0, pitch=25, yaw=0)
    assert quadrilateral.ratio(corners, (500, 400), 1000) == pytest.approx(0.5, rel=1e-6)
    level = ((0, 0), (300, 0), (300, 200), (0, 200))
    assert quadrilateral.ratio(level, (500, 400), 1000) == pytest.approx(1.5)
    assert quadrilateral.size(level, 1.5) == pytest.approx((300, 200))


@pytest.mark.parametrize(
    ("corners", "said"),
    [
        (((0, 0), (9, 0), (9, 9)), "four corners"),
        (((0, 0), (9, 0), (9, math.nan), (0, 9)), "four corners"),
        (((0, 0), (9, 0), (9.5, 0.5), (0, 9)), "lie on one another"),
        (((0, 0), (0, 9), (9, 9), (9, 0)), "without a dent"),  # the other way round
        (((0, 0), (90, 0), (20, 20), (0, 90)), "without a dent"),
        (((0, 0), (90, 90), (90, 0), (0, 90)), "without a dent"),
        (((0, 0), (40, 0), (80, 0), (0, 90)), "without a dent"),
    ],
)
def test_what_no_camera_saw_is_refused_in_words(corners, said):
    with pytest.raises(ValueError, match=said):
        quadrilateral.check(corners)


def test_the_largest_rectangle_in_four_corners_is_found():
    assert quadrilateral.rectangle_in(((0, 0), (9, 0), (9, 6), (0, 6))) == pytest.approx(
        (0, 0, 9, 6)
    )
    # In a trapezium of 20 and 100, 100 high, it is 60 wide and at the wider side or as wide as …
    found = quadrilateral.rectangle_in(((40, 0), (60, 0), (100, 100), (0, 100)))
    area = (found[2] - found[0]) * (found[3] - found[1])
    best = max((20 + 80 * y) * (100 - 100 * y) for y in np.linspace(0, 1, 10001))
    assert area == pytest.approx(best, rel=1e-3)
    for x, y in ((found[0], found[1]), (found[2], found[1])):
        assert abs(x - 50) <= 10 + 0.4 * y + 1e-6


def test_the_largest_rectangle_has_what_was_marked_in_it_where_another_would_be_larger():
    corners = ((0, 40), (1000, -3000), (1000, 3000), (0, 60))  # as right of a wall seen aslant
    beside = quadrilateral.rectangle_in(corners)
    assert beside[0] > 300
    marked = (100.0, -200.0, 200.0, 200.0)
    left, top, right, bottom = quadrilateral.rectangle_in(corners, marked)
    assert left <= 101
    assert right >= 200
    assert top <= -198
    assert bottom >= 198
    assert right == pytest.approx(1000, abs=1)  # and as much beside it as there is
    for place, edge in ((left, top), (left, bottom)):
        assert abs(edge - 50) <= 10 + place * 3.05 + 1  # without an empty corner


def test_what_is_marked_beyond_the_corners_asks_for_nothing():
    corners = ((0, 0), (9, 0), (9, 6), (0, 6))
    assert quadrilateral.rectangle_in(corners, (-3.0, -3.0, 4.0, 4.0)) == pytest.approx(
        quadrilateral.rectangle_in(corners)
    )
