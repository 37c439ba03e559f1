"""Process file: a recipe done to one picture or project, and what comes of it written."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from safelight.actions.mask_files import read_mask
from safelight.actions.open_confined import export
from safelight.actions.opened_file import opened_file
from safelight.actions.plugin_jobs import Studio
from safelight.actions.recipes.picture_facts import Picture
from safelight.actions.recipes.play_recipe import Filtered, placed, play
from safelight.actions.recipes.recipe_steps import Recipe
from safelight.actions.stop import Stop
from safelight.api import Value
from safelight.document import Document, Edit, History, Live, Record, edits, whole_kernels
from safelight.files import ExportOptions, Origin, Project, check_export, depth_in_file, is_project
from safelight.files.provenance.provenance_sidecar import with_sidecar, write_sidecar
from safelight.folders import cache_folder
from safelight.pixels import deeper, prepare_beside
from safelight.workers.job import Threads, every_thread
from safelight.workers.job_events import Listener


@dataclass(frozen=True, slots=True)
class Opening:
    """How pictures are opened: the ``pixel_limit`` (None = the usual one), what camera files are
    ``told``, a file whose white ``mask``s what is worked on, and whether a picture's ``sidecar`` is
    read, and one written beside what comes of it.
    """

    pixel_limit: int | None = None
    told: Mapping[str, Value] = field(default_factory=dict)
    mask: Path | None = None
    sidecar: bool = False


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
        stop.check()
        history, notes = stack.enter_context(
            opened_file(
                source,
                pixel_limit=opening.pixel_limit,
                importers=studio.importers,
                told=opening.told,
            )
        )
        if opening.sidecar:
            history = _with_sidecar(history, source)
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
        _compile(made, studio.live)
        path = target(made) if callable(target) else target
        stop.check()
        if is_project(path):
            Project.create(path, history, overwrite=overwrite).close()
            return Processed(path, os.stat(path).st_size, made.width, made.height, notes)
        beside = _sidecar(made, path, options, overwrite) if opening.sidecar else None
        with beside or contextlib.nullcontext():
            exported = export(
                made,
                path,
                options,
                overwrite=overwrite,
                live=studio.live,
                exporters=studio.exporters,
                hear=stop.check,
                origin=Origin(source, history.records()),
            )
    size = made.width, made.height
    return Processed(exported.path, exported.bytes, *size, (*notes, *exported.notes))


def _with_sidecar(history: History, source: Path) -> History:
    """The history with its present document as the sidecar of its file tells it. Raises
    ExportError.
    """
    steps = list(history.steps)
    step = steps[history.position]
    steps[history.position] = replace(step, document=with_sidecar(step.document, source))
    return replace(history, steps=tuple(steps))


@contextlib.contextmanager
def _sidecar(
    document: Document, path: Path, options: ExportOptions, overwrite: bool
) -> Iterator[None]:
    """Write the sidecar of a picture that is written meanwhile: before it, so that whoever finds
    the picture finds all. Where that fails, none is left that was not there. Raises FileExists and
    WriteError.
    """
    there = path.with_suffix(".xmp").exists()
    beside = write_sidecar(document, path, options.metadata, overwrite=overwrite)
    try:
        yield
    except BaseException:
        if not there:
            beside.unlink(missing_ok=True)
        raise


def _compile(document: Document, live: Live) -> None:
    """Have compiled, or loaded, what a document is rendered with. Nobody waits for what has to be
    compiled: the next pictures have it.
    """
    prepare_beside(cache_folder() / "kernels", whole_kernels(document, live))


def through_jobs(
    studio: Studio,
    stop: Stop,
    listener: Listener | None = None,
    *,
    lays_tones: bool = True,
    threads: Threads = every_thread,
) -> Filtered:
    """Applies each filter by a job that is waited for; the edit has its result. A tone is laid:
    whoever renders computes all tones in one go; without ``lays_tones`` it has a result as others
    have. ``listener`` hears of each job; ``threads`` are those of ``Studio.start``. Raises
    FilterFailed and Stopped.
    """

    def filtered(document: Document, step: Record, above: str) -> Edit:
        filter = studio.filter(step.id)
        settings = filter.settings(step.settings)
        there, layer = placed(document, filter, settings, step, above)
        if lays_tones and filter.tone and layer is not None:
            return Edit(filter.title, lambda _: there, record=step)
        job = studio.start(
            filter, settings, there, layer_id=layer, listener=listener, threads=threads
        )
        stop.finished(job)
        result = job.edit().apply(there)
        return Edit(filter.title, lambda _: result, record=step)

    return filtered
