"""Raster: tiles that versions share, digests and zoom levels that are carried over and right."""

import functools
import hashlib
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.api import Region
from safelight.pixels import (
    TILE,
    Raster,
    RasterBuilder,
    from_float,
    has_digest,
    tile_digest,
    to_float,
)

DEPTHS = ["uint8", "uint16", "float32"]
SMALL = 8
"""The side of a tile in the tests that need many."""


def small_tiles(test):
    """A test with tiles of 8 x 8, so that a picture of 40 x 40 has many."""

    @functools.wraps(test)
    def run(**arguments):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys.modules["safelight.pixels.tiles"], "TILE", SMALL)
            test(**arguments)

    return run


def picture(width, height, channels=3, depth="uint8", seed=1):
    numbers = np.random.default_rng(seed)
    pixels = numbers.random((height, width, channels), np.float32)
    if channels == 4:
        pixels[..., 3] *= numbers.random((height, width)) > 0.3
    return pixels * 1.5 - 0.25 if depth == "float32" else from_float(pixels, depth)


@st.composite
def pictures(draw):
    """(height, width, channels) of any depth, odd sizes too."""
    width, height = draw(st.integers(1, 43)), draw(st.integers(1, 43))
    channels, depth = draw(st.sampled_from([1, 3, 4])), draw(st.sampled_from(DEPTHS))
    return picture(width, height, channels, depth, draw(st.integers(0, 99)))


def region_of(draw, width, height):
    x, y = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
    return Region(x, y, draw(st.integers(1, width - x)), draw(st.integers(1, height - y)))


@st.composite
def pictures_with_regions(draw, count=1):
    pixels = draw(pictures())
    height, width, _ = pixels.shape
    return pixels, *(region_of(draw, width, height) for _ in range(count))


def tiles_of(raster):
    return [tile for _, tile in raster.tiles()]


# Reading


@given(case=pictures_with_regions())
@small_tiles
def test_any_region_reads_as_the_same_part_of_the_array(case):
    pixels, region = case
    raster = Raster.from_array(pixels.copy())
    assert (raster.height, raster.width, raster.channels) == pixels.shape
    read = raster.read(region)
    assert read.dtype == pixels.dtype
    np.testing.assert_array_equal(read, pixels[region.rows(), region.columns()])
    np.testing.assert_array_equal(raster.to_array(), pixels)


@given(pixels=pictures())
@small_tiles
def test_tiles_cover_every_pixel_once_and_rebuild_the_raster(pixels):
    raster = Raster.from_array(pixels.copy())
    covered = np.zeros(pixels.shape[:2], int)
    for place, tile in raster.tiles():
        covered[place.rows(), place.columns()] += 1
        assert max(tile.shape[:2]) <= SMALL
        np.testing.assert_array_equal(tile, pixels[place.rows(), place.columns()])
    assert (covered == 1).all()
    shape = raster.width, raster.height, raster.channels, raster.depth
    np.testing.assert_array_equal(Raster.from_tiles(*shape, tiles_of(raster)).to_array(), pixels)


def test_a_region_inside_one_tile_is_a_view_and_nobody_can_write_to_it():
    raster = Raster.from_array(picture(300, 280))
    for region in (Region(10, 20, 30, 40), Region(256, 256, 44, 24)):
        read = raster.read(region)
        assert any(np.shares_memory(read, tile) for tile in tiles_of(raster))
        with pytest.raises(ValueError, match="read-only"):
            read[...] = 0
    across = raster.read(Region(250, 250, 20, 20))
    assert not any(np.shares_memory(across, tile) for tile in tiles_of(raster))


def test_opening_an_array_copies_nothing():
    pixels = picture(600, 300, 4, "uint16")
    raster = Raster.from_array(pixels)
    assert all(np.shares_memory(tile, pixels) for tile in tiles_of(raster))
    assert raster.nbytes == pixels.nbytes


@pytest.mark.parametrize(
    "region",
    [
        Region(0, 0, 0, 5),
        Region(0, 0, 5, -1),
        Region(-1, 0, 5, 5),
        Region(0, -1, 5, 5),
        Region(26, 0, 5, 5),
        Region(0, 16, 5, 5),
        Region(0, 0, 31, 20),
    ],
)
def test_a_region_that_leaves_the_picture_is_refused(region):
    raster = Raster.from_array(picture(30, 20))
    with pytest.raises(ValueError, match="not inside 30 x 20"):
        raster.read(region)
    with pytest.raises(ValueError, match="not inside 30 x 20"):
        raster.replaced(region, np.zeros((max(region.height, 0), max(region.width, 0), 3), "u1"))


# Making


@given(
    width=st.integers(1, 43),
    height=st.integers(1, 43),
    value=st.sampled_from([(7,), (1, 2, 3), (9, 8, 7, 6)]),
    depth=st.sampled_from(DEPTHS),
)
@small_tiles
def test_a_filled_raster_holds_one_value_everywhere_at_every_level(width, height, value, depth):
    raster = Raster.filled(width, height, value, depth)
    expected = np.broadcast_to(np.array(value, depth), (height, width, len(value)))
    np.testing.assert_array_equal(raster.to_array(), expected)
    assert raster.digest() == Raster.from_array(expected.copy()).digest()
    scratch = Raster.from_array(expected.copy())
    for level in (1, 2, 5):
        np.testing.assert_array_equal(
            raster.level(level).to_array(), scratch.level(level).to_array()
        )


def test_a_filled_raster_takes_the_memory_of_few_tiles_however_large():
    raster = Raster.filled(20 * TILE + 3, 10 * TILE + 5, (0, 0, 0, 0), "uint16")
    assert raster.nbytes <= 4 * TILE * TILE * 4 * 2
    assert raster.level(1).nbytes <= 4 * TILE * TILE * 4
    with pytest.raises(ValueError, match="read-only"):
        raster.read(Region(0, 0, 2, 2))[...] = 1


def test_a_builder_gives_what_was_written_and_black_elsewhere():
    builder = RasterBuilder(300, 20, 4, "uint16")
    piece = picture(60, 10, 4, "uint16")
    builder.write(Region(230, 5, 60, 10), piece)
    expected = np.zeros((20, 300, 4), np.uint16)
    expected[5:15, 230:290] = piece
    np.testing.assert_array_equal(builder.finish().to_array(), expected)


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 2), (4, 4, 5), (0, 4, 3), (4, 0, 3)])
def test_an_array_of_another_shape_is_refused(shape):
    with pytest.raises(ValueError, match="a raster is"):
        Raster.from_array(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("kind", ["float64", "int16", "float16", "bool"])
def test_an_array_of_another_depth_is_refused(kind):
    with pytest.raises(TypeError, match=kind):
        Raster.from_array(np.zeros((4, 4, 3), kind))


def test_tiles_that_do_not_fit_are_refused():
    good = tiles_of(Raster.from_array(picture(300, 20)))
    for tiles in (
        good[:1],
        [*good, good[0]],
        good[::-1],
        [good[0], good[1].astype(np.uint16)],
        [good[0], good[1][..., :1]],
    ):
        with pytest.raises(ValueError, match="tile"):
            Raster.from_tiles(300, 20, 3, "uint8", tiles)


# Replacing


@given(case=pictures_with_regions(2), levels=st.integers(0, 6))
@small_tiles
def test_a_replaced_region_leaves_nothing_else_different(case, levels):
    pixels, *regions = case
    height, width, channels = pixels.shape
    raster = Raster.from_array(pixels.copy())
    raster.level(levels)
    raster.digests()
    for seed, region in enumerate(regions):
        old_tiles = [tile.copy() for tile in tiles_of(raster)]
        new = picture(region.width, region.height, channels, raster.depth, seed + 500)
        changed = raster.replaced(region, new)
        for tile, copy in zip(tiles_of(raster), old_tiles, strict=True):
            np.testing.assert_array_equal(tile, copy)
        for (place, old), tile in zip(raster.tiles(), tiles_of(changed), strict=True):
            assert (old is tile) == place.intersect(region).empty
        pixels = pixels.copy()
        pixels[region.rows(), region.columns()] = new
        raster = changed
    scratch = Raster.from_array(pixels.copy())
    np.testing.assert_array_equal(raster.to_array(), pixels)
    assert raster.digests() == scratch.digests()
    assert raster.digest() == scratch.digest()
    for level in range(1, 7):
        mine, fresh = raster.level(level), scratch.level(level)
        assert (mine.width, mine.height, mine.depth) == (fresh.width, fresh.height, "uint8")
        np.testing.assert_array_equal(mine.to_array(), fresh.to_array())
        assert mine.digest() == fresh.digest()


def test_digests_are_the_same_on_several_threads():
    pixels = np.zeros((TILE * 3, TILE * 2, 3), np.uint8)
    pixels[TILE:] = np.random.default_rng(1).integers(0, 256, pixels[TILE:].shape)
    with ThreadPoolExecutor(3) as threads:
        digests = Raster.from_array(pixels).digests(threads.map)
    assert digests == Raster.from_array(pixels).digests()
    assert len(digests) == 6
    assert len(set(digests)) == 5  # two tiles are of nothing


def test_replacing_shares_digests_and_the_zoom_levels_of_all_that_is_far():
    raster = Raster.from_array(picture(4 * TILE, 4 * TILE, 1))
    raster.level(1)
    before = raster.digests()
    changed = raster.replaced(Region(5, 5, 10, 10), np.zeros((10, 10, 1), np.uint8))
    old, new = tiles_of(raster.level(1)), tiles_of(changed.level(1))
    assert [a is b for a, b in zip(old, new, strict=True)] == [False, True, True, True]
    assert [a is b for a, b in zip(before, changed.digests(), strict=True)] == [False] + 15 * [True]


@given(case=pictures_with_regions(2), levels=st.integers(0, 6), value=st.integers(0, 1))
@small_tiles
def test_a_region_filled_with_a_value_is_one_replaced_with_that_value(case, levels, value):
    pixels, *regions = case
    filled = replaced = Raster.from_array(pixels.copy())
    filled.level(levels)
    for region in regions:
        filled = filled.filled_at(region, value)
        full = np.full((region.height, region.width, filled.channels), value, filled.depth)
        replaced = replaced.replaced(region, full)
    scratch = Raster.from_array(replaced.to_array())
    for level in range(6):
        mine = filled.level(level).to_array()
        np.testing.assert_array_equal(mine, scratch.level(level).to_array())
    assert filled.digest() == scratch.digest()


def test_a_rectangle_in_two_hundred_megapixels_makes_few_tiles_at_every_level(monkeypatch):
    halvings = []
    tiles = sys.modules["safelight.pixels.tiles"]
    halved = tiles.halved
    monkeypatch.setattr(tiles, "halved", lambda pixels: halvings.append(1) or halved(pixels))
    mask = Raster.filled(17320, 11547, (0,), "uint8")
    mask.level(7)
    selected = mask.filled_at(Region(999, 777, 15000, 10000), 255)
    selected = selected.filled_at(Region(5000, 3000, 500, 6000), 0)
    selected.level(7)
    fresh = {id(tile) for tile in selected.tiles_at(selected.region)}
    assert len(fresh) == selected.different_tiles <= 4 + 8 + 1 + 20
    assert len(halvings) <= 150  # of 1020 tiles of the levels
    assert selected.nbytes < 4 << 20


def test_of_a_filled_rectangle_only_the_rim_is_looked_at_tile_by_tile(monkeypatch):
    filled, looked_at = Raster._filled, []
    monkeypatch.setattr(
        Raster, "_filled", lambda *given: looked_at.append(given[1]) or filled(*given)
    )
    mask = Raster.filled(17320, 11547, (0,), "uint8")
    mask.filled_at(Region(999, 777, 15000, 10000), 255)
    across, down = 60, 41
    assert len(looked_at) <= 2 * (across + down) < across * down


def test_of_the_zoom_levels_only_what_is_made_of_other_tiles_is_made_anew(monkeypatch):
    halvings = []
    tiles = sys.modules["safelight.pixels.tiles"]
    halved = tiles.halved
    monkeypatch.setattr(tiles, "halved", lambda pixels: halvings.append(1) or halved(pixels))
    raster = Raster.from_array(picture(8 * TILE, 8 * TILE, 1))
    raster.level(3)
    halvings.clear()
    place = Region(5 * TILE, 2 * TILE, TILE, TILE)
    changed = raster.with_tiles({place: np.zeros((TILE, TILE, 1), np.uint8)}, raster.region)
    assert len(halvings) == 3  # one for each level, though all of it might have changed
    scratch = Raster.from_array(changed.to_array())
    for level in (1, 2, 3):
        np.testing.assert_array_equal(
            changed.level(level).to_array(), scratch.level(level).to_array()
        )


def test_tiles_of_one_value_are_the_same_tile_wherever_they_are():
    one = Raster.filled(700, 300, (255,), "uint8")
    other = Raster.filled(900, 600, (0,), "uint8").filled_at(Region(256, 256, 256, 256), 255)
    assert next(one.tiles_at(Region(0, 0, 1, 1))) is next(other.tiles_at(Region(300, 300, 1, 1)))


def test_levels_that_are_there_are_known_to_be():
    raster = Raster.from_array(picture(600, 300))
    assert [raster.has_level(level) for level in range(3)] == [True, False, False]
    raster.level(2)
    assert [raster.has_level(level) for level in range(4)] == [True, True, True, False]


def test_a_tile_that_does_not_fit_is_not_taken():
    raster = Raster.from_array(picture(300, 300))
    place = next(place for place, _ in raster.tiles())
    for tile in (np.zeros((4, 4, 3), np.uint8), np.zeros((TILE, TILE, 3), np.uint16)):
        with pytest.raises(ValueError, match="does not fit"):
            raster.with_tiles({place: tile}, place)
    assert raster.with_tiles({}, raster.region) is raster


def test_pixels_that_do_not_fit_are_not_put_anywhere():
    raster = Raster.from_array(picture(30, 20))
    for pixels in (np.zeros((4, 5, 3), "u1"), np.zeros((5, 4, 1), "u1"), np.zeros((5, 4, 3), "u2")):
        with pytest.raises(ValueError, match="pixels"):
            raster.replaced(Region(1, 1, 4, 5), pixels)


def test_what_was_put_in_may_change_afterwards():
    raster = Raster.from_array(picture(30, 20))
    new = np.full((5, 4, 3), 9, np.uint8)
    changed = raster.replaced(Region(1, 1, 4, 5), new)
    new[...] = 200
    assert (changed.read(Region(1, 1, 4, 5)) == 9).all()


# Digests


@given(pixels=pictures(), data=st.data())
@small_tiles
def test_one_different_pixel_makes_a_different_digest(pixels, data):
    raster = Raster.from_array(pixels.copy())
    assert raster.digest() == Raster.from_array(pixels.copy()).digest()
    place = tuple(data.draw(st.integers(0, side - 1)) for side in pixels.shape)
    other = pixels.copy()
    other.view(f"u{pixels.itemsize}")[place] ^= 1
    changed = Raster.from_array(other)
    assert changed.digest() != raster.digest()
    different = [a != b for a, b in zip(raster.digests(), changed.digests(), strict=True)]
    assert sum(different) == 1


def test_equal_bytes_of_another_shape_or_depth_have_another_digest():
    data = np.arange(2 * 6 * 3 * 4, dtype=np.uint8)
    rasters = [
        Raster.from_array(np.frombuffer(data, kind).reshape(shape))
        for kind, shape in [
            (np.uint8, (8, 6, 3)),
            (np.uint8, (6, 8, 3)),
            (np.uint8, (12, 3, 4)),
            (np.uint8, (48, 3, 1)),
            (np.uint16, (4, 6, 3)),
            (np.float32, (2, 6, 3)),
        ]
    ]
    assert len({raster.digest() for raster in rasters}) == len(rasters)
    assert len({tile_digest(tiles_of(raster)[0]) for raster in rasters}) == len(rasters)


def test_a_digest_is_the_same_however_the_tile_lies_in_memory():
    pixels = picture(64, 40)
    for other in (np.asfortranarray(pixels), np.pad(pixels, ((3, 5), (7, 1), (0, 0)))[3:43, 7:71]):
        assert tile_digest(other) == tile_digest(pixels)


# Moving tiles


def test_swapped_tiles_change_nothing_that_anyone_sees():
    raster = Raster.from_array(picture(600, 300))
    expected, digest, half = raster.to_array(), raster.digest(), raster.level(1).to_array()
    old = tiles_of(raster)
    copies = {id(tile): tile.copy() for tile in old[1:3]}
    raster.swap_tiles(copies)
    new = tiles_of(raster)
    assert [a is b for a, b in zip(old, new, strict=True)] == [True, False, False, True, True, True]
    assert new[1] is copies[id(old[1])]
    raster.forget_levels()
    np.testing.assert_array_equal(raster.to_array(), expected)
    np.testing.assert_array_equal(raster.level(1).to_array(), half)
    assert raster.digest() == digest


def test_swapping_in_one_version_leaves_the_others_alone():
    raster = Raster.from_array(picture(600, 300))
    changed = raster.replaced(Region(0, 0, 5, 5), np.zeros((5, 5, 3), np.uint8))
    old = tiles_of(raster)
    changed.swap_tiles({id(tile): tile.copy() for tile in old})
    assert all(a is b for a, b in zip(old, tiles_of(raster), strict=True))


# Zoom levels


def halved(pixels):
    """The mean of 2 x 2, one pixel at a time; edges go on, colours count as they are opaque."""
    height, width, channels = pixels.shape
    result = np.zeros((-(-height // 2), -(-width // 2), channels), np.uint8)
    for y, x in np.ndindex(result.shape[:2]):
        rows = [2 * y, min(2 * y + 1, height - 1)]
        columns = [2 * x, min(2 * x + 1, width - 1)]
        four = [[int(v) for v in pixels[row, column]] for row in rows for column in columns]
        weights = [pixel[3] if channels == 4 else 1 for pixel in four]
        total = max(sum(weights), 1)
        for channel in range(min(channels, 3)):
            weighted = sum(w * p[channel] for w, p in zip(weights, four, strict=True))
            result[y, x, channel] = (2 * weighted + total) // (2 * total)
        if channels == 4:
            result[y, x, 3] = (sum(weights) + 2) // 4
    return result


@given(pixels=pictures(), levels=st.integers(1, 6))
@small_tiles
def test_each_level_is_the_mean_of_four_of_the_one_below(pixels, levels):
    raster = Raster.from_array(pixels.copy())
    expected = from_float(to_float(pixels), "uint8")
    for _ in range(levels):
        expected = halved(expected)
    level = raster.level(levels)
    assert level.depth == "uint8"
    np.testing.assert_array_equal(level.to_array(), expected)
    assert raster.level(levels) is level


@pytest.mark.parametrize("channels", [1, 3])
def test_a_level_of_tiles_of_their_real_size_is_rounded_half_up_everywhere(channels):
    pixels = picture(2 * TILE + 14, TILE + 6, channels)
    four = [pixels[y::2, x::2].astype(int) for y in (0, 1) for x in (0, 1)]
    level = Raster.from_array(pixels.copy()).level(1)
    np.testing.assert_array_equal(level.to_array(), (sum(four) + 2) // 4)


def test_level_0_is_the_raster_itself():
    raster = Raster.from_array(picture(30, 20, depth="uint16"))
    assert raster.level(0) is raster


@small_tiles
def test_tiles_that_are_one_object_make_the_level_that_separate_ones_make():
    # What an empty layer is made of: blocks that look alike but are not of one size.
    tile = picture(SMALL, SMALL, 4)
    for columns, rows in [(2, 2), (3, 1), (1, 3), (3, 3), (5, 4)]:
        shape = columns * SMALL, rows * SMALL, 4, "uint8"
        shared = Raster.from_tiles(*shape, [tile] * (columns * rows))
        apart = Raster.from_tiles(*shape, [tile.copy() for _ in range(columns * rows)])
        for level in (1, 2, 3):
            mine, fresh = shared.level(level).to_array(), apart.level(level).to_array()
            np.testing.assert_array_equal(mine, fresh)


def test_a_dab_on_an_empty_raster_is_seen_at_every_level_only_where_it_is():
    empty = Raster.filled(4 * TILE, 2 * TILE, (0,), "uint8")
    for corner in (0, TILE - 5, 2 * TILE + 3):
        white = np.full((40, 60, 1), 255, np.uint8)
        dab = empty.replaced(Region(corner, corner % TILE, 60, 40), white)
        scratch = Raster.from_array(dab.to_array())
        for level in (1, 2, 3):
            np.testing.assert_array_equal(
                dab.level(level).to_array(), scratch.level(level).to_array()
            )


def test_a_raster_of_one_array_gives_it_uncopied_and_another_gives_none():
    pixels = np.arange(300 * 520 * 3, dtype=np.uint8).reshape(520, 300, 3)
    raster = Raster.from_array(pixels)
    whole = raster.in_one()
    assert np.shares_memory(whole, pixels)
    assert np.array_equal(whole, pixels)
    assert not whole.flags.writeable
    tiles = list(raster.parts())
    apart = Raster.from_tiles(300, 520, 3, "uint8", [*tiles[:-1], tiles[-1].copy()])
    assert apart.in_one() is None
    turned = Raster.from_tiles(256, 512, 3, "uint8", [tiles[2], tiles[0]])
    assert turned.in_one() is None


@pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
def test_a_tile_of_one_value_has_the_digest_of_its_bytes(depth):
    from blake3 import blake3

    def by_hand(tile):
        head = f"{tile.shape} {tile.dtype.name}".encode()
        return blake3(head + tile.tobytes()).digest(16)

    tiles = [np.full((7, 5, 4), value, depth) for value in (0, 1, 200)]
    nearly, last, sign = (np.zeros((7, 5, 4), depth) for _ in range(3))
    nearly[0, 0, 0] = last[-1, -1, -1] = 1
    if depth == "float32":
        sign[3, 2, 1] = -0.0
        tiles.append(np.full((7, 5, 4), np.nan, depth))
    wide = np.zeros((7, 9, 4), depth)[:, 2:7]
    for tile in (*tiles, nearly, last, sign, wide):
        assert tile_digest(tile) == by_hand(tile)
    assert len({tile_digest(tile) for tile in (tiles[0], nearly, last)}) == 3


def test_a_tile_is_known_by_its_digest_of_today_and_of_earlier_projects_and_by_no_other():
    from blake3 import blake3

    tile = np.random.default_rng(3).integers(0, 256, (7, 5, 3), np.uint8)
    text = b"(7, 5, 3) uint8" + tile.tobytes()
    earlier = hashlib.blake2b(text, digest_size=16).digest()
    assert has_digest(tile, blake3(text).digest(16))
    assert has_digest(tile, earlier)
    other = tile.copy()
    other[6, 4, 2] ^= 1
    assert not has_digest(other, blake3(text).digest(16))
    assert not has_digest(other, earlier)
    assert not has_digest(tile, earlier[:15])


def test_without_blake3_a_tile_is_known_by_blake2b_and_no_other_digest_is_judged(monkeypatch):
    tile = np.random.default_rng(3).integers(0, 256, (7, 5, 3), np.uint8)
    today = tile_digest(tile)
    monkeypatch.setattr(sys.modules["safelight.pixels.tile_digest"], "_blake3", lambda: None)
    text = b"(7, 5, 3) uint8" + tile.tobytes()
    assert tile_digest(tile) == hashlib.blake2b(text, digest_size=16).digest() != today
    assert has_digest(tile, tile_digest(tile))
    with pytest.raises(LookupError, match="BLAKE3 is not installed"):
        has_digest(tile, today)
