"""Tests run without a display, without an accelerator and without touching the user's files."""

import contextlib
import gc
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import settings

from safelight.actions.plugins import pip
from safelight.workers import plugin_environment, worker_process
from tests import attack
from tests.at_hand import AtHand
from tests.plugins.pip_at_hand import PipAtHand
from tests.spare import Spare

EXAMPLES = attack.times(300, 40)
"""What hypothesis tries a test with that does not say how much itself."""

settings.register_profile("unhurried", deadline=None, max_examples=EXAMPLES)
settings.load_profile("unhurried")  # No test asserts wall-clock time.

os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

CHECKOUT = Path(__file__).parents[1]

# Where numba keeps what plugins have it compile: for the tests' own processes where workers of the
# built-in plugins have it, so that neither compiles what the other has.
os.environ["NUMBA_CACHE_DIR"] = str(CHECKOUT / "build" / "kernels" / "plugins")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """What hypothesis tries with a sample of examples is tried with more in an attack."""
    for item in items:
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker("attack")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection(session):
    """Let one of several processes collect first, and keep what it made of the files for the rest.

    Pytest rewrites the assertions of all tests, and of the editor, whose plugin of pytest it
    loads: a quarter of a minute that the others then need not take again. What is made meanwhile
    stays, so the collector of cyclic garbage walks over none of it, now or later.
    """
    gc.disable()
    try:
        with first_or_after_it(CHECKOUT / "build" / "collecting"):
            return (yield)
    finally:
        gc.freeze()
        gc.enable()


@contextlib.contextmanager
def first_or_after_it(lock: Path) -> Iterator[None]:
    """Among processes of one run: the first goes at once, the others together when it is done."""
    if "PYTEST_XDIST_WORKER" not in os.environ or sys.dont_write_bytecode:
        yield
        return
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    lock.parent.mkdir(exist_ok=True)
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            fcntl.flock(file, fcntl.LOCK_SH)
        yield


@pytest.fixture(scope="session")
def kernel_folder() -> Path:
    """Where the tests of this checkout keep compiled kernels, from one run to the next.

    They take half a minute. ``make`` fills the folder before there are tests; what it lacks is
    compiled by the process of tests that first wants it.
    """
    return CHECKOUT / "build" / "kernels"


@pytest.fixture(scope="session", autouse=True)
def _own_folders(tmp_path_factory, kernel_folder):
    """Settings and caches of a test run go to folders of its own."""
    base = tmp_path_factory.mktemp("home")
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        os.environ[name] = str(base / name.lower())
    cache = base / "xdg_cache_home" / "safelight"
    cache.mkdir(parents=True)
    if sys.platform != "win32":
        kernel_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (cache / "kernels").symlink_to(kernel_folder)


@pytest.fixture(scope="session")
def at_hand():
    """Processes that become workers: see tests/at_hand.py."""
    at_hand = AtHand()
    yield at_hand
    at_hand.close()


@pytest.fixture
def from_nothing(at_hand, monkeypatch):
    """Workers start as the editor starts them: for tests that look at processes."""
    monkeypatch.setattr(worker_process, "_spawn", at_hand.from_nothing)


@pytest.fixture
def tests_are_parts(monkeypatch):
    """Confined processes import modules of the tests as if these were parts of the editor."""
    parts = plugin_environment.editor_parts()
    more = {"path": (*parts.path, str(CHECKOUT)), "readable": (*parts.readable, str(CHECKOUT))}
    monkeypatch.setattr(plugin_environment, "editor_parts", lambda: replace(parts, **more))


@pytest.fixture(scope="session", autouse=True)
def _pip_is_at_hand(at_hand):
    """What the editor asks of pip begins behind pip's imports; see tests/plugins/pip_at_hand.py.

    So do the processes that build plugins and examine networks.
    """
    if sys.platform != "linux":
        yield
        return
    pip_at_hand = PipAtHand(otherwise=at_hand.popen)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pip, "subprocess", pip_at_hand.module())
        yield
    pip_at_hand.close()


@pytest.fixture(scope="session")
def spare(at_hand):
    """Idle workers of closed windows and of ended commands, for those of further tests."""
    spare = Spare(at_hand)
    yield spare
    spare.close()


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of pictures that is shared beside the checkout; tests that need it skip."""
    folder = Path(os.environ.get("SAFELIGHT_DATA", CHECKOUT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the shared pictures are not here")
    return folder


@pytest.fixture(scope="session")
def python() -> str:
    """The interpreter that runs the tests."""
    return sys.executable
