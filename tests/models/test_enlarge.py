"""The shipped enlarging networks, and what they are trained and measured with."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models import measurement, pictures, resample
from models.tiles import Network, networks_of
from tests.models.made_pictures import edges_picture, photographs

ROOT = Path(__file__).parents[2]
FILES = networks_of(ROOT / "plugins" / "enlarge" / "safelight_enlarge")
EXACT = [path for path in FILES if "crisp" not in path.stem and "photo" not in path.stem]
"""Those that are neither made to look sharp nor for worse pictures."""


def smooth_picture(height=96, width=128):
    """Slow waves of colour, uint8: nothing that a reduction by four could lose."""
    y, x = np.mgrid[:height, :width]
    waves = [np.sin(x / 19) + np.cos(y / 23), np.cos(x / 31 + y / 27), np.sin(y / 17)]
    return np.rint(127.5 + 55 * np.stack(waves, -1)).astype(np.uint8)


@pytest.fixture(scope="module", params=FILES, ids=lambda path: path.stem)
def shipped(request):
    """One shipped file."""
    return Network(request.param)


def test_shipped_files_state_everything_the_editor_needs(shipped):
    stated = shipped.properties
    expected = {"contract": "1", "range": "0..1", "layout": "NCHW", "channels": "RGB"}
    assert {name: stated[name] for name in expected} == expected
    assert shipped.path.stem.endswith(f"_x{shipped.scale}")
    assert 1 <= shipped.reach <= 80
    assert shipped.tile > 2 * shipped.reach
    for name in ("title", "version", "licence", "training_data", "metrics"):
        assert len(stated[name]) > 0
    assert "CC BY-SA" in stated["licence"]
    assert "CC BY-SA" in stated["training_data"]


def test_shipped_files_are_trained_and_measured(shipped):
    assert shipped.properties["version"] != "untrained"
    assert "Set5" in shipped.properties["metrics"]


def test_shipped_files_take_one_picture_of_any_size(shipped):
    (image,), (result,) = shipped.session.get_inputs(), shipped.session.get_outputs()
    assert (image.name, image.type) == ("image", "tensor(float)")
    assert image.shape == [1, 3, "height", "width"]
    assert result.name == "result"
    rng = np.random.default_rng(0)
    for height, width in ((1, 1), (1, 9), (37, 53), (64, 40)):
        output = shipped.whole(rng.random((height, width, 3), np.float32))
        assert output.shape == (height * shipped.scale, width * shipped.scale, 3)
        assert np.isfinite(output).all()


def test_shipped_files_are_smaller_than_fifteen_megabytes():
    assert FILES
    assert max(path.stat().st_size for path in FILES) < 15_000_000


def test_tiles_with_the_stated_reach_leave_no_seam(shipped):
    """Where windows of attention make the reach unbounded, what is left is below 1/1024."""
    image = np.random.default_rng(1).random((32, 192, 3), np.float32)
    parts = shipped.in_tiles(image, 96, shipped.reach)
    limit = 1e-5 if shipped.multiple == 1 else 1 / 1024
    assert np.abs(parts - shipped.whole(image)).max() <= limit


@pytest.mark.parametrize("shipped", EXACT, ids=lambda path: path.stem, indirect=True)
def test_enlarging_beats_bicubic_on_edges_it_has_never_seen(shipped):
    original = edges_picture(seed=99)
    small = resample.resize(original, 1 / shipped.scale)
    result = shipped.whole(small.astype(np.float32) / 255)
    result = np.rint(np.clip(result, 0, 1) * 255).astype(np.uint8)
    bicubic = resample.resize(small, shipped.scale)
    ours = measurement.psnr(result, original, shipped.scale)
    assert ours > measurement.psnr(bicubic, original, shipped.scale) + 0.5


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_flat_colour_stays_that_colour(shipped, level):
    image = np.full((64, 64, 3), level, np.float32)
    inner = shipped.whole(image)[40:-40, 40:-40]
    assert np.abs(inner - level).max() < 2 / 255


def test_values_outside_the_nominal_range_stay_finite(shipped):
    for level in (-1.0, 4.0):
        assert np.isfinite(shipped.whole(np.full((24, 24, 3), level, np.float32))).all()


@pytest.mark.parametrize("scale", [1 / 4, 1 / 3, 1 / 2, 2, 4])
def test_resampling_keeps_a_constant(scale):
    constant = np.full((24, 36, 3), 0.37)
    np.testing.assert_allclose(resample.resize(constant, scale), 0.37, rtol=0, atol=1e-12)


def test_resampling_agrees_with_pillow_on_a_smooth_picture():
    picture = smooth_picture()
    ours = resample.resize(picture, 1 / 4).astype(int)
    theirs = Image.fromarray(picture).resize((32, 24), Image.Resampling.BICUBIC)
    # Pillow drops what lies beyond the border where MATLAB mirrors it; one sample differs.
    difference = np.abs(ours - np.asarray(theirs).astype(int))[1:-1, 1:-1]
    assert difference.max() <= 1


def test_resampling_down_and_up_keeps_a_smooth_picture():
    picture = smooth_picture()
    back = resample.resize(resample.resize(picture, 1 / 4), 4)
    assert measurement.psnr(back, picture, 8) > 40


def test_shrinking_removes_detail_the_result_cannot_hold():
    """Stripes one pixel wide become their mean instead of a false pattern."""
    stripes = np.tile(np.array([0.0, 1.0]), (32, 32))[..., None]
    small = resample.resize(stripes, 1 / 4)
    assert np.abs(small[:, 2:-2] - 0.5).max() < 0.03
    assert small.std() < 0.2 * stripes.std()


def test_enlarging_passes_through_the_cubic_weights_of_keys():
    """At a quarter of a sample the four weights of a = -1/2 are known fractions."""
    _, weight = resample.taps(16, 32, 2)
    inner = sorted(np.round(weight[15][np.nonzero(weight[15])], 7))
    t = 0.25
    known = [
        -0.5 * t + t**2 - 0.5 * t**3,
        1 - 2.5 * t**2 + 1.5 * t**3,
        0.5 * t + 2 * t**2 - 1.5 * t**3,
        -0.5 * t**2 + 0.5 * t**3,
    ]
    np.testing.assert_allclose(inner, sorted(known), atol=1e-6)


def test_psnr_and_ssim_know_equal_and_different():
    picture = smooth_picture()
    assert measurement.psnr(picture, picture, 4) == float("inf")
    assert measurement.ssim(picture, picture, 4) == pytest.approx(1)
    off = np.clip(picture.astype(int) + 10, 0, 255).astype(np.uint8)
    # Ten steps of grey are 10 * 219 / 255 steps of Y.
    assert measurement.psnr(off, picture, 4) == pytest.approx(
        20 * np.log10(255 / (10 * 219 / 255)), abs=0.01
    )
    noisy = np.random.default_rng(0).integers(0, 256, picture.shape).astype(np.uint8)
    assert measurement.ssim(noisy, picture, 4) < 0.2


@pytest.fixture
def folder(tmp_path):
    """A folder of generated pictures to train on."""
    return photographs(tmp_path / "photographs")


def test_a_training_pair_shows_the_same_place(folder, tmp_path):
    pairs = pictures.Pictures(folder, 4, tmp_path / "cache")
    large, small = pairs.sample(np.random.default_rng(3), 8, 16)
    assert large.shape == (8, 64, 64, 3)
    assert small.shape == (8, 16, 16, 3)
    for big, little in zip(large, small, strict=True):
        again = resample.resize(big, 1 / 4).astype(int)
        assert np.abs(again - little)[3:-3, 3:-3].max() <= 1


def test_packing_again_reads_the_same_pictures(folder, tmp_path):
    first = pictures.Pictures(folder, 2, tmp_path / "cache")
    again = pictures.Pictures(folder, 2, tmp_path / "cache")
    assert (len(first.train), len(first.held_out)) == (5 * len(pictures.SIZES), 1)
    assert all(np.array_equal(a[1], b[1]) for a, b in zip(first.train, again.train, strict=True))


def test_a_folder_without_pictures_is_refused_in_words(tmp_path):
    with pytest.raises(SystemExit, match="No pictures"):
        pictures.Pictures(tmp_path, 4, tmp_path / "cache")
