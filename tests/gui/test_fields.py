"""Fields for numbers: what is typed is that number in every language, or is seen to be refused."""

import re
from pathlib import Path
from typing import Annotated

import numpy as np
import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import QApplication, QFormLayout

from safelight import api, gui
from safelight.api.parameters import parameter_of
from safelight.document import Document, edits
from safelight.gui.controls import control_for
from safelight.gui.controls.number_field import DecimalField, WholeField
from safelight.gui.dialogs.command_dialog import CommandDialog
from safelight.gui.dialogs.new_dialog import NewDialog
from safelight.gui.prints.print_dialog import PrintDialog
from safelight.gui.widgets.typed_number import typed_number
from safelight.pixels import Raster

LOCALES = ("de_DE", "fr_FR", "de_CH", "ar_EG", "fa_IR", "sv_SE", "en_US")
RETURN = Qt.Key.Key_Return


@pytest.fixture(params=LOCALES)
def language(request):
    """A session in one of the languages."""
    before = QLocale()
    QLocale.setDefault(QLocale(request.param))
    yield request.param
    QLocale.setDefault(before)


@pytest.fixture
def german():
    before = QLocale()
    QLocale.setDefault(QLocale("de_DE"))
    yield
    QLocale.setDefault(before)


def show(qtbot, field, low, high, value):
    field.setRange(low, high)
    field.setSuffix(" px")
    field.setValue(value)
    field.setKeyboardTracking(False)
    qtbot.addWidget(field)
    field.show()
    return field


def write(field, text):
    """Letter after letter, as an input method gives what no key of this keyboard has."""
    field.selectAll()
    for letter in text:
        field.lineEdit().insert(letter)


def paste(field, text):
    QApplication.clipboard().setText(text)
    field.selectAll()
    field.lineEdit().paste()


@pytest.mark.parametrize("enter", [write, paste])
@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0.5", 0.5),
        ("0,5", 0.5),
        ("1.234", 1.234),
        ("1,234", 1.234),
        ("-0,5", -0.5),
        ("\u22120.5", -0.5),
        ("\u061c-0.5", -0.5),
        (".5", 0.5),
        ("1234", 1234),
        ("\u0660\u066b\u0665", 0.5),  # Arabic
        ("\u06f1\u06f2", 12),  # Persian
        (" 2 ", 2),
    ],
)
def test_a_number_with_either_sign_is_that_number_in_every_language(
    language, qtbot, enter, text, number
):
    field = DecimalField()
    field.setDecimals(3)
    show(qtbot, field, -5000, 5000, 7)
    enter(field, text)
    qtbot.keyClick(field, RETURN)
    assert field.value() == number
    assert field.text() == f"{QLocale().toString(float(number), 'f', 3).replace(GROUP(), '')} px"


def GROUP():
    return QLocale().groupSeparator()


@pytest.mark.parametrize("enter", [write, paste])
@pytest.mark.parametrize(
    "text", ["1.234,5", "1,234.5", "1'234", "1 234", "1\u202f234", "99999", "1e3", "-", "--1"]
)
def test_what_is_no_number_of_the_field_is_seen_and_leaves_the_number_there_was(
    language, qtbot, enter, text
):
    field = DecimalField()
    field.setDecimals(3)
    show(qtbot, field, -5000, 5000, 7)
    told = []
    field.valueChanged.connect(told.append)
    enter(field, text)
    assert field.lineEdit().text() == f"{text} px"  # no key is left out: that made another number
    qtbot.keyClick(field, RETURN)
    assert field.value() == 7
    assert told == []


@pytest.mark.parametrize(
    ("text", "number"),
    [("12", 12), ("\u0661\u0662", 12), ("0.5", 7), ("2,0", 7), ("1.000", 7), ("1,000", 7)],
)
def test_a_whole_number_has_no_decimal_sign(language, qtbot, text, number):
    field = show(qtbot, WholeField(), 1, 5000, 7)
    write(field, text)
    qtbot.keyClick(field, RETURN)
    assert field.value() == number


def test_letters_of_tools_do_not_get_into_a_field(qtbot):
    field = show(qtbot, WholeField(), 1, 100, 7)
    write(field, "1b2")
    assert field.value() == 7
    assert field.lineEdit().text() == "12 px"


def test_a_number_out_of_range_is_refused_rather_than_cut_short(qtbot):
    field = show(qtbot, WholeField(), 0, 100, 7)
    write(field, "150")
    qtbot.keyClick(field, RETURN)
    assert field.value() == 7
    write(field, "-5")
    qtbot.keyClick(field, RETURN)
    assert field.value() == 7


def test_the_control_of_a_filter_takes_the_other_sign(german, qtbot):
    control = control_for(parameter_of("it", Annotated[float, api.Number(0, 10, step=0.01)], 1.0))
    qtbot.addWidget(control)
    control.show()
    write(control.field, "0.5")
    qtbot.keyClick(control.field, RETURN)
    assert control.value() == 0.5
    assert control.in_words(0.5) == "0,50"


def test_the_control_of_a_place_takes_the_other_sign(german, qtbot):
    control = control_for(parameter_of("it", api.Point, (0.25, 0.25)))
    qtbot.addWidget(control)
    control.show()
    write(control.fields[0], "12.5")
    qtbot.keyClick(control.fields[0], RETURN)
    assert control.value() == (0.125, 0.25)


def test_return_does_not_go_on_with_a_number_that_was_refused(qtbot):
    dialog = CommandDialog(edits.grow_selection, {}, {})
    qtbot.addWidget(dialog)
    chosen = []
    dialog.chosen.connect(chosen.append)
    dialog.open()
    field = dialog.controls["by"].field
    write(field, "2.5")
    assert not dialog.confirm.isEnabled()
    qtbot.keyClick(field, RETURN)
    assert dialog.isVisible()
    assert field.value() == 8
    write(field, "25")
    qtbot.keyClick(field, RETURN)
    assert chosen == [{"by": 25}]


def test_nothing_is_created_of_a_size_that_was_refused(qtbot):
    generator = type("Generator", (), {"title": "Any", "description": "Any."})()
    dialog = NewDialog([generator])
    qtbot.addWidget(dialog)
    dialog.show()
    write(dialog.width_field, "2.500")
    assert not dialog.confirm.isEnabled()
    write(dialog.width_field, "2500")
    assert dialog.confirm.isEnabled()
    assert dialog.sides[0] == 2500


def test_a_new_page_has_the_pixels_of_its_paper_until_sides_are_typed(qtbot):
    dialog = NewDialog([])
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.declaration is None
    assert dialog.colour.isVisible()
    dialog.paper.setCurrentText("A3")
    assert dialog.sides == (3508, 4961)
    dialog.lies.setCurrentText("Landscape")
    assert dialog.sides == (4961, 3508)
    write(dialog.dots, "150")
    assert dialog.sides == (2480, 1754)
    assert dialog.outcome.text().endswith("42.0 × 29.7 cm on paper")
    assert dialog.paper.currentText() == "A3"
    write(dialog.width_field, "1000")
    assert (dialog.sides, dialog.dpi) == ((1000, 1754), 150)
    assert dialog.paper.currentText() == "Other size"


def test_new_and_print_lay_out_their_forms_alike_and_return_does_what_the_bright_button_says(
    qtbot, monkeypatch
):
    generator = type("Generator", (), {"title": "Any", "description": "Any."})()
    new, prints = (
        NewDialog([generator]),
        PrintDialog(Document.from_raster(Raster.from_array(np.zeros((40, 60, 3), np.uint8))), None),
    )
    asked = []
    monkeypatch.setattr(PrintDialog, "_ask_for_printer", lambda dialog: asked.append("print"))
    prints.print.clicked.connect(lambda: asked.append("clicked"))
    new.accepted.connect(lambda: asked.append("create"))
    shapes = []
    for dialog in (new, prints):
        qtbot.addWidget(dialog)
        dialog.show()
        form = dialog.findChild(QFormLayout)
        spacing = form.horizontalSpacing(), form.verticalSpacing()
        shapes.append((*spacing, form.labelAlignment(), dialog.layout().contentsMargins()))
    assert shapes[0] == shapes[1]
    for field in (new.width_field, prints.margin):
        qtbot.keyClick(field, RETURN)
    assert "create" in asked
    assert "clicked" in asked


def test_every_field_for_a_number_is_one_of_these():
    folder = Path(gui.__file__).parent
    texts = {path: path.read_text("utf-8") for path in folder.rglob("*.py")}
    others = [
        path.name
        for path, text in texts.items()
        if re.search(r"\bQ(Double)?SpinBox\(|\bQInputDialog\.get(Int|Double)\b", text)
    ]
    assert others == []


@pytest.mark.parametrize("text", ["", ".", "-", "1.2.3", "1,2.3", "1 2", "one", "1e3", "0x10"])
def test_what_could_be_two_numbers_is_none(text):
    assert typed_number(text) is None


@pytest.fixture
def limited(qtbot):
    kind = Annotated[int, api.Number(0, 5000, unit="kB", lowest="No limit")]
    control = control_for(parameter_of("kilobytes", kind, 0))
    qtbot.addWidget(control)
    control.show()
    return control


def test_a_lowest_number_that_is_no_amount_is_shown_in_words(limited, qtbot):
    assert limited.field.text() == "No limit"
    assert limited.field.hasAcceptableInput()
    assert limited.in_words(0) == "No limit"
    assert limited.in_words(200) == "200 kB"
    limited.set_value(200)
    assert limited.field.text() == "200 kB"
    words = limited.field.fontMetrics().horizontalAdvance("No limit")
    assert limited.field.lineEdit().width() >= words


def test_words_for_a_number_give_way_to_what_is_typed(limited, qtbot):
    qtbot.mouseClick(limited.field.lineEdit(), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: limited.field.lineEdit().selectedText() == "No limit")
    qtbot.keyClicks(limited.field, "300")
    qtbot.keyClick(limited.field, RETURN)
    assert limited.value() == 300
    limited.field.selectAll()
    qtbot.keyClick(limited.field, Qt.Key.Key_Delete)
    qtbot.keyClick(limited.field, RETURN)
    assert (limited.value(), limited.field.text()) == (0, "No limit")


def test_words_for_the_lowest_number_are_told_on_the_command_line_too(limited):
    assert limited.parameter.range_text() == "0 to 5000 kB (0: no limit)"
