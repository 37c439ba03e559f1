"""The testing kit for plugin authors: what every filter promises, as assertions.

    from safelight.api import testing

    def test_it_is_well_behaved(job):
        testing.assert_well_behaved(denoise, job=job(denoise), strength=0.5)

or a line for each promise:

    def test_it_is_deterministic(job):
        testing.assert_kept("deterministic", denoise, job=job(denoise))

After the filter come its settings, as when it is called; those left out have their defaults. A
filter that asks for a job is given ``job=job(FILTER)``, from the pytest fixture ``job`` that is
installed with Safelight. Another picture is given as an image; a layer, which is as large as the
image, as a function that makes it of the image: ``layer=lambda image: image[..., ::-1]``. A broken
promise is an AssertionError that says which and where. Without a line of code,
``pytest --safelight`` asks every promise of every filter of a plugin.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from safelight.api.bound_filter import TOLERANCE, Bound, Broken, Filter
from safelight.api.image import Image
from safelight.api.promises import PROMISES, Promise, broken, sentence, settings_to_try
from safelight.api.trial_pictures import largest_difference, photograph

__all__ = [
    "PROMISES",
    "UPDATE",
    "Promise",
    "assert_kept",
    "assert_matches_golden",
    "assert_tiles_agree",
    "assert_well_behaved",
    "photograph",
    "settings_to_try",
]

UPDATE = "SAFELIGHT_UPDATE_GOLDEN"
"""The environment variable that, set to 1, has golden pictures written instead of compared."""


def assert_well_behaved(
    filter: Filter, *, job: Any = None, without: Sequence[str] = (), **settings: Any
) -> None:
    """Assert that the filter keeps every promise of ``PROMISES`` with these settings.

    ``without`` names promises that it cannot keep by its nature, such as ``["wide-gamut"]`` for
    a threshold. Raises AssertionError with a sentence for each that is broken, what the filter
    itself raises, TypeError without the job it asks for, and ParameterError for settings that
    are not legal.
    """
    sentences = broken(Bound(filter, job, settings), tuple(without))
    if sentences:
        raise AssertionError("\n".join(sentences))


def assert_kept(
    promise: str, filter: Filter, *, job: Any = None, tolerance: float = TOLERANCE, **settings: Any
) -> None:
    """Assert that the filter keeps one promise, by its name in ``PROMISES``.

    ``tolerance`` is how much pieces may differ from the whole (black to white is 1). Raises
    AssertionError in one sentence, KeyError for a promise that there is not, and what
    ``assert_well_behaved`` raises beside.
    """
    bound = Bound(filter, job, settings, tolerance)
    try:
        PROMISES[promise].check(bound)
    except Broken as fault:
        raise AssertionError(sentence(bound, fault)) from None


def assert_tiles_agree(
    filter: Filter, *, job: Any = None, tolerance: float = TOLERANCE, **settings: Any
) -> None:
    """Assert that a picture filtered in pieces is the same as the picture filtered whole.

    Each piece comes with as many pixels around it as the filter and its networks say they look
    at, and no more. ``tolerance`` is the largest difference that passes (black to white is 1).
    Raises AssertionError with the size and place of the seam.
    """
    assert_kept("tiles", filter, job=job, tolerance=tolerance, **settings)


def assert_matches_golden(
    result: Image, path: str | os.PathLike[str], *, tolerance: float = 1 / 255
) -> None:
    """Assert that ``result`` is the picture kept at ``path``, a small .npy beside the tests.

    ``tolerance`` is the largest difference that passes (black to white is 1); what is kept is
    float16, exact to 1/4096 below 1. With SAFELIGHT_UPDATE_GOLDEN=1 in the environment the file
    is written instead. Raises AssertionError for a difference and for a missing file.
    """
    path = Path(path)
    if path.suffix != ".npy":
        raise ValueError(f"a golden picture is a .npy file; {path.name} is not")
    if os.environ.get(UPDATE) == "1":
        np.save(path, result.astype(np.float16))
        return
    if not path.is_file():
        raise AssertionError(f"{path} is missing: look at the result, then run with {UPDATE}=1")
    golden = np.load(path).astype(np.float32)
    if result.shape != golden.shape:
        raise AssertionError(f"the result is {result.shape}, {path.name} is {golden.shape}")
    size, place = largest_difference(result, golden)
    if not size <= tolerance:
        raise AssertionError(
            f"the result differs from {path.name} by {size:.4g} at {place}, more than "
            f"{tolerance:.4g}. If it is meant to: look at it, then run with {UPDATE}=1"
        )
