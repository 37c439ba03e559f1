"""A texture of your own: what is selected is all that is learnt from, and it becomes a plugin."""

import json
import re
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from models.generate import export as exporting  # noqa: E402
from models.generate import own, plugin_texts  # noqa: E402
from models.generate.own import make, train  # noqa: E402
from models.generate.own_contest import (  # noqa: E402
    COMPARED,
    Settings,
    from_general,
    near,
    near_loss,
)
from models.generate.selected import LEAST, Squares, Texture, common_side, texture  # noqa: E402
from models.generate.surface_network import KIND, Surfaces  # noqa: E402
from models.generate.surfaces import Kinds, placed  # noqa: E402
from models.tiles import Network  # noqa: E402
from models.training import save_weights  # noqa: E402
from tests.attack import times  # noqa: E402
from tests.models.made_pictures import features, own_tests  # noqa: E402

ROOT = Path(__file__).parents[2]


def saved(path, pixels):
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture
def picture(tmp_path):
    """A picture, 200 × 160, whose every pixel says where it is."""
    y, x = np.indices((160, 200))
    return saved(tmp_path / "wall.png", np.stack([x, y, x * 0], 2).astype(np.uint8))


def masked(path, *boxes, size=(160, 200)):
    """A mask that is white in boxes of (top, bottom, left, right)."""
    mask = np.zeros(size, np.uint8)
    for top, bottom, left, right in boxes:
        mask[top:bottom, left:right] = 255
    return saved(path, mask)


def test_the_box_around_what_is_selected_is_learnt_from(picture, tmp_path):
    found = texture(picture, masked(tmp_path / "mask.png", (20, 90, 30, 130)))
    assert found.name == "wall.png"
    assert found.pixels.shape == (70, 100, 3)
    assert tuple(found.pixels[0, 0, :2]) == (30, 20)
    assert texture(picture).pixels.shape == (160, 200, 3)


def test_no_square_leaves_the_selection(picture, tmp_path):
    mask = masked(tmp_path / "mask.png", (0, 80, 0, 150), (80, 160, 0, 70))
    found = texture(picture, mask)
    squares = Squares([found], 200, LEAST, (3,))
    _, crops = next(iter(squares))
    corners = {(int(crop[1, 0, 0]), int(crop[0, 0, 0])) for crop in crops}
    assert len(corners) > 100
    for y, x in corners:
        assert found.selected[y : y + LEAST, x : x + LEAST].all()
    expected = {
        (y, x)
        for y in range(160 - LEAST + 1)
        for x in range(150 - LEAST + 1)
        if found.selected[y : y + LEAST, x : x + LEAST].all()
    }
    assert {tuple(corner) for corner in found.corners(LEAST)} == expected


@pytest.mark.parametrize(
    ("boxes", "why"),
    [
        (
            [(0, 63, 0, 200)],
            "selection in wall.png is too small: a square of 64 × 64 px .* 200 × 63",
        ),
        ([(0, 40, 0, 40), (100, 160, 150, 200)], "too small"),
        ([], "selects nothing: white is selected"),
    ],
)
def test_a_selection_that_is_too_small_is_refused_in_words(picture, tmp_path, boxes, why):
    with pytest.raises(SystemExit, match=why):
        texture(picture, masked(tmp_path / "mask.png", *boxes))


def test_what_is_no_picture_or_no_mask_of_it_is_refused_in_words(picture, tmp_path):
    small = masked(tmp_path / "mask.png", (0, 80, 0, 80), size=(80, 90))
    with pytest.raises(SystemExit, match="mask.png is 90 × 80 px; .* wall.png, 200 × 160 px"):
        texture(picture, small)
    project = tmp_path / "wall.safelight"
    project.write_bytes(b"SQLite format 3\0")
    with pytest.raises(SystemExit, match="wall.safelight is no picture .* export it as one"):
        texture(project)
    with pytest.raises(SystemExit, match="missing.png cannot be read"):
        texture(tmp_path / "missing.png")


def test_an_upright_picture_is_learnt_from_as_it_is_seen(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    Image.new("RGB", (100, 70)).save(tmp_path / "lying.jpg", exif=exif)
    assert texture(tmp_path / "lying.jpg").pixels.shape == (100, 70, 3)


def test_squares_are_as_large_as_every_texture_has_them():
    large, small = (
        Texture("", np.zeros((side, side, 3), np.uint8), np.ones((side, side), bool))
        for side in (300, 100)
    )
    assert common_side([large], 128) == 128
    assert common_side([large, small], 128) == 64


# -- training ----------------------------------------------------------------------------------


def stripes(seed, height=150, width=170):
    """Noisy stripes of a colour."""
    rng = np.random.default_rng(seed)
    y, x = np.indices((height, width))
    wave = 0.5 + 0.5 * np.sin(2 * np.pi * (x + y * seed) / 12)
    pixels = 30 + 180 * wave[..., None] * rng.uniform(0.2, 1, 3)
    return np.clip(pixels + rng.normal(0, 8, pixels.shape), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def common(tmp_path_factory):
    """Settings that all runs share: drawn stripes, features of random weights."""
    folder = tmp_path_factory.mktemp("my textures")
    return {
        "photos": saved(folder / "deck_chair.png", stripes(1)),
        "features": features(folder / "features.npz"),
        "name": "Deck chair",
        "side": 64,
        "width": 0.15,
        "measure_every": 1e9,
    }


def rows(out):
    return [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]


def nearness(out, picture):
    """How far the squares of a run's last sheet are from a texture, by what is near what."""
    last = sorted((out / "samples").iterdir())[-1]
    squares = torch.from_numpy(np.array(Image.open(last))).permute(2, 0, 1) / 127.5 - 1
    made = torch.stack(squares.split(64, 2))
    wanted = near(torch.from_numpy(picture).permute(2, 0, 1)[None] / 127.5 - 1)
    return float(near_loss(near(made), wanted).mean())


def test_a_short_training_comes_nearer_to_the_texture(common, tmp_path):
    picture = np.array(Image.open(common["photos"]))
    first, last = (
        train(Settings(out=tmp_path / str(steps), steps=steps, **common)) for steps in (1, 60)
    )
    assert np.mean(last[-5:]) < 0.75 * first[0]
    before, after = (nearness(tmp_path / name, picture) for name in ("1", "60"))
    assert after < 0.75 * before
    sheet = Image.open(tmp_path / "60" / "samples" / "0000060.png")
    assert sheet.size == (COMPARED * 64, 64)


@pytest.mark.attack
def test_by_features_alone_it_comes_nearer_to_those_of_the_texture(common, tmp_path):
    runs = (1, times(60, 40))
    for steps in runs:
        train(Settings(out=tmp_path / str(steps), steps=steps, near=0.0, **common))
    before, after = (rows(tmp_path / str(steps))[-1] for steps in runs)
    assert after["distance"] < 0.75 * before["distance"]


@pytest.mark.attack
def test_several_textures_are_told_apart(common, tmp_path):
    other = saved(tmp_path / "awning.png", 255 - stripes(2))
    steps = times(80, 40)
    settings = Settings(out=tmp_path / "out", steps=steps, more=(other,), batch=2, **common)
    train(settings)
    surface, codes = exporting.surface(settings.out / "weights.npz")
    assert codes.shape == (2, KIND)
    given = exporting.cells(8, 8, 3)
    colours = []
    for code in codes:
        kinds = np.broadcast_to(code[None, :, None, None], (1, KIND, 8, 8))
        made = exporting.by_torch(surface, {**given, "kinds": kinds.astype(np.float32)})
        colours.append(made.mean((1, 2)))
    wanted = [texture(path).pixels.mean((0, 1)) / 255 for path in (settings.photos, other)]
    for n in range(2):
        apart = [np.linalg.norm(colours[n] - colour) for colour in wanted]
        assert apart[n] < 0.5 * apart[1 - n]


def test_near_pixels_tell_colour_sharpness_and_direction():
    drawn = torch.from_numpy(stripes(0, 64, 88)).permute(2, 0, 1)[None] / 127.5 - 1
    squares, elsewhere = drawn[..., :64], drawn[..., 24:]
    wanted = near(squares)
    blurred = torch.nn.functional.avg_pool2d(squares, 5, 1, 2, count_include_pad=False)
    others = [blurred, squares.transpose(2, 3), squares + 0.5, squares.flip(1)]
    assert float(near_loss(wanted, wanted)) == 0
    assert float(near_loss(near(elsewhere), wanted)) < 0.1
    for other in others:
        assert float(near_loss(near(other), wanted)) > 0.5


@torch.no_grad()
def test_from_the_general_network_it_begins_with_the_nearest_texture(common, tmp_path):
    torch.manual_seed(5)
    general = Kinds(Surfaces(width=0.15), 3)
    general.surfaces.wrap(True)
    for layer in general.surfaces.mapping:
        layer.inner.weight.mul_(2)  # codes that say much
    save_weights(tmp_path / "general.npz", general.state_dict())
    chance = placed(1, 12, torch.device("cpu"))
    expected = general(general.kind(torch.tensor([1])), *chance)
    pixels = ((expected[0].permute(1, 2, 0) + 1) * 127.5).clamp(0, 255).byte().numpy()
    known = texture(saved(tmp_path / "known.png", pixels))
    begun = from_general(tmp_path / "general.npz", [known], Settings(out=tmp_path, **common))
    found = begun(begun.kind(torch.tensor([0])), *chance)
    assert torch.allclose(found, expected, atol=1e-3)


def test_a_judge_can_be_asked_too(common, tmp_path):
    found = train(Settings(out=tmp_path, steps=3, judged=True, **common))
    assert np.isfinite(found).all()


def test_of_a_small_selection_smaller_squares_are_taken(common, tmp_path):
    small = saved(tmp_path / "small.png", stripes(1, 70, 90))
    settings = Settings(out=tmp_path / "out", steps=1, **common | {"photos": small, "side": 128})
    train(settings)
    assert settings.side == 64


def test_every_picture_has_a_mask_or_none_has(common, tmp_path):
    mask = masked(tmp_path / "mask.png", (0, 150, 0, 170), size=(150, 170))
    settings = Settings(out=tmp_path, **common | {"more": (common["photos"],), "masks": (mask,)})
    with pytest.raises(SystemExit, match="2 pictures have 1 masks: give one for each"):
        train(settings)


# -- the plugin --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made(common, tmp_path_factory):
    """The plugin of a run of two steps on two textures, and the run's folder."""
    out = tmp_path_factory.mktemp("made")
    other = saved(tmp_path_factory.mktemp("more") / "100 $ note.png", 255 - stripes(2))
    settings = Settings(out=out, steps=2, more=(other,), credit="My own two", **common)
    return make(settings), out


def test_the_plugin_is_complete_and_its_own_tests_pass(made):
    folder, _ = made
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    names = {"__init__.py", "field.py", "model.onnx", "codes.npz", "card.md"}
    package = {f"safelight_deck_chair/{name}" for name in names}
    assert found == {"README.md", "pyproject.toml", "tests/test_deck_chair.py", *package}
    done = own_tests(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 passed" in done.stdout


def test_what_makes_pieces_is_the_very_file_of_the_built_in_generators(made):
    folder, _ = made
    assert (
        folder / "safelight_deck_chair/field.py"
    ).read_bytes() == plugin_texts.FIELD.read_bytes()


def test_its_file_gives_the_numbers_of_pytorch_and_says_how_far_it_looks(made):
    folder, out = made
    surface, codes = exporting.surface(out / "weights.npz")
    network = Network(folder / "safelight_deck_chair/model.onnx")
    for given in exporting.surface_trials():
        apart = exporting.made(network, given) - exporting.by_torch(surface, given)
        assert np.abs(apart).max() <= 1e-4
    assert int(network.properties["margin"]) == surface.surfaces.margin
    with np.load(folder / "safelight_deck_chair/codes.npz", allow_pickle=False) as stored:
        assert np.array_equal(stored["codes"], codes)
        assert list(stored["names"]) == ["deck_chair", "100 $ note"]


def test_it_says_what_it_learnt_from_by_name_alone(made, common):
    folder, _ = made
    package = folder / "safelight_deck_chair"
    said = Network(package / "model.onnx").properties
    assert said["training_data"] == "My own two"
    assert said["licence"] == "Apache-2.0"
    for path in (package / "card.md", folder / "README.md"):
        text = path.read_text("utf-8")
        assert said["training_data"] in text
        assert said["metrics"] in text
        assert str(common["photos"].parent) not in text
    assert "in 2 steps" in (package / "card.md").read_text("utf-8")
    module = (package / "__init__.py").read_text("utf-8")
    assert 'Literal["deck_chair", "100 $ note"]' in module


def test_what_is_in_the_way_of_the_plugin_is_said_before_training(made, common, monkeypatch):
    _, out = made
    monkeypatch.setattr(own, "train", None)
    with pytest.raises(SystemExit, match="safelight-deck-chair is there already"):
        make(Settings(out=out, **common))
    with pytest.raises(SystemExit, match="is no name for a plugin"):
        make(Settings(out=out, **common | {"name": "富嶽"}))


def test_the_command_in_the_documentation_is_one_it_takes(monkeypatch):
    text = (ROOT / "models/README.md").read_text("utf-8").replace("\\\n", " ")
    (command,) = re.findall(r"python -m models\.generate\.own (.*)", text)
    given = []
    monkeypatch.setattr(own, "make", lambda settings: given.append(settings) or Path("made"))
    monkeypatch.setattr(sys, "argv", ["own", *shlex.split(command)])
    own.main()
    assert (given[0].photos, given[0].masks) == (Path("WALL"), (Path("MASK"),))
    assert given[0].minutes == 5
