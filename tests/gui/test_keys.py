"""Keys: known by their place on the keyboard; and where they go when something closes."""

import re
from collections import Counter

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QMenu, QMessageBox

from safelight.gui.widgets.keys import latin_combinations, latin_key
from tests.gui.conftest import choose, drag

NONE = Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
CONTROL = Qt.KeyboardModifier.ControlModifier
ALTGR = Qt.KeyboardModifier.GroupSwitchModifier
ALT = Qt.KeyboardModifier.AltModifier

# Scan codes of X11 and Wayland, whatever the layout: the place of a key.
SPACE, ALT_KEY, ALTGR_KEY, MINUS, BRACKET, R, Z, Q, B = 65, 64, 108, 20, 34, 27, 52, 24, 56
CYRILLIC = {R: 0x41A, Z: 0x42F, Q: 0x419, B: 0x418, BRACKET: 0x425}


def event(kind, key, code, modifiers=NONE, text="", *, repeats=False):
    kinds = {"press": QEvent.Type.KeyPress, "release": QEvent.Type.KeyRelease}
    return QKeyEvent(kinds[kind], int(key), modifiers, code, 0, 0, text, repeats)


def send(widget, *arguments, **options):
    sent = event(*arguments, **options)
    QApplication.sendEvent(widget, sent)
    return sent


def turn(canvas, qtbot):
    """Drag a quarter around the middle; the angle at which the picture then lies."""
    middle = QPoint(canvas.width() // 2, canvas.height() // 2)
    drag(qtbot, canvas, middle + QPoint(100, 0), middle + QPoint(0, 100))
    return canvas.view.angle


# -- held keys -------------------------------------------------------------------------------------


def test_altgr_may_be_let_go_before_the_backslash_of_a_german_keyboard(opened):
    canvas = opened.canvas
    send(canvas, "press", Qt.Key.Key_AltGr, ALTGR_KEY)
    send(canvas, "press", Qt.Key.Key_Backslash, MINUS, ALTGR, "\\")
    assert canvas.showing_before
    send(canvas, "release", Qt.Key.Key_AltGr, ALTGR_KEY, ALTGR)
    send(canvas, "release", Qt.Key.Key_ssharp, MINUS)
    assert not canvas.showing_before


def test_a_key_that_repeats_itself_is_still_down(opened):
    canvas = opened.canvas
    for key, code, shown in (
        (Qt.Key.Key_Backslash, MINUS, lambda: canvas.showing_before),
        (Qt.Key.Key_Space, SPACE, lambda: "hand" in canvas.held),
        (Qt.Key.Key_R, R, lambda: "turn" in canvas.held),
    ):
        send(canvas, "press", key, code)
        for _ in range(3):
            send(canvas, "release", key, code, repeats=True)
            send(canvas, "press", key, code, repeats=True)
            assert shown()
        send(canvas, "release", key, code)
        assert not shown()


def test_where_the_keyboard_goes_elsewhere_no_key_is_held(opened, qtbot):
    canvas = opened.canvas
    canvas.setFocus()
    for key, code in ((Qt.Key.Key_Backslash, MINUS), (Qt.Key.Key_R, R), (Qt.Key.Key_Space, SPACE)):
        send(QApplication.focusWidget(), "press", key, code)
    assert canvas.showing_before
    opened.filters.list_all()
    assert not canvas.showing_before
    assert "turn" not in canvas.held
    assert "hand" not in canvas.held


def test_in_a_window_in_the_background_no_key_is_held(opened, window, qtbot):
    opened.filters.list_all()
    send(opened, "press", Qt.Key.Key_Backslash, MINUS)
    assert opened.canvas.showing_before
    box = QMessageBox(window)
    qtbot.addWidget(box)
    box.show()
    box.activateWindow()
    qtbot.waitUntil(box.isActiveWindow, timeout=20000)
    assert not opened.canvas.showing_before


def test_the_before_key_gives_back_what_was_chosen(opened, window):
    opened.canvas.show_before(True)
    send(opened.canvas, "press", Qt.Key.Key_Backslash, MINUS)
    send(opened.canvas, "release", Qt.Key.Key_Backslash, MINUS)
    assert opened.canvas.showing_before
    assert window.deeds["before"].isChecked()
    opened.canvas.show_before(False)
    assert not window.deeds["before"].isChecked()


def test_alt_that_came_up_as_meta_is_not_held_any_more(opened):
    """Which it is on X11 while Shift is down."""
    canvas = opened.canvas
    canvas.take("brush")
    send(canvas, "press", Qt.Key.Key_Alt, ALT_KEY)
    assert "other way" in canvas.held
    send(canvas, "release", Qt.Key.Key_Meta, ALT_KEY, SHIFT | ALT)
    assert "other way" not in canvas.held


# -- layouts ---------------------------------------------------------------------------------------


def test_r_turns_the_view_on_a_russian_keyboard(opened, qtbot):
    canvas = opened.canvas
    send(canvas, "press", CYRILLIC[R], R, NONE, "к")
    assert turn(canvas, qtbot) == pytest.approx(90, abs=2)
    send(canvas, "release", CYRILLIC[R], R)
    before = canvas.view.angle
    assert turn(canvas, qtbot) == before  # it moves now


def test_a_letter_of_a_french_keyboard_is_what_is_written_on_it():
    assert latin_key(event("press", Qt.Key.Key_A, Q)) == Qt.Key.Key_A
    assert latin_key(event("press", Qt.Key.Key_Eacute, 11)) == Qt.Key.Key_Eacute
    assert latin_combinations(event("press", 0x11A, 11)) == []  # Ě of a Czech one


def test_a_cyrillic_letter_without_a_place_stays_what_it_is():
    assert latin_key(event("press", CYRILLIC[R], 0)) == CYRILLIC[R]


@pytest.mark.parametrize(
    ("code", "modifiers", "does"),
    [
        (B, NONE, lambda canvas: canvas.tool.id == "brush"),
        (Q, NONE, lambda canvas: canvas.show_mask_overlay),
    ],
)
def test_letters_of_tools_work_on_a_russian_keyboard(opened, code, modifiers, does):
    sent = send(opened.canvas, "press", CYRILLIC[code], code, modifiers)
    assert sent.isAccepted()
    assert does(opened.canvas)


def test_brackets_work_on_a_russian_keyboard(opened):
    brush = opened.canvas.tools["brush"].brush
    size, hardness = brush.size, brush.hardness
    send(opened.canvas, "press", CYRILLIC[BRACKET], BRACKET)
    assert brush.size < size
    send(opened.canvas, "press", CYRILLIC[BRACKET], BRACKET, SHIFT)
    assert brush.hardness < hardness


def test_control_and_a_cyrillic_letter_undo(opened, window):
    opened.session.do(_selects_all())
    send(opened.canvas, "press", CYRILLIC[Z], Z, CONTROL)
    assert not opened.session.history.can_undo


def test_what_is_typed_in_russian_into_a_field_asks_for_nothing(opened, window):
    opened.session.do(_selects_all())
    opened.filters.list_all()
    send(opened.filters.offered.search, "press", CYRILLIC[B], B, NONE, "и")
    send(opened.filters.offered.search, "press", CYRILLIC[Z], Z, CONTROL)
    assert opened.filters.offered.search.text() == "и"
    assert opened.session.history.can_undo
    assert opened.canvas.tool.id != "brush"


def _selects_all():
    from safelight.document import edits

    return edits.select_all()


# What keys give alone and with Shift, and with AltGr, where that is no letter of the alphabet.
LAYOUTS = {
    "us": ("1! 2@ 3# 4$ 5% 6^ 7& 8* 9( 0) -_ =+ [{ ]} ;: '\" `~ \\| ,< .> /?", ""),
    "de": (
        "1! 2\" 3§ 4$ 5% 6& 7/ 8( 9) 0= ß? +* #' ,; .: -_ <>",
        "7{ 8[ 9] 0} ß\\ <| +~",
    ),
    "fr": (
        "&1 é2 \"3 '4 (5 -6 è7 _8 ç9 à0 )° =+ $£ ù% *µ ,? ;. :/ !§ <>",
        "'{ ([ -| è` _\\ )] =}",
    ),
    "ru": ('1! 2" 3№ 4; 5% 6: 7? 8* 9( 0) -_ =+ \\/ .,', ""),
}
CYRILLIC_PLACES = "[{ ]} ;: '\" `~ ,< .>"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def candidates(layout):
    """Each way to press a key, and the shortcuts it may stand for, as Qt finds them under X11.

    QXkbCommon::possibleKeyCombinations of Qt 6: the key without Shift, then the key with Shift,
    which uses it up, unless the first is a more special one; AltGr is used up by what it gives;
    a letter of another script has the Latin one beside it.
    """
    keys, third = LAYOUTS[layout]
    pairs = [(pair[0], pair[1]) for pair in keys.split()]
    held = ["", "Ctrl+", "Alt+", "Ctrl+Alt+"]
    for low, high in pairs:
        for more in held:
            yield [more + low]
            yield [f"{more}Shift+{low}", more + high]
    for pair in third.split():
        yield from ([more + pair[1]] for more in held)
    for low, high in (pair for pair in CYRILLIC_PLACES.split()) if layout == "ru" else ():
        for more in held:
            yield [more + low]
            yield [f"{more}Shift+{low}", more + high]
    for letter in LETTERS:
        for more in held:
            yield [more + letter]
            yield [f"{more}Shift+{letter}"]


def shortcuts(window):
    """Every shortcut of the window, with its action."""
    text = QKeySequence.SequenceFormat.PortableText
    found = [
        (key.toString(text), action)
        for action in window.deeds.actions
        for key in action.shortcuts()
    ]
    assert len(found) > 30
    return found


@pytest.mark.parametrize("layout", LAYOUTS)
def test_no_key_stands_for_two_actions(window, layout):
    known = shortcuts(window)
    for pressed in candidates(layout):
        meant = {action.text() for key, action in known if key in pressed}
        assert len(meant) <= 1, pressed


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_action_with_a_shortcut_can_be_reached(window, layout):
    pressed = {key for ways in candidates(layout) for key in ways}
    everywhere = re.compile(r"F\d|Pg(Up|Down)")  # on every keyboard, and by no other name
    reached = {a.text() for key, a in shortcuts(window) if key in pressed or everywhere.search(key)}
    assert {action.text() for _, action in shortcuts(window)} <= reached


def test_the_underlined_letters_of_a_menu_are_all_different(window):
    menus = [window.menuBar(), *window.findChildren(QMenu)]
    for menu in menus:
        letters = re.findall(r"(?<!&)&([^&])", " ".join(x.text() for x in menu.actions()))
        assert max(Counter(x.lower() for x in letters).values(), default=1) == 1, letters


# -- where the keyboard goes -----------------------------------------------------------------------


def has_keys(canvas):
    return QApplication.focusWidget() is canvas


def test_the_settings_of_a_layer_give_the_keyboard_back_to_the_picture(opened, window, qtbot):
    panel = choose(window, "warmth")
    panel.apply.click()
    qtbot.waitUntil(lambda: opened.filters.held is not None, timeout=60000)
    qtbot.waitUntil(lambda: opened.session.job is None, timeout=60000)
    opened.filters.held.findChildren(type(opened.filters.held.controls[0].field))[0].setFocus()
    opened.filters.leave_held()
    qtbot.waitUntil(lambda: has_keys(opened.canvas), timeout=10000)


def test_what_is_hidden_or_shut_off_gives_the_keyboard_back_to_the_picture(opened, qtbot):
    opened.canvas.take("brush")
    opened.options.controls["size"].field.setFocus()
    opened.canvas.take("hand")
    qtbot.waitUntil(lambda: has_keys(opened.canvas), timeout=10000)
    opened.layers.tree.setFocus()
    opened.layers.setEnabled(False)
    qtbot.waitUntil(lambda: has_keys(opened.canvas), timeout=10000)


@pytest.mark.parametrize("key", [Qt.Key.Key_Escape, Qt.Key.Key_Return])
def test_a_field_that_is_left_gives_the_keyboard_back_to_the_picture(opened, qtbot, key):
    opened.canvas.take("brush")
    field = opened.options.controls["size"].field
    field.setFocus()
    qtbot.keyClick(field, key)
    assert has_keys(opened.canvas)


def test_escape_leaves_the_search_and_shows_all_filters_again(opened, window, qtbot):
    search, everything = opened.filters.offered.search, opened.filters.offered.list.count()
    opened.filters.list_all()
    qtbot.keyClicks(search, "warm")
    assert opened.filters.offered.list.count() < everything
    qtbot.keyClick(search, Qt.Key.Key_Escape)
    assert has_keys(opened.canvas)
    assert opened.filters.offered.list.count() == everything


def test_return_in_the_search_opens_the_filter_and_leaves_the_search(opened, window, qtbot):
    search = opened.filters.offered.search
    opened.filters.list_all()
    qtbot.keyClicks(search, "warmth")
    qtbot.keyClick(search, Qt.Key.Key_Return)
    assert opened.filters.tried is not None
    assert QApplication.focusWidget() is opened.filters.tried.apply


def test_a_dialog_gives_the_keyboard_back_to_the_picture(opened, window, qtbot):
    opened.filters.list_all()
    window.deeds["export"].trigger()
    dialog = QApplication.activeModalWidget()
    qtbot.waitUntil(dialog.isActiveWindow, timeout=20000)
    dialog.reject()
    window.activateWindow()
    qtbot.waitUntil(lambda: has_keys(opened.canvas), timeout=10000)


def test_the_command_search_leaves_the_keyboard_to_what_it_opens(opened, window, qtbot):
    opened.filters.list_all()
    window.deeds["search"].trigger()
    dialog = QApplication.activeModalWidget()
    dialog.line.setText("warmth")
    qtbot.keyClick(dialog.line, Qt.Key.Key_Return)
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is not None, timeout=10000)
    assert opened.filters.tried is not None
    assert QApplication.focusWidget() is opened.filters.tried.apply


def test_a_window_that_comes_back_goes_on_where_it_was(opened, window, qtbot):
    opened.filters.list_all()
    box = QMessageBox()
    qtbot.addWidget(box)
    box.show()
    box.activateWindow()
    qtbot.waitUntil(box.isActiveWindow, timeout=20000)
    window.activateWindow()
    qtbot.waitUntil(
        lambda: QApplication.focusWidget() is opened.filters.offered.search, timeout=10000
    )
    qtbot.wait(50)
    assert QApplication.focusWidget() is opened.filters.offered.search
