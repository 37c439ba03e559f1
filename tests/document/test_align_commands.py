"""Align commands: where layers come to lie beside each other, the picture and what is selected."""

import json

import numpy as np
import pytest

from safelight.document import Document, EditError, Layer, edits
from safelight.document.commands.align_commands import align, distribute
from safelight.document.geometry import box_of
from safelight.document.placement import Place
from safelight.pixels import Raster


def document():
    """A ground of 200 x 100 pixels, and three squares that lie somewhere on it."""
    layers = [Layer("Ground", Raster.filled(200, 100, (9, 9, 9), "uint8"))]
    for name, side, x, y in (("A", 10, 20, 5), ("B", 20, 37, 40), ("C", 30, 120, 60)):
        square = Raster.from_array(np.full((side, side, 3), 90, np.uint8))
        layers.append(Layer(name, square, place=Place.offset(x, y)))
    return Document(200, 100, "uint8", tuple(layers))


def boxes(made):
    return {layer.name: box_of(made, layer) for layer in made.layers[1:]}


OTHERS = json.dumps(["B", "C"])


@pytest.mark.parametrize(
    ("edge", "where"),
    [
        ("left", lambda box: box.x == 20),
        ("right", lambda box: box.right == 150),
        ("centre", lambda box: box.x + box.width / 2 == 85),
        ("top", lambda box: box.y == 5),
        ("middle", lambda box: abs(box.y + box.height / 2 - 47.5) <= 0.5),
        ("bottom", lambda box: box.bottom == 90),
    ],
)
def test_several_layers_are_aligned_to_each_other(edge, where):
    before, after = (
        boxes(document()),
        boxes(align(layer="A", also=OTHERS, edge=edge).apply(document())),
    )
    assert all(where(box) for box in after.values())
    level = edge in ("left", "right", "centre")
    for name in "ABC":  # on the other axis each stays where it was
        assert (after[name].y == before[name].y) if level else (after[name].x == before[name].x)


def test_one_layer_is_aligned_to_the_picture_or_to_what_is_selected():
    assert boxes(align(layer="C", edge="right").apply(document()))["C"].right == 200
    chosen = edits.select_box(box=(50, 10, 41, 20)).apply(document())
    assert boxes(align(layer="C", edge="left").apply(chosen))["C"].x == 50
    with pytest.raises(EditError, match="nothing is selected"):
        align(layer="C", to="selection").apply(document())


def test_layers_are_distributed_with_as_much_room_between_them():
    after = boxes(distribute(layer="A", also=OTHERS).apply(document()))
    assert (after["A"].x, after["C"].x) == (20, 120)
    assert after["B"].x - after["A"].right == after["C"].x - after["B"].right
    with pytest.raises(EditError, match="three layers"):
        distribute(layer="A", also='["B"]').apply(document())
