"""Recipes: what is to be done to any picture, as JSON: read, checked, done, made of a history."""

from safelight.actions.recipes.history_recipe import recipe_of, recorded
from safelight.actions.recipes.picture_facts import FACTS, Picture
from safelight.actions.recipes.play_recipe import Begun, Filtered, check_recipe, placed, play
from safelight.actions.recipes.ready_recipes import ready_recipes
from safelight.actions.recipes.recipe_steps import (
    Question,
    Recipe,
    RecipeError,
    RecipeExport,
    Step,
    read_recipe,
)

__all__ = [
    "Begun",
    "FACTS",
    "Filtered",
    "RecipeExport",
    "Picture",
    "Question",
    "Recipe",
    "RecipeError",
    "Step",
    "check_recipe",
    "placed",
    "play",
    "read_recipe",
    "ready_recipes",
    "recipe_of",
    "recorded",
]
