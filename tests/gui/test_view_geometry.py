"""Geometry: what lies where, without a widget."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.gui.canvas.view_geometry import LARGEST, SMALLEST, STEPS, View

views = st.builds(View, zoom=st.floats(0.02, 20), x=st.floats(0, 6000), y=st.floats(0, 4000))
turned_views = st.builds(
    View,
    zoom=st.floats(0.02, 20),
    x=st.floats(0, 6000),
    y=st.floats(0, 4000),
    angle=st.floats(-180, 180) | st.sampled_from([-90, 0, 45, 90, 180]),
)
points = st.floats(0, 1500)
ROOM = (1500.0, 900.0)


@given(turned_views, points, points)
def test_there_and_back_is_the_same_point(view, x, y):
    there = view.to_picture(x, y, ROOM)
    assert view.to_widget(*there, ROOM) == pytest.approx((x, y), abs=1e-6)


@given(turned_views, st.floats(0.001, 100), points, points)
def test_zooming_keeps_what_is_under_the_pointer(view, zoom, x, y):
    before = view.to_picture(x, y, ROOM)
    after = view.zoomed(zoom, x, y, ROOM)
    assert SMALLEST <= after.zoom <= LARGEST
    assert after.to_picture(x, y, ROOM) == pytest.approx(before, abs=1e-6)


@given(st.integers(1, 20000), st.integers(1, 20000))
def test_a_fitted_picture_is_whole_and_never_enlarged(width, height):
    view = View.fitted((width, height), ROOM)
    assert view.zoom <= 1
    left, top = view.to_widget(0, 0, ROOM)
    right, bottom = view.to_widget(width, height, ROOM)
    if view.zoom > SMALLEST:
        assert min(left, top) >= 0
        assert right <= ROOM[0]
        assert bottom <= ROOM[1]


@given(st.integers(40, 20000), st.integers(40, 20000))
def test_a_filling_picture_leaves_nothing_bare_and_is_no_larger(width, height):
    view = View.filled((width, height), ROOM)
    left, top = view.to_widget(0, 0, ROOM)
    right, bottom = view.to_widget(width, height, ROOM)
    if view.zoom < LARGEST:
        assert max(left, top) <= 1e-6
        assert right >= ROOM[0] - 1e-6
        assert bottom >= ROOM[1] - 1e-6
        assert min(right - left - ROOM[0], bottom - top - ROOM[1]) < 1e-6


@given(views, st.floats(-1e5, 1e5), st.floats(-1e5, 1e5))
def test_the_picture_cannot_be_lost(view, dx, dy):
    moved = view.moved(dx, dy).kept_in((6000, 4000), ROOM)
    left, top = moved.to_widget(0, 0, ROOM)
    right, bottom = moved.to_widget(6000, 4000, ROOM)
    assert left <= ROOM[0] / 2 + 1e-6 <= right + 2e-6
    assert top <= ROOM[1] / 2 + 1e-6 <= bottom + 2e-6


def test_steps_lead_through_one_hundred_percent():
    up, down = View(STEPS[0]), View(STEPS[-1])
    for _ in STEPS:
        up = View(up.larger_step())
        down = View(down.smaller_step())
    assert (up.zoom, down.zoom) == (LARGEST, SMALLEST)
    assert View(0.9).larger_step() == 1.0
    assert View(1.2).smaller_step() == 1.0


@given(turned_views, st.floats(-1000, 1000), points, points)
def test_turning_keeps_what_is_under_the_pointer(view, angle, x, y):
    before = view.to_picture(x, y, ROOM)
    after = view.turned(angle, x, y, ROOM)
    assert -180 < after.angle <= 180
    assert math.remainder(after.angle - angle, 360) == pytest.approx(0, abs=1e-6)
    assert after.to_picture(x, y, ROOM) == pytest.approx(before, abs=1e-6)


def test_a_picture_turned_clockwise_has_its_top_on_the_right():
    view = View(1.0, 100, 50).turned(90, 0, 0, (0, 0))
    left, right = view.to_widget(0, 100, ROOM), view.to_widget(0, 0, ROOM)
    assert right[0] - left[0] == 100
    assert right[1] == left[1]


@given(turned_views, st.floats(-1e5, 1e5), st.floats(-1e5, 1e5))
def test_a_turned_picture_cannot_be_lost(view, dx, dy):
    moved = view.moved(dx, dy).kept_in((6000, 4000), ROOM)
    assert -1e-6 <= moved.x <= 6000 + 1e-6
    assert -1e-6 <= moved.y <= 4000 + 1e-6
    again = moved.kept_in((6000, 4000), ROOM)
    assert (again.x, again.y) == pytest.approx((moved.x, moved.y), abs=1e-6)


@given(turned_views, st.floats(-1e5, 1e5), st.floats(-1e5, 1e5))
def test_a_turned_picture_is_centred_on_the_side_on_which_it_fits(view, dx, dy):
    moved = view.moved(dx, dy).kept_in((6000, 4000), ROOM)
    corners = [moved.to_widget(x, y, ROOM) for x in (0, 6000) for y in (0, 4000)]
    for axis, room in enumerate(ROOM):
        low, high = min(c[axis] for c in corners), max(c[axis] for c in corners)
        if high - low < room - 1e-3:
            assert low + high == pytest.approx(room, abs=1e-4)


@pytest.mark.parametrize("angle", [0, 17, 90, -135])
def test_a_fitted_picture_is_whole_however_it_is_turned(angle):
    view = View.fitted((3000, 2000), ROOM, angle)
    for x, y in ((0, 0), (3000, 0), (0, 2000), (3000, 2000)):
        across, down = view.to_widget(x, y, ROOM)
        assert 23.9 <= across <= ROOM[0] - 23.9
        assert 23.9 <= down <= ROOM[1] - 23.9


@given(views, points, points)
def test_without_an_angle_not_a_digit_changes(view, x, y):
    assert view.to_widget(x, y, ROOM) == (
        (x - view.x) * view.zoom + ROOM[0] / 2,
        (y - view.y) * view.zoom + ROOM[1] / 2,
    )
    assert view.to_picture(x, y, ROOM) == (
        (x - ROOM[0] / 2) / view.zoom + view.x,
        (y - ROOM[1] / 2) / view.zoom + view.y,
    )
