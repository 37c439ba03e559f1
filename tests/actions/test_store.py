"""The store: what is installed is read from records, whatever state they are in."""

import json
import subprocess
import sys

import pytest

from safelight.actions import Studio
from safelight.actions.store import Installed, Store, StoreError
from safelight.workers.pools import Pools
from tests.plugins.records import record


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def test_a_record_is_read_as_it_was_written(store):
    plugin = record(store, "safelight-one")
    assert store.installed() == (plugin,)
    assert Installed.read(plugin.folder) == plugin


def test_fifty_plugins_start_no_process_and_their_records_are_read_once(store, monkeypatch):
    for number in range(50):
        record(store, f"safelight-p{number:02}")

    def nobody(*_):
        raise AssertionError("a stranger's plugin was asked at start")

    read = []
    original = Installed.read.__func__
    monkeypatch.setattr(
        Installed, "read", classmethod(lambda cls, at: read.append(at) or original(cls, at))
    )
    monkeypatch.setattr(Pools, "of", nobody)
    with Studio(store=store) as studio:
        ours = [item for item in studio.filters() if item.plugin.startswith("safelight-p")]
        assert len(ours) == 500
        assert studio.broken() == ()
        assert len(studio.filters()) >= 500
    assert len(read) == 50


STARTED = """
import sys
from pathlib import Path
from safelight.actions import Studio
from safelight.actions.store import Store
with Studio(store=Store(Path(sys.argv[1]))) as studio:
    names = [item.id for item in studio.filters() if item.plugin == "safelight-one"]
assert len(names) == 10, names
assert not [name for name in sys.modules if name.startswith("safelight_")], sys.modules
"""


def test_the_editor_imports_nothing_of_a_plugin(tmp_path, store):
    record(store, "safelight-one")
    subprocess.run([sys.executable, "-c", STARTED, str(tmp_path / "store")], check=True)


def test_switched_off_and_safe_mode_leave_filters_out(store):
    record(store, "safelight-one")
    record(store, "safelight-two", enabled=False)

    def strangers(**options):
        with Studio(store=store, **options) as studio:
            return {item.plugin for item in studio.filters()} & {"safelight-one", "safelight-two"}

    assert strangers() == {"safelight-one"}
    store.set_enabled("safelight-two", True)
    store.set_enabled("safelight-one", False)
    assert strangers() == {"safelight-two"}
    assert strangers(safe=True) == set()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "its record cannot be read"),
        ("{", "its record cannot be read"),
        ("[]", "its record cannot be read"),
        ('{"name": "x"}', "its record cannot be read"),
        (None, "its record cannot be read"),
    ],
)
def test_a_damaged_record_is_a_fault_of_that_plugin_alone(text, reason, store):
    record(store, "safelight-good")
    bad = record(store, "safelight-bad").folder / "plugin.json"
    bad.unlink()
    if text is not None:
        bad.write_text(text)
    by_name = {item.name: item for item in store.installed()}
    assert reason in by_name["safelight-bad"].fault
    assert by_name["safelight-good"].fault == ""
    with Studio(store=store) as studio:
        assert {item.plugin for item in studio.filters()} >= {"safelight-good"}
        assert [item.plugin for item in studio.broken()] == ["safelight-bad"]
    store.uninstall("safelight-bad")
    assert [item.name for item in store.installed()] == ["safelight-good"]


def test_a_record_of_another_version_of_the_api_says_so(store):
    folder = record(store, "safelight-dated").folder
    data = json.loads((folder / "plugin.json").read_text()) | {"api": 99}
    (folder / "plugin.json").write_text(json.dumps(data))
    (found,) = store.installed()
    assert "version 99 of the plugin API: update it" in found.fault
    assert store.environments() == {}


def test_a_link_in_the_store_is_no_plugin(tmp_path, store):
    record(store, "safelight-one")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (store.folder / "safelight-link").symlink_to(elsewhere)
    assert [item.name for item in store.installed()] == ["safelight-one"]


def test_an_unknown_name_lists_those_there_are(store):
    record(store, "safelight-one")
    with pytest.raises(StoreError, match="There is no plugin blurr; installed: safelight-one"):
        store.find("blurr")
    assert store.find("Safelight_One").name == "safelight-one"
