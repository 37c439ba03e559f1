"""Kernel recipe: what ``fused`` needs to compile a loop, and the words of formulas for numba."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from safelight.pixels.blend import PARTS, choose, least, most, root

CHUNK = 256
"""Pixels of a row that are taken apart into planes at a time, to stay in the nearest cache."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a kernel comes about: ``loop`` makes the function that numba compiles, ``signature`` says
    what that is given, ``called`` makes of the compiled one what callers call, and ``check`` raises
    RuntimeError where that does not do what numpy does.
    """

    loop: Callable[[], Callable[..., Any]]
    signature: Callable[[], Any]
    called: Callable[[Callable[..., Any]], Any]
    check: Callable[[Any], None]


_taught = False


def teach() -> None:
    """Tell numba what the formulas' vocabulary means for single numbers."""
    global _taught
    import numba

    if numba.config.DISABLE_JIT:
        raise RuntimeError("numba's compiler is switched off")
    if _taught:
        return
    from numba.extending import overload, register_jitable

    overload(choose)(lambda condition, yes, no: lambda condition, yes, no: yes if condition else no)
    overload(least)(lambda one, other: lambda one, other: one if one < other else other)
    overload(most)(lambda one, other: lambda one, other: one if one > other else other)
    overload(root)(lambda value: lambda value: np.sqrt(value))
    for function in PARTS:
        register_jitable(function)
    _taught = True
