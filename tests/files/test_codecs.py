"""Codecs: one declaration a format, from which opening, export and the options are read."""

import io
import sys

import numpy as np
import pytest

from safelight.files import ExportError, ExportOptions, export, exported_formats, open_picture
from safelight.files.codecs import CODECS
from safelight.files.codecs.codec import Codec
from safelight.files.codecs.photograph import Photograph
from tests import pictures
from tests.files.test_export import document_of


def test_every_format_begins_and_ends_as_no_other_does():
    endings = [suffix for codec in CODECS for suffix in codec.suffixes]
    assert len(set(endings)) == len(endings)
    assert len({codec.name for codec in CODECS}) == len(CODECS)


@pytest.mark.parametrize("codec", exported_formats(), ids=lambda codec: codec.name)
def test_every_value_of_every_choice_writes_a_file_that_reads_back(codec, tmp_path):
    document = document_of(pictures.quarters())
    tried = [{}]
    for option in codec.options:
        numeric = option.kind in ("integer", "number")
        ends = (option.minimum, option.maximum) if numeric else option.choices
        tried += [{option.name: value} for value in (ends or (True, False))]
    for number, settings in enumerate(tried):
        path = tmp_path / f"{number}{codec.suffixes[0]}"
        export(document, path, ExportOptions(settings=settings))
        again = open_picture(path)
        assert (again.document.width, again.format) == (document.width, codec.name)


def test_subsampling_is_as_asked(tmp_path):
    document = document_of(pictures.noise(64, 64, 3, "uint8"))
    sizes = {}
    for choice in ("444", "422", "420"):
        path = tmp_path / f"{choice}.jpg"
        export(document, path, ExportOptions(quality=95, settings={"subsampling": choice}))
        sizes[choice] = path.stat().st_size
    assert sizes["420"] < sizes["422"] < sizes["444"]


def test_an_option_that_cannot_be_is_a_sentence(tmp_path):
    options = ExportOptions(settings={"subsampling": "431"})
    with pytest.raises(ExportError, match="JPEG cannot be exported so: subsampling: 431"):
        export(document_of(pictures.quarters()), tmp_path / "a.jpg", options)


def test_a_new_format_is_a_codec_in_the_list(tmp_path, monkeypatch):
    """Opening, export, options and the words for what is unknown follow from one declaration."""

    def read(file: io.BufferedReader, size, limit, room):
        file.seek(4)
        height, width = file.read(2)
        return Photograph(np.frombuffer(file.read(), np.uint8).reshape(height, width, 3))

    def write(stream, photograph, *, twice: bool = False):
        height, width = photograph.pixels.shape[:2]
        stream.write(b"TINY" + bytes([height, width]) + photograph.pixels.tobytes())

    tiny = Codec("Tiny", (".tiny",), (b"TINY",), read, write, alpha=False, exact=lambda *_: True)
    for module in ("read_photograph", "open_picture", "exports.export_formats"):
        found = sys.modules[f"safelight.files.{module}"]
        monkeypatch.setattr(found, "CODECS", (*CODECS, tiny))
    pixels = pictures.noise(8, 6, 3, "uint8")
    export(document_of(pixels), tmp_path / "a.tiny")
    opened = open_picture(tmp_path / "a.tiny")
    assert opened.format == "Tiny"
    assert np.array_equal(opened.document.layers[0].raster.to_array(), pixels)
    assert [option.name for option in tiny.options] == ["twice"]
