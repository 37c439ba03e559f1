"""A photograph of an importer: what it may be is checked when it is made."""

import numpy as np
import pytest

from safelight import api

PIXELS = np.zeros((2, 3, 3), np.uint8)


@pytest.mark.parametrize(
    ("facts", "error", "words"),
    [
        ({"pixels": [[1]]}, TypeError, "pixels are an array, not list"),
        ({"exif": "text"}, TypeError, "exif is bytes, not str"),
        ({"xmp": bytes((64 << 20) + 1)}, ValueError, "more than 64 MB together"),
        ({"resolution": (0, 300)}, ValueError, "two numbers of pixels per inch"),
        ({"resolution": (float("nan"), 300)}, ValueError, "two numbers of pixels per inch"),
        ({"resolution": (300,)}, ValueError, "two numbers of pixels per inch"),
        ({"notes": "One."}, TypeError, "a tuple of sentences"),
        ({"notes": ("x" * 301,)}, ValueError, "notes are at most 20"),
        ({"notes": ("x",) * 21}, ValueError, "notes are at most 20"),
    ],
)
def test_what_is_no_photograph_is_refused_in_words(facts, error, words):
    with pytest.raises(error, match=words):
        api.Photograph(**{"pixels": PIXELS} | facts)


def test_what_stands_beside_the_pixels_comes_back_together():
    made = api.Photograph(PIXELS, b"icc", b"II", b"<x/>", b"", (72, 72.5), ("Left out.",))
    again = api.Photograph.put_together(PIXELS, *made.beside())
    for name in ("profile", "exif", "xmp", "iptc", "resolution", "notes"):
        assert getattr(again, name) == getattr(made, name)
    with pytest.raises(ValueError, match="other bytes"):
        api.Photograph.put_together(PIXELS, b"more than it says", made.beside()[1])
