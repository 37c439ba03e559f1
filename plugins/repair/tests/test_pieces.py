"""Deep holes are filled with pieces of the photograph, thin ones by the network."""

import numpy as np
import pytest
from safelight_repair import pieces, remove
from safelight_repair.sizes import count_around, near

from safelight import api
from safelight.api import testing

RNG = np.random.default_rng(5)


def texture(height=160, width=200):
    """Fine grey noise of two levels, coarse enough to be seen: nothing a network could make up."""
    cells = RNG.integers(0, 2, (height // 2 + 1, width // 2 + 1))
    tone = cells.repeat(2, 0).repeat(2, 1)[:height, :width].astype(np.float32)
    return np.repeat(0.25 + 0.5 * tone[..., None], 3, 2)


def square(shape, top, left, side):
    hole = np.zeros(shape[:2], bool)
    hole[top : top + side, left : left + side] = True
    return hole


def silent(part):
    """Nobody asks how far it is."""


def pieced(picture, hole, filled=None, seed=0, variety=0.0):
    if filled is None:
        filled = np.where(hole[..., None], np.float32(0.5), picture)
    return pieces.pieced(picture, hole, filled, seed, variety, 400, silent)


def test_a_deep_hole_keeps_the_fine_texture_that_is_around_it():
    picture = texture()
    hole = square(picture.shape, 60, 80, 40)
    made = pieced(picture, hole)
    assert made[hole].std() > 0.7 * picture[~hole].std()
    assert np.array_equal(made[~hole], picture[~hole])


@pytest.mark.parametrize("place", [(20, 30), (0, 0), (139, 180), (0, 100)])
def test_what_is_thick_is_said_alike_of_a_part_and_of_the_whole(place):
    top, left = place
    hole = np.zeros((160, 200), bool)
    hole[top : top + 21, left : left + 20] = RNG.random((21, 20)) < 0.995
    hole[top + 8 : top + 12] = True
    deep = count_around(~hole, pieces.THIN) == 0
    assert np.array_equal(pieces.thick(hole), near(deep, pieces.THIN) & hole)


def test_thin_damage_stays_with_the_network():
    picture = texture()
    hole = np.zeros(picture.shape[:2], bool)
    hole[20:26, 10:190] = True
    filled = np.where(hole[..., None], np.float32(0.5), picture)
    assert pieced(picture, hole, filled) is filled


def test_a_hole_whose_surroundings_have_no_like_keeps_what_the_network_filled_in():
    picture = np.float32(0.4) + np.float32(0.2) * texture()
    hole = square(picture.shape, 60, 80, 40)
    ring = square(picture.shape, 55, 75, 50)  # narrower than a piece, and nowhere else any red
    for colour, kept in (((0.9, 0.05, 0.05), True), ((0.5, 0.5, 0.5), False)):
        seen = np.where((ring & ~hole)[..., None], np.float32(colour), picture)
        filled = np.where(hole[..., None], np.float32(colour), seen)
        made = pieced(np.where(hole[..., None], np.float32(0), seen), hole, filled)
        assert np.array_equal(made, filled) == kept


def test_no_piece_comes_from_another_hole():
    """What lies under another hole is told apart by its colour; none of it is ever taken."""
    picture = texture()
    hole = square(picture.shape, 60, 80, 30)
    other = square(picture.shape, 20, 20, 60)
    seen = np.where(other[..., None], np.float32([9, 0, 0]), picture)
    filled = np.where(hole[..., None], np.float32(0.5), seen)
    made = pieced(seen, hole | other, filled)
    assert made[hole].max() < 2


def test_a_filling_is_made_beyond_white_as_well():
    picture = texture() + np.float32(3)
    hole = square(picture.shape, 60, 80, 30)
    made = pieced(picture, hole, np.where(hole[..., None], np.float32(3.5), picture))
    assert made[hole].min() > 3
    assert made[hole].std() > 0.7 * picture[~hole].std()


def test_another_seed_takes_other_pieces():
    picture = texture()
    hole = square(picture.shape, 60, 80, 40)
    one, again, other = (pieced(picture, hole, seed=seed, variety=1.0) for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    apart = np.sqrt(np.mean((one - other)[hole] ** 2))
    assert apart > 0.5 * picture[~hole].std()


@pytest.mark.usefixtures("networks")
def test_it_says_how_far_the_engine_is_and_can_be_stopped_there(job):
    class Stopped(Exception):
        pass

    picture, its = testing.photograph(320, 240), job(remove)
    mask = square(picture.shape, 100, 100, 60).astype(np.float32)
    told = []

    def stop_late(fraction):
        told.append(fraction)
        if fraction > 0.6:
            raise Stopped

    its.progress = stop_late
    with pytest.raises(Stopped):
        remove(picture, mask, its, api.Region(0, 0, 320, 240))
    assert told == sorted(told)
    assert 0.6 < told[-1] < 1


def test_of_a_large_hole_the_network_sees_a_reduced_size_alone():
    seen = []

    def network(picture, missing, corner):
        seen.append((picture.shape, corner))
        return np.where(missing[..., None], np.float32(0.25), picture)

    picture = np.full((900, 1000, 3), 0.5, np.float32)
    hole = square(picture.shape, 200, 300, 500) | square(picture.shape, 20, 20, 60)
    rough, large = pieces.roughly(picture, hole, network)
    assert np.array_equal(large, square(picture.shape, 200, 300, 500))
    assert (rough[large] < 0.5).all()
    assert np.array_equal(rough[~large], picture[~large])
    assert len(seen) == 1
    assert max(seen[0][0]) <= 1000 // 2


def test_what_a_large_hole_held_does_not_matter():
    def network(picture, missing, corner):
        assert np.isfinite(picture).all()
        return picture

    picture = np.full((600, 600, 3), 0.5, np.float32)
    hole = square(picture.shape, 100, 100, 400)
    picture[hole] = np.nan
    rough, _ = pieces.roughly(picture, hole, network)
    assert np.isfinite(rough).all()
