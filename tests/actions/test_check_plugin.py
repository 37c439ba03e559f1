"""Checking a plugin: what it says of one that keeps its promises, and of those that do not."""

import json

import pytest

from safelight import actions
from safelight.actions.plugins.check_plugin import check_plugin
from safelight.actions.plugins.plugin_store import Store, StoreError
from safelight.api.promises import PROMISES
from safelight.cli import main

DISTRIBUTION = ["summary", "licence", "python", "readme", "editor", "ids"]

BROKEN = '''
"""A plugin that keeps no promise."""

import os

import numpy as np

from safelight import api


@api.filter("Clips", category="Mine")
def clips(image: api.Image, amount: api.Fraction = 0.0) -> api.Image:
    """Cut off light when told to."""
    return np.minimum(image, np.float32(1)) if amount else image.copy()


@api.filter("Crashes", category="Mine")
def crashes(image: api.Image) -> api.Image:
    """End its process when the picture is all black."""
    if not image.any():
        os._exit(7)
    return image.copy()


@api.filter("Hangs", category="Mine")
def hangs(image: api.Image) -> api.Image:
    """Never come back from a picture with a pixel that is no number."""
    while np.isnan(image).any():
        pass
    return image.copy()


@api.filter("Raises", category="Mine")
def raises(image: api.Image) -> api.Image:
    """Fail."""
    raise RuntimeError("no idea")


@api.hookimpl
def filters():
    return [clips, crashes, hangs, raises]
'''


@pytest.fixture
def plugin(tmp_path):
    return actions.write_plugin(tmp_path, "soft-glow", "Soft glow", "classic")


def test_a_plugin_fresh_from_the_template_keeps_every_promise(plugin, tmp_path):
    verdicts = check_plugin(str(plugin), Store(tmp_path / "store"))
    assert [item.complaint for item in verdicts if item.complaint] == []
    assert [item.promise for item in verdicts] == [*DISTRIBUTION, *PROMISES]
    assert {item.subject for item in verdicts} == {"safelight-soft-glow", "soft_glow"}
    assert not Store(tmp_path / "store").installed()


def test_a_plugin_that_is_installed_is_checked_by_its_name(tmp_path):
    heard = []
    verdicts = check_plugin("Safelight_Warmth", Store(tmp_path / "store"), heard.append)
    assert heard == verdicts
    assert [item.complaint for item in verdicts if item.complaint] == []
    assert {item.subject for item in verdicts} == {"safelight-warmth", "warmth"}


def test_a_plugin_of_formats_alone_can_be_checked(tmp_path):
    verdicts = check_plugin("safelight-floatmap", Store(tmp_path / "store"))
    assert [item.complaint for item in verdicts if item.complaint] == []
    assert [item.promise for item in verdicts] == list(DISTRIBUTION)


def test_filters_that_break_promises_crash_hang_or_raise_are_told_apart(plugin, tmp_path):
    (plugin / "safelight_soft_glow/__init__.py").write_text(BROKEN, "utf-8")
    verdicts = check_plugin(str(plugin), Store(tmp_path / "store"), patience=5)
    found = {(item.subject, item.promise): item.complaint for item in verdicts}
    assert "clips cuts off what is brighter than white" in found["clips", "wide-gamut"]
    assert found["clips", "wide-gamut"].endswith("(with amount=1.0)")
    assert found["clips", "size"] == ""
    assert found["crashes", "size"] == "crashes ended itself (exit code 7)"
    assert found["crashes", "tiles"] == ""
    assert found["hangs", "nan"] == "hangs was not done with it after 5 s"
    assert found["hangs", "wide-gamut"] == ""
    assert found["raises", "nan"].endswith("raises RuntimeError: no idea")
    assert found["raises", "tiles"] == "raises fails: RuntimeError: no idea"


def test_what_the_distribution_lacks_is_said(plugin, tmp_path):
    project = plugin / "pyproject.toml"
    text = project.read_text("utf-8")
    for line in (
        'description = "Soft glow"',
        'license = "Apache-2.0"',
        'requires-python = ">=3.11"',
        'readme = "README.md"',
        '"safelight>=0.2,<1", ',
    ):
        assert line in text
        text = text.replace(line, "")
    project.write_text(text, "utf-8")
    verdicts = check_plugin(str(plugin), Store(tmp_path / "store"))
    said = {item.promise: item.complaint for item in verdicts if item.complaint}
    assert set(said) == {"summary", "licence", "python", "readme", "editor"}
    assert said["licence"].startswith("safelight-soft-glow lacks a license: write it into")


def test_an_id_that_another_plugin_has_is_named(plugin, tmp_path):
    source = plugin / "safelight_soft_glow"
    text = (source / "__init__.py").read_text("utf-8").replace("soft_glow", "warmth")
    source.rename(plugin / "safelight_warmth")
    (plugin / "safelight_warmth/__init__.py").write_text(text, "utf-8")
    project = plugin / "pyproject.toml"
    named = project.read_text("utf-8").replace("safelight_soft_glow", "safelight_warmth")
    project.write_text(named, "utf-8")
    verdicts = check_plugin(str(plugin), Store(tmp_path / "store"))
    said = [item.complaint for item in verdicts if item.complaint]
    assert said == ["safelight_warmth.warmth is the id of something of safelight-warmth"]


def test_what_is_no_plugin_is_refused_in_a_sentence(plugin, tmp_path):
    store = Store(tmp_path / "store")
    with pytest.raises(StoreError, match="There is no plugin nowhere"):
        check_plugin("nowhere", store)
    (plugin / "safelight_soft_glow/__init__.py").write_text("import nonsense", "utf-8")
    with pytest.raises(StoreError, match="cannot be loaded: ModuleNotFoundError"):
        check_plugin(str(plugin), store)


def test_the_command_says_what_fails_and_ends_with_one(plugin, capsys):
    module = plugin / "safelight_soft_glow/__init__.py"
    source = module.read_text("utf-8")
    module.write_text(source.replace("np.float32(", "np.float64("), "utf-8")
    assert main(["plugins", "check", str(plugin)]) == 1
    out = capsys.readouterr().out
    assert "✗ size: soft_glow, given a picture of 1 × 1" in out
    assert " of 16 promises are kept." in out
    assert main(["plugins", "check", "nowhere"]) == 1
    assert "There is no plugin nowhere" in capsys.readouterr().err


def test_the_command_says_as_json_what_is_kept(capsys):
    assert main(["plugins", "check", "safelight-warmth", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["kept"] is True
    assert {item["complaint"] for item in found["promises"]} == {""}
    assert {"subject": "warmth", "promise": "tiles", "complaint": ""} in found["promises"]
