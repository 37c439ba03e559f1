"""The table of deeds: menus, context menus, buttons, search and keys are drawn from it alone."""

from collections import Counter
from typing import Annotated, Literal

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from safelight.api import Number
from safelight.document import DECLARED, edits
from safelight.document.commands.command import Entry, command
from safelight.gui.command_search import CommandSearch
from safelight.gui.deeds.deed import Deed, Deeds
from safelight.gui.dialogs.command_dialog import CommandDialog
from safelight.gui.window import Window
from tests.gui.conftest import open_in, wake


def texts(menu):
    return [x.text().replace("&", "") for x in menu.actions() if x.text()]


def found(window, words):
    """What the search shows for some words."""
    window.deeds["search"].trigger()
    dialog = next(x for x in window.findChildren(CommandSearch) if x.isVisible())
    dialog.line.setText(words)
    shown = [dialog.list.item(row).text() for row in range(dialog.list.count())]
    dialog.close()
    return shown


def test_nothing_can_be_asked_for_that_is_not_in_the_table(opened, window):
    table = {id(action) for action in window.deeds.actions}
    menus = [*window.findChildren(QMenu), opened.layers.menu()]
    assert len(menus) > 10
    for menu in menus:
        for action in menu.actions():
            if not action.isSeparator() and action.menu() is None:
                assert id(action) in table, action.text()
    for button in opened.layers.buttons.values():
        assert id(button.defaultAction()) in table
    window.deeds["search"].trigger()
    dialog = next(x for x in window.findChildren(CommandSearch) if x.isVisible())
    for row in range(dialog.list.count()):
        deed = dialog.list.item(row).data(Qt.ItemDataRole.UserRole)
        assert id(window.deeds[deed.id]) in table
    dialog.close()


def test_the_search_shows_what_is_not_possible_now_behind_what_is(window):
    shown = found(window, "inspect filter")
    assert any(line.startswith("Inspect filter") and line.endswith("not now") for line in shown)
    window.deeds["search"].trigger()
    dialog = next(x for x in window.findChildren(CommandSearch) if x.isVisible())
    dialog.line.setText("inspect filter")
    possible = [bool(dialog.list.item(row).flags()) for row in range(dialog.list.count())]
    assert possible == sorted(possible, reverse=True)
    QTest.keyClick(dialog.line, Qt.Key.Key_Down)
    QTest.keyClick(dialog.line, Qt.Key.Key_Return)
    assert dialog.isVisible() or any(possible)  # what is not possible is not run
    dialog.close()


def test_every_line_of_the_table_is_in_its_menu_and_no_id_or_key_is_twice(opened, window):
    deeds = list(window.deeds)
    for deed in deeds:
        parents = [x for x in window.deeds[deed.id].associatedObjects() if isinstance(x, QMenu)]
        assert parents, deed.id
    assert max(Counter(deed.id for deed in deeds).values()) == 1
    assert max(Counter(key for deed in deeds for key in deed.shortcuts).values()) == 1
    assert {deed.id.split(" ")[0] for deed in deeds} >= {
        *("open", "save", "export", "undo", "zoom", "panel", "guides", "tool", "filter"),
        *(name for name, item in DECLARED.items() if item.menu),
    }


def test_two_deeds_of_one_id_or_one_key_are_refused(qtbot):
    parent = QObject()
    deeds = Deeds(parent)
    deeds.replace("a", [Deed("one", "One", print, shortcuts=("Ctrl+1",))])
    with pytest.raises(ValueError, match="two deeds one"):
        deeds.replace("b", [Deed("one", "Other", print)])
    with pytest.raises(ValueError, match="Ctrl\\+1 is for one and for two"):
        deeds.replace("b", [Deed("two", "Two", print, shortcuts=("Ctrl+1",))])
    deeds.replace("a", [Deed("two", "Two", print, shortcuts=("Ctrl+1",))])
    assert [deed.id for deed in deeds] == ["two"]


@pytest.fixture
def declared(monkeypatch):
    """Lets a test declare commands, and forgets them."""
    known = dict(DECLARED)
    yield
    for name in DECLARED.keys() - known.keys():
        del DECLARED[name]


def test_a_declared_command_is_in_menu_search_keys_and_context_menu(
    declared, qtbot, photo, monkeypatch
):
    done = []

    @command("&Varnish", menu="Image", shortcut="Ctrl+Alt+V", context=True)
    def varnish(document, *, layer: str = "", name: str = "Varnished"):
        """Varnish a layer."""
        done.append(layer)
        return edits.rename_layer(layer, name).apply(document)

    window = wake(Window(), qtbot)
    workspace = open_in(window, photo, qtbot)
    assert "Varnish" in texts(window.menus.of["Image"])
    assert "Varnish" in texts(workspace.layers.menu())
    assert found(window, "varnish") == ["Varnish   ·   Image    Ctrl+Alt+V"]
    workspace.canvas.setFocus()
    keys = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
    qtbot.keyClick(workspace.canvas, Qt.Key.Key_V, keys)
    qtbot.waitUntil(lambda: done == [workspace.session.active])
    assert workspace.session.layer.name == "Varnished"


def test_a_command_with_settings_asks_for_them_and_remembers_what_was_told(declared, qtbot, photo):
    told = []

    @command(
        "&Stretch",
        menu="Picture",
        asks=True,
        entries=[Entry("Stretch &wide", {"way": "wide"}), Entry("Stretch &high", {"way": "high"})],
    )
    def stretch(
        document, *, way: Literal["wide", "high"] = "wide", by: Annotated[int, Number(1, 9)] = 2
    ):
        """Stretch the picture."""
        told.append((way, by))
        return document

    window = wake(Window(), qtbot)
    open_in(window, photo, qtbot)
    assert texts(window.menus.of["Picture"]) == ["Stretch wide…", "Stretch high…"]
    assert [x.text() for x in window.menuBar().actions()][-2:] == ["Picture", "&Help"]
    for line, shown in (("stretch way=high", 2), ("stretch way=wide", 7)):
        window.deeds[line].trigger()
        dialog = next(x for x in window.findChildren(CommandDialog) if x.isVisible())
        assert list(dialog.controls) == ["by"]
        assert dialog.controls["by"].value() == shown
        dialog.controls["by"].field.setValue(7)
        dialog.confirm.click()
    assert told == [("high", 7), ("wide", 7)]


def test_what_is_not_possible_is_dimmed_and_found_as_such(opened, window, qtbot):
    assert not window.deeds["ungroup"].isEnabled()
    assert found(window, "ungroup") == ["Ungroup   ·   Layer   ·   not now"]
    window.deeds["group_layer"].trigger()
    assert window.deeds["ungroup"].isEnabled()
    assert not window.deeds["redo"].isEnabled()
    window.deeds["undo"].trigger()
    assert window.deeds["redo"].isEnabled()
    window.close_tab(0)
    opened.session.files.saved = opened.session.document
    for name in ("save", "zoom in", "new_layer", "tool brush", "panel Layers"):
        assert not window.deeds[name].isEnabled()


def test_a_switch_is_ticked_for_the_layer_in_hand(opened, window):
    lock = window.deeds["set_locked"]
    assert lock.isCheckable()
    assert not lock.isChecked()
    lock.trigger()
    assert lock.isChecked()
    assert opened.session.layer.locked
    window.deeds["new_layer"].trigger()
    assert not lock.isChecked()


def test_the_name_of_a_layer_is_typed_from_its_menu(opened, window, qtbot):
    window.deeds["rename"].trigger()
    tree = opened.layers.tree
    assert tree.state() == tree.State.EditingState


def test_a_panel_is_shown_from_the_view_menu(opened, window):
    for name, tab in (("History", "History"), ("Navigator", "Info"), ("Adjust", "Adjust")):
        window.deeds[f"panel {name}"].trigger()
        assert opened.sidebar.title == tab


def test_a_layer_is_moved_up_and_down_from_its_menu(opened, window):
    window.deeds["new_layer"].trigger()
    session = opened.session
    upper = session.active
    up, down = window.deeds["raise"], window.deeds["lower"]
    assert (up.isEnabled(), down.isEnabled()) == (False, True)
    down.trigger()
    assert session.document.layers[0].id == upper
    assert (up.isEnabled(), down.isEnabled()) == (True, False)
    up.trigger()
    assert session.document.layers[1].id == upper


def test_a_picture_is_kept_in_a_deeper_depth_and_a_selection_made_a_mask(opened, window, qtbot):
    session = opened.session
    window.deeds["deepen depth=uint16"].trigger()
    qtbot.waitUntil(lambda: session.document.depth == "uint16")
    assert [step.label for step in session.history.steps][1:] == ["Convert to 16-bit"]
    assert not window.deeds["mask_from_selection"].isEnabled()
    session.do(edits.select_box(box=(10, 10, 20, 20)))
    window.deeds["mask_from_selection"].trigger()
    assert session.layer.mask.digests() == session.document.selection.digests()


def test_a_file_that_is_noted_twice_as_opened_lately_is_one_line(qtbot, tmp_path, monkeypatch):
    path = tmp_path / "a&b.png"
    monkeypatch.setattr("safelight.gui.deeds.filter_deeds.recent_files", lambda: [path, path])
    window = Window()
    qtbot.addWidget(window)
    assert [deed.title for deed in window.deeds if deed.id.startswith("recent")] == ["a&b.png"]


@pytest.fixture
def looked_up(monkeypatch):
    """The ids of the deeds of which it is looked up whether they are possible, each time."""
    found, show = [], Deeds._show
    monkeypatch.setattr(
        Deeds, "_show", lambda deeds, deed: found.append(deed.id) or show(deeds, deed)
    )
    return found


def test_an_edit_looks_up_once_what_is_possible_now(opened, window, qtbot, looked_up):
    window.deeds.catch_up()
    looked_up.clear()
    window.deeds["select_all"].trigger()
    assert window.deeds["undo"].isEnabled()
    assert looked_up.count("undo") == 1
    looked_up.clear()
    opened.session.do(edits.invert_selection())
    opened.session.do(edits.select_all())
    assert not looked_up  # as soon as the event loop comes round
    qtbot.waitUntil(lambda: bool(looked_up))
    assert looked_up.count("undo") == 1


def test_looking_elsewhere_looks_up_nothing(opened, window, qtbot, looked_up):
    opened.canvas.full_size()
    qtbot.waitUntil(lambda: opened.canvas.finished)
    looked_up.clear()
    opened.canvas.look(opened.canvas.view.moved(20, 10))
    opened.canvas.zoom_in()
    assert window.sight.zoom.currentText() == f"{opened.canvas.view.zoom * 100:.3g} %" != "100 %"
    window.deeds.catch_up()
    assert not looked_up


def test_keys_find_what_has_become_possible_in_the_same_turn(opened, qtbot):
    before = opened.session.document
    opened.session.do(edits.select_all())
    qtbot.keyClick(opened.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert opened.session.document is before
