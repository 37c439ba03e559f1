"""Process file: a recipe done to one picture or project, and what comes of it written."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from safelight.actions.mask_files import read_mask
from safelight.actions.open_confined import export, open_picture
from safelight.actions.plugin_jobs import Studio
from safelight.actions.recipes.picture_facts import Picture
from safelight.actions.recipes.play_recipe import Filtered, placed, play
from safelight.actions.recipes.recipe_steps import Recipe
from safelight.api import Value
from safelight.document import Document, Edit, FilterFailed, History, Record, edits
from safelight.document.render import kernels
from safelight.files import (
    ExportOptions,
    Project,
    check_export,
    depth_in_file,
    is_project,
)
from safelight.folders import cache_folder
from safelight.pixels import deeper, kernels_ready, prepare_kernels
from safelight.workers.job import Job, JobFailed, JobFinished


class Stopped(Exception):
    """Whoever asked wants it no more; nothing is left of it."""


class Stop:
    """A way to end what is under way on other threads: its jobs within a piece, the rest soon."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._lock = threading.Lock()
        self._jobs: set[Job] = set()

    @property
    def asked(self) -> bool:
        """Whether it has been asked for."""
        return self._asked.is_set()

    def ask(self) -> None:
        """Have everything stop."""
        with self._lock:
            self._asked.set()
            for job in self._jobs:
                job.cancel()

    def check(self, *_: object) -> None:
        """Raise Stopped where it has been asked for."""
        if self._asked.is_set():
            raise Stopped

    def wait(self, seconds: float) -> bool:
        """Wait, no longer than until it is asked for; whether it has been."""
        return self._asked.wait(seconds)

    def finished(self, job: Job) -> JobFinished:
        """How a job ended. Raises Stopped, and FilterFailed for one that has no result."""
        with self._lock:
            self._jobs.add(job)
            if self._asked.is_set():
                job.cancel()
        try:
            outcome = job.wait()
        finally:
            with self._lock:
                self._jobs.discard(job)
        self.check()
        if isinstance(outcome, JobFailed):
            raise FilterFailed(outcome.message)
        if not isinstance(outcome, JobFinished):
            raise Stopped
        return outcome


@dataclass(frozen=True, slots=True)
class Opening:
    """How pictures are opened: the ``pixel_limit`` (None = the usual one), what camera files are
    ``told``, and a file whose white ``mask``s what is worked on.
    """

    pixel_limit: int | None = None
    told: Mapping[str, Value] = field(default_factory=dict)
    mask: Path | None = None


@dataclass(frozen=True, slots=True)
class Processed:
    """What came of a picture: the file's ``path``, its ``bytes``, the picture's size in pixels,
    and notes on what was opened and on what the file could not keep.
    """

    path: Path
    bytes: int
    width: int
    height: int
    notes: tuple[str, ...] = ()


Named = Callable[[Document], Path]
"""Gives the file that a document goes to, once the recipe is done."""


def process_file(
    recipe: Recipe,
    studio: Studio,
    source: Path,
    target: Path | Named,
    options: ExportOptions,
    *,
    suffix: str = "",
    overwrite: bool = False,
    opening: Opening | None = None,
    number: int = 1,
    stop: Stop | None = None,
    filtered: Filtered | None = None,
) -> Processed:
    """Do a recipe to a picture or a project, and write what comes of it: a picture, or a project
    where the target ends so.

    A ``target`` that is asked for once the recipe is done has its ``suffix`` stated. ``number`` is
    the picture's in a batch. ``filtered`` applies the filters; None: as ``through_jobs`` does.
    Raises Stopped, EditError, FilterFailed, and what opening and exporting raise; nothing is
    written then.
    """
    opening, stop = opening or Opening(), stop or Stop()
    ending = Path(f"x{suffix}") if callable(target) else target
    with contextlib.ExitStack() as stack:
        notes: tuple[str, ...] = ()
        stop.check()
        if is_project(source):
            project, history = Project.open(source, pixel_limit=opening.pixel_limit)
            stack.callback(project.close)
        else:
            opened = open_picture(
                source,
                pixel_limit=opening.pixel_limit,
                importers=studio.importers,
                told=opening.told,
            )
            notes, history = opened.notes, History.start(opened.document)
        if opening.mask is not None:
            history = history.do(edits.select(read_mask(opening.mask, history.document)))
        document = history.document
        if not is_project(ending):
            if not callable(target):
                sides = document.width, document.height
                check_export(
                    target, *sides, options, overwrite=overwrite, exporters=studio.exporters
                )
            # What a filter makes is not to be rounded to fewer bits than the file will have.
            deep = depth_in_file(document, ending, options, exporters=studio.exporters)
            history = history.do(edits.deepen(deeper(deep, document.depth)))
        through = filtered or through_jobs(studio, stop)
        picture = Picture.of(source, number)
        history = play(recipe, history, through, studio.live, stop.check, picture)
        made = history.document
        _compile(made)
        path = target(made) if callable(target) else target
        stop.check()
        if is_project(path):
            Project.create(path, history, overwrite=overwrite).close()
            return Processed(path, os.stat(path).st_size, made.width, made.height, notes)
        exported = export(
            made,
            path,
            options,
            overwrite=overwrite,
            live=studio.live,
            exporters=studio.exporters,
            hear=stop.check,
        )
    size = made.width, made.height
    return Processed(exported.path, exported.bytes, *size, (*notes, *exported.notes))


def _compile(document: Document) -> None:
    """Have compiled, or loaded, what a document is rendered with. Nobody waits for what has to be
    compiled: the next pictures have it.
    """
    wanted = kernels(document)
    if not kernels_ready(wanted):
        folder = cache_folder() / "kernels"
        threading.Thread(target=prepare_kernels, args=(folder, wanted), daemon=True).start()


def through_jobs(studio: Studio, stop: Stop) -> Filtered:
    """Applies each filter by a job that is waited for; the edit has its result. A tone is laid:
    whoever renders computes all tones in one go. Raises FilterFailed and Stopped.
    """

    def filtered(document: Document, step: Record, above: str) -> Edit:
        filter = studio.filter(step.id)
        settings = filter.settings(step.settings)
        there, layer = placed(document, filter, settings, step, above)
        if filter.tone and layer is not None:
            return Edit(filter.title, lambda _: there, record=step)
        job = studio.start(filter, settings, there, layer_id=layer)
        stop.finished(job)
        result = job.edit().apply(there)
        return Edit(filter.title, lambda _: result, record=step)

    return filtered
