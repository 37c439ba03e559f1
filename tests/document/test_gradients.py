"""Gradients of masks, selections and pixels, and fills: what each is where, and in a recipe."""

import numpy as np
import pytest

from safelight.document import DECLARED, Document, EditError, edits, render
from safelight.document.commands.command import Record
from safelight.document.rendered.gradients import Gradient
from safelight.document.strokes.laid_pixels import LAYER
from safelight.pixels import Raster


def document(pixels=None):
    if pixels is None:
        pixels = np.full((80, 100, 3), 128, np.uint8)
    return Document.from_raster(Raster.from_array(pixels))


def mask(made):
    return made.layers[-1].mask.to_array()[..., 0]


def test_a_linear_mask_is_white_before_its_first_handle_black_beyond_the_second_and_even_between():
    made = DECLARED["gradient_mask"](x=20, y=0, to_x=60, to_y=0).apply(document())
    row = mask(made)[40].astype(int)
    assert (row[:20] == 255).all()
    assert (row[60:] == 0).all()
    expected = (1 - (np.arange(20, 60) + 0.5 - 20) / 40) * 255
    assert np.abs(row[20:60] - expected).max() <= 0.5
    assert (mask(made) == row).all()


def test_a_radial_mask_is_an_ellipse_that_fades_from_its_rim_inwards():
    given = {"shape": "radial", "x": 50, "y": 40, "to_x": 90, "to_y": 40, "ratio": 0.5}
    made = mask(DECLARED["gradient_mask"](**given, softness=0.0).apply(document()))
    assert abs((made / 255).sum() - np.pi * 40 * 20) < 0.02 * np.pi * 40 * 20
    assert made[40, 88] == 255
    assert made[40, 92] == 0
    assert made[58, 50] > 200
    assert made[62, 50] == 0
    soft = mask(DECLARED["gradient_mask"](**given, softness=0.5).apply(document()))
    assert soft[40, 68] == 255
    assert abs(int(soft[40, 79]) - 255 * (40 - 29.5) / 20) < 2
    other = mask(DECLARED["gradient_mask"](**given, inverted=True, softness=0.5).apply(document()))
    assert (other.astype(int) + soft == 255).all()


def test_a_gradient_is_added_to_a_painted_mask_taken_from_it_or_kept_in_it():
    painted = edits.select_box(box=(0, 0, 50, 80)).apply(document())
    painted = edits.deselect().apply(edits.add_mask().apply(painted))
    before = mask(painted).astype(int)
    ramp = {"x": 0, "y": 0, "to_x": 100, "to_y": 0}
    alone = mask(DECLARED["gradient_mask"](**ramp).apply(document())).astype(int)
    for how, expected in (
        ("add", np.maximum(before, alone)),
        ("subtract", np.maximum(before - alone, 0)),
        ("intersect", np.minimum(before, alone)),
    ):
        made = mask(DECLARED["gradient_mask"](**ramp, how=how).apply(painted)).astype(int)
        assert np.abs(made - expected).max() <= 1, how
    unmasked = DECLARED["gradient_mask"](**ramp, how="subtract").apply(document())
    assert np.abs(mask(unmasked).astype(int) - (255 - alone)).max() <= 1


def test_a_gradient_of_colours_goes_on_a_layer_of_its_own_where_something_is_selected():
    before = edits.select_box(box=(0, 0, 100, 40)).apply(document())
    edit = DECLARED["paint_gradient"](
        x=0, y=0, to_x=100, to_y=0, colour="#ff0000", to_colour="#0000ff"
    )
    made = Record.from_json(edit.record.to_json())
    made = DECLARED[made.id](**made.settings).apply(before)
    assert [layer.name for layer in made.layers] == ["Background", LAYER]
    seen = render(made, made.region)
    assert (seen[40:, :, :3] == 128).all()
    assert np.abs(seen[10, [0, 50, 99], :3] - [[254, 0, 1], [126, 0, 129], [1, 0, 254]]).max() <= 2
    faded = DECLARED["paint_gradient"](
        x=0, y=0, to_x=100, to_y=0, colour="#ff0000", fades=True, own_layer=False
    ).apply(document())
    assert np.abs(render(faded, faded.region)[10, 50].astype(int) - [191, 64, 64]).max() <= 2


def test_a_fill_stops_at_another_colour_and_at_the_selection():
    pixels = np.full((80, 100, 3), 200, np.uint8)
    pixels[:, 50:53] = 20
    made = DECLARED["fill_similar"](x=10, y=10, colour="#00ff00").apply(document(pixels))
    seen = render(made, made.region)
    assert (seen[:, :49, :3] == [0, 255, 0]).all()
    assert (seen[:, 53:, :3] == 200).all()
    everywhere = DECLARED["fill_similar"](x=10, y=10, colour="#00ff00", contiguous=False)
    selected = edits.select_box(box=(0, 0, 100, 20)).apply(document(pixels))
    seen = render(everywhere.apply(selected), made.region)
    assert (seen[:20, 60:, :3] == [0, 255, 0]).all()
    assert (seen[20:, :, :3] == pixels[20:]).all()
    with pytest.raises(EditError, match="beside the picture"):
        DECLARED["fill_similar"](x=-5, y=10).apply(document(pixels))


def test_handles_at_one_point_are_a_sharp_edge_and_of_every_part_the_whole_is_the_same():
    region = document().region
    for shape in ("linear", "radial"):
        found = Gradient(shape, 50, 40, 50, 40).at(region)
        assert np.isfinite(found).all()
        slanted = Gradient(shape, 20, 10, 70, 60, 0.7, 0.3)
        part = region.__class__(13, 21, 30, 40)
        assert np.array_equal(slanted.at(part), slanted.at(region)[part.rows(), part.columns()])


def test_a_masks_gradient_is_changed_again_and_what_was_painted_under_it_is_still_there():
    painted = edits.select_box(box=(0, 0, 50, 80)).apply(document())
    painted = edits.deselect().apply(edits.add_mask().apply(painted))
    first = DECLARED["gradient_mask"](x=0, y=0, to_x=100, to_y=0, how="add").apply(painted)
    again = {"x": 0, "y": 40, "to_x": 0, "to_y": 80, "how": "subtract"}
    changed = DECLARED["gradient_mask"](**again, edits=True).apply(first)
    straight = DECLARED["gradient_mask"](**again).apply(painted)
    assert (mask(changed) == mask(straight)).all()
    assert changed.layers[0].mask_gradient.gradient.to_y == 80
    other = edits.invert_mask().apply(changed)
    assert other.layers[0].mask_gradient is None
    with pytest.raises(EditError, match="no gradient"):
        DECLARED["gradient_mask"](**again, edits=True).apply(other)
