"""Shortcuts: any command can have other keys, no keys stand for two, and they are kept."""

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMenu
from shiboken6 import isValid

from safelight.gui.deeds.deed import Deed, Deeds
from safelight.gui.deeds.shortcuts import Shortcuts
from safelight.gui.dialogs.shortcuts_dialog import FIXED, HANDS, ShortcutsDialog
from safelight.gui.open_and_save.samples_and_recent_files import settings
from safelight.gui.window import Window
from tests.gui.conftest import wake

ONE = Deed("one", "One", print, "Edit", shortcuts=("Ctrl+1",))
TWO = Deed("two", "Two", print, "Edit", shortcuts=("Ctrl+2", "Alt+2"))
THREE = Deed("three", "Three", print, "View")


@pytest.fixture
def dialog(window, opened, qtbot):
    window.deeds["shortcuts"].trigger()
    dialog = next(x for x in window.findChildren(ShortcutsDialog) if x.isVisible())
    yield dialog
    if isValid(dialog):
        dialog.close()


def rows(dialog):
    """Every deed that is listed, with its row."""
    found = {}
    for index in range(dialog.list.topLevelItemCount()):
        menu = dialog.list.topLevelItem(index)
        for row in (menu.child(i) for i in range(menu.childCount())):
            deed = row.data(0, Qt.ItemDataRole.UserRole)
            if deed is not None:
                found[deed.id] = row
    return found


def press(dialog, deed, keys):
    dialog.list.setCurrentItem(rows(dialog)[deed])
    dialog.keys.setKeySequence(QKeySequence(keys))


def keys(window, deed):
    return [x.toString() for x in window.deeds[deed].shortcuts()]


def test_keys_that_are_given_are_taken_from_whoever_had_them():
    given = Shortcuts().given(THREE, "Ctrl+2")
    assert given.of(THREE) == ("Ctrl+2",)
    assert given.of(TWO) == ("Alt+2",)
    again = given.given(ONE, "Ctrl+2")
    assert (again.of(ONE), again.of(TWO), again.of(THREE)) == (("Ctrl+2",), ("Alt+2",), ())
    assert again.holder("ctrl+2", (ONE, TWO, THREE)) is ONE


def test_the_usual_keys_come_back_from_whoever_has_them():
    given = Shortcuts().given(THREE, "Ctrl+2").restored(TWO)
    assert given.of(TWO) == ("Ctrl+2", "Alt+2")
    assert given.of(THREE) == ()
    assert Shortcuts().given(ONE, "").restored(ONE).of(ONE) == ("Ctrl+1",)


@pytest.mark.parametrize("stored", ["", "[1]", "no json", '{"one": 3}', '{"one": ["nonsense+"]}'])
def test_what_was_kept_and_cannot_be_read_takes_no_keys_from_anybody(stored):
    settings().setValue("shortcuts", stored)
    assert Shortcuts.kept().of(TWO) == TWO.shortcuts


def test_every_command_is_listed_once_with_its_keys(dialog, window):
    wanted = {deed.id for deed in window.deeds if not deed.passing}
    assert set(rows(dialog)) == wanted
    text = QKeySequence("Ctrl+Z").toString(QKeySequence.SequenceFormat.NativeText)
    assert rows(dialog)["undo"].text(1) == text
    assert not [name for name in rows(dialog) if name.startswith("recent ")]


def test_a_command_is_given_free_keys_and_they_work_at_once(dialog, window, opened, qtbot):
    press(dialog, "full size", "Ctrl+Alt+9")
    assert "free" in dialog.outcome.text()
    dialog.assign.click()
    assert keys(window, "full size") == ["Ctrl+Alt+9"]
    dialog.close()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    opened.canvas.setFocus()
    opened.canvas.zoom_to(2.0)
    control = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
    qtbot.keyClick(opened.canvas, Qt.Key.Key_9, control)
    qtbot.waitUntil(lambda: opened.canvas.view.zoom == 1.0, timeout=20000)


def test_keys_of_another_command_are_named_before_they_are_taken_from_it(dialog, window):
    press(dialog, "grid", "Ctrl+J")
    holder = next(deed for deed in window.deeds if "Ctrl+J" in deed.shortcuts)
    assert holder.title in dialog.outcome.text()
    dialog.assign.click()
    assert keys(window, "grid") == ["Ctrl+J"]
    assert keys(window, holder.id) == []
    dialog.list.setCurrentItem(rows(dialog)[holder.id])
    dialog.restore.click()
    assert keys(window, holder.id) == ["Ctrl+J"]
    assert keys(window, "grid") == []


@pytest.mark.parametrize("fixed", sorted(FIXED))
def test_keys_with_a_meaning_of_their_own_cannot_be_given_away(dialog, window, fixed):
    before = keys(window, "grid")
    press(dialog, "grid", fixed)
    assert not dialog.assign.isEnabled()
    assert "stays" in dialog.outcome.text()
    dialog.assign.click()
    assert keys(window, "grid") == before


def test_words_find_a_command_and_only_it(dialog):
    dialog.line.setText("rulers")
    assert list(rows(dialog)) == ["rulers"]
    dialog.line.setText("")
    assert len(rows(dialog)) > 50
    last = dialog.list.topLevelItem(dialog.list.topLevelItemCount() - 1)
    assert last.childCount() == len(HANDS)


def test_other_keys_are_there_at_the_next_start_in_menus_and_at_tools(
    dialog, window, opened, qtbot
):
    press(dialog, "tool crop", "K")
    dialog.assign.click()
    assert "(K)" in opened.column.buttons["framing"].toolTip()
    press(dialog, "undo", "")
    dialog.remove.click()
    later = wake(Window(), qtbot)
    assert [x.toString() for x in later.deeds["tool crop"].shortcuts()] == ["K"]
    assert later.deeds["undo"].shortcuts() == []
    shown = [
        action.shortcut().toString()
        for menu in later.findChildren(QMenu)
        for action in menu.actions()
        if action.text() == "Crop"
    ]
    assert "K" in shown
    dialog.restore_all.click()
    assert keys(window, "tool crop") == []
    assert keys(window, "tools framing") == ["C"]
    assert "(C)" in opened.column.buttons["framing"].toolTip()
    assert Shortcuts.kept() == Shortcuts()


def test_deeds_that_come_later_have_the_keys_they_were_given(qtbot):
    parent = QObject()
    deeds = Deeds(parent, Shortcuts().given(THREE, "Ctrl+1"))
    deeds.replace("a", [ONE])
    deeds.replace("b", [THREE])
    assert [deeds.keys(deed) for deed in (ONE, THREE)] == ["", "Ctrl+1"]
