"""The training of the network that decides where clouds are."""

import csv
import json
import math

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from models.generate.skies import train  # noqa: E402
from models.generate.skies.fields import CODE, Fields, layout, taken_apart  # noqa: E402
from models.generate.skies.network import SkyFlow, between, loss  # noqa: E402


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Four skies: clouds of noise over blue; one of them is kept from training."""
    folder = tmp_path_factory.mktemp("skies")
    code = layout.Code(-2.0, 1.7, 0.2, 0.0, 0.5, 0.1, 0.1, 0.0, 0.0, 0.0)
    with (folder / "skies.csv").open("w", newline="") as file:
        write = csv.writer(file).writerow
        write(("file", "kept"))
        for n in range(4):
            field = layout.noise(np.random.RandomState(n), 128, code, 96)
            picture = np.array([0.3, 0.5, 0.8]) + 0.08 * field[..., None] * np.array([1, 0.7, 0.3])
            name = f"{'opensky' if n else 'horizon'}_{n}.png"
            Image.fromarray(np.uint8(picture.clip(0, 1) * 255)).save(folder / name)
            write((name, "kept" if n == 3 else ""))
    return folder


def test_a_sky_is_its_field_along_one_axis_and_gradients():
    field = layout.noise(np.random.RandomState(1), 64, layout.Code(0, 1.7, 0, 0, 0, 0, 0, 0, 0, 0))
    planes = layout.planes_of(48, 64)
    axis = np.array([0.1, 0.07, 0.03])
    light = (
        planes.T @ np.array([[0.4, 0.5, 0.7], [0.1, 0, 0], [0, 0.1, 0], [0, 0, 0.05]])
    ).reshape(48, 64, 3)
    sky = taken_apart(light + field[..., None] * axis, horizon=False)
    assert np.corrcoef(sky.field.ravel(), field.ravel())[0, 1] > 0.9
    assert np.allclose(sky.axis / np.linalg.norm(sky.axis), axis / np.linalg.norm(axis), atol=1e-3)
    rebuilt = (planes.T @ sky.gradients).reshape(48, 64, 3) + sky.field[..., None] * sky.axis
    assert np.abs(rebuilt - light - field[..., None] * axis).max() < 1e-5


def test_a_mirrored_field_has_the_mirrored_code():
    random = np.random.RandomState(3)
    picture = 0.5 + 0.05 * random.standard_normal((48, 64, 1)) * np.ones(3)
    picture += np.linspace(0, 0.2, 64)[None, :, None] + np.linspace(0, 0.1, 48)[:, None, None]
    code = taken_apart(picture, horizon=False).code
    for found, wanted in (
        (taken_apart(picture[:, ::-1], horizon=False).code, code.mirrored()),
        (taken_apart(picture[::-1], horizon=False).code, code.upside_down()),
    ):
        assert np.allclose(found, wanted, atol=1e-4)


def test_kept_skies_are_not_learnt_and_horizons_are_known(folder):
    fields = Fields(folder, crops=2)
    assert len(fields.learnt) == 6
    assert len(fields.kept) == 2
    assert [sky.code.horizon for sky in fields.learnt] == [1, 1, 0, 0, 0, 0]


def test_a_panorama_goes_on_at_the_opposite_side():
    torch.manual_seed(1)
    network = SkyFlow((8, 12, 16))
    torch.nn.init.normal_(network.last.inner.weight)
    field, angle, code = torch.randn(1, 1, 48, 64), torch.tensor([0.7]), torch.zeros(1, CODE)
    plain = network(field, angle, code)
    network.border("panorama")
    with torch.no_grad():
        found, turned = (network(part, angle, code) for part in (field, field.roll(16, 3)))
    assert torch.allclose(found.roll(16, 3), turned, atol=1e-4)
    assert not torch.allclose(found, plain, atol=1e-3)


def test_the_arc_leads_from_noise_to_a_field():
    start, field = torch.randn(2, 1, 4, 4), torch.randn(2, 1, 4, 4)
    at, moves = between(start, field, torch.tensor([0.0, math.pi / 2]))
    assert torch.allclose(at[0], start[0])
    assert torch.allclose(at[1], field[1], atol=1e-6)
    assert torch.allclose(moves[0], field[0])
    assert float(loss(moves, moves)) == 0


def test_training_notes_both_losses_and_goes_on_where_it_stopped(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(train, "WATCHED", 4)
    told = {"photos": folder, "out": tmp_path, "batch": 2}
    train.train(train.Settings(**told, steps=2))
    train.train(train.Settings(**told, steps=3, resume=True))
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    measured = [line for line in lines if "kept_loss" in line]
    assert [line["step"] for line in measured] == [0, 2, 2, 3]
    assert all(line["learnt_loss"] > 0 for line in measured)
