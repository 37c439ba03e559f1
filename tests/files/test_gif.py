"""GIF: the first picture, with its transparency; nothing of the others is decoded."""

import io
import json
import struct

import numpy as np
import pytest
from PIL import Image

from safelight import actions
from safelight.cli import main
from safelight.files import OpenError, open_picture


def gif_file(*colours, clear=()):
    pictures = []
    for colour in colours:
        picture = Image.new("RGBA", (7, 5), colour)
        for place in clear:
            picture.putpixel(place, (0, 0, 0, 0))
        pictures.append(picture)
    stream = io.BytesIO()
    pictures[0].save(stream, "GIF", save_all=True, append_images=pictures[1:], disposal=2)
    return stream.getvalue()


@pytest.fixture
def opened(tmp_path):
    def open_(data, **options):
        path = tmp_path / "a.gif"
        path.write_bytes(data)
        return open_picture(path, **options)

    return open_


def test_the_first_picture_opens_with_its_transparency_and_the_others_are_counted(opened):
    found = opened(gif_file("red", "lime", "blue", clear=[(2, 1)]))
    pixels = found.document.layers[0].raster.to_array()
    assert pixels.shape == (5, 7, 4)
    assert pixels[1, 2, 3] == 0
    assert (np.delete(pixels.reshape(-1, 4), 9, axis=0) == (255, 0, 0, 255)).all()
    assert found.notes == ("The file holds 3 pictures; the first one was opened.",)
    assert found.format == "GIF"


def test_a_picture_larger_than_it_says_or_than_the_limit_is_refused_before_it_is_decoded(opened):
    data = gif_file("red")
    with pytest.raises(OpenError, match="more than the limit"):
        opened(data, pixel_limit=30)
    with pytest.raises(OpenError, match="its first picture is larger than it says"):
        opened(data[:6] + struct.pack("<HH", 7, 4) + data[10:])


def test_every_beginning_of_a_file_opens_or_is_a_sentence(opened):
    data = gif_file("red", "lime")
    found = []
    for length in range(1, len(data)):
        try:
            found.append(opened(data[:length]).format)
        except OpenError as error:
            found.append(str(error))
    assert "GIF" in found
    assert all(text == "GIF" or text.endswith(".") for text in found)


@pytest.mark.parametrize("colours", [("red",), ("red", "lime", "blue")])
def test_a_file_that_ends_behind_its_first_picture_says_so(opened, colours):
    data = gif_file(*colours)
    first = len(gif_file("red"))
    note = "The file ends early, behind its first picture, which is whole."
    for length in {len(data) - 1, *((first + 5, len(data) - 4) if len(colours) > 1 else ())}:
        found = opened(data[:length])
        assert found.notes[-1] == note
        assert (found.document.layers[0].raster.to_array()[..., :3] == (255, 0, 0)).all()
    assert note not in opened(data).notes
    damaged = opened(data[:-1] + b"\x99\x99;").notes
    assert damaged[-1] == "The file is damaged behind its first picture, which is whole."


def test_it_opens_the_same_in_the_confined_process_and_on_the_command_line(tmp_path, capsys):
    path = tmp_path / "a.gif"
    path.write_bytes(gif_file("red", "lime", clear=[(2, 1)]))
    here, there = open_picture(path), actions.open_picture(path)
    assert there.notes == here.notes
    pixels = [item.document.layers[0].raster.to_array() for item in (here, there)]
    assert np.array_equal(*pixels)
    assert main(["info", "--json", str(path)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["format"], told["width"], told["height"]) == ("GIF", 7, 5)
    assert told["notes"] == ["The file holds 2 pictures; the first one was opened."]


def test_more_pixels_than_memory_is_meant_for_are_refused(opened):
    data = gif_file("red")
    with pytest.raises(OpenError, match="more than the limit"):
        opened(data[:6] + struct.pack("<HH", 65535, 65535) + data[10:], pixel_limit=1_000_000)


@pytest.mark.parametrize("side", [0, 2])
@pytest.mark.parametrize("cut", [0, 6])
def test_a_first_picture_of_no_pixels_is_a_clear_error(tmp_path, side, cut):
    data = bytearray(gif_file("red"))
    at = data.index(b",\0\0\0\0\7\0\5\0") + 5 + side
    data[at : at + 2] = bytes(2)
    path = tmp_path / "picture.gif"
    path.write_bytes(data[: len(data) - cut])
    with pytest.raises(OpenError, match="picture.gif is damaged"):
        open_picture(path)
