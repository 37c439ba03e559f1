"""Looks of .cube files on the command line, in projects and in recipes: the file may go."""

import json

import numpy as np
import pytest
from PIL import Image

from safelight.actions import Project
from safelight.cli import main


def cube(function, side=9, title="Negative"):
    places = np.linspace(0, 1, side)
    rows = [function(np.array([r, g, b])) for b in places for g in places for r in places]
    lines = [f'TITLE "{title}"', f"LUT_3D_SIZE {side}"]
    return "\n".join([*lines, *(" ".join(map("{:.6f}".format, row)) for row in rows)])


@pytest.fixture(autouse=True)
def _files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pixels = np.random.default_rng(3).integers(0, 256, (40, 60, 3), np.uint8)
    Image.fromarray(pixels).save("photo.png")
    Image.fromarray(pixels[::-1]).save("other.png")
    (tmp_path / "negative.cube").write_text(cube(lambda x: 1 - x))


def pixels(name):
    return np.asarray(Image.open(name)).astype(int)


def test_a_look_is_applied_to_every_depth(capsys):
    words = "apply", "lut", "photo.png", "--set", "table=negative.cube", "--quiet"
    for name in ("a.png", "a.tif"):
        assert main([*words[:3], name, *words[3:]]) == 0
        assert np.abs(pixels(name) - (255 - pixels("photo.png"))).max() == 0
    assert not capsys.readouterr().err


def test_a_project_that_is_moved_and_a_recipe_keep_the_look_without_its_file(tmp_path):
    words = "apply", "lut", "photo.png", "a.safelight", "--set", "table=negative.cube"
    assert main([*words, "--quiet"]) == 0
    assert main(["recipe", "a.safelight", "look.json"]) == 0
    (tmp_path / "elsewhere").mkdir()
    for name in ("a.safelight", "look.json"):
        (tmp_path / name).rename(tmp_path / "elsewhere" / name)
    (tmp_path / "negative.cube").unlink()
    project, history = Project.open(tmp_path / "elsewhere" / "a.safelight")
    project.close()
    (held,) = [layer.filter for layer in history.document.layers if layer.filter]
    assert held.settings["table"].startswith("data:application/x-cube;title=Negative;")
    assert main(["export", "elsewhere/a.safelight", "again.png", "--quiet"]) == 0
    assert np.array_equal(pixels("again.png"), 255 - pixels("photo.png"))
    assert main(["run", "elsewhere/look.json", "other.png", "--output-dir", "out"]) == 0
    assert np.array_equal(pixels("out/other.png"), 255 - pixels("other.png"))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (cube(lambda x: x)[:-30], "says that it has 729 lines of three numbers, which are 2187"),
        ("LUT_3D_SIZE 2\n" + "0 nan 0\n" * 8, "has 'nan' in line 2, no number"),
        ("LUT_3D_SIZE 4096\n0 0 0\n", "says LUT_3D_SIZE 4096; 2 to 129 can be read"),
        ("\0" * 5000, "is no text, and so no .cube file"),
    ],
)
def test_a_bad_look_is_a_sentence_and_nothing_is_written(capsys, tmp_path, content, reason):
    (tmp_path / "bad.cube").write_text(content)
    words = "apply", "lut", "photo.png", "a.png", "--set", "table=bad.cube", "--quiet"
    assert main(words) == 2
    assert f"table: bad.cube {reason}" in capsys.readouterr().err
    assert not (tmp_path / "a.png").exists()


def test_a_recipe_with_a_damaged_look_or_a_path_says_so_and_writes_nothing(capsys, tmp_path):
    words = "apply", "lut", "photo.png", "a.safelight", "--set", "table=negative.cube"
    assert main([*words, "--quiet"]) == 0
    assert main(["recipe", "a.safelight", "look.json"]) == 0
    recipe = json.loads((tmp_path / "look.json").read_text())
    (step,) = recipe["steps"]
    whole = step["settings"]["table"]
    for broken, reason in (
        (whole[:-90], "the look is damaged: its text is no table"),
        ("negative.cube", "is no look-up table; choose a .cube file"),
    ):
        step["settings"]["table"] = broken
        (tmp_path / "broken.json").write_text(json.dumps(recipe))
        capsys.readouterr()
        assert main(["run", "broken.json", "other.png", "--output-dir", "out"]) != 0
        assert reason in capsys.readouterr().err
        assert not (tmp_path / "out" / "other.png").exists()
