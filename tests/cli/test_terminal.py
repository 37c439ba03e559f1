"""The command line and what it prints to: any name, any encoding, a closed or full output."""

import contextlib
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from safelight import cli
from safelight.cli import main, terminal
from safelight.cli.main import COMMANDS

HOSTILE = "\x1b[31mred\r\n\u202egnp\u2066\x9b1m\x07"
"""What a stranger may call a file."""

ODD = os.fsdecode(b"\xff\xfe") + HOSTILE + ".png"


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    pixels = np.random.default_rng(2).integers(0, 256, (6, 8, 3), np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def start(command, folder, **variables):
    """Run a line of the shell, in which $S is the program; its status and what it printed."""
    program = f"'{sys.executable}' -m safelight"
    done = subprocess.run(
        ["bash", "-c", f'S() {{ {program} "$@"; }}; {command}'],
        cwd=folder,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode(errors="replace")
    assert b"Exception ignored" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def sound(path):
    Image.open(path).load()
    return True


# -- what is shown -----------------------------------------------------------------------------


def test_what_a_terminal_would_obey_is_shown_instead():
    assert terminal.visible(HOSTILE) == r"\x1b[31mred\r\n\u202egnp\u2066\x9b1m\x07"
    assert terminal.visible(os.fsdecode(b"a\xffb")) == r"a\xffb"


@pytest.mark.parametrize("text", ["Größe 6 × 4 …", "می‌خواهم", "写真　一", "a\u00a0b", "👩‍🎨"])
def test_what_people_write_stays_as_it_is(text):
    assert terminal.visible(text) == text


def test_a_name_of_any_bytes_is_opened_and_shown(capsys, photo, tmp_path):
    odd = tmp_path / ODD
    os.link(photo, odd)
    assert main(["info", str(odd)]) == 0
    assert main(["apply", "warmth", str(odd), f"{odd}.png"]) == 0
    out, err = capsys.readouterr()
    assert not set(HOSTILE) & set(out + err) - set("[31mredgnp\n")
    assert r"\xff\xfe\x1b[31mred\r\n\u202egnp" in out
    assert len(out.splitlines()) == 3
    assert sound(Path(f"{odd}.png"))


def test_json_holds_the_name_as_it_is_and_shows_it(capsys, photo, tmp_path):
    odd = tmp_path / ODD
    os.link(photo, odd)
    assert main(["info", "--json", str(odd)]) == 0
    out = capsys.readouterr().out
    assert json.loads(out)["file"] == str(odd)
    assert not set(HOSTILE) & set(out) - set("[31mredgnp\n")


@pytest.mark.parametrize(
    "words", [["apply", HOSTILE, "a", "b"], ["info", HOSTILE], ["info", "a", HOSTILE]]
)
def test_a_mistake_repeats_what_was_typed_without_obeying_it(capsys, words):
    with contextlib.suppress(SystemExit):
        main(words)
    out, err = capsys.readouterr()
    assert "\x1b" not in out + err
    assert "\u202e" not in out + err
    assert "Traceback" not in err


def test_everything_that_prints_does_it_in_one_place():
    folder = Path(cli.__file__).parent
    printing = ("print(", ".write(", "ArgumentParser(")
    others = [
        path.name
        for path in folder.glob("*.py")
        if path.name != "terminal.py"
        # What goes to a file is no output.
        and any(x in re.sub(r"(file|made)\.write\(", "", path.read_text()) for x in printing)
    ]
    assert others == []


# -- where it is shown -------------------------------------------------------------------------


class Narrow(io.TextIOWrapper):
    """An output that knows no letter but ASCII."""

    def __init__(self):
        super().__init__(io.BytesIO(), encoding="ascii", errors="strict")

    def text(self):
        self.flush()
        return self.buffer.getvalue().decode()


def test_an_encoding_without_a_sign_shows_what_comes_near_it_or_its_number(monkeypatch):
    stream = Narrow()
    monkeypatch.setattr(sys, "stdout", stream)
    terminal.tell("6 × 4 … Größe")
    terminal.tell_json(["Größe", "👩"])
    assert stream.text().splitlines()[0] == r"6 x 4 ... Gr\xf6\xdfe"
    assert json.loads(stream.text().split("\n", 1)[1]) == ["Größe", "👩"]


def test_any_encoding_gets_the_file_and_the_status(photo, tmp_path):
    status, out, err = start(
        "S apply warmth photo.png out.png", tmp_path, PYTHONIOENCODING="cp1251"
    )
    assert (status, err) == (0, b"")
    assert b"8 x 6 px" in out
    assert sound(tmp_path / "out.png")


@pytest.mark.parametrize("output", [">/dev/full 2>/dev/full", "<&- >&- 2>&-", "| true"])
def test_a_file_that_is_whole_is_a_success_whoever_listens(photo, tmp_path, output):
    command = f"set -o pipefail; S apply warmth photo.png out.png {output}"
    assert start(command, tmp_path)[0] == 0
    assert sound(tmp_path / "out.png")


def test_what_was_asked_for_and_cannot_be_told_is_a_failure(photo, tmp_path):
    status, _, err = start("S info photo.png >/dev/full", tmp_path)
    assert status == 1
    assert err == b"safelight: the output cannot be written: No space left on device\n"
    status, _, err = start("S info photo.png >&-", tmp_path)
    assert status == 1
    assert err == b"safelight: the output cannot be written: Bad file descriptor\n"
    status, _, err = start("S --help >/dev/full", tmp_path)
    assert status == 1
    assert err.count(b"\n") == 1


def test_a_reader_that_leaves_is_not_told_of_anything(photo, tmp_path):
    _, _, err = start("S info photo.png | true", tmp_path)
    assert err == b""


def test_a_folder_that_was_deleted_meanwhile_is_no_obstacle(photo, tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    status, _, err = start(
        "cd gone; rmdir ../gone; S apply warmth "
        f"'{photo}' '{tmp_path / 'out.png'}' && S info '{photo}'",
        tmp_path,
    )
    assert (status, err) == (0, b"")
    assert sound(tmp_path / "out.png")


# -- the table of commands ---------------------------------------------------------------------


def test_help_has_a_line_for_every_command(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    lines = capsys.readouterr().out.splitlines()
    for name, command in COMMANDS.items():
        (line,) = (x for x in lines if x.split()[:1] == [name])
        assert line.endswith(f"  {command.does}")
        assert len(line) <= 80


def test_every_command_of_the_table_answers_for_itself(capsys):
    for name in COMMANDS:
        with contextlib.suppress(SystemExit):
            main([name, "--help"])
        assert f"safelight {name}" in capsys.readouterr().out


def test_help_loads_neither_the_window_nor_numpy(tmp_path):
    code = (
        "import sys; from safelight.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'numpy', 'PySide6', 'safelight.actions'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_an_empty_name_is_no_file(capsys):
    for words in (["info", ""], ["apply", "warmth", "", ""], ["models", "add", ""], [""]):
        with pytest.raises(SystemExit) as error:
            main(words)
        assert error.value.code == 2
        assert "an empty name is no file's" in capsys.readouterr().err
