"""Ranges and orders: which numbers are black and white, and whether red or blue comes first."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from safelight.workers.far.probe.network_on_trial import WHOLE_NUMBERS, Trial
from safelight.workers.far.probe.probe_charts import NOISE, chart_of, middle, reduced
from safelight.workers.far.probe.probed_properties import (
    ASKED,
    ASSUMED,
    PROBED,
    READ,
    Probed,
)
from safelight.workers.far.tensors import COUNTS, SPREAD, Format, each_resized

_TELLING, _TELLING_ORDER = 0.95, 0.85
"""How much smaller an error has to be to decide a range, or the order of the colours.

Measured with an enlarger trained here: fed 0..1 where it wants 0..255 its error is an eighth to
a quarter larger; the chart is not natural enough for a few per cent to tell red from blue.
"""

_BROKEN = 0.3
"""Error, of the whole range, from which on nothing of what went in is left in a result."""

_LIKE = 0.2
"""Error, of the whole range, up to which a result is like what went in, so that errors tell."""


def check_sense(trial: Trial) -> None:
    """Refuse results that have nothing to do with the picture."""
    format, chart = trial.format("0..1"), chart_of(*trial.base)
    trial.raw(format, chart)  # the first run reserves memory
    start = time.perf_counter()
    first = trial.raw(format, chart)
    trial.cost = (time.perf_counter() - start) / (trial.base[0] * trial.base[1])
    span = float(np.ptp(first.astype(np.float64))) if np.isfinite(first).all() else 1.0
    if np.abs(first - trial.raw(format, chart)).max() > 0.01 * span:
        raise trial.refusal("gives another result each time for the same picture")
    other = trial.raw(format, np.ascontiguousarray(1 - chart))
    white = trial.raw(trial.format("0..255"), chart)
    if np.array_equal(first, other) and np.array_equal(first, white):
        raise trial.refusal("gives the same result whatever goes in")


def find_range(trial: Trial) -> None:
    """Find which numbers are black and white: the range in which it does its task best."""
    found = trial.found
    if found.properties["result"] == "ab":
        _assume_lab(trial)
        return
    wanted = found.properties.get("range")
    tried: list[tuple[float, bool, str, str]] = []
    skipped: list[str] = []
    for values in (wanted,) if wanted else _ranges(trial):
        if tried and trial.late():
            skipped.append(values)
            continue
        made = found.properties.get("result_range") or _made(trial, values)
        if made:
            error = _error(trial, trial.format(values, made))
            tried.append((error, values != made, values, made))
    if not tried and found.properties["result"] == "grey" and found.size is not None:
        # Such as a depth, in units of its own: only seen whole it has a least and a greatest.
        found.set("fit", "whole", READ)
        tried = [
            (math.inf, False, values, SPREAD)
            for values in ((wanted,) if wanted else _ranges(trial))
            if trial.planes(trial.format(values, SPREAD), chart_of(*trial.base)) is not None
        ]
    if not tried:
        raise trial.refusal("gives values that are no picture in any range that is known")
    best = min(tried)[0]
    # Networks without biases and clipping work alike in several ranges; of a result that is
    # unlike what went in, as a mask or a painting is, no error tells anything.
    unlike = best > _LIKE or found.properties["result"] == "mask"
    alike = tried if unlike else [item for item in tried if item[0] <= best / _TELLING]
    _, _, values, made = min(alike, key=lambda item: item[1])
    # A network that changes a picture much does less in a wrong range: only ranges in which
    # nothing of the picture is left are ruled out by an error.
    left = tried if unlike else [item for item in tried if item[0] < _BROKEN]
    how = PROBED if len(left) == 1 and len(tried) > 1 and not skipped else ASKED
    if len(tried) == 1 and not skipped:
        how = READ if trial.kind in WHOLE_NUMBERS else ASSUMED
    found.set("range", values, how)
    found.set("result_range", made, how)
    if found.how["range"] == ASKED:
        others = [item[2] for item in sorted(left) if item[2] != values]
        found.asks["range"] = [values, *others, *skipped]


def _assume_lab(trial: Trial) -> None:
    """Assume what a colouriser takes: of its result nothing is like the chart, but how large its
    colours are tells their range.
    """
    grey = trial.found.properties["channels"] in ("L", "Y")
    trial.found.set("range", "0..100" if grey else "0..1", ASSUMED)
    values = trial.raw(trial.format(trial.found.properties["range"]), chart_of(*trial.base))
    trial.found.set("result_range", "-1..1" if np.abs(values).max() <= 2 else "0..1", PROBED)


def _ranges(trial: Trial) -> Sequence[str]:
    if trial.kind in WHOLE_NUMBERS:
        return ("0..255",)
    if trial.found.properties["channels"] in ("Y", "L"):
        return ("0..1", "0..255", "-1..1")
    return ("0..1", "0..255", "-1..1", "imagenet", "caffe")


def _made(trial: Trial, values: str) -> str:
    """The range of the result, by its numbers; "" when they are no picture's."""
    result = trial.raw(trial.format(values), chart_of(*trial.base)).astype(np.float64)
    if not np.isfinite(result).all():
        return ""
    if trial.file.outputs[0].element in WHOLE_NUMBERS:
        return "0..255"
    low, high = np.percentile(result, (1, 99))
    if trial.file.last == "Tanh":
        return "-1..1"
    if high > 4 or low < -4:
        return "0..255" if low > -150 and high < 400 else ""
    return "-1..1" if low < -0.35 else "0..1"


def find_order(trial: Trial) -> None:
    """Find whether red or blue comes first: the order in which it does its task best."""
    found = trial.found
    if COUNTS[found.properties["channels"]] != 3:
        return
    orders = ("RGB", "BGR")
    ins = orders if found.how["channels"] == ASSUMED else (found.properties["channels"],)
    coloured = COUNTS[found.properties["result"]] == 3
    free = coloured and found.how["result"] == ASSUMED
    # Nearly every network gives colours in the order in which it takes them.
    both = orders if ins[0] == "RGB" else orders[::-1]
    outs = both if free else (found.properties["result"],)
    errors: dict[tuple[str, str], float] = {}
    for taken in ins if coloured else ins[:1]:
        for made in outs:
            if not errors or not trial.late():
                error = _error(trial, trial.format(taken=taken, result=made))
                errors[taken, made] = error
    plain = next(iter(errors))
    best = min(errors, key=lambda item: errors[item])
    told = errors[best] <= _LIKE and errors[best] < _TELLING_ORDER * errors[plain]
    for key, value in zip(("channels", "result"), best if told else plain, strict=True):
        found.properties[key] = value
        if found.how[key] == ASSUMED:
            # Both orders leave a picture: an error makes one likelier, and forces neither.
            found.how[key] = ASKED if len(ins) > 1 else ASSUMED
    if found.how["channels"] == ASKED:
        found.asks["channels"] = [found.properties["channels"], _other(found, "channels")]


def ask_result(trial: Trial) -> None:
    """Ask whether one channel made of three is a mask or a picture: no result tells."""
    found = trial.found
    kinds = ("mask", "grey")
    if found.properties["result"] in kinds and found.how["result"] == READ:
        best = found.properties["result"]
        found.how["result"] = ASKED
        found.asks["result"] = [best, *(item for item in kinds if item != best)]


def _error(trial: Trial, format: Format) -> float:
    """How far the result is from what was meant: root mean square, of the whole range."""
    spoilt, meant = _task(trial)
    planes = trial.planes(format, spoilt)
    if planes is None:
        return math.inf
    if planes.shape[:2] != meant.shape[:2]:
        planes = each_resized(planes, (meant.shape[1], meant.shape[0]))
    wanted = meant if planes.shape[2] == 3 else meant @ np.array([[0.299], [0.587], [0.114]])
    wrong = (planes.clip(-0.5, 1.5) - wanted) ** 2
    if "mask" in trial.found.properties:
        wrong = wrong[middle(meant) == 0]  # what is made anew is meant to be another
    return float(np.sqrt(np.mean(wrong)))


def _task(trial: Trial) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A spoilt chart and what it was, each (height, width, 3).

    The chart is reduced for an enlarger, and has noise for the others: a network fed as it was
    trained does better than one fed otherwise, even where the results look alike.
    """
    tall, wide = (side * trial.scale for side in trial.base)
    meant = chart_of(tall, wide)
    if trial.scale == 1:
        noise = np.random.default_rng(2).normal(0, NOISE, meant.shape)
        return (meant + noise).astype(np.float32), meant
    return reduced(meant, trial.base), meant


def _other(found: Probed, key: str) -> str:
    return "BGR" if found.properties[key] == "RGB" else "RGB"
