"""Tables of profiles: read as LittleCMS reads them, in every way that they are written."""

import struct

import numpy as np
import pytest

from safelight.pixels import ColourError, Device, Lut, Transform
from tests import pictures

FLOATS = np.random.default_rng(5).random((32, 32, 3), np.float32)


def as_old_bytes(icc):
    """A profile with tables of 8 bits (mft1, ICC.1:2022, 10.11) that give half of each number."""
    grid = np.stack(np.meshgrid(*[np.linspace(0, 1, 5)] * 3, indexing="ij"), axis=-1)
    lab = grid @ np.array([[0.3, 0.1, 0], [0.5, -0.1, 0.1], [0.2, 0, -0.1]]) + [0, 128 / 255, 0.5]
    curves = bytes(range(256)) * 3
    table = np.rint(lab * 255).astype(np.uint8).tobytes()
    matrix = struct.pack(">9i", *(round(x * 65536) for x in np.eye(3).ravel()))
    return with_tables(icc, b"mft1\0\0\0\0\3\3\5\0" + matrix + curves + table + curves)


def as_parts(icc):
    """A profile with curves, a table, curves, a matrix and curves (mAB, ICC.1:2022, 10.12)."""
    gamma = b"para\0\0\0\0\0\0\0\0" + struct.pack(">i", round(1.5 * 65536))
    curve = b"curv\0\0\0\0\0\0\0\3" + struct.pack(">3H", 0, 20000, 65535) + b"\0\0"
    grid = np.stack(np.meshgrid(*[np.linspace(0, 1, 5)] * 3, indexing="ij"), axis=-1)
    numbers = np.rint(grid**1.3 * 65535).astype(">u2").tobytes()
    table = bytes([5, 5, 5]) + bytes(13) + b"\2\0\0\0" + numbers
    values = [0.3, 0.5, 0.1, 0.05, -0.1, 0.1, 0.1, 0.02, -0.1, 0.05, 0.45, 0.5]
    matrix = struct.pack(">12i", *(round(x * 65536) for x in values))
    parts = [3 * curve, matrix, 3 * gamma, table, 3 * curve]
    places, at = [], 32
    for part in parts:
        places.append(at)
        at += len(part) + -len(part) % 4
    body = b"".join(part + bytes(-len(part) % 4) for part in parts)
    head = b"mAB \0\0\0\0\3\3\0\0" + struct.pack(">5I", *places)
    return with_tables(icc, head + body)


def with_tables(icc, tag):
    """The profile with another table, behind all that is in it."""
    count = struct.unpack_from(">I", icc, 128)[0]
    data = bytearray(icc + bytes(-len(icc) % 4))
    for index in range(count):
        place = 132 + 12 * index
        if data[place : place + 3] == b"A2B":
            struct.pack_into(">II", data, place + 4, len(data), len(tag))
    data += tag + bytes(-len(tag) % 4)
    struct.pack_into(">I", data, 0, len(data))
    return bytes(data)


PLAIN = pictures.press_profile(b"RGB ", steps=17)
WRITTEN = {"mft2": PLAIN, "mft1": as_old_bytes(PLAIN), "mAB": as_parts(PLAIN)}


@pytest.mark.parametrize("kind", WRITTEN)
def test_tables_say_what_littlecms_says(kind):
    icc = WRITTEN[kind]
    if kind == "mAB":
        # Parts are of version 4.
        icc = icc[:8] + b"\4\x20" + icc[10:]
    wanted = Transform(icc, None, "relative", False).apply(FLOATS)
    made = Lut.of(icc).to_srgb(FLOATS).clip(0, 1)
    assert np.abs(made - wanted.clip(0, 1)).mean() < 0.002
    assert np.abs(made - wanted.clip(0, 1)).max() < 0.02
    assert made.std() > 0.05


def test_transparency_is_kept():
    pixels = np.dstack([FLOATS, FLOATS[..., :1]])
    assert np.array_equal(Lut.of(PLAIN).to_srgb(pixels)[..., 3], pixels[..., 3])


def test_hurt_tables_are_refused_in_words_or_of_numbers():
    randoms = np.random.default_rng(2)
    start = PLAIN.index(b"mft2")
    for _ in range(300):
        hurt = bytearray(PLAIN)
        at = int(randoms.integers(128, 132 + 120)) if randoms.random() < 0.5 else start
        hurt[at + int(randoms.integers(60)) % 60] = int(randoms.integers(256))
        try:
            made = Lut.of(bytes(hurt)).to_srgb(FLOATS[:2])
        except ColourError:
            continue
        assert np.isfinite(made).all()
    with pytest.raises(ColourError):
        Lut.of(pictures.press_profile())


@pytest.mark.parametrize("black_point", [True, False])
@pytest.mark.parametrize("intent", ["relative", "perceptual", "absolute"])
@pytest.mark.parametrize("space", [b"CMYK", b"RGB "])
def test_what_comes_back_from_a_press_is_what_littlecms_says(space, intent, black_point):
    icc = pictures.press_profile(space, steps=17)
    back = "absolute" if intent == "absolute" else "relative"
    ink = Transform(None, icc, intent, black_point).apply(FLOATS)
    wanted = Transform(icc, None, back, black_point).apply(ink.clip(0, 1)).clip(0, 1)
    made = Device.of(icc, intent, black_point).returned(FLOATS).clip(0, 1)
    # LittleCMS goes along tetrahedra between a table's points, and guesses black from a curve.
    assert np.abs(made - wanted).mean() < 0.004
    assert np.quantile(np.abs(made - wanted), 0.99) < 0.03
    assert np.abs(made - FLOATS).max() > 0.02


def test_only_a_profile_with_a_way_into_it_is_a_device():
    with pytest.raises(ColourError, match="no tables"):
        Device.of(pictures.table_profile())
    with pytest.raises(ColourError):
        Device.of(pictures.press_profile()[:2000])
