"""Folder glances: photographs of a folder looked at beside whatever else is done, one by one.

What is wanted now goes first, and replaces what was wanted before; what somebody has scrolled past
is not looked at. What a filter has to know of every photograph follows.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from safelight.actions.folder.folder_photographs import FolderPhotograph, marks_beside
from safelight.actions.folder.thumbnail_store import ThumbnailStore
from safelight.actions.open_confined import look_at, open_picture
from safelight.actions.opened_file import glancing, opened_project
from safelight.actions.picture_settings import reduced
from safelight.document import LayerFailed, Live
from safelight.files import OpenError, ProjectError, ProjectInUse, is_project
from safelight.files.codecs.plugin_codec import Importers
from safelight.files.glance import SIDE, Glance
from safelight.files.metadata.metadata import describe
from safelight.files.metadata.picture_marks import Marks


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of looking at a ``photograph``: a ``glance``, or None and why not in ``trouble``
    ("" for what shows nothing: a project that is open). ``marks`` are those of its sidecars, or
    else its own. ``pictured``: the glance has a picture, and not facts alone.
    """

    photograph: FolderPhotograph
    glance: Glance | None
    marks: Marks
    trouble: str = ""
    pictured: bool = True


def seen(
    photograph: FolderPhotograph,
    store: ThumbnailStore | None,
    importers: Importers = tuple,
    live: Live | None = None,
) -> Seen:
    """Look at a photograph, or remember how it looked. Never raises for what is wrong with it."""
    path, stamp = photograph.path, photograph.stamp
    glance = store.get(path, stamp) if store is not None else None
    trouble = ""
    if glance is None:
        try:
            if is_project(path):
                glance = _of_project(path, live)
            else:
                glance = look_at(path) or _foreign(path, importers)
        except ProjectInUse:
            pass  # it is seen where it is open
        except (OpenError, ProjectError) as error:
            trouble = str(error)
        except Exception as error:  # one file that nobody has foreseen does not stop the others
            trouble = f"{path.name} cannot be looked at: {error}."
        if glance is not None and store is not None:
            store.put(path, stamp, glance)
    return Seen(photograph, glance, marks_seen(photograph, glance), trouble)


def marks_seen(photograph: FolderPhotograph, glance: Glance | None) -> Marks:
    """The marks of a photograph's sidecars, or else those that stand in its file."""
    beside = marks_beside(photograph)
    if beside is not None:
        return beside
    return Marks() if glance is None else Marks(glance.rating or 0, glance.label)


def _foreign(path: Path, importers: Importers) -> Glance:
    """A picture of a plugin's format, opened as a whole. Raises OpenError."""
    document = open_picture(path, importers=importers).document
    camera = describe(document).get("camera", "")
    return Glance(reduced(document, SIDE), document.width, document.height, camera=camera)


def _of_project(path: Path, live: Live | None) -> Glance | None:
    """A project as it was saved; None where a layer of it cannot be computed now. Raises
    ProjectError.
    """
    with glancing:
        project, history = opened_project(path)
        try:
            document = history.document
            camera = describe(document).get("camera", "")
            return Glance(
                reduced(document, SIDE, live), document.width, document.height, camera=camera
            )
        except LayerFailed:
            return None
        finally:
            project.close()


class Glances:
    """Looks at photographs on a thread of its own until it is closed; ``found`` hears of each, on
    that thread.
    """

    def __init__(
        self,
        found: Callable[[Seen], object],
        store: ThumbnailStore | None = None,
        importers: Importers = tuple,
        live: Callable[[], Live | None] = lambda: None,
    ) -> None:
        self._found = found
        self._live = live
        self._store = store
        self._importers = importers
        self._changed = threading.Condition()
        self._wanted: deque[FolderPhotograph] = deque()
        self._surveyed: deque[FolderPhotograph] = deque()
        self._known: Mapping[Path, Glance] = {}
        self._closed = False
        self.looked = 0
        """How many photographs were looked at."""
        self._thread = threading.Thread(target=self._run, name="glances", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many photographs wait."""
        with self._changed:
            return len(self._wanted) + len(self._surveyed)

    def want(self, photographs: Iterable[FolderPhotograph]) -> None:
        """Look at these, in this order, and at nothing that was wanted before."""
        with self._changed:
            self._wanted = deque(photographs)
            self._changed.notify()

    def survey(
        self,
        photographs: Iterable[FolderPhotograph],
        known: Mapping[Path, Glance] = MappingProxyType({}),
    ) -> None:
        """Look at these as well, whenever nothing else is wanted: at those of which the facts are
        ``known`` for their marks alone.
        """
        with self._changed:
            self._surveyed, self._known = deque(photographs), known
            self._changed.notify()

    def close(self) -> None:
        """Look at nothing more. Does not wait for the photograph that is under way."""
        with self._changed:
            self._closed = True
            self._wanted.clear()
            self._surveyed.clear()
            self._changed.notify()

    def _next(self) -> tuple[FolderPhotograph, Glance | None] | None:
        with self._changed:
            while not (self._closed or self._wanted or self._surveyed):
                self._changed.wait()
            if self._closed:
                return None
            if self._wanted:
                return self._wanted.popleft(), None
            photograph = self._surveyed.popleft()
            return photograph, self._known.get(photograph.path)

    def _run(self) -> None:
        while (item := self._next()) is not None:
            photograph, facts = item
            if facts is None:
                made = seen(photograph, self._store, self._importers, self._live())
            else:
                made = Seen(photograph, facts, marks_seen(photograph, facts), pictured=False)
            with self._changed:
                self.looked += 1
                if self._closed:
                    return
            self._found(made)
