"""The plane around the picture: filters see as far as they reach, and no crop changes a pixel."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from safelight.api import Region
from safelight.document import (
    Document,
    Group,
    Kept,
    Layer,
    LiveFilter,
    Renderer,
    edits,
    geometry,
    reachable,
    render,
)
from safelight.document.placement import Place
from safelight.document.rendered.result_choices import smooth
from safelight.pixels import Raster
from tests.document.strategies import raster

WIDTH, HEIGHT = 420, 390


class Blur:
    """A live blur of a radius that is told in full-size pixels; ``told`` are the regions."""

    def __init__(self):
        self.told = []

    def reach(self, filter, level):
        return (
            -(-3 * int(filter.settings["radius"]) >> level) if "radius" in filter.settings else None
        )

    def run(self, filter, image, region, canvas):
        self.told.append(region)
        assert image.shape[:2] == (region.height, region.width)
        return smooth(image, filter.settings["radius"] / (1 << region.level))

    def in_turn(self, filters, image, region, canvas):
        for held in filters:
            image = self.run(held, image, region, canvas)
        return image

    def keeps_channels(self, filters):
        return False

    def failure(self, filter):
        return ""


def blur(radius=4, **more):
    held = {name: more.pop(name) for name in ("grow", "feather", "kept", "texture") if name in more}
    return Layer("Blur", LiveFilter("blur", settings={"radius": radius}, **held), **more)


def document(*layers, channels=3):
    base = Layer("Base", raster(WIDTH, HEIGHT, channels, "float32"))
    return Document(WIDTH, HEIGHT, "float32", (base, *layers))


def shown(document, region=None, live=None):
    return render(document, region or document.region, live or Blur())


places = st.tuples(
    st.integers(0, WIDTH - 10),
    st.integers(0, HEIGHT - 10),
    st.integers(10, 200),
    st.integers(10, 200),
)


@settings(max_examples=12, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(places, st.sampled_from([1, 4, 11]), st.sampled_from([3, 4]), st.integers(0, 5))
def test_a_crop_under_a_blur_is_the_crop_of_what_was_blurred(box, radius, channels, kind):
    mask = raster(WIDTH, HEIGHT, 1, "uint8", 7)
    layers = [
        (blur(radius),),
        (blur(radius), blur(2, mode="screen", opacity=0.5)),
        (blur(radius, mask=mask, feather=9.0, grow=3.0),),
        (
            Layer(
                "Group", Group((Layer("Top", raster(WIDTH, HEIGHT, 4, "float32", 3)), blur(radius)))
            ),
        ),
        (Layer("Top", raster(WIDTH, HEIGHT, 4, "float32", 3)), blur(radius, clipped=True)),
        (blur(radius, texture=0.5),),
    ][kind]
    whole = document(*layers, channels=channels)
    place = Region(*box).intersect(whole.region)
    cropped = geometry.crop(whole, place)
    expected = shown(whole)[place.rows(), place.columns()]
    assert np.array_equal(shown(cropped), expected)


@pytest.mark.parametrize("level", [1, 2])
def test_so_it_is_at_every_zoom_level(level):
    whole = document(blur(8))
    cropped = geometry.crop(whole, Region(64, 32, 256, 256))
    zoomed = Region(0, 0, WIDTH >> level, HEIGHT >> level, level)
    part = Region(64 >> level, 32 >> level, 256 >> level, 256 >> level)
    expected = shown(whole, zoomed)[part.rows(), part.columns()]
    assert np.array_equal(shown(cropped, Region(0, 0, 256 >> level, 256 >> level, level)), expected)


def test_a_straightened_crop_under_a_blur_is_near_that_of_what_was_blurred():
    whole = geometry.straighten(document(blur(5)), 4)
    cropped = geometry.crop(whole, Region(90, 70, 120, 110))
    expected = shown(whole)[70:180, 90:210, :3]
    assert np.abs(shown(cropped)[..., :3] - expected).max() < 1e-3


def test_any_part_of_a_crop_is_that_part_of_it_to_the_bit():
    cropped = geometry.crop(document(blur(9)), Region(40, 50, 300, 280))
    part = Region(10, 0, 80, 120)
    whole = shown(cropped)
    assert np.array_equal(shown(cropped, part), whole[part.rows(), part.columns()])
    renderer = Renderer(Blur(), memory=1 << 26)
    for _ in range(2):
        again = renderer.render(cropped, part, "float32")
        assert np.array_equal(again, whole[part.rows(), part.columns()])


def test_where_there_is_no_plane_the_picture_ends_as_ever():
    live = Blur()
    whole = document(blur(4))
    shown(whole, live=live)
    assert live.told == [whole.region]
    larger = geometry.crop(whole, Region(-30, -30, WIDTH + 60, HEIGHT + 60))
    live = Blur()
    shown(larger, live=live)
    assert live.told == [larger.region]


def test_a_filter_is_told_where_it_is_in_pixels_of_the_picture():
    live = Blur()
    cropped = geometry.crop(document(blur(4)), Region(100, 100, 50, 60))
    shown(cropped, Region(0, 0, 20, 60), live)
    assert live.told == [Region(-12, -12, 44, 84)]


def test_what_was_kept_for_a_frame_ends_with_it():
    kept = Kept(raster(50, 60, 3, "float32", 9), "key", place=Place.offset(100, 100))
    costly = Layer("Costly", LiveFilter("costly", kept=kept))
    cropped = geometry.crop(document(), Region(100, 100, 50, 60))
    cropped = replace(cropped, layers=(*cropped.layers, costly, blur(4)))
    alone = Document(50, 60, "float32", (Layer("Base", kept.raster), blur(4)))
    assert np.array_equal(shown(cropped), shown(alone))
    assert reachable(cropped, 30) == cropped.region
    below = cropped.below(costly.id)
    assert reachable(below, 30) == Region(-30, -30, 110, 120)


def test_a_mask_goes_on_as_it_ends_beyond_its_own_pixels_alone():
    mask = Raster.filled(50, 60, (255,), "uint8")
    masked = blur(4, mask=mask, feather=20.0, mask_place=Place.offset(100, 100))
    cropped = geometry.crop(document(), Region(100, 100, 50, 60))
    bare = replace(masked, mask=None)
    with_mask, without = (replace(cropped, layers=(*cropped.layers, x)) for x in (masked, bare))
    assert np.allclose(shown(with_mask), shown(without), atol=1e-6)


def test_reachable_is_the_frame_and_the_reach_as_far_as_there_is_a_plane():
    cropped = geometry.crop(document(), Region(5, 100, 50, 60))
    assert reachable(cropped, 16) == Region(-5, -16, 71, 92)
    hidden = replace(cropped, layers=(replace(cropped.layers[0], visible=False),))
    assert reachable(hidden, 16) == hidden.region
    assert reachable(
        geometry.perspective(cropped, 50, 60, Place((1, 0, 0, 0, 1, 0, 1e-3, 0, 1))), 16
    )


def hidden(kind):
    """A cropped or straightened document of two layers, one moved, and a live blur."""
    top = Layer(
        "Top",
        raster(200, 150, 4, "float32", 3),
        place=Place.offset(260, 250),
        mode="multiply",
        mask=raster(WIDTH, HEIGHT, 1, "uint8", 8),
        id="top",
    )
    made = document(top, blur(3), channels=3)
    if kind == "straightened":
        return geometry.straighten(made, 3)
    return geometry.crop(made, Region(150, 140, 200, 190))


@pytest.mark.parametrize("kind", ["cropped", "straightened"])
def test_a_flattened_picture_looks_the_same_and_a_crop_of_it_is_taken_back(kind):
    before, live = hidden(kind), Blur()
    flat = edits.flatten().through(live).apply(before)
    assert len(flat.layers) == 1
    assert np.abs(shown(flat)[..., :3] - shown(before)[..., :3]).max() < 1e-6
    found = geometry.extent(flat)
    assert (found.x, found.y, found.right, found.bottom) == tuple(extent_of(before))
    again, all_of_it = geometry.reveal_all(flat), geometry.reveal_all(before)
    assert np.abs(opaque(shown(again)) - opaque(shown(all_of_it))).max() < 1e-5


def opaque(pixels):
    """Premultiplied: under what is transparent there is no colour."""
    return pixels[..., :3] * pixels[..., 3:] if pixels.shape[2] == 4 else pixels


def extent_of(document):
    found = reachable(document, 10_000)
    return found.x, found.y, found.right, found.bottom


def test_layers_merged_down_keep_what_the_frame_hides():
    before = hidden("cropped")
    before = replace(before, layers=before.layers[:2])
    merged = edits.merge_down(layer="top").through(None).apply(before)
    assert len(merged.layers) == 1
    assert np.array_equal(shown(merged)[..., :3], shown(before)[..., :3])
    again, all_of_it = geometry.reveal_all(merged), geometry.reveal_all(before)
    assert np.abs(opaque(shown(again)) - opaque(shown(all_of_it))).max() < 1e-6


def test_what_was_kept_for_the_frame_alone_is_flattened_for_the_frame_alone():
    kept = Kept(raster(50, 60, 3, "float32", 9), "key", place=Place.offset(100, 100))
    costly = Layer("Costly", LiveFilter("costly", kept=kept), opacity=0.5)
    cropped = geometry.crop(document(), Region(100, 100, 50, 60))
    cropped = replace(cropped, layers=(*cropped.layers, costly))
    flat = edits.flatten().through(Blur()).apply(cropped)
    assert geometry.extent(flat) == flat.region
    assert np.array_equal(shown(flat), shown(cropped))


def test_a_plane_that_no_memory_holds_is_not_flattened_with_the_picture():
    far = Layer("Far", raster(9, 9, 4, "float32", 3), place=Place.offset(900_000, 900_000))
    flat = edits.flatten().through(None).apply(document(far))
    assert geometry.extent(flat) == flat.region


def test_a_white_mask_hides_nothing_beyond_the_frame_either():
    cropped = geometry.crop(document(), Region(100, 100, 50, 60))
    masked = edits.add_mask(layer=cropped.layers[0].id).apply(cropped)
    revealed = geometry.reveal_all(masked)
    assert np.array_equal(shown(revealed)[..., :3], shown(document()))
