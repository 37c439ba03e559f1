"""Holes are filled with pieces of the picture around them."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from safelight_exemplar import fill, hole_fill, kernels, seam_membrane, seams


def stripes(height=96, width=120):
    """A picture of slanted stripes: float32 (height, width, 3)."""
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    wave = 0.5 + 0.4 * np.sin((rows + 2 * columns) / 3)
    return np.stack([wave, 1 - wave, 0.3 + 0 * wave], -1).astype(np.float32)


def hole_in(picture, side=24):
    hole = np.zeros(picture.shape[:2], bool)
    top, left = (size // 2 - side // 2 for size in hole.shape)
    hole[top : top + side, left : left + side] = True
    return hole


def without(picture, hole):
    return np.where(hole[..., None], np.float32(7.0), picture)


def test_stripes_go_on_through_a_hole_and_nothing_else_changes():
    picture = stripes()
    hole = hole_in(picture)
    filled = fill(without(picture, hole), hole)
    assert filled.dtype == np.float32
    assert np.array_equal(filled[~hole], picture[~hole])
    assert np.abs(filled - picture)[hole].mean() < 0.05
    assert np.abs(picture[hole] - picture[~hole].mean(0)).mean() > 0.15  # what a mean would leave


@pytest.mark.parametrize("channels", [1, 2, 5])
def test_any_number_of_channels_and_any_range_is_filled(channels):
    picture = np.repeat(stripes()[..., :1], channels, -1) * 300 - 50
    hole = hole_in(picture)
    filled = fill(without(picture, hole), hole)
    assert filled.shape == picture.shape
    assert np.abs(filled - picture)[hole].mean() < 15


def test_the_result_does_not_depend_on_the_number_of_threads(monkeypatch):
    monkeypatch.setattr(kernels, "_WORTH", 50)
    monkeypatch.setattr(kernels, "_ROWS", 5)
    picture = stripes() + np.random.default_rng(1).normal(0, 0.1, (96, 120, 3)).astype(np.float32)
    hole = hole_in(picture)
    results, started = [], set()

    def pool(threads):
        started.add(threads)
        return ThreadPoolExecutor(threads)

    for count in (1, 2, 5):
        monkeypatch.setattr(kernels, "THREADS", count)
        monkeypatch.setattr(kernels, "ThreadPoolExecutor", pool)
        results.append(fill(picture, hole, guide=picture, seed=3))
    assert {2, 5} <= started
    assert all(np.array_equal(results[0], result) for result in results[1:])


@pytest.mark.parametrize("place", [np.s_[30:60, 90:], np.s_[:20, :25], np.s_[:, :30]])
def test_a_hole_is_filled_up_to_the_edges_of_the_picture(place):
    picture = stripes()
    hole = np.zeros(picture.shape[:2], bool)
    hole[place] = True
    filled = fill(without(picture, hole), hole)
    assert np.array_equal(filled[~hole], picture[~hole])
    assert np.abs(filled - picture)[hole].max() < 1.2  # without() has 7 there
    assert np.abs(filled - picture)[hole].mean() < 0.15


def test_grain_stays_as_strong_as_it_was():
    grain = np.random.default_rng(7).normal(0.5, 0.1, (96, 120, 1))
    picture = np.repeat(grain, 3, -1).astype(np.float32)
    hole = hole_in(picture, 40)
    assert fill(picture, hole)[hole].std() > 0.093


def test_a_hole_in_one_colour_is_of_that_colour():
    picture = np.full((96, 120, 3), (0.2, 0.5, 0.7), np.float32)
    hole = hole_in(picture)
    assert np.abs(fill(without(picture, hole), hole) - picture).max() < 1e-5


def test_a_seed_gives_the_same_filling_again_and_another_seed_another():
    picture = np.random.default_rng(2).uniform(0, 1, (80, 80, 3)).astype(np.float32)
    hole = hole_in(picture)
    assert np.array_equal(fill(picture, hole, seed=1), fill(picture, hole, seed=1))
    assert not np.array_equal(fill(picture, hole, seed=1), fill(picture, hole, seed=2))


def test_pieces_come_only_from_where_they_may():
    picture = stripes()
    noise = np.random.default_rng(5).normal(0, 0.2, (96, 60)).astype(np.float32)
    picture[:, 60:, 2] += noise  # to the right, one channel is rough
    hole = hole_in(picture)
    left = np.broadcast_to(np.arange(120) < 48, hole.shape)
    smooth, rough = (
        np.diff(fill(picture, hole, allowed=allowed)[38:58, 56:64, 2]).std()
        for allowed in (left, np.flip(left, 1))
    )
    assert smooth < 0.05 < rough


def test_an_edge_is_where_the_guide_has_it():
    noise = np.random.default_rng(4).uniform(-0.1, 0.1, (96, 120, 3))
    picture = (noise + 0.2).astype(np.float32)
    picture[:, 60:] += 0.6
    hole = hole_in(picture)
    for edge in (53, 67):
        guide = picture.copy()
        guide[hole] = 0.2
        guide[:, edge:][hole[:, edge:]] = 0.8
        light = fill(picture, hole, guide=guide, trust=1.0)[44:52].mean((0, 2))
        assert light[edge - 4] < 0.45 < light[edge + 3]


def test_progress_rises_to_the_end_and_what_it_raises_ends_the_work():
    picture = stripes()
    hole = hole_in(picture)
    parts = []
    fill(picture, hole, progress=parts.append)
    assert parts == sorted(parts)
    assert len(parts) > 5
    assert parts[-1] == pytest.approx(1.0)

    def ended(part):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fill(picture, hole, progress=ended)


@pytest.mark.parametrize("shape", [(3, 200), (200, 3), (8, 8), (1, 1)])
def test_a_picture_without_room_for_a_piece_is_filled_smoothly(shape):
    picture = np.full((*shape, 3), 0.4, np.float32)
    hole = np.zeros(shape, bool)
    hole[shape[0] // 2, shape[1] // 2] = True
    assert np.isfinite(fill(picture, hole)).all()


def test_a_hole_that_is_the_whole_picture_is_filled_with_something():
    picture = stripes()
    assert np.isfinite(fill(picture, np.ones(picture.shape[:2], bool))).all()


def test_no_hole_changes_nothing():
    picture = stripes()
    assert np.array_equal(fill(picture, np.zeros(picture.shape[:2], bool)), picture)


@pytest.mark.parametrize("side", [5, 24, 150])
def test_regions_are_chosen_where_a_hole_is_small_and_again_at_a_full_size_that_is_not_large(
    side, monkeypatch
):
    holes = []

    def counted(source, target, missing, *rest, **how):
        holes.append(missing.sum())
        return seams.labelled(source, target, missing, *rest, **how)

    monkeypatch.setattr(hole_fill, "labelled", counted)
    picture = stripes(200, 240)
    fill(picture, hole_in(picture, side))
    assert 0 < holes[0] <= 48**2
    assert holes[1:] == ([side**2] if side <= 128 else [])


def test_what_is_copied_changes_places_along_few_seams(monkeypatch):
    seen = []

    def kept(source, missing, usable, nodes, beside, shifts, labels, *rest):
        seen.append(np.full((*missing.shape, 2), 0))
        seen[-1][missing] = shifts[labels]
        return seam_membrane.evened(source, missing, usable, nodes, beside, shifts, labels, *rest)

    monkeypatch.setattr(hole_fill, "evened", kept)
    picture = np.full((160, 160, 3), 0.4, np.float32)
    rng = np.random.default_rng(12)
    for top, left in rng.integers(4, 150, (70, 2)):  # drops, each like none of the others
        picture[top : top + rng.integers(3, 9), left : left + rng.integers(3, 9)] = rng.uniform(
            0, 1, 3
        )
    picture += rng.normal(0, 0.01, picture.shape).astype(np.float32)
    hole = hole_in(picture, 56)
    fill(without(picture, hole), hole)
    inside = hole[:, 1:] & hole[:, :-1]
    changes = (np.diff(seen[-1], axis=1) != 0).any(-1)[inside].mean()

    assert changes < 0.2


def test_light_that_falls_off_goes_on_through_a_hole_with_its_grain_and_without_a_step():
    rows, columns = np.mgrid[0:120, 0:120] / 120.0
    grain = np.random.default_rng(8).normal(0, 0.01, (120, 120))
    light = 0.2 + 0.6 * rows * columns  # no two places have it alike
    picture = np.repeat((light + grain)[..., None], 3, -1).astype(np.float32)
    hole = hole_in(picture, 40)
    filled = fill(without(picture, hole), hole)
    apart = (filled[..., 0] - light)[40:80, 40:80]
    coarse = apart.reshape(8, 5, 8, 5).mean((1, 3))
    assert np.abs(coarse).max() < 0.03
    assert np.abs(np.diff(coarse, axis=0)).max() < 0.03
    assert np.diff(apart).std() > 0.7 * np.diff(grain[hole].reshape(40, 40)).std()


def test_of_several_trusts_in_a_guide_the_one_goes_on_that_the_picture_has_pieces_for(monkeypatch):
    rng = np.random.default_rng(4)
    picture = rng.uniform(0, 1, (12, 15, 3)).repeat(8, 0).repeat(8, 1).astype(np.float32)
    hole = hole_in(picture)
    misleading = np.ascontiguousarray(picture[:, ::-1])
    kept, trusts = [], (1.0, 0.0)

    def kept_misfit(size, measured=hole_fill._Size.misfit):
        kept.append(measured(size))
        return kept[-1]

    monkeypatch.setattr(hole_fill._Size, "misfit", kept_misfit)
    several = [
        fill(picture, hole, guide=misleading, trust=order) for order in (trusts, trusts[::-1])
    ]
    assert kept[:2] == kept[:1:-1]
    assert kept[0] != kept[1]
    alone = fill(picture, hole, guide=misleading, trust=trusts[int(kept[1] < kept[0])])
    assert len(kept) == 4
    assert all(np.array_equal(one, alone) for one in several)


def test_a_hole_in_texture_is_as_lively_as_its_rim_though_smooth_pieces_are_near():
    rng = np.random.default_rng(5)
    rough = rng.normal(0, 1, (160, 160, 1))
    for axis in (0, 1):
        rough = sum(np.roll(rough, by, axis) for by in range(4)) / 4
    picture = np.repeat(0.5 + 0.4 * rough, 3, -1).astype(np.float32)
    picture[:, :40] = 0.5
    hole = hole_in(picture, 64)
    filled = fill(picture, hole, guide=np.full_like(picture, 0.5), trust=(0.5, 0.0))
    core = np.s_[64:96, 64:96]
    assert filled[core].std() > 0.5 * picture[core].std()  # 0.01 if it is not told to be lively


@pytest.mark.parametrize("bend", [0.5, 1.0])
def test_an_outline_that_is_out_of_focus_goes_on_without_steps(bend):
    rows, columns = np.mgrid[-1:1:160j, -1:1:160j]
    glow = 1 / (1 + np.exp(4 * (columns - bend * rows**2 + 0.2)))
    picture = np.stack([glow, 0.7 * glow, 0.2 + 0.1 * columns], -1).astype(np.float32)
    picture += np.random.default_rng(6).normal(0, 0.004, picture.shape).astype(np.float32)
    filled = fill(picture, hole_in(picture, 56))
    for axis in (0, 1):
        steps = [np.abs(np.diff(seen, 1, axis)).max() for seen in (filled, picture)]
        assert steps[0] < 1.25 * steps[1]
