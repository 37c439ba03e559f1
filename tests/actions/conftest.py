"""An index of wheels in a folder, as the user's pip configuration may name one; no network."""

import pytest

from safelight.actions.plugins.installer import Installer
from safelight.actions.plugins.plugin_store import Store
from tests.plugins.plugin_projects import library

SHADES = """
VALUE = {value}
"""


@pytest.fixture(scope="session")
def index(tmp_path_factory):
    """The folder that pip finds wheels in: two versions of a library that nobody else has."""
    folder = tmp_path_factory.mktemp("index")
    for version, value in (("1.0", 0.25), ("2.0", 0.75)):
        library(folder, "strange-shades", version, SHADES.format(value=value))
    return folder


@pytest.fixture
def own_index(index, monkeypatch):
    """Pip's configuration for one test."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    return index


@pytest.fixture
def store(tmp_path, own_index):
    return Store(tmp_path / "store")


@pytest.fixture
def add(store):
    """Install from a source."""

    def run(source, **options):
        with store.staging() as staging:
            installer = Installer(store, str(source), **options)
            return installer.install(installer.prepare(staging))

    return run


@pytest.fixture(autouse=True)
def _workers_are_kept(spare, monkeypatch):
    spare.take_part(monkeypatch)
