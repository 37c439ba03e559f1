"""The retouching brushes: a hand clones, heals, paints, dodges and burns, a stroke a step."""

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt

from safelight.document import DECLARED, Layer, edits, render
from safelight.document.placement import Place
from safelight.document.strokes import retouch
from safelight.document.strokes.laid_pixels import LAYER
from safelight.gui.canvas.tools import pixel_brush
from safelight.pixels import Raster
from tests.gui.conftest import open_in, photograph
from tests.gui.test_brush import ALT, NONE, has_keyboard, stroke

LEFT, CONTROL = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def opened(window, tmp_path, qtbot):
    """A photograph of 400 x 300 pixels at 100 %."""
    Image.fromarray(photograph(300, 400)).save(tmp_path / "sea.png")
    opened = open_in(window, tmp_path / "sea.png", qtbot)
    opened.canvas.zoom_to(1.0)
    qtbot.waitUntil(lambda: opened.canvas.finished)
    return opened


def take(opened, name, **options):
    opened.canvas.take(name)
    for option, value in {"size": 30, "hardness": 100, **options}.items():
        opened.canvas.tool.set(option, value)
    return opened.canvas


def at(canvas, x, y):
    place = canvas.view.to_widget(x, y, (canvas.width(), canvas.height()))
    return QPoint(*(round(value) for value in place))


def labels(opened):
    return [step.label for step in opened.session.history.steps]


def pixels(opened):
    document = opened.session.document
    return render(document, document.region)[..., :3]


def test_a_clone_says_first_where_from_and_each_stroke_is_one_step(opened, qtbot):
    canvas, before = take(opened, "clone"), pixels(opened)
    stroke(canvas, qtbot, (200, 150))
    assert "press Ctrl and click where to take from" in opened.messages.label.text()
    qtbot.mouseClick(canvas, LEFT, CONTROL, at(canvas, 100, 100))
    assert labels(opened) == ["Open"]
    stroke(canvas, qtbot, (200, 150), (230, 150), (260, 160))
    stroke(canvas, qtbot, (200, 200))
    assert labels(opened) == ["Open", "Clone stamp", "Clone stamp"]
    after = pixels(opened)
    assert np.array_equal(after[145:156, 195:240], before[95:106, 95:140])
    assert np.array_equal(after[195:206, 195:206], before[145:156, 95:106])  # aligned
    assert [layer.name for layer in opened.session.document.layers] == ["Background", LAYER]
    recorded = opened.session.history.steps[1].record
    assert recorded.settings["points"].count(";") >= 2
    opened.session.undo()
    opened.session.undo()
    assert np.array_equal(pixels(opened), before)


def test_strokes_that_are_not_aligned_begin_each_where_they_take_from(opened, qtbot):
    canvas, before = take(opened, "clone", aligned=False), pixels(opened)
    qtbot.mouseClick(canvas, LEFT, ALT, at(canvas, 100, 100))
    for place in ((200, 150), (300, 200)):
        stroke(canvas, qtbot, place)
        x, y = place
        assert np.array_equal(pixels(opened)[y - 5 : y + 6, x - 5 : x + 6], before[95:106, 95:106])


def test_a_clone_takes_from_the_layer_that_was_active_at_the_click(opened, qtbot):
    red = Layer("Red", Raster.filled(400, 300, (255, 0, 0, 255), "uint8"))
    opened.session.do(edits.add_layer(red))
    canvas = take(opened, "clone", sample="one_layer")
    qtbot.mouseClick(canvas, LEFT, CONTROL, at(canvas, 100, 100))
    opened.session.do(edits.set_visible(layer="Red", visible=False))
    opened.session.activate(opened.session.document.layers[0].id)
    stroke(canvas, qtbot, (200, 150), (230, 150))
    assert (pixels(opened)[150, 195:235] == (255, 0, 0)).all()
    assert opened.session.history.steps[-1].record.settings["source"] == red.id


@pytest.mark.parametrize("name", ["clone", "heal"])
def test_a_clone_takes_from_another_photograph_of_the_window(opened, window, tmp_path, qtbot, name):
    sky = np.clip(photograph(200, 300).astype(int) // 2 + 90, 0, 255).astype("uint8")
    Image.fromarray(sky).save(tmp_path / "sky.png")
    other = open_in(window, tmp_path / "sky.png", qtbot)
    canvas = take(other, name)
    canvas.zoom_to(1.0)
    qtbot.mouseClick(canvas, LEFT, CONTROL, at(canvas, 120, 100))
    window.tabs.setCurrentWidget(opened)
    canvas, before = take(opened, name), pixels(opened)
    assert opened.options.target.text() == "Takes from another photograph"
    stroke(canvas, qtbot, (200, 150), (210, 150))
    qtbot.waitUntil(lambda: len(labels(opened)) == 2 and opened.session.idle)
    made, there = pixels(opened)[145:156, 195:216], sky[95:106, 115:136]
    assert np.array_equal(made, there) == (name == "clone")
    assert opened.session.history.steps[-1].record is None
    if name == "heal":
        light = made.astype(float).mean() - before[145:156, 195:216].mean()
        assert abs(light) < abs(there.astype(float).mean() - before[145:156, 195:216].mean()) / 2


@pytest.mark.parametrize("at_once", [0, 1 << 20], ids=["on a thread", "at once"])
def test_strokes_healed_one_right_after_the_other_are_all_there(
    opened, qtbot, monkeypatch, at_once
):
    monkeypatch.setattr(retouch, "AT_ONCE", at_once)
    canvas = take(opened, "heal")
    qtbot.mouseClick(canvas, LEFT, ALT, at(canvas, 60, 60))
    for x in (150, 250, 350):
        stroke(canvas, qtbot, (x, 200), (x, 215))
    qtbot.waitUntil(lambda: labels(opened) == ["Open", "Heal", "Heal", "Heal"])
    qtbot.waitUntil(lambda: opened.session.idle)
    alpha = opened.session.layer.raster.to_array()[..., 3]
    assert (alpha[200:216, [150, 250, 350]] == 255).all()


def test_paint_lays_its_colour_and_alt_erases_it(opened, qtbot):
    canvas, before = take(opened, "paint", colour="#ff8000"), pixels(opened)
    stroke(canvas, qtbot, (200, 150), (240, 150))
    assert (pixels(opened)[150, 195:245] == (255, 128, 0)).all()
    stroke(canvas, qtbot, (200, 150), (240, 150), keys=ALT)
    assert np.array_equal(pixels(opened)[150, 190:250], before[150, 190:250])
    assert labels(opened) == ["Open", "Paint", "Erase pixels"]


def test_a_pencil_lays_whole_pixels_of_its_size(opened, qtbot):
    canvas = opened.canvas
    canvas.take("pencil")
    canvas.tool.set("colour", "#ff8000")
    canvas.zoom_to(4.0)
    for size, place in ((1, (200, 150)), (2, (200, 160)), (3, (200, 170))):
        canvas.tool.set("size", size)
        stroke(canvas, qtbot, place)
    alpha = opened.session.layer.raster.to_array()[..., 3]
    assert set(np.unique(alpha)) == {0, 255}
    assert [int((alpha[y : y + 10] > 0).sum()) for y in (145, 155, 165)] == [1, 4, 9]
    canvas.tool.set("size", 1)
    stroke(canvas, qtbot, (180, 140), (210, 152))
    assert labels(opened)[-1] == "Pencil"
    line = opened.session.layer.raster.to_array()[..., 3] > 0
    assert line[139:154, 181:209].any(axis=0).all()
    settings = opened.session.history.steps[-1].record.settings
    assert settings["pencil"]


def test_alt_does_the_opposite_of_dodge(opened, qtbot):
    canvas, before = take(opened, "touch_up"), pixels(opened)
    has_keyboard(canvas, qtbot)
    for keys in (NONE, ALT):
        stroke(canvas, qtbot, (100 + 100 * (keys == ALT), 150), keys=keys)
    change = pixels(opened).astype(int) - before
    assert change[150, 100].sum() > 0 > change[150, 200].sum()
    assert labels(opened) == ["Open", "Dodge", "Burn"]


def test_on_a_layer_without_pixels_a_sentence_says_so(opened, qtbot):
    canvas = take(opened, "paint", own_layer=False)
    opened.session.do(edits.add_fill_layer())
    stroke(canvas, qtbot, (200, 150))
    assert "holds no pixels" in opened.messages.label.text()


def test_a_brush_of_ten_thousand_pixels_paints_or_says_why_not(opened, qtbot, monkeypatch):
    canvas = take(opened, "paint", size=10_000)
    assert opened.options.controls["size"].field.value() == 10_000
    monkeypatch.setattr(pixel_brush, "_MOST_AT_ONCE", 300 * 300)
    stroke(canvas, qtbot, (200, 150))
    assert "10,000 px would take seconds" in opened.messages.label.text()
    assert labels(opened) == ["Open"]
    monkeypatch.undo()  # this picture is small enough
    stroke(canvas, qtbot, (200, 150))
    assert not pixels(opened).any()
    take(opened, "brush", size=10_000)
    stroke(canvas, qtbot, (200, 150))
    assert opened.session.document.selection.to_array().all()


def test_a_gradients_handles_and_options_change_the_mask_in_the_same_step(opened, qtbot):
    canvas = opened.canvas
    canvas.take("gradient")
    layer = opened.session.document.layers[0].id
    stroke(canvas, qtbot, (20, 30), (60, 30))
    qtbot.waitUntil(lambda: opened.session.document.layer(layer).mask is not None)

    def row():
        return opened.session.document.layer(layer).mask.to_array()[30, :, 0]

    assert row()[19] == 255
    assert row()[61] == 0
    stroke(canvas, qtbot, (60, 30), (100, 30))
    qtbot.waitUntil(lambda: row()[90] > 0)
    canvas.tool.set("inverted", True)
    qtbot.waitUntil(lambda: row()[5] == 0)
    assert len(opened.session.history.steps) == 2
    settings = dict(opened.session.history.steps[1].record.settings)
    assert settings["inverted"]
    assert abs(settings["to_x"] - 100) <= 1
    canvas.take("hand")
    assert not canvas.tools["gradient"].handles
    canvas.take("gradient")  # what the mask was made with is there to be pulled again
    stroke(canvas, qtbot, (20, 30), (120, 30))
    qtbot.waitUntil(lambda: row()[100] == 0)
    assert row()[199] == 255
    assert len(opened.session.history.steps) == 3


def test_a_press_fills_and_another_colour_fills_the_same_anew(opened, qtbot):
    canvas, before = opened.canvas, pixels(opened)
    canvas.take("fill")
    canvas.tool.set("tolerance", 255)
    for colour, seen in (("#ff0000", (255, 0, 0)), ("#0000ff", (0, 0, 255))):
        canvas.tool.set("colour", colour)
        if seen[0]:
            qtbot.mouseClick(canvas, LEFT, NONE, at(canvas, 40, 40))
        qtbot.waitUntil(lambda seen=seen: (pixels(opened)[40, 40, :3] == seen).all())
    assert len(opened.session.history.steps) == 2
    opened.session.undo()
    assert (pixels(opened)[..., :3] == before[..., :3]).all()


def test_a_drag_smudges_and_is_one_step_that_can_be_done_again(opened, qtbot):
    canvas, before = take(opened, "smudge", strength=80), opened.session.document
    stroke(canvas, qtbot, (100, 150), (140, 150), (200, 150))
    assert labels(opened) == ["Open", "Smudge"]
    record = opened.session.history.steps[1].record
    again = DECLARED[record.id](**record.settings).apply(before)
    assert np.array_equal(render(again, again.region)[..., :3], pixels(opened))


def test_a_patch_is_drawn_around_a_flaw_and_dragged_to_what_covers_it(opened, qtbot):
    canvas, before = opened.canvas, pixels(opened)
    canvas.take("patch")
    assert opened.options.target.text() == "Drag around what is to be mended"
    stroke(canvas, qtbot, (190, 140), (210, 140), (210, 160), (190, 160))
    qtbot.waitUntil(lambda: opened.session.idle)
    assert opened.session.document.selection is not None
    assert opened.options.target.text() == "Drag what is selected to what is to cover it"
    stroke(canvas, qtbot, (200, 150), (150, 130), (120, 110))
    qtbot.waitUntil(lambda: labels(opened) == ["Open", "Select", "Patch"])
    qtbot.waitUntil(lambda: opened.session.idle)
    settings = opened.session.history.steps[2].record.settings
    assert (settings["x"], settings["y"]) == (-80, -40)
    assert (pixels(opened)[145:155, 195:205] != before[145:155, 195:205]).any()
    stroke(canvas, qtbot, (40, 40), (60, 40), (60, 60))  # outside: another flaw
    qtbot.waitUntil(lambda: labels(opened) == ["Open", "Select", "Patch", "Select"])


def test_a_click_mends_a_red_eye_and_elsewhere_says_that_there_is_none(opened, qtbot):
    canvas = take(opened, "red_eye", size=60)
    red = Raster.from_array(np.full((20, 20, 4), (200, 30, 30, 255), np.uint8))
    layer = Layer("Pupil", red, place=Place.offset(190, 140))
    opened.session.do(edits.add_layer(layer))
    opened.session.activate(opened.session.document.layers[0].id)
    opened.session.do(edits.merge_down(layer=layer.id))
    qtbot.waitUntil(lambda: opened.session.idle)
    qtbot.mouseClick(canvas, LEFT, NONE, at(canvas, 204, 156))
    qtbot.waitUntil(lambda: labels(opened)[-1] == "Red eye")
    assert np.ptp(pixels(opened)[150, 200].astype(int)) <= 1
    qtbot.mouseClick(canvas, LEFT, NONE, at(canvas, 60, 60))
    qtbot.waitUntil(lambda: "no red pupil" in opened.messages.label.text())


def test_a_drag_liquifies_the_layer_a_stroke_a_step_and_alt_brings_it_back(opened, qtbot):
    canvas, before = take(opened, "liquify", size=120, strength=100), pixels(opened)
    document = opened.session.document
    has_keyboard(canvas, qtbot)
    way = [(150 + 5 * n, 150) for n in range(12)]
    stroke(canvas, qtbot, *way)
    pushed = pixels(opened)
    assert (pushed != before).any()
    stroke(canvas, qtbot, *way)
    assert labels(opened) == ["Open", "Liquify: push", "Liquify: push"]
    record = opened.session.history.steps[1].record
    again = DECLARED[record.id](**record.settings).apply(document)
    assert np.array_equal(render(again, again.region)[..., :3], pushed)
    opened.session.undo()
    assert np.array_equal(pixels(opened), pushed)
    stroke(canvas, qtbot, *way, keys=ALT)
    assert labels(opened)[-1] == "Liquify: restore"
    assert (
        np.abs(pixels(opened).astype(int) - before).mean()
        < np.abs(pushed.astype(int) - before).mean()
    )
