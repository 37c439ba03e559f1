"""A tone is declared by its signature: settings alone."""

import json

import numpy as np
import pytest

from safelight import api
from safelight.api import testing

MIDDLE = np.linspace(0, 1, 65)


@api.tone("Gain", category="Test", keeps_grey=True, renamed={"strength": "amount"})
def gain(amount: api.Fraction = 0.5) -> api.Table:
    """Multiplies light."""
    return api.TO_LINEAR, api.Matrix.scaled(1 + amount), api.FROM_LINEAR


@api.tone("Cut", category="Test")
def cut() -> api.Table:
    """Clips."""
    return api.Curves(MIDDLE, below="level", above="level")


def test_a_tone_stays_a_function_of_its_settings():
    assert gain(amount=0.25)[1] == api.Matrix.scaled(1.25)


def test_a_tone_is_declared_by_its_signature():
    declaration = api.registered(gain).declaration
    assert declaration.tone
    assert declaration.keeps_grey
    assert declaration.parameter("strength").name == "amount"
    told = json.loads(json.dumps(declaration.to_json()))
    assert api.Declaration.from_json(told) == declaration
    with pytest.raises(api.ParameterError):
        api.Declaration.from_json({**told, "kind": None})


def test_a_tone_keeps_the_promises_of_filters():
    testing.assert_well_behaved(gain, amount=0.3)
    testing.assert_tiles_agree(gain, tolerance=0, amount=0.3)


def test_a_tone_that_clips_is_found_out():
    with pytest.raises(AssertionError, match="cuts off what is"):
        testing.assert_well_behaved(cut)


def test_a_tone_asks_for_no_picture_and_no_job():
    with pytest.raises(TypeError, match="a tone takes settings alone, no job"):

        @api.tone("X", category="Y")
        def x(job: api.Job) -> api.Table: ...

    with pytest.raises(TypeError, match="a tone sees no pictures"):

        @api.tone("X", category="Y")
        def y(other: api.Picture = None) -> api.Table: ...


@pytest.mark.parametrize(
    "other", [{"scale": 2}, {"kind": "tone and more"}, {"kind": ["tone"]}, {"prepares": ["image"]}]
)
def test_a_stranger_declares_no_tone_that_is_more(other):
    told = api.registered(gain).declaration.to_json() | other
    with pytest.raises(api.ParameterError):
        api.Declaration.from_json(told)
