"""Search path: where a confined process imports from. It imports the standard library alone.

The folder of a package that lies outside Python's own folders is not in the path, since the process
may not look into what lies beside it; such a package is found by its name.
"""

from __future__ import annotations

import importlib.abc
import importlib.util
import os
import sys
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from typing import Any


def import_from(order: Mapping[str, Any]) -> None:
    """Import from the order's folders ``own`` first, then its ``packages``, then its ``path``."""
    own = list(order["own"])
    sys.path[:0] = [*own, *order["path"]]
    sys.meta_path.insert(0, _ByName(own, order["packages"]))


class _ByName(importlib.abc.MetaPathFinder):
    """Finds packages by their names, unless a folder of the plugin's own has such a package."""

    def __init__(self, own: Sequence[str], packages: Mapping[str, str]) -> None:
        self._own = own
        self._packages = packages

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if path is not None or name not in self._packages:
            return None
        found = PathFinder.find_spec(name, list(self._own)) if self._own else None
        if found is not None and found.origin is not None:
            return found
        place = self._packages[name]
        if place.endswith(".py"):
            return importlib.util.spec_from_file_location(name, place)
        file = os.path.join(place, "__init__.py")
        return importlib.util.spec_from_file_location(
            name, file, submodule_search_locations=[place]
        )
