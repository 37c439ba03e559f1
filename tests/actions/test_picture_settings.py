"""Kept copies: small, upright, in sRGB, and read as the file itself would be."""

import numpy as np
import pytest
from PIL import Image

from safelight.actions.picture_settings import KEPT_SIDE, kept_copy, read_pixels
from safelight.document.contents.embedded_picture import Embedded, named
from safelight.files import OpenError
from safelight.workers.worker_pictures import NoImage
from tests.pictures import gradient


def picture(path, width=900, height=600, **options):
    Image.fromarray(gradient(width, height)).save(path, **options)
    return path


def test_a_copy_is_small_and_looks_as_the_file_does(tmp_path):
    path = picture(tmp_path / "night sky.png")
    text = kept_copy(path)
    copy = read_pixels(text)
    assert copy.shape == (round(600 * KEPT_SIDE / 900), KEPT_SIDE, 3)
    assert named(text) == "night sky"
    size = copy.shape[1::-1]
    whole = Image.open(path).resize(size, Image.Resampling.LANCZOS)
    # WebP of quality 90 on a smooth picture: well below what an eye sees.
    assert np.abs(copy - np.asarray(whole) / 255).mean() < 2 / 255


def test_a_small_picture_keeps_its_size(tmp_path):
    assert read_pixels(kept_copy(picture(tmp_path / "a.png", 70, 50))).shape == (50, 70, 3)


def test_one_pixel_of_height_stays_one(tmp_path):
    text = kept_copy(picture(tmp_path / "a.png", 3000, 1))
    assert read_pixels(text).shape == (1, KEPT_SIDE, 3)


def test_a_turned_photograph_is_kept_upright_and_without_its_metadata(tmp_path):
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "A camera"
    text = kept_copy(picture(tmp_path / "a.jpg", exif=exif))
    assert read_pixels(text).shape == (KEPT_SIDE, round(600 * KEPT_SIDE / 900), 3)
    assert b"camera" not in Embedded.read(text).data


def test_what_is_transparent_becomes_white(tmp_path):
    clear = np.zeros((40, 40, 4), np.uint8)
    Image.fromarray(clear).save(tmp_path / "a.png")
    assert read_pixels(kept_copy(tmp_path / "a.png")).min() > 0.99


def test_a_copy_is_the_same_each_time_and_read_only(tmp_path):
    path = picture(tmp_path / "a.png")
    text = kept_copy(path)
    assert kept_copy(path) == text
    pixels = read_pixels(text)
    assert pixels.dtype == np.float32
    assert not pixels.flags.writeable
    assert read_pixels(text) is pixels


def test_a_file_that_is_no_picture_is_refused_in_a_sentence(tmp_path):
    (tmp_path / "notes.txt").write_text("no picture")
    with pytest.raises(OpenError, match="notes.txt is not a picture"):
        kept_copy(tmp_path / "notes.txt")


def damaged(data):
    return Embedded("image/webp", "Night", data).text()


def large():
    import io

    stream = io.BytesIO()
    Image.new("L", (2001, 2000)).save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (damaged(b""), "Night is damaged: it is no picture"),
        (damaged(b"RIFF\0\0\0\0WEBPVP8 "), "Night is damaged"),
        (damaged(b"%PDF-1.7" + b"\0" * 60000), "Night is damaged: it is no picture"),
        (damaged(large()), "Night has 2001 x 2000 pixels, far more than it should"),
        ("data:image/webp;title=Night;base64," + "?" * 60000, "it is damaged"),
    ],
)
def test_a_damaged_copy_is_named_by_its_title_and_never_printed(text, reason):
    with pytest.raises(NoImage) as caught:
        read_pixels(text)
    message = str(caught.value)
    assert message.startswith("cannot have the picture Night: ")
    assert reason in message
    assert len(message) < 200
