"""Pip as the tests have it at hand is pip as the editor runs it."""

import subprocess
import threading

import pytest

from safelight.actions.plugins import pip
from safelight.actions.plugins.pip import Pip
from safelight.actions.plugins.plugin_store import StoreError


def said(words):
    """What pip says, or the sentence that its complaint becomes."""
    try:
        return Pip(threading.Event()).run(words, "it")
    except StoreError as error:
        return f"refused: {error}"


@pytest.mark.parametrize(
    "words",
    [
        ["list", "--format", "freeze"],
        ["config", "list"],
        ["download", "--no-index", "no such thing"],
        ["install", "--no-index", "--dry-run", "safelight-nowhere"],
        ["nonsense"],
    ],
)
def test_pip_at_hand_says_and_ends_as_one_in_an_interpreter_of_its_own(words, monkeypatch):
    monkeypatch.setenv("PIP_CONSTRAINT", "")
    monkeypatch.setenv("PIP_FIND_LINKS", "/nowhere")  # is seen by both
    at_hand = said(words)
    monkeypatch.setattr(pip, "subprocess", subprocess)
    assert said(words) == at_hand


def test_pip_at_hand_can_be_stopped():
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(pip.Stopped):
        Pip(cancelled).run(["list"], "it")
