"""The brush and the eraser: hands paint on a mask, and see in red what is selected."""

import threading

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QInputDevice, QPointingDevice, QTabletEvent
from PySide6.QtWidgets import QApplication

from safelight.api import Region
from safelight.document import DECLARED, Layer, LiveFilter, edits
from safelight.gui.canvas.tools.round_brush import RoundBrush, Touch
from safelight.gui.dialogs.command_dialog import CommandDialog
from safelight.pixels import DAB, Raster, fused
from tests.gui.conftest import choose, open_in, photograph

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NONE, SHIFT, ALT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)


@pytest.fixture
def canvas(opened, qtbot):
    """The photograph, 400 x 300, at 100 %, and a hard brush of 20 pixels in hand."""
    canvas = opened.canvas
    canvas.take("brush")
    canvas.zoom_to(1.0)
    canvas.tools["brush"].brush.resize(20)
    canvas.tools["brush"].brush.hardness = 1.0
    canvas.tools["brush"].changed()
    qtbot.waitUntil(lambda: canvas.finished)
    return canvas


def has_keyboard(canvas, qtbot):
    """Wait until keys come to the canvas, and shortcuts to its window."""
    canvas.window().activateWindow()
    canvas.setFocus()
    qtbot.waitUntil(lambda: canvas.window().isActiveWindow() and canvas.hasFocus())


def at(canvas, x, y):
    """The widget's point over a point of the picture."""
    place = canvas.view.to_widget(x, y, (canvas.width(), canvas.height()))
    return QPoint(*(round(value) for value in place))


def stroke(canvas, qtbot, *points, keys=NONE, button=LEFT):
    places = [at(canvas, *point) for point in points]
    qtbot.mousePress(canvas, button, keys, places[0])
    for place in places[1:]:
        qtbot.mouseMove(canvas, place)
    qtbot.mouseRelease(canvas, button, keys, places[-1])


def selected(opened):
    selection = opened.session.document.selection
    return None if selection is None else selection.to_array()[..., 0]


def labels(opened):
    return [step.label for step in opened.session.history.steps]


def seen(canvas, qtbot, x, y):
    """The colour on the screen over a point of the picture: red, green, blue."""
    return painted(canvas, qtbot).pixelColor(at(canvas, x, y)).getRgb()[:3]


def painted(canvas, qtbot):
    """The canvas when all that is seen of it is as fine as it gets."""
    canvas.grab().toImage()
    qtbot.waitUntil(lambda: canvas.finished)
    return canvas.grab().toImage()


def test_a_stroke_selects_what_it_goes_over_and_is_one_step(canvas, opened, qtbot):
    stroke(canvas, qtbot, (100, 80), (200, 80), (200, 180))
    mask = selected(opened)
    assert mask[80, 95:205].min() == 255
    assert mask[80:185, 200].min() == 255
    assert mask[100:, :185].max() == 0
    assert labels(opened) == ["Open", "Brush"]
    opened.session.undo()
    assert selected(opened) is None


def test_the_step_of_a_stroke_says_all_of_its_path(canvas, opened, qtbot):
    start = opened.session.document
    stroke(canvas, qtbot, (50, 50), (90, 60), (130, 100))
    qtbot.waitUntil(lambda: not canvas.tool.brush.pressed)
    record = opened.session.history.steps[-1].record
    assert record.settings["points"].count(";") >= 2
    again = DECLARED[record.id](**record.settings).apply(start)
    assert np.array_equal(again.selection.to_array()[..., 0], selected(opened))


def test_a_click_is_a_dab_as_large_as_the_brush_at_any_zoom(canvas, opened, qtbot):
    canvas.zoom_to(3.0)
    stroke(canvas, qtbot, (200, 150))
    assert abs((selected(opened) > 127).sum() - np.pi * 10**2) < 12
    before = selected(opened).sum()
    canvas.zoom_to(0.5)
    stroke(canvas, qtbot, (60, 60))
    assert abs(int(selected(opened).sum()) - 2 * int(before)) < 255 * 6


def test_a_stroke_lies_under_the_hand_where_the_view_is_turned(canvas, opened, qtbot):
    canvas.rotate_to(30)
    stroke(canvas, qtbot, (150, 120))
    rows, columns = np.nonzero(selected(opened) > 127)
    assert abs(rows.mean() + 0.5 - 120) < 1
    assert abs(columns.mean() + 0.5 - 150) < 1


def test_the_eraser_takes_away_and_erasing_all_selects_nothing(canvas, opened, qtbot):
    stroke(canvas, qtbot, (100, 80), (200, 80))
    canvas.take("eraser")
    stroke(canvas, qtbot, (150, 80))
    assert selected(opened)[80, 145:155].max() == 0
    assert selected(opened)[80, 110] == 255
    canvas.tools["brush"].brush.resize(300)
    stroke(canvas, qtbot, (150, 80))
    assert selected(opened) is None
    stroke(canvas, qtbot, (150, 80))
    assert labels(opened) == ["Open", "Brush", "Eraser", "Eraser"]


def test_alt_turns_the_brush_into_the_eraser_and_back(canvas, opened, qtbot):
    stroke(canvas, qtbot, (100, 80), (200, 80))
    stroke(canvas, qtbot, (150, 80), keys=ALT)
    assert selected(opened)[80, 150] == 0
    canvas.take("eraser")
    stroke(canvas, qtbot, (150, 80), keys=ALT)
    assert selected(opened)[80, 150] == 255
    stroke(canvas, qtbot, (150, 80))
    assert selected(opened)[80, 150] == 0


def test_shift_draws_a_straight_line_from_the_end_of_the_last_stroke(canvas, opened, qtbot):
    stroke(canvas, qtbot, (100, 80), (120, 200))
    stroke(canvas, qtbot, (300, 200), keys=SHIFT)
    assert selected(opened)[200, 115:305].min() == 255
    assert selected(opened)[80, 130:].max() == 0


@pytest.mark.parametrize("button", [RIGHT, Qt.MouseButton.MiddleButton])
def test_other_buttons_paint_nothing_and_do_not_end_a_stroke(canvas, opened, qtbot, button):
    stroke(canvas, qtbot, (100, 80), (200, 80), button=button)
    assert selected(opened) is None
    canvas.fit()
    canvas.zoom_to(1.0)
    qtbot.mousePress(canvas, LEFT, pos=at(canvas, 100, 80))
    qtbot.mouseClick(canvas, button, pos=at(canvas, 120, 80))
    qtbot.mouseMove(canvas, at(canvas, 200, 80))
    qtbot.mouseRelease(canvas, LEFT, pos=at(canvas, 200, 80))
    assert selected(opened)[80, 100:200].min() == 255


def test_a_double_click_is_two_dabs_and_leaves_the_zoom_alone(canvas, opened, qtbot):
    place = at(canvas, 100, 80)
    qtbot.mouseClick(canvas, LEFT, pos=place)
    qtbot.mouseDClick(canvas, LEFT, pos=place)
    qtbot.mouseRelease(canvas, LEFT, pos=place)
    assert canvas.view.zoom == 1.0
    assert selected(opened)[80, 100] == 255
    assert not canvas.tools["brush"].brush.pressed


def test_space_moves_the_picture_while_the_brush_is_in_hand(canvas, opened, qtbot):
    canvas.zoom_to(4.0)
    before = canvas.view
    qtbot.keyPress(canvas, Qt.Key.Key_Space)
    stroke(canvas, qtbot, (200, 150), (210, 150))
    qtbot.keyRelease(canvas, Qt.Key.Key_Space)
    assert selected(opened) is None
    assert canvas.view.x < before.x


def test_what_is_selected_is_red_while_painting_or_when_that_is_wanted(
    canvas, opened, window, qtbot
):
    plain = seen(canvas, qtbot, 150, 80)
    stroke(canvas, qtbot, (150, 80))
    red = seen(canvas, qtbot, 150, 80)
    assert red[0] > plain[0] + 30
    assert red[1] < plain[1]
    untouched = seen(canvas, qtbot, 250, 200)
    canvas.take("hand")
    assert not canvas.tool.tints
    assert seen(canvas, qtbot, 150, 80)[2] == pytest.approx(plain[2], abs=2)
    assert seen(canvas, qtbot, 250, 200) == untouched  # an outline darkens nothing
    canvas.show_mask_overlay = True
    assert seen(canvas, qtbot, 150, 80) == red
    assert seen(canvas, qtbot, 250, 200) == untouched


def test_a_mask_is_seen_alone_in_white_grey_and_black(canvas, opened, qtbot):
    stroke(canvas, qtbot, (150, 80))
    canvas.take("hand")
    plain = seen(canvas, qtbot, 250, 200)
    canvas.show_mask_alone = True
    assert seen(canvas, qtbot, 150, 80) == (255, 255, 255)
    assert seen(canvas, qtbot, 250, 200) == (0, 0, 0)
    canvas.show_before(True)
    assert seen(canvas, qtbot, 250, 200) == plain
    canvas.show_before(False)
    canvas.show_mask_alone = False
    assert seen(canvas, qtbot, 250, 200) == plain
    masked_layer(opened)
    canvas.show_mask_alone = True
    assert [seen(canvas, qtbot, x, 150)[0] for x in (50, 300)] == [255, 0]


def test_a_layers_mask_is_judged_by_what_the_layer_does_and_red_only_where_asked_for(
    canvas, opened, qtbot
):
    masked_layer(opened)
    assert not canvas.tool.tints
    plain = seen(canvas, qtbot, 250, 150)
    stroke(canvas, qtbot, (250, 150))
    assert opened.session.document.layer("soft").mask.to_array()[150, 250, 0] == 255
    assert seen(canvas, qtbot, 250, 150)[0] == pytest.approx(plain[0], abs=2)
    canvas.show_mask_overlay = True
    assert seen(canvas, qtbot, 250, 150)[0] > plain[0] + 30


def test_a_dab_makes_anew_only_the_tiles_of_the_overlay_that_it_meets(window, tmp_path, qtbot):
    path = tmp_path / "wide.png"
    Image.fromarray(photograph(300, 1500)).save(path)
    opened = open_in(window, path, qtbot)
    canvas = opened.canvas
    canvas.take("brush")
    canvas.zoom_to(1.0)
    canvas.centre_on(512, 150)
    canvas.tools["brush"].brush.resize(20)
    stroke(canvas, qtbot, (400, 150), (620, 150))
    painted(canvas, qtbot)
    before = tiles_of_the_overlay(canvas)
    assert len(before) >= 2
    stroke(canvas, qtbot, (850, 180))
    painted(canvas, qtbot)
    after = tiles_of_the_overlay(canvas)
    same = {place for place in before if after.get(place) is before[place]}
    assert (0, 0, 0) in same
    assert (0, 0, 1) not in same


def tiles_of_the_overlay(canvas):
    """The ready images by level, row and column."""
    ready = canvas.scene.mask_tiles._ready
    return {key[1:]: image for key, image in ready.items() if key[0] == canvas.scene.tint._id}


def test_painting_renders_the_picture_no_more_than_before(canvas, opened, qtbot):
    before = canvas.scene.picture
    stroke(canvas, qtbot, (100, 80), (200, 80))
    assert canvas.scene.picture is before


def masked_layer(opened):
    """A filter layer, active, whose mask is white on the left."""
    mask = np.zeros((300, 400, 1), np.uint8)
    mask[:, :100] = 255
    layer = Layer("Soft", LiveFilter("soft", "Soft"), mask=Raster.from_array(mask), id="soft")
    opened.session.do(edits.add_layer(layer))
    return layer


def test_the_active_filter_layers_mask_is_painted_on_and_else_the_selection(canvas, opened, qtbot):
    assert opened.options.target.text() == "Paints on the selection"
    masked_layer(opened)
    assert opened.options.target.text() == "Paints on the mask of Soft"
    stroke(canvas, qtbot, (200, 150))
    document = opened.session.document
    assert document.selection is None
    assert document.layer("soft").mask.to_array()[150, 200, 0] == 255
    opened.session.activate(document.layers[0].id)
    stroke(canvas, qtbot, (300, 150))
    assert selected(opened)[150, 300] == 255
    assert selected(opened)[150, 200] == 0


def test_a_mask_of_a_pixel_layer_is_painted_on_too(canvas, opened, qtbot):
    layer = opened.session.document.layers[0]
    opened.session.do(edits.add_mask(layer=layer.id))
    assert opened.options.target.text() == f"Paints on the mask of {layer.name}"
    canvas.take("eraser")
    stroke(canvas, qtbot, (200, 150))
    document = opened.session.document
    assert document.selection is None
    mask = document.layers[0].mask.to_array()[..., 0]
    assert (mask[150, 200], mask[20, 20]) == (0, 255)


def test_the_eraser_takes_a_filter_away_where_it_goes_and_nothing_is_selected(
    canvas, opened, qtbot
):
    opened.session.do(edits.add_layer(Layer("Soft", LiveFilter("soft", "Soft"), id="soft")))
    assert opened.options.target.text() == "Paints on the selection"
    canvas.take("eraser")
    assert opened.options.target.text() == "Erases from the mask of Soft"
    stroke(canvas, qtbot, (200, 150), (220, 150))
    document = opened.session.document
    assert document.selection is None
    mask = document.layer("soft").mask.to_array()[..., 0]
    assert mask[150, 200:220].max() == 0
    assert mask[20, 20] == 255
    assert labels(opened)[-1] == "Eraser"
    opened.session.undo()
    assert opened.session.document.layer("soft").mask is None
    opened.session.do(edits.select_region(Region(100, 100, 200, 100)))
    assert opened.options.target.text() == "Erases from the selection"


def test_a_locked_layers_mask_stays_and_the_message_says_why(canvas, opened, qtbot):
    layer = masked_layer(opened)
    opened.session.do(edits.set_locked("soft", True))
    stroke(canvas, qtbot, (200, 150))
    assert opened.session.document.layer("soft").mask is layer.mask
    assert "Soft is locked" in opened.messages.label.text()


def test_keys_change_size_and_hardness_and_the_bar_shows_them(canvas, opened, window, qtbot):
    bar = opened.options
    has_keyboard(canvas, qtbot)
    assert bar.isVisible()
    assert (bar.controls["size"].field.value(), bar.controls["hardness"].field.value()) == (20, 100)
    qtbot.keyClick(canvas, "]")
    assert bar.controls["size"].field.value() == canvas.tools["brush"].brush.size == 24
    qtbot.keyClick(canvas, "[")
    assert bar.controls["size"].field.value() == 20
    qtbot.keyClick(canvas, "{")
    assert bar.controls["hardness"].field.value() == 75
    bar.controls["hardness"].field.setValue(60)
    qtbot.keyClick(canvas, "}")
    assert canvas.tools["brush"].brush.hardness == 0.75
    bar.controls["size"].slider.setValue(bar.controls["size"].slider.maximum())
    assert canvas.tools["brush"].brush.size == bar.controls["size"].field.value() == 1000
    canvas.take("hand")
    assert not bar.controls


def test_one_tool_is_in_hand_at_a_time_and_the_menu_shows_which(canvas, window, qtbot):
    actions = {action.text().replace("&", ""): action for action in window.findChildren(QAction)}
    has_keyboard(canvas, qtbot)
    for name, key in (("Eraser", "e"), ("Rectangle", "m"), ("Brush", "b")):
        qtbot.keyClick(canvas, key)
        qtbot.waitUntil(actions[name].isChecked)
        checked = [text for text in ("Rectangle", "Brush", "Eraser") if actions[text].isChecked()]
        assert checked == [name]


def tablet(canvas, kind, place, pressure, pointer=QPointingDevice.PointerType.Pen, tilt=0):
    device = QPointingDevice(
        *("pen", 1, QInputDevice.DeviceType.Stylus, pointer),
        *(QInputDevice.Capability.Position | QInputDevice.Capability.Pressure, 1, 3),
    )
    where, down = QPointF(place), kind != QEvent.Type.TabletRelease
    buttons = LEFT if down else Qt.MouseButton.NoButton
    button = Qt.MouseButton.NoButton if kind == QEvent.Type.TabletMove else LEFT
    event = QTabletEvent(
        *(kind, device, where, QPointF(canvas.mapToGlobal(place)), pressure),
        *(tilt, 0, 0, 0, 0, NONE, button, buttons),
    )
    QApplication.sendEvent(canvas, event)
    return event


def test_a_pens_pressure_scales_the_brush_and_its_other_end_erases(canvas, opened):
    press, move, release = (
        QEvent.Type.TabletPress,
        QEvent.Type.TabletMove,
        QEvent.Type.TabletRelease,
    )
    assert tablet(canvas, press, at(canvas, 100, 80), 0.2).isAccepted()
    tablet(canvas, move, at(canvas, 300, 80), 1.0)
    tablet(canvas, release, at(canvas, 300, 80), 0.0)
    thick = (selected(opened) > 127).sum(axis=0)
    assert thick[100] <= 6
    assert 18 <= thick[299] <= 22
    rubber = QPointingDevice.PointerType.Eraser
    tablet(canvas, press, at(canvas, 300, 80), 1.0, rubber)
    tablet(canvas, release, at(canvas, 300, 80), 0.0, rubber)
    assert selected(opened)[80, 300] == 0
    canvas.take("hand")
    assert not tablet(canvas, press, at(canvas, 100, 80), 0.2).isAccepted()


@pytest.mark.parametrize("what", ["opacity", "nothing"])
def test_a_pen_changes_what_the_options_say(canvas, opened, what):
    canvas.tool.set("pressure", what)
    for kind, x, pressure in (("Press", 100, 0.2), ("Move", 300, 1.0), ("Release", 300, 0.0)):
        tablet(canvas, QEvent.Type[f"Tablet{kind}"], at(canvas, x, 80), pressure)
    wide, strong = (selected(opened) > 0).sum(axis=0), selected(opened).max(axis=0)
    assert abs(int(wide[110]) - wide[290]) <= 2
    assert strong[290] > 240
    assert int(strong[110]) == pytest.approx(255 if what == "nothing" else 61, abs=3)


def test_a_pen_held_flat_paints_wider_where_that_is_wanted(canvas, opened):
    canvas.tool.set("tilt", "size")
    canvas.tool.set("pressure", "nothing")
    for x, tilt in ((100, 0), (200, 60)):
        for kind in ("Press", "Release"):
            tablet(canvas, QEvent.Type[f"Tablet{kind}"], at(canvas, x, 80), 1.0, tilt=tilt)
    wide = (selected(opened) > 127).sum(axis=0)
    assert [int(wide[x - 1 : x + 2].max()) for x in (100, 200)] == pytest.approx([10, 20], abs=1)


def test_a_fast_stroke_loses_no_point(canvas, opened, qtbot):
    leaves_out = Qt.ApplicationAttribute.AA_CompressHighFrequencyEvents
    canvas.tool.set("flow", 30)
    places = [at(canvas, 30 + n % 340, 30 + 7 * (n % 30)) for n in range(400)]
    qtbot.mousePress(canvas, LEFT, NONE, places[0])
    assert not QApplication.testAttribute(leaves_out)
    for place in places[1:]:  # none of which waits for what the window does meanwhile
        qtbot.mouseMove(canvas, place)
    qtbot.mouseRelease(canvas, LEFT, NONE, places[-1])
    assert QApplication.testAttribute(leaves_out)
    settings = opened.session.history.steps[1].record.settings
    assert settings["points"].count(";") == len(places) - 1
    opened.session.undo()
    again = DECLARED["paint_selection"](**settings).apply(opened.session.document)
    opened.session.redo()
    assert np.array_equal(again.selection.to_array()[..., 0], selected(opened))


def test_a_smoothed_stroke_trembles_less_and_ends_where_the_hand_does(canvas, opened, qtbot):
    canvas.tool.set("smoothing", 50)
    trembling = [(50 + x, 150 + 8 * (-1) ** n) for n, x in enumerate(range(0, 250, 5))]
    stroke(canvas, qtbot, *trembling)
    points = opened.session.history.steps[1].record.settings["points"].split(";")
    path = np.array([[float(number) for number in point.split(",")] for point in points])
    assert np.ptp(path[10:-1, 1]) < 2
    assert np.abs(path[-1, :2] - trembling[-1]).max() <= 1


def test_opacity_and_flow_of_a_brush_are_what_its_stroke_leaves(canvas, opened, qtbot):
    canvas.tool.set("opacity", 60)
    canvas.tool.set("flow", 40)
    for expected in (61, 98):  # 40 % of the way to 60 %, and 40 % of what is left
        stroke(canvas, qtbot, (100, 80))
        assert int(selected(opened)[80, 100]) == pytest.approx(expected, abs=1)


def applied(opened, qtbot):
    """Warmth on what is selected, as a layer; its strip."""
    session = opened.session
    declaration = session.studio.filter("warmth")
    session.jobs.apply(declaration, declaration.settings(), None)
    qtbot.waitUntil(lambda: opened.filters.held is not None and not session.busy, timeout=30000)
    return opened.filters.held.strip


def test_the_strip_grows_and_feathers_a_mask_and_the_overlay_shows_it(canvas, opened, qtbot):
    stroke(canvas, qtbot, (100, 150), (200, 150))
    strip = applied(opened, qtbot)
    mask = opened.session.layer.mask
    canvas.show_mask_overlay = True
    plain = seen(canvas, qtbot, 150, 175)
    strip.grow.field.setValue(20)
    assert opened.session.layer.filter.grow == 20
    grown = seen(canvas, qtbot, 150, 175)
    assert grown[0] > plain[0] + 30
    strip.feather.field.setValue(40)
    feathered = seen(canvas, qtbot, 150, 175)
    assert plain[0] < feathered[0] < grown[0]
    assert opened.session.layer.mask is mask
    assert labels(opened) == ["Open", "Brush", "Warmth", "Grow mask", "Feather mask"]
    opened.session.undo()
    assert strip.feather.value() == 0


def test_what_a_filter_is_tried_on_follows_the_brush(canvas, opened, qtbot):
    choose(opened.window(), "warmth")
    session = opened.session
    qtbot.waitUntil(lambda: session.previews.trial is not None, timeout=30000)
    assert session.previews.trial.layers[-1].mask is None
    stroke(canvas, qtbot, (100, 150), (200, 150))
    qtbot.waitUntil(lambda: session.previews.trial.layers[-1].mask is session.document.selection)
    assert session.document.selection is not None


def test_the_strip_offers_to_grow_and_feather_only_where_there_is_a_mask(opened, qtbot):
    strip = applied(opened, qtbot)
    own = (strip.grow, strip.feather, strip.remove_mask)
    assert not any(widget.isVisibleTo(strip) for widget in own)
    white = Raster.filled(400, 300, (255,), "uint8")
    opened.session.do(edits.set_mask(opened.session.active, white))
    assert all(widget.isVisibleTo(strip) for widget in own)


def test_a_slider_of_the_strip_is_one_step_however_far_it_is_dragged(canvas, opened, qtbot):
    stroke(canvas, qtbot, (100, 150))
    strip = applied(opened, qtbot)
    strip.feather.hold(True)
    for value in (10, 20, 30):
        strip.feather.slider.setValue(value)
    strip.feather.hold(False)
    assert labels(opened)[3:] == ["Feather mask"]


@pytest.mark.parametrize(("verb", "more"), [("Grow", 1), ("Shrink", -1), ("Feather", 0)])
def test_a_selection_is_grown_shrunk_and_feathered_by_as_much_as_is_asked_for(
    canvas, opened, window, qtbot, verb, more
):
    stroke(canvas, qtbot, (100, 150), (200, 150))
    wide = (selected(opened)[:, 150] > 127).sum()
    window.deeds[f"{verb.lower()}_selection"].trigger()
    dialog = next(x for x in window.findChildren(CommandDialog) if x.isVisible())
    dialog.controls["by"].field.setValue(4)
    dialog.accept()
    qtbot.waitUntil(lambda: labels(opened)[-1] == f"{verb} selection")
    column = selected(opened)[:, 150]
    assert abs((column > 127).sum() - (wide + 8 * more)) <= 1
    assert bool(((column > 20) & (column < 100)).any()) == (verb == "Feather")


def test_where_nothing_is_selected_there_is_nothing_to_grow(canvas, opened, window, qtbot):
    assert not window.deeds["grow_selection"].isEnabled()
    stroke(canvas, qtbot, (100, 150), (200, 150))
    assert window.deeds["grow_selection"].isEnabled()


def test_taking_a_brush_has_its_kernel_compiled_once(opened, monkeypatch):
    wanted = []
    monkeypatch.setattr(fused, "kernels_ready", lambda names: not set(names))
    monkeypatch.setattr(fused, "prepare_kernels", lambda folder, names: wanted.extend(names))
    opened.canvas.take("brush")
    for size in (20, 30, 40):
        opened.canvas.tools["brush"].set("size", size)
    opened.canvas.take("eraser")
    opened.session.compile()
    for thread in threading.enumerate():
        if thread.name.endswith("(<lambda>)"):
            thread.join()
    assert wanted.count(DAB) == 1


def test_a_stroke_goes_over_the_very_points_that_its_step_holds():
    brush = RoundBrush()
    brush.resize(20)
    brush.press((1234.56789, 2.0000004), Touch(1 / 3), erase=False)
    brush.move((1300.98765, 55.55555555), Touch(0.5), 1.0)
    points = brush.take().points
    held = [(*map(float, point.split(",")), 1.0) for point in brush.path.split(";")]
    assert list(points) == held
