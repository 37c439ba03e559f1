"""History: undo and redo give back the very documents; a drag is one step."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.document import Document, Edit, EditError, History, LayerFailed, edits
from tests.document.strategies import FakeLive, documents, edits_of, raster


@pytest.fixture
def history():
    return History.start(Document.from_raster(raster(6, 5)), "Open")


def bottom(history):
    return history.document.layers[0].id


def labels(history):
    return [step.label for step in history.steps]


@given(document=documents(side=12), data=st.data())
def test_any_edits_and_as_many_undos_lead_back_to_the_first_document(document, data):
    history = History.start(document)
    passed = [document]
    for _ in range(data.draw(st.integers(1, 8))):
        edit = data.draw(edits_of(history.document)).through(FakeLive())
        before = history.position
        try:
            history = history.do(edit)
        except (EditError, LayerFailed):
            continue
        if history.document is passed[-1]:  # a stroke beside the picture
            continue
        if history.position == before:  # one step of a drag
            passed.pop()
        passed.append(history.document)
        assert history.steps[-1].label == edit.label
    there = history
    assert [step.document for step in there.steps] == passed
    for expected in reversed(passed):
        assert history.document is expected
        assert history.can_undo == (expected is not document)
        history = history.undo()
    assert history.document is document
    for expected in passed:
        assert history.document is expected
        history = history.redo()
    assert history.document is there.document
    assert not history.can_redo


@given(document=documents(side=12), data=st.data())
def test_an_edit_leaves_the_document_it_is_given_as_it_was(document, data):
    before = [(item, item.content, item.mask) for item in document.walk()]
    digests = [item.digest() for item in document.rasters()]
    edit = data.draw(edits_of(document)).through(FakeLive())
    try:
        changed = edit.apply(document)
    except (EditError, LayerFailed):
        changed = document
    assert [(item, item.content, item.mask) for item in document.walk()] == before
    fresh = [
        type(item)(item.width, item.height, item.channels, item.depth, tiles(item))
        for item in document.rasters()
    ]
    assert [item.digest() for item in fresh] == digests
    assert {item.depth for item in changed.rasters() if item.channels > 1} <= {document.depth}


def tiles(raster):
    return [tile for _, tile in raster.tiles()]


def test_a_drag_is_one_step(history):
    start = history.document
    for opacity in (0.9, 0.7, 0.4):
        history = history.do(edits.set_opacity(bottom(history), opacity, token="drag 1"))
    assert labels(history) == ["Open", "Opacity"]
    assert history.document.layers[0].opacity == 0.4
    assert history.undo().document is start
    assert history.undo().redo().document is history.document


def test_two_drags_are_two_steps_and_so_is_a_drag_that_was_interrupted(history):
    layer = bottom(history)
    for token in ("drag 1", "drag 1", "drag 2", None, None, "drag 2"):
        history = history.do(edits.set_opacity(layer, 0.5, token=token))
    assert labels(history) == ["Open", *["Opacity"] * 5]


def test_an_edit_after_undo_forgets_what_was_undone(history):
    layer = bottom(history)
    for name in ("Sea", "Sky"):
        history = history.do(edits.rename_layer(layer, name))
    history = history.undo().undo().do(edits.set_opacity(layer, 0.5))
    assert labels(history) == ["Open", "Opacity"]
    assert not history.can_redo
    assert history.document.layers[0].name == "Background"


def test_a_drag_after_undo_forgets_what_was_undone_too(history):
    layer = bottom(history)
    history = history.do(edits.set_opacity(layer, 0.9, token="drag"))
    history = history.do(edits.rename_layer(layer, "Sky")).undo()
    history = history.do(edits.set_opacity(layer, 0.2, token="drag"))
    assert labels(history) == ["Open", "Opacity"]
    assert history.document.layers[0].opacity == 0.2


def test_an_edit_that_changes_nothing_makes_no_step_and_forgets_none(history):
    history = history.do(edits.rename_layer(bottom(history), "Sky")).undo()
    assert history.do(Edit("Nothing", lambda document: document)) is history
    assert history.can_redo


def test_an_edit_that_is_refused_leaves_the_history_as_it_was(history):
    before = history
    with pytest.raises(EditError):
        history.do(edits.delete_layer(bottom(history)))
    assert history == before


def test_at_the_ends_undo_and_redo_stay_where_they_are(history):
    assert history.undo() is history
    assert history.redo() is history


def test_any_step_can_be_jumped_to_and_no_other(history):
    for opacity in (0.1, 0.2, 0.3):
        history = history.do(edits.set_opacity(bottom(history), opacity))
    for position, step in enumerate(history.steps):
        there = history.jump(position)
        assert there.document is step.document
        assert there.steps == history.steps
    for position in (-1, 4):
        with pytest.raises(IndexError, match=f"no {position}"):
            history.jump(position)
