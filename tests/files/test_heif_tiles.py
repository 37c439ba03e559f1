"""HEIC and AVIF of tiles, as phones write them: one that is hurt does not cost the others."""

from __future__ import annotations

import struct
from pathlib import Path

import imagecodecs
import numpy as np
import pytest

from safelight.files import OpenError, open_picture
from safelight.files.codecs import heif, heif_layout
from tests import pictures
from tests.files.test_export import pixels_of

CASES = Path(__file__).parent / "cases"
TILE = (64, 64)
SIZE = (2 * TILE[0] - 8, 2 * TILE[1] - 6)
TURNED = (b"irot", b"\1")


def tile_of(format):
    if format == "HEIC":
        return (CASES / "quarters.heic").read_bytes()
    return bytes(imagecodecs.avif_encode(pictures.quarters(*TILE), 100, speed=10))


def grid_of(format, *turns):
    """A picture of two by two of one tile, cut off on the right and below."""
    source = heif.Container(tile_of(format))
    (first, *_) = source.coded()
    tile, own = source.items[first], source.associated[first]
    body = source.body(first)
    grid = struct.pack(">BBBBHH", 0, 0, 1, 1, *SIZE)
    source.items = {5: heif.Item(b"grid", entry=b"\0", parts=[(len(source.data), len(grid))])}
    source.data += grid
    for number in range(1, 5):
        place = len(source.data)
        source.data += body
        source.items[number] = heif.Item(tile.kind, entry=b"\0", parts=[(place, len(body))])
        source.associated[number] = list(own)
    source.all_properties.append((b"ispe", struct.pack(">III", 0, *SIZE)))
    properties = [(len(source.all_properties), False)]
    for turn in turns:
        source.all_properties.append(turn)
        properties.append((len(source.all_properties), True))
    source.associated = {number: source.associated[number] for number in range(1, 5)}
    source.associated[5] = properties
    source.references = [(b"dimg", 5, (1, 2, 3, 4))]
    source.primary = 5
    return heif_layout.Layout(source).added(None, None, None)


def spoilt(data, number):
    """The file with one of its items overwritten."""
    ((place, length),) = heif.Container(data).items[number].parts
    return data[:place] + b"\xff" * length + data[place + length :]


@pytest.fixture
def opened(tmp_path):
    def open_bytes(data):
        path = tmp_path / "picture.dat"
        path.write_bytes(data)
        return open_picture(path)

    return open_bytes


@pytest.mark.parametrize("format", ["HEIC", "AVIF"])
@pytest.mark.parametrize("bad", [1, 2, 3, 4])
def test_a_tile_that_is_damaged_leaves_the_others_and_its_place_is_told(opened, format, bad):
    whole = pixels_of(opened(grid_of(format))).astype(int)
    found = opened(spoilt(grid_of(format), bad))
    pixels = pixels_of(found).astype(int)
    top, left = (bad - 1) // 2 * TILE[1], (bad - 1) % 2 * TILE[0]
    lost = np.zeros(whole.shape[:2], bool)
    lost[top : top + TILE[1], left : left + TILE[0]] = True
    assert pixels.shape == whole.shape
    assert not pixels[lost].any()
    assert np.abs(pixels - whole)[~lost].max() <= 2
    bottom, right = min(top + TILE[1], SIZE[1]), min(left + TILE[0], SIZE[0])
    place = f"rows {top + 1} to {bottom} of columns {left + 1} to {right}"
    assert found.notes == (f"A part of the file is damaged: 1 of 4 tiles is missing, {place}.",)


@pytest.mark.parametrize("format", ["HEIC", "AVIF"])
def test_a_picture_of_tiles_that_is_turned_says_where_it_is_hurt_as_it_is_seen(opened, format):
    whole = pixels_of(opened(grid_of(format, TURNED)))
    found = opened(spoilt(grid_of(format, TURNED), 1))
    pixels = pixels_of(found)
    assert pixels.shape == whole.shape == (SIZE[0], SIZE[1], 3)
    lost = (slice(SIZE[0] - TILE[0], None), slice(0, TILE[1]))
    assert not pixels[lost].any()
    place = f"rows {SIZE[0] - TILE[0] + 1} to {SIZE[0]} of columns 1 to {TILE[1]}"
    assert place in found.notes[0]
    assert np.abs(pixels.astype(int) - whole)[:50].max() <= 2


@pytest.mark.parametrize("format", ["HEIC", "AVIF"])
def test_a_picture_of_tiles_that_ends_early_opens_as_far_as_it_goes(opened, format):
    whole = pixels_of(opened(grid_of(format))).astype(int)
    found = opened(grid_of(format)[:-20])
    note = f"The file ends early: 1 of 4 tiles is missing, rows 65 to {SIZE[1]} of columns 65 to"
    assert found.notes[0].startswith(note)
    assert np.abs(pixels_of(found)[:64] - whole[:64]).max() <= 2


@pytest.mark.parametrize("format", ["HEIC", "AVIF"])
def test_a_picture_of_tiles_of_which_none_is_left_is_refused(opened, format):
    data = grid_of(format)
    for number in range(1, 5):
        data = spoilt(data, number)
    with pytest.raises(OpenError, match="damaged"):
        opened(data)


def test_a_heic_that_lost_a_sector_says_so(opened):
    """Its decoder shows something green in such a place, and says nothing."""
    for data in ((CASES / "flat.heic").read_bytes(), grid_of("HEIC")):
        ((place, length),) = heif.Container(data).items[1].parts
        middle = place + length // 2
        hurt = data[:middle] + bytes(16) + data[middle + 16 :]
        assert "damaged" in opened(hurt).notes[0]


def test_every_heic_of_the_cases_is_sound():
    for path in CASES.glob("*.heic"):
        container = heif.Container(path.read_bytes())
        assert not any(container.hurt(number) for number in container.coded()), path.name


@pytest.mark.parametrize("format", ["HEIC", "AVIF"])
def test_a_picture_of_tiles_that_are_not_there_is_refused_in_words(opened, format):
    data = grid_of(format)
    tiles = struct.pack(">4H", 1, 2, 3, 4)
    absent = data.replace(tiles, struct.pack(">4H", 1, 2, 3, 40000))
    assert absent != data
    with pytest.raises(OpenError, match="damaged"):
        opened(absent)
