"""What numba compiles for plugins is compiled once for a user, and no stranger can change it."""

import os

import pytest

from safelight.api import Declaration
from safelight.workers import kernel_cache
from safelight.workers.catalog import Catalog
from safelight.workers.confinement import sandbox
from safelight.workers.job import Job
from safelight.workers.job_events import JobFinished
from safelight.workers.plugin_environment import Environment
from safelight.workers.worker_pool import Pool
from tests.plugins.installed_module import install

pytest.importorskip("numba")
confined_only = pytest.mark.skipif(
    not sandbox.available().complete,
    reason=f"nothing is confined here: {sandbox.available().reason}",
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The plugin, and an empty cache of this test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "plugin").mkdir()
    return install(tmp_path / "plugin", "safelight_compiling")


def was_there(document, **options):
    """Whether a fresh worker found the kernel compiled."""
    pool = Pool(limit=1, memory_limit=4 << 30, **options)
    try:
        found: dict[str, Declaration] = {
            item.name: item for item in Catalog(pool, str, lambda text: None).filters()
        }
        declaration = found["compiled"]
        end = Job(pool, declaration, declaration.settings(None), document).wait(300)
        assert isinstance(end, JobFinished), end
        return bool(end.raster.to_array()[0, 0, 0])
    finally:
        pool.close()


@confined_only
def test_what_a_trusted_worker_compiled_is_kept_and_a_confined_one_finds_it_compiled(
    folder, document, tmp_path
):
    environment = Environment("safelight-compiling", folder, tmp_path / "scratch")
    assert not was_there(document, plugin_folders=[folder])
    assert was_there(document, environment=environment)
    assert not list((tmp_path / "scratch").iterdir())


@confined_only
def test_what_a_confined_worker_compiles_goes_with_it(folder, document, tmp_path):
    environment = Environment("safelight-compiling", folder, tmp_path / "scratch")
    assert not was_there(document, environment=environment)
    assert not (tmp_path / "cache" / "safelight" / "kernels" / "plugins").exists()


def test_without_a_place_to_write_numba_looks_for_one_itself(monkeypatch, tmp_path):
    (tmp_path / "safelight").write_text("a file, where the cache's folder would be")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert kernel_cache.kept() == {}


@pytest.mark.skipif(os.name != "posix", reason="about the rights of folders")
def test_nobody_else_may_write_where_compiled_kernels_lie(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    place = kernel_cache.kept()[kernel_cache.VARIABLE]
    assert os.stat(place).st_mode & 0o077 == 0
