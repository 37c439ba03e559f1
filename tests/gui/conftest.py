"""A window, photographs to open in it, and hands to use it."""

import functools
import io
import time

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QEventLoop, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.exceptions import TimeoutError
from pytestqt.qtbot import QtBot

from safelight import actions
from safelight.gui import welcome
from safelight.gui.application import make_application
from safelight.gui.open_and_save.samples_and_recent_files import forget_files
from safelight.gui.window import Window
from safelight.gui.window_state import forget_layout
from tests.plugins.installed_module import install

PATIENCE = 180_000
"""Milliseconds after which what is waited for will not come, however busy the machine is."""


@pytest.fixture(scope="session")
def qapp_cls():
    return QApplication


@pytest.fixture(scope="session", autouse=True)
def _looks(qapp):
    """Once: every widget that there is would be given its looks anew, for a fifth of a second."""
    make_application([])


@pytest.fixture(autouse=True)
def _as_at_the_first_start():
    """No test begins with the tool or the sections of another one."""
    forget_layout()


@pytest.fixture(scope="session", autouse=True)
def _samples_are_decoded_once():
    """Every empty window shows the same ones, which takes a fifth of what the window does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(welcome, "_thumbnails", functools.cache(welcome._thumbnails))
        yield


class _Look:
    """Looks whether a condition holds, no longer than ``limit`` milliseconds.

    ``error`` is what it raised that is no AssertionError, or that the time is over.
    """

    def __init__(self, condition, limit):
        self._condition = condition
        self._end = time.monotonic() + limit / 1000
        self._limit = limit
        self._looking = self._ended = False
        self.error = None

    def over(self):
        """Whether there is no more to wait for."""
        if self._looking or self._ended:  # the condition itself has let events come
            return self._ended
        self._looking = True
        try:
            self._ended = self._holds()
        except Exception as error:
            self.error, self._ended = error, True
        finally:
            self._looking = False
        return self._ended

    def _holds(self):
        cause = None
        try:
            result = self._condition()
        except AssertionError as error:
            result, cause = False, error
        if result not in (None, True, False):
            raise ValueError(f"a condition is None, True or False, not {result!r}")
        if result is None or result:
            return True
        if time.monotonic() > self._end:
            raise TimeoutError(f"nothing came in {self._limit} milliseconds") from cause
        return False


class Patient(QtBot):
    """Waits for a condition as long as a busy machine may need: no limit is a measurement."""

    def waitUntil(self, condition, *, timeout=0):
        """Look every 10 ms, in one event loop: QtBot has one for each look, at five times the cost.

        Like there, what raises AssertionError is looked at again, and so is what is False.
        """
        __tracebackhide__ = True
        limit = max(timeout, PATIENCE)
        loop, timer, look = QEventLoop(), QTimer(), _Look(condition, limit)
        if not look.over():
            timer.timeout.connect(lambda: look.over() and loop.quit())
            timer.start(10)
            loop.exec()
            timer.stop()
        if look.error is not None:
            raise look.error

    def waitSignal(self, signal, *, timeout=0, raising=True, **options):
        least = PATIENCE if raising else 0  # what is not to come is waited for as told
        limit = max(timeout, least)
        return super().waitSignal(signal, timeout=limit, raising=raising, **options)

    def waitExposed(self, widget, *, timeout=0):
        return super().waitExposed(widget, timeout=max(timeout, PATIENCE))


@pytest.fixture
def qtbot(qapp, request):
    return Patient(request)


@pytest.fixture(autouse=True)
def _workers_are_kept(spare, monkeypatch):
    spare.take_part(monkeypatch)


@functools.cache
def plugins(base, modules):
    """The folder that has these plugins, for all tests: what is known of it need not be asked."""
    folder = base / "-".join(modules)
    folder.mkdir(parents=True)
    for module in modules:
        install(folder, module)
    return folder


@pytest.fixture
def offer(tmp_path_factory, monkeypatch):
    """Have windows know further plugins: ``offer("safelight_kinds")``."""
    base = tmp_path_factory.getbasetemp() / "plugins"

    def offer_plugins(*modules):
        studio = functools.partial(actions.Studio, plugin_folders=[plugins(base, modules)])
        monkeypatch.setattr(actions, "Studio", studio)

    return offer_plugins


def photograph(height, width):
    """A picture in which every place looks different: 8-bit RGB."""
    rows, columns = np.arange(height)[:, None], np.arange(width)
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[..., 0] = columns * 255 // max(width - 1, 1)
    pixels[..., 1] = rows * 255 // max(height - 1, 1)
    np.add(rows.astype(np.uint8), columns.astype(np.uint8), out=pixels[..., 2])  # modulo 256
    return pixels


@functools.cache
def png(height, width):
    """What a PNG file of the photograph of that size holds, made once for all tests."""
    file = io.BytesIO()
    Image.fromarray(photograph(height, width)).save(file, "PNG", compress_level=1)
    return file.getvalue()


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(png(300, 400))
    return path


@pytest.fixture
def window(qtbot):
    """A window that has woken up; at the end it is closed."""
    forget_files()
    return wake(Window(), qtbot)


def wake(window, qtbot):
    """Show a window and wait until it is ready."""
    qtbot.addWidget(window, before_close_func=settle)
    window.resize(1200, 800)
    window.show()
    window.activateWindow()  # shortcuts are heard by the active window alone
    qtbot.waitUntil(window.isActiveWindow, timeout=20000)
    qtbot.waitUntil(lambda: window.ready and bool(window.status.device.text()), timeout=60000)
    return window


def settle(window):
    """Let a window close without asking."""
    for workspace in window.workspaces():
        workspace.session.files.saved = workspace.session.document
        workspace.close_session()


@pytest.fixture
def opened(window, photo, qtbot):
    """The window with the photograph open: its workspace."""
    return open_in(window, photo, qtbot)


def open_in(window, path, qtbot):
    count = window.tabs.count()
    window.open(path)
    qtbot.waitUntil(lambda: window.tabs.count() > count, timeout=30000)
    return window.workspace()


def choose(window, name):
    """Open a filter's panel by its short name."""
    window.open_filter(next(item for item in window.filters if item.name == name))
    return window.workspace().filters.tried


def answer(text):
    """Click that button in the next box that asks something."""

    def click():
        box = QApplication.activeModalWidget()
        if not isinstance(box, QMessageBox):
            QTimer.singleShot(20, click)
            return
        next(b for b in box.buttons() if b.text() == text).click()

    QTimer.singleShot(20, click)


def wheel(widget, at, turns, modifiers=Qt.KeyboardModifier.NoModifier):
    """Turn the wheel over a widget: positive is away from the hand. Returns the event."""
    event = QWheelEvent(
        QPointF(at),
        QPointF(widget.mapToGlobal(at)),
        QPoint(),
        QPoint(0, 120 * turns),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)
    return event


def drag(qtbot, widget, start, end, button=Qt.MouseButton.LeftButton):
    """Press, move in two steps, release."""
    qtbot.mousePress(widget, button, pos=start)
    qtbot.mouseMove(widget, (start + end) / 2)
    qtbot.mouseMove(widget, end)
    qtbot.mouseRelease(widget, button, pos=end)
