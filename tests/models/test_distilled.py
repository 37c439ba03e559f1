"""Features of our own: encoder and heads of a training, in place of SqueezeNet's answers."""

from pathlib import Path

import pytest
import torch

from models.style import objective
from models.style.distilled import TAUGHT, Heads, distil, is_distilled
from models.style.network import WIDTHS, Stylizer
from models.style.own import FEATURES
from models.training import save_state
from tests.models.made_pictures import features


@pytest.fixture(scope="module")
def trained():
    """A network with its heads, as a training has them."""
    torch.manual_seed(0)
    return Stylizer("fast"), Heads(WIDTHS["fast"][1:])


@pytest.fixture
def state(trained, tmp_path):
    """What a training leaves of them."""
    network, heads = trained
    weights = network.state_dict()
    stored = {"network": {"weights": weights}, "heads": {"weights": heads.state_dict()}}
    save_state(tmp_path / "state.pt", stored | {"average": weights, "step": 1, "seconds": 1.0})
    return tmp_path / "state.pt"


@torch.no_grad()
def test_its_answers_are_those_of_the_heads_by_squeezenets_layers(trained, state, tmp_path):
    network, heads = trained
    distil(state, tmp_path / "features.npz", "fast")
    picture = torch.rand(1, 3, 64, 96)
    found = objective.by_layer(objective.features(tmp_path / "features.npz"), picture)
    assert list(found) == [layer for layer, _ in TAUGHT.values()]
    for head, level, answer in zip(
        heads.heads, network.encoder(picture), found.values(), strict=True
    ):
        assert torch.allclose(answer, head(level), atol=1e-5)


def test_styles_and_contents_are_compared_by_them(state, tmp_path):
    distil(state, tmp_path / "features.npz", "fast")
    compared = objective.features(tmp_path / "features.npz")
    picture, other = torch.rand(1, 3, 64, 64, requires_grad=True), torch.rand(1, 3, 64, 64)
    its = objective.by_layer(compared, other)
    found = objective.losses(objective.by_layer(compared, picture), its, objective.styles(its))
    same = objective.losses(its, its, objective.styles(its))
    assert float(same.style) == pytest.approx(0, abs=1e-5)
    assert float(found.style) > 0.01
    assert float(found.content) > 0.01
    (found.style + found.content).sum().backward()
    assert float(picture.grad.abs().max()) > 0
    assert all(not part.requires_grad for part in compared.parameters())


def test_a_state_of_another_size_is_refused(state, tmp_path):
    with pytest.raises(SystemExit, match="no network of size quality"):
        distil(state, tmp_path / "features.npz", "quality")
    assert not (tmp_path / "features.npz").exists()


def test_a_file_says_whether_it_is_distilled(state, tmp_path):
    distil(state, tmp_path / "features.npz", "fast")
    assert is_distilled(tmp_path / "features.npz")
    assert not is_distilled(features(tmp_path / "squeezenet.npz"))


def test_those_that_ship_are_there():
    assert is_distilled(Path(FEATURES))
