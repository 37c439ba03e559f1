"""Sequence: what its filters do from frame to frame, whatever their networks find."""

import numpy as np
import pytest
from safelight_sequence import filters, merge_burst, steady_light
from safelight_sequence.burst_mean import merged
from safelight_sequence.steadiness import SIZE, enlarged, light_of

from safelight import api
from safelight.api import testing

ALL = pytest.mark.parametrize("filter", [steady_light, merge_burst])
LAST_BITS = 1e-5


def still(height=96, width=112):
    return testing.photograph(width, height, seed=2)


def carried_on(carried):
    """What is carried to a frame that shows the same place."""
    height, width = next(iter(carried.values())).shape[:2]
    return carried | {"inside": np.ones((height, width, 1), np.float32)}


@ALL
def test_it_is_well_behaved(job, filter):
    testing.assert_well_behaved(filter, job=job(filter))


@ALL
def test_pieces_fit_together(job, filter):
    testing.assert_tiles_agree(filter, job=job(filter), tolerance=LAST_BITS)


def test_each_carries_what_it_says():
    for filter in filters():
        declaration = api.registered(filter).declaration
        assert declaration.recurrent
        again = api.Declaration.from_json(declaration.to_json())
        assert again == declaration


def test_light_that_flickers_is_steadied_and_detail_stays():
    picture = 0.2 + 0.6 * still()
    rng = np.random.default_rng(4)
    gains = np.exp(0.1 * rng.standard_normal(40)).astype(np.float32)
    shown, carried = [], None
    for gain in gains:
        before = None if carried is None else carried_on(carried)
        made, carried = steady_light(np.clip(picture * gain, 0, 1), before)
        shown.append(made)
    settled = slice(10, None)
    flickered = np.var([float((picture * gain).mean()) for gain in gains[settled]])
    steadied = np.var([float(frame.mean()) for frame in shown[settled]])
    assert steadied <= 0.15 * flickered
    detail = [frame - np.mean(frame) for frame in (picture, shown[-1])]
    kept = (detail[0] * detail[1]).sum() / np.sqrt(
        np.square(detail[0]).sum() * np.square(detail[1]).sum()
    )
    assert kept > 0.995


def test_the_light_between_samples_is_a_straight_line():
    cells = np.arange(5, dtype=np.float32)[None, :, None] * np.ones((4, 1, 3), np.float32)
    made = enlarged(cells, 4 * SIZE, 5 * SIZE)
    steps = np.diff(made[0, SIZE // 2 : -SIZE // 2, 0])
    assert np.abs(steps - 1 / SIZE).max() < 1e-5
    assert light_of(still()).shape == (6, 7, 3)


def test_a_burst_of_noise_becomes_its_mean():
    picture, rng = 0.2 + 0.6 * still(), np.random.default_rng(3)
    sigma, before = 0.1, None
    for _ in range(8):
        noisy = picture + sigma * rng.standard_normal(picture.shape).astype(np.float32)
        mean, weight = merged(noisy, before, sigma)
        before = carried_on({"mean": mean, "weight": weight})
    assert np.std(mean - picture) < 1.1 * sigma / np.sqrt(8)
    assert np.median(weight) > 7.5


def test_what_moves_in_a_burst_leaves_no_ghost():
    picture, rng = 0.2 + 0.6 * still(), np.random.default_rng(3)
    sigma = 0.04
    before = carried_on({"mean": picture, "weight": np.full((96, 112, 1), 7, np.float32)})
    moved = picture.copy()
    moved[20:60, 30:70] = (0.9, 0.1, 0.1)
    noisy = moved + sigma * rng.standard_normal(picture.shape).astype(np.float32)
    mean, _ = merged(noisy, before, sigma)
    inside = (slice(24, 56), slice(34, 66))
    assert np.abs(mean[inside] - noisy[inside]).max() < 0.02
    assert np.std((mean - moved)[70:, :]) < 0.5 * sigma
