"""Generators: what their signatures declare, and what a code and a palette can be."""

from typing import Annotated

import numpy as np
import pytest

from safelight import api
from safelight.api import testing

Code = Annotated[tuple[float, ...], api.Latent(4)]


@api.generator("Clouds", category="Test")
def clouds(
    region: api.Region,
    canvas: api.Region,
    seed: api.Seed = 1,
    code: Code = (),
    other: Annotated[tuple[float, ...], api.Latent(4, role="other")] = (),
    palette: api.Palette = (),
) -> api.Image:
    """Make clouds."""
    rows = np.arange(region.y, region.bottom)[:, None] / canvas.height
    columns = np.arange(region.x, region.right)[None] / canvas.width
    chosen = api.chosen(code, seed, 4)
    grey = 0.5 + 0.4 * np.sin(5 * rows * chosen[0] + 5 * columns * chosen[1])
    return np.repeat(grey[..., None], 3, 2).astype(np.float32)


def declared(function):
    return api.registered(function).declaration


def test_the_signature_says_what_it_can_be_told():
    found = declared(clouds)
    assert found.generates
    assert [item.kind for item in found.parameters] == ["seed", "code", "code", "palette"]
    assert found.parameter("code").size == 4
    assert found.parameter("other").role == "other"
    assert found.settings() == {"seed": 1, "code": (), "other": (), "palette": ()}
    assert api.Declaration.from_json(found.to_json()) == found


def test_a_generator_keeps_the_promises_of_filters():
    testing.assert_well_behaved(clouds)


def test_one_that_looks_at_the_piece_is_found_out():
    @api.generator("Torn", category="Test")
    def torn(region: api.Region) -> api.Image:
        """Makes every piece from its own corner."""
        rows, columns = np.mgrid[: region.height, : region.width]
        return np.repeat(((rows + columns) / 200)[..., None], 3, 2).astype(np.float32)

    with pytest.raises(AssertionError, match="leaves a seam"):
        testing.assert_kept("tiles", torn)


def of_an_image(image: api.Image): ...
def of_a_mask(region: api.Region, mask: api.Mask): ...
def of_a_layer(region: api.Region, under: api.Layer = None): ...
def of_no_numbers(region, code: Annotated[tuple[float, ...], api.Latent(0)] = ()): ...
def of_too_few(region, code: Code = (1.0, 2.0)): ...
def of_words(region, palette: api.Palette = ("red",)): ...


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (of_an_image, "the first argument of a generator is the region"),
        (of_a_mask, "parameter mask needs a default"),
        (of_a_layer, "a generator sees no layers"),
        (of_no_numbers, "1 number or more"),
        (of_too_few, "the default does not fit"),
        (of_words, "the default does not fit"),
    ],
)
def test_a_signature_that_is_none_is_refused_with_the_reason(function, reason):
    with pytest.raises(TypeError, match=reason):
        api.generator("Made", category="Test")(function)


def test_a_code_is_all_its_numbers_or_none():
    code = declared(clouds).parameter("code")
    assert code.parse("1, -2,0.123456,0") == (1.0, -2.0, 0.1235, 0.0)
    assert code.parse("") == ()
    assert code.check([1, 2, 3, 4]) == (1.0, 2.0, 3.0, 4.0)
    assert code.text((1.0, -2.0, 0.5, 0.0)) == "1,-2,0.5,0"
    for wrong in ((1.0,), (1, 2, 3, 11.0), (1, 2, 3, float("nan")), "abcd", None, (1, 2, 3, True)):
        with pytest.raises(api.ParameterError, match="code"):
            code.check(wrong)
    assert "4 numbers" in code.range_text()


def test_a_palette_is_a_few_colours():
    palette = declared(clouds).parameter("palette")
    assert palette.parse("#FFaa00, #203040") == ("#ffaa00", "#203040")
    assert palette.parse("") == ()
    assert palette.text(("#ffaa00", "#203040")) == "#ffaa00,#203040"
    for wrong in (("red",), ("#ffaa00",) * 9, "#ffaa00", ("#ffaa0g",), (1,)):
        with pytest.raises(api.ParameterError, match="a palette is"):
            palette.check(wrong)
