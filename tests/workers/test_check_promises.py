"""``pytest --safelight``: every promise of every filter that a pyproject.toml registers."""

import os
import subprocess

import pytest

from safelight.api import promises

PROJECT = """
[project]
name = "mine"
version = "1"

[project.entry-points.safelight]
mine = "safelight_mine"

[tool.pytest.ini_options]
pythonpath = ["."]
"""

MODULE = '''
import numpy as np

from safelight import api


@api.filter("Good", category="Mine")
def good(image: api.Image) -> api.Image:
    """Do nothing."""
    return image.copy()


@api.filter("Clips", category="Mine")
def clips(image: api.Image, on: bool = False) -> api.Image:
    """Cut off light."""
    return np.minimum(image, np.float32(1)) if on else image.copy()


@api.hookimpl
def filters():
    return [good, clips]
'''


@pytest.fixture
def asked(tmp_path, python):
    """What pytest says in the folder of a plugin of two filters: its status and its text."""
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (tmp_path / "safelight_mine.py").write_text(MODULE)

    def ask(*words):
        environment = {key: text for key, text in os.environ.items() if "PYTEST" not in key}
        command = [python, "-m", "pytest", "-p", "no:cacheprovider", "-v", *words]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout

    return ask


def test_each_promise_of_each_filter_is_a_test(asked):
    status, text = asked("--safelight")
    assert status == 1
    for name in promises.PROMISES:
        assert f"good[{name}] PASSED" in text
        assert f"clips[{name}] {'FAILED' if name == 'wide-gamut' else 'PASSED'}" in text


def test_a_broken_promise_is_a_sentence_without_a_traceback(asked):
    _, text = asked("--safelight", "-k", "clips")
    assert promises.PROMISES["wide-gamut"].sentence in text
    assert "clips cuts off what is brighter than white" in text
    assert "(with on=True)" in text
    assert "Traceback" not in text
    assert "check_promises.py" not in text


def test_nothing_is_added_unasked(asked):
    status, text = asked()
    assert status == 5, text  # no tests were collected
