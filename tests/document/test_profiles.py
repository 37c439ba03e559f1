"""Assigning and converting to profiles: as commands, undone, in all layers, in every depth."""

from dataclasses import replace

import imagecodecs
import numpy as np
import pytest

from safelight.api.colour_profile import icc_text
from safelight.document import (
    Document,
    EditError,
    Group,
    History,
    Kept,
    Layer,
    LiveFilter,
    edits,
    render,
    render_srgb,
)
from safelight.document.contents.content import Fill
from safelight.pixels import KNOWN, SRGB, ColourError, Profile, Raster, Transform, known_profile
from tests import pictures
from tests.document.strategies import raster

COLOUR = [name for name in KNOWN if name != "grey_gamma_2.2"]


def document(depth="float32", seed=1):
    pixels = np.random.default_rng(seed).random((20, 30, 3), np.float32)
    if depth != "float32":
        pixels = np.rint(pixels * np.iinfo(depth).max).astype(depth)
    return Document.from_raster(Raster.from_array(pixels))


def shown(document):
    return render_srgb(document, document.region)[..., :3]


def numbers(document):
    return render(document, document.region)[..., :3]


@pytest.mark.parametrize("name", COLOUR)
def test_converting_keeps_colours_and_assigning_keeps_numbers(name):
    before = document()
    converted = edits.convert_profile(name).apply(before)
    assert converted.profile.name == known_profile(name).name
    assert shown(converted) == pytest.approx(shown(before), abs=2e-5)
    assigned = edits.assign_profile(name).apply(before)
    assert np.array_equal(numbers(assigned), numbers(before))
    assert assigned.layers == before.layers
    if name != "sRGB":
        assert not np.allclose(numbers(converted), numbers(before), atol=1e-3)
        assert not np.allclose(shown(assigned), shown(before), atol=1e-3)


@pytest.mark.parametrize("name", COLOUR)
@pytest.mark.parametrize("source", COLOUR)
def test_a_conversion_is_littlecms_in_floats(source, name):
    """But for D50, whose blue profiles round by 1 part in 2,700: here what is grey stays so."""
    before = replace(document(), profile=known_profile(source))
    made = numbers(edits.convert_profile(name).apply(before))
    expected = imagecodecs.cms_transform(
        numbers(before),
        known_profile(source).icc,
        known_profile(name).icc,
        colorspace="rgb",
        outcolorspace="rgb",
        outdtype="float32",
        intent=1,
        flags=int(imagecodecs.CMS.FLAGS.NOOPTIMIZE),
    )
    inside = ((made > 0.01) & (made < 1)).all(axis=2)
    assert inside.sum() > 100
    assert made[inside] == pytest.approx(expected[inside], abs=5e-4)


def test_16_bits_there_and_back_lose_no_more_than_rounding():
    before = document("uint16")
    wide = edits.convert_profile("ProPhoto_RGB").apply(before)
    assert wide.depth == "uint16"
    back = numbers(edits.convert_profile("sRGB").apply(wide)).astype(int)
    apart = np.abs(back - numbers(before).astype(int))
    # Half a step of ProPhoto is more steps of sRGB where its curve is steeper: by the toe, 8 times.
    assert np.median(apart) <= 1
    assert apart.max() <= 32


def test_floats_keep_what_the_profile_does_not_have_and_integers_cut_it_off():
    red = Raster.from_array(np.full((4, 4, 3), [1, 0, 0], np.float32))
    wide = replace(Document.from_raster(red), profile=known_profile("ProPhoto_RGB"))
    floats = numbers(edits.convert_profile("sRGB").apply(wide))
    assert floats[..., 0].min() > 1
    assert floats[..., 1:].max() < 0
    assert shown(edits.convert_profile("sRGB").apply(wide)) == pytest.approx(shown(wide), abs=1e-5)


def test_all_layers_groups_and_kept_results_are_converted_and_no_mask():
    inner = Layer("inner", raster(30, 20, 4, "uint16"))
    kept = Layer("filter", LiveFilter("a.b", kept=Kept(raster(30, 20, 3, "uint16"), "key")))
    mask = raster(30, 20, 1, "uint16")
    own = Layer("own", raster(30, 20, 3, "uint16"), mask=mask)
    filled = Layer("fill", Fill("#ff8000"))
    before = Document(30, 20, "uint16", (own, Layer("group", Group((inner,))), kept, filled))
    after = edits.convert_profile("Adobe_RGB").apply(before)
    for name, layer in {"own": own, "inner": inner}.items():
        found = next(item for item in after.walk() if item.name == name)
        told = Document.from_raster(layer.raster)
        alone = edits.convert_profile("Adobe_RGB").apply(told).layers[0].raster
        assert np.array_equal(found.raster.to_array(), alone.to_array())
        assert found.id == layer.id
    assert after.layers[0].mask is mask
    assert after.layers[2].content.kept.raster.digest() != kept.content.kept.raster.digest()
    assert after.layers[3] == filled


def test_a_grey_profile_makes_one_grey_of_the_luminance():
    grey = edits.convert_profile("grey_gamma_2.2").apply(document())
    assert grey.grey
    assert grey.profile.grey is not None
    found = numbers(grey)
    assert np.array_equal(found[..., 0], found[..., 1])
    light = np.where(
        shown(document()) <= 0.04045, shown(document()) / 12.92,
        ((shown(document()) + 0.055) / 1.055) ** 2.4,
    ) @ [0.2225045, 0.7168786, 0.0606169]  # fmt: skip
    assert found[..., 0] == pytest.approx(light ** (1 / 2.2), abs=1e-4)
    assert edits.assign_profile("grey_gamma_2.2").apply(grey).profile == grey.profile


def test_absolute_keeps_the_colour_of_white_and_the_others_keep_it_white():
    white = replace(
        Document.from_raster(Raster.filled(4, 4, (1, 1, 1), "float32")),
        profile=known_profile("ProPhoto_RGB"),
    )
    for intent in ("relative", "perceptual", "saturation"):
        assert numbers(edits.convert_profile("sRGB", intent=intent).apply(white)) == pytest.approx(
            1, abs=1e-4
        )
    red, _, blue = numbers(edits.convert_profile("sRGB", intent="absolute").apply(white))[0, 0]
    assert red > 1.05 > 0.9 > blue  # D50 beside D65 is yellowish
    same = edits.convert_profile("Display_P3", intent="absolute")
    assert numbers(same.apply(document())) == pytest.approx(
        numbers(edits.convert_profile("Display_P3").apply(document())), abs=1e-3
    )


def test_the_black_point_becomes_that_of_the_profile():
    offset = b"curv\0\0\0\0\0\0\0\2" + np.array([655, 65535], ">u2").tobytes()
    icc = pictures.curve_profile(offset)
    black = Document.from_raster(Raster.filled(4, 4, (0, 0, 0), "float32"))
    black = edits.assign_profile(file=icc_text(icc)).apply(black)
    assert numbers(edits.convert_profile("sRGB").apply(black)) == pytest.approx(0, abs=1e-5)
    as_it_is = edits.convert_profile("sRGB", black_point=False).apply(black)
    assert numbers(as_it_is) == pytest.approx(12.92 * 655 / 65535, abs=0.04)


def test_a_file_counts_instead_of_the_list_and_comes_back_in_exports():
    icc = pictures.display_p3_profile()
    made = edits.convert_profile("Adobe_RGB", file=icc_text(icc)).apply(document())
    assert made.profile.icc == icc
    assert edits.convert_profile(file=icc_text(icc)).label == "Convert to Test profile"


REFUSED = {
    "no way into it": (edits.convert_profile, pictures.table_profile(), "no tables that lead into"),
    "CMYK": (edits.assign_profile, pictures.press_profile(), "convert to it instead"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_profile_of_tables_that_cannot_be_had_is_refused_with_what_to_do(kind):
    command, icc, why = REFUSED[kind]
    with pytest.raises(EditError, match=f"Test profile is no profile of three primaries.*{why}"):
        command(file=icc_text(icc)).apply(document())


@pytest.mark.parametrize("space", [b"CMYK", b"RGB "])
def test_converting_to_a_press_brings_colours_to_those_that_it_prints(space):
    """And an export to the press then has the ink that one without the conversion has."""
    icc = pictures.press_profile(space, steps=17)
    before = document("uint16")
    given = np.ascontiguousarray(numbers(before) / np.float32(65535))
    edit = edits.convert_profile(file=icc_text(icc))
    after = edit.apply(before)
    assert edit.label == "Convert to Test profile"
    assert (after.profile, after.depth) == (known_profile("Rec_2020"), "uint16")
    ink = Transform(None, icc).apply(given)
    again = Transform(after.profile.icc, icc).apply(numbers(after) / np.float32(65535))
    # The tables of the profile, there and back, are not each other's exact inverse.
    assert np.abs(again - ink).mean() < 0.01
    printed = edits.convert_profile(file=icc_text(icc)).apply(after)
    assert np.abs(shown(printed) - shown(after)).mean() < 0.01
    assert np.abs(shown(after) - shown(before)).mean() > 0.001
    assert np.array_equal(numbers(History.start(before).do(edit).undo().document), numbers(before))


@pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
def test_a_scanners_profile_of_tables_is_assigned_and_its_colours_are_kept(depth):
    icc = pictures.press_profile(b"RGB ", steps=17)
    before = document(depth)
    edit = edits.assign_profile(file=icc_text(icc))
    after = edit.apply(before)
    assert edit.label == "Assign Test profile"
    assert after.depth == ("float32" if depth == "float32" else "uint16")
    assert after.profile == known_profile("Rec_2020")
    given = numbers(before)
    floats = given if depth == "float32" else given / np.float32(np.iinfo(depth).max)
    wanted = Transform(icc, None, "relative", False).apply(np.ascontiguousarray(floats))
    assert np.abs(shown(after).clip(0, 1) - wanted.clip(0, 1)).max() < 0.01
    assert np.abs(shown(after).clip(0, 1) - wanted.clip(0, 1)).mean() < 0.001
    assert np.abs(shown(after) - shown(before)).mean() > 0.01
    undone = History.start(before).do(edit).undo()
    assert np.array_equal(numbers(undone.document), given)


def test_what_is_no_profile_is_refused_in_words():
    with pytest.raises(EditError, match="no colour profile"):
        edits.assign_profile(file="hello").apply(document())
    with pytest.raises(EditError, match="the profile is damaged"):
        edits.assign_profile(file=icc_text(b"short")).apply(document())


def test_a_grey_profile_cannot_be_assigned_to_colours():
    with pytest.raises(EditError, match="convert it instead"):
        edits.assign_profile("grey_gamma_2.2").apply(document())


def test_both_are_undone_and_written_down():
    before = document()
    history = History.start(before).do(edits.assign_profile("Adobe_RGB"))
    history = history.do(edits.convert_profile("sRGB", intent="absolute"))
    assert [step.label for step in history.steps[1:]] == ["Assign Adobe RGB", "Convert to sRGB"]
    assert history.undo().undo().document is before
    assert history.steps[2].record.to_json() == {
        "command": "convert_profile",
        "settings": {"intent": "absolute"},
    }
    untagged = edits.assign_profile("untagged").apply(history.document)
    assert untagged.profile == SRGB


def test_a_picture_without_a_profile_says_that_it_is_taken_for_srgb():
    assert SRGB.title == "sRGB (untagged)"
    assert known_profile("sRGB").title == "sRGB"
    assert known_profile("sRGB").is_srgb


def test_well_known_profiles_are_read_by_littlecms_as_what_they_are():
    for name in KNOWN:
        profile = known_profile(name)
        assert imagecodecs.cms_profile_validate(profile.grey or profile.icc) is None
        if name != "grey_gamma_2.2":
            assert Profile.from_icc(profile.icc).name == profile.name
    with pytest.raises(ColourError):
        Profile.from_icc(known_profile("grey_gamma_2.2").grey)
