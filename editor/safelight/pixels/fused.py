"""Fused: compositing, tones and resampling compiled to machine code, the same formulas in one pass.

numpy walks over the pixels once for every operation of a formula; a compiled kernel does all of
them while the pixels are in registers. numba compiles the very functions of
``safelight.pixels.blend``, without leave to reorder arithmetic, so both give the same numbers.

Nothing depends on it. Until ``prepare_kernels`` is done, and where there is no numba,
``composite``, ``Tone.apply``, ``lanczos.resample``, ``dab.draw`` and ``bent.put_right`` work in
numpy. Compiling takes
about half a second a mode, once for every user and version, and is left to a child process: in this
one the collector of cyclic garbage would walk over all that the compiler makes, and the window
would stand still for a tenth of a second at a time. Loading the result takes a third of a second
for all modes with the import of numba, and 55 MB besides the compiler's mapped file.

A kernel runs on the thread that calls it and lets other threads run, so callers composite several
tiles at once. (numba's own threads would be a second pool beside theirs, and one kind of it
aborts when two threads call.)
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import math
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from safelight.api import FROM_LINEAR, TO_LINEAR, Curves, Lattice, Matrix, Mix, Region, Stage
from safelight.api.tone_table import LUMINANCE
from safelight.pixels import bent, dab, lanczos, tone
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
from safelight.pixels.depth import DEPTHS, from_float

_log = logging.getLogger(__name__)

_CHUNK = 256
"""Pixels of a row that are taken apart into planes at a time, to stay in the nearest cache."""

_PATIENCE = 300.0
"""Seconds after which a child process that still compiles is given up."""

TONE, RESAMPLE, DAB, BENT = "tone", "resample", "dab", "bent"
"""What ``prepare_kernels`` calls the kernels of tones, of resampling, of brushes and of bent
pictures, beside the modes."""

_preparing = threading.Lock()


def prepare_kernels(folder: Path | None, modes: Iterable[str] = MODES) -> bool:
    """Compile the kernels of ``modes``, or load them from ``folder``; whether all are ready now.

    ``TONE``, ``RESAMPLE``, ``DAB`` and ``BENT`` among them are those of tones, resampling, brushes
    and bent pictures.

    For a background thread, once there is something to blend; calling it again costs nothing.
    ``folder`` is a cache that belongs to the user alone, for what is in it will be run; None
    keeps nothing and compiles in this process. A kernel must agree with numpy on a sample before
    ``composite`` uses it. Without numba, or when it fails, everything stays in numpy and the log
    says why. Raises ValueError for an unknown mode.
    """
    wanted = list(modes)
    for mode in wanted:
        if mode not in FORMULAS and mode not in _OTHERS:
            raise ValueError(f"unknown blend mode {mode}; choose from {', '.join(MODES)}")
    with _preparing:
        missing = [mode for mode in wanted if not kernels_ready([mode])]
        try:
            if missing and folder is not None:
                _compile_elsewhere(missing, folder)
            for mode in missing:
                kernel = _checked(mode, folder)
                if mode in _OTHERS:
                    _others()[mode].append(kernel)
                else:
                    COMPILED[mode] = kernel
        except Exception as error:  # whatever it is that numba runs into
            _log.info("blending stays in numpy: %s", error)
            return False
    return True


def keep_kernels(folder: Path, modes: Iterable[str]) -> None:
    """Have a child process compile what ``folder`` does not have of the kernels, for whoever will
    load them; nothing is loaded here. For a background thread.
    """
    _compile_elsewhere(list(modes), folder)


def borrow_kernels(folder: Path, own: Path, modes: Iterable[str]) -> bool:
    """Load kernels that ``folder`` has, in a process that may read that but cannot write there nor
    start another: numba is given a copy in ``own``. False, and nothing done, where one is missing.
    """
    with contextlib.suppress(OSError):
        state = _state()
        inside = folder / state
        if not all(any(inside.glob(f"{mode}.[0-9]*")) for mode in modes):
            return False
        import numba

        if not all((inside / f"{mode}.{numba.__version__}").exists() for mode in modes):
            return False
        shutil.copytree(inside, own / state, copy_function=shutil.copyfile, dirs_exist_ok=True)
        return prepare_kernels(own, modes)
    return False


def prepare_beside(folder: Path, modes: Iterable[str]) -> None:
    """Have ``prepare_kernels`` done on a thread, unless all are ready. Nobody waits for it."""
    wanted = sorted(modes)
    if not kernels_ready(wanted):
        threading.Thread(target=prepare_kernels, args=(folder, wanted), daemon=True).start()


def kernels_ready(modes: Iterable[str] = MODES) -> bool:
    """Whether ``composite`` is compiled for all of ``modes``; tones, for ``TONE`` among them,
    resampling, for ``RESAMPLE``, brushes, for ``DAB``, and bent pictures, for ``BENT``.
    """
    others = _others()
    return all(bool(others[mode]) if mode in others else mode in COMPILED for mode in modes)


_OTHERS = (TONE, RESAMPLE, DAB, BENT)


def _others() -> dict[str, list[Any]]:
    """Where the compiled kernels that are of no mode are put."""
    return {
        **{TONE: tone.COMPILED, RESAMPLE: lanczos.COMPILED},
        **{DAB: dab.COMPILED, BENT: bent.COMPILED},
    }


def _checked(name: str, folder: Path | None) -> Any:
    """The kernel of that name. Raises RuntimeError unless it does what numpy does."""
    if name == DAB:
        drawn = _drawn(_compile(_dab_loop(), _dab_signatures, folder))
        _check_dabs(drawn)
        return drawn
    if name == BENT:
        bends = cast(bent.Kernel, _compile(_bent_loop(), _bent_signature, folder))
        _check_bent(bends)
        return bends
    if name == RESAMPLE:
        made = _compile(_resample_loop(), _resample_signature, folder)
        _check_resampling(made)
        return made
    if name == TONE:
        kernel = _tones(_compile(_tone_loop(), _tone_signature, folder))
        _check_tones(kernel)
        return kernel
    kernel = _called(_compile(_loop(FORMULAS[name]), _signature, folder))
    _check(FORMULAS[name], kernel)
    return kernel


def _compile_elsewhere(modes: list[str], folder: Path) -> None:
    """Have a child process compile what ``folder`` does not have; ``_compile`` then only loads.

    When that fails, ``_compile`` does it here: slower for the window, but no worse.
    """
    try:
        inside = _private(folder)
        absent = [mode for mode in modes if not (inside / f"{mode}.{_version()}").exists()]
        if absent:
            # -P: what lies in the folder we were started from is not for importing.
            words = [sys.executable, "-P", "-c", _CHILD, str(folder), *absent]
            subprocess.run(words, check=True, capture_output=True, timeout=_PATIENCE)
    except (OSError, PackageNotFoundError, subprocess.SubprocessError) as error:
        _log.info("blending is not compiled in a process of its own: %s", error)


_CHILD = """
import os, sys
if hasattr(os, "nice"):
    os.nice(10)  # what is open in the window goes first
from safelight.pixels.fused import fill
fill(*sys.argv[1:])
"""


def fill(folder: str, *modes: str) -> None:
    """Compile what ``folder`` does not have of ``modes``, or of all kernels, in a process for it.

    Processes that do so at once share the work, and all have all of it in the end.
    """
    inside = _private(Path(folder))
    for waits in (False, True):
        for mode in modes or (*MODES, *_OTHERS):
            done = inside / f"{mode}.{_version()}"
            with _alone(inside / f"{mode}.lock", waits) as ours:
                if ours and not done.exists():
                    _checked(mode, Path(folder))
                    done.touch()


@contextlib.contextmanager
def _alone(path: Path, waits: bool) -> Iterator[bool]:
    """Keep other processes from what ``path`` stands for; False when one of them keeps us."""
    with contextlib.ExitStack() as stack:
        if sys.platform != "win32":
            import fcntl

            lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            stack.callback(os.close, lock)  # which gives up the lock, as a kill does
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | (0 if waits else fcntl.LOCK_NB))
            except BlockingIOError:
                yield False
                return
        yield True


def _compile(
    loop: Callable[..., Any], signature_of: Callable[[], Any], folder: Path | None
) -> Callable[..., Any]:
    """A loop as machine code, kept in ``folder``."""
    import numba

    signature = signature_of()
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
    if folder is not None:
        # numba reads the setting when a function is declared. It is put back, and no environment
        # variable is used, because a cache of ours is no business of other users of numba.
        before = numba.config.CACHE_DIR
        try:
            numba.config.CACHE_DIR = str(_private(folder))
            made = numba.njit(signature, cache=True, **options)(loop)
            return cast(Callable[..., Any], made)
        except (RuntimeError, OSError) as error:
            _log.info("blending kernels cannot be kept: %s", error)
        finally:
            numba.config.CACHE_DIR = before
    return cast(Callable[..., Any], numba.njit(signature, **options)(loop))


def _signature() -> Any:
    """What a kernel of a mode is given, as numba says it."""
    from numba import types

    written = types.Array(types.float32, 1, "C")
    read = types.Array(types.float32, 1, "C", readonly=True)
    whole = (types.int64,) * 6
    return types.void(written, read, read, *whole, types.float32)


def _tone_signature() -> Any:
    """What the kernel of tones is given, as numba says it."""
    from numba import types

    read = types.Array(types.float32, 1, "C", readonly=True)
    written = types.Array(types.float32, 1, "C")
    steps = types.Array(types.int64, 2, "C", readonly=True)
    numbers = types.Array(types.float32, 2, "C", readonly=True)
    return types.void(read, written, steps, numbers, read, *(types.int64,) * 6)


def _private(folder: Path) -> Path:
    """A folder inside ``folder`` for the formulas as they are now, made if need be.

    numba compiles anew when this file has changed or lies elsewhere: in another folder, so that
    what is done is not taken for what is to be done. It does not see when other files have changed.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    inside = folder / _state()
    inside.mkdir(mode=0o700, exist_ok=True)
    return inside


def _state() -> str:
    """The name of the formulas as they are now, where they lie."""
    state = hashlib.sha256(f"{sys.implementation.cache_tag} {__file__}".encode())
    formulas = FORMULAS["normal"].function.__code__.co_filename
    modules = (tone.__file__, lanczos.__file__, dab.__file__, bent.__file__)
    for module in (__file__, formulas, *modules):
        state.update(Path(module).read_bytes())
    return state.hexdigest()[:16]


def _version() -> str:
    """numba's, which need not be imported for it."""
    return version("numba")


_taught = False


def _teach() -> None:
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


def _loop(formula: Formula) -> Callable[..., None]:
    """``safelight.pixels.blend.in_numpy`` for one formula, pixel by pixel, for numba to compile.

    The arrays are flat, with steps from one row to the next. Slices of them and the planes are
    what lets the compiler see that it may do eight or sixteen pixels at a time: indexing into the
    whole arrays is four times slower, and without the planes it does one pixel at a time.
    """
    _teach()
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


def _three_of_four(pixels: NDArray[np.float32]) -> tuple[NDArray[np.float32], int] | None:
    """Rows as ``_rows`` gives them, of the colours (height, width, 3) of pixels that have alpha, as
    they lie there.

    None for what is something else.
    """
    size = pixels.itemsize
    if pixels.shape[2] != 3 or pixels.strides[1:] != (4 * size, size):
        return None
    step = pixels.strides[0] // size
    if step < 4 * pixels.shape[1] or not pixels.flags.aligned:
        return None
    reach = (len(pixels) - 1) * step + 4 * pixels.shape[1] - 1
    return as_strided(pixels, (reach,), (size,)), step


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


def _power() -> Callable[[Any, Any], Any]:
    """``base ** exponent`` for normal float32 above 0, as a function that numba compiles.

    The C library's takes one number at a time; of this the compiler does eight or sixteen at once.
    Its error is below 1e-6 of the result for bases from 1e-4 to 1e4. The base is m times a power of
    two with m within a factor of the root of two around 1, and with z = (m - 1) / (m + 1) is
    ln m = 2 (z + z^3 / 3 + z^5 / 5 + ...). What is left of a power of two is Taylor's series.
    """
    from numba.extending import register_jitable

    f, i = np.float32, np.int32
    root_half, mantissa = i(0x3F3504F3), i(0x007FFFFF)
    thirds = (f(2 / 3), f(2 / 5), f(2 / 7), f(2 / 9))
    log2e, log2e_rest = f(1.4426950408889634), f(1.4426950408889634 - float(f(1.4426950408889634)))
    taylor = tuple(f(math.log(2) ** n / math.factorial(n)) for n in range(8))
    half, two = f(0.5), f(2)

    @register_jitable  # type: ignore[untyped-decorator]
    def power(base: Any, exponent: Any) -> Any:
        above = i(np.float32(base).view(np.int32) - root_half)
        whole = i(above >> i(23))
        m = np.int32(i(above & mantissa) + root_half).view(np.float32)
        z = (m - ONE) / (m + ONE)
        s = z * z
        series = s * (thirds[0] + s * (thirds[1] + s * (thirds[2] + s * thirds[3])))
        ln = z * (two + series)
        log = ln * log2e + ln * log2e_rest
        y = exponent * log
        w = exponent * f(whole)
        n = np.floor(w + y + half)
        n = n if n < f(128) else f(128)
        n = n if n > f(-126) else f(-126)
        r = (w - n) + y
        t = taylor
        e = t[0] + r * (
            t[1] + r * (t[2] + r * (t[3] + r * (t[4] + r * (t[5] + r * (t[6] + r * t[7])))))
        )
        return e * np.int32(i(i(n) + i(127)) << i(23)).view(np.float32)

    return cast(Callable[[Any, Any], Any], power)


def _along() -> Callable[..., None]:
    """Values through a curve of samples and the lines at its ends, in place, for numba.

    In three loops: the compiler does eight or sixteen values at once where none is looked up, and
    does not where one is.
    """
    from numba.extending import register_jitable

    f, i, u = np.float32, np.int32, np.uint32

    @register_jitable  # type: ignore[untyped-decorator]
    def along(
        row: Any, own: Any, low: Any, scale: Any, below: Any, above: Any, index: Any, ends: Any
    ) -> None:
        last, final = f(own.size - 1), i(own.size - 2)
        for x in range(row.size):
            place = (row[x] - low) * scale
            within = place if place > ZERO else ZERO
            within = within if within < last else last
            whole = i(within)
            index[x] = whole if whole < final else final
        for x in range(row.size):
            ends[0, x] = own[u(index[x])]
            ends[1, x] = own[u(index[x] + i(1))]
        for x in range(row.size):
            place = (row[x] - low) * scale
            within = place if place > ZERO else ZERO
            within = within if within < last else last
            part = within - f(index[x])
            made = ends[0, x] + part * (ends[1, x] - ends[0, x])
            before = place if place < ZERO else ZERO
            after = place - last if place > last else ZERO
            # What is no number stays none.
            row[x] = made + before * below + after * above + (place - place)

    return cast(Callable[..., None], along)


def _tone_loop() -> Callable[..., None]:
    """``safelight.pixels.tone.in_numpy`` for a program, some pixels at a time, to be compiled."""
    _teach()
    power, along = _power(), _along()
    f = np.float32
    matrix, channels, linear, encoded, curves, mix = (
        tone.MATRIX, tone.CHANNELS, tone.LINEAR, tone.ENCODED, tone.CURVES, tone.MIX,
    )  # fmt: skip
    red, green, blue = (f(value) for value in LUMINANCE)

    def kernel(
        source: Any,
        target: Any,
        steps: Any,
        numbers: Any,
        samples: Any,
        height: int,
        width: int,
        source_channels: int,
        target_channels: int,
        source_step: int,
        target_step: int,
    ) -> None:
        planes = np.empty((3, _CHUNK), np.float32)
        weight = np.empty(_CHUNK, np.float32)
        index, ends = np.empty(_CHUNK, np.int32), np.empty((3, _CHUNK), np.float32)
        corners = np.empty((4, _CHUNK), np.int32)
        for y in range(height):
            for left in range(0, width, _CHUNK):
                count = min(_CHUNK, width - left)
                start = y * source_step + source_channels * left
                given = source[start : start + source_channels * count]
                if source_channels == 4:
                    for x in range(count):
                        planes[0, x] = given[4 * x]
                        planes[1, x] = given[4 * x + 1]
                        planes[2, x] = given[4 * x + 2]
                else:
                    for x in range(count):
                        planes[0, x] = given[3 * x]
                        planes[1, x] = given[3 * x + 1]
                        planes[2, x] = given[3 * x + 2]

                for step in range(steps.shape[0]):
                    code, points = steps[step, 0], steps[step, 1]
                    first, apart = steps[step, 2], steps[step, 3]
                    n = numbers[step]
                    if code == channels:
                        for c in range(3):
                            row = planes[c, :count]
                            by, more = n[4 * c], n[9 + c]
                            for x in range(count):
                                row[x] = by * row[x] + more
                    elif code == matrix:
                        for x in range(count):
                            r, g, b = planes[0, x], planes[1, x], planes[2, x]
                            planes[0, x] = n[0] * r + n[1] * g + n[2] * b + n[9]
                            planes[1, x] = n[3] * r + n[4] * g + n[5] * b + n[10]
                            planes[2, x] = n[6] * r + n[7] * g + n[8] * b + n[11]
                    elif code == linear:
                        for c in range(3):
                            row = planes[c, :count]
                            for x in range(count):
                                value = row[x]
                                size = abs(value)
                                curve = power((size + f(0.055)) / f(1.055), f(2.4))
                                made = size / f(12.92) if size <= f(0.04045) else curve
                                row[x] = np.copysign(made, value) + (value - value)
                    elif code == encoded:
                        for c in range(3):
                            row = planes[c, :count]
                            for x in range(count):
                                value = row[x]
                                size = abs(value)
                                base = size if size > f(0.0031308) else f(0.0031308)
                                curve = f(1.055) * power(base, f(1 / 2.4)) - f(0.055)
                                made = size * f(12.92) if size <= f(0.0031308) else curve
                                row[x] = np.copysign(made, value) + (value - value)
                    elif code == curves:
                        for c in range(3):
                            row = planes[c, :count]
                            own = samples[first + c * apart : first + c * apart + points]
                            along(row, own, n[0], n[1], n[2 + c], n[5 + c], index, ends)
                    elif code == mix:
                        own = samples[first : first + points]
                        for x in range(count):
                            light = red * planes[0, x] + green * planes[1, x] + blue * planes[2, x]
                            weight[x] = light
                        along(weight[:count], own, n[0], n[1], n[2], n[3], index, ends)
                        for x in range(count):
                            r, g, b = planes[0, x], planes[1, x], planes[2, x]
                            w = weight[x]
                            planes[0, x] = r + w * (n[4] * r + n[5] * g + n[6] * b + n[13] - r)
                            planes[1, x] = g + w * (n[7] * r + n[8] * g + n[9] * b + n[14] - g)
                            planes[2, x] = b + w * (n[10] * r + n[11] * g + n[12] * b + n[15] - b)
                    else:
                        _lattice(
                            planes, count, samples[first:], points, n[0], n[1], n[2], corners, ends
                        )

                start = y * target_step + target_channels * left
                written = target[start : start + target_channels * count]
                if target_channels == 4:
                    for x in range(count):
                        written[4 * x] = planes[0, x]
                        written[4 * x + 1] = planes[1, x]
                        written[4 * x + 2] = planes[2, x]
                else:
                    for x in range(count):
                        written[3 * x] = planes[0, x]
                        written[3 * x + 1] = planes[1, x]
                        written[3 * x + 2] = planes[2, x]

    _lattice = _lattice_loop()
    return kernel


def _lattice_loop() -> Callable[..., None]:
    """``api.Lattice.apply`` for some pixels, for numba to compile.

    In two loops: the compiler does eight or sixteen pixels at once where nothing is looked up, and
    the corners are chosen without a jump, which would be guessed wrong at every other pixel.
    """
    from numba.extending import register_jitable

    f, i, u = np.float32, np.int32, np.uint32
    green, blue = u(1), u(2)

    @register_jitable  # type: ignore[untyped-decorator]
    def lattice(
        planes: Any,
        count: int,
        points: Any,
        side: int,
        low: Any,
        high: Any,
        scale: Any,
        corners: Any,
        shares: Any,
    ) -> None:
        red_apart, green_apart, blue_apart = i(3 * side * side), i(3 * side), i(3)
        across, last = i(red_apart + green_apart + blue_apart), i(side - 2)
        reds, greens, blues = planes[0, :count], planes[1, :count], planes[2, :count]
        start, one, two, three = corners[0], corners[1], corners[2], corners[3]
        longest, middle, shortest = shares[0], shares[1], shares[2]
        for x in range(count):
            r = (least(most(reds[x], low), high) - low) * scale
            g = (least(most(greens[x], low), high) - low) * scale
            b = (least(most(blues[x], low), high) - low) * scale
            ir, ig, ib = i(r), i(g), i(b)
            ir = ir if ir < last else last
            ig = ig if ig < last else last
            ib = ib if ib < last else last
            r, g, b = r - f(ir), g - f(ig), b - f(ib)
            # The ways to the corners, the longest part first; of equal ones red, then green.
            more, less = (r if r >= g else g), (g if r >= g else r)
            by_more = red_apart if r >= g else green_apart
            by_less = green_apart if r >= g else red_apart
            between = more if more < b else b
            longest[x] = more if more >= b else b
            middle[x] = between if between >= less else less
            shortest[x] = b if b <= less else less
            at = i(i(ir * red_apart + ig * green_apart) + ib * blue_apart)
            start[x] = at
            one[x] = i(at + (by_more if more >= b else blue_apart))
            three[x] = i(at + across)
            two[x] = i(i(at + across) - (blue_apart if b <= less else by_less))
        for x in range(count):
            s, o, t, e = u(start[x]), u(one[x]), u(two[x]), u(three[x])
            p, q, w = longest[x], middle[x], shortest[x]
            r, g, b = reds[x], greens[x], blues[x]
            made = points[s] + p * (points[o] - points[s]) + q * (points[t] - points[o])
            made += w * (points[e] - points[t])
            reds[x] = made + (r - least(most(r, low), high))
            made = points[s + green] + p * (points[o + green] - points[s + green])
            made += q * (points[t + green] - points[o + green])
            made += w * (points[e + green] - points[t + green])
            greens[x] = made + (g - least(most(g, low), high))
            made = points[s + blue] + p * (points[o + blue] - points[s + blue])
            made += q * (points[t + blue] - points[o + blue])
            made += w * (points[e + blue] - points[t + blue])
            blues[x] = made + (b - least(most(b, low), high))

    return cast(Callable[..., None], lattice)


def _tones(loop: Callable[..., None]) -> tone.Kernel:
    """The compiled loop of tones with the arrays it wants made from the ones callers have."""

    def kernel(
        source: NDArray[np.float32], target: NDArray[np.float32], program: tone.Program
    ) -> None:
        height, width, channels = source.shape
        if not source.size:
            return
        among_four = _three_of_four(source)
        read, read_step = among_four or _rows(source) or _copied(source)
        rows = _rows(target)
        written, written_step = rows or _copied(target)
        loop(
            read, written, program.steps, program.numbers, program.samples,
            height, width, 4 if among_four else channels, target.shape[2], read_step, written_step,
        )  # fmt: skip
        if rows is None:
            target[...] = written.reshape(target.shape)

    return kernel


def _check_tones(kernel: tone.Kernel) -> None:
    """Raise RuntimeError when the kernel of tones does not do what numpy does."""
    numbers = np.random.default_rng(1)
    image = numbers.uniform(-0.3, 2.0, (5, 67, 4)).astype(np.float32)
    mixing = Matrix(((0.7, 0.2, 0.1), (0.1, 0.8, 0.1), (0.0, 0.3, 0.7)), (0.01, 0.0, -0.02))
    rising = np.sort(numbers.random((3, 64)), axis=1)
    stages: tuple[Stage, ...] = (
        TO_LINEAR,
        Matrix.scaled(1.5, 0.9, 1.1),
        FROM_LINEAR,
        Curves(rising, above="level"),
        mixing,
        Mix(Curves(rising[0][::-1]), mixing),
        Lattice(numbers.random((5, 5, 5, 3))),
    )
    for some in (*((stage,) for stage in stages), stages):
        made = tone.composed(some)
        expected, found = np.empty((5, 67, 3), np.float32), np.empty((5, 67, 3), np.float32)
        tone.in_numpy(made.stages, image, expected)
        kernel(image, found, made.program)
        if not np.allclose(found, expected, rtol=1e-5, atol=1e-5):
            raise RuntimeError("compiled tones are not what numpy computes")


# -- resampling ------------------------------------------------------------------------------


def _resample_signature() -> Any:
    """What the kernel of resampling is given, as numba says it."""
    from numba import types

    read = types.Array(types.float32, 3, "C", readonly=True)
    written = types.Array(types.float32, 3, "C")
    whole = types.Array(types.int64, 1, "C")
    numbers = types.Array(types.float64, 1, "C")
    return types.void(read, whole, numbers, whole, types.float64, types.float64, written)


def _resample_loop() -> Callable[..., None]:
    """``safelight.pixels.lanczos.in_numpy``, pixel by pixel, to be compiled."""
    _teach()
    from numba.extending import register_jitable

    for function in (_bells, _sum, _sum_of_four):
        register_jitable(function)
    return _resample


def _resample(
    pixels: Any, window: Any, matrix: Any, corner: Any, beyond: Any, reach: Any, made: Any
) -> None:  # compiled: loops over pixels, in float64
    a, b, c, d, e, f, g, h, i = matrix
    own = pixels.shape[2]
    width, height = window[2], window[3]
    channels = made.shape[2]
    total, bell = np.zeros(4), np.zeros((2, 400))
    for row in range(made.shape[0]):
        for column in range(made.shape[1]):
            x, y = corner[0] + column + 0.5, corner[1] + row + 0.5
            far = g * x + h * y + i
            if far <= 1e-9:
                continue
            u, v = (a * x + b * y + c) / far, (d * x + e * y + f) / far
            across = min(max(np.sqrt((a - u * g) ** 2 + (b - u * h) ** 2) / far, 1e-9), 64.0)
            down = min(max(np.sqrt((d - v * g) ** 2 + (e - v * h) ** 2) / far, 1e-9), 64.0)
            wide, high = max(across, 1.0), max(down, 1.0)
            cover = min(max(min(u, width - u) / across + 0.5, 0.0), 1.0)
            cover *= min(max(min(v, height - v) / down + 0.5, 0.0), 1.0)
            if cover <= 0:
                continue
            if reach == 1 and wide < 1.000001 and high < 1.000001:
                weights = _sum_of_four(pixels, window, u, v, total)
            else:
                weights = _sum(pixels, window, u, v, wide, high, reach, bell, total)
            if channels == 1:
                made[row, column, 0] = total[0] / weights * cover + beyond * (1 - cover)
                continue
            alpha = 1.0
            if own == 4:
                alpha = min(max(total[3] / weights, 0.0), 1.0)
                if alpha <= 1e-6:
                    continue
            for k in range(3):
                made[row, column, k] = total[k] / weights / alpha
            if channels == 4:
                made[row, column, 3] = alpha * cover


def _bells(bell: Any, middle: Any, wide: Any, first: Any, last: Any, reach: Any) -> Any:
    """Put the weights of the pixels ``first`` to ``last`` around ``middle`` into ``bell``; gives
    their sum.

    Neighbours' sines are one turned by a fixed angle: three are computed for a pixel, not twelve.
    """
    weights = 0.0
    if reach == 1:
        for q in range(first, last + 1):
            bell[q - first] = max(1 - abs(q + 0.5 - middle) / wide, 0.0)
            weights += bell[q - first]
        return weights
    s, step = np.pi * (first + 0.5 - middle) / wide, np.pi / wide
    third, turn = s / 3, step / 3
    x, y = np.cos(third), np.sin(third)
    across, up = np.cos(turn), np.sin(turn)
    for n in range(last - first + 1):
        # sin 3a = sin a (3 - 4 sin² a)
        bell[n] = 1.0 if abs(s) < 1e-9 else 3 * y * y * (3 - 4 * y * y) / (s * s)
        weights += bell[n]
        x, y = x * across - y * up, y * across + x * up
        s += step
    return weights


def _sum(
    pixels: Any,
    window: Any,
    u: Any,
    v: Any,
    wide: Any,
    high: Any,
    reach: Any,
    bell: Any,
    total: Any,
) -> Any:
    """Put the weighed sums of the pixels around (u, v), as far as ``reach``, into ``total``; gives
    that of the weights. ``bell`` (2, 400) holds those along a row and a column meanwhile.
    """
    rows, columns, own = pixels.shape
    first = int(np.ceil(u - 0.5 - reach * wide))
    last = int(np.floor(u - 0.5 + reach * wide))
    highest = int(np.ceil(v - 0.5 - reach * high))
    lowest = int(np.floor(v - 0.5 + reach * high))
    along, upright = bell[0], bell[1]
    weights = _bells(along, u, wide, first, last, reach)
    weights *= _bells(upright, v, high, highest, lowest, reach)
    left, right = first - window[0], last - window[0]
    inside = first >= 0 and last < window[2] and left >= 0 and right < columns
    r = g = b = a = 0.0
    for p in range(highest, lowest + 1):
        row = pixels[min(max(min(max(p, 0), window[3] - 1) - window[1], 0), rows - 1)]
        weigh = upright[p - highest]
        if inside and own > 1:
            x = y = z = w = 0.0
            for q in range(left, right + 1):
                weight = along[q - left]
                x += weight * row[q, 0]
                y += weight * row[q, 1]
                z += weight * row[q, 2]
            if own > 3:
                for q in range(left, right + 1):
                    w += along[q - left] * row[q, 3]
            r += weigh * x
            g += weigh * y
            b += weigh * z
            a += weigh * w
            continue
        for q in range(first, last + 1):
            weight = weigh * along[q - first]
            at = min(max(min(max(q, 0), window[2] - 1) - window[0], 0), columns - 1)
            r += weight * row[at, 0]
            if own > 1:
                g += weight * row[at, 1]
                b += weight * row[at, 2]
            if own > 3:
                a += weight * row[at, 3]
    total[0], total[1], total[2], total[3] = r, g, b, a
    return weights


def _sum_of_four(pixels: Any, window: Any, u: Any, v: Any, total: Any) -> Any:
    """The sum that ``_sum`` makes with a reach of 1 where no pixel is reduced, in less than half
    the time.
    """
    rows, columns, own = pixels.shape
    q, p = int(np.floor(u - 0.5)), int(np.floor(v - 0.5))
    right, down = u - 0.5 - q, v - 0.5 - p
    x0 = min(max(min(max(q, 0), window[2] - 1) - window[0], 0), columns - 1)
    x1 = min(max(min(max(q + 1, 0), window[2] - 1) - window[0], 0), columns - 1)
    y0 = min(max(min(max(p, 0), window[3] - 1) - window[1], 0), rows - 1)
    y1 = min(max(min(max(p + 1, 0), window[3] - 1) - window[1], 0), rows - 1)
    for k in range(own):
        upper = pixels[y0, x0, k] * (1 - right) + pixels[y0, x1, k] * right
        lower = pixels[y1, x0, k] * (1 - right) + pixels[y1, x1, k] * right
        total[k] = upper * (1 - down) + lower * down
    return 1.0


RESAMPLED: tuple[tuple[float, lanczos.Sampling], ...] = ((3.0, "lanczos"), (1.0, "bilinear"))
"""What the kernel of resampling does, by how far it looks."""


def _check_resampling(kernel: Callable[..., None]) -> None:
    """Raise RuntimeError when the kernel of resampling does not do what numpy does."""
    pixels = np.random.default_rng(1).uniform(0.5, 1, (23, 19, 4)).astype(np.float32)
    window, corner = np.array((5, 3, 30, 40)), np.array((-2, 4))
    for own, channels in ((4, 4), (3, 3), (1, 1)):
        given = np.ascontiguousarray(pixels[..., :own])
        for matrix in (
            (0.8, 0.3, 2.5, -0.3, 0.8, 9.0, 0.0, 0.0, 1.0),
            (2.2, 0.1, -3.0, 0.2, 1.7, 1.0, 1e-3, 2e-3, 1.0),
            (0.98, -0.19, 3.0, 0.19, 0.98, 1.5, 0.0, 0.0, 1.0),
        ):
            for reach, method in RESAMPLED:
                made, expected = (np.ones((17, 21, channels), np.float32) for _ in range(2))
                kernel(given, window, np.array(matrix), corner, 1.0, reach, made)
                lanczos.in_numpy(given, window, np.array(matrix), corner, 1.0, expected, method)
                if not np.allclose(made, expected, rtol=1e-5, atol=1e-5):
                    raise RuntimeError("compiled resampling is not what numpy computes")


# -- bent pictures ---------------------------------------------------------------------------


def _bent_signature() -> Any:
    """What the kernel of bent pictures is given, as numba says it."""
    from numba import types

    read = types.Array(types.uint16, 3, "C", readonly=True)
    places = types.Array(types.float32, 3, "C", readonly=True)
    gain = types.Array(types.float32, 2, "C", readonly=True)
    written = types.Array(types.uint16, 3, "C")
    return types.void(read, places, places, gain, written, *(types.int64,) * 3)


def _bent_loop() -> Callable[..., None]:
    _teach()
    from numba.extending import register_jitable

    register_jitable(bent.stretched_loop)
    return bent.loop


def _check_bent(kernel: bent.Kernel) -> None:
    """Raise RuntimeError when the kernel of bent pictures is farther from numpy than numpy's table
    of places between pixels is fine.
    """
    numbers = np.random.default_rng(1)
    light = numbers.integers(0, 65536, (61, 77, 3), np.uint16)
    y, x = np.meshgrid(np.linspace(-0.02, 1.02, 5), np.linspace(0.03, 0.97, 6), indexing="ij")
    places = np.repeat(np.stack([x + y * y / 20, y], axis=-1)[:, :, None], 3, axis=2)
    places += numbers.uniform(0, 0.01, places.shape)
    gain = numbers.uniform(1, 1.5, (5, 6)).astype(np.float32)
    for moves, brightens in ((True, True), (True, False), (False, True)):
        grids = places.astype(np.float32) if moves else None, gain if brightens else None
        made = bent.by_kernel(kernel, light, *grids).astype(np.int32)
        if np.abs(made - bent.in_numpy(light, *grids)).max() > bent.DIFFERS:
            raise RuntimeError("compiled bending is not what numpy computes")


# -- brushes ---------------------------------------------------------------------------------


def _dab_signatures() -> list[Any]:
    """What the kernel of brushes is given, for each depth, as numba says it."""
    from numba import types

    whole = types.Array(types.int64, 1, "C")
    starts, lines = types.Array(types.float64, 2, "C"), types.Array(types.float32, 2, "C")
    brush = types.float32, types.float32, types.boolean, types.boolean
    given = whole, starts, lines, *brush, types.float32
    depths = types.uint8, types.uint16, types.float32
    return [types.boolean(types.Array(depth, 2, "C"), *given) for depth in depths]


def _dab_loop() -> Callable[..., bool]:
    """``safelight.pixels.dab.in_numpy``, row by row, to be compiled."""
    _teach()
    f = np.float32
    rim, half, smallest = f(dab.RIM), f(dab.RIM / 2), f(dab.SMALLEST)
    two, three = f(-2), f(3)

    def kernel(
        pixels: Any,
        window: Any,
        starts: Any,
        lines: Any,
        soft: Any,
        flow: Any,
        erases: bool,
        pencil: bool,
        scale: Any,
    ) -> bool:
        x, y, left, top, right, bottom = window
        count = right - left
        strength, across = np.empty(count, np.float32), np.empty((len(starts), count), np.float32)
        for n in range(len(starts)):
            for c in range(count):
                across[n, c] = float(x + left + c) + starts[n, 0]
        changed = 0
        for row in range(top, bottom):
            line = pixels[row, left:right]
            for n in range(len(starts)):
                own, down = across[n], f(float(y + row) + starts[n, 1])
                dx, dy, share, beside = lines[n, 0], lines[n, 1], lines[n, 2], lines[n, 3] * down
                radius, more, strong, stronger = lines[n, 4], lines[n, 5], lines[n, 6], lines[n, 7]
                for c in range(count):
                    nearest = least(most(own[c] * share + beside, ZERO), ONE)
                    aside, below = own[c] - nearest * dx, down - nearest * dy
                    distance = np.sqrt(aside * aside + below * below)
                    reach = most(radius + nearest * more, smallest)
                    if pencil:
                        made = ONE if distance <= reach else ZERO
                    else:
                        fade = most(reach * soft, rim)
                        part = least(most((reach + half - distance) / fade, ZERO), ONE)
                        made = part * part * (part * two + three)
                    made = made * (strong + nearest * stronger)
                    strength[c] = made if n == 0 or flow < ONE else most(strength[c], made)
                if flow == ONE and n + 1 < len(starts):
                    continue
                # Loops without a choice in them, which the compiler does eight pixels at a time.
                if erases:
                    for c in range(count):
                        strength[c] = ONE - strength[c]
                if scale > ZERO:
                    for c in range(count):
                        strength[c] = least(most(np.rint(strength[c] * scale), ZERO), scale)
                if flow < ONE:
                    sign = -ONE if erases else ONE
                    for c in range(count):
                        before = f(line[c])
                        way = most((strength[c] - before) * sign, ZERO) * flow
                        if scale > ZERO:
                            way = np.ceil(way)
                        changed += way > ZERO
                        line[c] = before + way * sign
                elif erases:
                    for c in range(count):
                        before, wanted = f(line[c]), strength[c]
                        changed += wanted < before
                        line[c] = wanted if wanted < before else before
                else:
                    for c in range(count):
                        before, wanted = f(line[c]), strength[c]
                        changed += wanted > before
                        line[c] = wanted if wanted > before else before
        return changed > 0

    return kernel


def _drawn(loop: Callable[..., bool]) -> dab.Kernel:
    """The compiled loop of brushes with the arrays it wants made from what callers have."""

    def kernel(
        pixels: NDArray[Any],
        tile: Region,
        place: Region,
        lines: Sequence[dab.Line],
        brush: dab.Round,
    ) -> bool:
        inside = place.move(-tile.x, -tile.y)
        corners = tile.x, tile.y, inside.x, inside.y, inside.right, inside.bottom
        starts, told = dab.numbers(lines, brush)
        soft, flow = np.float32(1 - brush.hardness), np.float32(brush.flow)
        how = soft, flow, brush.erases, brush.pencil, dab.scale(pixels)
        return bool(loop(pixels, np.array(corners, np.int64), starts, told, *how))

    return kernel


def _check_dabs(kernel: dab.Kernel) -> None:
    """Raise RuntimeError when the kernel of brushes does not do what numpy does, to the bit."""
    tile, place = Region(256, 0, 97, 83), Region(261, 3, 90, 77)
    lines = [
        dab.Line((270.3, 20.9, 0.4, 1.0), (60.1, 31.7, 0.6, -0.3), 60.1**2 + 31.7**2),
        dab.Line((330.4, 52.6, 1.0, 0.9), (0.0, 0.0, 0.0, 0.0), 0.0),
    ]
    brushes = (
        dab.Round(22.5, 0.3, False),
        dab.Round(19.2, 1.0, True, 0.8),
        dab.Round(21.1, 0.2, False, 0.7, 0.13),
        dab.Round(21.1, 0.2, True, 1.0, 0.13),
        dab.Round(18.4, 1.0, False, pencil=True),
    )
    numbers = np.random.default_rng(1)
    for depth in DEPTHS:
        for brush in brushes:
            made = from_float(numbers.random((83, 97), np.float32), depth)
            expected = made.copy()
            told = kernel(made, tile, place, lines, brush)
            if told != dab.in_numpy(expected, tile, place, lines, brush):
                raise RuntimeError("compiled brushes do not tell what they change")
            if not np.array_equal(made, expected):
                raise RuntimeError("compiled brushes are not what numpy computes")
