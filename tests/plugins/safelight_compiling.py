"""A plugin whose filter numba compiles. It says whether it was compiled before."""

from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numba
import numpy as np

from safelight import api


@api.filter("Compiled", category="Test")
def compiled(image: api.Image) -> api.Image:
    """White where another process had compiled the kernel, black where this one did."""
    return np.full_like(image, float(found()))


@cache
def found() -> bool:
    """Whether the kernel was there when this process first wanted it, and threads ran it."""
    kernel = numba.njit(cache=True, nogil=True)(_sum)
    parts = np.arange(1000.0).reshape(4, 250)
    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(kernel, parts)) == 499500.0
    return bool(kernel.stats.cache_hits)


def _sum(numbers):
    total = 0.0
    for number in numbers:
        total += number
    return total


@api.hookimpl
def filters():
    return [compiled]
