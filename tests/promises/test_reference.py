"""The API reference is made from the docstrings, and is not out of date."""

import re
import subprocess

import pytest

from safelight import api
from safelight.api import testing
from tests.conftest import CHECKOUT

PAGE = (CHECKOUT / "resources/reference.md").read_text("utf-8")
SECTIONS = re.split(r"^#{2,4} ", PAGE, flags=re.MULTILINE)[1:]


def test_the_reference_is_what_the_docstrings_say_now(python):
    script = CHECKOUT / ".ci/reference.py"
    made = subprocess.run([python, script], capture_output=True, text=True, check=True).stdout
    assert made == PAGE, "the reference is out of date: make reference"


@pytest.mark.parametrize("name", [*api.__all__, *testing.__all__])
def test_every_public_name_is_in_it(name):
    assert re.search(rf"^### {name}$", PAGE, re.MULTILINE)


def test_every_entry_says_something():
    for section in SECTIONS:
        said = re.sub(r"```py\n.*?```", "", section.partition("\n")[2], flags=re.DOTALL)
        assert len(said.split()) >= 2, section
