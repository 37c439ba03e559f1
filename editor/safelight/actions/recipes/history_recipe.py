"""History recipe: what was done in a history, as a recipe, and what of it no recipe can hold."""

from __future__ import annotations

import json
from dataclasses import replace

from safelight.actions.recipes.play_recipe import active_after
from safelight.actions.recipes.recipe_steps import Recipe, RecipeError, Step
from safelight.actions.recipes.varying_settings import Parts
from safelight.document import DECLARED, Document, History, Record, edits


def recorded(history: History, *, relative: bool = False) -> tuple[Recipe, tuple[str, ...]]:
    """What was done up to the present step, as a recipe, and a sentence for each thing that no
    recipe can hold: it is not in it. With ``relative`` rectangles are in parts of the picture.
    """
    steps: list[Step] = []
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
                steps.append(Step.of(record))
            elif record.id != edits.REFRESH:
                step_again = Step.of(_named(record, before.document, active))
                steps.append(_in_parts(step_again, before.document) if relative else step_again)
        except RecipeError as error:
            lost.append(f"{where} {error}")
        active = active_after(before.document, step.document, active)
    return Recipe(tuple(steps)), tuple(lost)


def recipe_of(history: History) -> Recipe:
    """What was done up to the present step, as a recipe. Raises RecipeError for a step that holds
    pixels, which no recipe can.
    """
    recipe, lost = recorded(history)
    if lost:
        raise RecipeError(lost[0])
    return recipe


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


def _in_parts(step: Step, document: Document) -> Step:
    """A command whose rectangles are in parts of the document."""
    kinds = {item.name: item.kind for item in DECLARED[step.id].parameters}
    settings = dict(step.settings)
    for name, value in step.settings.items():
        if kinds[name] == "box" and isinstance(value, tuple) and len(value) == 4:
            left, top, width, height = (float(str(part)) for part in value)
            across, down = document.width, document.height
            settings[name] = Parts(left / across, top / down, width / across, height / down)
    return replace(step, settings=settings)
