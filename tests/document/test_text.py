"""Text: a value that keeps its words and its outline, whoever laid them out."""

import base64
import zlib
from dataclasses import replace

import numpy as np
import pytest

from safelight.api import Region
from safelight.document import DECLARED, Document, EditError, History, edits, geometry, render
from safelight.document.commands import reshape_commands, shape_commands, text_commands
from safelight.document.contents import text as texts
from safelight.document.contents.outlined import of_points, outline_of, outline_text
from safelight.document.contents.text import MOST_LETTERS, Text, TextError, Wording
from safelight.files.project.project import Project
from safelight.pixels import Outline, Raster


def squares(wording):
    """Letters as squares, half as wide as high: what is asked of whoever lays out words."""
    if wording.family == "Gone":
        raise TextError("the font Gone is not on this computer; choose another one")
    size = wording.size
    parts, points = bytearray(), []
    for place in range(len(wording.text)):
        x = place * size
        parts += bytes([0, 1, 1, 1, 3])
        points += [(x, 0), (x + size / 2, 0), (x + size / 2, size), (x, size)]
    return Outline(bytes(parts), np.array(points, "<f4").tobytes())


@pytest.fixture(autouse=True)
def _typeset(monkeypatch):
    monkeypatch.setattr(texts, "TYPESETTERS", [squares])


def black(width=300, height=200):
    return Document.from_raster(Raster.filled(width, height, (0, 0, 0), "uint8"), name="Night")


def written(document=None, **settings):
    told = {"text": "abc", "x": 10.0, "y": 20.0, "size": 40.0} | settings
    return text_commands.add_text(**told).apply(document or black())


def test_words_are_drawn_where_they_are_asked_for():
    document = written()
    shown = render(document, document.region)[..., 0]
    expected = np.zeros((200, 300), np.uint8)
    for place in range(3):
        expected[20:60, 10 + 40 * place : 30 + 40 * place] = 255
    assert np.array_equal(shown, expected)
    layer = document.layers[-1]
    assert (layer.name, layer.kind.name) == ("abc", "text")
    assert layer.kind.described(layer.content) == "Text, The usual font, 40 px: abc"


def test_a_stroke_lies_around_the_letters_and_takes_nothing_of_them():
    document = written(stroke_width=4.0, stroke="#ff0000")
    shown = render(document, document.region)
    plain = render(written(), document.region)
    assert (shown[plain[..., 0] == 255] == 255).all()
    assert shown[40, 7].tolist() == [255, 0, 0]
    assert shown[40, 5].tolist() == [0, 0, 0]


def test_other_words_begin_where_the_old_ones_did_also_when_they_were_turned():
    document = written()
    layer = document.layers[-1]
    turned = reshape_commands.transform(layer=layer.id, angle=20.0).apply(document)
    before = turned.layers[-1]
    edit = text_commands.set_text(layer=layer.id, text="wider", size=60.0, stroke_width=9.0)
    after = edit.apply(turned).layers[-1]
    assert (after.content.wording.text, after.name) == ("wider", "wider")
    assert of_points(after.content, after.place).at(0, 0) == pytest.approx(
        of_points(before.content, before.place).at(0, 0)
    )
    named = edits.rename_layer(layer.id, "Caption").apply(turned)
    assert edit.apply(named).layers[-1].name == "Caption", "a name of its own stays"


def test_without_its_font_a_text_is_shown_and_coloured_and_no_letter_is_lost(tmp_path):
    document = written()
    layer = document.layers[-1]
    wording = Wording("abc", family="Gone", size=40.0)
    held = Text(wording, layer.content.outline)
    document = document.with_layer(replace(layer, content=held))
    Project.create(tmp_path / "a.safelight", History.start(document)).close()
    project, again = Project.open(tmp_path / "a.safelight")
    project.close()
    shown = render(again.document, document.region)
    assert np.array_equal(shown, render(document, document.region))
    same = {"layer": layer.id, "text": "abc", "family": "Gone", "size": 40.0}
    red = text_commands.set_text(**same, fill="#ff0000").apply(document)
    assert red.layers[-1].content.outline == held.outline
    assert render(red, document.region)[30, 15].tolist() == [255, 0, 0]
    with pytest.raises(EditError, match="the font Gone is not on this computer; choose another"):
        text_commands.set_text(**(same | {"text": "abcd"})).apply(document)
    chosen = text_commands.set_text(**(same | {"family": ""}), fill="#ffffff").apply(document)
    assert chosen.layers[-1].content.wording.family == ""


def test_a_long_outline_is_stored_once_however_many_steps_there_are(tmp_path):
    rng = np.random.default_rng(1)
    noisy = rng.uniform(0, 1000, (4000, 2)).astype("<f4")
    outline = Outline(bytes([0, *[1] * 3999]), noisy.tobytes())
    assert outline_of(outline_text(outline)) == outline
    layer = written().layers[-1]
    held = replace(layer, content=Text(Wording("abc"), outline))
    history = History.start(replace(black(), layers=(held,)))
    Project.create(tmp_path / "once.safelight", history).close()
    for place in range(40):
        history = history.do(edits.rename_layer(layer.id, f"Name {place}"))
    Project.create(tmp_path / "a.safelight", history).close()
    once, often = ((tmp_path / name).stat().st_size for name in ("once.safelight", "a.safelight"))
    assert often - once < 3 * len(outline.points), "forty more steps hold forty names"
    project, again = Project.open(tmp_path / "a.safelight")
    project.close()
    assert again.document.layers[-1].content == held.content


def test_too_many_letters_and_damaged_outlines_are_refused_with_a_sentence():
    with pytest.raises(EditError, match="20,000 letters at the most, not 1,000,000"):
        written(text="a" * 1_000_000)
    assert Wording("a" * MOST_LETTERS)
    with pytest.raises(EditError, match="a letter at least"):
        written(text=" \n ")
    for damaged in ("!!", "AAAA", outline_text(Outline.polygon([(0, 0), (1, 1)]))[:-8]):
        with pytest.raises(ValueError, match="damaged"):
            outline_of(damaged)
    bomb = zlib.compress(bytes(100_000_000), 9)
    with pytest.raises(ValueError, match="damaged"):
        outline_of(base64.b64encode(bomb).decode())


def test_a_text_runs_along_a_shape_and_straight_again():
    document = shape_commands.add_shape(figure="ellipse", x=100.0, y=50.0).apply(written())
    text, shape = document.layers[-2:]
    along = text_commands.text_along(layer=text.id, start=25.0).apply(document)
    wording = along.layer(text.id).content.wording
    assert (wording.path, wording.start) == (shape.content.outline, 25)
    held = along.layer(text.id)
    assert of_points(held.content, held.place) == of_points(shape.content, shape.place)
    without = edits.delete_layer(shape.id).apply(along)
    same = text_commands.set_text(layer=text.id, text="other").apply(without)
    assert same.layer(text.id).content.wording.path == shape.content.outline
    straight = text_commands.straighten_text(layer=text.id).apply(without)
    assert straight.layer(text.id).content.wording.path.empty
    two = shape_commands.add_shape(name="Second").apply(document)
    with pytest.raises(EditError, match="there are several shapes; choose one"):
        text_commands.text_along(layer=text.id).apply(two)
    chosen = text_commands.text_along(layer=text.id, also=f'["{shape.id}"]').apply(two)
    assert chosen.layer(text.id).content.wording.path == shape.content.outline
    with pytest.raises(EditError, match="there is no shape"):
        text_commands.text_along().apply(written())


def test_resizing_keeps_it_a_text_and_as_sharp():
    document = written()
    larger = geometry.resize(document, 3000, 2000)
    assert larger.layers[-1].content == document.layers[-1].content
    shown = render(larger, Region(100, 200, 400, 10))[..., 0]
    assert set(np.unique(shown)) == {0, 255}


def test_where_nobody_can_lay_out_words_a_sentence_says_so(monkeypatch):
    monkeypatch.setattr(texts, "TYPESETTERS", [])
    with pytest.raises(EditError, match="words cannot be laid out here"):
        written()
    assert "add_text" in DECLARED
