"""Edits: what each promises, and what each refuses."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.api import Region
from safelight.document import (
    Document,
    EditError,
    Group,
    History,
    Kept,
    Layer,
    LayerFailed,
    LiveFilter,
    edits,
    is_stale,
    render,
    result_key,
    whole,
)
from safelight.document.layer import DEEPEST, MOST_LAYERS
from safelight.pixels import Raster, deeper, from_float, to_float
from tests.document.strategies import DEPTHS, FakeLive, computable, documents, drawn, raster

WIDTH, HEIGHT = 14, 9


def pixels(channels=3, seed=1, depth="uint8"):
    return raster(WIDTH, HEIGHT, channels, depth, seed)


def mask(seed=1):
    return raster(WIDTH, HEIGHT, 1, "uint8", seed)


@pytest.fixture
def document():
    """From below: a photograph, a group of sky and (in a group of its own) sea, a filter."""
    sea = Layer("Sea", Group((Layer("Wave", pixels(4, 3), id="wave"),)), id="sea")
    group = Layer("Group", Group((Layer("Sky", pixels(4, 2), id="sky"), sea)), id="group")
    content = LiveFilter("costly", "Costly", settings={"radius": 3}, kept=Kept(pixels(), "key"))
    layers = (Layer("Photograph", pixels(), id="photo"), group, Layer("Soft", content, id="soft"))
    return Document(WIDTH, HEIGHT, "uint8", layers)


def tree(layers):
    """The ids, those in a group as a list after it."""
    ids = []
    for layer in layers:
        ids += [layer.id, tree(layer.layers)] if isinstance(layer.content, Group) else [layer.id]
    return ids


def ids(document):
    return tree(document.layers)


def shown(document):
    return drawn(document, document.region, FakeLive())


# The list of layers


def test_a_layer_is_added_on_top_or_above_another_wherever_that_lies(document):
    new = Layer("New", pixels(4), id="new")
    on_top = edits.add_layer(new)
    assert on_top.label == "Add New"
    assert ids(on_top.apply(document)) == [
        "photo",
        "group",
        ["sky", "sea", ["wave"]],
        "soft",
        "new",
    ]
    inside = edits.add_layer(new, "sky", "Paint")
    assert inside.label == "Paint"
    assert ids(inside.apply(document)) == [
        "photo",
        "group",
        ["sky", "new", "sea", ["wave"]],
        "soft",
    ]


def test_a_new_layer_fits_and_shows_nothing(document):
    before = shown(document)
    new = edits.new_layer(replace(document, depth="uint8"), "Paint")
    changed = edits.add_layer(new, "photo").apply(document)
    assert (new.name, new.raster.channels, new.raster.depth) == ("Paint", 4, "uint8")
    np.testing.assert_array_equal(shown(changed), before)


@pytest.mark.parametrize(
    ("layer_id", "left"),
    [
        ("photo", ["group", ["sky", "sea", ["wave"]], "soft"]),
        ("group", ["photo", "soft"]),
        ("wave", ["photo", "group", ["sky", "sea", []], "soft"]),
    ],
)
def test_a_layer_is_deleted_with_all_that_is_in_it(document, layer_id, left):
    assert ids(edits.delete_layer(layer_id).apply(document)) == left


def test_the_last_layer_cannot_be_deleted_but_the_last_of_a_group_can(document):
    for layer_id in ("photo", "soft", "wave", "sea", "sky"):
        document = edits.delete_layer(layer_id).apply(document)
    assert ids(document) == ["group", []]
    for edit in (edits.delete_layer("group"), edits.ungroup("group")):
        with pytest.raises(EditError, match="last one"):
            edit.apply(document)


def test_a_copy_lies_above_and_has_ids_of_its_own_and_the_same_pixels(document):
    changed = edits.duplicate_layer("group").apply(document)
    copy = changed.layers[2]
    assert copy.name == "Group copy"
    assert [layer.name for layer in copy.layers] == ["Sky", "Sea"]
    assert len({layer.id for layer in changed.walk()}) == 10
    assert copy.layers[0].raster is document.layer("sky").raster
    assert ids(changed)[:2] == ["photo", "group"]
    assert ids(changed)[-1] == "soft"


@pytest.mark.parametrize(
    ("layer_id", "group_id", "index", "order"),
    [
        ("photo", None, 2, ["group", ["sky", "sea", ["wave"]], "soft", "photo"]),
        ("photo", None, 99, ["group", ["sky", "sea", ["wave"]], "soft", "photo"]),
        ("soft", None, -5, ["soft", "photo", "group", ["sky", "sea", ["wave"]]]),
        ("photo", "group", 1, ["group", ["sky", "photo", "sea", ["wave"]], "soft"]),
        ("photo", "sea", 0, ["group", ["sky", "sea", ["photo", "wave"]], "soft"]),
        ("wave", None, 1, ["photo", "wave", "group", ["sky", "sea", []], "soft"]),
        ("sea", "group", 0, ["photo", "group", ["sea", ["wave"], "sky"], "soft"]),
        ("sky", "sea", 1, ["photo", "group", ["sea", ["wave", "sky"]], "soft"]),
    ],
)
def test_a_layer_moves_to_any_place_in_any_group(document, layer_id, group_id, index, order):
    changed = edits.move_layer(layer_id, group_id or "", index).apply(document)
    assert ids(changed) == order
    assert changed.layer(layer_id) is document.layer(layer_id)


@pytest.mark.parametrize("into", ["group", "sea"])
def test_a_group_cannot_be_moved_into_itself(document, into):
    with pytest.raises(EditError, match="into itself"):
        edits.move_layer("group", into, 0).apply(document)


def test_a_layer_cannot_be_moved_into_what_is_no_group(document):
    with pytest.raises(EditError, match="Soft is no group"):
        edits.move_layer("photo", "soft", 0).apply(document)


def test_layers_side_by_side_are_grouped_where_the_uppermost_was(document):
    changed = edits.group_layers(["soft", "photo"], "Both").apply(document)
    assert ids(changed)[0] == "group"
    group = changed.layers[-1]
    assert (group.name, tree(group.layers)) == ("Both", ["photo", "soft"])
    inner = edits.group_layers(["sky"]).apply(document).layer("group")
    assert [layer.name for layer in inner.layers] == ["Group", "Sea"]


@pytest.mark.parametrize("chosen", [[], ["photo", "sky"], ["sky", "wave"], ["group", "wave"]])
def test_layers_of_different_groups_cannot_be_grouped_nor_none_at_all(document, chosen):
    with pytest.raises(EditError, match="group"):
        edits.group_layers(chosen).apply(document)


def test_ungrouping_puts_the_layers_in_the_groups_place(document):
    changed = edits.ungroup("group").apply(document)
    assert ids(changed) == ["photo", "sky", "sea", ["wave"], "soft"]
    with pytest.raises(EditError, match="Soft is no group"):
        edits.ungroup("soft").apply(document)


@given(document=documents(side=12), data=st.data())
def test_grouping_and_ungrouping_give_back_the_same_layers(document, data):
    chosen = data.draw(st.sampled_from(list(document.walk())))
    siblings = document.siblings(chosen.id)
    grouped = edits.group_layers([chosen.id]).apply(document)
    group = next(item for item in grouped.walk() if item.layers and item.layers[0] is chosen)
    again = edits.ungroup(group.id).apply(grouped)
    assert again.layers == document.layers
    assert again.siblings(chosen.id) == siblings


# Merging


def stack(*layers):
    return Document(WIDTH, HEIGHT, "uint8", layers)


def close(one, other, levels=1):
    assert one.shape == other.shape
    weight = other[..., 3:] / 255 if other.shape[2] == 4 else 1
    difference = np.abs(one.astype(float) - other)
    assert (difference[..., :3] * weight).max() <= levels
    assert difference[..., 3:].max(initial=0) <= levels


BELOW = Layer("Below", pixels(), id="below")
LOWER = Layer("Lower", pixels(4, 2), opacity=0.7, mask=mask(), id="lower")
UPPER = Layer("Upper", pixels(4, 3), opacity=0.8, mask=mask(2), id="upper")

MERGES = {
    "two plain ones": (replace(LOWER, opacity=1.0, mask=None), UPPER),
    "opacity and masks": (LOWER, UPPER),
    "onto all of the picture": (replace(BELOW, id="lower"), UPPER),
    "a clipped one": (LOWER, replace(UPPER, clipped=True)),
    "a clipped one, in a mode": (LOWER, replace(UPPER, clipped=True, mode="screen")),
    "clipped to one that has a mode": (
        replace(LOWER, mode="multiply"),
        replace(UPPER, clipped=True),
    ),
    "onto a hidden one": (replace(LOWER, visible=False), UPPER),
    "a hidden one": (LOWER, replace(UPPER, visible=False)),
    "clipped to a hidden one": (replace(LOWER, visible=False), replace(UPPER, clipped=True)),
    "onto one of no opacity": (replace(LOWER, opacity=0.0), UPPER),
    "a group": (LOWER, replace(UPPER, content=Group((Layer("In", pixels(4, 5)),)))),
}


@pytest.mark.parametrize("case", MERGES)
def test_merging_down_looks_the_same(case):
    document = stack(BELOW, *MERGES[case])
    changed = edits.merge_down("upper").apply(document)
    assert ids(changed) == ["below", "lower"]
    merged = changed.layer("lower")
    assert (merged.opacity, merged.mask) == (1.0, None)
    close(shown(changed), shown(document))


def test_merging_two_that_are_clipped_to_a_third_looks_the_same():
    base = Layer("Base", pixels(4, 6), id="base")
    two = replace(LOWER, clipped=True), replace(UPPER, clipped=True)
    document = stack(BELOW, base, *two)
    changed = edits.merge_down("upper").apply(document)
    assert changed.layer("lower").clipped
    close(shown(changed), shown(document), levels=2)


def test_what_is_clipped_is_not_merged_with_what_is_not():
    base = Layer("Base", pixels(4, 6), id="base")
    document = stack(base, replace(LOWER, clipped=True), UPPER)
    with pytest.raises(EditError, match="Lower is clipped and Upper is not"):
        edits.merge_down("upper").apply(document)


def test_what_others_are_clipped_to_is_not_merged_from_under_them():
    on_it = Layer("On it", pixels(4, 6), clipped=True)
    with pytest.raises(EditError, match="On it is clipped to Upper; merge On it down first"):
        edits.merge_down("upper").apply(stack(BELOW, LOWER, UPPER, on_it))


@pytest.mark.parametrize("mode", ["multiply", "screen", "overlay", "difference"])
def test_a_mode_is_merged_into_what_covers_the_picture(mode):
    document = stack(replace(BELOW, id="lower"), replace(UPPER, mode=mode))
    changed = edits.merge_down("upper").apply(document)
    close(shown(changed), shown(document))
    assert changed.layer("lower").raster.channels == 3


def test_a_filter_is_merged_into_the_pixels_below_it():
    warm = Layer("Warm", LiveFilter("warm", settings={"amount": 0.4}), id="upper")
    document = stack(replace(BELOW, id="lower"), warm)
    edit = edits.merge_down("upper").through(FakeLive())
    np.testing.assert_array_equal(shown(edit.apply(document)), shown(document))


def test_merging_within_a_group_stays_within_it(document):
    document = document.with_layer(
        replace(document.layer("sea"), content=document.layer("wave").content)
    )
    changed = edits.merge_down("sea").apply(document)
    assert ids(changed) == ["photo", "group", ["sky"], "soft"]


def test_what_cannot_be_merged_is_refused(document):
    with pytest.raises(EditError, match="nothing below Photograph"):
        edits.merge_down("photo").apply(document)
    with pytest.raises(EditError, match="nothing below Sky"):
        edits.merge_down("sky").apply(document)
    with pytest.raises(EditError, match="Group holds no pixels"):
        edits.merge_down("soft").apply(document)
    for locked in ("lower", "upper"):
        both = edits.set_locked(locked, True).apply(stack(LOWER, UPPER))
        with pytest.raises(EditError, match="locked"):
            edits.merge_down("upper").apply(both)


@given(document=documents(side=12))
def test_a_flattened_document_is_one_layer_that_looks_the_same(document):
    live = FakeLive()
    document = computable(document, live)
    changed = edits.flatten().through(live).apply(document)
    assert len(changed.layers) == 1
    assert changed.layers[0].raster.depth == document.depth
    np.testing.assert_array_equal(shown(changed), shown(document))
    assert whole(changed) is changed.layers[0].raster


# What a layer is


CHANGES = {
    "opacity": (lambda: edits.set_opacity("sky", 0.4), {"opacity": 0.4}),
    "mode": (lambda: edits.set_mode("sky", "screen"), {"mode": "screen"}),
    "clipped": (lambda: edits.set_clipped("sky", True), {"clipped": True}),
    "visible": (lambda: edits.set_visible("sky", False), {"visible": False}),
    "locked": (lambda: edits.set_locked("sky", True), {"locked": True}),
    "name": (lambda: edits.rename_layer("sky", "Air"), {"name": "Air"}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_one_property_of_one_layer_changes_and_nothing_else(document, name):
    make, change = CHANGES[name]
    changed = make().apply(document)
    assert changed.layer("sky") == replace(document.layer("sky"), **change)
    assert changed.layers[0] is document.layers[0]
    assert changed.layers[2] is document.layers[2]
    assert changed.layer("sea") is document.layer("sea")


@pytest.mark.parametrize(
    "edit",
    [
        edits.set_opacity("sky", 1.01),
        edits.set_opacity("sky", -0.1),
        edits.set_opacity("sky", float("nan")),
        edits.set_mode("sky", "dissolve"),
        edits.set_mask("sky", raster(5, 5, 1)),
        edits.set_mask("sky", raster(WIDTH, HEIGHT, 3)),
        edits.set_pixels("sky", raster(WIDTH, HEIGHT + 1)),
        edits.set_pixels("sky", raster(WIDTH, HEIGHT, 3, "uint16")),
        edits.set_pixels("sky", raster(WIDTH, HEIGHT, 1)),
        edits.set_pixels("group", raster(WIDTH, HEIGHT)),
        edits.set_pixels("soft", raster(WIDTH, HEIGHT)),
        edits.invert_mask("sky"),
        edits.mask_from_selection("sky"),
        edits.invert_selection(),
        edits.set_filter("sky", texture=0.5),
        edits.set_filter("group", settings={}),
        edits.set_filter("soft", texture=1.5),
        edits.set_filter("soft", channels="hue"),
        edits.keep_result("sky", Kept(raster(WIDTH, HEIGHT), "")),
        edits.keep_result("soft", Kept(raster(WIDTH, HEIGHT, 3, "uint16"), "")),
        edits.keep_result("soft", Kept(raster(WIDTH + 1, HEIGHT), "")),
        edits.enlarge({}, 2),
    ],
    ids=lambda edit: edit.label,
)
def test_what_the_document_does_not_allow_is_refused_in_words(document, edit):
    with pytest.raises(EditError) as error:
        edit.apply(document)
    assert len(str(error.value).split()) >= 3


LOCKED = {
    "delete": edits.delete_layer("sky"),
    "move": edits.move_layer("sky", "", 0),
    "opacity": edits.set_opacity("sky", 0.5),
    "mode": edits.set_mode("sky", "screen"),
    "clipped": edits.set_clipped("sky", True),
    "mask": edits.set_mask("sky", None),
    "invert mask": edits.invert_mask("sky"),
    "mask from selection": edits.mask_from_selection("sky"),
    "pixels": edits.set_pixels("sky", raster(WIDTH, HEIGHT)),
    "filter": edits.set_filter("sky", texture=0.1),
}


@pytest.mark.parametrize("name", LOCKED)
def test_a_locked_layer_keeps_edits_away(document, name):
    document = edits.select(mask()).apply(document)
    document = edits.set_locked("sky", True).apply(edits.set_mask("sky", mask()).apply(document))
    with pytest.raises(EditError, match="Sky is locked"):
        LOCKED[name].apply(document)


def test_a_locked_group_takes_no_layers_in_and_stays_a_group(document):
    document = edits.set_locked("group", True).apply(document)
    for edit in (edits.move_layer("photo", "group", 0), edits.ungroup("group")):
        with pytest.raises(EditError, match="Group is locked"):
            edit.apply(document)


def test_a_locked_layer_can_be_looked_after(document):
    for edit in (
        edits.rename_layer("soft", "Mist"),
        edits.set_visible("soft", False),
        edits.keep_result("soft", Kept(pixels(3, 5), "new")),
        edits.duplicate_layer("soft"),
        edits.set_locked("soft", False),
    ):
        document = edits.set_locked("soft", True).apply(document)
        assert edit.apply(document) != document


@pytest.mark.parametrize("name", ["delete", "move", "opacity", "pixels", "filter"])
def test_a_layer_that_is_not_there_is_a_key_error(document, name):
    document = edits.delete_layer("sky").apply(document)
    with pytest.raises(KeyError, match="sky"):
        LOCKED[name].apply(document)


# Masks and the selection


@pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
def test_a_mask_inverted_twice_is_the_mask(document, depth):
    held = raster(WIDTH, HEIGHT, 1, depth)
    document = edits.set_mask("sky", held).apply(document)
    once = edits.invert_mask("sky").apply(document).layer("sky").mask
    total = to_float(once.to_array()) + to_float(held.to_array())
    np.testing.assert_allclose(total, 1, atol=1e-6)
    document = edits.invert_mask("sky").apply(edits.invert_mask("sky").apply(document))
    twice = document.layer("sky").mask.to_array()
    np.testing.assert_allclose(twice, held.to_array(), atol=1e-7)


def test_a_mask_is_taken_from_the_selection_and_taken_away(document):
    chosen = mask()
    document = edits.select(chosen).apply(document)
    document = edits.mask_from_selection("sky").apply(document)
    assert document.layer("sky").mask is chosen
    assert edits.set_mask("sky", None).apply(document).layer("sky").mask is None


@pytest.mark.parametrize(
    "region",
    [Region(2, 3, 4, 5), Region(-3, -3, 5, 5), Region(10, 5, 90, 90), Region(0, 0, WIDTH, HEIGHT)],
)
def test_a_selected_rectangle_is_white_as_far_as_it_lies_in_the_picture(document, region):
    selection = edits.select_region(region).apply(document).selection.to_array()[..., 0]
    expected = np.zeros((HEIGHT, WIDTH), np.uint8)
    expected[max(region.y, 0) : region.bottom, max(region.x, 0) : region.right] = 255
    np.testing.assert_array_equal(selection, expected)


@pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
@given(
    places=st.lists(
        st.builds(Region, *(st.integers(-4, 12),) * 2, *(st.integers(0, 9),) * 2), max_size=4
    ),
    how=st.lists(st.sampled_from(["add", "subtract"]), min_size=4),
)
def test_rectangles_are_added_to_a_selection_of_any_depth_and_taken_away(depth, places, how):
    start = raster(WIDTH, HEIGHT, 1, depth, 8)
    document = Document(WIDTH, HEIGHT, "uint8", (Layer("Photograph", pixels()),), selection=start)
    expected = to_float(start.to_array())[..., 0].copy()
    for place, way in zip(places, how, strict=False):
        document = edits.select_region(place, way).apply(document)
        rows, columns = (
            slice(max(place.y, 0), max(place.bottom, 0)),
            slice(max(place.x, 0), max(place.right, 0)),
        )
        expected[rows, columns] = way == "add"
        if not expected.any():
            assert document.selection is None
            return
    assert document.selection.depth == depth
    np.testing.assert_allclose(to_float(document.selection.to_array())[..., 0], expected)


def test_where_nothing_is_selected_adding_selects_and_what_needs_a_selection_says_so(document):
    everything = Region(-5, -5, 90, 90)
    part = edits.select_region(Region(1, 1, 2, 2), "add").apply(document)
    assert (part.selection.to_array() == 255).sum() == 4
    for how in ("subtract", "intersect"):
        with pytest.raises(EditError, match="nothing is selected"):
            edits.select_region(Region(1, 1, 2, 2), how).apply(document)
        with pytest.raises(EditError, match="nothing is selected"):
            edits.select_ellipse(box=(1, 1, 2, 2), how=how).apply(document)
    assert edits.select_region(everything, "subtract").apply(part).selection is None


def test_what_lies_in_both_is_left_of_two_rectangles_or_ellipses(document):
    for command in (edits.select_box, edits.select_ellipse):
        one = command(box=(1, 1, 6, 5)).apply(document)
        both = command(box=(4, 2, 9, 9), how="intersect").apply(one)
        alone = command(box=(4, 2, 9, 9)).apply(document)
        expected = np.minimum(one.selection.to_array(), alone.selection.to_array())
        np.testing.assert_array_equal(both.selection.to_array(), expected)
    beside = command(box=(4000, 2, 9, 9), how="intersect")
    assert beside.apply(one).selection is None, "nothing is left"


def test_a_rectangle_beside_the_picture_selects_everything_and_so_do_all_and_deselect(document):
    selected = edits.select_region(Region(1, 1, 2, 2)).apply(document)
    for edit in (edits.select_region(Region(50, 0, 5, 5)), edits.select_all(), edits.deselect()):
        assert edit.apply(selected).selection is None


def test_an_ellipse_has_its_area_and_a_smooth_edge_or_none():
    document = Document.from_raster(raster(300, 260, 3))
    smooth = edits.select_ellipse(box=(100, 60, 160, 100)).apply(document).selection
    found = to_float(smooth.to_array())[..., 0]
    assert found.sum() == pytest.approx(np.pi * 80 * 50, rel=0.002)
    assert ((found > 0) & (found < 1)).any()
    assert (found[110, 180], found[62, 102]) == (1, 0)
    hard = edits.select_ellipse(box=(100, 60, 160, 100), smooth=False).apply(document).selection
    found = to_float(hard.to_array())[..., 0]
    assert set(np.unique(found)) == {0, 1}
    assert found.sum() == pytest.approx(np.pi * 80 * 50, rel=0.01)


def test_an_ellipse_is_added_taken_away_and_cut_at_the_pictures_edge():
    document = Document.from_raster(raster(300, 260, 3))
    steps = [((10, 10, 60, 60), "replace"), ((200, 10, 60, 60), "add")]
    for box, how in steps:
        document = edits.select_ellipse(box=box, how=how).apply(document)
    found = document.selection.to_array()[..., 0]
    assert found[40, 40] == found[40, 230] == 255
    document = edits.select_ellipse(box=(10, 10, 60, 60), how="subtract").apply(document)
    assert document.selection.bounds().x == 200
    assert edits.select_ellipse(box=(400, 0, 9, 9)).apply(document).selection is None
    cut = edits.select_ellipse(box=(-50, -40, 100, 80)).apply(document).selection.to_array()
    assert cut[0, 0, 0] == 255
    assert not cut[41:].any()
    assert not cut[:, 51:].any()


def test_an_inverted_selection_is_what_was_not_selected(document):
    selected = edits.select_region(Region(1, 1, 2, 2)).apply(document)
    inverted = edits.invert_selection().apply(selected).selection.to_array()
    assert (inverted == 255 - selected.selection.to_array()).all()


# Filter layers


def test_settings_of_a_filter_change_and_what_was_kept_stays(document):
    edit = edits.set_filter("soft", settings={"radius": 9}, channels="colour", token="drag")
    assert edit.token == "drag"
    filter = edit.apply(document).layer("soft").filter
    before = document.layer("soft").filter
    assert filter == replace(before, settings={"radius": 9}, channels="colour")
    assert filter.kept is before.kept


def test_a_filters_settings_cannot_be_changed_from_outside():
    given = {"radius": 3}
    filter = LiveFilter("costly", settings=given)
    given["radius"] = 5
    assert filter.settings == {"radius": 3}
    with pytest.raises(TypeError):
        filter.settings["radius"] = 4


# Enlarging


def twice(document):
    """Every pixel layer's pixels, each pixel four times."""
    return {
        layer.id: Raster.from_array(layer.raster.to_array().repeat(2, axis=0).repeat(2, axis=1))
        for layer in document.walk()
        if isinstance(layer.content, Raster)
    }


@given(document=documents(side=12))
def test_enlarging_keeps_every_layer_and_is_one_step_back(document):
    kept_before = [layer.filter and layer.filter.kept for layer in document.walk()]
    large = twice(document)

    def longer(filter):
        doubled = {name: value * 2 for name, value in filter.settings.items()}
        return replace(filter, settings=doubled)

    history = History.start(document).do(edits.enlarge(large, 2, "Enlarge", longer))
    bigger = history.document
    assert (bigger.width, bigger.height) == (document.width * 2, document.height * 2)
    assert (bigger.depth, bigger.profile) == (document.depth, document.profile)
    assert ids(bigger) == ids(document)
    for old, new, kept in zip(document.walk(), bigger.walk(), kept_before, strict=True):
        for name in ("name", "opacity", "mode", "visible", "locked", "clipped"):
            assert getattr(new, name) == getattr(old, name)
        assert (new.mask is None) == (old.mask is None)
        if isinstance(old.content, Raster):
            assert new.content is large[old.id]
        if old.filter is not None:
            assert new.filter.settings == longer(old.filter).settings
            assert (new.filter.kept is None) == (kept is None)
            assert not kept or is_stale(bigger, new.id)
    sizes = {(item.width, item.height) for item in bigger.rasters()}
    assert sizes <= {(bigger.width, bigger.height)}
    assert len(history.steps) == 2
    assert history.undo().document is document


@pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
def test_masks_and_the_selection_grow_smoothly_and_stay_where_they_were(depth):
    steps = np.zeros((HEIGHT, WIDTH, 1), np.float32)
    steps[:, 5:] = 1
    held = Raster.from_array(from_float(steps, depth))
    layer = Layer("Photograph", pixels(), mask=held, id="photo")
    document = Document(WIDTH, HEIGHT, "uint8", (layer,), selection=held)
    bigger = edits.enlarge(twice(document), 2).apply(document)
    for grown in (bigger.layers[0].mask, bigger.selection):
        assert grown.depth == depth
        line = to_float(grown.to_array())[..., 0]
        assert np.abs(line[:, :6]).max() < 0.01
        assert np.abs(line[:, 14:] - 1).max() < 0.01
        assert (np.diff(line[0, 8:12]) > 0).all()


def test_pixels_of_every_layer_are_needed_to_enlarge(document):
    large = twice(document)
    del large["wave"]
    with pytest.raises(EditError, match="no enlarged pixels of Wave"):
        edits.enlarge(large, 2).apply(document)


# Which edits render


def test_edits_that_render_say_so_and_take_whoever_runs_filters():
    warm = Layer("Warm", LiveFilter("warm", settings={"amount": 0.4}), id="upper")
    document = stack(replace(BELOW, id="lower"), warm)
    for edit in (edits.flatten(), edits.merge_down("upper")):
        assert edit.renders is not None
        live = FakeLive()
        through = edit.through(live)
        assert through.label == edit.label
        result = whole(through.apply(document)).to_array()
        assert live.seen
        assert (result != whole(edit.apply(document.without(["upper"]))).to_array()).any()
        with pytest.raises(LayerFailed, match="Warm could not be computed"):
            edit.apply(document)
    rename = edits.rename_layer("upper", "Hot")
    assert rename.through(FakeLive()) is rename


def test_a_result_may_be_kept_while_nothing_else_of_the_layer_changes(document):
    filter = document.layer("soft").filter
    kept = Kept(pixels(3, 9), result_key(document.below("soft"), filter, {}))
    changed = edits.keep_result("soft", kept).apply(document)
    assert not is_stale(changed, "soft")
    assert changed.layer("soft").filter == replace(filter, kept=kept)


@given(document=documents(), depth=st.sampled_from(DEPTHS))
def test_a_deeper_document_holds_the_same_values(document, depth):
    deep = edits.deepen(depth).apply(document)
    assert deep.depth == deeper(depth, document.depth)
    for before, after in zip(document.rasters(), deep.rasters(), strict=True):
        given = from_float(to_float(after.to_array()), before.depth)
        np.testing.assert_array_equal(given, before.to_array())


def test_selecting_in_two_hundred_megapixels_touches_few_pixels():
    photograph = Layer("Photograph", Raster.filled(17320, 11547, (9, 9, 9), "uint8"))
    document = Document(17320, 11547, "uint8", (photograph,))
    for edit, most in (
        (edits.select_region(Region(800, 600, 15000, 10000)), 14),
        (edits.select_region(Region(5000, 3000, 3000, 6000), "subtract"), 24),
        (edits.invert_selection(), 24),
        (edits.select_region(Region(7000, 3000, 3000, 6000), "add"), 34),
        (edits.invert_selection(), 34),
    ):
        document = edit.apply(document)
        assert document.selection.different_tiles <= most
    assert edits.select_region(document.region, "subtract").apply(document).selection is None


def test_groups_can_lie_as_deep_in_each_other_as_can_be_saved_and_no_deeper():
    bottom, top = Layer("Bottom", raster(3, 3)), Layer("Top", raster(3, 3, 4), id="inner")
    history, inner = History.start(Document(3, 3, "uint8", (bottom, top))), top.id
    for _ in range(DEEPEST):
        history = history.do(edits.group_layers([inner]))
    with pytest.raises(ValueError, match="groups lie within each other at most 64 deep"):
        history.do(edits.group_layers([inner]))
    # Far deeper than functions can call each other: a sentence, too.
    deep = top
    for number in range(5000):
        deep = Layer("", Group((deep,)), id=f"{number}")
    with pytest.raises(ValueError, match="at most 64 deep"):
        edits.add_layer(deep).apply(history.document)


def test_a_layer_more_than_can_be_saved_is_refused():
    spot = raster(3, 3, 4)
    layers = tuple(Layer("", spot, id=f"{number}") for number in range(MOST_LAYERS))
    document = Document(3, 3, "uint8", layers)
    with pytest.raises(ValueError, match="10000 layers at most"):
        edits.add_layer(Layer("One more", spot)).apply(document)


def test_grouping_many_layers_goes_over_the_document_once(monkeypatch):
    spot = raster(3, 3, 4)
    document = Document(3, 3, "uint8", tuple(Layer("", spot, id=f"{n}") for n in range(2000)))
    checked, check = [], Document._check
    monkeypatch.setattr(
        Document, "_check", lambda self, layer: checked.append(1) or check(self, layer)
    )
    grouped = edits.group_layers([f"{n}" for n in range(100, 1100)]).apply(document)
    assert len(checked) == 2001
    assert [layer.id for layer in grouped.layers[100].layers] == [f"{n}" for n in range(100, 1100)]
    assert len(grouped.layers) == 1001
    inside = edits.group_layers(["200", "300"]).apply(grouped)
    assert [len(layer.layers) for layer in inside.layers[100].layers if layer.layers] == [2]


def test_of_a_feathered_selection_only_the_rim_is_made_of_tiles_of_its_own():
    photograph = Layer("Photograph", Raster.filled(3000, 2000, (9, 9, 9), "uint8"))
    document = Document(3000, 2000, "uint8", (photograph,))
    document = edits.select_region(Region(300, 300, 2400, 1400)).apply(document)
    feathered = edits.feather_selection(20).apply(document).selection
    assert feathered.different_tiles < 50  # of 96, the rim and two or three in each shape
    rebuilt = Raster.from_array(feathered.to_array())
    assert feathered.digest() == rebuilt.digest()
    assert rebuilt.condensed().different_tiles == feathered.different_tiles


def test_a_merged_layer_meets_what_is_below_it_as_the_lower_one_did():
    """It is still darkened by what lies below: a normal one would hide that."""
    shades = {"base": 40, "lower": 200, "upper": 90}
    layers = [
        Layer(name, Raster.filled(1, 1, (shade,) * 3, "uint8"), id=name)
        for name, shade in shades.items()
    ]
    layers[1] = replace(layers[1], mode="darken")
    layers[2] = replace(layers[2], opacity=0.5)
    document = Document(width=1, height=1, depth="uint8", layers=tuple(layers))
    merged = edits.merge_down("upper").apply(document)
    assert [(layer.id, layer.mode) for layer in merged.layers] == [
        ("base", "normal"),
        ("lower", "darken"),
    ]
    assert render(merged, merged.region).max() == 40


def held(name, **settings):
    return LiveFilter(f"plugin.{name}", name.title(), "plugin", "1.0", settings)


def laid(document, *filters, also=()):
    told = {"also": json.dumps(list(also))} if also else {}
    made = edits.lay_filters(layer="photo", filters=edits.filters_told(filters), **told)
    return made.apply(document)


def test_filters_are_laid_one_above_the_other(document):
    made = laid(document, held("one", x=1.5), held("two", points=((0.0, 0.5), (1.0, 1.0))))
    at = [layer.id for layer in made.layers].index("photo")
    one, two = made.layers[at + 1 : at + 3]
    assert (one.name, two.name) == ("One", "Two")
    assert one.filter == held("one", x=1.5)
    assert two.filter.settings == {"points": ((0.0, 0.5), (1.0, 1.0))}


def test_filters_laid_instead_of_others_lie_where_the_lowest_was_and_keep_their_layers(document):
    made = laid(document, held("one", x=1), held("two", x=1), held("three", x=1))
    one, two, three = (layer for layer in made.layers if layer.name in ("One", "Two", "Three"))
    made = made.with_layer(replace(two, opacity=0.5))
    again = laid(made, held("three", x=2), held("two", x=2), also=[two.id, three.name])
    layers = [layer for layer in again.layers if layer.id in (one.id, two.id, three.id)]
    assert [layer.id for layer in layers] == [one.id, three.id, two.id]
    assert layers[2].opacity == 0.5
    assert [layer.filter.settings["x"] for layer in layers] == [1, 2, 2]
    assert laid(made, also=[two.id]).layers == tuple(x for x in made.layers if x.id != two.id)


@pytest.mark.parametrize("text", ["", "{", "7", "[7]", '[{"id": "x"}]', "[" * 100_000])
def test_what_tells_of_no_filters_is_refused(document, text):
    with pytest.raises(EditError, match="filters are a list"):
        edits.lay_filters(layer="photo", filters=text).apply(document)
