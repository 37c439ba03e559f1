"""Canvas size, trim, turns by any angle, four corners, transformed layers: as commands."""

from dataclasses import replace

import numpy as np
import pytest

from safelight.api import Region
from safelight.document import (
    DECLARED,
    Document,
    EditError,
    Group,
    History,
    Layer,
    LiveFilter,
    Metadata,
    edits,
    geometry,
    render,
)
from safelight.document.commands import reshape_commands
from safelight.document.placement import Place
from safelight.pixels import Raster
from tests.document.strategies import raster


@pytest.fixture
def document():
    return Document.from_raster(raster(140, 90, 3, "uint8"))


def shown(document):
    return render(document, document.region)


# -- resize ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "size"),
    [
        ({"width": 50, "unit": "percent"}, (70, 45)),
        ({"width": 50, "height": 100, "unit": "percent"}, (70, 90)),
        ({"width": 2.54, "unit": "cm", "dpi": 100}, (100, 64)),
        ({"height": 0.5, "unit": "in", "dpi": 300}, (233, 150)),
        ({"width": 70}, (70, 45)),
    ],
)
def test_a_size_is_stated_in_pixels_percent_or_as_a_print(document, given, size):
    made = edits.resize(**given).apply(document)
    assert (made.width, made.height) == size


def test_dots_per_inch_alone_change_no_pixel_and_a_print_asks_for_them(document):
    made = edits.resize(dpi=300).apply(document)
    assert made.metadata.dpi == (300, 300)
    assert made.layers is document.layers
    with pytest.raises(EditError, match="has no resolution; state dpi"):
        edits.resize(width=10, unit="cm").apply(document)
    known = replace(document, metadata=Metadata(dpi=(50.0, 50.0)))
    made = edits.resize(width=2, unit="in").apply(known)
    assert (made.width, made.metadata.dpi) == (100, (50, 50))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"width": 0.001, "unit": "percent"}, "0 x 1 pixels cannot be"),
        ({"width": 100_000, "height": 100_000}, "more than the 500 million"),
        ({"width": 100_000, "unit": "percent"}, "more than the 500 million"),
    ],
)
def test_a_resize_to_nothing_or_to_ten_thousand_million_is_refused_in_words(document, given, said):
    with pytest.raises(EditError, match=said):
        edits.resize(**given).apply(document)


def test_mitchell_is_what_its_authors_published_and_rings_less_than_bicubic():
    """A single white pixel made ten times as large is the filter itself (1988, figure 8)."""
    pixels = np.zeros((9, 9, 3), np.float32)
    pixels[4, 4] = 1
    edge = np.where(np.arange(40) < 20, 0.2, 0.8).astype(np.float32)
    made = edits.resize(width=90, height=90, method="mitchell").apply(
        Document.from_raster(Raster.from_array(pixels))
    )
    row = shown(made)[..., 0].astype(float)
    at = np.abs((np.arange(90) + 0.5) / 10 - 4.5)
    near = (7 * at**3 - 12 * at**2 + 16 / 3) / 6
    far = (-7 / 3 * at**3 + 12 * at**2 - 20 * at + 32 / 3) / 6
    curve = np.where(at < 1, near, np.where(at < 2, far, 0))
    assert np.abs(row - np.outer(curve, curve)).max() < 1e-5

    def over(method):
        strip = np.repeat(np.repeat(edge[None, :, None], 8, 0), 3, 2)
        held = Document.from_raster(Raster.from_array(strip))
        return shown(edits.resize(width=100, height=8, method=method).apply(held)).max() - 0.8

    assert over("mitchell") < over("bicubic")


# -- canvas size -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("anchor", "corner"),
    [
        ("top_left", (0, 0)),
        ("top", (30, 0)),
        ("top_right", (60, 0)),
        ("left", (0, 20)),
        ("centre", (30, 20)),
        ("right", (60, 20)),
        ("bottom_left", (0, 40)),
        ("bottom", (30, 40)),
        ("bottom_right", (60, 40)),
    ],
)
def test_the_picture_stays_at_its_anchor_and_what_is_around_it_is_transparent(
    document, anchor, corner
):
    made = reshape_commands.canvas_size(width=200, height=130, anchor=anchor).apply(document)
    x, y = corner
    pixels = shown(made)
    assert np.array_equal(pixels[y : y + 90, x : x + 140, :3], shown(document)[..., :3])
    assert (pixels[..., 3] > 0).sum() == 140 * 90
    smaller = reshape_commands.canvas_size(width=80, height=50, anchor=anchor).apply(document)
    x, y = corner
    expected = shown(document)[y : y + 50, x : x + 60 + 20]
    assert np.array_equal(shown(smaller), expected)
    assert smaller.layers is document.layers
    assert geometry.reveal_all(smaller) == document


def test_a_border_has_its_colour_whatever_is_above_the_photograph(document):
    dark = replace(document, layers=(*document.layers, Layer("Dark", raster(140, 90, 3, "uint8"))))
    made = reshape_commands.canvas_size(
        width=10, height=20, relative=True, fill="colour", colour="#ff8000"
    ).apply(dark)
    assert (made.width, made.height) == (150, 110)
    pixels = shown(made)
    assert np.array_equal(pixels[10:100, 5:145, :3], shown(dark)[..., :3])
    border = np.ones((110, 150), bool)
    border[10:100, 5:145] = False
    assert (pixels[border] == (255, 128, 0, 255)[: pixels.shape[2]]).all()


def test_a_border_covers_what_a_crop_has_hidden(document):
    cropped = edits.crop((20, 20, 60, 40)).apply(document)
    made = reshape_commands.canvas_size(width=80, height=60, fill="colour", colour="#000000").apply(
        cropped
    )
    pixels = shown(made)
    assert (pixels[:10, :, :3] == 0).all()
    assert np.array_equal(pixels[10:50, 10:70, :3], shown(cropped)[..., :3])
    again = reshape_commands.canvas_size(width=80, height=60).apply(cropped)
    assert np.array_equal(shown(again)[..., :3], shown(document)[10:70, 10:90, :3])


def test_a_canvas_is_stated_as_a_print_too_and_never_holds_nothing(document):
    made = reshape_commands.canvas_size(width=1, unit="in", dpi=200).apply(document)
    assert (made.width, made.height) == (200, 90)
    for given in ({"width": -140, "relative": True}, {"height": 0.1}, {"width": -5}):
        with pytest.raises(EditError, match="holds nothing"):
            reshape_commands.canvas_size(**given).apply(document)
    with pytest.raises(EditError, match="cannot be"):
        reshape_commands.canvas_size(width=1_000_000, relative=True).apply(document)


# -- trim ------------------------------------------------------------------------------------


def framed(colour, channels=3):
    pixels = np.full((60, 80, channels), colour, np.uint8)
    pixels[10:40, 15:70] = raster(55, 30, channels, "uint8", 9).to_array()
    pixels[10, 15, :3] = pixels[39, 69, :3] = pixels[10, 69, :3] = 128
    pixels[[10, 39, 10], [15, 69, 69], 3:] = 255
    return pixels


@pytest.mark.parametrize("edge", ["automatic", "top_left", "bottom_right"])
def test_an_edge_of_one_colour_is_cut_off_and_comes_back(edge):
    pixels = framed((250, 240, 230))
    noisy = pixels.astype(int)
    noisy[:9] += np.random.default_rng(1).integers(-5, 5, (9, 80, 3))
    document = Document.from_raster(Raster.from_array(noisy.clip(0, 255).astype(np.uint8)))
    made = reshape_commands.trim(edge=edge).apply(document)
    assert np.array_equal(shown(made), shown(document)[10:40, 15:70])
    assert geometry.reveal_all(made) == document
    exactly = reshape_commands.trim(edge=edge, tolerance=0.5).apply(document)
    assert exactly.height > 30


@pytest.mark.parametrize("edge", ["automatic", "transparent"])
def test_a_transparent_edge_is_cut_off_whatever_colour_hides_in_it(edge):
    pixels = framed((1, 2, 3, 0), 4)
    pixels[:5, :, :3] = 200
    document = Document.from_raster(Raster.from_array(pixels))
    made = reshape_commands.trim(edge=edge).apply(document)
    assert (made.width, made.height) == (55, 30)


def test_a_picture_of_one_colour_is_left_alone_in_words(document):
    grey = Document.from_raster(Raster.filled(40, 30, (90, 90, 90), "uint8"))
    with pytest.raises(EditError, match="nothing would be left"):
        reshape_commands.trim().apply(grey)
    assert reshape_commands.trim(edge="transparent").apply(document) is document


# -- turns -----------------------------------------------------------------------------------


@pytest.mark.parametrize("angle", [90, -90, 180, 270, 360])
def test_right_angles_change_no_pixel(document, angle):
    made = reshape_commands.rotate(angle=angle).apply(document)
    assert np.array_equal(shown(made), np.rot90(shown(document), -angle // 90))


@pytest.mark.parametrize("angle", [10, 45, -45, 100, 200.5, -133])
def test_a_picture_turned_by_any_angle_shows_all_of_it_or_no_empty_corner(document, angle):
    whole = reshape_commands.rotate(angle=angle).apply(document)
    back = whole.frame.inverse
    for x, y in back.corners(140, 90):
        assert -1e-6 <= x <= whole.width + 1e-6
        assert -1e-6 <= y <= whole.height + 1e-6
    assert whole.has_alpha
    cut = reshape_commands.rotate(angle=angle, corners="cut").apply(document)
    assert not cut.has_alpha
    white = reshape_commands.rotate(angle=angle, corners="colour", colour="#00ff00").apply(document)
    assert not white.has_alpha
    assert tuple(shown(white)[0, 0, :3]) == (0, 255, 0)
    right = np.subtract(whole.frame.inverse.at(1, 0), whole.frame.inverse.at(0, 0))
    turned = np.degrees(np.arctan2(right[1], right[0]))
    assert (turned - angle + 180) % 360 - 180 == pytest.approx(0, abs=1e-6)


# -- four corners ----------------------------------------------------------------------------


def wall(corners, size=(200, 160)):
    """A picture of stripes that stand within four corners as a camera draws them."""
    back = Place.onto(1, 1, corners).inverse
    rows, columns = np.mgrid[0 : size[1], 0 : size[0]] + 0.5
    a, b, c, _, _, _, g, h, i = back.matrix
    across = (a * columns + b * rows + c) / (g * columns + h * rows + i)
    light = 0.5 + 0.4 * np.sin(across * 6 * np.pi)
    return Raster.from_array(np.repeat(light.astype(np.float32)[..., None], 3, 2))


CORNERS = ((60.0, 20.0), (150.0, 40.0), (160.0, 130.0), (40.0, 150.0))
WRITTEN = "60,20;150,40;160,130;40,150"


@pytest.mark.parametrize("keep", ["marked", "picture"])
def test_lines_between_four_corners_stand_upright(keep):
    document = Document.from_raster(wall(CORNERS))
    made = reshape_commands.rectify(corners=WRITTEN, keep=keep).apply(document)
    assert not made.has_alpha
    seen = shown(made)[..., 0].astype(float)
    assert np.ptp(seen, axis=0).max() < 0.05
    assert np.ptp(seen, axis=1).min() > 0.5
    assert made.layers is document.layers
    if keep == "picture":
        marked = made.frame.inverse
        inside = [marked.at(*corner) for corner in CORNERS]
        assert max(x for x, _ in inside) - min(x for x, _ in inside) < made.width
        assert made.width * made.height <= 200 * 160


def test_the_rectangle_is_as_large_as_stated_and_all_comes_back():
    document = Document.from_raster(wall(CORNERS))
    history = History.start(document).do(
        reshape_commands.rectify(corners=WRITTEN, width=120, height=77)
    )
    made = history.document
    assert (made.width, made.height) == (120, 77)
    assert made.frame.corners(120, 77) == [pytest.approx(corner) for corner in CORNERS]
    plane = geometry.unwarped(made)
    assert (plane.width, plane.height, plane.frame) == (200, 160, document.frame)
    assert history.undo().document is document


def test_a_perspective_of_what_is_turned_and_mirrored_shows_its_whole_plane_level():
    document = edits.flip().apply(edits.turn(90).apply(Document.from_raster(wall(CORNERS))))
    made = reshape_commands.rectify(corners="30,50;120,40;130,160;20,150").apply(document)
    plane = geometry.unwarped(made)
    assert (plane.width, plane.height, plane.frame) == (160, 200, document.frame)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "corners are x,y;x,y"),
        ({"corners": "1,2;3"}, "corners are x,y;x,y"),
        ({"corners": "0,0;90,0;20,20;0,80"}, "without a dent"),
        ({"corners": WRITTEN, "width": 30}, "both sides"),
        ({"corners": WRITTEN, "width": 1_000_000, "height": 10**6 + 1}, "outside"),
        ({"corners": "80,20;100,20;190,150;10,150", "keep": "picture"}, "meet in the picture"),
    ],
)
def test_four_corners_that_cannot_be_are_refused_in_words(given, said):
    document = Document.from_raster(wall(CORNERS))
    with pytest.raises(EditError, match=said):
        reshape_commands.rectify(**given).apply(document)


def test_four_corners_have_the_same_shape_however_the_picture_was_cropped_or_seen_before():
    document = Document.from_raster(wall(CORNERS))
    made = reshape_commands.rectify(corners=WRITTEN).apply(document)
    cropped = edits.crop((30, 10, 150, 145)).apply(document)
    shifted = ";".join(f"{x - 30:g},{y - 10:g}" for x, y in CORNERS)
    seen = reshape_commands.rectify(corners="5,5;190,9;195,150;8,155").apply(document)
    places = [seen.frame.inverse.at(*corner) for corner in CORNERS]
    warped = ";".join(f"{x:.6f},{y:.6f}" for x, y in places)
    for other in (
        reshape_commands.rectify(corners=shifted).apply(cropped),
        reshape_commands.rectify(corners=warped).apply(seen),
    ):
        assert (other.width, other.height) == (made.width, made.height)
        assert other.frame.matrix == pytest.approx(made.frame.matrix, abs=1e-4)
    level = reshape_commands.rectify(corners="20,10;120,10;120,90;20,90").apply(document)
    assert level == edits.crop((20, 10, 100, 80)).apply(document)


# -- transform -------------------------------------------------------------------------------


@pytest.fixture
def layered(document):
    """A photograph, and above it a spot of 20 x 10 on a transparent layer."""
    pixels = np.zeros((90, 140, 4), np.uint8)
    pixels[..., :3] = 77
    pixels[30:40, 50:70] = raster(20, 10, 4, "uint8", 5).to_array()
    pixels[30:40, 50:70, 3] = 255
    spot = Layer("Spot", Raster.from_array(pixels), id="spot")
    return replace(document, layers=(*document.layers, spot))


def alone(document, name="spot"):
    """What a layer shows by itself."""
    return shown(replace(document, layers=(document.layer(name),), selection=None))


def test_a_layer_is_transformed_about_the_middle_of_what_it_shows(layered):
    assert geometry.box_of(layered, layered.layer("spot")) == Region(50, 30, 20, 10)
    made = reshape_commands.transform(layer="spot", width=200, height=300).apply(layered)
    assert geometry.box_of(made, made.layer("spot")) == Region(40, 20, 40, 30)
    made = reshape_commands.transform(layer="spot", x=7, y=-3).apply(layered)
    assert np.array_equal(alone(made)[27:37, 57:77], alone(layered)[30:40, 50:70])
    made = reshape_commands.transform(layer="spot", angle=90).apply(layered)
    seen = alone(made)
    assert (seen[..., 3] > 0).sum() == 200
    assert geometry.box_of(made, made.layer("spot")) == Region(55, 25, 10, 20)
    assert np.array_equal(seen[25:45, 55:65], np.rot90(alone(layered)[30:40, 50:70], -1))
    made = reshape_commands.transform(layer="spot", width=-100).apply(layered)
    assert np.array_equal(alone(made)[30:40, 50:70], alone(layered)[30:40, 50:70][:, ::-1])


def test_there_and_back_is_the_layer_itself_resampled_once_from_its_own_pixels(layered):
    history = History.start(layered)
    there = history.do(reshape_commands.transform(layer="spot", width=10, height=10))
    back = there.do(
        reshape_commands.transform(layer="spot", box=(50, 30, 20, 10), width=1000, height=1000)
    )
    assert back.document.layer("spot").raster is layered.layer("spot").raster
    found = back.document.layer("spot").place.matrix
    assert found == pytest.approx(layered.layer("spot").place.matrix, abs=1e-9)
    assert there.undo().document is layered
    assert len(back.steps) == 3


def test_what_is_selected_of_a_layer_becomes_a_layer_of_its_own_and_leaves_a_hole(document):
    selected = edits.select_region(Region(20, 10, 30, 40)).apply(document)
    made = reshape_commands.transform(layer=document.layers[0].id, x=60, y=5).apply(selected)
    base, part = made.layers
    assert base.raster is part.raster is document.layers[0].raster
    pixels, own = shown(made), shown(document)
    assert np.array_equal(pixels[15:55, 80:110, :3], own[10:50, 20:50, :3])
    assert (pixels[10:50, 20:50, 3] == 0).all()
    outside = np.ones((90, 140), bool)
    outside[10:50, 20:50] = outside[15:55, 80:110] = False
    assert np.array_equal(pixels[outside][:, :3], own[outside][:, :3])
    assert made.picture.selection.bounds() == Region(80, 15, 30, 40)
    copied = reshape_commands.transform(x=60, y=5, copy=True, layer=document.layers[0].id).apply(
        selected
    )
    assert copied.layers[0] is document.layers[0]
    assert np.array_equal(shown(copied)[15:55, 80:110, :3], own[10:50, 20:50, :3])
    whole = reshape_commands.transform(x=60, whole_layer=True, layer=document.layers[0].id).apply(
        selected
    )
    assert len(whole.layers) == 1
    assert whole.picture.selection.bounds() == Region(20, 10, 30, 40)


def test_a_mask_that_there_was_still_hides_what_it_hid(document):
    masked = edits.add_mask(layer=document.layers[0].id).apply(
        edits.select_region(Region(0, 0, 70, 90)).apply(document)
    )
    selected = edits.select_region(Region(50, 10, 40, 40)).apply(masked)
    made = reshape_commands.transform(layer=document.layers[0].id, y=45).apply(selected)
    pixels = shown(made)
    assert (pixels[55:89, 70:, 3] == 0).all()
    assert np.array_equal(pixels[55:90, 50:70, :3], shown(document)[10:45, 50:70, :3])


def test_a_group_is_transformed_with_all_in_it_and_a_selection_alone(layered):
    grouped = edits.group_layer(layer="spot").apply(layered)
    group = grouped.layers[-1]
    assert isinstance(group.content, Group)
    assert geometry.box_of(grouped, group) == Region(50, 30, 20, 10)
    made = reshape_commands.transform(layer=group.id, width=50, height=50).apply(grouped)
    assert geometry.box_of(made, made.layers[-1]) == Region(55, 32, 10, 6)
    selected = edits.select_region(Region(10, 10, 20, 20)).apply(layered)
    made = reshape_commands.transform_selection(width=50, height=200, x=10).apply(selected)
    rows, columns = np.nonzero(made.picture.selection.to_array()[..., 0] > 0.5)
    assert (columns.min(), columns.max(), rows.min(), rows.max()) == (25, 34, 0, 39)
    assert made.layers is selected.layers


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"width": 1_000_000}, "cannot be 200000 x 10 pixels large"),
        ({"width": 0}, "cannot be 0 x 10 pixels large"),
        ({"width": 5e9}, "outside"),
        ({"x": 2_000_000}, "outside"),
        ({"box": (0, 0, 0, 5)}, "nothing that could be"),
        ({"angle": 1e9}, "outside"),
    ],
)
def test_a_transformation_that_cannot_be_is_refused_in_words(layered, given, said):
    with pytest.raises(EditError, match=said):
        reshape_commands.transform(layer="spot", **given).apply(layered)


def test_what_cannot_be_transformed_says_so(layered):
    empty = edits.empty_layer(layer="spot", name="Empty").apply(layered)
    with pytest.raises(EditError, match="Empty shows nothing"):
        reshape_commands.transform(layer="Empty").apply(empty)
    held = edits.add_layer(Layer("Blur", LiveFilter("blur"), id="blur")).apply(layered)
    with pytest.raises(EditError, match="Blur works on everything"):
        reshape_commands.transform(layer="blur").apply(held)
    locked = edits.set_locked(layer="spot").apply(layered)
    with pytest.raises(EditError, match="locked"):
        reshape_commands.transform(layer="spot", x=3).apply(locked)
    slanting = edits.perspective(vertical=60, horizontal=40).apply(layered)
    for edit in (
        reshape_commands.transform(layer=layered.layers[0].id, y=3000),
        edits.move_pixels(layer=layered.layers[0].id, y=3000),
    ):
        with pytest.raises(EditError, match="cannot be changed so far: it would reach the horizon"):
            edit.apply(slanting)
    with pytest.raises(EditError, match="nothing is selected"):
        reshape_commands.transform_selection(x=3).apply(layered)


def test_every_command_of_this_file_is_written_down_as_what_it_is(layered):
    for edit in (
        reshape_commands.canvas_size(width=300),
        reshape_commands.trim(),
        reshape_commands.rotate(angle=3),
        reshape_commands.rectify(corners=WRITTEN),
        reshape_commands.transform(layer="spot", x=1.5),
    ):
        step = History.start(layered).do(edit).steps[-1]
        again = DECLARED[step.record.id](**step.record.settings).apply(layered)
        assert again.looked_at == step.document.looked_at
        assert np.array_equal(shown(again), shown(step.document))


FRAMES = {
    "perspective": lambda: edits.perspective(vertical=25, horizontal=-10),
    "perspective of a crop": lambda: edits.perspective(vertical=-18),
    "straightened": lambda: reshape_commands.rotate(angle=7.0, corners="cut"),
    "cropped": lambda: edits.crop((10, 5, 110, 80)),
}


@pytest.fixture(params=FRAMES)
def through(layered, request):
    """The picture as it is seen through a crop, a straightening or a perspective."""
    if request.param == "perspective of a crop":
        layered = edits.crop((8, 4, 120, 80)).apply(layered)
    return FRAMES[request.param]().apply(layered)


def test_whatever_a_picture_is_seen_through_a_layer_is_moved_as_seen(through):
    made = reshape_commands.transform(layer="spot", x=7, y=-3).apply(through)
    before, after = alone(through).astype(int), alone(made).astype(int)
    height, width = before.shape[:2]
    assert (before[..., 3] > 0).sum() > 100
    moved = after[: height - 3, 7:] - before[3:, : width - 7]
    assert np.abs(moved * (before[3:, : width - 7, 3:] > 0)).max() <= 1
    assert made.layer("spot").raster is through.layer("spot").raster  # resampled once
    ground = alone(made, through.layers[0].id)
    assert np.array_equal(ground, alone(through, through.layers[0].id))


def test_whatever_a_picture_is_seen_through_a_layer_is_scaled_and_turned_as_seen(through):
    box = geometry.box_of(through, through.layer("spot"))
    made = reshape_commands.transform(layer="spot", width=200, height=150, angle=90).apply(through)
    now = geometry.box_of(made, made.layer("spot"))
    assert (now.width, now.height) == pytest.approx((1.5 * box.height, 2 * box.width), abs=2)
    assert now.x + now.width / 2 == pytest.approx(box.x + box.width / 2, abs=1)
    assert now.y + now.height / 2 == pytest.approx(box.y + box.height / 2, abs=1)
    back = reshape_commands.transform(layer="spot", x=9, y=4).apply(through)
    back = reshape_commands.transform(layer="spot", x=-9, y=-4).apply(back)
    assert np.abs(alone(back).astype(int) - alone(through)).max() <= 1


def test_whatever_a_picture_is_seen_through_a_selection_is_moved_as_seen(through):
    chosen = edits.select_box(box=(40, 30, 30, 20)).apply(through)
    made = reshape_commands.transform_selection(x=11, y=6).apply(chosen)
    held, now = reshape_commands.selected_box(chosen), reshape_commands.selected_box(made)
    # Lanczos' sum reaches three pixels further than what it is of, on all sides alike.
    assert (now.x + now.width / 2, now.y + now.height / 2) == pytest.approx(
        (held.x + held.width / 2 + 11, held.y + held.height / 2 + 6), abs=0.5
    )
    assert 0 <= now.width - held.width <= 6
    assert made.layers == chosen.layers
    lifted = reshape_commands.transform(layer=through.layers[0].id, x=11, y=6).apply(chosen)
    part = lifted.layers[1]
    assert part.name.endswith(" part")
    goal = held.move(11, 6)
    box = geometry.box_of(lifted, part)
    assert (box.x, box.y, box.right, box.bottom) == pytest.approx(
        (goal.x, goal.y, goal.right, goal.bottom), abs=3
    )


def test_a_layer_moved_under_a_perspective_stays_there_when_that_is_taken_away(layered):
    slanting = edits.perspective(vertical=25).apply(layered)
    made = reshape_commands.transform(layer="spot", x=7, y=-3).apply(slanting)
    level = replace(made, frame=layered.frame)
    assert alone(level)[..., 3].astype(int).sum() / 255 == pytest.approx(200, abs=80)
    held = geometry.extent(level)
    assert held.width < 200
    assert held.height < 200
