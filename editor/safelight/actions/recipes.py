"""Recipes: lists of what is to be done, as JSON without pixels; what a history did can be one."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from safelight.api import Declaration, ParameterError
from safelight.document import DECLARED, Document, Edit, EditError, History, Record, edits

VERSION = 1
"""Of the form of a recipe."""

_LARGEST = 64 * 2**20
"""Bytes of a recipe that is read: strokes and pictures among its settings are long."""


class RecipeError(ValueError):
    """A recipe that cannot be used; the message says why, and which step and setting it is."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Steps, in the order in which they are done."""

    steps: tuple[Record, ...]

    def to_json(self) -> str:
        """The recipe as text."""
        steps = [step.to_json() for step in self.steps]
        return json.dumps({"version": VERSION, "steps": steps}, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Recipe:
        """The inverse of ``to_json``. Raises RecipeError."""
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise RecipeError(f"It is no JSON: {error}.") from None
        if not isinstance(data, dict) or not isinstance(data.get("steps"), list):
            raise RecipeError('A recipe is {"version": 1, "steps": […]}.')
        if data.get("version") != VERSION:
            shown = json.dumps(data.get("version"))[:40]
            raise RecipeError(f"It is of version {shown}; this Safelight knows {VERSION}.")
        steps = []
        for number, step in enumerate(data["steps"], 1):
            try:
                steps.append(Record.from_json(step))
            except ValueError as error:
                raise RecipeError(f"Step {number}: {error}.") from None
        return cls(tuple(steps))


def read_recipe(path: Path) -> Recipe:
    """The recipe in a file. Raises RecipeError."""
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise RecipeError(f"{path} is too large for a recipe.")
        return Recipe.from_json(data.decode("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise RecipeError(f"{path} cannot be read: {reason}.") from None
    except RecipeError as error:
        raise RecipeError(f"{path}: {error}") from None


def check_recipe(recipe: Recipe, filter_of: Callable[[str], Declaration]) -> None:
    """Raise RecipeError, naming step and setting, unless every step can be asked for.

    ``filter_of`` gives the filter with an id, and raises ValueError or KeyError for none.
    """
    for number, step in enumerate(recipe.steps, 1):
        where = f"Step {number}, {step.id}"
        if step.kind == "command" and step.id not in DECLARED:
            raise RecipeError(f"{where}: there is no such command.")
        try:
            if step.kind == "command":
                DECLARED[step.id].settings(step.settings)
            else:
                filter_of(step.id).settings(step.settings)
        except ParameterError as error:
            raise RecipeError(f"{where}: {error}.") from None
        except (LookupError, ValueError) as error:
            raise RecipeError(f"{where}: {error}") from None


def play(
    recipe: Recipe, history: History, filtered: Callable[[Document, Record], Document]
) -> History:
    """The history after every step of a recipe. Raises EditError, naming the step.

    ``filtered`` gives a document with a filter applied; what it raises goes on to the caller. A
    command that names no layer works on the active one: what the step before it added, or else
    what it worked on; the uppermost at the beginning.
    """
    active = history.document.layers[-1].id
    for number, step in enumerate(recipe.steps, 1):
        before = history.document
        try:
            if step.kind == "filter":
                result = filtered(before, step)
                label = result.layers[-1].name if result.layers else step.id
                history = history.do(_leading_to(label, result, step))
            else:
                history = history.do(_edit(step, active))
        except EditError as error:
            raise EditError(f"step {number}, {step.id}: {error}") from None
        except KeyError:
            name = step.settings.get("layer", "")
            raise EditError(f"step {number}, {step.id}: there is no layer {name}") from None
        active = _active(before, history.document, active)
    return history


def recipe_of(history: History) -> Recipe:
    """What was done up to the present step, as a recipe. Raises RecipeError for a step that holds
    pixels, which no recipe can.
    """
    steps: list[Record] = []
    done = history.steps[: history.position + 1]
    active = done[0].document.layers[-1].id
    for number, (before, step) in enumerate(zip(done, done[1:], strict=False), 1):
        record = step.record
        if record is None:
            raise RecipeError(
                f"Step {number}, {step.label}, holds pixels, which a recipe cannot hold."
            )
        if record.id != edits.REFRESH:
            steps.append(_named(record, before.document, active))
        active = _active(before.document, step.document, active)
    return Recipe(tuple(steps))


def _edit(step: Record, active: str) -> Edit:
    command = DECLARED[step.id]
    settings: dict[str, Any] = dict(step.settings)
    if command.on_layer and not settings.get("layer"):
        settings["layer"] = active
    return replace(command(**settings), record=step, token=None)


def _leading_to(label: str, document: Document, record: Record) -> Edit:
    return Edit(label, lambda _: document, record=record)


def _active(before: Document, after: Document, active: str) -> str:
    """The active layer after a step: a new one, else the same, else the uppermost."""
    known = {layer.id for layer in before.walk()}
    ids: Sequence[str] = [layer.id for layer in after.walk()]
    new = [identity for identity in ids if identity not in known]
    return new[-1] if new else active if active in ids else after.layers[-1].id


def _named(record: Record, document: Document, active: str) -> Record:
    """A record that names its layer as another document can: not at all where it is the active
    one, else by its name.
    """
    settings = dict(record.settings)
    for name in ("layer", "group") if record.kind == "command" else ():
        identity = settings.get(name)
        if not identity:
            continue
        if name == "layer" and identity == active:
            del settings[name]
            continue
        found = [layer.name for layer in document.walk() if layer.id == identity]
        settings[name] = found[0] if found else identity
    return replace(record, settings=settings)
