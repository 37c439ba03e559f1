"""The layers panel, as hands use it: each gesture is one edit of the history."""

import random
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QAbstractItemView

from safelight.document import (
    Document,
    Edit,
    EditError,
    Group,
    History,
    Kept,
    Layer,
    LiveFilter,
    edits,
)
from safelight.gui.deeds.command_deeds import of_commands
from safelight.gui.deeds.deed import Deeds
from safelight.gui.panels import layer_rows
from safelight.gui.panels.layers_panel import LayersPanel, group_of
from safelight.pixels import MODES, Raster

ABOVE = QAbstractItemView.DropIndicatorPosition.AboveItem
BELOW = QAbstractItemView.DropIndicatorPosition.BelowItem
INTO = QAbstractItemView.DropIndicatorPosition.OnItem


def pixels(value, channels=3):
    return Raster.from_array(np.full((60, 80, channels), value, np.uint8))


class Bench:
    """A panel whose edits are made, as a session makes them."""

    def __init__(self, qtbot):
        group = Layer("Group", Group((Layer("Inside", pixels(90, 4), id="inside"),)), id="group")
        held = Layer("Blur", LiveFilter("safelight_blur.blur", "Blur"), id="blur")
        layers = (Layer("Bottom", pixels(10), id="bottom"), group, held)
        self.history = History.start(Document(80, 60, "uint8", layers))
        self.active, self.stale, self.refused = "blur", frozenset(), ""
        self.refreshed = []
        self.locked = False
        self.panel = LayersPanel()
        self.deeds = Deeds(self.panel)
        self.deeds.replace("commands", of_commands(lambda: self, self.panel, lambda: None))
        self.panel.offer(self.deeds)
        self.panel.edit_wanted.connect(self.do)
        self.panel.activated.connect(self.activate)
        self.panel.refresh_wanted.connect(self.refreshed.append)
        qtbot.addWidget(self.panel)
        self.panel.resize(260, 420)
        self.panel.show()
        self.show()
        qtbot.waitExposed(self.panel)
        self.tree, self.qtbot = self.panel.tree, qtbot

    @property
    def document(self):
        return self.history.document

    @property
    def layer(self):
        return self.document.layer(self.active)

    @property
    def steps(self):
        return [step.label for step in self.history.steps[1:]]

    def show(self):
        self.panel.show_document(self.document, self.active, self.stale)
        self.deeds.show_state()

    def do(self, edit):
        try:
            self.history = self.history.do(edit)
        except EditError as error:
            self.refused = str(error)
        if self.active not in [layer.id for layer in self.document.walk()]:
            self.active = self.document.layers[-1].id
        self.show()

    def chosen(self):
        return self.panel.chosen()

    def activate(self, layer_id):
        self.active = layer_id
        self.show()

    def place(self, layer_id):
        return self.tree.visualItemRect(self.tree.item(layer_id))

    def click(self, point):
        self.qtbot.mouseClick(self.tree.viewport(), Qt.MouseButton.LeftButton, pos=point)

    def order(self):
        return [layer.id for layer in self.document.layers]


@pytest.fixture
def bench(qtbot):
    return Bench(qtbot)


def test_the_topmost_layer_is_the_first_row(bench):
    rows = sorted(("bottom", "group", "blur"), key=lambda name: bench.place(name).top())
    assert rows == ["blur", "group", "bottom"]
    assert bench.place("inside").left() > bench.place("group").left()


def test_the_eye_hides_and_shows(bench):
    bench.click(bench.place("bottom").topLeft() + QPoint(10, 20))
    assert not bench.document.layer("bottom").visible
    bench.click(bench.place("bottom").topLeft() + QPoint(10, 20))
    assert bench.document.layer("bottom").visible
    assert bench.steps == ["Hide layer", "Show layer"]
    assert bench.active == "blur"


def test_a_click_makes_a_layer_active(bench):
    bench.click(bench.place("bottom").center())
    assert bench.active == "bottom"
    assert bench.steps == []


@pytest.mark.parametrize("way", ["double-click", "F2"])
def test_a_name_is_typed_in_place(bench, qtbot, way):
    bench.click(bench.place("bottom").center())
    if way == "F2":
        qtbot.keyClick(bench.tree, Qt.Key.Key_F2)
    else:
        qtbot.mouseDClick(
            bench.tree.viewport(), Qt.MouseButton.LeftButton, pos=bench.place("bottom").center()
        )
    editor = next(w for w in bench.tree.viewport().children() if hasattr(w, "setText"))
    editor.setText("Sky")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bench.document.layer("bottom").name == "Sky")
    assert bench.steps == ["Rename layer"]


def test_an_opacity_drag_is_one_step(bench):
    opacity = bench.panel.opacity
    opacity.setSliderDown(True)
    opacity.sliderPressed.emit()
    for value in (80, 60, 40):
        opacity.setValue(value)
    opacity.setSliderDown(False)
    assert bench.steps == ["Opacity"]
    assert bench.document.layer("blur").opacity == 0.4
    bench.history = bench.history.undo()
    assert bench.document.layer("blur").opacity == 1


def test_each_key_on_the_opacity_is_a_step(bench, qtbot):
    bench.panel.opacity.setFocus()
    for _ in range(2):
        qtbot.keyClick(bench.panel.opacity, Qt.Key.Key_Left)
    assert bench.document.layer("blur").opacity == 0.98
    assert len(bench.steps) == 2


def test_every_blend_mode_can_be_chosen(bench):
    box = bench.panel.mode
    listed = [box.itemData(index) for index in range(box.count()) if box.itemData(index)]
    assert listed == list(MODES)
    box.setCurrentIndex(box.findData("multiply"))
    assert bench.document.layer("blur").mode == "multiply"


def test_lock_and_clip_follow_their_buttons(bench, qtbot):
    clip, lock = bench.panel.buttons["clip"], bench.panel.buttons["lock"]
    qtbot.mouseClick(clip, Qt.MouseButton.LeftButton)
    assert bench.document.layer("blur").clipped
    assert clip.isChecked()
    qtbot.mouseClick(lock, Qt.MouseButton.LeftButton)
    assert bench.document.layer("blur").locked
    assert lock.isChecked()
    assert not bench.panel.opacity.isEnabled()
    qtbot.mouseClick(lock, Qt.MouseButton.LeftButton)
    assert not bench.document.layer("blur").locked
    assert not lock.isChecked()


def test_keys_delete_and_reorder(bench, qtbot):
    qtbot.keyClick(bench.tree, Qt.Key.Key_Down, Qt.KeyboardModifier.ControlModifier)
    assert bench.order() == ["bottom", "blur", "group"]
    qtbot.keyClick(bench.tree, Qt.Key.Key_Delete)
    assert bench.order() == ["bottom", "group"]


@pytest.mark.parametrize(
    ("moved", "target", "where", "order", "parent"),
    [
        ("bottom", "blur", ABOVE, ["group", "blur", "bottom"], None),
        ("blur", "bottom", BELOW, ["blur", "bottom", "group"], None),
        ("blur", "bottom", ABOVE, ["bottom", "blur", "group"], None),
        ("bottom", "group", INTO, ["group", "blur"], "group"),
        ("inside", "blur", ABOVE, ["bottom", "group", "blur", "inside"], None),
        ("bottom", "inside", BELOW, ["group", "blur"], "group"),
        ("blur", None, ABOVE, ["blur", "bottom", "group"], None),
        ("blur", "blur", ABOVE, ["bottom", "group", "blur"], None),
    ],
)
def test_a_layer_goes_where_it_is_dropped(bench, moved, target, where, order, parent):
    bench.tree.drop(moved, bench.tree.item(target) if target else None, where)
    assert bench.order() == order
    assert group_of(bench.document, moved) == parent


def test_a_group_does_not_go_into_itself(bench):
    bench.tree.drop("group", bench.tree.item("inside"), ABOVE)
    assert bench.order() == ["bottom", "group", "blur"]
    assert bench.refused == "a group cannot be moved into itself"


def test_the_buttons_below_add_group_copy_mask_and_delete(bench):
    buttons = bench.panel.buttons

    def click(name):
        bench.qtbot.mouseClick(buttons[name], Qt.MouseButton.LeftButton)

    click("plus")
    assert len(bench.order()) == 4
    bench.activate("bottom")
    click("copy")
    click("folder")
    click("mask")
    mask = bench.document.layer("bottom").mask
    assert (mask.to_array() == 255).all()
    click("mask")
    assert bench.document.layer("bottom").mask is None
    click("bin")
    assert bench.steps == [
        *("New layer", "Duplicate layer", "Group layers", "Add mask", "Remove mask"),
        "Delete layer",
    ]


def test_a_click_on_the_badge_refreshes(bench):
    bench.click(bench.place("blur").center())
    bench.stale = frozenset({"blur"})
    bench.show()
    index = bench.tree.indexFromItem(bench.tree.item("blur"))
    bench.click(bench.tree.badge(index).center())
    assert bench.refreshed == ["blur"]
    assert bench.steps == []


def test_a_folded_group_stays_folded(bench):
    bench.tree.item("group").setExpanded(False)
    bench.panel.ask("new_layer")
    assert not bench.tree.item("group").isExpanded()


def test_thumbnails_come_and_are_kept(bench, qtbot):
    raster = bench.document.layer("bottom").raster
    qtbot.waitUntil(lambda: bench.panel.thumbnails.of(raster) is not None, timeout=10000)
    image = bench.panel.thumbnails.of(raster)
    assert image.pixelColor(3, 3).red() == 10
    bench.panel.opacity.setValue(20)
    assert bench.panel.thumbnails.of(raster) is image


def row(bench, layer_id):
    """A row as it is drawn: (height, width, 3)."""
    image = bench.tree.viewport().grab(bench.place(layer_id)).toImage()
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    lines = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return lines[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def test_a_row_shows_the_sample_of_what_has_no_pixels_of_its_own(bench, qtbot, monkeypatch):
    kind = bench.document.layer("group").kind
    assert kind.sample(bench.document.layer("group").content) is None
    red = Raster.filled(64, 64, (250, 0, 0), "uint8")
    monkeypatch.setattr(kind, "sample", lambda content: red)
    qtbot.waitUntil(lambda: bench.panel.thumbnails.of(red) is not None, timeout=10000)
    shown = row(bench, "group").astype(int)
    assert ((shown[..., 0] - shown[..., 1]) > 200).sum() > 300


def test_dark_words_on_nothing_are_seen_in_their_row(bench, qtbot, monkeypatch):
    kind = bench.document.layer("group").kind
    pixels = np.zeros((64, 64, 4), np.uint8)
    pixels[28:36, :, 3] = 255
    words = Raster.from_array(pixels)
    monkeypatch.setattr(kind, "sample", lambda content: words)
    qtbot.waitUntil(lambda: bench.panel.thumbnails.of(words) is not None, timeout=10000)
    shown = row(bench, "group").astype(int)
    black, light = (shown.max(axis=2) < 10).sum(), (abs(shown - 0x73).max(axis=2) < 3).sum()
    assert black > 30
    assert light > 100


@pytest.mark.parametrize("layer_id", ["bottom", "inside"])
def test_what_a_generator_has_made_has_a_mark_and_says_so(bench, qtbot, layer_id):
    thumbnails, raster = bench.panel.thumbnails, bench.document.layer(layer_id).raster
    qtbot.waitUntil(lambda: thumbnails.of(raster) is not None, timeout=10000)
    before = row(bench, layer_id)
    for word, said in (
        ("partly", "Made in part by a generator"),
        ("wholly", "Made by a generator"),
    ):
        layer = replace(bench.document.layer(layer_id), synthetic=word)
        bench.do(Edit("Make", lambda document, layer=layer: document.with_layer(layer)))
        changed = (row(bench, layer_id) != before).any(axis=2)
        columns = np.flatnonzero(changed.any(axis=0))
        assert before.shape[1] - 24 < columns[0] <= columns[-1] < before.shape[1] - 4
        tip = bench.tree.item(layer_id).toolTip(0)
        assert tip.split("\n") == [layer.name, f"{said}; exports say so"]


def test_a_group_says_what_is_in_it_and_a_generator_what_it_has_made(bench):
    inside = replace(bench.document.layer("inside"), synthetic="wholly")
    bench.do(Edit("Make", lambda document: document.with_layer(inside)))
    said = "Made in part by a generator; exports say so"
    assert bench.tree.item("group").toolTip(0).split("\n") == ["Group", "Group of 1", said]
    blur = bench.document.layer("blur")
    held = replace(blur.filter, generates=True)
    bench.do(Edit("Make", lambda document: document.with_layer(replace(blur, content=held))))
    assert "generator" not in bench.tree.item("blur").toolTip(0)
    held = replace(held, kept=Kept(pixels(50), "key"))
    bench.do(Edit("Make", lambda document: document.with_layer(replace(blur, content=held))))
    assert "Made by a generator; exports say so" in bench.tree.item("blur").toolTip(0)


def test_a_name_cannot_forge_a_line_of_the_tooltip(bench):
    layer = replace(bench.document.layer("bottom"), name="Sky\nMade by a generator")
    bench.do(Edit("Make", lambda document: document.with_layer(layer)))
    assert bench.tree.item("bottom").toolTip(0) == "Sky Made by a generator"


def test_the_menu_offers_what_fits(bench):
    bench.activate("group")
    names = [action.text().replace("&", "") for action in bench.panel.menu().actions()]
    assert "Ungroup" in names
    bench.activate("bottom")
    names = [action.text().replace("&", "") for action in bench.panel.menu().actions()]
    assert "Ungroup" not in names
    assert {"Flatten", "Add mask", "Lock layer"} <= set(names)
    assert "Remove mask" not in names
    assert "Merge down" not in names  # there is nothing below it
    bench.activate("blur")
    assert "Merge down" in [
        action.text().replace("&", "") for action in bench.panel.menu().actions()
    ]


def rows_of(tree, item=None):
    """What the rows say, the topmost first, with those in each."""
    parent = item or tree.invisibleRootItem()
    children = [parent.child(row) for row in range(parent.childCount())]
    return [(child.text(0), child.toolTip(0), rows_of(tree, child)) for child in children]


def test_whatever_is_done_the_rows_are_those_of_a_panel_that_is_new(bench, qtbot):
    picks = random.Random(4)
    for number in range(120):
        layers = list(bench.document.walk())
        one, other = picks.choice(layers).id, picks.choice(layers).id
        groups = [layer.id for layer in layers if isinstance(layer.content, Group)]
        bench.do(
            picks.choice(
                [
                    edits.add_layer(Layer(f"New {number}", pixels(number, 4)), one),
                    edits.delete_layer(one),
                    edits.duplicate_layer(one),
                    edits.group_layers([one]),
                    edits.rename_layer(one, f"Name {number}"),
                    edits.move_layer(one, picks.choice(["", *groups]), picks.randrange(4)),
                    edits.set_visible(one, picks.random() < 0.5),
                    *([edits.ungroup(picks.choice(groups))] if groups else []),
                ]
            )
        )
        if picks.random() < 0.3:
            bench.history = bench.history.jump(picks.randrange(len(bench.history.steps)))
            bench.active = bench.document.layers[-1].id
            bench.show()
        if other in bench.tree._rows:
            bench.tree.item(other).setExpanded(picks.random() < 0.5)
        fresh = LayersPanel()
        qtbot.addWidget(fresh)
        fresh.show_document(bench.document, bench.active)
        assert rows_of(bench.tree) == rows_of(fresh.tree)
        assert bench.tree.currentItem() is bench.tree.item(bench.active)


def test_one_of_a_thousand_layers_changes_and_one_row_is_made_anew(qtbot, monkeypatch):
    spot = pixels(3, 4)
    layers = tuple(Layer(f"{n}", spot, id=f"{n}") for n in range(1000))
    document = Document(80, 60, "uint8", layers)
    panel = LayersPanel()
    qtbot.addWidget(panel)
    panel.show_document(document, "5")
    described = []
    monkeypatch.setattr(
        layer_rows, "_described", lambda layer, *_: described.append(layer.id) or layer.name
    )
    history = History.start(document)
    for edit, rows in (
        (edits.set_opacity("500", 0.5), ["500"]),
        (edits.delete_layer("600"), []),
        (edits.add_layer(Layer("New", spot, id="new"), "700"), ["new"]),
        (edits.group_layers(["800"]), None),
    ):
        described.clear()
        history = history.do(edit)
        panel.show_document(history.document, "5")
        assert len(described) == 2 if rows is None else described == rows
    for _ in range(4):
        history = history.undo()
        panel.show_document(history.document, "5")
    assert [text for text, *_ in rows_of(panel.tree)] == [f"{n}" for n in reversed(range(1000))]


def test_several_layers_are_chosen_and_changed_in_one_step(bench):
    bench.click(bench.place("bottom").center())
    shift, control = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
    viewport, left = bench.tree.viewport(), Qt.MouseButton.LeftButton
    bench.qtbot.mouseClick(viewport, left, control, bench.place("blur").center())
    assert bench.panel.chosen() == ["bottom", "blur"]
    assert bench.active == "blur"
    bench.panel.opacity.setValue(40)
    assert [bench.document.layer(x).opacity for x in ("bottom", "group", "blur")] == [0.4, 1, 0.4]
    assert bench.steps == ["Opacity"]
    assert bench.panel.chosen() == ["bottom", "blur"]  # an edit leaves them chosen
    bench.click(bench.tree.eye(bench.tree.indexFromItem(bench.tree.item("bottom"))).center())
    assert [x.visible for x in bench.document.layers] == [False, True, False]
    bench.qtbot.mouseClick(viewport, left, control, bench.place("blur").center())
    assert (bench.active, bench.panel.chosen()) == ("bottom", ["bottom"])
    bench.qtbot.mouseClick(viewport, left, shift, bench.place("blur").center())
    assert set(bench.panel.chosen()) == {"bottom", "group", "inside", "blur"}
    bench.panel.ask("duplicate_layer")
    assert len(bench.document.layers) == 6


def test_chosen_layers_are_dragged_together_and_deleted_but_for_the_last(bench):
    for name in ("blur", "bottom"):
        bench.tree.item(name).setSelected(True)
    bench.tree.item("group").setSelected(False)
    bench.tree.drop("blur", bench.tree.item("group"), ABOVE)
    assert bench.order() == ["group", "bottom", "blur"]
    bench.tree.item("group").setSelected(True)
    bench.panel.ask("delete_layer")
    assert "the last one cannot be deleted" in bench.refused
    assert bench.order() == ["group", "bottom", "blur"]
    bench.tree.item("group").setSelected(False)
    bench.panel.ask("delete_layer")
    assert bench.order() == ["group"]


def test_a_layer_is_found_by_its_name_with_the_group_it_lies_in(bench):
    bench.qtbot.keyClick(bench.tree, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert bench.panel.search.isVisible()
    bench.qtbot.keyClicks(bench.panel.search, "ins")
    hidden = {name: bench.tree.item(name).isHidden() for name in ("bottom", "group", "inside")}
    assert hidden == {"bottom": True, "group": False, "inside": False}
    bench.qtbot.keyClick(bench.panel.search, Qt.Key.Key_Escape)
    assert not bench.tree.item("bottom").isHidden()
    assert not bench.panel.search.isVisible()
