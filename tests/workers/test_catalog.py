"""The catalogue: asked once, remembered, asked again when a plugin changes."""

import importlib.metadata
import json
import shutil
import subprocess
import sys

import pytest

from safelight.workers.catalog import Catalog, _fingerprint
from safelight.workers.worker_pool import Pool
from tests.plugins.installed_module import install


class Memory:
    """Where a catalogue remembers."""

    def __init__(self, text=""):
        self.text = text
        self.writes = 0

    def recall(self):
        return self.text

    def remember(self, text):
        self.text = text
        self.writes += 1


@pytest.fixture
def folder(tmp_path):
    return install(tmp_path, "safelight_faults")


def look(folder, memory):
    """The filters a fresh catalogue finds, and whether a worker had to be asked."""
    pool = Pool(plugin_folders=[folder])
    try:
        filters = Catalog(pool, memory.recall, memory.remember).filters()
        return {item.name for item in filters}, bool(pool._all)
    finally:
        pool.close()


def test_it_asks_once_and_remembers(folder):
    memory = Memory()
    first, asked = look(folder, memory)
    assert asked
    assert {"enlarge", "warmth", "blur", "fine"} <= first
    second, asked = look(folder, memory)
    assert not asked
    assert second == first


def test_it_asks_again_when_a_plugin_has_changed(folder):
    memory = Memory()
    look(folder, memory)
    source = folder / "safelight_faults.py"
    source.write_text(source.read_text().replace("def fine(", "def finer("))
    names, asked = look(folder, memory)
    assert asked
    assert "finer" in names


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '{"fingerprint": 1}', "\0" * 99])
def test_a_damaged_memory_is_forgotten(folder, text):
    names, asked = look(folder, Memory(text))
    assert asked
    assert "warmth" in names


def test_a_remembered_filter_of_no_sense_is_asked_again(folder):
    memory = Memory()
    look(folder, memory)
    data = json.loads(memory.text)
    data["filters"][0]["parameters"] = [{"name": "x", "kind": "spell", "default": 1}]
    memory.text = json.dumps(data)
    _, asked = look(folder, memory)
    assert asked


def test_one_broken_plugin_is_a_line_and_the_others_work(tmp_path):
    folder = install(tmp_path, "safelight_broken")
    pool = Pool(plugin_folders=[folder])
    try:
        memory = Memory()
        catalog = Catalog(pool, memory.recall, memory.remember)
        assert "enlarge" in {item.name for item in catalog.filters()}
        (broken,) = catalog.broken
        assert broken.plugin == "safelight-broken"
        assert "the library I need is not here" in broken.reason
        assert not memory.text, "a broken plugin is tried again at the next start"
    finally:
        pool.close()


def test_the_host_never_imports_a_plugin():
    script = (
        "import sys; from safelight.workers.catalog import Catalog;"
        "from safelight.workers.worker_pool import Pool; pool = Pool();"
        "print(len(Catalog(pool, str, lambda text: None).filters())); pool.close();"
        "print([name for name in sys.modules if name.startswith('safelight_')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    count, imported = done.stdout.split("\n")[:2]
    assert int(count) >= 3
    assert imported == "[]"


def test_it_asks_again_when_a_plugin_is_installed_beside_python(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    seen = [_fingerprint([])]
    for version in ("1", "2"):
        folder = tmp_path / f"candle-{version}.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Name: candle\nVersion: {version}\n")
        (folder / "entry_points.txt").write_text("[safelight]\ncandle = candle\n")
        seen.append(_fingerprint([]))
        assert _fingerprint([]) == seen[-1]
        shutil.rmtree(folder)
    assert len(set(seen)) == 3


def test_what_is_installed_is_read_once(monkeypatch):
    _fingerprint([])
    monkeypatch.setattr(importlib.metadata, "entry_points", None)
    assert _fingerprint([])
