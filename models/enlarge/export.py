"""Turn trained weights into an ONNX file that the plugin ships, check it, and describe it.

    python -m models.enlarge.export --model fast --look faithful --scale 4 --weights OUT/weights.npz

The file is called as the filter looks for it, `fast_faithful_x4.onnx`. What is checked, and what a
file states, is in models/onnxfile.py; words come from card.toml, figures are added by measure.py.
`--half` and `--eight-bit` write smaller variants beside the file, where they pass their own checks
(models/precision.py).
"""

from __future__ import annotations

import argparse
import tomllib
from pathlib import Path

import numpy as np

from models import cards, onnxfile, precision
from models.enlarge.network import FAMILIES, build
from models.pictures import SUFFIXES, is_held_out, read
from models.tiles import Network
from models.training import load_weights

MODELS = {"fast": "fast", "quality": "quality", "photo": "fast"}  # the family each is usually of
LOOKS = ("faithful", "crisp")
SCALES = (2, 4)
TILES = {"fast": 448, "quality": 240}  # interior of a tile, input pixels: what suits the memory
PLUGIN = Path(__file__).parents[2] / "plugins" / "enlarge" / "safelight_enlarge"
SAMPLES = Path(__file__).parents[2] / "resources" / "samples"
CARD = Path(__file__).with_name("card.toml")


def export(
    model: str, look: str, scale: int, weights: Path, folder: Path, family: str
) -> onnxfile.Report:
    """Export, check, describe and place one file. Raises SystemExit where a check fails."""
    words = cards.words(CARD)
    network = build(family, scale)
    left = load_weights(network, weights)
    plain = network.merged()
    if left and weights.suffix != ".onnx":
        raise SystemExit(f"{weights} lacks {', '.join(left)}: no weights of {family} ×{scale}.")
    exact = network.multiple == 1
    properties = {
        "tile": str(TILES[family]),
        "title": f"{words['title']} ×{scale}, {words['models'][model]['title']}, {look}",
        "version": words["version"],
        "licence": words["licence"],
        "training_data": cards.training_data(words),
        "metrics": "not measured",
    }
    return onnxfile.export(
        plain,
        folder / f"{model}_{look}_x{scale}.onnx",
        properties,
        multiple=network.multiple,
        reach=network.reach if exact else network.multiple,
        exact=exact,
        photographs={} if exact else photographs(SAMPLES),
    )
