"""Bundles that are signed, listed in an index, found there and installed from it."""

import hashlib
import json
import os

import pytest

from safelight.actions.plugins import plugin_index
from safelight.actions.plugins.installer import Installer
from safelight.actions.plugins.plugin_index import BUNDLE
from safelight.actions.plugins.plugin_store import StoreError
from safelight.actions.plugins.signatures import key_name, sign, signer
from safelight.workers.minisign import SIGNATURE
from tests.plugins.bundles import shelve
from tests.plugins.plugin_projects import wheel


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The wheel of a plugin, with a card."""
    return wheel(tmp_path_factory.mktemp("made"), "safelight-dusk")


def offered(store, source):
    with store.staging() as staging:
        return Installer(store, str(source)).prepare(staging)


def test_a_signature_names_its_key_and_is_of_these_bytes_alone(tmp_path):
    file, secret = tmp_path / "a.bin", tmp_path / "mine.key"
    file.write_bytes(b"pixels")
    assert signer(file) == ""
    public = sign(file, secret)
    assert signer(file) == public
    assert (tmp_path / "mine.key.pub").read_text().splitlines()[1] == public
    assert os.name == "nt" or secret.stat().st_mode & 0o077 == 0
    head, data = secret.read_text().splitlines()
    (tmp_path / "bad.key").write_text(f"{head}\n{data[:90]}{'A' * 10}{data[100:]}\n")
    with pytest.raises(StoreError, match="damaged"):
        sign(file, tmp_path / "bad.key")
    assert sign(file, secret, overwrite=True) == public  # the key is kept
    beside = tmp_path / f"a.bin{SIGNATURE}"
    right = beside.read_text()
    for wrong in (right.replace("file:a.bin", "file:b.bin"), right[:-40], "", "a\nb\nc\nd\n"):
        beside.write_text(wrong)
        with pytest.raises(StoreError, match="signature is wrong"):
            signer(file)
    beside.write_text(right)
    file.write_bytes(b"pixelz")
    with pytest.raises(StoreError, match="signature is wrong"):
        signer(file)


def test_an_index_lists_what_bundles_say_and_installs_by_their_hash(tmp_path, store, made):
    shelf = tmp_path / "shelf"
    path = shelve(shelf, made)
    (shelf / "dusk-1.0-evening.png").write_bytes(b"")
    public = sign(path, tmp_path / "mine.key")
    (entry,) = plugin_index.write_index(shelf)
    assert plugin_index.read_index(str(shelf)) == (entry,)
    assert (entry.name, entry.version, entry.key) == ("safelight-dusk", "1.0", public)
    assert entry.changes == "It is darker."
    assert entry.screenshots == ("dusk-1.0-evening.png",)
    assert entry.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    page = (shelf / "index.html").read_text()
    assert "&lt;b&gt;stranger" in page
    assert key_name(public) in page
    assert plugin_index.search([entry], "STRANGER dusk") == (entry,)
    assert plugin_index.search([entry], "stranger dawn") == ()

    source = plugin_index.source_of(str(shelf), entry)
    with store.staging() as staging:
        installer = Installer(store, source)
        offer = installer.prepare(staging)
        assert (offer.key, offer.question, offer.changes) == (public, "", "It is darker.")
        assert installer.install(offer).key == public
    assert store.find("safelight-dusk").key == public  # pinned
    assert offered(store, source).question == ""

    (shelf / f"{path.name}{SIGNATURE}").unlink()
    other = sign(path, tmp_path / "other.key")
    with pytest.raises(StoreError, match="another key"):
        offered(store, source)
    plugin_index.write_index(shelf)
    asked = offered(store, source).question
    assert key_name(public) in asked
    assert key_name(other) in asked
    (shelf / f"{path.name}{SIGNATURE}").unlink()
    assert "not signed" in offered(store, path).question

    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(StoreError, match="hash differs"):
        offered(store, source)


@pytest.mark.parametrize(
    "change",
    [
        {"file": f"../x{BUNDLE}"},
        {"file": "x.whl"},
        {"sha256": "0"},
        {"screenshots": ["/etc/passwd"]},
        {"key": "AAAA"},
        {"size": "9"},
    ],
)
def test_an_index_of_nonsense_is_refused(tmp_path, change):
    entry = {"name": "dusk", "version": "1", "file": f"x{BUNDLE}", "sha256": "0" * 64, "size": 9}
    file = tmp_path / "index.json"
    file.write_text(json.dumps({"form": 1, "plugins": [entry]}))
    assert plugin_index.read_index(str(tmp_path))[0].name == "dusk"
    file.write_text(json.dumps({"form": 1, "plugins": [entry | change]}))
    with pytest.raises(StoreError, match="no index"):
        plugin_index.read_index(str(tmp_path))


def test_an_index_is_read_by_https_alone():
    for place in ("http://example.invalid/index.json", "file:///etc/index.json"):
        with pytest.raises(StoreError, match="cannot be fetched"):
            plugin_index.read_index(place)
