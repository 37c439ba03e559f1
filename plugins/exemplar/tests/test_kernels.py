"""What the loops of the engine promise, against the same said slowly."""

import numpy as np
import pytest
from safelight_exemplar import kernels
from safelight_exemplar.kernels import HALF, chessboard, counted, means, packed, unpacked
from safelight_exemplar.patch_match import NEVER, UNSEEN, Light, improve, strew
from safelight_exemplar.votes import blend, lightened, said_most

SHAPE = (40, 52)


def picture(channels, seed=0):
    return np.random.default_rng(seed).uniform(0, 1, (*SHAPE, channels)).astype(np.float32)


def room():
    """Middles of patches that lie in a picture."""
    inside = np.zeros(SHAPE, bool)
    inside[HALF:-HALF, HALF:-HALF] = True
    return inside


def matched(target, source, burden, rounds=8):
    """A field and its costs after some rounds of improvement."""
    wanted = room()
    field, cost = np.zeros((*SHAPE, 2), np.int32), np.zeros(SHAPE, np.float32)
    sources = np.argwhere(burden < NEVER).astype(np.int32)
    for places in chessboard(wanted):
        strew(field, sources, places, 5)
    for number in range(rounds):
        for places in chessboard(wanted):
            improve(target, source, field, cost, wanted, places, burden, number, max(SHAPE))
    return field, cost


@pytest.mark.parametrize("channels", [1, 3, 4, 5])
def test_a_picture_is_packed_by_fours_and_comes_back(channels):
    given = picture(channels)
    groups = packed(given, given[..., :1])
    assert groups.shape == (-(-channels // 4) + 1, *SHAPE, 4)
    assert np.array_equal(unpacked(groups, channels), given)
    assert not groups[-1, ..., 1:].any()


def test_what_neighbours_kept_need_not_be_tried_again():
    """Two sweeps that remember what was moved find what two that begin anew find."""
    target, source = packed(picture(3)), packed(picture(3, 1))
    burden = np.where(room(), np.float32(0), NEVER)
    found = []
    for moved in (None, np.full(SHAPE, UNSEEN)):
        field, cost = matched(target, source, burden, rounds=1)
        for number in range(3):
            for places in chessboard(room()):
                improve(
                    *(target, source, field, cost, room(), places, burden, 7 + number, 9),
                    moved=moved,
                )
        found.append((field, cost))
    assert np.array_equal(found[0][0], found[1][0])
    np.testing.assert_allclose(found[0][1], found[1][1], rtol=1e-5)


@pytest.mark.parametrize("channels", [1, 3, 6])
def test_a_cost_is_the_sum_of_squared_differences_of_two_patches(channels):
    target, source = picture(channels), picture(channels, 1)
    burden = np.where(room(), np.float32(0), NEVER)
    field, cost = matched(packed(target), packed(source), burden, 1)
    patches = np.lib.stride_tricks.sliding_window_view
    here = patches(target, (7, 7), (0, 1))
    there = patches(source, (7, 7), (0, 1))
    for y, x in ((3, 3), (20, 31), (36, 48)):
        sy, sx = field[y, x]
        apart = np.sum((here[y - 3, x - 3] - there[sy - 3, sx - 3]) ** 2)
        assert cost[y, x] == pytest.approx(apart, rel=1e-4)


def test_a_picture_is_found_in_itself():
    given = packed(picture(3))
    _, cost = matched(given, given, np.where(room(), np.float32(0), NEVER))
    assert (cost[room()] < 1e-4).mean() > 0.95


def test_no_patch_is_taken_where_none_may_be_and_a_burdened_one_less_often():
    given = packed(picture(3))
    free = np.where(room(), np.float32(0), NEVER)
    left = np.broadcast_to(np.arange(SHAPE[1]) < 26, SHAPE)
    burdened = np.where(left & room(), np.float32(30), free)
    never = np.where(left, NEVER, free)
    shares = [
        left[tuple(matched(given, given, burden)[0][room()].T)].mean()
        for burden in (free, burdened, never)
    ]
    assert shares[0] > 0.4 > 0.2 > shares[1]
    assert shares[2] == 0


def test_a_pixel_is_the_weighted_mean_of_what_the_patches_over_it_say():
    source = picture(3)
    rng = np.random.default_rng(3)
    field = np.stack([rng.integers(3, size - 3, SHAPE) for size in SHAPE], -1).astype(np.int32)
    weight = rng.uniform(0, 1, SHAPE) * room()
    target = packed(np.zeros_like(source))
    blend(packed(source), field, weight, np.array([[20, 25]], np.int32), target, narrow=0.0)
    total = count = 0.0
    for y in range(17, 24):
        for x in range(22, 29):
            sy, sx = field[y, x] + np.array([20 - y, 25 - x])
            total = total + weight[y, x] * source[sy, sx]
            count += weight[y, x]
    assert np.allclose(unpacked(target, 3)[20, 25], total / count, atol=1e-5)
    assert np.count_nonzero(target.any(axis=(0, 3))) == 1


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("shape", [SHAPE, (7, 7), (6, 20), (20, 6)])
def test_a_patch_holds_as_many_pixels_of_a_mask_as_are_set_around_its_middle(
    shape, threads, monkeypatch
):
    monkeypatch.setattr(kernels, "_ROWS", 4)
    monkeypatch.setattr(kernels, "THREADS", threads)
    mask = np.random.default_rng(8).uniform(0, 1, shape) < 0.8
    slowly = np.zeros(shape, int)
    for y in range(HALF, shape[0] - HALF):
        for x in range(HALF, shape[1] - HALF):
            slowly[y, x] = mask[y - HALF : y + HALF + 1, x - HALF : x + HALF + 1].sum()
    assert np.array_equal(counted(mask), slowly)


def test_means_are_those_of_patches_in_a_part_and_elsewhere_what_they_were():
    given = picture(5)
    found = unpacked(means(packed(given), np.s_[10:20, 0:30], np.full((2, *SHAPE, 4), 9.0)), 5)
    patches = np.lib.stride_tricks.sliding_window_view(given, (7, 7), (0, 1)).mean((-1, -2))
    assert np.allclose(
        found[10:20, HALF:30], patches[10 - HALF : 20 - HALF, : 30 - HALF], atol=1e-5
    )
    assert (np.delete(found, np.s_[10:20], 0) == 9).all()
    assert (found[:, 30:] == 9).all()


@pytest.mark.parametrize(("most", "price"), [(9.0, 0.0), (9.0, 0.5), (0.05, 0.5)])
def test_a_patch_is_made_lighter_by_what_costs_least_and_no_more_than_it_may(most, price):
    target, source = picture(3), picture(3, 1)
    groups = packed(target), packed(source)
    light = Light(*map(means, groups), np.float32(most), np.float32(price))
    field, cost = np.zeros((*SHAPE, 2), np.int32), np.zeros(SHAPE, np.float32)
    field[20, 30] = 12, 40
    burden = np.full(SHAPE, NEVER)
    burden[12, 40] = 0
    places = np.array([[20, 30]], np.int32)
    improve(*groups, field, cost, room(), places, burden, 0, 0, light)
    by = unpacked(lightened(light, field, places), 3)[20, 30]
    apart = target[17:24, 27:34] - source[9:16, 37:44]

    def costs(moved):
        return (((apart - moved) ** 2).sum((0, 1)) + 49 * price * moved**2).sum()

    assert (abs(by) <= most + 1e-7).all()
    assert cost[20, 30] == pytest.approx(costs(by), rel=1e-4)
    for other in (by + 0.01, by - 0.01):
        allowed = np.clip(other, -most, most)
        assert costs(allowed) >= costs(by) - 1e-5


def test_a_pixel_is_taken_from_where_most_of_the_patches_over_it_are():
    rng = np.random.default_rng(9)
    weight = rng.uniform(0, 1, SHAPE) * (rng.uniform(0, 1, SHAPE) < 0.7)
    places = np.stack(np.indices(SHAPE), -1).astype(np.int32)
    ways = np.array([(3, 5), (-2, 8), (4, -6)], np.int32)
    field = places + ways[rng.integers(0, 3, SHAPE)]
    pixels = np.array([[20, 25], [3, 2], [0, 0]], np.int32)
    found = said_most(field, weight, pixels, 0.5)
    for (y, x), way in zip(pixels, found, strict=True):
        shares = np.zeros(3)
        for ny in range(max(y - HALF, HALF), y + HALF + 1):
            for nx in range(max(x - HALF, HALF), x + HALF + 1):
                at = (ways == field[ny, nx] - (ny, nx)).all(1).argmax()
                near = np.exp(-0.5 * ((ny - y) ** 2 + (nx - x) ** 2) / 9)
                shares[at] += weight[ny, nx] * near
        assert np.array_equal(way, ways[shares.argmax()])
