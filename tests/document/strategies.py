"""Documents and edits as hypothesis draws them, and a stand-in for whoever runs cheap filters."""

import itertools
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import strategies as st

from safelight.api import Region
from safelight.document import (
    Document,
    FilterFailed,
    Group,
    Kept,
    Layer,
    LayerFailed,
    LiveFilter,
    Stroke,
    edits,
    render,
    whole,
)
from safelight.pixels import MODES, Raster, from_float

DEPTHS = ["uint8", "uint16", "float32"]


def patch_tiles(side=8):
    """Tiles of 8 x 8 pixels while it lasts, so that a picture of 40 x 40 has many."""
    patch = pytest.MonkeyPatch()
    for module in ("pixels.tiles", "document.rendered.render", "document.strokes.stroke"):
        patch.setattr(sys.modules[f"safelight.{module}"], "TILE", side)
    patch.setattr(sys.modules["safelight.document.rendered.whole_picture"], "_BAND", 2 * side)
    return patch


class FakeLive:
    """Cheap filters without a worker: ``warm`` (a point), ``cross`` (looks ``radius`` pixels
    around), ``place`` (draws where it is), ``failing`` (cheap, but fails).

    All else is not cheap. ``seen`` holds the filter and the region of every run.
    """

    def __init__(self):
        self.seen = []

    def reach(self, filter, level):
        if filter.id == "cross":
            return filter.settings["radius"] >> level
        return 0 if filter.id in ("warm", "place", "failing") else None

    def run(self, filter, image, region, canvas):
        assert image.shape == (region.height, region.width, 3)
        assert image.dtype == np.float32
        self.seen.append((filter, region))
        if filter.id == "warm":
            amount = filter.settings["amount"]
            return image * np.array([1 + amount, 1, 1 - amount], np.float32)
        if filter.id == "place":
            result = np.zeros_like(image)
            result[..., 0] = (np.arange(region.x, region.right) % 17 / 16)[None, :]
            result[..., 1] = (np.arange(region.y, region.bottom) % 13 / 12)[:, None]
            return result
        if filter.id != "cross":
            raise FilterFailed(f"{filter.id} fell over")
        return cross(image, self.reach(filter, region.level))

    def in_turn(self, filters, image, region, canvas):
        if any(filter.id == "failing" for filter in filters):
            raise FilterFailed("one of them fell over")
        for filter in filters:
            image = self.run(filter, image, region, canvas)
        return image

    def keeps_channels(self, filters):
        return False

    def failure(self, filter):
        return ""


def drawn(document, region, live=None, depth=None):
    """A document as the screen shows it: without the layers that cannot be computed."""
    return render(document, region, live, depth, lenient=True)


def computable(document, live=None):
    """The document without the layers that cannot be computed."""
    while True:
        try:
            whole(document, live)
            return document
        except LayerFailed as failure:
            document = document.without([failure.layer_id])


def cross(image, radius):
    """The mean of five pixels, ``radius`` apart; beyond the edges the last ones go on."""
    wide = np.pad(image, ((radius, radius), (radius, radius), (0, 0)), mode="edge")
    height, width, _ = image.shape
    total = image.copy()
    for y, x in ((0, radius), (2 * radius, radius), (radius, 0), (radius, 2 * radius)):
        total += wide[y : y + height, x : x + width]
    return total * np.float32(0.2)


def noise(width, height, channels, depth, seed):
    """Pixels with everything in them: noise, flat parts, and no, some and full alpha."""
    numbers = np.random.default_rng(seed)
    pixels = numbers.random((height, width, channels))
    pixels[: height // 3] = numbers.random(channels)
    if channels == 4:
        pixels[..., 3] = np.clip(pixels[..., 3] * 2 - 0.5, 0, 1)
    if channels == 1:
        pixels = np.clip(pixels * 2 - 0.5, 0, 1)
    return from_float(pixels.astype(np.float32), depth)


def raster(width, height, channels=3, depth="uint8", seed=1):
    return Raster.from_array(noise(width, height, channels, depth, seed))


SYNTHETIC = st.sampled_from(["", "", "", "partly", "wholly"])
OPACITIES = st.sampled_from([1.0, 1.0, 1.0, 0.6, 0.25, 0.0])
SEEDS = st.integers(0, 9)


@st.composite
def masks(draw, width, height):
    return raster(width, height, 1, draw(st.sampled_from(DEPTHS)), draw(SEEDS) + 50)


@st.composite
def live_filters(draw, width, height, depth):
    kept = None
    name = draw(st.sampled_from(["warm", "cross", "cross", "cross", "place", "failing", "costly"]))
    settings = {"radius": draw(st.integers(0, 6)), "amount": draw(st.sampled_from([-0.5, 0.2]))}
    if draw(st.booleans()):
        pixels = raster(width, height, draw(st.sampled_from([3, 4])), depth, draw(SEEDS))
        kept = Kept(pixels, "", synthetic=draw(SYNTHETIC))
    channels = draw(st.sampled_from(["all", "all", "luminance", "colour"]))
    texture = draw(st.sampled_from([0.0, 0.0, 0.0, 0.7]))
    grow = draw(st.sampled_from([0.0, 0.0, 3.0, -1.5]))
    feather = draw(st.sampled_from([0.0, 0.0, 2.5, 9.0]))
    strip = channels, texture, kept, grow, feather
    return LiveFilter(name, name.title(), "test", "1", settings, *strip)


@st.composite
def layer_trees(draw, width, height, depth, modes, filters, deep=2, most=4):
    """A tuple of layers, groups with layers in them too."""
    kinds = ["pixels", "pixels", "pixels"] + ["filter"] * filters + ["group"] * (deep > 0)
    layers = []
    for _ in range(draw(st.integers(1 if deep == 2 else 0, most))):
        kind = draw(st.sampled_from(kinds))
        if kind == "pixels":
            content = raster(width, height, draw(st.sampled_from([3, 4, 4])), depth, draw(SEEDS))
        elif kind == "filter":
            content = draw(live_filters(width, height, depth))
        else:
            content = Group(
                draw(layer_trees(width, height, depth, modes, filters, deep - 1, most - 1))
            )
        layers.append(
            Layer(
                kind.title(),
                content,
                opacity=draw(OPACITIES),
                mode=draw(modes),
                visible=draw(st.sampled_from([True, True, True, True, False])),
                clipped=draw(st.sampled_from([False, False, True])),
                mask=draw(st.none() | masks(width, height)),
                synthetic=draw(SYNTHETIC) if kind == "pixels" else "",
            )
        )
    return tuple(layers)


@st.composite
def documents(draw, depths=DEPTHS, side=40, modes=tuple(MODES), filters=True):
    """A document of odd size with pixel layers, filter layers, groups, masks and a selection."""
    width, height = draw(st.integers(1, side)), draw(st.integers(1, side))
    depth = draw(st.sampled_from(depths))
    mode = st.just("normal") | st.sampled_from(modes)
    layers = draw(layer_trees(width, height, depth, mode, filters))
    counter = itertools.count(1)
    selection = draw(st.none() | masks(width, height))
    return Document(width, height, depth, numbered(layers, counter), selection=selection)


def numbered(layers, counter):
    """The layers with short ids of their own."""
    result = []
    for layer in layers:
        content = Group(numbered(layer.layers, counter)) if layer.layers else layer.content
        result.append(replace(layer, content=content, id=str(next(counter))))
    return tuple(result)


@st.composite
def regions(draw, document, level=0):
    """A part of a document at a zoom level."""
    width, height = -(-document.width // (1 << level)), -(-document.height // (1 << level))
    x, y = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
    wide, high = draw(st.integers(1, width - x)), draw(st.integers(1, height - y))
    return Region(x, y, wide, high, level)


def level_region(document, level):
    """All of a document at a zoom level."""
    step = 1 << level
    return Region(0, 0, -(-document.width // step), -(-document.height // step), level)


@st.composite
def strokes(draw):
    """A stroke in, beside or over a small picture."""
    place = st.tuples(st.floats(-9, 49), st.floats(-9, 49), st.sampled_from([0.2, 1.0]))
    points = tuple(draw(st.lists(place, min_size=1, max_size=3)))
    return Stroke(points, draw(st.floats(0.5, 30)), draw(st.floats(0, 1)), draw(st.booleans()))


@st.composite
def edits_of(draw, document):
    """Any edit, some of which the document does not allow."""
    ids = [layer.id for layer in document.walk()]
    groups = [layer.id for layer in document.walk() if isinstance(layer.content, Group)]
    one = draw(st.sampled_from(ids))
    width, height, depth = document.width, document.height, document.depth
    mask = draw(st.none() | masks(width, height))
    pixels = raster(width, height, draw(st.sampled_from([3, 4])), depth, draw(SEEDS))
    settings = {"radius": draw(st.integers(0, 5)), "amount": 0.3}
    token = draw(st.sampled_from([None, None, "drag"]))
    pool = {
        "add": edits.add_layer(edits.new_layer(document), draw(st.none() | st.just(one))),
        "add filter": edits.add_layer(Layer("Cross", LiveFilter("cross", settings=settings)), one),
        "delete": edits.delete_layer(one),
        "duplicate": edits.duplicate_layer(one),
        "move": edits.move_layer(
            one, draw(st.just("") | st.sampled_from(groups or ids)), draw(st.integers(-1, 4))
        ),
        "group": edits.group_layers(draw(st.lists(st.sampled_from(ids), max_size=3))),
        "ungroup": edits.ungroup(draw(st.sampled_from(groups or ids))),
        "merge": edits.merge_down(one),
        "flatten": edits.flatten(),
        "rename": edits.rename_layer(one, "Sky"),
        "opacity": edits.set_opacity(one, draw(OPACITIES), token=token),
        "mode": edits.set_mode(one, draw(st.sampled_from(list(MODES)))),
        "visible": edits.set_visible(one, draw(st.booleans())),
        "locked": edits.set_locked(one, draw(st.booleans())),
        "clipped": edits.set_clipped(one, draw(st.booleans())),
        "mask": edits.set_mask(one, mask),
        "invert mask": edits.invert_mask(one),
        "paint mask": edits.paint_mask(draw(st.sampled_from([None, one])), draw(strokes()), token),
        "mask from selection": edits.mask_from_selection(one),
        "pixels": edits.set_pixels(one, pixels),
        "filter": edits.set_filter(one, settings=settings, texture=0.5, token=token),
        "keep": edits.keep_result(one, Kept(pixels, "key")),
        "select": edits.select(mask),
        "select region": edits.select_region(Region(-3, 2, 9, draw(st.integers(0, 9)))),
        "invert selection": edits.invert_selection(),
    }
    return pool[draw(st.sampled_from(sorted(pool)))]
