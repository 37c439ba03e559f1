"""Panel: a tab in the column beside the canvas, told of the photograph and asking for edits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from PySide6.QtWidgets import QWidget

from safelight.document import Document, Live

if TYPE_CHECKING:
    from safelight.gui.canvas import Canvas
    from safelight.gui.deeds.deed import Deeds
    from safelight.gui.session import Session


class Panel(QWidget):
    """One panel is a class like this and its line in ``panels.PANELS``.

    ``tab`` is the tab it lies in, with all others of that tab, one below the other; "" = above all
    tabs. ``icon`` is that of the tab, of the first panel in it, as in ``icons.paint_icon``.
    ``stretch`` says how much it gets of the height that none of them needs. A panel overrides what
    it wants to know of; each method does nothing here.
    """

    title: ClassVar[str]
    tab: ClassVar[str]
    icon: ClassVar[str] = "notice"
    stretch: ClassVar[int] = 1

    def attach(self, session: Session, canvas: Canvas) -> None:
        """Connect what the panel wants to what can do it, once, before anything is shown."""

    def offer(self, deeds: Deeds) -> None:
        """What can be asked for, of which the panel can have buttons; it may come anew."""

    def show_session(self, session: Session) -> None:
        """The history, the active layer, or what is stale, is another now."""

    def show_picture(self, document: Document | None, live: Live | None = None) -> None:
        """The picture is another now; ``live`` computes its cheap filters."""

    def show_view(self, polygon: Sequence[tuple[float, float]], zoom: float) -> None:
        """The canvas shows another part: the corners of ``polygon``, in pixels of the picture."""

    def show_pointer(self, at: tuple[float, float] | None) -> None:
        """The pointer is over another point, in pixels of the picture, which may lie beyond it;
        None when it has left the canvas.
        """
