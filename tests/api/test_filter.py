"""The decorator: a signature is the declaration, and one that declares nothing is refused."""

import json
from typing import Annotated, Literal

import numpy as np
import pytest

from safelight import api


@api.filter("Sharpen", category="Detail", reach=lambda radius: 3 * radius, scale="factor")
def sharpen(
    image: api.Image,
    job: api.Job,
    region: api.Region,
    strength: api.Fraction = 0.5,
    radius: int = 2,
    factor: Literal[1, 2] = 1,
) -> api.Image:
    """Make edges crisper.

    And nothing else.
    """
    return image * np.float32(strength)


DECLARATION = api.registered(sharpen).declaration


def declare(function, **options):
    return api.registered(api.filter("Title", category="Test", **options)(function))


def test_a_filter_has_the_id_of_its_package_and_function():
    assert DECLARATION.id == f"{__name__.split('.')[0]}.sharpen"
    assert DECLARATION.name == "sharpen"


def test_the_id_names_the_package_wherever_inside_it_the_function_stands():
    def deep(image):
        return image

    deep.__module__ = "safelight_deep.inner.module"
    assert declare(deep).declaration.id == "safelight_deep.deep"


def test_title_category_and_docstring_are_what_menus_show():
    assert (DECLARATION.title, DECLARATION.category) == ("Sharpen", "Detail")
    assert DECLARATION.description == "Make edges crisper.\n\nAnd nothing else."


def test_a_filter_stays_a_function():
    image = np.ones((2, 3, 3), np.float32)
    assert np.array_equal(sharpen(image, None, None, strength=0.25), image * 0.25)
    assert sharpen.__name__ == "sharpen"


def test_parameters_are_the_arguments_that_the_host_does_not_give():
    assert [item.name for item in DECLARATION.parameters] == ["strength", "radius", "factor"]
    assert api.registered(sharpen).wants == {"job", "region"}


def test_a_filter_that_is_told_the_canvas_has_no_parameter_of_that_name():
    @api.filter("Told", category="Test")
    def told(image: api.Image, canvas: api.Region) -> api.Image:
        return image

    assert not api.registered(told).declaration.parameters
    assert api.registered(told).wants == {"canvas"}


def test_a_parameter_that_was_called_canvas_before_filters_were_told_one_stays_a_parameter():
    @api.filter("Weave", category="Test")
    def weave(image: api.Image, canvas: api.Fraction = 0.5) -> api.Image:
        return image

    assert [item.name for item in api.registered(weave).declaration.parameters] == ["canvas"]
    assert not api.registered(weave).wants


def test_settings_are_the_defaults_and_what_is_given():
    assert DECLARATION.settings() == {"strength": 0.5, "radius": 2, "factor": 1}
    assert DECLARATION.settings({"radius": 9}) == {"strength": 0.5, "radius": 9, "factor": 1}


def test_an_unknown_setting_is_refused_with_those_there_are():
    with pytest.raises(api.ParameterError) as caught:
        DECLARATION.settings({"radus": 3})
    message = "sharpen has no parameter radus; it has strength, radius, factor"
    assert str(caught.value) == message


def test_an_illegal_setting_is_refused():
    with pytest.raises(api.ParameterError, match="strength: 2 is outside 0 to 1"):
        DECLARATION.settings({"strength": 2})


def tint(image, amount: api.Fraction = 0.5, warm: bool = True):
    return image


def test_a_setting_is_known_by_the_name_it_had_before():
    renamed = declare(tint, renamed={"strength": "amount", "power": "amount", "hot": "warm"})
    known = renamed.declaration
    assert known.settings({"strength": 0.9}) == {"amount": 0.9, "warm": True}
    assert known.settings({"power": 0.2, "hot": False}) == {"amount": 0.2, "warm": False}
    assert known.parameter("strength").name == "amount"
    assert api.Declaration.from_json(json.loads(json.dumps(known.to_json()))) == known
    with pytest.raises(api.ParameterError, match="given one parameter twice: amount or strength"):
        known.settings({"strength": 0.9, "amount": 0.1})
    with pytest.raises(api.ParameterError, match="strength|amount"):
        known.settings({"strength": 9})


@pytest.mark.parametrize(
    "renamed", [{"strength": "amonut"}, {"warm": "amount"}, {"amount": "amount"}]
)
def test_a_name_that_stands_for_nothing_or_for_two_parameters_is_refused(renamed):
    with pytest.raises(TypeError, match="no parameter|stands for two"):
        declare(tint, renamed=renamed)


def test_a_filter_brings_settings_of_earlier_versions_up_to_date():
    heard = []

    def upgrade(settings, version):
        heard.append((settings, version))
        return {"amount": settings.pop("percent") / 100, **settings}

    entry = declare(tint, upgrade=upgrade)
    assert entry.declaration.upgrades
    assert not declare(tint).declaration.upgrades
    assert entry.upgraded({"percent": 90, "warm": False}, "1.0") == {"amount": 0.9, "warm": False}
    assert heard[0][1] == "1.0"
    assert declare(tint).upgraded({"amount": 0.1}, "1.0") == {"amount": 0.1, "warm": True}


@pytest.mark.parametrize("made", [None, [1], {1: 2}, {"amount": 7}, {"unheard": 1}])
def test_what_an_upgrade_gives_is_checked_like_anything_else(made):
    with pytest.raises(api.ParameterError):
        declare(tint, upgrade=lambda settings, version: made).upgraded({}, "1.0")


def test_lists_of_a_message_reach_an_upgrade_as_tuples():
    seen = []
    entry = declare(tint, upgrade=lambda settings, version: seen.append(settings) or {})
    entry.upgraded({"curve": [[0, 0], [1, 1]]}, "1.0")
    assert seen == [{"curve": ((0, 0), (1, 1))}]


def test_reach_is_a_number_or_follows_the_settings():
    def plain(image):
        return image

    assert declare(plain).reach_of({}) == 0
    assert declare(plain, reach=5).reach_of({}) == 5
    assert api.registered(sharpen).reach_of(DECLARATION.settings({"radius": 4})) == 12


@pytest.mark.parametrize("reach", [-1, 1.5, True, None, "3"])
def test_a_reach_that_is_no_length_is_refused(reach):
    def plain(image):
        return image

    with pytest.raises(ValueError, match="it must be a whole number of pixels, 0 or more"):
        declare(plain, reach=lambda: reach).reach_of({})


def test_scale_is_a_number_or_a_parameter():
    def plain(image):
        return image

    assert declare(plain).declaration.factor({}) == 1
    assert declare(plain, scale=3).declaration.factor({}) == 3
    assert DECLARATION.factor(DECLARATION.settings({"factor": 2})) == 2


def test_a_declaration_survives_a_trip_through_json():
    assert api.Declaration.from_json(json.loads(json.dumps(DECLARATION.to_json()))) == DECLARATION


@pytest.mark.parametrize(
    "change",
    [
        {"parameters": 5},
        {"parameters": [7]},
        {"parameters": [{"name": "a"}]},
        {"scale": None},
        {"scale": [2]},
        {"scale": "nothing"},
        {"parameters": [{"name": "a", "kind": "number", "default": 1.0, "unless": "b"}]},
    ],
)
def test_data_that_is_no_declaration_is_refused(change):
    with pytest.raises(api.ParameterError):
        api.Declaration.from_json(DECLARATION.to_json() | change)


@pytest.mark.parametrize("missing", ["id", "title", "category", "description", "parameters"])
def test_a_declaration_without_a_part_is_refused(missing):
    data = DECLARATION.to_json()
    del data[missing]
    with pytest.raises(api.ParameterError, match=f"not a filter's declaration: .*{missing}"):
        api.Declaration.from_json(data)


def no_image():
    pass


def image_with_a_default(image=None):
    pass


def no_default(image, amount: api.Fraction):
    pass


def no_type(image, amount=0.5):
    pass


def strange_type(image, amount: dict = 0):
    pass


def default_out_of_range(image, amount: api.Fraction = 7):
    pass


def any_arguments(image, *rest):
    pass


def any_keywords(image, **rest):
    pass


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (no_image, "no_image: the first argument of a filter is the image"),
        (image_with_a_default, "the first argument of a filter is the image"),
        (no_default, "no_default: parameter amount needs a default"),
        (no_type, "no_type: parameter amount needs a type"),
        (strange_type, "amount: dict is no parameter type; use api.Fraction"),
        (default_out_of_range, "the default does not fit: amount: 7 is outside 0 to 1"),
        (any_arguments, "any_arguments: parameter rest needs a default"),
        (any_keywords, "any_keywords: parameter rest needs a default"),
    ],
)
def test_a_signature_that_is_no_declaration_is_refused(function, message):
    with pytest.raises(TypeError, match=message):
        declare(function)


def test_a_scale_that_names_no_parameter_is_refused():
    def plain(image, amount: api.Fraction = 0.5):
        return image

    with pytest.raises(TypeError, match="plain: scale names no parameter: size"):
        declare(plain, scale="size")


def scaled_by(kind, default):
    def plain(image, factor=default):
        return image

    plain.__annotations__["factor"] = kind
    return plain


@pytest.mark.parametrize("scale", [0, -1, 2.0, True, None, [2]])
def test_a_scale_that_is_no_whole_number_is_refused(scale):
    with pytest.raises(TypeError, match="plain: scale is .*; it must be a whole number"):
        declare(scaled_by(int, 1), scale=scale)


@pytest.mark.parametrize(
    ("kind", "default"),
    [
        (int, 2),
        (Annotated[int, api.Number(0, 4)], 2),
        (Annotated[float, api.Number(1, 4)], 2.0),
        (Literal["2", "4"], "2"),
        (Literal[0, 2], 2),
        (bool, True),
    ],
)
def test_a_scale_parameter_that_may_hold_something_else_is_refused(kind, default):
    with pytest.raises(TypeError, match="plain: scale is 'factor'; it must be"):
        declare(scaled_by(kind, default), scale="factor")


@pytest.mark.parametrize(
    ("kind", "default"), [(Annotated[int, api.Number(1, 4)], 2), (Literal[2, 4], 4)]
)
def test_a_scale_parameter_of_whole_numbers_is_taken(kind, default):
    declaration = declare(scaled_by(kind, default), scale="factor").declaration
    assert declaration.factor(declaration.settings()) == default


@pytest.mark.parametrize("reach", [-1, 1.5, None, True, "radius"])
def test_a_constant_reach_that_is_no_length_is_refused(reach):
    with pytest.raises(TypeError, match="plain: reach is .*; it must be a whole number"):
        declare(scaled_by(Literal[2], 2), reach=reach)


def test_a_reach_that_asks_for_no_parameter_is_refused():
    with pytest.raises(TypeError, match="plain: reach asks for radius, which is no parameter"):
        declare(scaled_by(Literal[2], 2), reach=lambda radius: 3 * radius)


def test_a_type_that_cannot_be_found_is_refused():
    def plain(image, amount: "api.Fracture" = 0.5):  # type: ignore[name-defined]
        return image

    with pytest.raises(TypeError, match="plain: a type in its signature cannot be found"):
        declare(plain)


def test_a_default_has_its_parameters_type():
    def plain(image, amount: float = 1, tint: api.HexColour = "#FFAA00"):
        return image

    amount, tint = declare(plain).declaration.parameters
    assert (type(amount.default), tint.default) == (float, "#ffaa00")


def test_a_function_that_is_not_decorated_is_no_filter():
    with pytest.raises(TypeError, match="no_image is not decorated with @api.filter"):
        api.registered(no_image)


def measured(image, radius, source):
    return {"radius": np.float32(radius), "mean": image.mean((0, 1)), "steps": source.quantisation}


def prepared_by(prepare):
    def seeing(image, prepared, radius: int = 2, style: api.Picture = None):
        return image

    return declare(seeing, prepare=prepare)


def test_a_declaration_says_what_prepare_asks_for():
    assert prepared_by(measured).declaration.prepares == ("image", "radius", "source")
    assert DECLARATION.prepares == ()


def test_what_prepare_returns_is_plain_data():
    found = prepared_by(measured).prepared(np.ones((4, 5, 3), np.float32), {"radius": 3})
    assert found == {"radius": 3.0, "mean": [1.0, 1.0, 1.0], "steps": []}
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (lambda picture: {}, "the first argument of prepare is image or thumbnail"),
        (lambda: {}, "the first argument of prepare is image or thumbnail"),
        (lambda image, size: {}, "prepare asks for size, which is no parameter"),
        (lambda image, style: {}, "prepare asks for style, which is no parameter"),
        (lambda job: {}, "the first argument of prepare is image or thumbnail"),
    ],
)
def test_prepare_asks_for_the_picture_and_for_parameters_alone(prepare, words):
    with pytest.raises(TypeError, match=words):
        prepared_by(prepare)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ([1], "list instead of a mapping"),
        ({"a": float("nan")}, "no plain data"),
        ({"a": object()}, "no plain data"),
        ({"a": np.zeros(1 << 19)}, "at most 1048576"),
    ],
)
def test_what_cannot_be_passed_on_is_refused(found, words):
    filter = prepared_by(lambda image: found)
    with pytest.raises(ValueError, match=words):
        filter.prepared(np.ones((4, 5, 3), np.float32), {})


def test_prepare_is_given_the_job_it_asks_for():
    class Telling(api.Job):
        def run(self, model, image, **inputs):
            return image

        def progress(self, fraction):
            pass

        def check(self):
            pass

    filter, job = prepared_by(lambda image, job: {"kind": type(job).__name__}), Telling()
    assert filter.prepared(np.ones((4, 5, 3), np.float32), {}, job=job) == {"kind": "Telling"}
    with pytest.raises(NotImplementedError, match="Telling runs no network that describes"):
        job.describe("a.onnx", np.ones((4, 5, 3), np.float32))


def test_a_zoomable_filter_says_so_and_keeps_the_size():
    def wash(image, factor: Literal[1, 2] = 1):
        return image

    def erase(image, mask: api.Mask):
        return image

    declaration = declare(wash, zoomable=True).declaration
    assert declaration.zoomable
    assert api.Declaration.from_json(declaration.to_json()) == declaration
    assert not DECLARATION.zoomable
    for function, options in ((wash, {"scale": "factor"}), (erase, {})):
        with pytest.raises(TypeError, match="zoomable is for filters of the whole picture"):
            declare(function, zoomable=True, **options)


def test_a_zoomable_filter_asks_for_no_layer():
    def blend(image, over: api.Layer = None):
        return image

    with pytest.raises(TypeError, match="blend: a zoomable filter sees no layers but its own"):
        declare(blend, zoomable=True)


def test_prepared_and_prepare_belong_together():
    def plain(image):
        return image

    def seeing(image, prepared):
        return image

    for function, options in ((plain, {"prepare": lambda image: {}}), (seeing, {})):
        with pytest.raises(TypeError, match="prepared and prepare= belong together"):
            declare(function, **options)


def test_what_asks_for_a_mask_says_so():
    def erase(image, mask: api.Mask):
        return image

    assert declare(erase).declaration.masked
    assert not DECLARATION.masked
    with pytest.raises(TypeError, match="cannot change the picture's size"):
        declare(erase, scale=2)


def test_what_selects_says_so_and_is_as_large_as_the_image():
    @api.selector("Bright", category="Test")
    def bright(image: api.Image) -> api.Mask:
        """Select what is bright."""
        return (image.mean(2) > 0.5).astype(np.float32)

    found = api.registered(bright)
    assert found.declaration.selects
    assert found.expected(4, 5, 1) == (4, 5)
    assert api.registered(sharpen).expected(4, 5, 2) == (8, 10, 3)


def test_what_selects_cannot_ask_for_a_mask():
    with pytest.raises(TypeError, match="cannot ask for a mask"):

        @api.selector("Bright", category="Test")
        def bright(image: api.Image, mask: api.Mask) -> api.Mask:
            return mask


def test_what_a_filter_sees_survives_a_trip_as_json():
    def erase(image, mask, prepared, radius: int = 2):
        return image

    declaration = declare(erase, prepare=measured).declaration
    assert api.Declaration.from_json(json.loads(json.dumps(declaration.to_json()))) == declaration


def test_what_was_measured_for_a_parameter_is_told_as_far_as_it_can_hold_it():
    found = DECLARATION.measured(
        {"strength": 0.123456, "radius": 2.7, "factor": 3, "other": 1, "sides": [2, 3]}
    )
    assert found == {"strength": 0.123, "radius": 3}
    assert DECLARATION.measured({"strength": 2.0, "radius": None}) == {}


def test_only_a_flag_makes_another_parameter_count_for_nothing():
    with pytest.raises(TypeError, match="plain: level names no flag: automatic"):

        @api.filter("Plain", category="Test")
        def plain(
            image: api.Image,
            automatic: float = 1.0,
            level: Annotated[float, api.Unless("automatic")] = 1.0,
        ) -> api.Image:
            return image


@pytest.mark.parametrize(
    ("told", "kind"),
    [("selects", "selector"), ("masked", "masked"), ("generates", "generator"), (None, "filter")],
)
def test_the_kind_in_a_record_of_an_earlier_version_is_understood(told, kind):
    record = DECLARATION.to_json() | {"selects": False, "masked": False, "generates": False}
    del record["kind"]
    found = api.Declaration.from_json(record | ({told: True} if told else {}))
    assert found.kind == kind
    assert (found.selects, found.masked, found.generates, found.tone) == tuple(
        kind == one for one in ("selector", "masked", "generator", "tone")
    )


def test_a_record_that_says_two_kinds_at_once_is_refused():
    record = DECLARATION.to_json() | {"selects": True, "masked": True}
    del record["kind"]
    with pytest.raises(api.ParameterError, match="selector and masked at once"):
        api.Declaration.from_json(record)
