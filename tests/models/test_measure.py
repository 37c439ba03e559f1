"""The table says what the shipped files reach, and says nothing of files it has not run."""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image

from models import cards, resample
from models.enlarge import measure
from models.tiles import Network, sha256, state
from tests.models.made_pictures import edges_picture


@pytest.fixture
def data(tmp_path):
    """A folder of two sets of small pictures, one with a picture of a single channel."""
    for name, count in (("set5", 2), ("set14", 1)):
        (tmp_path / "data" / name).mkdir(parents=True)
        for n in range(count):
            picture = Image.fromarray(edges_picture(n, 41, 50))
            picture.convert("L" if n else "RGB").save(tmp_path / "data" / name / f"{n}.png")
    return tmp_path / "data"


@pytest.fixture
def files(tmp_path):
    """A folder with one network, that repeats every pixel twice each way."""
    value = onnx.helper.make_tensor_value_info
    image, result = (value(name, 1, [1, 3, "h", "w"]) for name in ("image", "result"))
    factors = onnx.numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "factors")
    node = onnx.helper.make_node("Resize", ["image", "", "factors"], ["result"], mode="nearest")
    graph = onnx.helper.make_graph([node], "twice", [image], [result], [factors])
    model = onnx.helper.make_model(
        graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=10
    )
    (tmp_path / "files").mkdir()
    path = tmp_path / "files" / "twice_x2.onnx"
    onnx.save(model, str(path))
    stated = {"scale": "2", "reach": "1", "multiple": "1", "tile": "16"}
    state(path, stated | {"parameters": "0", "metrics": "not measured"})
    return tmp_path / "files"


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["measure", *map(str, arguments)])
    measure.main()


def test_every_file_is_measured_and_told_its_figures(data, files, tmp_path, monkeypatch, capsys):
    numbers = tmp_path / "metrics.json"
    given = ("--data", data, "--models", files, "--rounds", 1, "--state", "--json", numbers)
    run(monkeypatch, *given)
    printed = capsys.readouterr().out
    assert "| **twice_x2** | 0 | 0.0 |" in printed
    assert "| SwinIR-light | 878 | 195.6 | – | – | 38.14 / 0.9611 | 33.86 / 0.9206 |" in printed
    assert "×4" not in printed
    written = json.loads(numbers.read_text())
    path = files / "twice_x2.onnx"
    assert written["files"]["twice_x2"]["sha256"] == sha256(path)
    assert (files / "SHA256SUMS").read_text() == f"{sha256(path)}  twice_x2.onnx\n"
    psnr = written["files"]["twice_x2"]["scores"]["set5"]["psnr"]
    assert f"Set5 n=2 Y-PSNR {psnr:.2f} dB" in Network(path).properties["metrics"]
    assert written["text"] in printed


def test_scores_are_those_of_the_method_on_the_reduced_picture(data):
    pictures = measure.originals(data / "set5")
    assert [grey for _, grey in pictures] == [False, True]
    truth = {picture.shape: picture for picture, _ in pictures}
    colour = pictures[0][0][:40]
    perfect = measure.scores(pictures[:1], 2, lambda small: colour)
    assert perfect["psnr"] == float("inf")
    assert perfect["ssim"] == pytest.approx(1)
    assert perfect["gmsd"] == perfect["spectrum"] == 0
    seen = []
    measure.scores(pictures, 4, lambda small: seen.append(small) or resample.resize(small, 4))
    assert [small.shape for small in seen] == [(10, 12, 3)] * 2
    original = truth[(41, 50, 3)][:40, :48]
    np.testing.assert_array_equal(seen[-1], resample.resize(original, 1 / 4))


def test_large_pictures_are_measured_through_tiles(files, monkeypatch):
    network = Network(files / "twice_x2.onnx")
    sizes = []
    whole = network.whole
    monkeypatch.setattr(network, "whole", lambda image: sizes.append(image.shape) or whole(image))
    small = edges_picture(3, 30, 50)
    np.testing.assert_array_equal(measure.enlarge(network, small), small.repeat(2, 0).repeat(2, 1))
    assert len(sizes) == 6
    assert max(max(size) for size in sizes) <= 16 + 2 + 2


def test_a_set_that_is_missing_is_named(files, tmp_path, monkeypatch, capsys):
    with pytest.raises(SystemExit) as stopped:
        run(monkeypatch, "--data", tmp_path, "--models", files)
    assert stopped.value.code == 1
    assert "set5 is missing" in capsys.readouterr().err


def test_the_words_of_the_card_name_every_kind_of_file():
    said = cards.words(Path(measure.__file__).parent)
    assert set(said["models"]) == {"fast", "quality", "photo"}
    assert any("CC BY-SA" in item["licence"] and item["credit"] for item in said["data"])
    for chain in said["files"].values():
        assert set(chain) <= set(said["runs"])


def test_averaged_each_of_eight_turns_is_turned_back():
    seen = []

    class Network:
        scale = 2

        def __call__(self, image):
            seen.append(image.tobytes())
            return image.repeat(2, 0).repeat(2, 1)

    small = edges_picture(3, 6, 9)
    result = measure.averaged(Network(), small)
    np.testing.assert_array_equal(result, small.repeat(2, 0).repeat(2, 1))
    assert len(set(seen)) == 8


def test_what_averaging_gains_is_told_with_its_spread(files, data, monkeypatch, tmp_path):
    (files / "twice_faithful_x2.onnx").write_bytes((files / "twice_x2.onnx").read_bytes())
    numbers = tmp_path / "gain.json"
    run(monkeypatch, "--data", data, "--models", files, "--averaged", "--json", numbers)
    text = json.loads(numbers.read_text())["text"]
    assert "twice_faithful_x2, its eight turns" in text
    assert "| Set5, n = 2 |" in text
    assert "+0.00 (0.00)" in text  # doubling pixels treats all turns alike


def test_what_another_program_made_of_the_small_pictures_is_measured_like_ours(
    files, data, monkeypatch, tmp_path
):
    monkeypatch.setattr(measure, "SCALES", (2,))
    run(monkeypatch, "--data", data, "--models", files, "--small", tmp_path / "small")
    small = sorted((tmp_path / "small").iterdir())
    assert [path.name for path in small] == ["set14_00.png", "set5_00.png", "set5_01.png"]
    (tmp_path / "large").mkdir()
    for path in small:  # what the only file does too
        doubled = np.asarray(Image.open(path)).repeat(2, 0).repeat(2, 1)
        Image.fromarray(doubled).save(tmp_path / "large" / path.name)
    numbers = tmp_path / "another.json"
    given = ("--another", "theirs", tmp_path / "large", "--json", numbers, "--sets", "set5")
    run(monkeypatch, "--data", data, "--models", files, *given)
    theirs, ours = json.loads(numbers.read_text())["text"].splitlines()[-2:]
    assert theirs.replace("theirs", "**twice_x2**") == ours
