"""The colours of a picture: those that most of it has, the most frequent first."""

import numpy as np
import pytest

from safelight.actions.dominant_colours import colours_of
from safelight.document import Document
from safelight.pixels import Raster

SHARES = {"#102030": 0.4, "#d04010": 0.3, "#30a050": 0.2, "#f0f0f0": 0.1}


def striped(shares, height=200, width=300, depth=np.uint8):
    """A picture of upright stripes of those colours."""
    row = [
        [int(name[i : i + 2], 16) for i in (1, 3, 5)]
        for name, share in shares.items()
        for _ in range(round(share * width))
    ]
    pixels = np.broadcast_to(np.array(row), (height, width, 3))
    scale = 257 if depth is np.uint16 else 1
    return Document.from_raster(Raster.from_array((pixels * scale).astype(depth)))


def near(name, other, most=6):
    """Whether two colours cannot be told apart: stripes are mixed where they meet."""
    pairs = ((int(name[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5))
    return all(abs(a - b) <= most for a, b in pairs)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_the_colours_come_by_their_share(depth):
    found = colours_of(striped(SHARES, depth=depth), 4)
    assert len(found) == 4
    assert all(map(near, found, SHARES))


def test_the_same_picture_has_the_same_colours():
    pixels = np.random.default_rng(5).integers(0, 256, (90, 120, 3), np.uint8)
    one, other = (Document.from_raster(Raster.from_array(pixels.copy())) for _ in range(2))
    assert colours_of(one) == colours_of(other)
    assert len(colours_of(one)) == 5


def test_a_picture_of_one_colour_has_one():
    assert colours_of(striped({"#808080": 1.0})) == ("#808080",)


def test_a_large_picture_has_the_colours_of_a_small_one():
    small, large = (colours_of(striped(SHARES, 4, width), 4) for width in (300, 3000))
    # Of the 19 columns that are left of the narrowest stripe one is mixed with the next stripe's.
    assert all(near(one, other, 255 / 19) for one, other in zip(small, large, strict=True))


def test_what_is_transparent_does_not_count():
    pixels = np.zeros((60, 80, 4), np.uint8)
    pixels[:, :40] = (200, 100, 50, 255)
    pixels[:, 40:, 1] = 255
    assert colours_of(Document.from_raster(Raster.from_array(pixels))) == ("#c86432",)
    assert colours_of(Document(60, 80, "uint8", ())) == ()
