"""What a plugin may do is told before it is installed, and asked anew when an update wants more."""

import json

import pytest

from safelight.actions.plugins.installer import Installer
from safelight.actions.plugins.permissions import permissions
from safelight.actions.plugins.plugin_store import StoreError
from safelight.actions.plugins.plugin_updates import UpdateCheck
from tests.plugins.plugin_projects import wheel
from tests.plugins.stocked_store import stock

PICTURES = "It sees the pictures on which you use what it offers."
COMPILED = "It runs compiled code, which cannot be read."
NETWORKS = "It runs networks, on the graphics card where there is one."
HOST = "It has Safelight fetch networks from example.org, when you install it."
OPENS = "It opens files of formats of its own, each of which it is given whole."
WRITES = "It writes files of formats of its own, from the pictures that you export."

CODEC = """
import numpy as np
from safelight import api

@api.importer("Grey", suffixes=(".grey",))
def read(data: bytes) -> api.Photograph:
    return api.Photograph(np.zeros((1, 1, 3), np.uint8))

@api.hookimpl
def importers():
    return [read]
"""


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A folder of wheels, which is all that pip finds."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    return tmp_path / "index"


def weights(host):
    facts = {"url": f"https://{host}/a.onnx", "sha256": "0" * 64, "size": 9}
    return {"safelight_dusk/weights.json": json.dumps({"a.onnx": facts}).encode()}


def offer(store, source):
    with store.staging() as staging:
        return Installer(store, str(source)).prepare(staging, upgrade=True)


def test_permissions_are_found_in_what_a_plugin_brings(tmp_path):
    assert permissions(tmp_path, ()) == (PICTURES,)
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "fast.cpython-311-x86_64-linux-gnu.so").touch()
    assert permissions(tmp_path, ()) == (PICTURES, COMPILED)
    (tmp_path / "a.ONNX").touch()
    assert permissions(tmp_path, ()) == (PICTURES, COMPILED, NETWORKS)


def test_an_update_that_may_do_more_says_so_and_is_asked_for_anew(store, index):
    stock(store, wheel(index, "safelight-dusk"), source="safelight-dusk")
    compiled = {"safelight_dusk/fast.so": b"machine code"}
    wheel(index, "safelight-dusk", version="2.0", files=compiled | weights("example.org"))
    found = offer(store, "safelight-dusk")
    assert found.permissions == (PICTURES, COMPILED, NETWORKS, HOST)
    assert found.grown == (COMPILED, NETWORKS, HOST)
    assert found.more() == f"It may do more than 1.0 might: {COMPILED} {NETWORKS} {HOST}"
    (update,) = UpdateCheck(store, store.installed()).run()
    assert (update.version, update.grown) == ("2.0", found.grown)


def test_a_first_installation_and_an_update_of_the_same_kind_ask_for_nothing_more(store, index):
    wheel(index, "safelight-dusk", files={"safelight_dusk/fast.so": b"machine code"})
    first = offer(store, "safelight-dusk")
    assert (first.permissions, first.grown, first.more()) == ((PICTURES, COMPILED), (), "")
    stock(store, next(index.glob("*.whl")), source="safelight-dusk")
    again = {"safelight_dusk/faster.so": b"more machine code"}
    wheel(index, "safelight-dusk", version="2.0", files=again)
    assert offer(store, "safelight-dusk").grown == ()


def test_formats_of_its_own_are_told_and_asked_for_anew_and_cannot_be_hidden(store, index):
    stock(store, wheel(index, "safelight-dusk"), source="safelight-dusk")
    wheel(index, "safelight-dusk", CODEC, version="2.0")
    found = offer(store, "safelight-dusk")
    assert found.permissions == (PICTURES, OPENS)
    assert found.grown == (OPENS,)
    both = CODEC + "\n\n@api.hookimpl\ndef exporters():\n    return []\n"
    wheel(index, "safelight-dusk", both, version="3.0")
    assert offer(store, "safelight-dusk").permissions == (PICTURES, OPENS, WRITES)
    hidden = CODEC.replace("def importers", "def _").replace("@api.hookimpl", "")
    hidden += '\nglobals()["import" + "ers"] = api.hookimpl(lambda: [read])\n'
    with pytest.raises(StoreError, match="refused: its code hides that it opens files of formats"):
        stock(store, wheel(index, "safelight-night", hidden))
    assert [item.name for item in store.installed()] == ["safelight-dusk"]
