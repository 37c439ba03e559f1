"""Paste settings: what was done to one photograph, done to others; projects beside them come of it.

It is a batch like others: several at once, one that fails stops none, a full disk ends it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from safelight.actions.batch.run_batch import Order
from safelight.actions.recipes import Recipe
from safelight.actions.recipes.history_recipe import recorded
from safelight.document import Document, History
from safelight.files.exports.export_names import free

PROJECT = ".safelight"


@dataclass(frozen=True, slots=True)
class CopiedSettings:
    """What was done to the photograph called ``name``, as a ``recipe`` of which rectangles are in
    parts of the picture, and a sentence for each thing that is not in it: what holds pixels.
    ``source`` is its file; None where it has none.
    """

    name: str
    recipe: Recipe
    lost: tuple[str, ...] = ()
    source: Path | None = None

    @classmethod
    def of(cls, history: History, name: str, source: Path | None = None) -> CopiedSettings:
        """What was done up to the present step."""
        recipe, lost = recorded(history, relative=True)
        return cls(name, recipe, lost, source)

    def meant(self, chosen: Sequence[Path]) -> list[Path]:
        """The photographs to paste on, of those that are chosen: not the one that it is from."""
        return [path for path in chosen if path != self.source] or list(chosen)


@dataclass(frozen=True, slots=True)
class Beside(Order):
    """An order of which projects come, each beside its photograph under a name that is free."""

    def path_of(self, source: Path, number: int, made: Document | None) -> Path:
        """A project of the photograph's name: nothing that is there is replaced."""
        return free(source.with_suffix(PROJECT))


def pasting(settings: CopiedSettings, folder: Path) -> Beside:
    """The order to do settings to photographs of a folder."""
    return Beside(settings.recipe, folder, suffix=PROJECT)
