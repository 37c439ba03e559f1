"""Paste on photographs: settings of one photograph copied, and done to others of the folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from safelight.gui.deed_context import DeedContext
from safelight.gui.widgets.shown_text import plain

if TYPE_CHECKING:
    from safelight.actions.batch.run_batch import Report

_MOST = 6
"""Sentences of what failed, or was left out, that are shown; of more it says how many."""


def copy_settings(context: DeedContext) -> None:
    """Copy what was done to the photograph in front, as far as it can be done to another one."""
    from safelight.actions.folder.paste_settings import CopiedSettings

    front = context.front
    if front is None:
        return
    front.canvas.tool.settle()
    files = front.session.files
    source = None if files.path is None else files.path.absolute()
    copied = CopiedSettings.of(front.session.history, files.name, source)
    count = len(copied.recipe.steps)
    if copied.lost:
        front.messages.say(_listed("Not copied:", copied.lost), about="copied settings")
    else:
        front.messages.settle("copied settings")
    if count:
        context.folder.copied = copied
        steps = f"{count} step{'' if count == 1 else 's'}"
        front.line.mention(f"Copied {steps} of {copied.name}: paste them on others.")
    else:
        front.line.mention(f"Nothing was done to {copied.name} that could be copied.")


def may_copy(context: DeedContext) -> bool:
    """Whether something was done to the photograph in front."""
    return context.front is not None and context.front.session.history.position > 0


def may_paste(context: DeedContext) -> bool:
    """Whether there are settings, and photographs to paste them on."""
    place = context.folder
    if place.copied is None or context.backend.studio is None or place.pasting is not None:
        return False
    front = context.front
    if _chosen(context):
        return not _is_front(context) or (front is not None and front.session.idle)
    return front is not None and front.session.idle


def paste_settings(context: DeedContext) -> None:
    """Do the settings to the photographs that are chosen: projects beside them come of it. To the
    one in front, where it alone is meant, they are done where it is open.
    """
    from safelight.gui.batch.save_and_run_recipes import play

    copied, studio, front = context.folder.copied, context.backend.studio, context.front
    if copied is None or studio is None or not may_paste(context):
        return
    chosen = _chosen(context)
    if not chosen or _is_front(context):
        if front is not None:
            play(front, studio, copied.recipe, Path(f"Settings of {copied.name}"))
        return
    _paste_beside(context, copied.meant(chosen))


def _paste_beside(context: DeedContext, sources: Sequence[Path]) -> None:
    from safelight.actions.folder.paste_settings import pasting
    from safelight.gui.batch.batch_thread import RunningBatch

    place, studio = context.folder, context.backend.studio
    strip, copied = place.strip, place.copied
    assert strip is not None
    assert studio is not None
    assert copied is not None
    order = pasting(copied, sources[0].parent)
    running = place.pasting = RunningBatch(order, sources, studio, place, resume=False)
    made: list[Path] = []
    failed: list[str] = []

    def report(report: Report) -> None:
        if report.state == "failed":
            failed.append(f"{report.source.name}: {report.reason}")
        elif report.target is not None:
            made.append(report.target)
        strip.show_progress(f"pasting, {running.done} of {running.count}", running.stop)

    def end(why: str) -> None:
        place.pasting = None
        running.deleteLater()
        stopped = ", stopped" if running.stopped else ""
        strip.show_progress(f"{len(made)} project{'' if len(made) == 1 else 's'} made{stopped}")
        if why or failed:
            words = _listed(why or "Settings were not pasted on:", failed)
            context.messages.say(words, about="pasting")
        else:
            context.messages.settle("pasting")
        strip.read_again()
        place.changed.emit()

    running.reported.connect(report)
    running.ended.connect(end)
    strip.show_progress(f"pasting, 0 of {running.count}", running.stop)
    place.changed.emit()


def batch_of_chosen(context: DeedContext) -> None:
    """Open Batch with the photographs that are chosen."""
    from safelight.gui.batch.open_batch_window import open_batch

    open_batch(context, _chosen(context))


def _chosen(context: DeedContext) -> list[Path]:
    strip = context.folder.strip
    return [] if strip is None else [row.photograph.path for row in strip.chosen]


def _is_front(context: DeedContext) -> bool:
    """Whether the photograph in front alone is chosen."""
    chosen = _chosen(context)
    return len(chosen) == 1 and context.folder.tab_of(chosen[0]) is context.front is not None


def _listed(first: str, sentences: Sequence[str]) -> str:
    lines = [first, *sentences[:_MOST]]
    if len(sentences) > _MOST:
        lines.append(f"And {len(sentences) - _MOST} more.")
    return plain("\n".join(lines), lines=True, longest=2000)
