"""Sizes and reach: which sides a network takes, and how far around a pixel it looks."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from safelight.workers.far.probe.network_on_trial import Trial
from safelight.workers.far.probe.probe_charts import chart_of, details
from safelight.workers.far.probe.probed_properties import (
    ASKED,
    ASSUMED,
    MULTIPLES,
    PROBED,
)
from safelight.workers.onnx_file import OnnxError

_PATIENCE = 4.0
"""Seconds one run of the reach test should take at most; the chart is as large as that allows."""

_KEPT = 0.5
"""Correlation of details with those that went in from which on a result has the same details."""

_SEAM = 1 / 1024
"""Difference, of the whole range, below which a seam cannot be seen in eight bits."""

_MASK_REACH = 128
"""Pixels around what is selected that a network with a mask is shown, where it takes any size."""

_SLOW_REACH = 64
"""Pixels that a network is taken to look at where that was not probed."""

TILE, _LARGE_TILE = 448, 1024
"""Sides in pixels of the windows a picture is cut into, and where seams may show."""


def find_sizes(trial: Trial) -> None:
    """Find which numbers the sides have to be multiples of, and the shortest side."""
    found = trial.found
    if found.size is not None:
        return
    tall, wide = (side + 2 * trial.margin for side in trial.base)
    fitting = (
        step
        for step in MULTIPLES
        if not trial.late() and _takes(trial, tall + step, wide + 3 * step, step) is not None
    )
    multiple = next(fitting, 0)
    if not multiple and trial.late():
        # Nothing wider is usual than what it was run with.
        found.set("multiple", MULTIPLES[-1], ASSUMED)
        found.set("least", MULTIPLES[-1], ASSUMED)
        return
    if not multiple:
        found.size = trial.base
        found.notes.append(
            f"It calls its size free, but takes {wide} × {tall} alone: larger pictures are cut."
        )
        return
    found.set("multiple", multiple, PROBED)
    step = int(found.properties["multiple"])
    sides = sorted({-(-side // step) * step for side in MULTIPLES}, reverse=True)
    least = -(-tall // step) * step
    for side in sides:
        if trial.late() or _takes(trial, side, side, step) is None:
            break
        least = side
    found.set("least", least, PROBED)


def _takes(trial: Trial, height: int, width: int, step: int) -> NDArray[np.float32] | None:
    """The result for a chart of ``height`` × ``width``; None when it fails or has another size."""
    if height % step or width % step:
        return None
    try:
        planes = trial.format().planes(trial.fed(trial.format(), chart_of(height, width)))
    except (OnnxError, ValueError):
        return None
    lacks = 2 * trial.crop
    if planes.shape[:2] != (height * trial.scale - lacks, width * trial.scale - lacks):
        return None
    return planes if np.isfinite(planes).all() else None


def find_reach(trial: Trial) -> None:
    """Find how many pixels around its own a result pixel depends on, and where windows may lie.

    Two windows that overlap are compared: where they differ, one of them lacked something.
    """
    found = trial.found
    if "mask" in found.properties:
        _show_surroundings(trial)
        return
    if "reach" in found.properties or found.properties.get("fit", "windows") != "windows":
        found.set("reach", 0, ASSUMED)
        return
    side = _window(trial)
    step, reach = _shifted(trial, side)
    if reach is None and trial.late():
        _assume_reach(trial)
        return
    if found.size is None and found.how["multiple"] == PROBED and reach is not None:
        found.properties["multiple"] = str(step)
    if reach is None and found.size is not None:
        _see_whole(trial)
        found.set("reach", 0, ASSUMED)
        return
    if reach is None:
        found.notes.append(
            "It looks at the whole picture, or further than could be probed: where pieces"
            " meet, a seam may show."
        )
    # One chart at these weights shows less than another picture may: a quarter more.
    stated = min(side // 4, 64) if reach is None else reach + -(-reach // 4)
    stated = max(stated, trial.margin)  # what is not padded looks at all that it crops
    found.set("reach", stated, ASSUMED if reach is None else PROBED)
    found.set("tile", _LARGE_TILE if reach is None else TILE, ASSUMED)


def _show_surroundings(trial: Trial) -> None:
    """Have a network with a mask see what is selected, and as much around it as is likely."""
    found = trial.found
    found.set("tile", TILE, ASSUMED)
    if found.size is None:
        found.set("reach", _MASK_REACH, ASSUMED)
        return
    found.set("fit", "whole", ASSUMED)
    found.set("reach", max(min(found.size) // 2, 1), ASSUMED)


def _assume_reach(trial: Trial) -> None:
    """Assume how far a network looks that is too slow to look for seams of."""
    found = trial.found
    found.set("reach", _SLOW_REACH, ASSUMED)
    found.set("tile", TILE, ASSUMED)
    found.notes.append(
        f"It is slow: how far it looks was not probed, {_SLOW_REACH} pixels are assumed; a"
        " seam may show where pieces meet."
    )


def _see_whole(trial: Trial) -> None:
    """Have a network of one size that looks at all of a picture see pictures whole.

    Where the small pictures' details are its result's, only what it changes is resized.
    """
    found = trial.found
    if found.properties["result"] not in ("RGB", "BGR", "Y") or trial.scale > 1:
        found.set("fit", "whole", PROBED)
        return
    chart = chart_of(*trial.base)
    made = trial.planes(trial.format(), chart)
    kept = 0.0
    if made is not None:
        both = [details(planes.mean(axis=2)) for planes in (chart, made)]
        one, other = (item / max(float(np.linalg.norm(item)), 1e-9) for item in both)
        kept = float((one * other).sum())
    best = "change" if kept > _KEPT else "whole"
    found.set("fit", best, ASKED)
    found.asks["fit"] = [best, *(item for item in ("whole", "change") if item != best)]


def _shifted(trial: Trial, side: int) -> tuple[int, int | None]:
    """The step on whose grid windows have to lie, and the reach; None when none is enough."""
    if trial.late():
        return 1, None
    if trial.found.size is not None:
        return 1, _seam(trial, side, side // 2 + 1)
    middle = max(side // 2 // 64, 1) * 64
    least = int(trial.found.properties["multiple"])
    coarse = max(MULTIPLES[-1], least)
    for step in (*(item for item in MULTIPLES if item >= least), coarse):
        if trial.late():
            break
        reach = _seam(trial, side, middle + step % 64)
        if reach is not None:
            return step, reach
        if _seam(trial, side, middle) is None:
            break  # not even where every grid fits: it is no matter of the grid
    return least, None


def _window(trial: Trial) -> int:
    """The side of the windows that the reach is tested with."""
    if trial.found.size is not None:
        return min(trial.base)
    affordable = math.sqrt(_PATIENCE / max(trial.cost, 1e-9))
    return int(min(max(affordable, max(trial.base), 192), 384)) // 64 * 64


def _seam(trial: Trial, side: int, shift: int) -> int | None:
    """How far from a window's end its result is right; None when it nowhere is."""
    size = trial.base if trial.found.size is not None else (side, side)
    tall, wide = size
    picture = chart_of(tall, wide + shift)
    first = trial.planes(trial.format(), picture[:, :wide])
    second = trial.planes(trial.format(), picture[:, shift:])
    if first is None or second is None:
        return None
    scale, unit = trial.scale, 128 if trial.found.properties["result"] == "ab" else 1
    difference = np.abs(first[:, shift * scale :] - second[:, : (wide - shift) * scale])
    columns = difference.max(axis=(0, 2)).reshape(-1, scale).max(axis=1) / unit
    distances = np.minimum(np.arange(columns.size), np.arange(columns.size)[::-1])
    wrong = distances[columns > _visible(trial)]
    reach = int(wrong.max()) + 1 if wrong.size else 0
    return reach if reach < columns.size // 2 - 1 else None


def _visible(trial: Trial) -> float:
    """Difference, of the whole range, from which on a seam is seen: one step where a result has
    whole steps of eight bits.
    """
    rounded = {"Round", "Floor", "Ceil"} & set(trial.file.operators)
    whole = trial.file.outputs[0].element == "uint8" or rounded
    return 1.5 / 255 if whole else _SEAM
