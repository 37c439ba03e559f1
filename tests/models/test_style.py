"""Style: what networks promise, the losses they learn from, the styles, and a short training."""

import json
import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")
pytest.importorskip("lightning_fabric")

from models.pictures import Pictures  # noqa: E402
from models.style import gatys, objective, styles, train  # noqa: E402
from models.style.export import reach  # noqa: E402
from models.style.network import Stylizer, square_root  # noqa: E402
from models.training import load_weights  # noqa: E402
from tests.attack import times  # noqa: E402
from tests.models.made_pictures import edges_picture, features, photographs  # noqa: E402

SIZES = ("fast", "quality")
ENOUGH = 20  # iterations towards a root, until also directions of little variance are there


@pytest.fixture(scope="module")
def networks():
    """A network of each size in which every weight has a say, as after a training."""
    made = {}
    for size in SIZES:
        torch.manual_seed(0)
        made[size] = Stylizer(size).eval()
    return made


@pytest.fixture(params=SIZES)
def network(request, networks):
    return networks[request.param]


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """The network whose features are compared, with random weights."""
    return objective.features(features(tmp_path_factory.mktemp("features") / "features.npz"))


def picture(seed, height=96, width=192):
    """(1, 3, h, w), 0 to 1."""
    pixels = edges_picture(seed, height, width).astype(np.float32) / 255
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)[None]))


def even(told):
    """The same share for every token."""
    return torch.full(told.shape[:2], 1 / told.shape[1])


def known(network, photograph, style):
    """Own token of a photograph, tokens of a style, equal shares."""
    told = network.describe(style)
    return network.describe(photograph).mean(1), told, even(told)


@torch.no_grad()
def test_a_picture_keeps_its_size_and_takes_on_the_style(network):
    photograph = picture(0)
    results = [network(photograph, *known(network, photograph, picture(n))) for n in (1, 2)]
    assert results[0].shape == photograph.shape
    assert float((results[0] - results[1]).abs().mean()) > 1e-3


@torch.no_grad()
def test_the_mean_of_all_cells_is_the_token_of_the_whole(network):
    photograph = picture(0)
    cells = network.describe(photograph)
    assert cells.shape[1] == network.cells**2
    for found, level in zip(network.split(cells.mean(1)), network.encoder(photograph), strict=True):
        assert torch.allclose(found.mean, level.mean((2, 3)), atol=1e-5)
        assert torch.allclose(found.square, level.square().mean((2, 3)), atol=1e-5)


@torch.no_grad()
def test_every_cell_is_told_of_by_a_token_of_its_own(networks):
    network = networks["quality"]
    before, changed = picture(0, 192, 192), picture(0, 192, 192)
    changed[..., :16, 176:] = picture(1, 16, 16)  # the last cell of the first row
    away = (network.describe(before) - network.describe(changed)).abs().amax(2)[0]
    assert int(away.argmax()) == network.cells - 1
    assert float(away[-1]) == 0


@torch.no_grad()
def test_a_piece_becomes_what_it_is_in_the_whole(network, networks):
    size = next(name for name in SIZES if networks[name] is network)
    photograph, start, edge = picture(0, 96, 576), 232, 8
    given = known(network, photograph, picture(1))
    whole = network(photograph, *given)
    seen = reach(size)
    first = (start - seen) // 8 * 8
    part = network(photograph[..., first:], *given)[..., start - first :]
    assert float((part - whole[..., start:]).abs().max()) < 1e-5
    near = network(photograph[..., start - edge :], *given)[..., edge:]
    assert float((near - whole[..., start:]).abs().max()) > 1e-3


@torch.no_grad()
def test_the_order_of_tokens_does_not_matter(networks):
    network, photograph = networks["quality"], picture(0)
    own, told, shares = known(network, photograph, picture(1))
    shares = shares * torch.linspace(0.5, 1.5, shares.shape[1])
    order = torch.randperm(told.shape[1])
    one = network(photograph, own, told, shares)
    other = network(photograph, own, told[:, order], shares[:, order])
    assert float((one - other).abs().max()) < 1e-4


@torch.no_grad()
def test_a_token_of_no_share_does_not_count(network):
    photograph = picture(0)
    own, told, shares = known(network, photograph, picture(1))
    alone = network(photograph, own, told, shares)
    more = torch.cat([told, network.describe(picture(2))], 1)
    both = torch.cat([shares, torch.zeros_like(shares)], 1)
    left_out = network(photograph, own, more, both)
    half = network(photograph, own, more, even(more))
    changed, left = (float((alone - other).abs().max()) for other in (half, left_out))
    assert left < 0.01 * changed  # SMALLEST_SHARE is not nothing


@torch.no_grad()
def test_the_same_token_twice_by_a_half_is_the_token_once(network):
    photograph = picture(0)
    own, told, shares = known(network, photograph, picture(1))
    once = network(photograph, own, told, shares)
    twice = network(photograph, own, told.repeat(1, 2, 1), shares.repeat(1, 2) / 2)
    assert float((once - twice).abs().max()) < 1e-4


@torch.no_grad()
def test_attention_that_likes_all_cells_alike_gives_the_statistics_of_the_whole(networks):
    network = networks["quality"]
    photograph, transform = picture(0), Stylizer("quality").transforms[2]
    torch.nn.init.zeros_(transform.key.weight)  # every answer is the bias: all are equal
    levels = network.encoder(photograph)
    own, told, shares = known(network, photograph, picture(1))
    its, cells = network.split(own)[2], network.split(told)[2]
    spread = network.split(told.mean(1))[2]
    attended = transform(levels[2], its, cells, shares, spread)
    transform.attends = False
    wanted = transform(levels[2], its, cells, shares, spread)
    assert torch.allclose(attended, wanted, atol=1e-3)
    mean = attended.mean((2, 3))
    assert torch.allclose(mean, spread.mean, atol=1e-3)


@torch.no_grad()
def test_features_in_a_pictures_own_style_stay_as_they_are(network, monkeypatch):
    monkeypatch.setattr("models.style.network.ITERATIONS", ENOUGH)
    levels = network.encoder(picture(0, 192, 192))
    own = network.tokens(levels).mean(1)
    for n, transform in enumerate(network.transforms):
        its, cells = network.split(own)[n], network.split(own[:, None])[n]
        away = transform(levels[n], its, cells, torch.ones(1, 1), its) - levels[n]
        spread = levels[n] - levels[n].mean((2, 3), keepdim=True)
        assert float(away.norm() / spread.norm()) < 0.002


def test_roots_of_matrices_and_their_inverses():
    torch.manual_seed(0)
    factors = torch.randn(2, 12, 40)
    matrices = factors @ factors.transpose(1, 2) / 40
    root, inverse = square_root(matrices)
    assert torch.allclose(root @ root, matrices, atol=1e-3)
    assert torch.allclose(root @ inverse, torch.eye(12).expand(2, 12, 12), atol=1e-2)


@torch.no_grad()
def test_the_fast_network_moves_means_and_covariances_to_the_styles(networks, monkeypatch):
    monkeypatch.setattr("models.style.network.ITERATIONS", ENOUGH)
    network, photograph = networks["fast"], picture(0, 192, 192)
    levels, drawn = (network.encoder(x) for x in (photograph, picture(1, 192, 192)))
    own, told = (network.tokens(x).mean(1) for x in (levels, drawn))
    for n, transform in enumerate(network.transforms):
        its, wanted = network.split(own)[n], network.split(told)[n]
        moved = transform(levels[n], its, network.split(told[:, None])[n], torch.ones(1, 1), wanted)
        before, after, target = (objective.moments(x[n]) for x in (levels, [moved] * 3, drawn))
        for a, b, c in zip(before, after, target, strict=True):
            assert float((b - c).norm()) < 0.35 * float((a - c).norm())


def test_a_style_has_no_distance_from_itself_and_some_from_another(compared):
    answers, others = (objective.by_layer(compared, picture(n)) for n in (0, 1))
    itself = objective.style_loss(answers, objective.styles(answers))
    assert float(itself) == pytest.approx(0, abs=1e-5)
    assert float(objective.style_loss(others, objective.styles(answers))) > 0.1


def test_style_is_what_occurs_not_where(compared):
    answers = objective.by_layer(compared, picture(0, 192, 192))
    moved = {n: torch.roll(answer, (3, 5), (2, 3)) for n, answer in answers.items()}
    assert float(objective.style_loss(moved, objective.styles(answers))) < 1e-4
    assert float(objective.content_loss(moved, answers)) > 0.1


def test_content_does_not_change_with_the_contrast_of_features(compared):
    answers = objective.by_layer(compared, picture(0))
    louder = {n: 3 * answer + 0.5 for n, answer in answers.items()}
    assert float(objective.content_loss(louder, answers)) < 1e-3
    assert float(objective.style_loss(louder, objective.styles(answers))) > 0.5
    others = objective.by_layer(compared, picture(1))
    assert float(objective.content_loss(others, answers)) > 0.2


def test_moments_are_numpys(compared):
    answer = compared(picture(0))[0]
    flat = answer[0].flatten(1).numpy()
    found = objective.moments(answer)
    np.testing.assert_allclose(found.mean[0], flat.mean(1), rtol=1e-3, atol=1e-3)
    wanted = np.cov(flat, bias=True)
    np.testing.assert_allclose(found.covariance[0], wanted, rtol=1e-2, atol=1e-3 * wanted.max())


def test_the_pixels_themselves_can_be_given_a_style(compared):
    photograph, style = picture(0, 64, 64), picture(1, 64, 64)
    wanted = objective.styles(objective.by_layer(compared, style))
    content = objective.by_layer(compared, photograph)
    losses = [objective.losses(content, content, wanted)]
    for weight in (0.1, 10.0):
        made = gatys.optimised(photograph, style, compared, weight, steps=25)
        assert float(made.min()) >= 0
        assert float(made.max()) <= 1
        losses.append(objective.losses(objective.by_layer(compared, made), content, wanted))
    before, light, heavy = losses
    assert float(light.style) < float(heavy.style) < float(before.style)
    assert float(heavy.content) < float(light.content)


def paintings(folder):
    """A folder of pictures; by its name picture_0 is the one that is kept from training."""
    folder.mkdir()
    for n in range(4):
        Image.fromarray(edges_picture(n + 20, 120, 160)).save(folder / f"picture_{n}.png")
    return folder


def test_styles_are_drawn_again_alike_from_the_same_seed_and_none_that_was_kept_back(tmp_path):
    pictures = Pictures(photographs(tmp_path / "photographs"), 1, tmp_path)
    drawn = styles.Styles(paintings(tmp_path / "paintings"))
    assert list(drawn.held_out) == ["picture_0.png"]
    assert set(drawn.train) == {"picture_1.png", "picture_2.png", "picture_3.png"}
    first, again, other = (
        drawn.sample(np.random.default_rng(seed), 12, 48, pictures) for seed in (1, 1, 2)
    )
    assert first.shape == (12, 48, 48, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert all(style.std() > 1 for style in first)


def test_turned_hues_leave_grey_grey_and_lightness_about_as_it_was():
    rng = np.random.default_rng(0)
    grey = np.full((4, 4, 3), 77, np.uint8)
    assert np.array_equal(styles.recoloured(grey, rng), grey)
    colours = rng.integers(80, 170, (16, 16, 3)).astype(np.uint8)
    turned = styles.recoloured(colours, rng)
    assert np.abs(turned.astype(int) - colours).mean() > 5
    assert np.abs(turned.mean(2) - colours.mean(2)).max() < 3


@pytest.mark.parametrize("drawing", styles.PATTERNS, ids=lambda one: one.__name__)
def test_patterns_use_the_range_and_differ(drawing):
    first, second = (drawing(64, np.random.default_rng(seed)) for seed in (3, 4))
    for drawn in (first, second):
        assert drawn.shape == (64, 64)
        assert drawn.std() > 0.02
    assert np.abs(first - second).mean() > 0.02


def test_the_deep_judge_sees_what_the_shallow_one_does_not(tmp_path):
    path = features(tmp_path / "features.npz")
    deep, shallow = objective.JUDGES["deep"], objective.JUDGES["shallow"]
    assert set(shallow.style) < set(deep.style)
    answers, others = (
        objective.by_layer(objective.features(path, deep), picture(n)) for n in (0, 1)
    )
    wanted = objective.styles(answers, deep.style)
    assert len(wanted) == len(deep.style)
    assert objective.losses(answers, answers, wanted, deep) == (0, 0)
    changed = {n: (others if n == 12 else answers)[n] for n in answers}
    assert objective.losses(changed, answers, wanted, deep).style > 0.05
    assert objective.losses(changed, answers, objective.styles(answers)).style == 0


def test_features_of_our_own_refuse_the_deep_judge():
    ours = Path(train.__file__).parent / "weights" / "features.npz"
    with pytest.raises(SystemExit, match="SqueezeNet"):
        objective.features(ours, objective.JUDGES["deep"])


def test_every_line_of_the_plan_is_a_training_that_would_start(monkeypatch):
    lines = (Path(train.__file__).parent / "plan.tsv").read_text().splitlines()
    plan = [line.split("\t") for line in lines if not line.startswith("#")]
    begun = []
    monkeypatch.setattr(train, "train", begun.append)
    for name, minutes, _, command in plan:
        module, *told = shlex.split(command)
        assert module == train.__name__
        told += ["--out", name, "--minutes", minutes]
        monkeypatch.setattr("sys.argv", [module, *told])
        train.main()
    assert begun
    for settings in begun:
        assert settings.judge == "deep"
        fresh = Stylizer(settings.size)
        assert load_weights(fresh, Path(settings.init)) == []


@pytest.mark.attack
@pytest.mark.parametrize("size", times(list(SIZES), ["fast"]))
def test_a_short_training_comes_nearer_to_styles_it_never_saw_and_keeps_what_it_learnt(
    size, tmp_path
):
    settings = train.Settings(
        photos=photographs(tmp_path / "photographs"),
        styles=paintings(tmp_path / "paintings"),
        features=features(tmp_path / "features.npz"),
        out=tmp_path / "out",
        size=size,
        steps=24,
        batch=2,
        patch=96,
        learning_rate=1e-3,
        measure_every=1e9,
    )
    assert len(train.train(settings)) == 24
    fresh = Stylizer(size)
    first = fresh.state_dict()["encoder.first.weight"].clone()
    assert load_weights(fresh, tmp_path / "out" / "weights.npz") == []
    assert not torch.equal(first, fresh.state_dict()["encoder.first.weight"])
    rows = [json.loads(line) for line in (tmp_path / "out" / "log.jsonl").open()]
    measured = [row for row in rows if "held_out_style" in row]
    assert measured[-1]["held_out_style"] < 0.8 * measured[0]["held_out_style"]
    assert (tmp_path / "out" / "samples" / "0_result.png").exists()
