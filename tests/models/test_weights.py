"""Weights: nothing is kept twice, and the rest of a network that ships is that network's."""

import hashlib

import numpy as np
import pytest
import torch

from models import rest
from models.generate import export as generating
from models.repair.detector import Detector
from models.repair.network import Filler
from models.rest import keep_rest
from models.style.network import Stylizer
from models.style.own import GENERAL
from models.training import ROOT, load_weights, save_weights, stored_weights

LARGE = 10_000  # numbers of an array that counts
RESTS = ("repair/weights/fill.npz", "style/weights/quality.npz", "generate/weights/surfaces.npz")


def test_no_large_array_of_a_network_that_ships_is_kept_beside_its_training():
    """By value, whatever its name; turned as well, for an export turns some."""
    shipped = set()
    for path in ROOT.glob("plugins/*/*/*.onnx"):
        for array in stored_weights(path).values():
            shipped |= {digest(array), digest(array.T)} if array.size >= LARGE else set()
    assert shipped
    for path in ROOT.glob("models/**/weights/*.npz"):
        with np.load(path, allow_pickle=False) as stored:
            kept = {name: stored[name] for name in stored.files if stored[name].size >= LARGE}
        assert [name for name, array in kept.items() if digest(array) in shipped] == [], path


def digest(array):
    return hashlib.sha256(array.tobytes()).digest()


@pytest.mark.parametrize("name", RESTS)
def test_a_rest_and_the_network_that_ships_are_the_whole_network(name):
    path = ROOT / "models" / name
    if "surfaces" in name:
        surface, codes = generating.surface(path)
        assert codes.ndim == 2
        return
    network = Filler("small") if "fill" in name else Stylizer("quality")
    assert load_weights(network, path) == []


def test_a_network_that_ships_whole_is_gone_on_from():
    assert load_weights(Stylizer("fast"), GENERAL) == []
    detector = ROOT / "plugins/repair/safelight_repair/detect.onnx"
    assert load_weights(Detector(), detector) == []


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout in which `shipped.npz` ships."""
    monkeypatch.setattr(rest, "ROOT", tmp_path)
    monkeypatch.setattr("models.training.ROOT", tmp_path)
    return tmp_path


def test_a_rest_is_what_the_other_file_has_not(checkout):
    arrays = {name: torch.rand(3, 2) for name in ("same", "turned", "alone")}
    save_weights(checkout / "weights.npz", arrays)
    save_weights(checkout / "shipped.npz", {"same": arrays["same"], "turned": arrays["alone"]})
    files = [checkout / name for name in ("weights.npz", "shipped.npz", "rest.npz")]
    assert keep_rest(*files) == ["turned", "alone"]
    found = stored_weights(checkout / "rest.npz")
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert np.array_equal(found[name], array)


def test_a_rest_is_of_no_other_network(checkout):
    for name in ("weights", "shipped"):
        save_weights(checkout / f"{name}.npz", {"one": torch.rand(3)})
    keep_rest(checkout / "weights.npz", checkout / "shipped.npz", checkout / "rest.npz")
    save_weights(checkout / "shipped.npz", {"one": torch.rand(3)})
    with pytest.raises(SystemExit, match="rest of another shipped.npz"):
        stored_weights(checkout / "rest.npz")
    (checkout / "shipped.npz").unlink()
    with pytest.raises(SystemExit, match="rest of another shipped.npz"):
        stored_weights(checkout / "rest.npz")
