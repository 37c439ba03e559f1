"""Export photograph: the Export dialog for the one in front, and what is said when it is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from safelight.gui.deed_context import DeedContext
from safelight.gui.export.export_run import write_beside
from safelight.gui.widgets.shown_text import file_size

if TYPE_CHECKING:
    from safelight import actions
    from safelight.gui.workspace import Workspace


def export(context: DeedContext) -> None:
    """The Export dialog for the photograph in front."""
    from safelight.actions import BatchItem
    from safelight.gui.export.export_dialog import ExportDialog

    workspace = context.front
    if workspace is None:
        return
    workspace.canvas.tool.settle()
    session, offers = workspace.session, context.backend.offers
    document = session.document
    open_ones = context.tabs.workspaces()
    items = [
        BatchItem(
            item.session.files.name,
            item.session.document,
            item.session.files.path,
            item.session.history.records(),
        )
        for item in open_ones
    ]
    dialog = ExportDialog(
        document,
        session.files.path,
        context.window,
        studio=context.backend.studio,
        formats=offers.exporters if offers is not None else (),
        items=items,
    )
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    def ran(running: bool) -> None:
        sessions = [open_ones[place].session for place in dialog.ticked.places()]
        if running:
            context.closing.exporting.update(sessions)
        else:
            context.closing.exporting.difference_update(sessions)

    def done() -> None:
        if dialog.exported is not None:
            _tell(workspace, document, dialog.exported, dialog.used)

    def several(outcomes: Sequence[actions.Outcome]) -> None:
        for item in outcomes:
            if item.exported is not None:
                files = open_ones[item.place].session.files
                files.mark_exported(items[item.place].document, item.exported.path, dialog.used)
        _tell_all(workspace, items, outcomes)

    dialog.ran.connect(ran)
    dialog.several.connect(several)
    dialog.accepted.connect(done)
    dialog.open()


def export_again(context: DeedContext, *, same: bool = False) -> None:
    """Export the photograph in front as the last time, to a new name beside that file, or with
    ``same`` instead of it; where it was not exported yet, ask how. How far it is shows below the
    picture, where it can be stopped.
    """
    from safelight import actions

    workspace = context.front
    if workspace is None:
        return
    session = workspace.session
    if session in context.closing.exporting:
        return
    if session.files.exported is None or session.files.exported_how is None:
        export(context)
        return
    workspace.canvas.tool.settle()
    origin = actions.Origin(session.files.path, session.history.records())
    document, how, studio = session.document, session.files.exported_how, context.backend.studio
    path = session.files.exported[1]
    live = studio.live if studio is not None else None
    exporters = studio.exporters if studio is not None else tuple

    def work(hear: Callable[[float], None]) -> actions.Exported:
        target = path if same else actions.free(path)
        return actions.export(
            *(document, target, how),
            overwrite=same,
            live=live,
            exporters=exporters,
            hear=hear,
            origin=origin,
        )

    def done(exported: actions.Exported) -> None:
        # The name of the first file stays the one that the next is numbered after.
        _tell(workspace, document, exported, how, path)

    write_beside(context, workspace, f"Exporting {path.name} again", work, done)


def _tell(
    workspace: Workspace,
    document: actions.Document,
    exported: actions.Exported,
    how: actions.ExportOptions,
    path: Path | None = None,
) -> None:
    """Say where it went, and remember how; ``path`` is what the next name is made of."""
    workspace.session.files.mark_exported(document, path or exported.path, how)
    workspace.line.mention(f"Exported to {exported.path} ({file_size(exported.bytes)}).")
    if exported.notes:
        workspace.messages.say("\n".join(exported.notes), about="export")
    else:
        workspace.messages.settle("export")


_MOST_FAILURES = 5
"""Photographs of which a message says why they were not exported; the details say it of all."""


def _tell_all(
    workspace: Workspace,
    items: Sequence[actions.BatchItem],
    outcomes: Sequence[actions.Outcome],
) -> None:
    """Say what became of several photographs; what failed, and what could not be kept, stays."""
    written = [(item, item.exported) for item in outcomes if item.exported is not None]
    failed = [
        f"{items[item.place].name} was not exported: {item.reason}"
        for item in outcomes
        if item.exported is None and not item.skipped
    ]
    skipped = [item for item in outcomes if item.skipped]
    if not outcomes:
        return
    bytes = file_size(sum(exported.bytes for _, exported in written))
    noun = "photograph" if len(outcomes) == 1 else "photographs"
    were = "was" if len(written) == 1 else "were"
    folder = outcomes[0].path.parent
    sentence = f"{len(written)} of {len(outcomes)} {noun} {were} exported to {folder} ({bytes})."
    if skipped:
        files = "file that exists was" if len(skipped) == 1 else "files that exist were"
        sentence = f"{sentence[:-1]}; {len(skipped)} {files} skipped."
    lines = list(failed)
    lines += [f"{items[x.place].name}: {x.path} exists and was skipped" for x in skipped]
    for item, exported in written:
        lines.append(f"{items[item.place].name}: {exported.path} ({file_size(exported.bytes)})")
        lines += [f"    {note}" for note in exported.notes]
    if failed or any(exported.notes for _, exported in written):
        told = failed[:_MOST_FAILURES]
        if len(failed) > len(told):
            told.append(f"{len(failed) - len(told)} more were not; see the details.")
        text = "\n".join([sentence, *told])
        workspace.messages.say(text, details="\n".join(lines), about="export")
    else:
        names = ", ".join(exported.path.name for _, exported in written)
        workspace.line.mention(f"{sentence[:-1]}: {names}.")
        workspace.messages.settle("export")
