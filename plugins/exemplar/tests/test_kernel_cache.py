"""Loops are compiled where nothing can be written to as well."""

import subprocess
import sys

PROGRAM = """
import numba.core.caching as caching
caching.CacheImpl._locator_classes = []  # as where no folder can be written to
import numba
try:
    numba.njit(cache=True)(lambda: 1)
except RuntimeError:
    from safelight_exemplar.patch_match import scrambled
    print(scrambled(5) != scrambled(6))
"""


def test_without_a_place_to_keep_what_is_compiled_it_is_compiled_all_the_same():
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=300
    )
    assert ran.stdout.strip() == "True", ran.stderr
