"""A folder's photographs as data: how they look in passing, their marks, and a cache."""

import io
import json
import os
import sqlite3
import threading

import numpy as np
import pytest
from PIL import Image

from safelight import actions, files
from safelight.actions.folder import folder_glances
from safelight.actions.folder.folder_glances import Glances, marks_seen, seen
from safelight.actions.folder.folder_photographs import FolderError, in_order, mark, read_folder
from safelight.actions.folder.thumbnail_store import ThumbnailStore
from safelight.actions.open_confined import look_at
from safelight.actions.picture_settings import reduced
from safelight.document import Document
from safelight.files.codecs import photograph_parcel
from safelight.files.codecs.photograph import DamagedError, Photograph
from safelight.files.exports.openraster_export import export_openraster
from safelight.files.glance import SIDE, Glance, glanced
from safelight.files.metadata import xmp
from safelight.files.metadata.picture_marks import Marks
from safelight.pixels import Raster
from tests import pictures, rawfiles
from tests.files.ordinary_user import as_ordinary_user

ENDINGS = {".jpg", ".png", ".cr2", ".safelight"}


def jpeg(width=60, height=40, **options):
    file = io.BytesIO()
    Image.fromarray(pictures.quarters(width, height)).save(file, "JPEG", quality=95, **options)
    return file.getvalue()


@pytest.fixture
def store(tmp_path):
    store = ThumbnailStore(tmp_path / "cache" / "thumbnails.sqlite")
    yield store
    store.close()


# -- looking -------------------------------------------------------------------------------------


@pytest.mark.parametrize("codec", files.exported_formats(), ids=lambda codec: codec.name)
def test_a_glance_at_a_file_of_every_format_shows_what_opening_it_does(codec, tmp_path):
    path = tmp_path / f"a{codec.suffixes[0]}"
    document = Document.from_raster(Raster.from_array(pictures.quarters(600, 400)))
    files.export(document, path)
    found, opened = look_at(path), actions.open_picture(path).document
    assert (found.width, found.height) == (600, 400)
    assert found.pixels.shape == (171, 256, 3)
    difference = found.pixels.astype(int) - reduced(opened, SIDE)
    # Averages and Lanczos differ by ringing at edges; areas are the same to two steps of 255.
    assert np.median(abs(difference)) <= 2
    assert np.abs(difference).mean() < 4


def test_a_glance_obeys_orientation_and_profile_and_says_what_the_file_says(tmp_path):
    exif = Image.Exif()
    exif[271], exif[272], exif[274] = "Nikon", "Nikon D750", 6
    exif.get_ifd(34665)[36867] = "2021:05:01 10:11:12"
    own = xmp.stating(None, {"xmp:Rating": "4", "xmp:Label": "Green"}, frozenset())
    path = tmp_path / "a.jpg"
    icc = pictures.swapped_profile()
    path.write_bytes(jpeg(600, 400, exif=exif, xmp=own, icc_profile=icc))
    found = look_at(path)
    opened = actions.open_picture(path).document
    assert (found.width, found.height, found.pixels.shape) == (400, 600, (256, 171, 3))
    assert (found.camera, found.taken) == ("Nikon D750", "2021-05-01 10:11:12")
    assert (found.rating, found.label, found.packet) == (4, "Green", own)
    assert np.median(abs(found.pixels.astype(int) - reduced(opened, SIDE))) <= 3


def test_of_a_large_jpeg_no_more_is_decoded_than_is_seen(tmp_path, monkeypatch):
    from safelight.files import glance
    from safelight.files.codecs import jpeg as codec

    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg(4000, 3000))
    monkeypatch.setattr(codec, "read", lambda *_: pytest.fail("decoded as a whole"))
    sizes = []
    monkeypatch.setattr(glance, "_reduced", lambda x: sizes.append(x.shape[:2]) or x[:256, :256])
    with path.open("rb") as file:
        glance.glance(file, path.stat().st_size, None, {"format": "JPEG"})
    assert max(sizes[0]) <= 4 * SIDE


def test_a_cut_off_jpeg_and_layers_and_a_raw_file_have_a_glance(tmp_path):
    whole = jpeg(600, 400)
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) * 2 // 3])
    assert look_at(tmp_path / "cut.jpg").pixels.shape == (171, 256, 3)
    document = Document.from_raster(Raster.from_array(pictures.quarters(300, 200)))
    export_openraster(document, tmp_path / "a.ora")
    assert (look_at(tmp_path / "a.ora").width, look_at(tmp_path / "a.ora").height) == (300, 200)
    light = rawfiles.sensor_light(rawfiles.chart())
    (tmp_path / "a.dng").write_bytes(rawfiles.dng_file(light))
    opened = actions.open_picture(tmp_path / "a.dng").document
    raw = look_at(tmp_path / "a.dng")
    assert (raw.width, raw.height) == (opened.width, opened.height)


@pytest.mark.parametrize(
    "arrays",
    [
        [],
        [b"{}", b"", np.zeros((2, 2, 3), np.uint8)],
        [b'{"width": 1}', b"", np.zeros((2, 2, 4), np.uint8)],
        [b"[" * 9000, b"", np.zeros((2, 2, 3), np.uint8)],
    ],
)
def test_what_a_decoder_that_was_taken_over_says_is_no_glance(arrays):
    given = [np.frombuffer(x, np.uint8) if isinstance(x, bytes) else x for x in arrays]
    with pytest.raises(DamagedError):
        glanced(given)


@pytest.mark.parametrize("whole", [None, [40, 30], [1 << 40, 1 << 40], "x"])
def test_what_a_decoder_that_was_taken_over_says_is_no_smaller_copy(whole):
    facts, held, pixels = photograph_parcel.packed(Photograph(np.zeros((60, 80, 3), np.uint8)))
    told = json.loads(facts.tobytes()) | {"whole": whole}
    with pytest.raises(DamagedError):
        photograph_parcel.reduced(
            [np.frombuffer(json.dumps(told).encode(), np.uint8), held, pixels]
        )


# -- folders -------------------------------------------------------------------------------------


def test_names_are_in_the_order_that_people_count_in():
    names = ["b.jpg", "IMG_10.jpg", "img_9.jpg", "IMG_010.jpg", "a.jpg"]
    ordered = sorted(names, key=in_order)
    assert ordered == ["a.jpg", "b.jpg", "img_9.jpg", "IMG_010.jpg", "IMG_10.jpg"]


def test_a_folder_has_its_pictures_with_their_sidecars_and_no_folders_and_no_circles(tmp_path):
    (tmp_path / "b.JPG").write_bytes(b"12345")
    (tmp_path / "a.png").write_bytes(b"1")
    for name in ("b.xmp", ".hidden.jpg", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / "again.jpg").symlink_to(tmp_path)
    (tmp_path / "link.jpg").symlink_to(tmp_path / "a.png")
    (tmp_path / "circle.jpg").symlink_to(tmp_path / "round.jpg")
    (tmp_path / "round.jpg").symlink_to(tmp_path / "circle.jpg")
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    found = read_folder(tmp_path, ENDINGS)
    assert [item.path.name for item in found.photographs] == ["a.png", "b.JPG", "link.jpg"]
    assert [item.sidecars for item in found.photographs] == [(), (tmp_path / "b.xmp",), ()]
    assert found.photographs[1].size == 5
    assert found.skipped == 3


def test_a_folder_that_is_gone_or_closed_is_a_sentence(tmp_path):
    with pytest.raises(FolderError, match="is not there any more"):
        read_folder(tmp_path / "gone", ENDINGS)
    with pytest.raises(FolderError, match="is not there any more"):
        mark(tmp_path / "gone" / "a.jpg", Marks(1))
    (tmp_path / "a").write_bytes(b"")
    with pytest.raises(FolderError, match="is no folder"):
        read_folder(tmp_path / "a", ENDINGS)


def test_a_folder_without_permission_to_write_says_so_and_loses_nothing():
    def attempt(folder):
        (folder / "a.jpg").write_bytes(b"x")
        folder.chmod(0o500)
        try:
            mark(folder / "a.jpg", Marks(1))
        except files.WriteError as error:
            return str(error), sorted(path.name for path in folder.iterdir())

    words, names = as_ordinary_user(attempt)
    assert words.startswith("a.xmp was not saved:")
    assert names == ["a.jpg"]


def test_marks_go_into_a_sidecar_that_begins_with_what_the_file_says(tmp_path):
    own = xmp.stating(None, {"dc:title": {"x-default": "Evening"}}, frozenset())
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg(xmp=own))
    before = path.read_bytes()
    (photograph,) = read_folder(tmp_path, ENDINGS).photographs
    assert marks_seen(photograph, look_at(path)) == Marks()
    mark(path, Marks(3, "Red"), look_at(path).packet)
    (photograph,) = read_folder(tmp_path, ENDINGS).photographs
    assert marks_seen(photograph, look_at(path)) == Marks(3, "Red")
    assert path.read_bytes() == before
    assert b"Evening" in (tmp_path / "a.xmp").read_bytes()


# -- the cache -----------------------------------------------------------------------------------


def test_what_was_looked_at_once_is_not_decoded_again_until_it_changes(
    tmp_path, store, monkeypatch
):
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg(600, 400))
    (photograph,) = read_folder(tmp_path, ENDINGS).photographs
    first = seen(photograph, store)
    looked = []
    monkeypatch.setattr(
        folder_glances, "look_at", lambda path: looked.append(path) or look_at(path)
    )
    again = seen(photograph, store)
    assert not looked
    assert np.abs(again.glance.pixels.astype(int) - first.glance.pixels).mean() < 3
    assert again.glance.facts == first.glance.facts
    assert store.facts([(path, photograph.stamp)])[path].facts == first.glance.facts
    path.write_bytes(jpeg(500, 400))
    os.utime(path, (1, 1))
    (photograph,) = read_folder(tmp_path, ENDINGS).photographs
    assert seen(photograph, store).glance.width == 500
    assert looked == [path]


def test_the_cache_holds_no_more_bytes_than_it_may_and_forgets_the_oldest(tmp_path):
    noise = pictures.noise(200, 200)
    store = ThumbnailStore(tmp_path / "t.sqlite", most=300_000)
    for number in range(60):
        store.put(tmp_path / f"{number}.jpg", "1 1", Glance(noise, 200, 200))
        with sqlite3.connect(tmp_path / "t.sqlite") as rows:
            rows.execute(
                "UPDATE thumbnails SET used = ? WHERE path = ?",
                (number, os.fsencode(tmp_path / f"{number}.jpg")),
            )
        rows.close()
    assert 150_000 < store.held <= 300_000
    assert store.get(tmp_path / "59.jpg", "1 1") is not None
    assert store.get(tmp_path / "0.jpg", "1 1") is None
    store.close()
    assert (tmp_path / "t.sqlite").stat().st_size < 500_000


def test_a_damaged_cache_is_begun_anew_and_one_that_cannot_be_written_is_done_without(tmp_path):
    damaged = tmp_path / "t.sqlite"
    damaged.write_bytes(b"no database" * 1000)
    nowhere = tmp_path / "file"
    nowhere.write_bytes(b"")
    glance = Glance(np.zeros((2, 2, 3), np.uint8), 2, 2)
    for place in (damaged, nowhere / "t.sqlite"):
        store = ThumbnailStore(place)
        store.put(tmp_path / "a.jpg", "1 1", glance)
        store.get(tmp_path / "a.jpg", "1 1")
        store.close()
        assert store.get(tmp_path / "a.jpg", "1 1") is None
    store = ThumbnailStore(damaged)
    assert store.get(tmp_path / "a.jpg", "1 1") is not None
    store.close()


# -- beside ----------------------------------------------------------------------------------------


def test_what_is_wanted_now_goes_before_what_was_and_a_broken_file_stops_none(tmp_path):
    for number in range(8):
        (tmp_path / f"{number}.jpg").write_bytes(jpeg() if number != 5 else b"no picture")
    photographs = read_folder(tmp_path, ENDINGS).photographs
    found, first, go_on, done = [], threading.Event(), threading.Event(), threading.Event()

    def hear(made):
        found.append(made)
        first.set()
        go_on.wait(30)
        if len(found) == 4:
            done.set()

    glances = Glances(hear)
    glances.survey(photographs[6:7])
    assert first.wait(30)
    glances.survey(photographs[7:])
    glances.want(photographs[:4])
    glances.want(photographs[4:6])
    assert glances.waiting == 3
    go_on.set()
    assert done.wait(30)
    glances.close()
    assert [item.photograph.path.stem for item in found] == ["6", "4", "5", "7"]
    assert found[2].glance is None
    assert "5.jpg" in found[2].trouble
    assert glances.looked == 4


def test_a_thousand_names_are_listed_without_opening_any(tmp_path, monkeypatch):
    for number in range(1_000):
        os.close(os.open(tmp_path / f"{number}.jpg", os.O_CREAT))
    monkeypatch.setattr("builtins.open", lambda *_, **__: pytest.fail("a file was opened"))
    monkeypatch.setattr("io.open", lambda *_, **__: pytest.fail("a file was opened"))
    found = read_folder(tmp_path, ENDINGS)
    assert len(found.photographs) == 1_000
    assert [item.path.stem for item in found.photographs[:3]] == ["0", "1", "2"]
