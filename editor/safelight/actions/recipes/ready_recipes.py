"""Ready recipes: those that come with the editor, and those that the user keeps."""

from __future__ import annotations

from pathlib import Path

from safelight.folders import data_folder, resources


def ready_recipes() -> dict[str, Path]:
    """The files of recipes that can be asked for by name, without the ending ``.json``; a user's
    own stands in for one of that name that comes with the editor.
    """
    folders = [resources("recipes"), _own()]
    found: dict[str, Path] = {}
    for folder in folders:
        if folder is not None and folder.is_dir():
            found |= {path.stem: path for path in sorted(folder.glob("*.json"))}
    return found


def own_recipe(name: str) -> Path:
    """The file of a recipe of the user's own, by the name that it can be asked for by."""
    return _own() / f"{name}.json"


def _own() -> Path:
    return data_folder() / "recipes"
