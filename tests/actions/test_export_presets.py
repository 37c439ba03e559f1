"""Presets of exports: kept, renamed, removed, and never a reason not to export."""

import pytest

from safelight.actions import Presets
from safelight.actions.export_presets import built_in
from safelight.files import ExportError, ExportOptions, exported_formats
from safelight.pixels import known_profile

WEB = ExportOptions(
    format="JPEG",
    settings={"quality": 71.0, "subsampling": "420"},
    depth=8,
    metadata="without location",
    profile=known_profile("Display_P3").icc,
    resize="longest",
    size=1234,
    sharpen="screen",
    sharpness="high",
    kilobytes=300,
)


@pytest.fixture
def presets(tmp_path):
    return Presets(tmp_path / "deep" / "exports.json")


def test_a_preset_comes_back_as_it_was_saved(presets, tmp_path):
    presets.save("Mine", WEB)
    assert Presets(tmp_path / "deep" / "exports.json").all()["Mine"] == WEB
    assert presets.named("mi") == WEB


def test_a_preset_is_renamed_and_removed(presets):
    presets.save("Mine", WEB)
    presets.rename("Mine", "Ours")
    assert list(presets.saved()) == ["Ours"]
    presets.save("Other", ExportOptions(format="PNG"))
    with pytest.raises(ExportError, match="already"):
        presets.rename("Ours", "Other")
    presets.remove("Ours")
    assert list(presets.saved()) == ["Other"]


def test_the_built_in_ones_are_of_formats_that_there_are_and_stay(presets):
    formats = {item.name: item for item in exported_formats()}
    for name, options in built_in().items():
        options.of(formats[options.format])
        with pytest.raises(ExportError, match="built in"):
            presets.save(name, WEB)
        with pytest.raises(ExportError):
            presets.remove(name)
    assert list(presets.all()) == list(built_in())


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "3", '{"a": 3}', '{"a": {"size": -1}}', '{"a": {"profile": "!"}}', "[" * 9999],
)
def test_a_damaged_file_of_presets_is_as_none(tmp_path, text):
    (tmp_path / "exports.json").write_text(text)
    presets = Presets(tmp_path / "exports.json")
    assert presets.saved() == {}
    presets.save("Mine", WEB)
    assert presets.saved() == {"Mine": WEB}


def test_a_preset_that_there_is_not_is_told(presets):
    with pytest.raises(ExportError, match="there are Web"):
        presets.named("Nowhere")
    with pytest.raises(ExportError, match="needs a name"):
        presets.save("  ", WEB)
