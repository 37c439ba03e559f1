"""A decoded difference is added at any size: known values, pieces as the whole, and refusals."""

from typing import Annotated

import numpy as np
import pytest

from safelight import api
from safelight.api import Region

WHOLE = Region(0, 0, 12, 6)
Change = Annotated[tuple[float, ...], api.Latent(4, "change")]


def test_each_value_stands_in_the_middle_of_its_share_and_between_them_it_is_linear():
    difference = np.zeros((1, 3, 1))
    difference[0, :, 0] = 0.0, 0.4, 0.0
    made = api.with_difference(np.ones((6, 12, 3), np.float32), difference, WHOLE, WHOLE)
    # Shares of 4 pixels with their middles at 2, 6 and 10.
    expected = 1 + 0.4 * np.clip(1 - np.abs(np.arange(12) + 0.5 - 6) / 4, 0, 1)
    assert np.allclose(made, expected[None, :, None], atol=1e-6)
    assert made.dtype == np.float32


def test_pieces_are_those_of_the_whole_wherever_the_canvas_lies():
    random = np.random.default_rng(1)
    image = random.random((40, 56, 3), np.float32)
    difference = random.normal(size=(5, 7, 3)).tolist()
    canvas = Region(10, 20, 56, 40)
    whole = api.with_difference(image, difference, canvas, canvas)
    piece = Region(27, 33, 21, 13)
    inside = piece.move(-canvas.x, -canvas.y)
    cut = api.with_difference(image[inside.rows(), inside.columns()], difference, piece, canvas)
    assert np.abs(cut - whole[inside.rows(), inside.columns()]).max() < 1e-6


def test_no_difference_changes_nothing_and_another_shape_is_refused():
    image = np.random.default_rng(2).random((6, 12, 3), np.float32)
    assert np.array_equal(api.with_difference(image, np.zeros((2, 2, 3)), WHOLE, WHOLE), image)
    for wrong in (np.zeros((2, 2)), np.zeros((2, 2, 2)), np.zeros((0, 2, 3)), [[1.0], [1.0, 2.0]]):
        with pytest.raises(ValueError, match="difference|inhomogeneous"):
            api.with_difference(image, wrong, WHOLE, WHOLE)


def test_who_changes_a_code_says_which_code_there_is():
    with pytest.raises(TypeError, match="needs prepare="):

        @api.filter("Blind", category="Test")
        def blind(image: api.Image, change: Change = ()) -> api.Image: ...
