"""Projects keep places, frames and what lies beyond: what is opened shows what was saved."""

from dataclasses import replace

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from safelight.api import Region
from safelight.document import (
    Document,
    Group,
    History,
    Kept,
    Layer,
    LiveFilter,
    geometry,
    is_stale,
    render,
    result_key,
)
from safelight.document.contents.warped import Warped
from safelight.document.guides import Guide
from safelight.document.placement import Place
from safelight.files.project.project import Project
from safelight.pixels import Warp, warp_at_rest
from tests.document.strategies import raster

numbers = st.floats(-40, 40, width=32)
affine = st.builds(
    lambda angle, size, x, y: Place.offset(x, y).after(
        Place.turned(angle, 30, 20).after(Place.scaled(size, size))
    ),
    *(st.floats(-180, 180), st.floats(0.4, 2.5), numbers, numbers),
)
offsets = st.builds(Place.offset, st.integers(-30, 30), st.integers(-30, 30))
places = st.one_of(offsets, affine)
slanting = st.just(Place((1, 0, 2, 0.1, 1, 3, 1e-4, -2e-4, 1)))


@st.composite
def layers(draw, depth, deep=1):
    mask = raster(70, 50, 1, seed=draw(st.integers(0, 9))) if draw(st.booleans()) else None
    where = {
        "place": draw(st.one_of(places, slanting)),
        "mask_place": draw(places),
        "mask_beyond": draw(st.integers(0, 1)),
    }
    if deep and draw(st.integers(0, 3)) == 0:
        inside = draw(st.lists(layers(depth, 0), min_size=1, max_size=2))
        return Layer("Group", Group(tuple(inside)), mask=mask, **where)
    if draw(st.integers(0, 3)) == 0:
        kept = Kept(raster(60, 40, 4, depth, 5), "a key", place=draw(offsets))
        return Layer("Filter", LiveFilter("plugin.filter", kept=kept), mask=mask, **where)
    sides = draw(st.integers(20, 300)), draw(st.integers(20, 90))
    pixels = raster(*sides, draw(st.sampled_from([3, 4])), depth, draw(st.integers(0, 9)))
    if draw(st.integers(0, 3)) == 0:
        off = draw(st.lists(st.floats(-0.04, 0.04), min_size=32, max_size=32))
        points = np.array(warp_at_rest()) + np.reshape(off, (16, 2))
        pixels = Warped(pixels, Warp((2.0, 3.0, 15.0, 16.0), tuple(map(tuple, points.tolist()))))
    return Layer("Pixels", pixels, mask=mask, opacity=0.5, **where)


@st.composite
def documents(draw):
    depth = draw(st.sampled_from(["uint8", "uint16", "float32"]))
    selection = raster(30, 90, 1, seed=3) if draw(st.booleans()) else None
    lines = draw(st.lists(st.builds(Guide, st.sampled_from("xy"), numbers), max_size=3))
    frame = draw(st.one_of(places, st.just(Place((1, 0, 2, 0.1, 1, 3, 1e-4, -2e-4, 1)))))
    return Document(
        *(60, 40, depth, tuple(draw(st.lists(layers(depth), min_size=1, max_size=3)))),
        frame=frame,
        linear=draw(st.booleans()),
        selection=selection,
        selection_place=draw(places),
        selection_beyond=draw(st.integers(0, 1)),
        guides=tuple(lines),
    )


def places_of(document):
    return (
        *(document.frame, document.width, document.height, document.linear),
        *(document.selection_place, document.selection_beyond, document.guides),
        *(
            (layer.place, layer.mask_place, layer.mask_beyond)
            + ((layer.filter.kept.place,) if layer.filter is not None else ())
            for layer in document.walk()
        ),
    )


def saved_and_opened(path, document):
    Project.create(path, History.start(document), overwrite=True).close()
    project, opened = Project.open(path)
    project.close()
    return opened.document


@settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(documents())
def test_what_is_opened_shows_what_was_saved_to_the_bit(tmp_path, document):
    opened = saved_and_opened(tmp_path / "a.safelight", document)
    assert places_of(opened) == places_of(document)
    shown = render(document, document.region)
    assert np.array_equal(render(opened, opened.region), shown)
    own, other = document.picture.selection, opened.picture.selection
    assert (own is None) == (other is None)
    assert own is None or np.array_equal(own.to_array(), other.to_array())


def test_a_crop_is_taken_back_and_its_results_are_fresh_after_saving(tmp_path):
    base = Layer("Base", raster(300, 270))
    document = Document(300, 270, "uint8", (base,))
    held = LiveFilter("some.filter", grow=5, feather=2)
    kept = Kept(raster(300, 270), result_key(document, held, {}))
    layer = Layer("Filter", replace(held, kept=kept), opacity=1, id="filter")
    document = replace(document, layers=(base, layer))
    cropped = geometry.crop(document, Region(20, 30, 100, 90))
    opened = saved_and_opened(tmp_path / "a.safelight", cropped)
    assert not is_stale(opened, "filter")
    revealed = geometry.crop(opened, Region(-20, -30, 300, 270))
    assert np.array_equal(render(revealed, revealed.region), render(document, document.region))
