"""Shapes: drawn from their outline at every size, changed at any time, and pixels nowhere else."""

import math

import numpy as np
import pytest

from safelight.api import Region
from safelight.cli.main import main
from safelight.document import (
    Document,
    EditError,
    History,
    LiveFilter,
    edits,
    geometry,
    render,
    result_key,
    whole,
)
from safelight.document.commands import reshape_commands, shape_commands
from safelight.document.placement import Place
from safelight.files import open_picture
from safelight.files.exports.export import export
from safelight.files.project.project import Project
from safelight.pixels import Drawing, Drawn, Outline, Raster, polygon_coverage

BOX = {"x": 40.0, "y": 30.0, "width": 120.0, "height": 80.0}


def black(width=300, height=200, depth="uint8"):
    return Document.from_raster(Raster.filled(width, height, (0, 0, 0), depth), name="Night")


def drawn(document=None, figure="rectangle", **settings):
    document = document or black()
    edit = shape_commands.add_shape(figure=figure, **(BOX | settings))
    return edit.apply(document)


def light(document):
    """How many pixels' worth of white a picture shows."""
    return float(render(document, document.region, depth="float32")[..., :3].mean(axis=2).sum())


AREAS = {
    "rectangle": 120 * 80,
    "rounded": 120 * 80 - (4 - math.pi) * 20**2,
    "ellipse": math.pi * 60 * 40,
    "polygon": 6 / 2 * math.sin(2 * math.pi / 6) * 60 * 40,
    "star": 6 * math.sin(math.pi / 6) * 0.5 * 60 * 40,
}


@pytest.mark.parametrize("figure", AREAS)
def test_each_figure_covers_its_area_and_keeps_within_its_box(figure):
    document = drawn(figure=figure, points=6, depth=0.5)
    # Curves are cut into lines at most a twentieth of a pixel inside them.
    assert light(document) == pytest.approx(AREAS[figure], abs=0.05 * 400)
    assert geometry.box_of(document, document.layers[-1]).grow(0, Region(40, 30, 120, 80)) == (
        geometry.box_of(document, document.layers[-1])
    )


@pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
def test_a_stroke_lies_on_the_edge_and_over_the_fill(depth):
    document = drawn(black(depth=depth), stroke="#ff0000", stroke_width=10.0, fill="#0000ff")
    shown = render(document, document.region, depth="float32")
    assert np.allclose(shown[70, 100], (0, 0, 1))
    assert np.allclose(shown[70, 42], (1, 0, 0))
    assert np.allclose(shown[70, 36], (1, 0, 0))
    assert np.allclose(shown[26, 36], (1, 0, 0)), "its corners are pointed"
    assert np.allclose(shown[70, 34], 0)
    hollow = drawn(filled=False, stroke="#ffffff", stroke_width=10.0)
    assert light(hollow) == pytest.approx(130 * 90 - 110 * 70)


@pytest.mark.parametrize(
    ("width", "height", "inside", "outside"),
    [(120, 80, (50, 37), (50, 103)), (120, -80, (50, 23), (50, -43)), (0, 80, (40, 70), (60, 70))],
)
def test_a_line_goes_from_corner_to_corner_whichever_way(width, height, inside, outside):
    document = drawn(figure="line", width=width, height=height, stroke="#ffffff", stroke_width=4.0)
    assert light(document) == pytest.approx(_seen_length(width, height) * 4, rel=0.02)
    shown = render(document, document.region)
    assert shown[inside[1], inside[0], 0] > 200
    assert outside[1] < 0 or shown[outside[1], outside[0], 0] == 0


def _seen_length(width, height):
    """A line from (40, 30) upwards leaves the picture at its top."""
    share = 1.0 if height > 0 else 30 / -height
    return math.hypot(width, height) * share


def test_a_path_that_crosses_itself_leaves_no_hole():
    points = [(math.sin(4 * math.pi * k / 5), -math.cos(4 * math.pi * k / 5)) for k in range(5)]
    pentagram = Outline.polygon([(50 + 40 * x, 50 + 40 * y) for x, y in points])
    made = Drawn(Drawing(pentagram), Place().matrix, 100, 100, "uint8", ((1, 1, 1), (0, 0, 0)))
    assert (made.to_array()[45:55, 45:55, 3] == 255).all()


def test_a_shape_is_as_sharp_twenty_times_as_large():
    document = drawn(figure="ellipse", width=10.0, height=10.0)
    layer = document.layers[-1]
    large = reshape_commands.transform(layer=layer.id, width=2000.0, height=2000.0, x=80, y=60)
    shown = render(large.apply(document), document.region)[..., 0]
    soft = np.count_nonzero((shown > 0) & (shown < 255))
    assert soft < 2.2 * math.pi * 200, "its edge is a pixel or two wide"
    assert light(large.apply(document)) > 0.5 * math.pi * 100**2


def test_each_zoom_level_shows_what_the_full_size_shows():
    document = drawn(figure="star", x=41.3, y=30.7)
    half = render(document, Region(0, 0, 150, 100, 1))[..., 0].astype(float)
    full = render(document, document.region)[..., 0].astype(float)
    mean = full.reshape(100, 2, 150, 2).mean(axis=(1, 3))
    assert np.abs(half - mean).max() <= 3
    raster = document.picture.layers[-1].pixels
    assert raster.is_grey()
    assert raster.bounds() == Region(41, 30, 121, 81).intersect(raster.bounds())


def test_pieces_of_a_drawing_are_those_of_the_whole():
    document = drawn(
        black(700, 600), figure="star", x=-30.0, y=-50.0, width=800.0, height=700.0, points=9,
        stroke="#808080", stroke_width=30.0,
    )  # fmt: skip
    raster = document.picture.layers[-1].pixels
    together = raster.to_array()
    part = Region(200, 190, 120, 150)
    assert np.array_equal(raster.read(part), together[part.rows(), part.columns()])
    seam = np.abs(np.diff(together[:, 250:262, 3].astype(int), axis=1))
    whole_star = np.abs(np.diff(together[..., 3].astype(int), axis=1))
    assert seam.max() <= whole_star.max()


def test_it_is_changed_where_it_lies_also_when_it_was_turned():
    document = drawn()
    layer = document.layers[-1]
    turned = reshape_commands.transform(layer=layer.id, angle=30.0).apply(document)
    before = turned.layers[-1]
    edit = shape_commands.set_shape(
        layer=layer.id, figure="ellipse", **(BOX | {"x": 0.0, "y": 0.0}), stroke_width=20.0
    )
    after = edit.apply(turned).layers[-1]
    assert after.content.figure == "ellipse"
    assert after.place.at(10, 10) == pytest.approx(before.place.at(0, 0))
    moved = shape_commands.set_shape(layer=layer.id, **(BOX | {"x": 7.0, "y": 0.0}))
    assert moved.apply(turned).layers[-1].place.at(0, 0) == pytest.approx(before.place.at(7, 0))
    with pytest.raises(EditError, match="Background is no shape"):
        shape_commands.set_shape(layer=document.layers[0].id).apply(document)


def test_resizing_enlarging_and_cropping_leave_it_a_shape():
    document = drawn(figure="star")
    content = document.layers[-1].content
    grown = {document.layers[0].id: Raster.filled(600, 400, (0, 0, 0), "uint8")}
    for larger in (
        geometry.resize(document, 600, 400),
        edits.enlarge(grown, 2).apply(document),
        geometry.resize(edits.turn(90).apply(document), 400, 600),
    ):
        assert larger.layers[-1].content == content
        assert light(larger) == pytest.approx(4 * light(document), rel=0.01)
    cropped = geometry.crop(document, Region(100, 0, 100, 200))
    assert light(cropped) == pytest.approx(light(document) / 2, rel=0.01)
    assert geometry.extent(drawn(x=280.0)) == Region(0, 0, 400, 200)


def test_in_a_perspective_what_is_behind_its_horizon_is_not_drawn():
    square = Drawing(Outline.polygon([(-1000, -1000), (1000, -1000), (1000, 1000), (-1000, 1000)]))
    away = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.01, 0.0, 1.0)  # what lies at x = -100 is endlessly far
    made = Drawn(square, away, 50, 50, "uint8", ((1, 1, 1), (0, 0, 0)))
    assert (made.to_array()[..., 3] == 255).all()
    behind = Drawing(Outline.polygon([(-900, 0), (-800, 0), (-800, 50)]))
    assert Drawn(behind, away, 50, 50, "uint8", ((1, 1, 1), (0, 0, 0))).to_array().max() == 0


def test_it_is_saved_opened_and_known_by_what_it_is(tmp_path):
    history = History.start(drawn(figure="star", stroke_width=3.0))
    Project.create(tmp_path / "a.safelight", history).close()
    project, again = Project.open(tmp_path / "a.safelight")
    project.close()
    assert again.document.layers[-1] == history.document.layers[-1]
    assert np.array_equal(render(again.document, Region(0, 0, 300, 200)),
                          render(history.document, Region(0, 0, 300, 200)))  # fmt: skip
    keys = {
        result_key(drawn(**change), LiveFilter("some.filter"), {})
        for change in ({}, {"fill": "#fffffe"}, {"x": 41.0}, {"stroke_width": 1.0})
    }
    assert len(keys) == 4


@pytest.mark.parametrize("suffix", ["ora", "psd"])
def test_files_of_other_programs_hold_it_as_pixels_and_say_so(tmp_path, suffix):
    document = drawn(figure="ellipse")
    path = tmp_path / f"a.{suffix}"
    notes = export(document, path).notes
    assert any("Ellipse are pixels" in note or "Ellipse is pixels" in note for note in notes)
    again = open_picture(path).document
    assert [layer.name for layer in again.layers] == ["Background", "Ellipse"]
    assert light(again) == pytest.approx(light(document), rel=0.001)


def test_flattening_and_merging_make_pixels_of_it_and_its_alpha_can_be_selected():
    document = drawn()
    layer = document.layers[-1]
    for edit in (edits.flatten(), edits.merge_down(layer.id)):
        made = edit.apply(document)
        assert type(made.layers[0].raster) is Raster
        assert light(made) == 120 * 80
    assert type(whole(document, depth="uint8")) is Raster
    alone = document.without([document.layers[0].id])
    assert type(whole(alone)) is Raster
    assert alone.has_alpha


def test_the_same_step_twice_gives_two_layers():
    edit = shape_commands.add_shape(made="one", **BOX)
    twice = edit.apply(edit.apply(black()))
    assert twice.layers[1].id == "one"
    assert twice.layers[2].id != "one"


def test_what_cannot_be_drawn_is_refused_with_a_sentence():
    with pytest.raises(EditError, match="100,000"):
        drawn(width=100_000.0, height=100_000.0)
    with pytest.raises(EditError, match="red.*is not a colour"):
        drawn(fill="red")
    with pytest.raises(ValueError, match="other points than its parts need"):
        Outline(bytes([0, 1]), bytes(8))
    with pytest.raises(ValueError, match="too far away"):
        Outline.polygon([(0, 0), (math.nan, 0)])
    with pytest.raises(ValueError, match="begins with a point"):
        Outline(bytes([1]), bytes(8))


def test_the_command_line_draws_one(tmp_path):
    from PIL import Image

    Image.new("RGB", (80, 60)).save(tmp_path / "a.png")
    given = [word for pair in ("x=10", "y=10", "width=40", "height=40") for word in ("--set", pair)]
    words = ["apply", "add_shape", str(tmp_path / "a.png"), str(tmp_path / "b.png"), *given]
    assert main(words) == 0
    made = np.asarray(Image.open(tmp_path / "b.png"))
    assert (made[10:50, 10:50] == 255).all()
    assert made.sum() == 40 * 40 * 3 * 255


def test_where_something_is_added_tiles_that_it_does_not_meet_are_not_drawn_again(monkeypatch):
    def made(count):
        squares = [_square(x) for x in (10, 300, 600)[:count]]
        drawing = Drawing(Outline.of(part for square in squares for part in square))
        return Drawn(drawing, Place().matrix, 700, 50, "uint8", ((1, 1, 1), (1, 1, 1)))

    two = made(2)
    first = two.to_array()
    asked, covered = [], polygon_coverage.covered
    monkeypatch.setattr(
        polygon_coverage, "covered", lambda *told: asked.append(told[1].x) or covered(*told)
    )
    assert np.array_equal(made(3).to_array()[:, :590, 3], first[:, :590, 3])
    assert asked == [512]


def _square(x):
    corners = [(x, 10), (x + 30, 10), (x + 30, 40), (x, 40)]
    return [*((kind, [at]) for kind, at in zip((0, 1, 1, 1), corners, strict=True)), (3, [])]
