"""Icons: drawn with lines, once each."""

from PySide6.QtGui import QPixmapCache

from safelight.gui.widgets import icons


def test_an_icon_is_drawn_once_for_all_workspaces(qapp, monkeypatch):
    drawn, paint = [], icons.paint_icon
    monkeypatch.setattr(icons, "paint_icon", lambda *given: (drawn.append(given), paint(*given)))
    QPixmapCache.clear()
    first, second = icons.icon("bin"), icons.icon("bin")
    assert len(drawn) == 2  # on, and off
    assert first.pixmap(32, 32).toImage() == second.pixmap(32, 32).toImage()
    assert first.pixmap(32, 32).toImage() != icons.icon("plus").pixmap(32, 32).toImage()
