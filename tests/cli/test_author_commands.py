"""``safelight plugins``: what it asks, what it says, how it ends."""

import json
import os
import pty
import subprocess
import sys

import pytest

from safelight import actions
from safelight.actions.plugins.smallest_network import contract, residual_network, sharpening
from safelight.cli import main
from safelight.cli.plugin_commands import COMMANDS
from tests.workers import networks


def run(capsys, *words):
    """The exit status and what was said; argparse ends a mistake with an exception."""
    try:
        status = main(["plugins", *map(str, words)])
    except SystemExit as stopped:
        status = stopped.code
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def typed(python, folder, *words, keys):
    """The command at a terminal where ``keys`` are typed: exit status and all that is shown."""
    ours, theirs = pty.openpty()
    try:
        process = subprocess.Popen(
            [python, "-m", "safelight", "plugins", *words],
            cwd=folder,
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | {"TERM": "dumb"},
        )
        os.write(ours, keys.encode())
        text, _ = process.communicate(timeout=180)
    finally:
        os.close(theirs)
        os.close(ours)
    return process.returncode, text


@pytest.mark.parametrize("variant", ["classic", "neural"])
def test_new_writes_a_plugin_and_says_where_and_what_next(capsys, tmp_path, variant):
    status, out, _ = run(capsys, "new", "glow", "--variant", variant, "--into", tmp_path)
    assert status == 0
    folder = tmp_path / "safelight-glow"
    assert str(folder) in out
    assert "python -m pytest --safelight" in out
    assert (folder / "safelight_glow/model.onnx").exists() == (variant == "neural")


def test_new_takes_a_network_that_somebody_trained(capsys, tmp_path):
    said = contract(title="Wave", licence="CC0-1.0", training_data="none", reach=1)
    own = tmp_path / "wave.onnx"
    own.write_bytes(residual_network(sharpening(), said))
    status, out, _ = run(capsys, "new", "wave", "--network", own, "--into", tmp_path)
    assert status == 0
    assert str(tmp_path / "safelight-wave") in out
    made = tmp_path / "safelight-wave/safelight_wave/model.onnx"
    assert made.read_bytes() == own.read_bytes()
    status, _, err = run(capsys, "new", "sea", "--network", tmp_path / "none", "--into", tmp_path)
    assert (status, "none cannot be read" in err) == (2, True)


def test_new_takes_what_models_add_takes_and_its_tests_pass(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    own = tmp_path / "lama.onnx"
    own.write_bytes(networks.classifier())
    told = "new", "heal", "--title", "Heal $1", "--into", tmp_path, "--network", own
    status, _, err = run(capsys, *told)
    assert (status, "not a picture" in err) == (1, True)
    own.write_bytes(networks.filling())
    told += "--range", "1", "--order", "rgb", "--licence", "CC0-1.0", "--training-data", "None."
    assert run(capsys, *told)[0] == 0
    folder = tmp_path / "safelight-heal"
    module = (folder / "safelight_heal/__init__.py").read_text("utf-8")
    assert "def heal(image: api.Image, job: api.Job, mask: api.Mask) -> api.Image:" in module
    assert '"model.onnx", image, **{"mask": mask}' in module
    assert "| mask range | 0..1 | probed |" in (folder / "safelight_heal/card.md").read_text(
        "utf-8"
    )
    python = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--safelight"]
    made = subprocess.run(python, cwd=folder, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout
    assert " passed" in made.stdout


def test_new_says_where_as_json(capsys, tmp_path):
    status, out, _ = run(capsys, "new", "glow", "--json", "--into", tmp_path)
    assert status == 0
    assert json.loads(out) == {"written": str(tmp_path / "safelight-glow")}


def test_new_takes_the_title_given_and_has_one_to_offer(capsys, tmp_path):
    run(capsys, "new", "one", "--title", "Number one", "--into", tmp_path)
    run(capsys, "new", "number-two", "--into", tmp_path)
    texts = [path.read_text("utf-8") for path in sorted(tmp_path.glob("*/safelight_*/*.py"))]
    assert '"Number two"' in texts[0]
    assert '"Number one"' in texts[1]


def test_without_a_terminal_nothing_is_asked(capsys, tmp_path):
    status, _, err = run(capsys, "new", "--into", tmp_path)
    assert status == 2
    assert "a NAME is needed" in err
    assert not list(tmp_path.iterdir())


def test_what_is_missing_is_asked_for_at_a_terminal(python, tmp_path):
    status, text = typed(python, tmp_path, "new", keys="glow\nMy glow\nneural\n")
    assert status == 0, text
    assert "Title in the menu [Glow]" in text
    assert '"My glow"' in (tmp_path / "safelight-glow/safelight_glow/__init__.py").read_text()
    assert (tmp_path / "safelight-glow/safelight_glow/model.onnx").exists()


def test_only_what_is_missing_is_asked_for_and_enter_takes_what_is_offered(python, tmp_path):
    status, text = typed(python, tmp_path, "new", "glow", "--variant", "classic", keys="\n")
    assert status == 0, text
    assert "Name" not in text
    assert "Variant" not in text
    assert '"Glow"' in (tmp_path / "safelight-glow/safelight_glow/__init__.py").read_text()


def test_an_answer_that_will_not_do_is_asked_for_again(python, tmp_path):
    status, text = typed(python, tmp_path, "new", keys="2fast\nglow\n\nmagic\n\n")
    assert status == 0, text
    assert "begins with a digit" in text
    assert "there is no variant magic" in text
    assert (tmp_path / "safelight-glow").is_dir()


def test_whoever_ends_the_questions_gets_no_plugin(python, tmp_path):
    status, text = typed(python, tmp_path, "new", keys="glow\n\x04")
    assert status == 1
    assert "nothing was written" in text
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ((), "usage: safelight plugins COMMAND"),
        (("old",), "there is no old; there are list, install"),
        (("new", "2fast"), "begins with a digit"),
        (("new", "glow", "--title", " "), "a title is one line"),
        (("new", "glow", "--variant", "magic"), "invalid choice"),
        (("new", "glow", "--into", "nowhere"), "there is no folder nowhere"),
        (("new", "warmth"), "safelight-warmth is installed"),
    ],
)
def test_a_mistake_ends_with_two_and_the_reason(capsys, tmp_path, monkeypatch, words, complaint):
    monkeypatch.chdir(tmp_path)
    status, _, err = run(capsys, *words)
    assert status == 2
    assert complaint in err
    assert not list(tmp_path.iterdir())


def test_every_sub_command_says_what_it_is_for():
    assert {"new", "check"} <= set(COMMANDS)
    for command in COMMANDS.values():
        assert command.does


def test_an_editable_plugin_is_listed_as_it_is_now(capsys, tmp_path):
    folder = actions.write_plugin(tmp_path, "glow", "Glow", "classic")
    module = folder / "safelight_glow/__init__.py"
    source = module.read_text("utf-8")
    assert run(capsys, "install", folder, "--yes", "--editable")[0] == 0
    try:
        module.write_text(source.replace('"Glow"', '"Brighter glow"'), "utf-8")
        assert main(["filters", "--json"]) == 0
        assert '"Brighter glow"' in capsys.readouterr().out
        module.write_text("import nonsense", "utf-8")
        assert main(["filters"]) == 0
        assert "safelight-glow cannot be loaded: ModuleNotFoundError" in capsys.readouterr().err
    finally:
        run(capsys, "uninstall", "safelight-glow")
