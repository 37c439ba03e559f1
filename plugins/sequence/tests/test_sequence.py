"""Sequence: what its filters do from frame to frame, whatever their networks find."""

import cv2
import numpy as np
import pytest
from safelight_sequence import (
    burst_mean,
    continue_sequence,
    denoise_sequence,
    filters,
    frames_between,
    merge_burst,
    motion_paths,
    recursive_mean,
    steady_light,
)
from safelight_sequence.steadiness import SIZE, enlarged, light_of

from safelight import api
from safelight.api import testing

ALL = pytest.mark.parametrize("filter", filters(), ids=lambda filter: filter.__name__)
LAST_BITS = 1e-5


def still(height=96, width=112):
    return testing.photograph(width, height, seed=2)


def carried_on(carried):
    """What is carried to a frame that shows the same place."""
    height, width = next(iter(carried.values())).shape[:2]
    inside, motion = (np.full((height, width, n), v, np.float32) for n, v in ((1, 1), (2, 0)))
    return carried | {"inside": inside, "motion": motion}


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


def test_denoise_gives_its_network_the_result_before_and_its_memory(job):
    picture = still()
    run = job(denoise_sequence)
    first, carried = denoise_sequence(picture, None, run, {"level": 0.0}, strength=1.0)
    assert np.abs(first - picture).max() < LAST_BITS  # as Denoise gives it back
    assert (carried["memory"] == 1).all()
    brighter = np.clip(picture + 0.1, 0, 1)
    before = carried_on(carried)
    _, after = denoise_sequence(brighter, before, run, {"level": 0.0})
    assert np.abs(after["previous"] - (brighter + picture) / 2).max() < LAST_BITS
    assert (after["memory"] == 2).all()


def test_denoise_takes_nothing_from_beyond_the_frame_before(job):
    picture = still()
    before = {
        "previous": np.zeros_like(picture),
        "mean": np.zeros_like(picture),
        "left": np.ones((*picture.shape[:2], 1), np.float32),
        "motion": np.zeros((*picture.shape[:2], 2), np.float32),
        "memory": np.zeros((48, 56, 16), np.float32),
        "inside": np.zeros((*picture.shape[:2], 1), np.float32),
    }
    _, after = denoise_sequence(picture, before, job(denoise_sequence), {"level": 0.0})
    assert np.abs(after["previous"] - picture).max() < LAST_BITS


def mean_of(frames, sigma, clean):
    """The recursive mean of frames that stand still, each cleaned perfectly."""
    mean, left = frames[0], np.ones((*clean.shape[:2], 1), np.float32)
    for frame in frames[1:]:
        before = carried_on({"mean": mean, "left": left, "previous": clean})
        mean, left = recursive_mean.merged(frame, before, sigma)
    return mean, left


def test_noise_that_stands_still_falls_with_the_root_of_the_frames():
    picture, rng, sigma = 0.2 + 0.6 * still(), np.random.default_rng(3), 0.1
    noise = rng.standard_normal((8, *picture.shape)).astype(np.float32)
    mean, left = mean_of(picture + sigma * noise, sigma, picture)
    found = np.std(mean - picture) / sigma
    assert found < 1.2 / np.sqrt(8)
    assert abs(np.sqrt(np.mean(np.square(left))) - found) < 0.05  # which its network is told


def test_what_has_changed_begins_anew_and_what_moves_counts_for_little():
    picture, rng, sigma = 0.2 + 0.6 * still(), np.random.default_rng(3), 0.1
    noise = rng.standard_normal((9, *picture.shape)).astype(np.float32)
    mean, left = mean_of(picture + sigma * noise[:8], sigma, picture)
    changed = picture.copy()
    changed[20:60, 30:70] += (0.1, -0.1, 0.1)  # as faint as the noise
    before = carried_on({"mean": mean, "left": left, "previous": picture})
    after, left = recursive_mean.merged(changed + sigma * noise[8], before, sigma)
    inside, outside = (slice(24, 56), slice(34, 66)), slice(80, None)
    assert np.abs((after - changed)[inside].mean((0, 1))).max() < 0.02
    assert left[inside].min() > 0.8
    assert np.median(left[outside]) < 0.5
    before["motion"] = before["motion"] + 3
    _, moving = recursive_mean.merged(picture + sigma * noise[8], before, sigma)
    assert np.median(moving) > 1.5 * np.median(left[outside])
    nothing = before | {"inside": np.zeros_like(before["inside"])}
    alone, left = recursive_mean.merged(picture, nothing, sigma)
    assert np.array_equal(alone, picture)
    assert (left == 1).all()


def same(values):
    return values


def others(*frames):
    """Frames that were moved to another, which each shows all of, as a filter is given them."""
    return np.concatenate(frames, 2), np.ones((*frames[0].shape[:2], len(frames)), np.float32)


def test_a_burst_of_noise_becomes_its_mean():
    picture, rng, sigma = 0.2 + 0.6 * still(), np.random.default_rng(3), 0.1
    noise = rng.standard_normal((8, *picture.shape)).astype(np.float32)
    first, *more = picture + sigma * noise
    mean, left = burst_mean.merged(first, *others(*more), sigma, same, same)
    found = np.std(mean - picture) / sigma
    assert found < 1.05 / np.sqrt(8)
    assert abs(np.sqrt(np.mean(np.square(left))) - found) < 0.01  # which its network is told


def test_noise_that_neighbours_share_and_that_some_tones_have_more_of_is_averaged_as_well():
    """As of a camera, of which the level that is told knows nothing."""
    picture, rng = 0.2 + 0.6 * still(), np.random.default_rng(5)
    noise = rng.standard_normal((8, *picture.shape)).astype(np.float32)
    shared = 2 * np.stack([cv2.GaussianBlur(each, (3, 3), 0.7) for each in noise])
    stronger = np.linspace(0.04, 0.12, picture.shape[1], dtype=np.float32)[:, None]
    first, *more = picture + stronger * shared
    mean, left = burst_mean.merged(first, *others(*more), 0.06, same, same)
    assert np.std(mean - picture) < 1.15 / np.sqrt(8) * np.std(first - picture)
    assert left.mean() < 1.1 / np.sqrt(8)


def test_a_burst_is_averaged_as_light():
    dark, bright = (np.full((16, 16, 3), value, np.float32) for value in (0.1, 0.2))
    mean, _ = burst_mean.merged(bright, *others(dark), 1.0, api.to_linear, api.from_linear)
    light = (api.to_linear(dark) + api.to_linear(bright)) / 2
    assert np.abs(api.to_linear(mean) - light).max() < 1e-5


def test_what_passes_before_a_burst_leaves_no_ghost_and_the_rest_is_averaged():
    picture, rng, sigma = 0.2 + 0.6 * still(), np.random.default_rng(3), 0.08
    noise = rng.standard_normal((8, *picture.shape)).astype(np.float32)
    passing = picture.copy()
    passing[20:60, 30:70] += (0.06, -0.06, 0.06)  # fainter than the noise
    inside, outside = (slice(24, 56), slice(34, 66)), slice(70, None)
    for wanted, other in ((picture, passing), (passing, picture)):
        first, *more = [*(wanted + sigma * noise[:4]), *(other + sigma * noise[4:])]
        mean, left = burst_mean.merged(first, *others(*more), sigma, same, same)
        assert np.abs((mean - wanted)[inside].mean((0, 1))).max() < 0.01
        assert np.std((mean - wanted)[inside]) < 0.65 * sigma  # three others show the same
        assert np.std((mean - wanted)[outside]) < 0.4 * sigma
        assert np.median(left[outside]) < 0.37 < 0.45 < np.median(left[inside])


def test_what_a_frame_of_a_burst_does_not_show_is_taken_from_the_others():
    picture = 0.2 + 0.6 * still()
    frames, inside = others(picture, 1 - picture)
    inside[..., 1] = 0
    mean, left = burst_mean.merged(picture, frames, inside, 0.1, same, same)
    assert np.abs(mean - picture).max() < LAST_BITS
    assert np.allclose(left, 1 / np.sqrt(2))


def test_a_burst_sharpened_has_more_of_its_fine_detail(job):
    picture, run = still(), job(merge_burst)
    _, carried = merge_burst(picture, None, run, {"level": 0.0})
    assert np.array_equal(carried["frames"], picture)
    before = carried_on(carried)
    plain, _ = merge_burst(picture, before, run, {"level": 0.0})
    sharp, _ = merge_burst(picture, before, run, {"level": 0.0}, sharpness=1.0)
    assert np.abs(plain - picture).max() < LAST_BITS
    assert np.abs(np.diff(sharp, axis=1)).mean() > 1.1 * np.abs(np.diff(plain, axis=1)).mean()


def test_what_moves_evenly_is_where_it_would_be(job):
    wide = 0.2 + 0.6 * testing.photograph(160, 96, seed=2)
    step = 6  # pixels from frame to frame, to the left
    frames = [wide[:, n : n + 112] for n in (0, step // 2, step, 2 * step)]
    motion = np.broadcast_to(np.float32([step, 0]), (96, 112, 2))
    inner = (slice(8, -8), slice(24, -24))
    told = {"motion": motion, "inside": np.ones((96, 112, 1), np.float32)}
    run = job(continue_sequence)
    for filter, given, wanted in (
        (frames_between, (), frames[1]),
        (continue_sequence, (run,), frames[3]),
    ):
        first, carried = filter(frames[0], None, *given)
        assert np.array_equal(first, frames[0])
        made, after = filter(frames[2], carried | told, *given)
        assert np.abs(made - wanted)[inner].max() < 1e-3
        assert np.array_equal(after["frame"], frames[2])
    assert (after["hidden"] == 1).all()


def test_a_place_that_one_frame_alone_shows_is_taken_from_that():
    before, now = (np.full((64, 64, 3), value, np.float32) for value in (0.2, 0.8))
    motion = np.broadcast_to(np.float32([20, 0]), (64, 64, 2))  # to the left
    blend = motion_paths.moved(before, now, motion, motion_paths.BETWEEN).blend
    assert np.allclose(blend[:, 12:52], 0.5)
    assert np.allclose(blend[:, :10], 0.2)  # this frame has left it behind
    assert np.allclose(blend[:, 54:], 0.8)  # the frame before did not show it yet
