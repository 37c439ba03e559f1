"""Messages: where they stand, how long they stay, and that nothing moves when one comes."""

import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from safelight.gui import notices as module
from safelight.gui.notices import Above, Line, Messages
from tests.gui.conftest import open_in, photograph

LIMIT = 30000


@pytest.fixture
def above(qtbot):
    """A widget with a line to type into, below messages."""
    below = QLineEdit()
    made = QWidget()
    column = QVBoxLayout(made)
    made.over = Above(below, Messages(), Line())
    column.addWidget(made.over)
    qtbot.addWidget(made)
    made.resize(500, 300)
    made.show()
    qtbot.waitExposed(made)
    made.over.outside = made  # a window that nobody holds is gone
    return made.over


def parts(over):
    return over._below, over._messages, over._line


def test_what_is_mentioned_goes_by_itself(above, qtbot, monkeypatch):
    _, messages, line = parts(above)
    monkeypatch.setattr(module, "_SHORTEST", 1)
    monkeypatch.setattr(module, "_EACH", 0)
    messages.say("It failed.")
    line.mention("It is done.")
    assert line.isVisible()
    qtbot.waitUntil(lambda: not line.isVisible(), timeout=LIMIT)
    assert messages.isVisible()


def test_the_time_of_a_line_runs_while_it_can_be_seen(above, qtbot):
    _, _, line = parts(above)
    window = above.window()
    line.mention("It is done.")
    assert line._time.isActive()
    window.hide()
    assert not line._time.isActive()
    window.show()
    assert line._time.isActive()
    assert line.isVisible()


def test_each_message_stays_until_it_is_answered(above, qtbot):
    _, messages, _ = parts(above)
    messages.say("One failed.")
    messages.say("Two failed.", "because")
    messages.say("One failed.")
    assert messages.label.text() == "One failed."
    assert messages.count.text() == "2 messages"
    messages.close_one()
    assert messages.label.text() == "Two failed."
    assert messages.more.isVisible()
    assert not messages.count.isVisible()
    messages.close_one()
    assert not messages.isVisible()


def test_what_is_moot_goes_and_nothing_else(above):
    _, messages, _ = parts(above)
    messages.say("Not saved: the disk is full.", about="save")
    messages.say("Not saved: the folder is gone.", about="save")
    messages.say("Denoise failed.", about="filter")
    assert [message.about for message in messages.open] == ["save", "filter"]
    messages.settle("save")
    assert messages.label.text() == "Denoise failed."
    messages.settle("filter")
    assert not messages.isVisible()


def test_messages_take_no_room_from_what_is_below(above, qtbot):
    below, messages, line = parts(above)
    place, size = below.geometry(), above.window().size()
    messages.say("It failed. " * 30, "details\n" * 40)
    messages.more.setChecked(True)
    line.mention("It is done. " * 20)
    qtbot.waitUntil(lambda: messages.height() > 200, timeout=LIMIT)
    assert below.geometry() == place
    assert above.window().size() == size
    for item in (messages, line):
        assert above.rect().contains(item.geometry())


def test_the_focus_goes_back_when_a_message_is_closed(above, qtbot):
    below, messages, _ = parts(above)
    messages.say("It failed.", "details")
    messages.more.setFocus()
    messages.close_one()
    assert above.window().focusWidget() is below


def test_a_message_stands_in_its_own_tab_which_is_marked(window, tmp_path, qtbot):
    found = []
    for name in ("one", "two"):
        path = tmp_path / f"{name}.png"
        Image.fromarray(photograph(60, 80)).save(path)
        found.append(open_in(window, path, qtbot))
    one, two = found
    place = two.canvas.mapTo(window, two.canvas.rect().topLeft()), two.canvas.size()
    one.session.complained.emit("save", "one.png was not saved: the disk is full.", "")
    assert not two.messages.isVisible()
    assert not window.messages.isVisible()
    index = window.tabs.indexOf(one)
    assert not window.tabs.tabIcon(index).isNull()
    assert "the disk is full" in window.tabs.tabToolTip(index)
    assert window.tabs.tabIcon(window.tabs.indexOf(two)).isNull()
    two.messages.say("Denoise failed.")
    window.say("letter.jpg is no picture.")
    two.line.mention("Exported.")
    now = two.canvas.mapTo(window, two.canvas.rect().topLeft()), two.canvas.size()
    assert now == place  # nothing has moved
    window.tabs.setCurrentWidget(one)
    assert one.messages.isVisible()
    assert window.messages.isVisible()  # about no photograph, so beside each
    assert window.tabs.tabIcon(index).isNull()
    one.session.settled.emit("save")
    assert not one.messages.isVisible()


def test_a_click_beside_a_message_is_no_click_on_the_picture(above, qtbot):
    below, messages, _ = parts(above)
    heard = []
    below.mousePressEvent = lambda event: heard.append(event)
    messages.say("It failed.")
    qtbot.mouseClick(messages, Qt.MouseButton.LeftButton)
    assert heard == []
