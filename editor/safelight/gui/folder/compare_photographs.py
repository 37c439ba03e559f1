"""Compare photographs: the chosen ones of a folder in a window of their own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from safelight.gui.deed_context import DeedContext

if TYPE_CHECKING:
    from safelight.document import Document


def compare(context: DeedContext) -> None:
    """Show two photographs side by side: those that are chosen, or the chosen one and the next."""
    from safelight.gui.folder.compare_window import CompareWindow

    strip = context.folder.strip
    if strip is None or len(strip.two) < 2:
        return
    left, right = strip.two
    studio = context.backend.studio

    def find(path: Path) -> Document | None:
        there = context.folder.tab_of(path)
        return None if there is None else there.session.document

    window = CompareWindow(
        strip.rows,
        (left, right),
        context.window,
        find=find,
        importers=context.backend.importers,
        live=None if studio is None else studio.live,
    )
    window.marked.connect(strip.mark_one)
    context.closing.windows.add(window)
    window.destroyed.connect(lambda: context.closing.windows.discard(window))
    window.show()
    window.sides[window.active].canvas.setFocus()
