"""Layers: changing the top of five layers against compositing all; undo bytes of a stroke; a dab.

The stroke is a hundred round dabs across a picture of 24 megapixels. Against it stands what many
editors keep for undo: the stroke's bounding box as it was. The dab is a clone of 300 pixels, with
hardness and opacity, of a stroke that goes on: against it stands the same in a bare numpy array.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from safelight.api import Region
from safelight.document import Document, History, Layer, Renderer, Stroke, edits, render
from safelight.document.strokes import laid_pixels, retouch
from safelight.pixels import DAB, Raster, prepare_kernels
from tests.benchmarks.pairs import KERNELS, Row, alternate, touch

PAIRS = {"full": 11, "quick": 7, "tiny": 2}

_VIEW = {"full": (2560, 1440), "quick": (1280, 720), "tiny": (160, 90)}
_PAINTED = {"full": (6000, 4000), "quick": (3000, 2000), "tiny": (600, 400)}

_SIDE = 512
"""What the canvas asks for at a time."""

_MODES = ("normal", "multiply", "screen", "overlay", "soft-light")


def measure(pairs: int, size: str = "full") -> list[Row]:
    """Three rows."""
    return [_top_layer(pairs, size), _stroke(size), _dab(pairs, size)]


def _top_layer(pairs: int, size: str) -> Row:
    width, height = _VIEW[size]
    random = np.random.default_rng(5)
    touch(20 * width * height * 16)
    rasters = [
        Raster.from_array(random.random((height, width, 4 if index else 3), np.float32))
        for index in range(len(_MODES))
    ]
    if size != "tiny":
        prepare_kernels(KERNELS, _MODES)
    # Modes differ in cost: each is on top once.
    documents = [_document(rasters, _MODES[turn:] + _MODES[:turn]) for turn in range(len(_MODES))]
    region = documents[0].region
    tiles = [
        Region(x, y, _SIDE, _SIDE).intersect(region)
        for y in range(0, height, _SIDE)
        for x in range(0, width, _SIDE)
    ]
    renderers = [Renderer(memory=1 << 30) for _ in documents]
    opacities = iter(np.linspace(0.1, 0.9, 10_000))

    def changed() -> list[Document]:
        opacity = float(next(opacities))
        return [edits.set_opacity(x.layers[-1].id, opacity).apply(x) for x in documents]

    def view(renders: list[Callable[[Document, Region], Any]]) -> float:
        now = changed()
        start = time.perf_counter()
        for renders_one, document in zip(renders, now, strict=True):
            for tile in tiles:
                renders_one(document, tile)
        return (time.perf_counter() - start) / len(now) * 1e3

    mine, whole = alternate(
        lambda: view([renderer.render for renderer in renderers]),
        lambda: view([render] * len(documents)),
        pairs,
        warm=3,
    )
    now = changed()[0]
    assert np.array_equal(renderers[0].render(now, tiles[0]), render(now, tiles[0]))
    return Row(f"layers: top of five, {width} × {height}", "ms", mine, whole, goal=0.3)


def _document(rasters: list[Raster], modes: tuple[str, ...]) -> Document:
    layers = [
        Layer(mode, raster, opacity=0.9 if index else 1.0, mode=mode)
        for index, (raster, mode) in enumerate(zip(rasters, modes, strict=True))
    ]
    return Document(rasters[0].width, rasters[0].height, rasters[0].depth, tuple(layers))


def _stroke(size: str) -> Row:
    width, height = _PAINTED[size]
    random = np.random.default_rng(6)
    pixels = random.integers(0, 256, (height, width, 4), np.uint8)
    document = Document.from_raster(Raster.from_array(pixels))
    layer = document.layers[0]
    before = layer.raster
    raster, radius = before, max(width // 100, 4)
    boxes = []
    for place in np.linspace(0.1, 0.9, 100):
        x = int(width * place)
        y = int(height * (0.5 + 0.3 * np.sin(6 * place)))
        box = Region(x - radius, y - radius, 2 * radius, 2 * radius).intersect(raster.region)
        boxes.append(box)
        dab = np.array(raster.read(box))
        dab[..., :3] //= 2
        raster = raster.replaced(box, dab)
    history = History.start(document).do(edits.set_pixels(layer.id, raster, "Brush"))
    assert history.undo().document is document
    kept = {id(tile): tile for _, tile in before.tiles()}
    fresh = [tile for _, tile in raster.tiles() if id(tile) not in kept]
    left, top = min(box.x for box in boxes), min(box.y for box in boxes)
    right, bottom = max(box.right for box in boxes), max(box.bottom for box in boxes)
    ours = sum(tile.nbytes for tile in fresh) / 1e6
    reference = (right - left) * (bottom - top) * 4 / 1e6
    name = f"layers: undo of 100 dabs, {width * height / 1e6:.3g} MP"
    return Row(name, "MB", [ours], [reference], goal=0.3)


def _dab(pairs: int, size: str) -> Row:
    """Pieces of one stroke, and the whole dab computed in an array at each of their ends."""
    width, height = _PAINTED[size]
    radius, hardness, opacity = width / 40, 0.5, 0.8
    pixels = np.random.default_rng(7).integers(0, 256, (height, width, 3), np.uint8)
    document = Document.from_raster(Raster.from_array(pixels))
    if size != "tiny":
        prepare_kernels(KERNELS, (DAB,))
    way = round(width / 8), round(height / 40)
    made = retouch.Retouching(document.layers[0].id, laid_pixels.Clone(*way), opacity=opacity)
    made.begin(document)
    bare = pixels.copy()
    side = 2 * int(radius) + 1
    far = np.hypot(*np.meshgrid(*[np.arange(side) - radius] * 2)) / radius
    soft = np.clip((1 - far) / (1 - hardness), 0, 1).astype(np.float32)
    share = (soft * soft * (3 - 2 * soft) * opacity)[..., None]
    ours, reference, now = [], [], document
    points = [
        (width * (0.2 + 0.002 * n), height * (0.3 + 0.001 * n), 1.0) for n in range(pairs + 1)
    ]
    for number, (start, end) in enumerate(itertools.pairwise(points)):
        made.add(Stroke((start, end), radius, hardness, goes_on=number > 0))
        began = time.perf_counter()
        now = made.laid_on(now)
        ours.append((time.perf_counter() - began) * 1e3)
        left, top = (int(at - radius) for at in end[:2])
        began = time.perf_counter()
        under = bare[top : top + side, left : left + side]
        x, y = left + way[0], top + way[1]
        source = pixels[y : y + side, x : x + side].astype(np.float32)
        under[:] = np.rint(under + (source - under) * share).astype(np.uint8)
        reference.append((time.perf_counter() - began) * 1e3)
    name = f"layers: a cloned dab of {2 * radius:.0f} px"
    return Row(name, "ms", ours, reference, goal=1.5)
