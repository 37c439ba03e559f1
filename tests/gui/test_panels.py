"""A panel is one class and a line in the list: it has its tab, and is told of the photograph."""

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from safelight.document import Stroke, edits
from safelight.gui import panels, workspace
from safelight.gui.panels import PANELS, HistoryList, Panel
from safelight.gui.panels import history_panel as history_panel
from safelight.gui.panels.document_glimpse import Glimpse
from safelight.gui.widgets import theme
from tests.gui.conftest import open_in


class Size(Panel):
    """The picture's size in words, and how often it was told what."""

    title = "Size"
    tab = "Sizes"

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


def test_the_tabs_are_those_of_the_list(opened):
    tabs = dict.fromkeys(kind.tab for kind in panels.PANELS if kind.tab)
    assert opened.sidebar.titles == ["Adjust", *tabs]


def test_a_panel_in_the_list_has_its_tab(sized):
    assert sized.sidebar.titles == [*("Adjust", "Layers", "History", "Info", "Metadata", "Sizes")]
    sized.show_panel(Size)
    assert sized.panel(Size).isVisible()


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


def test_the_lines_of_steps_that_stay_are_not_made_anew(opened, monkeypatch):
    panel = opened.panel(HistoryList)
    made, line = [], history_panel._line
    monkeypatch.setattr(history_panel, "_line", lambda step: made.append(step) or line(step))
    session = opened.session

    def dimmed():
        rows = [panel.list.item(row) for row in range(panel.list.count())]
        return [row.foreground().color().name() == theme.OFF for row in rows]

    for number in range(8):
        stroke = Stroke(((9.0 + number, 9.0, 1.0),), 5)
        session.do(edits.paint_mask(None, stroke, str(number)))
    assert len(made) == 8
    for number in range(8):  # all of one stroke, which is the last step
        stroke = Stroke(((9.0, 29.0 + number, 1.0),), 5)
        session.do(edits.paint_mask(None, stroke, "7"))
    assert len(made) == 8
    session.jump(3)
    assert dimmed() == [False] * 4 + [True] * 5
    session.jump(6)
    assert dimmed() == [False] * 7 + [True] * 2
    assert len(made) == 8
    session.do(edits.invert_selection())
    assert len(made) == 9
    assert dimmed() == [False] * 8
    shown = [panel.list.item(row).text() for row in range(panel.list.count())]
    assert shown == [step.label for step in session.history.steps]
    assert panel.list.currentRow() == session.history.position


def test_what_shows_the_picture_does_not_look_again_for_another_selection(opened, qtbot):
    glimpses = opened.findChildren(Glimpse)
    assert len(glimpses) >= 2
    qtbot.waitUntil(lambda: not any(one._busy or one._pause.isActive() for one in glimpses))
    opened.session.do(edits.select_all())
    opened.session.do(edits.invert_selection())
    assert not any(one._pause.isActive() for one in glimpses)
    opened.session.do(edits.flip(axis="horizontal"))
    assert any(one._pause.isActive() for one in glimpses)
