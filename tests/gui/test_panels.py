"""A panel is one class and a line in the list: it has its tab, and is told of the photograph."""

import pytest

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
