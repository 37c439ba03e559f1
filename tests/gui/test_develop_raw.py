"""Raw files in the window: asked about, developed, developed again, remembered, skipped."""

import json

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QPushButton

from safelight import actions
from safelight.document import History
from safelight.gui.open_and_save.develop_dialog import DevelopDialog
from safelight.gui.open_and_save.develop_raw import is_silent, last_settings
from safelight.gui.open_and_save.raw_draft import Draft
from safelight.gui.open_and_save.samples_and_recent_files import settings
from tests import rawfiles

MODEL = {"make": "Canon", "model": "Canon EOS 5D Mark III", "lens": "EF24-70mm f/2.8L II USM"}
CAMERA = "Canon EOS 5D Mark III"


@pytest.fixture(autouse=True)
def _no_camera_is_remembered():
    settings().remove("develop")
    yield
    settings().remove("develop")


@pytest.fixture
def raw_file(tmp_path):
    path = tmp_path / "one.dng"
    path.write_bytes(rawfiles.dng_file(rawfiles.sensor_light(rawfiles.chart(), 0.5), **MODEL))
    return path


def asked(window, qtbot):
    """The dialog that asks how a raw file is developed, once the lens has been looked for."""
    asking = window.context.opening.asking
    qtbot.waitUntil(lambda: asking.dialog is not None)
    qtbot.waitUntil(lambda: "Looking" not in asking.dialog.lens.text())
    return asking.dialog


def said(workspace):
    return workspace.messages.label.text()


def in_tab(window, qtbot, count=1):
    qtbot.waitUntil(lambda: len(window.workspaces()) == count)
    return window.workspace()


def pixels(workspace):
    return workspace.session.document.layers[0].raster.to_array()


def test_a_raw_file_is_asked_about_and_opens_with_what_is_chosen(window, raw_file, qtbot):
    window.open(raw_file)
    dialog = asked(window, qtbot)
    assert dialog.view.place().width() > 0
    assert [x.text() for x in dialog.findChildren(QPushButton) if x.isDefault()] == ["Open"]
    dialog.controls["exposure"].choose(-1.0)
    dialog.accept()
    workspace = in_tab(window, qtbot)
    document = workspace.session.document
    assert (document.depth, document.profile.name) == ("uint16", "ProPhoto RGB (ROMM)")
    developed = document.layers[0].developed
    assert (developed.path, developed.settings["exposure"]) == (str(raw_file), -1.0)
    expected = actions.open_picture(raw_file, told={"exposure": -1.0}).document
    assert np.array_equal(pixels(workspace), expected.layers[0].raster.to_array())


def test_a_raw_file_that_is_cancelled_is_not_opened(window, raw_file, qtbot):
    window.open(raw_file)
    asked(window, qtbot).reject()
    qtbot.waitUntil(lambda: window.context.opening.count == 0)
    assert not window.workspaces()
    assert window.context.opening.asking.dialog is None


def test_the_draft_follows_what_is_set(window, raw_file, qtbot):
    window.open(raw_file)
    dialog = asked(window, qtbot)
    shown = []
    show = dialog.view.show_pixels
    dialog.view.show_pixels = lambda found: (shown.append(found.mean()), show(found))
    for value in (0.0, 1.0, -1.0):
        dialog.controls["exposure"].choose(value)
        dialog.show_draft()
    assert shown[-2] > shown[0] > shown[-1]
    dialog.reject()


def test_temperature_and_tint_tell_the_light_and_moving_them_is_custom(window, raw_file, qtbot):
    window.open(raw_file)
    dialog = asked(window, qtbot)
    assert dialog.controls["temperature"].value() == pytest.approx(6505, abs=10)  # D65
    dialog.controls["white_balance"].choose("tungsten")
    assert dialog.controls["temperature"].value() == 2850
    dialog.controls["tint"].choose(12.0)
    assert dialog.controls["white_balance"].value() == "custom"
    assert dialog.controls["temperature"].value() == 2850
    dialog.reject()


def test_a_click_on_what_should_be_grey_makes_it_grey(qtbot, tmp_path):
    """The light is a lamp's; the second square is grey."""
    x, y = 0.4476, 0.4074  # CIE illuminant A
    white = np.array([x / y, 1, (1 - x - y) / y])
    light = rawfiles.sensor_light(rawfiles.chart(), 0.5, white)
    path = tmp_path / "lamp.dng"
    path.write_bytes(rawfiles.dng_file(light))
    dialog = DevelopDialog(Draft(actions.sketch_raw(path)), "lamp.dng", {})
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.show_draft()
    before = dialog.draft.pixels(dialog.settings())
    assert np.ptp(rawfiles.middles(before, 16)[1]) > 30
    dialog.picker.setChecked(True)
    place = dialog.view.place()
    at = place.topLeft() + QPoint(place.width() * 3 // 8, place.height() // 6)
    qtbot.mouseClick(dialog.view, Qt.MouseButton.LeftButton, pos=at)
    assert dialog.controls["white_balance"].value() == "custom"
    assert dialog.controls["temperature"].value() == pytest.approx(2856, abs=60)
    after = rawfiles.middles(dialog.draft.pixels(dialog.settings()), 16)
    assert np.ptp(after[:4], axis=1).max() <= 2
    assert not dialog.picker.isChecked()


def test_a_place_too_dark_to_tell_the_light_by_is_said_to_be(qtbot, tmp_path):
    path = tmp_path / "night.dng"
    path.write_bytes(rawfiles.dng_file(np.zeros((64, 64, 3))))
    dialog = DevelopDialog(Draft(actions.sketch_raw(path)), "night.dng", {})
    qtbot.addWidget(dialog)
    dialog.view.picked.emit(0.5, 0.5)
    assert "too dark or too bright" in dialog.trouble.text()
    assert dialog.controls["white_balance"].value() == "as shot"


def test_a_camera_remembers_and_can_be_skipped_and_asked_about_again(
    window, raw_file, qtbot, tmp_path
):
    window.open(raw_file)
    dialog = asked(window, qtbot)
    dialog.controls["white_balance"].choose("shade")
    dialog.silent.setChecked(True)
    dialog.accept()
    in_tab(window, qtbot)
    assert last_settings(CAMERA)["white_balance"] == "shade"
    assert last_settings("Another camera") == {}
    other = tmp_path / "two.dng"
    other.write_bytes(raw_file.read_bytes())
    window.open(other)
    workspace = in_tab(window, qtbot, 2)
    assert workspace.session.document.layers[0].developed.settings["white_balance"] == "shade"
    assert is_silent(CAMERA)
    window.deeds["ask how to develop"].trigger()
    assert not is_silent(CAMERA)


def test_several_files_are_asked_about_one_by_one_or_all_at_once(window, raw_file, qtbot, tmp_path):
    others = [tmp_path / f"{name}.dng" for name in ("two", "three")]
    for path in others:
        path.write_bytes(raw_file.read_bytes())
    for path in (raw_file, *others):
        window.open(path)
    asking = window.context.opening.asking
    qtbot.waitUntil(lambda: asking.dialog is not None and len(asking._waiting) == 2)
    asking.dialog.controls["exposure"].choose(0.5)
    asking.dialog.reject()  # the first is not wanted
    qtbot.waitUntil(lambda: asking.dialog is not None)
    assert not asking.dialog.all.isHidden()
    asking.dialog.controls["exposure"].choose(0.5)
    asking.dialog.all.setChecked(True)
    asking.dialog.accept()
    in_tab(window, qtbot, 2)
    assert asking.dialog is None
    for workspace in window.workspaces():
        assert workspace.session.document.layers[0].developed.settings["exposure"] == 0.5


@pytest.fixture
def developed(window, raw_file, qtbot):
    window.open(raw_file)
    asked(window, qtbot).accept()
    return in_tab(window, qtbot)


def develop_again(window, workspace, qtbot):
    window.deeds["develop again"].trigger()
    found = []

    def there():
        found[:] = [x for x in window.findChildren(DevelopDialog) if x.isVisible()]
        return bool(found)

    qtbot.waitUntil(there)
    return found[0]


def test_a_layer_is_developed_again_and_that_can_be_undone(window, developed, raw_file, qtbot):
    before = pixels(developed)
    dialog = develop_again(window, developed, qtbot)
    assert dialog.windowTitle() == "Develop again: one.dng"
    dialog.controls["white_balance"].choose("cloudy")
    dialog.accept()
    session = developed.session
    qtbot.waitUntil(lambda: session.history.can_undo)
    expected = actions.open_picture(raw_file, told={"white_balance": "cloudy"}).document
    assert np.array_equal(pixels(developed), expected.layers[0].raster.to_array())
    assert session.document.layers[0].developed.settings["white_balance"] == "cloudy"
    session.undo()
    assert np.array_equal(pixels(developed), before)
    assert session.document.layers[0].developed.settings["white_balance"] == "as shot"


def test_only_what_was_developed_can_be_developed_again(window, opened):
    assert not window.deeds["develop again"].isEnabled()


def test_a_raw_file_that_is_gone_or_another_is_a_sentence_and_pixels_stay(
    window, developed, raw_file, qtbot
):
    before = pixels(developed)
    raw_file.write_bytes(raw_file.read_bytes() + b"more")
    window.deeds["develop again"].trigger()
    qtbot.waitUntil(lambda: "is another file now" in said(developed))
    raw_file.unlink()
    window.deeds["develop again"].trigger()
    qtbot.waitUntil(lambda: "any more. Put it back" in said(developed))
    assert np.array_equal(pixels(developed), before)
    assert not developed.session.history.can_undo


def test_a_project_remembers_the_development_and_may_keep_the_file(
    window, raw_file, qtbot, tmp_path
):
    window.open(raw_file)
    dialog = asked(window, qtbot)
    dialog.controls["exposure"].choose(0.7)
    dialog.keep.setChecked(True)
    dialog.accept()
    workspace = in_tab(window, qtbot)
    data = raw_file.read_bytes()
    path = tmp_path / "kept.safelight"
    actions.Project.create(path, workspace.session.history).close()
    raw_file.unlink()
    project, history = actions.Project.open(path)
    held = history.document.layers[0].developed
    assert held == workspace.session.document.layers[0].developed
    assert (held.file, held.settings["exposure"]) == (data, 0.7)
    layer, notes = actions.developed_again(
        history.document, history.document.layers[0].id, actions.raw_bytes(held), {"exposure": 0.0}
    )
    assert not notes
    assert layer.raster.digest() != history.document.layers[0].raster.digest()
    project.close()


def test_enter_opens_wherever_the_hand_is(window, raw_file, qtbot):
    window.open(raw_file)
    dialog = asked(window, qtbot)
    qtbot.mouseClick(dialog.auto, Qt.MouseButton.LeftButton)
    dialog.controls["temperature"].setFocus()
    qtbot.mouseClick(dialog.view, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    assert [x.text() for x in dialog.findChildren(QPushButton) if x.isDefault()] == ["Open"]
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    in_tab(window, qtbot)


def test_a_project_of_before_there_was_a_tone_keeps_its_linear_light(raw_file):
    from safelight.files.project.document_from_json import from_json
    from safelight.files.project.document_to_json import to_json

    rasters, parts = {}, {}

    def keep(raster):
        rasters[raster.digest().hex()] = raster
        return raster.digest().hex()

    def keep_bytes(data):
        parts[str(len(parts))] = data
        return str(len(parts) - 1)

    document = actions.open_picture(raw_file).document
    told = json.loads(to_json(document, keep, keep_bytes))
    assert told["layers"][0]["developed"]["settings"].pop("tone") == "photograph"
    found = rasters.__getitem__, parts.__getitem__
    again = from_json(json.dumps(told), *found, lambda _, make: make(), None)
    assert again.layers[0].developed.settings["tone"] == "linear"


def test_auto_finds_an_exposure_that_can_be_changed(window, qtbot, tmp_path):
    path = tmp_path / "dark.dng"
    path.write_bytes(rawfiles.dng_file(rawfiles.sensor_light(rawfiles.chart(), 0.05)))
    window.open(path)
    dialog = asked(window, qtbot)
    before = dialog.draft.pixels(dialog.settings()).mean()
    dialog.auto.click()
    assert dialog.controls["exposure"].value() > 1
    assert dialog.draft.pixels(dialog.settings()).mean() > 1.5 * before
    dialog.controls["exposure"].choose(0.5)
    assert dialog.settings()["exposure"] == 0.5
    dialog.reject()


def test_a_double_click_on_a_small_picture_develops_again_and_one_on_a_name_renames(
    window, developed, qtbot
):
    tree = developed.layers.tree
    row = tree.visualRect(tree.model().index(0, 0))
    picture = QPoint(tree.eye(tree.model().index(0, 0)).right() + 12, row.center().y())
    name = QPoint(
        tree.eye(tree.model().index(0, 0)).right() + tree.row_height + 20, row.center().y()
    )
    qtbot.mouseDClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=name)
    assert tree.state() == tree.State.EditingState
    qtbot.keyClick(tree.viewport().focusWidget() or tree, Qt.Key.Key_Escape)
    qtbot.mouseDClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=picture)
    shown = lambda: [x for x in window.findChildren(DevelopDialog) if x.isVisible()]  # noqa: E731
    qtbot.waitUntil(lambda: bool(shown()))
    shown()[0].reject()


def test_a_project_without_a_raw_file_says_nothing_of_one(tmp_path):
    """Projects of before open, and those of other pictures are written as they ever were."""
    from safelight.files.project.document_from_json import from_json
    from safelight.files.project.document_to_json import to_json
    from tests import pictures
    from tests.files.test_export import document_of

    document = document_of(pictures.quarters())
    rasters = {}

    def keep(raster):
        rasters[raster.digest().hex()] = raster
        return raster.digest().hex()

    text = to_json(document, keep, lambda data: "")
    assert "developed" not in json.loads(text)["layers"][0]
    again = from_json(text, rasters.__getitem__, lambda name: b"", lambda _, make: make(), None)
    assert again.layers[0].developed is None
    assert History.start(again).document.layers[0].raster.digest().hex() in rasters


def test_what_was_painted_since_is_warned_about_before_it_is_replaced(
    window, developed, raw_file, qtbot
):
    from safelight.document import edits
    from safelight.pixels import Raster

    session = developed.session
    layer = session.document.layers[0]
    session.do(edits.set_pixels(layer.id, Raster.filled(128, 96, (0, 0, 0), "uint16")))
    dialog = develop_again(window, developed, qtbot)
    assert any(
        "is replaced; Undo brings it back" in x.text()
        for x in dialog.findChildren(type(dialog.lens))
    )
    dialog.reject()


def test_a_resized_layer_goes_on_covering_what_it_covered(developed, raw_file):
    from safelight.document import DECLARED

    document = developed.session.document
    smaller = DECLARED["resize"](width=64, height=48).apply(document)
    layer = smaller.layers[0]
    again, _ = actions.developed_again(smaller, layer.id, raw_file.read_bytes(), {})
    assert (again.raster.width, again.raster.height) == (128, 96)
    corners = again.place.corners(128, 96)
    assert np.allclose(corners, layer.place.corners(64, 48))


def test_pixels_developed_again_are_in_the_documents_own_colours_and_depth(raw_file):
    from dataclasses import replace

    from safelight.pixels import SRGB, Raster, to_float

    document = actions.open_picture(raw_file).document
    held = document.layers[0]
    plain = replace(held, content=Raster.filled(128, 96, (0, 0, 0), "uint8"))
    other = replace(document, layers=(plain,), depth="uint8", profile=SRGB)
    again, _ = actions.developed_again(other, held.id, raw_file.read_bytes(), {})
    expected = document.profile.to_srgb(to_float(held.raster.to_array()))
    assert again.raster.depth == "uint8"
    assert np.abs(again.raster.to_array() / 255 - expected.clip(0, 1)).max() < 0.6 / 255
