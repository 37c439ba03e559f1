"""Rendering: a region is the crop of the whole, masks and alpha hold to the bit, layers meet as
the W3C's formulas say, and what a renderer remembers changes nothing.
"""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.api import Region
from safelight.document import (
    Document,
    EditError,
    Group,
    Kept,
    Layer,
    LayerFailed,
    LiveFilter,
    Renderer,
    edits,
    effective_mask,
    plain_raster,
    render,
    render_srgb,
    whole,
)
from safelight.document.document import clipping_base, clipping_bases
from safelight.document.rendered.grey import is_grey
from safelight.document.rendered.result_choices import margin
from safelight.pixels import (
    MODES,
    TILE,
    Profile,
    Raster,
    composite,
    from_float,
    has_no_colour,
    seen,
    surroundings,
    to_float,
)
from tests import attack, pictures
from tests.document.strategies import (
    DEPTHS,
    FakeLive,
    computable,
    cross,
    documents,
    drawn,
    edits_of,
    level_region,
    noise,
    patch_tiles,
    raster,
    regions,
)

stack_module = sys.modules["safelight.document.rendered.layer_stack"]


@pytest.fixture(scope="module", autouse=True)
def small_tiles():
    patch = patch_tiles()
    yield
    patch.undo()


@pytest.fixture
def middling_tiles():
    """Tiles of 64 x 64 pixels: a picture that has every level of 16 bits in it has nine."""
    patch = patch_tiles(64)
    yield
    patch.undo()


# Grey


def of_greys(depth="uint8", profile=None, mode="normal"):
    """Two layers without colour, the upper one half transparent, in a group, with a mask."""

    def plane(seed, channels):
        pixels = noise(40, 30, channels, depth, seed)
        pixels[..., 1:3] = pixels[..., :1]
        return Raster.from_array(pixels)

    above = Layer("Above", plane(2, 4), opacity=0.6, mode=mode, mask=raster(40, 30, 1, "uint8", 3))
    layers = Layer("Below", plane(1, 3)), Layer("Group", Group((above,)))
    return Document(40, 30, depth, layers, profile=profile or Profile())


def warmed(document, amount=0.3, *, keeps_grey=True, kept=None):
    """With a filter on top that tints, by mistake or on purpose."""
    warm = LiveFilter("warm", settings={"amount": amount}, kept=kept, keeps_grey=keeps_grey)
    return replace(document, layers=(*document.layers, Layer("Warm", warm)))


def has_colour(document, level=0, depth="float32"):
    pixels = drawn(document, level_region(document, level), FakeLive(), depth)
    assert pixels[..., :3].max() > 0
    return not has_no_colour(pixels)


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("mode", ["normal", "soft-light", "luminosity"])
def test_a_filter_that_makes_no_colour_tints_no_grey_picture(depth, mode):
    for level in (0, 1):
        assert not has_colour(warmed(of_greys(depth, mode=mode)), level)
        assert has_colour(warmed(of_greys(depth, mode=mode), keeps_grey=False), level)


def test_a_filter_that_makes_no_colour_tints_no_grey_picture_in_a_wide_profile():
    wide = Profile.from_icc(pictures.wide_profile())
    assert not has_colour(warmed(of_greys(profile=wide)))


def test_a_filter_takes_no_colour_from_what_has_some():
    toned = warmed(of_greys(), 0.2, keeps_grey=False)
    once, twice = (drawn(item, item.region, FakeLive()) for item in (toned, warmed(toned, 0.0)))
    np.testing.assert_array_equal(once, twice)
    painted = edits.add_layer(Layer("Paint", raster(40, 30, 4, "uint8", 9))).apply(of_greys())
    assert has_colour(warmed(painted))


def test_what_lies_above_a_filter_or_is_hidden_takes_no_part_in_what_it_sees():
    document = warmed(of_greys())
    hidden = Layer("Hidden", raster(40, 30, 4, "uint8", 9), visible=False)
    document = replace(document, layers=(hidden, *document.layers))
    assert not has_colour(document)
    above = Layer("Paint", raster(40, 30, 3, "uint8", 9), mask=raster(40, 30, 1, "uint8", 4))
    painted = edits.add_layer(above).apply(document)
    unseen = replace(above, mask=Raster.filled(40, 30, (0,), "uint8"))
    np.testing.assert_array_equal(
        drawn(painted.with_layer(unseen), document.region, FakeLive()),
        drawn(document, document.region, FakeLive()),
    )


@pytest.mark.parametrize("coloured", [False, True])
def test_a_renderer_that_remembers_knows_whether_it_was_grey(coloured):
    document = of_greys()
    if coloured:
        paint = Layer("Paint", raster(40, 30, 3, "uint8", 9), opacity=0.5)
        document = replace(document, layers=(paint, *document.layers))
    renderer = Renderer(FakeLive(), memory=1 << 20)
    for amount in (0.1, 0.2, 0.3):
        version = warmed(document, amount)
        result = renderer.render(version, version.region)
        np.testing.assert_array_equal(result, drawn(version, version.region, FakeLive()))
        assert has_no_colour(result) != coloured


# A region is the crop of the whole


@pytest.mark.attack
@settings(max_examples=attack.times(300, 60))
@given(document=documents(), level=st.sampled_from([0, 0, 1, 2, 4]), data=st.data())
def test_a_region_is_the_crop_of_the_whole_at_every_level(document, level, data):
    region = data.draw(regions(document, level))
    everything = drawn(document, level_region(document, level), FakeLive())
    part = drawn(document, region, FakeLive())
    assert part.dtype == everything.dtype == (document.depth if level == 0 else "uint8")
    np.testing.assert_array_equal(part, everything[region.rows(), region.columns()])


@given(document=documents(), depth=st.sampled_from(DEPTHS))
def test_a_picture_asked_for_in_a_depth_is_rounded_once(document, depth):
    document = computable(document, FakeLive())
    exact = drawn(document, document.region, FakeLive(), "float32")
    asked = drawn(document, document.region, FakeLive(), depth)
    np.testing.assert_array_equal(asked, from_float(exact, depth))
    np.testing.assert_array_equal(whole(document, FakeLive(), depth).to_array(), asked)


@given(document=documents())
def test_all_of_a_document_as_a_raster_is_what_is_rendered(document):
    document = computable(document, FakeLive())
    result = whole(document, FakeLive())
    assert result.depth == document.depth
    np.testing.assert_array_equal(result.to_array(), drawn(document, document.region, FakeLive()))


@given(document=documents())
def test_a_picture_has_an_alpha_exactly_when_it_says_so(document):
    pixels = drawn(document, document.region, FakeLive())
    assert pixels.shape[2] == (4 if document.has_alpha else 3)


@given(document=documents())
def test_where_there_is_said_to_be_no_alpha_nothing_is_transparent(document):
    if not document.has_alpha:
        nothing = Layer("Nothing", Group(), id="nothing")  # so that the layers count as a group's
        together = replace(document, layers=(Layer("All", Group(document.layers)), nothing))
        assert together.has_alpha
        alpha = to_float(drawn(together, document.region, FakeLive()))[..., 3]
        assert (alpha == 1).all()


def test_real_tiles_make_no_difference():
    width, height = 3 * TILE // 2, TILE + 9
    pixels = [noise(width, height, channels, "uint8", channels) for channels in (3, 4)]

    def rendered():
        layers = (
            Layer("Below", Raster.from_array(pixels[0].copy())),
            Layer("Cross", LiveFilter("cross", settings={"radius": 5}, texture=0.5)),
            Layer("Above", Raster.from_array(pixels[1].copy()), mode="overlay", opacity=0.7),
        )
        document = Document(width, height, "uint8", layers)
        return drawn(document, document.region, FakeLive())

    small = rendered()
    patch = patch_tiles(TILE)
    large = rendered()
    patch.undo()
    np.testing.assert_array_equal(large, small)


@pytest.mark.parametrize("level", [0, 1, 3])
def test_a_region_that_leaves_the_picture_is_refused(level):
    document = Document.from_raster(raster(21, 13))
    with pytest.raises(ValueError, match="not inside"):
        drawn(document, replace(level_region(document, level), x=1), FakeLive())


def test_colours_of_another_profile_are_handed_to_filters_as_srgb_and_come_back():
    space = Profile.from_icc(pictures.wide_profile())
    layers = (
        Layer("Below", raster(20, 14, depth="uint16")),
        Layer("Warm", LiveFilter("warm", settings={"amount": 0.2})),
    )
    document = Document(20, 14, "uint16", layers, space)
    below = space.to_srgb(to_float(layers[0].raster.to_array()))
    expected = space.from_srgb(below * np.array([1.2, 1, 0.8], np.float32))
    result = drawn(document, document.region, FakeLive())
    np.testing.assert_allclose(to_float(result), np.clip(expected, 0, 1), atol=2 / 65535)
    as_srgb = render_srgb(replace(document, layers=layers[:1]), document.region)
    np.testing.assert_array_equal(as_srgb, below)


# One plain layer


def test_one_plain_layer_is_handed_out_as_it_is():
    document = Document.from_raster(raster(30, 20, 4, "uint16"))
    pixels = document.layers[0].raster
    assert plain_raster(document) is pixels
    assert whole(document) is pixels
    part = drawn(document, Region(1, 2, 3, 4))
    assert any(np.shares_memory(part, tile) for _, tile in pixels.tiles())
    hidden = Layer("Hidden", raster(30, 20, depth="uint16"), visible=False)
    assert whole(replace(document, layers=(hidden, *document.layers, hidden_too()))) is pixels


def hidden_too():
    return Layer("Nothing", LiveFilter("warm"), opacity=0)


@pytest.mark.parametrize("masked", [False, True])
def test_what_is_not_plain_is_composited(masked):
    document = Document.from_raster(raster(30, 20))
    change = {"mask": raster(30, 20, 1)} if masked else {"opacity": 0.5}
    changed = replace(document, layers=(replace(document.layers[0], **change),))
    assert plain_raster(changed) is None
    assert changed.has_alpha
    assert drawn(changed, changed.region).shape == (20, 30, 4)


@pytest.mark.parametrize("hidden", [{"visible": False}, {"opacity": 0.0}])
def test_what_is_clipped_to_something_hidden_is_hidden_with_it(hidden):
    base = Layer("Base", raster(9, 7), **hidden)
    clipped = Layer("Clipped", raster(9, 7, seed=2), clipped=True)
    document = Document(9, 7, "uint8", (base, clipped))
    assert plain_raster(document) is None
    assert (drawn(document, document.region) == 0).all()
    assert document.has_alpha


@pytest.mark.parametrize("below", [(), (Layer("Warm", LiveFilter("warm"), opacity=0.0),)])
def test_what_is_clipped_to_nothing_is_not_clipped(below):
    layer = Layer("Clipped", raster(9, 7), clipped=True)
    document = Document(9, 7, "uint8", (*below, layer))
    np.testing.assert_array_equal(drawn(document, document.region), layer.raster.to_array())
    assert not document.has_alpha
    channels = drawn(document, document.region).shape[2]
    assert channels == whole(document).channels == 3


# The reference: W3C Compositing and Blending Level 1, in float64, with nothing clever in it


def soft_light(cb, cs):
    d = np.where(cb <= 0.25, ((16 * cb - 12) * cb + 4) * cb, np.sqrt(np.maximum(cb, 0)))
    return np.where(cs <= 0.5, cb - (1 - 2 * cs) * cb * (1 - cb), cb + (2 * cs - 1) * (d - cb))


def hard_light(cb, cs):
    return np.where(cs <= 0.5, cb * 2 * cs, 1 - (1 - cb) * (1 - (2 * cs - 1)))


W3C = {
    "normal": lambda cb, cs: cs,
    "multiply": lambda cb, cs: cb * cs,
    "screen": lambda cb, cs: 1 - (1 - cb) * (1 - cs),
    "overlay": lambda cb, cs: hard_light(cs, cb),
    "darken": np.minimum,
    "lighten": np.maximum,
    "hard-light": hard_light,
    "soft-light": soft_light,
    "difference": lambda cb, cs: np.abs(cb - cs),
    "exclusion": lambda cb, cs: cb + cs - 2 * cb * cs,
}
"""Section 9.1, those that do not divide: a last digit there changes a whole level."""


def naive_over(backdrop, source, mode):
    """Section 5.1 and 9: colour and alpha of ``source`` over ``backdrop``, (h, w, 4) each."""
    cb, ab, cs, as_ = backdrop[..., :3], backdrop[..., 3:], source[..., :3], source[..., 3:]
    mixed = (1 - ab) * cs + ab * W3C[mode](cb, cs)
    premultiplied = as_ * mixed + (1 - as_) * ab * cb
    alpha = as_ + ab * (1 - as_)
    colour = np.where(alpha > 0, premultiplied / np.where(alpha > 0, alpha, 1), cb)
    return np.concatenate([np.where(as_ > 0, colour, cb), alpha], axis=2)


def naive_floats(held):
    full = {"uint8": 255, "uint16": 65535, "float32": 1}[held.depth]
    return held.to_array().astype(np.float64) / full


def naive_weight(layer, height, width):
    mask = effective_mask(layer, Region(0, 0, width, height))  # has formulas of its own
    mask = np.ones((height, width, 1)) if mask is None else mask[..., np.newaxis]
    return mask * layer.opacity * layer.visible


def naive_stack(layers, below):
    """Layers over ``below`` (h, w, 4), one after the other."""
    height, width, _ = below.shape
    layers = list(layers)
    while layers:
        layer = layers.pop(0)
        if layer.filter is not None:
            below = naive_filter(layer, below)
            continue
        # A clipped layer that comes here has no base: it follows a filter layer, or nothing.
        followers = []
        while layers and layers[0].clipped and not layer.clipped:
            followers.append(layers.pop(0))
        own = naive_own(layer, height, width)
        if followers:
            opaque = naive_seen(own, sum(naive_reach(layer) for layer in followers))
            opaque[..., 3] = 1
            own[..., :3] = naive_stack([replace(f, clipped=False) for f in followers], opaque)[
                ..., :3
            ]
        own[..., 3:] *= naive_weight(layer, height, width)
        below = naive_over(below, own, layer.mode)
    return below


def naive_own(layer, height, width):
    if isinstance(layer.content, Group):
        return naive_stack(layer.layers, np.zeros((height, width, 4)))
    pixels = naive_floats(layer.raster)
    if pixels.shape[2] == 3:
        pixels = np.concatenate([pixels, np.ones((height, width, 1))], axis=2)
    return pixels


def naive_reach(layer):
    """Pixels around its own that a layer looks at."""
    shown = layer.shown and layer.filter is not None and layer.filter.id == "cross"
    return layer.filter.settings["radius"] if shown else 0


def naive_seen(below, reach):
    """What lies below, without what transparent pixels hide (see test_missing_pixels.py)."""
    whole = Region(0, 0, below.shape[1], below.shape[0])
    known = seen(below.astype(np.float32), whole, whole, reach, lambda place: None)
    return np.where(below[..., 3:] > 0, below, known.astype(np.float64))


def naive_filter(layer, below):
    """A filter layer: its result over what lies below as if that were opaque; alpha stays."""
    height, width, _ = below.shape
    if layer.filter.id == "warm":
        amount = layer.filter.settings["amount"]
        result = below[..., :3] * [1 + amount, 1, 1 - amount]
    elif layer.filter.id == "cross":
        radius = layer.filter.settings["radius"]
        result = cross(naive_seen(below, radius)[..., :3], radius)
    elif layer.filter.kept is not None:
        result = naive_floats(layer.filter.kept.raster)[..., :3]
    else:
        return below
    opaque = below.copy()
    opaque[..., 3] = 1
    source = np.concatenate([result, naive_weight(layer, height, width)], axis=2)
    changed = naive_over(opaque, source, layer.mode)
    changed[..., 3] = below[..., 3]
    return changed


def untreated(layers):
    """Filter layers with nothing of the strip's choices, and of a kind the reference knows."""
    result = []
    for layer in layers:
        if layer.filter is not None:
            known = layer.filter.id in ("warm", "cross")
            content = replace(layer.filter, channels="all", texture=0.0)
            content = content if known else replace(content, id="costly")
            # Beyond 0 to 1 the formulas are tests/pixels/test_blend.py's business.
            content = replace(content, settings={**content.settings, "amount": 0.0})
            layer = replace(layer, content=content)
        elif layer.layers:
            layer = replace(layer, content=Group(untreated(layer.layers)))
        result.append(layer)
    return tuple(result)


@pytest.mark.attack
@settings(max_examples=attack.times(300, 60))
@given(document=documents(side=12, modes=tuple(W3C)))
def test_layers_groups_masks_clipping_and_filters_meet_as_the_formulas_say(document):
    document = replace(document, layers=untreated(document.layers))
    expected = naive_stack(document.layers, np.zeros((document.height, document.width, 4)))
    result = drawn(document, document.region, FakeLive())
    levels = {"uint8": 255, "uint16": 65535, "float32": 1}[document.depth]
    stored = result.astype(np.float64) / levels
    tolerance = 0.5 / levels + 3e-6 if levels > 1 else 3e-6
    if result.shape[2] == 4:
        assert np.abs(stored[..., 3] - expected[..., 3]).max() <= tolerance
        # A colour means the less the less of it there is.
        difference = np.abs(stored[..., :3] - expected[..., :3]) * expected[..., 3:]
    else:
        difference = np.abs(stored - expected[..., :3])
    assert difference.max() <= tolerance + 1e-5


def with_hidden(hidden, how):
    """A few pixels of one colour in nothing, where ``hidden`` lies, under a filter."""
    pixels = np.full((20, 24, 4), (*hidden, 0), np.uint8)
    pixels[5:9, 7:9] = 200, 100, 50, 255
    pixels[9, 7] = 200, 100, 50, 128
    base = Layer("Base", Raster.from_array(pixels), id="base")
    content = LiveFilter("cross", settings={"radius": 3}, texture=0.6 * (how == "texture"))
    layers = (base, Layer("Filter", content, id="filter", clipped=how == "clipped"))
    if how == "group":
        layers = (Layer("Ground", raster(24, 20), id="ground"), Layer("Group", Group(layers)))
    if how == "texture":
        kept = Kept(Raster.filled(24, 20, (200, 100, 50), "uint8"), "")
        content = replace(content, id="costly", kept=kept)
        layers = (base, replace(layers[1], content=content))
    return Document(24, 20, "uint8", layers)


@pytest.mark.parametrize("how", ["above", "clipped", "group", "texture"])
def test_no_filter_layer_sees_what_transparent_pixels_hide(how):
    one, other = (with_hidden(hidden, how) for hidden in ((0, 0, 0), (255, 0, 255)))
    shown = [render(document, document.region, FakeLive()) for document in (one, other)]
    for pixels in shown:
        pixels[pixels[..., 3:].repeat(pixels.shape[2], 2) == 0] = 0
    np.testing.assert_array_equal(*shown)
    # All that there is around has this one colour.
    np.testing.assert_array_equal(shown[0][5, 7, :3], [200, 100, 50])


# Filter layers: outside the mask, and alpha


class Wild(FakeLive):
    """A filter that gives anything: far beyond 0 to 1."""

    def reach(self, filter, level):
        return 0

    def run(self, filter, image, region, canvas):
        numbers = np.random.default_rng(8)
        return numbers.uniform(-3, 5, image.shape).astype(np.float32)

    def keeps_channels(self, filters):
        return False


def every_level(depth, channels):
    """Pixels in which each level of the depth occurs, in no order, alpha 0 and 1 too."""
    numbers = np.random.default_rng(4)
    side, full = {"uint8": (19, 255), "uint16": (149, 65535)}[depth]
    pixels = numbers.permutation(np.resize(np.arange(full + 1), side * side * 3))
    pixels = pixels.reshape(side, side, 3).astype(depth)
    assert len(np.unique(pixels)) == full + 1
    if channels == 4:
        alpha = numbers.choice([0, 1, full // 2, full], (side, side, 1)).astype(depth)
        pixels = np.concatenate([pixels, alpha], axis=2)
    return pixels


@pytest.mark.parametrize("live", [True, False], ids=["live", "kept"])
@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("depth", ["uint8", "uint16"])
def test_outside_the_mask_not_a_bit_changes_whatever_the_settings(
    depth, channels, live, middling_tiles
):
    pixels = every_level(depth, channels)
    side = len(pixels)
    base = Layer("Below", Raster.from_array(pixels), id="below")
    plain = drawn(Document(side, side, depth, (base, *nothings())), Region(0, 0, side, side))
    weights = np.random.default_rng(3).choice([0, 0, 1, 90, 255], (side, side, 1))
    mask = Raster.from_array(weights.astype(np.uint8))
    hidden = weights[..., 0] == 0
    numbers = np.random.default_rng(6)
    result = numbers.integers(0, np.iinfo(depth).max + 1, (side, side, 3)).astype(depth)
    kept = None if live else Kept(Raster.from_array(result), "")
    for number, mode in enumerate(MODES):
        for way in ("all", "luminance", "colour"):
            texture = 0.8 if number % 3 == 0 else 0.0
            content = LiveFilter("any", channels=way, texture=texture, kept=kept)
            layer = Layer("Filter", content, [1.0, 0.3][number % 2], mode, mask=mask)
            document = Document(side, side, depth, (base, layer))
            rendered = drawn(document, document.region, Wild() if live else None)
            assert rendered.shape[2] == channels
            np.testing.assert_array_equal(rendered[hidden], plain[hidden])
            np.testing.assert_array_equal(rendered[..., 3:], plain[..., 3:])
            # (The luminosity of a result that has the colour below is that below.)
            assert way != "all" or (rendered[~hidden] != plain[~hidden]).any()


def nothings():
    """What keeps a document of one layer from being handed out as it is."""
    return (Layer("Empty", Group(), id="empty"),)


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("channels", [3, 4])
def test_compositing_one_layer_keeps_every_level(depth, channels):
    pixels = noise(31, 17, channels, depth, 3)
    base = Layer("Below", Raster.from_array(pixels.copy()))
    document = Document(31, 17, depth, (base, *nothings()))
    rendered = drawn(document, document.region)
    seen = pixels[..., 3] > 0 if channels == 4 else np.ones(pixels.shape[:2], bool)
    np.testing.assert_array_equal(rendered[seen], pixels[seen])
    np.testing.assert_array_equal(rendered[..., 3:], pixels[..., 3:])


@given(document=documents(), data=st.data())
def test_no_filter_layer_touches_alpha(document, data):
    document = replace(document, layers=(*document.layers, Layer("Top", LiveFilter("costly"))))
    content = LiveFilter(
        *("warm", "Warm", "test", "1", {"amount": 0.5}),
        channels=data.draw(st.sampled_from(["all", "luminance", "colour"])),
        texture=data.draw(st.sampled_from([0.0, 0.9])),
    )
    mode = data.draw(st.sampled_from(list(MODES)))
    top = replace(document.layers[-1], content=content, mode=mode)
    filtered = replace(document, layers=(*document.layers[:-1], top))
    before = drawn(document, document.region, FakeLive())
    after = drawn(filtered, document.region, FakeLive())
    np.testing.assert_array_equal(after[..., 3:], before[..., 3:])


# Which filters run, and what is shown instead


def with_filter(content, **layer):
    below = Layer("Below", raster(20, 14), id="below")
    return Document(20, 14, "uint8", (below, Layer("Filter", content, id="filter", **layer)))


REASONS = {
    "costly": "costly has not run yet; refresh the layer",
    "failing": "failing fell over",
}


@pytest.fixture
def kept():
    return Kept(raster(20, 14, seed=7), "")


@pytest.mark.parametrize(("name", "reason"), REASONS.items())
@pytest.mark.parametrize("inside", ["at the top", "in a group", "generated"])
def test_pixels_that_are_kept_never_lack_a_layer_that_cannot_be_computed(name, reason, inside):
    layer = Layer("Glow", LiveFilter(name, name, generates=inside == "generated"), id="glow")
    above = Layer("Group", Group((layer,))) if inside == "in a group" else layer
    document = Document(20, 14, "uint8", (Layer("Below", raster(20, 14)), above))
    if inside == "generated":
        reason = f"{name} has not run yet; refresh the layer"
    for keeps in (
        lambda: whole(document, FakeLive()),
        lambda: render(document, document.region, FakeLive()),
        lambda: render_srgb(document, document.region, FakeLive()),
        lambda: edits.flatten().through(FakeLive()).apply(document),
    ):
        with pytest.raises(LayerFailed) as failure:
            keeps()
        assert str(failure.value) == f"Glow could not be computed: {reason}."
        assert (failure.value.layer_id, failure.value.reason) == ("glow", reason)
    without = whole(document.without(["glow"]), FakeLive())
    np.testing.assert_array_equal(without.to_array(), drawn(document, document.region, FakeLive()))


def test_a_filter_that_fails_does_not_let_an_older_result_pass_for_the_new_one(kept):
    document = with_filter(LiveFilter("failing", kept=kept))
    with pytest.raises(LayerFailed, match="failing fell over"):
        whole(document, FakeLive())
    np.testing.assert_array_equal(
        whole(with_filter(LiveFilter("costly", kept=kept)), FakeLive()).to_array(),
        kept.raster.to_array(),
    )


@pytest.mark.parametrize("name", ["costly", "failing"])
def test_what_does_not_run_shows_what_was_kept_of_it_and_else_what_is_below(name, kept):
    document = with_filter(LiveFilter(name))
    below = document.layers[0].raster.to_array()
    np.testing.assert_array_equal(drawn(document, document.region, FakeLive()), below)
    np.testing.assert_array_equal(drawn(document, document.region), below)
    document = with_filter(LiveFilter(name, kept=kept))
    shown = drawn(document, document.region, FakeLive())
    np.testing.assert_array_equal(shown, kept.raster.to_array())


def test_a_filter_is_given_no_more_than_its_reach_and_knows_where_it_is():
    document = with_filter(LiveFilter("cross", settings={"radius": 3}))
    live = FakeLive()
    drawn(document, Region(8, 6, 4, 2), live)
    assert [region for _, region in live.seen] == [Region(5, 3, 10, 8)]
    live = FakeLive()
    drawn(document, Region(0, 5, 3, 2, 1), live)
    assert [region for _, region in live.seen] == [Region(0, 4, 4, 3, 1)]


@pytest.mark.parametrize("hidden", [{"visible": False}, {"opacity": 0.0}])
def test_a_hidden_filter_does_not_run(hidden):
    document = with_filter(LiveFilter("warm", settings={"amount": 1.0}), **hidden)
    live = FakeLive()
    drawn(document, document.region, live)
    assert live.seen == []


STRIP = {
    "Amount": lambda: edits.set_opacity("filter", 0.3),
    "mode": lambda: edits.set_mode("filter", "screen"),
    "mask": lambda: edits.set_mask("filter", raster(20, 14, 1)),
    "luminance": lambda: edits.set_filter("filter", channels="luminance"),
    "colour": lambda: edits.set_filter("filter", channels="colour"),
    "texture": lambda: edits.set_filter("filter", texture=0.6),
}


@pytest.mark.parametrize("choice", STRIP)
def test_moving_the_strip_of_a_kept_filter_runs_no_filter(choice, kept):
    document = with_filter(LiveFilter("costly", kept=kept))
    live = FakeLive()
    renderer = Renderer(live, memory=1 << 20, lenient=True)
    before = renderer.render(document, document.region)
    changed = STRIP[choice]().apply(document)
    assert (renderer.render(changed, document.region) != before).any()
    assert live.seen == []
    assert changed.layer("filter").filter.kept is kept


# What a renderer remembers


@pytest.mark.attack
@settings(max_examples=attack.times(150, 30))
@given(document=documents(), data=st.data())
def test_a_renderer_that_remembers_gives_what_one_does_that_does_not(document, data):
    memory = data.draw(st.sampled_from([1, 3000, 1 << 24]))
    renderer = Renderer(FakeLive(), memory=memory, lenient=True)
    places = [data.draw(regions(document, level)) for level in (0, 0, 1)]
    versions = [document]
    for _ in range(data.draw(st.integers(1, 6))):
        try:
            versions.append(data.draw(edits_of(versions[-1])).apply(versions[-1]))
        except (EditError, LayerFailed):
            continue
    if data.draw(st.booleans()):
        versions += versions[::-1]  # undo
    for version in versions:
        for region in places:
            remembered = renderer.render(version, region)
            np.testing.assert_array_equal(remembered, drawn(version, region, FakeLive()))


def test_what_lies_below_a_changing_layer_is_computed_once():
    warm = LiveFilter("warm", settings={"amount": 0.2})
    top = Layer("Top", raster(20, 14, 4, seed=3), id="top")
    document = with_filter(warm)
    document = replace(document, layers=(*document.layers, top))
    for memory, runs in ((1 << 20, 2), (1, 12), (0, 12)):
        live = FakeLive()
        renderer = Renderer(live, memory=memory, lenient=True)
        # The first time shows nothing of what will change, the second what stays.
        for step in range(12):
            changed = edits.set_opacity("top", 1 - step / 20).apply(document)
            renderer.render(changed, Region(0, 0, 5, 5))
        assert len(live.seen) == runs


NEEDS_MORE = {
    "a filter that looks around": edits.add_layer(
        Layer("Cross", LiveFilter("cross", settings={"radius": 4})), "middle"
    ),
    "texture": edits.add_layer(
        Layer("Warm", LiveFilter("warm", settings={"amount": 0.5}, texture=1.0)), "middle"
    ),
    "clipping": edits.set_clipped("top", True),
}


@pytest.mark.parametrize("change", NEEDS_MORE)
def test_what_is_remembered_is_not_used_where_more_of_it_is_needed(change):
    layers = (
        Layer("Below", raster(20, 14), id="below"),
        Layer("Middle", raster(20, 14, 4, seed=2), opacity=0.5, id="middle"),
        Layer("Top", raster(20, 14, 4, seed=3), id="top"),
    )
    document, region = Document(20, 14, "uint8", layers), Region(9, 6, 4, 3)
    renderer = Renderer(FakeLive(), memory=1 << 20, lenient=True)
    for opacity in (0.8, 0.6, 0.4):  # now all below the top is remembered
        document = edits.set_opacity("top", opacity).apply(document)
        before = renderer.render(document, region)
    changed = NEEDS_MORE[change].apply(document)
    expected = drawn(changed, region, FakeLive())
    assert (expected != before).any()
    np.testing.assert_array_equal(renderer.render(changed, region), expected)


def test_pixels_handed_out_do_not_change_when_more_is_rendered():
    document = Document(
        *(20, 14, "float32"),
        (
            Layer("Below", raster(20, 14, depth="float32"), id="below"),
            Layer("Middle", raster(20, 14, 4, "float32", 2), mode="screen", id="middle"),
            Layer("Top", raster(20, 14, 4, "float32", 3), id="top"),
        ),
    )
    renderer = Renderer(memory=1 << 20, lenient=True)
    handed_out = []
    for step in range(6):
        changed = edits.set_opacity("top", 1 - step / 10).apply(document)
        pixels = renderer.render(changed, document.region)
        handed_out.append((pixels, pixels.copy()))
    for pixels, copy in handed_out:
        np.testing.assert_array_equal(pixels, copy)


# Many layers


class AsDefined(Renderer):
    """Layers met one function call each, as the definition says: what lies below a layer is all
    the layers below it.
    """

    def _stack(self, around, region):
        frame = stack_module.Frame(around, self.live, self._lenient)
        piled = stack_module.Frame._piled
        try:
            stack_module.Frame._piled = _piled_by_definition
            return frame.stack(around.document.layers, region)
        finally:
            stack_module.Frame._piled = piled


def _piled_by_definition(frame, units, window, under, beneath=()):
    if not units:
        return under(window)
    (base, clipped), below = units[-1], units[:-1]
    if not _counts(frame, base):
        return _piled_by_definition(frame, below, window, under, beneath)
    held = base.filter
    if held is not None and not held.generates:
        reach = frame.live.reach(held, frame.level)
        looks = (reach or 0) + margin(held, frame.level)
        # More than it looks at, so that what it may not see can be made up.
        wide = window.grow(looks, frame.whole)
        wide = wide if beneath else wide.grow(surroundings(looks, frame.whole), frame.whole)
        lower = _piled_by_definition(frame, below, wide, under, beneath)
        shown = [unit for unit in below if _counts(frame, unit[0])]
        grey = is_grey(beneath) and all(is_grey((one, *others)) for one, others in shown)
        return frame._filtered(base, held, window, reach, frame.whole, lower, wide, grey=grey)
    pixels = _piled_by_definition(frame, below, window, under, beneath)
    own = frame._clipped(base, clipped, window)
    mask = effective_mask(base, window)
    composite(pixels, own, mode=base.mode, opacity=base.opacity, mask=mask)
    return pixels


def _counts(frame, layer):
    """Whether there is anything of a layer."""
    held = layer.filter
    if held is None or not layer.shown:
        return layer.shown
    return (
        held.kept is not None
        or not held.generates
        and frame.live.reach(held, frame.level) is not None
    )


@given(document=documents(), level=st.sampled_from([0, 1, 2]), data=st.data())
def test_layers_meet_as_the_definition_says_to_the_bit(document, level, data):
    region = data.draw(regions(document, level))
    expected = AsDefined(FakeLive(), lenient=True).render(document, region)
    np.testing.assert_array_equal(drawn(document, region, FakeLive()), expected)


def many_layers(count, **change):
    """A document of ``count`` layers, each of which can be seen."""
    base = Layer("Base", raster(6, 5), id="base")
    spot = raster(6, 5, 4, seed=2)
    others = (Layer(f"{n}", spot, opacity=0.01, id=f"{n}", **change) for n in range(count - 1))
    return Document(6, 5, "uint8", (base, *others))


@pytest.mark.parametrize("change", [{}, {"clipped": True}])
def test_a_document_of_more_layers_than_calls_can_nest_is_drawn(change):
    many = many_layers(2 * sys.getrecursionlimit(), **change)
    base = many.layers[0].raster.to_array()
    assert (render(many, many.region) != base).any()


def test_ten_thousand_filter_layers_are_run_one_after_the_other():
    filters = (Layer("", LiveFilter("failing"), id=f"{n}") for n in range(9_999))
    base = Layer("Base", raster(6, 5, depth="float32"), id="base")
    document = Document(6, 5, "float32", (base, *filters))
    live = FakeLive()
    shown = drawn(document, document.region, live)
    assert len(live.seen) == 9_999
    np.testing.assert_array_equal(shown, base.raster.to_array())


def test_which_layers_are_clipped_is_told_in_one_pass():
    class Counted(tuple):
        looks = 0

        def __getitem__(self, place):
            Counted.looks += 1
            return super().__getitem__(place)

        def __iter__(self):
            for item in super().__iter__():
                Counted.looks += 1
                yield item

    layers = Counted(many_layers(1000, clipped=True).layers)
    assert clipping_bases(layers) == [None] + [0] * 999
    assert Counted.looks <= 3000
    assert clipping_bases(layers) == [clipping_base(layers, place) for place in range(1000)]


def test_two_threads_that_share_a_renderer_get_each_its_own_pixels(monkeypatch):
    """The picture's tiles and those of what is clipped are made on two threads."""
    halves = np.zeros((256, 512, 3), np.uint8)
    halves[:, 256:] = 200
    below = Layer("Below", Raster.from_array(halves))
    above = Layer("Above", Raster.filled(512, 256, (0, 200, 0, 128), "uint8"))
    base = Document(512, 256, "uint8", (below, above))
    other = Layer("Other", Raster.filled(512, 256, (0, 0, 200, 128), "uint8"))
    documents = [base, replace(base, layers=(below, above, other))]
    regions = [Region(0, 0, 256, 256), Region(256, 0, 256, 256)]
    renderer = Renderer(memory=1 << 24)
    for document in (*documents, documents[0]):
        for region in regions:
            renderer.render(document, region)  # what lies below is remembered from now on
    changed = edits.set_opacity(other.id, 0.5).apply(documents[1])
    meeting, mix = threading.Barrier(2), stack_module.composite

    def slowly(*given, **told):
        with suppress(threading.BrokenBarrierError):
            meeting.wait(0.2)  # both are in the midst of it, where both may be
        mix(*given, **told)

    monkeypatch.setattr(stack_module, "composite", slowly)
    with ThreadPoolExecutor(2) as threads:
        made = list(threads.map(lambda place: renderer.render(changed, place), regions))
    monkeypatch.undo()
    for pixels, region in zip(made, regions, strict=True):
        assert np.array_equal(pixels, render(changed, region))
