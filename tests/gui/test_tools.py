"""Tools: one class and one line in the list are all that a tool is."""

from typing import Annotated

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel

from safelight.api import Number
from safelight.document import edits
from safelight.gui.canvas import tools
from safelight.gui.canvas.canvas import Canvas
from safelight.gui.canvas.tools.tool import Step, Tool
from safelight.gui.canvas.viewport import Viewport
from safelight.gui.search import CommandSearch
from safelight.gui.window import Window
from tests.gui.conftest import drag, open_in, wake


class Lasso(Tool):
    id, title, icon, shortcut, hint = "lasso", "Lasso", "stars", "L", "Drag around something"
    steps = (Step("Wider lasso", ".", "widen"),)

    def __init__(self, surface):
        super().__init__(surface)
        self.events = []

    def options(self, *, width: Annotated[int, Number(1, 50, unit="px")] = 5) -> None:
        """How wide it is."""

    def widen(self):
        self.set("width", self.values["width"] + 1)

    def press(self, pointer):
        self.events.append(("press", pointer.shift))

    def move(self, pointer):
        self.events.append("move")

    def release(self, pointer):
        self.events.append("release")
        self.surface.do(edits.invert_selection())

    def cancel(self):
        self.events.append("cancel")

    def key(self, event):
        self.events.append(event.key())
        return event.key() == Qt.Key.Key_Return

    def cursor(self, at):
        return Qt.CursorShape.PointingHandCursor

    def paint(self, painter, pose):
        self.events.append("paint")


@pytest.fixture
def lasso(qtbot, photo, monkeypatch):
    """A window that knows one more tool, with a photograph; the tool on its canvas."""
    monkeypatch.setattr(tools, "TOOLS", [*tools.TOOLS, Lasso])
    monkeypatch.setattr("safelight.gui.canvas.canvas.TOOLS", tools.TOOLS)
    opened = open_in(wake(Window(), qtbot), photo, qtbot)
    return opened.canvas.tools["lasso"]


def action(window, name):
    return next(x for x in window.findChildren(QAction) if x.text().replace("&", "") == name)


def test_a_class_and_a_line_are_a_tool_in_column_bar_hints_keys_menu_and_search(lasso, qtbot):
    canvas, window = lasso.surface, lasso.surface.window()
    opened = window.workspace()
    button = opened.column.buttons["lasso"]
    assert button.accessibleName() == "Lasso"
    assert "Drag around something" in button.toolTip()
    canvas.setFocus()
    qtbot.waitUntil(lambda: window.isActiveWindow() and canvas.hasFocus())
    qtbot.keyClick(canvas, "l")
    qtbot.waitUntil(lambda: canvas.tool is lasso)
    assert button.isChecked()
    assert action(window, "Lasso").isChecked()
    assert opened.options.title.text() == "Lasso"
    field = opened.options.controls["width"].field
    assert field.value() == 5
    field.setValue(9)
    assert lasso.values["width"] == 9
    qtbot.keyClick(canvas, ".")
    assert field.value() == 10
    assert window.hint.text() == "Drag around something"
    assert "Drag around something" in [x.text() for x in window.findChildren(QLabel)]
    window.search()
    search = next(x for x in window.findChildren(CommandSearch) if x.isVisible())
    search.line.setText("lasso")
    assert {search.list.item(row).text().split(" ")[0] for row in range(2)} == {"Lasso", "Wider"}
    search.close()
    assert canvas.cursor().shape() == Qt.CursorShape.PointingHandCursor


def test_a_tool_gets_what_a_hand_does_and_its_edits_are_made(lasso, qtbot):
    canvas, opened = lasso.surface, lasso.surface.window().workspace()
    canvas.take("lasso")
    drag(qtbot, canvas, QPoint(100, 100), QPoint(140, 120))
    events = [event for event in lasso.events if event != "paint"]
    assert events == [("press", False), "move", "move", "release"]
    assert "nothing" in opened.messages.label.text()  # the edit came, and said why it cannot be
    canvas.grabbed()
    assert "paint" in lasso.events
    qtbot.keyClick(canvas, Qt.Key.Key_Return)
    assert lasso.events[-1] == Qt.Key.Key_Return or Qt.Key.Key_Return in lasso.events
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    canvas.take("hand")
    assert "cancel" in lasso.events


def test_space_moves_the_picture_whatever_tool_is_in_hand(lasso, qtbot):
    canvas = lasso.surface
    canvas.take("lasso")
    canvas.zoom_to(4.0)
    before = canvas.view
    qtbot.keyPress(canvas, Qt.Key.Key_Space)
    drag(qtbot, canvas, QPoint(100, 100), QPoint(140, 120))
    qtbot.keyRelease(canvas, Qt.Key.Key_Space)
    assert canvas.view.x < before.x
    assert ("press", False) not in lasso.events


def test_the_zoom_tool_steps_nearer_and_with_alt_away(opened, qtbot):
    canvas = opened.canvas
    canvas.take("zoom")
    canvas.zoom_to(1.0)
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    assert canvas.view.zoom == 1.5
    alt = Qt.KeyboardModifier.AltModifier
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, alt, QPoint(100, 100))
    assert canvas.view.zoom == 1.0


def test_escape_leaves_a_rectangle_that_is_pulled(opened, qtbot):
    canvas = opened.canvas
    canvas.take("rectangle")
    left = Qt.MouseButton.LeftButton
    qtbot.mousePress(canvas, left, pos=QPoint(100, 100))
    qtbot.mouseMove(canvas, QPoint(200, 200))
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    qtbot.mouseRelease(canvas, left, pos=QPoint(200, 200))
    assert opened.session.document.selection is None


def test_a_tool_taken_by_its_button_gives_the_keyboard_back_to_the_picture(opened, qtbot):
    opened.column.buttons["eraser"].click()
    assert opened.canvas.tool.id == "eraser"
    assert opened.column.buttons["eraser"].isChecked()
    assert not opened.column.buttons["hand"].isChecked()
    qtbot.waitUntil(opened.canvas.hasFocus)


def test_every_tool_says_what_it_is_and_no_two_have_the_same_key():
    chosen = [tool for tool in tools.TOOLS if tool.chosen]
    assert all(tool.id and tool.title and tool.icon and tool.hint for tool in chosen)
    for name in ("id", "title"):
        assert len({getattr(tool, name) for tool in chosen}) == len(chosen)
    keys = [tool.shortcut for tool in chosen if tool.shortcut]
    assert len(set(keys)) == len(keys)


def test_the_canvas_is_no_hall():
    """A tool that needs a method of the canvas's own is a tool that is not one."""
    for kind in (Canvas, Viewport):
        methods = [name for name, value in vars(kind).items() if callable(value)]
        assert len(methods) <= 40
