"""Play recipe: a recipe is checked against what is installed, and done to a document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from safelight.actions.mask_files import read_mask
from safelight.actions.recipes.picture_facts import Picture
from safelight.actions.recipes.recipe_steps import Recipe, RecipeError, Step
from safelight.actions.recipes.varying_settings import Unknown, Varying
from safelight.api import Declaration, Parameter, ParameterError, Value
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
from safelight.document.commands.command import layer_named
from safelight.files import OpenError
from safelight.workers.job_kinds import live_filter

Filtered: TypeAlias = Callable[[Document, Record, str], Edit]
"""Gives the edit that applies a filter to a document, above the layer with an id (``placed``)."""


Begun: TypeAlias = Callable[[int, int], object]
"""Is told the number of a step that begins, from 1, and how many there are; it may raise."""


def check_recipe(recipe: Recipe, filter_of: Callable[[str], Declaration]) -> None:
    """Raise RecipeError, naming step and setting, unless every step can be asked for.

    ``filter_of`` gives the filter with an id, and raises ValueError or KeyError for none. Of a
    setting that varies the name is checked alone.
    """
    for number, step in enumerate(recipe.steps, 1):
        where = f"Step {number}, {step.id}"
        if step.kind == "command" and step.id not in DECLARED:
            raise RecipeError(f"{where}: there is no such command.")
        try:
            if step.kind == "command":
                _check(step, DECLARED[step.id].parameter, DECLARED[step.id].settings)
            elif step.kind == "filter":
                filter = filter_of(step.id)
                _check(step, filter.parameter, filter.settings)
            elif recipe.folder is not None and not (recipe.folder / step.id).is_file():
                raise RecipeError(f"{where}: there is no such file beside the recipe.")
        except ParameterError as error:
            raise RecipeError(f"{where}: {error}.") from None
        except RecipeError:
            raise
        except (LookupError, ValueError) as error:
            raise RecipeError(f"{where}: {error}") from None


def _check(
    step: Step,
    parameter: Callable[[str], Parameter],
    settings: Callable[[Mapping[str, object]], object],
) -> None:
    for name in step.settings:
        parameter(name)
    settings({k: v for k, v in step.settings.items() if not isinstance(v, Varying)})


def play(
    recipe: Recipe,
    history: History,
    filtered: Filtered,
    live: Live | None = None,
    begun: Begun = lambda number, count: None,
    picture: Picture | None = None,
) -> History:
    """The history after every step of a recipe. Raises EditError, naming the step.

    ``filtered`` applies filters, ``begun`` hears of each step; what they raise goes on to the
    caller. ``live`` runs those that layers hold, for commands that render. ``picture`` is what is
    known of the file, for settings and conditions that ask for that. A command that names no
    layer works on the active one: what a step before it added last, the uppermost before any has. A
    filter that names none lies above that.
    """
    recipe = recipe.answered()
    picture = picture or Picture()
    active = history.document.layers[-1].id
    for number, step in enumerate(recipe.steps, 1):
        before = history.document
        begun(number, len(recipe.steps))
        known = picture.facts(before) if step.varies else {}
        if not step.asked_for(known):
            continue
        try:
            if step.kind == "select":
                history = history.do(_selected(recipe, step, before))
                continue
            record = step.record(known)
            if step.kind == "filter":
                above = layer_named(before, step.above).id if step.above else active
                history = history.do(filtered(before, record, above))
            else:
                history = history.do(_edit(record, active).through(live))
        except (EditError, Unknown, ParameterError) as error:
            raise EditError(f"step {number}, {step.id}: {error}") from None
        except KeyError:
            name = step.settings.get("layer", "") if step.kind == "command" else step.above
            raise EditError(f"step {number}, {step.id}: there is no layer {name}") from None
        active = active_after(before, history.document, active)
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


def active_after(before: Document, after: Document, active: str) -> str:
    """The active layer after a step: a new one, else the same, else the uppermost."""
    known = {layer.id for layer in before.walk()}
    ids = [layer.id for layer in after.walk()]
    new = [identity for identity in ids if identity not in known]
    return new[-1] if new else active if active in ids else after.layers[-1].id


def _edit(step: Record, active: str) -> Edit:
    command = DECLARED[step.id]
    settings: dict[str, Any] = dict(step.settings)
    if command.on_layer and not settings.get("layer"):
        settings["layer"] = active
    return replace(command(**settings), record=step, token=None)


def _selected(recipe: Recipe, step: Step, document: Document) -> Edit:
    """The edit that selects what a mask file says. Raises EditError."""
    if recipe.folder is None:
        raise EditError("the recipe lies in no folder, where the mask would be")
    try:
        return edits.select(read_mask(recipe.folder / step.id, document, fitted=True))
    except OpenError as error:
        raise EditError(str(error).rstrip(".")) from None
