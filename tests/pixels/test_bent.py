"""Bent pictures: the compiled kernel puts right what numpy does, part by part, to a bound."""

import numpy as np
import pytest

from safelight.pixels import BENT, bent, prepare_kernels


@pytest.fixture(scope="module")
def kernel(kernel_folder):
    """The compiled one, which nothing else uses meanwhile."""
    pytest.importorskip("numba")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bent, "COMPILED", [])
        patch.setattr("safelight.pixels.fused.bent.COMPILED", bent.COMPILED)
        assert prepare_kernels(kernel_folder, [BENT])
        return bent.COMPILED[0]


def grids(rows=21, columns=27):
    """A barrel that is turned a little, each colour otherwise, and corners that are dark."""
    y, x = np.meshgrid(np.linspace(-1, 1, rows), np.linspace(-1, 1, columns), indexing="ij")
    far = x * x + y * y
    colours = []
    for strength in (0.025, 0.026, 0.028):
        bend = 0.97 + strength * far
        colours.append(np.stack([x * bend + 0.02 * y, y * bend - 0.02 * x], axis=-1) / 2 + 0.5)
    return np.stack(colours, axis=2).astype(np.float32), (1 + far / 3).astype(np.float32)


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("part", ["both", "places", "gain"])
def test_the_kernel_and_numpy_differ_by_no_more_than_is_stated(kernel, channels, part):
    light = np.random.default_rng(1).integers(0, 65536, (310, 530, channels), np.uint16)
    places, gain = grids()
    places, gain = places if part != "gain" else None, gain if part != "places" else None
    made = bent.by_kernel(kernel, light, places, gain).astype(np.int32)
    off = np.abs(made - bent.in_numpy(light, places, gain))
    assert off.max() <= (bent.DIFFERS if part != "gain" else 1)
    assert off.mean() < 3  # noise of full scale: a photograph's neighbours are more alike


def test_a_map_that_folds_and_leaves_the_picture_does_no_harm(kernel):
    """Places far outside, and one row of points that goes back: edges are repeated, as in numpy."""
    light = np.random.default_rng(2).integers(0, 65536, (70, 90, 3), np.uint16)
    places, _ = grids(5, 6)
    places[2] = places[3]
    places[:, 4] += 3.0
    places[0] -= 2.0
    made = bent.by_kernel(kernel, light, places, None).astype(np.int32)
    assert np.abs(made - bent.in_numpy(light, places, None)).max() <= bent.DIFFERS
