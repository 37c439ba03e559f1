"""The name of an exported file: what a pattern says, and never outside its folder."""

from datetime import datetime

import pytest

from safelight.files import ExportError
from safelight.files.exports.export_names import free, named

WHEN = datetime(2026, 11, 29, 18, 5, 9)


def of(pattern, name="IMG_1", **told):
    facts = {"width": 640, "height": 480, "number": 7, "when": WHEN} | told
    return named(pattern, name=name, **facts)


def test_a_pattern_is_filled_in():
    text = of("{name} {date} {time} {number} {width}x{height}")
    assert text == "IMG_1 2026-11-29 18-05-09 7 640x480"


@pytest.mark.parametrize("pattern", ["{name}", "{name}-{width}", "../{name}", "/etc/{name}"])
@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "..",
        "",
        "...",
        "C:\\Windows\\x",
        "a\x00b\nc",
        "con",
        "NUL.txt",
        "{name}",
        "~",
        "x" * 500,
        "é" * 300,
        "\ud800",
        " . ",
        "-rf",
    ],
)
def test_a_hostile_name_stays_inside_the_folder(tmp_path, pattern, name):
    made = of(pattern, name)
    path = tmp_path / f"{made}.jpg"
    assert path.resolve().parent == tmp_path
    assert made
    assert len(path.name.encode("utf-8")) < 200
    path.write_bytes(b"")
    assert [item.name for item in tmp_path.iterdir()] == [path.name]


def test_what_stands_in_a_name_is_no_pattern():
    assert of("{name}", "{width}") == "{width}"


def test_a_field_that_there_is_not_is_told():
    with pytest.raises(ExportError, match=r"no \{size\}; there are \{name\}"):
        of("{name}{size}")


def test_a_name_that_is_taken_gets_a_number(tmp_path):
    for expected in ("a.jpg", "a-2.jpg", "a-3.jpg"):
        path = free(tmp_path / "a.jpg")
        assert path.name == expected
        path.write_bytes(b"")


def test_a_pattern_tells_when_the_photograph_was_taken():
    at = datetime(2019, 3, 7, 6, 5, 4)
    assert of("{taken}_{name}", taken=at) == "2019-03-07_IMG_1"
    assert of("{taken:YYYYMMDD-hhmmss}", taken=at) == "20190307-060504"
    assert of("{taken:DD.MM.YY}", taken=at) == "07.03.19"
    assert of("{date:YYYY}-{taken:YYYY}", taken=at) == "2026-2019"
    assert of("{taken:YYYY/MM}", taken=at) == "2019_03"


def test_a_photograph_without_a_date_has_a_word_for_it():
    assert of("{taken}-{name}") == "undated-IMG_1"
    assert of("{taken:YYYY}") == "undated"


@pytest.mark.parametrize("format", ["", "%Y", "yyyy", "YYYY-QQ", "jjjj"])
def test_a_format_that_no_date_has_is_told(format):
    with pytest.raises(ExportError, match="A date has no format .* YYYY year"):
        of(f"{{taken:{format}}}")
    with pytest.raises(ExportError, match="no {name:YYYY}"):
        of("{name:YYYY}")
