"""The command that turns a generator's weights into the files of the plugin."""

import csv
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from models.generate import export, networks, surface_network  # noqa: E402
from models.generate.networks import CODE, Finer, Held, Objects, Sketched, said  # noqa: E402
from models.generate.surface_network import Surfaces  # noqa: E402
from models.generate.surfaces import Kinds  # noqa: E402
from models.tiles import Network, sha256  # noqa: E402
from models.training import save_weights  # noqa: E402
from tests.attack import times  # noqa: E402

SIDE = 16
NAMES = ["bark.jpg", "bark.jpg", "sand.jpg"]
PASSES = times(networks.PASSES, 2)
DOUBLINGS = times(4, 2)
CELL = 1 << DOUBLINGS


@pytest.fixture(scope="module", autouse=True)
def _short():
    """Every pass and every doubling takes as long to export as the others: an attack has all."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(networks, "PASSES", PASSES)
        for module in (surface_network, export):
            patch.setattr(module, "CELL", CELL)
        yield


def lively(module):
    """Biases, which begin as zeros, too are drawn."""
    for name, value in module.named_parameters():
        if name.endswith("bias"):
            torch.nn.init.normal_(value, std=0.3)
    return module.eval()


@pytest.fixture(scope="module")
def weights(tmp_path_factory, _short):
    """Weights of both generators, narrow ones of widths that no factor gives."""
    folder = tmp_path_factory.mktemp("weights")
    torch.manual_seed(3)
    objects = lively(Objects(SIDE, widths=(20, 24, 17)))
    objects.centre.normal_()
    kinds = lively(Kinds(Surfaces(2, widths=(16, 24, 8, 16, 8)[-1 - DOUBLINGS :]), len(NAMES)))
    small = lively(Sketched(4, (6, 8, 12)))
    small.mean.normal_(std=0.2)
    small.directions.normal_(std=0.1)
    torch.nn.init.normal_(small.flow.last.inner.weight)
    finer = lively(Finer(4, SIDE, widths=(10, 6)))
    torch.nn.init.normal_(finer.last.inner.weight)
    modules = {"flowers": objects, "surfaces": kinds, "small": small, "finer": finer}
    for name, module in modules.items():
        save_weights(folder / f"{name}.npz", module.state_dict())
    with (folder / "list.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["name"], *([name] for name in NAMES)])
    return folder


def command(patch, weights, out, *more):
    name = "surfaces" if "--surfaces" in more else "small" if "--finer" in more else "flowers"
    given = ["--weights", weights / f"{name}.npz", "--out", out]
    given += ["--textures", weights / "list.csv", *more]
    patch.setattr(sys, "argv", ["export", *map(str, given)])
    export.main()


@pytest.fixture(scope="module")
def exported(weights, tmp_path_factory):
    """A folder with all files."""
    out = tmp_path_factory.mktemp("plugin")
    with pytest.MonkeyPatch.context() as patch:
        command(patch, weights, out, "--finer", weights / "finer.npz")
        command(patch, weights, out, "--surfaces")
    return out


def test_what_one_training_makes_alone_becomes_the_same_file(weights, tmp_path, monkeypatch):
    command(monkeypatch, weights, tmp_path)
    network = Network(tmp_path / "flowers.onnx")
    assert [one.name for one in network.session.get_inputs()] == ["codes", "lock", "variety"]
    assert network.tile == SIDE


def test_detail_that_is_none_is_refused(weights, tmp_path, monkeypatch):
    with pytest.raises(SystemExit, match="holds no weights of detail"):
        command(monkeypatch, weights, tmp_path / "out", "--finer", weights / "small.npz")


@pytest.mark.attack
def test_weights_become_files_that_say_what_they_are(exported):
    names = {"flowers.onnx", "surfaces.onnx", "surfaces.npz", "SHA256SUMS"}
    assert {path.name for path in exported.iterdir()} == names
    sums = (exported / "SHA256SUMS").read_text()
    for name in ("flowers", "surfaces"):
        network = Network(exported / f"{name}.onnx")
        stated = network.properties
        assert (stated["contract"], network.scale, network.reach, network.multiple) == (
            "1",
            1,
            0,
            1,
        )
        assert stated["title"] == {"flowers": "Flowers", "surfaces": "Generate, Surfaces"}[name]
        assert sha256(network.path) in sums
    assert "CC BY 2.0" in Network(exported / "flowers.onnx").properties["training_data"]
    assert "flower" not in Network(exported / "surfaces.onnx").properties["training_data"]


def test_flowers_are_put_into_no_plugin_unasked(weights, monkeypatch, capsys):
    given = ["export", "--weights", str(weights / "flowers.npz")]
    monkeypatch.setattr(sys, "argv", given)
    with pytest.raises(SystemExit):
        export.main()
    assert "no plugin has them" in capsys.readouterr().err


def test_every_texture_has_its_code_and_its_pictures_name(exported, weights):
    with np.load(exported / "surfaces.npz", allow_pickle=False) as stored:
        codes, names = stored["codes"], stored["names"]
    assert names.tolist() == NAMES
    assert codes.dtype == np.float32
    learnt = np.load(weights / "surfaces.npz")["codes"]
    centred = learnt - learnt.mean(0)
    assert codes == pytest.approx(centred / np.sqrt(np.square(centred).mean()), abs=1e-5)


def test_a_list_of_other_textures_is_refused(weights, tmp_path, monkeypatch):
    other = tmp_path / "other.csv"
    other.write_text("name\nbark.jpg\n")
    with pytest.raises(SystemExit, match="names 1 textures, 3 were learnt"):
        command(monkeypatch, weights, tmp_path / "out", "--surfaces", "--textures", other)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("more", [(), ("--surfaces",)])
def test_weights_of_the_other_network_are_refused(weights, tmp_path, monkeypatch, more):
    wrong = weights / ("flowers.npz" if more else "surfaces.npz")
    with pytest.raises(SystemExit, match="holds no weights of"):
        command(monkeypatch, weights, tmp_path / "out", *more, "--weights", wrong)


@pytest.mark.attack
def test_the_margin_that_is_stated_is_enough_and_one_cell_less_is_not(exported):
    network = Network(exported / "surfaces.onnx")
    margin = int(network.properties["margin"])
    part, whole = export.in_pieces(network, margin)
    assert part.shape == (3, 4 * CELL, 6 * CELL)
    assert np.abs(part - whole).max() < 1e-5
    part, whole = export.in_pieces(network, margin - 1)
    assert np.abs(part - whole).max() > 1e-4


@pytest.mark.attack
def test_surfaces_have_no_border(exported):
    """Neither where they are of one kind nor where every cell is of another."""
    network = Network(exported / "surfaces.onnx")
    given = export.cells(3, 4, 1, (3, 4))
    given["kinds"] = np.broadcast_to(given["kinds"][:, :, :1, :1], given["kinds"].shape).copy()
    for trial in (given, export.cells(3, 4, 2, (3, 4))):
        rolled = {k: v if k == "period" else np.roll(v, (1, 2), (2, 3)) for k, v in trial.items()}
        expected = np.roll(export.made(network, trial), (CELL, 2 * CELL), (1, 2))
        assert export.made(network, rolled) == pytest.approx(expected, abs=1e-5)


def test_waves_of_half_a_turn_are_fitted_alike_on_every_device():
    """Into eleven cells five such waves fit as well as six, but for what is rounded off."""
    surfaces = Surfaces(1, widths=(8, 8, 8, 8, 8))
    places = torch.arange(11.0).expand(1, 2, 11, 11)
    with torch.no_grad():
        surfaces.vectors.inner.weight.zero_()
        waves = []
        for wanted in (20.0, 7.5):  # a tanh of 1, and of a millionth less
            surfaces.vectors.inner.bias.fill_(wanted)
            told = torch.zeros(1, networks.MAPPED, 11, 11)
            waves.append(surfaces.periodic(told, places, torch.full((1, 2), 11.0))[0])
    assert torch.allclose(*waves, atol=1e-4)


@pytest.mark.attack
def test_a_file_that_has_a_border_is_refused(weights, tmp_path, monkeypatch):
    """What cells are told of does not wrap here."""
    wrap = Surfaces.wrap

    def half(self, on):
        wrap(self, on)
        for block in self.blocks:
            block.wraps = False

    monkeypatch.setattr(Surfaces, "wrap", half)
    with pytest.raises(SystemExit, match="rolled: off by"):
        command(monkeypatch, weights, tmp_path / "out", "--surfaces")
    assert not list((tmp_path / "out").glob("*.onnx"))


@pytest.mark.parametrize("names", [["flowers"], ["small", "finer"]])
def test_with_nothing_locked_a_flower_is_exactly_what_training_saw(weights, names):
    module = export.flower(*(weights / f"{name}.npz" for name in names))
    codes = torch.randn(2, CODE)
    nothing, one = torch.zeros(1, 1, SIDE, SIDE), torch.ones(1)
    with torch.no_grad():
        expected, held = (export.shown(module.objects(code)) for code in codes[:, None])
        assert torch.equal(module(codes[:1], nothing, one), expected)
        assert torch.allclose(module(codes, nothing, one), expected, atol=1e-6)
        assert torch.allclose(module(codes, nothing + 1, one), held, atol=1e-5)
        assert torch.allclose(module(codes[:1], nothing + 1, one), expected, atol=1e-6)


def test_what_is_held_counts_where_it_is_locked_by_as_much(weights):
    objects = export.flower(weights / "flowers.npz").objects
    layer = objects.blocks[0].scales[0]
    told, other = torch.randn(2, 1, layer.weight.shape[1])
    where = torch.zeros(1, 1, SIDE, SIDE)
    where[..., SIDE // 2 :] = 1
    where[..., SIDE // 4 : SIDE // 2] = 0.5
    held = Held(other, where).at(4)
    assert held.where[0, 0, 2].tolist() == [0, 0.5, 1, 1]
    found = said(layer, told, held)[0, :, 2]
    ours, its = layer(told)[0], layer(other)[0]
    assert torch.allclose(found[:, 0], ours)
    assert torch.allclose(found[:, 1], (ours + its) / 2, atol=1e-6)
    assert torch.allclose(found[:, 3], its, atol=1e-6)


@pytest.mark.attack
def test_without_variety_all_flowers_are_the_usual_one(exported):
    network = Network(exported / "flowers.onnx")
    first, second = map(dict, list(export.flower_trials(SIDE))[:4:2])
    pictures = [
        export.made(network, given | {"variety": np.zeros(1, np.float32)})
        for given in (first, second)
    ]
    assert pictures[0] == pytest.approx(pictures[1], abs=1e-5)
    assert np.abs(export.made(network, first) - pictures[0]).max() > 0.01


@pytest.mark.parametrize("wrong", [np.nan, 0.01])
def test_numbers_that_differ_from_pytorchs_are_refused(wrong):
    found = np.zeros((3, 2, 2))
    assert export.agree(found, found + 1e-6, "it") == pytest.approx(1e-6)
    with pytest.raises(SystemExit, match="it: off by"):
        export.agree(found + np.where(np.arange(2), wrong, 0), found, "it")
