"""Sequences: pictures in order are opened one at a time, arranged, kept and written."""

from __future__ import annotations

import os
import shutil
import sqlite3
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from safelight.actions.sequences.open_sequences import (
    film_pictures,
    opened_pictures,
    opened_sequence,
)
from safelight.document import Document, Edit, History, Layer, edits, whole
from safelight.document.commands.sequence_commands import in_and_out, keep_frames
from safelight.document.frames import frames
from safelight.document.frames.frames_content import Frames
from safelight.files import FileExists, OpenError, Project
from safelight.files.exports.export_outcome import ExportError
from safelight.files.sequences.export_sequence import export_numbered, export_sequence
from safelight.files.sequences.film_files import named_alone
from safelight.files.sequences.frame_tiles import CACHE, FrameStore
from safelight.files.sequences.frame_writers import film_rate
from safelight.files.sequences.open_sequence import holds_sequence, in_order
from safelight.pixels import Raster

WIDTH, HEIGHT = 96, 64
TIMES = [50, 60, 70, 80, 90, 100, 110]


def moving(count=7):
    """A red square that goes to the right over a ground that gets brighter."""
    made = []
    for number in range(count):
        pixels = np.full((HEIGHT, WIDTH, 3), 30 * number % 200, np.uint8)
        pixels[10:30, number * 10 : number * 10 + 20] = (220, 30, 40)
        made.append(pixels)
    return made


def shown(document, number):
    return whole(frames.at(document, number)).to_array()[..., :3]


def apart(one, other):
    return float(np.abs(one.astype(float) - other.astype(float)).mean())


@pytest.fixture
def sequence():
    pictures = tuple(Raster.from_array(pixels) for pixels in moving())
    layer = Layer("Sequence", Frames(pictures, tuple(TIMES)))
    return Document(WIDTH, HEIGHT, "uint8", (layer,))


def saved(tmp_path, ending, **how):
    first, *others = [Image.fromarray(pixels) for pixels in moving()]
    path = tmp_path / f"moving{ending}"
    first.save(path, save_all=True, append_images=others, **how)
    return path


@pytest.mark.parametrize(
    ("ending", "how", "most"),
    [
        (".gif", {"duration": TIMES}, 0.5),
        (".webp", {"duration": TIMES, "lossless": True}, 0),
        (".png", {"duration": TIMES}, 0),
        (".avif", {"duration": TIMES, "quality": 95}, 4),
        (".tif", {}, 0),
    ],
)
def test_each_picture_of_a_file_is_seen_in_whatever_order_it_is_asked_for(
    tmp_path, ending, how, most
):
    path = saved(tmp_path, ending, **how)
    document = opened_sequence(path).document
    assert frames.length(document) == 7
    if ending != ".tif":
        assert list(frames.durations(document)) == TIMES
    assert holds_sequence(path) == (ending != ".tif")  # pages may be anything
    for number in (3, 1, 6, 0, 5, 2, 4):
        assert apart(shown(document, number), moving()[number]) <= most


@pytest.mark.parametrize(
    ("ending", "most"),
    [(".webm", 6), (".gif", 3), (".webp", 4), (".png", 0), (".avif", 4), (".tif", 0)],
)
def test_what_is_written_reads_back_picture_by_picture(sequence, tmp_path, ending, most):
    target = tmp_path / f"out{ending}"
    made = export_sequence(sequence, target, tmp_path / "scratch")
    back = opened_sequence(made.path).document
    order = list(range(7))
    if ending == ".webm":  # of uneven durations, at a hundred pictures a second
        order = [number for number in range(7) for _ in range(TIMES[number] // 10)]
    assert frames.length(back) == len(order)
    for number in (0, len(order) // 2, len(order) - 1):
        assert apart(shown(back, number), moving()[order[number]]) <= most
    if ending not in (".webm", ".tif"):
        assert list(frames.durations(back)) == TIMES
    with pytest.raises(FileExists):
        export_sequence(sequence, target, tmp_path / "scratch")


def test_a_layer_over_the_frames_lies_over_every_one_of_them(sequence, tmp_path):
    document = edits.add_fill_layer(colour="#0000ff").apply(sequence)
    document = edits.set_opacity(layer=document.layers[-1].id, opacity=0.5).apply(document)
    made = export_sequence(document, tmp_path / "out.png", tmp_path / "scratch")
    back = opened_sequence(made.path).document
    for number in (0, 6):
        half = moving()[number].astype(float) / 2 + np.array([0, 0, 127.5])
        assert np.abs(shown(back, number) - half).max() <= 1


def test_pictures_of_a_folder_are_one_sequence_by_the_numbers_in_their_names(tmp_path):
    folder = tmp_path / "burst"
    folder.mkdir()
    for number in (2, 10, 1):
        Image.fromarray(moving()[number % 7]).save(folder / f"IMG_{number}.png")
    small = Image.fromarray(np.full((HEIGHT // 2, HEIGHT // 2, 3), 255, np.uint8))
    small.save(folder / "IMG_11.png")  # of another shape: in the middle, as large as it can be
    (folder / "IMG_12.png").write_bytes(b"\x89PNG\r\n\x1a\n no picture")
    (folder / "notes.txt").write_text("none of it")
    document = opened_pictures([folder]).document
    assert document.name == "burst"
    assert frames.length(document) == 5
    for place, number in enumerate((1, 2, 10)):
        assert apart(shown(document, place), moving()[number % 7]) == 0
    fitted = shown(document, 3)
    assert fitted[HEIGHT // 2, WIDTH // 2].min() == 255
    assert fitted[:, :15].max() == 0
    assert apart(shown(document, 4), fitted) == 0  # what cannot be read shows the one before
    names = [tmp_path / name for name in ("b2", "B10", "a30", "b1")]
    assert [path.name for path in in_order(names)] == ["a30", "b1", "b2", "B10"]


def test_only_what_is_looked_at_is_decoded(tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(4):
        Image.fromarray(moving()[number]).save(folder / f"{number}.png")
    document = opened_pictures([folder]).document
    os.remove(folder / "2.png")  # nobody has looked yet: the one before is shown
    assert apart(shown(document, 3), moving()[3]) == 0
    assert apart(shown(document, 2), moving()[1]) == 0
    os.remove(folder / "3.png")  # which was looked at, and is kept
    assert CACHE.held
    assert apart(shown(document, 3), moving()[3]) == 0


def test_a_sequence_is_kept_in_a_project_with_its_order(sequence, tmp_path):
    (layer,) = sequence.layers
    held = layer.content.arranged([6, 0, 0, 3])
    document = sequence.with_layer(replace(layer, content=held))
    history = History.start(document)
    path = tmp_path / "kept.safelight"
    project = Project.create(path, history)
    project.close()
    project, opened = Project.open(path)
    with_frames = opened.document
    assert frames.length(with_frames) == 4
    assert list(frames.durations(with_frames)) == [110, 50, 50, 80]
    for place, number in enumerate((6, 0, 0, 3)):
        assert apart(shown(with_frames, place), moving()[number]) == 0
    project.close()


@pytest.fixture
def named(tmp_path):
    """A folder of pictures as a sequence that a project is to name, and the pictures."""
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(4):
        Image.fromarray(moving()[number]).save(folder / f"{number}.png")
    document = opened_pictures([folder]).document
    (layer,) = document.layers
    assert layer.content.film.kept  # it is short
    assert named_alone(layer.content) == ()
    return folder, keep_frames(keep=False).apply(document)


def test_a_project_names_the_files_of_a_film_and_finds_them_beside_it(named, tmp_path):
    folder, document = named
    (layer,) = document.layers
    document = document.with_layer(replace(layer, content=layer.content.arranged([3, 1, 1])))
    path = tmp_path / "named.safelight"
    Project.create(path, History.start(document)).close()
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT count(*) FROM tiles").fetchone() == (0,)
    (tmp_path / "elsewhere").mkdir()
    path, folder = (
        path.rename(tmp_path / "elsewhere" / path.name),
        folder.rename(tmp_path / "elsewhere" / "many"),
    )
    project, opened = Project.open(path, films=film_pictures)
    assert project.notes == ()
    for place, number in enumerate((3, 1, 1)):
        assert apart(shown(opened.document, place), moving()[number]) == 0
    kept = opened.do(keep_frames(keep=True))
    project.save(kept)
    project.close()
    shutil.rmtree(folder)
    project, opened = Project.open(path)  # which reads no films
    assert apart(shown(opened.document, 1), moving()[1]) == 0
    project.close()


def test_what_a_project_names_and_is_gone_is_black_and_stays_named(named, tmp_path):
    folder, document = named
    assert "name 0.png and the files" in named_alone(document.layers[0].content)[0]
    path = tmp_path / "named.safelight"
    Project.create(path, History.start(document)).close()
    other = folder / "2.png"
    data = other.read_bytes()
    Image.fromarray(moving()[5]).save(other)
    project, opened = Project.open(path, films=film_pictures)
    (note,) = project.notes
    assert "2.png is not where" in note
    assert shown(opened.document, 0).max() == 0
    project.save(opened.do(in_and_out(first=2, last=3)))
    project.close()
    other.write_bytes(data)
    project, opened = Project.open(path, films=film_pictures)
    assert project.notes == ()
    assert frames.bounds(opened.document) == (1, 2)
    assert apart(shown(opened.document, 2), moving()[2]) == 0
    project.close()


def test_frames_are_arranged_and_looked_at_elsewhere_without_a_change_of_their_pixels(sequence):
    held = sequence.layers[0].content
    assert held.at(99).shown == 6
    assert held.at(-1) is held
    turned = held.arranged([6, 5, 4])
    assert turned.pictures == held.pictures[:3:-1]
    with pytest.raises(ValueError, match="1 to"):
        held.arranged([])
    with pytest.raises(ValueError, match="one size"):
        Frames((held.pictures[0], Raster.filled(2, 2, (0, 0, 0), "uint8")), (40, 40))
    with pytest.raises(ValueError, match="duration"):
        Frames(held.pictures, (40,))


def test_a_film_has_an_even_rate_or_shows_pictures_several_times():
    assert film_rate([40] * 25) == (25, [1] * 25, [])
    assert film_rate([33, 33, 34] * 8)[:2] == (pytest.approx(30, abs=0.1), [1] * 24)
    rate, times, notes = film_rate([100, 50, 250])
    assert (rate, times, notes) == (20, [2, 1, 5], [])
    rate, times, notes = film_rate([100, 55])
    assert rate == 100
    assert times == [10, 6]
    assert "rounded" in notes[0]


def test_what_is_no_sequence_is_refused_in_a_sentence(tmp_path, sequence):
    plain = tmp_path / "plain.jpg"
    Image.fromarray(moving()[0]).save(plain)
    with pytest.raises(OpenError, match="is no sequence"):
        opened_sequence(plain)
    cut = tmp_path / "cut.webm"
    whole_film = export_sequence(sequence, tmp_path / "w.webm", tmp_path / "s").path.read_bytes()
    cut.write_bytes(whole_film[:60])
    with pytest.raises(OpenError, match="film"):
        opened_sequence(cut)
    with pytest.raises(ExportError, match="no ending of a format that holds a sequence"):
        export_sequence(sequence, tmp_path / "out.jpg", tmp_path / "scratch")
    with pytest.raises(OpenError, match="no picture"):
        opened_pictures([])


def test_a_damaged_picture_in_the_middle_shows_the_one_before(tmp_path):
    data = bytearray(saved(tmp_path, ".png", duration=TIMES).read_bytes())
    place = -1
    for _ in range(4):  # the data of the fifth picture
        place = data.index(b"fdAT", place + 1)
    data[place + 14 : place + 40] = bytes(26)
    path = tmp_path / "hurt.png"
    path.write_bytes(data)
    document = opened_sequence(path).document
    assert apart(shown(document, 3), moving()[3]) == 0
    assert apart(shown(document, 4), moving()[3]) == 0


def test_an_export_that_is_given_up_leaves_the_old_file(tmp_path, sequence):
    target = tmp_path / "film.webm"
    target.write_bytes(b"old")

    def hear(share):
        if share > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_sequence(sequence, target, tmp_path / "scratch", overwrite=True, hear=hear)
    assert target.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["film.webm"]


def test_every_picture_becomes_a_file_of_its_own(tmp_path, sequence):
    made = export_numbered(sequence, tmp_path / "shot.png")
    assert [each.path.name for each in made[:2]] == ["shot_0001.png", "shot_0002.png"]
    again = opened_pictures([each.path for each in made]).document
    assert apart(shown(again, 6), moving()[6]) == 0


def test_an_edit_of_the_document_is_one_of_all_its_pictures(sequence):
    deep = edits.deepen("uint16").apply(sequence)
    assert shown(deep, 4).dtype == np.uint16
    assert apart(shown(deep, 4) / 257, moving()[4]) == 0
    assert isinstance(edits.deepen("uint16"), Edit)


def test_a_film_that_is_only_named_is_saved_without_being_decoded(tmp_path, monkeypatch):
    document = opened_sequence(saved(tmp_path, ".png", duration=TIMES)).document
    (layer,) = document.layers
    film = replace(layer.content.film, kept=False)
    named = document.with_layer(replace(layer, content=replace(layer.content, film=film)))
    read, decoded = FrameStore._read, []
    monkeypatch.setattr(
        FrameStore, "_read", lambda store, number: decoded.append(number) or read(store, number)
    )
    project = Project.create(tmp_path / "named.safelight", History.start(named))
    project.close()
    assert decoded == []
    kept = Project.create(tmp_path / "kept.safelight", History.start(document))
    kept.close()
    assert sorted(decoded) == list(range(1, 7))


@pytest.mark.parametrize("ending", [".png", ".webp"])
def test_zoom_levels_of_frames_are_those_of_pixels_in_memory_and_leave_nothing_behind(
    tmp_path, ending
):
    sides = 301, 517  # odd at every level
    chance = np.random.default_rng(4)
    made = [chance.integers(0, 256, (*sides, 4), np.uint8) for _ in range(3)]
    path = tmp_path / f"alpha{ending}"
    first, *others = [Image.fromarray(pixels) for pixels in made]
    first.save(path, save_all=True, append_images=others, duration=50, lossless=True)
    document = opened_sequence(path).document
    for number in (1, 2):
        picture = frames.pictures(document)[number]
        whole = Raster.from_array(np.array(picture.to_array()))
        for level in (1, 2, 3):
            assert np.array_equal(picture.level(level).to_array(), whole.level(level).to_array())
        assert all(
            not isinstance(part, np.ndarray)
            for made in picture.made_levels()
            for part in made.parts()
        )  # in memory, or in a file, there is nothing that goes with the film alone


def test_a_film_is_not_written_over_the_file_that_its_frames_are_read_from(tmp_path):
    path = saved(tmp_path, ".png", duration=TIMES)
    before = path.read_bytes()
    document = opened_sequence(path).document
    with pytest.raises(ExportError, match="what the frames are read from"):
        export_sequence(document, path, tmp_path / "scratch", overwrite=True)
    assert path.read_bytes() == before
