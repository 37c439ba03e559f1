"""Probe network: what a network does not say of itself is found out by running it on a test chart.

Shapes come from the graph. What the graph leaves open (range, order of the colours, sizes it
takes, how far it looks) is tried; a decision that the results do not force is called assumed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from safelight.workers.far.probe.mask_and_guide import find_guide, find_mask
from safelight.workers.far.probe.network_on_trial import Run, Trial
from safelight.workers.far.probe.picture_inputs import first_run, read_inputs
from safelight.workers.far.probe.probe_notes import summarise
from safelight.workers.far.probe.probed_properties import GIVEN, STATED, Probed
from safelight.workers.far.probe.ranges_and_orders import (
    ask_result,
    check_sense,
    find_order,
    find_range,
)
from safelight.workers.far.probe.sizes_and_reach import find_reach, find_sizes
from safelight.workers.far.probe.stated_properties import stated
from safelight.workers.onnx_file import OnnxFile

Tell = Callable[[float, str], None]
"""Is told how far the probing is, 0 to 1, and in a few words what is tried."""

BUDGET = 12.0
"""Seconds after which nothing more is tried: what is not known by then is assumed, or asked."""

_STEPS: tuple[tuple[str, Callable[[Trial], None]], ...] = (
    ("reading what goes in", read_inputs),
    ("running it", first_run),
    ("trying the mask", find_mask),
    ("trying the second picture", find_guide),
    ("comparing results", check_sense),
    ("trying ranges", find_range),
    ("trying orders of colours", find_order),
    ("looking at the result", ask_result),
    ("trying sizes", find_sizes),
    ("looking for seams", find_reach),
    ("putting it in words", summarise),
)
"""What is done in which order, each with the words that a person is told meanwhile."""


def probe(
    file: OnnxFile,
    name: str,
    run: Run,
    given: Mapping[str, str],
    tell: Tell = lambda fraction, words: None,
    budget: float = BUDGET,
) -> Probed:
    """Find out how pictures go through a network: ``run`` takes its inputs, gives its outputs.

    ``given`` are decisions the user has made, by KEYS. Raises OnnxError, in a sentence that
    says why this network is no filter; ``run`` may raise it too. A slow network is tried for
    ``budget`` seconds and no longer begins anything then.
    """
    found = Probed()
    for key, value in given.items():
        found.set(key, value, GIVEN)
    for key, value in stated(file.metadata).items():
        found.set(key, value, STATED)
    trial = Trial(file, name, run, found, time.monotonic() + budget)
    for number, (words, step) in enumerate(_STEPS):
        tell(number / len(_STEPS), words)
        step(trial)
    return found
