"""Open and export frames: pictures in order as a sequence, and a sequence as one file."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog

from safelight.gui.deed_context import DeedContext
from safelight.gui.export.export_run import write_beside
from safelight.gui.open_and_save.save_projects import ask_for_name
from safelight.gui.threads.background import Background
from safelight.gui.widgets.shown_text import file_size

if TYPE_CHECKING:
    from safelight import actions
    from safelight.document import Document
    from safelight.gui.open_and_save.loaded_files import Loaded
    from safelight.gui.workspace import Workspace


def has_frames(workspace: Workspace) -> bool:
    """Whether the photograph in front is a sequence."""
    from safelight.document.frames import frames

    return frames.length(workspace.session.history.document) > 1


def open_pictures(context: DeedContext) -> None:
    """Ask for a folder, and open the pictures in it as a sequence, in the order of their names."""
    opening = context.opening
    folder = QFileDialog.getExistingDirectory(
        context.window, "Open a folder of pictures as a sequence", opening.last_folder()
    )
    if folder:
        open_as_sequence(context, [Path(folder)])


def open_as_sequence(context: DeedContext, paths: Sequence[Path]) -> None:
    """Open pictures, and those in folders, as a sequence in the order of their names."""
    opening = context.opening

    def load() -> Loaded:
        from safelight.actions.sequences.open_sequences import opened_pictures
        from safelight.document import History
        from safelight.document.frames import frames
        from safelight.files.sequences.film_files import named_alone
        from safelight.gui.open_and_save.loaded_files import Loaded

        opened = opened_pictures(paths, importers=context.backend.importers)
        notes = opened.notes
        if frames.length(opened.document) > 1:
            notes += named_alone(opened.document.layers[0].content)
        return Loaded(History.start(opened.document), notes)

    def failed(error: BaseException) -> None:
        opening.said.emit(str(error))

    Background(opening, load, opening.show, failed)


def export_frames(context: DeedContext) -> None:
    """Ask for a file, and write all pictures of the sequence in front into it.

    How far it is shows below the picture, where it can be stopped.
    """
    from safelight.actions.sequences.finish_frames import FrameFinisher
    from safelight.actions.sequences.frame_pictures import scratch_folder
    from safelight.actions.stop import Stop
    from safelight.document import LayerFailed
    from safelight.files.sequences.export_sequence import (
        estimated_bytes,
        export_sequence,
        sequence_formats,
    )

    workspace, studio = context.front, context.backend.studio
    if workspace is None or studio is None:
        return
    session = workspace.session
    if session in context.closing.exporting:
        return
    workspace.canvas.tool.settle()
    workspace.frames.pause()
    start = _beside(session.files.path, session.history.document)
    kinds = {
        f"{name} ({' '.join('*' + ending for ending in endings)})": endings
        for name, endings in sequence_formats().items()
    }
    target = ask_for_name(
        *(context.window, "Export the sequence", start, ";;".join(kinds), ".webm"), endings=kinds
    )
    if target is None:
        return
    document, stop = session.history.document, Stop()

    def work(hear: Callable[[float], None]) -> actions.Exported:
        with contextlib.suppress(LayerFailed):  # a filter's result is there only once computed
            size = estimated_bytes(document, target, scratch_folder(), live=studio.live)
            if session.writing is not None:
                session.writing.retitle(f"Exporting {target.name}, about {file_size(size)}")
        finisher = FrameFinisher(studio, stop, hear)
        return export_sequence(
            document,
            target,
            scratch_folder(),
            overwrite=True,  # which has been asked
            live=studio.live,
            finished=finisher.finished,
            hear=finisher.told,
        )

    def done(exported: actions.Exported) -> None:
        workspace.line.mention(f"{exported.path.name} was written: {file_size(exported.bytes)}.")
        if exported.notes:
            workspace.messages.say("\n".join(exported.notes))

    write_beside(context, workspace, f"Exporting {target.name}", work, done, stop.ask)


def _beside(path: Path | None, document: Document) -> Path:
    """A name for a film that there is not yet: beside the file that was opened, or the folder of
    the pictures.
    """
    from safelight.document.frames import frames

    if path is not None:
        return _free(Path(path).with_suffix(".webm"))
    films = (document.layer(name).content.film for name in frames.sequences(document))
    for film in filter(None, films):
        folder = Path(film.files[0][0]).parent
        return _free(folder.with_name(f"{folder.name}.webm"))
    return _free(Path.home() / "Sequence.webm")


def _free(path: Path) -> Path:
    """A path, or one like it that nothing has: ``film-edited.webm``, ``-edited-2`` and so on."""
    number, found = 1, path
    while found.exists():
        words = "-edited" if number == 1 else f"-edited-{number}"
        number, found = number + 1, path.with_stem(path.stem + words)
    return found
