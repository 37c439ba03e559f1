"""What is measured of generators says what it should of pictures made to be told."""

import csv
import json
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import onnx  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402
from PIL import Image  # noqa: E402

from models.generate import distances, measure  # noqa: E402
from models.generate.networks import CODE  # noqa: E402
from models.generate.surface_network import CELL, FIELD, KIND  # noqa: E402
from models.generate.textures import SIDE, statistics  # noqa: E402
from models.perceptual import Features  # noqa: E402
from models.style import objective  # noqa: E402
from models.tiles import Network, sha256, state  # noqa: E402
from tests.models.made_pictures import edges_picture, features  # noqa: E402

SMALL = 32  # pixels of a made flower


def endless_texture(seed, length, side=SIDE):
    """Smooth noise with details of so many pixels, and no border: (side, side, 3) uint8."""
    rng = np.random.default_rng(seed)
    waves = np.fft.fftfreq(side)
    mask = np.exp(-((waves[:, None] ** 2 + waves**2) * (2 * length) ** 2))
    noise = np.fft.fft2(rng.standard_normal((side, side, 3)), axes=(0, 1)) * mask[..., None]
    plain = np.fft.ifft2(noise, axes=(0, 1)).real
    return np.clip(128 + 40 * plain / plain.std(), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """SqueezeNet with random weights, as the statistics want it."""
    return objective.features(features(tmp_path_factory.mktemp("features") / "features.npz"))


def test_a_seam_is_found_where_it_is_and_none_where_there_is_none():
    """Columns that meet are moved by a tenth of the range; rows are as they were."""
    surface = endless_texture(0, 4).astype(np.float32)
    for border in distances.borders(surface):
        assert border.ratio == pytest.approx(1, abs=0.35)
    seamed = surface + np.linspace(0, 25, SIDE)[:, None]
    rows, columns = distances.borders(seamed)
    assert rows.ratio == pytest.approx(distances.borders(surface)[0].ratio, abs=0.1)
    assert columns.ratio > 1.3
    assert columns.rank == 1
    assert distances.borders(seamed.transpose(1, 0, 2))[0] == pytest.approx(columns)


def test_cuts_of_endless_surfaces_are_within_what_chance_allows():
    found = [border for n in range(40) for border in distances.borders(endless_texture(n, 2, 64))]
    ratio, inside = measure.seam_figures(found)
    assert ratio == pytest.approx(1, abs=0.05)
    assert inside == pytest.approx(measure.INSIDE, abs=0.08)
    cropped = [distances.borders(endless_texture(n, 2, 64)[:50, :50]) for n in range(10)]
    ratio, inside = measure.seam_figures([border for pair in cropped for border in pair])
    assert ratio > 1.5
    assert inside < 0.1


def rows(seed, count, width=24):
    return np.random.default_rng(seed).standard_normal((count, width))


def test_a_generator_that_copies_is_told_from_one_that_does_not():
    learnt, held_out = rows(0, 900), rows(1, 200)
    copied = distances.nearness(learnt[:300] + 0.01 * rows(2, 300), learnt, held_out)
    assert copied.ratio < 0.05
    assert copied.suspicious == 1
    new = distances.nearness(rows(3, 300), learnt, held_out)
    assert new.ratio == pytest.approx(1, abs=0.05)
    assert new.suspicious == pytest.approx(distances.NEAREST, abs=0.05)
    some = distances.nearness(np.concatenate([rows(3, 150), learnt[:150]]), learnt, held_out)
    assert some.suspicious == pytest.approx(0.5, abs=0.06)


def test_overlap_is_that_of_groups_as_large_as_the_real_set():
    """More samples would cover more, and say nothing of what one is worth."""
    real, same, far = rows(0, 100), rows(1, 300), rows(2, 300) + 9
    groups = [distances.overlap(same[n : n + 100], real) for n in (0, 100, 200)]
    assert measure.overlaps(same, real) == pytest.approx(np.mean(groups, 0))
    half = measure.overlaps(np.concatenate([same[:100], far[:100]]), real)
    assert half.precision == pytest.approx(groups[0].precision / 2)
    assert measure.overlaps(same[:60], real) == distances.overlap(same[:60], real)


@pytest.mark.parametrize("random", [False, True])
def test_a_surface_of_the_same_texture_is_as_near_as_its_source_and_of_another_is_not(
    network, random
):
    def told(pictures):
        return measure.random_statistics(pictures) if random else statistics(network, pictures)

    source = endless_texture(0, 3)
    same, other = (np.stack([endless_texture(n, length)]) for n, length in ((1, 3), (2, 6)))
    assert measure.beside_itself(same, source, told) == pytest.approx(1, abs=0.3)
    assert measure.beside_itself(other, source, told) > measure.GOAL
    assert measure.beside_itself(np.stack([source]), source, told) < 1  # quarters beside themselves


def test_every_texture_is_compared_with_its_own_source(network, monkeypatch):
    """A network that knows its textures by their codes; then one that confuses them."""
    textures = np.stack([endless_texture(n, 2.0 + 3 * n) for n in range(3)])
    codes = np.eye(3, KIND, dtype=np.float32)
    confused = 0

    def picture(_, given):
        which = (int(given["kinds"][0, :, 0, 0].argmax()) + confused) % 3
        away = int(100 * given["field"].std())
        return np.roll(textures[which], (away, 2 * away), (0, 1))

    monkeypatch.setattr(measure, "picture", picture)
    found = measure.measure_surfaces(None, codes, textures, network)
    assert found.seen.shape == found.random.shape == (3,)
    assert max(*found.seen, *found.random) < measure.GOAL
    assert len(found.borders) == 3 * measure.SEEDS * 2
    assert len(found.samples) % measure.COLUMNS == 0
    assert len(found.samples) >= 3 + measure.MIXED
    confused = 1
    found = measure.measure_surfaces(None, codes, textures, network)
    assert min(*found.seen, *found.random) > measure.GOAL
    said = measure.ratios("SqueezeNet", np.array([1.0, 1.2, 1.4, 3.0]))
    assert "1.30 in the median, 3.00 at worst, at most 1.5 for 75%" in said


def test_too_few_pictures_are_refused():
    pictures = Shown()
    pictures.held_out = pictures.held_out[: distances.NEIGHBOURS]
    with pytest.raises(SystemExit, match="5 pictures are too few"):
        measure.measure_flowers(None, pictures, None, 100)


def test_as_many_codes_as_textures(network):
    with pytest.raises(SystemExit, match="2 textures have codes, 1 are listed"):
        measure.measure_surfaces(None, np.zeros((2, KIND)), np.zeros((1, SIDE, SIDE, 3)), network)


def test_mixed_codes_lie_between_those_of_two_textures():
    codes = np.random.default_rng(0).standard_normal((5, KIND)).astype(np.float32)
    for code in measure.mixed(codes, 20):
        straight = [
            np.linalg.norm(a - code) + np.linalg.norm(b - code) - np.linalg.norm(a - b)
            for n, a in enumerate(codes)
            for b in codes[:n]
        ]
        assert min(straight) == pytest.approx(0, abs=1e-5)


class Shown:
    """A folder of pictures of one kind: plain colours with some noise."""

    def __init__(self):
        rng = np.random.default_rng(0)
        colours = rng.integers(40, 216, (260, 1, 1, 3))
        every = colours + rng.integers(-30, 31, (260, SMALL, SMALL, 3))
        pictures = every.astype(np.uint8)
        self.train, self.held_out = pictures[:200], pictures[200:]


@pytest.fixture(scope="module")
def squeezenet(tmp_path_factory):
    path = features(tmp_path_factory.mktemp("features") / "features.npz")
    return Features(path, [8])


def test_a_generator_that_knows_its_pictures_by_heart_is_near_in_kind_and_told(
    squeezenet, monkeypatch
):
    pictures = Shown()
    monkeypatch.setattr(measure, "flowers", lambda network, count: pictures.train[:count])
    found = measure.measure_flowers(None, pictures, squeezenet, 120)
    assert found.near.ratio == pytest.approx(0, abs=1e-4)  # what is rounded off
    assert found.near.suspicious == 1
    assert np.array_equal(*found.pairs)
    floor, naive = (found.by_set[name] for name in (measure.LEARNT, measure.NAIVE))
    copied = found.by_set[measure.FLOWERS]
    assert abs(copied.kernel.distance - floor.kernel.distance) < 4 * floor.kernel.error
    assert copied.seen.coverage == pytest.approx(floor.seen.coverage, abs=0.15)
    assert copied.variety == pytest.approx(1, abs=0.1)
    assert found.share == copied.kernel.distance / naive.kernel.distance


def test_a_generator_of_one_picture_has_no_variety_and_covers_nothing(squeezenet, monkeypatch):
    pictures = Shown()
    same = np.repeat(pictures.held_out[:1], 120, 0)
    monkeypatch.setattr(measure, "flowers", lambda network, count: same)
    found = measure.measure_flowers(None, pictures, squeezenet, 120)
    alone = found.by_set[measure.FLOWERS]
    assert alone.variety == pytest.approx(0, abs=1e-6)
    assert max(alone.seen.coverage, alone.random.coverage) < 0.3
    assert alone.kernel.distance > 5 * found.by_set[measure.LEARNT].kernel.distance


def stored(path, nodes, inputs, weights):
    """A file of a network made by hand, with all that a network states."""
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in inputs.items()
    ]
    result = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, None, None])
    arrays = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    graph = helper.make_graph(nodes, path.stem, values, [result], arrays)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    onnx.save(model, path)
    state(path, {"scale": "1", "reach": "0", "multiple": "1", "tile": str(SMALL)})


@pytest.fixture
def folder(tmp_path):
    """Both files, each a single layer, and all that they are compared with."""
    rng = np.random.default_rng(0)
    length = 3 * SMALL * SMALL
    stored(
        tmp_path / "flowers.onnx",
        [
            helper.make_node("MatMul", ["codes", "weight"], ["flat"]),
            helper.make_node("Reshape", ["flat", "shape"], ["square"]),
            helper.make_node("Sigmoid", ["square"], ["image"]),
        ],
        {
            "codes": [1, CODE], "lock": [1, 1, SMALL, SMALL], "variety": [1]
        },
        {
            "weight": rng.standard_normal((CODE, length)).astype(np.float32) / 8,
            "shape": np.array([1, 3, SMALL, SMALL]),
        },
    )  # fmt: skip
    stored(
        tmp_path / "surfaces.onnx",
        [
            helper.make_node("Conv", ["field", "weight"], ["coarse"]),
            helper.make_node("Resize", ["coarse", "", "scales"], ["large"]),
            helper.make_node("Sigmoid", ["large"], ["image"]),
        ],
        {
            "field": [1, FIELD, "h", "w"], "kinds": [1, KIND, "h", "w"],
            "places": [1, 2, "h", "w"], "period": [1, 2],
        },
        {
            "weight": rng.standard_normal((3, FIELD, 1, 1)).astype(np.float32),
            "scales": np.array([1, 1, CELL, CELL], np.float32),
        },
    )  # fmt: skip
    np.savez(tmp_path / "surfaces.npz", codes=np.eye(2, KIND, dtype=np.float32))
    (tmp_path / "kind").mkdir()
    for n in range(200):
        Image.fromarray(edges_picture(n, SMALL, SMALL)).save(tmp_path / "kind" / f"one_{n}.png")
    (tmp_path / "wide").mkdir()
    Image.fromarray(edges_picture(0, SIDE, 2 * SIDE)).save(tmp_path / "wide" / "both.png")
    with (tmp_path / "list.csv").open("w", newline="") as file:
        where = [["both.png", 1.0, 0, x, 0.3] for x in (0, SIDE)]
        csv.writer(file).writerows([["name", "size", "y", "x", "unevenness"], *where])
    return tmp_path


def command(patch, folder, *more):
    given = ["--flowers", folder / "kind", "--pictures", folder / "wide", "--models", folder]
    given += ["--textures", folder / "list.csv", "--features", folder / "features.npz", *more]
    patch.setattr(sys, "argv", ["measure", *map(str, given)])
    measure.main()


def test_the_command_measures_the_files_that_are_there_and_states_what_it_found(
    folder, monkeypatch, capsys
):
    monkeypatch.setattr(distances, "LAYER", 8)  # as far as these random weights go
    monkeypatch.setattr(measure, "TIMED", 8)
    features(folder / "features.npz")
    sheets, found = folder / "sheets", folder / "metrics.json"
    where = ("--json", found, "--sheets", sheets, "--beside", folder / "beside")
    command(monkeypatch, folder, "--count", 80, *where, "--state")
    measured = json.loads(found.read_text())
    for name in ("flowers", "surfaces"):
        assert measured["files"][name]["sha256"] == sha256(folder / f"{name}.onnx")
        assert f"![{name.title()}]({name}.jpg)" in measured["text"]
        assert measured["files"][name]["cost"]["thumbnail"] > 0
    assert capsys.readouterr().out.strip() == measured["text"].strip()
    share = measured["files"]["flowers"]["share_of_naive"]
    assert (
        Network(folder / "flowers.onnx")
        .properties["metrics"]
        .endswith(f"{share:.2f} of that without a network")
    )
    assert f"is {share:.2f} of that without a network" in measured["text"]
    sizes = {
        path.name: Image.open(path).size
        for out in (sheets, folder / "beside")
        for path in out.iterdir()
    }
    assert sizes == {
        "flowers.jpg": (8 * SMALL, 8 * SMALL),
        "flowers_nearest.jpg": (8 * SMALL, 16 * SMALL),
        "surfaces.jpg": (4 * SIDE, SIDE),
        "surfaces_learnt.jpg": (4 * SIDE, SIDE // 2),
    }
    monkeypatch.setattr(
        sys, "argv", ["measure", "--models", str(folder), "--features", str(folder)]
    )
    with pytest.raises(SystemExit, match="--flowers has to say where what flowers.onnx learnt"):
        measure.main()
    for name in ("flowers.onnx", "surfaces.onnx"):
        (folder / name).unlink()
    with pytest.raises(SystemExit, match="nothing to measure"):
        command(monkeypatch, folder)
