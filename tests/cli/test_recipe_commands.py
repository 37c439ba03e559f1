"""Commands, recipes and projects on the command line."""

import json

import numpy as np
import pytest
from PIL import Image

from safelight.actions import History, Project
from safelight.cli.main import main
from safelight.document import Document, Layer, edits
from safelight.pixels import Raster


@pytest.fixture
def photograph(tmp_path):
    path = tmp_path / "photo.png"
    Image.fromarray(np.full((6, 8, 3), 90, np.uint8)).save(path)
    return path


LEAVE_OUT = "--leave-out"


def recipe(path, *steps, version=1):
    path.write_text(json.dumps({"version": version, "steps": steps}))
    return path


def opened(path):
    project, history = Project.open(path)
    project.close()
    return history


HALF = "--set", "opacity=0.5"
FADE = {"command": "set_opacity", "settings": {"opacity": 0.5}}


def test_a_command_is_applied_like_a_filter_and_a_project_keeps_its_steps(tmp_path, photograph):
    project = tmp_path / "a.safelight"
    assert main(["apply", "set_opacity", str(photograph), str(project), *HALF]) == 0
    again = tmp_path / "b.safelight"
    assert main(["apply", "duplicate_layer", str(project), str(again)]) == 0
    history = opened(again)
    assert [step.label for step in history.steps] == ["Open", "Opacity", "Duplicate layer"]
    assert [layer.opacity for layer in history.document.layers] == [0.5, 0.5]


def test_a_history_is_saved_as_a_recipe_that_does_the_same_to_another_picture(tmp_path, photograph):
    document = Document.from_raster(Raster.from_array(np.zeros((3, 3, 3), np.uint8)))
    layer = document.layers[0].id
    history = History.start(document).do(edits.set_opacity(layer, 0.5)).do(edits.empty_layer(layer))
    history = history.do(edits.set_mode(history.document.layers[1].id, "multiply"))
    Project.create(tmp_path / "a.safelight", history).close()
    out = tmp_path / "steps.json"
    assert main(["recipe", str(tmp_path / "a.safelight"), str(out)]) == 0
    assert [step["command"] for step in json.loads(out.read_text())["steps"]] == [
        *("set_opacity", "new_layer", "set_mode")
    ]
    project = tmp_path / "p.safelight"
    assert main(["apply", "deselect", str(photograph), str(project)]) == 0
    assert main(["run", str(out), str(project), "--output-dir", str(tmp_path / "out")]) == 0
    made = opened(tmp_path / "out" / "p.safelight").document
    assert [(x.opacity, x.mode) for x in made.layers] == [(0.5, "normal"), (1.0, "multiply")]


def test_a_step_that_holds_pixels_is_named_and_no_recipe_is_written(tmp_path, capsys):
    raster = Raster.from_array(np.zeros((3, 3, 3), np.uint8))
    document = Document.from_raster(raster)
    pixels = edits.set_pixels(document.layers[0].id, Raster.filled(3, 3, (9, 9, 9), "uint8"))
    Project.create(tmp_path / "a.safelight", History.start(document).do(pixels)).close()
    assert main(["recipe", str(tmp_path / "a.safelight"), str(tmp_path / "r.json")]) == 1
    assert "Step 1, Pixels, holds pixels" in capsys.readouterr().err
    assert not (tmp_path / "r.json").exists()
    assert main(["recipe", str(tmp_path / "a.safelight"), str(tmp_path / "r.json"), LEAVE_OUT]) == 1
    assert "nothing is left for a recipe" in capsys.readouterr().err
    assert not (tmp_path / "r.json").exists()


def test_what_no_recipe_can_hold_is_left_out_when_that_is_asked_for_and_named(tmp_path, capsys):
    raster = Raster.from_array(np.zeros((3, 3, 3), np.uint8))
    document = Document.from_raster(raster)
    layer = document.layers[0].id
    history = History.start(document).do(edits.set_opacity(layer, 0.5))
    history = history.do(edits.set_pixels(layer, Raster.filled(3, 3, (9, 9, 9), "uint8")))
    Project.create(tmp_path / "a.safelight", history.do(edits.flip(axis="vertical"))).close()
    out = tmp_path / "r.json"
    assert main(["recipe", str(tmp_path / "a.safelight"), str(out)]) == 1
    assert LEAVE_OUT in capsys.readouterr().err
    assert main(["recipe", str(tmp_path / "a.safelight"), str(out), LEAVE_OUT]) == 0
    assert "Step 2, Pixels, holds pixels" in capsys.readouterr().err
    steps = json.loads(out.read_text())["steps"]
    assert [step["command"] for step in steps] == ["set_opacity", "flip"]
    assert "Pixels" not in out.read_text()


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ({"command": "fly"}, "Step 2, fly: there is no such command"),
        ({"command": "set_opacity", "settings": {"opacity": 3}}, "Step 2, set_opacity: opacity: 3"),
        ({"filter": "nobody.has", "settings": {}}, "Step 2, nobody.has"),
        ({"what": 1}, "Step 2"),
    ],
)
def test_a_wrong_recipe_names_step_and_setting_before_anything_is_opened(
    tmp_path, capsys, step, said
):
    path = recipe(tmp_path / "r.json", FADE, step)
    words = ["run", str(path), str(tmp_path / "missing.png"), "--output-dir", str(tmp_path / "out")]
    assert main(words) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "missing.png" not in error


def test_files_of_one_name_never_overwrite_each_other_and_one_that_fails_stops_no_other(
    tmp_path, photograph, capsys
):
    other = tmp_path / "other"
    other.mkdir()
    (other / "photo.png").write_bytes(photograph.read_bytes())
    (tmp_path / "broken.png").write_bytes(b"no picture")
    path, out = recipe(tmp_path / "r.json", FADE), tmp_path / "out"
    names = [str(tmp_path / "broken.png"), str(photograph), str(other / "photo.png")]
    assert main(["run", str(path), *names, "--output-dir", str(out)]) == 1
    assert sorted(x.name for x in out.iterdir()) == ["photo-2.png", "photo.png"]
    assert "broken.png" in capsys.readouterr().err
    assert main(["run", str(path), str(photograph), "--output-dir", str(out)]) == 1


def test_a_project_is_described_with_its_layers_and_steps(tmp_path, photograph, capsys):
    project = tmp_path / "a.safelight"
    assert main(["apply", "set_opacity", str(photograph), str(project), *HALF]) == 0
    capsys.readouterr()
    assert main(["info", str(project), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["width"], facts["height"], facts["steps"]) == (8, 6, ["Open", "Opacity"])


def test_commands_are_listed_with_what_they_can_be_told(capsys):
    assert main(["commands"]) == 0
    assert "--set opacity=1.0" in capsys.readouterr().out


def test_a_filter_goes_above_the_layer_that_a_recipe_names_with_a_mask_or_without(tmp_path):
    def grey(level):
        return Raster.from_array(np.full((6, 8, 3), level, np.uint8))

    layers = Layer("Ground", grey(200)), Layer("Sky", grey(90))
    project = tmp_path / "p.safelight"
    Project.create(project, History.start(Document(8, 6, "uint8", layers))).close()
    warm = {"filter": "warmth", "settings": {"amount": 1.0}, "above": "Ground"}
    chosen = {"command": "select", "settings": {"box": [1, 1, 2, 2]}}
    path = recipe(tmp_path / "r.json", chosen, warm, {**warm, "masked": False})
    assert main(["run", str(path), str(project), "--output-dir", str(tmp_path / "out")]) == 0
    made = opened(tmp_path / "out" / "p.safelight").document
    assert [layer.name for layer in made.layers] == ["Ground", "Warmth", "Warmth", "Sky"]
    lower, upper = made.layers[1:3]  # the later one was put right above the ground
    assert lower.mask is None
    assert upper.mask.digests() == made.selection.digests()
    assert lower.filter.kept.raster.to_array()[0, 0, 0] >= 200  # of the ground, not of the sky
