"""The text tool: typed on the picture with a caret, in one step; changed by clicks and options."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QInputMethodEvent, QMouseEvent
from PySide6.QtWidgets import QApplication

from safelight.document import Edit
from safelight.document.commands import shape_commands, text_commands
from safelight.document.contents.text import Wording
from safelight.document.geometry import box_of

LEFT = Qt.MouseButton.LeftButton
NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def canvas(opened):
    opened.canvas.take("text")
    opened.canvas.zoom_to(1.0)
    opened.canvas.tool.set("size", 24.0)
    return opened.canvas


def at(canvas, point):
    return QPoint(*map(round, canvas.widget_point(*point).toTuple()))


def click(canvas, qtbot, point, keys=NONE):
    qtbot.mouseClick(canvas, LEFT, keys, at(canvas, point))


def drag(canvas, qtbot, start, end):
    qtbot.mousePress(canvas, LEFT, NONE, at(canvas, start))
    place, no = at(canvas, end), Qt.MouseButton.NoButton
    where = QPointF(canvas.mapToGlobal(place))
    event = QMouseEvent(QEvent.Type.MouseMove, QPointF(place), where, no, LEFT, NONE)
    QApplication.sendEvent(canvas, event)
    qtbot.mouseRelease(canvas, LEFT, NONE, place)


def field(canvas):
    return canvas.tool._field


def wording(opened):
    return opened.session.document.layer(opened.session.active).content.wording


def written(opened, canvas, qtbot, text="Hello", point=(60, 80)):
    click(canvas, qtbot, point)
    qtbot.keyClicks(field(canvas), text)
    return opened.session.document.layer(opened.session.active)


def test_what_is_typed_is_a_layer_at_once_and_one_step(opened, canvas, qtbot):
    steps = len(opened.session.history.steps)
    layer = written(opened, canvas, qtbot)
    assert (layer.kind.name, layer.name) == ("text", "Hello")
    assert len(opened.session.history.steps) == steps + 1
    assert opened.session.history.steps[-1].record.id == "add_text"
    box = box_of(opened.session.document, layer)
    assert box.x == pytest.approx(60, abs=5)
    assert box.y < 80 < box.bottom, "the line is where the click was"
    qtbot.keyClick(field(canvas), Qt.Key.Key_Escape)
    assert not field(canvas).isVisible()
    opened.session.undo()
    assert all(item.kind.name != "text" for item in opened.session.document.layers)


def test_a_click_without_a_letter_leaves_no_layer_and_no_step(opened, canvas, qtbot):
    before = opened.session.history
    click(canvas, qtbot, (60, 80))
    qtbot.keyClicks(field(canvas), "a")
    qtbot.keyClick(field(canvas), Qt.Key.Key_Backspace)
    qtbot.keyClick(field(canvas), Qt.Key.Key_Escape)
    assert opened.session.document.layers == before.document.layers
    assert len(opened.session.history.steps) == len(before.steps)


def test_letters_are_no_shortcuts_while_they_are_typed(opened, canvas, qtbot):
    written(opened, canvas, qtbot, "cube b v")
    assert canvas.tool.id == "text"
    assert wording(opened).text == "cube b v"


def test_a_click_into_a_text_goes_on_with_it_where_the_click_is(opened, canvas, qtbot):
    first = written(opened, canvas, qtbot, "one")
    qtbot.keyClick(field(canvas), Qt.Key.Key_Escape)
    second = written(opened, canvas, qtbot, "two", (60, 160))
    qtbot.keyClick(field(canvas), Qt.Key.Key_Escape)
    assert first.id != second.id
    click(canvas, qtbot, (62, 80))
    assert opened.session.active == first.id
    qtbot.keyClicks(field(canvas), "No ")
    assert wording(opened).text == "No one"
    assert opened.session.history.steps[-1].record.id == "set_text"
    field(canvas).selectAll()
    qtbot.keyClick(field(canvas), Qt.Key.Key_Backspace)
    qtbot.keyClick(field(canvas), Qt.Key.Key_Escape)
    assert all(layer.id != first.id for layer in opened.session.document.layers)


def test_a_dragged_box_breaks_lines_and_its_handle_makes_it_wider(opened, canvas, qtbot):
    drag(canvas, qtbot, (40, 40), (140, 100))
    qtbot.keyClicks(field(canvas), "words that need more than a line")
    assert wording(opened).box == pytest.approx(100, abs=1)
    narrow = canvas.tool._laid()[0]
    assert narrow.lines > 2
    handle = canvas.tool._handle()
    drag(canvas, qtbot, handle, (handle[0] + 120, handle[1]))
    assert canvas.tool._laid()[0].lines < narrow.lines
    qtbot.keyClick(field(canvas), Qt.Key.Key_Up)
    assert field(canvas).caret < len("words that need more than a line")
    qtbot.keyClick(field(canvas), Qt.Key.Key_Home)
    assert field(canvas).caret == 0
    qtbot.keyClick(field(canvas), Qt.Key.Key_End, SHIFT)
    start, end = field(canvas).marked
    assert start == 0 < end


def test_options_change_what_is_typed_and_later_the_active_text(opened, canvas, qtbot):
    layer = written(opened, canvas, qtbot)
    canvas.tool.set("weight", "bold")
    assert wording(opened).weight == "bold"
    assert opened.session.history.steps[-1].record.id == "add_text", "still one step"
    qtbot.keyClick(field(canvas), Qt.Key.Key_Escape)
    canvas.tool.set("fill", "#ff0000")
    content = opened.session.document.layer(layer.id).content
    assert (content.fill, content.wording.text) == ("#ff0000", "Hello")
    opened.session.undo()
    assert canvas.tool.values["fill"] == "#ffffff"


def test_an_input_method_shows_what_it_is_about_to_type(opened, canvas, qtbot):
    click(canvas, qtbot, (60, 80))
    field(canvas).insertPlainText("茶")  # which no key of a test's is
    QApplication.sendEvent(field(canvas), QInputMethodEvent("yuan", []))
    assert wording(opened).text == "茶yuan"
    event = QInputMethodEvent("", [])
    event.setCommitString("园")
    QApplication.sendEvent(field(canvas), event)
    assert wording(opened).text == "茶园"
    rectangle = field(canvas).inputMethodQuery(Qt.InputMethodQuery.ImCursorRectangle)
    place = field(canvas).mapTo(canvas, rectangle.topLeft())
    assert canvas.picture_point(QPointF(place))[0] == pytest.approx(60 + 48, abs=8)


def test_a_million_letters_are_refused_with_a_sentence_and_nothing_is_lost(opened, canvas, qtbot):
    written(opened, canvas, qtbot)
    data = QMimeData()
    data.setText("a" * 1_000_000)
    field(canvas).insertFromMimeData(data)
    assert "20,000 letters at the most" in canvas.tool.note
    assert wording(opened).text == field(canvas).words == "Hello"
    qtbot.keyClicks(field(canvas), "!")
    assert wording(opened).text == "Hello!"
    assert "letters" not in canvas.tool.note


def test_where_the_font_is_missing_that_is_said_and_its_letters_stay(opened, canvas, qtbot):
    layer = written(opened, canvas, qtbot)
    qtbot.keyClick(field(canvas), Qt.Key.Key_Escape)
    held = opened.session.document.layer(layer.id)
    gone = replace(held.content, wording=replace(held.content.wording, family="Gone"))
    opened.session.do(Edit("x", lambda doc: doc.with_layer(replace(held, content=gone))))
    assert canvas.tool.note == "Gone is not here: its letters stay until you choose a font"
    assert opened.options.controls["family"].list.currentText() == "Gone (missing)"
    canvas.tool.edit()
    qtbot.keyClicks(field(canvas), "x")
    assert "not on this computer" in canvas.tool.note
    assert opened.session.document.layer(layer.id).content == gone
    canvas.tool.set("family", "DejaVu Sans")
    assert wording(opened).text == "Hellox"


def test_undo_of_what_is_typed_ends_typing(opened, canvas, qtbot):
    written(opened, canvas, qtbot)
    opened.session.undo()
    assert not field(canvas).isVisible()
    assert canvas.tool._typed is None


def test_along_a_shape_it_is_typed_where_it_is_seen(opened, canvas, qtbot):
    session = opened.session
    session.do(
        shape_commands.add_shape(figure="ellipse", x=60.0, y=40.0, width=160.0, height=120.0)
    )
    shape = session.active
    session.do(text_commands.add_text(text="around", x=0.0, y=0.0, size=20.0))
    session.do(text_commands.text_along(layer=session.active, shape=shape))
    text, place = canvas.tool._laid()
    middle = [sum(part) / 2 for part in zip(*text.caret(3), strict=True)]
    click(canvas, qtbot, place.at(*middle))
    qtbot.keyClicks(field(canvas), "X")
    assert wording(opened).text in ("aroXund", "arXound", "arouXnd")
    assert not wording(opened).path.empty


def test_with_the_move_tool_a_double_click_on_a_text_types_in_it(opened, canvas, qtbot):
    layer = written(opened, canvas, qtbot)
    canvas.take("move")
    place = at(canvas, (62, 80))
    qtbot.mouseDClick(canvas, LEFT, NONE, place)
    assert canvas.tool.id == "text"
    qtbot.keyClicks(field(canvas), "O ")
    assert opened.session.document.layer(layer.id).content.wording.text == "O Hello"


def test_a_double_click_on_its_small_picture_types_in_it(opened, canvas, qtbot):
    layer = written(opened, canvas, qtbot)
    canvas.take("hand")
    tree = opened.layers.tree
    row = tree.visualRect(tree.indexFromItem(tree.currentItem()))
    place = QPoint(row.left() + 30, row.center().y())
    qtbot.mouseDClick(tree.viewport(), LEFT, NONE, place)
    assert canvas.tool.id == "text"
    qtbot.keyClicks(field(canvas), "!")
    assert opened.session.document.layer(layer.id).content.wording == replace(
        layer.content.wording, text="Hello!"
    )
    assert isinstance(wording(opened), Wording)


def test_a_click_on_a_shapes_edge_writes_along_it_from_there(opened, canvas, qtbot):
    opened.session.do(
        shape_commands.add_shape(figure="ellipse", x=60, y=40, width=160, height=120, filled=False)
    )
    ellipse = opened.session.active
    canvas.tool.hover(QPointF(at(canvas, (140, 41))))
    assert canvas.tool._edge.shape.id == ellipse
    canvas.tool.hover(QPointF(at(canvas, (140, 100))))
    assert canvas.tool._edge.shape is None
    click(canvas, qtbot, (220, 100))  # at the right: a quarter of the way from the top
    qtbot.keyClicks(field(canvas), "round")
    words = wording(opened)
    assert words.text == "round"
    assert not words.path.empty
    assert words.start == pytest.approx(25, abs=1)
    box = box_of(opened.session.document, opened.session.layer)
    assert box.y == pytest.approx(100, abs=12), "it begins where the click was and goes down"
    assert box.bottom > 130
    record = opened.session.history.steps[-1].record
    assert (record.id, record.settings["along"]) == ("add_text", ellipse)
    qtbot.keyClicks(field(canvas), "s")
    assert wording(opened).text == "rounds"
    qtbot.keyClick(field(canvas), Qt.Key.Key_Escape)
    opened.session.undo()
    assert opened.session.document.layers[-1].id == ellipse
