"""Cleaning networks: what they are taught is true, what they learn is exported as it is."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from models import complexity, memory, onnxfile, precision  # noqa: E402
from models.clean import damage  # noqa: E402
from models.clean import train as clean_train  # noqa: E402
from models.clean.network import AUTO, SIZES, Clean, build  # noqa: E402
from models.clean.train import Crops, Settings, train  # noqa: E402
from models.degradation import convolve, fraction, gaussian_kernel  # noqa: E402
from models.pictures import Pictures  # noqa: E402
from models.tiles import Network  # noqa: E402
from tests.models.made_pictures import edges_picture, photographs  # noqa: E402

TINY = (4, 4, 6, 8)


def random_network(seed=0):
    """A tiny network that has an opinion: nothing in it is zero."""
    torch.manual_seed(seed)
    network = Clean(TINY)
    for weights in network.parameters():
        torch.nn.init.normal_(weights, std=0.2)
    return network.eval()


@pytest.mark.parametrize("size", sorted(SIZES))
def test_an_untrained_network_takes_nothing_away(size):
    picture = torch.rand(1, 3, 16, 24)
    with torch.no_grad():
        assert torch.equal(build(size)(picture, torch.tensor(0.1)), picture)


def test_the_reach_is_exactly_how_far_a_pixel_is_seen():
    network, seen = random_network().double(), 0
    for at in range(96, 96 + network.multiple):
        picture = torch.randn(1, 3, 8, 200, dtype=torch.double, requires_grad=True)
        network(picture)[..., at].sum().backward()
        counted = (picture.grad.abs().sum((0, 1, 2)) > 0).nonzero().flatten()
        seen = max(seen, at - int(counted[0]), int(counted[-1]) - at)
    assert seen == network.reach


def test_untold_twice_the_contrast_becomes_twice_the_result():
    network, picture = random_network(), torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        torch.testing.assert_close(network(2 * picture), 2 * network(picture))


def test_each_picture_of_a_batch_has_a_level_of_its_own():
    network, pictures = random_network(), torch.rand(3, 3, 16, 16)
    levels = torch.tensor([0.0, 0.3, AUTO])
    with torch.no_grad():
        together = network(pictures, levels)
        for n in range(3):
            alone = network(pictures[n : n + 1], levels[n])
            torch.testing.assert_close(together[n : n + 1], alone)
        assert not torch.allclose(network(pictures[:1], levels[0]), network(pictures[:1]))
        torch.testing.assert_close(together[2:], network(pictures[2:]))


def test_the_level_of_noise_is_its_standard_deviation(monkeypatch):
    monkeypatch.setattr(damage, "CLIPPED", 0.0)
    clean, rng = np.full((96, 96, 3), 128, np.uint8), np.random.default_rng(0)
    levels = []
    for _ in range(40):
        damaged, level = damage.noisy(clean, rng)
        assert damaged.dtype == np.float32
        # 28,000 values, tied to their neighbours in some: within a twentieth, or nearly none.
        assert (damaged - fraction(clean)).std() == pytest.approx(level, rel=0.06, abs=2e-4)
        levels.append(level)
    assert min(levels) < 0.02
    assert max(levels) > 0.15


def test_the_level_of_a_cameras_file_is_how_far_it_is_from_the_picture():
    clean, rng = edges_picture(0, 96, 96), np.random.default_rng(0)
    found = [damage.from_a_camera(clean, rng) for _ in range(40)]
    for damaged, level in found:
        assert damaged.dtype == np.float32
        np.testing.assert_allclose(damaged * 255, np.rint(damaged * 255), atol=1e-4)
        assert np.sqrt(np.mean((damaged - fraction(clean)) ** 2)) == pytest.approx(level, rel=1e-5)
    levels = [level for _, level in found]
    assert min(levels) < 4 / 255
    assert max(levels) > 15 / 255


def test_film_grain_has_the_strength_it_is_given_and_no_colour():
    clean = np.full((128, 128, 3), 0.5, np.float32)
    grain = damage.film_grain(clean, np.random.default_rng(0), 0.05, 1.2) - clean
    assert grain.std() == pytest.approx(0.05, rel=0.05)
    assert np.ptp(grain, axis=2).max() < 1e-6


def test_the_level_of_a_jpeg_says_its_quality():
    clean, rng = edges_picture(0, 64, 64), np.random.default_rng(1)
    found = [damage.compressed(clean, rng) for _ in range(60)]
    strong = [np.abs(d - fraction(clean)).mean() for d, level in found if level > 0.8]
    faint = [np.abs(d - fraction(clean)).mean() for d, level in found if 0 < level < 0.3]
    assert np.mean(strong) > 2 * np.mean(faint)
    assert any(level == 0 and np.array_equal(d, fraction(clean)) for d, level in found)
    assert all(0 <= level <= 1 - damage.QUALITY[0] / 100 for _, level in found)


@pytest.mark.parametrize("sigma", [0.8, 1.6, 2.5])
def test_the_spread_of_a_gaussian_is_its_long_deviation(sigma):
    kernel = gaussian_kernel(sigma, 1.3, 0.4)
    assert damage.spread(kernel) == pytest.approx(1.3 * sigma, rel=0.03)


@pytest.mark.parametrize(("length", "angle", "curvature"), [(3, 0, 0), (12, 1, 0), (14, 2, 0.15)])
def test_motion_is_an_arc_that_does_not_move_the_picture(length, angle, curvature):
    kernel = damage.motion_kernel(length, angle, curvature)
    radius = kernel.shape[0] // 2
    y, x = np.indices(kernel.shape) - radius
    assert kernel.sum() == pytest.approx(1)
    assert [(kernel * y).sum(), (kernel * x).sum()] == pytest.approx([0, 0], abs=1e-6)
    # Half a pixel of the drawing's own width; an arc is less long than the path along it.
    expected = np.hypot(length / np.sqrt(12), 0.4)
    assert damage.spread(kernel) == pytest.approx(expected, rel=0.25 if curvature else 0.06)


def test_the_level_of_blur_is_the_spread_of_its_kernel(monkeypatch):
    drawn = []
    random_kernel = damage.random_kernel

    def noted(rng):
        drawn.append(random_kernel(rng))
        return drawn[-1]

    monkeypatch.setattr(damage, "random_kernel", noted)
    clean, rng = edges_picture(1, 64, 64), np.random.default_rng(2)
    levels = [level for level in (damage.blurred(clean, rng)[1] for _ in range(20)) if level]
    assert levels == [damage.spread(kernel) / damage.SPREAD for kernel in drawn]


def test_with_the_noise_of_cameras_most_examples_are_files_of_cameras(monkeypatch):
    taken = []

    def from_a_camera(clean, rng):
        taken.append(clean)
        return fraction(clean), 0.1

    monkeypatch.setattr(damage, "from_a_camera", from_a_camera)
    for noise, least, most in (("drawn", 0, 0), ("camera", 15, 33)):
        taken.clear()
        settings = Settings(task="denoise", noise=noise, photos=None, out=None)
        crops, rng = Crops(None, settings, (1,)), np.random.default_rng(0)
        for _ in range(40):
            crops.example(edges_picture(0, 32, 32), rng)
        assert least <= len(taken) <= most


@pytest.fixture(scope="module")
def common(tmp_path_factory):
    """Settings that all runs share: generated photographs, small crops, one cache."""
    folder = tmp_path_factory.mktemp("training")
    return {
        "photos": photographs(folder / "photographs"),
        "cache": folder / "cache",
        "batch": 4,
        "patch": 32,
        "measure_every": 1e9,
    }


@pytest.mark.parametrize("task", sorted(damage.TASKS))
def test_crops_lie_over_one_another_and_half_are_untold(common, tmp_path, task):
    settings = Settings(task=task, out=tmp_path, **common)
    crops = iter(Crops(Pictures(common["photos"], 1, common["cache"]), settings, (0,)))
    batches = [next(crops) for _ in range(20)]
    told = 0
    for clean, damaged, level in batches:
        assert clean.shape == damaged.shape == (4, 3, 32, 32)
        assert level.shape == (4,)
        told += int((level > AUTO).sum())
    assert 0.25 < told / 80 < 0.75
    clean, damaged = (torch.cat([b[n] for b in batches]) for n in (0, 1))
    moved = [
        (clean - damaged.roll((y, x), (2, 3)))[..., 2:-2, 2:-2].abs().mean()
        for y in (-1, 0, 1)
        for x in (-1, 0, 1)
    ]
    assert int(np.argmin(moved)) == 4  # where it is: neither way by a pixel


def test_a_told_level_is_spread_above_and_below_the_true_one():
    rng = np.random.default_rng(4)
    ratios = [damage.told_level("denoise", 0.05, rng) / 0.05 for _ in range(200)]
    assert min(ratios) < 0.5 < 2 < max(ratios)
    assert min(ratios) >= 1 / damage.TOLD_APART
    assert max(ratios) <= damage.TOLD_APART
    assert max(damage.told_level("deblur", 0.9, rng) for _ in range(50)) == 1.0
    assert max(damage.told_level("denoise", 0.0, rng) for _ in range(50)) > 80 / 255


def test_told_too_low_a_level_the_rest_of_the_damage_is_wanted():
    clean = np.full((4, 4, 3), 128, np.uint8)
    damaged = fraction(clean) + np.float32(0.2)
    half = 0.5 * damage.ENOUGH * 0.2
    for told, left in ((half, 0.1), (0.2, 0.0), (0.4, 0.0), (AUTO, 0.0), (0.0, 0.2)):
        wanted = damage.less_damaged(clean, damaged, 0.2, told)
        np.testing.assert_allclose(wanted - fraction(clean), left, atol=1e-6)


def test_told_about_the_true_level_all_of_the_damage_is_to_go():
    """Some way below it too, so that the truth is not the brink of leaving some."""
    clean = np.full((4, 4, 3), 128, np.uint8)
    damaged = fraction(clean) + np.float32(0.2)
    for told in (0.15, 0.17, 0.19, 0.2, 0.25):
        assert np.array_equal(damage.less_damaged(clean, damaged, 0.2, told), fraction(clean))


def test_without_damage_nothing_is_wanted_whatever_is_told(common, tmp_path, monkeypatch):
    monkeypatch.setattr(clean_train, "STILL", 1.0)
    settings = Settings(task="denoise", told="spread", out=tmp_path, **common)
    crops = iter(Crops(Pictures(common["photos"], 1, common["cache"]), settings, (0,)))
    batches = [next(crops) for _ in range(9)]
    wanted, damaged, told = (torch.cat([batch[n] for batch in batches]) for n in range(3))
    assert torch.equal(wanted, damaged)
    assert (told > 40 / 255).any()


def test_low_frequencies_stray_by_the_difference_of_means():
    image = torch.rand(2, 3, 64, 64)
    pattern = torch.tensor([1.0, -1.0]).repeat(32)
    assert clean_train.strayed(image + 0.1 * pattern, image) < 1e-6
    torch.testing.assert_close(clean_train.strayed(image + 0.1, image), torch.tensor(0.1))


def test_a_flat_grey_is_followed_while_the_told_level_is_spread(common, tmp_path):
    train(Settings(task="denoise", told="spread", out=tmp_path, steps=5, **common))
    rows = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [row["flat_drift"] for row in rows if "flat_drift" in row]
    shifting = random_network()
    flat = clean_train.flat_drift(shifting, torch.device("cpu"))
    assert flat > 1


def test_a_few_seconds_of_training_take_noise_away_and_resume(common, tmp_path, monkeypatch):
    monkeypatch.setattr(damage, "WHITE", 1.0)
    monkeypatch.setattr(damage, "WHITE_LEVEL", (25, 25))  # so that losses can be compared
    losses = train(Settings(task="denoise", out=tmp_path, steps=50, **common))
    assert np.mean(losses[-10:]) < 0.85 * np.mean(losses[:10])
    rows = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    (before,) = (row["damaged_psnr"] for row in rows if "damaged_psnr" in row)
    (measured,) = (row["held_out_psnr"] for row in rows if "held_out_psnr" in row)
    assert measured > before + 0.5
    (told,) = (row["told_psnr"] for row in rows if "told_psnr" in row)
    assert told > before + 0.5
    assert str(tmp_path.parent) not in (tmp_path / "log.jsonl").read_text()
    again = Settings(task="denoise", out=tmp_path, steps=52, resume=True, **common)
    assert len(train(again)) == 2


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """(network, its file, the report) of a random network."""
    network = random_network()
    target = tmp_path_factory.mktemp("exported") / "denoise.onnx"
    stated = {"title": "Tiny", "licence": "CC0-1.0", "tile": "64"}
    levels = (AUTO, 0.1, 0.6)
    report = onnxfile.export(
        network,
        target,
        stated,
        multiple=network.multiple,
        reach=network.reach,
        numbers={"level": levels},
    )
    return network, target, report


def test_a_file_takes_the_level_and_need_not_be_given_it(exported):
    network, target, report = exported
    file, picture = Network(target), np.random.default_rng(3).random((24, 32, 3), np.float32)
    planes = torch.from_numpy(picture.transpose(2, 0, 1)[None].copy())
    for level in (AUTO, 0.0, 0.25):
        with torch.no_grad():
            expected = network(planes, torch.tensor(level))[0].permute(1, 2, 0).numpy()
        np.testing.assert_allclose(file.whole(picture, level=level), expected, atol=1e-5)
    np.testing.assert_array_equal(file.whole(picture), file.whole(picture, level=AUTO))
    assert [item.name for item in file.session.get_inputs()] == ["image"]
    assert max(report.seams.values()) <= onnxfile.EXACT_SEAM
    assert complexity.multiply_adds(target) > 0


def test_tiles_of_a_told_network_are_the_whole(exported):
    _, target, report = exported
    file, picture = Network(target), np.random.default_rng(4).random((90, 200, 3), np.float32)
    whole = file.whole(picture, level=0.2)
    np.testing.assert_allclose(
        file.in_tiles(picture, 48, report.reach, level=0.2), whole, atol=1e-5
    )
    off = np.abs(file.in_tiles(picture, 48, 16, level=0.2) - whole).max()
    assert off > 1e-4


def test_the_peak_of_memory_holds_at_least_one_tile(exported):
    _, target, report = exported
    side = 64 + 2 * report.reach
    tensor = side * side * 3 * 4 / (1 << 20)  # MiB of the picture alone
    assert tensor < memory.peak(target) < 1000


def test_half_precision_takes_the_level_too(exported, tmp_path):
    _, target, _ = exported
    picture = np.random.default_rng(5).random((32, 32, 3), np.float32)
    precision.half(target, tmp_path / "half.onnx", [picture])
    half, full = Network(tmp_path / "half.onnx"), Network(target)
    told = full.whole(picture, level=0.3)
    assert np.abs(told - full.whole(picture)).max() > 0.02
    np.testing.assert_allclose(half.whole(picture, level=0.3), told, atol=0.01)


def test_blur_of_the_benchmark_is_the_one_that_is_stated():
    clean = edges_picture(2, 64, 64)
    damaged, level = damage.benchmark("deblur", clean, 0)
    expected = convolve(fraction(clean), gaussian_kernel(1.6, 1.0, 0.0))
    np.testing.assert_allclose(damaged, expected, atol=2e-3)
    assert level == pytest.approx(0.16)
