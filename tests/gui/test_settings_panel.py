"""Panels are generated from declarations, and give back legal settings."""

from typing import Annotated, Literal

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from safelight import api
from safelight.gui.panels.filters_panel import FilterList
from safelight.gui.panels.settings_panel import FilterSettings


@api.filter("Everything", category="Test", scale="factor")
def everything(
    image: api.Image,
    amount: api.SignedFraction = 0.25,
    radius: api.Pixels = 12.0,
    steps: Annotated[int, api.Number(1, 9)] = 3,
    factor: Literal[1, 2, 4] = 2,
    mode: Literal["soft light", "hard light", "vivid light", "linear burn", "pin"] = "pin",
    invert: Annotated[bool, "Turn it round"] = False,
    tint: api.HexColour = "#ffaa00",
    caption: str = "hello",
    seed: api.Seed = 7,
) -> api.Image:
    """One parameter of every kind."""
    return image


DECLARATION = api.registered(everything).declaration


@pytest.fixture
def panel(qtbot):
    panel = FilterSettings(DECLARATION, (300, 200))
    qtbot.addWidget(panel)
    panel.show()
    return panel


def control(panel, name):
    return next(item for item in panel.controls if item.parameter.name == name)


def test_a_fresh_panel_holds_the_defaults(panel):
    assert panel.settings() == DECLARATION.settings()


def test_every_control_shows_and_gives_back_a_value(panel):
    other = {
        "amount": -0.5,
        "radius": 700.0,
        "steps": 9,
        "factor": 4,
        "mode": "vivid light",
        "invert": True,
        "tint": "#102030",
        "caption": "bye",
        "seed": 4_000_000_000,
    }
    panel.set_settings(other)
    assert panel.settings() == pytest.approx(other)
    panel.reset()
    assert panel.settings() == DECLARATION.settings()


def test_the_slider_shows_one_range_and_the_field_takes_the_other(panel):
    radius = control(panel, "radius")
    radius.slider.setValue(radius.slider.maximum())
    assert radius.value() == 50.0
    radius.field.setValue(900.0)
    assert radius.value() == 900.0
    radius.field.setValue(5000.0)
    assert radius.value() == 1000.0


def test_a_change_asks_for_a_preview_once_the_hand_rests(panel, qtbot):
    with qtbot.waitSignal(panel.preview_wanted, timeout=2000):
        pass
    asked = []
    panel.preview_wanted.connect(lambda: asked.append(1))
    for position in range(0, 100, 5):
        control(panel, "amount").slider.setValue(position)
    qtbot.waitUntil(lambda: bool(asked), timeout=2000)
    qtbot.wait(300)
    assert len(asked) == 1


def test_a_double_click_on_a_title_resets_that_parameter(panel, qtbot):
    amount = control(panel, "amount")
    amount.field.setValue(-1.0)
    qtbot.mouseDClick(amount.title, Qt.MouseButton.LeftButton)
    assert amount.value() == 0.25


def test_real_keys_and_clicks_change_values(panel, qtbot):
    factor = control(panel, "factor")
    qtbot.mouseClick(factor.buttons[2], Qt.MouseButton.LeftButton)
    assert factor.value() == 4
    steps = control(panel, "steps")
    qtbot.keyClick(steps.slider, Qt.Key.Key_Right)
    assert steps.value() == 4
    box = control(panel, "invert").box
    qtbot.keyClick(box, Qt.Key.Key_Space)
    assert control(panel, "invert").value() is True


def test_a_colour_and_a_seed_that_make_no_sense_are_put_back(panel, qtbot):
    for name, text in (("tint", "reddish"), ("seed", "-4")):
        item = control(panel, name)
        before = item.value()
        item.line.setText(text)
        item.line.editingFinished.emit()
        assert item.value() == before
        assert item.line.text() == str(before)


def test_a_die_rolls_another_seed(panel, qtbot):
    seed = control(panel, "seed")
    qtbot.mouseClick(seed.roll, Qt.MouseButton.LeftButton)
    assert seed.value() != 7


def test_the_size_of_the_result_is_told(panel):
    assert "600 × 400 px" in panel.outcome.text()
    control(panel, "factor").buttons[0].click()
    assert not panel.outcome.isVisible()


def test_return_applies_and_escape_leaves(panel, qtbot):
    panel.setFocus()
    with qtbot.waitSignal(panel.apply_wanted):
        qtbot.keyClick(panel, Qt.Key.Key_Return)
    with qtbot.waitSignal(panel.closed):
        qtbot.keyClick(panel, Qt.Key.Key_Escape)


def test_hostile_names_are_shown_as_plain_text(qtbot):
    evil = api.Declaration("a.b", "<b>Bold</b>\u202e\n" * 99, "C", "<img src=x>", plugin="p")
    panel = FilterSettings(evil, (10, 10))
    qtbot.addWidget(panel)
    listed = FilterList()
    qtbot.addWidget(listed)
    listed.show_filters([evil])
    shown = listed.list.item(1).text()
    assert "<b>" in shown
    assert "\u202e" not in shown
    assert len(shown) <= 400


def test_the_list_of_filters_narrows_while_typing(qtbot):
    listed = FilterList()
    qtbot.addWidget(listed)
    filters = [api.Declaration(f"a.{n}", n, "Test", "") for n in ("Blur", "Denoise", "Deblur")]
    listed.show_filters(filters)
    assert listed.list.count() == 4
    listed.show()
    qtbot.keyClicks(listed.search, "blur")
    assert [listed.list.item(row).text() for row in (0, 1)] == ["Blur", "Deblur"]
    with qtbot.waitSignal(listed.chosen) as chosen:
        qtbot.keyClick(listed.search, Qt.Key.Key_Return)
    assert chosen.args[0].title == "Blur"
    listed.search.setText("zzz")
    assert "No filter matches" in listed.note.text()


def test_a_title_is_found_before_what_only_a_description_says(qtbot):
    listed = FilterList()
    qtbot.addWidget(listed)
    contrast = api.Declaration("a.contrast", "Contrast", "Light", "By bending curves.")
    listed.show_filters([contrast, api.Declaration("a.curves", "Curves", "Light", "")])
    listed.search.setText("curves")
    assert [listed.list.item(row).text() for row in range(listed.list.count())] == ["Curves"]
    listed.search.setText("bending")
    assert [listed.list.item(row).text() for row in range(listed.list.count())] == ["Contrast"]


def test_a_panel_says_the_first_paragraph_and_its_tip_the_rest(qtbot):
    told = api.Declaration("a.b", "Bend", "Light", "Bend the tones.\n\ny = f(x), after Smith.")
    panel = FilterSettings(told, (10, 10))
    qtbot.addWidget(panel)
    texts = {x.text(): x.toolTip() for x in panel.findChildren(QLabel)}
    assert "after Smith" in texts["Bend the tones."]


@api.filter("Measuring", category="Test")
def measuring(
    image: api.Image,
    automatic: bool = True,
    level: Annotated[float, api.Number(0, 100, step=0.5), api.Unless("automatic")] = 15.0,
) -> api.Image:
    """A level that counts while it is not measured."""
    return image


@pytest.fixture
def measured(qtbot):
    panel = FilterSettings(api.registered(measuring).declaration, (300, 200))
    qtbot.addWidget(panel)
    panel.show()
    return panel


def test_what_does_not_count_cannot_be_set(measured):
    level = control(measured, "level")
    assert not level.slider.isEnabled()
    assert not level.field.isEnabled()
    control(measured, "automatic").box.click()
    assert level.slider.isEnabled()
    assert level.field.isEnabled()
    measured.reset()
    assert not level.slider.isEnabled()


def test_taking_what_was_measured_makes_it_count(measured, qtbot):
    level = control(measured, "level")
    level.show_found(24.5)
    qtbot.mouseClick(level.found, Qt.MouseButton.LeftButton)
    assert measured.settings() == {"automatic": False, "level": 24.5}
    assert level.slider.isEnabled()
