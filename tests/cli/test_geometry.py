"""Flip, turn, crop, straighten, resize and the like on the command line."""

import json

import numpy as np
import pytest
from PIL import Image

from safelight.actions import Project
from safelight.cli.main import main
from safelight.document import DECLARED, Document, render
from safelight.pixels import Raster


@pytest.fixture
def pixels():
    return np.random.default_rng(1).integers(0, 256, (90, 140, 3), np.uint8)


@pytest.fixture
def photograph(tmp_path, pixels):
    path = tmp_path / "photo.png"
    Image.fromarray(pixels).save(path)
    return path


def applied(photograph, name, *settings):
    """The status of ``safelight apply``, and the pixels that it has written."""
    out = photograph.with_name("out.png")
    words = [word for setting in settings for word in ("--set", setting)]
    status = main(["apply", name, str(photograph), str(out), *words, "--overwrite", "--quiet"])
    return status, np.asarray(Image.open(out)) if out.exists() else None


@pytest.mark.parametrize(
    ("name", "settings", "expected"),
    [
        ("flip", ["axis=horizontal"], lambda x: x[:, ::-1]),
        ("flip", ["axis=vertical"], lambda x: x[::-1]),
        ("turn", ["angle=90"], lambda x: np.rot90(x, -1)),
        ("turn", ["angle=180"], lambda x: x[::-1, ::-1]),
        ("turn", ["angle=270"], np.rot90),
        ("crop", ["box=10,20,100,60"], lambda x: x[20:80, 10:110]),
    ],
)
def test_flips_right_angles_and_crops_are_exact(photograph, pixels, name, settings, expected):
    status, made = applied(photograph, name, *settings)
    assert status == 0
    assert np.array_equal(made, expected(pixels))


@pytest.mark.parametrize(
    ("settings", "size"),
    [(["width=70"], (70, 45)), (["height=30"], (47, 30)), (["width=33", "height=99"], (33, 99))],
)
def test_a_side_that_is_not_stated_follows_the_other(photograph, settings, size):
    status, made = applied(photograph, "resize", *settings)
    assert (status, made.shape[1::-1]) == (0, size)


def test_straighten_and_a_turned_crop_leave_no_empty_corner(photograph):
    for name, settings in (("straighten", ["angle=4"]), ("crop", ["box=40,20,60,50", "angle=9.5"])):
        status, made = applied(photograph, name, *settings)
        assert status == 0
        assert made.shape[2] == 3 or made[..., 3].min() > 250


@pytest.mark.parametrize(
    ("name", "settings", "said"),
    [
        ("crop", [], "neither a box nor a selection"),
        ("crop", ["box=10,20,0,60"], "a box of 0 x 60 pixels holds nothing"),
        ("crop", ["box=500,20,60,60"], "beyond the picture of 140 x 90 pixels"),
        ("crop", ["box=0,0,141,90"], "beyond the picture of 140 x 90 pixels"),
        ("resize", [], "state a width or a height"),
        ("resize", ["width=100000", "height=100000"], "more than the 500 million"),
        ("resize", ["width=1000000"], "more than the 500 million"),
        ("resize", ["width=10", "unit=cm"], "has no resolution; state dpi"),
        ("canvas_size", ["width=-200", "relative=true"], "holds nothing"),
        ("trim", ["tolerance=100"], "nothing would be left"),
        ("rectify", ["corners=0,0;90,0;20,20;0,80"], "without a dent"),
        ("transform", ["width=1000000"], "cannot be 1400000 x 90 pixels large"),
        ("transform", ["width=0"], "cannot be 0 x 90 pixels large"),
    ],
)
def test_what_cannot_be_is_a_sentence_and_no_file(photograph, capsys, name, settings, said):
    assert applied(photograph, name, *settings) == (1, None)
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "setting", "said"),
    [
        ("turn", "angle=45", "45 is not one of 90, 180, 270"),
        ("resize", "width=-3", "outside 0"),
        ("resize", "width=many", "not a number"),
        ("transform", "x=1e12", "outside"),
        ("canvas_size", "anchor=middle", "not one of top_left"),
    ],
)
def test_what_no_picture_could_be_told_is_refused_before_one_is_opened(
    photograph, capsys, name, setting, said
):
    assert applied(photograph, name, setting) == (2, None)
    assert said in capsys.readouterr().err


def test_a_project_keeps_what_a_crop_hides_and_a_recipe_says_what_was_done(
    tmp_path, photograph, pixels
):
    first, path = str(tmp_path / "first.safelight"), str(tmp_path / "a.safelight")
    box = ("--set", "box=10,20,100,60")
    assert main(["apply", "crop", str(photograph), first, *box]) == 0
    assert main(["apply", "flip", first, path]) == 0
    project, history = Project.open(path)
    project.close()
    assert [step.label for step in history.steps] == ["Open", "Crop", "Flip horizontally"]
    assert history.document.layers[0].raster.width == 140
    recipe = tmp_path / "r.json"
    assert main(["recipe", path, str(recipe)]) == 0
    steps = json.loads(recipe.read_text())["steps"]
    assert steps == [
        {"command": "crop", "settings": {"box": [10, 20, 100, 60]}},
        {"command": "flip", "settings": {}},
    ]
    out = tmp_path / "out"
    assert main(["run", str(recipe), str(photograph), "--output-dir", str(out)]) == 0
    made = np.asarray(Image.open(out / "photo.png"))
    assert np.array_equal(made, pixels[20:80, 10:110][:, ::-1])
    whole = tmp_path / "whole.png"
    assert main(["apply", "reveal_all", path, str(whole)]) == 0
    assert np.array_equal(np.asarray(Image.open(whole)), pixels[:, ::-1])


@pytest.mark.parametrize(
    ("name", "settings", "size"),
    [
        ("resize", ["width=50", "unit=percent"], (70, 45)),
        ("resize", ["width=2.54", "unit=cm", "dpi=200"], (200, 129)),
        ("canvas_size", ["width=160", "height=100", "fill=colour", "colour=#102030"], (160, 100)),
        ("rotate", ["angle=90"], (90, 140)),
        ("rectify", ["corners=20,10;120,15;125,80;15,70", "width=80", "height=50"], (80, 50)),
        ("transform", ["width=50", "height=50", "angle=12"], (140, 90)),
    ],
)
def test_every_change_of_shape_is_a_command(photograph, name, settings, size):
    status, made = applied(photograph, name, *settings)
    assert (status, made.shape[1::-1]) == (0, size)


def test_a_print_has_its_resolution_in_the_file(photograph):
    for suffix in ("png", "jpg", "tif"):
        out = photograph.with_name(f"print.{suffix}")
        words = ["--set", "width=1", "--set", "unit=in", "--set", "dpi=120", "--quiet"]
        assert main(["apply", "resize", str(photograph), str(out), *words]) == 0
        with Image.open(out) as made:
            assert made.width == 120
            assert [round(float(dots)) for dots in made.info["dpi"]] == [120, 120]


def test_what_a_hand_did_in_the_window_is_a_recipe_that_gives_the_same_pixels(
    tmp_path, photograph, pixels
):
    """Horizon and 4:5 crop, a wall from the front, a border and a size for the web."""
    steps = [
        ("crop", {"box": [30, 5, 64, 80], "angle": 2.5}),
        ("transform", {"width": 90, "height": 90, "angle": -3}),
        ("rectify", {"corners": "6,4;58,9;55,74;10,70"}),
        ("canvas_size", {"width": 6, "height": 6, "relative": True, "fill": "colour"}),
        ("resize", {"width": 40, "method": "mitchell", "linear": True}),
    ]
    document = Document.from_raster(Raster.from_array(pixels))
    for name, settings in steps:
        given = {k: tuple(v) if isinstance(v, list) else v for k, v in settings.items()}
        document = DECLARED[name](**given).apply(document)
    recipe = tmp_path / "web.json"
    told = [{"command": name, "settings": settings} for name, settings in steps]
    recipe.write_text(json.dumps({"version": 1, "steps": told}))
    out = tmp_path / "out"
    assert main(["run", str(recipe), str(photograph), "--output-dir", str(out)]) == 0
    made = np.asarray(Image.open(out / "photo.png"))
    seen = render(document, document.region)
    assert made.shape[1] == 40
    assert np.array_equal(made, seen[..., : made.shape[2]])
