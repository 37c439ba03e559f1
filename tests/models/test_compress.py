"""Compressing: what is made is measured beside the original, and only what holds stays."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from models import compress, onnxfile, precision
from models.compress import Figures, Limits
from models.enlarge.network import Fast
from models.pictures import is_held_out
from models.tiles import Network


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """A small enlarger that adds a little detail of its own, as a file."""
    torch.manual_seed(3)
    made = Fast(2, channels=8, blocks=3)
    torch.nn.init.normal_(made.last.weight, std=0.02)
    for block in made.blocks:
        torch.nn.init.normal_(block.second.weight, std=0.05)
    for bias in (*(block.second.bias for block in made.blocks), made.last.bias):
        torch.nn.init.normal_(bias, std=0.01)
    for idle in (made.blocks[1].second.weight, made.blocks[1].second.bias):
        idle.data *= 1e-6
    target = tmp_path_factory.mktemp("network") / "little_x2.onnx"
    stated = {"title": "Little", "version": "1", "licence": "x", "tile": "64"}
    onnxfile.export(made.merged(), target, stated, reach=made.reach)
    return target


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    random = np.random.default_rng(2)
    names = [f"{n}.png" for n in range(60)]
    held = [name for name in names if is_held_out(name)][:2]
    for name in [*held, *[name for name in names if not is_held_out(name)][:3]]:
        small = random.integers(0, 256, (33, 33, 3)).astype(np.uint8)
        Image.fromarray(small).resize((264, 264), Image.Resampling.BICUBIC).save(folder / name)
    return folder


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(precision, "ROUNDS", 1)
    monkeypatch.setattr(compress.precision.speeds, "__defaults__", (1, None))
    monkeypatch.setattr(onnxfile, "SEAM_SIDE", 64)


def test_each_way_is_measured_and_only_what_holds_stays(network, photos, tmp_path, quick):
    limits = Limits(lost=0.5, time=1e6, agreement=20)
    found = compress.compress(network, photos, tmp_path, ("half", "int8", "mixed"), limits)
    assert [one.name for one in found] == ["original", "half", "int8", "mixed"]
    original, half, int8, mixed = found
    assert (original.lost, original.time, original.difference) == (0, 1, 0)
    assert 0 < half.difference < int8.difference < 0.2
    assert half.agreement > int8.agreement > 20
    assert half.megabytes < original.megabytes
    assert mixed.lost <= limits.lost
    assert all(one.seam < 1e-4 for one in found)
    receipt = json.loads((tmp_path / "receipt.json").read_text())
    kept = {one.name for one in found[1:] if not one.why_not}
    assert set(receipt["kept"]) == kept
    assert {p.stem for p in tmp_path.glob("*.onnx")} == {f"little_x2_{way}" for way in kept}
    assert Network(tmp_path / "little_x2_half.onnx").properties["precision"] == "float16"


def test_what_is_no_quicker_goes_and_the_receipt_says_why(network, photos, tmp_path, quick):
    (_, half) = compress.compress(network, photos, tmp_path, ("half",), Limits(time=1e-9))
    assert "of the time" in half.why_not
    assert not list(tmp_path.glob("*.onnx"))
    receipt = json.loads((tmp_path / "receipt.json").read_text())
    assert receipt["kept"] == {}
    assert receipt["figures"][1]["why_not"] == half.why_not


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"agreement": 12.0}, "12.0 dB from"),
        ({"seam": 0.5}, "a seam of 0.5"),
        ({"lost": 0.06}, "0.060 dB lost"),
        ({"time": 0.9}, "0.90 of the time"),
    ],
)
def test_every_limit_is_a_reason(wrong, why):
    good = Figures("int8", 1.0, 60.0, 0.01, 0.0, 30.0, 0.01, 0.5)
    assert not Limits().broken(good)
    assert why in Limits().broken(Figures(**{**vars(good), **wrong}))


def test_those_that_cost_least_go_first_and_no_further_than_is_allowed():
    losses = [(-0.01, "a"), (0.01, "b"), (0.02, "c"), (0.04, "d")]
    assert compress.within(losses, 0.035) == ["a", "b", "c"]
    assert compress.within(losses, 0.0) == ["a"]


def test_a_block_that_does_nothing_is_the_first_to_go(network):
    teacher = compress.taught(network)
    picture = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        found = Network(network).whole(picture[0].permute(1, 2, 0).numpy())
        assert np.abs(teacher(picture)[0].permute(1, 2, 0).numpy() - found).max() < 1e-5
        student, gone = compress.shortened(teacher, 0.9, [picture])
        assert gone == ["blocks.1"]
        assert (student(picture) - teacher(picture)).abs().max() < 1e-6
    with pytest.raises(SystemExit, match="still more than"):
        compress.shortened(teacher, 0.01, [picture])


def test_a_student_comes_nearer_to_its_teacher(network, photos, tmp_path):
    teacher = compress.taught(network)
    task = compress.task_of(Network(network))
    pictures = compress.Pictures(photos, 2, tmp_path)
    student = compress.without(teacher, ["blocks.0", "blocks.2"])
    image = torch.from_numpy(pictures.held_out[0][1][None]).permute(0, 3, 1, 2).float() / 255

    def away():
        with torch.no_grad():
            return float((student(image) - teacher(image)).abs().mean())

    before = away()
    assert compress.distilled(student.train(), teacher, task, pictures, 0.03) > 3
    assert away() < before


def test_of_what_nothing_is_known_a_sentence_is_said(network, tmp_path):
    other = tmp_path / "other.onnx"
    other.write_bytes(network.read_bytes())
    onnxfile.state(other, {"scale": "1"})
    with pytest.raises(SystemExit, match=r"How other.onnx is judged"):
        compress.task_of(Network(other))
