"""``safelight sequence``: pictures in order, filtered and written."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from safelight.actions.sequences.open_sequences import opened_pictures
from safelight.cli.main import main
from safelight.document import History, Layer
from safelight.document.commands import keyframe_commands, sequence_commands
from safelight.document.contents.content import Fill
from safelight.files import Project


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "lapse"
    folder.mkdir()
    for number, light in enumerate((100, 130, 90, 120)):
        pixels = np.full((48, 64, 3), light, np.uint8)
        pixels[10:20, 10 * number : 10 * number + 10] = 200
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return folder


def means(path):
    with Image.open(path) as image:
        found = []
        for number in range(image.n_frames):
            image.seek(number)
            found.append(float(np.asarray(image.convert("RGB")).mean()))
        return found, image.info.get("duration")


def corners(path):
    """The red of each frame, where nothing but its light changes."""
    with Image.open(path) as image:
        found = []
        for number in range(image.n_frames):
            image.seek(number)
            found.append(image.convert("RGB").getpixel((60, 40))[0])
        return found


def test_a_folder_becomes_a_film_that_is_steadied(folder, tmp_path, capsys):
    out = tmp_path / "steady.png"
    command = ["sequence", str(folder), str(out), "--duration", "80"]
    assert main([*command, "--filter", "steady_light:inertia=1.0"]) == 0
    assert "4 pictures" in capsys.readouterr().out
    steadied, duration = means(out)
    assert duration == 80
    assert main([*command, "--overwrite"]) == 0
    bare, _ = means(out)
    assert np.ptp(bare) > 30
    assert np.ptp(steadied) < 0.2 * np.ptp(bare)


def test_some_of_the_pictures_are_written_backwards_or_the_last_one_alone(folder, tmp_path):
    out = tmp_path / "part.gif"
    whole = ["sequence", str(folder), str(out), "--first", "2", "--final", "3", "--reverse"]
    assert main(whole) == 0
    found, _ = means(out)
    assert found[0] < found[1]
    single = tmp_path / "last.png"
    assert main(["sequence", str(folder), str(single), "--last", "--final", "2"]) == 0
    assert np.asarray(Image.open(single))[40, 60, 0] == 130
    assert main(["sequence", str(folder), str(tmp_path / "n.png"), "--numbered"]) == 0
    assert (tmp_path / "n_0004.png").exists()


def test_what_cannot_be_done_is_said(folder, tmp_path, capsys):
    out = str(tmp_path / "out.gif")
    assert main(["sequence", str(folder), out, "--final", "9"]) == 2
    assert "there are 4 pictures" in capsys.readouterr().err
    assert main(["sequence", str(folder), out, "--filter", "select_sky"]) == 2
    assert main(["sequence", str(folder), str(tmp_path / "out.doc")]) == 1
    assert "no ending of a format" in capsys.readouterr().err
    assert main(["sequence", str(tmp_path / "gone.gif"), out]) == 1
    assert "does not exist" in capsys.readouterr().err
    assert sorted(tmp_path.iterdir()) == [folder]


def test_a_project_with_a_moving_adjustment_is_written_from_in_to_out(folder, tmp_path, capsys):
    made = opened_pictures([folder]).document
    light = Layer("White", Fill("#ffffff"), id="white")
    made = replace(made, layers=(*made.layers, light))
    for frame, opacity in ((1, 0.0), (4, 1.0)):
        told = {"layer": "white", "frame": frame, "values": f'{{"opacity": {opacity}}}'}
        made = keyframe_commands.set_keyframe(**told).apply(made)
    made = sequence_commands.in_and_out(first=2).apply(made)
    project = tmp_path / "lapse.safelight"
    Project.create(project, History.start(made)).close()
    out = tmp_path / "out.png"
    assert main(["sequence", str(project), str(out), "--estimate"]) == 0
    assert "about 0.0 MB" in capsys.readouterr().out
    assert not out.exists()
    assert main(["sequence", str(project), str(out)]) == 0
    assert "3 pictures" in capsys.readouterr().out
    assert corners(out) == [130 + round(125 / 3), round(90 + 165 * 2 / 3), 255]
    recipe = tmp_path / "shorter.json"
    steps = [
        {"command": "delete_frames", "settings": {"frames": "3"}},
        {"filter": "invert", "settings": {}},
    ]
    recipe.write_text(json.dumps({"version": 2, "steps": steps}))
    again = ["sequence", str(project), str(out), "--overwrite", "--recipe", str(recipe)]
    assert main(again) == 0
    assert corners(out) == [255 - (130 + round(125 / 3)), 255 - round(90 + 165 * 2 / 3)]
