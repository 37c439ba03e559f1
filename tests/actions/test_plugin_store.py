"""The store: what is installed is read from records, whatever state they are in."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from safelight.actions import Studio
from safelight.actions.plugins.plugin_store import Installed, Store, StoreError
from safelight.workers.plugin_pools import Pools
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
        assert studio.offers().broken == ()
        assert len(studio.filters()) >= 500
    assert len(read) == 50


STARTED = """
import sys
from pathlib import Path
from safelight.actions import Studio
from safelight.actions.plugins.plugin_store import Store
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
        assert [item.plugin for item in studio.offers().broken] == ["safelight-bad"]
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


ENDED = """
import json, os, shutil, sys
from pathlib import Path
from safelight.actions.plugins.plugin_store import Installed, Store

EVENTS = {"os.rename", "os.mkdir", "os.rmdir", "os.remove", "shutil.rmtree", "open"}
store, left = None, -1

def counted(event, arguments):
    "End the process, as a kill does, before the step whose turn it is."
    global left
    if left >= 0 and event in EVENTS and str(arguments[0]).startswith(sys.argv[1]):
        left -= 1
        if left < 0:
            os._exit(9)

def put(folder, version):
    (folder / "lib").mkdir(parents=True)
    (folder / "lib" / "version").write_text(version)
    Store(root).write(Installed("dated", version, folder))

def place(store):
    put(root / "new", "3.0")
    yield
    store.place(root / "new", "dated")

def undo(store):
    yield
    store.undo("dated")

def uninstall(store):
    yield
    store.uninstall("dated")

def attempt(number, deed):
    "Whether the deed was ended before its step of that number."
    global left
    shutil.rmtree(root, ignore_errors=True)
    store = Store(root)
    put(store.folder / "dated", "2.0")
    put(store.folder / ".earlier" / "dated", "1.0")
    doing = deed(store)
    next(doing)
    child = os.fork()
    if not child:
        left = number
        next(doing, None)
        left = -1
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, 9), code
    return code == 9

root, found = Path(sys.argv[1]), {}
sys.addaudithook(counted)
for deed in (place, undo, uninstall):
    number, found[deed.__name__] = 0, []
    while True:
        ended = attempt(number, deed)
        again, after = Store(root), []
        for item in again.installed():
            code = (item.library / "version").read_text()
            after.append([item.version, code, item.fault])
        earlier = again.earlier("dated")
        with again.staging():
            pass
        found[deed.__name__].append([ended, after, earlier and earlier.version])
        if not ended:
            break
        number += 1
print(json.dumps(found))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="ends a copy of itself at each step")
def test_ended_at_any_step_of_an_update_or_undo_the_next_start_finds_one_whole_version(tmp_path):
    words = [sys.executable, "-c", ENDED, str(tmp_path / "store")]
    answer = subprocess.run(words, check=True, capture_output=True, text=True)
    found = json.loads(answer.stdout)
    possible = {"place": {"2.0", "3.0"}, "undo": {"2.0", "1.0"}, "uninstall": {"2.0"}}
    for deed, results in found.items():
        assert [ended for ended, *_ in results] == [True] * (len(results) - 1) + [False]
        for _, plugins, _ in results:
            if deed != "uninstall" or plugins:
                ((version, code, fault),) = plugins
                assert (version, fault) == (code, "")
                assert version in possible[deed]
        versions = [plugins[0][0] if plugins else None for _, plugins, _ in results]
        assert len(set(versions)) == 2, "killed before and after what cannot be taken back"
    assert len(found["place"]) > 6
    assert len(found["undo"]) > 4
    # An undo loses neither of the two versions, whenever it ends.
    assert {frozenset((x[0][0], y)) for _, x, y in found["undo"]} == {frozenset({"1.0", "2.0"})}


@pytest.mark.parametrize("failing", [0, 1, 2])
def test_an_undo_that_the_system_refuses_leaves_both_versions(store, monkeypatch, failing):
    record(store, "dated")
    (store.folder / ".earlier").mkdir()
    (store.folder / "dated").rename(store.folder / ".earlier" / "dated")
    record(store, "dated")
    rename, calls = Path.rename, []

    def refused(path, target):
        calls.append(path)
        if len(calls) == failing + 1:
            raise PermissionError(13, "Permission denied")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refused)
    with pytest.raises(StoreError, match="dated cannot be exchanged: Permission denied"):
        store.undo("dated")
    assert [item.fault for item in Store(store.folder.parent).installed()] == [""]
    assert store.earlier("dated") is not None
