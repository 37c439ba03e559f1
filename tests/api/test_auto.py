"""Auto: a filter that finds its settings for a picture declares the function that does."""

import numpy as np
import pytest

from safelight import api

GREY = np.full((8, 12, 3), 0.25, np.float32)


def found(thumbnail, gain):
    return {"gain": 0.5 / thumbnail.mean() * gain}


@api.tone("Gain", category="Test", auto=found)
def gain(gain: float = 1.0, offset: float = 0.0) -> api.Table:
    return api.Matrix.scaled(gain)


def test_what_it_finds_of_a_thumbnail_is_settings_by_name():
    entry = api.registered(gain)
    assert entry.declaration.auto
    assert api.Declaration.from_json(entry.declaration.to_json()) == entry.declaration
    assert entry.found(GREY, entry.declaration.settings({"gain": 3.0})) == {"gain": 6.0}


def test_one_without_it_finds_nothing():
    @api.tone("Still", category="Test")
    def still(gain: float = 1.0) -> api.Table:
        return ()

    assert not api.registered(still).declaration.auto
    assert api.registered(still).found(GREY, {"gain": 1.0}) == {}


@pytest.mark.parametrize(
    ("auto", "reason"),
    [
        (lambda image: {}, "the first argument of auto is thumbnail"),
        (lambda thumbnail, width: {}, "auto asks for width, which is no parameter"),
        (lambda: {}, "the first argument of auto is thumbnail"),
    ],
)
def test_a_function_that_asks_for_what_there_is_not_is_refused(auto, reason):
    with pytest.raises(TypeError, match=reason):
        api.tone("Gain", category="Test", auto=auto)(lambda: ())


def test_what_is_no_plain_data_is_refused():
    @api.filter("Odd", category="Test", auto=lambda thumbnail: {"amount": object()})
    def odd(image: api.Image, amount: api.Fraction = 0.5) -> api.Image:
        return image

    with pytest.raises(ValueError, match="no plain data"):
        api.registered(odd).found(GREY, {"amount": 0.5})
