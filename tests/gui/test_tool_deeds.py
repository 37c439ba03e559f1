"""Tools: one class and one line in the list are all that a tool is."""

from typing import Annotated

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QContextMenuEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QMenu

from safelight.api import Number, Region
from safelight.document import Edit, edits, geometry
from safelight.document.commands import guide_commands
from safelight.document.guides import Guide
from safelight.document.placement import Place
from safelight.gui import session
from safelight.gui.batch.save_and_run_recipes import save_steps
from safelight.gui.canvas import tools
from safelight.gui.canvas.canvas import Canvas
from safelight.gui.canvas.tools.tool import Step, Tool
from safelight.gui.canvas.tools.tool_groups import GROUPS, in_groups
from safelight.gui.canvas.viewport import Viewport
from safelight.gui.command_search import CommandSearch
from safelight.gui.export.export_dialog import ExportDialog
from safelight.gui.export.export_photograph import export
from safelight.gui.open_and_save.save_projects import save, save_as
from safelight.gui.panels.navigator_panel import Navigator
from safelight.gui.widgets.icons import drawn
from safelight.gui.window import Window
from safelight.gui.window_state import latest_tools
from tests.gui.conftest import choose, drag, open_in, wake

CROP = Edit("Crop", lambda document: geometry.crop(document, Region(40, 30, 200, 150)))
TURN = Edit("Turn", lambda document: geometry.turn(document, 90))


class Noose(Tool):
    id, title, icon, shortcut, hint = "noose", "Noose", "stars", "Y", "Drag around something"
    steps = (Step("Wider noose", ".", "widen"),)
    buttons = (Step("Undo", "Esc", "undo"), Step("Done", "Return", "finish"))

    def __init__(self, surface):
        super().__init__(surface)
        self.events = []

    def options(self, *, width: Annotated[int, Number(1, 50, unit="px")] = 5) -> None:
        """How wide it is."""

    def widen(self):
        self.set("width", self.values["width"] + 1)

    def finish(self):
        self.events.append("finish")
        self.surface.leave()

    def settle(self):
        self.events.append("settle")

    def take_up(self):
        self.events.append("take up")

    def put_away(self):
        self.events.append("put away")

    def shows(self, document):
        return geometry.reveal_all(document)

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
        return super().key(event)

    def cursor(self, at):
        return Qt.CursorShape.PointingHandCursor

    def paint(self, painter, pose):
        self.events.append("paint")


@pytest.fixture
def noose(qtbot, photo, monkeypatch):
    """A window that knows one more tool, with a photograph; the tool on its canvas."""
    monkeypatch.setattr(tools, "TOOLS", [*tools.TOOLS, Noose])
    monkeypatch.setattr("safelight.gui.canvas.canvas.TOOLS", tools.TOOLS)
    opened = open_in(wake(Window(), qtbot), photo, qtbot)
    return opened.canvas.tools["noose"]


def action(window, name):
    return next(x for x in window.findChildren(QAction) if x.text().replace("&", "") == name)


def test_a_class_and_a_line_are_a_tool_in_column_bar_hints_keys_menu_and_search(noose, qtbot):
    canvas, window = noose.surface, noose.surface.window()
    opened = window.workspace()
    button = opened.column.buttons["noose"]
    assert button.accessibleName() == "Noose"
    assert "Drag around something" in button.toolTip()
    canvas.setFocus()
    qtbot.waitUntil(lambda: window.isActiveWindow() and canvas.hasFocus())
    qtbot.keyClick(canvas, "y")
    qtbot.waitUntil(lambda: canvas.tool is noose)
    assert button.isChecked()
    assert action(window, "Noose").isChecked()
    assert opened.options.title.text() == "Noose"
    field = opened.options.controls["width"].field
    assert field.value() == 5
    field.setValue(9)
    assert noose.values["width"] == 9
    qtbot.keyClick(canvas, ".")
    assert field.value() == 10
    assert window.status.hint.text() == "Drag around something"
    assert "Drag around something" in [x.text() for x in window.findChildren(QLabel)]
    window.deeds["search"].trigger()
    search = next(x for x in window.findChildren(CommandSearch) if x.isVisible())
    search.line.setText("noose")
    assert {search.list.item(row).text().split(" ")[0] for row in range(2)} == {"Noose", "Wider"}
    search.close()
    assert canvas.cursor().shape() == Qt.CursorShape.PointingHandCursor


def test_a_tool_gets_what_a_hand_does_and_its_edits_are_made(noose, qtbot):
    canvas, opened = noose.surface, noose.surface.window().workspace()
    canvas.take("noose")
    drag(qtbot, canvas, QPoint(100, 100), QPoint(140, 120))
    events = [event for event in noose.events if event not in ("paint", "take up")]
    assert events == [("press", False), "move", "move", "release"]
    assert "nothing" in opened.messages.label.text()  # the edit came, and said why it cannot be
    canvas.grab().toImage()
    assert "paint" in noose.events
    qtbot.keyClick(canvas, Qt.Key.Key_F5)
    assert Qt.Key.Key_F5 in noose.events
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    canvas.take("hand")
    assert "cancel" in noose.events


def test_a_tools_buttons_are_in_the_bar_and_their_keys_work_while_it_is_in_hand(noose, qtbot):
    canvas, bar = noose.surface, noose.surface.window().workspace().options
    canvas.take("brush")
    assert not bar.buttons
    canvas.take("noose")
    assert [button.text() for button in bar.buttons.values()] == ["Undo", "Done"]
    assert bar.buttons["finish"].isDefault()
    bar.buttons["finish"].click()
    assert noose.events[-2:] == ["finish", "put away"]
    assert canvas.tool.id == "brush"  # the one before
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
        canvas.take("noose")
        qtbot.keyClick(canvas, key)
        assert noose.events[-2:] == ["finish", "put away"]


def test_a_tool_may_show_more_of_the_plane_and_what_is_seen_of_the_picture_is_still_known(noose):
    canvas, opened = noose.surface, noose.surface.window().workspace()
    whole = opened.session.document
    opened.session.do(CROP)
    cropped = opened.session.document
    assert canvas.picture_size == (200, 150)
    canvas.take("noose")
    assert canvas.picture_size == (whole.width, whole.height)
    assert canvas.visible() == cropped.region
    assert opened.panel(Navigator).map._size == (whole.width, whole.height)
    choose(opened.window(), "blur")  # what is tried is tried on the picture
    assert canvas.tool.id == "hand"
    assert canvas.picture_size == (200, 150)
    assert canvas.visible() == cropped.region


def test_what_a_tool_has_under_way_is_made_before_the_picture_is_saved_or_exported(
    noose, monkeypatch
):
    window = noose.surface.window()
    context = window.context
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *given: ("", ""))
    noose.surface.take("noose")
    for number, ask in enumerate((save, save_as, save_steps, export), 1):
        ask(context)
        assert noose.events.count("settle") >= number
    for dialog in window.findChildren(ExportDialog):
        dialog.close()


def test_the_picture_stays_where_it_is_whichever_tool_is_taken(opened, qtbot):
    canvas = opened.canvas
    canvas.zoom_to(2.0)
    place = canvas.mapToGlobal(QPoint(0, 0)), canvas.size(), canvas.view
    for name in canvas.tools:
        canvas.take(name)
        QApplication.processEvents()
        assert opened.options.isVisible()
        assert (canvas.mapToGlobal(QPoint(0, 0)), canvas.size(), canvas.view) == place
    canvas.take("brush")
    tallest = max(x.sizeHint().height() for x in opened.options.controls.values())
    assert opened.options.height() >= tallest


def test_a_bar_without_room_leaves_out_what_comes_last_and_no_tool_widens_the_window(opened):
    bar, canvas = opened.options, opened.canvas
    canvas.take("brush")
    narrow = bar.minimumSizeHint().width()
    canvas.take("hand")
    assert bar.minimumSizeHint().width() == narrow
    canvas.take("brush")
    bar.setFixedWidth(3000)  # else the layout around it makes it as wide as it was
    parts = {**bar.controls, "slider": bar.controls["size"].slider}
    gone = []
    while len(gone) < len(parts) - 1:
        bar.setFixedWidth(bar.layout().sizeHint().width() - 1)
        bar.layout().activate()
        gone += [name for name, part in parts.items() if part.isHidden() and name not in gone]
    assert gone == [*canvas.tool.rare[::-1], "slider", "opacity", "hardness"]


def test_what_a_bar_shows_has_the_room_it_needs(noose):
    bar, canvas = noose.surface.window().workspace().options, noose.surface
    for width in (700, 420, 300):
        canvas.take("hand")
        bar.setFixedWidth(width)  # else the layout around it widens it again
        canvas.take("noose")
        bar.layout().activate()
        parts = [bar.controls["width"], bar.controls["width"].field, *bar.buttons.values()]
        seen = [part for part in parts if part.isVisible()]
        assert [x for x in seen if x.width() < min(x.sizeHint().width(), 76)] == []
        assert len(seen) == (4 if width > 300 else 2)


def test_what_is_looked_at_stays_where_it_is_when_the_frame_changes(opened):
    canvas = opened.canvas
    opened.session.do(CROP)
    for direction, at in (("upright", 20), ("level", 30)):
        opened.session.do(guide_commands.new_guide(direction=direction, at=at, unit="px"))
    canvas.zoom_to(12.0)
    canvas.centre_on(150, 40)
    opened.session.do(TURN)
    assert (canvas.view.zoom, canvas.view.x, canvas.view.y) == (12.0, 150 - 40, 150)
    assert canvas.guides == (Guide("x", 150 - 30), Guide("y", 20))
    opened.session.undo()
    assert canvas.guides == (Guide("x", 20), Guide("y", 30))
    for _ in range(3):
        opened.session.undo()
    assert (canvas.view.zoom, canvas.view.x, canvas.view.y) == (12.0, 150 + 40, 40 + 30)
    assert canvas.guides == ()  # they were laid after the crop


def test_before_a_crop_is_the_picture_in_the_same_frame(opened):
    opened.session.do(CROP)
    before = opened.canvas.scene.before
    assert (before.width, before.height) == (200, 150)
    assert before.document.layers == opened.session.history.steps[0].document.layers


def test_the_layer_is_moved_by_whole_pixels_in_one_step_and_comes_back(opened, qtbot):
    canvas, session = opened.canvas, opened.session
    before = session.document
    canvas.zoom_to(2.0)
    canvas.take("move")
    assert opened.options.target.text() == "Moves Background"
    drag(qtbot, canvas, QPoint(200, 200), QPoint(261, 170))
    assert [step.label for step in session.history.steps] == ["Open", "Move"]
    pixels = before.layers[0].raster.to_array()
    shown = session.document.picture.layers[0].raster.to_array()
    assert np.array_equal(shown[:-15, 30:, :3], pixels[15:, :-30])  # halves are rounded to even
    assert not shown[:, :30, 3].any()
    canvas.setFocus()
    qtbot.keyClick(canvas, Qt.Key.Key_Down)
    qtbot.keyClick(canvas, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert session.document.layers[0].place == Place.offset(20, -14)
    assert len(session.history.steps) == 4
    for _ in range(3):
        session.undo()
    assert session.document is before


def test_layers_that_are_chosen_are_moved_together_in_one_step(opened, qtbot):
    canvas, session = opened.canvas, opened.session
    session.do(edits.duplicate_layer())
    session.do(edits.duplicate_layer())
    lowest, other, active = session.document.layers
    canvas.chosen = lambda: [lowest.id, active.id]
    canvas.take("move")
    assert opened.options.target.text() == f"Moves {active.name} and 1 more"
    steps = len(session.history.steps)
    drag(qtbot, canvas, QPoint(200, 200), QPoint(240, 230))
    assert len(session.history.steps) == steps + 1
    places = [layer.place for layer in session.document.layers]
    assert places[0] == places[2] == Place.offset(40, 30)
    assert places[1] == other.place
    session.undo()
    assert session.document.layers == (lowest, other, active)


def test_a_move_that_is_given_up_is_no_step(opened, qtbot):
    canvas, session = opened.canvas, opened.session
    canvas.take("move")
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(200, 200))
    qtbot.mouseMove(canvas, QPoint(240, 210))
    assert session.document.layers[0].place == Place.offset(40, 10)
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(240, 210))
    assert [step.label for step in session.history.steps] == ["Open"]
    session.do(edits.set_locked(session.active, True))
    drag(qtbot, canvas, QPoint(200, 200), QPoint(261, 170))
    assert "Background is locked" in opened.messages.label.text()


def test_shift_while_pulling_is_a_square_and_alt_grows_from_the_middle(opened, qtbot):
    canvas = opened.canvas
    canvas.zoom_to(1.0)
    canvas.show_snapping = False
    canvas.take("rectangle")

    def pulled(keys):
        start, end = QPoint(300, 300), QPoint(340, 320)
        qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start)
        where = QPointF(canvas.mapToGlobal(end))
        kind, none = QEvent.Type.MouseMove, Qt.MouseButton.NoButton
        event = QMouseEvent(kind, QPointF(end), where, none, Qt.MouseButton.LeftButton, keys)
        QApplication.sendEvent(canvas, event)
        qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, keys, end)
        return opened.session.document.selection.bounds()

    plain = pulled(Qt.KeyboardModifier.NoModifier)
    assert (plain.width, plain.height) == (40, 20)
    square = pulled(Qt.KeyboardModifier.ShiftModifier)
    assert (square.x, square.y, square.width, square.height) == (plain.x, plain.y, 40, 40)
    around = pulled(Qt.KeyboardModifier.AltModifier)
    assert around == Region(plain.x - 40, plain.y - 20, 80, 40)


def test_an_icon_is_a_name_or_a_drawing_and_nothing_else():
    assert drawn("M 1 1 L 9 9 E 8 8 2 3").elementCount() > 3
    for wrong in ("hnad", "M 1", "L 1 x"):
        with pytest.raises(ValueError, match=r"icon|float"):
            drawn(wrong)


def test_space_moves_the_picture_whatever_tool_is_in_hand(noose, qtbot):
    canvas = noose.surface
    canvas.take("noose")
    canvas.zoom_to(4.0)
    before = canvas.view
    qtbot.keyPress(canvas, Qt.Key.Key_Space)
    drag(qtbot, canvas, QPoint(100, 100), QPoint(140, 120))
    qtbot.keyRelease(canvas, Qt.Key.Key_Space)
    assert canvas.view.x < before.x
    assert ("press", False) not in noose.events


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
    assert not opened.column.buttons["looking"].isChecked()
    qtbot.waitUntil(opened.canvas.hasFocus)


def test_a_groups_key_takes_the_tool_used_last_and_with_shift_the_next(opened, qtbot):
    canvas, column, window = opened.canvas, opened.column, opened.window()
    canvas.setFocus()
    qtbot.waitUntil(lambda: window.isActiveWindow() and canvas.hasFocus())
    taken = []
    shift = Qt.KeyboardModifier.ShiftModifier
    for key, modifier in (("m", 0), ("v", 0), ("m", shift), ("v", 0), ("m", 0), ("m", shift)):
        before = canvas.tool.id
        qtbot.keyClick(canvas, key, modifier or Qt.KeyboardModifier.NoModifier)
        qtbot.waitUntil(lambda was=before: canvas.tool.id != was)
        taken.append(canvas.tool.id)
    assert taken == ["rectangle", "move", "ellipse", "move", "ellipse", "rectangle"]
    control = Qt.KeyboardModifier.ControlModifier
    for key, modifier, name in (
        ("t", control, "transform"),
        ("v", 0, "move"),
        ("k", 0, "magnetic"),
    ):
        qtbot.keyClick(canvas, key, modifier or Qt.KeyboardModifier.NoModifier)
        qtbot.waitUntil(lambda wanted=name: canvas.tool.id == wanted)  # keys of a tool's own
    assert column.buttons["lassos"].accessibleName() == "Magnetic lasso"
    assert column.buttons["lassos"].isChecked()
    assert "(K)" in column.buttons["lassos"].toolTip()


@pytest.mark.qt_log_ignore("This plugin does not support")  # what a menu asks of a screen
def test_a_button_that_is_held_shows_its_group_and_is_the_tool_that_is_chosen_then(opened, qtbot):
    canvas, button = opened.canvas, opened.column.buttons["marquee"]
    middle = button.rect().center()
    for ask in (
        lambda: qtbot.mousePress(button, Qt.MouseButton.LeftButton, pos=middle),
        lambda: qtbot.mousePress(
            button, Qt.MouseButton.LeftButton, pos=button.rect().bottomRight() - QPoint(4, 4)
        ),
        lambda: QApplication.sendEvent(
            button, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, middle, QPoint())
        ),
    ):
        canvas.take("hand")
        ask()
        qtbot.waitUntil(lambda: any(menu.isVisible() for menu in button.findChildren(QMenu)))
        menu = next(menu for menu in button.findChildren(QMenu) if menu.isVisible())
        assert [line.text() for line in menu.actions()] == ["Rectangle\tM", "Ellipse\tM"]
        menu.actions()[1].trigger()
        menu.close()
        assert canvas.tool.id == "ellipse"
        assert button.accessibleName() == "Ellipse"
    qtbot.mouseRelease(button, Qt.MouseButton.LeftButton, pos=middle)
    canvas.take("hand")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton, pos=middle)
    assert canvas.tool.id == "ellipse"
    opened.remember()
    assert "ellipse" in latest_tools()  # the next photograph begins so


def test_every_group_has_several_tools_and_a_tool_of_no_group_one_button_of_its_own():
    found = in_groups([*tools.TOOLS, Noose])
    assert [group.id for group, kinds in found.items() if Noose in kinds] == ["noose"]
    assert {group for group, kinds in found.items() if len(kinds) > 1} == set(GROUPS)
    named = {tool.group for tool in tools.TOOLS if tool.group}
    assert named == {group.id for group in GROUPS}
    assert len(in_groups(tools.TOOLS)) * 33 + 12 < 580  # one column at 1366 × 768, with a task bar


def test_every_tool_says_what_it_is_and_no_two_have_the_same_key():
    chosen = [tool for tool in tools.TOOLS if tool.chosen]
    assert all(tool.id and tool.title and tool.icon and tool.hint for tool in chosen)
    for name in ("id", "title"):
        assert len({getattr(tool, name) for tool in chosen}) == len(chosen)
    keys = [tool.shortcut for tool in chosen if tool.shortcut]
    keys += [f"{shift}{group.key}" for group in GROUPS if group.key for shift in ("", "Shift+")]
    assert len(set(keys)) == len(keys)


def test_the_canvas_is_no_hall():
    """A tool that needs a method of the canvas's own is a tool that is not one."""
    for kind in (Canvas, Viewport):
        methods = [name for name, value in vars(kind).items() if callable(value)]
        assert len(methods) <= 40


def test_what_every_tool_is_faster_with_is_compiled_soon_after_a_photograph_is_there(
    window, photo, qtbot, monkeypatch
):
    asked = []
    session._compile_ahead.cache_clear()
    monkeypatch.setattr(session, "keep_beside", lambda folder, kernels: asked.extend(kernels))
    monkeypatch.setattr(session, "_SETTLED", 0)
    open_in(window, photo, qtbot)
    qtbot.waitUntil(lambda: bool(asked))
    assert {kernel for tool in tools.TOOLS for kernel in tool.kernels} <= set(asked)
    open_in(window, photo, qtbot)
    assert len(asked) == len(set(asked))  # once, whatever is opened then
    session._compile_ahead.cache_clear()
