"""A layer goes to another open photograph, with all that belongs to it, in that one's colours."""

from dataclasses import replace

import numpy as np

from safelight.document import Document, Group, Layer, render
from safelight.document.contents.placed_picture import with_layers_of
from safelight.document.placement import Place
from safelight.document.rendered.effects import Effect
from safelight.gui.open_and_save import exchange_pictures
from safelight.pixels import Raster
from tests.gui.conftest import open_in


def test_a_copy_lies_where_the_layer_did_in_the_depth_of_the_other_document():
    pixels = Raster.from_array(np.full((20, 30, 4), 200, np.uint8))
    mask = Raster.from_array(np.full((20, 30, 1), 128, np.uint8))
    where = Place.offset(5, 7)
    shadow = (Effect("drop_shadow", size=3.0),)
    layer = Layer("Top", pixels, mask=mask, place=where, mask_place=where, effects=shadow)
    ground = Raster.filled(60, 50, (0, 0, 0), "uint8")
    source = replace(Document.from_raster(ground), layers=(Layer("Ground", ground), layer))
    deep = Document.from_raster(Raster.filled(80, 70, (0, 0, 0), "uint16"))
    moved = replace(deep, frame=Place.offset(11, 13))  # as after a crop
    group = Layer("Group", Group((replace(layer, id="inner"),)))
    above = moved.layers[0].id
    made = with_layers_of(moved, source, (layer, group), above=above)
    copy = made.layers[1]
    assert (copy.name, copy.raster.depth, copy.effects) == ("Top", "uint16", shadow)
    assert copy.id != layer.id
    assert made.layers[2].layers[0].raster.depth == "uint16"
    seen = render(made, made.region)
    assert seen[20, 20].max() > 20_000
    assert made.frame.inverse.after(copy.place).at(0, 0) == (5, 7)


def test_the_line_in_the_menu_copies_to_the_other_tab(window, photo, qtbot, tmp_path):
    first = open_in(window, photo, qtbot)
    other = tmp_path / f"other{photo.suffix}"
    other.write_bytes(photo.read_bytes())
    second = open_in(window, other, qtbot)
    exchange_pictures.duplicate_to(window.context)
    assert len(first.session.document.layers) == 2
    assert len(second.session.document.layers) == 1
    assert first.session.history.steps[-1].label == "Duplicate layer"
