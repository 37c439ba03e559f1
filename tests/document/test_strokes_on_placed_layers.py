"""Strokes on layers that are moved, scaled, turned, in perspective, warped or liquified."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from safelight.api import Region
from safelight.document import DECLARED, Document, Layer, render
from safelight.document.commands.distort_commands import distort, grid_of, warp, written
from safelight.document.placement import Place
from safelight.document.strokes import laid_pixels, retouch
from safelight.document.strokes.liquify import liquify
from safelight.document.strokes.stroke import Stroke, painted
from safelight.pixels import Raster, to_float

WIDTH, HEIGHT = 160, 120
AT = 84.0, 58.0


def top(channels=4):
    """A layer's pixels that are smooth everywhere, 130 x 96."""
    y, x = np.mgrid[0:96, 0:130].astype(np.float32)
    planes = 60 + 0.7 * x, 150 - 0.6 * y, 90 + 0.25 * (x + y), np.full_like(x, 255)
    return Raster.from_array(np.stack(planes[:channels], axis=2).astype(np.uint8))


def composed(name):
    """A picture with a layer "top" that lies in it as ``name`` says."""
    ground = Raster.from_array(np.full((HEIGHT, WIDTH, 3), 40, np.uint8))
    made = Document(
        WIDTH, HEIGHT, "uint8", (Layer("Ground", ground), Layer("top", top(), id="top"))
    )
    places = {
        "moved": Place.offset(18, 9),
        "between pixels": Place.offset(18.5, 9.25),
        "smaller": Place.offset(30, 12).after(Place.scaled(0.8, 0.9)),
        "larger": Place.offset(-80, -60).after(Place.scaled(2.5, 2.5)),
        "turned": Place.turned(23, 80, 60).after(Place.offset(16, 10)),
        "mirrored": Place.offset(14, 11).after(Place.mirrored(130)),
    }
    if name in places:
        return made.with_layer(replace(made.layer("top"), place=places[name]))
    if name == "perspective":
        return distort(layer="top", corners="16,12;145,4;154,114;9,99").apply(made)
    if name == "warped":
        points = grid_of(made, made.layer("top"))
        points[5] = points[5][0] + 10, points[5][1] - 7
        points[10] = points[10][0] + 5, points[10][1] + 6
        return warp(layer="top", points=written(points)).apply(made)
    told = {"points": "66,44,1;84,52,1;94,62,1", "radius": 30.0}
    return liquify(layer="top", strength=0.6, **told).apply(made)


NAMES = (
    "moved",
    "between pixels",
    "smaller",
    "larger",
    "turned",
    "mirrored",
    "perspective",
    "warped",
    "liquified",
)


def seen(made):
    return to_float(render(made, made.region))[..., :3] * 255


def on_top(name, made, **told):
    return DECLARED[name](layer="top", own_layer=False, **told).apply(made)


def brush(points, radius, hardness=1.0):
    """How far a stroke covers each pixel of the picture: float32 (height, width)."""
    mask = Raster.filled(WIDTH, HEIGHT, (0,), "uint16")
    return to_float(painted(mask, Stroke(points, radius, hardness)).to_array())[..., 0]


@pytest.mark.parametrize("name", NAMES)
def test_a_dab_lands_where_the_pointer_is_and_is_round_there(name):
    """Its rim is off by what one resampling of the layer's pixels softens."""
    before = composed(name)
    after = on_top("paint_pixels", before, points="84,58,1", radius=12.0, colour="#ff0000")
    assert len(after.layers) == 2
    assert type(after.layers[1].content) is type(before.layers[1].content)
    one, other = seen(before), seen(after)
    red = np.array([255, 0, 0])
    share = ((other - one) * (red - one)).sum(axis=2) / ((red - one) ** 2).sum(axis=2)
    wanted = brush(((*AT, 1.0),), 12.0)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH] + 0.5
    middle = (share * x).sum() / share.sum(), (share * y).sum() / share.sum()
    assert np.hypot(middle[0] - AT[0], middle[1] - AT[1]) < 0.15
    assert abs(share.sum() - wanted.sum()) < 0.02 * wanted.sum()
    away = np.hypot(x - AT[0], y - AT[1])
    rim = 6 if name == "larger" else 3  # where the layer's pixels are 2.5 of the picture's
    assert np.abs(share - wanted)[np.abs(away - 12) > rim].max() < 0.03
    if name in ("moved", "mirrored"):
        assert np.abs(share - wanted).max() < 0.02


@pytest.mark.parametrize(
    ("name", "which"),
    [("warped", "clone")]
    + list(
        itertools.product(
            ("perspective", "liquified"), ("clone", "heal", "dodge", "blur", "smudge")
        )
    ),
)
def test_every_stroke_changes_what_is_under_it_and_nothing_else(name, which):
    before = composed(name)
    points, path = "74,52,1;92,64,1", ((74.0, 52.0, 1.0), (92.0, 64.0, 1.0))
    told = {
        "clone": ("clone", {"x": -16, "y": 12}),
        "heal": ("clone", {"x": -16, "y": 12, "heals": True}),
        "dodge": ("touch_up", {"effect": "dodge", "strength": 1.0, "hardness": 1.0}),
        "blur": ("touch_up", {"effect": "blur", "strength": 1.0, "hardness": 1.0}),
        "smudge": ("smudge", {"strength": 0.8}),
    }[which]
    after = on_top(told[0], before, points=points, radius=7.0, **told[1])
    one, other = seen(before), seen(after)
    off = np.abs(other - one).max(axis=2)
    assert off[brush(path, 12.0) == 0].max() <= 1
    inner = brush(path, 4.0) == 1
    if which == "clone":
        there = np.roll(one, (-12, 16), axis=(0, 1))
        assert np.abs(other - there)[inner].max() <= 2.5
    elif which == "dodge":
        lit = 255 * (one[inner] / 255) ** 0.5
        assert np.abs(other[inner] - lit).max() <= 2
    elif which in ("heal", "blur"):  # a smooth slope is what it was
        assert np.abs(other - one)[inner].max() <= 6
    else:
        assert off[inner].max() > 2


@pytest.mark.parametrize("name", ["perspective", "warped", "liquified"])
def test_a_fast_stroke_laid_piece_by_piece_is_that_laid_at_once(name):
    before = composed(name)
    points = [(30.0, 30.0, 1.0), (125.0, 40.0, 0.6), (74.0, 90.0, 1.0), (30.0, 35.0, 0.3)]
    for lays in (
        laid_pixels.Paint("#3070a0"),
        laid_pixels.Clone(13, -7, heals=True),
        laid_pixels.Touch("burn"),
    ):
        whole, pieces = (retouch.Retouching("top", lays, False, 0.7) for _ in range(2))
        for one in (whole, pieces):
            one.begin(before)
        whole.add(Stroke(tuple(points), 7.0, 0.3))
        now = before
        for number, pair in enumerate(itertools.pairwise(points)):
            pieces.add(Stroke(pair, 7.0, 0.3, goes_on=number > 0))
            now = pieces.laid_on(now)
        one, other = whole.finished_on(before), pieces.finished_on(now)
        rasters = (x.layer("top").kind.unwarped(x.layer("top").content) for x in (one, other))
        assert np.array_equal(*(raster.to_array() for raster in rasters))


def test_a_stroke_on_a_warped_layer_keeps_to_what_is_selected_and_erases():
    before = composed("warped")
    chosen = Raster.filled(WIDTH, HEIGHT, (0,), "uint8").filled_at(Region(40, 40, 45, 40), 255)
    held = replace(before, selection=chosen)
    after = on_top("paint_pixels", held, points="84,58,1", radius=12.0, erase=True)
    off = np.abs(seen(after) - seen(before)).max(axis=2)
    assert off[:, 90:].max() == 0
    assert off[54:62, 77:83].min() > 10
    assert np.abs(seen(after)[58, 80] - 40).max() <= 1  # the ground is seen there


def test_dodging_a_layer_that_is_seen_smaller_keeps_its_own_detail():
    """Its pixels are changed as they are, not as they are seen: a chequer of single pixels stays
    one, which a picture of half its size shows as grey.
    """
    chequer = (np.indices((200, 200)).sum(axis=0) % 2 * 100 + 60).astype(np.uint8)
    pixels = Raster.from_array(np.repeat(chequer[..., None], 3, axis=2))
    layer = Layer("top", pixels, id="top", place=Place.scaled(0.5, 0.5))
    before = Document(100, 100, "uint8", (layer,))
    after = on_top("touch_up", before, effect="dodge", points="50,50,1", radius=20.0, hardness=1.0)
    own = after.layer("top").raster.to_array()[90:110, 90:110, 0].astype(float)
    lit = 255 * (chequer[90:110, 90:110] / 255.0) ** (1 / 1.5)
    assert np.abs(own - lit).max() <= 1
