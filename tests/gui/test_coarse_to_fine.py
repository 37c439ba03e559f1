"""A zoomable filter is tried at the size that is seen: coarsely first, then sharply."""

import numpy as np
import pytest

from safelight.api import Region
from safelight.document import edits
from safelight.gui.previews.job_run import Run
from tests.gui.conftest import choose, open_in, png, wake

LIMIT = 30000


@pytest.fixture
def workspace(offer, tmp_path, qtbot):
    from safelight.gui.window import Window

    offer("safelight_seeing")
    path = tmp_path / "large.png"
    path.write_bytes(png(1600, 2400))
    workspace = open_in(wake(Window(), qtbot), path, qtbot)
    qtbot.waitUntil(lambda: workspace.canvas.level > 0, timeout=LIMIT)
    return workspace


@pytest.fixture
def looks(workspace, monkeypatch):
    """What is tried: the width that is set, and the zoom level."""
    found, look = [], workspace.session.previews.look

    def noted(task, region, seen, draft):
        found.append((task.settings["width"], seen.level))
        look(task, region, seen, draft)

    monkeypatch.setattr(workspace.session.previews, "look", noted)
    return found


def set_to(panel, name, value):
    control = next(item for item in panel.controls if item.parameter.name == name)
    control.set_value(value)
    control.changed.emit()


def dragged(panel, looks, qtbot):
    """A look that takes its time, and changes while it runs."""
    looks.clear()
    set_to(panel, "seconds", 0.4)
    qtbot.waitUntil(lambda: bool(looks), timeout=LIMIT)
    for width in (11.0, 12.0, 13.0):
        set_to(panel, "width", width)
        qtbot.wait(20)


def finished(workspace, qtbot, looks):
    session, level = workspace.session, workspace.canvas.level
    qtbot.waitUntil(
        lambda: bool(looks) and looks[-1][1] == level and session.previews.run is None,
        timeout=LIMIT,
    )


@pytest.fixture
def pixels(monkeypatch):
    """The pixels of every picture that is made for the screen, by its id."""
    found, make = {}, Run._picture

    def noted(run, raster):
        picture = make(run, raster)
        found[id(picture)] = raster.to_array()
        return picture

    monkeypatch.setattr(Run, "_picture", noted)
    return found


def shown(overlay, pixels):
    """The result of a preview as an array of its own pixels."""
    size = overlay.seen(overlay.region)
    found = np.zeros((size.height, size.width, 3), np.uint8)
    for place, picture in overlay.pieces:
        found[place.rows(), place.columns()] = pixels[id(picture)]
    return found


def test_it_is_tried_coarsely_first_and_then_with_a_pixel_for_each_of_the_screens(
    workspace, looks, pixels, qtbot
):
    choose(workspace.window(), "wash")
    finished(workspace, qtbot, looks)
    level = workspace.canvas.level
    assert [at for _, at in looks] == [level + 1, level]
    overlay = workspace.session.overlay
    width, height = 2400 >> level, 1600 >> level
    assert (overlay.seen(overlay.region).width, overlay.scale) == (width, 0.5**level)
    assert shown(overlay, pixels).shape[0] == height
    assert overlay.under is None


def test_lengths_are_as_much_shorter_and_the_whole_is_measured_at_that_size(
    workspace, looks, pixels, qtbot
):
    panel = choose(workspace.window(), "wash")
    set_to(panel, "width", 40.0)
    finished(workspace, qtbot, looks)
    level = workspace.canvas.level
    red, green, blue = shown(workspace.session.overlay, pixels)[5, 5]
    assert red == round(40 / 2**level / 100 * 255)
    small = 2400 >> level
    while small > 512:
        small //= 2
    assert green == round(small / 1024 * 255)
    assert blue == 255


def test_what_is_not_selected_is_seen_as_it_was(workspace, looks, pixels, qtbot):
    workspace.session.do(edits.select_region(Region(0, 0, 1200, 1600)))
    choose(workspace.window(), "wash")
    finished(workspace, qtbot, looks)
    made = shown(workspace.session.overlay, pixels)
    middle = made.shape[1] // 2
    assert (made[:, : middle - 1, 2] == 255).all()
    document, level = workspace.session.document, workspace.canvas.level
    below = document.layers[0].raster.level(level).to_array()
    assert np.array_equal(made[:, middle + 1 :], below[:, middle + 1 :])


def test_a_coarse_look_is_finished_and_of_what_was_set_meanwhile_the_last_is_tried(
    workspace, looks, qtbot
):
    panel = choose(workspace.window(), "wash")
    finished(workspace, qtbot, looks)
    dragged(panel, looks, qtbot)
    finished(workspace, qtbot, looks)
    widths = [width for width, _ in looks]
    assert widths[0] == 8.0
    assert set(widths[1:]) <= {12.0, 13.0}
    assert widths[-1] == 13.0


def test_in_a_small_view_a_look_is_finished_too(workspace, looks, qtbot):
    workspace.canvas.zoom_to(0.125)  # one look is both coarse and sharp
    panel = choose(workspace.window(), "wash")
    finished(workspace, qtbot, looks)
    assert [at for _, at in looks] == [3]
    ended, heard = [], workspace.session.previews._looking.ended
    workspace.session.previews._looking.ended = lambda *end: (ended.append(end[0]), heard(*end))
    dragged(panel, looks, qtbot)
    qtbot.waitUntil(lambda: looks[-1] == (13.0, 3), timeout=LIMIT)
    finished(workspace, qtbot, looks)
    assert looks[0] == (8.0, 3)
    assert ended == [True] * len(looks)


def test_nothing_of_the_picture_is_kept_once_nothing_is_tried(workspace, looks, qtbot):
    choose(workspace.window(), "wash")
    finished(workspace, qtbot, looks)
    smaller = workspace.session.previews._looking._smaller
    assert smaller._made
    workspace.filters.tried.closed.emit()
    assert smaller._made == []


def test_what_is_tried_changes_nothing_and_goes_with_the_panel(workspace, looks, qtbot):
    before = workspace.session.document
    choose(workspace.window(), "wash")
    finished(workspace, qtbot, looks)
    assert workspace.session.document is before
    workspace.filters.tried.closed.emit()
    assert workspace.session.overlay is None
    qtbot.wait(300)
    assert workspace.session.overlay is None
    assert workspace.session.previews.run is None


def test_the_full_size_is_a_job_whose_result_a_layer_keeps(workspace, looks, qtbot):
    panel = choose(workspace.window(), "wash")
    set_to(panel, "width", 40.0)
    panel.apply.click()
    session = workspace.session
    qtbot.waitUntil(lambda: session.layer.filter is not None, timeout=LIMIT)
    kept = session.layer.filter.kept.raster
    assert (kept.width, kept.height) == (2400, 1600)
    assert kept.read(Region(9, 9, 1, 1))[0, 0, 0] == round(40 / 100 * 255)


@pytest.fixture
def applied(workspace, looks, qtbot):
    """The panel of a filter layer that holds its result."""
    choose(workspace.window(), "wash").apply.click()
    session = workspace.session
    qtbot.waitUntil(lambda: session.layer.filter is not None, timeout=LIMIT)
    qtbot.waitUntil(lambda: session.job is None, timeout=LIMIT)
    looks.clear()
    return workspace.filters.held


def test_a_filter_layers_new_settings_are_seen_before_it_is_computed_anew(
    workspace, applied, looks, pixels, qtbot
):
    session = workspace.session
    set_to(applied, "width", 40.0)
    finished(workspace, qtbot, looks)
    assert session.layer.id in session.results.stale
    level = workspace.canvas.level
    assert shown(session.overlay, pixels)[5, 5, 0] == round(40 / 2**level / 100 * 255)
    applied.refresh.click()
    assert session.job is not None
    qtbot.waitUntil(lambda: session.job is None, timeout=LIMIT)
    assert session.overlay is None
    assert session.layer.filter.kept.raster.read(Region(9, 9, 1, 1))[0, 0, 0] == 102


def test_any_other_change_takes_that_look_away(workspace, applied, looks, qtbot):
    session = workspace.session
    set_to(applied, "width", 40.0)
    finished(workspace, qtbot, looks)
    assert session.overlay is not None
    session.undo()
    assert session.overlay is None


@pytest.mark.parametrize(
    "change",
    [
        lambda layer: edits.set_opacity(layer, 0.5),
        lambda layer: edits.set_mode(layer, "multiply"),
        lambda layer: edits.set_visible(layer, False),
    ],
    ids=["opacity", "mode", "hidden"],
)
def test_a_layer_that_is_not_seen_as_it_is_computed_is_not_tried(
    workspace, applied, looks, qtbot, change
):
    session = workspace.session
    session.do(change(session.active))
    set_to(applied, "width", 40.0)
    qtbot.wait(300)
    assert looks == []
    assert session.overlay is None
