"""A pool that has the plugin of faults beside the built-in ones."""

import sys
from pathlib import Path

import numpy as np
import pytest

from safelight.document import Document
from safelight.pixels import Raster
from safelight.workers import worker_process
from safelight.workers.catalog import Catalog
from safelight.workers.job import Job
from safelight.workers.worker_pool import Pool
from tests.plugins.installed_module import install
from tests.workers import networks

FROM_NOTHING = {
    "test_attacks",
    "test_blocks",
    "test_catalog",
    "test_compatibility",
    "test_decoders",
    "test_faults",
    "test_inference",
    "test_job",
    "test_kernel_cache",
    "test_memory",
    "test_sandbox",
    "test_watchdog",
}
"""Tests about processes, their starts, their ends and what confines them."""

_FILES = {path.stem for path in Path(__file__).parent.rglob("test_*.py")}
assert FROM_NOTHING <= _FILES, FROM_NOTHING - _FILES


@pytest.fixture(scope="module", autouse=True)
def _workers_begin_behind_their_imports(request, at_hand):
    """Where the tests are about pictures; see tests/at_hand.py."""
    with pytest.MonkeyPatch.context() as patch:
        name = request.module.__name__.rpartition(".")[2]
        if sys.platform == "linux" and name not in FROM_NOTHING:
            patch.setattr(worker_process, "_spawn", at_hand.spawn)
        yield


@pytest.fixture(scope="module")
def faults(tmp_path_factory):
    """A folder with the plugin of faults."""
    folder = install(tmp_path_factory.mktemp("faults"), "safelight_faults")
    (folder / "corrupt.onnx").write_bytes(b"\x08\x07\x12 this is no network at all" * 40)
    (folder / "mosaic.onnx").write_bytes(networks.mosaic())
    return folder


@pytest.fixture(scope="module")
def pool(faults):
    """Workers that know the faults."""
    pool = Pool(plugin_folders=[faults], memory_limit=4 << 30)
    yield pool
    pool.close()


@pytest.fixture(scope="module")
def catalog(pool):
    """The filters of that pool, by short name."""
    return {item.name: item for item in Catalog(pool, str, lambda text: None).filters()}


@pytest.fixture
def document():
    """A small photograph: 8-bit, 300 x 200."""
    pixels = np.random.default_rng(3).integers(0, 256, (200, 300, 3), np.uint8)
    return Document.from_raster(Raster.from_array(pixels))


@pytest.fixture
def start(pool, catalog):
    """Start a filter by its short name."""

    def run(name, document, settings=None, **options):
        declaration = catalog[name]
        return Job(pool, declaration, declaration.settings(settings), document, **options)

    return run
