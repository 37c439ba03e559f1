"""Liquify: pixels are pushed, swollen and shrunk, and brought back; they stay as they are."""

import itertools

import numpy as np
import pytest

from safelight.document import DECLARED, Document, EditError, History, Stroke, edits, render
from safelight.document.contents.warped import Warped
from safelight.document.placement import Place
from safelight.document.strokes.liquify import Liquifying, dabbed
from safelight.files.project.history_spill import Spill, held
from safelight.files.project.project import Project
from safelight.pixels import Mesh, Raster, View, warp_at_rest
from safelight.pixels.mesh_inverse import MeshInverse

HEIGHT, WIDTH = 300, 400


def photograph(depth="uint8"):
    """A disc of light of a radius of 30 px about (200, 150) on a slope of grey with grain."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    away = np.hypot(columns - 200, rows - 150)
    made = 40 + columns / 10 + 120 * np.clip(30.5 - away, 0, 1)
    made = made[..., None] + np.random.default_rng(2).uniform(0, 3, (HEIGHT, WIDTH, 3))
    stored = np.rint(made) if depth == "uint8" else (made / 255)
    return Document.from_raster(Raster.from_array(stored.astype(depth)))


def seen(document):
    return render(document, document.region)


def stroked(before, points, **given):
    return DECLARED["liquify"](points=points, **{"radius": 60.0, "strength": 1.0, **given}).apply(
        before
    )


def disc(document):
    """Where the light is, and how many pixels of it there are."""
    rows, columns = np.nonzero(seen(document)[..., 0] > 150)
    return columns.mean() + 0.5, rows.mean() + 0.5, len(rows)


def straight(x, to, y=150.0, count=20):
    return ";".join(f"{x + (to - x) * n / count:g},{y:g},1" for n in range(count + 1))


@pytest.mark.parametrize("depth", ["uint8", "float32"])
def test_pushed_light_goes_along_and_all_beyond_the_brush_stays_to_the_bit(depth):
    before = photograph(depth)
    after = stroked(before, straight(200, 240), radius=80.0)
    x, y, _ = disc(after) if depth == "uint8" else (240, 150, 0)
    assert 222 < x < 245  # the brush carries its middle along, and less what lags behind
    assert abs(y - 150) < 1
    away = np.ones((HEIGHT, WIDTH), bool)
    away[60:240, 110:330] = False
    assert np.array_equal(seen(after)[away][..., :3], seen(before)[away][..., :3])
    assert after.layers[0].kind.unwarped(after.layers[0].content) is before.layers[0].raster


@pytest.mark.parametrize(("mode", "sign"), [("grow", 1), ("shrink", -1)])
def test_what_is_under_the_brush_grows_or_shrinks_where_it_is(mode, sign):
    before = photograph()
    x, y, size = disc(stroked(before, ";".join(["200,150,1"] * 2), mode=mode))
    assert sign * (size - disc(before)[2]) > 100
    assert abs(x - 200) + abs(y - 150) < 1


def test_restoring_brings_all_back_and_the_layer_holds_plain_pixels_again_without_a_warp():
    before = photograph()
    pushed = stroked(before, straight(200, 240))
    restored = pushed
    for _ in range(4):
        restored = stroked(restored, straight(150, 280), mode="restore", radius=150.0)
    difference = seen(restored)[..., :3].astype(int) - seen(before)
    assert np.abs(difference).max() <= 3  # a hundredth of a pixel of what is left, at the rim
    removed = DECLARED["remove_warp"]().apply(pushed)
    assert np.array_equal(seen(removed), seen(before))
    assert removed.layers[0].raster is before.layers[0].raster


def test_a_stroke_in_pieces_is_the_stroke_at_once_and_begins_anew_on_what_others_changed():
    before = photograph()
    points = [(180.0, 120.0, 1.0), (240.0, 160.0, 0.7), (150.0, 170.0, 1.0)]
    whole, pieces = (Liquifying(before.layers[0].id, "push", 0.8) for _ in range(2))
    for one in (whole, pieces):
        one.begin(before)
    whole.add(Stroke(tuple(points), 50.0, spacing=0.05))
    now, ahead = before, 0.0
    for pair in itertools.pairwise(points):
        piece = Stroke(pair, 50.0, spacing=0.05, ahead=ahead)
        ahead = piece.left
        pieces.add(piece)
        now = pieces.laid_on(now)
    assert np.array_equal(seen(whole.finished_on(before)), seen(now))
    pieces.add(Stroke((points[-1],), 50.0, spacing=0.05, ahead=ahead))
    renamed = edits.rename_layer(layer="Background", name="Sea").apply(now)
    after = pieces.laid_on(renamed)
    assert after.layers[0].name == "Sea"


def test_a_mesh_is_a_map_of_which_parts_are_parts_of_the_whole_at_every_level():
    document = stroked(photograph(), straight(200, 240))
    content = document.layers[0].content
    whole = content.shown.to_array()
    for x, y, width, height in ((0, 0, 400, 300), (130, 90, 150, 100), (254, 100, 5, 90)):
        part = View(
            content.raster,
            Place.offset(x, y).matrix,
            width,
            height,
            channels=4,
            warp=content.warp,
        ).to_array()
        # Places to 1/32 of a pixel of a slope of 120 a pixel.
        assert np.abs(part - whole[y : y + height, x : x + width]).max() < 4 / 255
    small = content.shown.level(1).to_array()[..., 0]
    mean = whole[..., 0].reshape(150, 2, 200, 2).mean(axis=(1, 3))
    assert np.abs(small - mean).mean() < 0.01


def test_a_mesh_moves_as_far_as_its_grid_says_between_the_points_too():
    mesh = Mesh.at_rest(400, 300)
    field = mesh.field.to_array().copy()
    rows, columns = np.mgrid[: field.shape[0], : field.shape[1]]
    field[..., 0], field[..., 1] = 0.02 * columns * mesh.step, -3
    bent = Mesh(mesh.size, mesh.step, Raster.from_array(field))
    x, y = np.meshgrid(np.linspace(20, 300, 57), np.linspace(20, 250, 31))
    for places in ((x, y), (x.ravel()[::7], y.ravel()[::7])):
        u, v = bent.back(*places)
        assert np.allclose(u, 1.02 * places[0])
        assert np.allclose(v, places[1] - 3)
    half = bent.reduced(2.0)
    u, v = half.back(x / 2, y / 2)
    assert np.allclose(u, 1.02 * x / 2)
    assert np.allclose(v, y / 2 - 1.5)
    assert mesh.is_rest
    assert not bent.is_rest


def test_a_project_keeps_a_mesh_and_the_next_stroke_goes_on(tmp_path):
    document = stroked(photograph(), straight(200, 240))
    path = tmp_path / "face.safelight"
    Project.create(path, History.start(document)).close()
    project, history = Project.open(path)
    opened = history.document
    assert isinstance(opened.layers[0].content, Warped)
    assert np.array_equal(seen(opened), seen(document))
    points = straight(240, 260)
    assert np.array_equal(seen(stroked(opened, points)), seen(stroked(document, points)))
    project.close()


def test_a_project_that_is_opened_changed_and_saved_keeps_the_meshes_of_earlier_steps(tmp_path):
    path, history = tmp_path / "face.safelight", History.start(photograph())
    points = {"points": straight(200, 240), "radius": 60.0}
    for mode in ("push", "grow", "push"):
        history = history.do(DECLARED["liquify"](mode=mode, **points))
    before = [seen(step.document) for step in history.steps]
    Project.create(path, history).close()
    project, opened = Project.open(path)
    project.save(opened.do(edits.set_opacity(layer=opened.document.layers[0].id, opacity=0.5)))
    project.close()
    project, opened = Project.open(path)
    for step, wanted in zip(opened.steps, before, strict=False):
        assert np.array_equal(seen(step.document), wanted)
    project.close()


def test_meshes_of_earlier_steps_leave_the_memory_as_their_pixels_do(tmp_path):
    history = History.start(photograph())
    for number in range(8):
        y = 40.0 + 30 * number
        history = history.do(DECLARED["liquify"](points=straight(150, 250, y), radius=40.0))

    before = [seen(step.document) for step in history.steps]
    told = [held([step.document]) for step in history.steps]
    assert told[3] > told[0]  # pixels that are shared, and a mesh
    moved = Spill(tmp_path, budget=0).tidy(history)
    field = history.document.layers[0].content.warp.field
    assert moved == 6 * sum(tile.nbytes for tile in field.parts())
    for step, wanted in zip(history.steps, before, strict=True):
        assert np.array_equal(seen(step.document), wanted)


def test_layers_that_cannot_be_drawn_out_of_shape_say_why():
    with pytest.raises(EditError, match="holds no pixels"):
        stroked(edits.add_fill_layer().apply(photograph()), "200,150,1")
    with pytest.raises(EditError, match="locked"):
        stroked(edits.set_locked(locked=True).apply(photograph()), "200,150,1")
    pulled = [(400 * x + 20 * (k == 5), 300 * y) for k, (x, y) in enumerate(warp_at_rest())]
    points = ";".join(f"{x:g},{y:g}" for x, y in pulled)
    with pytest.raises(EditError, match="warped by a grid"):
        stroked(DECLARED["warp"](points=points).apply(photograph()), "200,150,1")
    with pytest.raises(EditError, match="is liquified"):
        DECLARED["warp"](points=points).apply(stroked(photograph(), straight(200, 240)))


def test_a_stroke_lies_where_it_is_seen_after_a_crop():
    cropped = edits.crop(box=(100, 50, 200, 200)).apply(photograph())
    after = stroked(cropped, straight(100, 140, y=100.0), radius=80.0)
    assert 122 < disc(after)[0] < 145


def test_where_a_mesh_brings_a_point_is_found_however_far_it_was_pushed():
    """Points that lie where the stroke stretched least come back to 1/100 of a pixel; each is found
    by itself, whatever is asked for with it.
    """
    mesh = Mesh.at_rest(1200, 800)
    for x in range(200, 900, 20):
        mesh = dabbed(mesh, "push", (x + 20.0, 400.0), (20.0, 0.0), 300.0, 1.0)
    x, y = (at.ravel() for at in np.meshgrid(np.arange(40.0, 1160, 13), np.arange(40.0, 760, 13)))
    wanted = mesh.back(x, y)
    far = np.hypot(wanted[0] - x, wanted[1] - y)
    assert far.max() > 250
    inverse = MeshInverse(mesh)
    again = mesh.back(*inverse.at(*wanted))
    off = np.hypot(again[0] - wanted[0], again[1] - wanted[1])
    assert off.max() < 0.02
    some = slice(700, 712)
    alone = inverse.at(wanted[0][some], wanted[1][some])
    assert np.array_equal(alone, [at[some] for at in inverse.at(*wanted)])
