"""Compiling: loops are compiled once and kept for the next process, where there is a place."""

import numba


def compiled(**options):
    """A decorator that compiles a loop as ``numba.njit`` does with these options, keeping it.

    Where no folder can be written to, neither beside the source nor for the user, numba refuses to
    keep anything (a RuntimeError when a loop is decorated): then each process compiles its own.
    """

    def decorate(loop):
        how = {"fastmath": True, "error_model": "numpy", **options}
        try:
            return numba.njit(cache=True, **how)(loop)
        except RuntimeError:
            return numba.njit(**how)(loop)

    return decorate
