"""Shapes: points, rectangles and curves survive every way they travel, and nothing else passes."""

import json
import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from safelight import api
from safelight.api.parameters import Parameter, parameter_of

FRACTIONS = st.floats(0, 1)
WHOLE = (0.0, 0.0, 1.0, 1.0)
LINE = ((0.0, 0.0), (1.0, 1.0))
CENTRE = parameter_of("centre", api.Point, (0.5, 0.5))
PART = parameter_of("part", api.Rectangle, WHOLE)
CURVE = parameter_of("curve", api.Curve, LINE)
ALL = {item.name: item for item in (CENTRE, PART, CURVE)}


@st.composite
def rectangles(draw):
    x, y = draw(st.floats(0, 0.999)), draw(st.floats(0, 0.999))
    width, height = draw(st.floats(1e-300, 1)), draw(st.floats(1e-300, 1))
    return x, y, min(width, 1 - x), min(height, 1 - y)


@st.composite
def curves(draw):
    places = sorted(draw(st.sets(FRACTIONS, min_size=2, max_size=16)))
    return tuple((x + 0.0, draw(FRACTIONS) + 0.0) for x in places)


VALUES = st.one_of(
    st.tuples(st.just(CENTRE), st.tuples(FRACTIONS, FRACTIONS)),
    st.tuples(st.just(PART), rectangles()),
    st.tuples(st.just(CURVE), curves()),
)

HOSTILE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inside: st.lists(inside, max_size=5) | st.dictionaries(st.text(max_size=2), inside),
    max_leaves=20,
)


@given(VALUES)
def test_a_shape_survives_json(drawn):
    parameter, value = drawn
    assert parameter.check(json.loads(json.dumps(value))) == value


@given(VALUES)
def test_a_shape_survives_the_command_line(drawn):
    parameter, value = drawn
    assert parameter.parse(parameter.text(value)) == value


@given(VALUES)
def test_a_checked_shape_is_a_key_and_stays_what_it_is(drawn):
    parameter, value = drawn
    checked = parameter.check(value)
    assert {checked: 1}[parameter.check(checked)] == 1


@given(VALUES)
def test_a_shape_can_be_a_default(drawn):
    parameter, value = drawn
    declared = Parameter(parameter.name, parameter.kind, value)
    data = declared.to_json()
    assert data == json.loads(json.dumps(data))
    assert Parameter.from_json(data) == declared


def outcome(ask, value):
    """What a parameter says to a value, and why it does not take it."""
    try:
        return ask(value), ""
    except api.ParameterError as error:
        return None, str(error)


def is_shape(value):
    return isinstance(value, tuple) and all(0 <= number <= 1 for number in np.ravel(value))


@given(st.sampled_from(sorted(ALL)), HOSTILE)
def test_what_is_not_a_shape_is_refused_by_name_and_briefly(name, value):
    checked, message = outcome(ALL[name].check, value)
    assert is_shape(checked) or (message.startswith(f"{name}: ") and len(message) < 120)


@given(st.sampled_from(sorted(ALL)), st.text(alphabet="0123456789.,;-+e naif_", max_size=30))
def test_what_is_typed_is_a_shape_or_refused_by_name(name, text):
    parsed, message = outcome(ALL[name].parse, text)
    assert is_shape(parsed) or (message.startswith(f"{name}: ") and len(message) < 120)


@pytest.mark.parametrize("name", ALL)
def test_lists_nested_deeply_are_refused_in_a_sentence(name):
    value = []
    for _ in range(100_000):
        value = [value, value]
    with pytest.raises(api.ParameterError, match="like 0"):
        ALL[name].check(value)


def test_there_is_one_nought_and_so_one_key():
    assert math.copysign(1, CENTRE.check((-0.0, 0.5))[0]) == 1


@given(st.integers(0, 9999), st.integers(1, 10000))
def test_a_rectangle_of_rounded_numbers_may_end_at_the_edge(start, length):
    start, length = start / 10000, min(length, 10000 - start) / 10000
    x, _, width, _ = PART.check((start, 0, length, 1))
    assert x + width <= 1
    assert width == pytest.approx(length, abs=1e-9)
    assert PART.check((x, 0, width, 1)) == (x, 0, width, 1)


# -- the line through a curve's points ---------------------------------------------------------


def test_a_straight_curve_changes_nothing():
    assert api.curve_samples(LINE, 256) == pytest.approx(np.linspace(0, 1, 256), abs=1e-7)


def test_samples_are_float32_and_go_through_the_points():
    points = ((0.0, 0.25), (0.25, 0.5), (0.5, 0.125), (1.0, 1.0))
    samples = api.curve_samples(points, 257)
    assert (samples.dtype, samples.shape) == (np.float32, (257,))
    assert [samples[round(x * 256)] for x, _ in points] == [y for _, y in points]


def test_a_curve_is_level_beyond_its_ends():
    samples = api.curve_samples(((0.25, 0.5), (0.75, 0.75)), 101)
    assert set(samples[:26]) == {0.5}
    assert set(samples[75:]) == {0.75}


@given(curves(), st.integers(2, 600))
@example(((0.0, 0.0), (5e-324, 0.0)), 2)
def test_a_curve_never_passes_its_points_by(points, n):
    samples = api.curve_samples(points, n)
    places = np.linspace(0, 1, n)
    assert np.isfinite(samples).all()
    for (x0, y0), (x1, y1) in zip(points, points[1:], strict=False):
        inside = samples[(places >= x0) & (places <= x1)]
        assert (inside >= np.float32(min(y0, y1))).all()
        assert (inside <= np.float32(max(y0, y1))).all()
        steps = np.diff(inside) * np.sign(y1 - y0)
        assert (steps >= -1e-6).all()


def test_a_curve_is_smooth_at_its_points():
    points = ((0.0, 0.0), (0.25, 0.15), (0.5, 0.55), (0.75, 0.8), (1.0, 1.0))
    slopes = np.diff(api.curve_samples(points, 4001).astype(float)) * 4000
    for x in (1000, 2000, 3000):
        assert slopes[x] == pytest.approx(slopes[x - 1], abs=0.02)


def test_samples_match_the_published_method():
    """Their construction by hand: a step's ends are level, and a slope is held to 3 delta."""
    samples = api.curve_samples(((0.0, 0.0), (0.5, 0.1), (1.0, 1.0)), 5)
    # Slopes 0.2 and 1.8; tangents 0.2, 1.0, 1.8. (0.2, 1.0) is longer than 0.6: times 0.6/1.0198.
    shrink = 0.6 / math.hypot(0.2, 1.0)
    first = 0.05 + 0.5 * (0.2 - 1.0) * shrink / 8
    second = 0.55 + 0.5 * (1.0 * shrink - 1.8) / 8
    assert samples == pytest.approx([0, first, 0.1, second, 1], abs=1e-7)


@pytest.mark.parametrize(
    ("points", "n"), [(LINE, 1), (LINE, 0), (LINE[:1], 9), (((0, 0), (0, 1)), 9), ("ab", 9)]
)
def test_what_is_no_curve_has_no_samples(points, n):
    with pytest.raises(ValueError, match="curve|rise"):
        api.curve_samples(points, n)
