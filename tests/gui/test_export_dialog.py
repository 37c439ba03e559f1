"""The export dialog: offers what a format holds, and never replaces a file by surprise."""

import threading

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox

from safelight import actions, api
from safelight.actions import Presets
from safelight.document import Document
from safelight.gui.export.export_dialog import ExportDialog
from safelight.gui.widgets.scrolling_rows import ScrollingRows
from safelight.gui.widgets.theme import CANVAS
from safelight.pixels import Raster, from_float, to_float
from tests.gui.conftest import photograph, wheel
from tests.gui.test_nothing_is_cut import cut, settle


@pytest.fixture
def make(qtbot, tmp_path):
    def dialog(depth="uint8", source="photo.png", channels=3):
        pixels = photograph(60, 80)
        if channels == 4:
            pixels = np.dstack([pixels, pixels[..., :1]])
        raster = Raster.from_array(from_float(to_float(pixels), depth))
        made = ExportDialog(Document.from_raster(raster), tmp_path / source)
        qtbot.addWidget(made)
        made.show()
        return made

    return dialog


def finish(dialog, qtbot):
    with qtbot.waitSignal(dialog.accepted, timeout=20000):
        qtbot.mouseClick(dialog.export, Qt.MouseButton.LeftButton)
    return dialog.exported


def test_it_proposes_a_new_name_beside_the_photograph(make, tmp_path):
    (tmp_path / "photo-edited.png").write_bytes(b"")
    assert make().path.text() == str(tmp_path / "photo-edited-2.png")
    assert make(source="photo.jpg", channels=4).path.text() == str(tmp_path / "photo-edited-2.png")


def test_it_exports_what_was_chosen(make, tmp_path, qtbot):
    dialog = make()
    dialog.format.setCurrentText("JPEG")
    dialog.quality.setValue(70)
    exported = finish(dialog, qtbot)
    assert exported.path == tmp_path / "photo-edited.jpg"
    assert Image.open(exported.path).size == (80, 60)


def test_the_ending_follows_the_format_and_the_format_the_ending(make):
    dialog = make()
    dialog.format.setCurrentText("TIFF")
    assert dialog.path.text().endswith(".tif")
    dialog.path.setText("/tmp/a.webp")
    assert dialog.format.currentText() == "WebP"
    assert dialog.lossless.isVisible()


@pytest.mark.parametrize(
    ("depth", "format", "choices", "chosen"),
    [
        ("uint8", "PNG", ["8-bit (as opened)", "16-bit"], 8),
        ("uint16", "PNG", ["8-bit", "16-bit (as opened)"], 16),
        ("uint16", "JPEG", ["8-bit"], 8),
        ("float32", "TIFF", ["8-bit", "16-bit", "32-bit float (as opened)"], 32),
        ("float32", "PNG", ["8-bit", "16-bit"], 16),
    ],
)
def test_it_offers_the_depths_a_format_holds(make, depth, format, choices, chosen):
    dialog = make(depth)
    dialog.bits.clear()
    dialog.format.setCurrentText("WebP")
    dialog.format.setCurrentText(format)
    assert [dialog.bits.itemText(row) for row in range(dialog.bits.count())] == choices
    fresh = make(depth, source=f"new.{format.lower()}")
    fresh.format.setCurrentText(format)
    assert dialog.options().depth in (8, chosen)
    assert fresh.options().format == format


def test_an_existing_file_needs_a_button_that_says_replace(make, tmp_path, qtbot):
    there = tmp_path / "there.png"
    there.write_bytes(b"mine")
    dialog = make()
    dialog.path.setText(str(there))
    assert dialog.export.text() == "Replace"
    assert "exists already" in dialog.note.text()
    finish(dialog, qtbot)
    assert Image.open(there).size == (80, 60)


def test_a_file_that_appears_meanwhile_is_not_replaced(make, tmp_path, qtbot):
    there = tmp_path / "there.png"
    dialog = make()
    dialog.path.setText(str(there))
    there.write_bytes(b"mine")
    qtbot.mouseClick(dialog.export, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not dialog.busy.isVisible(), timeout=20000)
    assert dialog.isVisible()
    assert "exists" in dialog.note.text()
    assert there.read_bytes() == b"mine"
    assert dialog.export.text() == "Replace"


def test_a_folder_that_is_not_there_is_a_sentence(make, tmp_path, qtbot):
    dialog = make()
    dialog.path.setText(str(tmp_path / "nowhere" / "a.png"))
    qtbot.mouseClick(dialog.export, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "does not exist" in dialog.note.text(), timeout=20000)
    assert dialog.isVisible()


@pytest.mark.parametrize(("word", "what"), [("partly", "made part of it"), ("wholly", "made it")])
def test_what_a_generator_has_made_is_said_beforehand_and_in_the_file(qtbot, tmp_path, word, what):
    raster = Raster.from_array(photograph(60, 80))
    document = Document.from_raster(raster, synthetic=word)
    dialog = ExportDialog(document, tmp_path / "photo.png", formats=[SHEEP])
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.format.setCurrentText("Sheep")
    assert dialog.mark.text() == f"This format cannot say that a generator {what}."
    dialog.format.setCurrentText("JPEG")
    assert dialog.mark.isVisible()
    assert dialog.mark.text() == f"The file will say that a generator {what}."
    dialog.metadata.setCurrentText("Nothing")
    exported = finish(dialog, qtbot)
    assert actions.open_picture(exported.path).document.synthetic == word


def test_of_a_photograph_nothing_is_said(make):
    dialog = make()
    assert not dialog.mark.isVisible()


SHEEP = api.Format(
    id="farm.write_sheep",
    title="Sheep",
    kind="exporter",
    suffixes=(".sheep", ".ram"),
    depths=("uint16", "float32"),
    alpha=False,
    plugin="farm",
)


@pytest.fixture
def on_the_farm(qtbot, tmp_path):
    """A dialog that knows plugins' formats."""

    def dialog(source, formats, channels=3):
        pixels = photograph(60, 80)
        if channels == 4:
            pixels = np.dstack([pixels, pixels[..., :1]])
        document = Document.from_raster(Raster.from_array(pixels))
        made = ExportDialog(document, tmp_path / source, formats=formats)
        qtbot.addWidget(made)
        made.show()
        return made

    return dialog


def test_a_plugins_format_is_offered_with_what_it_holds(on_the_farm):
    dialog = on_the_farm("photo.png", [SHEEP])
    dialog.format.setCurrentText("Sheep")
    assert dialog.path.text().endswith("photo-edited.sheep")
    assert [dialog.bits.itemText(row) for row in range(2)] == ["16-bit", "32-bit float"]
    assert dialog.options().format == "farm.write_sheep"
    assert not dialog.metadata.isVisible()
    assert not dialog.quality.isVisible()
    dialog.path.setText("/tmp/a.jpg")
    assert dialog.format.currentText() == "JPEG"
    assert dialog.metadata.isVisible()
    dialog.path.setText("/tmp/a.RAM")
    assert dialog.format.currentText() == "Sheep"


def test_a_plugins_format_is_asked_for_its_quality_and_its_options(on_the_farm):
    told = [
        {"name": "quality", "kind": "integer", "default": 60, "minimum": 1, "maximum": 100},
        {"name": "woolly", "title": "Woolly", "kind": "flag", "default": False},
    ]
    dialog = on_the_farm("photo.png", [api.Format.from_json(SHEEP.to_json() | {"options": told})])
    dialog.format.setCurrentText("Sheep")
    assert dialog.quality.isVisible()
    assert dialog.quality.value() == 60
    dialog.quality.setValue(35)
    dialog.controls["Sheep", "woolly"].choose(True)
    assert dialog.options().settings == {"quality": 35, "woolly": True}


def test_what_was_opened_by_a_plugin_is_proposed_in_its_format(on_the_farm):
    assert on_the_farm("a.sheep", [SHEEP]).path.text().endswith("a-edited.sheep")
    assert on_the_farm("a.sheep", []).path.text().endswith("a-edited.jpg")
    assert on_the_farm("a.sheep", [SHEEP], channels=4).path.text().endswith("a-edited.png")


def test_formats_of_one_title_say_whose_they_are(on_the_farm):
    other = api.Format.from_json(SHEEP.to_json() | {"id": "x.write", "plugin": "x"})
    false = api.Format.from_json(SHEEP.to_json() | {"id": "y.write", "plugin": "y", "title": "PNG"})
    reader = api.Format.from_json(SHEEP.to_json() | {"kind": "importer"})
    dialog = on_the_farm("a.png", [SHEEP, reader, other, false])
    names = [dialog.format.itemText(row) for row in range(dialog.format.count())]
    assert names == [*(x.name for x in actions.exported_formats()), "Sheep", "Sheep (x)", "PNG (y)"]
    assert dialog.format.currentText() == "PNG"
    dialog.format.setCurrentText("Sheep (x)")
    assert dialog.options().format == "x.write"


def test_the_options_of_a_format_are_those_it_declares(make, tmp_path, qtbot):
    dialog = make()
    for codec in actions.exported_formats():
        dialog.format.setCurrentText(codec.name)
        shown = {name for (_, name), control in dialog.controls.items() if control.isVisible()}
        shown |= {"quality"} if dialog.quality.isVisible() else set()
        shown |= {"lossless"} if dialog.lossless.isVisible() else set()
        assert shown == {option.name for option in codec.options}
        assert codec.settings(dialog.options().settings) == codec.settings({})
    dialog.format.setCurrentText("PNG")
    dialog.controls["PNG", "compression"].choose(0)
    assert finish(dialog, qtbot).bytes > 80 * 60 * 3  # as large as the pixels: not compressed


def test_the_dialog_exports_layers_where_the_format_holds_them(make, tmp_path, qtbot):
    dialog = make()
    dialog.format.setCurrentText("OpenRaster")
    assert dialog.target().suffix == ".ora"
    document = actions.open_picture(finish(dialog, qtbot).path).document
    assert [layer.name for layer in document.layers] == [x.name for x in dialog._document.layers]


@pytest.mark.parametrize("title", ["Portable FloatMap", "Small picture"])
def test_a_plugins_format_is_previewed_as_its_file_will_be(qtbot, tmp_path, title):
    document = Document.from_raster(Raster.from_array(photograph(60, 80)))
    with actions.Studio("cpu") as studio:
        formats = [item.format for item in studio.exporters()]
        dialog = ExportDialog(document, tmp_path / "photo.png", studio=studio, formats=formats)
        qtbot.addWidget(dialog)
        dialog.show()
        dialog.format.setCurrentText(title)
        qtbot.waitUntil(lambda: dialog.preview.bytes is not None, timeout=60_000)
        known = dialog.preview.bytes
        after = dialog.preview.view.image.pixelColor(40, 30).getRgb()[:3]
        exported = finish(dialog, qtbot)
    assert exported.path.stat().st_size == known
    assert np.abs(np.subtract(after, photograph(60, 80)[30, 40])).max() < 40


def test_the_preview_shows_the_very_file_and_says_how_large_it_is(make, qtbot):
    dialog = make()
    dialog.format.setCurrentText("JPEG")
    dialog.quality.setValue(30)
    qtbot.waitUntil(lambda: dialog.preview.bytes is not None)
    known = dialog.preview.bytes
    around = dialog.preview.view.grab().toImage().pixelColor(1, 1)
    assert around.name() == CANVAS  # the photograph is the brightest thing
    exported = finish(dialog, qtbot)
    assert known == exported.bytes
    assert dialog.preview.view.image.size().toTuple() == (80, 60)
    shown = dialog.preview.view.image.pixelColor(40, 30).getRgb()[:3]
    assert shown == Image.open(exported.path).getpixel((40, 30))


def test_the_button_held_shows_the_picture_before_it_was_compressed(make, qtbot):
    dialog = make()
    dialog.format.setCurrentText("JPEG")
    dialog.quality.setValue(1)
    qtbot.waitUntil(lambda: dialog.preview.bytes is not None)
    after = dialog.preview.view.image.copy()
    dialog.preview.original.pressed.emit()
    before = dialog.preview.view.image.copy()
    assert before.pixelColor(40, 30).getRgb()[:3] == tuple(photograph(60, 80)[30, 40])
    assert before != after
    dialog.preview.original.released.emit()
    assert dialog.preview.view.image == after


def test_a_change_while_the_preview_is_made_gives_up_what_is_under_way(make, qtbot, monkeypatch):
    held, begun, real = threading.Event(), [], actions.encoded

    def slow(content, options, hear, exporters):
        begun.append(options.settings.get("quality"))
        assert held.wait(120)
        return real(content, options, hear, exporters)

    monkeypatch.setattr(actions, "encoded", slow)
    dialog = make()
    dialog.format.setCurrentText("JPEG")
    dialog.quality.setValue(30)
    qtbot.waitUntil(lambda: bool(begun))
    dialog.quality.setValue(60)  # the window goes on meanwhile
    held.set()
    qtbot.waitUntil(lambda: dialog.preview.bytes is not None)
    assert begun[-1] == 60
    assert finish(dialog, qtbot).bytes == dialog.preview.bytes


def test_the_preview_makes_way_for_the_export_and_goes_on_where_that_fails(
    make, qtbot, monkeypatch
):
    begun, given_up, real = [], threading.Event(), actions.encoded

    def endless(content, options, hear, exporters):
        begun.append(threading.get_ident())
        if len(begun) > 1:
            return real(content, options, hear, exporters)
        try:
            while True:
                hear(0.0)
        finally:
            given_up.set()

    def full(*_, **__):
        assert given_up.wait(60)
        raise actions.ExportError("the disk is full")

    monkeypatch.setattr(actions, "encoded", endless)
    monkeypatch.setattr(actions, "export", full)
    dialog = make()
    qtbot.waitUntil(lambda: bool(begun))
    qtbot.mouseClick(dialog.export, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "disk is full" in dialog.note.text(), timeout=60000)
    qtbot.waitUntil(lambda: dialog.preview.bytes is not None, timeout=60000)


def test_an_export_can_be_cancelled_and_nothing_is_left(make, tmp_path, qtbot, monkeypatch):
    held, begun, real = threading.Event(), threading.Event(), actions.export

    def slow(*given, hear, **told):
        def heard(done):
            begun.set()
            assert held.wait(120)
            hear(done)

        return real(*given, hear=heard, **told)

    monkeypatch.setattr(actions, "export", slow)
    dialog = make()
    qtbot.mouseClick(dialog.export, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(begun.is_set)
    dialog.reject()
    assert dialog.isVisible()
    held.set()
    qtbot.waitUntil(lambda: not dialog.busy.isVisible())
    assert dialog.isVisible()
    assert "nothing was written" in dialog.note.text()
    assert list(tmp_path.iterdir()) == []
    assert finish(dialog, qtbot).path.is_file()


def test_a_preset_fills_the_dialog_and_what_is_chosen_becomes_one(
    make, qtbot, monkeypatch, tmp_path
):
    monkeypatch.setattr(actions, "Presets", lambda: Presets(tmp_path / "kept" / "exports.json"))
    dialog = make()
    dialog.presets.list.setCurrentIndex(1)
    dialog.presets.list.activated.emit(1)
    web = next(iter(actions.Presets().all().values()))
    assert dialog.options().settings["quality"] == 85
    assert dialog.options().resize == "longest"
    assert dialog.options().profile == web.profile
    assert dialog.options().metadata == "without location"
    dialog.finishes["size"].choose(33.0)
    chosen = dialog.options()
    dialog.presets.keep_as("Mine")
    assert dialog.presets.list.currentText() == "Mine"
    again = make()
    again.presets.list.setCurrentIndex(again.presets.list.findData("Mine"))
    again.presets.list.activated.emit(0)
    assert again.options() == chosen
    assert Image.open(finish(again, qtbot).path).size == (33, 25)
    dialog.presets.forget.click()
    assert actions.Presets().saved() == {}


@pytest.mark.parametrize("room", [(1366, 720), (683, 340)])
def test_nothing_of_the_dialog_is_cut_off(make, qtbot, room):
    dialog = make()
    dialog.resize(*room)
    for name in (codec.name for codec in actions.exported_formats()):
        dialog.format.setCurrentText(name)
        dialog.finishes["resize"].choose("longest")
        dialog.finishes["sharpen"].choose("print")
        settle(qtbot)
        assert dialog.size().toTuple() == room
        assert not cut(dialog)
        for area in dialog.findChildren(ScrollingRows):
            assert area.viewport().width() >= area.widget().minimumSizeHint().width()


def test_intent_and_black_point_are_asked_where_colours_are_converted(make):
    dialog = make()
    assert not dialog.finishes["intent"].isVisible()
    place = dialog.profile.findText("Adobe RGB")
    dialog.profile.setCurrentIndex(place)
    assert dialog.finishes["intent"].isVisible()
    assert dialog.finishes["black_point"].isVisible()
    dialog.finishes["intent"].choose("perceptual")
    dialog.finishes["black_point"].choose(False)
    assert dialog.options().profile == actions.profile_of("adobe rgb")
    assert (dialog.options().intent, dialog.options().black_point) == ("perceptual", False)


def test_a_preset_that_was_saved_has_another_name(make, monkeypatch, tmp_path):
    monkeypatch.setattr(actions, "Presets", lambda: Presets(tmp_path / "kept" / "exports.json"))
    dialog = make()
    dialog.presets.keep_as("Mine")
    assert dialog.presets.rename.isEnabled()
    dialog.presets.rename_to("Ours")
    assert dialog.presets.list.currentText() == "Ours"
    assert list(actions.Presets().saved()) == ["Ours"]
    dialog.presets.keep_as("Third")
    dialog.presets.rename_to("Ours")
    assert "There is a preset Ours already" in dialog.note.text()
    assert list(actions.Presets().saved()) == ["Ours", "Third"]
    dialog.presets.list.setCurrentIndex(1)
    dialog.presets.list.activated.emit(1)
    assert not dialog.presets.rename.isEnabled()  # what is built in stays


def test_layers_are_not_sharpened_and_nobody_is_asked(make):
    dialog = make()
    for name, flat in (("JPEG", True), ("OpenRaster", False), ("Photoshop", False), ("PNG", True)):
        dialog.format.setCurrentText(name)
        assert dialog.finishes["sharpen"].isVisible() == flat


def test_the_wheel_scrolls_the_rows_and_chooses_nothing_that_it_passes_over(make, qtbot):
    dialog = make("uint16")
    dialog.resize(dialog.minimumSizeHint().width(), 300)
    dialog.format.setCurrentText("JPEG")
    area = dialog.findChild(ScrollingRows)
    settle(qtbot)
    before = dialog.options()
    fields = area.findChildren(QComboBox) + area.findChildren(QAbstractSpinBox)
    shown = [field for field in fields if field.isVisible()]
    assert len(shown) > 5
    assert area.verticalScrollBar().maximum() > 0
    for field in shown:
        area.verticalScrollBar().setValue(0)
        wheel(field, QPoint(5, 5), -1)
        assert area.verticalScrollBar().value() > 0
    assert dialog.options() == before
