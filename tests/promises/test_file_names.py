"""File names: each tells what the file holds, is there once, and begins the file's first line."""

import ast
import re
from collections import Counter
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
EDITOR = CHECKOUT / "editor" / "safelight"

FILES = [path for path in sorted(EDITOR.rglob("*.py")) if not path.stem.startswith("__")]

NOUNS = {"testing", "clipping"}
"""The kit that plugins' tests import; a noun of photographers."""


def test_no_two_files_of_the_editor_share_a_name():
    counted = Counter(path.stem for path in FILES)
    assert not {name for name, count in counted.items() if count > 1}


def test_no_file_is_named_by_what_goes_on_or_by_nothing():
    vague = {"utils", "helpers", "manager", "common", "misc", "tools"}
    plugins = [path for path in CHECKOUT.glob("plugins/*/safelight_*/*.py")]
    left = [path.name for path in (*FILES, *plugins) if path.stem.endswith("ing")]
    assert {Path(name).stem for name in left} <= NOUNS
    assert not [path for path in FILES if path.stem in vague]


def test_every_file_begins_with_a_line_that_says_what_it_holds():
    silent = [
        str(path.relative_to(EDITOR))
        for path in FILES
        if len((ast.get_docstring(ast.parse(path.read_bytes())) or "").split("\n")[0].split()) < 3
    ]
    assert not silent


def test_the_files_that_contributing_sends_its_reader_to_are_there():
    text = (CHECKOUT / "CONTRIBUTING.md").read_text("utf-8")
    named = re.findall(r"^\d+\. .*\? `([\w/]+\.py)`$", text, re.MULTILINE)
    assert len(named) == 12
    assert not [name for name in named if not (EDITOR / name).is_file()]
