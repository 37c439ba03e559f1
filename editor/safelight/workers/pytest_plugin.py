"""The pytest plugin for the tests of plugins: the fixture ``job`` and the option ``--safelight``.

Registered with pytest, so a plugin's tests just name the fixture, a job that runs networks in the
test's own process, on the CPU::

    def test_it_runs(job):
        result = my_filter(image, job(my_filter), strength=0.5)

``pytest --safelight`` in a plugin's folder adds a test for every promise of every filter that its
``pyproject.toml`` registers.
"""

from __future__ import annotations

import importlib
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from safelight import api
from safelight.api import promises
from safelight.workers.far.check_promises import LocalJob, complaint
from safelight.workers.far.inference import Inference
from safelight.workers.far.plugin_hooks import hooks_of

_INFERENCE = pytest.StashKey[Inference]()


@pytest.fixture(scope="session")
def job(pytestconfig: pytest.Config) -> Callable[[Callable[..., Any]], LocalJob]:
    """Makes a job for a filter: ``job(enlarge)``."""
    inference = _inference(pytestconfig)
    return lambda filter: LocalJob(filter, inference)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--safelight``."""
    parser.addoption(
        "--safelight",
        action="store_true",
        help="also check every promise of every filter that pyproject.toml registers",
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A ``pyproject.toml`` that registers a plugin is a file of tests, with ``--safelight``."""
    if file_path.name != "pyproject.toml" or not parent.config.getoption("safelight"):
        return None
    return _PluginFile.from_parent(parent, path=file_path) if _packages(file_path) else None


class _PluginFile(pytest.File):
    """The promises of the filters that a ``pyproject.toml`` registers."""

    def collect(self) -> Iterator[pytest.Item]:
        for name, package in _packages(self.path).items():
            for filter in hooks_of(importlib.import_module(package), name).filters:
                for promise in promises.PROMISES:
                    title = f"{filter.__name__}[{promise}]"
                    yield _PromiseItem.from_parent(self, name=title, promise=promise, filter=filter)


class _PromiseItem(pytest.Item):
    """One promise of one filter."""

    def __init__(self, *, promise: str, filter: Callable[..., Any], **rest: Any) -> None:
        super().__init__(**rest)
        self._promise, self._filter = promise, filter

    def runtest(self) -> None:
        text = complaint(self._promise, self._filter, _inference(self.config))
        if text:
            raise _NotKept(text)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, _NotKept):
            return f"{promises.PROMISES[self._promise].sentence}\n{excinfo.value}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.path, None, self.name


class _NotKept(AssertionError):
    """A promise that is not kept, as a sentence."""


def _packages(file: Path) -> dict[str, str]:
    """What a ``pyproject.toml`` registers with Safelight: modules by name."""
    try:
        project = tomllib.loads(file.read_text("utf-8")).get("project", {})
    except (OSError, ValueError):
        return {}
    found: dict[str, str] = project.get("entry-points", {}).get(api.PROJECT, {})
    return found


def _inference(config: pytest.Config) -> Inference:
    """The runtime of this test run; a network is loaded once."""
    if _INFERENCE not in config.stash:
        config.stash[_INFERENCE] = Inference()
    return config.stash[_INFERENCE]
