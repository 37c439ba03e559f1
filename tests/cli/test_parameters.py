"""Parameters of every type on the command line: how they are listed, given and refused."""

import functools
import json

import numpy as np
import pytest
from PIL import Image

from safelight import actions
from safelight.actions import Project
from safelight.cli import main
from tests.plugins.installed_module import install


@pytest.fixture(autouse=True)
def _kinds(tmp_path, monkeypatch):
    folder = tmp_path / "plugins"
    folder.mkdir()
    install(folder, "safelight_kinds")
    monkeypatch.setattr(
        actions, "Studio", functools.partial(actions.Studio, plugin_folders=[folder])
    )
    monkeypatch.chdir(tmp_path)
    noise = np.random.default_rng(2).integers(0, 256, (60, 80, 3), np.uint8)
    Image.fromarray(noise).save("photo.png")
    Image.fromarray(np.full((20, 30, 3), (10, 200, 30), np.uint8)).save("green.png")


@pytest.fixture
def run(capsys):
    """Run a filter over the photograph: the exit status, and what was said."""

    def apply(name, *settings):
        words = [word for text in settings for word in ("--set", text)]
        status = main(["apply", name, "photo.png", "result.png", "--quiet", *words])
        return status, capsys.readouterr().err

    return apply


def test_a_listed_parameter_is_shown_as_it_is_typed(capsys):
    assert main(["apply", "everything", "--list"]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    for line in (
        "--set radius=12.0 0 to 1000 px",
        "--set centre=0.5,0.5 x,y: each 0 to 1",
        "--set part=0.1,0.2,0.3,0.4 x,y,width,height: each 0 to 1",
        "--set curve=0,0;1,1 2 to 16 points x,y;x,y: each 0 to 1, x rising",
        "--set style= a picture file, or nothing",
        "--set depth= a layer that holds pixels, or nothing",
        "--set invert=off on or off; Turn it round",
        "--set seed=7 0 to 4294967295",
    ):
        assert line in lines


def test_the_json_names_the_kind_and_the_default_of_each(capsys):
    assert main(["filters", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    found = next(item for item in listed if item["id"] == "safelight_kinds.everything")
    kinds = {item["name"]: (item["kind"], item["default"]) for item in found["parameters"]}
    assert kinds["centre"] == ("point", [0.5, 0.5])
    assert kinds["curve"] == ("curve", [[0, 0], [1, 1]])
    assert kinds["style"] == ("picture", "")
    assert kinds["depth"] == ("layer", "")


def test_every_type_can_be_set(run):
    status, said = run(
        "everything",
        *("amount=0.25", "balance=-1", "radius=3", "angle=-90", "exposure=1.5", "steps=9"),
        *("method=hard", "blend=linear burn", "invert=on", "tint=#102030", "centre=0,1"),
        *("part=0,0,1,0.5", "curve=0,0;0.5,0.75;1,1", "caption=a=b", "style=green.png"),
        *("depth=Background", "seed=4000000000", "tones=0.1,0.75"),
    )
    assert (status, said) == (0, "")
    before, after = np.asarray(Image.open("photo.png")), np.asarray(Image.open("result.png"))
    assert after.mean() > before.mean() + 5  # the curve lifts the middle


def test_a_range_of_tones_is_kept_by_projects_and_played_by_recipes(run, tmp_path, capsys):
    words = "apply", "everything", "photo.png", "a.safelight", "--set", "tones=0.25,0.5"
    assert main([*words, "--quiet"]) == 0
    project, history = Project.open(tmp_path / "a.safelight")
    project.close()
    (held,) = [layer.filter for layer in history.document.layers if layer.filter]
    assert held.settings["tones"] == (0.25, 0.5)
    assert main(["recipe", "a.safelight", "steps.json"]) == 0
    (step,) = json.loads((tmp_path / "steps.json").read_text())["steps"]
    assert step["settings"]["tones"] == [0.25, 0.5]
    assert main(["run", "steps.json", "photo.png", "--output-dir", "out"]) == 0
    assert (tmp_path / "out" / "photo.png").exists()


def test_another_picture_is_found_from_where_one_is(run):
    assert run("tone", "style=green.png") == (0, "")
    assert (np.asarray(Image.open("result.png")) == (10, 200, 30)).all()


@pytest.mark.parametrize(
    ("name", "text", "status", "reason"),
    [
        ("everything", "centre=0.5", 2, "centre: a point is two numbers, like 0.5,0.5"),
        ("everything", "part=0,0,2,1", 2, "part: 2 is outside 0 to 1"),
        ("everything", "curve=1,0;0,1", 2, "curve: x must rise from point to point"),
        ("everything", "tint=red", 2, "tint: 'red' is not a colour like #ffaa00"),
        ("everything", "steps=2.5", 2, "steps: 2.5 is not a whole number"),
        ("tone", "style=nowhere.png", 1, "cannot have the picture nowhere.png"),
        ("copy", "layer=Sky", 1, "needs the layer 'Sky'"),
    ],
)
def test_a_wrong_value_is_refused_with_the_reason_and_nothing_is_written(
    run, tmp_path, name, text, status, reason
):
    ended, said = run(name, text)
    assert ended == status
    assert reason in said
    assert not (tmp_path / "result.png").exists()
