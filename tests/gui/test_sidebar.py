"""The sidebar: what is always seen, what the tabs have, and how the height is shared out."""

import pytest
from PySide6.QtCore import QPoint, Qt

from safelight import api
from safelight.actions.new_documents import to_be_generated
from safelight.document import edits
from safelight.gui.controls.lightbox import LightboxControl
from safelight.gui.panels.histogram_panel import Histogram
from tests.gui.conftest import open_in
from tests.plugins.safelight_kinds import everything

MANY = api.registered(everything).declaration


@pytest.fixture
def workspace(window, photo, qtbot):
    workspace = open_in(window, photo, qtbot)
    qtbot.waitUntil(lambda: workspace.layers.height() == workspace.layers.sizeHint().height())
    return workspace


def heights(workspace):
    sidebar = workspace.sidebar
    return [part.geometry() for part in (sidebar.tabs, sidebar.pages, workspace.layers)]


def test_histogram_and_layers_are_seen_beside_every_tab(workspace):
    for title in ("Adjust", "History", "Info"):
        workspace.sidebar.show_tab(title)
        assert workspace.panel(Histogram).isVisible()
        assert workspace.layers.isVisible()


def test_what_is_opened_changes_no_height(workspace, qtbot):
    before = heights(workspace)
    for filter in (MANY, workspace.filters.offered.declaration("safelight_warmth.warmth")):
        workspace.filters.open(filter)
        qtbot.wait(50)
        assert heights(workspace) == before
    workspace.filters.close_tried()
    workspace.filters.list_all()
    qtbot.wait(50)
    assert heights(workspace) == before


def test_the_settings_of_a_filter_have_most_of_the_column(window, workspace, qtbot):
    window.resize(1366, 700)
    workspace.filters.open(MANY)
    qtbot.wait(50)
    panel = workspace.filters.tried
    assert panel._area.viewport().height() >= 200


def test_the_layers_have_the_column_when_their_tab_is_in_front(workspace, qtbot):
    short = workspace.layers.height()
    workspace.sidebar.show_tab("Layers")
    qtbot.waitUntil(lambda: workspace.layers.height() > 2 * short)
    assert all(not button.isHidden() for button in workspace.layers.buttons.values())
    workspace.sidebar.show_tab("Adjust")
    qtbot.waitUntil(lambda: workspace.layers.height() == short)


def test_a_press_on_a_row_moves_nothing_under_the_pointer(workspace, qtbot):
    session = workspace.session
    session.jobs.apply(session.studio.filter("warmth"), {"amount": 0.1}, None)
    qtbot.waitUntil(lambda: len(session.document.layers) == 2)
    tree = workspace.layers.tree
    for layer in (*session.document.layers, *session.document.layers):
        row = tree.visualItemRect(tree.item(layer.id))
        at = tree.viewport().mapToGlobal(row.center())
        qtbot.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=row.center())
        qtbot.wait(30)
        assert session.active == layer.id
        again = tree.visualItemRect(tree.item(layer.id))
        assert tree.viewport().mapToGlobal(again.center()) == at


def test_a_click_on_the_active_layer_opens_its_panel_again(workspace, qtbot):
    session, filters = workspace.session, workspace.filters
    session.jobs.apply(session.studio.filter("warmth"), {"amount": 0.1}, None)
    qtbot.waitUntil(lambda: filters.held is not None)
    assert filters.currentWidget() is filters.held
    filters.held.closed.emit()
    assert filters.currentWidget() is filters.home
    tree = workspace.layers.tree
    row = tree.visualItemRect(tree.item(session.active))
    qtbot.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=row.center())
    assert filters.currentWidget() is filters.held
    filters.held.closed.emit()
    workspace.sidebar.show_tab("Layers")
    qtbot.wait(30)
    row = tree.visualItemRect(tree.item(session.active))
    qtbot.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=row.topLeft() + QPoint(40, 20))
    assert workspace.sidebar.title == "Adjust"
    assert filters.currentWidget() is filters.held


def test_a_lightbox_is_seen_whole_when_it_opens(window, workspace, qtbot):
    window.resize(1280, 820)
    before = heights(workspace)
    workspace.filters.open(workspace.filters.offered.declaration("safelight_generate.surfaces"))
    panel = workspace.filters.tried
    grid, area = panel.latents.lightbox.grid, panel._area.viewport()

    def seen():
        top = grid.mapTo(area, grid.rect().topLeft()).y()
        return top >= 0 and top + grid.height() <= area.height()

    qtbot.waitUntil(seen)
    workspace.filters.close_tried()
    qtbot.waitUntil(lambda: heights(workspace) == before)


def test_the_settings_of_a_generated_layer_fit_the_narrowest_panel(workspace):
    surfaces = workspace.filters.offered.declaration("safelight_generate.surfaces")
    layer = to_be_generated(surfaces, 400, 300).layers[0]
    workspace.session.do(edits.add_layer(layer))
    panel = workspace.filters.held
    for control in (*panel.controls, panel.strip):
        assert control.minimumSizeHint().width() <= 190


@pytest.mark.parametrize("name", ["skies", "replace_sky"])
def test_a_sky_is_one_panel_that_fits(workspace, name):
    workspace.filters.open(workspace.filters.offered.declaration(f"safelight_generate.{name}"))
    panel = workspace.filters.tried
    assert {"seed", "cloudiness", "time", "sun"} <= {x.parameter.name for x in panel.controls}
    lightboxes = [x for x in panel.controls if isinstance(x, LightboxControl)]
    assert len(lightboxes) == (name == "skies")
    for control in panel.controls:
        assert control.minimumSizeHint().width() <= 190
    workspace.filters.close_tried()
