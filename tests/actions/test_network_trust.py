"""A network that is not what it was is refused; who signed it is told; one can be locked."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from safelight.actions import Studio
from safelight.actions.plugins.network_keys import add_key, lock_network
from safelight.actions.plugins.networks import known
from safelight.actions.plugins.plugin_store import Store, StoreError
from safelight.actions.plugins.signatures import key_name, sign
from safelight.cli import main
from safelight.document import Document
from safelight.files import FileExists
from safelight.pixels import Raster
from safelight.workers import network_file
from safelight.workers.job_events import JobFailed, JobFinished
from safelight.workers.locked_network import LockedError, NetworkKey, keys_folder, lock, unlock
from safelight.workers.network_file import NetworkChanged, network_content
from tests.actions.test_declared_files import NETWORK, PAINT
from tests.plugins.plugin_projects import wheel
from tests.plugins.stocked_store import stock

KEY = NetworkKey(bytes(range(32)), "A. Buyer")
PLACE = "safelight_paint/painter.onnx"


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """A user's own folders, in which keys and plugins lie."""
    for name in ("XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    return tmp_path


def painter(store, folder, content=NETWORK, **further):
    files = {PLACE: content} | {name: text for name, text in further.items()}
    return stock(store, wheel(folder / "wheels", "safelight-paint", PAINT, files=files))


def paint(store):
    pixels = np.random.default_rng(5).integers(0, 256, (40, 50, 3), np.uint8)
    with Studio(store=store, device="cpu") as studio:
        document = Document.from_raster(Raster.from_array(pixels))
        job = studio.start(studio.filter("paint"), {}, document)
        outcome = job.wait(120)
        with studio._pools.of("safelight-paint").worker() as worker:
            told = [
                Path(f"/proc/{worker.pid}/{name}").read_bytes() for name in ("cmdline", "environ")
            ]
        return outcome, b"".join(told)


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_one_flipped_byte_of_an_installed_network_is_refused_wherever_it_is_run(folders, capsys):
    store = Store()
    file = painter(store, folders).library / PLACE
    flip(file)
    outcome, _ = paint(store)
    assert isinstance(outcome, JobFailed)
    assert outcome.message == (
        "Paint (safelight-paint) cannot run: painter.onnx is refused: it was changed or"
        " damaged since it was installed, its hash is another one. Install its plugin again."
    )
    (found,) = [item for item in known(store.installed()) if item.plugin == "safelight-paint"]
    assert found.intact is False
    picture = folders / "in.png"
    Image.new("RGB", (40, 30)).save(picture)
    capsys.readouterr()
    words = ["apply", "paint", str(picture), str(folders / "out.png"), "--device", "cpu"]
    assert main(words) == 1
    assert "painter.onnx is refused: it was changed or damaged" in capsys.readouterr().err
    assert not (folders / "out.png").exists()
    flip(file)
    outcome, _ = paint(store)
    assert isinstance(outcome, JobFinished)


def test_one_of_the_editors_own_is_compared_with_the_hashes_beside_it(tmp_path):
    file = tmp_path / "own.onnx"
    file.write_bytes(NETWORK)
    content, digest = network_content(file)
    assert content == NETWORK
    (tmp_path / "SHA256SUMS").write_text(f"{digest}  own.onnx\n")
    assert network_content(file)[1] == digest
    flip(file)
    with pytest.raises(NetworkChanged, match="changed or damaged"):
        network_content(file)


def test_a_signed_network_says_by_whom_and_a_wrong_signature_is_refused(folders, store, capsys):
    network, secret = folders / "painter.onnx", folders / "author.key"
    network.write_bytes(NETWORK)
    public = sign(network, secret)
    signature = (folders / "painter.onnx.minisig").read_bytes()
    beside = {f"{PLACE}.minisig": signature}
    plugin = painter(store, folders, **beside)
    (item,) = plugin.networks
    assert item.key == public
    (found,) = [x for x in known(store.installed()) if x.plugin == "safelight-paint"]
    assert (found.key, found.fault, found.intact) == (public, "", True)
    assert isinstance(paint(store)[0], JobFinished)

    network_content(network)
    flip(network)
    with pytest.raises(NetworkChanged, match="its signature is wrong"):
        network_content(network)
    wrong = wheel(
        folders / "other", "safelight-paint", PAINT, files={PLACE: network.read_bytes()} | beside
    )
    with pytest.raises(StoreError, match=r"painter\.onnx is refused: its signature is wrong"):
        stock(store, wrong)
    assert key_name(public)


@pytest.mark.parametrize("wrong", ["of another", "of another key", "of nothing"])
def test_a_wrong_signature_is_refused_where_the_hashes_are_right(folders, store, wrong):
    other, secret = folders / "other.onnx", folders / "author.key"
    other.write_bytes(NETWORK + (b"\0" if wrong == "of another" else b""))
    sign(other, secret)
    beside = folders / "other.onnx.minisig"
    signature = beside.read_bytes()
    beside.unlink()
    if wrong == "of another key":  # said to be by one key, made by another
        sign(other, folders / "stranger.key")
        theirs = beside.read_bytes().splitlines(keepends=True)
        ours = signature.splitlines(keepends=True)
        signature = b"".join([*ours[:-1], theirs[-1]])
    if wrong == "of nothing":
        signature = b"signed, honestly\n"
    refused = r"painter\.onnx is refused: its signature is wrong"
    files = {PLACE: NETWORK, f"{PLACE}.minisig": signature}
    with pytest.raises(StoreError, match=refused):
        stock(store, wheel(folders / "signed", "safelight-paint", PAINT, files=files))
    plugin = painter(store, folders)
    file = plugin.library / PLACE
    file.with_name(f"{file.name}.minisig").write_bytes(signature)
    (found,) = [item for item in known(store.installed()) if item.plugin == "safelight-paint"]
    assert found.fault
    outcome, _ = paint(store)
    assert isinstance(outcome, JobFailed)
    assert outcome.message == (
        "Paint (safelight-paint) cannot run: painter.onnx is refused: its signature is wrong, made"
        " for another file or changed since. Install its plugin again."
    )


def test_a_locked_network_runs_with_its_key_alone_which_no_command_line_holds(
    folders, store, capsys
):
    network, locked, key = (folders / name for name in ("n.onnx", "locked.onnx", "buyer.key"))
    network.write_bytes(NETWORK)
    words = ["models", "lock", str(network), str(locked), "--key", str(key), "--buyer", "B."]
    assert main(words) == 0
    assert NETWORK[:64] not in locked.read_bytes()
    assert key.stat().st_mode & 0o077 == 0
    made = NetworkKey.read(key)
    plugin = painter(store, folders, locked.read_bytes())
    assert plugin.networks[0].locked == made.id
    outcome, _ = paint(store)
    assert isinstance(outcome, JobFailed)
    assert f"is encrypted, and its key {made.id} is not here: “safelight models" in outcome.message
    assert main(["models", "add-key", str(key)]) == 0
    outcome, told = paint(store)
    assert isinstance(outcome, JobFinished)
    assert made.secret.hex().encode() not in told
    kept = keys_folder() / f"{made.id}.key"
    assert kept.stat().st_mode & 0o077 == 0
    assert f"key {made.id} is kept" in capsys.readouterr().out


def test_locking_keeps_every_byte_and_refuses_changed_ones_and_other_keys():
    locked = lock(NETWORK, KEY)
    assert unlock(locked, {KEY.id: KEY.secret}) == NETWORK
    assert lock(NETWORK, KEY) != locked  # no two alike
    assert unlock(NETWORK, {}) == NETWORK
    for place in (len(locked) - 1, 40, 48):
        changed = bytearray(locked)
        changed[place] ^= 1
        with pytest.raises(LockedError, match="damaged, or was changed"):
            unlock(bytes(changed), {KEY.id: KEY.secret})
    with pytest.raises(LockedError, match="damaged"):
        unlock(locked[:50], {KEY.id: KEY.secret})
    with pytest.raises(LockedError, match=f"its key {KEY.id} is not here"):
        unlock(locked, {NetworkKey(bytes(32)).id: bytes(32)})


def test_what_is_no_key_no_network_or_locked_already_is_a_sentence(folders, monkeypatch):
    network, key, out = (folders / name for name in ("n.onnx", "k.key", "out.onnx"))
    network.write_bytes(NETWORK)
    lock_network(network, key, out)
    with pytest.raises(FileExists):
        lock_network(network, key, out)
    with pytest.raises(StoreError, match=r"out\.onnx is encrypted, with the key"):
        lock_network(out, key, folders / "twice.onnx")
    with pytest.raises(StoreError, match=r"k\.key .*|n\.onnx"):
        lock_network(key, key, folders / "none.onnx")
    facts = json.loads(key.read_text())
    for wrong in (
        "",
        "[]",
        json.dumps(facts | {"id": "0" * 16}),
        json.dumps(facts | {"key": "ab"}),
    ):
        key.write_text(wrong)
        with pytest.raises(StoreError, match=r"k\.key is no key of a network, or is damaged"):
            add_key(key)
    monkeypatch.setattr(network_file, "KEYS", {})
    with pytest.raises(NetworkChanged, match="is encrypted"):
        network_content(out)
