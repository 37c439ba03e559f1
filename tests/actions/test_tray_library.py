"""The tray: a starter set that is credited, and the user's own pictures."""

import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from safelight.actions.picture_settings import KEPT_SIDE, read_pixels
from safelight.actions.tray_library import add_picture, remove_picture, tray_pictures
from safelight.document.contents.embedded_picture import named
from safelight.files import OpenError
from safelight.folders import resources


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Where the user's own pictures are kept."""
    monkeypatch.setattr("safelight.actions.tray_library.data_folder", lambda: tmp_path / "data")
    return tmp_path / "data" / "tray"


def file(path, grey=128):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((60, 80, 3), grey, np.uint8)).save(path, "PNG")
    return path


def own():
    return [picture for picture in tray_pictures() if picture.own is not None]


def test_the_starter_set_is_twelve_small_paintings_each_credited():
    starters = tray_pictures()
    assert len(starters) == 12
    for painting in starters:
        assert painting.title
        assert painting.artist
        assert painting.date
        assert named(painting.text) == painting.title
        assert max(read_pixels(painting.text).shape) <= KEPT_SIDE
    assert len({painting.text for painting in starters}) == 12


def test_every_painting_has_its_licence_and_together_they_are_small():
    folder = resources("styles")
    files = {path.name for path in folder.glob("*.jpg")}
    licences = (folder / "LICENCES.md").read_text("utf-8")
    credits = tomllib.loads((folder / "credits.toml").read_text("utf-8"))["painting"]
    assert {item["file"] for item in credits} == files
    assert all(item["source"] for item in credits)
    for name in files:
        assert f"| `{name}` | CC0-1.0 |" in licences or f"| `{name}` | public domain" in licences
    assert sum((folder / name).stat().st_size for name in files) < 1_000_000


def test_what_is_added_comes_last_and_is_there_the_next_time(tmp_path):
    first = add_picture(file(tmp_path / "a" / "night.png", 20))
    second = add_picture(file(tmp_path / "day.png", 220))
    assert [picture.title for picture in own()] == ["night", "day"]
    assert own() == [first, second]
    assert np.abs(read_pixels(second.text) - 220 / 255).max() < 2 / 255


def test_the_same_picture_is_not_added_twice(tmp_path, folder):
    path = file(tmp_path / "night.png")
    assert add_picture(path) == add_picture(path)
    assert len(list(folder.iterdir())) == 1


def test_another_picture_of_the_same_name_has_a_name_of_its_own(tmp_path):
    for grey in (20, 120, 220):
        add_picture(file(tmp_path / str(grey) / "night.png", grey))
    assert [picture.title for picture in own()] == ["night", "night 2", "night 3"]


@pytest.mark.parametrize("name", ["a" * 240, "é" * 110, "..", "a:b*c", " . "])
def test_odd_names_are_no_obstacle(tmp_path, name, folder):
    picture = add_picture(file(tmp_path / f"{name}.png"))
    assert picture.own.parent == folder
    assert own() == [picture]


def test_one_of_the_users_own_can_be_removed_and_a_painting_cannot(tmp_path):
    kept = tray_pictures()
    picture = add_picture(file(tmp_path / "night.png"))
    remove_picture(picture)
    remove_picture(picture)  # it is gone already
    remove_picture(kept[0])
    assert tray_pictures() == kept


def test_what_is_no_picture_is_not_added(tmp_path, folder):
    (tmp_path / "notes.txt").write_text("no picture")
    with pytest.raises(OpenError):
        add_picture(tmp_path / "notes.txt")
    assert not folder.exists()


def test_a_very_large_file_among_the_users_own_is_left_alone(tmp_path, folder):
    add_picture(file(tmp_path / "night.png"))
    Path(folder / "film.webp").write_bytes(b"\0" * (2 << 20) + b"\0")
    assert [picture.title for picture in own()] == ["night"]
