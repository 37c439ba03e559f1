"""Mask and guide: what a network takes beside the picture, and how."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.workers.far.probe.network_on_trial import Trial
from safelight.workers.far.probe.probe_charts import chart_of, middle
from safelight.workers.far.probe.probed_properties import (
    ASKED,
    ASSUMED,
    PROBED,
)
from safelight.workers.far.tensors import unpacked
from safelight.workers.onnx_file import OnnxError

_UNLIKE = 1e-3
"""Difference, of a result's whole range, from which on something has an influence on it."""


def find_mask(trial: Trial) -> None:
    """Find which number of a mask says that a pixel is selected.

    What is selected is to be made anew: what was there has no influence on the result.
    """
    found = trial.found
    if "mask" not in found.properties:
        return
    if trial.scale != 1:
        raise trial.refusal("takes a mask and makes another size, which no filter can do")
    if found.properties["result"] == "mask":
        found.properties["result"] = "grey"  # what it makes is put where the mask says
    kind = trial.pictures[found.properties["mask"]].element
    numbers, bytes = ["0..1", "1..0"], ["0..255", "255..0"]
    options = numbers if kind == "bool" else bytes + numbers if kind == "uint8" else None
    options = options or numbers + bytes
    if "mask_range" in found.properties:
        return
    chart = chart_of(*trial.base)
    hole = middle(chart)
    other = np.where(hole[..., np.newaxis] > 0, 1 - chart, chart)
    holding: dict[str, NDArray[Any]] = {}
    for option in options:
        found.properties["mask_range"] = option
        first, second = (trial.tried(image) for image in (chart, other))
        if not _differ(trial, first, second):
            holding[option] = first
    del found.properties["mask_range"]
    options = [*holding, *(item for item in options if item not in holding)]
    alike = all(not _differ(trial, holding[options[0]], item) for item in holding.values())
    how = PROBED if holding and alike else ASKED
    found.set("mask_range", options[0], how)
    if how == ASKED:
        found.asks["mask_range"] = options


def find_guide(trial: Trial) -> None:
    """Find whether the second picture lies on the first: then a part of it changes that alone."""
    found = trial.found
    if "guide" not in found.properties or "guide_fit" in found.properties:
        return
    chart = chart_of(*trial.base)
    corner = chart.copy()
    tall, wide = (side // 4 for side in chart.shape[:2])
    corner[:tall, :wide] = 1 - corner[:tall, :wide]
    try:
        trial.guide = chart
        first = trial.tried(chart)
        trial.guide = corner
        second = trial.tried(chart)
    except OnnxError:  # it takes no second picture of a size of its own
        found.set("guide_fit", "aligned", ASSUMED)
        return
    finally:
        trial.guide = None
    layout = found.properties["layout"]
    if not _differ(trial, first, second):
        raise trial.refusal("gives the same result whatever the second picture is")
    far = [unpacked(item, layout)[2 * tall :, 2 * wide :] for item in (first, second)]
    if not _differ(trial, *far):
        found.set("guide_fit", "aligned", PROBED)
        return
    found.set("guide_fit", "whole", ASKED)
    found.asks["guide_fit"] = ["whole", "aligned"]


def _differ(trial: Trial, one: NDArray[Any], other: NDArray[Any]) -> bool:
    """Whether two results differ by more than rounding."""
    one, other = one.astype(np.float64), other.astype(np.float64)
    span = max(float(np.ptp(one)), float(np.ptp(other)), 1e-9)
    return not float(np.abs(one - other).max()) <= _UNLIKE * span
