"""What a stranger's package can do to the editor before anything of it runs: nothing."""

import json
import os
import sys
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from safelight.actions import Studio
from safelight.actions.plugin_offers import Offers
from safelight.actions.plugins import network_candidate, plugin_build
from safelight.actions.plugins import plugin_store as stores
from safelight.actions.plugins.describe_plugin import described
from safelight.actions.plugins.installer import Installer
from safelight.actions.plugins.plugin_archive import check_zip as _check_zip
from safelight.actions.plugins.plugin_bundle import bundle
from safelight.actions.plugins.plugin_index import BUNDLE
from safelight.actions.plugins.plugin_store import Installed, Store, StoreError
from safelight.api import Declaration
from safelight.document import Document
from safelight.pixels import Raster
from safelight.workers.conversation import Failure
from safelight.workers.wire import message_json, messages
from safelight.workers.wire.replies import hidden, visible
from tests.plugins.plugin_projects import project, wheel
from tests.plugins.stocked_store import stock

linux = pytest.mark.skipif(sys.platform != "linux", reason="about Linux")

NESTED = """
import os

def build_wheel(out, config_settings=None, metadata_directory=None):
    place = os.open(out, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("folder", dir_fd=place)
        place, before = os.open("folder", os.O_RDONLY, dir_fd=place), place
        os.close(before)
    raise SystemExit("it is done with it")
"""

FILLING = """
import os, time

def build_wheel(out, config_settings=None, metadata_directory=None):
    with open(os.path.join(out, "large"), "wb") as file:
        os.unlink(file.name)
        os.posix_fallocate(file.fileno(), 0, 2 << 20)
        time.sleep(600)
"""


@linux
def test_what_a_failed_build_leaves_stops_no_other_installation(tmp_path, store, add):
    with pytest.raises(StoreError, match="it is done with it|what it builds fills the disk"):
        add(project(tmp_path, "safelight-nested", backend=NESTED))
    assert not list((store.folder / ".staging").iterdir())
    assert add(project(tmp_path, "safelight-plain")).filters


@linux
def test_a_build_that_fills_the_disk_is_stopped_though_its_files_have_no_name(
    tmp_path, add, monkeypatch
):
    monkeypatch.setattr(plugin_build, "LARGEST", 1 << 20)
    with pytest.raises(StoreError, match="It was stopped: what it builds fills the disk"):
        add(project(tmp_path, "safelight-filling", backend=FILLING))


@linux
@pytest.mark.parametrize("what", ["/dev/zero", "pipe", "secret"])
def test_the_project_is_read_from_a_file_alone(what, tmp_path, add):
    place = project(tmp_path, "safelight-linked")
    (place / "pyproject.toml").unlink()
    if what == "pipe":
        os.mkfifo(place / "pyproject.toml")
    else:
        (tmp_path / "secret").write_text("[project]")
        target = what if what == "/dev/zero" else tmp_path / "secret"
        (place / "pyproject.toml").symlink_to(target)
    with pytest.raises(StoreError, match="has no pyproject.toml that can be read"):
        add(place)
    with pytest.raises(StoreError):
        network_candidate._file("network.onnx", place / "pyproject.toml")


def test_archives_that_unpack_to_much_more_than_they_are_are_refused(tmp_path):
    def packed(**files):
        path = tmp_path / f"odd{len(os.listdir(tmp_path))}-1-py3-none-any.whl"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name.replace("__", "/"), content)
        return path

    assert _check_zip(packed(a=bytes(1000))) == 1000
    for path, reason in (
        (packed(zeros=bytes(80 << 20)), "more than 200 times its size"),
        (packed(**{"odd-1.dist-info__METADATA": bytes(2 << 20)}), "METADATA is longer than 1 MB"),
        (packed(**{"a__" * 40: b""}), "folders are too deep"),
    ):
        with pytest.raises(StoreError, match=reason):
            _check_zip(path)


def test_a_bundle_is_what_it_was_when_it_was_made(tmp_path, store, add):
    made = wheel(tmp_path / "made", "safelight-packed")
    packed = bundle(stock(store, made), tmp_path / f"packed{BUNDLE}")
    with zipfile.ZipFile(packed) as archive:
        facts = json.loads(archive.read("bundle.json"))
    assert list(facts["sha256"]) == [made.name]
    assert add(packed).packages[0].unpacked > 0
    with zipfile.ZipFile(made, "a") as archive:
        archive.comment = b"changed"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("bundle.json", json.dumps(facts))
        archive.write(made, f"wheels/{made.name}")
    with pytest.raises(StoreError, match="is not what the bundle promised: its hash differs"):
        add(packed)
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("wheels/other.whl", b"")
    with pytest.raises(StoreError, match="does not hold the wheels that it lists"):
        add(packed)


def test_a_built_in_plugin_is_not_taken_over_by_its_name(tmp_path, store, monkeypatch):
    made = wheel(tmp_path / "made", "safelight-warmth", version="99.0")
    own = Declaration("safelight_warmth.own", "Own", "Test", "", plugin="Safelight_Warmth")
    with store.staging() as staging, pytest.raises(StoreError, match="plugin of the editor's own"):
        Installer(store, str(made), reserved=[own]).prepare(staging)
    stock(store, made)  # as if it had been there before the editor's own
    (found,) = store.installed()
    assert found.fault == "it has the name of a plugin of the editor's own: uninstall it"
    assert not store.environments()
    monkeypatch.setattr(stores, "own_plugins", frozenset)
    assert list(store.environments()) == ["safelight-warmth"]


ODD = ["\x1b[2J", "a\u202eb", "\u2066x", "a\rb", "\u2028", "\ud800"]


@pytest.mark.parametrize("text", ODD)
@pytest.mark.parametrize("where", ["title", "category", "description"])
def test_a_filter_with_a_name_that_is_obeyed_instead_of_shown_is_refused(text, where, tmp_path):
    declaration = Declaration("odd.odd", "Odd", "Test", "Does what it does.", plugin="odd")
    told = replace(declaration, **{where: text}).to_json()

    def ask(environment, question, kind):
        return messages.Described(filters=(told,), formats=(), failures=())

    with pytest.raises(StoreError, match="holds characters that are not shown"):
        described(Installed("odd", "1", tmp_path), Store(tmp_path), {}, ask)


def test_what_is_said_of_a_plugin_is_shown_without_what_is_obeyed():
    assert [visible(text) for text in ODD] == ["[2J", "ab", "x", "ab", "", ""]
    assert [bool(hidden({"a": [1, {"b": text}]})) for text in ODD] == [True] * len(ODD)
    kept = "Größe, 漢字, می\u200cخواهم, 👩\u200d🎨"
    assert visible(kept) == kept
    assert not hidden({"description": "one\n\ttwo", kept: kept})


def test_a_failure_is_told_without_what_is_obeyed():
    failed = messages.Failed(reason="gone\x1b[2J\u202e", details="line\nline\x07")
    frame = message_json.said(failed, job=0)
    from safelight.workers.conversation import Conversation

    with pytest.raises(Failure) as told:
        Conversation(None)._understood(messages.Done, frame)
    assert str(told.value) == "failed: gone[2J"
    assert told.value.details == "line\nline"


LEAVING = '''
import os
from safelight import api

@api.filter("Leaving", category="Test")
def leaving(image: api.Image) -> api.Image:
    """Ends its worker, but not on the grey picture that it is tried with."""
    if image.min() != image.max():
        os._exit(3)
    return image

@api.hookimpl
def filters():
    return [leaving]
'''


def test_a_plugin_that_has_died_three_times_is_offered_to_be_switched_off(tmp_path, store):
    stock(store, wheel(tmp_path / "made", "safelight-leaving", LEAVING))
    pixels = np.random.default_rng(5).integers(0, 256, (20, 30, 3), np.uint8)
    document = Document.from_raster(Raster.from_array(pixels))
    with Studio(store=store) as studio:
        declaration = studio.filter("safelight_leaving.leaving")
        ends = [studio.start(declaration, {}, document).wait(180) for _ in range(3)]
    offer = "and has died 3 times: switch it off with Filters › Plugins."
    assert ["switch it off" in end.message for end in ends] == [False, False, True]
    assert ends[2].message.endswith(offer)


def test_filters_of_one_title_show_their_plugins_but_for_the_editors_own():
    own = Declaration("own.glow", "Glow", "Test", "", plugin="own")
    one, other, single = (
        replace(own, id=f"{name}.x", title=title, plugin=name)
        for name, title in (("one", "glow"), ("other", "Glow"), ("single", "Shade"))
    )
    strangers = stores.Installed("x", "1", None, filters=(one, other, single))
    from safelight.actions.plugin_offers import Strangers

    offers = Offers.of([own], [], Strangers((strangers,)))
    titles = {item.id: item.title for item in offers.filters}
    assert titles == {
        "own.glow": "Glow",
        "one.x": "glow (one)",
        "other.x": "Glow (other)",
        "single.x": "Shade",
    }
