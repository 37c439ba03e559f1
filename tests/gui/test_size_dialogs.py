"""The dialogs for the size of a picture and of its canvas: linked fields, and sentences."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from safelight.actions.watermark import watermark
from safelight.document import Document, Metadata, edits
from safelight.document.commands import reshape_commands
from safelight.gui.dialogs.command_dialog import CommandDialog
from safelight.gui.dialogs.size_dialogs import CanvasDialog, ResizeDialog
from safelight.pixels import Raster

DOCUMENT = Document.from_raster(Raster.filled(400, 300, (90, 120, 60), "uint8"))


@pytest.fixture
def asked(qtbot):
    """Ask with a dialog; its list of what was chosen."""

    def ask(kind, document=DOCUMENT):
        command = edits.resize if kind is ResizeDialog else reshape_commands.canvas_size
        dialog = kind(command, {}, {}, document=document)
        qtbot.addWidget(dialog)
        chosen = []
        dialog.chosen.connect(chosen.append)
        dialog.open()
        return dialog, chosen

    return ask


def type_in(dialog, **values):
    for name, value in values.items():
        dialog.sides.fields[name].setValue(value)


def choose_unit(dialog, name):
    dialog.sides.units.setCurrentIndex(["px", "percent", "cm", "in"].index(name))


def test_the_other_side_follows_and_is_left_to_the_picture(asked):
    dialog, chosen = asked(ResizeDialog)
    type_in(dialog, height=150)
    assert dialog.sides.fields["width"].value() == 200
    assert "200 × 150 px" in dialog.outcome.text()
    dialog.confirm.click()
    assert chosen[0] == {
        **{"width": 0, "height": 150, "unit": "px", "dpi": 0},
        **{"linear": False, "method": "lanczos"},
    }
    made = edits.resize(**chosen[0]).apply(DOCUMENT)
    assert (made.width, made.height) == (200, 150)


def test_a_size_shown_in_another_unit_is_the_same_size(asked):
    known = replace(DOCUMENT, metadata=Metadata(dpi=(100.0, 100.0)))
    dialog, chosen = asked(ResizeDialog, known)
    for unit, width, height in (
        ("in", 4, 3),
        ("cm", 10.16, 7.62),
        ("percent", 100, 100),
        ("px", 400, 300),
    ):
        choose_unit(dialog, unit)
        fields = dialog.sides.fields
        assert (fields["width"].value(), fields["height"].value()) == (width, height)
        assert "400 × 300 px" in dialog.outcome.text()
    choose_unit(dialog, "cm")
    type_in(dialog, width=5.08)
    assert "200 × 150 px" in dialog.outcome.text()
    dialog.sides.dots.setValue(300)  # as large a print, of more pixels
    assert "600 × 450 px" in dialog.outcome.text()
    assert "5.1 × 3.8 cm" in dialog.outcome.text()
    dialog.confirm.click()
    made = edits.resize(**chosen[0]).apply(known)
    assert (made.width, made.height, made.metadata.dpi) == (600, 450, (300, 300))


def test_a_shape_that_is_not_kept_takes_both_sides(asked):
    dialog, chosen = asked(ResizeDialog)
    dialog.sides.linked.setChecked(False)
    choose_unit(dialog, "percent")
    type_in(dialog, width=50, height=200)
    dialog.controls["method"].choose("nearest")
    dialog.controls["linear"].choose(True)
    dialog.confirm.click()
    assert (chosen[0]["method"], chosen[0]["linear"]) == ("nearest", True)
    made = edits.resize(**chosen[0]).apply(DOCUMENT)
    assert (made.width, made.height) == (200, 600)


def test_without_new_pixels_only_the_print_becomes_another(asked):
    dialog, chosen = asked(ResizeDialog)
    type_in(dialog, width=50)
    dialog.resamples.setChecked(False)
    assert not dialog.sides.fields["width"].isEnabled()
    dialog.sides.dots.setValue(200)
    assert "400 × 300 px" in dialog.outcome.text()
    assert "printed 5.1 × 3.8 cm" in dialog.outcome.text()
    dialog.confirm.click()
    assert chosen == [{"dpi": 200}]


@pytest.mark.parametrize(
    ("width", "said"), [(0, "cannot be"), (100_000, "more than the 500 million")]
)
def test_a_size_that_cannot_be_is_said_while_the_dialog_is_there(asked, width, said):
    dialog, chosen = asked(ResizeDialog)
    type_in(dialog, width=width)
    assert said in dialog.outcome.text()
    dialog.confirm.click()
    assert (dialog.isVisible(), chosen) == (True, [])


def test_a_canvas_has_nine_anchors_and_a_colour_that_counts_where_it_is_asked_for(asked):
    dialog, chosen = asked(CanvasDialog)
    assert len(dialog.anchors.buttons()) == 9
    dialog.anchors.buttons()[8].click()
    assert not dialog.controls["colour"].title.isEnabled()
    dialog.controls["fill"].choose("colour")
    assert dialog.controls["colour"].title.isEnabled()
    type_in(dialog, width=500)
    assert "500 × 300 px" in dialog.outcome.text()
    dialog.confirm.click()
    assert chosen[0]["anchor"] == "bottom_right"
    assert (chosen[0]["width"], chosen[0]["height"]) == (500, 0)
    made = reshape_commands.canvas_size(**chosen[0]).apply(DOCUMENT)
    assert (made.width, made.height, made.layers[-1].name) == (500, 300, "Canvas")


def test_a_border_is_stated_as_what_is_added(asked):
    dialog, chosen = asked(CanvasDialog)
    dialog.relative.setChecked(True)
    assert dialog.sides.fields["width"].value() == 0
    choose_unit(dialog, "percent")
    type_in(dialog, width=10, height=10)
    dialog.confirm.click()
    made = reshape_commands.canvas_size(**chosen[0]).apply(DOCUMENT)
    assert (made.width, made.height) == (440, 330)
    dialog, chosen = asked(CanvasDialog)
    type_in(dialog, width=2_000_000)
    assert dialog.sides.fields["width"].value() == 1_000_000
    choose_unit(dialog, "percent")
    type_in(dialog, width=900_000)
    assert "cannot be" in dialog.outcome.text()
    type_in(dialog, width=0)
    assert "holds nothing" in dialog.outcome.text()
    dialog.confirm.click()
    assert (dialog.isVisible(), chosen) == (True, [])


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("resize", "ResizeDialog"),
        ("canvas_size", "CanvasDialog"),
        ("rotate", "CommandDialog"),
        ("trim", "CommandDialog"),
    ],
)
def test_the_menu_asks_with_the_dialog_of_the_command(opened, window, line, kind):
    window.deeds[line].trigger()
    dialog = next(x for x in window.findChildren(ResizeDialog.__base__) if x.isVisible())
    assert type(dialog).__name__ == kind
    assert dialog.document is opened.session.document
    dialog.reject()
    assert len(opened.session.history.steps) == 1


def test_return_in_a_field_is_the_dialogs_own_button(asked, qtbot):
    dialog, chosen = asked(CanvasDialog)
    qtbot.waitUntil(dialog.isActiveWindow)
    field = dialog.sides.fields["width"]
    field.setFocus()
    field.lineEdit().setText("600")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert [told["width"] for told in chosen] == [600]


@pytest.mark.parametrize("kind", [ResizeDialog, CanvasDialog])
def test_on_a_low_screen_no_field_is_squeezed(asked, kind):
    dialog, _ = asked(kind)
    dialog.resize(dialog.width(), 200)
    dialog.layout().activate()
    fields = [*dialog.sides.fields.values(), dialog.sides.units, dialog.sides.dots]
    assert [x for x in fields if x.height() < x.sizeHint().height()] == []


def test_what_is_typed_comes_to_the_first_field_be_it_for_words_or_a_number(qtbot):
    for command, first in ((watermark, "text"), (edits.grow_selection, "by")):
        dialog = CommandDialog(command, {"layer": ""}, {})
        qtbot.addWidget(dialog)
        dialog.open()
        field = dialog.focusWidget()
        assert dialog.controls[first].isAncestorOf(field)
        qtbot.keyClicks(field, "7")
        chosen = []
        dialog.chosen.connect(chosen.append)
        dialog.confirm.click()
        assert chosen[0][first] in ("7", 7)
