"""Keys: what makes a kept result stale, and what does not."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from safelight.api import Region
from safelight.document import (
    Document,
    EditError,
    Group,
    Kept,
    Layer,
    LayerFailed,
    LiveFilter,
    edits,
    is_stale,
    result_key,
)
from safelight.pixels import Profile, Raster
from tests import pictures
from tests.document.strategies import FakeLive, documents, drawn, edits_of, raster

WIDTH, HEIGHT = 14, 9


def pixels(seed=1, channels=3):
    return raster(WIDTH, HEIGHT, channels, "uint8", seed)


def fresh(document, layer_id, models=None):
    """The document with a result for a filter layer that was computed just now."""
    filter = document.layer(layer_id).filter
    key = result_key(document.below(layer_id), filter, models or {})
    result = raster(document.width, document.height, 3, document.depth, 9)
    kept = Kept(result, key, models or {})
    return edits.keep_result(layer_id, kept).apply(document)


@pytest.fixture
def document():
    """Photograph, a group with paint, a cheap filter, the costly one (``soft``), and a top."""
    group = Layer("Group", Group((Layer("Paint", pixels(2, 4), id="paint"),)), id="group")
    layers = (
        Layer("Photograph", pixels(), id="photo"),
        group,
        Layer("Warm", LiveFilter("warm", settings={"amount": 0.2}), id="warm"),
        Layer("Soft", LiveFilter("costly", version="1", settings={"radius": 3}), id="soft"),
        Layer("Top", pixels(3, 4), id="top"),
    )
    return fresh(Document(WIDTH, HEIGHT, "uint8", layers), "soft", {"soft.onnx": "00ff"})


def mask():
    return raster(WIDTH, HEIGHT, 1, "uint8", 4)


HARMLESS = {
    "its name": lambda: edits.rename_layer("soft", "Mist"),
    "a name below": lambda: edits.rename_layer("paint", "Sea"),
    "a lock below": lambda: edits.set_locked("photo", True),
    "its lock": lambda: edits.set_locked("soft", True),
    "its Amount": lambda: edits.set_opacity("soft", 0.2),
    "its mode": lambda: edits.set_mode("soft", "screen"),
    "its mask": lambda: edits.set_mask("soft", mask()),
    "being hidden": lambda: edits.set_visible("soft", False),
    "lightness only": lambda: edits.set_filter("soft", channels="luminance"),
    "texture": lambda: edits.set_filter("soft", texture=0.5),
    "pixels above": lambda: edits.set_pixels("top", pixels(8, 4)),
    "a layer above": lambda: edits.add_layer(Layer("New", pixels(8)), "soft"),
    "the selection": lambda: edits.select(mask()),
    "a hidden layer below": lambda: edits.add_layer(
        Layer("New", pixels(8), visible=False), "photo"
    ),
    "one of no opacity": lambda: edits.add_layer(Layer("New", pixels(8), opacity=0.0), "photo"),
    "equal pixels": lambda: edits.set_pixels("photo", pixels()),
}


@pytest.mark.parametrize("change", HARMLESS)
def test_what_its_input_does_not_depend_on_leaves_a_result_fresh(document, change):
    changed = HARMLESS[change]().apply(document)
    assert changed != document
    assert not is_stale(changed, "soft")


HARMFUL = {
    "its settings": lambda: edits.set_filter("soft", settings={"radius": 4}),
    "one pixel below": lambda: edits.set_pixels(
        "photo", pixels().replaced(Region(3, 3, 1, 1), np.zeros((1, 1, 3), np.uint8))
    ),
    "opacity below": lambda: edits.set_opacity("photo", 0.9),
    "opacity in a group below": lambda: edits.set_opacity("paint", 0.9),
    "mode below": lambda: edits.set_mode("group", "screen"),
    "mask below": lambda: edits.set_mask("group", mask()),
    "hiding below": lambda: edits.set_visible("paint", False),
    "clipping below": lambda: edits.set_clipped("group", True),
    "deleting below": lambda: edits.delete_layer("paint"),
    "adding below": lambda: edits.add_layer(Layer("New", pixels(8)), "photo"),
    "order below": lambda: edits.move_layer("photo", "", 1),
    "a filter's settings below": lambda: edits.set_filter("warm", settings={"amount": 0.3}),
    "a filter's Amount below": lambda: edits.set_opacity("warm", 0.5),
    "a filter's strip below": lambda: edits.set_filter("warm", channels="colour"),
    "a filter's texture below": lambda: edits.set_filter("warm", texture=0.5),
    "what a filter below has kept": lambda: edits.keep_result("warm", Kept(pixels(5), "")),
    "moving it": lambda: edits.move_layer("soft", "", 0),
    "moving it into a group": lambda: edits.move_layer("soft", "group", 1),
}


@pytest.mark.parametrize("change", HARMFUL)
def test_what_its_input_depends_on_makes_a_result_stale_and_undo_fresh_again(document, change):
    assert not is_stale(document, "soft")
    changed = HARMFUL[change]().apply(document)
    assert is_stale(changed, "soft")
    assert changed.layer("soft").filter.kept is document.layer("soft").filter.kept


@pytest.mark.parametrize(
    "change",
    [
        {"id": "other"},
        {"version": "2"},
        {"settings": {}},
        {"settings": {"radius": 3, "more": True}},
    ],
    ids=str,
)
def test_another_filter_version_or_setting_makes_a_result_stale(document, change):
    layer = document.layer("soft")
    other = replace(layer, content=replace(layer.filter, **change))
    assert is_stale(document.with_layer(other), "soft")


@pytest.mark.parametrize("change", [{"title": "Softer"}, {"plugin": "another name"}], ids=str)
def test_what_a_filter_is_called_makes_nothing_stale(document, change):
    layer = document.layer("soft")
    other = replace(layer, content=replace(layer.filter, **change))
    assert not is_stale(document.with_layer(other), "soft")


def test_a_curve_makes_a_result_stale_and_is_the_same_after_json(document):
    def key(curve):
        return result_key(document, LiveFilter("costly", settings={"curve": curve}), {})

    curve = ((0.0, 0.0), (0.5, 0.6), (1.0, 1.0))
    assert key(curve) == key([list(point) for point in curve])
    assert key(curve) != key(((0.0, 0.0), (0.5, 0.7), (1.0, 1.0)))


def test_another_network_makes_a_result_stale(document):
    layer = document.layer("soft")
    kept = replace(layer.filter.kept, models={"soft.onnx": "00fe"})
    other = replace(layer, content=replace(layer.filter, kept=kept))
    assert is_stale(document.with_layer(other), "soft")


def test_another_profile_makes_a_result_stale(document):
    assert is_stale(replace(document, profile=Profile(pictures.wide_profile())), "soft")


def test_what_has_kept_nothing_is_not_stale(document):
    for layer_id in ("warm", "photo", "group"):
        assert not is_stale(document, layer_id)
    with pytest.raises(KeyError, match="nowhere"):
        is_stale(document, "nowhere")


# What a filter layer sees


def test_in_a_group_only_what_is_below_in_the_group_counts():
    inside = (
        Layer("Paint", pixels(2, 4), id="paint"),
        Layer("Soft", LiveFilter("costly"), id="soft"),
    )
    layers = (Layer("Photograph", pixels(), id="photo"), Layer("Group", Group(inside), id="group"))
    document = fresh(Document(WIDTH, HEIGHT, "uint8", layers), "soft")
    assert [layer.id for layer in document.below("soft").layers] == ["paint"]
    for edit in (edits.set_opacity("group", 0.5), edits.set_pixels("photo", pixels(7))):
        assert not is_stale(edit.apply(document), "soft")
    assert is_stale(edits.set_opacity("paint", 0.5).apply(document), "soft")


def test_what_a_clipped_filter_sees_is_its_base_bare_and_what_is_clipped_below_it():
    layers = (
        Layer("Photograph", pixels(), id="photo"),
        Layer("Base", pixels(2, 4), opacity=0.5, mode="screen", mask=mask(), id="base"),
        Layer("Paint", pixels(3, 4), clipped=True, id="paint"),
        Layer("Soft", LiveFilter("costly"), clipped=True, id="soft"),
    )
    document = fresh(Document(WIDTH, HEIGHT, "uint8", layers, selection=mask()), "soft")
    below = document.below("soft")
    assert [layer.id for layer in below.layers] == ["base", "paint"]
    assert below.selection is None
    for edit in (
        edits.set_opacity("base", 0.9),
        edits.set_mode("base", "normal"),
        edits.set_mask("base", None),
        edits.set_pixels("photo", pixels(7)),
    ):
        assert not is_stale(edit.apply(document), "soft")
    for edit in (
        edits.set_pixels("base", pixels(7, 4)),
        edits.set_opacity("paint", 0.5),
        edits.set_clipped("soft", False),
    ):
        assert is_stale(edit.apply(document), "soft")


def test_what_was_clipped_to_a_hidden_layer_and_now_shows_makes_a_result_stale():
    layers = (
        Layer("Photograph", pixels(), id="photo"),
        Layer("Hidden", pixels(2, 4), visible=False, id="hidden"),
        Layer("Clipped", pixels(3, 4), clipped=True, id="clipped"),
        Layer("Soft", LiveFilter("costly"), id="soft"),
    )
    document = fresh(Document(WIDTH, HEIGHT, "uint8", layers), "soft")
    assert is_stale(edits.delete_layer("hidden").apply(document), "soft")
    assert not is_stale(edits.delete_layer("clipped").apply(document), "soft")


@given(document=documents(side=12), data=st.data())
def test_a_result_is_stale_whenever_the_pixels_below_have_changed(document, data):
    top = Layer("Soft", LiveFilter("costly"), id="soft")
    document = fresh(replace(document, layers=(*document.layers, top)), "soft")
    assert not is_stale(document, "soft")
    try:
        changed = data.draw(edits_of(document)).through(FakeLive()).apply(document)
    except (EditError, LayerFailed):
        return
    assume(any(layer.id == "soft" for layer in changed.walk()))
    if not is_stale(changed, "soft"):
        before, after = document.below("soft"), changed.below("soft")
        np.testing.assert_array_equal(
            drawn(after, after.region, FakeLive()), drawn(before, before.region, FakeLive())
        )


@given(document=documents(side=12))
def test_a_key_knows_content_and_not_which_objects_hold_it(document):
    def copied(layer):
        content = layer.content
        if isinstance(content, Raster):
            content = Raster.from_array(content.to_array().copy())
        elif isinstance(content, Group):
            content = Group(tuple(copied(item) for item in content.layers))
        return replace(layer, content=content, id=f"{layer.id} too", name="Another")

    filter = LiveFilter("costly", settings={"a": 1, "b": 2})
    again = replace(document, layers=tuple(copied(layer) for layer in document.layers))
    same = replace(filter, settings={"b": 2, "a": 1})
    assert result_key(again, same, {}) == result_key(document, filter, {})


def test_whole_numbers_of_lengths_and_opacities_are_spelled_as_others_are(document):
    def of(number):
        held = LiveFilter("told", grow=number(5), feather=number(3), texture=number(1), masked=True)
        layer = Layer("Told", held, opacity=number(1), mask=mask(), id="told")
        below = replace(document, layers=(*document.layers, layer))
        return result_key(below, held, {}, masked=layer)

    assert of(int) == of(float)


def test_what_a_filter_sees_looks_the_same_after_a_change_of_that_filter_alone(document):
    held = Layer("Live", LiveFilter("told", settings={"a": 1}), id="live")
    before = replace(document, layers=(*document.layers, held))
    after = edits.set_filter("live", settings={"a": 2}).apply(before)
    assert after.below("live").looks_like(before.below("live"))
    assert not after.looks_like(before)
    first = document.layers[0].id
    hidden = after.with_layer(replace(after.layer(first), opacity=0.5))
    assert not hidden.below("live").looks_like(before.below("live"))
