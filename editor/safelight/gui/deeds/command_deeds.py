"""Command deeds: the lines of the declared commands, which work on the document in front."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from safelight.gui.deeds.deed import Deed

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from safelight.api import Value
    from safelight.document import Command, Document, Edit, Layer
    from safelight.document.commands.command import Entry, When
    from safelight.gui.session import Session


_USUAL = 2000.0
"""Pixels of the diagonal of a picture for which the lengths that effects begin with are meant."""


def of_commands(
    front: Callable[[], Session | None], window: QWidget, settle: Callable[[], object]
) -> list[Deed]:
    """The lines of every command that has a menu.

    ``front`` gives the session in front; ``window`` is where a command asks for its settings.
    ``settle`` makes an edit of what the tool in hand has under way, which comes before any other.
    """
    from safelight.document import DECLARED

    asked = Asked(front, window, settle)
    return [
        _line(command, entry, asked)
        for command in DECLARED.values()
        if command.menu
        for entry in command.lines
    ]


def told_others(chosen: Sequence[str], active: str) -> str:
    """What a command is told of the layers that are chosen beside the active one."""
    others = [identity for identity in chosen if identity != active]
    return json.dumps(others) if others else ""


def held_by(command: Command, layer: Layer) -> dict[str, Value]:
    """What a layer has of a command's settings already: those of its effect."""
    from safelight.document.commands.effect_commands import KINDS, effect_of

    kind = KINDS.get(command.id)
    names = {item.name for item in command.parameters}
    held = {} if kind is None else effect_of(kind, layer)
    return {name: value for name, value in held.items() if name in names}


def suiting(command: Command, document: Document) -> dict[str, Value]:
    """The lengths in pixels that an effect is begun with, as a part of a large picture what they
    are by themselves of one of two megapixels: 20 pixels are not seen in one of 24.
    """
    from safelight.document.commands.effect_commands import KINDS

    larger = math.hypot(document.width, document.height) / _USUAL
    if command.id not in KINDS or larger <= 1:
        return {}
    lengths = (item for item in command.parameters if item.name in ("size", "distance"))
    return {item.name: float(round(cast(float, item.default) * larger)) for item in lengths}


class Asked:
    """What of the session in front commands are asked for; it is looked up once for each document
    and active layer, for what lies in all layers can take its time.
    """

    def __init__(
        self, front: Callable[[], Session | None], window: QWidget, settle: Callable[[], object]
    ) -> None:
        self._front = front
        self._window = window
        self._settle = settle
        self._seen: tuple[Document | None, str] = (None, "")
        self._known: dict[tuple[str, str], bool] = {}
        self._told: dict[str, dict[str, Value]] = {}

    def possible(self, command: Command) -> bool:
        """Whether a command can be asked for now."""
        session = self._front()
        if session is None:  # and nobody has hold of what was closed
            self._seen, self._known = (None, ""), {}
        if session is None or session.locked:
            return False
        return self._of(session, "when", command.id, command.when)

    def marked(self, command: Command) -> bool:
        """Whether what a command switches is on."""
        session = self._front()
        if session is None or command.marked is None:
            return False
        return self._of(session, "marked", command.id, command.marked)

    def _of(self, session: Session, what: str, name: str, test: When) -> bool:
        seen = session.document, session.active
        if self._seen[0] is not seen[0] or self._seen[1] != seen[1]:
            self._seen, self._known = seen, {}
        if (what, name) not in self._known:
            self._known[what, name] = test(session.document, session.layer)
        return self._known[what, name]

    def do(self, command: Command, entry: Entry) -> None:
        """Do a command to the document in front and its active layer, having asked for settings."""
        session = self._front()
        if session is None:
            return
        self._settle()
        given: dict[str, Any] = dict(entry.settings)
        if command.on_layer:
            given["layer"] = session.active
        if any(item.name == "also" for item in command.parameters):
            given["also"] = told_others(session.chosen(), session.active)
        if command.marked is not None:
            given[command.switch] = not self.marked(command)
        if not command.asks:
            session.do(command(**given))
            return
        from safelight.gui.dialogs.size_dialogs import dialog_of
        from safelight.gui.dialogs.trial import Trial

        told = suiting(command, session.document) | self._told.get(command.id, {})
        told |= held_by(command, session.layer)
        kind = dialog_of(command)
        dialog = kind(command, given, told, self._window, document=session.document)

        trial = Trial(session) if command.tries else None

        def made(settings: Mapping[str, Any]) -> Edit:
            return command(**given, **settings)

        def chosen(settings: dict[str, Any]) -> None:
            self._told[command.id] = settings
            if trial is None:
                session.do(made(settings))
            else:
                trial.end(made(settings))

        if trial is not None:
            dialog.changed.connect(lambda settings: trial.soon(made(settings)))
            dialog.rejected.connect(trial.give_up)
            trial.soon(made(dialog.settings()))
        dialog.chosen.connect(chosen)
        dialog.open()


def _line(command: Command, entry: Entry, asked: Asked) -> Deed:
    told = (f"{name}={value}" for name, value in entry.settings.items())
    return Deed(
        " ".join((command.id, *told)),
        f"{entry.text}…" if command.asks else entry.text,
        lambda: asked.do(command, entry),
        command.menu,
        command.section,
        (entry.shortcut,) if entry.shortcut else (),
        when=lambda: asked.possible(command),
        checked=None if command.marked is None else lambda: asked.marked(command),
        submenu=command.submenu,
        context=command.context,
        button=command.button,
        tip=" ".join(command.description.split()),
    )
