"""Geometry: what lies where, without a widget."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.gui.canvas.view import LARGEST, SMALLEST, STEPS, View

views = st.builds(View, zoom=st.floats(0.02, 20), x=st.floats(0, 6000), y=st.floats(0, 4000))
points = st.floats(0, 1500)
ROOM = (1500.0, 900.0)


@given(views, points, points)
def test_there_and_back_is_the_same_point(view, x, y):
    there = view.to_picture(x, y, ROOM)
    assert view.to_widget(*there, ROOM) == pytest.approx((x, y), abs=1e-6)


@given(views, st.floats(0.001, 100), points, points)
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
