"""A project's adjustments saved as a .cube file on the command line."""

import numpy as np
import pytest
from PIL import Image

from safelight.api import testing
from safelight.cli import main


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with one tone above a photograph."""
    monkeypatch.chdir(tmp_path)
    pixels = np.rint(testing.photograph(96, 64) * 255).astype(np.uint8)
    Image.fromarray(pixels).save("photo.png")
    told = "--set", "stops=0.6", "--quiet"
    assert main(["apply", "exposure", "photo.png", "a.safelight", *told]) == 0
    return "a.safelight"


def pixels(name):
    return np.asarray(Image.open(name)).astype(int)


def test_a_project_is_saved_as_a_look_that_gives_the_same_picture(project, capsys):
    assert main(["look", project, "look.cube", "--side", "65"]) == 0
    assert "look.cube  65 × 65 × 65 colours" in capsys.readouterr().out
    assert main(["export", project, "own.png", "--quiet"]) == 0
    told = "--set", "table=look.cube", "--quiet"
    assert main(["apply", "lut", "photo.png", "through.png", *told]) == 0
    assert np.abs(pixels("own.png") - pixels("through.png")).max() <= 1
    assert np.abs(pixels("own.png") - pixels("photo.png")).max() > 30


def test_a_look_is_refused_in_a_sentence_and_written_over_no_file_unasked(
    project, capsys, tmp_path
):
    (tmp_path / "look.cube").write_text("mine")
    assert main(["look", project, "look.cube"]) == 1
    assert "--overwrite" in capsys.readouterr().err
    assert (tmp_path / "look.cube").read_text() == "mine"
    assert main(["look", "photo.png", "other.cube"]) == 1
    assert "photo.png has no adjustment above its picture" in capsys.readouterr().err
    assert not (tmp_path / "other.cube").exists()
