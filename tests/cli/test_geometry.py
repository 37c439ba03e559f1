"""Flip, turn, crop, straighten, resize and the like on the command line."""

import json

import numpy as np
import pytest
from PIL import Image

from safelight.actions import Project
from safelight.cli.main import main


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
    ],
)
def test_what_cannot_be_is_a_sentence_and_no_file(photograph, capsys, name, settings, said):
    assert applied(photograph, name, *settings) == (1, None)
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "setting", "said"),
    [("turn", "angle=45", "45 is not one of 90, 180, 270"), ("resize", "width=-3", "outside 0")],
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
