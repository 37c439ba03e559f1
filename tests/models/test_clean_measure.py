"""Measuring the cleaning networks: each method meets the same damage; its best result counts."""

import numpy as np
import pytest

pytest.importorskip("cv2")
pytest.importorskip("skimage")

from models.clean import classical, measure
from tests.models.making import edges_picture

PICTURES = [edges_picture(n, 48, 48) for n in range(2)]


class Perfect:
    """A network that knows the originals."""

    def __init__(self, originals):
        self.originals = originals

    def __call__(self, image, level=None):
        distance = [np.abs(original / 255 - image).mean() for original in self.originals]
        right = self.originals[int(np.argmin(distance))] / 255
        return (right if level is None else right + 10 / 255).astype(np.float32)


def test_classical_denoisers_gain_and_a_network_is_measured_told_and_not():
    dark = [np.minimum(picture, 240) for picture in PICTURES]
    rows = measure.denoise(dark, Perfect(dark), clipped=False)
    assert rows["as it is"][0] == pytest.approx(24.61, abs=0.4)  # 20 log10(255 / 15); some cut off
    for name in classical.DENOISERS:
        assert rows[name][1] > rows["as it is"][1] + 1
    assert np.isinf(rows["**network, not told**"]).all()
    assert rows["**network, told**"] == pytest.approx([28.13] * 3, abs=0.01)  # 20 log10(255 / 10)


def test_a_network_is_told_what_the_plugin_finds_in_the_picture():
    told = []

    class Network:
        def __call__(self, image, level=None):
            told.append(level)
            return image

    measure.denoise(PICTURES, Network(), clipped=False)
    found = [255 * level for level in told[4:6]]  # of the first column: told, blind, estimated
    assert told[:4] == [15 / 255, 15 / 255, None, None]
    assert found == pytest.approx([15, 15], rel=0.25)


def test_clipped_noise_is_weaker():
    plain, clipped = (measure.denoise(PICTURES, None, clipped=c)["as it is"] for c in (0, 1))
    # Both are compared as 8 bits, so only what is rounded twice may differ.
    assert clipped == pytest.approx(plain, abs=0.05)


@pytest.mark.parametrize("colour", [True, False])
def test_a_jpeg_of_lower_quality_is_further_away(colour):
    rows = measure.deblock(PICTURES, None, colour)
    assert rows["as it is"] == sorted(rows["as it is"])
    assert set(rows) == {"as it is", *classical.DEBLOCKERS}


def test_a_method_that_is_told_the_kernel_undoes_some_of_it():
    rows = measure.deblur(PICTURES, None)
    name = "scikit-image, Richardson-Lucy, told the kernel"
    assert rows[name][0] > rows["as it is"][0] + 0.5


def test_the_best_of_several_strengths_counts():
    methods = [lambda image, level, n=n: image * 0 + n for n in (1.0, 5.0, 3.0)]
    damaged = [(np.zeros((2, 2, 3), np.float32), 0.1)]
    found = classical.best(methods, damaged, lambda results: float(next(results).max()))
    assert found == 5.0


def test_the_table_shows_what_is_gained_and_what_is_quoted():
    rows = {"as it is": [20.0, 22.0], "ours": [25.5, 21.0]}
    quoted = [measure.Published("theirs", (30.0, 29.0), "a paper")]
    text = "\n".join(measure.table("title", ["a", "b"], rows, quoted))
    assert "| as it is | 20.00 | 22.00 | measured |" in text
    assert "| ours | 25.50 (+5.50) | 21.00 (-1.00) | measured |" in text
    assert "| theirs | 30.00 | 29.00 | a paper, on its pictures |" in text


def test_the_middle_starts_on_the_grid_of_blocks():
    picture = np.arange(500 * 410).reshape(500, 410, 1).repeat(3, 2)
    crop = measure.middle(picture)
    assert crop.shape == (384, 384, 3)
    y, x = divmod(int(crop[0, 0, 0]), 410)
    assert (y % 8, x % 8) == (0, 0)
    assert (y, x) == (56, 8)


def test_unsharp_masking_stays_in_range_whatever_lies_in_memory():
    noise = np.random.default_rng(0).random((96, 96, 3), np.float32)
    junk = np.full((96, 96, 3), 1e30, np.float32)
    del junk  # what the next picture of that size may lie on
    for method in classical.deblurrers(np.ones((3, 3)) / 9)["scikit-image, unsharp mask"]:
        result = method(noise, 1.6)
        assert 0 <= result.min() <= result.max() <= 1
