"""Networks that a plugin declares: fetched by the host, on a yes, verified, resumed, shared."""

import hashlib
import json
import re
import threading
import zipfile
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from safelight.actions import Studio
from safelight.actions.plugins.declared_files import FilesError, declared
from safelight.actions.plugins.installer import Installer, fetch_missing
from safelight.actions.plugins.plugin_bundle import bundle
from safelight.actions.plugins.plugin_index import BUNDLE
from safelight.actions.plugins.plugin_store import Store, StoreError
from safelight.cli import main
from safelight.document import Document
from safelight.pixels import Raster
from safelight.workers.job_events import JobFailed, JobFinished
from tests.plugins.plugin_projects import wheel
from tests.workers import networks

METADATA = {f"safelight.{key}": value for key, value in {"contract": "1", "reach": "1"}.items()}
NETWORK = networks.enlarger(1, metadata=METADATA)

PAINT = '''
from safelight import api

@api.filter("Paint", category="Test")
def paint(image: api.Image, job: api.Job) -> api.Image:
    """Runs a network that is fetched."""
    return job.run("painter.onnx", image)

@api.hookimpl
def filters():
    return [paint]
'''


@pytest.fixture
def server():
    """A server on this machine: what it sends, how much of it, and what it was asked."""
    with serving(NETWORK) as made:
        yield made


@contextmanager
def serving(content):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            server.asked.append(self.headers.get("Range", ""))
            if self.path == "/elsewhere":
                self.send_response(302)
                self.send_header("Location", "http://example.org/painter.onnx")
                self.end_headers()
                return
            first = int((self.headers.get("Range") or "bytes=0-")[6:-1]) if server.ranges else 0
            self.send_response(206 if first else 200)
            if first:
                self.send_header("Content-Range", f"bytes {first}-{len(server.content)}/*")
            self.end_headers()
            self.wfile.write(server.content[first : server.most])

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.content, server.most, server.ranges, server.asked = content, None, True, []
    server.url = f"http://127.0.0.1:{server.server_port}/painter.onnx"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def plugin(folder, server, version="1.0", **changed):
    facts = {"url": server.url, "sha256": hashlib.sha256(NETWORK).hexdigest()}
    facts |= {"size": len(NETWORK)} | changed
    files = {"safelight_paint/weights.json": json.dumps({"painter.onnx": facts}).encode()}
    return wheel(folder, "safelight-paint", PAINT, version=version, files=files)


def install(store, path):
    with store.staging() as staging:
        installer = Installer(store, str(path))
        return installer.install(installer.prepare(staging))


def run(store):
    pixels = np.random.default_rng(5).integers(0, 256, (40, 50, 3), np.uint8)
    with Studio(store=store, device="cpu") as studio:
        document = Document.from_raster(Raster.from_array(pixels))
        return studio.start(studio.filter("paint"), {}, document).wait(120)


def test_it_is_fetched_on_a_yes_verified_shared_and_removed(tmp_path, store, server):
    path = plugin(tmp_path / "a", server)
    with store.staging() as staging:
        offer = Installer(store, str(path)).prepare(staging)
        (file,) = offer.files
        assert (
            file.sentence()
            == f"painter.onnx, {max(len(NETWORK) / 1e3, 1):.0f} kB, is fetched from 127.0.0.1"
        )
    assert server.asked == [], "nobody has said yes"
    installed = install(store, path)
    assert server.asked == [""]
    assert [item.read_bytes() for item in store.weights.iterdir()] == [NETWORK]
    assert isinstance(run(store), JobFinished)
    install(store, plugin(tmp_path / "b", server, "1.1"))
    assert server.asked == [""], "the new version has the same file"
    next(store.weights.iterdir()).unlink()
    outcome = run(store)
    assert isinstance(outcome, JobFailed)
    assert "the network painter.onnx has not been fetched" in outcome.message
    assert server.asked == [""], "a worker fetches nothing"
    fetch_missing(store, store.find(installed.name), lambda text: None, lambda: None)
    assert isinstance(run(store), JobFinished)
    store.uninstall(installed.name)
    assert list(store.weights.iterdir()) == []


def test_what_was_cut_off_is_gone_on_with(tmp_path, store, server):
    path, half = plugin(tmp_path, server), len(NETWORK) // 2
    server.most = half
    with pytest.raises(StoreError, match="came in part .* goes on from there"):
        install(store, path)
    assert store.installed() == ()
    server.most = None
    install(store, path)
    assert server.asked == ["", f"bytes={half}-"]
    assert [item.read_bytes() for item in store.weights.iterdir()] == [NETWORK]
    # A server that knows no ranges sends all of it again.
    store.uninstall("safelight-paint")
    server.most, server.ranges = half, False
    with pytest.raises(StoreError, match="came in part"):
        install(store, path)
    server.most = None
    install(store, path)
    assert [item.read_bytes() for item in store.weights.iterdir()] == [NETWORK]


def test_what_is_not_as_declared_is_refused_in_a_sentence(tmp_path, store, server):
    path = plugin(tmp_path / "a", server)
    server.content = NETWORK[:-1] + b"?"
    with pytest.raises(StoreError, match=r"not what the plugin promised: its hash differs\.$"):
        install(store, path)
    server.content = NETWORK + b"more"
    with pytest.raises(StoreError, match="longer than was declared"):
        install(store, path)
    away = server.url.replace("/painter.onnx", "/elsewhere")
    with pytest.raises(StoreError, match="sent on to an address that is not https"):
        install(store, plugin(tmp_path / "b", server, url=away))
    with serving(b"") as gone:
        pass
    with pytest.raises(StoreError, match="cannot be fetched from 127.0.0.1: .*refused"):
        install(store, plugin(tmp_path / "c", gone))
    assert store.installed() == ()
    assert list(store.weights.iterdir()) == []


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"x.onnx": {"url": "http://example.org/x", "sha256": "0" * 64, "size": 9}}, "https://"),
        ({"x.onnx": {"url": "file:///etc/passwd", "sha256": "0" * 64, "size": 9}}, "https://"),
        ({"../x.onnx": {}}, "a name in it is none of a network"),
        ({"x.onnx": {"url": "https://a.b/x", "sha256": "12", "size": 9}}, "64 digits"),
        ({"x.onnx": {"url": "https://a.b/x", "sha256": "0" * 64, "size": 1 << 40}}, "up to 4 GB"),
        ({"x.onnx": 3}, "no url, sha256 and size"),
        ([], "no list of up to 64 files"),
    ],
)
def test_a_declaration_that_makes_no_sense_is_refused(tmp_path, facts, reason):
    (tmp_path / "weights.json").write_text(json.dumps(facts))
    with pytest.raises(FilesError, match=reason):
        declared(tmp_path)


def test_the_command_line_asks_and_yes_answers(tmp_path, server, monkeypatch, capsys, own_index):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    path = str(plugin(tmp_path, server))
    assert main(["plugins", "install", path]) == 1
    said = capsys.readouterr()
    assert re.search(r"painter\.onnx, \d+ kB, is fetched from 127\.0\.0\.1", said.out)
    assert "nobody can be asked here; say --yes" in said.err
    assert server.asked == []
    assert main(["plugins", "install", path, "--yes"]) == 0
    assert server.asked == [""]
    (fetched,) = (tmp_path / "data").rglob("weights/*")
    fetched.unlink()
    assert main(["plugins", "fetch", "safelight-paint"]) == 1
    assert server.asked == [""]
    assert main(["plugins", "fetch", "safelight-paint", "--yes"]) == 0
    assert fetched.read_bytes() == NETWORK


def test_a_bundle_carries_them_so_that_nothing_is_fetched_and_a_changed_one_is_refused(
    tmp_path, store, server
):
    made = install(store, plugin(tmp_path / "a", server))
    carrying = bundle(made, tmp_path / f"carrying{BUNDLE}", store.weights)
    asked = list(server.asked)
    elsewhere = Store(tmp_path / "elsewhere")
    with elsewhere.staging() as staging:
        installer = Installer(elsewhere, str(carrying))
        offer = installer.prepare(staging)
        assert [item.name for item in offer.files] == list(offer.carried) == ["painter.onnx"]
        assert offer.fetched == ()
        assert not any("fetch" in sentence for sentence in offer.permissions)
        there = installer.install(offer)
    assert server.asked == asked
    assert isinstance(run(elsewhere), JobFinished)
    (kept,) = elsewhere.weights.iterdir()
    assert kept.read_bytes() == NETWORK

    changed = tmp_path / f"changed{BUNDLE}"
    with zipfile.ZipFile(carrying) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            content = bytearray(old.read(name))
            content[-1] ^= name.startswith("files/")
            new.writestr(name, bytes(content))
    with pytest.raises(StoreError, match="painter.onnx is not what the plugin promised"):
        install(Store(tmp_path / "third"), changed)

    kept.unlink()
    with pytest.raises(StoreError, match="painter.onnx of safelight-paint has not been fetched"):
        bundle(there, tmp_path / f"lacking{BUNDLE}", elsewhere.weights)
