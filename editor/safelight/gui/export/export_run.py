"""Export run: a photograph is exported on a thread, and how far it is shows below the picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from safelight.gui.deed_context import DeedContext
from safelight.gui.threads.background import Background
from safelight.gui.threads.told_progress import ToldProgress

if TYPE_CHECKING:
    from safelight import actions
    from safelight.gui.workspace import Workspace


def write_beside(
    context: DeedContext,
    workspace: Workspace,
    title: str,
    work: Callable[[Callable[[float], None]], actions.Exported],
    done: Callable[[actions.Exported], object],
    stop: Callable[[], object] = lambda: None,
) -> None:
    """Export what a workspace has on a thread: ``work`` is told whom to tell how far it is. How far
    it is shows below the picture, where it can be stopped, what it waits for by ``stop``; ``done``
    is called at the end.
    """
    session = workspace.session
    context.closing.exporting.add(session)
    writing = session.writing = ToldProgress(session, title, workspace.show_progress, stop)

    def end() -> None:
        context.closing.exporting.discard(session)
        session.writing = None
        writing.end()
        workspace.show_progress()

    def written(exported: actions.Exported) -> None:
        end()
        done(exported)

    def failed(error: Exception) -> None:
        from safelight.actions import Cancelled
        from safelight.actions.stop import Stopped

        end()
        if isinstance(error, (Cancelled, Stopped)):
            workspace.line.mention("The export was stopped; nothing was written.")
            return
        workspace.messages.say(str(error), about="export")

    Background(context.window, lambda: work(writing.hear), written, failed)
    workspace.show_progress()
