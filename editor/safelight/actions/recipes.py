"""Recipes: lists of what is to be done, as JSON without pixels; what a history did can be one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

from safelight.api import Declaration, ParameterError, Value
from safelight.document import (
    DECLARED,
    Document,
    Edit,
    EditError,
    History,
    Layer,
    Live,
    Record,
    edits,
)
from safelight.document.command import layer_named
from safelight.workers.job_kinds import live_filter

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


Filtered: TypeAlias = Callable[[Document, Record, str], Edit]
"""Gives the edit that applies a filter to a document, above the layer with an id (``placed``)."""


Begun: TypeAlias = Callable[[int, int], object]
"""Is told the number of a step that begins, from 1, and how many there are; it may raise."""


def play(
    recipe: Recipe,
    history: History,
    filtered: Filtered,
    live: Live | None = None,
    begun: Begun = lambda number, count: None,
) -> History:
    """The history after every step of a recipe. Raises EditError, naming the step.

    ``filtered`` applies filters, ``begun`` hears of each step; what they raise goes on to the
    caller. ``live`` runs those that layers hold, for commands that render. A command that names no
    layer works on the active one: what a step before it added last, the uppermost before any has. A
    filter that names none lies above that.
    """
    active = history.document.layers[-1].id
    for number, step in enumerate(recipe.steps, 1):
        before = history.document
        begun(number, len(recipe.steps))
        try:
            if step.kind == "filter":
                above = layer_named(before, step.above).id if step.above else active
                history = history.do(filtered(before, step, above))
            else:
                history = history.do(_edit(step, active).through(live))
        except EditError as error:
            raise EditError(f"step {number}, {step.id}: {error}") from None
        except KeyError:
            name = step.settings.get("layer", "") if step.kind == "command" else step.above
            raise EditError(f"step {number}, {step.id}: there is no layer {name}") from None
        active = _active(before, history.document, active)
    return history


def placed(
    document: Document, filter: Declaration, settings: Mapping[str, Value], step: Record, above: str
) -> tuple[Document, str | None]:
    """The document with a filter's layer above the one with an id, and the id of that layer; the
    document as it is, and None, for a filter that changes the size or selects.
    """
    if filter.factor(settings) != 1 or filter.selects:
        return document, None
    layer = Layer(filter.title, live_filter(filter, settings))
    if step.masked:
        layer = edits.with_selection(layer, document)
    return edits.add_layer(layer, above).apply(document), layer.id


def recorded(history: History) -> tuple[Recipe, tuple[str, ...]]:
    """What was done up to the present step, as a recipe, and a sentence for each thing that no
    recipe can hold: it is not in it.
    """
    steps: list[Record] = []
    lost: list[str] = []
    done = history.steps[: history.position + 1]
    active = done[0].document.layers[-1].id
    for number, (before, step) in enumerate(zip(done, done[1:], strict=False), 1):
        where, record = f"Step {number}, {step.label},", step.record
        try:
            if record is None:
                raise RecipeError("holds pixels, which a recipe cannot hold.")
            if record.kind == "filter":
                record, trouble = _laid(record, before.document, step.document, active)
                lost += [f"{where} {trouble}"] if trouble else []
                steps.append(record)
            elif record.id != edits.REFRESH:
                steps.append(_named(record, before.document, active))
        except RecipeError as error:
            lost.append(f"{where} {error}")
        active = _active(before.document, step.document, active)
    return Recipe(tuple(steps)), tuple(lost)


def recipe_of(history: History) -> Recipe:
    """What was done up to the present step, as a recipe. Raises RecipeError for a step that holds
    pixels, which no recipe can.
    """
    recipe, lost = recorded(history)
    if lost:
        raise RecipeError(lost[0])
    return recipe


def _edit(step: Record, active: str) -> Edit:
    command = DECLARED[step.id]
    settings: dict[str, Any] = dict(step.settings)
    if command.on_layer and not settings.get("layer"):
        settings["layer"] = active
    return replace(command(**settings), record=step, token=None)


def _active(before: Document, after: Document, active: str) -> str:
    """The active layer after a step: a new one, else the same, else the uppermost."""
    known = {layer.id for layer in before.walk()}
    ids: Sequence[str] = [layer.id for layer in after.walk()]
    new = [identity for identity in ids if identity not in known]
    return new[-1] if new else active if active in ids else after.layers[-1].id


def _laid(record: Record, before: Document, after: Document, active: str) -> tuple[Record, str]:
    """A filter's record that says where its layer lies and whether it has a mask, and what of that
    cannot be said.
    """
    known = {layer.id for layer in before.walk()}
    new = [layer for layer in after.walk() if layer.id not in known]
    if not new:
        return record, ""
    layer, siblings = new[-1], after.siblings(new[-1].id)
    place = next(index for index, item in enumerate(siblings) if item.id == layer.id)
    trouble = "" if place else "lies below all others, where no recipe puts it."
    above = siblings[place - 1].id if place else active
    selection, mask = before.selection, layer.mask
    masked = mask is not None or selection is None
    if mask is not None and (selection is None or selection.digests() != mask.digests()):
        masked, trouble = False, "has a mask of pixels, which a recipe cannot hold."
    told = "" if above == active else _name(above, before)
    return replace(record, above=told, masked=masked), trouble


def _named(record: Record, document: Document, active: str) -> Record:
    """A record that names its layers as another document can: not at all where it is the active
    one, else by name. Raises RecipeError for a name that several layers have.
    """
    settings = dict(record.settings)
    if settings.get("layer") == active:
        del settings["layer"]
    for name in ("layer", "group"):
        if settings.get(name):
            settings[name] = _name(str(settings[name]), document)
    if others := settings.get("also"):
        ids = edits.named_layers(str(others))
        settings["also"] = json.dumps([_name(item, document) for item in ids])
    return replace(record, settings=settings)


def _name(identity: str, document: Document) -> str:
    """The name of the layer with an id; what is given, where there is none with it."""
    layers = list(document.walk())
    name = next((layer.name for layer in layers if layer.id == identity), identity)
    if sum(layer.name == name for layer in layers) > 1:
        raise RecipeError(f"is about one of several layers called {name}, which look alike to it.")
    return name
