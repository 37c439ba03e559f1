"""How strange a filling is says whether the picture has anything like it."""

import numpy as np
import pytest
from safelight_exemplar import fill, strangeness

RNG = np.random.default_rng(11)


def grain(height=160, width=200):
    return RNG.uniform(0, 1, (height, width, 3)).astype(np.float32)


def hole_of(picture, side=40):
    hole = np.zeros(picture.shape[:2], bool)
    hole[60 : 60 + side, 80 : 80 + side] = True
    return hole


def test_what_a_picture_is_made_of_is_not_strange_in_it():
    picture = grain()
    assert 0.5 < strangeness(picture, hole_of(picture)) < 1.5


@pytest.mark.parametrize("size", [1, 3])
def test_what_is_nowhere_else_is_strange_at_any_size(size):
    picture = grain().repeat(size, 0).repeat(size, 1)
    hole = hole_of(grain()).repeat(size, 0).repeat(size, 1)
    ring = np.zeros(hole.shape, bool)
    ring[57 * size : 103 * size, 77 * size : 123 * size] = True
    picture[ring] = (3, -2, 0)
    assert strangeness(picture, hole) > 2.5
    assert strangeness(fill(picture, hole), hole) > 2.5


def test_where_too_little_is_around_nothing_is_strange():
    picture = grain(20, 20)
    hole = np.zeros((20, 20), bool)
    hole[2:18, 2:18] = True
    assert strangeness(picture, hole) == 1
