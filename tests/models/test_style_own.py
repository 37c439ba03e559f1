"""A style of your own: the folded network says what the general one does, learns, and becomes a
plugin that passes its tests."""

import json
import re
import shlex
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from models import onnxfile  # noqa: E402
from models.pictures import is_held_out  # noqa: E402
from models.style import own  # noqa: E402
from models.style.network import Modulated, Stylizer  # noqa: E402
from models.style.own import Settings, make, slug, train  # noqa: E402
from models.style.single import Single, folded, repeat_edges  # noqa: E402
from models.tiles import Network  # noqa: E402
from models.training import load_weights, save_weights  # noqa: E402
from tests.models.made_pictures import edges_picture, features, own_tests, photographs  # noqa: E402

ROOT = Path(__file__).parents[2]


def general():
    """An untrained network of size fast in which every style shifts what is modulated."""
    torch.manual_seed(1)
    network = Stylizer("fast").eval()
    for part in network.modules():
        if isinstance(part, Modulated):
            torch.nn.init.normal_(part.shift.weight, std=0.3)
    return network


@pytest.fixture(scope="module")
def common(tmp_path_factory):
    """Settings that all runs share: a drawn painting, drawn photographs, random features."""
    folder = tmp_path_factory.mktemp("own")
    rng = np.random.default_rng(4)
    painting = folder / "the_wave.png"
    Image.fromarray(rng.integers(0, 256, (72, 88, 3), np.uint8)).save(painting)
    weights = folder / "general.npz"
    save_weights(weights, general().state_dict())
    return {
        "painting": painting,
        "photos": photographs(folder / "my photographs"),
        "features": features(folder / "features.npz"),
        "general": weights,
        "name": "The wave",
        "patch": 48,
        "side": 64,
        "measure_every": 1e9,
    }


def rows(out):
    return [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]


def test_with_all_levels_it_gives_what_the_general_network_gives():
    network = general()
    repeat_edges(network)  # as the folded one does
    photograph, painting = torch.rand(1, 3, 48, 64), torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        its, style = (network.describe(part) for part in (photograph, painting))
        expected = network(photograph, its[:, 0], style, torch.ones(1, 1))
        alone = folded(network, its[:, 0], style[:, 0], levels=3)(photograph)
        smaller = folded(network, its[:, 0], style[:, 0])(photograph)
    # Sums of some thousand products in another order.
    assert torch.allclose(alone, expected, atol=1e-5)
    assert smaller.shape == expected.shape
    assert (smaller - expected).abs().max() > 1e-3


def test_an_even_picture_gets_no_frame():
    torch.manual_seed(3)
    with torch.no_grad():
        result = Single()(torch.full((1, 3, 96, 96), 0.4))
    assert (result - result[..., 48:49, 48:49]).abs().max() < 1e-5


@pytest.mark.parametrize("levels", [1, 2])
def test_no_pixel_depends_on_one_further_away_than_it_says(levels):
    torch.manual_seed(2)
    network = Single(levels).double()
    side = 4 * network.multiple * (network.reach // network.multiple // 2 + 1)
    image = torch.rand(1, 3, side, side, dtype=torch.float64, requires_grad=True)
    furthest = 0
    for place in range(side // 2, side // 2 + network.multiple):
        (gradient,) = torch.autograd.grad(network(image)[0, :, place, place].sum(), image)
        columns = torch.nonzero(gradient.abs().sum((0, 1, 2)))[:, 0]
        furthest = max(furthest, int((columns - place).abs().max()))
    assert network.reach - network.multiple < furthest <= network.reach


def test_a_short_training_comes_nearer_to_the_painting(common, tmp_path):
    settings = Settings(out=tmp_path, steps=45, learning_rate=3e-3, **common)
    losses = train(settings)
    assert len(losses) == 45
    assert np.mean(losses[-5:]) < 0.85 * np.mean(losses[:5])
    first, last = (row for row in rows(tmp_path) if "held_out_style" in row)
    assert last["held_out_style"] < first["held_out_style"]
    before, after = (
        settings.content * row["held_out_content"] + row["held_out_style"] for row in (first, last)
    )
    assert after < 0.96 * before
    assert first["photograph_style"] == last["photograph_style"] > 0


def test_it_starts_from_the_general_network_or_from_nothing(common, tmp_path):
    first, last = (
        train(Settings(out=tmp_path / name, steps=1, **common | given))
        for name, given in (("folded", {}), ("nothing", {"general": None}))
    )
    assert first != last
    with pytest.raises(SystemExit, match="There is no missing.npz: give .* with --general"):
        train(Settings(out=tmp_path, steps=1, **common | {"general": tmp_path / "missing.npz"}))
    del (arrays := general().state_dict())["last.bias"]
    save_weights(tmp_path / "part.npz", arrays)
    with pytest.raises(SystemExit, match="part.npz lacks last.bias"):
        train(Settings(out=tmp_path, steps=1, **common | {"general": tmp_path / "part.npz"}))


def test_photographs_are_reduced_and_the_same_ones_are_kept_from_training(tmp_path, monkeypatch):
    monkeypatch.setattr(own, "MOST_PHOTOGRAPHS", 4)
    folder = photographs(tmp_path / "some", count=8)
    Image.fromarray(edges_picture(9, 500, 700)).save(folder / "picture_0.png")
    found = own.Photographs(folder)
    kept = [n for n in (0, 2, 4, 6) if is_held_out(f"picture_{n}.png")]
    assert kept == [0]
    assert (len(found.train), len(found.held_out)) == (3, 1)
    assert found.held_out[0][0].shape == (own.SHORTER_SIDE, 538, 3)
    with pytest.raises(SystemExit, match="No pictures"):
        own.Photographs(shutil.copytree(tmp_path / "some", tmp_path / "none", ignore=all_of))


def all_of(_, names):
    return names


@pytest.fixture(scope="module")
def made(common, tmp_path_factory):
    """The plugin of a run of two steps, and the run's folder."""
    out = tmp_path_factory.mktemp("made")
    settings = Settings(out=out, steps=2, credit="The Wave, my own", **common)
    return make(settings), out


def test_its_file_gives_the_numbers_of_pytorch_and_its_tiles_agree(made):
    folder, out = made
    network = Single().eval()
    load_weights(network, out / "weights.npz")
    file = Network(folder / "safelight_the_wave/model.onnx")
    assert onnxfile.parity(network, file) < onnxfile.LARGEST_DIFFERENCE
    picture = onnxfile.noise(200)
    apart = file.in_tiles(picture, 64, file.reach) - file.whole(picture)
    assert np.abs(apart).max() <= onnxfile.EXACT_SEAM
    apart = file.in_tiles(picture, 64, file.reach // 4) - file.whole(picture)
    assert np.abs(apart).max() > onnxfile.EXACT_SEAM


def test_the_plugin_is_complete_and_its_own_tests_pass(made):
    folder, _ = made
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    package = "safelight_the_wave"
    names = {f"{package}/{name}" for name in ("__init__.py", "model.onnx", "card.md")}
    assert found == {"README.md", "pyproject.toml", "tests/test_the_wave.py", *names}
    done = own_tests(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 passed" in done.stdout


def test_it_says_what_it_learnt_from_by_name_alone(made, common):
    folder, out = made
    package = folder / "safelight_the_wave"
    said = Network(package / "model.onnx").properties
    assert said["training_data"] == "The Wave, my own; photographs of the folder my photographs"
    assert said["metrics"].startswith("Style loss ")
    assert said["licence"] == "Apache-2.0"
    for path in (package / "card.md", folder / "README.md"):
        text = path.read_text("utf-8")
        assert said["training_data"] in text
        assert said["metrics"] in text
        assert str(common["photos"].parent) not in text
    assert "in 2 steps" in (package / "card.md").read_text("utf-8")
    assert 'category="Style"' in (package / "__init__.py").read_text("utf-8")


def test_what_is_in_the_way_of_the_plugin_is_said_before_training(made, common, monkeypatch):
    _, out = made
    monkeypatch.setattr(own, "train", None)
    with pytest.raises(SystemExit, match="safelight-the-wave is there already"):
        make(Settings(out=out, **common))
    with pytest.raises(SystemExit, match="is no name for a plugin"):
        make(Settings(out=out, **common | {"name": "富嶽"}))


@pytest.mark.parametrize("page", ["resources/tutorial.md", "models/README.md"])
def test_the_command_in_the_documentation_is_one_it_takes(page, monkeypatch):
    text = (ROOT / page).read_text("utf-8").replace("\\\n", " ")
    (command,) = re.findall(r"python -m models\.style\.own (.*)", text)
    given = []
    monkeypatch.setattr(own, "make", lambda settings: given.append(settings) or Path("made"))
    monkeypatch.setattr(sys, "argv", ["own", *shlex.split(command)])
    own.main()
    assert given[0].name == "Night sky"
    assert given[0].minutes == 5


def test_a_style_s_name_becomes_a_plugin_s():
    assert slug("Boats at Étretat, 1885") == "boats-at-etretat-1885"
