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
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from safelight.pixels import bent, dab, depth, lanczos, tone
from safelight.pixels.blend import COMPILED, FORMULAS, MODES

if TYPE_CHECKING:
    from safelight.pixels.kernel_recipe import Recipe

_log = logging.getLogger(__name__)

_PATIENCE = 300.0
"""Seconds after which a child process that still compiles is given up."""

TONE, RESAMPLE, DAB, BENT, DEPTH = "tone", "resample", "dab", "bent", "depth"
"""What ``prepare_kernels`` calls the kernels of tones, of resampling, of brushes, of bent pictures
and of depths, beside the modes."""

_OTHERS: dict[str, ModuleType] = {
    **{TONE: tone, RESAMPLE: lanczos, DAB: dab, BENT: bent, DEPTH: depth},
}
"""The modules whose ``COMPILED`` takes a kernel that is of no mode, once it is ready."""

_preparing = threading.Lock()


def prepare_kernels(folder: Path | None, modes: Iterable[str] = MODES) -> bool:
    """Compile the kernels of ``modes``, or load them from ``folder``; whether all are ready now.

    ``TONE``, ``RESAMPLE``, ``DAB``, ``BENT`` and ``DEPTH`` among them are those of tones,
    resampling, brushes, bent pictures and depths.

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
                    _OTHERS[mode].COMPILED.append(kernel)
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


def keep_beside(folder: Path, modes: Iterable[str]) -> None:
    """Have ``keep_kernels`` done on a thread. Nobody waits for it."""
    threading.Thread(target=keep_kernels, args=(folder, list(modes)), daemon=True).start()


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
    resampling, for ``RESAMPLE``, brushes, for ``DAB``, bent pictures, for ``BENT``, and depths, for
    ``DEPTH``.
    """
    return all(
        bool(_OTHERS[mode].COMPILED) if mode in _OTHERS else mode in COMPILED for mode in modes
    )


def _recipe(name: str) -> Recipe:
    """What the kernel of that name is made by. Imported here: a window starts without it."""
    from safelight.pixels import (
        bent_kernel,
        blend_kernel,
        dab_kernel,
        depth_kernel,
        resample_kernel,
        tone_kernel,
    )

    others = {
        **{TONE: tone_kernel.RECIPE, RESAMPLE: resample_kernel.RECIPE, DAB: dab_kernel.RECIPE},
        **{BENT: bent_kernel.RECIPE, DEPTH: depth_kernel.RECIPE},
    }
    return others[name] if name in others else blend_kernel.recipe(FORMULAS[name])


def _checked(name: str, folder: Path | None) -> Any:
    """The kernel of that name. Raises RuntimeError unless it does what numpy does."""
    recipe = _recipe(name)
    kernel = recipe.called(_compile(recipe.loop(), recipe.signature, folder))
    recipe.check(kernel)
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
    here = Path(__file__)
    shared = (here.with_name(f"{name}.py") for name in ("blend", "flat_rows", "kernel_recipe"))
    formulas = (Path(cast(str, module.__file__)) for module in _OTHERS.values())
    for file in (here, *shared, *formulas, *sorted(here.parent.glob("*_kernel.py"))):
        state.update(file.read_bytes())
    return state.hexdigest()[:16]


def _version() -> str:
    """numba's, which need not be imported for it."""
    return version("numba")
