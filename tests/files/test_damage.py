"""Hurt files open as far as they go, and say how far."""

from __future__ import annotations

import contextlib
import io
import re
import struct
import zlib
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from safelight.files import OpenError, open_picture
from safelight.files.codecs import jpeg_damage, jpeg_segments, webp
from safelight.files.codecs.photograph import DamagedError
from tests import attack, pictures

CASES = Path(__file__).parent / "cases"


@pytest.fixture
def opened(tmp_path):
    def open_bytes(data):
        path = tmp_path / "picture.dat"
        path.write_bytes(data)
        return open_picture(path, pixel_limit=50_000_000)

    return open_bytes


def pixels_of(result):
    return result.document.layers[0].raster.to_array()


def jpeg(pixels, **options):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", **options)
    return stream.getvalue()


def zeroed(data, at, count=512):
    return data[:at] + bytes(count) + data[at + count :]


def first_wrong_row(result, whole):
    same = (pixels_of(result) == whole).all(axis=(1, 2))
    return int(np.argmin(same))


def test_a_jpeg_with_a_zeroed_sector_says_from_which_row_on_it_is_wrong(opened):
    result = open_picture(CASES / "zeroed_sector.jpg")
    assert result.notes == (
        "A part of the file is damaged: the picture is wrong from row 112 of 240 on.",
    )
    whole = jpeg(pictures.noise(320, 240))
    result = opened(zeroed(whole, len(whole) * 6 // 10))
    row = first_wrong_row(result, pixels_of(opened(whole)))
    assert result.notes == (
        f"A part of the file is damaged: the picture is wrong from row {row + 1} of 240 on.",
    )


@pytest.mark.parametrize("rows", [1, 2])
def test_restarts_of_a_jpeg_end_the_damage_and_the_note_says_where(opened, rows):
    data = jpeg(pictures.noise(320, 400), restart_marker_rows=rows, quality=60)
    whole = pixels_of(opened(data))
    result = opened(zeroed(data, len(data) // 2))
    wrong = np.flatnonzero(~(pixels_of(result) == whole).all(axis=(1, 2)))
    first, last = map(
        int, result.notes[0].split("in rows ")[1].removesuffix(" of 400.").split(" to ")
    )
    assert first - 1 == wrong[0]
    # The colours of the row below are smoothed with those of the last one.
    assert wrong[-1] <= last < wrong[0] + 16 * 2 * rows + 16
    assert np.array_equal(pixels_of(result)[last + 1 :], whole[last + 1 :])


def test_lost_restarts_of_a_jpeg_are_noticed(opened):
    data = jpeg(pictures.gradient(320, 400), restart_marker_rows=1, quality=50)
    start = data.index(b"\xff\xda")
    found = re.finditer(rb"\xff[\xd0-\xd7]", data)
    marks = [match.start() for match in found if match.start() > start]
    lost = bytearray(data)
    lost[marks[4] : marks[5] + 2] = b"\x5a" * (marks[5] + 2 - marks[4])
    assert "is damaged: the picture is wrong in rows" in opened(bytes(lost)).notes[0]


@pytest.mark.parametrize("quality", [30, 92])
@pytest.mark.parametrize("optimize", [False, True])
def test_other_bytes_in_a_jpeg_are_noticed_by_the_marker_they_make(opened, quality, optimize):
    data = bytearray(jpeg(pictures.noise(320, 240), quality=quality, optimize=optimize))
    at = len(data) // 2
    data[at : at + 512] = b"\xff\x3c".join([bytes([90]) * 255] * 2)
    result = opened(bytes(data))
    row = int(result.notes[0].split("from row ")[1].split(" ")[0])
    assert result.notes[0].startswith("A part of the file is damaged: ")
    assert 90 < row < 150
    whole = pixels_of(opened(jpeg(pictures.noise(320, 240), quality=quality, optimize=optimize)))
    assert first_wrong_row(result, whole) >= 90


def test_a_progressive_jpeg_with_a_zeroed_sector_says_so(opened):
    data = jpeg(pictures.noise(320, 240), progressive=True)
    assert opened(data).notes == ()
    assert (
        "is damaged: the picture is wrong or coarser"
        in opened(zeroed(data, len(data) * 6 // 10)).notes[0]
    )


def test_a_progressive_jpeg_says_from_which_row_on_it_is_wrong(opened):
    """Each scan goes over the whole picture: the rows above the damage are as they were."""
    data = jpeg(pictures.noise(320, 240), progressive=True)
    whole = pixels_of(opened(data))
    told = []
    for share in (0.55, 0.6, 0.65, 0.7, 0.75):
        result = opened(zeroed(data, int(len(data) * share)))
        note = result.notes[0]
        row = int(note.split("from row ")[1].split(" ")[0]) if "from row" in note else 1
        assert first_wrong_row(result, whole) >= row - 1
        told.append(row)
    assert max(told) > 60


def test_a_progressive_jpeg_that_ends_early_says_from_which_row_on_it_is_coarser(opened):
    data = jpeg(pictures.noise(320, 240), progressive=True)
    whole = pixels_of(opened(data))
    result = opened(data[:-1500])
    row = int(result.notes[0].split("from row ")[1].split(" ")[0])
    assert first_wrong_row(result, whole) >= row - 20
    assert 100 < row < 240


@pytest.mark.parametrize("seed", range(8))
def test_markers_and_zeros_are_found_wherever_they_stand(monkeypatch, seed):
    for module in (jpeg_damage, jpeg_segments):
        monkeypatch.setattr(module, "PART", 64)
    random = np.random.default_rng(seed)
    kinds = [
        b"\xff\x00",
        b"\xff\xd3",
        b"\xff\xff",
        b"\xff\xd9",
        b"ab",
        bytes(7),
        bytes(130),
        b"\xff",
    ]
    for share in (1, 4, 8):  # of what is no marker, and no run of zeros
        picked = random.choice(len(kinds), 60, p=np.array([*[share] * 6, 1, 1]) / (6 * share + 2))
        data = b"".join(kinds[index] for index in picked if share < 8 or index != 3)
        for start in (0, 1, 61, 64, len(data) - 1, len(data), len(data) + 9):
            found = jpeg_segments._MARKER.search(data, jpeg_segments._before_marker(data, start))
            expected = jpeg_segments._MARKER.search(data, start)
            assert (found and found.start()) == (expected and expected.start())
            end = len(data) - 3
            zeros = data.find(jpeg_damage._ZEROS, start, end)
            assert jpeg_damage._zeros_in(data, start, end) == zeros


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("level", [0, 77, 128, 255])
@pytest.mark.parametrize("options", [{}, {"optimize": True}, {"progressive": True}], ids=str)
def test_a_flat_jpeg_which_is_all_zeros_is_not_called_damaged(opened, mode, level, options):
    stream = io.BytesIO()
    colour = level if mode == "L" else (level,) * 3
    Image.new(mode, (2000, 1000), colour).save(stream, "JPEG", **options)
    assert opened(stream.getvalue()).notes == ()


def test_of_a_jpeg_in_two_halves_of_which_one_is_flat_nothing_is_said(opened):
    pixels = np.full((800, 600, 3), 255, np.uint8)
    pixels[300:500] = pictures.noise(600, 200)
    for options in ({}, {"optimize": True}, {"optimize": True, "restart_marker_rows": 2}):
        assert opened(jpeg(pixels, **options)).notes == ()


def test_a_bad_checksum_in_a_png_costs_nothing_but_a_note(opened):
    pixels = pictures.noise(200, 100)
    data = bytearray(pictures.png_file(pixels))
    at = data.index(b"IDAT")
    (length,) = struct.unpack_from(">I", data, at - 4)
    data[at + 4 + length] ^= 0xFF
    result = opened(bytes(data))
    assert result.notes == ("The file is slightly damaged; all of the picture is there.",)
    assert np.array_equal(pixels_of(result), pixels)


def png(pixels, part):
    """A PNG whose data stand in parts of so many bytes."""
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    packed = zlib.compress(rows)
    head = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 8, 2, 0, 0, 0)
    parts = [packed[at : at + part] for at in range(0, len(packed), part)]
    return (
        b"\x89PNG\r\n\x1a\n"
        + pictures.png_chunk(b"IHDR", head)
        + b"".join(pictures.png_chunk(b"IDAT", part) for part in parts)
        + pictures.png_chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("part", [8192, 1 << 20])
def test_a_png_with_a_zeroed_sector_never_calls_wrong_rows_right(opened, part):
    pixels = pictures.noise(200, 400)
    data = png(pixels, part)
    result = opened(zeroed(data, len(data) // 2))
    got = pixels_of(result)
    wrong = np.flatnonzero(~(got == pixels).all(axis=(1, 2)))
    assert 190 <= wrong[0] <= 210
    rows = int(result.notes[0].split("may be wrong from row ")[1].split(" ")[0]) - 1
    assert 170 <= rows <= wrong[0]


def strips(pixels, compression, **options):
    options = {"photometric": "rgb", "rowsperstrip": 20, "predictor": bool(compression)} | options
    if compression == "jpeg":
        options["predictor"] = False
    return pictures.tiff_file(pixels, compression=compression, **options)


def places_of(data):
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page = file.pages[0]
        return page.dataoffsets, page.databytecounts


@pytest.mark.parametrize("compression", ["zlib", "lzw", "zstd", "jpeg"])
@pytest.mark.parametrize("damage", ["zeroed", "noise"])
def test_of_a_tiff_with_one_bad_strip_the_others_stay_and_the_note_says_which(
    opened, compression, damage
):
    pixels = pictures.noise(200, 160)
    data = strips(pixels, compression, rowsperstrip=32)
    whole = pixels_of(opened(data))
    offsets, counts = places_of(data)
    bad = bytearray(data)
    junk = np.random.default_rng(4).bytes(counts[2])
    bad[offsets[2] : offsets[2] + counts[2]] = bytes(counts[2]) if damage == "zeroed" else junk
    result = opened(bytes(bad))
    if compression != "jpeg":
        assert result.notes == (
            "A part of the file is damaged: of its 160 rows those from 65 to 96 are wrong or"
            " missing.",
        )
    else:
        assert "65 to 96" in result.notes[0]
    assert np.array_equal(pixels_of(result)[:64], whole[:64])
    assert np.array_equal(pixels_of(result)[96:], whole[96:])
    assert (pixels_of(result)[64:96] != whole[64:96]).any()


def test_of_a_tiff_with_a_bad_tile_the_others_stay(opened):
    pixels = pictures.noise(200, 100)
    data = pictures.tiff_file(pixels, photometric="rgb", tile=(32, 32), compression="zlib")
    offsets, counts = places_of(data)
    bad = zeroed(data, offsets[8], counts[8])  # of seven a row: the second of the second row
    result = opened(bad)
    assert "from 33 to 64 are wrong" in result.notes[0]
    right = pixels.copy()
    right[32:64, 32:64] = 0
    assert np.array_equal(pixels_of(result), right)


def test_a_tiff_of_one_strip_gives_the_rows_before_the_damage(opened):
    pixels = pictures.noise(200, 400)
    data = strips(pixels, "zlib", rowsperstrip=400)
    offsets, counts = places_of(data)
    result = opened(zeroed(data, offsets[0] + counts[0] // 2))
    rows = int(result.notes[0].removeprefix("The file ends early; ").split(" %")[0]) * 4
    assert 180 <= rows <= 200
    assert np.array_equal(pixels_of(result)[:rows], pixels[:rows])


@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_of_planes_of_a_tiff_one_bad_strip_costs_its_rows_of_one_colour(opened, planar):
    pixels = pictures.noise(64, 60)
    stored = pixels if planar == "contig" else np.moveaxis(pixels, 2, 0)
    data = strips(stored, "zlib", planarconfig=planar)
    offsets, counts = places_of(data)
    result = opened(zeroed(data, offsets[1], counts[1]))
    right = pixels.copy()
    right[20:40, :, slice(None) if planar == "contig" else 0] = 0
    assert np.array_equal(pixels_of(result), right)
    assert "from 21 to 40" in result.notes[0]


def restated(data, change):
    """With other StripByteCounts."""
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        tag = file.pages[0].tags[279]
        size = {3: 2, 4: 4}[tag.dtype]
        code = file.byteorder + {2: "H", 4: "I"}[size]
        made = bytearray(data)
        values = tag.value if isinstance(tag.value, tuple) else (tag.value,)
        for index, value in enumerate(values):
            struct.pack_into(code, made, tag.valueoffset + size * index, change(index, value))
    return bytes(made)


@pytest.mark.parametrize("compression", [None, "zlib", "lzw"])
@pytest.mark.parametrize(
    "change",
    [
        lambda index, count: 0,
        lambda index, count: 1,
        lambda index, count: count - 7 if index == 1 else count,
        lambda index, count: 60000,
        lambda index, count: 0 if index == 3 else count,
    ],
    ids=["none", "one", "short", "long", "one is none"],
)
def test_wrong_lengths_of_strips_cost_nothing(opened, compression, change):
    pixels = pictures.noise(200, 100)
    result = opened(restated(strips(pixels, compression), change))
    assert np.array_equal(pixels_of(result), pixels)
    assert all("lengths of its parts" in note for note in result.notes)


def test_wrong_lengths_of_strips_are_said(opened):
    data = restated(strips(pictures.noise(200, 100), "zlib"), lambda index, count: 0)
    assert opened(data).notes == (
        "The file states wrong lengths of its parts; all of the picture is there.",
    )


@pytest.mark.parametrize("colours", [2, 4, 64, 256])
def test_a_gif_that_is_cut_off_gives_what_is_there(opened, colours):
    stream = io.BytesIO()
    pixels = pictures.noise(100, 80)
    Image.fromarray(pixels).quantize(colours).save(stream, "GIF", interlace=False)
    data = stream.getvalue()
    whole = pixels_of(opened(data))
    for share in (0.3, 0.6, 0.9):
        result = opened(data[: int(len(data) * share)])
        said = int(result.notes[0].removeprefix("The file ends early; ").split(" %")[0])
        assert share * 100 - 15 <= said <= share * 100 + 15
        rows = 80 * said // 100
        assert np.array_equal(pixels_of(result)[:rows, :, :3], whole[:rows, :, :3])


def test_an_interlaced_gif_that_is_cut_off_opens_and_says_so(opened):
    stream = io.BytesIO()
    Image.fromarray(pictures.noise(100, 80)).quantize(64).save(stream, "GIF", interlace=True)
    data = stream.getvalue()
    whole = pixels_of(opened(data))
    result = opened(data[: len(data) * 6 // 10])
    assert "coarser than it was" in result.notes[0]
    assert np.array_equal(pixels_of(result)[::8], whole[::8])


@pytest.mark.attack
@pytest.mark.parametrize("compression", [None, "zlib", "lzw", "jpeg"])
def test_a_tiff_changed_at_random_opens_or_is_a_clear_error(opened, compression):
    data = strips(pictures.noise(60, 100), compression)
    chance = np.random.default_rng(20261129)
    outcomes = {"opened": 0, "refused": 0}
    for _ in range(attack.times(400, 60)):
        changed = bytearray(data)
        for place in chance.integers(0, len(data), chance.integers(1, 6)):
            changed[place] = chance.integers(256)
        try:
            opened(bytes(changed))
            outcomes["opened"] += 1
        except OpenError:
            outcomes["refused"] += 1
    assert outcomes["opened"]


def test_a_webp_that_states_gigabytes_is_filled_up_by_no_more_than_its_picture_has(monkeypatch):
    pixels = np.random.default_rng(4).integers(0, 256, (40, 60, 3), np.uint8)
    data = bytearray(imagecodecs.webp_encode(pixels, lossless=True))
    data[4:8] = (0x7FFFFFFF).to_bytes(4, "little")
    filled, usual = [], webp._filled
    monkeypatch.setattr(webp, "_filled", lambda *given: filled.append(usual(*given)) or filled[-1])
    with contextlib.suppress(DamagedError):
        webp.read(io.BytesIO(bytes(data)), len(data), 1 << 20)
    assert filled
    assert max(map(len, filled)) < 1 << 20
