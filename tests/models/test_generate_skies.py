"""What skies are made of, and what they are compared with."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from models.generate.skies import bank, measure  # noqa: E402
from models.generate.skies.fields import layout, taken_apart  # noqa: E402


def field(seed):
    """Smooth noise of mean 0 and spread 1, (48, 64)."""
    coarse = np.random.RandomState(seed).standard_normal((6, 8)).astype(np.float32)
    smooth = np.asarray(Image.fromarray(coarse).resize((64, 48), Image.Resampling.BICUBIC))
    return (smooth - smooth.mean()) / smooth.std()


def row(file, sitting="1", licence="CC0", kept=False):
    return bank.Row(file, licence, f"owner/repository@1:dataset/{sitting}/raw/{file}", kept)


def test_a_sky_is_its_field_along_one_axis_and_gradients():
    values = field(1)
    planes = layout.planes_of(48, 64)
    axis = np.array([0.1, 0.07, 0.03])
    light = (
        planes.T @ np.array([[0.4, 0.5, 0.7], [0.1, 0, 0], [0, 0.1, 0], [0, 0, 0.05]])
    ).reshape(48, 64, 3)
    sky = taken_apart(light + values[..., None] * axis, horizon=False)
    assert np.corrcoef(sky.field.ravel(), values.ravel())[0, 1] > 0.9
    assert np.allclose(sky.axis / np.linalg.norm(sky.axis), axis / np.linalg.norm(axis), atol=1e-3)
    rebuilt = (planes.T @ sky.gradients).reshape(48, 64, 3) + sky.field[..., None] * sky.axis
    assert np.abs(rebuilt - light - values[..., None] * axis).max() < 1e-5


def test_streaks_and_light_turn_with_the_picture():
    picture = 0.5 + 0.05 * field(3)[..., None] * np.ones(3)
    picture += np.linspace(0, 0.2, 64)[None, :, None] + np.linspace(0, 0.1, 48)[:, None, None]
    code = taken_apart(picture, horizon=False).code
    mirrored = taken_apart(picture[:, ::-1], horizon=False).code
    assert mirrored.across == pytest.approx(-code.across, abs=1e-4)
    assert mirrored.slanted == pytest.approx(-code.slanted, abs=1e-4)
    assert mirrored.level == pytest.approx(code.level, abs=1e-4)


def test_whole_sittings_are_withheld_and_so_is_what_may_only_be_shared_alike():
    sittings = [str(n) for n in range(60)]
    withheld = {s: bank.is_withheld(row("opensky_1.jpg", s)) for s in sittings}
    assert 0.15 < np.mean(list(withheld.values())) < 0.5
    for sitting in sittings:
        assert bank.is_withheld(row("opensky_2.jpg", sitting)) == withheld[sitting]
    shipped = next(s for s in sittings if not withheld[s])
    assert bank.is_withheld(row("opensky_1.jpg", shipped, licence="CC BY-SA 4.0"))
    assert bank.is_withheld(row("opensky_1.jpg", shipped, kept=True))


@pytest.fixture
def folder(tmp_path):
    """Skies in large and small, of several sittings."""
    (tmp_path / "large").mkdir()
    with (tmp_path / "skies.csv").open("w", newline="") as file:
        write = csv.writer(file).writerow
        write(("file", "source", "licence", "kept"))
        for n in range(8):
            name = f"opensky_{n}.jpg"
            write((name, row(name, str(n)).source, "CC0", ""))
            picture = np.array([0.3, 0.5, 0.8]) + 0.08 * field(n)[..., None]
            image = Image.fromarray(np.uint8(picture.clip(0, 1) * 255))
            image.save(tmp_path / name)
            image.resize((1024, 768)).save(tmp_path / "large" / name)
    return tmp_path


def test_what_ships_is_not_what_is_compared_with(folder, tmp_path, monkeypatch):
    out = tmp_path / "out"
    out.mkdir()
    monkeypatch.setattr("sys.argv", ["bank", str(folder), "--out", str(out)])
    bank.main()
    with (out / "skies.csv").open(newline="") as file:
        shipped = {line["file"] for line in csv.DictReader(file)}
    with np.load(out / "skies.npz", allow_pickle=False) as stored:
        assert len(stored["codes"]) == len(stored["light"]) == len(stored["ends"]) == len(shipped)
    compared = {one.file for one in measure.real(folder)}
    assert shipped
    assert compared
    assert not shipped & compared


def test_a_pair_is_one_of_each_and_its_key_says_which(folder, tmp_path):
    grey = Image.new("RGB", measure.SIDES, (90, 90, 90))
    skies = [measure.Made({"seed": n}, grey) for n in range(8)]
    key = measure.write_pairs(skies, folder, tmp_path / "pairs", np.random.RandomState(1))
    assert len(key) == len(measure.real(folder))
    assert len({one["real"] for one in key}) == len(key)
    for one in json.loads(json.dumps(key)):
        sheet = np.asarray(Image.open(tmp_path / "pairs" / f"pairs-{one['pair']:02d}.png"))
        left = bool((sheet[:, :1024] == 90).all())
        assert left == (one["made"] == "left")
        assert bool((sheet[:, -1024:] == 90).all()) != left
