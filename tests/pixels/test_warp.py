"""Warp: what is drawn out of shape is what the map says, everywhere and at every zoom level."""

import numpy as np
import pytest

from safelight.api import Region
from safelight.pixels import Raster, View, Warp, warp_at_rest
from safelight.pixels.warp_squares import squares

WIDE, HIGH = 150, 100


def bent(amount, seed=1, box=(0.0, 0.0, float(WIDE), float(HIGH))):
    off = np.random.default_rng(seed).uniform(-amount, amount, (16, 2))
    return Warp(box, tuple(map(tuple, np.array(warp_at_rest()) + off)))


def seen(raster, warp, method="lanczos"):
    left, top, right, bottom = warp.bounds
    through = (1.0, 0.0, float(left), 0.0, 1.0, float(top), 0.0, 0.0, 1.0)
    return View(raster, through, right - left, bottom - top, warp=warp, method=method)


def waves(channels=3):
    y, x = np.mgrid[0:HIGH, 0:WIDE] + 0.5
    planes = [np.sin(x / 9), np.cos(y / 8), np.sin((x + y) / 14), 0 * x + 1.0]
    return np.stack(planes[:channels], axis=-1).astype(np.float32) * 0.4 + 0.5


@pytest.mark.parametrize("seed", range(4))
def test_the_way_back_is_the_inverse_inside_and_near(seed):
    warp = bent(0.05, seed)
    x, y = np.random.default_rng(seed).uniform((-10, -10), (160, 110), (500, 2)).T
    back = warp.back(*warp.at(x, y))
    assert np.abs(np.array(back) - (x, y)).max() < 1e-6
    far = np.random.default_rng(seed).uniform(-900, 900, (2, 2000))
    x, y = warp.back(*far)
    found = ~np.isnan(x)
    there = np.array(warp.at(x[found], y[found]))
    assert np.abs(there - far[:, found]).max() < 150 * 1e-4
    left, top, right, bottom = warp.bounds
    beside = (far[0] < left) | (far[0] > right) | (far[1] < top) | (far[1] > bottom)
    inside = (x > 0) & (y > 0) & (x < WIDE) & (y < HIGH)
    assert not (beside & inside).any()


def test_pixels_are_those_of_the_map_between_the_squares_too():
    warp = bent(0.03)
    view = seen(Raster.from_array(waves()), warp)
    left, top = warp.bounds[:2]
    y, x = np.mgrid[0 : view.height, 0 : view.width] + 0.5
    u, v = warp.back(x + left, y + top)
    wanted = np.stack([np.sin(u / 9), np.cos(v / 8), np.sin((u + v) / 14)], axis=-1) * 0.4 + 0.5
    made = view.to_array()
    inner = (u > 4) & (v > 4) & (u < WIDE - 4) & (v < HIGH - 4)
    assert inner.sum() > 10_000
    # A wave of 0.4 / 8 a pixel, by a place that is a twentieth of a pixel off, and Lanczos' own.
    assert np.abs(made[..., :3] - wanted)[inner].max() < 0.05 * 0.05 + 0.003
    assert (made[..., 3][inner] == 1).all()
    outer = (u < -2) | (v < -2) | (u > WIDE + 2) | (v > HIGH + 2)
    assert (made[..., 3][outer] == 0).all()
    assert side_of(view) in (4, 8, 16, 32)


def side_of(view):
    whole = Region(0, 0, min(view.width, 256), min(view.height, 256))
    return squares(view.matrix, view.warp, whole, (WIDE, HIGH))[1]


def test_a_warp_that_changes_nothing_shows_the_pixels():
    view = seen(Raster.from_array(waves()), Warp((0.0, 0.0, 150.0, 100.0), warp_at_rest()))
    made = view.to_array()
    assert np.abs(made[..., :3] - waves()).max() < 1e-5
    assert side_of(view) == 64


def test_zoom_levels_show_the_same_smaller():
    raster, warp = Raster.from_array(waves()), bent(0.04, 3)
    view = seen(raster, warp)
    fine, coarse = view.to_array(), view.level(1).to_array()
    height, width = fine.shape[0] // 2, fine.shape[1] // 2
    mean = fine[: 2 * height, : 2 * width].reshape(height, 2, width, 2, 4).mean(axis=(1, 3))
    solid = mean[..., 3] == 1
    solid[1:-1, 1:-1] &= solid[:-2, 1:-1] & solid[2:, 1:-1] & solid[1:-1, :-2] & solid[1:-1, 2:]
    off = np.abs(mean - coarse[:height, :width])[..., :3][solid]
    assert np.median(off) < 0.01
    assert off.max() < 0.1


def test_parts_that_are_transparent_lend_no_colour():
    pixels = np.zeros((60, 80, 4), np.uint8)
    pixels[..., 0] = 255
    pixels[20:40, 20:60] = 0, 0, 255, 255
    view = seen(Raster.from_array(pixels), bent(0.04, 2, (20.0, 20.0, 40.0, 20.0)))
    made = view.to_array()
    there = made[..., 3] > 0.01
    assert there.any()
    assert made[there][:, 0].max() < 1e-3


def test_a_folded_grid_and_what_is_no_grid_are_refused():
    points = list(warp_at_rest())
    points[5], points[6] = points[6], points[5]
    with pytest.raises(ValueError, match="folded over itself"):
        Warp((0.0, 0.0, 10.0, 10.0), tuple(points))
    for box, some in (
        ((0.0, 0.0, 0.0, 5.0), warp_at_rest()),
        ((0.0, 0.0, 5.0, 5.0), warp_at_rest()[:-1]),
        ((0.0, 0.0, 5.0, 5.0), ((float("nan"), 0.0), *warp_at_rest()[1:])),
        ((0.0, 0.0, 5.0, 5.0), ((-99.0, 0.0), *warp_at_rest()[1:])),
    ):
        with pytest.raises(ValueError, match="warp"):
            Warp(box, some)
