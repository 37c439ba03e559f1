"""JPEG and PNG are made in bands on all cores, and every reader sees one picture."""

import contextlib
import io
import zlib

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from safelight.files.codecs import codec, deflate, jpeg, jpeg_bands, png, png_rows
from safelight.files.codecs import row_bands as rows
from safelight.files.codecs.photograph import DamagedError, Photograph


def grain(height, width, channels, depth="uint8"):
    steps = np.random.default_rng(height).integers(-3, 4, (height, width, channels))
    return np.cumsum(steps, 0).astype(depth)


def file_of(name, pixels, **settings):
    stream = io.BytesIO()
    codec(name).encode(stream, Photograph(pixels), settings)
    return stream.getvalue()


def read(name, data):
    return codec(name).read(io.BytesIO(data), len(data), None, np.empty)


def joined(name, data):
    """What the files of some rows each hold, one below the other."""
    parts = [read(name, band.alone()) for band in codec(name).in_bands(data)]
    assert not any(part.notes for part in parts)
    return len(parts), np.concatenate([part.pixels for part in parts])


@pytest.mark.parametrize("depth", ["uint8", "uint16"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("level", [0, 2, 9])
def test_a_png_in_bands_is_one_stream_that_every_decoder_reads(depth, channels, level):
    step = 313 * channels * np.dtype(depth).itemsize
    whole = 2 if level == 2 else 1  # bands before the last: one in the middle, where it is quick
    several = whole * png_rows.rows_of_a_band(step) + 9
    for height, width in ((1, 1), (3, 1), (1, 5), (several, 313)):
        pixels = grain(height, width, channels, depth)
        data = file_of("PNG", pixels, compression=level)
        flat = pixels[..., 0] if channels == 1 else pixels
        assert (imagecodecs.png_decode(data).reshape(pixels.shape) == pixels).all()
        if depth == "uint8" or channels == 1:
            assert (np.asarray(Image.open(io.BytesIO(data))) == flat).all()
        count, back = joined("PNG", data)
        assert (back == pixels).all()
        assert count == -(-height // png_rows.rows_of_a_band(width * channels * pixels.itemsize))


def test_a_png_is_written_and_read_back_whichever_library_packs_it(monkeypatch):
    pixels = grain(1500, 700, 3)
    files = [file_of("PNG", pixels)]
    monkeypatch.setattr(deflate, "_isal", None)
    files.append(file_of("PNG", pixels))
    monkeypatch.setattr(deflate, "_zlib", zlib)
    monkeypatch.setattr(deflate, "_LEVELS", {})
    files.append(file_of("PNG", pixels))
    assert len(set(files)) == 3  # three libraries did pack
    for data in files:
        assert (imagecodecs.png_decode(data) == pixels).all()
        assert (joined("PNG", data)[1] == pixels).all()
    small, *_, large = sorted(map(len, files))
    assert large < 1.1 * small


@pytest.mark.parametrize("subsampling", ["444", "422", "420"])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_jpeg_in_bands_is_what_one_encoder_makes(subsampling, channels):
    for height, width in ((5, 7), (1101, 1999), (1801, 1301)):
        pixels = (grain(height, width, channels) // 2 + 64).astype(np.uint8)
        data = file_of("JPEG", pixels, quality=85, subsampling=subsampling)
        once = imagecodecs.jpeg8_encode(pixels, 85, subsampling=subsampling)
        assert (imagecodecs.jpeg8_decode(data) == imagecodecs.jpeg8_decode(once)).all()
        ours, other = (np.asarray(Image.open(io.BytesIO(item))) for item in (data, once))
        assert (ours == other).all()
        count, back = joined("JPEG", data)
        assert (count > 1) == (height > 1000)
        assert back.shape == pixels.shape


def test_nothing_more_is_begun_when_nobody_asks_for_more():
    begun = []

    def work(item):
        begun.append(item)
        return item

    for item in rows.on_all_cores(work, range(1000)):
        if item == 3:
            break
    assert len(begun) < 100


def test_a_restart_or_a_row_that_is_missing_is_told():
    data = file_of("JPEG", grain(1701, 1999, 3))
    at = data.index(b"\xff\xd1", 700)
    assert jpeg.CODEC.in_bands(data[:at] + data[at + 2 :]) is None
    assert jpeg.CODEC.in_bands(data[:-2]) is None
    data = file_of("PNG", grain(2500, 313, 3))
    assert png.in_bands(data[:-20]) is None


def test_bands_that_were_encoded_in_different_ways_make_no_file():
    pixels, qualities = grain(3001, 1301, 3), iter([85, 10, 85, 85])

    def encode(rows):
        return bytes(imagecodecs.jpeg8_encode(rows, next(qualities), subsampling="444"))

    with pytest.raises(ValueError, match="otherwise"):
        list(jpeg_bands.coded(pixels, encode, (8, 8)))


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("quality", [1, 10.5, 35, 60, 89.7, 90, 100])
@pytest.mark.parametrize("subsampling", ["444", "422", "420"])
def test_no_jpeg_of_ours_is_taken_for_that_of_another_picture(quality, subsampling, channels):
    random = np.random.default_rng(channels)
    noise = random.integers(0, 256, (61, 83, channels), np.uint8)
    flat = np.broadcast_to(random.integers(0, 256, channels, np.uint8), (16, 16, channels))
    squares = np.kron(random.integers(0, 2, (9, 7, channels), np.uint8) * 255, np.ones((11, 9, 1)))
    for pixels in (noise, flat, squares.astype(np.uint8), noise[:5], noise[:, :5], noise[:9, :8]):
        space = {1: "grey", 3: "rgb", 4: "cmyk"}[channels]
        stream = io.BytesIO()
        settings = {"quality": quality, "subsampling": subsampling}
        jpeg.CODEC.encode(stream, Photograph(pixels, space), settings)
        assert jpeg.shows(stream.getvalue(), pixels)


def test_bytes_that_are_missing_in_a_coded_jpeg_are_seen():
    pixels = (grain(64, 400, 3) + 90).astype(np.uint8)
    data = file_of("JPEG", pixels)
    (band,) = jpeg.CODEC.in_bands(data)
    start = data.index(bytes(band.coded))
    for place in np.linspace(start, start + 0.9 * len(band.coded), 30, dtype=int):
        hurt = data[:place] + data[place + 40 :]
        with contextlib.suppress(DamagedError):
            assert not jpeg.shows(hurt, pixels)
