"""A stranger's format: installed, remembered, run confined, never asked at start."""

import json

import numpy as np
import pytest

from safelight import actions
from safelight.actions.plugins.plugin_store import Installed, StoreError
from safelight.workers.confinement.sandbox import available
from safelight.workers.plugin_pools import Pools
from tests.plugins.plugin_projects import project, wheel
from tests.plugins.stocked_store import stock

SOURCE = '''
import os, pathlib
import numpy as np
from safelight import api

@api.importer("Bytes", suffixes=(".bytes",), beginnings=(b"BYTES",))
def read(data):
    """One pixel for three bytes."""
    return np.frombuffer(data[5:], np.uint8).reshape(1, -1, 3)

@api.exporter("Bytes", suffixes=(".bytes",), depths=("uint8",))
def write(pixels):
    return b"BYTES" + pixels.tobytes()

@api.importer("Thief", suffixes=(".thief",))
def steal(data):
    pathlib.Path(data.decode()).read_bytes()

@api.hookimpl
def importers():
    return [read, steal]

@api.hookimpl
def exporters():
    return [write]
'''


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return wheel(tmp_path_factory.mktemp("wheels"), "safelight-bytes", SOURCE, version="1.0")


@pytest.fixture
def installed(built, store):
    return stock(store, built)


def test_a_plugin_may_offer_formats_alone(tmp_path, add, store):
    installed = add(project(tmp_path, "safelight-bytes", SOURCE))
    assert installed.filters == ()
    assert [item.id for item in installed.formats] == [
        "safelight_bytes.read",
        "safelight_bytes.steal",
        "safelight_bytes.write",
    ]
    assert {item.plugin for item in installed.formats} == {"safelight-bytes"}
    assert Installed.read(installed.folder) == installed
    assert store.installed() == (installed,)


def test_a_record_from_before_formats_is_read(installed):
    place = installed.folder / "plugin.json"
    data = json.loads(place.read_text("utf-8"))
    del data["formats"]
    place.write_text(json.dumps(data), "utf-8")
    again = Installed.read(installed.folder)
    assert again.formats == ()
    assert again.fault == ""


def test_no_plugin_is_asked_for_its_formats_at_start(installed, store, monkeypatch):
    with actions.Studio() as studio:
        studio.filters()  # the built-in ones are remembered now

    def nobody(*_):
        raise AssertionError("a plugin was asked at start")

    monkeypatch.setattr(Pools, "of", nobody)
    with actions.Studio(store=store) as studio:
        assert "safelight_bytes.read" in {item.id for item in studio.offers().formats}
        assert "Bytes" in {item.format.title for item in studio.exporters()}


def test_what_it_writes_it_reads_confined(installed, store, tmp_path):
    data = b"BYTES" + bytes(range(12))
    path = tmp_path / "a.bytes"
    path.write_bytes(data)
    with actions.Studio(store=store) as studio:
        opened = actions.open_picture(path, importers=studio.importers)
        written = actions.export(opened.document, tmp_path / "b.bytes", exporters=studio.exporters)
    assert written.path.read_bytes() == data
    assert written.notes == ()
    pixels = opened.document.layers[0].raster.to_array()
    assert np.array_equal(pixels.ravel(), np.arange(12))


_THIEF = r"Thief \(safelight-bytes\) .*(PermissionError|FileNotFoundError)"
"""Refused, or not there at all where the worker has a tree of its own."""


@pytest.mark.skipif(not available().complete, reason="nothing is confined here")
def test_an_importer_reads_no_other_file(installed, store, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("the combination is 1234")
    path = tmp_path / "a.thief"
    path.write_text(str(secret))
    with (
        actions.Studio(store=store) as studio,
        pytest.raises(
            actions.OpenError,
            match=r"Thief \(safelight-bytes\) .*(PermissionError|FileNotFoundError)",
        ),
    ):
        actions.open_picture(path, importers=studio.importers)


def test_switched_off_and_in_safe_mode_it_opens_nothing(installed, store):
    def titles(**options):
        with actions.Studio(store=store, **options) as studio:
            return {item.format.title for item in studio.importers()}

    assert "Bytes" in titles()
    assert "Bytes" not in titles(safe=True)
    assert "Portable FloatMap" in titles(safe=True)
    store.set_enabled("safelight-bytes", False)
    assert "Bytes" not in titles()


def test_a_plugin_that_offers_nothing_is_refused(tmp_path, add, store):
    empty = "from safelight import api\n@api.hookimpl\ndef importers(): return []\n"
    with pytest.raises(StoreError, match="it offers no filter and no format"):
        add(project(tmp_path, "safelight-empty", empty))
    assert store.installed() == ()


def test_a_format_that_another_plugin_has_is_refused(tmp_path, installed, add, store):
    twin = SOURCE.replace("def read(", "def other(").replace("[read,", "[other,")
    source = (
        "import dataclasses\n" + twin + "\nmark = other.__safelight_format__\n"
        "mine = dataclasses.replace(mark.format, id='safelight_bytes.read')\n"
        "other.__safelight_format__ = dataclasses.replace(mark, format=mine)\n"
    )
    reason = "brings safelight_bytes.read, which safelight-bytes has already"
    with pytest.raises(StoreError, match=reason):
        add(project(tmp_path, "safelight-twin", source))
    assert store.installed() == (installed,)


def test_one_for_a_later_editor_says_so_instead_of_running(installed, store, tmp_path):
    (record,) = installed.library.glob("*.dist-info/METADATA")
    text = record.read_text("utf-8")
    record.write_text(text.replace("Summary:", "Requires-Dist: safelight>=9\nSummary:"), "utf-8")
    path = tmp_path / "a.bytes"
    path.write_bytes(b"BYTES123")
    with (
        actions.Studio(store=store) as studio,
        pytest.raises(actions.OpenError, match="it needs Safelight >=9, .* update the editor"),
    ):
        actions.open_picture(path, importers=studio.importers)
