"""Small pictures: whole numbers come back exactly, pictures nearly, and what is damaged is said."""

import struct
import zlib

import numpy as np
import pytest
from safelight_codec import container, entropy, read, rounded, write
from safelight_codec.container import STEPS, packed, stripes_of, unpacked

from safelight import api

ROWS, COLUMNS = 9, 7


class Blocks(api.Job):
    """Instead of networks, which are tried where they ship: numbers are the means of blocks."""

    def __init__(self):
        self.told = []

    def describe(self, model, image, **inputs):
        if image is not None:
            height, width = image.shape[:2]
            means = image.reshape(height // 8, 8, width // 8, 8, 3).mean((1, 3))
            found = np.zeros((1, 192, height // 8, width // 8), np.float32)
            found[0, ::64] = means.transpose(2, 0, 1) * 255
            return found
        means = inputs["latents"][:, ::64] / 255
        return means.repeat(8, 2).repeat(8, 3)

    def run(self, model, image, **inputs):
        raise NotImplementedError

    def progress(self, fraction, words=""):
        self.told.append(fraction)

    def check(self):
        pass


@pytest.fixture(scope="module")
def tables():
    from safelight_codec import _tables

    return _tables()


def numbers(seed=1, rows=ROWS, columns=COLUMNS):
    """Numbers as a picture has them, (rows, columns, 192): large means, few high frequencies."""
    random = np.random.default_rng(seed)
    spread = 6 * np.exp(-np.tile(np.arange(64), 3) / 12)
    found = np.rint(random.laplace(0, 1, (rows, columns, 192)) * spread)
    found[..., ::64] = 300 * np.sin(np.arange(columns) / 3)[None, :, None]
    return found.astype(np.int16)


@pytest.mark.parametrize("level", [0, 7, 48])
def test_numbers_come_back_exactly_at_every_quality(tables, level):
    latents, least = numbers(), tables.least_at(level, STEPS)
    data = entropy.encoded(latents, tables, least)
    again = entropy.decoded(data, ROWS, COLUMNS, tables, least)
    assert np.array_equal(again, latents)


def test_the_largest_numbers_and_none_at_all_come_back(tables):
    least = tables.least_at(16, STEPS)
    wild = np.random.default_rng(3).integers(-8191, 8192, (3, 4, 192)).astype(np.int16)
    wild[0, 0] = 8191
    wild[0, 1] = -8191
    nothing = np.zeros((3, 4, 192), np.int16)
    for latents in (wild, nothing):
        data = entropy.encoded(latents, tables, least)
        assert np.array_equal(entropy.decoded(data, 3, 4, tables, least), latents)
    assert len(data) < 80


def test_what_is_written_is_what_was_written_when_the_tables_were_made(tables):
    """Integers alone: these bytes are the same on every machine."""
    data = entropy.encoded(numbers(), tables, tables.least_at(20, STEPS))
    assert (len(data), zlib.crc32(data)) == WRITTEN


WRITTEN = (2966, 3755559415)
"""Bytes and CRC-32 of what ``numbers()`` become at the level 20."""


def test_bytes_of_chance_are_numbers_of_some_kind_and_end(tables):
    random = np.random.default_rng(7)
    for _ in range(20):
        data = random.integers(0, 256, 40).astype(np.uint8).tobytes()
        found = entropy.decoded(data, 2, 2, tables, tables.least_at(48, STEPS))
        assert found.shape == (2, 2, 192)


def test_numbers_are_rounded_within_what_can_be_told():
    numbers = np.array([0.4, -0.6, 1.6, 9e9, -9e9], np.float32)
    assert rounded(numbers).tolist() == [0, -1, 2, 8191, -8191]


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (9, 17), (801, 5)])
def test_every_size_comes_back_as_it_was(size):
    picture = np.zeros((*size, 3), np.uint8) + np.array([200, 100, 30], np.uint8)
    job = Blocks()
    found = read(write(picture, job, quality=50), job)
    assert np.array_equal(found.pixels, picture)
    assert found.notes == ()
    assert max(job.told) <= 1


def test_tiles_meet_without_a_seam():
    ramp = np.add.outer(np.arange(800), np.arange(1000))[..., None] // 8 % 200
    picture = np.repeat(ramp, 3, 2).astype(np.uint8)
    job = Blocks()
    found = read(write(picture, job), job).pixels.astype(int)
    means = picture.reshape(100, 8, 125, 8, 3).mean((1, 3))
    assert np.abs(found[::8, ::8] - means).max() <= 1


def stored(**changed):
    """A file of two stripes, with parts of its header changed."""
    latents = np.zeros((70, 2, 192), np.int16)
    from safelight_codec import _tables

    tables = _tables()
    least = tables.least_at(3, STEPS)
    stripes = [entropy.encoded(latents[a:b], tables, least) for a, b in stripes_of(70)]
    told = {"width": 16, "height": 560, "level": 3, "identity": tables.identity} | changed
    return packed(**told, stripes=stripes)


def again(data, place, byte):
    return data[:place] + bytes([byte]) + data[place + 1 :]


DAMAGED = {
    "only its mark": (lambda: b"SLV\x1a", "ends within its header"),
    "cut in its header": (lambda: stored()[:30], "ends within its header"),
    "another beginning": (lambda: b"SLW" + stored()[3:], "does not begin as"),
    "a version to come": (lambda: again(stored(), 4, 9), "version 9"),
    "a flipped bit": (lambda: again(stored(), 8, stored()[8] ^ 1), "header is damaged"),
    "no pixels": (lambda: stored(width=0), "header is damaged"),
    "a quality beyond": (lambda: stored(level=49), "header is damaged"),
    "another network": (lambda: stored(identity=b"elsewise"), "another network"),
    "too wide": (lambda: stored(width=70000), "65535 a side"),
    "too many pixels": (lambda: stored(width=60000, height=60000), "134 megapixels"),
    "more than its bytes can tell of": (lambda: stored(width=60000), "nothing of its picture"),
    "no stripe": (lambda: stored()[:46], "nothing of its picture is whole"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_is_refused_in_a_sentence(name):
    data, reason = DAMAGED[name]
    with pytest.raises(api.FormatError, match=reason):
        read(data(), Blocks())


def test_of_a_file_that_ends_early_the_rest_is_grey_and_a_note_says_so():
    found = read(stored()[:-3], Blocks())
    assert found.pixels.shape == (560, 16, 3)
    assert found.notes == ("Rows 513 to 560 are damaged, and grey.",)
    file = unpacked(stored()[:-3])
    assert file.stripes[0] is not None
    assert file.stripes[1] is None


def test_of_many_damaged_stripes_a_few_are_named():
    latents, columns = np.zeros((64, 1, 192), np.int16), 1
    from safelight_codec import _tables

    tables = _tables()
    one = entropy.encoded(latents, tables, tables.least_at(3, STEPS))
    whole = packed(8 * columns, 512 * 14, 3, tables.identity, [one] * 14)
    found = read(whole[: -len(one) * 12], Blocks())
    assert len(found.notes) == 10
    assert found.notes[-1] == "So are 3 further stripes of 512 rows."


def test_its_marks_stay():
    opened = api.registered_format(read, "importer")
    written = api.registered_format(write, "exporter")
    assert (opened.format.id, written.format.id) == (
        "safelight_codec.read",
        "safelight_codec.write",
    )
    assert opened.format.title == written.format.title == "Small picture"
    assert opened.format.recognises(b"SLV\x1a\1")
    assert written.format.suffixes == (".slv",)
    assert not written.format.alpha
    assert [item.name for item in written.format.options] == ["quality"]
    assert struct.calcsize("<4sBB8sII") == container._HEAD.size == 22
