"""Menus: the menu bar, drawn from the table of deeds."""

from __future__ import annotations

from collections.abc import Set

from PySide6.QtWidgets import QMenu, QMenuBar

from safelight.gui.deeds.deed import Deeds, in_sections

_BAR = "&File", "&Edit", "&Image", "&Layer", "&Select", "T&ools", "&View", "Fil&ters", "&Help"
"""The menus in their order; one that deeds name and that is not among them comes before Help."""


class Menus:
    """Draws the menus of which deeds have changed. ``of`` has them by their names."""

    def __init__(self, bar: QMenuBar, deeds: Deeds) -> None:
        self._bar = bar
        self._deeds = deeds
        self._inner: dict[str, dict[str, QMenu]] = {}
        self.of: dict[str, QMenu] = {}
        for title in _BAR:
            self._menu(title)
        deeds.changed.connect(self._draw)

    def _menu(self, title: str) -> QMenu:
        name = title.replace("&", "")
        if name not in self.of:
            menu = self.of[name] = _made(title, self._bar)
            last = self.of.get("Help")
            if last is None or last is menu:
                self._bar.addMenu(menu)
            else:
                self._bar.insertMenu(last.menuAction(), menu)
        return self.of[name]

    def _draw(self, names: Set[str]) -> None:
        for name in names - {""}:
            menu = self._menu(name)
            menu.clear()
            for inner in self._inner.pop(name, {}).values():
                inner.deleteLater()
            of_menu = [deed for deed in self._deeds if deed.menu == name]
            for section in in_sections(of_menu):
                if not menu.isEmpty():
                    menu.addSeparator()
                for deed in section:
                    self._within(name, deed.submenu).addAction(self._deeds[deed.id])

    def _within(self, name: str, submenu: str) -> QMenu:
        """A menu, or the part that opens beside it, which comes where it is first asked for."""
        menu, inner = self.of[name], self._inner.setdefault(name, {})
        if submenu and submenu not in inner:
            inner[submenu] = _made(submenu, menu)
            menu.addMenu(inner[submenu])
        return inner.get(submenu, menu)


def _made(title: str, parent: QMenuBar | QMenu) -> QMenu:
    menu = QMenu(title, parent)
    menu.setToolTipsVisible(True)
    return menu
