"""Dabs: the compiled loop and numpy give the same, to the bit, and tell what they change."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.api import Region
from safelight.pixels import DAB, DEPTHS, TILE, dab, from_float, kernels_ready, prepare_kernels

TILE_AT = Region(2 * TILE, TILE, 120, 90)

PLACES = st.floats(TILE - 100, 3 * TILE)
LINES = st.builds(
    lambda x, y, width, strength, dx, dy, more: dab.Line(
        (x, y, width, strength),
        (dx, dy, min(more, 1 - width), min(more, 1 - strength)),
        dx * dx + dy * dy,
    ),
    *(PLACES, PLACES, st.sampled_from([1.0, 0.4]), st.sampled_from([1.0, 0.3])),
    *(st.floats(-200, 200), st.floats(0.5, 200), st.sampled_from([0.0, 0.6])),
)
SHARES = st.sampled_from([1.0, 0.6, 0.07])
BRUSHES = st.builds(
    dab.Round, st.floats(0.3, 400), st.floats(0, 1), st.booleans(), SHARES, SHARES, st.booleans()
)


@pytest.fixture(scope="module")
def compiled(kernel_folder):
    pytest.importorskip("numba")
    kept, dab.COMPILED[:] = list(dab.COMPILED), []
    assert prepare_kernels(kernel_folder, [DAB])
    assert kernels_ready([DAB])
    made, dab.COMPILED[:] = dab.COMPILED[0], kept
    return made


@given(
    lines=st.lists(LINES, min_size=1, max_size=3),
    brush=BRUSHES,
    depth=st.sampled_from(list(DEPTHS)),
    start=st.sampled_from([0.0, 0.5, 1.0, None]),
)
def test_what_is_compiled_gives_what_numpy_gives_to_the_bit(compiled, lines, brush, depth, start):
    numbers = np.random.default_rng(3).random((90, 120), np.float32)
    made = from_float(numbers if start is None else np.full_like(numbers, start), depth)
    expected, before = made.copy(), made.copy()
    place = Region(TILE_AT.x + 5, TILE_AT.y + 7, 101, 80)
    told = compiled(made, TILE_AT, place, lines, brush)
    assert told == dab.in_numpy(expected, TILE_AT, place, lines, brush)
    np.testing.assert_array_equal(made, expected)
    assert told == (not np.array_equal(made, before))


def test_a_tile_is_drawn_on_in_one_call_that_lets_other_threads_run_once(compiled, monkeypatch):
    """numpy gives up the interpreter with every operation, some eighty times a tile, and a thread
    that computes takes it each time: the window's thread stood still for that.
    """
    calls = []
    monkeypatch.setattr(dab, "COMPILED", [lambda *told: calls.append(told) or compiled(*told)])
    monkeypatch.setattr(dab, "_strength", lambda *_: pytest.fail("numpy has computed"))
    pixels = np.zeros((90, 120), np.uint8)
    line = dab.Line((600.0, 300.0, 1.0, 1.0), (30.0, 12.0, 0.0, 0.0), 30.0**2 + 12.0**2)
    assert dab.draw(pixels, TILE_AT, TILE_AT, [line], dab.Round(40, 0.0, False))
    assert len(calls) == 1
    assert pixels.any()
