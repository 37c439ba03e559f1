"""Installing and listing plugins: what is said before anything runs, and that it can be stopped."""

import threading

import pytest

from safelight import actions
from safelight.actions.plugins.installer import Installer
from safelight.actions.plugins.pip import Stopped
from safelight.actions.plugins.plugin_list import completed, listed
from safelight.actions.plugins.plugin_store import Store, StoreError
from safelight.actions.plugins.plugin_updates import Update, UpdateCheck
from tests.conftest import CHECKOUT
from tests.plugins.plugin_projects import wheel
from tests.plugins.stocked_store import stock

ENLARGE = CHECKOUT / "plugins" / "enlarge" / "safelight_enlarge" / "fast_faithful_x2.onnx"


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@pytest.fixture(autouse=True)
def index(tmp_path, monkeypatch):
    """A folder of wheels, which is all that pip finds."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    return tmp_path / "index"


def test_strangers_are_listed_before_the_built_in_ones(store, tmp_path):
    stock(store, wheel(tmp_path, "candlelight"))
    stock(store, wheel(tmp_path, "candlelight", version="2.0"))
    with actions.Studio(store=store) as studio:
        found = listed(studio.offers())
    assert found[0].plugin.name == "candlelight"
    assert [item.built_in for item in found] == [False] + [True] * (len(found) - 1)
    assert len(found) > 1
    assert found[0].earlier == "1.0"
    assert found[1].plugin.packages[0].licence == "Apache-2.0"


def test_built_in_networks_say_whose_they_are():
    with actions.Studio() as studio:
        found = completed(listed(studio.offers()))
    networks = [network for item in found for network in item.plugin.networks]
    assert networks
    for network in networks:
        assert network.licence
        assert network.training_data
        assert len(network.sha256) == 64


def test_networks_are_read_before_the_yes_and_nothing_of_the_plugin_runs(store, tmp_path):
    trap = b"raise SystemExit('a stranger runs')"
    files = {
        "beside/onnxruntime/__init__.py": trap,
        "beside/numpy/__init__.py": trap,
        "candlelight/damaged.onnx": b"no network",
        "candlelight/x2.onnx": ENLARGE.read_bytes(),
    }
    made = wheel(tmp_path, "candlelight", source=trap.decode(), files=files)
    told = []
    with store.staging() as staging:
        offer = Installer(store, str(made), told=told.append).prepare(staging)
    damaged, good = offer.networks
    assert "damaged.onnx is no usable network" in damaged.fault
    assert good.licence.startswith("Apache-2.0 (weights)")
    assert "CLIC 2025" in good.training_data
    assert told[1:] == ["Fetching candlelight 1.0 (1 of 1)", "Unpacking", "Reading its networks"]


def test_a_plugin_that_starts_for_ever_can_be_stopped(store, tmp_path):
    made = wheel(tmp_path, "candlelight", source="import time; time.sleep(600)")

    def told(text):
        if text.startswith("Starting"):
            threading.Timer(0.5, installer.cancel).start()

    installer = Installer(store, str(made), told=told)
    with store.staging() as staging:
        offer = installer.prepare(staging)
        with pytest.raises(Stopped, match="nothing was changed"):
            installer.install(offer)
    assert store.installed() == ()


def test_an_address_is_taken_for_a_git_repository(store, tmp_path):
    address = f"git+file://{tmp_path}/nowhere.git"
    with store.staging() as staging, pytest.raises(StoreError, match="Git cannot fetch"):
        Installer(store, address).prepare(staging)
    told = []
    installer = Installer(store, "https://localhost:9/a.git", told=told.append)
    with store.staging() as staging, pytest.raises(StoreError, match="Git cannot fetch"):
        installer.prepare(staging)
    assert told == ["Fetching the Git repository"]


def test_a_check_for_updates_changes_nothing_and_can_be_stopped(store, index, tmp_path):
    plugins = [
        stock(store, wheel(tmp_path, "candlelight"), source="candlelight"),
        stock(store, wheel(tmp_path, "dusk"), source="/no/such/dusk.whl"),
    ]
    wheel(index, "candlelight", version="1.1")
    before = store.installed()
    said = "There is no file dusk.whl where you said."
    found = UpdateCheck(store, plugins).run()
    assert found == (Update("candlelight", "1.1"), Update("dusk", fault=said))
    assert store.installed() == before
    check = UpdateCheck(store, plugins)
    check.cancel()
    with pytest.raises(Stopped):
        check.run()
