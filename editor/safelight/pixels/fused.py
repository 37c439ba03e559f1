"""Fused: compositing compiled to machine code, the same formulas in one pass over the pixels.

numpy walks over the pixels once for every operation of a formula; a compiled kernel does all of
them while the pixels are in registers. numba compiles the very functions of
``safelight.pixels.blend``, without leave to reorder arithmetic, so both give the same numbers.

Nothing depends on it. Until ``prepare_kernels`` is done, and where there is no numba, ``composite``
works in numpy. Compiling takes about half a second a mode, once for every user and version, and is
left to a child process: in this one the collector of cyclic garbage would walk over all that the
compiler makes, and the window would stand still for a tenth of a second at a time. Loading the
result takes a third of a second for all modes with the import of numba, and 55 MB besides the
compiler's mapped file.

A kernel runs on the thread that calls it and lets other threads run, so callers composite several
tiles at once. (numba's own threads would be a second pool beside theirs, and one kind of it
aborts when two threads call.)
"""

from __future__ import annotations

import hashlib
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from safelight.pixels.blend import (
    COMPILED,
    FORMULAS,
    LARGEST,
    MODES,
    ONE,
    PARTS,
    ZERO,
    Formula,
    Kernel,
    choose,
    in_numpy,
    least,
    most,
    root,
)

_log = logging.getLogger(__name__)

_CHUNK = 256
"""Pixels of a row that are taken apart into planes at a time, to stay in the nearest cache."""

_PATIENCE = 300.0
"""Seconds after which a child process that still compiles is given up."""

_preparing = threading.Lock()


def prepare_kernels(folder: Path | None, modes: Iterable[str] = MODES) -> bool:
    """Compile the kernels of ``modes``, or load them from ``folder``; whether all are ready now.

    For a background thread, once there is something to blend; calling it again costs nothing.
    ``folder`` is a cache that belongs to the user alone, for what is in it will be run; None
    keeps nothing and compiles in this process. A kernel must agree with numpy on a sample before
    ``composite`` uses it. Without numba, or when it fails, everything stays in numpy and the log
    says why. Raises ValueError for an unknown mode.
    """
    wanted = list(modes)
    for mode in wanted:
        if mode not in FORMULAS:
            raise ValueError(f"unknown blend mode {mode}; choose from {', '.join(MODES)}")
    with _preparing:
        missing = [mode for mode in wanted if mode not in COMPILED]
        try:
            if missing and folder is not None:
                _compile_elsewhere(missing, folder)
            for mode in missing:
                kernel = _compile(FORMULAS[mode], folder)
                _check(FORMULAS[mode], kernel)
                COMPILED[mode] = kernel
        except Exception as error:  # whatever it is that numba runs into
            _log.info("blending stays in numpy: %s", error)
            return False
    return True


def kernels_ready(modes: Iterable[str] = MODES) -> bool:
    """Whether ``composite`` is compiled for all of ``modes``."""
    return all(mode in COMPILED for mode in modes)


def _compile_elsewhere(modes: list[str], folder: Path) -> None:
    """Have a child process compile what ``folder`` does not have; ``_compile`` then only loads.

    When that fails, ``_compile`` does it here: slower for the window, but no worse.
    """
    import numba

    try:
        inside = _private(folder)
        absent = [mode for mode in modes if not (inside / f"{mode}.{numba.__version__}").exists()]
        if absent:
            # -P: what lies in the folder we were started from is not for importing.
            words = [sys.executable, "-P", "-c", _CHILD, str(folder), *absent]
            subprocess.run(words, check=True, capture_output=True, timeout=_PATIENCE)
    except (OSError, subprocess.SubprocessError) as error:
        _log.info("blending is not compiled in a process of its own: %s", error)


_CHILD = "import sys; from safelight.pixels.fused import fill; fill(*sys.argv[1:])"


def fill(folder: str, *modes: str) -> None:
    """What the child process does: compile ``modes`` into ``folder``, giving way to others."""
    import numba

    if hasattr(os, "nice"):
        os.nice(10)
    for mode in modes:
        _check(FORMULAS[mode], _compile(FORMULAS[mode], Path(folder)))
        (_private(Path(folder)) / f"{mode}.{numba.__version__}").touch()


def _compile(formula: Formula, folder: Path | None) -> Kernel:
    import numba

    if numba.config.DISABLE_JIT:
        raise RuntimeError("numba's compiler is switched off")
    _teach()
    types = numba.types
    written = types.Array(types.float32, 1, "C")
    read = types.Array(types.float32, 1, "C", readonly=True)
    whole = (types.int64,) * 6
    signature = types.void(written, read, read, *whole, types.float32)
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
    if folder is not None:
        # numba reads the setting when a function is declared. It is put back, and no environment
        # variable is used, because a cache of ours is no business of other users of numba.
        before = numba.config.CACHE_DIR
        try:
            numba.config.CACHE_DIR = str(_private(folder))
            return _called(numba.njit(signature, cache=True, **options)(_loop(formula)))
        except (RuntimeError, OSError) as error:
            _log.info("blending kernels cannot be kept: %s", error)
        finally:
            numba.config.CACHE_DIR = before
    return _called(numba.njit(signature, **options)(_loop(formula)))


def _private(folder: Path) -> Path:
    """A folder inside ``folder`` for the formulas as they are now, made if need be.

    numba sees when this file has changed, but not when the one with the formulas has.
    """
    state = hashlib.sha256(str(sys.implementation.cache_tag).encode())
    for module in (__file__, FORMULAS["normal"].function.__code__.co_filename):
        state.update(Path(module).read_bytes())
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    inside = folder / state.hexdigest()[:16]
    inside.mkdir(mode=0o700, exist_ok=True)
    return inside


_taught = False


def _teach() -> None:
    """Tell numba what the formulas' vocabulary means for single numbers."""
    global _taught
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


def _loop(formula: Formula) -> Callable[..., None]:
    """``safelight.pixels.blend.in_numpy`` for one formula, pixel by pixel, for numba to compile.

    The arrays are flat, with steps from one row to the next. Slices of them and the planes are
    what lets the compiler see that it may do eight or sixteen pixels at a time: indexing into the
    whole arrays is four times slower, and without the planes it does one pixel at a time.
    """
    blended, mixes, bounded = formula.function, formula.mixes, formula.bounded
    plain = formula is FORMULAS["normal"]
    lowest, highest = (ZERO, ONE) if bounded else (-LARGEST, LARGEST)

    def kernel(
        below: Any,
        above: Any,
        mask: Any,
        height: int,
        width: int,
        channels: int,
        below_step: int,
        above_step: int,
        mask_step: int,
        opacity: Any,
    ) -> None:
        planes = np.empty((8, _CHUNK), np.float32)
        for y in range(height):
            for left in range(0, width, _CHUNK):
                count = min(_CHUNK, width - left)
                start = y * below_step + 4 * left
                lower = below[start : start + 4 * count]
                for x in range(count):
                    planes[0, x] = lower[4 * x]
                    planes[1, x] = lower[4 * x + 1]
                    planes[2, x] = lower[4 * x + 2]
                    planes[3, x] = lower[4 * x + 3]
                start = y * above_step + channels * left
                upper = above[start : start + channels * count]
                if channels == 4:
                    for x in range(count):
                        planes[4, x] = upper[4 * x]
                        planes[5, x] = upper[4 * x + 1]
                        planes[6, x] = upper[4 * x + 2]
                        planes[7, x] = upper[4 * x + 3] * opacity
                else:
                    for x in range(count):
                        planes[4, x] = upper[3 * x]
                        planes[5, x] = upper[3 * x + 1]
                        planes[6, x] = upper[3 * x + 2]
                        planes[7, x] = opacity
                if mask.size:
                    start = y * mask_step + left
                    weight = mask[start : start + count]
                    for x in range(count):
                        planes[7, x] *= weight[x]

                for x in range(count):
                    alpha = least(most(planes[7, x], ZERO), ONE)
                    behind = least(most(planes[3, x], ZERO), ONE)
                    counts = alpha > ZERO
                    total = alpha + behind * (ONE - alpha)
                    share = alpha / (total if counts else ONE)
                    b = (planes[0, x], planes[1, x], planes[2, x])
                    s = (planes[4, x], planes[5, x], planes[6, x])
                    if plain:
                        mixed = s
                    else:
                        cb = (
                            least(most(b[0], lowest), highest),
                            least(most(b[1], lowest), highest),
                            least(most(b[2], lowest), highest),
                        )
                        cs = (
                            least(most(s[0], lowest), highest),
                            least(most(s[1], lowest), highest),
                            least(most(s[2], lowest), highest),
                        )
                        if mixes:
                            mixed = blended(cb, cs)
                        else:
                            mixed = (
                                blended(cb[0], cs[0]),
                                blended(cb[1], cs[1]),
                                blended(cb[2], cs[2]),
                            )
                        if bounded:
                            mixed = (
                                mixed[0] + (b[0] - cb[0]),
                                mixed[1] + (b[1] - cb[1]),
                                mixed[2] + (b[2] - cb[2]),
                            )
                        mixed = (
                            (ONE - behind) * s[0] + behind * mixed[0],
                            (ONE - behind) * s[1] + behind * mixed[1],
                            (ONE - behind) * s[2] + behind * mixed[2],
                        )
                    kept = ONE - share
                    planes[0, x] = kept * b[0] + share * mixed[0] if counts else b[0]
                    planes[1, x] = kept * b[1] + share * mixed[1] if counts else b[1]
                    planes[2, x] = kept * b[2] + share * mixed[2] if counts else b[2]
                    planes[3, x] = total if counts else planes[3, x]

                for x in range(count):
                    lower[4 * x] = planes[0, x]
                    lower[4 * x + 1] = planes[1, x]
                    lower[4 * x + 2] = planes[2, x]
                    lower[4 * x + 3] = planes[3, x]

    return kernel


_NO_MASK: NDArray[np.float32] = np.empty(0, np.float32)


def _called(loop: Callable[..., None]) -> Kernel:
    """A compiled loop with the arrays it wants made from the ones callers have."""

    def kernel(
        below: NDArray[np.float32],
        above: NDArray[np.float32],
        mask: NDArray[np.float32] | None,
        opacity: np.float32,
    ) -> None:
        height, width, channels = above.shape
        if not above.size:
            return
        rows = _rows(below)
        lower, below_step = rows or _copied(below)
        upper, above_step = _rows(above) or _copied(above)
        weight, mask_step = (_NO_MASK, 0) if mask is None else _rows(mask) or _copied(mask)
        loop(
            lower, upper, weight, height, width, channels,
            below_step, above_step, mask_step, opacity,
        )  # fmt: skip
        if rows is None:
            below[...] = lower.reshape(below.shape)

    return kernel


def _rows(pixels: NDArray[np.float32]) -> tuple[NDArray[np.float32], int] | None:
    """The memory that ``pixels`` lie in as a flat view, and the step from row to row.

    None when a row does not lie in one piece.
    """
    row = pixels[0].size
    if pixels.flags.c_contiguous and pixels.flags.aligned:
        return pixels.reshape(-1), row
    step = pixels.strides[0] // pixels.itemsize
    if step < row or not (pixels.flags.aligned and pixels[0].flags.c_contiguous):
        return None
    reach = (len(pixels) - 1) * step + row
    return as_strided(pixels, (reach,), (pixels.itemsize,)), step


def _copied(pixels: NDArray[np.float32]) -> tuple[NDArray[np.float32], int]:
    return pixels.flatten(), pixels[0].size


def _check(formula: Formula, kernel: Kernel) -> None:
    """Raise RuntimeError when a kernel does not do what numpy does."""
    numbers = np.random.default_rng(1)
    below, above = numbers.uniform(-0.2, 1.2, (2, 5, 67, 4)).astype(np.float32)
    mask = numbers.random((5, 67), np.float32)
    expected = below.copy()
    in_numpy(formula, expected, above, mask, np.float32(0.7))
    kernel(below, above, mask, np.float32(0.7))
    if not np.allclose(below, expected, rtol=1e-5, atol=1e-6):
        raise RuntimeError(f"the compiled mode {formula.title} is not what numpy computes")
