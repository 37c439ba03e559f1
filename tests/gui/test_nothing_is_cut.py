"""On small screens nothing is cut off: it fits, or the panel that it lies in scrolls."""

import pytest
from PySide6.QtWidgets import (
    QAbstractScrollArea,
    QAbstractSpinBox,
    QApplication,
    QCheckBox,
    QComboBox,
    QLabel,
    QPushButton,
    QSlider,
    QToolButton,
    QWidget,
)

from safelight.document import DECLARED
from safelight.gui.adjust.adjust_sections import ROWS
from safelight.gui.dialogs.size_dialogs import dialog_of
from safelight.gui.panels.filters_panel import FilterList
from tests.gui.conftest import open_in

SIZES = {"1024x700": (1024, 700), "1366x768": (1366, 728), "1366x768 at scale 2": (683, 364)}
"""What a window has for itself, in widget pixels: without the system's bars and borders."""

WHOLE = QPushButton, QToolButton, QComboBox, QCheckBox, QSlider, QAbstractSpinBox


@pytest.fixture(params=SIZES.values(), ids=SIZES)
def workspace(window, photo, qtbot, request):
    window.setMinimumSize(1, 1)
    window.resize(*request.param)
    workspace = open_in(window, photo, qtbot)
    settle(qtbot)
    assert (window.width(), window.height()) == request.param
    return workspace


def settle(qtbot):
    """Have layouts done that are due, also those that others have asked for."""
    for _ in range(3):
        QApplication.processEvents()
    qtbot.wait(40)


def cut(root):
    """What is seen of the widgets in another one only in part: each with the reason."""
    return [
        f"{type(item).__name__} {name(item)}: {reason}"
        for item in root.findChildren(QWidget)
        if isinstance(item, WHOLE) and item.isVisible() and (reason := trouble(item, root))
    ]


def name(item):
    return repr(item.text() if hasattr(item, "text") else "") + " " + item.accessibleName()


def trouble(item, root):
    least = item.minimumSizeHint()
    words = getattr(item, "text", str)() or isinstance(item, QComboBox)
    if words and not isinstance(item, QAbstractSpinBox) and item.width() < least.width():
        return f"{item.width()} of {least.width()} pixels wide"
    if not words and isinstance(item, QPushButton | QToolButton):
        least = item.size()  # a swatch, or an icon, is as large as it is made
    if item.height() < least.height() - 1:
        return f"{item.height()} of {least.height()} pixels high"
    around = item
    while around is not root:
        around = around.parentWidget()
        place = item.rect().translated(item.mapTo(around, item.rect().topLeft()))
        if place.left() < 0 or place.right() > around.width():
            return f"{place} in {type(around).__name__} {around.width()} wide"
        area = around.parentWidget()
        if isinstance(area, QAbstractScrollArea) and area.viewport() is around:
            item = area  # what is in it can be scrolled to
        elif place.top() < 0 or place.bottom() > around.height():
            return f"{place} in {type(around).__name__} {around.height()} high"
    return ""


def test_tools_options_menus_and_tabs_are_whole(window, workspace, qtbot):
    for tool in workspace.canvas.tools.values():
        if tool.chosen:
            workspace.canvas.take(tool.id)
            settle(qtbot)
            assert not cut(workspace.options), tool.id
    workspace.canvas.take("hand")
    assert not cut(workspace.column)
    assert not cut(window.menuBar())
    assert window.search_box.isVisible()
    more = window.menuBar().findChild(QToolButton, "qt_menubar_ext_button")
    assert not more.isVisible()  # behind it are the menus that have no room
    assert not cut(window.status)
    tabs = workspace.sidebar.tabs
    assert tabs.sizeHint().width() <= tabs.width() or tabs.expanding()
    for index in range(tabs.count()):
        words = tabs.fontMetrics().horizontalAdvance(tabs.tabText(index))
        assert tabs.tabRect(index).width() >= words


def test_every_tab_and_section_is_whole(workspace, qtbot):
    for title in workspace.sidebar.titles:
        workspace.sidebar.show_tab(title)
        settle(qtbot)
        assert not cut(workspace.sidebar), title
    workspace.sidebar.show_tab("Adjust")
    page = workspace.filters.home
    for box in page.boxes.values():
        box.unfold()
        box.more.setChecked(True)
    page.show_settings({name: {} for name in ROWS})  # as with a layer for each
    settle(qtbot)
    assert page.area.widget().minimumSizeHint().width() <= page.area.viewport().width()
    assert not cut(workspace.sidebar)


def test_the_panel_of_every_filter_is_whole(window, workspace, qtbot):
    found, least = {}, 44 if window.height() < 500 else 150
    for declaration in window.filters:
        workspace.filters.open(declaration)
        settle(qtbot)
        panel = workspace.filters.tried
        troubles = cut(workspace.sidebar)
        if panel._area.viewport().height() < least:
            troubles.append(f"{panel._area.viewport().height()} pixels for the controls")
        if panel._area.widget().minimumSizeHint().width() > panel._area.viewport().width():
            troubles.append("wider than the panel")
        if troubles:
            found[declaration.name] = troubles
    workspace.filters.close_tried()
    assert not found


def test_the_list_of_filters_is_whole(workspace, qtbot):
    workspace.filters.list_all()
    settle(qtbot)
    assert isinstance(workspace.filters.currentWidget(), FilterList)
    assert workspace.filters.offered.list.viewport().height() >= 100
    assert not cut(workspace.sidebar)


def test_menus_have_one_column_on_a_screen_of_768_pixels(window, workspace):
    """Qt puts what has no room into a second column, in which nobody looks."""
    heights = {name: menu.sizeHint().height() for name, menu in window.menus.of.items()}
    assert {name: height for name, height in heights.items() if height > 768} == {}
    assert {"File", "Edit", "Layer", "View", "Filters", "Help"} <= heights.keys()


def test_the_dialog_of_every_command_shows_all_its_words(window, photo, qtbot):
    session = open_in(window, photo, qtbot).session
    asking = [command for command in DECLARED.values() if command.asks]
    assert len(asking) > 20
    for command in asking:
        dialog = dialog_of(command)(command, {"layer": ""}, {}, window, document=session.document)
        dialog.open()
        for _ in range(3):
            QApplication.processEvents()
        lines = [x for x in dialog.findChildren(QLabel) if x.wordWrap() and x.isVisible()]
        short = [x.text() for x in lines if x.height() < x.heightForWidth(x.width())]
        assert (command.id, short) == (command.id, [])
        dialog.reject()
