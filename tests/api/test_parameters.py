"""Parameters: what each annotation declares, what fits it, and what is said when it does not."""

import json
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight import api
from safelight.api.parameters import Parameter, parameter_of

Steps = Annotated[int, api.Number(1, 9), "How many"]
Gain = Annotated[float, api.Number(0, 10, slider=(0, 2), step=0.5, unit="EV"), "How much"]

KINDS = {
    "amount": (api.Fraction, 0.5, "number"),
    "balance": (api.SignedFraction, -0.5, "number"),
    "radius": (api.Pixels, 12.0, "number"),
    "turn": (api.Angle, 90.0, "number"),
    "gain": (Gain, 1.0, "number"),
    "any_number": (float, 3.0, "number"),
    "steps": (Steps, 3, "integer"),
    "count": (int, -7, "integer"),
    "seed": (api.Seed, 4_000_000_000, "seed"),
    "invert": (bool, True, "flag"),
    "factor": (Literal[2, 4], 4, "choice"),
    "mode": (Literal["soft", "hard"], "soft", "choice"),
    "zoom": (Annotated[Literal[2, 4], api.Number(unit="×"), "How many times"], 2, "choice"),
    "caption": (str, "hello", "text"),
    "tint": (api.HexColour, "#ffaa00", "colour"),
    "centre": (Annotated[api.Point, "Where the light falls"], (0.5, 0.25), "point"),
    "part": (api.Rectangle, (0.1, 0.2, 0.3, 0.4), "rectangle"),
    "curve": (api.Curve, ((0.0, 0.0), (0.5, 0.75), (1.0, 1.0)), "curve"),
    "tones": (api.ToneRange, (0.1, 0.8), "tone_range"),
    "other": (api.Picture, None, "picture"),
    "layer": (api.Layer, None, "layer"),
}
"""One parameter of every sort: annotation, default, the kind it declares."""


def declared(name):
    annotation, default, _ = KINDS[name]
    return parameter_of(name, annotation, default)


def refusal(name, value):
    with pytest.raises(api.ParameterError) as caught:
        declared(name).check(value)
    return str(caught.value)


@pytest.mark.parametrize("name", KINDS)
def test_an_annotation_declares_its_kind_and_default(name):
    _, default, kind = KINDS[name]
    parameter = declared(name)
    shown = "" if parameter.is_image else default
    assert (parameter.name, parameter.kind, parameter.default) == (name, kind, shown)
    assert parameter.check(parameter.default) == parameter.default


@pytest.mark.parametrize("name", KINDS)
def test_a_parameter_survives_a_trip_through_json(name):
    parameter = declared(name)
    assert Parameter.from_json(json.loads(json.dumps(parameter.to_json()))) == parameter


def test_a_name_becomes_a_title():
    assert declared("any_number").title == "Any number"


def test_a_text_in_the_annotation_is_the_help():
    assert (declared("gain").help, declared("zoom").help) == ("How much", "How many times")
    assert declared("centre").help == "Where the light falls"


def test_what_makes_a_parameter_count_for_nothing_travels_as_json():
    level = parameter_of("level", Annotated[float, api.Unless("automatic")], 1.0)
    assert level.unless == "automatic"
    assert Parameter.from_json(json.loads(json.dumps(level.to_json()))) == level


@pytest.mark.parametrize(("mark", "tray"), [(api.Tray(), "open"), (api.Tray(True), "folded")])
def test_the_tray_of_a_picture_travels_as_json(mark, tray):
    style = parameter_of("style", Annotated[api.Picture, mark], None)
    assert (style.kind, style.tray, style.default) == ("picture", tray, "")
    assert Parameter.from_json(json.loads(json.dumps(style.to_json()))) == style


def test_a_picture_that_is_refused_is_not_printed_in_full():
    style = parameter_of("style", api.Picture, None)
    with pytest.raises(api.ParameterError) as caught:
        style.check("data:image/webp;base64," + "A" * 60000 + "\0")
    assert len(str(caught.value)) < 120


def test_the_ends_of_a_slider_are_named_in_help_texts_and_travel_as_json():
    kind = Annotated[float, api.Number(0, 1, ends=("Faithful", "Crisp"))]
    look = parameter_of("look", kind, 0.5)
    assert look.range_text() == "0 to 1 (Faithful to Crisp)"
    assert look.to_json()["ends"] == ["Faithful", "Crisp"]
    assert Parameter.from_json(json.loads(json.dumps(look.to_json()))) == look


def test_limits_step_and_unit_come_from_the_number():
    gain, zoom = declared("gain"), declared("zoom")
    assert (gain.minimum, gain.maximum, gain.step, gain.unit) == (0, 10, 0.5, "EV")
    assert zoom.unit == "×"


def test_only_lengths_are_scaled_with_the_zoom():
    assert [name for name in KINDS if declared(name).length] == ["radius"]


def test_a_value_beyond_the_slider_is_legal_up_to_the_limits():
    gain = declared("gain")
    assert gain.slider == (0, 2)
    assert gain.check(9.5) == 9.5
    assert refusal("gain", 10.5) == "gain: 10.5 is outside 0 to 10"


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("amount", 0, 1),
        ("balance", -1, 1),
        ("radius", 0, 1000),
        ("turn", -360, 360),
        ("steps", 1, 9),
        ("seed", 0, 2**32 - 1),
    ],
)
def test_the_limits_themselves_are_legal_and_nothing_beyond(name, low, high):
    assert declared(name).check(low) == low
    assert declared(name).check(high) == high
    assert "is outside" in refusal(name, low - 1)
    assert "is outside" in refusal(name, high + 1)


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_a_fraction_takes_the_numbers_from_0_to_1_and_no_other(value):
    if 0 <= value <= 1:
        assert declared("amount").check(value) == value
    else:
        assert refusal("amount", value).startswith("amount: ")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("amount", "half", "amount: 'half' is not a number"),
        ("amount", None, "amount: None is not a number"),
        ("amount", True, "amount: True is not a number"),
        ("amount", float("nan"), "amount: nan is not a finite number"),
        ("any_number", float("inf"), "any_number: inf is not a finite number"),
        ("amount", 1.5, "amount: 1.5 is outside 0 to 1"),
        ("any_number", 10**400, "any_number: the number is far too large"),
        ("steps", 10**400, "steps: the number is far too large"),
        ("steps", 2.5, "steps: 2.5 is not a whole number"),
        ("invert", 1, "invert: 1 is not true or false"),
        ("factor", 3, "factor: 3 is not one of 2, 4"),
        ("factor", "2", "factor: 2 is not one of 2, 4"),
        ("factor", 2.0, "factor: 2.0 is not one of 2, 4"),
        ("mode", "loud", "mode: loud is not one of soft, hard"),
        ("caption", 5, "caption: 5 is not a text"),
        ("tint", "red", "tint: 'red' is not a colour like #ffaa00"),
        ("tint", "#ffaa00\n", "tint: '#ffaa00\\n' is not a colour like #ffaa00"),
        ("tint", 0xFFAA00, "tint: 16755200 is not a colour like #ffaa00"),
        ("centre", 0.5, "centre: a point is two numbers, like 0.5,0.5"),
        ("centre", "0.5,0.5", "centre: a point is two numbers, like 0.5,0.5"),
        ("centre", {0: 0.5, 1: 0.5}, "centre: a point is two numbers, like 0.5,0.5"),
        ("centre", [0.5], "centre: a point is two numbers, like 0.5,0.5"),
        ("centre", [0.5, True], "centre: a point is two numbers, like 0.5,0.5"),
        ("centre", [0.5, None], "centre: a point is two numbers, like 0.5,0.5"),
        ("centre", [0.5, 1.25], "centre: 1.25 is outside 0 to 1"),
        ("centre", [0.5, float("nan")], "centre: nan is outside 0 to 1"),
        ("centre", [0.5, -1], "centre: -1 is outside 0 to 1"),
        ("centre", [0.5, 10**5000], "centre: one number is outside 0 to 1"),
        ("part", [0, 0, 1], "part: a rectangle is four numbers, like 0.1,0.1,0.8,0.8"),
        ("part", [0, 0, 0, 1], "part: its width is 0"),
        ("part", [0, 0, 1, 0], "part: its height is 0"),
        ("part", [0.5, 0, 0.6, 1], "part: it reaches beyond the right edge"),
        ("part", [0, 1, 1, 1e-9], "part: it reaches beyond the bottom edge"),
        ("curve", [[0, 0]], "curve: a curve is 2 to 16 points, like 0,0;0.5,0.6;1,1"),
        ("curve", 5, "curve: a curve is 2 to 16 points, like 0,0;0.5,0.6;1,1"),
        ("curve", [0, 1], "curve: a curve is 2 to 16 points, like 0,0;0.5,0.6;1,1"),
        ("curve", [[0, 0], [1, [1]]], "curve: a curve is 2 to 16 points, like 0,0;0.5,0.6;1,1"),
        ("curve", [[0, 0], [1, 1.5]], "curve: 1.5 is outside 0 to 1"),
        ("curve", [[0.5, 0], [0.5, 1]], "curve: x must rise from point to point; 0.5 follows 0.5"),
        ("curve", [[1, 0], [0.5, 1]], "curve: x must rise from point to point; 0.5 follows 1"),
        ("tones", 0.5, "tones: a range of tones is two numbers, like 0.1,0.8"),
        ("tones", [0.5, True], "tones: a range of tones is two numbers, like 0.1,0.8"),
        ("tones", [0.5, 1.5], "tones: 1.5 is outside 0 to 1"),
        ("tones", [0.8, 0.1], "tones: the lightest tone, 0.1, is not above 0.8"),
        ("other", None, "other: None is not a file's path"),
        ("other", "a\0b", "other: 'a\\x00b' is not a file's path"),
        ("layer", 3, "layer: 3 is not a layer's id or name"),
    ],
)
def test_a_value_that_does_not_fit_is_named_with_what_would(name, value, message):
    assert refusal(name, value) == message


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (api.Number(minimum=2), "n: 1 is outside 2 or more"),
        (api.Number(maximum=0), "n: 1 is outside 0 or less"),
    ],
)
def test_one_sided_limits_are_said_as_such(limits, message):
    parameter = parameter_of("n", Annotated[float, limits], limits.minimum or limits.maximum)
    with pytest.raises(api.ParameterError, match=message):
        parameter.check(1)


@pytest.mark.parametrize(
    ("name", "given_value", "value"),
    [("amount", 1, 1.0), ("steps", 3.0, 3), ("seed", 7.0, 7), ("tint", "#FFAA00", "#ffaa00")]
    + [
        ("centre", [0, 1], (0.0, 1.0)),
        ("part", [0, 0.5, 1, 0.5], (0.0, 0.5, 1.0, 0.5)),
        ("curve", [[0, 0], [1, 1]], ((0.0, 0.0), (1.0, 1.0))),
    ],
)
def test_a_checked_value_has_the_type_of_its_parameter(name, given_value, value):
    checked = declared(name).check(given_value)
    assert (type(checked), checked) == (type(value), value)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("amount", "0.25", 0.25),
        ("balance", "-1", -1.0),
        ("steps", "9", 9),
        ("seed", "4000000000", 4_000_000_000),
        ("invert", "no", False),
        ("invert", "On", True),
        ("factor", "4", 4),
        ("mode", "hard", "hard"),
        ("caption", "4", "4"),
        ("tint", "#102030", "#102030"),
        ("centre", "0.25,1", (0.25, 1.0)),
        ("centre", " 0.25 , 1 ", (0.25, 1.0)),
        ("part", "0.1,0.2,0.3,0.4", (0.1, 0.2, 0.3, 0.4)),
        ("curve", "0,0;0.5,0.6;1,1", ((0.0, 0.0), (0.5, 0.6), (1.0, 1.0))),
        ("tones", "0.1,0.8", (0.1, 0.8)),
        ("other", "light leak.png", "light leak.png"),
        ("layer", "", ""),
    ],
)
def test_what_someone_types_becomes_the_value(name, text, value):
    parsed = declared(name).parse(text)
    assert (type(parsed), parsed) == (type(value), value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("amount", "much"),
        ("amount", ""),
        ("amount", "nan"),
        ("amount", "1e999"),
        ("steps", "2.5"),
        ("seed", "-1"),
        ("invert", "perhaps"),
        ("factor", "3"),
        ("mode", "Hard"),
        ("tint", "orange"),
        ("centre", ""),
        ("centre", "0.5"),
        ("centre", "0.5;0.5"),
        ("centre", "left,top"),
        ("centre", "nan,0"),
        ("centre", "0.5,0.5,"),
        ("part", "0,0,2,2"),
        ("tones", "0.5,0.5"),
        ("tones", "dark,light"),
        ("curve", "0,0"),
        ("curve", "0,0;1,1;"),
        ("curve", "1,1;0,0"),
        ("curve", ";".join(f"{x / 16},0" for x in range(17))),
    ],
)
def test_what_someone_mistypes_is_refused_by_name(name, text):
    with pytest.raises(api.ParameterError, match=f"^{name}: "):
        declared(name).parse(text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("balance", "-1 to 1"),
        ("radius", "0 to 1000 px"),
        ("any_number", "any number"),
        ("factor", "2, 4"),
        ("invert", "on or off"),
        ("tint", "#rrggbb"),
        ("caption", "text"),
        ("centre", "x,y: each 0 to 1"),
        ("part", "x,y,width,height: each 0 to 1"),
        ("curve", "2 to 16 points x,y;x,y: each 0 to 1, x rising"),
        ("tones", "darkest,lightest: each 0 to 1, rising"),
        ("other", "a picture file, or nothing"),
        ("layer", "a layer that holds pixels, or nothing"),
    ],
)
def test_a_help_text_says_what_a_parameter_can_hold(name, text):
    assert declared(name).range_text() == text


@pytest.mark.parametrize(
    ("annotation", "default", "message"),
    [
        (list, [], "a: list is no parameter type; use api.Fraction"),
        (float | None, None, r"a: float \| None is no parameter type"),
        (api.Fraction, 2.0, "the default does not fit: a: 2 is outside 0 to 1"),
        (Literal[2, 4], 3, "the default does not fit: a: 3 is not one of 2, 4"),
        (api.HexColour, "red", "the default does not fit: a: 'red' is not a colour"),
        (api.Point, 0.5, "the default does not fit: a: a point is two numbers"),
        (api.Curve, (), "the default does not fit: a: a curve is 2 to 16 points"),
        (tuple[float, float], (0.5, 0.5), "tuple.* is no parameter type"),
        (api.Picture, "leak.png", "a: the default of a picture is None"),
        (api.Layer, "", "a: the default of a layer is None"),
        (Annotated[api.Layer, api.Tray()], None, r"a: api.Tray\(\) is for an api.Picture"),
        (Annotated[str, api.Tray()], "x", r"a: api.Tray\(\) is for an api.Picture"),
    ],
)
def test_an_annotation_that_declares_nothing_is_refused(annotation, default, message):
    with pytest.raises(TypeError, match=message):
        parameter_of("a", annotation, default)


def test_fields_of_a_later_version_are_ignored():
    data = declared("gain").to_json() | {"flavour": "strawberry"}
    assert Parameter.from_json(data) == declared("gain")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "spiral"}, "gain: kind 'spiral' is not a known kind"),
        ({"kind": ["number"]}, "gain: kind .* is not a known kind"),
        ({"name": "../a"}, "name '../a' is not a name"),
        ({"title": 5}, "gain: title 5 is not a text"),
        ({"help": None}, "gain: help None is not a text"),
        ({"minimum": "0"}, "gain: minimum '0' is not a number"),
        ({"maximum": float("inf")}, "gain: maximum inf is not a number"),
        ({"unless": 1}, "gain: unless 1 is not a text"),
        ({"tray": "ajar"}, 'gain: tray \'ajar\' is not "", "open" or "folded"'),
        ({"tray": []}, 'gain: tray .* is not "", "open" or "folded"'),
        ({"ends": ["soft"]}, "gain: ends .* is not a pair of texts"),
        ({"ends": ["soft", 1]}, "gain: ends .* is not a pair of texts"),
        ({"slider": [0]}, "gain: slider .* is not a pair of numbers"),
        ({"slider": [0, "1"]}, "gain: slider .* is not a pair of numbers"),
        ({"length": 1}, "gain: length 1 is not true or false"),
        ({"choices": "ab"}, "gain: choices 'ab' is not a list of values"),
        ({"default": 11}, "gain: 11 is outside 0 to 10"),
        ({"default": "much"}, "gain: 'much' is not a number"),
    ],
)
def test_data_that_is_no_parameter_is_refused(change, message):
    with pytest.raises(api.ParameterError, match=message):
        Parameter.from_json(declared("gain").to_json() | change)


def test_data_without_a_name_is_refused():
    with pytest.raises(api.ParameterError, match="not a parameter: .*name"):
        Parameter.from_json({"kind": "number", "default": 1.0})
