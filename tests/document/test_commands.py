"""Commands: one function each, asked for, checked and written down by its signature."""

import json
import tracemalloc
from typing import Annotated, Literal

import pytest

from safelight.api import Number, ParameterError, Region
from safelight.document import DECLARED, Document, EditError, History, Layer, Record, edits
from safelight.document.commands.command import Command, Entry, command
from safelight.document.strokes.stroke import Stroke
from safelight.pixels import Raster
from tests.document.strategies import raster


@pytest.fixture
def document():
    return Document(
        4, 3, "uint8", (Layer("Photograph", white(), id="photo"), Layer("Sky", white()))
    )


def white():
    return Raster.filled(4, 3, (255, 255, 255), "uint8")


@pytest.mark.parametrize("name", DECLARED)
def test_every_command_says_what_it_does_and_takes_its_own_defaults(name):
    found = DECLARED[name]
    assert found.id == name
    assert found.title
    assert found.description.endswith(".")
    assert found.settings() == {item.name: item.default for item in found.parameters}


@pytest.mark.parametrize("name", DECLARED)
def test_every_command_comes_back_from_what_is_written_down_of_it(name):
    made = DECLARED[name]()
    written = json.loads(json.dumps(made.record.to_json()))
    assert Record.from_json(written) == made.record


def test_where_a_filter_lies_and_whether_it_is_masked_is_written_down():
    record = Record("filter", "blur", {"radius": 2}, above="Sky", masked=False)
    assert record.to_json() == {
        "filter": "blur",
        "settings": {"radius": 2},
        "above": "Sky",
        "masked": False,
    }
    assert Record.from_json(record.to_json()) == record


def test_a_step_of_the_history_knows_what_was_done(document):
    history = History.start(document).do(edits.set_opacity("photo", 0.5, token="drag"))
    assert history.steps[0].record is None
    told = history.steps[1].record.to_json()
    assert told == {"command": "set_opacity", "settings": {"layer": "photo", "opacity": 0.5}}
    again = DECLARED[told["command"]](**told["settings"]).apply(document)
    assert again.layer("photo") == history.document.layer("photo")


def test_a_stroke_is_written_down_as_its_points(document):
    stroke = Stroke(((1.5, 2, 1), (6, 3, 0.5)), 2.0)
    edit = edits.paint_mask(None, stroke)
    assert edit.label == "Brush"
    again = DECLARED[edit.record.id](**edit.record.settings).apply(document)
    assert again.selection.digests() == edit.apply(document).selection.digests()


def test_a_step_that_is_made_in_pieces_is_written_down_whole(document):
    points = ((1.5, 2, 1), (6, 3, 0.5), (9, 9, 1), (-40, 9, 1))  # the last piece meets nothing new
    history, path = History.start(document), ""
    for piece in zip(points, points[1:], strict=False):
        stroke = Stroke(piece, 2.0)
        path = f"{path};{Stroke(piece[1:], 2.0).written}" if path else stroke.written
        history = history.do(edits.paint_mask(None, stroke, "stroke", path))
    assert len(history.steps) == 2
    record = history.steps[1].record
    assert record.settings["points"] == Stroke(points, 2.0).written
    again = DECLARED[record.id](**record.settings).apply(document)
    assert again.selection.digests() == history.document.selection.digests()


def test_an_edit_of_given_pixels_has_no_record(document):
    assert edits.set_pixels("photo", document.layer("photo").raster).record is None


def test_a_layer_is_found_by_its_name_and_the_uppermost_where_none_is_named(document):
    name = document.layer("photo").name
    assert edits.set_opacity(name, 0.25).apply(document).layer("photo").opacity == 0.25
    assert edits.set_opacity(opacity=0.25).apply(document).layers[-1].opacity == 0.25


def test_a_setting_outside_what_is_legal_is_refused_with_its_name(document):
    with pytest.raises(ParameterError, match="opacity: 2 is outside 0 to 1"):
        edits.set_opacity.settings({"opacity": 2})
    with pytest.raises(EditError, match="opacity: 2 is outside 0 to 1"):
        edits.set_opacity("photo", 2).apply(document)
    with pytest.raises(ParameterError, match="set_opacity has no setting strength"):
        edits.set_opacity.settings({"strength": 1})


def test_a_command_is_declared_by_its_signature(monkeypatch):
    monkeypatch.setattr("safelight.document.commands.command.DECLARED", {})

    lines = [Entry("Tint &little"), Entry("Tint &much", {"by": 9}, "Ctrl+9")]

    @command("&Tint", menu="Picture", entries=lines)
    def tint(document, *, by: Annotated[int, Number(0, 9)] = 3, how: Literal["a", "b"] = "a"):
        """Tint it."""
        return document

    assert isinstance(tint, Command)
    assert (tint.id, tint.title) == ("tint", "Tint")
    assert [item.kind for item in tint.parameters] == ["integer", "choice"]
    assert list(tint.lines) == lines
    assert edits.add_mask.lines == (Entry("Add mas&k"),)
    with pytest.raises(TypeError, match="by keyword"):
        command("Wrong")(lambda document, by=3: document)


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        {"command": "a", "filter": "b"},
        {"command": 3},
        {"filter": "a", "settings": []},
        {"filter": "a", "more": 1},
        {"filter": "a", "above": 3},
        {"filter": "a", "masked": "no"},
        {"command": "a", "above": "Sky"},
    ],
)
def test_what_is_no_record_is_refused(data):
    with pytest.raises(ValueError, match="a step"):
        Record.from_json(data)


def test_what_goes_over_every_pixel_of_a_picture_is_made_on_a_thread():
    """An edit that does not ask for one is made between two frames of the window, at 200 MP too:
    what it needs of memory does not grow with the picture.
    """
    pixels = raster(1024, 768, 4)
    chosen = Raster.filled(1024, 768, (0,), "uint8").filled_at(Region(256, 256, 512, 256), 255)
    layers = Layer("Below", pixels, id="below"), Layer("Top", pixels, id="top", mask=chosen)
    document = Document(1024, 768, "uint8", layers, selection=chosen)

    def needs(edit):
        tracemalloc.start()
        try:
            edit.apply(document)
        except (EditError, KeyError, ValueError):
            return 0  # refused at once
        finally:
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        return peak

    at_once = {}
    for name, declared in DECLARED.items():
        edit = declared(**({"whole_layer": True} if name == "transform" else {}))
        if edit.renders is None:  # a part that is lifted costs its edge alone
            at_once[name] = needs(edit)
            if at_once[name] > 500_000:  # the first time it may be what is imported
                at_once[name] = needs(edit)
    assert len(at_once) > 50
    assert {name for name, peak in at_once.items() if peak > 500_000} == set()
