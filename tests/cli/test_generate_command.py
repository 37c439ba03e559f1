"""``safelight generate``: one picture, or a folder of them with what each is made of."""

import json

import numpy as np
import pytest
from PIL import Image

from safelight.cli import main


def run(capsys, *arguments):
    status = main(["generate", *(str(argument) for argument in arguments)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def pixels(path):
    return np.asarray(Image.open(path).convert("RGB"))


def test_one_picture_is_as_large_as_it_was_asked_for(capsys, tmp_path):
    target = tmp_path / "stone.png"
    status, out, _ = run(capsys, "surfaces", "--size", "90x70", "--seed", "7", target)
    assert status == 0
    assert "90 × 70 px" in out
    assert pixels(target).shape == (70, 90, 3)
    again = tmp_path / "again.png"
    run(capsys, "surfaces", "--size", "90x70", "--seed", "7", again, "--quiet")
    assert np.array_equal(pixels(target), pixels(again))
    run(capsys, "surfaces", "--size", "90x70", "--seed", "8", again, "--quiet", "--overwrite")
    assert not np.array_equal(pixels(target), pixels(again))


def test_many_come_with_a_file_that_says_how_to_make_each_again(capsys, tmp_path):
    folder = tmp_path / "data"
    given = ["--set", "variety=0.7", "--size", "64", "--output-dir", folder, "--seed", "40"]
    status, out, _ = run(capsys, "surfaces", "--count", "3", *given)
    assert status == 0
    assert "3 pictures" in out
    lines = [json.loads(line) for line in (folder / "metadata.jsonl").read_text().splitlines()]
    assert [line["file_name"] for line in lines] == [f"surfaces-{n}.png" for n in (1, 2, 3)]
    assert [line["settings"]["seed"] for line in lines] == [40, 41, 42]
    assert all(line["synthesised"] and len(line["models"]["surfaces.onnx"]) == 64 for line in lines)
    assert all(line["settings"]["variety"] == 0.7 for line in lines)
    single = tmp_path / "one.png"
    run(capsys, "surfaces", single, "--seed", "41", "--set", "variety=0.7", "--size", "64x64")
    assert np.array_equal(pixels(single), pixels(folder / "surfaces-2.png"))


def test_a_folder_that_holds_some_already_is_left_alone(capsys, tmp_path):
    given = ["surfaces", "--count", "2", "--size", "32", "--output-dir", tmp_path / "data"]
    assert run(capsys, *given)[0] == 0
    before = (tmp_path / "data" / "metadata.jsonl").read_bytes()
    status, _, err = run(capsys, *given, "--seed", "5")
    assert status == 1
    assert "--overwrite" in err
    assert (tmp_path / "data" / "metadata.jsonl").read_bytes() == before
    assert run(capsys, *given, "--seed", "5", "--overwrite")[0] == 0


def test_deep_pictures_are_made_deep(capsys, tmp_path):
    target = tmp_path / "deep.tif"
    assert run(capsys, "surfaces", target, "--size", "48x32", "--depth", "16")[0] == 0
    import tifffile

    found = tifffile.imread(target)
    assert found.dtype == np.uint16
    assert (found % 257 != 0).any()  # more than eight bits say


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["surfaces"], "name the file to write"),
        (["surfaces", "a.png", "--count", "2"], "--count needs --output-dir"),
        (["surfaces", "a.png", "--size", "0x5"], "a side has 1 to"),
        (["surfaces", "a.png", "--size", "big"], "no size like"),
        (["surfaces", "--count", "none", "--output-dir", "x"], "no number of pictures"),
        (["warmth", "a.png"], "works on a picture"),
        (["surfaces", "a.png", "--set", "code=1,2"], "a code is 16 numbers"),
        (["clouds", "a.png"], "there is no filter clouds"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_made(
    words, reason, capsys, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    try:
        status, _, err = run(capsys, *words)
    except SystemExit as ended:
        status, err = ended.code, capsys.readouterr().err
    assert status == 2
    assert reason in err
    assert list(tmp_path.iterdir()) == []
