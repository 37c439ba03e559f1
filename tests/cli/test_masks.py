"""Masks on the command line: given as a picture, made by what selects, and what was measured."""

import functools

import numpy as np
import pytest
from PIL import Image

from safelight import actions
from safelight.cli import main
from tests.plugins.installed_module import install

PHOTO = np.random.default_rng(2).integers(0, 256, (60, 80, 3), np.uint8)


@pytest.fixture(autouse=True)
def _seeing(tmp_path, monkeypatch):
    folder = tmp_path / "plugins"
    folder.mkdir()
    install(folder, "safelight_seeing")
    studio = functools.partial(actions.Studio, plugin_folders=[folder])
    monkeypatch.setattr(actions, "Studio", studio)
    monkeypatch.chdir(tmp_path)
    Image.fromarray(PHOTO).save("photo.png")


def masked(kind="L"):
    mask = np.zeros((60, 80), np.uint8)
    mask[10:20, 30:50] = 255
    picture = Image.fromarray(mask)
    if kind == "RGBA":
        white = Image.new("RGBA", (80, 60), "white")
        white.putalpha(picture)
        picture = white
    picture.save("mask.png")
    return mask > 0


@pytest.mark.parametrize("kind", ["L", "RGBA"])
def test_a_filter_works_where_the_mask_is_white(kind, capsys):
    where = masked(kind)
    assert main(["apply", "erase", "photo.png", "out.png", "--mask", "mask.png", "--quiet"]) == 0
    made = np.asarray(Image.open("out.png"))
    assert np.array_equal(made[~where], PHOTO[~where])
    assert (made[where][:, 2] == 255).all()


def test_any_filter_is_kept_inside_the_mask():
    where = masked()
    assert main(["apply", "warmth", "photo.png", "out.png", "--mask", "mask.png", "--quiet"]) == 0
    made = np.asarray(Image.open("out.png"))
    assert np.array_equal(made[~where], PHOTO[~where])
    assert not np.array_equal(made[where], PHOTO[where])


def test_a_mask_of_another_size_is_refused_before_the_work(capsys):
    Image.new("L", (40, 60)).save("mask.png")
    assert main(["apply", "erase", "photo.png", "out.png", "--mask", "mask.png"]) == 1
    assert "needs the size of the picture, 80 × 60 px" in capsys.readouterr().err


def test_without_a_mask_the_sentence_says_what_to_do(capsys):
    assert main(["apply", "erase", "photo.png", "out.png", "--quiet"]) == 1
    assert "needs to know where" in capsys.readouterr().err


def test_what_selects_writes_its_mask_which_can_be_used_as_one():
    assert main(["apply", "bright", "photo.png", "mask.png", "--quiet"]) == 0
    mask = np.asarray(Image.open("mask.png"))
    bright = PHOTO.mean(axis=2) > 127.5
    assert np.array_equal(mask, np.repeat(bright[..., None], 3, 2) * np.uint8(255))
    assert main(["apply", "erase", "photo.png", "out.png", "--mask", "mask.png", "--quiet"]) == 0
    assert np.array_equal(np.asarray(Image.open("out.png"))[~bright], PHOTO[~bright])


def test_what_was_measured_is_said(capsys):
    assert main(["apply", "level_out", "photo.png", "out.png"]) == 0
    assert "Level out measured: Level 0.499\n" in capsys.readouterr().err
