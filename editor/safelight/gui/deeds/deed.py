"""Deed: one thing a person can ask the window for; Deeds: all of them, each as one QAction."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QAction, QKeySequence

from safelight.gui.deeds.shortcuts import Shortcuts
from safelight.gui.widgets.icons import icon
from safelight.gui.widgets.shown_text import tooltip


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Deed:
    """One line of the table of all that can be asked for.

    ``text`` is what people read, with & before the letter that a menu underlines. ``menu`` names
    the menu where it is found, "" = none; ``submenu`` is the text of the part of that which opens
    beside it, ``section`` the part between two lines. ``when`` says whether it is possible now;
    ``checked``, of what can be on or off, whether it is on. ``context`` says that it is in a
    layer's own menu too, ``button`` is the icon of its button at the list of layers. ``tip`` is its
    tooltip. ``passing`` is what comes and goes, as a file opened lately does: it has no keys.
    """

    id: str
    text: str
    run: Callable[[], object]
    menu: str = ""
    section: int = 0
    shortcuts: tuple[str, ...] = ()
    submenu: str = ""
    when: Callable[[], bool] = _always
    checked: Callable[[], bool] | None = None
    context: bool = False
    button: str = ""
    tip: str = ""
    passing: bool = False

    @property
    def title(self) -> str:
        """What people read, without the underlining."""
        return untitled(self.text)

    @property
    def place(self) -> str:
        """Where the deed is found, in words."""
        return ", ".join(untitled(part) for part in (self.menu, self.submenu) if part)


def untitled(text: str) -> str:
    """A menu's text without what says which letter is underlined."""
    return re.sub(r"&(.)", r"\1", text)


class Deeds(QObject):
    """Every deed of a window, in groups that can be replaced, each as one QAction.

    The actions know their text, their keys, whether they are possible and whether they are on; all
    that offers deeds (menus, buttons, the search, the keyboard) has them from here. What is
    possible is looked up once for all that happens in a turn of the event loop, or when somebody
    asks for an action before. ``changed`` gives the menus of which the deeds are others now.
    ``shortcuts`` tells which keys the user has given to what; ``rekeyed``, that these are others.
    """

    changed = Signal(object)
    rekeyed = Signal()

    def __init__(self, parent: QObject, shortcuts: Shortcuts | None = None) -> None:
        super().__init__(parent)
        self.shortcuts = shortcuts or Shortcuts()
        self._groups: dict[str, tuple[Deed, ...]] = {}
        self._actions: dict[str, QAction] = {}
        self._stale = False
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self.catch_up)

    def __iter__(self) -> Iterator[Deed]:
        for group in self._groups.values():
            yield from group

    def __getitem__(self, name: str) -> QAction:
        """The action of the deed with that id. Raises KeyError."""
        self.catch_up()
        return self._actions[name]

    @property
    def actions(self) -> Sequence[QAction]:
        """Every action."""
        self.catch_up()
        return tuple(self._actions.values())

    def replace(self, group: str, deeds: Iterable[Deed]) -> None:
        """Have these deeds in place of those of the same group.

        Raises ValueError for an id or keys that another one has.
        """
        made, gone = tuple(deeds), self._groups.get(group, ())
        for deed in gone:
            self._actions.pop(deed.id).deleteLater()  # it may be what has been asked for
        self._groups[group] = ()
        self._check(made)
        self._groups[group] = made
        for deed in made:
            self._actions[deed.id] = self._action(deed)
            self._show(deed)
        self.changed.emit({deed.menu for deed in (*gone, *made)})

    def _check(self, made: Iterable[Deed]) -> None:
        ids = {deed.id for deed in self}
        keys = {key: deed.id for deed in self for key in deed.shortcuts}
        for deed in made:
            if deed.id in ids:
                raise ValueError(f"there are two deeds {deed.id}")
            for key in deed.shortcuts:
                if key in keys:
                    raise ValueError(f"{key} is for {keys[key]} and for {deed.id}")
                keys[key] = deed.id
            ids.add(deed.id)

    def _action(self, deed: Deed) -> QAction:
        action = QAction(deed.text, self)
        action.setShortcuts([QKeySequence(key) for key in self.shortcuts.of(deed)])
        action.setCheckable(deed.checked is not None)
        if deed.button:
            action.setIcon(icon(deed.button))
            action.setIconVisibleInMenu(False)
        if deed.tip:
            action.setToolTip(tooltip(deed.tip))
        action.triggered.connect(lambda _=False: self._do(deed))
        return action

    def rekey(self, shortcuts: Shortcuts) -> None:
        """Have the keys that the user gave to deeds."""
        self.shortcuts = shortcuts
        for deed in self:
            keys = [QKeySequence(key) for key in shortcuts.of(deed)]
            self._actions[deed.id].setShortcuts(keys)
        self.rekeyed.emit()

    def _do(self, deed: Deed) -> None:
        deed.run()
        self.show_state()
        self.catch_up()  # Qt has ticked what can be on or off, done or not

    def show_state(self) -> None:
        """Have the actions brought in line with what is possible and what is on, before anybody
        asks for one of them, and in the next turn of the event loop at the latest.
        """
        if not self._stale:
            self._stale = True
            self._later.start()

    def catch_up(self) -> None:
        """Bring the actions in line now, if anything has happened since the last time."""
        if self._stale:
            self._stale = False
            self._later.stop()
            for deed in self:
                self._show(deed)

    def _show(self, deed: Deed) -> None:
        action = self._actions[deed.id]
        action.setEnabled(deed.when())
        if deed.checked is not None:
            action.setChecked(deed.checked())

    def of_layers(self) -> list[list[QAction]]:
        """The actions of a layer's own menu that are possible, section by section."""
        possible = [deed for deed in self if deed.context and self[deed.id].isEnabled()]
        return [[self[deed.id] for deed in section] for section in in_sections(possible)]

    def buttons(self) -> dict[str, list[QAction]]:
        """The actions that have a button at the list of layers, by the icon of that."""
        self.catch_up()
        found: dict[str, list[QAction]] = {}
        for deed in self:
            if deed.button:
                found.setdefault(deed.button, []).append(self._actions[deed.id])
        return found

    def keys(self, deed: Deed) -> str:
        """The first keys of a deed as this system writes them; "" for none."""
        return self[deed.id].shortcut().toString(QKeySequence.SequenceFormat.NativeText)


def in_sections(deeds: Iterable[Deed]) -> list[list[Deed]]:
    """Deeds section by section; in one they keep their order."""
    order = sorted(deeds, key=lambda deed: deed.section)
    return [list(section) for _, section in groupby(order, key=lambda deed: deed.section)]
