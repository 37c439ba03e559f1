"""Keyframes: what of a layer moves along a sequence, and what edits make of it."""

import json
from dataclasses import replace

import numpy as np
import pytest

from safelight.document import Document, EditError, History, Layer, LiveFilter, edits, whole
from safelight.document.commands.gradient_commands import gradient_mask
from safelight.document.commands.keyframe_commands import (
    keyframe_interpolation,
    move_keyframe,
    on_frame,
    remove_keyframe,
    set_keyframe,
    stop_keyframes,
)
from safelight.document.contents.content import Fill
from safelight.document.frames import frames
from safelight.document.frames.frames_content import Frames
from safelight.document.frames.keyframes import Keyframe, Track, between
from safelight.document.frames.layer_keyframes import track_of, value_of
from safelight.document.placement import Place
from safelight.files import Project
from safelight.pixels import Raster

COUNT = 11


@pytest.fixture
def document():
    """A sequence of black pictures, a white fill over it, and a filter over both."""
    black = tuple(Raster.filled(40, 30, (0, 0, 0), "uint8") for _ in range(COUNT))
    layers = (
        Layer("Sequence", Frames(black, (40,) * COUNT), id="film"),
        Layer("White", Fill("#ffffff"), id="white"),
        Layer("Light", LiveFilter("some.light", settings={"stops": 0.0, "on": True}), id="light"),
    )
    return Document(40, 30, "uint8", layers)


def moving(document, layer, name, *keys, interpolation=""):
    for frame, value in keys:
        told = {"values": json.dumps({name: value}), "interpolation": interpolation}
        document = set_keyframe(layer=layer, frame=frame, **told).apply(document)
    return document


def values(document, layer, name):
    return [value_of(frames.at(document, each).layer(layer), name) for each in range(COUNT)]


def test_a_value_goes_from_one_keyframe_to_the_next_in_a_line_with_ease_or_not_at_all(document):
    name = "settings.stops"
    made = moving(document, "light", name, (3, 1.0), (7, 3.0))
    assert values(made, "light", name) == [1, 1, 1, 1.5, 2, 2.5, 3, 3, 3, 3, 3]
    eased = keyframe_interpolation(layer="light", frame=3, interpolation="ease").apply(made)
    assert values(eased, "light", name)[2:7] == [1, 1.3125, 2, 2.6875, 3]
    held = keyframe_interpolation(layer="light", frame=3, interpolation="hold").apply(made)
    assert values(held, "light", name)[2:7] == [1, 1, 1, 1, 3]
    assert value_of(made.layer("light"), name) == 0  # a document without frames has its own


def test_what_has_no_way_between_stays_until_the_next_is_reached():
    assert between(1, 4, 0.5) == 2
    assert between("#000000", "#ff8000", 0.5) == "#804000"
    assert between(((0.0, 0.0), (1.0, 0.5)), ((0.0, 0.2), (1.0, 1.0)), 0.5) == (
        (0.0, 0.1),
        (1.0, 0.75),
    )
    for one, other in ((True, False), ("soft", "hard"), ((0.0,), (0.0, 1.0)), (1.0, "x")):
        assert between(one, other, 0.9) == one


def test_opacity_moves_and_each_frame_is_rendered_with_its_own(document):
    made = moving(document, "white", "opacity", (1, 0.0), (11, 1.0))
    made = made.without(["light"])
    seen = [int(whole(frames.at(made, each)).to_array()[5, 5, 0]) for each in (0, 2, 5, 10)]
    assert seen == [0, 51, 128, 255]


def test_handles_of_a_gradient_move_and_the_mask_is_as_if_it_had_been_laid_there(document):
    handles = {"x": 0.0, "y": 15.0, "to_x": 10.0, "to_y": 15.0}
    masked = gradient_mask(layer="white", **handles).apply(document)
    first = [0.0, 15.0, 10.0, 15.0, 1.0, 1.0]
    last = [20.0, 15.0, 30.0, 15.0, 1.0, 1.0]
    made = moving(masked, "white", "mask_gradient", (1, first), (11, last))
    half = frames.at(made, 5).layer("white")
    there = gradient_mask(layer="white", **handles | {"x": 10.0, "to_x": 20.0}).apply(document)
    assert np.array_equal(half.mask.to_array(), there.layer("white").mask.to_array())
    smaller, exact = half.mask.level(1).to_array(), there.layer("white").mask.level(1).to_array()
    assert np.abs(smaller.astype(int) - exact).max() <= 2
    assert frames.at(made, 0).layer("white").mask is masked.layer("white").mask
    assert half.mask.digest() == frames.at(made, 5).layer("white").mask.digest()
    assert half.mask.digest() != frames.at(made, 6).layer("white").mask.digest()


def test_a_place_of_a_mask_turns_the_short_way():
    keys = (
        Keyframe(0, Place.turned(-170, 0, 0).matrix),
        Keyframe(10, Place.offset(10, 0).after(Place.turned(170, 0, 0)).matrix),
    )
    half = Place(Track("mask_place", keys).at(5))
    assert half.matrix == pytest.approx(Place.offset(5, 0).after(Place.turned(180, 0, 0)).matrix)
    grown = (Keyframe(0, Place().matrix), Keyframe(10, Place.scaled(3, 3).matrix))
    assert Track("mask_place", grown).at(5)[0] == 2


def test_keyframes_are_moved_removed_and_undone(document):
    name = "settings.stops"
    history = History.start(moving(document, "light", name, (3, 1.0), (7, 3.0)))
    moved = history.do(move_keyframe(layer="light", frame=7, to=9))
    assert [key.frame for key in track_of(moved.document.layer("light"), name).keys] == [2, 8]
    onto = moved.do(move_keyframe(layer="light", frame=9, to=3))
    assert track_of(onto.document.layer("light"), name).keys == (Keyframe(2, 3.0),)
    none = onto.do(remove_keyframe(layer="light", frame=3))
    assert none.document.layer("light").keyframes == ()
    assert value_of(none.document.layer("light"), name) == 3.0  # it stays as it was seen
    stopped = moved.do(stop_keyframes(layer="light", name=name, frame=6))
    assert value_of(stopped.document.layer("light"), name) == 2.0
    assert none.undo().undo().undo().document == history.document
    with pytest.raises(EditError, match="no keyframe at 5"):
        remove_keyframe(layer="light", frame=5).apply(history.document)


@pytest.mark.parametrize(
    ("layer", "told"),
    [
        ("white", '{"settings.stops": 1}'),
        ("light", '{"settings.other": 1}'),
        ("light", '{"settings.stops": "high"}'),
        ("light", '{"settings.on": 1}'),
        ("light", '{"settings.stops": NaN}'),
        ("light", '{"opacity": 2}'),
        ("light", '{"grow": 99999}'),
        ("white", '{"mask_gradient": [1, 2, 3, 4, 5, 6]}'),
        ("light", '{"name": "x"}'),
        ("light", "[1]"),
        ("light", "{}"),
    ],
)
def test_a_value_that_a_layer_cannot_have_is_refused(document, layer, told):
    with pytest.raises(EditError):
        set_keyframe(layer=layer, values=told).apply(document)


def test_an_edit_of_what_moves_sets_a_keyframe_where_it_is_looked_at(document):
    name = "settings.stops"
    made = moving(document, "light", name, (1, 0.0), (11, 10.0))
    seen = frames.at(made, 4)
    settings = dict(seen.layer("light").filter.settings)
    edit = edits.set_filter("light", settings=settings | {"stops": 7.0}, token="drag")
    told = on_frame(made, seen, edit, 4)
    after = told.apply(made)
    track = track_of(after.layer("light"), name)
    assert [(key.frame, key.value) for key in track.keys] == [(0, 0), (4, 7), (10, 10)]
    assert told.record.id == "set_keyframe"
    again = told.record.settings | {"layer": "light"}
    assert set_keyframe(**again).apply(made) == after
    assert after.layer("film") is made.layer("film")  # what is looked at is no edit
    # What does not move is set for all frames, and leaves what moves alone.
    edit = edits.set_filter("light", settings=settings | {"on": False})
    after = on_frame(made, seen, edit, 4).apply(made)
    assert after.layer("light").filter.settings == {"stops": 0.0, "on": False}
    assert track_of(after.layer("light"), name) == track_of(made.layer("light"), name)
    shown = edits.set_visible(layer="white", visible=False)
    after = on_frame(made, seen, shown, 4).apply(made)
    assert not after.layer("white").visible
    assert after.layer("light") is made.layer("light")


def test_a_mask_that_is_moved_sets_a_keyframe_and_one_that_is_painted_does_not(document):
    handles = {"x": 0.0, "y": 15.0, "to_x": 10.0, "to_y": 15.0}
    masked = gradient_mask(layer="white", **handles).apply(document)
    made = moving(masked, "white", "mask_place", (1, None), (11, Place.offset(20, 0).matrix))
    seen = frames.at(made, 5)
    assert seen.layer("white").mask_place == Place.offset(10, 0)
    edit = on_frame(made, seen, edits.move_pixels(layer="white", x=0, y=6), 5)
    after = edit.apply(made)
    assert after.layer("white").mask_place == made.layer("white").mask_place
    assert frames.at(after, 5).layer("white").mask_place == Place.offset(10, 6)
    gradient = moving(masked, "white", "mask_gradient", (1, None))
    seen = frames.at(gradient, 5)
    pulled = gradient_mask(layer="white", edits=True, **handles | {"to_x": 30.0})
    after = on_frame(gradient, seen, pulled, 5).apply(gradient)
    assert len(track_of(after.layer("white"), "mask_gradient").keys) == 2
    assert after.layer("white").mask is gradient.layer("white").mask
    assert frames.at(after, 8).layer("white").mask_gradient.gradient.to_x == 30


def test_keyframes_are_kept_in_a_project_and_a_stranger_s_are_checked(document, tmp_path):
    made = moving(document, "light", "settings.stops", (3, 1.0), (7, 3.0), interpolation="ease")
    made = moving(made, "white", "opacity", (1, 0.5))
    path = tmp_path / "kept.safelight"
    Project.create(path, History.start(made)).close()
    project, opened = Project.open(path)
    found = [layer.keyframes for layer in opened.document.walk()]
    project.close()
    assert found == [layer.keyframes for layer in made.walk()]
    for keys in ((), (Keyframe(3, 1.0), Keyframe(3, 2.0))):
        with pytest.raises(ValueError, match="in order"):
            Track("opacity", keys)
    with pytest.raises(ValueError, match="cannot move"):
        Track("name", (Keyframe(0, 1.0),))
    track = Track("opacity", (Keyframe(0, 1.0),))
    with pytest.raises(ValueError, match="one way"):
        replace(document.layers[1], keyframes=(track, track))
