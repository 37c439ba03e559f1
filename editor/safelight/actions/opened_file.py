"""Opened file: what a picture or a project holds, for as long as it is worked on."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from safelight.actions.open_confined import open_picture
from safelight.api import Value
from safelight.document import History
from safelight.document.frames import frames
from safelight.files import Project, is_project
from safelight.files.codecs.plugin_codec import Importers
from safelight.files.untrusted_reader import NOTHING
from safelight.pixels import Raster

glancing = threading.Lock()
"""Held while a project is looked at in passing: who opens one in earnest waits for that."""


def opened_project(
    path: str | os.PathLike[str], *, scratch: Path | None = None, pixel_limit: int | None = None
) -> tuple[Project, History]:
    """Open a project, the films that it names by way of a confined process. Raises what
    ``Project.open`` does.
    """
    return Project.open(path, scratch=scratch, pixel_limit=pixel_limit, films=project_films)


def project_films(paths: Sequence[Path]) -> Sequence[Raster]:
    """Reads the films that a project names, in a confined process. Raises OpenError."""
    from safelight.actions.sequences.open_sequences import film_pictures

    return film_pictures(paths)


@contextlib.contextmanager
def opened_file(
    path: Path,
    *,
    pixel_limit: int | None = None,
    importers: Importers = tuple,
    told: Mapping[str, Value] = NOTHING,
) -> Iterator[tuple[History, tuple[str, ...]]]:
    """The history of a project, or one that begins with a picture, and notes on what opening has
    mended; a project's file is held meanwhile. ``told`` is how to develop a camera's file.

    Raises OpenError, ProjectError, ProjectInUse.
    """
    if is_project(path):
        with glancing:
            project, history = opened_project(path, pixel_limit=pixel_limit)
        try:
            yield as_seen(history), project.notes
        finally:
            project.close()
    else:
        opened = open_picture(path, pixel_limit=pixel_limit, importers=importers, told=told)
        yield History.start(opened.document), opened.notes


def as_seen(history: History) -> History:
    """The history whose document has what moves along its sequence as it is at the frame that is
    looked at.
    """
    document, place = history.document, history.position
    seen = frames.at(document, frames.position(document))
    if seen is document:
        return history
    now = replace(history.steps[place], document=seen)
    return History((*history.steps[:place], now, *history.steps[place + 1 :]), place)
