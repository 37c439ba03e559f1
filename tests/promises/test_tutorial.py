"""The tutorial keeps its word: its files are written, its commands run, its output appears."""

import importlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image

from safelight.api import promises, testing
from safelight.api.filter import registered
from safelight.cli.plugin_commands import COMMANDS
from safelight.workers.far import network_contract
from tests.conftest import CHECKOUT

TUTORIAL = (CHECKOUT / "resources/tutorial.md").read_text("utf-8")


class Block(NamedTuple):
    """A fenced block: what its first line says, and what is in it."""

    info: str
    text: str


BLOCKS = [Block(*found) for found in re.findall(r"```([^\n]+)\n(.*?)```", TUTORIAL, re.DOTALL)]


class Shell:
    """A terminal: where it is, and the environment that commands have."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._where = folder / ".where"
        tools = Path(sys.executable).parent
        self._environment = {
            **{key: text for key, text in os.environ.items() if not key.startswith("PYTEST")},
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
            "XDG_DATA_HOME": str(folder / "data"),
            # Nothing is fetched: what builds the wheel is in the environment of the tests.
            "PIP_NO_INDEX": "1",
            "PIP_NO_BUILD_ISOLATION": "false",
        }

    def run(self, text: str) -> str:
        """Run a block; what it says. The next one begins in the folder where it ended."""
        done = subprocess.run(
            ["bash", "-ec", f"{text}\npwd > '{self._where}'"],
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}"
        self.folder = Path(self._where.read_text("utf-8").strip())
        return done.stdout


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="its commands are those of a Unix shell")
def test_every_file_is_written_every_command_runs_and_says_what_is_shown(tmp_path):
    photo = min(
        (CHECKOUT / "resources/samples").glob("*.jpg"), key=lambda path: path.stat().st_size
    )
    shutil.copyfile(photo, tmp_path / "photo.jpg")
    shell, said = Shell(tmp_path), ""
    for info, text in BLOCKS:
        language, _, place = info.partition(" ")
        if info == "sh":
            said = shell.run(text)
        elif info == "text":
            assert text.strip() in said
        elif language == "python":
            assert (shell.folder / place).is_file(), f"the template writes no {place} to replace"
            (shell.folder / place).write_text(text, "utf-8")
    sizes = {path.name: Image.open(path).size for path in tmp_path.glob("*.jpg")}
    assert sizes["evening.jpg"] == sizes["night.jpg"] == sizes["photo.jpg"]
    assert brightness(tmp_path / "night.jpg") < brightness(tmp_path / "evening.jpg")


def brightness(path):
    return np.asarray(Image.open(path).convert("L")).mean()


def test_every_block_is_one_that_the_test_knows():
    assert {block.info.split()[0] for block in BLOCKS} == {"sh", "text", "python", "py", "pytorch"}
    assert [block.info for block in BLOCKS if block.info.startswith("sh ")] == ["sh shown"] * 4
    assert sum(block.info == "sh" for block in BLOCKS) >= 8


def test_the_commands_that_are_only_shown_exist():
    shown = [line for info, text in BLOCKS if info == "sh shown" for line in text.splitlines()]
    ours = [shlex.split(line) for line in shown if line.startswith("safelight ")]
    assert ours
    for words in ours:
        assert words[1] == "plugins"
        assert words[2] in COMMANDS


def test_its_table_of_promises_is_that_of_the_code():
    table = TUTORIAL.partition("<!-- promises -->")[2].partition("\n\n")[0]
    rows = dict(re.findall(r"^\| `([\w-]+)` \| (.+?) \|$", table, re.MULTILINE))
    assert rows == {name: item.sentence for name, item in promises.PROMISES.items()}


def test_the_filters_that_are_only_shown_keep_every_promise(tmp_path, monkeypatch):
    (own,) = (text for info, text in BLOCKS if info == "python safelight_dusk/__init__.py")
    shown = [text for info, text in BLOCKS if info == "py"]
    (tmp_path / "shown_filters.py").write_text("".join([own, *shown]), "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module("shown_filters")
    filters = [getattr(module, name) for name in ("stretch", "highlights", "even_out", "waves")]
    for item in filters:
        testing.assert_well_behaved(item)
    stretch, highlights, even_out, waves = (registered(item).declaration for item in filters)
    assert stretch.prepares == ("thumbnail",)
    assert highlights.selects
    assert even_out.masked
    assert waves.generates


def test_its_table_of_properties_is_all_that_is_read_of_a_network():
    table = TUTORIAL.partition("<!-- properties -->")[2].partition("\n\n")[0]
    cells = re.findall(r"^\| (`.+?) \|", table, re.MULTILINE)
    told = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
    source = Path(network_contract.__file__).read_text("utf-8")
    body = source.partition("def read(cls")[2].partition("@dataclass")[0]
    calls = re.findall(r'(?:number|word|said)\(\s*"(\w+)"', body)
    direct = re.findall(r'"safelight\.(\w+)"', body)
    assert told - {"version"} == {*calls, *direct}


def test_its_links_lead_somewhere():
    links = re.findall(r"\[[^\]]*\]\(([^)#]+)\)", TUTORIAL)
    assert links
    for link in links:
        assert (CHECKOUT / "resources" / link).is_file(), link
