"""Open ahead: the photograph that is likely to be asked for next, opened before it is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safelight.gui.threads.backend import BackEnd

if TYPE_CHECKING:
    from safelight.gui.open_and_save.loaded_files import Loaded

_SHARE = 0.15
"""The share of the free memory that a photograph may take that nobody has asked for yet."""

_EACH = 0.1
"""Seconds after which whoever waits for a photograph hears how far it is."""

_BYTES_PER_PIXEL = 12
"""Of a picture of 16 bits and its zoom levels."""


@dataclass(slots=True)
class _Made:
    path: Path
    stamp: tuple[int, int]
    wanted: Mapping[str, Any] | None
    """How a raw file was developed; None for what is none."""
    camera: str = ""
    loaded: Loaded | None = None
    done: float = 0.0
    """How much of it is there, 0 to 1."""


class Ahead:
    """Holds one photograph at most, on its way or opened. For any thread."""

    def __init__(self, backend: BackEnd) -> None:
        self._backend = backend
        self._lock = threading.Lock()
        self._made: _Made | None = None
        self._done = threading.Event()
        self.used = 0
        """How many photographs were there before they were asked for."""

    @property
    def path(self) -> Path | None:
        """The photograph that is held, or on its way."""
        with self._lock:
            return None if self._made is None else self._made.path

    def prepare(self, path: Path, pixels: int) -> None:
        """Open a photograph of about so many ``pixels`` on a thread, in place of the one that is
        held; not where that would leave little memory. What goes wrong is told when it is asked
        for.
        """
        from safelight.files.machine_memory import free_memory

        with self._lock:
            if self._made is not None and self._made.path == path:
                return
        self.forget()
        free = free_memory()
        if free is not None and pixels * _BYTES_PER_PIXEL > free * _SHARE:
            return
        stamp = _stamp(path)
        if stamp is None:
            return
        made, done = _Made(path, stamp, None), threading.Event()
        with self._lock:
            self._made, self._done = made, done
        threading.Thread(target=self._open, args=(made, done), daemon=True).start()

    def forget(self) -> None:
        """Hold nothing; what is on its way is opened no further where it can be stopped."""
        with self._lock:
            self._made = None

    def take(
        self, path: Path, hear: Callable[[float], object] = lambda done: None
    ) -> Loaded | None:
        """The photograph, if it is the one that is held and has not changed since; it is waited for
        where it is on its way, and ``hear`` told how far it is, which may raise something to end
        that. Not on the window's thread.
        """
        with self._lock:
            made, done = self._made, self._done
            if made is None or made.path != path:
                return None
        try:
            while not done.wait(_EACH):
                if made.done:
                    hear(made.done)
        finally:
            with self._lock:
                if self._made is made:
                    self._made = None
        if made.loaded is None or _stamp(path) != made.stamp:
            return None
        if made.wanted is not None:
            from safelight.gui.open_and_save.develop_raw import is_silent, last_settings

            if not is_silent(made.camera) or last_settings(made.camera) != made.wanted:
                return None
        self.used += 1
        return made.loaded

    def _open(self, made: _Made, done: threading.Event) -> None:
        from safelight.gui.open_and_save.develop_raw import is_silent, last_settings
        from safelight.gui.open_and_save.loaded_files import draft_of, open_for_the_screen
        from safelight.gui.open_and_save.raw_draft import Wanted

        def hear(done: float) -> None:
            from safelight.actions import Cancelled

            made.done = done
            with self._lock:
                if self._made is not made:
                    raise Cancelled

        try:
            draft, wanted = draft_of(made.path), None
            if draft is not None:
                made.camera = draft.sketch.camera
                if not is_silent(made.camera):
                    return
                made.wanted = last_settings(made.camera)
                wanted = Wanted(made.wanted)
            made.loaded = open_for_the_screen(
                made.path, self._backend.importers, developed=wanted, hear=hear
            )
        except Exception:  # who asks for the photograph hears of it
            made.loaded = None
        finally:
            done.set()


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_size, facts.st_mtime_ns
