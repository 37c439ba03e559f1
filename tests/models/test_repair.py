"""Repair: damage, the filling network and its latents, the detector, and what is exported."""

import json

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")

from models import damage  # noqa: E402
from models.repair import examples, export, objective, train, train_detector  # noqa: E402
from models.repair.detector import HATS, Detector  # noqa: E402
from models.repair.filling_network import FillerFile, still  # noqa: E402
from models.repair.lines import DIRECTIONS, DOUBLINGS, lines  # noqa: E402
from models.repair.network import (  # noqa: E402
    RIM_STEPS,
    Filler,
    Latent,
    Rung,
    bounded,
    interpolation,
)
from models.training import load_state, save_weights  # noqa: E402
from tests.attack import times  # noqa: E402
from tests.models.made_pictures import edges_picture, photographs  # noqa: E402


def damage_masks(folder):
    """Two masks of every stored kind; by its name picture_0 is kept from training."""
    rng = np.random.default_rng(0)
    for kind in (*damage.GROUPS["dust and scratches"], *damage.GROUPS["stains"]):
        (folder / kind).mkdir(parents=True)
        for n in range(2):
            mask = np.zeros((64, 64), np.uint8)
            y, x = rng.integers(4, 44, 2)
            mask[y : y + 16, x : x + rng.integers(2, 16)] = 255
            Image.fromarray(mask).save(folder / kind / f"picture_{n}.png")
    return folder


@pytest.fixture(scope="module")
def common(tmp_path_factory):
    """Settings that all runs share: generated photographs and masks, small crops, one cache."""
    folder = tmp_path_factory.mktemp("repair")
    return {
        "photos": photographs(folder / "photographs"),
        "damage": damage_masks(folder / "masks"),
        "cache": folder / "cache",
        "batch": 4,
        "patch": 32,
        "measure_every": 1e9,
    }


@pytest.fixture(scope="module")
def masks(common):
    return damage.load_masks(common["damage"], common["cache"])


@pytest.fixture
def network():
    """A filling network in which every weight has a say, as after a training."""
    torch.manual_seed(0)
    made = Filler().eval()
    for weights in made.parameters():
        if not weights.any():
            torch.nn.init.normal_(weights, 0, 0.03)
    return made


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The file of such a network and how many parameters it ships.

    Every direction is a branch like the others, and every doubling of what it sees a step like the
    others, and each takes as long to export: an attack has all.
    """
    folder = tmp_path_factory.mktemp("exported")
    followed = DIRECTIONS[times(0, -1) :]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("models.repair.lines.DIRECTIONS", followed)
        patch.setattr("models.repair.network.DIRECTIONS", followed)
        patch.setattr("models.repair.network.SEEN", 5 + 5 * len(followed))
        patch.setattr("models.repair.network.RIM_STEPS", times(RIM_STEPS, 1))
        patch.setattr(
            "models.repair.lines.DOUBLINGS", {n: times(k, 2) for n, k in DOUBLINGS.items()}
        )
        torch.manual_seed(0)
        made = Filler()
        for weights in made.parameters():
            if not weights.any():
                torch.nn.init.normal_(weights, 0, 0.03)
        save_weights(folder / "weights.npz", made.state_dict())
        said = export.export_filler(folder / "weights.npz", folder, "small")
    assert "differs from PyTorch" in said
    return folder / "fill.onnx", made.shipped_parameters()


@pytest.fixture(scope="module")
def exported(written):
    """That file."""
    return written[0]


def rows(out):
    return [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]


def with_hole(side=64, first=16, end=48):
    """(image, hole, guess) of one picture with a square hole, as tensors."""
    image = torch.from_numpy(edges_picture(0, side, side)).permute(2, 0, 1)[None].float() / 255
    hole = torch.zeros(1, 1, side, side)
    hole[..., first:end, first:end] = 1
    return image, hole, torch.zeros_like(hole)


def test_masks_are_split_by_file_and_read_again_from_the_cache(common, masks):
    train_masks, kept = masks
    for kind in damage.GROUPS["stains"]:
        assert len(train_masks[kind]) == len(kept[kind]) == 1
        assert not np.array_equal(train_masks[kind], kept[kind])
    again, _ = damage.load_masks(common["damage"], common["cache"])
    assert all(np.array_equal(again[kind], train_masks[kind]) for kind in again)


@pytest.mark.parametrize("group", [*damage.GROUPS, "hole"])
def test_damage_of_every_kind_is_the_same_for_the_same_chance_and_other_for_other(masks, group):
    def marks(seed):
        rng = np.random.default_rng(seed)
        return [damage.random_mark(rng, masks[0], group, (80, 112)) for _ in range(12)]

    first, again, others = marks(1), marks(1), marks(2)
    for one, same in zip(first, again, strict=True):
        assert one.alpha.shape == (80, 112)
        assert one.alpha.min() >= 0
        assert one.alpha.max() <= 1
        assert np.array_equal(one.alpha, same.alpha)
    assert any(not np.array_equal(a.alpha, b.alpha) for a, b in zip(first, others, strict=True))
    assert np.mean([mark.alpha.any() for mark in first]) > 0.7


def test_damage_is_said_where_it_shows_and_nowhere_else(masks):
    picture = edges_picture(3, 96, 96)
    shown = 0
    for seed in range(20):
        image, where = damage.damaged(picture, masks[0], np.random.default_rng(seed), 1)
        changed = np.abs(image.astype(int) - picture).max(-1)
        assert where.sum(-1).max() <= 1
        assert (changed[where.any(-1)] > 0).mean() > 0.99 if where.any() else True
        shown += bool(where.any())
        # Only the soft rim and a tear's shadow change without being said.
        assert (changed[~where.any(-1)] > 30).mean() < 0.05
    assert shown > 5


def test_holes_are_never_empty_and_never_most_of_the_picture(masks):
    rng = np.random.default_rng(0)
    for _ in range(50):
        hole = examples.random_hole(masks[0], rng, (64, 64))
        assert 0 < hole.mean() <= examples.LARGEST_SHARE


def test_a_guess_lies_deep_inside_the_hole(masks):
    rng = np.random.default_rng(1)
    guesses = 0
    for _ in range(40):
        found = examples.example(edges_picture(1, 80, 80), masks[0], rng)
        assert not (found.guess & ~found.hole & 1).any()
        changed = (found.image != found.original).any(-1)
        assert not (changed & (found.guess[..., 0] == 0)).any()
        guesses += bool(found.guess.any())
    assert guesses


def test_the_interpolation_keeps_what_is_known_and_continues_what_is_flat():
    image, hole, _ = with_hole()
    filled = interpolation(image, 1 - hole)
    assert torch.equal(filled * (1 - hole), image * (1 - hole))
    flat = torch.full((1, 3, 96, 96), 0.7)
    hole = torch.zeros(1, 1, 96, 96)
    hole[..., 10:86, 10:86] = 1
    assert torch.allclose(interpolation(flat * (1 - hole), 1 - hole), flat, atol=1e-5)


def striped(angle_down, angle_right, side=64):
    """A picture that changes across a direction alone, and a hole in its middle."""
    y, x = np.mgrid[:side, :side]
    across = (y * angle_right - x * angle_down) / 5
    image = torch.from_numpy(np.stack([np.sin(across + n) / 2 + 0.5 for n in range(3)])[None])
    hole = torch.zeros(1, 1, side, side)
    hole[..., 26:38, 24:40] = 1
    return image.float(), hole


@pytest.mark.parametrize(("n", "direction"), list(enumerate(DIRECTIONS)))
def test_a_line_along_a_stripe_has_its_colour_at_both_ends(n, direction):
    image, hole = striped(*direction)
    found = lines(image * (1 - hole), 1 - hole)
    inside = hole[0, 0] > 0
    assert found.ended[0, n][inside].all()
    assert found.contrast[0, n][inside].max() < 1e-5
    colour = found.colour[0, n].movedim(0, -1)[inside]
    assert torch.allclose(colour, image[0].movedim(0, -1)[inside], atol=1e-5)
    others = [found.contrast[0, m][inside].mean() for m in range(len(DIRECTIONS)) if m != n]
    assert min(others) > 0.02


def test_the_nearest_known_pixel_ends_a_line():
    image = torch.rand(1, 3, 40, 40)
    known = (torch.rand(1, 1, 40, 40, generator=torch.Generator().manual_seed(3)) < 0.2).float()
    found = lines(image, known)
    for y, x in ((20, 20), (7, 31), (33, 2)):
        reached = []
        for sign in (1, -1):
            at = [(y + sign * k, x) for k in range(40) if 0 <= y + sign * k < 40]
            reached.append(next((k for k, p in enumerate(at) if known[0, 0, p[0], p[1]]), None))
        ended = None not in reached
        assert bool(found.ended[0, 1, y, x]) is ended
        length = sum(k for k in reached if k is not None)
        assert float(found.length[0, 1, y, x]) == pytest.approx(length)


def test_a_line_is_followed_31_steps_at_least_and_ends_at_the_border():
    image = torch.full((1, 3, 20, 100), 0.5)
    known = torch.zeros(1, 1, 20, 100)
    known[..., 5] = 1
    found = lines(image, known)
    assert not found.ended[..., 6:].any()  # nothing is known on the other side
    reached = found.length[0, 0, 10]
    assert float(reached[5]) == 0
    assert float(reached[5 + 63]) == 63
    assert float(reached[5 + 64]) == 0


def test_an_untrained_network_continues_stripes_better_than_the_interpolation():
    for direction in DIRECTIONS:
        image, hole = striped(*direction)
        made = Filler().eval()(image, hole, 0 * hole, torch.from_numpy(still(image.shape)))
        plain = interpolation(image, 1 - hole)
        errors = [float(((part - image) * hole).abs().sum()) for part in (made, plain)]
        along_pixels = 0 in direction or abs(direction[0]) == abs(direction[1])
        assert errors[0] < (0.2 if along_pixels else 0.35) * errors[1]
        assert torch.equal(made * (1 - hole), image * (1 - hole))


def test_what_is_even_stays_even():
    image, hole = torch.full((1, 3, 64, 64), 0.3), torch.zeros(1, 1, 64, 64)
    hole[..., 8:56, 8:56] = 1
    made = Filler().eval()(image * (1 - hole), hole, 0 * hole, torch.from_numpy(still(image.shape)))
    assert torch.allclose(made, image, atol=1e-4)


def test_what_is_under_the_hole_cannot_be_seen(network):
    image, hole, guess = with_hole()
    other = torch.where(hole > 0, torch.rand_like(image), image)
    noise = torch.randn(1, 28, 16, 16)
    with torch.no_grad():
        results = [network(picture, hole, guess, noise) for picture in (image, other)]
    assert torch.allclose(*results, atol=1e-6)
    with torch.no_grad():
        guessed = [network(picture, hole, hole, noise) for picture in (image, other)]
    assert float((guessed[0] - guessed[1]).abs().max()) > 0.05


def test_noise_changes_the_hole_and_nothing_else(network):
    image, hole, guess = with_hole()
    with torch.no_grad():
        first, second = (network(image, hole, guess, torch.randn(1, 28, 16, 16)) for _ in range(2))
    outside = (hole == 0).expand_as(image)
    assert torch.equal(first[outside], image[outside])
    assert torch.equal(second[outside], image[outside])
    assert float((first - second)[~outside].abs().mean()) > 1e-3


def test_the_divergence_is_that_of_the_two_distributions():
    torch.manual_seed(0)
    rung = Rung(width=8, seen=6, channels=4)
    torch.nn.init.normal_(rung.prior.weight, 0, 0.3)
    x, seen, noise = torch.randn(2, 8, 5, 5), torch.randn(2, 6, 5, 5), torch.randn(2, 4, 5, 5)
    hole, plain = torch.ones(2, 1, 5, 5), torch.zeros(2, 1, 1, 1)
    _, latent = rung.told(x, noise, hole, seen, plain)
    mean, spread = rung.prior(torch.nn.functional.silu(x)).chunk(2, 1)
    both = torch.cat([torch.nn.functional.silu(x), seen], 1)
    shift, narrowing = rung.correction(both).chunk(2, 1)
    spread, narrowing = bounded(spread), bounded(narrowing)
    prior = torch.distributions.Normal(mean, spread.exp())
    posterior = torch.distributions.Normal(mean + shift * spread.exp(), (spread + narrowing).exp())
    wanted = torch.distributions.kl_divergence(posterior, prior)
    assert torch.allclose(latent.kl, wanted, rtol=1e-3, atol=1e-5)


def test_divergence_counts_in_the_hole_alone():
    hole = torch.zeros(1, 1, 4, 4)
    hole[..., 1:3, 1:3] = 1
    latent = Latent(torch.full((1, 2, 4, 4), 0.5) * hole, torch.zeros(1, 2, 4, 4), hole)
    pixels = torch.zeros(1, 1, 16, 16)
    pixels[..., 4:12, 4:12] = 1
    counted = torch.ones(1, 1, 1, 1)
    assert torch.allclose(objective.per_channel(latent, counted), torch.tensor([0.5, 0.5]))
    assert float(objective.rates([latent], pixels, counted)) == pytest.approx(2 * 0.5 * 4 / 64)


@pytest.mark.parametrize(("free_bits", "gains"), [(0.001, False), (0.0005, True)])
def test_below_the_free_bits_nothing_is_gained_by_saying_less(free_bits, gains):
    kl = torch.full((1, 1, 4, 4), 0.01, requires_grad=True)
    hole = torch.ones(1, 1, 4, 4)
    latent = Latent(kl, torch.zeros(1, 1, 4, 4), hole)
    pixels, counted = torch.ones(1, 1, 16, 16), torch.ones(1, 1, 1, 1)
    objective.rates([latent], pixels, counted, free_bits).sum().backward()
    assert bool(kl.grad.any()) is gains


def test_a_scale_that_says_little_pays_little():
    weights = objective.balance(torch.tensor([0.1, 0.3, 0.8]))
    assert float(weights.mean()) == pytest.approx(1)
    assert weights.tolist() == sorted(weights.tolist())


def test_a_channel_is_active_when_its_mean_moves():
    shift = torch.zeros(1, 3, 8, 8)
    shift[:, 1] = torch.randn(8, 8)
    shift[:, 2] = 5.0  # always the same: it says nothing
    latent = Latent(torch.zeros(1, 3, 8, 8), shift, torch.ones(1, 1, 8, 8))
    assert objective.activity([latent])[0].tolist() == [0, 1, 0]


def test_a_short_training_fills_better_and_its_latents_come_to_speak(common, tmp_path, monkeypatch):
    monkeypatch.setattr(train, "HELD_OUT_SIDE", common["patch"])
    settings = train.Settings(out=tmp_path, steps=50, **common)
    train.train(settings)
    measured = [row for row in rows(tmp_path) if "held_out_psnr" in row]
    assert measured[-1]["held_out_psnr"] > measured[0]["held_out_psnr"]
    assert measured[-1]["posterior_psnr"] > measured[-1]["held_out_psnr"]
    for scale in (16, 8, 4):
        assert measured[-1][f"active_{scale}"] > 0.3
        assert measured[-1][f"nats_{scale}"] > 0.01
    assert measured[0]["active_16"] < 0.3
    assert measured[-1]["spread"] > 0
    assert (tmp_path / "samples" / "0_sample.png").exists()


def test_a_first_run_of_the_likeliest_filling_leaves_the_posterior_alone(common, tmp_path):
    train.train(train.Settings(out=tmp_path, steps=3, unseen=1.0, **common))
    weights = load_state(tmp_path / "state.pt")["network"]
    moments = weights["optimizer"]["state"]
    names = [name for name, _ in train.Filler().named_parameters()]
    learnt = {names[n] for n in moments}
    assert "last.weight" in learnt
    assert not any(name.startswith("posterior") for name in learnt)


def test_a_run_of_the_filler_resumes_where_it_stopped(common, tmp_path):
    assert len(train.train(train.Settings(out=tmp_path, steps=2, **common))) == 2
    assert len(train.train(train.Settings(out=tmp_path, steps=3, resume=True, **common))) == 1


def test_an_adversary_learns_beside_the_filler(common, tmp_path, monkeypatch):
    monkeypatch.setattr(train, "ADVERSARY_ALONE", 1)
    train.train(train.Settings(out=tmp_path, steps=3, adversary=True, **common))
    state = load_state(tmp_path / "state.pt")
    assert len(state["adversary"]["optimizer"]["state"]) > 0


def test_a_few_seconds_of_training_lower_the_detectors_loss(common, tmp_path):
    losses = train_detector.train(train_detector.Settings(out=tmp_path, steps=120, **common))
    assert np.mean(losses[-16:]) < 0.85 * np.mean(losses[:16])
    assert {f"f1_{group}" for group in damage.GROUPS} <= set(rows(tmp_path)[-1])


def test_f1_is_one_when_all_is_found_and_counts_what_is_wrong():
    where = np.zeros((8, 8, 3), bool)
    where[:4, :, 0] = True
    counts = train_detector.Counts()
    counts.add(where, where)
    assert counts.f1()["dust and scratches"] == 1
    found = np.zeros_like(where)
    found[:2, :, 0] = found[4:6, :, 0] = True  # half of what is there, half of it wrong
    counts = train_detector.Counts()
    counts.add(found, where)
    assert counts.f1()["dust and scratches"] == pytest.approx(0.5)


@pytest.mark.attack
def test_the_detector_is_exported_and_runs_in_tiles(tmp_path, monkeypatch):
    # Every hat takes as long to export as the others, and the widest reaches as far as all.
    monkeypatch.setattr("models.repair.detector.HATS", times(HATS, HATS[-1:]))
    torch.manual_seed(0)
    save_weights(tmp_path / "weights.npz", Detector().state_dict())
    report = export.export_detector(tmp_path / "weights.npz", tmp_path)
    assert report.path.name == "detect.onnx"
    assert max(report.seams.values()) < 1 / 1024


@pytest.mark.attack
def test_a_file_leaves_the_posterior_behind_and_states_what_it_is(written):
    path, parameters = written
    properties = FillerFile(path).properties
    assert int(properties["parameters"]) == parameters
    assert path.stat().st_size < 4.2 * parameters
    assert properties["multiple"] == "16"
    assert "Daniela" not in properties["training_data"]
    assert "FilmDamageSimulator (MIT)" in properties["training_data"]


@pytest.mark.attack
def test_a_file_in_half_precision_agrees(exported, tmp_path):
    psnr, difference = export.half(exported, tmp_path / "half.onnx")
    assert psnr > 50
    assert difference < 2 / 255


def test_the_filler_stays_below_its_largest_size():
    assert Filler("small").shipped_parameters() <= 3_500_000
    assert Filler("large").shipped_parameters() <= 3_500_000
    assert sum(p.numel() for p in Detector().parameters()) <= 500_000


@pytest.mark.attack
def test_measuring_compares_with_opencv_and_finds_variations(exported, masks):
    pytest.importorskip("cv2")
    from models.repair import measure

    file = FillerFile(exported)
    pictures = [edges_picture(n, 128, 128) for n in range(2)]

    class Plain(torch.nn.Module):
        def forward(self, image):
            return [image]

    lines, numbers = measure.filling_table(pictures, masks[1], file, Plain())
    assert len(lines) == 2 + len(measure.CLASSICAL) + 2
    for kind in measure.HOLES:
        found = numbers[kind]["scores"]
        assert all(np.isfinite(score).all() for score in found.values())
        assert numbers[kind]["variations"]["inside"] > 0
        assert numbers[kind]["variations"]["outside"] == 0
    _, hole = measure.cases(pictures, masks[1], "64-px holes")[0]
    assert hole.sum() == 64 * 64


def test_a_method_that_touches_the_rest_of_the_picture_is_refused(masks):
    pytest.importorskip("cv2")
    from models.repair import measure

    damaged = measure.cases([edges_picture(0, 128, 128)], masks[1], "tears")
    with pytest.raises(SystemExit, match="outside"):
        measure.fillings(damaged, lambda picture, hole: picture + 1)


def noisy(n, side=256):
    """Fine texture on flat grey, (side, side, 3) uint8."""
    tone = np.random.default_rng(n).integers(96, 160, (side, side, 1)).repeat(3, 2)
    return tone.astype(np.uint8)


def test_holes_to_measure_on_are_of_their_kind_and_always_the_same():
    pytest.importorskip("cv2")
    from models.repair import holes

    assert holes.score("texture", *(1.0, 18.0)) > 0 > holes.score("edge", *(1.0, 18.0))
    assert holes.score("edge", *(40.0, 10.0)) > 0 > holes.score("texture", *(40.0, 10.0))
    assert holes.score("smooth", *(3.0, 1.0)) > 0 > holes.score("smooth", *(3.0, 0.0))
    pictures = [(str(n), noisy(n)) for n in range(2)]
    first, again = (holes.find(pictures, 1)[0] for _ in range(2))
    assert first.kind == "texture"
    assert np.array_equal(first.missing, again.missing)
    with pytest.raises(ValueError, match="edge"):
        holes.find(pictures, 2)


def test_a_blur_keeps_no_texture_and_the_key_of_pairs_tells_which_was_filled(tmp_path):
    pytest.importorskip("cv2")
    from models.repair import holes

    (hole,) = holes.find([("a", noisy(1))], 1)
    flat = np.where(hole.missing[..., None], np.uint8(128), hole.original)
    assert holes.fine(flat, hole.missing) < 0.5 * holes.fine(hole.original, hole.missing)
    holes.write_pairs([hole], [flat], tmp_path)
    _, side, kind, name = (tmp_path / "pairs_key.txt").read_text("utf-8").split()
    assert (kind, name) == ("texture", "a")
    sheet = np.asarray(Image.open(tmp_path / "pairs1.png"))
    left, right = sheet[18:242, :224], sheet[18:242, 230:454]
    blurred, kept = (left, right) if side == "left" else (right, left)
    assert blurred.std() < kept.std()
