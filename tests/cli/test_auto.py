"""``--auto``: the filter finds its settings, and what was told comes on top."""

import json

import numpy as np
import pytest
from PIL import Image

from safelight.cli import main


@pytest.fixture
def dark(tmp_path):
    path = tmp_path / "dark.png"
    pixels = np.random.default_rng(2).integers(5, 60, (40, 60, 3), np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def test_what_is_found_is_said_and_used(capsys, dark, tmp_path):
    assert main(["apply", "exposure", str(dark), str(tmp_path / "a.png"), "--auto"]) == 0
    assert "Exposure found: Stops" in capsys.readouterr().err
    before, after = (np.asarray(Image.open(x)).mean() for x in (dark, tmp_path / "a.png"))
    assert after > 1.5 * before


def test_what_is_told_comes_on_top(capsys, tmp_path):
    flat = tmp_path / "flat.png"
    pixels = np.random.default_rng(3).integers(40, 200, (40, 60, 3), np.uint8)
    Image.fromarray(pixels).save(flat)
    words = ["apply", "levels", str(flat), str(tmp_path / "a.png"), "--auto", "--set", "gamma=1"]
    assert main([*words, "--quiet"]) == 0
    assert not capsys.readouterr().err
    made = np.asarray(Image.open(tmp_path / "a.png")).astype(float)
    assert (made.min(), made.max()) == (0, 255)
    straight = (pixels - 40.0) / (199 - 40) * 255  # no gamma
    assert np.abs(made - straight).max() < 4


def test_a_filter_or_a_command_that_finds_nothing_says_so(capsys, dark, tmp_path):
    assert main(["apply", "warmth", str(dark), str(tmp_path / "a.png"), "--auto"]) == 1
    assert "Warmth does not find settings itself" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["apply", "flip", str(dark), str(tmp_path / "a.png"), "--auto"])
    assert "flip is a command and finds no settings" in capsys.readouterr().err
    assert not (tmp_path / "a.png").exists()


def test_the_declarations_say_which_filters_find_their_settings(capsys):
    assert main(["filters", "--json"]) == 0
    found = {item["id"]: item for item in json.loads(capsys.readouterr().out)}
    assert found["safelight_adjust.levels"]["auto"]
    assert not found["safelight_warmth.warmth"]["auto"]
