"""A layer of one colour: all over the picture whatever its size, depth, colours and frame."""

import io

import numpy as np
import pytest
from PIL import Image

from safelight.api import Region
from safelight.cli.main import main
from safelight.document import (
    Document,
    EditError,
    Group,
    History,
    Layer,
    LiveFilter,
    edits,
    geometry,
    render,
    result_key,
    whole,
)
from safelight.document.contents.content import Fill
from safelight.files import open_picture
from safelight.files.exports.openraster_export import export_openraster
from safelight.files.project.project import Project
from safelight.pixels import Profile, Raster, to_float
from tests import pictures

ORANGE = "#ff8040"
ENCODED = np.array([255, 128, 64], np.float32) / 255


def black(depth="uint8", **facts):
    return Document.from_raster(Raster.filled(40, 30, (0, 0, 0), depth), **facts)


def filled(document, **settings):
    edit = edits.add_fill_layer(document.layers[-1].id, **({"colour": ORANGE} | settings))
    return edit.apply(document)


@pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("icc", [None, pictures.wide_profile()])
def test_it_draws_its_colour_in_the_pictures_depth_and_profile(depth, icc):
    profile = Profile.from_icc(icc) if icc else Profile()
    document = filled(black(depth, profile=profile))
    shown = render(document, document.region)
    assert (shown.dtype.name, shown.shape) == (depth, (30, 40, 3))
    back = profile.to_srgb(to_float(shown))
    assert np.abs(back - ENCODED).max() <= 1 / 255
    assert np.ptp(shown, axis=(0, 1)).max() == 0


def test_it_meets_what_lies_below_as_any_layer_does():
    document = filled(black())
    layer = document.layers[-1]
    half = edits.set_opacity(layer.id, 0.5).apply(document)
    assert render(half, half.region)[5, 5].tolist() == [128, 64, 32]
    masked = edits.add_mask(layer.id).apply(edits.select_region(Region(0, 0, 20, 30)).apply(half))
    assert render(masked, masked.region)[5, (5, 30), 0].tolist() == [128, 0]
    grouped = Document(40, 30, "uint8", (Layer("Group", Group((layer,))),))
    assert render(grouped, grouped.region)[5, 5].tolist() == [255, 128, 64, 255]
    assert not document.has_alpha


def test_it_fills_what_a_crop_beyond_the_picture_shows():
    document = geometry.crop(filled(black()), Region(-10, -10, 60, 50))
    assert (render(document, document.region)[..., :3] == (255, 128, 64)).all()
    turned = geometry.straighten(filled(black()), 5)
    assert np.abs(render(turned, turned.region)[..., :3].astype(int) - (255, 128, 64)).max() == 0


def test_where_a_picture_is_resized_or_enlarged_it_stays_a_fill():
    document = filled(black())
    grown = {document.layers[0].id: Raster.filled(80, 60, (0, 0, 0), "uint8")}
    for larger in (geometry.resize(document, 80, 60), edits.enlarge(grown, 2).apply(document)):
        assert larger.layers[-1].content == Fill(ORANGE)
        assert (render(larger, larger.region)[..., :3] == (255, 128, 64)).all()


def test_it_is_saved_opened_and_known_by_its_colour(tmp_path):
    history = History.start(filled(black(), name="Sky"))
    Project.create(tmp_path / "a.safelight", history).close()
    project, again = Project.open(tmp_path / "a.safelight")
    project.close()
    assert again.document.layers[-1] == history.document.layers[-1]
    assert again.document.layers[-1].content == Fill(ORANGE)
    keys = {
        result_key(filled(black(), colour=colour), LiveFilter("some.filter"), {})
        for colour in (ORANGE, "#ff8041")
    }
    assert len(keys) == 2


def test_openraster_holds_it_as_pixels_of_that_colour(tmp_path):
    document = filled(black(), name="Sky")
    export_openraster(document, tmp_path / "a.ora")
    again = open_picture(tmp_path / "a.ora").document
    assert [layer.name for layer in again.layers] == ["Background", "Sky"]
    assert (again.layers[1].raster.to_array()[..., :3] == (255, 128, 64)).all()


def test_its_row_has_a_sample_of_its_colour_and_says_which():
    layer = filled(black()).layers[-1]
    sample = layer.kind.sample(layer.content)
    assert (sample.to_array() == (255, 128, 64)).all()
    assert layer.kind.sample(layer.content) is sample
    assert layer.kind.described(layer.content) == f"Fill, {ORANGE}"


def test_merging_and_flattening_make_pixels_of_it():
    document = filled(black())
    above = edits.empty_layer(document.layers[-1].id).apply(document)
    with pytest.raises(EditError, match="Fill holds no pixels to merge Layer with"):
        edits.merge_down(above.layers[-1].id).apply(above)
    for made in (edits.merge_down(document.layers[-1].id), edits.flatten()):
        assert (whole(made.apply(document)).to_array() == (255, 128, 64)).all()


def test_what_is_no_colour_is_refused():
    with pytest.raises(ValueError, match="'orange' is not a colour like #ffaa00"):
        Layer("Fill", Fill("orange"))
    with pytest.raises(EditError, match="'orange' is not a colour"):
        filled(black(), colour="orange")


def test_the_command_line_adds_one_and_exports_what_it_shows(tmp_path):
    data = io.BytesIO()
    Image.new("RGB", (8, 6)).save(data, "PNG")
    (tmp_path / "a.png").write_bytes(data.getvalue())
    given = "--set", f"colour={ORANGE}"
    words = ["apply", "add_fill_layer", str(tmp_path / "a.png"), str(tmp_path / "b.png"), *given]
    assert main(words) == 0
    assert Image.open(tmp_path / "b.png").getpixel((3, 3)) == (255, 128, 64)
