"""Place and frame: what a crop hides comes back, and one map leads from pixels to pixels."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.api import Region
from safelight.document import (
    Document,
    History,
    Kept,
    Layer,
    LiveFilter,
    Stroke,
    edits,
    geometry,
    is_stale,
    kernels,
    render,
    result_key,
)
from safelight.document.placement import IDENTITY, Place
from safelight.pixels import RESAMPLE, Raster, View, to_float
from safelight.pixels import mapped_raster as view
from tests.document.strategies import noise, raster


def reference(pixels, matrix, x, y):
    """One pixel of a Lanczos-3 view of (height, width, 4), straight, in float64, by the book."""
    (a, b, c), (d, e, f), (g, h, i) = np.reshape(matrix, (3, 3))
    far = g * x + h * y + i
    u, v = (a * x + b * y + c) / far, (d * x + e * y + f) / far
    reach = math.hypot(a - u * g, b - u * h) / far, math.hypot(d - v * g, e - v * h) / far
    wide, high = (max(pixels_of_the_source, 1) for pixels_of_the_source in reach)
    rows, columns, _ = pixels.shape
    cover = np.clip(min(u, columns - u) / reach[0] + 0.5, 0, 1)
    cover *= np.clip(min(v, rows - v) / reach[1] + 0.5, 0, 1)

    def weights(at, size):
        places = np.arange(math.floor(at - 3 * size) - 1, math.ceil(at + 3 * size) + 2)
        t = (places + 0.5 - at) / size
        return places, np.where(np.abs(t) < 3, np.sinc(t) * np.sinc(t / 3), 0)

    across, horizontal = weights(u, wide)
    down, vertical = weights(v, high)
    held = pixels.astype(np.float64).copy()
    held[..., :3] *= held[..., 3:]
    part = held[np.clip(down, 0, rows - 1)][:, np.clip(across, 0, columns - 1)]
    weight = vertical[:, None] * horizontal[None, :]
    total = (part * weight[..., None]).sum((0, 1)) / weight.sum()
    alpha = np.clip(total[3], 0, 1)
    return total[:3] * cover, alpha * cover, alpha


numbers = st.floats(-0.3, 0.3)


@settings(max_examples=25)
@given(
    st.floats(-180, 180),
    st.floats(0.4, 2.5),
    numbers,
    st.tuples(st.floats(-20, 40), st.floats(-20, 40)),
    st.floats(-0.002, 0.002),
    st.integers(0, 1),
    st.data(),
)
def test_a_view_is_what_an_independent_reference_gives(
    angle, size, shear, offset, far, level, data
):
    source = Raster.from_array(noise(60, 48, 4, "float32", 3))
    place = Place.offset(*offset).after(Place.turned(angle, 30, 24))
    place = place.after(Place.affine(size, shear, 0, 0, size, 0))
    frame = Place((1, 0, 3.5, 0, 1, -2, far, far / 2, 1))
    through = place.inverse.after(frame)
    view = View(source, through.matrix, 64, 40).level(level)
    x, y = data.draw(st.integers(0, view.width - 1)), data.draw(st.integers(0, view.height - 1))
    made = view.read(Region(x, y, 1, 1))[0, 0].astype(np.float64)
    step = 1 << level
    scale = np.diag([step, step, 1.0])
    matrix = np.linalg.inv(scale) @ np.reshape(through.matrix, (3, 3)) @ scale
    pixels = to_float(source.level(level).to_array())
    colour, alpha, own = reference(pixels, matrix, x + 0.5, y + 0.5)
    assert abs(made[3] - alpha) < 1e-3
    if own > 0.05:
        assert np.abs(made[:3] * made[3] - colour).max() < 1e-3


def photo(width=300, height=270, depth="uint8", channels=3):
    top = Layer("Top", raster(width, height, 4, depth, 2), mask=raster(width, height, 1, seed=3))
    return Document(
        width, height, depth, (Layer("Base", raster(width, height, channels, depth)), top)
    )


@given(st.integers(-9, 290), st.integers(-9, 260), st.integers(1, 300), st.integers(1, 300))
def test_a_crop_and_back_is_the_same_document_and_shares_its_rasters(x, y, width, height):
    before = photo()
    cropped = geometry.crop(before, Region(x, y, width, height))
    after = geometry.crop(cropped, Region(-x, -y, before.width, before.height))
    assert after == before
    assert list(cropped.rasters()) == list(before.rasters())


def test_flips_right_angles_and_crops_are_exact():
    document = photo(depth="uint16")
    shown = render(document, document.region)
    for changed, expected in (
        (geometry.flip(document, "horizontal"), shown[:, ::-1]),
        (geometry.flip(document, "vertical"), shown[::-1]),
        (geometry.turn(document, 90), np.rot90(shown, -1)),
        (geometry.turn(document, 180), shown[::-1, ::-1]),
        (geometry.turn(document, 270), np.rot90(shown)),
        (geometry.crop(document, Region(33, 17, 211, 140)), shown[17:157, 33:244]),
        (geometry.turn(geometry.turn(document, 90), -90), shown),
    ):
        assert np.array_equal(render(changed, changed.region), expected)


def test_a_box_for_a_crop_lies_in_all_that_there_is_turned_or_not():
    document = photo()
    for box, angle in (((0, 0, 300, 270), 0), ((90, 70, 120, 90), 45.0)):
        geometry.check_box(document, Region(*box), angle)
    for box, angle, said in (
        ((0, 0, 0, 9), 0, "a box of 0 x 9 pixels holds nothing"),
        ((0, 0, 301, 270), 0, "beyond the picture of 300 x 270 pixels$"),
        ((0, 0, 300, 270), 5.0, "beyond the picture of 300 x 270"),
    ):
        with pytest.raises(ValueError, match=said):
            geometry.check_box(document, Region(*box), angle)
    cropped = geometry.crop(document, Region(20, 30, 100, 90))
    geometry.check_box(cropped, Region(-20, -30, 300, 270))
    with pytest.raises(ValueError, match="270 pixels, which begins at -20,-30"):
        geometry.check_box(cropped, Region(-21, 0, 30, 30))


def test_a_resized_picture_is_one_lanczos_sum_of_the_whole_and_has_no_limit_but_memory():
    document = photo(depth="float32")
    half = geometry.resize(document, 150, 135)
    view = View(document.layers[0].raster, Place.scaled(2, 2).matrix, 150, 135)
    assert half.layers[0].raster.to_array() == pytest.approx(view.to_array())
    assert (half.frame, half.width, half.layers[1].mask.width) == (IDENTITY, 150, 150)
    with pytest.raises(ValueError, match="more than the 500 million"):
        geometry.resize(document, 100_000, 100_000)


@pytest.mark.parametrize(("width", "height"), [(60, 50), (41, 63), (7, 5), (299, 31)])
def test_an_opaque_picture_that_is_resized_is_opaque_to_its_edges(width, height):
    pixels = np.full((25, 30, 3), (200, 90, 30), np.uint8)
    resized = geometry.resize(Document.from_raster(Raster.from_array(pixels)), width, height)
    assert not resized.has_alpha
    shown = render(resized, resized.region)
    assert shown.shape == (height, width, 3)
    assert (shown == (200, 90, 30)).all()


def test_four_right_angles_and_two_flips_are_the_same_document():
    document = photo()
    turned = document
    for _ in range(4):
        turned = geometry.turn(turned, 90)
    assert turned == document
    assert geometry.flip(geometry.flip(document, "vertical"), "vertical") == document


@pytest.mark.parametrize("degrees", [-11.0, 3.5])
def test_any_region_of_a_straightened_picture_is_that_part_of_the_whole(degrees):
    document = geometry.straighten(photo(depth="float32"), degrees)
    whole = render(document, document.region)
    part = Region(40, 31, 90, 77)
    assert np.array_equal(render(document, part), whole[part.rows(), part.columns()])
    assert whole.shape[2] == 3  # opaque to the edge
    assert not document.has_alpha


def test_a_picture_straightened_there_and_back_shows_its_own_pixels_again():
    document = photo()
    back = edits.straighten(-3.3).apply(edits.straighten(3.3).apply(document))
    assert back.frame.exact
    x, y = (round(back.frame.matrix[k]) for k in (2, 5))
    shown = render(document, Region(x, y, back.width, back.height))
    assert np.array_equal(render(back, back.region), shown)
    assert edits.straighten(0).apply(document) is document


@pytest.mark.parametrize(
    ("box", "angle"), [((1, 1, 299, 269), 0.0), ((5, 5, 290, 260), 0.0), ((37, 41, 203, 149), 6.2)]
)
def test_an_opaque_crop_is_opaque_at_every_level_and_shows_its_own_colours(box, angle):
    pixels = np.full((270, 300, 3), (200, 90, 30), np.uint8)
    document = Document.from_raster(Raster.from_array(pixels))
    cropped = geometry.crop(document, Region(*box), angle)
    assert not cropped.has_alpha
    for level in range(6):
        width, height = (-(-side // 2**level) for side in box[2:])
        shown = render(cropped, Region(0, 0, width, height, level))
        assert shown.shape == (height, width, 3)
        assert np.abs(to_float(shown) - to_float(pixels)[0, 0]).max() < 0.003


def test_a_crop_that_turns_shows_what_lies_about_its_middle_and_turns_back_exactly():
    document = photo()
    turned = geometry.crop(document, Region(90, 70, 120, 90), 12.0)
    x, y = turned.frame.at(60, 45)
    assert (x, y) == pytest.approx((150, 115))
    right, down = turned.frame.at(61, 45)  # clockwise: to the right is now further up
    assert (right - x, down - y) == pytest.approx(
        (math.cos(math.radians(12)), -math.sin(math.radians(12)))
    )
    back = geometry.crop(turned, Region(0, 0, 120, 90), -12.0)
    assert back == geometry.crop(document, Region(90, 70, 120, 90))


def test_the_many_positions_of_a_drag_are_one_step_that_knows_the_whole_way():
    document = photo()
    top = document.layers[1].id
    history = History.start(document)
    for x, y in ((3, 1), (40, -25), (20, 7)):
        history = history.do(edits.drag_pixels(document, top, x, y, token="drag"))
    assert [step.label for step in history.steps] == ["Open", "Move"]
    assert history.document == edits.move_pixels(top, 20, 7).apply(document)
    assert history.steps[1].record.settings == {"layer": top, "x": 20, "y": 7}


def test_a_moved_layer_leaves_what_is_below_and_comes_back_whole():
    document = photo()
    top = document.layers[1].id
    there = edits.move_pixels(top, 40, -25).apply(document)
    assert edits.move_pixels(top, -40, 25).apply(there) == document
    shown = there.picture.layers[1]
    own = document.layers[1].raster.to_array()
    assert np.array_equal(shown.raster.to_array()[:245, 40:], own[25:, :260])
    assert not shown.raster.to_array()[245:, :, 3].any()


def test_what_a_crop_hides_is_revealed_again():
    document = photo()
    cropped = geometry.crop(document, Region(20, 30, 100, 90))
    assert geometry.reveal_all(cropped) == document


@pytest.mark.parametrize("angle", [0.0, 7.5, -44.0])
@pytest.mark.parametrize("turns", [0, 90, 180, 270])
@pytest.mark.parametrize("mirrored", [False, True])
def test_uncropped_is_the_whole_plane_level_and_tells_how_the_picture_is_turned(
    angle, turns, mirrored
):
    before = geometry.turn(photo(), turns)
    before = geometry.flip(before, "vertical") if mirrored else before
    document = geometry.crop(before, Region(100, 90, 80, 60), angle)
    whole, turned = geometry.uncropped(document)
    assert whole == before
    assert turned == pytest.approx(angle)
    again = geometry.crop(document, Region(0, 0, 80, 60), -turned)
    assert again.frame.exact
    assert geometry.uncropped(before) == (before, 0.0)


def test_before_and_after_are_of_one_plane_until_there_are_other_pixels():
    document = photo()
    cropped = geometry.crop(document, Region(20, 30, 100, 90))
    assert geometry.carried(document, cropped).at(20, 30) == (0, 0)
    assert geometry.framed_as(document, cropped) == cropped
    half = geometry.resize(cropped, 50, 45)
    assert geometry.carried(cropped, half) == Place.scaled(0.5, 0.5)
    assert geometry.framed_as(document, half) is document


def kept_on(document):
    held = LiveFilter("some.filter")
    kept = Kept(raster(document.width, document.height), result_key(document, held, {}))
    layer = Layer("Filter", replace(held, kept=kept))
    return replace(document, layers=(*document.layers, layer)), layer.id


def test_a_kept_result_is_shown_and_true_after_a_crop_and_stale_after_one_that_shows_more():
    document, layer_id = kept_on(photo())
    shown = render(document, document.region)
    for changed in (
        geometry.crop(document, Region(20, 30, 100, 90)),
        geometry.flip(document, "horizontal"),
        geometry.turn(document, 90),
    ):
        assert not is_stale(changed, layer_id)
    cropped = geometry.crop(document, Region(20, 30, 100, 90))
    assert np.array_equal(render(cropped, cropped.region), shown[30:120, 20:120])
    assert is_stale(geometry.crop(document, Region(-5, 0, 100, 90)), layer_id)
    assert is_stale(geometry.straighten(document, 2), layer_id)
    below = document.layers[0].id
    assert is_stale(edits.set_opacity(below, 0.5).apply(cropped), layer_id)


def test_a_stroke_on_a_cropped_picture_lands_where_it_was_painted():
    stroke = Stroke(((50.0, 40.0, 1.0), (80.0, 60.0, 1.0)), 12)
    document = photo()
    top = document.layers[1].id
    blank = edits.set_mask(top, Raster.filled(300, 270, (0,), "uint8")).apply(document)
    cropped = geometry.crop(blank, Region(20, 30, 150, 120))
    painted = edits.paint_mask(top, stroke).apply(cropped)
    back = geometry.crop(painted, Region(-20, -30, 300, 270))
    points = tuple((x + 20, y + 30, p) for x, y, p in stroke.points)
    expected = edits.paint_mask(top, replace(stroke, points=points)).apply(blank)
    assert back.layer(top).mask.digest() == expected.layer(top).mask.digest()


def test_a_mask_grows_where_a_stroke_needs_it():
    document = photo()
    top = document.layers[1].id
    blank = edits.set_mask(top, Raster.filled(300, 270, (0,), "uint8")).apply(document)
    wider = geometry.crop(blank, Region(-40, -40, 400, 400))
    painted = edits.paint_mask(top, Stroke(((10.0, 10.0, 1.0),), 8)).apply(wider)
    mask = painted.picture.layer(top).mask
    assert mask.to_array()[10, 10] == 255
    assert mask.to_array()[60:].max() == 0
    assert painted.layer(top).mask_place != IDENTITY


def test_inverting_a_mask_inverts_what_is_beyond_it():
    document = photo()
    top = document.layers[1].id
    wider = geometry.crop(edits.invert_mask(top).apply(document), Region(-10, 0, 50, 50))
    assert (wider.picture.layer(top).mask.to_array()[:, :10] == 255).all()


def test_the_resampler_is_compiled_for_documents_that_are_resampled_and_for_no_others():
    document = photo()
    for plain in (document, geometry.crop(document, Region(9, 9, 50, 50))):
        assert RESAMPLE not in kernels(plain)
    assert RESAMPLE not in kernels(document, smaller=True)
    assert RESAMPLE in kernels(geometry.crop(document, Region(9, 9, 50, 50)), smaller=True)
    for turned in (
        geometry.straighten(document, 2),
        geometry.straighten(replace(document, layers=document.layers[:1]), 2),
        geometry.moved(document, document.layers[1], Place.offset(0.5, 0)),
    ):
        assert RESAMPLE in kernels(turned)


@settings(max_examples=15)
@given(st.integers(0, 79), st.integers(0, 59), numbers, numbers, st.integers(30, 200))
def test_a_perspective_is_what_an_independent_reference_gives(x, y, across, down, width):
    pixels = noise(60, 80, 4, "float32", 4)
    document = Document(80, 60, "float32", (Layer("Base", Raster.from_array(pixels)),))
    through = Place((80 / width, across / 9, 1.5, down / 9, 0.9, 2, across / 90, down / 90, 1))
    seen = geometry.perspective(document, width, 60, through)
    x = x * width // 80
    made = render(seen, Region(x, y, 1, 1))[0, 0].astype(np.float64)
    if through.matrix[6] * (x + 0.5) + through.matrix[7] * (y + 0.5) + 1 < 0.05:
        return
    colour, alpha, own = reference(pixels, through.matrix, x + 0.5, y + 0.5)
    assert abs(made[3] - alpha) < 1e-3
    if own > 0.05 and alpha > 0.01:
        assert np.abs(made[:3] * made[3] - colour).max() < 1e-3


@settings(max_examples=15)
@given(st.integers(7, 300), st.integers(7, 200), st.floats(0, 1), st.floats(0, 1))
def test_a_resized_picture_is_what_an_independent_reference_gives(width, height, across, down):
    pixels = noise(60, 80, 4, "float32", 4)
    document = Document(80, 60, "float32", (Layer("Base", Raster.from_array(pixels)),))
    resized = geometry.resize(document, width, height)
    assert resized.frame == IDENTITY
    assert resized.layers[0].raster.width == width
    x, y = min(int(across * width), width - 1), min(int(down * height), height - 1)
    made = render(resized, Region(x, y, 1, 1))[0, 0].astype(np.float64)
    matrix = (80 / width, 0, 0, 0, 60 / height, 0, 0, 0, 1)
    colour, alpha, own = reference(pixels, matrix, x + 0.5, y + 0.5)
    assert abs(made[3] - alpha) < 1e-3
    if own > 0.05:
        assert np.abs(made[:3] * made[3] - colour).max() < 1e-3


def light_of(colour):
    """sRGB's numbers as light, and back, by the book (IEC 61966-2-1), in float64."""
    return np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)


def encoded(light):
    return np.where(
        light <= 0.0031308, light * 12.92, 1.055 * np.maximum(light, 0) ** (1 / 2.4) - 0.055
    )


@pytest.mark.parametrize("how", ["resize", "straighten", "perspective"])
def test_in_linear_light_it_is_what_an_independent_reference_gives_of_light(how):
    pixels = noise(60, 80, 4, "float32", 4)
    pixels[..., 3] = 1
    document = Document(80, 60, "float32", (Layer("Base", Raster.from_array(pixels)),))
    through = Place((0.9, 0.1, 6, -0.05, 0.8, 7, 1e-3, -5e-4, 1))
    made = {
        "resize": lambda it: geometry.resize(it, 37, 31, linear=True),
        "straighten": lambda it: geometry.straighten(geometry.in_linear_light(it), 5),
        "perspective": lambda it: geometry.perspective(
            geometry.in_linear_light(it), 40, 30, through
        ),
    }[how](document)
    assert made.linear == (how != "resize")
    matrix = (80 / 37, 0, 0, 0, 60 / 31, 0, 0, 0, 1) if how == "resize" else made.frame.matrix
    light = np.concatenate([light_of(pixels[..., :3].astype(np.float64)), pixels[..., 3:]], axis=2)
    for x, y in ((5, 4), (20, 17), (30, 9)):
        shown = render(made, Region(x, y, 1, 1))[0, 0, :3]
        colour, _, _ = reference(light, matrix, x + 0.5, y + 0.5)
        if colour.min() > 0.001:
            assert np.abs(shown - encoded(colour)).max() < 1e-3


@pytest.mark.parametrize("how", ["place", "frame", "perspective", "mask"])
def test_a_draft_is_made_of_the_zoom_levels_own_pixels_with_few_sums(monkeypatch, how):
    document = replace(Document.from_raster(raster(600, 400)), linear=True)
    turned, layer = Place.turned(7, 300, 200), document.layers[0]
    if how == "place":
        document = geometry.moved(document, layer, turned)
    elif how == "mask":
        mask = raster(600, 400, 1)
        document = document.with_layer(replace(layer, mask=mask, mask_place=turned))
    else:
        corners = [(20, 9), (590, 0), (600, 400), (0, 390)]
        frame = turned if how == "frame" else Place.onto(600, 400, corners)
        document = replace(document, frame=frame)
    told, resample = [], view.resample

    def noted(pixels, *given):
        told.append((pixels.shape[0] * pixels.shape[1], given[-1]))
        resample(pixels, *given)

    monkeypatch.setattr(view, "resample", noted)
    region = Region(0, 0, 150, 100, 2)
    render(document.drafted(), region)
    looked_at, methods = zip(*told, strict=True)
    assert set(methods) == {"bilinear"}
    assert sum(looked_at) < 2 * 150 * 100
    told.clear()
    sharp = render(document, region)
    assert {method for _, method in told} == {"lanczos"}
    assert np.abs(render(document.drafted(), region).astype(int) - sharp).mean() < 12
    assert document.drafted().drafted(False).looks_like(document)


def test_linear_light_changes_no_pixel_that_is_not_resampled():
    document = photo()
    cropped = geometry.crop(geometry.in_linear_light(document), Region(20, 30, 100, 90))
    shown = render(document, document.region)
    assert np.array_equal(render(cropped, cropped.region), shown[30:120, 20:120])
