"""The sidebar: a filter's settings get the room they need, and give it back."""

import pytest
from PySide6.QtWidgets import QScrollArea

from safelight import api
from safelight.actions.generating import to_be_generated
from safelight.document import edits
from tests.gui.conftest import open_in
from tests.plugins.safelight_kinds import everything

MANY = api.registered(everything).declaration


@pytest.fixture
def workspace(window, photo, qtbot):
    return open_in(window, photo, qtbot)


def test_settings_get_room_from_the_panel_below_and_give_it_back(workspace):
    top, middle, bottom = usual = workspace.sidebar.sizes()
    workspace.filters.open(MANY)
    assert workspace.filters.tried.wanted_height(260) > middle + bottom
    assert workspace.sidebar.sizes()[0] == top
    assert workspace.sidebar.sizes()[1] > middle + 20
    assert workspace.sidebar.sizes()[2] >= 185
    workspace.filters.close_tried()
    assert workspace.sidebar.sizes() == usual


def test_settings_that_fit_move_nothing(workspace):
    usual = workspace.sidebar.sizes()
    workspace.filters.open(workspace.filters.offered.declaration("safelight_warmth.warmth"))
    assert workspace.filters.tried.wanted_height(260) < usual[1]
    assert workspace.sidebar.sizes() == usual


def test_settings_are_seen_without_scrolling_where_there_is_room(window, workspace, qtbot):
    window.resize(1200, 1100)
    workspace.filters.open(workspace.filters.offered.declaration("safelight_enlarge.enlarge"))
    panel = workspace.filters.tried
    qtbot.waitUntil(lambda: panel.height() >= panel.wanted_height(panel.width()))
    scroller = panel.findChild(QScrollArea)
    qtbot.waitUntil(lambda: scroller.verticalScrollBar().maximum() == 0)


def test_whoever_moves_a_border_is_left_alone(workspace):
    workspace.sidebar.moveSplitter(300, 1)
    chosen = workspace.sidebar.sizes()
    workspace.filters.open(MANY)
    assert workspace.sidebar.sizes() == chosen
    workspace.filters.close_tried()
    assert workspace.sidebar.sizes() == chosen


def test_a_lightbox_is_seen_whole_when_it_opens(window, workspace, qtbot):
    window.resize(1280, 820)
    usual = workspace.sidebar.sizes()
    workspace.filters.open(workspace.filters.offered.declaration("safelight_generate.surfaces"))
    panel = workspace.filters.tried
    grid, area = panel.latents.lightbox.grid, panel.findChild(QScrollArea).viewport()

    def seen():
        top = grid.mapTo(area, grid.rect().topLeft()).y()
        return top >= 0 and top + grid.height() <= area.height()

    qtbot.waitUntil(seen)
    assert workspace.sidebar.sizes()[0] == 0
    workspace.filters.close_tried()
    assert workspace.sidebar.sizes() == usual


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
    for control in panel.controls:
        assert control.minimumSizeHint().width() <= 190
    workspace.filters.close_tried()
