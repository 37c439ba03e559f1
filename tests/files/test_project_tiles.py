"""Pixels that stay in a project file: always the right ones, however little memory there is."""

import gc
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from safelight.api import Region
from safelight.document import Document, History, Layer, edits
from safelight.files.project import project_tiles, project_writer
from safelight.files.project.project import Project, ProjectError
from safelight.files.project.project_tiles import CACHE, TileCache
from safelight.files.project.recovery import Recovery, left_behind
from safelight.pixels import Raster, fetched, tile_digest
from tests.files.test_project import noise, opened_elsewhere, painted, rich, rows


@pytest.fixture
def small_cache(monkeypatch):
    """Room for three tiles of 256 x 256 in colour, whatever else is open."""
    cache = TileCache(lambda held: 3 * 256 * 256 * 3)
    monkeypatch.setattr(project_tiles, "_LEAST", 0)
    monkeypatch.setattr(project_tiles, "CACHE", cache)
    return cache


def long_history(steps, size=300):
    """Strokes on two layers of noise; each step has a tile of its own."""
    layers = (Layer("Ground", noise(size, size, 3)), Layer("Paint", noise(size, size, 4, seed=3)))
    history = History.start(Document(size, size, "uint8", layers))
    for number in range(steps):
        layer = history.document.layers[-1]
        dab = np.full((9, 9, 4), number % 256, np.uint8)
        raster = layer.raster.replaced(Region(number % 250, number // 250 * 9, 9, 9), dab)
        history = history.do(edits.set_pixels(layer.id, raster, f"Stroke {number}"))
    return history


def pixels(history):
    """The content of every step's pixels, read, not told."""
    return [
        [tile_digest(raster.to_array()) for raster in step.document.rasters()]
        for step in history.steps
    ]


def saved(path, history):
    """The history as it is after it was saved and opened, with its project."""
    Project.create(path, history).close()
    return Project.open(path)


# -- memory ------------------------------------------------------------------------------------


def test_every_step_is_there_however_little_memory_there_is(tmp_path, small_cache):
    history = long_history(40)
    project, opened = saved(tmp_path / "a.safelight", history)
    assert len(opened.steps) == 41
    assert pixels(opened) == pixels(history)
    assert small_cache.held <= 3 * 256 * 256 * 3
    project.close()


def test_opening_fetches_the_pixels_of_the_present_step_alone(tmp_path, monkeypatch):
    history = long_history(40)
    Project.create(tmp_path / "a.safelight", history).close()
    unpacked, fetched_ones = project_tiles.unpacked, []

    def counted(*arguments):
        fetched_ones.append(arguments)
        return unpacked(*arguments)

    monkeypatch.setattr(project_tiles, "unpacked", counted)
    project, _ = Project.open(tmp_path / "a.safelight")
    assert len(fetched_ones) == 8  # two layers of four tiles; the steps before have forty more
    project.close()


def test_the_room_for_tiles_follows_what_is_free():
    free = 40

    def limit(held):
        return free

    cache = TileCache(limit)
    tiles = [np.full((10,), number, np.uint8) for number in range(9)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(project_tiles, "_LEAST", 0)
        patch.setattr(project_tiles, "_ASKED", 0)
        for number, tile in enumerate(tiles[:6]):
            cache.put(bytes([number]), tile)
        assert cache.held == 40
        assert cache.get(bytes([2])) is tiles[2]  # looked at: it stays longer than the next
        free = 20
        cache.put(bytes([6]), tiles[6])
    assert cache.held == 20
    assert cache.get(bytes([2])) is tiles[2]
    assert cache.get(bytes([3])) is None


LEAST = """
import sys
from safelight.files.project import project_tiles
from safelight.files.project.project import Project
import imagecodecs, numpy

def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) << 10

project_tiles._LEAST = 16 << 20
project_tiles.CACHE = project_tiles.TileCache(lambda held: 0)
before = peak()
project, history = Project.open(sys.argv[1])
for raster in history.document.rasters():
    for _, tile in raster.tiles():
        assert tile[0, 0, 2] == 7
print(len(history.steps), peak() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peaks are told in /proc")
def test_a_project_larger_than_the_room_for_it_opens_in_a_part_of_it(tmp_path):
    """126 MB of tiles in two layers, and room for 16."""
    side, count = 256, 320

    def layer(number):
        tiles = []
        for index in range(count):
            tile = np.full((side, side, 3), index % 251, np.uint8)
            tile[0, 0] = index // 251, number, 7
            tiles.append(tile)
        return Raster.from_tiles(side * 16, side * 20, 3, "uint8", tiles)

    path = tmp_path / "a.safelight"
    document = Document(
        side * 16, side * 20, "uint8", (Layer("1", layer(1), id="a"), Layer("2", layer(2)))
    )
    Project.create(path, History.start(document)).close()
    words = [sys.executable, "-c", LEAST, str(path)]
    found = os.environ | {"PYTHONPATH": str(Path(project_tiles.__file__).parents[3])}
    answer = subprocess.run(words, check=True, capture_output=True, text=True, env=found).stdout
    steps, grown = map(int, answer.split())
    assert steps == 1
    assert grown < 60 << 20


def test_zoom_levels_without_room_lie_in_a_file(tmp_path, small_cache):
    folder = tmp_path / "scratch"
    Project.create(tmp_path / "a.safelight", long_history(0, size=2000)).close()
    project, opened = Project.open(tmp_path / "a.safelight", scratch=folder)
    raster = opened.document.layers[0].raster
    made = raster.level(2).to_array()
    assert folder.exists()
    assert [level.width for level in raster.made_levels()] == [1000, 500]
    assert sum(level.nbytes for level in raster.made_levels()) > small_cache.most
    bases = [fetched(part) for level in raster.made_levels() for part in level.parts()]
    assert any(tile.base is not None for tile in bases)
    assert np.array_equal(made, noise(2000, 2000, 3).level(2).to_array())
    project.close()


def test_zoom_levels_stay_in_memory_where_no_scratch_file_can_be_made(tmp_path, small_cache):
    (tmp_path / "file").touch()
    Project.create(tmp_path / "a.safelight", long_history(0, size=2000)).close()
    project, opened = Project.open(tmp_path / "a.safelight", scratch=tmp_path / "file")
    raster = opened.document.layers[0].raster
    assert np.array_equal(raster.level(1).to_array(), noise(2000, 2000, 3).level(1).to_array())
    project.close()


# -- no save loses anything --------------------------------------------------------------------


def test_no_later_save_shortens_a_history(tmp_path, small_cache):
    history = long_history(150)
    project, opened = saved(tmp_path / "a.safelight", history)
    more = painted(opened, 7)
    project.save(more)
    project.close()
    again, reopened = Project.open(tmp_path / "a.safelight")
    assert len(reopened.steps) == 152
    assert pixels(reopened)[:151] == pixels(history)
    again.close()


def test_a_save_writes_no_row_again_that_was_only_opened(tmp_path, monkeypatch):
    project, opened = saved(tmp_path / "a.safelight", long_history(30))
    told = []
    monkeypatch.setattr(project_writer, "to_json", lambda *rest: told.append(rest))
    before = rows(project, "tiles"), rows(project, "documents")
    project.save(opened.undo())
    assert told == []
    assert (rows(project, "tiles"), rows(project, "documents")) == before
    project.close()


def test_saving_elsewhere_copies_tiles_without_unpacking_them(tmp_path, monkeypatch):
    history = long_history(20)
    project, opened = saved(tmp_path / "a.safelight", history)

    def refused(*_):
        raise AssertionError("a tile is packed or unpacked")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(project_tiles, "unpacked", refused)
        patch.setattr(project_writer, "packed", refused)
        other = Project.create(tmp_path / "b.safelight", opened)
    project.close()
    assert rows(other, "tiles") == rows(*saved_again(tmp_path, history), "tiles")
    (tmp_path / "a.safelight").unlink()
    monkeypatch.setattr(project_tiles, "CACHE", TileCache())
    assert pixels(opened) == pixels(history)
    other.close()


def saved_again(tmp_path, history):
    return (Project.create(tmp_path / "c.safelight", history),)


def test_a_project_saved_elsewhere_lets_go_of_the_old_file(tmp_path):
    project, opened = saved(tmp_path / "a.safelight", long_history(3))
    other = Project.create(tmp_path / "b.safelight", opened)
    project.close()
    assert opened_elsewhere(tmp_path / "a.safelight") == "opened"
    assert opened_elsewhere(tmp_path / "b.safelight") == "ProjectInUse"
    other.close()
    assert opened_elsewhere(tmp_path / "b.safelight") == "ProjectInUse"  # its tiles are shown
    del opened
    gc.collect()
    assert opened_elsewhere(tmp_path / "b.safelight") == "opened"


def test_what_a_closed_project_still_shows_can_be_opened_saved_and_read(tmp_path, small_cache):
    path, history = tmp_path / "a.safelight", long_history(5)
    project, opened = saved(path, history)
    project.close()
    again, reopened = Project.open(path)
    assert pixels(reopened) == pixels(opened) == pixels(history)
    again.save(History.start(reopened.steps[0].document))
    assert pixels(opened) == pixels(history)
    again.close()


def test_no_save_takes_away_tiles_that_another_document_shows(tmp_path, small_cache):
    project, opened = saved(tmp_path / "a.safelight", long_history(5))
    pasted = Document.from_raster(opened.document.layers[1].raster)
    expected = tile_digest(pasted.layers[0].raster.to_array())
    first = History.start(opened.steps[0].document)
    del opened
    project.save(first)
    assert tile_digest(pasted.layers[0].raster.to_array()) == expected
    needed = set(
        first.document.layers[0].raster.digests() + first.document.layers[1].raster.digests()
    )
    shown = set(pasted.layers[0].raster.digests())
    assert set(rows(project, "tiles")) == needed | shown != needed
    del pasted
    gc.collect()
    project.save(first)
    assert set(rows(project, "tiles")) == needed
    project.close()


def replaced(path):
    other = path.with_name("other.safelight")
    Project.create(other, History.start(rich())).close()
    os.replace(other, path)


@pytest.mark.parametrize("change", [replaced, Path.unlink, lambda path: path.rename("moved")])
def test_a_file_that_goes_away_under_an_open_document_takes_nothing_with_it(
    tmp_path, small_cache, change, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    history = long_history(12)
    project, opened = saved(tmp_path / "a.safelight", history)
    change(tmp_path / "a.safelight")
    with pytest.raises(ProjectError, match="save under another name"):
        project.save(painted(opened, 1))
    assert pixels(opened) == pixels(history)
    other = Project.create(tmp_path / "b.safelight", painted(opened, 1))
    project.close()
    other.close()
    del project, opened
    again, reopened = Project.open(tmp_path / "b.safelight")
    assert pixels(reopened)[:13] == pixels(history)
    again.close()


def test_a_project_that_is_copied_over_itself_is_read_on(tmp_path, small_cache):
    history = long_history(12)
    project, opened = saved(tmp_path / "a.safelight", history)
    shutil.copy(tmp_path / "a.safelight", tmp_path / "copy")
    os.replace(tmp_path / "copy", tmp_path / "a.safelight")
    project.save(painted(opened, 1))
    assert pixels(opened) == pixels(history)
    project.close()


def test_a_recovery_file_takes_no_tiles_away_from_the_project(tmp_path, small_cache):
    history = long_history(5)
    project, opened = saved(tmp_path / "a.safelight", history)
    recovery = Recovery(tmp_path / "recovery", tmp_path / "a.safelight", "a")
    recovery.save(painted(opened, 1))
    recovery.discard()
    assert pixels(opened) == pixels(history)
    project.close()


def test_what_is_recovered_has_every_step_and_can_be_saved(tmp_path, small_cache):
    history = long_history(120)
    _, opened = saved(tmp_path / "a.safelight", history)
    recovery = Recovery(tmp_path / "recovery", tmp_path / "a.safelight", "a")
    recovery.save(opened)
    recovery._project.close()  # as a kill does
    (left,) = left_behind(tmp_path / "recovery")
    taken, recovered = Recovery.taken(left)
    assert len(recovered.steps) == 121
    project = Project.create(tmp_path / "b.safelight", recovered)
    taken.discard()
    assert pixels(recovered) == pixels(history)
    project.close()


def test_a_damaged_step_of_the_past_is_a_sentence_when_it_is_looked_at(tmp_path, small_cache):
    path, history = tmp_path / "a.safelight", long_history(2)
    project = Project.create(path, history)
    (first,) = set(history.steps[0].document.layers[1].raster.digests()) - set(
        history.document.layers[1].raster.digests()
    )
    project._connection.execute("UPDATE tiles SET data = x'0100' WHERE hash = ?", (first,))
    project.close()
    project, opened = Project.open(path)
    shown, expected = opened.document.layers[1].raster, history.document.layers[1].raster
    assert np.array_equal(shown.to_array(), expected.to_array())
    told = []
    project.hear(told.append)
    for _ in range(2):
        with pytest.raises(ProjectError, match=r"^a\.safelight cannot be read: a tile cannot be"):
            opened.steps[0].document.layers[1].raster.to_array()
    assert told == ["a.safelight cannot be read: a tile cannot be unpacked."]
    project.close()


def test_the_same_tiles_are_read_right_on_many_threads(tmp_path, small_cache):
    from concurrent.futures import ThreadPoolExecutor

    history = long_history(12)
    project, opened = saved(tmp_path / "a.safelight", history)
    with ThreadPoolExecutor(6) as threads:
        found = list(threads.map(lambda _: pixels(opened), range(6)))
        project.save(painted(opened, 1))
    assert found == [pixels(history)] * 6
    project.close()


def test_every_project_shares_one_bounded_cache():
    assert CACHE.most >= 64 << 20


def test_what_is_no_number_in_a_project_is_mended_when_it_is_looked_at(tmp_path):
    pixels = np.full((40, 30, 3), 0.5, np.float32)
    pixels[7, 9], pixels[20, 3, 1] = np.nan, np.inf
    document = Document.from_raster(Raster.from_array(pixels))
    Project.create(tmp_path / "old.safelight", History.start(document)).close()
    project, history = Project.open(tmp_path / "old.safelight")
    shown = history.document.layers[0].raster.to_array()
    np.testing.assert_allclose(shown, 0.5, atol=1e-6)
    project.save(history)
    project.close()
