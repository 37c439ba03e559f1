"""The ten real photographs that enlargers are shown on, and what is printed of them."""

import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models import degradation, resample

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from models.enlarge import photographs  # noqa: E402

ROOT = Path(__file__).parents[2]
SAID = tomllib.loads(photographs.CHOSEN.read_text())


def noisy_ramp(level, side=128):
    """A gradient with Gaussian noise of `level` 8-bit levels of luminance, (side, side, 3)."""
    y, x = np.mgrid[:side, :side]
    plane = 60 + 0.5 * x + 0.4 * y + level * np.random.default_rng(0).standard_normal((side, side))
    return np.rint(plane)[..., None].repeat(3, 2).astype(np.uint8)


@pytest.fixture
def data(tmp_path):
    """A folder with noisy gradients under the names of the ten photographs."""
    width, height = SAID["size"]
    for item in SAID["photographs"]:
        path = tmp_path / "data" / item["file"]
        path.parent.mkdir(parents=True, exist_ok=True)
        left, top = item["at"]
        picture = np.zeros((top + height + 9, left + width + 9, 3), np.uint8)
        y, x = max(0, top - 80), max(0, left - 80)
        part = picture[y:, x:]
        part[...] = noisy_ramp(1.5, 256)[: part.shape[0], : part.shape[1]]
        Image.fromarray(picture).save(path.with_suffix(".png"))
        path.with_suffix(".png").rename(path)
    return tmp_path / "data"


@pytest.fixture
def repeater(tmp_path):
    """A folder with a network that repeats every pixel four times each way."""
    helper = onnx.helper
    sizes = helper.make_tensor("sizes", onnx.TensorProto.FLOAT, [4], [1.0, 1.0, 4.0, 4.0])
    options = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric"}
    node = helper.make_node("Resize", ["image", "", "sizes"], ["result"], **options)
    node.attribute.append(helper.make_attribute("nearest_mode", "floor"))
    shape = [1, 3, None, None]
    ends = [
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
        for name in ("image", "result")
    ]
    graph = helper.make_graph([node], "repeat", ends[:1], ends[1:], [sizes])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    stated = {"scale": "4", "reach": "0", "multiple": "1", "tile": "64"}
    helper.set_model_props(model, {f"safelight.{name}": value for name, value in stated.items()})
    folder = tmp_path / "models"
    folder.mkdir()
    onnx.save(model, folder / "fast_crisp_x4.onnx")
    return folder


def test_ten_photographs_are_chosen_that_may_be_passed_on():
    assert len({item["file"] for item in SAID["photographs"]}) == 10
    assert SAID["licence"] == "CC0-1.0"
    assert all(len(item["why"]) > 20 for item in SAID["photographs"])


def test_a_crop_is_the_named_part_of_the_photograph(data):
    for crop, item in zip(photographs.chosen(data), SAID["photographs"], strict=True):
        left, top = item["at"]
        with Image.open(data / item["file"]) as picture:
            box = (left, top, left + crop.width, top + crop.height)
            assert np.array_equal(crop.cut(crop.pixels), np.asarray(picture.crop(box)))
        assert (left - crop.left) % 16 == (top - crop.top) % 16 == 0  # windows lie as in the whole


def test_noise_is_measured_and_a_gradient_is_none():
    for level in (0.0, 2.0):
        picture = noisy_ramp(level)
        rounding = 1 / 12
        expected = np.sqrt(level**2 + rounding)
        # The flattest tenth of 256 squares of 64 pixels: some 15 % below the mean of all.
        assert 0.75 * expected < photographs.noise(picture, picture, 1) <= 1.02 * expected


def test_noise_of_a_result_is_measured_where_the_photograph_is_flat():
    picture = noisy_ramp(1.0)
    larger = picture.repeat(4, 0).repeat(4, 1)
    own = photographs.noise(picture, picture, 1)
    assert photographs.noise(larger, picture, 4) == pytest.approx(own, rel=0.2)
    smoothed = degradation.convolve(degradation.fraction(larger), degradation.gaussian_line(3))
    assert photographs.noise(degradation.levels(smoothed), picture, 4) < 0.6 * own


def test_a_crop_without_flat_parts_has_no_noise_to_measure():
    rough = np.random.default_rng(1).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    assert np.isnan(photographs.noise(rough, rough, 1))


def test_shrinking_back_notices_what_was_changed_and_not_what_was_added():
    small = resample.resize(noisy_ramp(0.0, 256), 1 / 4)
    crop = photographs.Crop("ramp", "", small, 8, 8, 48, 48)
    true = resample.resize(small, 4)
    pattern = np.tile(np.array([[6, -6], [-6, 6]]), (128, 128))[..., None]
    added = np.clip(true.astype(int) + pattern, 0, 255).astype(np.uint8)
    brighter = np.clip(true.astype(int) + 6, 0, 255).astype(np.uint8)
    assert photographs.shrinks_back(crop, true) > 48
    assert photographs.shrinks_back(crop, added) > 48
    assert photographs.shrinks_back(crop, brighter) < 36


def test_the_sheet_shows_every_crop_and_the_table_every_photograph(data, repeater, tmp_path):
    out = tmp_path / "sheet.jpg"
    command = [sys.executable, "-m", "models.enlarge.photographs", "--models", repeater]
    command += ["--data", data, "--out", out]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    assert rows[0].split("|")[3:5] == [" bicubic ", " fast, crisp "]
    assert len(rows) == 1 + len(SAID["photographs"])
    assert out.stat().st_size <= photographs.LARGEST_FILE
    with Image.open(out) as sheet:
        width, height = SAID["size"]
        assert sheet.width == 3 * (4 * width + photographs.GAP) - photographs.GAP
        shown = np.asarray(sheet).astype(int)[photographs.HEAD :][: 4 * height]
    as_it_is = shown[:, : 4 * width]
    repeated = shown[:, -4 * width :]  # this network does what the first column does
    assert np.abs(as_it_is - repeated).mean() < 3


def test_a_folder_without_what_is_needed_is_refused_in_words(data, tmp_path):
    with pytest.raises(SystemExit, match="is missing"):
        photographs.chosen(tmp_path)
    with pytest.raises(SystemExit, match="holds no enlarger"):
        photographs.enlargements(photographs.chosen(data)[:1], tmp_path)
