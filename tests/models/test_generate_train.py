"""Training generators: a few steps of each kind, what is kept, and that it goes on from there."""

import csv
import functools
import json
import sys

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from models.generate import sketched as sketching  # noqa: E402
from models.generate.contest import Batch, Settings, Stage  # noqa: E402
from models.generate.finer import FinerContest  # noqa: E402
from models.generate.folder import reduced, signed  # noqa: E402
from models.generate.networks import (  # noqa: E402
    CODE,
    PASSES,
    Finer,
    Judge,
    Objects,
    Sketched,
    reached,
    turned,
)
from models.generate.objects import ObjectContest, blended  # noqa: E402
from models.generate.sketched import CLOSER, SketchContest, closer, principal  # noqa: E402
from models.generate.surface_network import CELL, FIELD, KIND, Surfaces  # noqa: E402
from models.generate.surfaces import Kinds, SurfaceContest, lattice, placed  # noqa: E402
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
from models.generate.train import TEXTURES, main, train  # noqa: E402
from models.style import objective  # noqa: E402
from models.training import load_weights, planes, precision  # noqa: E402
from tests.models.made_pictures import features  # noqa: E402


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


def test_sketches_are_spread_as_pictures_are():
    rng = np.random.default_rng(3)
    small = rng.integers(0, 256, (300, 2, 2, 3), np.uint8)
    small[:, 0] //= 4  # not all are alike
    pictures = np.kron(small, np.ones((1, 8, 8, 1), np.uint8))
    mean, directions = principal(pictures, 8)
    assert directions.shape == (CODE, 3 * 8 * 8)
    seen = reduced(signed(planes(pictures)), 8)
    flat = torch.cat([seen, seen.flip(3)]).flatten(1)
    torch.testing.assert_close(mean, flat.mean(0))
    torch.testing.assert_close(directions.T @ directions, flat.T.cov(), atol=0.02, rtol=0)
    assert float(directions[20:].norm()) < 1e-2 * float(directions.norm())  # there are 12


@pytest.fixture
def sketched():
    torch.manual_seed(4)
    made = Sketched(8)
    made.mean.normal_()
    made.directions.normal_()
    return made


def test_of_normally_distributed_pictures_sketches_are_samples(sketched):
    """They are spread as sketches are, and nothing is paler for being made in a few passes."""
    mean = sketched.mean.view(3, 8, 8)

    def likeliest(between, share):
        share = share[:, None, None, None]
        return (2 * share - 1) / (share**2 + (1 - share) ** 2) * (between - mean)

    sketched.flow.forward = likeliest
    codes = torch.randn(4, CODE)
    torch.testing.assert_close(sketched(codes), sketched.sketch(codes))


def test_all_sketches_become_the_only_picture_there_is(sketched):
    picture = sketched.mean.view(3, 8, 8)
    sketched.flow.forward = lambda at, share: (picture - at) / (1 - share[:, None, None, None])
    codes = torch.randn(4, CODE)
    left = (sketched(codes) - picture).norm() / (sketched.sketch(codes) - picture).norm()
    assert float(left) < 0.05


def test_passes_are_equal_steps_to_the_end():
    steps = [reached(n + 1) - reached(n) for n in range(PASSES)]
    assert reached(0) == pytest.approx(steps[0])
    assert steps == pytest.approx([steps[0]] * PASSES)
    assert turned(PASSES) == pytest.approx(np.pi / 2)


@torch.no_grad()
def test_what_is_locked_is_as_the_last_and_known_around_it():
    torch.manual_seed(4)
    sketched = Sketched(16)
    sketched.directions.normal_(std=0.1)
    torch.nn.init.normal_(sketched.flow.last.inner.weight)
    sketches = sketched.sketch(torch.randn(2, CODE))
    lock = torch.zeros(1, 1, 16, 16)
    lock[..., :8] = 1
    free, last = sketched.made(sketches)
    both = sketched.made(sketches, lock)[0]
    torch.testing.assert_close(both[..., :8], last[..., :8])
    assert float((both - free)[..., 8:].abs().max()) > 0.01
    assert torch.equal(sketched.made(sketches, 0 * lock)[0], free)
    one = sketched.made(sketches[:1], lock)  # with nothing held, a lock says nothing
    torch.testing.assert_close(one[0], free)


def test_squares_that_come_closer_are_parts_of_the_picture():
    along = torch.linspace(-1, 1, 64).expand(20, 3, 64, 64)
    found = closer(along, 8)
    assert found.shape == (20, 3, 8, 8)
    reach = (found[:, 0, 0, -1] - found[:, 0, 0, 0]) * 8 / 7 / 2  # of the side
    assert float(reach.max()) <= 1 + 1 / 60
    assert 1 - CLOSER - 3 / 64 <= float(reach.min()) < 0.95


@pytest.mark.parametrize("side", [16, 128])
def test_what_is_not_trained_only_enlarges(side):
    small = torch.rand(2, 3, 8, 8)
    found = Finer(8, side)(small)
    large = torch.nn.functional.interpolate(small, (side, side), mode="bilinear")
    assert torch.equal(found, large)


class Compared(SketchContest):
    """Says how far the network leads from the way, of the same pictures and by the same chance."""

    def away(self):
        with torch.random.fork_rng(), torch.no_grad():
            torch.manual_seed(0)
            pictures = signed(planes(self.pictures.train))
            batch = Batch(reduced(pictures, self.settings.side).repeat(20, 1, 1, 1))
            return float(self.guidance(batch.real, batch))


@pytest.fixture
def narrow(monkeypatch):
    """Few channels: most of a step of these trainings is spent on wide layers' matrices."""
    few = functools.partial(Sketched, widths=(16, 24, 32))
    monkeypatch.setattr(sketching, "Sketched", few)


@pytest.mark.usefixtures("narrow")
def test_the_way_from_sketches_to_pictures_is_learnt(folder, tmp_path):
    given = {"side": 8, "grow": (), "batch": 16, "learning_rate": 3e-3, "judged_from": 1.0}
    given = settings(folder, tmp_path / "out", **given, steps=80)
    found = []

    def making(settings, run):
        contest = Compared(settings, run, 1.0)
        found.append((contest, contest.away()))
        return contest

    train(given, making)
    contest, before = found[0]
    assert contest.away() < 0.98 * before


@pytest.mark.usefixtures("narrow")
def test_a_judge_looks_at_what_all_passes_make(folder, tmp_path):
    given = {"side": 8, "grow": (), "batch": 4, "judged_from": 0.5}
    given = settings(folder, tmp_path / "out", **given, steps=4)
    assert np.isfinite(train(given, lambda settings, run: SketchContest(settings, run, 1.0))).all()
    assert "judge_norm" in rows(tmp_path / "out")[-1]


def test_detail_is_learnt(folder, weights, tmp_path):
    given = {"side": 32, "grow": (), "batch": 4, "learning_rate": 3e-3, "judged_from": 1.0}
    given = settings(folder, tmp_path / "out", **given, steps=40)
    found = train(given, lambda settings, run: FinerContest(settings, run, 8, weights, 1.0))
    assert np.mean(found[-8:]) < 0.9 * np.mean(found[:4])


@torch.no_grad()
def test_a_lattice_is_seen_and_a_texture_has_none():
    torch.manual_seed(1)
    plain = torch.rand(4, 3, 128, 128)
    steps = plain + 2 * torch.randn(4, 3, 8, 8).repeat_interleave(16, 2).repeat_interleave(16, 3)
    assert float(lattice(plain)) < 0.01
    assert float(lattice(steps)) > 1
    torch.testing.assert_close(lattice(steps.roll(16, 2)), lattice(steps))


def test_what_would_guide_nothing_is_refused(folder, weights, tmp_path, monkeypatch, capsys):
    said = ["train", "--photos", folder, "--out", tmp_path, "--features", weights]
    for more in ([], ["--sketched", "8"]):
        monkeypatch.setattr(sys, "argv", [*map(str, said), *more])
        with pytest.raises(SystemExit):
            main()
        assert "--features guides --surfaces and --finer" in capsys.readouterr().err


@pytest.mark.parametrize("known", ["amx_bf16", "avx512_bf16", None])
def test_only_processors_that_know_bfloat16_are_given_it(monkeypatch, known):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {known: True})
    assert precision() == ("bf16-mixed" if known else "32-true")
