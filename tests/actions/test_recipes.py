"""Recipes: what of a history becomes one, and what it does to another picture."""

import json

import numpy as np
import pytest

from safelight.actions.recipes import Recipe, RecipeError, play, recipe_of, recorded
from safelight.document import Document, Edit, EditError, History, Layer, LiveFilter, edits
from safelight.pixels import Raster


def pixels(value=90, channels=3):
    return Raster.from_array(np.full((6, 8, channels), value, np.uint8))


def start(*names):
    layers = tuple(Layer(name, pixels(10 * n)) for n, name in enumerate(names))
    return History.start(Document(8, 6, "uint8", layers))


def names(document):
    return [layer.name for layer in document.layers]


def layer(history, name):
    return next(x for x in history.document.walk() if x.name == name)


def filtered(document, step, above):
    held = LiveFilter(step.id, "Blur", "blur", "1", settings=dict(step.settings))
    made = Layer("Blur", held)
    made = edits.with_selection(made, document) if step.masked else made
    result = edits.add_layer(made, above).apply(document)
    return Edit("Blur", lambda _: result, record=step)


def done_again(history, *names):
    """What the recipe of a history, written down, makes of another picture."""
    recipe = Recipe.from_json(recipe_of(history).to_json())
    return play(recipe, start(*names), filtered).document


def test_several_layers_that_were_grouped_are_grouped_again():
    history = start("Ground", "Tree", "Sky")
    ids = [layer(history, name).id for name in ("Tree", "Sky")]
    history = history.do(edits.group_layers(ids, "Above"))
    assert [x.name for x in layer(history, "Above").layers] == ["Tree", "Sky"]
    again = done_again(history, "Ground", "Tree", "Sky")
    assert names(again) == ["Ground", "Above"]
    assert [x.name for x in again.layers[1].layers] == ["Tree", "Sky"]


@pytest.mark.parametrize("also", ["Tree", "[1]", '[""]', "{}"])
def test_layers_to_group_that_are_no_list_of_names_are_refused(also):
    with pytest.raises(EditError, match="a list of their names"):
        start("Ground", "Tree").do(edits.group_layer(also=also))


def blurred(history, above, mask=None):
    held = LiveFilter("blur.blur", "Blur", "blur", "1", settings={"radius": 2})
    return history.do(edits.add_layer(Layer("Blur", held, mask=mask), layer(history, above).id))


def test_a_filter_goes_above_the_layer_above_which_it_was():
    history = blurred(start("Ground", "Sky"), "Ground")
    assert names(history.document) == ["Ground", "Blur", "Sky"]
    assert names(done_again(history, "Ground", "Sky")) == ["Ground", "Blur", "Sky"]
    (step,) = json.loads(recipe_of(history).to_json())["steps"]
    assert step["above"] == "Ground"


def test_a_filter_above_the_active_layer_names_none():
    history = start("Ground", "Sky")
    history = history.do(edits.set_opacity(layer(history, "Ground").id, 0.5))
    history = blurred(history, "Sky")
    (_, step) = json.loads(recipe_of(history).to_json())["steps"]
    assert "above" not in step
    assert names(done_again(history, "Ground", "Sky")) == ["Ground", "Sky", "Blur"]


def test_what_was_selected_is_the_mask_of_a_filter_again():
    history = start("Ground").do(edits.select_box(box=(1, 2, 3, 2)))
    history = blurred(history, "Ground", history.document.selection)
    again = done_again(history, "Other")
    assert again.layers[1].mask.digests() == history.document.selection.digests()


def test_a_filter_without_a_mask_gets_none_though_something_is_selected():
    history = blurred(start("Ground").do(edits.select_box(box=(1, 2, 3, 2))), "Ground")
    assert done_again(history, "Other").layers[1].mask is None


def test_what_no_recipe_can_hold_is_named_and_the_rest_is_in_it():
    history = start("Ground", "Sky")
    history = history.do(edits.set_pixels(layer(history, "Sky").id, pixels(), "Paint"))
    history = history.do(edits.set_opacity(layer(history, "Sky").id, 0.5))
    history = blurred(history, "Ground", pixels(7, 1))
    history = history.do(edits.rename_layer(layer(history, "Ground").id, "Sky"))
    history = history.do(edits.set_opacity(history.document.layers[0].id, 0.5))
    recipe, lost = recorded(history)
    assert [step.id for step in recipe.steps] == ["set_opacity", "blur.blur", "rename_layer"]
    assert lost == (
        "Step 1, Paint, holds pixels, which a recipe cannot hold.",
        "Step 3, Add Blur, has a mask of pixels, which a recipe cannot hold.",
        "Step 5, Opacity, is about one of several layers called Sky, which look alike to it.",
    )
    with pytest.raises(RecipeError, match="Step 1, Paint, holds pixels"):
        recipe_of(history)


def test_a_recipe_that_names_a_layer_that_is_not_there_says_which_step_it_is():
    history = blurred(start("Ground", "Sky"), "Ground")
    with pytest.raises(EditError, match="step 1, blur.blur: there is no layer Ground"):
        done_again(history, "Floor", "Roof")
