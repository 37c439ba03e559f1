"""Shortcuts: which keys the user has given to which deed, kept between starts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from PySide6.QtGui import QKeySequence

from safelight.gui.open_and_save.samples_and_recent_files import settings

_KEY = "shortcuts"


def portable(keys: str) -> str:
    """Keys as they are written in every language and on every system; "" for what is no key."""
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.PortableText)


class Keyed(Protocol):
    """What has an id and the keys it comes with: a Deed."""

    @property
    def id(self) -> str: ...

    @property
    def shortcuts(self) -> tuple[str, ...]: ...


_K = TypeVar("_K", bound=Keyed)


@dataclass(frozen=True, slots=True)
class Shortcuts:
    """``own``: the keys that the user gave to a deed, by its id, none included.

    Every other deed has those of its line in the table, without any that the user gave away.
    """

    own: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def kept(cls) -> Shortcuts:
        """What was kept; nothing where it cannot be read."""
        try:
            stored = json.loads(str(settings().value(_KEY, "{}")))
            own = {
                str(name): tuple(portable(str(key)) for key in keys if portable(str(key)))
                for name, keys in stored.items()
            }
        except (ValueError, AttributeError, TypeError):
            return cls()
        return cls(own)

    def keep(self) -> None:
        """Have these at the next start too."""
        settings().setValue(_KEY, json.dumps({name: list(keys) for name, keys in self.own.items()}))

    def of(self, deed: Keyed) -> tuple[str, ...]:
        """The keys of a deed."""
        if not self.own:
            return deed.shortcuts
        if deed.id in self.own:
            return self.own[deed.id]
        given = {key for keys in self.own.values() for key in keys}
        return tuple(key for key in deed.shortcuts if portable(key) not in given)

    def given(self, deed: Keyed, keys: str) -> Shortcuts:
        """The shortcuts with ``keys`` for a deed alone, whoever had them; "" leaves it without."""
        keys = portable(keys)
        own = {name: tuple(x for x in held if x != keys) for name, held in self.own.items()}
        return Shortcuts(own | {deed.id: (keys,) if keys else ()})

    def restored(self, deed: Keyed) -> Shortcuts:
        """The shortcuts with the keys that a deed has in the table, whoever has been given them."""
        usual = {portable(key) for key in deed.shortcuts}
        return Shortcuts(
            {
                name: tuple(key for key in held if key not in usual)
                for name, held in self.own.items()
                if name != deed.id
            }
        )

    def holder(self, keys: str, deeds: Iterable[_K]) -> _K | None:
        """Whose keys these are."""
        keys = portable(keys)
        holds = (deed for deed in deeds if keys in {portable(key) for key in self.of(deed)})
        return next(holds, None) if keys else None
