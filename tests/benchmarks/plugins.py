"""Plugins: a frame of four live layers with 50 plugins installed, against one with none.

A frame is what a slider's step costs on a screen of 2560 x 1440: the uppermost of four filter
layers gets another setting, and every tile that is seen is rendered. What is installed is known,
so that the plugins should add nothing.
"""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

import numpy as np

from safelight.actions import Studio
from safelight.actions.plugins.plugin_store import Store
from safelight.api import Region
from safelight.document import Document, Layer, Renderer, edits
from safelight.pixels import Raster
from safelight.workers.job_kinds import live_filter
from tests.benchmarks.pairs import Row, alternate, seconds, touch
from tests.plugins.records import record

PAIRS = {"full": 11, "quick": 7, "tiny": 1}

_VIEW = {"full": (2560, 1440), "quick": (1280, 720), "tiny": (160, 90)}
_PLUGINS, _LAYERS, _SIDE = 50, 4, 512


def measure(pairs: int, size: str = "full") -> list[Row]:
    """One row."""
    width, height = _VIEW[size]
    touch(200 * width * height)
    pixels = np.random.default_rng(7).integers(0, 256, (height, width, 3), np.uint8)
    with contextlib.ExitStack() as stack:
        sides = []
        for count in (_PLUGINS, 0):
            store = Store(Path(stack.enter_context(tempfile.TemporaryDirectory())))
            for number in range(count):
                record(store, f"safelight-p{number:02}")
            studio = stack.enter_context(Studio("cpu", store=store))
            sides.append(_Frames(studio, Document.from_raster(Raster.from_array(pixels))))
        crowded, alone = alternate(
            lambda: seconds(sides[0].draw) * 1e3, lambda: seconds(sides[1].draw) * 1e3, pairs
        )
    name = f"plugins: {_LAYERS} live layers, {_PLUGINS} installed against none"
    return [Row(name, "ms", crowded, alone, goal=1.05)]


class _Frames:
    """Frames of a document with live layers, each with another setting."""

    def __init__(self, studio: Studio, document: Document) -> None:
        self._renderer = Renderer(studio.live)
        warmth = studio.filter("warmth")
        for number in range(_LAYERS):
            layer = Layer("Warmth", live_filter(warmth, {"amount": 0.1}), id=f"{number}")
            document = edits.add_layer(layer).apply(document)
        self._document, self._turn = document, 0

    def draw(self) -> None:
        """One frame."""
        self._turn = (self._turn + 1) % 7
        edit = edits.set_filter(f"{_LAYERS - 1}", settings={"amount": self._turn / 10})
        document = edit.apply(self._document)
        for y in range(0, document.height, _SIDE):
            for x in range(0, document.width, _SIDE):
                place = Region(x, y, _SIDE, _SIDE).intersect(document.region)
                self._renderer.render(document, place)
