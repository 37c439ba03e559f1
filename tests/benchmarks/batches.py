"""Batches: what it gains that several pictures go through a network in one run.

The reference runs the same network, of eight convolutions, for each of the pictures. ``in one run``
is for pictures that the filter hands over together; processor seconds of all threads, since other
processes may run meanwhile.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from onnx import helper

from safelight.workers.far.inference import Inference
from tests.benchmarks.pairs import Row, alternate
from tests.workers import networks

PAIRS = {"full": 15, "quick": 7, "tiny": 2}

_NUMBER, _CHANNELS, _LAYERS = 16, 32, 8

_SIDES = {"full": (16, 32, 64, 128, 256), "quick": (16, 32, 64, 128), "tiny": (16,)}


def measure(pairs: int, size: str = "full") -> list[Row]:
    """A row for each size of 16 pictures."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "network.onnx")
        path.write_bytes(_network())
        inference = Inference()
        for side in _SIDES[size]:
            images = list(np.random.default_rng(6).random((_NUMBER, side, side, 3), np.float32))

            def together(images: list[np.ndarray]) -> None:
                inference.run_each(path, images, [{}] * len(images), "cpu")

            def alone(images: list[np.ndarray]) -> None:
                for image in images:
                    inference.run(path, image, {}, "cpu")

            taken = alternate(
                partial(_seconds, partial(together, images)),
                partial(_seconds, partial(alone, images)),
                pairs,
            )
            name = f"batches: {_NUMBER} pictures of {side}² in one run"
            rows.append(Row(name, "s", *taken, goal=1.0))
    return rows


def _seconds(work: Callable[[], None]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


def _network() -> bytes:
    """Pictures, as many as one likes, through convolutions of 3 × 3, and back."""
    random = np.random.default_rng(1)
    widths = [3, *[_CHANNELS] * (_LAYERS - 1), 3]
    nodes, tensors = [], {}
    for number, (given, made) in enumerate(zip(widths, widths[1:], strict=False)):
        kernel = random.normal(0, 1 / np.sqrt(9 * given), (made, given, 3, 3))
        tensors[f"kernel{number}"] = kernel.astype(np.float32)
        words = f"image kernel{number}" if not number else f"bent{number - 1} kernel{number}"
        last = number == _LAYERS - 1
        made_name = "output" if last else f"made{number}"
        nodes.append(networks.node("Conv", words, made_name, pads=[1, 1, 1, 1]))
        if not last:
            nodes.append(helper.make_node("Relu", [made_name], [f"bent{number}"]))
    free = ("count", 3, "height", "width")
    stated = {"safelight.contract": "1", "safelight.reach": str(_LAYERS)}
    values = [networks.value(name, free) for name in ("image", "output")]
    return bytes(networks.model(nodes, values[:1], values[1:], tensors, stated))
