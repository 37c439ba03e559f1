"""Loaded files: what the window opens from files, made ready for the screen on a thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from safelight import actions
from safelight.actions.opened_file import glancing, opened_project, project_films
from safelight.actions.sequences.open_sequences import opened_sequence
from safelight.document import History
from safelight.document.frames import frames
from safelight.files.codecs.plugin_codec import Hear, Importers, unheard
from safelight.files.sequences.film_files import named_alone
from safelight.files.sequences.open_sequence import holds_sequence
from safelight.gui.open_and_save.document_files import wait_for_closed
from safelight.pixels import make_levels

if TYPE_CHECKING:
    from safelight.gui.open_and_save.raw_draft import Draft, Wanted


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was opened: a history, sentences for the user, the project or the recovery it is in."""

    history: History
    notes: tuple[str, ...] = ()
    project: actions.Project | None = None
    recovery: actions.Recovery | None = None


def draft_of(path: Path) -> Draft | None:
    """A draft of a raw file, of which is to be asked how it is developed; None for what is no raw
    file. Runs on a thread. Raises OpenError.
    """
    if actions.is_project(path):
        return None
    sketch = actions.sketch_raw(path)
    if sketch is None:
        return None
    from safelight.gui.open_and_save.raw_draft import Draft

    return Draft(sketch)


def open_for_the_screen(
    path: Path,
    importers: Importers,
    first: Callable[[actions.Opened], None] | None = None,
    developed: Wanted | None = None,
    room: tuple[int, int] | None = None,
    hear: Hear = unheard,
) -> Loaded:
    """Open a picture or a project and make its zoom levels; runs on a thread.

    ``importers`` gives the formats of plugins. ``first`` is given a picture to look at meanwhile: a
    smaller copy, to be seen in ``room`` pixels, or one whose colours are converted coarsely, its
    levels made. ``developed`` says how a raw file is. ``hear`` is told how far a plugin's
    importer is, and may raise something to end it. Raises OpenError or ProjectError.
    """

    def look(opened: actions.Opened) -> None:
        if opened.whole is None:  # a smaller copy is about as large as it is seen
            make_levels(opened.document.layers[0].raster)
        if first is not None:
            first(opened)

    if actions.is_project(path):
        wait_for_closed()
        with glancing:
            project, history = opened_project(path, scratch=actions.cache_folder())
        try:
            _make_levels(history)
        except BaseException:
            project.close()
            raise
        return Loaded(history, project.notes, project=project)
    if developed is None and holds_sequence(path):
        film = opened_sequence(path)
        if frames.length(film.document) > 1:
            history = History.start(film.document)
            _make_levels(history)
            return Loaded(history, film.notes + named_alone(film.document.layers[0].content))
    told = {} if developed is None else developed.settings
    opened = actions.open_picture(
        path, importers=importers, first=look, room=room, told=told, hear=hear
    )
    document = opened.document
    if developed is not None and developed.keep:
        document = actions.with_raw_file(document, True)
    history = History.start(document)
    _make_levels(history)
    return Loaded(history, opened.notes)


def recover_for_the_screen(left: actions.Left) -> Loaded:
    """Go on with what a killed process left; runs on a thread. Raises ProjectError."""
    recovery, history = actions.Recovery.taken(
        left, scratch=actions.cache_folder(), films=project_films
    )
    _make_levels(history)
    return Loaded(history, recovery.notes, recovery=recovery)


def _make_levels(history: History) -> None:
    document = history.document
    unseen = frames.unseen(document)
    for raster in document.rasters():
        if raster not in unseen:
            make_levels(raster)
