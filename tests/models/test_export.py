"""The command that turns weights into a file of the plugin."""

import functools
import sys

import pytest

torch = pytest.importorskip("torch")

from models import onnxfile, precision  # noqa: E402
from models.enlarge import export  # noqa: E402
from models.enlarge.network import BLOCKS, FAMILIES, Fast, build  # noqa: E402
from models.tiles import Network  # noqa: E402
from models.training import save_weights  # noqa: E402
from tests.attack import times  # noqa: E402
from tests.models.made_pictures import photographs  # noqa: E402


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    """Every block takes as long to export as the others: an attack has all."""
    monkeypatch.setitem(FAMILIES, "fast", functools.partial(Fast, blocks=times(BLOCKS, 2)))


@pytest.fixture
def weights(tmp_path):
    """A weights.npz of Fast ×2 that draws something of its own."""
    torch.manual_seed(0)
    network = build("fast", 2)
    torch.nn.init.normal_(network.last.weight, std=0.01)
    save_weights(tmp_path / "weights.npz", network.state_dict())
    return tmp_path / "weights.npz"


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["export", *map(str, arguments)])
    export.main()


@pytest.mark.attack
def test_weights_become_the_file_that_the_filter_looks_for(weights, tmp_path, monkeypatch):
    """With its variants: those that are kept have passed, those that failed are gone."""
    monkeypatch.setattr(export, "CALIBRATION", 2)
    monkeypatch.setattr(precision, "TIMED_SIDE", 32)
    trades = []
    make = precision.eight_bit
    monkeypatch.setattr(
        precision, "eight_bit", lambda *given: trades.append(make(*given)) or trades[-1]
    )
    given = ("--model", "photo", "--look", "crisp", "--scale", 2, "--weights", weights)
    folder = photographs(tmp_path / "photographs")
    run(monkeypatch, *given, "--out", tmp_path / "out", "--variants", folder)
    names = {path.name for path in (tmp_path / "out").iterdir()}
    expected = {"photo_crisp_x2.onnx", "photo_crisp_x2_float16.onnx", "SHA256SUMS"}
    if trades[0].worth_it():
        expected.add("photo_crisp_x2_int8.onnx")
    assert names == expected
    stated = Network(tmp_path / "out" / "photo_crisp_x2.onnx").properties
    assert stated["title"] == "Enlarge ×2, Photo, crisp"
    assert stated["metrics"] == "not measured"
    assert "Cloudinary CID22 (CC BY-SA 4.0)" in stated["training_data"]
    assert (stated["tile"], stated["reach"]) == ("448", str(build("fast", 2).reach))


def test_weights_of_another_network_are_refused(weights, tmp_path, monkeypatch):
    given = ("--model", "quality", "--scale", 2, "--weights", weights, "--out", tmp_path / "out")
    with pytest.raises(SystemExit, match="no weights of quality ×2"):
        run(monkeypatch, *given)
    assert not (tmp_path / "out").exists()


def test_seams_are_looked_for_in_real_photographs():
    samples = export.samples()
    assert len(samples) >= 3
    side = onnxfile.SEAM_SIDE
    assert {picture.shape for picture in samples.values()} == {(side, side, 3)}
    assert all(0 < picture.mean() < 1 for picture in samples.values())
