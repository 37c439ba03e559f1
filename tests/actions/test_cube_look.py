"""Looks: adjustments as a table of colours, and what no table can hold."""

from dataclasses import replace

import numpy as np
import pytest

from safelight import actions, api
from safelight.actions.cube_look import SIDES
from safelight.api import testing
from safelight.api.cube_table import cube_stages, cube_text, read_cube
from safelight.api.tone_table import applied
from safelight.document import Document, Layer, render, render_srgb
from safelight.pixels import SRGB, Profile, Raster, converted, from_float

STACK = (
    ("exposure", {"stops": 0.4}),
    ("curves", {"rgb": ((0.0, 0.0), (0.25, 0.2), (0.75, 0.82), (1.0, 1.0))}),
    ("white_balance", {"temperature": 7500.0}),
    ("split_toning", {"shadows_strength": 40.0}),
    ("black_and_white", {"reds": 70.0}),
)
"""Four tones, and a filter that looks at each pixel alone."""


@pytest.fixture(scope="module")
def studio():
    with actions.Studio("cpu") as studio:
        yield studio


@pytest.fixture
def stacked(studio):
    """A document with these adjustments above a photograph."""

    def stack(*steps, depth="float32", profile=SRGB, **more):
        own = converted(testing.photograph(96, 64), SRGB, profile)
        raster = Raster.from_array(from_float(own, depth))
        document = Document.from_raster(raster, profile=profile, name="Harbour.tif")
        layers = []
        for name, told in steps:
            filter = studio.filter(name)
            held = actions.live_filter(filter, filter.settings(told))
            layers.append(Layer(filter.title, held, **more))
        return replace(document, layers=(*document.layers, *layers))

    return stack


def through(document, path):
    """What the photograph at the bottom shows through a saved look, sRGB-encoded."""
    stages = read_cube(path).stages
    plain = render_srgb(replace(document, layers=document.layers[:1]), document.region)
    return applied(stages, plain[..., :3])


@pytest.mark.parametrize(
    ("side", "depth"), [(33, "uint8"), (33, "uint16"), (33, "float32"), (65, "float32")]
)
def test_a_saved_look_gives_the_same_picture(stacked, studio, tmp_path, side, depth):
    document = stacked(*STACK, depth=depth)
    actions.save_look(document, tmp_path / "a.cube", studio.live, side)
    own = render_srgb(document, document.region, studio.live)
    off = np.abs(own - through(document, tmp_path / "a.cube"))
    # Straight lines between points stand for curves, whose bend is steepest in the dark.
    assert off.mean() < (1e-3 if side == 33 else 3e-4)
    assert off.max() < (0.01 if side == 33 else 0.005)
    plain = render(replace(document, layers=document.layers[:1]), document.region, None, "float32")
    assert np.abs(own - plain).max() > 0.2


@pytest.mark.parametrize("side", SIDES)
def test_at_its_points_a_look_is_exact_and_greys_stay_grey(stacked, studio, tmp_path, side):
    document = stacked(*STACK[:2])
    actions.save_look(document, tmp_path / "a.cube", studio.live, side)
    (lattice,) = read_cube(tmp_path / "a.cube").stages
    assert lattice.points.shape == (side, side, side, 3)
    places = np.linspace(0, 1, side, dtype=np.float32)
    grid = np.stack(np.meshgrid(places, places, places, indexing="ij"), -1).reshape(side, -1, 3)
    points = replace(document, layers=(Layer("p", Raster.from_array(grid)), *document.layers[1:]))
    points = replace(points, width=grid.shape[1], height=side)
    goal = render_srgb(points, points.region, studio.live).reshape(lattice.points.shape)
    assert np.abs(lattice.points - goal).max() < 5e-6  # six digits in the file
    grey = lattice.points[range(side), range(side), range(side)]
    assert np.ptp(grey, axis=-1).max() < 3e-6


@pytest.mark.parametrize("how", [{"opacity": 0.4}, {"mode": "multiply", "opacity": 0.7}])
@pytest.mark.parametrize("profile", ["sRGB", "Display P3", "ProPhoto RGB"])
def test_amount_blend_mode_and_profile_are_in_a_look(stacked, studio, tmp_path, how, profile):
    own = SRGB if profile == "sRGB" else Profile.from_icc(actions.profile_of(profile))
    document = stacked(("curves", {"rgb": STACK[1][1]["rgb"]}), profile=own, **how)
    actions.save_look(document, tmp_path / "a.cube", studio.live, 33)
    shown = render_srgb(document, document.region, studio.live)
    assert np.abs(shown - through(document, tmp_path / "a.cube")).mean() < 1e-3


def test_a_look_says_its_name_and_other_programs_read_it(stacked, studio, tmp_path):
    from PIL import Image, ImageFilter

    actions.save_look(stacked(*STACK), tmp_path / "a.cube", studio.live)
    lines = (tmp_path / "a.cube").read_text().splitlines()
    assert lines[0] == 'TITLE "Harbour"'
    assert "LUT_3D_SIZE 33" in lines
    table = [tuple(map(float, line.split())) for line in lines if line[0].isdigit()]
    assert len(table) == 33**3
    look = ImageFilter.Color3DLUT(33, table)
    picture = Image.fromarray(from_float(testing.photograph(96, 64), "uint8"))
    other = np.asarray(picture.filter(look)).astype(int)
    pixels = np.asarray(picture).astype(np.float32) / 255
    # As a setting holds it.
    own = applied(cube_stages(cube_text(read_cube(tmp_path / "a.cube"))), pixels)
    # Pillow interpolates along three axes, we in tetrahedra, and it rounds twice.
    assert np.abs(other - np.rint(own.clip(0, 1) * 255)).max() <= 2


@pytest.mark.parametrize(
    ("steps", "sentence"),
    [
        (
            (("exposure", {}), ("sharpen", {}), ("vignette", {})),
            "No table of colours can hold “Sharpen”, which looks at what lies around a pixel and"
            " “Vignette”, which looks at where in the picture a pixel lies. Hide what is to be left"
            " out.",
        ),
        ((("grain", {"size": 0.6, "amount": 90.0}),), "“Grain”, which looks at "),
        ((("dehaze", {}),), "“Dehaze”, which looks at "),
        ((("denoise", {}),), "“Denoise”, which looks at more than one pixel's colour."),
        ((), "Harbour.tif has no adjustment above its picture: a look is made of them."),
    ],
)
def test_what_no_table_can_hold_is_named_and_no_file_written(
    stacked, studio, tmp_path, steps, sentence
):
    with pytest.raises(actions.LookError) as caught:
        actions.save_look(stacked(*steps), tmp_path / "a.cube", studio.live)
    assert sentence in str(caught.value)
    assert not (tmp_path / "a.cube").exists()


def test_a_mask_a_group_clipping_and_pixels_are_named_with_their_layers(stacked, studio):
    document = stacked(("exposure", {"stops": 1.0}))
    picture, tone = document.layers
    mask = Raster.from_array(np.full((64, 96, 1), 0.5, np.float32))
    for layer, why in (
        (replace(tone, mask=mask), "“Exposure”, which has a mask."),
        (replace(tone, clipped=True), "“Exposure”, which is clipped to the layer below."),
        (replace(picture, id="2", name="Retouched"), "“Retouched”, which has pixels of its own."),
        (
            replace(tone, content=replace(tone.content, texture=0.5)),
            "“Exposure”, which keeps the texture below.",
        ),
    ):
        with pytest.raises(actions.LookError) as caught:
            actions.look_of(replace(document, layers=(picture, layer)), studio.live)
        assert why in str(caught.value)


def test_hidden_layers_have_no_part_in_a_look(stacked, studio):
    document = stacked(("exposure", {"stops": 1.0}), ("sharpen", {}))
    hidden = replace(document.layers[-1], visible=False)
    one = actions.look_of(replace(document, layers=(*document.layers[:-1], hidden)), studio.live)
    other = actions.look_of(replace(document, layers=document.layers[:-1]), studio.live)
    assert np.array_equal(one, other)
    light = api.to_linear(one)
    assert light[16, 16, 16] == pytest.approx(2 * float(api.to_linear(np.float32(0.5))), rel=1e-3)


def test_a_tone_whose_plugin_is_missing_is_named(stacked, studio):
    document = stacked(("exposure", {"stops": 1.0}))
    picture, tone = document.layers
    gone = replace(tone, content=replace(tone.content, id="nobody.tone", title="Tone of nobody"))
    with pytest.raises(actions.LookError) as caught:
        actions.look_of(replace(document, layers=(picture, gone)), studio.live)
    assert "“Exposure”, which cannot be computed: Tone of nobody is not installed" in str(
        caught.value
    )
