"""Measure the generators that ship: how far what they make is from pictures they never saw.

    python -m models.generate.measure --flowers FOLDER --pictures FOLDER [FOLDER ...] \
        --features squeezenet1_0_features.npz [--json metrics.json] [--sheets FOLDER]

What is measured is the ONNX files, in ONNX Runtime on the CPU, results rounded to 8 bits; of either
that is not there, nothing. Samples are those of the seeds from 0 on: nobody picks. Flowers are
compared with pictures kept from training, beside two anchors in the same units: the pictures that
were learnt (as good as it gets) and a generator without a network. Surfaces are compared with the
squares they were learnt from, beside what two parts of one square differ by.

`--sheets` writes `flowers.jpg` and `surfaces.jpg`, samples alone, for the card; and beside what
they were learnt from, which is for the eye and not to be passed on without its credits.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations, product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnxruntime
import torch
from PIL import Image
from torch import nn

from models import cards
from models.degradation import levels as eight_bit
from models.generate import contest, distances
from models.generate.export import FLOWERS, PLUGIN, SURFACES, Given, made
from models.generate.folder import Folder, sheet, signed
from models.generate.networks import CELL, CODE, FIELD
from models.generate.textures import SIDE, between, listed, quarters, row, statistics
from models.generate.train import TEXTURES
from models.perceptual import Features
from models.style import independent, objective
from models.tiles import Network, sha256, state, write_sums
from models.training import planes

COUNT = 1000  # flowers
SEEDS = 2  # of every texture
SHOWN, COLUMNS = 64, 8  # of the sheets
MIXED = 8  # of those of surfaces, at least, are of codes between two textures'
JPEG = 88  # quality of the sheets
ROUNDS = 15  # of timing
THUMBNAIL = 6  # cells a side of a surface that the window shows nine of
TIMED = 32  # cells a side of a surface by which the cost of a megapixel is told
GOAL = 1.5  # most distance from the source, in parts of that of two crops of it
INSIDE = 0.95  # of cuts inside: a border that differs by less is no seam


def flower(code: np.ndarray, side: int) -> Given:
    """What makes a flower of a code (CODE,), with nothing locked."""
    lock = np.zeros((1, 1, side, side), np.float32)
    return {"code": code[None], "held": code[None], "lock": lock, "variety": np.ones(1, np.float32)}


def endless(code: np.ndarray, cells: int, seed: int) -> Given:
    """What makes a surface of a code (KIND,) that repeats after so many cells."""
    rng = np.random.default_rng(seed)
    return {
        "field": rng.standard_normal((1, FIELD, cells, cells), np.float32),
        "kinds": np.tile(code[None, :, None, None], (1, 1, cells, cells)),
        "places": np.indices((cells, cells), np.float32)[None],
        "period": np.full((1, 2), cells, np.float32),
    }


def picture(network: Network, given: Given) -> np.ndarray:
    """What a file makes, (h, w, 3) uint8."""
    return eight_bit(made(network, given).transpose(1, 2, 0))


def flowers(network: Network, count: int) -> np.ndarray:
    """Those of the seeds from 0 on, uint8 (count, side, side, 3)."""
    codes = [np.random.default_rng(n).standard_normal(CODE, np.float32) for n in range(count)]
    return np.stack([picture(network, flower(code, network.tile)) for code in codes])
