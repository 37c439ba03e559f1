"""Formats: a declaration travels as JSON, and one of no sense is refused where it is made."""

import json
from typing import Annotated

import numpy as np
import pytest

from safelight import api


@api.importer("Sheep", suffixes=(".sheep", ".ram"), beginnings=(b"BAA", b"\xff\0"))
def read(data):
    """Opens sheep."""
    return np.zeros((1, len(data), 3), np.uint8)


@api.exporter("Sheep", suffixes=[".sheep"], depths=["uint8", "float32"], alpha=True)
def write(pixels):
    return pixels.tobytes()


def test_a_decorated_function_stays_a_function():
    assert read(b"1234").shape == (1, 4, 3)
    assert write(np.zeros((1, 2, 3), np.uint8)) == bytes(6)


def test_what_it_says_of_itself():
    format = api.registered_format(read, "importer").format
    assert format.id.endswith(".read")
    assert (format.name, format.title, format.description) == ("read", "Sheep", "Opens sheep.")
    assert format.reads
    other = api.registered_format(write, "exporter").format
    assert (other.depths, other.alpha, other.reads) == (("uint8", "float32"), True, False)


def test_a_file_is_recognised_by_its_first_bytes():
    format = api.registered_format(read, "importer").format
    assert format.recognises(b"BAA BAA")
    assert format.recognises(b"\xff\0\0")
    assert not format.recognises(b"BA")
    assert not api.registered_format(write, "exporter").format.recognises(b"BAA")


@pytest.mark.parametrize(("function", "kind"), [(read, "importer"), (write, "exporter")])
def test_it_travels_as_json(function, kind):
    format = api.registered_format(function, kind).format
    assert api.Format.from_json(json.loads(json.dumps(format.to_json()))) == format


@api.exporter("Goats", suffixes=(".goat",))
def write_goats(pixels, job, quality: Annotated[int, api.Number(1, 100)] = 75, dark: bool = False):
    """Writes goats."""


def test_what_an_exporter_takes_beside_pixels_and_job_are_options():
    found = api.registered_format(write_goats, "exporter")
    assert found.wants_job
    assert not api.registered_format(write, "exporter").wants_job
    assert [item.name for item in found.format.options] == ["quality", "dark"]
    assert api.Format.from_json(json.loads(json.dumps(found.format.to_json()))) == found.format
    assert found.format.settings({"quality": 3, "sheep": 1}) == {"quality": 3, "dark": False}
    with pytest.raises(api.ParameterError):
        found.format.settings({"quality": 0})


def test_an_importer_has_no_options():
    with pytest.raises(ValueError, match="bytes and job alone"):

        @api.importer("Goats", suffixes=(".goat",))
        def read_goats(data, quality: int = 3): ...


def test_an_importer_is_no_exporter_and_a_function_neither():
    for function in (read, print):
        with pytest.raises(TypeError, match="is not decorated with @api.exporter"):
            api.registered_format(function, "exporter")


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": ""},
        {"title": "x" * 61},
        {"title": "two\nlines"},
        {"suffixes": ()},
        {"suffixes": "sheep"},
        {"suffixes": (".SHEEP",)},
        {"suffixes": ("sheep",)},
        {"suffixes": (".a;;b",)},
        {"suffixes": (".tar.gz",)},
        {"suffixes": tuple(f".s{number}" for number in range(17))},
        {"beginnings": (b"",)},
        {"beginnings": (b"x" * 65,)},
    ],
    ids=str,
)
def test_a_declaration_of_no_sense_is_refused(wrong):
    given = {"title": "Sheep", "suffixes": (".sheep",)} | wrong
    with pytest.raises(ValueError, match=r"title|suffix|beginnings"):
        api.importer(given.pop("title"), **given)(lambda data: data)


@pytest.mark.parametrize("depths", [(), ("float64",), ("float32", "uint8"), ("uint8", "uint8")])
def test_depths_are_those_a_document_has_in_their_order(depths):
    with pytest.raises(ValueError, match="depths"):
        api.exporter("Sheep", suffixes=(".sheep",), depths=depths)(lambda pixels: pixels)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "wolf"},
        {"kind": ["importer"]},
        {"beginnings": ["no hexadecimal"]},
        {"beginnings": [7]},
        {"suffixes": 3},
        {"depths": None},
        {"id": None, "suffixes": ["/"]},
    ],
    ids=str,
)
def test_json_that_is_no_format_is_refused(change):
    data = api.registered_format(read, "importer").format.to_json()
    with pytest.raises(ValueError, match=r".+"):
        api.Format.from_json(data | change)
    del data["title"]
    with pytest.raises(ValueError, match="not a format"):
        api.Format.from_json(data)
