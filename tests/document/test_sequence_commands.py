"""Sequence commands: frames moved, deleted, reversed, timed and bounded, each an undoable edit."""

import pytest

from safelight.document import Document, EditError, History, Layer, LiveFilter
from safelight.document.commands.keyframe_commands import set_keyframe
from safelight.document.commands.sequence_commands import (
    delete_frames,
    duplicate_frames,
    frame_duration,
    in_and_out,
    move_frames,
    numbers_in,
    numbers_told,
    reverse_frames,
)
from safelight.document.contents.content import Kept
from safelight.document.frames import frames
from safelight.document.frames.frames_content import Frames
from safelight.document.frames.layer_keyframes import track_of
from safelight.pixels import Raster


def sequence(lights, id="film"):
    pictures = tuple(Raster.filled(8, 8, (light,) * 3, "uint8") for light in lights)
    times = tuple(10 * light for light in lights)
    return Layer("Sequence", Frames(pictures, times), id=id)


@pytest.fixture
def document():
    return Document(8, 8, "uint8", (sequence((1, 2, 3, 4, 5, 6)),))


def lights(document, layer="film"):
    content = document.layer(layer).content
    return [int(each.to_array()[0, 0, 0]) for each in content.pictures]


def test_frames_are_named_as_people_name_pages():
    assert numbers_in("", 3) == [0, 1, 2]
    assert numbers_in("2-4, 1,3", 5) == [0, 1, 2, 3]
    assert numbers_told([4, 0, 1, 2, 6]) == "1-3,5,7"
    for text in ("0", "6", "3-2", "a", "1;2", "-1"):
        with pytest.raises(EditError, match="1 to 5"):
            numbers_in(text, 5)


@pytest.mark.parametrize(
    ("edit", "after"),
    [
        (delete_frames(frames="2-3"), [1, 4, 5, 6]),
        (move_frames(frames="1-2", to=4), [3, 4, 5, 1, 2, 6]),
        (move_frames(frames="5", to=1), [5, 1, 2, 3, 4, 6]),
        (move_frames(frames="1", to=99), [2, 3, 4, 5, 6, 1]),
        (reverse_frames(), [6, 5, 4, 3, 2, 1]),
        (reverse_frames(frames="2-4"), [1, 4, 3, 2, 5, 6]),
        (duplicate_frames(frames="3"), [1, 2, 3, 3, 4, 5, 6]),
    ],
)
def test_frames_are_rearranged_with_their_durations_and_undone(document, edit, after):
    history = History.start(document)
    done = history.do(edit)
    assert lights(done.document) == after
    assert list(frames.durations(done.document)) == [10 * light for light in after]
    assert done.undo().document == document


def test_frames_are_shown_as_long_as_is_said(document):
    made = frame_duration(frames="2,5", duration=7).apply(document)
    assert frames.durations(made) == (10, 7, 30, 40, 7, 60)
    assert frames.durations(frame_duration(duration=7).apply(document)) == (7,) * 6


def test_in_and_out_stay_at_their_pictures_and_in_time(document):
    made = in_and_out(first=2, last=4).apply(document)
    assert frames.bounds(made) == (1, 3)
    assert frames.bounds(document) == (0, 5)
    assert frames.bounds(delete_frames(frames="1,3").apply(made)) == (0, 1)
    assert frames.bounds(delete_frames(frames="2-4").apply(made)) == (0, 2)
    assert frames.bounds(move_frames(frames="6", to=1).apply(made)) == (1, 3)
    assert frames.bounds(in_and_out().apply(made)) == (0, 5)
    with pytest.raises(EditError, match="1 to 6"):
        in_and_out(first=4, last=2).apply(document)


def test_all_sequences_of_a_document_are_one_time(document):
    both = Document(8, 8, "uint8", (*document.layers, sequence((11, 12, 13), "short")))
    made = delete_frames(frames="1,5").apply(both)
    assert lights(made) == [2, 3, 4, 6]
    assert lights(made, "short") == [12, 13]
    assert lights(delete_frames(frames="1-3").apply(both), "short") == [13]


def test_keyframes_and_what_was_computed_stay_at_their_pictures(document):
    kept = Kept(Raster.filled(8, 8, (9, 9, 9), "uint8"), "key", frame=4)
    light = Layer("Light", LiveFilter("some.light", settings={"stops": 0.0}, kept=kept), id="light")
    made = Document(8, 8, "uint8", (*document.layers, light))
    for frame, value in ((2, 1.0), (3, 2.0), (6, 3.0)):
        told = f'{{"settings.stops": {value}}}'
        made = set_keyframe(layer="light", frame=frame, values=told).apply(made)

    def keys(document):
        track = track_of(document.layer("light"), "settings.stops")
        return [(key.frame + 1, key.value) for key in track.keys]

    less = delete_frames(frames="1,3").apply(made)
    assert keys(less) == [(1, 1.0), (2, 2 + 1 / 3), (4, 3.0)]
    assert less.layer("light").filter.kept.frame == 2
    assert keys(delete_frames(frames="2").apply(made)) == [(2, 2.0), (5, 3.0)]
    # What is cut off changes nothing of what is left.
    assert keys(delete_frames(frames="1-4").apply(made)) == [(1, 2 + 2 / 3), (2, 3.0)]
    assert keys(delete_frames(frames="5-6").apply(made)) == [(2, 1.0), (3, 2.0), (4, 2 + 1 / 3)]
    assert keys(duplicate_frames(frames="1").apply(made)) == [(3, 1.0), (4, 2.0), (7, 3.0)]
    moved = move_frames(frames="5", to=1).apply(made)
    assert keys(moved) == keys(made)
    assert moved.layer("light").filter.kept.frame == 0


def test_what_cannot_be_done_to_a_sequence_is_said(document):
    with pytest.raises(EditError, match="not all"):
        delete_frames(frames="").apply(document)
    plain = Document.from_raster(Raster.filled(8, 8, (0, 0, 0), "uint8"))
    with pytest.raises(EditError, match="is no sequence"):
        reverse_frames().apply(plain)
