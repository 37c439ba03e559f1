"""A panel is one class and a line in the list: it has its tab, and is told of the photograph."""

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from safelight.document import edits
from safelight.gui import panels, workspace
from safelight.gui.panels import PANELS, Panel
from tests.gui.conftest import open_in


class Size(Panel):
    """The picture's size in words, and how often it was told what."""

    title = "Size"
    stack = "lists"

    def __init__(self):
        super().__init__()
        self.told = []

    def attach(self, session, canvas):
        self.told.append("attached")

    def show_session(self, session):
        self.told.append(("session", session.document.width, session.document.height))

    def show_picture(self, document, live=None):
        self.told.append(("picture", document.width, document.height))

    def show_view(self, polygon, zoom):
        self.told.append(("view", zoom))

    def show_pointer(self, at):
        self.told.append(("pointer", at))


@pytest.fixture
def sized(window, photo, qtbot, monkeypatch):
    monkeypatch.setattr(workspace, "PANELS", (*PANELS, Size))
    return open_in(window, photo, qtbot)


def titles(tabs):
    return [tabs.tabText(index) for index in range(tabs.count())]


def test_the_tabs_are_those_of_the_list(opened):
    for stack, tabs in (("overview", opened.overview), ("lists", opened.lists)):
        assert titles(tabs) == [kind.title for kind in panels.PANELS if kind.stack == stack]


def test_a_panel_in_the_list_has_a_tab(sized):
    assert titles(sized.lists) == ["Layers", "History", "Size"]


def test_a_panel_is_told_of_picture_session_and_view(sized):
    told = sized.panel(Size).told
    assert told[0] == "attached"
    assert {("session", 400, 300), ("picture", 400, 300)} <= set(told)
    told.clear()
    sized.session.do(edits.set_opacity(sized.session.active, 0.5))
    assert {item[0] for item in told} >= {"session", "picture"}
    told.clear()
    sized.canvas.zoom_to(2.0)
    assert told == [("view", 2.0)]


def test_a_panel_is_told_where_in_the_picture_the_pointer_is(sized, qtbot):
    told, canvas = sized.panel(Size).told, sized.canvas
    canvas.zoom_to(2.0)
    told.clear()
    for x, y in ((150.0, 100.0), (-3.0, 301.0)):
        send_move(canvas, canvas.widget_point(x, y))
        ((what, at),) = told
        assert what == "pointer"
        assert at == pytest.approx((x, y), abs=0.01)
        told.clear()
    QApplication.sendEvent(canvas, QEvent(QEvent.Type.Leave))
    assert told == [("pointer", None)]


def send_move(canvas, at):
    """The mouse moves to a place of the canvas, which may be between pixels."""
    kind, none = QEvent.Type.MouseMove, Qt.MouseButton.NoButton
    event = QMouseEvent(kind, at, at, none, none, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(canvas, event)
