"""Adjust: each section makes one layer of a filter, which tells what was done."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QWidget

from safelight import api
from safelight.actions import live_filter
from safelight.actions.recipes import play, recipe_of
from safelight.document import History, Layer, LiveFilter, edits, render_srgb
from safelight.gui.adjust.adjust_section_box import Entry
from safelight.gui.adjust.adjust_sections import ROWS, SECTIONS, offered, sections
from tests.gui.conftest import PATIENCE, drag

LIGHT, WHITE = "safelight_adjust.light", "safelight_adjust.white_balance"
CURVES, NETWORK = "safelight_adjust.curves", "safelight_adjust.auto_light"


@pytest.fixture
def page(opened):
    return opened.filters.home


def names(opened):
    return [layer.name for layer in opened.session.document.layers]


def steps(opened):
    return [step.label for step in opened.session.history.steps]


def slider(page, filter, name):
    return page.row_of(filter).controls[name]


def test_photographers_find_crop_white_balance_and_light_first(opened, page):
    assert opened.sidebar.title == "Adjust"
    assert opened.filters.currentWidget() is page
    titles = list(page.boxes)
    assert titles[:7] == [section.title for section in SECTIONS]
    assert page.boxes["White balance"].unfolded
    assert page.boxes["Light"].unfolded
    page.crop.setFocus()
    page.crop.click()
    assert opened.canvas.tool.id == "crop"
    assert opened.canvas.hasFocus()  # to which the keys of the tool come


def test_a_drag_makes_one_layer_and_one_step(opened, page, qtbot):
    moved = slider(page, LIGHT, "exposure").slider
    middle = QPoint(moved.width() // 2, moved.height() // 2)
    drag(qtbot, moved, middle, middle + QPoint(30, 0))
    assert names(opened) == ["Background", "Light"]
    assert steps(opened) == ["Open", "Light: Exposure"]
    settings = opened.session.layer.filter.settings
    assert settings["exposure"] > 0.5
    assert settings["contrast"] == 0
    record = opened.session.history.steps[1].record
    assert (record.kind, record.id, dict(record.settings)) == ("filter", LIGHT, dict(settings))
    opened.session.undo()
    assert names(opened) == ["Background"]
    assert slider(page, LIGHT, "exposure").value() == 0


def test_the_next_slider_of_the_section_changes_the_same_layer(opened, page):
    slider(page, LIGHT, "exposure").field.setValue(0.5)
    layer = opened.session.active
    slider(page, WHITE, "temperature").field.setValue(5000)
    slider(page, LIGHT, "shadows").field.setValue(40)
    assert names(opened) == ["Background", "Light", "White balance"]
    assert opened.session.active == layer
    settings = opened.session.layer.filter.settings
    assert (settings["exposure"], settings["shadows"]) == (0.5, 40)


def test_a_slider_at_its_neutral_place_adds_nothing(opened, page, qtbot):
    row = page.row_of(LIGHT)
    row.moved.emit(row.controls["contrast"])
    page.boxes["Effects"].unfold()
    vignette = page.row_of("safelight_adjust.vignette")
    vignette.moved.emit(vignette.controls["amount"])
    assert vignette.controls["amount"].value() == 0
    assert names(opened) == ["Background"]
    moved = row.controls["contrast"].slider
    middle = QPoint(moved.width() // 2, moved.height() // 2)
    qtbot.mousePress(moved, Qt.MouseButton.LeftButton, pos=middle)
    qtbot.mouseMove(moved, middle + QPoint(20, 0))
    assert names(opened) == ["Background", "Light"]
    moved.setValue(row.controls["contrast"]._position(0))
    qtbot.mouseRelease(moved, Qt.MouseButton.LeftButton, pos=middle)
    assert names(opened) == ["Background"]
    assert steps(opened) == ["Open"]


def test_a_click_on_a_layer_shows_its_section(opened, page, qtbot):
    slider(page, LIGHT, "exposure").field.setValue(0.5)
    light = opened.session.active
    page.boxes["Light"].unfold(False)
    opened.session.activate(opened.session.document.layers[0].id)
    opened.filters.list_all()
    tree = opened.layers.tree
    row = tree.visualItemRect(tree.item(light))
    qtbot.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=row.center())
    assert opened.filters.currentWidget() is page
    assert page.boxes["Light"].unfolded
    assert slider(page, LIGHT, "exposure").value() == 0.5
    assert page.boxes["Light"].mark.isVisible()


def test_reset_takes_a_sections_layers_away_in_one_step(opened, page):
    slider(page, "safelight_adjust.vibrance", "amount").field.setValue(30)
    slider(page, "safelight_adjust.saturation", "amount").field.setValue(-20)
    assert names(opened) == ["Background", "Vibrance", "Saturation"]
    page.boxes["Colour"].reset.click()
    assert names(opened) == ["Background"]
    assert steps(opened)[-1] == "Reset Colour"
    opened.session.undo()
    assert names(opened) == ["Background", "Vibrance", "Saturation"]


def seen(opened):
    session = opened.session
    return render_srgb(session.document, session.document.region, session.studio.live)[..., :3]


def held(opened):
    """The settings of each filter layer."""
    layers = [layer.filter for layer in opened.session.document.layers if layer.filter]
    return {filter.id: dict(filter.settings) for filter in layers}


def test_auto_of_light_is_what_the_network_finds_in_one_step(opened, page, qtbot):
    session = opened.session
    network = opened.filters.offered.declaration(NETWORK)
    picture = seen(opened)
    found = network.settings(session.studio.found(network, network.settings(), session.document))
    page.boxes["Light"].auto.click()
    qtbot.waitUntil(lambda: len(steps(opened)) == 2, timeout=PATIENCE)
    assert steps(opened) == ["Open", "Light: Auto"]
    assert names(opened) == ["Background", "White balance", "Light", "Curves"]
    # All of it is in sliders, where it can be changed.
    for filter, settings in held(opened).items():
        shown = page.row_of(filter).controls
        assert {name: item.value() for name, item in shown.items()}.items() <= settings.items()
    own = held(opened)
    assert own[WHITE]["temperature"] == found["temperature"]
    assert (own[LIGHT]["exposure"], own[LIGHT]["contrast"]) == (
        found["exposure"], found["contrast"]
    )  # fmt: skip
    assert own[CURVES]["rgb"] == found["curve"]
    # And the picture is the one that the filter of the network makes.
    result = replace(session.document, layers=session.document.layers[:1])
    filter = live_filter(network, found)
    result = replace(result, layers=(*result.layers, Layer("one", filter)))
    one = render_srgb(result, result.region, session.studio.live)[..., :3]
    assert np.abs(seen(opened) - one).max() < 2e-5
    assert np.abs(one - picture).max() > 0.02
    assert "Auto light, a network, set White balance, Light and Curves." in opened.line.text()
    session.undo()
    assert names(opened) == ["Background"]
    assert slider(page, LIGHT, "exposure").value() == 0


def test_auto_again_finds_the_same_of_what_lies_below_and_keeps_the_layers(opened, page, qtbot):
    page.boxes["Light"].auto.click()
    qtbot.waitUntil(lambda: len(steps(opened)) == 2, timeout=PATIENCE)
    first, ids = held(opened), [layer.id for layer in opened.session.document.layers]
    slider(page, LIGHT, "exposure").field.setValue(-1.5)
    slider(page, LIGHT, "shadows").field.setValue(40)
    assert held(opened)[LIGHT]["exposure"] == -1.5
    page.boxes["Light"].auto.click()
    qtbot.waitUntil(lambda: held(opened) == first, timeout=PATIENCE)
    assert [layer.id for layer in opened.session.document.layers] == ids
    opened.session.undo()
    assert held(opened)[LIGHT]["exposure"] == -1.5


def test_where_there_is_no_network_auto_of_light_measures_and_says_so(opened, page, qtbot):
    offered = opened.session.studio.filters()
    page.show_filters([item for item in offered if item.id != NETWORK])
    page.boxes["Light"].auto.click()
    qtbot.waitUntil(lambda: len(names(opened)) == 2, timeout=PATIENCE)
    assert steps(opened) == ["Open", "Light: Auto"]
    shown = {name: item.value() for name, item in page.row_of(LIGHT).controls.items()}
    assert shown == dict(opened.session.layer.filter.settings)
    said = "Light measured the picture and set Exposure, Contrast, Highlights and Shadows."
    assert said in opened.line.text()


def test_what_auto_laid_is_done_to_another_picture_by_a_recipe(opened, page, qtbot):
    page.boxes["Light"].auto.click()
    qtbot.waitUntil(lambda: len(steps(opened)) == 2, timeout=PATIENCE)
    slider(page, LIGHT, "shadows").field.setValue(40)
    session = opened.session
    recipe = recipe_of(session.history)
    history = play(recipe, History.start(session.history.steps[0].document), None)
    assert [layer.name for layer in history.document.layers] == names(opened)
    again = render_srgb(history.document, history.document.region, session.studio.live)
    assert np.array_equal(again[..., :3], seen(opened))


def test_what_is_picked_as_grey_becomes_grey(opened, page, qtbot):
    box, canvas = page.boxes["White balance"], opened.canvas
    box.grey.click()
    at = canvas.widget_point(200, 150).toPoint()
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=at)
    qtbot.waitUntil(lambda: len(names(opened)) == 2, timeout=PATIENCE)
    assert steps(opened) == ["Open", "White balance: Pick grey"]
    assert box.grey.text() == "Pick grey"
    settings = opened.session.layer.filter.settings
    assert settings["grey"] == ()
    shown = page.row_of(WHITE).controls
    assert shown["temperature"].value() == settings["temperature"] < 6000
    assert shown["tint"].value() == settings["tint"] != 0
    from safelight.document import render_srgb

    session = opened.session
    pixel = render_srgb(session.document, api.Region(200, 150, 1, 1), session.studio.live)[0, 0]
    assert np.ptp(pixel[:3]) < 0.02


def test_a_grey_that_no_light_makes_grey_is_said_and_one_that_is_nearer_settles_it(
    opened, page, qtbot
):
    canvas, said = opened.canvas, opened.messages
    for place, count in (((395, 5), 1), ((200, 150), 0)):  # red, and nearly grey
        page.boxes["White balance"].grey.click()
        at = canvas.widget_point(*place).toPoint()
        qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=at)
        qtbot.waitUntil(lambda count=count: len(said.open) == count, timeout=PATIENCE)
        if count:
            assert "Temperature" in said.open[0].text
    assert len(names(opened)) == 2


def test_a_grey_that_an_old_layer_holds_is_told_until_another_is_picked(opened, page, qtbot):
    session, box, canvas = opened.session, page.boxes["White balance"], opened.canvas
    settings = {**page.row_of(WHITE).begins, "grey": ("#7f7f5e",)}
    held = LiveFilter(WHITE, "White balance", "safelight-adjust", settings=settings)
    session.do(edits.add_layer(Layer("White balance", held)))
    qtbot.waitUntil(lambda: box.grey.text() == "Grey ✓", timeout=PATIENCE)
    slider(page, WHITE, "tint").field.setValue(10)  # what is moved is on top of it, as ever
    assert session.layer.filter.settings["grey"] == ("#7f7f5e",)
    box.grey.click()
    at = canvas.widget_point(200, 150).toPoint()
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=at)
    qtbot.waitUntil(lambda: box.grey.text() == "Pick grey", timeout=PATIENCE)
    assert session.layer.filter.settings["grey"] == ()
    assert len(names(opened)) == 2


def test_what_is_selected_gets_a_layer_of_its_own(opened, page):
    slider(page, LIGHT, "exposure").field.setValue(0.5)
    session = opened.session
    from safelight.document import Stroke

    session.activate(session.document.layers[0].id)
    session.do(edits.paint_mask(None, Stroke(((100.0, 100.0, 1.0),), 40), "a"))
    assert slider(page, LIGHT, "exposure").value() == 0
    slider(page, LIGHT, "exposure").field.setValue(-1.0)
    slider(page, LIGHT, "contrast").field.setValue(10)
    lights = [layer for layer in session.document.layers if layer.name == "Light"]
    assert [layer.mask is not None for layer in lights] == [True, False]
    assert [layer.filter.settings["exposure"] for layer in lights] == [-1.0, 0.5]


def test_every_filter_is_in_a_section_or_set_by_sliders(window, opened, page):
    for box in page.boxes.values():
        box.unfold()
    linked = {name for box in page.boxes.values() for name in box.links}
    assert linked | ROWS.keys() >= {item.id for item in window.filters}


def test_a_strangers_filter_is_in_the_section_of_its_category():
    known = api.Declaration("a.b", "Glow", "Light", "")
    other = api.Declaration("a.c", "Weave", "Textile", "")
    by_title = {section.title: section for section in sections([known, other])}
    assert offered(by_title["Light"], [known, other]) == [known]
    assert offered(by_title["Textile"], [known, other]) == [other]


def test_a_filter_of_a_section_is_opened_by_its_word(opened, page):
    box = page.boxes["Neural"]
    box.unfold()
    box.links["safelight_enlarge.enlarge"].click()
    assert opened.filters.tried.declaration.name == "enlarge"


def test_further_filters_are_made_when_they_are_asked_for_and_tab_goes_on_to_them(opened, page):
    box = page.boxes["Colour"]
    box.title.click()
    before = len(box.findChildren(Entry))
    above = reached(box._inside, QWidget.previousInFocusChain)
    box.more.click()
    assert before < len(box.findChildren(Entry)) == len(box._firsts) + len(box.links)
    made = [link for link in box.links.values() if link.parent() is box._inside]
    assert made
    assert all(link.isVisible() for link in made)
    for link in made:
        above = reached(above.nextInFocusChain(), QWidget.nextInFocusChain)
        assert above is link


def reached(widget, step):
    """The first widget that the keyboard comes to, from a widget on."""
    while widget.focusPolicy() == Qt.FocusPolicy.NoFocus:
        widget = step(widget)
    return widget


def test_what_is_seen_of_a_folded_section_is_seen_of_it_unfolded_and_more_comes_into_view(
    opened, page, qtbot
):
    box, area = page.boxes["Colour"], page.area
    opened.window().resize(1024, 700)
    box.title.click()
    black = box.links["safelight_adjust.black_and_white"]
    assert black.isVisible()
    mixer = box.links["safelight_adjust.channel_mixer"]
    assert not mixer.isVisible()
    box.more.click()
    assert mixer.isVisible()

    def seen():
        place = mixer.mapTo(area.viewport(), mixer.rect().bottomLeft())
        return 0 <= place.y() < area.viewport().height()

    qtbot.waitUntil(seen, timeout=PATIENCE)
    black.click()
    assert opened.filters.tried.declaration.name == "black_and_white"


def test_sections_stay_as_they_were_left(window, opened, photo, qtbot):
    from safelight.gui.open_and_save.samples_and_recent_files import settings
    from tests.gui.conftest import open_in

    box = opened.filters.home.boxes
    box["Curves"].title.click()
    box["Light"].title.click()
    try:
        again = open_in(window, photo, qtbot).filters.home.boxes
        assert again["Curves"].unfolded
        assert not again["Light"].unfolded
        assert again["White balance"].unfolded
    finally:
        settings().remove("unfolded")


@pytest.mark.parametrize("height", [620, 768])
@pytest.mark.parametrize("title", ["Curves", "Effects", "Neural"])
def test_a_section_that_is_unfolded_at_the_lower_border_is_wholly_seen(
    window, opened, page, qtbot, title, height
):
    window.resize(1366, height)
    box, view = page.boxes[title], page.area.viewport()

    def inside(widget):
        top = widget.mapTo(view, QPoint(0, 0)).y()
        return top, top + widget.height()

    page.area.verticalScrollBar().setValue(0)
    qtbot.mouseClick(box.title, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: box.height() >= box.sizeHint().height(), timeout=PATIENCE)
    if box.height() <= view.height():
        qtbot.waitUntil(lambda: inside(box)[1] <= view.height(), timeout=PATIENCE)
    else:
        qtbot.waitUntil(lambda: inside(box)[0] == 0, timeout=PATIENCE)


def test_the_sliders_of_a_row_change_nothing_where_they_begin(window, opened, page):
    import safelight_adjust

    from safelight.api import testing
    from safelight.api.tone_table import applied, stages_of

    picture = testing.photograph()
    known = {api.registered(item).declaration.id: item for item in safelight_adjust.ADJUSTMENTS}
    declared = {item.id: item for item in window.filters}
    for name, (_, row) in ROWS.items():
        begins, function = row.begins(declared[name]), known[name]
        if declared[name].tone:
            made = applied(stages_of(function(**begins)), picture)
            assert np.abs(made - picture).max() < 1e-5, name


def test_sections_come_one_by_one_and_make_way_where_other_filters_come_meanwhile(qtbot, opened):
    from safelight.gui.adjust.adjust_panel import AdjustPage

    filters = opened.filters.home._filters
    page = AdjustPage()
    qtbot.addWidget(page)
    counts = [len(page.boxes) for _ in page.filling(filters)]
    assert counts[0] == 1
    assert max(np.diff(counts)) == 1  # never two in a turn of the event loop
    assert list(page.boxes) == list(opened.filters.home.boxes)
    steps = page.filling(list(filters)[:5])
    next(steps)
    page.show_filters(filters)
    assert not list(steps)
    assert list(page.boxes) == list(opened.filters.home.boxes)
