"""Training generators: a few steps of each kind, what is kept, and that it goes on from there."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from models.generate.coded import Coded  # noqa: E402
from models.generate.contest import Batch, Settings, Stage  # noqa: E402
from models.generate.folder import signed  # noqa: E402
from models.generate.networks import CELL, CODE, FIELD, KIND, Judge, Objects, Surfaces  # noqa: E402
from models.generate.objects import ObjectContest, blended  # noqa: E402
from models.generate.surfaces import Kinds, SurfaceContest, placed  # noqa: E402
from models.generate.textures import (  # noqa: E402
    SIDE,
    Crops,
    Found,
    Place,
    different,
    find,
    listed,
    squares,
    unevenness,
)
from models.generate.train import TEXTURES, train  # noqa: E402
from models.style import objective  # noqa: E402
from models.training import load_weights, planes  # noqa: E402
from tests.models.making import features  # noqa: E402


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Pictures of one kind: a bright disc on a dark ground."""
    folder = tmp_path_factory.mktemp("discs")
    rng = np.random.default_rng(0)
    y, x = np.indices((40, 48))
    for n in range(24):
        middle, radius = rng.uniform(14, 26, 2), rng.uniform(6, 12)
        inside = np.hypot(y - middle[0], x - middle[1]) < radius
        picture = np.where(inside[..., None], rng.uniform(150, 255, 3), rng.uniform(0, 90, 3))
        Image.fromarray(picture.astype(np.uint8)).save(folder / f"{n:02d}.png")
    return folder


def settings(folder, out, **more):
    given = {"side": 32, "width": 0.1, "batch": 4, "steps": 8, "grow": (16, 32)}
    return Settings(photos=folder, out=out, **given | more)


def rows(out):
    return [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]


def test_a_run_leaves_weights_samples_and_what_was_watched(folder, tmp_path):
    given = settings(folder, tmp_path / "out")
    found = train(given, ObjectContest)
    assert len(found) == 8
    assert np.isfinite(found).all()
    last = rows(given.out)[-1]
    assert {"overfits", "varies", "judge_norm", "generator_norm"} <= set(last)
    assert Image.open(given.out / "samples" / "0000008.png").size == (9 * 32, 4 * 32)
    network = Objects(32, 0.1)
    assert load_weights(network, given.out / "weights.npz") == []
    assert float(network.centre.abs().max()) > 0


def test_a_run_goes_on_where_it_was(folder, tmp_path):
    given = settings(folder, tmp_path / "out", steps=4)
    train(given, ObjectContest)
    more = settings(folder, tmp_path / "out", steps=8, resume=True)
    assert len(train(more, ObjectContest)) == 4
    assert rows(given.out)[-1]["step"] == 8


@pytest.mark.parametrize(
    "cure",
    [
        {"loss": "non-saturating", "smoothing": 0.1, "roughness": 0.0},
        {"loss": "wasserstein", "slope": 10.0, "roughness": 0.0},
        {"norm": True, "changes": ()},
        {"finite": True},
    ],
)
def test_every_cure_can_be_chosen(folder, tmp_path, cure):
    found = train(settings(folder, tmp_path / "out", steps=5, **cure), ObjectContest)
    assert np.isfinite(found).all()


def test_a_run_ends_at_its_side(folder, tmp_path):
    with pytest.raises(SystemExit, match="--grow ends at 16 pixels, --side is 32"):
        train(settings(folder, tmp_path / "out", grow=(16,)), ObjectContest)


def test_real_pictures_come_in_as_the_made_ones_do():
    pictures = torch.randn(2, 3, 32, 32)
    fine, coarse = blended(pictures, Stage(16, 1.0)), blended(pictures, Stage(8, 1.0))
    first = blended(pictures, Stage(16, 0.0))
    assert torch.allclose(first, torch.nn.functional.interpolate(coarse, scale_factor=2.0))
    assert torch.allclose(blended(pictures, Stage(16, 0.5)), (first + fine) / 2, atol=1e-6)


# -- surfaces ----------------------------------------------------------------------------------


def stripes(seed, step=8):
    """A texture: noisy stripes of a colour."""
    rng = np.random.default_rng(seed)
    y, x = np.indices((SIDE, SIDE))
    wave = 0.5 + 0.5 * np.sin(2 * np.pi * (x + y * seed) / step)
    pixels = 40 + 160 * wave[..., None] * rng.uniform(0.3, 1, 3)
    return np.clip(pixels + rng.normal(0, 8, pixels.shape), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return features(tmp_path_factory.mktemp("features") / "features.npz")


@pytest.fixture(scope="module")
def compared(weights):
    return objective.features(weights)


def test_surfaces_are_learnt_with_their_codes(weights, tmp_path):
    textures = np.stack([stripes(n) for n in range(3)])
    given = settings(tmp_path, tmp_path / "out", side=64, grow=(), batch=3, width=0.25, steps=4)
    contests = []

    def making(settings, run):
        contests.append(SurfaceContest(settings, run, textures, weights, 1.0))
        return contests[0]

    found = train(given, making)
    assert np.isfinite(found).all()
    generator = Kinds(Surfaces(width=0.25), 3)
    before = generator.codes.detach().clone()
    assert load_weights(generator, given.out / "weights.npz") == []
    assert not torch.allclose(generator.codes, before)
    codes = generator.kind(torch.arange(3))
    assert float(codes.mean(0).abs().max()) < 1e-5
    assert float(codes.square().mean()) == pytest.approx(1, abs=1e-4)


def test_a_judge_of_surfaces_looks_at_the_kind():
    torch.manual_seed(0)
    judge, pictures, kinds = (
        Judge(64, 0.1, kinds=KIND),
        torch.randn(2, 3, 64, 64),
        torch.randn(2, KIND),
    )
    one, other = judge(pictures, kinds=kinds), judge(pictures, kinds=kinds.flip(0))
    assert one.shape == (2,)
    assert not torch.allclose(one, other)


@torch.no_grad()
def test_a_surface_repeats_without_a_seam_and_its_pieces_are_those_of_the_whole():
    torch.manual_seed(1)
    surfaces, cells = Surfaces(width=0.25), 20
    kinds = torch.randn(1, KIND, 1, 1).expand(-1, -1, cells, cells)
    field, places, period = placed(1, cells, torch.device("cpu"))
    surfaces.wrap(True)
    whole = surfaces(field, kinds, places, period)
    assert whole.shape == (1, 3, CELL * cells, CELL * cells)
    turned = surfaces(field.roll(5, 3), kinds, places.roll(5, 3), period)
    near = 1e-3 * float(whole.std())
    assert torch.allclose(turned, whole.roll(5 * CELL, 3), atol=near)
    surfaces.wrap(False)
    around = surfaces.margin
    tiled = [part.repeat(1, 1, 1, 2) for part in (field, kinds)]
    along = torch.cat([places, places + torch.tensor([0.0, cells])[:, None, None]], 3)
    piece = surfaces(tiled[0], tiled[1], along, period)
    seam = slice(CELL * (cells - 2), CELL * (cells + 2))
    inner = slice(CELL * around, -CELL * around)
    assert torch.allclose(
        piece[:, :, inner, seam], whole.repeat(1, 1, 1, 2)[:, :, inner, seam], atol=near
    )


@torch.no_grad()
def test_waves_fit_a_period_a_whole_number_of_times():
    torch.manual_seed(2)
    surfaces = Surfaces(waves=4, width=0.25)
    told = torch.randn(1, 128, 1, 1).expand(-1, -1, 1, 40)
    places = torch.stack([torch.zeros(1, 40), torch.arange(40.0)[None]])[None]
    for period, repeats in ((10.0, True), (0.0, False)):
        sines, _ = surfaces.periodic(told, places, torch.tensor([[0.0, period]]))
        again = torch.allclose(sines[..., :30], sines[..., 10:], atol=1e-3)
        assert again == repeats


def test_an_even_square_is_a_texture_and_one_of_two_halves_is_not(compared):
    half = stripes(0)
    half[:, SIDE // 2 :] = stripes(3, 23)[:, SIDE // 2 :]
    assert unevenness(compared, half) > 2 * unevenness(compared, stripes(0))


def test_squares_lie_beside_one_another_at_every_size():
    picture = np.zeros((2 * SIDE, 3 * SIDE + 9, 3), np.uint8)
    found = list(squares("some.jpg", picture))
    assert len(found) == 6 + 1
    assert all(place.cut(picture).shape == (SIDE, SIDE, 3) for place in found)


def test_of_alike_textures_the_most_even_is_kept(compared):
    names = ["a", "a again", "b", "c"]
    pixels = [stripes(1), stripes(1)[:, ::-1][:, ::-1] // 2 * 2, stripes(4, 31), stripes(2, 5)]
    found = [
        Found(p, Place(name, 1, 0, 0), n / 10)
        for n, (p, name) in enumerate(zip(pixels, names, strict=True))
    ]
    assert [one.place.name for one in different(found, compared, 3)] == ["a", "b", "c"]


def test_what_is_found_can_be_listed_and_is_found_again(compared, tmp_path):
    whole = np.tile(stripes(0), (1, 2, 1))
    whole[:, SIDE:] = 90  # an even wall is no texture
    Image.fromarray(whole).save(tmp_path / "wall.png")
    (one,) = find([tmp_path], compared, 5)
    assert one.place == ("wall.png", 1.0, 0, 0)
    table = tmp_path / "list.csv"
    table.write_text("name,size,y,x\nwall.png,1.0,0,0\n")
    assert np.array_equal(listed(table, [tmp_path])[0], whole[:, :SIDE])
    table.write_text("name,size,y,x\nwall.png,1.0,0,300\n")
    with pytest.raises(ValueError, match=r"wall\.png is too small"):
        listed(table, [tmp_path])
    table.write_text("name,size,y,x\nroof.png,1.0,0,0\n")
    with pytest.raises(SystemExit, match=r"No folder has roof\.png"):
        listed(table, [tmp_path])


def test_the_list_that_ships_names_each_place_once():
    with open(TEXTURES, newline="") as file:
        rows = [(row["name"], row["size"], row["y"], row["x"]) for row in csv.DictReader(file)]
    assert len(set(rows)) == len(rows) > 10


def test_a_crop_is_a_piece_of_the_texture_it_names():
    textures = np.stack([np.full((SIDE, SIDE, 3), 10 * n, np.uint8) for n in range(5)])
    which, crops = next(iter(Crops(textures, 8, 64, (1,))))
    assert crops.shape == (8, 3, 64, 64)
    assert torch.equal(crops[:, 0, 0, 0], (10 * which).to(torch.uint8))


def test_noise_and_places_are_new_for_every_piece():
    field, places, period = placed(3, 6, torch.device("cpu"))
    assert field.shape == (3, FIELD, 6, 6)
    assert not torch.equal(field[0], field[1])
    assert not torch.equal(places[0], places[1])
    assert torch.equal(
        places[0, :, 1:, :] - places[0, :, :-1, :],
        torch.tensor([1.0, 0.0])[:, None, None].expand(2, 5, 6),
    )
    assert (period == 6).all()


def test_a_batch_without_kinds_is_one_of_objects():
    assert Batch(torch.zeros(1)).kinds is None


@torch.no_grad()
def test_untrained_networks_speak_neither_too_loudly_nor_too_softly():
    torch.manual_seed(3)
    field, places, period = placed(2, 6, torch.device("cpu"))
    kinds = torch.randn(2, KIND, 1, 1).expand(-1, -1, 6, 6)
    found = [Objects(64)(torch.randn(4, 128)), Surfaces()(field, kinds, places, period)]
    pictures = torch.nn.functional.interpolate(torch.randn(16, 3, 4, 4), (64, 64))
    found += [Judge(64)(pictures), Judge(64, kinds=KIND)(pictures, kinds=torch.randn(16, KIND))]
    for said in found:
        assert 0.1 < float(said.std()) < 4


def test_codes_of_pictures_are_like_those_of_chance():
    rng = np.random.default_rng(3)
    small = rng.integers(0, 256, (200, 4, 4, 3), np.uint8)
    pictures = np.kron(small, np.ones((1, 8, 8, 1), np.uint8))  # of 48 directions
    coded = Coded(pictures)
    codes = coded.of(signed(planes(pictures)))
    assert codes.shape == (200, CODE)
    known = codes[:, :40]
    assert float(known.square().mean()) == pytest.approx(1, abs=0.2)
    assert float(known.mean().abs()) < 0.1
    assert float(codes[:, 60:].abs().max()) < 1e-2 * float(known.abs().max())
    near, far = pictures[:1].copy(), pictures[1:2]
    near[:, 0, 0] ^= 8
    like = coded.of(signed(planes(np.concatenate([near, far]))))
    assert float((like[0] - codes[0]).norm()) < 0.2 * float((like[1] - codes[0]).norm())


def test_a_guided_generator_learns_to_make_a_picture_of_its_code(folder, weights, tmp_path):
    given = settings(folder, tmp_path / "out", side=32, grow=(), batch=4, steps=40, judged_from=1.0)
    made = []

    def making(settings, run):
        made.append(ObjectContest(settings, run, weights, 1.0))
        return made[0]

    found = train(given, making)
    assert np.mean(found[-8:]) < 0.8 * np.mean(found[:4])
