"""Verify layer: the active layer's kept result made afresh on a thread, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from safelight.gui.deed_context import DeedContext
from safelight.gui.threads.background import Background
from safelight.gui.widgets.shown_text import plain

if TYPE_CHECKING:
    from safelight.gui.workspace import Workspace

_ABOUT = "verify"


def can_verify(context: DeedContext, front: Workspace) -> bool:
    """Whether the active layer keeps a result that can be made again."""
    held = front.session.layer.filter
    return held is not None and held.kept is not None and context.backend.studio is not None


def verify_layer(context: DeedContext, front: Workspace) -> None:
    """Make the active layer's result afresh, compare it with what is kept, and say so."""
    from safelight.actions import UnknownFilter
    from safelight.actions.receipts import NoReceipt, Verdict, verified
    from safelight.actions.stop import Stopped
    from safelight.document import FilterFailed

    studio, session = context.backend.studio, front.session
    if studio is None:
        return
    document, layer, name = session.document, session.active, session.layer.name
    messages = front.messages

    def work() -> Verdict:
        return verified(studio, document, layer)

    def done(verdict: Any) -> None:
        messages.say(plain(f"{name}: {' '.join(verdict.sentences())}"), about=_ABOUT)

    def failed(error: Exception) -> None:
        if not isinstance(error, NoReceipt | FilterFailed | Stopped | UnknownFilter | KeyError):
            raise error
        messages.say(plain(f"{name} could not be verified: {error}"), about=_ABOUT)

    messages.say(plain(f"{name}: the result is being made afresh…"), about=_ABOUT)
    Background(front, work, done, failed)
