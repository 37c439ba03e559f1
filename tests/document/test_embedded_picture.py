"""Embedded pictures: what a setting holds comes back to the byte, and is called by its title."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.document.contents.embedded_picture import Embedded, EmbeddedError, is_embedded, named


@given(st.text(), st.binary(max_size=200))
def test_the_bytes_come_back_whatever_the_title(title, data):
    text = Embedded("image/webp", title, data).text()
    again = Embedded.read(text)
    assert (again.media, again.data) == ("image/webp", data)
    assert again.text() == text
    assert is_embedded(text)


def test_a_title_is_readable_and_fit_for_a_line():
    title = "Water Lilies; a “study”, 50 % é"
    assert named(Embedded("image/jpeg", title, b"x").text()) == title
    assert named(Embedded("image/jpeg", "a\nb\u202e  c" + "d" * 500, b"x").text())[:5] == "a b c"
    assert len(named(Embedded("image/jpeg", "d" * 500, b"x").text())) == 120
    assert named(Embedded("image/jpeg", " ", b"x").text()) == "Untitled"
    assert named("data:image/png;base64,AAAA") == "Untitled"


def test_a_path_is_called_what_it_is():
    assert not is_embedded("/tmp/data:image.png")
    assert named("/tmp/night.jpg") == "/tmp/night.jpg"


@pytest.mark.parametrize(
    "text",
    [
        "night.jpg",
        "data:image/webp",
        "data:image/webp,AAAA",
        "data:image/webp;title=a,AAAA",
        "data:image/webp;base64,A!AA",
        "data:image/webp;base64,AAA",
        "data:image/webp;base64,é",
    ],
)
def test_what_is_no_picture_is_refused(text):
    with pytest.raises(EmbeddedError):
        Embedded.read(text)


def test_the_text_is_a_data_uri_that_others_read():
    from urllib.request import urlopen

    text = Embedded("image/webp", "Two words", b"\0\1\2").text()
    assert (
        text
        == f"data:image/webp;title=Two%20words;base64,{base64.b64encode(bytes(range(3))).decode()}"
    )
    with urlopen(text) as answer:  # RFC 2397 is read by the library itself: no network
        assert answer.read() == b"\0\1\2"
        assert answer.headers.get_content_type() == "image/webp"
